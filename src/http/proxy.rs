//! Proxy selection.

use std::env;
use std::fmt;

use url::Url;

use super::FetchError;

/// The proxy setting.
///
/// Supports `http`, `https`, `socks4`, `socks4a`, `socks5` and `socks5h` proxies; with `socks5h`, the proxy resolves
/// names. HTTP proxies are used by a tunnel (`CONNECT`), for plain addresses too.
#[derive(Clone, Default, PartialEq, Eq)]
pub enum Proxy {
    /// The proxy of `https_proxy`, `http_proxy`, `all_proxy` and `no_proxy`, in lower or upper case.
    #[default]
    FromEnvironment,
    /// One proxy for all addresses. The address may contain a user and a password.
    Url(String),
    /// No proxy.
    None,
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::FromEnvironment => "FromEnvironment",
            Self::Url(_) => "Url(…)",
            Self::None => "None",
        })
    }
}

impl Proxy {
    /// Returns the proxy for one address.
    ///
    /// # Errors
    ///
    /// Returns [`FetchError::Proxy`] if the address of the proxy is invalid: a direct connection could reveal what the
    /// proxy should hide.
    pub(super) fn for_url(&self, url: &Url) -> Result<Option<ureq::Proxy>, FetchError> {
        let address = match self {
            Self::FromEnvironment => from_environment(url, |name| env::var(name).ok()),
            Self::Url(address) => Some(address.clone()),
            Self::None => None,
        };
        let parsed = address.map(|address| ureq::Proxy::new(&address)).transpose();
        parsed.map_err(|_| FetchError::Proxy("invalid address".to_owned()))
    }
}

fn from_environment(url: &Url, read: impl Fn(&str) -> Option<String>) -> Option<String> {
    let setting = |name: &str| {
        let value = read(name).or_else(|| read(&name.to_ascii_uppercase()))?;
        let value = value.trim();
        (!value.is_empty()).then(|| value.to_owned())
    };
    if setting("no_proxy").is_some_and(|list| is_listed(&list, url)) {
        return None;
    }
    setting(&format!("{}_proxy", url.scheme())).or_else(|| setting("all_proxy"))
}

/// Returns whether `no_proxy` contains the host or its domain, by the rules of curl.
fn is_listed(list: &str, url: &Url) -> bool {
    let Some(host) = url.host_str() else { return false };
    let port = url.port_or_known_default().map(|port| format!(":{port}")).unwrap_or_default();
    list.split([',', ' ']).filter(|name| !name.is_empty()).any(|name| {
        let name = name.strip_suffix(&port).unwrap_or(name).to_ascii_lowercase();
        let domain = name.trim_start_matches("*.").trim_start_matches('.');
        name == "*" || host == domain || host.strip_suffix(domain).is_some_and(|rest| rest.ends_with('.'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(url: &str, environment: &[(&str, &str)]) -> Option<String> {
        from_environment(&Url::parse(url).unwrap(), |name| {
            environment.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn proxies_are_chosen_by_scheme() {
        let environment = [("http_proxy", "one:1"), ("HTTPS_PROXY", "two:2"), ("all_proxy", "three:3")];
        assert_eq!(chosen("http://example.org/", &environment).as_deref(), Some("one:1"));
        assert_eq!(chosen("https://example.org/", &environment).as_deref(), Some("two:2"));
        assert_eq!(chosen("https://example.org/", &environment[2..]).as_deref(), Some("three:3"));
        assert_eq!(chosen("https://example.org/", &[("https_proxy", "")]), None);
    }

    #[test]
    fn listed_hosts_use_no_proxy() {
        let spared = |list: &str, url: &str| chosen(url, &[("all_proxy", "one:1"), ("no_proxy", list)]).is_none();
        assert!(spared("*", "http://example.org/"));
        assert!(spared("localhost, example.org", "http://example.org/"));
        assert!(spared("example.org", "http://news.example.org/"));
        assert!(spared(".example.org", "http://news.example.org/"));
        assert!(spared("*.example.org", "http://news.example.org/"));
        assert!(spared("example.org:8080", "http://example.org:8080/"));
        assert!(!spared("example.org:8080", "http://example.org/"));
        assert!(!spared("ample.org", "http://example.org/"));
        assert!(!spared("", "http://example.org/"));
    }

    #[test]
    fn invalid_proxy_addresses_are_never_bypassed() {
        let url = Url::parse("http://example.org/").unwrap();
        let proxy = Proxy::Url("gopher://nowhere".to_owned());
        assert!(matches!(proxy.for_url(&url), Err(FetchError::Proxy(_))));
    }
}
