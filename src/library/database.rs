//! An open library: opening, transactions and backups.

use std::collections::HashSet;
use std::io;
use std::path::{Path, PathBuf};

use rusqlite::config::DbConfig;
use rusqlite::{Connection, Transaction, TransactionBehavior};

use super::error::{Error, Result};
use super::journal::reader_lock::ReaderId;
use super::marks::moves;
use super::schema::migrations::MIGRATIONS;
use super::{owner_only, schema, sqlite};
use crate::article::ArticleId;

/// An open library.
#[derive(Debug)]
pub struct Library {
    pub(super) connection: Connection,
    pub(super) path: PathBuf,
    /// The version of the file, if a newer program wrote it.
    pub(super) newer: Option<usize>,
    /// The last change that was read, and SQLite's data version at that time.
    pub(super) seen: i64,
    pub(super) data_version: i64,
    /// Articles added since it was opened.
    pub(super) fresh: HashSet<ArticleId>,
    /// The revision of the last recognition of articles.
    pub(super) recognised_at: i64,
    /// The reader whose journal records changes of subscriptions.
    pub(super) reader: Option<ReaderId>,
}

impl Library {
    /// Opens the library at `path`, or creates it.
    pub fn open(path: &Path) -> Result<Library> {
        if let Some(folder) = path.parent() {
            let named = |error: io::Error| io::Error::new(error.kind(), format!("{}: {error}", folder.display()));
            owner_only::folder(folder).map_err(named)?;
        }
        // SQLite gives files beside the library the same permissions. If this fails, SQLite reports the reason.
        if let Err(error) = owner_only::new_file(path)
            && error.kind() == io::ErrorKind::StorageFull
        {
            return Err(error.into());
        }
        let mut connection = sqlite::open(path)?;
        // This has no effect on an existing library. Most entries are longer than half a page of SQLite's default size: with
        // twice the size the file is a fifth smaller, and a refresh writes less.
        connection.pragma_update(None, "page_size", 8 * 1024)?;
        // Check the version first, so that a file of another program is not changed, not even its journal mode.
        let state = schema::migrate(&mut connection, path, MIGRATIONS)?;
        let newer = match state {
            schema::SchemaState::Ready => None,
            schema::SchemaState::Newer(version) => Some(version),
        };
        if newer.is_some() {
            connection = sqlite::open_to_read(path)?;
        } else {
            // Commits are on the disk, and readers never wait for a writer.
            connection.pragma_update(None, "journal_mode", "WAL")?;
            connection.pragma_update(None, "synchronous", "FULL")?;
            connection.pragma_update(None, "foreign_keys", true)?;
            moves::record(&connection)?;
        }
        connection.set_prepared_statement_cache_capacity(64);
        // Without it, statements are prepared again whenever other values are bound.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
        // In KiB: enough for the indexes over entries, whose accesses are random.
        connection.pragma_update(None, "cache_size", -12 * 1024)?;
        let (path, fresh) = (path.to_owned(), HashSet::new());
        Ok(Library { connection, path, newer, seen: 0, data_version: 0, fresh, recognised_at: 0, reader: None })
    }

    /// Opens the library at `path` read-only, if it exists.
    pub fn open_to_read(path: &Path) -> Result<Option<Library>> {
        if !path.try_exists()? {
            return Ok(None);
        }
        // Reading a library in WAL mode needs files beside it, which the reader may have to create.
        match Library::open(path) {
            Ok(library) => Ok(Some(library)),
            Err(error) if error.is_damage() => Err(error),
            Err(error) => {
                // A file on a read-only disk cannot change.
                let connection = sqlite::open_immutable(path).map_err(|_| error)?;
                Ok(Some(Library {
                    connection,
                    path: path.to_owned(),
                    newer: None,
                    seen: 0,
                    data_version: 0,
                    fresh: HashSet::new(),
                    recognised_at: 0,
                    reader: None,
                }))
            }
        }
    }

    /// Records changes of subscriptions in the journal of a reader.
    #[must_use]
    pub fn for_reader(self, reader: ReaderId) -> Library {
        Library { reader: Some(reader), ..self }
    }

    /// Returns the path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Returns the reason why it is read-only, if it is.
    pub fn is_newer(&self) -> Option<Error> {
        self.newer.map(Error::NewerSchema)
    }

    /// Returns the number of articles, and how many of those are read, are starred, have tags, have notes.
    pub fn counts(&self) -> Result<[u32; 5]> {
        let articles = "SELECT count(*), count(read_at), count(starred_at), (SELECT count(DISTINCT article) FROM tags),
            (SELECT count(*) FROM notes) FROM articles";
        let row = self
            .connection
            .query_row(articles, [], |row| Ok([row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?]))?;
        Ok(row)
    }

    /// Writes a complete copy to a new file that only its owner can read, and reads it back.
    pub fn back_up(&self, to: &Path) -> Result<()> {
        sqlite::copy(&self.connection, to)
    }

    /// Limits the size of the library in bytes, to simulate a full disk.
    pub fn limit(&self, bytes: u64) -> Result<()> {
        let size: i64 = self.connection.pragma_query_value(None, "page_size", |row| row.get(0))?;
        let pages = i64::try_from(bytes).unwrap_or(i64::MAX) / size.max(1);
        Ok(self.connection.pragma_update_and_check(None, "max_page_count", pages, |_| Ok(()))?)
    }

    /// Runs `work` in one transaction. Passes it the number of the change.
    pub(super) fn write<T>(&mut self, work: impl FnOnce(&Transaction<'_>, i64) -> Result<T>) -> Result<T> {
        if let Some(version) = self.newer {
            return Err(Error::NewerSchema(version));
        }
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let count = "UPDATE counter SET revision = revision + 1 RETURNING revision";
        let revision = transaction.query_row(count, [], |row| row.get(0))?;
        let done = work(&transaction, revision)?;
        transaction.commit()?;
        Ok(done)
    }
}
