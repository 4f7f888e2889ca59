//! Paths that the reader typed: expands `~/` to the home folder, as a shell does.

use std::path::{Path, PathBuf};

use directories::UserDirs;

use crate::keys::FeedCommand;

/// Expands `~/` at the start of a path. Returns the path unchanged if the home folder is unknown.
pub(super) fn expand_home(path: &Path) -> PathBuf {
    expand(path, || UserDirs::new().map(|folders| folders.home_dir().to_owned()))
}

/// Expands the path of a command that reads or writes a file.
pub(super) fn expand_home_in(command: FeedCommand) -> FeedCommand {
    match command {
        FeedCommand::Export { file: Some(file), with_credentials } => {
            FeedCommand::Export { file: Some(expand_home(&file)), with_credentials }
        }
        FeedCommand::Import { file, with_credentials } => {
            FeedCommand::Import { file: expand_home(&file), with_credentials }
        }
        other => other,
    }
}

fn expand(path: &Path, home: impl Fn() -> Option<PathBuf>) -> PathBuf {
    let expanded = path.strip_prefix("~").ok().and_then(|rest| Some(home()?.join(rest)));
    expanded.unwrap_or_else(|| path.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn home_folder_replaces_only_a_leading_tilde() {
        let expanded = |path: &str| expand(Path::new(path), || Some("/home/ann".into()));
        assert_eq!(expanded("~/feeds.opml"), Path::new("/home/ann/feeds.opml"));
        assert_eq!(expanded("~ann/feeds.opml"), Path::new("~ann/feeds.opml"));
        assert_eq!(expanded("a/~/b"), Path::new("a/~/b"));
        assert_eq!(expand(Path::new("~/a"), || None), Path::new("~/a"));
    }
}
