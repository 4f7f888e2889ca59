//! Splits the bytes of the terminal into input (keys, mouse, pastes) and answers to questions.
//!
//! An answer is recognised by its form alone, so it is never read as keys, however late it comes. Keys before and after
//! it are input. `terminput` parses single sequences.

use std::time::Duration;

use terminput::{Event as Typed, KeyModifiers};

use crate::util::panic_guard::catch_panic;

const ESC: u8 = 0x1b;
const BELL: u8 = 0x07;

/// The time that an ESC waits for the rest of an answer while answers are expected. After that it is the Escape key.
/// Terminals send an answer in one piece, but a slow link may split it anywhere.
const ESCAPE_WAIT: Duration = Duration::from_millis(100);

/// A sequence that is not continued for this long is dropped.
const STALL_TIMEOUT: Duration = Duration::from_secs(2);

/// The maximum bytes of a sequence other than a paste.
const LONGEST: usize = 4096;

/// One item that the terminal sent.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum InputItem {
    /// A key, a mouse event or a paste.
    Typed(Typed),
    /// A complete answer to a question.
    Answer(Vec<u8>),
}

/// Collects bytes into complete sequences.
#[derive(Debug, Default)]
pub(super) struct Decoder {
    pending: Vec<u8>,
    /// Set after an ESC was sent as the Escape key although an answer may still follow.
    is_escape_sent: bool,
}

/// The kind of a sequence, as far as its bytes show.
enum Shape {
    Partial,
    Typed,
    Answer,
    /// The last byte ended an answer and belongs to the next sequence.
    AnswerAndNext,
    /// The Escape key, followed by another ESC.
    EscapeAndNext,
    /// The last byte cannot continue the sequence.
    Broken,
}

impl Decoder {
    /// Adds bytes. Returns the items that they complete.
    pub(super) fn feed(&mut self, bytes: &[u8]) -> Vec<InputItem> {
        let mut decoded = Vec::new();
        for &byte in bytes {
            if std::mem::take(&mut self.is_escape_sent) && matches!(byte, b'[' | b']') {
                self.is_escape_sent = true;
                if self.pending.is_empty() {
                    self.pending.push(ESC);
                }
            }
            self.push(byte, &mut decoded);
        }
        decoded
    }

    fn push(&mut self, byte: u8, decoded: &mut Vec<InputItem>) {
        self.pending.push(byte);
        match shape(&self.pending) {
            Shape::Partial => {}
            Shape::Typed => decoded.extend(typed(&std::mem::take(&mut self.pending)).map(InputItem::Typed)),
            Shape::Answer => decoded.push(InputItem::Answer(std::mem::take(&mut self.pending))),
            Shape::AnswerAndNext => {
                let mut answer = std::mem::take(&mut self.pending);
                answer.truncate(answer.len().saturating_sub(2));
                decoded.push(InputItem::Answer(answer));
                self.pending.push(ESC);
                if byte != ESC {
                    self.push(byte, decoded);
                }
            }
            Shape::EscapeAndNext => {
                decoded.extend(typed(&[ESC]).map(InputItem::Typed));
                self.pending.truncate(1);
            }
            Shape::Broken => {
                let is_first = self.pending.len() == 1;
                self.pending.clear();
                if !is_first {
                    self.push(byte, decoded);
                }
            }
        }
    }

    /// Returns how long to wait for more bytes before [`flush`](Self::flush); `None` if no flush is needed.
    pub(super) fn wait_time(&self, expects_answers: bool) -> Option<Duration> {
        match *self.pending {
            [] => None,
            [ESC, key] if expects_answers && is_introducer(key) && !self.is_escape_sent => Some(STALL_TIMEOUT),
            [ESC] | [ESC, _] if expects_answers => Some(ESCAPE_WAIT),
            [ESC] | [ESC, _] => Some(Duration::ZERO),
            ref paste if paste.starts_with(b"\x1b[200~") => None,
            _ => Some(STALL_TIMEOUT),
        }
    }

    /// Ends the pending sequence: Escape, a key with Alt, or the rest of a broken sequence.
    pub(super) fn flush(&mut self, expects_answers: bool) -> Option<InputItem> {
        let is_escape_sent = std::mem::take(&mut self.is_escape_sent);
        match *std::mem::take(&mut self.pending) {
            [ESC] => {
                self.is_escape_sent = expects_answers;
                typed(&[ESC])
            }
            [ESC, key] if is_escape_sent => typed(&[key]),
            // More likely the start of a lost answer than a key, as no keymap has such a key.
            [ESC, key] if expects_answers && is_introducer(key) => None,
            [ESC, key] => typed(&[key]).map(|event| match event {
                Typed::Key(key) => Typed::Key(key.modifiers(key.modifiers | KeyModifiers::ALT)),
                other => other,
            }),
            _ => None,
        }
        .map(InputItem::Typed)
    }
}

/// Returns whether a sequence may start with ESC and this byte.
fn is_introducer(byte: u8) -> bool {
    matches!(byte, b'[' | b']' | b'P' | b'X' | b'^' | b'_')
}

/// Decodes one complete sequence. The input is untrusted, so a panic of the parser is caught.
fn typed(sequence: &[u8]) -> Option<Typed> {
    catch_panic(|| Typed::parse_from(sequence).ok().flatten()).flatten()
}

/// Checks only the end of `bytes`: the rest was checked before.
fn shape(bytes: &[u8]) -> Shape {
    match *bytes {
        [ESC] | [ESC, b'O'] => Shape::Partial,
        [ESC, ESC] => Shape::EscapeAndNext,
        [ESC, b'[', ref rest @ ..] => control_sequence(rest),
        [ESC, b'O', last] if last != ESC => Shape::Typed,
        [ESC, b'O', ..] => Shape::Broken,
        [ESC, kind @ (b']' | b'P' | b'X' | b'^' | b'_'), ref rest @ ..] => string(kind, rest),
        [ESC, ref rest @ ..] | ref rest => match std::str::from_utf8(rest) {
            Ok(_) => Shape::Typed,
            Err(error) if error.error_len().is_none() => Shape::Partial,
            Err(_) => Shape::Broken,
        },
    }
}

/// Returns the shape of a sequence that starts with `ESC [`.
fn control_sequence(rest: &[u8]) -> Shape {
    let (Some(first), Some(last)) = (rest.first(), rest.last()) else { return Shape::Partial };
    if rest.starts_with(b"200~") {
        return if rest.ends_with(b"\x1b[201~") { Shape::Typed } else { Shape::Partial };
    }
    match (first, rest.len()) {
        // Function keys of the Linux console.
        (b'[', 1) => return Shape::Partial,
        (b'[', 2) if *last != ESC => return Shape::Typed,
        // The oldest mouse encoding: three arbitrary bytes.
        (b'M', 1..4) => return Shape::Partial,
        (b'M', 4) => return Shape::Typed,
        _ => {}
    }
    match last {
        // Device attributes, status, modes and window sizes. No key has this form.
        b'c' | b'n' | b't' | b'y' => Shape::Answer,
        0x40..=0x7e if matches!(first, b'?' | b'>' | b'=') => Shape::Answer,
        0x40..=0x7e => Shape::Typed,
        0x20..=0x3f if rest.len() < LONGEST => Shape::Partial,
        _ => Shape::Broken,
    }
}

/// Returns the shape of a string sequence (`ESC ]`, `ESC P` and others), which ends with BEL or `ESC \`.
fn string(kind: u8, rest: &[u8]) -> Shape {
    match *rest {
        [.., ESC, b'\\'] => Shape::Answer,
        // Some versions of rxvt-unicode leave out the `\`.
        [.., ESC, _] => Shape::AnswerAndNext,
        [] | [.., ESC] => Shape::Partial,
        [.., BELL] if kind == b']' => Shape::Answer,
        // No answer contains a control character: the reader typed something that looks like the start of one.
        [.., 0..0x20 | 0x7f] => Shape::Broken,
        _ if rest.len() < LONGEST => Shape::Partial,
        _ => Shape::Broken,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Answers to our questions, then answers to other questions.
    const ANSWERS: [&[u8]; 8] = [
        b"\x1b]11;rgb:ffff/ffff/ffff\x1b\\",
        b"\x1b]11;rgb:00/00/00\x07",
        b"\x1b]11;#fdf6e3\x1b\\",
        b"\x1b[?62;22c",
        b"\x1b[?6c",
        b"\x1b_Gi=31;OK\x1b\\",
        b"\x1bP>|foot(1.16)\x1b\\",
        b"\x1b[6;20;10t",
    ];

    /// Decodes `pieces`, with a pause after each.
    fn decode(pieces: &[&[u8]], expects: bool, pause: bool) -> (Vec<String>, Vec<Vec<u8>>) {
        let mut decoder = Decoder::default();
        let mut decoded = Vec::new();
        for piece in pieces {
            decoded.extend(decoder.feed(piece));
            if pause && decoder.wait_time(expects).is_some_and(|wait_time| wait_time < STALL_TIMEOUT) {
                decoded.extend(decoder.flush(expects));
            }
        }
        decoded.extend(decoder.flush(expects));
        let (mut keys, mut answers) = (Vec::new(), Vec::new());
        for decoded in decoded {
            match decoded {
                InputItem::Typed(Typed::Key(key)) => {
                    keys.push(format!("{:?}", key.code) + if key.modifiers.is_empty() { "" } else { "+" });
                }
                InputItem::Typed(other) => keys.push(format!("{other:?}")),
                InputItem::Answer(bytes) => answers.push(bytes),
            }
        }
        (keys, answers)
    }

    #[test]
    fn answers_are_not_keys_wherever_they_are_cut() {
        for answer in ANSWERS {
            let all = [b"j", answer, b"k"].concat();
            for at in 0..=all.len() {
                let (before, after) = all.split_at(at);
                let (keys, answers) = decode(&[before, after], true, false);
                assert_eq!(keys, ["Char('j')", "Char('k')"], "{:?} cut at {at}", String::from_utf8_lossy(answer));
                assert_eq!(answers, [answer.to_vec()]);
                for second in at..=all.len() {
                    let (middle, last) = after.split_at(second - at);
                    assert_eq!(decode(&[before, middle, last], true, false).0.len(), 2);
                }
            }
        }
    }

    #[test]
    fn answer_with_a_pause_yields_at_most_an_escape() {
        for answer in &ANSWERS[..5] {
            let all = [b"j", *answer, b"k"].concat();
            for at in 0..=all.len() {
                let (before, after) = all.split_at(at);
                let (mut keys, answers) = decode(&[before, after], true, true);
                assert!(at == 2 || !keys.contains(&"Esc".to_owned()));
                keys.retain(|key| key != "Esc");
                assert_eq!(keys, ["Char('j')", "Char('k')"], "{:?} cut at {at}", String::from_utf8_lossy(answer));
                assert_eq!(answers, [answer.to_vec()]);
            }
        }
    }

    #[test]
    fn key_sequences_are_decoded() {
        for (bytes, names) in [
            (&b"jG\r\t\x7f\x04"[..], &["Char('j')", "Char('G')+", "Enter", "Tab", "Backspace", "Char('d')+"][..]),
            (b"\x1b", &["Esc"]),
            (b"\x1b\x1b", &["Esc", "Esc"]),
            (b"\x1b[A\x1bOB\x1b[5~\x1b[1;5C\x1b[Z", &["Up", "Down", "PageUp", "Right+", "Tab+"]),
            (b"\x1bOP\x1b[15~\x1b[[A\x1b[1;2R", &["F(1)", "F(5)", "F(1)", "F(3)+"]),
            (b"\x1bx\x1b", &["Char('x')+", "Esc"]),
            ("\u{e9}\u{1f600}\u{1b}\u{e9}".as_bytes(), &["Char('é')", "Char('😀')", "Char('é')+"]),
            (b"\xe9j\xff", &["Char('j')"]),
            (b"\x1b[1\x1b[Aj", &["Up", "Char('j')"]),
        ] {
            let (keys, _) = decode(&[bytes], false, false);
            assert_eq!(keys, names, "{:?}", String::from_utf8_lossy(bytes));
        }
        let (keys, _) = decode(&[b"\x1b[200~a\x1b]11;?\x07\x1b[", b"201~q"], false, false);
        assert_eq!(keys, ["Paste(\"a\\u{1b}]11;?\\u{7}\")", "Char('q')"]);
        let (keys, _) = decode(&[b"\x1b[<0;5;7Mq"], false, false);
        assert!(keys[0].starts_with("Mouse(") && keys.len() == 2, "{keys:?}");
    }

    #[test]
    fn alt_bracket_is_a_key_if_no_bytes_follow() {
        for key in ["[", "]", "P", "_", "O"] {
            assert_eq!(decode(&[b"\x1b", key.as_bytes(), b"j"], false, true).0.len(), 3);
            let pressed = [b"\x1b", key.as_bytes()].concat();
            let (keys, _) = decode(&[&pressed, b"j"], false, true);
            assert!(keys.len() == 2 && keys[0].ends_with('+') && keys[1] == "Char('j')", "{keys:?}");
        }
    }

    #[test]
    fn string_without_end_stops_at_the_next_control() {
        let (keys, _) = decode(&[b"\x1b]11;rgb:ff\r", b"\x03"], true, false);
        assert_eq!(keys, ["Enter", "Char('c')+"]);
        let (keys, answers) = decode(&[b"\x1b]11;rgb:ff/ff/ff\x1b\x1b[?1;2cj"], true, false);
        assert_eq!((keys, answers.len()), (vec!["Char('j')".to_owned()], 2));
        let long = [b"\x1b]11;".as_slice(), &[b'x'; 2 * LONGEST], b"\r"].concat();
        assert!(decode(&[&long], true, false).0.len() < 2 * LONGEST);
    }

    proptest! {
        #[test]
        fn any_bytes_are_decoded_in_any_pieces(pieces in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..12), 0..8)) {
            let pieces: Vec<&[u8]> = pieces.iter().map(Vec::as_slice).collect();
            let whole = pieces.concat();
            prop_assert_eq!(decode(&pieces, true, false), decode(&[&whole], true, false));
            decode(&pieces, false, true);
        }
    }
}
