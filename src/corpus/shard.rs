//! A shard: the articles of some files in flat, immutable columns.

use std::ffi::OsStr;
use std::path::Path;
use std::sync::{Arc, OnceLock};

use super::arena::Arena;
use crate::text::SafeText;

/// The origin of an article.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Origin {
    /// A file, which can be opened again.
    #[default]
    File,
    /// The articles included in the program.
    Bundled,
    /// Standard input.
    Input,
    /// Subscribed feeds.
    Feed,
}

/// The feeds of an entry: usually one, several if they share it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FeedLabel {
    /// The address of the first feed.
    pub url: String,
    /// The names of the feeds.
    pub names: Vec<String>,
    /// The tags of the feeds, each with a leading `#` to distinguish it from a name.
    pub tags: Vec<String>,
}

/// The size and modification time of a file, to detect changes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FileStamp {
    /// The size in bytes.
    pub size: u64,
    /// The modification time, in nanoseconds since 1970-01-01 00:00 UTC.
    pub modified: i64,
}

impl FileStamp {
    /// Returns the modification time in seconds since 1970.
    pub fn seconds(self) -> i64 {
        self.modified.div_euclid(1_000_000_000)
    }
}

/// A source file of the shard.
#[derive(Debug)]
pub(super) struct FileRecord {
    pub(super) dir: Arc<Path>,
    pub(super) name: Box<OsStr>,
    pub(super) origin: Origin,
    pub(super) stamp: FileStamp,
    /// The feeds, if this stands for feeds and not for a file.
    pub(super) feeds: Option<Arc<FeedLabel>>,
}

/// A file of a shard.
#[derive(Clone, Copy, Debug)]
pub struct FileEntry<'a> {
    /// The folder, as shown to the user.
    pub dir: &'a Arc<Path>,
    /// The name in the folder.
    pub name: &'a OsStr,
    /// The origin.
    pub origin: Origin,
    /// The size and time when it was read.
    pub stamp: FileStamp,
}

impl FileEntry<'_> {
    fn of(file: &FileRecord) -> FileEntry<'_> {
        FileEntry { dir: &file.dir, name: &file.name, origin: file.origin, stamp: file.stamp }
    }
}

/// The metadata of one article.
#[derive(Debug)]
pub(super) struct Record {
    pub(super) id: u64,
    /// Seconds since 1970, or `i64::MIN` without a date.
    pub(super) seconds: i64,
    /// Minutes east of UTC, or `i16::MIN` for a day without a time.
    pub(super) offset: i16,
    pub(super) section: u16,
    pub(super) format: u8,
    pub(super) text: u32,
    pub(super) edits: u32,
    pub(super) outline: u32,
    pub(super) words: u32,
    pub(super) file: u32,
    pub(super) ordinal: u32,
}

pub(super) const NO_DATE: i64 = i64::MIN;
pub(super) const NO_OFFSET: i16 = i16::MIN;

/// The checksum and length of an encoded shard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ShardDigest {
    /// The 128-bit XXH3 checksum.
    pub checksum: u128,
    /// The number of bytes.
    pub length: u64,
}

/// Articles in flat columns: one arena of folded text, one of edits, one of outlines, and a record for each.
#[derive(Debug, Default)]
pub struct Shard {
    pub(super) folded: Arena,
    pub(super) edits: Vec<u8>,
    pub(super) outlines: Vec<u8>,
    pub(super) records: Vec<Record>,
    pub(super) files: Vec<FileRecord>,
    pub(super) sections: Vec<SafeText>,
    pub(super) formats: Vec<&'static str>,
    /// The checksum and length in a snapshot, once the shard was written to one or read from one.
    pub(super) sealed: OnceLock<ShardDigest>,
}

impl Shard {
    /// Returns the number of articles.
    pub fn len(&self) -> usize {
        self.records.len()
    }

    /// Returns whether the shard is empty.
    pub fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    /// Returns the folded text of all articles, each ending with a separator.
    pub fn folded(&self) -> &[u8] {
        &self.folded
    }

    /// Returns the index of the article that contains byte `position` of [`folded`](Self::folded). The search starts at
    /// article `from`.
    pub fn article_at(&self, position: usize, from: usize) -> usize {
        let rest = self.records.get(from..).unwrap_or_default();
        // It is usually one of the next articles, so gallop.
        let begins_before = |record: &Record| record.text as usize <= position;
        let mut step = 1;
        while rest.get(step).is_some_and(begins_before) {
            step *= 2;
        }
        let near = rest.get(..step).unwrap_or(rest);
        (from + near.partition_point(begins_before)).saturating_sub(1)
    }

    /// A shard with less text than this, in bytes, is small and may be merged with others.
    pub const SMALL: usize = 1 << 20;

    /// The maximum size of a merged shard, in bytes of text.
    pub const FULL: usize = 4 << 20;

    /// Returns the checksum and length in a snapshot, if the shard is in one.
    pub fn sealed(&self) -> Option<ShardDigest> {
        self.sealed.get().copied()
    }

    /// Records that the shard is in a snapshot.
    pub fn seal(&self, sealed: ShardDigest) {
        let _ = self.sealed.set(sealed);
    }

    /// Returns the source files in the order of their numbers.
    pub fn files(&self) -> impl ExactSizeIterator<Item = FileEntry<'_>> {
        self.files.iter().map(FileEntry::of)
    }

    /// Returns the file with this number.
    pub fn file(&self, number: u32) -> Option<FileEntry<'_>> {
        self.files.get(number as usize).map(FileEntry::of)
    }

    /// Counts the articles of the files that are `alive`, a flag for each.
    pub fn count_living(&self, alive: &[bool]) -> usize {
        self.records.iter().filter(|record| alive.get(record.file as usize) == Some(&true)).count()
    }

    /// Returns the memory use of the columns in bytes.
    pub fn memory(&self) -> usize {
        let names: usize = self.files.iter().map(|file| file.name.len()).sum();
        self.folded.capacity()
            + self.edits.capacity()
            + self.outlines.capacity()
            + self.records.capacity() * size_of::<Record>()
            + self.files.capacity() * size_of::<FileRecord>()
            + names
    }
}
