//! Checks addresses before they are opened or fetched.

use percent_encoding::percent_decode_str;
use url::Url;

use crate::text::{clean, is_clean};

/// The longest address that is opened, fetched or subscribed to, in bytes.
pub const MAX_ADDRESS_BYTES: usize = 4096;

/// The number of characters of a host that a message shows.
const MAX_HOST_CHARS: usize = 40;

/// The fields that a `mailto` address may have. Some mail programs attach a file that another field names.
const MAIL_FIELDS: [&str; 5] = ["to", "cc", "bcc", "subject", "body"];

/// The number of times that a mail address may be percent-encoded, as some programs decode more than once.
const MAX_DECODINGS: usize = 3;

/// An address that may be opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    address: String,
    target: String,
}

/// Why an address is not opened.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LinkError {
    /// The scheme is not allowed.
    #[error("Only http, https and mailto addresses are opened")]
    Scheme,
    /// The address is invalid, or browsers disagree about it.
    #[error("Not opened: the address is malformed")]
    Malformed,
    /// The user name may look like the host.
    #[error("Not opened: a user name disguises the host {0}")]
    UserName(String),
    /// The address is too long to be shown completely.
    #[error("Not opened: the address of {0} is longer than {MAX_ADDRESS_BYTES} bytes")]
    TooLong(String),
    /// A mail program may take a field for an attachment or an option.
    #[error("Not opened: the mail link has quotes or unusual fields")]
    Mail,
}

impl Link {
    /// Checks an address from an article.
    ///
    /// # Errors
    ///
    /// Returns the reason why the address may not be opened.
    pub fn parse(address: &str) -> Result<Link, LinkError> {
        let scheme = address.split_once(':').map_or("", |(scheme, _)| scheme).to_ascii_lowercase();
        if !matches!(scheme.as_str(), "http" | "https" | "mailto") {
            return Err(LinkError::Scheme);
        }
        if !is_clean(address)
            || address.chars().any(|c| c.is_whitespace() || c.is_control() || "\"<>\\^`{|}".contains(c))
        {
            return Err(LinkError::Malformed);
        }
        if scheme == "mailto" {
            return mail(address);
        }
        let url = Url::parse(address).map_err(|_| LinkError::Malformed)?;
        let host = shown_host(url.host_str().ok_or(LinkError::Malformed)?);
        if has_user_name(&url) {
            return Err(LinkError::UserName(host));
        }
        // The normalized form has the same host for all programs.
        let whole = url.to_string();
        if address.len().max(whole.len()) > MAX_ADDRESS_BYTES {
            return Err(LinkError::TooLong(host));
        }
        Ok(Link { address: whole, target: host })
    }

    /// Returns the address, percent-encoded.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Returns the host, or the recipients of mail, shortened at the front.
    pub fn target(&self) -> &str {
        &self.target
    }
}

/// Returns whether an address has a user name or a password.
fn has_user_name(url: &Url) -> bool {
    !url.username().is_empty() || url.password().is_some()
}

/// Returns a web address without its user name and password; `None` if it has none. Splits it like browsers do.
pub fn without_user_name(address: &str) -> Option<String> {
    let mut url = Url::parse(address).ok().filter(|url| matches!(url.scheme(), "http" | "https" | "ftp"))?;
    if !has_user_name(&url) {
        return None;
    }
    url.set_username("").and_then(|()| url.set_password(None)).ok()?;
    Some(url.into())
}

/// Returns whether a text is empty or a list of mail addresses, none of which a program could take for an option or for
/// another field.
fn are_recipients(text: &str) -> bool {
    let is_recipient = |one: &str| {
        one.contains('@') && !one.starts_with('-') && !one.contains(|sign: char| sign == '=' || sign.is_whitespace())
    };
    text.is_empty() || text.split(',').map(str::trim).all(is_recipient)
}

fn mail(address: &str) -> Result<Link, LinkError> {
    let rest = address.split_once(':').map_or("", |(_, rest)| rest);
    let (to, fields) = rest.split_once('?').unwrap_or((rest, ""));
    if address.len() > MAX_ADDRESS_BYTES {
        return Err(LinkError::TooLong(shown_host(&clean(to))));
    }
    // In some programs, `;` and a second `?` also start a field.
    let named = fields.split(['&', ';', '?']).filter(|field| !field.is_empty());
    let named = named.map(|field| field.split_once('=').unwrap_or((field, "")));
    let is_safe = std::iter::once(("to", to)).chain(named).all(|(name, value)| {
        let name = name.to_ascii_lowercase();
        let is_list = matches!(name.as_str(), "to" | "cc" | "bcc");
        MAIL_FIELDS.contains(&name.as_str())
            && (is_list || !value.contains(','))
            && decoded(value).is_some_and(|text| is_plain(&text, name == "body") && (!is_list || are_recipients(&text)))
    });
    if !is_safe {
        return Err(LinkError::Mail);
    }
    let to = percent_decode_str(to).decode_utf8_lossy();
    Ok(Link { address: address.to_owned(), target: shown_host(&clean(&to)) })
}

/// Returns a value without its percent-encoding; `None` if it is encoded too many times.
fn decoded(value: &str) -> Option<String> {
    let mut text = value.to_owned();
    for _ in 0..MAX_DECODINGS {
        let next = percent_decode_str(&text).decode_utf8().ok()?.into_owned();
        if next == text {
            return Some(text);
        }
        text = next;
    }
    None
}

/// Returns whether a decoded value cannot end an argument of another program. Only the text of a mail may have line
/// ends.
fn is_plain(text: &str, is_body: bool) -> bool {
    let is_end = |c: char| is_body && matches!(c, '\r' | '\n' | '\t');
    text.chars().all(|c| is_end(c) || !(c.is_control() || matches!(c, '\'' | '"' | '`' | '\\')))
}

/// Shortens a host at the front, because its end identifies the owner.
fn shown_host(host: &str) -> String {
    let surplus = host.chars().count().saturating_sub(MAX_HOST_CHARS);
    if surplus == 0 {
        return host.to_owned();
    }
    std::iter::once('…').chain(host.chars().skip(surplus + 1)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn opened_addresses_name_their_host() {
        let long = format!("https://www.mybank.example.{}.evil.example/login", "a".repeat(60));
        for (address, target, opened) in [
            ("https://example.org/a?attach=c#d", "example.org", "https://example.org/a?attach=c#d"),
            ("HTTP://example.org", "example.org", "http://example.org/"),
            ("https://%65vil.example/ä", "evil.example", "https://evil.example/%C3%A4"),
            ("https://аpple.example/", "xn--pple-43d.example", "https://xn--pple-43d.example/"),
            ("https:example.org:8080/@b", "example.org", "https://example.org:8080/@b"),
            (&long, "…aaaaaaaaaaaaaaaaaaaaaaaaaa.evil.example", &long),
            ("mailto:desk@example.org?subject=attach", "desk@example.org", "mailto:desk@example.org?subject=attach"),
        ] {
            let link = Link::parse(address).unwrap();
            assert_eq!((link.target(), link.address()), (target, opened), "{address}");
        }
    }

    #[test]
    fn opened_addresses_have_no_user_name_and_no_more_than_4_kib() {
        let padded = format!("https://www.mybank.example:{}@evil.example/login", "0".repeat(5000));
        for address in [
            padded.as_str(),
            "https://mybank.example@evil.example/",
            "https:/mybank.example@evil.example/",
            "https:mybank.example@evil.example/",
            "https:///mybank.example@evil.example/",
            "https://:pw@evil.example/",
            "http://mybank.example%2Flogin@evil.example/",
        ] {
            assert_eq!(Link::parse(address), Err(LinkError::UserName("evil.example".to_owned())), "{address}");
        }
        let of_length = |length: usize| format!("https://a.example/{}", "x".repeat(length - 18));
        assert!(Link::parse(&of_length(MAX_ADDRESS_BYTES)).is_ok());
        assert_eq!(Link::parse(&of_length(MAX_ADDRESS_BYTES + 1)), Err(LinkError::TooLong("a.example".to_owned())));
        // Each of these letters takes six bytes when it is encoded.
        let encoded = format!("https://a.example/{}", "ä".repeat(1000));
        assert_eq!(Link::parse(&encoded), Err(LinkError::TooLong("a.example".to_owned())));
    }

    #[test]
    fn opened_addresses_are_of_the_web_or_mail() {
        for address in ["file:///etc/passwd", "javascript:alert(1)", "example.org", "", "--help", "ftp://example.org/"]
        {
            assert_eq!(Link::parse(address), Err(LinkError::Scheme), "{address}");
        }
        for address in [
            "https://example.org/ --new-window",
            "https://example.org/\n",
            "https://example.org/\"&calc",
            "https://example.org/\u{202e}gpj.exe",
            "https://bank.example\\@evil.example/",
            "https://",
        ] {
            assert_eq!(Link::parse(address), Err(LinkError::Malformed), "{address}");
        }
    }

    #[test]
    fn mail_addresses_name_recipients_subject_and_text_only() {
        for address in [
            "mailto:a@example.org,b@example.org?cc=c@example.org,d@example.org&Subject=Hello%2C%20world",
            "mailto:?to=a@example.org&body=Dear%20desk,".trim_end_matches(','),
            "mailto:a@example.org?body=one%0D%0Atwo",
        ] {
            assert!(Link::parse(address).is_ok(), "{address}");
        }
        for address in [
            "mailto:desk@example.org?subject=x,attachment=/home/u/.ssh/id_rsa",
            "mailto:x%27,attachment=%27/home/u/.ssh/id_rsa",
            "mailto:x',attachment='/home/u/.ssh/id_rsa",
            "mailto:x%2527,attachment=%2527/home/u/.ssh/id_rsa",
            "mailto:x%252527",
            "mailto:x%22",
            "mailto:x%5c",
            "mailto:a@example.org%0Abcc:b@example.org",
            "mailto:a@example.org?subject=a%0D%0Abcc:b@example.org",
            "mailto:a@example.org?cc=%27",
            "mailto:desk@example.org?attach=/etc/passwd",
            "MAILTO:desk@example.org?subject=x&%41ttachment=/etc/passwd",
            "mailto:a@example.org?subject=b&attach=/etc/passwd",
            "mailto:a@example.org?subject=b;attach=/etc/passwd",
            "mailto:a@example.org?subject=b&amp;attach=/etc/passwd",
            "mailto:a@example.org?from=b@example.org",
            "mailto:a@example.org?body=%ff",
            "mailto:a@example.org,attachment=/etc/passwd",
            "mailto:--attach=/etc/passwd",
            "mailto:a%20--attach%20/etc/passwd@example.org",
        ] {
            assert_eq!(Link::parse(address), Err(LinkError::Mail), "{address}");
        }
    }

    #[test]
    fn user_names_are_found_as_browsers_find_them() {
        for address in
            ["https://a@b.example/c", "https:/a@b.example/c", "HTTPS:a:p@b.example/c", "https:\\\\a@b.example/c"]
        {
            assert_eq!(without_user_name(address).as_deref(), Some("https://b.example/c"), "{address}");
        }
        for address in ["https://b.example/@a", "mailto:a@b.example", "a@b", "https://b.example/?q=a@b"] {
            assert_eq!(without_user_name(address), None, "{address}");
        }
    }
}
