//! Keeping what must last: what a reader did to articles, saved searches, where the reader was. In SQLite, in the data
//! folder of the system; `docs/library.md` says what stands where and what is promised.
//!
//! Everything here takes the time that the disk takes: it is for threads that nobody waits for. Panes are unknown here.

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

/// How long is waited for another program that writes.
const PATIENCE: Duration = Duration::from_secs(15);

/// Why the library could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// SQLite says so.
    #[error("{}", sentence(.0))]
    Sqlite(#[from] rusqlite::Error),
    /// The system says so.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// The file is something else.
    #[error("the file is no library of newsdesk")]
    Foreign,
    /// It was written by a later version of this program.
    #[error(
        "the library was written by a newer newsdesk (version {0} of it, this one knows {VERSION}); it is only read"
    )]
    Newer(usize),
}

/// What the library gives, or why it does not.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// Whether what is in the file cannot be trusted any more.
    pub fn is_damage(&self) -> bool {
        let Error::Sqlite(error) = self else { return false };
        matches!(error.sqlite_error_code(), Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase))
    }
}

/// What SQLite means, in words that help.
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

/// A library that is open.
#[derive(Debug)]
pub struct Library {
    connection: Connection,
    path: PathBuf,
    /// The version of it, where that is one of a newer program.
    newer: Option<usize>,
    /// The last change that was read, and what SQLite said of the file then.
    seen: i64,
    data_version: i64,
    /// Articles that became known since it was opened.
    fresh: HashSet<ArticleId>,
    /// The revision when articles were recognised last.
    recognised_at: i64,
    /// The reader whose journal records changes of subscriptions.
    reader: Option<ReaderId>,
}

impl Library {
    /// Opens the library at `path`, and makes one where there is none.
    pub fn open(path: &Path) -> Result<Library> {
        if let Some(folder) = path.parent() {
            let named = |error: io::Error| io::Error::new(error.kind(), format!("{}: {error}", folder.display()));
            owner_only::folder(folder).map_err(named)?;
        }
        // What SQLite puts beside a file may be read by whoever may read that. Where it cannot be made, SQLite says why.
        if let Err(error) = owner_only::new_file(path)
            && error.kind() == io::ErrorKind::StorageFull
        {
            return Err(error.into());
        }
        let mut connection = database::open(path)?;
        // Of a library that is there already this changes nothing. Most entries are longer than half a page of SQLite's
        // own size: with twice the size the file is a fifth smaller, and a refresh writes so much less.
        connection.pragma_update(None, "page_size", 8 * 1024)?;
        // The version first: a file that is not ours is not changed, not even its way of being written.
        let state = schema::migrate(&mut connection, path, MIGRATIONS)?;
        let newer = match state {
            schema::SchemaState::Ready => None,
            schema::SchemaState::Newer(version) => Some(version),
        };
        if newer.is_some() {
            connection = database::open_to_read(path)?;
        } else {
            // What is committed is on the disk, and a reader never waits for a writer.
            connection.pragma_update(None, "journal_mode", "WAL")?;
            connection.pragma_update(None, "synchronous", "FULL")?;
            connection.pragma_update(None, "foreign_keys", true)?;
            crate::library::marks::moves::record(&connection)?;
        }
        connection.set_prepared_statement_cache_capacity(64);
        // Without it every statement is prepared anew whenever other values are bound to it.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
        // In KiB: what the indexes over entries need, whose places are random.
        connection.pragma_update(None, "cache_size", -12 * 1024)?;
        let (path, fresh) = (path.to_owned(), HashSet::new());
        Ok(Library { connection, path, newer, seen: 0, data_version: 0, fresh, recognised_at: 0, reader: None })
    }

    /// Opens the library at `path`, if there is one, to be read only.
    pub fn open_to_read(path: &Path) -> Result<Option<Library>> {
        if !path.try_exists()? {
            return Ok(None);
        }
        // Reading one that is being written takes files beside it, which a reader may have to make.
        match Library::open(path) {
            Ok(library) => Ok(Some(library)),
            Err(error) if error.is_damage() => Err(error),
            Err(error) => {
                // Nothing writes to a file on a read-only disk.
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

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Why nothing can be written to it, where that is so for good.
    pub fn is_newer(&self) -> Option<Error> {
        self.newer.map(Error::Newer)
    }

    /// Looks through all of it for damage; gives what SQLite says, a line for each thing that is wrong.
    pub fn check(&self) -> Result<Vec<String>> {
        let mut statement = self.connection.prepare("PRAGMA integrity_check")?;
        let mut lines: Vec<String> = statement.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
        let mut statement = self.connection.prepare("PRAGMA foreign_key_check")?;
        let strays: Vec<String> = statement.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
        lines.retain(|line| line != "ok");
        lines.extend(strays.into_iter().map(|table| format!("a row of {table} belongs to nothing")));
        Ok(lines)
    }

    /// Reads all rows, so that those that cannot be read are recorded. See [`take_unreadable_rows`].
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

    /// How many articles it knows, and how many of those are read, are starred, have tags, have notes.
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

    /// Lets the library grow to so many bytes and no further, as a full disk would.
    pub fn limit(&self, bytes: u64) -> Result<()> {
        let size: i64 = self.connection.pragma_query_value(None, "page_size", |row| row.get(0))?;
        let pages = i64::try_from(bytes).unwrap_or(i64::MAX) / size.max(1);
        Ok(self.connection.pragma_update_and_check(None, "max_page_count", pages, |_| Ok(()))?)
    }

    /// Does `work` in one transaction, all of it or nothing; gives it the number of the change.
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

/// Now, in seconds since 1970-01-01 00:00 UTC, as the library counts time.
pub fn now() -> i64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    since.map_or(0, |since| i64::try_from(since.as_secs()).unwrap_or(0))
}
