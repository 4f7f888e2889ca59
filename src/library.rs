//! The library: marks, saved searches, sessions and feeds in SQLite, in the data folder of the system. `docs/library.md`
//! describes the tables and the guarantees.
//!
//! Calls block on the disk, so they belong on threads that the user interface does not wait for. This module knows no panes.

mod database;
mod disk_error;
pub mod feeds;
mod journal;
mod jsonl;
mod logins;
pub mod marks;
mod newsboat_import;
pub mod owner_only;
mod preferences;
mod recovery;
mod rows;
mod schema;
mod searches;
mod sessions;

use crate::library::feeds::EntryQuery;

use std::collections::HashSet;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, Transaction, TransactionBehavior};

use crate::article::ArticleId;

pub use feeds::{FeedCounts, FeedId, FetchPolicy, FetchRevision, FetchStatus, KnownFeed, SubscribeCounts};

pub use journal::{ReaderId, ReaderLock, UndoneStep};
pub use logins::FeedAccess;
pub use marks::{ArticleRecord, ExternalChanges, PathResolver};

pub use newsboat_import::{Newsboat, NewsboatEntry};

pub use jsonl::{ImportCounts, write_changes};
pub use recovery::Recovered;
pub use rows::{UnreadableRow, take_unreadable_rows, unreadable_rows};
pub use schema::{MIGRATIONS, VERSION};

/// The timeout for another program that writes.
const PATIENCE: Duration = Duration::from_secs(15);

/// An error of the library.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// An error of SQLite.
    #[error("{}", sentence(.0))]
    Sqlite(#[from] rusqlite::Error),
    /// An error of the system.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// The file is not a library.
    #[error("the file is no library of newsdesk")]
    Foreign,
    /// The file was written by a later version of this program.
    #[error(
        "the library was written by a newer newsdesk (version {0} of it, this one knows {VERSION}); it is only read"
    )]
    Newer(usize),
}

/// The result of an operation on the library.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// Returns whether the file is damaged.
    pub fn is_damage(&self) -> bool {
        let Error::Sqlite(error) = self else { return false };
        matches!(error.sqlite_error_code(), Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase))
    }
}

/// Describes an error of SQLite.
fn sentence(error: &rusqlite::Error) -> String {
    match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => "the disk is full".to_owned(),
        Some(ErrorCode::ReadOnly) => "the library may not be written".to_owned(),
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => "another program holds the library".to_owned(),
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => "the library is damaged".to_owned(),
        Some(ErrorCode::CannotOpen) => "the library cannot be opened".to_owned(),
        Some(ErrorCode::SystemIoFailure) => "the system could not read or write the library".to_owned(),
        _ => {
            rows::cause(error).map_or_else(|| error.to_string(), |cause| format!("a row of it cannot be read: {cause}"))
        }
    }
}

/// An open library.
#[derive(Debug)]
pub struct Library {
    connection: Connection,
    path: PathBuf,
    /// The version of the file, if a newer program wrote it.
    newer: Option<usize>,
    /// The last change that was read, and SQLite's data version at that time.
    seen: i64,
    data_version: i64,
    /// Articles added since it was opened.
    fresh: HashSet<ArticleId>,
    /// The revision of the last recognition of articles.
    recognised_at: i64,
    /// The reader whose journal records changes of subscriptions.
    reader: Option<ReaderId>,
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
        let mut connection = database::open(path)?;
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
            connection = database::open_to_read(path)?;
        } else {
            // Commits are on the disk, and readers never wait for a writer.
            connection.pragma_update(None, "journal_mode", "WAL")?;
            connection.pragma_update(None, "synchronous", "FULL")?;
            connection.pragma_update(None, "foreign_keys", true)?;
            crate::library::marks::moves::record(&connection)?;
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
                let connection = database::open_immutable(path).map_err(|_| error)?;
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
        self.newer.map(Error::Newer)
    }

    /// Checks the whole library for damage. Returns SQLite's messages, one for each problem.
    pub fn check(&self) -> Result<Vec<String>> {
        let mut statement = self.connection.prepare("PRAGMA integrity_check")?;
        let mut lines: Vec<String> = statement.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
        let mut statement = self.connection.prepare("PRAGMA foreign_key_check")?;
        let strays: Vec<String> = statement.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
        lines.retain(|line| line != "ok");
        lines.extend(strays.into_iter().map(|table| format!("a row of {table} belongs to nothing")));
        Ok(lines)
    }

    /// Reads all rows, to record unreadable ones. See [`take_unreadable_rows`].
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
        database::copy(&self.connection, to)
    }

    /// Limits the size of the library in bytes, to simulate a full disk.
    pub fn limit(&self, bytes: u64) -> Result<()> {
        let size: i64 = self.connection.pragma_query_value(None, "page_size", |row| row.get(0))?;
        let pages = i64::try_from(bytes).unwrap_or(i64::MAX) / size.max(1);
        Ok(self.connection.pragma_update_and_check(None, "max_page_count", pages, |_| Ok(()))?)
    }

    /// Runs `work` in one transaction. Passes it the number of the change.
    fn write<T>(&mut self, work: impl FnOnce(&Transaction<'_>, i64) -> Result<T>) -> Result<T> {
        if let Some(version) = self.newer {
            return Err(Error::Newer(version));
        }
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let count = "UPDATE counter SET revision = revision + 1 RETURNING revision";
        let revision = transaction.query_row(count, [], |row| row.get(0))?;
        let done = work(&transaction, revision)?;
        transaction.commit()?;
        Ok(done)
    }
}

/// Returns the current time in seconds since 1970-01-01 00:00 UTC.
pub fn now() -> i64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    since.map_or(0, |since| i64::try_from(since.as_secs()).unwrap_or(0))
}
