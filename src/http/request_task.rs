//! One fetch: requests, redirects, and the meaning of statuses.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Instant;

use chrono::Utc;
use ureq::http::header::{ACCEPT, ACCEPT_ENCODING, AUTHORIZATION, COOKIE, IF_MODIFIED_SINCE, IF_NONE_MATCH};
use ureq::http::{HeaderValue, Response, StatusCode};
use ureq::{Body, http};
use url::Url;

use super::body::{BodyReader, ENCODINGS};
use super::cancel::CancelHandle;
use super::context::ClientContext;
use super::cookies::Cookies;
use super::{Document, FetchError, HttpRequest, HttpResponse, auth, headers};
use crate::subscriptions::{Credentials, MAX_ADDRESS_BYTES};

/// A running fetch.
pub(super) struct RequestTask {
    pub(super) context: Arc<ClientContext>,
    pub(super) cancel: Arc<CancelHandle>,
    pub(super) request: HttpRequest,
    pub(super) deadline: Instant,
}

impl RequestTask {
    /// Runs the fetch.
    pub(super) fn run(&self) -> Result<HttpResponse, FetchError> {
        let mut route = RedirectChain::from(&self.request.url)?;
        loop {
            let response = self.send(&route)?;
            route.cookies.store(&route.at, response.headers());
            let Some(location) = redirected(&response) else { return self.interpret(response, &route) };
            route.follow(&location, response.status(), self.context.limits.redirects)?;
        }
    }

    /// Requests the document at the end of the redirect chain.
    fn send(&self, route: &RedirectChain) -> Result<Response<Body>, FetchError> {
        let mut request = http::Request::get(route.at.as_str());
        let mut header = |name, value: &str| {
            // Skip invalid header values: a damaged ETag only costs a transfer.
            if let (Some(headers), Ok(value)) = (request.headers_mut(), HeaderValue::from_str(value)) {
                headers.insert(name, value);
            }
        };
        header(ACCEPT, self.request.accept.as_deref().unwrap_or("*/*"));
        header(ACCEPT_ENCODING, ENCODINGS);
        if let Some(etag) = &self.request.etag {
            header(IF_NONE_MATCH, etag);
        }
        if let Some(date) = &self.request.last_modified {
            header(IF_MODIFIED_SINCE, date);
        }
        if let Some(login) = self.login(route)? {
            header(AUTHORIZATION, &login);
        }
        let cookies = route.cookies.header(&route.at);
        if !cookies.is_empty() {
            header(COOKIE, &cookies);
        }
        let request = request.body(()).map_err(|error| FetchError::Address(error.to_string()))?;
        let agent = self.context.agent(&route.at, self.deadline)?;
        self.cancel.attach(&agent)?;
        agent.run(request).map_err(|error| self.failure(error))
    }

    fn login(&self, route: &RedirectChain) -> Result<Option<String>, FetchError> {
        if let Some(own) = &self.request.login
            && Url::parse(&own.url).is_ok_and(|server| is_same_server(&server, &route.at))
        {
            return Ok(Some(auth::basic(&own.credentials.user, &own.credentials.password)));
        }
        if route.was_secure && route.at.scheme() != "https" {
            return Ok(None);
        }
        let is_on = |server: &String| Url::parse(server).is_ok_and(|server| is_same_server(&server, &route.at));
        if self.request.logins_for.as_ref().is_some_and(|server| !is_on(server)) {
            return Ok(None);
        }
        self.context.logins.authorisation(&route.at, &self.cancel, self.deadline)
    }

    /// Interprets the last response.
    fn interpret(&self, response: Response<Body>, route: &RedirectChain) -> Result<HttpResponse, FetchError> {
        let (parts, body) = response.into_parts();
        let now = Utc::now();
        let retry_after = headers::retry_after(&parts.headers, now);
        let max_age = headers::max_age(&parts.headers, now);
        let moved_to = route.moved_to.as_ref().map(Url::to_string);
        let asked_for_changes = self.request.etag.is_some() || self.request.last_modified.is_some();
        match parts.status {
            status if status.is_success() => {}
            StatusCode::NOT_MODIFIED if asked_for_changes => return Ok(HttpResponse::Unchanged { moved_to, max_age }),
            StatusCode::GONE => return Err(FetchError::Gone),
            StatusCode::NOT_FOUND => return Err(FetchError::NotFound),
            StatusCode::TOO_MANY_REQUESTS => return Err(FetchError::TooMany { retry_after }),
            StatusCode::SERVICE_UNAVAILABLE if retry_after.is_some() => {
                return Err(FetchError::TooMany { retry_after });
            }
            status @ (StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) => {
                return Err(FetchError::Refused(status.as_u16()));
            }
            status => return Err(FetchError::Status(status.as_u16())),
        }
        let limits = self.context.limits;
        if body.content_length().is_some_and(|length| length > limits.sent_bytes) {
            return Err(FetchError::TooLarge { limit: limits.sent_bytes });
        }
        let reader = BodyReader {
            length: body.content_length().unwrap_or(0),
            encoding: &headers::text(&parts.headers, "content-encoding").unwrap_or_default(),
            sent_bytes: limits.sent_bytes,
            decoded_bytes: limits.decoded_bytes,
            interrupted: &|| self.interrupted(),
            failure: &|error| self.failure(error.into()),
        };
        let bytes = reader.read(body.into_reader())?;
        Ok(HttpResponse::Document(Document {
            bytes,
            content_type: headers::text(&parts.headers, "content-type"),
            etag: headers::text(&parts.headers, "etag"),
            last_modified: headers::text(&parts.headers, "last-modified"),
            url: match route.hops {
                0 => Credentials::split(&self.request.url).0,
                _ => route.at.to_string(),
            },
            moved_to,
            max_age,
        }))
    }

    /// Returns why the fetch has to stop, if it was cancelled or its time is over.
    fn interrupted(&self) -> Option<FetchError> {
        if self.cancel.is_cancelled() {
            return Some(FetchError::Stopped);
        }
        (Instant::now() >= self.deadline).then_some(FetchError::Timeout(self.context.limits.total))
    }

    fn failure(&self, error: ureq::Error) -> FetchError {
        let limit = self.context.limit_of(&error);
        FetchError::from_ureq(error, limit)
    }
}

/// Returns the target of a redirect.
fn redirected(response: &Response<Body>) -> Option<String> {
    match response.status() {
        StatusCode::MOVED_PERMANENTLY
        | StatusCode::FOUND
        | StatusCode::SEE_OTHER
        | StatusCode::TEMPORARY_REDIRECT
        | StatusCode::PERMANENT_REDIRECT => headers::text(response.headers(), "location"),
        _ => None,
    }
}

/// The redirects from the requested address to the document.
struct RedirectChain {
    /// The address of the next request, without credentials.
    at: Url,
    /// The requested addresses, each with the cookies sent to it.
    seen: HashSet<(Url, String)>,
    hops: u32,
    cookies: Cookies,
    moved_to: Option<Url>,
    /// Whether all redirects were permanent.
    all_permanent: bool,
    /// Whether one of the requests was encrypted.
    was_secure: bool,
}

impl RedirectChain {
    fn from(address: &str) -> Result<Self, FetchError> {
        let at = without_credentials(Url::parse(address).map_err(|error| FetchError::Address(error.to_string()))?)?;
        let was_secure = at.scheme() == "https";
        let seen = HashSet::from([(at.clone(), String::new())]);
        let cookies = Cookies::default();
        Ok(Self { at, seen, hops: 0, cookies, moved_to: None, all_permanent: true, was_secure })
    }

    fn follow(&mut self, location: &str, status: StatusCode, most: u32) -> Result<(), FetchError> {
        let next = self.at.join(location).map_err(|error| FetchError::Address(error.to_string()))?;
        self.at = without_credentials(next)?;
        self.hops += 1;
        if self.hops > most {
            return Err(FetchError::TooManyRedirects(most));
        }
        // With other cookies the same address may redirect elsewhere.
        if !self.seen.insert((self.at.clone(), self.cookies.header(&self.at))) {
            return Err(FetchError::RedirectLoop);
        }
        self.all_permanent &= matches!(status, StatusCode::MOVED_PERMANENTLY | StatusCode::PERMANENT_REDIRECT);
        if self.all_permanent {
            self.moved_to = Some(self.at.clone());
        }
        self.was_secure |= self.at.scheme() == "https";
        Ok(())
    }
}

/// Returns whether a login for `one` may be sent to `other`: same host, port and protocol. An upgrade from `http` to
/// `https` on the default ports is allowed, because it is safer.
pub fn is_same_server(one: &Url, other: &Url) -> bool {
    let is_upgrade =
        one.scheme() == "http" && other.scheme() == "https" && one.port().is_none() && other.port().is_none();
    one.host() == other.host() && (one.origin() == other.origin() || is_upgrade)
}

/// Returns the address for a request: without login and fragment.
fn without_credentials(mut url: Url) -> Result<Url, FetchError> {
    if !matches!(url.scheme(), "http" | "https") {
        return Err(FetchError::Scheme(url.scheme().to_owned()));
    }
    url.set_fragment(None);
    if url.as_str().len() > MAX_ADDRESS_BYTES {
        return Err(FetchError::Address(format!("it is longer than {MAX_ADDRESS_BYTES} bytes")));
    }
    let cleared = url.set_username("").and_then(|()| url.set_password(None));
    cleared.map_err(|()| FetchError::Address("it has no host".to_owned()))?;
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(start: &str, hops: &[(u16, &str)]) -> RedirectChain {
        let mut route = RedirectChain::from(start).unwrap();
        for (status, location) in hops {
            route.follow(location, StatusCode::from_u16(*status).unwrap(), 10).unwrap();
        }
        route
    }

    #[test]
    fn login_stays_on_its_server() {
        let sent = |start: &str, location: &str| {
            let route = after(start, &[(302, location)]);
            is_same_server(&Url::parse(start).unwrap(), &route.at)
        };
        assert!(sent("https://example.org/a", "/b"));
        assert!(sent("http://example.org/a", "https://example.org/a"));
        assert!(!sent("https://example.org/a", "http://example.org/a"));
        assert!(!sent("https://example.org/a", "https://www.example.org/a"));
        assert!(!sent("https://example.org/a", "https://example.org:8443/a"));
        assert!(!sent("http://example.org:8080/a", "https://example.org/a"));
    }

    #[test]
    fn redirect_addresses_hold_no_credentials() {
        let route = after("https://me:p%40w@example.org/a", &[(301, "https://you:x@example.org/b")]);
        assert_eq!(route.at.as_str(), "https://example.org/b");
        assert_eq!(route.moved_to.as_ref().map(Url::as_str), Some("https://example.org/b"));
    }

    #[test]
    fn moved_address_is_the_end_of_leading_permanent_redirects() {
        let moved = |hops: &[_]| after("http://example.org/a", hops).moved_to.map(String::from);
        assert_eq!(moved(&[(301, "/b"), (308, "/c")]).as_deref(), Some("http://example.org/c"));
        assert_eq!(moved(&[(301, "/b"), (302, "/c"), (301, "/d")]).as_deref(), Some("http://example.org/b"));
        assert_eq!(moved(&[(307, "/b"), (301, "/c")]), None);
    }
}
