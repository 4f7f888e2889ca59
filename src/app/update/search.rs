//! Answers of the search workers.

use std::sync::Arc;

use crate::app::{Focus, State};
use crate::corpus::Corpus;
use crate::query::{CompletionKind, Field};
use crate::search::{Facet, SearchResult};

impl State {
    pub(super) fn on_search_result(&mut self, result: SearchResult) {
        let slots = Arc::clone(&result.slots);
        if self.filter.set_result(result, self.marks.current()) {
            self.list.set_slots(slots, &self.corpus);
        }
    }

    /// Completes the typed field with the values that were counted for it.
    pub(super) fn on_field_values(
        &mut self,
        corpus: &Arc<Corpus>,
        kind: CompletionKind,
        mut values: Arc<Vec<(String, usize)>>,
    ) {
        if kind == CompletionKind::Value(Field::Feed) {
            values = self.feeds.add_empty_feeds(&values);
        }
        if self.filter.set_values(kind, values, Arc::ptr_eq(corpus, &self.corpus)) {
            self.run_filter();
        }
    }

    pub(super) fn on_facets(&mut self, generation: u64, rows: Vec<Facet>) {
        let rows = self.feeds.merge_into(rows, self.config.feeds.sort);
        self.sources.set_rows(generation, rows, self.screen.focus == Focus::Sources);
    }
}
