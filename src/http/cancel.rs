//! Cancels a running fetch from another thread by closing its connections.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use ureq::Agent;

use super::FetchError;
use crate::util::lock;

/// Shared by the fetching thread and the waiting one.
#[derive(Default)]
pub(super) struct CancelHandle {
    cancelled: AtomicBool,
    agent: Mutex<Option<Agent>>,
}

impl CancelHandle {
    /// Attaches the agent whose connections [`CancelHandle::cancel`] closes.
    ///
    /// # Errors
    ///
    /// Returns [`FetchError::Stopped`] if the fetch is already cancelled.
    pub(super) fn attach(&self, agent: &Agent) -> Result<(), FetchError> {
        let mut held = lock(&self.agent);
        if self.is_cancelled() {
            return Err(FetchError::Stopped);
        }
        *held = Some(agent.clone());
        Ok(())
    }

    /// Closes the connections, so that reads and writes fail at once, and prevents new ones.
    pub(super) fn cancel(&self) {
        let mut held = lock(&self.agent);
        self.cancelled.store(true, Ordering::Release);
        if let Some(agent) = held.take() {
            agent.shutdown();
        }
    }

    pub(super) fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Acquire)
    }
}
