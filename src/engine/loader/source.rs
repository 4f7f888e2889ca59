//! The sources of articles, and the options for reading them.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::available_memory::free_memory;
use super::read_error::read_error;
use crate::config::Config;
use crate::text::clean;
use crate::util::DeadlineWorker;

/// A source of articles.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// A file, or a folder with everything below it.
    Path(PathBuf),
    /// The articles that are part of the program.
    Bundled,
    /// The bytes of standard input.
    Input(Vec<u8>),
    /// The entries of feeds in the library.
    Feeds {
        /// The path of the library.
        library: PathBuf,
        /// Whether an entry of several feeds is listed once.
        merge: bool,
    },
}

/// Options for reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LoadOptions {
    /// The maximum size of a file, in bytes.
    pub max_size: u64,
    /// Whether to read files and folders whose names start with a dot.
    pub hidden: bool,
    /// The memory budget of articles, in bytes. Beyond it the oldest articles are left out.
    pub memory: u64,
}

/// The largest size of a file that can be read: shards have 32-bit offsets.
const CEILING: u64 = 1 << 30;

impl LoadOptions {
    /// Returns the options of the config. The default memory budget depends on the available memory.
    pub fn of(config: &Config) -> LoadOptions {
        let memory = config.memory.or_else(|| free_memory().map(|free| free / 4 * 3)).unwrap_or(u64::MAX);
        LoadOptions { max_size: config.max_size, hidden: config.hidden, memory }
    }

    /// Returns the largest size that is read, in bytes. Reading a file takes up to four times its size.
    pub fn limit(&self) -> u64 {
        self.max_size.min(CEILING).min(self.memory / 4)
    }

    /// Returns whether a file is parsed equally with both options.
    pub(crate) fn same_parse_as(&self, other: LoadOptions) -> bool {
        (self.max_size, self.hidden) == (other.max_size, other.hidden)
    }
}

impl Default for LoadOptions {
    /// 64 MiB, no hidden files, and no memory limit.
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
        path.metadata().err().map(|error| read_error(&error).to_string())
    });
    // `-` is standard input, not a path.
    let reason = |path: &PathBuf| if path == Path::new("-") { None } else { disk.call(path.clone()).flatten() };
    paths.iter().map(|path| Some((path.as_path(), reason(path)?))).collect()
}

/// The name of feeds in a session key. It is not an absolute path.
const FEEDS: &str = "feeds:";

/// Returns the key of the session of these sources: their real paths. Returns `None` if they have no session.
pub(crate) fn session_key(sources: &[Source]) -> Option<String> {
    let mut names = BTreeSet::new();
    for source in sources {
        let name = match source {
            Source::Path(path) => path.canonicalize().unwrap_or_else(|_| path.clone()).to_string_lossy().into_owned(),
            // Bundled articles are shown until there are feeds.
            Source::Bundled if sources.len() > 1 => continue,
            Source::Bundled => String::new(),
            Source::Input(_) => return None,
            Source::Feeds { .. } => FEEDS.to_owned(),
        };
        names.insert(clean(&name).into_owned());
    }
    serde_json::to_string(&names).ok()
}
