//! Feeds at the reader's keys: what is pressed and typed, what is then asked of the world, told and shown. No network, no
//! threads.

#![allow(clippy::unwrap_used, reason = "what helpers of tests unwrap is part of the test")]

use std::path::PathBuf;
use std::sync::Arc;

use chrono::NaiveDate;
use newsdesk::app::{
    ChangedPiece, Effect, FeedHealth, FeedOrder, FeedRow, Message, OverlayKind, RefreshEnd, RefreshProgress, Size,
    State,
};
use newsdesk::article::{Draft, Role};
use newsdesk::config::{Config, FeedSort};
use newsdesk::corpus::{Corpus, FeedLabel, ShardBuilder};
use newsdesk::feeds::{FeedSetting, Subscription};
use newsdesk::loader::{Problem, Refusal};
use newsdesk::marks::Marks;
use newsdesk::query::Query;
use newsdesk::search::{FacetKind, FeedNames, Matcher, facets, scan};

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
                Effect::CountFacets { generation, corpus, slots, marks, searches } => {
                    let rows = facets(&corpus, &slots, &marks, &searches, &|| false).unwrap();
                    self.hear(Message::Facets { generation, rows });
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

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

#[test]
fn every_subcommand_asks_for_what_it_says() {
    let mut desk = Desk::new(Config::default());
    let subscription =
        Subscription { tags: words(&["press", "local"]), ..Subscription::new("https://a.example/".to_owned()) };
    let add = || Some(FeedOrder::Add(Box::new(subscription.clone())));
    assert_eq!(desk.command("feed add https://a.example/ #press local"), add());
    let named = Subscription { own_title: Some("My A".to_owned()), ..subscription.clone() };
    let named = Some(FeedOrder::Add(Box::new(named)));
    assert_eq!(desk.command("feed add --tag press https://a.example/ --name='My A' --tag=#local"), named);
    desk.orders.clear();
    desk.press("a");
    desk.hear(Message::Paste("https://a.example/ press #local".to_owned()));
    desk.press("enter");
    assert_eq!(desk.orders.pop(), add());
    assert_eq!(desk.command("feed remove #coast"), Some(FeedOrder::Remove("#coast".to_owned())));
    assert_eq!(desk.command("feed remove Canal Post"), Some(FeedOrder::Remove("Canal Post".to_owned())));
    assert_eq!(
        desk.command("feed rename \"Canal Post\" The Post"),
        Some(FeedOrder::Rename("Canal Post".to_owned(), Some("The Post".to_owned())))
    );
    assert_eq!(desk.command("feed rename Canal"), Some(FeedOrder::Rename("Canal".to_owned(), None)));
    assert_eq!(
        desk.command("feed tag Canal news -old"),
        Some(FeedOrder::Tag("Canal".to_owned(), words(&["news", "-old"])))
    );
    let setting = FeedSetting { keep_count: Some(500), keep_days: Some(90), full_text: Some(true) };
    let set = Some(FeedOrder::Set(words(&["Canal", "Harbour"]), setting));
    assert_eq!(desk.command("feed set Canal Harbour --keep-count 500 --keep-days=90 --full-text true"), set);
    assert_eq!(desk.command("feed list"), Some(FeedOrder::List));
    assert_eq!(desk.command("feed refresh"), Some(FeedOrder::Refresh(Vec::new())));
    assert_eq!(
        desk.command("feed refresh 'Canal Post' coast"),
        Some(FeedOrder::Refresh(words(&["Canal Post", "coast"])))
    );
    assert_eq!(desk.command("feed stop"), Some(FeedOrder::Stop));
    assert_eq!(desk.command("feed import /tmp/a.opml"), Some(FeedOrder::Import(PathBuf::from("/tmp/a.opml"))));
    assert_eq!(desk.command("feed export /tmp/b.opml"), Some(FeedOrder::Export(PathBuf::from("/tmp/b.opml"))));
    desk.orders.clear();
    desk.press("R");
    assert_eq!(desk.orders.pop(), Some(FeedOrder::Refresh(Vec::new())));
}

#[test]
fn what_cannot_be_understood_is_told_and_nothing_is_asked_for() {
    let mut desk = Desk::new(Config::default());
    for (typed, told) in [
        ("feed", ""),
        ("feed frobnicate", "feed add URL"),
        ("feed remove", "feed add URL"),
        ("feed remove 'Canal", "quotation mark"),
        ("feed import", "feed add URL"),
        ("feed set", "feed add URL"),
        ("feed set Canal", "feed set NAME"),
        ("feed set --keep-days 3", "feed set NAME"),
        ("feed set Canal --keep-count", "--keep-count wants a value"),
        ("feed set Canal --keep-count many", "a number is wanted"),
        ("feed set Canal --keep-days -1", "a number is wanted"),
        ("feed set Canal --full-text maybe", "true or false"),
        ("feed add --tag x", "feed add URL"),
        ("feed add https://a.example/ --colour red", "--colour is none of --tag and --name"),
        ("feed set Canal --colour red", "--colour is none of"),
    ] {
        assert_eq!(desk.command(typed), None, "{typed}");
        assert!(desk.told().contains(told), "{typed}: {}", desk.told());
        desk.press("esc");
    }
}

#[test]
fn the_whole_article_and_its_changes_are_asked_for_by_the_entry_that_is_open() {
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
fn a_page_with_several_feeds_is_a_choice_that_keeps_the_tags() {
    let mut desk = Desk::new(Config::default());
    desk.command("feed add https://page.example/ press");
    let feeds = ["all", "news"].map(|name| (format!("https://page.example/{name}"), name.to_owned()));
    desk.hear(Message::FeedChoice(feeds.to_vec()));
    desk.orders.clear();
    desk.press("j enter");
    let wanted = Subscription { tags: words(&["press"]), ..Subscription::new("https://page.example/news".to_owned()) };
    assert_eq!(desk.orders, [FeedOrder::Add(Box::new(wanted))]);
    assert!(desk.state.overlay().is_none());
}

#[test]
fn how_feeds_are_is_a_list_and_enter_filters_by_one() {
    let mut desk = Desk::new(Config::default());
    desk.hear(Message::FeedHealth(Vec::new()));
    assert!(desk.told().contains("Nothing is subscribed to"));
    let health = |name: &str| FeedHealth {
        name: name.to_owned(),
        tags: " #coast".to_owned(),
        url: "https://example.org/".to_owned(),
        state: "1 entry, 1 unread; fetched 2023-10-01 11:00".to_owned(),
        kept: None,
        error: None,
    };
    desk.hear(Message::FeedHealth(vec![health("Canal Post"), health("Harbour Radio")]));
    assert_eq!(desk.state.overlay().unwrap().kind, OverlayKind::FeedList);
    desk.press("j j j enter");
    assert!(desk.state.overlay().is_none());
    assert_eq!(desk.state.filter().editor().text(), "feed:\"Harbour Radio\"");
    assert_eq!(desk.state.list().slots().len(), 1);
}

#[test]
fn a_feed_and_a_tag_are_asked_for_so_that_no_other_is_meant() {
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
fn a_refresh_tells_how_far_it_is_and_moves_nothing() {
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
fn what_is_wrong_with_feeds_is_listed_after_files_and_does_not_go_with_them() {
    let mut desk = Desk::new(Config::default());
    let problem = |path: &str| Problem::refused(path.into(), &Refusal::Empty);
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
fn feeds_stand_in_the_sources_pane_in_the_order_that_is_wanted_also_without_entries() {
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
