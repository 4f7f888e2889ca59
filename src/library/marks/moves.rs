//! The record of articles whose identity or text changed, for other programs that have the library open.
//!
//! A program that recognises a moved article changes the row of its marks. Another program may have an older view of the
//! files, and may be about to mark the article under its former identity. This record tells it the new identity of each.

use std::collections::{HashMap, HashSet};

use rusqlite::{Connection, Row, Transaction, params};

use crate::article::ArticleId;
use crate::library::error::Result;
use crate::library::sqlite::rows;
use crate::library::sqlite::values::{now, signed, unsigned};

/// An article that has another identity now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moved {
    /// The former identity.
    pub from: ArticleId,
    /// The new identity.
    pub to: ArticleId,
}

/// The number of seconds that a record is stored. A program that is suspended for longer must be restarted, and marks do
/// not return to a folder that was missing for longer.
const RETENTION: i64 = 90 * 24 * 60 * 60;

/// A text at a place: an identity and a checksum.
pub(crate) type PlacedText = (ArticleId, u64);

/// Records every change of an identity or a checksum on this connection, whichever statement makes it.
pub(crate) fn record(connection: &Connection) -> Result<()> {
    // Triggers of the file itself do not run; temporary ones belong to the connection.
    connection.execute_batch(
        "CREATE TEMP TRIGGER article_moved AFTER UPDATE OF id, content ON main.articles
             WHEN old.id <> new.id OR old.content <> new.content BEGIN
             INSERT INTO moves (revision, former, former_content, article, content, moved_at)
             SELECT revision, old.id, old.content, new.id, new.content, strftime('%s', 'now') FROM counter;
         END;
         CREATE TEMP TRIGGER article_removed AFTER DELETE ON main.articles BEGIN
             INSERT INTO moves (revision, former, former_content, moved_at)
             SELECT revision, old.id, old.content, strftime('%s', 'now') FROM counter;
         END;",
    )?;
    Ok(())
}

/// Returns the number of the last change.
pub(crate) fn revision(connection: &Connection) -> Result<i64> {
    Ok(connection.prepare_cached("SELECT revision FROM counter")?.query_row([], |row| row.get(0))?)
}

/// Returns the article that a text became after a revision, if it moved or was edited and still has marks.
pub(crate) fn follow(connection: &Connection, text: PlacedText, since: i64) -> Result<Option<ArticleId>> {
    let sql = "SELECT number, article, content FROM moves
               WHERE former = ?1 AND former_content = ?2 AND revision > ?3 AND number > ?4 ORDER BY number LIMIT 1";
    let mut statement = connection.prepare_cached(sql)?;
    let (mut at, mut last) = (text, 0_i64);
    loop {
        let step = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?));
        let found: Option<(i64, Option<i64>, Option<i64>)> =
            rows::first(&mut statement, params![signed(at.0.0), signed(at.1), since, last], "moves", step)?;
        match found {
            Some((number, Some(article), Some(content))) => {
                (at, last) = ((ArticleId(unsigned(article)), unsigned(content)), number);
            }
            Some(_) => return Ok(None),
            None => break,
        }
    }
    let there = "SELECT 1 FROM articles WHERE id = ?1 AND content = ?2";
    let is_there = last > 0 && connection.prepare_cached(there)?.exists(params![signed(at.0.0), signed(at.1)])?;
    Ok(is_there.then_some(at.0))
}

/// Returns all moves after a revision, each from the first identity to the last, and all identities that took part.
pub(crate) fn since(connection: &Connection, revision: i64) -> Result<(Vec<Moved>, HashSet<ArticleId>)> {
    let mut statement =
        connection.prepare_cached("SELECT former, article FROM moves WHERE revision > ?1 ORDER BY number")?;
    // The identities that an article had at first: several, if articles were joined.
    let mut first: HashMap<ArticleId, Vec<ArticleId>> = HashMap::new();
    let mut touched = HashSet::new();
    let both = |row: &Row<'_>| Ok((row.get::<_, i64>(0)?, row.get::<_, Option<i64>>(1)?));
    for (from, to) in rows::read(&mut statement, [revision], "moves", both)? {
        let from = ArticleId(unsigned(from));
        touched.insert(from);
        let former = first.remove(&from).unwrap_or_else(|| vec![from]);
        if let Some(to) = to.map(|to| ArticleId(unsigned(to))) {
            touched.insert(to);
            first.entry(to).or_default().extend(former);
        }
    }
    let each = first.into_iter().flat_map(|(to, former)| former.into_iter().map(move |from| Moved { from, to }));
    let mut moved: Vec<Moved> = each.filter(|moved| moved.from != moved.to).collect();
    moved.sort_unstable_by_key(|moved| moved.to.0);
    Ok((moved, touched))
}

/// Records that an article moved because its folder was missing. If the folder returns, so do the marks.
pub(crate) fn set_away(transaction: &Transaction<'_>, former: ArticleId, parked: ArticleId) -> Result<()> {
    let sql = "UPDATE moves SET away = 1 WHERE number =
                   (SELECT max(number) FROM moves WHERE former = ?1 AND article = ?2)";
    transaction.prepare_cached(sql)?.execute([signed(former.0), signed(parked.0)])?;
    Ok(())
}

/// Reverses [`set_away`] for a text that has returned.
pub(crate) fn clear_away(transaction: &Transaction<'_>, former: ArticleId, content: u64) -> Result<()> {
    let sql = "UPDATE moves SET away = 0 WHERE former = ?1 AND former_content = ?2";
    transaction.prepare_cached(sql)?.execute([signed(former.0), signed(content)])?;
    Ok(())
}

/// Returns the texts that moved because their folder was missing.
pub(crate) fn away(connection: &Connection) -> Result<HashSet<PlacedText>> {
    let mut statement = connection.prepare_cached("SELECT former, former_content FROM moves WHERE away = 1")?;
    let text = |row: &Row<'_>| Ok((ArticleId(unsigned(row.get(0)?)), unsigned(row.get(1)?)));
    Ok(rows::read(&mut statement, [], "moves", text)?.into_iter().collect())
}

/// Deletes old records.
pub(crate) fn prune(transaction: &Transaction<'_>) -> Result<()> {
    let sql = "DELETE FROM moves WHERE moved_at < ?1";
    transaction.prepare_cached(sql)?.execute([now() - RETENTION])?;
    Ok(())
}
