//! Light and dark terminals, simulated in a pseudo-terminal: text is legible on both, and answers to questions are
//! never read as keys.

use std::fs;
use std::time::Duration;

use crate::support::terminal::{ATTRIBUTES, DARK, TestTerminal};
use vt100::Color;

const PROGRAM: &str = env!("CARGO_BIN_EXE_newsdesk");
const LIGHT: &str = "\x1b]11;rgb:ffff/ffff/ffff\x1b\\";
const WHITE: [u8; 3] = [255; 3];
const DARK_GREY: [u8; 3] = [0x1c; 3];

/// The colour of a cell as xterm shows it; `own` stands for the default.
fn rgb(colour: Color, own: [u8; 3]) -> [u8; 3] {
    const ANSI: [u32; 16] = [
        0x000000, 0xcd0000, 0x00cd00, 0xcdcd00, 0x0000ee, 0xcd00cd, 0x00cdcd, 0xe5e5e5, 0x7f7f7f, 0xff0000, 0x00ff00,
        0xffff00, 0x5c5cff, 0xff00ff, 0x00ffff, 0xffffff,
    ];
    let level = |step: u8| if step == 0 { 0 } else { 55 + 40 * step };
    match colour {
        Color::Default => own,
        Color::Rgb(red, green, blue) => [red, green, blue],
        Color::Idx(number @ 0..16) => {
            let [_, red, green, blue] = ANSI[usize::from(number)].to_be_bytes();
            [red, green, blue]
        }
        Color::Idx(number @ 232..) => [8 + 10 * (number - 232); 3],
        Color::Idx(number) => [(number - 16) / 36, (number - 16) / 6 % 6, (number - 16) % 6].map(level),
    }
}

/// The contrast ratio of WCAG 2.
fn contrast(a: [u8; 3], b: [u8; 3]) -> f64 {
    let luminance = |rgb: [u8; 3]| {
        let [red, green, blue] = rgb.map(|value| {
            let value = f64::from(value) / 255.0;
            if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
        });
        0.2126 * red + 0.7152 * green + 0.0722 * blue
    };
    let (a, b) = (luminance(a), luminance(b));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

/// Checks every letter and digit on the screen; returns how many there are.
fn check_contrast(desk: &TestTerminal, background: [u8; 3]) -> usize {
    count_legible(desk, background).unwrap_or_else(|fault| panic!("{fault}\n{}", desk.text()))
}

/// Returns how many letters and digits are on the screen, or one that is not legible.
fn count_legible(desk: &TestTerminal, background: [u8; 3]) -> Result<usize, String> {
    let text = if background == WHITE { [0; 3] } else { [0xe5; 3] };
    let screen = desk.screen.screen();
    let size = screen.size();
    let (rows, columns) = (size.0.get(), size.1.get());
    let mut letters = 0;
    for (row, column) in (0..rows).flat_map(|row| (0..columns).map(move |column| (row, column))) {
        let Some(cell) = screen.cell(row, column).filter(|cell| cell.contents().chars().any(char::is_alphanumeric))
        else {
            continue;
        };
        let (mut front, mut back) = (rgb(cell.fgcolor(), text), rgb(cell.bgcolor(), background));
        if cell.inverse() {
            std::mem::swap(&mut front, &mut back);
        }
        let ratio = contrast(front, back);
        if ratio < 4.5 {
            return Err(format!("{:?} at {row},{column}: {ratio:.1}", cell.contents()));
        }
        letters += 1;
    }
    Ok(letters)
}

/// Opens the seeds on a terminal with this answer, and waits until they are drawn.
fn open(columns: u16, rows: u16, background: &'static str, variables: &[(&str, &str)]) -> TestTerminal {
    let mut desk = TestTerminal::open_with(columns, rows, &["seeds"], variables);
    desk.answers = [background, ATTRIBUTES];
    desk.wait_for("30 articles");
    desk
}

fn quit(mut desk: TestTerminal) {
    desk.send("q");
    assert_eq!(desk.wait_for_end(), 0);
    assert!(desk.is_restored());
}

#[test]
fn text_is_legible_on_light_and_dark_terminals() {
    for (answer, background) in [
        (LIGHT, WHITE),
        ("\x1b]11;rgb:ff/ff/ff\x07", WHITE),
        ("\x1b]11;rgb:0000/0000/0000\x07", [0; 3]),
        ("\x1b]11;rgb:00/00/00\x1b\\", [0; 3]),
        (DARK, [0x1c; 3]),
    ] {
        for (columns, rows) in [(80, 24), (160, 50)] {
            for variables in [&[][..], &[("COLORTERM", "truecolor")]] {
                let mut desk = open(columns, rows, answer, variables);
                assert!(check_contrast(&desk, background) > 300);
                desk.send("\r");
                desk.wait_for("The roof was rebuilt");
                assert!(check_contrast(&desk, background) > 300);
                desk.send("/moon");
                desk.wait_for("3 of 30 articles");
                check_contrast(&desk, background);
                desk.send("\r\x03");
                desk.wait_for_end();
            }
        }
    }
}

#[test]
fn light_terminal_with_16_colours_gets_no_light_ones() {
    let desk = open(160, 50, LIGHT, &[("TERM", "xterm")]);
    let screen = desk.screen.screen();
    for (row, column) in (0..50).flat_map(|row| (0..160).map(move |column| (row, column))) {
        let colour = screen.cell(row, column).unwrap().fgcolor();
        let has_background = screen.cell(row, column).unwrap().bgcolor() != Color::Default;
        let is_light = matches!(colour, Color::Idx(2 | 3 | 6 | 7 | 9..=15));
        assert!(!is_light || has_background, "{colour:?} at {row},{column}\n{}", desk.text());
    }
    quit(desk);
}

#[test]
fn unknown_background_leaves_text_in_the_default_colour() {
    for answers in [["", ATTRIBUTES], ["", ""]] {
        let mut desk = TestTerminal::open(80, 24, &["seeds"]);
        desk.answers = answers;
        desk.wait_for("30 articles");
        let screen = desk.screen.screen();
        let cells = (0..24).flat_map(|row| (0..80).map(move |column| screen.cell(row, column).unwrap()));
        let mut colours = cells.filter(|cell| !cell.contents().trim().is_empty()).map(vt100::Cell::fgcolor);
        assert!(colours.any(|colour| colour == Color::Default));
        assert!(colours.all(|colour| matches!(colour, Color::Default | Color::Idx(0..16))));
        quit(desk);
    }
}

#[test]
fn colorfgbg_is_used_if_the_terminal_does_not_answer() {
    let mut desk = TestTerminal::open_with(80, 24, &["seeds"], &[("COLORFGBG", "0;15")]);
    desk.answers = ["", ATTRIBUTES];
    desk.wait_for("30 articles");
    check_contrast(&desk, WHITE);
    quit(desk);
}

/// The screen after the third article was starred by `jjs`, with some other input among these keys.
fn star_the_third(answers_at_once: bool, input: &[&str]) -> String {
    let mut desk = TestTerminal::open(80, 24, &["seeds"]);
    if !answers_at_once {
        desk.answers = ["", ""];
    }
    desk.wait_for("30 articles");
    if !answers_at_once {
        // A slow terminal: this sleep does not wait for the program.
        std::thread::sleep(Duration::from_millis(300));
    }
    for piece in input {
        desk.send(piece);
        // The input thread reads the pieces one by one.
        std::thread::sleep(Duration::from_millis(5));
    }
    desk.wait_for("★");
    let text = desk.text();
    quit(desk);
    text.lines().map(|row| row.trim_end().to_owned() + "\n").collect()
}

#[test]
fn late_answer_is_never_read_as_keys() {
    let expected = star_the_third(true, &["jj", "s"]);
    assert_eq!(expected.matches('★').count(), 1);
    for background in [LIGHT, "\x1b]11;rgb:ff/ff/ff\x07"] {
        let late = format!("j{background}{ATTRIBUTES}j");
        assert_eq!(star_the_third(false, &[&late, "s"]), expected);
        for at in 1..late.len() {
            if at % 5 == 2 || at < 5 {
                let (before, after) = late.split_at(at);
                assert_eq!(star_the_third(false, &[before, after, "s"]), expected, "cut at {at}");
            }
        }
        let bytes: Vec<String> = late.chars().map(String::from).chain(["s".to_owned()]).collect();
        let bytes: Vec<&str> = bytes.iter().map(String::as_str).collect();
        assert_eq!(star_the_third(false, &bytes), expected, "byte by byte");
    }
}

#[test]
fn late_answer_changes_the_theme() {
    let mut desk = TestTerminal::open(80, 24, &["seeds"]);
    desk.answers = ["", ""];
    desk.wait_for("30 articles");
    desk.send(LIGHT);
    desk.send(ATTRIBUTES);
    desk.wait("dark text", |desk| count_legible(desk, WHITE).is_ok());
    quit(desk);
}

#[test]
fn keys_typed_before_the_answer_are_not_lost() {
    let mut desk = TestTerminal::open(80, 24, &["seeds"]);
    desk.answers = ["", ""];
    desk.wait("the questions", |desk| desk.written.ends_with(b"\x1b[c"));
    desk.send(&format!("/mo{LIGHT}on{ATTRIBUTES} sp"));
    desk.wait_for("/ moon sp");
    desk.send("\r\x03");
    desk.wait_for_end();
}

#[test]
fn questions_are_not_sent_if_the_answer_is_not_used() {
    for (arguments, variables) in [
        (&["seeds"][..], &[("TERM", "dumb")][..]),
        (&["seeds"], &[("TERM", "linux")]),
        (&["seeds"], &[("NO_COLOR", "1")]),
    ] {
        let mut desk = TestTerminal::open_with(80, 24, arguments, variables);
        desk.wait_for("30 articles");
        desk.send("q");
        desk.wait_for_end();
        let written = String::from_utf8_lossy(&desk.written);
        assert!(!written.contains("\x1b]11") && !written.contains("\x1b[c"), "{arguments:?} {variables:?}");
    }
    let mut desk = TestTerminal::open(80, 24, &["list", "seeds"]);
    assert_eq!(desk.wait_for_end(), 0);
    assert!(!desk.written.contains(&b'\x1b') || !String::from_utf8_lossy(&desk.written).contains("\x1b]11"));
}

#[test]
fn answers_are_not_echoed() {
    let desk = open(80, 24, LIGHT, &[]);
    let written = String::from_utf8_lossy(&desk.written).into_owned();
    assert!(!written.contains("rgb:") && !written.contains("^["));
    quit(desk);
}

#[test]
fn theme_choice_is_remembered_until_the_config_changes() {
    let home = tempfile::tempdir().unwrap();
    let config = home.path().join("config.toml");
    fs::write(&config, "").unwrap();
    let open = || {
        let arguments = ["seeds", "--config", config.to_str().unwrap()];
        let mut desk = TestTerminal::at_home(home.path(), 80, 24, PROGRAM, &arguments, &[]);
        desk.wait_for("30 articles");
        desk
    };
    // The answer is a dark background, so the light theme brings its own.
    let is_light = |desk: &TestTerminal| {
        let cells = (0..24).flat_map(|row| (0..80).map(move |column| (row, column)));
        let mut cells = cells.filter_map(|(row, column)| desk.screen.screen().cell(row, column));
        cells.all(|cell| cell.is_wide_continuation() || cell.bgcolor() != Color::Default)
            && count_legible(desk, DARK_GREY).is_ok()
    };
    let mut desk = open();
    assert!(!is_light(&desk));
    desk.send("T");
    desk.wait_for("Theme: light");
    check_contrast(&desk, DARK_GREY);
    desk.wait("the light theme", is_light);
    quit(desk);
    let mut desk = open();
    desk.wait("the light theme", is_light);
    quit(desk);
    let mut desk = open();
    desk.wait("the light theme", is_light);
    desk.send("TT");
    desk.wait_for("Theme: automatic, as the terminal");
    quit(desk);
    assert!(!is_light(&open()));
    fs::write(&config, "[theme]\nname = \"dark\"\n").unwrap();
    let desk = open();
    assert!(!is_light(&desk));
    quit(desk);
}

#[test]
fn chosen_themes_are_legible_on_any_terminal() {
    for (answer, background) in [(LIGHT, WHITE), (DARK, DARK_GREY)] {
        for answer in [answer, ""] {
            for variables in [&[][..], &[("COLORTERM", "truecolor")]] {
                let mut desk = open(80, 24, answer, variables);
                if answer == DARK {
                    desk.send("T");
                    desk.wait_for("Theme: light");
                    check_contrast(&desk, background);
                    continue;
                }
                desk.send("T");
                desk.wait_for("Theme: dark");
                check_contrast(&desk, background);
                desk.send("\r");
                desk.wait_for("The roof was rebuilt");
                check_contrast(&desk, background);
                desk.send("?");
                desk.wait_for("/ searches, Esc closes");
                check_contrast(&desk, background);
                desk.send("\x1b");
                desk.wait("no help", |desk| !desk.text().contains("Esc closes"));
                desk.send("T");
                desk.wait_for("Theme: light");
                check_contrast(&desk, background);
            }
        }
    }
}
