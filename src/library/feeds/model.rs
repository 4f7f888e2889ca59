//! A feed in the library: its subscription, its state and its numbers of entries.

use crate::article::Warning;
use crate::subscriptions::Subscription;

/// The number of a feed in the library.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FeedId(pub(super) i64);

/// A subscribed feed.
#[derive(Clone, Debug, PartialEq)]
pub struct KnownFeed {
    /// The number.
    pub number: FeedId,
    /// The seed of the ids of its entries. It is unique and does not change when the feed moves.
    pub seed: u64,
    /// The seeds of feeds that were merged into this one.
    pub former_seeds: Vec<u64>,
    /// The version for requests.
    pub version: FetchRevision,
    /// The address, names, tags and settings.
    pub subscription: Subscription,
    /// The `ETag` of the last successful fetch.
    pub etag: Option<String>,
    /// The `Last-Modified` of the last successful fetch.
    pub last_modified: Option<String>,
    /// The fetch status.
    pub health: FetchStatus,
    /// The problems of the feed at the last fetch.
    pub warnings: Vec<Warning>,
}

/// The state of a feed that a request is based on. A response is stale if the state has changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FetchRevision {
    /// The revision of the last stored document, change of address or end of a subscription.
    pub(super) revision: i64,
    /// The time of the last fetch attempt.
    pub(super) tried_at: Option<i64>,
}

/// The fetch status of a feed. Times are in seconds since 1970-01-01 00:00 UTC.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FetchStatus {
    /// The time of the last attempt.
    pub tried_at: Option<i64>,
    /// The time of the last success, including unchanged feeds.
    pub succeeded_at: Option<i64>,
    /// The time before which it is not refreshed automatically.
    pub due_at: Option<i64>,
    /// The error of the last attempt.
    pub error: Option<String>,
    /// The policy of its server.
    pub policy: FetchPolicy,
}

/// Whether the server of a feed allows requests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FetchPolicy {
    /// Requests are allowed.
    #[default]
    Normal,
    /// The feed is gone for good.
    Gone,
    /// Requests are not allowed before the feed is due, unless it is named.
    RateLimited,
}

impl FetchStatus {
    /// Returns whether the feed may be fetched automatically at this time, in seconds since 1970.
    pub fn is_due(&self, now: i64) -> bool {
        self.policy != FetchPolicy::Gone && self.due_at.is_none_or(|due| due <= now)
    }

    /// Returns whether a refresh of all feeds includes this one at this time.
    pub fn may_be_asked(&self, now: i64) -> bool {
        self.policy == FetchPolicy::Normal || self.is_due(now)
    }
}

/// The number of entries of a feed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FeedCounts {
    /// All entries.
    pub entries: u32,
    /// Unread entries.
    pub unread: u32,
}

/// The result of subscribing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SubscribeCounts {
    /// The number of new feeds.
    pub new: usize,
    /// The number of existing feeds that got names or tags.
    pub changed: usize,
    /// The number of existing feeds that did not change.
    pub same: usize,
}
