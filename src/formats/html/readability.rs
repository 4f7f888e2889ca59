//! Saved pages: metadata, and the text without the menus around it.
//!
//! `dom_smoothie` finds the text, like the reader view of browsers. Pages without a result, and pages that are too
//! large or too deep for a tree, are shown as a whole.

use std::borrow::Cow;

use dom_smoothie::{Article, Config, Readability};

use super::blocks::{HtmlBlocks, blocks, text_of};
use super::elements::is_void;
use super::open_elements::OpenElements;
use super::tokens::{HtmlElement, HtmlToken, drop_excess_attributes, tokenize};
use crate::article::{Draft, DraftPart, Role, SpanStyle, Warning};
use crate::formats::address::{self, Base};
use crate::formats::budget::{Budget, MAX_ADDRESS_BYTES};
use crate::formats::date;
use crate::formats::encoding::decode_as;
use crate::formats::feed::date::parse as parse_feed_date;
use crate::formats::format::{FileHint, ParsedFile};
use crate::formats::headline::{headline_from_name, limit_headline};

/// Limits of the tree, which takes time and stack. Larger and deeper pages are shown as a whole.
const MAX_TAGS: usize = 50_000;
const MAX_DEPTH: usize = 300;

/// Maximum number of markup errors. The tree stores a message for each: `<p>` and ten million `< ` took 1.2 GB.
const MAX_MISTAKES: usize = MAX_TAGS;

/// Maximum number of bytes that html5ever scans to escape text. It scans from each `&` and each byte 0xC2 to the next
/// `<` or `>`; 3 MB of `&amp;` took 7 s. Pages above the limit are shown as a whole.
const MAX_ESCAPE_SCAN: usize = 512 << 20;

/// Maximum number of bytes of titles that are compared with headings. `dom_smoothie` compares the words of the title
/// with each heading; 64 KB of a long title and short headings took 6 s. Pages above the limit are shown as a whole.
const MAX_TITLE_COMPARISON: usize = 8 << 20;

/// The memory of a tag in the tree, in bytes, and the memory per byte of the page.
const TREE_BYTES_PER_TAG: usize = 256;
const TREE_BYTES_PER_BYTE: usize = 8;

/// Maximum number of headings among which the headline is searched.
const MAX_HEADINGS: usize = 16;

/// Minimum length of an article's text in bytes.
const MIN_TEXT_BYTES: usize = 140;

/// Returns the article of the page that was fetched from `url`; `None` if the page has no text.
pub fn page_article(bytes: &[u8], content_type: Option<&str>, url: &str) -> Option<Draft<'static>> {
    let decoded = decode_as(bytes, content_type).ok()?;
    let mut found = ParsedFile { budget: Budget::of(decoded.text().len()), ..ParsedFile::default() };
    read_from(&FileHint::default(), decoded.text(), Some(url), &mut found);
    found.budget.check().ok()?;
    let mut draft = found.drafts.pop()?.into_owned();
    limit_headline(&mut draft);
    let has_text = found.warnings.is_empty() && draft.parts.iter().any(|part| matches!(part.role, Role::Body(_)));
    has_text.then_some(draft)
}

pub(super) fn read<'a>(hint: &FileHint<'_>, text: &'a str, found: &mut ParsedFile<'a>) {
    read_from(hint, text, None, found);
}

/// Parses a page. `url` is its address if it was fetched.
fn read_from(hint: &FileHint<'_>, text: &str, url: Option<&str>, found: &mut ParsedFile<'_>) {
    let text = &*drop_excess_attributes(text);
    let mut page = PageMetadata::of(text);
    if let Some(url) = url {
        page.canonical = Some(url.to_owned());
    }
    let ParsedFile { drafts, warnings, budget, .. } = found;
    let base = page.base.as_deref().or(page.address()).and_then(|base| Base::of(base, budget));
    let article = page.fits_in_tree(text, budget).then(|| run_readability(text, page.address())).flatten();
    let article = article.filter(|article| budget.charge(article.content.len()));
    let base = base.as_ref();
    let mut body = article.as_ref().map(|article| blocks(&article.content, base, budget)).unwrap_or_default();
    let text_length = |body: &HtmlBlocks| body.parts.iter().map(|part| part.text.len()).sum::<usize>();
    let whole = blocks(text, base, budget);
    // The result must be a good part of the page's text; otherwise the page is not laid out like an article.
    if text_length(&body) < MIN_TEXT_BYTES.min(text_length(&whole)) {
        body = whole;
    }
    if text_outside_links(&body) == 0 {
        warnings.push(Warning {
            line: None,
            cause: "the page has no article text".to_owned(),
            consequence: if body.parts.is_empty() { "nothing is shown" } else { "only its links are shown" }.to_owned(),
        });
    }
    let mut draft = Draft { url: page.address().map(|url| Cow::Owned(url.to_owned())), ..Draft::default() };
    let published = article.as_ref().and_then(|article| article.published_time.as_deref());
    let dates = [page.published.as_deref(), published, page.time.as_deref()];
    draft.published =
        dates.into_iter().flatten().find_map(parse_feed_date).or_else(|| date::of_file_name(hint.file_name));
    let heading = page.heading();
    draft.section = Cow::Owned(page.section.unwrap_or_default());
    let found_title = article.as_ref().map(|article| article.title.trim().to_owned());
    let title =
        [page.named_title, heading, found_title, page.title.map(|title| without_site(&title, page.site.as_deref()))];
    let title = title.into_iter().flatten().find(|title| !title.is_empty());
    let title = title.unwrap_or_else(|| headline_from_name(hint));
    // Do not repeat the headline in the body.
    if body.parts.first().is_some_and(|part| part.role != Role::Caption && part.text.trim() == title) {
        body.parts.remove(0);
    }
    draft.push(Role::Headline, title);
    draft.push(Role::Standfirst, page.description.filter(|text| !begins_with(&body, text)).unwrap_or_default());
    let byline = page.author.or_else(|| article.and_then(|article| article.byline));
    draft.push(Role::Byline, byline.filter(|byline| !byline.contains("://")).unwrap_or_default());
    draft.parts.append(&mut body.parts);
    draft.links = body.links;
    draft.push(Role::Source, page.site.unwrap_or_default());
    drafts.push(draft);
}

/// Returns the text of a page as the reader view of a browser would show it.
fn run_readability(html: &str, address: Option<&str>) -> Option<Article> {
    let config = Config { max_elements_to_parse: MAX_TAGS, ..Config::default() };
    // `dom_smoothie` fails if the address is invalid.
    let address = address.filter(|address| address.starts_with("http"));
    Readability::new(html, address, Some(config)).ok()?.parse().ok()
}

fn begins_with(body: &HtmlBlocks, text: &str) -> bool {
    let beginning = |text: &str| text.split_whitespace().take(8).map(str::to_lowercase).collect::<Vec<_>>();
    body.parts
        .iter()
        .find(|part| part.role != Role::Caption)
        .is_some_and(|part| beginning(&part.text) == beginning(text))
}

fn one_line(text: &str) -> Option<String> {
    Some(text.split_whitespace().collect::<Vec<_>>().join(" ")).filter(|text| !text.is_empty())
}

/// Returns the length of the text outside of links, in bytes.
fn text_outside_links(body: &HtmlBlocks) -> usize {
    let length = |part: &DraftPart<'_>| {
        let links = part.spans.iter().filter(|span| matches!(span.style, SpanStyle::Link(_)));
        part.text.len().saturating_sub(links.map(|span| span.end.saturating_sub(span.start) as usize).sum())
    };
    body.parts.iter().map(length).sum()
}

/// Returns a title without the name of the site at its end.
fn without_site(title: &str, site: Option<&str>) -> String {
    let Some(site) = site else { return title.to_owned() };
    let rest = title.trim().strip_suffix(site).map(str::trim_end);
    let rest = rest.and_then(|rest| rest.strip_suffix(['|', '-', '–', '—', '·', ':', '•', '»']));
    rest.map_or_else(|| title.to_owned(), |rest| rest.trim_end().to_owned())
}

/// The metadata of a page.
#[derive(Default)]
struct PageMetadata {
    title: Option<String>,
    /// The title for other sites (`og:title` and the like).
    named_title: Option<String>,
    /// The `h1` headings.
    headings: Vec<String>,
    description: Option<String>,
    author: Option<String>,
    section: Option<String>,
    site: Option<String>,
    published: Option<String>,
    /// The first `<time>` in the text.
    time: Option<String>,
    canonical: Option<String>,
    base: Option<String>,
    tags: usize,
    mistakes: usize,
    /// The number of `h1` and `h2` headings.
    heading_count: usize,
    /// The length of the longest text that may be the title.
    longest_title: usize,
    /// The length of the JSON-LD that is being read.
    data: Option<usize>,
    /// The number of addresses that may be relative.
    addresses: usize,
    escaping: EscapeCounter,
    nesting: OpenElements,
    deepest: usize,
}

impl PageMetadata {
    fn of(html: &str) -> PageMetadata {
        let mut page = PageMetadata::default();
        // The element whose text is being collected, and the text.
        let mut wanted: Option<(&'static str, String)> = None;
        tokenize(html, |token| match token {
            HtmlToken::Start(element) => {
                page.count(&element);
                // A title without an end tag ends at the next tag.
                if let Some((_, text)) = wanted.take_if(|(name, _)| *name == "title") {
                    page.title = one_line(&text);
                }
                if !is_void(element.name) {
                    page.nest(element.name);
                }
                let attribute = |name: &str| element.attribute(name).map(str::trim).filter(|text| !text.is_empty());
                match element.name {
                    "title" if page.title.is_none() && wanted.is_none() => wanted = Some(("title", String::new())),
                    "h1" if page.headings.len() < MAX_HEADINGS => wanted = Some(("h1", String::new())),
                    "meta" => {
                        let name = attribute("property").or(attribute("name")).or(attribute("itemprop"));
                        if let Some((name, content)) = name.zip(attribute("content")) {
                            page.meta(&name.to_ascii_lowercase(), content);
                        }
                    }
                    "time" => page.time = page.time.take().or(attribute("datetime").map(str::to_owned)),
                    "base" => page.base = page.base.take().or(attribute("href").map(str::to_owned)),
                    "link" if attribute("rel").is_some_and(|rel| rel.eq_ignore_ascii_case("canonical")) => {
                        page.canonical = page.canonical.take().or(attribute("href").map(str::to_owned));
                    }
                    _ => {}
                }
            }
            HtmlToken::Mistake => page.mistakes += 1,
            HtmlToken::End(name) => {
                page.escaping.end_run(false);
                page.data = None;
                page.nesting.end(name, |_| {});
                if wanted.as_ref().is_some_and(|(open, _)| *open == name)
                    && let Some((_, text)) = wanted.take()
                {
                    let text = one_line(&text);
                    if name == "title" { page.title = text } else { page.headings.extend(text) }
                }
            }
            HtmlToken::Text(text) => {
                page.escaping.take(text);
                if let Some(data) = &mut page.data {
                    *data += text.len();
                    page.longest_title = page.longest_title.max(*data);
                }
                if let Some((_, wanted)) = &mut wanted {
                    wanted.push_str(text);
                    page.longest_title = page.longest_title.max(wanted.len());
                }
            }
        });
        page.escaping.end_run(false);
        page
    }

    fn meta(&mut self, name: &str, content: &str) {
        let field = match name {
            "og:title" | "twitter:title" | "dc.title" => &mut self.named_title,
            "og:description" | "description" | "twitter:description" => &mut self.description,
            "author" | "article:author" | "dc.creator" | "byl" => &mut self.author,
            "article:section" => &mut self.section,
            "og:site_name" | "application-name" => &mut self.site,
            "og:url" => &mut self.canonical,
            "article:published_time"
            | "date"
            | "dc.date"
            | "dc.date.issued"
            | "dcterms.date"
            | "dcterms.created"
            | "datepublished"
            | "pubdate"
            | "publish-date"
            | "parsely-pub-date"
            | "sailthru.date" => &mut self.published,
            _ => return,
        };
        field.get_or_insert_with(|| text_of(content));
    }

    /// Returns the heading of the article. Sites put their own names in headings too, so a heading that begins the
    /// title is preferred.
    fn heading(&self) -> Option<String> {
        let title = self.title.as_deref().unwrap_or("").to_lowercase();
        let begins = self.headings.iter().find(|heading| title.starts_with(&heading.to_lowercase()));
        begins.or(self.headings.first()).cloned()
    }

    fn address(&self) -> Option<&str> {
        self.canonical.as_deref().filter(|address| {
            address.len() <= MAX_ADDRESS_BYTES
                && address::scheme(address).is_some()
                && address::is_allowed_scheme(address)
        })
    }

    /// Tracks the nesting depth, roughly as a tree would nest the element.
    fn nest(&mut self, name: &str) {
        if self.deepest > MAX_DEPTH {
            // The limit is exceeded; the exact depth does not matter.
            return;
        }
        let ends_its_like = matches!(name, "p" | "li" | "dt" | "dd" | "tr" | "td" | "th" | "option");
        if ends_its_like && self.nesting.innermost() == Some(name) {
            self.nesting.close();
        }
        self.nesting.start(name);
        self.deepest = self.deepest.max(self.nesting.depth());
    }

    /// Counts what an element adds to the tree.
    fn count(&mut self, element: &HtmlElement<'_>) {
        self.tags += 1;
        self.escaping.end_run(matches!(element.name, "script" | "style"));
        self.heading_count += usize::from(matches!(element.name, "h1" | "h2"));
        let is_data = element.name == "script" && element.attribute("type").is_some_and(|kind| kind.contains("json"));
        self.data = is_data.then_some(0);
        for (name, value) in element.attributes() {
            if element.name == "meta" {
                self.longest_title = self.longest_title.max(value.len());
            }
            self.escaping.take(value);
            self.escaping.end_run(self.escaping.is_raw);
            match name {
                "href" | "src" | "poster" => self.addresses += 1,
                "srcset" => self.addresses += 1 + memchr::memchr_iter(b',', value.as_bytes()).count(),
                _ => {}
            }
        }
    }

    /// Returns whether a tree of the page is small enough to build and fits the budget.
    fn fits_in_tree(&self, text: &str, budget: &Budget) -> bool {
        // The tree resolves addresses itself, with a base of any length.
        let base = self.base.as_deref().or(self.address()).map_or(0, str::len);
        let tree =
            self.tags * TREE_BYTES_PER_TAG + text.len().saturating_mul(TREE_BYTES_PER_BYTE) + self.addresses * base;
        self.tags <= MAX_TAGS
            && self.deepest <= MAX_DEPTH
            && self.mistakes <= MAX_MISTAKES
            && self.escaping.bytes <= MAX_ESCAPE_SCAN
            && self.longest_title.saturating_mul(self.heading_count) <= MAX_TITLE_COMPARISON
            && base <= MAX_ADDRESS_BYTES
            && budget.has(tree)
    }
}

/// Counts the bytes that html5ever scans to escape the texts of a page.
#[derive(Default)]
struct EscapeCounter {
    bytes: usize,
    /// The length of the text since the last tag, `<` or `>`.
    run: usize,
    /// The number of characters in it that are escaped.
    signs: usize,
    /// Whether this is the text of a script or a style sheet, which is not escaped.
    is_raw: bool,
}

impl EscapeCounter {
    fn take(&mut self, text: &str) {
        if self.is_raw {
            return;
        }
        for piece in text.as_bytes().split_inclusive(|byte| matches!(byte, b'<' | b'>')) {
            self.run += piece.len();
            self.signs += memchr::memchr2_iter(b'&', 0xC2, piece).count();
            if piece.ends_with(b"<") || piece.ends_with(b">") {
                self.end_run(false);
            }
        }
    }

    /// Ends a run of text. `is_raw` applies to the text that follows.
    fn end_run(&mut self, is_raw: bool) {
        self.bytes = self.bytes.saturating_add(self.run.saturating_mul(self.signs));
        (self.run, self.signs, self.is_raw) = (0, 0, is_raw);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn page_depth_ignores_stray_and_omitted_end_tags() {
        let fits_in_tree = |html: &str| PageMetadata::of(html).fits_in_tree(html, &Budget::of(html.len()));
        assert!(!fits_in_tree(&"</div><rss>".repeat(MAX_DEPTH + 1)));
        assert!(fits_in_tree(&"<div><p>A paragraph.<ul><li>One<li>Two</ul></div>".repeat(MAX_DEPTH)));
        assert!(fits_in_tree(&format!("<div>{}</div>", "<p>A paragraph.".repeat(2 * MAX_DEPTH))));
    }

    #[test]
    fn pages_too_large_for_a_tree_are_recognised() {
        let fits_in_tree = |html: &str| PageMetadata::of(html).fits_in_tree(html, &Budget::of(html.len()));
        for piece in ["&amp;", "&amp", "é £"] {
            assert!(fits_in_tree(&format!("<p>{}", piece.repeat(10_000))), "{piece}");
            assert!(!fits_in_tree(&format!("<p>{}", piece.repeat(60_000))), "{piece}");
            assert!(!fits_in_tree(&format!("<p title='{}'>", piece.repeat(60_000))), "{piece}");
            assert!(fits_in_tree(&format!("<p>{}", format!("{piece}<br>").repeat(40_000))), "{piece}");
            assert!(fits_in_tree(&format!("<script>{}</script>", piece.repeat(60_000))), "{piece}");
        }
        assert!(!fits_in_tree(&format!("<p>{}", "< ".repeat(MAX_MISTAKES + 1))));
        for title in
            ["<title>word</title>", "<meta content='word'>", "<script type='application/ld+json'>word</script>"]
        {
            let page = |words: usize, headings: usize| {
                format!("{}{}", title.replace("word", &"word ".repeat(words)), "<h2>a</h2>".repeat(headings))
            };
            assert!(fits_in_tree(&page(1_000, 1_000)), "{title}");
            assert!(!fits_in_tree(&page(3_000, 3_000)), "{title}");
        }
        let base = |length: usize| format!("<base href='https://example.org/{}/'>", "a".repeat(length));
        assert!(!fits_in_tree(&base(5_000)));
        assert!(fits_in_tree(&format!("{}{}", base(1_000), "<a href=b>c</a>".repeat(10_000))));
        assert!(!fits_in_tree(&format!("{}{}", base(4_000), "<a href=b>c</a>".repeat(20_000))));
        assert!(!fits_in_tree(&format!("{}<img srcset='{}'>", base(4_000), "a,".repeat(10_000))));
    }
}
