//! The one thread that makes versions of the corpus: it loads, listens to the disk and reads again what changed, so
//! that no change is lost to another. A change is one new version, in which the old articles give way to the new ones
//! at once.

mod corpus_thread;
mod rebuild;
pub(crate) mod rescan;
pub(crate) mod watch;

use std::collections::HashSet;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Sender};
use std::thread::{self, JoinHandle};

use super::event::Event;
use super::loader::ScanIndex;
use super::loader::memory_budget::{LeftOut, MemoryBudget};
use super::loader::source::{LoadOptions, Source};
use super::loader::stalled_paths::StalledPaths;
use super::log::note;
use super::snapshot::{Cache, ReadTimes};
use crate::util::panic_guard::catch_panic;
use crate::util::priority::lower_thread_priority;
use corpus_thread::CorpusThread;
use watch::{FsEvent, Watch};

/// What the archive is asked.
enum CorpusCommand {
    Reload,
    Disk(FsEvent),
    Watching(Option<Watch>),
    Feeds,
    Close,
}

/// The reader's side of the archive. Dropping it ends the thread.
pub struct CorpusService {
    orders: Sender<CorpusCommand>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl CorpusService {
    /// Begins to load `sources` and, if it is to `watch` them, keeps up with changes. Everything is told to `tell`.
    /// Fails where the system gives out no thread.
    pub fn open(
        sources: Vec<Source>,
        options: LoadOptions,
        watch: bool,
        tell: impl FnMut(Event) + Send + 'static,
    ) -> io::Result<CorpusService> {
        CorpusService::open_with(sources, options, None, watch, tell)
    }

    /// Like [`open`](Self::open), and keeps snapshots in `cache`, from which the next one begins.
    pub fn open_with(
        sources: Vec<Source>,
        options: LoadOptions,
        cache: Option<Cache>,
        watch: bool,
        tell: impl FnMut(Event) + Send + 'static,
    ) -> io::Result<CorpusService> {
        let (orders, inbox) = mpsc::channel();
        let stop = Arc::new(AtomicBool::new(false));
        let late = orders.clone();
        let unanswered = StalledPaths::new(move |path| {
            let _ = late.send(CorpusCommand::Disk(FsEvent::Changed(vec![path])));
        });
        let archivist = CorpusThread {
            sources,
            options,
            stop: Arc::clone(&stop),
            orders: orders.clone(),
            inbox,
            tell: Box::new(tell),
            corpus: Arc::default(),
            map: ScanIndex::default(),
            troubled: HashSet::new(),
            room: Arc::new(MemoryBudget::new(options.memory)),
            told_left_out: LeftOut::default(),
            unanswered: Arc::new(unanswered),
            watch: None,
            cache,
            ages: ReadTimes::of_snapshot(),
            whole: false,
            changed: None,
            writer: None,
            feeds: None,
            stopped: None,
        };
        let thread = thread::Builder::new().name("archive".to_owned()).spawn(move || {
            if let Err(error) = lower_thread_priority() {
                note(|| format!("cannot lower the thread priority: {error}"));
            }
            if catch_panic(|| archivist.run(watch)).is_none() {
                note(|| "internal error in the corpus thread; changes are no longer loaded".to_owned());
            }
        })?;
        Ok(CorpusService { orders, stop, thread: Some(thread) })
    }

    /// Stops loading and keeps what is there.
    pub fn stop_loading(&self) {
        self.stop.store(true, Ordering::Relaxed);
    }

    /// Ends, and comes back when the thread has ended too and what it knows is in the snapshot. A reader who leaves does
    /// not wait for that.
    pub fn finish(mut self) {
        let thread = self.thread.take();
        drop(self);
        // What it could panic on is contained.
        let _ = thread.map(JoinHandle::join);
    }

    /// What lets others say that feeds in the library may have changed.
    pub(crate) fn looker(&self) -> impl Fn() + Clone + Send + Sync + 'static {
        let orders = self.orders.clone();
        move || {
            let _ = orders.send(CorpusCommand::Feeds);
        }
    }

    /// Reads again what changed.
    pub fn reload(&self) {
        let _ = self.orders.send(CorpusCommand::Reload);
    }
}

impl Drop for CorpusService {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        let _ = self.orders.send(CorpusCommand::Close);
    }
}
