//! Hearing that somebody else has written to the library.

use std::path::{Path, PathBuf};
use std::sync::mpsc::Sender;
use std::time::Duration;

use notify::{RecursiveMode, Watcher};

use super::WriterCommand;

/// For how long after the system has told of it, and how often: SQLite writes to the file a moment before others can see
/// it, and what comes then is told by nobody.
pub(super) const AFTER: (Duration, Duration) = (Duration::from_millis(600), Duration::from_millis(60));

/// Listens for others' writing to the library.
pub(super) fn watch(path: &Path, orders: Sender<WriterCommand>) -> Option<notify::RecommendedWatcher> {
    let name = path.file_name()?.to_string_lossy().into_owned();
    let folder = path.parent()?;
    let mut watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
        let Ok(event) = event else { return };
        let of_library =
            |path: &PathBuf| path.file_name().is_some_and(|file| file.to_string_lossy().starts_with(&name));
        if !event.kind.is_access() && event.paths.iter().any(of_library) {
            let _ = orders.send(WriterCommand::Disk);
        }
    })
    .ok()?;
    watcher.watch(folder, RecursiveMode::NonRecursive).ok()?;
    Some(watcher)
}
