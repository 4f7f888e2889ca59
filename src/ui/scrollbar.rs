//! A scrollbar of one column, with a tick for each hit.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::Theme;
use super::text_writer::write_symbol;

/// Returns the first of `all` lines after `line` whose tick is in another row of a bar of `rows`.
pub(crate) fn next_row(line: usize, all: usize, rows: usize) -> usize {
    let (line, all, rows) = (line as u64, all.max(rows).max(1) as u64, rows.max(1) as u64);
    ((line * rows / all + 1) * all).div_ceil(rows) as usize
}

/// Draws a scrollbar in the last column of `area` for `shown` of `all` rows, from row `top`. If all rows are visible,
/// only the ticks are drawn. A tick is a row with its style.
pub(crate) fn draw(
    theme: &Theme,
    area: Rect,
    (top, shown, all): (usize, usize, usize),
    ticks: &[(usize, Style)],
    buffer: &mut Buffer,
) {
    let rows = usize::from(area.height);
    if rows == 0 || area.width == 0 || all == 0 {
        return;
    }
    let x = area.right() - 1;
    // The ticks of a text that is shorter than the bar are beside its lines. 64 bits hold any product of rows.
    let at = |row: usize| (row.min(all - 1) as u64 * rows as u64 / all.max(rows) as u64) as usize;
    if shown < all {
        let length = (rows * shown / all).max(1);
        let furthest = rows - length.min(rows);
        let begin = (top as u64 * furthest as u64).checked_div((all - shown) as u64).unwrap_or(0) as usize;
        for row in begin..(begin + length).min(rows) {
            let place = (x, area.y + row as u16);
            // On a row of the rule's own colour, the row's text colour shows.
            let is_hidden = buffer.cell(place).is_some_and(|cell| Some(cell.bg) == theme.rule.fg);
            write_symbol(buffer, place, "▐", if is_hidden { Style::new() } else { theme.rule });
        }
    }
    for (row, style) in ticks {
        // The colour of a hit is its background colour, if it has one.
        let colour = style.bg.map_or(*style, |colour| Style::new().fg(colour));
        write_symbol(buffer, (x, area.y + at(*row) as u16), "◂", colour);
    }
}

/// Draws a scrollbar on the frame if not all rows are visible.
pub(crate) fn draw_on_frame(theme: &Theme, area: Rect, rows: (usize, usize, usize), buffer: &mut Buffer) {
    let edge = Rect { width: area.width + 2, ..area }.intersection(buffer.area);
    draw(theme, edge, rows, &[], buffer);
}
