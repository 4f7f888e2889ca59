//! The library: marks, saved searches, sessions, and feeds with their entries, in SQLite in the user's data folder.
//! `docs/library.md` describes the tables and what is guaranteed.
//!
//! All calls block on the disk, so they run on background threads. The library knows no UI.

mod check;
mod database;
mod disk_error;
mod error;
mod feed_access;
pub mod feeds;
mod journal;
mod journal_steps;
mod jsonl;
mod logins;
pub mod marks;
mod migrations;
mod newsboat_import;
pub mod owner_only;
mod preferences;
mod reader_lock;
mod recovery;
mod rows;
mod schema;
mod searches;
mod sessions;
mod sqlite;
mod values;

pub use database::Library;
pub use error::{Error, Result};
pub use feed_access::FeedAccess;
pub use feeds::{FeedCounts, FeedId, FetchPolicy, FetchRevision, FetchStatus, KnownFeed, SubscribeCounts};
pub use journal_steps::UndoneStep;
pub use jsonl::{ImportCounts, write_changes};
pub use marks::{ArticleRecord, ExternalChanges, PathResolver};
pub use migrations::{MIGRATIONS, VERSION};
pub use newsboat_import::{Newsboat, NewsboatEntry};
pub use reader_lock::{ReaderId, ReaderLock};
pub use recovery::Recovered;
pub use rows::{UnreadableRow, take_unreadable_rows, unreadable_rows};
pub use values::now;
