//! Where articles come from, and what is read of it.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::available_memory::free_memory;
use super::file_reader::refusal;
use crate::config::Config;
use crate::text::clean;
use crate::util::DeadlineWorker;

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
    /// How many bytes of memory articles may take; beyond that the oldest are left out.
    pub memory: u64,
}

/// No file larger than this is read, whatever the config says: a shard counts its bytes with 32 bits.
const CEILING: u64 = 1 << 30;

impl LoadOptions {
    /// What the settings say; the machine is asked where they leave it to the machine.
    pub fn of(config: &Config) -> LoadOptions {
        let memory = config.memory.or_else(|| free_memory().map(|free| free / 4 * 3)).unwrap_or(u64::MAX);
        LoadOptions { max_size: config.max_size, hidden: config.hidden, memory }
    }

    /// The largest size that is read, in bytes. Reading a file takes up to four times its size.
    pub fn limit(&self) -> u64 {
        self.max_size.min(CEILING).min(self.memory / 4)
    }

    /// Whether the same is made of a file by both.
    pub(crate) fn reads_like(&self, other: LoadOptions) -> bool {
        (self.max_size, self.hidden) == (other.max_size, other.hidden)
    }
}

impl Default for LoadOptions {
    /// 64 MiB, nothing hidden, and as much memory as it takes.
    fn default() -> LoadOptions {
        LoadOptions { max_size: 64 << 20, hidden: false, memory: u64::MAX }
    }
}

/// The timeout for one path.
const PATH_TIMEOUT: Duration = Duration::from_millis(100);

/// Returns all paths with the reasons why they cannot be read, or `None` if at least one can be read. A path whose disk
/// does not answer in time counts as readable.
pub fn unreadable(paths: &[PathBuf]) -> Option<Vec<(&Path, String)>> {
    if paths.is_empty() {
        return None;
    }
    let disk = DeadlineWorker::new(PATH_TIMEOUT, |path: PathBuf| {
        path.metadata().err().map(|error| refusal(&error).to_string())
    });
    // `-` is standard input, not a path.
    let reason = |path: &PathBuf| if path == Path::new("-") { None } else { disk.call(path.clone()).flatten() };
    paths.iter().map(|path| Some((path.as_path(), reason(path)?))).collect()
}

/// What names the feeds among the sources that are open; no real path is written so.
const FEEDS: &str = "feeds:";

/// What names the sources that are open: their real paths. None where there is nothing to come back to.
pub(crate) fn name_of(sources: &[Source]) -> Option<String> {
    let mut names = BTreeSet::new();
    for source in sources {
        let name = match source {
            Source::Named(path) => path.canonicalize().unwrap_or_else(|_| path.clone()).to_string_lossy().into_owned(),
            // What comes with the program stands there until there are feeds.
            Source::Bundled if sources.len() > 1 => continue,
            Source::Bundled => String::new(),
            Source::Input(_) => return None,
            Source::Feeds { .. } => FEEDS.to_owned(),
        };
        names.insert(clean(&name).into_owned());
    }
    serde_json::to_string(&names).ok()
}
