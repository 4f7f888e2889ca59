//! Disks that are slow, that hang, that are full by a quota, or that fail while the reader is open: the real program on a
//! disk that does as it is told.

use std::fs::{self, File};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant, UNIX_EPOCH};

use newsdesk::library::Library;
use rustix::process::Signal;

use crate::support::disk::Disk;
use crate::support::terminal::{PATIENCE, TestTerminal};

/// Within this long a reader who wants to leave is out, on a machine that is busy.
const PROMPT: Duration = Duration::from_secs(3);

/// A folder with articles, and a home folder beside it.
struct Scene {
    disk: Disk,
    _folder: tempfile::TempDir,
    home: PathBuf,
    news: PathBuf,
}

impl Scene {
    fn new(articles: usize) -> Scene {
        let disk = Disk::new();
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        let (home, news) = (root.join("home"), root.join("news"));
        fs::create_dir(&home).unwrap();
        fs::create_dir(&news).unwrap();
        let config = home.join(".config/newsdesk");
        fs::create_dir_all(&config).unwrap();
        // Each article on one line, and none read by itself.
        fs::write(config.join("config.toml"), "[layout]\ndensity = \"compact\"\n[reading]\nmark_read = \"manual\"\n")
            .unwrap();
        let scene = Scene { disk, _folder: folder, home, news };
        (0..articles).for_each(|number| scene.write(&format!("{number:04}.txt"), number));
        scene
    }

    fn write(&self, name: &str, number: usize) {
        let day = format!("date 2023-{:02}-{:02} WORLD", number / 28 % 12 + 1, number % 28 + 1);
        let path = self.news.join(name);
        fs::write(&path, format!("{day}\nStory {number:04} of the day\n\nThe ferry sailed.\n")).unwrap();
        // Long enough ago for a snapshot to believe it.
        let time = UNIX_EPOCH + Duration::from_secs(1_700_000_000);
        File::options().append(true).open(&path).unwrap().set_modified(time).unwrap();
    }

    fn open(&self) -> TestTerminal {
        self.disk.open(&self.home, &[self.news.to_str().unwrap()])
    }

    fn library(&self) -> PathBuf {
        self.home.join(".local/share/newsdesk/library.db")
    }

    fn stars(&self) -> usize {
        let Ok(mut library) = Library::open(&self.library()) else { return 0 };
        library.marks().unwrap().iter().filter(|(_, mark)| mark.is_starred()).count()
    }
}

/// Ends the program in one of the ways that there are, and looks whether it does so at once and leaves all in order.
fn leave(desk: &mut TestTerminal, how: &str) {
    let begun = Instant::now();
    let code = match how {
        "TERM" => {
            desk.signal(Signal::TERM);
            128 + 15
        }
        "INT" => {
            // The terminal makes a signal of it, as it is not ours any more.
            desk.send("\u{3}");
            128 + 2
        }
        key => {
            desk.send(key);
            0
        }
    };
    assert_eq!(desk.wait_for_end(), code, "{how:?}");
    let took = begun.elapsed();
    eprintln!("left by {how:?} after {took:?}");
    assert!(took < PROMPT, "{how:?}: {took:?}");
    assert!(desk.is_restored(), "{how:?}");
}

/// How long it takes until `seen` is on the screen after `keys`.
fn answered(desk: &mut TestTerminal, keys: &str, seen: impl Fn(&TestTerminal) -> bool) -> Duration {
    let begun = Instant::now();
    desk.send(keys);
    desk.wait(keys, seen);
    begun.elapsed()
}

/// The numbers of the articles that the screen shows with this sign.
fn signed(desk: &TestTerminal, sign: char) -> usize {
    let text = desk.text();
    text.lines().filter(|line| line.contains("Story") && line.chars().take(3).any(|c| c == sign)).count()
}

/// What the screen says, without its frames and where lines end.
fn said(desk: &TestTerminal) -> String {
    desk.text().replace('│', " ").split_whitespace().collect::<Vec<_>>().join(" ")
}

fn loading(desk: &TestTerminal, all: usize) -> bool {
    !desk.text().contains(&format!("{all} articles"))
}

#[test]
#[ignore = "long: needs seccomp"]
fn slow_disk_shows_articles_in_turn_and_keys_stay_fast() {
    let scene = Scene::new(300);
    scene.disk.rule(&[("ors", "delay=20", &scene.news)]);
    let begun = Instant::now();
    let mut desk = scene.open();
    desk.wait_for("newsdesk");
    let first = begun.elapsed();
    desk.wait_for("Story");
    let some = begun.elapsed();
    assert!(loading(&desk, 300), "some are there before all are");
    let mut slowest = Duration::ZERO;
    desk.wait("the library", |desk| desk.text().contains('●'));
    for (keys, sign) in [("s", "★"), ("/ferry", "/ ferry"), ("\u{15}\r", "newsdesk"), ("?", "Moving")] {
        slowest = slowest.max(answered(&mut desk, keys, |desk| desk.text().contains(sign)));
    }
    desk.send("\u{1b}");
    assert!(loading(&desk, 300), "all that was answered while it loads:\n{}", desk.text());
    desk.wait_for("300 articles");
    let all = begun.elapsed();
    eprintln!("first screen {first:?}, some {some:?}, all {all:?}; slowest key {slowest:?}");
    assert!(some < all / 3 && slowest < all / 3);
    leave(&mut desk, "q");
    assert_eq!(scene.stars(), 1);
    // And in the middle of it.
    let mut desk = scene.open();
    desk.wait_for("Story");
    assert!(loading(&desk, 300));
    leave(&mut desk, "q");
}

#[test]
#[ignore = "long: needs seccomp"]
fn slow_disk_second_start_shows_the_snapshot_first() {
    let scene = Scene::new(1_100);
    let mut desk = scene.open();
    desk.wait_for("1,100 articles");
    let kept = scene.home.join(".cache/newsdesk/snapshots");
    let is_written = || {
        let places = fs::read_dir(&kept).into_iter().flatten();
        places.flatten().any(|place| place.path().join("manifest").exists())
    };
    let begun = Instant::now();
    while !is_written() {
        assert!(begun.elapsed() < PATIENCE, "no snapshot was written");
    }
    leave(&mut desk, "q");
    scene.disk.rule(&[("orls", "delay=20", &scene.news)]);
    let begun = Instant::now();
    let mut desk = scene.open();
    desk.wait_for("1,100 articles");
    let there = begun.elapsed();
    eprintln!("1,100 articles after {there:?}");
    // Asking for the size and time of each takes longer than that with all the threads that there are.
    assert!(there < Duration::from_secs(5), "{there:?}");
    leave(&mut desk, "q");
}

#[test]
#[ignore = "long: needs seccomp"]
fn hanging_reads_block_nothing_else_and_arrive_later() {
    let scene = Scene::new(100);
    fs::create_dir(scene.news.join("deep")).unwrap();
    scene.write("deep/inside.txt", 100);
    for (operations, name, what) in [("o", "0030.txt", "file"), ("r", "0030.txt", "file"), ("l", "deep", "folder")] {
        scene.disk.rule(&[(operations, "hang", &scene.news.join(name))]);
        let mut desk = scene.open();
        desk.wait_for("100 articles");
        desk.wait("the library", |desk| desk.text().contains('●'));
        desk.send("s");
        desk.wait("the star", |desk| signed(desk, '★') == 1);
        // What is given up after a while is told, and comes by itself once the disk answers.
        desk.wait_for("1 problem");
        desk.send("!");
        let sentence = format!("{name}: the disk does not answer; the {what} is left out until it does");
        desk.wait(&sentence, |desk| said(desk).contains(&sentence));
        desk.send("\u{1b}");
        desk.wait("the list", |desk| !desk.text().contains("does not answer"));
        scene.disk.heal();
        desk.wait_for("101 articles");
        desk.wait("that nothing is wrong", |desk| !desk.text().contains("1 problem"));
        desk.send("s");
        desk.wait("that the star is gone", |desk| signed(desk, '★') == 0);
        leave(&mut desk, "q");
    }
}

#[test]
#[ignore = "long: needs seccomp"]
fn loaded_articles_stay_while_the_disk_hangs() {
    let scene = Scene::new(30);
    let mut desk = scene.open();
    desk.wait_for("30 articles");
    desk.wait("the library", |desk| desk.text().contains('●'));
    scene.disk.rule(&[("s", "hang", &scene.news.join("0005.txt"))]);
    for _ in 0..2 {
        // What is not answered is not asked for again.
        desk.send("\u{1b}[15~");
        desk.wait_for("1 problem");
        desk.send("!");
        let sentence = "0005.txt: the disk does not answer; the articles read before are shown until it does";
        desk.wait(sentence, |desk| said(desk).contains(sentence));
        desk.send("\u{1b}");
        desk.wait("the list", |desk| !desk.text().contains("does not answer"));
        assert!(desk.text().contains("30 articles"), "{}", desk.text());
    }
    scene.disk.heal();
    desk.wait("that nothing is wrong", |desk| !desk.text().contains("problem"));
    assert!(desk.text().contains("30 articles"), "{}", desk.text());
    leave(&mut desk, "q");
}

#[test]
#[ignore = "needs seccomp"]
fn hanging_read_delays_neither_quit_nor_marks() {
    let scene = Scene::new(100);
    for (how, operations) in [("q", "r"), ("\u{3}", "o"), ("TERM", "r"), ("q", "l"), ("q", "s")] {
        let hung = if operations == "l" { scene.news.join("deep") } else { scene.news.join("0030.txt") };
        fs::create_dir_all(scene.news.join("deep")).unwrap();
        scene.disk.rule(&[(operations, "hang", &hung)]);
        let mut desk = scene.open();
        let before = scene.stars();
        desk.wait("what does not hang", |desk| {
            desk.text().contains("99 articles") || desk.text().contains("100 articles")
        });
        desk.wait("the library", |desk| desk.text().contains('●'));
        desk.send("js");
        desk.wait("the star", |_| scene.stars() != before);
        leave(&mut desk, how);
        assert_ne!(scene.stars(), before, "{how:?}");
    }
}

#[test]
#[ignore = "long: needs seccomp"]
fn hanging_folder_does_not_delay_quit() {
    let scene = Scene::new(3);
    for operations in ["s", "o", "l"] {
        for how in ["q", "\u{3}", "TERM"] {
            scene.disk.rule(&[(operations, "hang", &scene.news)]);
            let mut desk = scene.open();
            desk.wait_for("newsdesk");
            leave(&mut desk, how);
        }
    }
    scene.disk.rule(&[("sol", "hang", &scene.news)]);
    let mut desk = scene.open();
    desk.wait_for("newsdesk");
    scene.disk.heal();
    desk.wait_for("3 articles");
    leave(&mut desk, "q");
}

#[test]
#[ignore = "long: needs seccomp"]
fn subcommands_on_a_hanging_disk_report_it_and_can_be_ended() {
    let scene = Scene::new(30);
    let news = scene.news.to_str().unwrap();
    scene.disk.rule(&[("r", "hang", &scene.news.join("0003.txt"))]);
    for order in [&["check", news][..], &["list", news], &["search", "ferry", news]] {
        let mut child = scene.disk.command(&scene.home, order).stdout(Stdio::piped()).spawn().unwrap();
        let begun = Instant::now();
        // Until it reads, there is nothing to be ended.
        while !is_read(child.id(), &scene.news) {
            assert!(begun.elapsed() < PATIENCE, "{order:?} does not read");
        }
        let begun = Instant::now();
        let id = rustix::process::Pid::from_raw(child.id().cast_signed()).unwrap();
        rustix::process::kill_process(id, Signal::INT).unwrap();
        assert_eq!(child.wait().unwrap().signal(), Some(2), "{order:?}");
        assert!(begun.elapsed() < PROMPT, "{order:?}: {:?}", begun.elapsed());
    }
    let output = scene.disk.command(&scene.home, &["check", news]).output().unwrap();
    let told = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(1), "{told}");
    assert!(told.starts_with("29 articles in 29 files\n"), "{told}");
    assert!(told.contains("0003.txt: the disk does not answer; the file is left out until it does"), "{told}");
}

/// Whether a process has a file of `folder` open.
fn is_read(process: u32, folder: &Path) -> bool {
    let open = fs::read_dir(format!("/proc/{process}/fd")).into_iter().flatten();
    open.flatten().any(|fd| fs::read_link(fd.path()).is_ok_and(|path| path.starts_with(folder)))
}

#[test]
#[ignore = "needs seccomp"]
fn slow_disk_confirms_marks_once_saved_and_loses_none() {
    let scene = Scene::new(30);
    let mut desk = scene.open();
    desk.wait_for("30 articles");
    desk.wait("the library", |desk| desk.text().contains('●'));
    scene.disk.rule(&[("wf", "delay=200", &scene.home.join(".local"))]);
    let begun = Instant::now();
    desk.send("s");
    desk.wait("that it is on its way", |desk| signed(desk, '☆') == 1);
    let shown = begun.elapsed();
    desk.wait("that it is kept", |desk| signed(desk, '★') == 1);
    let kept = begun.elapsed();
    eprintln!("shown after {shown:?}, kept after {kept:?}");
    assert!(kept > Duration::from_millis(400) && shown < kept / 2, "{shown:?}, {kept:?}");
    for _ in 0..9 {
        desk.send("js");
        let seen = signed(&desk, '★');
        assert!(scene.stars() >= seen, "{seen} are acknowledged");
    }
    let key = answered(&mut desk, "/ferry", |desk| desk.text().contains("/ ferry"));
    let still = signed(&desk, '☆');
    eprintln!("a filter is there after {key:?}, when {still} marks are on their way");
    desk.send("\r");
    desk.wait("more", |desk| signed(desk, '★') > 1);
    assert!(scene.stars() >= signed(&desk, '★'));
    desk.send("js");
    desk.send("q");
    assert_eq!(desk.wait_for_end(), 0);
    assert!(desk.is_restored());
    assert_eq!(scene.stars(), 11);
}

#[test]
#[ignore = "long: needs seccomp"]
fn quit_with_a_hanging_library_explains_and_can_be_forced() {
    let scene = Scene::new(10);
    for gives_up in [false, true] {
        let mut desk = scene.open();
        desk.wait_for("10 articles");
        desk.wait("the library", |desk| desk.text().contains('●'));
        let before = scene.stars();
        scene.disk.rule(&[("wf", "hang", &scene.home.join(".local"))]);
        desk.send("s");
        desk.wait("that it is on its way", |desk| signed(desk, '☆') == 1);
        desk.send("j/ferry\r");
        desk.wait("that keys are answered", |desk| desk.text().contains("10 articles · 10 hits"));
        desk.send("q");
        desk.wait("what is waited for", |desk| said(desk).contains("the disk of the library is slow"));
        assert!(desk.is_restored());
        if gives_up {
            leave(&mut desk, "INT");
        } else {
            scene.disk.heal();
            assert_eq!(desk.wait_for_end(), 0);
            assert_ne!(scene.stars(), before);
        }
        scene.disk.heal();
    }
}

/// What the system says where a quota is used up, on all of Linux.
const EDQUOT: &str = "error=122";
const EIO: &str = "error=5";
const EACCES: &str = "error=13";

#[test]
#[ignore = "long: needs seccomp"]
fn quota_leaves_marks_unsaved_until_there_is_space() {
    let scene = Scene::new(20);
    let mut desk = scene.open();
    desk.wait_for("20 articles");
    desk.wait("the library", |desk| desk.text().contains('●'));
    let home = scene.home.join(".local");
    scene.disk.rule(&[("w", EDQUOT, &home)]);
    desk.send("sjs");
    let reason = "2 unsaved: the system could not read or write the library (Disk quota exceeded)";
    desk.wait("why it is unsaved", |desk| desk.text().contains(reason));
    assert_eq!((signed(&desk, '☆'), signed(&desk, '★')), (2, 0), "{}", desk.text());
    assert_eq!(scene.stars(), 0);
    let news = scene.news.to_str().unwrap();
    let output = scene.disk.command(&scene.home, &["mark", "--star", "--query", "ferry", news]).output();
    let output = output.unwrap();
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success() && told.to_lowercase().contains("quota"), "{told}");
    scene.disk.heal();
    desk.wait("that they are kept", |desk| !desk.text().contains("unsaved") && signed(desk, '★') == 2);
    // And where there is no room when the reader leaves, what is not kept is in a file.
    scene.disk.rule(&[("w", EDQUOT, &home)]);
    desk.send("js");
    desk.wait_for("1 unsaved");
    desk.send("q");
    desk.wait("the question", |desk| desk.text().contains("unsaved"));
    desk.signal(Signal::TERM);
    assert_eq!(desk.wait_for_end(), 128 + 15);
    assert!(desk.is_restored());
    let names = fs::read_dir(&scene.home).unwrap().map(|entry| entry.unwrap().file_name());
    assert_eq!(names.filter(|name| name.to_string_lossy().starts_with("newsdesk-unsaved-")).count(), 1);
    assert_eq!(scene.stars(), 2);
}

#[test]
#[ignore = "needs seccomp"]
fn quota_writes_no_broken_snapshot() {
    let scene = Scene::new(1_100);
    let cache = scene.home.join(".cache");
    scene.disk.rule(&[("w", EDQUOT, &cache)]);
    let make = || scene.disk.command(&scene.home, &["cache", "make", scene.news.to_str().unwrap()]).output().unwrap();
    let output = make();
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success() && told.contains("quota"), "{told}");
    for _ in 0..2 {
        let mut desk = scene.open();
        desk.wait_for("1,100 articles");
        leave(&mut desk, "q");
    }
    scene.disk.heal();
    assert!(make().status.success());
    // Where nothing can be read but the snapshot, all comes from there.
    scene.disk.rule(&[("r", EIO, &scene.news)]);
    let mut desk = scene.open();
    desk.wait_for("1,100 articles");
    assert!(!desk.text().contains("problem"), "{}", desk.text());
    leave(&mut desk, "q");
}

#[test]
#[ignore = "long: needs seccomp"]
fn read_errors_while_open_are_reported_and_recovered() {
    let scene = Scene::new(20);
    let deep = scene.news.join("deep");
    fs::create_dir(&deep).unwrap();
    scene.write("deep/inside.txt", 20);
    for (error, words) in [(EACCES, "you may not read it"), (EIO, "input/output error")] {
        scene.disk.heal();
        let mut desk = scene.open();
        desk.wait_for("21 articles");
        desk.wait("the library", |desk| desk.text().contains('●'));
        // A file that changed, and cannot be read any more.
        let file = scene.news.join("0003.txt");
        scene.disk.rule(&[("or", error, &file), ("ol", error, &deep)]);
        desk.send("\u{1b}[15~");
        desk.wait("the folder to be gone", |desk| {
            desk.text().contains("20 articles") && desk.text().contains("1 problem")
        });
        scene.write("0003.txt", 3);
        File::options().append(true).open(&file).unwrap().set_modified(std::time::SystemTime::now()).unwrap();
        desk.wait_for("19 articles");
        desk.wait_for("2 problems");
        desk.send("!");
        for name in ["0003.txt", "deep"] {
            let path = scene.news.join(name);
            let sentence = format!("{name}: {words}; it is left out");
            desk.wait(&sentence, |desk| said(desk).contains(&sentence));
            assert!(path.exists());
        }
        desk.send("\u{1b}");
        desk.wait("the list", |desk| !desk.text().contains("it is left out"));
        desk.send("jjs");
        desk.wait("the star", |desk| signed(desk, '★') == 1);
        scene.disk.heal();
        desk.send("\u{1b}[15~");
        desk.wait("all to be back", |desk| desk.text().contains("21 articles") && !desk.text().contains("problem"));
        assert_eq!(signed(&desk, '★'), 1);
        desk.send("s");
        desk.wait("the star to go", |desk| signed(desk, '★') == 0);
        leave(&mut desk, "q");
    }
}
