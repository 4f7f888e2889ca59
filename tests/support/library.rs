//! A library in a folder of its own.

use std::path::PathBuf;

use newsdesk::library::Library;

/// A folder with a library, which each call of `open` opens as another program.
pub(crate) struct TestLibrary {
    pub(crate) folder: tempfile::TempDir,
}

impl TestLibrary {
    pub(crate) fn new() -> TestLibrary {
        TestLibrary { folder: tempfile::tempdir().unwrap() }
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().join("library.db")
    }

    pub(crate) fn open(&self) -> Library {
        Library::open(&self.path()).unwrap()
    }
}
