//! Text without any meaning of news: sanitized, folded for matching, and formatted.

pub mod fold;
pub mod format;
pub(crate) mod json_escape;
pub(crate) mod safe_str;
pub(crate) mod sanitize;
mod word_count;

pub use json_escape::{to_json, write_json};
pub use safe_str::SafeStr;
pub use sanitize::{SafeText, changes, clean, is_clean};
pub use word_count::{count_words, is_unspaced};
