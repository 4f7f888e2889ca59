//! Everything below the screen: library, formats, loading, search, feeds, HTTP, watching, and the fuzz targets.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "a test fails by panicking and may print figures"
)]

#[path = "../support"]
mod support {
    pub(crate) mod cases;
    pub(crate) mod library;
    pub(crate) mod material;
    pub(crate) mod rng;
    pub(crate) mod server;
}

mod corpus_snapshot;
mod feed_formats;
mod formats;
mod fuzz;
#[path = "../fuzzing/targets.rs"]
mod fuzz_targets;
mod http;
mod library;
mod loading;
mod search;
mod search_model;
mod shared_feeds;
mod shared_marks;
mod stored_formats;
mod subscriptions;
mod watch;
