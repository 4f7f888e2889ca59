//! The filter bar: what is typed, the query that it means, the answer as far as it is known, and older filters.

use std::ops::Range;
use std::sync::Arc;

use crate::app::CompletionMenu;
use crate::app::LineEditor;
use crate::corpus::Corpus;
use crate::marks::Marks;
use crate::query::{Case, CompletionKind, Query, TokenKind, complete};
use crate::search::{EmptyReason, Matcher, SearchRequest, SearchResult};

/// How many complete answers are kept to look for others in.
const FORMER: usize = 8;

/// How many older filters are kept.
const HISTORY: usize = 200;

/// Values of a field and how many articles have each, the most frequent first.
type Values = Arc<Vec<(String, usize)>>;

/// What becomes of something typed.
#[derive(Debug)]
pub(crate) enum Asked {
    /// Nothing: it is the question that is answered already, or a mistake.
    Nothing,
    /// All articles are to be shown.
    Everything,
    /// This is to be answered.
    Request(SearchRequest),
}

/// The state of the bar.
#[derive(Clone, Debug)]
pub struct FilterBar {
    editor: LineEditor,
    /// What is typed, as far as it can be understood.
    typed: Arc<Query>,
    /// What was typed last without a mistake: the query that is answered.
    query: Arc<Query>,
    /// The matcher of the query, `None` where everything matches.
    matcher: Option<Arc<Matcher>>,
    generation: u64,
    answer: Option<SearchResult>,
    /// Complete answers to what was typed before, the newest last: a letter that is taken back, or another word, is
    /// looked for in the smallest of them that holds it.
    former: Vec<SearchResult>,
    hits: Option<(u64, bool)>,
    costly: Option<EmptyReason>,
    /// The next choice of the case toggle and the number of articles that it would find.
    other_case: Option<(Case, usize)>,
    completion: Option<CompletionMenu>,
    /// The values of a field that were counted last.
    values: Option<(CompletionKind, Values)>,
    history: Vec<String>,
    /// The place in the history while walking through it, and what was typed before.
    walking: Option<(usize, String)>,
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
            costly: None,
            other_case: None,
            completion: None,
            values: None,
            history: Vec::new(),
            walking: None,
        }
    }
}

impl FilterBar {
    /// What is typed.
    pub fn editor(&self) -> &LineEditor {
        &self.editor
    }

    /// What is typed, as far as it can be understood.
    pub fn typed(&self) -> &Query {
        &self.typed
    }

    /// The query that is answered: what was typed last without a mistake.
    pub fn query(&self) -> &Arc<Query> {
        &self.query
    }

    /// What decides on articles and marks their hits; `None` where everything matches.
    pub fn matcher(&self) -> Option<&Matcher> {
        self.matcher.as_deref()
    }

    /// Whether it lets less than everything through.
    pub fn is_on(&self) -> bool {
        self.matcher.is_some()
    }

    /// The newest answer to this query or, until there is one, to the query before.
    pub fn answer(&self) -> Option<&SearchResult> {
        self.answer.as_ref()
    }

    /// Whether the answer is to what is typed now, and whole.
    pub fn is_answered(&self) -> bool {
        self.answer.as_ref().is_some_and(|answer| answer.generation == self.generation && answer.complete)
    }

    /// Which condition costs the answer, where nothing was found.
    pub fn costly(&self) -> Option<&EmptyReason> {
        self.costly.as_ref()
    }

    /// Returns the next choice of the case toggle and the number of articles that it would find; `None` if it would not
    /// change the answer.
    pub fn other_case(&self) -> Option<(Case, usize)> {
        self.other_case
    }

    /// The candidates for what is being completed.
    pub fn completion(&self) -> Option<&CompletionMenu> {
        self.completion.as_ref()
    }

    /// How many hits the answer has, and whether all are counted.
    pub fn hits(&self) -> Option<(u64, bool)> {
        self.hits
    }

    /// The generation of the query; answers to older ones are unwanted.
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

    /// Sets the typed query; `screenful` articles fill the list. If it has a mistake, the last good query and its
    /// answer stay. If that answer is empty, the correct part of the typed query runs.
    pub(crate) fn retype(&mut self, corpus: &Arc<Corpus>, marks: &Marks, query: Query, screenful: usize) -> Asked {
        self.typed = Arc::new(query);
        if self.typed.mistake().is_some() && !self.is_empty_handed() {
            return Asked::Nothing;
        }
        let same = self.typed.asks_the_same(&self.query);
        self.query = Arc::clone(&self.typed);
        if same { Asked::Nothing } else { self.ask(corpus, marks, screenful) }
    }

    /// Whether nothing at all was found.
    fn is_empty_handed(&self) -> bool {
        self.is_answered() && self.answer.as_ref().is_some_and(|answer| answer.slots.is_empty())
    }

    /// Asks again, of another version of the corpus or of the marks; gives none where there is no filter.
    pub(crate) fn ask_anew(&mut self, corpus: &Arc<Corpus>, marks: &Marks, screenful: usize) -> Option<Asked> {
        // What was found and counted in the version before is no help any more, and would keep it in memory.
        self.former.clear();
        self.values = None;
        self.is_on().then(|| self.ask(corpus, marks, screenful))
    }

    /// Marks have changed: answers that depend on them are no help any more.
    pub(crate) fn forget_marks(&mut self) {
        self.former.retain(|former| !former.query.depends_on_marks());
        self.values = None;
    }

    fn ask(&mut self, corpus: &Arc<Corpus>, marks: &Marks, screenful: usize) -> Asked {
        self.generation += 1;
        self.costly = None;
        self.other_case = None;
        self.matcher = (!self.query.is_everything()).then(|| Arc::new(Matcher::new(&self.query, marks)));
        self.hits = None;
        if self.matcher.is_none() {
            self.answer = None;
            self.former.clear();
            return Asked::Everything;
        }
        let narrows = |former: &&SearchResult| self.query.refines(&former.query);
        let within = self.former.iter().filter(narrows).min_by_key(|former| former.slots.len()).cloned();
        Asked::Request(SearchRequest {
            generation: self.generation,
            corpus: Arc::clone(corpus),
            marks: marks.clone(),
            query: Arc::clone(&self.query),
            within,
            screenful,
        })
    }

    /// Takes an answer, unless it is to an older query; `marks` are those of now.
    pub(crate) fn take(&mut self, answer: SearchResult, marks: &Marks) -> bool {
        let wanted = answer.generation == self.generation && self.is_on();
        if wanted {
            if answer.complete && (answer.marks.is_same(marks) || !answer.query.depends_on_marks()) {
                self.former.retain(|former| !former.query.asks_the_same(&answer.query));
                let surplus = (self.former.len() + 1).saturating_sub(FORMER);
                self.former.drain(..surplus);
                self.former.push(answer.clone());
            }
            self.answer = Some(answer);
        }
        wanted
    }

    pub(crate) fn take_hits(&mut self, generation: u64, hits: u64, complete: bool) {
        if generation == self.generation {
            self.hits = Some((hits, complete));
        }
    }

    pub(crate) fn take_costly(&mut self, generation: u64, costly: EmptyReason) {
        if generation == self.generation {
            self.costly = Some(costly);
        }
    }

    pub(crate) fn take_other_case(&mut self, generation: u64, case: Case, matched: usize) {
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

    /// Whether the cursor stands where a word would begin.
    pub(crate) fn is_before_word(&self) -> bool {
        let before = self.editor.text().get(..self.editor.cursor()).unwrap_or("");
        before.chars().next_back().is_none_or(char::is_whitespace)
    }

    /// Completes what stands before the cursor, or goes on to the next candidate. Gives what is to be counted for it,
    /// if that is not known; none where nothing can stand there, as `false` tells.
    pub(crate) fn complete(&mut self, forward: bool) -> (bool, Option<CompletionKind>) {
        if let Some(menu) = &mut self.completion {
            menu.step(forward);
            self.type_candidate();
            return (true, None);
        }
        let Some(place) = complete(self.editor.text(), self.editor.cursor()) else { return (false, None) };
        let menu = self.completion.insert(CompletionMenu::new(place, self.editor.text()));
        if let Some(wanted) = menu.wanted() {
            match &self.values {
                Some((field, values)) if field == wanted => menu.take(values),
                _ => return (true, Some(wanted.clone())),
            }
        }
        (self.type_candidate(), None)
    }

    /// Takes values that were counted, which are those of the articles `now`; says whether something was typed with
    /// them.
    pub(crate) fn take_values(&mut self, wanted: CompletionKind, values: Values, now: bool) -> bool {
        let waiting = self.completion.as_mut().filter(|menu| menu.wanted() == Some(&wanted));
        let typed = waiting.map(|menu| menu.take(&values)).is_some() && self.type_candidate();
        self.values = now.then_some((wanted, values));
        typed
    }

    /// Types the selected candidate; a menu with no other goes away. Says no where there is none.
    fn type_candidate(&mut self) -> bool {
        let Some(menu) = &mut self.completion else { return false };
        let Some((range, text)) = menu.typed() else {
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

    /// Ends completing and puts back what was typed before; says no where nothing was being completed.
    pub(crate) fn take_back_completion(&mut self) -> bool {
        let Some(menu) = self.completion.take() else { return false };
        let (range, before) = menu.before();
        self.editor.replace(range, &before);
        true
    }

    /// Ends completing; what is typed stays.
    pub(crate) fn stop_completing(&mut self) {
        self.completion = None;
    }

    /// Keeps what is typed as the newest of the older filters; gives it where it was not that already.
    pub(crate) fn remember(&mut self) -> Option<String> {
        let text = self.editor.text().trim().to_owned();
        self.walking = None;
        if text.is_empty() || self.history.last() == Some(&text) {
            return None;
        }
        self.history.retain(|older| *older != text);
        self.history.push(text.clone());
        let surplus = self.history.len().saturating_sub(HISTORY);
        self.history.drain(..surplus);
        Some(text)
    }

    /// Puts filters of former sessions, the oldest first, before those of this one.
    pub(crate) fn remember_former(&mut self, mut former: Vec<String>) {
        former.retain(|filter| !self.history.contains(filter));
        former.append(&mut self.history);
        self.history = former;
        self.walking = None;
    }

    /// Goes to an older filter, or a newer one, and at last back to what was typed; says whether anything changed.
    pub(crate) fn walk(&mut self, older: bool) -> bool {
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
}
