//! The thread that has to do with feeds: it subscribes, refreshes, imports; the archive hears when something came.

use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use super::contained::contain;
use super::feed_health::{health, settings};
use super::fetching::{self, Tried};
use super::log::note;
use super::subscribing::{self, Added, feed_named, feeds_named};
use super::{changes, exchange};
use crate::app::numbers::counted;
use crate::app::{FeedOrder, FeedRow, Message, Notice, RefreshEnd, RefreshProgress};
use crate::article::{ArticleId, clean};
use crate::config::FeedSettings;
use crate::feeds::Subscription;
use crate::fetch::Client;
use crate::library::{KnownFeed, Library, now};
use crate::loader::Problem;

/// Progress is told at most this often.
const PACE: Duration = Duration::from_millis(100);

/// How often it is looked whether feeds are due.
const LOOK: Duration = Duration::from_secs(60);

/// Who hears what happens.
type Tell = Arc<Mutex<dyn FnMut(Message) + Send>>;

/// What the thread is asked.
enum Order {
    Do(FeedOrder),
    /// Tell what is subscribed to: somebody else may have changed it.
    Look,
    Close,
}

/// The reader's side. Dropping it ends the thread.
pub(super) struct Feeds {
    orders: Sender<Order>,
    stops: Stops,
}

/// What ends things early. A refresh has a flag of its own, so that nothing else that is begun meanwhile sets it going
/// again.
#[derive(Clone, Default)]
struct Stops {
    refresh: Arc<AtomicBool>,
    other: Arc<AtomicBool>,
}

impl Stops {
    fn set(&self) {
        self.refresh.store(true, Ordering::Relaxed);
        self.other.store(true, Ordering::Relaxed);
    }
}

impl Feeds {
    /// Starts the thread for the library at `path`, whose feeds are `shown` or not; `came` is called when entries came or changed. Fails where the
    /// system gives out no thread.
    pub(super) fn start(
        path: Option<PathBuf>,
        shown: bool,
        settings: FeedSettings,
        came: impl Fn() + Send + Sync + 'static,
        tell: impl FnMut(Message) + Send + 'static,
    ) -> io::Result<Feeds> {
        let (orders, inbox) = mpsc::channel();
        let stops = Stops::default();
        let client = Arc::new(fetching::client(&settings));
        let tell: Tell = Arc::new(Mutex::new(tell));
        let (came, shared) = (Arc::new(came), stops.clone());
        let desk = Desk { path, shown, settings, client, came, tell, inbox, stops: shared, refresh: None };
        thread::Builder::new().name("feeds".to_owned()).spawn(move || {
            if contain(|| desk.run()).is_none() {
                note(|| "the thread of feeds ran into a fault".to_owned());
            }
        })?;
        Ok(Feeds { orders, stops })
    }

    /// Does what is asked, when it can.
    pub(super) fn order(&self, order: FeedOrder) {
        if order == FeedOrder::Stop {
            self.stops.set();
        } else {
            let _ = self.orders.send(Order::Do(order));
        }
    }

    /// Lets somebody else say that something in the library may have changed.
    pub(super) fn looker(&self) -> impl Fn() + Send + 'static {
        let orders = self.orders.clone();
        move || {
            let _ = orders.send(Order::Look);
        }
    }
}

impl Drop for Feeds {
    fn drop(&mut self) {
        self.stops.set();
        let _ = self.orders.send(Order::Close);
    }
}

struct Desk {
    path: Option<PathBuf>,
    /// Whether feeds are among what is read.
    shown: bool,
    settings: FeedSettings,
    client: Arc<Client>,
    came: Arc<dyn Fn() + Send + Sync>,
    tell: Tell,
    inbox: Receiver<Order>,
    stops: Stops,
    /// A refresh that is under way.
    refresh: Option<JoinHandle<()>>,
}

impl Desk {
    fn run(mut self) {
        self.tell_feeds();
        // What came due while nobody was there is fetched at once.
        let mut look = Instant::now();
        loop {
            let order = if self.settings.refresh == 0 {
                self.inbox.recv().map_err(|_| RecvTimeoutError::Disconnected)
            } else {
                self.inbox.recv_timeout(look.saturating_duration_since(Instant::now()))
            };
            match order {
                Ok(Order::Do(order)) => {
                    let done = self.carry_out(order);
                    if let Err(error) = done {
                        self.notice(Notice::error(error));
                    }
                }
                Ok(Order::Look) => self.tell_feeds(),
                Ok(Order::Close) | Err(RecvTimeoutError::Disconnected) => return,
                Err(RecvTimeoutError::Timeout) => {
                    look = Instant::now() + LOOK;
                    if let Err(error) = self.refresh_due() {
                        note(|| format!("feeds: {error}"));
                    }
                }
            }
        }
    }

    fn carry_out(&mut self, order: FeedOrder) -> Result<(), String> {
        match order {
            FeedOrder::Stop => {}
            FeedOrder::Refresh(names) => {
                let library = self.library()?;
                let feeds =
                    if names.is_empty() { library.feeds().map_err(told)? } else { feeds_named(&library, &names)? };
                if feeds.is_empty() {
                    return Err("Nothing is subscribed to yet; a subscribes to a feed".to_owned());
                }
                if self.is_refreshing() {
                    return Err("Feeds are being refreshed already".to_owned());
                }
                self.refresh(feeds);
            }
            FeedOrder::Add(wanted) => self.add(&wanted)?,
            FeedOrder::Remove(name) => {
                let mut library = self.library()?;
                let feeds = feeds_named(&library, &[name])?;
                let kept = library.unsubscribe(&feeds).map_err(told)?;
                let what = match feeds.as_slice() {
                    [only] => clean(only.subscription.name()).into_owned(),
                    several => counted(several.len() as u64, "feed", "feeds"),
                };
                let kept = if kept > 0 {
                    format!("; {} that you marked stay", counted(kept.into(), "entry", "entries"))
                } else {
                    String::new()
                };
                self.changed(format!("Unsubscribed: {what}{kept}"));
            }
            FeedOrder::Rename(name, to) => {
                let feed = feed_named(&self.library()?, &name)?;
                let own_title = to.filter(|to| !to.trim().is_empty());
                self.change(&feed, &Subscription { own_title, ..feed.subscription.clone() })?;
            }
            FeedOrder::Tag(name, tags) => {
                let feed = feed_named(&self.library()?, &name)?;
                self.change(&feed, &feed.subscription.clone().retagged(&tags))?;
            }
            FeedOrder::Set(names, setting) => {
                let mut library = self.library()?;
                let feeds = feeds_named(&library, &names)?;
                for feed in &feeds {
                    let to = feed.subscription.clone().set(setting);
                    library.change_subscription(feed.number, &to).map_err(told)?;
                }
                let first = feeds.first().map(|feed| settings(&feed.subscription.clone().set(setting)));
                let feeds = counted(feeds.len() as u64, "feed", "feeds");
                self.changed(format!("{feeds}: {}", first.unwrap_or_default()));
            }
            FeedOrder::List => {
                let library = self.library()?;
                let counts = library.feed_counts().map_err(told)?;
                let of = |feed: &KnownFeed| health(feed, counts.get(&feed.number).copied().unwrap_or_default());
                self.tell(Message::FeedHealth(library.feeds().map_err(told)?.iter().map(of).collect()));
            }
            FeedOrder::Import(path) => {
                let imported = exchange::import(&mut self.library()?, &path).map_err(|error| error.to_string())?;
                let told = imported.sentence();
                for problem in imported.problems {
                    self.tell(Message::Problem(problem));
                }
                self.changed(told);
            }
            FeedOrder::Export(path) => {
                let feeds = exchange::export(&self.library()?, &path).map_err(|error| error.to_string())?;
                let text = format!("{} are in {}", counted(feeds as u64, "feed", "feeds"), path.display());
                self.notice(Notice::info(clean(&text)));
            }
            FeedOrder::FullText(article, url) => self.full_text(article, url)?,
            FeedOrder::Changes(article) => {
                let texts = self.library()?.entry_texts(article).map_err(told)?;
                let changes = texts.and_then(|texts| Some(changes::between(&texts.former?, &texts.article)));
                self.tell(Message::Changes(changes.unwrap_or_default()));
            }
        }
        Ok(())
    }

    fn add(&self, wanted: &Subscription) -> Result<(), String> {
        self.stops.other.store(false, Ordering::Relaxed);
        let added = subscribing::add(&mut self.library()?, &self.client, &self.settings, wanted, &self.stops.other);
        match added.map_err(|error| format!("{}: {error}", clean(&wanted.url)))? {
            Added::Feed { name, new } => {
                let hint = if self.shown { "" } else { "; newsdesk without a folder shows feeds" };
                let entries = counted(new as u64, "entry", "entries");
                self.changed(format!("Subscribed to {}: {entries}{hint}", clean(&name)));
            }
            Added::Known { name } => self.changed(format!("{} was subscribed to already", clean(&name))),
            Added::Unseen { name } => self.changed(format!("Subscribed to {}; there is no network now", clean(&name))),
            Added::Several(feeds) => {
                self.tell(Message::FeedChoice(feeds.into_iter().map(|feed| (feed.url, feed.title)).collect()));
            }
        }
        Ok(())
    }

    fn change(&self, feed: &KnownFeed, to: &Subscription) -> Result<(), String> {
        self.library()?.change_subscription(feed.number, to).map_err(told)?;
        let tags: String = to.tags.iter().map(|tag| format!(" #{tag}")).collect();
        self.changed(clean(&format!("{}{tags}", to.name())).into_owned());
        Ok(())
    }

    /// Fetches the whole article, shows it, or shows again what the feed has.
    fn full_text(&self, article: ArticleId, url: Option<String>) -> Result<(), String> {
        let mut library = self.library()?;
        let texts = library.entry_texts(article).map_err(told)?.ok_or("This entry is in no feed any more")?;
        if texts.full.is_some() {
            library.show_full_text(article, !texts.shows_full).map_err(told)?;
            self.changed(if texts.shows_full { "As the feed has it" } else { "The whole article" }.to_owned());
            return Ok(());
        }
        let url = url.ok_or("This entry names no page")?;
        self.stops.other.store(false, Ordering::Relaxed);
        let full = fetching::full_text(&self.client, &url, &texts.article, &self.stops.other)?;
        library.keep_full_text(article, &full).map_err(told)?;
        self.changed("The whole article".to_owned());
        Ok(())
    }

    fn is_refreshing(&self) -> bool {
        self.refresh.as_ref().is_some_and(|refresh| !refresh.is_finished())
    }

    /// Refreshes what is due, unasked.
    fn refresh_due(&mut self) -> Result<(), String> {
        if self.is_refreshing() {
            return Ok(());
        }
        let now = now();
        let all = self.library()?.feeds().map_err(told)?;
        let feeds: Vec<KnownFeed> = all.into_iter().filter(|feed| feed.health.is_due(now)).collect();
        if !feeds.is_empty() {
            self.refresh(feeds);
        }
        Ok(())
    }

    /// Refreshes feeds on a thread of its own, so that nothing else waits for it.
    fn refresh(&mut self, feeds: Vec<KnownFeed>) {
        let Some(path) = self.path.clone() else { return };
        self.stops.refresh.store(false, Ordering::Relaxed);
        let (client, settings, stop) =
            (Arc::clone(&self.client), self.settings.clone(), Arc::clone(&self.stops.refresh));
        let (came, tell) = (Arc::clone(&self.came), Arc::clone(&self.tell));
        let urls: Vec<PathBuf> = feeds.iter().map(|feed| PathBuf::from(&feed.subscription.url)).collect();
        let run = move || {
            let say = |message| say(&tell, message);
            urls.into_iter().for_each(|url| say(Message::ProblemsGone(url)));
            let mut progress = RefreshProgress { total: feeds.len(), ..RefreshProgress::default() };
            say(Message::Refreshing(progress.clone()));
            let mut last = Instant::now();
            let refreshed = Library::open(&path).and_then(|mut library| {
                let done = fetching::refresh(&mut library, feeds, &client, &settings, &stop, |tried| {
                    let Tried { url, new, changed, error, .. } = tried;
                    progress.tried += 1;
                    progress.new += new;
                    progress.changed += changed;
                    if let Some(error) = error {
                        progress.failed += 1;
                        say(Message::Problem(problem(url, error)));
                    }
                    if new + changed > 0 {
                        came();
                    }
                    if last.elapsed() >= PACE {
                        last = Instant::now();
                        say(Message::Refreshing(progress.clone()));
                    }
                });
                say(Message::Feeds(Arc::new(rows(&library.feeds()?))));
                done
            });
            progress.end = Some(match refreshed {
                Ok(done) if done.offline => RefreshEnd::Offline,
                Ok(done) if done.stopped => RefreshEnd::Stopped,
                Ok(_) => RefreshEnd::Done,
                Err(error) => RefreshEnd::Failed(error.to_string()),
            });
            came();
            say(Message::Refreshing(progress));
        };
        match thread::Builder::new().name("refresh".to_owned()).spawn(move || _ = contain(run)) {
            Ok(thread) => self.refresh = Some(thread),
            Err(error) => self.notice(Notice::error(format!("no thread to refresh with: {error}"))),
        }
    }

    fn library(&self) -> Result<Library, String> {
        let path = self.path.as_ref().ok_or("Nothing is kept, so nothing can be subscribed to")?;
        Library::open(path).map_err(told)
    }

    /// Tells what was done, and lets everybody look at what there is now.
    fn changed(&self, text: String) {
        self.notice(Notice::info(text));
        self.tell_feeds();
        (self.came)();
    }

    fn tell_feeds(&self) {
        let feeds = self.path.as_ref().and_then(|path| Library::open_to_read(path).ok().flatten());
        if let Some(feeds) = feeds.and_then(|library| library.feeds().ok()) {
            self.tell(Message::Feeds(Arc::new(rows(&feeds))));
        }
    }

    fn notice(&self, notice: Notice) {
        self.tell(Message::Notice(notice));
    }

    fn tell(&self, message: Message) {
        say(&self.tell, message);
    }
}

fn say(tell: &Tell, message: Message) {
    (tell.lock().unwrap_or_else(PoisonError::into_inner))(message);
}

#[expect(clippy::needless_pass_by_value, reason = "it is handed to map_err")]
fn told(error: crate::library::Error) -> String {
    error.to_string()
}

fn rows(feeds: &[KnownFeed]) -> Vec<FeedRow> {
    let row = |feed: &KnownFeed| FeedRow {
        url: feed.subscription.url.clone(),
        name: clean(feed.subscription.name()).into_owned(),
        tags: feed.subscription.tags.clone(),
        error: feed.health.error.clone(),
    };
    feeds.iter().map(row).collect()
}

/// What stands in the list of problems for a feed.
fn problem(url: String, error: String) -> Problem {
    Problem {
        path: url.into(),
        line: None,
        column: None,
        cause: error,
        consequence: "what came before stays".to_owned(),
        is_failure: true,
    }
}
