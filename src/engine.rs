//! The background services: threads, files and network. They emit events and know no user interface.

pub(crate) mod corpus_service;
pub(crate) mod event;
pub mod feeds;
pub(crate) mod library_writer;
mod load;
pub mod loader;
pub(crate) mod log;
pub mod search;
pub(crate) mod snapshot;
pub mod unreadable_rows;

pub use corpus_service::CorpusService;
pub use event::{Event, SavedState};
pub use load::{Loaded, load_all, load_with, make_snapshot};
pub use log::{log_to, note};
pub use snapshot::{Cache, Pruned, SnapshotInfo, WriteOutcome};
