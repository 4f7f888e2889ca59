//! The thread itself: it hears what changed, gathers it, and writes a snapshot when it is calm.

use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use super::CorpusCommand;
use crate::corpus::{Corpus, FileEntry, LoadProgress};
use crate::engine::corpus_service::watch::{FsEvent, Watch};
use crate::engine::event::Event;
use crate::engine::feeds::entries::FeedEntries;
use crate::engine::loader::ScanIndex;
use crate::engine::loader::memory_budget::{LeftOut, MemoryBudget};
use crate::engine::loader::source::{LoadOptions, Source};
use crate::engine::loader::stalled_paths::StalledPaths;
use crate::engine::log::note;
use crate::engine::snapshot::{Cache, ReadTimes};
use crate::util::panic_guard::catch_panic;

/// How long changes are gathered after the last one was heard of, and at most.
const QUIET: Duration = Duration::from_millis(100);
const AT_MOST: Duration = Duration::from_millis(300);

/// A snapshot is written after loading, and once nothing has changed for this long.
const CALM: Duration = Duration::from_secs(60);

pub(super) struct CorpusThread {
    pub(super) sources: Vec<Source>,
    pub(super) options: LoadOptions,
    pub(super) stop: Arc<AtomicBool>,
    pub(super) orders: Sender<CorpusCommand>,
    pub(super) inbox: Receiver<CorpusCommand>,
    pub(super) tell: Box<dyn FnMut(Event) + Send>,
    pub(super) corpus: Arc<Corpus>,
    pub(super) map: ScanIndex,
    /// Paths that something is wrong with.
    pub(super) troubled: HashSet<PathBuf>,
    /// The memory that there is.
    pub(super) room: Arc<MemoryBudget>,
    /// What was told to be left out.
    pub(super) told_left_out: LeftOut,
    /// What the disk has not answered so far.
    pub(super) unanswered: Arc<StalledPaths>,
    pub(super) watch: Option<Watch>,
    pub(super) cache: Option<Cache>,
    pub(super) ages: ReadTimes,
    /// Whether everything was looked at.
    pub(super) whole: bool,
    /// When something changed last that is in no snapshot.
    pub(super) changed: Option<Instant>,
    /// What writes a snapshot.
    pub(super) writer: Option<JoinHandle<()>>,
    /// The feeds that are in the library, once they were read.
    pub(super) feeds: Option<FeedEntries>,
    /// The progress of loading when the reader stopped it; `None` after a complete pass.
    pub(super) stopped: Option<LoadProgress>,
}

impl CorpusThread {
    pub(super) fn run(mut self, watch: bool) {
        self.keep_up(watch);
        // Only who wants to be sure waits for this thread.
        let _ = self.writer.take().map(JoinHandle::join);
        self.save();
        let _ = self.writer.map(JoinHandle::join);
    }

    /// Loads, and follows what changes until it is closed.
    fn keep_up(&mut self, watch: bool) {
        self.load_feeds();
        self.load();
        self.save();
        // Listening begins after loading: every file that is opened is an event, and hearing of 300,000 of them took
        // longer than reading them. What changed meanwhile is found by comparing, unless loading was stopped.
        let mut missed = watch && !self.stop.load(Ordering::Relaxed);
        if watch {
            self.listen();
        }
        while let Some(order) = self.next_order() {
            let mut paths = HashSet::new();
            let (mut everything, mut feeds) = (false, false);
            let mut next = Some(order);
            let began = Instant::now();
            while let Some(order) = next.take() {
                match order {
                    CorpusCommand::Reload => everything = true,
                    CorpusCommand::Disk(FsEvent::Anything) => everything = true,
                    CorpusCommand::Disk(FsEvent::Changed(changed)) => paths.extend(changed),
                    CorpusCommand::Disk(FsEvent::Deaf(reason)) => {
                        (self.tell)(Event::Error(reason.to_string()));
                    }
                    CorpusCommand::Disk(FsEvent::Listening) => everything |= std::mem::take(&mut missed),
                    CorpusCommand::Watching(watch) => self.watch = watch,
                    CorpusCommand::Feeds => feeds = true,
                    CorpusCommand::Close => return,
                }
                if !everything && paths.is_empty() && !feeds {
                    break;
                }
                let wait = QUIET.min(AT_MOST.saturating_sub(began.elapsed()));
                match self.inbox.recv_timeout(wait) {
                    Ok(order) => next = Some(order),
                    Err(RecvTimeoutError::Timeout) => {}
                    Err(RecvTimeoutError::Disconnected) => return,
                }
            }
            if feeds || everything {
                self.refresh_feeds();
            }
            if everything {
                self.reload();
            } else if !paths.is_empty() {
                self.refresh(&paths);
            }
        }
    }

    /// Waits for an order; meanwhile it writes a snapshot where nothing changes any more. None at the end.
    fn next_order(&mut self) -> Option<CorpusCommand> {
        while let Some(changed) = self.changed {
            match self.inbox.recv_timeout(CALM.saturating_sub(changed.elapsed())) {
                Ok(order) => return Some(order),
                Err(RecvTimeoutError::Timeout) => self.save(),
                Err(RecvTimeoutError::Disconnected) => return None,
            }
        }
        self.inbox.recv().ok()
    }

    /// Begins to write what is there to the snapshot, on a thread of its own.
    fn save(&mut self) {
        let Some(cache) = self.cache.as_ref().filter(|_| self.whole && self.changed.is_some()) else {
            return self.changed = None;
        };
        if self.writer.as_ref().is_some_and(|writer| !writer.is_finished()) {
            // It comes back to this when it is calm again, or closes.
            self.changed = Some(Instant::now());
            return;
        }
        self.changed = None;
        let (cache, sources, options) = (cache.clone(), self.sources.clone(), self.options);
        let (corpus, ages, troubled) = (Arc::clone(&self.corpus), self.ages.clone(), self.troubled.clone());
        let writer = thread::Builder::new().name("snapshot".to_owned()).spawn(move || {
            let sound = |file: &FileEntry<'_>| troubled.is_empty() || !troubled.contains(&file.dir.join(file.name));
            for root in cache.roots(&sources) {
                let began = Instant::now();
                let written = catch_panic(|| cache.write(&root, options, &corpus, &ages, &sound, &mut |_, _| {}));
                note(|| format!("snapshot of {}: {written:?} in {:?}", root.real.display(), began.elapsed()));
            }
        });
        match writer {
            Ok(writer) => self.writer = Some(writer),
            Err(error) => note(|| format!("no thread to write a snapshot with: {error}")),
        }
    }

    /// Begins to listen to the disk, on a thread of its own, as it takes its time in a large tree.
    fn listen(&self) {
        let (mut folders, mut parents) = (Vec::new(), Vec::new());
        for source in &self.sources {
            let Source::Named(path) = source else { continue };
            let Ok(real) = path.canonicalize() else { continue };
            if real.is_dir() {
                folders.push(real);
            } else if let Some(parent) = path.parent() {
                let parent = if parent.as_os_str().is_empty() { ".".as_ref() } else { parent };
                parents.extend(parent.canonicalize().ok().filter(|parent| !parents.contains(parent)));
            }
        }
        if folders.is_empty() && parents.is_empty() {
            return;
        }
        let orders = self.orders.clone();
        let started = thread::Builder::new().name("watch".to_owned()).spawn(move || {
            let heard = orders.clone();
            let watch = Watch::trees(&folders, &parents, move |disk| {
                let _ = heard.send(CorpusCommand::Disk(disk));
            });
            let _ = orders.send(CorpusCommand::Watching(watch));
        });
        if let Err(error) = started {
            note(|| format!("no thread to watch with: {error}"));
        }
    }
}
