//! Reads all marks, and later those that other programs have changed.

use std::sync::Arc;

use super::changes::ExternalChanges;
use super::moves;
use super::stored::{COLUMNS, marked, stored_marks, with_tags_and_note};
use crate::article::ArticleId;
use crate::library::database::Library;
use crate::library::error::Result;
use crate::library::sqlite::rows;
use crate::library::sqlite::values::unsigned;
use crate::marks::{Change, MarkChange, Marks, Tag};

impl Library {
    /// Returns all marks.
    pub fn marks(&mut self) -> Result<Marks> {
        self.data_version = self.data_version_now()?;
        let transaction = self.connection.transaction()?;
        let mut marks = Marks::default();
        self.seen = transaction.query_row("SELECT revision FROM counter", [], |row| row.get(0))?;
        let mut statement = transaction.prepare(&format!("SELECT {COLUMNS} FROM articles"))?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            if let Some((article, marked)) = rows::readable(row, "articles", marked(row))? {
                marks.set(article, marked);
            }
        }
        let mut each = |table, sql: &str, change: &dyn Fn(&str) -> Option<Change>| -> Result<()> {
            let mut statement = transaction.prepare(sql)?;
            let mut rows = statement.query([])?;
            while let Some(row) = rows.next()? {
                let read = row.get(0).and_then(|article| Ok((article, row.get_ref(1)?.as_str()?)));
                let Some((article, text)) = rows::readable(row, table, read)? else { continue };
                if let Some(change) = change(text) {
                    marks.apply(&MarkChange { article: ArticleId(unsigned(article)), change });
                }
            }
            Ok(())
        };
        each("tags", "SELECT article, tag FROM tags", &|tag| Some(Change::Tagged(Tag::new(tag)?, true)))?;
        each("notes", "SELECT article, text FROM notes", &|text| {
            Some(Change::Note { text: text.into(), was: Arc::default() })
        })?;
        Ok(marks)
    }

    fn data_version_now(&self) -> Result<i64> {
        Ok(self.connection.pragma_query_value(None, "data_version", |row| row.get(0))?)
    }

    /// Returns what other programs have changed since the last call, or since [`marks`](Self::marks).
    pub fn external_changes(&mut self) -> Result<ExternalChanges> {
        let now = self.data_version_now()?;
        if now == self.data_version {
            return Ok(ExternalChanges::default());
        }
        self.data_version = now;
        self.read_external_changes(true)
    }

    /// Reads the changes since the last revision that was read.
    pub(crate) fn read_external_changes(&mut self, with_searches: bool) -> Result<ExternalChanges> {
        let searches = with_searches.then(|| self.searches()).transpose()?;
        let transaction = self.connection.transaction()?;
        let latest = moves::revision(&transaction)?;
        let (moved, touched) = moves::since(&transaction, self.seen)?;
        let mut statement =
            transaction.prepare_cached(&format!("SELECT {COLUMNS} FROM articles WHERE revision > ?1"))?;
        let mut marks = Vec::new();
        let mut rows = statement.query([self.seen])?;
        while let Some(row) = rows.next()? {
            let Some((article, marked)) = rows::readable(row, "articles", marked(row))? else { continue };
            if !touched.contains(&article) {
                marks.push((article, with_tags_and_note(&transaction, article, marked)?));
            }
        }
        for article in touched {
            marks.push((article, stored_marks(&transaction, article)?.unwrap_or_default()));
        }
        drop(rows);
        drop(statement);
        drop(transaction);
        self.seen = latest;
        Ok(ExternalChanges { moved, marks, searches })
    }
}
