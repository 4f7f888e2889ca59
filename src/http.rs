//! Documents from the network: one address in, the document or a clear reason out.
//!
//! This room speaks HTTP and knows nothing of feeds, articles or where they are kept. Nothing here waits for ever:
//! every fetch has a deadline, every body a limit, and a flag stops it all.

mod auth;
mod body;
mod cancel;
mod client;
mod cookies;
mod error;
mod headers;
mod pool;
mod proxy;
mod request_task;
mod zstd;

use std::fmt;
use std::time::Duration;

use crate::subscriptions::ServerLogin;

pub use auth::{Login, Password};
pub use client::{Client, ClientOptions, FetchLimits};
pub use error::FetchError;
pub use pool::{ParallelLimits, in_parallel};
pub use proxy::Proxy;
pub use request_task::is_same_server;

/// What is to be fetched.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct HttpRequest {
    /// An `http` or `https` address; it may hold a user and a password, which are sent as Basic authentication.
    pub url: String,
    /// The `ETag` that came with the document when it was last fetched, word for word.
    pub etag: Option<String>,
    /// The `Last-Modified` that came with it, word for word.
    pub last_modified: Option<String>,
    /// The media types that are welcome, as the `Accept` header lists them; all when missing.
    pub accept: Option<String>,
    /// A user name and password, sent to their own server only.
    pub login: Option<ServerLogin>,
    /// If set, configured logins are sent to the server of this address only.
    pub logins_for: Option<String>,
}

impl HttpRequest {
    /// A request without validators. Credentials in the address are ignored; they belong in `login`.
    pub fn new(url: impl Into<String>) -> Self {
        Self { url: url.into(), ..Self::default() }
    }
}

/// What came of a fetch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HttpResponse {
    /// The document is as it was when [`HttpRequest::etag`] or [`HttpRequest::last_modified`] were given.
    Unchanged {
        /// As in [`Document::moved_to`].
        moved_to: Option<String>,
        /// As in [`Document::max_age`].
        max_age: Option<Duration>,
    },
    /// The document itself.
    Document(Document),
}

/// A document as it was fetched.
#[derive(Clone, PartialEq, Eq)]
pub struct Document {
    /// Its bytes, decompressed, in whatever character encoding they came.
    pub bytes: Vec<u8>,
    /// The `Content-Type` header, word for word; servers often get it wrong.
    pub content_type: Option<String>,
    /// To be given back in [`HttpRequest::etag`].
    pub etag: Option<String>,
    /// To be given back in [`HttpRequest::last_modified`].
    pub last_modified: Option<String>,
    /// The address after all redirects, the base of relative addresses in the document. Without a redirect it is the
    /// requested address, unchanged. It contains no credentials.
    pub url: String,
    /// Where the address has moved for good: the end of the permanent redirects (301, 308) that came before any other
    /// kind. It is what to ask for from now on.
    pub moved_to: Option<String>,
    /// How long the server says that the document stays fresh.
    pub max_age: Option<Duration>,
}

// Addresses may hold passwords, and bodies are long: neither belongs into a log.
impl fmt::Debug for HttpRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpRequest").field("etag", &self.etag).finish_non_exhaustive()
    }
}

impl fmt::Debug for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Document")
            .field("bytes", &self.bytes.len())
            .field("content_type", &self.content_type)
            .finish_non_exhaustive()
    }
}
