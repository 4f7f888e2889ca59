//! The state of a file on the disk, for the recognition of moved articles.

use std::fs;
use std::path::Path;

use crate::corpus::FileStamp;

/// The state of a file or folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileState {
    /// The file or folder exists.
    There {
        /// The size and the time of the last write.
        stamp: FileStamp,
        /// The time of the last write, rename or creation, in nanoseconds since 1970-01-01 00:00 UTC. `i64::MAX` if the
        /// system has no such time, as on Windows.
        changed: i64,
    },
    /// The file is missing from an existing folder that has other files.
    Missing,
    /// The folder is missing or empty: it was renamed or deleted, or its disk is not mounted.
    FolderMissing,
    /// The disk did not answer, or reading is not permitted.
    Unknown,
}

impl FileState {
    /// Asks the disk, which can take long.
    pub fn of(path: &Path) -> FileState {
        match fs::metadata(path).or_else(|_| fs::symlink_metadata(path)) {
            Ok(metadata) => FileState::There { stamp: stamp(&metadata), changed: changed(&metadata) },
            Err(error) if is_missing(&error) => {
                let first = path.parent().map(|folder| fs::read_dir(folder).map(|mut files| files.next()));
                match first {
                    Some(Ok(Some(_))) => FileState::Missing,
                    Some(Err(error)) if !is_missing(&error) => FileState::Unknown,
                    _ => FileState::FolderMissing,
                }
            }
            Err(_) => FileState::Unknown,
        }
    }
}

fn is_missing(error: &std::io::Error) -> bool {
    matches!(error.kind(), std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory)
}

fn stamp(metadata: &fs::Metadata) -> FileStamp {
    let since = metadata.modified().ok().map(|time| match time.duration_since(std::time::UNIX_EPOCH) {
        Ok(since) => i64::try_from(since.as_nanos()).unwrap_or(i64::MAX),
        Err(before) => i64::try_from(before.duration().as_nanos()).map_or(i64::MIN, |before| -before),
    });
    FileStamp { size: metadata.len(), modified: since.unwrap_or(0) }
}

#[cfg(unix)]
fn changed(metadata: &fs::Metadata) -> i64 {
    use std::os::unix::fs::MetadataExt;
    metadata.ctime().saturating_mul(1_000_000_000).saturating_add(metadata.ctime_nsec())
}

#[cfg(not(unix))]
fn changed(_: &fs::Metadata) -> i64 {
    i64::MAX
}
