//! Lists, prunes and deletes snapshots.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::{Cache, MANIFEST, SHARD_ENDING, TEMP_PREFIX, name_of};
use crate::corpus::codec::SHARD_MAGIC;
use crate::engine::log::note;
use crate::engine::snapshot::manifest::{MANIFEST_MAGIC, Manifest, ShardRow};
use crate::formats::PARSER_VERSION;

/// Files younger than this are kept, because another program may be about to write a manifest that lists them.
const YOUNG: Duration = Duration::from_secs(3600);

/// Snapshots that were not used for this long are pruned.
const OLD: Duration = Duration::from_secs(60 * 24 * 3600);

/// A snapshot on disk.
#[derive(Clone, Debug)]
pub struct SnapshotInfo {
    /// The folder that contains its files.
    pub folder: PathBuf,
    /// The folder of the articles; `None` if it is unknown.
    pub root: Option<PathBuf>,
    /// The number of articles.
    pub articles: u64,
    /// The number of bytes in its files.
    pub bytes: u64,
    /// The time at which it was written.
    pub written: Option<SystemTime>,
    /// The time at which it was last written or read.
    pub used: Option<SystemTime>,
    /// Whether the folder of the articles still exists.
    pub there: bool,
    /// Whether this version of the program can use it.
    pub current: bool,
}

/// Counts of deleted files.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pruned {
    /// The number of whole snapshots.
    pub snapshots: usize,
    /// The number of files, including those of whole snapshots.
    pub files: usize,
    /// The number of bytes in those files.
    pub bytes: u64,
}

impl Cache {
    /// Returns all snapshots, in the order of their folders.
    ///
    /// # Errors
    ///
    /// Returns an error if the folder of the snapshots exists and cannot be read.
    pub fn list(&self) -> io::Result<Vec<SnapshotInfo>> {
        let mut kept: Vec<SnapshotInfo> = self.places()?.iter().map(|place| look_at(place)).collect();
        kept.sort_by(|a, b| (&a.root, &a.folder).cmp(&(&b.root, &b.folder)));
        Ok(kept)
    }

    /// Deletes snapshots of removed folders, those that were not used for 60 days and those without a manifest. Deletes
    /// unlisted files in the others.
    pub fn prune(&self) -> io::Result<Pruned> {
        let now = SystemTime::now();
        let mut pruned = Pruned::default();
        for place in self.places()? {
            let kept = look_at(&place);
            let age = kept.used.and_then(|used| now.duration_since(used).ok()).unwrap_or_default();
            let bytes = fs::read(place.join(MANIFEST)).unwrap_or_default();
            match Manifest::decode(&bytes) {
                Ok(manifest) if kept.there && age < OLD => remove_stale(&place, &manifest.shards, now, &mut pruned),
                Ok(_) => remove(&place, &mut pruned),
                // Snapshots of other versions are kept until they are old.
                Err(_) if Manifest::is_foreign(&bytes) && age < OLD => {}
                // Another program may be writing it.
                Err(_) => remove_stale(&place, &[], now, &mut pruned),
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

    /// Returns the folders of snapshots.
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

/// Reads the information about a snapshot.
fn look_at(place: &Path) -> SnapshotInfo {
    let path = place.join(MANIFEST);
    let used = fs::metadata(&path).and_then(|metadata| metadata.modified()).ok();
    let bytes = own_files(place).iter().map(|(_, metadata)| metadata.len()).sum();
    let folder = place.to_path_buf();
    match fs::read(&path).and_then(|bytes| Manifest::decode(&bytes)) {
        Ok(manifest) => SnapshotInfo {
            folder,
            articles: manifest.shards.iter().map(|line| u64::from(line.articles)).sum(),
            bytes,
            written: UNIX_EPOCH.checked_add(Duration::from_secs(manifest.written)),
            used,
            there: manifest.root.is_dir(),
            current: manifest.contents == PARSER_VERSION,
            root: Some(manifest.root),
        },
        Err(_) => {
            SnapshotInfo { folder, root: None, articles: 0, bytes, written: None, used, there: false, current: false }
        }
    }
}

/// Deletes files in `place` that are neither among `shards` nor a manifest, and not young.
pub(super) fn remove_stale(place: &Path, shards: &[ShardRow], now: SystemTime, pruned: &mut Pruned) {
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

/// Deletes a whole snapshot, the manifest first, so that no manifest lists a missing file.
fn remove(place: &Path, pruned: &mut Pruned) {
    let mut files = own_files(place);
    files.sort_by_key(|(path, _)| !path.ends_with(MANIFEST));
    for (path, metadata) in files {
        delete(&path, &metadata, pruned);
    }
    // The folder stays if it contains other files.
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

/// Returns the files in `place` whose name and first bytes are those of snapshot files.
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
    } else if let Some(numbers) = name.strip_prefix(TEMP_PREFIX) {
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let named = numbers.split_once('-').is_some_and(|(process, number)| digits(process) && digits(number));
        // A temporary file may end anywhere.
        named && begins_with(&[MANIFEST_MAGIC, SHARD_MAGIC], true)
    } else {
        false
    }
}

fn is_hex(name: &str, length: usize) -> bool {
    name.len() == length && name.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}
