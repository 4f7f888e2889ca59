//! What subcommands print: everything goes through [`Out`] or [`complain`], and no control gets past either. It is the
//! last look, not the only one: subcommands print what is safe already.
//!
//! Line feeds and tabs part lines and columns and stay. Colours are asked for by [`painted`], which puts signs around a
//! text that no text can hold after cleaning; what they become on a terminal is written down here and nowhere else.

use std::io::{self, BufWriter, IsTerminal, StdoutLock, Write};

use crate::subscriptions::redact;
use crate::text::clean;

/// So much is gathered before it is looked at and written.
const ENOUGH: usize = 1 << 16;

/// How a text stands out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    Bold,
    Italic,
    Dim,
    /// A hit of the term with this number.
    Hit(u16),
}

/// Ends a paint. It and the signs below are noncharacters, which [`clean`] leaves in no text.
const PLAIN: char = '\u{FDD0}';
/// The sign that begins a paint, and what a terminal is told for it. Hits have the colours that most terminals tell
/// apart best.
const PAINTS: [(char, &str); 10] = [
    (PLAIN, "\x1b[0m"),
    ('\u{FDD1}', "\x1b[1m"),
    ('\u{FDD2}', "\x1b[3m"),
    ('\u{FDD3}', "\x1b[2m"),
    ('\u{FDD4}', "\x1b[38;5;9m\x1b[1m"),
    ('\u{FDD5}', "\x1b[38;5;14m\x1b[1m"),
    ('\u{FDD6}', "\x1b[38;5;11m\x1b[1m"),
    ('\u{FDD7}', "\x1b[38;5;10m\x1b[1m"),
    ('\u{FDD8}', "\x1b[38;5;13m\x1b[1m"),
    ('\u{FDD9}', "\x1b[38;5;12m\x1b[1m"),
];
const HITS: usize = 6;

/// `text` so that [`Out`] prints it in this way, or plain where it prints no colours.
pub(super) fn painted(text: &str, paint: Style) -> String {
    let number = match paint {
        Style::Bold => 1,
        Style::Italic => 2,
        Style::Dim => 3,
        Style::Hit(term) => 4 + usize::from(term) % HITS,
    };
    PAINTS.get(number).map_or_else(|| text.to_owned(), |(sign, _)| format!("{sign}{text}{PLAIN}"))
}

/// Where a subcommand prints what it was asked for.
pub(super) struct Out<W: Write> {
    to: W,
    colours: bool,
    /// What was not looked at yet.
    waiting: Vec<u8>,
}

impl Out<BufWriter<StdoutLock<'static>>> {
    /// Standard output.
    #[expect(clippy::disallowed_methods, reason = "the one way to standard output")]
    pub(super) fn stdout(colours: bool) -> Self {
        Out::new(BufWriter::new(io::stdout().lock()), colours)
    }
}

impl<W: Write> Out<W> {
    /// Prints to `to`; without `colours` nothing is painted.
    pub(super) fn new(to: W, colours: bool) -> Out<W> {
        Out { to, colours, waiting: Vec::new() }
    }

    /// Makes the first `end` bytes of what waits safe and writes them.
    fn write_safely(&mut self, end: usize) -> io::Result<()> {
        let rest = self.waiting.split_off(end.min(self.waiting.len()));
        let bytes = std::mem::replace(&mut self.waiting, rest);
        let text = String::from_utf8_lossy(&bytes);
        let mut written = 0;
        // The first byte of what is painted with, or of other characters that are rare.
        for at in memchr::memchr2_iter(b'\t', 0xEF, text.as_bytes()) {
            let Some(c) = text.get(at..).and_then(|rest| rest.chars().next()) else { continue };
            let code = match PAINTS.iter().find(|(sign, _)| *sign == c) {
                Some((_, code)) if self.colours => code,
                Some(_) => "",
                _ if c == '\t' => "\t",
                _ => continue,
            };
            self.to.write_all(clean(text.get(written..at).unwrap_or("")).as_bytes())?;
            self.to.write_all(code.as_bytes())?;
            written = at + c.len_utf8();
        }
        self.to.write_all(clean(text.get(written..).unwrap_or("")).as_bytes())
    }
}

impl<W: Write> Write for Out<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // What waits is not looked through again with every piece of a long line.
        let end = memchr::memrchr(b'\n', bytes).map(|end| self.waiting.len() + end + 1);
        self.waiting.extend_from_slice(bytes);
        if let Some(end) = end.filter(|_| self.waiting.len() >= ENOUGH) {
            self.write_safely(end)?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.write_safely(self.waiting.len())?;
        self.to.flush()
    }
}

impl<W: Write> Drop for Out<W> {
    fn drop(&mut self) {
        // Where it matters it was flushed before, and heard of.
        let _ = self.flush();
    }
}

/// Writes a line to standard error, with credentials in addresses hidden. Ignores errors: there is nowhere else to
/// report them.
#[expect(clippy::disallowed_methods, reason = "the one way to standard error")]
pub(super) fn complain(line: &str) {
    let _ = writeln!(io::stderr(), "{}", clean(&redact(&line.replace('\n', " "))));
}

/// Whether somebody looks at standard output.
#[expect(clippy::disallowed_methods, reason = "nothing is written")]
pub(super) fn is_seen() -> bool {
    io::stdout().is_terminal()
}

/// Tells of a panic as of anything else that went wrong: its message may quote a text.
pub(super) fn tell_panics() {
    std::panic::set_hook(Box::new(|panic| {
        panic.to_string().lines().for_each(complain);
        let wanted = std::env::var_os("RUST_BACKTRACE").is_some_and(|value| value != "0");
        if wanted {
            std::backtrace::Backtrace::force_capture().to_string().lines().for_each(complain);
        }
    }));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn printed(text: &[u8], colours: bool) -> String {
        let mut printed = Vec::new();
        // A byte at a time, so that characters come in pieces.
        let mut out = Out::new(&mut printed, colours);
        text.iter().for_each(|byte| out.write_all(&[*byte]).unwrap());
        drop(out);
        String::from_utf8(printed).unwrap()
    }

    #[test]
    fn output_has_no_controls_except_line_feeds_and_tabs() {
        for colours in [true, false] {
            assert_eq!(printed(b"a\x1b[2J\tb\x9b\r\n\x7fc\n", colours), "a␛[2J\tb\u{FFFD} \n␡c\n");
            assert_eq!(printed("“Köln”\u{202e}\u{9b}ﬁ\u{feff}\n".as_bytes(), colours), "“Köln”\u{FFFD}ﬁ\n");
        }
    }

    #[test]
    fn colours_are_added_only_by_the_printer() {
        let text = format!("a {} {}", painted("b\x1b[1m", Style::Bold), painted("c", Style::Hit(7)));
        assert_eq!(printed(text.as_bytes(), true), "a \x1b[1mb␛[1m\x1b[0m \x1b[38;5;14m\x1b[1mc\x1b[0m");
        assert_eq!(printed(text.as_bytes(), false), "a b␛[1m c");
    }

    #[test]
    fn output_is_flushed_before_the_end() {
        let mut printed = Vec::new();
        let mut out = Out::new(&mut printed, false);
        for _ in 0..ENOUGH {
            out.write_all(b"line\n").unwrap();
        }
        assert!(out.waiting.len() < ENOUGH);
        drop(out);
        assert_eq!(printed.len(), ENOUGH * 5);
    }
}
