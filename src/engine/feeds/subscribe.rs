//! Subscribing: finds the feed at an address, on a page or in a file.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use super::error::{FeedError, FeedResult};
use super::refresh::{FEED_TYPES, describe, parse_response};
use crate::config::FeedSettings;
use crate::text::clean;
use crate::text::format::counted;
use url::Url;

use crate::article::{ReadError, Warning};
use crate::formats::{Feed, FeedOptions, PageFeed, feeds_of_page, parse_feed};
use crate::http::{Client, Document, FetchError, HttpRequest, HttpResponse, is_same_server};
use crate::library::feeds::FetchOutcome;
use crate::library::{KnownFeed, Library};
use crate::subscriptions::{Credentials, ServerLogin, Subscription, same_address, web_address};

/// The result of adding a feed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SubscribeOutcome {
    /// The feed is subscribed to and its entries are stored.
    Feed {
        /// The name of the feed.
        name: String,
        /// The number of entries stored.
        new: usize,
        /// The problems of the feed, which could still be read.
        warnings: Vec<Warning>,
    },
    /// The feed was already subscribed to.
    AlreadySubscribed {
        /// The name of the feed.
        name: String,
    },
    /// The address is a former one of a feed that is subscribed to.
    Moved {
        /// The name of the feed.
        name: String,
        /// The current address.
        to: String,
    },
    /// The feed is subscribed to but not fetched, because the network is down.
    Offline {
        /// The name of the feed.
        name: String,
    },
    /// The page links to several feeds; the caller must choose one.
    Several(Vec<PageFeed>),
}

impl SubscribeOutcome {
    /// Describes the result in one sentence, safe to show.
    pub fn sentence(&self) -> String {
        match self {
            SubscribeOutcome::Feed { name, new, warnings } => {
                let problems = match warnings.len() {
                    0 => String::new(),
                    count => format!(", {}", counted(count as u64, "problem", "problems")),
                };
                format!("Subscribed to \"{}\": {}{problems}", clean(name), counted(*new as u64, "entry", "entries"))
            }
            SubscribeOutcome::AlreadySubscribed { name } => format!("Already subscribed to \"{}\"", clean(name)),
            SubscribeOutcome::Moved { name, to } => {
                format!("Already subscribed to \"{}\", which moved to {}", clean(name), clean(to))
            }
            SubscribeOutcome::Offline { name } => {
                format!("Subscribed to \"{}\"; offline, so it is fetched later", clean(name))
            }
            SubscribeOutcome::Several(feeds) => {
                format!("The page links to {}", counted(feeds.len() as u64, "feed", "feeds"))
            }
        }
    }
}

/// Returns the subscriptions that `feed add` asks for: one for each place, all with the same tags and name. A `#tag`
/// among the places is a tag.
pub fn subscriptions(places: &[String], tags: &[String], name: Option<&String>) -> Vec<Subscription> {
    let (more, places): (Vec<&String>, Vec<&String>) = places.iter().partition(|place| place.starts_with('#'));
    let tags: Vec<String> = tags.iter().chain(more).cloned().collect();
    let is_file = |place: &str| !place.contains("://") && Path::new(place).is_file();
    let wanted = |place: &&String| {
        let place = if is_file(place) { place.to_string() } else { web_address(place) };
        Subscription { own_title: name.cloned(), ..Subscription::new(place) }.with_tags(&tags)
    };
    places.iter().map(wanted).collect()
}

/// The result of looking up a place.
enum ResolvedPlace {
    /// A feed, its fetched document, and its former address if it has moved.
    Feed(Box<Subscription>, Option<Document>, Option<String>),
    Several(Vec<PageFeed>),
}

/// Subscribes to the feed that `wanted` names: by its address, by a page that links to it, or by a file of either.
///
/// # Errors
///
/// Returns an error if the feed was not found or could not be saved.
pub fn add(
    library: &mut Library,
    client: &Client,
    settings: &FeedSettings,
    wanted: &Subscription,
    stop: &AtomicBool,
) -> FeedResult<SubscribeOutcome> {
    let address = web_address(&wanted.url);
    let moved = library.moved_from(&address).map_err(FeedError::NotSaved)?;
    let found = match (resolve(client, &FeedPlace::of(wanted), stop), moved) {
        (found, None) => found?,
        (found, Some(feed)) => match found {
            Ok(found) if is_another(library, &found, &feed, &address, settings).map_err(FeedError::NotSaved)? => found,
            _ => {
                return Ok(SubscribeOutcome::Moved {
                    name: feed.subscription.name().to_owned(),
                    to: feed.subscription.url,
                });
            }
        },
    };
    let (found, document, former) = match found {
        ResolvedPlace::Several(feeds) => return Ok(SubscribeOutcome::Several(feeds)),
        ResolvedPlace::Feed(found, document, former) => (found, document, former),
    };
    // Keep the login only if the feed is on the server of the login.
    let login = wanted.login.clone().filter(|login| same_server(&login.url, &found.url));
    let subscription = Subscription { tags: wanted.tags.clone(), own_title: wanted.own_title.clone(), login, ..*found };
    let (feed, is_new) = library.add_feed(&subscription, former.as_deref()).map_err(FeedError::NotSaved)?;
    let name = feed.subscription.name().to_owned();
    match document {
        _ if !is_new => Ok(SubscribeOutcome::AlreadySubscribed { name }),
        None => Ok(SubscribeOutcome::Offline { name }),
        Some(document) => {
            let delivery = parse_response(&feed, Ok(HttpResponse::Document(document)), settings);
            let warnings = match &delivery.outcome {
                FetchOutcome::Feed(delivered) | FetchOutcome::Import(delivered) => delivered.warnings.clone(),
                FetchOutcome::Nothing | FetchOutcome::Unchanged => Vec::new(),
            };
            let stored = library.store(&[delivery]).map_err(FeedError::NotSaved)?;
            Ok(SubscribeOutcome::Feed { name, new: stored.iter().map(|stored| stored.new.len()).sum(), warnings })
        }
    }
}

/// Returns whether another feed than the one that moved away is at its former address now: the server does not redirect,
/// and the feed has another title and no entry in common.
fn is_another(
    library: &Library,
    found: &ResolvedPlace,
    moved: &KnownFeed,
    address: &str,
    settings: &FeedSettings,
) -> crate::library::Result<bool> {
    let ResolvedPlace::Feed(found, Some(document), None) = found else { return Ok(false) };
    if same_address(&found.url) != same_address(address) || found.title == moved.subscription.title {
        return Ok(false);
    }
    match parse_response(moved, Ok(HttpResponse::Document(document.clone())), settings).outcome {
        FetchOutcome::Feed(delivered) => Ok(!library.shares_entries(moved.number, &delivered.entries)?),
        _ => Ok(false),
    }
}

/// A typed place, with the login for its server.
struct FeedPlace<'w> {
    name: &'w str,
    login: Option<&'w ServerLogin>,
}

impl FeedPlace<'_> {
    fn of(wanted: &Subscription) -> FeedPlace<'_> {
        FeedPlace { name: &wanted.url, login: wanted.login.as_ref() }
    }
}

/// Returns whether two addresses are on one server: the same host, port and protocol, or from http to https.
fn same_server(one: &str, other: &str) -> bool {
    let (Ok(one), Ok(other)) = (Url::parse(one), Url::parse(other)) else { return false };
    is_same_server(&one, &other)
}

/// Finds the feed at a typed place.
fn resolve(client: &Client, place: &FeedPlace<'_>, stop: &AtomicBool) -> FeedResult<ResolvedPlace> {
    let FeedPlace { name: place, login } = *place;
    let path = Path::new(place);
    if !place.contains("://") && path.is_file() {
        let bytes = fs::read(path).map_err(|error| FeedError::File { path: path.to_owned(), error })?;
        return match parse_feed(&bytes, &FeedOptions::default()) {
            Ok(feed) => match address_of(&feed) {
                Some(url) => fetched(client, &FeedPlace { name: &url, login }, stop, true),
                None => Err(FeedError::NoAddress(PathBuf::from(place))),
            },
            Err(error @ ReadError::TooMuch { .. }) => Err(FeedError::TooMuch { place: place.to_owned(), error }),
            Err(_) => of_page(client, &FeedPlace { name: place, login }, feeds_of_page(&bytes, None, ""), stop),
        };
    }
    fetched(client, &FeedPlace { name: &web_address(place), login }, stop, true)
}

/// Fetches an address. Follows a page to its feed if `allow_page` is set.
fn fetched(client: &Client, place: &FeedPlace<'_>, stop: &AtomicBool, allow_page: bool) -> FeedResult<ResolvedPlace> {
    let FeedPlace { name: url, login } = *place;
    let accept = Some(format!("{FEED_TYPES}, text/html;q=0.5"));
    let wanted = HttpRequest { accept, login: login.cloned(), ..HttpRequest::new(url) };
    let document = match client.fetch(&wanted, stop) {
        Ok(HttpResponse::Document(document)) => document,
        Ok(HttpResponse::Unchanged { .. }) => return Err(FeedError::NotModified),
        Err(FetchError::Offline) => return Ok(ResolvedPlace::Feed(Box::new(Subscription::new(url)), None, None)),
        Err(error) => return Err(error.into()),
    };
    let content_type = document.content_type.as_deref();
    let options = FeedOptions { base: Some(&document.url), content_type };
    match parse_feed(&document.bytes, &options) {
        Ok(feed) => {
            let former = document.moved_to.as_ref().map(|_| url.to_owned());
            let url = document.moved_to.clone().unwrap_or_else(|| url.to_owned());
            let described = describe(&feed);
            let subscription = Subscription {
                title: described.title,
                page: described.page,
                description: described.description,
                ..Subscription::new(url)
            };
            Ok(ResolvedPlace::Feed(Box::new(subscription), Some(document), former))
        }
        Err(error @ ReadError::TooMuch { .. }) => Err(FeedError::TooMuch { place: url.to_owned(), error }),
        Err(error) if !allow_page => Err(FeedError::NotAFeed { url: url.to_owned(), error }),
        Err(_) => of_page(client, place, feeds_of_page(&document.bytes, content_type, &document.url), stop),
    }
}

/// Returns the only feed of a page, or the choice between several.
fn of_page(
    client: &Client,
    place: &FeedPlace<'_>,
    mut feeds: Vec<PageFeed>,
    stop: &AtomicBool,
) -> FeedResult<ResolvedPlace> {
    // A page must not make the reader log in anywhere.
    feeds.iter_mut().for_each(|feed| feed.url = Credentials::split(&feed.url).0);
    match (feeds.pop(), feeds.is_empty()) {
        (None, _) => Err(FeedError::NoFeedLink(place.name.to_owned())),
        (Some(only), true) => fetched(client, &FeedPlace { name: &only.url, ..*place }, stop, false),
        (Some(last), false) => {
            feeds.push(last);
            Ok(ResolvedPlace::Several(feeds))
        }
    }
}

/// Returns the address that a feed gives for itself.
fn address_of(feed: &Feed) -> Option<String> {
    let own = feed.head.links.iter().find(|link| link.rel == "self")?;
    own.href.starts_with("http").then(|| own.href.clone())
}
