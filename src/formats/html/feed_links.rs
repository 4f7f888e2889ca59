//! Finds the feeds of a page: in `<link rel="alternate">`, as the HTML standard of the WHATWG defines it, or else in
//! links that look like feeds.

use url::Url;

use super::tokens::{HtmlToken, tokenize};
use crate::formats::budget::{Budget, MAX_ADDRESS_BYTES};
use crate::formats::encoding::decode_as;

/// Maximum number of feeds of a page.
const MAX_FEEDS: usize = 50;

/// A feed that a page links to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageFeed {
    /// The address.
    pub url: String,
    /// The title that the page gives; may be empty.
    pub title: String,
}

/// Returns the feeds that a page links to, each once, in the order of the page. `base` is the address of the page.
/// Returns an empty list if the bytes are not text.
pub fn feeds_of_page(bytes: &[u8], content_type: Option<&str>, base: &str) -> Vec<PageFeed> {
    let Ok(decoded) = decode_as(bytes, content_type) else { return Vec::new() };
    let budget = Budget::of(decoded.text().len());
    let mut base = Url::parse(base).ok();
    let (mut named, mut likely) = (Vec::new(), Vec::new());
    tokenize(decoded.text(), |token| {
        let HtmlToken::Start(element) = token else { return };
        if !matches!(element.name, "base" | "link" | "a") {
            return;
        }
        let resolved = |href: &str| {
            // Every resolved link repeats the base.
            let length = href.len() + base.as_ref().map_or(0, |base| base.as_str().len());
            if length > MAX_ADDRESS_BYTES || !budget.charge(length) {
                return None;
            }
            let url = match &base {
                Some(base) => base.join(href.trim()),
                None => Url::parse(href.trim()),
            };
            url.ok().filter(|url| matches!(url.scheme(), "http" | "https"))
        };
        let Some(url) = element.attribute("href").and_then(resolved) else { return };
        match element.name {
            "base" => base = Some(url),
            "link" if is_feed(element.attribute("rel"), element.attribute("type")) => {
                push_feed(&mut named, &url, element.attribute("title"));
            }
            "a" if looks_like_feed(&url) => push_feed(&mut likely, &url, element.attribute("title")),
            _ => {}
        }
    });
    if named.is_empty() { likely } else { named }
}

fn push_feed(feeds: &mut Vec<PageFeed>, url: &Url, title: Option<&str>) {
    if feeds.len() < MAX_FEEDS && feeds.iter().all(|feed| feed.url != url.as_str()) {
        let title = title.unwrap_or("").split_whitespace().collect::<Vec<_>>().join(" ");
        feeds.push(PageFeed { url: url.to_string(), title });
    }
}

/// Returns whether a link is declared as a feed.
fn is_feed(rel: Option<&str>, kind: Option<&str>) -> bool {
    let has_rel = |wanted: &str| rel.unwrap_or("").split_whitespace().any(|word| word.eq_ignore_ascii_case(wanted));
    let kind = kind.unwrap_or("").split(';').next().unwrap_or("").trim().to_ascii_lowercase();
    let is_of_feeds = matches!(
        kind.as_str(),
        "application/rss+xml" | "application/atom+xml" | "application/rdf+xml" | "application/feed+json"
    );
    let may_be = matches!(kind.as_str(), "application/json" | "application/xml" | "text/xml" | "");
    (has_rel("alternate") && is_of_feeds) || (has_rel("feed") && (is_of_feeds || may_be))
}

/// Returns whether an address looks like that of a feed.
fn looks_like_feed(url: &Url) -> bool {
    let last = url.path_segments().and_then(|mut all| all.rfind(|part| !part.is_empty())).unwrap_or("");
    let last = last.to_ascii_lowercase();
    [".rss", ".atom", ".rdf", "rss.xml", "feed.xml", "atom.xml", "index.xml", "feed.json"]
        .iter()
        .any(|end| last.ends_with(end))
        || matches!(last.as_str(), "rss" | "feed" | "atom")
        || url.query_pairs().any(|(name, _)| name == "feed")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(page: &str) -> Vec<String> {
        feeds_of_page(page.as_bytes(), None, "https://example.org/a/page.html")
            .into_iter()
            .map(|feed| feed.url)
            .collect()
    }

    #[test]
    fn links_to_feeds_are_found_as_pages_write_them() {
        let page = r#"<HTML><HEAD><BASE href="/b/"><LINK REL="Alternate stylesheet" TYPE="application/rss+xml; charset=utf-8"
            HREF="x.rss" TITLE=" News
            of the day"><link rel=alternate type="text/html" href="/en"><link rel="feed" href="y"><link rel="alternate"
            type="application/atom+xml" href="https://other.example/atom"><link rel="alternate" type="application/rss+xml"
            href="x.rss"></HEAD><a href="/rss">RSS</a>"#;
        let urls = ["https://example.org/b/x.rss", "https://example.org/b/y", "https://other.example/atom"];
        assert_eq!(found(page), urls);
        assert_eq!(feeds_of_page(page.as_bytes(), None, "https://example.org/")[0].title, "News of the day");
    }

    #[test]
    fn pages_without_feed_links_may_link_to_feeds_in_the_text() {
        let page =
            r#"<p><a href="/about">a</a> <a href="feed/">b</a> <a href="/?feed=rss2">c</a> <a href="/news.rss">d</a>"#;
        let urls = ["https://example.org/a/feed/", "https://example.org/?feed=rss2", "https://example.org/news.rss"];
        assert_eq!(found(page), urls);
    }

    #[test]
    fn feed_links_lead_only_to_the_web() {
        let page = r#"<link rel=alternate type="application/rss+xml" href="file:///etc/passwd">
            <link rel=alternate type="application/rss+xml" href="javascript:alert(1)"><link rel=alternate type="application/rss+xml">"#;
        assert_eq!(found(page), [""; 0]);
    }
}
