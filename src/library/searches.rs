//! Saved searches, and what each of them has reported already.

use std::collections::HashSet;

use rusqlite::{Transaction, params};

use super::marks::{signed, unsigned};
use super::{Library, Result};
use crate::article::ArticleId;
use crate::query::SavedSearch;

impl Library {
    /// All saved searches, in the order in which they were saved.
    pub fn searches(&self) -> Result<Vec<SavedSearch>> {
        let sql = "SELECT name, query, key, colour, watch FROM searches ORDER BY position, name";
        let mut statement = self.connection.prepare_cached(sql)?;
        let rows = statement.query_map([], |row| {
            let key: Option<String> = row.get(2)?;
            Ok(SavedSearch {
                name: row.get(0)?,
                query: row.get(1)?,
                key: key.and_then(|key| key.chars().next()),
                colour: row.get(3)?,
                watch: row.get(4)?,
            })
        })?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// Keeps a search, in place of one of the same name. Another with the same key loses it.
    pub fn save_search(&mut self, search: &SavedSearch) -> Result<()> {
        self.write(|transaction, revision| put_search(transaction, search, revision))
    }

    /// Forgets a search; says whether there was one.
    pub fn remove_search(&mut self, name: &str) -> Result<bool> {
        self.write(|transaction, _| delete_search(transaction, name))
    }

    /// The articles that a saved search has found before.
    pub fn reported(&self, search: &str) -> Result<HashSet<ArticleId>> {
        let mut statement = self.connection.prepare_cached("SELECT article FROM reported WHERE search = ?1")?;
        let ids = statement.query_map([search], |row| Ok(ArticleId(unsigned(row.get(0)?))))?;
        Ok(ids.collect::<rusqlite::Result<_>>()?)
    }

    /// Takes note of the articles that a saved search finds now; gives those that it had never found before.
    pub fn report(&mut self, search: &str, found: &[ArticleId]) -> Result<Vec<ArticleId>> {
        self.write(|transaction, _| {
            let sql = "INSERT OR IGNORE INTO reported (search, article) VALUES (?1, ?2)";
            let mut insert = transaction.prepare_cached(sql)?;
            let mut new = Vec::new();
            for &article in found {
                if insert.execute(params![search, signed(article.0)])? > 0 {
                    new.push(article);
                }
            }
            Ok(new)
        })
    }
}

/// Replaces the search with the same name, or adds the search at `position`.
pub(super) fn put_search(transaction: &Transaction<'_>, search: &SavedSearch, position: i64) -> Result<()> {
    let SavedSearch { name, query, key, colour, watch } = search;
    let key = key.map(String::from);
    transaction.execute("UPDATE searches SET key = NULL WHERE key = ?1 AND name <> ?2", params![key, name])?;
    let sql = "INSERT INTO searches (name, position, query, key, colour, watch) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
               ON CONFLICT (name) DO UPDATE SET query = excluded.query, key = excluded.key,
                   colour = excluded.colour, watch = excluded.watch";
    transaction.execute(sql, params![name, position, query, key, colour, watch])?;
    Ok(())
}

/// Deletes a search and the list of articles it has reported. Returns whether it existed.
pub(super) fn delete_search(transaction: &Transaction<'_>, name: &str) -> Result<bool> {
    Ok(transaction.execute("DELETE FROM searches WHERE name = ?1", [name])? > 0)
}
