//! Counts what a query would find without one of its conditions, or with another treatment of case.

use std::sync::Arc;

use super::{Answer, Request, scan};
use crate::query::{Case, Query};

/// Why a query finds nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Costly {
    /// Without this condition, as it was typed, so many articles match.
    Without(String, usize),
    /// This condition, as it was typed, is fulfilled by no article at all.
    Alone(String),
}

/// How many conditions are tried one by one.
const CONDITIONS: usize = 8;

/// Of an answer that is empty, tells which of several conditions costs it: the one without which most is found, or else
/// one that finds nothing even by itself. `None` where it is none of them, or where it was cancelled.
pub fn costly_condition(answer: &Answer, cancelled: &(dyn Fn() -> bool + Sync)) -> Option<Costly> {
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
        return Some(Costly::Without(most.1.to_owned(), most.0));
    }
    for (typed, _, alone) in conditions {
        if matched(alone)? == 0 {
            return Some(Costly::Alone(typed.to_owned()));
        }
    }
    None
}

/// Returns the next choice of the case toggle and the number of articles that it would find; `None` if that query is
/// equivalent or the count was cancelled.
pub fn other_case(answer: &Answer, cancelled: &(dyn Fn() -> bool + Sync)) -> Option<(Case, usize)> {
    let case = answer.query.next_case();
    let other = Query::clone(&answer.query).with_case(case);
    if other.asks_the_same(&answer.query) {
        return None;
    }
    Some((case, matched(answer, other, cancelled)?))
}

/// Returns the number of articles that another query finds in the corpus and marks of `answer`.
fn matched(answer: &Answer, query: Query, cancelled: &(dyn Fn() -> bool + Sync)) -> Option<usize> {
    let within = query.refines(&answer.query).then(|| answer.clone());
    let (corpus, marks, query) = (Arc::clone(&answer.corpus), answer.marks.clone(), Arc::new(query));
    let (generation, screenful) = (answer.generation, usize::MAX);
    let mut matched = None;
    let request = Request { generation, corpus, marks, query, within, screenful };
    scan(&request, cancelled, &mut |answer| matched = answer.complete.then_some(answer.matched));
    matched
}
