//! The model of a feed, independent of its dialect.

use std::borrow::Cow;
use std::time::Duration;

use chrono::{DateTime, Datelike, Timelike, Weekday};

use crate::article::{Published, Warning};
use crate::formats::budget::Budget;
use crate::formats::html::blocks::text_of;

/// The dialect of a feed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum FeedVersion {
    /// RSS 0.90 (1999), by Netscape, in RDF.
    Rss090,
    /// RSS 0.91 as Netscape defined it, with its document type.
    Rss091Netscape,
    /// RSS 0.91 by UserLand.
    Rss091UserLand,
    /// RSS 0.92.
    Rss092,
    /// RSS 0.93.
    Rss093,
    /// RSS 0.94.
    Rss094,
    /// RSS 1.0, in RDF.
    Rss10,
    /// RSS 2.0.
    Rss20,
    /// RSS of an unknown version.
    Rss,
    /// Atom 0.1, a draft.
    Atom01,
    /// Atom 0.2, a draft.
    Atom02,
    /// Atom 0.3, a draft that was widely used.
    Atom03,
    /// Atom 1.0 (RFC 4287).
    Atom10,
    /// Atom of an unknown version.
    Atom,
    /// Channel Definition Format (1997), by Microsoft.
    Cdf,
    /// JSON Feed 1.
    JsonFeed1,
    /// JSON Feed 1.1.
    JsonFeed11,
    /// A feed with entries of an unknown dialect.
    #[default]
    Unknown,
}

impl FeedVersion {
    /// Returns the short name in JSON output; empty if unknown.
    pub fn name(self) -> &'static str {
        match self {
            FeedVersion::Rss090 => "rss090",
            FeedVersion::Rss091Netscape => "rss091n",
            FeedVersion::Rss091UserLand => "rss091u",
            FeedVersion::Rss092 => "rss092",
            FeedVersion::Rss093 => "rss093",
            FeedVersion::Rss094 => "rss094",
            FeedVersion::Rss10 => "rss10",
            FeedVersion::Rss20 => "rss20",
            FeedVersion::Rss => "rss",
            FeedVersion::Atom01 => "atom01",
            FeedVersion::Atom02 => "atom02",
            FeedVersion::Atom03 => "atom03",
            FeedVersion::Atom10 => "atom10",
            FeedVersion::Atom => "atom",
            FeedVersion::Cdf => "cdf",
            FeedVersion::JsonFeed1 => "json1",
            FeedVersion::JsonFeed11 => "json11",
            FeedVersion::Unknown => "",
        }
    }

    /// Returns whether this is a version of Atom, which declares the kind of every text.
    pub fn is_atom(self) -> bool {
        use FeedVersion::{Atom, Atom01, Atom02, Atom03, Atom10};
        matches!(self, Atom01 | Atom02 | Atom03 | Atom10 | Atom)
    }

    /// Returns whether the authors of the feed are the authors of entries without any. In RSS they are editors.
    pub fn has_authors_for_all(self) -> bool {
        self.is_atom() || matches!(self, FeedVersion::JsonFeed1 | FeedVersion::JsonFeed11)
    }
}

/// A text: plain, or sanitized HTML.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FeedText {
    /// The text, trimmed.
    pub value: String,
    /// Whether the text is HTML. Its addresses are then absolute.
    pub is_html: bool,
    /// The media type, as declared or detected.
    pub media_type: Cow<'static, str>,
    /// The language, if declared.
    pub language: Option<String>,
}

impl FeedText {
    /// Returns the plain text on one line.
    pub fn plain(&self) -> Cow<'_, str> {
        if self.is_html { Cow::Owned(text_of(&self.value)) } else { Cow::Borrowed(&self.value) }
    }
}

/// A date as written, and as parsed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FeedDate {
    /// The date as written.
    pub raw: String,
    /// The parsed date; `None` if it is invalid.
    pub moment: Option<Published>,
}

/// An author, contributor or publisher.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FeedPerson {
    /// The text as written, if name and address are in one text.
    pub text: String,
    /// The name; may be empty.
    pub name: String,
    /// The mail address; may be empty.
    pub email: String,
    /// The address of a web page; may be empty.
    pub href: String,
}

impl FeedPerson {
    /// Returns the name for a byline: the name, or else the mail address.
    pub fn display_name(&self) -> &str {
        [&self.name, &self.text, &self.email].into_iter().find(|text| !text.is_empty()).map_or("", String::as_str)
    }
}

/// A link as in Atom; links and enclosures of other dialects are converted to this form.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FeedLink {
    /// The address.
    pub href: String,
    /// The relation: `alternate`, `self`, `enclosure`, `via`, `related` or an address.
    pub rel: String,
    /// The media type of the target; may be empty.
    pub media_type: String,
    /// The title; may be empty.
    pub title: String,
    /// The language of the target; may be empty.
    pub language: String,
    /// The length of the target in bytes, unparsed; may be empty.
    pub length: String,
    /// The duration of a recording, unparsed; may be empty.
    pub duration: String,
}

/// A category, a tag or a keyword.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FeedCategory {
    /// The term.
    pub term: String,
    /// The categorization scheme; may be empty.
    pub scheme: String,
    /// The label for readers; may be empty.
    pub label: String,
}

/// A picture of the feed or of an entry.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FeedImage {
    /// The address of the picture.
    pub href: String,
    /// The title.
    pub title: String,
    /// The address that the picture links to.
    pub link: String,
    /// A description of the picture.
    pub description: String,
    /// The width in pixels, unparsed.
    pub width: String,
    /// The height in pixels, unparsed.
    pub height: String,
}

/// The program that generated the feed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FeedGenerator {
    /// The name.
    pub name: String,
    /// The address of its page.
    pub href: String,
    /// The version.
    pub version: String,
}

/// Metadata that feeds, entries and sources of entries have in common.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FeedMeta {
    /// The title.
    pub title: Option<FeedText>,
    /// The page of the feed or of the entry.
    pub link: Option<String>,
    /// All links.
    pub links: Vec<FeedLink>,
    /// The permanent id: an address, a tag or a number.
    pub id: Option<String>,
    /// The authors, in order.
    pub authors: Vec<FeedPerson>,
    /// The contributors.
    pub contributors: Vec<FeedPerson>,
    /// The publisher.
    pub publisher: Option<FeedPerson>,
    /// The date of publication.
    pub published: Option<FeedDate>,
    /// The date of the last change.
    pub updated: Option<FeedDate>,
    /// The date of creation.
    pub created: Option<FeedDate>,
    /// The date of expiry.
    pub expired: Option<FeedDate>,
    /// The copyright notice.
    pub rights: Option<FeedText>,
    /// Categories, tags and keywords, each once.
    pub categories: Vec<FeedCategory>,
    /// The picture.
    pub image: Option<FeedImage>,
    /// The address of the licence.
    pub license: Option<String>,
    /// The language.
    pub language: Option<String>,
    /// The address of the comments.
    pub comments: Option<String>,
}

/// A feed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Feed {
    /// The dialect.
    pub version: FeedVersion,
    /// The encoding of the bytes in lower case, as declared or detected.
    pub encoding: String,
    /// Title, links, people, dates.
    pub head: FeedMeta,
    /// The description.
    pub description: Option<FeedText>,
    /// A note to people who open the feed in a browser, as in Atom 0.3.
    pub info: Option<FeedText>,
    /// The program that generated it.
    pub generator: Option<FeedGenerator>,
    /// The address of a small picture.
    pub icon: Option<String>,
    /// The address of a wide picture.
    pub logo: Option<String>,
    /// The number of minutes that the feed may be cached, unparsed.
    pub ttl: Option<String>,
    /// The hours in UTC in which the feed does not change.
    pub skip_hours: Vec<u32>,
    /// The days of the week on which the feed does not change.
    pub skip_days: Vec<Weekday>,
    /// The address of the description of the dialect.
    pub docs: Option<String>,
    /// The entries, in order.
    pub entries: Vec<FeedEntry>,
    /// The mistakes in the feed.
    pub warnings: Vec<Warning>,
    /// The memory that the articles may still use.
    pub budget: Budget,
}

impl Feed {
    /// Returns how long not to fetch the feed again, from `now` (seconds since 1970-01-01 00:00 UTC): its time to live,
    /// and then the hours and days that it skips.
    pub fn pause(&self, now: i64) -> Duration {
        const HOUR: i64 = 60 * 60;
        let minutes: u32 = self.ttl.as_ref().and_then(|ttl| ttl.trim().parse().ok()).unwrap_or(0);
        let mut at = now + 60 * i64::from(minutes);
        let skipped = |at: i64| {
            DateTime::from_timestamp(at, 0)
                .is_some_and(|at| self.skip_hours.contains(&at.hour()) || self.skip_days.contains(&at.weekday()))
        };
        // Every hour of every day occurs within a week.
        for _ in 0..7 * 24 {
            if !skipped(at) {
                break;
            }
            at = at - at.rem_euclid(HOUR) + HOUR;
        }
        Duration::from_secs((at - now).unsigned_abs())
    }
}

/// An entry of a feed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FeedEntry {
    /// Title, links, people, dates.
    pub head: FeedMeta,
    /// A summary, or a text that may be either summary or content.
    pub summary: Option<FeedText>,
    /// A subtitle besides the summary.
    pub subtitle: Option<FeedText>,
    /// The content; several texts if it is given in several forms or parts.
    pub content: Vec<FeedText>,
    /// Enclosures.
    pub enclosures: Vec<FeedLink>,
    /// Files listed by media modules; one of each group, which has the same file in several forms.
    pub media: Vec<FeedLink>,
    /// The duration of the recording, as in podcasts.
    pub duration: Option<String>,
    /// The feed that the entry was taken from. It has no entries.
    pub source: Option<Box<Feed>>,
}
