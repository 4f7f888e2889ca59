//! Sanitizes HTML in feeds. Elements and attributes that only format text stay; scripts, embedded content, frames,
//! forms and styles are removed.

use super::elements::is_void;
use super::open_elements::OpenElements;
use super::skip::{Skip, SkippedElement};
use super::tokens::{HtmlElement, HtmlToken, tokenize};
use crate::formats::address::{self, Base};
use crate::formats::budget::Budget;

/// Elements that stay. Other elements lose their tags but keep their content.
#[rustfmt::skip]
const ELEMENTS: &[&str] = &[
    "a", "abbr", "acronym", "address", "area", "article", "aside", "b", "bdi", "bdo", "big", "blockquote", "br",
    "caption", "center", "cite", "code", "col", "colgroup", "dd", "del", "details", "dfn", "dir", "div", "dl", "dt",
    "em", "figcaption", "figure", "font", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "i",
    "img", "ins", "kbd", "label", "legend", "li", "main", "map", "mark", "menu", "nav", "ol", "p", "pre", "q", "rp",
    "rt", "ruby", "s", "samp", "section", "small", "span", "strike", "strong", "sub", "summary", "sup", "svg", "table",
    "tbody", "td", "tfoot", "th", "thead", "time", "tr", "tt", "u", "ul", "var", "wbr",
];

/// Elements that are removed with their content.
const DROPPED: &[&str] = &[
    "applet", "audio", "button", "canvas", "datalist", "frameset", "iframe", "noembed", "noframes", "object", "script",
    "select", "style", "template", "textarea", "title", "video", "xml",
];

/// Attributes that stay, on any element.
#[rustfmt::skip]
const ATTRIBUTES: &[&str] = &[
    "abbr", "align", "alt", "cite", "colspan", "datetime", "dir", "headers", "height", "href", "hreflang", "lang",
    "name", "nowrap", "rel", "rowspan", "scope", "span", "src", "start", "summary", "title", "type", "valign", "value",
    "width",
];

/// Attributes that hold an address.
const ADDRESSES: &[&str] = &["cite", "href", "src"];

/// Returns `html` without active content, with absolute addresses resolved against `base` and balanced tags.
pub(crate) fn sanitize_html(html: &str, base: Option<&Base>, budget: &Budget) -> String {
    if !budget.charge(html.len()) {
        return String::new();
    }
    let text = String::with_capacity(html.len());
    let mut sanitizer = Sanitizer { base, budget, text, open: OpenElements::default(), dropped: None };
    tokenize(html, |token| sanitizer.handle_token(&token));
    let clean = sanitizer.finish();
    // Character references are longer than the characters.
    if budget.charge(clean.len().saturating_sub(html.len())) { clean } else { String::new() }
}

/// Returns whether `name` is an element that occurs in the markup of feeds.
pub(crate) fn is_known_element(name: &str) -> bool {
    ELEMENTS.binary_search(&name).is_ok() || DROPPED.contains(&name) || is_void(name)
}

fn is_dropped(element: &HtmlElement<'_>) -> bool {
    DROPPED.contains(&element.name) && !element.is_unclosed || element.is_hidden()
}

struct Sanitizer<'b> {
    base: Option<&'b Base>,
    budget: &'b Budget,
    text: String,
    /// The open elements that were written.
    open: OpenElements,
    /// The element that is being removed with its content.
    dropped: Option<SkippedElement>,
}

impl Sanitizer<'_> {
    fn handle_token(&mut self, token: &HtmlToken<'_>) {
        if let Some(dropped) = &mut self.dropped {
            match dropped.advance(token) {
                Skip::Inside => return,
                Skip::Last => {
                    self.dropped = None;
                    return;
                }
                Skip::Beyond => self.dropped = None,
            }
        }
        match token {
            HtmlToken::Start(element) if is_dropped(element) => {
                if !is_void(element.name) && !element.closes_itself {
                    self.dropped = Some(SkippedElement::new(element.name));
                }
            }
            HtmlToken::Start(element) => self.start(element),
            HtmlToken::End(name) => self.end(name),
            HtmlToken::Text(text) => escape_text(text, &mut self.text),
            HtmlToken::Mistake => {}
        }
    }

    fn start(&mut self, element: &HtmlElement<'_>) {
        if ELEMENTS.binary_search(&element.name).is_err() {
            return;
        }
        self.text.push('<');
        self.text.push_str(element.name);
        for (name, value) in element.attributes() {
            if ATTRIBUTES.binary_search(&name).is_err() {
                continue;
            }
            let whole;
            let mut value = value;
            if ADDRESSES.contains(&name) {
                let resolved = || address::resolve(self.base, value, self.budget);
                let resolved = address::is_allowed_scheme(&address::trim_url(value)).then(resolved).flatten();
                let Some(resolved) = resolved.filter(|whole| address::is_allowed_scheme(whole)) else { continue };
                whole = resolved;
                value = &whole;
            }
            self.text.push(' ');
            self.text.push_str(name);
            self.text.push_str("=\"");
            escape_value(value, &mut self.text);
            self.text.push('"');
        }
        if is_void(element.name) {
            self.text.push_str(" />");
            return;
        }
        self.text.push('>');
        self.open.start(element.name);
    }

    fn end(&mut self, name: &str) {
        let Sanitizer { open, text, .. } = self;
        open.end(name, |closed| close(closed, text));
    }

    fn finish(mut self) -> String {
        while let Some(open) = self.open.close() {
            close(&open, &mut self.text);
        }
        self.text
    }
}

fn close(name: &str, text: &mut String) {
    text.push_str("</");
    text.push_str(name);
    text.push('>');
}

/// Escapes `text` for HTML and XML.
pub(crate) fn escape_text(text: &str, out: &mut String) {
    let mut rest = text;
    while let Some(at) = memchr::memchr3(b'&', b'<', b'>', rest.as_bytes()) {
        let (plain, special) = rest.split_at(at);
        out.push_str(plain);
        out.push_str(match special.as_bytes() {
            [b'&', ..] => "&amp;",
            [b'<', ..] => "&lt;",
            _ => "&gt;",
        });
        rest = special.get(1..).unwrap_or("");
    }
    out.push_str(rest);
}

/// Escapes `value` for an attribute in double quotes.
pub(crate) fn escape_value(value: &str, out: &mut String) {
    for c in value.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            c => out.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn element_lists_are_sorted() {
        assert!(ELEMENTS.is_sorted() && ATTRIBUTES.is_sorted());
    }

    #[test]
    fn sanitize_keeps_text_markup_and_removes_active_content() {
        for (html, clean) in [
            ("a <b>b</b> &amp; &lt;c&gt;", "a <b>b</b> &amp; &lt;c&gt;"),
            ("safe<script>alert('x')</script> text", "safe text"),
            ("<p onclick=\"x()\" style=\"color:red\" title='a \"b\"'>c</p>", "<p title=\"a &quot;b&quot;\">c</p>"),
            ("<a href=' java\nscript:x'>y</a>", "<a>y</a>"),
            ("<a href=b>c</a>", "<a href=\"http://example.org/a/b\">c</a>"),
            ("<iframe src=x><b>in</b></iframe>out", "out"),
            ("<custom>kept</custom>", "kept"),
            ("<b>one<i>two</b>three", "<b>one<i>two</i></b>three"),
            ("<ul><li>open", "<ul><li>open</li></ul>"),
            ("</p></b>no start", "no start"),
            ("<img src=x onerror=1>", "<img src=\"http://example.org/a/x\" />"),
            ("<object><param><embed src=x>fallback</object>after", "after"),
            ("<svg><script>1</script></svg>", "<svg></svg>"),
            ("cut <iframe src=x> <b>off</b>", "cut  <b>off</b>"),
        ] {
            let budget = Budget::default();
            let base = Base::of("http://example.org/a/", &budget);
            assert_eq!(sanitize_html(html, base.as_ref(), &budget), clean, "{html}");
        }
    }
}
