//! The thread that has to do with feeds: it subscribes, refreshes, imports; the archive hears when something came.

use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use super::commands::FeedCommandError;
use super::context::{CancelTokens, EventSink, FeedContext, told};
use super::refresh::{self, FeedOutcome};
use super::status::health;
use super::{commands, diff, subscribe};
use crate::app::{FeedOrder, Message, Notice, Question, RefreshEnd, RefreshProgress};
use crate::config::FeedSettings;
use crate::engine::util::log::note;
use crate::engine::util::panic_guard::contain;
use crate::engine::util::priority::stand_back;
use crate::keys::FeedCommand;
use crate::library::{KnownFeed, ReaderId, UndoneStep, now};

/// How often it is looked whether feeds are due.
const LOOK: Duration = Duration::from_secs(60);

/// What the thread is asked.
enum FeedServiceCommand {
    Do(FeedOrder),
    /// EventSink what is subscribed to: somebody else may have changed it.
    Look,
    Close,
}

/// The reader's side. Dropping it ends the thread.
pub(crate) struct FeedService {
    orders: Sender<FeedServiceCommand>,
    stops: CancelTokens,
}

impl FeedService {
    /// Starts the thread for the library at `path`, whose feeds are `shown` or not; `came` is called when entries came or changed. Fails where the
    /// system gives out no thread.
    pub(crate) fn start(
        path: Option<PathBuf>,
        reader: ReaderId,
        shown: bool,
        settings: FeedSettings,
        came: impl Fn() + Send + Sync + 'static,
        tell: impl FnMut(Message) + Send + 'static,
    ) -> io::Result<FeedService> {
        let (orders, inbox) = mpsc::channel();
        let stops = CancelTokens::default();
        let client = Arc::new(refresh::client(&settings));
        let tell: EventSink = Arc::new(Mutex::new(tell));
        let (came, shared) = (Arc::new(came), stops.clone());
        let listed = Arc::new(AtomicBool::new(shown));
        let stored = Arc::new(Mutex::new(0));
        let office = FeedContext { path, reader, stored, shown, listed, settings, client, came, tell, stops: shared };
        let desk = FeedThread { office, inbox, refresh: None };
        thread::Builder::new().name("feeds".to_owned()).spawn(move || {
            stand_back();
            if contain(|| desk.run()).is_none() {
                note(|| "the thread of feeds ran into a fault".to_owned());
            }
        })?;
        Ok(FeedService { orders, stops })
    }

    /// Does what is asked, when it can.
    pub(crate) fn order(&self, order: FeedOrder) {
        if order == FeedOrder::Stop {
            self.stops.set();
        } else {
            let _ = self.orders.send(FeedServiceCommand::Do(order));
        }
    }

    /// Lets somebody else say that something in the library may have changed.
    pub(crate) fn looker(&self) -> impl Fn() + Send + 'static {
        let orders = self.orders.clone();
        move || {
            let _ = orders.send(FeedServiceCommand::Look);
        }
    }
}

impl Drop for FeedService {
    fn drop(&mut self) {
        self.stops.set();
        let _ = self.orders.send(FeedServiceCommand::Close);
    }
}

/// Where orders come in.
struct FeedThread {
    office: FeedContext,
    inbox: Receiver<FeedServiceCommand>,
    refresh: Option<RunningRefresh>,
}

/// A refresh that is under way, or was.
struct RunningRefresh {
    thread: JoinHandle<()>,
    /// Nothing is left to do but to tell its end.
    is_done: Arc<AtomicBool>,
}

impl FeedThread {
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
                Ok(FeedServiceCommand::Do(order)) => {
                    let done = self.carry_out(order);
                    if let Err(error) = done {
                        self.office.notice(Notice::error(error));
                    }
                }
                Ok(FeedServiceCommand::Look) => self.office.tell_feeds(),
                Ok(FeedServiceCommand::Close) | Err(RecvTimeoutError::Disconnected) => return,
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
            FeedOrder::Command(command) => return self.run_command(command),
            FeedOrder::Undo { row, undo } => {
                let undone = self.office.library().and_then(|mut library| library.undo_feeds(row, undo).map_err(told));
                self.office.tell(match undone {
                    Ok(UndoneStep { name, refused }) => Message::FeedStepUndone { row, undo, name, refused },
                    Err(error) => Message::FeedUndoFailed { row, undo, error },
                });
                self.office.tell_feeds();
                (self.office.came)();
            }
            FeedOrder::FullText(article, url) => {
                self.errand(move |office, stop| office.full_text(article, url.as_deref(), stop));
            }
            FeedOrder::Changes(article) => {
                let texts = self.office.library()?.entry_texts(article).map_err(told)?;
                let changes = texts.and_then(|texts| Some(diff::between(&texts.former?, &texts.article)));
                self.office.tell(Message::Changes(changes.unwrap_or_default()));
            }
        }
        Ok(())
    }

    fn run_command(&mut self, command: FeedCommand) -> Result<(), String> {
        match command {
            FeedCommand::Add { places, tag, name } => {
                let wanted = subscribe::subscriptions(&places, &tag, name.as_ref());
                if wanted.is_empty() {
                    self.office.tell(Message::ErrandDone);
                    return Err("expected an address, a page or a file to subscribe to".to_owned());
                }
                self.errand(move |office, stop| wanted.iter().try_for_each(|wanted| office.add(wanted, stop)));
            }
            FeedCommand::Refresh { names } => {
                let feeds = commands::to_refresh(&self.office.library()?, &names).map_err(|error| match error {
                    FeedCommandError::NoFeeds => format!("{error}; add a feed with :feed add URL"),
                    error => error.to_string(),
                })?;
                self.settle_refresh();
                if self.is_refreshing() {
                    return Err("FeedService are being refreshed already".to_owned());
                }
                self.refresh(feeds);
            }
            FeedCommand::List { .. } => {
                let library = self.office.library()?;
                let counts = library.feed_counts().map_err(told)?;
                let of = |feed: &KnownFeed| health(feed, counts.get(&feed.number).copied().unwrap_or_default());
                self.office.tell(Message::FeedHealth(library.feeds().map_err(told)?.iter().map(of).collect()));
            }
            command => match commands::run(&mut self.office.library()?, &command) {
                Ok(report) => {
                    let sentence = report.sentence();
                    report.problems.into_iter().for_each(|problem| self.office.tell(Message::Problem(problem)));
                    self.office.changed(sentence);
                }
                Err(error @ FeedCommandError::Unconfirmed(_)) => {
                    let text = format!("{error}. Unsubscribe?");
                    let FeedCommand::Remove { names, .. } = command else { return Err(text) };
                    let on_yes = FeedCommand::Remove { names, yes: true }.into();
                    self.office.tell(Message::Confirm(Question { text, on_yes }));
                }
                Err(error) => return Err(error.to_string()),
            },
        }
        Ok(())
    }

    /// Does what waits for a server on a thread of its own, so that nothing else waits for it.
    fn errand(&self, work: impl FnOnce(&FeedContext, &AtomicBool) -> Result<(), String> + Send + 'static) {
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
        let is_over =
            |refresh: &mut RunningRefresh| refresh.is_done.load(Ordering::Acquire) || refresh.thread.is_finished();
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
            let FeedContext { client, settings, stops, .. } = &office;
            let refresh = || {
                let mut library = office.library()?;
                let mut known = library.feeds().map_err(told)?;
                let done = refresh::refresh(&mut library, feeds, client, settings, &stops.refresh, |batch| {
                    for tried in batch {
                        if let Some(sentence) = tried.merge_sentence() {
                            office.notice(Notice::info(sentence));
                        }
                        let FeedOutcome { url, new, changed, error, .. } = tried;
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
            Ok(thread) => self.refresh = Some(RunningRefresh { thread, is_done }),
            Err(error) => self.office.notice(Notice::error(format!("no thread to refresh with: {error}"))),
        }
    }
}
