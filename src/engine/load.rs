//! Loads sources: snapshots first, then a pool of threads reads the files that changed.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use std::{fs, io};

use super::loader::accumulator::{CorpusAccumulator, LoadEvent};
use super::loader::bundled::BUNDLED_ARTICLES;
use super::loader::context::LoadContext;
use super::loader::known_files::KnownFiles;
use super::loader::memory_budget::MemoryBudget;
use super::loader::pool::{Job, LoadCounts, LoadPool, LoadReport, PoolOptions};
use super::loader::read_error::{kind_of, read_error};
use super::loader::source::{LoadOptions, Source};
use super::log::note;
use super::snapshot::{Cache, ReadTimes, WriteOutcome};

use super::feeds::entries::FeedEntries;
use super::loader::walk::SourceFolder;
use crate::article::{Problem, ReadError};
use crate::corpus::{Corpus, FileEntry, LoadProgress, Origin};

/// The loaded sources.
#[derive(Debug)]
pub struct Loaded {
    /// The articles.
    pub corpus: Corpus,
    /// The problems, in the order of paths.
    pub problems: Vec<Problem>,
    /// The number of files read, by format.
    pub formats: BTreeMap<&'static str, usize>,
    /// The number of skipped files, by extension.
    pub skipped: BTreeMap<&'static str, usize>,
    /// The progress at the end of loading.
    pub progress: LoadProgress,
    /// The duration of each phase.
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

/// Loads `sources` completely, without snapshots.
pub fn load_all(sources: &[Source], options: LoadOptions) -> Loaded {
    load_with(sources, options, None, &AtomicBool::new(false), &mut |_| {})
}

/// Loads `sources` until `stop` is set. Reads unchanged files from the snapshots in `cache`. Calls `on_progress` with
/// the progress several times a second.
pub fn load_with(
    sources: &[Source],
    options: LoadOptions,
    cache: Option<&Cache>,
    stop: &AtomicBool,
    on_progress: &mut dyn FnMut(LoadProgress),
) -> Loaded {
    let mut problems = Vec::new();
    let budget = Arc::new(MemoryBudget::new(options.memory));
    budget.set_evicting(true);
    let mut loaded = CorpusAccumulator::new(&budget, Arc::default());
    let began = Instant::now();
    for source in sources {
        let Source::Feeds { library, merge } = source else { continue };
        let mut take = |shard| {
            loaded.push(LoadEvent::Shard(shard));
        };
        if let Err(error) = FeedEntries::load(library, *merge, &budget, stop, &mut take) {
            problems.push(FeedEntries::problem(library, &error));
        }
    }
    let stalled = Arc::default();
    let context = LoadContext { budget: &budget, stalled: &stalled, stop };
    let result = load(sources, options, context, KnownFiles::default(), cache, &mut |event| {
        match loaded.push(event) {
            Some(LoadEvent::Problem(problem)) => problems.push(problem),
            Some(LoadEvent::Progress(progress)) => on_progress(progress),
            _ => {}
        }
        loaded.evict(&mut |_| {});
    });
    let LoadResult { counts: LoadCounts { formats, skipped }, progress, known, .. } = result;
    let read = began.elapsed();
    // If loading was stopped, files that were not looked at still exist.
    let (mut corpus, _) = loaded.finish(known.changed().filter(|_| !progress.stopped));
    drop(known);
    budget.enforce(&mut corpus, &mut |_| {});
    let corpus = Arc::unwrap_or_clone(corpus);
    let progress = budget.with_left_out(progress);
    problems.extend(budget.problem());
    problems.sort_by(|a, b| (&a.path, a.line).cmp(&(&b.path, b.line)));
    let phases = vec![("reading", read), ("ordering", began.elapsed() - read)];
    let mut failed = problems.iter().filter(|problem| problem.is_failure).map(|problem| &problem.path).peekable();
    let is_path_missing = failed.peek().is_some() && {
        let failed: HashSet<&PathBuf> = failed.collect();
        sources.iter().any(|source| matches!(source, Source::Path(path) if failed.contains(path)))
    };
    Loaded { corpus, problems, formats, skipped, progress, phases, is_path_missing }
}

/// Writes or updates the snapshot of the folder at `path`, and returns its loaded content. Calls `loading` with the
/// progress, and `writing` with the number of written shards and of all shards.
pub fn make_snapshot(
    path: &Path,
    options: LoadOptions,
    cache: &Cache,
    loading: &mut dyn FnMut(LoadProgress),
    writing: &mut dyn FnMut(usize, usize),
) -> io::Result<(Loaded, WriteOutcome)> {
    let sources = [Source::Path(path.to_path_buf())];
    let mut read_times = ReadTimes::of_snapshot();
    read_times.mark_since(0);
    let loaded = load_with(&sources, options, Some(cache), &AtomicBool::new(false), loading);
    let troubled: HashSet<&Path> = loaded.problems.iter().map(|problem| problem.path.as_path()).collect();
    let sound = |file: &FileEntry<'_>| troubled.is_empty() || !troubled.contains(&*file.dir.join(file.name));
    let mut written = WriteOutcome::NotWorthIt;
    if loaded.progress.left_out_articles > 0 {
        // Not all files fit into the memory budget, and a snapshot of a part would not be used.
        return Ok((loaded, written));
    }
    for root in cache.roots(&sources) {
        written = cache.write(&root, options, &loaded.corpus, &read_times, &sound, writing)?;
    }
    Ok((loaded, written))
}

/// The folders and files that were scanned. Maps a change on disk to them.
#[derive(Debug, Default)]
pub(crate) struct ScanIndex {
    /// The scanned folders, by their paths without links.
    pub(crate) folders: HashMap<PathBuf, Arc<SourceFolder>>,
    /// The files that the reader named, by their paths without links.
    pub(crate) named: HashMap<PathBuf, (Arc<SourceFolder>, OsString)>,
    /// Other paths of scanned folders. If the shown path is removed, the folder is shown under one of these.
    pub(crate) doubles: Vec<Arc<SourceFolder>>,
}

/// The result of loading.
pub(crate) struct LoadResult {
    pub(crate) counts: LoadCounts,
    pub(crate) progress: LoadProgress,
    pub(crate) index: ScanIndex,
    /// The known files; the unchanged ones are marked.
    pub(crate) known: Arc<KnownFiles>,
}

/// Loads `sources`, except for unchanged `known` files. The snapshots in `cache` are read first; their files become
/// known.
pub(crate) fn load(
    sources: &[Source],
    options: LoadOptions,
    context: LoadContext<'_>,
    mut known: KnownFiles,
    cache: Option<&Cache>,
    on_event: &mut dyn FnMut(LoadEvent),
) -> LoadResult {
    if let Some(cache) = cache {
        let began = Instant::now();
        for root in cache.roots(sources) {
            cache.read(&root, options, context, &mut |shard, dead| {
                known.add(&shard, |number, _| dead.binary_search(&number).is_err());
                on_event(LoadEvent::FromSnapshot(shard, dead));
            });
        }
        note(|| format!("snapshots gave {} files in {:?}", known.len(), began.elapsed()));
        on_event(LoadEvent::SnapshotsDone);
    }
    let began = Instant::now();
    let mut plan = Plan::default();
    for source in sources {
        match source {
            Source::Path(path) => plan.path(path, on_event),
            Source::Bundled => plan.bundled(),
            Source::Input(bytes) => plan.input(bytes.clone()),
            // The callers read the entries of feeds.
            Source::Feeds { .. } => {}
        }
    }
    let known = Arc::new(known);
    let pool = LoadPool::new(PoolOptions {
        options,
        known: Arc::clone(&known),
        budget: Arc::clone(context.budget),
        stalled: Arc::clone(context.stalled),
        named: plan.named.keys().cloned().collect(),
        folders: HashMap::new(),
    });
    let counts = pool.run(plan.jobs, context.stop, &mut |report| match report {
        LoadReport::Shard(shard) => {
            on_event(LoadEvent::Shard(shard));
            on_event(LoadEvent::Progress(pool.progress()));
        }
        LoadReport::Problem(problem) => on_event(LoadEvent::Problem(problem)),
        LoadReport::Tick => on_event(LoadEvent::Progress(pool.progress())),
    });
    let progress = LoadProgress { done: true, stopped: context.stop.load(Ordering::Relaxed), ..pool.progress() };
    note(|| format!("{} files looked at, {} bytes read in {:?}", progress.read, progress.bytes, began.elapsed()));
    let index = ScanIndex { folders: pool.take_folders(), named: plan.named, doubles: pool.take_doubles() };
    LoadResult { counts, progress, index, known }
}

/// The jobs for the sources.
#[derive(Default)]
struct Plan {
    jobs: Vec<Job>,
    named: HashMap<PathBuf, (Arc<SourceFolder>, OsString)>,
    /// The folder of the last file; the next one is often in the same folder.
    parent: Option<Arc<SourceFolder>>,
}

impl Plan {
    fn path(&mut self, path: &Path, on_event: &mut dyn FnMut(LoadEvent)) {
        let mut refuse = |why: &ReadError| on_event(LoadEvent::Problem(Problem::refused(path.to_path_buf(), why)));
        match fs::metadata(path) {
            Ok(metadata) if metadata.is_dir() => match fs::canonicalize(path) {
                Ok(real) => self.jobs.push(Job::Folder(Arc::new(SourceFolder::root(path, real)))),
                Err(error) => refuse(&read_error(&error)),
            },
            Ok(metadata) if metadata.is_file() => {
                if let Err(why) = self.file(path) {
                    refuse(&why);
                }
            }
            Ok(metadata) => refuse(&ReadError::NotRegular(kind_of(metadata.file_type()))),
            Err(error) => refuse(&read_error(&error)),
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
                let real = fs::canonicalize(parent).map_err(|error| read_error(&error))?;
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
        self.jobs.extend(BUNDLED_ARTICLES.iter().map(|(name, bytes)| Job::Bytes {
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
