//! The filter bar: what is typed, the query that it means, the answer as far as it is known, and older filters.

use std::sync::Arc;

use super::line_editor::LineEditor;
use crate::corpus::Corpus;
use crate::query::Query;
use crate::search::{Answer, Matcher, Request};

/// How many older filters are kept.
const HISTORY: usize = 200;

/// The state of the bar.
#[derive(Clone, Debug)]
pub struct FilterBar {
    editor: LineEditor,
    query: Arc<Query>,
    /// The matcher of the query, `None` where everything matches.
    matcher: Option<Arc<Matcher>>,
    generation: u64,
    answer: Option<Answer>,
    hits: Option<(u64, bool)>,
    history: Vec<String>,
    /// The place in the history while walking through it, and what was typed before.
    walking: Option<(usize, String)>,
}

impl Default for FilterBar {
    fn default() -> FilterBar {
        FilterBar {
            editor: LineEditor::default(),
            query: Arc::new(Query::parse("")),
            matcher: None,
            generation: 0,
            answer: None,
            hits: None,
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

    /// The query that it means.
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
    pub fn answer(&self) -> Option<&Answer> {
        self.answer.as_ref()
    }

    /// Whether the answer is to what is typed now, and whole.
    pub fn is_answered(&self) -> bool {
        self.answer.as_ref().is_some_and(|answer| answer.generation == self.generation && answer.complete)
    }

    /// How many hits the answer has, and whether all are counted.
    pub fn hits(&self) -> Option<(u64, bool)> {
        self.hits
    }

    /// The generation of the query; answers to older ones are unwanted.
    pub(super) fn generation(&self) -> u64 {
        self.generation
    }

    pub(super) fn editor_mut(&mut self) -> &mut LineEditor {
        &mut self.editor
    }

    /// Takes over what is typed. Gives the request for an answer where the query changed and is not everything; the
    /// caller shows all articles where it is.
    pub(super) fn retype(&mut self, corpus: &Arc<Corpus>) -> Option<Request> {
        self.query = Arc::new(Query::parse(self.editor.text()));
        self.ask(corpus, true)
    }

    /// Asks again, of another version of the corpus.
    pub(super) fn ask(&mut self, corpus: &Arc<Corpus>, may_narrow: bool) -> Option<Request> {
        self.generation += 1;
        self.matcher = (!self.query.is_everything()).then(|| Arc::new(Matcher::new(&self.query)));
        self.hits = None;
        if self.matcher.is_none() {
            self.answer = None;
            return None;
        }
        let narrows = |former: &&Answer| {
            may_narrow && former.complete && Arc::ptr_eq(&former.corpus, corpus) && self.query.refines(&former.query)
        };
        Some(Request {
            generation: self.generation,
            corpus: Arc::clone(corpus),
            query: Arc::clone(&self.query),
            within: self.answer.as_ref().filter(narrows).cloned(),
        })
    }

    /// Takes an answer, unless it is to an older query.
    pub(super) fn take(&mut self, answer: Answer) -> bool {
        let wanted = answer.generation == self.generation && self.is_on();
        if wanted {
            self.answer = Some(answer);
        }
        wanted
    }

    pub(super) fn take_hits(&mut self, generation: u64, hits: u64, complete: bool) {
        if generation == self.generation {
            self.hits = Some((hits, complete));
        }
    }

    /// Keeps what is typed as the newest of the older filters.
    pub(super) fn remember(&mut self) {
        let text = self.editor.text().trim().to_owned();
        self.walking = None;
        if !text.is_empty() {
            self.history.retain(|older| *older != text);
            self.history.push(text);
            let surplus = self.history.len().saturating_sub(HISTORY);
            self.history.drain(..surplus);
        }
    }

    /// Goes to an older filter, or a newer one, and at last back to what was typed; says whether anything changed.
    pub(super) fn walk(&mut self, older: bool) -> bool {
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

    pub(super) fn stop_walking(&mut self) {
        self.walking = None;
    }
}
