//! What a reader subscribes to, and the forms in which readers carry their subscriptions from one program to another.
//!
//! This room knows no files, no network and no library: it turns texts into subscriptions and back.

pub mod newsboat;
pub mod opml;

use serde::{Deserialize, Serialize};
use url::Url;

use crate::article::clean;

/// A feed as its reader wants it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Subscription {
    /// Where it is fetched from.
    pub url: String,
    /// What it calls itself; empty until it was fetched.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub title: String,
    /// What its reader calls it, where that is something else.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub own_title: Option<String>,
    /// The page that it belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub page: Option<String>,
    /// What it says of itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The reader's tags, in the reader's order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// Whether the whole article behind each entry is fetched as well.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub full_text: bool,
    /// How many entries are kept; all of them where there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub keep_count: Option<u32>,
    /// For how many days an entry is kept; for ever where there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub keep_days: Option<u32>,
    /// What other programs said of it, by attribute, so that nothing is lost on the way through.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub extra: Vec<(String, String)>,
}

impl Subscription {
    /// A subscription to the feed at `url`, of which nothing else is known yet.
    pub fn new(url: impl Into<String>) -> Subscription {
        Subscription { url: url.into(), ..Subscription::default() }
    }

    /// What it is called: its reader's name for it, else its own, else its address.
    pub fn name(&self) -> &str {
        let names = [self.own_title.as_deref().unwrap_or(""), &self.title];
        names.into_iter().find(|name| !name.trim().is_empty()).unwrap_or(&self.url)
    }

    /// The same with more tags, and without those that are given with a `-` before them.
    #[must_use]
    pub fn retagged(mut self, changes: &[String]) -> Subscription {
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

    /// The same, kept and fetched otherwise.
    #[must_use]
    pub fn set(self, setting: FeedSetting) -> Subscription {
        let limit = |wanted: Option<u32>, now| wanted.map_or(now, |wanted| Some(wanted).filter(|it| *it > 0));
        Subscription {
            keep_count: limit(setting.keep_count, self.keep_count),
            keep_days: limit(setting.keep_days, self.keep_days),
            full_text: setting.full_text.unwrap_or(self.full_text),
            ..self
        }
    }
}

/// What is to be otherwise with a feed; what is not named stays as it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FeedSetting {
    /// How many entries are kept; 0 for all.
    pub keep_count: Option<u32>,
    /// For how many days an entry is kept; 0 for ever.
    pub keep_days: Option<u32>,
    /// Whether the whole article behind each new entry is fetched.
    pub full_text: Option<bool>,
}

/// What is the same for two addresses that lead to the same place, however they are written.
pub fn same_address(url: &str) -> String {
    let Ok(mut whole) = Url::parse(url) else { return url.to_owned() };
    whole.set_fragment(None);
    whole.into()
}

/// A name or a tag as it is kept: safe to show, and on one line.
pub fn one_line(text: &str) -> String {
    clean(text).split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A tag as it is kept: without the `#` by which tags are told from names where both may stand.
pub fn tag_name(written: &str) -> String {
    one_line(written).trim_start_matches('#').trim_start().to_owned()
}

/// The address of a feed as it is fetched; none where it is not on the web.
pub fn feed_address(written: &str) -> Option<String> {
    let written = written.trim();
    // No list of subscriptions could hold them, nor does any address.
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

/// The feeds that a reader means by `name`: the one with that address, those with that name, those with that tag, or,
/// unless it has to be `exact`, the one in whose name it stands.
///
/// # Errors
///
/// None is meant, or it is not clear which; the sentence says so.
pub fn named<'f, F>(
    feeds: &'f [F],
    of: impl Fn(&F) -> &Subscription,
    name: &str,
    exact: bool,
) -> Result<Vec<&'f F>, String> {
    let folded = name.trim().to_lowercase();
    let ways: [&dyn Fn(&Subscription) -> bool; 3] =
        [&|feed| feed.url == name.trim(), &|feed| feed.name().to_lowercase() == folded, &|feed| {
            feed.tags.iter().any(|tag| tag.to_lowercase() == folded.trim_start_matches('#'))
        }];
    for way in ways {
        let found: Vec<&F> = feeds.iter().filter(|feed| way(of(feed))).collect();
        if !found.is_empty() {
            return Ok(found);
        }
    }
    let near: Vec<&F> = feeds.iter().filter(|feed| of(feed).name().to_lowercase().contains(&folded)).collect();
    match near.as_slice() {
        [_] if !folded.is_empty() && !exact => Ok(near),
        [near] if !folded.is_empty() => {
            Err(format!("no feed is called just \"{name}\"; \"{}\" is meant, perhaps", of(near).name()))
        }
        [] | [_] => Err(format!("no feed is called \"{name}\"")),
        several => {
            let names: Vec<String> = several.iter().take(5).map(|feed| format!("\"{}\"", of(feed).name())).collect();
            let more = if several.len() > 5 { ", and others" } else { "" };
            Err(format!("\"{name}\" could be {}{more}", names.join(", ")))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_the_same_with_its_hash_and_without() {
        let tags = |feed: &Subscription| feed.tags.join(" ");
        let changes = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
        let feed = Subscription::new("https://a.example/").retagged(&changes(&["#press", "press", "## c", "#", " "]));
        assert_eq!(tags(&feed), "press c");
        assert_eq!(tags(&feed.retagged(&changes(&["-#press", "-c", "local"]))), "local");
    }

    #[test]
    fn an_address_of_a_feed_is_on_the_web_and_holds_no_control() {
        assert_eq!(feed_address(" feed://example.org/a ").as_deref(), Some("http://example.org/a"));
        assert_eq!(feed_address("feed:https://example.org/a").as_deref(), Some("https://example.org/a"));
        for wrong in [
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
