//! Feeds in the library: subscriptions, the state of each feed, and entries.

mod change;
pub(super) mod duplicates;
mod entries;
mod entry_finder;
mod entry_keys;
mod full_text;
mod imported_marks;
mod merge;
mod model;
mod prepared_entry;
mod read;
mod retention;
mod store;
pub(super) mod subscribe;
mod undo;
pub(super) mod visibility;

pub use entries::{EntryQuery, EntryTexts, StoredEntry};
pub use full_text::FullText;
pub use imported_marks::ImportedMark;
pub use merge::MergedFeeds;
pub use model::{FeedCounts, FeedId, FetchPolicy, FetchRevision, FetchStatus, KnownFeed, SubscribeCounts};
pub use prepared_entry::PreparedEntry;
pub use store::{FetchOutcome, FetchResult, ParsedFeed, StoreCounts};
