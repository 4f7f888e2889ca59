//! The library thread: writes what the reader does, tells when it is on the disk, and hears of what others write.
//!
//! Nobody waits for it. What cannot be written is tried again, and nothing is told to be kept before it is.

mod change_listener;
pub(crate) mod rescue;
mod writer_thread;

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use writer_thread::WriterThread;

use super::event::Event;
use super::loader::source::{Source, name_of};
use crate::article::ArticleId;
use crate::corpus::Corpus;
use crate::journal::{JournalEntry, SearchChange};
use crate::library::ReaderId;
use crate::marks::MarkChange;
use crate::query::SavedSearch;
use crate::util::DeadlineWorker;
use rescue::RescueOutcome;

/// For how long nothing is said of a disk that takes its time, when somebody wants to leave.
const WORDLESS: Duration = Duration::from_secs(2);

/// How long it may take to find out what the folders that are open are called.
const NAMING: Duration = Duration::from_secs(1);

/// What the thread is asked to do.
#[derive(Debug)]
pub(crate) enum WriterCommand {
    /// Save changes and confirm it.
    Keep { number: u64, changes: Arc<Vec<MarkChange>>, entry: Option<JournalEntry>, corpus: Arc<Corpus> },
    /// Keep a place, later.
    Place { marking: MarkChange, corpus: Arc<Corpus> },
    /// Save the serialised session, later. Its selected article must be known, so that it is recognised if it moves.
    Session { session: String, article: Option<ArticleId>, corpus: Arc<Corpus> },
    /// Save the serialised theme.
    Theme(String),
    /// Keep a filter.
    Filter(String),
    /// Change saved searches.
    Searches { changes: Vec<SearchChange>, entry: JournalEntry },
    /// Write to the journal.
    Journal(JournalEntry),
    /// Recognise moved articles.
    Recognise(Arc<Corpus>),
    /// Somebody has written to the library.
    Disk,
    /// What could not be kept need not be: it is in a file, or not wanted.
    GiveUp,
    /// Write what is there, and end.
    Close,
    /// The same for somebody who waits until this is let go of.
    CloseFor(Sender<()>),
}

impl WriterCommand {
    /// Describes the changed searches, whose change was shown before it was saved.
    fn acknowledged(&self) -> Option<String> {
        let WriterCommand::Searches { changes, .. } = self else { return None };
        let one = |change: &SearchChange| match change.after {
            Some(_) => format!("the search \"{}\"", change.name()),
            None => format!("that \"{}\" is deleted", change.name()),
        };
        Some(changes.iter().map(one).collect::<Vec<_>>().join(", "))
    }

    fn into_searches(self) -> Vec<SavedSearch> {
        let WriterCommand::Searches { changes, .. } = self else { return Vec::new() };
        changes.into_iter().filter_map(|change| change.after).collect()
    }
}

/// The reader's side of the thread. Dropping it waits until everything is written, or cannot be.
pub(crate) struct LibraryWriter {
    orders: Sender<WriterCommand>,
    /// Closed when the thread ends.
    ended: Receiver<()>,
    thread: Option<JoinHandle<Option<RescueOutcome>>>,
}

impl LibraryWriter {
    /// Opens the library at `path` on a new thread and sends its content to `tell`. `reader` is the owner of new steps,
    /// `sources` are the open ones.
    pub(crate) fn start(
        path: Option<PathBuf>,
        reader: ReaderId,
        sources: Vec<Source>,
        tell: impl FnMut(Event) + Send + 'static,
    ) -> io::Result<LibraryWriter> {
        let (orders, inbox) = mpsc::channel();
        let own = orders.clone();
        let (end, ended) = mpsc::channel::<()>();
        let thread = thread::Builder::new().name("library".to_owned()).spawn(move || {
            // Marks are kept though the disk does not answer that the articles are on; they are not come back to then.
            let sources = DeadlineWorker::new(NAMING, |sources: Vec<Source>| name_of(&sources)).call(sources).flatten();
            let unkept = WriterThread::new(path, reader, sources, tell).run(&inbox, own);
            drop(end);
            unkept
        })?;
        Ok(LibraryWriter { orders, ended, thread: Some(thread) })
    }

    pub(crate) fn order(&self, order: WriterCommand) {
        let _ = self.orders.send(order);
    }

    /// What has everything written and comes back when that is done, for somebody who ends the program without
    /// [`close`](Self::close).
    #[cfg(unix)]
    pub(crate) fn closer(&self) -> impl Fn() + Send + 'static {
        let orders = self.orders.clone();
        move || {
            let (held, done) = mpsc::channel();
            let _ = orders.send(WriterCommand::CloseFor(held));
            let _ = done.recv();
        }
    }

    /// Waits until everything is written; gives what became of what could not be. Calls `slow` where that takes longer
    /// than one would wait without a word.
    pub(crate) fn close(&mut self, slow: impl FnOnce()) -> Option<RescueOutcome> {
        let _ = self.orders.send(WriterCommand::Close);
        if self.thread.is_some() && self.ended.recv_timeout(WORDLESS) == Err(RecvTimeoutError::Timeout) {
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
