//! The `:feed` command of the reader.

use std::path::{Path, PathBuf};

use crate::app::FeedOrder;
use crate::app::{Effect, State};
use crate::keys::{FeedCommand, TypedFeedCommand};

impl State {
    /// Runs the command typed after `feed`: `add URL`, `remove NAME` and so on.
    pub(crate) fn command_feed(&mut self, typed: &str) {
        match TypedFeedCommand::parse(typed) {
            Ok(TypedFeedCommand::Stop) => self.outbox.push(Effect::Feeds(FeedOrder::Stop)),
            Ok(TypedFeedCommand::Shared(command)) => self.run_feed_command(command),
            Err(error) => self.fail(error.to_string()),
        }
    }

    /// Sends a command to the feed thread.
    pub(crate) fn run_feed_command(&mut self, command: FeedCommand) {
        let command = match command {
            FeedCommand::Add { places, tag, name } => return self.subscribe(places, tag, name),
            FeedCommand::List { json: true } => return self.fail("--json is for a shell: newsdesk feed list --json"),
            FeedCommand::Export { file: None, .. } => return self.fail("expected a file: feed export FILE"),
            FeedCommand::Export { file: Some(file), with_credentials } => {
                FeedCommand::Export { file: Some(expand_home(&file)), with_credentials }
            }
            FeedCommand::Import { file, with_credentials } => {
                FeedCommand::Import { file: expand_home(&file), with_credentials }
            }
            other => other,
        };
        self.outbox.push(Effect::Feeds(FeedOrder::Command(command)));
    }
}

/// Expands `~/` to the home folder, as a shell does.
pub(crate) fn expand_home(path: &Path) -> PathBuf {
    let home = || directories::UserDirs::new().map(|folders| folders.home_dir().to_owned());
    match path.strip_prefix("~") {
        Ok(rest) => home().map_or_else(|| path.to_owned(), |home| home.join(rest)),
        Err(_) => path.to_owned(),
    }
}
