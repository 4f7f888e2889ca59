//! Addresses of the web: relative ones made whole, and those that nobody should follow told apart.

use std::borrow::Cow;

use oxiri::{Iri, IriRef};

/// What a link in a text may lead to. Everything else (`javascript:`, `data:`, `file:` and what is yet to be thought
/// of) is no link.
const HARMLESS: &[&str] = &[
    "http", "https", "mailto", "ftp", "ftps", "sftp", "news", "nntp", "tel", "sms", "geo", "magnet", "gopher",
    "gemini", "feed", "irc", "ircs", "xmpp", "sip", "sips", "webcal", "callto",
];

/// An address as browsers take it: without the white space around it, and without line ends and tabs in it.
pub(super) fn tidy(address: &str) -> Cow<'_, str> {
    let address = address.trim_matches(|c: char| c.is_whitespace() || c.is_control());
    if address.contains(['\n', '\r', '\t']) {
        Cow::Owned(address.replace(['\n', '\r', '\t'], ""))
    } else {
        Cow::Borrowed(address)
    }
}

/// The scheme of a whole address, in the case in which it is written.
pub(super) fn scheme(address: &str) -> Option<&str> {
    let (scheme, _) = address.split_once(':')?;
    let mut letters = scheme.chars();
    let is_scheme = letters.next().is_some_and(|c| c.is_ascii_alphabetic())
        && letters.all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'));
    is_scheme.then_some(scheme)
}

/// Whether an address, whole or relative, may be given to a reader as a link.
pub(super) fn is_harmless(address: &str) -> bool {
    match scheme(address) {
        Some(scheme) => HARMLESS.iter().any(|known| scheme.eq_ignore_ascii_case(known)),
        // `java\0script:` and the like: what stands before a colon in front of any slash, and is no scheme.
        None => !address.split(['/', '?', '#']).next().unwrap_or("").contains(|c: char| c.is_control() || c == '&'),
    }
}

/// Query parameters that track visitors and do not affect the page.
const TRACKING: &[&str] = &[
    "_hsenc",
    "_hsmi",
    "dclid",
    "fbclid",
    "gad_source",
    "gbraid",
    "gclid",
    "gclsrc",
    "igsh",
    "igshid",
    "li_fat_id",
    "mc_cid",
    "mc_eid",
    "mkt_tok",
    "msclkid",
    "oly_anon_id",
    "oly_enc_id",
    "ttclid",
    "twclid",
    "vero_id",
    "wbraid",
    "wt.mc_id",
    "yclid",
];

/// Prefixes of more such parameters: Google Analytics, Matomo, AT Internet.
const TRACKING_PREFIXES: &[&str] = &["utm_", "mtm_", "pk_", "piwik_", "at_campaign", "at_custom", "at_medium"];

/// Returns the canonical form of a web address: `https` instead of `http`, and no tracking parameters. The rest, and
/// any other address, stays unchanged.
pub fn canonical(address: &str) -> Cow<'_, str> {
    let rest = ["http:", "https:"].iter().find_map(|scheme| {
        let start = address.get(..scheme.len())?;
        start.eq_ignore_ascii_case(scheme).then(|| address.get(scheme.len()..))?
    });
    let Some(rest) = rest.filter(|rest| rest.starts_with("//")) else { return Cow::Borrowed(address) };
    let (before, fragment) = rest.split_at(rest.find('#').unwrap_or(rest.len()));
    let (path, query) = before.split_once('?').map_or((before, None), |(path, query)| (path, Some(query)));
    let is_tracking = |parameter: &str| {
        let name = parameter.split('=').next().unwrap_or("").to_ascii_lowercase();
        TRACKING.contains(&name.as_str()) || TRACKING_PREFIXES.iter().any(|prefix| name.starts_with(prefix))
    };
    let tracks = query.is_some_and(|query| query.split('&').any(is_tracking));
    if !tracks {
        return if address.starts_with("https:") {
            Cow::Borrowed(address)
        } else {
            Cow::Owned(format!("https:{rest}"))
        };
    }
    let left: Vec<&str> = query.unwrap_or("").split('&').filter(|parameter| !is_tracking(parameter)).collect();
    let mark = if left.is_empty() { "" } else { "?" };
    Cow::Owned(format!("https:{path}{mark}{}{fragment}", left.join("&")))
}

/// `reference` as seen from `base`, by RFC 3986 and its extension to all of Unicode, RFC 3987. A whole address stays
/// as it is written, and so does everything where the base is none.
pub(super) fn resolve(base: Option<&str>, reference: &str) -> String {
    let reference = tidy(reference);
    let Some(base) = base.filter(|_| scheme(&reference).is_none()) else { return reference.into_owned() };
    let joined = Iri::parse(tidy(base).as_ref()).ok().and_then(|base| {
        let reference = IriRef::parse(encoded(&reference)).ok()?;
        base.resolve(&reference).ok()
    });
    joined.map_or_else(|| reference.into_owned(), Iri::into_inner)
}

/// Characters that no address may hold, as their bytes in hexadecimal digits.
fn encoded(address: &str) -> String {
    let mut whole = String::with_capacity(address.len());
    for c in address.chars() {
        match c {
            ' ' | '"' | '<' | '>' | '\\' | '^' | '`' | '{' | '|' | '}' | '\0'..='\u{1f}' | '\u{7f}' => {
                whole.push_str(&format!("%{:02X}", u32::from(c)));
            }
            c => whole.push(c),
        }
    }
    whole
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn relative_addresses_are_made_whole_and_others_left_alone() {
        let base = Some("http://example.org/news/today/");
        for (reference, whole) in [
            ("a.html", "http://example.org/news/today/a.html"),
            ("../b", "http://example.org/news/b"),
            ("/c?d=1", "http://example.org/c?d=1"),
            ("//other.example/e", "http://other.example/e"),
            ("HTTP://example.org/%7Ef", "HTTP://example.org/%7Ef"),
            ("mailto:desk@example.org", "mailto:desk@example.org"),
            (" with space ", "http://example.org/news/today/with%20space"),
            ("é", "http://example.org/news/today/é"),
        ] {
            assert_eq!(resolve(base, reference), whole);
        }
        assert_eq!(resolve(None, "a.html"), "a.html");
        assert_eq!(resolve(Some("no base"), "a.html"), "a.html");
        assert_eq!(resolve(base, "[odd]:%"), "[odd]:%");
    }

    #[test]
    fn canonical_addresses_ignore_scheme_and_tracking() {
        for (address, same) in [
            ("https://a.example/b", "https://a.example/b"),
            ("http://a.example/b?id=1", "https://a.example/b?id=1"),
            ("HTTP://a.example/b#c", "https://a.example/b#c"),
            ("https://a.example/b?utm_source=rss&utm_medium=feed", "https://a.example/b"),
            ("https://a.example/b?id=1&UTM_Source=rss&p=2&fbclid=x#top", "https://a.example/b?id=1&p=2#top"),
            ("https://a.example/?utm=1&gclidx=2", "https://a.example/?utm=1&gclidx=2"),
            ("tag:a.example,2020:?utm_source=rss", "tag:a.example,2020:?utm_source=rss"),
            ("http:b", "http:b"),
            ("héé", "héé"),
            ("", ""),
        ] {
            assert_eq!(canonical(address), same);
        }
    }

    #[test]
    fn only_links_that_cannot_run_anything_are_harmless() {
        for good in ["http://a", "HTTPS://a", "mailto:a@b", "a/b", "#c", "?q=x:y", "a b"] {
            assert!(is_harmless(&tidy(good)), "{good}");
        }
        for bad in ["javascript:x", " Java\nScript:x", "data:text/html,x", "file:///etc/passwd", "vbscript:x", "x-y:z"]
        {
            assert!(!is_harmless(&tidy(bad)), "{bad}");
        }
    }
}
