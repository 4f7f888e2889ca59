//! Sessions and older filters.

use rusqlite::params;

use super::database::Library;
use super::error::Result;
use super::sqlite::rows;
use super::sqlite::values::now;

/// The maximum number of older filters.
pub(super) const FILTERS: u32 = 200;

/// The maximum number of sessions, one for each set of sources.
pub(super) const SESSIONS: u32 = 500;

impl Library {
    /// Saves the session of these sources. Both texts are opaque to the library.
    pub fn save_session(&mut self, sources: &str, session: &str) -> Result<()> {
        self.write(|transaction, _| {
            let sql = "INSERT INTO sessions (sources, session, saved_at) VALUES (?1, ?2, ?3)
                       ON CONFLICT (sources) DO UPDATE SET session = excluded.session, saved_at = excluded.saved_at";
            transaction.execute(sql, params![sources, session, now()])?;
            let surplus = "DELETE FROM sessions WHERE sources NOT IN
                           (SELECT sources FROM sessions ORDER BY saved_at DESC LIMIT ?1)";
            transaction.execute(surplus, [SESSIONS])?;
            Ok(())
        })
    }

    /// Returns the session of these sources.
    pub fn session(&self, sources: &str) -> Result<Option<String>> {
        let sql = "SELECT session FROM sessions WHERE sources = ?1";
        rows::first(&mut *self.connection.prepare_cached(sql)?, [sources], "sessions", |row| row.get(0))
    }

    /// Returns all sources with their sessions, the latest first.
    pub fn sessions(&self) -> Result<Vec<(String, String)>> {
        let sql = "SELECT sources, session FROM sessions ORDER BY saved_at DESC, sources";
        let mut statement = self.connection.prepare(sql)?;
        rows::read(&mut statement, [], "sessions", |row| Ok((row.get(0)?, row.get(1)?)))
    }

    /// Saves a filter as the newest.
    pub fn save_filter(&mut self, filter: &str) -> Result<()> {
        self.write(|transaction, _| {
            transaction.execute("DELETE FROM history WHERE filter = ?1", [filter])?;
            transaction.execute("INSERT INTO history (filter) VALUES (?1)", [filter])?;
            let surplus = "DELETE FROM history WHERE position NOT IN
                           (SELECT position FROM history ORDER BY position DESC LIMIT ?1)";
            transaction.execute(surplus, [FILTERS])?;
            Ok(())
        })
    }

    /// Returns the older filters, the oldest first.
    pub fn filters(&self) -> Result<Vec<String>> {
        let mut statement = self.connection.prepare("SELECT filter FROM history ORDER BY position")?;
        rows::read(&mut statement, [], "history", |row| row.get(0))
    }
}
