//! Reads one whole file. Pipes and devices are rejected, so they cannot block the reader.

use std::ffi::OsStr;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::article::ReadError;
use crate::corpus::FileStamp;

use super::heartbeat::Heartbeat;
use super::memory_budget::{MemoryBudget, Permit};
use super::read_error::read_error;
use super::walk::SourceFolder;

/// A buffer that grew beyond this is freed after the file that needed it.
const MAX_RETAINED: usize = 1 << 20;

/// The minimum number of bytes per read. Larger reads are a quarter of the bytes already read, so that stopping does
/// not wait for all of a large file on a slow disk.
const CHUNK: usize = 1 << 20;

/// A source of the bytes of a file.
trait ByteSource {
    /// Appends bytes up to the capacity of the buffer. Returns their number, 0 at the end of the file.
    fn read_into(&mut self, buffer: &mut Vec<u8>) -> io::Result<usize>;
}

/// A source that records each answer of the disk.
struct WithHeartbeat<'a, B>(B, &'a Heartbeat);

impl<B: ByteSource> ByteSource for WithHeartbeat<'_, B> {
    fn read_into(&mut self, buffer: &mut Vec<u8>) -> io::Result<usize> {
        self.1.waiting(|| self.0.read_into(buffer))
    }
}

/// A file in memory.
pub(crate) struct ReadFile<'a> {
    pub(crate) bytes: &'a [u8],
    pub(crate) stamp: FileStamp,
    /// Held while the bytes are in use.
    _permit: Permit<'a>,
}

/// The state that a file reader shares with the pool.
#[derive(Clone, Copy)]
pub(crate) struct ReadContext<'c, 'a> {
    /// Shows that the thread waits for the disk.
    pub(crate) heartbeat: &'c Heartbeat,
    pub(crate) budget: &'a MemoryBudget,
    pub(crate) stop: &'c AtomicBool,
}

/// Reads files one after the other into one buffer.
#[derive(Debug, Default)]
pub(crate) struct FileReader {
    buffer: Vec<u8>,
}

impl FileReader {
    /// Reads the file `name` of `folder` if it has at most `limit` bytes, waiting for the memory budget if it is large.
    /// Returns `None`, without opening the file, if its stamp equals `known`.
    ///
    /// # Errors
    ///
    /// Returns an error if the file cannot be read, or if loading is stopped.
    pub(crate) fn read<'a>(
        &'a mut self,
        folder: &OpenFolder<'_>,
        name: &OsStr,
        limit: u64,
        known: Option<FileStamp>,
        context: ReadContext<'_, 'a>,
    ) -> Result<Option<ReadFile<'a>>, ReadError> {
        let ReadContext { heartbeat, budget, stop } = context;
        let is_known =
            |known: FileStamp| known.size <= limit && heartbeat.waiting(|| sys::has_stamp(folder, name, known));
        if known.is_some_and(is_known) {
            return Ok(None);
        }
        if self.buffer.capacity() > MAX_RETAINED {
            self.buffer = Vec::new();
        }
        self.buffer.clear();
        let (file, stamp) = heartbeat.waiting(|| sys::open(folder, name))?;
        if stamp.size > limit {
            return Err(ReadError::TooLarge { size: stamp.size, limit });
        }
        let permit = budget.acquire_large(stamp.size, stop);
        fill(&mut WithHeartbeat(file, heartbeat), stamp.size, limit, &mut self.buffer, stop)?;
        Ok(Some(ReadFile { bytes: self.buffer.as_slice(), stamp, _permit: permit }))
    }
}

/// Reads a file to its end, but not beyond `limit`. `size` is its size when it was opened. If the size changed since, the
/// stamp shows that on the next scan.
fn fill(
    file: &mut impl ByteSource,
    size: u64,
    limit: u64,
    buffer: &mut Vec<u8>,
    stop: &AtomicBool,
) -> Result<(), ReadError> {
    loop {
        if buffer.len() == buffer.capacity() {
            let left = usize::try_from(size).unwrap_or(0).saturating_sub(buffer.len());
            buffer.reserve_exact(left.clamp(4096, CHUNK.max(buffer.len() / 4)));
        }
        match file.read_into(buffer) {
            Ok(0) => return Ok(()),
            // Reaching the size saves the call that returns the end of file. Later writes change the stamp.
            Ok(_) if size > 0 && buffer.len() as u64 == size => return Ok(()),
            Ok(_) if buffer.len() as u64 > limit => {
                return Err(ReadError::TooLarge { size: buffer.len() as u64, limit });
            }
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(read_error(&error)),
        }
        if stop.load(Ordering::Relaxed) {
            return Err(ReadError::Unreadable("loading was stopped".to_owned()));
        }
    }
}

pub(crate) use sys::OpenFolder;

#[cfg(unix)]
mod sys {
    use std::ffi::OsStr;
    use std::io;

    use rustix::buffer::spare_capacity;
    use rustix::fd::{AsFd, OwnedFd};
    use rustix::fs::{AtFlags, CWD, FileType, Mode, OFlags};

    use super::{ByteSource, SourceFolder};
    use crate::article::ReadError;
    use crate::corpus::FileStamp;
    use crate::engine::loader::read_error::read_error;

    impl ByteSource for OwnedFd {
        fn read_into(&mut self, buffer: &mut Vec<u8>) -> io::Result<usize> {
            Ok(rustix::io::read(&*self, spare_capacity(buffer))?)
        }
    }

    /// A folder in which files are opened by name, so that the system resolves its path only once.
    pub(crate) struct OpenFolder<'a> {
        folder: &'a SourceFolder,
        fd: Option<OwnedFd>,
    }

    impl<'a> OpenFolder<'a> {
        pub(crate) fn new(folder: &'a SourceFolder) -> OpenFolder<'a> {
            let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
            // In a folder that cannot be listed, named files can still be opened.
            OpenFolder { folder, fd: rustix::fs::open(&*folder.real, flags, Mode::empty()).ok() }
        }

        fn open(&self, name: &OsStr) -> rustix::io::Result<OwnedFd> {
            // Do not wait for the other end of a pipe, and do not acquire a terminal.
            let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK | OFlags::NOCTTY;
            match &self.fd {
                Some(fd) => rustix::fs::openat(fd.as_fd(), name, flags, Mode::empty()),
                None => rustix::fs::openat(CWD, self.folder.real.join(name), flags, Mode::empty()),
            }
        }
    }

    /// Returns whether this is a file with this stamp.
    pub(crate) fn has_stamp(folder: &OpenFolder<'_>, name: &OsStr, stamp: FileStamp) -> bool {
        let stat = match &folder.fd {
            Some(fd) => rustix::fs::statat(fd.as_fd(), name, AtFlags::empty()),
            None => rustix::fs::statat(CWD, folder.folder.real.join(name), AtFlags::empty()),
        };
        stat.is_ok_and(|stat| {
            // A file without read permission fails when it is opened.
            let readable = Mode::from_raw_mode(stat.st_mode).intersects(Mode::RUSR | Mode::RGRP | Mode::ROTH);
            readable && FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile && stamp_of(&stat) == stamp
        })
    }

    pub(crate) fn open(folder: &OpenFolder<'_>, name: &OsStr) -> Result<(OwnedFd, FileStamp), ReadError> {
        let open_error = |error: rustix::io::Errno| match error {
            // The error of opening a socket.
            rustix::io::Errno::NXIO => ReadError::NotRegular("a socket"),
            error => read_error(&io::Error::from(error)),
        };
        let file = folder.open(name).map_err(open_error)?;
        let stat = rustix::fs::fstat(&file).map_err(open_error)?;
        match FileType::from_raw_mode(stat.st_mode) {
            FileType::RegularFile => {}
            FileType::Fifo => return Err(ReadError::NotRegular("a pipe")),
            FileType::Socket => return Err(ReadError::NotRegular("a socket")),
            FileType::Directory => return Err(ReadError::NotRegular("a folder")),
            _ => return Err(ReadError::NotRegular("a device")),
        }
        Ok((file, stamp_of(&stat)))
    }

    fn stamp_of(stat: &rustix::fs::Stat) -> FileStamp {
        FileStamp { size: u64::try_from(stat.st_size).unwrap_or(0), modified: nanoseconds(stat) }
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
    use std::io::{self, Read};
    use std::time::UNIX_EPOCH;

    use super::{ByteSource, SourceFolder};
    use crate::article::ReadError;
    use crate::corpus::FileStamp;
    use crate::engine::loader::read_error::read_error;

    impl ByteSource for File {
        fn read_into(&mut self, buffer: &mut Vec<u8>) -> io::Result<usize> {
            let space = (buffer.capacity() - buffer.len()) as u64;
            self.take(space).read_to_end(buffer)
        }
    }

    pub(crate) struct OpenFolder<'a>(&'a SourceFolder);

    impl<'a> OpenFolder<'a> {
        pub(crate) fn new(folder: &'a SourceFolder) -> OpenFolder<'a> {
            OpenFolder(folder)
        }
    }

    /// Returns whether this is a file with this stamp.
    pub(crate) fn has_stamp(folder: &OpenFolder<'_>, name: &OsStr, stamp: FileStamp) -> bool {
        let metadata = std::fs::metadata(folder.0.real.join(name));
        metadata.is_ok_and(|metadata| metadata.is_file() && stamp_of(&metadata) == stamp)
    }

    pub(crate) fn open(folder: &OpenFolder<'_>, name: &OsStr) -> Result<(File, FileStamp), ReadError> {
        let file = File::open(folder.0.real.join(name)).map_err(|error| read_error(&error))?;
        let metadata = file.metadata().map_err(|error| read_error(&error))?;
        if !metadata.is_file() {
            return Err(ReadError::NotRegular("something special"));
        }
        let stamp = stamp_of(&metadata);
        Ok((file, stamp))
    }

    fn stamp_of(metadata: &std::fs::Metadata) -> FileStamp {
        let modified = metadata.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
        let modified = modified.and_then(|since| i64::try_from(since.as_nanos()).ok()).unwrap_or(0);
        FileStamp { size: metadata.len(), modified }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;
    use std::sync::mpsc;
    use std::thread;
    use std::time::{Duration, Instant};

    use super::*;

    /// A source that returns a script of results.
    struct ScriptedSource(VecDeque<io::Result<Vec<u8>>>);

    impl ByteSource for ScriptedSource {
        fn read_into(&mut self, buffer: &mut Vec<u8>) -> io::Result<usize> {
            let Some(piece) = self.0.pop_front() else { return Ok(0) };
            let piece = piece?;
            let space = (buffer.capacity() - buffer.len()).min(piece.len());
            buffer.extend_from_slice(&piece[..space]);
            if space < piece.len() {
                self.0.push_front(Ok(piece[space..].to_vec()));
            }
            Ok(space)
        }
    }

    fn read(
        pieces: impl IntoIterator<Item = io::Result<Vec<u8>>>,
        size: u64,
        limit: u64,
    ) -> Result<Vec<u8>, ReadError> {
        let mut buffer = Vec::new();
        fill(&mut ScriptedSource(pieces.into_iter().collect()), size, limit, &mut buffer, &AtomicBool::new(false))?;
        Ok(buffer)
    }

    #[test]
    fn read_errors_keep_their_cause_and_signals_are_retried() {
        let failed = |kind: i32| read([Ok(vec![b'a'; 10]), Err(io::Error::from_raw_os_error(kind))], 20, 100);
        // EIO and ESTALE.
        assert_eq!(failed(5), Err(ReadError::Unreadable("input/output error".to_owned())));
        assert!(matches!(failed(116), Err(ReadError::Unreadable(_))));
        let interrupted = [Ok(vec![b'a'; 10]), Err(io::ErrorKind::Interrupted.into()), Ok(vec![b'b'; 10])];
        assert_eq!(read(interrupted, 20, 100).unwrap().len(), 20);
    }

    #[test]
    fn files_that_change_size_while_read_stay_within_the_limit() {
        assert_eq!(read([Ok(vec![b'a'; 10])], 20, 100).unwrap(), [b'a'; 10]);
        assert_eq!(read([Ok(vec![b'a'; 30])], 20, 100).unwrap().len(), 30);
        assert_eq!(read((0..5).map(|_| Ok(vec![b'a'; 7])), 0, 100).unwrap().len(), 35);
        let endless = (0..100).map(|_| Ok(vec![b'a'; 3_000]));
        assert!(matches!(read(endless, 1_000, 100_000), Err(ReadError::TooLarge { size, .. }) if size < 110_000));
        let large: Vec<u8> = (0..5_000_000u32).map(|number| number as u8).collect();
        assert!(read([Ok(large.clone())], 5_000_000, 6_000_000).unwrap() == large);
    }

    #[test]
    fn stopping_does_not_wait_for_the_rest_of_a_slow_file() {
        struct Slow(mpsc::Receiver<()>);
        impl ByteSource for Slow {
            fn read_into(&mut self, buffer: &mut Vec<u8>) -> io::Result<usize> {
                self.0.recv().map_err(|_| io::Error::other("the sender is gone"))?;
                buffer.push(b'a');
                Ok(1)
            }
        }
        let (send, pieces) = mpsc::channel();
        let stop = AtomicBool::new(false);
        thread::scope(|scope| {
            let reading = scope.spawn(|| fill(&mut Slow(pieces), 1_000, 1_000, &mut Vec::new(), &stop));
            send.send(()).unwrap();
            stop.store(true, Ordering::Relaxed);
            let _ = send.send(());
            assert_eq!(reading.join().unwrap(), Err(ReadError::Unreadable("loading was stopped".to_owned())));
        });
    }

    #[test]
    fn large_files_take_turns_and_small_ones_do_not_wait() {
        let (budget, stop) = (MemoryBudget::new(400 << 20), AtomicBool::new(false));
        let first = budget.acquire_large(60 << 20, &stop);
        drop(budget.acquire_large(1 << 20, &stop));
        thread::scope(|scope| {
            let second = scope.spawn(|| {
                drop(budget.acquire_large(60 << 20, &stop));
                Instant::now()
            });
            let released = Instant::now();
            assert!(!second.is_finished());
            drop(first);
            assert!(second.join().unwrap() >= released);
        });
        // Stopping ends the wait.
        let _first = budget.acquire_large(60 << 20, &stop);
        thread::scope(|scope| {
            let second = scope.spawn(|| drop(budget.acquire_large(60 << 20, &stop)));
            stop.store(true, Ordering::Relaxed);
            let began = Instant::now();
            second.join().unwrap();
            assert!(began.elapsed() < Duration::from_secs(10));
        });
    }
}
