//! What servers send: feeds, the HTML in them, and pages.

use newsdesk::formats::{
    FORMATS, Feed, FeedEntry, FeedMeta, FeedOptions, FeedText, FileHint, ParsedFile, feed_articles, feeds_of_page,
    page_article, parse_feed, resolve_entities,
};

use super::formats::{article_of, assert_kept, assert_shown};

const BASE: &str = "https://example.org/a/b";

/// A feed, as a file and as a server sends it.
pub(super) fn file(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    let format = FORMATS.iter().find(|format| format.name() == "feed").expect("the format is there");
    let mut reading = ParsedFile { format: "feed", ..ParsedFile::default() };
    format.detect(&FileHint { file_name: "x.rss" }, &text);
    format.parse(&FileHint { file_name: "x.rss" }, &text, &mut reading);
    assert_kept(&reading);
    for content_type in [None, Some("text/xml; charset=utf-16")] {
        let Ok(feed) = parse_feed(input, &FeedOptions { base: Some(BASE), content_type }) else { continue };
        assert_harmless_feed(&feed);
        feed.pause(1_700_000_000);
        let mut warnings = Vec::new();
        let articles = feed_articles(&feed, &mut warnings).unwrap_or_default();
        assert!(articles.len() <= feed.entries.len());
        for article in &articles {
            assert!(article.keys.iter().all(|key| !key.text.trim().is_empty()), "an entry has an empty key");
            assert_shown(&article_of(&article.draft));
            // This is how the library keeps it.
            let kept = serde_json::to_string(&article.draft).expect("a draft can be kept");
            let back: newsdesk::article::Draft<'_> = serde_json::from_str(&kept).expect("and comes back");
            assert_eq!(back, article.draft);
        }
    }
}

/// HTML in a feed, at once as content, as a title and as a summary.
pub(super) fn html(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    resolve_entities(&text);
    let item = serde_json::json!({ "id": "1", "title": text, "content_html": text, "summary": text, "url": text });
    let json = serde_json::json!({ "version": "https://jsonfeed.org/version/1.1", "title": text, "items": [item] });
    let json = json.to_string();
    let feed = parse_feed(json.as_bytes(), &FeedOptions { base: Some(BASE), content_type: None }).expect("a feed");
    assert_eq!(feed.entries.len(), 1);
    assert_harmless_feed(&feed);
    // What was made harmless once stays as it is.
    for content in feed.entries.iter().flat_map(|entry| &entry.content) {
        let item = serde_json::json!({ "id": "1", "content_html": content.value });
        let json = serde_json::json!({ "version": "https://jsonfeed.org/version/1.1", "items": [item] }).to_string();
        let again = parse_feed(json.as_bytes(), &FeedOptions::default()).expect("a feed");
        let again = again.entries.iter().flat_map(|entry| &entry.content).next();
        // A carriage return that a reference stands for is a line end when it is read again.
        let ends = |value: &str| value.replace("\r\n", "\n").replace('\r', "\n").trim().to_owned();
        assert_eq!(
            again.map_or_else(String::new, |again| ends(&again.value)),
            ends(&content.value),
            "cleaned once more"
        );
    }
    for article in feed_articles(&feed, &mut Vec::new()).unwrap_or_default() {
        assert_shown(&article_of(&article.draft));
    }
}

/// A page: its text, and the feeds that it names.
pub(super) fn page(input: &[u8]) {
    for feed in feeds_of_page(input, None, BASE) {
        assert!(feed.url.starts_with("http://") || feed.url.starts_with("https://"), "{feed:?}");
    }
    if let Some(draft) = page_article(input, Some("text/html; charset=utf-8"), BASE) {
        assert_shown(&article_of(&draft));
    }
}

fn assert_harmless_feed(feed: &Feed) {
    assert_harmless_head(&feed.head);
    feed.description.iter().chain(&feed.info).for_each(assert_harmless);
    for entry in &feed.entries {
        assert_harmless_entry(entry);
    }
}

fn assert_harmless_entry(entry: &FeedEntry) {
    assert_harmless_head(&entry.head);
    entry.summary.iter().chain(&entry.subtitle).chain(&entry.content).for_each(assert_harmless);
    if let Some(source) = &entry.source {
        assert_harmless_feed(source);
    }
}

fn assert_harmless_head(head: &FeedMeta) {
    head.title.iter().chain(&head.rights).for_each(assert_harmless);
}

/// Nothing in a text that is called HTML runs, loads by itself, or leads where only the browser should go. Tags are
/// found here as a strict reader would find them; the cleaner writes no other.
fn assert_harmless(text: &FeedText) {
    if !text.is_html {
        return;
    }
    let mut rest = text.value.as_str();
    while let Some((_, tag)) = rest.split_once('<') {
        let (tag, after) = tag.split_once('>').unwrap_or_else(|| panic!("a tag without an end: {:?}", text.value));
        rest = after;
        let tag = tag.strip_prefix('/').unwrap_or(tag);
        let name = tag.split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or("");
        assert!(name.starts_with(|c: char| c.is_ascii_lowercase()), "<{tag}> in {:?}", text.value);
        for element in ["script", "style", "iframe", "object", "embed", "link", "meta", "base", "video", "template"] {
            assert_ne!(name, element, "in {:?}", text.value);
        }
        let mut attributes = tag.get(name.len()..).unwrap_or("");
        while let Some((before, value)) = attributes.split_once("=\"") {
            let attribute = before.trim();
            let (value, others) = value.split_once('"').unwrap_or_else(|| panic!("no end of {value:?}"));
            attributes = others;
            assert!(
                !attribute.starts_with("on") && attribute != "style" && attribute != "srcdoc",
                "{attribute} in <{tag}>"
            );
            assert!(attribute.bytes().all(|byte| byte.is_ascii_lowercase()), "{attribute:?} in <{tag}>");
            // As browsers take an address.
            let value = resolve_entities(value).replace(['\t', '\n', '\r'], "");
            let value = value.trim_start_matches(|c: char| c <= ' ');
            if matches!(attribute, "href" | "src" | "cite") {
                for scheme in ["javascript:", "vbscript:", "data:", "file:"] {
                    assert!(!value.to_ascii_lowercase().starts_with(scheme), "{value:?} in <{tag}>");
                }
            }
        }
        assert!(matches!(attributes.trim(), "" | "/"), "{attributes:?} in <{tag}>");
    }
}
