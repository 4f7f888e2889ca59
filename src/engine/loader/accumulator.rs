//! A corpus that grows while its sources are loaded, and what was loaded and is in no version of it yet.

use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::Arc;

use super::LoadEvent;
use super::memory_budget::MemoryBudget;
use crate::corpus::{Corpus, Shard};
use crate::engine::corpus_service::rescan::RemovedSet;

/// A corpus into which articles come as they are loaded.
pub(crate) struct CorpusAccumulator<'a> {
    room: &'a MemoryBudget,
    corpus: Arc<Corpus>,
    /// Out of snapshots, each with the files that are dead.
    kept: Vec<(Arc<Shard>, Vec<u32>)>,
    /// Read from files.
    read: Vec<Arc<Shard>>,
    /// Whether what is read stands for what is there of the same files.
    replaces: bool,
    /// If so, the files that were read since.
    seen: HashSet<PathBuf>,
}

impl<'a> CorpusAccumulator<'a> {
    /// Articles come into `corpus`, which has none of their files, as far as there is `room`.
    pub(crate) fn new(room: &'a MemoryBudget, corpus: Arc<Corpus>) -> CorpusAccumulator<'a> {
        CorpusAccumulator { room, corpus, kept: Vec::new(), read: Vec::new(), replaces: false, seen: HashSet::new() }
    }

    /// Articles come into `corpus` in place of those that it has of the same files.
    pub(crate) fn again(room: &'a MemoryBudget, corpus: Arc<Corpus>) -> CorpusAccumulator<'a> {
        CorpusAccumulator { replaces: true, ..CorpusAccumulator::new(room, corpus) }
    }

    /// Takes in articles; gives back what else is told.
    pub(crate) fn hear(&mut self, event: LoadEvent) -> Option<LoadEvent> {
        match event {
            LoadEvent::Kept(shard, dead) => self.kept.push((shard, dead)),
            LoadEvent::Shard(shard) => self.read.push(shard),
            other => return Some(other),
        }
        None
    }

    /// Whether there are articles that no version has.
    pub(crate) fn has_more(&self) -> bool {
        !self.kept.is_empty() || !self.read.is_empty()
    }

    /// Whether those come out of a snapshot.
    pub(crate) fn has_only_kept(&self) -> bool {
        self.read.is_empty()
    }

    /// The version with everything so far, in which what was read stands for what was there of the same files.
    pub(crate) fn take_in(&mut self) -> &Arc<Corpus> {
        if !self.has_more() {
            return &self.corpus;
        }
        let before = self.memory();
        self.replaces |= !self.kept.is_empty();
        let mut version = match self.kept.is_empty() {
            true => Corpus::clone(&self.corpus),
            false => self.corpus.with_living(self.kept.drain(..)),
        };
        if self.replaces && !self.read.is_empty() {
            let mut gone = RemovedSet::default();
            for file in self.read.iter().flat_map(|shard| shard.files()) {
                let path = file.dir.join(file.name);
                gone.file(&path);
                self.seen.insert(path);
            }
            version = version.without(|entry| gone.holds(entry));
        }
        if !self.read.is_empty() {
            version = version.with(self.read.drain(..));
        }
        self.corpus = Arc::new(version);
        self.room.give_back(before.saturating_sub(self.corpus.memory()));
        &self.corpus
    }

    /// Makes room where there is too much already; `publish` hears of every version on the way. Says whether anything
    /// was left out.
    pub(crate) fn make_room(&mut self, publish: &mut dyn FnMut(&Arc<Corpus>)) -> bool {
        self.room.is_needed(|| self.memory()) && {
            self.take_in();
            self.room.make_room(&mut self.corpus, publish)
        }
    }

    /// The last version: with everything that was told of, and without the files that are `gone` or changed. Beside it,
    /// the files whose place was taken.
    pub(crate) fn finish(mut self, gone: impl Iterator<Item = PathBuf>) -> (Arc<Corpus>, HashSet<PathBuf>) {
        self.take_in();
        // What was read anew has taken the place of the old already.
        let paths = gone.filter(|path| !self.seen.contains(path));
        let mut gone = RemovedSet::default();
        paths.for_each(|path| gone.file(&path));
        let last = match gone.is_empty() {
            true => self.corpus,
            false => Arc::new(self.corpus.without(|entry| gone.holds(entry))),
        };
        (last, self.seen)
    }

    /// The bytes of memory that all of it takes.
    fn memory(&self) -> usize {
        let waiting = self.kept.iter().map(|(shard, _)| shard).chain(&self.read);
        self.corpus.memory() + waiting.map(|shard| shard.memory()).sum::<usize>()
    }
}
