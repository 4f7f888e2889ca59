//! Checks of the whole library.

use super::database::Library;
use super::error::Result;
use super::feeds::EntryQuery;

impl Library {
    /// Checks the whole library for damage. Returns SQLite's messages, one for each problem.
    pub fn check(&self) -> Result<Vec<String>> {
        let mut statement = self.connection.prepare("PRAGMA integrity_check")?;
        let mut lines: Vec<String> = statement.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
        let mut statement = self.connection.prepare("PRAGMA foreign_key_check")?;
        let strays: Vec<String> = statement.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
        lines.retain(|line| line != "ok");
        lines.extend(strays.into_iter().map(|table| format!("a row of {table} refers to a missing row")));
        Ok(lines)
    }

    /// Reads all rows, to record unreadable ones. See [`take_unreadable_rows`](super::take_unreadable_rows).
    pub fn check_rows(&mut self) -> Result<()> {
        self.marks()?;
        self.feeds_with_entries()?;
        self.read_entries(&EntryQuery::Numbered(i64::MIN..=i64::MAX), |_| {})?;
        for search in self.searches()? {
            self.reported(&search.name)?;
        }
        self.check_journal()?;
        self.sessions()?;
        self.filters()?;
        self.preferences()?;
        Ok(())
    }
}
