//! Folding: the form of a text in which it is matched, and the way back to the text as it was written.
//!
//! Folded text ignores case, accents, typographic quotes and dashes, no-break spaces, full-width forms and runs of
//! white space. An archive keeps its texts folded only, with a stream of edits that says what to put back, about
//! one byte for every capital letter: so the text is held once, a search is a plain substring search, and a match
//! maps to the bytes of the original without reading any file again.
//!
//! The stream is a row of operations, each first skipping some folded bytes that stand as they were:
//!
//! | first byte | then |
//! |---|---|
//! | `00`–`9f` | skip that many; the next folded byte is a letter whose original is the ASCII capital |
//! | `a0`–`df` | skip (byte − `a0`); a second byte `fffooooo` says that `f` folded bytes stand for the `o` original bytes that follow |
//! | `e0`–`ff` | skip (byte − `df`) × 64 |

use std::ops::Range;
use std::sync::OnceLock;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::canonical_combining_class;

/// Parts of a folded article are parted by this byte; folding never produces it.
pub const PART_SEPARATOR: u8 = b'\n';

const MAX_CAPITAL_SKIP: usize = 0x9f;
const MAX_REPLACE_SKIP: usize = 0x3f;
const MAX_FOLDED: usize = 7;
const MAX_ORIGINAL: usize = 31;

/// Folds texts one after the other into one buffer, noting the edits that lead back.
#[derive(Debug, Default)]
pub struct Folder {
    /// The folded bytes so far, valid UTF-8.
    pub folded: Vec<u8>,
    /// The edit stream so far.
    pub edits: Vec<u8>,
    /// Folded bytes since the last edit.
    pending: usize,
}

impl Folder {
    /// Forgets pending skips, as at the start of an article, whose edits count from its own first byte.
    pub fn begin_article(&mut self) {
        self.pending = 0;
    }

    /// Adds the separator between two parts.
    pub fn separate(&mut self) {
        self.folded.push(PART_SEPARATOR);
        self.pending += 1;
    }

    /// Folds `text` on to the end. Gives back whether it holds a script that puts no spaces between words, for
    /// which spaces do not count words.
    pub fn push(&mut self, text: &str) -> bool {
        let bytes = text.as_bytes();
        let mut unspaced = false;
        let mut at = 0;
        // Whether the last byte written was a space of this part, to which more white space is folded.
        let mut after_space = false;
        while at < bytes.len() {
            // A byte of 0xCC or more may begin a mark on the letter before, which is then folded with it.
            let carries_mark = |at: usize| bytes.get(at).is_some_and(|&next| next >= 0xCC);
            if let Some(chunk) = bytes[at..].first_chunk::<8>()
                && !carries_mark(at + 8)
                && self.push_plain(*chunk, &mut after_space)
            {
                at += 8;
                continue;
            }
            let byte = bytes[at];
            if byte.is_ascii() && byte > b' ' && !carries_mark(at + 1) {
                self.push_ascii(byte);
                after_space = false;
                at += 1;
                continue;
            }
            let cluster = cluster_length(&text[at..]);
            let original = &text[at..at + cluster];
            let Some(first) = original.chars().next() else { break };
            at += cluster;
            if first.is_whitespace() {
                self.push_space(original, after_space);
                after_space = true;
                continue;
            }
            unspaced |= super::is_unspaced(first);
            let folded = fold_cluster(original, first);
            after_space = after_space && folded.as_bytes().is_empty();
            self.replace(original.as_bytes(), folded.as_bytes());
        }
        unspaced
    }

    /// Takes eight bytes at once where they are printable ASCII without a second space in a row.
    fn push_plain(&mut self, chunk: [u8; 8], after_space: &mut bool) -> bool {
        const LANES: u64 = 0x0101_0101_0101_0101;
        const HIGH: u64 = LANES * 0x80;
        let word = u64::from_le_bytes(chunk);
        if word & HIGH != 0 {
            return false;
        }
        // All bytes are below 0x80, so no addition below carries into the next lane.
        let at_least = |byte: u8| word + LANES * u64::from(0x80 - byte);
        if !at_least(b' ') & HIGH != 0 {
            return false;
        }
        let spaces = !at_least(b' ' + 1) & HIGH;
        if spaces & ((spaces << 8) | (u64::from(*after_space) << 7)) != 0 {
            return false;
        }
        let mut capitals = at_least(b'A') & !at_least(b'Z' + 1) & HIGH;
        self.folded.extend_from_slice(&(word | (capitals >> 2)).to_le_bytes());
        let mut done = 0;
        while capitals != 0 {
            let lane = (capitals.trailing_zeros() / 8) as usize;
            self.pending += lane - done;
            self.capital();
            done = lane + 1;
            capitals &= capitals - 1;
        }
        self.pending += 8 - done;
        *after_space = spaces >> 63 != 0;
        true
    }

    fn push_ascii(&mut self, byte: u8) {
        self.folded.push(byte.to_ascii_lowercase());
        if byte.is_ascii_uppercase() {
            self.capital();
        } else {
            self.pending += 1;
        }
    }

    fn push_space(&mut self, original: &str, after_space: bool) {
        let folded: &[u8] = if after_space { b"" } else { b" " };
        self.replace(original.as_bytes(), folded);
    }

    /// Notes a capital at the folded byte after the pending ones.
    fn capital(&mut self) {
        self.skip_down_to(MAX_CAPITAL_SKIP);
        // At most 0x9f, by the line above.
        self.edits.push(self.pending as u8);
        self.pending = 0;
    }

    fn replace(&mut self, original: &[u8], folded: &[u8]) {
        self.folded.extend_from_slice(folded);
        if original == folded {
            self.pending += folded.len();
            return;
        }
        let (mut original, mut folded) = (original, folded.len());
        loop {
            self.skip_down_to(MAX_REPLACE_SKIP);
            let piece = original.len().min(MAX_ORIGINAL);
            let stand = folded.min(MAX_FOLDED);
            // Both fit their bits, by the lines above.
            self.edits.push(0xa0 + self.pending as u8);
            self.edits.push((stand << 5 | piece) as u8);
            self.edits.extend_from_slice(&original[..piece]);
            self.pending = 0;
            original = &original[piece..];
            folded -= stand;
            if original.is_empty() && folded == 0 {
                return;
            }
        }
    }

    fn skip_down_to(&mut self, most: usize) {
        while self.pending > most {
            let units = (self.pending / 64).clamp(1, 32);
            // A skip of 64 may pass what is pending only if that is below 64, and then it is not above `most`.
            self.edits.push(0xdf + units as u8);
            self.pending -= units * 64;
        }
    }
}

/// Folds `text` alone, for a query's terms.
pub fn fold(text: &str) -> String {
    let mut folder = Folder::default();
    folder.push(text);
    String::from_utf8_lossy(&folder.folded).into_owned()
}

/// Folds all but the letters' case, for terms that are exact in case.
pub fn fold_keeping_case(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while !rest.is_empty() {
        let cluster = cluster_length(rest);
        let original = &rest[..cluster];
        let space = original.starts_with(char::is_whitespace);
        if space && !out.ends_with(' ') {
            out.push(' ');
        } else if !space {
            let upper = original.chars().any(char::is_uppercase);
            match original.chars().next() {
                Some(first) if upper => {
                    out.extend(fold_cluster(original, first).as_str().chars().flat_map(char::to_uppercase));
                }
                Some(first) => out.push_str(fold_cluster(original, first).as_str()),
                None => {}
            }
        }
        rest = &rest[cluster..];
    }
    out
}

/// One step of an edit stream.
#[derive(Clone, Debug)]
enum Edit<'a> {
    Skip(usize),
    Capital(usize),
    Replace { skip: usize, folded: usize, original: &'a [u8] },
}

/// Reads an edit stream. A damaged stream ends early; it never panics.
#[derive(Clone, Debug)]
struct Edits<'a>(&'a [u8]);

impl<'a> Iterator for Edits<'a> {
    type Item = Edit<'a>;

    fn next(&mut self) -> Option<Edit<'a>> {
        let (&first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(match first {
            0..=0x9f => Edit::Capital(usize::from(first)),
            0xa0..=0xdf => {
                let (&lengths, rest) = rest.split_first()?;
                let (original, rest) = rest.split_at_checked(usize::from(lengths & 0x1f))?;
                self.0 = rest;
                Edit::Replace { skip: usize::from(first - 0xa0), folded: usize::from(lengths >> 5), original }
            }
            0xe0..=0xff => Edit::Skip(usize::from(first - 0xdf) * 64),
        })
    }
}

/// Walks along a folded article and its edits, giving back original text part by part and mapping positions.
#[derive(Clone, Debug)]
pub struct Unfolder<'a> {
    folded: &'a [u8],
    edits: Edits<'a>,
    /// The folded position up to which everything was given out.
    at: usize,
    /// Where the edit that was read last begins to matter, and what it does.
    next: Option<(usize, Edit<'a>)>,
}

impl<'a> Unfolder<'a> {
    /// Starts at the first byte of an article.
    pub fn new(folded: &'a [u8], edits: &'a [u8]) -> Unfolder<'a> {
        let mut unfolder = Unfolder { folded, edits: Edits(edits), at: 0, next: None };
        unfolder.advance(0);
        unfolder
    }

    /// Reads the next edit, whose skip counts from folded position `from`.
    fn advance(&mut self, from: usize) {
        let mut from = from;
        self.next = None;
        for edit in self.edits.by_ref() {
            match edit {
                Edit::Skip(skip) => from += skip,
                Edit::Capital(skip) | Edit::Replace { skip, .. } => {
                    self.next = Some((from + skip, edit));
                    return;
                }
            }
        }
    }

    /// Gives back the original text from the current position to `end` (a folded position, at a part's end or at a
    /// separator), mapping `marks`, folded positions in ascending order within that stretch, to bytes of it.
    ///
    /// A mark inside what stands for one original character maps to the character's start, or its end where it is
    /// the end of a range, as `marks` says.
    fn take_into(&mut self, end: usize, out: &mut Vec<u8>, marks: &mut [Mark]) {
        let end = end.min(self.folded.len());
        let mut mark = 0;
        loop {
            let edit_at = self.next.as_ref().map_or(usize::MAX, |(at, _)| *at);
            // An edit that only puts something back (no folded bytes) at the very end still belongs to this part.
            let inserts = matches!(self.next, Some((_, Edit::Replace { folded: 0, .. })));
            let stop = edit_at.min(end).max(self.at);
            while let Some(found) = marks.get_mut(mark).filter(|found| {
                found.folded < stop || (found.folded == stop && (stop == end && edit_at > end || found.is_end))
            }) {
                found.original = out.len() + (found.folded.max(self.at) - self.at);
                mark += 1;
            }
            out.extend_from_slice(self.folded.get(self.at..stop).unwrap_or_default());
            self.at = stop;
            if edit_at > end || (edit_at == end && !inserts) {
                break;
            }
            let Some((_, edit)) = self.next.take() else { break };
            let start = out.len();
            let covered = match edit {
                Edit::Capital(_) => {
                    out.push(self.folded.get(stop).copied().unwrap_or(b'?').to_ascii_uppercase());
                    1
                }
                Edit::Replace { folded, original, .. } => {
                    out.extend_from_slice(original);
                    folded
                }
                Edit::Skip(_) => 0,
            };
            while let Some(found) = marks.get_mut(mark).filter(|found| found.folded < stop + covered) {
                found.original = if found.is_end { out.len() } else { start };
                mark += 1;
            }
            self.at = stop + covered;
            self.advance(self.at);
        }
        for found in &mut marks[mark..] {
            found.original = out.len();
        }
    }

    /// The original text from the current position to the folded position `end`.
    pub fn take(&mut self, end: usize) -> String {
        let mut out = Vec::with_capacity(end.saturating_sub(self.at) + 16);
        self.take_into(end, &mut out, &mut []);
        utf8(out)
    }

    /// Like [`take`](Self::take), and gives the original ranges of `ranges`, folded ranges counted from the
    /// article's start that lie within the stretch, in any order.
    pub fn take_with(&mut self, end: usize, ranges: &[Range<usize>]) -> (String, Vec<Range<usize>>) {
        let mut marks: Vec<Mark> = ranges
            .iter()
            .enumerate()
            .flat_map(|(index, range)| {
                [(range.start, false), (range.end, true)].map(|(folded, is_end)| Mark {
                    folded,
                    is_end,
                    index,
                    original: 0,
                })
            })
            .collect();
        marks.sort_by_key(|mark| (mark.folded, !mark.is_end));
        let mut out = Vec::with_capacity(end.saturating_sub(self.at) + 16);
        self.take_into(end, &mut out, &mut marks);
        let mut original = vec![0..0; ranges.len()];
        for mark in marks {
            let Some(range) = original.get_mut(mark.index) else { continue };
            if mark.is_end {
                range.end = mark.original;
            } else {
                range.start = mark.original;
            }
        }
        (utf8(out), original)
    }

    /// Passes over a separator.
    pub fn skip_separator(&mut self) {
        if self.folded.get(self.at) == Some(&PART_SEPARATOR) {
            self.at += 1;
        }
    }

    /// Moves on to the folded position `to` without giving anything out.
    pub fn skip_to(&mut self, to: usize) {
        while let Some((at, edit)) = &self.next {
            let covered = match edit {
                Edit::Capital(_) => 1,
                Edit::Replace { folded, .. } => *folded,
                Edit::Skip(_) => 0,
            };
            // What stands at `to` itself belongs to what is taken next.
            if *at >= to {
                break;
            }
            let after = at + covered;
            self.advance(after);
        }
        self.at = to.max(self.at);
    }
}

struct Mark {
    folded: usize,
    is_end: bool,
    index: usize,
    original: usize,
}

/// Only a damaged archive can hold bytes that are not UTF-8; they are then shown as U+FFFD.
fn utf8(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}

/// The length of what is folded together at the front of `text`: a character with the marks that it carries.
fn cluster_length(text: &str) -> usize {
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

/// What one cluster folds to, at most [`MAX_FOLDED`] bytes unless it stays as it is.
enum Folded<'a> {
    Same(&'a str),
    Short(Short),
    Long(String),
}

impl Folded<'_> {
    fn as_str(&self) -> &str {
        match self {
            Folded::Same(text) => text,
            Folded::Short(short) => short.as_str(),
            Folded::Long(text) => text,
        }
    }

    fn as_bytes(&self) -> &[u8] {
        self.as_str().as_bytes()
    }
}

/// A string of at most seven bytes without an allocation.
#[derive(Clone, Copy, Debug, Default)]
struct Short {
    length: u8,
    bytes: [u8; MAX_FOLDED],
}

impl Short {
    fn new(text: &str) -> Option<Short> {
        let mut bytes = [0; MAX_FOLDED];
        bytes.get_mut(..text.len())?.copy_from_slice(text.as_bytes());
        Some(Short { length: text.len() as u8, bytes })
    }

    fn as_str(&self) -> &str {
        self.bytes.get(..usize::from(self.length)).and_then(|bytes| std::str::from_utf8(bytes).ok()).unwrap_or("")
    }
}

fn fold_cluster(original: &str, first: char) -> Folded<'_> {
    if first.len_utf8() == original.len() {
        match first {
            'A'..='Z' => return Folded::Short(Short { length: 1, bytes: [first as u8 + 32, 0, 0, 0, 0, 0, 0] }),
            '\0'..='\x7F'
            | '\u{3041}'..='\u{3096}'
            | '\u{30A1}'..='\u{30FA}'
            | '\u{3400}'..='\u{9FFF}'
            | '\u{AC00}'..='\u{D7A3}' => return Folded::Same(original),
            '\u{80}'..TABLE_END => return Folded::Short(table()[first as usize - 0x80]),
            _ => {}
        }
    }
    let folded = fold_slowly(original);
    if folded.len() > MAX_FOLDED { Folded::Same(original) } else { Folded::Long(folded) }
}

const TABLE_END: char = '\u{3000}';

/// The folded forms of the characters below [`TABLE_END`], worked out on first use (about 2 ms).
fn table() -> &'static [Short] {
    static TABLE: OnceLock<Vec<Short>> = OnceLock::new();
    TABLE.get_or_init(|| {
        (0x80..TABLE_END as u32)
            .map(|code| {
                let Some(c) = char::from_u32(code) else { return Short::default() };
                let mut buffer = [0; 4];
                let original = &*c.encode_utf8(&mut buffer);
                Short::new(&fold_slowly(original)).or_else(|| Short::new(original)).unwrap_or_default()
            })
            .collect()
    })
}

fn fold_slowly(cluster: &str) -> String {
    let folded = fold_by_the_tables(cluster);
    // Unicode takes some signs, such as a lone diaeresis, for a space with a mark on it. They stay as they are: a
    // space in folded text is always white space in the original.
    if folded.starts_with(' ') { cluster.to_owned() } else { folded }
}

fn fold_by_the_tables(cluster: &str) -> String {
    cluster
        .chars()
        .flat_map(|c| Plain::of(c).into_iter())
        .nfkd()
        .filter(|&c| !is_dropped(c))
        .flat_map(char::to_lowercase)
        .nfkd()
        .filter(|&c| !is_dropped(c))
        .flat_map(|c| Plain::of(c).into_iter())
        .nfc()
        .filter(|&c| !c.is_control())
        .collect()
}

/// Accents and other signs that a reader leaves out when searching; vowel signs of Indic and Thai script are none.
fn is_dropped(c: char) -> bool {
    matches!(c, '\u{0300}'..='\u{036F}' | '\u{0483}'..='\u{0487}' | '\u{0591}'..='\u{05BD}' | '\u{05BF}'
        | '\u{05C1}' | '\u{05C2}' | '\u{05C4}' | '\u{05C5}' | '\u{05C7}' | '\u{0610}'..='\u{061A}' | '\u{0640}'
        | '\u{064B}'..='\u{065F}' | '\u{0670}' | '\u{06D6}'..='\u{06DC}' | '\u{06DF}'..='\u{06E4}'
        | '\u{06E7}' | '\u{06E8}' | '\u{06EA}'..='\u{06ED}' | '\u{1AB0}'..='\u{1AFF}' | '\u{1DC0}'..='\u{1DFF}'
        | '\u{200C}' | '\u{200D}' | '\u{20D0}'..='\u{20FF}' | '\u{FE00}'..='\u{FE0F}' | '\u{FE20}'..='\u{FE2F}')
}

/// The plain character or two behind a typographic form, or a letter without its stroke.
enum Plain {
    One(char),
    Two(char, char),
}

impl Plain {
    fn of(c: char) -> Plain {
        Plain::One(match c {
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
            'ß' => return Plain::Two('s', 's'),
            'æ' => return Plain::Two('a', 'e'),
            'œ' => return Plain::Two('o', 'e'),
            'þ' => return Plain::Two('t', 'h'),
            _ => c,
        })
    }

    fn into_iter(self) -> impl Iterator<Item = char> {
        let (first, second) = match self {
            Plain::One(c) => (c, None),
            Plain::Two(first, second) => (first, Some(second)),
        };
        std::iter::once(first).chain(second)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn round_trip(text: &str) -> String {
        let mut folder = Folder::default();
        folder.push(text);
        Unfolder::new(&folder.folded, &folder.edits).take(folder.folded.len())
    }

    #[test]
    fn case_accents_and_typographic_forms_are_folded() {
        for (text, folded) in [
            ("State Department", "state department"),
            ("Élysée CAFÉ cafe\u{301}", "elysee cafe cafe"),
            ("“It’s” – a\u{a0}test…", "\"it's\" - a test..."),
            ("ＦＵＬＬ　ｗｉｄｔｈ", "full width"),
            ("ｶﾞｽ ガス", "ガス ガス"),
            ("Straße STRASSE", "strasse strasse"),
            ("Łódź Ørsted Đà Nẵng", "lodz orsted da nang"),
            ("ΣΊΣΥΦΟΣ Σίσυφος", "σισυφοσ σισυφοσ"),
            ("Ёлка", "елка"),
            ("it´s ¨", "it's ¨"),
            ("İstanbul ISTANBUL ıstanbul", "istanbul istanbul istanbul"),
            ("ﬁnance", "finance"),
            ("한국 \u{1112}\u{1161}\u{11ab}\u{1100}\u{116e}\u{11a8}", "한국 한국"),
            ("ปฏิญญาสากล", "ปฏิญญาสากล"),
            ("a  b\n\n c", "a b c"),
            ("مُحَمَّد", "محمد"),
        ] {
            assert_eq!(fold(text), folded, "{text}");
            assert_eq!(round_trip(text), text);
        }
    }

    #[test]
    fn case_can_be_kept_while_the_rest_is_folded() {
        assert_eq!(fold_keeping_case("Élysée “State”"), "Elysee \"State\"");
        assert_eq!(fold_keeping_case("ÇA va\u{a0}bien"), "CA va bien");
    }

    #[test]
    fn long_stretches_without_an_edit_come_back() {
        let text = format!("{}X{}é{}", "a".repeat(5_000), "b".repeat(159), "c".repeat(2_100));
        assert_eq!(round_trip(&text), text);
        let spaces = format!("a{}b", " ".repeat(500));
        assert_eq!(fold(&spaces), "a b");
        assert_eq!(round_trip(&spaces), spaces);
    }

    #[test]
    fn a_range_of_folded_text_maps_to_the_characters_that_it_came_from() {
        let text = "Die Straße am Élysée";
        let mut folder = Folder::default();
        folder.push(text);
        let folded = String::from_utf8(folder.folded.clone()).unwrap();
        for (needle, original) in
            [("strasse", "Straße"), ("elysee", "Élysée"), ("die", "Die"), ("as", "aß"), ("se", "ße")]
        {
            let start = folded.find(needle).unwrap();
            let (_, ranges) = Unfolder::new(&folder.folded, &folder.edits)
                .take_with(folded.len(), std::slice::from_ref(&(start..start + needle.len())));
            assert_eq!(&text[ranges[0].clone()], original);
        }
    }

    #[test]
    fn parts_can_be_taken_one_by_one_or_skipped() {
        let mut folder = Folder::default();
        folder.begin_article();
        folder.push("One Two");
        folder.separate();
        let second = folder.folded.len();
        folder.push("Éa\u{200d}");
        folder.separate();
        let third = folder.folded.len();
        folder.push("Ünde");
        let mut unfolder = Unfolder::new(&folder.folded, &folder.edits);
        assert_eq!(unfolder.take(second - 1), "One Two");
        unfolder.skip_separator();
        assert_eq!(unfolder.take(third - 1), "Éa\u{200d}");
        let mut unfolder = Unfolder::new(&folder.folded, &folder.edits);
        unfolder.skip_to(third);
        assert_eq!(unfolder.take(folder.folded.len()), "Ünde");
    }

    fn texts() -> impl Strategy<Value = String> {
        prop_oneof![
            "[ -~]{0,60}",
            "\\PC{0,40}",
            "[a-zA-Zà-žÀ-Ž“”’—\u{a0}\u{300}-\u{303} ]{0,60}",
            "[а-яА-Яё \u{306}]{0,30}",
            "[ก-๙一-龥あ-んｱ-ﾝﾞ가-힣]{0,30}",
            "[א-ת\u{5b0}-\u{5bc}ء-ي\u{64b}-\u{652} ]{0,30}",
        ]
        .prop_map(|text| super::super::clean(&text).into_owned())
    }

    proptest! {
        #[test]
        fn every_text_comes_back_as_it_was(text in texts()) {
            prop_assert_eq!(round_trip(&text), text);
        }

        #[test]
        fn folding_what_is_folded_changes_nothing(text in texts()) {
            let once = fold(&text);
            prop_assert_eq!(fold(&once), once);
        }

        #[test]
        fn a_mapped_range_folds_to_at_least_what_was_found(text in texts(), from in 0usize..60, length in 1usize..20) {
            let mut folder = Folder::default();
            folder.push(&text);
            let folded = String::from_utf8(folder.folded.clone()).unwrap();
            let floor = |mut at: usize| { at = at.min(folded.len()); while !folded.is_char_boundary(at) { at -= 1; } at };
            let (start, end) = (floor(from), floor(from + length));
            // Only what is folded itself is ever looked for.
            if start >= end || fold(&folded[start..end]) != folded[start..end] {
                return Ok(());
            }
            let (original, ranges) =
                Unfolder::new(&folder.folded, &folder.edits).take_with(folded.len(), std::slice::from_ref(&(start..end)));
            prop_assert_eq!(&original, &text);
            let found = fold(&text[ranges[0].clone()]);
            // White space at an edge may have folded into the space before it.
            prop_assert!(found.contains(folded[start..end].trim()), "{:?} in {:?}", &folded[start..end], found);
        }
    }
}
