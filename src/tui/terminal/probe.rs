//! Questions to the terminal, sent as one batch at the start, and its answers.
//!
//! The batch ends with the request for primary device attributes (DA1), which every terminal answers. Terminals answer
//! in order, so no other answers follow the answer to DA1.

use std::sync::{Condvar, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use crate::config::Background;
use crate::engine::log::note;
use crate::util::{lock, wait_timeout_while};

/// The time that the first frame waits for answers.
const ANSWER_TIMEOUT: Duration = Duration::from_millis(50);

/// The time after the questions in which the terminal is not released to a child or the shell if answers are missing:
/// they would read the answers as keys.
const HANDOVER_TIMEOUT: Duration = Duration::from_millis(500);

/// The time in which answers may arrive after the answer to DA1. GNU screen answers DA1 itself and forwards the other
/// questions.
const STRAGGLERS: Duration = Duration::from_secs(1);

/// The question that ends a batch.
const DEVICE_ATTRIBUTES: &str = "\x1b[c";

/// A question to the terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TerminalQuestion {
    /// The colour of the background (OSC 11).
    Background,
}

impl TerminalQuestion {
    fn sequence(self) -> &'static str {
        match self {
            TerminalQuestion::Background => "\x1b]11;?\x1b\\",
        }
    }
}

/// Returns the questions to ask the terminal; `variable` reads the environment.
pub(crate) fn questions(variable: impl Fn(&str) -> Option<String>) -> Vec<TerminalQuestion> {
    let set = |name| variable(name).filter(|value| !value.is_empty());
    let has_colours = set("NO_COLOR").is_none();
    // These terminals print or misread unknown questions.
    let answers = set("TERM").is_some_and(|term| {
        !(term == "dumb" || term == "linux" || term.starts_with("eterm") || term.starts_with("Eterm"))
    });
    // The 16 colours depend on it, and a dark or light theme brings its own background unless the terminal has it.
    if answers && has_colours { vec![TerminalQuestion::Background] } else { Vec::new() }
}

/// Returns the bytes that ask all `questions`; empty if there are none.
pub(crate) fn batch(questions: &[TerminalQuestion]) -> String {
    match questions {
        [] => String::new(),
        some => some.iter().map(|question| question.sequence()).chain([DEVICE_ATTRIBUTES]).collect(),
    }
}

/// The answers received. One thread stores them, others may wait for them.
#[derive(Debug, Default)]
pub(crate) struct Answers {
    given: Mutex<Given>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Given {
    /// When the batch was sent.
    asked: Option<Instant>,
    /// When the answer to DA1 arrived.
    complete: Option<Instant>,
    background: Option<Background>,
}

impl Answers {
    /// Records that the batch was sent.
    pub(crate) fn ask(&self) {
        self.lock().asked = Some(Instant::now());
    }

    /// Stores an answer. Returns the background if it reports that.
    pub(crate) fn take(&self, answer: &[u8]) -> Option<Background> {
        note(|| format!("the terminal answers {:?}", String::from_utf8_lossy(answer)));
        let mut given = self.lock();
        let background = background(answer);
        if background.is_some() {
            given.background = background;
        } else if answer.starts_with(b"\x1b[?") && answer.ends_with(b"c") && given.asked.is_some() {
            given.complete.get_or_insert_with(Instant::now);
        }
        drop(given);
        self.changed.notify_all();
        background
    }

    /// Returns whether answers may still come.
    pub(crate) fn are_expected(&self) -> bool {
        let given = self.lock();
        match (given.asked, given.complete) {
            (None, _) => false,
            (Some(_), None) => true,
            (Some(_), Some(complete)) => given.background.is_none() && complete.elapsed() < STRAGGLERS,
        }
    }

    /// Waits for the answers for up to [`ANSWER_TIMEOUT`], then returns the background.
    pub(crate) fn background(&self) -> Option<Background> {
        self.wait(ANSWER_TIMEOUT).background
    }

    /// Waits for missing answers until [`HANDOVER_TIMEOUT`] after the questions.
    pub(crate) fn wait_until_complete(&self) {
        drop(self.wait(HANDOVER_TIMEOUT));
    }

    /// Stops expecting answers.
    pub(crate) fn stop_waiting(&self) {
        self.lock().asked = None;
        self.changed.notify_all();
    }

    fn wait(&self, timeout: Duration) -> MutexGuard<'_, Given> {
        let given = self.lock();
        let left = given.asked.map_or(Duration::ZERO, |asked| timeout.saturating_sub(asked.elapsed()));
        let is_missing = |given: &mut Given| given.asked.is_some() && given.complete.is_none();
        wait_timeout_while(&self.changed, given, left, is_missing)
    }

    fn lock(&self) -> MutexGuard<'_, Given> {
        lock(&self.given)
    }
}

/// Parses the answer to OSC 11; `None` for other answers.
fn background(answer: &[u8]) -> Option<Background> {
    let colour = std::str::from_utf8(answer.strip_prefix(b"\x1b]11;")?).ok()?;
    let colour = colour.trim_end_matches(['\x07', '\x1b', '\\']);
    Some(Background::of(parse_colour(colour)?))
}

/// Parses an X11 colour with one to four hexadecimal digits per channel. Returns channels from 0 to 1.
fn parse_colour(text: &str) -> Option<[f64; 3]> {
    let channel = |digits: &str| {
        let most = 16_u32.checked_pow(u32::try_from(digits.len()).ok().filter(|count| (1..=4).contains(count))?)? - 1;
        Some(f64::from(u32::from_str_radix(digits, 16).ok()?) / f64::from(most))
    };
    let channels: Vec<&str> = match text.split_once(':') {
        Some(("rgb" | "rgba", channels)) => channels.split('/').collect(),
        _ => {
            let digits = text.strip_prefix('#').filter(|digits| digits.is_ascii() && digits.len() % 3 == 0)?;
            let width = digits.len() / 3;
            (0..3).filter_map(|at| digits.get(at * width..(at + 1) * width)).collect()
        }
    };
    match *channels {
        [red, green, blue] | [red, green, blue, _] => Some([channel(red)?, channel(green)?, channel(blue)?]),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn background_is_parsed_in_every_form() {
        for (answer, expected) in [
            ("\x1b]11;rgb:ffff/ffff/ffff\x1b\\", Some(Background::Light)),
            ("\x1b]11;rgb:ff/ff/ff\x07", Some(Background::Light)),
            ("\x1b]11;rgb:f/f/f\x07", Some(Background::Light)),
            ("\x1b]11;rgba:ffff/ffff/ffff/8000\x07", Some(Background::Light)),
            ("\x1b]11;#fdf6e3\x07", Some(Background::Light)),
            ("\x1b]11;rgb:fdfd/f6f6/e3e3\x1b", Some(Background::Light)),
            ("\x1b]11;rgb:0000/0000/0000\x1b\\", Some(Background::Dark)),
            ("\x1b]11;rgb:00/2b/36\x1b\\", Some(Background::Dark)),
            ("\x1b]11;rgb:ffff/ffff\x1b\\", None),
            ("\x1b]11;rgb:fffff/0/0\x1b\\", None),
            ("\x1b]11;#12é\x07", None),
            ("\x1b]11;?\x1b\\", None),
            ("\x1b]10;rgb:ffff/ffff/ffff\x1b\\", None),
            ("\x1b[?62c", None),
        ] {
            assert_eq!(background(answer.as_bytes()), expected, "{answer:?}");
        }
    }

    #[test]
    fn questions_are_sent_only_if_the_answer_is_used() {
        let asked = |variables: &[(&str, &str)]| {
            let get = |name: &str| variables.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
            batch(&questions(get))
        };
        assert_eq!(asked(&[("TERM", "xterm-256color")]), "\x1b]11;?\x1b\\\x1b[c");
        for term in ["", "dumb", "linux", "eterm-color"] {
            assert_eq!(asked(&[("TERM", term)]), "", "{term}");
        }
        assert_eq!(asked(&[("TERM", "xterm"), ("NO_COLOR", "1")]), "");
    }

    #[test]
    fn waiting_ends_with_the_last_answer() {
        let answers = Answers::default();
        assert!(answers.background().is_none() && !answers.are_expected(), "nothing was asked");
        answers.ask();
        assert!(answers.are_expected());
        assert_eq!(answers.take(b"\x1b]11;rgb:ff/ff/ff\x07"), Some(Background::Light));
        assert!(answers.are_expected());
        answers.take(b"\x1b[?62;22c");
        let began = Instant::now();
        assert_eq!(answers.background(), Some(Background::Light));
        assert!(began.elapsed() < ANSWER_TIMEOUT && !answers.are_expected());
    }
}
