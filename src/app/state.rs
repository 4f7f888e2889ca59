//! The parts of the state, each with its own behaviour.

pub(crate) mod feeds;
pub(crate) mod marks;
pub(crate) mod searches;
pub(crate) mod session;
