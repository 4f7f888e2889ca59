//! The crew that reads: some threads over one queue of folders to look into and files to read, each filling shards of
//! its own. Which path leads to a file does not depend on which thread was faster.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::endings::is_uncertain;
use super::intake::{Intake, Provenance};
use super::known::{FolderKey, Known, KnownFile};
use super::read::{FileReader, OpenFolder};
use super::room::Room;
use super::source::LoadOptions;
use super::walk::{Folder, Found, look_into};
use crate::app::LoadProgress;
use crate::corpus::{Origin, Shard, Stamp};
use crate::loader::{Problem, Refusal};

/// Files are handed out this many at a time: about half a millisecond of work.
const BATCH: usize = 64;

/// As many when most of them are known: looking at one takes a hundredth of reading it.
const KNOWN_BATCH: usize = 512;

/// How often somebody who waits hears of progress.
const TICK: Duration = Duration::from_millis(80);

/// Something for the crew to do.
#[derive(Debug)]
pub(super) enum Job {
    /// Look into a folder and all below it.
    Folder(Arc<Folder>),
    /// Read files of one folder.
    Files(Arc<Folder>, Vec<OsString>),
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
pub(super) enum Report {
    /// A shard is full.
    Shard(Arc<Shard>),
    /// Something cannot be read, or not in full.
    Problem(Problem),
    /// Time passed.
    Tick,
}

/// What was counted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Counts {
    /// Files that were read, by the name of their format.
    pub(super) formats: BTreeMap<&'static str, usize>,
    /// Files that were passed over, by the endings of their names.
    pub(super) passed_over: BTreeMap<&'static str, usize>,
}

/// The crew, and all that its threads share.
pub(super) struct Crew<'a> {
    options: LoadOptions,
    stop: &'a AtomicBool,
    known: &'a Known,
    room: &'a Room,
    /// Files that were named, by their paths without links: they are read as such, not as part of a folder.
    named: &'a HashSet<PathBuf>,
    queue: Mutex<Queue>,
    wake: Condvar,
    folders: Mutex<HashMap<PathBuf, Arc<Folder>>>,
    found: AtomicUsize,
    read: AtomicUsize,
    bytes: AtomicU64,
    walked: AtomicBool,
    began: Instant,
}

#[derive(Default)]
struct Queue {
    folders: Vec<Arc<Folder>>,
    files: VecDeque<Job>,
    /// Links to folders. They wait until all that can be reached without them was, so that a folder's articles are
    /// those of its own path wherever it has one.
    links: BTreeMap<PathBuf, Folder>,
    /// Jobs that were taken and are not done.
    open: usize,
    /// Of those, folders.
    open_folders: usize,
    /// What was named, each waiting until the one before is done.
    roots: VecDeque<Job>,
}

impl<'a> Crew<'a> {
    /// A crew that does not read again what is `known`, takes in what there is `room` for, leaves what is `named` to
    /// whoever names it, and goes into none of `folders`.
    pub(super) fn new(
        options: LoadOptions,
        stop: &'a AtomicBool,
        (known, room): (&'a Known, &'a Room),
        named: &'a HashSet<PathBuf>,
        folders: HashMap<PathBuf, Arc<Folder>>,
    ) -> Crew<'a> {
        Crew {
            options,
            stop,
            known,
            room,
            named,
            queue: Mutex::default(),
            wake: Condvar::new(),
            folders: Mutex::new(folders),
            found: AtomicUsize::new(0),
            read: AtomicUsize::new(0),
            bytes: AtomicU64::new(0),
            walked: AtomicBool::new(false),
            began: Instant::now(),
        }
    }

    /// Does `jobs`, the folders among them one after the other, and tells what comes of it. Ends when all is done or
    /// when it is stopped.
    pub(super) fn work(&self, jobs: impl IntoIterator<Item = Job>, tell: &mut dyn FnMut(Report)) -> Counts {
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
        let threads = thread::available_parallelism().map_or(2, |count| count.get().max(2));
        let (reports, inbox) = mpsc::channel();
        thread::scope(|scope| {
            let workers: Vec<_> = (0..threads)
                .map(|number| {
                    let reports = reports.clone();
                    scope.spawn(move || Worker::new(self, reports, number == 0).run())
                })
                .collect();
            drop(reports);
            loop {
                match inbox.recv_timeout(TICK) {
                    Ok(report) => tell(report),
                    Err(RecvTimeoutError::Timeout) => tell(Report::Tick),
                    Err(RecvTimeoutError::Disconnected) => break,
                }
            }
            let mut counts = Counts::default();
            for worker in workers {
                // What a worker could panic on is contained file by file.
                let Ok(part) = worker.join() else { continue };
                add(&mut counts.formats, part.formats);
                add(&mut counts.passed_over, part.passed_over);
            }
            counts
        })
    }

    /// How far the work is.
    pub(super) fn progress(&self) -> LoadProgress {
        let (found, read) = (self.found.load(Ordering::Relaxed), self.read.load(Ordering::Relaxed));
        let walked = self.walked.load(Ordering::Relaxed);
        // As long as files come in as fast as they did so far.
        let seconds = self.began.elapsed().as_secs_f32() * found.saturating_sub(read) as f32 / read.max(1) as f32;
        LoadProgress {
            found,
            read,
            bytes: self.bytes.load(Ordering::Relaxed),
            walked,
            seconds_left: (walked && read > 0).then_some(seconds as u32),
            done: false,
            stopped: false,
            left_out_files: self.room.left_out().files,
            left_out_articles: self.room.left_out().articles,
        }
    }

    /// The folders that were looked into now or before, by their paths without links.
    pub(super) fn into_folders(self) -> HashMap<PathBuf, Arc<Folder>> {
        self.folders.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next job, without waiting for one: `folder_first` tells which kind is wanted.
    fn try_take(&self, folder_first: bool) -> Taken {
        let mut queue = lock(&self.queue);
        self.take_from(&mut queue, folder_first)
    }

    fn take(&self, folder_first: bool) -> Option<Job> {
        let mut queue = lock(&self.queue);
        loop {
            match self.take_from(&mut queue, folder_first) {
                Taken::Job(job) => return Some(job),
                Taken::End => return None,
                Taken::NotYet => queue = self.wake.wait(queue).unwrap_or_else(PoisonError::into_inner),
            }
        }
    }

    fn take_from(&self, queue: &mut Queue, folder_first: bool) -> Taken {
        if self.stop.load(Ordering::Relaxed) {
            self.wake.notify_all();
            return Taken::End;
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
                Taken::Job(job)
            }
            None if queue.open == 0 => {
                self.walked.store(true, Ordering::Relaxed);
                self.wake.notify_all();
                Taken::End
            }
            None => Taken::NotYet,
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
    fn enter(&self, folder: &Arc<Folder>) -> bool {
        let mut folders = lock(&self.folders);
        if folders.contains_key(&folder.real) {
            return false;
        }
        folders.insert(folder.real.clone(), Arc::clone(folder));
        true
    }

    fn put_files(&self, folder: &Arc<Folder>, names: &mut Vec<OsString>) {
        if names.is_empty() {
            return;
        }
        self.found.fetch_add(names.len(), Ordering::Relaxed);
        lock(&self.queue).files.push_back(Job::Files(Arc::clone(folder), std::mem::take(names)));
        self.wake.notify_one();
    }

    fn put_folder(&self, folder: Folder) {
        let folder = Arc::new(folder);
        if self.enter(&folder) {
            lock(&self.queue).folders.push(folder);
            self.wake.notify_one();
        }
    }

    fn done(&self, was_folder: bool) {
        let mut queue = lock(&self.queue);
        queue.open -= 1;
        queue.open_folders -= usize::from(was_folder);
        if queue.open == 0 || queue.open_folders == 0 {
            self.wake.notify_all();
        }
    }
}

enum Taken {
    Job(Job),
    NotYet,
    End,
}

/// One thread of the crew.
struct Worker<'a> {
    crew: &'a Crew<'a>,
    reports: mpsc::Sender<Report>,
    /// One thread goes ahead and finds files, so that the others always have some and the gauge knows how many.
    goes_ahead: bool,
    intake: Intake<'a>,
    reader: FileReader,
    place: Vec<u8>,
    passed_over: BTreeMap<&'static str, usize>,
}

impl<'a> Worker<'a> {
    fn new(crew: &'a Crew<'a>, reports: mpsc::Sender<Report>, goes_ahead: bool) -> Worker<'a> {
        Worker {
            crew,
            reports,
            goes_ahead,
            intake: Intake::new(crew.room),
            reader: FileReader::default(),
            place: Vec::new(),
            passed_over: BTreeMap::new(),
        }
    }

    fn run(mut self) -> Counts {
        loop {
            let job = match self.crew.try_take(self.goes_ahead) {
                Taken::Job(job) => job,
                Taken::End => break,
                Taken::NotYet => {
                    // What is there is not kept back while waiting.
                    let shard = self.intake.hand_over();
                    self.report(shard);
                    match self.crew.take(self.goes_ahead) {
                        Some(job) => job,
                        None => break,
                    }
                }
            };
            let is_folder = matches!(job, Job::Folder(_));
            match job {
                Job::Folder(folder) => self.walk(&folder),
                Job::Files(folder, names) => self.read(&folder, &names),
                Job::Bytes { dir, name, place, origin, bytes } => {
                    let stamp = Stamp { size: bytes.len() as u64, modified: 0 };
                    let from = Provenance { dir: &dir, name: &name, place: &place, origin, stamp, uncertain: None };
                    let reports = &self.reports;
                    self.intake.take(&from, &bytes, &mut |problem| {
                        let _ = reports.send(Report::Problem(problem));
                    });
                    self.count(bytes.len());
                }
            }
            let shard = self.intake.ready();
            self.report(shard);
            self.crew.done(is_folder);
        }
        let shard = self.intake.hand_over();
        self.report(shard);
        let mut passed_over = self.passed_over;
        add(&mut passed_over, self.intake.passed_over);
        Counts { formats: self.intake.formats, passed_over }
    }

    /// Tells of a shard. Where nobody listens any more, there is nobody to tell so.
    fn report(&self, shard: Option<Arc<Shard>>) {
        if let Some(shard) = shard {
            self.crew.room.take(&shard);
            let _ = self.reports.send(Report::Shard(shard));
        }
    }

    fn count(&self, bytes: usize) {
        self.crew.read.fetch_add(1, Ordering::Relaxed);
        self.crew.bytes.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    fn walk(&mut self, folder: &Arc<Folder>) {
        let crew = self.crew;
        let batch = if crew.known.is_empty() { BATCH } else { KNOWN_BATCH };
        let mut names = Vec::with_capacity(batch);
        look_into(folder, &crew.options, &mut |found| match found {
            Found::File(name) => {
                if crew.named.is_empty() || !crew.named.contains(&folder.real.join(&name)) {
                    names.push(name);
                }
                if names.len() == batch {
                    crew.put_files(folder, &mut names);
                    names.reserve(batch);
                }
            }
            Found::Folder(name) => crew.put_folder(folder.child(&name)),
            Found::Link(name, target) => {
                let linked = folder.linked(&name, target);
                lock(&crew.queue).links.insert(linked.shown.to_path_buf(), linked);
            }
            Found::PassedOver(ending) => *self.passed_over.entry(ending).or_default() += 1,
            Found::Refused(problem) => {
                let _ = self.reports.send(Report::Problem(problem));
            }
        });
        crew.put_files(folder, &mut names);
    }

    fn read(&mut self, folder: &Arc<Folder>, names: &[OsString]) {
        let crew = self.crew;
        let open = OpenFolder::new(folder);
        self.place.clear();
        self.place.extend_from_slice(folder.place.as_os_str().as_encoded_bytes());
        if !self.place.ends_with(std::path::MAIN_SEPARATOR_STR.as_bytes()) {
            self.place.extend_from_slice(std::path::MAIN_SEPARATOR_STR.as_bytes());
        }
        let root = self.place.len();
        let key = (!crew.known.is_empty()).then(|| FolderKey::of(&folder.shown));
        for name in names {
            let has_room = crew.room.wait(crew.stop);
            if crew.stop.load(Ordering::Relaxed) {
                return;
            }
            let reports = &self.reports;
            let mut tell = |problem| {
                let _ = reports.send(Report::Problem(problem));
            };
            // What was named is read whatever it is.
            let is_named = || !crew.named.is_empty() && crew.named.contains(&folder.real.join(name));
            let uncertain = is_uncertain(name).filter(|_| !is_named());
            let known = key.and_then(|key| crew.known.find(key, &folder.shown, name));
            let stamp = known.map(KnownFile::stamp);
            if !has_room && known.is_none() {
                crew.room.leave_out(1, 1);
                self.count(0);
                continue;
            }
            let length = match self.reader.read(&open, name, crew.options.limit(), stamp, (crew.room, crew.stop)) {
                Ok(Some(file)) => {
                    let (bytes, stamp) = (file.bytes, file.stamp);
                    self.place.truncate(root);
                    self.place.extend_from_slice(name.as_encoded_bytes());
                    let dir = &folder.shown;
                    let origin = Origin::File;
                    let from = Provenance { dir, name, place: &self.place, origin, stamp, uncertain };
                    self.intake.take(&from, bytes, &mut tell);
                    bytes.len()
                }
                Ok(None) => {
                    if let Some(known) = known {
                        known.mark_unchanged();
                    }
                    0
                }
                Err(Refusal::TooLarge { .. }) if uncertain.is_some() => {
                    uncertain.into_iter().for_each(|ending| self.intake.pass_over(ending));
                    0
                }
                // What was being read is not what something is wrong with.
                Err(_) if crew.stop.load(Ordering::Relaxed) => return,
                Err(refusal) => {
                    tell(Problem::refused(folder.shown.join(name), &refusal));
                    0
                }
            };
            self.count(length);
            // Also in the middle of a batch: one of its files may take a slow disk long.
            let shard = self.intake.ready();
            self.report(shard);
        }
    }
}

fn add(sum: &mut BTreeMap<&'static str, usize>, part: BTreeMap<&'static str, usize>) {
    for (name, count) in part {
        *sum.entry(name).or_default() += count;
    }
}

/// What a thread that panicked left behind is whole all the same: nothing is changed in two steps.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
