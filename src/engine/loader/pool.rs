//! The crew that reads: some threads over one queue of folders to look into and files to read, each filling shards of
//! its own. Which path leads to a file does not depend on which thread was faster.

mod stall_monitor;
mod worker;

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::RecvTimeoutError;
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use stall_monitor::StallMonitor;
pub(crate) use worker::Heartbeat;

use super::known_files::KnownFiles;
use super::memory_budget::MemoryBudget;
use super::source::LoadOptions;
use super::stalled_paths::StalledPaths;
use super::walk::SourceFolder;
use crate::article::Problem;
use crate::corpus::{LoadProgress, Origin, Shard};
use crate::util::{lock, wait};

/// How often somebody who waits hears of progress, and how often the workers are looked after.
const TICK: Duration = Duration::from_millis(80);

/// Something for the crew to do.
#[derive(Debug)]
pub(crate) enum Job {
    /// Look into a folder and all below it.
    Folder(Arc<SourceFolder>),
    /// Read files of one folder.
    Files(Arc<SourceFolder>, Vec<OsString>),
    /// Take in bytes that are at hand.
    Bytes {
        /// The folder to be shown.
        dir: Arc<Path>,
        /// The name to be shown.
        name: OsString,
        /// What the identity is worked out from.
        place: Vec<u8>,
        /// Where they come from.
        origin: Origin,
        /// The bytes.
        bytes: std::borrow::Cow<'static, [u8]>,
    },
}

/// What the crew tells while it works.
#[derive(Debug)]
pub(crate) enum LoadReport {
    /// A shard is full.
    Shard(Arc<Shard>),
    /// Something cannot be read, or not in full.
    Problem(Problem),
    /// Time passed.
    Tick,
}

/// What was counted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct LoadCounts {
    /// Files that were read, by the name of their format.
    pub(crate) formats: BTreeMap<&'static str, usize>,
    /// Files that were passed over, by the endings of their names.
    pub(crate) passed_over: BTreeMap<&'static str, usize>,
}

/// The crew, and all that its threads share. A thread that the disk does not answer may outlive the work.
pub(crate) struct LoadPool {
    pub(crate) options: LoadOptions,
    /// Set when the work ends, be it done or not.
    pub(crate) stop: AtomicBool,
    pub(crate) known: Arc<KnownFiles>,
    pub(crate) room: Arc<MemoryBudget>,
    pub(crate) unanswered: Arc<StalledPaths>,
    /// Files that were named, by their paths without links: they are read as such, not as part of a folder.
    pub(crate) named: HashSet<PathBuf>,
    queue: Mutex<Queue>,
    wake: Condvar,
    folders: Mutex<HashMap<PathBuf, Arc<SourceFolder>>>,
    /// Other ways to folders that were looked into already.
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
    /// Links to folders. They wait until all that can be reached without them was, so that a folder's articles are
    /// those of its own path wherever it has one.
    links: BTreeMap<PathBuf, SourceFolder>,
    /// Jobs that were taken and are not done.
    open: usize,
    /// Of those, folders.
    open_folders: usize,
    /// What was named, each waiting until the one before is done.
    roots: VecDeque<Job>,
}

impl LoadPool {
    /// A crew that does not read again what is `known`, takes in what there is `room` for, asks for nothing that is
    /// `unanswered`, leaves what is `named` to whoever names it, and goes into none of `folders`.
    pub(crate) fn new(
        options: LoadOptions,
        known: &Arc<KnownFiles>,
        room: &Arc<MemoryBudget>,
        unanswered: &Arc<StalledPaths>,
        named: HashSet<PathBuf>,
        folders: HashMap<PathBuf, Arc<SourceFolder>>,
    ) -> Arc<LoadPool> {
        Arc::new(LoadPool {
            options,
            stop: AtomicBool::new(false),
            known: Arc::clone(known),
            room: Arc::clone(room),
            unanswered: Arc::clone(unanswered),
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

    /// Does `jobs`, the folders among them one after the other, and tells what comes of it. Ends when all is done that
    /// the disk answers, or when `stop` is set.
    pub(crate) fn work(
        self: &Arc<LoadPool>,
        jobs: impl IntoIterator<Item = Job>,
        stop: &AtomicBool,
        tell: &mut dyn FnMut(LoadReport),
    ) -> LoadCounts {
        {
            let mut queue = lock(&self.queue);
            for job in jobs {
                match job {
                    Job::Folder(_) => queue.roots.push_back(job),
                    Job::Files(_, ref names) => {
                        self.found.fetch_add(names.len(), Ordering::Relaxed);
                        queue.files.push_back(job);
                    }
                    Job::Bytes { .. } => {
                        self.found.fetch_add(1, Ordering::Relaxed);
                        queue.files.push_back(job);
                    }
                }
            }
        }
        self.stop.store(stop.load(Ordering::Relaxed), Ordering::Relaxed);
        let threads = thread::available_parallelism().map_or(2, |count| count.get().max(2));
        let mut supervisor = StallMonitor::over(self, threads);
        loop {
            match supervisor.inbox.recv_timeout(TICK.saturating_sub(supervisor.looked.elapsed())) {
                Ok(WorkerMessage::Report(report)) => tell(report),
                Ok(WorkerMessage::Ended(number)) => {
                    supervisor.mates.get_mut(number).into_iter().for_each(|mate| mate.ended = true);
                }
                Err(RecvTimeoutError::Timeout) => tell(LoadReport::Tick),
                Err(RecvTimeoutError::Disconnected) => break,
            }
            if stop.load(Ordering::Relaxed) && !self.stop.swap(true, Ordering::Relaxed) {
                // Under the lock, so that nobody is just about to wait.
                let _queue = lock(&self.queue);
                self.wake.notify_all();
            }
            if supervisor.looked.elapsed() >= TICK {
                supervisor.look_after(tell);
            }
            if supervisor.mates.iter().all(|mate| mate.ended) {
                break;
            }
        }
        // What was told before the last one ended, or was given up.
        for told in supervisor.inbox.try_iter() {
            if let WorkerMessage::Report(report) = told {
                tell(report);
            }
        }
        self.stop.store(true, Ordering::Relaxed);
        let mut counts = LoadCounts::default();
        for mate in &supervisor.mates {
            mate.station.add_to(&mut counts);
        }
        counts
    }

    /// How far the work is.
    pub(crate) fn progress(&self) -> LoadProgress {
        let (found, read) = (self.found.load(Ordering::Relaxed), self.read.load(Ordering::Relaxed));
        let walked = self.walked.load(Ordering::Relaxed);
        // As long as files come in as fast as they did so far.
        let seconds = self.began.elapsed().as_secs_f32() * found.saturating_sub(read) as f32 / read.max(1) as f32;
        self.room.told_in(LoadProgress {
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

    /// The folders that were looked into now or before, by their paths without links.
    pub(crate) fn take_folders(&self) -> HashMap<PathBuf, Arc<SourceFolder>> {
        std::mem::take(&mut *lock(&self.folders))
    }

    /// Returns the folders that were skipped because another path leads to them.
    pub(crate) fn take_doubles(&self) -> Vec<Arc<SourceFolder>> {
        std::mem::take(&mut *lock(&self.doubles))
    }

    /// LoadCounts a file that was looked at, and so many bytes of it.
    pub(crate) fn count(&self, bytes: usize) {
        self.read.fetch_add(1, Ordering::Relaxed);
        self.bytes.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    /// The next job, without waiting for one: `folder_first` tells which kind is wanted.
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

    /// The next root or link, all folders before it having been looked into.
    fn next_root(&self, queue: &mut Queue) -> Option<Job> {
        let job = loop {
            if let Some(root) = queue.roots.pop_front() {
                let Job::Folder(folder) = &root else { break Some(root) };
                if self.enter(folder) {
                    break Some(root);
                }
                continue;
            }
            let Some((_, linked)) = queue.links.pop_first() else {
                self.walked.store(true, Ordering::Relaxed);
                break None;
            };
            let linked = Arc::new(linked);
            if self.enter(&linked) {
                break Some(Job::Folder(linked));
            }
        };
        if job.is_some() {
            queue.open_folders += 1;
        }
        job
    }

    /// Notes that a folder is looked into; false where it was before.
    fn enter(&self, folder: &Arc<SourceFolder>) -> bool {
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
        if self.enter(&folder) {
            lock(&self.queue).folders.push(folder);
            self.wake.notify_one();
        }
    }

    /// Puts a link to a folder where it waits until all folders were looked into.
    pub(crate) fn put_link(&self, linked: SourceFolder) {
        lock(&self.queue).links.insert(linked.shown.to_path_buf(), linked);
    }

    /// Gives back files that were taken, to be read next.
    fn give_back(&self, folder: &Arc<SourceFolder>, names: Vec<OsString>) {
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

/// What workers tell.
pub(crate) enum WorkerMessage {
    /// What comes of the work.
    Report(LoadReport),
    /// The worker with this number has ended.
    Ended(usize),
}

pub(crate) fn add(sum: &mut BTreeMap<&'static str, usize>, part: BTreeMap<&'static str, usize>) {
    for (name, count) in part {
        *sum.entry(name).or_default() += count;
    }
}
