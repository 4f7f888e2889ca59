//! Work whose panic is caught: it is told as a failure of that work, and is no reason to leave the screen.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};

thread_local! {
    static CONTAINED: Cell<bool> = const { Cell::new(false) };
}

/// What is told of something that was read when it panicked.
pub(crate) const FAULT: &str = "reading it ran into a fault of this program";

/// Whether a panic of this thread will be caught.
pub(crate) fn is_contained() -> bool {
    CONTAINED.get()
}

/// Does `work`; none where it panicked. What `work` was changing must not mind being left half changed.
pub(crate) fn contain<T>(work: impl FnOnce() -> T) -> Option<T> {
    let outer = CONTAINED.replace(true);
    let done = catch_unwind(AssertUnwindSafe(work)).ok();
    CONTAINED.set(outer);
    done
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn panics_become_results_only_inside_the_guard() {
        assert_eq!(contain(|| 1), Some(1));
        assert!(!is_contained());
        assert_eq!(
            contain(|| if is_contained() {
                panic!("on purpose")
            }),
            None
        );
        assert!(!is_contained());
    }
}
