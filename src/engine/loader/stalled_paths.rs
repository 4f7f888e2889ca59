//! What the disk has not answered: nobody asks for it a second time, and when the answer comes somebody hears of it.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::util::lock;

/// Files and folders that a thread waits for, though nobody waits for that thread.
pub(crate) struct StalledPaths {
    /// By their paths without links, as they are shown.
    paths: Mutex<HashMap<PathBuf, PathBuf>>,
    count: AtomicUsize,
    tell: Box<dyn Fn(PathBuf) + Send + Sync>,
}

impl Default for StalledPaths {
    /// Whose answers nobody hears of.
    fn default() -> StalledPaths {
        StalledPaths::new(drop)
    }
}

impl StalledPaths {
    /// `tell` hears of each path, without links, that is answered in the end.
    pub(crate) fn new(tell: impl Fn(PathBuf) + Send + Sync + 'static) -> StalledPaths {
        StalledPaths { paths: Mutex::default(), count: AtomicUsize::new(0), tell: Box::new(tell) }
    }

    /// Notes that there is no answer for `real`, which is shown as `shown`.
    pub(crate) fn add(&self, real: PathBuf, shown: PathBuf) {
        let mut paths = lock(&self.paths);
        paths.insert(real, shown);
        self.count.store(paths.len(), Ordering::Relaxed);
    }

    /// Whether there is anything at all.
    pub(crate) fn any(&self) -> bool {
        self.count.load(Ordering::Relaxed) > 0
    }

    /// Whether there is no answer for this path, which is one without links.
    pub(crate) fn holds(&self, real: &Path) -> bool {
        self.any() && lock(&self.paths).contains_key(real)
    }

    /// Whether there is no answer for what is shown as this, or for a folder around it.
    pub(crate) fn shows(&self, shown: &Path) -> bool {
        self.any() && lock(&self.paths).values().any(|path| shown.starts_with(path))
    }

    /// The disk has answered.
    pub(crate) fn answered(&self, real: &Path) {
        let mut paths = lock(&self.paths);
        let path = paths.remove(real);
        self.count.store(paths.len(), Ordering::Relaxed);
        drop(paths);
        if path.is_some() {
            (self.tell)(real.to_path_buf());
        }
    }
}
