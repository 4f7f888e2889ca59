//! HTML: saved pages, and the HTML in feeds.
//!
//! `readability` finds the text of a page, `blocks` turns HTML into the parts of an article, and `sanitize` removes
//! active content from HTML that stays HTML. No content is fetched or executed.

pub(super) mod blocks;
mod elements;
mod feed_links;
mod inline;
mod open_elements;
mod readability;
pub(super) mod sanitize;
mod skip;
mod tokens;

pub use feed_links::{PageFeed, feeds_of_page};
pub use readability::page_article;

use super::format::{Confidence, FileHint, ParsedFile, SourceFormat};

pub(super) struct Html;

impl SourceFormat for Html {
    fn name(&self) -> &'static str {
        "html"
    }

    fn detect(&self, hint: &FileHint<'_>, text: &str) -> Confidence {
        let is_named = hint.has_extension(&["html", "htm", "xhtml", "xht"]) && text.contains('<');
        if is_named || begins_as_page(text) { Confidence::Content } else { Confidence::None }
    }

    fn parse<'a>(&self, hint: &FileHint<'_>, text: &'a str, found: &mut ParsedFile<'a>) {
        readability::read(hint, text, found);
    }
}

/// Returns whether a text begins like an HTML page, after comments and an XML declaration.
fn begins_as_page(text: &str) -> bool {
    let mut rest = text.trim_start();
    // Real pages have fewer.
    for _ in 0..8 {
        let end = if rest.starts_with("<!--") {
            "-->"
        } else if rest.starts_with("<?") {
            "?>"
        } else {
            break;
        };
        rest = rest.split_once(end).map_or("", |(_, rest)| rest).trim_start();
    }
    let begins = |with: &str| rest.get(..with.len()).is_some_and(|front| front.eq_ignore_ascii_case(with));
    begins("<!doctype html") || begins("<html") || begins("<head>") || begins("<body>")
}
