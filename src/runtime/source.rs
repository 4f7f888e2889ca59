//! Where articles come from, and what is read of it.

use std::path::PathBuf;

/// One place to read articles from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// A file, or a folder with all that is below it.
    Named(PathBuf),
    /// The articles that the program carries with it.
    Bundled,
    /// Bytes that came on standard input.
    Input(Vec<u8>),
    /// The entries of feeds that are in the library.
    Feeds {
        /// Where the library is.
        library: PathBuf,
        /// Whether an entry that is in several feeds is given once.
        merge: bool,
    },
}

/// What is read and what is not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LoadOptions {
    /// Files with more bytes than this are refused.
    pub max_size: u64,
    /// Whether files and folders whose names begin with a dot are read.
    pub hidden: bool,
}

/// No file larger than this is read, whatever the config says: a shard counts its bytes with 32 bits.
const CEILING: u64 = 1 << 30;

impl LoadOptions {
    /// The largest size that is read, in bytes.
    pub(super) fn limit(&self) -> u64 {
        self.max_size.min(CEILING)
    }
}

impl Default for LoadOptions {
    /// 64 MiB, and nothing hidden.
    fn default() -> LoadOptions {
        LoadOptions { max_size: 64 << 20, hidden: false }
    }
}
