//! The files and folders that a new version of the corpus no longer contains.

use std::cell::Cell;
use std::collections::{HashMap, HashSet};
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crate::corpus::{ArticleRef, Origin};

/// The removed files and folders, by the paths that are shown.
#[derive(Debug, Default)]
pub(crate) struct RemovedSet {
    files: HashMap<OsString, HashSet<OsString>>,
    /// Folders that are removed with everything in them.
    below: Vec<PathBuf>,
    /// Folders that are read again, so that their problems are reported again.
    pub(crate) again: Vec<PathBuf>,
    /// The address of the folder of the last article, and its removal. Articles of a folder mostly come one after the
    /// other, and comparing paths is slow.
    last: Cell<Option<(usize, Removal)>>,
}

#[derive(Clone, Copy, Debug)]
enum Removal {
    All,
    Some,
    None,
}

impl RemovedSet {
    /// Adds the file at `path`.
    pub(crate) fn file(&mut self, path: &Path) {
        let (Some(dir), Some(name)) = (path.parent(), path.file_name()) else { return };
        self.files.entry(dir.into()).or_default().insert(name.into());
    }

    /// Adds the folder at `path` with everything in it.
    pub(crate) fn folder(&mut self, path: &Path) {
        self.below.push(path.to_path_buf());
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.files.is_empty() && self.below.is_empty()
    }

    /// Returns whether an article is removed.
    pub(crate) fn contains(&self, entry: ArticleRef<'_>) -> bool {
        if entry.origin() != Origin::File {
            return false;
        }
        let Some((dir, name)) = entry.place() else { return false };
        let address = dir.as_os_str().as_encoded_bytes().as_ptr() as usize;
        let removal = match self.last.get() {
            Some((last, removal)) if last == address => removal,
            _ => self.removal_in(dir),
        };
        self.last.set(Some((address, removal)));
        match removal {
            Removal::All => true,
            Removal::None => false,
            Removal::Some => self.files.get(dir.as_os_str()).is_some_and(|names| names.contains(name)),
        }
    }

    /// Returns whether earlier problems of `path` no longer hold.
    pub(crate) fn contains_path(&self, path: &Path) -> bool {
        let named = || {
            let names = self.files.get(path.parent()?.as_os_str())?;
            Some(names.contains(path.file_name()?))
        };
        self.below.iter().chain(&self.again).any(|folder| path.starts_with(folder)) || named() == Some(true)
    }

    fn removal_in(&self, dir: &Path) -> Removal {
        if self.below.iter().any(|folder| dir.starts_with(folder)) {
            Removal::All
        } else if self.files.contains_key(dir.as_os_str()) {
            Removal::Some
        } else {
            Removal::None
        }
    }
}
