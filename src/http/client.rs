//! The client: runs each fetch with a deadline and a stop flag.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use super::cancel::CancelHandle;
use super::context::ClientContext;
use super::options::ClientOptions;
use super::request_task::RequestTask;
use super::{FetchError, HttpRequest, HttpResponse};
use crate::util::{WaitError, with_deadline};

/// Fetches documents. Can be used from several threads at once.
///
/// Connections are not reused, because a refresh sends most servers a single request.
pub struct Client {
    context: Arc<ClientContext>,
}

impl Client {
    /// Creates a client. Opens no connection.
    pub fn new(options: &ClientOptions) -> Self {
        Self { context: Arc::new(ClientContext::new(options)) }
    }

    /// Returns the number of running fetches, including abandoned ones whose threads have not ended.
    pub fn running(&self) -> usize {
        Arc::strong_count(&self.context) - 1
    }

    /// Fetches a document and waits for it.
    ///
    /// Returns within the total timeout, and shortly after `stop` is set, whatever the server does. The fetch runs on
    /// its own thread, because resolving names and connecting can be neither cancelled nor limited exactly. Such a
    /// thread may run until the timeout for connecting, and then finds that it was cancelled.
    ///
    /// # Errors
    ///
    /// See [`FetchError`].
    pub fn fetch(&self, request: &HttpRequest, stop: &AtomicBool) -> Result<HttpResponse, FetchError> {
        let total = self.context.limits.total;
        let deadline = Instant::now() + total;
        let cancel = Arc::new(CancelHandle::default());
        let task = RequestTask {
            context: Arc::clone(&self.context),
            cancel: Arc::clone(&cancel),
            request: request.clone(),
            deadline,
        };
        let is_cancelled = || stop.load(Ordering::Relaxed);
        if is_cancelled() {
            return Err(FetchError::Stopped);
        }
        with_deadline("fetch", deadline, is_cancelled, move || task.run()).unwrap_or_else(|error| {
            cancel.cancel();
            Err(match error {
                WaitError::Cancelled => FetchError::Stopped,
                WaitError::TimedOut => FetchError::Timeout(total),
                WaitError::Panicked => FetchError::System("internal error".to_owned()),
                WaitError::NoThread(error) => FetchError::System(error.to_string()),
            })
        })
    }
}
