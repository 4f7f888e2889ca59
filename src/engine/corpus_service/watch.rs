//! Hearing of changes on disk. What changed is told as paths; what that means for the articles is the archive's to
//! find out.

use std::path::PathBuf;

use notify::event::{MetadataKind, ModifyKind};
use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher};

/// What the disk tells.
#[derive(Debug)]
pub(crate) enum FsEvent {
    /// Something happened to these paths.
    Changed(Vec<PathBuf>),
    /// So much happened that nobody knows what.
    Anything,
    /// Changes cannot be heard of, or not of all folders; says why, in a sentence.
    Deaf(String),
    /// From here on changes are heard of.
    Listening,
}

/// Listens as long as it lives.
pub(crate) struct Watch {
    _watcher: RecommendedWatcher,
}

impl Watch {
    /// Listens to `folders` with all that is below them, and to what stands in `parents`. Looks into every folder, so
    /// it takes its time in a large tree.
    pub(crate) fn start(
        folders: &[PathBuf],
        parents: &[PathBuf],
        tell: impl Fn(FsEvent) + Send + Clone + 'static,
    ) -> Option<Watch> {
        let heard = tell.clone();
        let watcher = notify::recommended_watcher(move |event| {
            if let Some(disk) = sort(event) {
                heard(disk);
            }
        });
        let mut watcher = match watcher {
            Ok(watcher) => watcher,
            Err(error) => {
                tell(FsEvent::Deaf(reason(&error)));
                return None;
            }
        };
        let folders = folders.iter().map(|path| (path, RecursiveMode::Recursive));
        let mut deaf = None;
        for (path, mode) in folders.chain(parents.iter().map(|path| (path, RecursiveMode::NonRecursive))) {
            if let Err(error) = watcher.watch(path, mode) {
                deaf.get_or_insert_with(|| reason(&error));
            }
        }
        if let Some(reason) = deaf {
            tell(FsEvent::Deaf(reason));
        }
        tell(FsEvent::Listening);
        Some(Watch { _watcher: watcher })
    }
}

fn sort(event: notify::Result<Event>) -> Option<FsEvent> {
    match event {
        Ok(event) if event.need_rescan() => Some(FsEvent::Anything),
        Ok(Event { kind: EventKind::Access(_), .. }) => None,
        // What reading it leaves behind, on systems that tell.
        Ok(Event { kind: EventKind::Modify(ModifyKind::Metadata(MetadataKind::AccessTime)), .. }) => None,
        Ok(event) => Some(FsEvent::Changed(event.paths)),
        // A folder that vanished while it was looked into; its own event comes as well.
        Err(error) if matches!(error.kind, notify::ErrorKind::PathNotFound) => None,
        Err(error) => Some(FsEvent::Deaf(reason(&error))),
    }
}

fn reason(error: &notify::Error) -> String {
    match &error.kind {
        notify::ErrorKind::MaxFilesWatch => {
            "The system's limit of watched folders is reached; changes show when all is read again".to_owned()
        }
        notify::ErrorKind::Io(error) => {
            format!("Changes on disk are not heard of ({error}); they show when all is read again")
        }
        _ => "Changes on disk are not heard of; they show when all is read again".to_owned(),
    }
}
