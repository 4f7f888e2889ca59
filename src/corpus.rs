//! The in-memory store: all articles of all sources, folded, in immutable shards.
//!
//! A [`Corpus`] is a version. Adding or removing articles makes a new version that shares the shards of the old one.
//! This module knows no queries and no terminal.

mod arena;
mod article_ref;
mod builder;
pub mod codec;
mod compact;
mod order;
mod progress;
mod shard;
mod usage;

use std::sync::Arc;

use crate::article::ArticleId;

pub use article_ref::{ArticleRef, PartRange};
pub use builder::{FileIndex, ShardBuilder};
pub use progress::{LoadProgress, incomplete_reason};
pub use shard::{FeedLabel, FileEntry, FileStamp, Origin, Shard, ShardDigest};
pub use usage::FileUsage;

/// The number of an article in a corpus. It stays the same in all later versions and is never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Slot(pub u32);

impl Slot {
    /// Returns the slot as an index.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// One version of the store.
#[derive(Clone, Debug, Default)]
pub struct Corpus {
    shards: Vec<Arc<Shard>>,
    /// The first slot of each shard.
    starts: Vec<u32>,
    /// The number of slots, including those of removed articles.
    slots: u32,
    /// The articles, newest first, undated ones last, equal dates by path.
    order: Arc<Vec<Slot>>,
}

impl Corpus {
    /// Returns the number of articles.
    pub fn len(&self) -> usize {
        self.order.len()
    }

    /// Returns whether the corpus is empty.
    pub fn is_empty(&self) -> bool {
        self.order.is_empty()
    }

    /// Returns the number of slots ever assigned; every slot is below it.
    pub fn slots(&self) -> usize {
        self.slots as usize
    }

    /// Returns the articles, newest first.
    pub fn order(&self) -> &Arc<Vec<Slot>> {
        &self.order
    }

    /// Returns the shards, each with the slot of its first article.
    pub fn shards(&self) -> impl ExactSizeIterator<Item = (Slot, &Arc<Shard>)> {
        self.starts.iter().zip(&self.shards).map(|(&start, shard)| (Slot(start), shard))
    }

    /// Returns the memory use in bytes.
    pub fn memory(&self) -> usize {
        self.shards.iter().map(|shard| shard.memory()).sum::<usize>() + self.order.capacity() * size_of::<Slot>()
    }

    /// Returns the article in `slot`, even if this version no longer lists it.
    pub fn get(&self, slot: Slot) -> Option<ArticleRef<'_>> {
        let shard = self.starts.partition_point(|&start| start <= slot.0).checked_sub(1)?;
        let index = slot.0 - self.starts.get(shard)?;
        self.shards.get(shard)?.entry(index as usize)
    }

    /// Returns the slot of the listed article with this id.
    pub fn find(&self, id: ArticleId) -> Option<Slot> {
        self.order.iter().copied().find(|&slot| self.get(slot).is_some_and(|entry| entry.id() == id))
    }

    /// Returns a version with the articles of `shards` added. Remove the articles that they replace with
    /// [`without`](Self::without) first.
    #[must_use]
    pub fn with(&self, shards: impl IntoIterator<Item = Arc<Shard>>) -> Corpus {
        self.with_living(shards.into_iter().map(|shard| (shard, Vec::new())))
    }

    /// Like [`with`](Self::with), for shards with dead files. Each shard comes with the numbers of its dead files, in
    /// ascending order.
    #[must_use]
    pub fn with_living(&self, shards: impl IntoIterator<Item = (Arc<Shard>, Vec<u32>)>) -> Corpus {
        let mut grown = self.clone();
        let first = grown.slots;
        let mut dead = Vec::new();
        for (shard, dead_files) in shards {
            // Slots have 32 bits; stop when they run out.
            let Some(after) = u32::try_from(shard.len()).ok().and_then(|len| grown.slots.checked_add(len)) else {
                break;
            };
            if !shard.is_empty() {
                grown.starts.push(grown.slots);
                grown.shards.push(shard);
                grown.slots = after;
                dead.push(dead_files);
            }
        }
        grown.order = Arc::new(grown.ordered(&self.order, first, &dead));
        grown
    }

    /// Returns a version without the articles for which `gone` returns true.
    #[must_use]
    pub fn without(&self, is_removed: impl Fn(ArticleRef<'_>) -> bool) -> Corpus {
        let stays = |slot: &Slot| self.get(*slot).is_some_and(|entry| !is_removed(entry));
        let order = self.order.iter().copied().filter(stays).collect();
        let mut version = Corpus { order: Arc::new(order), ..self.clone() };
        version.drop_empty_shards();
        version
    }

    /// Returns for each shard, in the order of [`shards`](Self::shards), whether each of its files still has an
    /// article.
    pub fn living_files(&self) -> Vec<Vec<bool>> {
        let mut living: Vec<Vec<bool>> = self.shards.iter().map(|shard| vec![false; shard.files.len()]).collect();
        for slot in self.order.iter() {
            let Some(number) = self.starts.partition_point(|start| start <= &slot.0).checked_sub(1) else { continue };
            let record = || {
                let index = slot.0 - self.starts.get(number)?;
                self.shards.get(number)?.records.get(index as usize)
            };
            let file = record().and_then(|record| living.get_mut(number)?.get_mut(record.file as usize));
            if let Some(file) = file {
                *file = true;
            }
        }
        living
    }

    /// Drops the shards without listed articles. Their slots are not reused.
    fn drop_empty_shards(&mut self) {
        let mut lives = vec![false; self.shards.len()];
        for slot in self.order.iter() {
            let shard = self.starts.partition_point(|&start| start <= slot.0);
            if let Some(lives) = shard.checked_sub(1).and_then(|shard| lives.get_mut(shard)) {
                *lives = true;
            }
        }
        let mut keep = lives.iter().copied();
        self.shards.retain(|_| keep.next().unwrap_or(true));
        let mut keep = lives.iter().copied();
        self.starts.retain(|_| keep.next().unwrap_or(true));
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use chrono::NaiveDate;

    use super::*;
    use crate::article::{BlockKind, Draft, Published, Role, SpanStyle};

    fn draft(day: u32, headline: &'static str) -> Draft<'static> {
        let mut draft = Draft {
            published: NaiveDate::from_ymd_opt(2023, 9, day).map(Published::Day),
            section: "WORLD".into(),
            ..Draft::default()
        };
        draft.push(Role::Headline, headline);
        draft.push_body(BlockKind::Paragraph, "Ten accounts at the  State Department.");
        draft.push_body(BlockKind::Code, "fn main() {\n    stop();\n}");
        draft.push(Role::Source, "Réuters");
        draft
    }

    fn shard(name: &str, drafts: &[Draft<'_>]) -> Arc<Shard> {
        let mut builder = ShardBuilder::default();
        let file = builder.file(&Arc::from(Path::new("desk")), name.as_ref(), Origin::File, FileStamp::default());
        for (ordinal, draft) in drafts.iter().enumerate() {
            builder.push(file, name.as_bytes(), ordinal as u32, "wire", draft);
        }
        Arc::new(builder.finish())
    }

    fn headlines(corpus: &Corpus) -> Vec<String> {
        corpus.order().iter().map(|&slot| corpus.get(slot).unwrap().headline().to_string()).collect()
    }

    #[test]
    fn articles_round_trip() {
        let corpus = Corpus::default().with([shard("a.txt", &[draft(27, "Agency Orders “Clean-up”")])]);
        let article = corpus.get(Slot(0)).unwrap().article();
        assert_eq!(article.headline(), "Agency Orders “Clean-up”");
        assert_eq!(article.section, "WORLD");
        assert_eq!(article.published.unwrap().to_string(), "2023-09-27");
        assert_eq!(article.sources().collect::<Vec<_>>(), ["Réuters"]);
        let body: Vec<_> = article.body().map(|(kind, part)| (kind, part.text.to_string())).collect();
        assert_eq!(body[0], (BlockKind::Paragraph, "Ten accounts at the  State Department.".to_owned()));
        assert_eq!(body[1], (BlockKind::Code, "fn main() {\n    stop();\n}".to_owned()));
        assert_eq!(article.words, 11);
        assert_eq!(article.id, ArticleId::of(b"a.txt", 0));
    }

    #[test]
    fn spans_and_links_round_trip() {
        let mut with_link = draft(1, "Linked");
        let span = crate::article::Span { start: 4, end: 12, style: SpanStyle::Link(0) };
        with_link.parts[1].spans.push(span);
        with_link.links.push("https://example.org/\u{1b}x".into());
        with_link.url = Some("https://example.org".into());
        let corpus = Corpus::default().with([shard("a.txt", &[with_link])]);
        let article = corpus.get(Slot(0)).unwrap().article();
        assert_eq!(article.parts[1].spans, [span]);
        assert_eq!(article.links[0], "https://example.org/␛x");
        assert_eq!(article.url.as_deref(), Some("https://example.org"));
    }

    #[test]
    fn long_headlines_are_cut_and_shown_whole_in_the_text() {
        let line = "The desk opened at nine “on the dot” and ".repeat(5_000);
        let mut long = Draft { section: line.as_str().into(), ..Draft::default() };
        long.push(Role::Headline, line.as_str());
        long.push_body(BlockKind::Paragraph, "After that it closed.");
        let corpus = Corpus::default().with([shard("a.txt", &[long])]);
        let article = corpus.get(Slot(0)).unwrap().article();
        assert!(article.headline().len() <= 310 && article.headline().ends_with('…'), "{}", article.headline());
        assert!(article.section.len() <= 310);
        let body: Vec<String> = article.body().map(|(_, part)| part.text.to_string()).collect();
        assert_eq!(body, [line.trim(), "After that it closed."]);
    }

    #[test]
    fn excerpts_are_cut_between_characters() {
        let corpus = Corpus::default().with([shard("a.txt", &[draft(27, "Agency “Orders” the ß and ＡＢＣ")])]);
        let entry = corpus.get(Slot(0)).unwrap();
        let (whole, length) = (entry.article().to_text(), entry.folded().len());
        for most in 0..=length + 1 {
            let (article, is_whole) = entry.beginning(most);
            let text = article.to_text();
            let text = text.trim_end_matches('\n');
            assert!(whole.starts_with(text) && !text.contains('\u{fffd}'), "{most}: {text:?}");
            assert_eq!(is_whole, most >= length - 1, "{most}");
        }
        assert_eq!(entry.beginning(usize::MAX).0.to_text(), whole);
    }

    #[test]
    fn newest_articles_come_first_in_any_order_of_arrival() {
        let corpus = Corpus::default()
            .with([shard("a.txt", &[draft(2, "second"), draft(9, "ninth")])])
            .with([shard("c.txt", &[draft(5, "fifth c")]), shard("b.txt", &[draft(5, "fifth b"), Draft::default()])]);
        assert_eq!(headlines(&corpus), ["ninth", "fifth b", "fifth c", "second", ""]);
    }

    #[test]
    fn removing_articles_keeps_the_slots_of_others() {
        let corpus = Corpus::default()
            .with([shard("a.txt", &[draft(1, "a")])])
            .with([shard("b.txt", &[draft(2, "b")]), shard("c.txt", &[draft(3, "c")])]);
        let fewer = corpus.without(|entry| entry.path().ends_with("b.txt"));
        assert_eq!(headlines(&fewer), ["c", "a"]);
        assert_eq!(fewer.get(Slot(2)).unwrap().headline().as_str(), "c");
        assert!(fewer.get(Slot(1)).is_none_or(|entry| entry.headline().as_str() != "b"));
        let again = fewer.with([shard("b.txt", &[draft(4, "b again")])]);
        assert_eq!(headlines(&again), ["b again", "c", "a"]);
        assert_eq!(again.find(ArticleId::of(b"b.txt", 0)), Some(Slot(3)));
    }
}
