//! What is wrong with the disk that the library is on. SQLite says of most errors of the system that there was one, and
//! keeps to itself which: what writing beside the library is answered with tells more.

use std::io::{self, Write};
use std::path::Path;

use rusqlite::ErrorCode;

use super::Error;
use crate::util::error_text;

/// Enough to need room of its own on the disk.
static TRIAL: [u8; 64 << 10] = [0; 64 << 10];

impl Error {
    /// The error in words, for the library at `path`. Where the system failed, the disk is asked why.
    pub fn in_words(&self, path: &Path) -> String {
        let Error::Sqlite(error) = self else { return self.to_string() };
        if error.sqlite_error_code() != Some(ErrorCode::SystemIoFailure) {
            return self.to_string();
        }
        match write_beside(path) {
            Ok(()) => self.to_string(),
            Err(why) => format!("{self} ({})", error_text(&why)),
        }
    }
}

/// Tries to write to a file without a name, of which nothing is left behind.
fn write_beside(path: &Path) -> io::Result<()> {
    let Some(folder) = path.parent() else { return Ok(()) };
    let mut trial = tempfile::tempfile_in(folder)?;
    trial.write_all(&TRIAL)?;
    trial.sync_all()
}
