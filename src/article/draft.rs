//! Drafts: parsed articles as formats produce them, not yet safe to show.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::{BlockKind, Enclosure, Published, Role, Span};

/// A parsed article. Texts borrow from the decoded file if possible.
///
/// The texts are not safe to show; the corpus sanitizes them with [`clean`](crate::text::clean) when it adds the draft.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Draft<'a> {
    /// The publication date.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub published: Option<Published>,
    /// The section, or empty.
    #[serde(borrow, skip_serializing_if = "str::is_empty")]
    pub section: Cow<'a, str>,
    /// The address on the web.
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    pub url: Option<Cow<'a, str>>,
    /// The parts in reading order: headline, standfirst, byline, captions with credits, body, sources.
    #[serde(borrow)]
    pub parts: Vec<DraftPart<'a>>,
    /// The targets of links in the body.
    #[serde(borrow, skip_serializing_if = "Vec::is_empty")]
    pub links: Vec<Cow<'a, str>>,
    /// Attached files such as recordings.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub enclosures: Vec<Enclosure<Cow<'a, str>>>,
}

/// One part of a [`Draft`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DraftPart<'a> {
    /// The role.
    pub role: Role,
    /// The original text. Line breaks count only in code; elsewhere they are spaces.
    #[serde(borrow)]
    pub text: Cow<'a, str>,
    /// Emphasis and links. A text with spans must already be sanitized with [`clean`](crate::text::clean), so that their
    /// byte offsets stay valid.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub spans: Vec<Span>,
}

impl<'a> Draft<'a> {
    /// Adds a part without spans, unless its text is only white space.
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

    /// Returns the first text with this role, or an empty string.
    pub fn text(&self, role: Role) -> &str {
        self.parts.iter().find(|part| part.role == role).map_or("", |part| part.text.as_ref())
    }

    /// Returns the same draft with owned texts.
    pub fn into_owned(self) -> Draft<'static> {
        fn own(text: Cow<'_, str>) -> Cow<'static, str> {
            Cow::Owned(text.into_owned())
        }
        let part = |part: DraftPart<'_>| DraftPart { role: part.role, text: own(part.text), spans: part.spans };
        Draft {
            published: self.published,
            section: own(self.section),
            url: self.url.map(own),
            parts: self.parts.into_iter().map(part).collect(),
            links: self.links.into_iter().map(own).collect(),
            enclosures: self.enclosures.into_iter().map(Enclosure::into_owned).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draft_json_without_enclosures_still_loads() {
        // As the first versions of the library stored it.
        let stored = r#"{"section":"SPACE","parts":[{"role":"headline","text":"Up"}],"links":["https://a.example/"]}"#;
        let draft: Draft<'_> = serde_json::from_str(stored).unwrap();
        assert_eq!((draft.links.len(), draft.enclosures.len()), (1, 0));
        assert_eq!(serde_json::to_string(&draft).unwrap(), stored);
    }

    #[test]
    fn draft_json_keeps_type_size_and_duration_of_enclosures() {
        let enclosure = Enclosure {
            url: Cow::Borrowed("https://a.example/1.mp3"),
            media_type: Cow::Borrowed("audio/mpeg"),
            size: Some(12),
            duration: Some(61),
        };
        let draft = Draft { enclosures: vec![enclosure], ..Draft::default() };
        let json = serde_json::to_string(&draft).unwrap();
        let stored = r#""enclosures":[{"url":"https://a.example/1.mp3","type":"audio/mpeg","size":12,"duration":61}]"#;
        assert!(json.contains(stored), "{json}");
        assert_eq!(serde_json::from_str::<Draft<'_>>(&json).unwrap(), draft);
    }
}
