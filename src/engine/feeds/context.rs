//! What all threads that have to do with feeds share: the library, the client, and who hears what happens.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, Weak};

use super::error::{FeedError, Result};
use crate::article::Problem;
use crate::article::{ArticleId, Role};
use crate::config::FeedSettings;
use crate::engine::event::Event;
use crate::engine::feeds::entries::tag_label;
use crate::engine::feeds::refresh;
use crate::engine::feeds::subscribe::{self, SubscribeOutcome};
use crate::engine::unreadable_rows;
use crate::http::Client;
use crate::library::{KnownFeed, Library, ReaderId};
use crate::subscriptions::{FeedRow, Subscription};
use crate::text::clean;
use crate::util::lock;

/// Who hears what happens.
pub(crate) type EventSink = Arc<Mutex<dyn FnMut(Event) + Send>>;

/// What ends things early: a refresh, and errands, each with a flag of its own, so that nothing that is begun meanwhile
/// sets another going again.
#[derive(Clone, Default)]
pub(crate) struct CancelTokens {
    pub(crate) refresh: Arc<AtomicBool>,
    errands: Arc<Mutex<Vec<Weak<AtomicBool>>>>,
}

impl CancelTokens {
    /// The flag of a new errand.
    pub(crate) fn errand(&self) -> Arc<AtomicBool> {
        let stop = Arc::new(AtomicBool::new(false));
        let mut errands = lock(&self.errands);
        errands.retain(|errand| errand.strong_count() > 0);
        errands.push(Arc::downgrade(&stop));
        stop
    }

    pub(crate) fn set(&self) {
        self.refresh.store(true, Ordering::Relaxed);
        let errands = lock(&self.errands);
        errands.iter().filter_map(Weak::upgrade).for_each(|errand| errand.store(true, Ordering::Relaxed));
    }
}

/// What the threads that work on feeds share.
#[derive(Clone)]
pub(crate) struct FeedContext {
    pub(crate) path: Option<PathBuf>,
    /// The reader whose steps are recorded.
    pub(crate) reader: ReaderId,
    /// The row of the last step that was reported to the reader.
    pub(crate) stored: Arc<Mutex<i64>>,
    /// Whether the reader shows feeds.
    pub(crate) shown: bool,
    /// Whether what is wrong with feeds is listed: it is where they are read, or once they were fetched.
    pub(crate) listed: Arc<AtomicBool>,
    pub(crate) settings: FeedSettings,
    pub(crate) client: Arc<Client>,
    pub(crate) came: Arc<dyn Fn() + Send + Sync>,
    pub(crate) tell: EventSink,
    pub(crate) stops: CancelTokens,
}

impl FeedContext {
    /// Subscribes to the feed at a place, or offers the feeds of a page as a choice.
    pub(crate) fn add(&self, wanted: &Subscription, stop: &AtomicBool) -> Result<()> {
        let added = subscribe::add(&mut self.library()?, &self.client, &self.settings, wanted, stop);
        let added = added.map_err(|error| FeedError::Add { place: wanted.url.clone(), error: Box::new(error) })?;
        match added {
            SubscribeOutcome::Several(feeds) => {
                self.tell(Event::FeedChoice(feeds.into_iter().map(|feed| (feed.url, feed.title)).collect()));
            }
            added => {
                let hint = if self.shown { "" } else { "; start newsdesk without a folder to read feeds" };
                self.changed(format!("{}{hint}", added.sentence()));
            }
        }
        Ok(())
    }

    /// Fetches the whole article, shows it, or shows again what the feed has.
    pub(crate) fn full_text(&self, article: ArticleId, url: Option<&str>, stop: &AtomicBool) -> Result<()> {
        let mut library = self.library()?;
        let texts = library.entry_texts(article)?.ok_or(FeedError::EntryGone)?;
        // By now the reader may look at another.
        let headline = clean(texts.article.text(Role::Headline)).into_owned();
        if texts.full.is_some() {
            library.show_full_text(article, !texts.shows_full)?;
            let which = if texts.shows_full { "As the feed has it" } else { "The whole article" };
            self.changed(format!("{which}: {headline}"));
            return Ok(());
        }
        let url = url.ok_or(FeedError::NoPage)?;
        let access = library.access_of_entry(article)?;
        let full = refresh::full_text(&self.client, url, access, &texts.article, stop)?;
        library.keep_full_text(article, &full)?;
        self.changed(format!("The whole article: {headline}"));
        Ok(())
    }

    pub(crate) fn library(&self) -> Result<Library> {
        let path = self.path.as_ref().ok_or(FeedError::NoLibrary)?;
        Ok(Library::open(path)?.for_reader(self.reader))
    }

    /// Reports a change, and makes the other threads read the library again.
    pub(crate) fn changed(&self, text: String) {
        self.tell(Event::Info(text));
        self.tell_steps();
        self.tell_feeds();
        (self.came)();
    }

    /// Reports the steps that were recorded since the last report.
    fn tell_steps(&self) {
        let mut stored = lock(&self.stored);
        let steps = self.library().and_then(|library| Ok(library.new_steps(self.reader, *stored)?));
        for (row, name, change) in steps.unwrap_or_default() {
            *stored = row;
            self.tell(Event::FeedStep { row, name, change });
        }
    }

    pub(crate) fn tell_feeds(&self) {
        let feeds = self.path.as_ref().and_then(|path| Library::open_to_read(path).ok().flatten());
        if let Some(feeds) = feeds.and_then(|library| library.feeds().ok()) {
            self.tell(Event::Feeds(Arc::new(rows(&feeds))));
            self.tell_problems(&feeds);
        }
        if let Some(notice) = unreadable_rows::notice() {
            self.tell(Event::Error(notice));
        }
    }

    /// Lists what was wrong with feeds when they were fetched last, so that what the sources pane marks can be read up.
    pub(crate) fn tell_problems(&self, feeds: &[KnownFeed]) {
        if self.listed.load(Ordering::Relaxed) {
            let unreadable = self.path.iter().flat_map(|path| unreadable_rows::problems(path));
            self.tell(Event::FeedProblems(feeds.iter().flat_map(problems).chain(unreadable).collect()));
        }
    }

    pub(crate) fn tell(&self, event: Event) {
        (lock(&self.tell))(event);
    }
}

/// Returns the problems of a feed: why the last fetch failed, and its flaws.
fn problems(feed: &KnownFeed) -> impl Iterator<Item = Problem> {
    let path = PathBuf::from(&feed.subscription.url);
    let failure = feed.health.error.clone().map(|cause| Problem {
        path: path.clone(),
        line: None,
        column: None,
        cause,
        consequence: "what came before stays".to_owned(),
        is_failure: true,
    });
    failure.into_iter().chain(feed.flaws.iter().map(move |flaw| Problem::flaw(path.clone(), flaw.clone())))
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
