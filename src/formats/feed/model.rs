//! What a feed says, whatever dialect it says it in.

use std::borrow::Cow;
use std::time::Duration;

use chrono::{DateTime, Datelike, Timelike, Weekday};

use crate::article::Published;
use crate::article::Warning;
use crate::formats::Budget;

/// The dialect that a feed is written in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum FeedVersion {
    /// RSS 0.90 (1999), by Netscape, in RDF.
    Rss090,
    /// RSS 0.91 as Netscape defined it, with its document type.
    Rss091Netscape,
    /// RSS 0.91 as UserLand took it up.
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
    /// RSS that does not say which.
    Rss,
    /// Atom 0.1, a draft.
    Atom01,
    /// Atom 0.2, a draft.
    Atom02,
    /// Atom 0.3, a draft that was widely used.
    Atom03,
    /// Atom 1.0 (RFC 4287).
    Atom10,
    /// Atom that does not say which.
    Atom,
    /// Channel Definition Format (1997), by Microsoft.
    Cdf,
    /// JSON Feed 1.
    JsonFeed1,
    /// JSON Feed 1.1.
    JsonFeed11,
    /// It has entries, and nothing that tells the dialect.
    #[default]
    Unknown,
}

impl FeedVersion {
    /// The short name that JSON gives it; empty where it is unknown.
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

    /// Whether it is one of the dialects of Atom, which says of every text what kind it is.
    pub fn is_atom(self) -> bool {
        use FeedVersion::{Atom, Atom01, Atom02, Atom03, Atom10};
        matches!(self, Atom01 | Atom02 | Atom03 | Atom10 | Atom)
    }

    /// Whether the authors of the feed are those of each entry that names none. In RSS they are its editors.
    pub fn has_authors_for_all(self) -> bool {
        self.is_atom() || matches!(self, FeedVersion::JsonFeed1 | FeedVersion::JsonFeed11)
    }
}

/// A text: plain, or HTML from which everything that could do harm was taken.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FeedText {
    /// The text itself, without white space around it.
    pub value: String,
    /// Whether it is HTML; its addresses are whole then.
    pub is_html: bool,
    /// Its media type, as the feed names it or as it turned out.
    pub media_type: Cow<'static, str>,
    /// Its language, where one is given.
    pub language: Option<String>,
}

impl FeedText {
    /// The text as a reader sees it, on one line.
    pub fn plain(&self) -> Cow<'_, str> {
        if self.is_html { Cow::Owned(crate::formats::html::text_of(&self.value)) } else { Cow::Borrowed(&self.value) }
    }
}

/// A moment as the feed writes it, and what that means.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FeedDate {
    /// As it is written.
    pub raw: String,
    /// The moment; none where it is no date of the calendar.
    pub moment: Option<Published>,
}

/// Somebody who wrote, contributed, or publishes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FeedPerson {
    /// As it is written, where name and address stand in one text.
    pub text: String,
    /// The name; may be empty.
    pub name: String,
    /// The mail address; may be empty.
    pub email: String,
    /// The address of a page; may be empty.
    pub href: String,
}

impl FeedPerson {
    /// How the person is named in a byline: the name, or else the mail address.
    pub fn display_name(&self) -> &str {
        [&self.name, &self.text, &self.email].into_iter().find(|text| !text.is_empty()).map_or("", String::as_str)
    }
}

/// A link, as Atom has them; other dialects' links and enclosures are put into the same form.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FeedLink {
    /// Where it leads.
    pub href: String,
    /// What it is to what holds it: `alternate`, `self`, `enclosure`, `via`, `related`, an address.
    pub rel: String,
    /// The media type of what is there; may be empty.
    pub media_type: String,
    /// Its title; may be empty.
    pub title: String,
    /// The language of what is there; may be empty.
    pub language: String,
    /// The length of what is there in bytes, as it is written; may be empty.
    pub length: String,
    /// The duration of a recording, unparsed; may be empty.
    pub duration: String,
}

/// A category, a tag or a keyword.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FeedCategory {
    /// The word.
    pub term: String,
    /// What system of categories it belongs to; may be empty.
    pub scheme: String,
    /// What people read for it; may be empty.
    pub label: String,
}

/// A picture that stands for the feed or the entry.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FeedImage {
    /// Where the picture is.
    pub href: String,
    /// Its title.
    pub title: String,
    /// Where a click on it leads.
    pub link: String,
    /// What it shows.
    pub description: String,
    /// Its width in pixels, as it is written.
    pub width: String,
    /// Its height in pixels, as it is written.
    pub height: String,
}

/// The program that made the feed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FeedGenerator {
    /// Its name.
    pub name: String,
    /// Its page.
    pub href: String,
    /// Its version.
    pub version: String,
}

/// What a feed and an entry have in common, and what the source of an entry is said to be.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FeedMeta {
    /// The title.
    pub title: Option<FeedText>,
    /// The page that this is about, or that holds the same.
    pub link: Option<String>,
    /// Every link, the first of them commonly the same page.
    pub links: Vec<FeedLink>,
    /// What never changes about it: an address, a tag, a number.
    pub id: Option<String>,
    /// Who wrote it, in the order in which they are given.
    pub authors: Vec<FeedPerson>,
    /// Who helped.
    pub contributors: Vec<FeedPerson>,
    /// Who publishes it.
    pub publisher: Option<FeedPerson>,
    /// When it was published.
    pub published: Option<FeedDate>,
    /// When it was changed last.
    pub updated: Option<FeedDate>,
    /// When it was written.
    pub created: Option<FeedDate>,
    /// When it is no longer of interest.
    pub expired: Option<FeedDate>,
    /// Whose it is.
    pub rights: Option<FeedText>,
    /// Categories, tags and keywords, each once.
    pub categories: Vec<FeedCategory>,
    /// A picture.
    pub image: Option<FeedImage>,
    /// The address of its licence.
    pub license: Option<String>,
    /// The language.
    pub language: Option<String>,
    /// Where comments on it are.
    pub comments: Option<String>,
}

/// A feed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Feed {
    /// The dialect.
    pub version: FeedVersion,
    /// The encoding of its bytes, in lower case, as it is named in the feed or on the way to it.
    pub encoding: String,
    /// Title, links, people, dates.
    pub head: FeedMeta,
    /// What it is about.
    pub description: Option<FeedText>,
    /// What readers of the feed itself should know; Atom 0.3 has it.
    pub info: Option<FeedText>,
    /// The program that made it.
    pub generator: Option<FeedGenerator>,
    /// A small picture.
    pub icon: Option<String>,
    /// A wide picture.
    pub logo: Option<String>,
    /// For how many minutes it may be kept, as it is written.
    pub ttl: Option<String>,
    /// The hours of the day, in UTC, in which it does not change.
    pub skip_hours: Vec<u32>,
    /// The days of the week on which it does not change.
    pub skip_days: Vec<Weekday>,
    /// Where its dialect is described.
    pub docs: Option<String>,
    /// Its entries, in the order in which they stand.
    pub entries: Vec<FeedEntry>,
    /// What is wrong with it.
    pub flaws: Vec<Warning>,
    /// The memory that its articles may still take.
    pub budget: Budget,
}

impl Feed {
    /// For how long it wants to be left alone, seen from `now` (seconds since 1970-01-01 00:00 UTC): the time that it
    /// may be kept, and then through the hours and days on which it does not change.
    pub fn pause(&self, now: i64) -> Duration {
        const HOUR: i64 = 60 * 60;
        let minutes: u32 = self.ttl.as_ref().and_then(|ttl| ttl.trim().parse().ok()).unwrap_or(0);
        let mut at = now + 60 * i64::from(minutes);
        let skipped = |at: i64| {
            DateTime::from_timestamp(at, 0)
                .is_some_and(|at| self.skip_hours.contains(&at.hour()) || self.skip_days.contains(&at.weekday()))
        };
        // Within a week every hour of every day comes by.
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
    /// A line under the title, where one is given beside the summary.
    pub subtitle: Option<FeedText>,
    /// The content; several where it is given in several forms or parts.
    pub content: Vec<FeedText>,
    /// Recordings and other files that belong to it.
    pub enclosures: Vec<FeedLink>,
    /// What media modules list; of a group that has one thing in several forms, one.
    pub media: Vec<FeedLink>,
    /// The duration of its recording, as in podcasts.
    pub duration: Option<String>,
    /// The feed that it was taken from, as far as the entry describes it; it has no entries.
    pub source: Option<Box<Feed>>,
}
