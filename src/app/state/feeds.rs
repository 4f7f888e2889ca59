//! Feeds as the reader of articles sees them: what is subscribed to, how a refresh goes, what is ordered.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

use crate::app::{Effect, State};
use crate::app::{Overlay, OverlayKind};
use crate::article::ArticleId;
use crate::article::Problem;
use crate::config::FeedSort;
use crate::corpus::Origin;
use crate::keys::{Action, FeedCommand};
use crate::query::{CompletionKind, Field};
use crate::search::{Facet, FacetKind, FeedNames};
use crate::subscriptions::{ChangedPiece, Credentials, FeedHealth, FeedRow, RefreshEnd, RefreshProgress, web_address};
use crate::text::clean;
use crate::text::fold::fold;
use crate::text::format::{counted, grouped};

/// What is open is called so where it is what comes with the program.
pub const BUNDLED: &str = "bundled articles";

/// The tag of feeds that are not wanted in the sources pane.
const HIDDEN: &str = "#hidden";

/// A request to the feed thread.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FeedOrder {
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
struct Adding {
    place: String,
    tags: Vec<String>,
    name: Option<String>,
}

/// The feeds that the state knows of.
#[derive(Clone, Debug, Default)]
pub struct Feeds {
    rows: Arc<Vec<FeedRow>>,
    /// The names of those that could not be fetched or read the last time.
    failing: HashSet<String>,
    /// What was wrong with them then.
    pub(crate) problems: Vec<Problem>,
    /// What they and their tags are called.
    names: FeedNames,
    /// What changed in an entry, by paragraphs, while that is shown.
    pub(crate) changes: Vec<Vec<ChangedPiece>>,
    /// The feeds of a page that named several: address and title.
    pub(crate) choice: Vec<(String, String)>,
    /// How all feeds are, while that is shown.
    pub(crate) health: Vec<FeedHealth>,
    /// The last `feed add`, repeated with the address that is chosen if a page links to several feeds.
    adding: Adding,
    refreshing: bool,
    /// How many servers are waited for besides.
    pub(crate) errands: usize,
}

impl Feeds {
    /// What is subscribed to, in the reader's order.
    pub fn rows(&self) -> &[FeedRow] {
        &self.rows
    }

    /// Whether a feed of that name could not be fetched or read the last time.
    pub fn is_failing(&self, name: &str) -> bool {
        self.failing.contains(name)
    }

    /// Whether a server is waited for.
    pub fn is_waiting(&self) -> bool {
        self.refreshing || self.errands > 0
    }

    /// What changed in the entry that was asked for, by paragraphs.
    pub fn changes(&self) -> &[Vec<ChangedPiece>] {
        &self.changes
    }

    /// The feeds of a page that named several: address and title.
    pub fn choice(&self) -> &[(String, String)] {
        &self.choice
    }

    /// How all feeds are, as it was asked for last.
    pub fn health(&self) -> &[FeedHealth] {
        &self.health
    }
}

impl State {
    /// The feeds.
    pub fn feeds(&self) -> &Feeds {
        &self.feeds
    }

    pub(crate) fn take_feeds(&mut self, rows: Arc<Vec<FeedRow>>) {
        if !rows.is_empty() && self.title == BUNDLED {
            self.title = "feeds".to_owned();
        }
        let failing = rows.iter().filter(|row| row.error.is_some());
        self.feeds.failing = failing.map(|row| row.name.clone()).collect();
        let names: BTreeSet<&str> =
            rows.iter().flat_map(|row| [&row.name].into_iter().chain(&row.tags)).map(String::as_str).collect();
        self.feeds.names = FeedNames::new(names);
        self.feeds.rows = rows;
        self.sources.recount();
    }

    /// The rows of the sources pane with all feeds among them, those too that have no entries in the answer, in the
    /// order that the reader wants.
    pub(crate) fn with_feeds(&self, rows: Vec<Facet>) -> Vec<Facet> {
        let (counted, mut others): (Vec<Facet>, Vec<Facet>) =
            rows.into_iter().partition(|row| row.kind == FacetKind::Feed);
        let mut counted: BTreeMap<String, Facet> = counted.into_iter().map(|row| (row.name.clone(), row)).collect();
        // Two feeds of one name are one row: what is listed of the one is listed of both.
        let mut seen = HashSet::new();
        let mut feeds = Vec::new();
        for feed in self.feeds.rows.iter().filter(|feed| seen.insert(&feed.name)) {
            // Its entries are listed all the same, and its tag leads to them.
            if feed.tags.iter().any(|tag| tag == HIDDEN) {
                counted.remove(&feed.name);
                continue;
            }
            feeds.push(counted.remove(&feed.name).unwrap_or_else(|| Facet {
                kind: FacetKind::Feed,
                query: self.feeds.names.query(&feed.name),
                name: feed.name.clone(),
                unread: 0,
                total: 0,
            }));
        }
        // Feeds that are subscribed to no more, and left entries.
        feeds.extend(counted.into_values());
        match self.config.feeds.sort {
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
    pub(crate) fn with_subscribed(
        &self,
        wanted: &CompletionKind,
        values: Arc<Vec<(String, usize)>>,
    ) -> Arc<Vec<(String, usize)>> {
        if *wanted != CompletionKind::Value(Field::Feed) {
            return values;
        }
        let mut known: HashSet<&str> = values.iter().map(|(name, _)| name.as_str()).collect();
        let names = self.feeds.rows.iter().flat_map(|row| [&row.name].into_iter().chain(&row.tags));
        let added: Vec<_> = names.filter(|name| known.insert(name)).map(|name| (name.clone(), 0)).collect();
        Arc::new(values.iter().cloned().chain(added).collect())
    }

    /// Tells how far a refresh is.
    pub(crate) fn take_refresh(&mut self, progress: &RefreshProgress) {
        let RefreshProgress { tried, total, new, changed, failed, end } = progress;
        self.feeds.refreshing = end.is_none();
        let mut came = format!("{} new", grouped(*new as u64));
        if *changed > 0 {
            came = format!("{came}, {} changed", grouped(*changed as u64));
        }
        if *failed > 0 {
            came = format!("{came}, {} failed", grouped(*failed as u64));
        }
        let tried_of = format!("{} of {}", grouped(*tried as u64), counted(*total as u64, "feed", "feeds"));
        match end {
            None => self.tell(format!("Refreshing: {tried_of}, {came}")),
            Some(RefreshEnd::Done) if *failed > 0 => {
                let keys = self.keymap.shown(Action::ShowProblems);
                self.tell(format!("{}: {came}; {keys} lists what is wrong", counted(*total as u64, "feed", "feeds")));
            }
            Some(RefreshEnd::Done) => self.tell(format!("{}: {came}", counted(*total as u64, "feed", "feeds"))),
            Some(RefreshEnd::Stopped) => self.tell(format!("Stopped: {tried_of}, {came}")),
            Some(RefreshEnd::Offline) => self.tell("Offline: there is no connection to the network"),
            Some(RefreshEnd::Failed(error)) => self.fail(format!("What was fetched cannot be kept: {error}")),
        }
    }

    pub(crate) fn take_choice(&mut self, feeds: Vec<(String, String)>) {
        self.feeds.choice = feeds;
        self.overlay = Some(Overlay::new(OverlayKind::ChooseFeed));
    }

    pub(crate) fn choose_feed(&mut self, row: usize) {
        if let Some((url, _)) = self.feeds.choice.get(row).cloned() {
            let Adding { place, tags, name } = self.feeds.adding.clone();
            self.subscribe(vec![Credentials::carry(&place, &url)], tags, name);
        }
    }

    /// Asks whether to unsubscribe from the feeds of a row in the sources pane.
    pub(crate) fn ask_to_unsubscribe(&mut self, name: &str) {
        let urls: Vec<String> =
            self.feeds.rows.iter().filter(|feed| feed.name == name).map(|feed| feed.url.clone()).collect();
        if urls.is_empty() {
            return self.tell("Not subscribed to this feed; its starred, tagged and noted entries stay");
        }
        // Feeds with one name share a row.
        let question = match urls.as_slice() {
            [_] => format!("Unsubscribe from \"{name}\"?"),
            several => format!("Unsubscribe from {} feeds named \"{name}\": {}?", several.len(), several.join(", ")),
        };
        self.confirm(question, FeedCommand::Remove { names: urls, yes: true });
    }

    pub(crate) fn take_health(&mut self, health: Vec<FeedHealth>) {
        if health.is_empty() {
            return self
                .tell(format!("No subscriptions yet; press {} to add a feed", self.keymap.shown(Action::AddFeed)));
        }
        self.feeds.health = health;
        self.overlay = Some(Overlay::new(OverlayKind::FeedList));
    }

    /// Filters by the feed that is selected in the list of feeds.
    pub(crate) fn filter_by_feed(&mut self, row: usize) {
        if let Some(feed) = self.feeds.health.get(row) {
            let query = self.feeds.names.query(&feed.name);
            self.filter_by(&query);
        }
    }

    pub(crate) fn take_changes(&mut self, changes: Vec<Vec<ChangedPiece>>) {
        if changes.is_empty() {
            return self.tell("This article did not change since it came");
        }
        self.feeds.changes = changes;
        self.overlay = Some(Overlay::new(OverlayKind::Changes));
    }

    /// Subscribes to the feed at each place.
    pub(crate) fn subscribe(&mut self, places: Vec<String>, tags: Vec<String>, name: Option<String>) {
        if let Some(place) = places.iter().find(|place| !place.starts_with('#')) {
            // Without `://` an address with credentials is not recognised as one in a message.
            let shown = if place.contains('@') { Credentials::split(&web_address(place)).0 } else { place.clone() };
            self.tell(format!("Looking for the feed at {} …", clean(&shown)));
            self.feeds.adding = Adding { place: place.clone(), tags: tags.clone(), name: name.clone() };
            // A `#tag` among the places belongs to all of them.
            self.feeds.adding.tags.extend(places.iter().filter(|word| word.starts_with('#')).cloned());
        }
        self.feeds.errands += 1;
        self.outbox.push(Effect::Feeds(FeedOrder::Command(FeedCommand::Add { places, tag: tags, name })));
    }

    /// Fetches the whole article behind the open entry, or shows what changed in it.
    pub(crate) fn order_of_entry(&mut self, action: Action) {
        let Some(open) = self.reading.open() else { return };
        if open.origin != Origin::Feed {
            return self.tell("This article is of no feed");
        }
        let (article, url) = (open.article.id, open.article.url.as_ref().map(ToString::to_string));
        if action == Action::FullText {
            self.tell("Fetching the whole article …");
            self.feeds.errands += 1;
            self.outbox.push(Effect::Feeds(FeedOrder::FullText(article, url)));
        } else {
            self.outbox.push(Effect::Feeds(FeedOrder::Changes(article)));
        }
    }
}
