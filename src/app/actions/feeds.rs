//! Actions on feeds, and the `:feed` command.

use crate::app::state::feeds::AddArgs;
use crate::app::{ConfirmedAction, Effect, FeedRequest, State};
use crate::corpus::Origin;
use crate::keys::{Action, FeedCommand, TypedFeedCommand};
use crate::subscriptions::{Credentials, web_address};
use crate::text::clean;

impl State {
    /// Runs the command typed after `feed`: `add URL`, `remove NAME` and so on.
    pub(crate) fn run_typed_feed_command(&mut self, typed: &str) {
        match TypedFeedCommand::parse(typed) {
            Ok(TypedFeedCommand::Stop) => self.outbox.push(Effect::Feeds(FeedRequest::Stop)),
            Ok(TypedFeedCommand::Shared(command)) => self.run_feed_command(command),
            Err(error) => self.notify_error(error.to_string()),
        }
    }

    /// Sends a command to the feed thread.
    pub(crate) fn run_feed_command(&mut self, command: FeedCommand) {
        let command = match command {
            FeedCommand::Add { places, tag, name } => return self.subscribe(places, tag, name),
            FeedCommand::List { json: true } => {
                return self.notify_error("--json works only in a shell: newsdesk feed list --json");
            }
            FeedCommand::Export { file: None, .. } => return self.notify_error("expected a file: feed export FILE"),
            other => other,
        };
        self.outbox.push(Effect::Feeds(FeedRequest::Command(command)));
    }

    /// Subscribes to the feed at each place.
    fn subscribe(&mut self, places: Vec<String>, tags: Vec<String>, name: Option<String>) {
        if let Some(place) = places.iter().find(|place| !place.starts_with('#')) {
            // Without `://` an address with credentials is not recognised as one in a message.
            let shown = if place.contains('@') { Credentials::split(&web_address(place)).0 } else { place.clone() };
            self.notify(format!("Looking for the feed at {} …", clean(&shown)));
            self.feeds.last_add = AddArgs { place: place.clone(), tags: tags.clone(), name: name.clone() };
            // A `#tag` among the places belongs to all of them.
            self.feeds.last_add.tags.extend(places.iter().filter(|word| word.starts_with('#')).cloned());
        }
        self.feeds.on_task_started();
        self.outbox.push(Effect::Feeds(FeedRequest::Command(FeedCommand::Add { places, tag: tags, name })));
    }

    /// Subscribes to the feed at `url`, which was chosen among the feeds of a page.
    pub(crate) fn subscribe_to_choice(&mut self, url: &str) {
        let AddArgs { place, tags, name } = self.feeds.last_add.clone();
        self.subscribe(vec![Credentials::carry(&place, url)], tags, name);
    }

    /// Asks whether to unsubscribe from the feeds of a row in the sources pane.
    pub(crate) fn ask_to_unsubscribe(&mut self, name: &str) {
        let urls = self.feeds.urls_of(name);
        if urls.is_empty() {
            return self.notify("Not subscribed to this feed; its starred, tagged and noted entries stay");
        }
        // Feeds with one name share a row.
        let question = match urls.as_slice() {
            [_] => format!("Unsubscribe from \"{name}\"?"),
            several => format!("Unsubscribe from {} feeds named \"{name}\": {}?", several.len(), several.join(", ")),
        };
        self.confirm(question, ConfirmedAction::Feed(FeedCommand::Remove { names: urls, yes: true }));
    }

    /// Fetches the full text of the open entry, or shows what changed in it.
    pub(crate) fn run_entry_action(&mut self, action: Action) {
        let Some(open) = self.reading.open() else { return };
        if open.origin != Origin::Feed {
            return self.notify("This article does not come from a feed");
        }
        let (article, url) = (open.article.id, open.article.url.as_ref().map(ToString::to_string));
        if action == Action::FullText {
            self.notify("Fetching the full text …");
            self.feeds.on_task_started();
            self.outbox.push(Effect::Feeds(FeedRequest::FullText(article, url)));
        } else {
            self.outbox.push(Effect::Feeds(FeedRequest::Changes(article)));
        }
    }
}
