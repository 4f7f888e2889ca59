//! The one thread that makes versions of the corpus: it loads, listens to the disk and reads again what changed, so
//! that no change is lost to another. A change is one new version, in which the old articles give way to the new ones
//! at once.

use std::collections::HashSet;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread;
use std::time::{Duration, Instant};

use super::contained::contain;
use super::crew::{Crew, Known, Report};
use super::load::{LoadEvent, Map, load};
use super::log::note;
use super::refresh::{Gone, Refresh};
use super::source::{LoadOptions, Source};
use super::watch::{Disk, Watch};
use crate::app::{LoadProgress, Message, Notice};
use crate::corpus::{Corpus, Origin, Shard};
use crate::loader::Problem;

/// While loading, a new version comes at most this often.
const PACE: Duration = Duration::from_millis(80);

/// Making a version takes longer the more there is: at most a fifth of the time is spent on it.
const SHARE: u32 = 5;

/// How long changes are gathered after the last one was heard of, and at most.
const QUIET: Duration = Duration::from_millis(100);
const AT_MOST: Duration = Duration::from_millis(300);

/// What the archive is asked.
enum Order {
    Reload,
    Disk(Disk),
    Watching(Option<Watch>),
    Close,
}

/// The reader's side of the archive. Dropping it ends the thread.
pub struct Archive {
    orders: Sender<Order>,
    stop: Arc<AtomicBool>,
}

impl Archive {
    /// Begins to load `sources` and, if it is to `watch` them, keeps up with changes. Everything is told to `tell`.
    /// Fails where the system gives out no thread.
    pub fn open(
        sources: Vec<Source>,
        options: LoadOptions,
        watch: bool,
        tell: impl FnMut(Message) + Send + 'static,
    ) -> io::Result<Archive> {
        let (orders, inbox) = mpsc::channel();
        let stop = Arc::new(AtomicBool::new(false));
        let archivist = Archivist {
            sources,
            options,
            stop: Arc::clone(&stop),
            orders: orders.clone(),
            inbox,
            tell: Box::new(tell),
            corpus: Arc::default(),
            map: Map::default(),
            troubled: HashSet::new(),
            watch: None,
        };
        thread::Builder::new().name("archive".to_owned()).spawn(move || {
            if contain(|| archivist.run(watch)).is_none() {
                note(|| "the archive ran into a fault; nothing more is read".to_owned());
            }
        })?;
        Ok(Archive { orders, stop })
    }

    /// Stops loading and keeps what is there.
    pub fn stop_loading(&self) {
        self.stop.store(true, Ordering::Relaxed);
    }

    /// Reads again what changed.
    pub fn reload(&self) {
        let _ = self.orders.send(Order::Reload);
    }
}

impl Drop for Archive {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        let _ = self.orders.send(Order::Close);
    }
}

struct Archivist {
    sources: Vec<Source>,
    options: LoadOptions,
    stop: Arc<AtomicBool>,
    orders: Sender<Order>,
    inbox: Receiver<Order>,
    tell: Box<dyn FnMut(Message) + Send>,
    corpus: Arc<Corpus>,
    map: Map,
    /// Paths that something is wrong with.
    troubled: HashSet<PathBuf>,
    watch: Option<Watch>,
}

impl Archivist {
    fn run(mut self, watch: bool) {
        self.load();
        // Listening begins after loading: every file that is opened is an event, and hearing of 300,000 of them took
        // longer than reading them. What changed meanwhile is found by comparing, unless loading was stopped.
        let mut missed = watch && !self.stop.load(Ordering::Relaxed);
        if watch {
            self.listen();
        }
        while let Ok(order) = self.inbox.recv() {
            let mut paths = HashSet::new();
            let mut everything = false;
            let mut next = Some(order);
            let began = Instant::now();
            while let Some(order) = next.take() {
                match order {
                    Order::Reload => everything = true,
                    Order::Disk(Disk::Anything) => everything = true,
                    Order::Disk(Disk::Changed(changed)) => paths.extend(changed),
                    Order::Disk(Disk::Deaf(reason)) => {
                        (self.tell)(Message::Notice(Notice { text: reason, is_error: true }));
                    }
                    Order::Disk(Disk::Listening) => everything |= std::mem::take(&mut missed),
                    Order::Watching(watch) => self.watch = watch,
                    Order::Close => return,
                }
                if !everything && paths.is_empty() {
                    break;
                }
                let wait = QUIET.min(AT_MOST.saturating_sub(began.elapsed()));
                match self.inbox.recv_timeout(wait) {
                    Ok(order) => next = Some(order),
                    Err(RecvTimeoutError::Timeout) => {}
                    Err(RecvTimeoutError::Disconnected) => return,
                }
            }
            if everything {
                self.reload();
            } else if !paths.is_empty() {
                self.refresh(&paths);
            }
        }
    }

    /// Begins to listen to the disk, on a thread of its own, as it takes its time in a large tree.
    fn listen(&self) {
        let (mut folders, mut parents) = (Vec::new(), Vec::new());
        for source in &self.sources {
            let Source::Named(path) = source else { continue };
            let Ok(real) = path.canonicalize() else { continue };
            if real.is_dir() {
                folders.push(real);
            } else if let Some(parent) = path.parent() {
                let parent = if parent.as_os_str().is_empty() { ".".as_ref() } else { parent };
                parents.extend(parent.canonicalize().ok().filter(|parent| !parents.contains(parent)));
            }
        }
        if folders.is_empty() && parents.is_empty() {
            return;
        }
        let orders = self.orders.clone();
        let started = thread::Builder::new().name("watch".to_owned()).spawn(move || {
            let heard = orders.clone();
            let watch = Watch::start(&folders, &parents, move |disk| {
                let _ = heard.send(Order::Disk(disk));
            });
            let _ = orders.send(Order::Watching(watch));
        });
        if let Err(error) = started {
            note(|| format!("no thread to watch with: {error}"));
        }
    }

    /// Loads everything, a version now and then.
    fn load(&mut self) {
        self.stop.store(false, Ordering::Relaxed);
        let Archivist { sources, options, stop, tell, corpus, troubled, .. } = self;
        let mut waiting: Vec<Arc<Shard>> = Vec::new();
        let (mut last_version, mut last_progress) = (None::<Instant>, Instant::now());
        let mut pace = PACE;
        let (tally, map) = load(sources, *options, stop, &Known::default(), &mut |event| {
            match event {
                LoadEvent::Shard(shard) => waiting.push(shard),
                LoadEvent::Problem(problem) => {
                    troubled.insert(problem.path.clone());
                    tell(Message::Problem(problem));
                }
                LoadEvent::Progress(progress) => {
                    if last_progress.elapsed() >= PACE {
                        last_progress = Instant::now();
                        tell(Message::Loading(progress));
                    }
                }
            }
            if !waiting.is_empty() && last_version.is_none_or(|last| last.elapsed() >= pace) {
                let began = Instant::now();
                *corpus = Arc::new(corpus.with(waiting.drain(..)));
                pace = PACE.max(began.elapsed() * SHARE);
                last_version = Some(Instant::now());
                tell(Message::Corpus(Arc::clone(corpus)));
            }
        });
        if !waiting.is_empty() {
            *corpus = Arc::new(corpus.with(waiting));
            tell(Message::Corpus(Arc::clone(corpus)));
        }
        tell(Message::Loading(tally.progress));
        self.map = map;
    }

    /// Goes through everything and reads what changed.
    fn reload(&mut self) {
        self.stop.store(false, Ordering::Relaxed);
        let mut known = Known::default();
        for entry in self.corpus.order().iter().filter_map(|&slot| self.corpus.get(slot)) {
            // What something is wrong with is read again, so that it is told again.
            if entry.origin() == Origin::File && !self.troubled.contains(&entry.path()) {
                known.insert(entry.path(), entry.stamp());
            }
        }
        let paths: Vec<Source> =
            self.sources.iter().filter(|source| matches!(source, Source::Named(_))).cloned().collect();
        let (mut shards, mut problems) = (Vec::new(), Vec::new());
        let tell = &mut self.tell;
        let mut last_progress = Instant::now();
        let (tally, map) = load(&paths, self.options, &self.stop, &known, &mut |event| match event {
            LoadEvent::Shard(shard) => shards.push(shard),
            LoadEvent::Problem(problem) => problems.push(problem),
            LoadEvent::Progress(progress) => {
                if last_progress.elapsed() >= PACE {
                    last_progress = Instant::now();
                    tell(Message::Loading(progress));
                }
            }
        });
        let mut gone = Gone::default();
        if tally.progress.stopped {
            // What was not looked at is not gone; what was read is.
            for entry in shards.iter().flat_map(|shard| (0..shard.len()).filter_map(|index| shard.entry(index))) {
                gone.file(&entry.path());
            }
        } else {
            known.changed().for_each(|path| gone.file(path));
            self.map = map;
            self.troubled.drain().for_each(|path| gone.file(&path));
            // All paths begin with the empty one.
            (self.tell)(Message::ProblemsGone(PathBuf::new()));
        }
        self.replace(&gone, shards, problems);
        (self.tell)(Message::Loading(tally.progress));
    }

    /// Reads again what `paths` lead to.
    fn refresh(&mut self, paths: &HashSet<PathBuf>) {
        let refresh = Refresh::after(paths, &mut self.map, &self.corpus, &self.options);
        if refresh.everything {
            return self.reload();
        }
        let Refresh { jobs, mut gone, known, mut problems, .. } = refresh;
        if jobs.is_empty() && gone.is_empty() && problems.is_empty() {
            return;
        }
        self.stop.store(false, Ordering::Relaxed);
        let named: HashSet<PathBuf> = self.map.named.keys().cloned().collect();
        let mut shards = Vec::new();
        let folders = std::mem::take(&mut self.map.folders);
        let crew = Crew::new(self.options, &self.stop, &known, &named, folders);
        let began = Instant::now();
        let tell = &mut self.tell;
        crew.work(jobs, &mut |report| match report {
            Report::Shard(shard) => shards.push(shard),
            Report::Problem(problem) => problems.push(problem),
            Report::Tick if began.elapsed() >= PACE => tell(Message::Loading(crew.progress())),
            Report::Tick => {}
        });
        let progress = LoadProgress { done: true, stopped: self.stop.load(Ordering::Relaxed), ..crew.progress() };
        self.map.folders = crew.into_folders();
        if !progress.stopped {
            known.changed().for_each(|path| gone.file(path));
        }
        if began.elapsed() >= PACE {
            (self.tell)(Message::Loading(progress));
        }
        self.replace(&gone, shards, problems);
    }

    /// Makes one version in which `shards` stand for what is `gone`.
    fn replace(&mut self, gone: &Gone, shards: Vec<Arc<Shard>>, problems: Vec<Problem>) {
        let rest =
            if gone.is_empty() { Corpus::clone(&self.corpus) } else { self.corpus.without(|entry| gone.holds(entry)) };
        if rest.len() != self.corpus.len() || !shards.is_empty() {
            self.corpus = Arc::new(rest.with(shards));
            (self.tell)(Message::Corpus(Arc::clone(&self.corpus)));
        }
        let past: Vec<PathBuf> = self.troubled.iter().filter(|path| gone.holds_path(path)).cloned().collect();
        for path in past {
            self.troubled.remove(&path);
            (self.tell)(Message::ProblemsGone(path));
        }
        for problem in problems {
            self.troubled.insert(problem.path.clone());
            (self.tell)(Message::Problem(problem));
        }
    }
}
