//! The presentation of subscriptions: rows, status and the progress of a refresh.

/// A subscription in the sources pane.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeedRow {
    /// The address of the feed.
    pub url: String,
    /// The name of the feed.
    pub name: String,
    /// The reader's tags, each with a leading `#`.
    pub tags: Vec<String>,
    /// Why the last fetch failed; `None` if it succeeded.
    pub error: Option<String>,
}

/// The progress of a refresh.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RefreshProgress {
    /// The number of feeds that were tried.
    pub tried: usize,
    /// The number of feeds to try.
    pub total: usize,
    /// The number of new entries.
    pub new: usize,
    /// The number of entries with a changed text.
    pub changed: usize,
    /// The number of feeds that could not be fetched or parsed.
    pub failed: usize,
    /// The result; `None` while the refresh is running.
    pub end: Option<RefreshEnd>,
}

/// The result of a refresh.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RefreshEnd {
    /// All feeds were tried.
    Done,
    /// The reader stopped it.
    Stopped,
    /// The network is not reachable.
    Offline,
    /// The library could not be written, for this reason.
    Failed(String),
}

/// The status of a feed in words, safe to show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeedStatus {
    /// The name of the feed.
    pub name: String,
    /// The reader's tags, each with a leading `#`.
    pub tags: String,
    /// The address of the feed.
    pub url: String,
    /// The number of entries and of unread ones, and the time of the last fetch.
    pub state: String,
    /// The settings of the feed in words; `None` for the defaults.
    pub settings: Option<String>,
    /// When and why the last fetch failed; `None` if it succeeded.
    pub error: Option<String>,
    /// The first warning about the content of the feed.
    pub warning: Option<String>,
}

impl FeedStatus {
    /// Returns the lines that describe the feed, its name first.
    pub fn lines(&self) -> impl Iterator<Item = &str> {
        let (settings, error, warning) = (self.settings.as_ref(), self.error.as_ref(), self.warning.as_ref());
        [Some(&self.name), Some(&self.url), Some(&self.state), settings, error, warning]
            .into_iter()
            .flatten()
            .map(String::as_str)
    }
}

/// A piece of a changed text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DiffSpan {
    /// `Some(true)` if the piece was added, `Some(false)` if it was removed, `None` if it is unchanged.
    pub added: Option<bool>,
    /// The text, safe to show.
    pub text: String,
}
