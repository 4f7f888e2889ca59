//! Signals at any moment: while articles are loaded, filtered, marked, while feeds are refreshed. The terminal is given
//! back whole, the library is whole, and what the screen acknowledged is in it.
//!
//! `NEWSDESK_SIGNALS` says how many times instead of the few that are always tried, `NEWSDESK_SIGNALS_SEED` sets the
//! seed.

use std::collections::{BTreeMap, HashSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use newsdesk::article::ArticleId;
use newsdesk::library::Library;
use newsdesk::library::feeds::EntryQuery;
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, waitid};

use crate::support::rng::{Rng, setting};
use crate::support::server::{Answer, TestServer};
use crate::support::terminal::TestTerminal;

const PROGRAM: &str = env!("CARGO_BIN_EXE_newsdesk");

const FILES: usize = 1_200;
const FEEDS: usize = 12;
const ENTRIES: usize = 8;

/// A home with a folder of articles that is large enough for a snapshot, and subscriptions.
struct Home {
    home: tempfile::TempDir,
    folder: PathBuf,
}

impl Home {
    fn new(server: &TestServer) -> Home {
        let home = tempfile::tempdir().unwrap();
        let root = home.path().canonicalize().unwrap();
        let folder = root.join("news");
        fs::create_dir(&folder).unwrap();
        for number in 0..FILES {
            let (month, day) = (12 - number / 120, 28 - number / 5 % 24);
            let text = format!("date 2023-{month:02}-{day:02} WORLD\nArticle {number:04}\n\nThe ferry sailed.\n");
            fs::write(folder.join(format!("{number:04}.txt")), text).unwrap();
        }
        fs::create_dir_all(root.join(".config/newsdesk")).unwrap();
        let config = "[layout]\ndensity = \"compact\"\n[reading]\nmark_read = \"manual\"\n";
        fs::write(root.join(".config/newsdesk/config.toml"), config).unwrap();
        let outline = |number| format!("<outline type='rss' xmlUrl='{}'/>", server.url(&format!("/{number}")));
        let outlines: String = (0..FEEDS).map(outline).collect();
        fs::write(root.join("feeds.opml"), format!("<opml version='2.0'><body>{outlines}</body></opml>")).unwrap();
        let home = Home { home, folder };
        let mut import = Command::new(PROGRAM);
        import.args(["feed", "import"]).arg(root.join("feeds.opml"));
        let done = import.env_clear().env("HOME", &root).output().unwrap();
        assert!(done.status.success(), "{done:?}");
        home
    }

    fn path(&self) -> &Path {
        self.home.path()
    }

    fn id(&self, number: usize) -> ArticleId {
        ArticleId::of(self.folder.join(format!("{number:04}.txt")).as_os_str().as_encoded_bytes(), 0)
    }

    fn library(&self) -> Library {
        Library::open(&self.path().join(".local/share/newsdesk/library.db")).unwrap()
    }
}

fn feed(number: usize, version: u64) -> String {
    let entry = |at: usize| {
        format!(
            "<item><guid>urn:{number}:{at}</guid><title>Story {at} of {number}</title>\
             <description>As of {version} the ferry sailed.</description></item>"
        )
    };
    let items: String = (0..ENTRIES).map(entry).collect();
    format!("<rss version='2.0'><channel><title>Paper {number}</title>{items}</channel></rss>")
}

/// The numbers of the articles that the screen shows with a star that is kept.
fn starred(desk: &TestTerminal) -> HashSet<usize> {
    let text = desk.text();
    let rows = text.lines().filter(|line| line.chars().take(3).any(|c| c == '★'));
    rows.filter_map(|line| line.split("Article ").nth(1)?.get(..4)?.parse().ok()).collect()
}

fn pid(desk: &TestTerminal) -> Pid {
    Pid::from_raw(desk.child.process_id().unwrap().cast_signed()).unwrap()
}

/// Takes what is written for so long, which is when in its work the signal finds the program.
fn let_work(desk: &mut TestTerminal, time: Duration) {
    let begun = Instant::now();
    while let Ok(bytes) = desk.output.recv_timeout(time.saturating_sub(begun.elapsed())) {
        desk.take(&bytes);
    }
}

#[test]
fn signals_at_any_moment_leave_terminal_and_library_whole() {
    send_signals(6);
}

#[test]
#[ignore = "long: 96 signals"]
fn signals_in_numbers_leave_terminal_and_library_whole() {
    send_signals(setting("NEWSDESK_SIGNALS").unwrap_or(96));
}

fn send_signals(wanted: u64) {
    let seed = setting("NEWSDESK_SIGNALS_SEED").unwrap_or(0x0516);
    let version = std::sync::atomic::AtomicU64::new(0);
    let server = TestServer::start(move |request| {
        let number = request.path.trim_start_matches('/').parse().unwrap();
        Answer::ok(feed(number, version.fetch_add(1, std::sync::atomic::Ordering::Relaxed)))
    });
    let home = Home::new(&server);
    let folder = home.folder.to_str().unwrap();
    let mut rng = Rng(seed);
    let mut acknowledged = 0;
    for number in 1..=wanted {
        let doing = ["loading", "filtering", "marking", "refreshing"][rng.below(4) as usize];
        let before = home.library().marks().unwrap();
        let arguments: &[&str] = if doing == "refreshing" { &[] } else { &[folder] };
        let mut desk = TestTerminal::at_home(home.path(), 90, 38, PROGRAM, arguments, &[]);
        let signal = [Signal::TERM, Signal::HUP, Signal::INT, Signal::QUIT, Signal::TSTP][rng.below(5) as usize];
        let case = format!("signal {number} of seed {seed}, {signal:?} while {doing}");
        if doing == "loading" {
            // From before the program listens to signals until it has read everything.
            if signal == Signal::TSTP {
                desk.wait("the screen", |desk| desk.screen.screen().alternate_screen());
            }
            let_work(&mut desk, Duration::from_micros(rng.below(60_000)));
        } else {
            match doing {
                "refreshing" => desk.wait("the feeds", |desk| desk.screen.screen().alternate_screen()),
                _ => desk.wait("the articles and their marks", |desk| {
                    desk.text().contains("1,200 articles") && desk.text().contains('●')
                }),
            }
            match doing {
                "refreshing" => desk.send("R"),
                "filtering" => desk.send("/\u{15}ferry sail"),
                _ => desk.send("sjsjsjsjs"),
            }
            let_work(&mut desk, Duration::from_micros(rng.below(40_000)));
        }
        // What was starred before may be losing its star.
        let mut seen = if doing == "marking" { starred(&desk) } else { HashSet::new() };
        seen.retain(|&article| !before.get(home.id(article)).is_starred());
        desk.signal(signal);
        if signal == Signal::TSTP {
            desk.wait(&case, TestTerminal::is_restored);
            waitid(WaitId::Pid(pid(&desk)), WaitIdOptions::STOPPED | WaitIdOptions::NOWAIT).unwrap();
            desk.signal(Signal::CONT);
            desk.wait(&case, |desk| desk.screen.screen().alternate_screen());
            let_work(&mut desk, Duration::from_micros(rng.below(20_000)));
            desk.signal(Signal::TERM);
        }
        let code = desk.wait_for_end();
        assert!(desk.is_restored(), "{case}");
        let ending = if signal == Signal::TSTP { Signal::TERM } else { signal };
        // Before the program listens, the signal itself ends it, which is told as another code.
        assert!(code == 128 + ending.as_raw().cast_unsigned() || doing == "loading" && code == 1, "{case}: {code}");
        let marks = home.library().marks().unwrap();
        for &article in &seen {
            assert!(marks.get(home.id(article)).is_starred(), "{case}: article {article} lost its star");
        }
        acknowledged += seen.len();
        assert!(home.library().check().unwrap().is_empty(), "{case}");
        // A feed is there with all of its entries, or with none.
        let mut counts: BTreeMap<_, usize> = BTreeMap::new();
        let all = EntryQuery::Newest(usize::MAX);
        home.library().read_entries(&all, |entry| *counts.entry(entry.feed).or_default() += 1).unwrap();
        assert!(counts.values().all(|count| *count == ENTRIES), "{case}: {counts:?}");
    }
    println!("{wanted} signals, {acknowledged} marks were acknowledged before them");
    assert!(acknowledged > 0 || wanted < 48, "no mark was acknowledged before a signal");
}
