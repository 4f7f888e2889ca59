//! An article as one JSON object: the same names everywhere, documented in the README.

use serde::Serialize;

use crate::article::{Article, clean};
use crate::corpus::Entry;

/// The object. Fields that an article lacks are null or empty, never left out, but for `body`.
#[derive(Debug, Serialize)]
pub(super) struct ArticleJson<'a> {
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
    url: Option<&'a str>,
    words: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<Vec<Block<'a>>>,
}

#[derive(Debug, Serialize)]
struct Caption<'a> {
    text: &'a str,
    credit: Option<&'a str>,
}

#[derive(Debug, Serialize)]
struct Block<'a> {
    kind: &'static str,
    text: &'a str,
}

impl<'a> ArticleJson<'a> {
    pub(super) fn new(entry: Entry<'_>, article: &'a Article, with_body: bool) -> ArticleJson<'a> {
        let some = |text: &'a str| Some(text).filter(|text| !text.is_empty());
        ArticleJson {
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
            url: article.url.as_deref(),
            words: article.words,
            body: with_body
                .then(|| article.body().map(|(kind, part)| Block { kind: kind.name(), text: &part.text }).collect()),
        }
    }
}

/// The path of an article's file, safe to print on one line.
pub(super) fn shown_path(entry: Entry<'_>) -> String {
    clean(&entry.path().to_string_lossy().replace('\n', "␊")).into_owned()
}
