//! Disk errors. SQLite hides the system error behind `SQLITE_IOERR`; writing a probe file next to the library recovers it.

use std::io::{self, Write};
use std::path::Path;

use rusqlite::ErrorCode;

use super::error::Error;
use crate::util::error_text;

/// The length of the probe, enough to need a block on the disk.
static PROBE_BYTES: [u8; 64 << 10] = [0; 64 << 10];

impl Error {
    /// Describes the error for the library at `path`. After a system error, probes the disk for the cause.
    pub fn in_words(&self, path: &Path) -> String {
        let Error::Sqlite(error) = self else { return self.to_string() };
        if error.sqlite_error_code() != Some(ErrorCode::SystemIoFailure) {
            return self.to_string();
        }
        match write_probe_file(path) {
            Ok(()) => self.to_string(),
            Err(why) => format!("{self} ({})", error_text(&why)),
        }
    }
}

/// Writes to an unnamed temporary file.
fn write_probe_file(path: &Path) -> io::Result<()> {
    let Some(folder) = path.parent() else { return Ok(()) };
    let mut file = tempfile::tempfile_in(folder)?;
    file.write_all(&PROBE_BYTES)?;
    file.sync_all()
}
