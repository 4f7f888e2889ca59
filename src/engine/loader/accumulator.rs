//! Collects loaded articles into versions of the corpus.

use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::Arc;

use super::memory_budget::MemoryBudget;
use super::removed::RemovedSet;
use crate::article::Problem;
use crate::corpus::{Corpus, LoadProgress, Shard};

/// A report while sources are loaded.
#[derive(Debug)]
pub(crate) enum LoadEvent {
    /// Articles of a snapshot. The files with these numbers are dead.
    FromSnapshot(Arc<Shard>, Vec<u32>),
    /// All snapshots were read.
    SnapshotsDone,
    /// Articles of files.
    Shard(Arc<Shard>),
    /// A file could not be read, or not completely.
    Problem(Problem),
    /// The progress of loading.
    Progress(LoadProgress),
}

/// A corpus that grows while sources are loaded, and the loaded articles that no version contains yet.
pub(crate) struct CorpusAccumulator<'a> {
    budget: &'a MemoryBudget,
    corpus: Arc<Corpus>,
    /// Shards of snapshots, each with the numbers of its dead files.
    from_snapshot: Vec<(Arc<Shard>, Vec<u32>)>,
    /// Shards of files.
    from_disk: Vec<Arc<Shard>>,
    /// Whether articles from files replace earlier ones of the same files.
    replaces: bool,
    /// The files that were replaced.
    replaced: HashSet<PathBuf>,
}

impl<'a> CorpusAccumulator<'a> {
    /// Creates an accumulator that adds to `corpus`, which must not contain any of the loaded files.
    pub(crate) fn new(budget: &'a MemoryBudget, corpus: Arc<Corpus>) -> CorpusAccumulator<'a> {
        CorpusAccumulator {
            budget,
            corpus,
            from_snapshot: Vec::new(),
            from_disk: Vec::new(),
            replaces: false,
            replaced: HashSet::new(),
        }
    }

    /// Creates an accumulator that replaces articles of the same files in `corpus`.
    pub(crate) fn replacing(budget: &'a MemoryBudget, corpus: Arc<Corpus>) -> CorpusAccumulator<'a> {
        CorpusAccumulator { replaces: true, ..CorpusAccumulator::new(budget, corpus) }
    }

    /// Adds the articles of an event. Returns all other events.
    pub(crate) fn push(&mut self, event: LoadEvent) -> Option<LoadEvent> {
        match event {
            LoadEvent::FromSnapshot(shard, dead) => self.from_snapshot.push((shard, dead)),
            LoadEvent::Shard(shard) => self.from_disk.push(shard),
            other => return Some(other),
        }
        None
    }

    /// Returns whether there are articles that no version contains yet.
    pub(crate) fn has_pending(&self) -> bool {
        !self.from_snapshot.is_empty() || !self.from_disk.is_empty()
    }

    /// Returns whether all of these are from snapshots.
    pub(crate) fn has_only_snapshots(&self) -> bool {
        self.from_disk.is_empty()
    }

    /// Makes a version with all articles received.
    pub(crate) fn flush(&mut self) -> &Arc<Corpus> {
        if !self.has_pending() {
            return &self.corpus;
        }
        let before = self.memory();
        self.replaces |= !self.from_snapshot.is_empty();
        let mut version = if self.from_snapshot.is_empty() {
            Corpus::clone(&self.corpus)
        } else {
            self.corpus.with_living(self.from_snapshot.drain(..))
        };
        if self.replaces && !self.from_disk.is_empty() {
            let mut removed = RemovedSet::default();
            for file in self.from_disk.iter().flat_map(|shard| shard.files()) {
                let path = file.dir.join(file.name);
                removed.file(&path);
                self.replaced.insert(path);
            }
            version = version.without(|entry| removed.contains(entry));
        }
        if !self.from_disk.is_empty() {
            version = version.with(self.from_disk.drain(..));
        }
        self.corpus = Arc::new(version);
        self.budget.release(before.saturating_sub(self.corpus.memory()));
        &self.corpus
    }

    /// Evicts files if the memory budget is exceeded, and calls `publish` with each version on the way. Returns whether
    /// anything was evicted.
    pub(crate) fn evict(&mut self, publish: &mut dyn FnMut(&Arc<Corpus>)) -> bool {
        if !self.budget.is_needed(|| self.memory()) {
            return false;
        }
        self.flush();
        self.budget.evict(&mut self.corpus, publish)
    }

    /// Returns the last version, without the `outdated` files, and the files that were replaced.
    pub(crate) fn finish(mut self, outdated: impl Iterator<Item = PathBuf>) -> (Arc<Corpus>, HashSet<PathBuf>) {
        self.flush();
        let mut removed = RemovedSet::default();
        // Replaced files have new articles, which must stay.
        for path in outdated.filter(|path| !self.replaced.contains(path)) {
            removed.file(&path);
        }
        if !removed.is_empty() {
            self.corpus = Arc::new(self.corpus.without(|entry| removed.contains(entry)));
        }
        (self.corpus, self.replaced)
    }

    /// Returns the memory of all articles, in bytes.
    fn memory(&self) -> usize {
        let pending = self.from_snapshot.iter().map(|(shard, _)| shard).chain(&self.from_disk);
        self.corpus.memory() + pending.map(|shard| shard.memory()).sum::<usize>()
    }
}
