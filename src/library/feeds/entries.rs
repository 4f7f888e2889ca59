//! The entries of feeds: each is stored once, a change keeps the former text, and dropped entries do not return.

use std::collections::{HashMap, HashSet};
use std::ops::RangeInclusive;
use std::path::PathBuf;

use rusqlite::{OptionalExtension, Row, Transaction, params};
use xxhash_rust::xxh3::xxh3_64;

use super::duplicates::{merge_marks, same, shown};
use super::entry_keys::{EntryKeys, EntryMatch, StoredRow, find, forms_of, remember};
use super::merge::MergedFeeds;
use super::{FeedId, FetchRevision, FetchStatus, IS_KEPT, moved, tried};
use crate::article::Warning;
use crate::article::{ArticleId, Draft, Published};
use crate::formats::{FeedArticle, canonical_address};
use crate::library::marks::{MarkWriter, signed, unsigned};
use crate::library::{ArticleRecord, KnownFeed, Library, Result, now, rows};
use crate::marks::{Change, MarkChange};

/// An entry prepared for storing. Preparing needs no library, so it can run in parallel.
#[derive(Clone, Debug)]
pub struct PreparedEntry {
    pub(crate) keys: EntryKeys,
    pub(crate) published: Option<Published>,
    /// Checksums of its link and of its id, if that is a URI: first the canonical form, then the others. Empty if other
    /// entries of the document share it.
    pub(crate) links: Vec<u64>,
    guids: Vec<u64>,
    /// The article as JSON, without its date, and its checksum.
    pub(crate) article: String,
    pub(crate) content: u64,
    has_enclosures: bool,
}

impl PreparedEntry {
    /// Prepares an entry of a feed with these seeds, the current one first, whose page is `page`.
    pub fn new(seeds: &[u64], page: Option<&str>, entry: FeedArticle) -> PreparedEntry {
        let FeedArticle { keys, guid, mut draft } = entry;
        let sums = |address: &str| forms_of(address).iter().map(|form| xxh3_64(form.as_bytes())).collect();
        // A link that all entries share identifies none of them.
        let is_page = |url: &str| page.is_some_and(|page| canonical_address(url) == canonical_address(page));
        let links: Vec<u64> = draft.url.as_deref().filter(|url| !is_page(url)).map(sums).unwrap_or_default();
        let guids: Vec<u64> = guid.as_deref().map(sums).unwrap_or_default();
        let published = draft.published.take();
        let json = |draft: &Draft<'_>| serde_json::to_string(draft).unwrap_or_default();
        // The checksum excludes enclosures: otherwise all entries of older versions would seem changed.
        let enclosures = std::mem::take(&mut draft.enclosures);
        let mut article = json(&draft);
        let content = xxh3_64(article.as_bytes());
        let has_enclosures = !enclosures.is_empty();
        if has_enclosures {
            draft.enclosures = enclosures;
            article = json(&draft);
        }
        draft.published = published;
        PreparedEntry {
            keys: EntryKeys::new(seeds, page, &keys, &draft, content),
            published,
            // An id that equals the link is stored once.
            guids: if guids.first() == links.first() { Vec::new() } else { guids },
            links,
            article,
            content,
            has_enclosures,
        }
    }

    /// Prepares all entries of a document. Links that several of them share are not used as keys.
    pub fn of_document(feed: &KnownFeed, page: Option<&str>, entries: Vec<FeedArticle>) -> Vec<PreparedEntry> {
        let seeds: Vec<u64> = std::iter::once(feed.seed).chain(feed.former_seeds.iter().copied()).collect();
        let mut prepared: Vec<PreparedEntry> =
            entries.into_iter().map(|entry| PreparedEntry::new(&seeds, page, entry)).collect();
        let mut counts: HashMap<u64, u32> = HashMap::with_capacity(prepared.len());
        let links = prepared.iter().filter_map(|entry| entry.links.first());
        links.for_each(|link| *counts.entry(*link).or_default() += 1);
        for entry in &mut prepared {
            if entry.links.first().is_some_and(|link| counts.get(link) != Some(&1)) {
                entry.links.clear();
            }
        }
        prepared
    }

    /// Returns the checksums of the link and of the id, as stored.
    fn sums(&self) -> (Option<i64>, Option<i64>) {
        let first = |sums: &[u64]| sums.first().copied().map(signed);
        (first(&self.links), first(&self.guids))
    }

    /// Marks the text as imported from another program: the text of the feed replaces it without reporting a change.
    #[must_use]
    pub fn copied(self) -> PreparedEntry {
        PreparedEntry { content: COPIED, ..self }
    }
}

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
    Copy(Box<ParsedFeed>),
}

/// Marks of an entry imported from another program.
#[derive(Clone, Debug)]
pub struct ImportedMark {
    /// The id of the entry.
    pub id: ArticleId,
    /// The headline.
    pub headline: String,
    /// The changes.
    pub changes: Vec<Change>,
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
    pub flaws: Vec<Warning>,
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

/// The result of fetching the whole article of an entry.
#[derive(Clone, Debug)]
pub enum FullText<'d> {
    /// The article.
    Fetched(&'d Draft<'d>),
    /// A temporary error. The next refresh tries again, a few times.
    Failed,
    /// No article can be fetched.
    None,
}

/// The maximum number of attempts to fetch the whole article of an entry.
const FULL_TEXT_TRIES: u32 = 3;

/// Which entries to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EntryQuery {
    /// This number of the newest entries.
    Newest(usize),
    /// The entries with these numbers.
    Numbered(RangeInclusive<i64>),
    /// The entries that were added or changed after the change with this number.
    Since(i64),
}

/// A stored entry.
#[derive(Debug)]
pub struct StoredEntry<'r> {
    /// The number, in order of arrival.
    pub number: i64,
    /// The id.
    pub id: ArticleId,
    /// The feed.
    pub feed: FeedId,
    /// The entry of another feed that it duplicates.
    pub same_as: Option<ArticleId>,
    /// Whether it was dropped; then it has no text.
    pub dropped: bool,
    /// The publication date, or the time of arrival if it has none.
    pub published: Option<Published>,
    /// The article as JSON, without its date; see [`Draft`].
    pub article: &'r str,
    /// Whether it has a former text.
    pub has_former: bool,
    /// The position among entries with the same date; greater ones are shown first.
    pub position: i64,
}

/// The texts of an entry.
#[derive(Debug, Default)]
pub struct EntryTexts {
    /// The text of the feed.
    pub article: Draft<'static>,
    /// The former text of the feed.
    pub former: Option<Draft<'static>>,
    /// The whole article of the page.
    pub full: Option<Draft<'static>>,
    /// Whether the whole article is shown.
    pub shows_full: bool,
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
                let stored = rows::isolated(transaction, "feeds", &name, || store(transaction, revision, delivery))?;
                Ok(stored.unwrap_or(StoreCounts { is_stale: true, ..StoreCounts::default() }))
            });
            stored.collect()
        })
    }

    /// Adds imported marks. Existing marks stay. Marks of a duplicate entry go to the entry that is shown.
    pub fn copy_marks(&mut self, url: &str, marks: Vec<ImportedMark>) -> Result<()> {
        let fresh = self.write(|transaction, revision| {
            let mut keeper = MarkWriter::new(transaction, revision)?;
            for ImportedMark { id, headline, changes } in marks {
                let id = ArticleId(unsigned(shown(transaction, signed(id.0))?));
                let known = &mut |id: ArticleId| {
                    let (origin, place, headline) = ("feed", PathBuf::from(url), headline.clone());
                    Some(ArticleRecord {
                        id,
                        content: 0,
                        length: 0,
                        origin,
                        place,
                        ordinal: 0,
                        headline,
                        published: None,
                    })
                };
                for change in changes {
                    keeper.keep(&MarkChange { article: id, change }, known)?;
                }
            }
            Ok(keeper.end()?.1)
        })?;
        self.fresh.extend(fresh);
        Ok(())
    }

    /// Passes the selected entries to `take`, newest first or in the order of their numbers.
    pub fn read_entries(&self, which: &EntryQuery, mut take: impl FnMut(StoredEntry<'_>)) -> Result<()> {
        const COLUMNS: &str = "SELECT number, id, feed, published, zone, same_as, dropped,
            CASE WHEN shows_full AND full IS NOT NULL THEN full ELSE article END, former IS NOT NULL,
            coalesce(position, number)
            FROM entries LEFT JOIN entry_texts ON entry = number";
        let (condition, from, to) = match which {
            EntryQuery::Newest(count) => {
                let count = i64::try_from(*count).unwrap_or(i64::MAX);
                ("WHERE dropped = ?1 ORDER BY published DESC, coalesce(position, number) DESC LIMIT ?2", 0, count)
            }
            EntryQuery::Numbered(numbers) => {
                ("WHERE number BETWEEN ?1 AND ?2 AND dropped = 0 ORDER BY number", *numbers.start(), *numbers.end())
            }
            EntryQuery::Since(revision) => ("WHERE revision > ?1 AND revision <= ?2", *revision, i64::MAX),
        };
        let mut statement = self.connection.prepare_cached(&format!("{COLUMNS} {condition}"))?;
        let mut rows = statement.query(params![from, to])?;
        while let Some(row) = rows.next()? {
            if let Some(entry) = rows::readable(row, "entries", stored_entry(row))? {
                take(entry);
            }
        }
        Ok(())
    }

    /// Returns the duplicate entries: the entry that is shown, and the feed of the duplicate.
    pub fn repeated_entries(&self) -> Result<Vec<(ArticleId, FeedId)>> {
        // The index has this order; sorting by number would read all entries.
        let same = "SELECT same_as, feed FROM entries WHERE same_as IS NOT NULL AND dropped = 0
            ORDER BY same_as, number";
        let mut statement = self.connection.prepare_cached(same)?;
        let repeated = |row: &Row<'_>| Ok((ArticleId(unsigned(row.get(0)?)), FeedId(row.get(1)?)));
        rows::read(&mut statement, [], "entries", repeated)
    }

    /// Returns the number of the last change, and the first and last number of an entry.
    pub fn extent_of_entries(&self) -> Result<(i64, RangeInclusive<i64>)> {
        // One query for each end uses the index; one query for both would read all entries.
        let extent = "SELECT (SELECT revision FROM counter), coalesce((SELECT min(number) FROM entries), 0),
            coalesce((SELECT max(number) FROM entries), -1)";
        let mut statement = self.connection.prepare_cached(extent)?;
        Ok(statement.query_row([], |row| Ok((row.get(0)?, row.get(1)?..=row.get(2)?)))?)
    }

    /// Returns the number of entries in this range of numbers.
    pub fn count_entries(&self, numbers: RangeInclusive<i64>) -> Result<u64> {
        let count = "SELECT count(*) FROM entries WHERE number BETWEEN ?1 AND ?2";
        let mut statement = self.connection.prepare_cached(count)?;
        Ok(statement.query_row([numbers.start(), numbers.end()], |row| row.get(0)).map(i64::cast_unsigned)?)
    }

    /// Returns the texts of an entry, or `None` if it does not exist.
    pub fn entry_texts(&self, id: ArticleId) -> Result<Option<EntryTexts>> {
        let texts = "SELECT article, former, full, shows_full FROM entry_texts
            WHERE entry = (SELECT number FROM entries WHERE id = ?1)";
        let draft =
            |json: Option<String>| json.and_then(|json| serde_json::from_str::<Draft<'_>>(&json).ok().map(owned));
        let mut statement = self.connection.prepare_cached(texts)?;
        let read = |row: &rusqlite::Row<'_>| {
            Ok(EntryTexts {
                article: draft(row.get(0)?).unwrap_or_default(),
                former: draft(row.get(1)?),
                full: draft(row.get(2)?),
                shows_full: row.get(3)?,
            })
        };
        rows::first(&mut statement, [signed(id.0)], "entry_texts", read)
    }

    /// Saves the whole article of an entry, and shows it. Does nothing if the entry is not listed any more.
    pub fn keep_full_text(&mut self, id: ArticleId, full: &Draft<'_>) -> Result<()> {
        let json = serde_json::to_string(full).unwrap_or_default();
        self.change_text(id, "full = ?2, shows_full = 1, full_tries = NULL", &json)
    }

    /// Returns whether a feed has an entry with the link or the id of one of these.
    pub fn shares_entries(&self, feed: FeedId, entries: &[PreparedEntry]) -> Result<bool> {
        let sql = "SELECT 1 FROM entries WHERE link = ?1 AND feed = ?2
            UNION ALL SELECT 1 FROM entries WHERE guid = ?1 AND feed = ?2";
        let mut statement = self.connection.prepare_cached(sql)?;
        for sum in entries.iter().flat_map(|entry| entry.links.iter().chain(&entry.guids)) {
            if statement.exists(params![signed(*sum), feed.0])? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Returns up to `count` entries whose whole articles are still to be fetched, the newest first.
    pub fn entries_without_full_text(&self, count: usize) -> Result<Vec<ArticleId>> {
        let sql = "SELECT entries.id FROM entry_texts INDEXED BY entry_texts_without_full
            CROSS JOIN entries ON number = entry CROSS JOIN feeds ON feeds.id = feed
            WHERE full_tries IS NOT NULL AND subscribed = 1 AND full_text = 1 AND dead = 0 AND dropped = 0
            ORDER BY published DESC, coalesce(entries.position, number) DESC LIMIT ?1";
        let mut statement = self.connection.prepare_cached(sql)?;
        let count = i64::try_from(count).unwrap_or(i64::MAX);
        rows::read(&mut statement, [count], "entries", |row| Ok(ArticleId(unsigned(row.get(0)?))))
    }

    /// Saves the result of a refresh that fetched the whole article of an entry, unless the feed was unsubscribed or
    /// another program saved one since.
    pub fn store_full_text(&mut self, id: ArticleId, fetched: &FullText<'_>) -> Result<()> {
        self.write(|transaction, revision| {
            let entry = "SELECT number FROM entries JOIN feeds ON feeds.id = feed JOIN entry_texts ON entry = number
                WHERE entries.id = ?1 AND subscribed = 1 AND dropped = 0 AND \"full\" IS NULL";
            let number = transaction.prepare_cached(entry)?.query_row([signed(id.0)], |row| row.get(0)).optional()?;
            let Some(number): Option<i64> = number else { return Ok(()) };
            match fetched {
                FullText::Fetched(full) => {
                    let json = serde_json::to_string(full).unwrap_or_default();
                    let change = "UPDATE entry_texts SET full = ?2, shows_full = 1, full_tries = NULL WHERE entry = ?1";
                    transaction.prepare_cached(change)?.execute(params![number, json])?;
                    let change = "UPDATE entries SET revision = ?2 WHERE number = ?1";
                    transaction.prepare_cached(change)?.execute(params![number, revision])?;
                }
                FullText::Failed => {
                    let change = "UPDATE entry_texts SET
                        full_tries = CASE WHEN full_tries + 1 < ?2 THEN full_tries + 1 END WHERE entry = ?1";
                    transaction.prepare_cached(change)?.execute(params![number, FULL_TEXT_TRIES])?;
                }
                FullText::None => {
                    let change = "UPDATE entry_texts SET full_tries = NULL WHERE entry = ?1";
                    transaction.prepare_cached(change)?.execute([number])?;
                }
            }
            Ok(())
        })
    }

    /// Shows the whole article of an entry, or the text of the feed.
    pub fn show_full_text(&mut self, id: ArticleId, full: bool) -> Result<()> {
        self.change_text(id, "shows_full = ?2", &full)
    }

    fn change_text(&mut self, id: ArticleId, set: &str, to: &dyn rusqlite::ToSql) -> Result<()> {
        self.write(|transaction, revision| {
            let change = format!(
                "UPDATE entry_texts SET {set} WHERE entry = (SELECT number FROM entries WHERE id = ?1 AND dropped = 0)"
            );
            transaction.execute(&change, params![signed(id.0), to])?;
            transaction.execute("UPDATE entries SET revision = ?2 WHERE id = ?1", params![signed(id.0), revision])?;
            Ok(())
        })
    }
}

fn stored_entry<'r>(row: &'r Row<'_>) -> rusqlite::Result<StoredEntry<'r>> {
    Ok(StoredEntry {
        number: row.get(0)?,
        id: ArticleId(unsigned(row.get(1)?)),
        feed: FeedId(row.get(2)?),
        published: Published::from_seconds(row.get(3)?, row.get(4)?),
        same_as: row.get::<_, Option<i64>>(5)?.map(|id| ArticleId(unsigned(id))),
        dropped: row.get(6)?,
        article: row.get_ref(7)?.as_str_or_null().ok().flatten().unwrap_or(""),
        has_former: row.get(8)?,
        position: row.get(9)?,
    })
}

fn owned(draft: Draft<'_>) -> Draft<'static> {
    draft.into_owned()
}

fn store(transaction: &Transaction<'_>, revision: i64, delivery: &FetchResult) -> Result<StoreCounts> {
    let feed = delivery.feed;
    if is_stale(transaction, delivery)? {
        return Ok(StoreCounts { is_stale: true, ..StoreCounts::default() });
    }
    if !matches!(delivery.outcome, FetchOutcome::Copy(_)) {
        tried(transaction, feed, &delivery.health)?;
    }
    if let Some(url) = &delivery.moved_to
        && let Some(merged) = moved(transaction, revision, feed, url)?
    {
        return Ok(StoreCounts { merged: Some(merged), ..StoreCounts::default() });
    }
    let document = match &delivery.outcome {
        FetchOutcome::Nothing => return Ok(StoreCounts::default()),
        FetchOutcome::Unchanged => {
            // Retention depends on age and read marks too, so it applies even without new entries.
            drop_old_entries(transaction, revision, delivery)?;
            return Ok(StoreCounts::default());
        }
        FetchOutcome::Copy(document) => {
            let title = "UPDATE feeds SET title = ?2 WHERE id = ?1 AND title = ''";
            transaction.prepare_cached(title)?.execute(params![feed.0, document.title])?;
            document
        }
        FetchOutcome::Feed(document) => {
            describe(transaction, revision, feed, document)?;
            document
        }
    };
    let found = find(transaction, feed, &document.entries)?;
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
                    remember(transaction, feed, key, number)?;
                }
                stored.new.push(id);
            }
            EntryMatch::Twice => {}
        }
    }
    stored.new.reverse();
    stored.ids.reverse();
    if matches!(delivery.outcome, FetchOutcome::Copy(_)) {
        return Ok(stored);
    }
    if let Some(dropped) = drop_old_entries(transaction, revision, delivery)? {
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
        FetchOutcome::Copy(_) => false,
        // A failure does not replace a newer result of another refresh.
        FetchOutcome::Nothing => version != delivery.version,
        FetchOutcome::Unchanged | FetchOutcome::Feed(_) => version.revision != delivery.version.revision,
    })
}

/// Stores the title and other metadata of a feed.
fn describe(transaction: &Transaction<'_>, revision: i64, feed: FeedId, document: &ParsedFeed) -> Result<()> {
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
    let ParsedFeed { page, description, etag, last_modified, flaws, .. } = document;
    let flaws = (!flaws.is_empty()).then(|| serde_json::to_string(flaws).unwrap_or_default());
    transaction.prepare_cached(own)?.execute(params![
        feed.0,
        page,
        description,
        etag,
        last_modified,
        flaws,
        revision
    ])?;
    Ok(())
}

/// The checksum of a text imported from another program.
pub(crate) const COPIED: u64 = 0;

/// Stores a new entry. Returns its number.
fn insert(
    transaction: &Transaction<'_>,
    revision: i64,
    feed: FeedId,
    id: ArticleId,
    entry: &PreparedEntry,
    now: i64,
) -> Result<i64> {
    let same_as = same(transaction, feed, None, &entry.links, &entry.guids)?;
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
    let may_be_fetched = entry.content != COPIED;
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
    if row.dropped || entry.content == COPIED {
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
    if row.content == COPIED || is_readdressed(transaction, number, entry)? {
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

/// Drops read entries beyond the limits of a feed. Unread, starred, tagged and noted entries stay, and so do entries that
/// another feed repeats. Returns the dropped identities, or `None` if the feed has no limits.
fn drop_old_entries(
    transaction: &Transaction<'_>,
    revision: i64,
    delivery: &FetchResult,
) -> Result<Option<HashSet<i64>>> {
    let FetchResult { feed, merge, .. } = delivery;
    let limits = |row: &rusqlite::Row<'_>| Ok((row.get::<_, Option<i64>>(0)?, row.get::<_, Option<i64>>(1)?));
    let (count, days): (Option<i64>, Option<i64>) = transaction
        .prepare_cached("SELECT keep_count, keep_days FROM feeds WHERE id = ?1")?
        .query_row([feed.0], limits)?;
    if count.is_none() && days.is_none() {
        return Ok(None);
    }
    let newest = count.unwrap_or(i64::MAX);
    let oldest = days.map_or(i64::MIN, |days| now() - days.saturating_mul(24 * 60 * 60));
    let gone = format!(
        "UPDATE entries SET dropped = 1, revision = ?4 WHERE feed = ?1 AND dropped = 0
         AND (published < ?3 OR number NOT IN
             (SELECT number FROM entries WHERE feed = ?1 AND dropped = 0 
              ORDER BY published DESC, coalesce(position, number) DESC LIMIT ?2))
         AND EXISTS (SELECT 1 FROM articles WHERE read_at IS NOT NULL
                     AND articles.id = CASE WHEN ?5 THEN coalesce(same_as, entries.id) ELSE entries.id END)
         AND NOT {IS_KEPT}
         AND NOT EXISTS (SELECT 1 FROM entries AS other WHERE other.same_as = entries.id AND other.dropped = 0)
         RETURNING id, number"
    );
    let mut statement = transaction.prepare_cached(&gone)?;
    let both = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?));
    let gone: Vec<(i64, i64)> =
        rows::read(&mut statement, params![feed.0, newest, oldest, revision, merge], "entries", both)?;
    let mut text = transaction.prepare_cached("DELETE FROM entry_texts WHERE entry = ?1")?;
    for (_, number) in &gone {
        text.execute([number])?;
    }
    Ok(Some(gone.into_iter().map(|(id, _)| id).collect()))
}

/// Deletes dropped entries that the feed no longer lists, because they cannot return.
fn delete_unlisted(transaction: &Transaction<'_>, feed: FeedId, listed: &HashSet<i64>) -> Result<()> {
    let mut statement = transaction.prepare_cached("SELECT number, id FROM entries WHERE feed = ?1 AND dropped = 1")?;
    let both = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?));
    let past: Vec<(i64, i64)> = rows::read(&mut statement, [feed.0], "entries", both)?;
    let mut gone = transaction.prepare_cached("DELETE FROM entries WHERE number = ?1")?;
    for (number, _) in past.iter().filter(|(_, id)| !listed.contains(id)) {
        gone.execute([number])?;
    }
    Ok(())
}
