//! The library: marks, saved searches, sessions, and feeds with their entries, in SQLite in the user's data folder.
//! `docs/library.md` describes the tables and the guarantees.
//!
//! All calls block on the disk, so they run on background threads. The library knows no UI.

mod check;
mod database;
mod disk_error;
mod error;
pub mod feeds;
mod journal;
mod jsonl;
pub mod marks;
mod newsboat_import;
pub mod owner_only;
mod preferences;
mod recovery;
mod schema;
mod searches;
mod sessions;
mod sqlite;

pub use database::Library;
pub use error::{Error, Result};
pub use feeds::{FeedAccess, FeedCounts, FeedId, FetchPolicy, FetchRevision, FetchStatus, KnownFeed, SubscribeCounts};
pub use journal::reader_lock::{ReaderId, ReaderLock};
pub use journal::steps::UndoneStep;
pub use jsonl::{ImportCounts, write_changes};
pub use marks::{ArticleRecord, ExternalChanges, PathResolver};
pub use newsboat_import::{Newsboat, NewsboatEntry};
pub use recovery::Recovered;
pub use schema::migrations::{MIGRATIONS, VERSION};
pub use sqlite::rows::{UnreadableRow, take_unreadable_rows, unreadable_rows};
pub use sqlite::values::now;
