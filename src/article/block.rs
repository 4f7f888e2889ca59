//! The parts of an article, and the blocks of its body.

use serde::{Deserialize, Serialize};

use crate::text::SafeText;

/// The role of a part. The variants are in the order of the parts of an article.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// The headline.
    Headline,
    /// The standfirst (deck): the sentence or two under the headline.
    Standfirst,
    /// The names of the authors.
    Byline,
    /// The caption of a picture, video or graphic.
    Caption,
    /// The credit for the picture of the preceding caption.
    Credit,
    /// A block of the body.
    Body(BlockKind),
    /// One source (agency, institution).
    Source,
}

/// The kind of a block in the body.
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
        /// The nesting depth of the list, 0 for the outermost.
        depth: u8,
        /// The number of an ordered entry.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        number: Option<u16>,
    },
    /// Preformatted text with line breaks and spaces.
    Code,
    /// One row of a table, with cells separated by ` │ `.
    #[serde(rename = "table")]
    TableRow,
    /// A rule between two passages; it has no text.
    Rule,
}

impl BlockKind {
    /// Returns the name in JSON.
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

/// The style of a span of text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SpanStyle {
    /// Emphasis, usually italic.
    Emphasis,
    /// Strong emphasis, usually bold.
    Strong,
    /// Code or a literal.
    Code,
    /// A link; the number is the index in [`Article::links`](super::Article::links).
    Link(u16),
}

/// A range of a part's text with a style.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Span {
    /// The start, in bytes of the part's text.
    pub start: u32,
    /// The end, in bytes.
    pub end: u32,
    /// The style.
    pub style: SpanStyle,
}

/// One part of an article: its role and its text.
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    /// The role.
    pub role: Role,
    /// The text. Only code can contain line breaks.
    pub text: SafeText,
    /// Emphasis and links, ordered by their start.
    pub spans: Vec<Span>,
}
