//! When what is in the corpus was read: whether a file had settled by then.

use std::time::{SystemTime, UNIX_EPOCH};

use crate::corpus::{FileEntry, Slot};

/// A file that was written this shortly before it was read may be written again without its time changing, as some
/// disks tell times no better than that: it is read afresh. In nanoseconds.
const FRESH: i64 = 2_000_000_000;

/// When the articles from a slot on were read, in nanoseconds since 1970.
#[derive(Clone, Debug)]
pub(crate) struct ReadTimes(Vec<(Slot, i64)>);

impl ReadTimes {
    /// What comes out of a snapshot was old enough when that was written.
    pub(crate) fn of_snapshot() -> ReadTimes {
        ReadTimes(vec![(Slot(0), i64::MAX)])
    }

    /// What comes after so many slots is read from now on.
    pub(crate) fn begin(&mut self, slots: usize) {
        let first = Slot(u32::try_from(slots).unwrap_or(u32::MAX));
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        self.0.retain(|(before, _)| *before < first);
        self.0.push((first, i64::try_from(since.as_nanos()).unwrap_or(i64::MAX)));
    }

    /// Articles that were there move to where so many slots were. Which they are is not known here, so they are taken to
    /// be as old as the oldest: of files that were written since, it cannot be said that they had settled.
    pub(crate) fn join(&mut self, slots: usize) {
        let oldest = self.0.iter().map(|(_, read)| *read).min().unwrap_or(0);
        self.begin(slots);
        if let Some((_, read)) = self.0.last_mut() {
            *read = oldest;
        }
    }

    /// Whether a file was not written any more for a while when it was read into the shard that begins at `start`.
    pub(super) fn is_settled(&self, start: Slot, file: &FileEntry<'_>) -> bool {
        let read = self.0.iter().rev().find(|(first, _)| *first <= start).map_or(0, |(_, read)| *read);
        file.stamp.modified.saturating_add(FRESH) <= read
    }
}
