//! The frame around dialogs and popups.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::widgets::{Block, Clear, Padding, Widget};
use unicode_width::UnicodeWidthStr;

use super::Theme;
use super::text_writer::{TextWriter, write_symbol};
use crate::text::SafeStr;

/// Clears an area and draws a frame around it, with a title in the top line and text in the bottom line. Returns the
/// inner area. An area too small for a frame is returned whole, to leave more room for the content.
pub(crate) fn draw<'t>(
    theme: &Theme,
    area: Rect,
    title: impl Into<SafeStr<'t>>,
    below: &'static str,
    buffer: &mut Buffer,
) -> Rect {
    // A wide character that reaches under the frame would hide it.
    for y in area.top()..area.bottom() {
        let before = area.x.checked_sub(1).and_then(|x| Some((x, y, buffer.cell((x, y))?)));
        if let Some((x, y, cell)) = before.filter(|(_, _, cell)| cell.symbol().width() > 1) {
            let style = cell.style();
            write_symbol(buffer, (x, y), " ", style);
        }
    }
    Clear.render(area, buffer);
    if area.width < 20 || area.height < 3 {
        return area;
    }
    let block = Block::bordered().border_style(theme.rule).padding(Padding::horizontal(1));
    let inner = block.inner(area);
    block.render(area, buffer);
    let (left, right) = (area.x + 1, area.right() - 1);
    TextWriter::new(buffer, left, area.y, right).write(title, theme.accent);
    TextWriter::new(buffer, left, area.bottom() - 1, right).write(below, theme.accent);
    inner
}
