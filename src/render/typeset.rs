//! Typesets an article: breaks its parts into lines of a given width. Each line knows the bytes that it shows.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::OnceLock;

use hyphenation::{Language, Load, Standard};
use textwrap::core::Fragment;
use textwrap::wrap_algorithms::{Penalties, wrap_first_fit, wrap_optimal_fit};
use textwrap::{WordSeparator, WordSplitter};
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

use super::dates;
use super::fields::{link_details, shown_address};
use crate::article::{Article, BlockKind, Part, Role};

/// The number of words from which a paragraph is broken line by line instead of as a whole. Breaking it as a whole
/// would take longer than a frame.
const OPTIMAL_WORDS: usize = 4_000;

/// The maximum number of bytes of an address or of the tags.
const MAX_META_BYTES: usize = 4_000;

/// The options of typesetting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TypesetOptions {
    /// The width of a line, in columns.
    pub width: u16,
    /// Whether lines are justified.
    pub justify: bool,
    /// Whether words are hyphenated.
    pub hyphenate: bool,
}

/// The content of a line, which decides its style.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LineKind {
    /// An empty line.
    Blank,
    /// Section and date.
    Dateline,
    /// A part of the article.
    Part(Role),
    /// An address at the end.
    Link,
    /// The reader's tags.
    Tags,
    /// The reader's note.
    Note,
    /// A line that says that the article is longer than the text shown.
    More,
}

/// One line of a typeset article.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageLine {
    /// The content.
    pub kind: LineKind,
    /// The number of the part whose text the line shows, if any.
    pub part: Option<usize>,
    /// The byte range of the part's text.
    pub range: Range<usize>,
    /// The text before the range: a marker, or the whole line if it shows no part.
    pub prefix: String,
    /// The number of columns before the prefix.
    pub indent: u16,
    /// The number of columns to distribute between the words.
    pub slack: u16,
    /// Whether a hyphen that is not in the text is added.
    pub hyphen: bool,
}

impl PageLine {
    /// Returns the line as plain text, with its indent, marker and slack.
    pub fn text(&self, article: &Article) -> String {
        let mut text = " ".repeat(usize::from(self.indent));
        text.push_str(&self.prefix);
        let part = self.part.and_then(|part| article.parts.get(part));
        let own = part.and_then(|part| part.text.get(self.range.clone())).unwrap_or("");
        let gaps = own.matches(' ').count() as u16;
        let mut gap = 0;
        for c in own.chars() {
            text.push(c);
            if c == ' ' && self.slack > 0 {
                text.push_str(&" ".repeat(usize::from(slack_at(self.slack, gap, gaps))));
                gap += 1;
            }
        }
        if self.hyphen {
            text.push('-');
        }
        text
    }
}

/// Returns the share of gap number `gap` of `gaps` in `slack` columns, distributed evenly.
pub fn slack_at(slack: u16, gap: u16, gaps: u16) -> u16 {
    let until = |gap: u16| (u32::from(slack) * u32::from(gap)).checked_div(u32::from(gaps)).unwrap_or(0);
    (until(gap + 1) - until(gap)) as u16
}

/// A typeset article.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ArticlePage {
    lines: Vec<PageLine>,
    /// The part and byte where each line starts, in ascending order.
    starts: Vec<(usize, usize)>,
    /// For each line, the last line up to it that shows text of a part.
    shown: Vec<usize>,
}

impl ArticlePage {
    /// Returns the lines.
    pub fn lines(&self) -> &[PageLine] {
        &self.lines
    }

    /// Returns the line that shows byte `at` of part number `part`.
    pub fn line_of(&self, part: usize, at: usize) -> usize {
        let after = self.starts.partition_point(|&start| start <= (part, at));
        // Lines without a part share the start of the line before them, so go back to the line with the text.
        let last = after.saturating_sub(1);
        let shown = self.shown.get(last).copied().unwrap_or(last);
        let shows = self.lines.get(shown).is_some_and(|line| line.part == Some(part));
        if shows { shown } else { last }
    }

    /// Returns the part and byte where line number `index` starts.
    pub fn start_of(&self, index: usize) -> (usize, usize) {
        self.starts.get(index).copied().unwrap_or_default()
    }

    fn push(&mut self, line: PageLine) {
        let start = match line.part {
            Some(part) => (part, line.range.start),
            None => self.starts.last().copied().unwrap_or_default(),
        };
        let before = self.shown.last().copied().unwrap_or_default();
        self.shown.push(if line.part.is_some() { self.lines.len() } else { before });
        self.starts.push(start);
        self.lines.push(line);
    }

    fn blank(&mut self) {
        if self.lines.last().is_some_and(|line| line.kind != LineKind::Blank) {
            self.push(own(LineKind::Blank, String::new()));
        }
    }
}

fn own(kind: LineKind, prefix: String) -> PageLine {
    PageLine { kind, part: None, range: 0..0, prefix, indent: 0, slack: 0, hyphen: false }
}

/// The reader's additions to an article; empty strings are not shown.
#[derive(Clone, Copy, Debug, Default)]
pub struct Annotation<'a> {
    /// The tags as text.
    pub tags: &'a str,
    /// The note.
    pub note: &'a str,
    /// The sentence at the end of a text that was cut.
    pub more: &'a str,
}

/// Typesets an article, with the tags above its text and the note below.
pub fn typeset(article: &Article, annotation: Annotation<'_>, setting: TypesetOptions) -> ArticlePage {
    let mut page = ArticlePage::default();
    let setting = TypesetOptions { width: setting.width.max(1), ..setting };
    let date = article.published.map(dates::long);
    let dateline: Vec<&str> =
        [article.section.as_str(), date.as_deref().unwrap_or("")].into_iter().filter(|text| !text.is_empty()).collect();
    if !dateline.is_empty() {
        push_meta_lines(&mut page, LineKind::Dateline, &dateline.join("   "), setting);
        page.blank();
    }
    if !annotation.tags.is_empty() {
        push_meta_lines(&mut page, LineKind::Tags, annotation.tags, setting);
        page.blank();
    }
    let mut before: Option<Role> = None;
    for (number, part) in article.parts.iter().enumerate() {
        if before.is_some_and(|before| is_parted(before, part.role)) {
            page.blank();
        }
        set_part(&mut page, number, part, setting);
        before = Some(part.role);
    }
    if !annotation.more.is_empty() {
        page.blank();
        push_meta_lines(&mut page, LineKind::More, annotation.more, setting);
    }
    if article.url.is_some() || !article.links.is_empty() {
        page.blank();
    }
    if let Some(url) = &article.url {
        push_meta_lines(&mut page, LineKind::Link, &shown_address(url), setting);
    }
    for (number, link) in article.links.iter().enumerate() {
        let details = link_details(&article.enclosures, link);
        push_meta_lines(
            &mut page,
            LineKind::Link,
            &format!("[{}] {}{details}", number + 1, shown_address(link)),
            setting,
        );
    }
    if !annotation.note.is_empty() {
        page.blank();
        set_note(&mut page, annotation.note, setting);
    }
    page
}

/// Typesets the reader's note, with a sign before each line.
fn set_note(page: &mut ArticlePage, note: &str, setting: TypesetOptions) {
    // A screen too narrow for indents is also too narrow for the sign.
    let sign = if setting.width < 10 { "" } else { "┃ " };
    let width = usize::from(setting.width).saturating_sub(sign.width()).max(1);
    for line in note.lines() {
        for (range, _) in wrap(line, width, false) {
            page.push(own(LineKind::Note, format!("{sign}{}", line.get(range).unwrap_or(""))));
        }
        if line.is_empty() {
            page.push(own(LineKind::Note, sign.trim_end().to_owned()));
        }
    }
}

/// Returns whether a blank line separates two parts.
fn is_parted(before: Role, role: Role) -> bool {
    use BlockKind::{ListEntry, TableRow};
    !matches!(
        (before, role),
        (Role::Caption, Role::Credit)
            | (Role::Source, Role::Source)
            | (Role::Body(ListEntry { .. }), Role::Body(ListEntry { .. }))
            | (Role::Body(TableRow), Role::Body(TableRow))
    )
}

/// Adds lines of text that is not part of the article. Long text is cut and ends in `…`.
fn push_meta_lines(page: &mut ArticlePage, kind: LineKind, text: &str, setting: TypesetOptions) {
    let text = match text.get(..text.floor_char_boundary(MAX_META_BYTES)) {
        Some(start) if start.len() < text.len() => Cow::Owned(format!("{start}…")),
        _ => Cow::Borrowed(text),
    };
    for (range, _) in wrap(&text, usize::from(setting.width), false) {
        page.push(own(kind, text.get(range).unwrap_or("").to_owned()));
    }
}

fn set_part(page: &mut ArticlePage, number: usize, part: &Part, setting: TypesetOptions) {
    let text = part.text.as_str();
    let (indent, marker) = match part.role {
        Role::Body(BlockKind::Quote) => (0, "│ ".to_owned()),
        Role::Body(BlockKind::Code) => (2, String::new()),
        Role::Body(BlockKind::ListEntry { depth, number }) => {
            let marker = number.map_or_else(|| "• ".to_owned(), |number| format!("{number}. "));
            (u16::from(depth.min(8)) * 2, marker)
        }
        Role::Body(BlockKind::Rule) => {
            let rule = PageLine { part: Some(number), ..own(LineKind::Part(part.role), "⁂".to_owned()) };
            return page.push(PageLine { indent: setting.width / 2, ..rule });
        }
        Role::Credit => (0, "— ".to_owned()),
        Role::Source => (0, "Source: ".to_owned()),
        _ => (0, String::new()),
    };
    let marker_width = marker.width() as u16;
    // A screen too narrow for indents has none.
    let (indent, marker, marker_width) =
        if setting.width < indent + marker_width + 8 { (0, String::new(), 0) } else { (indent, marker, marker_width) };
    let width = setting.width - indent - marker_width;
    let line = |range: Range<usize>, first: bool| PageLine {
        kind: LineKind::Part(part.role),
        part: Some(number),
        range,
        prefix: if first || part.role == Role::Body(BlockKind::Quote) {
            marker.clone()
        } else {
            " ".repeat(usize::from(marker_width))
        },
        indent,
        slack: 0,
        hyphen: false,
    };
    if part.role == Role::Body(BlockKind::Code) {
        let mut at = 0;
        for code in text.split('\n') {
            for range in cut(code, usize::from(width)) {
                page.push(line(at + range.start..at + range.end, true));
            }
            at += code.len() + 1;
        }
        return;
    }
    let is_body =
        matches!(part.role, Role::Body(BlockKind::Paragraph | BlockKind::Quote | BlockKind::ListEntry { .. }));
    let lines = wrap(text, usize::from(width), setting.hyphenate && is_body);
    let last = lines.len().saturating_sub(1);
    for (index, (range, hyphen)) in lines.into_iter().enumerate() {
        let shown = text.get(range.clone()).unwrap_or("");
        let free = usize::from(width).saturating_sub(shown.width() + usize::from(hyphen));
        let gaps = shown.matches(' ').count();
        // The last line, and a line with wide gaps, stays ragged.
        let slack =
            if setting.justify && is_body && index < last && gaps > 0 && free <= gaps * 2 { free as u16 } else { 0 };
        page.push(PageLine { slack, hyphen, ..line(range, index == 0) });
    }
}

/// A word of a paragraph, for textwrap's algorithms.
#[derive(Clone, Copy, Debug)]
struct Word {
    start: usize,
    end: usize,
    width: f64,
    space: f64,
    hyphen: f64,
}

impl Fragment for Word {
    fn width(&self) -> f64 {
        self.width
    }

    fn whitespace_width(&self) -> f64 {
        self.space
    }

    fn penalty_width(&self) -> f64 {
        self.hyphen
    }
}

/// Breaks `text` into lines. Returns the byte range of each line without the space at its end, and whether a hyphen is
/// added.
pub fn wrap(text: &str, width: usize, hyphenate: bool) -> Vec<(Range<usize>, bool)> {
    let mut pieces = Vec::new();
    let mut at = 0;
    for found in WordSeparator::UnicodeBreakProperties.find_words(text) {
        let end = at + found.word.len();
        push_word(&mut pieces, text, at..end, width, hyphenate);
        let space = found.whitespace.width();
        if let Some(word) = pieces.last_mut() {
            word.space = space as f64;
        }
        at = end + found.whitespace.len();
    }
    let widths = [width as f64];
    let lines = if pieces.len() <= OPTIMAL_WORDS {
        // Text beyond the edge would be cut, which is worse than any raggedness.
        let penalties = Penalties { overflow_penalty: 1 << 40, ..Penalties::new() };
        wrap_optimal_fit(&pieces, &widths, &penalties).unwrap_or_else(|_| wrap_first_fit(&pieces, &widths))
    } else {
        wrap_first_fit(&pieces, &widths)
    };
    let line = |pieces: &[Word]| {
        let (first, last) = (pieces.first()?, pieces.last()?);
        Some((first.start..last.end, last.hyphen > 0.0))
    };
    lines.into_iter().filter_map(line).filter(|(range, _)| !range.is_empty()).collect()
}

fn push_word(words: &mut Vec<Word>, text: &str, range: Range<usize>, width: usize, hyphenate: bool) {
    let word = text.get(range.clone()).unwrap_or("");
    let mut from = 0;
    let mut push = |from: usize, to: usize, hyphen: bool| {
        let piece = word.get(from..to).unwrap_or("");
        // A hyphen needs a column too.
        for part in cut(piece, width.saturating_sub(usize::from(hyphen)).max(1)) {
            let shown = piece.get(part.clone()).unwrap_or("");
            words.push(Word {
                start: range.start + from + part.start,
                end: range.start + from + part.end,
                width: shown.width() as f64,
                space: 0.0,
                hyphen: if hyphen && part.end == piece.len() { 1.0 } else { 0.0 },
            });
        }
    };
    // The patterns are for English, and the crate panics on some letters whose lower case is longer.
    if hyphenate && word.is_ascii() && word.len() > 5 && word.len() < 60 {
        for point in english().split_points(word) {
            push(from, point, !word.get(from..point).is_some_and(|piece| piece.ends_with('-')));
            from = point;
        }
    }
    push(from, word.len(), false);
}

/// Returns the hyphenation patterns for English, which are read on first use.
fn english() -> &'static WordSplitter {
    static ENGLISH: OnceLock<WordSplitter> = OnceLock::new();
    ENGLISH.get_or_init(|| {
        Standard::from_embedded(Language::EnglishUS).map_or(WordSplitter::NoHyphenation, WordSplitter::Hyphenation)
    })
}

/// Splits `text` into pieces no wider than `width`, never inside a character.
fn cut(text: &str, width: usize) -> Vec<Range<usize>> {
    if text.len() <= width || text.width() <= width {
        return std::iter::once(0..text.len()).collect();
    }
    let mut pieces = Vec::new();
    let (mut start, mut used) = (0, 0);
    for (at, grapheme) in text.grapheme_indices(true) {
        let wide = grapheme.width();
        if used + wide > width && at > start {
            pieces.push(start..at);
            (start, used) = (at, 0);
        }
        used += wide;
    }
    pieces.push(start..text.len());
    pieces
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn lines(text: &str, width: usize) -> Vec<&str> {
        wrap(text, width, false).into_iter().map(|(range, _)| &text[range]).collect()
    }

    #[test]
    fn long_addresses_end_with_a_sign_of_the_cut() {
        let setting = TypesetOptions { width: 80, justify: false, hyphenate: false };
        let last = |address: &str| {
            let mut page = ArticlePage::default();
            push_meta_lines(&mut page, LineKind::Link, address, setting);
            page.lines().last().unwrap().prefix.clone()
        };
        assert!(last(&format!("https://a.example/{}", "é".repeat(MAX_META_BYTES))).ends_with("é…"));
        assert!(!last(&format!("https://a.example/{}", "a".repeat(MAX_META_BYTES - 18))).contains('…'));
    }

    #[test]
    fn lines_are_broken_between_words_and_long_words_inside() {
        assert_eq!(lines("one two three four", 9), ["one two", "three", "four"]);
        assert_eq!(lines("abcdefghij", 4), ["abcd", "efgh", "ij"]);
        assert_eq!(lines("", 10), Vec::<&str>::new());
        assert_eq!(lines("60\u{a0}000 mails", 8), ["60\u{a0}000", "mails"]);
    }

    #[test]
    fn chinese_is_broken_between_characters_of_two_columns() {
        assert_eq!(lines("国务院新闻办公室", 6), ["国务院", "新闻办", "公室"]);
        assert!(lines("ปฏิญญาสากลว่าด้วยสิทธิมนุษยชน", 10).iter().all(|line| line.width() <= 10));
    }

    #[test]
    fn words_are_hyphenated_if_enabled() {
        let text = "extraordinary international responsibility";
        let divided = wrap(text, 10, true);
        assert!(divided.iter().any(|(_, hyphen)| *hyphen));
        assert!(wrap("®0kf\"a", 3, true).iter().all(|(range, hyphen)| range.len() <= 4 - usize::from(*hyphen)));
        assert!(divided.iter().all(|(range, hyphen)| text[range.clone()].width() + usize::from(*hyphen) <= 10));
    }

    #[test]
    fn last_text_line_is_found_above_any_number_of_links() {
        let mut draft = crate::article::Draft::default();
        draft.push_body(BlockKind::Paragraph, "one line");
        draft.links = (0..9).map(|number| format!("https://example.org/{number}").into()).collect();
        let mut builder = crate::corpus::ShardBuilder::default();
        let dir = std::sync::Arc::from(std::path::Path::new("desk"));
        let file = builder.file(&dir, "x".as_ref(), crate::corpus::Origin::File, Default::default());
        builder.push(file, b"x", 0, "plain", &draft);
        let article = builder.finish().entry(0).unwrap().article();
        let setting = TypesetOptions { width: 40, justify: false, hyphenate: false };
        let page = typeset(&article, Annotation::default(), setting);
        assert_eq!(page.lines().len(), 11);
        assert_eq!(page.line_of(0, 4), 0);
    }

    #[test]
    fn lines_never_exceed_the_width_for_looks() {
        let text = format!("/i␞������� {}", ";".repeat(43));
        assert!(wrap(&text, 40, false).iter().all(|(range, _)| text[range.clone()].width() <= 40));
    }

    proptest! {
        #[test]
        fn wrapping_loses_no_text_and_fits_the_width(text in "(\\PC{0,12}[ -]?){0,20}", width in 2usize..40, hyphenate: bool) {
            let text = crate::text::clean(&text).into_owned();
            let set = wrap(&text, width, hyphenate);
            let mut at = 0;
            for (range, hyphen) in &set {
                prop_assert!(text[at..range.start].trim().is_empty(), "{:?}", &text[at..range.start]);
                let shown = text[range.clone()].width();
                let single = text[range.clone()].graphemes(true).count() <= 1;
                prop_assert!(shown + usize::from(*hyphen) <= width || single, "{:?}", &text[range.clone()]);
                at = range.end;
            }
            prop_assert!(text[at..].trim().is_empty());
        }
    }
}
