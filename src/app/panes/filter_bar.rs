//! The filter bar: the typed query, its result, and older filters.

use std::ops::Range;
use std::sync::Arc;

use super::pane::{Hint, hint};
use crate::app::{CompletionMenu, Focus, LineEditor};
use crate::corpus::Corpus;
use crate::keys::Action;
use crate::marks::Marks;
use crate::query::{Case, CompletionKind, Query, TokenKind, complete};
use crate::search::{EmptyReason, Matcher, SearchRequest, SearchResult};

/// The maximum number of complete answers that are kept to narrow the next query.
const MAX_FORMER: usize = 8;

/// The maximum number of older filters.
const MAX_HISTORY: usize = 200;

/// Values of a field with their numbers of articles, most frequent first.
type Values = Arc<Vec<(String, usize)>>;

/// The work that a changed query requires.
#[derive(Debug)]
pub(crate) enum FilterOutcome {
    /// The query is the same or has a mistake.
    Unchanged,
    /// All articles match.
    Everything,
    /// The request must be answered.
    Request(SearchRequest),
}

/// The state when the reader entered the bar, restored if typing is cancelled.
#[derive(Clone, Debug, Default)]
pub(crate) struct TypingOrigin {
    pub(crate) text: String,
    pub(crate) focus: Focus,
    pub(crate) zen: bool,
}

/// The state of the bar.
#[derive(Clone, Debug)]
pub struct FilterBar {
    editor: LineEditor,
    /// The typed query, without parts that have mistakes.
    typed: Arc<Query>,
    /// The last typed query without a mistake, which is the one that runs.
    query: Arc<Query>,
    /// The matcher of the query; `None` if everything matches.
    matcher: Option<Arc<Matcher>>,
    generation: u64,
    answer: Option<SearchResult>,
    /// Complete answers to former queries, newest last. The next query searches only the smallest one that contains its
    /// answer.
    former: Vec<SearchResult>,
    hits: Option<(u64, bool)>,
    empty_reason: Option<EmptyReason>,
    /// The next choice of the case toggle and the number of articles that it would match.
    other_case: Option<(Case, usize)>,
    completion: Option<CompletionMenu>,
    /// The field whose values were counted last, and the values.
    values: Option<(CompletionKind, Values)>,
    history: Vec<String>,
    /// The position in the history while walking through it, and the text typed before.
    walking: Option<(usize, String)>,
    pub(crate) typing_origin: TypingOrigin,
}

impl Default for FilterBar {
    fn default() -> FilterBar {
        FilterBar {
            editor: LineEditor::default(),
            typed: Arc::new(Query::everything()),
            query: Arc::new(Query::everything()),
            matcher: None,
            generation: 0,
            answer: None,
            former: Vec::new(),
            hits: None,
            empty_reason: None,
            other_case: None,
            completion: None,
            values: None,
            history: Vec::new(),
            walking: None,
            typing_origin: TypingOrigin::default(),
        }
    }
}

impl FilterBar {
    /// Returns the typed text.
    pub fn editor(&self) -> &LineEditor {
        &self.editor
    }

    /// Returns the typed query, without parts that have mistakes.
    pub fn typed(&self) -> &Query {
        &self.typed
    }

    /// Returns the last typed query without a mistake, which is the one that runs.
    pub fn query(&self) -> &Arc<Query> {
        &self.query
    }

    /// Returns the matcher of the query; `None` if everything matches.
    pub fn matcher(&self) -> Option<&Matcher> {
        self.matcher.as_deref()
    }

    /// Returns whether a filter is on.
    pub fn is_on(&self) -> bool {
        self.matcher.is_some()
    }

    /// Returns the newest answer to this query or, if there is none yet, to the one before.
    pub fn answer(&self) -> Option<&SearchResult> {
        self.answer.as_ref()
    }

    /// Returns whether the answer to the current query is complete.
    pub fn is_answered(&self) -> bool {
        self.answer.as_ref().is_some_and(|answer| answer.generation == self.generation && answer.complete)
    }

    /// Returns which condition makes the answer empty.
    pub fn empty_reason(&self) -> Option<&EmptyReason> {
        self.empty_reason.as_ref()
    }

    /// Returns the next choice of the case toggle and the number of articles that it would match; `None` if it would
    /// not change the answer.
    pub fn other_case(&self) -> Option<(Case, usize)> {
        self.other_case
    }

    /// Returns the completion menu, if it is open.
    pub fn completion(&self) -> Option<&CompletionMenu> {
        self.completion.as_ref()
    }

    /// Returns the number of hits, and whether all are counted.
    pub fn hits(&self) -> Option<(u64, bool)> {
        self.hits
    }

    /// Returns the generation of the query. Answers to older ones are dropped.
    pub(crate) fn generation(&self) -> u64 {
        self.generation
    }

    pub(crate) fn editor_mut(&mut self) -> &mut LineEditor {
        &mut self.editor
    }

    /// Types or pastes text into the bar.
    pub(crate) fn insert(&mut self, text: &str) {
        self.walking = None;
        self.editor.insert(text);
    }

    /// Sets the typed query; `page_size` articles fill the list. If it has a mistake, the last good query and its
    /// answer stay. If that answer is empty, the correct part of the typed query runs.
    pub(crate) fn set_query(
        &mut self,
        corpus: &Arc<Corpus>,
        marks: &Marks,
        query: Query,
        page_size: usize,
    ) -> FilterOutcome {
        self.typed = Arc::new(query);
        if self.typed.mistake().is_some() && !self.has_empty_answer() {
            return FilterOutcome::Unchanged;
        }
        let same = self.typed.asks_the_same(&self.query);
        self.query = Arc::clone(&self.typed);
        if same { FilterOutcome::Unchanged } else { self.request(corpus, marks, page_size) }
    }

    /// Returns whether the complete answer is empty.
    fn has_empty_answer(&self) -> bool {
        self.is_answered() && self.answer.as_ref().is_some_and(|answer| answer.slots.is_empty())
    }

    /// Runs the query again on another version of the corpus or the marks. Returns `None` if no filter is on.
    pub(crate) fn rerun(&mut self, corpus: &Arc<Corpus>, marks: &Marks, page_size: usize) -> Option<FilterOutcome> {
        // Answers and counts of the former version are of no use, and would keep it in memory.
        self.former.clear();
        self.values = None;
        self.is_on().then(|| self.request(corpus, marks, page_size))
    }

    /// Drops answers that depend on marks, because marks have changed.
    pub(crate) fn on_marks_changed(&mut self) {
        self.former.retain(|former| !former.query.depends_on_marks());
        self.values = None;
    }

    fn request(&mut self, corpus: &Arc<Corpus>, marks: &Marks, page_size: usize) -> FilterOutcome {
        self.generation += 1;
        self.empty_reason = None;
        self.other_case = None;
        self.matcher = (!self.query.is_everything()).then(|| Arc::new(Matcher::new(&self.query, marks)));
        self.hits = None;
        if self.matcher.is_none() {
            self.answer = None;
            self.former.clear();
            return FilterOutcome::Everything;
        }
        let narrows = |former: &&SearchResult| self.query.refines(&former.query);
        let within = self.former.iter().filter(narrows).min_by_key(|former| former.slots.len()).cloned();
        FilterOutcome::Request(SearchRequest {
            generation: self.generation,
            corpus: Arc::clone(corpus),
            marks: marks.clone(),
            query: Arc::clone(&self.query),
            within,
            screenful: page_size,
        })
    }

    /// Sets the answer. Returns false if it belongs to an older query. `marks` are the current ones.
    pub(crate) fn set_result(&mut self, answer: SearchResult, marks: &Marks) -> bool {
        let is_current = answer.generation == self.generation && self.is_on();
        if is_current {
            if answer.complete && (answer.marks.is_same(marks) || !answer.query.depends_on_marks()) {
                self.former.retain(|former| !former.query.asks_the_same(&answer.query));
                let surplus = (self.former.len() + 1).saturating_sub(MAX_FORMER);
                self.former.drain(..surplus);
                self.former.push(answer.clone());
            }
            self.answer = Some(answer);
        }
        is_current
    }

    pub(crate) fn set_hits(&mut self, generation: u64, hits: u64, complete: bool) {
        if generation == self.generation {
            self.hits = Some((hits, complete));
        }
    }

    pub(crate) fn set_empty_reason(&mut self, generation: u64, reason: EmptyReason) {
        if generation == self.generation {
            self.empty_reason = Some(reason);
        }
    }

    pub(crate) fn set_other_case(&mut self, generation: u64, case: Case, matched: usize) {
        if generation == self.generation {
            self.other_case = Some((case, matched));
        }
    }

    /// Writes `case:` into the line, in place of an existing one or at the start. `Case::Auto` writes nothing.
    pub(crate) fn set_case(&mut self, case: Case) {
        let text = self.editor.text().to_owned();
        let is_case = |span: &Range<usize>| text.get(span.clone()).is_some_and(|it| it.eq_ignore_ascii_case("case:"));
        let tokens = self.typed.tokens();
        let field = tokens.iter().position(|token| token.kind == TokenKind::Field && is_case(&token.span));
        let kind = |at: usize| tokens.get(at).map(|token| token.kind);
        let mut range = 0..0;
        if let Some(field) = field {
            let value = field + usize::from(kind(field + 1) == Some(TokenKind::Value));
            let last = value + usize::from(kind(value + 1) == Some(TokenKind::Space));
            let end = |at: usize| tokens.get(at).map_or(text.len(), |token| token.span.end);
            range = tokens.get(field).map_or(0, |token| token.span.start)..end(last);
        }
        let written = match case {
            Case::Auto => "",
            Case::Exact => "case:exact ",
            Case::Ignore => "case:ignore ",
        };
        self.walking = None;
        self.editor.splice(range, written);
    }

    /// Returns whether the cursor is at the start of a word.
    pub(crate) fn is_before_word(&self) -> bool {
        let before = self.editor.text().get(..self.editor.cursor()).unwrap_or("");
        before.chars().next_back().is_none_or(char::is_whitespace)
    }

    /// Completes the text before the cursor, or goes to the next candidate. Returns whether anything can be completed,
    /// and the values that must be counted first.
    pub(crate) fn complete(&mut self, forward: bool) -> (bool, Option<CompletionKind>) {
        if let Some(menu) = &mut self.completion {
            menu.step(forward);
            self.insert_candidate();
            return (true, None);
        }
        let Some(place) = complete(self.editor.text(), self.editor.cursor()) else { return (false, None) };
        let menu = self.completion.insert(CompletionMenu::new(place, self.editor.text()));
        if let Some(kind) = menu.awaited_kind() {
            match &self.values {
                Some((field, values)) if field == kind => menu.set_values(values),
                _ => return (true, Some(kind.clone())),
            }
        }
        (self.insert_candidate(), None)
    }

    /// Sets counted values; `is_current` if they belong to the current corpus. Returns whether a candidate was
    /// inserted.
    pub(crate) fn set_values(&mut self, kind: CompletionKind, values: Values, is_current: bool) -> bool {
        let waiting = self.completion.as_mut().filter(|menu| menu.awaited_kind() == Some(&kind));
        let typed = waiting.map(|menu| menu.set_values(&values)).is_some() && self.insert_candidate();
        self.values = is_current.then_some((kind, values));
        typed
    }

    /// Inserts the selected candidate, and closes the menu if it is the only one. Returns false if there is none.
    fn insert_candidate(&mut self) -> bool {
        let Some(menu) = &mut self.completion else { return false };
        let Some((range, text)) = menu.take_selected() else {
            self.completion = None;
            return false;
        };
        self.walking = None;
        self.editor.replace(range, text);
        if menu.candidates().len() == 1 {
            self.completion = None;
        }
        true
    }

    /// Closes the completion menu and restores the typed text. Returns false if no menu is open.
    pub(crate) fn cancel_completion(&mut self) -> bool {
        let Some(menu) = self.completion.take() else { return false };
        let (range, before) = menu.before();
        self.editor.replace(range, &before);
        true
    }

    /// Closes the completion menu. The inserted text stays.
    pub(crate) fn stop_completing(&mut self) {
        self.completion = None;
    }

    /// Adds the typed text to the history. Returns it, or `None` if it is empty or the newest entry already.
    pub(crate) fn remember(&mut self) -> Option<String> {
        let text = self.editor.text().trim().to_owned();
        self.walking = None;
        if text.is_empty() || self.history.last() == Some(&text) {
            return None;
        }
        self.history.retain(|older| *older != text);
        self.history.push(text.clone());
        let surplus = self.history.len().saturating_sub(MAX_HISTORY);
        self.history.drain(..surplus);
        Some(text)
    }

    /// Puts the filters of former sessions, oldest first, before those of this one.
    pub(crate) fn add_former_filters(&mut self, mut former: Vec<String>) {
        former.retain(|filter| !self.history.contains(filter));
        former.append(&mut self.history);
        self.history = former;
        self.walking = None;
    }

    /// Goes to an older or newer filter, and finally back to the typed text. Returns whether the text changed.
    pub(crate) fn walk_history(&mut self, older: bool) -> bool {
        let at = self.walking.as_ref().map(|(at, _)| *at);
        let next = match (at, older) {
            (None, true) => self.history.len().checked_sub(1),
            (Some(at), true) => at.checked_sub(1),
            (Some(at), false) => Some(at + 1),
            (None, false) => None,
        };
        let Some(next) = next else { return false };
        let typed = self.walking.take().map_or_else(|| self.editor.text().to_owned(), |(_, typed)| typed);
        match self.history.get(next) {
            Some(text) => {
                self.editor.set(text);
                self.walking = Some((next, typed));
            }
            None => self.editor.set(&typed),
        }
        true
    }

    pub(crate) fn stop_walking(&mut self) {
        self.walking = None;
    }

    /// Returns the keys that are useful while typing.
    pub(crate) fn hints(&self) -> Vec<Hint> {
        vec![
            hint(&[Action::KeepFilter], "keep"),
            hint(&[Action::ClearFilter], "clear"),
            hint(&[Action::ShowLanguage], "language"),
            hint(&[Action::Complete], "complete"),
            hint(&[Action::HistoryOlder, Action::HistoryNewer], "older, newer"),
        ]
    }
}
