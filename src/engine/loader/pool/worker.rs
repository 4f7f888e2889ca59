//! One thread of the crew, and what it has in hand: where it can be taken over while the disk does not answer.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, TryLockError, mpsc};

use super::{Job, LoadCounts, LoadPool, LoadReport, NextJob, WorkerMessage, add};
use crate::article::{Problem, ReadError};
use crate::corpus::{FileStamp, Origin, Shard};
use crate::engine::loader::extensions::is_uncertain;
use crate::engine::loader::file_reader::{FileReader, OpenFolder};
use crate::engine::loader::ingest::{FileSource, ShardWriter};
use crate::engine::loader::known_files::{FolderKey, KnownFile};
use crate::engine::loader::memory_budget::MemoryBudget;
use crate::engine::loader::walk::{FolderEntry, SourceFolder, look_into};
use crate::util::lock;

/// Files are handed out this many at a time: about half a millisecond of work.
const BATCH: usize = 64;

/// As many when most of them are known: looking at one takes a hundredth of reading it.
const KNOWN_BATCH: usize = 512;

/// Tells whether a thread waits for the disk: an odd number while it does, another one each time.
#[derive(Debug, Default)]
pub(crate) struct Heartbeat(AtomicU64);

impl Heartbeat {
    /// Does what waits for the disk.
    pub(crate) fn waiting<T>(&self, work: impl FnOnce() -> T) -> T {
        self.0.fetch_add(1, Ordering::Relaxed);
        let done = work();
        self.0.fetch_add(1, Ordering::Relaxed);
        done
    }

    /// The disk has answered, and is asked again.
    fn beat(&self) {
        self.0.fetch_add(2, Ordering::Relaxed);
    }
}

/// What a worker has in hand, where whoever looks after it can get at it.
pub(super) struct WorkerState {
    pulse: Heartbeat,
    given_up: AtomicBool,
    hand: Mutex<InProgress>,
}

struct InProgress {
    intake: ShardWriter,
    passed_over: BTreeMap<&'static str, usize>,
    /// The folder that is looked into, or that files are read in.
    folder: Option<Arc<SourceFolder>>,
    /// The file that is read.
    name: Option<OsString>,
    /// The files that are read after it, the next one last.
    rest: Vec<OsString>,
    is_folder: bool,
}

/// Files that are still to be read in a folder.
type Rest = (Arc<SourceFolder>, Vec<OsString>);

impl WorkerState {
    pub(super) fn new(room: &Arc<MemoryBudget>) -> WorkerState {
        let (folder, name, rest, passed_over) = (None, None, Vec::new(), BTreeMap::new());
        let hand = InProgress {
            intake: ShardWriter::new(Arc::clone(room)),
            passed_over,
            folder,
            name,
            rest,
            is_folder: false,
        };
        WorkerState { pulse: Heartbeat::default(), given_up: AtomicBool::new(false), hand: Mutex::new(hand) }
    }

    pub(super) fn pulse(&self) -> u64 {
        self.pulse.0.load(Ordering::Relaxed)
    }

    /// Whether the disk is waited for at this pulse.
    pub(super) fn is_waiting(pulse: u64) -> bool {
        pulse % 2 == 1
    }

    /// Takes away what does not wait for the disk; none where the worker goes on by itself.
    pub(super) fn relieve(&self) -> Option<(Option<Arc<Shard>>, Option<Rest>)> {
        // Who works on a file holds it, perhaps for long.
        let mut hand = match self.hand.try_lock() {
            Ok(hand) => hand,
            Err(TryLockError::Poisoned(hand)) => hand.into_inner(),
            Err(TryLockError::WouldBlock) => return None,
        };
        // Where the folder itself does not answer, the same would happen to others.
        let mut rest = if hand.name.is_some() { std::mem::take(&mut hand.rest) } else { Vec::new() };
        rest.reverse();
        Some((hand.intake.hand_over(), hand.folder.clone().map(|folder| (folder, rest))))
    }

    /// Waits no longer for what this worker waits for; tells so where that is wanted. False where the worker goes on by
    /// itself.
    pub(super) fn give_up(&self, crew: &LoadPool, is_told: bool, tell: &mut dyn FnMut(LoadReport)) -> bool {
        let Ok(mut hand) = self.hand.try_lock() else { return false };
        let Some(folder) = hand.folder.clone() else { return false };
        self.given_up.store(true, Ordering::Relaxed);
        let files = std::mem::take(&mut hand.rest).len() + usize::from(hand.name.is_some());
        let place = FileOrFolder { folder, name: hand.name.clone() };
        if let Some(shard) = hand.intake.hand_over() {
            crew.room.take(&shard);
            tell(LoadReport::Shard(shard));
        }
        let is_folder = hand.is_folder;
        drop(hand);
        crew.unanswered.add(place.real(), place.shown());
        if is_told {
            tell(LoadReport::Problem(place.unanswered(crew)));
        }
        (0..files).for_each(|_| crew.count(0));
        crew.done(is_folder);
        true
    }

    /// Adds what was counted here.
    pub(super) fn add_to(&self, counts: &mut LoadCounts) {
        let mut hand = lock(&self.hand);
        add(&mut counts.formats, std::mem::take(&mut hand.intake.formats));
        add(&mut counts.passed_over, std::mem::take(&mut hand.intake.passed_over));
        add(&mut counts.passed_over, std::mem::take(&mut hand.passed_over));
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

    /// That the disk does not answer. What was read there before stays.
    fn unanswered(&self, crew: &LoadPool) -> Problem {
        let stays = match &self.name {
            Some(name) => {
                let known = crew.known.find(FolderKey::of(&self.folder.shown), &self.folder.shown, name);
                known.map(KnownFile::mark_unchanged).is_some()
            }
            None => crew.known.mark_unchanged_below(&self.folder.shown),
        };
        let consequence = match (stays, &self.name) {
            (true, _) => "what was read there before is shown until it does",
            (false, Some(_)) => "the file is left out until it does",
            (false, None) => "the folder is left out until it does",
        };
        let cause = "the disk does not answer".to_owned();
        let consequence = consequence.to_owned();
        Problem { path: self.shown(), line: None, column: None, cause, consequence, is_failure: true }
    }
}

/// One thread of the crew.
pub(super) struct PoolWorker<'a> {
    crew: Arc<LoadPool>,
    station: &'a WorkerState,
    reports: mpsc::Sender<WorkerMessage>,
    /// One thread goes ahead and finds files, so that the others always have some and the gauge knows how many.
    goes_ahead: bool,
    reader: FileReader,
    /// What the identities of a file's articles are worked out from, and how much of it is the folder.
    place: Vec<u8>,
    root: usize,
}

impl<'a> PoolWorker<'a> {
    pub(super) fn new(
        crew: Arc<LoadPool>,
        station: &'a WorkerState,
        reports: mpsc::Sender<WorkerMessage>,
        goes_ahead: bool,
    ) -> PoolWorker<'a> {
        PoolWorker { crew, station, reports, goes_ahead, reader: FileReader::default(), place: Vec::new(), root: 0 }
    }

    pub(super) fn run(mut self) {
        loop {
            let job = match self.crew.try_take(self.goes_ahead) {
                NextJob::Job(job) => job,
                NextJob::End => break,
                NextJob::NotYet => {
                    // What is there is not kept back while waiting.
                    self.hand_over(true);
                    match self.crew.take(self.goes_ahead) {
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
                    let from = FileSource { dir: &dir, name: &name, place: &place, origin, stamp, uncertain: None };
                    lock(&self.station.hand).intake.take(&from, &bytes, &mut |problem| self.tell(problem));
                    self.crew.count(bytes.len());
                }
            }
            if self.is_given_up() {
                // The job was given back already, and what is left to do is done by others.
                return;
            }
            self.hand_over(false);
            self.crew.done(is_folder);
        }
        self.hand_over(true);
    }

    /// Tells of a shard, if there is one and it is time, or `at_once`.
    fn hand_over(&self, at_once: bool) {
        let mut hand = lock(&self.station.hand);
        let shard = if at_once { hand.intake.hand_over() } else { hand.intake.ready() };
        drop(hand);
        if let Some(shard) = shard {
            self.crew.room.take(&shard);
            // Where nobody listens any more, there is nobody to tell.
            let _ = self.reports.send(WorkerMessage::Report(LoadReport::Shard(shard)));
        }
    }

    fn tell(&self, problem: Problem) {
        let _ = self.reports.send(WorkerMessage::Report(LoadReport::Problem(problem)));
    }

    fn is_given_up(&self) -> bool {
        self.station.given_up.load(Ordering::Relaxed)
    }

    /// Begins with what is in a folder.
    fn begin(&self, folder: &Arc<SourceFolder>, mut names: Vec<OsString>, is_folder: bool) {
        let mut hand = lock(&self.station.hand);
        names.reverse();
        (hand.folder, hand.name, hand.rest, hand.is_folder) = (Some(Arc::clone(folder)), None, names, is_folder);
    }

    fn walk(&mut self, folder: &Arc<SourceFolder>) {
        let crew = &self.crew;
        self.begin(folder, Vec::new(), true);
        if crew.unanswered.holds(&folder.real) {
            return self.tell(FileOrFolder { folder: Arc::clone(folder), name: None }.unanswered(crew));
        }
        let batch = if crew.known.is_empty() { BATCH } else { KNOWN_BATCH };
        let mut names = Vec::with_capacity(batch);
        let mut passed_over: BTreeMap<&'static str, usize> = BTreeMap::new();
        self.station.pulse.waiting(|| {
            look_into(folder, &crew.options, &mut |found| {
                self.station.pulse.beat();
                match found {
                    _ if self.is_given_up() => {}
                    FolderEntry::File(name) => {
                        if crew.named.is_empty() || !crew.named.contains(&folder.real.join(&name)) {
                            names.push(name);
                        }
                        if names.len() == batch {
                            crew.put_files(folder, &mut names);
                            names.reserve(batch);
                        }
                    }
                    FolderEntry::Folder(name) => crew.put_folder(folder.child(&name)),
                    FolderEntry::Link(name, target) => crew.put_link(folder.linked(&name, target)),
                    FolderEntry::PassedOver(ending) => *passed_over.entry(ending).or_default() += 1,
                    FolderEntry::Refused(problem) => self.tell(problem),
                }
            });
        });
        let mut hand = lock(&self.station.hand);
        hand.folder = None;
        add(&mut hand.passed_over, passed_over);
        drop(hand);
        if self.is_given_up() {
            return crew.unanswered.answered(&folder.real);
        }
        crew.put_files(folder, &mut names);
    }

    fn read(&mut self, folder: &Arc<SourceFolder>, names: Vec<OsString>) {
        let crew = Arc::clone(&self.crew);
        self.begin(folder, names, false);
        let open = self.station.pulse.waiting(|| OpenFolder::new(folder));
        if self.is_given_up() {
            return crew.unanswered.answered(&folder.real);
        }
        self.place.clear();
        self.place.extend_from_slice(folder.place.as_os_str().as_encoded_bytes());
        if !self.place.ends_with(std::path::MAIN_SEPARATOR_STR.as_bytes()) {
            self.place.extend_from_slice(std::path::MAIN_SEPARATOR_STR.as_bytes());
        }
        self.root = self.place.len();
        let key = (!crew.known.is_empty()).then(|| FolderKey::of(&folder.shown));
        loop {
            let has_room = crew.room.wait(&crew.stop);
            if crew.stop.load(Ordering::Relaxed) {
                return;
            }
            let Some(name) = self.next_name() else { return };
            // What was named is read whatever it is.
            let is_named = || !crew.named.is_empty() && crew.named.contains(&folder.real.join(&name));
            let uncertain = is_uncertain(&name).filter(|_| !is_named());
            let known = key.and_then(|key| crew.known.find(key, &folder.shown, &name));
            if !has_room && known.is_none() {
                crew.room.leave_out(1, 1);
                crew.count(0);
                continue;
            }
            if crew.unanswered.any() && crew.unanswered.holds(&folder.real.join(&name)) {
                let place = FileOrFolder { folder: Arc::clone(folder), name: Some(name) };
                self.tell(place.unanswered(&crew));
                crew.count(0);
                continue;
            }
            let Some(length) = self.take_in(folder, &open, &name, (known, uncertain)) else { return };
            crew.count(length);
            // Also in the middle of a batch: one of its files may take a slow disk long.
            self.hand_over(false);
        }
    }

    /// Reads a file and takes it in; gives how many bytes it had, or none where nobody waits for it any more.
    fn take_in(
        &mut self,
        folder: &Arc<SourceFolder>,
        open: &OpenFolder<'_>,
        name: &OsStr,
        (known, uncertain): (Option<&KnownFile>, Option<&'static str>),
    ) -> Option<usize> {
        let (crew, station, reports) = (&*self.crew, self.station, &self.reports);
        let (limit, stamp) = (crew.options.limit(), known.map(KnownFile::stamp));
        let read = self.reader.read(open, name, limit, stamp, (&station.pulse, &crew.room, &crew.stop));
        let mut hand = lock(&station.hand);
        if station.given_up.load(Ordering::Relaxed) {
            drop(hand);
            crew.unanswered.answered(&folder.real.join(name));
            return None;
        }
        let mut tell = |problem| drop(reports.send(WorkerMessage::Report(LoadReport::Problem(problem))));
        match read {
            Ok(Some(file)) => {
                let root = self.root;
                self.place.truncate(root);
                self.place.extend_from_slice(name.as_encoded_bytes());
                let (dir, origin, stamp) = (&folder.shown, Origin::File, file.stamp);
                let from = FileSource { dir, name, place: &self.place, origin, stamp, uncertain };
                hand.intake.take(&from, file.bytes, &mut tell);
                return Some(file.bytes.len());
            }
            Ok(None) => known.into_iter().for_each(KnownFile::mark_unchanged),
            Err(ReadError::TooLarge { .. }) if uncertain.is_some() => {
                uncertain.into_iter().for_each(|ending| hand.intake.pass_over(ending));
            }
            // What was being read is not what something is wrong with.
            Err(_) if crew.stop.load(Ordering::Relaxed) => return None,
            Err(refusal) => tell(Problem::refused(folder.shown.join(name), &refusal)),
        }
        Some(0)
    }

    /// The next file to be read; none where there is none left, or where others have taken over.
    fn next_name(&self) -> Option<OsString> {
        let mut hand = lock(&self.station.hand);
        let next = hand.rest.pop();
        hand.name.clone_from(&next);
        if next.is_none() {
            hand.folder = None;
        }
        next
    }
}
