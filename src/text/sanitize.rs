//! The one place that makes text safe: nothing that a terminal could take as a command, and nothing invisible that
//! could deceive the eye, gets past [`clean`].
//!
//! - C0 controls and DEL become their visible pictures (U+2400 and on), C1 controls U+FFFD, and so do noncharacters and
//!   private characters beyond the first plane, by which a terminal may show pictures.
//! - Tabs, line separators and the like become spaces; line feeds stay (only code keeps them further on).
//! - Bidirectional overrides, embeddings, isolates and marks, zero-width spaces, tag characters, annotations and all
//!   else that Unicode calls ignorable are dropped, with three exceptions: the joiners U+200C and U+200D stay where
//!   scripts and emoji need them, no more than [`MAX_JOINED`] in an emoji, and one U+FE0E or U+FE0F stays on a sign
//!   that may be an emoji. A flag of tags is therefore the black flag that it begins with.
//! - Marks that show nothing by themselves are dropped where they do nothing: joiners of numbers and fillers everywhere,
//!   signs that stack or change letters anywhere but among letters of their own script. Characters that are blank, such
//!   as the empty Braille pattern, become spaces.
//! - No more than [`MAX_MARKS`] combining marks stay on one character, or at the front of a text.

use std::borrow::Cow;
use std::fmt;
use std::ops::{Deref, RangeInclusive};

use unicode_width::UnicodeWidthChar;

/// How many combining marks may stand on one character; more only serve to smear over other lines.
pub(crate) const MAX_MARKS: usize = 6;

/// How many joiners may stand in one emoji. The longest of Unicode's have three; an endless one would take two columns
/// by the rules, and all of the screen on a terminal that has no sign for it.
pub(crate) const MAX_JOINED: usize = 5;

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
    let Some(suspect) = first_suspect(text) else { return Cow::Borrowed(text) };
    let mut verdicts = Verdicts::from(text, suspect);
    let Some((at, first)) = verdicts.find(|(_, treatment)| !matches!(treatment, Treatment::Keep(_))) else {
        return Cow::Borrowed(text);
    };
    let mut out = String::with_capacity(text.len());
    out.push_str(&text[..at]);
    out.extend([first].into_iter().chain(verdicts.map(|(_, treatment)| treatment)).filter_map(Treatment::shown));
    Cow::Owned(out)
}

/// Whether [`clean`] leaves `text` as it is.
pub fn is_clean(text: &str) -> bool {
    changes(text).next().is_none()
}

/// The characters that [`clean`] would replace or drop, and where they stand: for formats that can write them so that
/// they are harmless and the same still.
pub fn changes(text: &str) -> impl Iterator<Item = (usize, char)> {
    let from = first_suspect(text).unwrap_or(text.len());
    let changed = Verdicts::from(text, from).filter(|(_, treatment)| !matches!(treatment, Treatment::Keep(_)));
    changed.filter_map(|(at, _)| Some((at, text.get(at..)?.chars().next()?)))
}

/// Where the first character stands that might not stay.
fn first_suspect(text: &str) -> Option<usize> {
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
pub(crate) fn is_surely_safe(text: &str) -> bool {
    text.chars().all(stays)
}

/// Whether `c` stays whatever stands around it. A joiner or a mark may belong to a doubled joiner or too high a stack.
fn stays(c: char) -> bool {
    matches!(treat(c), Treatment::Keep(_)) && !is_attached(c)
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

/// What becomes of a character.
#[derive(Clone, Copy)]
enum Treatment {
    Keep(char),
    Replace(char),
    Drop,
}

impl Treatment {
    /// What is shown for it.
    fn shown(self) -> Option<char> {
        match self {
            Treatment::Keep(c) | Treatment::Replace(c) => Some(c),
            Treatment::Drop => None,
        }
    }
}

/// What becomes of `c`, as far as that does not depend on what stands around it.
fn treat(c: char) -> Treatment {
    match c {
        '\n' | ' '..='~' => Treatment::Keep(c),
        '\t' | '\u{0B}' | '\u{0C}' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}' => Treatment::Replace(' '),
        '\0'..='\u{1F}' => Treatment::Replace(char::from_u32(0x2400 + c as u32).unwrap_or('\u{FFFD}')),
        '\u{7F}' => Treatment::Replace('\u{2421}'),
        '\u{80}'..='\u{9F}' => Treatment::Replace('\u{FFFD}'),
        '\u{AD}' | '\u{034F}' | '\u{061C}' | '\u{17B4}' | '\u{17B5}' => Treatment::Drop,
        // Fillers of Hangul, the empty Braille pattern, blanks among hieroglyphs and notes.
        '\u{115F}' | '\u{1160}' | '\u{2800}' | '\u{3164}' | '\u{FFA0}' => Treatment::Replace(' '),
        '\u{13441}' | '\u{13442}' | '\u{1D159}' => Treatment::Replace(' '),
        // Joiners of Tifinagh consonants and of Brahmi numbers, and the filler of Khitan.
        '\u{2D7F}' | '\u{1107F}' | '\u{16FE4}' => Treatment::Drop,
        '\u{180B}'..='\u{180F}' | '\u{200B}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' => Treatment::Drop,
        '\u{2060}'..='\u{206F}' | '\u{FE00}'..='\u{FE0D}' | '\u{FEFF}' => Treatment::Drop,
        '\u{FFF0}'..='\u{FFFB}' | '\u{13430}'..='\u{1343F}' => Treatment::Drop,
        '\u{1BCA0}'..='\u{1BCA3}' | '\u{1D173}'..='\u{1D17A}' | '\u{E0000}'..='\u{E0FFF}' => Treatment::Drop,
        '\u{FDD0}'..='\u{FDEF}' | '\u{F0000}'.. => Treatment::Replace('\u{FFFD}'),
        _ if c as u32 & 0xFFFE == 0xFFFE => Treatment::Replace('\u{FFFD}'),
        _ => Treatment::Keep(c),
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

/// Goes through a text and says what becomes of each character, and where that stands.
struct Verdicts<'a> {
    text: &'a str,
    at: usize,
    /// The last character that stayed or took the place of one.
    last: Option<char>,
    /// How many marks stand on it.
    marks: usize,
    /// How many joiners stand in the emoji that it belongs to.
    joined: usize,
}

impl<'a> Verdicts<'a> {
    /// Begins at the character at byte `at`. All before it stay and stand for themselves.
    fn from(text: &'a str, at: usize) -> Verdicts<'a> {
        let last = text.get(..at).and_then(|before| before.chars().next_back());
        Verdicts { text, at, last, marks: 0, joined: 0 }
    }

    /// Returns whether a mark that shows nothing by itself does something here. Other marks always do.
    fn acts(&self, mark: char) -> bool {
        let next = self.text.get(self.at..).and_then(|rest| rest.chars().next());
        // A letter stays and is stacked; a mark might be cut.
        let is_letter = |c: char| matches!(treat(c), Treatment::Keep(_)) && !is_attached(c);
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

    /// Whether a joiner may stay here: what stands on both its sides can be joined.
    fn keeps_joiner(&mut self) -> bool {
        let rest = self.text.get(self.at..).unwrap_or("");
        // Of several joiners in a row the last counts.
        let next = rest.chars().find_map(|c| treat(c).shown());
        // A selector stays on what it stands on alone, a mark only where there is room for it.
        let stays = |c: &char| *c != '\u{FE0F}' && (self.marks < MAX_MARKS || !is_attached(*c));
        let next = next.filter(|&c| joins(c)).filter(stays);
        let (Some(_), Some(next)) = (self.last.filter(|&c| joins(c)), next) else { return false };
        let in_emoji = next >= '\u{2190}';
        self.joined += usize::from(in_emoji);
        !in_emoji || self.joined <= MAX_JOINED
    }
}

impl Iterator for Verdicts<'_> {
    type Item = (usize, Treatment);

    fn next(&mut self) -> Option<(usize, Treatment)> {
        let at = self.at;
        let c = self.text.get(at..)?.chars().next()?;
        self.at += c.len_utf8();
        let treatment = treat(c);
        let Some(shown) = treatment.shown() else { return Some((at, Treatment::Drop)) };
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
                // Shades of skin belong to the emoji before.
                if self.last != Some('\u{200D}') && !('\u{1F3FB}'..='\u{1F3FF}').contains(&shown) {
                    self.joined = 0;
                }
                true
            }
        };
        if !stays {
            return Some((at, Treatment::Drop));
        }
        self.last = Some(shown);
        Some((at, treatment))
    }
}

/// What a mark does that shows nothing by itself.
enum HiddenMark {
    /// Stacks the letters on its sides, which are of one of these ranges.
    Stacks(&'static [RangeInclusive<char>]),
    /// Changes the form of the sign before it, which is of this range.
    Changes(RangeInclusive<char>),
}

/// Returns what `c` does, if it is a mark that shows nothing by itself: an invisible stacker (as Unicode's property
/// Indic_Syllabic_Category has it), or one that selects another form of a sign.
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

/// Whether `c` can be shown both as a sign of text and as an emoji, which a selector after it chooses.
fn may_be_emoji(c: char) -> bool {
    matches!(c, '#' | '*' | '0'..='9' | '©' | '®' | '\u{203C}'..='\u{3299}' | '\u{1F000}'..='\u{1FAFF}')
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

    #[test]
    fn control_format_and_ignorable_characters_are_removed() {
        let category = CodePointMapData::<GeneralCategory>::new();
        let (ignorable, bidi, none) = (
            CodePointSetData::new::<DefaultIgnorableCodePoint>(),
            CodePointSetData::new::<BidiControl>(),
            CodePointSetData::new::<NoncharacterCodePoint>(),
        );
        // Signs in front of Arabic and Kaithi numbers and of Syriac abbreviations: they are seen.
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
        // Fonts have signs of their own in the first plane.
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
