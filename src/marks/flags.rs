//! Marks by slot: one byte for each article, for fast scans.

use std::sync::Arc;

use super::{ArticleMarks, Marks};
use crate::corpus::{Corpus, Slot};

const READ: u8 = 1;
const STARRED: u8 = 2;
const TAGGED: u8 = 4;
const NOTED: u8 = 8;

/// The marks of one article as bits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flags(u8);

impl Flags {
    /// Returns whether the article was read.
    pub fn is_read(self) -> bool {
        self.0 & READ != 0
    }

    /// Returns whether the article is starred.
    pub fn is_starred(self) -> bool {
        self.0 & STARRED != 0
    }

    /// Returns whether the article has tags.
    pub fn is_tagged(self) -> bool {
        self.0 & TAGGED != 0
    }

    /// Returns whether the article has a note.
    pub fn is_noted(self) -> bool {
        self.0 & NOTED != 0
    }
}

impl From<&ArticleMarks> for Flags {
    fn from(marked: &ArticleMarks) -> Flags {
        let flag = |flag, is_set| if is_set { flag } else { 0 };
        Flags(
            flag(READ, marked.is_read())
                | flag(STARRED, marked.is_starred())
                | flag(TAGGED, !marked.tags().is_empty())
                | flag(NOTED, !marked.note().is_empty()),
        )
    }
}

/// The flags of all slots. An update reads only the marks that changed since.
#[derive(Debug, Default)]
pub struct FlagColumn {
    marks: Marks,
    flags: Arc<Vec<Flags>>,
}

impl FlagColumn {
    /// Returns the marks with the flags of every slot of `corpus`, which must be a later version of the one before.
    pub fn attach(&mut self, marks: &Marks, corpus: &Corpus) -> Marks {
        let changed = self.marks.changed_pieces(marks);
        let known = self.flags.len();
        if changed.contains(&true) || known < corpus.slots() {
            let flags = Arc::make_mut(&mut self.flags);
            flags.resize(corpus.slots(), Flags::default());
            for (start, shard) in corpus.shards() {
                for index in 0..shard.len() {
                    let Some(entry) = shard.entry(index) else { continue };
                    let (slot, article) = (start.index() + index, entry.id());
                    let is_stale = slot >= known || changed.get(super::piece_of(article)) == Some(&true);
                    if let Some(flags) = flags.get_mut(slot).filter(|_| is_stale) {
                        *flags = Flags::from(marks.get(article));
                    }
                }
            }
            self.marks = marks.clone();
        }
        Marks { flags: Some(Arc::clone(&self.flags)), ..marks.clone() }
    }
}

impl Marks {
    /// Returns the flags of the article in a slot, if flags are attached.
    pub fn flags(&self, slot: Slot) -> Option<Flags> {
        self.flags.as_ref()?.get(slot.index()).copied()
    }

    /// Returns for each piece whether it differs from that of `other`.
    fn changed_pieces(&self, other: &Marks) -> Vec<bool> {
        self.pieces.iter().zip(other.pieces.iter()).map(|(own, other)| !Arc::ptr_eq(own, other)).collect()
    }
}
