//! Targets of actions: the articles under the cursor, or those of rows of the sources pane.

use crate::article::ArticleId;
use crate::search::Facet;

/// The articles that an action changes.
#[derive(Clone, Debug, PartialEq)]
pub enum Target {
    /// These articles: the one under the cursor and, with a count, those below it.
    Articles(Vec<ArticleId>),
    /// All listed articles.
    Listed,
    /// All loaded articles of these rows of the sources pane, listed or not.
    Sources(Vec<Facet>),
}
