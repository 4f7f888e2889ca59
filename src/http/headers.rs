//! Response headers about time.

use std::time::Duration;

use chrono::{DateTime, Utc};
use ureq::http::HeaderMap;

/// Returns a header as text. Some servers use encodings other than ASCII.
pub(super) fn text(headers: &HeaderMap, name: &str) -> Option<String> {
    headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
}

/// Returns the time that the document stays fresh, by `Cache-Control`, or else by `Expires`.
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
    // The clock of the server may differ from ours.
    let sent = text(headers, "date").and_then(|sent| date(&sent)).unwrap_or(now);
    (expires - sent).to_std().ok()
}

/// Returns `Retry-After`, in seconds or as a date. Returns `None` for other values.
pub(super) fn retry_after(headers: &HeaderMap, now: DateTime<Utc>) -> Option<Duration> {
    let value = text(headers, "retry-after")?;
    if let Ok(seconds) = value.trim().parse() {
        return Some(Duration::from_secs(seconds));
    }
    Some((date(&value)? - now).to_std().unwrap_or_default())
}

/// Parses an HTTP date, which is a form of the mail date.
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
