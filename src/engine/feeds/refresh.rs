//! Refreshing feeds: fetched and read in parallel, stored by one hand as they come.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use url::Url;

use crate::article::Warning;
use crate::article::{ArticleId, Draft, Role};
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

/// What a feed may be sent as, the likelier first.
pub const FEED_TYPES: &str = "application/atom+xml, application/rss+xml, application/feed+json, application/rdf+xml;q=0.9, \
     application/xml;q=0.8, text/xml;q=0.8, application/json;q=0.7, */*;q=0.1";

/// What was fetched is stored when it is this old, so that what came can be read while the rest is on its way.
const STORE_EVERY: Duration = Duration::from_millis(300);

/// What was fetched is stored when there are so many entries of it.
const STORE_ENTRIES: usize = 3_000;

/// The maximum number of whole articles that one refresh fetches. The next one fetches the others.
const MOST_PAGES: usize = 500;

/// The maximum number of flaws of a feed that are stored and listed.
const MOST_FLAWS: usize = 10;

/// Where so many feeds in a row get no answer about any name, there is no network.
const UNANSWERED: usize = 8;

/// A feed that cannot be fetched is tried again unasked after this long.
const RETRY: Duration = Duration::from_secs(60 * 60);

/// No feed makes one wait longer than this, whatever it says of itself.
const LONGEST: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// A feed was tried, and what came of it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeedOutcome {
    /// What the feed is called.
    pub name: String,
    /// Its address.
    pub url: String,
    /// Entries that are new.
    pub new: usize,
    /// Entries whose text changed.
    pub changed: usize,
    /// Why it could not be fetched or read.
    pub error: Option<String>,
    /// The problems of a feed that could still be read.
    pub flaws: Vec<Warning>,
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

/// What came of a refresh.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RefreshSummary {
    /// Feeds that were tried.
    pub tried: usize,
    /// Feeds that could not be fetched or read.
    pub failed: usize,
    /// Entries that are new.
    pub new: usize,
    /// Entries whose text changed.
    pub changed: usize,
    /// Whether there was no network; nothing is held against the feeds then.
    pub offline: bool,
    /// Whether it was stopped before its end.
    pub stopped: bool,
}

/// The client that fetches feeds as the config wants it.
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

/// Fetches `feeds` and stores what comes. Set `stop` to end it early: what is stored then stays. It is set, too, where
/// there is no network. What `tell` is given is stored.
///
/// # Errors
///
/// The library cannot be written.
pub fn refresh(
    library: &mut Library,
    feeds: Vec<KnownFeed>,
    client: &Client,
    settings: &FeedSettings,
    stop: &AtomicBool,
    mut tell: impl FnMut(Vec<FeedOutcome>),
) -> Result<RefreshSummary> {
    let deliver = |feed: &KnownFeed, fetched| deliver(feed, fetched, settings);
    refresh_with(&deliver, library, feeds, client, settings, stop, &mut tell)
}

/// Refreshes with whatever makes deliveries of what is fetched.
fn refresh_with(
    deliver: &(impl Fn(&KnownFeed, std::result::Result<HttpResponse, FetchError>) -> FetchResult + Sync),
    library: &mut Library,
    feeds: Vec<KnownFeed>,
    client: &Client,
    settings: &FeedSettings,
    stop: &AtomicBool,
    tell: &mut dyn FnMut(Vec<FeedOutcome>),
) -> Result<RefreshSummary> {
    let mut done = RefreshSummary::default();
    let mut store = PendingStore::default();
    // Feeds that no name server answered for, until something else answers and shows that they alone are to blame.
    let (mut unanswered, mut reached) = (Vec::new(), false);
    library.for_bulk()?;
    let limits = ParallelLimits { overall: settings.parallel, ..ParallelLimits::default() };
    // Many feeds are waited for at once, but no more are read at once than there are cores: that takes memory.
    let readers = thread::available_parallelism().map_or(1, usize::from);
    let (fetched, to_read) = mpsc::sync_channel(1);
    thread::scope(|scope| {
        // It goes with the last reader, so that nobody hands over what nobody takes.
        let to_read = Arc::new(Mutex::new(to_read));
        scope.spawn(move || {
            let fetch = |feed: KnownFeed| (client.fetch(&wanted(&feed), stop), feed);
            let host = |feed: &KnownFeed| host(&feed.subscription.url);
            in_parallel(feeds, host, limits, stop, fetch, |done| _ = fetched.send(done));
        });
        let (read, deliveries) = mpsc::sync_channel(1);
        for _ in 0..readers {
            let (to_read, read) = (Arc::clone(&to_read), read.clone());
            scope.spawn(move || {
                let next = || lock(&to_read).recv();
                while let Ok((fetched, feed)) = next() {
                    let offline = match fetched {
                        Err(FetchError::Stopped) => continue,
                        Err(FetchError::Offline) => true,
                        _ => false,
                    };
                    // One feed that no reader can stand is no reason to lose the others.
                    let delivery = catch_panic(|| deliver(&feed, fetched)).unwrap_or_else(|| fault(&feed));
                    if read.send((offline, feed, delivery)).is_err() {
                        break;
                    }
                }
            });
        }
        drop((read, to_read));
        loop {
            match deliveries.recv_timeout(STORE_EVERY) {
                Ok((true, feed, delivery)) if !reached => {
                    unanswered.push((feed, delivery));
                    if unanswered.len() >= UNANSWERED {
                        stop.store(true, Ordering::Relaxed);
                    }
                }
                Ok((_, feed, delivery)) => {
                    reached = true;
                    store.take(feed, delivery);
                    unanswered.drain(..).for_each(|(feed, delivery)| store.take(feed, delivery));
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
            if store.is_due() {
                store.write(library, &mut done, tell);
            }
            if store.error.is_some() {
                stop.store(true, Ordering::Relaxed);
            }
        }
    });
    done.offline = !unanswered.is_empty();
    store.write(library, &mut done, tell);
    if let Some(error) = store.error {
        return Err(error);
    }
    if !store.merged.is_empty() && !stop.load(Ordering::Relaxed) {
        // An answer that came for one of them does not belong to the entries of both.
        let feeds = library.feeds()?.into_iter().filter(|feed| store.merged.contains(&feed.number)).collect();
        let again = refresh_with(deliver, library, feeds, client, settings, stop, tell)?;
        done.failed += again.failed;
        done.new += again.new;
        done.changed += again.changed;
    } else {
        fetch_pages(library, client, limits, stop)?;
    }
    done.stopped = stop.load(Ordering::Relaxed) && !done.offline;
    Ok(done)
}

/// Deliveries on their way into the library.
#[derive(Default)]
struct PendingStore {
    waiting: Vec<(KnownFeed, FetchResult)>,
    entries: usize,
    /// When the first of those that wait came.
    since: Option<Instant>,
    error: Option<crate::library::Error>,
    /// Feeds with which others were merged.
    merged: Vec<FeedId>,
}

impl PendingStore {
    fn take(&mut self, mut feed: KnownFeed, delivery: FetchResult) {
        self.since.get_or_insert_with(Instant::now);
        if let FetchOutcome::Feed(delivered) = &delivery.outcome {
            self.entries += delivered.entries.len();
            // The first time it is known by its address alone.
            if !delivered.title.is_empty() {
                feed.subscription.title.clone_from(&delivered.title);
            }
        }
        self.waiting.push((feed, delivery));
    }

    fn is_due(&self) -> bool {
        self.entries >= STORE_ENTRIES || self.since.is_some_and(|since| since.elapsed() >= STORE_EVERY)
    }

    fn write(&mut self, library: &mut Library, done: &mut RefreshSummary, tell: &mut dyn FnMut(Vec<FeedOutcome>)) {
        let (feeds, deliveries): (Vec<KnownFeed>, Vec<FetchResult>) = self.waiting.drain(..).unzip();
        (self.entries, self.since) = (0, None);
        if deliveries.is_empty() || self.error.is_some() {
            return;
        }
        match library.store(&deliveries) {
            Ok(stored) => {
                let mut told = Vec::with_capacity(feeds.len());
                for ((feed, delivery), stored) in feeds.into_iter().zip(deliveries).zip(stored) {
                    let error = delivery.health.error.filter(|_| !stored.is_stale);
                    done.tried += 1;
                    done.failed += usize::from(error.is_some());
                    done.new += stored.new.len();
                    done.changed += stored.changed;
                    self.merged.extend(stored.merged.as_ref().map(|merged| merged.number));
                    let (new, changed, merged) = (stored.new.len(), stored.changed, stored.merged);
                    let (name, url) = (feed.subscription.name().to_owned(), feed.subscription.url);
                    let flaws = match delivery.outcome {
                        FetchOutcome::Feed(delivered) if !stored.is_stale => delivered.flaws,
                        _ => Vec::new(),
                    };
                    told.push(FeedOutcome { name, url, new, changed, error, flaws, merged });
                }
                tell(told);
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

/// The host that an address is on, for the limit of each.
fn host(url: &str) -> String {
    Url::parse(url).ok().and_then(|url| url.host_str().map(str::to_owned)).unwrap_or_default()
}

/// What came of trying a feed, made ready for the library.
pub(crate) fn deliver(
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
                // What is no feed, at a place where one was, is commonly a notice for people; the address stays.
                Err(error) => {
                    health.error = Some(error);
                    health.due_at = due(Some(RETRY));
                    (None, FetchOutcome::Nothing)
                }
            }
        }
        Err(error) => {
            let (standing, wait) = match &error {
                FetchError::Gone => (FetchPolicy::Gone, RETRY),
                FetchError::TooMany { retry_after: Some(wait) } => (FetchPolicy::Busy, *wait),
                _ => (FetchPolicy::Welcome, RETRY),
            };
            health.standing = standing;
            health.due_at = due(Some(wait));
            health.error = Some(redact(&error.to_string()));
            (None, FetchOutcome::Nothing)
        }
    };
    health.succeeded_at = health.error.is_none().then_some(now);
    FetchResult { feed: feed.number, version: feed.version, health, moved_to, merge: settings.merge, outcome }
}

/// What is told of a feed in which this program ran into a fault of its own.
fn fault(feed: &KnownFeed) -> FetchResult {
    let now = now();
    let health = FetchStatus {
        tried_at: Some(now),
        due_at: Some(now + jittered(RETRY, feed.seed, now)),
        error: Some(INTERNAL_ERROR.to_owned()),
        ..FetchStatus::default()
    };
    let outcome = FetchOutcome::Nothing;
    FetchResult { feed: feed.number, version: feed.version, health, moved_to: None, merge: true, outcome }
}

/// The feed in a document, and for how long it wants to be left alone.
fn read(feed: &KnownFeed, document: Document, now: i64) -> std::result::Result<(ParsedFeed, Duration), String> {
    let Document { bytes, url, content_type, etag, last_modified, max_age, .. } = document;
    let options = FeedOptions { base: Some(&url), content_type: content_type.as_deref() };
    let mut parsed = parse_feed(&bytes, &options).map_err(|refusal| refusal.to_string())?;
    // Each form of it goes before the next but one is made: together they take ten times its length.
    drop(bytes);
    let wait = parsed.pause(now).max(max_age.unwrap_or_default()).min(LONGEST);
    let page = parsed.head.link.clone();
    let mut flaws = std::mem::take(&mut parsed.flaws);
    let entries = feed_articles(&parsed, &mut flaws).map_err(|refusal| refusal.to_string())?;
    let described = describe(&parsed);
    drop(parsed);
    let entries = PreparedEntry::of_document(feed, page.as_deref(), entries);
    Ok((ParsedFeed { etag, last_modified, entries, flaws: limited(flaws), ..described }, wait))
}

/// Cuts a long list of flaws; the last one gives the number of others.
fn limited(mut flaws: Vec<Warning>) -> Vec<Warning> {
    if let Some(more) = flaws.len().checked_sub(MOST_FLAWS).filter(|more| *more > 0) {
        flaws.truncate(MOST_FLAWS);
        flaws.push(Warning {
            line: None,
            cause: counted(more as u64, "more problem", "more problems"),
            consequence: "they are not listed".to_owned(),
        });
    }
    flaws
}

/// Fetches the whole articles of entries that still lack them: new ones, and those that an earlier refresh did not get to.
fn fetch_pages(library: &mut Library, client: &Client, limits: ParallelLimits, stop: &AtomicBool) -> Result<()> {
    let mut jobs = Vec::new();
    for id in library.entries_without_full_text(MOST_PAGES)? {
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
    #[error("there is no article on its page")]
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

/// What a feed says of itself.
pub(crate) fn describe(feed: &Feed) -> ParsedFeed {
    ParsedFeed {
        title: feed.head.title.as_ref().map(|title| one_line(&title.plain())).unwrap_or_default(),
        page: feed.head.link.clone(),
        description: feed.description.as_ref().map(|text| one_line(&text.plain())).filter(|text| !text.is_empty()),
        ..ParsedFeed::default()
    }
}

/// For how long a server that asks for it is left alone: a week at most, or it could silence a feed for good.
fn granted(asked: Option<Duration>) -> Duration {
    asked.unwrap_or_default().min(LONGEST)
}

/// A pause with up to a tenth more, so that not all feeds come due at once, nor all readers at a server.
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
        // Nobody listens there; what comes of it is made up here.
        let bad = 4 * thread::available_parallelism().map_or(1, usize::from);
        let wanted: Vec<Subscription> =
            (0..=bad).map(|number| Subscription::new(format!("http://127.0.0.1:1/{number}"))).collect();
        library.subscribe(&wanted).unwrap();
        let feeds = library.feeds().unwrap();
        let last = feeds.last().unwrap().number;
        let deliver = |feed: &KnownFeed, _| {
            assert_eq!(feed.number, last, "on purpose");
            let health = FetchStatus { succeeded_at: Some(1), ..FetchStatus::default() };
            let outcome = FetchOutcome::Unchanged;
            FetchResult { feed: feed.number, version: feed.version, health, moved_to: None, merge: true, outcome }
        };
        let settings = FeedSettings { proxy: Some(String::new()), ..FeedSettings::default() };
        let client = client(&settings);
        let mut told = Vec::new();
        let stop = AtomicBool::new(false);
        let done =
            refresh_with(&deliver, &mut library, feeds, &client, &settings, &stop, &mut |tried| told.extend(tried))
                .unwrap();
        assert_eq!((done.tried, done.failed, told.len()), (bad + 1, bad, bad + 1));
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
