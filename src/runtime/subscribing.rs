//! Subscribing: from what a reader names to the feed that is meant.

use std::fs;
use std::path::Path;
use std::sync::atomic::AtomicBool;

use super::fetching::{FEED_TYPES, deliver, describe};
use crate::config::FeedSettings;
use crate::feeds::Subscription;
use crate::fetch::{Client, Document, FetchError, Fetched, Wanted};
use crate::library::Library;
use crate::loader::{Feed, FeedOptions, PageFeed, feeds_of_page, parse_feed};

/// What came of naming a feed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Added {
    /// It is subscribed to, and what it had is stored.
    Feed {
        /// What it is called.
        name: String,
        /// How many entries came.
        new: usize,
    },
    /// It was subscribed to before.
    Known {
        /// What it is called.
        name: String,
    },
    /// It is subscribed to; there is no network to fetch it from.
    Unseen {
        /// What it is called.
        name: String,
    },
    /// A page that names several: which is meant?
    Several(Vec<PageFeed>),
}

/// What a place was found to be.
enum Found {
    Feed(Box<Subscription>, Option<Document>),
    Several(Vec<PageFeed>),
}

/// Subscribes to the feed that `wanted` names: by its address, by a page that names it, or by a file of either.
///
/// # Errors
///
/// A sentence that says why there is no such feed, or why it could not be kept.
pub fn add(
    library: &mut Library,
    client: &Client,
    settings: &FeedSettings,
    wanted: &Subscription,
    stop: &AtomicBool,
) -> Result<Added, String> {
    let (found, document) = match find(client, &wanted.url, stop)? {
        Found::Several(feeds) => return Ok(Added::Several(feeds)),
        Found::Feed(found, document) => (found, document),
    };
    let subscription = Subscription { tags: wanted.tags.clone(), own_title: wanted.own_title.clone(), ..*found };
    let kept = |error: crate::library::Error| format!("it cannot be kept: {error}");
    let done = library.subscribe(std::slice::from_ref(&subscription)).map_err(kept)?;
    let feed = library.feeds().map_err(kept)?.into_iter().find(|feed| feed.subscription.url == subscription.url);
    let Some(feed) = feed else { return Ok(Added::Known { name: subscription.name().to_owned() }) };
    let name = feed.subscription.name().to_owned();
    match document {
        _ if done.new == 0 => Ok(Added::Known { name }),
        None => Ok(Added::Unseen { name }),
        Some(document) => {
            let delivery = deliver(&feed, Ok(Fetched::Document(document)), settings);
            let stored = library.store(&[delivery]).map_err(kept)?;
            Ok(Added::Feed { name, new: stored.iter().map(|stored| stored.new.len()).sum() })
        }
    }
}

/// What is at a place that a reader named.
fn find(client: &Client, place: &str, stop: &AtomicBool) -> Result<Found, String> {
    let path = Path::new(place);
    if !place.contains("://") && path.is_file() {
        let bytes = fs::read(path).map_err(|error| format!("{place}: {error}"))?;
        return match parse_feed(&bytes, &FeedOptions::default()) {
            Ok(feed) => match address_of(&feed) {
                Some(url) => fetched(client, &url, stop, true),
                None => Err(format!("the feed in {place} does not say where it is fetched from; give its address")),
            },
            Err(_) => of_page(client, place, feeds_of_page(&bytes, None, ""), stop),
        };
    }
    fetched(client, &web_address(place), stop, true)
}

/// What is at an address; a page leads on to its feeds, if it `may_be` one.
fn fetched(client: &Client, url: &str, stop: &AtomicBool, may_be_page: bool) -> Result<Found, String> {
    let wanted = Wanted { accept: Some(format!("{FEED_TYPES}, text/html;q=0.5")), ..Wanted::new(url) };
    let document = match client.fetch(&wanted, stop) {
        Ok(Fetched::Document(document)) => document,
        Ok(Fetched::Unchanged { .. }) => return Err("its server says that it has not changed, unasked".to_owned()),
        Err(FetchError::Offline) => return Ok(Found::Feed(Box::new(Subscription::new(url)), None)),
        Err(error) => return Err(error.to_string()),
    };
    let content_type = document.content_type.as_deref();
    let options = FeedOptions { base: Some(&document.url), content_type };
    match parse_feed(&document.bytes, &options) {
        Ok(feed) => {
            let url = document.moved_to.clone().unwrap_or_else(|| url.to_owned());
            let described = describe(&feed);
            let subscription = Subscription {
                title: described.title,
                page: described.page,
                description: described.description,
                ..Subscription::new(url)
            };
            Ok(Found::Feed(Box::new(subscription), Some(document)))
        }
        Err(refusal) if !may_be_page => Err(format!("what is at {url} is no feed: {refusal}")),
        Err(_) => of_page(client, url, feeds_of_page(&document.bytes, content_type, &document.url), stop),
    }
}

/// The one feed of a page, or the choice.
fn of_page(client: &Client, place: &str, mut feeds: Vec<PageFeed>, stop: &AtomicBool) -> Result<Found, String> {
    match (feeds.pop(), feeds.is_empty()) {
        (None, _) => Err(format!("{place} is no feed, and names none")),
        (Some(only), true) => fetched(client, &only.url, stop, false),
        (Some(last), false) => {
            feeds.push(last);
            Ok(Found::Several(feeds))
        }
    }
}

/// Where a feed says that it is fetched from.
fn address_of(feed: &Feed) -> Option<String> {
    let own = feed.head.links.iter().find(|link| link.rel == "self")?;
    own.href.starts_with("http").then(|| own.href.clone())
}

/// An address as people write it, in full.
fn web_address(place: &str) -> String {
    let place = place.trim();
    match place.split_once(':') {
        Some(("feed", rest)) if rest.starts_with("//") => format!("http:{rest}"),
        Some(("feed", rest)) => rest.to_owned(),
        Some((_, rest)) if rest.starts_with("//") => place.to_owned(),
        _ => format!("https://{place}"),
    }
}
