//! The panes of the screen: their contents, selection and scroll position.

pub(crate) mod completion;
pub(crate) mod filter_bar;
pub(crate) mod list;
pub(crate) mod reading;
pub(crate) mod sources;
