//! The subcommands, one a file.

pub(crate) mod cache;
pub(crate) mod check;
pub(crate) mod export;
pub(crate) mod feed;
pub(crate) mod library;
pub(crate) mod list;
pub(crate) mod mark;
pub(crate) mod search;
pub(crate) mod searches;
pub(crate) mod show;
