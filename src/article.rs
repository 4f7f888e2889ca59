//! What an article is: its identity, its date, and its text in parts, normalised and made safe once, here.
//!
//! This room knows neither files nor terminals. Formats hand in a [`Draft`]; the corpus keeps it and gives back an
//! [`Article`] whose every text is a [`SafeText`].

mod block;
mod date;
mod draft;
mod enclosure;
pub(crate) mod problem;

pub use problem::{Flaw, Problem, Refusal};

use crate::text::SafeText;

use std::fmt;

pub use block::{BlockKind, Part, Role, Span, SpanStyle};
pub use date::Published;
pub use draft::{Draft, DraftPart};
pub use enclosure::Enclosure;

/// The lasting identity of an article: a hash of its place and of its position there. In a feed, the entry's id, link
/// and title replace the position.
///
/// It is the same in every run as long as the file stays where it is, and is what marks are kept under. It is shown
/// as 16 hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ArticleId(pub u64);

impl ArticleId {
    /// The identity of article number `ordinal` (from 0) of the file or stream called `place`.
    pub fn of(place: &[u8], ordinal: u32) -> ArticleId {
        ArticleId(xxhash_rust::xxh3::xxh3_64_with_seed(place, u64::from(ordinal)))
    }

    /// Returns the identity of the article with this key in the file called `place`.
    pub fn of_key(place: &[u8], key: u64) -> ArticleId {
        ArticleId(xxhash_rust::xxh3::xxh3_64_with_seed(place, key))
    }

    /// The identity of the entry that is called `key` in the feed whose seed this is.
    pub fn of_entry(seed: u64, key: &str) -> ArticleId {
        ArticleId(xxhash_rust::xxh3::xxh3_64_with_seed(key.as_bytes(), seed))
    }
}

impl fmt::Display for ArticleId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

/// One article as it is shown: every text safe, the parts in reading order.
#[derive(Clone, Debug, PartialEq)]
pub struct Article {
    /// Its lasting identity.
    pub id: ArticleId,
    /// The name of the format that read it, as `newsdesk check` shows it.
    pub format: &'static str,
    /// When it was published, where it says so.
    pub published: Option<Published>,
    /// The section (rubric, category) that it appeared in; empty where it names none.
    pub section: SafeText,
    /// The address of the article on the web, where it has one; not checked, so never to be opened unasked.
    pub url: Option<SafeText>,
    /// Headline, standfirst, byline, captions, body and sources, in reading order.
    pub parts: Vec<Part>,
    /// Addresses that the body's links point to, in the order of their numbers.
    pub links: Vec<SafeText>,
    /// Files that belong to it, such as recordings. Each is among the links as well.
    pub enclosures: Vec<Enclosure<SafeText>>,
    /// How many words the body has; see [`crate::text::count_words`].
    pub words: u32,
}

impl Article {
    /// The headline; empty only where the source was.
    pub fn headline(&self) -> &str {
        self.first(Role::Headline)
    }

    /// The standfirst; empty where there is none.
    pub fn standfirst(&self) -> &str {
        self.first(Role::Standfirst)
    }

    /// The byline; empty where there is none.
    pub fn byline(&self) -> &str {
        self.first(Role::Byline)
    }

    /// The names of the sources, in the order in which they are given.
    pub fn sources(&self) -> impl Iterator<Item = &str> {
        self.texts(Role::Source)
    }

    /// Captions, each with its credit where one is given.
    pub fn captions(&self) -> impl Iterator<Item = (&str, Option<&str>)> {
        self.parts.iter().enumerate().filter(|(_, part)| part.role == Role::Caption).map(|(at, part)| {
            let credit = self.parts.get(at + 1).filter(|next| next.role == Role::Credit);
            (part.text.as_str(), credit.map(|credit| credit.text.as_str()))
        })
    }

    /// The blocks of the body, in order.
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
