use std::num::NonZero;
use std::ops::Range;

use proptest::prelude::*;
use ratatui::Terminal;
use ratatui::style::{Color, Modifier, Style};

use super::*;

const COLUMNS: u16 = 30;
const ROWS: u16 = 6;
/// Columns of the emulator beyond the screen, so that an emoji that is too wide shows no wrap of the emulator.
const MARGIN: u16 = 40;

const FAMILY: &str = "👩\u{200d}👩\u{200d}👧\u{200d}👦";
const HEART: &str = "❤\u{fe0f}";
/// Cells whose width terminals disagree on.
const EMOJI: [&str; 7] = [FAMILY, HEART, "🇩🇪", "👍🏽", "👩", "🫨", "⌚"];

/// Modifiers that are visible on a blank cell.
const VISIBLE_ON_BLANK: Modifier = Modifier::REVERSED.union(Modifier::UNDERLINED);

/// A backend, the buffer drawn with it, and an emulator that reads its output.
struct EmulatedScreen {
    terminal: Terminal<ScreenBackend>,
    emulator: vt100::Parser,
    buffer: Buffer,
    /// The text that the emulated terminal draws for each of `EMOJI`; `None` leaves them unchanged.
    emoji: Option<&'static str>,
}

impl EmulatedScreen {
    fn new() -> EmulatedScreen {
        let area = Rect::new(0, 0, COLUMNS, ROWS);
        let mut terminal = Terminal::new(ScreenBackend::default()).unwrap();
        terminal.backend_mut().set_size(area.as_size());
        terminal.resize(area).unwrap();
        EmulatedScreen {
            terminal,
            emulator: vt100::Parser::new(cells(ROWS), cells(COLUMNS + MARGIN), 0),
            buffer: Buffer::empty(area),
            emoji: None,
        }
    }

    #[expect(clippy::disallowed_methods, reason = "the text is the test's own")]
    fn put(&mut self, x: u16, y: u16, text: &str, style: Style) {
        // A wide cell that loses its second half disappears.
        if let Some(before) = x.checked_sub(1).and_then(|x| self.buffer.cell_mut((x, y)))
            && before.cell_width() > 1
        {
            before.set_symbol(" ");
        }
        self.buffer.set_string(x, y, text, Style::reset().patch(style));
    }

    /// Draws the buffer and returns the bytes.
    fn draw(&mut self) -> String {
        self.terminal.draw(|frame| frame.buffer_mut().clone_from(&self.buffer)).unwrap();
        let bytes = String::from_utf8(self.terminal.backend_mut().take_bytes()).unwrap();
        let seen = match self.emoji {
            Some(substitute) => EMOJI.iter().fold(bytes.clone(), |bytes, emoji| bytes.replace(emoji, substitute)),
            None => bytes.clone(),
        };
        self.emulator.process(seen.as_bytes());
        bytes.replace("\x1b[?25l", "")
    }

    fn cell(&self, x: u16, y: u16) -> &vt100::Cell {
        self.emulator.screen().cell(y, x).unwrap()
    }

    /// Compares every cell of the emulator with the buffer, except the columns of emoji.
    fn check(&self) {
        let mut emoji_end = Position::ORIGIN;
        for position @ Position { x, y } in self.buffer.area.positions() {
            let (expected, found) = (&self.buffer[position], self.cell(x, y));
            if EMOJI.contains(&expected.symbol()) {
                emoji_end = Position { x: x + expected.cell_width(), y };
            }
            if y == emoji_end.y && x < emoji_end.x || found.is_wide_continuation() {
                continue;
            }
            let contents = if found.has_contents() { found.contents() } else { " " };
            assert_eq!(contents, expected.symbol(), "at {x}, {y}: {:?}", self.emulator.screen().contents());
            let modifiers = [
                (found.bold(), Modifier::BOLD),
                (found.dim(), Modifier::DIM),
                (found.italic(), Modifier::ITALIC),
                (found.underline(), Modifier::UNDERLINED),
                (found.inverse(), Modifier::REVERSED),
            ];
            let modifier: Modifier =
                modifiers.into_iter().filter_map(|(is_set, modifier)| is_set.then_some(modifier)).collect();
            let (text, background) = (colour(found.fgcolor()), colour(found.bgcolor()));
            let is_same = match contents {
                " " if !(modifier | expected.modifier).intersects(VISIBLE_ON_BLANK) => background == expected.bg,
                _ => (text, background, modifier) == (expected.fg, expected.bg, expected.modifier),
            };
            assert!(is_same, "at {x}, {y}, {contents:?}: {text} on {background}, {modifier:?} for {expected:?}");
        }
    }
}

fn cells(count: u16) -> NonZero<u16> {
    NonZero::new(count).unwrap()
}

fn colour(colour: vt100::Color) -> Color {
    match colour {
        vt100::Color::Default => Color::Reset,
        vt100::Color::Idx(number) => Color::Indexed(number),
        vt100::Color::Rgb(red, green, blue) => Color::Rgb(red, green, blue),
    }
}

fn styles() -> impl Strategy<Value = Style> {
    let colours = || {
        prop::sample::select(vec![
            Color::Reset,
            Color::Reset,
            Color::Indexed(3),
            Color::Indexed(250),
            Color::Rgb(9, 80, 7),
        ])
    };
    let modifiers = prop::sample::select(vec![
        Modifier::empty(),
        Modifier::empty(),
        Modifier::BOLD,
        Modifier::BOLD | Modifier::UNDERLINED,
        Modifier::DIM | Modifier::ITALIC,
        Modifier::DIM,
        Modifier::REVERSED,
        Modifier::REVERSED | Modifier::DIM,
    ]);
    (colours(), colours(), modifiers)
        .prop_map(|(text, behind, modifier)| Style::new().fg(text).bg(behind).add_modifier(modifier))
}

/// A text to put into the buffer.
#[derive(Clone, Debug)]
struct BufferText {
    x: u16,
    y: u16,
    text: String,
    style: Style,
}

fn texts(pattern: &'static str) -> impl Strategy<Value = BufferText> {
    (0..COLUMNS, 0..ROWS, pattern, styles()).prop_map(|(x, y, text, style)| BufferText { x, y, text, style })
}

/// A change of the buffer before texts are put into it.
#[derive(Clone, Debug)]
enum BufferChange {
    None,
    Clear,
    Scroll { rows: Range<u16>, by: u16 },
}

/// The changes and texts of one frame.
type TestFrame = (BufferChange, Vec<BufferText>);

fn frames(pattern: &'static str) -> impl Strategy<Value = Vec<TestFrame>> {
    let change = prop_oneof![
        Just(BufferChange::None),
        Just(BufferChange::Clear),
        (0..ROWS, 0..ROWS, 1..ROWS)
            .prop_map(|(one, other, by)| BufferChange::Scroll { rows: one.min(other)..one.max(other) + 1, by }),
    ];
    prop::collection::vec((change, prop::collection::vec(texts(pattern), 0..12)), 1..8)
}

fn draw_and_check(screen: &mut EmulatedScreen, frames: Vec<TestFrame>) {
    for (change, texts) in frames {
        match change {
            BufferChange::None => {}
            BufferChange::Clear => screen.buffer.reset(),
            BufferChange::Scroll { rows, by } => {
                let columns = usize::from(COLUMNS);
                let cells = usize::from(rows.start) * columns..usize::from(rows.end) * columns;
                screen.buffer.content[cells].rotate_left(usize::from(by) % rows.len() * columns);
            }
        }
        for BufferText { x, y, text, style } in texts {
            screen.put(x, y, &text, style);
        }
        screen.draw();
        screen.check();
    }
}

proptest! {
    #[test]
    fn screen_shows_the_drawn_cells(frames in prop_oneof![
        frames("([a-e]{1,9}| {1,20}|é|漢字|│){1,6}"),
        frames("([a-e]{1,9}| {1,20}|é|e\u{301}|│|●){1,6}"),
    ]) {
        draw_and_check(&mut EmulatedScreen::new(), frames);
    }

    #[test]
    fn emoji_leave_no_residue_in_any_width(
        // A terminal that draws nothing, one column, two and five.
        substitute in prop::sample::select(vec!["", "x", "漢", "xxxxx"]),
        frames in frames("([a-e]{1,9}| {1,9}|漢|👩\u{200d}👩\u{200d}👧\u{200d}👦|❤\u{fe0f}|🇩🇪|👍🏽|🫨|⌚){1,6}"),
    ) {
        let mut screen = EmulatedScreen { emoji: Some(substitute), ..EmulatedScreen::new() };
        draw_and_check(&mut screen, frames);
    }
}

#[test]
fn text_after_an_emoji_is_in_its_place() {
    let mut screen = EmulatedScreen::new();
    screen.put(0, 1, "one after it", Style::new());
    screen.draw();
    for emoji in EMOJI {
        screen.buffer.reset();
        screen.put(0, 1, &format!("{emoji}e after it"), Style::new());
        screen.draw();
        let cell = |x| screen.cell(emoji.cell_width() + x, 1).contents().to_owned();
        let row = (0..10).map(cell).map(|text| if text.is_empty() { " ".into() } else { text });
        assert_eq!(row.collect::<String>(), "e after it", "{emoji}");
    }
}

#[test]
fn emoji_is_drawn_over_blanks_and_before_its_row() {
    let mut screen = EmulatedScreen::new();
    screen.put(0, 0, "abcdef", Style::new());
    screen.draw();
    screen.put(0, 0, "❤\u{fe0f}cdef", Style::new());
    let bytes = screen.draw();
    assert!(bytes.starts_with("\x1b[1;1H  \x1b[1;1H❤\u{fe0f}\x1b[1;3Hcdef "), "{bytes:?}");
    assert_eq!(screen.emulator.screen().contents().trim_end(), "❤\u{fe0f}cdef");
}

#[test]
fn emoji_row_is_redrawn_from_the_changed_one() {
    let mut screen = EmulatedScreen::new();
    let count = |bytes: String| bytes.matches(FAMILY).count();
    // The last three could wrap in xterm, where each takes 8 columns.
    let row = FAMILY.repeat(15);
    screen.put(0, 1, &row, Style::new());
    assert_eq!(count(screen.draw()), 12);
    screen.put(22, 1, "👩", Style::new());
    assert_eq!(count(screen.draw()), 0);
    screen.put(20, 1, "ab", Style::new());
    assert_eq!(count(screen.draw()), 0, "plain text damages no cell");
    screen.put(18, 1, "👩", Style::new());
    assert_eq!(count(screen.draw()), 0);
    screen.put(0, 1, "👩", Style::new());
    assert_eq!(count(screen.draw()), 8);
}

#[test]
fn emoji_at_the_end_of_a_row_cannot_wrap() {
    let mut screen = EmulatedScreen::new();
    screen.put(COLUMNS - 2, 0, FAMILY, Style::new());
    let bytes = screen.draw();
    assert!(bytes.contains('👩') && !bytes.contains('\u{200d}'), "{bytes:?}");
    screen.put(COLUMNS - 8, 0, FAMILY, Style::new());
    assert!(screen.draw().contains(FAMILY));
}

#[test]
fn indic_words_leave_no_residue_in_any_width() {
    // A terminal without columns for marks, one as expected, and one that draws each mark in two columns.
    for (letter, expected) in [("k", "kk   k  end"), ("kx", "kxkx kx end"), ("kxx", "kxxk kx end")] {
        let mut screen = EmulatedScreen { emoji: None, ..EmulatedScreen::new() };
        screen.put(0, 0, "abcdefghijk", Style::new());
        screen.draw();
        screen.put(0, 0, "कीकी की end", Style::new());
        let bytes = screen.draw();
        screen.emulator.process(format!("\x1b[1;1Habcdefghijk{}", bytes.replace("की", letter)).as_bytes());
        assert_eq!(screen.emulator.screen().contents().trim_end(), expected);
    }
}

#[test]
fn indic_words_at_the_end_of_a_row_cannot_wrap() {
    let mut screen = EmulatedScreen::new();
    // Tamil KAA takes one column in kitty and two in xterm.
    screen.put(COLUMNS - 6, 0, &"கா".repeat(6), Style::new());
    let bytes = screen.draw();
    assert_eq!(bytes.matches("கா").count(), 5, "{bytes:?}");
    for x in [COLUMNS - 6, COLUMNS - 3, COLUMNS - 2, COLUMNS - 1] {
        assert!(bytes.contains(&format!("\x1b[1;{}Hக", x + 1)), "{x}: {bytes:?}");
    }
}

#[test]
fn wide_characters_need_no_cursor_movement() {
    let mut screen = EmulatedScreen::new();
    screen.put(0, 1, "漢字a漢字", Style::new());
    assert!(screen.draw().contains("漢字a漢字"));
    screen.check();
    screen.put(0, 1, &" ".repeat(30), Style::new());
    screen.draw();
    screen.check();
}

#[test]
fn scrolled_list_is_drawn_beside_new_text() {
    let entries = ["Ferry late again today", "Storm passes the north", "Harbour wakes early", "Nets", "漢字", "Boats"];
    let mut screen = EmulatedScreen::new();
    for (first, beside) in [(0, "text"), (1, "other"), (0, "漢字"), (2, "a漢"), (1, "text")] {
        screen.buffer.reset();
        screen.put(0, 0, "Articles", Style::new());
        for y in 1..ROWS {
            screen.put(0, y, entries[(first + usize::from(y)) % entries.len()], Style::new());
            screen.put(24, y, beside, Style::new());
        }
        screen.draw();
        screen.check();
    }
}

#[test]
fn resized_screen_is_drawn_anew() {
    let mut screen = EmulatedScreen::new();
    screen.put(0, 0, "abcdef", Style::new());
    screen.draw();
    screen.terminal.backend_mut().set_size(Size { width: 4, height: 2 });
    screen.emulator.screen_mut().set_size(cells(2), cells(4));
    screen.buffer = Buffer::empty(Rect::new(0, 0, 4, 2));
    screen.put(0, 1, "ab", Style::new());
    screen.draw();
    screen.check();
}
