//! Feed commands, the feed list and the feeds of the sources pane, driven by keys.

use std::path::PathBuf;
use std::sync::Arc;

use crate::support::app::TestApp;
use chrono::NaiveDate;
use newsdesk::app::{
    DiffSpan, Effect, FeedRequest, FeedRow, FeedStatus, Message, Overlay, Question, RefreshEnd, RefreshProgress, Size,
    State,
};
use newsdesk::article::{Draft, Role};
use newsdesk::article::{Problem, ReadError};
use newsdesk::config::{Config, FeedSort};
use newsdesk::corpus::{Corpus, FeedLabel, ShardBuilder};
use newsdesk::keys::FeedCommand;
use newsdesk::marks::Marks;
use newsdesk::query::Query;
use newsdesk::search::{FacetKind, FeedNames, Matcher};

const ENTRY: u64 = 0x51;

impl TestApp {
    /// Returns a program with two feeds. The second has failed and has no entries.
    fn with_feeds(config: Config) -> TestApp {
        let mut app = TestApp::empty(config);
        app.hear(Message::Resize(Size { columns: 160, rows: 50 }));
        app.hear(Message::Library(Box::default()));
        let label = FeedLabel {
            names: vec!["Harbour Radio".to_owned()],
            url: "https://radio.example/feed".to_owned(),
            tags: vec!["#coast".to_owned()],
        };
        let mut builder = ShardBuilder::default();
        let file = builder.feed(&Arc::new(label));
        let mut draft = Draft::default();
        draft.push(Role::Headline, "Fog on the estuary");
        draft.url = Some("https://radio.example/fog".into());
        builder.push_known(file, newsdesk::article::ArticleId(ENTRY), 0, "feed", &draft);
        app.hear(Message::Corpus(Arc::new(Corpus::default().with([Arc::new(builder.finish())]))));
        app.hear(Message::Feeds(Arc::new(vec![
            row("Harbour Radio", "https://radio.example/feed", None),
            row("Canal Post", "https://canal.example/rss", Some("the server says 500")),
        ])));
        app
    }

    /// The effects for the feed thread.
    fn orders(&self) -> Vec<FeedRequest> {
        let orders = self.effects.iter().filter_map(|effect| match effect {
            Effect::Feeds(order) => Some(order.clone()),
            _ => None,
        });
        orders.collect()
    }

    /// Types a command into the palette and returns its effect for the feed thread.
    fn feed_command(&mut self, text: &str) -> Option<FeedRequest> {
        self.effects.clear();
        self.press(":");
        self.hear(Message::Paste(text.to_owned()));
        self.press("enter");
        assert!(self.orders().len() <= 1);
        self.orders().pop()
    }

    fn feeds_in_the_pane(&self) -> Vec<&str> {
        let rows = self.state.sources().rows().iter();
        rows.filter(|row| row.kind == FacetKind::Feed).map(|row| row.name.as_str()).collect()
    }
}

fn row(name: &str, url: &str, error: Option<&str>) -> FeedRow {
    FeedRow { url: url.to_owned(), name: name.to_owned(), tags: Vec::new(), error: error.map(str::to_owned) }
}

fn command(command: FeedCommand) -> FeedRequest {
    FeedRequest::Command(command)
}

/// Returns the text of the open question.
fn question(state: &State) -> &str {
    match state.overlay() {
        Some(Overlay::Confirm(question)) => &question.text,
        other => panic!("expected a question, got {other:?}"),
    }
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

#[test]
fn feed_commands_reach_the_feed_thread() {
    let mut app = TestApp::with_feeds(Config::default());
    let add = |places: &[&str], tags: &[&str], name: Option<&str>| {
        let name = name.map(str::to_owned);
        Some(command(FeedCommand::Add { places: words(places), tag: words(tags), name }))
    };
    let place = "https://a.example/";
    assert_eq!(app.feed_command("feed add https://a.example/ #press"), add(&[place, "#press"], &[], None));
    assert_eq!(
        app.feed_command("feed add --tag press https://a.example/ --name='My A' --tag=#local"),
        add(&[place], &["press", "#local"], Some("My A"))
    );
    app.effects.clear();
    app.press("a");
    app.hear(Message::Paste("https://a.example/ #local".to_owned()));
    app.press("enter");
    assert_eq!(app.orders().pop(), add(&[place, "#local"], &[], None));
    let remove = |names: &[&str]| Some(command(FeedCommand::Remove { names: words(names), yes: false }));
    assert_eq!(app.feed_command("feed remove #coast"), remove(&["#coast"]));
    assert_eq!(app.feed_command("feed remove 'Canal Post'"), remove(&["Canal Post"]));
    let rename = |to: &[&str]| Some(command(FeedCommand::Rename { name: "Canal Post".to_owned(), to: words(to) }));
    assert_eq!(app.feed_command("feed rename \"Canal Post\" The Post"), rename(&["The", "Post"]));
    assert_eq!(app.feed_command("feed rename 'Canal Post'"), rename(&[]));
    assert_eq!(
        app.feed_command("feed tag Canal news -old"),
        Some(command(FeedCommand::Tag { name: "Canal".to_owned(), tags: words(&["news", "-old"]) }))
    );
    let set = FeedCommand::Set {
        names: words(&["Canal", "Harbour"]),
        keep_count: Some(500),
        keep_days: Some(90),
        full_text: Some(true),
    };
    let typed = "feed set Canal Harbour --keep-count 500 --keep-days=90 --full-text true";
    assert_eq!(app.feed_command(typed), Some(command(set)));
    assert_eq!(app.feed_command("feed list"), Some(command(FeedCommand::List { json: false })));
    let refresh = |names: &[&str]| Some(command(FeedCommand::Refresh { names: words(names) }));
    assert_eq!(app.feed_command("feed refresh"), refresh(&[]));
    assert_eq!(app.feed_command("feed refresh 'Canal Post' coast"), refresh(&["Canal Post", "coast"]));
    assert_eq!(app.feed_command("feed stop"), Some(FeedRequest::Stop));
    assert_eq!(
        app.feed_command("feed import /tmp/a.opml"),
        Some(command(FeedCommand::Import { file: PathBuf::from("/tmp/a.opml"), with_credentials: false }))
    );
    let export = FeedCommand::Export { file: Some(PathBuf::from("/tmp/b.opml")), with_credentials: false };
    assert_eq!(app.feed_command("feed export /tmp/b.opml"), Some(command(export)));
    app.effects.clear();
    app.press("R");
    assert_eq!(app.orders().pop(), refresh(&[]));
}

#[test]
fn feed_mistakes_are_reported_and_do_nothing() {
    let mut app = TestApp::with_feeds(Config::default());
    for (typed, told) in [
        ("feed frobnicate", "no feed command \"frobnicate\""),
        ("feed remove 'Canal", "unclosed quote"),
        ("feed import", "usage: feed import <FILE>"),
        ("feed set Canal --keep-count many", "invalid value 'many'"),
        ("feed list --json", "works only in a shell"),
        ("feed export", "expected a file"),
    ] {
        assert_eq!(app.feed_command(typed), None, "{typed}");
        assert!(app.notice().contains(told), "{typed}: {}", app.notice());
        app.press("esc");
    }
}

#[test]
fn remove_asks_for_confirmation() {
    let mut app = TestApp::with_feeds(Config::default());
    app.press("f");
    while app.state.sources().row().is_some_and(|row| row.name != "Canal Post") {
        app.press("j");
    }
    app.press("x");
    assert!(app.state.overlay().is_none(), "x removes nothing");
    app.press("D");
    assert_eq!(question(&app.state), "Unsubscribe from \"Canal Post\"?");
    app.effects.clear();
    app.press("n");
    assert_eq!(app.orders(), []);
    app.press("D y");
    let names = words(&["https://canal.example/rss"]);
    assert_eq!(app.orders(), [command(FeedCommand::Remove { names, yes: true })]);
    assert!(app.state.overlay().is_none());
    // A command that matches several feeds comes back as a question.
    let on_yes = FeedCommand::Remove { names: words(&["#coast"]), yes: true };
    app.effects.clear();
    app.hear(Message::Confirm(Question { text: "Unsubscribe?".to_owned(), on_yes: on_yes.clone().into() }));
    app.press("enter");
    assert_eq!(app.orders(), [command(on_yes)]);
}

#[test]
fn remove_names_every_feed_of_a_shared_row() {
    let mut app = TestApp::with_feeds(Config::default());
    let same = ["https://one.example/rss", "https://two.example/rss"].map(|url| row("Canal Post", url, None));
    app.hear(Message::Feeds(Arc::new(same.to_vec())));
    app.press("f");
    while app.state.sources().row().is_some_and(|row| row.name != "Canal Post") {
        app.press("j");
    }
    app.press("D");
    assert_eq!(
        question(&app.state),
        "Unsubscribe from 2 feeds named \"Canal Post\": https://one.example/rss, https://two.example/rss?"
    );
}

#[test]
fn notices_hide_credentials() {
    let mut app = TestApp::with_feeds(Config::default());
    app.feed_command("feed add https://joe:s3cret@a.example/feed");
    assert!(app.notice().contains("a.example/feed"), "{}", app.notice());
    assert!(!app.notice().contains("joe") && !app.notice().contains("s3cret"), "{}", app.notice());
}

#[test]
fn whole_article_and_changes_are_requested_for_the_open_entry() {
    let mut app = TestApp::with_feeds(Config::default());
    let id = newsdesk::article::ArticleId(ENTRY);
    app.press("F d");
    let url = Some("https://radio.example/fog".to_owned());
    assert_eq!(app.orders(), [FeedRequest::FullText(id, url), FeedRequest::Changes(id)]);
    app.hear(Message::Changes(Vec::new()));
    assert!(app.notice().contains("has not changed"));
    assert!(app.state.overlay().is_none());
    let piece = |added, text: &str| DiffSpan { added, text: text.to_owned() };
    app.hear(Message::Changes(vec![vec![piece(None, "Fog "), piece(Some(false), "thin"), piece(Some(true), "thick")]]));
    assert!(matches!(app.state.overlay(), Some(Overlay::Changes(_))));
    app.press("esc");
    assert!(app.state.overlay().is_none());
}

#[test]
fn page_with_several_feeds_offers_a_choice_with_the_tags() {
    let mut app = TestApp::with_feeds(Config::default());
    app.feed_command("feed add https://page.example/ #press");
    let feeds = ["all", "news"].map(|name| (format!("https://page.example/{name}"), name.to_owned()));
    app.hear(Message::FeedChoice(feeds.to_vec()));
    app.effects.clear();
    app.press("j enter");
    let add = |place: &str| FeedCommand::Add { places: words(&[place]), tag: words(&["#press"]), name: None };
    assert_eq!(app.orders(), [command(add("https://page.example/news"))]);
    // The login goes along to feeds on the same server.
    app.feed_command("feed add https://joe:pw@page.example/ #press");
    app.hear(Message::FeedChoice(feeds.to_vec()));
    app.effects.clear();
    app.press("enter");
    assert_eq!(app.orders(), [command(add("https://joe:pw@page.example/all"))]);
    assert!(app.state.overlay().is_none());
}

#[test]
fn feed_list_shows_states_and_enter_filters_by_a_feed() {
    let mut app = TestApp::with_feeds(Config::default());
    app.hear(Message::FeedStatus(Vec::new()));
    assert!(app.notice().contains("No subscriptions yet"));
    let health = |name: &str| FeedStatus {
        name: name.to_owned(),
        tags: " #coast".to_owned(),
        url: "https://example.org/".to_owned(),
        state: "1 entry, 1 unread; fetched 2023-10-01 11:00".to_owned(),
        settings: None,
        error: None,
        warning: None,
    };
    app.hear(Message::FeedStatus(vec![health("Canal Post"), health("Harbour Radio")]));
    assert!(matches!(app.state.overlay(), Some(Overlay::FeedList(_))));
    app.press("j j j enter");
    assert!(app.state.overlay().is_none());
    assert_eq!(app.state.filter().editor().text(), "feed:\"Harbour Radio\"");
    assert_eq!(app.state.list().slots().len(), 1);
}

#[test]
fn feed_and_tag_filters_match_no_others() {
    let names = [
        "News",
        "World News",
        "The \"Best\" Blog",
        "Café/Bar",
        "Paper 1",
        "Paper 10",
        "Wallpaper 1",
        "#news",
        "#news of old",
        "#sport",
        "Sport",
        "Winter sport",
    ];
    let queries = FeedNames::new(names);
    assert_eq!(queries.query("World News"), "feed:\"World News\"");
    assert_eq!(queries.query("Paper 1"), "feed:\"Paper 1\"");
    let label = |name: &str| match name.starts_with('#') {
        true => FeedLabel { names: vec!["x".to_owned()], url: String::new(), tags: vec![name.to_owned()] },
        false => FeedLabel { names: vec![name.to_owned()], ..FeedLabel::default() },
    };
    let mut builder = ShardBuilder::default();
    for (number, name) in (0..).zip(names) {
        let file = builder.feed(&Arc::new(label(name)));
        let mut draft = Draft::default();
        draft.push(Role::Headline, name);
        builder.push_known(file, newsdesk::article::ArticleId(number), 0, "feed", &draft);
    }
    let corpus = Corpus::default().with([Arc::new(builder.finish())]);
    let today = NaiveDate::from_ymd_opt(2023, 10, 1).unwrap();
    for name in names {
        let query = Query::parse(&queries.query(name), today);
        assert_eq!(query.mistake(), None, "{}", queries.query(name));
        let matcher = Matcher::new(&query, &Marks::default());
        let entries = corpus.order().iter().map(|&slot| (slot, corpus.get(slot).unwrap()));
        let found = entries.filter(|(slot, entry)| matcher.matches(*slot, *entry));
        assert_eq!(found.map(|(_, entry)| entry.headline().to_string()).collect::<Vec<_>>(), [name]);
    }
}

#[test]
fn refresh_shows_progress_and_moves_nothing() {
    let mut app = TestApp::with_feeds(Config::default());
    app.press("R");
    let under_way = RefreshProgress { tried: 1, total: 2, new: 40, changed: 3, failed: 1, end: None };
    app.hear(Message::Refreshing(under_way.clone()));
    assert_eq!(app.notice(), "Refreshing: 1 of 2 feeds, 40 new, 3 changed, 1 failed");
    let selected = app.state.list().selected();
    app.press("esc");
    assert_eq!(app.orders().last(), Some(&FeedRequest::Stop));
    for (end, told) in [
        (RefreshEnd::Stopped, "Stopped: 1 of 2 feeds, 40 new"),
        (RefreshEnd::Done, "2 feeds: 40 new, 3 changed, 1 failed; press ! to see why"),
        (RefreshEnd::Offline, "Offline: no network connection"),
        (RefreshEnd::Failed("the disk is full".to_owned()), "Cannot save the fetched entries: the disk is full"),
    ] {
        app.hear(Message::Refreshing(RefreshProgress { end: Some(end), ..under_way.clone() }));
        assert!(app.notice().contains(told), "{}", app.notice());
    }
    // A server that is waited for besides can be left waiting too.
    app.press("F esc");
    assert_eq!(app.orders().last(), Some(&FeedRequest::Stop));
    app.hear(Message::FeedTaskDone);
    // Once it has ended there is nothing to be stopped.
    app.effects.clear();
    app.press("esc");
    assert_eq!(app.orders(), []);
    assert_eq!(app.state.list().selected(), selected);
}

#[test]
fn feed_problems_follow_file_problems_and_stay_without_them() {
    let mut app = TestApp::with_feeds(Config::default());
    let problem = |path: &str| Problem::refused(path.into(), &ReadError::Empty);
    let of_feed = problem("https://canal.example/rss");
    app.hear(Message::FeedProblems(vec![of_feed.clone()]));
    app.hear(Message::Problem(problem("news/a.txt")));
    assert_eq!(app.state.problems(), [&problem("news/a.txt"), &of_feed]);
    app.hear(Message::ProblemsCleared(PathBuf::new()));
    assert_eq!((app.state.problems(), app.state.problem_count()), (vec![&of_feed], 1));
    app.press("!");
    assert!(matches!(app.state.overlay(), Some(Overlay::Problems { .. })));
    app.hear(Message::FeedProblems(Vec::new()));
    assert_eq!(app.state.problem_count(), 0);
}

#[test]
fn tab_completes_feed_names_and_tags() {
    let mut app = TestApp::with_feeds(Config::default());
    let mut rows =
        vec![row("Harbour Radio", "https://radio.example/feed", None), row("Lagoon", "https://l.example/", None)];
    rows[1].tags.push("#press".to_owned());
    app.hear(Message::Feeds(Arc::new(rows)));
    for (typed, completed) in [
        ("feed:harb", "feed:\"Harbour Radio\""),
        ("feed:lag", "feed:Lagoon"),
        ("x feed:#pr", "x feed:#press"),
        ("-feed:\"harbour r", "-feed:\"Harbour Radio\""),
    ] {
        app.press("/ ^U");
        app.hear(Message::Paste(typed.to_owned()));
        app.press("Tab");
        assert_eq!(app.state.filter().editor().text(), completed);
        app.press("esc");
    }
}

#[test]
fn sources_pane_lists_feeds_in_the_set_order_even_if_empty() {
    let order = |sort| {
        let mut config = Config::default();
        config.feeds.sort = sort;
        let mut app = TestApp::with_feeds(config);
        app.press("f");
        assert!(app.state.feeds().is_failing("Canal Post") && !app.state.feeds().is_failing("Harbour Radio"));
        app.feeds_in_the_pane().into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(order(FeedSort::Own), ["Harbour Radio", "Canal Post"]);
    let mut app = TestApp::with_feeds(Config::default());
    let mut rows =
        vec![row("Harbour Radio", "https://radio.example/feed", None), row("Canal Post", "https://c.example/", None)];
    rows[0].tags.push("#hidden".to_owned());
    app.hear(Message::Feeds(Arc::new(rows)));
    app.press("f");
    assert_eq!(app.feeds_in_the_pane(), ["Canal Post"]);
    assert_eq!(order(FeedSort::Name), ["Canal Post", "Harbour Radio"]);
    assert_eq!(order(FeedSort::Unread), ["Harbour Radio", "Canal Post"]);
}
