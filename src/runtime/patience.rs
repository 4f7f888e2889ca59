//! Asking the disk, and not waiting for the answer for longer than one would.

use std::sync::mpsc;
use std::thread;
use std::time::Duration;

/// What `ask` gives, or none where that takes longer than `most`: it goes on on a thread of its own then, until the disk
/// answers.
pub(super) fn within<T: Send + 'static>(most: Duration, ask: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    let (answers, inbox) = mpsc::channel();
    let asked = thread::Builder::new().name("asking".to_owned()).spawn(move || {
        // Perhaps nobody waits for it any more.
        let _ = answers.send(ask());
    });
    asked.ok().and_then(|_| inbox.recv_timeout(most).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_given_and_one_that_does_not_come_is_not_waited_for() {
        assert_eq!(within(Duration::from_secs(60), || 3), Some(3));
        let (send, never) = mpsc::channel::<()>();
        assert_eq!(within(Duration::from_millis(1), move || never.recv()), None);
        drop(send);
    }
}
