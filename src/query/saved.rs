//! Saved searches.

use serde::{Deserialize, Serialize};

/// A named query. The journal stores its serialised form, so fields may only be added.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SavedSearch {
    /// The unique name.
    pub name: String,
    /// The query, as typed.
    pub query: String,
    /// The letter or digit that recalls it after a `'`.
    pub key: Option<char>,
    /// The colour of its name and words, in the syntax of the config; `None` for a colour of the theme.
    pub colour: Option<String>,
    /// Whether it is a watch, whose words are highlighted in every article.
    pub watch: bool,
}
