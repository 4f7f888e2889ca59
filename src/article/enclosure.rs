//! Enclosures: files attached to an article, such as the recording of a podcast episode.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

/// An enclosure. Its texts are of type [`Cow`] in a [`Draft`](super::Draft) and [`SafeText`](crate::text::SafeText) in an
/// [`Article`](super::Article).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Enclosure<T> {
    /// The address of the file.
    pub url: T,
    /// The media type; empty if the feed names none.
    #[serde(rename = "type", default)]
    pub media_type: T,
    /// The size in bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<u64>,
    /// The duration in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration: Option<u32>,
}

impl Enclosure<Cow<'_, str>> {
    /// Returns the same enclosure with owned texts.
    pub(super) fn into_owned(self) -> Enclosure<Cow<'static, str>> {
        Enclosure {
            url: Cow::Owned(self.url.into_owned()),
            media_type: Cow::Owned(self.media_type.into_owned()),
            size: self.size,
            duration: self.duration,
        }
    }
}
