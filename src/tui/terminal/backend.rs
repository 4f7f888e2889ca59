//! The ratatui backend: crossterm's, writing to memory, made safe for text whose width terminals disagree on.
//!
//! Ratatui's [`CrosstermBackend`] turns changed cells into bytes. This wrapper adds three things:
//!
//! - It writes to memory, and the caller sets its size, so drawing never waits for the terminal.
//! - It leaves no residue of emoji and complex scripts (see [`Agreement`]).
//! - [`ScreenBackend::queue`] is the one way to write sequences that draw no cell.

use std::io;
use std::mem;

use crossterm::{Command, queue};
use ratatui::backend::{Backend, ClearType, CrosstermBackend, WindowSize};
use ratatui::buffer::{Buffer, Cell, CellWidth};
use ratatui::layout::{Position, Rect, Size};
use unicode_width::UnicodeWidthChar;

/// Turns frames into bytes.
#[derive(Debug, Default)]
pub(super) struct ScreenBackend {
    bytes: Vec<u8>,
    /// The cells on the screen. A cell that a wide one covers is blank, as in ratatui's own buffers.
    shown: Buffer,
}

impl ScreenBackend {
    /// Sets the size of the screen. If it changed, ratatui clears the screen before the next frame.
    pub(super) fn set_size(&mut self, size: Size) {
        if self.shown.area.as_size() != size {
            self.shown = Buffer::empty(Rect::from((Position::ORIGIN, size)));
        }
    }

    /// Writes a sequence that draws no cell and does not move the cursor.
    pub(super) fn queue(&mut self, command: impl Command) -> io::Result<()> {
        queue!(self.bytes, command)
    }

    /// Returns the bytes written since the last call.
    pub(super) fn take_bytes(&mut self) -> Vec<u8> {
        mem::take(&mut self.bytes)
    }

    fn crossterm(&mut self) -> CrosstermBackend<&mut Vec<u8>> {
        CrosstermBackend::new(&mut self.bytes)
    }

    /// Stores a cell that is about to be drawn. Returns the end of the columns that must be drawn with it.
    fn store(&mut self, x: u16, y: u16, cell: &Cell) -> u16 {
        let mut end = x + 1;
        for column in x..x.saturating_add(cell.cell_width().max(1)) {
            let Some(shown) = self.shown.cell_mut((column, y)) else { break };
            // Ratatui takes the columns that a wide cell covers for blank. Some terminals draw characters of an emoji
            // there, and some give a column that becomes free the new style.
            end = end.max(column.saturating_add(shown.cell_width()));
            *shown = if column == x { cell.clone() } else { Cell::EMPTY };
        }
        if Agreement::on(cell) == Agreement::Full { end } else { self.shown.area.width }
    }

    /// Draws the stored cells at these positions, which are in reading order.
    fn draw_stored(&mut self, positions: &[Position]) -> io::Result<()> {
        let columns = self.shown.area.width;
        let mut drawn = Vec::with_capacity(positions.len());
        let mut run = CellRun::default();
        let mut next = Position::ORIGIN;
        for &Position { x, y } in positions {
            let is_covered = y == next.y && x < next.x;
            let Some(cell) = self.shown.cell((x, y)).filter(|_| !is_covered) else { continue };
            next = Position { x: x.saturating_add(cell.cell_width().max(1)), y };
            let agreement = Agreement::on(cell);
            let max_end = x.saturating_add(max_width(cell));
            let run_end = run.max_end.saturating_add(max_width(cell));
            let continues = match (run.agreement, agreement) {
                (Agreement::Full, Agreement::Full) => true,
                (Agreement::Partial, Agreement::Partial | Agreement::Full) => {
                    run.row == y && cell.symbol() != " " && run_end <= columns
                }
                _ => false,
            };
            if continues {
                run.max_end = run_end;
            } else {
                mem::take(&mut run).append_to(&mut drawn);
                run = CellRun { cells: Vec::new(), agreement, row: y, max_end };
            }
            let may_wrap = agreement != Agreement::Full && max_end > columns;
            run.cells.push((x, y, if may_wrap { first_char_of(cell) } else { cell.clone() }));
            // With an empty cell in each column that a wide one covers, crossterm's backend takes the next column as
            // adjacent. Otherwise it moves the cursor, which takes more bytes than a Chinese character.
            run.cells.extend((x + 1..next.x).map(|x| (x, y, with_style_of(cell, ""))));
        }
        run.append_to(&mut drawn);
        if drawn.is_empty() {
            return Ok(());
        }
        self.crossterm().draw(drawn.iter().map(|(x, y, cell)| (*x, *y, cell)))
    }
}

/// A cell and its column and row.
type PlacedCell = (u16, u16, Cell);

/// Adjacent cells that are drawn without a cursor movement between them.
#[derive(Default)]
struct CellRun {
    cells: Vec<PlacedCell>,
    agreement: Agreement,
    row: u16,
    /// The end of the columns that any terminal may draw the cells in.
    max_end: u16,
}

impl CellRun {
    /// Appends the cells in the order in which they are drawn.
    fn append_to(self, drawn: &mut Vec<PlacedCell>) {
        let Some((x, y, first)) = self.cells.first() else { return };
        // Crossterm's backend moves the cursor unless the last cell was to the left of the next. An empty cell, which
        // writes nothing, in the place of the next one makes it move the cursor after a run of uncertain width.
        if drawn.last().is_some_and(|(last_x, last_y, _)| last_y == y && last_x + 1 == *x) {
            drawn.push((*x, *y, with_style_of(first, "")));
        }
        if self.agreement != Agreement::Full {
            drawn.extend(self.cells.iter().map(|(x, y, cell)| (*x, *y, with_style_of(cell, " "))));
        }
        drawn.extend(self.cells);
    }
}

impl Backend for ScreenBackend {
    type Error = io::Error;

    fn draw<'a, I>(&mut self, content: I) -> io::Result<()>
    where
        I: Iterator<Item = (u16, u16, &'a Cell)>,
    {
        let mut stale: Vec<Position> = Vec::new();
        for (x, y, cell) in content {
            let end = self.store(x, y, cell);
            let start = stale.last().filter(|last| last.y == y).map_or(x, |last| x.max(last.x + 1));
            stale.extend((start..end).map(|x| Position { x, y }));
        }
        self.draw_stored(&stale)
    }

    fn hide_cursor(&mut self) -> io::Result<()> {
        self.crossterm().hide_cursor()
    }

    fn show_cursor(&mut self) -> io::Result<()> {
        self.crossterm().show_cursor()
    }

    /// Returns an error. A query to the terminal could wait forever for the answer.
    fn get_cursor_position(&mut self) -> io::Result<Position> {
        Err(io::ErrorKind::Unsupported.into())
    }

    fn set_cursor_position<P: Into<Position>>(&mut self, position: P) -> io::Result<()> {
        self.crossterm().set_cursor_position(position)
    }

    fn clear(&mut self) -> io::Result<()> {
        self.clear_region(ClearType::All)
    }

    fn clear_region(&mut self, region: ClearType) -> io::Result<()> {
        if region != ClearType::All {
            return Err(io::ErrorKind::Unsupported.into());
        }
        self.shown.reset();
        self.crossterm().clear_region(region)
    }

    fn size(&self) -> io::Result<Size> {
        Ok(self.shown.area.as_size())
    }

    fn window_size(&mut self) -> io::Result<WindowSize> {
        Ok(WindowSize { columns_rows: self.size()?, pixels: Size::default() })
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Returns a cell with this text in the style of another.
fn with_style_of(cell: &Cell, text: &'static str) -> Cell {
    let mut other = Cell::new(text);
    other.set_style(cell.style());
    other
}

/// Returns a cell with only the first character of another.
#[expect(clippy::disallowed_methods, reason = "it shortens text that is safe")]
fn first_char_of(cell: &Cell) -> Cell {
    let mut first = cell.clone();
    first.set_char(cell.symbol().chars().next().unwrap_or(' '));
    first
}

/// Returns the largest number of columns that a terminal may draw a cell in.
fn max_width(cell: &Cell) -> u16 {
    let max_width = |c: char| match c {
        '\u{1f000}'..='\u{1ffff}' => 2,
        '\u{200d}' => 0,
        _ if is_common_mark(c) => 0,
        _ => c.width().unwrap_or(0).max(1),
    };
    u16::try_from(cell.symbol().chars().map(max_width).sum::<usize>()).unwrap_or(u16::MAX)
}

/// The agreement of terminals on the width of a cell, from cursor position reports of xterm 379, tmux 3.3a, GNU screen
/// 4.9 and kitty 0.26 for 27,134 characters.
///
/// A cell that they do not fully agree on is blanked before it is drawn, for terminals that draw it narrower. The rest of
/// its row is drawn again after it, for terminals that draw it wider. If it could wrap to the next row, only its first
/// character is drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Agreement {
    /// Emoji, decomposed Korean and some symbols. A family of four takes 2 columns in tmux and 8 in xterm, a heart with
    /// U+FE0F takes 2 in kitty and 1 in xterm. The cursor is moved before and after each.
    None,
    /// Letters with marks. Vowel signs of Indic scripts take a column in xterm and none in kitty, and newer marks take one
    /// in GNU screen only. The cursor is moved before each word: for each letter, a page would take five times the bytes.
    Partial,
    /// Nearly all text.
    #[default]
    Full,
}

impl Agreement {
    fn on(cell: &Cell) -> Agreement {
        let symbol = cell.symbol();
        if symbol.len() < 2 {
            return Agreement::Full;
        }
        let is_disputed = |c: char| match c {
            '\u{200d}' | '\u{1160}'..='\u{11ff}' | '\u{1d300}'..='\u{1d37f}' | '\u{1f000}'..='\u{1ffff}' => true,
            // Hexagrams, and symbols that may be emoji.
            '\u{3030}' | '\u{303d}' | '\u{3248}'..='\u{324f}' | '\u{3297}' | '\u{3299}' | '\u{4dc0}'..='\u{4dff}' => {
                true
            }
            '\u{2190}'..='\u{2bff}' => c.width() == Some(2),
            _ => false,
        };
        let sum: usize = symbol.chars().filter_map(UnicodeWidthChar::width).sum();
        if sum != usize::from(cell.cell_width()) || symbol.chars().any(is_disputed) {
            Agreement::None
        } else if symbol.chars().skip(1).all(is_common_mark) {
            Agreement::Full
        } else {
            Agreement::Partial
        }
    }
}

/// Returns whether all terminals give a mark no column: Latin accents, Hebrew, Arabic and Thai marks, and U+FE0E.
fn is_common_mark(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}' | '\u{591}'..='\u{5c7}' | '\u{64b}'..='\u{65e}' | '\u{670}')
        || matches!(c, '\u{e31}' | '\u{e34}'..='\u{e3a}' | '\u{e47}'..='\u{e4e}' | '\u{fe0e}')
}

#[cfg(test)]
mod tests;
