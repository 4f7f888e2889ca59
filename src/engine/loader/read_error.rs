//! Errors of the system while files are read.

use std::fs::FileType;
use std::io;

use crate::article::ReadError;
use crate::util::error_text;

/// Converts a system error. The text is a clause without the error number.
pub(crate) fn read_error(error: &io::Error) -> ReadError {
    if is_loop(error) {
        return ReadError::Loop;
    }
    let text = match error.kind() {
        io::ErrorKind::NotFound => "no such file or folder".to_owned(),
        io::ErrorKind::PermissionDenied => "you may not read it".to_owned(),
        _ => error_text(error),
    };
    let mut chars = text.chars();
    let first = chars.next().map(|first| first.to_ascii_lowercase());
    ReadError::Unreadable(first.into_iter().chain(chars).collect())
}

/// Describes a path that is neither a file nor a folder.
#[cfg(unix)]
pub(crate) fn kind_of(file_type: FileType) -> &'static str {
    use std::os::unix::fs::FileTypeExt;
    if file_type.is_fifo() {
        "a pipe"
    } else if file_type.is_socket() {
        "a socket"
    } else if file_type.is_char_device() || file_type.is_block_device() {
        "a device"
    } else {
        "something special"
    }
}

/// Describes a path that is neither a file nor a folder.
#[cfg(not(unix))]
pub(crate) fn kind_of(_: FileType) -> &'static str {
    "something special"
}

/// Returns whether the error is a loop of links.
#[cfg(unix)]
fn is_loop(error: &io::Error) -> bool {
    error.raw_os_error() == Some(rustix::io::Errno::LOOP.raw_os_error())
}

/// Returns whether the error is a loop of links.
#[cfg(not(unix))]
fn is_loop(_: &io::Error) -> bool {
    false
}
