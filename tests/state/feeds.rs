//! Feeds at the reader's keys: what is pressed and typed, what is then asked of the world, told and shown. No network, no
//! threads.

use std::path::PathBuf;
use std::sync::Arc;

use chrono::NaiveDate;
use newsdesk::app::{
    ChangedPiece, Effect, FeedHealth, FeedOrder, FeedRow, Message, OverlayKind, Question, RefreshEnd, RefreshProgress,
    Size, State,
};
use newsdesk::article::{Draft, Role};
use newsdesk::article::{Problem, ReadError};
use newsdesk::config::{Config, FeedSort};
use newsdesk::corpus::{Corpus, FeedLabel, ShardBuilder};
use newsdesk::keys::FeedCommand;
use newsdesk::marks::Marks;
use newsdesk::query::Query;
use newsdesk::search::{FacetKind, FeedNames, Matcher, count_values, facets, scan};

const ENTRY: u64 = 0x51;

/// A reader of two feeds; the second has failed, and no entries.
struct Desk {
    state: State,
    orders: Vec<FeedOrder>,
}

impl Desk {
    fn new(config: Config) -> Desk {
        let now = NaiveDate::from_ymd_opt(2023, 10, 1).unwrap().and_hms_opt(12, 0, 0).unwrap();
        let mut desk = Desk { state: State::new(config, "feeds".to_owned(), now), orders: Vec::new() };
        desk.hear(Message::Resize(Size { columns: 160, rows: 50 }));
        desk.hear(Message::Library(Box::default()));
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
        desk.hear(Message::Corpus(Arc::new(Corpus::default().with([Arc::new(builder.finish())]))));
        desk.hear(Message::Feeds(Arc::new(vec![
            row("Harbour Radio", "https://radio.example/feed", None),
            row("Canal Post", "https://canal.example/rss", Some("the server says 500")),
        ])));
        desk
    }

    fn hear(&mut self, message: Message) {
        for effect in self.state.update(message) {
            match effect {
                Effect::Feeds(order) => self.orders.push(order),
                Effect::CountFacets { generation, corpus, counted, marks, searches } => {
                    let rows = facets(&corpus, &counted, &marks, &searches, &|| false).unwrap();
                    self.hear(Message::Facets { generation, rows });
                }
                Effect::CountValues { corpus, marks, wanted } => {
                    let values = Arc::new(count_values(&corpus, &marks, &wanted));
                    self.hear(Message::Values { corpus, wanted, values });
                }
                Effect::Filter(request) => {
                    let mut answers = Vec::new();
                    scan(&request, &|| false, &mut |answer| answers.push(answer));
                    self.hear(Message::Filtered(answers.pop().unwrap()));
                }
                _ => {}
            }
        }
    }

    fn press(&mut self, keys: &str) -> &mut Desk {
        keys.split_whitespace().for_each(|key| self.hear(Message::Key(key.parse().unwrap())));
        self
    }

    /// Types a command and has it done; gives what was asked of the world for it.
    fn command(&mut self, text: &str) -> Option<FeedOrder> {
        self.orders.clear();
        self.press(":");
        self.hear(Message::Paste(text.to_owned()));
        self.press("enter");
        assert!(self.orders.len() <= 1);
        self.orders.pop()
    }

    fn told(&self) -> &str {
        self.state.notice().map_or("", |notice| &notice.text)
    }

    fn feeds_in_the_pane(&self) -> Vec<&str> {
        let rows = self.state.sources().rows().iter();
        rows.filter(|row| row.kind == FacetKind::Feed).map(|row| row.name.as_str()).collect()
    }
}

fn row(name: &str, url: &str, error: Option<&str>) -> FeedRow {
    FeedRow { url: url.to_owned(), name: name.to_owned(), tags: Vec::new(), error: error.map(str::to_owned) }
}

fn command(command: FeedCommand) -> FeedOrder {
    FeedOrder::Command(command)
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

#[test]
fn feed_commands_reach_the_feed_thread() {
    let mut desk = Desk::new(Config::default());
    let add = |places: &[&str], tags: &[&str], name: Option<&str>| {
        let name = name.map(str::to_owned);
        Some(command(FeedCommand::Add { places: words(places), tag: words(tags), name }))
    };
    let place = "https://a.example/";
    assert_eq!(desk.command("feed add https://a.example/ #press"), add(&[place, "#press"], &[], None));
    assert_eq!(
        desk.command("feed add --tag press https://a.example/ --name='My A' --tag=#local"),
        add(&[place], &["press", "#local"], Some("My A"))
    );
    desk.orders.clear();
    desk.press("a");
    desk.hear(Message::Paste("https://a.example/ #local".to_owned()));
    desk.press("enter");
    assert_eq!(desk.orders.pop(), add(&[place, "#local"], &[], None));
    let remove = |names: &[&str]| Some(command(FeedCommand::Remove { names: words(names), yes: false }));
    assert_eq!(desk.command("feed remove #coast"), remove(&["#coast"]));
    assert_eq!(desk.command("feed remove 'Canal Post'"), remove(&["Canal Post"]));
    let rename = |to: &[&str]| Some(command(FeedCommand::Rename { name: "Canal Post".to_owned(), to: words(to) }));
    assert_eq!(desk.command("feed rename \"Canal Post\" The Post"), rename(&["The", "Post"]));
    assert_eq!(desk.command("feed rename 'Canal Post'"), rename(&[]));
    assert_eq!(
        desk.command("feed tag Canal news -old"),
        Some(command(FeedCommand::Tag { name: "Canal".to_owned(), tags: words(&["news", "-old"]) }))
    );
    let set = FeedCommand::Set {
        names: words(&["Canal", "Harbour"]),
        keep_count: Some(500),
        keep_days: Some(90),
        full_text: Some(true),
    };
    let typed = "feed set Canal Harbour --keep-count 500 --keep-days=90 --full-text true";
    assert_eq!(desk.command(typed), Some(command(set)));
    assert_eq!(desk.command("feed list"), Some(command(FeedCommand::List { json: false })));
    let refresh = |names: &[&str]| Some(command(FeedCommand::Refresh { names: words(names) }));
    assert_eq!(desk.command("feed refresh"), refresh(&[]));
    assert_eq!(desk.command("feed refresh 'Canal Post' coast"), refresh(&["Canal Post", "coast"]));
    assert_eq!(desk.command("feed stop"), Some(FeedOrder::Stop));
    assert_eq!(
        desk.command("feed import /tmp/a.opml"),
        Some(command(FeedCommand::Import { file: PathBuf::from("/tmp/a.opml"), with_credentials: false }))
    );
    let export = FeedCommand::Export { file: Some(PathBuf::from("/tmp/b.opml")), with_credentials: false };
    assert_eq!(desk.command("feed export /tmp/b.opml"), Some(command(export)));
    desk.orders.clear();
    desk.press("R");
    assert_eq!(desk.orders.pop(), refresh(&[]));
}

#[test]
fn feed_mistakes_are_reported_and_do_nothing() {
    let mut desk = Desk::new(Config::default());
    for (typed, told) in [
        ("feed frobnicate", "no feed command \"frobnicate\""),
        ("feed remove 'Canal", "unclosed quote"),
        ("feed import", "usage: feed import <FILE>"),
        ("feed set Canal --keep-count many", "invalid value 'many'"),
        ("feed list --json", "is for a shell"),
        ("feed export", "expected a file"),
    ] {
        assert_eq!(desk.command(typed), None, "{typed}");
        assert!(desk.told().contains(told), "{typed}: {}", desk.told());
        desk.press("esc");
    }
}

#[test]
fn remove_asks_for_confirmation() {
    let mut desk = Desk::new(Config::default());
    desk.press("f");
    while desk.state.sources().row().is_some_and(|row| row.name != "Canal Post") {
        desk.press("j");
    }
    desk.press("x");
    assert!(desk.state.overlay().is_none(), "x removes nothing");
    desk.press("D");
    assert_eq!(desk.state.question().unwrap().text, "Unsubscribe from \"Canal Post\"?");
    desk.orders.clear();
    desk.press("n");
    assert_eq!(desk.orders, []);
    desk.press("D y");
    let names = words(&["https://canal.example/rss"]);
    assert_eq!(desk.orders, [command(FeedCommand::Remove { names, yes: true })]);
    assert!(desk.state.overlay().is_none());
    // A command that matches several feeds comes back as a question.
    let on_yes = FeedCommand::Remove { names: words(&["#coast"]), yes: true };
    desk.orders.clear();
    desk.hear(Message::Confirm(Question { text: "Unsubscribe?".to_owned(), on_yes: on_yes.clone().into() }));
    desk.press("enter");
    assert_eq!(desk.orders, [command(on_yes)]);
}

#[test]
fn remove_names_every_feed_of_a_shared_row() {
    let mut desk = Desk::new(Config::default());
    let same = ["https://one.example/rss", "https://two.example/rss"].map(|url| row("Canal Post", url, None));
    desk.hear(Message::Feeds(Arc::new(same.to_vec())));
    desk.press("f");
    while desk.state.sources().row().is_some_and(|row| row.name != "Canal Post") {
        desk.press("j");
    }
    desk.press("D");
    assert_eq!(
        desk.state.question().unwrap().text,
        "Unsubscribe from 2 feeds named \"Canal Post\": https://one.example/rss, https://two.example/rss?"
    );
}

#[test]
fn notices_hide_credentials() {
    let mut desk = Desk::new(Config::default());
    desk.command("feed add https://joe:s3cret@a.example/feed");
    assert!(desk.told().contains("a.example/feed"), "{}", desk.told());
    assert!(!desk.told().contains("joe") && !desk.told().contains("s3cret"), "{}", desk.told());
}

#[test]
fn whole_article_and_changes_are_requested_for_the_open_entry() {
    let mut desk = Desk::new(Config::default());
    let id = newsdesk::article::ArticleId(ENTRY);
    desk.press("F d");
    let url = Some("https://radio.example/fog".to_owned());
    assert_eq!(desk.orders, [FeedOrder::FullText(id, url), FeedOrder::Changes(id)]);
    desk.hear(Message::Changes(Vec::new()));
    assert!(desk.told().contains("did not change"));
    assert!(desk.state.overlay().is_none());
    let piece = |added, text: &str| ChangedPiece { added, text: text.to_owned() };
    desk.hear(Message::Changes(vec![vec![
        piece(None, "Fog "),
        piece(Some(false), "thin"),
        piece(Some(true), "thick"),
    ]]));
    assert_eq!(desk.state.overlay().unwrap().kind, OverlayKind::Changes);
    desk.press("esc");
    assert!(desk.state.overlay().is_none());
}

#[test]
fn page_with_several_feeds_offers_a_choice_with_the_tags() {
    let mut desk = Desk::new(Config::default());
    desk.command("feed add https://page.example/ #press");
    let feeds = ["all", "news"].map(|name| (format!("https://page.example/{name}"), name.to_owned()));
    desk.hear(Message::FeedChoice(feeds.to_vec()));
    desk.orders.clear();
    desk.press("j enter");
    let add = |place: &str| FeedCommand::Add { places: words(&[place]), tag: words(&["#press"]), name: None };
    assert_eq!(desk.orders, [command(add("https://page.example/news"))]);
    // The login goes along to feeds on the same server.
    desk.command("feed add https://joe:pw@page.example/ #press");
    desk.hear(Message::FeedChoice(feeds.to_vec()));
    desk.orders.clear();
    desk.press("enter");
    assert_eq!(desk.orders, [command(add("https://joe:pw@page.example/all"))]);
    assert!(desk.state.overlay().is_none());
}

#[test]
fn feed_list_shows_states_and_enter_filters_by_a_feed() {
    let mut desk = Desk::new(Config::default());
    desk.hear(Message::FeedHealth(Vec::new()));
    assert!(desk.told().contains("No subscriptions yet"));
    let health = |name: &str| FeedHealth {
        name: name.to_owned(),
        tags: " #coast".to_owned(),
        url: "https://example.org/".to_owned(),
        state: "1 entry, 1 unread; fetched 2023-10-01 11:00".to_owned(),
        kept: None,
        error: None,
        warning: None,
    };
    desk.hear(Message::FeedHealth(vec![health("Canal Post"), health("Harbour Radio")]));
    assert_eq!(desk.state.overlay().unwrap().kind, OverlayKind::FeedList);
    desk.press("j j j enter");
    assert!(desk.state.overlay().is_none());
    assert_eq!(desk.state.filter().editor().text(), "feed:\"Harbour Radio\"");
    assert_eq!(desk.state.list().slots().len(), 1);
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
    let mut desk = Desk::new(Config::default());
    desk.press("R");
    let under_way = RefreshProgress { tried: 1, total: 2, new: 40, changed: 3, failed: 1, end: None };
    desk.hear(Message::Refreshing(under_way.clone()));
    assert_eq!(desk.told(), "Refreshing: 1 of 2 feeds, 40 new, 3 changed, 1 failed");
    let selected = desk.state.list().selected();
    desk.press("esc");
    assert_eq!(desk.orders.last(), Some(&FeedOrder::Stop));
    for (end, told) in [
        (RefreshEnd::Stopped, "Stopped: 1 of 2 feeds, 40 new"),
        (RefreshEnd::Done, "2 feeds: 40 new, 3 changed, 1 failed; ! lists what is wrong"),
        (RefreshEnd::Offline, "Offline: there is no connection to the network"),
        (RefreshEnd::Failed("the disk is full".to_owned()), "What was fetched cannot be kept: the disk is full"),
    ] {
        desk.hear(Message::Refreshing(RefreshProgress { end: Some(end), ..under_way.clone() }));
        assert!(desk.told().contains(told), "{}", desk.told());
    }
    // A server that is waited for besides can be left waiting too.
    desk.press("F esc");
    assert_eq!(desk.orders.last(), Some(&FeedOrder::Stop));
    desk.hear(Message::ErrandDone);
    // Once it has ended there is nothing to be stopped.
    desk.orders.clear();
    desk.press("esc");
    assert_eq!(desk.orders, []);
    assert_eq!(desk.state.list().selected(), selected);
}

#[test]
fn feed_problems_follow_file_problems_and_stay_without_them() {
    let mut desk = Desk::new(Config::default());
    let problem = |path: &str| Problem::refused(path.into(), &ReadError::Empty);
    let of_feed = problem("https://canal.example/rss");
    desk.hear(Message::FeedProblems(vec![of_feed.clone()]));
    desk.hear(Message::Problem(problem("news/a.txt")));
    assert_eq!(desk.state.problems(), [&problem("news/a.txt"), &of_feed]);
    desk.hear(Message::ProblemsGone(PathBuf::new()));
    assert_eq!((desk.state.problems(), desk.state.problem_count()), (vec![&of_feed], 1));
    desk.press("!");
    assert_eq!(desk.state.overlay().unwrap().kind, OverlayKind::Problems);
    desk.hear(Message::FeedProblems(Vec::new()));
    assert_eq!(desk.state.problem_count(), 0);
}

#[test]
fn tab_completes_feed_names_and_tags() {
    let mut desk = Desk::new(Config::default());
    let mut rows =
        vec![row("Harbour Radio", "https://radio.example/feed", None), row("Lagoon", "https://l.example/", None)];
    rows[1].tags.push("#press".to_owned());
    desk.hear(Message::Feeds(Arc::new(rows)));
    for (typed, completed) in [
        ("feed:harb", "feed:\"Harbour Radio\""),
        ("feed:lag", "feed:Lagoon"),
        ("x feed:#pr", "x feed:#press"),
        ("-feed:\"harbour r", "-feed:\"Harbour Radio\""),
    ] {
        desk.press("/ ^U");
        desk.hear(Message::Paste(typed.to_owned()));
        desk.press("Tab");
        assert_eq!(desk.state.filter().editor().text(), completed);
        desk.press("esc");
    }
}

#[test]
fn sources_pane_lists_feeds_in_the_set_order_even_if_empty() {
    let order = |sort| {
        let mut config = Config::default();
        config.feeds.sort = sort;
        let mut desk = Desk::new(config);
        desk.press("f");
        assert!(desk.state.feeds().is_failing("Canal Post") && !desk.state.feeds().is_failing("Harbour Radio"));
        desk.feeds_in_the_pane().into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(order(FeedSort::Own), ["Harbour Radio", "Canal Post"]);
    let mut desk = Desk::new(Config::default());
    let mut rows =
        vec![row("Harbour Radio", "https://radio.example/feed", None), row("Canal Post", "https://c.example/", None)];
    rows[0].tags.push("#hidden".to_owned());
    desk.hear(Message::Feeds(Arc::new(rows)));
    desk.press("f");
    assert_eq!(desk.feeds_in_the_pane(), ["Canal Post"]);
    assert_eq!(order(FeedSort::Name), ["Canal Post", "Harbour Radio"]);
    assert_eq!(order(FeedSort::Unread), ["Harbour Radio", "Canal Post"]);
}
