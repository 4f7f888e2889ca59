//! The real program in a real pseudo-terminal, its screen read by a terminal emulator. Every wait is for something to
//! appear; nothing sleeps for the sake of time.

use crate::support::grammar;
use crate::support::terminal::{TestTerminal, cells};
use portable_pty::PtySize;

#[test]
fn bundled_articles_explain_how_to_open_others() {
    let mut desk = TestTerminal::open(160, 50, &[]);
    desk.wait_for("30 articles");
    desk.wait_for("newsdesk FOLDER");
    desk.send("q");
    assert_eq!(desk.wait_for_end(), 0);
    assert!(desk.is_restored());
}

#[test]
fn filter_narrows_the_list_and_colours_hits_that_n_visits() {
    let mut desk = TestTerminal::open(160, 50, &["seeds"]);
    desk.wait_for("30 articles");
    desk.send("/state moon");
    desk.wait_for("2 articles");
    desk.wait_for("12 hits");
    let colours: std::collections::HashSet<_> = (0..50)
        .flat_map(|row| (0..160).map(move |column| (row, column)))
        .filter_map(|(row, column)| desk.screen.screen().cell(row, column))
        .filter(|cell| ["M", "S", "s", "m"].contains(&cell.contents()))
        .map(|cell| format!("{:?}", cell.bgcolor()))
        .collect();
    assert!(colours.len() >= 3, "two terms and the rest: {colours:?}");
    desk.send("\r");
    desk.wait_for("move");
    desk.send("n");
    desk.wait_for("1/6 here");
    desk.send("nnnnnn");
    desk.wait_for("22 August 2017");
    desk.wait_for("1/6 here");
    desk.send("\u{1b}");
    desk.wait("all articles", |desk| !desk.text().contains("of 30 articles"));
    desk.send("q");
    assert_eq!(desk.wait_for_end(), 0);
}

#[test]
fn narrow_terminal_shows_one_pane_at_a_time() {
    let mut desk = TestTerminal::open(80, 24, &["seeds"]);
    desk.wait_for("30 articles");
    assert!(!desk.text().contains("The roof was rebuilt"));
    desk.send("\r");
    desk.wait_for("The roof was rebuilt");
    assert!(!desk.text().contains("30 articles"));
    desk.send("\u{1b}");
    desk.wait_for("30 articles");
    desk.send("q");
    desk.wait_for_end();
}

#[test]
fn signals_that_end_the_program_restore_the_terminal() {
    use rustix::process::Signal;
    for (signal, number) in [(Signal::TERM, 15), (Signal::HUP, 1), (Signal::INT, 2), (Signal::QUIT, 3)] {
        let mut desk = TestTerminal::open(100, 30, &["seeds"]);
        desk.wait_for("30 articles");
        desk.signal(signal);
        assert_eq!(desk.wait_for_end(), 128 + number);
        assert!(desk.is_restored(), "{signal:?}");
    }
}

#[test]
fn suspend_restores_the_terminal_and_resume_redraws() {
    use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, waitid};
    let mut desk = TestTerminal::open(100, 30, &["seeds"]);
    desk.wait_for("30 articles");
    desk.signal(Signal::TSTP);
    desk.wait("the restored terminal", TestTerminal::is_restored);
    // It gives the terminal back before it stops; going on means nothing to it until it has.
    let id = Pid::from_raw(desk.child.process_id().unwrap().cast_signed()).unwrap();
    waitid(WaitId::Pid(id), WaitIdOptions::STOPPED | WaitIdOptions::NOWAIT).unwrap();
    desk.signal(Signal::CONT);
    desk.wait("the screen", |desk| desk.screen.screen().alternate_screen() && desk.text().contains("30 articles"));
    desk.send("q");
    assert_eq!(desk.wait_for_end(), 0);
    assert!(desk.is_restored());
}

#[test]
fn closed_terminal_ends_the_program() {
    let mut desk = TestTerminal::open(100, 30, &["seeds"]);
    desk.wait_for("30 articles");
    drop(desk.input.take());
    drop(desk.master.take());
    // The thread that reads the output holds the last copy of the terminal's other end, so it is hung up by hand.
    desk.signal(rustix::process::Signal::HUP);
    assert_eq!(desk.child.wait().unwrap().exit_code(), 129);
}

#[test]
fn pasted_text_is_text_and_never_keys() {
    let mut desk = TestTerminal::open(160, 50, &["seeds"]);
    desk.wait_for("30 articles");
    desk.send("\u{1b}[200~q telescope\r\u{1b}[201~");
    desk.wait_for("/ q telescope");
    desk.send("\r\u{3}");
    assert_eq!(desk.wait_for_end(), 0);
}

#[test]
fn new_file_appears_without_moving_the_selection() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, day: u32, headline: &str| {
        std::fs::write(
            folder.path().join(name),
            format!(" date 2023-09-{day:02} WORLD\n{headline}\nStandfirst of {headline}.\nBody.\n"),
        )
        .unwrap();
    };
    write("one.txt", 1, "River falls");
    write("two.txt", 2, "River rises");
    let mut desk = TestTerminal::open(160, 50, &[folder.path().to_str().unwrap()]);
    desk.wait_for("2 articles");
    desk.send("j");
    desk.wait_for("Standfirst of River falls.");
    write("three.txt", 3, "River freezes");
    desk.wait_for("3 articles");
    desk.wait_for("River freezes");
    assert!(desk.text().contains("Standfirst of River falls."));
    write("one.txt", 1, "River dries up");
    desk.wait_for("Standfirst of River dries up.");
    std::fs::rename(folder.path().join("two.txt"), folder.path().join("moved.txt")).unwrap();
    std::fs::remove_file(folder.path().join("three.txt")).unwrap();
    desk.wait_for("2 articles");
    desk.send("q");
    assert_eq!(desk.wait_for_end(), 0);
}

#[test]
fn hits_are_marked_by_attributes_without_colours() {
    let mut desk = TestTerminal::open_with(100, 30, &["seeds"], &[("NO_COLOR", "1")]);
    desk.wait_for("30 articles");
    desk.send("/moon");
    desk.wait_for("hits");
    let cells = (0..30).flat_map(|row| (0..100).map(move |column| (row, column)));
    let cells: Vec<_> = cells.filter_map(|(row, column)| desk.screen.screen().cell(row, column)).collect();
    assert!(
        cells.iter().all(|cell| cell.fgcolor() == vt100::Color::Default && cell.bgcolor() == vt100::Color::Default)
    );
    assert!(cells.iter().any(|cell| cell.inverse()));
    desk.send("\r\u{3}");
    desk.wait_for_end();
}

#[test]
fn editor_gets_the_file_and_the_terminal() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("one.txt");
    std::fs::write(&file, " date 2023-09-01 WORLD\nRiver falls\nBody.\n").unwrap();
    let editor = folder.path().join("editor.sh");
    std::fs::write(&editor, "#!/bin/sh\nprintf ' date 2023-09-01 WORLD\\nEdited headline\\nBody.\\n' > \"$1\"\n")
        .unwrap();
    let visual = format!("sh {}", editor.display());
    let mut desk = TestTerminal::open_with(100, 30, &[file.to_str().unwrap()], &[("VISUAL", &visual)]);
    desk.wait_for("River falls");
    desk.send("e");
    desk.wait("the edited file", |desk| {
        desk.screen.screen().alternate_screen() && desk.text().contains("Edited headline")
    });
    desk.send("q");
    assert_eq!(desk.wait_for_end(), 0);
}

#[test]
fn command_gets_the_article_on_standard_input() {
    let mut desk = TestTerminal::open(100, 30, &["seeds"]);
    desk.wait_for("30 articles");
    desk.send("|head -1\r");
    desk.wait("the first line on the plain screen", |desk| {
        !desk.screen.screen().alternate_screen() && desk.text().contains("Notre-Dame opens again")
    });
    desk.wait_for("Enter goes back");
    assert!(!desk.screen.screen().alternate_screen());
    desk.send("\r");
    desk.wait("the screen", |desk| desk.screen.screen().alternate_screen() && desk.text().contains("30 articles"));
    desk.send("q");
    assert_eq!(desk.wait_for_end(), 0);
}

#[test]
fn hostile_file_sends_no_command_to_the_terminal() {
    let folder = tempfile::tempdir().unwrap();
    let evil = " date 2023-09-01 WO\u{1b}[2JRLD\nHead \u{1b}]0;owned\u{7} line \u{9b}31m \u{202e}fdp\n\nBody \u{1b}Pq#0\u{1b}\\ \u{1b}_Ga=T\u{1b}\\ end.\n\nSOURCE:A\u{1b}cB\n";
    std::fs::write(folder.path().join("evil\u{1b}[31m.txt"), evil).unwrap();
    std::fs::write(folder.path().join("empty\u{1b}[2J\n.txt"), "").unwrap();
    let mut desk = TestTerminal::open(160, 50, &[folder.path().to_str().unwrap()]);
    desk.wait_for("1 article");
    desk.wait_for("1 problem");
    desk.send("!");
    desk.wait_for("the file is empty");
    desk.send("\u{1b}");
    desk.wait("the list", |desk| !desk.text().contains("the file is empty"));
    desk.send("q");
    desk.wait_for_end();
    let written = String::from_utf8_lossy(&desk.written);
    for control in ["\u{1b}]0", "\u{1b}P", "\u{1b}_", "\u{1b}c", "\u{9b}", "\u{7}", "\u{202e}"] {
        assert!(!written.contains(control), "{control:?}");
    }
    // What the program itself writes: moves, colours, modes.
    assert!(grammar::written(&desk.written).unwrap().sequences > 100);
}

#[test]
fn standard_input_articles_are_read_with_terminal_keys() {
    let mut desk = TestTerminal::open(100, 30, &["check", "seeds"]);
    desk.wait_for("30 articles in 30 files");
    assert_eq!(desk.wait_for_end(), 0);
    let shell = format!("printf 'River falls\\n\\nBody text.\\n' | {} -", env!("CARGO_BIN_EXE_newsdesk"));
    let mut desk = TestTerminal::run(100, 30, "/bin/sh", &["-c", &shell], &[]);
    desk.wait_for("River falls");
    desk.wait_for("1 article");
    desk.send("q");
    desk.wait_for_end();
    assert!(desk.is_restored());
}

#[test]
fn terminal_of_any_size_is_drawn() {
    let mut desk = TestTerminal::open(80, 24, &["seeds"]);
    desk.wait_for("30 articles");
    for (columns, rows) in [(1, 1), (2, 3), (300, 100), (40, 12), (160, 50)] {
        let size = PtySize { rows, cols: columns, pixel_width: 0, pixel_height: 0 };
        desk.screen.screen_mut().set_size(cells(rows), cells(columns));
        desk.master.as_ref().unwrap().resize(size).unwrap();
        desk.send("/x\r?qG\rjkgh");
        // An escape that is followed at once by a letter is another key, so each stands alone.
        desk.send("/\u{15}\r");
    }
    desk.wait_for("30 articles");
    desk.send("q");
    assert_eq!(desk.wait_for_end(), 0);
}
