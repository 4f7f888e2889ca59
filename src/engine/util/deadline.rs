//! Asking the disk, and not waiting for the answer for longer than one would.

use std::cell::{Cell, OnceCell};
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;
use std::time::Duration;

/// Asks on a thread of its own, which begins with the first question. Once an answer took too long nothing more is asked.
pub(crate) struct DeadlineWorker<Q, A> {
    ask: Arc<dyn Fn(Q) -> A + Send + Sync>,
    most: Duration,
    thread: OnceCell<(Sender<Q>, Receiver<A>)>,
    silent: Cell<bool>,
}

impl<Q: Send + 'static, A: Send + 'static> DeadlineWorker<Q, A> {
    /// Gives what `ask` gives, where that does not take longer than `most`.
    pub(crate) fn new(most: Duration, ask: impl Fn(Q) -> A + Send + Sync + 'static) -> DeadlineWorker<Q, A> {
        DeadlineWorker { ask: Arc::new(ask), most, thread: OnceCell::new(), silent: Cell::new(false) }
    }

    /// The answer; none where it takes too long, or a former one did.
    pub(crate) fn ask(&self, question: Q) -> Option<A> {
        if self.silent.get() {
            return None;
        }
        let (questions, answers) = self.thread.get_or_init(|| self.start());
        let answer = questions.send(question).ok().and_then(|()| answers.recv_timeout(self.most).ok());
        self.silent.set(answer.is_none());
        answer
    }

    /// Where the system gives out no thread, there are no answers.
    fn start(&self) -> (Sender<Q>, Receiver<A>) {
        let ((questions, asked), (answered, answers)) = (mpsc::channel(), mpsc::channel());
        let ask = Arc::clone(&self.ask);
        let started = thread::Builder::new().name("asking".to_owned()).spawn(move || {
            for question in asked {
                // Perhaps nobody waits for it any more.
                if answered.send(ask(question)).is_err() {
                    return;
                }
            }
        });
        if let Err(error) = started {
            super::log::note(|| format!("no thread to ask the disk with: {error}"));
        }
        (questions, answers)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deadline_stops_waiting_for_a_missing_answer() {
        let asker = DeadlineWorker::new(Duration::from_secs(60), |number: u32| number + 1);
        assert_eq!((asker.ask(1), asker.ask(2)), (Some(2), Some(3)));
        let (send, never) = mpsc::channel::<()>();
        let never = std::sync::Mutex::new(never);
        let asker = DeadlineWorker::new(Duration::from_millis(1), move |hangs: bool| {
            !hangs || never.lock().unwrap().recv().is_ok()
        });
        assert_eq!((asker.ask(true), asker.ask(false)), (None, None));
        drop(send);
    }
}
