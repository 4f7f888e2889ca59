//! Dialogs about feeds: a choice of feeds, the list of feeds, and the changes of an entry.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};

use crate::app::{DiffSpan, FeedStatus, SelectList};
use crate::render::typeset::wrap;
use crate::text::SafeStr;
use crate::ui::Theme;
use crate::ui::scrollbar;
use crate::ui::text_writer::TextWriter;

/// Draws the feeds of a page that links to several.
pub(crate) fn draw_choice(theme: &Theme, list: &SelectList<(String, String)>, area: Rect, buffer: &mut Buffer) {
    let feeds = &list.items;
    let visible = usize::from(area.height);
    let top = (list.row + 1).saturating_sub(visible);
    scrollbar::draw_on_frame(theme, area, (top, visible, feeds.len()), buffer);
    for ((y, row), (url, title)) in (area.top()..area.bottom()).zip(top..).zip(feeds.iter().skip(top)) {
        let selected = row == list.row;
        if selected {
            buffer.set_style(Rect::new(area.x, y, area.width, 1), theme.selection);
        }
        let over = |style: Style| if selected { style.patch(theme.selection) } else { style };
        let mut writer = TextWriter::new(buffer, area.x, y, area.right());
        if !title.is_empty() {
            writer.write(SafeStr::new(title), over(theme.text));
            writer.skip(2);
        }
        writer.write(SafeStr::new(url), over(theme.dim));
    }
}

/// Draws all feeds, a few lines each. The selected one is as low as it fits.
pub(crate) fn draw_list(theme: &Theme, list: &SelectList<FeedStatus>, area: Rect, buffer: &mut Buffer) {
    let feeds = &list.items;
    let height = |feed: &FeedStatus| feed.lines().count() + 1;
    // Shows as many feeds above the selected one as there is room for.
    let mut room = usize::from(area.height) + 1;
    let above = feeds.iter().take(list.row + 1).rev().take_while(|feed| {
        let fits = height(feed) <= room;
        room = room.saturating_sub(height(feed));
        fits
    });
    let top = (list.row + 1).saturating_sub(above.count().max(1));
    let mut y = area.y;
    let mut shown = 0;
    for (row, feed) in feeds.iter().enumerate().skip(top) {
        if y >= area.bottom() {
            break;
        }
        shown += 1;
        for (number, line) in feed.lines().enumerate().take(usize::from(area.bottom() - y)) {
            let selected = number == 0 && row == list.row;
            let base = if selected { theme.selection } else { Style::new() };
            if selected {
                buffer.set_style(Rect::new(area.x, y, area.width, 1), base);
            }
            let mut writer = TextWriter::new(buffer, area.x, y, area.right());
            if number == 0 {
                writer.write(SafeStr::new(line), theme.text.add_modifier(Modifier::BOLD).patch(base));
                writer.write(SafeStr::new(&feed.tags), theme.accent.patch(base));
            } else {
                writer.skip(2);
                let style = match Some(line) {
                    line if line == feed.error.as_deref() => theme.error,
                    line if line == feed.warning.as_deref() => theme.warning,
                    _ => theme.dim,
                };
                writer.write(SafeStr::new(line), style);
            }
            y += 1;
        }
        y += 1;
    }
    scrollbar::draw_on_frame(theme, area, (top, shown, feeds.len()), buffer);
}

/// Draws the changes of an entry: removed text is struck out, added text is bold and underlined. The selected row is
/// the first visible paragraph.
pub(crate) fn draw_changes(theme: &Theme, list: &SelectList<Vec<DiffSpan>>, area: Rect, buffer: &mut Buffer) {
    let changes = &list.items;
    let mut y = area.y;
    let mut shown = 0;
    for paragraph in changes.iter().skip(list.row) {
        let text: String = paragraph.iter().map(|piece| piece.text.as_str()).collect();
        for (line, _) in wrap(&text, usize::from(area.width.max(1)), false) {
            if y >= area.bottom() {
                break;
            }
            let mut writer = TextWriter::new(buffer, area.x, y, area.right());
            let mut start = 0;
            for piece in paragraph {
                let end = start + piece.text.len();
                let shown = line.start.max(start)..line.end.min(end);
                writer.write(SafeStr::new(text.get(shown).unwrap_or("")), style(piece, theme));
                start = end;
            }
            y += 1;
        }
        shown += usize::from(y <= area.bottom());
        y += 1;
    }
    scrollbar::draw_on_frame(theme, area, (list.row, shown.max(1), changes.len()), buffer);
}

fn style(piece: &DiffSpan, theme: &Theme) -> Style {
    match piece.added {
        None => theme.dim,
        Some(true) => theme.text.add_modifier(Modifier::BOLD | Modifier::UNDERLINED),
        Some(false) => theme.error.add_modifier(Modifier::CROSSED_OUT),
    }
}
