//! The thread that writes to the terminal, so that a terminal that takes its time, or takes nothing, holds up nothing
//! but the drawing.
//!
//! It has one frame at a time. While it writes, the loop draws nothing: what it would have drawn is part of the next
//! frame, so a slow link never has more than one frame to catch up with.

use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread;

use crate::util::{lock, wait_while};

/// How much is written at once, in bytes: between two pieces it is seen whether the rest is still wanted.
const PIECE: usize = 4096;

/// The thread, as seen from the loop. It ends when this is dropped.
pub(crate) struct Writer {
    tray: Arc<Tray>,
}

#[derive(Default)]
struct Tray {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    /// What is to be written; it stays until all of it is.
    frame: Option<Vec<u8>>,
    /// Whether somebody asked for room while there was none.
    asked: bool,
    error: Option<io::Error>,
    closed: bool,
}

impl Writer {
    /// Starts the thread. `put` writes a piece and says whether the next is wanted. `free` is called when there is room
    /// after it was asked for in vain, and when writing has failed.
    pub(crate) fn start(
        put: impl FnMut(&[u8]) -> io::Result<bool> + Send + 'static,
        free: impl Fn() + Send + 'static,
    ) -> io::Result<Writer> {
        let tray = Arc::new(Tray::default());
        let own = Arc::clone(&tray);
        thread::Builder::new().name("terminal".to_owned()).spawn(move || own.run(put, free))?;
        Ok(Writer { tray })
    }

    /// Whether there is room for a frame; where there is none, `free` will be called. The error is the one with which
    /// writing ended.
    pub(crate) fn has_room(&self) -> io::Result<bool> {
        let mut state = self.tray.lock();
        if let Some(error) = state.error.take() {
            return Err(error);
        }
        state.asked = state.frame.is_some();
        Ok(!state.asked)
    }

    /// Hands over what is to be written, when there is room for it.
    pub(crate) fn write(&self, frame: Vec<u8>) {
        if !frame.is_empty() {
            self.tray.lock().frame = Some(frame);
            self.tray.changed.notify_all();
        }
    }

    /// Waits until nothing of what was handed over is left to be written. It is for when it is no longer wanted, and
    /// would come up again when something is.
    pub(crate) fn settle(&self) {
        let writing = |state: &mut State| state.frame.is_some();
        drop(self.tray.changed.wait_while(self.tray.lock(), writing));
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.tray.lock().closed = true;
        self.tray.changed.notify_all();
    }
}

impl Tray {
    fn lock(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }

    fn run(&self, mut put: impl FnMut(&[u8]) -> io::Result<bool>, free: impl Fn()) {
        while let Some(frame) = self.next() {
            let mut written = Ok(true);
            let mut rest = frame.as_slice();
            while !rest.is_empty() && matches!(written, Ok(true)) {
                let (piece, after) = rest.split_at(end_of_piece(rest));
                written = put(piece);
                rest = after;
            }
            let mut state = self.lock();
            state.frame = None;
            state.error = written.err();
            let tell = std::mem::take(&mut state.asked) || state.error.is_some();
            drop(state);
            self.changed.notify_all();
            if tell {
                free();
            }
        }
    }

    /// The next frame, of which an empty one is left behind; none when there will be no more.
    fn next(&self) -> Option<Vec<u8>> {
        let idle = |state: &mut State| state.frame.as_ref().is_none_or(Vec::is_empty) && !state.closed;
        let mut state = wait_while(&self.changed, self.lock(), idle);
        if state.closed { None } else { state.frame.as_mut().map(std::mem::take) }
    }
}

/// Where a piece ends: before a sequence that moves or colours, so that what comes in place of the rest cuts none in two.
fn end_of_piece(frame: &[u8]) -> usize {
    if frame.len() <= PIECE {
        return frame.len();
    }
    let begins = |at: &usize| frame.get(*at..).is_some_and(|rest| rest.starts_with(b"\x1b["));
    let before = (1..=PIECE).rev().find(begins);
    before.or_else(|| (PIECE + 1..frame.len()).find(begins)).unwrap_or(frame.len())
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Receiver, Sender, channel};

    use super::*;

    /// A terminal that takes a piece when it is told to.
    struct Link {
        taken: Receiver<Vec<u8>>,
        answers: Sender<io::Result<bool>>,
        freed: Receiver<()>,
        writer: Writer,
    }

    fn link() -> Link {
        let (give, taken) = channel();
        let (answers, told) = channel();
        let (free, freed) = channel();
        let put = move |piece: &[u8]| {
            give.send(piece.to_vec()).unwrap();
            told.recv().unwrap_or(Ok(false))
        };
        let writer = Writer::start(put, move || free.send(()).unwrap_or_default()).unwrap();
        Link { taken, answers, freed, writer }
    }

    #[test]
    fn writer_reports_when_the_last_frame_is_written() {
        let link = link();
        assert!(link.writer.has_room().unwrap());
        link.writer.write(Vec::new());
        assert!(link.writer.has_room().unwrap(), "nothing is nothing to write");
        // The sequence that would be cut is part of the second piece.
        link.writer.write([&[b'x'; PIECE - 2], b"\x1b[m".as_slice()].concat());
        assert_eq!(link.taken.recv().unwrap().len(), PIECE - 2);
        assert!(!link.writer.has_room().unwrap());
        link.answers.send(Ok(true)).unwrap();
        assert_eq!(link.taken.recv().unwrap(), b"\x1b[m");
        assert!(!link.writer.has_room().unwrap());
        assert!(link.freed.try_recv().is_err());
        link.answers.send(Ok(true)).unwrap();
        link.freed.recv().unwrap();
        assert!(link.writer.has_room().unwrap());
        link.writer.write(vec![2]);
        assert_eq!(link.taken.recv().unwrap(), [2]);
    }

    #[test]
    fn writer_drops_stale_frames_and_reports_an_error_once() {
        let link = link();
        link.writer.write(b"\x1b[m".repeat(PIECE));
        link.taken.recv().unwrap();
        assert!(!link.writer.has_room().unwrap());
        link.answers.send(Ok(false)).unwrap();
        link.writer.settle();
        link.freed.recv().unwrap();
        assert!(link.writer.has_room().unwrap());
        link.writer.write(vec![2]);
        assert_eq!(link.taken.recv().unwrap(), [2], "the rest of the first is gone");
        link.answers.send(Err(io::ErrorKind::BrokenPipe.into())).unwrap();
        link.freed.recv().unwrap();
        assert!(link.writer.has_room().is_err());
        assert!(link.writer.has_room().unwrap());
    }
}
