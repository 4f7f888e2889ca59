//! The sources pane: what the answer consists of.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use unicode_width::UnicodeWidthStr;

use super::spans::Pen;
use super::{Theme, scrollbar};
use crate::app::{Focus, RowState, SourceLine, State};
use crate::search::{Facet, FacetKind};
use crate::text::format::grouped;

pub(super) fn draw(state: &State, theme: &Theme, area: Rect, buffer: &mut Buffer) {
    let pane = state.sources();
    let lines = pane.lines();
    if lines.is_empty() {
        return Pen::new(buffer, area.x + 1, area.y, area.right()).put("counting…", theme.dim);
    }
    let focused = state.focus() == Focus::Sources;
    let states = state.source_states(0..pane.rows().len());
    for (row, line) in lines.iter().skip(pane.top()).take(usize::from(area.height)).enumerate() {
        let y = area.y + row as u16;
        match line {
            SourceLine::Blank => {}
            SourceLine::Title(title) => Pen::new(buffer, area.x + 1, y, area.right()).put(*title, theme.crosshead),
            SourceLine::Row(number) => {
                let Some(facet) = pane.rows().get(*number) else { continue };
                let mut base = Style::new();
                if focused && *number == pane.selected() {
                    base = theme.selection;
                    buffer.set_style(Rect::new(area.x, y, area.width, 1), base);
                }
                let over = |style: Style| style.patch(base);
                let mut pen = Pen::new(buffer, area.x, y, area.right());
                match states.get(*number) {
                    Some(RowState::Chosen) => pen.put("✓", over(theme.accent)),
                    Some(RowState::Excluded) => pen.put("✗", over(theme.warning)),
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
    // Nothing unread is not worth a number.
    let total = grouped(facet.total as u64);
    let unread = if facet.unread > 0 { format!("{}/", grouped(facet.unread as u64)) } else { String::new() };
    let width = (unread.width() + total.width()) as u16;
    // The last column is the scrollbar's.
    let end = area.right().saturating_sub(1);
    let x = end.saturating_sub(width).max(area.x);
    let mut pen = Pen::new(buffer, x, area.y, end);
    pen.put(unread, over(theme.accent));
    pen.put(total, over(theme.dim));
    let mut pen = Pen::new(buffer, area.x + 1, area.y, x.saturating_sub(1));
    let search = state.searches().all().iter().position(|search| search.name == facet.name);
    let style = match (facet.kind, search.filter(|_| facet.kind == FacetKind::Search)) {
        (_, Some(number)) => {
            let search = state.searches().all().get(number);
            if search.is_some_and(|search| search.watch) {
                pen.put("■ ", over(theme.watch_name(search, number)));
            }
            if let Some(key) = search.and_then(|search| search.key) {
                pen.put(format!("'{key} "), over(theme.dim));
            }
            theme.text
        }
        (FacetKind::Feed, None) if state.feeds().is_failing(&facet.name) => {
            pen.put("! ", over(theme.warning));
            theme.text
        }
        (FacetKind::Feed, None) if facet.total == 0 => theme.dim,
        (FacetKind::Section, None) => theme.section(&facet.name),
        (_, None) => theme.text,
    };
    let sign = if facet.kind == FacetKind::Tag { "#" } else { "" };
    pen.put(format!("{sign}{}", facet.name), over(style));
}
