//! Small tools for threads and errors that all layers with threads share. Knows nothing of articles.

mod deadline;
mod latest_worker;
mod lock;
pub(crate) mod panic_guard;
pub(crate) mod priority;
pub(crate) mod throttle;

use std::io;

pub use deadline::{DeadlineWorker, Task, WaitError, poll_until, with_deadline};
pub use latest_worker::{Cancel, LatestWorker};
pub use lock::{lock, wait, wait_timeout, wait_timeout_while, wait_while};

/// Returns the text of a system error without the number that the standard library appends.
pub fn error_text(error: &io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or(&text).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn error_text_has_no_error_number() {
        let error = io::Error::from_raw_os_error(2);
        assert!(error.to_string().contains("(os error 2)"));
        assert!(error.to_string().starts_with(&error_text(&error)) && !error_text(&error).contains("os error"));
    }
}
