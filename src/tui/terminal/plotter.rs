//! The cells that changed, as few bytes.
//!
//! Ratatui's own backend moves the cursor absolutely wherever a cell did not change, says both colours when one changes,
//! and writes every blank. Over a slow link, bytes are what a reader waits for. Here short gaps are bridged by what stands
//! there already, longer ones by relative moves, a change of look names what changes and nothing else, blanks are erased,
//! and rows that only moved are moved by the terminal. The sequences are those that every emulator of a VT220 knows: CUP,
//! CUF, ECH, EL, ED, DL, IL and SGR of ECMA-48, and DECSTBM.
//!
//! All of it rests on knowing what the terminal shows and where its cursor is. Terminals do not agree on how wide
//! everything is: after an emoji the next cell is gone to absolutely, and after what is in doubt whatever is not next to it.

mod look;
mod shift;
mod width;

use std::io::{self, Write};
use std::mem;
use std::ops::Range;

use ratatui::backend::{Backend, ClearType, WindowSize};
use ratatui::buffer::{Cell, CellWidth};
use ratatui::layout::{Position, Rect, Size};
use unicode_width::UnicodeWidthChar;

use look::Look;
use shift::{Cells, Changed, Shift, Step};
use width::{Agreement, is_certainly_narrow, width_of};

/// A frame in which so many cells changed may be one that scrolled.
const MANY: usize = 64;
/// From the cursor to the end of its row.
const ERASE_LINE: &[u8] = b"\x1b[K";

/// What an erased cell is.
static BLANK: Cell = Cell::EMPTY;
/// Ratatui's backend: puts frames together as bytes. It asks the terminal for nothing.
#[derive(Debug, Default)]
pub(super) struct Plotter {
    bytes: Vec<u8>,
    /// How large the screen is. Where it becomes another, ratatui clears it before it draws.
    size: Size,
    shown: Vec<Option<Cell>>,
    /// Where the cursor is, as far as it is known.
    at: Option<Position>,
    /// Whether all terminals would agree on that.
    is_certain: bool,
    /// The look that the terminal writes in.
    look: Look,
}

impl Plotter {
    /// From now on the screen is as large as this.
    pub(super) fn set_size(&mut self, size: Size) {
        self.size = size;
    }

    /// What came together since it was last taken.
    pub(super) fn take(&mut self) -> Vec<u8> {
        mem::take(&mut self.bytes)
    }

    /// What else goes to the terminal, in order; it moves no cursor and writes no cell.
    pub(super) fn sink(&mut self) -> &mut Vec<u8> {
        &mut self.bytes
    }

    /// The cells of a row, as far as they are known.
    fn row(&self, y: u16) -> &Cells {
        let width = usize::from(self.size.width);
        let start = usize::from(y) * width;
        self.shown.get(start..start + width).unwrap_or_default()
    }

    /// Draws a frame of which much only moved, and tells whether it is one.
    fn draw_shifted(&mut self, changed: &[Changed<'_>]) -> bool {
        let width = usize::from(self.size.width);
        if changed.len() < MANY {
            return false;
        }
        let Some(step) = Step::guess(&self.shown, changed, width) else { return false };
        let mut next = self.shown.clone();
        for &(x, y, cell) in changed {
            show(&mut next, width, Position { x, y }, cell);
        }
        let Some(shift) = Shift::by(step, &self.shown, &next, width) else { return false };
        self.scroll(&shift);
        let differs: Vec<bool> = self.shown.iter().zip(&next).map(|(shown, next)| shown != next).collect();
        let places = Rect::from((Position::ORIGIN, self.size)).positions();
        let remaining = places.zip(&next).zip(differs).filter_map(|((place, cell), differs)| {
            let cell = cell.as_ref().filter(|_| differs)?;
            Some((place.x, place.y, cell))
        });
        self.write_rows(remaining);
        true
    }

    /// Makes the terminal move rows, and erase those that nothing moves into. It stands at the front of a frame, in one
    /// piece with where all rows scroll again.
    fn scroll(&mut self, shift: &Shift) {
        let (first, end) = (shift.rows.start as u16 + 1, shift.rows.end as u16);
        self.control(&[first, end], b'r');
        self.control(&[first, 1], b'H');
        self.control(&[shift.step.rows as u16], if shift.step.is_up { b'M' } else { b'L' });
        self.control(&[], b'r');
        self.at = None;
        shift.carry_out(&mut self.shown, usize::from(self.size.width));
    }

    /// Writes cells, row by row and each from the left.
    fn write_rows<'a>(&mut self, cells: impl Iterator<Item = Changed<'a>>) {
        let mut changed: Vec<(u16, &Cell)> = Vec::new();
        let mut row = 0;
        for (x, y, cell) in cells {
            if y != row {
                self.write_row(row, &changed);
                changed.clear();
                row = y;
            }
            changed.push((x, cell));
        }
        self.write_row(row, &changed);
        self.put_on(Look::default());
    }

    /// Writes what changed in one row, from the left.
    fn write_row(&mut self, y: u16, changed: &[(u16, &Cell)]) {
        // Some terminals erase half of what is wide, and keep the other.
        let may_erase = self.row(y).iter().all(|cell| cell.as_ref().is_some_and(is_certainly_narrow));
        let width = usize::from(self.size.width);
        let mut cells: Vec<(u16, &Cell)> = Vec::with_capacity(changed.len());
        for (index, &(x, cell)) in changed.iter().enumerate() {
            cells.push((x, cell));
            // The other half of what loses one: terminals do not agree on how it looks.
            let half = show(&mut self.shown, width, Position { x, y }, cell);
            let next = changed.get(index + 1).map(|(next, _)| *next);
            cells.extend(half.filter(|half| next != Some(*half)).map(|half| (half, &BLANK)));
        }
        let mut rest = cells.as_slice();
        // What did not change, but was perhaps drawn over.
        let mut spoiled = 0..0;
        loop {
            let next = rest.first().map_or(self.size.width, |(x, _)| *x);
            if spoiled.start < next.min(spoiled.end) {
                let cell = self.row(y).get(usize::from(spoiled.start)).cloned().flatten();
                let drawn_over = match cell {
                    Some(cell) => self.write_cell(Position { x: spoiled.start, y }, &cell, false),
                    None => spoiled.start + 1..spoiled.end,
                };
                spoiled = drawn_over.start..drawn_over.end.max(spoiled.end);
                continue;
            }
            let Some((&(x, cell), after)) = rest.split_first() else { return };
            let erasable = if may_erase { self.erasable(x, rest, y) } else { None };
            rest = if let Some((end, after)) = erasable {
                self.erase(x..end, y);
                spoiled.start = end;
                after
            } else {
                let end = x.saturating_add(width_of(cell));
                let (covered, after) = after.split_at(after.iter().take_while(|(next, _)| *next < end).count());
                let drawn_over = self.write_cell(Position { x, y }, cell, !covered.is_empty());
                spoiled = drawn_over.start..drawn_over.end.max(spoiled.end);
                after
            };
        }
    }

    /// Up to where it is shorter to erase than to write the cells at the front of `changed`, the first of them at `x`; and
    /// the other cells.
    fn erasable<'c, 'a>(&self, x: u16, changed: &'c [(u16, &'a Cell)], y: u16) -> Option<(u16, &'c [(u16, &'a Cell)])> {
        let row = self.row(y);
        let end =
            usize::from(x) + row.get(usize::from(x)..)?.iter().take_while(|cell| is_erased(cell.as_ref())).count();
        let count = changed.iter().take_while(|(x, _)| usize::from(*x) < end).count();
        let (blanks, others) = changed.split_at(count);
        let last = blanks.last()?.0;
        let columns = last + 1 - x;
        let cost = if end == row.len() {
            ERASE_LINE.len()
        } else if others.is_empty() {
            3 + length(columns)
        } else {
            // The cursor goes after that to where it would have been.
            2 * (3 + length(columns))
        };
        (cost < usize::from(columns)).then_some((last + 1, others))
    }

    /// Makes blanks of cells that are to be blank, or are.
    fn erase(&mut self, columns: Range<u16>, y: u16) {
        let look = if self.look.is_plain_on_blank() { self.look } else { Look::default() };
        self.go(Position { x: columns.start, y }, look);
        self.put_on(look);
        if self.row(y).iter().skip(columns.start.into()).all(|cell| is_erased(cell.as_ref())) {
            self.bytes.extend_from_slice(ERASE_LINE);
        } else {
            self.control(&[columns.end - columns.start], b'X');
        }
    }

    /// Writes a cell; one that covers cells that changed too blanks them first, as not all terminals do. Gives the
    /// columns behind it that a terminal drew over if it draws each part of an emoji by itself.
    fn write_cell(&mut self, place: Position, cell: &Cell, covers: bool) -> Range<u16> {
        let (symbol, width) = (cell.symbol(), width_of(cell));
        let look = if self.look.suits(cell) { self.look } else { Look::of(cell) };
        if covers {
            self.go(Position { x: place.x + 1, ..place }, look);
            self.put_on(look);
            self.bytes.extend(std::iter::repeat_n(b' ', usize::from(width) - 1));
            self.at = None;
        }
        self.go(place, look);
        self.put_on(look);
        self.bytes.extend_from_slice(symbol.as_bytes());
        let x = place.x.saturating_add(width);
        let agreement = Agreement::on(symbol);
        if agreement > Agreement::Poor {
            // After the last column the cursor waits there or at the next row.
            self.at = (x < self.size.width).then_some(Position { x, ..place });
            self.is_certain &= agreement == Agreement::Full;
            return x..x;
        }
        self.at = None;
        let most: usize = symbol.chars().filter_map(UnicodeWidthChar::width).sum();
        x..place.x.saturating_add(u16::try_from(most).unwrap_or(u16::MAX)).min(self.size.width)
    }

    /// Moves the cursor to where something in this look is to be written.
    fn go(&mut self, to: Position, look: Look) {
        match self.at {
            Some(at) if at == to => {}
            Some(at) if self.is_certain && at.y == to.y && at.x < to.x => {
                let gap = to.x - at.x;
                if gap > 4 || !self.bridge(at.x..to.x, to.y, look) {
                    self.control(&[gap], b'C');
                }
            }
            _ => {
                self.control(&[to.y + 1, to.x + 1], b'H');
                self.is_certain = true;
            }
        }
        self.at = Some(to);
    }

    /// Writes once more what stands between the cursor and where something in this look comes, if that needs no other.
    fn bridge(&mut self, gap: Range<u16>, y: u16, next: Look) -> bool {
        let cells = self.row(y).get(usize::from(gap.start)..usize::from(gap.end)).unwrap_or_default();
        let fits = |cell: &Option<Cell>, look: Look| {
            cell.as_ref().is_some_and(|cell| cell.symbol().len() == 1 && look.suits(cell))
        };
        let fitting = [self.look, next].into_iter().find(|look| cells.iter().all(|cell| fits(cell, *look)));
        let Some(look) = fitting.filter(|_| !cells.is_empty()) else { return false };
        let text: String = cells.iter().flatten().map(Cell::symbol).collect();
        self.put_on(look);
        self.bytes.extend_from_slice(text.as_bytes());
        true
    }

    /// Makes the terminal write in another look.
    fn put_on(&mut self, look: Look) {
        if self.look == look {
            return;
        }
        self.bytes.extend_from_slice(b"\x1b[");
        self.bytes.extend_from_slice(look.change_from(self.look).as_bytes());
        self.bytes.push(b'm');
        self.look = look;
    }

    /// A control sequence; a single 1 is what is meant without a number.
    fn control(&mut self, parameters: &[u16], end: u8) {
        self.bytes.extend_from_slice(b"\x1b[");
        let mut between = "";
        for parameter in parameters.iter().filter(|_| parameters != [1]) {
            // Memory takes everything.
            let _ = write!(self.bytes, "{between}{parameter}");
            between = ";";
        }
        self.bytes.push(end);
    }
}

impl Backend for Plotter {
    type Error = io::Error;

    fn draw<'a, I>(&mut self, content: I) -> io::Result<()>
    where
        I: Iterator<Item = (u16, u16, &'a Cell)>,
    {
        // What was written since the last frame may have moved it.
        self.at = None;
        let changed: Vec<Changed<'a>> = content.collect();
        if !self.draw_shifted(&changed) {
            self.write_rows(changed.into_iter());
        }
        Ok(())
    }

    fn hide_cursor(&mut self) -> io::Result<()> {
        self.bytes.extend_from_slice(b"\x1b[?25l");
        Ok(())
    }

    fn show_cursor(&mut self) -> io::Result<()> {
        self.bytes.extend_from_slice(b"\x1b[?25h");
        Ok(())
    }

    fn get_cursor_position(&mut self) -> io::Result<Position> {
        // Asking the terminal is waiting for an answer that may never come.
        self.at.ok_or_else(|| io::ErrorKind::Unsupported.into())
    }

    fn set_cursor_position<P: Into<Position>>(&mut self, position: P) -> io::Result<()> {
        let position = position.into();
        self.control(&[position.y + 1, position.x + 1], b'H');
        self.at = Some(position);
        Ok(())
    }

    fn clear(&mut self) -> io::Result<()> {
        self.clear_region(ClearType::All)
    }

    fn clear_region(&mut self, region: ClearType) -> io::Result<()> {
        if region != ClearType::All {
            return Err(io::ErrorKind::Unsupported.into());
        }
        self.bytes.extend_from_slice(b"\x1b[2J");
        self.shown = vec![Some(Cell::EMPTY); usize::from(self.size.width) * usize::from(self.size.height)];
        Ok(())
    }

    fn size(&self) -> io::Result<Size> {
        Ok(self.size)
    }

    fn window_size(&mut self) -> io::Result<WindowSize> {
        Ok(WindowSize { columns_rows: self.size, pixels: Size::default() })
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Notes that a cell shows something else. What is wide and loses a half leaves a blank in its other half; ratatui takes
/// that for granted where nothing would be seen of its look, and then this gives its column.
fn show(cells: &mut Cells, width: usize, place: Position, cell: &Cell) -> Option<u16> {
    let start = usize::from(place.y) * width;
    let row = cells.get_mut(start..start + width)?;
    let end = place.x.saturating_add(width_of(cell)).min(row.len() as u16);
    let last = row.get(usize::from(end).checked_sub(1)?)?;
    let cut = last.clone().filter(|last| last.cell_width() > 1);
    let [first, covered @ ..] = row.get_mut(usize::from(place.x)..usize::from(end))? else { return None };
    *first = Some(cell.clone());
    covered.fill(None);
    let half = row.get_mut(usize::from(end))?;
    if Look::of(&cut?).is_plain_on_blank() {
        *half = Some(Cell::EMPTY);
        return Some(end);
    }
    *half = None;
    None
}

/// Whether a cell is what an erased one is.
fn is_erased(cell: Option<&Cell>) -> bool {
    cell.is_some_and(|cell| cell.symbol() == " " && Look::of(cell).is_plain_on_blank())
}

/// How long a number is as a parameter.
fn length(number: u16) -> usize {
    match number {
        1 => 0,
        _ => number.checked_ilog10().map_or(1, |log| log as usize + 1),
    }
}

#[cfg(test)]
mod tests;
