//! The log of `--log FILE`. Without a file, a log call costs one check of a flag.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;
use std::sync::{Mutex, OnceLock};

use chrono::Local;

use crate::library::owner_only;
use crate::subscriptions::redact;
use crate::text::clean;
use crate::util::lock;

static LOG: OnceLock<Mutex<File>> = OnceLock::new();

/// Appends to the file at `path` from now on. Only the first call has an effect.
pub fn log_to(path: &Path) -> io::Result<()> {
    // The log contains paths and addresses.
    let file = owner_only::file_to_append(path)?;
    let _ = LOG.set(Mutex::new(file));
    Ok(())
}

/// Logs the result of `line`, if there is a log.
pub fn note(line: impl FnOnce() -> String) {
    let Some(log) = LOG.get() else { return };
    let line = entry(&line());
    // A failure to write the log is not reported.
    let _ = lock(log).write_all(line.as_bytes());
}

fn entry(line: &str) -> String {
    format!("{} {}\n", Local::now().format("%Y-%m-%d %H:%M:%S%.3f"), clean(&redact(&line.replace('\n', " "))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_hide_credentials() {
        assert!(entry("http://joe:pw@host/: refused").ends_with(" http://•••@host/: refused\n"));
    }

    #[test]
    fn entries_are_one_safe_line() {
        let entry = entry("a\nb\x1b[2J");
        assert!(entry.ends_with(" a b␛[2J\n"), "{entry:?}");
        assert_eq!(entry.matches('\n').count(), 1);
    }
}
