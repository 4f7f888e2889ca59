//! Rows that only moved, so that the terminal can move them itself. A list that scrolls beside a text that is another at
//! every step is the case in point: what moves along in the text would have been written over anyway.

use std::ops::Range;

use ratatui::buffer::{Cell, CellWidth};

use super::look::Look;

/// What the terminal shows, or is to show, row by row; nothing where it is not known, and in all but the first column of
/// what is wide.
pub(super) type Cells = [Option<Cell>];

/// A cell that changed, in a column and a row.
pub(super) type Changed<'a> = (u16, u16, &'a Cell);

/// How far rows move.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Step {
    pub(super) rows: usize,
    pub(super) is_up: bool,
}

impl Step {
    /// How rows moved if they did, by a sample of the cells that changed: many of them stood elsewhere.
    pub(super) fn guess(shown: &Cells, changed: &[Changed<'_>], width: usize) -> Option<Step> {
        let sample: Vec<_> = changed.iter().step_by(SAMPLE).filter(|(_, _, cell)| cell.symbol() != " ").collect();
        let steps = (1..=FARTHEST).flat_map(|rows| [true, false].map(|is_up| Step { rows, is_up }));
        let stood = |step: Step| {
            let found = sample.iter().filter(|(x, y, cell)| {
                let y = usize::from(*y);
                let from = if step.is_up { Some(y + step.rows) } else { y.checked_sub(step.rows) };
                let from = from.and_then(|from| shown.get(from * width + usize::from(*x)));
                from.and_then(Option::as_ref) == Some(*cell)
            });
            found.count()
        };
        let (found, step) = steps.map(|step| (stood(step), step)).max_by_key(|(found, _)| *found)?;
        (found * LEAST_SHARE > sample.len()).then_some(step)
    }
}

/// Rows of the screen that move together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Shift {
    /// Among these rows; those that nothing moves into become blank.
    pub(super) rows: Range<usize>,
    pub(super) step: Step,
}

/// An entry of a list has no more rows than this, and a list moves by entries.
const FARTHEST: usize = 3;
/// One in so many cells is looked at: a number that does not fall into step with words or rows.
const SAMPLE: usize = 7;
/// By chance, one letter in about a dozen is the same as another.
const LEAST_SHARE: usize = 6;
/// Bytes that must be saved, more than moving costs.
const LEAST_GAIN: i32 = 64;

impl Shift {
    /// The rows for which a step saves the most, if it pays.
    pub(super) fn by(step: Step, shown: &Cells, next: &Cells, width: usize) -> Option<Shift> {
        let height = next.len().checked_div(width)?;
        let moving = height.checked_sub(step.rows)?;
        if shown.len() != next.len() || !is_known(next) {
            return None;
        }
        // Both are `height` rows of `width` cells. Rows are counted from the side that they move towards.
        let row = |n: usize| if step.is_up { n } else { height - 1 - n };
        let shown = |n: usize| &shown[row(n) * width..][..width];
        let next = |n: usize| &next[row(n) * width..][..width];
        let costs: Vec<i32> = (0..height).map(|n| cost(shown(n), next(n))).collect();
        let gains = (0..moving).map(|n| costs[n] - cost(shown(n + step.rows), next(n)));
        // Nothing moves into the rows behind the last.
        let blank = vec![Some(Cell::EMPTY); width];
        let blanked: Vec<i32> = (0..height).map(|n| cost(&blank, next(n)) - costs[n]).collect();
        let lost = |end: usize| blanked[end..end + step.rows].iter().sum::<i32>();
        let (moved, gain) = most_gainful(gains, lost)?;
        let (first, last) = (row(moved.start), row(moved.end + step.rows - 1));
        (gain >= LEAST_GAIN).then(|| Shift { rows: first.min(last)..first.max(last) + 1, step })
    }

    /// Moves the rows in what the terminal shows.
    pub(super) fn carry_out(&self, shown: &mut Cells, width: usize) {
        let rows = &mut shown[self.rows.start * width..self.rows.end * width];
        let (by, all) = (self.step.rows * width, rows.len());
        let left = if self.step.is_up {
            rows.rotate_left(by);
            all - by..all
        } else {
            rows.rotate_right(by);
            0..by
        };
        rows[left].fill(Some(Cell::EMPTY));
    }
}

/// Whether it is known of each cell what it is to show.
fn is_known(cells: &Cells) -> bool {
    let mut covered = 0;
    cells.iter().all(|cell| {
        covered = match cell {
            Some(cell) => cell.cell_width().saturating_sub(1),
            None if covered == 0 => return false,
            None => covered - 1,
        };
        true
    })
}

/// About how many bytes it takes to make one row of another: the letters, and what it costs to go to them, to change
/// looks and to erase.
fn cost(shown: &Cells, next: &Cells) -> i32 {
    const GO_TO_ROW: i32 = 8;
    const GO_ON: i32 = 5;
    const CHANGE_LOOK: i32 = 12;
    let (mut bytes, mut gap, mut look, mut erases) = (0, GO_TO_ROW, None, false);
    for (shown, next) in shown.iter().zip(next) {
        let Some(cell) = next.as_ref().filter(|cell| shown.as_ref() != Some(cell)) else {
            gap = if bytes > 0 { (gap + 1).min(GO_ON) } else { gap };
            continue;
        };
        let is_blank = cell.symbol() == " ";
        if !(is_blank && erases) {
            bytes += gap;
            gap = if is_blank { GO_ON } else { 0 };
        }
        erases = is_blank;
        if !is_blank {
            bytes += cell.symbol().len() as i32;
            if look.replace(Look::of(cell)).is_some_and(|look| look != Look::of(cell)) {
                bytes += CHANGE_LOOK;
            }
        }
    }
    bytes
}

/// The run of rows that gains the most, with what its end costs, and how much (Kadane's algorithm).
fn most_gainful(gains: impl Iterator<Item = i32>, lost: impl Fn(usize) -> i32) -> Option<(Range<usize>, i32)> {
    let mut best: Option<(Range<usize>, i32)> = None;
    let (mut start, mut sum) = (0, 0);
    for (n, gain) in gains.enumerate() {
        if sum <= 0 {
            (start, sum) = (n, 0);
        }
        sum += gain;
        let rest = sum - lost(n + 1);
        if best.as_ref().is_none_or(|(_, most)| rest > *most) {
            best = Some((start..n + 1, rest));
        }
    }
    best
}
