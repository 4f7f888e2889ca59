//! Turns HTML into the blocks of an article. Scripts, embedded content, forms and hidden elements are dropped. Text
//! outside of known elements is kept.
//!
//! Open elements are counted, not stored in a tree, so unclosed, misplaced and deeply nested tags cost nothing.

use std::borrow::Cow;

use super::elements::{TagEffect, is_void, tag_effect};
use super::inline::InlineText;
use super::skip::{Skip, SkippedElement};
use super::tokens::{HtmlElement, HtmlToken, tokenize};
use crate::article::{BlockKind, DraftPart, Role};
use crate::formats::address::{self, Base};
use crate::formats::budget::Budget;

/// Maximum length of a cell in bytes. A row with a longer cell is page layout, not a table.
const MAX_CELL_BYTES: usize = 300;

/// Minimum text of a form, in bytes, that is wrapped around a whole page and therefore shown.
const MIN_PAGE_FORM_BYTES: usize = 1_000;

/// Maximum number of links of an article.
const MAX_LINKS: usize = u16::MAX as usize;

/// The blocks of a piece of HTML.
#[derive(Debug, Default)]
pub(crate) struct HtmlBlocks {
    /// Paragraphs, cross-heads, lists, quotations, code, tables and captions, in order.
    pub(crate) parts: Vec<DraftPart<'static>>,
    /// The addresses of the links.
    pub(crate) links: Vec<Cow<'static, str>>,
}

/// Returns the blocks of `html`, a whole page or a part of one. Relative addresses are resolved against `base`.
pub(crate) fn blocks(html: &str, base: Option<&Base>, budget: &Budget) -> HtmlBlocks {
    let mut builder = BlockBuilder::new(base.cloned(), budget);
    tokenize(html, |token| builder.handle_token(&token));
    builder.finish()
}

/// Returns the text of a piece of HTML on one line.
pub(crate) fn text_of(html: &str) -> String {
    if !html.contains(['<', '&']) {
        return html.split_whitespace().collect::<Vec<_>>().join(" ");
    }
    let parts = blocks(html, None, &Budget::of(html.len())).parts;
    parts.iter().map(|part| part.text.split_whitespace().collect::<Vec<_>>().join(" ")).collect::<Vec<_>>().join(" ")
}

struct BlockBuilder<'b> {
    base: Option<Base>,
    budget: &'b Budget,
    found: HtmlBlocks,
    line: InlineText,
    /// The hidden element that is being skipped.
    hidden: Option<SkippedElement>,
    /// The open lists, each with its next number if it is ordered.
    lists: Vec<Option<u16>>,
    /// The marker of the list entry whose text follows.
    entry: Option<BlockKind>,
    quotes: usize,
    heading: bool,
    code: usize,
    figure: Option<Figure>,
    row: Option<Row>,
    /// The number of parts and links before the open form.
    form: Option<(usize, usize)>,
    /// Whether the last token was a line break.
    broken: bool,
}

/// The open figure.
#[derive(Default)]
struct Figure {
    /// The alternative text and the address of the first picture.
    picture: Option<(String, Option<String>)>,
    in_caption: bool,
    has_caption: bool,
}

/// The open table row: pieces of text, each with the number of its cell.
#[derive(Default)]
struct Row {
    cells: usize,
    pieces: Vec<(usize, BlockKind, InlineText)>,
}

impl<'b> BlockBuilder<'b> {
    fn new(base: Option<Base>, budget: &'b Budget) -> BlockBuilder<'b> {
        BlockBuilder {
            base,
            budget,
            found: HtmlBlocks::default(),
            line: InlineText::default(),
            hidden: None,
            lists: Vec::new(),
            entry: None,
            quotes: 0,
            heading: false,
            code: 0,
            figure: None,
            row: None,
            form: None,
            broken: false,
        }
    }

    fn handle_token(&mut self, token: &HtmlToken<'_>) {
        if let Some(hidden) = &mut self.hidden {
            match hidden.advance(token) {
                Skip::Inside => return,
                Skip::Last => {
                    self.hidden = None;
                    return;
                }
                Skip::Beyond => self.hidden = None,
            }
        }
        match token {
            HtmlToken::Start(element) => self.start(element),
            HtmlToken::End(name) => self.end(name),
            HtmlToken::Text(text) => {
                self.broken &= text.trim().is_empty();
                if self.code > 0 { self.line.push_code(text) } else { self.line.push(text) }
            }
            HtmlToken::Mistake => {}
        }
    }

    fn start(&mut self, element: &HtmlElement<'_>) {
        let name = element.name;
        let effect = tag_effect(name);
        if element.is_unclosed && name != "title" {
            return;
        }
        if matches!(effect, TagEffect::Hidden) || element.is_hidden() {
            if !is_void(name) {
                if matches!(effect, TagEffect::Block) {
                    self.flush(BlockKind::Paragraph);
                }
                self.hidden = Some(SkippedElement::new(name));
            }
            return;
        }
        match effect {
            TagEffect::Style(style) => return self.line.open(style),
            TagEffect::Block => self.flush(BlockKind::Paragraph),
            TagEffect::Hidden | TagEffect::Inline => {}
        }
        match name {
            "br" if self.code > 0 => self.line.push_code("\n"),
            "br" => {
                // Two line breaks separate paragraphs.
                if self.broken {
                    self.flush(BlockKind::Paragraph);
                }
                self.line.push(" ");
                self.broken = !self.broken;
            }
            "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => self.heading = true,
            "blockquote" => self.quotes += 1,
            "ul" | "dir" | "dl" => self.lists.push(None),
            "ol" => {
                let first = element.attribute("start").and_then(|start| start.trim().parse().ok());
                self.lists.push(Some(first.unwrap_or(1)));
            }
            "li" | "dd" => self.start_entry(element.attribute("value").and_then(|value| value.trim().parse().ok())),
            "dt" => self.entry = None,
            "pre" | "listing" | "xmp" | "plaintext" => self.code += 1,
            "hr" => self.push_rule(),
            "table" => self.spill_row(),
            "tr" => {
                self.end_row();
                self.row = Some(Row::default());
            }
            "td" | "th" => {
                self.flush(BlockKind::Paragraph);
                self.row.get_or_insert_default().cells += 1;
            }
            "figure" => self.figure = Some(Figure::default()),
            "figcaption" => {
                if let Some(figure) = &mut self.figure {
                    figure.in_caption = true;
                }
            }
            "form" if self.form.is_none() => self.form = Some((self.found.parts.len(), self.found.links.len())),
            "a" => self.start_link(element.attribute("href")),
            "img" | "image" => self.push_picture(element),
            "q" => self.line.push("“"),
            "base" => {
                if let Some(address) = element.attribute("href") {
                    self.base = Base::within(self.base.take(), address, self.budget);
                }
            }
            _ => {}
        }
    }

    fn end(&mut self, name: &str) {
        match tag_effect(name) {
            TagEffect::Style(style) => return self.line.close(style),
            TagEffect::Block => {
                let kind = match name {
                    "pre" | "listing" | "xmp" => BlockKind::Code,
                    "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => BlockKind::Crosshead,
                    _ => BlockKind::Paragraph,
                };
                self.flush(kind);
            }
            TagEffect::Hidden | TagEffect::Inline => {}
        }
        match name {
            "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => self.heading = false,
            "blockquote" => self.quotes = self.quotes.saturating_sub(1),
            "ul" | "dir" | "dl" | "ol" => {
                self.lists.pop();
                self.entry = None;
            }
            "li" | "dd" => self.entry = None,
            "pre" | "listing" | "xmp" => self.code = self.code.saturating_sub(1),
            "td" | "th" => self.flush(BlockKind::Paragraph),
            "tr" | "table" | "tbody" | "thead" | "tfoot" => self.end_row(),
            "figcaption" => {
                if let Some(figure) = &mut self.figure {
                    figure.in_caption = false;
                }
            }
            "figure" => self.end_figure(),
            "form" => self.end_form(),
            "a" => self.line.close_link(),
            "q" => self.line.push("”"),
            _ => {}
        }
    }

    fn start_entry(&mut self, value: Option<u16>) {
        let depth = u8::try_from(self.lists.len().saturating_sub(1)).unwrap_or(u8::MAX);
        let number = self.lists.last_mut().and_then(|next| {
            let number = value.or(*next);
            if next.is_some() {
                *next = number.map(|number| number.saturating_add(1));
                number
            } else {
                None
            }
        });
        self.entry = Some(BlockKind::ListEntry { depth, number });
    }

    fn start_link(&mut self, href: Option<&str>) {
        self.line.close_link();
        if let Some(number) = href.and_then(|href| self.link(href)) {
            self.line.open_link(number);
        }
    }

    /// Adds a link to `href` and returns its number. Returns `None` if it has no target or its scheme is not allowed.
    fn link(&mut self, href: &str) -> Option<u16> {
        let href = address::trim_url(href);
        if href.is_empty() || href.starts_with('#') || !address::is_allowed_scheme(&href) {
            return None;
        }
        if self.found.links.len() >= MAX_LINKS {
            return None;
        }
        let whole = address::resolve(self.base.as_ref(), &href, self.budget)
            .filter(|whole| address::is_allowed_scheme(whole))?;
        self.found.links.push(Cow::Owned(whole));
        u16::try_from(self.found.links.len() - 1).ok()
    }

    fn push_picture(&mut self, element: &HtmlElement<'_>) {
        let alternative = element.attribute("alt").unwrap_or("").split_whitespace().collect::<Vec<_>>().join(" ");
        let source = ["src", "data-src"].iter().find_map(|name| {
            let source = address::trim_url(element.attribute(name)?);
            let is_address =
                !source.is_empty() && address::is_allowed_scheme(&source) && self.budget.allows_address(&source);
            is_address.then(|| source.into_owned())
        });
        if let Some(figure) = &mut self.figure {
            figure.picture.get_or_insert((alternative, source));
            return;
        }
        // Pictures without a description are decoration or tracking pixels.
        if alternative.is_empty() {
            return;
        }
        let number = source.filter(|_| !self.line.in_link()).and_then(|source| self.link(&source));
        self.broken = false;
        if let Some(number) = number {
            self.line.open_link(number);
        }
        self.line.push(&format!("[Image: {alternative}]"));
        if number.is_some() {
            self.line.close_link();
        }
    }

    fn push_rule(&mut self) {
        let rule = Role::Body(BlockKind::Rule);
        // Repeated rules, and a rule before all text, are dropped.
        if self.row.is_none() && self.found.parts.last().is_some_and(|part| part.role != rule) {
            self.found.parts.push(DraftPart { role: rule, text: "".into(), spans: Vec::new() });
        }
    }

    /// Ends the current block. `kind` applies unless the open elements determine another one.
    fn flush(&mut self, kind: BlockKind) {
        self.broken = false;
        if self.line.is_blank() {
            self.line.clear();
            return;
        }
        let kind = match kind {
            _ if self.code > 0 => BlockKind::Code,
            _ if self.heading => BlockKind::Crosshead,
            BlockKind::Paragraph => match self.entry.take() {
                Some(entry) => entry,
                None if self.quotes > 0 => BlockKind::Quote,
                None => BlockKind::Paragraph,
            },
            kind => kind,
        };
        let line = self.line.take();
        if let Some(figure) = self.figure.as_mut().filter(|figure| figure.in_caption) {
            figure.has_caption = true;
            let picture = figure.picture.as_ref().and_then(|(_, source)| source.clone());
            let mut line = line;
            // The caption links to its picture unless it already has a link.
            if !line.has_link()
                && let Some(number) = picture.and_then(|source| self.link(&source))
            {
                line.link_all(number);
            }
            return self.push(Role::Caption, line, false);
        }
        match &mut self.row {
            Some(row) => row.pieces.push((row.cells, kind, line)),
            None => self.push(Role::Body(kind), line, kind == BlockKind::Code),
        }
    }

    fn push(&mut self, role: Role, line: InlineText, code: bool) {
        if let Some((text, spans)) = line.finish(code)
            && self.budget.charge(text.len() + size_of::<DraftPart<'_>>() + size_of_val(&*spans))
        {
            self.found.parts.push(DraftPart { role, text: text.into(), spans });
        }
    }

    /// Ends a row: one table row, or separate blocks if its cells are long.
    fn end_row(&mut self) {
        self.flush(BlockKind::Paragraph);
        let Some(row) = self.row.take() else { return };
        let is_short = |(_, kind, line): &(usize, BlockKind, InlineText)| {
            *kind == BlockKind::Paragraph && line.len() <= MAX_CELL_BYTES
        };
        if row.cells < 2 || !row.pieces.iter().all(is_short) {
            self.row = Some(row);
            return self.spill_row();
        }
        let mut whole = InlineText::default();
        let mut cell = 1;
        let has_text = !row.pieces.is_empty();
        for (number, _, line) in row.pieces {
            while cell < number {
                whole.append(InlineText::of(" │ "));
                cell += 1;
            }
            whole.append(line);
        }
        if has_text {
            self.push(Role::Body(BlockKind::TableRow), whole, false);
        }
    }

    /// Turns the pieces of the open row into blocks of their own.
    fn spill_row(&mut self) {
        for (_, kind, line) in self.row.take().map(|row| row.pieces).unwrap_or_default() {
            self.push(Role::Body(kind), line, kind == BlockKind::Code);
        }
    }

    fn end_figure(&mut self) {
        let Some(Figure { picture: Some((alternative, source)), has_caption: false, .. }) = self.figure.take() else {
            return;
        };
        if alternative.is_empty() {
            return;
        }
        let mut line = InlineText::of(&alternative);
        if let Some(number) = source.and_then(|source| self.link(&source)) {
            line.link_all(number);
        }
        self.push(Role::Caption, line, false);
    }

    /// Drops the content of a form unless the form is wrapped around the whole page.
    fn end_form(&mut self) {
        let Some((parts, links)) = self.form.take() else { return };
        let text: usize = self.found.parts.iter().skip(parts).map(|part| part.text.len()).sum();
        if text < MIN_PAGE_FORM_BYTES && self.row.is_none() {
            self.found.parts.truncate(parts);
            self.found.links.truncate(links);
        }
    }

    fn finish(mut self) -> HtmlBlocks {
        self.code = self.code.min(1);
        let kind = if self.code > 0 { BlockKind::Code } else { BlockKind::Paragraph };
        self.flush(kind);
        self.end_row();
        self.end_figure();
        self.end_form();
        while self.found.parts.last().is_some_and(|part| part.role == Role::Body(BlockKind::Rule)) {
            self.found.parts.pop();
        }
        self.found
    }
}
