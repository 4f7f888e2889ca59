//! What a format hands in: an article's parts as they were found, not yet safe to show.

use std::borrow::Cow;

use super::{BlockKind, Published, Role, Span};

/// An article as a format understood it. Texts borrow from the decoded file where they can.
///
/// Nothing here is safe to show yet: the corpus cleans every text with [`clean`](super::clean) as it takes it in.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Draft<'a> {
    /// When it was published.
    pub published: Option<Published>,
    /// The section; empty where none is named.
    pub section: Cow<'a, str>,
    /// Its address on the web.
    pub url: Option<Cow<'a, str>>,
    /// The parts in reading order: headline, standfirst, byline, captions with credits, body, sources.
    pub parts: Vec<DraftPart<'a>>,
    /// Where the body's links point.
    pub links: Vec<Cow<'a, str>>,
}

/// One part of a [`Draft`].
#[derive(Clone, Debug, PartialEq)]
pub struct DraftPart<'a> {
    /// What it is.
    pub role: Role,
    /// Its text as found. Line breaks mean something in code alone; elsewhere they count as spaces.
    pub text: Cow<'a, str>,
    /// Emphasis and links. Where there are any, the text must have been through [`clean`](super::clean), so that
    /// their bytes still count when it is cleaned again.
    pub spans: Vec<Span>,
}

impl<'a> Draft<'a> {
    /// Adds a part without spans; a text that is empty but for white space is left out.
    pub fn push(&mut self, role: Role, text: impl Into<Cow<'a, str>>) {
        let text = text.into();
        if !text.trim().is_empty() {
            self.parts.push(DraftPart { role, text, spans: Vec::new() });
        }
    }

    /// Adds a block of the body.
    pub fn push_body(&mut self, kind: BlockKind, text: impl Into<Cow<'a, str>>) {
        self.push(Role::Body(kind), text);
    }

    /// The first text with this role, or an empty one.
    pub fn text(&self, role: Role) -> &str {
        self.parts.iter().find(|part| part.role == role).map_or("", |part| part.text.as_ref())
    }
}
