//! The cookies of one fetch: the parts of RFC 6265 that a chain of redirects needs. They stay in memory and are dropped
//! after the fetch.
//!
//! No public suffix list is needed: a redirect could pass the same data to another host in its address.

use ureq::http::HeaderMap;
use url::{Host, Url};

/// The maximum number of cookies, and the maximum bytes of each.
const MAX_COOKIES: usize = 50;
const MAX_COOKIE_BYTES: usize = 4096;

/// The cookies that servers have set during a fetch.
#[derive(Debug, Default)]
pub(super) struct Cookies(Vec<Cookie>);

#[derive(Debug)]
struct Cookie {
    name: String,
    value: String,
    /// The host that set it, or a parent domain.
    domain: String,
    /// Whether subdomains get it too.
    includes_subdomains: bool,
    path: String,
    is_secure: bool,
}

impl Cookies {
    /// Stores the cookies of a response from `url`.
    pub(super) fn store(&mut self, url: &Url, headers: &HeaderMap) {
        for header in headers.get_all("set-cookie") {
            let text = String::from_utf8_lossy(header.as_bytes());
            let Some((cookie, is_deleted)) = Cookie::read(url, &text) else { continue };
            self.0.retain(|known| {
                (&known.name, &known.domain, &known.path) != (&cookie.name, &cookie.domain, &cookie.path)
            });
            if !is_deleted && self.0.len() < MAX_COOKIES {
                self.0.push(cookie);
            }
        }
    }

    /// Returns the `Cookie` header for a request to `url`; empty if no cookie matches.
    pub(super) fn header(&self, url: &Url) -> String {
        let mut cookies: Vec<&Cookie> = self.0.iter().filter(|cookie| cookie.belongs_to(url)).collect();
        cookies.sort_by_key(|cookie| std::cmp::Reverse(cookie.path.len()));
        let pairs = cookies.iter().map(|cookie| format!("{}={}", cookie.name, cookie.value));
        pairs.collect::<Vec<_>>().join("; ")
    }
}

impl Cookie {
    /// Parses a `Set-Cookie` header. Also returns whether it deletes the cookie.
    fn read(url: &Url, header: &str) -> Option<(Cookie, bool)> {
        if header.len() > MAX_COOKIE_BYTES {
            return None;
        }
        let mut pieces = header.split(';');
        let (name, value) = pieces.next()?.split_once('=')?;
        let host = url.host_str()?.to_owned();
        let (name, value) = (name.trim().to_owned(), value.trim().to_owned());
        let mut cookie = Cookie {
            name,
            value,
            domain: host.clone(),
            includes_subdomains: false,
            path: folder(url),
            is_secure: false,
        };
        let mut is_deleted = false;
        for piece in pieces {
            let (name, value) = piece.split_once('=').unwrap_or((piece, ""));
            let value = value.trim();
            match name.trim().to_ascii_lowercase().as_str() {
                "domain" if !value.is_empty() => {
                    let domain = value.trim_start_matches('.').to_ascii_lowercase();
                    let is_around = matches!(url.host(), Some(Host::Domain(_)))
                        && domain.contains('.')
                        && host.strip_suffix(&domain).is_some_and(|front| front.ends_with('.'));
                    if domain != host && !is_around {
                        return None;
                    }
                    cookie.includes_subdomains = matches!(url.host(), Some(Host::Domain(_)));
                    cookie.domain = domain;
                }
                "path" if value.starts_with('/') => value.clone_into(&mut cookie.path),
                "secure" => cookie.is_secure = true,
                // Any later expiry is after the end of the fetch.
                "max-age" => is_deleted = value.parse::<i64>().is_ok_and(|seconds| seconds <= 0),
                _ => {}
            }
        }
        let is_allowed = !cookie.name.is_empty() && (!cookie.is_secure || url.scheme() == "https");
        is_allowed.then_some((cookie, is_deleted))
    }

    fn belongs_to(&self, url: &Url) -> bool {
        let Some(host) = url.host_str() else { return false };
        let is_host = host == self.domain
            || self.includes_subdomains && host.strip_suffix(&self.domain).is_some_and(|front| front.ends_with('.'));
        let is_path = url
            .path()
            .strip_prefix(&self.path)
            .is_some_and(|rest| rest.is_empty() || self.path.ends_with('/') || rest.starts_with('/'));
        is_host && is_path && (!self.is_secure || url.scheme() == "https")
    }
}

/// Returns the default path of a cookie: the path of the address without its last segment.
fn folder(url: &Url) -> String {
    let path = url.path();
    let end = path.rfind('/').unwrap_or(0);
    path.get(..end.max(1)).unwrap_or("/").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    /// Returns the header sent to `to` after `from` has set `cookies`.
    fn sent(from: &str, cookies: &[&str], to: &str) -> String {
        let mut headers = HeaderMap::new();
        for cookie in cookies {
            headers.append("set-cookie", cookie.parse().unwrap());
        }
        let mut jar = Cookies::default();
        jar.store(&url(from), &headers);
        jar.header(&url(to))
    }

    #[test]
    fn cookies_go_to_their_host_and_path_only() {
        let from = "https://a.example/news/feed";
        for (cookie, to, header) in [
            ("s=1", "https://a.example/news/other", "s=1"),
            ("s=1", "https://a.example/news", "s=1"),
            ("s=1", "https://a.example/newsroom", ""),
            ("s=1", "https://a.example/", ""),
            ("s=1; Path=/", "https://a.example/", "s=1"),
            ("s=1; Path=/", "http://a.example/", "s=1"),
            ("s=1; Path=/; Secure", "http://a.example/", ""),
            ("s=1; Path=/", "https://b.example/", ""),
            ("s=1; Path=/", "https://www.a.example/", ""),
            ("s=1; Path=/; Domain=.A.example", "https://www.a.example/", "s=1"),
            ("s=1; Path=/; Domain=a.example", "https://nota.example/", ""),
            ("s=1; Path=/; Domain=b.example", "https://b.example/", ""),
            ("s=1; Path=/; Domain=example", "https://b.example/", ""),
            ("s=1; Path=/; Max-Age=0", "https://a.example/", ""),
            ("s=a=b; HttpOnly; path=/; SameSite=Lax", "https://a.example/x", "s=a=b"),
            ("no pair", "https://a.example/news/", ""),
        ] {
            assert_eq!(sent(from, &[cookie], to), header, "{cookie} for {to}");
        }
        assert_eq!(sent("http://a.example/", &["s=1; Secure"], "https://a.example/"), "");
        assert_eq!(sent("http://127.0.0.1/", &["s=1; Domain=0.0.1"], "http://127.0.0.1/"), "");
    }

    #[test]
    fn cookie_set_again_replaces_the_first() {
        let from = "https://a.example/";
        assert_eq!(sent(from, &["a=1", "b=2", "a=3"], from), "b=2; a=3");
        assert_eq!(sent(from, &["a=1", "a=; Max-Age=-1"], from), "");
        let many: Vec<String> = (0..MAX_COOKIES * 2).map(|number| format!("c{number}=x")).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        assert_eq!(sent(from, &many, from).split("; ").count(), MAX_COOKIES);
    }
}
