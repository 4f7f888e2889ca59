//! The state that all fetches of a client share, and the agents that are made from it.

use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use ureq::Agent;
use ureq::tls::{Certificate, RootCerts, TlsConfig};
use url::Url;

use super::FetchError;
use super::auth::Logins;
use super::options::{ClientOptions, FetchLimits};
use super::proxy::Proxy;

/// The state that all fetches of a client share.
pub(super) struct ClientContext {
    user_agent: String,
    proxy: Proxy,
    pub(super) limits: FetchLimits,
    pub(super) logins: Logins,
    /// The root certificates, loaded at the first use; there are some hundred.
    roots: OnceLock<RootCerts>,
}

impl ClientContext {
    pub(super) fn new(options: &ClientOptions) -> Self {
        Self {
            user_agent: options.user_agent.clone(),
            proxy: options.proxy.clone(),
            limits: options.limits,
            logins: Logins::new(&options.logins),
            roots: OnceLock::new(),
        }
    }

    /// Creates the agent for one request to `url`. The caller handles redirects, statuses and compression.
    ///
    /// # Errors
    ///
    /// Returns [`FetchError::Proxy`] if the address of the proxy is invalid.
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

    /// Returns the certificates of the system, which may include those of a company, or Mozilla's if there are none.
    fn roots(&self, url: &Url) -> RootCerts {
        // The connection to a proxy may use TLS even for `http` addresses.
        if url.scheme() != "https" && matches!(self.proxy, Proxy::None) {
            return RootCerts::WebPki;
        }
        self.roots.get_or_init(system_roots).clone()
    }

    /// Returns the limit that a timeout of the HTTP library refers to.
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
