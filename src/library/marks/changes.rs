//! Changes of marks that a program has not read yet.

use super::moves::Moved;
use crate::article::ArticleId;
use crate::marks::ArticleMarks;
use crate::query::SavedSearch;

/// Changes in the library that a program has not read yet.
#[derive(Clone, Debug, Default)]
pub struct ExternalChanges {
    /// Articles with another identity.
    pub moved: Vec<Moved>,
    /// The current marks of articles that changed.
    pub marks: Vec<(ArticleId, ArticleMarks)>,
    /// All saved searches, if another program has written to the library.
    pub searches: Option<Vec<SavedSearch>>,
}

impl ExternalChanges {
    /// Returns whether the set of changes is empty.
    pub fn is_empty(&self) -> bool {
        self.moved.is_empty() && self.marks.is_empty() && self.searches.is_none()
    }
}
