//! The source of subscriptions and entries. A service that syncs with a server is another implementation of
//! [`FeedBackend`].

use std::sync::atomic::AtomicBool;

use super::error::FeedResult;
use super::refresh::{self, FeedOutcome, PageError, RefreshSummary};
use super::subscribe::{self, SubscribeOutcome};
use crate::article::Draft;
use crate::config::FeedSettings;
use crate::http::Client;
use crate::library::{self, FeedAccess, KnownFeed, Library};
use crate::subscriptions::Subscription;

/// A source of subscriptions and entries. The library stores its results.
pub trait FeedBackend: Send + Sync {
    /// Returns the subscriptions. A backend with a server updates the library from the server first.
    ///
    /// # Errors
    ///
    /// Returns an error if the server or the library cannot be read.
    fn list(&self, library: &mut Library) -> FeedResult<Vec<KnownFeed>>;

    /// Sends the marks that changed since the last call to the server. Runs before each refresh.
    ///
    /// # Errors
    ///
    /// Returns an error if the server refuses or the library cannot be read.
    fn push_marks(&self, library: &mut Library, stop: &AtomicBool) -> FeedResult<()>;

    /// Fetches `feeds` and stores their entries. Setting `stop` ends it early; stored entries stay. The backend sets
    /// `stop` itself if the network is down. Calls `report` for each stored batch.
    ///
    /// # Errors
    ///
    /// Returns an error if the library cannot be written.
    fn refresh(
        &self,
        library: &mut Library,
        feeds: Vec<KnownFeed>,
        stop: &AtomicBool,
        report: &mut dyn FnMut(Vec<FeedOutcome>),
    ) -> library::Result<RefreshSummary>;

    /// Subscribes to the feed that `wanted` names: by its address, by a page that links to it, or by a file of either.
    ///
    /// # Errors
    ///
    /// Returns an error if the feed was not found or could not be saved.
    fn subscribe(
        &self,
        library: &mut Library,
        wanted: &Subscription,
        stop: &AtomicBool,
    ) -> FeedResult<SubscribeOutcome>;

    /// Fetches the whole article of an entry.
    ///
    /// # Errors
    ///
    /// Returns an error if the page could not be fetched or contains no article.
    fn full_text(
        &self,
        url: &str,
        access: FeedAccess,
        entry: &Draft<'_>,
        stop: &AtomicBool,
    ) -> std::result::Result<Draft<'static>, PageError>;
}

/// Fetches each feed from its own server. The library is the only place for subscriptions and marks.
pub struct DirectBackend {
    client: Client,
    settings: FeedSettings,
}

impl DirectBackend {
    /// Creates a backend with the settings of the config.
    pub fn new(settings: &FeedSettings) -> DirectBackend {
        DirectBackend { client: refresh::client(settings), settings: settings.clone() }
    }
}

impl FeedBackend for DirectBackend {
    fn list(&self, library: &mut Library) -> FeedResult<Vec<KnownFeed>> {
        Ok(library.feeds()?)
    }

    fn push_marks(&self, _: &mut Library, _: &AtomicBool) -> FeedResult<()> {
        Ok(())
    }

    fn refresh(
        &self,
        library: &mut Library,
        feeds: Vec<KnownFeed>,
        stop: &AtomicBool,
        report: &mut dyn FnMut(Vec<FeedOutcome>),
    ) -> library::Result<RefreshSummary> {
        refresh::refresh(library, feeds, &self.client, &self.settings, stop, report)
    }

    fn subscribe(
        &self,
        library: &mut Library,
        wanted: &Subscription,
        stop: &AtomicBool,
    ) -> FeedResult<SubscribeOutcome> {
        subscribe::add(library, &self.client, &self.settings, wanted, stop)
    }

    fn full_text(
        &self,
        url: &str,
        access: FeedAccess,
        entry: &Draft<'_>,
        stop: &AtomicBool,
    ) -> std::result::Result<Draft<'static>, PageError> {
        refresh::full_text(&self.client, url, access, entry, stop)
    }
}
