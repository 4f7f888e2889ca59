//! Counts of variants of a query: without one of its conditions, or with another treatment of case.

use std::sync::Arc;

use super::{SearchRequest, SearchResult, scan};
use crate::query::{Case, Query};

/// The reason why a query matches nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EmptyReason {
    /// Without this condition, as typed, this number of articles matches.
    Without(String, usize),
    /// This condition, as typed, matches no article by itself.
    Alone(String),
}

/// The maximum number of conditions to try.
const CONDITIONS: usize = 8;

/// Explains an empty result: returns the condition whose removal yields the most matches or, failing that, one that
/// matches nothing alone. Returns `None` if no condition qualifies, or if the search was cancelled.
pub fn explain_empty(answer: &SearchResult, cancelled: &(dyn Fn() -> bool + Sync)) -> Option<EmptyReason> {
    let matched = |query: Query| matched(answer, query, cancelled);
    let conditions: Vec<_> = answer.query.conditions().into_iter().take(CONDITIONS).collect();
    let mut most = (0, "");
    for (typed, without, _) in &conditions {
        let matched = matched(without.clone())?;
        if matched > most.0 {
            most = (matched, typed);
        }
    }
    if most.0 > 0 {
        return Some(EmptyReason::Without(most.1.to_owned(), most.0));
    }
    for (typed, _, alone) in conditions {
        if matched(alone)? == 0 {
            return Some(EmptyReason::Alone(typed.to_owned()));
        }
    }
    None
}

/// Returns the next choice of the case toggle and the number of articles that it would find; `None` if that query is
/// equivalent or the count was cancelled.
pub fn other_case(answer: &SearchResult, cancelled: &(dyn Fn() -> bool + Sync)) -> Option<(Case, usize)> {
    let case = answer.query.next_case();
    let other = Query::clone(&answer.query).with_case(case);
    if other.asks_the_same(&answer.query) {
        return None;
    }
    Some((case, matched(answer, other, cancelled)?))
}

/// Returns the number of articles that another query finds in the corpus and marks of `answer`.
fn matched(answer: &SearchResult, query: Query, cancelled: &(dyn Fn() -> bool + Sync)) -> Option<usize> {
    let within = query.refines(&answer.query).then(|| answer.clone());
    let (corpus, marks, query) = (Arc::clone(&answer.corpus), answer.marks.clone(), Arc::new(query));
    let (generation, screenful) = (answer.generation, usize::MAX);
    let mut matched = None;
    let request = SearchRequest { generation, corpus, marks, query, within, screenful };
    scan(&request, cancelled, &mut |answer| matched = answer.complete.then_some(answer.matched));
    matched
}
