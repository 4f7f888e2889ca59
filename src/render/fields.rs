//! Addresses, places, marks and enclosures as text, the same in every format.

use std::borrow::Cow;

use crate::article::Enclosure;
use crate::corpus::{ArticleRef, Origin};
use crate::marks::ArticleMarks;
use crate::subscriptions::{redact, without_user_name};
use crate::text::format::bytes_in_words;
use crate::text::{SafeText, clean, is_clean};

/// Returns an address with credentials hidden. All addresses of feeds, articles and links are printed through this.
pub fn shown_address(address: &str) -> Cow<'_, str> {
    // Only an address with an `@` can contain a user name.
    let redacted = if address.contains('@') { Cow::Owned(hidden_user(address)) } else { Cow::Borrowed(address) };
    if is_clean(&redacted) && !redacted.contains('\n') {
        return redacted;
    }
    Cow::Owned(clean(&redacted.replace('\n', "␊")).into_owned())
}

/// Hides the user name in an address, including forms that only browsers accept: `https:/mybank.example@evil.example`.
fn hidden_user(address: &str) -> String {
    let redacted = redact(address);
    match without_user_name(address) {
        Some(bare) if !redacted.contains("://•••@") => bare.replacen("://", "://•••@", 1),
        _ => redacted,
    }
}

/// Returns the path of an article: its file or, for an entry of a feed, the address of the feed.
pub fn shown_path(entry: ArticleRef<'_>) -> String {
    shown_address(&entry.path().to_string_lossy()).into_owned()
}

/// Returns the location of an article for a reader: its file or, for an entry of a feed, its link.
pub fn shown_place(entry: ArticleRef<'_>) -> String {
    let link = entry.url().filter(|_| entry.origin() == Origin::Feed);
    link.map_or_else(|| shown_path(entry), |link| shown_address(&link).into_owned())
}

/// Returns the marks of an article on one line; empty if it has none.
pub(super) fn marks_line(marked: &ArticleMarks) -> String {
    let tags: Vec<String> = marked.tags().iter().map(|tag| format!("#{tag}")).collect();
    let (starred, read) = (marked.is_starred().then_some("starred"), marked.is_read().then_some("read"));
    let tags = Some(tags.join(" ")).filter(|tags| !tags.is_empty());
    [starred, read].into_iter().flatten().map(str::to_owned).chain(tags).collect::<Vec<_>>().join(" · ")
}

/// Returns type, size and duration of an enclosure, if they are known: `audio/mpeg, 12 MiB, 1:02:03`.
pub fn enclosure_details(enclosure: &Enclosure<SafeText>) -> String {
    let media_type = Some(enclosure.media_type.to_string()).filter(|media_type| !media_type.is_empty());
    let duration = enclosure.duration.map(|seconds| {
        let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
        if hours > 0 { format!("{hours}:{minutes:02}:{seconds:02}") } else { format!("{minutes}:{seconds:02}") }
    });
    [media_type, enclosure.size.map(bytes_in_words), duration].into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// Returns the details of the enclosure at `address` in parentheses, after a space; empty if it has none.
pub(super) fn link_details(enclosures: &[Enclosure<SafeText>], address: &str) -> String {
    let details = enclosures.iter().find(|enclosure| *enclosure.url == *address).map(enclosure_details);
    details.filter(|details| !details.is_empty()).map_or_else(String::new, |details| format!(" ({details})"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shown_addresses_hide_every_user_name() {
        for (address, shown) in [
            ("https://mybank.example@evil.example/", "https://•••@evil.example/"),
            ("https:/mybank.example@evil.example/", "https://•••@evil.example/"),
            ("https:mybank.example@evil.example/", "https://•••@evil.example/"),
            ("https:\\\\mybank.example@evil.example/", "https://•••@evil.example/"),
            ("https:///mybank.example%2F@evil.example/", "https://•••@evil.example/"),
            ("https://example.org/@a?b@c", "https://example.org/@a?b@c"),
            ("mailto:a@example.org", "mailto:a@example.org"),
        ] {
            assert_eq!(shown_address(address), shown, "{address}");
        }
    }

    #[test]
    fn enclosure_details_name_type_size_and_duration() {
        let enclosure = |size, duration| Enclosure {
            url: SafeText::new("a"),
            media_type: SafeText::new("audio/mpeg"),
            size,
            duration,
        };
        assert_eq!(enclosure_details(&enclosure(Some(12 << 20), Some(3723))), "audio/mpeg, 12 MiB, 1:02:03");
        assert_eq!(enclosure_details(&enclosure(None, Some(61))), "audio/mpeg, 1:01");
    }
}
