//! Reading files and folders into shards, over all cores.
//!
//! One queue holds folders to be listed and batches of files to be read; every worker takes what comes next, so that
//! listing and reading overlap. Each worker builds shards of its own and hands them over when they are large, or
//! when the first screenful has waited long enough.

use std::collections::{BTreeMap, HashSet, VecDeque};
use std::ffi::{OsStr, OsString};
use std::fs::{self, File, Metadata};
use std::io::{self, Read};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::bundled;
use crate::app::LoadProgress;
use crate::corpus::{Corpus, Origin, Shard, ShardBuilder, Stamp};
use crate::loader::{Hint, Problem, Refusal, decode, read};

/// A shard of this many bytes is handed over.
const SHARD: usize = 4 << 20;
/// So is one that is this old.
const PATIENCE: Duration = Duration::from_millis(80);
/// How many files of one folder a worker takes at once.
const BATCH: usize = 64;

/// Files with these endings are no articles; in a folder they are passed over, and read only when named.
const OTHER_KINDS: &[&str] = &[
    "7z", "aac", "atom", "avi", "avif", "bin", "bmp", "bz2", "c", "class", "cpp", "css", "csv", "db", "dll", "doc",
    "docx", "epub", "exe", "flac", "gif", "go", "gz", "h", "heic", "htm", "html", "ico", "ini", "iso", "jar", "java",
    "jpeg", "jpg", "js", "json", "jsonl", "lock", "m4a", "mkv", "mobi", "mov", "mp3", "mp4", "o", "odp", "ods", "odt",
    "ogg", "opml", "otf", "pdf", "png", "ppt", "pptx", "psd", "py", "pyc", "rar", "rb", "rdf", "rs", "rss", "rtf",
    "sh", "so", "sql", "sqlite", "svg", "tar", "tgz", "tif", "tiff", "toml", "ts", "tsv", "ttf", "wasm", "wav", "webm",
    "webp", "woff", "woff2", "xhtml", "xls", "xlsx", "xml", "xz", "yaml", "yml", "zip", "zst",
];

/// Where articles are to come from.
#[derive(Clone, Debug)]
pub enum Source {
    /// A file or a folder that the reader named.
    Named(PathBuf),
    /// A file or a folder that was found within one that the reader named.
    Found(PathBuf),
    /// The articles that the program carries with it.
    Bundled,
    /// What came on standard input.
    Input(Vec<u8>),
}

/// What is read and what is not.
#[derive(Clone, Copy, Debug)]
pub struct LoadOptions {
    /// Files larger than this many bytes are refused.
    pub max_size: u64,
    /// Whether names that begin with a dot are read.
    pub hidden: bool,
}

/// What loading tells on its way.
pub(super) enum LoadEvent {
    Shard(Shard),
    Problem(Problem),
    Progress(LoadProgress),
}

/// What was loaded.
#[derive(Debug, Default)]
pub struct Loaded {
    /// The articles.
    pub corpus: Corpus,
    /// What could not be read, or not in full, in the order of paths.
    pub problems: Vec<Problem>,
    /// How many files of other kinds were passed over, by their endings.
    pub passed_over: BTreeMap<String, usize>,
}

/// Loads all sources and waits until that is done.
pub fn load_all(sources: &[Source], options: LoadOptions) -> Loaded {
    let mut loaded = Loaded::default();
    let mut shards = Vec::new();
    loaded.passed_over = load(sources, options, &AtomicBool::new(false), &mut |event| match event {
        LoadEvent::Shard(shard) => shards.push(Arc::new(shard)),
        LoadEvent::Problem(problem) => loaded.problems.push(problem),
        LoadEvent::Progress(_) => {}
    });
    loaded.corpus = Corpus::default().with(shards);
    loaded.problems.sort_by(|a, b| (&a.path, a.line).cmp(&(&b.path, b.line)));
    loaded
}

/// Loads all sources, telling `event` what comes in, until that is done or `stop` is set. Gives how many files of
/// other kinds were passed over, by their endings.
pub(super) fn load(
    sources: &[Source],
    options: LoadOptions,
    stop: &AtomicBool,
    event: &mut dyn FnMut(LoadEvent),
) -> BTreeMap<String, usize> {
    let (send, receive) = channel();
    let queue = Queue::default();
    let shared = Shared {
        options,
        stop,
        queue,
        counts: Counts::default(),
        visited: Mutex::default(),
        passed_over: Mutex::default(),
    };
    shared.begin(sources, &send);
    let workers = thread::available_parallelism().map_or(2, |cores| cores.get());
    thread::scope(|scope| {
        for _ in 0..workers {
            let send = send.clone();
            let shared = &shared;
            scope.spawn(move || Worker::new(shared, send).work());
        }
        drop(send);
        forward(&receive, &shared, event);
    });
    event(LoadEvent::Progress(LoadProgress { done: true, stopped: stop.load(Ordering::Relaxed), ..shared.progress() }));
    shared.passed_over.into_inner().unwrap_or_else(PoisonError::into_inner)
}

/// Hands on what the workers send, with the progress every so often.
fn forward(receive: &Receiver<LoadEvent>, shared: &Shared<'_>, event: &mut dyn FnMut(LoadEvent)) {
    let mut told = Instant::now();
    loop {
        match receive.recv_timeout(PATIENCE) {
            Ok(sent) => event(sent),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return,
        }
        if told.elapsed() >= PATIENCE {
            told = Instant::now();
            event(LoadEvent::Progress(shared.progress()));
        }
    }
}

/// A folder as it is shown and as its articles' identities name it.
#[derive(Clone, Debug)]
struct Folder {
    shown: Arc<Path>,
    real: Arc<Path>,
}

enum Work {
    List(Folder),
    Read(Folder, Vec<OsString>),
    Bytes(Origin, OsString, Vec<u8>),
}

#[derive(Default)]
struct Queue {
    state: Mutex<QueueState>,
    changed: Condvar,
}

#[derive(Default)]
struct QueueState {
    work: VecDeque<Work>,
    /// Workers that are busy and may add work.
    busy: usize,
}

impl Queue {
    fn lock(&self) -> MutexGuard<'_, QueueState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn add(&self, work: Work) {
        let mut state = self.lock();
        // Files before folders: what is found is read before more is found, which bounds what waits.
        match work {
            Work::List(_) => state.work.push_back(work),
            Work::Read(..) | Work::Bytes(..) => state.work.push_front(work),
        }
        drop(state);
        self.changed.notify_one();
    }

    /// The next piece of work; `None` once there is none and no busy worker could add any.
    fn take(&self, was_busy: bool) -> Option<Work> {
        let mut state = self.lock();
        if was_busy {
            state.busy -= 1;
        }
        loop {
            if let Some(work) = state.work.pop_front() {
                state.busy += 1;
                return Some(work);
            }
            if state.busy == 0 {
                self.changed.notify_all();
                return None;
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

#[derive(Default)]
struct Counts {
    found: AtomicUsize,
    read: AtomicUsize,
    bytes: AtomicU64,
}

struct Shared<'a> {
    options: LoadOptions,
    stop: &'a AtomicBool,
    queue: Queue,
    counts: Counts,
    /// Linked folders that were followed, and the roots, so that none is read twice.
    visited: Mutex<HashSet<PathBuf>>,
    passed_over: Mutex<BTreeMap<String, usize>>,
}

impl Shared<'_> {
    fn progress(&self) -> LoadProgress {
        let lists = self.queue.lock().work.iter().any(|work| matches!(work, Work::List(_)));
        LoadProgress {
            found: self.counts.found.load(Ordering::Relaxed),
            read: self.counts.read.load(Ordering::Relaxed),
            bytes: self.counts.bytes.load(Ordering::Relaxed),
            walked: !lists,
            ..LoadProgress::default()
        }
    }

    fn begin(&self, sources: &[Source], send: &Sender<LoadEvent>) {
        let refuse = |path: &Path, refusal: &Refusal| {
            // The receiver outlives all senders.
            let _ = send.send(LoadEvent::Problem(Problem::refused(path.into(), refusal)));
        };
        for source in sources {
            let path = match source {
                Source::Named(path) | Source::Found(path) => path,
                Source::Bundled => {
                    self.counts.found.fetch_add(bundled::SEEDS.len(), Ordering::Relaxed);
                    for (name, bytes) in bundled::SEEDS {
                        self.queue.add(Work::Bytes(Origin::Bundled, name.into(), bytes.to_vec()));
                    }
                    continue;
                }
                Source::Input(bytes) => {
                    self.counts.found.fetch_add(1, Ordering::Relaxed);
                    self.queue.add(Work::Bytes(Origin::Input, "standard input".into(), bytes.clone()));
                    continue;
                }
            };
            match fs::metadata(path) {
                Ok(metadata) if metadata.is_dir() => match fs::canonicalize(path) {
                    Ok(real) => {
                        if self.visit(&real) {
                            self.queue.add(Work::List(Folder { shown: path.as_path().into(), real: real.into() }));
                        }
                    }
                    Err(error) => refuse(path, &unreadable(&error)),
                },
                Ok(metadata) if metadata.is_file() => {
                    let name = path.file_name().unwrap_or_default().to_owned();
                    if matches!(source, Source::Found(_)) && !self.is_wanted(&name) {
                        continue;
                    }
                    let parent = path.parent().unwrap_or(Path::new(""));
                    let real = fs::canonicalize(if parent.as_os_str().is_empty() { Path::new(".") } else { parent });
                    let folder = Folder { shown: parent.into(), real: real.unwrap_or_else(|_| parent.into()).into() };
                    self.counts.found.fetch_add(1, Ordering::Relaxed);
                    self.queue.add(Work::Read(folder, vec![name]));
                }
                Ok(metadata) => refuse(path, &Refusal::NotRegular(kind_of(&metadata))),
                Err(error) => refuse(path, &unreadable(&error)),
            }
        }
    }

    /// Notes a folder as read; says no where it was, or lies in one that is.
    fn visit(&self, real: &Path) -> bool {
        let mut visited = self.visited.lock().unwrap_or_else(PoisonError::into_inner);
        !real.ancestors().any(|folder| visited.contains(folder)) && visited.insert(real.into())
    }

    /// Whether a file that is found in a folder is read. One of another kind is counted.
    fn is_wanted(&self, name: &OsStr) -> bool {
        if !self.options.hidden && name.as_encoded_bytes().first() == Some(&b'.') {
            return false;
        }
        let Some(ending) = Path::new(name).extension().and_then(OsStr::to_str) else { return true };
        let ending = ending.to_ascii_lowercase();
        if OTHER_KINDS.binary_search(&ending.as_str()).is_err() {
            return true;
        }
        let mut passed_over = self.passed_over.lock().unwrap_or_else(PoisonError::into_inner);
        *passed_over.entry(ending).or_default() += 1;
        false
    }
}

struct Worker<'a> {
    shared: &'a Shared<'a>,
    send: Sender<LoadEvent>,
    builder: ShardBuilder,
    begun: Instant,
    buffer: Vec<u8>,
}

impl<'a> Worker<'a> {
    fn new(shared: &'a Shared<'a>, send: Sender<LoadEvent>) -> Worker<'a> {
        Worker { shared, send, builder: ShardBuilder::default(), begun: Instant::now(), buffer: Vec::new() }
    }

    fn work(mut self) {
        let mut was_busy = false;
        while let Some(work) = self.shared.queue.take(was_busy) {
            was_busy = true;
            if self.is_stopped() {
                continue;
            }
            match work {
                Work::List(folder) => self.list(&folder),
                Work::Read(folder, names) => {
                    for name in &names {
                        if self.is_stopped() {
                            break;
                        }
                        self.read_file(&folder, name);
                    }
                }
                Work::Bytes(origin, name, bytes) => self.read_bytes(origin, &name, &bytes),
            }
        }
        self.hand_over();
    }

    fn is_stopped(&self) -> bool {
        self.shared.stop.load(Ordering::Relaxed)
    }

    fn tell(&self, event: LoadEvent) {
        // The receiver outlives all workers.
        let _ = self.send.send(event);
    }

    fn refuse(&self, path: PathBuf, refusal: &Refusal) {
        self.tell(LoadEvent::Problem(Problem::refused(path, refusal)));
    }

    fn list(&self, folder: &Folder) {
        let entries = match fs::read_dir(&folder.shown) {
            Ok(entries) => entries,
            Err(error) => return self.refuse(folder.shown.to_path_buf(), &unreadable(&error)),
        };
        let mut names = Vec::new();
        let hand_on = |names: &mut Vec<OsString>| {
            self.shared.counts.found.fetch_add(names.len(), Ordering::Relaxed);
            self.shared.queue.add(Work::Read(folder.clone(), std::mem::take(names)));
        };
        for entry in entries {
            let entry = match entry {
                Ok(entry) => entry,
                Err(error) => {
                    self.refuse(folder.shown.to_path_buf(), &unreadable(&error));
                    break;
                }
            };
            let name = entry.file_name();
            let hidden = !self.shared.options.hidden && name.as_encoded_bytes().first() == Some(&b'.');
            let kind = entry.file_type();
            let is = |test: fn(&fs::FileType) -> bool| kind.as_ref().is_ok_and(test);
            if hidden {
                continue;
            } else if is(fs::FileType::is_file) {
                if self.shared.is_wanted(&name) {
                    names.push(name);
                }
            } else if is(fs::FileType::is_dir) {
                let inside = Folder { shown: entry.path().into(), real: folder.real.join(&name).into() };
                self.shared.queue.add(Work::List(inside));
            } else if is(fs::FileType::is_symlink) {
                self.follow(folder, name, &mut names);
            } else {
                let path = folder.shown.join(&name);
                match fs::symlink_metadata(&path) {
                    Ok(metadata) => self.refuse(path, &Refusal::NotRegular(kind_of(&metadata))),
                    Err(error) => self.refuse(path, &unreadable(&error)),
                }
            }
            if names.len() >= BATCH {
                hand_on(&mut names);
            }
            if self.is_stopped() {
                return;
            }
        }
        if !names.is_empty() {
            hand_on(&mut names);
        }
    }

    /// Follows a link to a file or a folder, but never round in a circle.
    fn follow(&self, folder: &Folder, name: OsString, names: &mut Vec<OsString>) {
        let path = folder.shown.join(&name);
        match fs::metadata(&path) {
            Ok(metadata) if metadata.is_file() => {
                if self.shared.is_wanted(&name) {
                    names.push(name);
                }
            }
            Ok(metadata) if metadata.is_dir() => match fs::canonicalize(&path) {
                Ok(real) if folder.real.starts_with(&real) => self.refuse(path, &Refusal::Loop),
                Ok(real) => {
                    if self.shared.visit(&real) {
                        self.shared.queue.add(Work::List(Folder { shown: path.into(), real: real.into() }));
                    }
                }
                Err(error) => self.refuse(path, &unreadable(&error)),
            },
            Ok(metadata) => self.refuse(path, &Refusal::NotRegular(kind_of(&metadata))),
            Err(error) => self.refuse(path, &unreadable(&error)),
        }
    }

    fn read_file(&mut self, folder: &Folder, name: &OsStr) {
        let path = folder.shown.join(name);
        let mut buffer = std::mem::take(&mut self.buffer);
        match read_into(&path, self.shared.options.max_size, &mut buffer) {
            Ok(stamp) => {
                let place = [folder.real.as_os_str().as_encoded_bytes(), b"/", name.as_encoded_bytes()].concat();
                self.take(&folder.shown, name, Origin::File, stamp, &place, &buffer);
            }
            Err(refusal) => self.refuse(path, &refusal),
        }
        self.buffer = buffer;
        self.counted();
    }

    fn read_bytes(&mut self, origin: Origin, name: &OsStr, bytes: &[u8]) {
        let place = match origin {
            Origin::Input => format!("input:{:016x}", xxhash_rust::xxh3::xxh3_64(bytes)).into_bytes(),
            Origin::Bundled | Origin::File => [b"bundled:", name.as_encoded_bytes()].concat(),
        };
        let stamp = Stamp { size: bytes.len() as u64, modified: 0 };
        let dir: Arc<Path> = if origin == Origin::Bundled { Path::new("seeds").into() } else { Path::new("").into() };
        self.take(&dir, name, origin, stamp, &place, bytes);
        self.counted();
    }

    /// Takes the articles of one file. A fault in reading it costs this file and no other.
    fn take(&mut self, dir: &Arc<Path>, name: &OsStr, origin: Origin, stamp: Stamp, place: &[u8], bytes: &[u8]) {
        self.shared.counts.bytes.fetch_add(bytes.len() as u64, Ordering::Relaxed);
        let path = || dir.join(name);
        let builder = &mut self.builder;
        let taken = catch_unwind(AssertUnwindSafe(|| {
            let decoded = decode(bytes)?;
            let lossy = name.to_string_lossy();
            let reading = read(&decoded, &Hint { file_name: &lossy });
            let file = builder.file(dir, name, origin, stamp);
            for (ordinal, draft) in (0..).zip(&reading.drafts) {
                builder.push(file, place, ordinal, reading.format, draft);
            }
            Ok(reading.flaws)
        }));
        match taken {
            Ok(Ok(flaws)) => {
                for flaw in flaws {
                    self.tell(LoadEvent::Problem(Problem::flaw(path(), flaw)));
                }
            }
            Ok(Err(refusal)) => self.refuse(path(), &refusal),
            Err(_) => {
                // What the builder holds may be half an article: it is given up, and the files in it told.
                self.builder = ShardBuilder::default();
                let cause = "reading the file met a fault in newsdesk, please report it".to_owned();
                self.refuse(path(), &Refusal::Unreadable(cause));
            }
        }
    }

    fn counted(&mut self) {
        self.shared.counts.read.fetch_add(1, Ordering::Relaxed);
        if self.builder.bytes() >= SHARD || self.begun.elapsed() >= PATIENCE {
            self.hand_over();
        }
    }

    fn hand_over(&mut self) {
        self.begun = Instant::now();
        if !self.builder.is_empty() {
            let builder = std::mem::take(&mut self.builder);
            self.tell(LoadEvent::Shard(builder.finish()));
        }
    }
}

/// Reads a whole file into `buffer`, in one go where it does not grow meanwhile.
fn read_into(path: &Path, limit: u64, buffer: &mut Vec<u8>) -> Result<Stamp, Refusal> {
    let mut file = open(path).map_err(|error| unreadable(&error))?;
    let metadata = file.metadata().map_err(|error| unreadable(&error))?;
    if !metadata.is_file() {
        return Err(Refusal::NotRegular(kind_of(&metadata)));
    }
    let size = metadata.len();
    if size > limit {
        return Err(Refusal::TooLarge { size, limit });
    }
    // One byte more than it should hold tells whether it grew.
    let mut filled = 0;
    buffer.resize(size as usize + 1, 0);
    loop {
        match file.read(buffer.get_mut(filled..).unwrap_or_default()) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(unreadable(&error)),
        }
        if filled == size as usize {
            break;
        }
        if filled == buffer.len() {
            if filled as u64 > limit {
                return Err(Refusal::TooLarge { size: filled as u64, limit });
            }
            buffer.resize(filled * 2, 0);
        }
    }
    buffer.truncate(filled);
    let modified = metadata.modified().ok().and_then(|time| time.duration_since(std::time::UNIX_EPOCH).ok());
    Ok(Stamp { size, modified: modified.map_or(0, |age| i64::try_from(age.as_nanos()).unwrap_or(i64::MAX)) })
}

/// Opens a file without waiting, whatever it turned into since its folder was listed.
fn open(path: &Path) -> io::Result<File> {
    let mut options = File::options();
    options.read(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.custom_flags(rustix::fs::OFlags::NONBLOCK.bits().cast_signed());
    }
    options.open(path)
}

fn unreadable(error: &io::Error) -> Refusal {
    Refusal::Unreadable(match error.kind() {
        io::ErrorKind::NotFound => "there is no such file or folder".to_owned(),
        io::ErrorKind::PermissionDenied => "reading it is not permitted".to_owned(),
        _ => format!("the system says: {error}"),
    })
}

fn kind_of(metadata: &Metadata) -> &'static str {
    #[cfg(unix)]
    {
        use std::os::unix::fs::FileTypeExt;
        let kind = metadata.file_type();
        if kind.is_fifo() {
            return "a pipe";
        } else if kind.is_socket() {
            return "a socket";
        } else if kind.is_block_device() || kind.is_char_device() {
            return "a device";
        }
    }
    let _ = metadata;
    "something special"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_endings_of_other_kinds_are_sorted_for_the_search() {
        assert!(OTHER_KINDS.is_sorted());
    }
}
