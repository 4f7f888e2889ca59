//! The line to a server: what is held on to while a fetch goes on, so that it can be hung up from outside.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use ureq::Agent;

use super::FetchError;
use crate::util::lock;

/// Shared by the thread that fetches and the one that waits for it.
#[derive(Default)]
pub(super) struct CancelHandle {
    hung_up: AtomicBool,
    agent: Mutex<Option<Agent>>,
}

impl CancelHandle {
    /// Takes the connections of `agent` as those to be closed by [`CancelHandle::hang_up`].
    ///
    /// # Errors
    ///
    /// [`FetchError::Stopped`] when the line has been hung up already.
    pub(super) fn take_up(&self, agent: &Agent) -> Result<(), FetchError> {
        let mut held = lock(&self.agent);
        if self.is_hung_up() {
            return Err(FetchError::Stopped);
        }
        *held = Some(agent.clone());
        Ok(())
    }

    /// Closes what is open; reads and writes on it fail at once, and nothing new is begun.
    pub(super) fn hang_up(&self) {
        let mut held = lock(&self.agent);
        self.hung_up.store(true, Ordering::Release);
        if let Some(agent) = held.take() {
            agent.shutdown();
        }
    }

    pub(super) fn is_hung_up(&self) -> bool {
        self.hung_up.load(Ordering::Acquire)
    }
}
