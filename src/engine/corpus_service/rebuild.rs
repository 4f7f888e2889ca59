//! The versions that it makes: of everything, and of what changed.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::corpus_thread::CorpusThread;
use crate::article::Problem;
use crate::corpus::{Corpus, LoadProgress, Origin, Shard};
use crate::engine::corpus_service::rescan::{RemovedSet, RescanPlan};
use crate::engine::event::Event;
use crate::engine::feeds::entries::{EntryChanges, FeedEntries};
use crate::engine::loader::accumulator::CorpusAccumulator;
use crate::engine::loader::known_files::KnownFiles;
use crate::engine::loader::memory_budget::MEMORY;
use crate::engine::loader::pool::{LoadPool, LoadReport};
use crate::engine::loader::source::Source;
use crate::engine::loader::{LoadEvent, load};
use crate::engine::log::note;
use crate::engine::snapshot::ReadTimes;
use crate::util::throttle::Throttle;

/// While loading, a new version comes at most this often.
const PACE: Duration = Duration::from_millis(80);

impl CorpusThread {
    /// Reads the entries of feeds, a version now and then.
    pub(super) fn load_feeds(&mut self) {
        let feeds = self.sources.iter().find_map(|source| match source {
            Source::Feeds { library, merge } => Some((library.clone(), *merge)),
            _ => None,
        });
        let Some((path, merge)) = feeds else { return };
        let CorpusThread { stop, tell, corpus, room, .. } = self;
        let mut growing = CorpusAccumulator::new(room, Arc::clone(corpus));
        let mut pace = Throttle::default();
        let loaded = FeedEntries::load(&path, merge, (room, stop), &mut |shard| {
            growing.hear(LoadEvent::Shard(shard));
            if pace.is_due() {
                let began = Instant::now();
                show(growing.take_in(), corpus, tell);
                pace.record(began.elapsed(), PACE);
            }
        });
        if growing.has_more() {
            show(growing.take_in(), corpus, tell);
        }
        match loaded {
            Ok(feeds) => self.feeds = Some(feeds),
            Err(error) => tell(Event::Problem(FeedEntries::problem(&path, &error))),
        }
    }

    /// Takes over what changed in the feeds that are in the library.
    pub(super) fn refresh_feeds(&mut self) {
        let Some(feeds) = &mut self.feeds else { return };
        match feeds.news((&self.room, &AtomicBool::new(false))) {
            Ok(news) => {
                let EntryChanges { gone, all_gone, shards } = news;
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
                (self.tell)(Event::Error(format!("Cannot read the feeds: {error}")));
            }
        }
    }

    /// Loads everything, a version now and then.
    pub(super) fn load(&mut self) {
        self.stop.store(false, Ordering::Relaxed);
        self.changed = Some(Instant::now());
        let CorpusThread {
            sources, options, stop, tell, corpus, troubled, room, unanswered, cache, ages, feeds, ..
        } = self;
        room.tend(true);
        let mut growing = CorpusAccumulator::new(room, Arc::clone(corpus));
        let (mut versions, mut gauge) = (Throttle::default(), Throttle::after(PACE));
        let mut slack = PACE;
        let from = (&*room, &*unanswered, &**stop);
        let (tally, map, known) = load(sources, *options, from, KnownFiles::default(), cache.as_ref(), &mut |event| {
            let mut now = false;
            match growing.hear(event) {
                Some(LoadEvent::KeptAll) => now = true,
                Some(LoadEvent::Problem(problem)) => {
                    troubled.insert(problem.path.clone());
                    tell(Event::Problem(problem));
                }
                Some(LoadEvent::Progress(progress)) if gauge.is_due() => {
                    gauge = Throttle::after(PACE);
                    tell(Event::Loading(progress));
                }
                _ => {}
            }
            if growing.has_more() && (now || versions.is_due()) {
                let began = Instant::now();
                // What a snapshot gives is all there in a moment, and sooner if few versions are made on the way.
                slack = if now || !growing.has_only_kept() { PACE } else { slack * 2 };
                show(growing.take_in(), corpus, tell);
                versions.record(began.elapsed(), slack);
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
        room.settle(corpus, &mut |version| tell(Event::Corpus(Arc::clone(version))));
        let mut progress = room.told_in(tally.progress);
        progress.stopped |= feeds.as_ref().is_some_and(FeedEntries::is_partial);
        tell(Event::Loading(progress));
        self.stopped = progress.stopped.then_some(progress);
        // A snapshot of a part would not be used by the next start.
        self.whole = !tally.progress.stopped && room.left_out().articles == 0;
        self.map = map;
        self.tell_left_out();
    }

    /// Tells what is left out because there is no memory for it.
    fn tell_left_out(&mut self) {
        (self.tell)(Event::ProblemsCleared(PathBuf::from(MEMORY)));
        let left_out = self.room.left_out();
        let is_news = std::mem::replace(&mut self.told_left_out, left_out) != left_out;
        if let Some(problem) = self.room.problem() {
            if is_news {
                (self.tell)(Event::Error(problem.to_string()));
            }
            (self.tell)(Event::Problem(problem));
        }
    }

    /// Goes through everything and reads what changed.
    pub(super) fn reload(&mut self) {
        self.stop.store(false, Ordering::Relaxed);
        self.ages.begin(self.corpus.slots());
        if self.sources.iter().any(|source| matches!(source, Source::Named(_))) {
            self.room.begin(&self.corpus);
        }
        // What something is wrong with is read again, so that it is told again.
        let (troubled, unanswered) = (&self.troubled, &self.unanswered);
        let known = KnownFiles::of(&self.corpus, |file| {
            let is_well = |path: &Path| !troubled.contains(path) || unanswered.shows(path);
            troubled.is_empty() || is_well(&file.dir.join(file.name))
        });
        let paths: Vec<Source> =
            self.sources.iter().filter(|source| matches!(source, Source::Named(_))).cloned().collect();
        let slots = self.corpus.slots();
        let mut problems = Vec::new();
        self.room.tend(true);
        let CorpusThread { room, unanswered, stop, corpus, tell, troubled, .. } = self;
        let mut growing = CorpusAccumulator::again(room, Arc::clone(corpus));
        let mut gauge = Throttle::after(PACE);
        let mut has_moved = false;
        let from = (&*room, &*unanswered, &**stop);
        let (tally, map, known) = load(&paths, self.options, from, known, None, &mut |event| {
            match growing.hear(event) {
                Some(LoadEvent::Problem(problem)) => problems.push(problem),
                Some(LoadEvent::Progress(progress)) if gauge.is_due() => {
                    gauge = Throttle::after(PACE);
                    tell(Event::Loading(progress));
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
            (self.tell)(Event::ProblemsCleared(PathBuf::new()));
        }
        if has_moved || !Arc::ptr_eq(&last, &self.corpus) {
            self.changed = Some(Instant::now());
            self.take_over(Arc::unwrap_or_clone(last));
        }
        self.tell_problems(problems);
        let progress = self.room.told_in(tally.progress);
        self.stopped = progress.stopped.then_some(progress);
        (self.tell)(Event::Loading(progress));
        self.tell_left_out();
    }

    /// Reads again what `paths` lead to.
    pub(super) fn refresh(&mut self, paths: &HashSet<PathBuf>) {
        let refresh = RescanPlan::after(paths, &mut self.map, &self.corpus, &self.options);
        if refresh.everything {
            return self.reload();
        }
        let RescanPlan { jobs, mut gone, known, mut problems, .. } = refresh;
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
        let crew = LoadPool::new(self.options, &known, &self.room, &self.unanswered, named, folders);
        let began = Instant::now();
        let tell = &mut self.tell;
        crew.work(jobs, &self.stop, &mut |report| match report {
            LoadReport::Shard(shard) => shards.push(shard),
            LoadReport::Problem(problem) => problems.push(problem),
            LoadReport::Tick if began.elapsed() >= PACE => tell(Event::Loading(crew.progress())),
            LoadReport::Tick => {}
        });
        // A file that is too old is left out again whenever it is saved.
        self.room.count_as(left_out);
        let progress = LoadProgress { done: true, stopped: self.stop.load(Ordering::Relaxed), ..crew.progress() };
        self.map.folders = crew.take_folders();
        for double in crew.take_doubles() {
            self.map.doubles.retain(|known| known.shown != double.shown);
            self.map.doubles.push(double);
        }
        if !progress.stopped {
            known.changed().for_each(|path| gone.file(&path));
        }
        if began.elapsed() >= PACE {
            // Articles that were not loaded because the reader stopped loading are still missing.
            (self.tell)(Event::Loading(self.stopped.unwrap_or(progress)));
        }
        self.replace(&gone, shards, problems);
    }

    /// Makes one version in which `shards` stand for what is `gone`.
    fn replace(&mut self, gone: &RemovedSet, shards: Vec<Arc<Shard>>, problems: Vec<Problem>) {
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
        let CorpusThread { corpus: shown, room, tell, ages, .. } = self;
        *shown = Arc::new(compact(corpus, ages));
        tell(Event::Corpus(Arc::clone(shown)));
        let slots = shown.slots();
        if room.settle(shown, &mut |version| tell(Event::Corpus(Arc::clone(version)))) {
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
            (self.tell)(Event::ProblemsCleared(path));
        }
    }

    fn tell_problems(&mut self, problems: Vec<Problem>) {
        for problem in problems {
            self.troubled.insert(problem.path.clone());
            (self.tell)(Event::Problem(problem));
        }
    }
}

/// Makes `version` the one that everybody sees.
fn show(version: &Arc<Corpus>, shown: &mut Arc<Corpus>, tell: &mut dyn FnMut(Event)) {
    *shown = Arc::clone(version);
    tell(Event::Corpus(Arc::clone(version)));
}

/// Lets go of what is gone, where that has become much.
fn compact(corpus: Corpus, ages: &mut ReadTimes) -> Corpus {
    let Some(compacted) = corpus.compacted() else { return corpus };
    ages.join(corpus.slots());
    note(|| format!("{} bytes of articles became {}", corpus.memory(), compacted.memory()));
    compacted
}
