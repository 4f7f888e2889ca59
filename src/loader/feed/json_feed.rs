//! JSON Feed, versions 1 and 1.1 (<https://www.jsonfeed.org/version/1.1/>). What has another type than it should is
//! taken for what it says where that is plain, and left out where it is not.

use serde_json::Value;

use super::date;
use super::model::{Feed, FeedCategory, FeedEntry, FeedHead, FeedImage, FeedLink, FeedPerson, FeedVersion};
use super::text;
use crate::loader::{Flaw, Refusal, address};

/// Whether a text may be a JSON Feed: its version stands near the front, or its entries do.
pub(super) fn is_likely(text: &str) -> bool {
    let text = text.trim_start();
    text.starts_with('{') && text.contains("jsonfeed.org/version")
}

/// Reads a JSON Feed.
pub(super) fn read(text: &str, base: Option<&str>) -> Result<Feed, Refusal> {
    // A half of a surrogate pair stands for nothing, and is no reason to give up all the rest.
    let mut flaws = Vec::new();
    let value: Value = match serde_json::from_str(text) {
        Ok(value) => value,
        Err(first) => {
            let text = without_lone_surrogates(text);
            match serde_json::from_str(&text) {
                Ok(value) => value,
                Err(error) => {
                    flaws.push(Flaw {
                        line: u32::try_from(error.line()).ok(),
                        cause: format!("as JSON it is broken: {error}"),
                        consequence: "the entries before that are read".to_owned(),
                    });
                    whole_items(&text, &error)
                        .and_then(|whole| serde_json::from_str(&whole).ok())
                        .filter(|value: &Value| value.get("items").is_some())
                        .ok_or_else(|| Refusal::NoFeed(format!(": as JSON it is broken: {first}")))?
                }
            }
        }
    };
    let version = string(&value, "version").unwrap_or_default();
    let version = match version.trim_end_matches('/').rsplit('/').next() {
        _ if !version.contains("jsonfeed.org/version") => return Err(Refusal::NoFeed(String::new())),
        Some("1.1") => FeedVersion::JsonFeed11,
        _ => FeedVersion::JsonFeed1,
    };
    let home = string(&value, "home_page_url").map(|home| address::resolve(base, &home));
    let base = home.as_deref().or(base);
    let mut head = head(&value, base);
    head.link.clone_from(&home);
    if let Some(home) = &home {
        head.links.push(link(home, "alternate", "text/html"));
    }
    if let Some(own) = string(&value, "feed_url") {
        head.links.push(link(&address::resolve(base, &own), "self", "application/feed+json"));
        head.id = Some(own);
    }
    let entries = value.get("items").and_then(Value::as_array);
    Ok(Feed {
        version,
        description: string(&value, "description").map(|value| text::of_value(&value, false, None)),
        icon: string(&value, "favicon").map(|icon| address::resolve(base, &icon)),
        logo: string(&value, "icon").map(|icon| address::resolve(base, &icon)),
        entries: entries.into_iter().flatten().filter(|item| item.is_object()).map(|item| entry(item, base)).collect(),
        head,
        flaws,
        ..Feed::default()
    })
}

/// What stands before the item in which `error` is, with the brackets that are then open closed.
fn whole_items(text: &str, error: &serde_json::Error) -> Option<String> {
    let before: usize = text.split_inclusive('\n').take(error.line().saturating_sub(1)).map(str::len).sum();
    let mut open = Vec::new();
    let (mut in_text, mut is_escaped) = (false, false);
    let mut end = None;
    for (at, byte) in text.bytes().enumerate().take(before + error.column()) {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' => is_escaped = in_text,
            b'"' => in_text = !in_text,
            _ if in_text => {}
            b'{' | b'[' => open.push(byte),
            b'}' | b']' => {
                open.pop();
                if open == b"{[" {
                    end = Some(at + 1);
                }
            }
            _ => {}
        }
    }
    Some(format!("{}]}}", text.get(..end?)?))
}

fn entry(item: &Value, base: Option<&str>) -> FeedEntry {
    let mut head = head(item, base);
    head.id = string(item, "id");
    head.link = string(item, "url").map(|url| address::resolve(base, &url));
    if let Some(page) = head.link.clone() {
        head.links.push(link(&page, "alternate", "text/html"));
    }
    if let Some(other) = string(item, "external_url") {
        let other = address::resolve(base, &other);
        head.links.push(link(&other, "related", "text/html"));
        head.link.get_or_insert(other);
    }
    head.published = string(item, "date_published").map(|raw| date::read(&raw));
    head.updated = string(item, "date_modified").map(|raw| date::read(&raw));
    let around = head.link.clone().or_else(|| base.map(str::to_owned));
    let html = string(item, "content_html").map(|html| text::of_value(&html, true, around.as_deref()));
    let plain = || string(item, "content_text").map(|plain| text::of_value(&plain, false, None));
    let content = html.or_else(plain).filter(|content| !content.value.is_empty());
    let attachments = item.get("attachments").and_then(Value::as_array).into_iter().flatten();
    let enclosures: Vec<FeedLink> = attachments
        .filter_map(|attachment| {
            let href = address::resolve(base, &string(attachment, "url")?);
            let media_type = string(attachment, "mime_type").unwrap_or_default();
            Some(FeedLink {
                title: string(attachment, "title").unwrap_or_default(),
                length: string(attachment, "size_in_bytes").unwrap_or_default(),
                duration: string(attachment, "duration_in_seconds").unwrap_or_default(),
                ..link(&href, "enclosure", &media_type)
            })
        })
        .collect();
    head.links.extend(enclosures.iter().cloned());
    FeedEntry {
        summary: string(item, "summary").map(|value| text::of_value(&value, false, None)),
        content: content.into_iter().collect(),
        enclosures,
        head,
        ..FeedEntry::default()
    }
}

/// What a feed and an item write alike.
fn head(value: &Value, base: Option<&str>) -> FeedHead {
    let one = value.get("author").filter(|author| author.is_object());
    let authors = value.get("authors").and_then(Value::as_array).into_iter().flatten();
    let authors: Vec<FeedPerson> = authors.filter_map(|author| person(author, base)).collect();
    let image = string(value, "image").or_else(|| string(value, "banner_image"));
    let tags = value.get("tags").and_then(Value::as_array).into_iter().flatten();
    FeedHead {
        title: string(value, "title").map(|value| text::of_value(&value, false, None)).filter(|t| !t.value.is_empty()),
        authors: if authors.is_empty() {
            one.and_then(|author| person(author, base)).into_iter().collect()
        } else {
            authors
        },
        categories: tags
            .filter_map(|tag| Some(FeedCategory { term: text_of(tag)?, ..FeedCategory::default() }))
            .collect(),
        image: image.map(|href| FeedImage { href: address::resolve(base, &href), ..FeedImage::default() }),
        language: string(value, "language"),
        ..FeedHead::default()
    }
}

fn person(value: &Value, base: Option<&str>) -> Option<FeedPerson> {
    let name = string(value, "name").unwrap_or_default();
    let href = string(value, "url").unwrap_or_default();
    let email = href.strip_prefix("mailto:").unwrap_or("").to_owned();
    let href = if href.is_empty() { href } else { address::resolve(base, &href) };
    let person = FeedPerson { text: name.clone(), name, email, href };
    (person != FeedPerson::default()).then_some(person)
}

fn link(href: &str, rel: &str, media_type: &str) -> FeedLink {
    let (href, rel, media_type) = (href.to_owned(), rel.to_owned(), media_type.to_owned());
    FeedLink { href, rel, media_type, ..FeedLink::default() }
}

fn string(value: &Value, name: &str) -> Option<String> {
    value.get(name).and_then(text_of)
}

/// A text, or a number that stands where a text should.
fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.trim().to_owned()).filter(|text| !text.is_empty()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// JSON with U+FFFD in place of every `\uD800` to `\uDFFF` that has no other half.
fn without_lone_surrogates(json: &str) -> String {
    let code = |text: &str| {
        let digits = text.strip_prefix("\\u")?.get(..4)?;
        u32::from_str_radix(digits, 16).ok()
    };
    let mut whole = String::with_capacity(json.len());
    let mut rest = json;
    while let Some(at) = rest.find('\\') {
        let (before, escape) = rest.split_at(at);
        whole.push_str(before);
        let next = |length: usize| escape.get(length..).and_then(code);
        let length = match (code(escape), next(6)) {
            (Some(0xD800..=0xDBFF), Some(0xDC00..=0xDFFF)) => 12,
            (Some(0xD800..=0xDFFF), _) => {
                whole.push('\u{FFFD}');
                rest = escape.get(6..).unwrap_or("");
                continue;
            }
            (Some(_), _) => 6,
            // The character that is escaped, which may be a backslash itself.
            (None, _) => escape.char_indices().nth(2).map_or(escape.len(), |(end, _)| end),
        };
        whole.push_str(escape.get(..length).unwrap_or(escape));
        rest = escape.get(length..).unwrap_or("");
    }
    whole.push_str(rest);
    whole
}
