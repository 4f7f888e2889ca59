//! The files of a snapshot: their names, and the removal of those that are no longer needed.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::manifest::{MANIFEST_MAGIC, ShardRow};
use crate::corpus::ShardDigest;
use crate::corpus::codec::SHARD_MAGIC;
use crate::engine::log::note;

pub(super) const MANIFEST: &str = "manifest";
pub(super) const SHARD_ENDING: &str = ".shard";
pub(super) const TEMP_PREFIX: &str = "passing-";

/// Files younger than this are kept, because another program may be about to write a manifest that lists them.
const YOUNG: Duration = Duration::from_secs(3600);

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

pub(super) fn name_of(sealed: ShardDigest) -> String {
    format!("{:032x}{SHARD_ENDING}", sealed.checksum)
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
pub(super) fn remove(place: &Path, pruned: &mut Pruned) {
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
pub(super) fn own_files(place: &Path) -> Vec<(PathBuf, fs::Metadata)> {
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

pub(super) fn is_hex(name: &str, length: usize) -> bool {
    name.len() == length && name.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}
