//! The stored description of an article, by which it is recognised again.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use xxhash_rust::xxh3::xxh3_64;

use crate::article::ArticleId;
use crate::corpus::{ArticleRef, Origin};

/// The stored data that identify an article.
#[derive(Clone, Debug)]
pub struct ArticleRecord {
    /// The id.
    pub id: ArticleId,
    /// The checksum of the text.
    pub content: u64,
    /// The length of the folded text in bytes.
    pub length: usize,
    /// `file`, `bundled`, `input` or `feed`.
    pub origin: &'static str,
    /// The real path of the file.
    pub place: PathBuf,
    /// The position in the file.
    pub ordinal: u32,
    /// The headline.
    pub headline: String,
    /// The publication date in ISO format.
    pub published: Option<String>,
}

/// Resolves the real paths of articles, folder by folder.
#[derive(Debug, Default)]
pub struct PathResolver(HashMap<PathBuf, PathBuf>);

impl PathResolver {
    /// Returns the record of an article.
    pub fn record(&mut self, entry: ArticleRef<'_>) -> ArticleRecord {
        let (origin, place) = match entry.origin() {
            Origin::File => ("file", self.place(entry)),
            Origin::Bundled => ("bundled", entry.path()),
            Origin::Input => ("input", entry.path()),
            Origin::Feed => ("feed", entry.path()),
        };
        ArticleRecord {
            id: entry.id(),
            content: content(entry),
            length: entry.folded().len(),
            origin,
            place,
            ordinal: entry.ordinal(),
            headline: entry.headline().to_string(),
            published: entry.published().map(|published| published.to_string()),
        }
    }

    /// Returns the real path of the article's file.
    pub(crate) fn place(&mut self, entry: ArticleRef<'_>) -> PathBuf {
        entry.place().map_or_else(|| entry.path(), |(folder, name)| self.real(folder).join(name))
    }

    fn real(&mut self, folder: &Path) -> &Path {
        let named = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
        let real = || named.canonicalize().or_else(|_| std::path::absolute(named)).unwrap_or_else(|_| named.to_owned());
        self.0.entry(folder.to_owned()).or_insert_with(real)
    }
}

/// Returns the checksum of an article's text.
pub(crate) fn content(entry: ArticleRef<'_>) -> u64 {
    xxh3_64(entry.folded())
}

/// Returns the identity of a text that is no longer at its place, from its former identity and its checksum.
pub(crate) fn parked_id(id: ArticleId, content: u64) -> ArticleId {
    ArticleId::of([id.0.to_le_bytes(), content.to_le_bytes()].as_flattened(), u32::MAX)
}
