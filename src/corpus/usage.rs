//! Memory use of each file, and versions without some files that free their memory.

use std::collections::HashMap;
use std::sync::Arc;

use super::shard::{FileRecord, NO_DATE, Record};
use super::{Corpus, Origin, Shard, Slot};

/// Memory used by one file's articles.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileUsage {
    /// The first slot of its shard.
    pub shard: Slot,
    /// The number of the file in the shard.
    pub number: u32,
    /// The date of the newest article, in seconds since 1970; without dates, the modification time of the file.
    pub newest: i64,
    /// The memory use of its articles, in bytes.
    pub bytes: usize,
    /// The number of articles.
    pub articles: u32,
    /// The origin: the disk, or feeds. The feed entries of one shard count as one file.
    pub origin: Origin,
}

impl Corpus {
    /// Returns the memory use of all files and feeds with articles, in no order.
    pub fn weights(&self) -> Vec<FileUsage> {
        let mut all = Vec::new();
        for ((start, shard), living) in self.shards().zip(self.living_files()) {
            let weight = |(number, file): (u32, &FileRecord)| {
                let bytes = size_of::<FileRecord>() + file.name.len();
                FileUsage { shard: start, number, newest: NO_DATE, bytes, articles: 0, origin: file.origin }
            };
            let mut weights: Vec<FileUsage> = (0..).zip(&shard.files).map(weight).collect();
            for (index, record) in shard.records.iter().enumerate() {
                let Some(weight) = weights.get_mut(record.file as usize) else { continue };
                weight.bytes += memory_of(shard, index, record);
                weight.newest = weight.newest.max(record.seconds);
                weight.articles += 1;
            }
            for ((mut weight, file), alive) in weights.into_iter().zip(&shard.files).zip(living) {
                if weight.newest == NO_DATE {
                    weight.newest = file.stamp.seconds();
                }
                if alive && matches!(file.origin, Origin::File | Origin::Feed) {
                    all.push(weight);
                }
            }
        }
        all
    }

    /// Returns a version where only the `retained` files of some shards, identified by their first slots, remain. They
    /// are copied to new shards, so that the old ones are freed with the last older version.
    #[must_use]
    pub fn keeping(&self, retained: &HashMap<Slot, Vec<bool>>) -> Corpus {
        let mut joined = Vec::new();
        let (mut parts, mut bytes) = (Vec::new(), 0);
        for (start, shard) in self.shards() {
            let Some(alive) = retained.get(&start).filter(|alive| alive.contains(&true)) else { continue };
            if bytes + shard.folded.len() > Shard::FULL && !parts.is_empty() {
                joined.push(Arc::new(Shard::joined(parts.drain(..))));
                bytes = 0;
            }
            parts.push((&**shard, alive.as_slice()));
            bytes += shard.folded.len();
        }
        if !parts.is_empty() {
            joined.push(Arc::new(Shard::joined(parts)));
        }
        let stays = |slot: &Slot| {
            let shard = self.starts.partition_point(|start| start <= &slot.0).checked_sub(1);
            shard.and_then(|shard| self.starts.get(shard)).is_some_and(|start| !retained.contains_key(&Slot(*start)))
        };
        let order = self.order.iter().copied().filter(stays).collect();
        let mut rest = Corpus { order: Arc::new(order), ..self.clone() };
        rest.drop_empty_shards();
        rest.with(joined)
    }
}

/// Returns the bytes that article `index` takes in the columns of its shard.
fn memory_of(shard: &Shard, index: usize, record: &Record) -> usize {
    let next = shard.records.get(index + 1);
    let length = |start: u32, end: Option<u32>, column: usize| {
        end.map_or(column, |end| end as usize).saturating_sub(start as usize)
    };
    length(record.text, next.map(|next| next.text), shard.folded.len())
        + length(record.edits, next.map(|next| next.edits), shard.edits.len())
        + length(record.outline, next.map(|next| next.outline), shard.outlines.len())
        + size_of::<Record>()
        + size_of::<Slot>()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::article::{BlockKind, Draft, Published, Role};
    use crate::corpus::{FileStamp, ShardBuilder};

    fn shard(files: &[(&str, Option<u32>)]) -> Arc<Shard> {
        let mut builder = ShardBuilder::default();
        for (name, day) in files {
            let stamp = FileStamp { size: 1, modified: 77_000_000_000 };
            let file = builder.file(&Arc::from(Path::new("desk")), name.as_ref(), Origin::File, stamp);
            let published = day.and_then(|day| chrono::NaiveDate::from_ymd_opt(2023, 9, day)).map(Published::Day);
            let mut draft = Draft { published, ..Draft::default() };
            draft.push(Role::Headline, *name);
            draft.push_body(BlockKind::Paragraph, "Ten accounts at the State Department.");
            builder.push(file, name.as_bytes(), 0, "wire", &draft);
        }
        Arc::new(builder.finish())
    }

    fn names(corpus: &Corpus) -> Vec<String> {
        let entry = |&slot| corpus.get(slot).unwrap().article();
        corpus.order().iter().map(entry).map(|article| article.headline().to_owned()).collect()
    }

    #[test]
    fn usage_of_a_file_sums_its_articles_and_takes_the_newest_date() {
        let corpus = Corpus::default().with([shard(&[("a", Some(1)), ("b", None)])]);
        let weights = corpus.weights();
        assert_eq!(weights.len(), 2);
        assert_eq!(weights[1].newest, 77);
        assert!(weights[0].newest > 1_600_000_000 && weights[0].bytes > 60, "{weights:?}");
        let without = corpus.without(|entry| entry.path().ends_with("a"));
        assert_eq!(without.weights(), [weights[1]]);
    }

    #[test]
    fn dropped_files_free_memory_and_others_stay_in_order() {
        let old = shard(&[("a", Some(1)), ("b", Some(2)), ("c", Some(3))]);
        let corpus = Corpus::default().with([shard(&[("d", Some(4))]), Arc::clone(&old), shard(&[("e", Some(5))])]);
        let fewer = corpus.keeping(&HashMap::from([(Slot(1), vec![false, true, false])]));
        assert_eq!(names(&fewer), ["e", "d", "b"]);
        drop(corpus);
        assert_eq!(Arc::strong_count(&old), 1, "nobody holds the old shard");
        assert_eq!(names(&fewer.keeping(&HashMap::from([(Slot(0), vec![false])]))), ["e", "b"]);
    }
}
