//! What a format hands in: an article's parts as they were found, not yet safe to show.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::{BlockKind, Enclosure, Published, Role, Span};

/// An article as a format understood it. Texts borrow from the decoded file where they can.
///
/// Nothing here is safe to show yet: the corpus cleans every text with [`clean`](crate::text::clean) as it takes it in.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Draft<'a> {
    /// When it was published.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub published: Option<Published>,
    /// The section; empty where none is named.
    #[serde(borrow, skip_serializing_if = "str::is_empty")]
    pub section: Cow<'a, str>,
    /// Its address on the web.
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    pub url: Option<Cow<'a, str>>,
    /// The parts in reading order: headline, standfirst, byline, captions with credits, body, sources.
    #[serde(borrow)]
    pub parts: Vec<DraftPart<'a>>,
    /// Where the body's links point.
    #[serde(borrow, skip_serializing_if = "Vec::is_empty")]
    pub links: Vec<Cow<'a, str>>,
    /// Files that belong to it, such as recordings.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub enclosures: Vec<Enclosure<Cow<'a, str>>>,
}

/// One part of a [`Draft`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DraftPart<'a> {
    /// What it is.
    pub role: Role,
    /// Its text as found. Line breaks mean something in code alone; elsewhere they count as spaces.
    #[serde(borrow)]
    pub text: Cow<'a, str>,
    /// Emphasis and links. Where there are any, the text must have been through [`clean`](crate::text::clean), so that
    /// their bytes still count when it is cleaned again.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
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

    /// The same, of texts that it owns.
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
