//! The thread that has to do with feeds: it subscribes, refreshes, imports; the archive hears when something came.

use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use super::commands::FeedCommandError;
use super::context::{CancelTokens, EventSink, FeedContext};
use super::error::{FeedError, Result};
use super::refresh::{self, FeedOutcome, RefreshSummary};
use super::status::health;
use super::{commands, diff, subscribe};
use crate::article::ArticleId;
use crate::config::FeedSettings;
use crate::engine::event::Event;
use crate::engine::log::note;
use crate::keys::FeedCommand;
use crate::library::{KnownFeed, ReaderId, UndoneStep, now};
use crate::subscriptions::{RefreshEnd, RefreshProgress};
use crate::util::panic_guard::catch_panic;
use crate::util::priority::lower_thread_priority;

/// How often it is looked whether feeds are due.
const LOOK: Duration = Duration::from_secs(60);

/// A request to the feed thread.
enum FeedServiceCommand {
    Run(FeedCommand),
    FullText(ArticleId, Option<String>),
    Changes(ArticleId),
    Undo {
        row: i64,
        undo: bool,
    },
    /// Report the subscriptions again, because another program may have changed them.
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
        tell: impl FnMut(Event) + Send + 'static,
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
            if let Err(error) = lower_thread_priority() {
                note(|| format!("cannot lower the thread priority: {error}"));
            }
            if catch_panic(|| desk.run()).is_none() {
                note(|| "internal error in the feed thread".to_owned());
            }
        })?;
        Ok(FeedService { orders, stops })
    }

    /// Runs a command of `newsdesk feed`.
    pub(crate) fn run(&self, command: FeedCommand) {
        let _ = self.orders.send(FeedServiceCommand::Run(command));
    }

    /// CancelTokens the running refresh and all other tasks that wait for a server.
    pub(crate) fn stop(&self) {
        self.stops.set();
    }

    /// Fetches the whole article of an entry and shows it, or shows the feed's text again.
    pub(crate) fn full_text(&self, article: ArticleId, url: Option<String>) {
        let _ = self.orders.send(FeedServiceCommand::FullText(article, url));
    }

    /// Reports what changed in an entry.
    pub(crate) fn changes(&self, article: ArticleId) {
        let _ = self.orders.send(FeedServiceCommand::Changes(article));
    }

    /// Undoes or redoes the step in this row of the library.
    pub(crate) fn undo(&self, row: i64, undo: bool) {
        let _ = self.orders.send(FeedServiceCommand::Undo { row, undo });
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
                Ok(FeedServiceCommand::Close) | Err(RecvTimeoutError::Disconnected) => return,
                Ok(order) => {
                    if let Err(error) = self.carry_out(order) {
                        self.office.tell(Event::Error(error.to_string()));
                    }
                }
                Err(RecvTimeoutError::Timeout) => {
                    look = Instant::now() + LOOK;
                    if let Err(error) = self.refresh_due() {
                        note(|| format!("feeds: {error}"));
                    }
                }
            }
        }
    }

    fn carry_out(&mut self, order: FeedServiceCommand) -> Result<()> {
        match order {
            FeedServiceCommand::Close => {}
            FeedServiceCommand::Look => self.office.tell_feeds(),
            FeedServiceCommand::Run(command) => self.run_command(command)?,
            FeedServiceCommand::Undo { row, undo } => {
                let undone = self.office.library().and_then(|mut library| Ok(library.undo_feeds(row, undo)?));
                self.office.tell(match undone {
                    Ok(UndoneStep { name, refused }) => Event::FeedStepUndone { row, undo, name, refused },
                    Err(error) => Event::FeedUndoFailed { row, undo, error: error.to_string() },
                });
                self.office.tell_feeds();
                (self.office.came)();
            }
            FeedServiceCommand::FullText(article, url) => {
                self.errand(move |office, stop| office.full_text(article, url.as_deref(), stop));
            }
            FeedServiceCommand::Changes(article) => {
                let texts = self.office.library()?.entry_texts(article)?;
                let changes = texts.and_then(|texts| Some(diff::between(&texts.former?, &texts.article)));
                self.office.tell(Event::EntryDiff(changes.unwrap_or_default()));
            }
        }
        Ok(())
    }

    fn run_command(&mut self, command: FeedCommand) -> Result<()> {
        match command {
            FeedCommand::Add { places, tag, name } => {
                let wanted = subscribe::subscriptions(&places, &tag, name.as_ref());
                if wanted.is_empty() {
                    self.office.tell(Event::FeedTaskDone);
                    return Err(FeedError::NothingToAdd);
                }
                self.errand(move |office, stop| wanted.iter().try_for_each(|wanted| office.add(wanted, stop)));
            }
            FeedCommand::Refresh { names } => {
                let feeds = commands::to_refresh(&self.office.library()?, &names)?;
                self.settle_refresh();
                if self.is_refreshing() {
                    return Err(FeedError::AlreadyRefreshing);
                }
                self.refresh(feeds);
            }
            FeedCommand::List { .. } => {
                let library = self.office.library()?;
                let counts = library.feed_counts()?;
                let of = |feed: &KnownFeed| health(feed, counts.get(&feed.number).copied().unwrap_or_default());
                self.office.tell(Event::FeedStatus(library.feeds()?.iter().map(of).collect()));
            }
            command => match commands::run(&mut self.office.library()?, &command) {
                Ok(report) => {
                    let sentence = report.sentence();
                    for problem in report.problems {
                        self.office.tell(Event::Problem(problem));
                    }
                    self.office.changed(sentence);
                }
                Err(error @ FeedCommandError::Unconfirmed(_)) => {
                    let question = format!("{error}. Unsubscribe?");
                    let FeedCommand::Remove { names, .. } = command else { return Err(error.into()) };
                    self.office.tell(Event::ConfirmUnsubscribe { question, names });
                }
                Err(error) => return Err(error.into()),
            },
        }
        Ok(())
    }

    /// Does what waits for a server on a thread of its own, so that nothing else waits for it.
    fn errand(&self, work: impl FnOnce(&FeedContext, &AtomicBool) -> Result<()> + Send + 'static) {
        let (office, stop) = (self.office.clone(), self.office.stops.errand());
        let run = move || {
            if let Err(error) = catch_panic(|| work(&office, &stop)).unwrap_or(Err(FeedError::Internal)) {
                office.tell(Event::Error(error.to_string()));
            }
            office.tell(Event::FeedTaskDone);
        };
        if let Err(error) = thread::Builder::new().name("errand".to_owned()).spawn(run) {
            self.office.tell(Event::Error(FeedError::NoThread(error).to_string()));
            self.office.tell(Event::FeedTaskDone);
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
    fn refresh_due(&mut self) -> Result<()> {
        self.settle_refresh();
        if self.is_refreshing() {
            return Ok(());
        }
        let now = now();
        let all = self.office.library()?.feeds()?;
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
            office.tell(Event::Refreshing(progress.clone()));
            let FeedContext { client, settings, stops, .. } = &office;
            let refresh = || -> Result<RefreshSummary> {
                let mut library = office.library()?;
                let mut known = library.feeds()?;
                let done = refresh::refresh(&mut library, feeds, client, settings, &stops.refresh, |batch| {
                    for tried in batch {
                        if let Some(sentence) = tried.merge_sentence() {
                            office.tell(Event::Info(sentence));
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
                    office.tell(Event::Refreshing(progress.clone()));
                });
                Ok(done?)
            };
            // However it ends, it is told, or the reader would wait for ever.
            progress.end = Some(match catch_panic(refresh) {
                Some(Ok(done)) if done.offline => RefreshEnd::Offline,
                Some(Ok(done)) if done.stopped => RefreshEnd::Stopped,
                Some(Ok(_)) => RefreshEnd::Done,
                Some(Err(error)) => RefreshEnd::Failed(error.to_string()),
                None => RefreshEnd::Failed(FeedError::Internal.to_string()),
            });
            office.tell_feeds();
            (office.came)();
            done.store(true, Ordering::Release);
            office.tell(Event::Refreshing(progress));
        };
        match thread::Builder::new().name("refresh".to_owned()).spawn(run) {
            Ok(thread) => self.refresh = Some(RunningRefresh { thread, is_done }),
            Err(error) => self.office.tell(Event::Error(FeedError::NoThread(error).to_string())),
        }
    }
}
