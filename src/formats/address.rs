//! Web addresses: resolves relative ones, checks schemes, and normalizes.

use std::borrow::Cow;
use std::sync::Arc;

use oxiri::{Iri, IriRef};

use super::budget::{Budget, MAX_ADDRESS_BYTES};

/// The schemes that links may have. Links with others (`javascript:`, `data:`, `file:` and so on) are dropped.
const ALLOWED_SCHEMES: &[&str] = &[
    "http", "https", "mailto", "ftp", "ftps", "sftp", "news", "nntp", "tel", "sms", "geo", "magnet", "gopher",
    "gemini", "feed", "irc", "ircs", "xmpp", "sip", "sips", "webcal", "callto",
];

/// Trims an address as browsers do: white space around it, and line ends and tabs in it.
pub(super) fn trim_url(address: &str) -> Cow<'_, str> {
    let address = address.trim_matches(|c: char| c.is_whitespace() || c.is_control());
    if address.contains(['\n', '\r', '\t']) {
        Cow::Owned(address.replace(['\n', '\r', '\t'], ""))
    } else {
        Cow::Borrowed(address)
    }
}

/// Returns the scheme of an absolute address, as written.
pub(super) fn scheme(address: &str) -> Option<&str> {
    let (scheme, _) = address.split_once(':')?;
    let mut letters = scheme.chars();
    let is_scheme = letters.next().is_some_and(|c| c.is_ascii_alphabetic())
        && letters.all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'));
    is_scheme.then_some(scheme)
}

/// Returns whether an absolute address has an allowed scheme. Relative addresses are allowed.
pub(super) fn is_allowed_scheme(address: &str) -> bool {
    match scheme(address) {
        Some(scheme) => ALLOWED_SCHEMES.iter().any(|known| scheme.eq_ignore_ascii_case(known)),
        // A control character before the first slash, as in `java\0script:`, may hide a scheme.
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

/// A base address for relative ones: parsed, and at most 4 KiB long.
#[derive(Clone, Debug)]
pub(super) struct Base(Iri<Arc<str>>);

impl Base {
    /// Reads a base address. Returns `None` if it is relative, broken or too long; the budget counts long ones.
    pub(super) fn of(address: &str, budget: &Budget) -> Option<Base> {
        let address = trim_url(address);
        if !budget.allows_address(&address) || !budget.charge(address.len()) {
            return None;
        }
        Iri::parse(Arc::from(&*address)).ok().map(Base)
    }

    /// Resolves the new base address `address` against the current base `outer`. Returns `outer` if the result is too
    /// long.
    pub(super) fn within(outer: Option<Base>, address: &str, budget: &Budget) -> Option<Base> {
        match resolve(outer.as_ref(), address, budget) {
            Some(whole) => Base::of(&whole, budget),
            None => outer,
        }
    }

    pub(super) fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

/// Resolves `reference` against `base`, by RFC 3986 and its extension to all of Unicode, RFC 3987. An absolute address
/// stays as written, and so does every address without a base. Returns `None` if the result is longer than 4 KiB or
/// exceeds the budget.
pub(super) fn resolve(base: Option<&Base>, reference: &str, budget: &Budget) -> Option<String> {
    let reference = trim_url(reference);
    // Pictures are often embedded as `data:` addresses; those are not counted as mistakes.
    let is_data =
        reference.len() > MAX_ADDRESS_BYTES && scheme(&reference).is_some_and(|s| s.eq_ignore_ascii_case("data"));
    if is_data || !budget.allows_address(&reference) {
        return None;
    }
    // The result is at most as long as both, with every character of the reference percent-encoded.
    let base = base.filter(|_| scheme(&reference).is_none());
    let most = 3 * reference.len() + base.map_or(0, |base| base.as_str().len());
    if !budget.has(most) {
        let _ = budget.charge(most);
        return None;
    }
    let joined = base.and_then(|Base(base)| {
        let reference = IriRef::parse(percent_encode(&reference)).ok()?;
        base.resolve(&reference).ok()
    });
    let whole = joined.map_or_else(|| reference.into_owned(), Iri::into_inner);
    (budget.allows_address(&whole) && budget.charge(whole.len())).then_some(whole)
}

/// Percent-encodes the characters that no address may contain.
fn percent_encode(address: &str) -> String {
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
    fn relative_addresses_are_resolved_and_others_unchanged() {
        let budget = Budget::default();
        let base = Base::of("http://example.org/news/today/", &budget);
        let resolve = |base: &Option<Base>, reference: &str| resolve(base.as_ref(), reference, &budget).unwrap();
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
            assert_eq!(resolve(&base, reference), whole);
        }
        assert_eq!(resolve(&None, "a.html"), "a.html");
        assert!(Base::of("no base", &budget).is_none());
        assert_eq!(resolve(&base, "[odd]:%"), "[odd]:%");
    }

    #[test]
    fn addresses_beyond_4_kib_are_left_out_and_counted() {
        let budget = Budget::default();
        let long = "a".repeat(4_090);
        assert!(Base::of(&format!("https://example.org/{long}"), &budget).is_none());
        let base = Base::of("https://example.org/b/", &budget);
        assert_eq!(resolve(base.as_ref(), &long, &budget), None);
        assert_eq!(resolve(base.as_ref(), &"a".repeat(1 << 20), &budget), None);
        let kept = Base::within(base, &long, &budget);
        assert_eq!(kept.as_ref().map(Base::as_str), Some("https://example.org/b/"));
        assert_eq!(budget.warnings().next().unwrap().cause, "4 addresses have more than 4 KiB");
    }

    #[test]
    fn resolved_addresses_are_charged() {
        let budget = Budget::of(0);
        let base = Base::of(&format!("https://example.org/{}/", "a".repeat(4_000)), &budget);
        let resolved = (0..10_000).filter(|_| resolve(base.as_ref(), "b", &budget).is_some()).count();
        assert!((4_000..4_200).contains(&resolved), "{resolved}");
        assert!(budget.check().is_err());
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
    fn links_that_run_code_are_not_allowed() {
        for good in ["http://a", "HTTPS://a", "mailto:a@b", "a/b", "#c", "?q=x:y", "a b"] {
            assert!(is_allowed_scheme(&trim_url(good)), "{good}");
        }
        for bad in ["javascript:x", " Java\nScript:x", "data:text/html,x", "file:///etc/passwd", "vbscript:x", "x-y:z"]
        {
            assert!(!is_allowed_scheme(&trim_url(bad)), "{bad}");
        }
    }
}
