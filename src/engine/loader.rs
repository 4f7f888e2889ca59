//! Loading sources: what was named is sorted out, the crew reads it, and what comes of it is handed on at a pace that
//! suits whoever listens.

pub(crate) mod accumulator;
pub(crate) mod available_memory;
pub(crate) mod bundled;
pub(crate) mod extensions;
pub(crate) mod file_reader;
pub(crate) mod ingest;
pub(crate) mod known_files;
pub(crate) mod memory_budget;
pub(crate) mod pool;
pub(crate) mod source;
pub(crate) mod stalled_paths;
pub(crate) mod walk;

pub use source::{LoadOptions, Source, unreadable};

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use std::{fs, io};

use super::log::note;
use super::snapshot::{Cache, ReadTimes, WriteOutcome};
use accumulator::CorpusAccumulator;
use bundled::SEEDS;
use file_reader::{kind_of, refusal};
use known_files::KnownFiles;
use memory_budget::MemoryBudget;
use pool::{Job, LoadCounts, LoadPool, LoadReport};

use super::feeds::entries::FeedEntries;
use crate::article::{Problem, ReadError};
use crate::corpus::{Corpus, FileEntry, LoadProgress, Origin, Shard};
use stalled_paths::StalledPaths;
use walk::SourceFolder;

/// What is told while sources are loaded.
#[derive(Debug)]
pub(crate) enum LoadEvent {
    /// Articles came out of a snapshot, without those of the files with these numbers.
    Kept(Arc<Shard>, Vec<u32>),
    /// That was all that comes out of snapshots.
    KeptAll,
    /// Articles came in.
    Shard(Arc<Shard>),
    /// Something cannot be read, or not in full.
    Problem(Problem),
    /// How far it is.
    Progress(LoadProgress),
}

/// Everything that sources hold.
#[derive(Debug)]
pub struct Loaded {
    /// The articles.
    pub corpus: Corpus,
    /// What could not be read, or not in full, in the order of paths.
    pub problems: Vec<Problem>,
    /// How many files were read, by the name of their format.
    pub formats: BTreeMap<&'static str, usize>,
    /// How many files of other kinds were passed over, by the endings of their names.
    pub passed_over: BTreeMap<&'static str, usize>,
    /// Files and bytes.
    pub progress: LoadProgress,
    /// What took how long, one after the other.
    pub phases: Vec<(&'static str, Duration)>,
    /// Whether a named path could not be read at all.
    pub is_path_missing: bool,
}

impl Loaded {
    /// Returns the number of files and folders that could not be read.
    pub fn failures(&self) -> usize {
        self.problems.iter().filter(|problem| problem.is_failure).count()
    }
}

/// Loads `sources` and comes back when all is there.
pub fn load_all(sources: &[Source], options: LoadOptions) -> Loaded {
    load_until(sources, options, &AtomicBool::new(false), &mut |_| {})
}

/// Loads `sources` and comes back when all is there, or when `stop` is set, with what is there then. `tell` hears how
/// far it is, several times a second.
pub fn load_until(
    sources: &[Source],
    options: LoadOptions,
    stop: &AtomicBool,
    tell: &mut dyn FnMut(LoadProgress),
) -> Loaded {
    load_with(sources, options, None, stop, tell)
}

/// Like [`load_until`], but what did not change since snapshots in `cache` were written comes from those.
pub fn load_with(
    sources: &[Source],
    options: LoadOptions,
    cache: Option<&Cache>,
    stop: &AtomicBool,
    tell: &mut dyn FnMut(LoadProgress),
) -> Loaded {
    let mut problems = Vec::new();
    let room = Arc::new(MemoryBudget::new(options.memory));
    room.tend(true);
    let mut growing = CorpusAccumulator::new(&room, Arc::default());
    let began = Instant::now();
    for source in sources {
        let Source::Feeds { library, merge } = source else { continue };
        let mut take = |shard| _ = growing.hear(LoadEvent::Shard(shard));
        if let Err(error) = FeedEntries::load(library, *merge, (&room, stop), &mut take) {
            problems.push(FeedEntries::problem(library, &error));
        }
    }
    let unanswered = Arc::default();
    let (tally, _, known) =
        load(sources, options, (&room, &unanswered, stop), KnownFiles::default(), cache, &mut |event| {
            match growing.hear(event) {
                Some(LoadEvent::Problem(problem)) => problems.push(problem),
                Some(LoadEvent::Progress(progress)) => tell(progress),
                _ => {}
            }
            growing.make_room(&mut |_| {});
        });
    let LoadStats { counts, progress } = tally;
    let LoadCounts { formats, passed_over } = counts;
    let read = began.elapsed();
    // What was not looked at is not gone.
    let (mut corpus, _) = growing.finish(known.changed().filter(|_| !progress.stopped));
    drop(known);
    room.settle(&mut corpus, &mut |_| {});
    let corpus = Arc::unwrap_or_clone(corpus);
    let progress = room.told_in(progress);
    problems.extend(room.problem());
    problems.sort_by(|a, b| (&a.path, a.line).cmp(&(&b.path, b.line)));
    let phases = vec![("reading", read), ("ordering", began.elapsed() - read)];
    let mut failed = problems.iter().filter(|problem| problem.is_failure).map(|problem| &problem.path).peekable();
    let is_path_missing = failed.peek().is_some() && {
        let failed: HashSet<&PathBuf> = failed.collect();
        sources.iter().any(|source| matches!(source, Source::Named(path) if failed.contains(path)))
    };
    Loaded { corpus, problems, formats, passed_over, progress, phases, is_path_missing }
}

/// Writes the snapshot of the folder at `path`, or brings it up to date, and gives back what was loaded for it.
/// `loading` hears how far that is, and `writing` how many shards are done, of how many.
pub fn make_snapshot(
    path: &Path,
    options: LoadOptions,
    cache: &Cache,
    loading: &mut dyn FnMut(LoadProgress),
    writing: &mut dyn FnMut(usize, usize),
) -> io::Result<(Loaded, WriteOutcome)> {
    let sources = [Source::Named(path.to_path_buf())];
    let mut ages = ReadTimes::of_snapshot();
    ages.begin(0);
    let loaded = load_with(&sources, options, Some(cache), &AtomicBool::new(false), loading);
    let troubled: HashSet<&Path> = loaded.problems.iter().map(|problem| problem.path.as_path()).collect();
    let sound = |file: &FileEntry<'_>| troubled.is_empty() || !troubled.contains(&*file.dir.join(file.name));
    let mut written = WriteOutcome::NotWorthIt;
    if loaded.progress.left_out_articles > 0 {
        // What does not fit into the memory is read in part, and a snapshot of a part would not be used.
        return Ok((loaded, written));
    }
    for root in cache.roots(&sources) {
        written = cache.write(&root, options, &loaded.corpus, &ages, &sound, writing)?;
    }
    Ok((loaded, written))
}

/// What was counted while sources were loaded.
pub(crate) struct LoadStats {
    pub(crate) counts: LoadCounts,
    pub(crate) progress: LoadProgress,
}

/// Where articles were looked for: what a change on disk is set against.
#[derive(Debug, Default)]
pub(crate) struct ScanIndex {
    /// Folders that were looked into, by their paths without links.
    pub(crate) folders: HashMap<PathBuf, Arc<SourceFolder>>,
    /// Files that were named, by their paths without links.
    pub(crate) named: HashMap<PathBuf, (Arc<SourceFolder>, OsString)>,
    /// Folders that are shown under another path. If that path is removed, they are shown under theirs.
    pub(crate) doubles: Vec<Arc<SourceFolder>>,
}

/// Loads `sources` but for the files that are `known` and did not change. Where there is a `cache`, what its snapshots
/// hold comes first and becomes known. Gives back what is known, with which of it did not change.
pub(crate) fn load(
    sources: &[Source],
    options: LoadOptions,
    (room, unanswered, stop): (&Arc<MemoryBudget>, &Arc<StalledPaths>, &AtomicBool),
    mut known: KnownFiles,
    cache: Option<&Cache>,
    tell: &mut dyn FnMut(LoadEvent),
) -> (LoadStats, ScanIndex, Arc<KnownFiles>) {
    if let Some(cache) = cache {
        let began = Instant::now();
        for root in cache.roots(sources) {
            cache.read(&root, options, (room, stop), &mut |shard, dead| {
                known.add(&shard, |number, _| dead.binary_search(&number).is_err());
                tell(LoadEvent::Kept(shard, dead));
            });
        }
        note(|| format!("snapshots gave {} files in {:?}", known.len(), began.elapsed()));
        tell(LoadEvent::KeptAll);
    }
    let began = Instant::now();
    let mut plan = Plan::default();
    for source in sources {
        match source {
            Source::Named(path) => plan.path(path, tell),
            Source::Bundled => plan.bundled(),
            Source::Input(bytes) => plan.input(bytes.clone()),
            // Who listens to what changes in the library reads those.
            Source::Feeds { .. } => {}
        }
    }
    let named: HashSet<PathBuf> = plan.named.keys().cloned().collect();
    let known = Arc::new(known);
    let crew = LoadPool::new(options, &known, room, unanswered, named, HashMap::new());
    let counts = crew.work(plan.jobs, stop, &mut |report| match report {
        LoadReport::Shard(shard) => {
            tell(LoadEvent::Shard(shard));
            tell(LoadEvent::Progress(crew.progress()));
        }
        LoadReport::Problem(problem) => tell(LoadEvent::Problem(problem)),
        LoadReport::Tick => tell(LoadEvent::Progress(crew.progress())),
    });
    let progress = LoadProgress { done: true, stopped: stop.load(Ordering::Relaxed), ..crew.progress() };
    note(|| format!("{} files looked at, {} bytes read in {:?}", progress.read, progress.bytes, began.elapsed()));
    let map = ScanIndex { folders: crew.take_folders(), named: plan.named, doubles: crew.take_doubles() };
    (LoadStats { counts, progress }, map, known)
}

/// What is to be done for the sources that were named.
#[derive(Default)]
struct Plan {
    jobs: Vec<Job>,
    named: HashMap<PathBuf, (Arc<SourceFolder>, OsString)>,
    /// The folder of the file that was named last: the next is often its neighbour.
    parent: Option<Arc<SourceFolder>>,
}

impl Plan {
    fn path(&mut self, path: &Path, tell: &mut dyn FnMut(LoadEvent)) {
        let mut refuse = |why: &ReadError| tell(LoadEvent::Problem(Problem::refused(path.to_path_buf(), why)));
        match fs::metadata(path) {
            Ok(metadata) if metadata.is_dir() => match fs::canonicalize(path) {
                Ok(real) => self.jobs.push(Job::Folder(Arc::new(SourceFolder::root(path, real)))),
                Err(error) => refuse(&refusal(&error)),
            },
            Ok(metadata) if metadata.is_file() => {
                if let Err(why) = self.file(path) {
                    refuse(&why);
                }
            }
            Ok(metadata) => refuse(&ReadError::NotRegular(kind_of(metadata.file_type()))),
            Err(error) => refuse(&refusal(&error)),
        }
    }

    fn file(&mut self, path: &Path) -> Result<(), ReadError> {
        let (Some(shown), Some(name)) = (path.parent(), path.file_name()) else {
            return Err(ReadError::NotRegular("a folder"));
        };
        let folder = match self.parent.as_ref().filter(|folder| *folder.shown == *shown) {
            Some(folder) => Arc::clone(folder),
            None => {
                let parent = if shown.as_os_str().is_empty() { Path::new(".") } else { shown };
                let real = fs::canonicalize(parent).map_err(|error| refusal(&error))?;
                Arc::new(SourceFolder::root(shown, real))
            }
        };
        self.parent = Some(Arc::clone(&folder));
        let real = folder.real.join(name);
        if self.named.contains_key(&real) {
            return Ok(());
        }
        self.named.insert(real, (Arc::clone(&folder), name.to_owned()));
        match self.jobs.last_mut() {
            Some(Job::Files(last, names)) if Arc::ptr_eq(last, &folder) && names.len() < 64 => names.push(name.into()),
            _ => self.jobs.push(Job::Files(folder, vec![name.into()])),
        }
        Ok(())
    }

    fn bundled(&mut self) {
        let dir: Arc<Path> = Arc::from(Path::new("seeds"));
        self.jobs.extend(SEEDS.iter().map(|(name, bytes)| Job::Bytes {
            dir: Arc::clone(&dir),
            name: OsStr::new(name).to_owned(),
            place: format!("bundled:{name}").into_bytes(),
            origin: Origin::Bundled,
            bytes: Cow::Borrowed(*bytes),
        }));
    }

    fn input(&mut self, bytes: Vec<u8>) {
        self.jobs.push(Job::Bytes {
            dir: Arc::from(Path::new("")),
            name: OsString::from("standard input"),
            place: format!("input:{:016x}", xxhash_rust::xxh3::xxh3_64(&bytes)).into_bytes(),
            origin: Origin::Input,
            bytes: Cow::Owned(bytes),
        });
    }
}
