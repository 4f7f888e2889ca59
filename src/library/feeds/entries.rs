//! Reads stored entries of feeds.

pub(super) mod finder;
mod keys;
pub(super) mod prepared;

use std::ops::RangeInclusive;

use rusqlite::{Row, params};

use super::model::FeedId;
use crate::article::{ArticleId, Draft, Published};
use crate::library::database::Library;
use crate::library::error::Result;
use crate::library::sqlite::rows;
use crate::library::sqlite::values::{signed, unsigned};
use prepared::PreparedEntry;

/// The entries to read.
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
