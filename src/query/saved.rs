//! Searches that a reader keeps.

use serde::{Deserialize, Serialize};

/// A named query. The journal stores its serialised form, so fields may only be added.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SavedSearch {
    /// Its name, which no other has.
    pub name: String,
    /// What is looked for, as it was typed.
    pub query: String,
    /// The letter or digit that calls it after a `'`.
    pub key: Option<char>,
    /// The colour of its name and of its words, as the config writes colours; none for one of the theme's.
    pub colour: Option<String>,
    /// Whether its words are highlighted in every article.
    pub watch: bool,
}
