//! Whole articles behind the entries of feeds.

use rusqlite::{OptionalExtension, params};

use crate::article::{ArticleId, Draft};
use crate::library::database::Library;
use crate::library::error::Result;
use crate::library::sqlite::rows;
use crate::library::sqlite::values::{signed, unsigned};

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

impl Library {
    /// Saves the whole article of an entry, and shows it. Does nothing if the entry is not listed any more.
    pub fn save_full_text(&mut self, id: ArticleId, full: &Draft<'_>) -> Result<()> {
        let json = serde_json::to_string(full).unwrap_or_default();
        self.change_text(id, "full = ?2, shows_full = 1, full_tries = NULL", &json)
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
