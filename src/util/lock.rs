//! Locks that ignore poisoning.
//!
//! Every critical section of this program is a single update, so the data is consistent even after a panic.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Locks `mutex`.
pub fn lock<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Waits until `condition` is notified.
pub fn wait<'a, T>(condition: &Condvar, guard: MutexGuard<'a, T>) -> MutexGuard<'a, T> {
    condition.wait(guard).unwrap_or_else(PoisonError::into_inner)
}

/// Waits until `condition` is notified, up to `timeout`.
pub fn wait_timeout<'a, T>(condition: &Condvar, guard: MutexGuard<'a, T>, timeout: Duration) -> MutexGuard<'a, T> {
    condition.wait_timeout(guard, timeout).unwrap_or_else(PoisonError::into_inner).0
}

/// Waits while `condition` returns true.
pub fn wait_while<'a, T>(
    notified: &Condvar,
    guard: MutexGuard<'a, T>,
    condition: impl FnMut(&mut T) -> bool,
) -> MutexGuard<'a, T> {
    notified.wait_while(guard, condition).unwrap_or_else(PoisonError::into_inner)
}

/// Waits while `condition` returns true, up to `timeout`.
pub fn wait_timeout_while<'a, T>(
    notified: &Condvar,
    guard: MutexGuard<'a, T>,
    timeout: Duration,
    condition: impl FnMut(&mut T) -> bool,
) -> MutexGuard<'a, T> {
    notified.wait_timeout_while(guard, timeout, condition).unwrap_or_else(PoisonError::into_inner).0
}
