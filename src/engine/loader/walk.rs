//! Looking into one folder: which files, folders and links it holds, and what is to be passed over.

use std::ffi::{OsStr, OsString};
use std::fs::{self, FileType};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::extensions::is_passed_over;
use super::file_reader::{kind_of, refusal};
use super::source::LoadOptions;
use crate::article::{Problem, ReadError};

/// A folder that articles are read from.
#[derive(Debug)]
pub(crate) struct SourceFolder {
    /// Its path, beginning as the reader typed it.
    pub(crate) shown: Arc<Path>,
    /// What the identities of its articles are worked out from: the resolved root, and the way from there.
    pub(crate) place: PathBuf,
    /// Its path without links; what the system is asked with.
    pub(crate) real: PathBuf,
    /// The folder that it was found in.
    parent: Option<Arc<SourceFolder>>,
}

impl SourceFolder {
    /// A folder that was named, and not found in another one. `real` is its path without links.
    pub(crate) fn root(shown: &Path, real: PathBuf) -> SourceFolder {
        SourceFolder { shown: Arc::from(shown), place: real.clone(), real, parent: None }
    }

    /// The folder `name` of this one.
    pub(crate) fn child(self: &Arc<SourceFolder>, name: &OsStr) -> SourceFolder {
        self.linked(name, self.real.join(name))
    }

    /// The folder that the link `name` of this one leads to.
    pub(crate) fn linked(self: &Arc<SourceFolder>, name: &OsStr, real: PathBuf) -> SourceFolder {
        SourceFolder {
            shown: Arc::from(self.shown.join(name)),
            place: self.place.join(name),
            real,
            parent: Some(Arc::clone(self)),
        }
    }

    /// Whether a link from here to `target` would lead round in a circle.
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

/// One thing in a folder.
#[derive(Debug)]
pub(crate) enum FolderEntry {
    /// A file to be read.
    File(OsString),
    /// A folder.
    Folder(OsString),
    /// A link to a folder, and where it leads.
    Link(OsString, PathBuf),
    /// A file that is surely no article, by this ending.
    PassedOver(&'static str),
    /// Something that cannot be read.
    Refused(Problem),
}

/// Tells what `folder` holds, in no order.
pub(crate) fn look_into(folder: &SourceFolder, options: &LoadOptions, found: &mut dyn FnMut(FolderEntry)) {
    let entries = match fs::read_dir(&folder.real) {
        Ok(entries) => entries,
        Err(error) => {
            return found(FolderEntry::Refused(Problem::refused(folder.shown.to_path_buf(), &refusal(&error))));
        }
    };
    for entry in entries {
        let (name, file_type) = match entry.and_then(|entry| Ok((entry.file_name(), entry.file_type()?))) {
            Ok(known) => known,
            Err(error) => {
                found(FolderEntry::Refused(Problem::refused(folder.shown.to_path_buf(), &refusal(&error))));
                continue;
            }
        };
        if let Some(thing) = sort(folder, name, file_type, options) {
            found(thing);
        }
    }
}

/// What the thing `name` in `folder` is; none where it is hidden.
pub(crate) fn sort(
    folder: &SourceFolder,
    name: OsString,
    file_type: FileType,
    options: &LoadOptions,
) -> Option<FolderEntry> {
    if !options.hidden && name.as_encoded_bytes().starts_with(b".") {
        return None;
    }
    let refused =
        |name: &OsStr, refusal: &ReadError| FolderEntry::Refused(Problem::refused(folder.shown.join(name), refusal));
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
            Err(error) => refused(&name, &refusal(&error)),
        }
    } else if file_type.is_dir() {
        FolderEntry::Folder(name)
    } else if let Some(ending) = is_passed_over(&name) {
        FolderEntry::PassedOver(ending)
    } else if file_type.is_file() {
        FolderEntry::File(name)
    } else {
        refused(&name, &ReadError::NotRegular(kind_of(file_type)))
    })
}

/// Why a link leads nowhere.
fn broken(error: &io::Error) -> ReadError {
    match error.kind() {
        io::ErrorKind::NotFound => ReadError::Unreadable("the link leads to nothing".to_owned()),
        _ => refusal(error),
    }
}
