//! Makes the versions of the corpus: of everything, and of changes.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use super::corpus_thread::CorpusThread;
use super::rescan::RescanPlan;
use crate::article::Problem;
use crate::corpus::{Corpus, LoadProgress, Origin, Shard};
use crate::engine::event::Event;
use crate::engine::feeds::entries::{EntryChanges, FeedEntries};
use crate::engine::load::{LoadResult, load};
use crate::engine::loader::accumulator::CorpusAccumulator;
use crate::engine::loader::accumulator::LoadEvent;
use crate::engine::loader::context::LoadContext;
use crate::engine::loader::known_files::KnownFiles;
use crate::engine::loader::pool::{LoadPool, LoadReport, PoolOptions};
use crate::engine::loader::removed::RemovedSet;
use crate::engine::loader::source::Source;
use crate::engine::log::note;
use crate::engine::snapshot::ReadTimes;
use crate::util::throttle::Throttle;

/// The minimum interval between versions, and between progress reports, while loading.
const PUBLISH_INTERVAL: Duration = Duration::from_millis(80);

impl CorpusThread {
    /// Reads the entries of feeds.
    pub(super) fn load_feeds(&mut self) {
        let feeds = self.sources.iter().find_map(|source| match source {
            Source::Feeds { library, merge } => Some((library.clone(), *merge)),
            _ => None,
        });
        let Some((path, merge)) = feeds else { return };
        let CorpusThread { publisher, budget, stop, .. } = self;
        let mut loaded = CorpusAccumulator::new(budget, Arc::clone(publisher.corpus()));
        let mut throttle = Throttle::default();
        let entries = FeedEntries::load(&path, merge, budget, stop, &mut |shard| {
            loaded.push(LoadEvent::Shard(shard));
            if throttle.is_due() {
                let began = Instant::now();
                publisher.publish(loaded.flush());
                throttle.record(began.elapsed(), PUBLISH_INTERVAL);
            }
        });
        if loaded.has_pending() {
            publisher.publish(loaded.flush());
        }
        match entries {
            Ok(entries) => self.feeds = Some(entries),
            Err(error) => publisher.send(Event::Problem(FeedEntries::problem(&path, &error))),
        }
    }

    /// Applies changes of the entries in the library.
    pub(super) fn refresh_feeds(&mut self) {
        let Some(feeds) = &mut self.feeds else { return };
        let EntryChanges { removed, all_removed, shards } = match feeds.poll(&self.budget) {
            Ok(changes) => changes,
            Err(error) => return self.publisher.send(Event::Error(format!("Cannot read the feeds: {error}"))),
        };
        if removed.is_empty() && shards.is_empty() && !all_removed {
            return;
        }
        let rest = self.publisher.corpus().without(|entry| match entry.origin() {
            Origin::Feed => all_removed || removed.contains(&entry.id()),
            // The first feed replaces the bundled articles.
            Origin::Bundled => !shards.is_empty(),
            Origin::File | Origin::Input => false,
        });
        self.publish(rest.with(shards));
    }

    /// Loads all sources.
    pub(super) fn load(&mut self) {
        self.stop.store(false, Ordering::Relaxed);
        self.snapshots.mark_changed();
        self.budget.set_evicting(true);
        let CorpusThread { publisher, problems, snapshots, budget, stalled, stop, .. } = self;
        let cache = snapshots.cache().cloned();
        let mut loaded = CorpusAccumulator::new(budget, Arc::clone(publisher.corpus()));
        let (mut versions, mut progress_reports) = (Throttle::default(), Throttle::after(PUBLISH_INTERVAL));
        let mut interval = PUBLISH_INTERVAL;
        let context = LoadContext { budget, stalled, stop };
        let known = KnownFiles::default();
        let result = load(&self.sources, self.options, context, known, cache.as_ref(), &mut |event| {
            let mut snapshots_done = false;
            match loaded.push(event) {
                Some(LoadEvent::SnapshotsDone) => snapshots_done = true,
                Some(LoadEvent::Problem(problem)) => problems.report(problem, publisher),
                Some(LoadEvent::Progress(progress)) if progress_reports.is_due() => {
                    progress_reports = Throttle::after(PUBLISH_INTERVAL);
                    publisher.send(Event::Loading(progress));
                }
                _ => {}
            }
            if loaded.has_pending() && (snapshots_done || versions.is_due()) {
                let began = Instant::now();
                // Snapshots are read quickly, and all the sooner the fewer versions are made meanwhile.
                let is_disk = snapshots_done || !loaded.has_only_snapshots();
                interval = if is_disk { PUBLISH_INTERVAL } else { interval * 2 };
                publisher.publish(loaded.flush());
                versions.record(began.elapsed(), interval);
            }
            loaded.evict(&mut |version| publisher.publish(version));
            if snapshots_done {
                snapshots.read_times.mark_since(publisher.corpus().slots());
            }
        });
        let LoadResult { progress, index, known, .. } = result;
        if cache.is_none() {
            snapshots.read_times.mark_since(0);
        }
        // If loading was stopped, files that were not looked at still exist.
        let (last, _) = loaded.finish(known.changed().filter(|_| !progress.stopped));
        if !Arc::ptr_eq(&last, publisher.corpus()) {
            publisher.publish(&last);
        }
        // These would keep old shards in memory.
        drop((last, known));
        budget.set_evicting(false);
        publisher.enforce(budget);
        self.index = index;
        // A snapshot of a part would not be used by the next start.
        self.snapshots.is_complete = !progress.stopped && self.budget.left_out().articles == 0;
        let is_partial = self.feeds.as_ref().is_some_and(FeedEntries::is_partial);
        self.finish_pass(LoadProgress { stopped: progress.stopped || is_partial, ..progress });
    }

    /// Compares everything with the disk and reads what changed.
    pub(super) fn reload(&mut self) {
        self.stop.store(false, Ordering::Relaxed);
        self.snapshots.read_times.mark_since(self.publisher.corpus().slots());
        let is_path = |source: &&Source| matches!(source, Source::Path(_));
        let paths: Vec<Source> = self.sources.iter().filter(is_path).cloned().collect();
        if !paths.is_empty() {
            self.budget.reset(self.publisher.corpus());
        }
        // Files with problems are read again, so that their problems are reported again.
        let problem_paths = self.problems.paths();
        let known = KnownFiles::of(self.publisher.corpus(), |file| {
            let is_sound = |path: &Path| !problem_paths.contains(path) || self.stalled.covers(path);
            problem_paths.is_empty() || is_sound(&file.dir.join(file.name))
        });
        let slots = self.publisher.corpus().slots();
        self.budget.set_evicting(true);
        let mut new_problems = Vec::new();
        let CorpusThread { publisher, budget, stalled, stop, .. } = self;
        let mut loaded = CorpusAccumulator::replacing(budget, Arc::clone(publisher.corpus()));
        let mut progress_reports = Throttle::after(PUBLISH_INTERVAL);
        let mut has_evicted = false;
        let context = LoadContext { budget, stalled, stop };
        let result = load(&paths, self.options, context, known, None, &mut |event| {
            match loaded.push(event) {
                Some(LoadEvent::Problem(problem)) => new_problems.push(problem),
                Some(LoadEvent::Progress(progress)) if progress_reports.is_due() => {
                    progress_reports = Throttle::after(PUBLISH_INTERVAL);
                    publisher.send(Event::Loading(progress));
                }
                _ => {}
            }
            has_evicted |= loaded.evict(&mut |version| publisher.publish(version));
        });
        let LoadResult { progress, index, known, .. } = result;
        // Files with problems are not among the known ones. Files on a stalled disk stay as they were read before.
        let past = self.problems.paths().iter().filter(|path| !self.stalled.covers(path)).cloned();
        let removed = known.changed().chain(past).filter(|_| !progress.stopped);
        let (last, read_again) = loaded.finish(removed);
        drop(known);
        self.budget.set_evicting(false);
        if has_evicted {
            self.snapshots.read_times.merge_from(slots);
        }
        if progress.stopped {
            // Files that were not looked at still exist, and so do their problems.
            self.problems.clear(|path| read_again.contains(path), &mut self.publisher);
        } else {
            self.index = index;
            self.snapshots.is_complete = self.budget.left_out().articles == 0;
            self.problems.clear_all(&mut self.publisher);
        }
        if has_evicted || !Arc::ptr_eq(&last, self.publisher.corpus()) {
            self.snapshots.mark_changed();
            self.publish(Arc::unwrap_or_clone(last));
        }
        self.report_problems(new_problems);
        self.finish_pass(progress);
    }

    /// Reports the end of a pass over all sources.
    fn finish_pass(&mut self, progress: LoadProgress) {
        let progress = self.budget.with_left_out(progress);
        self.stopped = progress.stopped.then_some(progress);
        self.publisher.send(Event::Loading(progress));
        self.problems.report_left_out(&self.budget, &mut self.publisher);
    }

    /// Reads the changed `paths` again.
    pub(super) fn refresh(&mut self, paths: &HashSet<PathBuf>) {
        let plan = RescanPlan::after(paths, &mut self.index, self.publisher.corpus(), &self.options);
        if plan.everything {
            self.reload();
            return;
        }
        let RescanPlan { jobs, mut removed, known, mut problems, .. } = plan;
        if jobs.is_empty() && removed.is_empty() && problems.is_empty() {
            return;
        }
        self.stop.store(false, Ordering::Relaxed);
        self.snapshots.read_times.mark_since(self.publisher.corpus().slots());
        let left_out = self.budget.left_out();
        let mut shards = Vec::new();
        let known = Arc::new(known);
        let pool = LoadPool::new(PoolOptions {
            options: self.options,
            known: Arc::clone(&known),
            budget: Arc::clone(&self.budget),
            stalled: Arc::clone(&self.stalled),
            named: self.index.named.keys().cloned().collect(),
            folders: std::mem::take(&mut self.index.folders),
        });
        let began = Instant::now();
        let publisher = &mut self.publisher;
        pool.run(jobs, &self.stop, &mut |report| match report {
            LoadReport::Shard(shard) => shards.push(shard),
            LoadReport::Problem(problem) => problems.push(problem),
            LoadReport::Tick if began.elapsed() >= PUBLISH_INTERVAL => publisher.send(Event::Loading(pool.progress())),
            LoadReport::Tick => {}
        });
        // A file that is too old is counted again each time it is saved.
        self.budget.restore_counts(left_out);
        let progress = LoadProgress { done: true, stopped: self.stop.load(Ordering::Relaxed), ..pool.progress() };
        self.index.folders = pool.take_folders();
        for double in pool.take_doubles() {
            self.index.doubles.retain(|known| known.shown != double.shown);
            self.index.doubles.push(double);
        }
        if !progress.stopped {
            known.changed().for_each(|path| removed.file(&path));
        }
        if began.elapsed() >= PUBLISH_INTERVAL {
            // If the reader stopped loading before, articles are still missing.
            self.publisher.send(Event::Loading(self.stopped.unwrap_or(progress)));
        }
        self.replace(&removed, shards, problems);
    }

    /// Makes a version in which `shards` replace the articles of `removed`.
    fn replace(&mut self, removed: &RemovedSet, shards: Vec<Arc<Shard>>, problems: Vec<Problem>) {
        let corpus = self.publisher.corpus();
        let rest =
            if removed.is_empty() { Corpus::clone(corpus) } else { corpus.without(|entry| removed.contains(entry)) };
        if rest.len() != corpus.len() || !shards.is_empty() {
            self.snapshots.mark_changed();
            self.publish(rest.with(shards));
        }
        self.problems.clear(|path| removed.contains_path(path), &mut self.publisher);
        self.report_problems(problems);
    }

    /// Publishes `corpus`, compacted and within the memory budget.
    fn publish(&mut self, corpus: Corpus) {
        let version = Arc::new(compact(corpus, &mut self.snapshots.read_times));
        let slots = version.slots();
        self.publisher.publish(&version);
        drop(version);
        if self.publisher.enforce(&self.budget) {
            self.snapshots.read_times.merge_from(slots);
            self.snapshots.is_complete = false;
            self.problems.report_left_out(&self.budget, &mut self.publisher);
        }
    }

    fn report_problems(&mut self, problems: Vec<Problem>) {
        for problem in problems {
            self.problems.report(problem, &mut self.publisher);
        }
    }
}

/// Removes dead text if there is much of it.
fn compact(corpus: Corpus, read_times: &mut ReadTimes) -> Corpus {
    let Some(compacted) = corpus.compacted() else { return corpus };
    read_times.merge_from(corpus.slots());
    note(|| format!("{} bytes of articles became {}", corpus.memory(), compacted.memory()));
    compacted
}
