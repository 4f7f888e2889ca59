//! The times at which articles were read, to decide whether a file had settled by then.

use std::time::{SystemTime, UNIX_EPOCH};

use crate::corpus::{FileEntry, Slot};

/// A file that was written this shortly before it was read is read again on the next start: the times of some disks are so
/// coarse that a later write may not change them. In nanoseconds.
const SETTLE_TIME: i64 = 2_000_000_000;

/// The time at which the articles from a slot on were read, in nanoseconds since 1970.
#[derive(Clone, Debug)]
pub(crate) struct ReadTimes(Vec<(Slot, i64)>);

impl ReadTimes {
    /// Creates the times of a snapshot, whose files had settled when it was written.
    pub(crate) fn of_snapshot() -> ReadTimes {
        ReadTimes(vec![(Slot(0), i64::MAX)])
    }

    /// Records that articles after this number of slots are read from now on.
    pub(crate) fn mark_since(&mut self, slots: usize) {
        let first = Slot(u32::try_from(slots).unwrap_or(u32::MAX));
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        self.0.retain(|(before, _)| *before < first);
        self.0.push((first, i64::try_from(since.as_nanos()).unwrap_or(i64::MAX)));
    }

    /// Records that earlier articles moved behind this number of slots. Which ones is unknown, so all of them get the
    /// oldest time: files that were written since then do not count as settled.
    pub(crate) fn merge_from(&mut self, slots: usize) {
        let oldest = self.0.iter().map(|(_, read)| *read).min().unwrap_or(0);
        self.mark_since(slots);
        if let Some((_, read)) = self.0.last_mut() {
            *read = oldest;
        }
    }

    /// Returns whether a file had settled when it was read into the shard that starts at `start`.
    pub(super) fn is_settled(&self, start: Slot, file: &FileEntry<'_>) -> bool {
        let read = self.0.iter().rev().find(|(first, _)| *first <= start).map_or(0, |(_, read)| *read);
        file.stamp.modified.saturating_add(SETTLE_TIME) <= read
    }
}
