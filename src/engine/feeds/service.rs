//! The feed service: runs feed commands on one thread, and everything that waits for a server on threads of its own.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use super::backend::DirectBackend;
use super::commands::FeedCommandError;
use super::context::{CancelTokens, EventSink, FeedContext};
use super::error::{FeedError, FeedResult};
use super::refresh::{FeedOutcome, RefreshSummary};
use super::{commands, diff, status, subscribe};
use crate::article::ArticleId;
use crate::config::FeedSettings;
use crate::engine::event::Event;
use crate::engine::log::note;
use crate::keys::FeedCommand;
use crate::library::{KnownFeed, ReaderId, UndoneStep, now};
use crate::subscriptions::{RefreshEnd, RefreshProgress};
use crate::util::panic_guard::catch_panic;
use crate::util::priority::lower_thread_priority;

/// The interval at which the service looks for feeds that are due.
const CHECK_INTERVAL: Duration = Duration::from_secs(60);

/// A command to the feed thread.
enum FeedServiceCommand {
    Run(FeedCommand),
    FullText(ArticleId, Option<String>),
    Diff(ArticleId),
    Undo {
        row: i64,
        undo: bool,
    },
    /// Report the subscriptions again, because another program may have changed them.
    Reread,
    Close,
}

/// The handle of the feed service. Dropping it stops the service.
pub(crate) struct FeedService {
    requests: Sender<FeedServiceCommand>,
    cancel: CancelTokens,
}

/// The options of the feed service.
pub(crate) struct FeedServiceOptions {
    /// The library; `None` if it is switched off.
    pub(crate) library: Option<PathBuf>,
    /// The reader whose steps are recorded.
    pub(crate) reader: ReaderId,
    /// Whether entries of feeds are among the open articles.
    pub(crate) feeds_visible: bool,
    /// The settings.
    pub(crate) settings: FeedSettings,
}

impl FeedService {
    /// Starts the service. Calls `on_entries_changed` when entries were added or changed, and sends reports to
    /// `on_event`.
    ///
    /// # Errors
    ///
    /// Returns an error if the system provides no thread.
    pub(crate) fn start(
        options: FeedServiceOptions,
        on_entries_changed: impl Fn() + Send + Sync + 'static,
        on_event: impl FnMut(Event) + Send + 'static,
    ) -> io::Result<FeedService> {
        let FeedServiceOptions { library, reader, feeds_visible, settings } = options;
        let (requests, inbox) = mpsc::channel();
        let cancel = CancelTokens::default();
        let context = FeedContext {
            path: library,
            reader,
            reported_step: Arc::default(),
            feeds_visible,
            reports_problems: Arc::new(AtomicBool::new(feeds_visible)),
            backend: Arc::new(DirectBackend::new(&settings)),
            on_entries_changed: Arc::new(on_entries_changed),
            events: EventSink::new(on_event),
            cancel: cancel.clone(),
        };
        let feeds = FeedThread { context, inbox, refresh: None, refreshes_by_itself: settings.refresh != 0 };
        thread::Builder::new().name("feeds".to_owned()).spawn(move || {
            if let Err(error) = lower_thread_priority() {
                note(|| format!("cannot lower the thread priority: {error}"));
            }
            if catch_panic(|| feeds.run()).is_none() {
                note(|| "internal error in the feed thread".to_owned());
            }
        })?;
        Ok(FeedService { requests, cancel })
    }

    /// Runs a command of `newsdesk feed`.
    pub(crate) fn run(&self, command: FeedCommand) {
        self.send(FeedServiceCommand::Run(command));
    }

    /// Stops the running refresh and all other tasks that wait for a server.
    pub(crate) fn stop(&self) {
        self.cancel.cancel_all();
    }

    /// Fetches the whole article of an entry and shows it, or shows the feed's text again.
    pub(crate) fn full_text(&self, article: ArticleId, url: Option<String>) {
        self.send(FeedServiceCommand::FullText(article, url));
    }

    /// Reports what changed in an entry.
    pub(crate) fn diff(&self, article: ArticleId) {
        self.send(FeedServiceCommand::Diff(article));
    }

    /// Undoes or redoes the step in this row of the library.
    pub(crate) fn undo(&self, row: i64, undo: bool) {
        self.send(FeedServiceCommand::Undo { row, undo });
    }

    /// Returns a function that tells the service that another program may have changed the library.
    pub(crate) fn library_changed_notifier(&self) -> impl Fn() + Send + 'static {
        let requests = self.requests.clone();
        move || {
            let _ = requests.send(FeedServiceCommand::Reread);
        }
    }

    /// Sends a request. Sending fails only if the thread panicked.
    fn send(&self, request: FeedServiceCommand) {
        let _ = self.requests.send(request);
    }
}

impl Drop for FeedService {
    fn drop(&mut self) {
        self.cancel.cancel_all();
        self.send(FeedServiceCommand::Close);
    }
}

/// The thread that handles the requests.
struct FeedThread {
    context: FeedContext,
    inbox: Receiver<FeedServiceCommand>,
    refresh: Option<RunningRefresh>,
    /// Whether feeds that are due are refreshed without a request.
    refreshes_by_itself: bool,
}

/// A refresh that is running, or has ended since the thread last looked.
struct RunningRefresh {
    thread: JoinHandle<()>,
    /// Whether nothing is left to do but to report the end.
    is_done: Arc<AtomicBool>,
}

impl FeedThread {
    fn run(mut self) {
        self.context.report_feeds();
        // Feeds that became due while the program was not running are refreshed at once.
        let mut next_check = Instant::now();
        loop {
            let request = if self.refreshes_by_itself {
                self.inbox.recv_timeout(next_check.saturating_duration_since(Instant::now()))
            } else {
                self.inbox.recv().map_err(RecvTimeoutError::from)
            };
            match request {
                Ok(FeedServiceCommand::Close) | Err(RecvTimeoutError::Disconnected) => return,
                Ok(request) => {
                    if let Err(error) = self.handle(request) {
                        self.context.report(Event::Error(error.to_string()));
                    }
                }
                Err(RecvTimeoutError::Timeout) => {
                    next_check = Instant::now() + CHECK_INTERVAL;
                    if let Err(error) = self.refresh_due() {
                        note(|| format!("feeds: {error}"));
                    }
                }
            }
        }
    }

    fn handle(&mut self, request: FeedServiceCommand) -> FeedResult<()> {
        let context = &self.context;
        match request {
            FeedServiceCommand::Close => {}
            FeedServiceCommand::Reread => context.report_feeds(),
            FeedServiceCommand::Run(command) => self.run_command(command)?,
            FeedServiceCommand::Undo { row, undo } => {
                let undone = context.library().and_then(|mut library| Ok(library.undo_feeds(row, undo)?));
                context.report(match undone {
                    Ok(UndoneStep { name, refused }) => Event::FeedStepUndone { row, undo, name, refused },
                    Err(error) => Event::FeedUndoFailed { row, undo, error: error.to_string() },
                });
                context.report_feeds();
                (context.on_entries_changed)();
            }
            FeedServiceCommand::FullText(article, url) => {
                self.spawn_task(move |context, stop| context.full_text(article, url.as_deref(), stop));
            }
            FeedServiceCommand::Diff(article) => {
                let texts = context.library()?.entry_texts(article)?;
                let changes = texts.and_then(|texts| Some(diff::diff_entry(&texts.former?, &texts.article)));
                context.report(Event::EntryDiff(changes.unwrap_or_default()));
            }
        }
        Ok(())
    }

    fn run_command(&mut self, command: FeedCommand) -> FeedResult<()> {
        let context = &self.context;
        match command {
            FeedCommand::Add { places, tag, name } => {
                let wanted = subscribe::subscriptions(&places, &tag, name.as_ref());
                if wanted.is_empty() {
                    context.report(Event::FeedTaskDone);
                    return Err(FeedError::NothingToAdd);
                }
                self.spawn_task(move |context, stop| wanted.iter().try_for_each(|wanted| context.add(wanted, stop)));
            }
            FeedCommand::Refresh { names } => {
                let known = context.backend.list(&mut context.library()?)?;
                let feeds = commands::select_for_refresh(&known, &names)?;
                self.join_finished_refresh();
                if self.refresh.is_some() {
                    return Err(FeedError::AlreadyRefreshing);
                }
                self.start_refresh(feeds);
            }
            FeedCommand::List { .. } => {
                let library = context.library()?;
                let counts = library.feed_counts()?;
                let describe =
                    |feed: &KnownFeed| status::describe(feed, counts.get(&feed.number).copied().unwrap_or_default());
                context.report(Event::FeedStatus(library.feeds()?.iter().map(describe).collect()));
            }
            command => match commands::run(&mut context.library()?, &command) {
                Ok(report) => {
                    let sentence = report.sentence();
                    for problem in report.problems {
                        context.report(Event::Problem(problem));
                    }
                    context.report_change(sentence);
                }
                Err(FeedCommandError::Unconfirmed(feeds)) => {
                    let question = format!("Unsubscribe from {}?", commands::list_of(&feeds));
                    let FeedCommand::Remove { names, .. } = command else {
                        return Err(FeedCommandError::Unconfirmed(feeds).into());
                    };
                    context.report(Event::ConfirmUnsubscribe { question, names });
                }
                Err(error) => return Err(error.into()),
            },
        }
        Ok(())
    }

    /// Runs a task that waits for a server on a new thread.
    fn spawn_task(&self, task: impl FnOnce(&FeedContext, &AtomicBool) -> FeedResult<()> + Send + 'static) {
        let (context, stop) = (self.context.clone(), self.context.cancel.new_task());
        let run = move || {
            if let Err(error) = catch_panic(|| task(&context, &stop)).unwrap_or(Err(FeedError::Internal)) {
                context.report(Event::Error(error.to_string()));
            }
            context.report(Event::FeedTaskDone);
        };
        if let Err(error) = thread::Builder::new().name("feed task".to_owned()).spawn(run) {
            self.context.report(Event::Error(FeedError::NoThread(error).to_string()));
            self.context.report(Event::FeedTaskDone);
        }
    }

    /// Waits until a finished refresh has also reported its end. The reader can then start the next refresh, and no
    /// report of the next one comes before that end.
    fn join_finished_refresh(&mut self) {
        let is_over =
            |refresh: &mut RunningRefresh| refresh.is_done.load(Ordering::Acquire) || refresh.thread.is_finished();
        if let Some(over) = self.refresh.take_if(is_over) {
            let _ = over.thread.join();
        }
    }

    /// Refreshes the feeds that are due.
    fn refresh_due(&mut self) -> FeedResult<()> {
        self.join_finished_refresh();
        if self.refresh.is_some() {
            return Ok(());
        }
        let now = now();
        let known = self.context.backend.list(&mut self.context.library()?)?;
        let due: Vec<KnownFeed> = known.into_iter().filter(|feed| feed.health.is_due(now)).collect();
        if !due.is_empty() {
            self.start_refresh(due);
        }
        Ok(())
    }

    /// Refreshes feeds on a new thread.
    fn start_refresh(&mut self, feeds: Vec<KnownFeed>) {
        self.context.cancel.refresh.store(false, Ordering::Relaxed);
        self.context.reports_problems.store(true, Ordering::Relaxed);
        let context = self.context.clone();
        let is_done = Arc::new(AtomicBool::new(false));
        let done = Arc::clone(&is_done);
        let run = move || {
            let mut progress = RefreshProgress { total: feeds.len(), ..RefreshProgress::default() };
            context.report(Event::Refreshing(progress.clone()));
            let refreshed = catch_panic(|| refresh(&context, feeds, &mut progress));
            // The end is reported in every case, or the reader would wait for ever.
            progress.end = Some(match refreshed.unwrap_or(Err(FeedError::Internal)) {
                Ok(summary) if summary.offline => RefreshEnd::Offline,
                Ok(summary) if summary.stopped => RefreshEnd::Stopped,
                Ok(_) => RefreshEnd::Done,
                Err(error) => RefreshEnd::Failed(error.to_string()),
            });
            context.report_feeds();
            (context.on_entries_changed)();
            done.store(true, Ordering::Release);
            context.report(Event::Refreshing(progress));
        };
        match thread::Builder::new().name("refresh".to_owned()).spawn(run) {
            Ok(thread) => self.refresh = Some(RunningRefresh { thread, is_done }),
            Err(error) => self.context.report(Event::Error(FeedError::NoThread(error).to_string())),
        }
    }
}

/// Refreshes feeds, and reports the progress after each stored batch.
fn refresh(context: &FeedContext, feeds: Vec<KnownFeed>, progress: &mut RefreshProgress) -> FeedResult<RefreshSummary> {
    let mut library = context.library()?;
    let mut known = library.feeds()?;
    let stop = &*context.cancel.refresh;
    context.backend.push_marks(&mut library, stop)?;
    let summary = context.backend.refresh(&mut library, feeds, stop, &mut |batch| {
        for outcome in batch {
            if let Some(sentence) = outcome.merge_sentence() {
                context.report(Event::Info(sentence));
            }
            let FeedOutcome { url, new, changed, error, .. } = outcome;
            progress.tried += 1;
            progress.new += new;
            progress.changed += changed;
            progress.failed += usize::from(error.is_some());
            if let Some(feed) = known.iter_mut().find(|feed| feed.subscription.url == url) {
                feed.health.error = error;
            }
        }
        (context.on_entries_changed)();
        context.report_problems(&known);
        context.report(Event::Refreshing(progress.clone()));
    });
    Ok(summary?)
}
