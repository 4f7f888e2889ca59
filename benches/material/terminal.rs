//! Runs the program in a pseudo-terminal and times its output.

use std::io::{Read, Write};
use std::path::Path;
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};

/// A frame is complete if nothing is written for this time.
const FRAME_PAUSE: Duration = Duration::from_millis(40);

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
        // An own library, so that marks of earlier runs have no effect.
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
                // The terminal queries are the first output, in one piece.
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

    /// Returns the time and length of the next output; `None` after `timeout`.
    pub(crate) fn next(&mut self, timeout: Duration) -> Option<(Instant, usize)> {
        self.output.recv_timeout(timeout).ok()
    }

    /// Waits until nothing is written for `pause`.
    pub(crate) fn wait_until_quiet(&mut self, pause: Duration) {
        while self.next(pause).is_some() {}
    }

    /// Presses a key. Returns the time until the first byte and the number of bytes.
    pub(crate) fn timed(&mut self, key: &str) -> (Option<Duration>, usize) {
        let pressed = Instant::now();
        self.press(key);
        let first = self.next(Duration::from_secs(2));
        let mut bytes = first.map_or(0, |(_, count)| count);
        while let Some((_, count)) = self.next(FRAME_PAUSE) {
            bytes += count;
        }
        (first.map(|(at, _)| at - pressed), bytes)
    }

    /// Returns the CPU time and the bytes written while nothing happens.
    pub(crate) fn idle(&mut self, time: Duration) -> (Duration, usize) {
        let busy = || {
            let id = self.child.process_id()?;
            let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
            let fields: Vec<&str> = stat.rsplit(") ").next()?.split(' ').collect();
            let ticks: u64 = [11, 12].iter().filter_map(|&at| fields.get(at)?.parse::<u64>().ok()).sum();
            // Linux reports 100 ticks a second.
            Some(Duration::from_millis(ticks * 10))
        };
        let before = busy().unwrap_or_default();
        let (start, mut written) = (Instant::now(), 0);
        while let Some(left) = time.checked_sub(start.elapsed()) {
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
