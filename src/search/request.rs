//! What is asked of a scan, and what it answers.

use std::sync::Arc;

use super::narrowing::Traces;
use crate::corpus::{Corpus, Slot};
use crate::marks::Marks;
use crate::query::Query;

/// A query to be answered.
#[derive(Clone, Debug)]
pub struct Request {
    /// Counts up with every query typed; an older answer never replaces a newer one.
    pub generation: u64,
    /// The articles to look through.
    pub corpus: Arc<Corpus>,
    /// What the reader has done to them.
    pub marks: Marks,
    /// What is looked for.
    pub query: Arc<Query>,
    /// A complete answer over the same corpus and marks that this query refines: nothing outside it can match.
    pub within: Option<Answer>,
    /// How many articles fill the list: with so many an answer is worth publishing before it is complete.
    pub screenful: usize,
}

/// The articles that match, whole or as far as the scan has come.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The generation of the request.
    pub generation: u64,
    /// The version of the corpus that was looked through.
    pub corpus: Arc<Corpus>,
    /// What the reader had done to the articles then.
    pub marks: Marks,
    /// The query that was answered.
    pub query: Arc<Query>,
    /// The articles that match, in the order in which they are to be listed. Until the answer is complete, these
    /// are the first ones of that order.
    pub slots: Arc<Vec<Slot>>,
    /// How many articles are known to match, at least as many as `slots` has.
    pub matched: usize,
    /// Whether all articles were looked at.
    pub complete: bool,
    /// What helps to answer a query that refines this one.
    pub(super) traces: Option<Arc<Traces>>,
}
