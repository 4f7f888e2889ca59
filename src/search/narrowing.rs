//! What a scan leaves behind for the next one: from which byte on each term can stand in each article that matches.
//!
//! Somebody who types goes on from one letter to the next. Where `parliamen` stands first in an article, `parliament`
//! cannot stand before; mostly it stands right there. So the next letter looks at one place of each article instead of
//! searching through all of them again.

use super::Matcher;
use crate::corpus::Slot;

/// The bound of a term that stands nowhere in an article.
pub(super) const ABSENT: u32 = u32::MAX;

/// With more terms than this they are not worth their memory.
const MOST_TERMS: usize = 8;

/// The articles that match, and a lower bound for each term in each of them.
#[derive(Clone, Debug)]
pub(super) struct Traces {
    /// The bytes that each term has to find, as far as it has such.
    texts: Vec<Option<Vec<u8>>>,
    /// For each slot, one more than the number of its row of bounds; 0 where it does not match.
    rows: Vec<u32>,
    bounds: Vec<u32>,
}

/// A term of a new query that holds a term of the former one, so many bytes after its start.
#[derive(Clone, Copy, Debug)]
pub(super) struct Heir {
    new: usize,
    old: usize,
    offset: u32,
}

impl Traces {
    /// No articles yet, in a corpus of so many slots. None for queries of too many terms.
    pub(super) fn new(matcher: &Matcher, slots: usize) -> Option<Traces> {
        let texts = matcher.texts();
        (texts.len() <= MOST_TERMS).then(|| Traces { texts, rows: vec![0; slots], bounds: Vec::new() })
    }

    /// Takes in articles, each with a bound for each term.
    pub(super) fn put(&mut self, slots: &[Slot], bounds: &[u32]) {
        let before = self.bounds.len() / self.texts.len().max(1);
        // Without terms there are no bounds to count rows by, and nothing to look up in them.
        let first = if self.texts.is_empty() { 0 } else { before };
        for (row, slot) in (first..).zip(slots) {
            if let Some(place) = self.rows.get_mut(slot.index()) {
                *place = row as u32 + 1;
            }
        }
        self.bounds.extend_from_slice(bounds);
    }

    /// Which terms of a new query are bounded by which of these.
    pub(super) fn heirs(&self, matcher: &Matcher) -> Vec<Heir> {
        let mut heirs = Vec::new();
        for (new, text) in matcher.texts().iter().enumerate() {
            for (old, held) in self.texts.iter().enumerate() {
                let (Some(text), Some(held)) = (text, held) else { continue };
                // What is empty stands everywhere, which bounds nothing.
                if let Some(offset) = memchr::memmem::find(text, held).filter(|_| !held.is_empty()) {
                    heirs.push(Heir { new, old, offset: offset as u32 });
                }
            }
        }
        heirs
    }

    /// Sets the bounds of a new query's terms for an article. Says no where it did not match.
    pub(super) fn inherit(&self, slot: Slot, heirs: &[Heir], bounds: &mut [u32]) -> bool {
        let Some(row) = self.rows.get(slot.index()).and_then(|row| row.checked_sub(1)) else { return false };
        bounds.fill(0);
        let start = row as usize * self.texts.len();
        for heir in heirs {
            let (Some(&old), Some(new)) = (self.bounds.get(start + heir.old), bounds.get_mut(heir.new)) else {
                continue;
            };
            let bound = if old == ABSENT { ABSENT } else { old.saturating_sub(heir.offset) };
            *new = bound.max(*new);
        }
        true
    }
}
