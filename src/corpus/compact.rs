//! Compaction: merges small and mostly dead shards, so that snapshots stay in few pieces and the text of removed articles
//! is freed.

use std::sync::Arc;

use super::shard::{FileRecord, Record, Shard};
use super::{Corpus, Slot};

/// Compact once dead text exceeds this many bytes and one eighth of the corpus.
const LITTLE: usize = 4 << 20;

/// Compact once there are more small shards than this.
const MANY: usize = 512;

impl Shard {
    /// Merges the articles of `parts` whose files are alive. Each part comes with a flag for each of its files.
    pub fn joined<'a>(parts: impl IntoIterator<Item = (&'a Shard, &'a [bool])>) -> Shard {
        let mut joined = Shard::default();
        for (part, alive) in parts {
            joined.append(part, |_, record| alive.get(record.file as usize) == Some(&true));
        }
        joined.finished()
    }

    /// Releases unused capacity.
    fn finished(mut self) -> Shard {
        self.folded = self.folded.finish();
        self.edits.shrink_to_fit();
        self.outlines.shrink_to_fit();
        self.records.shrink_to_fit();
        self.files.shrink_to_fit();
        self
    }

    /// Appends the articles of `part` for which `is_alive` returns true, by number and record.
    fn append(&mut self, part: &Shard, is_alive: impl Fn(usize, &Record) -> bool) {
        let mut numbers = vec![None; part.files.len()];
        for (index, record) in part.records.iter().enumerate() {
            let old = record.file as usize;
            let (Some(file), Some(number), true) = (part.files.get(old), numbers.get_mut(old), is_alive(index, record))
            else {
                continue;
            };
            let file = *number.get_or_insert_with(|| {
                let (dir, name) = (Arc::clone(&file.dir), file.name.clone());
                self.files.push(FileRecord {
                    dir,
                    name,
                    origin: file.origin,
                    stamp: file.stamp,
                    feeds: file.feeds.clone(),
                });
                self.files.len() - 1
            });
            let section = part.sections.get(usize::from(record.section));
            let section = section.map_or(usize::from(u16::MAX), |section| place_of(&mut self.sections, section));
            let format = part.formats.get(usize::from(record.format));
            let format = format.map_or(usize::from(u8::MAX), |format| place_of(&mut self.formats, format));
            let next = part.records.get(index + 1);
            let (text, edits, outline) = (self.folded.len(), self.edits.len(), self.outlines.len());
            self.folded.append(stretch(&part.folded, record.text, next.map(|next| next.text)));
            self.edits.extend_from_slice(stretch(&part.edits, record.edits, next.map(|next| next.edits)));
            let outlined = stretch(&part.outlines, record.outline, next.map(|next| next.outline));
            self.outlines.extend_from_slice(outlined);
            self.records.push(Record {
                section: u16::try_from(section).unwrap_or(u16::MAX),
                format: u8::try_from(format).unwrap_or(u8::MAX),
                file: file as u32,
                // A shard is finished long before 4 GiB.
                text: text as u32,
                edits: edits as u32,
                outline: outline as u32,
                ..*record
            });
        }
    }
}

/// A shard with dead articles.
struct PartlyDeadShard<'a> {
    start: Slot,
    shard: &'a Arc<Shard>,
    /// Whether each article is alive.
    alive: Vec<bool>,
}

impl PartlyDeadShard<'_> {
    /// Returns the number of bytes of dead text.
    fn dead(&self) -> usize {
        let ends = self.shard.records.iter().skip(1).map(|record| record.text as usize);
        let ends = ends.chain([self.shard.folded.len()]);
        let articles = self.shard.records.iter().zip(ends).zip(&self.alive);
        let dead = articles.filter(|(_, alive)| !**alive);
        dead.map(|((record, end), _)| end.saturating_sub(record.text as usize)).sum()
    }

    /// Estimates the memory that compaction would free, if at least half of the text is dead.
    fn waste(&self) -> Option<usize> {
        let (dead, all) = (self.dead(), self.shard.folded.len());
        (dead * 2 >= all).then(|| (self.shard.memory() as u64 * dead as u64 / all.max(1) as u64) as usize)
    }

    fn is_small(&self) -> bool {
        self.shard.folded.len() < Shard::SMALL
    }
}

impl Corpus {
    /// Returns a version with the same articles, where those of small or mostly dead shards are moved to new shards and
    /// slots. Returns `None` if that would free too little.
    pub fn compacted(&self) -> Option<Corpus> {
        let parts = self.parts();
        let waste: usize = parts.iter().filter_map(PartlyDeadShard::waste).sum();
        let small = parts.iter().filter(|part| part.is_small()).count();
        if waste <= LITTLE.max(self.memory() / 8) && small <= MANY {
            return None;
        }
        let moved: Vec<&PartlyDeadShard<'_>> =
            parts.iter().filter(|part| part.waste().is_some() || part.is_small()).collect();
        let mut shards = Vec::new();
        let mut joined = Shard::default();
        for part in &moved {
            if joined.folded.len() + part.shard.folded.len() > Shard::FULL && !joined.is_empty() {
                shards.push(Arc::new(std::mem::take(&mut joined).finished()));
            }
            joined.append(part.shard, |index, _| part.alive.get(index) == Some(&true));
        }
        shards.push(Arc::new(joined.finished()));
        let is_moved = |slot: &Slot| {
            let after = moved.partition_point(|part| part.start <= *slot);
            let part = after.checked_sub(1).and_then(|number| moved.get(number));
            part.is_some_and(|part| slot.index() - part.start.index() < part.alive.len())
        };
        let order = self.order.iter().copied().filter(|slot| !is_moved(slot)).collect();
        let mut rest = Corpus { order: Arc::new(order), ..self.clone() };
        rest.drop_empty_shards();
        Some(rest.with(shards))
    }

    fn parts(&self) -> Vec<PartlyDeadShard<'_>> {
        let part = |(start, shard): (Slot, _)| PartlyDeadShard { start, shard, alive: Vec::new() };
        let mut parts: Vec<PartlyDeadShard<'_>> = self.shards().map(part).collect();
        parts.iter_mut().for_each(|part| part.alive = vec![false; part.shard.len()]);
        for slot in self.order.iter() {
            let after = self.starts.partition_point(|start| *start <= slot.0);
            let part = after.checked_sub(1).and_then(|number| parts.get_mut(number));
            if let Some(part) = part
                && let Some(alive) = part.alive.get_mut(slot.index() - part.start.index())
            {
                *alive = true;
            }
        }
        parts
    }
}

/// Returns the index of `value` in `values`, and appends it if it is missing.
fn place_of<T: PartialEq + Clone>(values: &mut Vec<T>, value: &T) -> usize {
    values.iter().position(|known| known == value).unwrap_or_else(|| {
        values.push(value.clone());
        values.len() - 1
    })
}

/// Returns the bytes of a column from `start` to `end`, or to the end of the column.
fn stretch(column: &[u8], start: u32, end: Option<u32>) -> &[u8] {
    column.get(start as usize..end.map_or(column.len(), |end| end as usize)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::article::{BlockKind, Draft, Role};
    use crate::corpus::{ArticleRef, FileStamp, Origin, ShardBuilder};

    /// Returns a shard with articles of these lengths in bytes, one file each.
    fn shard(articles: &[(String, usize)]) -> Arc<Shard> {
        let mut builder = ShardBuilder::default();
        for (name, bytes) in articles {
            let file = builder.file(&Arc::from(Path::new("desk")), name.as_ref(), Origin::File, FileStamp::default());
            let mut draft = Draft::default();
            draft.push(Role::Headline, name.as_str());
            draft.push_body(BlockKind::Paragraph, "Ferry ".repeat(bytes / 6));
            builder.push(file, name.as_bytes(), 0, "wire", &draft);
        }
        Arc::new(builder.finish())
    }

    fn contents(corpus: &Corpus) -> Vec<String> {
        let entries = corpus.order().iter().map(|&slot| corpus.get(slot).unwrap());
        entries.map(|entry: ArticleRef<'_>| format!("{:?} {:?}", entry.path(), entry.article())).collect()
    }

    #[test]
    fn replaced_articles_do_not_keep_their_old_shard_in_memory() {
        let mut corpus = Corpus::default();
        let mut most = 0;
        for round in 0..200 {
            // One large article changes each time; a small one comes with it and stays.
            let rest = corpus.without(|entry| entry.headline().as_str() == "large");
            corpus = rest.with([shard(&[(format!("{round:03}"), 60), ("large".to_owned(), 300_000)])]);
            if let Some(compacted) = corpus.compacted() {
                assert_eq!(contents(&compacted), contents(&corpus));
                assert!(compacted.compacted().is_none());
                corpus = compacted;
            }
            most = most.max(corpus.memory());
        }
        assert_eq!(corpus.len(), 201);
        assert!(most < 2 * LITTLE, "{most} bytes");
    }

    #[test]
    fn small_shards_are_merged_and_large_ones_stay() {
        let large = shard(&[("large".to_owned(), Shard::SMALL + 60)]);
        let small = (0..=MANY).map(|number| shard(&[(format!("{number:03}"), 60)]));
        let corpus = Corpus::default().with([Arc::clone(&large)]).with(small);
        let compacted = corpus.compacted().unwrap();
        assert_eq!(contents(&compacted), contents(&corpus));
        let shards: Vec<_> = compacted.shards().collect();
        assert_eq!(shards.len(), 2);
        assert!(Arc::ptr_eq(shards[0].1, &large));
    }
}
