//! Markdown with YAML or TOML front matter, parsed by pulldown-cmark.
//!
//! Front matter may hold title, date, section (or category), author, source, url and description. Headings become
//! cross-heads, links are numbered, and HTML is dropped.

mod front_matter;

use std::borrow::Cow;

use pulldown_cmark::{Event, HeadingLevel, Options, Parser, Tag, TagEnd};

use self::front_matter::FrontMatter;
use super::budget::Budget;
use super::format::{Confidence, FileHint, ParsedFile, SourceFormat};
use super::headline::headline_from_name;
use super::{date, plain, wire};
use crate::article::Warning;
use crate::article::problem::quoted;
use crate::article::{BlockKind, Draft, DraftPart, Role, Span, SpanStyle};
use crate::text::clean;

/// Maximum length of a text in bytes that is parsed as Markdown, which takes up to fifty times as much memory.
const MAX_BYTES: usize = 16 << 20;

pub(super) struct Markdown;

impl SourceFormat for Markdown {
    fn name(&self) -> &'static str {
        "markdown"
    }

    fn detect(&self, hint: &FileHint<'_>, text: &str) -> Confidence {
        if front_matter::split(text).is_some() {
            Confidence::Content
        } else if hint.has_extension(&["md", "markdown", "mdown", "mkd"]) {
            // Above plain text, which accepts any extension.
            Confidence::Content
        } else {
            Confidence::None
        }
    }

    fn parse<'a>(&self, hint: &FileHint<'_>, text: &'a str, found: &mut ParsedFile<'a>) {
        let split = front_matter::split(text);
        let (matter, body) = match &split {
            Some(split) => (front_matter::read(split, &mut found.warnings), split.body),
            None => (FrontMatter::default(), text),
        };
        let mut draft = Draft { published: date::of_file_name(hint.file_name), ..Draft::default() };
        if let Some((value, name)) = matter.first(&["date", "published", "pubdate", "created"]) {
            match date::parse(value) {
                Some(published) => draft.published = Some(published),
                None => found.warnings.push(Warning {
                    line: split.as_ref().map(|split| split.line_of(name)),
                    cause: format!("{} is not a date", quoted(value)),
                    consequence: "the date is left out".to_owned(),
                }),
            }
        }
        let one = |names: &[&str]| matter.first(names).map(|(value, _)| value.to_owned());
        draft.section = one(&["section", "category", "categories", "tags"]).unwrap_or_default().into();
        draft.url = one(&["url", "link", "canonical"]).filter(|url| found.budget.allows_address(url)).map(Cow::Owned);

        let (mut parts, links) = if body.len() > MAX_BYTES {
            found.warnings.push(Warning {
                line: None,
                cause: format!("the text has more than {} MiB", MAX_BYTES >> 20),
                consequence: "its Markdown is shown unformatted".to_owned(),
            });
            let mut as_written = Draft::default();
            plain::read_body(body, &mut as_written);
            (as_written.parts, Vec::new())
        } else {
            let mut blocks = MarkdownBlocks::new(&found.budget);
            Parser::new_ext(body, Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH)
                .for_each(|event| blocks.take(event));
            blocks.finish()
        };
        let title = one(&["title", "headline"]).or_else(|| blocks_headline(&mut parts));
        draft.push(Role::Headline, title.unwrap_or_else(|| headline_from_name(hint)));
        draft.push(Role::Standfirst, one(&["description", "summary", "standfirst", "subtitle"]).unwrap_or_default());
        draft.push(Role::Byline, matter.all(&["author", "authors", "by"]).join(", "));
        draft.parts.append(&mut parts);
        draft.links = links;
        for list in matter.all(&["source", "sources"]) {
            wire::read_sources(list).for_each(|name| draft.push(Role::Source, name.to_owned()));
        }
        found.drafts.push(draft);
    }
}

/// Takes the first block as the headline if it is a heading.
fn blocks_headline(parts: &mut Vec<DraftPart<'_>>) -> Option<String> {
    let heading = parts.first().is_some_and(|part| part.role == Role::Body(BlockKind::Crosshead));
    heading.then(|| parts.remove(0).text.into_owned())
}

/// Builds the blocks from the events of the parser.
struct MarkdownBlocks<'a, 'b> {
    budget: &'b Budget,
    parts: Vec<DraftPart<'a>>,
    links: Vec<Cow<'a, str>>,
    text: String,
    spans: Vec<Span>,
    open: Vec<(usize, SpanStyle)>,
    /// The open lists, each with its next number.
    lists: Vec<Option<u64>>,
    /// The marker of the list entry whose text follows.
    entry: Option<BlockKind>,
    quotes: usize,
    heading: bool,
    code: bool,
    hidden: usize,
}

impl<'a, 'b> MarkdownBlocks<'a, 'b> {
    fn new(budget: &'b Budget) -> MarkdownBlocks<'a, 'b> {
        MarkdownBlocks {
            budget,
            parts: Vec::new(),
            links: Vec::new(),
            text: String::new(),
            spans: Vec::new(),
            open: Vec::new(),
            lists: Vec::new(),
            entry: None,
            quotes: 0,
            heading: false,
            code: false,
            hidden: 0,
        }
    }

    fn take(&mut self, event: Event<'a>) {
        match event {
            Event::Start(tag) => self.start(tag),
            Event::End(tag) => self.end(tag),
            Event::Text(text) if self.hidden == 0 => self.push_text(&text),
            Event::Code(text) | Event::InlineMath(text) | Event::DisplayMath(text) => {
                self.open_span(SpanStyle::Code);
                self.push_text(&text);
                self.close_span();
            }
            Event::SoftBreak => self.text.push(' '),
            Event::HardBreak => self.text.push(' '),
            Event::Rule => {
                self.flush(BlockKind::Paragraph);
                self.parts.push(DraftPart { role: Role::Body(BlockKind::Rule), text: "".into(), spans: Vec::new() });
            }
            Event::FootnoteReference(name) => self.push_text(&format!("[{name}]")),
            Event::TaskListMarker(done) => self.push_text(if done { "[x] " } else { "[ ] " }),
            Event::Text(_) | Event::Html(_) | Event::InlineHtml(_) => {}
        }
    }

    fn push_text(&mut self, text: &str) {
        if self.code {
            self.text.push_str(&clean(&text.replace('\t', "    ")));
        } else {
            self.text.push_str(&clean(text));
        }
    }

    fn start(&mut self, tag: Tag<'a>) {
        match tag {
            Tag::Heading { level, .. } => {
                self.flush(BlockKind::Paragraph);
                self.heading = level <= HeadingLevel::H6;
            }
            Tag::BlockQuote(_) => {
                self.flush(BlockKind::Paragraph);
                self.quotes += 1;
            }
            Tag::CodeBlock(_) => {
                self.flush(BlockKind::Paragraph);
                self.code = true;
            }
            Tag::List(first) => {
                self.flush(BlockKind::Paragraph);
                self.lists.push(first);
            }
            Tag::Item => {
                self.flush(BlockKind::Paragraph);
                let depth = u8::try_from(self.lists.len().saturating_sub(1)).unwrap_or(u8::MAX);
                let number = self.lists.last_mut().and_then(|list| {
                    let number = *list;
                    *list = list.map(|number| number + 1);
                    number
                });
                let number = number.and_then(|number| u16::try_from(number).ok());
                self.entry = Some(BlockKind::ListEntry { depth, number });
            }
            Tag::Emphasis => self.open_span(SpanStyle::Emphasis),
            Tag::Strong => self.open_span(SpanStyle::Strong),
            Tag::Link { dest_url, .. } => {
                // From the 65,535th link on, all links share the last number.
                let number = u16::try_from(self.links.len()).unwrap_or(u16::MAX);
                // Many links may share one definition, and so the same address.
                if self.budget.allows_address(&dest_url) {
                    self.links.push(Cow::Owned(self.budget.copy(&dest_url)));
                    self.open_span(SpanStyle::Link(number));
                } else {
                    // Ending this span has no effect.
                    self.open.push((usize::MAX, SpanStyle::Link(number)));
                }
            }
            Tag::Image { .. } => self.push_text("[Image: "),
            Tag::TableCell if !self.text.is_empty() => self.text.push_str(" │ "),
            Tag::HtmlBlock | Tag::MetadataBlock(_) => self.hidden += 1,
            _ => {}
        }
    }

    fn end(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::Heading(_) => {
                self.heading = false;
                self.flush(BlockKind::Crosshead);
            }
            TagEnd::BlockQuote(_) => {
                self.flush(BlockKind::Paragraph);
                self.quotes = self.quotes.saturating_sub(1);
            }
            TagEnd::CodeBlock => {
                self.flush(BlockKind::Code);
                self.code = false;
            }
            TagEnd::List(_) => {
                self.flush(BlockKind::Paragraph);
                self.lists.pop();
            }
            TagEnd::Item | TagEnd::Paragraph => self.flush(BlockKind::Paragraph),
            TagEnd::TableHead | TagEnd::TableRow => self.flush(BlockKind::TableRow),
            TagEnd::Emphasis | TagEnd::Strong | TagEnd::Link => self.close_span(),
            TagEnd::Image => self.text.push(']'),
            TagEnd::HtmlBlock | TagEnd::MetadataBlock(_) => self.hidden = self.hidden.saturating_sub(1),
            _ => {}
        }
    }

    fn open_span(&mut self, style: SpanStyle) {
        self.open.push((self.text.len(), style));
    }

    fn close_span(&mut self) {
        if let Some((start, style)) = self.open.pop()
            && start < self.text.len()
            && let (Ok(start), Ok(end)) = (u32::try_from(start), u32::try_from(self.text.len()))
        {
            self.spans.push(Span { start, end, style });
        }
    }

    /// Ends the current block. `kind` applies unless it is in a list entry or a quotation.
    fn flush(&mut self, kind: BlockKind) {
        let text = std::mem::take(&mut self.text);
        let mut spans = std::mem::take(&mut self.spans);
        self.open.clear();
        if text.trim().is_empty() {
            return;
        }
        let kind = match (kind, self.entry.take()) {
            (BlockKind::Paragraph, Some(entry)) => entry,
            (BlockKind::Paragraph, None) if self.quotes > 0 => BlockKind::Quote,
            (kind, _) => kind,
        };
        spans.sort_by_key(|span| (span.start, span.end));
        // Trim here and not in the corpus, because the spans must stay valid.
        let text = text.trim_end().to_owned();
        let end = text.len() as u32;
        spans.retain_mut(|span| {
            span.end = span.end.min(end);
            span.start < span.end
        });
        if self.budget.charge(text.len() + size_of::<DraftPart<'_>>() + size_of_val(&*spans)) {
            self.parts.push(DraftPart { role: Role::Body(kind), text: text.into(), spans });
        }
    }

    fn finish(mut self) -> (Vec<DraftPart<'a>>, Vec<Cow<'a, str>>) {
        self.flush(BlockKind::Paragraph);
        (self.parts, self.links)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse<'a>(file_name: &str, text: &'a str) -> ParsedFile<'a> {
        let mut reading = ParsedFile::default();
        Markdown.parse(&FileHint { file_name }, text, &mut reading);
        reading
    }

    #[test]
    fn oversized_markdown_is_shown_as_plain_text() {
        let text = format!("---\ntitle: Long\n---\n\n{}", "*a* ".repeat(MAX_BYTES / 4 + 1));
        let reading = parse("a.md", &text);
        let draft = &reading.drafts[0];
        assert_eq!(draft.text(Role::Headline), "Long");
        assert!(draft.parts.iter().all(|part| part.spans.is_empty()) && draft.parts[1].text.starts_with("*a* *a*"));
        assert_eq!(reading.warnings[0].cause, "the text has more than 16 MiB");
    }

    #[test]
    fn yaml_front_matter_is_parsed() {
        let text = "---\ntitle: River rises\ndate: 2023-09-27\ncategories: [Local, Weather]\nauthor:\n  - A. Writer\n  - B. Other\nsource: One and Two\nlink: https://example.org/a\ndescription: Two towns.\n---\n\nWater came.\n";
        let reading = parse("a.md", text);
        let draft = &reading.drafts[0];
        assert_eq!(draft.text(Role::Headline), "River rises");
        assert_eq!(draft.text(Role::Standfirst), "Two towns.");
        assert_eq!(draft.text(Role::Byline), "A. Writer, B. Other");
        assert_eq!(draft.section, "Local");
        assert_eq!(draft.published.unwrap().to_string(), "2023-09-27");
        assert_eq!(draft.url.as_deref(), Some("https://example.org/a"));
        assert_eq!(draft.parts.iter().filter(|part| part.role == Role::Source).count(), 2);
        assert!(reading.warnings.is_empty());
    }

    #[test]
    fn toml_front_matter_is_parsed() {
        let reading = parse("a.md", "+++\ntitle = \"River\"\ndate = 2023-09-27T22:10:00Z\n+++\nWater.\n");
        assert_eq!(reading.drafts[0].text(Role::Headline), "River");
        assert_eq!(reading.drafts[0].published.unwrap().to_string(), "2023-09-27T22:10:00Z");
    }

    #[test]
    fn bad_front_matter_is_reported_and_the_rest_is_read() {
        let reading = parse("a.md", "---\ntitle: [open\n---\n# Head\n\nBody.\n");
        assert_eq!(reading.warnings.len(), 1);
        assert_eq!(reading.drafts[0].text(Role::Headline), "Head");
        let dated = parse("a.md", "---\ntitle: x\ndate: someday\n---\nBody.\n");
        assert_eq!(dated.warnings[0].line, Some(3));
    }

    #[test]
    fn blocks_of_every_kind_are_distinguished() {
        let text = "# Head\n\nA *short* **word** with `code` and a [link](https://example.org).\n\n## Part\n\n> Quoted.\n\n- one\n  - two\n\n1. first\n2. second\n\n```\nfn a() {\n\tb();\n}\n```\n\n| a | b |\n|---|---|\n| c | d |\n\n---\n\n![A river](r.png)\n\n<script>alert(1)</script>\n";
        let reading = parse("a.md", text);
        let draft = &reading.drafts[0];
        let body: Vec<_> = draft.parts[1..].iter().map(|part| (part.role, part.text.as_ref())).collect();
        let entry = |depth, number| Role::Body(BlockKind::ListEntry { depth, number });
        let expected = [
            (Role::Body(BlockKind::Paragraph), "A short word with code and a link."),
            (Role::Body(BlockKind::Crosshead), "Part"),
            (Role::Body(BlockKind::Quote), "Quoted."),
            (entry(0, None), "one"),
            (entry(1, None), "two"),
            (entry(0, Some(1)), "first"),
            (entry(0, Some(2)), "second"),
            (Role::Body(BlockKind::Code), "fn a() {\n    b();\n}"),
            (Role::Body(BlockKind::TableRow), "a │ b"),
            (Role::Body(BlockKind::TableRow), "c │ d"),
            (Role::Body(BlockKind::Rule), ""),
            (Role::Body(BlockKind::Paragraph), "[Image: A river]"),
        ];
        assert_eq!(body, expected);
        let spans: Vec<_> = draft.parts[1]
            .spans
            .iter()
            .map(|span| (&draft.parts[1].text[span.start as usize..span.end as usize], span.style))
            .collect();
        let styles = [
            ("short", SpanStyle::Emphasis),
            ("word", SpanStyle::Strong),
            ("code", SpanStyle::Code),
            ("link", SpanStyle::Link(0)),
        ];
        assert_eq!(spans, styles);
        assert_eq!(draft.links, ["https://example.org"]);
    }
}
