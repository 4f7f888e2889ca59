//! HTML: saved pages, and HTML fragments in feeds.
//!
//! `readability` extracts the text of a page without its menus, `blocks` converts HTML to parts of an article, and
//! `sanitize` sanitizes HTML that stays HTML. Nothing is fetched and nothing is executed.

mod blocks;
mod depth;
mod feed_links;
mod inline;
mod readability;
mod sanitize;
mod skip;
mod tokens;

pub(super) use blocks::{HtmlBlocks, blocks};
pub use feed_links::{PageFeed, feeds_of_page};
pub use readability::page_article;
pub(super) use sanitize::{clean_html, escape_text, escape_value, is_known_element};

use super::budget::Budget;
use super::{Confidence, FileHint, ParsedFile, SourceFormat};

pub(super) struct Html;

impl SourceFormat for Html {
    fn name(&self) -> &'static str {
        "html"
    }

    fn recognise(&self, hint: &FileHint<'_>, text: &str) -> Confidence {
        let is_named = hint.ends_in(&["html", "htm", "xhtml", "xht"]) && text.contains('<');
        if is_named || begins_as_page(text) { Confidence::Content } else { Confidence::None }
    }

    fn parse<'a>(&self, hint: &FileHint<'_>, text: &'a str, found: &mut ParsedFile<'a>) {
        readability::read(hint, text, found);
    }
}

/// Returns whether a text begins like an HTML page, after comments and an XML declaration.
fn begins_as_page(text: &str) -> bool {
    let mut rest = text.trim_start();
    // Real pages have few of these.
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

/// Returns the text of an HTML fragment on one line.
pub(super) fn text_of(html: &str) -> String {
    if !html.contains(['<', '&']) {
        return html.split_whitespace().collect::<Vec<_>>().join(" ");
    }
    let parts = blocks(html, None, &Budget::of(html.len())).parts;
    parts.iter().map(|part| part.text.split_whitespace().collect::<Vec<_>>().join(" ")).collect::<Vec<_>>().join(" ")
}
