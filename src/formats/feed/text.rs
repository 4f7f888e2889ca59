//! Texts of feeds: determines the kind of text in an element, and sanitizes it.
//!
//! Atom declares the kind of each text. In RSS, descriptions are HTML, and titles are plain text unless they look like
//! HTML.

use std::borrow::Cow;

use data_encoding::BASE64_NOPAD;

use super::entities::repair_encoding;
use super::model::FeedText;
use super::namespace::Namespace;
use super::tree::{NodeId, Tree};
use crate::formats::address::Base;
use crate::formats::budget::Budget;
use crate::formats::html::sanitize::{is_known_element, sanitize_html};

const PLAIN: &str = "text/plain";
const HTML: &str = "text/html";
const XHTML: &str = "application/xhtml+xml";

/// The kind of text in an element that does not declare it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TextKind {
    /// Plain text.
    Plain,
    /// Plain text, or HTML if it looks like it.
    Unsure,
    /// HTML.
    Html,
}

/// Reads the text in an element.
pub(super) fn read(tree: &Tree, id: NodeId, kind: TextKind) -> FeedText {
    let Some(element) = tree.element(id) else { return FeedText::default() };
    let (base, budget) = (element.base.as_deref(), &tree.budget);
    let named = element.attribute("type").map(str::trim).filter(|named| !named.is_empty());
    let media_type = match named.map(str::to_ascii_lowercase).as_deref() {
        None => Cow::Borrowed(if kind == TextKind::Html { HTML } else { PLAIN }),
        Some("text" | "plain") => Cow::Borrowed(PLAIN),
        Some("html") => Cow::Borrowed(HTML),
        Some("xhtml") => Cow::Borrowed(XHTML),
        Some(other) => Cow::Owned(other.to_owned()),
    };
    let language = element.language.as_deref().filter(|language| !language.is_empty()).map(str::to_owned);
    let mode = element.attribute("mode").unwrap_or("");
    let is_said = mode.eq_ignore_ascii_case("base64");
    if is_said || (named.is_some() && is_bytes(&media_type)) {
        let text = tree.text(id);
        // Only content may be of any media type and encoded; elsewhere the type may be wrong.
        let value = decode_base64(&text).or_else(|| (!is_said && element.name != "content").then_some(text));
        let value = value.unwrap_or_default();
        let is_html = is_markup(&media_type);
        let value = if is_html { sanitize_html(&value, base, budget) } else { value };
        return FeedText { value: value.trim().to_owned(), is_html, media_type, language };
    }
    if tree.has_elements(id) {
        // The `div` around XHTML is not part of the text.
        let around = named.filter(|named| named.eq_ignore_ascii_case("xhtml")).and_then(|_| {
            let mut elements = tree.elements(id).filter(|(_, child)| child.name == "div");
            elements.next().map(|(id, _)| id)
        });
        let html = sanitize_html(&repair_encoding(tree.markup(around.unwrap_or(id))), base, budget);
        return FeedText { value: html.trim().to_owned(), is_html: true, media_type: Cow::Borrowed(XHTML), language };
    }
    let text = repair_encoding(tree.text(id));
    // XHTML without elements is text: its markup was escaped on purpose.
    let is_html = media_type == HTML || (kind == TextKind::Unsure && media_type == PLAIN && looks_like_html(&text));
    let media_type = if is_html { Cow::Borrowed(HTML) } else { media_type };
    let value = if is_html { sanitize_html(&text, base, budget) } else { text };
    FeedText { value: value.trim().to_owned(), is_html, media_type, language }
}

/// Creates the text of a JSON Feed.
pub(super) fn of_value(value: &str, is_html: bool, base: Option<&Base>, budget: &Budget) -> FeedText {
    let media_type = Cow::Borrowed(if is_html { HTML } else { PLAIN });
    let value = if is_html { sanitize_html(value, base, budget) } else { budget.copy(value) };
    FeedText { value: value.trim().to_owned(), is_html, media_type, language: None }
}

fn is_markup(media_type: &str) -> bool {
    matches!(media_type, HTML | XHTML)
}

/// Returns whether content of this media type is encoded in base64, by RFC 4287.
fn is_bytes(media_type: &str) -> bool {
    let is_text = media_type.starts_with("text/")
        || ["+xml", "/xml", "/json", "+json"].iter().any(|suffix| media_type.ends_with(suffix));
    media_type.contains('/') && !is_text
}

/// Decodes base64. Returns `None` if the text is not base64 or does not decode to UTF-8.
fn decode_base64(text: &str) -> Option<String> {
    let digits: String = text.chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '/')).collect();
    String::from_utf8(BASE64_NOPAD.decode(digits.as_bytes()).ok()?).ok()
}

/// Returns whether a text of unknown kind looks like HTML: it has an end tag, a void element or a character reference,
/// and no unknown tag.
fn looks_like_html(text: &str) -> bool {
    let mut marks = text.split('&').skip(1).any(|piece| {
        piece.split_once(';').is_some_and(|(name, _)| {
            let name = name.strip_prefix('#').unwrap_or(name);
            !name.is_empty() && name.len() < 10 && name.bytes().all(|byte| byte.is_ascii_alphanumeric())
        })
    });
    for tag in text.split('<').skip(1) {
        let (tag, is_end) = tag.strip_prefix('/').map_or((tag, false), |tag| (tag, true));
        let length = tag.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(tag.len());
        let name = tag.get(..length).unwrap_or("").to_ascii_lowercase();
        if name.is_empty() {
            continue;
        }
        if !is_known_element(&name) {
            return false;
        }
        marks |= is_end || matches!(name.as_str(), "br" | "img" | "hr" | "p" | "li");
    }
    marks
}

/// Returns the trimmed text of an element, without markup.
pub(super) fn plain(tree: &Tree, id: NodeId) -> String {
    repair_encoding(tree.text(id)).trim().to_owned()
}

/// Returns the text of the child element `name`.
pub(super) fn child(tree: &Tree, id: NodeId, name: &str) -> Option<String> {
    let mut found = tree.elements(id).filter(|(_, child)| child.name == name && child.space != Namespace::Other);
    found.next().map(|(id, _)| plain(tree, id))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn html_is_distinguished_from_text_with_angle_brackets() {
        for (text, html) in [
            ("<b>bold</b>", true),
            ("AT&amp;T", true),
            ("one<br>two", true),
            ("2 > 1", false),
            ("a < b", false),
            ("the <blink2> tag</blink2>", false),
            ("AT&T; fish & chips", true),
            ("fish & chips", false),
            ("the <b> tag", false),
        ] {
            assert_eq!(looks_like_html(text), html, "{text}");
        }
    }
}
