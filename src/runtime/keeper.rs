//! The keeper of the corpus: the one thread that makes new versions of it, while loading and whenever files change.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender};
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use super::event_loop::Event;
use super::load::{LoadEvent, LoadOptions, Source, load};
use super::note;
use super::watch;
use crate::app::{Message, Notice};
use crate::corpus::Corpus;

/// How often a new version is shown while loading.
const FRAME: Duration = Duration::from_millis(80);

/// What the keeper is asked for.
#[derive(Debug)]
pub(super) enum Order {
    /// Read everything again.
    Reload,
    /// These files or folders changed, came or went.
    Changed(Vec<PathBuf>),
}

/// The keeper, seen from other threads.
#[derive(Clone, Debug)]
pub(super) struct Keeper {
    pub(super) orders: Sender<Order>,
    stop: Arc<AtomicBool>,
}

impl Keeper {
    /// Starts loading `sources`, then keeps watch over them.
    pub(super) fn start(sources: Vec<Source>, options: LoadOptions, watched: bool, events: Sender<Event>) -> Keeper {
        let (orders, receive) = mpsc::channel();
        let stop = Arc::new(AtomicBool::new(false));
        let keeper = Keeper { orders, stop: Arc::clone(&stop) };
        let task = Task { sources, options, events, stop, corpus: Corpus::default() };
        let watching = watched.then(|| keeper.orders.clone());
        std::thread::spawn(move || task.run(watching, &receive));
        keeper
    }

    /// Stops loading; what was loaded stays.
    pub(super) fn stop_loading(&self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

struct Task {
    sources: Vec<Source>,
    options: LoadOptions,
    events: Sender<Event>,
    stop: Arc<AtomicBool>,
    corpus: Corpus,
}

impl Task {
    fn run(mut self, watching: Option<Sender<Order>>, orders: &Receiver<Order>) {
        // Watching begins before loading, so that nothing changes unseen between the two.
        let watcher = watching.map(|orders| watch::watch(&self.sources, orders));
        let _watcher = match watcher {
            Some(Ok(watcher)) => Some(watcher),
            Some(Err(error)) => {
                self.tell(Message::Notice(Notice::error(format!("Changes of files will not be seen: {error}"))));
                None
            }
            None => None,
        };
        self.load_everything();
        // Once the program ends, nobody sends orders any more.
        while let Ok(order) = orders.recv() {
            match order {
                Order::Reload => {
                    self.corpus = Corpus::default();
                    self.tell(Message::ProblemsGone(PathBuf::new()));
                    self.load_everything();
                }
                Order::Changed(paths) => self.read_again(&paths),
            }
        }
    }

    fn tell(&self, message: Message) {
        // While the program ends, nobody listens any more.
        let _ = self.events.send(Event::Message(message));
    }

    fn load_everything(&mut self) {
        self.stop.store(false, Ordering::Relaxed);
        let begun = Instant::now();
        let mut shown = Instant::now() - FRAME;
        let mut batch = Vec::new();
        let mut corpus = self.corpus.clone();
        load(&self.sources, self.options, &self.stop, &mut |event| {
            match event {
                LoadEvent::Shard(shard) => batch.push(Arc::new(shard)),
                LoadEvent::Problem(problem) => self.tell(Message::Problem(problem)),
                LoadEvent::Progress(progress) => self.tell(Message::Loading(progress)),
            }
            if !batch.is_empty() && shown.elapsed() >= FRAME {
                corpus = corpus.with(batch.drain(..));
                self.tell(Message::Corpus(Arc::new(corpus.clone())));
                shown = Instant::now();
            }
        });
        self.corpus = corpus.with(batch);
        self.tell(Message::Corpus(Arc::new(self.corpus.clone())));
        note(|| format!("loaded {} articles in {:?}", self.corpus.len(), begun.elapsed()));
    }

    /// Reads changed files and folders again, and leaves out what is gone, in one step.
    fn read_again(&mut self, paths: &[PathBuf]) {
        note(|| format!("changed: {paths:?}"));
        let mut shards = Vec::new();
        for path in paths {
            self.tell(Message::ProblemsGone(path.clone()));
        }
        let there = paths.iter().filter(|path| path.exists()).cloned().map(Source::Found).collect::<Vec<_>>();
        load(&there, self.options, &AtomicBool::new(false), &mut |event| match event {
            LoadEvent::Shard(shard) => shards.push(Arc::new(shard)),
            LoadEvent::Problem(problem) => self.tell(Message::Problem(problem)),
            LoadEvent::Progress(_) => {}
        });
        let is_stale = |path: PathBuf| paths.iter().any(|changed| path.starts_with(changed));
        self.corpus = self.corpus.without(|entry| is_stale(entry.path())).with(shards);
        self.tell(Message::Corpus(Arc::new(self.corpus.clone())));
    }
}
