//! Lists, prunes and deletes snapshots.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::Cache;
use super::files::{MANIFEST, Pruned, is_hex, own_files, remove, remove_stale};
use super::manifest::Manifest;
use crate::formats::PARSER_VERSION;

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

impl Cache {
    /// Returns all snapshots, in the order of their folders.
    ///
    /// # Errors
    ///
    /// Returns an error if the folder of the snapshots exists and cannot be read.
    pub fn list(&self) -> io::Result<Vec<SnapshotInfo>> {
        let mut snapshots: Vec<SnapshotInfo> = self.places()?.iter().map(|place| look_at(place)).collect();
        snapshots.sort_by(|a, b| (&a.root, &a.folder).cmp(&(&b.root, &b.folder)));
        Ok(snapshots)
    }

    /// Deletes snapshots of removed folders, those that were not used for 60 days and those without a manifest. Deletes
    /// unlisted files in the others.
    pub fn prune(&self) -> io::Result<Pruned> {
        let now = SystemTime::now();
        let mut pruned = Pruned::default();
        for place in self.places()? {
            let snapshot = look_at(&place);
            let age = snapshot.used.and_then(|used| now.duration_since(used).ok()).unwrap_or_default();
            let bytes = fs::read(place.join(MANIFEST)).unwrap_or_default();
            match Manifest::decode(&bytes) {
                Ok(manifest) if snapshot.there && age < OLD => remove_stale(&place, &manifest.shards, now, &mut pruned),
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
