//! Feeds in the library: subscriptions, the state of each feed, and entries.

mod access;
mod change;
pub(super) mod duplicates;
mod entries;
mod full_text;
mod imported_marks;
pub(super) mod logins;
mod merge;
mod model;
mod read;
mod retention;
mod store;
pub(super) mod subscribe;
mod undo;
pub(super) mod visibility;

pub use access::FeedAccess;
pub use entries::prepared::PreparedEntry;
pub use entries::{EntryQuery, EntryTexts, StoredEntry};
pub use full_text::FullText;
pub use imported_marks::ImportedMark;
pub use merge::MergedFeeds;
pub use model::{FeedCounts, FeedId, FetchPolicy, FetchRevision, FetchStatus, KnownFeed, SubscribeCounts};
pub use store::{FetchOutcome, FetchResult, ParsedFeed, StoreCounts};
