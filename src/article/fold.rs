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

mod rules;
mod unfold;

use rules::{cluster_length, fold_cluster};
pub use unfold::Unfolder;

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
        fn a_range_maps_there_and_back(text in texts(), from in 0usize..60, length in 1usize..20) {
            let mut folder = Folder::default();
            folder.push(&text);
            let floor = |mut at: usize| { at = at.min(text.len()); while !text.is_char_boundary(at) { at -= 1; } at };
            let range = floor(from)..floor(from + length);
            prop_assume!(!range.is_empty());
            let unfolder = Unfolder::new(&folder.folded, &folder.edits);
            let folded = unfolder.clone().refold(folder.folded.len(), std::slice::from_ref(&range));
            prop_assert!(folded[0].start <= folded[0].end && folded[0].end <= folder.folded.len());
            let (_, back) = unfolder.clone().take_with(folder.folded.len(), &folded);
            if !folded[0].is_empty() {
                // What folds to nothing may be lost at either end.
                let kept = |text: &str| fold(text).replace(' ', "");
                prop_assert!(
                    kept(&text[back[0].clone()]).contains(&kept(&text[range.clone()])),
                    "{:?} became {:?}", &text[range], &text[back[0].clone()]
                );
            }
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
