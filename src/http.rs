//! The HTTP client: fetches one document, or returns a clear error.
//!
//! This module knows no feeds, articles or storage. Every fetch has a deadline, every body has a size limit, and a flag
//! cancels everything.

mod auth;
mod body;
mod cancel;
mod client;
mod context;
mod cookies;
mod error;
mod headers;
mod options;
mod pool;
mod proxy;
mod request_task;
mod zstd;

use std::fmt;
use std::time::Duration;

use crate::subscriptions::ServerLogin;

pub use auth::{Login, Password};
pub use client::Client;
pub use error::FetchError;
pub use options::{ClientOptions, FetchLimits};
pub use pool::{ParallelLimits, in_parallel};
pub use proxy::Proxy;
pub use request_task::is_same_server;

/// A request.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct HttpRequest {
    /// An `http` or `https` address.
    pub url: String,
    /// The `ETag` of the last fetch, unchanged.
    pub etag: Option<String>,
    /// The `Last-Modified` of the last fetch, unchanged.
    pub last_modified: Option<String>,
    /// The value of the `Accept` header; `None` for all media types.
    pub accept: Option<String>,
    /// A user name and password, sent to their own server only.
    pub login: Option<ServerLogin>,
    /// If set, configured logins are sent to the server of this address only.
    pub logins_for: Option<String>,
}

impl HttpRequest {
    /// Creates a request without validators. Credentials in the address are ignored; they belong in `login`.
    pub fn new(url: impl Into<String>) -> Self {
        Self { url: url.into(), ..Self::default() }
    }
}

/// The result of a fetch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HttpResponse {
    /// The document has not changed since [`HttpRequest::etag`] or [`HttpRequest::last_modified`].
    Unchanged {
        /// As in [`Document::moved_to`].
        moved_to: Option<String>,
        /// As in [`Document::max_age`].
        max_age: Option<Duration>,
    },
    /// The document.
    Document(Document),
}

/// A fetched document.
#[derive(Clone, PartialEq, Eq)]
pub struct Document {
    /// The decompressed bytes, in their original character encoding.
    pub bytes: Vec<u8>,
    /// The `Content-Type` header, unchanged; it is often wrong.
    pub content_type: Option<String>,
    /// The value for the next [`HttpRequest::etag`].
    pub etag: Option<String>,
    /// The value for the next [`HttpRequest::last_modified`].
    pub last_modified: Option<String>,
    /// The address after all redirects, the base of relative addresses in the document. Without a redirect it is the
    /// requested address, unchanged. It contains no credentials.
    pub url: String,
    /// The new address, if it has moved permanently: the end of the permanent redirects (301, 308) before any other
    /// kind. Use it for the next request.
    pub moved_to: Option<String>,
    /// The time that the document stays fresh, as declared by the server.
    pub max_age: Option<Duration>,
}

// Addresses may contain passwords, and bodies are long: neither belongs in a log.
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
