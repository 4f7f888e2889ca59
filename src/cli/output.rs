//! Output of subcommands. Everything goes through [`Out`] or [`print_error`], which remove control characters. This is
//! the second defence: subcommands sanitize their texts as well.
//!
//! Line feeds and tabs separate lines and columns and pass through. [`styled`] puts markers around a text that cannot
//! occur in sanitized text; [`Out`] replaces them with escape sequences or removes them.

use std::io::{self, BufWriter, IsTerminal, StdoutLock, Write};

use crate::subscriptions::redact;
use crate::text::clean;

/// The number of bytes to buffer before they are sanitized and written.
const BUFFER_SIZE: usize = 1 << 16;

/// The style of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    Bold,
    Italic,
    Dim,
    /// A hit of the query term with this number.
    Hit(u16),
}

/// The marker that ends a style. The markers are Unicode noncharacters, which [`clean`] removes from any text.
const RESET: char = '\u{FDD0}';
/// The markers and their escape sequences. The colours of hits are those that are easiest to tell apart on most
/// terminals.
const MARKERS: [(char, &str); 10] = [
    (RESET, "\x1b[0m"),
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
/// The number of colours for hits.
const HIT_COLOURS: usize = 6;

/// Returns `text` with markers, so that [`Out`] prints it in this style if it prints colours.
pub(super) fn styled(text: &str, style: Style) -> String {
    let number = match style {
        Style::Bold => 1,
        Style::Italic => 2,
        Style::Dim => 3,
        Style::Hit(term) => 4 + usize::from(term) % HIT_COLOURS,
    };
    MARKERS.get(number).map_or_else(|| text.to_owned(), |(marker, _)| format!("{marker}{text}{RESET}"))
}

/// The output of a subcommand: buffers, sanitizes and writes.
pub(super) struct Out<W: Write> {
    to: W,
    colours: bool,
    /// Bytes that are not yet sanitized and written.
    buffer: Vec<u8>,
}

impl Out<BufWriter<StdoutLock<'static>>> {
    /// Standard output.
    #[expect(clippy::disallowed_methods, reason = "the one way to standard output")]
    pub(super) fn stdout(colours: bool) -> Self {
        Out::new(BufWriter::new(io::stdout().lock()), colours)
    }
}

impl<W: Write> Out<W> {
    /// Creates an output that writes to `to`. Styles are dropped unless `colours` is set.
    pub(super) fn new(to: W, colours: bool) -> Out<W> {
        Out { to, colours, buffer: Vec::new() }
    }

    /// Sanitizes and writes the first `end` bytes of the buffer.
    fn write_sanitized(&mut self, end: usize) -> io::Result<()> {
        let rest = self.buffer.split_off(end.min(self.buffer.len()));
        let bytes = std::mem::replace(&mut self.buffer, rest);
        let text = String::from_utf8_lossy(&bytes);
        let mut written = 0;
        // 0xEF is the first byte of every marker, and of a few other characters.
        for at in memchr::memchr2_iter(b'\t', 0xEF, text.as_bytes()) {
            let Some(c) = text.get(at..).and_then(|rest| rest.chars().next()) else { continue };
            let code = match MARKERS.iter().find(|(marker, _)| *marker == c) {
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
        // Only the new bytes are searched, so that long lines written in pieces take linear time.
        let end = memchr::memrchr(b'\n', bytes).map(|end| self.buffer.len() + end + 1);
        self.buffer.extend_from_slice(bytes);
        if let Some(end) = end.filter(|_| self.buffer.len() >= BUFFER_SIZE) {
            self.write_sanitized(end)?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.write_sanitized(self.buffer.len())?;
        self.to.flush()
    }
}

impl<W: Write> Drop for Out<W> {
    fn drop(&mut self) {
        // Callers flush before if they need to know of errors.
        let _ = self.flush();
    }
}

/// Writes a line to standard error, with credentials in addresses hidden. Ignores errors: there is nowhere else to
/// report them.
#[expect(clippy::disallowed_methods, reason = "the one way to standard error")]
pub(super) fn print_error(line: &str) {
    let _ = writeln!(io::stderr(), "{}", clean(&redact(&line.replace('\n', " "))));
}

/// Returns whether standard output is a terminal.
#[expect(clippy::disallowed_methods, reason = "nothing is written")]
pub(super) fn stdout_is_terminal() -> bool {
    io::stdout().is_terminal()
}

/// Prints panics like other errors, because a panic message may quote an article.
pub(super) fn print_panics() {
    std::panic::set_hook(Box::new(|panic| {
        panic.to_string().lines().for_each(print_error);
        let backtrace = std::env::var_os("RUST_BACKTRACE").is_some_and(|value| value != "0");
        if backtrace {
            std::backtrace::Backtrace::force_capture().to_string().lines().for_each(print_error);
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
        let text = format!("a {} {}", styled("b\x1b[1m", Style::Bold), styled("c", Style::Hit(7)));
        assert_eq!(printed(text.as_bytes(), true), "a \x1b[1mb␛[1m\x1b[0m \x1b[38;5;14m\x1b[1mc\x1b[0m");
        assert_eq!(printed(text.as_bytes(), false), "a b␛[1m c");
    }

    #[test]
    fn output_is_written_before_the_end() {
        let mut printed = Vec::new();
        let mut out = Out::new(&mut printed, false);
        for _ in 0..BUFFER_SIZE {
            out.write_all(b"line\n").unwrap();
        }
        assert!(out.buffer.len() < BUFFER_SIZE);
        drop(out);
        assert_eq!(printed.len(), BUFFER_SIZE * 5);
    }
}
