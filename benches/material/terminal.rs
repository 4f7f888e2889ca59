//! The program in a pseudo-terminal, with a clock on what it writes.

use std::io::{Read, Write};
use std::path::Path;
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};

/// A frame is over when nothing was written for so long.
const PAUSE: Duration = Duration::from_millis(40);

pub(crate) struct Terminal {
    _master: Box<dyn MasterPty + Send>,
    _library: tempfile::TempDir,
    input: Arc<Mutex<Box<dyn Write + Send>>>,
    child: Box<dyn Child + Send + Sync>,
    output: Receiver<(Instant, usize)>,
}

impl Terminal {
    pub(crate) fn open(program: &str, folder: &Path, columns: u16, rows: u16) -> Terminal {
        let size = PtySize { rows, cols: columns, pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size).unwrap();
        let mut command = CommandBuilder::new(program);
        command.arg(folder);
        command.env("TERM", "xterm-256color");
        // What a former run left of marks and places is none of this one's.
        let library = tempfile::tempdir().unwrap();
        command.env("NEWSDESK_LIBRARY", library.path().join("library.db"));
        let child = pair.slave.spawn_command(command).unwrap();
        let mut reader = pair.master.try_clone_reader().unwrap();
        let input = Arc::new(Mutex::new(pair.master.take_writer().unwrap()));
        let answers = Arc::clone(&input);
        let (sender, output) = channel();
        std::thread::spawn(move || {
            let mut buffer = vec![0; 1 << 16];
            while let Ok(count @ 1..) = reader.read(&mut buffer) {
                // The questions come first, in one piece.
                if buffer[..count].ends_with(b"\x1b[c") {
                    answers.lock().unwrap().write_all(b"\x1b]11;rgb:1c1c/1c1c/1c1c\x1b\\\x1b[?62;22c").unwrap();
                    continue;
                }
                if sender.send((Instant::now(), count)).is_err() {
                    break;
                }
            }
        });
        Terminal { _master: pair.master, _library: library, input, child, output }
    }

    pub(crate) fn press(&mut self, keys: &str) {
        self.input.lock().unwrap().write_all(keys.as_bytes()).unwrap();
    }

    /// What is written next, and when; none where nothing is for so long.
    pub(crate) fn next(&mut self, patience: Duration) -> Option<(Instant, usize)> {
        self.output.recv_timeout(patience).ok()
    }

    /// Waits until nothing was written for so long.
    pub(crate) fn quiet(&mut self, pause: Duration) {
        while self.next(pause).is_some() {}
    }

    /// Presses a key; tells when the first byte came, and how many came in all.
    pub(crate) fn timed(&mut self, key: &str) -> (Option<Duration>, usize) {
        let pressed = Instant::now();
        self.press(key);
        let first = self.next(Duration::from_secs(2));
        let mut bytes = first.map_or(0, |(_, count)| count);
        while let Some((_, count)) = self.next(PAUSE) {
            bytes += count;
        }
        (first.map(|(at, _)| at - pressed), bytes)
    }

    /// The time of a core and the bytes that it takes while nothing happens.
    pub(crate) fn idle(&mut self, time: Duration) -> (Duration, usize) {
        let busy = || {
            let id = self.child.process_id()?;
            let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
            let fields: Vec<&str> = stat.rsplit(") ").next()?.split(' ').collect();
            let ticks: u64 = [11, 12].iter().filter_map(|&at| fields.get(at)?.parse::<u64>().ok()).sum();
            // A hundred ticks a second, as Linux tells them to programs.
            Some(Duration::from_millis(ticks * 10))
        };
        let before = busy().unwrap_or_default();
        let (began, mut written) = (Instant::now(), 0);
        while let Some(left) = time.checked_sub(began.elapsed()) {
            written += self.output.recv_timeout(left).map_or(0, |(_, count)| count);
        }
        (busy().unwrap_or_default().saturating_sub(before), written)
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
