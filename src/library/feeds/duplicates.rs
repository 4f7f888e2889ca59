//! Entries that several feeds have. One of them is shown; the others refer to it in `same_as`.
//!
//! A listed entry refers only to a listed entry of another feed that refers to none itself. Whatever removes an entry
//! therefore makes one of its repetitions take its place, with its marks.

use rusqlite::{OptionalExtension, Row, Transaction, params};
use serde::{Deserialize, Serialize};

use super::model::FeedId;
use crate::library::error::Result;
use crate::library::sqlite::rows;
use crate::library::sqlite::values::{now, signed};

/// Returns the first entry of another feed with the same id or link. Ignores ids and links that several entries of one
/// feed share, such as the page of a podcast, and entries that this feed already has. `own` is the number of the entry,
/// if it is already stored.
pub(crate) fn find_duplicate(
    transaction: &Transaction<'_>,
    feed: FeedId,
    own: Option<i64>,
    links: &[u64],
    guids: &[u64],
) -> Result<Option<i64>> {
    let by = |column: &str| {
        format!(
            "SELECT coalesce(same_as, id) AS first FROM entries
             WHERE {column} = ?1 AND feed <> ?2 AND dropped = 0
             AND NOT EXISTS (SELECT 1 FROM entries AS other
                             WHERE other.{column} = ?1 AND other.number <> entries.number
                             AND other.number IS NOT ?3 AND other.feed IN (?2, entries.feed))
             AND NOT EXISTS (SELECT 1 FROM entries AS other
                             WHERE other.id = coalesce(entries.same_as, entries.id) AND other.feed = ?2)
             AND NOT EXISTS (SELECT 1 FROM entries AS other
                             WHERE other.same_as = coalesce(entries.same_as, entries.id) AND other.feed = ?2
                             AND other.number IS NOT ?3 AND other.dropped = 0)
             ORDER BY number LIMIT 1"
        )
    };
    let (by_link, by_guid) = (by("link"), by("guid"));
    // An id that is the entry's link is not written down twice.
    for (first, sums) in [(&by_link, links), (&by_guid, guids), (&by_link, guids)] {
        for sum in sums {
            let mut statement = transaction.prepare_cached(first)?;
            let first = statement.query_row(params![signed(*sum), feed.0, own], |row| row.get(0)).optional()?;
            if first.is_some() {
                return Ok(first);
            }
        }
    }
    Ok(None)
}

/// Makes every listed repetition of an entry that is not listed refer to one that is.
pub(crate) fn repair(transaction: &Transaction<'_>, revision: i64) -> Result<()> {
    let sql = "SELECT same_as, id, min(number) FROM entries
        WHERE dropped = 0 AND same_as IS NOT NULL
            AND same_as NOT IN (SELECT id FROM entries WHERE dropped = 0) GROUP BY same_as";
    let mut statement = transaction.prepare(sql)?;
    let duplicates: Vec<(i64, i64)> = rows::read(&mut statement, [], "entries", |row| Ok((row.get(0)?, row.get(1)?)))?;
    for (lost, successor) in duplicates {
        merge_marks(transaction, revision, lost, successor)?;
        let others = "UPDATE entries SET same_as = nullif(?2, id) WHERE same_as = ?1 AND dropped = 0";
        transaction.prepare_cached(others)?.execute([lost, successor])?;
    }
    Ok(())
}

/// An entry of an unsubscribed feed, and the entry of another feed that now stands for it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Handover {
    pub(crate) feed: i64,
    from: i64,
    #[serde(rename = "heir")]
    successor: i64,
    /// The marks that the successor had of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    own: Option<OwnMarks>,
}

/// The marks of one article.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct OwnMarks {
    read_at: Option<i64>,
    starred_at: Option<i64>,
    tags: Vec<String>,
    note: Option<(String, i64)>,
}

/// Replaces an entry by the first repetition of it in another feed, which gets its marks besides its own.
pub(crate) fn transfer_to_duplicate(
    transaction: &Transaction<'_>,
    revision: i64,
    feed: i64,
    from: i64,
) -> Result<Option<Handover>> {
    let successor = "SELECT entries.id FROM entries JOIN feeds ON feeds.id = feed
        WHERE same_as = ?1 AND dropped = 0 AND feed <> ?2 ORDER BY subscribed DESC, number LIMIT 1";
    let Some(successor) = transaction.query_row(successor, [from, feed], |row| row.get::<_, i64>(0)).optional()? else {
        return Ok(None);
    };
    let own = read_marks(transaction, successor)?;
    merge_marks(transaction, revision, from, successor)?;
    let others = "UPDATE entries SET same_as = nullif(?2, id), revision = ?3 WHERE same_as = ?1";
    transaction.execute(others, params![from, successor, revision])?;
    Ok(Some(Handover { feed, from, successor, own }))
}

/// Reverses [`transfer_to_duplicate`]: the entry gets all marks of its successor, which repeats it again and keeps those
/// marks that it had before and still has.
pub(crate) fn reverse_transfer(transaction: &Transaction<'_>, revision: i64, handover: &Handover) -> Result<()> {
    let Handover { feed, from, successor, own } = handover;
    // One of them may be gone, or both may be in one feed since feeds were merged.
    let are_apart = "SELECT 1 FROM entries WHERE id = ?1 AND feed = ?3
        AND NOT EXISTS (SELECT 1 FROM entries WHERE id = ?2 AND feed = ?3)";
    if !transaction.prepare_cached(are_apart)?.exists([from, successor, feed])? {
        return Ok(());
    }
    let now = read_marks(transaction, *successor)?;
    merge_marks(transaction, revision, *successor, *from)?;
    if let (Some(own), Some(now)) = (own, now) {
        let text = now.note.map(|(text, _)| text).unwrap_or_default();
        let own = OwnMarks {
            read_at: own.read_at.filter(|_| now.read_at.is_some()),
            starred_at: own.starred_at.filter(|_| now.starred_at.is_some()),
            tags: own.tags.iter().filter(|tag| now.tags.contains(tag)).cloned().collect(),
            note: own.note.clone().filter(|(own, _)| text.contains(own.as_str())),
        };
        write_marks(transaction, revision, (*from, *successor), &own)?;
    }
    let others = "UPDATE entries SET same_as = nullif(?1, id), revision = ?3
        WHERE same_as = ?2 OR id = ?1 OR id = ?2";
    transaction.execute(others, params![from, successor, revision])?;
    Ok(())
}

/// Makes an entry refer to `first`, which gets its marks.
pub(crate) fn mark_as_duplicate(transaction: &Transaction<'_>, revision: i64, id: i64, first: i64) -> Result<()> {
    let change = "UPDATE entries SET same_as = ?2, revision = ?3 WHERE id = ?1";
    transaction.prepare_cached(change)?.execute(params![id, first, revision])?;
    merge_marks(transaction, revision, id, first)
}

/// Returns the entry that is shown for this one: itself, or the one that it repeats.
pub(crate) fn shown_id(transaction: &Transaction<'_>, id: i64) -> Result<i64> {
    let sql = "SELECT coalesce(same_as, id) FROM entries WHERE id = ?1 AND dropped = 0";
    Ok(transaction.prepare_cached(sql)?.query_row([id], |row| row.get(0)).optional()?.unwrap_or(id))
}

/// Adds the marks of an article to those of another and deletes its row. Existing times and the existing position stay;
/// two notes are joined.
pub(crate) fn merge_marks(transaction: &Transaction<'_>, revision: i64, from: i64, to: i64) -> Result<()> {
    let is_there = |id: i64| -> Result<bool> {
        Ok(transaction.prepare_cached("SELECT 1 FROM articles WHERE id = ?1")?.exists([id])?)
    };
    if from == to || !is_there(from)? {
        return Ok(());
    }
    let reported = "INSERT OR IGNORE INTO reported SELECT search, ?2 FROM reported WHERE article = ?1";
    transaction.prepare_cached(reported)?.execute([from, to])?;
    if !is_there(to)? {
        let change = "UPDATE articles SET id = ?2, revision = ?3 WHERE id = ?1";
        transaction.prepare_cached(change)?.execute(params![from, to, revision])?;
        return Ok(());
    }
    let change = "UPDATE articles SET revision = ?3,
        read_at = coalesce(articles.read_at, other.read_at), starred_at = coalesce(articles.starred_at, other.starred_at),
        part = CASE WHEN articles.part IS NULL THEN other.part ELSE articles.part END,
        byte = CASE WHEN articles.part IS NULL THEN other.byte ELSE articles.byte END
        FROM articles AS other WHERE articles.id = ?2 AND other.id = ?1";
    transaction.prepare_cached(change)?.execute(params![from, to, revision])?;
    let tags = "INSERT OR IGNORE INTO tags SELECT ?2, tag FROM tags WHERE article = ?1";
    transaction.prepare_cached(tags)?.execute([from, to])?;
    let notes = "INSERT INTO notes SELECT ?2, text, written_at FROM notes WHERE article = ?1
        ON CONFLICT (article) DO UPDATE SET
            text = CASE WHEN instr(text, excluded.text) > 0 THEN text
                        WHEN instr(excluded.text, text) > 0 THEN excluded.text
                        ELSE text || char(10, 10) || excluded.text END,
            written_at = max(written_at, excluded.written_at)";
    transaction.prepare_cached(notes)?.execute([from, to])?;
    // Other programs follow it, as they do after a change of the identity.
    let moved = "INSERT INTO moves (revision, former, former_content, article, content, moved_at)
        SELECT ?3, other.id, other.content, articles.id, articles.content, ?4 FROM articles AS other, articles
        WHERE other.id = ?1 AND articles.id = ?2";
    transaction.prepare_cached(moved)?.execute(params![from, to, revision, now()])?;
    transaction.prepare_cached("DELETE FROM articles WHERE id = ?1")?.execute([from])?;
    Ok(())
}

/// Returns the marks of an article; `None` if it has none.
fn read_marks(transaction: &Transaction<'_>, id: i64) -> Result<Option<OwnMarks>> {
    let read = |row: &Row<'_>| Ok(OwnMarks { read_at: row.get(0)?, starred_at: row.get(1)?, ..OwnMarks::default() });
    let sql = "SELECT read_at, starred_at FROM articles WHERE id = ?1";
    let mut statement = transaction.prepare_cached(sql)?;
    let Some(mut own) = rows::first(&mut statement, [id], "articles", read)? else { return Ok(None) };
    let mut tags = transaction.prepare_cached("SELECT tag FROM tags WHERE article = ?1")?;
    own.tags = rows::read(&mut tags, [id], "tags", |row| row.get(0))?.into_iter().collect();
    let mut note = transaction.prepare_cached("SELECT text, written_at FROM notes WHERE article = ?1")?;
    own.note = rows::first(&mut note, [id], "notes", |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok((own != OwnMarks::default()).then_some(own))
}

/// Gives marks to an article without any; the rest of its row is that of `like`.
fn write_marks(transaction: &Transaction<'_>, revision: i64, (like, to): (i64, i64), marks: &OwnMarks) -> Result<()> {
    if *marks == OwnMarks::default() {
        return Ok(());
    }
    let sql = "INSERT OR IGNORE INTO articles
            (id, revision, read_at, starred_at, content, length, origin, place, ordinal, headline, published)
        SELECT ?2, ?3, ?4, ?5, content, length, origin, place, ordinal, headline, published
        FROM articles WHERE id = ?1";
    if transaction.execute(sql, params![like, to, revision, marks.read_at, marks.starred_at])? == 0 {
        return Ok(());
    }
    for tag in &marks.tags {
        transaction.execute("INSERT OR IGNORE INTO tags (article, tag) VALUES (?1, ?2)", params![to, tag])?;
    }
    if let Some((text, written_at)) = &marks.note {
        let sql = "INSERT INTO notes (article, text, written_at) VALUES (?1, ?2, ?3)";
        transaction.execute(sql, params![to, text, written_at])?;
    }
    Ok(())
}
