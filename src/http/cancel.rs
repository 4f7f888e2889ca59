//! Cancels a running fetch from another thread, by closing its connections.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use ureq::Agent;

use super::FetchError;
use crate::util::lock;

/// Shared by the thread that fetches and the thread that waits for it.
#[derive(Default)]
pub(super) struct CancelHandle {
    cancelled: AtomicBool,
    agent: Mutex<Option<Agent>>,
}

impl CancelHandle {
    /// Attaches the connections of `agent`, which [`CancelHandle::cancel`] closes.
    ///
    /// # Errors
    ///
    /// Returns [`FetchError::Stopped`] if the fetch was cancelled.
    pub(super) fn attach(&self, agent: &Agent) -> Result<(), FetchError> {
        let mut attached = lock(&self.agent);
        if self.is_cancelled() {
            return Err(FetchError::Stopped);
        }
        *attached = Some(agent.clone());
        Ok(())
    }

    /// Closes the connections, so that reads and writes fail at once. No new connections are opened.
    pub(super) fn cancel(&self) {
        let mut attached = lock(&self.agent);
        self.cancelled.store(true, Ordering::Release);
        if let Some(agent) = attached.take() {
            agent.shutdown();
        }
    }

    /// Returns whether the fetch was cancelled.
    pub(super) fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Acquire)
    }
}
