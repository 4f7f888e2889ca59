//! What the program may write, as an allow-list: text without a control, and the sequences that it uses, each whole. What
//! is not on the list is an error, harmless or not. It knows nothing of how the program makes text safe; what is
//! invisible it asks Unicode's own tables.

use icu_properties::props::{DefaultIgnorableCodePoint, GeneralCategory, NoncharacterCodePoint};
use icu_properties::{CodePointMapData, CodePointSetData};

/// Modes that are turned on and off: cursor, mouse, focus of mice, alternate screen, paste, synchronised frames.
const MODES: [&str; 7] = ["?25", "?1000", "?1002", "?1006", "?1049", "?2004", "?2026"];
/// Questions to the terminal.
const QUESTIONS: [&str; 2] = ["\x1b]11;?\x1b\\", "\x1b[c"];
/// Stacks of marks end here.
const MOST_MARKS: usize = 6;

/// What was written.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Written {
    /// How many sequences.
    pub(crate) sequences: usize,
    /// The texts that were put on the clipboard.
    pub(crate) copied: Vec<Vec<u8>>,
    /// Characters of text.
    pub(crate) characters: usize,
}

/// Reads all that was written to a screen; an error says what does not belong there, and what stands around it.
pub(crate) fn written(bytes: &[u8]) -> Result<Written, String> {
    read(bytes, "")
}

/// Reads what a subcommand printed in colours.
pub(crate) fn coloured(bytes: &[u8]) -> Result<Written, String> {
    read(bytes, "\n\t")
}

fn read(bytes: &[u8], controls: &str) -> Result<Written, String> {
    let text =
        std::str::from_utf8(bytes).map_err(|error| format!("{error}: {}", around(bytes, error.valid_up_to())))?;
    let mut seen = Written::default();
    let mut rest = text;
    let mut marks = Marks::default();
    while let Some(c) = rest.chars().next() {
        let at = text.len() - rest.len();
        let wrong = |what: String| format!("{what} at byte {at}: {}", around(bytes, at));
        if c == '\u{1b}' {
            let length = sequence(rest, &mut seen.copied).map_err(wrong)?;
            rest = &rest[length..];
            seen.sequences += 1;
        } else {
            if !controls.contains(c) {
                marks.character(c).map_err(wrong)?;
            }
            seen.characters += 1;
            rest = &rest[c.len_utf8()..];
        }
    }
    Ok(seen)
}

/// Reads what a subcommand printed, where nothing is coloured.
pub(crate) fn printed(bytes: &[u8]) -> Result<(), String> {
    let text =
        std::str::from_utf8(bytes).map_err(|error| format!("{error}: {}", around(bytes, error.valid_up_to())))?;
    let mut marks = Marks::default();
    for (at, c) in text.char_indices().filter(|(_, c)| !matches!(c, '\n' | '\t')) {
        marks.character(c).map_err(|what| format!("{what} at byte {at}: {}", around(bytes, at)))?;
    }
    Ok(())
}

fn around(bytes: &[u8], at: usize) -> String {
    let some = bytes.get(at.saturating_sub(60)..bytes.len().min(at + 60)).unwrap_or_default();
    format!("{:?}", String::from_utf8_lossy(some))
}

/// Looks at text, character by character.
#[derive(Default)]
struct Marks {
    before: Option<char>,
    count: usize,
}

impl Marks {
    fn character(&mut self, c: char) -> Result<(), String> {
        use GeneralCategory::{Control, EnclosingMark, Format, LineSeparator, NonspacingMark, ParagraphSeparator};
        let category = CodePointMapData::<GeneralCategory>::new().get(c);
        let joins = matches!(c, '\u{200c}' | '\u{200d}' | '\u{fe0e}' | '\u{fe0f}');
        let is_ignorable = CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(c);
        let is_none = CodePointSetData::new::<NoncharacterCodePoint>().contains(c);
        if !joins && (is_ignorable || is_none || matches!(category, Control | LineSeparator | ParagraphSeparator)) {
            return Err(format!("U+{:04X}", u32::from(c)));
        }
        // Signs before Arabic numbers are of this kind and are seen.
        if !joins
            && category == Format
            && !matches!(c, '\u{600}'..='\u{605}' | '\u{6dd}' | '\u{70f}' | '\u{890}'..='\u{8e2}')
        {
            return Err(format!("U+{:04X}", u32::from(c)));
        }
        if joins && self.before == Some(c) {
            return Err(format!("U+{:04X} twice", u32::from(c)));
        }
        self.before = Some(c);
        self.count = if !joins && matches!(category, NonspacingMark | EnclosingMark) { self.count + 1 } else { 0 };
        if self.count > MOST_MARKS { Err("a stack of marks".to_owned()) } else { Ok(()) }
    }
}

/// The length of the sequence at the front of `rest`, if it is one that may be written.
fn sequence(rest: &str, copied: &mut Vec<Vec<u8>>) -> Result<usize, String> {
    if let Some(clipboard) = rest.strip_prefix("\x1b]52;c;") {
        let (text, _) = clipboard.split_once("\x1b\\").ok_or("a copy without an end")?;
        let text = data_encoding::BASE64.decode(text.as_bytes()).map_err(|error| format!("no base64: {error}"))?;
        let length = rest.len() - clipboard.len() + data_encoding::BASE64.encode_len(text.len()) + 2;
        copied.push(text);
        return Ok(length);
    }
    // The question for the background, and what ends the batch of questions.
    if let Some(question) = QUESTIONS.iter().find(|question| rest.starts_with(*question)) {
        return Ok(question.len());
    }
    let control = rest.strip_prefix("\x1b[").ok_or("a sequence of an unknown kind")?;
    let end = control.find(|c: char| c.is_ascii_alphabetic()).ok_or("a sequence without an end")?;
    let (parameters, rest_of_it) = control.split_at(end);
    let is_known = match rest_of_it.chars().next() {
        Some('h' | 'l') => MODES.contains(&parameters),
        // Row and column.
        Some('H') => is_pair(parameters),
        // The whole screen.
        Some('J') => parameters == "2",
        // Nothing stands for all defaults.
        Some('m') => parameters.is_empty() || is_style(parameters),
        _ => false,
    };
    if is_known { Ok(2 + end + 1) } else { Err(format!("the sequence {parameters:?} {:?}", rest_of_it.chars().next())) }
}

fn is_pair(parameters: &str) -> bool {
    parameters.split_once(';').is_some_and(|(one, other)| is_place(one) && is_place(other))
}

fn is_place(number: &str) -> bool {
    (1..=4).contains(&number.len()) && number.bytes().all(|byte| byte.is_ascii_digit()) && !number.starts_with('0')
}

/// Whether these are parameters of colours and of how text stands out, and nothing else.
fn is_style(parameters: &str) -> bool {
    let numbers: Option<Vec<u16>> = parameters.split(';').map(|number| number.parse().ok()).collect();
    let Some(numbers) = numbers else { return false };
    let mut rest = numbers.as_slice();
    while let Some((first, after)) = rest.split_first() {
        rest = match (first, after) {
            (38 | 48 | 58, [5, 0..=255, after @ ..] | [2, 0..=255, 0..=255, 0..=255, after @ ..]) => after,
            (0..=9 | 22..=29 | 30..=37 | 39..=47 | 49 | 59 | 90..=97 | 100..=107, after) => after,
            _ => return false,
        };
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn listed_sequences_are_accepted() {
        let seen = written(
            "\x1b[?1049h\x1b[2J\x1b[3;14H\x1b[1;38;5;9mCafé 👩\u{200d}👧\x1b[0m\x1b[m\x1b]52;c;YWI=\x1b\\".as_bytes(),
        );
        let seen = seen.unwrap();
        assert_eq!((seen.sequences, seen.copied), (7, vec![b"ab".to_vec()]));
    }

    #[test]
    fn other_sequences_are_rejected() {
        for text in [
            "\x1b",
            "\x1b[",
            "\x1b[2",
            "\x1b[31",
            "\x1b[6n",
            "\x1b[?1003h",
            "\x1b[0;0H",
            "\x1b[3J",
            "\x1b[1K",
            "\x1b[C",
            "\x1b[X",
            "\x1b[K",
            "\x1b[A",
            "\x1b[L",
            "\x1b[M",
            "\x1b[r",
            "\x1b[5r",
            "\x1b[38;5;256m",
            "\x1b]0;title\x07",
            "\x1b]52;c;YWI=",
            "\x1b]52;c;Y\x1b\\",
            "\x1b]8;;http://a\x1b\\",
            "\x1bc",
            "\x1bP+q\x1b\\",
            "\x07",
            "\x08",
            "\t",
            "\x7f",
            "\u{9b}31m",
            "\u{85}",
            "\u{2028}",
            "\u{202e}",
            "\u{2066}",
            "\u{200b}",
            "\u{feff}",
            "\u{ad}",
            "\u{e0041}",
            "\u{e0100}",
            "\u{fff9}",
            "\u{ffff}",
            "\u{34f}",
            "a\u{200d}\u{200d}",
            "e\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}",
        ] {
            assert!(written(text.as_bytes()).is_err(), "{text:?}");
        }
        assert!(written(b"a\x9b31m").is_err(), "a control of one byte");
        assert!(printed(b"a\tb\n").is_ok() && printed(b"a\rb").is_err() && printed(b"\x1b[0m").is_err());
    }
}
