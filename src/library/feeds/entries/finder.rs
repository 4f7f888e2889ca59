//! Matches entries of a feed document with stored entries, independently of the other entries in the document.
//!
//! The first key of an entry that no other entry of the feed has decides. A key that two entries have had is stored as
//! shared and never decides again. So an entry is found by the same key whether or not the others are present.
//!
//! Identities survive changes of these rules. If an entry is found under the key of an older version, its present key
//! is added to `entry_keys`.

use std::collections::{HashMap, HashSet};

use rusqlite::{Row, Transaction, params};
use xxhash_rust::xxh3::xxh3_64;

use super::keys::EntryKey;
use super::prepared::{IMPORTED, PreparedEntry};
use crate::article::{ArticleId, Draft, Role};
use crate::formats::canonical_address;
use crate::library::error::Result;
use crate::library::feeds::model::FeedId;
use crate::library::sqlite::rows;
use crate::library::sqlite::values::{signed, unsigned};

/// A stored entry without its text.
#[derive(Clone, Copy, Debug)]
pub(crate) struct StoredRow {
    pub(crate) number: i64,
    pub(crate) id: ArticleId,
    pub(crate) content: u64,
    /// The time of publication, in seconds since 1970.
    pub(crate) published: i64,
    pub(crate) dropped: bool,
    link: Option<i64>,
}

impl StoredRow {
    fn has_text_of(&self, entry: &PreparedEntry) -> bool {
        self.content == entry.content && self.content != IMPORTED
    }
}

/// The result of looking up an entry of a document.
#[derive(Clone, Copy, Debug)]
pub(crate) enum EntryMatch {
    /// A stored entry.
    Stored(StoredRow),
    /// A new entry, with its identity and the key that will find it.
    New { id: ArticleId, key: u64 },
    /// A repetition of another entry of the document.
    Twice,
}

/// Finds the stored entry for each entry of a document. Stores which keys are shared or have changed.
pub(crate) fn find_entries(
    transaction: &Transaction<'_>,
    feed: FeedId,
    entries: &[PreparedEntry],
) -> Result<Vec<EntryMatch>> {
    let mut finder = EntryFinder::new(transaction, feed)?;
    let levels = finder.levels(entries)?;
    let mut found: Vec<Option<EntryMatch>> = vec![None; entries.len()];
    let mut seen = HashSet::with_capacity(entries.len());
    for ((entry, level), found) in entries.iter().zip(&levels).zip(&mut found) {
        let Some(key) = entry.keys.keys.get(*level) else { continue };
        if !seen.insert(key.sum) {
            *found = Some(EntryMatch::Twice);
        } else if let Some(row) = finder.by_key(entry, *level)? {
            *found = Some(EntryMatch::Stored(row));
        }
    }
    finder.by_likeness(entries, &levels, &mut found)?;
    let mut all = Vec::with_capacity(entries.len());
    for ((entry, level), found) in entries.iter().zip(&levels).zip(found) {
        let key = entry.keys.keys.get(*level).map_or(0, |key| key.sum);
        all.push(match found {
            Some(found) => found,
            None => EntryMatch::New { id: finder.free_id(key)?, key },
        });
    }
    Ok(all)
}

/// Stores that a key belongs to an entry.
pub(crate) fn store_key(transaction: &Transaction<'_>, feed: FeedId, key: u64, number: i64) -> Result<()> {
    let sql = "INSERT OR IGNORE INTO entry_keys (feed, key, entry) VALUES (?1, ?2, ?3)";
    transaction.prepare_cached(sql)?.execute(params![feed.0, signed(key), number])?;
    Ok(())
}

struct EntryFinder<'t> {
    transaction: &'t Transaction<'t>,
    feed: FeedId,
    /// Keys that several entries have had.
    shared: HashSet<u64>,
    /// The numbers of entries by keys other than the one they are stored under.
    known: HashMap<u64, i64>,
    /// The numbers of entries that are already matched.
    taken: HashSet<i64>,
    /// Whether the feed has no entries yet.
    is_empty: bool,
}

impl<'t> EntryFinder<'t> {
    fn new(transaction: &'t Transaction<'t>, feed: FeedId) -> Result<EntryFinder<'t>> {
        let (mut shared, mut known) = (HashSet::new(), HashMap::new());
        let mut statement = transaction.prepare_cached("SELECT key, entry FROM entry_keys WHERE feed = ?1")?;
        let both = |row: &Row<'_>| Ok((unsigned(row.get(0)?), row.get::<_, Option<i64>>(1)?));
        for (key, number) in rows::read(&mut statement, [feed.0], "entry_keys", both)? {
            match number {
                Some(number) => _ = known.insert(key, number),
                None => _ = shared.insert(key),
            }
        }
        let mut any = transaction.prepare_cached("SELECT 1 FROM entries WHERE feed = ?1")?;
        let is_empty = !any.exists([feed.0])?;
        Ok(EntryFinder { transaction, feed, shared, known, taken: HashSet::new(), is_empty })
    }

    /// Returns the index of the deciding key of each entry: the first that is specific and not shared.
    fn levels(&mut self, entries: &[PreparedEntry]) -> Result<Vec<usize>> {
        let mut levels = vec![0; entries.len()];
        let mut counts: HashMap<u64, u32> = HashMap::with_capacity(entries.len());
        loop {
            counts.clear();
            let keys = || entries.iter().zip(&levels).filter_map(|(entry, level)| entry.keys.keys.get(*level));
            for key in keys() {
                *counts.entry(key.sum).or_default() += 1;
            }
            let mut is_done = true;
            for (entry, level) in entries.iter().zip(&mut levels) {
                let Some(key) = entry.keys.keys.get(*level) else { continue };
                let is_several = counts.get(&key.sum).is_some_and(|count| *count > 1);
                let may_go_on = *level + 1 < entry.keys.keys.len();
                if may_go_on && (is_several || !key.is_telling || self.is_shared(key)) {
                    if is_several && key.is_telling {
                        self.share(key.sum)?;
                    }
                    *level += 1;
                    is_done = false;
                }
            }
            if is_done {
                return Ok(levels);
            }
        }
    }

    /// Returns whether several entries of the feed, or of one that was merged into it, have had a key.
    fn is_shared(&self, key: &EntryKey) -> bool {
        key.all_forms().any(|form| self.shared.contains(&form))
    }

    /// Stores that several entries have a key.
    fn share(&mut self, key: u64) -> Result<()> {
        if self.shared.insert(key) {
            let sql = "INSERT OR REPLACE INTO entry_keys (feed, key, entry) VALUES (?1, ?2, NULL)";
            self.transaction.prepare_cached(sql)?.execute(params![self.feed.0, signed(key)])?;
        }
        Ok(())
    }

    /// Returns the entry stored under the deciding key or another form of it.
    fn by_key(&mut self, entry: &PreparedEntry, level: usize) -> Result<Option<StoredRow>> {
        let Some(key) = entry.keys.keys.get(level) else { return Ok(None) };
        for form in key.all_forms() {
            if let Some(&number) = self.known.get(&form)
                && let Some(row) = self.row("number", number)?
            {
                return Ok(self.take(row));
            }
        }
        let mut found = None;
        for form in key.all_forms() {
            found = self.row("id", signed(form))?.filter(|row| !self.taken.contains(&row.number));
            if found.is_some() {
                break;
            }
        }
        // Of entries with one id, earlier versions stored the first under its id and the others under the detailed key.
        // If this entry is stored under the detailed key, the one under the id is another.
        let is_certain = level == 0 && found.is_some_and(|row| row.has_text_of(entry));
        let mut key = key;
        for detailed in entry.keys.detailed.iter().filter(|_| !is_certain) {
            let Some(row) = self.row("id", signed(*detailed))? else { continue };
            found = Some(row);
            if level == 0
                && let Some(next) = entry.keys.keys.get(1)
            {
                self.share(key.sum)?;
                key = next;
            }
            break;
        }
        let Some(row) = found.and_then(|row| self.take(row)) else { return Ok(None) };
        // The first two forms do not depend on how the address is written, so the next lookup finds them.
        if row.id.0 != key.sum && key.forms.first() != Some(&row.id.0) {
            store_key(self.transaction, self.feed, key.sum, row.number)?;
        }
        Ok(Some(row))
    }

    /// Finds entries that are stored under a key that no longer decides, by their similarity.
    fn by_likeness(
        &mut self,
        entries: &[PreparedEntry],
        levels: &[usize],
        found: &mut [Option<EntryMatch>],
    ) -> Result<()> {
        let mut candidates: Vec<(usize, StoredRow)> = Vec::new();
        for (at, (entry, &level)) in entries.iter().zip(levels).enumerate() {
            if found.get(at).is_some_and(Option::is_some) {
                continue;
            }
            let former = entry.keys.keys.iter().take(level);
            let sums = former.flat_map(EntryKey::all_forms).chain(entry.keys.undated.iter().copied());
            for sum in sums {
                let row = match self.known.get(&sum) {
                    Some(&number) => self.row("number", number)?,
                    None => self.row("id", signed(sum))?,
                };
                candidates.extend(row.map(|row| (at, row)));
            }
        }
        if candidates.is_empty() {
            return Ok(());
        }
        let mut likes: Vec<(Likeness, usize, StoredRow)> = Vec::new();
        for (at, row) in candidates {
            if let Some(entry) = entries.get(at)
                && let Some(likeness) = self.likeness(entry, &row)?
            {
                likes.push((likeness, at, row));
            }
        }
        likes.sort_by_key(|(likeness, at, _)| (*likeness, *at));
        for (_, at, row) in likes {
            let (Some(entry), Some(level), Some(found)) = (entries.get(at), levels.get(at), found.get_mut(at)) else {
                continue;
            };
            if found.is_none()
                && let Some(key) = entry.keys.keys.get(*level)
                && let Some(row) = self.take(row)
            {
                store_key(self.transaction, self.feed, key.sum, row.number)?;
                *found = Some(EntryMatch::Stored(row));
            }
        }
        Ok(())
    }

    /// Returns how similar an entry is to a stored one; `None` if they differ.
    fn likeness(&self, entry: &PreparedEntry, row: &StoredRow) -> Result<Option<Likeness>> {
        if row.has_text_of(entry) {
            return Ok(Some(Likeness::Text));
        }
        if row.link.is_some_and(|link| entry.links.iter().any(|form| signed(*form) == link)) {
            return Ok(Some(Likeness::Link));
        }
        let sql = "SELECT article FROM entry_texts WHERE entry = ?1";
        let mut statement = self.transaction.prepare_cached(sql)?;
        let text: String =
            rows::first(&mut statement, [row.number], "entry_texts", |row| row.get(0))?.unwrap_or_default();
        let drafts = serde_json::from_str::<Draft<'_>>(&text).ok().zip(serde_json::from_str(&entry.article).ok());
        let Some((stored, new)): Option<(Draft<'_>, Draft<'_>)> = drafts else { return Ok(None) };
        let link = |draft: &Draft<'_>| canonical_address(draft.url.as_deref().unwrap_or("")).into_owned();
        let is_one_link = link(&stored) == link(&new);
        if is_one_link && !entry.links.is_empty() {
            return Ok(Some(Likeness::Link));
        }
        let is_one_date = entry.published.is_none_or(|published| published.seconds() == row.published);
        let is_one_title = stored.text(Role::Headline) == new.text(Role::Headline);
        Ok((is_one_title && is_one_date).then_some(Likeness::Title))
    }

    /// Returns an identity for a new entry: its key, unless another entry already has it.
    fn free_id(&self, key: u64) -> Result<ArticleId> {
        let sql = "SELECT 1 FROM entries WHERE id = ?1";
        let mut statement = self.transaction.prepare_cached(sql)?;
        let mut id = key;
        while statement.exists([signed(id)])? {
            id = xxh3_64(&[id.to_le_bytes(), self.feed.0.to_le_bytes()].concat());
        }
        Ok(ArticleId(id))
    }

    fn row(&self, column: &str, value: i64) -> Result<Option<StoredRow>> {
        if self.is_empty {
            return Ok(None);
        }
        let sql = format!(
            "SELECT number, id, content, published, dropped, link FROM entries WHERE {column} = ?1 AND feed = ?2"
        );
        let read = |row: &Row<'_>| {
            Ok(StoredRow {
                number: row.get(0)?,
                id: ArticleId(unsigned(row.get(1)?)),
                content: unsigned(row.get(2)?),
                published: row.get(3)?,
                dropped: row.get(4)?,
                link: row.get(5)?,
            })
        };
        rows::first(&mut *self.transaction.prepare_cached(&sql)?, [value, self.feed.0], "entries", read)
    }

    /// Claims a stored entry for an entry of the document; `None` if another entry has claimed it.
    fn take(&mut self, row: StoredRow) -> Option<StoredRow> {
        self.taken.insert(row.number).then_some(row)
    }
}

/// The kinds of similarity between an entry and a stored one, the most certain first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Likeness {
    Text,
    Link,
    Title,
}
