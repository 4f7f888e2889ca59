//! The background search workers.

pub(crate) mod facets;
pub(crate) mod filter;
