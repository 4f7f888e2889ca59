//! Saved searches, and the articles that each has reported.

use std::collections::HashSet;

use rusqlite::{Connection, ToSql, Transaction, params};

use super::database::Library;
use super::error::Result;
use super::sqlite::rows;
use super::sqlite::values::{signed, unsigned};
use crate::article::ArticleId;
use crate::query::SavedSearch;

impl Library {
    /// Returns all saved searches, in the order in which they were saved.
    pub fn searches(&self) -> Result<Vec<SavedSearch>> {
        read_searches(&self.connection)
    }

    /// Saves the search that `decide` makes of the current ones, in the same transaction.
    ///
    /// # Errors
    ///
    /// Returns an error if the library cannot be written. The inner result is an error of `decide`.
    pub fn save_search_after<E>(
        &mut self,
        decide: impl FnOnce(&[SavedSearch]) -> std::result::Result<SavedSearch, E>,
    ) -> Result<std::result::Result<(), E>> {
        self.write(|transaction, revision| match decide(&read_searches(transaction)?) {
            Ok(search) => upsert_search(transaction, &search, revision).map(Ok),
            Err(error) => Ok(Err(error)),
        })
    }

    /// Saves a search, and replaces one with the same name. Another search with the same key loses it.
    pub fn save_search(&mut self, search: &SavedSearch) -> Result<()> {
        self.write(|transaction, revision| upsert_search(transaction, search, revision))
    }

    /// Deletes a search. Returns whether it existed.
    pub fn remove_search(&mut self, name: &str) -> Result<bool> {
        self.write(|transaction, _| delete_search(transaction, name))
    }

    /// Returns the articles that a saved search has found before.
    pub fn reported(&self, search: &str) -> Result<HashSet<ArticleId>> {
        let mut statement = self.connection.prepare_cached("SELECT article FROM reported WHERE search = ?1")?;
        let ids = rows::read(&mut statement, [search], "reported", |row| Ok(ArticleId(unsigned(row.get(0)?))))?;
        Ok(ids.into_iter().collect())
    }

    /// Stores the articles that a saved search finds now. Returns those that it had never found before.
    pub fn report(&mut self, search: &str, found: &[ArticleId]) -> Result<Vec<ArticleId>> {
        self.write(|transaction, _| report(transaction, search, found))
    }
}

/// Returns all saved searches, in the order in which they were saved.
pub(super) fn read_searches(connection: &Connection) -> Result<Vec<SavedSearch>> {
    let sql = "SELECT name, query, key, colour, watch FROM searches ORDER BY position, name";
    let mut statement = connection.prepare_cached(sql)?;
    rows::read(&mut statement, [], "searches", |row| {
        let key: Option<String> = row.get(2)?;
        Ok(SavedSearch {
            name: row.get(0)?,
            query: row.get(1)?,
            key: key.and_then(|key| key.chars().next()),
            colour: row.get(3)?,
            watch: row.get(4)?,
        })
    })
}

/// Stores the articles that a saved search has found, unless another program deleted it. Returns the new ones.
pub(super) fn report(transaction: &Transaction<'_>, search: &str, found: &[ArticleId]) -> Result<Vec<ArticleId>> {
    let sql = "INSERT OR IGNORE INTO reported (search, article) SELECT name, ?2 FROM searches WHERE name = ?1";
    let mut insert = transaction.prepare_cached(sql)?;
    let mut new = Vec::new();
    for &article in found {
        if insert.execute(params![search, signed(article.0)])? > 0 {
            new.push(article);
        }
    }
    Ok(new)
}

/// Replaces the search with the same name, or adds the search at `position`.
pub(super) fn upsert_search(transaction: &Transaction<'_>, search: &SavedSearch, position: i64) -> Result<()> {
    let SavedSearch { name, query, key, colour, watch } = search;
    let key = key.map(String::from);
    transaction.execute("UPDATE searches SET key = NULL WHERE key = ?1 AND name <> ?2", params![key, name])?;
    let sql = "INSERT INTO searches (name, position, query, key, colour, watch) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
               ON CONFLICT (name) DO UPDATE SET query = excluded.query, key = excluded.key,
                   colour = excluded.colour, watch = excluded.watch";
    transaction.execute(sql, params![name, position, query, key, colour, watch])?;
    Ok(())
}

/// Writes those parts of a search that a change concerns. A search that another program deleted stays deleted.
pub(super) fn change_search(transaction: &Transaction<'_>, before: &SavedSearch, after: &SavedSearch) -> Result<()> {
    let set = |column: &str, value: &dyn ToSql| -> Result<usize> {
        let change = format!("UPDATE searches SET {column} = ?2 WHERE name = ?1");
        Ok(transaction.prepare_cached(&change)?.execute(params![after.name, value])?)
    };
    if before.key != after.key {
        let key = after.key.map(String::from);
        let others = "UPDATE searches SET key = NULL WHERE key = ?1 AND name <> ?2
            AND EXISTS (SELECT 1 FROM searches WHERE name = ?2)";
        transaction.execute(others, params![key, after.name])?;
        set("key", &key)?;
    }
    if before.query != after.query {
        set("query", &after.query)?;
    }
    if before.colour != after.colour {
        set("colour", &after.colour)?;
    }
    if before.watch != after.watch {
        set("watch", &after.watch)?;
    }
    Ok(())
}

/// Deletes a search and the list of articles it has reported. Returns whether it existed.
pub(super) fn delete_search(transaction: &Transaction<'_>, name: &str) -> Result<bool> {
    Ok(transaction.execute("DELETE FROM searches WHERE name = ?1", [name])? > 0)
}
