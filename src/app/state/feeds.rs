//! Subscribed feeds: their rows, the state of a refresh, and requests to the feed thread.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

use crate::article::ArticleId;
use crate::config::FeedSort;
use crate::keys::FeedCommand;
use crate::search::{Facet, FacetKind, FeedNames};
use crate::subscriptions::FeedRow;
use crate::text::fold::fold;

/// The title of the articles that come with the program.
pub const BUNDLED: &str = "bundled articles";

/// The tag of feeds that the sources pane does not show.
const HIDDEN: &str = "#hidden";

/// A request to the feed thread.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FeedRequest {
    /// Run a command of `newsdesk feed`.
    Command(FeedCommand),
    /// Stop fetching.
    Stop,
    /// Fetch the whole article behind an entry and show it, or go back to the feed's text.
    FullText(ArticleId, Option<String>),
    /// Report what changed in an entry.
    Changes(ArticleId),
    /// Undo or redo a step of the journal that changed subscriptions.
    Undo {
        /// The row of the step in the library.
        row: i64,
        /// Undo if true, redo if false.
        undo: bool,
    },
}

/// The arguments of `feed add`.
#[derive(Clone, Debug, Default)]
pub(crate) struct AddArgs {
    pub(crate) place: String,
    pub(crate) tags: Vec<String>,
    pub(crate) name: Option<String>,
}

/// The subscribed feeds and the activity of the feed thread.
#[derive(Clone, Debug, Default)]
pub struct SubscriptionsState {
    rows: Arc<Vec<FeedRow>>,
    /// The names of feeds whose last fetch failed.
    failing: HashSet<String>,
    /// The names of feeds and of their tags.
    names: FeedNames,
    /// The last `feed add`, repeated with the address that is chosen if a page links to several feeds.
    pub(crate) last_add: AddArgs,
    is_refreshing: bool,
    /// The number of running tasks besides a refresh.
    tasks: usize,
}

impl SubscriptionsState {
    /// Returns the subscribed feeds, in the reader's order.
    pub fn rows(&self) -> &[FeedRow] {
        &self.rows
    }

    /// Returns whether the last fetch of a feed of that name failed.
    pub fn is_failing(&self, name: &str) -> bool {
        self.failing.contains(name)
    }

    /// Returns whether the feed thread is waiting for a server.
    pub fn is_waiting(&self) -> bool {
        self.is_refreshing || self.tasks > 0
    }

    pub(crate) fn set_rows(&mut self, rows: Arc<Vec<FeedRow>>) {
        let failing = rows.iter().filter(|row| row.error.is_some());
        self.failing = failing.map(|row| row.name.clone()).collect();
        let names: BTreeSet<&str> =
            rows.iter().flat_map(|row| [&row.name].into_iter().chain(&row.tags)).map(String::as_str).collect();
        self.names = FeedNames::new(names);
        self.rows = rows;
    }

    pub(crate) fn set_refreshing(&mut self, is_refreshing: bool) {
        self.is_refreshing = is_refreshing;
    }

    pub(crate) fn on_task_started(&mut self) {
        self.tasks += 1;
    }

    pub(crate) fn on_task_done(&mut self) {
        self.tasks = self.tasks.saturating_sub(1);
    }

    /// Returns the query that matches the entries of a feed.
    pub(crate) fn query(&self, name: &str) -> String {
        self.names.query(name)
    }

    /// Returns the addresses of the feeds of that name.
    pub(crate) fn urls_of(&self, name: &str) -> Vec<String> {
        self.rows.iter().filter(|feed| feed.name == name).map(|feed| feed.url.clone()).collect()
    }

    /// Adds all feeds to the rows of the sources pane, also those without entries, in the configured order.
    pub(crate) fn merge_into(&self, rows: Vec<Facet>, sort: FeedSort) -> Vec<Facet> {
        let (counted, mut others): (Vec<Facet>, Vec<Facet>) =
            rows.into_iter().partition(|row| row.kind == FacetKind::Feed);
        let mut counted: BTreeMap<String, Facet> = counted.into_iter().map(|row| (row.name.clone(), row)).collect();
        // Feeds with the same name share a row, which lists the entries of all of them.
        let mut seen = HashSet::new();
        let mut feeds = Vec::new();
        for feed in self.rows.iter().filter(|feed| seen.insert(&feed.name)) {
            // Entries of a hidden feed stay listed, and its tag leads to them.
            if feed.tags.iter().any(|tag| tag == HIDDEN) {
                counted.remove(&feed.name);
                continue;
            }
            feeds.push(counted.remove(&feed.name).unwrap_or_else(|| Facet {
                kind: FacetKind::Feed,
                query: self.names.query(&feed.name),
                name: feed.name.clone(),
                unread: 0,
                total: 0,
            }));
        }
        // Unsubscribed feeds that still have entries.
        feeds.extend(counted.into_values());
        match sort {
            FeedSort::Own => {}
            FeedSort::Name => feeds.sort_by_cached_key(|row| fold(&row.name)),
            FeedSort::Unread => feeds.sort_by_key(|row| Reverse(row.unread)),
        }
        let at = others.iter().position(|row| {
            !matches!(row.kind, FacetKind::All | FacetKind::Unread | FacetKind::Starred | FacetKind::Search)
        });
        let at = at.unwrap_or(others.len());
        others.splice(at..at, feeds);
        others
    }

    /// Adds feeds without entries, and their tags, to the values of `feed:`.
    pub(crate) fn add_empty_feeds(&self, values: &[(String, usize)]) -> Arc<Vec<(String, usize)>> {
        let mut known: HashSet<&str> = values.iter().map(|(name, _)| name.as_str()).collect();
        let names = self.rows.iter().flat_map(|row| [&row.name].into_iter().chain(&row.tags));
        let added: Vec<_> = names.filter(|name| known.insert(name)).map(|name| (name.clone(), 0)).collect();
        Arc::new(values.iter().cloned().chain(added).collect())
    }
}
