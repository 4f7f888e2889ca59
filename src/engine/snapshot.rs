//! Snapshots on disk: the parsed articles of a large folder, so that the next start does not read it again.
//!
//! A snapshot is a folder of shards, each named by its checksum, and a manifest that lists them. Files are written
//! under a temporary name and then renamed, the manifest last, so an interrupted write leaves the old manifest or the
//! new one. The disk decides: damaged or foreign data is skipped and read again, and the size and time of every file
//! are compared.

mod files;
mod maintenance;
pub(crate) mod manifest;
mod read_times;
mod selection;

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::{SystemTime, UNIX_EPOCH};

use xxhash_rust::xxh3::Xxh3;

pub use files::Pruned;
use files::{MANIFEST, TEMP_PREFIX, name_of, remove_stale};
pub use maintenance::SnapshotInfo;
pub(crate) use read_times::ReadTimes;
use selection::{ShardSelection, choose};

use super::loader::context::LoadContext;
use super::loader::source::{LoadOptions, Source};
use super::log::note;
use crate::corpus::ShardDigest;
use crate::corpus::codec::{SHARD_VERSION, damaged, decode, encode, os_bytes};
use crate::corpus::{Corpus, FileEntry, Shard};
use crate::formats::PARSER_VERSION;
use crate::library::owner_only;
use crate::util::panic_guard::{INTERNAL_ERROR, catch_panic};
use manifest::{Manifest, ShardRow};

/// The folder of the snapshots.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cache {
    folder: PathBuf,
    min_files: usize,
}

/// The result of writing a snapshot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WriteOutcome {
    /// The folder has too few files to be worth it, or cannot have one.
    NotWorthIt,
    /// The snapshot was up to date.
    UpToDate,
    /// The snapshot was written, with this number of bytes in new shards.
    New(u64),
}

/// A folder that may have a snapshot.
#[derive(Clone, Debug)]
pub(crate) struct Root {
    /// The path as the reader typed it.
    pub(crate) shown: PathBuf,
    /// The path without links.
    pub(crate) real: PathBuf,
}

impl Cache {
    /// Returns the cache below `folder`, which is created when needed.
    pub fn new(folder: &Path) -> Cache {
        Cache { folder: folder.join("snapshots"), min_files: 1_000 }
    }

    /// Sets the number of files with articles from which on a folder gets a snapshot. The default is 1,000.
    #[must_use]
    pub fn with_least(self, min_files: usize) -> Cache {
        Cache { min_files, ..self }
    }

    /// Returns the folders among `sources` that may have a snapshot. Excludes nested folders, whose files would be in
    /// two snapshots, and folders that contain the cache.
    pub(crate) fn roots(&self, sources: &[Source]) -> Vec<Root> {
        let mut all = Vec::new();
        for source in sources {
            let Source::Path(shown) = source else { continue };
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

    /// Returns the folder of the snapshot of `root`.
    fn place(&self, root: &Root, options: LoadOptions) -> io::Result<PathBuf> {
        let mut hash = Xxh3::new();
        hash.update(os_bytes(root.real.as_os_str())?);
        for number in [options.max_size, u64::from(options.hidden), SHARD_VERSION] {
            hash.update(&number.to_le_bytes());
        }
        Ok(self.folder.join(format!("{:016x}", hash.digest())))
    }

    /// Reads the snapshot of `root`, unless it takes more than half of the memory budget. Calls `on_shard` with each
    /// shard and the numbers of its dead files. Returns whether there is a snapshot.
    pub(crate) fn read(
        &self,
        root: &Root,
        options: LoadOptions,
        context: LoadContext<'_>,
        on_shard: &mut dyn FnMut(Arc<Shard>, Vec<u32>),
    ) -> bool {
        let Ok(place) = self.place(root, options) else { return false };
        let path = place.join(MANIFEST);
        let manifest = match fs::read(&path).and_then(|bytes| Manifest::decode(&bytes)) {
            Ok(manifest) if manifest.is_of(&root.real, options) => manifest,
            Ok(_) => {
                note(|| format!("{}: of another version or folder; reading all files", path.display()));
                return false;
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => return false,
            Err(error) => {
                note(|| format!("{}: {error}; reading all files", path.display()));
                return false;
            }
        };
        // The known files keep all of the snapshot in memory until loading ends, so none of it could be evicted.
        if !context.budget.has_plenty_for(manifest.shards.iter().map(|line| line.sealed.length).sum()) {
            note(|| format!("{}: larger than half of the memory; reading all files", path.display()));
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
                        if context.stop.load(Ordering::Relaxed) {
                            return;
                        }
                        let path = place.join(name_of(line.sealed));
                        let read = catch_panic(|| read_shard(&path, line, &root.shown));
                        match read.unwrap_or_else(|| Err(damaged(INTERNAL_ERROR))) {
                            Ok(shard) => {
                                let _ = sender.send((Arc::new(shard), line.dead.clone()));
                            }
                            Err(error) => note(|| format!("{}: {error}; reading its files", path.display())),
                        }
                    }
                });
            }
            drop(sender);
            for (shard, dead) in inbox {
                context.budget.charge(&shard);
                on_shard(shard, dead);
            }
        });
        true
    }

    /// Writes the snapshot of `root`: the files of `corpus` that were read long enough after they were written, and for
    /// which `sound` returns true. Calls `on_progress` with the number of written shards and of all shards.
    pub(crate) fn write(
        &self,
        root: &Root,
        options: LoadOptions,
        corpus: &Corpus,
        read_times: &ReadTimes,
        sound: &dyn Fn(&FileEntry<'_>) -> bool,
        on_progress: &mut dyn FnMut(usize, usize),
    ) -> io::Result<WriteOutcome> {
        let mut selection = ShardSelection::default();
        let mut files = 0;
        for ((start, shard), mut alive) in corpus.shards().zip(corpus.living_files()) {
            let whole =
                choose(shard, &mut alive, &root.shown, &|file| read_times.is_settled(start, file) && sound(file));
            let count = alive.iter().filter(|&&alive| alive).count();
            files += count;
            if count > 0 {
                selection.add(Arc::clone(shard), alive, whole && count * 2 >= shard.files().len());
            }
        }
        if files < self.min_files {
            return Ok(WriteOutcome::NotWorthIt);
        }
        let place = self.place(root, options)?;
        let chosen = selection.finish();
        let old = fs::read(place.join(MANIFEST)).and_then(|bytes| Manifest::decode(&bytes)).ok();
        let old = old.filter(|manifest| manifest.is_of(&root.real, options));
        let mut lines = Vec::new();
        for (shard, alive) in &chosen {
            // The name of a shard is its checksum, so a new shard is encoded once to find it.
            let sealed = match shard.sealed() {
                Some(sealed) => sealed,
                None => encode(shard, &root.shown, &mut io::sink())?,
            };
            let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
            let dead = (0..).zip(alive).filter(|(_, alive)| !**alive).map(|(number, _)| number).collect();
            let (articles, files) = (number(shard.count_living(alive)), number(alive.len()));
            lines.push(ShardRow { sealed, articles, files, dead });
        }
        lines.sort_by_key(|line| line.sealed.checksum);
        let stands = |sealed: ShardDigest| {
            let metadata = fs::metadata(place.join(name_of(sealed)));
            metadata.is_ok_and(|metadata| metadata.is_file() && metadata.len() == sealed.length)
        };
        // Shards that this program has neither read nor written there may be damaged.
        let sure = |(shard, _): &(Arc<Shard>, Vec<bool>)| shard.sealed().is_some_and(stands);
        if old.is_some_and(|old| old.shards == lines) && chosen.iter().all(sure) {
            remove_stale(&place, &lines, SystemTime::now(), &mut Pruned::default());
            return Ok(WriteOutcome::UpToDate);
        }
        owner_only::folder(&place)?;
        let mut new = 0;
        for (number, (shard, _)) in chosen.iter().enumerate() {
            on_progress(number, chosen.len());
            let Some(sealed) = shard.sealed().filter(|&sealed| stands(sealed)) else {
                let mut sealed = None;
                write_atomically(&place, |file| {
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
            // Show other programs that it is in use.
            touch(&place.join(name_of(sealed)));
        }
        let written = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let manifest = Manifest { contents: PARSER_VERSION, root: root.real.clone(), options, written, shards: lines };
        let bytes = manifest.encode()?;
        write_atomically(&place, |file| file.write_all(&bytes).map(|()| MANIFEST.to_owned()))?;
        remove_stale(&place, &manifest.shards, SystemTime::now(), &mut Pruned::default());
        Ok(WriteOutcome::New(new))
    }
}

fn read_shard(path: &Path, line: &ShardRow, root: &Path) -> io::Result<Shard> {
    let mut file = File::open(path)?;
    if file.metadata()?.len() != line.sealed.length {
        return Err(damaged("its length differs from the manifest"));
    }
    let shard = decode(&mut file, line.sealed, root)?;
    if shard.files().len() != line.files as usize {
        return Err(damaged("its number of files differs from the manifest"));
    }
    Ok(shard)
}

/// Marks a file as used. If that fails, it is pruned earlier.
fn touch(path: &Path) {
    let touched = File::options().append(true).open(path).and_then(|file| file.set_modified(SystemTime::now()));
    if let Err(error) = touched {
        note(|| format!("{}: {error}", path.display()));
    }
}

/// Writes a file in `place` under a temporary name, and then renames it to the name that `write` returns.
fn write_atomically(place: &Path, write: impl FnOnce(&mut File) -> io::Result<String>) -> io::Result<()> {
    static NUMBER: AtomicUsize = AtomicUsize::new(0);
    // A process in another container may have the same process number.
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos();
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let temporary = place.join(format!("{TEMP_PREFIX}{}-{now}{number}", std::process::id()));
    let done = owner_only::new_file(&temporary).and_then(|mut file| write(&mut file));
    let done = done.and_then(|name| fs::rename(&temporary, place.join(name)));
    if done.is_err() {
        let _ = fs::remove_file(&temporary);
    }
    done
}
