use proptest::prelude::*;
use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier, Style};
use std::cell::RefCell;
use std::collections::HashSet;
use std::num::NonZero;
use std::rc::Rc;

use super::look::SEEN_ON_BLANK;
use super::*;

const COLUMNS: u16 = 30;
const ROWS: u16 = 6;

/// A terminal, what is drawn on it, and beside it the bytes that ratatui's own backend would have written.
struct Desk {
    canvas: Terminal<Plotter>,
    screen: vt100::Parser,
    buffer: Buffer,
    /// Places that something wide with a colour behind it covered at some time.
    covered: HashSet<Position>,
    own: Rc<RefCell<Vec<u8>>>,
    own_canvas: Terminal<CrosstermBackend<Sheet>>,
}

#[derive(Clone, Default)]
struct Sheet(Rc<RefCell<Vec<u8>>>);

impl Write for Sheet {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Desk {
    fn new() -> Desk {
        let area = Rect::new(0, 0, COLUMNS, ROWS);
        let sheet = Sheet::default();
        let own = Rc::clone(&sheet.0);
        let fixed = ratatui::TerminalOptions { viewport: ratatui::Viewport::Fixed(area) };
        let mut canvas = Terminal::new(Plotter { size: area.as_size(), ..Plotter::default() }).unwrap();
        canvas.resize(area).unwrap();
        Desk {
            canvas,
            screen: vt100::Parser::new(cells(ROWS), cells(COLUMNS), 0),
            buffer: Buffer::empty(area),
            covered: HashSet::new(),
            own,
            own_canvas: Terminal::with_options(CrosstermBackend::new(sheet), fixed).unwrap(),
        }
    }

    #[expect(clippy::disallowed_methods, reason = "what is drawn is the test's own")]
    fn put(&mut self, x: u16, y: u16, text: &str, style: Style) {
        // What is wide and loses half of itself is gone.
        if let Some(before) = x.checked_sub(1).and_then(|x| self.buffer.cell_mut((x, y)))
            && before.cell_width() > 1
        {
            before.set_symbol(" ");
        }
        self.buffer.set_string(x, y, text, Style::reset().patch(style));
    }

    /// Draws, looks at the screen, and gives what was written here and by ratatui's own backend.
    fn draw(&mut self) -> (Vec<u8>, usize) {
        let is_seen = |cell: &Cell| cell.bg != Color::Reset || cell.modifier.intersects(SEEN_ON_BLANK);
        let is_wide = |cell: &Cell| cell.cell_width() > 1 && is_seen(cell);
        let wide = self.buffer.area.positions().filter(|place| is_wide(&self.buffer[*place]));
        self.covered.extend(wide.map(|place| Position { x: place.x + 1, ..place }));
        self.canvas.draw(|frame| frame.buffer_mut().clone_from(&self.buffer)).unwrap();
        let bytes = self.canvas.backend_mut().take();
        self.screen.process(&bytes);
        self.own_canvas.draw(|frame| frame.buffer_mut().clone_from(&self.buffer)).unwrap();
        (bytes, self.own.take().len())
    }

    /// Compares every cell on the screen with what was drawn; behind what was wide and coloured a blank may be of any look,
    /// as ratatui takes what is hidden there for drawn.
    fn check(&self) {
        for Position { x, y } in self.buffer.area.positions() {
            let (wanted, found) = (&self.buffer[(x, y)], self.screen.screen().cell(y, x).unwrap());
            if found.is_wide_continuation() {
                continue;
            }
            let contents = if found.has_contents() { found.contents() } else { " " };
            assert_eq!(contents, wanted.symbol(), "at {x}, {y}: {:?}", self.screen.screen().contents());
            let found = Look {
                foreground: of_screen(found.fgcolor()),
                background: of_screen(found.bgcolor()),
                modifier: [
                    (found.bold(), Modifier::BOLD),
                    (found.dim(), Modifier::DIM),
                    (found.italic(), Modifier::ITALIC),
                    (found.underline(), Modifier::UNDERLINED),
                    (found.inverse(), Modifier::REVERSED),
                ]
                .into_iter()
                .fold(Modifier::empty(), |all, (is, one)| if is { all | one } else { all }),
            };
            let wanted_look = Look::of(wanted);
            let lines = Modifier::UNDERLINED | Modifier::REVERSED;
            let is_same = match contents {
                " " if self.covered.contains(&Position { x, y }) => true,
                " " if !(found.modifier | wanted_look.modifier).intersects(lines) => {
                    found.background == wanted_look.background
                }
                _ => found == wanted_look,
            };
            assert!(is_same, "at {x}, {y}, {contents:?}: {found:?} for {wanted_look:?}");
        }
    }
}

fn cells(count: u16) -> NonZero<u16> {
    NonZero::new(count).unwrap()
}

fn of_screen(colour: vt100::Color) -> Color {
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

/// Where, what, in which style.
type Put = (u16, u16, String, Style);

/// Terminals agree on how wide all of it is.
fn texts(wide: bool) -> impl Strategy<Value = Put> {
    let text =
        if wide { "([a-e]{1,9}| {1,20}|é|漢字|│){1,6}" } else { "([a-e]{1,9}| {1,20}|é|e\u{301}|│|●){1,6}" };
    (0..COLUMNS, 0..ROWS, text, styles())
}

/// What happens to the screen before something is put on it.
#[derive(Clone, Debug)]
enum Before {
    Nothing,
    Cleared,
    /// Rows turn around, by so many.
    Scrolled(Range<u16>, u16),
}

fn frames(wide: bool) -> impl Strategy<Value = Vec<(Before, Vec<Put>)>> {
    let before = prop_oneof![
        Just(Before::Nothing),
        Just(Before::Cleared),
        (0..ROWS, 0..ROWS, 1..ROWS)
            .prop_map(|(one, other, by)| { Before::Scrolled(one.min(other)..one.max(other) + 1, by) }),
    ];
    prop::collection::vec((before, prop::collection::vec(texts(wide), 0..12)), 1..8)
}

proptest! {
    #[test]
    fn the_screen_is_what_was_drawn_and_costs_no_more_than_ratatui_itself(
        frames in any::<bool>().prop_flat_map(frames)
    ) {
        let mut desk = Desk::new();
        let mut costs = Vec::new();
        for (before, texts) in frames {
            match before {
                Before::Nothing => {}
                Before::Cleared => desk.buffer.reset(),
                Before::Scrolled(rows, by) => {
                    let columns = usize::from(COLUMNS);
                    let cells = usize::from(rows.start) * columns..usize::from(rows.end) * columns;
                    desk.buffer.content[cells].rotate_left(usize::from(by) % rows.len() * columns);
                }
            }
            for (x, y, text, style) in texts {
                desk.put(x, y, &text, style);
            }
            costs.push(desk.draw());
            desk.check();
        }
        // The first frame begins with clearing the screen.
        let (here, own) = costs.iter().skip(1).fold((0, 0), |(here, own), (bytes, more)| (here + bytes.len(), own + more));
        prop_assert!(here <= own, "{here} bytes for {own}");
    }
}

#[test]
fn short_gaps_are_bridged_and_longer_ones_jumped() {
    let mut desk = Desk::new();
    desk.put(0, 2, "one two three four five six", Style::new());
    desk.draw();
    desk.put(0, 2, "One Two three four Five six", Style::new());
    let (bytes, own) = desk.draw();
    assert_eq!(frame(&bytes), "\x1b[3;1HOne T\x1b[14CF");
    assert!(bytes.len() < own);
    desk.check();
}

#[test]
fn blanks_are_erased_and_need_no_colour() {
    let mut desk = Desk::new();
    let dim = Style::new().fg(Color::Indexed(8));
    desk.put(0, 1, "a line that is long and more", Style::new());
    desk.put(0, 2, "another that is long and more", dim);
    desk.put(29, 2, "|", dim);
    desk.draw();
    desk.put(0, 1, "a b                          ", dim);
    desk.put(0, 2, "a                            ", dim);
    let (bytes, _) = desk.draw();
    // The look is changed for letters only; `a` in the second row stood there before.
    assert_eq!(frame(&bytes), "\x1b[2;1H\x1b[38;5;8ma b\x1b[K\x1b[3;2H\x1b[28X\x1b[m");
    desk.check();
}

#[test]
fn what_is_wide_is_written_over_and_not_erased() {
    let mut desk = Desk::new();
    desk.put(0, 1, "漢字漢字漢字漢字漢字 and so on", Style::new());
    desk.put(0, 2, "a line without any", Style::new());
    desk.draw();
    desk.put(0, 1, &" ".repeat(30), Style::new());
    desk.put(0, 2, &" ".repeat(30), Style::new());
    let text = frame(&desk.draw().0);
    let (wide, narrow) = text.split_once("\x1b[3;1H").unwrap();
    assert!(!wide.contains(['K', 'X']), "{wide:?}");
    assert_eq!(narrow, "\x1b[K");
    desk.check();
}

#[test]
fn only_what_changes_of_a_look_is_said_or_all_of_it_where_that_is_shorter() {
    let look = |foreground, background, modifier| Look { foreground, background, modifier };
    let (none, bold) = (Modifier::empty(), Modifier::BOLD);
    let dim = look(Color::DarkGray, Color::Reset, none);
    for (from, to, change) in [
        (Look::default(), dim, "\x1b[38;5;8m"),
        (dim, Look::default(), "\x1b[m"),
        (dim, look(Color::DarkGray, Color::Blue, bold), "\x1b[1;48;5;4m"),
        (look(Color::Red, Color::Blue, bold), dim, "\x1b[0;38;5;8m"),
        (
            look(Color::Red, Color::Blue, bold | Modifier::DIM),
            look(Color::Red, Color::Blue, Modifier::DIM),
            "\x1b[22;2m",
        ),
        (dim, look(Color::Rgb(1, 2, 3), Color::Reset, none), "\x1b[38;2;1;2;3m"),
    ] {
        let mut plotter = Plotter { look: from, ..Plotter::default() };
        plotter.put_on(to);
        assert_eq!(String::from_utf8(plotter.take()).unwrap(), change);
    }
}

#[test]
fn what_comes_after_an_emoji_stands_in_its_place_however_wide_the_terminal_thinks_it_is() {
    let mut desk = Desk::new();
    desk.put(0, 1, "one after it", Style::new());
    desk.draw();
    for emoji in ["👩\u{200d}👧", "❤\u{fe0f}", "🇩🇪", "👍🏽", "👩\u{200d}👩\u{200d}👧\u{200d}👦", "👩"]
    {
        desk.buffer.reset();
        desk.put(0, 1, &format!("{emoji}e after it"), Style::new());
        desk.draw();
        let cell = |x| desk.screen.screen().cell(1, x).unwrap().contents().to_owned();
        let row =
            (0..10).map(|x| cell(emoji.cell_width() + x)).map(|text| if text.is_empty() { " ".into() } else { text });
        assert_eq!(row.collect::<String>(), "e after it", "{emoji}");
    }
}

/// A list of entries of so many rows, the first at the top, beside a text.
fn list(desk: &mut Desk, first: usize, rows: usize, beside: &str) {
    const ENTRIES: [&str; 6] = [
        "Ferry late again today",
        "Storm passes the north",
        "Quay closed for works",
        "Harbour wakes early",
        "Nets",
        "Boats of the old town",
    ];
    desk.buffer.reset();
    desk.put(0, 0, "Articles", Style::new());
    for y in 1..5 {
        let entry = ENTRIES[(first * rows + usize::from(y) - 1) % ENTRIES.len()];
        desk.put(0, y, entry, Style::new());
        desk.put(24, y, beside, Style::new());
    }
    desk.put(0, 5, "4 of 6", Style::new());
}

#[test]
fn what_scrolls_is_moved_by_the_terminal() {
    let mut desk = Desk::new();
    list(&mut desk, 0, 1, "text");
    desk.draw();
    list(&mut desk, 1, 1, "other");
    let (bytes, own) = desk.draw();
    let others = "\x1b[2;25Hother\x1b[3;25Hother\x1b[4;25Hother\x1b[5;1HNets\x1b[20Cother";
    assert_eq!(frame(&bytes), format!("\x1b[2;5r\x1b[2;1H\x1b[M\x1b[r{others}"));
    assert!(bytes.len() < own);
    desk.check();
    list(&mut desk, 0, 1, "other");
    let (bytes, _) = desk.draw();
    assert_eq!(frame(&bytes), "\x1b[2;5r\x1b[2;1H\x1b[L\x1b[r\x1b[2;1HFerry late again today  other");
    desk.check();
}

#[test]
fn entries_of_two_rows_move_by_two_in_either_direction() {
    let mut desk = Desk::new();
    list(&mut desk, 0, 2, "text");
    desk.draw();
    for (first, sequence) in [(1, "\x1b[2M"), (0, "\x1b[2L")] {
        list(&mut desk, first, 2, "text");
        let text = frame(&desk.draw().0);
        assert!(text.starts_with("\x1b[") && text.contains(sequence), "{text:?}");
        desk.check();
    }
}

#[test]
fn a_list_moves_beside_text_in_wide_characters_too() {
    let mut desk = Desk::new();
    list(&mut desk, 0, 1, "漢字");
    desk.draw();
    list(&mut desk, 0, 1, "other");
    desk.draw();
    for (first, beside) in [(1, "漢字"), (2, "a漢"), (3, "text")] {
        list(&mut desk, first, 1, beside);
        let text = frame(&desk.draw().0);
        assert!(text.contains("\x1b[M\x1b[r"), "{text:?}");
        desk.check();
    }
}

#[test]
fn where_it_is_not_known_what_a_cell_shows_nothing_moves() {
    let mut desk = Desk::new();
    // Ratatui does not say what stands behind what was wide and had a colour behind it.
    desk.put(0, 5, "漢", Style::new().bg(Color::Blue));
    desk.draw();
    let shown = desk.canvas.backend().shown.clone();
    assert_eq!(shown.iter().filter(|cell| cell.is_none()).count(), 1);
    let mut next = shown.clone();
    show(&mut next, COLUMNS.into(), Position { x: 0, y: 5 }, &Cell::new("a"));
    let step = Step { rows: 1, is_up: true };
    assert_eq!(Shift::by(step, &shown, &next, COLUMNS.into()), None);
}

#[test]
fn a_row_of_emoji_is_written_once() {
    let mut desk = Desk::new();
    let family = "👩\u{200d}👩\u{200d}👧\u{200d}👦";
    desk.put(0, 1, &family.repeat(15), Style::new());
    assert_eq!(String::from_utf8(desk.draw().0).unwrap().matches(family).count(), 15);
    desk.put(0, 1, "👩", Style::new());
    let (bytes, _) = desk.draw();
    assert_eq!(String::from_utf8(bytes).unwrap().matches(family).count(), 0);
    desk.put(0, 1, family, Style::new());
    // What it may have drawn over is written again, and what that may have drawn over.
    assert_eq!(String::from_utf8(desk.draw().0).unwrap().matches(family).count(), 15);
}

#[test]
fn an_emoji_covers_what_stood_in_both_its_columns() {
    let mut desk = Desk::new();
    desk.put(0, 0, "abcdef", Style::new());
    desk.draw();
    desk.put(0, 0, "❤\u{fe0f}cdef", Style::new());
    let (bytes, _) = desk.draw();
    assert_eq!(frame(&bytes), "\x1b[1;2H \x1b[1;1H❤\u{fe0f}");
    assert_eq!(desk.screen.screen().contents(), "❤\u{fe0f}cdef");
}

#[test]
fn a_screen_of_another_size_begins_anew() {
    let mut desk = Desk::new();
    desk.put(0, 0, "abcdef", Style::new());
    desk.draw();
    desk.canvas.backend_mut().set_size(Size { width: 4, height: 2 });
    desk.screen.screen_mut().set_size(cells(2), cells(4));
    desk.buffer = Buffer::empty(Rect::new(0, 0, 4, 2));
    desk.put(0, 1, "ab", Style::new());
    desk.canvas.draw(|frame| frame.buffer_mut().clone_from(&desk.buffer)).unwrap();
    desk.screen.process(&desk.canvas.backend_mut().take());
    desk.check();
}

/// A frame without what ratatui does with the cursor at its end.
fn frame(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).replace("\x1b[?25l", "")
}
