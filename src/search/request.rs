//! Requests and results of a scan.

use std::sync::Arc;

use super::narrowing::TermBounds;
use crate::corpus::{Corpus, Slot};
use crate::marks::Marks;
use crate::query::Query;

/// A request to search a corpus.
#[derive(Clone, Debug)]
pub struct SearchRequest {
    /// Increases with every typed query; an older result never replaces a newer one.
    pub generation: u64,
    /// The articles to search.
    pub corpus: Arc<Corpus>,
    /// The marks of the articles.
    pub marks: Marks,
    /// The query.
    pub query: Arc<Query>,
    /// A complete result for the same corpus and marks, which this query refines: only its articles can match.
    pub within: Option<SearchResult>,
    /// The number of articles that fill the list. A partial result is published once it has that many.
    pub screenful: usize,
}

/// The matching articles, complete or partial.
#[derive(Clone, Debug)]
pub struct SearchResult {
    /// The generation of the request.
    pub generation: u64,
    /// The searched version of the corpus.
    pub corpus: Arc<Corpus>,
    /// The marks at the time of the request.
    pub marks: Marks,
    /// The query.
    pub query: Arc<Query>,
    /// The matching articles in list order. In a partial result, these are the first ones of that order.
    pub slots: Arc<Vec<Slot>>,
    /// The number of matches found, at least the length of `slots`.
    pub matched: usize,
    /// Whether all articles were searched.
    pub complete: bool,
    /// Positions of the terms, to speed up a query that refines this one.
    pub(super) traces: Option<Arc<TermBounds>>,
}
