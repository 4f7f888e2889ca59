//! The matcher: what decides whether an article matches is what says where, so filter and highlight cannot disagree.

use std::ops::Range;

use super::terms::Needle;
use crate::corpus::Entry;
use crate::query::{Expr, Query, TermId};

/// A query made ready for matching.
#[derive(Clone, Debug)]
pub struct Matcher {
    root: Expr,
    needles: Vec<Needle>,
}

/// A place in an article that answers the query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hit {
    /// The term that is found there.
    pub term: TermId,
    /// The number of the part that holds it, in [`Article::parts`](crate::article::Article::parts).
    pub part: usize,
    /// Its bytes in the part's text.
    pub range: Range<usize>,
}

impl Matcher {
    /// Makes `query` ready.
    pub fn new(query: &Query) -> Matcher {
        Matcher { root: query.root().clone(), needles: query.terms().iter().map(Needle::new).collect() }
    }

    /// Whether the article matches.
    pub fn matches(&self, entry: Entry<'_>) -> bool {
        self.holds(&self.root, entry)
    }

    /// Where the article answers the query, from front to back, without overlaps. Of terms that overlap, the one
    /// that begins first stays, and of those that begin together the longest.
    pub fn hits(&self, entry: Entry<'_>) -> Vec<Hit> {
        let mut found = self.folded_hits(entry).into_iter().peekable();
        let mut hits = Vec::new();
        let mut unfolder = entry.unfolder();
        for (part, view) in entry.parts().enumerate() {
            let mut inside = Vec::new();
            while let Some(hit) = found.next_if(|(range, _)| range.start < view.folded.end) {
                inside.push(hit);
            }
            if inside.is_empty() {
                continue;
            }
            let ranges: Vec<_> = inside.iter().map(|(range, _)| range.clone()).collect();
            unfolder.skip_to(view.folded.start);
            let (_, original) = unfolder.take_with(view.folded.end, &ranges);
            hits.extend(inside.iter().zip(original).map(|((_, term), range)| Hit { term: *term, part, range }));
        }
        hits
    }

    /// How many hits the article has: as many as [`hits`](Self::hits) gives.
    pub fn count(&self, entry: Entry<'_>) -> u64 {
        let mut wanted = self.needles.iter().filter(|needle| !needle.negated);
        match (wanted.next(), wanted.next()) {
            (None, _) => 0,
            (Some(only), None) => only.count(entry),
            (Some(_), Some(_)) => self.folded_hits(entry).len() as u64,
        }
    }

    /// The term that every match must hold and that is likely to be the rarest, if there is one.
    pub(super) fn lead(&self) -> Option<&Needle> {
        let required: Vec<TermId> = match &self.root {
            Expr::Term(id) => vec![*id],
            Expr::And(all) => {
                all.iter().filter_map(|expr| if let Expr::Term(id) = expr { Some(*id) } else { None }).collect()
            }
            Expr::Everything | Expr::Not(_) => Vec::new(),
        };
        let needles = required.iter().filter_map(|id| self.needles.get(usize::from(id.0)));
        needles.filter(|needle| needle.len() > 0).max_by_key(|needle| needle.len())
    }

    /// Whether finding the bytes of [`lead`](Self::lead) is all that a match takes.
    pub(super) fn is_lead_enough(&self) -> bool {
        matches!(self.root, Expr::Term(_)) && self.needles.iter().all(Needle::is_plain)
    }

    fn holds(&self, expr: &Expr, entry: Entry<'_>) -> bool {
        match expr {
            Expr::Everything => true,
            Expr::And(all) => all.iter().all(|expr| self.holds(expr, entry)),
            Expr::Not(inner) => !self.holds(inner, entry),
            Expr::Term(id) => self.needles.get(usize::from(id.0)).is_some_and(|needle| needle.is_in(entry)),
        }
    }

    fn folded_hits(&self, entry: Entry<'_>) -> Vec<(Range<usize>, TermId)> {
        let mut found: Vec<(Range<usize>, TermId)> = Vec::new();
        for (number, needle) in self.needles.iter().enumerate().filter(|(_, needle)| !needle.negated) {
            // A query has at most 64 terms.
            let term = TermId(number as u16);
            found.extend(needle.ranges(entry).map(|range| (range, term)));
        }
        if self.needles.len() > 1 {
            found.sort_by_key(|(range, term)| (range.start, std::cmp::Reverse(range.end), term.0));
            let mut end = 0;
            found.retain(|(range, _)| {
                let stays = range.start >= end;
                if stays {
                    end = range.end;
                }
                stays
            });
        }
        found
    }
}
