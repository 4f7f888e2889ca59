//! The theme that the reader chose.

use serde::{Deserialize, Serialize};

/// A theme that the reader chose, as the library stores it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChosenTheme {
    /// The name.
    pub chosen: String,
    /// The name in the config at the time. If the config names another one now, the config wins.
    pub configured: String,
}
