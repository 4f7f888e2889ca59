//! Feed subscriptions, and the file formats in which they are exchanged between programs.
//!
//! This layer knows neither files nor the network nor the library: it converts texts to subscriptions and back.

mod credentials;
mod link;
pub mod newsboat;
pub mod opml;
mod status;

use serde::{Deserialize, Serialize};
use url::Url;

use crate::text::clean;

pub use credentials::{Credentials, ServerLogin, redact};
pub use link::{Link, LinkError, MAX_ADDRESS_BYTES, without_user_name};
pub use status::{DiffSpan, FeedRow, FeedStatus, RefreshEnd, RefreshProgress};

/// A subscription to a feed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Subscription {
    /// The address to fetch; holds no credentials.
    pub url: String,
    /// The title of the feed; empty before the first fetch.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub title: String,
    /// The title that the user gave the feed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub own_title: Option<String>,
    /// The web page of the feed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub page: Option<String>,
    /// The description of the feed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The tags of the user, in order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// Whether the whole article of each entry is fetched.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub full_text: bool,
    /// The number of entries that are kept; `None` for all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub keep_count: Option<u32>,
    /// The number of days that entries are kept; `None` for ever.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub keep_days: Option<u32>,
    /// Attributes of other programs. They are preserved for export.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub extra: Vec<(String, String)>,
    /// The user name and password, and the server that gets them. Never serialised.
    #[serde(skip)]
    pub login: Option<ServerLogin>,
}

impl Subscription {
    /// Creates a subscription to the feed at `url`. Credentials in the address become its login.
    pub fn new(url: impl AsRef<str>) -> Subscription {
        let (url, login) = ServerLogin::split(url.as_ref());
        Subscription { url, login, ..Subscription::default() }
    }

    /// Returns the name: the title that the user gave, else that of the feed, else the address.
    pub fn name(&self) -> &str {
        let names = [self.own_title.as_deref().unwrap_or(""), &self.title];
        names.into_iter().find(|name| !name.trim().is_empty()).unwrap_or(&self.url)
    }

    /// Adds tags, and removes those with a `-` before them.
    #[must_use]
    pub fn with_tags(mut self, changes: &[String]) -> Subscription {
        for change in changes {
            match change.trim().strip_prefix('-') {
                Some(gone) => self.tags.retain(|tag| *tag != tag_name(gone)),
                None => {
                    let tag = tag_name(change);
                    if !tag.is_empty() && !self.tags.contains(&tag) {
                        self.tags.push(tag);
                    }
                }
            }
        }
        self
    }

    /// Changes settings.
    #[must_use]
    pub fn with_setting(self, setting: FeedSetting) -> Subscription {
        let limit = |wanted: Option<u32>, now| wanted.map_or(now, |wanted| Some(wanted).filter(|it| *it > 0));
        Subscription {
            keep_count: limit(setting.keep_count, self.keep_count),
            keep_days: limit(setting.keep_days, self.keep_days),
            full_text: setting.full_text.unwrap_or(self.full_text),
            ..self
        }
    }
}

/// Changes of a feed's settings. `None` leaves a setting unchanged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FeedSetting {
    /// The number of entries that are kept; 0 for all.
    pub keep_count: Option<u32>,
    /// The number of days that entries are kept; 0 for ever.
    pub keep_days: Option<u32>,
    /// Whether the whole article of each new entry is fetched.
    pub full_text: Option<bool>,
}

/// The maximum number of tags that an import gives to a feed.
pub const MAX_TAGS: usize = 100;

/// The maximum number of feeds of one import.
pub const MAX_FEEDS: usize = 50_000;

/// Longer tags are cut, in bytes: every feed in a folder of an import repeats its name.
const MAX_TAG_BYTES: usize = 256;

/// Adds a tag that is not there yet. Returns `false` if there are too many.
fn add_tag(tags: &mut Vec<String>, tag: &str) -> bool {
    let tag = short_tag(tag);
    if tags.iter().any(|known| known == tag) {
        return true;
    }
    let has_room = tags.len() < MAX_TAGS;
    if has_room {
        tags.push(tag.to_owned());
    }
    has_room
}

/// Cuts a long tag at a character boundary.
fn short_tag(tag: &str) -> &str {
    if tag.len() <= MAX_TAG_BYTES {
        return tag;
    }
    let mut end = MAX_TAG_BYTES;
    while !tag.is_char_boundary(end) {
        end -= 1;
    }
    tag.get(..end).unwrap_or(tag).trim_end()
}

/// Returns a form of an address that is equal for all ways to write it.
pub fn same_address(url: &str) -> String {
    let Ok(mut whole) = Url::parse(url) else { return url.to_owned() };
    whole.set_fragment(None);
    whole.into()
}

/// Sanitizes a name and joins it to one line.
pub fn one_line(text: &str) -> String {
    clean(text).split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Normalizes a tag: sanitized, on one line, and without a leading `#`, which distinguishes tags from names.
pub fn tag_name(written: &str) -> String {
    one_line(written).trim_start_matches('#').trim_start().to_owned()
}

/// Returns the address of a feed as it is fetched; `None` if it is not on the web or too long.
pub fn feed_address(written: &str) -> Option<String> {
    let written = written.trim();
    if written.len() > MAX_ADDRESS_BYTES {
        return None;
    }
    // No address contains these characters, and OPML cannot.
    if written.contains(|c: char| c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}')) {
        return None;
    }
    let (scheme, rest) = written.split_once(':')?;
    match scheme.to_ascii_lowercase().as_str() {
        "http" | "https" if rest.starts_with("//") => Some(written.to_owned()),
        "feed" if rest.starts_with("//") => Some(format!("http:{rest}")),
        "feed" => feed_address(rest).filter(|url| url.starts_with("http")),
        _ => None,
    }
}

/// Completes a typed address: `example.org/feed` and `feed://example.org` become web addresses.
pub fn web_address(place: &str) -> String {
    let place = place.trim();
    match place.split_once(':') {
        Some(("feed", rest)) if rest.starts_with("//") => format!("http:{rest}"),
        Some(("feed", rest)) => rest.to_owned(),
        Some((_, rest)) if rest.starts_with("//") => place.to_owned(),
        _ => format!("https://{place}"),
    }
}

/// No feed matches a name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnknownFeed {
    /// No feed has this tag.
    #[error("no feed has the tag {0}")]
    Tag(String),
    /// No feed has this name or address.
    #[error("no feed is named \"{name}\"{}", suggestion(.similar.as_ref()))]
    Name {
        /// The name.
        name: String,
        /// A feed or tag with a similar name.
        similar: Option<SimilarName>,
    },
}

/// The name of a feed or of a tag that is similar to an unknown one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SimilarName {
    /// A feed.
    Feed(String),
    /// A tag.
    Tag(String),
}

fn suggestion(similar: Option<&SimilarName>) -> String {
    match similar {
        Some(SimilarName::Tag(tag)) => format!("; did you mean the tag #{tag}?"),
        Some(SimilarName::Feed(name)) => format!("; did you mean \"{name}\"?"),
        None => String::new(),
    }
}

/// Returns the feeds with this address, this whole name, or this `#tag`.
///
/// # Errors
///
/// Returns an error if no feed matches. It names a feed with a similar name.
pub fn find_by_name<'f, F>(
    feeds: &'f [F],
    of: impl Fn(&F) -> &Subscription,
    name: &str,
) -> Result<Vec<&'f F>, UnknownFeed> {
    let folded = name.trim().to_lowercase();
    let address = same_address(&Credentials::split(name.trim()).0);
    let is_named = |feed: &Subscription| match folded.strip_prefix('#') {
        Some(tag) => feed.tags.iter().any(|own| own.to_lowercase() == tag.trim_start_matches('#')),
        None => feed.name().to_lowercase() == folded || same_address(&feed.url) == address,
    };
    let found: Vec<&F> = feeds.iter().filter(|feed| is_named(of(feed))).collect();
    if !found.is_empty() {
        return Ok(found);
    }
    let shown = clean(name.trim());
    if folded.starts_with('#') {
        return Err(UnknownFeed::Tag(redact(&shown)));
    }
    let contains = |feed: &&F| !folded.is_empty() && of(feed).name().to_lowercase().contains(&folded);
    let near = feeds.iter().filter(contains).map(|feed| of(feed).name());
    let similar = feeds.iter().map(|feed| (strsim::jaro_winkler(&of(feed).name().to_lowercase(), &folded), of(feed)));
    let similar = similar.filter(|(score, _)| *score > 0.85).max_by(|a, b| a.0.total_cmp(&b.0));
    let tagged = feeds.iter().flat_map(|feed| &of(feed).tags).find(|tag| tag.to_lowercase() == folded);
    let similar = near.min_by_key(|name| name.len()).or(similar.map(|(_, feed)| feed.name()));
    let similar = match tagged {
        Some(tag) => Some(SimilarName::Tag(clean(tag).into_owned())),
        None => similar.map(|name| SimilarName::Feed(clean(name).into_owned())),
    };
    Err(UnknownFeed::Name { name: redact(&shown), similar })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_equal_with_and_without_hash() {
        let tags = |feed: &Subscription| feed.tags.join(" ");
        let changes = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
        let feed = Subscription::new("https://a.example/").with_tags(&changes(&["#press", "press", "## c", "#", " "]));
        assert_eq!(tags(&feed), "press c");
        assert_eq!(tags(&feed.with_tags(&changes(&["-#press", "-c", "local"]))), "local");
    }

    #[test]
    fn feed_addresses_are_web_addresses_without_controls() {
        assert_eq!(feed_address(" feed://example.org/a ").as_deref(), Some("http://example.org/a"));
        assert_eq!(feed_address("feed:https://example.org/a").as_deref(), Some("https://example.org/a"));
        let long = format!("https://example.org/{}", "a".repeat(MAX_ADDRESS_BYTES));
        for wrong in [
            long.as_str(),
            "file:///etc/passwd",
            "https://exa\u{1}mple.org/",
            "https://example.org/\u{1b}[2J",
            "https://example.org/\u{ffff}",
            "feed:exec:x",
        ] {
            assert_eq!(feed_address(wrong), None, "{wrong:?}");
        }
    }
}
