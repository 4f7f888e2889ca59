//! Folding: text in the form in which it is matched, and the way back to the original.
//!
//! Folded text has no case, accents, typographic quotes and dashes, no-break spaces, full-width forms and runs of white
//! space. The corpus stores only folded text, with a stream of edits that restores the original, about one byte for
//! every capital letter. So the text is held once, a search is a plain substring search, and a match maps to bytes of
//! the original without reading a file again.
//!
//! The stream is a sequence of operations. Each first skips some unchanged bytes:
//!
//! | first byte | then |
//! |---|---|
//! | `00`–`9f` | skip that many; the next folded byte is a letter whose original is the ASCII capital |
//! | `a0`–`df` | skip (byte − `a0`); a second byte `fffooooo` says that `f` folded bytes stand for the `o` original bytes that follow |
//! | `e0`–`ff` | skip (byte − `df`) × 64 |

mod rules;
mod unfold;

use wide::i8x16;

use super::sanitize::is_surely_safe;
use rules::{Folded, InlineStr, MAX_FOLDED, cluster_length, fold_cluster, may_begin_mark};
pub use unfold::Unfolder;

/// The separator between the parts of a folded article. Folding never produces it.
pub const PART_SEPARATOR: u8 = b'\n';

const MAX_CAPITAL_SKIP: usize = 0x9f;
const MAX_REPLACE_SKIP: usize = 0x3f;
const MAX_ORIGINAL: usize = 31;

/// Folds texts one after the other into one buffer, and records the edits.
#[derive(Debug, Default)]
pub struct FoldWriter {
    /// The folded bytes, valid UTF-8.
    pub folded: Vec<u8>,
    /// The edit stream.
    pub edits: Vec<u8>,
    /// Folded bytes since the last edit.
    pending: usize,
}

impl FoldWriter {
    /// Drops pending skips at the start of an article, because edits count from its first byte.
    pub fn begin_article(&mut self) {
        self.pending = 0;
    }

    /// Adds the separator between two parts.
    pub fn separate(&mut self) {
        self.folded.push(PART_SEPARATOR);
        self.pending += 1;
    }

    /// Folds `text` and appends it. Returns the statistics for counting its words.
    pub fn push(&mut self, text: &str) -> WordStats {
        self.push_where(text, |_| true).unwrap_or_default()
    }

    /// Like [`push`](Self::push) if `text` is safe and on one line. Otherwise folds nothing and returns `None`.
    /// Printable ASCII needs no separate check.
    pub(crate) fn push_if_safe_line(&mut self, text: &str) -> Option<WordStats> {
        let (folded, edits, pending) = (self.folded.len(), self.edits.len(), self.pending);
        let spacing = self.push_where(text, |cluster| cluster != "\n" && is_surely_safe(cluster));
        if spacing.is_none() {
            self.folded.truncate(folded);
            self.edits.truncate(edits);
            self.pending = pending;
        }
        spacing
    }

    /// Folds `text` while `is_wanted` returns true for every cluster other than a printable ASCII character.
    #[inline]
    fn push_where(&mut self, text: &str, is_wanted: impl Fn(&str) -> bool) -> Option<WordStats> {
        let bytes = text.as_bytes();
        let mut spacing = WordStats::default();
        let mut at = 0;
        // Whether the last byte was a space of this part, which absorbs more white space.
        let mut after_space = false;
        loop {
            at += self.push_plain(&bytes[at..], &mut after_space, &mut spacing.spaces);
            let Some(first) = text[at..].chars().next() else { return Some(spacing) };
            let alone = first.len_utf8();
            let cluster = if may_begin_mark(&bytes[at + alone..]) { cluster_length(&text[at..]) } else { alone };
            let original = &text[at..at + cluster];
            if !is_wanted(original) {
                return None;
            }
            at += cluster;
            if first.is_whitespace() {
                let folded: &[u8] = if after_space { b"" } else { b" " };
                self.replace(original.as_bytes(), folded);
                spacing.spaces += folded.len() as u32;
                after_space = true;
                continue;
            }
            spacing.unspaced |= crate::text::is_unspaced(first);
            match fold_cluster(original, first) {
                Folded::Same(same) => {
                    self.folded.extend_from_slice(same.as_bytes());
                    self.pending += same.len();
                    after_space = false;
                }
                Folded::Short(short) if cluster == alone && short.as_bytes() != original.as_bytes() => {
                    after_space = after_space && short.as_bytes().is_empty();
                    self.replace_short(first, short);
                }
                folded => {
                    after_space = after_space && folded.as_bytes().is_empty();
                    self.replace(original.as_bytes(), folded.as_bytes());
                }
            }
        }
    }

    /// Folds printable ASCII without double spaces at the start of `bytes`, and returns the number of bytes. Leaves the
    /// last byte if a combining mark may follow.
    fn push_plain(&mut self, bytes: &[u8], after_space: &mut bool, spaces: &mut u32) -> usize {
        let mut at = 0;
        while bytes.get(at).is_some_and(u8::is_ascii) {
            let rest = &bytes[at..];
            let mut last = [0; BLOCK];
            let block = match rest.first_chunk() {
                Some(block) => block,
                None => {
                    // The padding zeros are not printable, so they end the run.
                    last[..rest.len()].copy_from_slice(rest);
                    &last
                }
            };
            let (signs, lower) = ByteClasses::of(block);
            let doubled = signs.spaces & (signs.spaces << 1 | u64::from(*after_space));
            let stop = (signs.other | doubled).trailing_zeros() as usize;
            let plain = stop - usize::from(stop > 0 && may_begin_mark(rest.get(stop..).unwrap_or_default()));
            if plain == 0 {
                break;
            }
            let end = self.folded.len() + plain;
            self.folded.extend_from_slice(&lower);
            self.folded.truncate(end);
            let in_plain = u64::MAX >> (BLOCK - plain);
            let mut capitals = signs.capitals & in_plain;
            let mut done = 0;
            while capitals != 0 {
                let next = capitals.trailing_zeros() as usize;
                self.pending += next - done;
                self.capital();
                done = next + 1;
                capitals &= capitals - 1;
            }
            self.pending += plain - done;
            *spaces += (signs.spaces & in_plain).count_ones();
            *after_space = signs.spaces >> (plain - 1) & 1 != 0;
            at += plain;
            if plain < BLOCK {
                break;
            }
        }
        at
    }

    /// Records a capital at the folded byte after the pending ones.
    fn capital(&mut self) {
        self.skip_down_to(MAX_CAPITAL_SKIP);
        // At most 0x9f because of the line above.
        self.edits.push(self.pending as u8);
        self.pending = 0;
    }

    /// Like [`replace`](Self::replace), for the common case that needs one operation.
    fn replace_short(&mut self, original: char, folded: InlineStr) {
        let (bytes, stand) = folded.padded();
        let end = self.folded.len() + stand;
        self.folded.extend_from_slice(&bytes);
        self.folded.truncate(end);
        self.skip_down_to(MAX_REPLACE_SKIP);
        let mut operation = [0xa0 + self.pending as u8, 0, 0, 0, 0, 0];
        let piece = original.encode_utf8(&mut operation[2..]).len();
        operation[1] = (stand << 5 | piece) as u8;
        let end = self.edits.len() + 2 + piece;
        self.edits.extend_from_slice(&operation);
        self.edits.truncate(end);
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
            // Both fit their bits because of the lines above.
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
            // A skip of 64 can exceed the pending bytes only if they are below 64, and then they are not above `most`.
            self.edits.push(0xdf + units as u8);
            self.pending -= units * 64;
        }
    }
}

/// Statistics for counting words.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WordStats {
    /// Whether the text contains a script without spaces between words.
    pub unspaced: bool,
    /// The number of spaces in the folded text.
    pub spaces: u32,
}

/// The number of bytes to process at once.
const BLOCK: usize = 64;

/// The classes of the bytes of a block: one bit for each byte, the lowest for the first.
#[derive(Default)]
struct ByteClasses {
    capitals: u64,
    spaces: u64,
    /// Bytes that are not printable ASCII.
    other: u64,
}

impl ByteClasses {
    /// Classifies the bytes of `block`, and returns `block` in lower case.
    #[inline]
    fn of(block: &[u8; BLOCK]) -> (ByteClasses, [u8; BLOCK]) {
        let (mut signs, mut lower) = (ByteClasses::default(), [0; BLOCK]);
        let (pieces, _) = block.as_chunks::<16>();
        let (lower_pieces, _) = lower.as_chunks_mut::<16>();
        for (number, (piece, lower)) in pieces.iter().zip(lower_pieces).enumerate() {
            // As signed numbers, all non-ASCII bytes are less than the space.
            let bytes = i8x16::new(piece.map(u8::cast_signed));
            let sign = |sign: u8| i8x16::splat(sign.cast_signed());
            let capitals = bytes.simd_gt(sign(b'A' - 1)) & bytes.simd_lt(sign(b'Z' + 1));
            *lower = (bytes | capitals & sign(b'a' - b'A')).to_array().map(i8::cast_unsigned);
            let bits = |lanes: i8x16| u64::from(lanes.to_bitmask()) << (16 * number);
            signs.capitals |= bits(capitals);
            signs.spaces |= bits(bytes.simd_eq(sign(b' ')));
            signs.other |= bits(bytes.simd_lt(sign(b' ')) | bytes.simd_eq(sign(0x7F)));
        }
        (signs, lower)
    }
}

/// Folds the text of a query term.
pub fn fold(text: &str) -> String {
    let mut folder = FoldWriter::default();
    folder.push(text);
    String::from_utf8_lossy(&folder.folded).into_owned()
}

/// Folds everything except case, for case-sensitive terms.
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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn round_trip(text: &str) -> String {
        let mut folder = FoldWriter::default();
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
            ("\u{e48}\u{ff9e}", "\u{e48}\u{ff9e}"),
        ] {
            assert_eq!(fold(text), folded, "{text}");
            assert_eq!(round_trip(text), text);
        }
    }

    #[test]
    fn case_can_be_preserved_while_folding() {
        assert_eq!(fold_keeping_case("Élysée “State”"), "Elysee \"State\"");
        assert_eq!(fold_keeping_case("ÇA va\u{a0}bien"), "CA va bien");
    }

    #[test]
    fn long_stretches_without_edits_unfold() {
        let text = format!("{}X{}é{}", "a".repeat(5_000), "b".repeat(159), "c".repeat(2_100));
        assert_eq!(round_trip(&text), text);
        let spaces = format!("a{}b", " ".repeat(500));
        assert_eq!(fold(&spaces), "a b");
        assert_eq!(round_trip(&spaces), spaces);
    }

    #[test]
    fn folded_ranges_map_to_their_source_characters() {
        let text = "Die Straße am Élysée";
        let mut folder = FoldWriter::default();
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
    fn parts_can_be_read_in_turn_or_skipped() {
        let mut folder = FoldWriter::default();
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

    #[test]
    fn folding_of_a_character_is_stable() {
        for c in (0..=0x10_ffff).filter_map(char::from_u32) {
            for text in [c.to_string(), format!("a{c}"), format!("{c}\u{301}"), format!("{c}{c}"), format!("ᄀ{c}")] {
                let once = fold(&text);
                assert_eq!(fold(&once), once, "{text:?}");
            }
        }
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

    /// Folds cluster by cluster, with none of the short ways.
    fn fold_by_clusters(text: &str) -> (String, bool) {
        let (mut out, mut unspaced) = (String::new(), false);
        let mut rest = text;
        let mut after_space = false;
        while let Some(first) = rest.chars().next() {
            let (cluster, after) = rest.split_at(cluster_length(rest));
            let folded = fold_cluster(cluster, first);
            let folded = if !first.is_whitespace() {
                folded.as_str()
            } else if after_space {
                ""
            } else {
                " "
            };
            after_space = first.is_whitespace() || after_space && folded.is_empty();
            out.push_str(folded);
            unspaced |= crate::text::is_unspaced(first);
            rest = after;
        }
        (out, unspaced)
    }

    fn assert_is_folded_well(text: &str) {
        let mut folder = FoldWriter::default();
        let spacing = folder.push(text);
        let (folded, unspaced) = fold_by_clusters(text);
        assert_eq!(String::from_utf8_lossy(&folder.folded), folded, "{text:?}");
        assert_eq!(round_trip(text), text);
        assert_eq!(spacing.spaces as usize, folder.folded.iter().filter(|&&byte| byte == b' ').count(), "{text:?}");
        assert_eq!(spacing.unspaced, unspaced, "{text:?}");
        // Behind something else, as the parts of an article stand.
        let mut second = FoldWriter::default();
        second.push("Before");
        let before = second.folded.len();
        let (folded, edits) = (second.folded.clone(), second.edits.clone());
        let line = second.push_if_safe_line(text);
        let safe = !text.contains('\n') && crate::text::clean(text) == text;
        if line.is_some() {
            assert!(safe, "{text:?}");
            assert_eq!(line, Some(spacing));
            assert_eq!(second.folded[before..], folder.folded);
        } else {
            assert!(!safe || !is_surely_safe(text), "{text:?}");
            assert_eq!((&second.folded, &second.edits), (&folded, &edits));
            second.push(text);
        }
        assert_eq!(Unfolder::new(&second.folded, &second.edits).take(second.folded.len()), format!("Before{text}"));
    }

    #[test]
    fn folding_is_the_same_at_block_edges() {
        let signs = [
            "X",
            "XY",
            " ",
            "  ",
            " \u{a0}",
            "é",
            "É",
            "’",
            "”—",
            "…",
            "\u{301}",
            "e\u{301}",
            "E\u{301}\u{327}",
            " \u{301}",
            "\n",
            "\t",
            "\u{7f}",
            "\u{1b}[",
            "\u{200b}",
            "国",
            "ب\u{64e}",
            "かﾞ",
            "👍",
            "ﷺ",
        ];
        for sign in signs {
            for at in 0..=BLOCK * 2 {
                let [before, after] = [at, BLOCK + 3].map(|length| "a word. ".chars().cycle().take(length));
                assert_is_folded_well(&before.clone().chain(sign.chars()).chain(after).collect::<String>());
                assert_is_folded_well(&before.chain(sign.chars()).collect::<String>());
            }
        }
    }

    #[test]
    fn folding_finds_all_marks_and_adds_no_spaces() {
        for c in (0..=char::MAX as u32).filter_map(char::from_u32) {
            for before in ['a', 'か', '\u{1100}'] {
                let both = format!("{before}{c}");
                if cluster_length(&both) == both.len() {
                    assert!(may_begin_mark(&both.as_bytes()[before.len_utf8()..]), "{c:?}");
                }
            }
            if !c.is_whitespace() {
                let text = c.to_string();
                assert!(!fold_cluster(&text, c).as_str().contains(' '), "{c:?}");
            }
        }
    }

    proptest! {
        #[test]
        fn folding_runs_equals_folding_letters(
            runs in proptest::collection::vec(("[a-z ]{0,70}", "[A-Z]{0,3}|  |\\PC|[’“”—…é\u{301}\u{a0}\u{7f}\n\t]{1,2}"), 0..8)
        ) {
            let text: String = runs.into_iter().flat_map(|(plain, sign)| [plain, sign]).collect();
            assert_is_folded_well(&text);
            assert_is_folded_well(&crate::text::clean(&text));
        }

        #[test]
        fn folding_round_trips(text in texts()) {
            prop_assert_eq!(round_trip(&text), text);
        }

        #[test]
        fn folding_twice_changes_nothing(text in texts()) {
            let once = fold(&text);
            prop_assert_eq!(fold(&once), once);
        }

        #[test]
        fn folded_ranges_map_both_ways(text in texts(), from in 0usize..60, length in 1usize..20) {
            let mut folder = FoldWriter::default();
            folder.push(&text);
            let floor = |mut at: usize| { at = at.min(text.len()); while !text.is_char_boundary(at) { at -= 1; } at };
            // Most texts are shorter than that.
            let from = from % (text.len() + 1);
            let range = floor(from)..floor(from + length);
            if range.is_empty() {
                return Ok(());
            }
            let unfolder = Unfolder::new(&folder.folded, &folder.edits);
            let folded = unfolder.clone().refold(folder.folded.len(), std::slice::from_ref(&range));
            prop_assert!(folded[0].start <= folded[0].end && folded[0].end <= folder.folded.len());
            let (_, back) = unfolder.clone().take_with(folder.folded.len(), &folded);
            if !folded[0].is_empty() {
                // Characters that fold to nothing may be lost at either end.
                let folded_of = |text: &str| fold(text).replace(' ', "");
                // A range that cuts characters which fold to one letter is extended to all of them.
                let pieces = [&text[..range.start], &text[range.clone()], &text[range.end..]];
                if pieces.map(folded_of).concat() != folded_of(&text) {
                    return Ok(());
                }
                prop_assert!(
                    folded_of(&text[back[0].clone()]).contains(&folded_of(&text[range.clone()])),
                    "{:?} became {:?}", &text[range], &text[back[0].clone()]
                );
            }
        }

        #[test]
        fn mapped_ranges_fold_to_at_least_the_match(text in texts(), from in 0usize..60, length in 1usize..20) {
            let mut folder = FoldWriter::default();
            folder.push(&text);
            let folded = String::from_utf8(folder.folded.clone()).unwrap();
            let floor = |mut at: usize| { at = at.min(folded.len()); while !folded.is_char_boundary(at) { at -= 1; } at };
            let (start, end) = (floor(from), floor(from + length));
            // Searched text is always folded itself.
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
