//! Fetch errors, each with a sentence for the user.

use std::io;
use std::time::Duration;

use ureq::http::StatusCode;

/// The reason why a document could not be fetched.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FetchError {
    /// There is no network, or names cannot be resolved at all.
    #[error("there is no connection to the network")]
    Offline,
    /// This one server cannot be reached.
    #[error("the server cannot be reached: {0}")]
    Unreachable(String),
    /// The response took too long.
    #[error("the server took longer than {0:?}")]
    Timeout(Duration),
    /// Status 410: the document is gone for good, and should not be requested again.
    #[error("the server says that this is gone for good (410)")]
    Gone,
    /// Status 404.
    #[error("there is nothing at this address (404)")]
    NotFound,
    /// Status 429, or 503 with a time to come back.
    #[error("the server asks to be left alone for a while{}", wait(*.retry_after))]
    TooMany {
        /// The delay before the next attempt, if the server gives one.
        retry_after: Option<Duration>,
    },
    /// Status 401 or 403.
    #[error("the server refuses access ({0}): a login may be missing or wrong")]
    Refused(u16),
    /// Any other status that is not a success.
    #[error("the server answered with status {}", status(*.0))]
    Status(u16),
    /// A redirect led back to a requested address.
    #[error("the address leads in a circle")]
    RedirectLoop,
    /// More redirects than are followed.
    #[error("the address leads on more than {0} times")]
    TooManyRedirects(u32),
    /// Something other than `http` or `https`, in the address or in a redirect: a distant server must never have a
    /// file of this computer read.
    #[error("only http and https can be fetched, not \"{0}\"")]
    Scheme(String),
    /// The address, or one that a redirect led to, is not an address.
    #[error("this is not an address: {0}")]
    Address(String),
    /// The body is larger than the limit, as sent or decompressed.
    #[error("the document is larger than {limit} bytes")]
    TooLarge {
        /// The limit, in bytes.
        limit: u64,
    },
    /// The body is compressed in a way that is not known, or its compression is damaged.
    #[error("the document cannot be decompressed: {0}")]
    Encoding(String),
    /// The connection ended before the response was complete.
    #[error("the connection was cut before the whole answer had come")]
    Cut,
    /// The response is not valid HTTP.
    #[error("the server's answer makes no sense: {0}")]
    Answer(String),
    /// No secure connection: an invalid certificate, or no common protocol.
    #[error("no secure connection could be made: {0}")]
    Tls(String),
    /// The address of the proxy is invalid, or the proxy refuses.
    #[error("the proxy cannot be used: {0}")]
    Proxy(String),
    /// The command that gives a password failed.
    #[error("the password could not be had: {0}")]
    Login(String),
    /// A local error.
    #[error("this computer could not fetch it: {0}")]
    System(String),
    /// The fetch was cancelled.
    #[error("stopped")]
    Stopped,
}

fn wait(retry_after: Option<Duration>) -> String {
    retry_after.map_or_else(String::new, |wait| format!(", {} seconds", wait.as_secs()))
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
            ureq::Error::HostNotFound => Self::Unreachable("its name is not known".to_owned()),
            ureq::Error::Io(error) => Self::from_io(&error, limit),
            ureq::Error::ConnectionFailed => Self::Unreachable("no connection came about".to_owned()),
            ureq::Error::BadUri(cause) => Self::Address(cause),
            ureq::Error::Http(cause) => Self::Address(cause.to_string()),
            ureq::Error::Tls(cause) => Self::Tls(cause.to_owned()),
            ureq::Error::Rustls(cause) => Self::Tls(cause.to_string()),
            ureq::Error::TlsRequired => Self::Tls("the server offers none".to_owned()),
            ureq::Error::InvalidProxyUrl => Self::Proxy("its address is wrong".to_owned()),
            ureq::Error::ConnectProxyFailed(cause) => Self::Proxy(cause),
            ureq::Error::LargeResponseHeader(..) => Self::Answer("its header is too long".to_owned()),
            other => Self::Answer(other.to_string()),
        }
    }

    fn from_io(error: &io::Error, limit: Duration) -> Self {
        match error.kind() {
            io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock => Self::Timeout(limit),
            io::ErrorKind::NetworkUnreachable | io::ErrorKind::NetworkDown => Self::Offline,
            io::ErrorKind::ConnectionRefused => Self::Unreachable("it refuses the connection".to_owned()),
            io::ErrorKind::HostUnreachable | io::ErrorKind::AddrNotAvailable => {
                Self::Unreachable("no way leads to it".to_owned())
            }
            io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::BrokenPipe
            | io::ErrorKind::NotConnected
            | io::ErrorKind::UnexpectedEof => Self::Cut,
            // What rustls finds wrong with a handshake or a record comes as this kind; the library hands HTTP's own
            // faults on as others.
            io::ErrorKind::InvalidData => Self::Tls(error.to_string()),
            _ => Self::from_lookup(&error.to_string()),
        }
    }

    /// The standard library gives the failures of getaddrinfo no kind, only their text.
    fn from_lookup(cause: &str) -> Self {
        // EAI_AGAIN, as glibc, musl and the BSDs word it: no name server could be asked.
        const AGAIN: [&str; 3] = ["Temporary failure in name resolution", "Try again", "Temporary failure"];
        match cause.strip_prefix("failed to lookup address information: ") {
            Some(reason) if AGAIN.iter().any(|again| reason.contains(again)) => Self::Offline,
            Some(_) => Self::Unreachable("its name is not known".to_owned()),
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
        assert_eq!(failed("Name or service not known"), FetchError::Unreachable("its name is not known".to_owned()));
    }

    #[test]
    fn every_sentence_can_stand_alone() {
        assert_eq!(FetchError::Status(500).to_string(), "the server answered with status 500, Internal Server Error");
        assert_eq!(FetchError::Status(599).to_string(), "the server answered with status 599");
        assert_eq!(FetchError::Timeout(LIMIT).to_string(), "the server took longer than 60s");
        let wait = FetchError::TooMany { retry_after: Some(Duration::from_secs(90)) };
        assert_eq!(wait.to_string(), "the server asks to be left alone for a while, 90 seconds");
    }
}
