//! Hides the entries of unsubscribed feeds and shows them again.

use rusqlite::{Row, Transaction, params};

use super::duplicates::{Handover, find_duplicate, mark_as_duplicate, transfer_to_duplicate};
use super::model::FeedId;
use crate::library::error::Result;
use crate::library::marks::moves;
use crate::library::sqlite::rows;
use crate::library::sqlite::values::unsigned;

/// An SQL condition: the entry is starred, tagged or noted, so it stays when its feed is unsubscribed.
pub(crate) const IS_MARKED: &str = "EXISTS (SELECT 1 FROM articles WHERE articles.id = entries.id AND
    (starred_at IS NOT NULL OR EXISTS (SELECT 1 FROM tags WHERE article = articles.id)
     OR EXISTS (SELECT 1 FROM notes WHERE article = articles.id)))";

/// Ends a subscription and hides its entries, except those that are starred, tagged or noted. Returns the number of
/// entries that stay listed.
pub(crate) fn hide(
    transaction: &Transaction<'_>,
    revision: i64,
    feed: i64,
    handovers: &mut Vec<Handover>,
) -> Result<u32> {
    // Responses to running requests are stale, even if the feed is subscribed again before they arrive.
    let end = "UPDATE feeds SET subscribed = 0, revision = ?2, fetch_revision = ?2 WHERE id = ?1";
    transaction.execute(end, params![feed, revision])?;
    let going = format!(
        "SELECT id FROM entries WHERE feed = ?1 AND dropped = 0 AND same_as IS NULL AND NOT {IS_MARKED}
         AND id IN (SELECT same_as FROM entries WHERE same_as IS NOT NULL AND dropped = 0)"
    );
    let mut statement = transaction.prepare_cached(&going)?;
    let shared: Vec<i64> = rows::read(&mut statement, [feed], "entries", |row| row.get(0))?;
    for from in shared {
        handovers.extend(transfer_to_duplicate(transaction, revision, feed, from)?);
    }
    // If entries are shown in each of their feeds, a repetition has marks of its own.
    let hidden = format!(
        "UPDATE entries SET dropped = dropped + 2 WHERE feed = ?1 AND dropped < 2 AND (dropped = 1 OR NOT {IS_MARKED})"
    );
    transaction.execute(&hidden, [feed])?;
    let left = "SELECT count(*) FROM entries WHERE feed = ?1 AND dropped = 0";
    Ok(transaction.query_row(left, [feed], |row| row.get(0))?)
}

/// Shows the hidden entries of a feed again. If another feed now has an entry too, the shown one becomes a repetition
/// of it.
pub(crate) fn show(transaction: &Transaction<'_>, revision: i64, feed: i64) -> Result<()> {
    transaction.execute("UPDATE feeds SET revision = ?2 WHERE id = ?1", params![feed, revision])?;
    let hidden = "UPDATE entries SET dropped = dropped - 2, revision = ?2 WHERE feed = ?1 AND dropped >= 2
        RETURNING number, id, link, guid";
    let mut statement = transaction.prepare_cached(hidden)?;
    let all = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?));
    let shown: Vec<(i64, i64, Option<i64>, Option<i64>)> =
        rows::read(&mut statement, params![feed, revision], "entries", all)?;
    clear_lost_duplicates(transaction, feed)?;
    let is_single = "SELECT 1 FROM entries WHERE number = ?1 AND same_as IS NULL AND dropped = 0
        AND NOT EXISTS (SELECT 1 FROM entries AS other WHERE other.same_as = entries.id)";
    for (number, id, link, guid) in shown {
        let sums = |sum: Option<i64>| sum.map(unsigned).into_iter().collect::<Vec<_>>();
        if transaction.prepare_cached(is_single)?.exists([number])?
            && let Some(first) = find_duplicate(transaction, FeedId(feed), Some(number), &sums(link), &sums(guid))?
        {
            mark_as_duplicate(transaction, revision, id, first)?;
        }
    }
    Ok(())
}

/// Deletes hidden entries that no step of the journal can bring back. Those that were starred, tagged or noted while
/// they were hidden are listed again.
pub(crate) fn purge(transaction: &Transaction<'_>) -> Result<()> {
    let revision = "SELECT revision FROM counter";
    let revision: i64 = transaction.prepare_cached(revision)?.query_row([], |row| row.get(0))?;
    // The partial index entries_hidden needs "dropped >= 2".
    let marked = format!(
        "UPDATE entries SET dropped = 0, revision = ?1 WHERE dropped >= 2 AND dropped < 3
         AND feed NOT IN (SELECT feed FROM journal_feeds) AND {IS_MARKED} RETURNING feed"
    );
    let mut statement = transaction.prepare_cached(&marked)?;
    let feeds: Vec<i64> = rows::read(&mut statement, [revision], "entries", |row| row.get(0))?;
    for feed in feeds {
        clear_lost_duplicates(transaction, feed)?;
    }
    let gone = "DELETE FROM entries WHERE dropped >= 2 AND feed NOT IN (SELECT feed FROM journal_feeds)";
    transaction.prepare_cached(gone)?.execute([])?;
    moves::prune(transaction)
}

/// Shows the entries of a feed by themselves that repeat entries that are not listed any more.
fn clear_lost_duplicates(transaction: &Transaction<'_>, feed: i64) -> Result<()> {
    let alone = "UPDATE entries SET same_as = NULL WHERE feed = ?1 AND same_as IS NOT NULL
        AND same_as NOT IN (SELECT id FROM entries WHERE dropped = 0)";
    transaction.prepare_cached(alone)?.execute([feed])?;
    Ok(())
}
