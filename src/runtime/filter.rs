//! The filter thread: answers the newest request, gives up older ones, and counts hits when it has nothing else to do.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};

use super::event_loop::Event;
use super::note;
use crate::app::Message;
use crate::search::{Request, count_hits, scan};

/// The filter thread, seen from the executor.
#[derive(Debug)]
pub(super) struct Filter {
    requests: Sender<Request>,
    /// The newest generation that anybody wants an answer to.
    newest: Arc<AtomicU64>,
}

impl Filter {
    /// Starts the thread.
    pub(super) fn start(events: Sender<Event>) -> Filter {
        let (requests, receive) = channel();
        let newest = Arc::new(AtomicU64::new(0));
        let filter = Filter { requests, newest: Arc::clone(&newest) };
        std::thread::spawn(move || answer_all(&receive, &newest, &events));
        filter
    }

    /// Asks for an answer; what was asked before is given up.
    pub(super) fn ask(&self, request: Request) {
        self.newest.store(request.generation, Ordering::Release);
        // The thread ends only with the program.
        let _ = self.requests.send(request);
    }

    /// Gives up everything up to `generation`.
    pub(super) fn cancel(&self, generation: u64) {
        self.newest.store(generation, Ordering::Release);
    }
}

fn answer_all(requests: &Receiver<Request>, newest: &AtomicU64, events: &Sender<Event>) {
    while let Ok(mut request) = requests.recv() {
        while let Ok(newer) = requests.try_recv() {
            request = newer;
        }
        let generation = request.generation;
        let cancelled = || newest.load(Ordering::Acquire) != generation;
        // While the program ends, nobody listens any more.
        let tell = |message: Message| drop(events.send(Event::Message(message)));
        let mut complete = None;
        let begun = std::time::Instant::now();
        scan(&request, &cancelled, &mut |answer| {
            if answer.complete {
                complete = Some(answer.clone());
            }
            tell(Message::Filtered(answer));
        });
        note(|| {
            format!("filter {:?}: {:?}, narrowed {}", request.query.text(), begun.elapsed(), request.within.is_some())
        });
        if let Some(answer) = complete {
            count_hits(&answer, &cancelled, &mut |hits, complete| {
                tell(Message::HitsCounted { generation, hits, complete });
            });
        }
    }
}
