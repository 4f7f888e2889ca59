//! How often something is done that costs time.

use std::time::{Duration, Instant};

/// Making a version takes longer the more there is: at most a fifth of the time is spent on it.
const SHARE: u32 = 5;

/// How often something is done that costs time.
#[derive(Default)]
pub(crate) struct Throttle {
    due: Option<Instant>,
}

impl Throttle {
    /// Once, after so long.
    pub(crate) fn after(time: Duration) -> Throttle {
        Throttle { due: Some(Instant::now() + time) }
    }

    pub(crate) fn is_due(&self) -> bool {
        self.due.is_none_or(|due| due <= Instant::now())
    }

    /// It was done and took so long: it comes again after `least`, and takes a fifth of the time at the most.
    pub(crate) fn took(&mut self, time: Duration, least: Duration) {
        *self = Throttle::after(least.max(time * SHARE));
    }
}
