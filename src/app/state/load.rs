//! Loading: its progress, and the problems with files and feeds.

use std::path::Path;

use crate::article::Problem;
use crate::corpus::{LoadProgress, incomplete_reason};
use crate::text::format::grouped;

/// The maximum number of listed problems. Further ones are only counted.
const MAX_PROBLEMS: usize = 10_000;

/// The state of loading: the title of the sources, the progress and the problems.
#[derive(Clone, Debug)]
pub(crate) struct LoadState {
    /// The title above the list.
    pub(crate) title: String,
    pub(crate) progress: LoadProgress,
    pub(crate) problems: ProblemList,
    /// Whether the last key asked to stop loading, so that the same key again stops it.
    pub(crate) stop_requested: bool,
}

impl LoadState {
    pub(crate) fn new(title: String) -> LoadState {
        LoadState { title, progress: LoadProgress::default(), problems: ProblemList::default(), stop_requested: false }
    }

    /// Returns whether files are still being read.
    pub(crate) fn is_loading(&self) -> bool {
        !self.progress.done && self.progress.found > 0
    }

    /// Returns why articles may be missing; `None` if everything was loaded.
    pub(crate) fn incomplete(&self) -> Option<String> {
        if !self.progress.done {
            let (read, found) = (grouped(self.progress.read as u64), grouped(self.progress.found as u64));
            return Some(format!("only {read} of {found} files were read"));
        }
        incomplete_reason(&self.progress, self.problems.failures())
    }
}

/// Problems with files and feeds.
#[derive(Clone, Debug, Default)]
pub(crate) struct ProblemList {
    files: Vec<Problem>,
    /// The number of problems with files, with those beyond [`MAX_PROBLEMS`].
    file_count: usize,
    feeds: Vec<Problem>,
}

impl ProblemList {
    /// Adds a problem with a file.
    pub(crate) fn push(&mut self, problem: Problem) {
        self.file_count += 1;
        if self.files.len() < MAX_PROBLEMS {
            self.files.push(problem);
        }
    }

    /// Removes the problems of a file or folder; the empty path stands for all files.
    pub(crate) fn clear(&mut self, path: &Path) {
        let before = self.files.len();
        // Only problems of the config name columns. They stay while the program runs.
        self.files.retain(|problem| problem.column.is_some() || !problem.path.starts_with(path));
        if path.as_os_str().is_empty() {
            self.file_count = self.files.len();
        } else {
            self.file_count -= before - self.files.len();
        }
    }

    /// Replaces the problems of feeds.
    pub(crate) fn set_feeds(&mut self, problems: Vec<Problem>) {
        self.feeds = problems;
    }

    /// Sorts the problems of files by path and line.
    pub(crate) fn sort(&mut self) {
        self.files.sort_by(|a, b| (&a.path, a.line).cmp(&(&b.path, b.line)));
    }

    /// Returns the listed problems, files before feeds.
    pub(crate) fn listed(&self) -> Vec<&Problem> {
        self.files.iter().chain(&self.feeds).collect()
    }

    /// Returns the number of listed problems.
    pub(crate) fn listed_count(&self) -> usize {
        self.files.len() + self.feeds.len()
    }

    /// Returns the number of problems, with those that are not listed.
    pub(crate) fn count(&self) -> usize {
        self.file_count + self.feeds.len()
    }

    /// Returns the number of files that could not be read.
    fn failures(&self) -> usize {
        self.files.iter().filter(|problem| problem.is_failure).count()
    }
}
