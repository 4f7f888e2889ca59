//! The thread that counts what an answer consists of, for the newest answer only.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, Sender};
use std::{io, thread};

use crate::app::Message;
use crate::corpus::Corpus;
use crate::engine::util::panic_guard::contain;
use crate::marks::Marks;
use crate::search::{FacetKey, FacetSearch, facets};

/// What is to be counted.
pub(crate) struct FacetRequest {
    pub(crate) generation: u64,
    pub(crate) corpus: Arc<Corpus>,
    pub(crate) counted: FacetKey,
    pub(crate) marks: Marks,
    pub(crate) searches: Vec<FacetSearch>,
}

/// The reader's side of the thread. Dropping it ends the thread.
pub(crate) struct FacetWorker {
    wishes: Option<Sender<FacetRequest>>,
    wanted: Arc<AtomicU64>,
}

impl FacetWorker {
    /// Starts the thread; counts go to `tell`.
    pub(crate) fn start(mut tell: impl FnMut(Message) + Send + 'static) -> io::Result<FacetWorker> {
        let (wishes, inbox) = mpsc::channel::<FacetRequest>();
        let wanted = Arc::new(AtomicU64::new(0));
        let latest = Arc::clone(&wanted);
        thread::Builder::new().name("facets".to_owned()).spawn(move || {
            while let Ok(first) = inbox.recv() {
                let FacetRequest { generation, corpus, counted, marks, searches } =
                    inbox.try_iter().last().unwrap_or(first);
                let cancelled = || latest.load(Ordering::Relaxed) > generation;
                let rows = contain(|| facets(&corpus, &counted, &marks, &searches, &cancelled)).flatten();
                if let Some(rows) = rows {
                    tell(Message::Facets { generation, rows });
                }
            }
        })?;
        Ok(FacetWorker { wishes: Some(wishes), wanted })
    }

    /// Counts; what was to be counted before is not any more.
    pub(crate) fn count(&self, wish: FacetRequest) {
        self.wanted.fetch_max(wish.generation, Ordering::Relaxed);
        if let Some(wishes) = &self.wishes {
            let _ = wishes.send(wish);
        }
    }
}

impl Drop for FacetWorker {
    fn drop(&mut self) {
        self.wanted.store(u64::MAX, Ordering::Relaxed);
        self.wishes = None;
    }
}
