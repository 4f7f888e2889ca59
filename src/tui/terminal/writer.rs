//! The thread that writes to the terminal. A slow terminal delays drawing and nothing else.
//!
//! It holds one frame at a time. While it writes, the event loop draws nothing and the next frame includes all changes,
//! so a slow link is never more than one frame behind.

use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread;

use crate::util::{lock, wait_while};

/// The maximum bytes of a chunk. Between chunks, the thread checks whether the rest is still wanted.
const CHUNK_SIZE: usize = 4096;

/// The handle of the thread. Dropping it ends the thread.
pub(crate) struct Writer {
    slot: Arc<FrameSlot>,
}

/// The frame that is passed to the thread.
#[derive(Default)]
struct FrameSlot {
    state: Mutex<SlotState>,
    changed: Condvar,
}

#[derive(Default)]
struct SlotState {
    /// The frame to write, or an empty one while the thread writes it.
    frame: Option<Vec<u8>>,
    /// Set if [`Writer::is_ready`] returned `false` since the last frame was written.
    is_awaited: bool,
    error: Option<io::Error>,
    is_closed: bool,
}

impl Writer {
    /// Starts the thread. `write_chunk` writes a chunk and returns whether to go on. `on_ready` is called when the
    /// thread becomes ready after [`is_ready`](Self::is_ready) returned `false`, and when a write fails.
    pub(crate) fn start(
        write_chunk: impl FnMut(&[u8]) -> io::Result<bool> + Send + 'static,
        on_ready: impl Fn() + Send + 'static,
    ) -> io::Result<Writer> {
        let slot = Arc::new(FrameSlot::default());
        let shared = Arc::clone(&slot);
        thread::Builder::new().name("terminal".to_owned()).spawn(move || shared.run(write_chunk, on_ready))?;
        Ok(Writer { slot })
    }

    /// Returns whether the last frame is written. If not, `on_ready` will be called. Returns the error of a failed
    /// write, once.
    pub(crate) fn is_ready(&self) -> io::Result<bool> {
        let mut state = self.slot.lock();
        if let Some(error) = state.error.take() {
            return Err(error);
        }
        state.is_awaited = state.frame.is_some();
        Ok(!state.is_awaited)
    }

    /// Passes a frame to the thread, which must be ready.
    pub(crate) fn write(&self, frame: Vec<u8>) {
        if !frame.is_empty() {
            self.slot.lock().frame = Some(frame);
            self.slot.changed.notify_all();
        }
    }

    /// Waits until the thread has written or dropped its frame.
    pub(crate) fn drain(&self) {
        let is_busy = |state: &mut SlotState| state.frame.is_some();
        drop(wait_while(&self.slot.changed, self.slot.lock(), is_busy));
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.slot.lock().is_closed = true;
        self.slot.changed.notify_all();
    }
}

impl FrameSlot {
    fn lock(&self) -> MutexGuard<'_, SlotState> {
        lock(&self.state)
    }

    fn run(&self, mut write_chunk: impl FnMut(&[u8]) -> io::Result<bool>, on_ready: impl Fn()) {
        while let Some(frame) = self.next_frame() {
            let mut result = Ok(true);
            let mut rest = frame.as_slice();
            while !rest.is_empty() && matches!(result, Ok(true)) {
                let (chunk, after) = rest.split_at(chunk_end(rest));
                result = write_chunk(chunk);
                rest = after;
            }
            let mut state = self.lock();
            state.frame = None;
            state.error = result.err();
            let must_notify = std::mem::take(&mut state.is_awaited) || state.error.is_some();
            drop(state);
            self.changed.notify_all();
            if must_notify {
                on_ready();
            }
        }
    }

    /// Waits for the next frame and replaces it by an empty one. Returns `None` after the writer was dropped.
    fn next_frame(&self) -> Option<Vec<u8>> {
        let is_idle = |state: &mut SlotState| state.frame.as_ref().is_none_or(Vec::is_empty) && !state.is_closed;
        let mut state = wait_while(&self.changed, self.lock(), is_idle);
        if state.is_closed { None } else { state.frame.as_mut().map(std::mem::take) }
    }
}

/// Returns the end of the first chunk. It is in front of a control sequence, so no sequence is cut if the rest of the
/// frame is dropped.
fn chunk_end(frame: &[u8]) -> usize {
    if frame.len() <= CHUNK_SIZE {
        return frame.len();
    }
    let starts_sequence = |at: &usize| frame.get(*at..).is_some_and(|rest| rest.starts_with(b"\x1b["));
    let before = (1..=CHUNK_SIZE).rev().find(starts_sequence);
    before.or_else(|| (CHUNK_SIZE + 1..frame.len()).find(starts_sequence)).unwrap_or(frame.len())
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Receiver, Sender, channel};

    use super::*;

    /// A terminal that accepts each chunk only when the test says so.
    struct SlowTerminal {
        chunks: Receiver<Vec<u8>>,
        results: Sender<io::Result<bool>>,
        ready: Receiver<()>,
        writer: Writer,
    }

    fn slow_terminal() -> SlowTerminal {
        let (chunk_sender, chunks) = channel();
        let (results, result_receiver) = channel();
        let (ready_sender, ready) = channel();
        let write_chunk = move |chunk: &[u8]| {
            chunk_sender.send(chunk.to_vec()).unwrap();
            result_receiver.recv().unwrap_or(Ok(false))
        };
        let writer = Writer::start(write_chunk, move || ready_sender.send(()).unwrap_or_default()).unwrap();
        SlowTerminal { chunks, results, ready, writer }
    }

    #[test]
    fn writer_reports_when_it_is_ready_again() {
        let terminal = slow_terminal();
        assert!(terminal.writer.is_ready().unwrap());
        terminal.writer.write(Vec::new());
        assert!(terminal.writer.is_ready().unwrap(), "an empty frame is not written");
        // The sequence at the limit belongs to the second chunk.
        terminal.writer.write([&[b'x'; CHUNK_SIZE - 2], b"\x1b[m".as_slice()].concat());
        assert_eq!(terminal.chunks.recv().unwrap().len(), CHUNK_SIZE - 2);
        assert!(!terminal.writer.is_ready().unwrap());
        terminal.results.send(Ok(true)).unwrap();
        assert_eq!(terminal.chunks.recv().unwrap(), b"\x1b[m");
        assert!(!terminal.writer.is_ready().unwrap());
        assert!(terminal.ready.try_recv().is_err());
        terminal.results.send(Ok(true)).unwrap();
        terminal.ready.recv().unwrap();
        assert!(terminal.writer.is_ready().unwrap());
        terminal.writer.write(vec![2]);
        assert_eq!(terminal.chunks.recv().unwrap(), [2]);
    }

    #[test]
    fn writer_drops_unwanted_chunks_and_reports_errors_once() {
        let terminal = slow_terminal();
        terminal.writer.write(b"\x1b[m".repeat(CHUNK_SIZE));
        terminal.chunks.recv().unwrap();
        assert!(!terminal.writer.is_ready().unwrap());
        terminal.results.send(Ok(false)).unwrap();
        terminal.writer.drain();
        terminal.ready.recv().unwrap();
        assert!(terminal.writer.is_ready().unwrap());
        terminal.writer.write(vec![2]);
        assert_eq!(terminal.chunks.recv().unwrap(), [2], "the rest of the first frame is dropped");
        terminal.results.send(Err(io::ErrorKind::BrokenPipe.into())).unwrap();
        terminal.ready.recv().unwrap();
        assert!(terminal.writer.is_ready().is_err());
        assert!(terminal.writer.is_ready().unwrap());
    }
}
