//! Completion in the filter bar: the menu of candidates.

use std::ops::Range;

use crate::query::{Completion, CompletionKind, FIELDS, Field};
use crate::search::FeedNames;
use crate::text::fold::fold;

/// The maximum number of candidates.
const MAX_CANDIDATES: usize = 200;

/// The candidates for the word at the cursor.
#[derive(Clone, Debug)]
pub struct CompletionMenu {
    place: Completion,
    /// The text before completion.
    before: String,
    candidates: Vec<Candidate>,
    selected: usize,
    /// The bytes of the selected candidate, or of the typed text.
    range: Range<usize>,
    /// Whether the candidates are still being counted.
    waiting: bool,
}

/// A candidate.
#[derive(Clone, Debug, PartialEq)]
pub struct Candidate {
    /// The text in the menu.
    pub shown: String,
    /// The note beside it.
    pub note: CandidateNote,
    /// The text that is inserted.
    text: String,
}

/// The note beside a candidate.
#[derive(Clone, Debug, PartialEq)]
pub enum CandidateNote {
    /// No note.
    None,
    /// The meaning of the value.
    Meaning(&'static str),
    /// The number of articles that have the value.
    Count(usize),
}

impl CompletionMenu {
    /// Opens a menu for `place` of `line`. Names are known at once; values of articles have to be counted first.
    pub(crate) fn new(place: Completion, line: &str) -> CompletionMenu {
        let word = |text: &&'static str| Candidate {
            shown: (*text).to_owned(),
            note: CandidateNote::None,
            text: format!("{text} "),
        };
        let (candidates, waiting) = match &place.kind {
            CompletionKind::Field(names) => {
                let specs = FIELDS.iter().filter(|spec| names.contains(&spec.name));
                let field = |name: &str| format!("{name}:");
                let candidate = |shown: String, meaning| Candidate {
                    text: shown.clone(),
                    shown,
                    note: CandidateNote::Meaning(meaning),
                };
                (specs.map(|spec| candidate(field(spec.name), spec.help)).collect(), false)
            }
            CompletionKind::Word(words) => (words.iter().map(word).collect(), false),
            CompletionKind::Value(_) | CompletionKind::Date => (Vec::new(), true),
        };
        let range = place.range.clone();
        let before = line.get(range.clone()).unwrap_or("").to_owned();
        CompletionMenu { place, before, candidates, selected: 0, range, waiting }
    }

    /// Returns the candidates.
    pub fn candidates(&self) -> &[Candidate] {
        &self.candidates
    }

    /// Returns the index of the selected candidate.
    pub fn selected(&self) -> usize {
        self.selected
    }

    /// Returns whether the candidates are still being counted.
    pub fn is_waiting(&self) -> bool {
        self.waiting
    }

    /// Returns the byte of the filter at which the candidate starts.
    pub fn start(&self) -> usize {
        self.range.start
    }

    /// Returns the values that must be counted; `None` if they are.
    pub(crate) fn awaited_kind(&self) -> Option<&CompletionKind> {
        self.waiting.then_some(&self.place.kind)
    }

    /// Sets the counted values, most frequent first.
    pub(crate) fn set_values(&mut self, values: &[(String, usize)]) {
        self.waiting = false;
        let typed = fold(&self.place.typed);
        let is_date = self.place.kind == CompletionKind::Date;
        let fits = |value: &str| {
            if is_date {
                // First the years, then the months of the typed year.
                value.starts_with(&self.place.typed) && (value.len() > 4) == (self.place.typed.len() >= 4)
            } else {
                fold(value).contains(&typed)
            }
        };
        let all = values.iter().filter(|(value, _)| fits(value));
        // Values that start with the typed text come first.
        let (begin, others): (Vec<_>, Vec<_>) = all.partition(|(value, _)| fold(value).starts_with(&typed));
        let as_written = is_date || self.place.kind == CompletionKind::Value(Field::Path);
        let feeds = (self.place.kind == CompletionKind::Value(Field::Feed))
            .then(|| FeedNames::new(values.iter().map(|(name, _)| name.as_str())));
        let candidate = |(value, count): &(String, usize)| Candidate {
            text: feeds.as_ref().map_or_else(|| query_value(value, as_written), |feeds| feeds.value(value)),
            shown: value.clone(),
            note: CandidateNote::Count(*count),
        };
        self.candidates = begin.into_iter().chain(others).take(MAX_CANDIDATES).map(candidate).collect();
    }

    /// Returns the selected candidate and the bytes that it replaces.
    pub(crate) fn take_selected(&mut self) -> Option<(Range<usize>, &str)> {
        let text = self.candidates.get(self.selected)?.text.as_str();
        let range = std::mem::replace(&mut self.range, self.place.range.start..self.place.range.start + text.len());
        Some((range, text))
    }

    /// Returns the text before completion and the bytes that it replaces.
    pub(crate) fn before(self) -> (Range<usize>, String) {
        (self.range, self.before)
    }

    /// Selects the next or previous candidate.
    pub(crate) fn step(&mut self, forward: bool) {
        let all = self.candidates.len().max(1);
        self.selected = (self.selected + if forward { 1 } else { all - 1 }) % all;
    }
}

/// Returns how a value is written in a query: in lower case, so that it matches any case, and quoted if it has several
/// words.
fn query_value(value: &str, as_written: bool) -> String {
    let value = if as_written { value.to_owned() } else { value.to_lowercase() };
    let is_word =
        !value.contains(|c: char| c.is_whitespace() || matches!(c, '(' | ')' | '"' | '“' | '”' | '„' | '«' | '»'));
    if is_word && (as_written || !value.starts_with('/')) {
        return value;
    }
    format!("\"{}\"", value.replace(['"', '“', '”', '„', '«', '»'], " "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::query::complete;

    fn menu(text: &str, values: &[(&str, usize)]) -> Vec<String> {
        let mut menu = CompletionMenu::new(complete(text, text.len()).unwrap(), text);
        let values: Vec<(String, usize)> = values.iter().map(|(value, count)| ((*value).to_owned(), *count)).collect();
        if menu.is_waiting() {
            menu.set_values(&values);
        }
        menu.candidates.iter().map(|candidate| candidate.text.clone()).collect()
    }

    #[test]
    fn completion_lists_values_with_the_typed_start_first() {
        let values = [("Middle East", 9), ("East Asia", 4), ("WORLD", 3)];
        assert_eq!(menu("section:east", &values), ["\"east asia\"", "\"middle east\""]);
        assert_eq!(menu("section:", &values)[2], "world");
        assert_eq!(menu("se", &values), ["section:"]);
        assert_eq!(menu("sort:o", &values), ["old "]);
    }

    #[test]
    fn feed_completion_matches_no_other_feed() {
        let values = [("BBC News", 9), ("BBC News World", 4), ("Reuters", 3), ("#press", 12), ("The \"Daily\"", 1)];
        assert_eq!(menu("feed:reu", &values), ["Reuters"]);
        assert_eq!(menu("feed:bbc", &values), ["/^BBC News$/", "\"BBC News World\""]);
        assert_eq!(menu("feed:\"bbc news w", &values), ["\"BBC News World\""]);
        assert_eq!(menu("feed:#", &values), ["#press"]);
        assert_eq!(menu("feed:daily", &values), ["/^The \"Daily\"$/"]);
    }

    #[test]
    fn completion_offers_years_before_months() {
        let values = [("2024", 9), ("2023", 4), ("2023-10", 1), ("2023-09", 3)];
        assert_eq!(menu("date:20", &values), ["2024", "2023"]);
        assert_eq!(menu("date:2023", &values), ["2023-10", "2023-09"]);
    }
}
