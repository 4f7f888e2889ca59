//! Drawing of the panes.

pub(crate) mod filter_bar;
pub(crate) mod list;
pub(crate) mod reading;
pub(crate) mod sources;
