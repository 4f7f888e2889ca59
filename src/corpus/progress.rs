//! The progress of loading articles into a corpus.

use crate::text::format::{counted, grouped};

/// The progress of loading.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LoadProgress {
    /// The number of files found until now.
    pub found: usize,
    /// The number of files read, including rejected ones.
    pub read: usize,
    /// The number of bytes read.
    pub bytes: u64,
    /// Whether all folders were walked, so that `found` is final.
    pub walked: bool,
    /// The estimated time left, in seconds, if it can be estimated.
    pub seconds_left: Option<u32>,
    /// Whether loading has ended.
    pub done: bool,
    /// Whether the reader stopped it.
    pub stopped: bool,
    /// The number of files left out because they exceed the memory limit.
    pub left_out_files: usize,
    /// The number of articles of those files, and of feeds.
    pub left_out_articles: usize,
}

/// Returns why articles may be missing after loading ended with this progress and `failures` unreadable files. Returns
/// `None` if everything was loaded.
pub fn incomplete_reason(progress: &LoadProgress, failures: usize) -> Option<String> {
    let mut reasons = Vec::new();
    if progress.stopped && progress.read == progress.found {
        reasons.push("loading was stopped".to_owned());
    } else if progress.stopped {
        let (read, found) = (grouped(progress.read as u64), grouped(progress.found as u64));
        reasons.push(format!("{read} of {found} files were read"));
    }
    if failures > 0 {
        let failed = counted(failures as u64, "file or folder", "files or folders");
        reasons.push(format!("{failed} could not be read"));
    }
    if progress.left_out_articles > 0 {
        let left_out = counted(progress.left_out_articles as u64, "article", "articles");
        reasons.push(format!("{left_out} did not fit into memory (files.memory)"));
    }
    (!reasons.is_empty()).then(|| reasons.join(", "))
}
