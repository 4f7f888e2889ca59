//! The subcommands, run as a script runs them, and what the README and the docs say about them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod commands;
mod docs;
mod query_docs;
mod structure;
mod test_files;
