//! The order of articles: newest first, undated ones last, equal dates by path and by position in the file.
//!
//! A load adds hundreds of thousands of articles, many with equal dates and folders. Comparing paths by component took
//! half a second for 300,000 files, so folders are ranked once and compared by rank.

use std::cmp::{Ordering, Reverse};
use std::collections::HashMap;
use std::ffi::OsStr;
use std::path::Path;
use std::sync::Arc;

use super::shard::Record;
use super::{Corpus, Shard, Slot};

/// The sort key of an article.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct SortKey<'a> {
    seconds: Reverse<i64>,
    /// The rank of the folder.
    folder: u32,
    /// The first bytes of the name, which usually decide.
    begin: u64,
    name: &'a OsStr,
    ordinal: u32,
    slot: Slot,
}

impl Corpus {
    /// Returns the sorted slots of `old`, which are in order, and of all slots from `first` on, without those of `dead`
    /// files, shard by shard.
    pub(super) fn ordered(&self, old: &[Slot], first: u32, dead: &[Vec<u32>]) -> Vec<Slot> {
        let count = (self.slots - first) as usize;
        // Comparing keys is much faster than comparing articles, but computing them takes time.
        if old.len() / 4 < count {
            let keys = self.keys(old, first, dead);
            keys.iter().map(|key| key.slot).collect()
        } else {
            let added: Vec<Slot> = self.keys(&[], first, dead).iter().map(|key| key.slot).collect();
            self.merged(old, &added)
        }
    }

    /// Returns the sorted keys of `old` and of the slots from `first` on.
    fn keys<'a>(&'a self, old: &[Slot], first: u32, dead: &[Vec<u32>]) -> Vec<SortKey<'a>> {
        let from = if old.is_empty() { first } else { 0 };
        let mut ranks: HashMap<&OsStr, u32> = HashMap::new();
        let mut last: Option<&Arc<Path>> = None;
        for file in self.shards().filter(|(start, _)| start.0 >= from).flat_map(|(_, shard)| &shard.files) {
            // Neighbours usually share a folder.
            if !last.is_some_and(|last| Arc::ptr_eq(last, &file.dir)) {
                ranks.insert(file.dir.as_os_str(), 0);
            }
            last = Some(&file.dir);
        }
        let mut folders: Vec<&Path> = ranks.keys().copied().map(Path::new).collect();
        folders.sort_unstable_by_key(|path| (*path, path.as_os_str()));
        for (rank, path) in (0..).zip(folders) {
            ranks.insert(path.as_os_str(), rank);
        }
        let mut last: Option<(&Arc<Path>, u32)> = None;
        let mut key = |slot, shard: &'a Shard, record: &Record| {
            let file = shard.files.get(record.file as usize)?;
            let folder = match last {
                Some((dir, rank)) if Arc::ptr_eq(dir, &file.dir) => rank,
                _ => ranks.get(file.dir.as_os_str()).copied().unwrap_or(u32::MAX),
            };
            last = Some((&file.dir, folder));
            let (seconds, name) = (Reverse(record.seconds), &*file.name);
            Some(SortKey { seconds, folder, begin: begin(name), name, ordinal: record.ordinal, slot })
        };
        let mut keys = Vec::with_capacity(old.len() + (self.slots - first) as usize);
        keys.extend(
            old.iter().filter_map(|&slot| self.get(slot).and_then(|entry| key(slot, entry.shard, entry.record))),
        );
        let new = self.shards().filter(|(start, _)| start.0 >= first);
        for ((start, shard), dead) in new.zip(dead) {
            let is_alive = |record: &&Record| dead.is_empty() || dead.binary_search(&record.file).is_err();
            let records = (start.0..).map(Slot).zip(&shard.records).filter(|(_, record)| is_alive(record));
            keys.extend(records.filter_map(|(slot, record)| key(slot, shard, record)));
        }
        // The slots that were in order are one run, which a stable sort exploits.
        keys.sort();
        keys
    }

    /// Merges two sorted lists. Usually few slots are added to many, so their positions are found by galloping.
    pub(super) fn merged(&self, old: &[Slot], added: &[Slot]) -> Vec<Slot> {
        let mut merged = Vec::with_capacity(old.len() + added.len());
        let mut rest = old;
        for &new in added {
            let comes_before = |slot: &Slot| self.compare(*slot, new) == Ordering::Less;
            let mut step = 1;
            while rest.get(step - 1).is_some_and(comes_before) {
                step *= 2;
            }
            let near = rest.get(..step).unwrap_or(rest);
            let (before, after) = rest.split_at(near.partition_point(comes_before));
            merged.extend_from_slice(before);
            merged.push(new);
            rest = after;
        }
        merged.extend_from_slice(rest);
        merged
    }

    fn compare(&self, a: Slot, b: Slot) -> Ordering {
        match (self.get(a), self.get(b)) {
            (Some(first), Some(second)) => Reverse(first.sort_key())
                .cmp(&Reverse(second.sort_key()))
                .then_with(|| first.compare_place(&second))
                .then(a.cmp(&b)),
            _ => a.cmp(&b),
        }
    }
}

/// Returns the first eight bytes of `name` as a number with the same order; missing bytes count as zeros.
fn begin(name: &OsStr) -> u64 {
    let name = name.as_encoded_bytes();
    let mut bytes = [0; 8];
    bytes.iter_mut().zip(name).for_each(|(to, from)| *to = *from);
    u64::from_be_bytes(bytes)
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDate;

    use super::*;
    use crate::article::{Draft, Published, Role};
    use crate::corpus::{FileStamp, Origin, ShardBuilder};

    fn shard(files: &[(&str, &str, u32)]) -> Arc<Shard> {
        let mut builder = ShardBuilder::default();
        for (dir, name, day) in files {
            let file = builder.file(&Arc::from(Path::new(dir)), name.as_ref(), Origin::File, FileStamp::default());
            let published = NaiveDate::from_ymd_opt(2023, 9, *day).map(Published::Day);
            let mut draft = Draft { published, ..Draft::default() };
            draft.push(Role::Headline, *name);
            builder.push(file, name.as_bytes(), 0, "wire", &draft);
            builder.push(file, name.as_bytes(), 1, "wire", &draft);
        }
        Arc::new(builder.finish())
    }

    #[test]
    fn batches_are_ordered_as_if_loaded_at_once() {
        let files: Vec<(&str, String, u32)> = (0..60u32)
            .map(|number| (["a", "a/b", "a-b", "c"][number as usize % 4], format!("{}", number * 7 % 60), number % 5))
            .collect();
        let files: Vec<(&str, &str, u32)> = files.iter().map(|(dir, name, day)| (*dir, name.as_str(), *day)).collect();
        let listing = |corpus: &Corpus| -> Vec<_> {
            let entries = corpus.order().iter().map(|&slot| corpus.get(slot).unwrap());
            entries.map(|entry| (entry.published(), entry.path(), entry.id())).collect()
        };
        let at_once = Corpus::default().with([shard(&files)]);
        let mut sorted = at_once.order().to_vec();
        sorted.sort_by(|&a, &b| at_once.compare(a, b));
        assert_eq!(**at_once.order(), sorted);
        for piece in [1, 7, 29] {
            let pieces = files.chunks(piece).fold(Corpus::default(), |corpus, files| corpus.with([shard(files)]));
            assert_eq!(listing(&pieces), listing(&at_once));
        }
    }
}
