//! The options of a client, and the limits of a fetch.

use std::time::Duration;

use super::auth::Login;
use super::proxy::Proxy;

/// The options of a client.
#[derive(Clone, Debug)]
pub struct ClientOptions {
    /// The `User-Agent` header; by default the name, the version and the home page of the program.
    pub user_agent: String,
    /// The proxy.
    pub proxy: Proxy,
    /// The logins. The first one that matches an address is used, unless the request has its own.
    pub logins: Vec<Login>,
    /// The limits of a fetch.
    pub limits: FetchLimits,
}

impl Default for ClientOptions {
    fn default() -> Self {
        Self { user_agent: user_agent(), proxy: Proxy::default(), logins: Vec::new(), limits: FetchLimits::default() }
    }
}

/// The limits of one fetch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FetchLimits {
    /// The timeout for connecting, and for resolving the name before; 10 seconds.
    pub connect: Duration,
    /// The timeout for the whole fetch, including redirects and decompression; 60 seconds.
    pub total: Duration,
    /// The maximum size of a body as sent, and between two layers of compression, in bytes; 32 MiB.
    pub sent_bytes: u64,
    /// The maximum size of a decompressed body in bytes; 128 MiB.
    pub decoded_bytes: u64,
    /// The maximum number of redirects; 10.
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
