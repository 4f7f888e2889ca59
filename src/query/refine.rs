//! Query refinement: whether the result of one query is contained in that of another.

use super::ast::{ExactWords, Expr, Query, Term, TermId, TermKind};
use super::fields::Sort;
use crate::text::fold::{fold, fold_keeping_case};

/// The maximum number of compared pairs of nodes; beyond it, the comparison returns false.
const STEPS: usize = 2_000;

impl Query {
    /// Returns whether every article that matches this query is certain to match `former` too, with both results in
    /// the same order, so that searching the former result is enough. May return false although it is so. Always
    /// returns false for the order by relevance.
    pub fn refines(&self, former: &Query) -> bool {
        (self.sort, self.hidden_after) == (former.sort, former.hidden_after)
            && self.sort != Sort::Relevance
            && implies(self, former)
    }
}

/// Returns whether every article that matches `new` is certain to match `old`.
fn implies(new: &Query, old: &Query) -> bool {
    let folded = |query: &Query| query.terms.iter().map(|term| fold(&term.text)).collect();
    Implication { new, old, new_folded: folded(new), old_folded: folded(old), steps: STEPS }.expr(&new.root, &old.root)
}

struct Implication<'a> {
    new: &'a Query,
    old: &'a Query,
    new_folded: Vec<String>,
    old_folded: Vec<String>,
    steps: usize,
}

/// A term and its folded text.
type Side<'a> = (&'a Term, &'a str);

impl Implication<'_> {
    fn expr(&mut self, new: &Expr, old: &Expr) -> bool {
        let Some(steps) = self.steps.checked_sub(1) else { return false };
        self.steps = steps;
        match (new, old) {
            (_, Expr::Everything) => true,
            (_, Expr::And(old)) => old.iter().all(|old| self.expr(new, old)),
            (Expr::Or(new), _) => new.iter().all(|new| self.expr(new, old)),
            (_, Expr::Or(any)) if any.iter().any(|old| self.expr(new, old)) => true,
            (Expr::And(new), _) => new.iter().any(|new| self.expr(new, old)),
            (Expr::Not(new), Expr::Not(old)) => self.reversed(new, old),
            (Expr::Term(new), Expr::Term(old)) => self.term(*new, *old),
            (Expr::Near { left, right, .. }, Expr::Term(old)) => {
                [left, right].into_iter().any(|side| side.iter().all(|new| self.term(*new, *old)))
            }
            (
                Expr::Near { left, right, within },
                Expr::Near { left: old_left, right: old_right, within: old_within },
            ) => within <= old_within && self.same_terms(left, old_left) && self.same_terms(right, old_right),
            (Expr::Published(new), Expr::Published(old)) => old.covers(new),
            (Expr::Words(new), Expr::Words(old)) => old.start() <= new.start() && new.end() <= old.end(),
            (new, old) => matches!((new, old), (Expr::Is(_), Expr::Is(_)) | (Expr::Has(_), Expr::Has(_))) && new == old,
        }
    }

    /// Returns whether `old` implies `new`, which a negation requires.
    fn reversed(&mut self, new: &Expr, old: &Expr) -> bool {
        let mut turned = Implication {
            new: self.old,
            old: self.new,
            new_folded: std::mem::take(&mut self.old_folded),
            old_folded: std::mem::take(&mut self.new_folded),
            steps: self.steps,
        };
        let implied = turned.expr(old, new);
        self.steps = turned.steps;
        self.new_folded = turned.old_folded;
        self.old_folded = turned.new_folded;
        implied
    }

    fn term(&self, new: TermId, old: TermId) -> bool {
        let (Some(new), Some(old)) =
            (side(&self.new.terms, &self.new_folded, new), side(&self.old.terms, &self.old_folded, old))
        else {
            return false;
        };
        term_implies(new, old)
    }

    fn same_terms(&self, new: &[TermId], old: &[TermId]) -> bool {
        let same = |(new, old): (&TermId, &TermId)| match (self.new.term(*new), self.old.term(*old)) {
            (Some(new), Some(old)) => {
                new.kind == old.kind && new.text == old.text && new.exact == old.exact && new.field == old.field
            }
            _ => false,
        };
        new.len() == old.len() && new.iter().zip(old).all(same)
    }
}

fn side<'a>(terms: &'a [Term], folded: &'a [String], id: TermId) -> Option<Side<'a>> {
    Some((terms.get(usize::from(id.0))?, folded.get(usize::from(id.0))?))
}

/// Returns whether an article that matches `new` is certain to match `old`.
fn term_implies((new, new_folded): Side<'_>, (old, old_folded): Side<'_>) -> bool {
    // A match in one part is a match in the whole text, but not in another part.
    let same_place = new.field == old.field || old.field.is_none() && new.field.is_some_and(|field| field.is_text());
    if !same_place {
        return false;
    }
    if new.kind == TermKind::Regex || old.kind == TermKind::Regex {
        return new.kind == old.kind && new.text == old.text && new.exact == old.exact;
    }
    // A case-sensitive term implies the same term with case ignored, but not the other way round.
    let (new_text, old_text) = match (new.exact, old.exact) {
        (_, ExactWords::None) => (new_folded.to_owned(), old_folded.to_owned()),
        (ExactWords::All, _) => (fold_keeping_case(&new.text), fold_keeping_case(&old.text)),
        (ExactWords::Capitals, _) => return words_imply(new, old),
        (ExactWords::None, _) => return false,
    };
    match (new.kind, old.kind) {
        // A word matches anywhere inside the new text.
        (_, TermKind::Word) => new_text.contains(&old_text),
        // A phrase must match from the same word boundary; only an open phrase can go on.
        (TermKind::Phrase { .. }, TermKind::Phrase { open: true }) => new_text.starts_with(&old_text),
        (TermKind::Phrase { open: false }, TermKind::Phrase { open: false }) => new_text == old_text,
        _ => false,
    }
}

/// Compares phrases word by word if only some words are case-sensitive.
fn words_imply(new: &Term, old: &Term) -> bool {
    let (new_words, old_words) = (new.written_words(), old.written_words());
    let implies = |(new, new_exact): &(String, bool), (old, old_exact): &(String, bool), is_open: bool| {
        let fits = |new: &str, old: &str| if is_open { new.starts_with(old) } else { new == old };
        if *old_exact { *new_exact && fits(new, old) } else { fits(&fold(new), &fold(old)) }
    };
    let TermKind::Phrase { open } = old.kind else { return false };
    // A phrase without a closing quote does not imply one that has it.
    let is_long_enough = if open { new_words.len() >= old_words.len() } else { new_words.len() == old_words.len() };
    let is_closed = matches!(new.kind, TermKind::Phrase { open: false });
    (open || is_closed)
        && is_long_enough
        && old_words.iter().zip(&new_words).enumerate().all(|(number, (old, new))| {
            let is_last = number + 1 == old_words.len();
            implies(new, old, open && is_last)
        })
}
