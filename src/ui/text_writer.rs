//! Writes text to the screen by graphemes, with highlights and a sign at the end of text that is cut. All text on the
//! screen is [`SafeStr`] and is written here, which `clippy.toml` enforces.

use std::ops::Range;

use ratatui::buffer::Buffer;
use ratatui::layout::Position;
use ratatui::style::{Modifier, Style};
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

use crate::render::typeset::slack_at;
use crate::text::{SafeStr, is_clean};

/// The sign of text that is cut.
const CUT: &str = "…";
/// Replaces characters that are not safe on a screen. [`SafeStr`] contains none, so this is never visible.
const UNSAFE: &str = "\u{FFFD}";

/// A range of text and the style laid over it.
pub(crate) type Highlight = (Range<usize>, Style);

/// Writes along one row, up to an end column.
pub(crate) struct TextWriter<'a> {
    buffer: &'a mut Buffer,
    x: u16,
    y: u16,
    end: u16,
}

impl<'a> TextWriter<'a> {
    /// Starts at `x` in row `y`. Columns from `end` on are not written.
    pub(crate) fn new(buffer: &'a mut Buffer, x: u16, y: u16, end: u16) -> TextWriter<'a> {
        let end = end.min(buffer.area.right());
        let end = if (buffer.area.top()..buffer.area.bottom()).contains(&y) { end } else { x };
        TextWriter { buffer, x, y, end }
    }

    /// Returns the column that is written next.
    pub(crate) fn x(&self) -> u16 {
        self.x
    }

    /// Returns the row.
    pub(crate) fn y(&self) -> u16 {
        self.y
    }

    /// Returns the last column that can be written.
    pub(crate) fn last(&self) -> u16 {
        self.end.saturating_sub(1)
    }

    /// Returns the number of free columns.
    pub(crate) fn room(&self) -> usize {
        usize::from(self.end.saturating_sub(self.x))
    }

    /// Skips columns.
    pub(crate) fn skip(&mut self, columns: u16) {
        self.x = self.x.saturating_add(columns).min(self.end.max(self.x));
    }

    /// Writes `text`. Text that does not fit is cut with a sign.
    pub(crate) fn write<'t>(&mut self, text: impl Into<SafeStr<'t>>, style: Style) {
        self.write_highlighted(text, style, &[], 0);
    }

    /// Writes `text` with `marks` (byte ranges in order) laid over `style`, and `slack` additional columns between
    /// words.
    pub(crate) fn write_highlighted<'t>(
        &mut self,
        text: impl Into<SafeStr<'t>>,
        style: Style,
        marks: &[Highlight],
        slack: u16,
    ) {
        let text: &str = &text.into();
        let fits = text.len() <= self.room() || text.width() + usize::from(slack) <= self.room();
        let room = if fits { self.end } else { self.end.saturating_sub(CUT.width() as u16) };
        let gaps = if slack == 0 { 0 } else { text.matches(' ').count() as u16 };
        let mut gap = 0;
        for (at, grapheme) in text.grapheme_indices(true) {
            let grapheme = drawable(grapheme);
            let width = grapheme.width();
            if usize::from(self.x) + width > usize::from(room) {
                break;
            }
            let width = width as u16;
            // Later marks lie over earlier ones.
            let covering = marks.iter().filter(|(range, _)| range.contains(&at));
            let style = covering.fold(style, |style, (_, mark)| lay_over(style, *mark));
            // A grapheme without width, such as a lone combining mark, would be added to the preceding cell.
            if width > 0 {
                self.write_grapheme(grapheme, width, style);
            }
            if grapheme == " " && gaps > 0 {
                for _ in 0..slack_at(slack, gap, gaps) {
                    self.write_grapheme(" ", 1, style);
                }
                gap += 1;
            }
        }
        if !fits && self.x < self.end {
            self.write_grapheme(CUT, 1, style);
            self.x = self.end;
        }
    }

    #[expect(clippy::disallowed_methods, reason = "the one way for text onto the screen")]
    fn write_grapheme(&mut self, grapheme: &str, width: u16, style: Style) {
        self.buffer.set_stringn(self.x, self.y, grapheme, usize::from(width), style);
        self.x += width;
    }
}

/// Writes a sign of the program to a cell, with a style laid over the existing one.
#[expect(clippy::disallowed_methods, reason = "a sign of the program, not text")]
pub(crate) fn write_symbol(buffer: &mut Buffer, position: impl Into<Position>, sign: &'static str, style: Style) {
    if let Some(cell) = buffer.cell_mut(position) {
        cell.set_symbol(sign).set_style(style);
    }
}

/// Replaces a grapheme that is not safe on a screen. This is the last check before the buffer.
fn drawable(grapheme: &str) -> &str {
    match grapheme {
        "\n" => " ",
        safe if is_clean(safe) => safe,
        _ => UNSAFE,
    }
}

/// Lays a mark over a style. If both are reversed, the result is not, so that the mark stays visible.
pub(crate) fn lay_over(style: Style, mark: Style) -> Style {
    let both = style.add_modifier.contains(Modifier::REVERSED) && mark.add_modifier.contains(Modifier::REVERSED);
    let style = style.patch(mark);
    if both { style.remove_modifier(Modifier::REVERSED) } else { style }
}

/// Returns the marks in `range`, counted from its start.
pub(crate) fn within(marks: &[Highlight], range: &Range<usize>) -> Vec<Highlight> {
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

    fn row(text: &'static str, width: u16, slack: u16) -> String {
        let mut buffer = Buffer::empty(Rect::new(0, 0, width, 1));
        TextWriter::new(&mut buffer, 0, 0, width).write_highlighted(text, Style::new(), &[], slack);
        buffer.content.iter().map(|cell| cell.symbol()).collect()
    }

    #[test]
    fn unsafe_text_is_not_drawn() {
        assert_eq!(row("a\u{1b}[2J\u{9b}b\nc", 9, 0), "a\u{FFFD}[2J\u{FFFD}b c");
        assert_eq!(row("a\u{202e}b\u{e0041}", 4, 0), "a\u{FFFD}\u{FFFD} ");
    }

    #[test]
    fn combining_marks_do_not_join_the_text_before() {
        let mut buffer = Buffer::empty(Rect::new(0, 0, 3, 1));
        let mut writer = TextWriter::new(&mut buffer, 0, 0, 3);
        for text in ["a\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}", "\u{301}\u{301}b"] {
            writer.write(text, Style::new());
        }
        assert_eq!(buffer.content[0].symbol(), "a\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}");
        assert_eq!(buffer.content[1].symbol(), "b");
    }

    #[test]
    fn oversized_clusters_are_cut() {
        let conjunct = "क\u{94d}".repeat(70_000).leak();
        assert!(row(conjunct, 9, 0).contains('…'));
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
