//! MarkChange articles as a reader does it: keys go in, and what is marked, told and handed over to be kept is looked at.

use std::path::Path;
use std::sync::Arc;

use chrono::{NaiveDate, NaiveDateTime};
use newsdesk::app::{Effect, FeedOrder, Focus, Kept, LoadProgress, Message, Notice, OverlayKind, Session, Size, State};
use newsdesk::article::ArticleId;
use newsdesk::config::{Config, MarkRead};
use newsdesk::corpus::{Corpus, FileStamp, Origin, Shard, ShardBuilder};
use newsdesk::formats::{FileHint, decode, read};
use newsdesk::journal::{JournalEntry, Step, StepChange};
use newsdesk::marks::{ArticleMarks, Change, MarkChange, Marks, ReadPosition, Tag};
use newsdesk::query::SavedSearch;
use newsdesk::search::{FacetKind, count_hits, count_values, facets, scan};

fn now() -> NaiveDateTime {
    NaiveDate::from_ymd_opt(2023, 10, 1).unwrap().and_hms_opt(12, 0, 0).unwrap()
}

/// Five articles, the newest first.
const TOWN: [(&str, &str); 5] = [
    (
        "ferry.txt",
        "date 2023-09-30 HARBOUR\nFerry sails again\n\nThe ferry left the quay at dawn.\n\nSOURCE:Harbour Notes",
    ),
    (
        "archive.txt",
        "date 2023-09-28 TOWN\nArchive opens\n\nNine hundred boxes of state papers.\n\nSOURCE:Town Gazette",
    ),
    (
        "market.txt",
        "date 2023-09-27 TOWN\nMarket moves to the quay\n\nStalls stand under the lamps.\n\nSOURCE:Town Gazette",
    ),
    ("storm.txt", "date 2023-09-25 WEATHER\nStorm passes\n\nThe sea kept the ferry in port."),
    ("choir.txt", "date 2023-09-20 CULTURE\nChoir looks for voices\n\nPractice is on Mondays."),
];

fn town(files: &[(&str, &str)]) -> Corpus {
    Corpus::default().with([shard(files)])
}

fn shard(files: &[(&str, &str)]) -> Arc<Shard> {
    let mut builder = ShardBuilder::default();
    let dir: Arc<Path> = Arc::from(Path::new("desk"));
    for (name, text) in files {
        let decoded = decode(text.as_bytes()).unwrap();
        let reading = read(&decoded, &FileHint { file_name: name });
        let file = builder.file(&dir, name.as_ref(), Origin::File, FileStamp::default());
        for (ordinal, draft) in (0..).zip(&reading.drafts) {
            builder.push(file, name.as_bytes(), ordinal, reading.format, draft);
        }
    }
    Arc::new(builder.finish())
}

fn id(name: &str) -> ArticleId {
    ArticleId::of(name.as_bytes(), 0)
}

struct Desk {
    state: State,
    /// Effects of all kinds but filters and counts.
    effects: Vec<Effect>,
    /// Whether what is handed over is kept at once.
    disk: bool,
}

impl Desk {
    fn new(config: Config, kept: Kept) -> Desk {
        Desk::with(config, kept, town(&TOWN))
    }

    fn with(config: Config, kept: Kept, corpus: Corpus) -> Desk {
        let state = State::new(config, "town".to_owned(), now());
        let mut desk = Desk { state, effects: Vec::new(), disk: true };
        desk.hear(Message::Resize(Size { columns: 160, rows: 40 }));
        desk.hear(Message::Corpus(Arc::new(corpus)));
        desk.hear(Message::Library(Box::new(kept)));
        desk.hear(Message::Loading(LoadProgress { found: 5, read: 5, walked: true, done: true, ..Default::default() }));
        desk
    }

    fn open() -> Desk {
        Desk::new(Config::default(), Kept::default())
    }

    fn hear(&mut self, message: Message) {
        for effect in self.state.update(message) {
            match &effect {
                Effect::Filter(request) => {
                    let mut answers = Vec::new();
                    scan(request, &|| false, &mut |answer| answers.push(answer));
                    let mut counts = Vec::new();
                    count_hits(answers.last().unwrap(), &|| false, &mut |hits, complete| counts.push((hits, complete)));
                    let generation = request.generation;
                    answers.into_iter().for_each(|answer| self.hear(Message::Filtered(answer)));
                    for (hits, complete) in counts {
                        self.hear(Message::HitsCounted { generation, hits, complete });
                    }
                }
                Effect::CountValues { corpus, marks, wanted } => {
                    let (corpus, wanted) = (Arc::clone(corpus), wanted.clone());
                    let values = Arc::new(count_values(&corpus, marks, &wanted));
                    self.hear(Message::Values { corpus, wanted, values });
                }
                Effect::CountFacets { generation, corpus, counted, marks, searches } => {
                    let rows = facets(corpus, counted, marks, searches, &|| false).unwrap();
                    self.hear(Message::Facets { generation: *generation, rows });
                }
                Effect::Keep { number, .. } if self.disk => {
                    let number = *number;
                    self.effects.push(effect);
                    self.hear(Message::Kept(number));
                }
                _ => self.effects.push(effect),
            }
        }
    }

    fn press(&mut self, keys: &str) -> &mut Desk {
        for key in keys.split_whitespace() {
            self.hear(Message::Key(key.parse().unwrap()));
        }
        self
    }

    fn type_in(&mut self, text: &str) -> &mut Desk {
        for c in text.chars() {
            self.hear(Message::Key(c.to_string().parse().unwrap()));
        }
        self
    }

    /// Types a command into the palette.
    fn command(&mut self, text: &str) -> &mut Desk {
        self.press(":").type_in(text).press("enter")
    }

    fn filter(&mut self, text: &str) -> &mut Desk {
        self.press("/").type_in(text).press("enter")
    }

    fn marks(&self) -> &Marks {
        self.state.keeping().marks()
    }

    fn listed(&self) -> Vec<String> {
        let headline = |&slot| self.state.corpus().get(slot).unwrap().headline().to_string();
        self.state.list().slots().iter().map(headline).collect()
    }

    fn selected(&self) -> String {
        self.listed()[self.state.list().selected()].clone()
    }

    fn told(&self) -> &str {
        self.state.notice().map_or("", |notice| notice.text.as_str())
    }

    /// The names of the rows of the sources pane, each with unread and total.
    fn rows(&self) -> Vec<String> {
        self.state.sources().rows().iter().map(|row| format!("{} {}/{}", row.name, row.unread, row.total)).collect()
    }

    fn typed(&self) -> &str {
        self.state.filter().editor().text()
    }

    fn lingers(&self) -> Vec<(ArticleId, u64)> {
        let lingers = self.effects.iter().filter_map(|effect| match effect {
            Effect::Linger { article, milliseconds } => Some((*article, *milliseconds)),
            _ => None,
        });
        lingers.collect()
    }
}

#[test]
fn star_is_toggled_undone_and_redone() {
    let mut desk = Desk::open();
    desk.press("j s");
    assert!(desk.marks().get(id("archive.txt")).is_starred());
    desk.press("s");
    assert!(desk.marks().is_empty());
    desk.press("u");
    assert_eq!(desk.told(), "Undone: unstar \"Archive opens\" · ^R redoes");
    assert!(desk.marks().get(id("archive.txt")).is_starred());
    desk.press("u");
    assert!(desk.marks().is_empty());
    desk.press("u");
    assert_eq!(desk.told(), "Nothing to undo");
    desk.press("^R");
    assert_eq!(desk.told(), "Redone: star \"Archive opens\" · u undoes");
    desk.press("k s u ^R ^R");
    assert_eq!(desk.told(), "Nothing to redo");
    assert!(desk.marks().get(id("ferry.txt")).is_starred());
}

#[test]
fn article_open_for_a_moment_is_read() {
    let mut desk = Desk::open();
    assert_eq!(desk.lingers(), [], "nobody has opened what is there at the start");
    desk.press("g");
    assert_eq!(desk.lingers(), [(id("ferry.txt"), 3_000)], "beside the list it takes longer");
    desk.press("enter");
    assert_eq!(desk.lingers().last(), Some(&(id("ferry.txt"), 1_000)));
    desk.press("J");
    desk.hear(Message::Lingered(id("ferry.txt")));
    assert!(desk.marks().is_empty(), "the reader has gone on by then");
    desk.hear(Message::Lingered(id("archive.txt")));
    assert!(desk.marks().get(id("archive.txt")).is_read());
    // What the reader says holds while the article is open.
    desk.press("r");
    let before = desk.lingers().len();
    desk.press("j k");
    desk.hear(Message::Lingered(id("archive.txt")));
    assert!(desk.marks().is_empty());
    assert_eq!(desk.lingers().len(), before);
    desk.press("J K");
    desk.hear(Message::Lingered(id("archive.txt")));
    assert!(desk.marks().get(id("archive.txt")).is_read(), "opened again, it counts again");
}

#[test]
fn read_delay_comes_from_the_config() {
    let long: String = (0..200).map(|line| format!("\nParagraph {line} of a long article.\n")).collect();
    let long = format!("date 2023-09-29 LONG\nA long read\n{long}");
    let corpus = || town(&[("long.txt", &long), TOWN[4]]);
    let config = |mark_read| Config { mark_read, ..Config::default() };
    let mut desk = Desk::with(config(MarkRead::End), Kept::default(), corpus());
    desk.press("enter");
    assert_eq!(desk.lingers(), []);
    desk.press("G");
    assert_eq!(desk.lingers(), [(id("long.txt"), 1_000)]);
    let mut desk = Desk::with(config(MarkRead::Manual), Kept::default(), corpus());
    desk.press("enter G space");
    assert_eq!(desk.lingers(), []);
    assert_eq!(desk.selected(), "Choir looks for voices");
    assert!(!desk.marks().get(id("long.txt")).is_read());
    let mut desk = Desk::with(config(MarkRead::Open), Kept::default(), corpus());
    desk.press("enter G space");
    assert!(desk.marks().get(id("long.txt")).is_read(), "going on from the end is having read it");
}

#[test]
fn next_unread_goes_to_the_next_unread_article() {
    let mut desk = Desk::open();
    desk.press("j r j r g ]");
    assert_eq!(desk.selected(), "Storm passes");
    desk.press("[");
    assert_eq!(desk.selected(), "Ferry sails again");
    desk.press("[");
    assert_eq!(desk.told(), "No unread article before this one");
}

#[test]
fn tags_are_edited_in_one_line() {
    let mut desk = Desk::open();
    desk.press("t").type_in("Quay, #boats").press("enter");
    let tags = |desk: &Desk| desk.marks().get(id("ferry.txt")).tags().iter().map(Tag::to_string).collect::<Vec<_>>();
    assert_eq!(tags(&desk), ["boats", "quay"]);
    assert_eq!(desk.state.reading().open().unwrap().tags, "#boats #quay");
    desk.press("t");
    assert_eq!(desk.state.overlay().unwrap().line.text(), "boats quay");
    desk.press("^W ^W").type_in("quay dawn").press("enter");
    assert_eq!(tags(&desk), ["dawn", "quay"]);
    desk.press("u");
    assert_eq!(tags(&desk), ["boats", "quay"], "both changes are one step");
    desk.press("t ^U enter");
    assert_eq!(tags(&desk), [""; 0]);
}

#[test]
fn tags_are_completed_in_the_filter_bar() {
    let mut desk = Desk::open();
    desk.press("t")
        .type_in("quay")
        .press("enter j t")
        .type_in("quay paper")
        .press("enter /")
        .type_in("tag:")
        .press("tab");
    assert_eq!(desk.typed(), "tag:quay", "the most frequent first");
    desk.press("tab enter");
    assert_eq!((desk.typed(), desk.listed()), ("tag:paper", vec!["Archive opens".to_owned()]));
}

#[test]
fn notes_are_written_on_the_screen_or_in_the_editor() {
    let mut desk = Desk::open();
    desk.press("m").type_in("Call").press("enter").type_in("twice").press("esc");
    assert_eq!(desk.marks().get(id("ferry.txt")).note(), "Call\ntwice");
    assert_eq!(desk.state.reading().open().unwrap().note, "Call\ntwice");
    assert!(desk.state.note().is_none());
    desk.press("M");
    assert!(matches!(desk.effects.last(), Some(Effect::EditNote { text, .. }) if text == "Call\ntwice"));
    desk.hear(Message::NoteWritten { article: id("ferry.txt"), text: "Called\u{1b}[2J\n".to_owned() });
    assert_eq!(desk.marks().get(id("ferry.txt")).note(), "Called␛[2J");
    let was = desk.effects.iter().rev().find_map(|effect| match effect {
        Effect::Keep { changes, .. } => Some(changes[0].change.clone()),
        _ => None,
    });
    assert_eq!(was, Some(Change::Note { text: "Called␛[2J".into(), was: "Call\ntwice".into() }));
    desk.press("u u");
    assert_eq!(desk.marks().get(id("ferry.txt")).note(), "");
}

#[test]
fn command_marks_all_listed_articles_and_undoes_as_one() {
    let mut desk = Desk::open();
    desk.filter("quay").command("star");
    assert_eq!(desk.told(), "Starred 2 articles · u undo");
    desk.press("esc").command("tag autumn");
    assert_eq!(desk.told(), "Tagged 5 articles with #autumn · u undo");
    desk.command("read");
    assert_eq!(desk.marks().iter().filter(|(_, marked)| marked.is_read() && marked.tags().len() == 1).count(), 5);
    desk.command("read");
    assert_eq!(desk.told(), "Nothing to change");
    desk.press("u");
    assert_eq!(desk.told(), "Undone: mark 5 articles as read · ^R redoes");
    desk.press("u u");
    assert!(desk.marks().is_empty());
    desk.press("^R ^R");
    desk.command("untag autumn");
    assert_eq!(desk.marks().len(), 2);
    desk.command("unstar").command("unread");
    assert!(desk.marks().is_empty());
}

#[test]
fn filter_by_marks_stays_unchanged_while_one_is_marked() {
    let mut desk = Desk::open();
    desk.press("j s j s g").filter("is:starred");
    assert_eq!(desk.listed(), ["Archive opens", "Market moves to the quay"]);
    desk.press("s");
    assert_eq!(desk.listed().len(), 2, "nothing jumps away under the cursor");
    desk.press("/ enter");
    assert_eq!(desk.listed(), ["Market moves to the quay"]);
    desk.command("unstar");
    assert_eq!(desk.listed(), [""; 0], "what was done to all of it is done to the list");
    desk.press("u");
    assert_eq!(desk.listed(), ["Market moves to the quay"]);
    desk.filter(" OR is:unread");
    assert_eq!(desk.listed().len(), 5);
    // An answer that was given before a mark was made is not narrowed any more.
    desk.press("esc").filter("is:unread").press("g r /").type_in(" the").press("enter");
    assert!(!desk.listed().contains(&"Ferry sails again".to_owned()), "{:?}", desk.listed());
}

#[test]
fn filter_keeps_articles_read_since_when_others_arrive() {
    let mut desk = Desk::open();
    desk.filter("is:unread").press("j enter r");
    let (before, selected) = (desk.listed(), desk.selected());
    let late = shard(&[("late.txt", "date 2023-09-30 TOWN\nLate news\n\nOf the evening.")]);
    let all = desk.state.corpus().with([late]);
    desk.hear(Message::Corpus(Arc::new(all)));
    assert_eq!(desk.listed().len(), before.len() + 1);
    assert_eq!(desk.selected(), selected);
    // What somebody else has read goes.
    let mut read = ArticleMarks::default();
    read.apply(&Change::Read(true));
    desk.hear(Message::News { marks: vec![(id("late.txt"), read)], searches: None });
    desk.hear(Message::Corpus(Arc::new(desk.state.corpus().as_ref().clone())));
    assert_eq!(desk.listed(), before);
    desk.press("esc esc").filter("is:unread");
    assert!(!desk.listed().contains(&selected));
}

#[test]
fn sources_pane_counts_and_narrows_the_list() {
    let mut desk = Desk::open();
    desk.press("s r");
    let all = ["All 4/5", "Unread 4/4", "Starred 0/1", "CULTURE 1/1", "HARBOUR 0/1", "TOWN 2/2", "WEATHER 1/1"];
    assert_eq!(desk.rows()[..7], all);
    assert_eq!(desk.rows()[7..], ["Harbour Notes 0/1", "Town Gazette 2/2"]);
    desk.press("f 6 j");
    assert_eq!(desk.state.focus(), Focus::Sources);
    desk.press("k enter");
    assert_eq!(desk.typed(), "section:\"TOWN\"");
    assert_eq!(desk.listed().len(), 2);
    assert_eq!(desk.rows()[..7], all, "the counts of other rows stay in view");
    desk.press("enter");
    assert_eq!((desk.typed(), desk.listed().len()), ("", 5), "a second Enter takes the row out again");
    desk.press("-");
    assert_eq!(desk.typed(), "-section:\"TOWN\"");
    assert_eq!(desk.listed().len(), 3);
    assert_eq!(desk.rows()[..7], all);
    desk.press("- -");
    assert_eq!(desk.typed(), "-section:\"TOWN\"");
    desk.press("g enter");
    assert_eq!((desk.typed(), desk.listed().len()), ("", 5));
    desk.press("f");
    assert_eq!(desk.state.focus(), Focus::List);
    assert!(desk.state.layout().sources.is_none());
    desk.filter("ferry OR choir").press("f j j enter");
    assert_eq!(desk.typed(), "(ferry OR choir) is:starred");
}

#[test]
fn enter_in_the_sources_replaces_the_row_chosen_before() {
    let mut desk = Desk::open();
    // All, Unread, Starred, CULTURE, HARBOUR, TOWN, WEATHER, Harbour Notes, Town Gazette
    desk.filter("e").press("f 5 j enter");
    assert_eq!(desk.typed(), "e section:\"TOWN\"");
    desk.press("k enter");
    assert_eq!(desk.typed(), "e section:\"HARBOUR\"", "words that were typed stay");
    desk.press("+");
    assert_eq!(desk.typed(), "e section:\"HARBOUR\"");
    desk.press("j +");
    assert_eq!(desk.typed(), "e (section:\"HARBOUR\" OR section:\"TOWN\")");
    assert_eq!(desk.listed().len(), 3);
    desk.press("4 k enter");
    assert_eq!(desk.typed(), "e is:unread", "whatever kind of row it is");
    desk.press("6 j -");
    assert_eq!(desk.typed(), "e is:unread -source:\"Harbour Notes\"");
    desk.press("enter");
    assert_eq!(desk.typed(), "e source:\"Harbour Notes\"");
    desk.press("g enter");
    assert_eq!(desk.typed(), "e");
    desk.press("enter");
    assert_eq!(desk.typed(), "");
}

#[test]
fn enter_in_the_sources_never_asks_for_two_sections_at_once() {
    let mut desk = Desk::open();
    for (typed, replaced, added) in [
        ("section:town ferry", "ferry section:\"HARBOUR\"", "ferry (section:town OR section:\"HARBOUR\")"),
        (
            "(section:town OR section:culture) the",
            "the section:\"HARBOUR\"",
            "the ((section:town OR section:culture) OR section:\"HARBOUR\")",
        ),
        ("ferry OR choir", "(ferry OR choir) section:\"HARBOUR\"", "(ferry OR choir) section:\"HARBOUR\""),
        (
            "case:exact is:unread",
            "case:exact is:unread section:\"HARBOUR\"",
            "case:exact is:unread section:\"HARBOUR\"",
        ),
        ("source:notes", "source:notes section:\"HARBOUR\"", "source:notes section:\"HARBOUR\""),
    ] {
        for (key, wanted) in [("enter", replaced), ("+", added)] {
            desk.press("esc esc esc").filter(typed);
            desk.press("f g");
            let row = desk.state.sources().rows().iter().position(|row| row.name == "HARBOUR");
            let row = row.unwrap_or_else(|| panic!("no HARBOUR for {typed}"));
            for _ in 0..row {
                desk.press("j");
            }
            desk.press(key);
            assert_eq!(desk.typed(), wanted, "{key} after {typed}");
            desk.press("f");
        }
    }
}

#[test]
fn sources_remember_the_chosen_row_over_a_restart() {
    let filter = "e is:unread section:\"TOWN\"".to_owned();
    let session = Session { filter, chosen: vec!["section:\"TOWN\"".to_owned()], ..Session::default() };
    let mut desk = Desk::new(Config::default(), Kept { session: Some(session), ..Kept::default() });
    assert_eq!(desk.rows()[4], "HARBOUR 1/1");
    desk.press("f 4 j enter");
    assert_eq!(desk.typed(), "e is:unread section:\"HARBOUR\"", "typed conditions stay, chosen ones go");
    let kept = desk.effects.iter().rev().find_map(|effect| match effect {
        Effect::KeepSession { session, .. } => Some(session.chosen.clone()),
        _ => None,
    });
    assert_eq!(kept, Some(vec!["section:\"HARBOUR\"".to_owned()]));
}

#[test]
fn sources_keep_their_row_order_while_focused() {
    let mut desk = Desk::open();
    desk.press("f");
    let names = |desk: &Desk| desk.state.sources().rows().iter().map(|row| row.name.clone()).collect::<Vec<_>>();
    let before = names(&desk);
    let former = desk.state.corpus().without(|entry| entry.path().ends_with("choir.txt"));
    let added = former.with([shard(&[("new.txt", "date 2023-09-30 ARTS\nA new hall\n\nIt is large.")])]);
    desk.hear(Message::Corpus(Arc::new(added)));
    assert_eq!(desk.rows()[3], "CULTURE 0/0", "rows without articles stay too");
    let mut after = names(&desk);
    assert_eq!(after.remove(7), "ARTS", "new rows come last of their kind");
    assert_eq!(after, before);
    desk.press("f f");
    assert_eq!(desk.rows()[3], "ARTS 1/1");
}

#[test]
fn searches_are_saved_run_watched_and_deleted() {
    let mut desk = Desk::open();
    desk.press("S").type_in("Boats 'b watch").press("enter");
    assert_eq!(desk.told(), "No filter to save; type one first");
    desk.filter("ferry").press("S").type_in("Boats at sea 'b #ff8800 watch").press("enter");
    let boats = SavedSearch {
        name: "Boats at sea".to_owned(),
        query: "ferry".to_owned(),
        key: Some('b'),
        colour: Some("#ff8800".to_owned()),
        watch: true,
    };
    assert_eq!(desk.state.searches().all(), std::slice::from_ref(&boats));
    assert!(desk.effects.iter().any(|effect| matches!(effect, Effect::ChangeSearches { .. })));
    // A search of that name is replaced only after confirmation; a wrong colour is refused.
    desk.press("S").type_in("Boats at sea").press("enter n");
    desk.press("S").type_in("Harbour 'h blurple").press("enter");
    assert!(desk.told().starts_with("\"blurple\" is not a colour"), "{}", desk.told());
    desk.press("^C");
    assert_eq!(desk.state.searches().all(), [boats]);
    // What is not typed stays as it was.
    desk.press("S").type_in("Boats at sea 'c").press("enter y");
    let replaced = &desk.state.searches().all()[0];
    assert_eq!((replaced.key, replaced.colour.as_deref(), replaced.watch), (Some('c'), Some("#ff8800"), true));
    desk.press("S").type_in("Boats at sea 'b").press("enter y");
    let row = desk.state.sources().rows().iter().find(|row| row.kind == FacetKind::Search).cloned().unwrap();
    assert_eq!((row.name.as_str(), row.total), ("Boats at sea", 2));
    desk.press("esc");
    let watched =
        |desk: &Desk| desk.state.reading().open().unwrap().watched.iter().map(|it| it.hits.len()).sum::<usize>();
    assert_eq!(watched(&desk), 2, "its words stand out whatever the filter says");
    desk.press("W");
    assert_eq!(watched(&desk), 0);
    desk.press("W ' x");
    assert_eq!(desk.told(), "No saved search has the key x");
    desk.press("' b");
    assert_eq!((desk.typed(), desk.listed().len()), ("ferry", 2));
    desk.command("watch-search Boats at sea");
    assert_eq!(watched(&desk), 0);
    desk.press("f 3 j D");
    assert_eq!(desk.state.searches().all(), []);
    let deleted =
        |effect: &Effect| matches!(effect, Effect::ChangeSearches { changes, .. } if changes[0].after.is_none());
    assert!(desk.effects.iter().any(deleted));
}

#[test]
fn marks_are_pending_until_saved_and_failures_reported() {
    let mut desk = Desk::open();
    desk.disk = false;
    desk.press("s j s");
    assert!(desk.state.keeping().is_pending(id("ferry.txt")) && desk.state.keeping().trouble().is_none());
    desk.hear(Message::Kept(1));
    assert!(!desk.state.keeping().is_pending(id("ferry.txt")) && desk.state.keeping().is_pending(id("archive.txt")));
    desk.hear(Message::NotKept("the disk is full".to_owned()));
    assert_eq!(desk.state.keeping().trouble(), Some(("the disk is full", 1)));
    desk.press("q");
    assert_eq!(desk.state.overlay().unwrap().kind, OverlayKind::Unkept);
    assert!(!desk.effects.iter().any(|effect| matches!(effect, Effect::Quit)));
    desk.press("enter");
    assert!(
        desk.effects.iter().any(|effect| matches!(effect, Effect::WriteUnkept { changes, .. } if changes.len() == 1))
    );
    desk.hear(Message::Kept(2));
    assert!(desk.state.keeping().trouble().is_none());
    desk.press("q");
    assert!(matches!(desk.effects.last(), Some(Effect::Quit)));
}

#[test]
fn marks_of_others_show_and_own_pending_ones_stay() {
    let mut desk = Desk::open();
    desk.disk = false;
    desk.press("s");
    let mut read = ArticleMarks::default();
    read.apply(&Change::Read(true));
    let marks = vec![(id("ferry.txt"), read.clone()), (id("choir.txt"), read)];
    desk.hear(Message::News { marks, searches: None });
    let ferry = desk.marks().get(id("ferry.txt"));
    assert!(ferry.is_read() && ferry.is_starred());
    assert!(desk.marks().get(id("choir.txt")).is_read());
}

#[test]
fn marks_made_before_the_library_opens_are_applied() {
    let mut desk =
        Desk { state: State::new(Config::default(), String::new(), now()), effects: Vec::new(), disk: false };
    desk.hear(Message::Resize(Size { columns: 160, rows: 40 }));
    desk.hear(Message::Corpus(Arc::new(town(&TOWN))));
    desk.press("s");
    let mut marks = Marks::default();
    marks.apply(&MarkChange { article: id("ferry.txt"), change: Change::Read(true) });
    desk.hear(Message::Library(Box::new(Kept { marks, ..Kept::default() })));
    let ferry = desk.marks().get(id("ferry.txt"));
    assert!(ferry.is_read() && ferry.is_starred());
}

#[test]
fn session_restores_the_position() {
    let long: String = (0..200).map(|line| format!("\nParagraph {line} of a long article.\n")).collect();
    let long = format!("date 2023-09-21 LONG\nA long read\n{long}");
    let corpus = || town(&[TOWN[0], TOWN[1], TOWN[2], TOWN[3], ("long.txt", &long), TOWN[4]]);
    let mut desk = Desk::with(Config::default(), Kept::default(), corpus());
    desk.filter("-choir").press("G enter ^F ^F f f");
    desk.press("l");
    let session = desk.effects.iter().rev().find_map(|effect| match effect {
        Effect::KeepSession { session, .. } => Some(session.as_ref().clone()),
        _ => None,
    });
    let place = desk.effects.iter().rev().find_map(|effect| match effect {
        Effect::KeepPlace { marking, .. } => Some(marking.clone()),
        _ => None,
    });
    let (session, place) = (session.unwrap(), place.unwrap());
    let top = desk.state.reading().top();
    assert!(top > 0 && matches!(place.change, Change::Place(Some(ReadPosition { part: 1.., .. }))));

    let mut marks = Marks::default();
    marks.apply(&place);
    let kept = Kept { marks, session: Some(session), ..Kept::default() };
    let desk = Desk::with(Config::default(), kept, corpus());
    assert_eq!((desk.typed(), desk.selected().as_str()), ("-choir", "A long read"));
    assert_eq!((desk.state.focus(), desk.state.reading().top()), (Focus::Reading, top));
    assert!(desk.state.layout().sources.is_none());
}

#[test]
fn session_is_not_restored_after_the_reader_moved() {
    let mut desk = Desk { state: State::new(Config::default(), String::new(), now()), effects: Vec::new(), disk: true };
    desk.hear(Message::Resize(Size { columns: 160, rows: 40 }));
    desk.hear(Message::Corpus(Arc::new(town(&TOWN))));
    desk.press("j");
    let session = Session { filter: "choir".to_owned(), ..Session::default() };
    desk.hear(Message::Library(Box::new(Kept { session: Some(session), ..Kept::default() })));
    assert_eq!((desk.typed(), desk.selected().as_str()), ("", "Archive opens"));
}

#[test]
fn filter_history_includes_former_sessions() {
    let filters = vec!["first".to_owned(), "second".to_owned()];
    let mut desk = Desk::new(Config::default(), Kept { filters, ..Kept::default() });
    desk.press("/ up up");
    assert_eq!(desk.typed(), "first");
    desk.press("down down esc").filter("third");
    assert!(desk.effects.iter().any(|effect| matches!(effect, Effect::KeepFilter(filter) if filter == "third")));
}

#[test]
fn moved_article_keeps_marks_position_and_undo() {
    let mut desk = Desk::open();
    desk.press("s");
    let moved: Vec<(&str, &str)> =
        TOWN.iter().map(|&(name, text)| if name == "ferry.txt" { ("boat.txt", text) } else { (name, text) }).collect();
    let before = desk.state.corpus().as_ref().clone();
    let shards: Vec<_> = town(&moved[..1]).shards().map(|(_, shard)| Arc::clone(shard)).collect();
    let after = before.without(|entry| entry.path().ends_with("ferry.txt")).with(shards);
    desk.hear(Message::Corpus(Arc::new(after)));
    assert!(desk.effects.iter().any(|effect| matches!(effect, Effect::Recognise(_))));
    let marked = desk.marks().get(id("ferry.txt")).clone();
    desk.hear(Message::Moved {
        moved: vec![(id("ferry.txt"), id("boat.txt"))],
        marks: vec![(id("boat.txt"), marked)],
        session: None,
    });
    assert!(desk.marks().get(id("boat.txt")).is_starred() && !desk.marks().get(id("ferry.txt")).is_starred());
    desk.press("u");
    assert!(!desk.marks().get(id("boat.txt")).is_starred());
}

#[test]
fn count_marks_rows_from_the_cursor_as_the_first_would_be() {
    let mut desk = Desk::open();
    let read = |desk: &Desk| {
        TOWN.iter().filter(|(name, _)| desk.marks().get(id(name)).is_read()).map(|(name, _)| *name).collect::<Vec<_>>()
    };
    desk.press("j r k 3 r");
    assert_eq!(desk.told(), "ArticleMarks 2 articles as read · u undo", "one was read already");
    assert_eq!(read(&desk), ["ferry.txt", "archive.txt", "market.txt"]);
    desk.press("4 r");
    assert_eq!(read(&desk), [""; 0], "the first was read, so all are unread");
    desk.press("u");
    assert_eq!(desk.told(), "Undone: mark 3 articles as unread · ^R redoes");
    assert_eq!(read(&desk).len(), 3);
    desk.press("G 2 s");
    assert_eq!(desk.marks().iter().filter(|(_, marked)| marked.is_starred()).count(), 1, "there is one row left");
    desk.press("g 2 t").type_in("harbour").press("enter");
    assert_eq!(desk.told(), "Changed the tags of 2 articles · u undo");
    let tagged: Vec<_> = desk.marks().iter().filter(|(_, marked)| !marked.tags().is_empty()).collect();
    assert_eq!(tagged.len(), 2);
    desk.press("3 t");
    assert_eq!(desk.state.overlay().unwrap().line.text(), "", "not all three have the tag");
    desk.press("esc 2 t");
    assert_eq!(desk.state.overlay().unwrap().line.text(), "harbour");
    desk.press("^U enter");
    assert!(desk.marks().iter().all(|(_, marked)| marked.tags().is_empty()));
}

#[test]
fn commands_in_the_sources_pane_act_only_on_the_row() {
    let mut desk = Desk::open();
    desk.press("f 6 G");
    assert_eq!(desk.state.sources().row().unwrap().name, "TOWN");
    let with = |desk: &Desk, is: &dyn Fn(&ArticleMarks) -> bool| {
        TOWN.iter().filter(|(name, _)| is(desk.marks().get(id(name)))).map(|(name, _)| *name).collect::<Vec<_>>()
    };
    let town = ["archive.txt", "market.txt"];
    desk.command("read");
    assert_eq!(desk.told(), "ArticleMarks 2 articles of \"TOWN\" as read · u undo");
    assert_eq!(with(&desk, &ArticleMarks::is_read), town);
    desk.press("u");
    assert_eq!(desk.told(), "Undone: mark 2 articles of \"TOWN\" as read · ^R redoes");
    assert!(desk.marks().is_empty());
    desk.command("star");
    assert_eq!(with(&desk, &ArticleMarks::is_starred), town);
    desk.command("unstar").command("tag moon");
    assert_eq!(desk.told(), "Tagged 2 articles of \"TOWN\" with #moon · u undo");
    assert_eq!(with(&desk, &|marked| !marked.tags().is_empty()), town);
    // The palette asks for the tag and still acts on the row.
    desk.press(":").type_in("untag").press("enter").type_in("moon").press("enter");
    assert_eq!(desk.told(), "Untagged 2 articles of \"TOWN\": #moon · u undo");
    assert!(desk.marks().is_empty());
    // A row includes articles that are not listed.
    desk.press("esc").filter("lamps").press("f");
    let town_row = desk.state.sources().rows().iter().position(|row| row.name == "TOWN").unwrap();
    desk.press(&format!("g {town_row} j")).command("read");
    assert_eq!(with(&desk, &ArticleMarks::is_read), town);
}

#[test]
fn keys_in_the_sources_pane_act_on_rows() {
    let mut desk = Desk::open();
    let with = |desk: &Desk, is: &dyn Fn(&ArticleMarks) -> bool| {
        TOWN.iter().filter(|(name, _)| is(desk.marks().get(id(name)))).count()
    };
    desk.press("j r f 6 G");
    assert!(desk.state.sources().row().unwrap().name == "TOWN");
    desk.press("r");
    assert_eq!(
        desk.told(),
        "ArticleMarks 1 article of \"TOWN\" as read · u undo",
        "a row with unread articles becomes read"
    );
    desk.press("r");
    assert_eq!(desk.told(), "ArticleMarks 2 articles of \"TOWN\" as unread · u undo");
    desk.press("2 s");
    assert_eq!(desk.told(), "Starred 3 articles of \"TOWN\", \"WEATHER\" · u undo");
    desk.press("s");
    assert_eq!(with(&desk, &ArticleMarks::is_starred), 1);
    desk.press("t").type_in("moon").press("enter");
    assert_eq!(desk.told(), "Changed the tags of 2 articles of \"TOWN\" · u undo");
    desk.press("m");
    assert!(desk.state.note().is_none());
    assert_eq!(desk.told(), "A note belongs to one article: go to it in the list first");
    desk.press("u u u u u u");
    assert_eq!(desk.told(), "Undone: mark \"Archive opens\" as read · ^R redoes");
    assert!(desk.marks().is_empty());
    desk.press("g").command("read");
    assert_eq!(desk.told(), "ArticleMarks 5 articles as read · u undo");
}

#[test]
fn step_that_another_program_changed_is_refused() {
    let mut desk = Desk::open();
    desk.press("s j 3 r");
    let news = |name: &str| Message::News { marks: vec![(id(name), ArticleMarks::default())], searches: None };
    desk.hear(news("market.txt"));
    desk.press("u");
    assert_eq!(desk.told(), "Not undone because another program changed 1 of them since: mark 3 articles as read");
    assert!(desk.marks().get(id("archive.txt")).is_read(), "nothing of it is undone");
    assert!(
        matches!(desk.effects.last(), Some(Effect::Journal(JournalEntry::Dropped(2)))),
        "{:?}",
        desk.effects.last()
    );
    desk.press("u");
    assert_eq!(desk.told(), "Undone: star \"Ferry sails again\" · ^R redoes");
    desk.press("^R");
    desk.hear(news("ferry.txt"));
    desk.press("u");
    assert_eq!(desk.told(), "Not undone because another program changed it since: star \"Ferry sails again\"");
    desk.press("u");
    assert_eq!(desk.told(), "Nothing to undo");
}

#[test]
fn changes_of_searches_are_undone() {
    let search = |name: &str, query: &str, key| SavedSearch {
        name: name.to_owned(),
        query: query.to_owned(),
        key,
        ..SavedSearch::default()
    };
    let before = vec![search("Boats", "ferry", Some('b')), search("Town", "town", None)];
    let mut desk = Desk::new(Config::default(), Kept { searches: before.clone(), ..Kept::default() });
    desk.command("forget-search Boats");
    assert_eq!(desk.told(), "Deleted search \"Boats\" · u undo");
    desk.press("u");
    assert_eq!(desk.told(), "Undone: delete search \"Boats\" · ^R redoes");
    assert_eq!(desk.state.searches().all(), before, "it is back at its place");
    desk.filter("quay").press("S").type_in("Town 'b").press("enter y");
    let after = [search("Boats", "ferry", None), search("Town", "quay", Some('b'))];
    assert_eq!(desk.state.searches().all(), after, "the key has a new owner");
    desk.press("u");
    assert_eq!(desk.told(), "Undone: replace search \"Town\" · ^R redoes");
    assert_eq!(desk.state.searches().all(), before);
    desk.press("^R");
    assert_eq!(desk.state.searches().all(), after);
    desk.hear(Message::News { marks: Vec::new(), searches: Some(before.clone()) });
    desk.press("u");
    assert_eq!(desk.told(), "Not undone because another program changed the search since: replace search \"Town\"");
    assert_eq!(desk.state.searches().all(), before);
}

#[test]
fn steps_from_before_the_start_are_undone() {
    let mut marks = Marks::default();
    let star = MarkChange { article: id("storm.txt"), change: Change::Starred(true) };
    marks.apply(&star);
    let change = StepChange::of_marks(&[star]);
    let step = Step { number: -1, row: Some(7), name: "star \"Storm passes\"".to_owned(), change };
    let mut desk = Desk::new(Config::default(), Kept { marks, journal: vec![(step, false)], ..Kept::default() });
    desk.press("s u u");
    assert_eq!(desk.told(), "Undone: star \"Storm passes\" · ^R redoes");
    assert!(desk.marks().is_empty());
    let entries = desk.effects.iter().filter_map(|effect| match effect {
        Effect::Keep { entry, .. } => entry.clone(),
        _ => None,
    });
    let entries: Vec<JournalEntry> = entries.collect();
    assert!(matches!(entries.as_slice(), [JournalEntry::Made(..), JournalEntry::Undone(1), JournalEntry::Undone(-1)]));
}

#[test]
fn steps_of_feeds_are_undone_by_the_feed_thread() {
    let mut desk = Desk::open();
    let name = "unsubscribe from \"Valley\"".to_owned();
    desk.hear(Message::Notice(Notice::info("Unsubscribed: Valley")));
    desk.hear(Message::FeedStep { row: 12, name: name.clone(), change: StepChange::Feeds(Vec::new()) });
    assert_eq!(desk.told(), "Unsubscribed: Valley · u undo");
    desk.hear(Message::FeedStep { row: 13, name: "save search".to_owned(), change: StepChange::Searches(Vec::new()) });
    assert_eq!(desk.told(), "Unsubscribed: Valley · u undo", "the hint stands once");
    desk.press("u");
    let is_numbered = |effect: &Effect| matches!(effect, Effect::Journal(JournalEntry::Made(step, _)) if step.row == Some(12) && step.number == 1);
    assert!(desk.effects.iter().any(is_numbered));
    let order = |desk: &Desk| match desk.effects.last() {
        Some(Effect::Feeds(order)) => Some(order.clone()),
        _ => None,
    };
    desk.press("s u u");
    assert_eq!(order(&desk), Some(FeedOrder::Undo { row: 12, undo: true }));
    desk.hear(Message::FeedUndoFailed { row: 12, undo: true, error: "database is locked".to_owned() });
    assert_eq!(desk.told(), "Not undone: database is locked; try again");
    desk.press("u");
    assert_eq!(order(&desk), Some(FeedOrder::Undo { row: 12, undo: true }), "the step is still there");
    desk.hear(Message::FeedStepUndone { row: 12, undo: true, name: name.clone(), refused: None });
    assert_eq!(desk.told(), "Undone: unsubscribe from \"Valley\" · ^R redoes");
    desk.press("^R");
    assert_eq!(order(&desk), Some(FeedOrder::Undo { row: 12, undo: false }));
    let refused = Some("another program changed the subscription to \"Valley\" since".to_owned());
    desk.hear(Message::FeedStepUndone { row: 12, undo: false, name, refused });
    let told =
        "Not redone because another program changed the subscription to \"Valley\" since: unsubscribe from \"Valley\"";
    assert_eq!(desk.told(), told);
    desk.press("u");
    assert_eq!(desk.told(), "Nothing to undo");
    desk.press("^R");
    assert_eq!(desk.told(), "Redone: star \"Ferry sails again\" · u undoes");
}
