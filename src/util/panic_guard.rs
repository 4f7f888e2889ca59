//! Runs work whose panic is caught. The panic is reported as a failure of that work, and the screen stays.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};

thread_local! {
    static GUARDED: Cell<bool> = const { Cell::new(false) };
}

/// The cause that is reported for a file or feed whose parser panicked.
pub(crate) const INTERNAL_ERROR: &str = "internal error while reading it";

/// Returns whether a panic of this thread will be caught.
pub(crate) fn is_guarded() -> bool {
    GUARDED.get()
}

/// Runs `work` and returns its result, or `None` if it panics. Data that `work` changes must stay usable if it is left
/// half changed.
pub(crate) fn catch_panic<T>(work: impl FnOnce() -> T) -> Option<T> {
    let outer = GUARDED.replace(true);
    let done = catch_unwind(AssertUnwindSafe(work)).ok();
    GUARDED.set(outer);
    done
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn catch_panic_returns_none_and_restores_the_guard() {
        assert_eq!(catch_panic(|| 1), Some(1));
        assert!(!is_guarded());
        assert_eq!(
            catch_panic(|| if is_guarded() {
                panic!("on purpose")
            }),
            None
        );
        assert!(!is_guarded());
    }
}
