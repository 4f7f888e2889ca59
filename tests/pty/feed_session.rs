//! A new reader's first hour with feeds: fifty of them, imported, refreshed, read, starred, without the server, again.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use newsdesk::library::Library;
use newsdesk::library::feeds::EntryQuery;
use rustix::process::Signal;
use serde_json::Value;

use crate::support::server::{Answer, Request, TestServer};
use crate::support::terminal::TestTerminal;

const PROGRAM: &str = env!("CARGO_BIN_EXE_newsdesk");

const FEEDS: usize = 50;
const ENTRIES: usize = 6;

/// What an entry is to say: title, link, date, text.
fn entry(feed: usize, number: usize) -> [String; 4] {
    let link = format!("https://example.org/{feed}/{number}");
    let date = format!("2026-10-{:02}T{:02}:{:02}:00Z", number + 1, feed % 24, feed);
    [
        format!("Story {number} of paper {feed}"),
        link,
        date,
        format!("The ferry {feed} sailed {number} times & came back."),
    ]
}

fn feed(number: usize) -> String {
    let entries = (0..ENTRIES).map(|at| entry(number, at));
    let title = format!("Paper {number}");
    let page = "https://example.org/";
    let escaped = |text: &str| text.replace('&', "&amp;");
    match number % 5 {
        0 => {
            let items: String = entries
                .map(|[title, link, date, text]| {
                    let date = chrono::DateTime::parse_from_rfc3339(&date).unwrap().to_rfc2822();
                    format!(
                        "<item><title>{title}</title><link>{link}</link><guid>{link}</guid><pubDate>{date}</pubDate>\
                    <description>&lt;p&gt;{}&lt;/p&gt;</description></item>",
                        escaped(&escaped(&text))
                    )
                })
                .collect();
            format!("<rss version='2.0'><channel><title>{title}</title><link>{page}</link>{items}</channel></rss>")
        }
        1 => {
            let items: String = entries.map(|[title, link, date, text]| {
                format!("<entry><title>{title}</title><link href='{link}'/><id>urn:x:{link}</id><published>{date}</published>\
                    <content type='xhtml'><div xmlns='http://www.w3.org/1999/xhtml'><p>{}</p></div></content></entry>", escaped(&text))
            }).collect();
            format!(
                "<feed xmlns='http://www.w3.org/2005/Atom'><title>{title}</title><link href='{page}'/>{items}</feed>"
            )
        }
        2 => {
            let items: Vec<Value> = entries.map(|[title, link, date, text]| {
                serde_json::json!({ "id": link, "url": link, "title": title, "date_published": date, "content_text": text })
            }).collect();
            serde_json::json!({ "version": "https://jsonfeed.org/version/1.1", "title": title, "home_page_url": page, "items": items }).to_string()
        }
        3 => {
            let items: String = entries
                .map(|[title, link, date, text]| {
                    format!(
                        "<item rdf:about='{link}'><title>{title}</title><link>{link}</link><dc:date>{date}</dc:date>\
                    <description>{}</description></item>",
                        escaped(&text)
                    )
                })
                .collect();
            format!(
                "<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#' xmlns='http://purl.org/rss/1.0/' \
                xmlns:dc='http://purl.org/dc/elements/1.1/'><channel><title>{title}</title><link>{page}</link></channel>{items}</rdf:RDF>"
            )
        }
        _ => {
            let items: String = entries
                .map(|[title, link, date, text]| {
                    format!(
                        "<item><title><![CDATA[{title}]]></title><link>{link}</link><pubDate>{date}</pubDate>\
                    <content:encoded><![CDATA[<div><p>{}</p></div>]]></content:encoded></item>",
                        escaped(&text)
                    )
                })
                .collect();
            format!(
                "<rss version='0.92' xmlns:content='http://purl.org/rss/1.0/modules/content/'><channel>\
                <title>{title}</title><link>{page}</link>{items}</channel></rss>"
            )
        }
    }
}

fn number(request: &Request) -> usize {
    request.path.trim_start_matches('/').parse().unwrap()
}

/// A reader with a home of their own.
struct Reader(tempfile::TempDir);

impl Reader {
    fn new() -> Reader {
        Reader(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().canonicalize().unwrap().join(name)
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(PROGRAM);
        command.args(arguments).env_clear().env("HOME", self.0.path()).env("PATH", "/usr/bin:/bin");
        command
    }

    fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    fn told(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert!(output.status.success(), "{arguments:?}: {output:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    fn read(&self) -> TestTerminal {
        TestTerminal::at_home(self.0.path(), 110, 40, PROGRAM, &[], &[])
    }

    fn library(&self) -> Library {
        Library::open(&self.path(".local/share/newsdesk/library.db")).unwrap()
    }

    /// Every article by its address: how often it is there, its title, date, text.
    fn articles(&self) -> BTreeMap<String, Vec<[String; 3]>> {
        let mut found: BTreeMap<String, Vec<[String; 3]>> = BTreeMap::new();
        let file = self.path("articles.jsonl");
        let _ = fs::remove_file(&file);
        self.told(&["export", "--format", "json", "--output", file.to_str().unwrap()]);
        let all: Value = serde_json::from_str(&fs::read_to_string(&file).unwrap()).unwrap();
        let all = all["found"].as_array().unwrap();
        for article in all {
            let text = |field: &str| article[field].as_str().unwrap_or_default().to_owned();
            let body: Vec<&str> =
                article["body"].as_array().unwrap().iter().map(|block| block["text"].as_str().unwrap()).collect();
            found.entry(text("url")).or_default().push([text("headline"), text("date"), body.join("\n")]);
        }
        found
    }

    fn subscribe_to_all(&self, server: &TestServer) {
        let outline = |number: usize| {
            format!("<outline text='P' title='P' type='rss' xmlUrl='{}'/>", server.url(&format!("/{number}")))
        };
        let (first, rest): (String, String) = ((0..25).map(outline).collect(), (25..FEEDS).map(outline).collect());
        let opml = format!("<opml version='2.0'><body><outline text='Morning'>{first}</outline>{rest}</body></opml>");
        fs::write(self.path("feeds.opml"), opml).unwrap();
    }
}

#[test]
fn fifty_imported_feeds_are_read_starred_and_stay_offline() {
    let server = TestServer::start(|request| Answer::ok(feed(number(request))));
    let reader = Reader::new();
    reader.subscribe_to_all(&server);
    let mut desk = reader.read();
    desk.wait_for("30 articles");
    let opml = reader.path("feeds.opml");
    desk.send(&format!(":feed import {}\r", opml.display()));
    desk.wait_for("50 feeds new");
    desk.send("R");
    desk.wait_for("300 articles");
    desk.wait_for("50 feeds: 300 new");
    // The newest stands at the top; it is starred and filtered for.
    desk.send("gs");
    desk.send("/is:starred\r");
    desk.wait_for("1 of 300");
    desk.send("\x1b");
    // An escape that is followed at once by a letter is another key.
    desk.wait("all articles", |desk| desk.text().contains(" 300 articles") && !desk.text().contains("of 300"));
    // Without the server.
    drop(server);
    desk.send("R");
    desk.wait_for("50 failed");
    desk.send("/feed:morning\r");
    desk.wait_for("150 of 300");
    desk.send("q");
    assert_eq!(desk.wait_for_end(), 0);
    assert!(desk.is_restored());
    // Every entry is there once, as it was written.
    let articles = reader.articles();
    assert_eq!(articles.len(), FEEDS * ENTRIES);
    for feed in 0..FEEDS {
        for number in 0..ENTRIES {
            let [title, link, date, text] = entry(feed, number);
            assert_eq!(articles[&link], [[title, date, text]], "feed {feed}");
        }
    }
    // Another start: the filter is as it was left, the star is there, and what was wrong can still be read.
    let mut desk = reader.read();
    desk.wait_for("150 of 300");
    desk.wait_for("50 problems");
    desk.send("\x1b");
    desk.wait("all articles", |desk| !desk.text().contains("of 300"));
    desk.send("/is:starred\r");
    desk.wait_for("1 of 300");
    desk.send("q");
    desk.wait_for_end();
    // Out, and in again elsewhere.
    let out = reader.path("out.opml");
    reader.told(&["feed", "export", out.to_str().unwrap()]);
    let other = Reader::new();
    assert!(other.told(&["feed", "import", out.to_str().unwrap()]).starts_with("50 feeds new"));
    assert_eq!(other.told(&["feed", "export"]), fs::read_to_string(&out).unwrap());
}

#[test]
fn page_feed_is_chosen_fetched_whole_and_its_changes_shown() {
    let sentence = "The ferry waits for the tide, the tide waits for the moon, and nobody waits for the ferry. ";
    let page = format!(
        "<html><head><title>Ferry waits</title></head><body><article><h1>Ferry waits</h1>{}</article></body></html>",
        format!("<p>{}</p>", sentence.repeat(6)).repeat(3)
    );
    let tide = Arc::new(Mutex::new("low"));
    let now = Arc::clone(&tide);
    let server = TestServer::start(move |request| match request.path.as_str() {
        "/" => Answer::ok(
            "<html><head><link rel=alternate type='application/rss+xml' href='/all' title='All of it'>\
             <link rel=alternate type='application/rss+xml' href='/ferry' title='Ferries alone'></head></html>",
        ),
        "/story" => Answer::ok(page.clone()),
        _ => Answer::ok(format!(
            "<rss version='2.0'><channel><title>Ferry news</title><item><title>Ferry waits</title><link>{}</link>\
             <guid>1</guid><description>The tide is {}.</description></item></channel></rss>",
            format_args!("http://{}/story", request.header("Host").unwrap_or("")),
            now.lock().unwrap()
        )),
    });
    let reader = Reader::new();
    let mut desk = reader.read();
    desk.wait_for("30 articles");
    desk.send("a");
    desk.send(&format!("{} #boats\r", server.url("/")));
    desk.wait_for("choose one");
    desk.send("j\r");
    desk.wait_for("Subscribed to \"Ferry news\": 1 entry");
    desk.wait_for("The tide is low.");
    // There and back.
    desk.send("F");
    desk.wait_for("nobody waits for the ferry");
    desk.send("F");
    desk.wait_for("The tide is low.");
    desk.send("d");
    desk.wait_for("has not changed");
    *tide.lock().unwrap() = "high";
    desk.send("R");
    desk.wait_for("1 changed");
    desk.wait_for("The tide is high.");
    desk.send("d");
    desk.wait_for("┌ Changes ");
    desk.wait_for("low.high.");
    desk.send("\x1b");
    desk.wait("the panes", |desk| !desk.text().contains("┌ Changes "));
    desk.send(":feed set 'Ferry news' --keep-count 7\r");
    desk.wait_for("keeps the newest 7 entries");
    desk.send(":feed list\r");
    desk.wait_for("Ferry news #boats");
    desk.wait_for("1 entry, ");
    desk.send("\x1b");
    desk.wait("the panes", |desk| !desk.text().contains("Ferry news #boats"));
    desk.send("q");
    assert_eq!(desk.wait_for_end(), 0);
    assert!(reader.told(&["feed", "list"]).contains("keeps the newest 7 entries"));
}

#[test]
fn silent_server_blocks_nothing_and_can_be_cancelled() {
    let server = TestServer::start(|request| match request.path.as_str() {
        "/silent" => Answer::Stall,
        _ => Answer::ok(feed(number(request))),
    });
    let reader = Reader::new();
    reader.told(&["feed", "add", &server.url("/0")]);
    let asked = server.requests().len();
    let mut desk = reader.read();
    desk.wait_for("6 articles");
    desk.send(&format!("a{}\r", server.url("/silent")));
    server.wait_for_requests(asked + 1);
    desk.send(":feed tag \"Paper 0\" morning\r");
    desk.wait_for("\"Paper 0\": #morning");
    desk.send("R");
    desk.wait_for("1 feed: 0 new");
    desk.send("\x1b");
    desk.wait_for("silent: stopped");
    desk.send("q");
    assert_eq!(desk.wait_for_end(), 0);
}

#[test]
fn problems_of_a_feed_are_shown_in_every_list() {
    let server = TestServer::start(|_| {
        Answer::ok(
            "<rss version='2.0'><channel><title>Odd Paper</title>\n<item><title>One</title><pubDate>03/04/2019</pubDate>\
             </item></channel></rss>",
        )
    });
    let reader = Reader::new();
    let problem = "\"03/04/2019\" is not a date; the article is shown undated";
    for arguments in [&["feed", "add", &server.url("/")][..], &["feed", "refresh"]] {
        let output = reader.run(arguments);
        assert!(output.status.success(), "{output:?}");
        let complaint = String::from_utf8(output.stderr).unwrap();
        assert!(complaint.contains(&format!("warning: Odd Paper: {problem}")), "{complaint}");
    }
    let listed = reader.told(&["feed", "list"]);
    assert!(listed.contains(&format!("  warning: {problem}\n")), "{listed}");
    let listed: Value = serde_json::from_str(&reader.told(&["feed", "list", "--json"])).unwrap();
    assert_eq!(listed["warnings"][0]["cause"], "\"03/04/2019\" is not a date");
    let mut desk = reader.read();
    desk.wait_for("1 article");
    desk.send(":feed list\r");
    desk.wait_for(&format!("warning: {problem}"));
    desk.send("\x1b");
    desk.wait("the panes", |desk| !desk.text().contains("warning:"));
    desk.send("!");
    desk.wait_for("\"03/04/2019\" is not a date");
    desk.send("\x1b");
    desk.wait("the panes", |desk| !desk.text().contains("is not a date"));
    desk.send("q");
    assert_eq!(desk.wait_for_end(), 0);
}

#[test]
fn automatic_refresh_fetches_only_due_feeds() {
    let server = TestServer::start(|request| Answer::ok(feed(number(request))));
    let reader = Reader::new();
    for number in [0, 1] {
        reader.told(&["feed", "add", &server.url(&format!("/{number}"))]);
    }
    let opml = format!("<opml><body><outline type='rss' xmlUrl='{}'/></body></opml>", server.url("/2"));
    fs::write(reader.path("more.opml"), opml).unwrap();
    reader.told(&["feed", "import", reader.path("more.opml").to_str().unwrap()]);
    let before = server.requests().len();
    fs::create_dir_all(reader.path(".config/newsdesk")).unwrap();
    fs::write(reader.path(".config/newsdesk/config.toml"), "[feeds]\nrefresh = 60\n").unwrap();
    let mut desk = reader.read();
    desk.wait_for("18 articles");
    desk.wait_for("1 feed: 6 new");
    let asked: Vec<String> = server.requests().into_iter().skip(before).map(|request| request.path).collect();
    assert_eq!(asked, ["/2"]);
    desk.send("q");
    assert_eq!(desk.wait_for_end(), 0);
}

#[test]
fn refresh_skips_gone_and_throttled_feeds_unless_named() {
    let is_over = Arc::new(std::sync::atomic::AtomicBool::new(false));
    let over = Arc::clone(&is_over);
    let server = TestServer::start(move |request| match request.path.as_str() {
        "/1" if over.load(Ordering::Relaxed) => Answer::status(410),
        "/2" if over.load(Ordering::Relaxed) => Answer::status(429).with("Retry-After", "7200"),
        _ => Answer::ok(feed(number(request))),
    });
    let reader = Reader::new();
    for number in [0, 1, 2] {
        reader.told(&["feed", "add", &server.url(&format!("/{number}"))]);
    }
    is_over.store(true, Ordering::Relaxed);
    let mut desk = reader.read();
    desk.wait_for("18 articles");
    desk.send("R");
    desk.wait_for("3 feeds: 0 new, 2 failed");
    let asked = server.requests().len();
    desk.send("R");
    desk.wait_for("1 feed: 0 new");
    desk.send(":feed refresh \"Paper 1\"\r");
    desk.wait_for("1 feed: 0 new, 1 failed");
    let paths: Vec<String> = server.requests().into_iter().skip(asked).map(|request| request.path).collect();
    assert_eq!(paths, ["/0", "/1"]);
    desk.send(":feed remove \"Paper 0\"\r");
    desk.wait_for("Unsubscribed from \"Paper 0\"");
    desk.send("R");
    desk.wait_for("2 feeds are gone or rate-limited");
    desk.send("q");
    assert_eq!(desk.wait_for_end(), 0);
    // A script hears the same.
    let refused = reader.run(&["feed", "refresh"]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&refused.stdout).contains("2 feeds are gone or rate-limited"));
    assert_eq!(server.requests().len(), asked + 2);
}

#[test]
fn feed_problems_are_listed_until_they_are_fixed() {
    let is_broken = Arc::new(std::sync::atomic::AtomicBool::new(false));
    let broken = Arc::clone(&is_broken);
    // One address stands within the other.
    let server = TestServer::start(move |request| match request.path.as_str() {
        "/1/2" if broken.load(Ordering::Relaxed) => Answer::status(500),
        "/1" if broken.load(Ordering::Relaxed) => Answer::status(500),
        "/1/2" => Answer::ok(feed(2)),
        _ => Answer::ok(feed(number(request))),
    });
    let reader = Reader::new();
    for path in ["/1", "/1/2"] {
        reader.told(&["feed", "add", &server.url(path)]);
    }
    is_broken.store(true, Ordering::Relaxed);
    let mut desk = reader.read();
    desk.wait_for("12 articles");
    desk.send("R");
    desk.wait_for("2 failed; press ! to see why");
    desk.wait_for("2 problems");
    is_broken.store(false, Ordering::Relaxed);
    desk.send(":feed refresh \"Paper 1\"\r");
    desk.wait_for("1 feed: 0 new");
    desk.wait_for("1 problem");
    desk.send("!");
    desk.wait_for("/1/2: ");
    desk.send("q");
    desk.wait("the panes", |desk| !desk.text().contains("/1/2: "));
    desk.send(":feed remove \"Paper 2\"\r");
    desk.wait_for("Unsubscribed from \"Paper 2\"");
    desk.wait("no problem", |desk| !desk.text().contains("problem"));
    desk.send("q");
    assert_eq!(desk.wait_for_end(), 0);
}

#[test]
fn killed_refresh_leaves_whole_entries_and_no_duplicates() {
    // Every tenth answer waits until the program has been killed.
    let asked = Arc::new(AtomicUsize::new(0));
    let (count, killed) = (Arc::clone(&asked), Arc::new(Mutex::new(false)));
    let is_killed = Arc::clone(&killed);
    let server = TestServer::start(move |request| {
        let number = number(request);
        if count.fetch_add(1, Ordering::Relaxed) % 10 == 9 && !*is_killed.lock().unwrap() {
            return Answer::Stall;
        }
        Answer::ok(feed(number))
    });
    let reader = Reader::new();
    reader.subscribe_to_all(&server);
    reader.told(&["feed", "import", reader.path("feeds.opml").to_str().unwrap()]);
    for round in 1..=3 {
        let mut program = reader.command(&["feed", "refresh"]).spawn().unwrap();
        server.wait_for_requests(asked.load(Ordering::Relaxed) + 4 * round);
        let process = rustix::process::Pid::from_child(&program);
        rustix::process::kill_process(process, Signal::KILL).unwrap();
        program.wait().unwrap();
        assert_eq!(reader.library().check().unwrap(), [""; 0]);
        // A feed is there with all of its entries, or with none.
        let mut counts: BTreeMap<_, usize> = BTreeMap::new();
        let all = EntryQuery::Newest(usize::MAX);
        reader.library().read_entries(&all, |entry| *counts.entry(entry.feed).or_default() += 1).unwrap();
        assert!(counts.values().all(|count| *count == ENTRIES), "{counts:?}");
    }
    *killed.lock().unwrap() = true;
    reader.told(&["feed", "refresh"]);
    let articles = reader.articles();
    assert_eq!(articles.len(), FEEDS * ENTRIES);
    assert!(articles.values().all(|found| found.len() == 1));
}

/// The parts of a login that no output may contain, plain and encoded.
const SECRETS: [&str; 4] = ["joe-user", "s3cret-pw", "am9lLXVzZXI6czNjcmV0LXB3", "s3cret%2Dpw"];

/// Runs the program and returns everything that it printed.
fn printed(home: &std::path::Path, arguments: &[&str]) -> String {
    let Output { stdout, stderr, .. } = Command::new(PROGRAM)
        .args(arguments)
        .env_clear()
        .env("HOME", home)
        .env("PATH", "/usr/bin:/bin")
        .current_dir(home)
        .output()
        .unwrap();
    format!("{}{}", String::from_utf8_lossy(&stdout), String::from_utf8_lossy(&stderr))
}

#[test]
fn credentials_appear_in_no_output() {
    let broken = Arc::new(AtomicUsize::new(0));
    let state = Arc::clone(&broken);
    let server = TestServer::start(move |request| {
        let is_ours = request.header("Authorization") == Some("Basic am9lLXVzZXI6czNjcmV0LXB3");
        match (request.path.as_str(), state.load(Ordering::Relaxed)) {
            _ if !is_ours => Answer::status(401),
            ("/page", _) => Answer::ok(
                "<html><head><link rel=alternate type='application/rss+xml' href='/two'>\
                 <link rel=alternate type='application/rss+xml' href='feed'></head></html>",
            ),
            (_, 1) => Answer::status(500),
            (_, 2) => Answer::to(302, "ftp://joe-user:s3cret-pw@host/"),
            (_, 3) => Answer::ok("<p>no feed"),
            _ => Answer::ok(
                "<rss version='2.0'><channel><link>/home</link><item><title>Harbour fog</title><link>fog</link>\
                 <description>&lt;a href='more'&gt;More&lt;/a&gt; of the fog</description></item></channel></rss>",
            ),
        }
    });
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path();
    let at = |path: &str| format!("http://joe-user:s3cret-pw@{}{path}", server.authority());
    let log = home.join("log").to_str().unwrap().to_owned();
    let mut all = String::new();
    let run = |arguments: &[&str], all: &mut String| {
        let text = printed(home, arguments);
        all.push_str(&text);
        text
    };
    let added = run(&["--log", &log, "feed", "add", &at("/feed")], &mut all);
    assert!(added.contains("1 entry"), "{added}");
    run(&["feed", "add", &at("/feed"), &at("/page"), &at("/missing"), "joe-user:s3cret-pw@nowhere"], &mut all);
    fs::write(home.join("urls"), format!("{}\n{} \"!x\nexec:cat {}\n", at("/feed"), at("/a"), at("/b"))).unwrap();
    run(&["feed", "import", "--with-credentials", "urls"], &mut all);
    let opml =
        format!("<opml><body><outline xmlUrl='{}'/><outline xmlUrl='ftp:{}'/></body></opml>", at("/c"), at("/d"));
    fs::write(home.join("list.opml"), opml).unwrap();
    run(&["feed", "import", "--with-credentials", "list.opml"], &mut all);
    for failure in 1..=3 {
        broken.store(failure, Ordering::Relaxed);
        let told = run(&["--log", &log, "feed", "refresh", &at("/feed")], &mut all);
        assert!(told.contains("127.0.0.1"), "{told}");
        run(&["feed", "list"], &mut all);
    }
    broken.store(0, Ordering::Relaxed);
    run(&["searches", "add", "fog", "fog"], &mut all);
    for arguments in [
        &["list"][..],
        &["list", "--format", "json"],
        &["list", "--format", "csv"],
        &["show"],
        &["show", "--format", "json"],
        &["search", "fog"],
        &["search", "fog", "--format", "json"],
        &["search", "fog", "--format", "kwic"],
        &["watch", "fog", "--dry-run"],
        &["export", "-o", "all.md"],
        &["export", "-o", "all.csv", "--format", "csv"],
        &["check"],
        &["check", "--library"],
        &["feed", "list", "--json"],
        &["feed", "export"],
        &["feed", "export", "out.opml"],
        &["feed", "remove", &at("/nothing")],
        &["library", "export"],
        &["library", "backup", "copy.db"],
        &["cache"],
    ] {
        run(arguments, &mut all);
    }
    assert!(all.contains("Harbour fog") && all.contains("contains the user names and passwords"), "{all}");
    for file in ["log", "all.md", "all.csv", "out.opml"] {
        all.push_str(&fs::read_to_string(home.join(file)).unwrap_or_default());
    }
    // The reader: sources, list of feeds, problems, and the message for an added feed.
    let mut desk = TestTerminal::at_home(home, 160, 50, PROGRAM, &[], &[]);
    desk.wait_for("Harbour fog");
    desk.send("f");
    desk.wait_for("Feeds");
    desk.send(":feed list\r");
    desk.wait_for("unread; ");
    desk.send("q!");
    desk.wait_for("1 problem");
    all.push_str(&String::from_utf8_lossy(&desk.written));
    // The line shows the typed address until Enter.
    desk.send("qa");
    desk.send(&at("/other"));
    desk.send("\r");
    desk.wait_for("Subscribed to");
    let told = desk.text();
    desk.send("q");
    desk.wait_for_end();
    all.push_str(&told);
    for secret in SECRETS {
        let line = all.lines().find(|line| line.contains(secret));
        assert_eq!(line, None, "{secret}");
    }
    // Exports contain them on request, and each fetch sent them.
    let exported = printed(home, &["feed", "export", "--with-credentials"]);
    assert!(exported.contains("joe-user:s3cret-pw@") || exported.contains("joe-user:s3cret%2Dpw@"), "{exported}");
    assert!(server.requests().iter().any(|request| request.path == "/feed"));
}
