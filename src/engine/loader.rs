//! Reads and parses files: sources, the walk through folders, and the pool of threads.

pub(crate) mod accumulator;
pub(crate) mod available_memory;
pub(crate) mod bundled;
pub(crate) mod context;
pub(crate) mod extensions;
pub(crate) mod file_reader;
pub(crate) mod heartbeat;
pub(crate) mod ingest;
pub(crate) mod known_files;
pub(crate) mod memory_budget;
pub(crate) mod pool;
pub(crate) mod read_error;
pub(crate) mod removed;
pub(crate) mod source;
pub(crate) mod stalled_paths;
pub(crate) mod walk;

pub use source::{LoadOptions, Source, unreadable};
