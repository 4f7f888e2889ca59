//! Marks, tags, notes, saved searches and sessions, driven by keys.

use std::path::Path;
use std::sync::Arc;

use crate::support::app::TestApp;
use newsdesk::app::{Effect, FeedRequest, Focus, LibraryContents, Message, Notice, Overlay, Session, Size};
use newsdesk::article::ArticleId;
use newsdesk::config::{Config, MarkRead};
use newsdesk::corpus::{Corpus, FileStamp, Origin, Shard, ShardBuilder};
use newsdesk::formats::{FileHint, decode, read};
use newsdesk::journal::{JournalEntry, Step, StepChange};
use newsdesk::marks::{ArticleMarks, Change, MarkChange, Marks, ReadPosition, Tag};
use newsdesk::query::SavedSearch;
use newsdesk::search::FacetKind;

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

impl TestApp {
    /// Returns a program with a library that confirms changes at once.
    fn with_library(config: Config, kept: LibraryContents) -> TestApp {
        TestApp::with_library_of(config, kept, town(&TOWN))
    }

    fn with_library_of(config: Config, kept: LibraryContents, corpus: Corpus) -> TestApp {
        let app = TestApp { has_library: true, saves: true, ..TestApp::empty(config) };
        app.start(kept, corpus, 160, 40)
    }

    fn with_empty_library() -> TestApp {
        TestApp::with_library(Config::default(), LibraryContents::default())
    }

    /// Types a command into the palette.
    fn command(&mut self, text: &str) -> &mut TestApp {
        self.press(":").type_in(text).press("enter")
    }

    fn marks(&self) -> &Marks {
        self.state.marks().current()
    }

    /// The names of the rows of the sources pane, each with unread and total.
    fn rows(&self) -> Vec<String> {
        self.state.sources().rows().iter().map(|row| format!("{} {}/{}", row.name, row.unread, row.total)).collect()
    }

    fn lingers(&self) -> Vec<(ArticleId, u64)> {
        let lingers = self.effects.iter().filter_map(|effect| match effect {
            Effect::StartDwell { article, milliseconds } => Some((*article, *milliseconds)),
            _ => None,
        });
        lingers.collect()
    }
}

#[test]
fn star_is_toggled_undone_and_redone() {
    let mut app = TestApp::with_empty_library();
    app.press("j s");
    assert!(app.marks().get(id("archive.txt")).is_starred());
    app.press("s");
    assert!(app.marks().is_empty());
    app.press("u");
    assert_eq!(app.notice(), "Undone: unstar \"Archive opens\" · ^R redoes");
    assert!(app.marks().get(id("archive.txt")).is_starred());
    app.press("u");
    assert!(app.marks().is_empty());
    app.press("u");
    assert_eq!(app.notice(), "Nothing to undo");
    app.press("^R");
    assert_eq!(app.notice(), "Redone: star \"Archive opens\" · u undoes");
    app.press("k s u ^R ^R");
    assert_eq!(app.notice(), "Nothing to redo");
    assert!(app.marks().get(id("ferry.txt")).is_starred());
}

#[test]
fn article_open_for_a_moment_is_read() {
    let mut app = TestApp::with_empty_library();
    assert_eq!(app.lingers(), [], "nobody has opened what is there at the start");
    app.press("g");
    assert_eq!(app.lingers(), [(id("ferry.txt"), 3_000)], "beside the list it takes longer");
    app.press("enter");
    assert_eq!(app.lingers().last(), Some(&(id("ferry.txt"), 1_000)));
    app.press("J");
    app.hear(Message::DwellElapsed(id("ferry.txt")));
    assert!(app.marks().is_empty(), "the reader has gone on by then");
    app.hear(Message::DwellElapsed(id("archive.txt")));
    assert!(app.marks().get(id("archive.txt")).is_read());
    // What the reader says holds while the article is open.
    app.press("r");
    let before = app.lingers().len();
    app.press("j k");
    app.hear(Message::DwellElapsed(id("archive.txt")));
    assert!(app.marks().is_empty());
    assert_eq!(app.lingers().len(), before);
    app.press("J K");
    app.hear(Message::DwellElapsed(id("archive.txt")));
    assert!(app.marks().get(id("archive.txt")).is_read(), "opened again, it counts again");
}

#[test]
fn read_delay_comes_from_the_config() {
    let long: String = (0..200).map(|line| format!("\nParagraph {line} of a long article.\n")).collect();
    let long = format!("date 2023-09-29 LONG\nA long read\n{long}");
    let corpus = || town(&[("long.txt", &long), TOWN[4]]);
    let config = |mark_read| Config { mark_read, ..Config::default() };
    let mut app = TestApp::with_library_of(config(MarkRead::End), LibraryContents::default(), corpus());
    app.press("enter");
    assert_eq!(app.lingers(), []);
    app.press("G");
    assert_eq!(app.lingers(), [(id("long.txt"), 1_000)]);
    let mut app = TestApp::with_library_of(config(MarkRead::Manual), LibraryContents::default(), corpus());
    app.press("enter G space");
    assert_eq!(app.lingers(), []);
    assert_eq!(app.selected(), "Choir looks for voices");
    assert!(!app.marks().get(id("long.txt")).is_read());
    let mut app = TestApp::with_library_of(config(MarkRead::Open), LibraryContents::default(), corpus());
    app.press("enter G space");
    assert!(app.marks().get(id("long.txt")).is_read(), "going on from the end is having read it");
}

#[test]
fn next_unread_goes_to_the_next_unread_article() {
    let mut app = TestApp::with_empty_library();
    app.press("j r j r g ]");
    assert_eq!(app.selected(), "Storm passes");
    app.press("[");
    assert_eq!(app.selected(), "Ferry sails again");
    app.press("[");
    assert_eq!(app.notice(), "No unread article before this one");
}

#[test]
fn tags_are_edited_in_one_line() {
    let mut app = TestApp::with_empty_library();
    app.press("t").type_in("Quay, #boats").press("enter");
    let tags = |app: &TestApp| app.marks().get(id("ferry.txt")).tags().iter().map(Tag::to_string).collect::<Vec<_>>();
    assert_eq!(tags(&app), ["boats", "quay"]);
    assert_eq!(app.state.reading().open().unwrap().tags, "#boats #quay");
    app.press("t");
    assert_eq!(app.state.overlay().unwrap().text(), "boats quay");
    app.press("^W ^W").type_in("quay dawn").press("enter");
    assert_eq!(tags(&app), ["dawn", "quay"]);
    app.press("u");
    assert_eq!(tags(&app), ["boats", "quay"], "both changes are one step");
    app.press("t ^U enter");
    assert_eq!(tags(&app), [""; 0]);
}

#[test]
fn tags_are_completed_in_the_filter_bar() {
    let mut app = TestApp::with_empty_library();
    app.press("t")
        .type_in("quay")
        .press("enter j t")
        .type_in("quay paper")
        .press("enter /")
        .type_in("tag:")
        .press("tab");
    assert_eq!(app.typed(), "tag:quay", "the most frequent first");
    app.press("tab enter");
    assert_eq!((app.typed(), app.listed()), ("tag:paper", vec!["Archive opens".to_owned()]));
}

#[test]
fn notes_are_written_on_the_screen_or_in_the_editor() {
    let mut app = TestApp::with_empty_library();
    app.press("m").type_in("Call").press("enter").type_in("twice").press("esc");
    assert_eq!(app.marks().get(id("ferry.txt")).note(), "Call\ntwice");
    assert_eq!(app.state.reading().open().unwrap().note, "Call\ntwice");
    assert!(app.state.note().is_none());
    app.press("M");
    assert!(matches!(app.effects.last(), Some(Effect::EditNote { text, .. }) if text == "Call\ntwice"));
    app.hear(Message::NoteWritten { article: id("ferry.txt"), text: "Called\u{1b}[2J\n".to_owned() });
    assert_eq!(app.marks().get(id("ferry.txt")).note(), "Called␛[2J");
    let was = app.effects.iter().rev().find_map(|effect| match effect {
        Effect::SaveMarks { changes, .. } => Some(changes[0].change.clone()),
        _ => None,
    });
    assert_eq!(was, Some(Change::Note { text: "Called␛[2J".into(), was: "Call\ntwice".into() }));
    app.press("u u");
    assert_eq!(app.marks().get(id("ferry.txt")).note(), "");
}

#[test]
fn command_marks_all_listed_articles_and_undoes_as_one() {
    let mut app = TestApp::with_empty_library();
    app.filter("quay").command("star");
    assert_eq!(app.notice(), "Starred 2 articles · u undo");
    app.press("esc").command("tag autumn");
    assert_eq!(app.notice(), "Tagged 5 articles with #autumn · u undo");
    app.command("read");
    assert_eq!(app.marks().iter().filter(|(_, marked)| marked.is_read() && marked.tags().len() == 1).count(), 5);
    app.command("read");
    assert_eq!(app.notice(), "No articles to change");
    app.press("u");
    assert_eq!(app.notice(), "Undone: mark 5 articles as read · ^R redoes");
    app.press("u u");
    assert!(app.marks().is_empty());
    app.press("^R ^R");
    app.command("untag autumn");
    assert_eq!(app.marks().len(), 2);
    app.command("unstar").command("unread");
    assert!(app.marks().is_empty());
}

#[test]
fn filter_by_marks_stays_unchanged_while_one_is_marked() {
    let mut app = TestApp::with_empty_library();
    app.press("j s j s g").filter("is:starred");
    assert_eq!(app.listed(), ["Archive opens", "Market moves to the quay"]);
    app.press("s");
    assert_eq!(app.listed().len(), 2, "nothing jumps away under the cursor");
    app.press("/ enter");
    assert_eq!(app.listed(), ["Market moves to the quay"]);
    app.command("unstar");
    assert_eq!(app.listed(), [""; 0], "what was done to all of it is done to the list");
    app.press("u");
    assert_eq!(app.listed(), ["Market moves to the quay"]);
    app.filter(" OR is:unread");
    assert_eq!(app.listed().len(), 5);
    // An answer that was given before a mark was made is not narrowed any more.
    app.press("esc").filter("is:unread").press("g r /").type_in(" the").press("enter");
    assert!(!app.listed().contains(&"Ferry sails again".to_owned()), "{:?}", app.listed());
}

#[test]
fn filter_keeps_articles_read_since_when_others_arrive() {
    let mut app = TestApp::with_empty_library();
    app.filter("is:unread").press("j enter r");
    let (before, selected) = (app.listed(), app.selected());
    let late = shard(&[("late.txt", "date 2023-09-30 TOWN\nLate news\n\nOf the evening.")]);
    let all = app.state.corpus().with([late]);
    app.hear(Message::Corpus(Arc::new(all)));
    assert_eq!(app.listed().len(), before.len() + 1);
    assert_eq!(app.selected(), selected);
    // What somebody else has read goes.
    let mut read = ArticleMarks::default();
    read.apply(&Change::Read(true));
    app.hear(Message::ExternalChanges { marks: vec![(id("late.txt"), read)], searches: None });
    app.hear(Message::Corpus(Arc::new(app.state.corpus().as_ref().clone())));
    assert_eq!(app.listed(), before);
    app.press("esc esc").filter("is:unread");
    assert!(!app.listed().contains(&selected));
}

#[test]
fn sources_pane_counts_and_narrows_the_list() {
    let mut app = TestApp::with_empty_library();
    app.press("s r");
    let all = ["All 4/5", "Unread 4/4", "Starred 0/1", "CULTURE 1/1", "HARBOUR 0/1", "TOWN 2/2", "WEATHER 1/1"];
    assert_eq!(app.rows()[..7], all);
    assert_eq!(app.rows()[7..], ["Harbour Notes 0/1", "Town Gazette 2/2"]);
    app.press("f 6 j");
    assert_eq!(app.state.focus(), Focus::Sources);
    app.press("k enter");
    assert_eq!(app.typed(), "section:\"TOWN\"");
    assert_eq!(app.listed().len(), 2);
    assert_eq!(app.rows()[..7], all, "the counts of other rows stay in view");
    app.press("enter");
    assert_eq!((app.typed(), app.listed().len()), ("", 5), "a second Enter takes the row out again");
    app.press("-");
    assert_eq!(app.typed(), "-section:\"TOWN\"");
    assert_eq!(app.listed().len(), 3);
    assert_eq!(app.rows()[..7], all);
    app.press("- -");
    assert_eq!(app.typed(), "-section:\"TOWN\"");
    app.press("g enter");
    assert_eq!((app.typed(), app.listed().len()), ("", 5));
    app.press("f");
    assert_eq!(app.state.focus(), Focus::List);
    assert!(app.state.layout().sources.is_none());
    app.filter("ferry OR choir").press("f j j enter");
    assert_eq!(app.typed(), "(ferry OR choir) is:starred");
}

#[test]
fn enter_in_the_sources_replaces_the_row_chosen_before() {
    let mut app = TestApp::with_empty_library();
    // All, Unread, Starred, CULTURE, HARBOUR, TOWN, WEATHER, Harbour Notes, Town Gazette
    app.filter("e").press("f 5 j enter");
    assert_eq!(app.typed(), "e section:\"TOWN\"");
    app.press("k enter");
    assert_eq!(app.typed(), "e section:\"HARBOUR\"", "words that were typed stay");
    app.press("+");
    assert_eq!(app.typed(), "e section:\"HARBOUR\"");
    app.press("j +");
    assert_eq!(app.typed(), "e (section:\"HARBOUR\" OR section:\"TOWN\")");
    assert_eq!(app.listed().len(), 3);
    app.press("4 k enter");
    assert_eq!(app.typed(), "e is:unread", "whatever kind of row it is");
    app.press("6 j -");
    assert_eq!(app.typed(), "e is:unread -source:\"Harbour Notes\"");
    app.press("enter");
    assert_eq!(app.typed(), "e source:\"Harbour Notes\"");
    app.press("g enter");
    assert_eq!(app.typed(), "e");
    app.press("enter");
    assert_eq!(app.typed(), "");
}

#[test]
fn enter_in_the_sources_never_asks_for_two_sections_at_once() {
    let mut app = TestApp::with_empty_library();
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
            app.press("esc esc esc").filter(typed);
            app.press("f g");
            let row = app.state.sources().rows().iter().position(|row| row.name == "HARBOUR");
            let row = row.unwrap_or_else(|| panic!("no HARBOUR for {typed}"));
            for _ in 0..row {
                app.press("j");
            }
            app.press(key);
            assert_eq!(app.typed(), wanted, "{key} after {typed}");
            app.press("f");
        }
    }
}

#[test]
fn sources_remember_the_chosen_row_over_a_restart() {
    let filter = "e is:unread section:\"TOWN\"".to_owned();
    let session = Session { filter, chosen: vec!["section:\"TOWN\"".to_owned()], ..Session::default() };
    let mut app = TestApp::with_library(
        Config::default(),
        LibraryContents { session: Some(session), ..LibraryContents::default() },
    );
    assert_eq!(app.rows()[4], "HARBOUR 1/1");
    app.press("f 4 j enter");
    assert_eq!(app.typed(), "e is:unread section:\"HARBOUR\"", "typed conditions stay, chosen ones go");
    let kept = app.effects.iter().rev().find_map(|effect| match effect {
        Effect::SaveSession { session, .. } => Some(session.chosen.clone()),
        _ => None,
    });
    assert_eq!(kept, Some(vec!["section:\"HARBOUR\"".to_owned()]));
}

#[test]
fn sources_keep_their_row_order_while_focused() {
    let mut app = TestApp::with_empty_library();
    app.press("f");
    let names = |app: &TestApp| app.state.sources().rows().iter().map(|row| row.name.clone()).collect::<Vec<_>>();
    let before = names(&app);
    let former = app.state.corpus().without(|entry| entry.path().ends_with("choir.txt"));
    let added = former.with([shard(&[("new.txt", "date 2023-09-30 ARTS\nA new hall\n\nIt is large.")])]);
    app.hear(Message::Corpus(Arc::new(added)));
    assert_eq!(app.rows()[3], "CULTURE 0/0", "rows without articles stay too");
    let mut after = names(&app);
    assert_eq!(after.remove(7), "ARTS", "new rows come last of their kind");
    assert_eq!(after, before);
    app.press("f f");
    assert_eq!(app.rows()[3], "ARTS 1/1");
}

#[test]
fn searches_are_saved_run_watched_and_deleted() {
    let mut app = TestApp::with_empty_library();
    app.press("S").type_in("Boats 'b watch").press("enter");
    assert_eq!(app.notice(), "No filter to save; type one first");
    app.filter("ferry").press("S").type_in("Boats at sea 'b #ff8800 watch").press("enter");
    let boats = SavedSearch {
        name: "Boats at sea".to_owned(),
        query: "ferry".to_owned(),
        key: Some('b'),
        colour: Some("#ff8800".to_owned()),
        watch: true,
    };
    assert_eq!(app.state.searches().all(), std::slice::from_ref(&boats));
    assert!(app.effects.iter().any(|effect| matches!(effect, Effect::ChangeSearches { .. })));
    // A search of that name is replaced only after confirmation; a wrong colour is refused.
    app.press("S").type_in("Boats at sea").press("enter n");
    app.press("S").type_in("Harbour 'h blurple").press("enter");
    assert!(app.notice().starts_with("\"blurple\" is not a colour"), "{}", app.notice());
    app.press("^C");
    assert_eq!(app.state.searches().all(), [boats]);
    // What is not typed stays as it was.
    app.press("S").type_in("Boats at sea 'c").press("enter y");
    let replaced = &app.state.searches().all()[0];
    assert_eq!((replaced.key, replaced.colour.as_deref(), replaced.watch), (Some('c'), Some("#ff8800"), true));
    app.press("S").type_in("Boats at sea 'b").press("enter y");
    let row = app.state.sources().rows().iter().find(|row| row.kind == FacetKind::Search).cloned().unwrap();
    assert_eq!((row.name.as_str(), row.total), ("Boats at sea", 2));
    app.press("esc");
    let watched =
        |app: &TestApp| app.state.reading().open().unwrap().watched.iter().map(|it| it.hits.len()).sum::<usize>();
    assert_eq!(watched(&app), 2, "its words stand out whatever the filter says");
    app.press("W");
    assert_eq!(watched(&app), 0);
    app.press("W ' x");
    assert_eq!(app.notice(), "No saved search has the key x");
    app.press("' b");
    assert_eq!((app.typed(), app.listed().len()), ("ferry", 2));
    app.command("watch-search Boats at sea");
    assert_eq!(watched(&app), 0);
    app.press("f 3 j D");
    assert_eq!(app.state.searches().all(), []);
    let deleted =
        |effect: &Effect| matches!(effect, Effect::ChangeSearches { changes, .. } if changes[0].after.is_none());
    assert!(app.effects.iter().any(deleted));
}

#[test]
fn marks_are_pending_until_saved_and_failures_reported() {
    let mut app = TestApp::with_empty_library();
    app.saves = false;
    app.press("s j s");
    assert!(app.state.marks().is_pending(id("ferry.txt")) && app.state.marks().save_error().is_none());
    app.hear(Message::MarksSaved(1));
    assert!(!app.state.marks().is_pending(id("ferry.txt")) && app.state.marks().is_pending(id("archive.txt")));
    app.hear(Message::SaveFailed("the disk is full".to_owned()));
    assert_eq!(app.state.marks().save_error(), Some(("the disk is full", 1)));
    app.press("q");
    assert!(matches!(app.state.overlay(), Some(Overlay::Prompt(_))));
    assert!(!app.effects.iter().any(|effect| matches!(effect, Effect::Quit)));
    app.press("enter");
    assert!(
        app.effects.iter().any(|effect| matches!(effect, Effect::ExportUnsaved { changes, .. } if changes.len() == 1))
    );
    app.hear(Message::MarksSaved(2));
    assert!(app.state.marks().save_error().is_none());
    app.press("q");
    assert!(matches!(app.effects.last(), Some(Effect::Quit)));
}

#[test]
fn marks_of_others_show_and_own_pending_ones_stay() {
    let mut app = TestApp::with_empty_library();
    app.saves = false;
    app.press("s");
    let mut read = ArticleMarks::default();
    read.apply(&Change::Read(true));
    let marks = vec![(id("ferry.txt"), read.clone()), (id("choir.txt"), read)];
    app.hear(Message::ExternalChanges { marks, searches: None });
    let ferry = app.marks().get(id("ferry.txt"));
    assert!(ferry.is_read() && ferry.is_starred());
    assert!(app.marks().get(id("choir.txt")).is_read());
}

#[test]
fn marks_made_before_the_library_opens_are_applied() {
    let mut app = TestApp { has_library: true, saves: false, ..TestApp::empty(Config::default()) };
    app.hear(Message::Resize(Size { columns: 160, rows: 40 }));
    app.hear(Message::Corpus(Arc::new(town(&TOWN))));
    app.press("s");
    let mut marks = Marks::default();
    marks.apply(&MarkChange { article: id("ferry.txt"), change: Change::Read(true) });
    app.hear(Message::Library(Box::new(LibraryContents { marks, ..LibraryContents::default() })));
    let ferry = app.marks().get(id("ferry.txt"));
    assert!(ferry.is_read() && ferry.is_starred());
}

#[test]
fn session_restores_the_position() {
    let long: String = (0..200).map(|line| format!("\nParagraph {line} of a long article.\n")).collect();
    let long = format!("date 2023-09-21 LONG\nA long read\n{long}");
    let corpus = || town(&[TOWN[0], TOWN[1], TOWN[2], TOWN[3], ("long.txt", &long), TOWN[4]]);
    let mut app = TestApp::with_library_of(Config::default(), LibraryContents::default(), corpus());
    app.filter("-choir").press("G enter ^F ^F f f");
    app.press("l");
    let session = app.effects.iter().rev().find_map(|effect| match effect {
        Effect::SaveSession { session, .. } => Some(session.as_ref().clone()),
        _ => None,
    });
    let place = app.effects.iter().rev().find_map(|effect| match effect {
        Effect::SavePosition { marking, .. } => Some(marking.clone()),
        _ => None,
    });
    let (session, place) = (session.unwrap(), place.unwrap());
    let top = app.state.reading().top();
    assert!(top > 0 && matches!(place.change, Change::Place(Some(ReadPosition { part: 1.., .. }))));

    let mut marks = Marks::default();
    marks.apply(&place);
    let kept = LibraryContents { marks, session: Some(session), ..LibraryContents::default() };
    let app = TestApp::with_library_of(Config::default(), kept, corpus());
    assert_eq!((app.typed(), app.selected().as_str()), ("-choir", "A long read"));
    assert_eq!((app.state.focus(), app.state.reading().top()), (Focus::Reading, top));
    assert!(app.state.layout().sources.is_none());
}

#[test]
fn session_is_not_restored_after_the_reader_moved() {
    let mut app = TestApp { has_library: true, saves: true, ..TestApp::empty(Config::default()) };
    app.hear(Message::Resize(Size { columns: 160, rows: 40 }));
    app.hear(Message::Corpus(Arc::new(town(&TOWN))));
    app.press("j");
    let session = Session { filter: "choir".to_owned(), ..Session::default() };
    app.hear(Message::Library(Box::new(LibraryContents { session: Some(session), ..LibraryContents::default() })));
    assert_eq!((app.typed(), app.selected().as_str()), ("", "Archive opens"));
}

#[test]
fn filter_history_includes_former_sessions() {
    let filters = vec!["first".to_owned(), "second".to_owned()];
    let mut app = TestApp::with_library(Config::default(), LibraryContents { filters, ..LibraryContents::default() });
    app.press("/ up up");
    assert_eq!(app.typed(), "first");
    app.press("down down esc").filter("third");
    assert!(app.effects.iter().any(|effect| matches!(effect, Effect::SaveFilter(filter) if filter == "third")));
}

#[test]
fn moved_article_keeps_marks_position_and_undo() {
    let mut app = TestApp::with_empty_library();
    app.press("s");
    let moved: Vec<(&str, &str)> =
        TOWN.iter().map(|&(name, text)| if name == "ferry.txt" { ("boat.txt", text) } else { (name, text) }).collect();
    let before = app.state.corpus().as_ref().clone();
    let shards: Vec<_> = town(&moved[..1]).shards().map(|(_, shard)| Arc::clone(shard)).collect();
    let after = before.without(|entry| entry.path().ends_with("ferry.txt")).with(shards);
    app.hear(Message::Corpus(Arc::new(after)));
    assert!(app.effects.iter().any(|effect| matches!(effect, Effect::MatchMoved(_))));
    let marked = app.marks().get(id("ferry.txt")).clone();
    app.hear(Message::ArticlesMoved {
        moved: vec![(id("ferry.txt"), id("boat.txt"))],
        marks: vec![(id("boat.txt"), marked)],
        session: None,
    });
    assert!(app.marks().get(id("boat.txt")).is_starred() && !app.marks().get(id("ferry.txt")).is_starred());
    app.press("u");
    assert!(!app.marks().get(id("boat.txt")).is_starred());
}

#[test]
fn count_marks_rows_from_the_cursor_as_the_first_would_be() {
    let mut app = TestApp::with_empty_library();
    let read = |app: &TestApp| {
        TOWN.iter().filter(|(name, _)| app.marks().get(id(name)).is_read()).map(|(name, _)| *name).collect::<Vec<_>>()
    };
    app.press("j r k 3 r");
    assert_eq!(app.notice(), "Marked 2 articles as read · u undo", "one was read already");
    assert_eq!(read(&app), ["ferry.txt", "archive.txt", "market.txt"]);
    app.press("4 r");
    assert_eq!(read(&app), [""; 0], "the first was read, so all are unread");
    app.press("u");
    assert_eq!(app.notice(), "Undone: mark 3 articles as unread · ^R redoes");
    assert_eq!(read(&app).len(), 3);
    app.press("G 2 s");
    assert_eq!(app.marks().iter().filter(|(_, marked)| marked.is_starred()).count(), 1, "there is one row left");
    app.press("g 2 t").type_in("harbour").press("enter");
    assert_eq!(app.notice(), "Changed the tags of 2 articles · u undo");
    let tagged: Vec<_> = app.marks().iter().filter(|(_, marked)| !marked.tags().is_empty()).collect();
    assert_eq!(tagged.len(), 2);
    app.press("3 t");
    assert_eq!(app.state.overlay().unwrap().text(), "", "not all three have the tag");
    app.press("esc 2 t");
    assert_eq!(app.state.overlay().unwrap().text(), "harbour");
    app.press("^U enter");
    assert!(app.marks().iter().all(|(_, marked)| marked.tags().is_empty()));
}

#[test]
fn commands_in_the_sources_pane_act_only_on_the_row() {
    let mut app = TestApp::with_empty_library();
    app.press("f 6 G");
    assert_eq!(app.state.sources().row().unwrap().name, "TOWN");
    let with = |app: &TestApp, is: &dyn Fn(&ArticleMarks) -> bool| {
        TOWN.iter().filter(|(name, _)| is(app.marks().get(id(name)))).map(|(name, _)| *name).collect::<Vec<_>>()
    };
    let town = ["archive.txt", "market.txt"];
    app.command("read");
    assert_eq!(app.notice(), "Marked 2 articles of \"TOWN\" as read · u undo");
    assert_eq!(with(&app, &ArticleMarks::is_read), town);
    app.press("u");
    assert_eq!(app.notice(), "Undone: mark 2 articles of \"TOWN\" as read · ^R redoes");
    assert!(app.marks().is_empty());
    app.command("star");
    assert_eq!(with(&app, &ArticleMarks::is_starred), town);
    app.command("unstar").command("tag moon");
    assert_eq!(app.notice(), "Tagged 2 articles of \"TOWN\" with #moon · u undo");
    assert_eq!(with(&app, &|marked| !marked.tags().is_empty()), town);
    // The palette asks for the tag and still acts on the row.
    app.press(":").type_in("untag").press("enter").type_in("moon").press("enter");
    assert_eq!(app.notice(), "Untagged 2 articles of \"TOWN\": #moon · u undo");
    assert!(app.marks().is_empty());
    // A row includes articles that are not listed.
    app.press("esc").filter("lamps").press("f");
    let town_row = app.state.sources().rows().iter().position(|row| row.name == "TOWN").unwrap();
    app.press(&format!("g {town_row} j")).command("read");
    assert_eq!(with(&app, &ArticleMarks::is_read), town);
}

#[test]
fn keys_in_the_sources_pane_act_on_rows() {
    let mut app = TestApp::with_empty_library();
    let with = |app: &TestApp, is: &dyn Fn(&ArticleMarks) -> bool| {
        TOWN.iter().filter(|(name, _)| is(app.marks().get(id(name)))).count()
    };
    app.press("j r f 6 G");
    assert!(app.state.sources().row().unwrap().name == "TOWN");
    app.press("r");
    assert_eq!(
        app.notice(),
        "Marked 1 article of \"TOWN\" as read · u undo",
        "a row with unread articles becomes read"
    );
    app.press("r");
    assert_eq!(app.notice(), "Marked 2 articles of \"TOWN\" as unread · u undo");
    app.press("2 s");
    assert_eq!(app.notice(), "Starred 3 articles of \"TOWN\", \"WEATHER\" · u undo");
    app.press("s");
    assert_eq!(with(&app, &ArticleMarks::is_starred), 1);
    app.press("t").type_in("moon").press("enter");
    assert_eq!(app.notice(), "Changed the tags of 2 articles of \"TOWN\" · u undo");
    app.press("m");
    assert!(app.state.note().is_none());
    assert_eq!(app.notice(), "A note belongs to one article; select it in the list first");
    app.press("u u u u u u");
    assert_eq!(app.notice(), "Undone: mark \"Archive opens\" as read · ^R redoes");
    assert!(app.marks().is_empty());
    app.press("g").command("read");
    assert_eq!(app.notice(), "Marked 5 articles as read · u undo");
}

#[test]
fn step_that_another_program_changed_is_refused() {
    let mut app = TestApp::with_empty_library();
    app.press("s j 3 r");
    let news =
        |name: &str| Message::ExternalChanges { marks: vec![(id(name), ArticleMarks::default())], searches: None };
    app.hear(news("market.txt"));
    app.press("u");
    assert_eq!(app.notice(), "Not undone because another program changed 1 of them since: mark 3 articles as read");
    assert!(app.marks().get(id("archive.txt")).is_read(), "nothing of it is undone");
    assert!(matches!(app.effects.last(), Some(Effect::Journal(JournalEntry::Dropped(2)))), "{:?}", app.effects.last());
    app.press("u");
    assert_eq!(app.notice(), "Undone: star \"Ferry sails again\" · ^R redoes");
    app.press("^R");
    app.hear(news("ferry.txt"));
    app.press("u");
    assert_eq!(app.notice(), "Not undone because another program changed it since: star \"Ferry sails again\"");
    app.press("u");
    assert_eq!(app.notice(), "Nothing to undo");
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
    let mut app = TestApp::with_library(
        Config::default(),
        LibraryContents { searches: before.clone(), ..LibraryContents::default() },
    );
    app.command("forget-search Boats");
    assert_eq!(app.notice(), "Deleted search \"Boats\" · u undo");
    app.press("u");
    assert_eq!(app.notice(), "Undone: delete search \"Boats\" · ^R redoes");
    assert_eq!(app.state.searches().all(), before, "it is back at its place");
    app.filter("quay").press("S").type_in("Town 'b").press("enter y");
    let after = [search("Boats", "ferry", None), search("Town", "quay", Some('b'))];
    assert_eq!(app.state.searches().all(), after, "the key has a new owner");
    app.press("u");
    assert_eq!(app.notice(), "Undone: replace search \"Town\" · ^R redoes");
    assert_eq!(app.state.searches().all(), before);
    app.press("^R");
    assert_eq!(app.state.searches().all(), after);
    app.hear(Message::ExternalChanges { marks: Vec::new(), searches: Some(before.clone()) });
    app.press("u");
    assert_eq!(app.notice(), "Not undone because another program changed the search since: replace search \"Town\"");
    assert_eq!(app.state.searches().all(), before);
}

#[test]
fn steps_from_before_the_start_are_undone() {
    let mut marks = Marks::default();
    let star = MarkChange { article: id("storm.txt"), change: Change::Starred(true) };
    marks.apply(&star);
    let change = StepChange::of_marks(&[star]);
    let step = Step { number: -1, row: Some(7), name: "star \"Storm passes\"".to_owned(), change };
    let mut app = TestApp::with_library(
        Config::default(),
        LibraryContents { marks, journal: vec![(step, false)], ..LibraryContents::default() },
    );
    app.press("s u u");
    assert_eq!(app.notice(), "Undone: star \"Storm passes\" · ^R redoes");
    assert!(app.marks().is_empty());
    let entries = app.effects.iter().filter_map(|effect| match effect {
        Effect::SaveMarks { entry, .. } => entry.clone(),
        _ => None,
    });
    let entries: Vec<JournalEntry> = entries.collect();
    assert!(matches!(entries.as_slice(), [JournalEntry::Made(..), JournalEntry::Undone(1), JournalEntry::Undone(-1)]));
}

#[test]
fn steps_of_feeds_are_undone_by_the_feed_thread() {
    let mut app = TestApp::with_empty_library();
    let name = "unsubscribe from \"Valley\"".to_owned();
    app.hear(Message::Notice(Notice::info("Unsubscribed: Valley")));
    app.hear(Message::FeedStep { row: 12, name: name.clone(), change: StepChange::Feeds(Vec::new()) });
    assert_eq!(app.notice(), "Unsubscribed: Valley · u undo");
    app.hear(Message::FeedStep { row: 13, name: "save search".to_owned(), change: StepChange::Searches(Vec::new()) });
    assert_eq!(app.notice(), "Unsubscribed: Valley · u undo", "the hint stands once");
    app.press("u");
    let is_numbered = |effect: &Effect| matches!(effect, Effect::Journal(JournalEntry::Made(step, _)) if step.row == Some(12) && step.number == 1);
    assert!(app.effects.iter().any(is_numbered));
    let order = |app: &TestApp| match app.effects.last() {
        Some(Effect::Feeds(order)) => Some(order.clone()),
        _ => None,
    };
    app.press("s u u");
    assert_eq!(order(&app), Some(FeedRequest::Undo { row: 12, undo: true }));
    app.hear(Message::FeedUndoFailed { row: 12, undo: true, error: "database is locked".to_owned() });
    assert_eq!(app.notice(), "Not undone: database is locked; try again");
    app.press("u");
    assert_eq!(order(&app), Some(FeedRequest::Undo { row: 12, undo: true }), "the step is still there");
    app.hear(Message::FeedStepUndone { row: 12, undo: true, name: name.clone(), refused: None });
    assert_eq!(app.notice(), "Undone: unsubscribe from \"Valley\" · ^R redoes");
    app.press("^R");
    assert_eq!(order(&app), Some(FeedRequest::Undo { row: 12, undo: false }));
    let refused = Some("another program changed the subscription to \"Valley\" since".to_owned());
    app.hear(Message::FeedStepUndone { row: 12, undo: false, name, refused });
    let told =
        "Not redone because another program changed the subscription to \"Valley\" since: unsubscribe from \"Valley\"";
    assert_eq!(app.notice(), told);
    app.press("u");
    assert_eq!(app.notice(), "Nothing to undo");
    app.press("^R");
    assert_eq!(app.notice(), "Redone: star \"Ferry sails again\" · u undoes");
}
