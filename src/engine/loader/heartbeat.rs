//! The heartbeat of a thread that reads files.

use std::sync::atomic::{AtomicU64, Ordering};

/// Shows whether a thread waits for the disk: the number is odd while it does, and changes with each answer.
#[derive(Debug, Default)]
pub(crate) struct Heartbeat(pub(crate) AtomicU64);

impl Heartbeat {
    /// Runs work that waits for the disk.
    pub(crate) fn waiting<T>(&self, work: impl FnOnce() -> T) -> T {
        self.0.fetch_add(1, Ordering::Relaxed);
        let done = work();
        self.0.fetch_add(1, Ordering::Relaxed);
        done
    }

    /// Records that the disk has answered one of several calls.
    pub(crate) fn tick(&self) {
        self.0.fetch_add(2, Ordering::Relaxed);
    }
}
