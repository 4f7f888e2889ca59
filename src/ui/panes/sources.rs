//! The sources pane.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use unicode_width::UnicodeWidthStr;

use crate::app::{Focus, RowState, SourceLine, State};
use crate::search::{Facet, FacetKind};
use crate::text::format::grouped;
use crate::ui::text_writer::TextWriter;
use crate::ui::{Theme, scrollbar};

pub(crate) fn draw(state: &State, theme: &Theme, area: Rect, buffer: &mut Buffer) {
    let pane = state.sources();
    let lines = pane.lines();
    if lines.is_empty() {
        return TextWriter::new(buffer, area.x + 1, area.y, area.right()).write("counting…", theme.dim);
    }
    let focused = state.focus() == Focus::Sources;
    let states = state.source_states(0..pane.rows().len());
    for (row, line) in lines.iter().skip(pane.top()).take(usize::from(area.height)).enumerate() {
        let y = area.y + row as u16;
        match line {
            SourceLine::Blank => {}
            SourceLine::Title(title) => {
                TextWriter::new(buffer, area.x + 1, y, area.right()).write(*title, theme.crosshead);
            }
            SourceLine::Row(number) => {
                let Some(facet) = pane.rows().get(*number) else { continue };
                let mut base = Style::new();
                if focused && *number == pane.selected() {
                    base = theme.selection;
                    buffer.set_style(Rect::new(area.x, y, area.width, 1), base);
                }
                let over = |style: Style| style.patch(base);
                let mut writer = TextWriter::new(buffer, area.x, y, area.right());
                match states.get(*number) {
                    Some(RowState::Chosen) => writer.write("✓", over(theme.accent)),
                    Some(RowState::Excluded) => writer.write("✗", over(theme.warning)),
                    Some(RowState::Free) | None => {}
                }
                draw_row(state, theme, facet, Rect::new(area.x, y, area.width, 1), base, buffer);
            }
        }
    }
    scrollbar::draw(theme, area, (pane.top(), usize::from(area.height), lines.len()), &[], buffer);
}

fn draw_row(state: &State, theme: &Theme, facet: &Facet, area: Rect, base: Style, buffer: &mut Buffer) {
    let over = |style: Style| style.patch(base);
    // The number of unread articles is left out if it is 0.
    let total = grouped(facet.total as u64);
    let unread = if facet.unread > 0 { format!("{}/", grouped(facet.unread as u64)) } else { String::new() };
    let width = (unread.width() + total.width()) as u16;
    // The last column is the scrollbar's.
    let end = area.right().saturating_sub(1);
    let x = end.saturating_sub(width).max(area.x);
    let mut writer = TextWriter::new(buffer, x, area.y, end);
    writer.write(unread, over(theme.accent));
    writer.write(total, over(theme.dim));
    let mut writer = TextWriter::new(buffer, area.x + 1, area.y, x.saturating_sub(1));
    let search = state.searches().all().iter().position(|search| search.name == facet.name);
    let style = match (facet.kind, search.filter(|_| facet.kind == FacetKind::Search)) {
        (_, Some(number)) => {
            let search = state.searches().all().get(number);
            if search.is_some_and(|search| search.watch) {
                writer.write("■ ", over(theme.watch_name(search, number)));
            }
            if let Some(key) = search.and_then(|search| search.key) {
                writer.write(format!("'{key} "), over(theme.dim));
            }
            theme.text
        }
        (FacetKind::Feed, None) if state.feeds().is_failing(&facet.name) => {
            writer.write("! ", over(theme.warning));
            theme.text
        }
        (FacetKind::Feed, None) if facet.total == 0 => theme.dim,
        (FacetKind::Section, None) => theme.section(&facet.name),
        (_, None) => theme.text,
    };
    let sign = if facet.kind == FacetKind::Tag { "#" } else { "" };
    writer.write(format!("{sign}{}", facet.name), over(style));
}
