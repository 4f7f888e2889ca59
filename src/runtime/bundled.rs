//! The articles that the program carries with it, so that it has something to read wherever it is started.

/// Name and bytes of every bundled article.
pub static SEEDS: &[(&str, &[u8])] = &[];
