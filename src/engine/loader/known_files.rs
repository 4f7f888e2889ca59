//! Files that were read before. Unchanged ones are not read again.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::hash::{BuildHasherDefault, Hasher};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_seed};

use crate::corpus::{Corpus, FileEntry, FileStamp, Origin, Shard};

/// Files with known stamps. The names are not copied: they are in the shards.
#[derive(Debug, Default)]
pub(crate) struct KnownFiles {
    shards: Vec<Arc<Shard>>,
    files: Vec<KnownFile>,
    /// The index in `files` by the hash of folder and name. If two hashes are equal, the first file is dropped and read
    /// again.
    places: HashMap<u64, u32, BuildHasherDefault<IdentityHasher>>,
}

/// A known file.
#[derive(Debug)]
pub(crate) struct KnownFile {
    shard: u32,
    number: u32,
    stamp: FileStamp,
    unchanged: AtomicBool,
}

/// The hash of a folder, computed once for all of its files.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FolderKey(u64);

impl FolderKey {
    pub(crate) fn of(folder: &Path) -> FolderKey {
        FolderKey(xxh3_64(folder.as_os_str().as_encoded_bytes()))
    }

    fn with(self, name: &OsStr) -> u64 {
        xxh3_64_with_seed(name.as_encoded_bytes(), self.0)
    }
}

impl KnownFile {
    /// Returns its stamp when it was read.
    pub(crate) fn stamp(&self) -> FileStamp {
        self.stamp
    }

    /// Records that the stamp has not changed.
    pub(crate) fn mark_unchanged(&self) {
        self.unchanged.store(true, Ordering::Relaxed);
    }
}

impl KnownFiles {
    /// Returns the files of `corpus` for which `wanted` returns true.
    pub(crate) fn of(corpus: &Corpus, mut wanted: impl FnMut(&FileEntry<'_>) -> bool) -> KnownFiles {
        let mut known = KnownFiles::default();
        for ((_, shard), alive) in corpus.shards().zip(corpus.living_files()) {
            known.add(shard, |number, file| alive.get(number as usize) == Some(&true) && wanted(file));
        }
        known
    }

    /// Adds the files of `shard` for which `wanted` returns true.
    pub(crate) fn add(&mut self, shard: &Arc<Shard>, mut wanted: impl FnMut(u32, &FileEntry<'_>) -> bool) {
        let index = self.shards.len() as u32;
        self.shards.push(Arc::clone(shard));
        self.places.reserve(shard.files().len());
        let mut last: Option<(&Arc<Path>, FolderKey)> = None;
        for (number, file) in (0..).zip(shard.files()) {
            if file.origin != Origin::File || !wanted(number, &file) {
                continue;
            }
            let key = match last {
                Some((dir, key)) if Arc::ptr_eq(dir, file.dir) => key,
                _ => FolderKey::of(file.dir),
            };
            last = Some((file.dir, key));
            self.places.insert(key.with(file.name), self.files.len() as u32);
            self.files.push(KnownFile { shard: index, number, stamp: file.stamp, unchanged: AtomicBool::new(false) });
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.files.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// Returns the file `name` of `folder`, whose hash is `key`.
    pub(crate) fn find(&self, key: FolderKey, folder: &Path, name: &OsStr) -> Option<&KnownFile> {
        let place = self.places.get(&key.with(name))?;
        let known = self.files.get(*place as usize)?;
        let file = self.view(known)?;
        (file.name == name && file.dir.as_os_str() == folder.as_os_str()).then_some(known)
    }

    /// Records that all files in and below `folder` are unchanged. Returns whether there are any.
    pub(crate) fn mark_unchanged_below(&self, folder: &Path) -> bool {
        let mut any = false;
        for known in &self.files {
            if self.view(known).is_some_and(|file| file.dir.starts_with(folder)) {
                known.mark_unchanged();
                any = true;
            }
        }
        any
    }

    /// Returns the files that changed or are gone.
    pub(crate) fn changed(&self) -> impl Iterator<Item = PathBuf> {
        let changed = self.files.iter().filter(|known| !known.unchanged.load(Ordering::Relaxed));
        changed.filter_map(|known| self.view(known)).map(|file| file.dir.join(file.name))
    }

    fn view(&self, known: &KnownFile) -> Option<FileEntry<'_>> {
        self.shards.get(known.shard as usize)?.file(known.number)
    }
}

/// Uses a number that is already a hash.
#[derive(Default)]
struct IdentityHasher(u64);

impl Hasher for IdentityHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        self.0 = xxh3_64_with_seed(bytes, self.0);
    }

    fn write_u64(&mut self, number: u64) {
        self.0 = number;
    }
}
