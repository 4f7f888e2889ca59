//! The one thread that makes versions of the corpus: it loads, listens to the disk and reads again what changed, so
//! that no change is lost to another. A change is one new version, in which the old articles give way to the new ones
//! at once.

use std::collections::HashSet;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use super::contained::contain;
use super::crew::{Crew, Report};
use super::growing::Growing;
use super::known::Known;
use super::load::{LoadEvent, Map, load};
use super::log::note;
use super::refresh::{Gone, Refresh};
use super::room::{LeftOut, MEMORY, Room};
use super::snapshot::{Ages, Cache};
use super::source::{LoadOptions, Source};
use super::stored::{StoredFeeds, StoredNews};
use super::unanswered::Unanswered;
use super::watch::{Disk, Watch};
use crate::app::{LoadProgress, Message, Notice};
use crate::corpus::{Corpus, FileView, Origin, Shard};
use crate::loader::Problem;

/// While loading, a new version comes at most this often.
const PACE: Duration = Duration::from_millis(80);

/// Making a version takes longer the more there is: at most a fifth of the time is spent on it.
const SHARE: u32 = 5;

/// How long changes are gathered after the last one was heard of, and at most.
const QUIET: Duration = Duration::from_millis(100);
const AT_MOST: Duration = Duration::from_millis(300);

/// A snapshot is written after loading, and once nothing has changed for this long.
const CALM: Duration = Duration::from_secs(60);

/// What the archive is asked.
enum Order {
    Reload,
    Disk(Disk),
    Watching(Option<Watch>),
    Feeds,
    Close,
}

/// The reader's side of the archive. Dropping it ends the thread.
pub struct Archive {
    orders: Sender<Order>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
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
        Archive::open_with(sources, options, None, watch, tell)
    }

    /// Like [`open`](Self::open), and keeps snapshots in `cache`, from which the next one begins.
    pub fn open_with(
        sources: Vec<Source>,
        options: LoadOptions,
        cache: Option<Cache>,
        watch: bool,
        tell: impl FnMut(Message) + Send + 'static,
    ) -> io::Result<Archive> {
        let (orders, inbox) = mpsc::channel();
        let stop = Arc::new(AtomicBool::new(false));
        let late = orders.clone();
        let unanswered = Unanswered::new(move |path| {
            let _ = late.send(Order::Disk(Disk::Changed(vec![path])));
        });
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
            room: Arc::new(Room::new(options.memory)),
            told_left_out: LeftOut::default(),
            unanswered: Arc::new(unanswered),
            watch: None,
            cache,
            ages: Ages::of_snapshot(),
            whole: false,
            changed: None,
            writer: None,
            feeds: None,
        };
        let thread = thread::Builder::new().name("archive".to_owned()).spawn(move || {
            if contain(|| archivist.run(watch)).is_none() {
                note(|| "the archive ran into a fault; nothing more is read".to_owned());
            }
        })?;
        Ok(Archive { orders, stop, thread: Some(thread) })
    }

    /// Stops loading and keeps what is there.
    pub fn stop_loading(&self) {
        self.stop.store(true, Ordering::Relaxed);
    }

    /// Ends, and comes back when the thread has ended too and what it knows is in the snapshot. A reader who leaves does
    /// not wait for that.
    pub fn finish(mut self) {
        let thread = self.thread.take();
        drop(self);
        // What it could panic on is contained.
        let _ = thread.map(JoinHandle::join);
    }

    /// What lets others say that feeds in the library may have changed.
    pub(super) fn looker(&self) -> impl Fn() + Clone + Send + Sync + 'static {
        let orders = self.orders.clone();
        move || {
            let _ = orders.send(Order::Feeds);
        }
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
    /// The memory that there is.
    room: Arc<Room>,
    /// What was told to be left out.
    told_left_out: LeftOut,
    /// What the disk has not answered so far.
    unanswered: Arc<Unanswered>,
    watch: Option<Watch>,
    cache: Option<Cache>,
    ages: Ages,
    /// Whether everything was looked at.
    whole: bool,
    /// When something changed last that is in no snapshot.
    changed: Option<Instant>,
    /// What writes a snapshot.
    writer: Option<JoinHandle<()>>,
    /// The feeds that are in the library, once they were read.
    feeds: Option<StoredFeeds>,
}

impl Archivist {
    fn run(mut self, watch: bool) {
        self.keep_up(watch);
        // Only who wants to be sure waits for this thread.
        let _ = self.writer.take().map(JoinHandle::join);
        self.save();
        let _ = self.writer.map(JoinHandle::join);
    }

    /// Loads, and follows what changes until it is closed.
    fn keep_up(&mut self, watch: bool) {
        self.load_feeds();
        self.load();
        self.save();
        // Listening begins after loading: every file that is opened is an event, and hearing of 300,000 of them took
        // longer than reading them. What changed meanwhile is found by comparing, unless loading was stopped.
        let mut missed = watch && !self.stop.load(Ordering::Relaxed);
        if watch {
            self.listen();
        }
        while let Some(order) = self.next_order() {
            let mut paths = HashSet::new();
            let (mut everything, mut feeds) = (false, false);
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
                    Order::Feeds => feeds = true,
                    Order::Close => return,
                }
                if !everything && paths.is_empty() && !feeds {
                    break;
                }
                let wait = QUIET.min(AT_MOST.saturating_sub(began.elapsed()));
                match self.inbox.recv_timeout(wait) {
                    Ok(order) => next = Some(order),
                    Err(RecvTimeoutError::Timeout) => {}
                    Err(RecvTimeoutError::Disconnected) => return,
                }
            }
            if feeds || everything {
                self.refresh_feeds();
            }
            if everything {
                self.reload();
            } else if !paths.is_empty() {
                self.refresh(&paths);
            }
        }
    }

    /// Waits for an order; meanwhile it writes a snapshot where nothing changes any more. None at the end.
    fn next_order(&mut self) -> Option<Order> {
        while let Some(changed) = self.changed {
            match self.inbox.recv_timeout(CALM.saturating_sub(changed.elapsed())) {
                Ok(order) => return Some(order),
                Err(RecvTimeoutError::Timeout) => self.save(),
                Err(RecvTimeoutError::Disconnected) => return None,
            }
        }
        self.inbox.recv().ok()
    }

    /// Begins to write what is there to the snapshot, on a thread of its own.
    fn save(&mut self) {
        let Some(cache) = self.cache.as_ref().filter(|_| self.whole && self.changed.is_some()) else {
            return self.changed = None;
        };
        if self.writer.as_ref().is_some_and(|writer| !writer.is_finished()) {
            // It comes back to this when it is calm again, or closes.
            self.changed = Some(Instant::now());
            return;
        }
        self.changed = None;
        let (cache, sources, options) = (cache.clone(), self.sources.clone(), self.options);
        let (corpus, ages, troubled) = (Arc::clone(&self.corpus), self.ages.clone(), self.troubled.clone());
        let writer = thread::Builder::new().name("snapshot".to_owned()).spawn(move || {
            let sound = |file: &FileView<'_>| troubled.is_empty() || !troubled.contains(&file.dir.join(file.name));
            for root in cache.roots(&sources) {
                let began = Instant::now();
                let written = contain(|| cache.write(&root, options, &corpus, &ages, &sound, &mut |_, _| {}));
                note(|| format!("snapshot of {}: {written:?} in {:?}", root.real.display(), began.elapsed()));
            }
        });
        match writer {
            Ok(writer) => self.writer = Some(writer),
            Err(error) => note(|| format!("no thread to write a snapshot with: {error}")),
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

    /// Reads the entries of feeds, a version now and then.
    fn load_feeds(&mut self) {
        let feeds = self.sources.iter().find_map(|source| match source {
            Source::Feeds { library, merge } => Some((library.clone(), *merge)),
            _ => None,
        });
        let Some((path, merge)) = feeds else { return };
        let Archivist { stop, tell, corpus, room, .. } = self;
        let mut growing = Growing::new(room, Arc::clone(corpus));
        let mut pace = Pace::default();
        let loaded = StoredFeeds::load(&path, merge, (room, stop), &mut |shard| {
            growing.hear(LoadEvent::Shard(shard));
            if pace.is_due() {
                let began = Instant::now();
                show(growing.take_in(), corpus, tell);
                pace.took(began.elapsed(), PACE);
            }
        });
        if growing.has_more() {
            show(growing.take_in(), corpus, tell);
        }
        match loaded {
            Ok(feeds) => self.feeds = Some(feeds),
            Err(error) => tell(Message::Problem(StoredFeeds::problem(&path, &error))),
        }
    }

    /// Takes over what changed in the feeds that are in the library.
    fn refresh_feeds(&mut self) {
        let Some(feeds) = &mut self.feeds else { return };
        match feeds.news((&self.room, &AtomicBool::new(false))) {
            Ok(news) => {
                let StoredNews { gone, all_gone, shards } = news;
                if gone.is_empty() && shards.is_empty() && !all_gone {
                    return;
                }
                let rest = self.corpus.without(|entry| match entry.origin() {
                    Origin::Feed => all_gone || gone.contains(&entry.id()),
                    // What comes with the program makes room for the first feed.
                    Origin::Bundled => !shards.is_empty(),
                    Origin::File | Origin::Input => false,
                });
                self.take_over(rest.with(shards));
            }
            Err(error) => {
                let text = format!("the feeds cannot be read: {error}");
                (self.tell)(Message::Notice(Notice { text, is_error: true }));
            }
        }
    }

    /// Loads everything, a version now and then.
    fn load(&mut self) {
        self.stop.store(false, Ordering::Relaxed);
        self.changed = Some(Instant::now());
        let Archivist { sources, options, stop, tell, corpus, troubled, room, unanswered, cache, ages, .. } = self;
        room.tend(true);
        let mut growing = Growing::new(room, Arc::clone(corpus));
        let (mut versions, mut gauge) = (Pace::default(), Pace::after(PACE));
        let mut slack = PACE;
        let from = (&*room, &*unanswered, &**stop);
        let (tally, map, known) = load(sources, *options, from, Known::default(), cache.as_ref(), &mut |event| {
            let mut now = false;
            match growing.hear(event) {
                Some(LoadEvent::KeptAll) => now = true,
                Some(LoadEvent::Problem(problem)) => {
                    troubled.insert(problem.path.clone());
                    tell(Message::Problem(problem));
                }
                Some(LoadEvent::Progress(progress)) if gauge.is_due() => {
                    gauge = Pace::after(PACE);
                    tell(Message::Loading(progress));
                }
                _ => {}
            }
            if growing.has_more() && (now || versions.is_due()) {
                let began = Instant::now();
                // What a snapshot gives is all there in a moment, and sooner if few versions are made on the way.
                slack = if now || !growing.has_only_kept() { PACE } else { slack * 2 };
                show(growing.take_in(), corpus, tell);
                versions.took(began.elapsed(), slack);
            }
            growing.make_room(&mut |version| show(version, corpus, tell));
            if now {
                ages.begin(corpus.slots());
            }
        });
        if cache.is_none() {
            ages.begin(0);
        }
        // What was not looked at is not gone.
        let (last, _) = growing.finish(known.changed().filter(|_| !tally.progress.stopped));
        if !Arc::ptr_eq(&last, corpus) {
            show(&last, corpus, tell);
        }
        drop(last);
        room.tend(false);
        drop(known);
        room.settle(corpus, &mut |version| tell(Message::Corpus(Arc::clone(version))));
        let LeftOut { files: left_out_files, articles: left_out_articles } = room.left_out();
        tell(Message::Loading(LoadProgress { left_out_files, left_out_articles, ..tally.progress }));
        // A snapshot of a part would not be used by the next start.
        self.whole = !tally.progress.stopped && room.left_out().articles == 0;
        self.map = map;
        self.tell_left_out();
    }

    /// Tells what is left out because there is no memory for it.
    fn tell_left_out(&mut self) {
        (self.tell)(Message::ProblemsGone(PathBuf::from(MEMORY)));
        let left_out = self.room.left_out();
        let is_news = std::mem::replace(&mut self.told_left_out, left_out) != left_out;
        if let Some(problem) = self.room.problem() {
            if is_news {
                (self.tell)(Message::Notice(Notice { text: problem.to_string(), is_error: true }));
            }
            (self.tell)(Message::Problem(problem));
        }
    }

    /// Goes through everything and reads what changed.
    fn reload(&mut self) {
        self.stop.store(false, Ordering::Relaxed);
        self.ages.begin(self.corpus.slots());
        if self.sources.iter().any(|source| matches!(source, Source::Named(_))) {
            self.room.begin(&self.corpus);
        }
        // What something is wrong with is read again, so that it is told again.
        let (troubled, unanswered) = (&self.troubled, &self.unanswered);
        let known = Known::of(&self.corpus, |file| {
            let is_well = |path: &Path| !troubled.contains(path) || unanswered.shows(path);
            troubled.is_empty() || is_well(&file.dir.join(file.name))
        });
        let paths: Vec<Source> =
            self.sources.iter().filter(|source| matches!(source, Source::Named(_))).cloned().collect();
        let slots = self.corpus.slots();
        let mut problems = Vec::new();
        self.room.tend(true);
        let Archivist { room, unanswered, stop, corpus, tell, troubled, .. } = self;
        let mut growing = Growing::again(room, Arc::clone(corpus));
        let mut gauge = Pace::after(PACE);
        let mut has_moved = false;
        let from = (&*room, &*unanswered, &**stop);
        let (tally, map, known) = load(&paths, self.options, from, known, None, &mut |event| {
            match growing.hear(event) {
                Some(LoadEvent::Problem(problem)) => problems.push(problem),
                Some(LoadEvent::Progress(progress)) if gauge.is_due() => {
                    gauge = Pace::after(PACE);
                    tell(Message::Loading(progress));
                }
                _ => {}
            }
            has_moved |= growing.make_room(&mut |version| show(version, corpus, tell));
        });
        // What something was wrong with is not known; what the disk does not answer stays as it was read before.
        let past = troubled.iter().filter(|path| !unanswered.shows(path)).cloned();
        let gone = known.changed().chain(past).filter(|_| !tally.progress.stopped);
        let (last, read_again) = growing.finish(gone);
        drop(known);
        self.room.tend(false);
        if has_moved {
            self.ages.join(slots);
        }
        if tally.progress.stopped {
            // What was not looked at is not gone.
            self.forget_problems(|path| read_again.contains(path));
        } else {
            self.map = map;
            self.whole = self.room.left_out().articles == 0;
            self.troubled.clear();
            // All paths begin with the empty one.
            (self.tell)(Message::ProblemsGone(PathBuf::new()));
        }
        if has_moved || !Arc::ptr_eq(&last, &self.corpus) {
            self.changed = Some(Instant::now());
            self.take_over(Arc::unwrap_or_clone(last));
        }
        self.tell_problems(problems);
        let LeftOut { files: left_out_files, articles: left_out_articles } = self.room.left_out();
        (self.tell)(Message::Loading(LoadProgress { left_out_files, left_out_articles, ..tally.progress }));
        self.tell_left_out();
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
        self.ages.begin(self.corpus.slots());
        let left_out = self.room.left_out();
        let named: HashSet<PathBuf> = self.map.named.keys().cloned().collect();
        let mut shards = Vec::new();
        let folders = std::mem::take(&mut self.map.folders);
        let known = Arc::new(known);
        let crew = Crew::new(self.options, &known, &self.room, &self.unanswered, named, folders);
        let began = Instant::now();
        let tell = &mut self.tell;
        crew.work(jobs, &self.stop, &mut |report| match report {
            Report::Shard(shard) => shards.push(shard),
            Report::Problem(problem) => problems.push(problem),
            Report::Tick if began.elapsed() >= PACE => tell(Message::Loading(crew.progress())),
            Report::Tick => {}
        });
        // A file that is too old is left out again whenever it is saved.
        self.room.count_as(left_out);
        let progress = LoadProgress { done: true, stopped: self.stop.load(Ordering::Relaxed), ..crew.progress() };
        self.map.folders = crew.take_folders();
        if !progress.stopped {
            known.changed().for_each(|path| gone.file(&path));
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
            self.changed = Some(Instant::now());
            self.take_over(rest.with(shards));
        }
        self.forget_problems(|path| gone.holds_path(path));
        self.tell_problems(problems);
    }

    /// Makes `corpus` the version that everybody sees, without what has become too much.
    fn take_over(&mut self, corpus: Corpus) {
        let Archivist { corpus: shown, room, tell, ages, .. } = self;
        *shown = Arc::new(compact(corpus, ages));
        tell(Message::Corpus(Arc::clone(shown)));
        let slots = shown.slots();
        if room.settle(shown, &mut |version| tell(Message::Corpus(Arc::clone(version)))) {
            ages.join(slots);
            self.whole = false;
            self.tell_left_out();
        }
    }

    /// What was wrong at some paths is a thing of the past.
    fn forget_problems(&mut self, is_past: impl Fn(&PathBuf) -> bool) {
        let past: Vec<PathBuf> = self.troubled.iter().filter(|path| is_past(path)).cloned().collect();
        for path in past {
            self.troubled.remove(&path);
            (self.tell)(Message::ProblemsGone(path));
        }
    }

    fn tell_problems(&mut self, problems: Vec<Problem>) {
        for problem in problems {
            self.troubled.insert(problem.path.clone());
            (self.tell)(Message::Problem(problem));
        }
    }
}

/// Makes `version` the one that everybody sees.
fn show(version: &Arc<Corpus>, shown: &mut Arc<Corpus>, tell: &mut dyn FnMut(Message)) {
    *shown = Arc::clone(version);
    tell(Message::Corpus(Arc::clone(version)));
}

/// How often something is done that costs time.
#[derive(Default)]
struct Pace {
    due: Option<Instant>,
}

impl Pace {
    /// Once, after so long.
    fn after(time: Duration) -> Pace {
        Pace { due: Some(Instant::now() + time) }
    }

    fn is_due(&self) -> bool {
        self.due.is_none_or(|due| due <= Instant::now())
    }

    /// It was done and took so long: it comes again after `least`, and takes a fifth of the time at the most.
    fn took(&mut self, time: Duration, least: Duration) {
        *self = Pace::after(least.max(time * SHARE));
    }
}

/// Lets go of what is gone, where that has become much.
fn compact(corpus: Corpus, ages: &mut Ages) -> Corpus {
    let Some(compacted) = corpus.compacted() else { return corpus };
    ages.join(corpus.slots());
    note(|| format!("{} bytes of articles became {}", corpus.memory(), compacted.memory()));
    compacted
}
