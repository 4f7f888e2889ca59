//! The progress of loading articles into a corpus.

/// The progress of loading.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LoadProgress {
    /// The number of files found so far.
    pub found: usize,
    /// The number of files read so far, including rejected ones.
    pub read: usize,
    /// The number of bytes read so far.
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
