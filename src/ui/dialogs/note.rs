//! The dialog in which a note is written.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use crate::app::State;
use crate::text::SafeStr;
use crate::ui::panes::filter_bar::draw_line;
use crate::ui::text_writer::TextWriter;
use crate::ui::{Theme, frame, scrollbar};

/// Draws the dialog. Returns the cell of the cursor.
pub(crate) fn draw(state: &State, theme: &Theme, buffer: &mut Buffer) -> Option<Position> {
    let note = state.note()?;
    let screen = buffer.area;
    let (width, height) = (76.min(screen.width), 14.min(screen.height));
    let area = Rect::new((screen.width - width) / 2, (screen.height - height) / 2, width, height);
    let inner = frame::draw(theme, area, " Note ", " Esc saves ", buffer);
    let visible = usize::from(inner.height);
    let top = (note.row() + 1).saturating_sub(visible);
    let mut cursor = None;
    for (row, line) in note.lines().iter().enumerate().skip(top).take(visible) {
        let writer = TextWriter::new(buffer, inner.x, inner.y + (row - top) as u16, inner.right());
        let here = row == note.row();
        if here {
            cursor = draw_line(theme, line, &[], true, writer);
        } else {
            let mut writer = writer;
            writer.write(SafeStr::new(line.text()), theme.text);
        }
    }
    let edge = Rect { width: inner.width + 2, ..inner }.intersection(buffer.area);
    scrollbar::draw(theme, edge, (top, visible, note.lines().len()), &[], buffer);
    cursor
}
