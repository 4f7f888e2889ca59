//! How text looks, and how a terminal is told (SGR of ECMA-48).

use ratatui::buffer::Cell;
use ratatui::style::{Color, Modifier};

/// What is seen of a cell that holds nothing but a space.
pub(super) const SEEN_ON_BLANK: Modifier = Modifier::REVERSED
    .union(Modifier::UNDERLINED)
    .union(Modifier::CROSSED_OUT)
    .union(Modifier::SLOW_BLINK)
    .union(Modifier::RAPID_BLINK);

/// How a character looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Look {
    pub(super) foreground: Color,
    pub(super) background: Color,
    pub(super) modifier: Modifier,
}

impl Look {
    pub(super) fn of(cell: &Cell) -> Look {
        Look { foreground: cell.fg, background: cell.bg, modifier: cell.modifier }
    }

    /// Whether a space in this look is the same to the eye as one in the `other`. Where lines are drawn or sides are
    /// changed, everything shows.
    fn is_same_on_blank(self, other: Look) -> bool {
        let is_blank = |look: Look| !look.modifier.intersects(SEEN_ON_BLANK);
        self == other || is_blank(self) && is_blank(other) && self.background == other.background
    }

    /// Whether nothing is seen of a space in this look.
    pub(super) fn is_plain_on_blank(self) -> bool {
        self.is_same_on_blank(Look::default())
    }

    /// Whether a cell looks right when it is written in this look.
    pub(super) fn suits(self, cell: &Cell) -> bool {
        let its = Look::of(cell);
        its == self || cell.symbol() == " " && its.is_same_on_blank(self)
    }

    /// The parameters of SGR that lead here from another look: the shorter of two ways to say it, from what it is or from
    /// nothing.
    pub(super) fn change_from(self, other: Look) -> String {
        let change = change(other, self);
        let anew = change_from_nothing(self);
        if anew.len() < change.len() { anew } else { change }
    }
}

/// The parameters of SGR that lead from one look to another.
fn change(from: Look, to: Look) -> String {
    let mut codes: Vec<String> = Vec::new();
    let mut kept = from.modifier & to.modifier;
    for (ended, code) in ENDS {
        if from.modifier.difference(to.modifier).intersects(ended) {
            codes.push(code.to_string());
            // What ends with it and is wanted is begun again.
            kept.remove(ended);
        }
    }
    for (begun, code) in BEGINS {
        if to.modifier.difference(kept).contains(begun) {
            codes.push(code.to_string());
        }
    }
    if from.foreground != to.foreground {
        codes.push(colour(to.foreground, 30));
    }
    if from.background != to.background {
        codes.push(colour(to.background, 40));
    }
    codes.join(";")
}

/// The parameters of SGR that lead to a look from whatever there was.
fn change_from_nothing(to: Look) -> String {
    let change = change(Look::default(), to);
    if change.is_empty() { change } else { format!("0;{change}") }
}

/// What ends modifiers.
const ENDS: [(Modifier, u8); 7] = [
    (Modifier::BOLD.union(Modifier::DIM), 22),
    (Modifier::ITALIC, 23),
    (Modifier::UNDERLINED, 24),
    (Modifier::SLOW_BLINK.union(Modifier::RAPID_BLINK), 25),
    (Modifier::REVERSED, 27),
    (Modifier::HIDDEN, 28),
    (Modifier::CROSSED_OUT, 29),
];

/// What begins each.
const BEGINS: [(Modifier, u8); 9] = [
    (Modifier::BOLD, 1),
    (Modifier::DIM, 2),
    (Modifier::ITALIC, 3),
    (Modifier::UNDERLINED, 4),
    (Modifier::SLOW_BLINK, 5),
    (Modifier::RAPID_BLINK, 6),
    (Modifier::REVERSED, 7),
    (Modifier::HIDDEN, 8),
    (Modifier::CROSSED_OUT, 9),
];

/// The parameters for a colour, after `base` (30 for text, 40 for what is behind it). The first sixteen are chosen from
/// the table of 256, as some terminals make the colours of the older sequences brighter where text is bold.
fn colour(colour: Color, base: u8) -> String {
    let of_table = |number: u8| format!("{};5;{number}", base + 8);
    match colour {
        Color::Reset => (base + 9).to_string(),
        Color::Black => of_table(0),
        Color::Red => of_table(1),
        Color::Green => of_table(2),
        Color::Yellow => of_table(3),
        Color::Blue => of_table(4),
        Color::Magenta => of_table(5),
        Color::Cyan => of_table(6),
        Color::Gray => of_table(7),
        Color::DarkGray => of_table(8),
        Color::LightRed => of_table(9),
        Color::LightGreen => of_table(10),
        Color::LightYellow => of_table(11),
        Color::LightBlue => of_table(12),
        Color::LightMagenta => of_table(13),
        Color::LightCyan => of_table(14),
        Color::White => of_table(15),
        Color::Indexed(number) => of_table(number),
        Color::Rgb(red, green, blue) => format!("{};2;{red};{green};{blue}", base + 8),
    }
}
