//! Narrowing: a scan records the first possible position of each term in each matching article, for the next scan.
//!
//! Queries grow letter by letter. `parliament` cannot occur before the first `parliamen`, and usually occurs right there.
//! So the scan for the next letter checks one position in each article instead of searching all text again.

use super::Matcher;
use super::needle::ABSENT;
use crate::corpus::Slot;

/// The maximum number of terms; beyond it, bounds are not worth their memory.
const MOST_TERMS: usize = 8;

/// The matching articles, with a lower bound for each term in each of them.
#[derive(Clone, Debug)]
pub(super) struct TermBounds {
    /// The bytes of each term, if it has any.
    texts: Vec<Option<Vec<u8>>>,
    /// For each slot, the index of its row of bounds plus one, or 0 if it does not match.
    rows: Vec<u32>,
    bounds: Vec<u32>,
}

/// A term of the new query that contains a term of the former query, `offset` bytes after its start.
#[derive(Clone, Copy, Debug)]
pub(super) struct InheritedBound {
    new: usize,
    old: usize,
    offset: u32,
}

impl TermBounds {
    /// Creates an empty set for a corpus with `slots` slots. Returns `None` for queries with too many terms.
    pub(super) fn new(matcher: &Matcher, slots: usize) -> Option<TermBounds> {
        let texts = matcher.texts();
        (texts.len() <= MOST_TERMS).then(|| TermBounds { texts, rows: vec![0; slots], bounds: Vec::new() })
    }

    /// Adds articles, with a bound for each term of each.
    pub(super) fn put(&mut self, slots: &[Slot], bounds: &[u32]) {
        let before = self.bounds.len() / self.texts.len().max(1);
        // Without terms the bounds are empty, and the row number is not used.
        let first = if self.texts.is_empty() { 0 } else { before };
        for (row, slot) in (first..).zip(slots) {
            if let Some(place) = self.rows.get_mut(slot.index()) {
                *place = row as u32 + 1;
            }
        }
        self.bounds.extend_from_slice(bounds);
    }

    /// Returns the terms of a new query that contain terms of this one.
    pub(super) fn inherited_bounds(&self, matcher: &Matcher) -> Vec<InheritedBound> {
        let mut inherited = Vec::new();
        for (new, text) in matcher.texts().iter().enumerate() {
            for (old, held) in self.texts.iter().enumerate() {
                let (Some(text), Some(held)) = (text, held) else { continue };
                // An empty term occurs everywhere and bounds nothing.
                if let Some(offset) = memchr::memmem::find(text, held).filter(|_| !held.is_empty()) {
                    inherited.push(InheritedBound { new, old, offset: offset as u32 });
                }
            }
        }
        inherited
    }

    /// Sets the bounds of the new query's terms for an article. Returns false if the article did not match.
    pub(super) fn inherit(&self, slot: Slot, inherited: &[InheritedBound], bounds: &mut [u32]) -> bool {
        let Some(row) = self.rows.get(slot.index()).and_then(|row| row.checked_sub(1)) else { return false };
        bounds.fill(0);
        let start = row as usize * self.texts.len();
        for bound_of in inherited {
            let (Some(&old), Some(new)) = (self.bounds.get(start + bound_of.old), bounds.get_mut(bound_of.new)) else {
                continue;
            };
            let bound = if old == ABSENT { ABSENT } else { old.saturating_sub(bound_of.offset) };
            *new = bound.max(*new);
        }
        true
    }
}
