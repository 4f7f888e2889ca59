//! Text for the screen. Only [`Safe`] text can be drawn, and it cannot be made of unsafe text.

use std::borrow::Cow;
use std::ops::{Deref, Range};

use super::{SafeText, clean};

/// Text that is safe to draw, borrowed if possible.
///
/// It is made of a [`SafeText`], of string literals, or of any other text by sanitizing it:
///
/// ```
/// use newsdesk::text::{Safe, SafeText};
///
/// let headline = SafeText::new("Moon\u{1b}[2J");
/// assert_eq!(&*Safe::from(&headline), "Moon␛[2J");
/// assert_eq!(&*Safe::from("of the program"), "of the program");
/// assert_eq!(&*Safe::from(format!("{} of {}", 1, 2)), "1 of 2");
/// let typed = String::from("a\u{202e}b");
/// assert_eq!(&*Safe::new(&typed), "ab");
/// ```
///
/// Text that is not a literal is not accepted without sanitizing:
///
/// ```compile_fail,E0597
/// let typed = String::from("a\u{202e}b");
/// let shown: newsdesk::text::Safe<'_> = typed.as_str().into();
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Safe<'a>(Cow<'a, str>);

impl<'a> Safe<'a> {
    /// Sanitizes `text`. Copies it only if it is not safe.
    pub fn new(text: &'a str) -> Safe<'a> {
        Safe(clean(text))
    }

    /// Returns a byte range of the text, or an empty text if the range is invalid. It may begin with a combining mark,
    /// which the caller must handle.
    pub fn slice(&self, range: Range<usize>) -> Safe<'_> {
        Safe(Cow::Borrowed(self.0.get(range).unwrap_or("")))
    }
}

impl SafeText {
    /// Returns a byte range of the text, like [`Safe::slice`].
    pub fn slice(&self, range: Range<usize>) -> Safe<'_> {
        Safe(Cow::Borrowed(self.get(range).unwrap_or("")))
    }
}

impl Deref for Safe<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl From<&'static str> for Safe<'static> {
    fn from(words: &'static str) -> Safe<'static> {
        Safe(Cow::Borrowed(words))
    }
}

impl<'a> From<&'a SafeText> for Safe<'a> {
    fn from(text: &'a SafeText) -> Safe<'a> {
        Safe(Cow::Borrowed(text.as_str()))
    }
}

/// Sanitizes the text.
impl From<String> for Safe<'static> {
    fn from(text: String) -> Safe<'static> {
        let cleaned = match clean(&text) {
            Cow::Borrowed(_) => None,
            Cow::Owned(cleaned) => Some(cleaned),
        };
        Safe(Cow::Owned(cleaned.unwrap_or(text)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn safe_text_is_borrowed() {
        let text = SafeText::new("Tränen “überall”");
        assert!(matches!(Safe::from(&text).0, Cow::Borrowed(_)));
        assert!(matches!(Safe::new(&text).0, Cow::Borrowed(_)));
        assert_eq!(&*text.slice(0..7), "Tränen");
        assert_eq!(&*text.slice(0..3), "");
        let made = format!("{} of {}", 1, 2);
        let place = made.as_ptr();
        assert_eq!(Safe::from(made).as_ptr(), place);
    }

    #[test]
    fn joined_text_is_sanitized() {
        assert_eq!(&*Safe::from("a\u{1b}b".to_owned()), "a␛b");
        assert_eq!(&*Safe::new("a\u{9b}31m"), "a\u{FFFD}31m");
    }
}
