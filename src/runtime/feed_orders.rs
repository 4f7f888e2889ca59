//! What is done with subscriptions at their reader's word, in the reader and on the command line alike. Each function gives
//! what was done; who asked words it.

use crate::app::numbers::counted;
use crate::feeds::{FeedSetting, Subscription, named};
use crate::library::{Error, KnownFeed, Library, now};

/// Why nothing was done.
#[derive(Debug, thiserror::Error)]
pub enum OrderError {
    /// It is not clear what is meant; the sentence says so.
    #[error("{0}")]
    Unclear(String),
    /// There is nothing to refresh.
    #[error("Nothing is subscribed to yet")]
    NoFeeds,
    /// All feeds, so many, are passed over where none is named.
    #[error(
        "Nothing is fetched: {} gone for good or to be left alone for a while; what is named is fetched all the same",
        counted(*.0 as u64, "feed is", "feeds are")
    )]
    PassedOver(usize),
    /// The library cannot be read or written.
    #[error("{0}")]
    Library(#[from] Error),
}

/// What an order gives, or why nothing was done.
pub type Result<T> = std::result::Result<T, OrderError>;

/// Subscriptions that were ended.
#[derive(Clone, Debug, PartialEq)]
pub struct Removed {
    /// Of these feeds.
    pub feeds: Vec<KnownFeed>,
    /// So many marked entries stay.
    pub kept: u32,
}

/// A subscription that is otherwise now.
#[derive(Clone, Debug, PartialEq)]
pub struct Changed {
    /// The feed as it was.
    pub feed: KnownFeed,
    /// How it is subscribed to now.
    pub now: Subscription,
}

/// Ends the subscriptions to what is named in whole.
///
/// # Errors
///
/// A name means none, or the library cannot be written.
pub fn remove(library: &mut Library, names: &[String]) -> Result<Removed> {
    let feeds = feeds_named(library, names, true)?;
    let kept = library.unsubscribe(&feeds)?;
    Ok(Removed { feeds, kept })
}

/// Calls a feed something else; without a name, what it calls itself.
///
/// # Errors
///
/// The name means no feed or several, or the library cannot be written.
pub fn rename(library: &mut Library, name: &str, to: Option<String>) -> Result<Changed> {
    let own_title = to.filter(|to| !to.trim().is_empty());
    change(library, feed_named(library, name)?, |was| Subscription { own_title, ..was })
}

/// Gives a feed tags, and takes away those that begin with `-`.
///
/// # Errors
///
/// The name means no feed or several, or the library cannot be written.
pub fn tag(library: &mut Library, name: &str, tags: &[String]) -> Result<Changed> {
    change(library, feed_named(library, name)?, |was| was.retagged(tags))
}

/// Sets what is kept of feeds, and whether whole articles are fetched.
///
/// # Errors
///
/// A name means none, or the library cannot be written.
pub fn set(library: &mut Library, names: &[String], setting: FeedSetting) -> Result<Vec<Changed>> {
    let feeds = feeds_named(library, names, false)?;
    feeds.into_iter().map(|feed| change(library, feed, |was| was.set(setting))).collect()
}

/// The feeds to be fetched: what is named, whatever was said of it, or all but those that are gone for good or whose
/// servers ask to be left alone for now. Never none.
///
/// # Errors
///
/// There is nothing to be fetched, a name means none, or the library cannot be read.
pub fn to_refresh(library: &Library, names: &[String]) -> Result<Vec<KnownFeed>> {
    if !names.is_empty() {
        return feeds_named(library, names, false);
    }
    let now = now();
    let (asked, passed): (Vec<_>, Vec<_>) =
        library.feeds()?.into_iter().partition(|feed| feed.health.may_be_asked(now));
    match passed.len() {
        _ if !asked.is_empty() => Ok(asked),
        0 => Err(OrderError::NoFeeds),
        passed => Err(OrderError::PassedOver(passed)),
    }
}

/// The feeds that a reader means by `names`, each once; with `exact`, a part of a name means none.
///
/// # Errors
///
/// A name means none, it is not clear which, or the library cannot be read.
pub fn feeds_named(library: &Library, names: &[String], exact: bool) -> Result<Vec<KnownFeed>> {
    let all = library.feeds()?;
    let mut found: Vec<KnownFeed> = Vec::new();
    for name in names {
        for feed in named(&all, |feed| &feed.subscription, name, exact).map_err(OrderError::Unclear)? {
            if found.iter().all(|known| known.number != feed.number) {
                found.push(feed.clone());
            }
        }
    }
    Ok(found)
}

/// The one feed that a reader means by `name`.
fn feed_named(library: &Library, name: &str) -> Result<KnownFeed> {
    let mut found = feeds_named(library, &[name.to_owned()], false)?;
    match (found.pop(), found.len()) {
        (Some(feed), 0) => Ok(feed),
        (_, more) => Err(OrderError::Unclear(format!("\"{name}\" names {} feeds; name one by its address", more + 1))),
    }
}

fn change(library: &mut Library, feed: KnownFeed, to: impl FnOnce(Subscription) -> Subscription) -> Result<Changed> {
    let now = to(feed.subscription.clone());
    library.change_subscription(feed.number, &now)?;
    Ok(Changed { feed, now })
}
