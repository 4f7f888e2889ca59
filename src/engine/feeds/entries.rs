//! Reads the entries of feeds from the library into the corpus: the newest first, then all, then changes.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, mpsc};
use std::thread;

use crate::article::Problem;
use crate::article::{ArticleId, Draft, Role};
use crate::corpus::{Corpus, FeedLabel, FileIndex, Shard, ShardBuilder};
use crate::engine::loader::memory_budget::MemoryBudget;
use crate::engine::log::note;
use crate::library::feeds::{EntryQuery, StoredEntry};
use crate::library::{Error, FeedId, Library};
use crate::text::clean;

/// The number of newest entries that are read before all others: more than any screen shows.
const FIRST_BATCH: usize = 150;

/// The number of entries that a thread reads at once.
const BATCH: i64 = 4_000;

/// The revision of feeds that were not read completely. Libraries count revisions from 0.
const NOT_READ: i64 = -1;

/// The name of the format of all entries.
const FORMAT: &str = "feed";

/// The entries that the corpus contains.
#[derive(Debug)]
pub(crate) struct FeedEntries {
    path: PathBuf,
    merge: bool,
    /// The revision of the entries in the corpus.
    seen: i64,
    /// The revision of the feeds in the corpus.
    feeds_seen: i64,
}

/// The changes in the library since it was read last.
#[derive(Debug, Default)]
pub(crate) struct EntryChanges {
    /// The entries to remove. Changed entries are also among the new ones.
    pub(crate) removed: HashSet<ArticleId>,
    /// Whether to remove all entries.
    pub(crate) all_removed: bool,
    /// The new and changed entries.
    pub(crate) shards: Vec<Arc<Shard>>,
}

impl FeedEntries {
    /// Reads all entries in the library at `path`, the latest first, and passes them to `take`. Stops at the memory
    /// limit, or when `stop` is set. With `merge`, an entry of several feeds is passed once.
    pub(crate) fn load(
        path: &Path,
        merge: bool,
        budget: &MemoryBudget,
        stop: &AtomicBool,
        take: &mut dyn FnMut(Arc<Shard>),
    ) -> Result<FeedEntries, Error> {
        let mut stored = FeedEntries { path: path.to_owned(), merge, seen: 0, feeds_seen: 0 };
        stored.read_all(budget, stop, take)?;
        Ok(stored)
    }

    /// Returns whether reading was stopped before everything was read.
    pub(crate) fn is_partial(&self) -> bool {
        self.feeds_seen == NOT_READ
    }

    /// Returns the problem to report if the library cannot be read.
    pub(crate) fn problem(path: &Path, error: &Error) -> Problem {
        Problem::new(path, error.to_string(), "feeds are not shown").failure()
    }

    /// Returns the changes since the last call.
    pub(crate) fn poll(&mut self, budget: &MemoryBudget) -> Result<EntryChanges, Error> {
        let mut changes = EntryChanges::default();
        let Some(library) = Library::open_to_read(&self.path)? else { return Ok(changes) };
        let (revision, _) = library.extent_of_entries()?;
        // A smaller revision means another library: an older copy, or a recovered one.
        if library.feeds_changed()? != self.feeds_seen || revision < self.seen {
            changes.all_removed = true;
            self.read_all(budget, &AtomicBool::new(false), &mut |shard| changes.shards.push(shard))?;
            return Ok(changes);
        }
        if revision == self.seen {
            return Ok(changes);
        }
        let labels = Labels::read(&library, self.merge)?;
        let mut assembler = ShardAssembler::new(&labels);
        library.read_entries(&EntryQuery::Since(self.seen), |entry| {
            // Entries removed by retention stay until the next start: the reader may have one open.
            if !entry.dropped {
                changes.removed.insert(entry.id);
            }
            assembler.add(&entry, &mut |shard| changes.shards.push(shard));
        })?;
        assembler.finish(&mut |shard| changes.shards.push(shard));
        self.seen = revision;
        Ok(changes)
    }

    fn read_all(
        &mut self,
        budget: &MemoryBudget,
        stop: &AtomicBool,
        take: &mut dyn FnMut(Arc<Shard>),
    ) -> Result<(), Error> {
        // All earlier entries are replaced.
        budget.reset(&Corpus::default());
        let mut take = |shard: Arc<Shard>| {
            budget.charge(&shard);
            take(shard);
        };
        let take = &mut take;
        let Some(library) = Library::open_to_read(&self.path)? else { return Ok(()) };
        let feeds_seen = library.feeds_changed()?;
        let (seen, numbers) = library.extent_of_entries()?;
        let labels = Labels::read(&library, self.merge)?;
        let mut first = HashSet::new();
        let mut assembler = ShardAssembler::new(&labels);
        library.read_entries(&EntryQuery::Newest(FIRST_BATCH), |entry| {
            first.insert(entry.number);
            assembler.add(&entry, take);
        })?;
        assembler.finish(take);
        // The latest numbers come first. Each thread reads one batch after the other.
        let next = AtomicI64::new(*numbers.end());
        let threads = thread::available_parallelism().map_or(1, usize::from);
        thread::scope(|scope| {
            let (shards, ready) = mpsc::sync_channel(threads);
            for _ in 0..threads {
                let (next, labels, first, numbers, shards) = (&next, &labels, &first, &numbers, shards.clone());
                let path = &self.path;
                scope.spawn(move || {
                    let mut take = |shard| {
                        let _ = shards.send(Ok(shard));
                    };
                    let mut read = || -> Result<(), Error> {
                        let Some(library) = Library::open_to_read(path)? else { return Ok(()) };
                        let mut assembler = ShardAssembler::new(labels);
                        while !stop.load(Ordering::Relaxed) {
                            let end = next.fetch_sub(BATCH, Ordering::Relaxed);
                            if end < *numbers.start() {
                                break;
                            }
                            if budget.is_nearly_full() {
                                let count = library.count_entries(end - BATCH + 1..=end)?;
                                budget.count_left_out(0, usize::try_from(count).unwrap_or(usize::MAX));
                                continue;
                            }
                            library.read_entries(&EntryQuery::Numbered(end - BATCH + 1..=end), |entry| {
                                if !first.contains(&entry.number) {
                                    assembler.add(&entry, &mut take);
                                }
                            })?;
                        }
                        assembler.finish(&mut take);
                        Ok(())
                    };
                    if let Err(error) = read() {
                        let _ = shards.send(Err(error));
                    }
                });
            }
            drop(shards);
            let mut done = Ok(());
            for shard in ready {
                match shard {
                    Ok(shard) => take(shard),
                    Err(error) => done = Err(error),
                }
            }
            done
        })?;
        // If reading fails or is stopped, everything is read again the next time.
        let is_whole = !stop.load(Ordering::Relaxed);
        (self.seen, self.feeds_seen) = if is_whole { (seen, feeds_seen) } else { (0, NOT_READ) };
        Ok(())
    }
}

/// Returns a tag as it is listed among the names of feeds.
pub(crate) fn tag_label(tag: &str) -> String {
    format!("#{}", clean(tag))
}

/// The names of feeds, and of groups of feeds that have an entry in common.
struct Labels {
    feeds: HashMap<FeedId, FeedLabel>,
    /// The other feeds of each entry.
    others: HashMap<ArticleId, Vec<FeedId>>,
    merge: bool,
}

impl Labels {
    fn read(library: &Library, merge: bool) -> Result<Labels, Error> {
        let feeds = library.feeds_with_entries()?.into_iter().map(|feed| {
            let subscription = feed.subscription;
            let names = vec![clean(subscription.name()).into_owned()];
            let tags = subscription.tags.iter().map(|tag| tag_label(tag)).collect();
            (feed.number, FeedLabel { names, url: subscription.url, tags })
        });
        let feeds = feeds.collect();
        let mut others: HashMap<ArticleId, Vec<FeedId>> = HashMap::new();
        if merge {
            for (entry, feed) in library.repeated_entries()? {
                others.entry(entry).or_default().push(feed);
            }
        }
        Ok(Labels { feeds, others, merge })
    }

    /// Returns the label for entries of all these feeds.
    fn label(&self, feeds: &[FeedId]) -> FeedLabel {
        let mut united = FeedLabel::default();
        for label in feeds.iter().filter_map(|feed| self.feeds.get(feed)) {
            if united.url.is_empty() {
                united.url.clone_from(&label.url);
            }
            let add = |all: &mut Vec<String>, more: &[String]| {
                all.extend(more.iter().filter(|one| !all.contains(one)).cloned().collect::<Vec<_>>());
            };
            add(&mut united.names, &label.names);
            add(&mut united.tags, &label.tags);
        }
        united
    }
}

/// Builds shards from entries.
struct ShardAssembler<'l> {
    labels: &'l Labels,
    builder: ShardBuilder,
    /// The groups of feeds that the current shard contains.
    files: HashMap<Vec<FeedId>, FileIndex>,
    /// The labels, reused in all shards.
    made: HashMap<Vec<FeedId>, Arc<FeedLabel>>,
}

impl<'l> ShardAssembler<'l> {
    fn new(labels: &'l Labels) -> ShardAssembler<'l> {
        ShardAssembler { labels, builder: ShardBuilder::default(), files: HashMap::new(), made: HashMap::new() }
    }

    /// Adds an entry. Passes the shard to `give` when it is full.
    fn add(&mut self, entry: &StoredEntry<'_>, give: &mut dyn FnMut(Arc<Shard>)) {
        if entry.dropped || (self.labels.merge && entry.same_as.is_some()) {
            return;
        }
        let mut draft: Draft<'_> = match serde_json::from_str(entry.article) {
            Ok(draft) => draft,
            Err(error) => return note(|| format!("entry {} cannot be read: {error}", entry.id)),
        };
        draft.published = entry.published;
        let mut feeds = vec![entry.feed];
        feeds.extend(self.labels.others.get(&entry.id).into_iter().flatten().filter(|feed| **feed != entry.feed));
        let label = match self.made.get(&feeds) {
            Some(label) => Arc::clone(label),
            None => {
                let label = Arc::new(self.labels.label(&feeds));
                self.made.insert(feeds.clone(), Arc::clone(&label));
                label
            }
        };
        for name in &label.names {
            if draft.parts.iter().all(|part| part.role != Role::Source || part.text != *name) {
                draft.push(Role::Source, name.as_str());
            }
        }
        let file = *self.files.entry(feeds).or_insert_with(|| self.builder.feed(&label));
        // Among equal dates, the smaller ordinal is listed first.
        let ordinal = u32::MAX - u32::try_from(entry.position).unwrap_or(u32::MAX);
        self.builder.push_known(file, entry.id, ordinal, FORMAT, &draft);
        if self.builder.bytes() >= Shard::FULL {
            self.finish(give);
        }
    }

    /// Passes the current shard to `give` if it is not empty.
    fn finish(&mut self, give: &mut dyn FnMut(Arc<Shard>)) {
        if !self.builder.is_empty() {
            give(Arc::new(self.builder.take()));
        }
        self.files.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::subscriptions::Subscription;

    #[test]
    fn unreadable_entries_are_not_marked_as_seen() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("library.db");
        let mut library = Library::open(&path).unwrap();
        library.subscribe(&[Subscription::new("http://paper.example/")]).unwrap();
        let (budget, stop) = (MemoryBudget::new(u64::MAX), AtomicBool::new(false));
        let mut stored = FeedEntries::load(&path, true, &budget, &stop, &mut |_| {}).unwrap();
        let feed = library.feeds().unwrap().remove(0);
        library.change_subscription(feed.number, |feed| feed.with_tags(&["news".to_owned()])).unwrap();
        let alter = |sql| rusqlite::Connection::open(&path).unwrap().execute(sql, []).unwrap();
        alter("ALTER TABLE entries RENAME TO away");
        assert!(stored.poll(&budget).is_err());
        alter("ALTER TABLE away RENAME TO entries");
        assert!(stored.poll(&budget).unwrap().all_removed);
        assert!(!stored.poll(&budget).unwrap().all_removed);
    }

    /// An open reader's view of the feeds in a library.
    struct View {
        stored: FeedEntries,
        corpus: Corpus,
    }

    impl View {
        fn new(path: &Path, merge: bool) -> View {
            let mut shards = Vec::new();
            let (budget, stop) = (MemoryBudget::new(u64::MAX), AtomicBool::new(false));
            let stored = FeedEntries::load(path, merge, &budget, &stop, &mut |shard| shards.push(shard)).unwrap();
            View { stored, corpus: Corpus::default().with(shards) }
        }

        fn poll(&mut self) {
            let EntryChanges { removed, all_removed, shards } = self.stored.poll(&MemoryBudget::new(u64::MAX)).unwrap();
            self.corpus = self.corpus.without(|entry| all_removed || removed.contains(&entry.id())).with(shards);
        }

        /// Identities, feeds, and texts in the order of the list.
        fn listed(&self) -> Vec<(ArticleId, Vec<String>, String)> {
            let entry = |slot: &crate::corpus::Slot| {
                let entry = self.corpus.get(*slot).unwrap();
                let text: Vec<String> = entry.parts().map(|part| format!("{part:?}")).collect();
                (entry.id(), entry.feeds().unwrap().names.clone(), text.join(" "))
            };
            self.corpus.order().iter().map(entry).collect()
        }
    }

    #[test]
    fn updates_show_what_a_restart_would_show() {
        use crate::formats::{FeedArticle, FeedKey};
        use crate::library::feeds::{FetchOutcome, FetchResult, FullText, ParsedFeed, PreparedEntry};
        use crate::library::{FetchStatus, KnownFeed, ReaderId};
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("library.db");
        let mut other = Library::open(&path).unwrap().for_reader(ReaderId(1));
        let url = |name: &str| format!("https://{name}.example/");
        let wanted: Vec<Subscription> = ["a", "b", "c"].iter().map(|name| Subscription::new(url(name))).collect();
        other.subscribe(&wanted).unwrap();
        let feed = |library: &Library, name: &str| -> KnownFeed {
            library.feeds().unwrap().into_iter().find(|feed| feed.subscription.url == url(name)).unwrap()
        };
        let store = |library: &mut Library, name: &str, stories: &[u32], text: &str, moved_to: Option<&str>| {
            let known = feed(library, name);
            let entry = |story: &u32| {
                let link = format!("https://example.org/{story}");
                let mut draft = Draft { url: Some(link.clone().into()), ..Draft::default() };
                draft.push(Role::Headline, format!("Story {story}"));
                draft.push_body(crate::article::BlockKind::Paragraph, text.to_owned());
                FeedArticle { keys: vec![FeedKey::new(link)], guid: None, draft }
            };
            let entries = PreparedEntry::of_document(&known, None, stories.iter().map(entry).collect());
            let outcome = FetchOutcome::Feed(Box::new(ParsedFeed { entries, ..ParsedFeed::default() }));
            let (health, moved_to) = (FetchStatus::default(), moved_to.map(url));
            let delivery =
                FetchResult { feed: known.number, version: known.version, health, moved_to, merge: true, outcome };
            library.store(&[delivery]).unwrap().remove(0)
        };
        let mut views = [View::new(&path, true), View::new(&path, false)];
        let mut check = |what: &str| {
            for (view, merge) in views.iter_mut().zip([true, false]) {
                view.poll();
                assert_eq!(view.listed(), View::new(&path, merge).listed(), "{what}");
            }
        };
        let full = store(&mut other, "a", &[1, 2, 3], "text", None).new[0];
        check("new entries");
        store(&mut other, "b", &[2, 3, 4], "text", None);
        store(&mut other, "c", &[3, 5], "text", None);
        check("entries that several feeds have");
        store(&mut other, "a", &[1, 2], "another text", None);
        other.store_full_text(full, &FullText::None).unwrap();
        other.save_full_text(full, &Draft::default()).unwrap();
        check("texts");
        other.unsubscribe(&[feed(&other, "a")]).unwrap();
        check("unsubscribed");
        let (row, ..) = other.new_steps(ReaderId(1), 0).unwrap().pop().unwrap();
        other.undo_feeds(row, true).unwrap();
        check("undone");
        assert!(store(&mut other, "a", &[1], "text", Some("c")).merged.is_some());
        check("merged");
        let copy = folder.path().join("copy.db");
        other.back_up(&copy).unwrap();
        store(&mut other, "b", &[6, 7], "text", None);
        store(&mut other, "b", &[8], "text", None);
        check("more");
        drop(other);
        std::fs::rename(&copy, &path).unwrap();
        for suffix in ["-wal", "-shm"] {
            let _ = std::fs::remove_file(format!("{}{suffix}", path.display()));
        }
        check("an older copy");
    }
}
