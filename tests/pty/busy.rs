//! Keys while the program is busy: a load, a reload and a refresh run, and a step in the list still is a small frame,
//! soon.
//!
//! `NEWSDESK_BUSY=FOLDER cargo test --release --test pty busy:: -- --nocapture` measures it over a folder of one's own, times
//! too; without it the folder is small, and only the bytes are looked at.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::support::server::{Answer, TestServer};
use crate::support::terminal::{PATIENCE, TestTerminal};

const PROGRAM: &str = env!("CARGO_BIN_EXE_newsdesk");

/// What a step may write, in bytes, and how much longer than twice the time of one while nothing else is done 95 of 100
/// may take.
const BYTES: usize = 8192;
const SOON: Duration = Duration::from_millis(5);

/// As from a key that is held down.
const PACE: Duration = Duration::from_millis(30);

const FEEDS: u64 = 40;
const KEYS: usize = 120;

fn feed(number: u64, version: u64) -> String {
    let item = |at: u64| {
        let text = format!("Version {version} of what the ferry did. ").repeat(100);
        format!("<item><guid>urn:{number}:{at}</guid><title>Story {at}</title><description>{text}</description></item>")
    };
    let items: String = (0..50).map(item).collect();
    format!("<rss version='2.0'><channel><title>Paper {number}</title>{items}</channel></rss>")
}

#[test]
fn list_steps_are_small_frames_during_load_and_refresh() {
    let version = AtomicU64::new(0);
    let server = TestServer::start(move |request| {
        let number = request.path.trim_start_matches('/').parse().unwrap();
        Answer::ok(feed(number, version.fetch_add(1, Ordering::Relaxed)))
    });
    let home = tempfile::tempdir().unwrap();
    let root = home.path().canonicalize().unwrap();
    let own = std::env::var_os("NEWSDESK_BUSY").map(PathBuf::from);
    let folder = own.clone().unwrap_or_else(|| {
        let folder = root.join("news");
        fs::create_dir(&folder).unwrap();
        for number in 0..8_000 {
            let body = "The ferry sailed past the pier again.\n\n".repeat(20);
            let text = format!("date 2023-09-{:02} WORLD\nArticle {number} of the day\n\n{body}", 1 + number % 28);
            fs::write(folder.join(format!("{number}.txt")), text).unwrap();
        }
        folder
    });
    let outline = |number| format!("<outline type='rss' xmlUrl='{}'/>", server.url(&format!("/{number}")));
    let outlines: String = (0..FEEDS).map(outline).collect();
    fs::write(root.join("feeds.opml"), format!("<opml version='2.0'><body>{outlines}</body></opml>")).unwrap();
    let mut import = Command::new(PROGRAM);
    import.args(["feed", "import"]).arg(root.join("feeds.opml"));
    assert!(import.env_clear().env("HOME", &root).output().unwrap().status.success());

    let mut desk = TestTerminal::at_home(&root, 120, 40, PROGRAM, &[folder.to_str().unwrap()], &[]);
    desk.wait("the first articles", |desk| desk.text().contains("articles"));
    let loading = walk(&mut desk, "first load", "");
    // Loading is over when nothing is drawn any more.
    while let Ok(bytes) = desk.output.recv_timeout(Duration::from_secs(1)) {
        desk.take(&bytes);
    }
    let rest = walk(&mut desk, "nothing", "");
    // What runs is begun again as soon as it can have ended; where it has not, that means nothing.
    let refreshing = walk(&mut desk, "refresh", "R");
    let reloading = walk(&mut desk, "refresh and reload", "R\u{1b}[15~");
    let requests = server.requests().len();
    println!("{requests} requests for feeds");
    desk.send("q");
    assert_eq!(desk.wait_for_end(), 0);
    assert!(requests > FEEDS as usize, "{requests} requests");
    // A step to another article shows another text, however busy the program is. A list into which articles come while it
    // loads is drawn anew around what is selected.
    // The small folder's articles are alike but for their numbers and days.
    assert!(own.is_some() || rest.bytes < 1_000, "{} bytes at rest", rest.bytes);
    assert!(loading.bytes <= 4 * BYTES, "{} bytes while loading, {} at rest", loading.bytes, rest.bytes);
    for figures in [&rest, &refreshing, &reloading] {
        assert!(figures.bytes <= BYTES, "{} bytes, {} at rest", figures.bytes, rest.bytes);
        if own.is_some() {
            let soon = rest.answer * 2 + SOON;
            assert!(figures.answer <= soon, "{:?}, {:?} at rest", figures.answer, rest.answer);
        }
    }
}

/// What 95 of 100 steps stay below.
struct Figures {
    answer: Duration,
    bytes: usize,
}

/// Goes up and down the list, while what `keys` begin runs.
fn walk(desk: &mut TestTerminal, during: &str, keys: &str) -> Figures {
    let (mut answers, mut written) = (Vec::new(), Vec::new());
    let begun = Instant::now();
    for number in 0..KEYS {
        if number % 20 == 0 {
            desk.send(keys);
        }
        while let Ok(bytes) = desk.output.try_recv() {
            desk.take(&bytes);
        }
        let (pressed, before) = (Instant::now(), desk.written.len());
        desk.send(if number % 40 < 20 { "j" } else { "k" });
        let mut answer = None;
        while let Ok(bytes) = desk.output.recv_timeout(PACE.saturating_sub(pressed.elapsed())) {
            answer.get_or_insert_with(|| pressed.elapsed());
            desk.take(&bytes);
        }
        answers.extend(answer);
        written.push(desk.written.len() - before);
        assert!(begun.elapsed() < 2 * PATIENCE, "{number} keys took {:?}", begun.elapsed());
    }
    answers.sort_unstable();
    written.sort_unstable();
    let at = |percent: usize| (answers[answers.len() * percent / 100], written[written.len() * percent / 100]);
    let ((middle, usual), (answer, bytes)) = (at(50), at(95));
    let missed = KEYS - answers.len();
    println!(
        "{during}: {middle:?} and {usual} bytes (median), {answer:?} and {bytes} bytes (95 of 100); {missed} slower"
    );
    assert!(missed * 2 < KEYS, "{missed} of {KEYS} steps were not answered in {PACE:?}");
    Figures { answer, bytes }
}
