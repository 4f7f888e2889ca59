//! The filter: typing, running and remembering it.

use std::sync::Arc;

use crate::app::panes::filter_bar::{FilterOutcome, TypingOrigin};
use crate::app::{Effect, Focus, State};
use crate::keys::Action;
use crate::query::Case;
use crate::search::listed;

impl State {
    /// Runs the filter that is typed in the bar, unless it is running or answered already.
    pub(crate) fn run_filter(&mut self) {
        let query = self.parse_query(self.filter.editor().text(), self.screen.focus == Focus::Filter);
        match self.filter.set_query(&self.corpus, self.marks.current(), query, self.page_size()) {
            FilterOutcome::Unchanged => return,
            FilterOutcome::Request(request) => self.outbox.push(Effect::Filter(request)),
            FilterOutcome::Everything => {
                self.outbox.push(Effect::CancelFilter(self.filter.generation()));
                self.list_all();
            }
        }
        self.marks.update_query_marks();
        self.reading.update_hits(&self.corpus, self.filter.matcher());
    }

    /// Runs the filter again on a new version of the corpus. Uses the marks of the last query, so that articles marked
    /// since then stay listed.
    pub(crate) fn refresh_filter(&mut self) {
        let page_size = self.page_size();
        match self.filter.rerun(&self.corpus, self.marks.query_marks(), page_size) {
            Some(FilterOutcome::Request(request)) => self.outbox.push(Effect::Filter(request)),
            Some(FilterOutcome::Unchanged) => {}
            Some(FilterOutcome::Everything) | None => self.list_all(),
        }
    }

    /// Runs the filter again if its answer depends on marks, which have changed.
    pub(crate) fn refresh_filter_on_marks(&mut self) {
        if self.filter.query().depends_on_marks() {
            self.marks.update_query_marks();
            self.refresh_filter();
        }
    }

    /// Lists all articles, because no filter is on.
    pub(crate) fn list_all(&mut self) {
        let hidden_after = self.parse_query("", false).hidden_after();
        self.list.set_slots(listed(&self.corpus, hidden_after), &self.corpus);
    }

    /// Replaces the filter.
    pub(crate) fn filter_by(&mut self, query: &str) {
        self.filter.editor_mut().set(query);
        self.run_filter();
    }

    pub(super) fn clear_filter(&mut self) {
        self.filter_by("");
    }

    /// Adds the typed filter to the history.
    pub(super) fn remember_filter(&mut self) {
        self.outbox.extend(self.filter.remember().map(Effect::SaveFilter));
    }

    /// Starts typing in the filter bar.
    pub(crate) fn start_typing(&mut self) {
        if self.screen.focus != Focus::Filter {
            let text = self.filter.editor().text().to_owned();
            self.filter.typing_origin = TypingOrigin { text, focus: self.screen.focus, zen: self.screen.zen };
        }
        self.screen.zen = false;
        self.screen.focus = Focus::Filter;
    }

    /// Leaves the filter bar and restores its former text.
    pub(super) fn cancel_typing(&mut self) {
        let TypingOrigin { text, focus, zen } = std::mem::take(&mut self.filter.typing_origin);
        self.filter.stop_walking();
        (self.screen.focus, self.screen.zen) = (focus, zen);
        self.filter_by(&text);
    }

    /// Leaves the filter bar and keeps its text. Does nothing if the query has a mistake, which is shown below the bar.
    pub(super) fn accept_filter(&mut self) {
        if self.filter.typed().mistake().is_some() {
            return;
        }
        let text = self.filter.editor().text();
        let trimmed = text.trim_end().to_owned();
        if trimmed != text && self.parse_query(&trimmed, false).asks_the_same(&self.parse_query(text, false)) {
            self.filter.editor_mut().set(&trimmed);
        }
        self.remember_filter();
        self.screen.focus = Focus::List;
        self.refresh_filter_on_marks();
    }

    /// Puts the cursor after the filter and a space, so that the next word can be typed at once. Adds no space if it
    /// would change the query or separate a field from its value.
    pub(super) fn make_room_to_type(&mut self) {
        let text = self.filter.editor().text().to_owned();
        self.filter.editor_mut().apply(Action::CursorEnd);
        if text.is_empty() || text.ends_with(|c: char| c.is_whitespace() || matches!(c, ':' | '-' | '(')) {
            return;
        }
        let spaced = self.parse_query(&format!("{text} "), true);
        if spaced.asks_the_same(&self.parse_query(&text, false)) {
            self.filter.insert(" ");
            self.run_filter();
        }
    }

    /// Switches the case toggle to its next choice.
    pub(super) fn toggle_case(&mut self) {
        if self.filter.editor().text().trim().is_empty() && self.screen.focus != Focus::Filter {
            let key = self.keymap.shown(Action::StartFilter);
            return self.notify(format!("No filter; press {key} to type one"));
        }
        let case = self.filter.typed().next_case();
        self.filter.set_case(case);
        self.run_filter();
        self.notify(match case {
            Case::Auto => "Case: words in capitals are exact, others ignore case",
            Case::Exact => "Case: exact",
            Case::Ignore => "Case: ignored",
        });
    }

    /// Completes the typed word, or goes to the next or previous candidate.
    pub(super) fn complete(&mut self, forward: bool) {
        if self.screen.focus != Focus::Filter {
            return;
        }
        let (is_done, kind) = self.filter.complete(forward);
        match kind {
            Some(kind) => {
                let (corpus, marks) = (Arc::clone(&self.corpus), self.marks.current().clone());
                self.outbox.push(Effect::CountValues { corpus, marks, kind });
            }
            None if is_done => self.run_filter(),
            None => self.notify("No completion here"),
        }
    }
}
