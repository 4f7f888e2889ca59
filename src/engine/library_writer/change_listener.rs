//! Notices that another program has written to the library.

use std::path::{Path, PathBuf};
use std::sync::mpsc::Sender;
use std::time::Duration;

use super::command::WriterCommand;
use crate::engine::corpus_service::watch::{FsEvent, Watch};

/// The time for which the library is checked after the system reported a change: SQLite writes to the file a moment
/// before other programs can see the change, and the system does not report that moment.
pub(super) const RECHECK_WINDOW: Duration = Duration::from_millis(600);

/// The interval of these checks.
pub(super) const RECHECK_INTERVAL: Duration = Duration::from_millis(60);

/// Watches the files of the library. Returns `None` if that is not possible.
pub(super) fn watch(path: &Path, commands: Sender<WriterCommand>) -> Option<Watch> {
    let name = path.file_name()?.to_string_lossy().into_owned();
    let is_of_library =
        move |path: &PathBuf| path.file_name().is_some_and(|file| file.to_string_lossy().starts_with(&name));
    let on_event = move |disk| {
        let is_change = match disk {
            FsEvent::Changed(paths) => paths.iter().any(&is_of_library),
            FsEvent::Rescan => true,
            FsEvent::Failed(_) | FsEvent::Ready => false,
        };
        if is_change {
            let _ = commands.send(WriterCommand::LibraryChanged);
        }
    };
    Watch::folder(path.parent()?, on_event).ok()
}
