//! An article as one JSON object, with the field names that the README documents.

use std::borrow::Cow;
use std::io::{self, Write};

use serde::Serialize;

use super::fields::{shown_address, shown_path};
use crate::article::Article;
use crate::corpus::ArticleRef;
use crate::marks::ArticleMarks;
use crate::text::write_json;

/// The version of all JSON about articles. It changes only if a field changes its meaning or is removed.
pub const JSON_VERSION: u32 = 1;

/// An article as an object. Missing fields are null or empty; only `body` may be absent.
#[derive(Debug, Serialize)]
pub struct ArticleJson<'a> {
    version: u32,
    id: String,
    path: String,
    format: &'static str,
    date: Option<String>,
    section: Option<&'a str>,
    headline: &'a str,
    standfirst: Option<&'a str>,
    captions: Vec<Caption<'a>>,
    byline: Option<&'a str>,
    sources: Vec<&'a str>,
    url: Option<Cow<'a, str>>,
    words: u32,
    links: Vec<LinkJson<'a>>,
    enclosures: Vec<EnclosureJson<'a>>,
    read: bool,
    starred: bool,
    tags: Vec<&'a str>,
    note: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<Vec<Block<'a>>>,
}

#[derive(Debug, Serialize)]
struct Caption<'a> {
    text: &'a str,
    credit: Option<&'a str>,
}

#[derive(Debug, Serialize)]
struct LinkJson<'a> {
    number: usize,
    url: Cow<'a, str>,
}

/// An enclosure; `size` is in bytes, `duration` in seconds.
#[derive(Debug, Serialize)]
pub(super) struct EnclosureJson<'a> {
    url: Cow<'a, str>,
    #[serde(rename = "type")]
    media_type: Option<&'a str>,
    size: Option<u64>,
    duration: Option<u32>,
}

#[derive(Debug, Serialize)]
struct Block<'a> {
    kind: &'static str,
    text: &'a str,
}

impl EnclosureJson<'_> {
    /// Returns the enclosures of an article.
    pub(super) fn all(article: &Article) -> Vec<EnclosureJson<'_>> {
        let enclosures = article.enclosures.iter().map(|enclosure| EnclosureJson {
            url: shown_address(&enclosure.url),
            media_type: Some(enclosure.media_type.as_str()).filter(|media_type| !media_type.is_empty()),
            size: enclosure.size,
            duration: enclosure.duration,
        });
        enclosures.collect()
    }
}

impl<'a> ArticleJson<'a> {
    /// Creates the object of an article with its marks.
    pub fn new(
        entry: ArticleRef<'_>,
        article: &'a Article,
        marked: &'a ArticleMarks,
        with_body: bool,
    ) -> ArticleJson<'a> {
        let some = |text: &'a str| Some(text).filter(|text| !text.is_empty());
        let link = |(number, link): (usize, &'a crate::text::SafeText)| LinkJson {
            number: number + 1,
            url: shown_address(link),
        };
        ArticleJson {
            version: JSON_VERSION,
            id: article.id.to_string(),
            path: shown_path(entry),
            format: article.format,
            date: article.published.map(|published| published.to_string()),
            section: some(&article.section),
            headline: article.headline(),
            standfirst: some(article.standfirst()),
            captions: article.captions().map(|(text, credit)| Caption { text, credit }).collect(),
            byline: some(article.byline()),
            sources: article.sources().collect(),
            url: article.url.as_deref().map(shown_address),
            words: article.words,
            links: article.links.iter().enumerate().map(link).collect(),
            enclosures: EnclosureJson::all(article),
            read: marked.is_read(),
            starred: marked.is_starred(),
            tags: marked.tags().iter().map(|tag| tag.as_str()).collect(),
            note: some(marked.note()),
            body: with_body
                .then(|| article.body().map(|(kind, part)| Block { kind: kind.name(), text: &part.text }).collect()),
        }
    }
}

/// Writes an article with its body as one line.
pub(super) fn write_line(entry: ArticleRef<'_>, marked: &ArticleMarks, out: &mut impl Write) -> io::Result<()> {
    write_json(out, &ArticleJson::new(entry, &entry.article(), marked, true))?;
    out.write_all(b"\n")
}
