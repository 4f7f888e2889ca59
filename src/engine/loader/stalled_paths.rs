//! Paths on a disk that does not answer. They are not read again until it does.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::util::lock;

/// Files and folders that an abandoned thread still waits for.
pub(crate) struct StalledPaths {
    /// The shown paths by the paths without links.
    paths: Mutex<HashMap<PathBuf, PathBuf>>,
    count: AtomicUsize,
    on_answer: Box<dyn Fn(PathBuf) + Send + Sync>,
}

impl Default for StalledPaths {
    /// Creates a set that reports nothing.
    fn default() -> StalledPaths {
        StalledPaths::new(drop)
    }
}

impl StalledPaths {
    /// Creates an empty set. `on_answer` is called with each path, without links, that the disk answers in the end.
    pub(crate) fn new(on_answer: impl Fn(PathBuf) + Send + Sync + 'static) -> StalledPaths {
        StalledPaths { paths: Mutex::default(), count: AtomicUsize::new(0), on_answer: Box::new(on_answer) }
    }

    /// Adds the path `real`, which is shown as `shown`.
    pub(crate) fn add(&self, real: PathBuf, shown: PathBuf) {
        let mut paths = lock(&self.paths);
        paths.insert(real, shown);
        self.count.store(paths.len(), Ordering::Relaxed);
    }

    /// Returns whether there are any stalled paths.
    pub(crate) fn any(&self) -> bool {
        self.count.load(Ordering::Relaxed) > 0
    }

    /// Returns whether `real`, a path without links, is stalled.
    pub(crate) fn contains_real(&self, real: &Path) -> bool {
        self.any() && lock(&self.paths).contains_key(real)
    }

    /// Returns whether the file shown as `shown`, or a folder around it, is stalled.
    pub(crate) fn covers(&self, shown: &Path) -> bool {
        self.any() && lock(&self.paths).values().any(|path| shown.starts_with(path))
    }

    /// Removes a path because the disk has answered.
    pub(crate) fn answered(&self, real: &Path) {
        let mut paths = lock(&self.paths);
        let path = paths.remove(real);
        self.count.store(paths.len(), Ordering::Relaxed);
        drop(paths);
        if path.is_some() {
            (self.on_answer)(real.to_path_buf());
        }
    }
}
