//! The workers behind the sources pane and completion: they count what the newest request asks for.

use std::io;
use std::sync::Arc;

use crate::corpus::Corpus;
use crate::engine::event::Event;
use crate::marks::Marks;
use crate::query::CompletionKind;
use crate::search::{FacetKey, FacetSearch, count_values, facets};
use crate::util::panic_guard::catch_panic;
use crate::util::{Cancel, LatestWorker};

/// Asks for the rows of the sources pane.
pub(crate) struct FacetRequest {
    pub(crate) generation: u64,
    pub(crate) corpus: Arc<Corpus>,
    pub(crate) counted: FacetKey,
    pub(crate) marks: Marks,
    pub(crate) searches: Vec<FacetSearch>,
}

/// Asks for the values of a field.
pub(crate) struct ValuesRequest {
    pub(crate) corpus: Arc<Corpus>,
    pub(crate) marks: Marks,
    pub(crate) kind: CompletionKind,
}

/// Starts the worker that counts the rows of the sources pane.
pub(crate) fn start_facet_worker(
    mut on_event: impl FnMut(Event) + Send + 'static,
) -> io::Result<LatestWorker<FacetRequest>> {
    LatestWorker::start("facets", move |request: FacetRequest, cancel: &Cancel| {
        let FacetRequest { generation, corpus, counted, marks, searches } = request;
        let is_cancelled = || cancel.is_cancelled();
        let rows = catch_panic(|| facets(&corpus, &counted, &marks, &searches, &is_cancelled)).flatten();
        if let Some(rows) = rows {
            on_event(Event::Facets { generation, rows });
        }
    })
}

/// Starts the worker that counts the values of a field for completion.
pub(crate) fn start_values_worker(
    mut on_event: impl FnMut(Event) + Send + 'static,
) -> io::Result<LatestWorker<ValuesRequest>> {
    LatestWorker::start("values", move |request: ValuesRequest, _: &Cancel| {
        let ValuesRequest { corpus, marks, kind } = request;
        if let Some(values) = catch_panic(|| count_values(&corpus, &marks, &kind)) {
            on_event(Event::FieldValues { corpus, kind, values: Arc::new(values) });
        }
    })
}
