//! Lists one folder: its files, folders and links, without skipped ones.

use std::ffi::{OsStr, OsString};
use std::fs::{self, FileType};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::extensions::skipped_extension;
use super::read_error::{kind_of, read_error};
use super::source::LoadOptions;
use crate::article::{Problem, ReadError};

/// A folder with articles.
#[derive(Debug)]
pub(crate) struct SourceFolder {
    /// The path that is shown; it starts as the reader typed it.
    pub(crate) shown: Arc<Path>,
    /// The path that identifies its articles: the resolved root, and the path from there.
    pub(crate) place: PathBuf,
    /// The path without links, for system calls.
    pub(crate) real: PathBuf,
    /// The folder that contains it.
    parent: Option<Arc<SourceFolder>>,
}

impl SourceFolder {
    /// Creates a folder that the reader named. `real` is its path without links.
    pub(crate) fn root(shown: &Path, real: PathBuf) -> SourceFolder {
        SourceFolder { shown: Arc::from(shown), place: real.clone(), real, parent: None }
    }

    /// Creates the folder `name` in this one.
    pub(crate) fn child(self: &Arc<SourceFolder>, name: &OsStr) -> SourceFolder {
        self.linked(name, self.real.join(name))
    }

    /// Creates the target folder of the link `name` in this one.
    pub(crate) fn linked(self: &Arc<SourceFolder>, name: &OsStr, real: PathBuf) -> SourceFolder {
        SourceFolder {
            shown: Arc::from(self.shown.join(name)),
            place: self.place.join(name),
            real,
            parent: Some(Arc::clone(self)),
        }
    }

    /// Returns whether a link from here to `target` would make a loop.
    pub(crate) fn is_within(&self, target: &Path) -> bool {
        let mut above = Some(self);
        while let Some(folder) = above {
            if folder.real.starts_with(target) {
                return true;
            }
            above = folder.parent.as_deref();
        }
        false
    }
}

/// An entry of a folder.
#[derive(Debug)]
pub(crate) enum FolderEntry {
    /// A file to be read.
    File(OsString),
    /// A folder.
    Folder(OsString),
    /// A link to a folder, and its target.
    Link(OsString, PathBuf),
    /// A file that is skipped because of this extension.
    Skipped(&'static str),
    /// An entry that cannot be read.
    Refused(Problem),
}

/// Passes the entries of `folder` to `found`, in no particular order.
pub(crate) fn read_folder(folder: &SourceFolder, options: &LoadOptions, found: &mut dyn FnMut(FolderEntry)) {
    let entries = match fs::read_dir(&folder.real) {
        Ok(entries) => entries,
        Err(error) => {
            return found(FolderEntry::Refused(Problem::refused(folder.shown.to_path_buf(), &read_error(&error))));
        }
    };
    for entry in entries {
        let (name, file_type) = match entry.and_then(|entry| Ok((entry.file_name(), entry.file_type()?))) {
            Ok(known) => known,
            Err(error) => {
                found(FolderEntry::Refused(Problem::refused(folder.shown.to_path_buf(), &read_error(&error))));
                continue;
            }
        };
        if let Some(thing) = classify(folder, name, file_type, options) {
            found(thing);
        }
    }
}

/// Classifies the entry `name` of `folder`. Returns `None` if it is hidden.
pub(crate) fn classify(
    folder: &SourceFolder,
    name: OsString,
    file_type: FileType,
    options: &LoadOptions,
) -> Option<FolderEntry> {
    if !options.hidden && name.as_encoded_bytes().starts_with(b".") {
        return None;
    }
    let refused =
        |name: &OsStr, error: &ReadError| FolderEntry::Refused(Problem::refused(folder.shown.join(name), error));
    let is_link = file_type.is_symlink();
    let file_type = if is_link {
        match fs::metadata(folder.real.join(&name)) {
            Ok(metadata) => metadata.file_type(),
            Err(error) => return Some(refused(&name, &broken(&error))),
        }
    } else {
        file_type
    };
    Some(if file_type.is_dir() && is_link {
        match fs::canonicalize(folder.real.join(&name)) {
            Ok(target) if folder.is_within(&target) => refused(&name, &ReadError::Loop),
            Ok(target) => FolderEntry::Link(name, target),
            Err(error) => refused(&name, &read_error(&error)),
        }
    } else if file_type.is_dir() {
        FolderEntry::Folder(name)
    } else if let Some(extension) = skipped_extension(&name) {
        FolderEntry::Skipped(extension)
    } else if file_type.is_file() {
        FolderEntry::File(name)
    } else {
        refused(&name, &ReadError::NotRegular(kind_of(file_type)))
    })
}

/// Returns the error of a broken link.
fn broken(error: &io::Error) -> ReadError {
    match error.kind() {
        io::ErrorKind::NotFound => ReadError::Unreadable("the link leads to nothing".to_owned()),
        _ => read_error(error),
    }
}
