//! JSON Feed, versions 1 and 1.1 (<https://www.jsonfeed.org/version/1.1/>). Values of a wrong type are converted if
//! their meaning is clear, and otherwise dropped.

use super::date;
use super::json::Json;
use super::model::{Feed, FeedCategory, FeedEntry, FeedImage, FeedLink, FeedMeta, FeedPerson, FeedText, FeedVersion};
use super::text;
use crate::article::{ReadError, Warning};
use crate::formats::address::{self, Base};
use crate::formats::budget::Budget;

/// Maximum number of authors and of tags.
const MAX_VALUES: usize = 500;

/// Returns whether a text may be a JSON Feed.
pub(super) fn is_likely(text: &str) -> bool {
    let text = text.trim_start();
    text.starts_with('{') && text.contains("jsonfeed.org/version")
}

/// Parses JSON that may be broken. Adds a warning about mistakes to `warnings`. Each attempt has the whole budget.
fn parse(text: &str, warnings: &mut Vec<Warning>) -> Result<(Json, Budget), ReadError> {
    let attempt = |text: &str| -> Result<_, ReadError> {
        let budget = Budget::of(text.len());
        let parsed = Json::parse(text, &budget);
        budget.check()?;
        Ok(parsed.map(|json| (json, budget)))
    };
    let first = match attempt(text)? {
        Ok(parsed) => return Ok(parsed),
        Err(error) => error,
    };
    // Half of a surrogate pair has no meaning; replace it instead of rejecting the feed.
    let text = without_lone_surrogates(text);
    let error = match attempt(&text)? {
        Ok(parsed) => return Ok(parsed),
        Err(error) => error,
    };
    warnings.push(Warning {
        line: u32::try_from(error.line()).ok(),
        cause: format!("invalid JSON: {error}"),
        consequence: "only the entries before the error are read".to_owned(),
    });
    let broken = || ReadError::NoFeed(format!(": invalid JSON: {first}"));
    let whole = whole_items(&text, &error).ok_or_else(broken)?;
    let parsed = attempt(&whole)?.ok().filter(|(json, _)| json.get("items").is_some());
    parsed.ok_or_else(broken)
}

/// Reads a JSON Feed.
pub(super) fn read(text: &str, base: Option<&str>) -> Result<Feed, ReadError> {
    let mut warnings = Vec::new();
    let (value, budget) = parse(text, &mut warnings)?;
    let version = string(&value, "version").unwrap_or_default();
    let version = match version.trim_end_matches('/').rsplit('/').next() {
        _ if !version.contains("jsonfeed.org/version") => return Err(ReadError::NoFeed(String::new())),
        Some("1.1") => FeedVersion::JsonFeed11,
        _ => FeedVersion::JsonFeed1,
    };
    let base = base.and_then(|base| Base::of(base, &budget));
    let home = string(&value, "home_page_url").and_then(|home| address::resolve(base.as_ref(), &home, &budget));
    let base = home.as_deref().and_then(|home| Base::of(home, &budget)).or(base);
    let reader = JsonFeedReader { base: base.as_ref(), budget: &budget };
    let mut head = reader.head(&value);
    head.link.clone_from(&home);
    if let Some(home) = &home {
        head.links.push(link(home, "alternate", "text/html"));
    }
    if let Some(own) = string(&value, "feed_url") {
        let whole = reader.resolve(&own);
        head.links.extend(whole.map(|whole| link(&whole, "self", "application/feed+json")));
        head.id = Some(own);
    }
    let items = value.list("items").iter().filter(|item| item.is_object());
    Ok(Feed {
        version,
        description: reader.plain(&value, "description"),
        icon: reader.address(&value, "favicon"),
        logo: reader.address(&value, "icon"),
        entries: items.map_while(|item| reader.entry(item)).collect(),
        head,
        warnings,
        budget: budget.clone(),
        ..Feed::default()
    })
}

/// Returns the text before the item with `error`, with the open brackets closed.
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

/// Shared context for reading the values of a feed.
struct JsonFeedReader<'b> {
    base: Option<&'b Base>,
    budget: &'b Budget,
}

impl JsonFeedReader<'_> {
    fn resolve(&self, address: &str) -> Option<String> {
        address::resolve(self.base, address, self.budget)
    }

    fn address(&self, value: &Json, name: &str) -> Option<String> {
        self.resolve(&string(value, name)?)
    }

    fn plain(&self, value: &Json, name: &str) -> Option<FeedText> {
        string(value, name).map(|value| text::of_value(&value, false, None, self.budget))
    }

    /// Reads an entry. Returns `None` if the budget is used up.
    fn entry(&self, item: &Json) -> Option<FeedEntry> {
        if !self.budget.charge(size_of::<FeedEntry>()) {
            return None;
        }
        let mut head = self.head(item);
        head.id = string(item, "id");
        head.link = self.address(item, "url");
        if let Some(page) = &head.link {
            head.links.push(link(page, "alternate", "text/html"));
        }
        if let Some(other) = self.address(item, "external_url") {
            head.links.push(link(&other, "related", "text/html"));
            head.link.get_or_insert(other);
        }
        head.published = string(item, "date_published").map(|raw| date::read(&raw));
        head.updated = string(item, "date_modified").map(|raw| date::read(&raw));
        let html = string(item, "content_html").map(|html| {
            let page = head.link.as_deref().map(|page| Base::of(page, self.budget));
            let base = page.as_ref().map_or(self.base, Option::as_ref);
            text::of_value(&html, true, base, self.budget)
        });
        let content = html.or_else(|| self.plain(item, "content_text")).filter(|content| !content.value.is_empty());
        let attachments = item.list("attachments").iter();
        let enclosures: Vec<FeedLink> = attachments
            .filter_map(|attachment| {
                let href = self.address(attachment, "url")?;
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
        Some(FeedEntry {
            summary: self.plain(item, "summary"),
            content: content.into_iter().collect(),
            enclosures,
            head,
            ..FeedEntry::default()
        })
    }

    /// Reads the values that feeds and items have in common.
    fn head(&self, value: &Json) -> FeedMeta {
        let one = value.get("author").filter(|author| author.is_object());
        let authors = value.list("authors").iter();
        let authors: Vec<FeedPerson> = authors.filter_map(|author| self.person(author)).take(MAX_VALUES).collect();
        let image = self.address(value, "image").or_else(|| self.address(value, "banner_image"));
        let tags = value.list("tags").iter().filter_map(text_of).take(MAX_VALUES);
        FeedMeta {
            title: self.plain(value, "title").filter(|title| !title.value.is_empty()),
            authors: if authors.is_empty() {
                one.and_then(|author| self.person(author)).into_iter().collect()
            } else {
                authors
            },
            categories: tags.map(|term| FeedCategory { term, ..FeedCategory::default() }).collect(),
            image: image.map(|href| FeedImage { href, ..FeedImage::default() }),
            language: string(value, "language"),
            ..FeedMeta::default()
        }
    }

    fn person(&self, value: &Json) -> Option<FeedPerson> {
        let name = string(value, "name").unwrap_or_default();
        let href = string(value, "url").unwrap_or_default();
        let email = href.strip_prefix("mailto:").unwrap_or("").to_owned();
        let href = if href.is_empty() { href } else { self.resolve(&href).unwrap_or_default() };
        let person = FeedPerson { text: name.clone(), name, email, href };
        (person != FeedPerson::default()).then_some(person)
    }
}

fn link(href: &str, rel: &str, media_type: &str) -> FeedLink {
    let (href, rel, media_type) = (href.to_owned(), rel.to_owned(), media_type.to_owned());
    FeedLink { href, rel, media_type, ..FeedLink::default() }
}

fn string(value: &Json, name: &str) -> Option<String> {
    value.get(name).and_then(text_of)
}

/// Returns a text, or a number as text.
fn text_of(value: &Json) -> Option<String> {
    match value {
        Json::Text(text) => Some(text.trim().to_owned()).filter(|text| !text.is_empty()),
        Json::Number(number) => Some(number.to_string()),
        Json::Other | Json::List(_) | Json::Object(_) => None,
    }
}

/// Replaces every surrogate (`\uD800` to `\uDFFF`) without its other half by U+FFFD.
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
            // The escaped character, which may be a backslash itself.
            (None, _) => escape.char_indices().nth(2).map_or(escape.len(), |(end, _)| end),
        };
        whole.push_str(escape.get(..length).unwrap_or(escape));
        rest = escape.get(length..).unwrap_or("");
    }
    whole.push_str(rest);
    whole
}
