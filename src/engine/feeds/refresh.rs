//! Refreshing feeds: many threads fetch and parse, one thread stores the results.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use url::Url;

use crate::article::{ArticleId, Draft, ReadError, Role, Warning};
use crate::config::FeedSettings;
use crate::engine::log::note;
use crate::formats::{Feed, FeedOptions, feed_articles, page_article, parse_feed};
use crate::http::{
    Client, ClientOptions, Document, FetchError, HttpRequest, HttpResponse, Login, ParallelLimits, Password, Proxy,
    in_parallel,
};
use crate::library::feeds::{FetchOutcome, FetchResult, FullText, MergedFeeds, ParsedFeed, PreparedEntry};
use crate::library::{FeedAccess, FeedId, FetchPolicy, FetchStatus, KnownFeed, Library, Result, now};
use crate::subscriptions::{one_line, redact, without_user_name};
use crate::text::clean;
use crate::text::format::counted;
use crate::util::lock;
use crate::util::panic_guard::{INTERNAL_ERROR, catch_panic};

/// The accepted media types of feeds, the most likely first.
pub const FEED_TYPES: &str = "application/atom+xml, application/rss+xml, application/feed+json, application/rdf+xml;q=0.9, \
     application/xml;q=0.8, text/xml;q=0.8, application/json;q=0.7, */*;q=0.1";

/// Results are stored at least this often, so that they can be read while other feeds are still being fetched.
const STORE_INTERVAL: Duration = Duration::from_millis(300);

/// Results are stored once they have this many entries.
const STORE_BATCH: usize = 3_000;

/// The maximum number of whole articles that one refresh fetches. The next one fetches the others.
const MAX_FULL_TEXT: usize = 500;

/// The maximum number of warnings of a feed that are stored and listed.
const MAX_WARNINGS: usize = 10;

/// If name lookup fails for this many feeds in a row, the network is assumed to be down.
const OFFLINE_THRESHOLD: usize = 8;

/// The delay before a failed feed is refreshed again automatically.
const RETRY_DELAY: Duration = Duration::from_secs(60 * 60);

/// The longest interval between two refreshes that a server can ask for.
const MAX_INTERVAL: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// The stored result for one feed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeedOutcome {
    /// The name of the feed.
    pub name: String,
    /// The address of the feed.
    pub url: String,
    /// The number of new entries.
    pub new: usize,
    /// The number of entries with a changed text.
    pub changed: usize,
    /// Why the feed could not be fetched or parsed.
    pub error: Option<String>,
    /// The problems of a feed that could still be read.
    pub warnings: Vec<Warning>,
    /// The feed with which this one was merged, because it has moved to the same address.
    pub merged: Option<MergedFeeds>,
}

impl FeedOutcome {
    /// Describes a merge in one sentence, safe to show.
    pub fn merge_sentence(&self) -> Option<String> {
        let MergedFeeds { ended, name, .. } = self.merged.as_ref()?;
        let (ended, name) = (clean(ended), clean(name));
        Some(format!("\"{ended}\" moved to the address of \"{name}\"; the two subscriptions are one now"))
    }
}

/// The result of a refresh.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RefreshSummary {
    /// The number of feeds that were tried.
    pub tried: usize,
    /// The number of feeds that could not be fetched or parsed.
    pub failed: usize,
    /// The number of new entries.
    pub new: usize,
    /// The number of entries with a changed text.
    pub changed: usize,
    /// Whether the network was down. The feeds are not marked as failed then.
    pub offline: bool,
    /// Whether it was stopped early.
    pub stopped: bool,
}

/// Creates the HTTP client with the settings of the config.
pub fn client(settings: &FeedSettings) -> Client {
    let login = |login: &crate::config::FeedLogin| Login {
        at: login.url.clone(),
        user: login.user.clone(),
        password: match &login.password {
            Some(password) => Password::Plain(password.clone()),
            None => Password::Command(login.password_command.clone()),
        },
    };
    Client::new(&ClientOptions {
        proxy: match settings.proxy.as_deref() {
            None => Proxy::FromEnvironment,
            Some("") => Proxy::None,
            Some(url) => Proxy::Url(url.to_owned()),
        },
        logins: settings.logins.iter().map(login).collect(),
        ..ClientOptions::default()
    })
}

/// Fetches `feeds` and stores their entries. Setting `stop` ends it early; stored entries stay. Sets `stop` if there is
/// no network. Calls `report` for each stored batch.
///
/// # Errors
///
/// Returns an error if the library cannot be written.
pub fn refresh(
    library: &mut Library,
    feeds: Vec<KnownFeed>,
    client: &Client,
    settings: &FeedSettings,
    stop: &AtomicBool,
    mut report: impl FnMut(Vec<FeedOutcome>),
) -> Result<RefreshSummary> {
    let parse = |feed: &KnownFeed, fetched| parse_response(feed, fetched, settings);
    let refresh = Refresh { parse: &parse, client, parallel: settings.parallel, stop };
    refresh.run(library, feeds, &mut report)
}

/// The fixed parts of a refresh. `parse` makes a delivery of a response; tests replace it.
struct Refresh<'a, P> {
    parse: &'a P,
    client: &'a Client,
    /// The number of feeds that are fetched at once.
    parallel: usize,
    stop: &'a AtomicBool,
}

impl<P> Refresh<'_, P>
where
    P: Fn(&KnownFeed, std::result::Result<HttpResponse, FetchError>) -> FetchResult + Sync,
{
    fn run(
        &self,
        library: &mut Library,
        feeds: Vec<KnownFeed>,
        report: &mut dyn FnMut(Vec<FeedOutcome>),
    ) -> Result<RefreshSummary> {
        let stop = self.stop;
        let mut summary = RefreshSummary::default();
        let mut pending = PendingStore::default();
        // Feeds whose name lookup failed, until another feed is reached and shows that the network is up.
        let (mut unanswered, mut reached) = (Vec::new(), false);
        library.for_bulk()?;
        let limits = ParallelLimits { overall: self.parallel, ..ParallelLimits::default() };
        thread::scope(|scope| {
            let deliveries = self.spawn_workers(scope, feeds, limits);
            loop {
                match deliveries.recv_timeout(STORE_INTERVAL) {
                    Ok(response) if response.is_offline && !reached => {
                        unanswered.push(response);
                        if unanswered.len() >= OFFLINE_THRESHOLD {
                            stop.store(true, Ordering::Relaxed);
                        }
                    }
                    Ok(response) => {
                        reached = true;
                        pending.add(response);
                        unanswered.drain(..).for_each(|response| pending.add(response));
                    }
                    Err(RecvTimeoutError::Timeout) => {}
                    Err(RecvTimeoutError::Disconnected) => break,
                }
                if pending.is_due() {
                    pending.write(library, &mut summary, report);
                }
                if pending.error.is_some() {
                    stop.store(true, Ordering::Relaxed);
                }
            }
        });
        summary.offline = !unanswered.is_empty();
        pending.write(library, &mut summary, report);
        if let Some(error) = pending.error {
            return Err(error);
        }
        if !pending.merged.is_empty() && !stop.load(Ordering::Relaxed) {
            // The response for one of two merged feeds does not describe the entries of both.
            let feeds = library.feeds()?.into_iter().filter(|feed| pending.merged.contains(&feed.number)).collect();
            let again = self.run(library, feeds, report)?;
            summary.failed += again.failed;
            summary.new += again.new;
            summary.changed += again.changed;
        } else {
            fetch_pages(library, self.client, limits, stop)?;
        }
        summary.stopped = stop.load(Ordering::Relaxed) && !summary.offline;
        Ok(summary)
    }

    /// Starts the threads that fetch and parse `feeds`, and returns their results.
    fn spawn_workers<'scope>(
        &'scope self,
        scope: &'scope thread::Scope<'scope, '_>,
        feeds: Vec<KnownFeed>,
        limits: ParallelLimits,
    ) -> Receiver<FeedResponse> {
        let (client, stop) = (self.client, self.stop);
        // Many feeds are fetched at once, but only one per core is parsed at once, because parsing takes memory.
        let parsers = thread::available_parallelism().map_or(1, usize::from);
        let (fetched, to_parse) = mpsc::sync_channel(1);
        // Dropped with the last parser, so that fetching ends if no parser is left.
        let to_parse = Arc::new(Mutex::new(to_parse));
        scope.spawn(move || {
            let fetch = |feed: KnownFeed| (client.fetch(&wanted(&feed), stop), feed);
            let host = |feed: &KnownFeed| host(&feed.subscription.url);
            in_parallel(feeds, host, limits, stop, fetch, |response| {
                // Sending fails if all parsers have ended.
                let _ = fetched.send(response);
            });
        });
        let (parsed, deliveries) = mpsc::sync_channel(1);
        for _ in 0..parsers {
            let (to_parse, parsed) = (Arc::clone(&to_parse), parsed.clone());
            scope.spawn(move || {
                let next = || lock(&to_parse).recv();
                while let Ok((fetched, feed)) = next() {
                    let is_offline = match fetched {
                        Err(FetchError::Stopped) => continue,
                        Err(FetchError::Offline) => true,
                        _ => false,
                    };
                    // A feed whose parser panics does not affect the others.
                    let delivery = catch_panic(|| (self.parse)(&feed, fetched)).unwrap_or_else(|| fault(&feed));
                    if parsed.send(FeedResponse { feed, delivery, is_offline }).is_err() {
                        break;
                    }
                }
            });
        }
        deliveries
    }
}

/// A parsed response.
struct FeedResponse {
    feed: KnownFeed,
    delivery: FetchResult,
    /// Whether the name lookup failed.
    is_offline: bool,
}

/// Results that are not stored yet.
#[derive(Default)]
struct PendingStore {
    waiting: Vec<(KnownFeed, FetchResult)>,
    entries: usize,
    /// When the first of them was added.
    since: Option<Instant>,
    error: Option<crate::library::Error>,
    /// The feeds into which others were merged.
    merged: Vec<FeedId>,
}

impl PendingStore {
    fn add(&mut self, response: FeedResponse) {
        let FeedResponse { mut feed, delivery, .. } = response;
        self.since.get_or_insert_with(Instant::now);
        if let FetchOutcome::Feed(delivered) = &delivery.outcome {
            self.entries += delivered.entries.len();
            // A feed that was never fetched is known by its address only.
            if !delivered.title.is_empty() {
                feed.subscription.title.clone_from(&delivered.title);
            }
        }
        self.waiting.push((feed, delivery));
    }

    fn is_due(&self) -> bool {
        self.entries >= STORE_BATCH || self.since.is_some_and(|since| since.elapsed() >= STORE_INTERVAL)
    }

    fn write(&mut self, library: &mut Library, summary: &mut RefreshSummary, report: &mut dyn FnMut(Vec<FeedOutcome>)) {
        let (feeds, deliveries): (Vec<KnownFeed>, Vec<FetchResult>) = self.waiting.drain(..).unzip();
        (self.entries, self.since) = (0, None);
        if deliveries.is_empty() || self.error.is_some() {
            return;
        }
        match library.store(&deliveries) {
            Ok(stored) => {
                let mut outcomes = Vec::with_capacity(feeds.len());
                for ((feed, delivery), stored) in feeds.into_iter().zip(deliveries).zip(stored) {
                    let error = delivery.health.error.filter(|_| !stored.is_stale);
                    summary.tried += 1;
                    summary.failed += usize::from(error.is_some());
                    summary.new += stored.new.len();
                    summary.changed += stored.changed;
                    self.merged.extend(stored.merged.as_ref().map(|merged| merged.number));
                    let (new, changed, merged) = (stored.new.len(), stored.changed, stored.merged);
                    let (name, url) = (feed.subscription.name().to_owned(), feed.subscription.url);
                    let warnings = match delivery.outcome {
                        FetchOutcome::Feed(delivered) if !stored.is_stale => delivered.warnings,
                        _ => Vec::new(),
                    };
                    outcomes.push(FeedOutcome { name, url, new, changed, error, warnings, merged });
                }
                report(outcomes);
            }
            Err(error) => self.error = Some(error),
        }
    }
}

fn wanted(feed: &KnownFeed) -> HttpRequest {
    HttpRequest {
        etag: feed.etag.clone(),
        last_modified: feed.last_modified.clone(),
        accept: Some(FEED_TYPES.to_owned()),
        login: feed.subscription.login.clone(),
        ..HttpRequest::new(&feed.subscription.url)
    }
}

/// Returns the host of an address, for the limit per host.
fn host(url: &str) -> String {
    Url::parse(url).ok().and_then(|url| url.host_str().map(str::to_owned)).unwrap_or_default()
}

/// Parses a response for the library.
pub(crate) fn parse_response(
    feed: &KnownFeed,
    fetched: std::result::Result<HttpResponse, FetchError>,
    settings: &FeedSettings,
) -> FetchResult {
    let now = now();
    let mut health = FetchStatus { tried_at: Some(now), ..FetchStatus::default() };
    let due = |asked: Option<Duration>| Some(now + jittered(granted(asked).max(settings.pause()), feed.seed, now));
    let (moved_to, outcome) = match fetched {
        Ok(HttpResponse::Unchanged { moved_to, max_age }) => {
            health.due_at = due(max_age);
            (moved_to, FetchOutcome::Unchanged)
        }
        Ok(HttpResponse::Document(document)) => {
            let moved_to = document.moved_to.clone();
            match read(feed, document, now) {
                Ok((delivered, wait)) => {
                    health.due_at = due(Some(wait));
                    (moved_to, FetchOutcome::Feed(Box::new(delivered)))
                }
                // A page in place of a feed is usually a notice for people, so the address stays.
                Err(error) => {
                    health.error = Some(error.to_string());
                    health.due_at = due(Some(RETRY_DELAY));
                    (None, FetchOutcome::Nothing)
                }
            }
        }
        Err(error) => {
            let (policy, wait) = match &error {
                FetchError::Gone => (FetchPolicy::Gone, RETRY_DELAY),
                FetchError::TooMany { retry_after: Some(wait) } => (FetchPolicy::RateLimited, *wait),
                _ => (FetchPolicy::Normal, RETRY_DELAY),
            };
            health.policy = policy;
            health.due_at = due(Some(wait));
            health.error = Some(redact(&error.to_string()));
            (None, FetchOutcome::Nothing)
        }
    };
    health.succeeded_at = health.error.is_none().then_some(now);
    FetchResult { feed: feed.number, version: feed.version, health, moved_to, merge: settings.merge, outcome }
}

/// Returns the delivery for a feed whose parser panicked.
fn fault(feed: &KnownFeed) -> FetchResult {
    let now = now();
    let health = FetchStatus {
        tried_at: Some(now),
        due_at: Some(now + jittered(RETRY_DELAY, feed.seed, now)),
        error: Some(INTERNAL_ERROR.to_owned()),
        ..FetchStatus::default()
    };
    let outcome = FetchOutcome::Nothing;
    FetchResult { feed: feed.number, version: feed.version, health, moved_to: None, merge: true, outcome }
}

/// Parses the feed in a document. Also returns the interval until the next refresh that the feed asks for.
fn read(feed: &KnownFeed, document: Document, now: i64) -> std::result::Result<(ParsedFeed, Duration), ReadError> {
    let Document { bytes, url, content_type, etag, last_modified, max_age, .. } = document;
    let options = FeedOptions { base: Some(&url), content_type: content_type.as_deref() };
    let mut parsed = parse_feed(&bytes, &options)?;
    // Drop each form before the next but one is made: together they take ten times the length of the document.
    drop(bytes);
    let wait = parsed.pause(now).max(max_age.unwrap_or_default()).min(MAX_INTERVAL);
    let page = parsed.head.link.clone();
    let mut warnings = std::mem::take(&mut parsed.warnings);
    let entries = feed_articles(&parsed, &mut warnings)?;
    let described = describe(&parsed);
    drop(parsed);
    let entries = PreparedEntry::of_document(feed, page.as_deref(), entries);
    Ok((ParsedFeed { etag, last_modified, entries, warnings: limited(warnings), ..described }, wait))
}

/// Cuts a long list of warnings; the last one gives the number of the others.
fn limited(mut warnings: Vec<Warning>) -> Vec<Warning> {
    if let Some(more) = warnings.len().checked_sub(MAX_WARNINGS).filter(|more| *more > 0) {
        warnings.truncate(MAX_WARNINGS);
        warnings.push(Warning {
            line: None,
            cause: counted(more as u64, "more problem", "more problems"),
            consequence: "they are not listed".to_owned(),
        });
    }
    warnings
}

/// Fetches the whole articles of new entries, and of those that an earlier refresh left out.
fn fetch_pages(library: &mut Library, client: &Client, limits: ParallelLimits, stop: &AtomicBool) -> Result<()> {
    let mut jobs = Vec::new();
    for id in library.entries_without_full_text(MAX_FULL_TEXT)? {
        let article = library.entry_texts(id)?.map(|texts| texts.article).unwrap_or_default();
        match article.url.as_ref().map(ToString::to_string) {
            Some(url) => jobs.push((id, url, library.access_of_entry(id)?, article)),
            None => library.store_full_text(id, &FullText::None)?,
        }
    }
    let mut stored = Ok(());
    let fetch = |(id, url, access, article): (ArticleId, String, FeedAccess, Draft<'static>)| {
        let full = catch_panic(|| full_text(client, &url, access, &article, stop));
        (id, full.unwrap_or(Err(PageError::Fault)))
    };
    in_parallel(
        jobs,
        |(_, url, ..)| host(url),
        limits,
        stop,
        fetch,
        |(id, full)| {
            let result = match &full {
                Ok(full) => FullText::Fetched(full),
                Err(PageError::Fetch(FetchError::Stopped | FetchError::Offline)) => return,
                Err(error) if error.may_pass() => FullText::Failed,
                Err(_) => FullText::None,
            };
            if let Err(error) = &full {
                note(|| format!("the whole article of {id}: {error}"));
            }
            if stored.is_ok() {
                stored = library.store_full_text(id, &result);
            }
        },
    );
    stored
}

/// Why the whole article of an entry could not be fetched.
#[derive(Debug, thiserror::Error)]
pub enum PageError {
    /// The page could not be fetched.
    #[error("{0}")]
    Fetch(FetchError),
    /// The address is not fetched.
    #[error("the address contains a user name, which disguises its host")]
    Disguised,
    /// The server sent no page.
    #[error("the server answered 304 Not Modified to an unconditional request")]
    NotModified,
    /// The page holds no article.
    #[error("its page contains no article")]
    NoArticle,
    /// The program could not read the page.
    #[error("{INTERNAL_ERROR}")]
    Fault,
}

impl PageError {
    /// Returns whether a later try may succeed.
    fn may_pass(&self) -> bool {
        let PageError::Fetch(error) = self else { return false };
        match error {
            FetchError::Status(status) => *status >= 500,
            FetchError::Unreachable(_)
            | FetchError::Timeout(_)
            | FetchError::TooMany { .. }
            | FetchError::Cut
            | FetchError::Tls(_)
            | FetchError::Proxy(_)
            | FetchError::Login(_)
            | FetchError::System(_) => true,
            _ => false,
        }
    }
}

/// Fetches the whole article behind an entry. The headline and other metadata of the feed stay. Logins, those of the
/// config included, are sent to the server of the feed only.
pub fn full_text(
    client: &Client,
    url: &str,
    access: FeedAccess,
    entry: &Draft<'_>,
    stop: &AtomicBool,
) -> std::result::Result<Draft<'static>, PageError> {
    if without_user_name(url).is_some() {
        return Err(PageError::Disguised);
    }
    let accept = Some("text/html, application/xhtml+xml, */*;q=0.1".to_owned());
    let FeedAccess { url: feed, login } = access;
    let wanted = HttpRequest { accept, login, logins_for: Some(feed), ..HttpRequest::new(url) };
    let document = match client.fetch(&wanted, stop) {
        Ok(HttpResponse::Document(document)) => document,
        Ok(HttpResponse::Unchanged { .. }) => return Err(PageError::NotModified),
        Err(error) => return Err(PageError::Fetch(error)),
    };
    let page =
        page_article(&document.bytes, document.content_type.as_deref(), &document.url).ok_or(PageError::NoArticle)?;
    let is_of_page = |role: Role| matches!(role, Role::Body(_) | Role::Caption | Role::Credit);
    let own = entry.clone().into_owned();
    let has = |role: Role| own.parts.iter().any(|part| part.role == role);
    let (has_byline, has_standfirst) = (has(Role::Byline), has(Role::Standfirst));
    let (sources, head): (Vec<_>, Vec<_>) =
        own.parts.into_iter().filter(|part| !is_of_page(part.role)).partition(|part| part.role == Role::Source);
    let mut parts = head;
    parts.extend(page.parts.into_iter().filter(|part| match part.role {
        Role::Byline => !has_byline,
        Role::Standfirst => !has_standfirst,
        role => is_of_page(role),
    }));
    parts.sort_by_key(|part| match part.role {
        Role::Headline => 0,
        Role::Standfirst => 1,
        Role::Byline => 2,
        _ => 3,
    });
    parts.extend(sources);
    let (links, enclosures) = (page.links, own.enclosures);
    Ok(Draft { parts, links, enclosures, published: None, section: own.section, url: own.url })
}

/// Returns the title, page and description of a feed.
pub(crate) fn describe(feed: &Feed) -> ParsedFeed {
    ParsedFeed {
        title: feed.head.title.as_ref().map(|title| one_line(&title.plain())).unwrap_or_default(),
        page: feed.head.link.clone(),
        description: feed.description.as_ref().map(|text| one_line(&text.plain())).filter(|text| !text.is_empty()),
        ..ParsedFeed::default()
    }
}

/// Returns the interval that a server is granted: at most a week, or it could silence a feed for ever.
fn granted(asked: Option<Duration>) -> Duration {
    asked.unwrap_or_default().min(MAX_INTERVAL)
}

/// Returns an interval with up to a tenth added, so that not all feeds are due at once, and not all readers at one server.
fn jittered(pause: Duration, seed: u64, now: i64) -> i64 {
    let seconds = i64::try_from(pause.as_secs()).unwrap_or(i64::MAX / 4);
    let dice = seed ^ now.unsigned_abs().wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let tenth = (seconds / 10).max(1);
    seconds + i64::try_from(dice % tenth.unsigned_abs()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::subscriptions::Subscription;

    #[test]
    fn unreadable_feeds_are_reported_and_others_are_stored() {
        let folder = tempfile::tempdir().unwrap();
        let mut library = Library::open(&folder.path().join("library.db")).unwrap();
        // No server runs there; the deliveries are made up here.
        let bad = 4 * thread::available_parallelism().map_or(1, usize::from);
        let wanted: Vec<Subscription> =
            (0..=bad).map(|number| Subscription::new(format!("http://127.0.0.1:1/{number}"))).collect();
        library.subscribe(&wanted).unwrap();
        let feeds = library.feeds().unwrap();
        let last = feeds.last().unwrap().number;
        let parse = |feed: &KnownFeed, _: std::result::Result<HttpResponse, FetchError>| {
            assert_eq!(feed.number, last, "on purpose");
            let health = FetchStatus { succeeded_at: Some(1), ..FetchStatus::default() };
            let outcome = FetchOutcome::Unchanged;
            FetchResult { feed: feed.number, version: feed.version, health, moved_to: None, merge: true, outcome }
        };
        let settings = FeedSettings { proxy: Some(String::new()), ..FeedSettings::default() };
        let client = client(&settings);
        let mut reported = Vec::new();
        let stop = AtomicBool::new(false);
        let refresh = Refresh { parse: &parse, client: &client, parallel: settings.parallel, stop: &stop };
        let done = refresh.run(&mut library, feeds, &mut |outcomes| reported.extend(outcomes)).unwrap();
        assert_eq!((done.tried, done.failed, reported.len()), (bad + 1, bad, bad + 1));
        let feeds = library.feeds().unwrap();
        let (last, others) = feeds.split_last().unwrap();
        assert_eq!(last.health.succeeded_at, Some(1));
        assert!(
            others.iter().all(|feed| feed.health.error.as_ref().is_some_and(|error| error.contains("internal error")))
        );
    }

    #[test]
    fn retry_after_is_limited_to_about_a_week() {
        for asked in [Duration::MAX, Duration::from_secs(i64::MAX as u64), Duration::from_secs(1 << 40)] {
            let wait = jittered(granted(Some(asked)), 7, 1_700_000_000);
            assert!((604_800..=665_280).contains(&wait), "{asked:?} became {wait}");
        }
        assert_eq!(granted(Some(Duration::from_secs(300))), Duration::from_secs(300));
        assert_eq!(granted(None), Duration::ZERO);
    }
}
