//! The filter thread: answers the newest request, and counts the hits of its answer while nothing newer is asked.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;

use crate::app::{Message, Notice};
use crate::engine::util::log::note;
use crate::engine::util::panic_guard::contain;
use crate::marks::FlagColumn;
use crate::search::{SearchRequest, costly_condition, count_hits, other_case, scan};

/// The reader's side of the filter thread. Dropping it ends the thread.
pub(crate) struct SearchWorker {
    requests: Option<Sender<SearchRequest>>,
    wanted: Arc<AtomicU64>,
}

impl SearchWorker {
    /// Starts the thread; answers go to `tell`.
    pub(crate) fn start(tell: impl FnMut(Message) + Send + 'static) -> io::Result<SearchWorker> {
        let (requests, inbox) = mpsc::channel();
        let wanted = Arc::new(AtomicU64::new(0));
        let latest = Arc::clone(&wanted);
        thread::Builder::new().name("filter".to_owned()).spawn(move || answer_all(&inbox, &latest, tell))?;
        Ok(SearchWorker { requests: Some(requests), wanted })
    }

    /// Asks; what was asked before is not answered any more.
    pub(crate) fn ask(&self, request: SearchRequest) {
        self.wanted.fetch_max(request.generation, Ordering::Relaxed);
        if let Some(requests) = &self.requests {
            let _ = requests.send(request);
        }
    }

    /// Answers up to this generation are not wanted any more.
    pub(crate) fn cancel(&self, generation: u64) {
        self.wanted.fetch_max(generation.saturating_add(1), Ordering::Relaxed);
    }
}

impl Drop for SearchWorker {
    fn drop(&mut self) {
        self.wanted.store(u64::MAX, Ordering::Relaxed);
        self.requests = None;
    }
}

fn answer_all(inbox: &Receiver<SearchRequest>, wanted: &AtomicU64, mut tell: impl FnMut(Message)) {
    let mut flags = FlagColumn::default();
    while let Ok(first) = inbox.recv() {
        // A burst of keys is one scan.
        let mut request = inbox.try_iter().last().unwrap_or(first);
        if request.query.depends_on_marks() {
            request.marks = flags.attach(&request.marks, &request.corpus);
        }
        answer(&request, wanted, &mut tell);
    }
}

fn answer(request: &SearchRequest, wanted: &AtomicU64, tell: &mut impl FnMut(Message)) {
    let generation = request.generation;
    let cancelled = || wanted.load(Ordering::Relaxed) > generation;
    if cancelled() {
        return;
    }
    let answered = contain(|| {
        let mut complete = None;
        scan(request, &cancelled, &mut |answer| {
            if answer.complete {
                complete = Some(answer.clone());
            }
            tell(Message::Filtered(answer));
        });
        let Some(answer) = complete else { return };
        if answer.slots.is_empty()
            && let Some(costly) = costly_condition(&answer, &cancelled)
        {
            tell(Message::Costly { generation, costly });
        }
        count_hits(&answer, &cancelled, &mut |hits, complete| {
            tell(Message::HitsCounted { generation, hits, complete });
        });
        if let Some((case, matched)) = other_case(&answer, &cancelled) {
            tell(Message::OtherCase { generation, case, matched });
        }
    });
    if answered.is_none() {
        note(|| format!("filtering ran into a fault, generation {generation}"));
        tell(Message::Notice(Notice::error("Filtering ran into a fault of this program; try other words")));
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::time::Duration;

    use super::*;
    use crate::article::{Draft, Role};
    use crate::corpus::{Corpus, FileStamp, Origin, ShardBuilder};
    use crate::marks::Marks;
    use crate::query::Query;

    fn request(generation: u64, text: &str) -> SearchRequest {
        let mut builder = ShardBuilder::default();
        let file = builder.file(&Arc::from(Path::new("desk")), "a.txt".as_ref(), Origin::File, FileStamp::default());
        let mut draft = Draft::default();
        draft.push(Role::Headline, "State of the state");
        builder.push(file, b"a", 0, "wire", &draft);
        SearchRequest {
            generation,
            corpus: Arc::new(Corpus::default().with([Arc::new(builder.finish())])),
            marks: Marks::default(),
            query: Arc::new(Query::parse(text, chrono::NaiveDate::MIN)),
            within: None,
            screenful: 80,
        }
    }

    #[test]
    fn filter_answers_the_newest_request_and_counts_hits() {
        let (sender, inbox) = mpsc::channel();
        let filter = SearchWorker::start(move |message| drop(sender.send(message))).unwrap();
        filter.ask(request(1, "nothing"));
        filter.cancel(1);
        filter.ask(request(2, "state"));
        let mut counted = None;
        while counted.is_none() {
            match inbox.recv_timeout(Duration::from_secs(20)).unwrap() {
                Message::Filtered(answer) if answer.generation == 2 => assert_eq!(answer.matched, 1),
                Message::HitsCounted { generation: 2, hits, complete: true } => counted = Some(hits),
                _ => {}
            }
        }
        assert_eq!(counted, Some(2));
    }
}
