//! Sanitizing: [`clean`] removes everything that a terminal could interpret as a command, and invisible characters that
//! could deceive the eye. No other code makes text safe.
//!
//! - C0 controls and DEL become visible pictures (U+2400 and on). C1 controls, noncharacters and private characters beyond
//!   the first plane, which a terminal may show as pictures, become U+FFFD.
//! - Tabs, line separators and similar characters become spaces. Line feeds stay; later only code keeps them.
//! - Bidirectional overrides, embeddings, isolates and marks, zero-width spaces, tag characters, annotations and all other
//!   ignorable characters are dropped, with two exceptions. The joiners U+200C and U+200D stay if scripts or emoji need
//!   them, at most [`MAX_JOINED`] in an emoji. One U+FE0E or U+FE0F stays on a character that may be an emoji. A flag made
//!   of tags is therefore shown as its first character, the black flag.
//! - Marks that are invisible by themselves are dropped if they have no effect: number joiners and fillers always, marks
//!   that stack or change letters unless they are among letters of their own script. Blank characters, such as the empty
//!   Braille pattern, become spaces.
//! - At most [`MAX_MARKS`] combining marks stay on one character, or at the start of a text.

use std::borrow::Cow;
use std::fmt;
use std::ops::{Deref, RangeInclusive};

use unicode_width::UnicodeWidthChar;

/// The maximum number of combining marks on one character; more would cover other lines.
pub(crate) const MAX_MARKS: usize = 6;

/// The maximum number of joiners in one emoji. Unicode's longest have three. An endless sequence would have a width of two
/// columns by the rules, but fill the screen of a terminal without a glyph for it.
pub(crate) const MAX_JOINED: usize = 5;

/// Text that is safe to show on a terminal. It can only be made by [`SafeText::new`], which sanitizes it.
#[derive(Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SafeText(Box<str>);

impl SafeText {
    /// Sanitizes `text` by the rules of this module.
    pub fn new(text: &str) -> SafeText {
        SafeText(clean(text).into())
    }

    /// Returns the text.
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

/// Sanitizes `text`. Returns it unchanged if it is already safe.
pub fn clean(text: &str) -> Cow<'_, str> {
    let Some(suspect) = first_suspect(text) else { return Cow::Borrowed(text) };
    let mut actions = CharActions::from(text, suspect);
    let Some((at, first)) = actions.find(|(_, action)| !matches!(action, CharAction::Keep(_))) else {
        return Cow::Borrowed(text);
    };
    let mut out = String::with_capacity(text.len());
    out.push_str(&text[..at]);
    out.extend([first].into_iter().chain(actions.map(|(_, action)| action)).filter_map(CharAction::shown));
    Cow::Owned(out)
}

/// Returns whether [`clean`] leaves `text` unchanged.
pub fn is_clean(text: &str) -> bool {
    changes(text).next().is_none()
}

/// Returns the characters that [`clean`] would replace or drop, with their positions, for formats that can escape them.
pub fn changes(text: &str) -> impl Iterator<Item = (usize, char)> {
    let from = first_suspect(text).unwrap_or(text.len());
    let changed = CharActions::from(text, from).filter(|(_, action)| !matches!(action, CharAction::Keep(_)));
    changed.filter_map(|(at, _)| Some((at, text.get(at..)?.chars().next()?)))
}

/// Returns the position of the first character that may be unsafe.
fn first_suspect(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        // Most text is printable ASCII and line feeds, so skip eight of them at a time.
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

/// Returns true only if [`clean`] leaves `text` unchanged. May return false for safe text.
pub(crate) fn is_surely_safe(text: &str) -> bool {
    text.chars().all(stays)
}

/// Returns whether `c` is safe in any context. Joiners and marks are not, because they may be doubled or stacked.
fn stays(c: char) -> bool {
    matches!(treat(c), CharAction::Keep(_)) && !is_attached(c)
}

/// Returns the length of the run of printable ASCII and line feeds at the start of `bytes`.
fn plain_prefix(bytes: &[u8]) -> usize {
    const LANES: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = LANES * 0x80;
    let mut at = 0;
    while let Some(chunk) = bytes[at..].first_chunk::<8>() {
        let word = u64::from_le_bytes(*chunk);
        // The high bit of a lane is set if the byte is below 0x20, is 0x7f, or has its high bit set. Borrows can only add
        // bits, and the loop below checks such bytes one by one.
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

/// The treatment of a character.
#[derive(Clone, Copy)]
enum CharAction {
    Keep(char),
    Replace(char),
    Drop,
}

impl CharAction {
    /// Returns the replacement.
    fn shown(self) -> Option<char> {
        match self {
            CharAction::Keep(c) | CharAction::Replace(c) => Some(c),
            CharAction::Drop => None,
        }
    }
}

/// Returns the treatment of `c`, as far as it does not depend on the context.
fn treat(c: char) -> CharAction {
    match c {
        '\n' | ' '..='~' => CharAction::Keep(c),
        '\t' | '\u{0B}' | '\u{0C}' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}' => CharAction::Replace(' '),
        '\0'..='\u{1F}' => CharAction::Replace(char::from_u32(0x2400 + c as u32).unwrap_or('\u{FFFD}')),
        '\u{7F}' => CharAction::Replace('\u{2421}'),
        '\u{80}'..='\u{9F}' => CharAction::Replace('\u{FFFD}'),
        '\u{AD}' | '\u{034F}' | '\u{061C}' | '\u{17B4}' | '\u{17B5}' => CharAction::Drop,
        // Fillers of Hangul, the empty Braille pattern, blanks among hieroglyphs and notes.
        '\u{115F}' | '\u{1160}' | '\u{2800}' | '\u{3164}' | '\u{FFA0}' => CharAction::Replace(' '),
        '\u{13441}' | '\u{13442}' | '\u{1D159}' => CharAction::Replace(' '),
        // Joiners of Tifinagh consonants and of Brahmi numbers, and the filler of Khitan.
        '\u{2D7F}' | '\u{1107F}' | '\u{16FE4}' => CharAction::Drop,
        '\u{180B}'..='\u{180F}' | '\u{200B}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' => CharAction::Drop,
        '\u{2060}'..='\u{206F}' | '\u{FE00}'..='\u{FE0D}' | '\u{FEFF}' => CharAction::Drop,
        '\u{FFF0}'..='\u{FFFB}' | '\u{13430}'..='\u{1343F}' => CharAction::Drop,
        '\u{1BCA0}'..='\u{1BCA3}' | '\u{1D173}'..='\u{1D17A}' | '\u{E0000}'..='\u{E0FFF}' => CharAction::Drop,
        '\u{FDD0}'..='\u{FDEF}' | '\u{F0000}'.. => CharAction::Replace('\u{FFFD}'),
        _ if c as u32 & 0xFFFE == 0xFFFE => CharAction::Replace('\u{FFFD}'),
        _ => CharAction::Keep(c),
    }
}

/// Returns whether `c` has no width, because it combines with the character before.
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

/// Iterates over a text and yields the treatment and position of each character.
struct CharActions<'a> {
    text: &'a str,
    at: usize,
    /// The last character of the output.
    last: Option<char>,
    /// The number of marks on it.
    marks: usize,
    /// The number of joiners in its emoji.
    joined: usize,
}

impl<'a> CharActions<'a> {
    /// Starts at the character at byte `at`. All characters before it are safe in any context.
    fn from(text: &'a str, at: usize) -> CharActions<'a> {
        let last = text.get(..at).and_then(|before| before.chars().next_back());
        CharActions { text, at, last, marks: 0, joined: 0 }
    }

    /// Returns whether a mark that is invisible by itself has an effect here. Other marks always do.
    fn acts(&self, mark: char) -> bool {
        let next = self.text.get(self.at..).and_then(|rest| rest.chars().next());
        // Only a letter can be stacked; a mark might be dropped.
        let is_letter = |c: char| matches!(treat(c), CharAction::Keep(_)) && !is_attached(c);
        match hidden_mark(mark) {
            None => true,
            Some(HiddenMark::Stacks(scripts)) => {
                let is_own = |c: char| scripts.iter().any(|script| script.contains(&c)) && c != mark;
                self.last.is_some_and(is_own) && next.is_some_and(|next| is_own(next) && is_letter(next))
            }
            Some(HiddenMark::Changes(script)) => {
                self.last.is_some_and(|last| script.contains(&last) && is_letter(last))
            }
        }
    }

    /// Returns whether a joiner stays here, because the characters on both sides can be joined.
    fn keeps_joiner(&mut self) -> bool {
        let rest = self.text.get(self.at..).unwrap_or("");
        // Only the last of several joiners in a row counts.
        let next = rest.chars().find_map(|c| treat(c).shown());
        // A selector stays only on its own base character, a mark only below the limit.
        let stays = |c: &char| *c != '\u{FE0F}' && (self.marks < MAX_MARKS || !is_attached(*c));
        let next = next.filter(|&c| joins(c)).filter(stays);
        let (Some(_), Some(next)) = (self.last.filter(|&c| joins(c)), next) else { return false };
        let in_emoji = next >= '\u{2190}';
        self.joined += usize::from(in_emoji);
        !in_emoji || self.joined <= MAX_JOINED
    }
}

impl Iterator for CharActions<'_> {
    type Item = (usize, CharAction);

    fn next(&mut self) -> Option<(usize, CharAction)> {
        let at = self.at;
        let c = self.text.get(at..)?.chars().next()?;
        self.at += c.len_utf8();
        let action = treat(c);
        let Some(shown) = action.shown() else { return Some((at, CharAction::Drop)) };
        let stays = match shown {
            '\u{200C}' | '\u{200D}' => self.keeps_joiner(),
            '\u{FE0E}' | '\u{FE0F}' => {
                let fits = self.last.is_some_and(may_be_emoji) && self.marks < MAX_MARKS;
                self.marks += usize::from(fits);
                fits
            }
            _ if is_attached(shown) => {
                let does_something = self.acts(shown);
                self.marks += usize::from(does_something);
                does_something && self.marks <= MAX_MARKS
            }
            _ => {
                self.marks = 0;
                // Skin tones belong to the emoji before.
                if self.last != Some('\u{200D}') && !('\u{1F3FB}'..='\u{1F3FF}').contains(&shown) {
                    self.joined = 0;
                }
                true
            }
        };
        if !stays {
            return Some((at, CharAction::Drop));
        }
        self.last = Some(shown);
        Some((at, action))
    }
}

/// The effect of a mark that is invisible by itself.
enum HiddenMark {
    /// Stacks the letters on both sides, which are in one of these ranges.
    Stacks(&'static [RangeInclusive<char>]),
    /// Changes the form of the character before it, which is in this range.
    Changes(RangeInclusive<char>),
}

/// Returns the effect of `c`, if it is a mark that is invisible by itself: an invisible stacker (by Unicode's property
/// Indic_Syllabic_Category), or a selector of another form.
fn hidden_mark(c: char) -> Option<HiddenMark> {
    use HiddenMark::{Changes, Stacks};
    Some(match c {
        '\u{1039}' => Stacks(&['\u{1000}'..='\u{109F}', '\u{A9E0}'..='\u{A9FF}', '\u{AA60}'..='\u{AA7F}']),
        '\u{17D2}' => Stacks(&['\u{1780}'..='\u{17FF}']),
        '\u{1A60}' => Stacks(&['\u{1A20}'..='\u{1AAF}']),
        '\u{1BAB}' => Stacks(&['\u{1B80}'..='\u{1BBF}']),
        '\u{AAF6}' => Stacks(&['\u{AAE0}'..='\u{AAFF}', '\u{ABC0}'..='\u{ABFF}']),
        '\u{10A3F}' => Stacks(&['\u{10A00}'..='\u{10A5F}']),
        '\u{11133}' => Stacks(&['\u{11100}'..='\u{1114F}']),
        '\u{113D0}' => Stacks(&['\u{11380}'..='\u{113FF}']),
        '\u{1193E}' => Stacks(&['\u{11900}'..='\u{1195F}']),
        '\u{11A47}' => Stacks(&['\u{11A00}'..='\u{11A4F}']),
        '\u{11A99}' => Stacks(&['\u{11A50}'..='\u{11AAF}']),
        '\u{11D45}' => Stacks(&['\u{11D00}'..='\u{11D5F}']),
        '\u{11D97}' => Stacks(&['\u{11D60}'..='\u{11DAF}']),
        '\u{11F42}' => Stacks(&['\u{11F00}'..='\u{11F5F}']),
        '\u{13440}' | '\u{13447}'..='\u{13455}' => Changes('\u{13000}'..='\u{143FF}'),
        '\u{1BC9D}' | '\u{1BC9E}' => Changes('\u{1BC00}'..='\u{1BC9F}'),
        '\u{1DA9B}'..='\u{1DA9F}' | '\u{1DAA1}'..='\u{1DAAF}' => Changes('\u{1D800}'..='\u{1DA8B}'),
        _ => return None,
    })
}

/// Returns whether `c` has both a text and an emoji form, which a selector after it chooses.
fn may_be_emoji(c: char) -> bool {
    matches!(c, '#' | '*' | '0'..='9' | '©' | '®' | '\u{203C}'..='\u{3299}' | '\u{1F000}'..='\u{1FAFF}')
}

/// Returns whether a joiner beside `c` has a meaning: in Arabic, Indic and related scripts, and between emoji. Beside
/// other characters, a terminal might join unrelated ones.
fn joins(c: char) -> bool {
    matches!(c, '\u{0600}'..='\u{1CFF}' | '\u{2190}'..='\u{2BFF}' | '\u{FE0F}' | '\u{1F000}'..='\u{1FAFF}')
        && !matches!(c, '\u{0E00}'..='\u{0EFF}' | '\u{1100}'..='\u{11FF}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use icu_properties::props::{
        BidiControl, DefaultIgnorableCodePoint, GeneralCategory, IndicSyllabicCategory, NoncharacterCodePoint,
    };
    use icu_properties::{CodePointMapData, CodePointSetData};
    use proptest::prelude::*;

    #[test]
    fn plain_text_is_returned_without_a_copy() {
        for text in ["", "Nine of ten victims.\nA second line", "“Köln” – Привет 国务院 ปฏิญญา 한국어 👍"]
        {
            assert!(matches!(clean(text), Cow::Borrowed(same) if same == text), "{text:?}");
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
        // Between the letters of a Korean syllable it would separate them invisibly.
        assert_eq!(clean("\u{1100}\u{200d}\u{1161}"), "\u{1100}\u{1161}");
        assert_eq!(clean("a\u{200d}\u{200d}b 👩\u{200d}"), "ab 👩");
    }

    #[test]
    fn stacks_of_combining_marks_are_cut_to_the_limit() {
        let zalgo = format!("e{}x", "\u{301}".repeat(10_000));
        assert_eq!(clean(&zalgo), format!("e{}x", "\u{301}".repeat(MAX_MARKS)));
        // A joiner cannot join a mark that is dropped.
        let joined = format!("م{}\u{200c}\u{605}e", "\u{605}".repeat(MAX_MARKS));
        assert_eq!(clean(&joined), format!("م{}e", "\u{605}".repeat(MAX_MARKS)));
        let lone = "\u{301}".repeat(50);
        assert_eq!(clean(&lone).chars().count(), MAX_MARKS);
    }

    #[test]
    fn control_format_and_ignorable_characters_are_removed() {
        let category = CodePointMapData::<GeneralCategory>::new();
        let (ignorable, bidi, none) = (
            CodePointSetData::new::<DefaultIgnorableCodePoint>(),
            CodePointSetData::new::<BidiControl>(),
            CodePointSetData::new::<NoncharacterCodePoint>(),
        );
        // Visible signs before Arabic and Kaithi numbers and Syriac abbreviations.
        let seen = |c| {
            matches!(c, '\u{600}'..='\u{605}' | '\u{6DD}' | '\u{70F}' | '\u{890}' | '\u{891}' | '\u{8E2}')
                || matches!(c, '\u{110BD}' | '\u{110CD}')
        };
        let mut dropped = 0;
        for c in (char::MIN..=char::MAX).filter(|&c| c != '\n' && !seen(c)) {
            use GeneralCategory::{Control, Format, LineSeparator, ParagraphSeparator};
            let suspect = matches!(category.get(c), Control | Format | LineSeparator | ParagraphSeparator);
            if suspect || ignorable.contains(c) || bidi.contains(c) || none.contains(c) {
                dropped += 1;
                for text in [format!("a{c}b"), c.to_string(), format!("{c}a"), format!("a{c}")] {
                    assert!(!clean(&text).contains(c), "{:04x} in {text:?}", c as u32);
                }
            }
        }
        assert!(dropped > 4_000, "{dropped}");
    }

    #[test]
    fn hidden_marks_stay_only_where_they_do_something() {
        let category = CodePointMapData::<IndicSyllabicCategory>::new();
        let mut stackers = 0;
        for c in char::MIN..=char::MAX {
            match category.get(c) {
                IndicSyllabicCategory::NumberJoiner => {
                    assert_eq!(clean(&format!("pass{c}word")), "password");
                    assert_eq!(clean(&format!("\u{11052}{c}\u{11053}")), "\u{11052}\u{11053}");
                }
                IndicSyllabicCategory::InvisibleStacker => {
                    stackers += 1;
                    let Some(HiddenMark::Stacks(scripts)) = hidden_mark(c) else { panic!("{:04x}", c as u32) };
                    let mut letters = scripts.iter().flat_map(|script| script.clone());
                    let letter = letters.find(|&c| category.get(c) == IndicSyllabicCategory::Consonant).unwrap();
                    let stacked = format!("{letter}{c}{letter}");
                    assert_eq!(clean(&stacked), stacked, "{:04x}", c as u32);
                    assert_eq!(clean(&format!("{letter}{c}{c}{letter}")), stacked);
                    for text in [format!("pass{c}word"), format!("{letter}{c}"), format!("{c}{letter}")] {
                        assert!(!clean(&text).contains(c), "{:04x} in {text:?}", c as u32);
                    }
                }
                _ => {}
            }
        }
        assert_eq!(stackers, 14);
        for c in ['\u{2D7F}', '\u{16FE4}', '\u{13440}', '\u{13455}', '\u{1BC9D}', '\u{1DA9B}', '\u{1DAAF}'] {
            assert_eq!(clean(&format!("pass{c}word{c}")), "password", "{:04x}", c as u32);
        }
        assert_eq!(clean("\u{13000}\u{13440} \u{1D800}\u{1DA9B}\u{1DAA1}"), "\u{13000}\u{13440} \u{1D800}\u{1DA9B}");
    }

    #[test]
    fn blank_characters_are_spaces() {
        for c in ['\u{2800}', '\u{1D159}', '\u{3164}', '\u{FFA0}', '\u{115F}', '\u{1160}', '\u{13441}', '\u{13442}'] {
            assert_eq!(clean(&format!("one{c}word")), "one word", "{:04x}", c as u32);
        }
    }

    #[test]
    fn variation_selectors_stay_only_after_possible_emoji() {
        assert_eq!(clean("❤\u{FE0F} 1\u{FE0F}\u{20E3} ©\u{FE0E}"), "❤\u{FE0F} 1\u{FE0F}\u{20E3} ©\u{FE0E}");
        assert_eq!(clean("👍\u{FE0F}\u{FE0E}\u{FE0F}\u{FE03} a\u{FE0F} \u{FE0F}"), "👍\u{FE0F} a ");
        assert_eq!(clean("葛\u{E0100}城 ∩\u{FE00}"), "葛城 ∩");
    }

    #[test]
    fn emoji_have_a_maximum_length() {
        let couple = "👩🏻\u{200d}❤\u{FE0F}\u{200d}💋\u{200d}👩🏿";
        assert_eq!(clean(couple), couple);
        let endless = "👩🏻\u{200d}".repeat(10_000) + "👧 می\u{200c}خواهم";
        let cleaned = clean(&endless);
        let joined = unicode_segmentation::UnicodeSegmentation::graphemes(&*cleaned, true)
            .map(|grapheme| grapheme.matches('\u{200d}').count());
        assert_eq!((joined.max(), cleaned.matches('\u{200c}').count()), (Some(MAX_JOINED), 1));
    }

    #[test]
    fn characters_that_are_none_and_private_planes_are_replaced() {
        assert_eq!(clean("a\u{FFFE}\u{FDD0}\u{1FFFF}\u{10EEEE}\u{F0000}"), format!("a{}", "\u{FFFD}".repeat(5)));
        // Fonts have their own glyphs in the private area of the first plane.
        assert_eq!(clean("\u{F8FF}"), "\u{F8FF}");
    }

    #[test]
    fn text_with_marks_that_stay_is_not_copied() {
        for text in ["ปฏิญญา", "می\u{200c}خواهم", "e\u{301}", "👩\u{200d}👧", "❤\u{FE0F}"] {
            assert!(matches!(clean(text), Cow::Borrowed(_)), "{text}");
        }
    }

    proptest! {
        #[test]
        fn is_clean_agrees_with_sanitizing(
            text in "\\PC{0,40}|(?s).{0,40}|[a👩❤ी\u{200d}\u{fe0f}\u{301}\u{1f3fb}]{0,20}",
        ) {
            prop_assert_eq!(is_clean(&text), clean(&text) == text);
            prop_assert!(is_clean(&clean(&text)));
        }

        #[test]
        fn sanitized_text_has_no_controls_and_is_stable(text in "\\PC{0,40}|(?s).{0,40}") {
            let once = clean(&text).into_owned();
            prop_assert!(once.chars().all(|c| c == '\n' || !c.is_control()));
            prop_assert_eq!(clean(&once).into_owned(), once);
        }
    }
}
