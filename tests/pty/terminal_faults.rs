//! What terminals do to the real program: any size, storms of sizes, keys and text, a link that is slow or takes
//! nothing, and going away without a word. Nothing of it may hang it, make it spin, or lose what was done.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use newsdesk::library::Library;
use portable_pty::{CommandBuilder, PtySize};
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open};

use crate::support::terminal::{Link, PATIENCE, TestTerminal};

const PROGRAM: &str = env!("CARGO_BIN_EXE_newsdesk");

/// How long the program may take to end once its terminal is gone.
const A_SECOND: Duration = Duration::from_secs(1);

fn pid(desk: &TestTerminal) -> Pid {
    Pid::from_raw(desk.child.process_id().unwrap().cast_signed()).unwrap()
}

/// The time that the processor has spent on the program, which is there until the program is waited for.
fn spent(pid: Pid) -> Duration {
    let stat = fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_nonzero())).unwrap();
    // The name in parentheses may hold anything; user and system time are the 12th and 13th word after it.
    let words: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
    let ticks: u64 = words[11..13].iter().map(|word| word.parse::<u64>().unwrap()).sum();
    // Linux tells programs of a hundred ticks a second, whatever it uses itself.
    Duration::from_millis(ticks * 10)
}

/// Waits for the end of the program without looking at its output; gives how long that took and the exit code.
fn ends(desk: &mut TestTerminal, since: Instant) -> (Duration, u32) {
    let handle = pidfd_open(pid(desk), PidfdFlags::empty()).unwrap();
    let mut waiting = [rustix::event::PollFd::new(&handle, rustix::event::PollFlags::IN)];
    let patience = rustix::event::Timespec::try_from(PATIENCE).unwrap();
    let ended = rustix::event::poll(&mut waiting, Some(&patience)).unwrap();
    assert_eq!(ended, 1, "the program did not end");
    (since.elapsed(), desk.child.wait().unwrap().exit_code())
}

fn seeds_in(home: &Path) -> TestTerminal {
    TestTerminal::at_home(home, 100, 30, PROGRAM, &["seeds"], &[])
}

fn library(home: &Path) -> PathBuf {
    home.join(".local/share/newsdesk/library.db")
}

fn stars(home: &Path) -> usize {
    let Ok(mut library) = Library::open(&library(home)) else { return 0 };
    library.marks().unwrap().iter().filter(|(_, mark)| mark.is_starred()).count()
}

/// Looks again and again, without a pause.
fn until(what: &str, seen: impl Fn() -> bool) {
    let begun = Instant::now();
    while !seen() {
        assert!(begun.elapsed() < PATIENCE, "{what} did not come");
    }
}

/// Makes the program write more than a terminal that takes nothing has room for: frame after frame, each by itself.
fn choke(desk: &mut TestTerminal) {
    desk.link(Link::Stuck);
    let begun = Instant::now();
    for number in 1..=40 {
        desk.send("\u{c}");
        while begun.elapsed() < number * Duration::from_millis(5) {
            std::thread::yield_now();
        }
    }
}

/// Whether the list has all articles. Which of them it shows depends on the selected one, and so on when keys came.
fn is_listed(desk: &TestTerminal) -> bool {
    let text = desk.text();
    text.contains("30 articles") && text.contains('●')
}

#[test]
fn terminal_sizes_from_0_to_1000_work_at_start_and_later() {
    let sizes =
        [(0, 0), (0, 24), (80, 0), (1, 1), (1, 500), (1000, 1), (2, 3), (3, 2), (12, 4), (300, 100), (1000, 500)];
    for (columns, rows) in sizes {
        let mut desk = TestTerminal::open(columns, rows, &["seeds"]);
        // Until the terminal is taken, the system makes other keys of some.
        desk.wait("the screen", |desk| desk.screen.screen().alternate_screen());
        for (columns, rows) in [(80, 24), (columns, rows)] {
            desk.resize(columns, rows);
            desk.send("/x\r?qG\rjkgh");
            // An escape that is followed at once by a letter is another key, so each stands alone.
            desk.send("/\u{15}\r");
        }
        if columns >= 300 && rows >= 100 {
            desk.wait("the list", is_listed);
        }
        desk.resize(120, 40);
        desk.wait("the list", is_listed);
        desk.send("q");
        assert_eq!(desk.wait_for_end(), 0, "{columns}x{rows}");
        assert!(desk.is_restored(), "{columns}x{rows}");
    }
}

#[test]
fn resize_storm_ends_at_the_last_size() {
    let mut desk = TestTerminal::open(120, 40, &["seeds"]);
    desk.wait_for("30 articles");
    let begun = Instant::now();
    for number in 0u16..1_000 {
        let size = PtySize { rows: number * 7 % 61, cols: number * 13 % 211, pixel_width: 0, pixel_height: 0 };
        desk.master.as_ref().unwrap().resize(size).unwrap();
        if number % 10 == 0 {
            desk.send("j");
        }
        // A millisecond each is the storm itself.
        while begun.elapsed() < Duration::from_millis(u64::from(number)) {
            std::hint::spin_loop();
        }
    }
    desk.resize(100, 30);
    desk.send("g/moon");
    desk.wait("the list in the last size", |desk| {
        let rows: Vec<String> = desk.screen.screen().rows(0, 100).collect();
        rows.first().is_some_and(|row| row.contains("3 of 30 articles"))
            && rows.get(28).is_some_and(|row| row.contains("/ moon"))
    });
    desk.send("\r\u{3}");
    assert_eq!(desk.wait_for_end(), 0);
    assert!(desk.is_restored());
}

#[test]
fn vanished_terminal_ends_the_program_within_a_second() {
    let many = tempfile::tempdir().unwrap();
    for number in 0..3_000 {
        fs::write(many.path().join(format!("{number}.txt")), format!("River {number} falls\n\nIt fell.\n")).unwrap();
    }
    let many = many.path().to_str().unwrap();
    // With a hang-up from the system, and where the system sends none as the terminal does not control the program.
    for hung_up in [true, false] {
        for doing in ["nothing", "loading", "typing", "writing"] {
            let home = tempfile::tempdir().unwrap();
            let mut command = CommandBuilder::new(PROGRAM);
            command.arg(if doing == "loading" { many } else { "seeds" });
            command.env_clear();
            command.env("TERM", "xterm-256color");
            command.env("HOME", home.path());
            command.set_controlling_tty(hung_up);
            let mut desk = TestTerminal::spawn(100, 30, command);
            match doing {
                "loading" => desk.wait("the screen", |desk| desk.screen.screen().alternate_screen()),
                _ => desk.wait_for("30 articles"),
            }
            match doing {
                "typing" => desk.send("/the moon or the sun"),
                "writing" => choke(&mut desk),
                _ => {}
            }
            let (before, begun) = (spent(pid(&desk)), Instant::now());
            desk.cut("j");
            let handle = pid(&desk);
            let end = pidfd_open(handle, PidfdFlags::empty()).unwrap();
            let mut waiting = [rustix::event::PollFd::new(&end, rustix::event::PollFlags::IN)];
            let patience = rustix::event::Timespec::try_from(PATIENCE).unwrap();
            assert_eq!(rustix::event::poll(&mut waiting, Some(&patience)).unwrap(), 1, "{doing}: it did not end");
            let took = begun.elapsed();
            let work = spent(handle) - before;
            let case = format!("{doing}, hang-up {hung_up}: {took:?}, {work:?} of the processor");
            println!("{case}");
            assert_eq!(desk.child.wait().unwrap().exit_code(), 129, "{case}");
            assert!(took < A_SECOND, "{case}");
            assert!(work < A_SECOND / 2, "{case}");
        }
    }
}

#[test]
fn paste_of_ten_megabytes_is_cut_in_list_bar_and_note() {
    let home = tempfile::tempdir().unwrap();
    let mut desk = TestTerminal::at_home(home.path(), 160, 50, PROGRAM, &["seeds"], &[]);
    desk.wait_for("30 articles");
    let line = "Ten accounts at the State Department, naïvely kept; q\r\n";
    let paste = format!("\u{1b}[200~{}\u{1b}[201~", line.repeat(10_000_000 / line.len()));
    for place in ["", "/"] {
        desk.send(place);
        desk.send(&paste);
        desk.wait("what was pasted", |desk| desk.text().contains("kept; q  Ten accounts"));
        desk.send("\u{15}moon");
        desk.wait_for("3 of 30 articles");
        desk.send("\u{15}\r");
        desk.wait_for(" 30 articles");
    }
    desk.send("m");
    desk.wait_for("Esc saves");
    desk.send(&paste);
    desk.send("\u{1b}");
    desk.wait_for("✎");
    desk.send("q");
    assert_eq!(desk.wait_for_end(), 0);
    assert!(desk.is_restored());
}

#[test]
fn key_storm_of_ten_thousand_is_handled_completely() {
    let home = tempfile::tempdir().unwrap();
    let mut desk = seeds_in(home.path());
    desk.wait_for("30 articles");
    // An odd number of times the second article, and no other, gets a star or loses it.
    desk.send(&"jsk".repeat(3_335));
    desk.send("/moon");
    desk.wait_for("3 of 30 articles");
    desk.send("\r\u{3}");
    assert_eq!(desk.wait_for_end(), 0);
    assert!(desk.is_restored());
    assert_eq!(stars(home.path()), 1);
}

#[test]
fn dumb_and_unknown_terminals_are_drawn_in_any_locale() {
    for variables in [
        &[("TERM", "dumb"), ("LANG", "C.UTF-8")][..],
        &[("TERM", ""), ("LANG", "C")],
        &[("TERM", "xterm"), ("LC_ALL", "POSIX"), ("LANG", "")],
        &[("TERM", "no such terminal"), ("LC_ALL", "tlh_KL.ISO-8859-99")],
        &[],
    ] {
        let home = tempfile::tempdir().unwrap();
        let mut command = CommandBuilder::new(PROGRAM);
        command.arg("seeds");
        command.env_clear();
        command.env("HOME", home.path());
        variables.iter().for_each(|(name, value)| command.env(name, value));
        let mut desk = TestTerminal::spawn(100, 30, command);
        desk.wait_for("30 articles");
        desk.send("/moon");
        desk.wait_for("3 of 30 articles");
        if variables.first() == Some(&("TERM", "dumb")) {
            let cells = (0..30).flat_map(|row| (0..100).map(move |column| (row, column)));
            let screen = desk.screen.screen();
            let mut cells = cells.filter_map(|(row, column)| screen.cell(row, column));
            assert!(cells.all(|cell| cell.fgcolor() == vt100::Color::Default));
        }
        desk.send("\r\u{3}");
        assert_eq!(desk.wait_for_end(), 0, "{variables:?}");
        assert!(desk.is_restored(), "{variables:?}");
        assert!(std::str::from_utf8(&desk.written).is_ok(), "{variables:?}");
    }
}

#[test]
fn blocked_terminal_delays_neither_marks_nor_signals() {
    let home = tempfile::tempdir().unwrap();
    let mut desk = seeds_in(home.path());
    desk.wait_for("30 articles");
    choke(&mut desk);
    desk.send("s");
    until("the star", || stars(home.path()) == 1);
    desk.send("s");
    until("that it is gone", || stars(home.path()) == 0);
    // What was typed meanwhile is on the screen as soon as the terminal takes it.
    desk.send("js/moon");
    until("another star", || stars(home.path()) == 1);
    desk.link(Link::Open);
    desk.wait_for("3 of 30 articles");
    choke(&mut desk);
    let begun = Instant::now();
    desk.signal(Signal::TERM);
    let (took, code) = ends(&mut desk, begun);
    assert_eq!(code, 128 + 15);
    assert!(took < 2 * A_SECOND, "{took:?}");
    // The shell that comes after it has lines and an echo, whatever of the screen stayed.
    let modes = format!("{:?}", desk.master.as_ref().unwrap().get_termios().unwrap().local_flags);
    assert!(modes.contains("ICANON") && modes.contains("ECHO "), "{modes}");
}

#[test]
fn unsaved_changes_are_rescued_if_the_terminal_is_blocked() {
    let home = tempfile::tempdir().unwrap();
    // There is no folder in which less can be written.
    let nowhere = [("NEWSDESK_LIBRARY", "/proc/newsdesk/library.db")];
    let mut desk = TestTerminal::at_home(home.path(), 100, 30, PROGRAM, &["seeds"], &nowhere);
    desk.wait_for("cannot be saved");
    desk.send("s");
    desk.wait_for("1 unsaved:");
    choke(&mut desk);
    desk.signal(Signal::TERM);
    assert_eq!(ends(&mut desk, Instant::now()).1, 128 + 15);
    assert_eq!(rescued(home.path()), 1);
}

#[test]
fn unsaved_changes_are_rescued_while_an_editor_ignores_signals() {
    let home = tempfile::tempdir().unwrap();
    let editor = home.path().join("editor");
    fs::write(&editor, "#!/bin/sh\ntrap '' TERM HUP\necho in the editor\nread line\n").unwrap();
    fs::set_permissions(&editor, fs::Permissions::from_mode(0o755)).unwrap();
    let variables = [("NEWSDESK_LIBRARY", "/proc/newsdesk/library.db"), ("EDITOR", editor.to_str().unwrap())];
    let mut desk = TestTerminal::at_home(home.path(), 100, 30, PROGRAM, &["seeds"], &variables);
    desk.wait_for("cannot be saved");
    desk.send("s");
    desk.wait_for("1 unsaved:");
    desk.send("M");
    desk.wait_for("in the editor");
    desk.signal(Signal::TERM);
    let (took, code) = ends(&mut desk, Instant::now());
    assert_eq!(code, 128 + 15);
    assert!(took < 5 * A_SECOND, "{took:?}");
    assert_eq!(rescued(home.path()), 1);
}

/// How many files hold what could not be kept.
fn rescued(home: &Path) -> usize {
    let names = fs::read_dir(home).unwrap().map(|entry| entry.unwrap().file_name());
    names.filter(|name| name.to_string_lossy().contains("newsdesk-unsaved-")).count()
}

#[test]
fn slow_link_delays_keys_only_by_its_own_buffer() {
    const RATE: usize = 2_000;
    let home = tempfile::tempdir().unwrap();
    let mut desk = seeds_in(home.path());
    desk.wait_for("30 articles");
    desk.link(Link::Slow(RATE));
    let (before, begun) = (desk.written.len(), Instant::now());
    // Two hundred keys at a hundred a second, each of which changes most of the screen.
    for number in 0..200u32 {
        desk.send(if number % 2 == 0 { "\r\u{6}" } else { "hj" });
        while begun.elapsed() < number * Duration::from_millis(10) {
            if let Ok(bytes) = desk.output.recv_timeout(Duration::from_millis(1)) {
                desk.take(&bytes);
            }
        }
    }
    desk.send("hs/moon");
    let typed = Instant::now();
    // The program is not behind: what was asked for is on the disk while the screen shows what was.
    until("the star", || stars(home.path()) == 1);
    let kept = typed.elapsed();
    desk.wait_for("3 of 30 articles");
    let (took, bytes) = (typed.elapsed(), desk.written.len() - before);
    println!("kept after {kept:?}, shown after {took:?}, {bytes} bytes");
    assert!(kept < 2 * A_SECOND, "{kept:?}");
    // What the system holds between the two ends (some 12 kB), the frame that was on its way, and the last one.
    assert!(bytes < 40_000, "{bytes} bytes for 200 keys");
    desk.link(Link::Open);
    desk.send("\r\u{3}");
    assert_eq!(desk.wait_for_end(), 0);
    assert!(desk.is_restored());
}
