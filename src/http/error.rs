//! Fetch errors, each with a sentence for the user.

use std::io;
use std::time::Duration;

use ureq::http::StatusCode;

/// The reason why a document could not be fetched.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FetchError {
    /// The network is down, or names cannot be resolved at all.
    #[error("no network connection")]
    Offline,
    /// The server is not reachable.
    #[error("cannot reach the server: {0}")]
    Unreachable(String),
    /// The response took too long.
    #[error("the server took longer than {0:?}")]
    Timeout(Duration),
    /// Status 410: the document is gone for good, and should not be requested again.
    #[error("the document is gone permanently (410)")]
    Gone,
    /// Status 404.
    #[error("not found (404)")]
    NotFound,
    /// Status 429, or 503 with a `Retry-After` header.
    #[error("the server limits requests{}", wait(*.retry_after))]
    TooMany {
        /// The delay before the next attempt, if the server gives one.
        retry_after: Option<Duration>,
    },
    /// Status 401 or 403.
    #[error("access denied ({0}): check the login")]
    Refused(u16),
    /// Any other status that is not successful.
    #[error("the server answered with status {}", status(*.0))]
    Status(u16),
    /// A redirect led back to a requested address.
    #[error("redirect loop")]
    RedirectLoop,
    /// There were more redirects than allowed.
    #[error("more than {0} redirects")]
    TooManyRedirects(u32),
    /// The scheme of the address or of a redirect is not `http` or `https`. A server must never cause a local file to
    /// be read.
    #[error("only http and https can be fetched, not \"{0}\"")]
    Scheme(String),
    /// The address, or the target of a redirect, is invalid.
    #[error("invalid address: {0}")]
    Address(String),
    /// The body is larger than the limit, as sent or decompressed.
    #[error("the document is larger than {limit} bytes")]
    TooLarge {
        /// The limit, in bytes.
        limit: u64,
    },
    /// The compression of the body is not supported or damaged.
    #[error("the document cannot be decompressed: {0}")]
    Encoding(String),
    /// The connection ended before the response was complete.
    #[error("the connection was closed before the response was complete")]
    Cut,
    /// The response is not valid HTTP.
    #[error("invalid response: {0}")]
    Answer(String),
    /// No secure connection: an invalid certificate, or no common protocol.
    #[error("no secure connection: {0}")]
    Tls(String),
    /// The address of the proxy is invalid, or the proxy refuses.
    #[error("cannot use the proxy: {0}")]
    Proxy(String),
    /// The password command failed.
    #[error("the password command failed: {0}")]
    Login(String),
    /// A local error.
    #[error("cannot fetch: {0}")]
    System(String),
    /// The fetch was cancelled.
    #[error("stopped")]
    Stopped,
}

fn wait(retry_after: Option<Duration>) -> String {
    retry_after.map_or_else(String::new, |wait| format!("; retry in {} seconds", wait.as_secs()))
}

fn status(code: u16) -> String {
    match StatusCode::from_u16(code).ok().and_then(|status| status.canonical_reason()) {
        Some(reason) => format!("{code}, {reason}"),
        None => code.to_string(),
    }
}

impl FetchError {
    /// Converts an error of the HTTP library; `limit` is the time of a timeout.
    pub(super) fn from_ureq(error: ureq::Error, limit: Duration) -> Self {
        match error {
            ureq::Error::Timeout(ureq::Timeout::Resolve) => Self::Offline,
            ureq::Error::Timeout(_) => Self::Timeout(limit),
            ureq::Error::HostNotFound => Self::Unreachable("unknown host".to_owned()),
            ureq::Error::Io(error) => Self::from_io(&error, limit),
            ureq::Error::ConnectionFailed => Self::Unreachable("connection failed".to_owned()),
            ureq::Error::BadUri(cause) => Self::Address(cause),
            ureq::Error::Http(cause) => Self::Address(cause.to_string()),
            ureq::Error::Tls(cause) => Self::Tls(cause.to_owned()),
            ureq::Error::Rustls(cause) => Self::Tls(cause.to_string()),
            ureq::Error::TlsRequired => Self::Tls("the server does not support TLS".to_owned()),
            ureq::Error::InvalidProxyUrl => Self::Proxy("invalid address".to_owned()),
            ureq::Error::ConnectProxyFailed(cause) => Self::Proxy(cause),
            ureq::Error::LargeResponseHeader(..) => Self::Answer("the header is too long".to_owned()),
            other => Self::Answer(other.to_string()),
        }
    }

    fn from_io(error: &io::Error, limit: Duration) -> Self {
        match error.kind() {
            io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock => Self::Timeout(limit),
            io::ErrorKind::NetworkUnreachable | io::ErrorKind::NetworkDown => Self::Offline,
            io::ErrorKind::ConnectionRefused => Self::Unreachable("connection refused".to_owned()),
            io::ErrorKind::HostUnreachable | io::ErrorKind::AddrNotAvailable => {
                Self::Unreachable("no route to host".to_owned())
            }
            io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::BrokenPipe
            | io::ErrorKind::NotConnected
            | io::ErrorKind::UnexpectedEof => Self::Cut,
            // Errors of rustls have this kind; those of HTTP have others.
            io::ErrorKind::InvalidData => Self::Tls(error.to_string()),
            _ => Self::from_lookup(&error.to_string()),
        }
    }

    /// Converts an error of getaddrinfo, for which the standard library has no kind, only a text.
    fn from_lookup(cause: &str) -> Self {
        // The texts of EAI_AGAIN in glibc, musl and the BSDs: no name server was reachable.
        const EAI_AGAIN: [&str; 3] = ["Temporary failure in name resolution", "Try again", "Temporary failure"];
        match cause.strip_prefix("failed to lookup address information: ") {
            Some(reason) if EAI_AGAIN.iter().any(|text| reason.contains(text)) => Self::Offline,
            Some(_) => Self::Unreachable("unknown host".to_owned()),
            None => Self::System(cause.to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: Duration = Duration::from_secs(60);

    fn io_error(kind: io::ErrorKind) -> FetchError {
        FetchError::from_ureq(ureq::Error::Io(kind.into()), LIMIT)
    }

    #[test]
    fn missing_network_differs_from_an_unreachable_server() {
        assert_eq!(io_error(io::ErrorKind::NetworkUnreachable), FetchError::Offline);
        assert!(matches!(io_error(io::ErrorKind::ConnectionRefused), FetchError::Unreachable(_)));
        assert_eq!(FetchError::from_ureq(ureq::Error::Timeout(ureq::Timeout::Resolve), LIMIT), FetchError::Offline);
    }

    #[test]
    fn unreachable_name_server_differs_from_unknown_host() {
        let failed = |reason: &str| {
            let cause = format!("failed to lookup address information: {reason}");
            FetchError::from_ureq(ureq::Error::Io(io::Error::other(cause)), LIMIT)
        };
        assert_eq!(failed("Temporary failure in name resolution"), FetchError::Offline);
        assert_eq!(failed("Name or service not known"), FetchError::Unreachable("unknown host".to_owned()));
    }

    #[test]
    fn every_sentence_can_stand_alone() {
        assert_eq!(FetchError::Status(500).to_string(), "the server answered with status 500, Internal Server Error");
        assert_eq!(FetchError::Status(599).to_string(), "the server answered with status 599");
        assert_eq!(FetchError::Timeout(LIMIT).to_string(), "the server took longer than 60s");
        let wait = FetchError::TooMany { retry_after: Some(Duration::from_secs(90)) };
        assert_eq!(wait.to_string(), "the server limits requests; retry in 90 seconds");
    }
}
