//! The log that `--log FILE` asks for: a line a thing worth knowing, with its time. Without it, nothing is done.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;
use std::sync::{Mutex, OnceLock};

static LOG: OnceLock<Mutex<File>> = OnceLock::new();

/// Logs to the file at `path` from now on, after what it holds.
pub fn log_to(path: &Path) -> io::Result<()> {
    let file = File::options().create(true).append(true).open(path)?;
    // A second call keeps the first file.
    let _ = LOG.set(Mutex::new(file));
    Ok(())
}

/// Logs what `line` gives, if there is a log.
pub fn note(line: impl FnOnce() -> String) {
    if let Some(log) = LOG.get()
        && let Ok(mut file) = log.lock()
    {
        let time = chrono::Local::now().format("%Y-%m-%d %H:%M:%S%.3f");
        // A log that cannot be written is no reason to disturb a reader.
        let _ = writeln!(file, "{time} {}", line());
    }
}
