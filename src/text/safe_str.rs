//! Text for the screen. Only [`SafeStr`] text can be drawn, and it cannot be made of unsafe text.

use std::borrow::Cow;
use std::ops::{Deref, Range};

use super::{SafeText, clean};

/// Text that is safe to draw, borrowed if possible.
///
/// It is made of a [`SafeText`], of string literals, or of any other text by sanitizing it:
///
/// ```
/// use newsdesk::text::{SafeStr, SafeText};
///
/// let headline = SafeText::new("Moon\u{1b}[2J");
/// assert_eq!(&*SafeStr::from(&headline), "Moon␛[2J");
/// assert_eq!(&*SafeStr::from("of the program"), "of the program");
/// assert_eq!(&*SafeStr::from(format!("{} of {}", 1, 2)), "1 of 2");
/// let typed = String::from("a\u{202e}b");
/// assert_eq!(&*SafeStr::new(&typed), "ab");
/// ```
///
/// Text that is not a literal is not accepted without sanitizing:
///
/// ```compile_fail,E0597
/// let typed = String::from("a\u{202e}b");
/// let shown: newsdesk::text::SafeStr<'_> = typed.as_str().into();
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SafeStr<'a>(Cow<'a, str>);

impl<'a> SafeStr<'a> {
    /// Sanitizes `text`. Copies it only if it is not safe.
    pub fn new(text: &'a str) -> SafeStr<'a> {
        SafeStr(clean(text))
    }

    /// Returns a byte range of the text, or an empty text if the range is invalid. It may begin with a combining mark,
    /// which the caller must handle.
    pub fn slice(&self, range: Range<usize>) -> SafeStr<'_> {
        SafeStr(Cow::Borrowed(self.0.get(range).unwrap_or("")))
    }
}

impl SafeText {
    /// Returns a byte range of the text, like [`SafeStr::slice`].
    pub fn slice(&self, range: Range<usize>) -> SafeStr<'_> {
        SafeStr(Cow::Borrowed(self.get(range).unwrap_or("")))
    }
}

impl Deref for SafeStr<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl From<&'static str> for SafeStr<'static> {
    fn from(words: &'static str) -> SafeStr<'static> {
        SafeStr(Cow::Borrowed(words))
    }
}

impl<'a> From<&'a SafeText> for SafeStr<'a> {
    fn from(text: &'a SafeText) -> SafeStr<'a> {
        SafeStr(Cow::Borrowed(text.as_str()))
    }
}

/// Sanitizes the text.
impl From<String> for SafeStr<'static> {
    fn from(text: String) -> SafeStr<'static> {
        let cleaned = match clean(&text) {
            Cow::Borrowed(_) => None,
            Cow::Owned(cleaned) => Some(cleaned),
        };
        SafeStr(Cow::Owned(cleaned.unwrap_or(text)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn safe_text_is_borrowed() {
        let text = SafeText::new("Tränen “überall”");
        assert!(matches!(SafeStr::from(&text).0, Cow::Borrowed(_)));
        assert!(matches!(SafeStr::new(&text).0, Cow::Borrowed(_)));
        assert_eq!(&*text.slice(0..7), "Tränen");
        assert_eq!(&*text.slice(0..3), "");
        let made = format!("{} of {}", 1, 2);
        let place = made.as_ptr();
        assert_eq!(SafeStr::from(made).as_ptr(), place);
    }

    #[test]
    fn joined_text_is_sanitized() {
        assert_eq!(&*SafeStr::from("a\u{1b}b".to_owned()), "a␛b");
        assert_eq!(&*SafeStr::new("a\u{9b}31m"), "a\u{FFFD}31m");
    }
}
