//! The folding rules: the folded form of each character, alone or with combining marks.

use std::sync::OnceLock;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::canonical_combining_class;

/// The maximum length of the folded form of a changed cluster, in bytes.
pub(super) const MAX_FOLDED: usize = 7;

/// Returns the length of the first cluster of `text`: a character with its combining marks.
pub(super) fn cluster_length(text: &str) -> usize {
    let mut chars = text.char_indices();
    let Some((_, first)) = chars.next() else { return 0 };
    let mut before = first;
    for (at, c) in chars {
        if !joins(before, c) {
            return at;
        }
        before = c;
    }
    text.len()
}

fn joins(before: char, c: char) -> bool {
    match c {
        '\0'..='\u{2FF}' | '\u{2010}'..='\u{20CF}' | '\u{4E00}'..='\u{9FFF}' | '\u{AC00}'..='\u{D7A3}' => false,
        '\u{FF9E}' | '\u{FF9F}' => matches!(before, '\u{3041}'..='\u{30FF}' | '\u{FF66}'..='\u{FF9D}'),
        '\u{1160}'..='\u{11FF}' => matches!(before, '\u{1100}'..='\u{11FF}'),
        _ => canonical_combining_class(c) != 0,
    }
}

/// Returns whether `bytes` may begin with a combining mark. The first bytes rule out most other characters.
pub(super) fn may_begin_mark(bytes: &[u8]) -> bool {
    match bytes {
        // Greek, Cyrillic, and Chinese characters.
        [..0xCC | 0xCE..=0xD1 | 0xE4..=0xE9, ..] => false,
        // Typographic quotes, dashes and spaces.
        [0xE2, second, ..] => *second != 0x80,
        bytes => !bytes.is_empty(),
    }
}

/// The folded form of a cluster, at most [`MAX_FOLDED`] bytes unless it is unchanged.
pub(super) enum Folded<'a> {
    Same(&'a str),
    Short(InlineStr),
    Long(String),
}

impl Folded<'_> {
    pub(super) fn as_str(&self) -> &str {
        match self {
            Folded::Same(text) => text,
            Folded::Short(short) => short.as_str(),
            Folded::Long(text) => text,
        }
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        match self {
            Folded::Same(text) => text.as_bytes(),
            Folded::Short(short) => short.as_bytes(),
            Folded::Long(text) => text.as_bytes(),
        }
    }
}

/// A string of at most seven bytes without an allocation.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct InlineStr {
    length: u8,
    bytes: [u8; MAX_FOLDED],
}

impl InlineStr {
    fn new(text: &str) -> Option<InlineStr> {
        let mut bytes = [0; MAX_FOLDED];
        bytes.get_mut(..text.len())?.copy_from_slice(text.as_bytes());
        Some(InlineStr { length: text.len() as u8, bytes })
    }

    /// Returns the bytes, padded with zeros, and their number.
    pub(super) fn padded(self) -> ([u8; MAX_FOLDED], usize) {
        (self.bytes, usize::from(self.length))
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..usize::from(self.length)).unwrap_or_default()
    }

    fn as_str(&self) -> &str {
        std::str::from_utf8(self.as_bytes()).unwrap_or("")
    }
}

pub(super) fn fold_cluster(original: &str, first: char) -> Folded<'_> {
    if first.len_utf8() == original.len() {
        match first {
            'A'..='Z' => return Folded::Short(InlineStr { length: 1, bytes: [first as u8 + 32, 0, 0, 0, 0, 0, 0] }),
            '\0'..='\x7F'
            | '\u{3041}'..='\u{3096}'
            | '\u{30A1}'..='\u{30FA}'
            | '\u{3400}'..='\u{9FFF}'
            | '\u{AC00}'..='\u{D7A3}' => return Folded::Same(original),
            '\u{80}'..TABLE_END => return Folded::Short(in_table(first)),
            _ => {}
        }
    }
    let folded = fold_slowly(original);
    if folded.len() > MAX_FOLDED { Folded::Same(original) } else { Folded::Long(folded) }
}

const TABLE_END: char = '\u{3000}';

/// The number of characters in a page of the table.
const PAGE: usize = 256;

/// Returns the folded form of a character below [`TABLE_END`]. Pages are computed on first use. All of them take about 2
/// ms, for which every thread of a first load would have to wait, and most texts need only two pages.
fn in_table(c: char) -> InlineStr {
    static PAGES: [OnceLock<Vec<InlineStr>>; TABLE_END as usize / PAGE] = [const { OnceLock::new() }; _];
    let (page, at) = (c as usize / PAGE, c as usize % PAGE);
    let forms = |page: usize| {
        (page * PAGE..(page + 1) * PAGE)
            .map(|code| {
                let Some(c) = u32::try_from(code).ok().and_then(char::from_u32) else { return InlineStr::default() };
                let mut buffer = [0; 4];
                let original = &*c.encode_utf8(&mut buffer);
                InlineStr::new(&fold_slowly(original)).or_else(|| InlineStr::new(original)).unwrap_or_default()
            })
            .collect()
    };
    PAGES[page].get_or_init(|| forms(page))[at]
}

fn fold_slowly(cluster: &str) -> String {
    let folded = fold_by_the_tables(cluster);
    let is_mark = |text: &str| text.chars().next().is_some_and(|c| canonical_combining_class(c) != 0);
    // Some characters stay unchanged. Unicode decomposes a lone diaeresis to a space with a mark, and a lone half-width
    // voicing mark to a mark on the letter before. But a space in folded text is always white space in the original, and a
    // mark must not move to another letter. Single Hangul letters would join with their neighbours into a syllable.
    let joins = |text: &str| text.chars().any(|c| matches!(c, '\u{1100}'..='\u{11FF}'));
    let is_new = |what: &dyn Fn(&str) -> bool| what(&folded) && !what(cluster);
    if folded.starts_with(' ') || is_new(&is_mark) || is_new(&joins) { cluster.to_owned() } else { folded }
}

fn fold_by_the_tables(cluster: &str) -> String {
    cluster
        .chars()
        .flat_map(|c| PlainForm::of(c).into_iter())
        .nfkd()
        .filter(|&c| !is_dropped(c))
        .flat_map(char::to_lowercase)
        .nfkd()
        .filter(|&c| !is_dropped(c))
        .flat_map(|c| PlainForm::of(c).into_iter())
        .nfc()
        .filter(|&c| !c.is_control())
        .collect()
}

/// Returns whether a mark is dropped: accents and other marks that people omit in searches, but not vowel signs of Indic
/// and Thai scripts.
fn is_dropped(c: char) -> bool {
    matches!(c, '\u{0300}'..='\u{036F}' | '\u{0483}'..='\u{0487}' | '\u{0591}'..='\u{05BD}' | '\u{05BF}'
        | '\u{05C1}' | '\u{05C2}' | '\u{05C4}' | '\u{05C5}' | '\u{05C7}' | '\u{0610}'..='\u{061A}' | '\u{0640}'
        | '\u{064B}'..='\u{065F}' | '\u{0670}' | '\u{06D6}'..='\u{06DC}' | '\u{06DF}'..='\u{06E4}'
        | '\u{06E7}' | '\u{06E8}' | '\u{06EA}'..='\u{06ED}' | '\u{1AB0}'..='\u{1AFF}' | '\u{1DC0}'..='\u{1DFF}'
        | '\u{200C}' | '\u{200D}' | '\u{20D0}'..='\u{20FF}' | '\u{FE00}'..='\u{FE0F}' | '\u{FE20}'..='\u{FE2F}')
}

/// Returns the plain form of a typographic character, or of a letter with a stroke.
enum PlainForm {
    One(char),
    Two(char, char),
}

impl PlainForm {
    fn of(c: char) -> PlainForm {
        PlainForm::One(match c {
            '\u{2018}'..='\u{201B}'
            | '\u{2032}'
            | '\u{2035}'
            | '\u{02BB}'..='\u{02BD}'
            | '\u{00B4}'
            | '\u{2039}'
            | '\u{203A}'
            | '\u{55A}'
            | '\u{05F3}' => '\'',
            '\u{201C}'..='\u{201F}' | '\u{2033}' | '\u{2036}' | '«' | '»' | '\u{05F4}' | '\u{301D}'..='\u{301F}' => {
                '"'
            }
            '\u{2010}'..='\u{2015}'
            | '\u{2212}'
            | '\u{2043}'
            | '\u{FE58}'
            | '\u{FE63}'
            | '\u{05BE}'
            | '\u{2E3A}'
            | '\u{2E3B}' => '-',
            'ø' => 'o',
            'ł' => 'l',
            'đ' | 'ð' => 'd',
            'ħ' => 'h',
            'ı' => 'i',
            'ŧ' => 't',
            'ς' => 'σ',
            'ß' => return PlainForm::Two('s', 's'),
            'æ' => return PlainForm::Two('a', 'e'),
            'œ' => return PlainForm::Two('o', 'e'),
            'þ' => return PlainForm::Two('t', 'h'),
            _ => c,
        })
    }

    fn into_iter(self) -> impl Iterator<Item = char> {
        let (first, second) = match self {
            PlainForm::One(c) => (c, None),
            PlainForm::Two(first, second) => (first, Some(second)),
        };
        std::iter::once(first).chain(second)
    }
}
