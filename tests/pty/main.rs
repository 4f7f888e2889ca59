//! The real program in a pseudo-terminal: terminals, signals, kills, faults of disks, memory, and hostile input.
#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a test fails by panicking and may print figures"
)]

#[path = "../support"]
mod support {
    pub(crate) mod disk;
    pub(crate) mod grammar;
    pub(crate) mod hostile;
    pub(crate) mod material;
    pub(crate) mod reader;
    pub(crate) mod rng;
    #[allow(dead_code, reason = "tests/engine uses the rest of the server")]
    pub(crate) mod server;
    pub(crate) mod terminal;
}

mod backgrounds;
mod busy;
mod disk_faults;
mod durability;
mod feed_session;
#[cfg(target_os = "linux")]
mod kills;
mod memory;
mod safety;
#[cfg(target_os = "linux")]
mod signals;
mod slow_disk;
#[cfg(target_os = "linux")]
mod soak;
mod terminal;
#[cfg(target_os = "linux")]
mod terminal_faults;
