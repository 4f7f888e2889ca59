//! What the headers of an answer say about time.

use std::time::Duration;

use chrono::{DateTime, Utc};
use ureq::http::HeaderMap;

/// A header as text; servers write other encodings than ASCII now and then.
pub(super) fn text(headers: &HeaderMap, name: &str) -> Option<String> {
    headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
}

/// How long the document stays fresh by its `Cache-Control`, or by its `Expires` where there is none.
pub(super) fn max_age(headers: &HeaderMap, now: DateTime<Utc>) -> Option<Duration> {
    let mut cached = headers.get_all("cache-control").into_iter().filter_map(|value| value.to_str().ok()).peekable();
    if cached.peek().is_some() {
        let mut directives = cached.flat_map(|value| value.split(',')).map(str::trim);
        let seconds = directives.find_map(|directive| {
            let (name, value) = directive.split_once('=')?;
            name.trim_end().eq_ignore_ascii_case("max-age").then(|| value.trim().trim_matches('"'))?.parse().ok()
        });
        return seconds.map(Duration::from_secs);
    }
    let expires = date(&text(headers, "expires")?)?;
    // Their clock may differ from ours.
    let sent = text(headers, "date").and_then(|sent| date(&sent)).unwrap_or(now);
    (expires - sent).to_std().ok()
}

/// `Retry-After`, which is given in seconds or as a date; nothing for what is neither.
pub(super) fn retry_after(headers: &HeaderMap, now: DateTime<Utc>) -> Option<Duration> {
    let value = text(headers, "retry-after")?;
    if let Ok(seconds) = value.trim().parse() {
        return Some(Duration::from_secs(seconds));
    }
    Some((date(&value)? - now).to_std().unwrap_or_default())
}

/// A date as HTTP writes it, which is a form of that of mail.
fn date(text: &str) -> Option<DateTime<Utc>> {
    DateTime::parse_from_rfc2822(text.trim()).ok().map(|date| date.to_utc())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
    }

    fn noon() -> DateTime<Utc> {
        date("Sun, 06 Nov 1994 12:00:00 GMT").unwrap()
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let wait = |value| retry_after(&headers(&[("retry-after", value)]), noon());
        assert_eq!(wait("120"), Some(Duration::from_secs(120)));
        assert_eq!(wait("Sun, 06 Nov 1994 12:01:30 GMT"), Some(Duration::from_secs(90)));
        assert_eq!(wait("Sun, 06 Nov 1994 11:00:00 GMT"), Some(Duration::ZERO));
        assert_eq!(wait("soon"), None);
        assert_eq!(wait("-5"), None);
    }

    #[test]
    fn cache_control_overrides_expires() {
        let age = |pairs: &[_]| max_age(&headers(pairs), noon());
        assert_eq!(age(&[("cache-control", "public, Max-Age=600")]), Some(Duration::from_secs(600)));
        assert_eq!(age(&[("cache-control", "no-cache"), ("expires", "Sun, 06 Nov 1994 13:00:00 GMT")]), None);
        assert_eq!(age(&[("expires", "Sun, 06 Nov 1994 12:00:05 GMT")]), Some(Duration::from_secs(5)));
        let theirs = [("expires", "Sun, 06 Nov 1994 12:00:05 GMT"), ("date", "Sun, 06 Nov 1994 12:00:00 GMT")];
        assert_eq!(age(&theirs), Some(Duration::from_secs(5)));
        assert_eq!(age(&[("expires", "0")]), None);
        assert_eq!(age(&[]), None);
    }
}
