//! The current version of the corpus, and the receiver of reports.

use std::sync::Arc;

use crate::corpus::Corpus;
use crate::engine::event::Event;
use crate::engine::loader::memory_budget::MemoryBudget;

/// Holds the current version of the corpus and reports each new one.
pub(super) struct Publisher {
    corpus: Arc<Corpus>,
    on_event: Box<dyn FnMut(Event) + Send>,
}

impl Publisher {
    /// Creates a publisher with an empty corpus, which sends reports to `on_event`.
    pub(super) fn new(on_event: impl FnMut(Event) + Send + 'static) -> Publisher {
        Publisher { corpus: Arc::default(), on_event: Box::new(on_event) }
    }

    /// Returns the current version.
    pub(super) fn corpus(&self) -> &Arc<Corpus> {
        &self.corpus
    }

    /// Sends a report.
    pub(super) fn send(&mut self, event: Event) {
        (self.on_event)(event);
    }

    /// Makes `version` the current one.
    pub(super) fn publish(&mut self, version: &Arc<Corpus>) {
        self.corpus = Arc::clone(version);
        (self.on_event)(Event::Corpus(Arc::clone(version)));
    }

    /// Leaves out files that exceed the memory budget. Returns whether there were any.
    pub(super) fn enforce(&mut self, budget: &MemoryBudget) -> bool {
        let Publisher { corpus, on_event } = self;
        budget.enforce(corpus, &mut |version| on_event(Event::Corpus(Arc::clone(version))))
    }
}
