//! Locks by which open readers see each other.

use std::path::{Path, PathBuf};
use std::{fs, io};

use crate::library::owner_only;

/// Identifies a running reader by the nanosecond of its start. Each step has the id of its reader, so that two open
/// readers undo only their own steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ReaderId(pub i64);

impl ReaderId {
    /// Creates an id for a reader that starts now.
    pub fn new() -> ReaderId {
        let since = std::time::SystemTime::now().duration_since(std::time::SystemTime::UNIX_EPOCH);
        ReaderId(since.map_or(1, |since| i64::try_from(since.as_nanos()).unwrap_or(1)))
    }
}

impl Default for ReaderId {
    fn default() -> ReaderId {
        ReaderId::new()
    }
}

/// A locked file beside the library, by which other readers see that this one runs. Dropping it removes the file. The
/// system releases the lock even if the program is killed.
#[derive(Debug)]
pub struct ReaderLock {
    path: PathBuf,
    _file: fs::File,
}

impl ReaderLock {
    /// Creates and locks the file for a reader of the library at `library`. Removes files of readers that were killed.
    pub fn take(library: &Path, reader: ReaderId) -> io::Result<ReaderLock> {
        let path = lock_path(library, reader);
        for left in path.parent().and_then(|folder| fs::read_dir(folder).ok()).into_iter().flatten().flatten() {
            let name = left.file_name();
            let id = name.to_str().and_then(|name| name.strip_suffix(".lock")?.rsplit_once(".reader-"));
            if let Some((_, id)) = id
                && let Ok(id) = i64::from_str_radix(id, 16)
            {
                ReaderLock::is_held(library, ReaderId(id));
            }
        }
        // Rename it into place only once it is locked: other readers remove unlocked files.
        let unlocked = path.with_extension("new");
        let file = owner_only::new_file(&unlocked)?;
        file.lock()?;
        fs::rename(&unlocked, &path)?;
        Ok(ReaderLock { path, _file: file })
    }

    /// Returns whether a reader still runs. Removes the file that a killed reader left behind.
    pub fn is_held(library: &Path, reader: ReaderId) -> bool {
        let path = lock_path(library, reader);
        let Ok(file) = fs::OpenOptions::new().read(true).write(true).open(&path) else { return false };
        if let Err(fs::TryLockError::WouldBlock) = file.try_lock() {
            return true;
        }
        drop(file);
        let _ = fs::remove_file(&path);
        false
    }
}

impl Drop for ReaderLock {
    fn drop(&mut self) {
        // The next reader that starts removes a file that stays.
        let _ = fs::remove_file(&self.path);
    }
}

fn lock_path(library: &Path, reader: ReaderId) -> PathBuf {
    let real = library.canonicalize().unwrap_or_else(|_| library.to_owned());
    real.with_extension(format!("reader-{:x}.lock", reader.0))
}
