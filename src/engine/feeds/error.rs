//! Why a feed command or a task of the feed service failed.

use std::io;
use std::path::PathBuf;

use crate::article::ReadError;
use crate::engine::feeds::commands::FeedCommandError;
use crate::engine::feeds::refresh::PageError;
use crate::http::FetchError;
use crate::library;
use crate::subscriptions::redact;
use crate::text::clean;

/// An error of the feed service; its text is a sentence for the reader.
#[derive(Debug, thiserror::Error)]
pub enum FeedError {
    /// The library is switched off.
    #[error("Feeds need the library, which is switched off")]
    NoLibrary,
    /// The library could not be read or written.
    #[error("{0}")]
    Library(#[from] library::Error),
    /// A command that needs no network failed.
    #[error("{0}{hint}", hint = hint(.0))]
    Command(#[from] FeedCommandError),
    /// `feed add` names nothing to subscribe to.
    #[error("expected an address, a page or a file to subscribe to")]
    NothingToAdd,
    /// A refresh is running.
    #[error("Feeds are being refreshed already")]
    AlreadyRefreshing,
    /// The entry is not in the library any more.
    #[error("This entry is in no feed any more")]
    EntryGone,
    /// The entry has no address.
    #[error("This entry names no page")]
    NoPage,
    /// The page of an entry could not be fetched or parsed.
    #[error("{0}")]
    Page(#[from] PageError),
    /// A place could not be added.
    #[error("{}: {error}", clean(.place))]
    Add {
        /// The place as it was typed.
        place: String,
        /// The reason.
        error: Box<FeedError>,
    },
    /// The subscription could not be stored.
    #[error("the subscription cannot be saved: {0}")]
    NotSaved(library::Error),
    /// A feed file could not be read.
    #[error("{}: {error}", .path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// The reason.
        error: io::Error,
    },
    /// A feed file does not contain the address of the feed.
    #[error("the feed in {} does not say where it is fetched from; give its address", .0.display())]
    NoAddress(PathBuf),
    /// A feed needs too much memory.
    #[error("{}: {error}", redact(.place))]
    TooMuch {
        /// The address or file.
        place: String,
        /// The limit that was exceeded.
        error: ReadError,
    },
    /// A document that a page links to as its feed is not a feed.
    #[error("{} is not a feed: {error}", redact(.url))]
    NotAFeed {
        /// The address of the document.
        url: String,
        /// Why it could not be parsed.
        error: ReadError,
    },
    /// A page is not a feed and links to no feed.
    #[error("{0} is not a feed and links to none")]
    NoFeedLink(String),
    /// The server answered a request without validators as if it had some.
    #[error("the server answered 304 Not Modified to an unconditional request")]
    NotModified,
    /// The address could not be fetched.
    #[error("{0}")]
    Fetch(#[from] FetchError),
    /// The system provides no thread.
    #[error("Cannot start a thread: {0}")]
    NoThread(io::Error),
    /// A task panicked.
    #[error("Internal error; the task was not completed")]
    Internal,
}

/// The result of a task of the feed service.
pub(crate) type FeedResult<T> = std::result::Result<T, FeedError>;

/// Returns what to do about an error.
fn hint(error: &FeedCommandError) -> &'static str {
    match error {
        FeedCommandError::NoFeeds => "; add a feed with :feed add URL",
        _ => "",
    }
}
