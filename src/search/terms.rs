//! One term made ready for matching, and where it stands in folded text.

use std::ops::Range;

use memchr::memmem::Finder;

use crate::article::fold::{fold, fold_keeping_case};
use crate::corpus::Entry;
use crate::query::{Term, TermKind};

/// A term made ready for matching.
#[derive(Clone, Debug)]
pub(super) struct Needle {
    finder: Finder<'static>,
    kind: TermKind,
    /// The term folded but for its case, where it is exact in case.
    exact: Option<String>,
    pub(super) negated: bool,
}

impl Needle {
    pub(super) fn new(term: &Term) -> Needle {
        let folded = fold(&term.text);
        Needle {
            finder: Finder::new(folded.as_bytes()).into_owned(),
            kind: term.kind,
            exact: term.exact_case.then(|| fold_keeping_case(&term.text)),
            negated: term.negated,
        }
    }

    /// How many folded bytes are looked for: the more, the rarer.
    pub(super) fn len(&self) -> usize {
        self.finder.needle().len()
    }

    /// Whether finding its bytes is all that it takes.
    pub(super) fn is_plain(&self) -> bool {
        self.exact.is_none() && self.kind == TermKind::Word
    }

    /// Where its bytes stand first in `folded`, whatever else the term asks for.
    pub(super) fn find_bytes(&self, folded: &[u8]) -> Option<usize> {
        self.finder.find(folded)
    }

    pub(super) fn is_in(&self, entry: Entry<'_>) -> bool {
        if self.is_plain() { self.find_bytes(entry.folded()).is_some() } else { self.ranges(entry).next().is_some() }
    }

    /// How often it stands in the article.
    pub(super) fn count(&self, entry: Entry<'_>) -> u64 {
        if self.is_plain() && self.len() > 0 {
            self.finder.find_iter(entry.folded()).count() as u64
        } else {
            self.ranges(entry).count() as u64
        }
    }

    /// Where it stands in the article's folded text, from front to back, without overlaps.
    pub(super) fn ranges<'a>(&'a self, entry: Entry<'a>) -> impl Iterator<Item = Range<usize>> + 'a {
        let folded = entry.folded();
        let mut unfolder = self.exact.as_ref().map(|_| entry.unfolder());
        let mut from = 0;
        std::iter::from_fn(move || {
            // A term that folds to nothing stands everywhere and nowhere; it has no range.
            while self.len() > 0 {
                let start = from + self.find_bytes(folded.get(from..)?)?;
                let end = start + self.len();
                let bounded = self.kind == TermKind::Word || (starts_word(folded, start) && ends_word(folded, end));
                let exact = match (&self.exact, &mut unfolder) {
                    (Some(exact), Some(unfolder)) if bounded => {
                        unfolder.skip_to(start);
                        fold_keeping_case(&unfolder.clone().take(end)) == *exact
                    }
                    _ => true,
                };
                if bounded && exact {
                    from = end;
                    return Some(start..end);
                }
                from = start + 1;
            }
            None
        })
    }
}

fn starts_word(folded: &[u8], at: usize) -> bool {
    let after = char_at(folded, at);
    let before = (at.saturating_sub(4)..at).rev().find_map(|start| char_at(folded, start));
    is_boundary(before, after)
}

fn ends_word(folded: &[u8], at: usize) -> bool {
    let before = (at.saturating_sub(4)..at).rev().find_map(|start| char_at(folded, start));
    is_boundary(before, char_at(folded, at))
}

/// Between two letters or digits there is no boundary, unless one is of a script without spaces.
fn is_boundary(before: Option<char>, after: Option<char>) -> bool {
    match (before, after) {
        (Some(before), Some(after)) => {
            !(before.is_alphanumeric() && after.is_alphanumeric())
                || crate::article::is_unspaced(before)
                || crate::article::is_unspaced(after)
        }
        _ => true,
    }
}

/// The character that begins at byte `at`; `None` inside one, or at the end.
fn char_at(folded: &[u8], at: usize) -> Option<char> {
    let bytes = folded.get(at..folded.len().min(at + 4))?;
    match bytes.first()? {
        0..=0x7f => {}
        0x80..=0xbf => return None,
        _ => {}
    }
    bytes.utf8_chunks().next()?.valid().chars().next()
}
