//! The context that the threads of the feed service share: the library, the backend, and the receiver of reports.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, Weak};

use super::backend::FeedBackend;
use super::entries::tag_label;
use super::error::{FeedError, FeedResult};
use super::subscribe::SubscribeOutcome;
use crate::article::{ArticleId, Problem, Role};
use crate::engine::event::Event;
use crate::engine::unreadable_rows;
use crate::library::{KnownFeed, Library, ReaderId};
use crate::subscriptions::{FeedRow, Subscription};
use crate::text::clean;
use crate::util::lock;

/// The receiver of reports, shared by several threads.
#[derive(Clone)]
pub(crate) struct EventSink(Arc<Mutex<dyn FnMut(Event) + Send>>);

impl EventSink {
    /// Creates a receiver that calls `on_event`.
    pub(crate) fn new(on_event: impl FnMut(Event) + Send + 'static) -> EventSink {
        EventSink(Arc::new(Mutex::new(on_event)))
    }
}

/// The flags that cancel a refresh and other tasks. Each task has its own, so that a new task does not revive a
/// cancelled one.
#[derive(Clone, Default)]
pub(crate) struct CancelTokens {
    pub(crate) refresh: Arc<AtomicBool>,
    tasks: Arc<Mutex<Vec<Weak<AtomicBool>>>>,
}

impl CancelTokens {
    /// Returns the flag of a new task.
    pub(crate) fn new_task(&self) -> Arc<AtomicBool> {
        let stop = Arc::new(AtomicBool::new(false));
        let mut tasks = lock(&self.tasks);
        tasks.retain(|task| task.strong_count() > 0);
        tasks.push(Arc::downgrade(&stop));
        stop
    }

    /// Cancels the refresh and all tasks.
    pub(crate) fn cancel_all(&self) {
        self.refresh.store(true, Ordering::Relaxed);
        for task in lock(&self.tasks).iter().filter_map(Weak::upgrade) {
            task.store(true, Ordering::Relaxed);
        }
    }
}

/// The context that the threads of the feed service share.
#[derive(Clone)]
pub(crate) struct FeedContext {
    pub(crate) path: Option<PathBuf>,
    /// The reader whose steps are recorded.
    pub(crate) reader: ReaderId,
    /// The row of the last step that was reported to the reader.
    pub(crate) reported_step: Arc<Mutex<i64>>,
    /// Whether entries of feeds are among the open articles.
    pub(crate) feeds_visible: bool,
    /// Whether problems of feeds are reported: if feeds are visible, or once they were refreshed.
    pub(crate) reports_problems: Arc<AtomicBool>,
    pub(crate) backend: Arc<dyn FeedBackend>,
    pub(crate) on_entries_changed: Arc<dyn Fn() + Send + Sync>,
    pub(crate) events: EventSink,
    pub(crate) cancel: CancelTokens,
}

impl FeedContext {
    /// Subscribes to the feed at a place, or offers the feeds of a page as a choice.
    pub(crate) fn add(&self, wanted: &Subscription, stop: &AtomicBool) -> FeedResult<()> {
        let added = self.backend.subscribe(&mut self.library()?, wanted, stop);
        let added = added.map_err(|error| FeedError::Add { place: wanted.url.clone(), error: Box::new(error) })?;
        match added {
            SubscribeOutcome::Several(feeds) => {
                self.report(Event::FeedChoice(feeds.into_iter().map(|feed| (feed.url, feed.title)).collect()));
            }
            added => {
                let hint = if self.feeds_visible { "" } else { "; start newsdesk without a folder to read feeds" };
                self.report_change(format!("{}{hint}", added.sentence()));
            }
        }
        Ok(())
    }

    /// Switches an entry between the feed's text and the whole article. Fetches the article if it is not stored.
    pub(crate) fn full_text(&self, article: ArticleId, url: Option<&str>, stop: &AtomicBool) -> FeedResult<()> {
        let mut library = self.library()?;
        let texts = library.entry_texts(article)?.ok_or(FeedError::EntryGone)?;
        // The reader may have opened another article by now.
        let headline = clean(texts.article.text(Role::Headline)).into_owned();
        if texts.full.is_some() {
            library.show_full_text(article, !texts.shows_full)?;
            let which = if texts.shows_full { "The feed's text" } else { "The whole article" };
            self.report_change(format!("{which}: {headline}"));
            return Ok(());
        }
        let url = url.ok_or(FeedError::NoPage)?;
        let access = library.access_of_entry(article)?;
        let full = self.backend.full_text(url, access, &texts.article, stop)?;
        library.save_full_text(article, &full)?;
        self.report_change(format!("The whole article: {headline}"));
        Ok(())
    }

    /// Opens the library.
    pub(crate) fn library(&self) -> FeedResult<Library> {
        let path = self.path.as_ref().ok_or(FeedError::NoLibrary)?;
        Ok(Library::open(path)?.for_reader(self.reader))
    }

    /// Reports a change, and makes the other threads read the library again.
    pub(crate) fn report_change(&self, text: String) {
        self.report(Event::Info(text));
        self.report_steps();
        self.report_feeds();
        (self.on_entries_changed)();
    }

    /// Reports the steps that were recorded since the last report.
    fn report_steps(&self) {
        let mut reported = lock(&self.reported_step);
        let steps = self.library().and_then(|library| Ok(library.new_steps(self.reader, *reported)?));
        for (row, name, change) in steps.unwrap_or_default() {
            *reported = row;
            self.report(Event::FeedStep { row, name, change });
        }
    }

    /// Reports the subscriptions and their problems.
    pub(crate) fn report_feeds(&self) {
        let library = self.path.as_ref().and_then(|path| Library::open_to_read(path).ok().flatten());
        if let Some(feeds) = library.and_then(|library| library.feeds().ok()) {
            self.report(Event::Feeds(Arc::new(rows(&feeds))));
            self.report_problems(&feeds);
        }
        if let Some(notice) = unreadable_rows::notice() {
            self.report(Event::Error(notice));
        }
    }

    /// Reports the problems of the last fetch of each feed.
    pub(crate) fn report_problems(&self, feeds: &[KnownFeed]) {
        if self.reports_problems.load(Ordering::Relaxed) {
            let unreadable = self.path.iter().flat_map(|path| unreadable_rows::problems(path));
            self.report(Event::FeedProblems(feeds.iter().flat_map(problems).chain(unreadable).collect()));
        }
    }

    /// Sends an event.
    pub(crate) fn report(&self, event: Event) {
        (lock(&self.events.0))(event);
    }
}

/// Returns the problems of a feed: why the last fetch failed, and the warnings about its content.
fn problems(feed: &KnownFeed) -> impl Iterator<Item = Problem> {
    let path = PathBuf::from(&feed.subscription.url);
    let failure = feed
        .health
        .error
        .as_ref()
        .map(|cause| Problem::new(path.clone(), cause.as_str(), "entries that were fetched before stay").failure());
    failure.into_iter().chain(feed.warnings.iter().map(move |warning| Problem::warning(path.clone(), warning.clone())))
}

fn rows(feeds: &[KnownFeed]) -> Vec<FeedRow> {
    let row = |feed: &KnownFeed| FeedRow {
        url: feed.subscription.url.clone(),
        name: clean(feed.subscription.name()).into_owned(),
        tags: feed.subscription.tags.iter().map(|tag| tag_label(tag)).collect(),
        error: feed.health.error.clone(),
    };
    feeds.iter().map(row).collect()
}
