//! Drawing: `draw(&State, &Theme, &mut Frame)` reads the state and never changes it.

mod dialogs;
mod frame;
mod key_popup;
mod panes;
mod scrollbar;
mod status_line;
mod text_writer;
mod theme;

use ratatui::Frame;
use ratatui::layout::Rect;

use crate::app::{Area, Focus, State};
use panes::{filter_bar, list, reading, sources};
use text_writer::write_symbol;

pub use theme::{Depth, Theme};

/// Draws the whole screen.
pub fn draw(state: &State, theme: &Theme, frame: &mut Frame<'_>) {
    let layout = state.layout();
    let buffer = frame.buffer_mut();
    let rect = |area: Area| Rect::new(area.column, area.row, area.columns, area.rows).intersection(buffer.area);
    let (list, divider, reading) = (layout.list.map(rect), layout.divider.map(rect), layout.reading.map(rect));
    let (sources, sources_divider) = (layout.sources.map(rect), layout.sources_divider.map(rect));
    let (bar, status) = (layout.bar.map(rect), layout.status.map(rect));
    if let Some(area) = sources {
        sources::draw(state, theme, area, buffer);
    }
    if let Some(area) = list {
        list::draw(state, theme, area, buffer);
    }
    for area in [sources_divider, divider].into_iter().flatten() {
        let sign = if area.width == 1 && area.height > 1 { "│" } else { "─" };
        for position in area.positions() {
            write_symbol(buffer, position, sign, theme.rule);
        }
    }
    if let Some(area) = reading {
        reading::draw(state, theme, area, buffer);
    }
    let mut cursor = None;
    if let Some(area) = bar {
        cursor = filter_bar::draw(state, theme, area, buffer);
    }
    if let Some(area) = status {
        let mistake = state.filter().typed().mistake().filter(|_| state.focus() == Focus::Filter);
        match (mistake, bar) {
            (Some(mistake), Some(bar)) => filter_bar::draw_mistake(state, theme, mistake, bar, area, buffer),
            _ => status_line::draw(state, theme, area, buffer),
        }
    }
    if let Some(bar) = bar {
        filter_bar::draw_completion(state, theme, bar, buffer);
    }
    let over = dialogs::draw(state, theme, buffer);
    if state.overlay().is_some() {
        cursor = over;
    }
    if state.note().is_some() {
        cursor = dialogs::note::draw(state, theme, buffer);
    }
    if let Some(popup) = state.key_popup() {
        key_popup::draw(&popup, theme, status, buffer);
    }
    theme.paint(buffer);
    if let Some(position) = cursor {
        frame.set_cursor_position(position);
    }
}
