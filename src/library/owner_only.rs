//! Folders and files that are made for their owner alone: logins stand in addresses of feeds, and what somebody reads and
//! notes down is nobody else's business.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io;
use std::path::Path;

/// Makes the folder with those above it, where they are not there.
///
/// # Errors
///
/// The system refuses it.
pub fn folder(path: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

/// Makes a file that is not there yet, to be written.
///
/// # Errors
///
/// There is something of that name, be it a link that leads nowhere; or the system refuses it.
pub fn new_file(path: &Path) -> io::Result<File> {
    options().create_new(true).open(path)
}

/// Opens a file to be written at its end, and makes it where there is none.
///
/// # Errors
///
/// The system refuses it.
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
