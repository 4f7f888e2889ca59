//! Stores what a refresh or an import found: the state of feeds and their entries.

use std::collections::HashSet;

use rusqlite::{OptionalExtension, Transaction, params};

use super::change::write_status;
use super::duplicates::{find_duplicate, merge_marks};
use super::entries::finder::{EntryMatch, StoredRow, find_entries, store_key};
use super::entries::prepared::{IMPORTED, PreparedEntry};
use super::merge::{MergedFeeds, change_address};
use super::model::{FeedId, FetchRevision, FetchStatus};
use super::retention::{apply_retention, delete_unlisted};
use crate::article::{ArticleId, Draft, Warning};
use crate::formats::canonical_address;
use crate::library::database::Library;
use crate::library::error::Result;
use crate::library::sqlite::rows;
use crate::library::sqlite::values::{now, signed};

/// The result of fetching a feed.
#[derive(Debug)]
pub struct FetchResult {
    /// The feed.
    pub feed: FeedId,
    /// The version of the feed at the time of the request.
    pub version: FetchRevision,
    /// The new fetch status.
    pub health: FetchStatus,
    /// The new address, if it has moved permanently.
    pub moved_to: Option<String>,
    /// Whether an entry that several feeds have is shown once. Otherwise each of them has marks of its own.
    pub merge: bool,
    /// The content.
    pub outcome: FetchOutcome,
}

/// The content of a fetch result.
#[derive(Debug)]
pub enum FetchOutcome {
    /// No content; [`FetchStatus::error`] has the reason.
    Nothing,
    /// The feed is unchanged.
    Unchanged,
    /// The feed.
    Feed(Box<ParsedFeed>),
    /// Entries imported from another program. Adds entries and a missing title, and changes nothing else.
    Import(Box<ParsedFeed>),
}

/// A parsed feed.
#[derive(Debug, Default)]
pub struct ParsedFeed {
    /// The title.
    pub title: String,
    /// The address of its page.
    pub page: Option<String>,
    /// The description.
    pub description: Option<String>,
    /// The `ETag` for the next request.
    pub etag: Option<String>,
    /// The `Last-Modified` for the next request.
    pub last_modified: Option<String>,
    /// The entries.
    pub entries: Vec<PreparedEntry>,
    /// The problems of the feed.
    pub warnings: Vec<Warning>,
}

/// The result of storing a feed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StoreCounts {
    /// The number of new entries.
    pub new: Vec<ArticleId>,
    /// The number of entries whose text changed.
    pub changed: usize,
    /// The identity of each entry of the document, in its order; `None` for a repeated entry.
    pub ids: Vec<Option<ArticleId>>,
    /// Whether nothing was stored because the feed was unsubscribed or a newer response was stored since the request.
    pub is_stale: bool,
    /// The feed with which this one was merged; then nothing else was stored.
    pub merged: Option<MergedFeeds>,
}

impl Library {
    /// Configures this connection for data that can be fetched again: a power loss may revert its last transactions as a
    /// whole. Other connections are not affected.
    pub fn for_bulk(&self) -> Result<()> {
        self.connection.pragma_update(None, "synchronous", "NORMAL")?;
        self.connection.pragma_update(None, "journal_size_limit", 16 << 20)?;
        // In pages: run checkpoints less often.
        Ok(self.connection.pragma_update(None, "wal_autocheckpoint", 16_000)?)
    }

    /// Stores fetch results in one transaction. Existing entries are not stored again.
    pub fn store(&mut self, deliveries: &[FetchResult]) -> Result<Vec<StoreCounts>> {
        self.write(|transaction, revision| {
            let stored = deliveries.iter().map(|delivery| {
                let name = format!("number {}", delivery.feed.0);
                let stored =
                    rows::in_savepoint(transaction, "feeds", &name, || store(transaction, revision, delivery))?;
                Ok(stored.unwrap_or(StoreCounts { is_stale: true, ..StoreCounts::default() }))
            });
            stored.collect()
        })
    }
}

fn store(transaction: &Transaction<'_>, revision: i64, delivery: &FetchResult) -> Result<StoreCounts> {
    let feed = delivery.feed;
    if is_stale(transaction, delivery)? {
        return Ok(StoreCounts { is_stale: true, ..StoreCounts::default() });
    }
    if !matches!(delivery.outcome, FetchOutcome::Import(_)) {
        write_status(transaction, feed, &delivery.health)?;
    }
    if let Some(url) = &delivery.moved_to
        && let Some(merged) = change_address(transaction, revision, feed, url)?
    {
        return Ok(StoreCounts { merged: Some(merged), ..StoreCounts::default() });
    }
    let document = match &delivery.outcome {
        FetchOutcome::Nothing => return Ok(StoreCounts::default()),
        FetchOutcome::Unchanged => {
            // Retention depends on age and read marks too, so it applies even without new entries.
            apply_retention(transaction, revision, feed, delivery.merge)?;
            return Ok(StoreCounts::default());
        }
        FetchOutcome::Import(document) => {
            let title = "UPDATE feeds SET title = ?2 WHERE id = ?1 AND title = ''";
            transaction.prepare_cached(title)?.execute(params![feed.0, document.title])?;
            document
        }
        FetchOutcome::Feed(document) => {
            write_metadata(transaction, revision, feed, document)?;
            document
        }
    };
    let found = find_entries(transaction, feed, &document.entries)?;
    let mut stored = StoreCounts::default();
    let mut listed = HashSet::with_capacity(document.entries.len());
    let now = now();
    // In reverse, because entries with the same date are listed by descending number.
    for (entry, found) in document.entries.iter().zip(found).rev() {
        let id = match found {
            EntryMatch::Stored(row) => row.id,
            EntryMatch::New { id, .. } => id,
            EntryMatch::Twice => {
                stored.ids.push(None);
                continue;
            }
        };
        listed.insert(signed(id.0));
        stored.ids.push(Some(id));
        match found {
            EntryMatch::Stored(row) => stored.changed += usize::from(update(transaction, revision, &row, entry, now)?),
            EntryMatch::New { id, key } => {
                let number = insert(transaction, revision, feed, id, entry, now)?;
                if id.0 != key {
                    store_key(transaction, feed, key, number)?;
                }
                stored.new.push(id);
            }
            EntryMatch::Twice => {}
        }
    }
    stored.new.reverse();
    stored.ids.reverse();
    if matches!(delivery.outcome, FetchOutcome::Import(_)) {
        return Ok(stored);
    }
    if let Some(dropped) = apply_retention(transaction, revision, feed, delivery.merge)? {
        stored.new.retain(|id| !dropped.contains(&signed(id.0)));
        delete_unlisted(transaction, feed, &listed)?;
    }
    Ok(stored)
}

/// Returns whether a feed was unsubscribed, or a newer response was stored, since the request.
///
/// If two requests were based on the same version, only the first response is stored, because the other may be older. The
/// next refresh sends the stored `ETag`, so nothing is missed.
fn is_stale(transaction: &Transaction<'_>, delivery: &FetchResult) -> Result<bool> {
    let sql = "SELECT fetch_revision, tried_at FROM feeds WHERE id = ?1 AND subscribed = 1";
    let read = |row: &rusqlite::Row<'_>| Ok(FetchRevision { revision: row.get(0)?, tried_at: row.get(1)? });
    let version = transaction.prepare_cached(sql)?.query_row([delivery.feed.0], read).optional()?;
    let Some(version) = version else { return Ok(true) };
    Ok(match delivery.outcome {
        FetchOutcome::Import(_) => false,
        // A failure does not replace a newer result of another refresh.
        FetchOutcome::Nothing => version != delivery.version,
        FetchOutcome::Unchanged | FetchOutcome::Feed(_) => version.revision != delivery.version.revision,
    })
}

/// Stores the title and other metadata of a feed.
fn write_metadata(transaction: &Transaction<'_>, revision: i64, feed: FeedId, document: &ParsedFeed) -> Result<()> {
    // The name from an imported list equals the title of the feed.
    let own = "UPDATE feeds SET own_title = NULL WHERE id = ?1 AND own_title = ?2";
    transaction.prepare_cached(own)?.execute(params![feed.0, document.title])?;
    // Without entries, nothing is shown under the former name.
    let own = "UPDATE feeds SET title = ?2,
        revision = CASE WHEN EXISTS (SELECT 1 FROM entries WHERE feed = ?1) THEN ?3 ELSE revision END
        WHERE id = ?1 AND title <> ?2 AND ?2 <> ''";
    transaction.prepare_cached(own)?.execute(params![feed.0, document.title, revision])?;
    let own = "UPDATE feeds SET page = coalesce(?2, page), description = coalesce(?3, description), etag = ?4,
        last_modified = ?5, flaws = ?6, fetch_revision = ?7 WHERE id = ?1";
    let ParsedFeed { page, description, etag, last_modified, warnings, .. } = document;
    let warnings = (!warnings.is_empty()).then(|| serde_json::to_string(warnings).unwrap_or_default());
    transaction.prepare_cached(own)?.execute(params![
        feed.0,
        page,
        description,
        etag,
        last_modified,
        warnings,
        revision
    ])?;
    Ok(())
}

/// Stores a new entry. Returns its number.
fn insert(
    transaction: &Transaction<'_>,
    revision: i64,
    feed: FeedId,
    id: ArticleId,
    entry: &PreparedEntry,
    now: i64,
) -> Result<i64> {
    let same_as = find_duplicate(transaction, feed, None, &entry.links, &entry.guids)?;
    let date = entry.published.map(|published| (published.seconds(), published.offset_minutes()));
    let (published, zone) = date.unwrap_or((now, Some(0)));
    let (link, guid) = entry.sums();
    let new = "INSERT INTO entries (id, revision, feed, stored_at, published, zone, link, guid, content, same_as)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";
    transaction.prepare_cached(new)?.execute(params![
        signed(id.0),
        revision,
        feed.0,
        now,
        published,
        zone,
        link,
        guid,
        signed(entry.content),
        same_as
    ])?;
    let number = transaction.last_insert_rowid();
    // The first entry now has another feed.
    let change = "UPDATE entries SET revision = ?2 WHERE id = ?1";
    if let Some(first) = same_as {
        transaction.prepare_cached(change)?.execute(params![first, revision])?;
    }
    let text = "INSERT INTO entry_texts (entry, article, full_tries)
        VALUES (?1, ?2, CASE WHEN ?4 THEN (SELECT 0 FROM feeds WHERE id = ?3 AND full_text = 1) END)";
    let may_be_fetched = entry.content != IMPORTED;
    transaction.prepare_cached(text)?.execute(params![number, entry.article, feed.0, may_be_fetched])?;
    // Marks that were imported before the entry arrived.
    if let Some(first) = same_as {
        merge_marks(transaction, revision, signed(id.0), first)?;
    }
    Ok(number)
}

/// Updates a stored entry. Returns whether its text changed.
fn update(
    transaction: &Transaction<'_>,
    revision: i64,
    row: &StoredRow,
    entry: &PreparedEntry,
    now: i64,
) -> Result<bool> {
    let date = entry.published.map(|published| (published.seconds(), published.offset_minutes()));
    let moved = date.is_some_and(|(seconds, _)| seconds != row.published);
    // Imported text does not change an existing entry.
    if row.dropped || entry.content == IMPORTED {
        return Ok(false);
    }
    let number = row.number;
    if row.content == entry.content && entry.has_enclosures {
        add_enclosures(transaction, revision, number, entry)?;
    }
    if row.content == entry.content && !moved {
        return Ok(false);
    }
    if let Some((seconds, zone)) = date {
        let change = "UPDATE entries SET revision = ?2, published = ?3, zone = ?4 WHERE number = ?1";
        transaction.prepare_cached(change)?.execute(params![number, revision, seconds, zone])?;
    }
    if row.content == entry.content {
        return Ok(false);
    }
    let (link, guid) = entry.sums();
    let change = "UPDATE entries SET revision = ?2, content = ?3, link = ?4, guid = ?5 WHERE number = ?1";
    let content = signed(entry.content);
    transaction.prepare_cached(change)?.execute(params![number, revision, content, link, guid])?;
    if row.content == IMPORTED || is_readdressed(transaction, number, entry)? {
        let change = "UPDATE entry_texts SET article = ?2 WHERE entry = ?1";
        transaction.prepare_cached(change)?.execute(params![number, entry.article])?;
        return Ok(false);
    }
    let change = "UPDATE entries SET changed_at = ?2 WHERE number = ?1";
    transaction.prepare_cached(change)?.execute(params![number, now])?;
    let change = "UPDATE entry_texts SET former = article, article = ?2 WHERE entry = ?1";
    transaction.prepare_cached(change)?.execute(params![number, entry.article])?;
    Ok(true)
}

/// Stores the enclosures of an entry whose text is unchanged. Entries of older versions have none.
fn add_enclosures(transaction: &Transaction<'_>, revision: i64, number: i64, entry: &PreparedEntry) -> Result<()> {
    let change = "UPDATE entry_texts SET article = ?2 WHERE entry = ?1 AND article <> ?2";
    if transaction.prepare_cached(change)?.execute(params![number, entry.article])? > 0 {
        let change = "UPDATE entries SET revision = ?2 WHERE number = ?1";
        transaction.prepare_cached(change)?.execute(params![number, revision])?;
    }
    Ok(())
}

/// Returns whether the stored text differs only in the form of addresses.
fn is_readdressed(transaction: &Transaction<'_>, number: i64, entry: &PreparedEntry) -> Result<bool> {
    let sql = "SELECT article FROM entry_texts WHERE entry = ?1";
    let mut statement = transaction.prepare_cached(sql)?;
    let stored: Option<String> = rows::first(&mut statement, [number], "entry_texts", |row| row.get(0))?;
    let canonical = |json: &str| {
        let mut draft = serde_json::from_str::<Draft<'_>>(json).ok()?.into_owned();
        for address in draft.url.iter_mut().chain(&mut draft.links) {
            *address = canonical_address(address).into_owned().into();
        }
        // Addresses are not part of the text.
        draft.enclosures.clear();
        Some(draft)
    };
    let stored = stored.and_then(|stored| canonical(&stored));
    Ok(stored.is_some() && stored == canonical(&entry.article))
}
