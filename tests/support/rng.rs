//! Pseudo-random numbers that are the same in every run, and settings from the environment.

/// A xorshift generator. The seed must not be 0.
pub(crate) struct Rng(pub(crate) u64);

impl Rng {
    /// Returns a number from 0 up to, but not including, `limit`.
    pub(crate) fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % limit
    }

    /// Returns an index of a slice of this length, or 0 if it is empty.
    pub(crate) fn index(&mut self, limit: usize) -> usize {
        self.below(limit.max(1) as u64) as usize
    }
}

/// Returns the number in this environment variable.
pub(crate) fn setting(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}
