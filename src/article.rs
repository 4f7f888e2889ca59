//! The article model: id, date, and text in parts.
//!
//! This module knows neither files nor terminals. Formats produce a [`Draft`]; the corpus stores it and returns an
//! [`Article`] in which every text is a [`SafeText`].

mod block;
mod date;
mod draft;
mod enclosure;
pub(crate) mod problem;

pub use problem::{Problem, ReadError, Warning};

use crate::text::SafeText;

use std::fmt;

pub use block::{BlockKind, Part, Role, Span, SpanStyle};
pub use date::Published;
pub use draft::{Draft, DraftPart};
pub use enclosure::Enclosure;

/// The stable id of an article: a hash of the file's path and the position in it. In a feed file, the entry's id, link
/// and title replace the position.
///
/// It is the same in every run while the file stays at its path, and identifies the article in the library. It is shown
/// as 16 hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ArticleId(pub u64);

impl ArticleId {
    /// Returns the id of article number `ordinal` (from 0) of the file or stream called `place`.
    pub fn of(place: &[u8], ordinal: u32) -> ArticleId {
        ArticleId(xxhash_rust::xxh3::xxh3_64_with_seed(place, u64::from(ordinal)))
    }

    /// Returns the id of the article with this key in the file called `place`.
    pub fn of_key(place: &[u8], key: u64) -> ArticleId {
        ArticleId(xxhash_rust::xxh3::xxh3_64_with_seed(place, key))
    }

    /// Returns the id of the entry with this key in the feed with this seed.
    pub fn of_entry(seed: u64, key: &str) -> ArticleId {
        ArticleId(xxhash_rust::xxh3::xxh3_64_with_seed(key.as_bytes(), seed))
    }
}

impl fmt::Display for ArticleId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

/// One article: safe texts in reading order.
#[derive(Clone, Debug, PartialEq)]
pub struct Article {
    /// The stable id.
    pub id: ArticleId,
    /// The name of the format, as `newsdesk check` shows it.
    pub format: &'static str,
    /// The publication date.
    pub published: Option<Published>,
    /// The section (rubric, category), or empty.
    pub section: SafeText,
    /// The address of the article on the web. It is not checked, so it must never be opened automatically.
    pub url: Option<SafeText>,
    /// Headline, standfirst, byline, captions, body and sources, in reading order.
    pub parts: Vec<Part>,
    /// The targets of links in the body, in the order of their numbers.
    pub links: Vec<SafeText>,
    /// Attached files such as recordings. Each is among the links as well.
    pub enclosures: Vec<Enclosure<SafeText>>,
    /// The number of words in the body; see [`crate::text::count_words`].
    pub words: u32,
}

impl Article {
    /// Returns the headline, which is empty only if the source is empty.
    pub fn headline(&self) -> &str {
        self.first(Role::Headline)
    }

    /// Returns the standfirst, or an empty string.
    pub fn standfirst(&self) -> &str {
        self.first(Role::Standfirst)
    }

    /// Returns the byline, or an empty string.
    pub fn byline(&self) -> &str {
        self.first(Role::Byline)
    }

    /// Returns the names of the sources, in their original order.
    pub fn sources(&self) -> impl Iterator<Item = &str> {
        self.texts(Role::Source)
    }

    /// Returns the captions, each with its credit, if any.
    pub fn captions(&self) -> impl Iterator<Item = (&str, Option<&str>)> {
        self.parts.iter().enumerate().filter(|(_, part)| part.role == Role::Caption).map(|(at, part)| {
            let credit = self.parts.get(at + 1).filter(|next| next.role == Role::Credit);
            (part.text.as_str(), credit.map(|credit| credit.text.as_str()))
        })
    }

    /// Returns the blocks of the body.
    pub fn body(&self) -> impl Iterator<Item = (BlockKind, &Part)> {
        self.parts.iter().filter_map(|part| match part.role {
            Role::Body(kind) => Some((kind, part)),
            _ => None,
        })
    }

    /// Returns the text of all parts, separated by blank lines.
    pub fn to_text(&self) -> String {
        let mut text = String::new();
        for part in &self.parts {
            let mark = match part.role {
                Role::Source => "Source: ",
                Role::Body(BlockKind::ListEntry { .. }) => "• ",
                _ => "",
            };
            text.push_str(mark);
            text.push_str(&part.text);
            text.push_str("\n\n");
        }
        text
    }

    fn texts(&self, role: Role) -> impl Iterator<Item = &str> {
        self.parts.iter().filter(move |part| part.role == role).map(|part| part.text.as_str())
    }

    fn first(&self, role: Role) -> &str {
        self.texts(role).next().unwrap_or("")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identity_depends_only_on_place_and_ordinal() {
        assert_eq!(ArticleId::of(b"a.txt", 0), ArticleId::of(b"a.txt", 0));
        assert_ne!(ArticleId::of(b"a.txt", 0), ArticleId::of(b"a.txt", 1));
        assert_ne!(ArticleId::of(b"a.txt", 0), ArticleId::of(b"b.txt", 0));
        assert_eq!(ArticleId(0xab).to_string(), "00000000000000ab");
    }
}
