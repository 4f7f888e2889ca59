//! Subscriptions from end to end: a library on the disk, a server on the loopback interface, and what comes of both.

use crate::support::server;
use std::collections::HashMap;
use std::fs;
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use flate2::Compression;
use flate2::write::GzEncoder;
use newsdesk::article::{ArticleId, Role};
use newsdesk::config::FeedSettings;
use newsdesk::corpus::Corpus;
use newsdesk::engine::feeds::commands::{self, FeedCommandError, feeds_named};
use newsdesk::engine::feeds::import_export::import;
use newsdesk::engine::feeds::refresh::{FeedOutcome, RefreshSummary, refresh};
use newsdesk::engine::feeds::subscribe::{SubscribeOutcome, add};
use newsdesk::engine::load_all;
use newsdesk::engine::loader::{LoadOptions, Source};
use newsdesk::http::{Client, ClientOptions, FetchLimits, Login, Password, Proxy};
use newsdesk::journal::{History, STEPS, SearchChange, StepChange};
use newsdesk::keys::FeedCommand;
use newsdesk::library::marks::FileState;
use newsdesk::library::{FetchPolicy, KnownFeed, Library, ReaderId, UndoneStep};
use newsdesk::marks::{Change, MarkChange, Tag};
use newsdesk::subscriptions::Subscription;

use crate::support::server::{Answer, PATIENCE, Reply, TestServer};

/// A library of its own, and a client that asks no proxy.
struct Subscriber {
    folder: tempfile::TempDir,
    library: Library,
    client: Client,
    settings: FeedSettings,
}

impl Subscriber {
    fn new() -> Subscriber {
        let folder = tempfile::tempdir().unwrap();
        let library = Library::open(&folder.path().join("library.db")).unwrap();
        let limits = FetchLimits { total: PATIENCE, ..FetchLimits::default() };
        let client = Client::new(&ClientOptions { proxy: Proxy::None, limits, ..ClientOptions::default() });
        Subscriber { folder, library, client, settings: FeedSettings::default() }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("library.db")
    }

    fn subscribe(&mut self, urls: &[String]) {
        let wanted: Vec<Subscription> = urls.iter().map(Subscription::new).collect();
        assert_eq!(self.library.subscribe(&wanted).unwrap().new, urls.len());
    }

    fn refresh(&mut self) -> RefreshSummary {
        self.refresh_with(&AtomicBool::new(false), |_| {})
    }

    fn refresh_with(&mut self, stop: &AtomicBool, tell: impl FnMut(Vec<FeedOutcome>)) -> RefreshSummary {
        let feeds = self.library.feeds().unwrap();
        refresh(&mut self.library, feeds, &self.client, &self.settings, stop, tell).unwrap()
    }

    fn feed(&self, url: &str) -> KnownFeed {
        self.library.feeds().unwrap().into_iter().find(|feed| feed.subscription.url == url).unwrap()
    }

    /// What is read out of the library when the reader starts.
    fn corpus(&self, merge: bool) -> Corpus {
        let loaded = load_all(&[Source::Feeds { library: self.path(), merge }], LoadOptions::default());
        assert_eq!(loaded.problems, []);
        loaded.corpus
    }

    /// Headline, date, address and text of all articles.
    fn articles(&self) -> Vec<[String; 4]> {
        let corpus = self.corpus(true);
        let told = |slot| {
            let article = corpus.get(slot).unwrap().article();
            let body: Vec<String> = article
                .parts
                .iter()
                .filter(|part| matches!(part.role, Role::Body(_)))
                .map(|part| part.text.to_string())
                .collect();
            [
                article.parts[0].text.to_string(),
                article.published.map(|published| published.to_string()).unwrap_or_default(),
                article.url.as_ref().map(ToString::to_string).unwrap_or_default(),
                body.join("\n"),
            ]
        };
        let mut all: Vec<[String; 4]> = corpus.order().iter().map(|slot| told(*slot)).collect();
        all.sort();
        all
    }

    fn ids(&self) -> HashMap<String, ArticleId> {
        let corpus = self.corpus(false);
        let entries = corpus.order().iter().map(|slot| corpus.get(*slot).unwrap());
        entries.map(|entry| (entry.headline().to_string(), entry.id())).collect()
    }

    fn mark(&mut self, id: ArticleId, changes: &[Change]) {
        let markings: Vec<MarkChange> =
            changes.iter().map(|change| MarkChange { article: id, change: change.clone() }).collect();
        let corpus = self.corpus(false);
        let mut origins = newsdesk::library::PathResolver::default();
        let known = &mut |id: ArticleId| {
            let slot = corpus.order().iter().find(|slot| corpus.get(**slot).unwrap().id() == id)?;
            Some(origins.record(corpus.get(*slot)?))
        };
        self.library.save_marks(&markings, known).unwrap();
    }
}

/// An RSS feed of entries: title, link, text.
fn rss(title: &str, entries: &[(&str, &str, &str)]) -> String {
    let items: String = entries
        .iter()
        .map(|(title, link, text)| {
            format!(
                "<item><title>{title}</title><link>{link}</link><pubDate>Mon, 02 Nov 2026 10:00:00 GMT</pubDate>\
                 <description>&lt;p&gt;{text}&lt;/p&gt;</description></item>"
            )
        })
        .collect();
    format!(
        "<rss version='2.0'><channel><title>{title}</title><link>https://example.org/</link>{items}</channel></rss>"
    )
}

fn answer(body: impl Into<Vec<u8>>) -> Answer {
    Answer::ok(body).with("Content-Type", "application/rss+xml")
}

#[test]
fn server_failures_are_reported_and_other_feeds_arrive() {
    let bomb = {
        let mut packed = GzEncoder::new(Vec::new(), Compression::best());
        let zeros = vec![0; 1 << 20];
        (0..200).for_each(|_| packed.write_all(&zeros).unwrap());
        packed.finish().unwrap()
    };
    let server = TestServer::start(move |request| match request.path.as_str() {
        "/good" => answer(rss("Good", &[("One", "https://example.org/1", "first")])),
        "/gone" => Answer::status(410),
        "/missing" => Answer::status(404),
        "/broken" => Answer::status(500),
        "/busy" => Answer::status(429).with("Retry-After", "7200"),
        "/loop" => Answer::to(302, "/loop"),
        "/page" => Answer::ok("<html><p>Nothing here</p></html>").with("Content-Type", "text/html"),
        "/bomb" => Answer::ok(bomb.clone()).with("Content-Encoding", "gzip"),
        "/file" => Answer::to(301, "file:///etc/passwd"),
        "/cut" => Answer::WrongLength(10_000, Reply::new(200, rss("Cut", &[]))),
        _ => Answer::status(400),
    });
    let paths = ["/good", "/gone", "/missing", "/broken", "/busy", "/loop", "/page", "/bomb", "/file", "/cut"];
    let urls: Vec<String> = paths.iter().map(|path| server.url(path)).collect();
    let mut desk = Subscriber::new();
    desk.subscribe(&urls);
    let mut told = Vec::new();
    let done = desk.refresh_with(&AtomicBool::new(false), |news| told.extend(news));
    assert_eq!((done.tried, done.failed, done.new, done.offline, done.stopped), (10, 9, 1, false, false));
    assert_eq!(told.len(), 10);
    assert_eq!(desk.articles().len(), 1);
    let health = |path: &str| desk.feed(&server.url(path)).health;
    let good = health("/good");
    assert!(good.error.is_none() && good.succeeded_at.is_some());
    for path in &paths[1..] {
        let health = health(path);
        assert!(health.error.is_some() && health.succeeded_at.is_none(), "{path}");
        assert_eq!(health.policy == FetchPolicy::Gone, *path == "/gone", "{path}");
    }
    let busy = health("/busy");
    assert!(busy.due_at.unwrap() >= busy.tried_at.unwrap() + 7200);
    // An error in between takes nothing away.
    assert_eq!(desk.refresh().new, 0);
    assert_eq!(desk.articles().len(), 1);
}

#[test]
fn unchanged_feeds_are_not_resent_and_moved_feeds_keep_entries() {
    let moved = Arc::new(AtomicBool::new(false));
    let has_moved = Arc::clone(&moved);
    let server = TestServer::start(move |request| {
        if request.path == "/old" && has_moved.load(Ordering::Relaxed) {
            return Answer::to(301, "/new");
        }
        if request.header("If-None-Match") == Some("\"7\"") {
            return Answer::status(304);
        }
        answer(rss("Feed", &[("One", "https://example.org/1", "first")])).with("ETag", "\"7\"")
    });
    let mut desk = Subscriber::new();
    desk.subscribe(&[server.url("/old")]);
    assert_eq!(desk.refresh().new, 1);
    let before = desk.ids();
    assert_eq!(desk.refresh(), RefreshSummary { tried: 1, ..RefreshSummary::default() });
    let asked = server.requests();
    assert_eq!(asked.last().unwrap().header("If-None-Match"), Some("\"7\""));
    moved.store(true, Ordering::Relaxed);
    assert_eq!(desk.refresh().failed, 0);
    let feed = desk.feed(&server.url("/new"));
    assert_eq!(feed.etag.as_deref(), Some("\"7\""));
    assert_eq!(desk.ids(), before);
}

#[test]
fn changed_entries_keep_marks_and_former_text() {
    let text = Arc::new(Mutex::new("Ten people are missing."));
    let now = Arc::clone(&text);
    let server = TestServer::start(move |_| {
        answer(rss(
            "Feed",
            &[("Flood", "https://example.org/1", *now.lock().unwrap()), ("Other", "https://example.org/2", "x")],
        ))
    });
    let mut desk = Subscriber::new();
    desk.subscribe(&[server.url("/")]);
    desk.refresh();
    let flood = desk.ids()["Flood"];
    desk.mark(flood, &[Change::Read(true), Change::Starred(true)]);
    *text.lock().unwrap() = "Two people are missing.";
    let done = desk.refresh();
    assert_eq!((done.new, done.changed), (0, 1));
    let texts = desk.library.entry_texts(flood).unwrap().unwrap();
    let body = |draft: &newsdesk::article::Draft<'_>| draft.parts[1].text.to_string();
    assert_eq!(body(&texts.article), "Two people are missing.");
    assert_eq!(body(&texts.former.unwrap()), "Ten people are missing.");
    let marks = desk.library.marks().unwrap();
    let (_, marked) = marks.iter().find(|(id, _)| id.0 == flood.0).unwrap();
    assert!(marked.is_read() && marked.is_starred());
    assert_eq!(desk.refresh().changed, 0);
}

#[test]
fn entries_of_two_feeds_show_once_and_outlive_one_feed() {
    let server = TestServer::start(|request| {
        let own = format!("Own of {}", &request.path[1..]);
        answer(rss(
            &request.path[1..],
            &[
                ("Same", "https://example.org/same", "text"),
                (&own, &format!("https://example.org{}", request.path), "x"),
            ],
        ))
    });
    let mut desk = Subscriber::new();
    desk.subscribe(&[server.url("/a")]);
    desk.refresh();
    desk.subscribe(&[server.url("/b")]);
    desk.refresh();
    let same = |corpus: &Corpus| -> Vec<(ArticleId, Vec<String>)> {
        let entries = corpus.order().iter().map(|slot| corpus.get(*slot).unwrap());
        let same = entries.filter(|entry| entry.headline().as_str() == "Same");
        same.map(|entry| (entry.id(), entry.feeds().unwrap().names.clone())).collect()
    };
    let once = same(&desk.corpus(true));
    assert_eq!(once.len(), 1);
    assert_eq!(once[0].1, ["a", "b"]);
    assert_eq!(same(&desk.corpus(false)).len(), 2);
    // What was done to it goes with it to the other feed.
    desk.mark(once[0].0, &[Change::Read(true)]);
    let first = desk.feed(&server.url("/a"));
    assert_eq!(desk.library.unsubscribe(&[first]).unwrap(), 0);
    let left = same(&desk.corpus(true));
    assert_eq!(left.iter().map(|(_, names)| names.clone()).collect::<Vec<_>>(), [["b"]]);
    assert!(desk.library.marks().unwrap().iter().any(|(id, marked)| id.0 == left[0].0.0 && marked.is_read()));
    assert_eq!(desk.corpus(true).order().len(), 2);
}

#[test]
fn unsubscribe_keeps_marked_entries_and_resubscribe_restores() {
    let server = TestServer::start(|_| {
        answer(rss(
            "Feed",
            &[
                ("A", "https://example.org/a", "x"),
                ("B", "https://example.org/b", "x"),
                ("C", "https://example.org/c", "x"),
            ],
        ))
    });
    let url = server.url("/");
    let mut desk = Subscriber::new();
    desk.subscribe(std::slice::from_ref(&url));
    desk.refresh();
    let ids = desk.ids();
    desk.mark(ids["A"], &[Change::Starred(true)]);
    desk.mark(ids["B"], &[Change::Read(true)]);
    let number = desk.feed(&url);
    assert_eq!(desk.library.unsubscribe(&[number]).unwrap(), 1);
    assert_eq!(desk.library.feeds().unwrap(), []);
    assert_eq!(desk.ids().into_keys().collect::<Vec<_>>(), ["A"]);
    desk.subscribe(&[url]);
    assert_eq!(desk.refresh().new, 2);
    assert_eq!(desk.ids(), ids);
}

/// A reader's own view of the desk's library, which records steps.
fn reader(desk: &Subscriber) -> Library {
    Library::open(&desk.path()).unwrap().for_reader(ReaderId(1))
}

/// The row and the name of the last step that was recorded.
fn last_step(library: &Library) -> (i64, String) {
    let (row, name, _) = library.new_steps(ReaderId(1), 0).unwrap().pop().unwrap();
    (row, name)
}

fn undone(name: &str) -> UndoneStep {
    UndoneStep { name: name.to_owned(), refused: None }
}

/// Returns headline, names and tags of the feeds, and marks of all listed articles.
fn listed(desk: &Subscriber, library: &mut Library) -> Vec<String> {
    let (corpus, marks) = (desk.corpus(true), library.marks().unwrap());
    let told = |slot: &newsdesk::corpus::Slot| {
        let entry = corpus.get(*slot).unwrap();
        let (label, marked) = (entry.feeds().unwrap(), marks.get(entry.id()));
        let read = if marked.is_read() { "read" } else { "unread" };
        format!("{} {:?} {:?} {read}", entry.headline().as_str(), label.names, label.tags)
    };
    let mut all: Vec<String> = corpus.order().iter().map(told).collect();
    all.sort();
    all
}

fn rows_of_entries(desk: &Subscriber) -> u32 {
    let raw = rusqlite::Connection::open(desk.path()).unwrap();
    raw.query_row("SELECT count(*) FROM entries", [], |row| row.get(0)).unwrap()
}

/// Two feeds that share an entry; the first has a name, tags and settings of its own.
fn two_feeds() -> (TestServer, Subscriber, [String; 2]) {
    let server = TestServer::start(|request| {
        let own = format!("Own of {}", &request.path[1..]);
        let link = format!("https://example.org{}", request.path);
        answer(rss(&request.path[1..], &[("Same", "https://example.org/same", "text"), (&own, &link, "x")]))
    });
    let urls = [server.url("/a"), server.url("/b")];
    let mut desk = Subscriber::new();
    let mut wanted = Subscription::new(&urls[0]);
    wanted.own_title = Some("Harbour".to_owned());
    wanted.tags = vec!["sea".to_owned(), "town".to_owned()];
    wanted.keep_count = Some(50);
    desk.library.subscribe(&[wanted]).unwrap();
    desk.refresh();
    desk.subscribe(&urls[1..]);
    desk.refresh();
    (server, desk, urls)
}

#[test]
fn unsubscribe_is_undone_with_entries_marks_names_and_position() {
    let (_server, mut desk, urls) = two_feeds();
    let ids = desk.ids();
    desk.mark(ids["Own of a"], &[Change::Read(true)]);
    let same =
        desk.corpus(true).order().iter().map(|slot| desk.corpus(true).get(*slot).unwrap().id()).collect::<Vec<_>>();
    same.into_iter().filter(|id| *id != ids["Own of a"] && *id != ids["Own of b"]).for_each(|id| {
        desk.mark(id, &[Change::Read(true)]);
    });
    let mut library = reader(&desk);
    let (before, feeds) = (listed(&desk, &mut library), library.feeds().unwrap());
    assert_eq!(before.len(), 3);
    assert!(before[2].starts_with("Same [\"Harbour\", \"b\"]") && before[2].ends_with(" read"), "{before:?}");
    library.unsubscribe(&[desk.feed(&urls[0])]).unwrap();
    let (row, name) = last_step(&library);
    assert_eq!(name, "unsubscribe from \"Harbour\"");
    let after = listed(&desk, &mut library);
    assert_eq!(after, ["Own of b [\"b\"] [] unread", "Same [\"b\"] [] read"]);
    assert_eq!(library.feed_counts().unwrap().len(), 1, "hidden entries are not counted");
    assert_eq!(library.feeds().unwrap().len(), 1);
    for _ in 0..2 {
        assert_eq!(library.undo_feeds(row, true).unwrap(), undone("unsubscribe from \"Harbour\""));
        assert_eq!(listed(&desk, &mut library), before);
        let versions = feeds.iter().map(|feed| feed.version);
        let now = library.feeds().unwrap().into_iter().zip(versions);
        assert_eq!(now.map(|(feed, version)| KnownFeed { version, ..feed }).collect::<Vec<_>>(), feeds);
        assert_eq!(library.undo_feeds(row, false).unwrap(), undone("unsubscribe from \"Harbour\""));
        assert_eq!(listed(&desk, &mut library), after);
    }
    // Subscribing again by hand brings everything back as well, the shared entry once.
    desk.subscribe(&urls[..1]);
    desk.refresh();
    let again: Vec<String> = listed(&desk, &mut library).iter().map(|line| line.replace("Harbour", "a")).collect();
    assert_eq!(again.len(), 3, "{again:?}");
    assert!(again[0].ends_with(" read"), "{again:?}");
}

#[test]
fn hidden_entries_are_deleted_with_their_journal_step() {
    let (_server, desk, urls) = two_feeds();
    let mut library = reader(&desk);
    assert_eq!(rows_of_entries(&desk), 4);
    library.unsubscribe(&[desk.feed(&urls[0])]).unwrap();
    assert_eq!(rows_of_entries(&desk), 4);
    let (mut history, (row, name)) = (History::default(), last_step(&library));
    let entry = history.record(name, StepChange::Feeds(Vec::new()), Some(row));
    library.save_marks_with_journal(ReaderId(1), 0, &[], &[entry], &mut |_| None).unwrap();
    for number in 0..STEPS as u64 {
        assert_eq!(rows_of_entries(&desk), 4, "after {number} steps");
        let changes = [MarkChange { article: ArticleId(number), change: Change::Starred(true) }];
        let entry = history.record("star".to_owned(), StepChange::of_marks(&changes), None);
        library.save_marks_with_journal(ReaderId(1), 0, &changes, &[entry], &mut |_| None).unwrap();
    }
    assert_eq!(rows_of_entries(&desk), 2);
    assert!(library.undo_feeds(row, true).unwrap().refused.is_some());
    assert!(library.check().unwrap().is_empty());
    // Without a journal nothing is hidden.
    let mut shell = Library::open(&desk.path()).unwrap();
    shell.unsubscribe(&[desk.feed(&urls[1])]).unwrap();
    assert_eq!(rows_of_entries(&desk), 0);
    assert!(!shell.has_feeds().unwrap());
}

#[test]
fn changes_of_subscriptions_are_undone_unless_changed_since() {
    let (_server, desk, urls) = two_feeds();
    let mut library = reader(&desk);
    let before = library.feeds().unwrap();
    let a = desk.feed(&urls[0]);
    let chosen = |library: &Library| {
        let of = |feed: KnownFeed| {
            let Subscription { own_title, tags, keep_count, full_text, .. } = feed.subscription;
            (own_title, tags, keep_count, full_text)
        };
        library.feeds().unwrap().into_iter().map(of).collect::<Vec<_>>()
    };
    let state = chosen(&library);
    let wishes = [
        (
            "rename \"Harbour\" to \"Port\"",
            Subscription { own_title: Some("Port".to_owned()), ..a.subscription.clone() },
        ),
        ("change the tags of \"Harbour\"", a.subscription.clone().with_tags(&["-sea".to_owned()])),
        ("change the settings of \"Harbour\"", Subscription { keep_count: None, ..a.subscription.clone() }),
    ];
    for (name, to) in wishes {
        library.change_subscription(a.number, |_| to.clone()).unwrap();
        let (row, stored) = last_step(&library);
        assert_eq!(stored, name);
        assert_ne!(chosen(&library), state);
        assert_eq!(library.undo_feeds(row, true).unwrap(), undone(name));
        assert_eq!(chosen(&library), state);
        assert_eq!(library.undo_feeds(row, false).unwrap(), undone(name));
        assert_eq!(library.undo_feeds(row, true).unwrap(), undone(name));
    }
    // Changes by a refresh stay and do not cause a refusal.
    library.change_subscription(a.number, |was| was.with_tags(&["new".to_owned()])).unwrap();
    let (row, name) = last_step(&library);
    let mut other = Library::open(&desk.path()).unwrap();
    other.change_subscription(a.number, |was| Subscription { title: "A new title".to_owned(), ..was }).unwrap();
    assert_eq!(library.undo_feeds(row, true).unwrap(), undone(&name));
    assert_eq!(library.feeds().unwrap()[0].subscription.title, "A new title");
    library.undo_feeds(row, false).unwrap();
    other.change_subscription(a.number, |was| was.with_tags(&["-sea".to_owned()])).unwrap();
    let refused = Some("another program changed the subscription to \"Harbour\" since".to_owned());
    assert_eq!(library.undo_feeds(row, true).unwrap(), UndoneStep { name, refused });
    assert_eq!(before.len(), library.feeds().unwrap().len());
}

#[test]
fn subscribe_is_undone_and_redone() {
    let (_server, mut desk, urls) = two_feeds();
    let mut library = reader(&desk);
    let gone = library.feeds().unwrap();
    Library::open(&desk.path()).unwrap().unsubscribe(&gone).unwrap();
    let wanted: Vec<Subscription> = urls.iter().map(Subscription::new).collect();
    library.subscribe(&wanted).unwrap();
    desk.refresh();
    let before = listed(&desk, &mut library);
    assert_eq!(before.len(), 3);
    let (row, name) = last_step(&library);
    assert_eq!(name, "subscribe to 2 feeds");
    assert_eq!(library.undo_feeds(row, true).unwrap(), undone(&name));
    assert_eq!((library.feeds().unwrap().len(), listed(&desk, &mut library).len()), (0, 0));
    assert_eq!(library.undo_feeds(row, false).unwrap(), undone(&name));
    assert_eq!(listed(&desk, &mut library), before);
    assert_eq!(desk.refresh().new, 0);
}

#[test]
fn import_is_undone_in_two_steps() {
    let desk = Subscriber::new();
    let mut library = reader(&desk);
    let urls = desk.folder.path().join("urls");
    let text = "http://127.0.0.1:9/a \"news\"\nhttp://127.0.0.1:9/b\n\"query:Ferries:title =~ \\\"ferry\\\"\"\n";
    fs::write(&urls, text).unwrap();
    assert_eq!(import(&mut library, &urls, false).unwrap().searches, 1);
    let steps = library.new_steps(ReaderId(1), 0).unwrap();
    let names: Vec<&str> = steps.iter().map(|(_, name, _)| name.as_str()).collect();
    assert_eq!(names, ["subscribe to 2 feeds", "save search \"Ferries\""]);
    let (mut history, mut entries) = (History::default(), Vec::new());
    for (row, name, change) in steps.clone() {
        entries.push(history.record(name, change, Some(row)));
    }
    library.save_marks_with_journal(ReaderId(1), 0, &[], &entries, &mut |_| None).unwrap();
    let StepChange::Searches(changes) = &history.next(true).unwrap().change else { panic!("a step of searches") };
    let changes: Vec<_> = changes.iter().map(SearchChange::inverse).collect();
    let entry = history.advance(true).unwrap();
    library.change_searches(ReaderId(1), &changes, &entry).unwrap();
    assert_eq!(library.searches().unwrap(), []);
    assert_eq!(library.undo_feeds(steps[0].0, true).unwrap(), undone("subscribe to 2 feeds"));
    assert_eq!(library.feeds().unwrap(), []);
    // A step may subscribe to one feed and change another.
    library.subscribe(&[Subscription::new("http://127.0.0.1:9/a")]).unwrap();
    let tagged = Subscription::new("http://127.0.0.1:9/a").with_tags(&["sea".to_owned()]);
    library.subscribe(&[tagged, Subscription::new("http://127.0.0.1:9/c")]).unwrap();
    let (row, name) = last_step(&library);
    assert_eq!(name, "change 2 subscriptions");
    assert_eq!(library.undo_feeds(row, true).unwrap(), undone("change 2 subscriptions"));
    let feeds = library.feeds().unwrap();
    assert_eq!((feeds.len(), feeds[0].subscription.tags.len()), (1, 0));
}

#[test]
fn retention_deletes_read_but_not_marked_entries_for_good() {
    let count = Arc::new(Mutex::new(0..20));
    let now = Arc::clone(&count);
    let server = TestServer::start(move |_| {
        let items: String = now.lock().unwrap().clone().map(|n| {
            format!("<item><title>{n}</title><guid>{n}</guid><pubDate>Mon, 02 Nov 2026 10:{n:02}:00 GMT</pubDate></item>")
        }).collect();
        answer(format!("<rss version='2.0'><channel><title>F</title>{items}</channel></rss>"))
    });
    let url = server.url("/");
    let mut desk = Subscriber::new();
    desk.subscribe(std::slice::from_ref(&url));
    desk.refresh();
    let ids = desk.ids();
    for n in 0..18 {
        let mut changes = vec![Change::Read(true)];
        match n {
            0 => changes.push(Change::Starred(true)),
            1 => changes.push(Change::Tagged(Tag::new("keep").unwrap(), true)),
            2 => changes.push(Change::Note { text: "why".into(), was: "".into() }),
            _ => {}
        }
        desk.mark(ids[&n.to_string()], &changes);
    }
    let feed = desk.feed(&url);
    desk.library.change_subscription(feed.number, |was| Subscription { keep_count: Some(5), ..was }).unwrap();
    desk.refresh();
    let left = |desk: &Subscriber| {
        let mut names: Vec<u32> = desk.ids().into_keys().map(|name| name.parse().unwrap()).collect();
        names.sort_unstable();
        names
    };
    assert_eq!(left(&desk), [0, 1, 2, 15, 16, 17, 18, 19]);
    // The feed lists them still.
    assert_eq!(desk.refresh().new, 0);
    assert_eq!(left(&desk), [0, 1, 2, 15, 16, 17, 18, 19]);
    // What is unread stays, however much it is.
    *count.lock().unwrap() = 10..40;
    desk.refresh();
    assert_eq!(left(&desk), [0, 1, 2].into_iter().chain(18..40).collect::<Vec<_>>());
    // Age does the same.
    let feed = desk.feed(&url);
    let old = |was| Subscription { keep_count: None, keep_days: Some(1), ..was };
    desk.library.change_subscription(feed.number, old).unwrap();
    desk.mark(ids["18"], &[Change::Read(true)]);
    desk.refresh();
    assert!(!left(&desk).contains(&18) && left(&desk).contains(&19));
    // With room for all, what the feed still has comes again, and was read.
    let feed = desk.feed(&url);
    desk.library.change_subscription(feed.number, |was| Subscription { keep_days: None, ..was }).unwrap();
    desk.refresh();
    assert!(left(&desk).contains(&18));
}

#[test]
fn retention_deletes_old_read_entries_of_unchanged_feeds() {
    let server = TestServer::start(|request| match request.header("If-None-Match") {
        Some(_) => Answer::status(304),
        None => answer(rss("F", &[("Old", "https://example.org/1", "x"), ("New", "https://example.org/2", "x")]))
            .with("ETag", "\"1\""),
    });
    let url = server.url("/");
    let mut desk = Subscriber::new();
    let wanted = Subscription { keep_count: Some(1), ..Subscription::new(url) };
    desk.library.subscribe(&[wanted]).unwrap();
    desk.refresh();
    assert_eq!(desk.ids().len(), 2);
    let ids = desk.ids();
    ids.values().for_each(|id| desk.mark(*id, &[Change::Read(true)]));
    desk.refresh();
    assert_eq!(desk.ids().len(), 1);
}

#[test]
fn responses_are_stored_while_others_are_pending() {
    let server = TestServer::start(|request| match request.path.as_str() {
        "/quick" => answer(rss("Quick", &[("One", "https://example.org/1", "first")])),
        _ => Answer::Stall,
    });
    let mut desk = Subscriber::new();
    desk.subscribe(&[server.url("/quick"), server.url("/slow")]);
    let stop = AtomicBool::new(false);
    // Nothing but what is stored is told; if it were stored at the end alone, this would wait for as long as a fetch may.
    let done = desk.refresh_with(&stop, |tried| {
        assert_eq!(tried.iter().map(|tried| (tried.name.as_str(), tried.new)).collect::<Vec<_>>(), [("Quick", 1)]);
        stop.store(true, Ordering::Relaxed);
    });
    assert_eq!((done.tried, done.stopped), (1, true));
}

#[test]
fn feeds_are_due_after_the_longest_pause_and_never_once_gone() {
    let feed = |ttl: &str| answer(rss("F", &[]).replacen("<channel>", &format!("<channel>{ttl}"), 1));
    let server = TestServer::start(move |request| match request.path.as_str() {
        "/ttl" => feed("<ttl>180</ttl>"),
        "/header" => feed("").with("Cache-Control", "max-age=14400"),
        "/busy" => Answer::status(429).with("Retry-After", "18000"),
        "/gone" => Answer::status(410),
        "/down" => Answer::status(500),
        _ => feed(""),
    });
    let mut desk = Subscriber::new();
    desk.settings.refresh = 120;
    let hours = [("/own", 2), ("/ttl", 3), ("/header", 4), ("/busy", 5), ("/down", 2)];
    desk.subscribe(&hours.map(|(path, _)| server.url(path)));
    desk.subscribe(&[server.url("/gone")]);
    assert!(desk.feed(&server.url("/own")).health.is_due(0), "nothing is known of it yet");
    desk.refresh();
    for (path, hours) in hours {
        let health = desk.feed(&server.url(path)).health;
        let tried = health.tried_at.unwrap();
        assert!(!health.is_due(tried + hours * 3600 - 1), "{path}");
        // Up to a tenth later, so that not everybody comes at once.
        assert!(health.is_due(tried + hours * 3600 + hours * 360), "{path}");
    }
    // A reader who asks for all feeds does not mean those that are gone, or want to be left alone for now.
    let gone = desk.feed(&server.url("/gone")).health;
    assert!(!gone.is_due(i64::MAX) && !gone.may_be_asked(i64::MAX));
    let busy = desk.feed(&server.url("/busy")).health;
    let due = busy.due_at.unwrap();
    assert!(!busy.may_be_asked(due - 1) && busy.may_be_asked(due));
    assert!(desk.feed(&server.url("/down")).health.may_be_asked(0));
}

#[test]
fn stopped_refresh_keeps_stored_entries() {
    let server = TestServer::start(|request| match request.path.as_str() {
        "/0" => answer(rss("Zero", &[("One", "https://example.org/1", "first")])),
        _ => Answer::Stall,
    });
    let urls: Vec<String> = (0..40).map(|n| server.url(&format!("/{n}"))).collect();
    let mut desk = Subscriber::new();
    desk.subscribe(&urls);
    let stop = Arc::new(AtomicBool::new(false));
    let later = Arc::clone(&stop);
    let server_seen = std::thread::spawn(move || {
        server.wait_for_requests(4);
        later.store(true, Ordering::Relaxed);
        server
    });
    let done = desk.refresh_with(&stop, |_| {});
    assert!(done.stopped && done.tried < 40, "{done:?}");
    drop(server_seen.join().unwrap());
    // Those that were not reached have no error.
    let errors = desk.library.feeds().unwrap().into_iter().filter(|feed| feed.health.error.is_some()).count();
    assert_eq!(errors, 0);
}

#[test]
fn feeds_of_a_page_are_found_and_offered_if_several() {
    let server = TestServer::start(|request| match request.path.as_str() {
        "/one" => Answer::ok("<html><head><link rel=alternate type='application/rss+xml' href='/feed'></head></html>"),
        "/two" => Answer::ok(
            "<html><head><link rel=alternate type='application/rss+xml' href='/feed' title='All'>\
             <link rel=alternate type='application/atom+xml' href='/other'></head></html>",
        ),
        "/none" => Answer::ok("<html><p>Nothing</p></html>"),
        _ => answer(rss("Found", &[("One", "https://example.org/1", "first")])),
    });
    let mut desk = Subscriber::new();
    let stop = AtomicBool::new(false);
    let mut named = |place: &str| {
        let wanted = Subscription { tags: vec!["t".to_owned()], ..Subscription::new(place) };
        add(&mut desk.library, &desk.client, &desk.settings, &wanted, &stop)
    };
    let SubscribeOutcome::Several(feeds) = named(&server.url("/two")).unwrap() else { panic!("not several") };
    assert_eq!(feeds.iter().map(|feed| feed.title.as_str()).collect::<Vec<_>>(), ["All", ""]);
    assert_eq!(
        named(&server.url("/one")).unwrap(),
        SubscribeOutcome::Feed { name: "Found".to_owned(), new: 1, warnings: Vec::new() }
    );
    assert_eq!(named(&server.url("/feed")).unwrap(), SubscribeOutcome::AlreadySubscribed { name: "Found".to_owned() });
    assert!(named(&server.url("/none")).unwrap_err().to_string().contains("links to none"));
    let feed = desk.feed(&server.url("/feed"));
    assert_eq!(
        (feed.subscription.tags.as_slice(), feed.subscription.page.as_deref()),
        (["t".to_owned()].as_slice(), Some("https://example.org/"))
    );
}

#[test]
fn refresh_stores_feeds_beside_unreadable_rows() {
    let rounds = std::sync::atomic::AtomicUsize::new(0);
    let server = TestServer::start(move |request| {
        let round = rounds.fetch_add(1, Ordering::Relaxed) / 2;
        let link = format!("https://example.org{}/{round}", request.path);
        let own = format!("https://example.org{}", request.path);
        answer(rss(&request.path, &[("Kept", &own, &format!("text {round}")), ("New", &link, "x")]))
    });
    let mut desk = Subscriber::new();
    desk.subscribe(&[server.url("/a"), server.url("/b")]);
    assert_eq!(desk.refresh().new, 4);
    for wrong in [
        "UPDATE entries SET content = 'x', published = 'y', link = 'z' WHERE feed = 1",
        "UPDATE entry_texts SET article = x'ff' WHERE entry IN (SELECT number FROM entries WHERE feed = 1)",
        "UPDATE feeds SET keep_count = 'many' WHERE id = 1",
    ] {
        let other = rusqlite::Connection::open(desk.path()).unwrap();
        other.execute_batch(wrong).unwrap();
        let entries = "SELECT count(*) FROM entries WHERE feed = 1";
        let before: i64 = other.query_row(entries, [], |row| row.get(0)).unwrap();
        let feeds = desk.library.feeds().unwrap().len();
        let done = desk.refresh();
        assert_eq!((done.tried, done.failed), (feeds, 0), "{wrong}");
        assert!(done.new >= 1, "{wrong}");
        let after: i64 = other.query_row(entries, [], |row| row.get(0)).unwrap();
        assert!(after >= before, "{wrong}");
    }
}

#[test]
fn page_feeds_bring_no_logins() {
    let server = TestServer::start(|request| {
        let host = request.header("Host").unwrap();
        let link =
            |path: &str| format!("<link rel=alternate type='application/rss+xml' href='http://a:b@{host}{path}'>");
        match request.path.as_str() {
            "/one" => Answer::ok(format!("<html><head>{}</head></html>", link("/feed"))),
            "/two" => Answer::ok(format!("<html><head>{}{}</head></html>", link("/1"), link("/2"))),
            _ => answer(rss("Found", &[("One", "https://example.org/1", "first")])),
        }
    });
    let mut desk = Subscriber::new();
    let stop = AtomicBool::new(false);
    let mut named = |place: &str| {
        add(&mut desk.library, &desk.client, &desk.settings, &Subscription::new(server.url(place)), &stop).unwrap()
    };
    let SubscribeOutcome::Several(feeds) = named("/two") else { panic!("not several") };
    assert!(feeds.iter().all(|feed| !feed.url.contains('@')), "{feeds:?}");
    named("/one");
    assert_eq!(desk.feed(&server.url("/feed")).subscription.login, None);
    assert!(server.requests().iter().all(|request| request.header("Authorization").is_none()));
}

#[test]
fn feeds_with_a_wish_for_whole_articles_get_them() {
    let long = "A sentence that is long enough to be taken for the text of an article, with a comma or two. ".repeat(8);
    let page = format!(
        "<html><body><nav><a href=/>Home</a></nav><article><h1>T</h1><p>{long}</p><p>{long}</p></article></body></html>"
    );
    let server = TestServer::start(move |request| match request.path.as_str() {
        "/feed" => {
            let link = format!("http://{}/page", request.header("Host").unwrap());
            answer(rss("Feed", &[("T", &link, "in short")]))
        }
        _ => Answer::ok(page.clone()).with("Content-Type", "text/html"),
    });
    let mut desk = Subscriber::new();
    let wanted = Subscription { full_text: true, ..Subscription::new(server.url("/feed")) };
    desk.library.subscribe(&[wanted]).unwrap();
    desk.refresh();
    let articles = desk.articles();
    assert!(articles[0][3].len() > 1000, "{articles:?}");
    let id = desk.ids()["T"];
    desk.library.show_full_text(id, false).unwrap();
    assert_eq!(desk.articles()[0][3], "in short");
}

/// A page with an article that is long enough to be found.
fn page() -> Answer {
    let long = "A sentence that is long enough to be taken for the text of an article, with a comma or two. ".repeat(8);
    Answer::ok(format!("<html><body><article><h1>T</h1><p>{long}</p><p>{long}</p></article></body></html>"))
        .with("Content-Type", "text/html")
}

#[test]
fn pages_get_no_login_of_another_host() {
    let other = TestServer::start(|_| page());
    let links = [other.url("/page"), other.url("/page2").replacen("http://", "http://admin:admin@", 1)];
    let own = TestServer::start(move |request| match request.path.as_str() {
        "/feed" => {
            let own = format!("http://{}/own", request.header("Host").unwrap());
            answer(rss("Feed", &[("Other", &links[0], "1"), ("Disguised", &links[1], "2"), ("Own", &own, "3")]))
        }
        _ => page(),
    });
    let mut desk = Subscriber::new();
    let login = |server: &TestServer, user: &str| Login {
        at: server.url(""),
        user: user.to_owned(),
        password: Password::Plain("pw".to_owned()),
    };
    let logins = vec![login(&own, "mine"), login(&other, "theirs")];
    desk.client = Client::new(&ClientOptions { proxy: Proxy::None, logins, ..ClientOptions::default() });
    let wanted = Subscription { full_text: true, ..Subscription::new(own.url("/feed")) };
    desk.library.subscribe(&[wanted]).unwrap();
    desk.refresh();
    let asked = |server: &TestServer| {
        let is_page = |request: &server::Request| request.path != "/feed";
        let requests = server.requests().into_iter().filter(is_page);
        requests.map(|request| (request.path.clone(), request.header("Authorization").is_some())).collect::<Vec<_>>()
    };
    assert_eq!(asked(&own), [("/own".to_owned(), true)]);
    assert_eq!(asked(&other), [("/page".to_owned(), false)], "the disguised address is not fetched");
}

#[test]
fn import_leaves_whole_articles_and_logins_to_the_reader() {
    let server = TestServer::start(|request| match request.path.as_str() {
        "/feed" => {
            let link = format!("http://{}/page", request.header("Host").unwrap());
            answer(rss("Feed", &[("T", &link, "in short")]))
        }
        _ => page(),
    });
    let mut desk = Subscriber::new();
    let url = server.url("/feed").replacen("http://", "http://admin:admin@", 1);
    let list = desk.folder.path().join("list.opml");
    let outline = format!("<outline xmlUrl='{url}' newsdesk:fullText='true'/>");
    fs::write(&list, format!("<opml xmlns:newsdesk='urn:newsdesk:opml'><body>{outline}</body></opml>")).unwrap();
    let imported = import(&mut desk.library, &list, false).unwrap();
    assert_eq!((imported.full_text, imported.logins, imported.problems.len()), (1, 1, 0));
    assert_eq!(
        imported.summary(),
        "1 feed new; 1 login left out, --with-credentials uses them; \
         1 feed asks for whole articles, `feed set NAME --full-text true` fetches them"
    );
    desk.refresh();
    let requests = server.requests();
    assert_eq!(requests.iter().map(|request| request.path.as_str()).collect::<Vec<_>>(), ["/feed"]);
    assert_eq!(requests[0].header("Authorization"), None);
    // The reader's own settings stay, and what the reader asks for is used.
    let imported = import(&mut desk.library, &list, true).unwrap();
    assert_eq!((imported.full_text, imported.logins), (1, 0));
    let feed = desk.feed(&server.url("/feed"));
    assert!(feed.subscription.login.is_some());
    desk.library.change_subscription(feed.number, |was| Subscription { full_text: true, ..was }).unwrap();
    let imported = import(&mut desk.library, &list, false).unwrap();
    assert_eq!((imported.full_text, imported.logins), (0, 0));
    assert!(desk.feed(&server.url("/feed")).subscription.full_text);
}

#[test]
fn import_limits_tags_feeds_and_searches() {
    let desk = Subscriber::new();
    let folder = desk.folder.path();
    let words = |count: usize, between: &str| (0..count).map(|n| format!("t{n}")).collect::<Vec<_>>().join(between);
    let opml = format!(
        "<opml><body><outline xmlUrl='https://a.example/' category='{}'/>\n<outline xmlUrl='https://a.example/' \
         category='new,{}'/><outline xmlUrl='https://{}.example/'/></body></opml>",
        words(101, ","),
        words(100, ","),
        "a".repeat(5000)
    );
    let queries: String = (0..205).map(|n| format!("\"query:q{n}:unread = \\\"yes\\\"\"\n")).collect();
    let long = format!("\"query:long:title = \\\"{}\\\"\"\n", "x".repeat(5000));
    let urls = format!("https://b.example/ {}\n{long}{queries}", words(101, " "));
    for (name, text, problems, searches) in [("list.opml", opml, 3, 0), ("urls", urls, 3, 200)] {
        let mut library = Library::open(&folder.join(format!("{name}.db"))).unwrap();
        let path = folder.join(name);
        fs::write(&path, text).unwrap();
        let imported = import(&mut library, &path, false).unwrap();
        assert_eq!((imported.problems.len(), imported.searches), (problems, searches), "{:?}", imported.problems);
        assert_eq!(library.feeds().unwrap()[0].subscription.tags.len(), 100, "{name}");
        assert_eq!(library.feeds().unwrap().len(), 1, "{name}");
    }
    let many: String = (0..50_003).map(|n| format!("https://a.example/{n}\n")).collect();
    let found = newsdesk::subscriptions::newsboat::read(&many).unwrap();
    assert_eq!((found.subscriptions.len(), found.problems.len()), (50_000, 1));
    let outlines: String = (0..50_003).map(|n| format!("<outline xmlUrl='https://a.example/{n}'/>")).collect();
    let found = newsdesk::subscriptions::opml::read(&format!("<opml>{outlines}</opml>")).unwrap();
    assert_eq!((found.subscriptions.len(), found.problems.len()), (50_000, 1));
}

/// Returns the nanoseconds that this thread was on a processor.
#[cfg(target_os = "linux")]
fn processor_time() -> u64 {
    let times = fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    times.split(' ').next().unwrap().parse().unwrap()
}

/// Returns the processor time that an import of `text` takes, at best.
#[cfg(target_os = "linux")]
fn import_time(name: &str, text: &str) -> u64 {
    let time = |_| {
        let mut desk = Subscriber::new();
        let path = desk.folder.path().join(name);
        fs::write(&path, text).unwrap();
        let before = processor_time();
        import(&mut desk.library, &path, false).unwrap();
        processor_time() - before
    };
    (0..3).map(time).min().unwrap()
}

#[cfg(target_os = "linux")]
#[test]
fn import_takes_time_in_proportion_to_the_file() {
    let opml = |count: usize| {
        let outline = |n| format!("<outline xmlUrl='https://a.example/{n}'/>");
        format!("<opml><body>{}</body></opml>", (0..count).map(outline).collect::<String>())
    };
    let urls = |count: usize| (0..count).map(|n| format!("https://a.example/{n}\n")).collect::<String>();
    let tags = |count: usize| {
        let tags: String = (0..count).map(|n| format!(",tag-{n}")).collect();
        format!("<opml><body><outline xmlUrl='https://a.example/' category='{tags}'/></body></opml>")
    };
    let words =
        |count: usize| format!("https://a.example/{}\n", (0..count).map(|n| format!(" tag-{n}")).collect::<String>());
    type Text<'t> = &'t dyn Fn(usize) -> String;
    let files: [(&str, usize, Text<'_>); 4] =
        [("list.opml", 2_500, &opml), ("urls", 2_500, &urls), ("list.opml", 15_000, &tags), ("urls", 15_000, &words)];
    for (name, count, text) in files {
        let (one, four) = (import_time(name, &text(count)), import_time(name, &text(4 * count)));
        // A square would take 16 times as long.
        assert!(four < 8 * one, "{name}: {count} take {one} ns, four times as many {four} ns");
    }
}

#[test]
fn entries_without_ids_and_dates_are_distinct_and_stored_once() {
    let server = TestServer::start(|_| {
        answer(
            "<rss version='2.0'><channel><title>F</title><item><title>A</title></item><item><title>B</title></item>\
             <item><description>only text</description></item><item><title>C</title><guid>same</guid></item>\
             <item><title>D</title><guid>same</guid></item><item><title>Z</title>\
             <pubDate>Fri, 01 Jan 2100 00:00:00 GMT</pubDate></item></channel></rss>",
        )
    });
    let mut desk = Subscriber::new();
    desk.subscribe(&[server.url("/")]);
    assert_eq!(desk.refresh().new, 6);
    assert_eq!(desk.refresh().new, 0);
    let titles: Vec<String> = desk.articles().into_iter().map(|[title, ..]| title).collect();
    assert_eq!(titles, ["A", "B", "C", "D", "Z", "only text"]);
    // What has no date has the one of its coming.
    assert!(desk.articles().iter().all(|[_, date, ..]| !date.is_empty()));
    assert_eq!(desk.articles()[4][1], "2100-01-01T00:00:00Z");
}

#[test]
fn newsboat_import_takes_everything_and_leaves_its_files() {
    let folder = tempfile::tempdir().unwrap();
    let (urls, cache) = (folder.path().join("urls"), folder.path().join("cache.db"));
    let server = TestServer::start(|request| match request.path.as_str() {
        "/bare" => answer(
            "<rss version='2.0'><channel><title>Bare</title><item><title>Bare</title>\
             <link>https://example.org/bare</link><pubDate>Tue, 14 Nov 2023 22:13:20 +0000</pubDate><description>new</description></item>\
             <item><title>Numbered</title><link>https://example.org/numbered</link><guid> 77 </guid>\
             <description>new</description></item></channel></rss>",
        ),
        _ => answer(rss("Feed", &[("One", "https://example.org/1", "fresh"), ("Two", "https://example.org/2", "x")])),
    });
    let url = server.url("/feed");
    fs::write(&urls, format!("{url} tech\n{}\n\"query:New:unread = \\\"yes\\\"\"\nexec:rm\n", server.url("/bare")))
        .unwrap();
    let newsboat = rusqlite::Connection::open(&cache).unwrap();
    newsboat
        .execute_batch(
            "CREATE TABLE rss_feed (rssurl, url, title); CREATE TABLE rss_item (id INTEGER PRIMARY KEY, guid, title,
             author, url, feedurl, pubDate, content, unread, enclosure_url, enclosure_type, flags, deleted);",
        )
        .unwrap();
    newsboat.execute("INSERT INTO rss_feed VALUES (?1, '', 'Feed of old')", [&url]).unwrap();
    for (n, unread, flags) in [(1, 0, "ab"), (3, 1, "")] {
        let link = format!("https://example.org/{n}");
        let new = "INSERT INTO rss_item VALUES (NULL, ?1, 'Kept', 'Ann', ?1, ?2, 1700000000, '<p>old</p>', ?3, '', '', ?4, 0)";
        newsboat.execute(new, rusqlite::params![link, url, unread, flags]).unwrap();
    }
    // What newsboat takes for the identity of entries that name none, and numbers.
    let bare = server.url("/bare");
    let new = "INSERT INTO rss_item VALUES (NULL, ?1, ?2, '', ?3, ?4, 1700000000, 'old', 0, '', '', '', 0)";
    for (guid, title, link) in [
        ("https://example.org/bareTue, 14 Nov 2023 22:13:20 +0000", "Bare", "https://example.org/bare"),
        ("77", "Numbered", "https://example.org/numbered"),
    ] {
        newsboat.execute(new, [guid, title, link, &bare]).unwrap();
    }
    drop(newsboat);
    let before = (fs::read(&urls).unwrap(), fs::read(&cache).unwrap());
    let mut desk = Subscriber::new();
    let imported = import(&mut desk.library, &urls, false).unwrap();
    assert_eq!((imported.subscribed.new, imported.entries, imported.searches, imported.problems.len()), (2, 4, 1, 1));
    assert_eq!(imported.problems[0].line, Some(4));
    assert_eq!(desk.library.searches().unwrap()[0].query, "is:unread");
    assert_eq!(desk.refresh().new, 1, "all but one are known");
    assert_eq!((fs::read(&urls).unwrap(), fs::read(&cache).unwrap()), before);
    let articles = desk.articles();
    assert_eq!(
        articles.iter().map(|[title, .., text]| (title.as_str(), text.as_str())).collect::<Vec<_>>(),
        [("Bare", "new"), ("Kept", "old"), ("Numbered", "new"), ("One", "fresh"), ("Two", "x")]
    );
    let marks = desk.library.marks().unwrap();
    let ids = desk.ids();
    assert!(["One", "Bare", "Numbered"].iter().all(|title| marks.get(ids[*title]).is_read()));
    let marked = marks.get(ids["One"]);
    assert_eq!(marked.tags().iter().map(ToString::to_string).collect::<Vec<_>>(), ["a", "b"]);
    assert_eq!(import(&mut desk.library, &urls, false).unwrap().entries, 0);
}

#[test]
fn marks_of_newsboat_show_on_entries_that_two_feeds_have() {
    let server = TestServer::start(|request| {
        let own = format!("https://example.org{}", request.path);
        answer(rss(&request.path, &[("Same", "https://example.org/same", "x"), ("Own", &own, "x")]))
    });
    let mut desk = Subscriber::new();
    desk.subscribe(&[server.url("/a"), server.url("/b")]);
    desk.refresh();
    let (urls, cache) = (desk.folder.path().join("urls"), desk.folder.path().join("cache.db"));
    fs::write(&urls, format!("{}\n{}\n", server.url("/a"), server.url("/b"))).unwrap();
    let newsboat = rusqlite::Connection::open(&cache).unwrap();
    newsboat
        .execute_batch(
            "CREATE TABLE rss_feed (rssurl, url, title); CREATE TABLE rss_item (id INTEGER PRIMARY KEY, guid, title,
             author, url, feedurl, pubDate, content, unread, enclosure_url, enclosure_type, flags, deleted);",
        )
        .unwrap();
    // Both copies have a flag, so it does not matter which of them is shown.
    for (path, flags) in [("/a", "x"), ("/b", "y")] {
        let new = "INSERT INTO rss_item VALUES (NULL, ?1, 'Same', '', ?1, ?2, 1762077600, 'x', 0, '', '', ?3, 0)";
        newsboat.execute(new, ["https://example.org/same", &server.url(path), flags]).unwrap();
    }
    drop(newsboat);
    import(&mut desk.library, &urls, false).unwrap();
    let corpus = desk.corpus(true);
    let entries = corpus.order().iter().map(|slot| corpus.get(*slot).unwrap());
    let same: Vec<ArticleId> =
        entries.filter(|entry| entry.headline().as_str() == "Same").map(|entry| entry.id()).collect();
    assert_eq!(same.len(), 1);
    let marks = desk.library.marks().unwrap();
    let tags: Vec<String> = marks.get(same[0]).tags().iter().map(ToString::to_string).collect();
    assert_eq!((marks.get(same[0]).is_read(), tags), (true, vec!["x".to_owned(), "y".to_owned()]));
}

#[test]
fn newsboat_podcast_episodes_keep_their_own_marks() {
    let episodes = |numbers: std::ops::RangeInclusive<u32>| -> String {
        let episode = |number: u32| {
            format!(
                "<item><title>Episode {number}</title><link>https://pod.example/</link>\
                 <guid>https://pod.example/ep/{number}</guid><pubDate>Tue, 14 Nov 2023 22:13:20 +0000</pubDate></item>"
            )
        };
        let slash =
            "<item><title>Slash</title><link>https://pod.example/a</link><guid>https://pod.example/a/</guid></item>";
        numbers.rev().map(episode).chain([slash.to_owned()]).collect()
    };
    let server = TestServer::start(move |_| {
        answer(format!("<rss version='2.0'><channel><title>Pod</title>{}</channel></rss>", episodes(1..=4)))
    });
    let folder = tempfile::tempdir().unwrap();
    let (urls, cache) = (folder.path().join("urls"), folder.path().join("cache.db"));
    let url = server.url("/pod");
    fs::write(&urls, format!("{url}\n")).unwrap();
    let newsboat = rusqlite::Connection::open(&cache).unwrap();
    newsboat
        .execute_batch(
            "CREATE TABLE rss_feed (rssurl, url, title); CREATE TABLE rss_item (id INTEGER PRIMARY KEY, guid, title,
             author, url, feedurl, pubDate, content, unread, enclosure_url, enclosure_type, flags, deleted);",
        )
        .unwrap();
    let new = "INSERT INTO rss_item VALUES (NULL, ?1, ?2, '', ?3, ?4, 1700000000, 'old', ?5, '', '', '', 0)";
    for number in 1..=3 {
        let (guid, title) = (format!("https://pod.example/ep/{number}"), format!("Episode {number}"));
        let unread = number != 2;
        newsboat.execute(new, rusqlite::params![guid, title, "https://pod.example/", url, unread]).unwrap();
    }
    let slash = rusqlite::params!["https://pod.example/a/", "Slash", "https://pod.example/a", url, false];
    newsboat.execute(new, slash).unwrap();
    drop(newsboat);
    let mut desk = Subscriber::new();
    assert_eq!(import(&mut desk.library, &urls, false).unwrap().entries, 4);
    assert_eq!(desk.refresh().new, 1, "all but one are known");
    let (ids, marks) = (desk.ids(), desk.library.marks().unwrap());
    let read: Vec<&str> =
        ids.iter().filter(|(_, id)| marks.get(**id).is_read()).map(|(title, _)| title.as_str()).collect();
    assert_eq!((ids.len(), read.len()), (5, 2));
    assert!(read.contains(&"Episode 2") && read.contains(&"Slash"));
}

#[test]
fn entries_with_one_common_link_stay_distinct() {
    let show = |name: &str| {
        let entries = (1..=5).map(|number| {
            format!(
                "<item><title>{name} {number}</title><link>https://show.example/</link>\
                 <guid isPermaLink='false'>{name}-{number}</guid></item>"
            )
        });
        format!("<rss version='2.0'><channel><title>{name}</title>{}</channel></rss>", entries.collect::<String>())
    };
    let server = TestServer::start(move |request| answer(show(request.path.trim_start_matches('/'))));
    let mut desk = Subscriber::new();
    desk.subscribe(&[server.url("/podcast"), server.url("/blog")]);
    desk.refresh();
    assert_eq!(desk.corpus(true).order().len(), 10);
}

#[test]
fn numeric_ids_count_only_within_their_feed() {
    let feed = |name: &str| {
        let entries = (1..=3).map(|number| format!("<item><title>{name} {number}</title><guid>{number}</guid></item>"));
        format!("<rss version='2.0'><channel><title>{name}</title>{}</channel></rss>", entries.collect::<String>())
    };
    let server = TestServer::start(move |request| match request.path.as_str() {
        "/a/old" => Answer::to(301, "/elsewhere/new"),
        "/b" => answer(feed("b")),
        _ => answer(feed("a")),
    });
    let mut desk = Subscriber::new();
    desk.subscribe(&[server.url("/a/first"), server.url("/b")]);
    assert_eq!(desk.refresh().new, 6);
    assert_eq!(desk.corpus(true).order().len(), 6);
    assert!(desk.articles().iter().all(|[_, _, url, _]| url.is_empty()));
    // The feed moves; its entries are what they were.
    let feed = desk.feed(&server.url("/a/first"));
    let moved = Subscription { url: server.url("/a/old"), ..feed.subscription.clone() };
    desk.library.change_subscription(feed.number, |_| moved.clone()).unwrap();
    let done = desk.refresh();
    assert_eq!((done.new, done.changed), (0, 0));
    assert_eq!(desk.feed(&server.url("/elsewhere/new")).number, feed.number);
}

#[test]
fn names_from_an_import_stay_if_they_differ_from_the_feeds() {
    let server = TestServer::start(|request| answer(rss(&format!("Feed {}", request.path), &[])));
    let mut desk = Subscriber::new();
    let outline = |path: &str, names: &str| format!("<outline {names} xmlUrl='{}'/>", server.url(path));
    let opml = format!(
        "<opml>{}{}{}</opml>",
        outline("/1", "text='Mine' title='Mine'"),
        outline("/2", "text='Mine too'"),
        outline("/3", "text='Feed /3' title='Feed /3'")
    );
    let path = desk.folder.path().join("feeds.opml");
    fs::write(&path, &opml).unwrap();
    import(&mut desk.library, &path, false).unwrap();
    desk.refresh();
    let told = |desk: &Subscriber| {
        let told = |feed: KnownFeed| (feed.subscription.name().to_owned(), feed.subscription.own_title.is_some());
        desk.library.feeds().unwrap().into_iter().map(told).collect::<Vec<_>>()
    };
    let wanted = [("Mine".to_owned(), true), ("Mine too".to_owned(), true), ("Feed /3".to_owned(), false)];
    assert_eq!(told(&desk), wanted);
    // Once more changes nothing.
    import(&mut desk.library, &path, false).unwrap();
    assert_eq!(told(&desk), wanted);
}

#[test]
fn one_address_is_one_feed_however_it_is_written() {
    let mut desk = Subscriber::new();
    let spelt = |url: &str| Subscription { tags: vec![url.len().to_string()], ..Subscription::new(url) };
    let ways = ["http://feeds.example/a", "HTTP://FEEDS.example:80/a", "http://feeds.example/x/../a#top"];
    let done = desk.library.subscribe(&ways.map(spelt)).unwrap();
    assert_eq!((done.new, done.changed), (1, 2));
    assert_eq!(desk.library.subscribe(&[spelt("http://feeds.example/A")]).unwrap().new, 1);
    let found = |name: &str| feeds_named(&desk.library, &[name.to_owned()]).map(|found| found.len());
    assert_eq!(found("HTTP://feeds.example:80/a#x").unwrap(), 1);
    assert!(found("feeds.example/a#").is_err());
}

#[test]
fn feeds_are_named_by_whole_name_address_or_tag() {
    let mut desk = Subscriber::new();
    let named = |name: &str| Subscription {
        own_title: Some(name.to_owned()),
        tags: vec!["press".to_owned()],
        ..Subscription::new(format!("http://{name}.example/"))
    };
    desk.library.subscribe(&[named("World-News"), named("Canal")]).unwrap();
    let found = |name: &str| feeds_named(&desk.library, &[name.to_owned()]).map(|found| found.len());
    assert_eq!(found("world-news").unwrap(), 1);
    assert_eq!(found("#Press").unwrap(), 2);
    assert_eq!(found("http://canal.example/").unwrap(), 1);
    let refused = |name: &str| found(name).unwrap_err().to_string();
    assert_eq!(refused("news"), "no feed is named \"news\"; did you mean \"World-News\"?");
    assert_eq!(refused("cannal"), "no feed is named \"cannal\"; did you mean \"Canal\"?");
    assert_eq!(refused("press"), "no feed is named \"press\"; did you mean the tag #press?");
    assert_eq!(refused("#wire"), "no feed has the tag #wire");
    assert_eq!(refused(""), "no feed is named \"\"");
}

#[test]
fn removing_several_feeds_needs_confirmation() {
    let mut desk = Subscriber::new();
    let tagged = |name: &str| Subscription {
        tags: vec!["press".to_owned()],
        ..Subscription::new(format!("http://{name}.example/"))
    };
    desk.library.subscribe(&[tagged("a"), tagged("b")]).unwrap();
    let remove = |yes| FeedCommand::Remove { names: vec!["#press".to_owned()], yes };
    let refused = commands::run(&mut desk.library, &remove(false)).unwrap_err();
    assert!(matches!(refused, FeedCommandError::Unconfirmed(_)));
    assert_eq!(desk.library.feeds().unwrap().len(), 2);
    let done = commands::run(&mut desk.library, &remove(true)).unwrap();
    assert_eq!(done.sentence(), "Unsubscribed from 2 feeds: \"http://a.example/\", \"http://b.example/\"");
    assert_eq!(desk.library.feeds().unwrap().len(), 0);
}

#[test]
fn tags_are_stored_without_hash_from_any_source() {
    let mut desk = Subscriber::new();
    let wanted = Subscription { tags: vec!["#press".to_owned()], ..Subscription::new("http://a.example/") };
    desk.library.subscribe(std::slice::from_ref(&wanted)).unwrap();
    desk.library.subscribe(&[wanted]).unwrap();
    assert_eq!(desk.feed("http://a.example/").subscription.tags, ["press"]);
    let words = ["#local".to_owned(), "-#press".to_owned()];
    let tag = FeedCommand::Tag { name: "http://a.example/".to_owned(), tags: words.to_vec() };
    commands::run(&mut desk.library, &tag).unwrap();
    assert_eq!(desk.feed("http://a.example/").subscription.tags, ["local"]);
}

#[test]
fn names_and_tags_are_stored_safe_and_on_one_line() {
    let mut desk = Subscriber::new();
    let odd = "A\u{1b}[31mB\n C\u{202e}";
    let wanted = Subscription {
        own_title: Some(odd.to_owned()),
        tags: vec![odd.to_owned()],
        ..Subscription::new("http://a.example/")
    };
    desk.library.subscribe(&[wanted]).unwrap();
    let feed = desk.feed("http://a.example/").subscription;
    assert_eq!((feed.name(), feed.tags[0].as_str()), ("A␛[31mB C", "A␛[31mB C"));
}

/// An entry of an RSS feed as the tests below change it.
#[derive(Clone, Debug, Default)]
struct Item {
    title: String,
    link: Option<String>,
    guid: Option<String>,
    date: Option<String>,
    text: String,
}

fn item(title: &str, link: &str, guid: &str, text: &str) -> Item {
    let given = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    Item { title: title.to_owned(), link: given(link), guid: given(guid), date: None, text: text.to_owned() }
}

/// A server with one feed at every path, whose entries a test sets.
struct OneFeed {
    server: TestServer,
    items: Arc<Mutex<Vec<Item>>>,
}

/// The text of a feed with these entries.
fn feed_of(items: &[Item]) -> String {
    let element = |name: &str, text: &Option<String>| {
        text.as_ref().map_or_else(String::new, |text| format!("<{name}>{}</{name}>", text.replace('&', "&amp;")))
    };
    let item = |item: &Item| {
        let (link, guid) = (element("link", &item.link), element("guid", &item.guid));
        let (title, date) = (element("title", &Some(item.title.clone())), element("pubDate", &item.date));
        format!("<item>{title}{link}{guid}{date}<description>{}</description></item>", item.text)
    };
    let items: String = items.iter().map(item).collect();
    format!("<rss version='2.0'><channel><title>F</title><link>http://b.example/</link>{items}</channel></rss>")
}

impl OneFeed {
    fn new(items: &[Item]) -> OneFeed {
        let items = Arc::new(Mutex::new(items.to_vec()));
        let now = Arc::clone(&items);
        let server = TestServer::start(move |_| answer(feed_of(&now.lock().unwrap())));
        OneFeed { server, items }
    }

    fn set(&self, items: &[Item]) {
        *self.items.lock().unwrap() = items.to_vec();
    }
}

impl Subscriber {
    /// The headlines as they are listed.
    fn listed(&self) -> Vec<String> {
        let corpus = self.corpus(true);
        corpus.order().iter().map(|slot| corpus.get(*slot).unwrap().headline().to_string()).collect()
    }

    /// The texts of the entries that are starred, in order.
    fn starred(&mut self) -> Vec<String> {
        let marks = self.library.marks().unwrap();
        let corpus = self.corpus(true);
        let entries = corpus.order().iter().map(|slot| corpus.get(*slot).unwrap());
        let starred = entries.filter(|entry| marks.get(entry.id()).is_starred());
        let mut texts: Vec<String> = starred.map(|entry| entry.article().to_text()).collect();
        texts.sort();
        texts
    }
}

#[test]
fn entries_with_one_guid_keep_their_marks_behind_a_new_one() {
    let build =
        |number: u32| item(&format!("Build {number}"), "http://b.example/notes", "N/A", &format!("text {number}"));
    for guid in ["N/A", "http://b.example/", "tag:b.example,2020:build", "7", ""] {
        let build = |number| Item { guid: Some(guid.to_owned()), ..build(number) };
        let feed = OneFeed::new(&[build(2), build(1)]);
        let mut desk = Subscriber::new();
        desk.subscribe(&[feed.server.url("/")]);
        assert_eq!(desk.refresh().new, 2, "{guid}");
        let ids = desk.ids();
        desk.mark(ids["Build 2"], &[Change::Read(true), Change::Starred(true)]);
        let starred = desk.starred();
        feed.set(&[build(3), build(2), build(1)]);
        let done = desk.refresh();
        assert_eq!((done.new, done.changed), (1, 0), "{guid}");
        // The others disappear, and one appears alone.
        feed.set(&[build(1)]);
        assert_eq!(desk.refresh().new, 0, "{guid}");
        feed.set(&[build(4)]);
        assert_eq!((desk.refresh().new, desk.refresh().new), (1, 0), "{guid}");
        feed.set(&[build(1), build(4), build(3), build(2)]);
        let done = desk.refresh();
        assert_eq!((done.new, done.changed), (0, 0), "{guid}");
        assert_eq!(desk.starred(), starred, "{guid}");
        assert_eq!(ids["Build 2"], desk.ids()["Build 2"]);
        assert!(!desk.library.marks().unwrap().get(desk.ids()["Build 3"]).is_read());
    }
}

/// A generator of numbers that are the same in every run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from((self.0 >> 33) % sides).unwrap()
    }
}

#[test]
fn marks_of_a_feed_follow_entries_that_move() {
    for seed in 0..24 {
        let mut dice = Dice(seed);
        // Ids, links and dates that several entries share, that all have, and that none has.
        let kinds: Vec<Item> = (0..12)
            .map(|number| Item {
                title: [format!("Title {number}"), "Update".to_owned()][dice.roll(3).min(1) ^ 1].clone(),
                link: [None, Some("http://b.example/page".to_owned()), Some(format!("http://b.example/{number}"))]
                    [dice.roll(3)]
                .clone(),
                guid: [None, Some("N/A".to_owned()), Some("same-for-all-1".to_owned()), Some(format!("id-{number}"))]
                    [dice.roll(4)]
                .clone(),
                date: (dice.roll(2) == 0).then(|| format!("Mon, {:02} Nov 2020 10:00:00 GMT", 1 + number)),
                text: format!("text of {number}"),
            })
            .collect();
        let feed = OneFeed::new(&kinds);
        let mut desk = Subscriber::new();
        desk.subscribe(&[feed.server.url("/")]);
        assert_eq!(desk.refresh().new, kinds.len(), "seed {seed}");
        let corpus = desk.corpus(true);
        let ids: Vec<ArticleId> = corpus.order().iter().map(|slot| corpus.get(*slot).unwrap().id()).collect();
        for id in ids.into_iter().filter(|_| dice.roll(2) == 0) {
            desk.mark(id, &[Change::Starred(true)]);
        }
        let starred = desk.starred();
        for step in 0..8 {
            let mut now: Vec<Item> = kinds.iter().filter(|_| dice.roll(2) == 0).cloned().collect();
            for at in (1..now.len()).rev() {
                now.swap(at, dice.roll(at as u64 + 1));
            }
            feed.set(&now);
            let done = desk.refresh();
            assert_eq!((done.new, done.changed), (0, 0), "seed {seed}, step {step}: {now:#?}");
        }
        assert_eq!(desk.starred(), starred, "seed {seed}");
    }
}

#[test]
fn marks_in_a_feed_file_follow_entries_that_move() {
    for seed in 0..24 {
        let mut dice = Dice(seed);
        // Several entries share titles, ids or links, but no two share all three.
        let entries: Vec<Item> = (0..10)
            .map(|number| {
                let (title, link) = match dice.roll(3) {
                    0 => (format!("Title {number}"), "http://b.example/page".to_owned()),
                    1 => ("Update".to_owned(), format!("http://b.example/{number}")),
                    _ => (format!("Title {number}"), String::new()),
                };
                let guid = ["", "N/A", "same-for-all-1"][dice.roll(3)];
                item(&title, &link, guid, &format!("text of {number}"))
            })
            .chain((10..13).map(|number| item("Update", "", "", &format!("text of {number}"))))
            .collect();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("feed.xml");
        let mut library = Library::open(&folder.path().join("library.db")).unwrap();
        let load = |entries: &[Item]| {
            fs::write(&path, feed_of(entries)).unwrap();
            load_all(&[Source::Path(path.clone())], LoadOptions::default()).corpus
        };
        let corpus = load(&entries);
        let mut starred = Vec::new();
        for (item, &slot) in entries.iter().zip(corpus.order().iter()) {
            let entry = corpus.get(slot).unwrap();
            assert!(entry.article().to_text().contains(&item.text));
            if dice.roll(2) == 0 {
                starred.push(item.text.clone());
                let known = newsdesk::library::PathResolver::default().record(entry);
                let marking = MarkChange { article: entry.id(), change: Change::Starred(true) };
                library.save_marks(&[marking], &mut |_| Some(known.clone())).unwrap();
            }
        }
        for step in 0..8 {
            let mut now: Vec<Item> = entries[1..].iter().filter(|_| dice.roll(2) == 0).cloned().collect();
            now.push(entries[0].clone());
            for at in (1..now.len()).rev() {
                now.swap(at, dice.roll(at as u64 + 1));
            }
            let corpus = load(&now);
            library.recognise(&corpus, 0, &FileState::of).unwrap();
            let marks = library.marks().unwrap();
            for &slot in corpus.order().iter() {
                let entry = corpus.get(slot).unwrap();
                let text = entry.article().to_text();
                let is_wanted = starred.iter().any(|starred| text.contains(&format!("{starred}\n")));
                assert_eq!(marks.get(entry.id()).is_starred(), is_wanted, "seed {seed}, step {step}: {text}");
            }
        }
    }
}

#[test]
fn edited_entry_of_a_feed_file_keeps_its_mark() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("feed.xml");
    let mut library = Library::open(&folder.path().join("library.db")).unwrap();
    let load = |entries: &[Item]| {
        fs::write(&path, feed_of(entries)).unwrap();
        load_all(&[Source::Path(path.clone())], LoadOptions::default()).corpus
    };
    let news = |number: u32, scheme: &str, text: &str| {
        let link = format!("{scheme}://b.example/{number}?utm_source={text}");
        item(&format!("News {number}"), &link, &link, text)
    };
    let corpus = load(&[news(1, "http", "a"), news(2, "http", "b")]);
    let entry = corpus.get(corpus.order()[1]).unwrap();
    // An earlier version knew it by its position.
    let id = ArticleId::of(path.canonicalize().unwrap().as_os_str().as_encoded_bytes(), 1);
    let known = newsdesk::library::ArticleRecord { id, ..newsdesk::library::PathResolver::default().record(entry) };
    let marking = MarkChange { article: id, change: Change::Starred(true) };
    library.save_marks(&[marking], &mut |_| Some(known.clone())).unwrap();
    for entries in [
        vec![news(3, "http", "c"), news(1, "http", "a"), news(2, "http", "b")],
        vec![news(2, "https", "edited"), news(3, "https", "c")],
        vec![news(1, "https", "a"), news(3, "https", "c"), news(2, "https", "again")],
    ] {
        let corpus = load(&entries);
        library.recognise(&corpus, 0, &FileState::of).unwrap();
        let marks = library.marks().unwrap();
        let entries = corpus.order().iter().map(|slot| corpus.get(*slot).unwrap());
        let starred: Vec<String> = entries
            .filter(|entry| marks.get(entry.id()).is_starred())
            .map(|entry| entry.headline().to_string())
            .collect();
        assert_eq!(starred, ["News 2"]);
    }
}

#[test]
fn entries_stay_the_same_if_only_address_forms_change() {
    let forms: [fn(u32) -> String; 5] = [
        |number| format!("http://b.example/{number}?p=1&utm_source=rss"),
        |number| format!("http://b.example/{number}?p=1"),
        |number| format!("https://b.example/{number}?p=1"),
        |number| format!("https://b.example/{number}?utm_medium=feed&p=1&fbclid=xyz"),
        |number| format!("http://b.example/{number}?p=1&mc_cid=1&mc_eid=2"),
    ];
    for has_guid in [true, false] {
        let entries = |form: fn(u32) -> String| -> Vec<Item> {
            let guid = |number| if has_guid { form(number) } else { String::new() };
            (1..=3).map(|number| item(&format!("T{number}"), &form(number), &guid(number), "text")).collect()
        };
        let feed = OneFeed::new(&entries(forms[0]));
        let mut desk = Subscriber::new();
        desk.subscribe(&[feed.server.url("/")]);
        assert_eq!(desk.refresh().new, 3);
        let ids = desk.ids();
        desk.mark(ids["T2"], &[Change::Starred(true)]);
        for form in forms {
            feed.set(&entries(form));
            let done = desk.refresh();
            assert_eq!((done.new, done.changed), (0, 0), "{}", form(1));
            assert_eq!(desk.ids(), ids);
        }
        assert_eq!(desk.articles()[0][2], forms[4](1), "the address of today is shown");
        // Another feed has them in another form.
        let other = OneFeed::new(&entries(forms[3]));
        desk.subscribe(&[other.server.url("/")]);
        assert_eq!(desk.refresh().new, 3);
        assert_eq!(desk.corpus(true).order().len(), 3);
    }
}

/// Gives an entry the identity and the checksums that earlier versions gave it.
fn store_as_before(desk: &Subscriber, entry: ArticleId, key: &str, link: &str) -> ArticleId {
    let library = rusqlite::Connection::open(desk.path()).unwrap();
    let signed = |number: u64| i64::from_ne_bytes(number.to_ne_bytes());
    let seed: i64 = library.query_row("SELECT seed FROM feeds", [], |row| row.get(0)).unwrap();
    let id = ArticleId::of_entry(u64::from_ne_bytes(seed.to_ne_bytes()), key);
    let link = signed(xxhash_rust::xxh3::xxh3_64(link.as_bytes()));
    let change = "UPDATE entries SET id = ?2, link = ?3, guid = NULL WHERE id = ?1";
    library.execute(change, [signed(entry.0), signed(id.0), link]).unwrap();
    library.execute("UPDATE articles SET id = ?2 WHERE id = ?1", [signed(entry.0), signed(id.0)]).unwrap();
    library.execute("DELETE FROM entry_keys", []).unwrap();
    id
}

#[test]
fn entries_of_earlier_versions_are_found_under_their_old_keys() {
    // With tracking parameters in the id.
    let form = |number: u32, rest: &str| format!("http://b.example/{number}?utm_source=rss{rest}");
    let entries = |rest: &str| -> Vec<Item> {
        (1..=2).map(|n| item(&format!("T{n}"), &form(n, rest), &form(n, rest), "text")).collect()
    };
    let feed = OneFeed::new(&entries(""));
    let mut desk = Subscriber::new();
    desk.subscribe(&[feed.server.url("/")]);
    desk.refresh();
    let ids = desk.ids();
    let old = store_as_before(&desk, ids["T1"], &form(1, ""), &form(1, ""));
    desk.mark(old, &[Change::Starred(true)]);
    for rest in ["", "&utm_medium=x"] {
        feed.set(&entries(rest));
        let done = desk.refresh();
        assert_eq!((done.new, done.changed), (0, 0), "{rest}");
        assert_eq!(desk.ids()["T1"], old);
    }
    // With one id at all entries: the first had the bare id, the others more than that.
    let build =
        |number: u32| item(&format!("Build {number}"), "http://b.example/notes", "7", &format!("text {number}"));
    let feed = OneFeed::new(&[build(2), build(1)]);
    let mut desk = Subscriber::new();
    desk.subscribe(&[feed.server.url("/")]);
    desk.refresh();
    let ids = desk.ids();
    let second = store_as_before(&desk, ids["Build 2"], "7", "");
    let first = store_as_before(&desk, ids["Build 1"], "7\nhttp://b.example/notes\nBuild 1", "");
    desk.mark(second, &[Change::Starred(true)]);
    for items in [vec![build(1)], vec![build(3), build(1)], vec![build(3), build(2), build(1)]] {
        feed.set(&items);
        let done = desk.refresh();
        assert_eq!(done.changed, 0);
    }
    let ids = desk.ids();
    assert_eq!((ids.len(), ids["Build 1"], ids["Build 2"]), (3, first, second));
    assert!(desk.starred()[0].contains("text 2"));
}

#[test]
fn entries_without_dates_stand_in_the_order_of_the_feed() {
    let news = |numbers: &[u32]| -> Vec<Item> {
        numbers.iter().map(|n| item(&format!("N{n:03}"), &format!("http://b.example/{n}"), "", "x")).collect()
    };
    let names = |numbers: &[u32]| numbers.iter().map(|n| format!("N{n:03}")).collect::<Vec<_>>();
    let feed = OneFeed::new(&news(&[1, 2, 3, 4, 5]));
    let mut desk = Subscriber::new();
    desk.subscribe(&[feed.server.url("/")]);
    desk.refresh();
    assert_eq!(desk.listed(), names(&[1, 2, 3, 4, 5]));
    feed.set(&news(&[6, 1, 2, 7, 3]));
    desk.refresh();
    let listed = desk.listed();
    let place = |number: u32| listed.iter().position(|name| *name == format!("N{number:03}")).unwrap();
    assert!(place(6) < place(7) && place(7) < place(1), "{listed:?}");
    // Of more entries than are read first, all with one date.
    let many: Vec<u32> = (1..=400).collect();
    let dated = |items: Vec<Item>| -> Vec<Item> {
        let date = Some("Mon, 02 Nov 2026 10:00:00 GMT".to_owned());
        items.into_iter().map(|item| Item { date: date.clone(), ..item }).collect()
    };
    let feed = OneFeed::new(&dated(news(&many)));
    let mut desk = Subscriber::new();
    desk.subscribe(&[feed.server.url("/")]);
    desk.refresh();
    assert_eq!(desk.listed(), names(&many));
    feed.set(&dated(news(&[500, 501, 1, 2, 3])));
    desk.refresh();
    assert_eq!(desk.listed()[..4], names(&[500, 501, 1, 2]));
}

#[test]
fn import_of_an_old_list_recognises_moved_feeds() {
    let is_other = Arc::new(AtomicBool::new(false));
    let answers = Arc::clone(&is_other);
    let server = TestServer::start(move |request| match request.path.as_str() {
        "/old" if !answers.load(Ordering::Relaxed) => Answer::to(301, "/new"),
        "/old" => answer(
            "<rss version='2.0'><channel><title>Other Paper</title><item><title>Tax law passed</title><guid>1</guid>\
             </item></channel></rss>",
        ),
        _ => answer(
            "<rss version='2.0'><channel><title>Ferry News</title><item><title>Ferry sails</title><guid>1</guid>\
             </item></channel></rss>",
        ),
    });
    let mut desk = Subscriber::new();
    let opml = format!("<opml><outline xmlUrl='{}'/></opml>", server.url("/old"));
    let path = desk.folder.path().join("feeds.opml");
    fs::write(&path, opml).unwrap();
    import(&mut desk.library, &path, false).unwrap();
    desk.refresh();
    let again = import(&mut desk.library, &path, false).unwrap();
    assert_eq!((again.subscribed.new, again.subscribed.same), (0, 1));
    assert_eq!(desk.feed(&server.url("/new")).subscription.name(), "Ferry News");
    desk.mark(desk.ids()["Ferry sails"], &[Change::Starred(true)]);
    let stop = AtomicBool::new(false);
    let wanted = Subscription::new(server.url("/old"));
    let added = add(&mut desk.library, &desk.client, &desk.settings, &wanted, &stop).unwrap();
    assert_eq!(added, SubscribeOutcome::Moved { name: "Ferry News".to_owned(), to: server.url("/new") });
    // Another feed takes over the address.
    is_other.store(true, Ordering::Relaxed);
    let added = add(&mut desk.library, &desk.client, &desk.settings, &wanted, &stop).unwrap();
    assert_eq!(added, SubscribeOutcome::Feed { name: "Other Paper".to_owned(), new: 1, warnings: Vec::new() });
    assert_eq!(desk.starred().len(), 1);
    assert!(desk.starred()[0].contains("Ferry sails"));
    assert_eq!(desk.listed().len(), 2);
    assert_eq!(desk.refresh().new, 0);
}

#[test]
fn import_recognises_addresses_that_redirected_when_added() {
    let server = TestServer::start(|request| match request.path.as_str() {
        "/old" => Answer::to(301, "/new"),
        _ => answer(rss("Ferry News", &[("Ferry sails", "https://example.org/1", "x")])),
    });
    let mut desk = Subscriber::new();
    let stop = AtomicBool::new(false);
    let wanted = Subscription::new(server.url("/old"));
    let added = add(&mut desk.library, &desk.client, &desk.settings, &wanted, &stop).unwrap();
    assert!(matches!(added, SubscribeOutcome::Feed { new: 1, .. }), "{added:?}");
    let path = desk.folder.path().join("feeds.opml");
    fs::write(&path, format!("<opml><outline xmlUrl='{}'/></opml>", server.url("/old"))).unwrap();
    let again = import(&mut desk.library, &path, false).unwrap();
    assert_eq!((again.subscribed.new, again.subscribed.same), (0, 1));
    assert_eq!(desk.refresh(), RefreshSummary { tried: 1, ..RefreshSummary::default() });
}

/// A server on which `/old` redirects to `/new` once the flag is set. Both serve the same feed until then.
fn moving_server() -> (TestServer, Arc<AtomicBool>) {
    let has_moved = Arc::new(AtomicBool::new(false));
    let moved = Arc::clone(&has_moved);
    let server = TestServer::start(move |request| {
        if request.path == "/old" && moved.load(Ordering::Relaxed) {
            return Answer::to(301, "/new");
        }
        let stories = ["one", "two", "three", "four"];
        // Each address once had an entry that the other does not have.
        let own = if request.path == "/old" { &stories[..3] } else { &stories[1..] };
        let links: Vec<String> = own.iter().map(|name| format!("https://example.org/{name}")).collect();
        let items: Vec<(&str, &str, &str)> =
            own.iter().zip(&links).map(|(name, link)| (*name, link.as_str(), "text")).collect();
        answer(rss("Paper", &items))
    });
    (server, has_moved)
}

#[test]
fn doubled_feeds_are_merged_when_one_redirects() {
    let (server, has_moved) = moving_server();
    let (old, new) = (server.url("/old"), server.url("/new"));
    let mut desk = Subscriber::new();
    let tagged = |url: &str, tag: &str| Subscription { tags: vec![tag.to_owned()], ..Subscription::new(url) };
    let wanted = Subscription { own_title: Some("Morning".to_owned()), ..tagged(&old, "town") };
    desk.library.subscribe(&[wanted]).unwrap();
    desk.refresh();
    desk.library.subscribe(&[tagged(&new, "sea")]).unwrap();
    desk.refresh();
    let ids = desk.ids();
    let shown: HashMap<String, ArticleId> = {
        let corpus = desk.corpus(true);
        let entries = corpus.order().iter().map(|slot| corpus.get(*slot).unwrap());
        entries.map(|entry| (entry.headline().to_string(), entry.id())).collect()
    };
    assert_eq!((ids.len(), shown.len()), (4, 4));
    let note = Change::Note { text: "call".into(), was: "".into() };
    let marks = [
        ("one", Change::Starred(true)),
        ("two", Change::Tagged(Tag::new("kept").unwrap(), true)),
        ("three", note),
        ("four", Change::Read(true)),
    ];
    for (name, change) in &marks {
        desk.mark(shown[*name], std::slice::from_ref(change));
    }
    let mut library = Library::open(&desk.path()).unwrap();
    let before: Vec<String> = listed(&desk, &mut library).iter().map(|line| line.replace("Paper", "Morning")).collect();
    has_moved.store(true, Ordering::Relaxed);
    let mut told = Vec::new();
    let done = desk.refresh_with(&AtomicBool::new(false), |batch| told.extend(batch));
    assert_eq!((done.failed, done.new, done.changed), (0, 0, 0));
    let sentences: Vec<String> = told.iter().filter_map(FeedOutcome::merge_sentence).collect();
    let sentence = "\"Morning\" moved to the address of \"Morning\"; the two subscriptions are one now";
    assert_eq!(sentences, [sentence]);
    let feeds = desk.library.feeds().unwrap();
    assert_eq!(feeds.len(), 1);
    let Subscription { url, own_title, tags, .. } = &feeds[0].subscription;
    assert_eq!((url, own_title.as_deref()), (&new, Some("Morning")));
    assert_eq!(tags, &["sea", "town"]);
    let marks_of = |lines: Vec<String>| -> Vec<(String, bool)> {
        lines.iter().map(|line| (line.split(' ').next().unwrap().to_owned(), line.ends_with(" read"))).collect()
    };
    assert_eq!(marks_of(listed(&desk, &mut library)), marks_of(before));
    let (marks, ids) = (library.marks().unwrap(), desk.ids());
    assert!(marks.get(ids["one"]).is_starred() && marks.get(ids["four"]).is_read());
    assert_eq!((marks.get(ids["two"]).tags().len(), marks.get(ids["three"]).note()), (1, "call"));
    assert_eq!((rows_of_entries(&desk), desk.refresh()), (4, RefreshSummary { tried: 1, ..RefreshSummary::default() }));
    assert_eq!(library.check().unwrap(), [""; 0]);
    // The former address leads to it.
    let stop = AtomicBool::new(false);
    let added = add(&mut desk.library, &desk.client, &desk.settings, &Subscription::new(&old), &stop).unwrap();
    assert_eq!(added, SubscribeOutcome::Moved { name: "Morning".to_owned(), to: new });
    assert_eq!(desk.library.subscribe(&[Subscription::new(&old)]).unwrap().same, 1);
}

#[test]
fn doubled_feed_shows_the_entries_after_the_other_is_removed() {
    let (server, has_moved) = moving_server();
    let (old, new) = (server.url("/old"), server.url("/new"));
    let mut desk = Subscriber::new();
    desk.subscribe(std::slice::from_ref(&old));
    desk.refresh();
    has_moved.store(true, Ordering::Relaxed);
    desk.refresh();
    let before = desk.ids();
    desk.mark(before["one"], &[Change::Starred(true)]);
    // Earlier versions did not remember the former address.
    rusqlite::Connection::open(desk.path()).unwrap().execute("DELETE FROM former_addresses", []).unwrap();
    desk.subscribe(std::slice::from_ref(&old));
    let feed = desk.feed(&new);
    assert_eq!(desk.library.unsubscribe(&[feed]).unwrap(), 1);
    assert_eq!(desk.refresh().failed, 0);
    assert_eq!(desk.ids(), before);
    assert_eq!(desk.library.feeds().unwrap().len(), 1);
    assert_eq!(desk.feed(&new).subscription.url, new);
    assert!(desk.library.marks().unwrap().get(before["one"]).is_starred());
    assert_eq!(desk.refresh().new, 0);
}

#[test]
fn whole_articles_left_out_come_with_the_next_refresh() {
    let answers: Arc<Mutex<HashMap<String, u16>>> = Arc::default();
    let statuses = Arc::clone(&answers);
    let long = "A sentence that is long enough to be taken for the text of an article, with a comma or two. ".repeat(8);
    let server = TestServer::start(move |request| {
        if request.path == "/feed" {
            if request.header("If-None-Match").is_some() {
                return Answer::status(304);
            }
            let host = request.header("Host").unwrap();
            let links: Vec<String> = (0..3).map(|n| format!("http://{host}/page{n}")).collect();
            let items: Vec<(&str, &str, &str)> =
                links.iter().map(|link| (&link[link.len() - 5..], link.as_str(), "in short")).collect();
            return answer(rss("Feed", &items)).with("ETag", "\"1\"");
        }
        match statuses.lock().unwrap().get(&request.path) {
            Some(status) => Answer::status(*status),
            None => Answer::ok(format!("<html><body><article><h1>T</h1><p>{long}</p><p>{long}</p></article></body>"))
                .with("Content-Type", "text/html"),
        }
    });
    let mut desk = Subscriber::new();
    let wanted = Subscription { full_text: true, ..Subscription::new(server.url("/feed")) };
    desk.library.subscribe(&[wanted]).unwrap();
    // It is stopped before any page is fetched.
    let stop = AtomicBool::new(false);
    desk.refresh_with(&stop, |_| stop.store(true, Ordering::Relaxed));
    let whole =
        |desk: &Subscriber| -> Vec<bool> { desk.articles().iter().map(|article| article[3].len() > 1000).collect() };
    let pages = |server: &TestServer, path: &str| server.requests().iter().filter(|asked| asked.path == path).count();
    assert_eq!(whole(&desk), [false; 3]);
    // One page is there, one is not there for good, and one fails for now.
    answers.lock().unwrap().extend([("/page1".to_owned(), 404), ("/page2".to_owned(), 503)]);
    desk.refresh();
    assert_eq!(whole(&desk), [true, false, false]);
    desk.refresh();
    assert_eq!((pages(&server, "/page0"), pages(&server, "/page1"), pages(&server, "/page2")), (1, 1, 2));
    answers.lock().unwrap().clear();
    desk.refresh();
    assert_eq!(whole(&desk), [true, false, true]);
    // What fails again and again is not asked for forever.
    let entries = "UPDATE entry_texts SET full = NULL, full_tries = 0 WHERE article LIKE '%page2%'";
    rusqlite::Connection::open(desk.path()).unwrap().execute(entries, []).unwrap();
    answers.lock().unwrap().extend([("/page2".to_owned(), 500)]);
    (0..5).for_each(|_| _ = desk.refresh());
    assert_eq!(pages(&server, "/page2"), 6);
}

#[test]
fn import_of_unchanged_searches_reports_no_problem() {
    let mut desk = Subscriber::new();
    let path = desk.folder.path().join("urls");
    fs::write(&path, "http://a.example/\n\"query:New:unread = \\\"yes\\\"\"\n").unwrap();
    assert_eq!(import(&mut desk.library, &path, false).unwrap().searches, 1);
    assert_eq!(import(&mut desk.library, &path, false).unwrap().problems, []);
    fs::write(&path, "http://a.example/\n\"query:New:unread = \\\"no\\\"\"\n").unwrap();
    assert_eq!(import(&mut desk.library, &path, false).unwrap().problems.len(), 1);
}

#[test]
fn flaws_of_a_feed_are_stored_until_they_are_fixed() {
    let is_mended = Arc::new(AtomicBool::new(false));
    let mended = Arc::clone(&is_mended);
    let server = TestServer::start(move |request| {
        let is_mended = mended.load(Ordering::Relaxed);
        if !is_mended && request.header("If-None-Match").is_some() {
            return Answer::status(304);
        }
        let (end, date) = if is_mended { ("</title>", "2019/04/03") } else { ("", "03/04/2019") };
        let items: String =
            (0..30).map(|n| format!("<item><title>T{n}</title><pubDate>{date}</pubDate></item>")).collect();
        answer(format!("<rss version='2.0'><channel><title>Broken{end}\n{items}</channel></rss>")).with("ETag", "\"1\"")
    });
    let mut desk = Subscriber::new();
    let url = server.url("/");
    let stop = AtomicBool::new(false);
    let added = add(&mut desk.library, &desk.client, &desk.settings, &Subscription::new(&url), &stop).unwrap();
    let SubscribeOutcome::Feed { new, warnings, .. } = &added else { panic!("{added:?}") };
    assert_eq!((*new, warnings.len(), warnings[0].line), (30, 11, Some(2)));
    assert!(warnings[0].cause.contains("not well-formed") && warnings[1].cause.contains("03/04/2019"), "{warnings:?}");
    assert_eq!(warnings[10].cause, "21 more problems");
    assert_eq!(added.sentence(), "Subscribed to \"Broken\": 30 entries, 11 problems");
    // They are warnings, and stay while the feed does.
    assert_eq!(desk.refresh().failed, 0);
    let feed = desk.feed(&url);
    assert_eq!((&feed.warnings, feed.health.error.as_ref()), (warnings, None));
    is_mended.store(true, Ordering::Relaxed);
    assert_eq!(desk.refresh().failed, 0);
    assert_eq!(desk.feed(&url).warnings, []);
}

/// A feed with a recording, whose text links to a page.
const PODCAST: &str = "<rss version='2.0' xmlns:itunes='http://www.itunes.com/dtds/podcast-1.0.dtd'><channel>\
    <title>Tides</title><link>https://tides.example/</link><item><title>Low water</title>\
    <link>https://tides.example/1</link><pubDate>Mon, 02 Nov 2026 10:00:00 GMT</pubDate>\
    <description>&lt;p&gt;The &lt;a href='https://tides.example/tables'&gt;tables&lt;/a&gt; are out.&lt;/p&gt;</description>\
    <enclosure url='https://tides.example/1.mp3' type='audio/mpeg' length='12582912'/>\
    <itunes:duration>1:02:03</itunes:duration></item></channel></rss>";

/// Runs the program with the library of `desk`.
fn newsdesk(desk: &Subscriber, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_newsdesk"))
        .args(arguments)
        .env("HOME", desk.folder.path())
        .env("NEWSDESK_LIBRARY", desk.path())
        .env_remove("XDG_CONFIG_HOME")
        .env_remove("XDG_CACHE_HOME")
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

/// A desk with the podcast, its entry read, starred, tagged and noted.
fn noted_podcast(server: &TestServer) -> Subscriber {
    let mut desk = Subscriber::new();
    desk.subscribe(&[server.url("/podcast")]);
    assert_eq!(desk.refresh().new, 1);
    let id = desk.ids()["Low water"];
    let note = Change::Note { text: "Ask the harbour\nmaster".into(), was: "".into() };
    let tag = Change::Tagged(Tag::new("wheat").unwrap(), true);
    desk.mark(id, &[Change::Starred(true), Change::Read(true), tag, note]);
    desk
}

#[test]
fn exports_hold_notes_tags_links_and_enclosures() {
    let server = TestServer::start(|_| answer(PODCAST));
    let desk = noted_podcast(&server);
    for (file, wanted) in [
        (
            "all.md",
            &[
                "starred · read · \\#wheat",
                "The [tables](<https://tides.example/tables>) are out.",
                "1. <https://tides.example/tables>",
                "2. <https://tides.example/1.mp3> (audio/mpeg, 12 MiB, 1:02:03)",
                "> Ask the harbour\n> master",
            ][..],
        ),
        (
            "all.txt",
            &[
                "starred · read · #wheat",
                "[1] https://tides.example/tables",
                "[2] https://tides.example/1.mp3 (audio/mpeg, 12 MiB, 1:02:03)",
                "┃ Ask the harbour\n┃ master",
            ],
        ),
        (
            "all.csv",
            &[
                ",https://tides.example/1,https://tides.example/1,yes,yes,wheat,\"Ask the harbour\nmaster\",",
                "[2] https://tides.example/1.mp3 (audio/mpeg, 12 MiB, 1:02:03)",
            ],
        ),
        (
            "folder/",
            &[
                "starred: true\nread: true\ntags: [\"wheat\"]\nnote: \"Ask the harbour\\nmaster\"",
                "enclosures: [{\"url\":\"https://tides.example/1.mp3\",\"type\":\"audio/mpeg\",",
                "The [tables][1] are out.",
                "[1]: <https://tides.example/tables>\n[2]: <https://tides.example/1.mp3>",
            ],
        ),
    ] {
        let path = format!("{}/{file}", desk.folder.path().display());
        let done = newsdesk(&desk, &["export", "--output", &path]);
        assert!(done.status.success(), "{done:?}");
        let written = if file.ends_with('/') { format!("{path}2026-11-02-low-water.md") } else { path };
        let text = fs::read_to_string(written).unwrap();
        for wanted in wanted {
            assert!(text.contains(wanted), "{wanted}\n{text}");
        }
    }
}

#[test]
fn json_about_articles_has_a_version_marks_links_and_enclosures() {
    let server = TestServer::start(|_| answer(PODCAST));
    let desk = noted_podcast(&server);
    let file = format!("{}/all.json", desk.folder.path().display());
    assert!(newsdesk(&desk, &["export", "--output", &file]).status.success());
    let exported: serde_json::Value = serde_json::from_str(&fs::read_to_string(&file).unwrap()).unwrap();
    assert_eq!((exported["version"].as_u64(), &exported["incomplete"]), (Some(1), &false.into()));
    let printed = |arguments: &[&str]| -> serde_json::Value {
        let output = newsdesk(&desk, arguments);
        assert!(output.status.success(), "{output:?}");
        serde_json::from_slice(&output.stdout).unwrap()
    };
    for article in [
        printed(&["list", "--format", "json"]),
        printed(&["show", "--format", "json"]),
        printed(&["search", "tables", "--format", "json"]),
        exported["found"][0].clone(),
    ] {
        assert_eq!(article["version"], 1);
        assert_eq!((&article["read"], &article["starred"]), (&true.into(), &true.into()));
        assert_eq!(article["tags"], serde_json::json!(["wheat"]));
        assert_eq!(article["note"], "Ask the harbour\nmaster");
        assert_eq!(article["links"][0], serde_json::json!({"number": 1, "url": "https://tides.example/tables"}));
        let enclosure = serde_json::json!(
            {"url": "https://tides.example/1.mp3", "type": "audio/mpeg", "size": 12_582_912, "duration": 3723}
        );
        assert_eq!(article["enclosures"], serde_json::json!([enclosure]));
    }
}

#[test]
fn list_names_the_link_of_an_entry() {
    let server = TestServer::start(|_| answer(PODCAST));
    let desk = noted_podcast(&server);
    newsdesk(&desk, &["searches", "add", "Tides", "tables"]);
    for arguments in [&["list"][..], &["list", "--format", "csv"], &["watch", "Tides"]] {
        let output = newsdesk(&desk, arguments);
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(text.contains("https://tides.example/1") && !text.contains(&server.url("/")), "{text}");
    }
}

#[test]
fn entries_stored_without_enclosures_get_them_silently() {
    let server = TestServer::start(|_| answer(PODCAST));
    let mut desk = noted_podcast(&server);
    let connection = rusqlite::Connection::open(desk.path()).unwrap();
    let text = |connection: &rusqlite::Connection| -> String {
        connection.query_row("SELECT article FROM entry_texts", [], |row| row.get(0)).unwrap()
    };
    let whole = text(&connection);
    let (old, _) = whole.split_once(",\"enclosures\"").unwrap();
    connection.execute("UPDATE entry_texts SET article = ?1 || '}'", [old]).unwrap();
    assert_eq!(desk.corpus(true).len(), 1);
    let done = desk.refresh();
    assert_eq!((done.new, done.changed, text(&connection)), (0, 0, whole));
}
