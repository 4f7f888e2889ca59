//! Why a query finds nothing.

use std::sync::Arc;

use super::{Answer, Request, scan};
use crate::query::Query;

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
    let matched = |query: Query| {
        let (corpus, marks, query) = (Arc::clone(&answer.corpus), answer.marks.clone(), Arc::new(query));
        let (generation, screenful) = (answer.generation, usize::MAX);
        let mut matched = None;
        let request = Request { generation, corpus, marks, query, within: None, screenful };
        scan(&request, cancelled, &mut |answer| matched = answer.complete.then_some(answer.matched));
        matched
    };
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
