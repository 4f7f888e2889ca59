//! The text of one HTML block: white space is collapsed and styled ranges are recorded.

use crate::article::{Span, SpanStyle};
use crate::text::clean;

/// The text of a block with its spans.
#[derive(Debug, Default)]
pub(super) struct InlineText {
    text: String,
    spans: Vec<Span>,
    /// The nesting depth of each style, and the start of its outermost range.
    emphasis: StyledRange,
    strong: StyledRange,
    code: StyledRange,
    link: Option<(u16, usize)>,
}

#[derive(Clone, Copy, Debug, Default)]
struct StyledRange {
    depth: usize,
    start: usize,
}

impl InlineText {
    /// Creates a line with this text.
    pub(super) fn of(text: &str) -> InlineText {
        InlineText { text: clean(text).into_owned(), ..InlineText::default() }
    }

    /// Adds text. White space is collapsed to one space, and dropped at the front.
    pub(super) fn push(&mut self, text: &str) {
        let text = clean(text);
        self.text.reserve(text.len());
        // Most text has single spaces already; `clean` leaves no white space but spaces and line feeds.
        let follows = !self.text.is_empty() && !self.text.ends_with(' ');
        if (follows || !text.starts_with(' ')) && !text.contains("  ") && !text.contains('\n') {
            self.text.push_str(&text);
            return;
        }
        let mut parts = text.split([' ', '\n']);
        self.text.push_str(parts.next().unwrap_or(""));
        for word in parts {
            if !self.text.is_empty() && !self.text.ends_with(' ') {
                self.text.push(' ');
            }
            self.text.push_str(word);
        }
    }

    /// Adds text whose white space is preserved.
    pub(super) fn push_code(&mut self, text: &str) {
        self.text.push_str(&clean(&text.replace("\r\n", "\n").replace('\t', "    ")));
    }

    /// Begins a range with a style. Nested ranges of the same style have no effect.
    pub(super) fn open(&mut self, style: SpanStyle) {
        let start = self.text.len();
        if let Some(stretch) = self.stretch(style) {
            if stretch.depth == 0 {
                stretch.start = start;
            }
            stretch.depth += 1;
        }
    }

    /// Ends the range of a style.
    pub(super) fn close(&mut self, style: SpanStyle) {
        let Some(stretch) = self.stretch(style) else { return };
        if stretch.depth == 1 {
            let start = stretch.start;
            self.mark(start, style);
        }
        if let Some(stretch) = self.stretch(style) {
            stretch.depth = stretch.depth.saturating_sub(1);
        }
    }

    /// Begins a link. Ends an open one, as links cannot be nested.
    pub(super) fn open_link(&mut self, number: u16) {
        self.close_link();
        self.link = Some((number, self.text.len()));
    }

    /// Ends the open link.
    pub(super) fn close_link(&mut self) {
        if let Some((number, start)) = self.link.take() {
            self.mark(start, SpanStyle::Link(number));
        }
    }

    pub(super) fn in_link(&self) -> bool {
        self.link.is_some()
    }

    /// Returns whether the text contains a link.
    pub(super) fn has_link(&self) -> bool {
        self.spans.iter().any(|span| matches!(span.style, SpanStyle::Link(_)))
    }

    /// Makes the whole text one link.
    pub(super) fn link_all(&mut self, number: u16) {
        self.mark(0, SpanStyle::Link(number));
    }

    /// Returns whether the text is empty or white space.
    pub(super) fn is_blank(&self) -> bool {
        self.text.trim().is_empty()
    }

    /// Returns the length of the text in bytes.
    pub(super) fn len(&self) -> usize {
        self.text.len()
    }

    /// Drops the text. Open styles and links stay open.
    pub(super) fn clear(&mut self) {
        drop(self.take());
    }

    /// Takes the line. Open styles and links continue in the next line.
    pub(super) fn take(&mut self) -> InlineText {
        for style in [SpanStyle::Emphasis, SpanStyle::Strong, SpanStyle::Code] {
            if let Some(StyledRange { depth: 1.., start }) = self.stretch(style).copied() {
                self.mark(start, style);
            }
        }
        if let Some((number, start)) = self.link {
            self.mark(start, SpanStyle::Link(number));
        }
        let rest = InlineText {
            emphasis: StyledRange { start: 0, ..self.emphasis },
            strong: StyledRange { start: 0, ..self.strong },
            code: StyledRange { start: 0, ..self.code },
            link: self.link.map(|(number, _)| (number, 0)),
            ..InlineText::default()
        };
        std::mem::replace(self, rest)
    }

    /// Appends another finished line.
    pub(super) fn append(&mut self, line: InlineText) {
        let shift = self.text.len();
        if shift > 0 && !self.text.ends_with(' ') && !line.text.starts_with(' ') {
            self.text.push(' ');
        }
        let shift = u32::try_from(self.text.len()).unwrap_or(u32::MAX);
        self.text.push_str(&line.text);
        self.spans.extend(line.spans.into_iter().map(|span| Span {
            start: span.start.saturating_add(shift),
            end: span.end.saturating_add(shift),
            style: span.style,
        }));
    }

    /// Returns the text and the spans of a draft; `None` if the text is blank.
    pub(super) fn finish(mut self, code: bool) -> Option<(String, Vec<Span>)> {
        if self.is_blank() {
            return None;
        }
        self.text.truncate(self.text.trim_end().len());
        if code {
            // HTML ignores a line end right after the start tag.
            let text = self.text.strip_prefix('\n').unwrap_or(&self.text).to_owned();
            return Some((text, Vec::new()));
        }
        let end = u32::try_from(self.text.len()).unwrap_or(u32::MAX);
        self.spans.retain_mut(|span| {
            span.end = span.end.min(end);
            span.start < span.end
        });
        self.spans.sort_by_key(|span| (span.start, std::cmp::Reverse(span.end)));
        // Pieces that are safe alone may form a long run of combining marks together.
        let cleaned = clean(&self.text);
        if *cleaned != *self.text {
            return Some((cleaned.into_owned(), Vec::new()));
        }
        Some((self.text, self.spans))
    }

    fn stretch(&mut self, style: SpanStyle) -> Option<&mut StyledRange> {
        match style {
            SpanStyle::Emphasis => Some(&mut self.emphasis),
            SpanStyle::Strong => Some(&mut self.strong),
            SpanStyle::Code => Some(&mut self.code),
            SpanStyle::Link(_) => None,
        }
    }

    fn mark(&mut self, start: usize, style: SpanStyle) {
        if start < self.text.len()
            && let (Ok(start), Ok(end)) = (u32::try_from(start), u32::try_from(self.text.len()))
        {
            self.spans.push(Span { start, end, style });
        }
    }
}
