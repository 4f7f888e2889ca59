//! An export: the articles, and the file to write.

use std::path::PathBuf;
use std::sync::Arc;

use crate::corpus::{Corpus, Slot};
use crate::marks::Marks;
use crate::render::{Articles, ExportFormat, Heading};

/// Articles to write, and their file.
#[derive(Clone, Debug)]
pub struct Export {
    /// The file.
    pub path: PathBuf,
    /// The format of the file.
    pub format: ExportFormat,
    /// All articles.
    pub corpus: Arc<Corpus>,
    /// The articles to write, in order.
    pub slots: Arc<Vec<Slot>>,
    /// The marks of the articles.
    pub marks: Marks,
    /// The heading of a list; `None` for a single article.
    pub heading: Option<Heading>,
    /// Whether to replace an existing file.
    pub force: bool,
}

impl Export {
    /// Returns the articles to write.
    pub fn articles(&self) -> Articles<'_> {
        Articles { corpus: &self.corpus, slots: &self.slots, marks: &self.marks }
    }
}
