//! Tools that several services use.

pub(crate) mod deadline;
pub(crate) mod log;
pub(crate) mod panic_guard;
pub(crate) mod priority;
pub(crate) mod throttle;
pub(crate) mod timer;

pub use log::{log_to, note};
