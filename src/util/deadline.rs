//! Work on another thread, with a deadline for the result.
//!
//! A blocking system call cannot be interrupted. The caller stops waiting instead, and the thread ends when the call
//! returns.

use std::cell::{Cell, OnceCell};
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::time::{Duration, Instant};
use std::{io, thread};

/// The interval at which a waiting thread checks for cancellation.
const POLL_INTERVAL: Duration = Duration::from_millis(20);

/// The reason for a missing result.
#[derive(Debug, thiserror::Error)]
pub enum WaitError {
    /// The deadline has passed.
    #[error("it took too long")]
    TimedOut,
    /// The caller cancelled the wait.
    #[error("cancelled")]
    Cancelled,
    /// The work panicked.
    #[error("internal error")]
    Panicked,
    /// The system provides no thread.
    #[error("cannot start a thread: {0}")]
    NoThread(#[from] io::Error),
}

/// Work that runs on its own thread.
pub struct Task<T>(Receiver<T>);

impl<T: Send + 'static> Task<T> {
    /// Starts `work` on a new thread with this name.
    ///
    /// # Errors
    ///
    /// Returns an error if the system provides no thread.
    pub fn start(name: &str, work: impl FnOnce() -> T + Send + 'static) -> io::Result<Task<T>> {
        let (sender, receiver) = mpsc::sync_channel(1);
        thread::Builder::new().name(name.to_owned()).spawn(move || {
            // Sending fails if the caller stopped waiting.
            let _ = sender.send(work());
        })?;
        Ok(Task(receiver))
    }

    /// Waits for the result until the deadline, or until `is_cancelled` returns true.
    ///
    /// # Errors
    ///
    /// Returns an error if the result is missing.
    pub fn wait(&self, deadline: Instant, is_cancelled: impl Fn() -> bool) -> Result<T, WaitError> {
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            match self.0.recv_timeout(left.min(POLL_INTERVAL)) {
                Ok(result) => return Ok(result),
                Err(RecvTimeoutError::Disconnected) => return Err(WaitError::Panicked),
                Err(RecvTimeoutError::Timeout) => check(deadline, &is_cancelled)?,
            }
        }
    }
}

/// Runs `work` on a new thread and waits for its result until the deadline, or until `is_cancelled` returns true.
///
/// # Errors
///
/// Returns an error if the result is missing.
pub fn with_deadline<T: Send + 'static>(
    name: &str,
    deadline: Instant,
    is_cancelled: impl Fn() -> bool,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, WaitError> {
    Task::start(name, work)?.wait(deadline, is_cancelled)
}

/// Calls `check_result` repeatedly until it returns a value. Stops at the deadline, or when `is_cancelled` returns true.
///
/// # Errors
///
/// Returns an error if the result is missing.
pub fn poll_until<T>(
    deadline: Instant,
    is_cancelled: impl Fn() -> bool,
    mut check_result: impl FnMut() -> Option<T>,
) -> Result<T, WaitError> {
    loop {
        if let Some(result) = check_result() {
            return Ok(result);
        }
        check(deadline, &is_cancelled)?;
        thread::sleep(POLL_INTERVAL);
    }
}

fn check(deadline: Instant, is_cancelled: &impl Fn() -> bool) -> Result<(), WaitError> {
    if is_cancelled() {
        Err(WaitError::Cancelled)
    } else if Instant::now() >= deadline {
        Err(WaitError::TimedOut)
    } else {
        Ok(())
    }
}

/// A thread that answers one question after the other, each within a time limit. It starts with the first question.
///
/// After a late answer, no more questions are sent: the thread may still be busy with the first one.
pub struct DeadlineWorker<Q, A> {
    answer: Arc<dyn Fn(Q) -> A + Send + Sync>,
    timeout: Duration,
    thread: OnceCell<(Sender<Q>, Receiver<A>)>,
    timed_out: Cell<bool>,
}

impl<Q: Send + 'static, A: Send + 'static> DeadlineWorker<Q, A> {
    /// Creates a worker that answers with `answer`, and waits up to `timeout` for each answer.
    pub fn new(timeout: Duration, answer: impl Fn(Q) -> A + Send + Sync + 'static) -> DeadlineWorker<Q, A> {
        DeadlineWorker { answer: Arc::new(answer), timeout, thread: OnceCell::new(), timed_out: Cell::new(false) }
    }

    /// Returns the answer to `question`. Returns `None` if it takes too long, or if an earlier one did.
    pub fn call(&self, question: Q) -> Option<A> {
        if self.timed_out.get() {
            return None;
        }
        let (questions, answers) = self.thread.get_or_init(|| self.start());
        let answer = questions.send(question).ok().and_then(|()| answers.recv_timeout(self.timeout).ok());
        self.timed_out.set(answer.is_none());
        answer
    }

    /// Starts the thread. If the system provides none, both channels are closed, so all answers are missing.
    fn start(&self) -> (Sender<Q>, Receiver<A>) {
        let ((questions, inbox), (outbox, answers)) = (mpsc::channel(), mpsc::channel());
        let answer = Arc::clone(&self.answer);
        let _ = thread::Builder::new().name("deadline".to_owned()).spawn(move || {
            for question in inbox {
                if outbox.send(answer(question)).is_err() {
                    return;
                }
            }
        });
        (questions, answers)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn in_a_minute() -> Instant {
        Instant::now() + Duration::from_secs(60)
    }

    #[test]
    fn with_deadline_returns_the_result() {
        assert_eq!(with_deadline("test", in_a_minute(), || false, || 7).unwrap(), 7);
        assert!(matches!(
            with_deadline("test", in_a_minute(), || false, || panic!("on purpose")),
            Err(WaitError::Panicked)
        ));
    }

    #[test]
    fn with_deadline_stops_waiting() {
        let (held, never) = mpsc::channel::<()>();
        let task = Task::start("test", move || never.recv().is_ok()).unwrap();
        assert!(matches!(task.wait(Instant::now(), || false), Err(WaitError::TimedOut)));
        assert!(matches!(task.wait(in_a_minute(), || true), Err(WaitError::Cancelled)));
        drop(held);
        assert!(!task.wait(in_a_minute(), || false).unwrap());
    }

    #[test]
    fn poll_until_returns_the_first_value() {
        let mut calls = 0;
        let result = poll_until(
            in_a_minute(),
            || false,
            || {
                calls += 1;
                (calls == 3).then_some(calls)
            },
        );
        assert_eq!(result.unwrap(), 3);
        assert!(matches!(poll_until(Instant::now(), || false, || None::<u8>), Err(WaitError::TimedOut)));
    }

    #[test]
    fn deadline_worker_asks_nothing_after_a_timeout() {
        let worker = DeadlineWorker::new(Duration::from_secs(60), |number: u32| number + 1);
        assert_eq!((worker.call(1), worker.call(2)), (Some(2), Some(3)));
        let (held, never) = mpsc::channel::<()>();
        let never = std::sync::Mutex::new(never);
        let worker = DeadlineWorker::new(Duration::from_millis(1), move |hangs: bool| {
            !hangs || never.lock().unwrap().recv().is_ok()
        });
        assert_eq!((worker.call(true), worker.call(false)), (None, None));
        drop(held);
    }
}
