//! The client: its options, and the deadline and the stop flag over each fetch.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use ureq::Agent;
use ureq::tls::{Certificate, RootCerts, TlsConfig};
use url::Url;

use super::auth::{Login, Logins};
use super::cancel::CancelHandle;
use super::proxy::Proxy;
use super::request_task::RequestTask;
use super::{FetchError, HttpRequest, HttpResponse};
use crate::util::{WaitError, with_deadline};

/// How documents are fetched.
#[derive(Clone, Debug)]
pub struct ClientOptions {
    /// The `User-Agent` header; by default the program's name and version, and its home page where it has one.
    pub user_agent: String,
    /// By which proxy.
    pub proxy: Proxy,
    /// Logins for servers that want one; the first that fits an address is used. One in the address itself goes first.
    pub logins: Vec<Login>,
    /// What a fetch may cost.
    pub limits: FetchLimits,
}

impl Default for ClientOptions {
    fn default() -> Self {
        Self { user_agent: user_agent(), proxy: Proxy::default(), logins: Vec::new(), limits: FetchLimits::default() }
    }
}

/// What one fetch may cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FetchLimits {
    /// For a connection, and for looking up the name before it; 10 seconds.
    pub connect: Duration,
    /// For all of it, redirects and decompression included; 60 seconds.
    pub total: Duration,
    /// The number of bytes of a body that may be sent, or come out between two layers of compression; 32 MiB.
    pub sent_bytes: u64,
    /// How many bytes they may become when decompressed; 128 MiB.
    pub decoded_bytes: u64,
    /// How many redirects are followed; 10.
    pub redirects: u32,
}

impl Default for FetchLimits {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            total: Duration::from_secs(60),
            sent_bytes: 32 << 20,
            decoded_bytes: 128 << 20,
            redirects: 10,
        }
    }
}

fn user_agent() -> String {
    let name = concat!(env!("CARGO_PKG_NAME"), "/", env!("CARGO_PKG_VERSION"));
    match env!("CARGO_PKG_HOMEPAGE") {
        "" => name.to_owned(),
        homepage => format!("{name} (+{homepage})"),
    }
}

/// Fetches documents; may be used from many threads at once.
///
/// Connections are not kept between fetches: a reader asks most servers once in a round.
pub struct Client {
    shared: Arc<Shared>,
}

impl Client {
    /// A client with these options. It opens nothing yet.
    pub fn new(options: &ClientOptions) -> Self {
        let shared = Shared {
            user_agent: options.user_agent.clone(),
            proxy: options.proxy.clone(),
            limits: options.limits,
            logins: Logins::new(&options.logins),
            roots: OnceLock::new(),
        };
        Self { shared: Arc::new(shared) }
    }

    /// Returns the number of running fetches, including abandoned ones whose threads have not ended.
    pub fn running(&self) -> usize {
        Arc::strong_count(&self.shared) - 1
    }

    /// Fetches a document, and waits for it.
    ///
    /// It returns within the total time-out, and within a moment when `stop` is set, whatever the server does. The
    /// fetch runs on a thread of its own, because looking up a name and connecting can be neither stopped nor bounded
    /// exactly: such a thread may go on until the time-out for connections, and then notices that it was cancelled.
    ///
    /// # Errors
    ///
    /// See [`FetchError`].
    pub fn fetch(&self, wanted: &HttpRequest, stop: &AtomicBool) -> Result<HttpResponse, FetchError> {
        let total = self.shared.limits.total;
        let deadline = Instant::now() + total;
        let cancel = Arc::new(CancelHandle::default());
        let exchange = RequestTask {
            shared: Arc::clone(&self.shared),
            cancel: Arc::clone(&cancel),
            wanted: wanted.clone(),
            deadline,
        };
        let is_cancelled = || stop.load(Ordering::Relaxed);
        if is_cancelled() {
            return Err(FetchError::Stopped);
        }
        with_deadline("fetch", deadline, is_cancelled, move || exchange.run()).unwrap_or_else(|error| {
            cancel.cancel();
            Err(match error {
                WaitError::Cancelled => FetchError::Stopped,
                WaitError::TimedOut => FetchError::Timeout(total),
                WaitError::Panicked => FetchError::System("internal error".to_owned()),
                WaitError::NoThread(error) => FetchError::System(error.to_string()),
            })
        })
    }
}

/// What all fetches of a client have in common.
pub(super) struct Shared {
    user_agent: String,
    proxy: Proxy,
    pub(super) limits: FetchLimits,
    pub(super) logins: Logins,
    /// Read from the system once; some hundred certificates.
    roots: OnceLock<RootCerts>,
}

impl Shared {
    /// What asks for `url`, and for nothing after the deadline. Redirects, statuses and compression are left to us.
    ///
    /// # Errors
    ///
    /// [`FetchError::Proxy`] when the address of the proxy is wrong.
    pub(super) fn agent(&self, url: &Url, deadline: Instant) -> Result<Agent, FetchError> {
        let tls = TlsConfig::builder().root_certs(self.roots(url)).build();
        let config = Agent::config_builder()
            .user_agent(self.user_agent.as_str())
            .proxy(self.proxy.for_url(url)?)
            .tls_config(tls)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .http_status_as_error(false)
            .max_idle_connections(0)
            .timeout_resolve(Some(self.limits.connect))
            .timeout_connect(Some(self.limits.connect))
            .timeout_global(Some(deadline.saturating_duration_since(Instant::now())))
            .build();
        Ok(config.new_agent())
    }

    /// The system's certificates, as an office's own may be among them; Mozilla's where the system has none.
    fn roots(&self, url: &Url) -> RootCerts {
        // A proxy may be asked by TLS even for plain addresses.
        if url.scheme() != "https" && matches!(self.proxy, Proxy::None) {
            return RootCerts::WebPki;
        }
        self.roots.get_or_init(system_roots).clone()
    }

    /// What a time-out of the HTTP library stands for.
    pub(super) fn limit_of(&self, error: &ureq::Error) -> Duration {
        match error {
            ureq::Error::Timeout(ureq::Timeout::Connect | ureq::Timeout::Resolve) => self.limits.connect,
            _ => self.limits.total,
        }
    }
}

fn system_roots() -> RootCerts {
    let found = rustls_native_certs::load_native_certs().certs;
    if found.is_empty() {
        return RootCerts::WebPki;
    }
    let certificates = found.iter().map(|der| Certificate::from_der(der.as_ref()).to_owned()).collect();
    RootCerts::Specific(Arc::new(certificates))
}
