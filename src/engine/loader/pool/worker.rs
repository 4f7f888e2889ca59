//! A thread of the pool, and its state, from which others can take over its work while its disk does not answer.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, TryLockError, mpsc};

use super::{Job, LoadCounts, LoadPool, LoadReport, NextJob, WorkerMessage, add};
use crate::article::{Problem, ReadError};
use crate::corpus::{FileStamp, Origin, Shard};
use crate::engine::loader::extensions::sniffed_extension;
use crate::engine::loader::file_reader::{FileReader, OpenFolder, ReadContext};
use crate::engine::loader::heartbeat::Heartbeat;
use crate::engine::loader::ingest::{FileSource, ShardWriter};
use crate::engine::loader::known_files::{FolderKey, KnownFile};
use crate::engine::loader::memory_budget::MemoryBudget;
use crate::engine::loader::walk::{FolderEntry, SourceFolder, read_folder};
use crate::util::lock;

/// Files are handed out this many at a time: about half a millisecond of work.
const BATCH: usize = 64;

/// As many when most of them are known: looking at one takes a hundredth of reading it.
const KNOWN_BATCH: usize = 512;

/// The state of a worker, shared with the stall monitor.
pub(super) struct WorkerState {
    heartbeat: Heartbeat,
    abandoned: AtomicBool,
    in_progress: Mutex<InProgress>,
}

struct InProgress {
    writer: ShardWriter,
    skipped: BTreeMap<&'static str, usize>,
    /// The folder that is walked, or that files are read from.
    folder: Option<Arc<SourceFolder>>,
    /// The file that is being read.
    name: Option<OsString>,
    /// The next files in reverse order.
    rest: Vec<OsString>,
    is_folder: bool,
}

/// Files of a folder that are not read yet.
type Rest = (Arc<SourceFolder>, Vec<OsString>);

impl WorkerState {
    pub(super) fn new(budget: &Arc<MemoryBudget>) -> WorkerState {
        let (folder, name, rest, skipped) = (None, None, Vec::new(), BTreeMap::new());
        let in_progress =
            InProgress { writer: ShardWriter::new(Arc::clone(budget)), skipped, folder, name, rest, is_folder: false };
        WorkerState {
            heartbeat: Heartbeat::default(),
            abandoned: AtomicBool::new(false),
            in_progress: Mutex::new(in_progress),
        }
    }

    pub(super) fn heartbeat(&self) -> u64 {
        self.heartbeat.0.load(Ordering::Relaxed)
    }

    /// Returns whether a thread with this heartbeat waits for the disk.
    pub(super) fn is_waiting(heartbeat: u64) -> bool {
        heartbeat % 2 == 1
    }

    /// Takes the finished articles and the files that are not read yet. Returns `None` if the worker is not stalled.
    pub(super) fn steal_work(&self) -> Option<(Option<Arc<Shard>>, Option<Rest>)> {
        // A worker holds the lock while it parses a file, perhaps for long.
        let mut in_progress = match self.in_progress.try_lock() {
            Ok(in_progress) => in_progress,
            Err(TryLockError::Poisoned(in_progress)) => in_progress.into_inner(),
            Err(TryLockError::WouldBlock) => return None,
        };
        // If the folder itself does not answer, other workers would stall as well.
        let mut rest = if in_progress.name.is_some() { std::mem::take(&mut in_progress.rest) } else { Vec::new() };
        rest.reverse();
        Some((in_progress.writer.take_shard(), in_progress.folder.clone().map(|folder| (folder, rest))))
    }

    /// Abandons the worker, and reports a problem if `is_reported` is set. Returns false if the worker is not stalled.
    pub(super) fn abandon(&self, pool: &LoadPool, is_reported: bool, on_report: &mut dyn FnMut(LoadReport)) -> bool {
        let Ok(mut in_progress) = self.in_progress.try_lock() else { return false };
        let Some(folder) = in_progress.folder.clone() else { return false };
        self.abandoned.store(true, Ordering::Relaxed);
        let files = std::mem::take(&mut in_progress.rest).len() + usize::from(in_progress.name.is_some());
        let place = FileOrFolder { folder, name: in_progress.name.clone() };
        if let Some(shard) = in_progress.writer.take_shard() {
            pool.budget.charge(&shard);
            on_report(LoadReport::Shard(shard));
        }
        let is_folder = in_progress.is_folder;
        drop(in_progress);
        pool.stalled.add(place.real(), place.shown());
        if is_reported {
            on_report(LoadReport::Problem(place.stalled(pool)));
        }
        (0..files).for_each(|_| pool.count(0));
        pool.done(is_folder);
        true
    }

    /// Adds the counts of this worker.
    pub(super) fn add_to(&self, counts: &mut LoadCounts) {
        let mut in_progress = lock(&self.in_progress);
        add(&mut counts.formats, std::mem::take(&mut in_progress.writer.formats));
        add(&mut counts.skipped, std::mem::take(&mut in_progress.writer.skipped));
        add(&mut counts.skipped, std::mem::take(&mut in_progress.skipped));
    }
}

/// A file, or a folder.
struct FileOrFolder {
    folder: Arc<SourceFolder>,
    name: Option<OsString>,
}

impl FileOrFolder {
    fn real(&self) -> PathBuf {
        self.name.as_ref().map_or_else(|| self.folder.real.clone(), |name| self.folder.real.join(name))
    }

    fn shown(&self) -> PathBuf {
        self.name.as_ref().map_or_else(|| self.folder.shown.to_path_buf(), |name| self.folder.shown.join(name))
    }

    /// Returns the problem of a stalled path. Articles that were read there before stay.
    fn stalled(&self, pool: &LoadPool) -> Problem {
        let stays = match &self.name {
            Some(name) => {
                let known = pool.known.find(FolderKey::of(&self.folder.shown), &self.folder.shown, name);
                known.map(KnownFile::mark_unchanged).is_some()
            }
            None => pool.known.mark_unchanged_below(&self.folder.shown),
        };
        let consequence = match (stays, &self.name) {
            (true, _) => "the articles read before are shown until it does",
            (false, Some(_)) => "the file is left out until it does",
            (false, None) => "the folder is left out until it does",
        };
        Problem::new(self.shown(), "the disk does not answer", consequence).failure()
    }
}

/// A thread of the pool.
pub(super) struct PoolWorker<'a> {
    pool: Arc<LoadPool>,
    state: &'a WorkerState,
    reports: mpsc::Sender<WorkerMessage>,
    /// Whether it prefers folders. One thread does, so that the others always have files and the total is known early.
    walks_first: bool,
    reader: FileReader,
    /// The path that identifies the articles of a file, and the length of its folder.
    place: Vec<u8>,
    root: usize,
}

impl<'a> PoolWorker<'a> {
    pub(super) fn new(
        pool: Arc<LoadPool>,
        state: &'a WorkerState,
        reports: mpsc::Sender<WorkerMessage>,
        walks_first: bool,
    ) -> PoolWorker<'a> {
        PoolWorker { pool, state, reports, walks_first, reader: FileReader::default(), place: Vec::new(), root: 0 }
    }

    pub(super) fn run(mut self) {
        loop {
            let job = match self.pool.try_take(self.walks_first) {
                NextJob::Job(job) => job,
                NextJob::End => break,
                NextJob::NotYet => {
                    // Pass on the articles before waiting.
                    self.send_shard(true);
                    match self.pool.take(self.walks_first) {
                        Some(job) => job,
                        None => break,
                    }
                }
            };
            let is_folder = matches!(job, Job::Folder(_));
            match job {
                Job::Folder(folder) => self.walk(&folder),
                Job::Files(folder, names) => self.read(&folder, names),
                Job::Bytes { dir, name, place, origin, bytes } => {
                    let stamp = FileStamp { size: bytes.len() as u64, modified: 0 };
                    let from = FileSource { dir: &dir, name: &name, place: &place, origin, stamp, sniffed: None };
                    lock(&self.state.in_progress)
                        .writer
                        .add_file(&from, &bytes, &mut |problem| self.report_problem(problem));
                    self.pool.count(bytes.len());
                }
            }
            if self.is_abandoned() {
                // The monitor has ended the job, and others do the rest.
                return;
            }
            self.send_shard(false);
            self.pool.done(is_folder);
        }
        self.send_shard(true);
    }

    /// Sends the current shard if it is due or `at_once` is set.
    fn send_shard(&self, at_once: bool) {
        let mut in_progress = lock(&self.state.in_progress);
        let shard = if at_once { in_progress.writer.take_shard() } else { in_progress.writer.ready() };
        drop(in_progress);
        if let Some(shard) = shard {
            self.pool.budget.charge(&shard);
            // Sending fails if the pool has ended.
            let _ = self.reports.send(WorkerMessage::Report(LoadReport::Shard(shard)));
        }
    }

    fn report_problem(&self, problem: Problem) {
        let _ = self.reports.send(WorkerMessage::Report(LoadReport::Problem(problem)));
    }

    fn is_abandoned(&self) -> bool {
        self.state.abandoned.load(Ordering::Relaxed)
    }

    /// Records the start of work in a folder.
    fn start(&self, folder: &Arc<SourceFolder>, mut names: Vec<OsString>, is_folder: bool) {
        let mut in_progress = lock(&self.state.in_progress);
        names.reverse();
        (in_progress.folder, in_progress.name, in_progress.rest, in_progress.is_folder) =
            (Some(Arc::clone(folder)), None, names, is_folder);
    }

    fn walk(&mut self, folder: &Arc<SourceFolder>) {
        let pool = &self.pool;
        self.start(folder, Vec::new(), true);
        if pool.stalled.contains_real(&folder.real) {
            return self.report_problem(FileOrFolder { folder: Arc::clone(folder), name: None }.stalled(pool));
        }
        let batch = if pool.known.is_empty() { BATCH } else { KNOWN_BATCH };
        let mut names = Vec::with_capacity(batch);
        let mut skipped: BTreeMap<&'static str, usize> = BTreeMap::new();
        self.state.heartbeat.waiting(|| {
            read_folder(folder, &pool.options, &mut |found| {
                self.state.heartbeat.tick();
                match found {
                    _ if self.is_abandoned() => {}
                    FolderEntry::File(name) => {
                        if pool.named.is_empty() || !pool.named.contains(&folder.real.join(&name)) {
                            names.push(name);
                        }
                        if names.len() == batch {
                            pool.put_files(folder, &mut names);
                            names.reserve(batch);
                        }
                    }
                    FolderEntry::Folder(name) => pool.put_folder(folder.child(&name)),
                    FolderEntry::Link(name, target) => pool.put_link(folder.linked(&name, target)),
                    FolderEntry::Skipped(extension) => *skipped.entry(extension).or_default() += 1,
                    FolderEntry::Refused(problem) => self.report_problem(problem),
                }
            });
        });
        let mut in_progress = lock(&self.state.in_progress);
        in_progress.folder = None;
        add(&mut in_progress.skipped, skipped);
        drop(in_progress);
        if self.is_abandoned() {
            return pool.stalled.answered(&folder.real);
        }
        pool.put_files(folder, &mut names);
    }

    fn read(&mut self, folder: &Arc<SourceFolder>, names: Vec<OsString>) {
        let pool = Arc::clone(&self.pool);
        self.start(folder, names, false);
        let open = self.state.heartbeat.waiting(|| OpenFolder::new(folder));
        if self.is_abandoned() {
            return pool.stalled.answered(&folder.real);
        }
        self.place.clear();
        self.place.extend_from_slice(folder.place.as_os_str().as_encoded_bytes());
        if !self.place.ends_with(std::path::MAIN_SEPARATOR_STR.as_bytes()) {
            self.place.extend_from_slice(std::path::MAIN_SEPARATOR_STR.as_bytes());
        }
        self.root = self.place.len();
        let key = (!pool.known.is_empty()).then(|| FolderKey::of(&folder.shown));
        loop {
            let has_room = pool.budget.wait_for_space(&pool.stop);
            if pool.stop.load(Ordering::Relaxed) {
                return;
            }
            let Some(name) = self.next_name() else { return };
            // A file that the reader named is read, whatever its extension.
            let is_named = || !pool.named.is_empty() && pool.named.contains(&folder.real.join(&name));
            let sniffed = sniffed_extension(&name).filter(|_| !is_named());
            let known = key.and_then(|key| pool.known.find(key, &folder.shown, &name));
            if !has_room && known.is_none() {
                pool.budget.count_left_out(1, 1);
                pool.count(0);
                continue;
            }
            if pool.stalled.any() && pool.stalled.contains_real(&folder.real.join(&name)) {
                let place = FileOrFolder { folder: Arc::clone(folder), name: Some(name) };
                self.report_problem(place.stalled(&pool));
                pool.count(0);
                continue;
            }
            let Some(length) = self.read_file(folder, &open, &name, (known, sniffed)) else { return };
            pool.count(length);
            // Also in the middle of a batch: a slow disk may take long for one of its files.
            self.send_shard(false);
        }
    }

    /// Reads and parses a file. Returns its number of bytes, or `None` if the worker was abandoned or stopped.
    fn read_file(
        &mut self,
        folder: &Arc<SourceFolder>,
        open: &OpenFolder<'_>,
        name: &OsStr,
        (known, sniffed): (Option<&KnownFile>, Option<&'static str>),
    ) -> Option<usize> {
        let (pool, state, reports) = (&*self.pool, self.state, &self.reports);
        let (limit, stamp) = (pool.options.limit(), known.map(KnownFile::stamp));
        let read = self.reader.read(
            open,
            name,
            limit,
            stamp,
            ReadContext { heartbeat: &state.heartbeat, budget: &pool.budget, stop: &pool.stop },
        );
        let mut in_progress = lock(&state.in_progress);
        if state.abandoned.load(Ordering::Relaxed) {
            drop(in_progress);
            pool.stalled.answered(&folder.real.join(name));
            return None;
        }
        let mut on_problem = |problem| drop(reports.send(WorkerMessage::Report(LoadReport::Problem(problem))));
        match read {
            Ok(Some(file)) => {
                let root = self.root;
                self.place.truncate(root);
                self.place.extend_from_slice(name.as_encoded_bytes());
                let (dir, origin, stamp) = (&folder.shown, Origin::File, file.stamp);
                let from = FileSource { dir, name, place: &self.place, origin, stamp, sniffed };
                in_progress.writer.add_file(&from, file.bytes, &mut on_problem);
                return Some(file.bytes.len());
            }
            Ok(None) => {
                if let Some(known) = known {
                    known.mark_unchanged();
                }
            }
            Err(ReadError::TooLarge { .. }) if let Some(extension) = sniffed => {
                in_progress.writer.count_skipped(extension);
            }
            // The file was not read because loading was stopped.
            Err(_) if pool.stop.load(Ordering::Relaxed) => return None,
            Err(error) => on_problem(Problem::refused(folder.shown.join(name), &error)),
        }
        Some(0)
    }

    /// Returns the next file; `None` if none is left or others have taken over.
    fn next_name(&self) -> Option<OsString> {
        let mut in_progress = lock(&self.state.in_progress);
        let next = in_progress.rest.pop();
        in_progress.name.clone_from(&next);
        if next.is_none() {
            in_progress.folder = None;
        }
        next
    }
}
