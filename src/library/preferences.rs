//! Choices made in the program that last across restarts, by key. The values are opaque to the library.

use rusqlite::params;

use super::database::Library;
use super::error::Result;
use super::sqlite::rows;

impl Library {
    /// Returns the value of a preference, if it was ever set.
    pub fn preference(&self, key: &str) -> Result<Option<String>> {
        let sql = "SELECT value FROM preferences WHERE key = ?1";
        rows::first(&mut *self.connection.prepare_cached(sql)?, [key], "preferences", |row| row.get(0))
    }

    /// Returns all preferences, by key.
    pub fn preferences(&self) -> Result<Vec<(String, String)>> {
        let mut statement = self.connection.prepare("SELECT key, value FROM preferences ORDER BY key")?;
        rows::read(&mut statement, [], "preferences", |row| Ok((row.get(0)?, row.get(1)?)))
    }

    /// Saves a preference in place of its former value.
    pub fn set_preference(&mut self, key: &str, value: &str) -> Result<()> {
        self.write(|transaction, _| {
            let sql = "INSERT INTO preferences (key, value) VALUES (?1, ?2)
                       ON CONFLICT (key) DO UPDATE SET value = excluded.value";
            transaction.execute(sql, params![key, value])?;
            Ok(())
        })
    }
}
