//! Limits how often costly work is done.

use std::time::{Duration, Instant};

/// The work takes at most one part of this many of the time: making a version of the corpus takes longer the larger it is.
const SHARE: u32 = 5;

/// Limits how often costly work is done.
#[derive(Default)]
pub(crate) struct Throttle {
    due: Option<Instant>,
}

impl Throttle {
    /// Creates a throttle whose work is due after a delay. The default is due at once.
    pub(crate) fn after(delay: Duration) -> Throttle {
        Throttle { due: Some(Instant::now() + delay) }
    }

    /// Returns whether the work is due.
    pub(crate) fn is_due(&self) -> bool {
        self.due.is_none_or(|due| due <= Instant::now())
    }

    /// Records that the work was done and took this long. It is due again after at least `interval`.
    pub(crate) fn record(&mut self, duration: Duration, interval: Duration) {
        *self = Throttle::after(interval.max(duration * SHARE));
    }
}
