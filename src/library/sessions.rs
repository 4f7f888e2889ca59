//! Where the reader was, and what was filtered for.

use rusqlite::params;

use super::{Library, Result, now, rows};

/// How many filters are kept.
pub(super) const FILTERS: u32 = 200;

/// How many sessions are kept: one for each set of sources that was open.
pub(super) const SESSIONS: u32 = 500;

impl Library {
    /// Keeps where the reader was in these sources. Both are texts that this room does not look into.
    pub fn keep_session(&mut self, sources: &str, session: &str) -> Result<()> {
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

    /// Where the reader was in these sources.
    pub fn session(&self, sources: &str) -> Result<Option<String>> {
        let sql = "SELECT session FROM sessions WHERE sources = ?1";
        rows::first(&mut *self.connection.prepare_cached(sql)?, [sources], "sessions", |row| row.get(0))
    }

    /// All sources that were open, the last first, and where the reader was in each.
    pub fn sessions(&self) -> Result<Vec<(String, String)>> {
        let sql = "SELECT sources, session FROM sessions ORDER BY saved_at DESC, sources";
        let mut statement = self.connection.prepare(sql)?;
        rows::read(&mut statement, [], "sessions", |row| Ok((row.get(0)?, row.get(1)?)))
    }

    /// Keeps a filter as the newest.
    pub fn keep_filter(&mut self, filter: &str) -> Result<()> {
        self.write(|transaction, _| {
            transaction.execute("DELETE FROM history WHERE filter = ?1", [filter])?;
            transaction.execute("INSERT INTO history (filter) VALUES (?1)", [filter])?;
            let surplus = "DELETE FROM history WHERE position NOT IN
                           (SELECT position FROM history ORDER BY position DESC LIMIT ?1)";
            transaction.execute(surplus, [FILTERS])?;
            Ok(())
        })
    }

    /// The filters that were kept, the oldest first.
    pub fn filters(&self) -> Result<Vec<String>> {
        let mut statement = self.connection.prepare("SELECT filter FROM history ORDER BY position")?;
        rows::read(&mut statement, [], "history", |row| row.get(0))
    }
}
