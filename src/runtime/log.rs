//! `--log FILE`: what the program does, a line for each thing. While there is no file it costs one look at a flag.

use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;
use std::sync::{Mutex, OnceLock, PoisonError};

use chrono::{Local, SecondsFormat};

use crate::article::clean;

static LOG: OnceLock<Mutex<File>> = OnceLock::new();

/// How much a line matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// Something to know.
    Info,
    /// Something went wrong, and was dealt with.
    Warning,
    /// Something went wrong.
    Error,
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Level::Info => "info",
            Level::Warning => "warning",
            Level::Error => "error",
        })
    }
}

/// Writes to the end of the file at `path` from now on; only the first call counts.
pub fn open(path: &Path) -> io::Result<()> {
    let file = OpenOptions::new().create(true).append(true).open(path)?;
    let _ = LOG.set(Mutex::new(file));
    Ok(())
}

/// Writes a line, if there is a log.
pub fn line(level: Level, message: impl FnOnce() -> String) {
    let Some(log) = LOG.get() else { return };
    let line = format(level, &message());
    // A log that cannot be written is no reason to stop reading.
    let _ = log.lock().unwrap_or_else(PoisonError::into_inner).write_all(line.as_bytes());
}

fn format(level: Level, message: &str) -> String {
    let now = Local::now().to_rfc3339_opts(SecondsFormat::Millis, false);
    format!("{now} {level}: {}\n", clean(&message.replace('\n', " ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_is_one_safe_line() {
        let line = format(Level::Warning, "a\nb\x1b[2J");
        assert!(line.ends_with(" warning: a b␛[2J\n"), "{line:?}");
        assert_eq!(line.matches('\n').count(), 1);
    }
}
