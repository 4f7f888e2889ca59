//! Two programs that change feeds and entries of one library at the same time.

use crate::support::cases::cases;
use std::collections::{BTreeMap, BTreeSet};
use std::process::{Command, Output};

use crate::support::library::TestLibrary;
use newsdesk::article::{ArticleId, BlockKind, Draft, Published, Role};
use newsdesk::formats::{FeedArticle, FeedKey};
use newsdesk::library::feeds::{EntryQuery, FetchOutcome, FetchResult, ParsedFeed, PreparedEntry, StoreCounts};
use newsdesk::library::{FetchStatus, KnownFeed, Library, ReaderId};
use newsdesk::marks::{Change, MarkChange, Tag};
use newsdesk::query::SavedSearch;
use newsdesk::subscriptions::Subscription;
use proptest::prelude::*;

impl TestLibrary {
    fn open_for_bulk(&self) -> Library {
        let library = self.open();
        library.for_bulk().unwrap();
        library
    }

    fn newsdesk(&self, arguments: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_newsdesk"))
            .args(arguments)
            .env_clear()
            .env("HOME", self.folder.path())
            .env("NEWSDESK_LIBRARY", self.path())
            .output()
            .unwrap()
    }

    fn raw(&self) -> rusqlite::Connection {
        rusqlite::Connection::open(self.path()).unwrap()
    }
}

fn feed(library: &Library, url: &str) -> KnownFeed {
    library.feeds().unwrap().into_iter().find(|feed| feed.subscription.url == url).unwrap()
}

/// An entry about a story, with the link that all feeds give for that story.
fn entry(story: usize, text: &str) -> FeedArticle {
    let link = format!("https://example.org/story/{story}");
    let published = Published::from_seconds(1_700_000_000 + 60 * story as i64, Some(0));
    let mut draft = Draft { url: Some(link.clone().into()), published, ..Draft::default() };
    draft.push(Role::Headline, format!("Story {story}"));
    draft.push_body(BlockKind::Paragraph, text.to_owned());
    FeedArticle { keys: vec![FeedKey::new(format!("id-{story}")), FeedKey::new(link)], guid: None, draft }
}

/// The answer to a request that was based on `feed`.
fn answer(feed: &KnownFeed, stories: &[usize], text: &str) -> FetchResult {
    let entries = stories.iter().map(|story| entry(*story, text)).collect();
    let document = ParsedFeed {
        title: format!("Title of {}", feed.subscription.url),
        etag: Some(text.to_owned()),
        entries: PreparedEntry::of_document(feed, None, entries),
        ..ParsedFeed::default()
    };
    outcome(feed, FetchOutcome::Feed(Box::new(document)))
}

fn outcome(feed: &KnownFeed, outcome: FetchOutcome) -> FetchResult {
    let health = FetchStatus { tried_at: Some(1), succeeded_at: Some(1), ..FetchStatus::default() };
    FetchResult { feed: feed.number, version: feed.version, health, moved_to: None, merge: true, outcome }
}

fn store(library: &mut Library, delivery: FetchResult) -> StoreCounts {
    library.store(&[delivery]).unwrap().pop().unwrap()
}

fn mark(library: &mut Library, id: ArticleId, change: Change) {
    library.save_marks(&[MarkChange { article: id, change }], &mut |_| None).unwrap();
}

#[test]
fn tags_by_two_programs_at_once_all_stay() {
    let home = TestLibrary::new();
    let url = "http://127.0.0.1:9/feed";
    home.open_for_bulk().subscribe(&[Subscription::new(url)]).unwrap();
    std::thread::scope(|scope| {
        for program in 0..2 {
            let home = &home;
            scope.spawn(move || {
                for number in 0..20 {
                    let output = home.newsdesk(&["feed", "tag", url, &format!("t{program}-{number}")]);
                    assert!(output.status.success(), "{output:?}");
                }
            });
        }
    });
    let tags: BTreeSet<String> = feed(&home.open_for_bulk(), url).subscription.tags.into_iter().collect();
    assert_eq!(tags.len(), 40, "{tags:?}");
}

#[test]
fn changes_are_based_on_the_stored_subscription() {
    let home = TestLibrary::new();
    let (mut one, mut other) = (home.open_for_bulk(), home.open_for_bulk());
    let (old, new) = ("https://example.org/old", "https://example.org/new");
    one.subscribe(&[Subscription::new(old)]).unwrap();
    let known = feed(&one, old);
    // Meanwhile a refresh finds the name and the new address.
    let moved = FetchResult { moved_to: Some(new.to_owned()), ..answer(&known, &[1], "text") };
    store(&mut other, moved);
    let tag = |was: Subscription| was.with_tags(&["sea".to_owned()]);
    let changed = one.change_subscription(known.number, tag).unwrap().unwrap();
    let stored = feed(&other, new);
    assert_eq!(stored.subscription, changed);
    assert_eq!(
        (stored.subscription.title.as_str(), stored.subscription.tags.len()),
        ("Title of https://example.org/old", 1)
    );
    assert_eq!(stored.etag.as_deref(), Some("text"));
    // What another program unsubscribed stays unsubscribed.
    other.unsubscribe(&[stored]).unwrap();
    assert_eq!(one.change_subscription(known.number, tag).unwrap(), None);
    assert_eq!(other.feeds().unwrap(), []);
}

#[test]
fn undo_restores_only_changes_of_its_step() {
    let home = TestLibrary::new();
    let mut reader = home.open_for_bulk().for_reader(ReaderId(1));
    let url = "https://example.org/feed";
    reader.subscribe(&[Subscription::new(url)]).unwrap();
    let number = feed(&reader, url).number;
    reader.change_subscription(number, |was| was.with_tags(&["sea".to_owned()])).unwrap();
    let (row, ..) = reader.new_steps(ReaderId(1), 0).unwrap().pop().unwrap();
    let name = Some("Harbour".to_owned());
    home.open_for_bulk().change_subscription(number, |was| Subscription { own_title: name.clone(), ..was }).unwrap();
    assert_eq!(reader.undo_feeds(row, true).unwrap().refused, None);
    let now = feed(&reader, url).subscription;
    assert_eq!((now.own_title, now.tags), (name, Vec::new()));
}

#[test]
fn searches_change_only_if_a_step_changed_them() {
    let home = TestLibrary::new();
    let (mut one, mut other) = (home.open_for_bulk(), home.open_for_bulk());
    let asia = SavedSearch { name: "Asia".to_owned(), query: "asia".to_owned(), ..SavedSearch::default() };
    one.save_search(&asia).unwrap();
    let mut history = newsdesk::journal::History::default();
    let mut change = |library: &mut Library, after: SavedSearch| {
        let change = newsdesk::journal::SearchChange { before: Some(asia.clone()), after: Some(after), at: 0 };
        let step = newsdesk::journal::StepChange::Searches(vec![change.clone()]);
        let entry = history.record("change".to_owned(), step, None);
        library.change_searches(ReaderId(1), &[change], &entry).unwrap();
    };
    other.save_search(&SavedSearch { query: "asia OR pacific".to_owned(), ..asia.clone() }).unwrap();
    change(&mut one, SavedSearch { watch: true, ..asia.clone() });
    let wanted = SavedSearch { query: "asia OR pacific".to_owned(), watch: true, ..asia.clone() };
    assert_eq!(other.searches().unwrap(), [wanted]);
    // A deleted search stays deleted.
    other.remove_search("Asia").unwrap();
    change(&mut one, SavedSearch { colour: Some("red".to_owned()), ..asia.clone() });
    assert_eq!(other.searches().unwrap(), []);
    assert_eq!(one.report("Asia", &[ArticleId(1)]).unwrap(), []);
}

#[test]
fn searches_that_are_added_replace_none() {
    let home = TestLibrary::new();
    let (mut one, mut other) = (home.open_for_bulk(), home.open_for_bulk());
    let search = |query: &str| SavedSearch { name: "Asia".into(), query: query.into(), ..SavedSearch::default() };
    one.save_search(&search("asia")).unwrap();
    assert_eq!(other.add_searches(vec![search("pacific")]).unwrap(), [(search("pacific"), search("asia"))]);
    assert_eq!(one.searches().unwrap(), [search("asia")]);
}

#[test]
fn answers_for_a_removed_feed_are_not_stored() {
    let home = TestLibrary::new();
    let (mut refresh, mut other) = (home.open_for_bulk(), home.open_for_bulk());
    let (url, moved) = ("https://example.org/feed", "https://example.org/moved");
    other.subscribe(&[Subscription::new(url)]).unwrap();
    let asked = feed(&refresh, url);
    other.unsubscribe(std::slice::from_ref(&asked)).unwrap();
    let rows = |home: &TestLibrary| -> (u32, String, Option<String>, Option<i64>) {
        let sql = "SELECT (SELECT count(*) FROM entries), url, etag, tried_at FROM feeds";
        home.raw().query_row(sql, [], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))).unwrap()
    };
    let nothing = (0, url.to_owned(), None, None);
    let late = || FetchResult { moved_to: Some(moved.to_owned()), ..answer(&asked, &[1], "text") };
    assert!(store(&mut refresh, late()).is_stale);
    assert_eq!(rows(&home), nothing);
    // Subscribing again is another subscription.
    other.subscribe(&[Subscription::new(url)]).unwrap();
    for late in [late(), outcome(&asked, FetchOutcome::Unchanged), outcome(&asked, FetchOutcome::Nothing)] {
        assert!(store(&mut refresh, late).is_stale);
        assert_eq!(rows(&home), nothing);
    }
    let asked = feed(&refresh, url);
    assert_eq!(store(&mut refresh, answer(&asked, &[1], "text")).new.len(), 1);
}

#[test]
fn whole_pages_of_a_removed_feed_are_not_stored() {
    let home = TestLibrary::new();
    let (mut refresh, mut other) = (home.open_for_bulk(), home.open_for_bulk());
    let url = "https://example.org/feed";
    other.subscribe(&[Subscription { full_text: true, ..Subscription::new(url) }]).unwrap();
    let asked = feed(&refresh, url);
    let id = store(&mut refresh, answer(&asked, &[1], "text")).new[0];
    assert_eq!(refresh.entries_without_full_text(10).unwrap(), [id]);
    mark(&mut other, id, Change::Starred(true));
    other.unsubscribe(&[asked]).unwrap();
    assert_eq!(refresh.entries_without_full_text(10).unwrap(), []);
    let page = Draft::default();
    refresh.store_full_text(id, &newsdesk::library::feeds::FullText::Fetched(&page)).unwrap();
    assert!(refresh.entry_texts(id).unwrap().unwrap().full.is_none());
}

#[test]
fn older_answers_do_not_replace_newer_ones() {
    let home = TestLibrary::new();
    let (mut one, mut other) = (home.open_for_bulk(), home.open_for_bulk());
    let url = "https://example.org/feed";
    one.subscribe(&[Subscription::new(url)]).unwrap();
    let asked = feed(&one, url);
    store(&mut one, answer(&asked, &[1], "first"));
    // Both ask; the one that asked first is the last to store.
    let (slow, quick) = (feed(&one, url), feed(&other, url));
    store(&mut other, answer(&quick, &[1, 2], "new"));
    let stored = store(&mut one, answer(&slow, &[1], "old"));
    assert!(stored.is_stale && stored.changed == 0, "{stored:?}");
    let now = feed(&one, url);
    assert_eq!(now.etag.as_deref(), Some("new"));
    let mut texts = Vec::new();
    one.read_entries(&EntryQuery::Newest(9), |entry| texts.push(entry.article.to_owned())).unwrap();
    assert!(texts.len() == 2 && texts.iter().all(|text| text.contains("\"new\"")), "{texts:?}");
    // Nor does a failure replace a success, and an answer that nothing has changed loses nothing.
    let failed = FetchStatus { error: Some("timeout".to_owned()), ..FetchStatus::default() };
    let health = FetchStatus { tried_at: Some(2), ..FetchStatus::default() };
    store(&mut other, FetchResult { health, ..outcome(&now, FetchOutcome::Unchanged) });
    assert!(store(&mut one, FetchResult { health: failed, ..outcome(&now, FetchOutcome::Nothing) }).is_stale);
    assert_eq!(feed(&one, url).health.error, None);
    assert_eq!(store(&mut one, answer(&now, &[1, 2, 3], "newest")).new.len(), 1);
}

#[test]
fn copies_of_newsboat_leave_health_and_etag_alone() {
    let home = TestLibrary::new();
    let mut library = home.open_for_bulk();
    let url = "https://example.org/feed";
    library.subscribe(&[Subscription::new(url)]).unwrap();
    let before = feed(&library, url);
    store(&mut library, answer(&before, &[1], "text"));
    let stored = feed(&library, url);
    let entries = PreparedEntry::of_document(&before, None, vec![entry(2, "kept")]);
    let document = ParsedFeed { title: "Old".to_owned(), entries, ..ParsedFeed::default() };
    let copy =
        FetchResult { health: FetchStatus::default(), ..outcome(&before, FetchOutcome::Import(Box::new(document))) };
    assert_eq!(store(&mut library, copy).new.len(), 1);
    assert_eq!(feed(&library, url), stored);
}

#[test]
fn open_readers_follow_marks_to_the_entry_that_takes_over() {
    let home = TestLibrary::new();
    let (mut reader, mut other) = (home.open_for_bulk(), home.open_for_bulk());
    let urls = ["https://example.org/a", "https://example.org/b"];
    for url in urls {
        other.subscribe(&[Subscription::new(url)]).unwrap();
        let known = feed(&other, url);
        store(&mut other, answer(&known, &[1, 2], "text"));
    }
    let id = |library: &Library, url: &str, headline: &str| {
        let (number, mut found) = (feed(library, url).number, Vec::new());
        let take = |entry: newsdesk::library::feeds::StoredEntry<'_>| {
            if entry.feed == number && entry.article.contains(headline) {
                found.push(entry.id);
            }
        };
        library.read_entries(&EntryQuery::Newest(9), take).unwrap();
        found[0]
    };
    let [first, second] = ["Story 1", "Story 2"].map(|headline| urls.map(|url| id(&other, url, headline)));
    let mut marks = reader.marks().unwrap();
    mark(&mut other, first[0], Change::Read(true));
    mark(&mut other, second[0], Change::Read(true));
    mark(&mut other, second[1], Change::Tagged(Tag::new("own").unwrap(), true));
    other.unsubscribe(&[feed(&other, urls[0])]).unwrap();
    let news = reader.external_changes().unwrap();
    let moves: BTreeSet<(u64, u64)> = news.moved.iter().map(|moved| (moved.from.0, moved.to.0)).collect();
    assert_eq!(moves, BTreeSet::from([(first[0].0, first[1].0), (second[0].0, second[1].0)]));
    for (article, marked) in news.marks {
        marks.set(article, marked);
    }
    assert!(!marks.get(first[0]).is_read() && !marks.get(second[0]).is_read());
    assert!(marks.get(first[1]).is_read() && marks.get(second[1]).is_read());
    assert_eq!(marks.get(second[1]).tags().len(), 1);
}

#[test]
fn entries_repeat_one_entry_of_another_feed_at_most_once() {
    let home = TestLibrary::new();
    let mut library = home.open_for_bulk();
    let article = |name: &str, link: &str, guid: Option<&str>| {
        let link = format!("https://example.org/{link}");
        let mut draft = Draft { url: Some(link.clone().into()), ..Draft::default() };
        draft.push(Role::Headline, name.to_owned());
        let guid = guid.map(|guid| format!("https://example.org/{guid}"));
        FeedArticle { keys: vec![FeedKey::new(guid.clone().unwrap_or(link))], guid, draft }
    };
    let (a, b) = ("https://a.example/", "https://b.example/");
    library.subscribe(&[Subscription::new(a), Subscription::new(b)]).unwrap();
    let mut deliver = |url: &str, articles: Vec<FeedArticle>| {
        let known = feed(&library, url);
        let entries = PreparedEntry::of_document(&known, None, articles);
        let document = ParsedFeed { entries, ..ParsedFeed::default() };
        store(&mut library, outcome(&known, FetchOutcome::Feed(Box::new(document))));
    };
    deliver(a, vec![article("first", "1", Some("first"))]);
    // Two entries of one feed, one with the link and one with the id of the first.
    deliver(b, vec![article("by link", "1", Some("other"))]);
    deliver(b, vec![article("by id", "2", Some("first"))]);
    // An entry of the first feed that has the id of a repetition.
    deliver(a, vec![article("own", "3", Some("other"))]);
    let sql = "SELECT count(*) FROM entries WHERE dropped = 0 AND same_as IS NULL";
    let (alone, all): (u32, u32) = home
        .raw()
        .query_row(&format!("SELECT ({sql}), (SELECT count(*) FROM entries)"), [], |row| Ok((row.get(0)?, row.get(1)?)))
        .unwrap();
    assert_eq!((alone, all), (3, 4));
}

/// Something that a program does.
#[derive(Clone, Debug)]
enum Action {
    Subscribe(usize),
    Unsubscribe {
        feed: usize,
        is_recorded: bool,
    },
    /// A request begins, and is answered later.
    Ask(usize),
    Store {
        feed: usize,
        stories: u8,
        is_late: bool,
        moves_to: Option<usize>,
    },
    Keep {
        feed: usize,
        count: Option<u32>,
    },
    Read(usize),
    Star {
        row: usize,
        starred: bool,
    },
    Tag {
        row: usize,
    },
    Undo(bool),
}

const FEEDS: usize = 3;
const STORIES: usize = 5;

fn action() -> impl Strategy<Value = Action> {
    let feed = 0..FEEDS;
    prop_oneof![
        2 => feed.clone().prop_map(Action::Subscribe),
        2 => (feed.clone(), any::<bool>()).prop_map(|(feed, is_recorded)| Action::Unsubscribe { feed, is_recorded }),
        1 => feed.clone().prop_map(Action::Ask),
        5 => (feed.clone(), 1u8..1 << STORIES, prop::bool::weighted(0.2), prop::option::weighted(0.1, feed.clone()))
            .prop_map(|(feed, stories, is_late, moves_to)| Action::Store { feed, stories, is_late, moves_to }),
        1 => (feed, prop::option::of(1u32..3)).prop_map(|(feed, count)| Action::Keep { feed, count }),
        3 => (0..9usize).prop_map(Action::Read),
        4 => (0..9usize, prop::bool::weighted(0.8)).prop_map(|(row, starred)| Action::Star { row, starred }),
        1 => (0..9usize).prop_map(|row| Action::Tag { row }),
        2 => prop::bool::weighted(0.7).prop_map(Action::Undo),
    ]
}

/// A listed entry: its identity, the story, the name of its feed, and what it repeats.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Listed {
    id: i64,
    story: usize,
    feed: i64,
    same_as: Option<i64>,
}

fn listed(home: &TestLibrary) -> Vec<Listed> {
    let raw = home.raw();
    let sql = "SELECT id, feed, same_as, (published - 1700000000) / 60 FROM entries WHERE dropped = 0 ORDER BY number";
    let mut statement = raw.prepare(sql).unwrap();
    let row = |row: &rusqlite::Row<'_>| {
        let story: i64 = row.get(3)?;
        Ok(Listed { id: row.get(0)?, feed: row.get(1)?, same_as: row.get(2)?, story: usize::try_from(story).unwrap() })
    };
    statement.query_map([], row).unwrap().collect::<rusqlite::Result<_>>().unwrap()
}

fn is_shown(entry: &Listed, is_once: bool) -> bool {
    !is_once || entry.same_as.is_none()
}

/// Runs actions against a library and a model that knows which stories have marks.
fn run(actions: &[Action], is_once: bool) {
    let home = TestLibrary::new();
    let mut library = home.open_for_bulk();
    let mut reader = home.open_for_bulk().for_reader(ReaderId(1));
    let urls: Vec<String> = (0..FEEDS).map(|feed| format!("https://example.org/{feed}")).collect();
    for (number, url) in urls.iter().enumerate() {
        library.subscribe(&[Subscription::new(url)]).unwrap();
        let known = feed(&library, url);
        store(&mut library, answer(&known, &[number, number + 1, number + 2], "first"));
    }
    let mut asked: BTreeMap<usize, KnownFeed> = BTreeMap::new();
    // The stories that are starred and tagged.
    let (mut starred, mut tagged) = (BTreeSet::new(), BTreeSet::new());
    let mut steps: Vec<(i64, bool)> = Vec::new();
    let tag = Tag::new("kept").unwrap();
    for (number, action) in actions.iter().enumerate() {
        let known = |library: &Library, feed: usize| {
            library.feeds().unwrap().into_iter().find(|known| known.subscription.url == urls[feed])
        };
        let shown: Vec<Listed> = listed(&home).into_iter().filter(|entry| is_shown(entry, is_once)).collect();
        let chosen = |row: usize| {
            shown.get(row % shown.len().max(1)).map(|entry| (ArticleId(entry.id.cast_unsigned()), entry.story))
        };
        match action {
            Action::Subscribe(feed) => drop(reader.subscribe(&[Subscription::new(&urls[*feed])]).unwrap()),
            Action::Unsubscribe { feed, is_recorded } => {
                if let Some(known) = known(&library, *feed) {
                    let program = if *is_recorded { &mut reader } else { &mut library };
                    program.unsubscribe(&[known]).unwrap();
                }
            }
            Action::Ask(feed) => {
                if let Some(known) = known(&library, *feed) {
                    asked.insert(*feed, known);
                }
            }
            Action::Store { feed, stories, is_late, moves_to } => {
                let known = known(&library, *feed);
                let base = if *is_late { asked.remove(feed) } else { known.clone() };
                let Some(base) = base else { continue };
                let read: BTreeSet<i64> =
                    marked_rows(&home, "read_at IS NOT NULL").into_iter().map(|row| row.0).collect();
                let is_stale = known.is_none_or(|known| known.version != base.version);
                let wanted: Vec<usize> = (0..STORIES).filter(|story| stories & (1 << story) != 0).collect();
                let moved_to = moves_to.filter(|_| !is_stale).map(|to| urls[to].clone());
                let stored = store(
                    &mut library,
                    FetchResult { moved_to, merge: is_once, ..answer(&base, &wanted, &format!("text {number}")) },
                );
                if is_stale {
                    assert!(stored.is_stale || stored.new.is_empty(), "{stored:?}");
                } else if stored.merged.is_none() {
                    // Retention lets go of nothing that is unread.
                    let there: BTreeSet<i64> = listed(&home).iter().map(|entry| entry.id).collect();
                    assert!(
                        shown.iter().all(|entry| read.contains(&entry.id) || there.contains(&entry.id)),
                        "{action:?}"
                    );
                    let subscription = library
                        .feeds()
                        .unwrap()
                        .into_iter()
                        .find(|feed| feed.number == base.number)
                        .unwrap()
                        .subscription;
                    if subscription.keep_count.is_none() {
                        let there: BTreeSet<usize> = listed(&home).iter().map(|entry| entry.story).collect();
                        assert!(wanted.iter().all(|story| there.contains(story)), "{wanted:?} of {there:?}");
                    }
                }
            }
            Action::Keep { feed, count } => {
                if let Some(known) = known(&library, *feed) {
                    reader.change_subscription(known.number, |was| Subscription { keep_count: *count, ..was }).unwrap();
                }
            }
            Action::Read(row) => {
                if let Some((id, _)) = chosen(*row) {
                    mark(&mut library, id, Change::Read(true));
                }
            }
            Action::Star { row, starred: wanted } => {
                let Some((id, story)) = chosen(*row) else { continue };
                mark(&mut library, id, Change::Starred(*wanted));
                if *wanted {
                    starred.insert(story);
                } else if is_once || !marked(&home, "starred_at IS NOT NULL").contains(&story) {
                    starred.remove(&story);
                }
            }
            Action::Tag { row } => {
                let Some((id, story)) = chosen(*row) else { continue };
                mark(&mut library, id, Change::Tagged(tag.clone(), true));
                tagged.insert(story);
            }
            Action::Undo(undo) => {
                for (row, ..) in reader.new_steps(ReaderId(1), 0).unwrap() {
                    if steps.iter().all(|(known, _)| *known != row) {
                        steps.push((row, false));
                    }
                }
                let step = if *undo {
                    steps.iter_mut().rev().find(|(_, is_undone)| !is_undone)
                } else {
                    steps.iter_mut().find(|(_, is_undone)| *is_undone)
                };
                if let Some((row, is_undone)) = step
                    && reader.undo_feeds(*row, *undo).unwrap().refused.is_none()
                {
                    *is_undone = *undo;
                }
            }
        }
        let all = listed(&home);
        for entry in all.iter().filter(|entry| entry.same_as.is_some()) {
            let first = all.iter().find(|first| Some(first.id) == entry.same_as);
            let is_sound = first.is_some_and(|first| first.same_as.is_none() && first.feed != entry.feed);
            assert!(is_sound, "{action:?}: {entry:?} repeats {first:?}");
        }
        let shown = all.iter().filter(|entry| is_shown(entry, is_once));
        let shown: BTreeSet<i64> = shown.map(|entry| entry.id).collect();
        for (what, sql) in [(&starred, "starred_at IS NOT NULL"), (&tagged, "id IN (SELECT article FROM tags)")] {
            let marked: BTreeSet<usize> = marked_rows(&home, sql)
                .into_iter()
                .filter(|(id, _)| shown.contains(id))
                .map(|(_, story)| story)
                .collect();
            assert_eq!(marked, *what, "{action:?}: {sql} {all:?}");
        }
    }
    assert_eq!(library.check().unwrap(), [""; 0]);
}

fn marked_rows(home: &TestLibrary, condition: &str) -> Vec<(i64, usize)> {
    let raw = home.raw();
    let sql = format!(
        "SELECT id, (SELECT (published - 1700000000) / 60 FROM entries WHERE entries.id = articles.id) FROM articles
         WHERE {condition} AND id IN (SELECT id FROM entries WHERE dropped = 0)"
    );
    let mut statement = raw.prepare(&sql).unwrap();
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get::<_, i64>(1)?))).unwrap();
    rows.map(|row| row.map(|(id, story)| (id, usize::try_from(story).unwrap())).unwrap()).collect()
}

fn marked(home: &TestLibrary, condition: &str) -> BTreeSet<usize> {
    marked_rows(home, condition).into_iter().map(|(_, story)| story).collect()
}

/// A step that handed an entry on is redone after both feeds were merged.
#[test]
fn redo_after_a_merge_moves_no_mark() {
    let store = |stories, moves_to| Action::Store { feed: 0, stories, is_late: false, moves_to };
    let actions = [
        Action::Unsubscribe { feed: 1, is_recorded: false },
        Action::Unsubscribe { feed: 2, is_recorded: true },
        Action::Subscribe(2),
        store(8, None),
        Action::Undo(true),
        Action::Star { row: 3, starred: true },
        store(1, Some(2)),
        Action::Unsubscribe { feed: 2, is_recorded: false },
        Action::Undo(false),
    ];
    run(&actions, true);
}

proptest! {
    #![proptest_config(cases(24))]

    #[test]
    fn marks_stay_on_their_stories_in_a_simple_model(actions in prop::collection::vec(action(), 1..50)) {
        run(&actions, true);
    }

    #[test]
    fn marks_stay_if_entries_are_shown_in_each_feed(actions in prop::collection::vec(action(), 1..50)) {
        run(&actions, false);
    }
}
