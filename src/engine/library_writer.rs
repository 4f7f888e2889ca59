//! The library writer: saves the reader's changes on one thread, confirms them once they are on the disk, and reports
//! changes by other programs.
//!
//! No other thread waits for it. A failed write is retried, and nothing is confirmed before it is saved.

mod change_listener;
mod command;
mod pending;
pub(crate) mod rescue;
mod writer_thread;

use std::io;
use std::path::PathBuf;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use super::event::Event;
use super::loader::source::{Source, session_key};
use crate::library::ReaderId;
use crate::util::DeadlineWorker;
pub(crate) use command::WriterCommand;
use rescue::RescueOutcome;
use writer_thread::WriterThread;

/// The time that saving at exit may take before a notice says that the disk is slow.
const SLOW_NOTICE_DELAY: Duration = Duration::from_secs(2);

/// The time limit for resolving the paths of the sources.
const RESOLVE_TIMEOUT: Duration = Duration::from_secs(1);

/// The handle of the library writer. Dropping it waits until everything is saved, or cannot be.
pub(crate) struct LibraryWriter {
    commands: Sender<WriterCommand>,
    /// Disconnected when the thread ends.
    ended: Receiver<()>,
    thread: Option<JoinHandle<Option<RescueOutcome>>>,
}

impl LibraryWriter {
    /// Opens the library at `path` on a new thread, and sends its content and all reports to `on_event`. `reader` is
    /// the owner of new steps, `sources` are the open ones.
    ///
    /// # Errors
    ///
    /// Returns an error if the system provides no thread.
    pub(crate) fn start(
        path: Option<PathBuf>,
        reader: ReaderId,
        sources: Vec<Source>,
        on_event: impl FnMut(Event) + Send + 'static,
    ) -> io::Result<LibraryWriter> {
        let (commands, inbox) = mpsc::channel();
        let own = commands.clone();
        let (end, ended) = mpsc::channel::<()>();
        let thread = thread::Builder::new().name("library".to_owned()).spawn(move || {
            // Marks are saved even if the disk of the articles hangs; the session is then not restored.
            let resolve = DeadlineWorker::new(RESOLVE_TIMEOUT, |sources: Vec<Source>| session_key(&sources));
            let session_key = resolve.call(sources).flatten();
            let rescued = WriterThread::new(path, reader, session_key, on_event).run(&inbox, own);
            drop(end);
            rescued
        })?;
        Ok(LibraryWriter { commands, ended, thread: Some(thread) })
    }

    /// Sends a command.
    pub(crate) fn send(&self, command: WriterCommand) {
        // Sending fails only if the thread panicked.
        let _ = self.commands.send(command);
    }

    /// Returns a function that saves everything and waits for that. It is called if a signal ends the program without
    /// [`close`](Self::close).
    #[cfg(unix)]
    pub(crate) fn flush_handle(&self) -> impl Fn() + Send + 'static {
        let commands = self.commands.clone();
        move || {
            let (held, done) = mpsc::channel();
            let _ = commands.send(WriterCommand::CloseAndNotify(held));
            let _ = done.recv();
        }
    }

    /// Waits until everything is saved. Returns what happened to changes that could not be saved. Calls `slow` if it
    /// takes longer than a moment.
    pub(crate) fn close(&mut self, slow: impl FnOnce()) -> Option<RescueOutcome> {
        self.send(WriterCommand::Close);
        if self.thread.is_some() && self.ended.recv_timeout(SLOW_NOTICE_DELAY) == Err(RecvTimeoutError::Timeout) {
            slow();
        }
        self.thread.take()?.join().ok().flatten()
    }
}

impl Drop for LibraryWriter {
    fn drop(&mut self) {
        self.close(|| {});
    }
}
