//! The one place that makes text safe: nothing that a terminal could take as a command, and nothing invisible that
//! could deceive the eye, gets past [`clean`].
//!
//! - C0 controls and DEL become their visible pictures (U+2400 and on), C1 controls U+FFFD.
//! - Tabs, line separators and the like become spaces; line feeds stay (only code keeps them further on).
//! - Bidirectional overrides, embeddings, isolates and marks, zero-width spaces, tag characters and other invisible
//!   formatting are dropped. The joiners U+200C and U+200D stay where scripts and emoji
//!   need them.
//! - No more than [`MAX_MARKS`] combining marks stay on one character.

use std::borrow::Cow;
use std::fmt;
use std::ops::Deref;

use unicode_width::UnicodeWidthChar;

/// How many combining marks may stand on one character; more only serve to smear over other lines.
pub(crate) const MAX_MARKS: usize = 6;

/// Text that is safe to show on a terminal. It can only be made by [`SafeText::new`], which cleans it.
#[derive(Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SafeText(Box<str>);

impl SafeText {
    /// Cleans `text`; see the module for what that means.
    pub fn new(text: &str) -> SafeText {
        SafeText(clean(text).into())
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Deref for SafeText {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for SafeText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl fmt::Display for SafeText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl PartialEq<str> for SafeText {
    fn eq(&self, other: &str) -> bool {
        self.as_str() == other
    }
}

impl PartialEq<&str> for SafeText {
    fn eq(&self, other: &&str) -> bool {
        self.as_str() == *other
    }
}

/// Makes `text` safe to show; it is given back as it is where it already was.
pub fn clean(text: &str) -> Cow<'_, str> {
    match first_unsafe(text) {
        None => Cow::Borrowed(text),
        Some(at) => Cow::Owned(rewrite(text, at)),
    }
}

/// Where the first character stands that [`rewrite`] might change.
fn first_unsafe(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        // Printable ASCII and line feeds, eight at a time: most text is nothing else.
        at += plain_prefix(&bytes[at..]);
        let Some(c) = text[at..].chars().next() else { break };
        if stays(c) {
            at += c.len_utf8();
        } else {
            return Some(at);
        }
    }
    None
}

/// Whether [`clean`] gives back `text` as it is; it may do so too where this says no.
pub(super) fn is_surely_safe(text: &str) -> bool {
    text.chars().all(stays)
}

/// Whether `c` stays whatever stands around it. A joiner or a mark may belong to a doubled joiner or too high a stack.
fn stays(c: char) -> bool {
    matches!(treat(c), Treatment::Keep) && !is_attached(c)
}

/// The length of the run of printable ASCII and line feeds at the front of `bytes`.
fn plain_prefix(bytes: &[u8]) -> usize {
    const LANES: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = LANES * 0x80;
    let mut at = 0;
    while let Some(chunk) = bytes[at..].first_chunk::<8>() {
        let word = u64::from_le_bytes(*chunk);
        // A lane's high bit is set where the byte is below 0x20, is 0x7f, or has its own high bit set. Borrows can
        // only add bits, never lose one, and what they add is looked at byte by byte below.
        let below_space = word.wrapping_sub(LANES * 0x20);
        let del = (word ^ (LANES * 0x7f)).wrapping_sub(LANES);
        if (below_space | del | word) & HIGH != 0 && !chunk.iter().all(|&byte| is_plain(byte)) {
            break;
        }
        at += 8;
    }
    at + bytes[at..].iter().take_while(|&&byte| is_plain(byte)).count()
}

fn is_plain(byte: u8) -> bool {
    matches!(byte, b'\n' | b' '..=b'~')
}

enum Treatment {
    Keep,
    Replace(char),
    Drop,
}

fn treat(c: char) -> Treatment {
    match c {
        '\n' | ' '..='~' => Treatment::Keep,
        '\t' | '\u{0B}' | '\u{0C}' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}' => Treatment::Replace(' '),
        '\0'..='\u{1F}' => Treatment::Replace(char::from_u32(0x2400 + c as u32).unwrap_or('\u{FFFD}')),
        '\u{7F}' => Treatment::Replace('\u{2421}'),
        '\u{80}'..='\u{9F}' => Treatment::Replace('\u{FFFD}'),
        '\u{AD}' | '\u{061C}' | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}' | '\u{180B}'..='\u{180F}' => {
            Treatment::Drop
        }
        '\u{200B}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}' => Treatment::Drop,
        '\u{3164}' | '\u{FEFF}' | '\u{FFA0}' | '\u{FFF0}'..='\u{FFFB}' => Treatment::Drop,
        '\u{1BCA0}'..='\u{1BCA3}' | '\u{1D173}'..='\u{1D17A}' | '\u{E0000}'..='\u{E0FFF}' => Treatment::Drop,
        _ => Treatment::Keep,
    }
}

/// Whether `c` takes no room of its own, standing on or joining the character before.
fn is_attached(c: char) -> bool {
    match c {
        '\0'..='\u{2FF}'
        | '\u{2010}'..='\u{206F}'
        | '\u{3000}'..='\u{3029}'
        | '\u{3030}'..='\u{3098}'
        | '\u{309B}'..='\u{A66E}'
        | '\u{AC00}'..='\u{D7A3}' => false,
        '\u{200C}' | '\u{200D}' => true,
        _ => c.width() == Some(0),
    }
}

fn rewrite(text: &str, from: usize) -> String {
    let mut out = String::with_capacity(text.len());
    // The characters before may carry marks that what follows is counted with, so the last few are read again.
    let start = text[..from].char_indices().next_back().map_or(0, |(at, _)| at);
    out.push_str(&text[..start]);
    let mut attached = 0;
    let mut joiner = None;
    for c in text[start..].chars() {
        let c = match treat(c) {
            Treatment::Keep => c,
            Treatment::Replace(sign) => sign,
            Treatment::Drop => continue,
        };
        if matches!(c, '\u{200C}' | '\u{200D}') {
            // It stays only if what stands on both its sides can be joined.
            joiner = Some(c).filter(|_| out.chars().next_back().is_some_and(joins));
            continue;
        }
        if is_attached(c) {
            attached += 1;
            if attached > MAX_MARKS {
                continue;
            }
        } else {
            attached = 0;
        }
        // Only now is it certain what stands after a joiner.
        if let Some(joiner) = joiner.take().filter(|_| joins(c)) {
            out.push(joiner);
        }
        out.push(c);
    }
    out
}

/// Whether a joiner beside `c` means something: in Arabic and Indic scripts and their kin, and between emoji. Beside
/// anything else a terminal might join what does not belong together.
fn joins(c: char) -> bool {
    matches!(c, '\u{0600}'..='\u{1CFF}' | '\u{2190}'..='\u{2BFF}' | '\u{FE0F}' | '\u{1F000}'..='\u{1FAFF}')
        && !matches!(c, '\u{0E00}'..='\u{0EFF}' | '\u{1100}'..='\u{11FF}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn plain_text_is_given_back_without_a_copy() {
        for text in ["", "Nine of ten victims.\nA second line", "“Köln” – Привет 国务院 ปฏิญญา 한국어 👍"]
        {
            assert!(matches!(clean(text), Cow::Borrowed(same) if same == text) || clean(text) == text);
        }
        assert!(matches!(clean("All of it is ASCII, and long enough."), Cow::Borrowed(_)));
        assert!(matches!(clean("“Typographic” – no copy…"), Cow::Borrowed(_)));
    }

    #[test]
    fn terminal_controls_become_visible_signs() {
        assert_eq!(clean("a\u{1b}[2Jb"), "a␛[2Jb");
        assert_eq!(clean("a\u{9b}31mb\u{7f}\0\u{07}"), "a\u{FFFD}31mb␡␀␇");
        assert_eq!(clean("a\tb\rc"), "a b c");
    }

    #[test]
    fn overrides_tags_and_zero_width_spaces_are_dropped() {
        assert_eq!(clean("invoice\u{202e}fdp.exe\u{2066}x\u{2069}"), "invoicefdp.exex");
        assert_eq!(clean("State\u{200b} De\u{ad}part\u{feff}ment\u{e0041}"), "State Department");
    }

    #[test]
    fn joiners_stay_where_scripts_and_emoji_need_them() {
        assert_eq!(clean("👩\u{200d}👩\u{200d}👧"), "👩\u{200d}👩\u{200d}👧");
        assert_eq!(clean("می\u{200c}خواهم"), "می\u{200c}خواهم");
        // Between the letters of a Korean syllable one would only keep them apart where nobody sees it.
        assert_eq!(clean("\u{1100}\u{200d}\u{1161}"), "\u{1100}\u{1161}");
        assert_eq!(clean("a\u{200d}\u{200d}b 👩\u{200d}"), "ab 👩");
    }

    #[test]
    fn stacks_of_combining_marks_are_cut_to_the_limit() {
        let zalgo = format!("e{}x", "\u{301}".repeat(10_000));
        assert_eq!(clean(&zalgo), format!("e{}x", "\u{301}".repeat(MAX_MARKS)));
        // A mark that is cut is nothing that a joiner could join.
        let joined = format!("م{}\u{200c}\u{605}e", "\u{605}".repeat(MAX_MARKS));
        assert_eq!(clean(&joined), format!("م{}e", "\u{605}".repeat(MAX_MARKS)));
        let lone = "\u{301}".repeat(50);
        assert_eq!(clean(&lone).chars().count(), MAX_MARKS);
    }

    proptest! {
        #[test]
        fn cleaned_text_has_no_control_and_cleaning_it_again_changes_nothing(text in "\\PC{0,40}|(?s).{0,40}") {
            let once = clean(&text).into_owned();
            prop_assert!(once.chars().all(|c| c == '\n' || !c.is_control()));
            prop_assert_eq!(clean(&once).into_owned(), once);
        }
    }
}
