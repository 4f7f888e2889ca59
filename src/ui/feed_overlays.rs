//! What lies over the panes about feeds: the choice of one, and what changed in an entry.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};

use super::Theme;
use super::overlay::draw_more;
use super::spans::Pen;
use crate::app::wrap::wrap;
use crate::app::{ChangedPiece, Overlay, State};
use crate::article::clean;

/// The feeds of a page that names several.
pub(super) fn draw_choice(state: &State, theme: &Theme, overlay: &Overlay, area: Rect, buffer: &mut Buffer) {
    let feeds = state.feeds().choice();
    let visible = usize::from(area.height);
    let top = (overlay.row + 1).saturating_sub(visible);
    draw_more(theme, area, (top, visible, feeds.len()), buffer);
    for ((y, row), (url, title)) in (area.top()..area.bottom()).zip(top..).zip(feeds.iter().skip(top)) {
        let selected = row == overlay.row;
        if selected {
            buffer.set_style(Rect::new(area.x, y, area.width, 1), theme.selection);
        }
        let over = |style: Style| if selected { style.patch(theme.selection) } else { style };
        let mut pen = Pen::new(buffer, area.x, y, area.right());
        if !title.is_empty() {
            pen.put(&clean(title), over(theme.text));
            pen.skip(2);
        }
        pen.put(&clean(url), over(theme.dim));
    }
}

/// What changed in an entry: what is gone is struck out, what is new stands out. The row is the paragraph at the top.
pub(super) fn draw_changes(state: &State, theme: &Theme, overlay: &Overlay, area: Rect, buffer: &mut Buffer) {
    let changes = state.feeds().changes();
    let mut y = area.y;
    for paragraph in changes.iter().skip(overlay.row) {
        let text: String = paragraph.iter().map(|piece| piece.text.as_str()).collect();
        for (line, _) in wrap(&text, usize::from(area.width.max(1)), false) {
            if y >= area.bottom() {
                break;
            }
            let mut pen = Pen::new(buffer, area.x, y, area.right());
            let mut start = 0;
            for piece in paragraph {
                let end = start + piece.text.len();
                let shown = line.start.max(start)..line.end.min(end);
                pen.put(text.get(shown).unwrap_or(""), style(piece, theme));
                start = end;
            }
            y += 1;
        }
        y += 1;
    }
    draw_more(theme, area, (overlay.row, 1, changes.len()), buffer);
}

fn style(piece: &ChangedPiece, theme: &Theme) -> Style {
    match piece.added {
        None => theme.dim,
        Some(true) => theme.text.add_modifier(Modifier::BOLD | Modifier::UNDERLINED),
        Some(false) => theme.error.add_modifier(Modifier::CROSSED_OUT),
    }
}
