//! Snapshots on disk: what was read of a large folder, so that the next start need not read it again.
//!
//! A snapshot is a folder of shards, each named by its checksum, and a manifest that lists them. Everything is written
//! under a passing name and then renamed, the manifest last: whenever it is broken off, the old manifest stands or the
//! new one. A snapshot is believed in nothing that the disk does not confirm: what is damaged or foreign is left out
//! and read afresh, and of every file size and time are compared.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use xxhash_rust::xxh3::Xxh3;

use super::contained::contain;
use super::log::note;
use super::manifest::{Line, MANIFEST_MAGIC, Manifest, contents};
use super::room::Room;
use super::source::{LoadOptions, Source};
use crate::corpus::snapshot::{SHARD_MAGIC, SHARD_VERSION, Sealed, damaged, decode, encode, os_bytes};
use crate::corpus::{Corpus, FileView, Origin, Shard, Slot};

const MANIFEST: &str = "manifest";
const SHARD_ENDING: &str = ".shard";
const PASSING: &str = "passing-";

/// What another program writes may not be named by any manifest yet: it is left alone for this long.
const YOUNG: Duration = Duration::from_secs(3600);

/// A snapshot that was not used for this long is pruned.
const OLD: Duration = Duration::from_secs(60 * 24 * 3600);

/// A file that was written this shortly before it was read may be written again without its time changing, as some
/// disks tell times no better than that: it is read afresh. In nanoseconds.
const FRESH: i64 = 2_000_000_000;

/// Where snapshots are kept, and of which folders.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cache {
    folder: PathBuf,
    least: usize,
}

/// A snapshot as it stands on disk.
#[derive(Clone, Debug)]
pub struct Kept {
    /// The folder that its files are in.
    pub folder: PathBuf,
    /// The folder that it is of; none where that cannot be told.
    pub root: Option<PathBuf>,
    /// How many articles it holds.
    pub articles: u64,
    /// How many bytes its files have.
    pub bytes: u64,
    /// When it was written.
    pub written: Option<SystemTime>,
    /// When it was written or read last.
    pub used: Option<SystemTime>,
    /// Whether the folder that it is of is still there.
    pub there: bool,
    /// Whether this version of the program can use it.
    pub current: bool,
}

/// What was deleted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pruned {
    /// Whole snapshots.
    pub snapshots: usize,
    /// Files, with those of whole snapshots.
    pub files: usize,
    /// The bytes of those files.
    pub bytes: u64,
}

/// What came of writing a snapshot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Written {
    /// The folder has too few files to be worth it, or cannot have one.
    NotWorthIt,
    /// It stood there already.
    UpToDate,
    /// It was written, with so many new bytes of shards.
    New(u64),
}

/// A folder that may have a snapshot.
#[derive(Clone, Debug)]
pub(super) struct Root {
    /// As it was named.
    pub(super) shown: PathBuf,
    /// Without links.
    pub(super) real: PathBuf,
}

/// When the articles from a slot on were read, in nanoseconds since 1970.
#[derive(Clone, Debug)]
pub(super) struct Ages(Vec<(Slot, i64)>);

impl Ages {
    /// What comes out of a snapshot was old enough when that was written.
    pub(super) fn of_snapshot() -> Ages {
        Ages(vec![(Slot(0), i64::MAX)])
    }

    /// What comes after so many slots is read from now on.
    pub(super) fn begin(&mut self, slots: usize) {
        let first = Slot(u32::try_from(slots).unwrap_or(u32::MAX));
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        self.0.retain(|(before, _)| *before < first);
        self.0.push((first, i64::try_from(since.as_nanos()).unwrap_or(i64::MAX)));
    }

    /// Articles that were there move to where so many slots were. Which they are is not known here, so they are taken to
    /// be as old as the oldest: of files that were written since, it cannot be said that they had settled.
    pub(super) fn join(&mut self, slots: usize) {
        let oldest = self.0.iter().map(|(_, read)| *read).min().unwrap_or(0);
        self.begin(slots);
        if let Some((_, read)) = self.0.last_mut() {
            *read = oldest;
        }
    }

    /// Whether a file was not written any more for a while when it was read into the shard that begins at `start`.
    fn is_settled(&self, start: Slot, file: &FileView<'_>) -> bool {
        let read = self.0.iter().rev().find(|(first, _)| *first <= start).map_or(0, |(_, read)| *read);
        file.stamp.modified.saturating_add(FRESH) <= read
    }
}

impl Cache {
    /// The snapshots below `folder`, which need not be there yet.
    pub fn new(folder: &Path) -> Cache {
        Cache { folder: folder.join("snapshots"), least: 1_000 }
    }

    /// Keeps snapshots of folders that have this many files with articles: 1,000 unless told.
    #[must_use]
    pub fn with_least(self, least: usize) -> Cache {
        Cache { least, ..self }
    }

    /// The folders among `sources` that may have a snapshot: not those inside one another, as files would be in two,
    /// and none that the snapshots themselves are in.
    pub(super) fn roots(&self, sources: &[Source]) -> Vec<Root> {
        let mut all = Vec::new();
        for source in sources {
            let Source::Named(shown) = source else { continue };
            if let Some(real) = fs::canonicalize(shown).ok().filter(|real| real.is_dir()) {
                all.push(Root { shown: shown.clone(), real });
            }
        }
        let own = self.folder.ancestors().find_map(|above| fs::canonicalize(above).ok());
        let own_root = |root: &Root| own.as_ref().is_some_and(|own| own.starts_with(&root.real));
        let apart = |(index, root): &(usize, &Root)| {
            let near = |other: &Root| root.real.starts_with(&other.real) || other.real.starts_with(&root.real);
            !own_root(root) && !all.iter().enumerate().any(|(number, other)| number != *index && near(other))
        };
        all.iter().enumerate().filter(apart).map(|(_, root)| root.clone()).collect()
    }

    /// The folder of the snapshot of `root`.
    fn place(&self, root: &Root, options: LoadOptions) -> io::Result<PathBuf> {
        let mut hash = Xxh3::new();
        hash.update(os_bytes(root.real.as_os_str())?);
        for number in [options.max_size, u64::from(options.hidden), SHARD_VERSION] {
            hash.update(&number.to_le_bytes());
        }
        Ok(self.folder.join(format!("{:016x}", hash.digest())))
    }

    /// Reads the snapshot of `root`, if there is one and it takes no more than half of the `room`, and gives out its
    /// shards, each with the numbers of its files that are dead. Gives back whether there is one.
    pub(super) fn read(
        &self,
        root: &Root,
        options: LoadOptions,
        (room, stop): (&Room, &AtomicBool),
        tell: &mut dyn FnMut(Arc<Shard>, Vec<u32>),
    ) -> bool {
        let Ok(place) = self.place(root, options) else { return false };
        let path = place.join(MANIFEST);
        let manifest = match fs::read(&path).and_then(|bytes| Manifest::decode(&bytes)) {
            Ok(manifest) if manifest.is_of(&root.real, options) => manifest,
            Ok(_) => {
                note(|| format!("{}: of another version or folder; everything is read", path.display()));
                return false;
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => return false,
            Err(error) => {
                note(|| format!("{}: {error}; everything is read", path.display()));
                return false;
            }
        };
        // What is known of its files holds all of it until loading ends, so that none of it could make room for others.
        if !room.has_plenty_for(manifest.shards.iter().map(|line| line.sealed.length).sum()) {
            note(|| format!("{}: larger than half of the memory; everything is read", path.display()));
            return false;
        }
        touch(&path);
        let next = AtomicUsize::new(0);
        let threads = thread::available_parallelism().map_or(2, |count| count.get().max(2));
        let (sender, inbox) = mpsc::channel();
        thread::scope(|scope| {
            for _ in 0..threads.min(manifest.shards.len()) {
                let (sender, manifest, next, place) = (sender.clone(), &manifest, &next, &place);
                scope.spawn(move || {
                    while let Some(line) = manifest.shards.get(next.fetch_add(1, Ordering::Relaxed)) {
                        if stop.load(Ordering::Relaxed) {
                            return;
                        }
                        let path = place.join(name_of(line.sealed));
                        let read = contain(|| read_shard(&path, line, &root.shown));
                        match read.unwrap_or_else(|| Err(damaged("reading it ran into a fault of this program"))) {
                            Ok(shard) => drop(sender.send((Arc::new(shard), line.dead.clone()))),
                            Err(error) => note(|| format!("{}: {error}; its files are read", path.display())),
                        }
                    }
                });
            }
            drop(sender);
            for (shard, dead) in inbox {
                room.take(&shard);
                tell(shard, dead);
            }
        });
        true
    }

    /// Writes the snapshot of `root`, with those of its files in `corpus` that were read long enough after they were
    /// written and that nothing is wrong with, as `sound` says by folder and name. `tell` hears how many shards are
    /// done, of how many.
    pub(super) fn write(
        &self,
        root: &Root,
        options: LoadOptions,
        corpus: &Corpus,
        ages: &Ages,
        sound: &dyn Fn(&FileView<'_>) -> bool,
        tell: &mut dyn FnMut(usize, usize),
    ) -> io::Result<Written> {
        let mut bundle = Bundle::default();
        let mut files = 0;
        for ((start, shard), mut alive) in corpus.shards().zip(corpus.living_files()) {
            let whole = choose(shard, &mut alive, &root.shown, &|file| ages.is_settled(start, file) && sound(file));
            let count = alive.iter().filter(|&&alive| alive).count();
            files += count;
            if count > 0 {
                bundle.put(Arc::clone(shard), alive, whole && count * 2 >= shard.files().len());
            }
        }
        if files < self.least {
            return Ok(Written::NotWorthIt);
        }
        let place = self.place(root, options)?;
        let chosen = bundle.close();
        let old = fs::read(place.join(MANIFEST)).and_then(|bytes| Manifest::decode(&bytes)).ok();
        let old = old.filter(|manifest| manifest.is_of(&root.real, options));
        let mut lines = Vec::new();
        for (shard, alive) in &chosen {
            // Unless it stands on disk, it has to be gone through once to know its name.
            let sealed = match shard.sealed() {
                Some(sealed) => sealed,
                None => encode(shard, &root.shown, &mut io::sink())?,
            };
            let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
            let dead = (0..).zip(alive).filter(|(_, alive)| !**alive).map(|(number, _)| number).collect();
            let (articles, files) = (number(shard.count_living(alive)), number(alive.len()));
            lines.push(Line { sealed, articles, files, dead });
        }
        lines.sort_by_key(|line| line.sealed.checksum);
        let stands = |sealed: Sealed| {
            let metadata = fs::metadata(place.join(name_of(sealed)));
            metadata.is_ok_and(|metadata| metadata.is_file() && metadata.len() == sealed.length)
        };
        // What was not read from there or written there by this program may be damaged.
        let sure = |(shard, _): &(Arc<Shard>, Vec<bool>)| shard.sealed().is_some_and(stands);
        if old.is_some_and(|old| old.shards == lines) && chosen.iter().all(sure) {
            clean_up(&place, &lines, SystemTime::now(), &mut Pruned::default());
            return Ok(Written::UpToDate);
        }
        create_folder(&place)?;
        let mut new = 0;
        for (number, (shard, _)) in chosen.iter().enumerate() {
            tell(number, chosen.len());
            let Some(sealed) = shard.sealed().filter(|&sealed| stands(sealed)) else {
                let mut sealed = None;
                put(&place, |file| {
                    let known = encode(shard, &root.shown, file)?;
                    sealed = Some(known);
                    Ok(name_of(known))
                })?;
                if let Some(sealed) = sealed {
                    shard.seal(sealed);
                    new += sealed.length;
                }
                continue;
            };
            // Another program is to see that it is in use.
            touch(&place.join(name_of(sealed)));
        }
        let written = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let manifest = Manifest { contents: contents(), root: root.real.clone(), options, written, shards: lines };
        let bytes = manifest.encode()?;
        put(&place, |file| file.write_all(&bytes).map(|()| MANIFEST.to_owned()))?;
        clean_up(&place, &manifest.shards, SystemTime::now(), &mut Pruned::default());
        Ok(Written::New(new))
    }

    /// What is kept, in the order of the folders that it is of. Fails where the folder is there and cannot be read.
    pub fn list(&self) -> io::Result<Vec<Kept>> {
        let mut kept: Vec<Kept> = self.places()?.iter().map(|place| look_at(place)).collect();
        kept.sort_by(|a, b| (&a.root, &a.folder).cmp(&(&b.root, &b.folder)));
        Ok(kept)
    }

    /// Deletes snapshots of folders that are gone, those that were not used for 60 days or that no manifest tells of,
    /// and in the others what no manifest names.
    pub fn prune(&self) -> io::Result<Pruned> {
        let now = SystemTime::now();
        let mut pruned = Pruned::default();
        for place in self.places()? {
            let kept = look_at(&place);
            let age = kept.used.and_then(|used| now.duration_since(used).ok()).unwrap_or_default();
            let bytes = fs::read(place.join(MANIFEST)).unwrap_or_default();
            match Manifest::decode(&bytes) {
                Ok(manifest) if kept.there && age < OLD => clean_up(&place, &manifest.shards, now, &mut pruned),
                Ok(_) => remove(&place, &mut pruned),
                // What another version keeps is no business of ours until it is old.
                Err(_) if Manifest::is_foreign(&bytes) && age < OLD => {}
                // It may just be being written.
                Err(_) => clean_up(&place, &[], now, &mut pruned),
            }
        }
        Ok(pruned)
    }

    /// Deletes all snapshots.
    pub fn clear(&self) -> io::Result<Pruned> {
        let mut pruned = Pruned::default();
        for place in self.places()? {
            remove(&place, &mut pruned);
        }
        let _ = fs::remove_dir(&self.folder);
        Ok(pruned)
    }

    /// The folders of snapshots.
    fn places(&self) -> io::Result<Vec<PathBuf>> {
        let entries = match fs::read_dir(&self.folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        let mut places = Vec::new();
        for entry in entries {
            let entry = entry?;
            let named = entry.file_name().to_str().is_some_and(|name| is_hex(name, 16));
            if named && entry.file_type()?.is_dir() {
                places.push(entry.path());
            }
        }
        places.sort();
        Ok(places)
    }
}

/// Leaves of the files that are `alive` those that are `wanted` and below `root`, and tells whether all of the shard
/// is.
fn choose(shard: &Shard, alive: &mut [bool], root: &Path, wanted: &dyn Fn(&FileView<'_>) -> bool) -> bool {
    let mut whole = true;
    let mut last: Option<(&Arc<Path>, bool)> = None;
    for (file, alive) in shard.files().zip(alive) {
        let below = match last {
            Some((dir, below)) if Arc::ptr_eq(dir, file.dir) => below,
            _ => file.dir.strip_prefix(root).is_ok_and(crate::corpus::snapshot::is_plain),
        };
        last = Some((file.dir, below));
        let fits = below && file.origin == Origin::File;
        whole &= fits;
        *alive = *alive && fits && wanted(&file);
    }
    whole
}

/// Collects shards for a snapshot: those of a good size as they are, the others joined.
#[derive(Default)]
struct Bundle {
    whole: Vec<(Arc<Shard>, Vec<bool>)>,
    small: Vec<(Arc<Shard>, Vec<bool>)>,
    /// Small ones that could stay as they are.
    sound: usize,
}

impl Bundle {
    fn put(&mut self, shard: Arc<Shard>, alive: Vec<bool>, sound: bool) {
        if sound && shard.folded().len() >= Shard::SMALL {
            self.whole.push((shard, alive));
        } else {
            self.sound += usize::from(sound);
            self.small.push((shard, alive));
        }
    }

    fn close(self) -> Vec<(Arc<Shard>, Vec<bool>)> {
        let Bundle { mut whole, small, sound } = self;
        if small.len() == 1 && sound == 1 {
            whole.extend(small);
            return whole;
        }
        let mut rest = small.as_slice();
        while !rest.is_empty() {
            let mut bytes = 0;
            let full = |(shard, _): &(Arc<Shard>, Vec<bool>)| {
                bytes += shard.folded().len();
                bytes > Shard::FULL
            };
            let count = rest.iter().position(full).unwrap_or(rest.len()).max(1);
            let (parts, after) = rest.split_at(count);
            let joined = Shard::joined(parts.iter().map(|(shard, alive)| (&**shard, alive.as_slice())));
            let alive = vec![true; joined.files().len()];
            whole.push((Arc::new(joined), alive));
            rest = after;
        }
        whole
    }
}

fn read_shard(path: &Path, line: &Line, root: &Path) -> io::Result<Shard> {
    let mut file = File::open(path)?;
    if file.metadata()?.len() != line.sealed.length {
        return Err(damaged("it is not as long as the manifest says"));
    }
    let shard = decode(&mut file, line.sealed, root)?;
    if shard.files().len() != line.files as usize {
        return Err(damaged("it has not as many files as the manifest says"));
    }
    Ok(shard)
}

fn name_of(sealed: Sealed) -> String {
    format!("{:032x}{SHARD_ENDING}", sealed.checksum)
}

/// Notes that something is in use; where that fails it is pruned earlier.
fn touch(path: &Path) {
    let touched = File::options().append(true).open(path).and_then(|file| file.set_modified(SystemTime::now()));
    if let Err(error) = touched {
        note(|| format!("{}: {error}", path.display()));
    }
}

/// Creates a folder that only its owner may look into.
fn create_folder(path: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

/// Writes a file into `place` under a passing name, and then gives it the name that writing it ended with.
fn put(place: &Path, write: impl FnOnce(&mut File) -> io::Result<String>) -> io::Result<()> {
    static NUMBER: AtomicUsize = AtomicUsize::new(0);
    // Processes in other containers may have our number.
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos();
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let passing = place.join(format!("{PASSING}{}-{now}{number}", std::process::id()));
    let mut options = File::options();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let done = options.open(&passing).and_then(|mut file| write(&mut file));
    let done = done.and_then(|name| fs::rename(&passing, place.join(name)));
    if done.is_err() {
        let _ = fs::remove_file(&passing);
    }
    done
}

/// What a folder of a snapshot holds.
fn look_at(place: &Path) -> Kept {
    let path = place.join(MANIFEST);
    let used = fs::metadata(&path).and_then(|metadata| metadata.modified()).ok();
    let bytes = own_files(place).iter().map(|(_, metadata)| metadata.len()).sum();
    let folder = place.to_path_buf();
    match fs::read(&path).and_then(|bytes| Manifest::decode(&bytes)) {
        Ok(manifest) => Kept {
            folder,
            articles: manifest.shards.iter().map(|line| u64::from(line.articles)).sum(),
            bytes,
            written: UNIX_EPOCH.checked_add(Duration::from_secs(manifest.written)),
            used,
            there: manifest.root.is_dir(),
            current: manifest.contents == contents(),
            root: Some(manifest.root),
        },
        Err(_) => Kept { folder, root: None, articles: 0, bytes, written: None, used, there: false, current: false },
    }
}

/// Deletes from `place` what is none of `shards` and no manifest, and not young.
fn clean_up(place: &Path, shards: &[Line], now: SystemTime, pruned: &mut Pruned) {
    let named: std::collections::HashSet<String> = shards.iter().map(|line| name_of(line.sealed)).collect();
    let mut left = false;
    for (path, metadata) in own_files(place) {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let used = name == MANIFEST && !shards.is_empty() || named.contains(name);
        let age = metadata.modified().ok().and_then(|modified| now.duration_since(modified).ok()).unwrap_or_default();
        if used || age < YOUNG {
            left = true;
        } else {
            delete(&path, &metadata, pruned);
        }
    }
    if !left && fs::remove_dir(place).is_ok() {
        pruned.snapshots += 1;
    }
}

/// Deletes a whole snapshot, the manifest first, so that nothing is named that is not there.
fn remove(place: &Path, pruned: &mut Pruned) {
    let mut files = own_files(place);
    files.sort_by_key(|(path, _)| !path.ends_with(MANIFEST));
    for (path, metadata) in files {
        delete(&path, &metadata, pruned);
    }
    // What is not ours stays, and the folder with it.
    if fs::remove_dir(place).is_ok() {
        pruned.snapshots += 1;
    }
}

fn delete(path: &Path, metadata: &fs::Metadata, pruned: &mut Pruned) {
    match fs::remove_file(path) {
        Ok(()) => {
            pruned.files += 1;
            pruned.bytes += metadata.len();
        }
        Err(error) => note(|| format!("{}: {error}", path.display())),
    }
}

/// The files in `place` that are files of a snapshot by name and by what they begin with.
fn own_files(place: &Path) -> Vec<(PathBuf, fs::Metadata)> {
    let Ok(entries) = fs::read_dir(place) else { return Vec::new() };
    let entries = entries.flatten().filter_map(|entry| {
        let (path, metadata) = (entry.path(), entry.metadata().ok()?);
        (metadata.is_file() && is_own(&path, entry.file_name().to_str()?)).then_some((path, metadata))
    });
    entries.collect()
}

fn is_own(path: &Path, name: &str) -> bool {
    let begins = || -> io::Result<Vec<u8>> {
        let mut beginning = Vec::new();
        io::Read::read_to_end(&mut io::Read::take(File::open(path)?, 8), &mut beginning)?;
        Ok(beginning)
    };
    let begins_with = |whole: &[[u8; 8]], cut: bool| {
        begins().is_ok_and(|found| whole.iter().any(|magic| found == magic || cut && magic.starts_with(&found)))
    };
    if name == MANIFEST {
        begins_with(&[MANIFEST_MAGIC], false)
    } else if let Some(name) = name.strip_suffix(SHARD_ENDING) {
        is_hex(name, 32) && begins_with(&[SHARD_MAGIC], false)
    } else if let Some(numbers) = name.strip_prefix(PASSING) {
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let named = numbers.split_once('-').is_some_and(|(process, number)| digits(process) && digits(number));
        // It may have been cut off anywhere.
        named && begins_with(&[MANIFEST_MAGIC, SHARD_MAGIC], true)
    } else {
        false
    }
}

fn is_hex(name: &str, length: usize) -> bool {
    name.len() == length && name.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}
