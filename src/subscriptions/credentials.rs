//! Splits, joins and hides user names and passwords in addresses.

use std::fmt;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use url::Url;

use super::link::without_user_name;

/// The replacement for a user name and a password in messages.
const REDACTED: &str = "•••";

/// Everything but letters, digits and the marks that RFC 3986 calls unreserved.
const USERINFO: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The user name and the password for the server of a feed. No output may contain them.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    /// The user name.
    pub user: String,
    /// The password; may be empty.
    pub password: String,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credentials(•••)")
    }
}

impl Credentials {
    /// Splits an address into the address without credentials and the credentials, if it has any.
    pub fn split(url: &str) -> (String, Option<Credentials>) {
        let Some((start, end)) = userinfo(url, 0, true) else { return split_parsed(url) };
        let bare = format!("{}{}", url.get(..start).unwrap_or(""), url.get(end + 1..).unwrap_or(""));
        let decoded = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
        let text = url.get(start..end).unwrap_or("");
        let (user, password) = text.split_once(':').unwrap_or((text, ""));
        let credentials = Credentials { user: decoded(user), password: decoded(password) };
        (bare, (!text.trim_matches(':').is_empty()).then_some(credentials))
    }

    /// Returns `url` with these credentials in it, percent-encoded.
    pub fn join(&self, url: &str) -> String {
        let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
        let encoded = |text: &str| utf8_percent_encode(text, USERINFO).to_string();
        let password = if self.password.is_empty() { String::new() } else { format!(":{}", encoded(&self.password)) };
        format!("{scheme}://{}{password}@{rest}", encoded(&self.user))
    }
}

/// Splits an address like browsers do, which also find a user name in `https:/joe@host`.
fn split_parsed(url: &str) -> (String, Option<Credentials>) {
    let Some(bare) = without_user_name(url) else { return (url.to_owned(), None) };
    let credentials = Url::parse(url).ok().map(|url| {
        let decoded = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
        Credentials { user: decoded(url.username()), password: decoded(url.password().unwrap_or("")) }
    });
    (bare, credentials)
}

/// Credentials, and the server that may get them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerLogin {
    /// An address on the server; holds no credentials.
    pub url: String,
    /// The user name and password.
    pub credentials: Credentials,
}

impl ServerLogin {
    /// Splits an address into the address without credentials and the login for its server.
    pub fn split(url: &str) -> (String, Option<ServerLogin>) {
        let (bare, credentials) = Credentials::split(url);
        let login = credentials.map(|credentials| ServerLogin { url: bare.clone(), credentials });
        (bare, login)
    }
}

impl Credentials {
    /// Returns `to` with the credentials of `from`, if it has any and both are on one server.
    pub fn carry(from: &str, to: &str) -> String {
        let (bare, credentials) = Credentials::split(from);
        let origin = |url: &str| Url::parse(url).ok().map(|url| url.origin());
        match credentials {
            Some(credentials) if origin(&bare).is_some_and(|from| Some(from) == origin(to)) => credentials.join(to),
            _ => to.to_owned(),
        }
    }
}

/// Returns `text` with the credentials of every address in it hidden. For messages: errors quote addresses.
pub fn redact(text: &str) -> String {
    let mut redacted = String::with_capacity(text.len());
    let mut done = 0;
    while let Some((start, end)) = userinfo(text, done, false) {
        redacted.push_str(text.get(done..start).unwrap_or(""));
        redacted.push_str(REDACTED);
        done = end;
    }
    redacted.push_str(text.get(done..).unwrap_or(""));
    redact_words(&redacted)
}

/// Returns the span of the first user name and password after `from` in a text: between `//` and an `@` in the same
/// authority. `spaces` says whether the address may contain spaces, as in a form field.
fn userinfo(text: &str, from: usize, spaces: bool) -> Option<(usize, usize)> {
    let mut from = from;
    loop {
        let start = from + text.get(from..)?.find("://")? + 3;
        let rest = text.get(start..)?;
        // In a sentence the address ends at a space; a later `@` belongs to something else.
        let ends = |c: char| "/?#\\\"<>".contains(c) || (c.is_whitespace() && !spaces);
        let authority = rest.split(ends).next()?;
        let at = authority.rfind('@').or_else(|| if has_port(authority) { None } else { unencoded_end(rest) });
        if let Some(at) = at {
            return Some((start, start + at));
        }
        from = start;
    }
}

/// Returns whether an authority without an `@` is a host, with or without a port.
fn has_port(authority: &str) -> bool {
    let port = authority.rsplit_once(':').filter(|(host, _)| !host.starts_with('['));
    port.is_none_or(|(_, port)| !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Returns the end of a password with unencoded spaces or slashes: the first `@` before a host.
fn unencoded_end(rest: &str) -> Option<usize> {
    let is_host = |text: &str| {
        let host = text.split(|c: char| "/?#".contains(c) || c.is_whitespace()).next().unwrap_or("");
        !host.is_empty() && host.chars().all(|c| c.is_alphanumeric() || ".-:[]_".contains(c))
    };
    let line = rest.lines().next()?;
    line.match_indices('@').map(|(at, _)| at).find(|at| line.get(at + 1..).is_some_and(is_host))
}

/// Hides `user:password@` in words that are not well-formed addresses, such as `http:/user:password@host`.
fn redact_words(text: &str) -> String {
    let mut redacted = String::with_capacity(text.len());
    for word in text.split_inclusive(char::is_whitespace) {
        let hidden = word.rfind('@').and_then(|at| {
            let start = word.get(..at)?.rfind(['/', '\\', '"', '(', '<']).map_or(0, |slash| slash + 1);
            let user = word.get(start..at)?;
            (user.contains(':') && !user.to_lowercase().starts_with("mailto:")).then_some((start, at))
        });
        match hidden {
            Some((start, at)) => {
                redacted.extend([word.get(..start).unwrap_or(""), REDACTED, word.get(at..).unwrap_or("")]);
            }
            None => redacted.push_str(word),
        }
    }
    redacted
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(url: &str) -> (String, Option<(String, String)>) {
        let (bare, found) = Credentials::split(url);
        (bare, found.map(|found| (found.user, found.password)))
    }

    #[test]
    fn credentials_are_split_from_addresses() {
        let some = |user: &str, password: &str| Some((user.to_owned(), password.to_owned()));
        for (url, bare, found) in [
            ("http://joe:pw@host/feed", "http://host/feed", some("joe", "pw")),
            ("https://joe@host:81/feed?a=b@c", "https://host:81/feed?a=b@c", some("joe", "")),
            ("https://j%40e:p%3Aw@host", "https://host", some("j@e", "p:w")),
            ("https://a@b:p@ss@host/x", "https://host/x", some("a@b", "p@ss")),
            ("https://:pw@host/", "https://host/", some("", "pw")),
            ("https://@host/", "https://host/", None),
            ("http://joe:s3cret pw@host/x", "http://host/x", some("joe", "s3cret pw")),
            ("http://joe:s3/c#r?t@host/x", "http://host/x", some("joe", "s3/c#r?t")),
            ("https:///joe:p%40w@host/x", "https://host/x", some("joe", "p@w")),
            ("http://host:80/a@b", "http://host:80/a@b", None),
            ("http://[::1]:80/a@b", "http://[::1]:80/a@b", None),
            ("https://host/@joe:pw", "https://host/@joe:pw", None),
            ("mailto:joe@host", "mailto:joe@host", None),
            ("not an address", "not an address", None),
        ] {
            assert_eq!(split(url), (bare.to_owned(), found), "{url}");
        }
    }

    #[test]
    fn joined_credentials_are_split_again() {
        let credentials = Credentials { user: "jöe@x".to_owned(), password: "p:w/ ?#%".to_owned() };
        let url = credentials.join("https://host:8080/feed");
        assert_eq!(Credentials::split(&url), ("https://host:8080/feed".to_owned(), Some(credentials)));
        assert!(url::Url::parse(&url).is_ok_and(|url| url.host_str() == Some("host")));
    }

    #[test]
    fn redacting_hides_only_credentials_in_addresses() {
        assert_eq!(
            redact("http://joe:pw@host/a: moved to <https://a:b@c/>, mail joe@host"),
            "http://•••@host/a: moved to <https://•••@c/>, mail joe@host"
        );
        assert_eq!(redact("see http://host/ or ask @joe"), "see http://host/ or ask @joe");
        for mistyped in [
            "https://http:/joe:pw@h/x: not found",
            "http:///joe:pw@h/x",
            "http:\\\\joe:pw@h/x",
            "//joe:pw@h",
            "joe:pw@h",
            "http://joe:a pw@h/x: refused",
            "no feed is named \"joe:pw@h\"",
        ] {
            let text = redact(mistyped);
            assert!(!text.contains("pw") && !text.contains("joe") && text.contains("•••@h"), "{text}");
        }
        assert_eq!(redact("mailto:joe@h at 12:30"), "mailto:joe@h at 12:30");
    }

    #[test]
    fn debug_output_hides_credentials() {
        let credentials = Credentials { user: "joe".to_owned(), password: "pw".to_owned() };
        assert!(!format!("{credentials:?}").contains("joe"));
    }
}
