//! What the screen has acknowledged is kept: whatever ends the program, whatever the disk does, whoever else is there.

use crate::support::terminal;
use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use newsdesk::article::ArticleId;
use newsdesk::library::Library;
use newsdesk::marks::Marks;
use rustix::process::Signal;

use crate::support::rng::{Rng, setting};
use crate::support::terminal::TestTerminal;

const PROGRAM: &str = env!("CARGO_BIN_EXE_newsdesk");

/// Somebody with a home, and a folder of articles in it.
struct Reporter {
    home: tempfile::TempDir,
    folder: PathBuf,
}

impl Reporter {
    /// With so many articles, the newest being number 0.
    fn with(articles: usize) -> Reporter {
        let home = tempfile::tempdir().unwrap();
        let root = home.path().canonicalize().unwrap();
        let folder = root.join("news");
        fs::create_dir(&folder).unwrap();
        for number in 0..articles {
            let (month, day) = (12 - number / 28, 28 - number % 28);
            let text = format!(
                "date 2023-{month:02}-{day:02} WORLD\nArticle {number:03} of the day\n\nThe ferry sailed {number} times.\n"
            );
            fs::write(folder.join(format!("{number:03}.txt")), text).unwrap();
        }
        let config = root.join(".config/newsdesk");
        fs::create_dir_all(&config).unwrap();
        // Each article on one line, and none read by itself.
        fs::write(config.join("config.toml"), "[layout]\ndensity = \"compact\"\n[reading]\nmark_read = \"manual\"\n")
            .unwrap();
        Reporter { home, folder }
    }

    fn library(&self) -> PathBuf {
        self.home.path().join(".local/share/newsdesk/library.db")
    }

    fn read(&self) -> TestTerminal {
        self.read_with(&[])
    }

    fn read_with(&self, variables: &[(&str, &str)]) -> TestTerminal {
        let folder = self.folder.to_str().unwrap();
        let mut desk = TestTerminal::at_home(self.home.path(), 90, 38, PROGRAM, &[folder], variables);
        desk.wait("the articles and their marks", |desk| desk.text().contains("Article") && desk.text().contains('●'));
        desk
    }

    fn run(&self, arguments: &[&str]) -> Output {
        Command::new(PROGRAM).args(arguments).env_clear().env("HOME", self.home.path()).output().unwrap()
    }

    fn marks(&self) -> Marks {
        Library::open(&self.library()).unwrap().marks().unwrap()
    }

    fn id(&self, number: usize) -> ArticleId {
        ArticleId::of(self.folder.join(format!("{number:03}.txt")).as_os_str().as_encoded_bytes(), 0)
    }
}

/// The numbers of the articles that the screen shows with this sign.
fn signed(desk: &TestTerminal, sign: char) -> HashSet<usize> {
    let text = desk.text();
    let rows = text.lines().filter(|line| line.chars().take(3).any(|c| c == sign));
    rows.filter_map(|line| line.split("Article ").nth(1)?.get(..3)?.parse().ok()).collect()
}

fn kill(desk: &mut TestTerminal) {
    desk.signal(Signal::KILL);
    desk.wait_for_end();
}

/// The number of kills in each home.
const KILLS_EACH: usize = 6;

#[test]
fn confirmed_marks_outlive_a_kill() {
    kill_after_marks(KILLS_EACH);
}

#[test]
#[ignore = "long: 204 kills"]
fn confirmed_marks_outlive_many_kills() {
    kill_after_marks(setting("NEWSDESK_KILLS").map_or(204, |count| count as usize));
}

fn kill_after_marks(wanted: usize) {
    let mut rng = Rng(0x5eed);
    let (mut kills, mut acknowledged_in_all) = (0, 0);
    while kills < wanted {
        let reporter = Reporter::with(36);
        let mut acknowledged = HashSet::new();
        for round in 0..KILLS_EACH {
            let mut desk = reporter.read();
            // Keys that come while the list is loading mark other rows.
            desk.wait_for(" 36 articles");
            desk.wait("what was kept", |desk| acknowledged.is_subset(&signed(desk, '★')));
            desk.send(&format!("{}G", round * 6 + 1));
            // Marks are made faster than the disk keeps them, and the end comes anywhere among them.
            desk.send("sjsjsjsjsjs");
            for _ in 0..rng.below(14) {
                if let Ok(bytes) = desk.output.recv_timeout(std::time::Duration::from_millis(rng.below(12))) {
                    desk.take(&bytes);
                }
            }
            kill(&mut desk);
            kills += 1;
            let seen = signed(&desk, '★');
            acknowledged_in_all += seen.difference(&acknowledged).count();
            acknowledged.extend(seen);
            // In every other round it is the program that opens the library first.
            if round % 2 == 1 {
                let marks = reporter.marks();
                for &number in &acknowledged {
                    assert!(
                        marks.get(reporter.id(number)).is_starred(),
                        "kill {kills}: article {number} lost its star"
                    );
                }
            }
        }
        assert!(Library::open(&reporter.library()).unwrap().check().unwrap().is_empty());
    }
    let enough = wanted <= KILLS_EACH || acknowledged_in_all * 4 > kills;
    assert!(enough, "{acknowledged_in_all} marks were acknowledged before {kills} kills");
}

#[test]
fn marks_on_a_full_disk_are_unsaved_until_there_is_space() {
    let reporter = Reporter::with(30);
    drop(reporter.read_and_leave());
    // A limit on the size of files is a disk that is full for this program alone.
    let script = format!("trap '' XFSZ; ulimit -S -f 100; exec {PROGRAM} {}", reporter.folder.display());
    let mut desk = TestTerminal::at_home(reporter.home.path(), 90, 38, "/bin/sh", &["-c", &script], &[]);
    desk.wait("all articles and their marks", |desk| signed(desk, '●').len() == 30);
    // More than fits: the log that SQLite writes before everything else takes 4 kB for each page that changes.
    let unsaved = |desk: &TestTerminal| desk.text().contains("unsaved:");
    let mut number = 0;
    while !unsaved(&desk) {
        number += 1;
        desk.send(&format!("{}Gs", number + 1));
        desk.wait("an answer", |desk| signed(desk, '★').contains(&number) || unsaved(desk));
    }
    assert!(signed(&desk, '☆').contains(&number) && !signed(&desk, '★').contains(&number), "{}", desk.text());
    let id = rustix::process::Pid::from_raw(desk.child.process_id().unwrap().cast_signed()).unwrap();
    let unlimited = rustix::process::Rlimit { current: None, maximum: None };
    rustix::process::prlimit(Some(id), rustix::process::Resource::Fsize, unlimited).unwrap();
    desk.send("gs");
    desk.wait("that it is kept", |desk| {
        !unsaved(desk) && (0..=number).all(|number| signed(desk, '★').contains(&number))
    });
    kill(&mut desk);
    assert!((0..=number).all(|number| reporter.marks().get(reporter.id(number)).is_starred()));
}

impl Reporter {
    /// Opens the reader and leaves it, so that there is a library.
    fn read_and_leave(&self) -> TestTerminal {
        let mut desk = self.read();
        desk.send("q");
        assert_eq!(desk.wait_for_end(), 0);
        desk
    }
}

#[test]
fn unsaved_changes_are_offered_as_a_file_and_imported() {
    let reporter = Reporter::with(20);
    // There is no folder in which less can be written.
    let mut desk = reporter.read_with(&[("NEWSDESK_LIBRARY", "/proc/newsdesk/library.db")]);
    desk.wait_for("cannot be saved");
    desk.wait("all articles", |desk| signed(desk, '●').len() == 20);
    desk.send("sjjs");
    desk.wait_for("2 unsaved:");
    assert_eq!(signed(&desk, '☆'), HashSet::from([0, 2]));
    desk.send("q");
    desk.wait_for("could not be saved:");
    desk.send("\u{1b}");
    desk.wait("that it stays", |desk| !desk.text().contains("could not be saved:"));
    desk.send("q");
    desk.wait_for("could not be saved:");
    let file = reporter.home.path().join("rescued.jsonl");
    desk.send("\u{15}");
    desk.send(&format!("{}\r", file.display()));
    assert_eq!(desk.wait_for_end(), 0);
    let imported = reporter.run(&["library", "import", file.to_str().unwrap()]);
    assert!(imported.status.success(), "{imported:?}");
    let marks = reporter.marks();
    assert!(marks.get(reporter.id(0)).is_starred() && marks.get(reporter.id(2)).is_starred());
    reporter.read().wait("the stars", |desk| signed(desk, '★') == HashSet::from([0, 2]));
}

#[test]
fn unsaved_search_is_reported_and_rescued() {
    let reporter = Reporter::with(20);
    let mut desk = reporter.read_with(&[("NEWSDESK_LIBRARY", "/proc/newsdesk/library.db")]);
    desk.wait_for("cannot be saved");
    desk.send("/ferry\rSFerries\r");
    desk.wait_for("Not saved yet: the search \"Ferries\"");
    desk.send("q");
    assert_eq!(desk.wait_for_end(), 0);
    desk.wait_for("unsaved changes are in");
    let names = fs::read_dir(reporter.home.path()).unwrap().map(|entry| entry.unwrap().path());
    let rescued = names.into_iter().find(|path| path.to_string_lossy().contains("newsdesk-unsaved-")).unwrap();
    assert!(reporter.run(&["library", "import", rescued.to_str().unwrap()]).status.success());
    assert!(String::from_utf8_lossy(&reporter.run(&["searches"]).stdout).contains("Ferries"));
}

#[test]
fn signal_leaves_unsaved_changes_in_a_file_in_the_home() {
    let reporter = Reporter::with(20);
    let mut desk = reporter.read_with(&[("NEWSDESK_LIBRARY", "/proc/newsdesk/library.db")]);
    desk.send("s");
    desk.wait_for("1 unsaved:");
    desk.signal(Signal::TERM);
    assert_eq!(desk.wait_for_end(), 128 + 15);
    let names = fs::read_dir(reporter.home.path()).unwrap().map(|entry| entry.unwrap().path());
    let rescued = names.into_iter().find(|path| path.to_string_lossy().contains("newsdesk-unsaved-")).unwrap();
    assert!(reporter.run(&["library", "import", rescued.to_str().unwrap()]).status.success());
    assert!(reporter.marks().get(reporter.id(0)).is_starred());
}

#[test]
fn two_readers_see_each_others_marks_and_lose_none() {
    let reporter = Reporter::with(20);
    let (mut one, mut other) = (reporter.read(), reporter.read());
    for number in 0..10 {
        let (from, to) = if number % 2 == 0 { (&mut one, &mut other) } else { (&mut other, &mut one) };
        from.send(&format!("{}Gs", number + 1));
        to.wait("the other's star", |desk| signed(desk, '★').contains(&number));
    }
    one.send("u");
    other.wait("the star to go", |desk| !signed(desk, '★').contains(&8));
    one.send("q");
    other.send("q");
    assert_eq!((one.wait_for_end(), other.wait_for_end()), (0, 0));
    let marks = reporter.marks();
    let starred: HashSet<usize> = (0..20).filter(|&number| marks.get(reporter.id(number)).is_starred()).collect();
    assert_eq!(starred, (0..10).filter(|&number| number != 8).collect());
}

#[test]
fn damaged_library_is_set_aside_and_the_reader_starts() {
    let reporter = Reporter::with(20);
    drop(reporter.read_and_leave());
    fs::write(reporter.library(), "this is no library at all, but long enough to be taken for one".repeat(200))
        .unwrap();
    let mut desk = reporter.read();
    desk.wait_for("The library was damaged");
    desk.send("s");
    desk.wait("the star", |desk| signed(desk, '★').contains(&0));
    kill(&mut desk);
    assert!(reporter.marks().get(reporter.id(0)).is_starred());
}

/// What a new reader does in the first hour.
#[test]
fn session_outlives_a_kill_and_a_moved_folder() {
    let reporter = Reporter::with(20);
    let folder = reporter.folder.clone();
    let long: String =
        (0..200).map(|line| format!("\nParagraph {line} of a long article about the ferry.\n")).collect();
    fs::write(folder.join("007.txt"), format!("date 2023-12-21 WORLD\nArticle 007 of the day\n{long}")).unwrap();
    let mut desk = reporter.read();
    for number in 0..10 {
        desk.send(&format!("{}Gr", number + 1));
        desk.wait("it to be read", |desk| !signed(desk, '●').contains(&number) && !signed(desk, '◌').contains(&number));
    }
    desk.send("2Gs4Gs");
    desk.wait("two stars", |desk| signed(desk, '★') == HashSet::from([1, 3]));
    for (number, tag) in [(5, "asia"), (6, "budget"), (7, "later")] {
        desk.send(&format!("{number}Gt{tag}\r"));
        desk.wait_for(&format!("#{tag}"));
    }
    desk.send("8Gm");
    desk.wait_for("Esc saves");
    desk.send("Call the ministry\rAsk for figures\u{1b}");
    desk.wait_for("✎");
    desk.send("/ferry\rSFerries 'f watch\r");
    desk.wait_for("'f runs it");
    desk.send("8G\r");
    desk.wait_for("Paragraph 3 of");
    desk.send("\u{6}\u{6}");
    desk.wait_for("Paragraph 49 of");
    let place = |desk: &TestTerminal| -> String { desk.text().lines().take(4).collect::<Vec<_>>().join("\n") };
    let before = place(&desk);
    // Where the reader is is written within a moment; a second program sees when it is there.
    let begun = std::time::Instant::now();
    let kept = || {
        let library = Library::open(&reporter.library()).unwrap();
        let sessions = library.sessions().unwrap();
        sessions.iter().any(|(_, session)| session.contains("\"reading\":true"))
            && library.sessions().is_ok()
            && Library::open(&reporter.library()).unwrap().marks().unwrap().get(reporter.id(7)).place().is_some()
    };
    while !kept() {
        assert!(begun.elapsed() < terminal::PATIENCE, "the session is not kept");
    }
    kill(&mut desk);

    let moved = reporter.home.path().canonicalize().unwrap().join("archive");
    fs::rename(&folder, &moved).unwrap();
    let reporter = Reporter { folder: moved, home: reporter.home };
    let folder = reporter.folder.to_str().unwrap();
    let mut desk = TestTerminal::at_home(reporter.home.path(), 90, 38, PROGRAM, &[folder], &[]);
    desk.wait("the text where it was", |desk| place(desk) == before);
    desk.send("\u{1b}");
    desk.wait("the list", |desk| signed(desk, '★') == HashSet::from([1, 3]));
    for shown in ["/ ferry", "#asia", "#budget", "#later", "✎"] {
        desk.wait_for(shown);
    }
    desk.send("\u{1b}");
    desk.wait("what is unread", |desk| signed(desk, '●') == (10..20).collect());
    desk.send("'f");
    desk.wait_for("/ ferry");
    desk.send("q");
    assert_eq!(desk.wait_for_end(), 0);
    let exported = String::from_utf8(reporter.run(&["library", "export"]).stdout).unwrap();
    assert!(exported.contains("Call the ministry\\nAsk for figures") && exported.contains("\"watch\":true"));
    assert!(exported.matches("\"kind\":\"article\"").count() >= 10);
    assert_eq!(exported.matches(Path::new("/news/").to_str().unwrap()).count(), 0, "every place is the new one");
}

#[test]
fn note_being_written_outlives_signals_and_a_closed_terminal() {
    for end in ["a signal", "a closed terminal"] {
        let reporter = Reporter::with(3);
        let mut desk = reporter.read();
        desk.send("m");
        desk.wait_for("Note");
        desk.send("call the harbour");
        desk.wait_for("call the harbour");
        if end == "a signal" {
            desk.signal(Signal::TERM);
            desk.wait_for_end();
        } else {
            desk.cut("x");
            desk.child.wait().unwrap();
        }
        let marks = reporter.marks();
        let noted = marks.iter().filter(|(_, marked)| marked.note().contains("call the harbour")).count();
        assert_eq!(noted, 1, "{end}");
    }
}
