//! The pool of loader threads: they share one queue of folders and files, and each fills its own shards. The path that a
//! file is shown under does not depend on which thread was faster.
//!
//! A system call on a disk that does not answer cannot be interrupted. The [`stall_monitor`] therefore checks each thread:
//!
//! ```text
//! running -> stalled (0.5 s) -> work stolen -> abandoned (10 s, if the disk answers others) -> answered
//! ```

mod stall_monitor;
mod worker;

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use super::known_files::KnownFiles;
use super::memory_budget::MemoryBudget;
use super::source::LoadOptions;
use super::stalled_paths::StalledPaths;
use super::walk::SourceFolder;
use crate::article::Problem;
use crate::corpus::{LoadProgress, Origin, Shard};
use crate::util::{lock, wait};

/// The interval of progress reports, and of checks for stalled workers.
const TICK: Duration = Duration::from_millis(80);

/// A job for the pool.
#[derive(Debug)]
pub(crate) enum Job {
    /// Walk a folder and everything below it.
    Folder(Arc<SourceFolder>),
    /// Read files of one folder.
    Files(Arc<SourceFolder>, Vec<OsString>),
    /// Parse bytes in memory.
    Bytes {
        /// The folder that is shown.
        dir: Arc<Path>,
        /// The name that is shown.
        name: OsString,
        /// The path that identifies the articles.
        place: Vec<u8>,
        /// The origin of the articles.
        origin: Origin,
        /// The bytes.
        bytes: std::borrow::Cow<'static, [u8]>,
    },
}

/// A report of the running pool.
#[derive(Debug)]
pub(crate) enum LoadReport {
    /// A shard is complete.
    Shard(Arc<Shard>),
    /// A file could not be read, or not completely.
    Problem(Problem),
    /// Time passed.
    Tick,
}

/// Counts of files.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct LoadCounts {
    /// The number of files read, by format.
    pub(crate) formats: BTreeMap<&'static str, usize>,
    /// The number of skipped files, by extension.
    pub(crate) skipped: BTreeMap<&'static str, usize>,
}

/// The options of a pool.
pub(crate) struct PoolOptions {
    pub(crate) options: LoadOptions,
    /// Files that are not read again if they are unchanged.
    pub(crate) known: Arc<KnownFiles>,
    pub(crate) budget: Arc<MemoryBudget>,
    /// Paths that are skipped because the disk does not answer.
    pub(crate) stalled: Arc<StalledPaths>,
    /// Files that the reader named, by their paths without links.
    pub(crate) named: HashSet<PathBuf>,
    /// Folders that were visited before, by their paths without links.
    pub(crate) folders: HashMap<PathBuf, Arc<SourceFolder>>,
}

/// The pool, and what its threads share. An abandoned thread may outlive the work.
pub(crate) struct LoadPool {
    pub(crate) options: LoadOptions,
    /// Set when the work ends or is stopped.
    pub(crate) stop: AtomicBool,
    pub(crate) known: Arc<KnownFiles>,
    pub(crate) budget: Arc<MemoryBudget>,
    pub(crate) stalled: Arc<StalledPaths>,
    /// Files that the reader named, by their paths without links. They have their own jobs and are left out of folders.
    pub(crate) named: HashSet<PathBuf>,
    queue: Mutex<Queue>,
    wake: Condvar,
    folders: Mutex<HashMap<PathBuf, Arc<SourceFolder>>>,
    /// Other paths of folders that were visited.
    doubles: Mutex<Vec<Arc<SourceFolder>>>,
    found: AtomicUsize,
    read: AtomicUsize,
    bytes: AtomicU64,
    walked: AtomicBool,
    began: Instant,
}

#[derive(Default)]
struct Queue {
    folders: Vec<Arc<SourceFolder>>,
    files: VecDeque<Job>,
    /// Links to folders. They wait until everything reachable without them was visited, so that a folder is shown under
    /// its own path if it has one among the sources.
    links: BTreeMap<PathBuf, SourceFolder>,
    /// The number of jobs in progress.
    open: usize,
    /// The number of folders in progress.
    open_folders: usize,
    /// Folders that the reader named. Each waits until the one before is done.
    roots: VecDeque<Job>,
}

impl LoadPool {
    /// Creates a pool. Its threads start with [`run`](Self::run).
    pub(crate) fn new(pool: PoolOptions) -> Arc<LoadPool> {
        let PoolOptions { options, known, budget, stalled, named, folders } = pool;
        Arc::new(LoadPool {
            options,
            stop: AtomicBool::new(false),
            known,
            budget,
            stalled,
            named,
            queue: Mutex::default(),
            wake: Condvar::new(),
            folders: Mutex::new(folders),
            doubles: Mutex::default(),
            found: AtomicUsize::new(0),
            read: AtomicUsize::new(0),
            bytes: AtomicU64::new(0),
            walked: AtomicBool::new(false),
            began: Instant::now(),
        })
    }

    /// Returns the progress.
    pub(crate) fn progress(&self) -> LoadProgress {
        let (found, read) = (self.found.load(Ordering::Relaxed), self.read.load(Ordering::Relaxed));
        let walked = self.walked.load(Ordering::Relaxed);
        // The estimate assumes that files are read as fast as before.
        let seconds = self.began.elapsed().as_secs_f32() * found.saturating_sub(read) as f32 / read.max(1) as f32;
        self.budget.with_left_out(LoadProgress {
            found,
            read,
            bytes: self.bytes.load(Ordering::Relaxed),
            walked,
            seconds_left: (walked && read > 0).then_some(seconds as u32),
            done: false,
            stopped: false,
            ..LoadProgress::default()
        })
    }

    /// Takes the visited folders, by their paths without links.
    pub(crate) fn take_folders(&self) -> HashMap<PathBuf, Arc<SourceFolder>> {
        std::mem::take(&mut *lock(&self.folders))
    }

    /// Takes the folders that were skipped because they were visited under another path.
    pub(crate) fn take_doubles(&self) -> Vec<Arc<SourceFolder>> {
        std::mem::take(&mut *lock(&self.doubles))
    }

    /// Counts a file as read, with this number of bytes.
    pub(crate) fn count(&self, bytes: usize) {
        self.read.fetch_add(1, Ordering::Relaxed);
        self.bytes.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    /// Returns the next job without waiting. Prefers folders if `folder_first` is set.
    pub(crate) fn try_take(&self, folder_first: bool) -> NextJob {
        let mut queue = lock(&self.queue);
        self.take_from(&mut queue, folder_first)
    }

    pub(crate) fn take(&self, folder_first: bool) -> Option<Job> {
        let mut queue = lock(&self.queue);
        loop {
            match self.take_from(&mut queue, folder_first) {
                NextJob::Job(job) => return Some(job),
                NextJob::End => return None,
                NextJob::NotYet => queue = wait(&self.wake, queue),
            }
        }
    }

    fn take_from(&self, queue: &mut Queue, folder_first: bool) -> NextJob {
        if self.stop.load(Ordering::Relaxed) {
            self.wake.notify_all();
            return NextJob::End;
        }
        let folder = |queue: &mut Queue| {
            let folder = queue.folders.pop()?;
            queue.open_folders += 1;
            Some(Job::Folder(folder))
        };
        let mut job = if folder_first { None } else { queue.files.pop_front() };
        if job.is_none() {
            job = folder(queue);
        }
        if job.is_none() && queue.open_folders == 0 {
            job = self.next_root(queue);
        }
        if job.is_none() {
            job = queue.files.pop_front();
        }
        match job {
            Some(job) => {
                queue.open += 1;
                NextJob::Job(job)
            }
            None if queue.open == 0 => {
                self.walked.store(true, Ordering::Relaxed);
                self.wake.notify_all();
                NextJob::End
            }
            None => NextJob::NotYet,
        }
    }

    /// Returns the next root or link. All folders before it were visited.
    fn next_root(&self, queue: &mut Queue) -> Option<Job> {
        let job = loop {
            if let Some(root) = queue.roots.pop_front() {
                let Job::Folder(folder) = &root else { break Some(root) };
                if self.mark_visited(folder) {
                    break Some(root);
                }
                continue;
            }
            let Some((_, linked)) = queue.links.pop_first() else {
                self.walked.store(true, Ordering::Relaxed);
                break None;
            };
            let linked = Arc::new(linked);
            if self.mark_visited(&linked) {
                break Some(Job::Folder(linked));
            }
        };
        if job.is_some() {
            queue.open_folders += 1;
        }
        job
    }

    /// Marks a folder as visited. Returns false if it was visited before.
    fn mark_visited(&self, folder: &Arc<SourceFolder>) -> bool {
        let mut folders = lock(&self.folders);
        if folders.contains_key(&folder.real) {
            lock(&self.doubles).push(Arc::clone(folder));
            return false;
        }
        folders.insert(folder.real.clone(), Arc::clone(folder));
        true
    }

    pub(crate) fn put_files(&self, folder: &Arc<SourceFolder>, names: &mut Vec<OsString>) {
        if names.is_empty() {
            return;
        }
        self.found.fetch_add(names.len(), Ordering::Relaxed);
        lock(&self.queue).files.push_back(Job::Files(Arc::clone(folder), std::mem::take(names)));
        self.wake.notify_one();
    }

    pub(crate) fn put_folder(&self, folder: SourceFolder) {
        let folder = Arc::new(folder);
        if self.mark_visited(&folder) {
            lock(&self.queue).folders.push(folder);
            self.wake.notify_one();
        }
    }

    /// Queues a link to a folder, to be followed after all folders were visited.
    pub(crate) fn put_link(&self, linked: SourceFolder) {
        lock(&self.queue).links.insert(linked.shown.to_path_buf(), linked);
    }

    /// Puts files back into the queue, to be read next.
    fn requeue(&self, folder: &Arc<SourceFolder>, names: Vec<OsString>) {
        if !names.is_empty() {
            lock(&self.queue).files.push_front(Job::Files(Arc::clone(folder), names));
            self.wake.notify_one();
        }
    }

    pub(crate) fn done(&self, was_folder: bool) {
        let mut queue = lock(&self.queue);
        queue.open -= 1;
        queue.open_folders -= usize::from(was_folder);
        if queue.open == 0 || queue.open_folders == 0 {
            self.wake.notify_all();
        }
    }
}

pub(crate) enum NextJob {
    Job(Job),
    NotYet,
    End,
}

/// A message of a worker.
pub(crate) enum WorkerMessage {
    /// A report to pass on.
    Report(LoadReport),
    /// The worker with this number has ended.
    Ended(usize),
}

pub(crate) fn add(sum: &mut BTreeMap<&'static str, usize>, part: BTreeMap<&'static str, usize>) {
    for (name, count) in part {
        *sum.entry(name).or_default() += count;
    }
}
