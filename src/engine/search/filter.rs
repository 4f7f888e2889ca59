//! The search worker: answers the newest request, then counts the hits of its result.

use std::io;

use crate::engine::event::Event;
use crate::engine::log::note;
use crate::marks::FlagColumn;
use crate::search::{SearchRequest, count_hits, explain_empty, other_case, scan};
use crate::util::panic_guard::catch_panic;
use crate::util::{Cancel, LatestWorker};

/// Starts the search worker.
pub(crate) fn start_search_worker(
    mut on_event: impl FnMut(Event) + Send + 'static,
) -> io::Result<LatestWorker<SearchRequest>> {
    let mut flags = FlagColumn::default();
    LatestWorker::start("filter", move |mut request: SearchRequest, cancel: &Cancel| {
        if request.query.depends_on_marks() {
            request.marks = flags.attach(&request.marks, &request.corpus);
        }
        search(&request, cancel, &mut on_event);
    })
}

/// Searches, reporting partial results as they come. Then explains an empty result, counts the hits, and counts the
/// matches with the other case sensitivity.
fn search(request: &SearchRequest, cancel: &Cancel, on_event: &mut impl FnMut(Event)) {
    let generation = request.generation;
    let is_cancelled = || cancel.is_cancelled();
    let searched = catch_panic(|| {
        let mut complete = None;
        scan(request, &is_cancelled, &mut |answer| {
            if answer.complete {
                complete = Some(answer.clone());
            }
            on_event(Event::SearchResult(answer));
        });
        let Some(answer) = complete else { return };
        if answer.slots.is_empty()
            && let Some(reason) = explain_empty(&answer, &is_cancelled)
        {
            on_event(Event::EmptyExplained { generation, reason });
        }
        count_hits(&answer, &is_cancelled, &mut |hits, complete| {
            on_event(Event::HitsCounted { generation, hits, complete });
        });
        if let Some((case, matched)) = other_case(&answer, &is_cancelled) {
            on_event(Event::OtherCase { generation, case, matched });
        }
    });
    if searched.is_none() {
        note(|| format!("internal error while searching, generation {generation}"));
        on_event(Event::Error("Internal error while filtering; try another query".to_owned()));
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::sync::{Arc, mpsc};
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
        let worker = start_search_worker(move |event| drop(sender.send(event))).unwrap();
        worker.request(request(1, "nothing"));
        worker.cancel();
        worker.request(request(2, "state"));
        let mut counted = None;
        while counted.is_none() {
            match inbox.recv_timeout(Duration::from_secs(20)).unwrap() {
                Event::SearchResult(answer) if answer.generation == 2 => assert_eq!(answer.matched, 1),
                Event::HitsCounted { generation: 2, hits, complete: true } => counted = Some(hits),
                _ => {}
            }
        }
        assert_eq!(counted, Some(2));
    }
}
