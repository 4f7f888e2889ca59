//! Feeds: subscribing, refreshing, import and export, and the stored entries as articles.

pub mod backend;
pub mod commands;
pub(crate) mod context;
pub(crate) mod diff;
pub(crate) mod entries;
pub(crate) mod error;
pub mod import_export;
pub mod refresh;
pub(crate) mod service;
pub mod status;
pub mod subscribe;

pub use error::FeedError;
