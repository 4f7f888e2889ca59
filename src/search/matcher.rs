//! The matcher. It finds matching articles and their hits, so filter and highlights cannot disagree.

use std::cmp::Reverse;
use std::ops::{Range, RangeInclusive};

use chrono::NaiveDate;
use memchr::memmem::Finder;

use super::needle::Needle;
use super::proximity::neighbours;
use crate::article::Role;
use crate::corpus::{ArticleRef, Slot};
use crate::marks::{Flags, Marks};
use crate::query::{Days, Expr, Feature, Mark, Query, TermId};

/// A compiled query.
#[derive(Clone, Debug)]
pub struct Matcher {
    marks: Marks,
    root: CompiledExpr,
    needles: Vec<Needle>,
    /// For each needle, whether it is highlighted only near another one.
    needs_neighbour: Vec<bool>,
}

/// A compiled condition. The cheapest conditions come first.
#[derive(Clone, Debug)]
enum CompiledExpr {
    Always,
    All(Vec<CompiledExpr>),
    Any(Vec<CompiledExpr>),
    Not(Box<CompiledExpr>),
    Term(usize),
    Near(Vec<usize>, Vec<usize>, u16),
    Published(RangeInclusive<i64>),
    Words(RangeInclusive<u32>),
    Is(Mark),
    Has(Feature),
}

/// A match in an article.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hit {
    /// The matching term.
    pub term: TermId,
    /// The index of the part in [`Article::parts`](crate::article::Article::parts).
    pub part: usize,
    /// The byte range in the text of the part.
    pub range: Range<usize>,
}

impl Matcher {
    /// Compiles a query. Conditions on marks use `marks`.
    pub fn new(query: &Query, marks: &Marks) -> Matcher {
        let needles: Vec<Needle> = query.terms().iter().map(Needle::new).collect();
        let root = CompiledExpr::new(query.root(), &needles);
        let mut needs_neighbour = vec![false; needles.len()];
        root.each_near(&mut |left, right, _| {
            for &number in left.iter().chain(right) {
                if let Some(needs) = needs_neighbour.get_mut(number) {
                    *needs = true;
                }
            }
        });
        Matcher { marks: marks.clone(), root, needles, needs_neighbour }
    }

    /// Returns whether the article in `slot` matches.
    pub fn matches(&self, slot: Slot, entry: ArticleRef<'_>) -> bool {
        self.holds(&self.root, (slot, entry), &mut [])
    }

    /// Returns whether the article in `slot` matches. `bounds` holds a lower bound for the first position of each term,
    /// or [`ABSENT`](super::needle::ABSENT), and is updated.
    pub(super) fn matches_from(&self, slot: Slot, entry: ArticleRef<'_>, bounds: &mut [u32]) -> bool {
        self.holds(&self.root, (slot, entry), bounds)
    }

    /// Returns the number of terms.
    pub(super) fn terms(&self) -> usize {
        self.needles.len()
    }

    /// Returns for each term the bytes that a matching article must contain, if there are any.
    pub(super) fn texts(&self) -> Vec<Option<Vec<u8>>> {
        self.needles.iter().map(|needle| needle.bytes().map(|bytes| bytes.needle().to_vec())).collect()
    }

    /// Returns the hits in an article, in order and without overlaps. If terms overlap, the first one is returned, and
    /// the longest of those with the same start.
    pub fn hits(&self, entry: ArticleRef<'_>) -> Vec<Hit> {
        self.hits_within(entry, usize::MAX)
    }

    /// Like [`hits`](Self::hits), but only in the first `most` bytes of the folded text, as
    /// [`ArticleRef::beginning`] returns it. The rest is not searched.
    pub fn hits_within(&self, entry: ArticleRef<'_>, most: usize) -> Vec<Hit> {
        let limit = entry.boundary(most);
        let mut found = self.folded_hits(entry, limit).into_iter().peekable();
        let mut hits = Vec::new();
        let mut unfolder = entry.unfolder();
        for (part, view) in entry.parts().enumerate() {
            let mut inside = Vec::new();
            while let Some(hit) = found.next_if(|(range, _)| range.start < view.folded.end) {
                inside.push(hit);
            }
            if inside.is_empty() {
                if found.peek().is_none() {
                    break;
                }
                continue;
            }
            let ranges: Vec<_> = inside.iter().map(|(range, _)| range.clone()).collect();
            unfolder.skip_to(view.folded.start);
            let (_, original) = unfolder.take_with(view.folded.end.min(limit), &ranges);
            hits.extend(inside.iter().zip(original).map(|((_, term), range)| Hit { term: *term, part, range }));
        }
        hits
    }

    /// Returns the number of hits, as many as [`hits`](Self::hits) returns.
    pub fn count(&self, entry: ArticleRef<'_>) -> u64 {
        let mut wanted = self.wanted();
        match (wanted.next(), wanted.next()) {
            (None, _) => 0,
            (Some((_, only)), None) => only.count(entry),
            (Some(_), Some(_)) => self.folded_hits(entry, usize::MAX).len() as u64,
        }
    }

    /// Counts each term that is not excluded in headline, standfirst and other parts, for ranking.
    pub(super) fn counts(&self, entry: ArticleRef<'_>) -> Vec<[u32; 3]> {
        let mut counts = vec![[0; 3]; self.needles.len()];
        let mut parts = entry.parts().peekable();
        for (range, term) in self.folded_hits(entry, usize::MAX) {
            while parts.next_if(|part| part.folded.end <= range.start).is_some() {}
            let place = match parts.peek().map(|part| part.role) {
                Some(Role::Headline) => 0,
                Some(Role::Standfirst) => 1,
                _ => 2,
            };
            if let Some(count) = counts.get_mut(usize::from(term.0)).and_then(|counts| counts.get_mut(place)) {
                *count += 1;
            }
        }
        counts
    }

    /// Returns the bytes that every match must contain and that are likely the rarest, with the index of their term.
    pub(super) fn lead(&self) -> Option<(usize, &Finder<'static>)> {
        let mut required = Vec::new();
        self.root.required(&mut required);
        let finders = required.iter().filter_map(|&number| Some((number, self.needles.get(number)?.bytes()?)));
        finders.filter(|(_, finder)| !finder.needle().is_empty()).max_by_key(|(_, finder)| finder.needle().len())
    }

    /// Returns whether finding the bytes of [`lead`](Self::lead) is enough for a match.
    pub(super) fn is_lead_enough(&self) -> bool {
        matches!(self.root, CompiledExpr::Term(_)) && self.needles.iter().all(Needle::is_plain)
    }

    fn wanted(&self) -> impl Iterator<Item = (usize, &Needle)> {
        self.needles.iter().enumerate().filter(|(_, needle)| !needle.negated)
    }

    fn holds(&self, test: &CompiledExpr, (slot, entry): (Slot, ArticleRef<'_>), bounds: &mut [u32]) -> bool {
        let flags = || self.marks.flags(slot).unwrap_or_else(|| Flags::from(self.marks.get(entry.id())));
        let has = |number: usize, bounds: &mut [u32]| match (self.needles.get(number), bounds.get_mut(number)) {
            // Most articles have no tags, and few have notes.
            (Some(needle), _) if needle.is_of_tags() && !flags().is_tagged() => false,
            (Some(needle), _) if needle.is_of_note() && !flags().is_noted() => false,
            (Some(needle), Some(bound)) => needle.is_in_from(entry, &self.marks, bound),
            (Some(needle), None) => needle.is_in(entry, &self.marks),
            (None, _) => false,
        };
        match test {
            CompiledExpr::Always => true,
            CompiledExpr::All(all) => all.iter().all(|test| self.holds(test, (slot, entry), bounds)),
            CompiledExpr::Any(any) => any.iter().any(|test| self.holds(test, (slot, entry), bounds)),
            CompiledExpr::Not(inner) => !self.holds(inner, (slot, entry), bounds),
            CompiledExpr::Term(number) => has(*number, bounds),
            CompiledExpr::Near(left, right, within) => {
                // Check first whether both are present: most articles lack one.
                let mut any = |side: &[usize]| side.iter().any(|&number| has(number, bounds));
                any(left) && any(right) && {
                    let (left, right) = (self.places(left, entry, usize::MAX), self.places(right, entry, usize::MAX));
                    neighbours(entry.folded(), &bare(&left), &bare(&right), *within).0.contains(&true)
                }
            }
            CompiledExpr::Published(days) => entry.day().is_some_and(|day| days.contains(&day)),
            CompiledExpr::Words(words) => words.contains(&entry.word_count()),
            CompiledExpr::Is(Mark::Unread) => !flags().is_read(),
            CompiledExpr::Is(Mark::Read) => flags().is_read(),
            CompiledExpr::Is(Mark::Starred) => flags().is_starred(),
            CompiledExpr::Is(Mark::Noted) | CompiledExpr::Has(Feature::Note) => flags().is_noted(),
            CompiledExpr::Has(Feature::Link) => entry.has_links(),
            CompiledExpr::Has(Feature::Image) => {
                entry.parts().any(|part| matches!(part.role, Role::Caption | Role::Credit))
            }
            CompiledExpr::Has(Feature::Date) => entry.day().is_some(),
        }
    }

    /// Returns the positions of the needles with these numbers up to byte `limit`, in ascending order.
    fn places(&self, numbers: &[usize], entry: ArticleRef<'_>, limit: usize) -> Vec<(Range<usize>, usize)> {
        let mut places = Vec::new();
        for &number in numbers {
            if let Some(needle) = self.needles.get(number) {
                needle.each(entry, &mut |range| {
                    let is_within = range.end <= limit;
                    places.extend(is_within.then_some((range, number)));
                    is_within
                });
            }
        }
        if numbers.len() > 1 {
            places.sort_by_key(|(range, _)| (range.start, range.end));
        }
        places
    }

    fn folded_hits(&self, entry: ArticleRef<'_>, limit: usize) -> Vec<(Range<usize>, TermId)> {
        // A query has at most 64 terms.
        let term = |number: usize| TermId(number as u16);
        let mut found: Vec<(Range<usize>, TermId)> = Vec::new();
        for (number, needle) in self.wanted().filter(|&(number, _)| self.needs_neighbour.get(number) != Some(&true)) {
            needle.each(entry, &mut |range| {
                let is_within = range.end <= limit;
                found.extend(is_within.then(|| (range, term(number))));
                is_within
            });
        }
        self.root.each_near(&mut |left, right, within| {
            let (left, right) = (self.places(left, entry, limit), self.places(right, entry, limit));
            let near = neighbours(entry.folded(), &bare(&left), &bare(&right), within);
            let both = left.into_iter().zip(near.0).chain(right.into_iter().zip(near.1));
            found.extend(both.filter(|(_, near)| *near).map(|((range, number), _)| (range, term(number))));
        });
        if self.needles.len() > 1 {
            found.sort_by_key(|(range, term)| (range.start, Reverse(range.end), term.0));
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

/// A callback for both sides and the distance of a `NEAR`.
type EachNear<'a> = dyn FnMut(&[usize], &[usize], u16) + 'a;

impl CompiledExpr {
    fn new(expr: &Expr, needles: &[Needle]) -> CompiledExpr {
        let several = |exprs: &[Expr]| {
            let mut tests: Vec<CompiledExpr> = exprs.iter().map(|expr| CompiledExpr::new(expr, needles)).collect();
            tests.sort_by_key(|test| test.cost(needles));
            tests
        };
        let numbers = |ids: &[TermId]| ids.iter().map(|id| usize::from(id.0)).collect();
        match expr {
            Expr::Everything => CompiledExpr::Always,
            Expr::And(all) => CompiledExpr::All(several(all)),
            Expr::Or(any) => CompiledExpr::Any(several(any)),
            Expr::Not(inner) => CompiledExpr::Not(Box::new(CompiledExpr::new(inner, needles))),
            Expr::Term(id) => CompiledExpr::Term(usize::from(id.0)),
            Expr::Near { left, right, within } => CompiledExpr::Near(numbers(left), numbers(right), *within),
            Expr::Published(days) => CompiledExpr::Published(day_numbers(days)),
            Expr::Words(words) => CompiledExpr::Words(words.clone()),
            Expr::Is(mark) => CompiledExpr::Is(*mark),
            Expr::Has(feature) => CompiledExpr::Has(*feature),
        }
    }

    fn cost(&self, needles: &[Needle]) -> u32 {
        let needle = |number: &usize| needles.get(*number).map_or(0, Needle::cost);
        match self {
            CompiledExpr::Always | CompiledExpr::Published(_) | CompiledExpr::Words(_) => 0,
            CompiledExpr::Is(_) | CompiledExpr::Has(_) => 1,
            CompiledExpr::Term(number) => needle(number),
            CompiledExpr::Near(left, right, _) => left.iter().chain(right).map(needle).sum::<u32>() * 2,
            CompiledExpr::Not(inner) => inner.cost(needles),
            CompiledExpr::All(tests) | CompiledExpr::Any(tests) => tests.iter().map(|test| test.cost(needles)).sum(),
        }
    }

    /// Collects the numbers of needles that every match contains.
    fn required(&self, out: &mut Vec<usize>) {
        match self {
            CompiledExpr::Term(number) => out.push(*number),
            CompiledExpr::All(all) => all.iter().for_each(|test| test.required(out)),
            CompiledExpr::Near(left, right, _) => {
                for side in [left, right] {
                    if let [only] = side.as_slice() {
                        out.push(*only);
                    }
                }
            }
            _ => {}
        }
    }

    /// Calls `found` for every `NEAR` that is not negated.
    fn each_near(&self, found: &mut EachNear<'_>) {
        match self {
            CompiledExpr::Near(left, right, within) => found(left, right, *within),
            CompiledExpr::All(tests) | CompiledExpr::Any(tests) => tests.iter().for_each(|test| test.each_near(found)),
            _ => {}
        }
    }
}

fn bare(places: &[(Range<usize>, usize)]) -> Vec<Range<usize>> {
    places.iter().map(|(range, _)| range.clone()).collect()
}

/// Returns a range of days as numbers since 1970-01-01.
fn day_numbers(days: &Days) -> RangeInclusive<i64> {
    days.from.map_or(i64::MIN, day_number)..=days.to.map_or(i64::MAX, day_number)
}

/// Returns the number of a day since 1970-01-01.
pub(super) fn day_number(day: NaiveDate) -> i64 {
    day.signed_duration_since(NaiveDate::default()).num_days()
}
