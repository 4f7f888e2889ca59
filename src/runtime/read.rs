//! Reading one file whole, and never anything that is no file: a pipe or a device cannot make it wait.

use std::ffi::OsStr;
use std::fs::FileType;
use std::io;

use crate::corpus::Stamp;
use crate::loader::Refusal;

use super::walk::Folder;

/// A buffer that grew beyond this is given back after the file that needed it.
const KEPT: usize = 1 << 20;

/// Reads files one after the other into one buffer.
#[derive(Debug, Default)]
pub(super) struct FileReader {
    buffer: Vec<u8>,
}

impl FileReader {
    /// Reads the file `name` of `folder`, if it has at most `limit` bytes. None where its stamp is the one that is
    /// `known`; it is not even opened then.
    pub(super) fn read(
        &mut self,
        folder: &OpenFolder<'_>,
        name: &OsStr,
        limit: u64,
        known: Option<Stamp>,
    ) -> Result<Option<(&[u8], Stamp)>, Refusal> {
        if known.is_some_and(|known| known.size <= limit && sys::has_stamp(folder, name, known)) {
            return Ok(None);
        }
        if self.buffer.capacity() > KEPT {
            self.buffer = Vec::new();
        }
        self.buffer.clear();
        let stamp = sys::read(folder, name, limit, &mut self.buffer)?;
        Ok(Some((self.buffer.as_slice(), stamp)))
    }
}

pub(super) use sys::OpenFolder;

/// What the system said, as a clause: without the number that means nothing to a reader.
pub(super) fn refusal(error: &io::Error) -> Refusal {
    if sys::is_loop(error) {
        return Refusal::Loop;
    }
    let text = match error.kind() {
        io::ErrorKind::NotFound => "there is no such file or folder".to_owned(),
        io::ErrorKind::PermissionDenied => "you may not read it".to_owned(),
        _ => error.to_string(),
    };
    let text = text.split(" (os error").next().unwrap_or(&text);
    let mut chars = text.chars();
    let first = chars.next().map(|first| first.to_ascii_lowercase());
    Refusal::Unreadable(first.into_iter().chain(chars).collect())
}

/// What a thing that is neither file nor folder is called.
#[cfg(unix)]
pub(super) fn kind_of(file_type: FileType) -> &'static str {
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

/// What a thing that is neither file nor folder is called.
#[cfg(not(unix))]
pub(super) fn kind_of(_: FileType) -> &'static str {
    "something special"
}

#[cfg(unix)]
mod sys {
    use std::ffi::OsStr;
    use std::io;

    use rustix::buffer::spare_capacity;
    use rustix::fd::{AsFd, OwnedFd};
    use rustix::fs::{AtFlags, CWD, FileType, Mode, OFlags};

    use super::{Folder, refusal};
    use crate::corpus::Stamp;
    use crate::loader::Refusal;

    /// A folder that files are opened in, by their names alone: the system walks its path once.
    pub(in super::super) struct OpenFolder<'a> {
        folder: &'a Folder,
        fd: Option<OwnedFd>,
    }

    impl<'a> OpenFolder<'a> {
        pub(in super::super) fn new(folder: &'a Folder) -> OpenFolder<'a> {
            let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
            // A folder that may be entered but not listed still gives out files that are named.
            OpenFolder { folder, fd: rustix::fs::open(&*folder.real, flags, Mode::empty()).ok() }
        }

        fn open(&self, name: &OsStr) -> rustix::io::Result<OwnedFd> {
            // Nothing waits for the other end of a pipe, and no terminal becomes ours by being opened.
            let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK | OFlags::NOCTTY;
            match &self.fd {
                Some(fd) => rustix::fs::openat(fd.as_fd(), name, flags, Mode::empty()),
                None => rustix::fs::openat(CWD, self.folder.real.join(name), flags, Mode::empty()),
            }
        }
    }

    /// Whether this is a file with this stamp.
    pub(super) fn has_stamp(folder: &OpenFolder<'_>, name: &OsStr, stamp: Stamp) -> bool {
        let stat = match &folder.fd {
            Some(fd) => rustix::fs::statat(fd.as_fd(), name, AtFlags::empty()),
            None => rustix::fs::statat(CWD, folder.folder.real.join(name), AtFlags::empty()),
        };
        stat.is_ok_and(|stat| {
            // What nobody may read any more is refused when it is opened.
            let readable = Mode::from_raw_mode(stat.st_mode).intersects(Mode::RUSR | Mode::RGRP | Mode::ROTH);
            readable && FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile && stamp_of(&stat) == stamp
        })
    }

    pub(super) fn read(
        folder: &OpenFolder<'_>,
        name: &OsStr,
        limit: u64,
        buffer: &mut Vec<u8>,
    ) -> Result<Stamp, Refusal> {
        let told = |error: rustix::io::Errno| match error {
            // What opening a socket is answered with.
            rustix::io::Errno::NXIO => Refusal::NotRegular("a socket"),
            error => refusal(&io::Error::from(error)),
        };
        let file = folder.open(name).map_err(told)?;
        let stat = rustix::fs::fstat(&file).map_err(told)?;
        match FileType::from_raw_mode(stat.st_mode) {
            FileType::RegularFile => {}
            FileType::Fifo => return Err(Refusal::NotRegular("a pipe")),
            FileType::Socket => return Err(Refusal::NotRegular("a socket")),
            FileType::Directory => return Err(Refusal::NotRegular("a folder")),
            _ => return Err(Refusal::NotRegular("a device")),
        }
        let stamp = stamp_of(&stat);
        let size = stamp.size;
        if size > limit {
            return Err(Refusal::TooLarge { size, limit });
        }
        buffer.reserve(usize::try_from(size).unwrap_or(0).max(4096));
        loop {
            match rustix::io::read(&file, spare_capacity(buffer)) {
                Ok(0) => break,
                // The size is as good as an end of file, and one call less; what is written later changes the stamp.
                Ok(_) if size > 0 && buffer.len() as u64 == size => break,
                Ok(_) if buffer.len() as u64 > limit => {
                    return Err(Refusal::TooLarge { size: buffer.len() as u64, limit });
                }
                Ok(_) => buffer.reserve(4096),
                Err(rustix::io::Errno::INTR) => {}
                Err(error) => return Err(told(error)),
            }
        }
        Ok(stamp)
    }

    /// Whether the system gave up on links that lead to one another.
    pub(super) fn is_loop(error: &io::Error) -> bool {
        error.raw_os_error() == Some(rustix::io::Errno::LOOP.raw_os_error())
    }

    fn stamp_of(stat: &rustix::fs::Stat) -> Stamp {
        Stamp { size: u64::try_from(stat.st_size).unwrap_or(0), modified: nanoseconds(stat) }
    }

    #[allow(clippy::unnecessary_cast, reason = "the widths differ from system to system")]
    fn nanoseconds(stat: &rustix::fs::Stat) -> i64 {
        (stat.st_mtime as i64).saturating_mul(1_000_000_000).saturating_add(stat.st_mtime_nsec as i64)
    }
}

#[cfg(not(unix))]
mod sys {
    use std::ffi::OsStr;
    use std::fs::File;
    use std::io::Read;
    use std::time::UNIX_EPOCH;

    use super::{Folder, refusal};
    use crate::corpus::Stamp;
    use crate::loader::Refusal;

    pub(in super::super) struct OpenFolder<'a>(&'a Folder);

    impl<'a> OpenFolder<'a> {
        pub(in super::super) fn new(folder: &'a Folder) -> OpenFolder<'a> {
            OpenFolder(folder)
        }
    }

    /// Whether this is a file with this stamp.
    pub(super) fn has_stamp(folder: &OpenFolder<'_>, name: &OsStr, stamp: Stamp) -> bool {
        let metadata = std::fs::metadata(folder.0.real.join(name));
        metadata.is_ok_and(|metadata| metadata.is_file() && stamp_of(&metadata) == stamp)
    }

    pub(super) fn read(
        folder: &OpenFolder<'_>,
        name: &OsStr,
        limit: u64,
        buffer: &mut Vec<u8>,
    ) -> Result<Stamp, Refusal> {
        let file = File::open(folder.0.real.join(name)).map_err(|error| refusal(&error))?;
        let metadata = file.metadata().map_err(|error| refusal(&error))?;
        if !metadata.is_file() {
            return Err(Refusal::NotRegular("something special"));
        }
        let size = metadata.len();
        if size > limit {
            return Err(Refusal::TooLarge { size, limit });
        }
        file.take(limit).read_to_end(buffer).map_err(|error| refusal(&error))?;
        Ok(stamp_of(&metadata))
    }

    fn stamp_of(metadata: &std::fs::Metadata) -> Stamp {
        let modified = metadata.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
        let modified = modified.and_then(|since| i64::try_from(since.as_nanos()).ok()).unwrap_or(0);
        Stamp { size: metadata.len(), modified }
    }

    pub(super) fn is_loop(_: &std::io::Error) -> bool {
        false
    }
}
