//! Putting text on the screen: grapheme by grapheme, hits in their colours, never a line cut off without a sign. No text
//! gets there by another way (clippy.toml sees to it), and none that is not [`SafeStr`].

use std::ops::Range;

use ratatui::buffer::Buffer;
use ratatui::layout::Position;
use ratatui::style::{Modifier, Style};
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

use crate::render::typeset::slack_at;
use crate::text::{SafeStr, is_clean};

/// The sign of text that goes on where there is no room for it.
const CUT: &str = "…";
/// Stands for what must not be on a screen. No [`SafeStr`] text holds such a thing, so it is never seen.
const UNSAFE: &str = "\u{FFFD}";

/// A stretch of text with a style laid over that of the rest.
pub(crate) type Highlight = (Range<usize>, Style);

/// Writes along one row, up to an end.
pub(crate) struct TextWriter<'a> {
    buffer: &'a mut Buffer,
    x: u16,
    y: u16,
    end: u16,
}

impl<'a> TextWriter<'a> {
    /// Begins at `x` in row `y`; nothing is written at `end` or beyond.
    pub(crate) fn new(buffer: &'a mut Buffer, x: u16, y: u16, end: u16) -> TextWriter<'a> {
        let end = end.min(buffer.area.right());
        let end = if (buffer.area.top()..buffer.area.bottom()).contains(&y) { end } else { x };
        TextWriter { buffer, x, y, end }
    }

    /// The column that is written next.
    pub(crate) fn x(&self) -> u16 {
        self.x
    }

    /// The row that is written.
    pub(crate) fn y(&self) -> u16 {
        self.y
    }

    /// The last column that is written.
    pub(crate) fn last(&self) -> u16 {
        self.end.saturating_sub(1)
    }

    /// How many columns are left.
    pub(crate) fn room(&self) -> usize {
        usize::from(self.end.saturating_sub(self.x))
    }

    /// Leaves columns free.
    pub(crate) fn skip(&mut self, columns: u16) {
        self.x = self.x.saturating_add(columns).min(self.end.max(self.x));
    }

    /// Writes `text`; what has no room gives way to a sign.
    pub(crate) fn write<'t>(&mut self, text: impl Into<SafeStr<'t>>, style: Style) {
        self.write_highlighted(text, style, &[], 0);
    }

    /// Writes `text` with `marks` (bytes of it, in order) laid over `style`, and `slack` more columns between words.
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
            // What takes no room, such as a mark without a letter, would end up on what stands before.
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

/// Puts one of the program's own signs into a cell, with a style laid over what is there.
#[expect(clippy::disallowed_methods, reason = "a sign of the program, not text")]
pub(crate) fn write_symbol(buffer: &mut Buffer, position: impl Into<Position>, sign: &'static str, style: Style) {
    if let Some(cell) = buffer.cell_mut(position) {
        cell.set_symbol(sign).set_style(style);
    }
}

/// The last look at what is written.
fn drawable(grapheme: &str) -> &str {
    match grapheme {
        "\n" => " ",
        safe if is_clean(safe) => safe,
        _ => UNSAFE,
    }
}

/// A mark over a style. Where both are reversed, the mark stands out by not being so.
pub(crate) fn lay_over(style: Style, mark: Style) -> Style {
    let both = style.add_modifier.contains(Modifier::REVERSED) && mark.add_modifier.contains(Modifier::REVERSED);
    let style = style.patch(mark);
    if both { style.remove_modifier(Modifier::REVERSED) } else { style }
}

/// The marks that fall into `range`, counted from its start.
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
