//! A shard: the articles of some files, in a few flat columns that are never changed once they stand.

use std::ffi::OsStr;
use std::path::Path;
use std::sync::{Arc, OnceLock};

use super::Entry;
use super::arena::Arena;
use super::codec::Sealed;
use crate::text::SafeText;

/// Where an article came from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Origin {
    /// A file, which can be opened again.
    #[default]
    File,
    /// The articles that the program carries with it.
    Bundled,
    /// Standard input.
    Input,
    /// Feeds that are subscribed to.
    Feed,
}

/// The feeds that have an entry: commonly one, several where they repeat each other.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FeedLabel {
    /// The address of the first.
    pub url: String,
    /// What they are called.
    pub names: Vec<String>,
    /// The reader's tags for them, each after a `#`, so that none is taken for a name.
    pub tags: Vec<String>,
}

/// What tells whether a file changed: its size and when it was last written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stamp {
    /// Its size in bytes.
    pub size: u64,
    /// When it was last written, in nanoseconds since 1970-01-01 00:00 UTC.
    pub modified: i64,
}

impl Stamp {
    /// When it was last written, in seconds since 1970.
    pub fn seconds(self) -> i64 {
        self.modified.div_euclid(1_000_000_000)
    }
}

/// A file that articles of the shard came from.
#[derive(Debug)]
pub(super) struct FileRecord {
    pub(super) dir: Arc<Path>,
    pub(super) name: Box<OsStr>,
    pub(super) origin: Origin,
    pub(super) stamp: Stamp,
    /// The feeds, where it is no file but those.
    pub(super) feeds: Option<Arc<FeedLabel>>,
}

/// A file of a shard.
#[derive(Clone, Copy, Debug)]
pub struct FileView<'a> {
    /// The folder that it is in, as it is shown.
    pub dir: &'a Arc<Path>,
    /// Its name in it.
    pub name: &'a OsStr,
    /// Where it came from.
    pub origin: Origin,
    /// Its size and time when it was read.
    pub stamp: Stamp,
}

impl FileView<'_> {
    fn of(file: &FileRecord) -> FileView<'_> {
        FileView { dir: &file.dir, name: &file.name, origin: file.origin, stamp: file.stamp }
    }
}

/// What is known of one article besides its text.
#[derive(Debug)]
pub(super) struct Record {
    pub(super) id: u64,
    /// Seconds since 1970, `i64::MIN` where there is no date.
    pub(super) seconds: i64,
    /// Minutes east of UTC, `i16::MIN` where there is a day but no time.
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
    /// What its bytes are known by, once they were written to a snapshot or read from one.
    pub(super) sealed: OnceLock<Sealed>,
}

impl Shard {
    /// How many articles it holds.
    pub fn len(&self) -> usize {
        self.records.len()
    }

    /// Whether it holds none.
    pub fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    /// The folded text of all its articles, one after the other, each ending in a separator.
    pub fn folded(&self) -> &[u8] {
        &self.folded
    }

    /// The number of the article whose text holds the byte at `position` of [`folded`](Self::folded); it is `from` or
    /// a later one.
    pub fn article_at(&self, position: usize, from: usize) -> usize {
        let rest = self.records.get(from..).unwrap_or_default();
        // It mostly is one of the next, so it is looked for in growing steps.
        let begins_before = |record: &Record| record.text as usize <= position;
        let mut step = 1;
        while rest.get(step).is_some_and(begins_before) {
            step *= 2;
        }
        let near = rest.get(..step).unwrap_or(rest);
        (from + near.partition_point(begins_before)).saturating_sub(1)
    }

    /// The article with number `index`.
    pub fn entry(&self, index: usize) -> Option<Entry<'_>> {
        Some(Entry { shard: self, record: self.records.get(index)?, index })
    }

    /// A shard with less text than this, in bytes, is small and may be joined with others.
    pub const SMALL: usize = 1 << 20;

    /// Small ones are joined up to so many bytes of text.
    pub const FULL: usize = 4 << 20;

    /// What its bytes are known by, if they stand in a snapshot.
    pub fn sealed(&self) -> Option<Sealed> {
        self.sealed.get().copied()
    }

    /// Notes that its bytes stand in a snapshot now.
    pub fn seal(&self, sealed: Sealed) {
        let _ = self.sealed.set(sealed);
    }

    /// The files that its articles came from, in the order of their numbers.
    pub fn files(&self) -> impl ExactSizeIterator<Item = FileView<'_>> {
        self.files.iter().map(FileView::of)
    }

    /// The file with this number.
    pub fn file(&self, number: u32) -> Option<FileView<'_>> {
        self.files.get(number as usize).map(FileView::of)
    }

    /// How many of its articles came from files that are `alive`, a flag for each.
    pub fn count_living(&self, alive: &[bool]) -> usize {
        self.records.iter().filter(|record| alive.get(record.file as usize) == Some(&true)).count()
    }

    /// The bytes of memory that its columns hold.
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
