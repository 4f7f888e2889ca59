//! From the bytes of a file into a shard: decoded, read by its format, folded. A panic on the way is that file's
//! problem and nobody else's.

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

/// A shard is handed over once it holds this much text: large enough to be scanned in one sweep, small enough for all
/// cores to have some. Most articles still fit into the 4 MiB that the shard has room for.
const FULL: usize = (4 << 20) - (32 << 10);

/// What is there is handed over after this long, so that the list grows while a slow disk is read.
const PATIENCE: Duration = Duration::from_millis(80);

/// The first hand-over comes sooner: it is what the reader is waiting for.
const FIRST: Duration = Duration::from_millis(5);

/// Where the bytes came from.
#[derive(Clone, Copy)]
pub(crate) struct FileSource<'a> {
    pub(crate) dir: &'a Arc<Path>,
    pub(crate) name: &'a OsStr,
    /// What the identities of its articles are worked out from.
    pub(crate) place: &'a [u8],
    pub(crate) origin: Origin,
    pub(crate) stamp: FileStamp,
    /// The ending by which it counts as passed over where its text is of no known format; none where it is read
    /// whatever it is.
    pub(crate) uncertain: Option<&'static str>,
}

/// Takes in files and hands over shards.
pub(crate) struct ShardWriter {
    room: Arc<MemoryBudget>,
    builder: ShardBuilder,
    since: Instant,
    patience: Duration,
    /// How many files were read, by format.
    pub(crate) formats: BTreeMap<&'static str, usize>,
    /// How many files turned out to be no articles, by the endings of their names.
    pub(crate) passed_over: BTreeMap<&'static str, usize>,
}

impl ShardWriter {
    pub(crate) fn new(room: Arc<MemoryBudget>) -> ShardWriter {
        let (since, patience) = (Instant::now(), FIRST);
        let (formats, passed_over) = (BTreeMap::new(), BTreeMap::new());
        ShardWriter { room, builder: ShardBuilder::default(), since, patience, formats, passed_over }
    }

    /// Takes in a file, telling what is wrong with it.
    pub(crate) fn take(&mut self, from: &FileSource<'_>, bytes: &[u8], tell: &mut dyn FnMut(Problem)) {
        // After a panic half an article may stand in the builder, between the texts of two others. No record points
        // to it, so it is never shown.
        if catch_panic(|| self.push(from, bytes, tell)).is_none() {
            let refusal = ReadError::Unreadable(INTERNAL_ERROR.to_owned());
            tell(Problem::refused(from.dir.join(from.name), &refusal));
        }
    }

    fn push(&mut self, from: &FileSource<'_>, bytes: &[u8], tell: &mut dyn FnMut(Problem)) {
        let decoded = match (decode(bytes), from.uncertain) {
            (Ok(decoded), Some(ending))
                if !is_recognised(&decoded, &FileHint { file_name: &from.name.to_string_lossy() }) =>
            {
                return self.pass_over(ending);
            }
            (Err(_), Some(ending)) => return self.pass_over(ending),
            (Ok(decoded), _) => decoded,
            (Err(refusal), None) => return tell(Problem::refused(from.dir.join(from.name), &refusal)),
        };
        let file_name = from.name.to_string_lossy();
        let reading = read(&decoded, &FileHint { file_name: &file_name });
        *self.formats.entry(reading.format).or_default() += 1;
        for flaw in reading.flaws {
            tell(Problem::flaw(from.dir.join(from.name), flaw));
        }
        if reading.drafts.is_empty() {
            return;
        }
        let dates = reading.drafts.iter().filter_map(|draft| draft.published);
        let newest = dates.map(|published| published.seconds()).max().unwrap_or(from.stamp.seconds());
        if from.origin == Origin::File && self.room.is_too_old(newest) {
            return self.room.leave_out(1, reading.drafts.len());
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

    /// Counts a file that is none of ours.
    pub(crate) fn pass_over(&mut self, ending: &'static str) {
        *self.passed_over.entry(ending).or_default() += 1;
    }

    /// The shard, if it holds as much as one should or it is time to hand it over.
    pub(crate) fn ready(&mut self) -> Option<Arc<Shard>> {
        if self.builder.bytes() >= FULL || self.since.elapsed() >= self.patience { self.hand_over() } else { None }
    }

    /// The shard, if it holds anything.
    pub(crate) fn hand_over(&mut self) -> Option<Arc<Shard>> {
        self.since = Instant::now();
        if self.builder.is_empty() {
            return None;
        }
        self.patience = PATIENCE;
        Some(Arc::new(self.builder.take()))
    }
}
