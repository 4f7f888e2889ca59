//! Parses files into shards. If a parser panics, that is reported as a problem of the file.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::memory_budget::MemoryBudget;
use crate::article::ArticleId;
use crate::article::{Problem, ReadError};
use crate::corpus::{FileStamp, Origin, Shard, ShardBuilder};
use crate::formats::{FileHint, decode, is_recognised, read};
use crate::util::panic_guard::{INTERNAL_ERROR, catch_panic};

/// A shard is complete with this much text: large enough to be scanned in one go, small enough to give all cores some
/// work. Most articles still fit into the 4 MiB that the shard reserves.
const FULL: usize = (4 << 20) - (32 << 10);

/// A shard is passed on after this long, so that the list grows while a slow disk is read.
const SHARD_TIMEOUT: Duration = Duration::from_millis(80);

/// The first shard is passed on sooner: the reader is waiting for it.
const FIRST_SHARD_TIMEOUT: Duration = Duration::from_millis(5);

/// The file that bytes come from.
#[derive(Clone, Copy)]
pub(crate) struct FileSource<'a> {
    pub(crate) dir: &'a Arc<Path>,
    pub(crate) name: &'a OsStr,
    /// The path that identifies its articles.
    pub(crate) place: &'a [u8],
    pub(crate) origin: Origin,
    pub(crate) stamp: FileStamp,
    /// The extension because of which the file is skipped if no format recognises it; `None` if it is always read.
    pub(crate) sniffed: Option<&'static str>,
}

/// Parses files and fills shards.
pub(crate) struct ShardWriter {
    budget: Arc<MemoryBudget>,
    builder: ShardBuilder,
    since: Instant,
    timeout: Duration,
    /// The number of files read, by format.
    pub(crate) formats: BTreeMap<&'static str, usize>,
    /// The number of files that no format recognised, by extension.
    pub(crate) skipped: BTreeMap<&'static str, usize>,
}

impl ShardWriter {
    pub(crate) fn new(budget: Arc<MemoryBudget>) -> ShardWriter {
        let (since, timeout) = (Instant::now(), FIRST_SHARD_TIMEOUT);
        let (formats, skipped) = (BTreeMap::new(), BTreeMap::new());
        ShardWriter { budget, builder: ShardBuilder::default(), since, timeout, formats, skipped }
    }

    /// Parses a file, and passes its problems to `on_problem`.
    pub(crate) fn add_file(&mut self, from: &FileSource<'_>, bytes: &[u8], on_problem: &mut dyn FnMut(Problem)) {
        // After a panic, the builder may contain half an article. No record points to it, so it is never shown.
        if catch_panic(|| self.push(from, bytes, on_problem)).is_none() {
            let error = ReadError::Unreadable(INTERNAL_ERROR.to_owned());
            on_problem(Problem::refused(from.dir.join(from.name), &error));
        }
    }

    fn push(&mut self, from: &FileSource<'_>, bytes: &[u8], on_problem: &mut dyn FnMut(Problem)) {
        let decoded = match (decode(bytes), from.sniffed) {
            (Ok(decoded), Some(extension))
                if !is_recognised(&decoded, &FileHint { file_name: &from.name.to_string_lossy() }) =>
            {
                return self.count_skipped(extension);
            }
            (Err(_), Some(extension)) => return self.count_skipped(extension),
            (Ok(decoded), _) => decoded,
            (Err(error), None) => return on_problem(Problem::refused(from.dir.join(from.name), &error)),
        };
        let file_name = from.name.to_string_lossy();
        let reading = read(&decoded, &FileHint { file_name: &file_name });
        *self.formats.entry(reading.format).or_default() += 1;
        for warning in reading.warnings {
            on_problem(Problem::warning(from.dir.join(from.name), warning));
        }
        if reading.drafts.is_empty() {
            return;
        }
        let dates = reading.drafts.iter().filter_map(|draft| draft.published);
        let newest = dates.map(|published| published.seconds()).max().unwrap_or(from.stamp.seconds());
        if from.origin == Origin::File && self.budget.is_too_old(newest) {
            return self.budget.count_left_out(1, reading.drafts.len());
        }
        let file = self.builder.file(from.dir, from.name, from.origin, from.stamp);
        for (ordinal, draft) in reading.drafts.iter().enumerate() {
            let position = u32::try_from(ordinal).unwrap_or(u32::MAX);
            let id = match reading.keys.get(ordinal) {
                Some(key) => ArticleId::of_key(from.place, *key),
                None => ArticleId::of(from.place, position),
            };
            self.builder.push_known(file, id, position, reading.format, draft);
        }
    }

    /// Counts a skipped file.
    pub(crate) fn count_skipped(&mut self, extension: &'static str) {
        *self.skipped.entry(extension).or_default() += 1;
    }

    /// Takes the shard if it is complete or due.
    pub(crate) fn ready(&mut self) -> Option<Arc<Shard>> {
        if self.builder.bytes() >= FULL || self.since.elapsed() >= self.timeout { self.take_shard() } else { None }
    }

    /// Takes the shard if it is not empty.
    pub(crate) fn take_shard(&mut self) -> Option<Arc<Shard>> {
        self.since = Instant::now();
        if self.builder.is_empty() {
            return None;
        }
        self.timeout = SHARD_TIMEOUT;
        Some(Arc::new(self.builder.take()))
    }
}
