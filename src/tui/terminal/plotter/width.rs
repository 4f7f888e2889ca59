//! How wide things are, and how far terminals agree on that.

use ratatui::buffer::{Cell, CellWidth};
use unicode_width::UnicodeWidthChar;

/// How many columns a cell takes. Never none, as something is written.
pub(super) fn width_of(cell: &Cell) -> u16 {
    cell.cell_width().max(1)
}

/// Whether every terminal shows it in one column.
pub(super) fn is_certainly_narrow(cell: &Cell) -> bool {
    cell.symbol().len() == 1 || cell.cell_width() == 1 && Agreement::on(cell.symbol()) > Agreement::Poor
}

/// How far terminals agree on how wide something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Agreement {
    /// Emoji, above all those that are joined, varied or newer than the terminal, and what stands for what cannot be
    /// decoded.
    Poor,
    /// What takes two columns in some East Asian settings, and scripts with marks.
    Fair,
    /// Most of what is read here is made of.
    Full,
}

impl Agreement {
    pub(super) fn on(symbol: &str) -> Agreement {
        let on = |c: char| match c {
            ' '..='~' => Agreement::Full,
            '\u{200d}' | '\u{fe0e}' | '\u{fe0f}' | '\u{fffd}' | '\u{1f000}'..='\u{1ffff}' => Agreement::Poor,
            '\u{2190}'..='\u{2bff}' if c.width() == Some(2) => Agreement::Poor,
            '\u{a0}'..='\u{52f}' | '\u{2000}'..='\u{2bff}' | '\u{3001}'..='\u{30ff}' | '\u{4e00}'..='\u{d7a3}'
                if c.width() == c.width_cjk() && c.width() != Some(0) =>
            {
                Agreement::Full
            }
            _ => Agreement::Fair,
        };
        symbol.chars().map(on).min().unwrap_or(Agreement::Fair)
    }
}
