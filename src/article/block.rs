//! The parts that an article is made of, and the blocks of its body.

use serde::{Deserialize, Serialize};

use crate::text::SafeText;

/// What a part of an article is, in the order in which parts stand in an article.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// The headline.
    Headline,
    /// The standfirst (deck): the sentence or two under the headline.
    Standfirst,
    /// Who wrote it.
    Byline,
    /// What a picture, a video or a graphic shows.
    Caption,
    /// Whom the picture of the caption before is owed to.
    Credit,
    /// A block of the body.
    Body(BlockKind),
    /// One source (agency, institution).
    Source,
}

/// What a block of the body is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum BlockKind {
    /// Running text.
    Paragraph,
    /// A cross-head: a short heading between paragraphs.
    Crosshead,
    /// A passage set off as quoted.
    Quote,
    /// One entry of a list, its marker (`•`, `1.`) not part of the text. `depth` counts from 0.
    #[serde(rename = "list")]
    ListEntry {
        /// How deep the list stands in other lists, 0 for the outermost.
        depth: u8,
        /// The number of an ordered entry.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        number: Option<u16>,
    },
    /// Preformatted text: line breaks and spaces are kept.
    Code,
    /// One row of a table, its cells parted by ` │ `.
    #[serde(rename = "table")]
    TableRow,
    /// A rule between two passages; it has no text.
    Rule,
}

impl BlockKind {
    /// The name that JSON gives it.
    pub fn name(self) -> &'static str {
        match self {
            BlockKind::Paragraph => "paragraph",
            BlockKind::Crosshead => "crosshead",
            BlockKind::Quote => "quote",
            BlockKind::ListEntry { .. } => "list",
            BlockKind::Code => "code",
            BlockKind::TableRow => "table",
            BlockKind::Rule => "rule",
        }
    }
}

/// How a stretch of a part's text is set apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SpanStyle {
    /// Emphasis, commonly italic.
    Emphasis,
    /// Strong emphasis, commonly bold.
    Strong,
    /// Code or a literal.
    Code,
    /// A link; the number points into [`Article::links`](super::Article::links), from 0.
    Link(u16),
}

/// A stretch of a part's text with a style of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Span {
    /// Where it begins, in bytes of the part's text.
    pub start: u32,
    /// Where it ends, in bytes.
    pub end: u32,
    /// How it is set apart.
    pub style: SpanStyle,
}

/// One part of an article: its role and its text.
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    /// What it is.
    pub role: Role,
    /// Its text; paragraphs hold no line break, code may.
    pub text: SafeText,
    /// Emphasis and links, in the order of their beginnings.
    pub spans: Vec<Span>,
}
