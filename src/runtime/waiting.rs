//! What was loaded and is in no version of the corpus yet.

use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::Arc;

use super::known::Known;
use super::refresh::Gone;
use crate::corpus::{Corpus, Shard};

/// Articles that are in no version yet.
#[derive(Default)]
pub(super) struct Waiting {
    /// Out of snapshots, each with the files that are dead.
    pub(super) kept: Vec<(Arc<Shard>, Vec<u32>)>,
    /// Read from files.
    pub(super) read: Vec<Arc<Shard>>,
    /// Whether anything came out of a snapshot.
    replaces: bool,
    /// If so, the files that were read since.
    seen: HashSet<PathBuf>,
}

impl Waiting {
    pub(super) fn is_empty(&self) -> bool {
        self.kept.is_empty() && self.read.is_empty()
    }

    /// The bytes of memory that they take.
    pub(super) fn memory(&self) -> usize {
        self.kept.iter().map(|(shard, _)| shard).chain(&self.read).map(|shard| shard.memory()).sum()
    }

    /// The version after `corpus`, in which what was read stands for what a snapshot had of the same files.
    pub(super) fn take_in(&mut self, corpus: &Corpus) -> Corpus {
        self.replaces |= !self.kept.is_empty();
        let mut version = if self.kept.is_empty() { corpus.clone() } else { corpus.with_living(self.kept.drain(..)) };
        if self.replaces && !self.read.is_empty() {
            let mut gone = Gone::default();
            for file in self.read.iter().flat_map(|shard| shard.files()) {
                let path = file.dir.join(file.name);
                gone.file(&path);
                self.seen.insert(path);
            }
            version = version.without(|entry| gone.holds(entry));
        }
        if self.read.is_empty() { version } else { version.with(self.read.drain(..)) }
    }

    /// The version after `corpus`, which holds all that waited, without the files that are `known` and changed or gone;
    /// none where there are no such files.
    pub(super) fn without_gone(&self, known: &Known, corpus: &Corpus) -> Option<Corpus> {
        let mut gone = Gone::default();
        // What was read anew has taken the place of the old already.
        known.changed().filter(|path| !self.seen.contains(path)).for_each(|path| gone.file(&path));
        (!gone.is_empty()).then(|| corpus.without(|entry| gone.holds(entry)))
    }
}
