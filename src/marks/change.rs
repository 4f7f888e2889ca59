//! Changes of marks.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::article::ArticleId;
use crate::text::clean;

/// The maximum length of a tag, in characters.
const LONGEST_TAG: usize = 64;

/// A change of one mark of an article. Each mark changes separately, so that two open readers do not overwrite each
/// other. The serialised form is that of `ChangeForm`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "ChangeForm", try_from = "ChangeForm")]
pub enum Change {
    /// Marks as read or unread.
    Read(bool),
    /// Stars or unstars.
    Starred(bool),
    /// Adds or removes a tag.
    Tagged(Tag, bool),
    /// Sets the note.
    Note {
        /// The text; empty to remove the note.
        text: Arc<str>,
        /// The note before, as far as the writer knew.
        was: Arc<str>,
    },
    /// Sets the reading position.
    Place(Option<ReadPosition>),
}

impl Change {
    /// Returns the change that undoes this one. A place is returned unchanged, because the former place is not known.
    #[must_use]
    pub fn inverse(&self) -> Change {
        match self {
            Change::Read(read) => Change::Read(!read),
            Change::Starred(starred) => Change::Starred(!starred),
            Change::Tagged(tag, tagged) => Change::Tagged(tag.clone(), !tagged),
            Change::Note { text, was } => Change::Note { text: Arc::clone(was), was: Arc::clone(text) },
            Change::Place(place) => Change::Place(*place),
        }
    }
}

/// The serialised form of a change in exports and in the journal. Names never change; variants may be added.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum ChangeForm {
    Read(bool),
    Starred(bool),
    Tag(String),
    Untag(String),
    Note { text: String, was: String },
    Place(Option<(u32, u32)>),
}

impl From<Change> for ChangeForm {
    fn from(change: Change) -> ChangeForm {
        match change {
            Change::Read(read) => ChangeForm::Read(read),
            Change::Starred(starred) => ChangeForm::Starred(starred),
            Change::Tagged(tag, true) => ChangeForm::Tag(tag.to_string()),
            Change::Tagged(tag, false) => ChangeForm::Untag(tag.to_string()),
            Change::Note { text, was } => ChangeForm::Note { text: text.to_string(), was: was.to_string() },
            Change::Place(place) => ChangeForm::Place(place.map(|place| (place.part, place.byte))),
        }
    }
}

/// A stored word is not a tag.
#[derive(Debug, thiserror::Error)]
#[error("\"{0}\" is not a tag")]
struct InvalidTag(String);

impl TryFrom<ChangeForm> for Change {
    type Error = InvalidTag;

    fn try_from(form: ChangeForm) -> Result<Change, InvalidTag> {
        let tag = |word: String| Tag::new(&word).ok_or(InvalidTag(word));
        Ok(match form {
            ChangeForm::Read(read) => Change::Read(read),
            ChangeForm::Starred(starred) => Change::Starred(starred),
            ChangeForm::Tag(word) => Change::Tagged(tag(word)?, true),
            ChangeForm::Untag(word) => Change::Tagged(tag(word)?, false),
            ChangeForm::Note { text, was } => Change::Note { text: text.into(), was: was.into() },
            ChangeForm::Place(place) => Change::Place(place.map(|(part, byte)| ReadPosition { part, byte })),
        })
    }
}

/// A change of one article.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MarkChange {
    /// The article.
    pub article: ArticleId,
    /// The change.
    pub change: Change,
}

/// A position in the text of an article. It does not depend on the width of the screen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct ReadPosition {
    /// The index of the part.
    pub part: u32,
    /// The byte offset in the text of the part.
    pub byte: u32,
}

/// A tag: a word in lower case, without white space, commas or a leading `#`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tag(Arc<str>);

impl Tag {
    /// Makes a tag of a word. White space inside becomes a hyphen. Returns `None` if nothing remains.
    pub fn new(word: &str) -> Option<Tag> {
        let word = clean(word.trim().trim_start_matches('#')).to_lowercase().replace(',', " ");
        let word: String = word.split_whitespace().collect::<Vec<_>>().join("-").chars().take(LONGEST_TAG).collect();
        (!word.is_empty()).then(|| Tag(word.into()))
    }

    /// Parses tags separated by spaces or commas. Returns each once, in alphabetical order.
    pub fn all(line: &str) -> Vec<Tag> {
        let mut tags: Vec<Tag> = line.split([' ', ',', '\t']).filter_map(Tag::new).collect();
        tags.sort();
        tags.dedup();
        tags
    }

    /// Returns the word.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_words_in_lower_case_each_once() {
        let tags = |line: &str| Tag::all(line).iter().map(Tag::to_string).collect::<Vec<_>>();
        assert_eq!(tags("#Asia, budget asia\tÉTÉ"), ["asia", "budget", "été"]);
        assert_eq!(tags(" , # "), [""; 0]);
        assert_eq!(Tag::new(" Middle East ").unwrap().as_str(), "middle-east");
        assert_eq!(Tag::new("a\u{1b}b").unwrap().as_str(), "a␛b");
    }
}
