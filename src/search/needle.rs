//! Needles: compiled search terms.

use std::ops::Range;

use memchr::memmem::Finder;
use regex::bytes::Regex;

use crate::article::Role;
use crate::corpus::ArticleRef;
use crate::marks::Marks;
use crate::query::{ExactWords, Field, Term, TermKind, compile};
use crate::text::fold::{fold, fold_keeping_case};

/// The bound of a term that does not occur in the article.
pub(super) const ABSENT: u32 = u32::MAX;

/// A compiled search term.
#[derive(Clone, Debug)]
pub(super) struct Needle {
    pattern: Pattern,
    field: Option<Field>,
    pub(super) negated: bool,
}

#[derive(Clone, Debug)]
enum Pattern {
    Text(Box<TextNeedle>),
    /// An expression for folded text.
    Folded(Regex),
    /// An expression for the original text.
    Exact(Regex),
    /// Matches nothing.
    Nothing,
}

/// A callback for a match; returns whether to continue.
type OnMatch<'a> = &'a mut dyn FnMut(Range<usize>) -> bool;

impl Needle {
    pub(super) fn new(term: &Term) -> Needle {
        let pattern = match term.kind {
            TermKind::Word => Pattern::Text(Box::new(TextNeedle::new(term, false, false))),
            TermKind::Phrase { open } => Pattern::Text(Box::new(TextNeedle::new(term, true, !open))),
            // The parser has compiled it before, so an error is not expected.
            TermKind::Regex => {
                let is_exact = term.exact != ExactWords::None;
                match (compile(&term.text, is_exact), is_exact) {
                    (Ok(regex), false) => Pattern::Folded(regex),
                    (Ok(regex), true) => Pattern::Exact(regex),
                    (Err(_), _) => Pattern::Nothing,
                }
            }
        };
        Needle { pattern, field: term.field, negated: term.negated }
    }

    /// Returns the bytes that the folded text of a matching article must contain. Longer ones are rarer.
    pub(super) fn bytes(&self) -> Option<&Finder<'static>> {
        match (&self.pattern, self.field) {
            (Pattern::Text(text), None) => Some(&text.finder),
            (Pattern::Text(text), Some(field)) if field.is_text() => Some(&text.finder),
            _ => None,
        }
    }

    /// Returns whether finding the bytes is enough for a match.
    pub(super) fn is_plain(&self) -> bool {
        self.field.is_none() && matches!(&self.pattern, Pattern::Text(text) if text.is_plain())
    }

    /// Returns whether the term searches tags.
    pub(super) fn is_of_tags(&self) -> bool {
        self.field == Some(Field::Tag)
    }

    /// Returns whether the term searches notes.
    pub(super) fn is_of_note(&self) -> bool {
        self.field == Some(Field::Note)
    }

    /// Returns a rough cost of matching; cheap terms are tested first.
    pub(super) fn cost(&self) -> u32 {
        match (&self.pattern, self.field) {
            (_, Some(Field::Section | Field::Tag | Field::Feed)) => 1,
            (_, Some(Field::Path | Field::Note)) => 2,
            (Pattern::Text(text), _) if text.is_plain() => 3,
            (Pattern::Text(_) | Pattern::Nothing, _) => 4,
            (Pattern::Folded(_), _) => 20,
            (Pattern::Exact(_), _) => 40,
        }
    }

    pub(super) fn is_in(&self, entry: ArticleRef<'_>, marks: &Marks) -> bool {
        match self.field {
            Some(Field::Section) => self.is_in_text(entry.section()),
            Some(Field::Path) => entry.place().is_some_and(|_| self.is_in_text(&entry.path().to_string_lossy())),
            Some(Field::Tag) => marks.get(entry.id()).tags().iter().any(|tag| self.is_in_text(tag.as_str())),
            Some(Field::Note) => self.is_in_text(marks.get(entry.id()).note()),
            Some(Field::Feed) => entry
                .feeds()
                .is_some_and(|feeds| feeds.names.iter().chain(&feeds.tags).any(|name| self.is_in_text(name))),
            _ if self.is_plain() => self.bytes().is_some_and(|bytes| bytes.find(entry.folded()).is_some()),
            _ => {
                let mut is_in = false;
                self.each(entry, &mut |_| {
                    is_in = true;
                    false
                });
                is_in
            }
        }
    }

    /// Returns whether the article contains the term. Its bytes cannot occur before `bound`, which is raised to their
    /// first position.
    pub(super) fn is_in_from(&self, entry: ArticleRef<'_>, marks: &Marks, bound: &mut u32) -> bool {
        let Some(bytes) = self.bytes() else { return self.is_in(entry, marks) };
        let rest = entry.folded().get(*bound as usize..);
        match rest.and_then(|rest| bytes.find(rest)) {
            Some(further) => *bound += further as u32,
            None => *bound = ABSENT,
        }
        match (&self.pattern, self.field) {
            _ if *bound == ABSENT => false,
            _ if self.is_plain() => true,
            (Pattern::Text(text), None) => !text.each(entry, *bound as usize..entry.folded().len(), &mut |_| false),
            _ => self.is_in(entry, marks),
        }
    }

    /// Counts the occurrences in the article.
    pub(super) fn count(&self, entry: ArticleRef<'_>) -> u64 {
        let mut count = 0;
        match &self.pattern {
            Pattern::Text(text) if self.is_plain() && !text.finder.needle().is_empty() => {
                count = text.finder.find_iter(entry.folded()).count() as u64;
            }
            _ => self.each(entry, &mut |_| {
                count += 1;
                true
            }),
        }
        count
    }

    /// Calls `found` for each occurrence in the folded text, in order and without overlaps.
    pub(super) fn each(&self, entry: ArticleRef<'_>, found: OnMatch<'_>) {
        let field = match (self.field, &self.pattern) {
            // Without a field, parts need not be distinguished.
            (None, Pattern::Text(text)) => {
                text.each(entry, 0..entry.folded().len(), found);
                return;
            }
            (field, _) => field,
        };
        let mut unfolder = None;
        for part in entry.parts().filter(|part| field.is_none_or(|field| is_part_of(field, part.role))) {
            let range = part.folded;
            let go_on = match &self.pattern {
                Pattern::Text(text) => text.each(entry, range, found),
                Pattern::Folded(regex) => {
                    let folded = entry.folded().get(range.clone()).unwrap_or_default();
                    let mut hits = regex.find_iter(folded).filter(|hit| !hit.is_empty());
                    hits.all(|hit| found(range.start + hit.start()..range.start + hit.end()))
                }
                Pattern::Exact(regex) => {
                    let unfolder = unfolder.get_or_insert_with(|| entry.unfolder());
                    unfolder.skip_to(range.start);
                    let mut before = unfolder.clone();
                    let text = unfolder.take(range.end);
                    // An empty match in the original text could be a whole letter in folded text.
                    let hits = regex.find_iter(text.as_bytes()).filter(|hit| !hit.is_empty());
                    let hits: Vec<_> = hits.map(|hit| hit.range()).collect();
                    let folded = if hits.is_empty() { Vec::new() } else { before.refold(range.end, &hits) };
                    // Two matches in one letter count as one.
                    let mut end = 0;
                    folded.into_iter().all(|range| {
                        if range.is_empty() || range.start < end {
                            return true;
                        }
                        end = range.end;
                        found(range)
                    })
                }
                Pattern::Nothing => false,
            };
            if !go_on {
                return;
            }
        }
    }

    /// Returns whether a short text, such as the section, contains the term.
    fn is_in_text(&self, text: &str) -> bool {
        let mut lowered = [0; 256];
        let folded;
        let bytes = match lowered.get_mut(..text.len()) {
            // ASCII text folds to lower case.
            Some(lowered) if text.is_ascii() && !text.contains("  ") => {
                lowered.copy_from_slice(text.as_bytes());
                lowered.make_ascii_lowercase();
                &*lowered
            }
            _ => {
                folded = fold(text);
                folded.as_bytes()
            }
        };
        match &self.pattern {
            Pattern::Text(needle) => match &needle.exact {
                None => needle.places(bytes, 0).next().is_some(),
                Some(exact) => {
                    let written = fold_keeping_case(text);
                    if exact.words.is_none() {
                        let mut places = written.match_indices(exact.text.as_str());
                        return places.any(|(at, _)| needle.is_bounded(written.as_bytes(), at, at + exact.text.len()));
                    }
                    needle.places(bytes, 0).any(|at| {
                        let found = written.get(at..at + needle.finder.needle().len());
                        found.is_some_and(|found| exact.is_written(found))
                    })
                }
            },
            // Empty matches do not count, as in the text of the article.
            Pattern::Folded(regex) => regex.find_iter(bytes).any(|hit| !hit.is_empty()),
            Pattern::Exact(regex) => regex.find_iter(text.as_bytes()).any(|hit| !hit.is_empty()),
            Pattern::Nothing => false,
        }
    }
}

/// Returns whether the field includes parts with this role.
fn is_part_of(field: Field, role: Role) -> bool {
    match field {
        Field::Title => role == Role::Headline,
        Field::Lead => role == Role::Standfirst,
        Field::Body => matches!(role, Role::Body(_)),
        Field::Caption => matches!(role, Role::Caption | Role::Credit),
        Field::Source => role == Role::Source,
        Field::By => role == Role::Byline,
        Field::Section | Field::Tag | Field::Note | Field::Feed | Field::Path => false,
    }
}

/// A word or a phrase.
#[derive(Clone, Debug)]
struct TextNeedle {
    finder: Finder<'static>,
    /// The required spelling, unless it ignores case.
    exact: Option<Exact>,
    starts_word: bool,
    ends_word: bool,
}

/// The required spelling of a case-sensitive term.
#[derive(Clone, Debug)]
struct Exact {
    /// The term, folded except for case.
    text: String,
    /// The words and whether each is case-sensitive. `None` if all are.
    words: Option<Vec<(String, bool)>>,
}

impl Exact {
    fn new(term: &Term) -> Option<Exact> {
        match term.exact {
            ExactWords::None => None,
            ExactWords::Capitals => {
                Some(Exact { text: fold_keeping_case(&term.text), words: Some(term.written_words()) })
            }
            ExactWords::All => Some(Exact { text: fold_keeping_case(&term.text), words: None }),
        }
    }

    /// Returns whether text that folds to the term has the required case. `written` is that text, folded except for
    /// case.
    fn is_written(&self, written: &str) -> bool {
        // The term may end inside a character that folds to several letters, as `f` in `ﬁ`.
        let written = written.get(..self.text.len()).unwrap_or(written);
        match &self.words {
            None => written == self.text,
            Some(words) => {
                words.iter().zip(written.split(' ')).all(|((word, is_exact), written)| !is_exact || word == written)
            }
        }
    }
}

impl TextNeedle {
    fn new(term: &Term, starts_word: bool, ends_word: bool) -> TextNeedle {
        TextNeedle {
            finder: Finder::new(fold(&term.text).as_bytes()).into_owned(),
            exact: Exact::new(term),
            starts_word,
            ends_word,
        }
    }

    fn is_plain(&self) -> bool {
        self.exact.is_none() && !self.starts_word && !self.ends_word
    }

    fn is_bounded(&self, folded: &[u8], start: usize, end: usize) -> bool {
        (!self.starts_word || is_boundary(folded, start)) && (!self.ends_word || is_boundary(folded, end))
    }

    /// Returns the positions in `folded` from byte `from` on, ignoring case.
    fn places<'a>(&'a self, folded: &'a [u8], mut from: usize) -> impl Iterator<Item = usize> + 'a {
        let length = self.finder.needle().len();
        let starts = std::iter::from_fn(move || {
            // A term that folds to nothing has no position.
            let rest = folded.get(from..).filter(|_| length > 0)?;
            let start = from + self.finder.find(rest)?;
            from = start + 1;
            Some(start)
        });
        starts.filter(move |&start| self.is_bounded(folded, start, start + length))
    }

    /// Calls `found` for each occurrence in a range of the article. Returns whether to continue.
    fn each(&self, entry: ArticleRef<'_>, stretch: Range<usize>, found: OnMatch<'_>) -> bool {
        let length = self.finder.needle().len();
        // Parts end at separators, so no word extends beyond the range.
        let folded = entry.folded().get(..stretch.end).unwrap_or_default();
        let mut unfolder = self.exact.as_ref().map(|_| entry.unfolder());
        let mut from = stretch.start;
        for start in self.places(folded, stretch.start) {
            let end = start + length;
            if start < from {
                continue;
            }
            if let (Some(exact), Some(unfolder)) = (&self.exact, &mut unfolder) {
                unfolder.skip_to(start);
                // If folding changed only capitals, comparing those is enough.
                let same = if exact.words.is_none() { unfolder.has_capitals(end, &exact.text) } else { None };
                if !same.unwrap_or_else(|| exact.is_written(&fold_keeping_case(&unfolder.clone().take(end)))) {
                    continue;
                }
            }
            from = end;
            if !found(start..end) {
                return false;
            }
        }
        true
    }
}

/// Returns whether a word begins or ends at byte `at`. Two letters or digits have a boundary between them only if one
/// belongs to a script without spaces.
fn is_boundary(folded: &[u8], at: usize) -> bool {
    let before = (at.saturating_sub(4)..at).rev().find_map(|start| char_at(folded, start));
    match (before, char_at(folded, at)) {
        (Some(before), Some(after)) => {
            !(before.is_alphanumeric() && after.is_alphanumeric())
                || crate::text::is_unspaced(before)
                || crate::text::is_unspaced(after)
        }
        _ => true,
    }
}

/// Returns the character that begins at byte `at`, or `None` inside a character or at the end.
pub(super) fn char_at(folded: &[u8], at: usize) -> Option<char> {
    let bytes = folded.get(at..folded.len().min(at + 4))?;
    match bytes.first()? {
        first @ 0..=0x7f => return Some(char::from(*first)),
        0x80..=0xbf => return None,
        _ => {}
    }
    bytes.utf8_chunks().next()?.valid().chars().next()
}
