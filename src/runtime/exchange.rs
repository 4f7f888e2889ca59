//! Subscriptions to and from files: OPML, and what newsboat keeps.

use std::fs;
use std::io;
use std::path::Path;

use crate::app::numbers::counted;
use crate::feeds::{Subscription, opml};
use crate::library::{KnownFeed, Library, Subscribed};
use crate::loader::{Problem, decode};

/// What was taken over.
#[derive(Debug, Default)]
pub struct Imported {
    /// What became of the feeds.
    pub subscribed: Subscribed,
    /// What could not be taken over.
    pub problems: Vec<Problem>,
}

impl Imported {
    /// What was taken over, in words.
    pub fn sentence(&self) -> String {
        let Subscribed { new, changed, same } = self.subscribed;
        let mut sentence = format!("{} new", counted(new as u64, "feed", "feeds"));
        for (count, what) in [(changed, "took names or tags"), (same, "were there")] {
            if count > 0 {
                sentence = format!("{sentence}, {count} {what}");
            }
        }
        if self.problems.is_empty() {
            sentence
        } else {
            format!("{sentence}; {}", counted(self.problems.len() as u64, "problem", "problems"))
        }
    }
}

/// Takes over the subscriptions in the file at `path`.
///
/// # Errors
///
/// The file cannot be read or holds no subscriptions, or the library cannot be written.
pub fn import(library: &mut Library, path: &Path) -> io::Result<Imported> {
    let told = |error: String| io::Error::other(format!("{}: {error}", path.display()));
    let bytes = fs::read(path).map_err(|error| told(error.to_string()))?;
    let decoded = decode(&bytes).map_err(|refusal| told(refusal.to_string()))?;
    let found = opml::read(decoded.text()).ok_or_else(|| told("this is no OPML".to_owned()))?;
    let problem = |(line, cause, consequence): (u32, String, String)| Problem {
        path: path.to_owned(),
        line: Some(line),
        column: None,
        cause,
        consequence,
        is_failure: false,
    };
    let problems = found.problems.into_iter().map(problem).collect();
    let subscribed = library.subscribe(&found.subscriptions).map_err(|error| told(error.to_string()))?;
    Ok(Imported { subscribed, problems })
}

/// The subscriptions as OPML.
pub fn to_opml(feeds: Vec<KnownFeed>) -> String {
    let subscriptions: Vec<Subscription> = feeds.into_iter().map(|feed| feed.subscription).collect();
    opml::write(&subscriptions)
}

/// Writes the subscriptions to a file that is not there yet, as OPML; gives how many there are.
pub fn export(library: &Library, path: &Path) -> io::Result<usize> {
    let told = |error: String| io::Error::other(format!("{}: {error}", path.display()));
    let feeds = library.feeds().map_err(|error| told(error.to_string()))?;
    let count = feeds.len();
    let mut file = fs::File::create_new(path).map_err(|error| told(error.to_string()))?;
    io::Write::write_all(&mut file, to_opml(feeds).as_bytes())?;
    file.sync_all()?;
    Ok(count)
}
