//! The thread that has to do with feeds: it subscribes, refreshes, imports; the archive hears when something came.

mod office;

use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use super::contained::contain;
use super::feed_health::{health, settings};
use super::feed_orders::{OrderError, Removed};
use super::fetching::{self, Tried};
use super::log::note;
use super::priority::stand_back;
use super::{changes, exchange, feed_orders};
use crate::app::numbers::counted;
use crate::app::{FeedOrder, Message, Notice, RefreshEnd, RefreshProgress};
use crate::article::clean;
use crate::config::FeedSettings;
use crate::feeds::Subscription;
use crate::library::{KnownFeed, now};
use office::{Office, Stops, Tell, told};

/// How often it is looked whether feeds are due.
const LOOK: Duration = Duration::from_secs(60);

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
        let listed = Arc::new(AtomicBool::new(shown));
        let office = Office { path, shown, listed, settings, client, came, tell, stops: shared };
        let desk = Desk { office, inbox, refresh: None };
        thread::Builder::new().name("feeds".to_owned()).spawn(move || {
            stand_back();
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

/// Where orders come in.
struct Desk {
    office: Office,
    inbox: Receiver<Order>,
    refresh: Option<Refresh>,
}

/// A refresh that is under way, or was.
struct Refresh {
    thread: JoinHandle<()>,
    /// Nothing is left to do but to tell its end.
    is_done: Arc<AtomicBool>,
}

impl Desk {
    fn run(mut self) {
        self.office.tell_feeds();
        // What came due while nobody was there is fetched at once.
        let mut look = Instant::now();
        loop {
            let order = if self.office.settings.refresh == 0 {
                self.inbox.recv().map_err(|_| RecvTimeoutError::Disconnected)
            } else {
                self.inbox.recv_timeout(look.saturating_duration_since(Instant::now()))
            };
            match order {
                Ok(Order::Do(order)) => {
                    let done = self.carry_out(order);
                    if let Err(error) = done {
                        self.office.notice(Notice::error(error));
                    }
                }
                Ok(Order::Look) => self.office.tell_feeds(),
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
                let feeds = feed_orders::to_refresh(&self.office.library()?, &names).map_err(|error| match error {
                    OrderError::NoFeeds => format!("{error}; a subscribes to a feed"),
                    error => error.to_string(),
                })?;
                self.settle_refresh();
                if self.is_refreshing() {
                    return Err("Feeds are being refreshed already".to_owned());
                }
                self.refresh(feeds);
            }
            FeedOrder::Add(wanted) => self.errand(move |office, stop| office.add(&wanted, stop)),
            FeedOrder::Remove(name) => {
                let Removed { feeds, kept } =
                    feed_orders::remove(&mut self.office.library()?, &[name]).map_err(refused)?;
                let what = match feeds.as_slice() {
                    [only] => clean(only.subscription.name()).into_owned(),
                    several => counted(several.len() as u64, "feed", "feeds"),
                };
                let kept = if kept > 0 {
                    format!("; {} that you marked stay", counted(kept.into(), "entry", "entries"))
                } else {
                    String::new()
                };
                self.office.changed(format!("Unsubscribed: {what}{kept}"));
            }
            FeedOrder::Rename(name, to) => {
                let changed = feed_orders::rename(&mut self.office.library()?, &name, to).map_err(refused)?;
                self.office.changed(named_and_tagged(&changed.now));
            }
            FeedOrder::Tag(name, tags) => {
                let changed = feed_orders::tag(&mut self.office.library()?, &name, &tags).map_err(refused)?;
                self.office.changed(named_and_tagged(&changed.now));
            }
            FeedOrder::Set(names, setting) => {
                let changed = feed_orders::set(&mut self.office.library()?, &names, setting).map_err(refused)?;
                let first = changed.first().map(|changed| settings(&changed.now));
                let feeds = counted(changed.len() as u64, "feed", "feeds");
                self.office.changed(format!("{feeds}: {}", first.unwrap_or_default()));
            }
            FeedOrder::List => {
                let library = self.office.library()?;
                let counts = library.feed_counts().map_err(told)?;
                let of = |feed: &KnownFeed| health(feed, counts.get(&feed.number).copied().unwrap_or_default());
                self.office.tell(Message::FeedHealth(library.feeds().map_err(told)?.iter().map(of).collect()));
            }
            FeedOrder::Import(path) => {
                let imported =
                    exchange::import(&mut self.office.library()?, &path).map_err(|error| error.to_string())?;
                let told = imported.sentence();
                for problem in imported.problems {
                    self.office.tell(Message::Problem(problem));
                }
                self.office.changed(told);
            }
            FeedOrder::Export(path) => {
                let feeds = exchange::export(&self.office.library()?, &path).map_err(|error| error.to_string())?;
                let text = format!("{} are in {}", counted(feeds as u64, "feed", "feeds"), path.display());
                self.office.notice(Notice::info(clean(&text)));
            }
            FeedOrder::FullText(article, url) => {
                self.errand(move |office, stop| office.full_text(article, url.as_deref(), stop));
            }
            FeedOrder::Changes(article) => {
                let texts = self.office.library()?.entry_texts(article).map_err(told)?;
                let changes = texts.and_then(|texts| Some(changes::between(&texts.former?, &texts.article)));
                self.office.tell(Message::Changes(changes.unwrap_or_default()));
            }
        }
        Ok(())
    }

    /// Does what waits for a server on a thread of its own, so that nothing else waits for it.
    fn errand(&self, work: impl FnOnce(&Office, &AtomicBool) -> Result<(), String> + Send + 'static) {
        let (office, stop) = (self.office.clone(), self.office.stops.errand());
        let run = move || {
            let fault = || Err("It cannot be done: this program ran into a fault of its own".to_owned());
            if let Err(error) = contain(|| work(&office, &stop)).unwrap_or_else(fault) {
                office.notice(Notice::error(error));
            }
            office.tell(Message::ErrandDone);
        };
        if let Err(error) = thread::Builder::new().name("errand".to_owned()).spawn(run) {
            self.office.notice(Notice::error(format!("no thread to fetch with: {error}")));
            self.office.tell(Message::ErrandDone);
        }
    }

    fn is_refreshing(&self) -> bool {
        self.refresh.is_some()
    }

    /// Waits for a refresh that is done to tell its end, so that nobody is refused who has seen it, and nothing that is
    /// told of the next comes before it.
    fn settle_refresh(&mut self) {
        let is_over = |refresh: &mut Refresh| refresh.is_done.load(Ordering::Acquire) || refresh.thread.is_finished();
        if let Some(over) = self.refresh.take_if(is_over) {
            let _ = over.thread.join();
        }
    }

    /// Refreshes what is due, unasked.
    fn refresh_due(&mut self) -> Result<(), String> {
        self.settle_refresh();
        if self.is_refreshing() {
            return Ok(());
        }
        let now = now();
        let all = self.office.library()?.feeds().map_err(told)?;
        let feeds: Vec<KnownFeed> = all.into_iter().filter(|feed| feed.health.is_due(now)).collect();
        if !feeds.is_empty() {
            self.refresh(feeds);
        }
        Ok(())
    }

    /// Refreshes feeds on a thread of its own, so that nothing else waits for it.
    fn refresh(&mut self, feeds: Vec<KnownFeed>) {
        self.office.stops.refresh.store(false, Ordering::Relaxed);
        self.office.listed.store(true, Ordering::Relaxed);
        let office = self.office.clone();
        let is_done = Arc::new(AtomicBool::new(false));
        let done = Arc::clone(&is_done);
        let run = move || {
            let mut progress = RefreshProgress { total: feeds.len(), ..RefreshProgress::default() };
            office.tell(Message::Refreshing(progress.clone()));
            let Office { client, settings, stops, .. } = &office;
            let refresh = || {
                let mut library = office.library()?;
                let mut known = library.feeds().map_err(told)?;
                let done = fetching::refresh(&mut library, feeds, client, settings, &stops.refresh, |batch| {
                    for Tried { url, new, changed, error, .. } in batch {
                        progress.tried += 1;
                        progress.new += new;
                        progress.changed += changed;
                        progress.failed += usize::from(error.is_some());
                        if let Some(feed) = known.iter_mut().find(|feed| feed.subscription.url == url) {
                            feed.health.error = error;
                        }
                    }
                    (office.came)();
                    office.tell_problems(&known);
                    office.tell(Message::Refreshing(progress.clone()));
                });
                done.map_err(told)
            };
            // However it ends, it is told, or the reader would wait for ever.
            progress.end = Some(match contain(refresh) {
                Some(Ok(done)) if done.offline => RefreshEnd::Offline,
                Some(Ok(done)) if done.stopped => RefreshEnd::Stopped,
                Some(Ok(_)) => RefreshEnd::Done,
                Some(Err(error)) => RefreshEnd::Failed(error),
                None => RefreshEnd::Failed("this program ran into a fault of its own".to_owned()),
            });
            office.tell_feeds();
            (office.came)();
            done.store(true, Ordering::Release);
            office.tell(Message::Refreshing(progress));
        };
        match thread::Builder::new().name("refresh".to_owned()).spawn(run) {
            Ok(thread) => self.refresh = Some(Refresh { thread, is_done }),
            Err(error) => self.office.notice(Notice::error(format!("no thread to refresh with: {error}"))),
        }
    }
}

#[expect(clippy::needless_pass_by_value, reason = "it is handed to map_err")]
fn refused(error: OrderError) -> String {
    error.to_string()
}

/// A feed's name with its tags.
fn named_and_tagged(feed: &Subscription) -> String {
    let tags: String = feed.tags.iter().map(|tag| format!(" #{tag}")).collect();
    clean(&format!("{}{tags}", feed.name())).into_owned()
}
