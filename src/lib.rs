//! The newsdesk library: everything that the `newsdesk` program does, in rooms whose arrows point one way.
//!
//! `ARCHITECTURE.md` tells what each room is for and what it must not know; `tests/arrows.rs` keeps it so.

#![forbid(unsafe_code)]

pub mod app;
pub mod article;
pub mod cli;
pub mod command;
pub mod config;
pub mod corpus;
pub mod feeds;
pub mod fetch;
pub mod journal;
pub mod library;
pub mod loader;
pub mod marks;
pub mod query;
pub mod runtime;
pub mod search;
pub mod ui;
