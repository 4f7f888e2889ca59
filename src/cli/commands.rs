//! The subcommands, one a file: an arguments struct, whose doc comment is the help, and a `run` function.

pub(super) mod cache;
pub(super) mod check;
pub(super) mod completions;
pub(super) mod config;
pub(super) mod export;
pub(super) mod feed;
pub(super) mod library;
pub(super) mod list;
pub(super) mod man;
pub(super) mod mark;
pub(super) mod reader;
pub(super) mod search;
pub(super) mod searches;
pub(super) mod show;
pub(super) mod watch;
