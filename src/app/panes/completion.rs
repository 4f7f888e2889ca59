//! Completing what is typed in the filter bar: the candidates, and walking through them.

use std::ops::Range;

use crate::query::{Completion, CompletionKind, FIELDS, Field};
use crate::search::FeedNames;
use crate::text::fold::fold;

/// How many candidates are offered.
const MOST: usize = 200;

/// The candidates for the place where the cursor was.
#[derive(Clone, Debug)]
pub struct CompletionMenu {
    place: Completion,
    /// What stood there before anything was completed.
    before: String,
    candidates: Vec<Candidate>,
    selected: usize,
    /// The bytes that the selected candidate, or what was typed, stands in.
    range: Range<usize>,
    /// Whether the candidates are still being counted.
    waiting: bool,
}

/// One thing that could stand there.
#[derive(Clone, Debug, PartialEq)]
pub struct Candidate {
    /// How it is shown.
    pub shown: String,
    /// What is said beside it: a meaning, or a count of articles.
    pub note: Note,
    /// What is typed for it.
    text: String,
}

/// What is said beside a candidate.
#[derive(Clone, Debug, PartialEq)]
pub enum Note {
    /// Nothing.
    None,
    /// What it means.
    Meaning(&'static str),
    /// How many articles have it.
    Count(usize),
}

impl CompletionMenu {
    /// Opens a menu for `place` of `line`. Names are known at once; values of articles have to be counted first.
    pub(crate) fn new(place: Completion, line: &str) -> CompletionMenu {
        let word =
            |text: &&'static str| Candidate { shown: (*text).to_owned(), note: Note::None, text: format!("{text} ") };
        let (candidates, waiting) = match &place.wanted {
            CompletionKind::Field(names) => {
                let specs = FIELDS.iter().filter(|spec| names.contains(&spec.name));
                let field = |name: &str| format!("{name}:");
                let candidate =
                    |shown: String, meaning| Candidate { text: shown.clone(), shown, note: Note::Meaning(meaning) };
                (specs.map(|spec| candidate(field(spec.name), spec.help)).collect(), false)
            }
            CompletionKind::Word(words) => (words.iter().map(word).collect(), false),
            CompletionKind::Value(_) | CompletionKind::Date => (Vec::new(), true),
        };
        let range = place.range.clone();
        let before = line.get(range.clone()).unwrap_or("").to_owned();
        CompletionMenu { place, before, candidates, selected: 0, range, waiting }
    }

    /// What could stand there.
    pub fn candidates(&self) -> &[Candidate] {
        &self.candidates
    }

    /// The number of the candidate that is typed now.
    pub fn selected(&self) -> usize {
        self.selected
    }

    /// Whether the candidates are still being counted.
    pub fn is_waiting(&self) -> bool {
        self.waiting
    }

    /// Where in the bar the candidates stand.
    pub fn start(&self) -> usize {
        self.range.start
    }

    /// What has to be counted, as long as it is not.
    pub(crate) fn wanted(&self) -> Option<&CompletionKind> {
        self.waiting.then_some(&self.place.wanted)
    }

    /// Takes the values that articles have, the most frequent first.
    pub(crate) fn take(&mut self, values: &[(String, usize)]) {
        self.waiting = false;
        let typed = fold(&self.place.typed);
        let is_date = self.place.wanted == CompletionKind::Date;
        let fits = |value: &str| match is_date {
            // First a year, then its months.
            true => value.starts_with(&self.place.typed) && (value.len() > 4) == (self.place.typed.len() >= 4),
            false => fold(value).contains(&typed),
        };
        let all = values.iter().filter(|(value, _)| fits(value));
        // What begins as it was typed comes first.
        let (begin, others): (Vec<_>, Vec<_>) = all.partition(|(value, _)| fold(value).starts_with(&typed));
        let as_written = is_date || self.place.wanted == CompletionKind::Value(Field::Path);
        let feeds = (self.place.wanted == CompletionKind::Value(Field::Feed))
            .then(|| FeedNames::new(values.iter().map(|(name, _)| name.as_str())));
        let candidate = |(value, count): &(String, usize)| Candidate {
            text: feeds.as_ref().map_or_else(|| written(value, as_written), |feeds| feeds.value(value)),
            shown: value.clone(),
            note: Note::Count(*count),
        };
        self.candidates = begin.into_iter().chain(others).take(MOST).map(candidate).collect();
    }

    /// The candidate that is typed now, and the bytes that it takes the place of.
    pub(crate) fn typed(&mut self) -> Option<(Range<usize>, &str)> {
        let text = self.candidates.get(self.selected)?.text.as_str();
        let range = std::mem::replace(&mut self.range, self.place.range.start..self.place.range.start + text.len());
        Some((range, text))
    }

    /// What stood there before anything was completed, and the bytes that it takes the place of.
    pub(crate) fn before(self) -> (Range<usize>, String) {
        (self.range, self.before)
    }

    /// Goes on to the next candidate, or back.
    pub(crate) fn step(&mut self, forward: bool) {
        let all = self.candidates.len().max(1);
        self.selected = (self.selected + if forward { 1 } else { all - 1 }) % all;
    }
}

/// How a value is typed: in lower case, so that it fits however it is written, and in quotes where it is several words.
fn written(value: &str, as_written: bool) -> String {
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
            menu.take(&values);
        }
        menu.candidates.iter().map(|candidate| candidate.text.clone()).collect()
    }

    #[test]
    fn completion_lists_prefix_matches_first_and_quotes_values() {
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
    fn completion_of_years_comes_before_months() {
        let values = [("2024", 9), ("2023", 4), ("2023-10", 1), ("2023-09", 3)];
        assert_eq!(menu("date:20", &values), ["2024", "2023"]);
        assert_eq!(menu("date:2023", &values), ["2023-10", "2023-09"]);
    }
}
