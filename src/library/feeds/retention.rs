//! Drops old entries beyond the limits of a feed.

use std::collections::HashSet;

use rusqlite::{Row, Transaction, params};

use super::model::FeedId;
use super::visibility::IS_MARKED;
use crate::library::error::Result;
use crate::library::sqlite::rows;
use crate::library::sqlite::values::now;

/// Drops read entries beyond the limits of a feed. Unread, starred, tagged and noted entries stay, and so do entries that
/// another feed repeats. Returns the dropped identities, or `None` if the feed has no limits.
pub(crate) fn apply_retention(
    transaction: &Transaction<'_>,
    revision: i64,
    feed: FeedId,
    merge: bool,
) -> Result<Option<HashSet<i64>>> {
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
         AND NOT {IS_MARKED}
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
pub(crate) fn delete_unlisted(transaction: &Transaction<'_>, feed: FeedId, listed: &HashSet<i64>) -> Result<()> {
    let mut statement = transaction.prepare_cached("SELECT number, id FROM entries WHERE feed = ?1 AND dropped = 1")?;
    let both = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?));
    let past: Vec<(i64, i64)> = rows::read(&mut statement, [feed.0], "entries", both)?;
    let mut gone = transaction.prepare_cached("DELETE FROM entries WHERE number = ?1")?;
    for (number, _) in past.iter().filter(|(_, id)| !listed.contains(id)) {
        gone.execute([number])?;
    }
    Ok(())
}
