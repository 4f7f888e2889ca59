//! The corpus thread: loads, gathers changes and applies them.

use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender};
use std::thread;
use std::time::{Duration, Instant};

use super::problem_log::ProblemLog;
use super::publisher::Publisher;
use super::snapshot_writer::SnapshotWriter;
use super::watch::{FsEvent, Watch};
use crate::corpus::LoadProgress;
use crate::engine::event::Event;
use crate::engine::feeds::entries::FeedEntries;
use crate::engine::load::ScanIndex;
use crate::engine::loader::memory_budget::MemoryBudget;
use crate::engine::loader::source::{LoadOptions, Source};
use crate::engine::loader::stalled_paths::StalledPaths;
use crate::engine::log::note;

/// A command to the corpus thread.
pub(super) enum CorpusCommand {
    Reload,
    Disk(FsEvent),
    Watching(Option<Watch>),
    /// Entries of feeds may have changed.
    Feeds,
    Close,
}

/// Changes are gathered until nothing has changed for this long.
const DEBOUNCE: Duration = Duration::from_millis(100);

/// Changes are gathered for this long at most.
const DEBOUNCE_MAX: Duration = Duration::from_millis(300);

pub(super) struct CorpusThread {
    pub(super) sources: Vec<Source>,
    pub(super) options: LoadOptions,
    pub(super) stop: Arc<AtomicBool>,
    pub(super) commands: Sender<CorpusCommand>,
    pub(super) inbox: Receiver<CorpusCommand>,
    pub(super) publisher: Publisher,
    /// The folders and files that were scanned.
    pub(super) index: ScanIndex,
    pub(super) problems: ProblemLog,
    pub(super) budget: Arc<MemoryBudget>,
    pub(super) stalled: Arc<StalledPaths>,
    pub(super) watch: Option<Watch>,
    pub(super) snapshots: SnapshotWriter,
    /// The entries of feeds, once they were read.
    pub(super) feeds: Option<FeedEntries>,
    /// The progress of loading when the reader stopped it; `None` after a complete pass.
    pub(super) stopped: Option<LoadProgress>,
}

/// Changes that are applied together.
#[derive(Default)]
struct Changes {
    paths: HashSet<PathBuf>,
    everything: bool,
    feeds: bool,
}

impl Changes {
    fn is_empty(&self) -> bool {
        self.paths.is_empty() && !self.everything && !self.feeds
    }
}

impl CorpusThread {
    pub(super) fn run(mut self, watch: bool) {
        self.run_loop(watch);
        // Only `shutdown_and_wait` waits for this.
        self.snapshots.join();
        self.write_snapshot();
        self.snapshots.join();
    }

    /// Loads, then applies changes until it is closed.
    fn run_loop(&mut self, watch: bool) {
        self.load_feeds();
        self.load();
        self.write_snapshot();
        // Watching starts after loading: every opened file is an event, and handling 300,000 of them took longer than
        // reading them. Changes in between are found by comparing, unless loading was stopped.
        let mut rescan_when_ready = watch && !self.stop.load(Ordering::Relaxed);
        if watch {
            self.start_watching();
        }
        while let Some(command) = self.next_command() {
            let Some(changes) = self.gather(command, &mut rescan_when_ready) else { return };
            if changes.feeds || changes.everything {
                self.refresh_feeds();
            }
            if changes.everything {
                self.reload();
            } else if !changes.paths.is_empty() {
                self.refresh(&changes.paths);
            }
        }
    }

    /// Gathers changes until there is a pause. Returns `None` when the service is closed.
    fn gather(&mut self, first: CorpusCommand, rescan_when_ready: &mut bool) -> Option<Changes> {
        let mut changes = Changes::default();
        let mut next = Some(first);
        let began = Instant::now();
        while let Some(command) = next.take() {
            match command {
                CorpusCommand::Reload | CorpusCommand::Disk(FsEvent::Rescan) => changes.everything = true,
                CorpusCommand::Disk(FsEvent::Changed(changed)) => changes.paths.extend(changed),
                CorpusCommand::Disk(FsEvent::Failed(error)) => self.publisher.send(Event::Error(error.to_string())),
                CorpusCommand::Disk(FsEvent::Ready) => changes.everything |= std::mem::take(rescan_when_ready),
                CorpusCommand::Watching(watch) => self.watch = watch,
                CorpusCommand::Feeds => changes.feeds = true,
                CorpusCommand::Close => return None,
            }
            if changes.is_empty() {
                break;
            }
            match self.inbox.recv_timeout(DEBOUNCE.min(DEBOUNCE_MAX.saturating_sub(began.elapsed()))) {
                Ok(command) => next = Some(command),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return None,
            }
        }
        Some(changes)
    }

    /// Waits for a command, and writes a snapshot if it is due meanwhile. Returns `None` when the service is closed.
    fn next_command(&mut self) -> Option<CorpusCommand> {
        while let Some(wait) = self.snapshots.due_in() {
            match self.inbox.recv_timeout(wait) {
                Ok(command) => return Some(command),
                Err(RecvTimeoutError::Timeout) => self.write_snapshot(),
                Err(RecvTimeoutError::Disconnected) => return None,
            }
        }
        self.inbox.recv().ok()
    }

    /// Starts writing a snapshot of the current version.
    fn write_snapshot(&mut self) {
        self.snapshots.write(&self.sources, self.options, self.publisher.corpus(), self.problems.paths());
    }

    /// Starts watching on a new thread, because it takes some time in a large tree.
    fn start_watching(&self) {
        let (mut folders, mut parents) = (Vec::new(), Vec::new());
        for source in &self.sources {
            let Source::Path(path) = source else { continue };
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
        let commands = self.commands.clone();
        let started = thread::Builder::new().name("watch".to_owned()).spawn(move || {
            let events = commands.clone();
            let watch = Watch::trees(&folders, &parents, move |event| {
                let _ = events.send(CorpusCommand::Disk(event));
            });
            let _ = commands.send(CorpusCommand::Watching(watch));
        });
        if let Err(error) = started {
            note(|| format!("cannot start the watch thread: {error}"));
        }
    }
}
