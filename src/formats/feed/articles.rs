//! Turns the entries of a feed into drafts of articles.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use xxhash_rust::xxh3::{Xxh3, xxh3_64};

use super::model::{Feed, FeedEntry, FeedLink, FeedMeta, FeedPerson, FeedText};
use crate::article::{BlockKind, Draft, DraftPart, Enclosure, ReadError, Role, Span, SpanStyle, Warning, problem};
use crate::formats::address::{self, Base};
use crate::formats::budget::{Budget, MAX_ENCLOSURES, MAX_TITLE_BYTES, cut, short_title};
use crate::formats::format::ParsedFile;
use crate::formats::headline::limit_headline;
use crate::formats::html::blocks::{HtmlBlocks, blocks};

/// Maximum length of a headline that is made of the first headline of a text, in characters.
const MAX_HEADLINE_CHARS: usize = 80;

/// An entry of a feed, as an article.
#[derive(Clone, Debug, PartialEq)]
pub struct FeedArticle {
    /// The keys of the article within the feed, the most specific first: id, link, title and date. Empty if it has none
    /// of these.
    pub keys: Vec<FeedKey>,
    /// The id if it is a URI, which no other feed uses for something else.
    pub guid: Option<String>,
    /// The article. Its source is the one that the entry names; the feed itself is not added.
    pub draft: Draft<'static>,
}

/// A key that may identify an entry in its feed.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct FeedKey {
    /// The id, the address, or the title and the date.
    pub text: String,
    /// Whether it can identify one entry; a placeholder such as `N/A` cannot.
    pub is_telling: bool,
}

impl FeedKey {
    /// Creates a key that can identify one entry.
    pub fn new(text: impl Into<String>) -> FeedKey {
        FeedKey { text: text.into(), is_telling: true }
    }
}

/// Placeholders that some programs write instead of an id.
const PLACEHOLDERS: &[&str] = &[
    "false",
    "guid",
    "id",
    "n/a",
    "na",
    "nil",
    "none",
    "null",
    "permalink",
    "tba",
    "tbd",
    "true",
    "undefined",
    "unknown",
];

/// Returns the articles of a feed in its order, each once. Adds warnings about dates to `warnings`.
///
/// # Errors
///
/// Returns an error if the articles take more memory than the size of the feed allows.
pub fn feed_articles(feed: &Feed, warnings: &mut Vec<Warning>) -> Result<Vec<FeedArticle>, ReadError> {
    let defaults = FeedDefaults::of(feed);
    let mut seen = HashSet::with_capacity(feed.entries.len());
    let mut articles = Vec::with_capacity(feed.entries.len());
    for entry in &feed.entries {
        let mut draft = draft(entry, &defaults, warnings);
        feed.budget.check()?;
        let guid = entry.head.id.as_deref().map(str::trim).filter(|id| is_uri(id)).map(str::to_owned);
        let keys = keys(entry, &draft);
        // Skip repeated entries. Several entries may share an id that is not a URI, so their texts must be equal too.
        let sum = match guid {
            Some(_) => xxh3_64(draft.text(Role::Headline).as_bytes()),
            None => text_sum(&draft, 0),
        };
        let published = draft.published.map(|published| published.to_string());
        if seen.insert((keys.clone(), published, sum)) {
            limit_headline(&mut draft);
            articles.push(FeedArticle { keys, guid, draft });
        }
    }
    warnings.extend(feed.budget.warnings());
    Ok(articles)
}

/// Reads the articles of a feed file, in its order, with the feed as their source.
pub(super) fn drafts(feed: &Feed, found: &mut ParsedFile<'_>) {
    let defaults = FeedDefaults::of(feed);
    // Every entry repeats the name.
    let name = feed.head.title.as_ref().map(|title| title.plain().into_owned()).unwrap_or_default();
    let name = short_title(&name);
    for entry in &feed.entries {
        let mut draft = draft(entry, &defaults, &mut found.warnings);
        if feed.budget.check().is_err() {
            return;
        }
        found.keys.push(file_key(entry, &draft));
        if draft.text(Role::Source).is_empty() {
            draft.push(Role::Source, feed.budget.copy(&name));
        }
        found.drafts.push(draft);
    }
    // Entries with equal keys are distinguished by their texts, and those with equal texts by their order.
    let mut counts: HashMap<u64, u64> = HashMap::with_capacity(found.keys.len());
    found.keys.iter().for_each(|key| *counts.entry(*key).or_default() += 1);
    let mut seen: HashMap<u64, u64> = HashMap::new();
    for (key, draft) in found.keys.iter_mut().zip(&found.drafts) {
        if counts.get(key).is_some_and(|count| *count > 1) {
            let count = seen.entry(text_sum(draft, *key)).or_default();
            *key = text_sum(draft, key.wrapping_add(*count));
            *count += 1;
        }
    }
}

/// Returns a checksum that identifies an entry in its file. The id alone is not enough: without a library, ids that
/// several entries have shared are unknown.
fn file_key(entry: &FeedEntry, draft: &Draft<'_>) -> u64 {
    let id = entry.head.id.as_deref().unwrap_or("").trim();
    let url = draft.url.as_deref().unwrap_or("");
    let has_id = !is_placeholder(id);
    let date = draft.published.filter(|_| !has_id).map(|published| published.to_string()).unwrap_or_default();
    let mut sum = Xxh3::new();
    for text in [draft.text(Role::Headline), &address::canonical(id), &address::canonical(url), &date] {
        sum.update(text.as_bytes());
        sum.update(b"\n");
    }
    let key = sum.digest();
    if has_id || !url.is_empty() || !date.is_empty() { key } else { text_sum(draft, key) }
}

fn text_sum(draft: &Draft<'_>, seed: u64) -> u64 {
    let mut sum = Xxh3::with_seed(seed);
    draft.parts.iter().for_each(|part| sum.update(part.text.as_bytes()));
    sum.digest()
}

/// Returns the keys of an entry, the most specific first.
fn keys(entry: &FeedEntry, draft: &Draft<'_>) -> Vec<FeedKey> {
    let mut keys: Vec<FeedKey> = Vec::with_capacity(3);
    let mut push = |text: &str, is_telling: bool| {
        if !text.trim().is_empty() && keys.iter().all(|key| key.text != text) {
            keys.push(FeedKey { text: text.to_owned(), is_telling });
        }
    };
    let id = entry.head.id.as_deref().unwrap_or("").trim();
    push(id, !is_placeholder(id));
    push(draft.url.as_deref().unwrap_or(""), true);
    let title = entry.head.title.as_ref().map(|title| title.plain().into_owned()).unwrap_or_default();
    let date = draft.published.map(|published| published.to_string()).unwrap_or_default();
    push(&format!("{} {date}", title.trim()), true);
    keys
}

/// Returns whether an id is a placeholder.
fn is_placeholder(id: &str) -> bool {
    let lower = id.to_lowercase();
    PLACEHOLDERS.contains(&lower.as_str()) || !id.chars().any(|c| c.is_alphanumeric() && c != '0')
}

/// Returns whether an id is a URI, which is unique in the world.
fn is_uri(id: &str) -> bool {
    ["http://", "https://", "urn:", "tag:"].iter().any(|scheme| id.starts_with(scheme))
}

/// The values that entries take from their feed.
struct FeedDefaults<'f> {
    /// The page of the feed. Relative addresses are resolved against it, because a file does not record its own
    /// address.
    home: Option<Base>,
    /// The byline of entries without authors.
    byline: String,
    budget: &'f Budget,
}

impl FeedDefaults<'_> {
    fn of(feed: &Feed) -> FeedDefaults<'_> {
        let authors: &[FeedPerson] = if feed.version.has_authors_for_all() { &feed.head.authors } else { &[] };
        let byline = byline(authors);
        FeedDefaults {
            home: feed.head.link.as_deref().and_then(|link| Base::of(link, &feed.budget)),
            byline: short_title(&byline).into_owned(),
            budget: &feed.budget,
        }
    }
}

/// Joins the names of authors, each cut to 1 KiB.
fn byline(authors: &[FeedPerson]) -> String {
    let names: Vec<_> = authors.iter().map(|author| short_title(author.display_name())).collect();
    names.join(", ")
}

fn draft(entry: &FeedEntry, feed: &FeedDefaults<'_>, warnings: &mut Vec<Warning>) -> Draft<'static> {
    let FeedDefaults { home, budget, .. } = feed;
    let head = &entry.head;
    let dates = [&head.published, &head.updated, &head.created];
    let published = dates.iter().find_map(|date| date.as_ref()?.moment);
    if published.is_none()
        && let Some(wrong) = dates.iter().find_map(|date| date.as_ref()).filter(|date| !date.raw.is_empty())
    {
        warnings.push(Warning {
            line: None,
            cause: format!("{} is not a date", problem::quoted(&wrong.raw)),
            consequence: "the article is shown undated".to_owned(),
        });
    }
    let mut draft = Draft {
        published,
        section: Cow::Owned(section(head)),
        url: page(entry, home.as_ref(), budget).map(Cow::Owned),
        ..Draft::default()
    };
    if !budget.charge(size_of::<FeedArticle>()) {
        return draft;
    }
    let mut body = HtmlBlocks::default();
    let page = draft.url.as_deref().map(|url| Base::of(url, budget));
    let base = page.as_ref().map_or(home.as_ref(), Option::as_ref);
    for content in &entry.content {
        add_text(&mut body, content, base, budget);
    }
    let mut standfirst = entry.subtitle.as_ref().map(|subtitle| subtitle.plain().into_owned()).unwrap_or_default();
    match &entry.summary {
        Some(summary) if !has_text(&body) => add_text(&mut body, summary, base, budget),
        Some(summary) => {
            let summary = summary.plain().into_owned();
            if !repeats(&summary, &body) {
                standfirst = summary;
            }
        }
        None => {}
    }
    let title = head.title.as_ref().map(|title| title.plain().into_owned()).filter(|title| !title.trim().is_empty());
    let title = title.unwrap_or_else(|| {
        headline_from_text(&body).or_else(|| draft.url.as_deref().map(str::to_owned)).unwrap_or_else(untitled)
    });
    draft.push(Role::Headline, title);
    draft.push(Role::Standfirst, standfirst);
    let is_own = !head.authors.is_empty() || entry.source.is_some();
    draft.push(Role::Byline, if is_own { byline(&head.authors) } else { budget.copy(&feed.byline) });
    draft.parts.append(&mut body.parts);
    draft.links = body.links;
    let count = entry.enclosures.len() + entry.media.len();
    budget.count_dropped_enclosures(count.saturating_sub(MAX_ENCLOSURES));
    for enclosure in entry.enclosures.iter().chain(&entry.media).take(MAX_ENCLOSURES) {
        push_enclosure(&mut draft, enclosure, budget);
    }
    if let Some(duration) = entry.duration.as_deref().and_then(seconds) {
        // Podcasts have the duration of their recording in the entry.
        let recording = draft.enclosures.iter_mut().find(|enclosure| !enclosure.media_type.starts_with("image"));
        if let Some(recording) = recording {
            recording.duration = recording.duration.or(Some(duration));
        }
    }
    let source = entry.source.as_ref().and_then(|source| source.head.title.as_ref());
    let source = source.map(|title| title.plain().into_owned()).filter(|title| !title.is_empty());
    draft.push(Role::Source, source.as_deref().map(short_title).unwrap_or_default().into_owned());
    draft
}

fn untitled() -> String {
    "Untitled".to_owned()
}

/// Returns the first category; its label takes precedence over its term.
fn section(head: &FeedMeta) -> String {
    let mut names = head.categories.iter().map(|category| {
        let name = if category.label.is_empty() { &category.term } else { &category.label };
        name.split_whitespace().collect::<Vec<_>>().join(" ")
    });
    let name = names.find(|name| !name.is_empty()).unwrap_or_default();
    cut(&name, MAX_TITLE_BYTES).unwrap_or(name)
}

/// Returns the address of the entry's page, if its scheme is allowed.
fn page(entry: &FeedEntry, home: Option<&Base>, budget: &Budget) -> Option<String> {
    let link = entry.head.link.as_ref().filter(|link| !link.is_empty() && address::is_allowed_scheme(link))?;
    let whole = address::resolve(home, link, budget)?;
    (address::scheme(&whole).is_some() && address::is_allowed_scheme(&whole)).then_some(whole)
}

/// Appends the blocks of a text to `body`.
fn add_text(body: &mut HtmlBlocks, text: &FeedText, base: Option<&Base>, budget: &Budget) {
    if !text.is_html {
        let paragraphs = text.value.split("\n\n").map(str::trim).filter(|paragraph| !paragraph.is_empty());
        let paragraphs = paragraphs.take_while(|paragraph| budget.charge(paragraph.len() + size_of::<DraftPart<'_>>()));
        body.parts.extend(paragraphs.map(|paragraph| DraftPart {
            role: Role::Body(BlockKind::Paragraph),
            text: Cow::Owned(paragraph.to_owned()),
            spans: Vec::new(),
        }));
        return;
    }
    let mut more = blocks(&text.value, base, budget);
    let shift = u16::try_from(body.links.len()).unwrap_or(u16::MAX);
    for part in &mut more.parts {
        for span in &mut part.spans {
            if let SpanStyle::Link(number) = &mut span.style {
                *number = number.saturating_add(shift);
            }
        }
    }
    body.parts.append(&mut more.parts);
    body.links.append(&mut more.links);
}

fn has_text(body: &HtmlBlocks) -> bool {
    body.parts.iter().any(|part| !part.text.trim().is_empty())
}

/// Returns whether the body begins with the summary, so that the summary is redundant.
fn repeats(summary: &str, body: &HtmlBlocks) -> bool {
    let letters = |text: &str| text.chars().filter(|c| c.is_alphanumeric()).collect::<String>();
    let summary = letters(summary);
    let mut beginning = String::new();
    for part in &body.parts {
        beginning.push_str(&letters(&part.text));
        if beginning.len() >= summary.len() {
            break;
        }
    }
    beginning.starts_with(&summary)
}

/// Returns a headline for an entry without a title: the first headline of its text.
fn headline_from_text(body: &HtmlBlocks) -> Option<String> {
    let text = body.parts.iter().map(|part| part.text.trim()).find(|text| !text.is_empty())?;
    let mut headline = String::new();
    for word in text.split_whitespace() {
        if headline.chars().count() + word.chars().count() >= MAX_HEADLINE_CHARS {
            return Some(if headline.is_empty() {
                word.chars().take(MAX_HEADLINE_CHARS).collect()
            } else {
                headline + " …"
            });
        }
        if !headline.is_empty() {
            headline.push(' ');
        }
        headline.push_str(word);
    }
    Some(headline)
}

/// Adds an enclosure, and a line with its link unless the body already has that link.
fn push_enclosure(draft: &mut Draft<'static>, enclosure: &FeedLink, budget: &Budget) {
    let FeedLink { href, media_type, .. } = enclosure;
    if href.is_empty()
        || !address::is_allowed_scheme(href)
        || !budget.allows_address(href)
        || !budget.charge(4 * href.len())
    {
        return;
    }
    // Many feeds write 0 for an unknown size.
    let size = enclosure.length.replace([',', ' '], "").parse().ok().filter(|&size| size > 0);
    let duration = seconds(&enclosure.duration);
    // Some feeds repeat an enclosure with more details, as in Media RSS.
    if let Some(known) = draft.enclosures.iter_mut().find(|known| known.url == *href) {
        known.size = known.size.or(size);
        known.duration = known.duration.or(duration);
        return;
    }
    let media_type = Cow::Owned(short_title(media_type).into_owned());
    draft.enclosures.push(Enclosure { url: Cow::Owned(href.clone()), media_type, size, duration });
    if draft.links.iter().any(|link| link == href) {
        return;
    }
    let kind = match enclosure.media_type.split('/').next().unwrap_or("") {
        "audio" => "Audio",
        "video" => "Video",
        "image" => "Image",
        _ => "File",
    };
    let name = href.split(['?', '#']).next().and_then(|path| path.rsplit('/').next()).unwrap_or("");
    let text =
        crate::text::clean(&format!("{kind}: {}", if name.is_empty() { href.as_str() } else { name })).into_owned();
    if let Ok(number) = u16::try_from(draft.links.len())
        && let Ok(end) = u32::try_from(text.len())
    {
        let style = SpanStyle::Link(number);
        let spans = vec![Span { start: 0, end, style }];
        draft.links.push(Cow::Owned(href.clone()));
        draft.parts.push(DraftPart { role: Role::Body(BlockKind::Paragraph), text: Cow::Owned(text), spans });
    }
}

/// Parses a duration: seconds, `minutes:seconds` or `hours:minutes:seconds`. Returns `None` for 0 and for other text.
fn seconds(text: &str) -> Option<u32> {
    let mut total = 0u32;
    for (number, part) in text.trim().split(':').enumerate() {
        // Ignore fractions of a second.
        let whole = part.split('.').next()?.trim();
        total = total.checked_mul(60)?.checked_add(whole.parse().ok()?)?;
        if number > 2 {
            return None;
        }
    }
    (total > 0).then_some(total)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_in_seconds_and_with_colons() {
        let read = ["61", "61.5", "1:01", "1:02:03", " 0:00:59 "].map(seconds);
        assert_eq!(read, [Some(61), Some(61), Some(61), Some(3723), Some(59)]);
        for wrong in ["", "0", "00:00", "1:2:3:4", "an hour", "-5", "99999999999:0"] {
            assert_eq!(seconds(wrong), None, "{wrong}");
        }
    }
}
