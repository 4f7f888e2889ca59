//! The popup above the status line that lists the possible next keys.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use unicode_width::UnicodeWidthStr;

use super::text_writer::TextWriter;
use super::{Theme, frame};
use crate::app::KeyPopup;

/// The number of columns between two columns of keys.
const GAP: usize = 3;

/// Draws the popup above `status`, over the full width.
pub(super) fn draw(popup: &KeyPopup, theme: &Theme, status: Option<Rect>, buffer: &mut Buffer) {
    let screen = buffer.area;
    let bottom = status.map_or(screen.bottom(), |status| status.y);
    let widest =
        |text: fn(&(String, String)) -> &str| popup.rows.iter().map(|row| text(row).width()).max().unwrap_or(0);
    let (key_width, text_width) = (widest(|(key, _)| key), widest(|(_, text)| text));
    let cell = key_width + 2 + text_width + GAP;
    let room = usize::from(screen.width.saturating_sub(4));
    // Text is cut before keys are left out: with many keys, there are more columns than fit in full.
    let max_rows = usize::from(bottom.saturating_sub(screen.y + 2)).max(1);
    let columns = ((room + GAP) / cell).max(popup.rows.len().div_ceil(max_rows)).clamp(1, popup.rows.len().max(1));
    let rows = popup.rows.len().div_ceil(columns);
    let column_width = ((room + GAP) / columns).min(cell).max(GAP + 1);
    let height = (rows as u16).saturating_add(2).min(bottom.saturating_sub(screen.y));
    let area = Rect::new(screen.x, bottom.saturating_sub(height), screen.width, height);
    let inner = frame::draw(theme, area, format!(" {} ", popup.title), " Esc cancels ", buffer);
    for (number, (key, text)) in popup.rows.iter().enumerate() {
        let (row, x) = ((number % rows) as u16, inner.x + ((number / rows) * column_width) as u16);
        if row >= inner.height || x >= inner.right() {
            continue;
        }
        let end = (x + (column_width - GAP) as u16).min(inner.right());
        let mut writer = TextWriter::new(buffer, x, inner.y + row, end);
        writer.write(key.clone(), theme.accent);
        let column = (x + key_width as u16 + 2).max(writer.x());
        writer.skip(column - writer.x());
        writer.write(text.clone(), theme.text);
    }
}
