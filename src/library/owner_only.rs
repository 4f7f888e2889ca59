//! Private folders and files, with permissions for the owner only, because the library contains logins and notes.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io;
use std::path::Path;

/// Creates a folder and its missing parents.
///
/// # Errors
///
/// Returns an error if the system refuses it.
pub fn folder(path: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

/// Creates a new file for writing.
///
/// # Errors
///
/// Returns an error if the name exists, even as a broken link, or if the system refuses it.
pub fn new_file(path: &Path) -> io::Result<File> {
    options().create_new(true).open(path)
}

/// Opens a file for appending, or creates it.
///
/// # Errors
///
/// Returns an error if the system refuses it.
pub fn file_to_append(path: &Path) -> io::Result<File> {
    options().create(true).append(true).open(path)
}

fn options() -> OpenOptions {
    let mut options = File::options();
    options.write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}
