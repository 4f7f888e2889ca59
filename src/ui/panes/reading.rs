//! The reading pane.

use std::ops::Range;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use unicode_width::UnicodeWidthStr;

use crate::app::{OpenArticle, State};
use crate::article::{BlockKind, Role, SpanStyle};
use crate::render::typeset::{LineKind, PageLine};
use crate::search::Hit;
use crate::text::SafeStr;
use crate::ui::text_writer::{Highlight, TextWriter, within};
use crate::ui::{Theme, scrollbar};

pub(crate) fn draw(state: &State, theme: &Theme, area: Rect, buffer: &mut Buffer) {
    let (Some(text), Some(open)) = (state.text_area(), state.reading().open()) else { return };
    let reading = state.reading();
    let lines = reading.page().lines();
    let rows = usize::from(text.rows);
    for (row, line) in lines.iter().skip(reading.top()).take(rows).enumerate() {
        let writer = TextWriter::new(buffer, text.column, text.row + row as u16, text.column + text.columns);
        draw_line(state, theme, open, line, writer);
    }
    draw_legend(state, theme, open, area, text.row, buffer);
    let mut ticks: Vec<(usize, Style)> = Vec::new();
    // Hits in the same row of the bar share a tick. An article may have too many hits to visit all of them for every
    // frame.
    let mut number = 0;
    while let Some((hit, line)) = open.hits.get(number).zip(reading.line_of_hit(number)) {
        ticks.push((line, theme.hit(hit.term.0)));
        number = reading.hit_from(scrollbar::next_row(line, lines.len(), rows)).max(number + 1);
    }
    let bar = Rect::new(area.x, text.row, area.width, text.rows).intersection(area);
    scrollbar::draw(theme, bar, (reading.top(), rows, lines.len()), &ticks, buffer);
}

/// Names the watches with hits in the open article, in the line above it. Draws nothing if there is no such line.
fn draw_legend(state: &State, theme: &Theme, open: &OpenArticle, area: Rect, top: u16, buffer: &mut Buffer) {
    if top <= area.y {
        return;
    }
    let names: Vec<(String, Style)> = open
        .watched
        .iter()
        .map(|watched| {
            let search = state.searches().all().get(watched.search);
            let name = search.map_or("", |search| search.name.as_str());
            (format!("■ {} {}", name, watched.hits.len()), theme.watch_name(search, watched.search))
        })
        .collect();
    let width = names.iter().map(|(name, _)| name.width() + 2).sum::<usize>() as u16;
    let mut writer = TextWriter::new(buffer, area.right().saturating_sub(width + 1).max(area.x), area.y, area.right());
    for (name, style) in names {
        writer.write(name, style);
        writer.skip(2);
    }
}

fn draw_line(state: &State, theme: &Theme, open: &OpenArticle, line: &PageLine, mut writer: TextWriter<'_>) {
    let style = style(theme, line.kind);
    writer.skip(line.indent);
    if !line.prefix.is_empty() {
        let marker = match line.kind {
            LineKind::Part(_) => theme.dim,
            LineKind::Dateline
            | LineKind::Link
            | LineKind::Blank
            | LineKind::Tags
            | LineKind::Note
            | LineKind::More => style,
        };
        // The section at the front of the dateline has its own colour.
        let section = open.article.section.as_str();
        match line.prefix.strip_prefix(section) {
            Some(rest) if line.kind == LineKind::Dateline && !section.is_empty() => {
                writer.write(&open.article.section, theme.section(section).add_modifier(Modifier::BOLD));
                writer.write(SafeStr::new(rest), style);
            }
            _ => writer.write(SafeStr::new(&line.prefix), marker),
        }
    }
    let Some((number, part)) = line.part.and_then(|number| Some((number, open.article.parts.get(number)?))) else {
        return;
    };
    let text = part.text.slice(line.range.clone());
    let mut marks: Vec<Highlight> = part
        .spans
        .iter()
        .filter(|span| (span.start as usize) < line.range.end && line.range.start < span.end as usize)
        .map(|span| (span.start as usize..span.end as usize, span_style(theme, span.style)))
        .collect();
    for watched in &open.watched {
        let style = theme.watch(state.searches().all().get(watched.search), watched.search);
        let here = hits_in(&watched.hits, number, &line.range);
        marks.extend(watched.hits.get(here).into_iter().flatten().map(|hit| (hit.range.clone(), style)));
    }
    for index in hits_in(&open.hits, number, &line.range) {
        let Some(hit) = open.hits.get(index) else { break };
        let style = if open.current == Some(index) { theme.current_hit } else { theme.hit(hit.term.0) };
        marks.push((hit.range.clone(), style));
    }
    writer.write_highlighted(text, style, &within(&marks, &line.range), line.slack);
    if line.hyphen {
        writer.write("-", style);
    }
}

/// Returns the indices of the `hits` that overlap this range of part number `part`. The hits are in order and do not
/// overlap.
fn hits_in(hits: &[Hit], part: usize, stretch: &Range<usize>) -> Range<usize> {
    let first = hits.partition_point(|hit| (hit.part, hit.range.end) <= (part, stretch.start));
    let end = hits.partition_point(|hit| (hit.part, hit.range.start) < (part, stretch.end));
    first..end.max(first)
}

fn style(theme: &Theme, kind: LineKind) -> Style {
    match kind {
        LineKind::Blank => Style::new(),
        LineKind::Dateline => theme.dim,
        LineKind::Link => theme.link,
        LineKind::Tags => theme.accent,
        LineKind::More => theme.warning,
        LineKind::Note => theme.quote,
        LineKind::Part(role) => match role {
            Role::Headline => theme.headline,
            Role::Standfirst => theme.standfirst,
            Role::Byline | Role::Source => theme.dim,
            Role::Caption | Role::Credit => theme.caption,
            Role::Body(BlockKind::Paragraph | BlockKind::ListEntry { .. } | BlockKind::TableRow) => theme.text,
            Role::Body(BlockKind::Crosshead) => theme.crosshead,
            Role::Body(BlockKind::Quote) => theme.quote,
            Role::Body(BlockKind::Code) => theme.code,
            Role::Body(BlockKind::Rule) => theme.dim,
        },
    }
}

fn span_style(theme: &Theme, style: SpanStyle) -> Style {
    match style {
        SpanStyle::Emphasis => Style::new().add_modifier(Modifier::ITALIC),
        SpanStyle::Strong => Style::new().add_modifier(Modifier::BOLD),
        SpanStyle::Code => theme.code,
        SpanStyle::Link(_) => theme.link,
    }
}
