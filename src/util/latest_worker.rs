//! A thread that handles only the newest request, because typing makes earlier requests outdated.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::time::{Duration, Instant};
use std::{io, thread};

/// A worker thread. A new request replaces all earlier ones and cancels the one that is running. Dropping the worker
/// cancels everything and ends the thread.
pub struct LatestWorker<R> {
    requests: Option<Sender<Numbered<R>>>,
    newest: Arc<AtomicU64>,
}

/// Shows a running request whether it was cancelled.
pub struct Cancel {
    newest: Arc<AtomicU64>,
    number: u64,
}

impl Cancel {
    /// Returns whether the request is outdated.
    pub fn is_cancelled(&self) -> bool {
        self.newest.load(Ordering::Relaxed) != self.number
    }
}

struct Numbered<R> {
    number: u64,
    due: Instant,
    request: R,
}

impl<R: Send + 'static> LatestWorker<R> {
    /// Starts the thread. `handle` is called for each request that is not outdated when its turn comes. It should check
    /// for cancellation if it takes long.
    ///
    /// # Errors
    ///
    /// Returns an error if the system provides no thread.
    pub fn start(name: &str, handle: impl FnMut(R, &Cancel) + Send + 'static) -> io::Result<LatestWorker<R>> {
        let (requests, inbox) = mpsc::channel();
        let newest = Arc::new(AtomicU64::new(0));
        let shared = Arc::clone(&newest);
        thread::Builder::new().name(name.to_owned()).spawn(move || run(&inbox, &shared, handle))?;
        Ok(LatestWorker { requests: Some(requests), newest })
    }

    /// Handles `request` as soon as possible.
    pub fn request(&self, request: R) {
        self.request_after(Duration::ZERO, request);
    }

    /// Handles `request` after a delay.
    pub fn request_after(&self, delay: Duration, request: R) {
        let number = self.next_number();
        if let Some(requests) = &self.requests {
            let _ = requests.send(Numbered { number, due: Instant::now() + delay, request });
        }
    }
}

impl<R> LatestWorker<R> {
    /// Cancels all requests.
    pub fn cancel(&self) {
        self.next_number();
    }

    fn next_number(&self) -> u64 {
        self.newest.fetch_add(1, Ordering::Relaxed) + 1
    }
}

impl<R> Drop for LatestWorker<R> {
    fn drop(&mut self) {
        self.cancel();
        self.requests = None;
    }
}

fn run<R>(inbox: &Receiver<Numbered<R>>, newest: &Arc<AtomicU64>, mut handle: impl FnMut(R, &Cancel)) {
    let mut pending: Option<Numbered<R>> = None;
    loop {
        let received = match &pending {
            Some(next) => inbox.recv_timeout(next.due.saturating_duration_since(Instant::now())),
            None => inbox.recv().map_err(RecvTimeoutError::from),
        };
        match received {
            // A burst of requests is one piece of work.
            Ok(first) => pending = Some(inbox.try_iter().last().unwrap_or(first)),
            Err(RecvTimeoutError::Disconnected) => return,
            Err(RecvTimeoutError::Timeout) => {
                if let Some(Numbered { number, request, .. }) = pending.take() {
                    let cancel = Cancel { newest: Arc::clone(newest), number };
                    if !cancel.is_cancelled() {
                        handle(request, &cancel);
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIMEOUT: Duration = Duration::from_secs(20);

    #[test]
    fn latest_worker_replaces_delayed_requests() {
        let (sender, handled) = mpsc::channel();
        let worker = LatestWorker::start("test", move |request: u8, _: &Cancel| sender.send(request).unwrap()).unwrap();
        worker.request_after(TIMEOUT * 10, 1);
        worker.request_after(Duration::from_millis(1), 2);
        assert_eq!(handled.recv_timeout(TIMEOUT), Ok(2));
        worker.request_after(TIMEOUT * 10, 3);
        drop(worker);
        assert_eq!(handled.recv_timeout(TIMEOUT), Err(RecvTimeoutError::Disconnected));
    }

    #[test]
    fn latest_worker_cancels_the_running_request() {
        let (sender, handled) = mpsc::channel();
        let worker = LatestWorker::start("test", move |request: u8, cancel: &Cancel| {
            sender.send((request, cancel.is_cancelled())).unwrap();
            while request == 1 && !cancel.is_cancelled() {
                thread::yield_now();
            }
        })
        .unwrap();
        worker.request(1);
        assert_eq!(handled.recv_timeout(TIMEOUT), Ok((1, false)));
        worker.request(2);
        assert_eq!(handled.recv_timeout(TIMEOUT), Ok((2, false)));
    }

    #[test]
    fn latest_worker_skips_cancelled_requests() {
        let (sender, handled) = mpsc::channel();
        let worker = LatestWorker::start("test", move |request: u8, _: &Cancel| sender.send(request).unwrap()).unwrap();
        worker.request_after(TIMEOUT * 10, 1);
        worker.cancel();
        worker.request(2);
        assert_eq!(handled.recv_timeout(TIMEOUT), Ok(2));
    }
}
