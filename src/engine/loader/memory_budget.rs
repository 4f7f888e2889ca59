//! The memory budget of articles.
//!
//! Beyond the limit, the files with the oldest articles are left out: loaded ones are evicted, and older ones are no
//! longer loaded. Only a few large files are read at once, because each takes several times its size while it is read.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, Weak};
use std::thread;
use std::time::{Duration, Instant};

use crate::article::Problem;
use crate::corpus::{Corpus, LoadProgress, Origin, Shard, Slot};
use crate::engine::log::note;
use crate::text::format::{bytes_in_words, counted};
use crate::util::{lock, wait_timeout};

/// Files up to this size are read without a permit.
const SMALL: u64 = 4 << 20;

/// The maximum number of bytes of large files that are read at once.
const LARGE: usize = 128 << 20;

/// The time that eviction waits for other threads to drop the old version, which usually takes a few milliseconds.
const DROP_TIMEOUT: Duration = Duration::from_millis(100);

/// The path of the problem that reports the limit.
pub(crate) const MEMORY: &str = "memory";

/// The interval at which waiting threads check whether to stop.
const POLL_INTERVAL: Duration = Duration::from_millis(20);

/// The files and articles left out because of the memory budget.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct LeftOut {
    /// The number of files.
    pub(crate) files: usize,
    /// The number of articles of those files, and of feeds.
    pub(crate) articles: usize,
}

/// The memory budget of articles.
#[derive(Debug)]
pub(crate) struct MemoryBudget {
    limit: usize,
    /// The bytes of all shards that were made and not released.
    held: AtomicUsize,
    /// Older articles are left out; in seconds since 1970.
    min_date: AtomicI64,
    /// Whether files are evicted while others are read, so that waiting for space makes sense.
    evicting: AtomicBool,
    files: AtomicUsize,
    articles: AtomicUsize,
    /// The bytes of the large files that are being read.
    large: Mutex<usize>,
    wake: Condvar,
}

impl MemoryBudget {
    /// Creates a budget of `limit` bytes.
    pub(crate) fn new(limit: u64) -> MemoryBudget {
        MemoryBudget {
            limit: usize::try_from(limit).unwrap_or(usize::MAX),
            held: AtomicUsize::new(0),
            min_date: AtomicI64::new(i64::MIN),
            evicting: AtomicBool::new(false),
            files: AtomicUsize::new(0),
            articles: AtomicUsize::new(0),
            large: Mutex::new(0),
            wake: Condvar::new(),
        }
    }

    /// Restarts counting with the content of `corpus`. If much memory was freed, older files are loaded again.
    pub(crate) fn reset(&self, corpus: &Corpus) {
        let memory = corpus.memory();
        self.held.store(memory, Ordering::Relaxed);
        self.files.store(0, Ordering::Relaxed);
        self.articles.store(0, Ordering::Relaxed);
        if memory < self.limit / 2 {
            self.min_date.store(i64::MIN, Ordering::Relaxed);
        }
    }

    /// Adds the memory of a new shard.
    pub(crate) fn charge(&self, shard: &Shard) {
        self.held.fetch_add(shard.memory(), Ordering::Relaxed);
    }

    /// Subtracts freed memory.
    pub(crate) fn release(&self, bytes: usize) {
        let _ = self.held.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |held| Some(held.saturating_sub(bytes)));
    }

    /// Returns whether the limit is exceeded.
    fn is_over(&self) -> bool {
        self.held.load(Ordering::Relaxed) > self.limit
    }

    /// Returns whether little space is left.
    pub(crate) fn is_nearly_full(&self) -> bool {
        self.held.load(Ordering::Relaxed) > self.limit - self.limit / 8
    }

    /// Returns whether a holder of `memory` bytes must evict some. Other shards may be on their way to it.
    pub(crate) fn is_needed(&self, memory: impl FnOnce() -> usize) -> bool {
        self.is_over() && memory() > self.limit
    }

    /// Sets whether files are evicted from now on.
    pub(crate) fn set_evicting(&self, evicting: bool) {
        self.evicting.store(evicting, Ordering::Relaxed);
    }

    /// Returns whether this number of bytes fits into half of the budget.
    pub(crate) fn has_plenty_for(&self, bytes: u64) -> bool {
        bytes <= self.limit as u64 / 2
    }

    /// Waits until there is space, or until `stop` is set. Does not wait if no files are evicted. Returns whether there
    /// is space.
    pub(crate) fn wait_for_space(&self, stop: &AtomicBool) -> bool {
        let most = self.limit.saturating_add(self.limit / 8);
        let is_full = || self.held.load(Ordering::Relaxed) > most;
        while is_full() && self.evicting.load(Ordering::Relaxed) && !stop.load(Ordering::Relaxed) {
            thread::sleep(POLL_INTERVAL);
        }
        !is_full()
    }

    /// Returns whether a file is too old to be loaded, by its newest article or, without dates, by its own date.
    pub(crate) fn is_too_old(&self, newest: i64) -> bool {
        newest < self.min_date.load(Ordering::Relaxed)
    }

    /// Counts files and articles as left out.
    pub(crate) fn count_left_out(&self, files: usize, articles: usize) {
        self.files.fetch_add(files, Ordering::Relaxed);
        self.articles.fetch_add(articles, Ordering::Relaxed);
    }

    /// Restores earlier counts.
    pub(crate) fn restore_counts(&self, left_out: LeftOut) {
        self.files.store(left_out.files, Ordering::Relaxed);
        self.articles.store(left_out.articles, Ordering::Relaxed);
    }

    /// Returns the number of files and articles that were left out.
    pub(crate) fn left_out(&self) -> LeftOut {
        let count = |number: &AtomicUsize| number.load(Ordering::Relaxed);
        LeftOut { files: count(&self.files), articles: count(&self.articles) }
    }

    /// Waits until a file of this size may be read, or until `stop` is set. Keep the permit while reading it.
    pub(crate) fn acquire_large(&self, size: u64, stop: &AtomicBool) -> Permit<'_> {
        if size <= SMALL {
            return Permit { budget: self, size: 0 };
        }
        let size = usize::try_from(size).unwrap_or(usize::MAX);
        let most = LARGE.min(self.limit / 4);
        let mut reading = lock(&self.large);
        // One file is always read, whatever its size.
        while *reading > 0 && reading.saturating_add(size) > most && !stop.load(Ordering::Relaxed) {
            reading = wait_timeout(&self.wake, reading, POLL_INTERVAL);
        }
        *reading = reading.saturating_add(size);
        Permit { budget: self, size }
    }

    /// Evicts files of a complete version that exceed the limit, or that were loaded although they are too old. Returns
    /// whether there were any.
    pub(crate) fn enforce(&self, corpus: &mut Arc<Corpus>, publish: &mut dyn FnMut(&Arc<Corpus>)) -> bool {
        self.held.store(corpus.memory(), Ordering::Relaxed);
        let has_min_date = self.min_date.load(Ordering::Relaxed) > i64::MIN;
        (self.is_over() || has_min_date) && self.evict(corpus, publish)
    }

    /// Evicts the files with the oldest articles until a quarter of the budget is free, if the limit is exceeded.
    /// Always evicts files that are too old: some are on their way when the date is decided. Returns whether there were
    /// any.
    ///
    /// Works in steps, so that old and new shards are not in memory at the same time: `publish` is called with each
    /// version and must drop the one before.
    pub(crate) fn evict(&self, corpus: &mut Arc<Corpus>, publish: &mut dyn FnMut(&Arc<Corpus>)) -> bool {
        let before = corpus.memory();
        let mut weights = corpus.weights();
        weights.sort_by_key(|weight| (Reverse(weight.newest), weight.shard, weight.number));
        // Articles that are not of files stay.
        let files: usize = weights.iter().map(|weight| weight.bytes).sum();
        let mut bytes = before.saturating_sub(files);
        let most = if before > self.limit { self.limit / 4 * 3 } else { usize::MAX };
        let first_to_leave = weights.iter().position(|weight| {
            bytes += weight.bytes;
            bytes > most || self.is_too_old(weight.newest)
        });
        let (stay, leave) = weights.split_at(first_to_leave.unwrap_or(weights.len()));
        if let Some(newest) = leave.first().map(|weight| weight.newest) {
            // If the cut-off splits files with equal dates, keep the date admissible.
            let is_parted = stay.last().is_some_and(|weight| weight.newest == newest);
            self.min_date.fetch_max(if is_parted { newest } else { newest.saturating_add(1) }, Ordering::Relaxed);
        }
        let living: HashMap<Slot, Vec<bool>> =
            corpus.shards().map(|(start, _)| start).zip(corpus.living_files()).collect();
        let mut retained: HashMap<Slot, Vec<bool>> = HashMap::new();
        for weight in leave {
            let alive =
                retained.entry(weight.shard).or_insert_with(|| living.get(&weight.shard).cloned().unwrap_or_default());
            if let Some(alive) = alive.get_mut(weight.number as usize) {
                *alive = false;
            }
        }
        for step in self.steps(corpus, retained) {
            let old: Vec<Weak<Shard>> = corpus
                .shards()
                .filter(|(start, _)| step.contains_key(start))
                .map(|(_, shard)| Arc::downgrade(shard))
                .collect();
            *corpus = Arc::new(corpus.keeping(&step));
            publish(corpus);
            let began = Instant::now();
            while old.iter().any(|shard| shard.strong_count() > 0) && began.elapsed() < DROP_TIMEOUT {
                thread::sleep(Duration::from_millis(1));
            }
        }
        let after = corpus.memory();
        self.release(before.saturating_sub(after));
        if after > self.limit {
            // The rest is not of files, so waiting for more space is useless.
            self.set_evicting(false);
        }
        if !leave.is_empty() {
            let articles: usize = leave.iter().map(|weight| weight.articles as usize).sum();
            let files = leave.iter().filter(|weight| weight.origin == Origin::File).count();
            self.count_left_out(files, articles);
            note(|| format!("memory budget exceeded: {files} files, {articles} articles are left out"));
        }
        !leave.is_empty()
    }

    /// Splits the shards to shrink into steps of a sixteenth of the budget.
    fn steps(&self, corpus: &Corpus, mut retained: HashMap<Slot, Vec<bool>>) -> Vec<HashMap<Slot, Vec<bool>>> {
        let mut steps = vec![HashMap::new()];
        let mut bytes = 0;
        for (start, shard) in corpus.shards() {
            let Some(alive) = retained.remove(&start) else { continue };
            if bytes > self.limit / 16 {
                steps.push(HashMap::new());
                bytes = 0;
            }
            bytes += shard.memory();
            if let Some(step) = steps.last_mut() {
                step.insert(start, alive);
            }
        }
        steps.retain(|step| !step.is_empty());
        steps
    }

    /// Returns the progress with the number of files and articles that were left out.
    pub(crate) fn with_left_out(&self, progress: LoadProgress) -> LoadProgress {
        let LeftOut { files, articles } = self.left_out();
        LoadProgress { left_out_files: files, left_out_articles: articles, ..progress }
    }

    /// Returns the problem to report; `None` if nothing was left out.
    pub(crate) fn problem(&self) -> Option<Problem> {
        let left_out = self.left_out();
        let consequence = match left_out {
            LeftOut { articles: 0, .. } => return None,
            LeftOut { files: 0, articles } => {
                format!("{} are left out", counted(articles as u64, "older article", "older articles"))
            }
            LeftOut { files, articles } => format!(
                "the oldest {} with {} are left out",
                counted(files as u64, "file", "files"),
                counted(articles as u64, "article", "articles")
            ),
        };
        let cause = format!(
            "there is more than fits into the {} that articles may take (files.memory)",
            bytes_in_words(self.limit as u64)
        );
        Some(Problem::new(MEMORY, cause, consequence))
    }
}

/// The permission to read a large file.
pub(crate) struct Permit<'a> {
    budget: &'a MemoryBudget,
    size: usize,
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        if self.size > 0 {
            let mut reading = lock(&self.budget.large);
            *reading = reading.saturating_sub(self.size);
            self.budget.wake.notify_all();
        }
    }
}
