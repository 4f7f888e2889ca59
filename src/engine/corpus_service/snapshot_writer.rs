//! Writes snapshots on a thread of its own, after loading and when nothing has changed for a while.

use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crate::corpus::{Corpus, FileEntry};
use crate::engine::loader::source::{LoadOptions, Source};
use crate::engine::log::note;
use crate::engine::snapshot::{Cache, ReadTimes};
use crate::util::panic_guard::catch_panic;

/// A snapshot is written once nothing has changed for this long.
const IDLE_DELAY: Duration = Duration::from_secs(60);

/// Writes snapshots of the corpus.
pub(super) struct SnapshotWriter {
    cache: Option<Cache>,
    pub(super) read_times: ReadTimes,
    /// Whether the corpus contains all of the sources. A snapshot of a part would not be used by the next start.
    pub(super) is_complete: bool,
    /// The time of the last change that is in no snapshot.
    changed: Option<Instant>,
    thread: Option<JoinHandle<()>>,
}

impl SnapshotWriter {
    /// Creates a writer. Without `cache` it writes nothing.
    pub(super) fn new(cache: Option<Cache>) -> SnapshotWriter {
        let read_times = ReadTimes::of_snapshot();
        SnapshotWriter { cache, read_times, is_complete: false, changed: None, thread: None }
    }

    /// Returns the folder of the snapshots.
    pub(super) fn cache(&self) -> Option<&Cache> {
        self.cache.as_ref()
    }

    /// Records that the corpus has changed.
    pub(super) fn mark_changed(&mut self) {
        self.changed = Some(Instant::now());
    }

    /// Returns the time until a snapshot is due; `None` if nothing has changed.
    pub(super) fn due_in(&self) -> Option<Duration> {
        self.changed.map(|changed| IDLE_DELAY.saturating_sub(changed.elapsed()))
    }

    /// Starts writing snapshots of `sources`, without the files that have `problems`.
    pub(super) fn write(
        &mut self,
        sources: &[Source],
        options: LoadOptions,
        corpus: &Arc<Corpus>,
        problems: &HashSet<PathBuf>,
    ) {
        let Some(cache) = self.cache.clone().filter(|_| self.is_complete && self.changed.is_some()) else {
            self.changed = None;
            return;
        };
        if self.thread.as_ref().is_some_and(|thread| !thread.is_finished()) {
            // Try again after the next delay, or at exit.
            self.mark_changed();
            return;
        }
        self.changed = None;
        let (sources, corpus, problems) = (sources.to_vec(), Arc::clone(corpus), problems.clone());
        let read_times = self.read_times.clone();
        let started = thread::Builder::new().name("snapshot".to_owned()).spawn(move || {
            let is_sound = |file: &FileEntry<'_>| problems.is_empty() || !problems.contains(&file.dir.join(file.name));
            for root in cache.roots(&sources) {
                let began = Instant::now();
                let written =
                    catch_panic(|| cache.write(&root, options, &corpus, &read_times, &is_sound, &mut |_, _| {}));
                note(|| format!("snapshot of {}: {written:?} in {:?}", root.real.display(), began.elapsed()));
            }
        });
        match started {
            Ok(thread) => self.thread = Some(thread),
            Err(error) => note(|| format!("cannot start the snapshot thread: {error}")),
        }
    }

    /// Waits until the running thread has ended.
    pub(super) fn join(&mut self) {
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
