//! Watches folders for changes. Reports changed paths only; the caller finds out the kind of change.

use std::io;
use std::path::{Path, PathBuf};

use notify::event::{MetadataKind, ModifyKind};
use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher};

/// A report of a watcher.
#[derive(Debug)]
pub(crate) enum FsEvent {
    /// These paths changed.
    Changed(Vec<PathBuf>),
    /// Events were lost: anything may have changed.
    Rescan,
    /// Some or all folders cannot be watched.
    Failed(WatchError),
    /// All folders that can be watched are watched from now on.
    Ready,
}

/// Why changes cannot be watched.
#[derive(Debug, thiserror::Error)]
pub(crate) enum WatchError {
    /// The system watches no more folders.
    #[error("Cannot watch for changes (the system's limit of watched folders is reached); press F5 to reload")]
    TooManyFolders,
    /// The system returned an error.
    #[error("Cannot watch for changes ({0}); press F5 to reload")]
    System(io::Error),
    /// Another reason.
    #[error("Cannot watch for changes; press F5 to reload")]
    Other,
}

impl From<notify::Error> for WatchError {
    fn from(error: notify::Error) -> WatchError {
        match error.kind {
            notify::ErrorKind::MaxFilesWatch => WatchError::TooManyFolders,
            notify::ErrorKind::Io(error) => WatchError::System(error),
            _ => WatchError::Other,
        }
    }
}

/// A watcher. Dropping it stops it.
pub(crate) struct Watch(RecommendedWatcher);

impl Watch {
    /// Creates a watcher that reports to `on_event`. It watches nothing yet.
    fn new(on_event: impl Fn(FsEvent) + Send + 'static) -> Result<Watch, WatchError> {
        let watcher = notify::recommended_watcher(move |event| {
            if let Some(disk) = classify(event) {
                on_event(disk);
            }
        })?;
        Ok(Watch(watcher))
    }

    fn add(&mut self, path: &Path, mode: RecursiveMode) -> Result<(), WatchError> {
        Ok(self.0.watch(path, mode)?)
    }

    /// Watches the files in `folder`, but not in the folders below it.
    pub(crate) fn folder(folder: &Path, on_event: impl Fn(FsEvent) + Send + 'static) -> Result<Watch, WatchError> {
        let mut watch = Watch::new(on_event)?;
        watch.add(folder, RecursiveMode::NonRecursive)?;
        Ok(watch)
    }

    /// Watches `folders` with everything below them, and the files in `parents`. Reads every folder, so it takes some
    /// time in a large tree. Returns `None` if nothing can be watched.
    pub(crate) fn trees(
        folders: &[PathBuf],
        parents: &[PathBuf],
        on_event: impl Fn(FsEvent) + Send + Clone + 'static,
    ) -> Option<Watch> {
        let mut watch = match Watch::new(on_event.clone()) {
            Ok(watch) => watch,
            Err(error) => {
                on_event(FsEvent::Failed(error));
                return None;
            }
        };
        let folders = folders.iter().map(|path| (path, RecursiveMode::Recursive));
        let parents = parents.iter().map(|path| (path, RecursiveMode::NonRecursive));
        let mut first_error = None;
        for (path, mode) in folders.chain(parents) {
            if let Err(error) = watch.add(path, mode) {
                first_error.get_or_insert(error);
            }
        }
        if let Some(error) = first_error {
            on_event(FsEvent::Failed(error));
        }
        on_event(FsEvent::Ready);
        Some(watch)
    }
}

fn classify(event: notify::Result<Event>) -> Option<FsEvent> {
    match event {
        Ok(event) if event.need_rescan() => Some(FsEvent::Rescan),
        Ok(Event { kind: EventKind::Access(_), .. }) => None,
        // Some systems report that reading a file changed its access time.
        Ok(Event { kind: EventKind::Modify(ModifyKind::Metadata(MetadataKind::AccessTime)), .. }) => None,
        Ok(event) => Some(FsEvent::Changed(event.paths)),
        // A folder vanished while it was being added. Its own event is reported as well.
        Err(error) if matches!(error.kind, notify::ErrorKind::PathNotFound) => None,
        Err(error) => Some(FsEvent::Failed(error.into())),
    }
}
