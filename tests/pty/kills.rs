//! Kills that nobody can catch, while the snapshot of a folder is written and while feeds are refreshed. What the
//! screen acknowledged is kept; library and snapshot open, and hold what they held or what is new, never half of it.
//!
//! Kills among marks are in `durability.rs`. `NEWSDESK_KILLS` says how many instead of the few that are always tried,
//! `NEWSDESK_KILLS_SEED` sets the seed.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant, UNIX_EPOCH};

use newsdesk::article::ArticleId;
use newsdesk::corpus::Corpus;
use newsdesk::engine::loader::{LoadOptions, Source};
use newsdesk::engine::{Cache, load_all, load_with};
use newsdesk::library::Library;
use newsdesk::library::feeds::EntryQuery;
use rustix::process::Signal;

use crate::support::rng::{Rng, setting};
use crate::support::server::{Answer, TestServer};
use crate::support::terminal::TestTerminal;

const PROGRAM: &str = env!("CARGO_BIN_EXE_newsdesk");

/// From this number of kills on, some of them come at every moment that matters.
const ENOUGH: u64 = 24;

/// Returns the number of kills from `NEWSDESK_KILLS`, or the usual number.
fn wanted(usual: u64) -> u64 {
    setting("NEWSDESK_KILLS").unwrap_or(usual)
}

/// Takes what is written for so long, or until `seen`, which is when in its work the kill finds the program.
fn let_work(desk: &mut TestTerminal, time: Duration, seen: impl Fn() -> bool) {
    let begun = Instant::now();
    while begun.elapsed() < time && !seen() {
        if let Ok(bytes) = desk.output.recv_timeout(Duration::from_micros(200)) {
            desk.take(&bytes);
        }
    }
}

fn kill(desk: &mut TestTerminal) {
    desk.signal(Signal::KILL);
    desk.wait_for_end();
}

const FILES: u64 = 1_500;

/// Writes an article as it is in this version, which its time tells too; long enough ago to be believed.
fn write(folder: &Path, number: u64, version: u64) {
    let path = folder.join(format!("{number}.txt"));
    let body = format!("The ferry sailed {version} times past pier {number}. ").repeat(60);
    fs::write(&path, format!("date 2023-09-{:02} WORLD\nArticle {number}\n\n{body}\n", 1 + number % 28)).unwrap();
    let time = UNIX_EPOCH + Duration::from_secs(1_600_000_000 + version);
    File::options().append(true).open(&path).unwrap().set_modified(time).unwrap();
}

/// All that there is to know of all articles, in their order.
fn everything(corpus: &Corpus) -> Vec<String> {
    let entries = corpus.order().iter().map(|&slot| corpus.get(slot).unwrap());
    entries.map(|entry| format!("{:?} {:?} {:?}", entry.path(), entry.stamp(), entry.article())).collect()
}

/// Whether a file is just being written for a snapshot.
fn is_writing(snapshots: &Path) -> bool {
    let folders =
        fs::read_dir(snapshots).into_iter().flatten().filter_map(|entry| fs::read_dir(entry.ok()?.path()).ok());
    folders.flatten().any(|file| file.is_ok_and(|file| file.file_name().to_string_lossy().starts_with("passing-")))
}

#[test]
fn kill_during_a_snapshot_write_leaves_a_correct_snapshot() {
    kill_during_snapshot_writes(3);
}

#[test]
#[ignore = "long: 96 kills"]
fn kills_during_snapshot_writes_leave_correct_snapshots() {
    kill_during_snapshot_writes(wanted(96));
}

fn kill_during_snapshot_writes(kills: u64) {
    let home = tempfile::tempdir().unwrap();
    let root = home.path().canonicalize().unwrap();
    let (folder, cached) = (root.join("news"), root.join(".cache/newsdesk"));
    let snapshots = cached.join("snapshots");
    fs::create_dir(&folder).unwrap();
    (0..FILES).for_each(|number| write(&folder, number, 0));
    let mut rng = Rng(setting("NEWSDESK_KILLS_SEED").unwrap_or(0x000d_1ce5));
    let (mut writing, mut used) = (0, 0);
    for round in 1..=kills {
        // Now and then all of it is written, else what changed.
        if round % 4 == 1 {
            let _ = fs::remove_dir_all(&snapshots);
        }
        for _ in 0..200 {
            write(&folder, rng.below(FILES), round);
        }
        let mut desk = TestTerminal::at_home(&root, 90, 30, PROGRAM, &[folder.to_str().unwrap()], &[]);
        desk.wait("the screen", |desk| desk.screen.screen().alternate_screen());
        let_work(&mut desk, Duration::from_secs(2), || is_writing(&snapshots));
        // Mostly at once, now and then late enough for a whole one to be there.
        let most = 1 << (4 + rng.below(14));
        let_work(&mut desk, Duration::from_micros(rng.below(most)), || false);
        writing += u64::from(is_writing(&snapshots));
        kill(&mut desk);
        let sources = [Source::Path(folder.clone())];
        let (cache, never) = (Cache::new(&cached), AtomicBool::new(false));
        let with = load_with(&sources, LoadOptions::default(), Some(&cache), &never, &mut |_| {});
        let without = load_all(&sources, LoadOptions::default());
        assert!(everything(&with.corpus) == everything(&without.corpus), "kill {round}");
        assert!(with.problems.is_empty(), "kill {round}: {:?}", with.problems);
        used += u64::from(with.progress.bytes < without.progress.bytes);
    }
    println!("{kills} kills, {writing} while a file was open, {used} snapshots that could be used after them");
    if kills >= ENOUGH {
        assert!(writing * 8 > kills, "{writing} of {kills} kills came while a snapshot was written");
        assert!(used * 8 > kills, "{used} of {kills} snapshots could be used");
    }
}

const FEEDS: usize = 30;
const ENTRIES: usize = 8;

/// All entries of a feed say which version they are of.
fn feed(number: usize, version: u64) -> String {
    let entry = |at: usize| {
        let text = format!("Version {version} of it. ").repeat(40);
        format!(
            "<item><guid>urn:{number}:{at}</guid><title>Story {at} of paper {number}.</title>\
             <pubDate>Mon, 06 Sep 2021 {at:02}:{number:02}:00 GMT</pubDate><description>{text}</description></item>"
        )
    };
    let items: String = (0..ENTRIES).map(entry).collect();
    format!("<rss version='2.0'><channel><title>Paper {number}</title>{items}</channel></rss>")
}

/// The headlines that the screen shows with a star that is kept.
fn starred(desk: &TestTerminal) -> HashSet<String> {
    let text = desk.text();
    let rows = text.lines().filter(|line| line.chars().take(3).any(|c| c == '★'));
    let headline = |row: &str| Some(row.get(row.find("Story ")?..)?.split_once('.')?.0.to_owned());
    rows.filter_map(headline).collect()
}

struct Kept {
    ids: BTreeMap<String, ArticleId>,
    /// The versions that the entries of each feed are of.
    versions: BTreeMap<usize, BTreeSet<String>>,
    entries: usize,
}

/// What the library holds of the feeds.
fn kept(library: &mut Library) -> Kept {
    let mut kept = Kept { ids: BTreeMap::new(), versions: BTreeMap::new(), entries: 0 };
    let all = EntryQuery::Newest(usize::MAX);
    let after = |text: &str, mark: &str, end: char| Some(text.split_once(mark)?.1.split_once(end)?.0.to_owned());
    library
        .read_entries(&all, |entry| {
            let headline = format!("Story {}", after(entry.article, "Story ", '.').unwrap());
            let feed = headline.rsplit(' ').next().unwrap().parse().unwrap();
            kept.versions.entry(feed).or_default().insert(after(entry.article, "Version ", ' ').unwrap());
            kept.ids.insert(headline, entry.id);
            kept.entries += 1;
        })
        .unwrap();
    kept
}

#[test]
fn kill_during_a_refresh_leaves_stars_and_whole_feeds() {
    kill_during_refreshes(3);
}

#[test]
#[ignore = "long: 96 kills"]
fn kills_during_refreshes_leave_stars_and_whole_feeds() {
    kill_during_refreshes(wanted(96));
}

fn kill_during_refreshes(kills: u64) {
    let version = Arc::new(AtomicU64::new(0));
    let served = Arc::clone(&version);
    let server = TestServer::start(move |request| {
        let number = request.path.trim_start_matches('/').parse().unwrap();
        // A slow server here and there, so that what comes is stored in several parts.
        std::thread::sleep(Duration::from_millis(number as u64 % 6 * 60));
        Answer::ok(feed(number, served.load(Ordering::Relaxed)))
    });
    let home = tempfile::tempdir().unwrap();
    let root = home.path().canonicalize().unwrap();
    fs::create_dir_all(root.join(".config/newsdesk")).unwrap();
    let config = "[layout]\ndensity = \"compact\"\n[reading]\nmark_read = \"manual\"\n[feeds]\nrepeated = \"each\"\n";
    fs::write(root.join(".config/newsdesk/config.toml"), config).unwrap();
    let outline = |number| format!("<outline type='rss' xmlUrl='{}'/>", server.url(&format!("/{number}")));
    let outlines: String = (0..FEEDS).map(outline).collect();
    fs::write(root.join("feeds.opml"), format!("<opml version='2.0'><body>{outlines}</body></opml>")).unwrap();
    for arguments in [&["feed", "import", root.join("feeds.opml").to_str().unwrap()][..], &["feed", "refresh"]] {
        let done = Command::new(PROGRAM).args(arguments).env_clear().env("HOME", &root).output().unwrap();
        assert!(done.status.success(), "{done:?}");
    }
    let library: PathBuf = root.join(".local/share/newsdesk/library.db");
    let mut rng = Rng(setting("NEWSDESK_KILLS_SEED").unwrap_or(0x0f_eed5));
    let (mut acknowledged, mut amid, mut stored) = (0, 0, 0);
    for round in 1..=kills {
        version.store(round, Ordering::Relaxed);
        let mut desk = TestTerminal::at_home(&root, 110, 40, PROGRAM, &[], &[]);
        desk.wait("the entries", |desk| desk.text().contains("240 articles") && desk.text().contains('●'));
        let marks = Library::open(&library).unwrap().marks().unwrap();
        // A star that is there already is not taken away again: what is selected is where it was left.
        desk.send(&format!("{}GR", 1 + (round * 3) % 30));
        let before = kept(&mut Library::open(&library).unwrap());
        desk.send("sjsjs");
        let_work(&mut desk, Duration::from_micros(rng.below(700_000)), || false);
        let mut seen = starred(&desk);
        kill(&mut desk);
        seen.retain(|headline| !marks.get(before.ids[headline]).is_starred());
        acknowledged += seen.len();
        let mut opened = Library::open(&library).unwrap();
        assert!(opened.check().unwrap().is_empty(), "kill {round}");
        let after = kept(&mut opened);
        assert_eq!(after.entries, FEEDS * ENTRIES, "kill {round}");
        for (feed, versions) in &after.versions {
            assert_eq!(versions.len(), 1, "kill {round}: feed {feed} is in part of {versions:?}");
        }
        let versions: BTreeSet<_> = after.versions.values().flatten().collect();
        amid += usize::from(versions.len() > 1);
        stored += usize::from(versions.contains(&round.to_string()));
        let marks = opened.marks().unwrap();
        for headline in &seen {
            assert!(marks.get(after.ids[headline]).is_starred(), "kill {round}: {headline} lost its star");
        }
    }
    println!("{kills} kills, {stored} after something was stored, {amid} before all was; {acknowledged} stars");
    if kills >= ENOUGH {
        assert!(amid > 0, "no kill came between the parts of a refresh");
        assert!(acknowledged > 0, "no star was acknowledged");
    }
}
