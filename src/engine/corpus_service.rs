//! The corpus service: the only thread that makes versions of the corpus, so that no change is lost to another.
//!
//! It loads the sources, watches them, and reads again what changed. Each change is one new version, in which the new
//! articles replace the old ones at once.

mod corpus_thread;
mod problem_log;
mod publisher;
mod rebuild;
pub(crate) mod rescan;
mod snapshot_writer;
pub(crate) mod watch;

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Sender};
use std::thread::{self, JoinHandle};

use super::event::Event;
use super::load::ScanIndex;
use super::loader::memory_budget::MemoryBudget;
use super::loader::source::{LoadOptions, Source};
use super::loader::stalled_paths::StalledPaths;
use super::log::note;
use super::snapshot::Cache;
use crate::util::panic_guard::catch_panic;
use crate::util::priority::lower_thread_priority;
use corpus_thread::{CorpusCommand, CorpusThread};
use problem_log::ProblemLog;
use publisher::Publisher;
use snapshot_writer::SnapshotWriter;
use watch::FsEvent;

/// The handle of the corpus service. Dropping it ends the thread.
pub struct CorpusService {
    commands: Sender<CorpusCommand>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl CorpusService {
    /// Starts loading `sources`, from snapshots in `cache` if there are any. Follows changes if `watch` is set. Sends
    /// reports to `on_event`.
    ///
    /// # Errors
    ///
    /// Returns an error if the system provides no thread.
    pub fn start(
        sources: Vec<Source>,
        options: LoadOptions,
        cache: Option<Cache>,
        watch: bool,
        on_event: impl FnMut(Event) + Send + 'static,
    ) -> io::Result<CorpusService> {
        let (commands, inbox) = mpsc::channel();
        let stop = Arc::new(AtomicBool::new(false));
        let late = commands.clone();
        let stalled = StalledPaths::new(move |path| {
            let _ = late.send(CorpusCommand::Disk(FsEvent::Changed(vec![path])));
        });
        let corpus_thread = CorpusThread {
            sources,
            options,
            stop: Arc::clone(&stop),
            commands: commands.clone(),
            inbox,
            publisher: Publisher::new(on_event),
            index: ScanIndex::default(),
            problems: ProblemLog::default(),
            budget: Arc::new(MemoryBudget::new(options.memory)),
            stalled: Arc::new(stalled),
            watch: None,
            snapshots: SnapshotWriter::new(cache),
            feeds: None,
            stopped: None,
        };
        let thread = thread::Builder::new().name("corpus".to_owned()).spawn(move || {
            if let Err(error) = lower_thread_priority() {
                note(|| format!("cannot lower the thread priority: {error}"));
            }
            if catch_panic(|| corpus_thread.run(watch)).is_none() {
                note(|| "internal error in the corpus thread; changes are no longer loaded".to_owned());
            }
        })?;
        Ok(CorpusService { commands, stop, thread: Some(thread) })
    }

    /// Stops loading. Articles that are loaded stay.
    pub fn stop_loading(&self) {
        self.stop.store(true, Ordering::Relaxed);
    }

    /// Ends the thread and waits until the snapshots are written. At exit the program does not wait for that.
    pub fn shutdown_and_wait(mut self) {
        let thread = self.thread.take();
        drop(self);
        if let Some(thread) = thread {
            // A panic of the thread is caught and logged.
            let _ = thread.join();
        }
    }

    /// Returns a function that tells the service that entries of feeds may have changed.
    pub(crate) fn feeds_changed_notifier(&self) -> impl Fn() + Clone + Send + Sync + 'static {
        let commands = self.commands.clone();
        move || {
            let _ = commands.send(CorpusCommand::Feeds);
        }
    }

    /// Compares everything with the disk and reads what changed.
    pub fn reload(&self) {
        let _ = self.commands.send(CorpusCommand::Reload);
    }
}

impl Drop for CorpusService {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        let _ = self.commands.send(CorpusCommand::Close);
    }
}
