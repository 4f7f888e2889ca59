//! Load for as long as wanted: two programs share one library, one over a folder in which files come, go and change,
//! one over feeds that are refreshed, both under random keys. Memory, threads, open files and the answers to keys are
//! to be at the end what they were at the beginning.
//!
//! `NEWSDESK_SOAK=1800 cargo test --release --test pty soak:: -- --nocapture` does it for half an hour, and prints figures.

use crate::support::terminal;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use newsdesk::library::Library;

use crate::support::rng::Rng;
use crate::support::server::{Answer, TestServer};
use crate::support::terminal::TestTerminal;

const PROGRAM: &str = env!("CARGO_BIN_EXE_newsdesk");

const FILES: u64 = 3_000;
const FEEDS: u64 = 20;
const ENTRIES: u64 = 30;

/// What is done to one program or the other comes so often, as from somebody who types fast.
const STEP: Duration = Duration::from_millis(25);

/// A run that is shorter is still warming up.
const SHORT: Duration = Duration::from_secs(5 * 60);

/// How much more memory the last third may take than the first: a tenth, and so many kB. A short run is still meeting
/// things for the first time, among them the heaps that the system's library gives to each of the threads that fetch.
fn bound(first: u64, time: Duration) -> u64 {
    first + first / 10 + if time < SHORT { 32 << 10 } else { 6 << 10 }
}

/// How many more threads, or open files, there may be at the most: what a refresh or a filter in the moment of looking
/// makes. After it, when nothing is done, there are as many as before.
const PASSING: u64 = 24;

/// How many more descriptors of the library there may be when nothing is done: SQLite keeps that of a closed connection
/// while another one holds a lock on the file, and gives it to the next (`library.rs`: `connections_that_were_closed…`).
/// Of other files there may be none.
const KEPT_BY_SQLITE: usize = 2;

/// How much longer an answer may take at the end: a ratio, and what a busy machine does to the shortest.
const LONGER: (u32, Duration) = (2, Duration::from_millis(25));

const WORDS: &[&str] = &["river", "ferry", "minister", "budget", "harbour", "strike", "storm", "treaty"];

fn text(number: u64, version: u64) -> String {
    let mut rng = Rng(number * 7_919 + version + 1);
    let mut text = String::new();
    for _ in 0..8 + rng.below(8) {
        text.push('\n');
        for _ in 0..30 {
            text.push_str(WORDS[rng.index(WORDS.len())]);
            text.push(' ');
        }
        text.push_str(&format!("on day {version} of {number}.\n"));
    }
    text
}

fn write(folder: &Path, number: u64, version: u64) {
    let (month, day) = (1 + number % 12, 1 + number % 28);
    let text = format!(
        "date 2023-{month:02}-{day:02} WORLD\nArticle {number} as of {version}\n{}\nSOURCE:TestTerminal\n",
        text(number, version)
    );
    fs::write(folder.join(format!("{number}.txt")), text).unwrap();
}

/// Every feed has the same entries always; a quarter of them says something else each time. The first feed has a new
/// one each time, which stays what it is: what comes with what changes again must not keep that in memory.
fn feed(number: u64, version: u64) -> String {
    let entry = |at: u64| {
        let (id, version) = (number * ENTRIES + at, (version + at) / 4);
        let body = text(id, version).replace('\n', " ");
        format!(
            "<item><guid>urn:x:{id}</guid><title>Story {id} as of {version}</title><description>{body}</description></item>"
        )
    };
    let items: String = (0..ENTRIES).map(entry).collect();
    let new = if number == 0 {
        format!("<item><guid>urn:new:{version}</guid><title>News {version}</title></item>")
    } else {
        String::new()
    };
    format!("<rss version='2.0'><channel><title>Paper {number}</title>{items}{new}</channel></rss>")
}

/// What is known of a program at a moment: memory that is its own, in kB, threads, and open files.
#[derive(Clone, Copy, Debug)]
struct Sample {
    memory: u64,
    threads: u64,
    files: u64,
}

fn look(desk: &TestTerminal) -> Sample {
    let process = PathBuf::from(format!("/proc/{}", desk.child.process_id().unwrap()));
    let status = fs::read_to_string(process.join("status")).unwrap();
    let number = |name: &str| -> u64 {
        let line = status.lines().find(|line| line.starts_with(name)).unwrap();
        line.split_whitespace().nth(1).unwrap().parse().unwrap()
    };
    let files = fs::read_dir(process.join("fd")).unwrap().count() as u64;
    Sample { memory: number("RssAnon:"), threads: number("Threads:"), files }
}

/// What its open files are, for who wants to know which one more there is.
fn open_files(desk: &TestTerminal) -> Vec<String> {
    let process = PathBuf::from(format!("/proc/{}/fd", desk.child.process_id().unwrap()));
    let links = fs::read_dir(process).unwrap().filter_map(|entry| fs::read_link(entry.unwrap().path()).ok());
    let mut names: Vec<String> = links.map(|link| link.to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

/// A program, and what was seen of it.
struct Worked {
    name: &'static str,
    desk: TestTerminal,
    /// What it was when it had done a little of everything, and at the end, both at rest.
    rests: [Sample; 2],
    /// What was open at each of these.
    open: [Vec<String>; 2],
    samples: Vec<Sample>,
    answers: Vec<Duration>,
}

impl Worked {
    fn new(name: &'static str, home: &Path, arguments: &[&str], ready: &str) -> Worked {
        let mut desk = TestTerminal::at_home(home, 120, 40, PROGRAM, arguments, &[("VISUAL", "true")]);
        desk.wait_for(ready);
        let rest = look(&desk);
        Worked { name, desk, rests: [rest; 2], open: Default::default(), samples: Vec::new(), answers: Vec::new() }
    }

    /// Takes what has been written.
    fn drain(&mut self) {
        while let Ok(bytes) = self.desk.output.try_recv() {
            self.desk.take(&bytes);
        }
        self.desk.forget_written();
    }

    /// Presses keys, and takes the time to the first byte that is written.
    fn press(&mut self, keys: &str) {
        self.drain();
        let pressed = Instant::now();
        self.desk.send(keys);
        if let Ok(bytes) = self.desk.output.recv_timeout(STEP) {
            self.answers.push(pressed.elapsed());
            self.desk.take(&bytes);
        }
    }

    /// What the keys of a reader may be who never leaves. An escape that is followed at once by a letter would be
    /// another key, so each key is pressed by itself.
    fn step(&mut self, rng: &mut Rng) {
        const MOVES: &[&str] = &["j", "k", "J", "K", "g", "G", "\u{4}", "\u{15}", "\u{6}", "\u{2}", " ", "b", "n", "N"];
        const PANES: &[&str] = &["h", "l", "\t", "\r", "\u{1b}", "z", "f", "]", "[", "\u{c}", "?", "!", "d"];
        let keys = match rng.below(100) {
            0..45 => MOVES[rng.index(MOVES.len())].to_owned(),
            45..55 => PANES[rng.index(PANES.len())].to_owned(),
            55..72 => format!("\u{1b}/\u{15}{}", WORDS[rng.index(WORDS.len())]),
            72..78 => format!("/ -{} OR {}\r", WORDS[rng.index(WORDS.len())], WORDS[rng.index(WORDS.len())]),
            78..86 => ["s", "r", "u", "s"][rng.index(4)].to_owned(),
            86..89 => format!("\u{1b}\u{1b}t{}\r", WORDS[rng.index(WORDS.len())]),
            89..91 => format!("\u{1b}\u{1b}m{}\u{1b}", WORDS[rng.index(WORDS.len())]),
            91 => return self.press("\u{1b}[200~a paste of some words\u{1b}[201~"),
            92 => "e".to_owned(),
            _ => "\u{1b}".to_owned(),
        };
        for key in keys.chars() {
            self.press(key.encode_utf8(&mut [0; 4]));
        }
        if rng.below(200) == 0 {
            self.desk.resize(40 + rng.below(120) as u16, 10 + rng.below(40) as u16);
        }
    }

    /// Goes back to the list and lets what is being done end: until threads and files are the same for a second.
    fn settle(&mut self) -> Sample {
        let begun = Instant::now();
        self.desk.resize(120, 40);
        for _ in 0..4 {
            self.press("\u{1b}");
        }
        let (mut last, mut since) = (look(&self.desk), Instant::now());
        while since.elapsed() < Duration::from_secs(1) {
            assert!(begun.elapsed() < terminal::PATIENCE * 3, "{}: it does not come to rest", self.name);
            if let Ok(bytes) = self.desk.output.recv_timeout(STEP) {
                self.desk.take(&bytes);
            }
            let now = look(&self.desk);
            if (now.threads, now.files) != (last.threads, last.files) {
                since = Instant::now();
            }
            last = now;
        }
        last
    }

    /// Prints the figures, and holds the last third against the first.
    fn judge(&self, time: Duration) {
        let third = |of: usize| [0..of / 3, of - of / 3..of];
        let samples = third(self.samples.len()).map(|range| &self.samples[range]);
        let memory = samples.map(|samples| median(samples.iter().map(|sample| sample.memory)));
        let most = |of: fn(&Sample) -> u64| samples.map(|samples| samples.iter().map(of).max().unwrap_or_default());
        let (threads, files) = (most(|sample| sample.threads), most(|sample| sample.files));
        let answers = third(self.answers.len()).map(|range| &self.answers[range]);
        let middle = answers.map(|answers| median(answers.iter().copied()));
        let late = answers.map(|answers| rank(answers.iter().copied(), 95));
        let (name, [before, after]) = (self.name, self.rests);
        println!(
            "{name}: {} keys answered, {} samples; first third, last third:",
            self.answers.len(),
            self.samples.len()
        );
        println!("  at rest {before:?}, {after:?}");
        println!("  memory {} kB, {} kB (median)", memory[0], memory[1]);
        println!("  threads {}, {}; open files {}, {} (most)", threads[0], threads[1], files[0], files[1]);
        println!("  a key {:?}, {:?} (median), {:?}, {:?} (95 of 100)", middle[0], middle[1], late[0], late[1]);
        assert!(memory[1] <= bound(memory[0], time), "{name}: {} kB of memory became {} kB", memory[0], memory[1]);
        assert!(after.threads <= before.threads, "{name}: {before:?} became {after:?}");
        let [first, last] = self.open.each_ref().map(|open| {
            let (library, others): (Vec<&String>, Vec<&String>) =
                open.iter().partition(|name| name.contains("library.db"));
            (library.len(), others)
        });
        assert!(last.1.len() <= first.1.len(), "{name}: {:?} became {:?}", first.1, last.1);
        assert!(last.0 <= first.0 + KEPT_BY_SQLITE, "{name}: {:?}", self.open);
        for [first, last] in [threads, files] {
            assert!(last <= first + PASSING, "{name}: {first} became {last}");
        }
        for [first, last] in [middle, late] {
            assert!(last <= first * LONGER.0 + LONGER.1, "{name}: answers took {first:?} and take {last:?}");
        }
    }
}

fn rank<T: Ord + Default + Copy>(values: impl Iterator<Item = T>, percent: usize) -> T {
    let mut values: Vec<T> = values.collect();
    values.sort_unstable();
    values.get(values.len() * percent / 100).copied().unwrap_or_default()
}

fn median<T: Ord + Default + Copy>(values: impl Iterator<Item = T>) -> T {
    rank(values, 50)
}

#[test]
#[ignore = "long: a minute or more of load"]
fn memory_threads_files_and_latency_are_stable_under_load() {
    let setting = |name: &str| std::env::var(name).ok().and_then(|value| value.parse().ok());
    let time = Duration::from_secs(setting("NEWSDESK_SOAK").unwrap_or(60));
    let mut rng = Rng(setting("NEWSDESK_SOAK_SEED").unwrap_or(0x5eed));

    let asked = AtomicU64::new(0);
    let server = TestServer::start(move |request| {
        let number = request.path.trim_start_matches('/').parse().unwrap();
        Answer::ok(feed(number, asked.fetch_add(1, Ordering::Relaxed) / FEEDS))
    });
    let home = tempfile::tempdir().unwrap();
    let root = home.path().canonicalize().unwrap();
    let folder = root.join("news");
    fs::create_dir(&folder).unwrap();
    (0..FILES).for_each(|number| write(&folder, number, 0));
    let outlines: String = (0..FEEDS)
        .map(|number| format!("<outline type='rss' xmlUrl='{}'/>", server.url(&format!("/{number}"))))
        .collect();
    fs::write(root.join("feeds.opml"), format!("<opml version='2.0'><body>{outlines}</body></opml>")).unwrap();
    for arguments in [&["feed", "import", root.join("feeds.opml").to_str().unwrap()][..], &["feed", "refresh"]] {
        let done = std::process::Command::new(PROGRAM).args(arguments).env_clear().env("HOME", &root).output().unwrap();
        assert!(done.status.success(), "{done:?}");
    }

    let mut programs = [
        Worked::new("folder", &root, &[folder.to_str().unwrap()], "3,000 articles"),
        Worked::new("feeds", &root, &[], "601 articles"),
    ];
    let (begun, every) = (Instant::now(), time / 120);
    let (mut steps, mut changes, mut looked, mut warm) = (0u64, 0u64, Instant::now(), false);
    while begun.elapsed() < time {
        if !warm && begun.elapsed() > time / 10 {
            warm = true;
            for program in &mut programs {
                program.rests[0] = program.settle();
                program.open[0] = open_files(&program.desk);
            }
        }
        steps += 1;
        let which = rng.index(2);
        programs[which].step(&mut rng);
        if rng.below(12) == 0 {
            changes += 1;
            change(&folder, &mut rng, changes);
        }
        if rng.below(80) == 0 {
            programs[1].press("\u{1b}");
            programs[1].press("\u{1b}");
            programs[1].press("R");
        }
        if looked.elapsed() >= every {
            looked = Instant::now();
            for program in &mut programs {
                program.drain();
                let sample = look(&program.desk);
                program.samples.push(sample);
            }
            let taken = programs[0].samples.len();
            if taken.is_multiple_of(10) {
                let [folder, feeds] = programs.each_ref().map(|program| program.samples[taken - 1].memory);
                println!("after {:?}: {folder} kB, {feeds} kB", begun.elapsed());
            }
        }
    }
    println!("{time:?}: {steps} steps, {changes} changes of files, {} requests for feeds", server.requests().len());
    for program in &mut programs {
        program.rests[1] = program.settle();
        program.open[1] = open_files(&program.desk);
    }
    programs.iter().for_each(|program| program.judge(time));
    for program in &mut programs {
        program.desk.send("q");
        assert_eq!(program.desk.wait_for_end(), 0);
        assert!(program.desk.is_restored());
    }
    assert!(Library::open(&root.join(".local/share/newsdesk/library.db")).unwrap().check().unwrap().is_empty());
}

/// A file is written anew, goes, comes back, or moves; on the whole there are as many as before.
fn change(folder: &Path, rng: &mut Rng, version: u64) {
    let number = rng.below(FILES);
    let path = folder.join(format!("{number}.txt"));
    match rng.below(8) {
        0 => drop(fs::remove_file(&path)),
        1 => drop(fs::rename(&path, folder.join(format!("{}.txt", rng.below(FILES))))),
        _ => write(folder, number, version),
    }
}
