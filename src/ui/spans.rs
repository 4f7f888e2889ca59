//! Putting text on the screen: grapheme by grapheme, hits in their colours, never a line cut off without a sign.

use std::ops::Range;

use ratatui::buffer::Buffer;
use ratatui::style::{Modifier, Style};
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

use crate::app::wrap::slack_at;

/// The sign of text that goes on where there is no room for it.
const CUT: &str = "…";

/// A stretch of text with a style laid over that of the rest.
pub(super) type Highlight = (Range<usize>, Style);

/// Writes along one row, up to an end.
pub(super) struct Pen<'a> {
    buffer: &'a mut Buffer,
    x: u16,
    y: u16,
    end: u16,
}

impl<'a> Pen<'a> {
    /// Begins at `x` in row `y`; nothing is written at `end` or beyond.
    pub(super) fn new(buffer: &'a mut Buffer, x: u16, y: u16, end: u16) -> Pen<'a> {
        let end = end.min(buffer.area.right());
        let end = if (buffer.area.top()..buffer.area.bottom()).contains(&y) { end } else { x };
        Pen { buffer, x, y, end }
    }

    /// The column that is written next.
    pub(super) fn x(&self) -> u16 {
        self.x
    }

    /// The row that is written.
    pub(super) fn y(&self) -> u16 {
        self.y
    }

    /// The last column that is written.
    pub(super) fn last(&self) -> u16 {
        self.end.saturating_sub(1)
    }

    /// How many columns are left.
    pub(super) fn room(&self) -> usize {
        usize::from(self.end.saturating_sub(self.x))
    }

    /// Leaves columns free.
    pub(super) fn skip(&mut self, columns: u16) {
        self.x = self.x.saturating_add(columns).min(self.end.max(self.x));
    }

    /// Writes `text`; what has no room gives way to a sign.
    pub(super) fn put(&mut self, text: &str, style: Style) {
        self.put_marked(text, style, &[], 0);
    }

    /// Writes `text` with `marks` (bytes of it, in order) laid over `style`, and `slack` more columns between words.
    pub(super) fn put_marked(&mut self, text: &str, style: Style, marks: &[Highlight], slack: u16) {
        let fits = text.len() <= self.room() || text.width() + usize::from(slack) <= self.room();
        let room = if fits { self.end } else { self.end.saturating_sub(CUT.width() as u16) };
        let gaps = if slack == 0 { 0 } else { text.matches(' ').count() as u16 };
        let mut gap = 0;
        for (at, grapheme) in text.grapheme_indices(true) {
            let width = grapheme.width() as u16;
            if self.x + width > room {
                break;
            }
            // Later marks lie over earlier ones.
            let covering = marks.iter().filter(|(range, _)| range.contains(&at));
            let style = covering.fold(style, |style, (_, mark)| lay_over(style, *mark));
            if width > 0 {
                self.buffer.set_stringn(self.x, self.y, grapheme, usize::from(width), style);
            }
            self.x += width;
            if grapheme == " " && gaps > 0 {
                for _ in 0..slack_at(slack, gap, gaps) {
                    self.buffer.set_stringn(self.x, self.y, " ", 1, style);
                    self.x += 1;
                }
                gap += 1;
            }
        }
        if !fits && self.x < self.end {
            self.buffer.set_stringn(self.x, self.y, CUT, 1, style);
            self.x = self.end;
        }
    }
}

/// A mark over a style. Where both are reversed, the mark stands out by not being so.
fn lay_over(style: Style, mark: Style) -> Style {
    let both = style.add_modifier.contains(Modifier::REVERSED) && mark.add_modifier.contains(Modifier::REVERSED);
    let style = style.patch(mark);
    if both { style.remove_modifier(Modifier::REVERSED) } else { style }
}

/// The marks that fall into `range`, counted from its start.
pub(super) fn within(marks: &[Highlight], range: &Range<usize>) -> Vec<Highlight> {
    let inside = |(mark, style): &Highlight| {
        let (start, end) = (mark.start.max(range.start), mark.end.min(range.end));
        (start < end).then(|| (start - range.start..end - range.start, *style))
    };
    marks.iter().filter_map(inside).collect()
}

#[cfg(test)]
mod tests {
    use ratatui::layout::Rect;

    use super::*;

    fn row(text: &str, width: u16, slack: u16) -> String {
        let mut buffer = Buffer::empty(Rect::new(0, 0, width, 1));
        Pen::new(&mut buffer, 0, 0, width).put_marked(text, Style::new(), &[], slack);
        buffer.content.iter().map(|cell| cell.symbol()).collect()
    }

    #[test]
    fn text_that_has_no_room_ends_in_a_sign() {
        assert_eq!(row("abcdef", 6, 0), "abcdef");
        assert_eq!(row("abcdefg", 6, 0), "abcde…");
        assert_eq!(row("国务院新闻", 6, 0).trim_end(), "国 务 …");
        assert_eq!(row("abc", 0, 0), "");
    }

    #[test]
    fn slack_goes_between_words() {
        assert_eq!(row("a b c", 8, 3), "a  b   c");
    }
}
