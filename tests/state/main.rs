//! The state and its screens, driven by keys: no terminal, no threads, no network.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "../support"]
mod support {
    pub(crate) mod app;
    pub(crate) mod cases;
}

mod browsing;
mod feeds;
mod marks;
mod screens;
