//! The context that loading shares with its caller.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use super::memory_budget::MemoryBudget;
use super::stalled_paths::StalledPaths;

/// The context that loading shares with the service that started it.
#[derive(Clone, Copy)]
pub(crate) struct LoadContext<'a> {
    pub(crate) budget: &'a Arc<MemoryBudget>,
    pub(crate) stalled: &'a Arc<StalledPaths>,
    /// Set to stop loading.
    pub(crate) stop: &'a AtomicBool,
}
