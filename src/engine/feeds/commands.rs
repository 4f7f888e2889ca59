//! Feed commands that need no network, for the reader and for the shell, with the same messages for both.

use std::path::Path;

use super::{import_export, status};
use crate::article::Problem;
use crate::keys::FeedCommand;
use crate::library::{Error, KnownFeed, Library, now};
use crate::subscriptions::{FeedSetting, Subscription, UnknownFeed, find_by_name};
use crate::text::clean;
use crate::text::format::counted;

/// Why a feed command did nothing.
#[derive(Debug, thiserror::Error)]
pub enum FeedCommandError {
    /// A name matches no feed.
    #[error("{0}")]
    UnknownFeed(#[from] UnknownFeed),
    /// A name matches several feeds, but the command needs one.
    #[error("\"{name}\" names {feeds} feeds; use an address")]
    Ambiguous {
        /// The name, safe to show.
        name: String,
        /// The number of feeds.
        feeds: usize,
    },
    /// Another program has unsubscribed from the feed.
    #[error("another program unsubscribed from {0}")]
    Ended(String),
    /// The command removes several feeds, named here, and needs confirmation.
    #[error("this unsubscribes from {}", list_of(.0))]
    Unconfirmed(Vec<String>),
    /// No subscriptions exist.
    #[error("No subscriptions yet")]
    NoFeeds,
    /// All feeds, this many, are skipped because none was named.
    #[error(
        "No feeds to refresh: {} gone or rate-limited; name a feed to fetch it anyway",
        counted(*.0 as u64, "feed is", "feeds are")
    )]
    AllSkipped(usize),
    /// A file could not be read or written.
    #[error("{0}")]
    File(#[from] std::io::Error),
    /// The library could not be read or written.
    #[error("{0}")]
    Library(#[from] Error),
}

/// The result of a feed command.
pub type CommandResult<T> = std::result::Result<T, FeedCommandError>;

/// The result of a feed command.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FeedReport {
    /// One sentence for each change; safe to show.
    pub lines: Vec<String>,
    /// Parts of an imported file that could not be used.
    pub problems: Vec<Problem>,
}

impl FeedReport {
    /// Returns everything on one line, for the status line.
    pub fn sentence(&self) -> String {
        match self.lines.as_slice() {
            [first, rest @ ..] if rest.len() > 2 => {
                format!("{first}; {}", counted(rest.len() as u64, "more feed", "more feeds"))
            }
            lines => lines.join("; "),
        }
    }
}

/// Runs a command that needs no network. Callers run `add`, `list`, `refresh` and an export to standard output
/// themselves.
///
/// # Errors
///
/// Returns an error, and changes nothing, if a name is unclear, a file or the library cannot be used, or confirmation
/// is missing.
pub fn run(library: &mut Library, command: &FeedCommand) -> CommandResult<FeedReport> {
    let mut report = FeedReport::default();
    match command {
        FeedCommand::Remove { names, yes } => report.lines.push(remove(library, names, *yes)?),
        FeedCommand::Rename { name, to } => {
            let to = to.join(" ");
            let own_title = Some(to).filter(|to| !to.trim().is_empty());
            let feed = feed_named(library, name)?;
            let now = change(library, &feed, |was| Subscription { own_title: own_title.clone(), ..was })?;
            report.lines.push(format!("Renamed {} to {}", shown(&feed.subscription), shown(&now)));
        }
        FeedCommand::Tag { name, tags } => {
            let feed = feed_named(library, name)?;
            let now = change(library, &feed, |was| was.with_tags(tags))?;
            let tags: Vec<String> = now.tags.iter().map(|tag| format!("#{}", clean(tag))).collect();
            let tags = if tags.is_empty() { "no tags".to_owned() } else { tags.join(" ") };
            report.lines.push(format!("{}: {tags}", shown(&now)));
        }
        FeedCommand::Set { names, keep_count, keep_days, full_text } => {
            let setting = FeedSetting { keep_count: *keep_count, keep_days: *keep_days, full_text: *full_text };
            let feeds = feeds_named(library, names)?;
            let feeds: Vec<_> = feeds.iter().map(|feed| feed.number).collect();
            let changed = library.change_subscriptions(&feeds, |was| was.with_setting(setting))?;
            let lines = changed.iter().map(|now| format!("{}: {}", shown(now), status::settings(now)));
            report.lines.extend(lines);
        }
        FeedCommand::Import { file, with_credentials } => {
            let imported = import_export::import(library, file, *with_credentials)?;
            report.lines.push(imported.summary());
            report.problems = imported.problems;
        }
        FeedCommand::Export { file: Some(file), with_credentials } => {
            report.lines.push(export(library, file, *with_credentials)?);
        }
        FeedCommand::Add { .. }
        | FeedCommand::List { .. }
        | FeedCommand::Refresh { .. }
        | FeedCommand::Export { file: None, .. } => {}
    }
    Ok(report)
}

fn remove(library: &mut Library, names: &[String], yes: bool) -> CommandResult<String> {
    let feeds = feeds_named(library, names)?;
    let shown: Vec<String> = feeds.iter().map(|feed| shown(&feed.subscription)).collect();
    if feeds.len() > 1 && !yes {
        return Err(FeedCommandError::Unconfirmed(shown));
    }
    let listed = library.unsubscribe(&feeds)?;
    let note = if listed > 0 {
        format!("; {}", counted(listed.into(), "marked entry stays", "marked entries stay"))
    } else {
        String::new()
    };
    Ok(format!("Unsubscribed from {}{note}", list_of(&shown)))
}

fn export(library: &Library, file: &Path, with_credentials: bool) -> CommandResult<String> {
    let feeds = import_export::export(library, file, with_credentials)?;
    let secret = if with_credentials { " with their passwords" } else { "" };
    Ok(clean(&format!("Exported {}{secret} to {}", counted(feeds as u64, "feed", "feeds"), file.display()))
        .into_owned())
}

/// Returns the names of feeds as a list in a sentence, at most five of them.
pub(super) fn list_of(names: &[String]) -> String {
    match names {
        [only] => only.clone(),
        several => {
            let more = if several.len() > 5 { " …" } else { "" };
            let first: Vec<&str> = several.iter().take(5).map(String::as_str).collect();
            format!("{}: {}{more}", counted(several.len() as u64, "feed", "feeds"), first.join(", "))
        }
    }
}

/// Returns a feed's name in quotes, safe to show.
fn shown(feed: &Subscription) -> String {
    format!("\"{}\"", clean(feed.name()))
}

/// Returns the feeds of `all` to fetch: those named, or all that may be fetched now. Never empty.
///
/// # Errors
///
/// Returns an error if a name is unclear or no feed may be fetched.
pub fn select_for_refresh(all: &[KnownFeed], names: &[String]) -> CommandResult<Vec<KnownFeed>> {
    if !names.is_empty() {
        return select_named(all, names);
    }
    let now = now();
    let selected: Vec<KnownFeed> = all.iter().filter(|feed| feed.health.may_be_asked(now)).cloned().collect();
    if all.is_empty() {
        Err(FeedCommandError::NoFeeds)
    } else if selected.is_empty() {
        Err(FeedCommandError::AllSkipped(all.len()))
    } else {
        Ok(selected)
    }
}

/// Returns the feeds with these names, addresses or `#tags`, each once.
///
/// # Errors
///
/// Returns an error if a name matches no feed or the library cannot be read.
pub fn feeds_named(library: &Library, names: &[String]) -> CommandResult<Vec<KnownFeed>> {
    select_named(&library.feeds()?, names)
}

fn select_named(all: &[KnownFeed], names: &[String]) -> CommandResult<Vec<KnownFeed>> {
    let mut found: Vec<KnownFeed> = Vec::new();
    for name in names {
        for feed in find_by_name(all, |feed| &feed.subscription, name)? {
            if found.iter().all(|known| known.number != feed.number) {
                found.push(feed.clone());
            }
        }
    }
    Ok(found)
}

/// Returns the one feed with this name or address.
fn feed_named(library: &Library, name: &str) -> CommandResult<KnownFeed> {
    let mut found = feeds_named(library, &[name.to_owned()])?;
    match (found.pop(), found.len()) {
        (Some(feed), 0) => Ok(feed),
        (_, more) => Err(FeedCommandError::Ambiguous { name: clean(name).into_owned(), feeds: more + 1 }),
    }
}

fn change(
    library: &mut Library,
    feed: &KnownFeed,
    edit: impl Fn(Subscription) -> Subscription,
) -> CommandResult<Subscription> {
    let ended = || FeedCommandError::Ended(shown(&feed.subscription));
    library.change_subscription(feed.number, edit)?.ok_or_else(ended)
}
