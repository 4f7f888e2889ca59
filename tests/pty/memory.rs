//! More articles than there is memory for, and files that are enormous.
//!
//! The largest cases are ignored; others are larger if `NEWSDESK_BIG` is set. All print their measurements.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::Write;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use newsdesk::article::{BlockKind, Draft, Role};
use newsdesk::engine::loader::{LoadOptions, Source};
use newsdesk::engine::{Cache, Event, load_all, make_snapshot};
use newsdesk::formats::{FeedArticle, FeedKey};
use newsdesk::library::feeds::{FetchOutcome, FetchResult, ParsedFeed, PreparedEntry};
use newsdesk::library::{FetchStatus, Library};
use newsdesk::query::SavedSearch;
use newsdesk::subscriptions::Subscription;

use crate::support::reader::*;
use crate::support::terminal::TestTerminal;

const PROGRAM: &str = env!("CARGO_BIN_EXE_newsdesk");

/// Writes articles of some 100 KB each, one for each of so many days.
fn days(folder: &Path, days: std::ops::Range<u32>) {
    for day in days {
        let text: String = (0..12_000).map(|word| format!("word{:x} ", word * 31 + day)).collect();
        fs::write(
            folder.join(format!("{:08x}.txt", day.wrapping_mul(2_654_435_761))),
            wire(day, &format!("Day {day:03}"), &text),
        )
        .unwrap();
    }
}

#[test]
fn memory_limit_skips_the_oldest_articles_and_reports_it() {
    let folder = tempfile::tempdir().unwrap();
    days(folder.path(), 0..300);
    let memory = 16 << 20;
    let whole = load(folder.path(), u64::MAX);
    assert!(whole.corpus.memory() > 28 << 20 && whole.problems.is_empty());
    let loaded = load(folder.path(), memory);
    let count = loaded.corpus.len();
    assert!(loaded.corpus.memory() as u64 <= memory && count > 90, "{count}");
    let newest: Vec<String> = headlines(&whole.corpus).into_iter().take(count).collect();
    assert_eq!(headlines(&loaded.corpus), newest);
    let left_out = 300 - count;
    assert_eq!((loaded.progress.left_out_files, loaded.progress.left_out_articles), (left_out, left_out));
    let sentence = format!(
        "memory: there is more than fits into the 16 MiB that articles may take (files.memory); the oldest {left_out} \
         files with {left_out} articles are left out"
    );
    assert_eq!(problems(&loaded), [sentence]);
    // What is left is whole.
    for &slot in loaded.corpus.order().iter() {
        let entry = loaded.corpus.get(slot).unwrap();
        assert_eq!(entry.article().words, 12_000);
        assert!(entry.path().exists());
    }
}

#[test]
fn articles_of_one_day_stay_as_far_as_they_fit() {
    let folder = tempfile::tempdir().unwrap();
    for number in 0..300 {
        let text: String = (0..12_000).map(|word| format!("word{:x} ", word * 31 + number)).collect();
        fs::write(folder.path().join(format!("{number}.txt")), wire(1, &format!("Article {number}"), &text)).unwrap();
    }
    let loaded = load(folder.path(), 16 << 20);
    let count = loaded.corpus.len();
    assert!(count > 90 && loaded.corpus.memory() <= 16 << 20, "{count}");
    assert_eq!(loaded.progress.left_out_articles, 300 - count);
}

#[test]
fn snapshot_of_rewritten_files_is_replaced_within_memory() {
    let (folder, home) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let root = folder.path().canonicalize().unwrap();
    let write = |version: u32, words: u32| {
        for number in 0..60 {
            let text: String = (0..words).map(|word| format!("word{:x} ", word * 31 + number)).collect();
            let path = root.join(format!("{number}.txt"));
            fs::write(&path, wire(number, &format!("Article {number} of {version}"), &text)).unwrap();
            set_time(&path, 1_000_000_000 + u64::from(version));
        }
    };
    write(1, 12_000);
    let cache = Cache::new(home.path()).with_least(1);
    let memory = 2 * load(&root, u64::MAX).corpus.memory() as u64 + (1 << 20);
    make_snapshot(&root, LoadOptions::default(), &cache, &mut |_| {}, &mut |_, _| {}).unwrap();
    // What comes out of the snapshot and what is read in its place are more than there is room for, until it is replaced.
    write(2, 17_000);
    let reader = Reader::open(vec![Source::Path(root)], memory, Some(cache), false);
    assert!(reader.corpus.memory() as u64 <= memory);
    let found = headlines(&reader.corpus);
    assert_eq!((found.len(), reader.left_out), (60, 0));
    assert!(found.iter().all(|headline| headline.ends_with("of 2")), "{found:?}");
}

#[test]
fn skipped_articles_are_reported_once_not_at_every_save() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().canonicalize().unwrap();
    days(&root, 0..250);
    let mut reader = Reader::open(vec![Source::Path(root.clone())], 16 << 20, None, true);
    reader.wait("that it is told", |reader, _| reader.complaints == 1);
    let (newest, left_out) = (headlines(&reader.corpus)[0].clone(), reader.left_out);
    for number in 0..3 {
        let headline = format!("Late {number}");
        fs::write(root.join("late.txt"), wire(251, &headline, "The desk opened at nine.")).unwrap();
        reader.wait("the late one", |reader, _| headlines(&reader.corpus)[0] == headline);
        // What is too old stays out.
        fs::write(root.join("old.txt"), wire(0, &format!("Old {number}"), "The desk opened at ten.")).unwrap();
    }
    fs::remove_file(root.join("late.txt")).unwrap();
    reader.wait("that it is gone", |reader, _| headlines(&reader.corpus)[0] == newest);
    assert_eq!((reader.complaints, reader.left_out), (1, left_out));
}

#[test]
fn undated_articles_are_as_old_as_their_files() {
    let folder = tempfile::tempdir().unwrap();
    for number in 0..300u64 {
        let text: String = (0..12_000).map(|word| format!("word{:x} ", word * 31 + number)).collect();
        let path = folder.path().join(format!("{:03}.txt", number * 7 % 300));
        fs::write(&path, format!("Undated\n\n{text}")).unwrap();
        set_time(&path, 1_000_000_000 + number * 7 % 300 * 1_000);
    }
    let loaded = load(folder.path(), 16 << 20);
    let left: BTreeSet<String> = loaded
        .corpus
        .order()
        .iter()
        .map(|&slot| loaded.corpus.get(slot).unwrap().path().file_stem().unwrap().to_string_lossy().into_owned())
        .collect();
    let newest: BTreeSet<String> = (300 - left.len()..300).map(|number| format!("{number:03}")).collect();
    assert!(left.len() > 90 && left == newest, "{left:?}");
}

#[test]
fn open_reader_stays_within_memory_as_files_come_and_go() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().canonicalize().unwrap();
    days(&root, 0..250);
    let memory = 16 << 20;
    let mut reader = Reader::open(vec![Source::Path(root.clone())], memory, None, false);
    assert!(reader.corpus.memory() as u64 <= memory);
    assert_eq!(reader.left_out, 250 - reader.corpus.len());
    reader.wait("that it is told", |reader, _| reader.problems.iter().any(|problem| problem.starts_with("memory:")));
    // Newer ones take the place of older ones.
    days(&root, 250..280);
    reader.archive.reload();
    reader.wait("the end of reading", |_, message| matches!(message, Event::Loading(progress) if progress.done));
    let found = headlines(&reader.corpus);
    assert!(reader.corpus.memory() as u64 <= memory);
    assert_eq!(found, (280 - found.len()..280).rev().map(|day| format!("Day {day:03}")).collect::<Vec<_>>());
    assert_eq!(reader.left_out, 280 - found.len());
    // Where the newest are gone, the older ones come back.
    for day in 60..280u32 {
        fs::remove_file(root.join(format!("{:08x}.txt", day.wrapping_mul(2_654_435_761)))).unwrap();
    }
    reader.archive.reload();
    reader.archive.reload();
    reader.wait("the older ones, and that nothing is left out", |reader, _| {
        reader.archive.reload();
        reader.corpus.len() == 60 && reader.problems.is_empty() && reader.left_out == 0
    });
}

#[test]
fn memory_setting_limits_and_check_and_status_report_it() {
    let (folder, home) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    days(folder.path(), 0..300);
    let config = home.path().join("desk.toml");
    fs::write(&config, "[files]\nmemory = \"16 MiB\"\n").unwrap();
    let options = ["--config".as_ref(), config.as_os_str()];
    let output =
        run(home.path(), &[options[0], options[1], "check".as_ref(), "--stats".as_ref(), folder.path().as_os_str()]);
    assert_eq!(output.status.code(), Some(1));
    let told = String::from_utf8(output.stdout).unwrap();
    assert!(told.contains("\nmemory: there is more than fits into the 16 MiB"), "{told}");
    let arguments = ["--config", config.to_str().unwrap(), folder.path().to_str().unwrap()];
    let mut desk = TestTerminal::at_home(home.path(), 160, 30, PROGRAM, &arguments, &[]);
    desk.wait("what is left out", |desk| desk.text().contains("articles left out"));
    desk.send("!");
    desk.wait_for("there is more than fits into the 16 MiB");
    desk.send("\u{1b}");
    desk.wait("the list", |desk| !desk.text().contains("there is more than fits into the 16 MiB"));
    desk.send("q");
    assert_eq!(desk.wait_for_end(), 0);
}

#[test]
fn feeds_stay_within_memory_and_newest_entries_stay() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("library.db");
    let mut library = Library::open(&path).unwrap();
    library.subscribe(&[Subscription::new("https://example.org/feed")]).unwrap();
    let deliver = |library: &mut Library, batch: u32| {
        let feed = library.feeds().unwrap().remove(0);
        let entries = (0..2_000u32).map(|number| {
            let name = format!("Entry {batch}-{number}");
            let day = chrono::NaiveDate::from_ymd_opt(2023, 1 + batch, 1);
            let mut draft = Draft { published: day.map(newsdesk::article::Published::Day), ..Draft::default() };
            draft.push(Role::Headline, name.clone());
            draft.push_body(BlockKind::Paragraph, format!("{name} ").repeat(200));
            PreparedEntry::new(&[feed.seed], None, FeedArticle { keys: vec![FeedKey::new(name)], guid: None, draft })
        });
        let document = ParsedFeed { title: "Example".to_owned(), entries: entries.collect(), ..ParsedFeed::default() };
        let outcome = FetchOutcome::Feed(Box::new(document));
        library
            .store(&[FetchResult {
                feed: feed.number,
                version: feed.version,
                health: FetchStatus::default(),
                moved_to: None,
                merge: true,
                outcome,
            }])
            .unwrap();
    };
    for batch in 0..6 {
        deliver(&mut library, batch);
    }
    let memory = 16 << 20;
    let source = Source::Feeds { library: path, merge: true };
    let whole = load_all(std::slice::from_ref(&source), LoadOptions::default());
    assert_eq!(whole.corpus.len(), 12_000);
    assert!(whole.corpus.memory() as u64 > memory * 3 / 2);
    let loaded = load_all(&[source], LoadOptions { memory, ..LoadOptions::default() });
    assert!(loaded.corpus.memory() as u64 <= memory, "{}", loaded.corpus.memory());
    let count = loaded.corpus.len();
    assert_eq!(loaded.progress.left_out_articles, 12_000 - count);
    // Each of the threads that read holds back up to one shard.
    assert!(count >= 3_000 && headlines(&loaded.corpus)[0].starts_with("Entry 5-"), "{count}");
    assert!(problems(&loaded)[0].ends_with("older articles are left out"), "{:?}", problems(&loaded));
}

#[test]
fn endless_standard_input_is_refused() {
    let home = tempfile::tempdir().unwrap();
    let config = home.path().join("desk.toml");
    fs::write(&config, "[files]\nmax_size = \"2 MiB\"\n").unwrap();
    let mut command = Command::new(PROGRAM);
    command.args(["--config".as_ref(), config.as_os_str(), "list".as_ref(), "-".as_ref()]);
    let output = command.env_clear().env("HOME", home.path()).stdin(File::open("/dev/zero").unwrap()).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(told.contains("standard input has more than 2097152 bytes"), "{told}");
}

#[test]
fn large_files_at_once_take_the_memory_of_a_few() {
    let (folder, home) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let size = if std::env::var_os("NEWSDESK_BIG").is_some() { 63 << 20 } else { 8 << 20 };
    let paragraph = format!("{}\n\n", "The desk opened at nine and closed at five. ".repeat(20));
    for number in 0..6 {
        let text = paragraph.repeat(size / paragraph.len());
        fs::write(folder.path().join(format!("{number}.txt")), wire(number, "Large", &text)).unwrap();
    }
    let config = home.path().join("desk.toml");
    // Less than all of them, more than four times one.
    let memory = size as u64 * 9 / 2;
    fs::write(&config, format!("[files]\nmemory = {memory}\n")).unwrap();
    let arguments = ["--config".as_ref(), config.as_os_str(), "check".as_ref(), "--stats".as_ref()];
    let output = run(home.path(), &[&arguments[..], &[folder.path().as_os_str()]].concat());
    let told = String::from_utf8(output.stdout).unwrap();
    let peak = peak_told(&told);
    assert!(told.contains("memory: there is more"), "{told}");
    assert!(peak < memory * 2 + (64 << 20), "{peak} with {memory}: {told}");
    eprintln!("6 files of {} MiB, {} MiB allowed: {} MiB at most", size >> 20, memory >> 20, peak >> 20);
}

/// Returns the most memory, in KiB, that the reader takes to count so many saved searches in the sources pane.
#[cfg(target_os = "linux")]
fn peak_of_searches(count: usize) -> u64 {
    let (folder, home) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    for number in 0..20 {
        let text: String = (0..2_000).map(|word| format!("word{:x} ", word * 31 + number)).collect();
        fs::write(folder.path().join(format!("{number}.txt")), wire(number, "Word", &text)).unwrap();
    }
    let path = home.path().join("library.db");
    let search = |number: usize| SavedSearch {
        name: format!("q{number}"),
        query: format!("/(word{number:x}|[a-e]+)[a-f0-9 ]{{1,30}}([0-9a-e]+ word){{1,20}}/"),
        ..SavedSearch::default()
    };
    let last = SavedSearch { name: "the last".to_owned(), query: "word".to_owned(), ..SavedSearch::default() };
    let searches = (1..count).map(search).chain([last]).collect();
    Library::open(&path).unwrap().add_searches(searches).unwrap();
    let variables = [("NEWSDESK_LIBRARY", path.to_str().unwrap())];
    let mut desk = TestTerminal::at_home(home.path(), 120, 24, PROGRAM, &[folder.path().to_str().unwrap()], &variables);
    desk.wait_for("20 articles");
    desk.send("f");
    desk.wait_for("q1 ");
    desk.send("G");
    desk.wait_for("the last");
    let status = fs::read_to_string(format!("/proc/{}/status", desk.child.process_id().unwrap())).unwrap();
    desk.send("q");
    assert_eq!(desk.wait_for_end(), 0);
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    peak.trim().trim_end_matches(" kB").parse().unwrap()
}

#[cfg(target_os = "linux")]
#[test]
fn searches_are_counted_in_the_memory_of_one() {
    let (few, many) = (peak_of_searches(10), peak_of_searches(300));
    assert!(many < few * 3 / 2, "{few} KiB for 10 searches, {many} KiB for 300");
}

/// What `check --stats` says that the program took at most.
fn peak_told(told: &str) -> u64 {
    let line = told.lines().find(|line| line.contains("peak memory of the program")).unwrap();
    line.trim().split(' ').next().unwrap().replace(',', "").parse().unwrap()
}

/// Formats whose shortest pieces take many times their bytes while they are read.
#[test]
fn hostile_files_are_refused_or_read_within_memory() {
    let size = if std::env::var_os("NEWSDESK_BIG").is_some() { 60 << 20 } else { 18 << 20 };
    let cases = [
        ("items.xml", "<rss version='2.0'><channel>", "<item><title>x</title></item>", "</channel></rss>"),
        ("tags.xml", "<rss version='2.0'><channel>", "<a/>", "</channel></rss>"),
        ("items.json", "{\"version\":\"https://jsonfeed.org/version/1\",\"items\":[", "{\"id\":\"1\"},", "{}]}"),
        ("numbers.json", "{\"version\":\"https://jsonfeed.org/version/1\",\"items\":[", "0,", "0]}"),
        ("stars.md", "# Title\n\n", "*a* ", "\n"),
        ("list.md", "# Title\n\n", "- \n", "\n"),
        ("page.html", "<html><body>", "<p>a</p>", "</body></html>"),
        ("lines.txt", "date 2023-09-27 WORLD\nHead\n\n", "a\n\n", ""),
    ];
    for (name, begin, piece, end) in cases {
        let (folder, home) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        fs::write(folder.path().join(name), format!("{begin}{}{end}", piece.repeat(size / piece.len()))).unwrap();
        let begun = Instant::now();
        let output = run(home.path(), &["check".as_ref(), "--stats".as_ref(), folder.path().as_os_str()]);
        let told = String::from_utf8(output.stdout).unwrap();
        let peak = peak_told(&told);
        let factor = peak / size as u64;
        eprintln!("{name}: {} MiB, {:.1?}, {} MiB at most", size >> 20, begun.elapsed(), peak >> 20);
        assert!(factor < 45, "{name}: {factor} times its size: {told}");
        let is_read = told.starts_with("1 article in 1 file");
        assert!(is_read || told.lines().any(|line| line.contains(name)), "{told}");
    }
}

/// A large case: runs `check --stats` and the reader with this config, and prints what they took.
fn measure(what: &str, path: &Path, config: &str, keys: &[&str], shown: &str) {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("desk.toml");
    fs::write(&file, config).unwrap();
    let begun = Instant::now();
    let output = run(
        home.path(),
        &["--config".as_ref(), file.as_os_str(), "check".as_ref(), "--stats".as_ref(), path.as_os_str()],
    );
    assert!(output.status.code().is_some(), "{what}: the program was ended: {:?}", output.status);
    let told = String::from_utf8(output.stdout).unwrap();
    let last = told.lines().last().unwrap_or_default();
    let checked = begun.elapsed();
    eprintln!("{what}: check {checked:.1?}, {} MiB at most; {last}", peak_told(&told) >> 20);
    let begun = Instant::now();
    let arguments = ["--config", file.to_str().unwrap(), path.to_str().unwrap()];
    let mut desk = TestTerminal::at_home(home.path(), 120, 40, PROGRAM, &arguments, &[]);
    desk.wait_for("newsdesk");
    let painted = begun.elapsed();
    while !desk.text().contains(shown) {
        let bytes = desk.output.recv_timeout(Duration::from_secs(300)).unwrap_or_else(|_| panic!("{}", desk.text()));
        desk.take(&bytes);
    }
    let ready = begun.elapsed();
    let mut slowest = Duration::ZERO;
    for key in keys {
        let pressed = Instant::now();
        desk.send(key);
        let bytes = desk.output.recv_timeout(Duration::from_secs(60)).unwrap();
        slowest = slowest.max(pressed.elapsed());
        desk.take(&bytes);
    }
    let status = fs::read_to_string(format!("/proc/{}/status", desk.child.process_id().unwrap())).unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or("unknown").trim().to_owned();
    let left = Instant::now();
    desk.send("q");
    assert_eq!(desk.wait_for_end(), 0);
    eprintln!(
        "{what}: first frame {painted:.1?}, ready {ready:.1?}, slowest key {slowest:.1?}, {peak}, q {:.1?}",
        left.elapsed()
    );
}

/// As large as the issue wants it: 10 GB and 2 GB in one file, 100 MB on one line, 5 million words in one article.
#[test]
#[ignore = "needs an hour and 12 GB of disk"]
fn enormous_files_are_opened_or_refused_with_a_message() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let large = "[files]\nmax_size = \"1 GiB\"\n";
    let keys = ["j", "\r", " ", " ", "G", "\u{1b}"];
    let sentence = "The desk opened at nine, “naïvely”, and Réuters told of it. ";
    fs::create_dir(path("sparse")).unwrap();
    File::create(path("sparse/ten-gigabytes.txt")).unwrap().set_len(10_000_000_000).unwrap();
    measure("10 GB, sparse", &path("sparse"), large, &["!", "\u{1b}"], "No articles. ! lists");
    fs::remove_dir_all(path("sparse")).unwrap();
    for (name, size, config) in [
        ("2 GB in one file", 2_100_000_000, large),
        ("1 GB in one file", 1_000_000_000, large),
        ("100 MB on one line", 100_000_000, large),
    ] {
        fs::create_dir(path("one")).unwrap();
        let mut file = File::create(path("one/one.txt")).unwrap();
        let piece = sentence.repeat(20_000);
        (0..size / piece.len()).for_each(|_| file.write_all(piece.as_bytes()).unwrap());
        let shown = if size > 2_000_000_000 { "No articles. ! lists" } else { "1 article" };
        measure(name, &path("one"), config, if size > 2_000_000_000 { &keys[..1] } else { &keys }, shown);
        fs::remove_dir_all(path("one")).unwrap();
    }
    fs::create_dir(path("words")).unwrap();
    let text = format!("{}\n\n", sentence.repeat(9)).repeat(5_000_000 / 99 + 1);
    fs::write(path("words/book.txt"), wire(1, "Five million words", &text)).unwrap();
    measure("5 million words", &path("words"), large, &keys, "1 article");
}

/// Two million files in one folder; `NEWSDESK_BIG` may say another number.
#[test]
#[ignore = "needs an hour and 12 GB of disk"]
fn millions_of_files_are_opened_within_memory() {
    let count = std::env::var("NEWSDESK_BIG").ok().and_then(|count| count.parse().ok()).unwrap_or(1);
    let count = if count > 1 { count } else { 2_000_000 };
    let folder = tempfile::tempdir().unwrap();
    many_entries(folder.path(), count);
    let all = format!("{} articles", newsdesk::text::format::grouped(count as u64));
    measure("millions of files", folder.path(), "", &["j", "j", "\r", " ", "\u{1b}"], &all);
    measure(
        "millions of files in 100 MiB",
        folder.path(),
        "[files]\nmemory = \"100 MiB\"\n",
        &["j", "\r", "\u{1b}"],
        "left out",
    );
}
