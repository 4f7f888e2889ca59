//! How much memory articles may take, and who has to wait or to leave when that is used up.
//!
//! Past the limit the files with the oldest articles are left out, wherever they stand: those that are there make room,
//! and what is older than they were is not taken in any more. Large files are read a few at a time, as each takes
//! several times its size while it is read.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, Weak};
use std::thread;
use std::time::{Duration, Instant};

use crate::article::Problem;
use crate::corpus::{Corpus, LoadProgress, Origin, Shard, Slot};
use crate::engine::log::note;
use crate::text::format::{bytes_in_words, counted};
use crate::util::{lock, wait_timeout};

/// Files up to this size are read without asking whether there is room.
const SMALL: u64 = 4 << 20;

/// So many bytes of large files are read at once, if nothing smaller is called for.
const LARGE: usize = 128 << 20;

/// Older versions are mostly let go of within a few milliseconds; longer than this nobody waits for them.
const LET_GO: Duration = Duration::from_millis(100);

/// What stands for a path in the problem that tells of it.
pub(crate) const MEMORY: &str = "memory";

/// How often somebody who waits looks whether to stop.
const LOOK: Duration = Duration::from_millis(20);

/// What was left out because there is no memory for it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct LeftOut {
    /// Files.
    pub(crate) files: usize,
    /// Articles of those files, or of feeds.
    pub(crate) articles: usize,
}

/// The memory that articles may take.
#[derive(Debug)]
pub(crate) struct MemoryBudget {
    limit: usize,
    /// What shards take that are made and not given up.
    held: AtomicUsize,
    /// What is older than this, in seconds since 1970, is left out.
    floor: AtomicI64,
    /// Whether somebody makes room while files are read, so that it is worth waiting for.
    tended: AtomicBool,
    files: AtomicUsize,
    articles: AtomicUsize,
    /// The bytes of large files that are being read.
    large: Mutex<usize>,
    wake: Condvar,
}

impl MemoryBudget {
    /// MemoryBudget for so many bytes.
    pub(crate) fn new(limit: u64) -> MemoryBudget {
        MemoryBudget {
            limit: usize::try_from(limit).unwrap_or(usize::MAX),
            held: AtomicUsize::new(0),
            floor: AtomicI64::new(i64::MIN),
            tended: AtomicBool::new(false),
            files: AtomicUsize::new(0),
            articles: AtomicUsize::new(0),
            large: Mutex::new(0),
            wake: Condvar::new(),
        }
    }

    /// Begins to count anew, with what `corpus` holds. Where much was freed since, older files may come in again.
    pub(crate) fn begin(&self, corpus: &Corpus) {
        let memory = corpus.memory();
        self.held.store(memory, Ordering::Relaxed);
        self.files.store(0, Ordering::Relaxed);
        self.articles.store(0, Ordering::Relaxed);
        if memory < self.limit / 2 {
            self.floor.store(i64::MIN, Ordering::Relaxed);
        }
    }

    /// A shard was made.
    pub(crate) fn take(&self, shard: &Shard) {
        self.held.fetch_add(shard.memory(), Ordering::Relaxed);
    }

    /// So many bytes that were held are free.
    pub(crate) fn give_back(&self, bytes: usize) {
        let _ = self.held.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |held| Some(held.saturating_sub(bytes)));
    }

    /// Whether more is held than may be.
    fn is_over(&self) -> bool {
        self.held.load(Ordering::Relaxed) > self.limit
    }

    /// Whether little more can be taken in.
    pub(crate) fn is_nearly_full(&self) -> bool {
        self.held.load(Ordering::Relaxed) > self.limit - self.limit / 8
    }

    /// Whether room has to be made by who has so many bytes. More may be on its way there.
    pub(crate) fn is_needed(&self, memory: impl FnOnce() -> usize) -> bool {
        self.is_over() && memory() > self.limit
    }

    /// Says whether somebody makes room from here on.
    pub(crate) fn tend(&self, tended: bool) {
        self.tended.store(tended, Ordering::Relaxed);
    }

    /// Whether so many bytes fit into half of it.
    pub(crate) fn has_plenty_for(&self, bytes: u64) -> bool {
        bytes <= self.limit as u64 / 2
    }

    /// Waits until room was made, if somebody makes any, or until `stop` is set. Says whether there is some.
    pub(crate) fn wait(&self, stop: &AtomicBool) -> bool {
        let most = self.limit.saturating_add(self.limit / 8);
        let is_full = || self.held.load(Ordering::Relaxed) > most;
        while is_full() && self.tended.load(Ordering::Relaxed) && !stop.load(Ordering::Relaxed) {
            thread::sleep(LOOK);
        }
        !is_full()
    }

    /// Whether a file is too old to be taken in, by its newest article or else by when it was written.
    pub(crate) fn is_too_old(&self, newest: i64) -> bool {
        newest < self.floor.load(Ordering::Relaxed)
    }

    /// Something is left out.
    pub(crate) fn leave_out(&self, files: usize, articles: usize) {
        self.files.fetch_add(files, Ordering::Relaxed);
        self.articles.fetch_add(articles, Ordering::Relaxed);
    }

    /// So much is left out, whatever was counted since.
    pub(crate) fn count_as(&self, left_out: LeftOut) {
        self.files.store(left_out.files, Ordering::Relaxed);
        self.articles.store(left_out.articles, Ordering::Relaxed);
    }

    /// What was left out so far.
    pub(crate) fn left_out(&self) -> LeftOut {
        let count = |number: &AtomicUsize| number.load(Ordering::Relaxed);
        LeftOut { files: count(&self.files), articles: count(&self.articles) }
    }

    /// Waits until a file of this size may be read, or until `stop` is set. What is returned is held while it is.
    pub(crate) fn admit(&self, size: u64, stop: &AtomicBool) -> Permit<'_> {
        if size <= SMALL {
            return Permit { room: self, size: 0 };
        }
        let size = usize::try_from(size).unwrap_or(usize::MAX);
        let most = LARGE.min(self.limit / 4);
        let mut reading = lock(&self.large);
        // One is read in any case.
        while *reading > 0 && reading.saturating_add(size) > most && !stop.load(Ordering::Relaxed) {
            reading = wait_timeout(&self.wake, reading, LOOK);
        }
        *reading = reading.saturating_add(size);
        Permit { room: self, size }
    }

    /// Leaves out what is too much of a version that holds all that there is, or came in though it is too old, while
    /// others made room. Says whether there was any.
    pub(crate) fn settle(&self, corpus: &mut Arc<Corpus>, publish: &mut dyn FnMut(&Arc<Corpus>)) -> bool {
        self.held.store(corpus.memory(), Ordering::Relaxed);
        let has_floor = self.floor.load(Ordering::Relaxed) > i64::MIN;
        (self.is_over() || has_floor) && self.make_room(corpus, publish)
    }

    /// Leaves out the files with the oldest articles, until a quarter of the room is free where there is too much, and in
    /// any case what is too old to be taken in, as some of that is always on its way when that is decided. Says whether
    /// there was any.
    ///
    /// It comes about in steps, so that old and new are never there both at once: `publish` hears of every version and is
    /// to let go of the one before.
    pub(crate) fn make_room(&self, corpus: &mut Arc<Corpus>, publish: &mut dyn FnMut(&Arc<Corpus>)) -> bool {
        let before = corpus.memory();
        let mut weights = corpus.weights();
        weights.sort_by_key(|weight| (Reverse(weight.newest), weight.shard, weight.number));
        // What is not of files stays.
        let files: usize = weights.iter().map(|weight| weight.bytes).sum();
        let mut bytes = before.saturating_sub(files);
        let most = if before > self.limit { self.limit / 4 * 3 } else { usize::MAX };
        let first_to_leave = weights.iter().position(|weight| {
            bytes += weight.bytes;
            bytes > most || self.is_too_old(weight.newest)
        });
        let (stay, leave) = weights.split_at(first_to_leave.unwrap_or(weights.len()));
        if let Some(newest) = leave.first().map(|weight| weight.newest) {
            // Where only some files of one second fit, the others of that second are not too old.
            let is_parted = stay.last().is_some_and(|weight| weight.newest == newest);
            self.floor.fetch_max(if is_parted { newest } else { newest.saturating_add(1) }, Ordering::Relaxed);
        }
        let living: HashMap<Slot, Vec<bool>> =
            corpus.shards().map(|(start, _)| start).zip(corpus.living_files()).collect();
        let mut kept: HashMap<Slot, Vec<bool>> = HashMap::new();
        for weight in leave {
            let alive =
                kept.entry(weight.shard).or_insert_with(|| living.get(&weight.shard).cloned().unwrap_or_default());
            if let Some(alive) = alive.get_mut(weight.number as usize) {
                *alive = false;
            }
        }
        for step in self.steps(corpus, kept) {
            let old: Vec<Weak<Shard>> = corpus
                .shards()
                .filter(|(start, _)| step.contains_key(start))
                .map(|(_, shard)| Arc::downgrade(shard))
                .collect();
            *corpus = Arc::new(corpus.keeping(&step));
            publish(corpus);
            let began = Instant::now();
            while old.iter().any(|shard| shard.strong_count() > 0) && began.elapsed() < LET_GO {
                thread::sleep(Duration::from_millis(1));
            }
        }
        let after = corpus.memory();
        self.give_back(before.saturating_sub(after));
        if after > self.limit {
            // What is here is of no file, and nobody is to wait for it to go.
            self.tend(false);
        }
        if !leave.is_empty() {
            let articles: usize = leave.iter().map(|weight| weight.articles as usize).sum();
            let files = leave.iter().filter(|weight| weight.origin == Origin::File).count();
            self.leave_out(files, articles);
            note(|| format!("no room: {files} files, {articles} articles are left out"));
        }
        !leave.is_empty()
    }

    /// The shards to be made smaller, a sixteenth of the room at a time.
    fn steps(&self, corpus: &Corpus, mut kept: HashMap<Slot, Vec<bool>>) -> Vec<HashMap<Slot, Vec<bool>>> {
        let mut steps = vec![HashMap::new()];
        let mut bytes = 0;
        for (start, shard) in corpus.shards() {
            let Some(alive) = kept.remove(&start) else { continue };
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

    /// How far loading is, with what was left out.
    pub(crate) fn told_in(&self, progress: LoadProgress) -> LoadProgress {
        let LeftOut { files, articles } = self.left_out();
        LoadProgress { left_out_files: files, left_out_articles: articles, ..progress }
    }

    /// What is to be told of what was left out, if anything was.
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
        Some(Problem { path: PathBuf::from(MEMORY), line: None, column: None, cause, consequence, is_failure: false })
    }
}

/// Leave to read a large file.
pub(crate) struct Permit<'a> {
    room: &'a MemoryBudget,
    size: usize,
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        if self.size > 0 {
            let mut reading = lock(&self.room.large);
            *reading = reading.saturating_sub(self.size);
            self.room.wake.notify_all();
        }
    }
}
