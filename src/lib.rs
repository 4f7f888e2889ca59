//! The newsdesk library: everything that the `newsdesk` program does, in modules whose dependencies point one way.
//!
//! `ARCHITECTURE.md` describes each module and its allowed dependencies; `tests/cli/structure.rs` checks them.

#![forbid(unsafe_code)]

pub mod app;
pub mod article;
pub mod cli;
pub mod config;
pub mod corpus;
pub mod engine;
pub mod formats;
pub mod http;
pub mod journal;
pub mod keys;
pub mod library;
pub mod marks;
pub mod query;
pub mod render;
pub mod search;
pub mod subscriptions;
pub mod text;
pub mod tui;
pub mod ui;
pub mod util;
