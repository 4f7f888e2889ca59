//! The library on disk: what is kept is there again, whatever happens to it in between.

use crate::support::cases::cases;
use std::collections::BTreeMap;
use std::fs;
use std::io::{Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::support::library::TestLibrary;
use newsdesk::article::ArticleId;
use newsdesk::corpus::{Corpus, FileStamp, Origin, ShardBuilder};
use newsdesk::formats::{FileHint, decode, read};
use newsdesk::journal::{
    History, JournalEntry, SearchChange, Step, StepChange, apply_marks, changed_articles, markings,
};
use newsdesk::library::feeds::EntryQuery;
use newsdesk::library::marks::{FileState, Moved};
use newsdesk::library::{ArticleRecord, Error, KnownFeed, Library, PathResolver, ReaderId, ReaderLock, write_changes};
use newsdesk::marks::{ArticleMarks, Change, MarkChange, Marks, ReadPosition, Tag};
use newsdesk::query::SavedSearch;
use newsdesk::subscriptions::Subscription;
use proptest::prelude::*;

impl TestLibrary {
    fn marks(&self) -> Marks {
        self.open().marks().unwrap()
    }

    fn files(&self) -> Vec<String> {
        let entries = fs::read_dir(self.folder.path()).unwrap();
        let mut names: Vec<String> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}

fn tag(word: &str) -> Tag {
    Tag::new(word).unwrap()
}

fn note(text: &str, was: &str) -> Change {
    Change::Note { text: text.into(), was: was.into() }
}

fn marking(article: u64, change: Change) -> MarkChange {
    MarkChange { article: ArticleId(article), change }
}

fn keep(library: &mut Library, changes: &[MarkChange]) {
    assert!(library.save_marks(changes, &mut |_| None).unwrap().is_empty());
}

fn change() -> impl Strategy<Value = Change> {
    let tags = prop_oneof![Just("asia"), Just("budget"), Just("später")].prop_map(tag);
    let notes = prop_oneof![Just(""), Just("call back"), Just("two\nlines “quoted”")];
    prop_oneof![
        any::<bool>().prop_map(Change::Read),
        any::<bool>().prop_map(Change::Starred),
        (tags, any::<bool>()).prop_map(|(tag, wanted)| Change::Tagged(tag, wanted)),
        notes.prop_map(|text| Change::Note { text: text.into(), was: Arc::default() }),
        proptest::option::of((0u32..9, 0u32..9))
            .prop_map(|place| Change::Place(place.map(|(part, byte)| ReadPosition { part, byte }))),
    ]
}

#[derive(Clone, Debug)]
enum Order {
    Make(Vec<(u64, Change)>),
    Undo,
    Redo,
    Restart,
}

fn order() -> impl Strategy<Value = Order> {
    prop_oneof![
        4 => proptest::collection::vec((0u64..4, change()), 1..4).prop_map(Order::Make),
        2 => Just(Order::Undo),
        1 => Just(Order::Redo),
        1 => Just(Order::Restart),
    ]
}

/// The simple model: for each article its flags, tags, note and place; and every state that was.
type Simple = BTreeMap<u64, (bool, bool, Vec<String>, String, Option<ReadPosition>)>;

fn simple(marks: &Marks) -> Simple {
    let of = |marked: &ArticleMarks| {
        let tags = marked.tags().iter().map(Tag::to_string).collect();
        (marked.is_read(), marked.is_starred(), tags, marked.note().to_owned(), marked.place())
    };
    marks.iter().map(|(article, marked)| (article.0, of(marked))).collect()
}

fn make(state: &mut Simple, article: u64, change: &Change) {
    let mut entry = state.remove(&article).unwrap_or_default();
    match change {
        Change::Read(read) => entry.0 = *read,
        Change::Starred(starred) => entry.1 = *starred,
        Change::Tagged(tag, wanted) => {
            entry.2.retain(|known| known != tag.as_str());
            entry.2.extend(wanted.then(|| tag.to_string()));
            entry.2.sort();
        }
        Change::Note { text, .. } => entry.3 = text.to_string(),
        Change::Place(place) => entry.4 = *place,
    }
    if entry != Default::default() {
        state.insert(article, entry);
    }
}

/// Removes changes that a step never has: places, and a second change of one value.
fn as_step(changes: Vec<(u64, Change)>) -> Vec<(u64, Change)> {
    let mut seen = Vec::new();
    let is_new = |(article, change): &(u64, Change)| {
        let value = match change {
            Change::Tagged(tag, _) => tag.to_string(),
            Change::Place(_) => return false,
            change => format!("{:?}", std::mem::discriminant(change)),
        };
        let is_new = !seen.contains(&(*article, value.clone()));
        seen.push((*article, value));
        is_new
    };
    changes.into_iter().filter(is_new).collect()
}

/// Undoes or redoes the next step. Returns its changes and the journal entries.
fn walk(marks: &mut Marks, history: &mut History, undo: bool) -> (Vec<MarkChange>, Vec<JournalEntry>) {
    let Some(step) = history.next(undo).cloned() else { return Default::default() };
    let StepChange::Marks(groups) = &step.change else { panic!("a step of marks") };
    assert_eq!(changed_articles(marks, groups, undo).1, 0);
    (apply_marks(marks, markings(groups, undo)), history.advance(undo).into_iter().collect())
}

proptest! {
    #![proptest_config(cases(48))]

    #[test]
    fn marks_undos_redos_and_restarts_match_a_model(
        orders in proptest::collection::vec(order(), 0..25)
    ) {
        let home = TestLibrary::new();
        let (mut library, mut reader) = (home.open(), ReaderId(1));
        let (mut marks, mut history) = (library.marks().unwrap(), History::default());
        let (mut states, mut at) = (vec![Simple::default()], 0);
        for order in orders {
            let (changes, entries) = match order {
                Order::Make(changes) => {
                    let changes = as_step(changes);
                    let mut next = states[at].clone();
                    changes.iter().for_each(|(article, change)| make(&mut next, *article, change));
                    // What was the note is what this reader knows.
                    let changes = changes.into_iter().map(|(article, change)| marking(article, change)).collect::<Vec<_>>();
                    let changes = with_notes_known(&changes, &marks);
                    let made = apply_marks(&mut marks, changes);
                    let mut entries = Vec::new();
                    if !made.is_empty() {
                        at += 1;
                        states.truncate(at);
                        states.push(next);
                        entries.push(history.record("change".to_owned(), StepChange::of_marks(&made), None));
                    }
                    (made, entries)
                }
                Order::Undo => {
                    at = at.saturating_sub(1);
                    walk(&mut marks, &mut history, true)
                }
                Order::Redo => {
                    at = (at + 1).min(states.len() - 1);
                    walk(&mut marks, &mut history, false)
                }
                Order::Restart => {
                    drop(library);
                    library = home.open();
                    marks = library.marks().unwrap();
                    reader = ReaderId(reader.0 + 1);
                    history = History::default();
                    history.adopt(library.adopt_steps(reader, &|_| false).unwrap());
                    Default::default()
                }
            };
            prop_assert!(library.save_marks_with_journal(reader, 0, &changes, &entries, &mut |_| None).unwrap().is_empty());
            prop_assert_eq!(&simple(&marks), &states[at]);
            prop_assert_eq!(&simple(&home.marks()), &states[at]);
        }
    }
}

/// Makes a step that stars an article.
fn star_as_step(library: &mut Library, history: &mut History, reader: ReaderId, article: u64) {
    let changes = [marking(article, Change::Starred(true))];
    let entry = history.record(format!("star {article}"), StepChange::of_marks(&changes), None);
    library.save_marks_with_journal(reader, 0, &changes, &[entry], &mut |_| None).unwrap();
}

fn names(steps: &[(Step, bool)]) -> Vec<&str> {
    steps.iter().map(|(step, _)| step.name.as_str()).collect()
}

#[test]
fn readers_adopt_the_steps_of_readers_that_ended() {
    let home = TestLibrary::new();
    let path = home.path();
    let held = |other| ReaderLock::is_held(&path, other);
    let (one, other, third) = (ReaderId(1), ReaderId(2), ReaderId(3));
    let mut library = home.open();
    let first_lock = ReaderLock::take(&path, one).unwrap();
    let (mut history, mut others) = (History::default(), History::default());
    star_as_step(&mut library, &mut history, one, 1);
    star_as_step(&mut library, &mut history, one, 2);
    // A second open reader has its own steps.
    let second_lock = ReaderLock::take(&path, other).unwrap();
    let mut second = home.open();
    assert_eq!(names(&second.adopt_steps(other, &held).unwrap()), [""; 0]);
    star_as_step(&mut second, &mut others, other, 3);
    assert_eq!(names(&library.adopt_steps(one, &held).unwrap()), ["star 1", "star 2"]);
    drop(first_lock);
    assert_eq!(names(&library.adopt_steps(third, &held).unwrap()), ["star 1", "star 2"]);
    // A reader that was killed leaves its file, not its lock.
    let file = home.files().into_iter().find(|name| name.ends_with("reader-2.lock")).unwrap();
    drop(second_lock);
    fs::write(home.folder.path().join(&file), "").unwrap();
    let steps = library.adopt_steps(ReaderId(4), &held).unwrap();
    assert_eq!(names(&steps), ["star 1", "star 2", "star 3"]);
    assert!(steps.iter().all(|(step, _)| step.number < 0), "numbers of new steps are higher");
    assert!(!home.files().contains(&file));
}

#[test]
fn journal_holds_the_last_200_steps() {
    let home = TestLibrary::new();
    let mut library = home.open();
    let mut history = History::default();
    for article in 0..210 {
        star_as_step(&mut library, &mut history, ReaderId(1), article);
    }
    let steps = library.adopt_steps(ReaderId(1), &|_| false).unwrap();
    assert_eq!((steps.len(), steps[0].0.name.as_str()), (200, "star 10"));
    for article in 300u64..310 {
        star_as_step(&mut library, &mut History::default(), ReaderId(article.cast_signed()), article);
    }
    let steps = library.adopt_steps(ReaderId(1), &|_| true).unwrap();
    assert_eq!(steps.len(), 200, "running readers keep theirs");
    let steps = library.adopt_steps(ReaderId(2), &|_| false).unwrap();
    assert_eq!((steps.len(), steps[199].0.name.as_str()), (200, "star 309"));
}

#[test]
fn deleted_search_is_restored_with_its_reported_articles() {
    let home = TestLibrary::new();
    let mut library = home.open();
    let reader = ReaderId(1);
    for name in ["Asia", "Africa"] {
        let query = name.to_lowercase();
        library.save_search(&SavedSearch { name: name.to_owned(), query, ..SavedSearch::default() }).unwrap();
    }
    library.report("Asia", &[ArticleId(7), ArticleId(8)]).unwrap();
    let before = library.searches().unwrap();
    let deleted = SearchChange { before: Some(before[0].clone()), after: None, at: 0 };
    let mut history = History::default();
    let entry = history.record("delete".to_owned(), StepChange::Searches(vec![deleted.clone()]), None);
    library.change_searches(reader, std::slice::from_ref(&deleted), &entry).unwrap();
    assert_eq!(library.searches().unwrap(), before[1..]);
    for _ in 0..2 {
        let entry = history.advance(true).unwrap();
        library.change_searches(reader, &[deleted.inverse()], &entry).unwrap();
        assert_eq!(library.searches().unwrap(), before, "it is back at its place");
        assert_eq!(library.reported("Asia").unwrap().len(), 2);
        let entry = history.advance(false).unwrap();
        library.change_searches(reader, std::slice::from_ref(&deleted), &entry).unwrap();
        assert_eq!(library.searches().unwrap(), before[1..]);
    }
}

/// The changes with the notes that were there before, as a program that made them would have it.
fn with_notes_known(changes: &[MarkChange], kept: &Marks) -> Vec<MarkChange> {
    let mut marks = kept.clone();
    let each = changes.iter().map(|change| {
        let was: Arc<str> = marks.get(change.article).note().into();
        marks.apply(change);
        match &change.change {
            Change::Note { text, .. } => {
                MarkChange { change: Change::Note { text: text.clone(), was }, ..change.clone() }
            }
            _ => change.clone(),
        }
    });
    each.collect()
}

#[cfg(target_os = "linux")]
#[test]
fn closed_connections_leave_a_bounded_number_of_descriptors() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().canonicalize().unwrap().join("library.db");
    let open = || {
        let links =
            std::fs::read_dir("/proc/self/fd").unwrap().filter_map(|entry| entry.unwrap().path().read_link().ok());
        links.filter(|link| *link == path).count()
    };
    let look = || drop(Library::open_to_read(&path).unwrap().unwrap().feeds().unwrap());
    let first = Library::open(&path).unwrap();
    look();
    for _ in 0..100 {
        look();
        assert!(open() <= 2, "one closed connection left {}", open());
    }
    let at_once: Vec<_> = (0..3).map(|_| Library::open_to_read(&path).unwrap()).collect();
    drop(at_once);
    for _ in 0..100 {
        look();
        assert!(open() <= 4, "three closed connections left {}", open());
    }
    // The last lock takes them all with it.
    drop(first);
    assert_eq!(open(), 0);
}

#[test]
fn two_libraries_see_each_others_marks_and_lose_none() {
    let home = TestLibrary::new();
    let (mut one, mut other) = (home.open(), home.open());
    one.marks().unwrap();
    other.marks().unwrap();
    keep(&mut one, &[marking(1, Change::Starred(true)), marking(1, Change::Tagged(tag("asia"), true))]);
    keep(&mut other, &[marking(1, Change::Read(true)), marking(2, Change::Read(true))]);
    let seen = other.external_changes().unwrap();
    assert!(seen.marks.iter().any(|(id, marked)| *id == ArticleId(1) && marked.is_starred() && marked.is_read()));
    let seen: Vec<_> = one.external_changes().unwrap().marks.into_iter().map(|(id, _)| id.0).collect();
    assert!(seen.contains(&1) && seen.contains(&2));
    assert!(one.external_changes().unwrap().is_empty(), "nothing is told twice");
    let all = home.marks();
    assert_eq!(all.get(ArticleId(1)).tags(), [tag("asia")]);
    assert!(all.get(ArticleId(1)).is_read() && all.get(ArticleId(1)).is_starred() && all.get(ArticleId(2)).is_read());
}

#[test]
fn concurrent_writers_both_succeed() {
    let home = TestLibrary::new();
    drop(home.open());
    std::thread::scope(|scope| {
        for writer in 0u64..4 {
            let path = home.path();
            scope.spawn(move || {
                let mut library = Library::open(&path).unwrap();
                for number in 0..25 {
                    keep(&mut library, &[marking(writer * 1000 + number, Change::Starred(true))]);
                }
            });
        }
    });
    assert_eq!(home.marks().len(), 100);
}

#[test]
fn concurrent_notes_on_one_article_both_stay() {
    let home = TestLibrary::new();
    let (mut one, mut other) = (home.open(), home.open());
    keep(&mut one, &[marking(1, note("Call the ministry", ""))]);
    let joined = other.save_marks(&[marking(1, note("Ask for the figures", ""))], &mut |_| None).unwrap();
    assert_eq!(joined.marks[0].1.note(), "Call the ministry\nAsk for the figures");
    // One who has seen it may change it, and take it away.
    keep(&mut one, &[marking(1, note("Done", "Call the ministry\nAsk for the figures"))]);
    assert_eq!(home.marks().get(ArticleId(1)).note(), "Done");
    // One who has not takes nothing away.
    other.save_marks(&[marking(1, note("", "Call the ministry"))], &mut |_| None).unwrap();
    assert_eq!(home.marks().get(ArticleId(1)).note(), "Done");
    keep(&mut one, &[marking(1, note("", "Done"))]);
    assert!(home.marks().is_empty());
}

#[test]
fn newer_library_is_read_and_never_written() {
    let home = TestLibrary::new();
    keep(&mut home.open(), &[marking(1, Change::Starred(true))]);
    let raw = rusqlite::Connection::open(home.path()).unwrap();
    raw.pragma_update(None, "user_version", 99).unwrap();
    drop(raw);
    let mut library = home.open();
    assert!(library.marks().unwrap().get(ArticleId(1)).is_starred());
    let refused = library.save_marks(&[marking(2, Change::Read(true))], &mut |_| None);
    assert!(matches!(refused, Err(Error::NewerSchema(99))));
    assert_eq!(home.marks().len(), 1);
}

#[test]
fn other_files_are_not_touched() {
    let home = TestLibrary::new();
    let raw = rusqlite::Connection::open(home.path()).unwrap();
    raw.execute_batch("CREATE TABLE recipes (name); INSERT INTO recipes VALUES ('soup');").unwrap();
    drop(raw);
    let before = fs::read(home.path()).unwrap();
    assert!(matches!(Library::open_or_recover(&home.path()), Err(Error::Foreign)));
    assert_eq!(fs::read(home.path()).unwrap(), before);
    assert_eq!(home.files(), ["library.db"]);
}

/// A library with many articles, closed.
fn filled(home: &TestLibrary, articles: u64) {
    let mut library = home.open();
    let id = |number: u64| number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let changes: Vec<MarkChange> = (0..articles)
        .flat_map(|number| {
            let star = marking(id(number), Change::Starred(true));
            [star, marking(id(number), Change::Tagged(tag("kept"), true)), marking(id(number), note("a note", ""))]
        })
        .collect();
    keep(&mut library, &changes);
    let asia = SavedSearch { name: "Asia".to_owned(), query: "asia".to_owned(), ..SavedSearch::default() };
    library.save_search(&asia).unwrap();
}

#[test]
fn damaged_library_is_set_aside_and_readable_rows_rescued() {
    let home = TestLibrary::new();
    filled(&home, 4_000);
    let length = fs::metadata(home.path()).unwrap().len();
    let mut file = fs::OpenOptions::new().write(true).open(home.path()).unwrap();
    // A page in the middle of every stretch, but not the first pages, which say where everything is.
    for at in (length / 3..length).step_by((length / 16) as usize) {
        file.seek(SeekFrom::Start(at / 4096 * 4096)).unwrap();
        file.write_all(&[0xa5; 4096]).unwrap();
    }
    drop(file);
    let damaged = fs::read(home.path()).unwrap();
    let (mut library, aside) = Library::open_or_recover(&home.path()).unwrap();
    let aside = aside.expect("it was found to be damaged");
    assert_eq!(fs::read(&aside.path).unwrap(), damaged, "it is kept as it was");
    assert!((3_000..=4_000).contains(&aside.articles), "{} of 4,000 were saved", aside.articles);
    assert_eq!(library.check().unwrap(), [""; 0]);
    let marks = library.marks().unwrap();
    assert_eq!(marks.len(), aside.articles as usize);
    // A star is lost with its article, but tags and notes have pages of their own.
    let stars = marks.iter().filter(|(_, marked)| marked.is_starred()).count();
    assert!((2_000..4_000).contains(&stars) && stars < marks.len(), "{stars} of {}", marks.len());
    keep(&mut library, &[marking(1, Change::Read(true))]);
    assert!(Library::open_or_recover(&home.path()).unwrap().1.is_none(), "the new one is sound");
}

#[test]
fn damage_in_any_table_is_found_when_the_library_is_opened() {
    for table in ["feeds", "entries", "moves", "logins", "searches", "journal"] {
        let home = TestLibrary::new();
        filled(&home, 40);
        let mut library = home.open();
        library.subscribe(&[Subscription::new("http://me:pw@host/feed")]).unwrap();
        drop(library);
        let sql = rusqlite::Connection::open(home.path()).unwrap();
        let number = |query: &str| sql.query_row(query, [], |row| row.get::<_, i64>(0)).unwrap().cast_unsigned();
        let page = number(&format!("SELECT rootpage FROM sqlite_schema WHERE name = '{table}'"));
        let size = number("PRAGMA page_size");
        drop(sql);
        let mut file = fs::OpenOptions::new().write(true).open(home.path()).unwrap();
        file.seek(SeekFrom::Start((page - 1) * size)).unwrap();
        file.write_all(&[0xa5; 64]).unwrap();
        drop(file);
        let (library, aside) = Library::open_or_recover(&home.path()).unwrap();
        let aside = aside.unwrap_or_else(|| panic!("{table} is damaged"));
        assert!(aside.incomplete.contains(&table), "{table}: {:?}", aside.incomplete);
        assert_eq!(library.counts().unwrap()[1..], [0, 40, 40, 40], "{table}");
    }
}

#[test]
fn repair_keeps_feeds_and_entries() {
    let home = TestLibrary::new();
    filled(&home, 400);
    let mut library = home.open();
    let feeds: Vec<Subscription> = (0..3).map(|feed| Subscription::new(format!("http://me:pw@host/{feed}"))).collect();
    library.subscribe(&feeds).unwrap();
    drop(library);
    let sql = rusqlite::Connection::open(home.path()).unwrap();
    for number in 1..=900 {
        let entry = "INSERT INTO entries (number, id, revision, feed, stored_at, published, content)
            VALUES (?1, ?1, 1, 1 + ?1 % 3, 0, 0, 0)";
        sql.execute(entry, [number]).unwrap();
        sql.execute("INSERT INTO entry_texts (entry, article) VALUES (?1, printf('%.900c', 'x'))", [number]).unwrap();
    }
    // One page of each of two tables is overwritten.
    let page: u64 = sql.pragma_query_value(None, "page_size", |row| row.get::<_, i64>(0)).unwrap() as u64;
    let leaf = "SELECT pageno FROM dbstat WHERE name = ?1 AND pagetype = 'leaf' ORDER BY pageno DESC LIMIT 1";
    let pages = ["tags", "entry_texts"].map(|table| sql.query_row(leaf, [table], |row| row.get::<_, i64>(0)));
    sql.pragma_update(None, "journal_mode", "DELETE").unwrap();
    drop(sql);
    let mut file = fs::OpenOptions::new().write(true).open(home.path()).unwrap();
    for number in pages {
        file.seek(SeekFrom::Start((number.unwrap() as u64 - 1) * page)).unwrap();
        file.write_all(&[0xa5; 64]).unwrap();
    }
    drop(file);
    let (library, aside) = Library::open_or_recover(&home.path()).unwrap();
    let aside = aside.unwrap();
    assert_eq!((aside.feeds, aside.incomplete.as_slice()), (3, &["tags", "entry_texts"][..]));
    assert_eq!(library.feeds().unwrap().len(), 3);
    assert_eq!(library.login_count().unwrap(), 3);
    let texts = (1..=900).filter(|id| library.entry_texts(ArticleId(*id)).unwrap().is_some()).count();
    assert!((800..900).contains(&texts), "{texts} of 900 texts were saved");
}

#[test]
fn library_without_header_is_set_aside_and_reader_starts() {
    for rubbish in [vec![b'x'; 9_000], vec![0xff; 100]] {
        let home = TestLibrary::new();
        filled(&home, 10);
        fs::write(home.path(), &rubbish).unwrap();
        let (mut library, aside) = Library::open_or_recover(&home.path()).unwrap();
        assert_eq!(fs::read(aside.unwrap().path).unwrap(), rubbish);
        keep(&mut library, &[marking(1, Change::Read(true))]);
        assert_eq!(home.marks().len(), 1);
    }
}

#[test]
fn full_disk_refuses_a_whole_step_and_keeps_saved_data() {
    let home = TestLibrary::new();
    filled(&home, 50);
    let before = simple(&home.marks());
    let long = "x".repeat(4 << 20);
    let mut library = home.open();
    library.limit(1 << 20).unwrap();
    let refused = library.save_marks(&[marking(7, Change::Starred(true)), marking(8, note(&long, ""))], &mut |_| None);
    assert_eq!(refused.unwrap_err().to_string(), "the disk is full");
    assert_eq!(simple(&library.marks().unwrap()), before);
    keep(&mut library, &[marking(7, Change::Starred(true))]);
    assert_eq!(home.marks().len(), before.len() + 1);
}

#[test]
fn export_is_complete_stable_and_round_trips() {
    let home = TestLibrary::new();
    filled(&home, 30);
    let mut library = home.open();
    keep(
        &mut library,
        &[marking(5, Change::Place(Some(ReadPosition { part: 3, byte: 40 }))), marking(5, Change::Read(true))],
    );
    let search = SavedSearch {
        name: "Budget, weekly".to_owned(),
        query: "budget -\"state of the union\"".to_owned(),
        key: Some('b'),
        colour: Some("#ff8800".to_owned()),
        watch: true,
    };
    library.save_search(&search).unwrap();
    library.report("Budget, weekly", &[ArticleId(5), ArticleId(u64::MAX)]).unwrap();
    library.save_session("[\"/desk\"]", "{}").unwrap();
    library.save_filter("first").unwrap();
    library.save_filter("second").unwrap();
    let export = |library: &mut Library| {
        let mut out = Vec::new();
        library.export(&mut out, false).unwrap();
        String::from_utf8(out).unwrap()
    };
    let text = export(&mut library);
    assert_eq!(text, export(&mut library));
    let second = TestLibrary::new();
    let mut copy = second.open();
    for _ in 0..2 {
        let imported = copy.import(&mut text.as_bytes()).unwrap();
        assert_eq!((imported.lines, imported.problems), (text.lines().count() - 1, Vec::new()));
        assert_eq!(export(&mut copy), text);
    }
    assert_eq!(copy.marks().unwrap(), library.marks().unwrap());
    assert_eq!(copy.searches().unwrap(), library.searches().unwrap());
    assert_eq!(copy.report("Budget, weekly", &[ArticleId(5), ArticleId(6)]).unwrap(), [ArticleId(6)]);
}

#[test]
fn import_overwrites_and_removes_nothing() {
    let (from, to) = (TestLibrary::new(), TestLibrary::new());
    let search = |name: &str, query: &str, key| SavedSearch {
        name: name.to_owned(),
        query: query.to_owned(),
        key,
        ..SavedSearch::default()
    };
    let subscription = |own: Option<&str>, keep_count, user: &str| Subscription {
        own_title: own.map(str::to_owned),
        keep_count,
        tags: vec![user.to_owned()],
        ..Subscription::new(format!("https://{user}:secret@example.org/feed"))
    };
    let mut theirs = from.open();
    theirs.save_search(&search("Asia", "pacific", None)).unwrap();
    theirs.save_search(&search("Africa", "africa", Some('a'))).unwrap();
    theirs.subscribe(&[subscription(Some("Theirs"), Some(3), "ann")]).unwrap();
    theirs
        .subscribe(&[Subscription { keep_count: Some(9), ..Subscription::new("https://example.org/other") }])
        .unwrap();
    theirs.set_preference("theme", "\"light\"").unwrap();
    theirs.save_session("[\"/desk\"]", "{\"theirs\":1}").unwrap();
    (0..200).for_each(|number| theirs.save_filter(&format!("theirs {number}")).unwrap());
    keep(&mut theirs, &[marking(1, note("theirs", "")), marking(1, Change::Read(true))]);
    let mut lines = Vec::new();
    theirs.export(&mut lines, true).unwrap();
    let mut ours = to.open();
    ours.save_search(&search("Asia", "asia", Some('a'))).unwrap();
    ours.subscribe(&[subscription(Some("Ours"), None, "bob")]).unwrap();
    ours.set_preference("theme", "\"dark\"").unwrap();
    ours.save_session("[\"/desk\"]", "{\"ours\":1}").unwrap();
    (0..150).for_each(|number| ours.save_filter(&format!("ours {number}")).unwrap());
    keep(&mut ours, &[marking(1, note("ours", "")), marking(1, Change::Starred(true))]);
    let filters = ours.filters().unwrap();
    for _ in 0..2 {
        let imported = ours.import(&mut lines.as_slice()).unwrap();
        assert!(imported.problems[0].1.contains("\"Asia\""), "{imported:?}");
        assert_eq!(ours.searches().unwrap(), [search("Asia", "asia", Some('a')), search("Africa", "africa", None)]);
        let feeds = ours.feeds().unwrap();
        let Subscription { own_title, keep_count, tags, login, .. } = &feeds[0].subscription;
        assert_eq!((own_title.as_deref(), *keep_count, tags.join(" ").as_str()), (Some("Ours"), None, "bob ann"));
        assert_eq!(login.as_ref().unwrap().credentials.user, "bob");
        // A new feed comes with its settings.
        assert_eq!((feeds.len(), feeds[1].subscription.keep_count), (2, Some(9)));
        assert_eq!(ours.preference("theme").unwrap().as_deref(), Some("\"dark\""));
        assert_eq!(ours.session("[\"/desk\"]").unwrap().as_deref(), Some("{\"ours\":1}"));
        let now = ours.filters().unwrap();
        assert_eq!((now.len(), &now[50..]), (200, filters.as_slice()));
        assert_eq!((now[0].as_str(), now[49].as_str()), ("theirs 150", "theirs 199"));
        let marks = ours.marks().unwrap();
        let marked = marks.get(ArticleId(1));
        assert!(marked.is_read() && marked.is_starred());
        assert_eq!(marked.note(), "ours\ntheirs");
    }
}

#[test]
fn failing_import_adds_nothing() {
    /// A file that cannot be read to its end.
    struct Cut(std::io::Cursor<Vec<u8>>);
    impl std::io::Read for Cut {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            match self.0.read(buffer)? {
                0 => Err(std::io::Error::other("cut")),
                count => Ok(count),
            }
        }
    }
    let home = TestLibrary::new();
    let line = "{\"kind\":\"preference\",\"key\":\"theme\",\"value\":\"dark\"}\n";
    let mut cut = std::io::BufReader::new(Cut(std::io::Cursor::new(line.as_bytes().to_vec())));
    assert!(home.open().import(&mut cut).is_err());
    assert_eq!(home.open().preferences().unwrap(), []);
}

#[test]
fn invalid_import_lines_are_reported_and_others_imported() {
    let home = TestLibrary::new();
    let mut changes = Vec::new();
    write_changes(&[marking(1, Change::Starred(true)), marking(2, note("a", ""))], &[], &mut |_| None, &mut changes)
        .unwrap();
    let mut text = String::from_utf8(changes).unwrap();
    text.insert_str(0, "{\"kind\":\"nonsense\"}\n\nnot json\n");
    let imported = home.open().import(&mut text.as_bytes()).unwrap();
    assert_eq!(imported.lines, 2);
    assert_eq!(imported.problems.iter().map(|(line, _)| *line).collect::<Vec<_>>(), [1, 3]);
    assert!(home.marks().get(ArticleId(1)).is_starred());
    assert_eq!(home.marks().get(ArticleId(2)).note(), "a");
}

#[test]
fn backup_is_complete_and_overwrites_nothing() {
    let home = TestLibrary::new();
    filled(&home, 20);
    let copy = home.folder.path().join("copy.db");
    let library = home.open();
    library.back_up(&copy).unwrap();
    assert_eq!(Library::open(&copy).unwrap().marks().unwrap(), home.marks());
    assert!(library.back_up(&copy).is_err());
    // What was there stays, whatever it is: a link that leads nowhere is no free place either.
    #[cfg(unix)]
    {
        let link = home.folder.path().join("link.db");
        std::os::unix::fs::symlink(home.folder.path().join("nowhere/x"), &link).unwrap();
        assert!(library.back_up(&link).unwrap_err().to_string().contains("of that name exists already"));
        assert!(link.symlink_metadata().is_ok() && copy.exists());
    }
}

/// A folder of articles on the disk, and the corpus of it.
struct TestFolder(tempfile::TempDir);

impl TestFolder {
    fn new(files: &[(&str, &str)]) -> TestFolder {
        let desk = TestFolder(tempfile::tempdir().unwrap());
        files.iter().for_each(|(name, text)| desk.write(name, text));
        desk
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.0.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn rename(&self, from: &str, to: &str) {
        let to = self.0.path().join(to);
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        fs::rename(self.0.path().join(from), to).unwrap();
    }

    fn corpus(&self) -> Corpus {
        self.read(false)
    }

    /// The corpus with the sizes and times of the files, by which an outdated view is detected.
    fn corpus_with_stamps(&self) -> Corpus {
        self.read(true)
    }

    fn read(&self, with_stamps: bool) -> Corpus {
        let mut builder = ShardBuilder::default();
        let mut files = Vec::new();
        collect(self.0.path(), &mut files);
        files.sort();
        for path in files {
            let dir: Arc<Path> = path.parent().unwrap().into();
            let bytes = fs::read(&path).unwrap();
            let name = path.file_name().unwrap();
            let stamp = match FileState::of(&path) {
                FileState::There { stamp, .. } if with_stamps => stamp,
                _ => FileStamp::default(),
            };
            let file = builder.file(&dir, name, Origin::File, stamp);
            // A file may hold several articles, parted by a line.
            for (ordinal, part) in (0..).zip(std::str::from_utf8(&bytes).unwrap().split("=====\n")) {
                let decoded = decode(part.as_bytes()).unwrap();
                let reading = read(&decoded, &FileHint { file_name: name.to_str().unwrap() });
                builder.push(file, path.as_os_str().as_encoded_bytes(), ordinal, reading.format, &reading.drafts[0]);
            }
        }
        Corpus::default().with([Arc::new(builder.finish())])
    }

    fn id(&self, name: &str) -> ArticleId {
        self.id_in(name, 0)
    }

    fn id_in(&self, name: &str, ordinal: u32) -> ArticleId {
        ArticleId::of(self.0.path().join(name).as_os_str().as_encoded_bytes(), ordinal)
    }

    /// Stars the article in a file.
    fn star(&self, library: &mut Library, name: &str) {
        self.star_in(library, name, 0);
    }

    fn star_in(&self, library: &mut Library, name: &str, ordinal: u32) {
        self.mark_in(library, name, ordinal, Change::Starred(true));
    }

    fn mark_in(&self, library: &mut Library, name: &str, ordinal: u32, change: Change) {
        let (corpus, id) = (self.corpus(), self.id_in(name, ordinal));
        let mut known = |id: ArticleId| -> Option<ArticleRecord> {
            Some(PathResolver::default().record(corpus.get(corpus.find(id)?)?))
        };
        library.save_marks(&[MarkChange { article: id, change }], &mut known).unwrap();
    }

    fn recognise(&self, library: &mut Library) -> Vec<Moved> {
        library.recognise(&self.corpus(), 0, &FileState::of).unwrap().moved
    }
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { collect(&path, files) } else { files.push(path) }
    }
}

const STORM: &str = "date 2023-09-25 WEATHER\nStorm passes north\n\nThe sea kept boats in port.\n";
const CHOIR: &str = "date 2023-09-20 CULTURE\nChoir looks for voices\n\nPractice is on Mondays.\n";

#[test]
fn marks_follow_a_renamed_or_moved_article() {
    let home = TestLibrary::new();
    let mut library = home.open();
    let desk = TestFolder::new(&[("storm.txt", STORM), ("choir.txt", CHOIR)]);
    desk.star(&mut library, "storm.txt");
    assert_eq!(desk.recognise(&mut library), []);
    desk.rename("storm.txt", "2023/weather.txt");
    let moved = Moved { from: desk.id("storm.txt"), to: desk.id("2023/weather.txt") };
    assert_eq!(desk.recognise(&mut library), [moved]);
    assert_eq!(desk.recognise(&mut library), []);
    let marks = home.marks();
    assert!(marks.get(moved.to).is_starred() && !marks.get(moved.from).is_starred());
}

#[test]
fn stored_steps_follow_articles_that_move() {
    let home = TestLibrary::new();
    let mut library = home.open();
    let desk = TestFolder::new(&[("storm.txt", STORM), ("choir.txt", CHOIR)]);
    desk.star(&mut library, "storm.txt");
    star_as_step(&mut library, &mut History::default(), ReaderId(1), desk.id("storm.txt").0);
    desk.rename("storm.txt", "2023/weather.txt");
    assert_eq!(desk.recognise(&mut library).len(), 1);
    let steps = library.adopt_steps(ReaderId(1), &|_| false).unwrap();
    let StepChange::Marks(groups) = &steps[0].0.change else { panic!("a step of marks") };
    assert_eq!(groups[0].articles.0, [desk.id("2023/weather.txt")]);
}

#[test]
fn marks_follow_an_edited_article_and_its_new_text() {
    let home = TestLibrary::new();
    let mut library = home.open();
    let desk = TestFolder::new(&[("storm.txt", STORM)]);
    desk.star(&mut library, "storm.txt");
    desk.write("storm.txt", &STORM.replace("boats", "ferries"));
    assert_eq!(desk.recognise(&mut library), []);
    assert!(home.marks().get(desk.id("storm.txt")).is_starred());
    desk.rename("storm.txt", "later.txt");
    assert_eq!(desk.recognise(&mut library).len(), 1);
    assert!(home.marks().get(desk.id("later.txt")).is_starred());
}

#[test]
fn marks_follow_moved_and_edited_articles_by_name_and_headline() {
    let home = TestLibrary::new();
    let mut library = home.open();
    let desk = TestFolder::new(&[("storm.txt", STORM), ("choir.txt", CHOIR)]);
    desk.star(&mut library, "storm.txt");
    desk.rename("storm.txt", "old/storm.txt");
    desk.write("old/storm.txt", &STORM.replace("boats", "ferries"));
    assert_eq!(desk.recognise(&mut library).len(), 1);
    assert!(home.marks().get(desk.id("old/storm.txt")).is_starred());
}

#[test]
fn two_articles_with_the_same_text_are_two() {
    let home = TestLibrary::new();
    let mut library = home.open();
    let desk = TestFolder::new(&[("a/storm.txt", STORM)]);
    desk.star(&mut library, "a/storm.txt");
    desk.write("b/storm.txt", STORM);
    assert_eq!(desk.recognise(&mut library), []);
    assert_eq!(home.marks().len(), 1);
    // Both are marked, and both are moved: each is known again by its name.
    desk.star(&mut library, "b/storm.txt");
    desk.rename("a/storm.txt", "c/storm.txt");
    desk.rename("b/storm.txt", "c/storm-b.txt");
    assert_eq!(desk.recognise(&mut library).len(), 2);
    let marks = home.marks();
    assert!(marks.get(desk.id("c/storm.txt")).is_starred() && marks.get(desk.id("c/storm-b.txt")).is_starred());
}

#[test]
fn articles_that_change_places_within_a_file_keep_their_marks() {
    let home = TestLibrary::new();
    let mut library = home.open();
    let (ferry, market) = (STORM.replace("Storm", "Ferry"), STORM.replace("Storm", "Market"));
    let file = |articles: &[&str]| articles.join("=====\n");
    let desk = TestFolder::new(&[("day.txt", &file(&[STORM, CHOIR, &ferry]))]);
    desk.star_in(&mut library, "day.txt", 0);
    keep(&mut library, &[MarkChange { article: desk.id_in("day.txt", 0), change: note("storm", "") }]);
    desk.star_in(&mut library, "day.txt", 1);
    keep(&mut library, &[MarkChange { article: desk.id_in("day.txt", 1), change: note("choir", "") }]);
    let notes = |home: &TestLibrary| {
        let marks = home.marks();
        (0..4).map(|ordinal| marks.get(desk.id_in("day.txt", ordinal)).note().to_owned()).collect::<Vec<_>>()
    };
    // A new article on top, and the two below it the other way round.
    desk.write("day.txt", &file(&[&market, CHOIR, STORM, &ferry]));
    assert_eq!(desk.recognise(&mut library).len(), 1, "the choir is where it was");
    assert_eq!(notes(&home), ["", "choir", "storm", ""]);
    desk.write("day.txt", &file(&[CHOIR, &market, STORM, &ferry]));
    desk.recognise(&mut library);
    assert_eq!(notes(&home), ["choir", "", "storm", ""]);
    desk.write("day.txt", &file(&[STORM, CHOIR]));
    desk.recognise(&mut library);
    assert_eq!(notes(&home), ["storm", "choir", "", ""]);
    // One that is gone for a while is known when it is back, also from another place.
    desk.write("day.txt", &file(&[&ferry, CHOIR]));
    desk.recognise(&mut library);
    assert_eq!(notes(&home), ["", "choir", "", ""], "the ferry is no storm");
    desk.write("day.txt", &file(&[&ferry, &CHOIR.replace("Mondays", "Tuesdays")]));
    desk.recognise(&mut library);
    assert_eq!(notes(&home)[1], "choir", "it was edited");
    desk.write("day.txt", &file(&[&ferry, &market, STORM]));
    desk.recognise(&mut library);
    assert_eq!(notes(&home), ["", "", "storm", ""]);
    assert_eq!(library.check().unwrap(), [""; 0]);
}

/// The names of the files whose article is starred.
fn starred(home: &TestLibrary, desk: &TestFolder, names: &[&'static str]) -> Vec<&'static str> {
    let marks = home.marks();
    names.iter().copied().filter(|name| marks.get(desk.id(name)).is_starred()).collect()
}

fn story(number: u32) -> String {
    format!("date 2023-09-25 NEWS\nStory {number} begins\n\nThe text of story number {number}.\n")
}

#[test]
fn marks_follow_a_chain_of_renames() {
    let home = TestLibrary::new();
    let mut library = home.open();
    let desk = TestFolder::new(&[("1.txt", &story(1)), ("2.txt", &story(2))]);
    desk.star(&mut library, "1.txt");
    desk.mark_in(&mut library, "2.txt", 0, Change::Tagged(tag("two"), true));
    desk.rename("2.txt", "3.txt");
    desk.rename("1.txt", "2.txt");
    desk.recognise(&mut library);
    assert_eq!(starred(&home, &desk, &["1.txt", "2.txt", "3.txt"]), ["2.txt"]);
    assert_eq!(home.marks().get(desk.id("3.txt")).tags(), [tag("two")]);
    assert_eq!(home.marks().get(desk.id("2.txt")).tags(), []);
}

#[test]
fn marks_follow_articles_that_change_places() {
    for is_other_marked in [false, true] {
        let home = TestLibrary::new();
        let mut library = home.open();
        let desk = TestFolder::new(&[("1.txt", &story(1)), ("2.txt", &story(2))]);
        desk.star(&mut library, "1.txt");
        if is_other_marked {
            desk.mark_in(&mut library, "2.txt", 0, Change::Tagged(tag("two"), true));
        }
        desk.write("1.txt", &story(2));
        desk.write("2.txt", &story(1));
        desk.recognise(&mut library);
        assert_eq!(starred(&home, &desk, &["1.txt", "2.txt"]), ["2.txt"]);
        assert_eq!(home.marks().get(desk.id("1.txt")).tags().len(), usize::from(is_other_marked));
    }
}

#[test]
fn marks_of_an_overwritten_article_return_with_its_text() {
    let home = TestLibrary::new();
    let mut library = home.open();
    let desk = TestFolder::new(&[("1.txt", &story(1)), ("2.txt", &story(2))]);
    desk.star(&mut library, "1.txt");
    desk.mark_in(&mut library, "2.txt", 0, Change::Tagged(tag("two"), true));
    desk.rename("1.txt", "2.txt");
    desk.recognise(&mut library);
    let marks = home.marks();
    assert!(marks.get(desk.id("2.txt")).is_starred() && marks.get(desk.id("2.txt")).tags().is_empty());
    // The overwritten text is restored under another name.
    desk.write("4.txt", &story(2));
    desk.recognise(&mut library);
    assert_eq!(home.marks().get(desk.id("4.txt")).tags(), [tag("two")]);
    assert_eq!(starred(&home, &desk, &["2.txt", "4.txt"]), ["2.txt"]);
}

#[test]
fn marks_wait_if_another_article_takes_the_place() {
    let other = format!("date 2023-09-25 SPORT\nHarbour rowers win\n\n{}\n", "They rowed for an hour. ".repeat(20));
    for is_renamed in [false, true] {
        let home = TestLibrary::new();
        let mut library = home.open();
        let desk = TestFolder::new(&[("1.txt", &story(1)), ("2.txt", &story(2))]);
        wait_for_clock_tick(&desk.0.path().join("2.txt"));
        desk.star(&mut library, "1.txt");
        // An unmarked file with a text of the same length that was there before, or a new text of another length.
        if is_renamed {
            desk.rename("2.txt", "1.txt");
        } else {
            desk.write("1.txt", &other);
        }
        desk.recognise(&mut library);
        assert_eq!(starred(&home, &desk, &["1.txt", "2.txt"]), [""; 0], "{is_renamed}");
        desk.write("3.txt", &story(1));
        desk.recognise(&mut library);
        assert_eq!(starred(&home, &desk, &["1.txt", "2.txt", "3.txt"]), ["3.txt"], "{is_renamed}");
    }
}

#[test]
fn article_with_another_headline_and_a_similar_text_was_edited() {
    let home = TestLibrary::new();
    let mut library = home.open();
    let desk = TestFolder::new(&[("storm.txt", STORM)]);
    desk.star(&mut library, "storm.txt");
    wait_for_clock_tick(&desk.0.path().join("storm.txt"));
    desk.write("storm.txt", &STORM.replace("passes north", "turns north").replace("boats", "all boats"));
    desk.recognise(&mut library);
    assert_eq!(starred(&home, &desk, &["storm.txt"]), ["storm.txt"]);
}

/// Waits until the clock of the file system has ticked since a file was written.
fn wait_for_clock_tick(path: &Path) {
    let written = fs::metadata(path).unwrap().modified().unwrap();
    while written.elapsed().unwrap_or_default() < std::time::Duration::from_millis(20) {
        std::thread::yield_now();
    }
}

#[test]
fn article_edited_after_it_was_copied_keeps_its_marks() {
    let home = TestLibrary::new();
    let mut library = home.open();
    let desk = TestFolder::new(&[("storm.txt", STORM)]);
    desk.mark_in(&mut library, "storm.txt", 0, Change::Tagged(tag("sea"), true));
    desk.write("copy.txt", STORM);
    desk.write("storm.txt", &STORM.replace("boats", "ferries"));
    // Rows of older versions have no time.
    rusqlite::Connection::open(home.path()).unwrap().execute("UPDATE articles SET known_at = NULL", []).unwrap();
    desk.recognise(&mut library);
    assert_eq!(home.marks().get(desk.id("storm.txt")).tags(), [tag("sea")]);
    assert_eq!(home.marks().get(desk.id("copy.txt")).tags(), []);
}

#[test]
fn joined_marks_are_reported_from_all_former_places() {
    let home = TestLibrary::new();
    let (mut one, mut other) = (home.open(), home.open());
    let desk = TestFolder::new(&[("1.txt", &story(1)), ("3.txt", &story(3))]);
    desk.star(&mut one, "1.txt");
    other.marks().unwrap();
    desk.rename("1.txt", "2.txt");
    // Marked at its new place before it is recognised, by the program that recognises it.
    desk.mark_in(&mut one, "2.txt", 0, Change::Tagged(tag("two"), true));
    desk.recognise(&mut one);
    let news = other.external_changes().unwrap();
    assert_eq!(news.moved, [Moved { from: desk.id("1.txt"), to: desk.id("2.txt") }]);
    let marks = home.marks();
    assert!(marks.get(desk.id("2.txt")).is_starred() && marks.get(desk.id("2.txt")).tags() == [tag("two")]);
}

#[test]
fn marks_stay_away_from_files_that_were_there_before() {
    let home = TestLibrary::new();
    let mut library = home.open();
    let (mon, tue) = (STORM.replace("boats", "eleven"), STORM.replace("boats", "twelve"));
    let desk = TestFolder::new(&[("mon/index.txt", &mon), ("tue/index.txt", &tue), ("mon/other.txt", CHOIR)]);
    wait_for_clock_tick(&desk.0.path().join("tue/index.txt"));
    desk.star(&mut library, "mon/index.txt");
    fs::remove_file(desk.0.path().join("mon/index.txt")).unwrap();
    assert_eq!(desk.recognise(&mut library), []);
    assert_eq!(starred(&home, &desk, &["tue/index.txt"]), [""; 0]);
    // The deleted file returns.
    desk.write("mon/index.txt", &mon);
    desk.recognise(&mut library);
    assert_eq!(starred(&home, &desk, &["mon/index.txt", "tue/index.txt"]), ["mon/index.txt"]);
}

#[test]
fn marks_outlive_an_unmounted_folder() {
    for is_copy_new in [false, true] {
        let home = TestLibrary::new();
        let mut library = home.open();
        let desk = TestFolder::new(&[("disk/storm.txt", STORM), ("home/choir.txt", CHOIR)]);
        if !is_copy_new {
            desk.write("home/storm.txt", STORM);
            wait_for_clock_tick(&desk.0.path().join("home/storm.txt"));
        }
        desk.star(&mut library, "disk/storm.txt");
        let elsewhere = tempfile::tempdir().unwrap();
        let away = elsewhere.path().join("disk");
        fs::rename(desk.0.path().join("disk"), &away).unwrap();
        if is_copy_new {
            desk.write("home/storm.txt", STORM);
        }
        desk.recognise(&mut library);
        assert_eq!(starred(&home, &desk, &["home/storm.txt"]).len(), usize::from(is_copy_new));
        fs::rename(&away, desk.0.path().join("disk")).unwrap();
        desk.recognise(&mut library);
        assert_eq!(starred(&home, &desk, &["disk/storm.txt"]), ["disk/storm.txt"]);
        desk.recognise(&mut library);
        let copies = starred(&home, &desk, &["home/storm.txt"]).len();
        assert_eq!(copies, usize::from(is_copy_new), "a copy keeps the marks that it got");
    }
}

#[test]
fn two_programs_recognise_at_once_and_no_mark_moves_twice() {
    let texts: Vec<String> = (0..20).map(story).collect();
    let file = |first: &str| format!("{first}=====\n{}", texts.join("=====\n"));
    let home = TestLibrary::new();
    let desk = TestFolder::new(&[("day.txt", &texts.join("=====\n"))]);
    let mut library = home.open();
    for ordinal in 0..20 {
        desk.mark_in(&mut library, "day.txt", ordinal, Change::Read(true));
    }
    for ordinal in (0..20).step_by(2) {
        desk.star_in(&mut library, "day.txt", ordinal);
    }
    for round in 0..20 {
        desk.write("day.txt", &if round % 2 == 0 { file(&story(100)) } else { texts.join("=====\n") });
        let corpus = desk.corpus();
        let barrier = std::sync::Barrier::new(2);
        std::thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    let mut library = home.open();
                    barrier.wait();
                    library.recognise(&corpus, 0, &FileState::of).unwrap();
                });
            }
        });
        let first = u32::from(round % 2 == 0);
        let marks = home.marks();
        let stars: Vec<u32> = (0..21).filter(|at| marks.get(desk.id_in("day.txt", *at)).is_starred()).collect();
        assert_eq!(stars, (0..20).step_by(2).map(|at| at + first).collect::<Vec<_>>(), "round {round}");
    }
}

#[test]
fn mark_made_with_an_older_view_follows_the_text() {
    let home = TestLibrary::new();
    let (mut one, mut other) = (home.open(), home.open());
    let desk = TestFolder::new(&[("1.txt", &story(1)), ("2.txt", &story(2))]);
    desk.star(&mut one, "1.txt");
    desk.star(&mut one, "2.txt");
    other.marks().unwrap();
    let older = desk.corpus();
    other.recognise(&older, 0, &FileState::of).unwrap();
    desk.rename("1.txt", "3.txt");
    desk.rename("2.txt", "1.txt");
    desk.recognise(&mut one);
    // The other program still shows the first story in 1.txt.
    let id = desk.id("1.txt");
    let mut known =
        |id: ArticleId| -> Option<ArticleRecord> { Some(PathResolver::default().record(older.get(older.find(id)?)?)) };
    let news =
        other.save_marks(&[MarkChange { article: id, change: Change::Tagged(tag("one"), true) }], &mut known).unwrap();
    assert!(news.marks.iter().any(|(article, marked)| *article == id && marked.tags().is_empty()));
    let marks = home.marks();
    assert_eq!(marks.get(desk.id("3.txt")).tags(), [tag("one")]);
    assert_eq!(marks.get(id).tags(), []);
    // It hears of the moves as well.
    let news = other.external_changes().unwrap();
    let moved = |from: &str, to: &str| Moved { from: desk.id(from), to: desk.id(to) };
    assert!(news.moved.contains(&moved("1.txt", "3.txt")) && news.moved.contains(&moved("2.txt", "1.txt")));
    assert!(news.marks.iter().any(|(article, marked)| *article == desk.id("2.txt") && !marked.is_starred()));
    // A mark on a text that the library has nowhere waits for the text, and does not go to another article.
    let mut known =
        |id: ArticleId| -> Option<ArticleRecord> { Some(PathResolver::default().record(older.get(older.find(id)?)?)) };
    desk.write("1.txt", &story(9));
    desk.recognise(&mut one);
    let mut third = home.open();
    third.save_marks(&[MarkChange { article: id, change: Change::Tagged(tag("nine"), true) }], &mut known).unwrap();
    assert_eq!(home.marks().get(id).tags(), [], "story 1 was in this file long ago");
}

#[test]
fn marks_made_with_three_views_of_one_text_join() {
    let home = TestLibrary::new();
    let (mut one, mut other, mut third) = (home.open(), home.open(), home.open());
    let desk = TestFolder::new(&[("a.txt", &story(1)), ("c.txt", &story(2))]);
    let first = desk.corpus();
    desk.rename("a.txt", "b.txt");
    let second = desk.corpus();
    desk.write("b.txt", &story(2));
    desk.write("c.txt", &story(1));
    wait_for_clock_tick(&desk.0.path().join("c.txt"));
    desk.star(&mut one, "c.txt");
    for (library, view, name, mark) in [(&mut other, first, "a.txt", "first"), (&mut third, second, "b.txt", "second")]
    {
        let change = Change::Tagged(tag(mark), true);
        let mut known = |id: ArticleId| -> Option<ArticleRecord> {
            Some(PathResolver::default().record(view.get(view.find(id)?)?))
        };
        library.save_marks(&[MarkChange { article: desk.id(name), change }], &mut known).unwrap();
    }
    let mut last = home.open();
    desk.recognise(&mut last);
    let marks = home.marks();
    assert!(marks.get(desk.id("c.txt")).is_starred());
    assert_eq!(marks.get(desk.id("c.txt")).tags(), [tag("first"), tag("second")]);
    assert_eq!(marks.get(desk.id("b.txt")).tags(), []);
}

#[test]
fn outdated_view_of_a_file_changes_nothing() {
    let home = TestLibrary::new();
    let mut library = home.open();
    let desk = TestFolder::new(&[("1.txt", &story(1)), ("2.txt", &story(2))]);
    desk.star(&mut library, "1.txt");
    desk.write("1.txt", &story(3));
    let outdated = desk.corpus_with_stamps();
    desk.write("1.txt", &(story(1) + "More.\n"));
    assert!(library.recognise(&outdated, 0, &FileState::of).unwrap().is_empty());
    desk.write("1.txt", &story(1));
    assert!(library.recognise(&desk.corpus_with_stamps(), 0, &FileState::of).unwrap().is_empty());
    assert_eq!(starred(&home, &desk, &["1.txt"]), ["1.txt"]);
}

#[test]
fn marks_made_before_recognition_are_added() {
    let home = TestLibrary::new();
    let mut library = home.open();
    let desk = TestFolder::new(&[("storm.txt", STORM)]);
    desk.star(&mut library, "storm.txt");
    desk.rename("storm.txt", "b.txt");
    // It is marked in its new place before anybody looks where it came from.
    keep(&mut library, &[MarkChange { article: desk.id("b.txt"), change: note("seen", "") }]);
    assert_eq!(desk.recognise(&mut library).len(), 1);
    let marks = home.marks();
    let marked = marks.get(desk.id("b.txt"));
    assert!(marked.is_starred() && marked.note() == "seen");
}

#[test]
fn rows_of_unmarked_articles_are_deleted_and_marked_ones_stay() {
    let home = TestLibrary::new();
    let mut library = home.open();
    let desk = TestFolder::new(&[("storm.txt", STORM), ("choir.txt", CHOIR)]);
    let corpus = desk.corpus();
    let known = |name: &str| PathResolver::default().record(corpus.get(corpus.find(desk.id(name)).unwrap()).unwrap());
    library.ensure_articles([known("storm.txt"), known("choir.txt"), known("choir.txt")]).unwrap();
    assert_eq!(library.counts().unwrap()[0], 2);
    keep(&mut library, &[MarkChange { article: desk.id("storm.txt"), change: note("seen", "") }]);
    library.forget_unmarked(desk.id("storm.txt")).unwrap();
    library.forget_unmarked(desk.id("choir.txt")).unwrap();
    assert_eq!(library.counts().unwrap(), [1, 0, 0, 0, 1]);
}

#[test]
fn every_saved_search_has_its_name_and_its_key_to_itself() {
    let home = TestLibrary::new();
    let mut library = home.open();
    let search = |name: &str, query: &str, key| SavedSearch {
        name: name.to_owned(),
        query: query.to_owned(),
        key,
        ..SavedSearch::default()
    };
    library.save_search(&search("Asia", "asia", Some('a'))).unwrap();
    library.save_search(&search("Africa", "africa", Some('a'))).unwrap();
    library.save_search(&search("Asia", "asia OR pacific", None)).unwrap();
    assert_eq!(
        library.searches().unwrap(),
        [search("Asia", "asia OR pacific", None), search("Africa", "africa", Some('a'))]
    );
    assert!(library.remove_search("Asia").unwrap() && !library.remove_search("Asia").unwrap());
}

#[test]
fn libraries_of_every_former_version_open_completely() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/libraries");
    for version in 1..=newsdesk::library::VERSION {
        let home = TestLibrary::new();
        fs::copy(folder.join(format!("version-{version}.db")), home.path()).unwrap();
        let mut library = home.open();
        assert_eq!(library.check().unwrap(), [""; 0]);
        assert_eq!(library.counts().unwrap(), [8, 8, 1, 8, 1]);
        let marks = library.marks().unwrap();
        assert_eq!(marks.iter().filter(|(_, marked)| marked.is_read() && marked.tags() == [tag("moon")]).count(), 8);
        assert_eq!(marks.iter().filter(|(_, marked)| marked.note() == "Call the agency").count(), 1);
        assert!(marks.iter().any(|(_, marked)| marked.place() == Some(ReadPosition { part: 3, byte: 40 })));
        let search = SavedSearch {
            name: "Far side".to_owned(),
            query: "moon -mars".to_owned(),
            key: Some('f'),
            colour: Some("light-blue".to_owned()),
            watch: true,
        };
        assert_eq!(library.searches().unwrap(), [search]);
        assert_eq!(library.reported("Far side").unwrap().len(), 3);
        assert_eq!(library.filters().unwrap(), ["moon"]);
        assert_eq!(library.session("[\"\"]").unwrap().unwrap(), "{\"filter\":\"moon\"}");
        if version >= 3 {
            assert_eq!(library.login_count().unwrap(), 1);
            let former = library.moved_from("https://example.org/old.xml").unwrap().unwrap();
            assert_eq!(former.subscription.name(), "Valley");
        }
        if version >= 2 {
            let feeds = library.feeds().unwrap();
            let told = |feed: &KnownFeed| {
                let Subscription { url, tags, keep_count, .. } = &feed.subscription;
                (feed.subscription.name().to_owned(), url.clone(), tags.clone(), *keep_count)
            };
            let valley = ("Valley", "https://example.org/a.xml", vec!["valley/news".to_owned()], Some(50));
            let wire = ("Wire Copy", "https://example.org/b.xml", Vec::new(), None);
            let wanted = [valley, wire].map(|(name, url, tags, kept)| (name.to_owned(), url.to_owned(), tags, kept));
            assert_eq!(feeds.iter().map(told).collect::<Vec<_>>(), wanted);
            let mut entries = Vec::new();
            library
                .read_entries(&EntryQuery::Newest(10), |entry| {
                    entries.push((entry.id, entry.same_as.is_some(), entry.has_former));
                })
                .unwrap();
            assert_eq!(entries.len(), 5);
            assert_eq!(entries.iter().filter(|(_, repeats, _)| *repeats).count(), 1);
            let changed: Vec<_> = entries.iter().filter(|(_, _, has_former)| *has_former).collect();
            let texts = library.entry_texts(changed[0].0).unwrap().unwrap();
            assert!(texts.former.unwrap().parts[1].text.starts_with("Ten people"));
            assert!(texts.article.parts[1].text.starts_with("Two people"));
        }
        // Before it was changed, a copy was made.
        let copied = home.folder.path().join(format!("library.version-{version}.db")).exists();
        assert_eq!(copied, version < newsdesk::library::VERSION);
    }
}

/// Logins stand in addresses of feeds, and what somebody reads is nobody else's business.
#[cfg(unix)]
#[test]
fn libraries_backups_and_side_files_are_private() {
    use std::os::unix::fs::PermissionsExt;
    let home = TestLibrary::new();
    let path = home.folder.path().join("data/library.db");
    let library = Library::open(&path).unwrap();
    let copy = home.folder.path().join("copy.db");
    library.back_up(&copy).unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(path.parent().unwrap()), mode(&copy)), (0o700, 0o600));
    for entry in fs::read_dir(path.parent().unwrap()).unwrap() {
        let path = entry.unwrap().path();
        assert_eq!(mode(&path), 0o600, "{}", path.display());
    }
    assert!(Library::open(&copy).unwrap().check().unwrap().is_empty());
}

/// Every column of a table that the program reads, with a value of a wrong type.
const WRONG: &[(&str, &str)] = &[
    ("UPDATE feeds SET tried_at = 'soon' WHERE id = 1", "feeds"),
    ("UPDATE feeds SET due_at = 1e300 WHERE id = 1", "feeds"),
    ("UPDATE feeds SET title = CAST(x'ff' AS TEXT) WHERE id = 1", "feeds"),
    ("UPDATE feeds SET keep_count = -1 WHERE id = 1", "feeds"),
    ("UPDATE feeds SET dead = 'x', position = 'y', seed = 'z', revision = 'r' WHERE id = 1", "feeds"),
    ("UPDATE feeds SET url = x'00ff' WHERE id = 1", "feeds"),
    ("UPDATE feeds SET position = 'x', revision = 'y'", ""),
    ("UPDATE articles SET read_at = 'x', starred_at = 'y', revision = 'z'", ""),
    ("UPDATE feed_tags SET tag = x'ff'", "feed_tags"),
    ("UPDATE entries SET published = 'x', link = 'y', guid = 'z', content = 'c' WHERE number = 1", "entries"),
    ("UPDATE entries SET id = 'x' WHERE number = 1", "entries"),
    ("UPDATE entry_texts SET article = CAST(x'ff' AS TEXT), former = 7 WHERE entry = 1", ""),
    ("UPDATE entry_keys SET key = key || 'x'", ""),
    ("UPDATE articles SET part = -1, byte = 2 WHERE starred_at IS NOT NULL", "articles"),
    ("UPDATE articles SET headline = x'ff', content = 'x', place = 7, known_at = 'k'", ""),
    ("UPDATE tags SET tag = x'ff'", "tags"),
    ("UPDATE notes SET text = CAST(x'ff' AS TEXT)", "notes"),
    ("UPDATE searches SET query = x'ff'", "searches"),
    ("UPDATE searches SET watch = 'x', key = x'ff'", "searches"),
    ("UPDATE sessions SET session = x'ff'", "sessions"),
    ("UPDATE history SET filter = x'ff'", "history"),
    ("UPDATE preferences SET value = x'ff'", "preferences"),
    ("UPDATE journal SET name = x'ff', number = 'x'", "journal"),
    ("UPDATE former_addresses SET feed = 'x'", ""),
    ("UPDATE logins SET user = x'ff' WHERE feed = 1", "feeds"),
];

#[test]
fn unreadable_rows_are_skipped_and_reported() {
    let home = TestLibrary::new();
    let sound = home.folder.path().join("sound.db");
    let mut library = Library::open(&sound).unwrap().for_reader(newsdesk::library::ReaderId(1));
    let login = |url: String| newsdesk::subscriptions::Subscription {
        tags: vec!["press".to_owned()],
        ..newsdesk::subscriptions::Subscription::new(url)
    };
    let feeds = ["a", "b"].map(|name| login(format!("https://me:pw@{name}.example/feed")));
    library.subscribe(&feeds).unwrap();
    let search = newsdesk::query::SavedSearch { name: "s".to_owned(), query: "q".to_owned(), ..Default::default() };
    library.save_search(&search).unwrap();
    library.save_session("here", "there").unwrap();
    library.save_filter("fog").unwrap();
    library.set_preference("theme", "dark").unwrap();
    drop(library);
    let made = rusqlite::Connection::open(&sound).unwrap();
    made.execute_batch(
        "INSERT INTO entries (number, id, revision, feed, stored_at, published, content)
            VALUES (1, 7, 0, 1, 0, 0, 1), (2, 8, 0, 2, 0, 0, 1);
         INSERT INTO entry_texts (entry, article) VALUES (1, '{}'), (2, '{}');
         INSERT INTO entry_keys VALUES (1, 7, 1), (2, 8, 2);
         INSERT INTO articles (id, revision, starred_at, part, byte, content, length, origin, place, ordinal, headline)
            VALUES (7, 1, 1, 0, 0, 1, 1, 'feed', 'https://a.example/feed', 0, 'Fog');
         INSERT INTO articles (id, revision, starred_at, content, length, origin, place, ordinal, headline)
            VALUES (9, 1, 1, 1, 1, 'file', '/gone/fog.txt', 0, 'Fog');
         INSERT INTO tags VALUES (7, 'later'); INSERT INTO notes VALUES (7, 'note', 0);
         INSERT INTO former_addresses VALUES ('https://old.example/', 1);",
    )
    .unwrap();
    drop(made);
    let program = |path: &Path, arguments: &[&str]| {
        let output = std::process::Command::new(env!("CARGO_BIN_EXE_newsdesk"))
            .args(arguments)
            .env("NEWSDESK_LIBRARY", path)
            .env("HOME", home.folder.path())
            .env_remove("XDG_CONFIG_HOME")
            .env_remove("XDG_CACHE_HOME")
            .output()
            .unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        (output.status.code(), text(output.stdout), text(output.stderr))
    };
    let folder = home.folder.path().join("files");
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join("fog.txt"), "Fog\n\nThe ferry waits for the fog to lift.\n").unwrap();
    let list = home.folder.path().join("list.opml");
    fs::write(&list, "<opml><outline xmlUrl='https://c.example/'/><outline xmlUrl='https://a.example/feed'/></opml>")
        .unwrap();
    let (_, exported, _) = program(&sound, &["library", "export"]);
    let lines = home.folder.path().join("all.jsonl");
    fs::write(&lines, exported).unwrap();
    for (number, (sql, table)) in WRONG.iter().enumerate() {
        let path = home.folder.path().join(format!("{number}.db"));
        fs::copy(&sound, &path).unwrap();
        let wrong = rusqlite::Connection::open(&path).unwrap();
        wrong.execute_batch(&format!("PRAGMA foreign_keys = 0; PRAGMA ignore_check_constraints = 1; {sql}")).unwrap();
        let rows = |table: &str| -> i64 {
            wrong.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0)).unwrap()
        };
        let before = if table.is_empty() { 0 } else { rows(table) };
        let (code, listed, told) = program(&path, &["feed", "list"]);
        assert!(code == Some(0) && listed.contains("b.example"), "{sql}: {listed}{told}");
        if *table == "feeds" && !sql.contains("position") && !sql.contains("url") {
            assert!(!listed.contains("a.example/feed") && told.contains("https://a.example/feed"), "{sql}: {told}");
            assert!(told.contains("the feed is left out; nothing was deleted"), "{sql}: {told}");
        }
        let (code, checked, told) = program(&path, &["check", "--library"]);
        if table.is_empty() {
            assert!(told.is_empty(), "{sql}: {checked}{told}");
        } else {
            assert!(code == Some(1) && checked.contains(&format!("a row of {table} cannot")), "{sql}: {checked}{told}");
        }
        for arguments in [
            &["feed", "tag", "https://b.example/feed", "new"][..],
            &["feed", "set", "https://b.example/feed", "--keep-count", "5"],
            &["feed", "rename", "https://b.example/feed", "Second"],
            &["feed", "import", list.to_str().unwrap()],
            &["feed", "export"],
            &["library", "export"],
            &["library", "import", lines.to_str().unwrap()],
            &["searches"],
            &["list"],
            &["list", folder.to_str().unwrap(), "--query", "is:starred"],
            &["mark", folder.to_str().unwrap(), "--query", "", "--star"],
            &["feed", "remove", "Second"],
        ] {
            let (code, out, told) = program(&path, arguments);
            // An empty list is no error.
            let is_list = matches!(arguments[0], "list" | "searches");
            assert!(code == Some(0) || is_list && code == Some(1), "{sql}: {arguments:?}: {out}{told}");
        }
        assert!(table.is_empty() || rows(table) + 1 >= before, "{sql}: rows were deleted");
        let (_, listed, _) = program(&path, &["feed", "list"]);
        assert!(listed.contains("c.example") && !listed.contains("b.example"), "{sql}: {listed}");
    }
}

#[test]
fn triggers_of_a_library_do_not_run() {
    let home = TestLibrary::new();
    let path = home.folder.path().join("library.db");
    let mut library = Library::open(&path).unwrap();
    library.subscribe(&[newsdesk::subscriptions::Subscription::new("https://a.example/")]).unwrap();
    drop(library);
    let other = rusqlite::Connection::open(&path).unwrap();
    other
        .execute_batch(
            "CREATE TRIGGER evil AFTER UPDATE ON counter BEGIN DELETE FROM feeds; END;
             CREATE TEMP TRIGGER mine AFTER UPDATE ON counter BEGIN SELECT 1; END;",
        )
        .unwrap();
    drop(other);
    let mut library = Library::open(&path).unwrap();
    library.set_preference("a", "b").unwrap();
    assert_eq!(library.feeds().unwrap().len(), 1);
    // Rows that depend on others still go with them.
    let feeds = library.feeds().unwrap();
    library.unsubscribe(&feeds).unwrap();
    assert!(library.check().unwrap().is_empty());
}

#[test]
fn libraries_are_in_the_file_that_was_named() {
    let home = TestLibrary::new();
    let path = home.folder.path().join("data/file:z.db");
    let mut library = Library::open(&path).unwrap();
    library.set_preference("a", "b").unwrap();
    let copy = home.folder.path().join("file:copy.db");
    library.back_up(&copy).unwrap();
    assert_eq!(Library::open_to_read(&copy).unwrap().unwrap().preference("a").unwrap().as_deref(), Some("b"));
    drop(library);
    let names: Vec<_> = fs::read_dir(path.parent().unwrap()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(names.iter().all(|name| name.to_str().unwrap().starts_with("file:z.db")), "{names:?}");
}

#[test]
fn credentials_move_out_of_addresses() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("library.db");
    let older = rusqlite::Connection::open(&path).unwrap();
    newsdesk::library::MIGRATIONS.iter().take(2).for_each(|migration| older.execute_batch(migration).unwrap());
    let draft = newsdesk::article::Draft { url: Some("http://joe:s3cret@host/a".into()), ..Default::default() };
    let item = serde_json::to_string(&draft).unwrap();
    older
        .execute_batch(&format!(
            "PRAGMA application_id = {}; PRAGMA user_version = 2;
             INSERT INTO feeds (id, revision, seed, url, position, page, error) VALUES
                 (1, 0, 11, 'http://joe:s3cret@host/feed', 1, 'http://joe:s3cret@host/', 'http://joe:s3cret@host/feed: 401'),
                 (2, 0, 22, 'http://host/feed', 2, NULL, NULL), (3, 0, 33, 'http://ann:pw@host/feed', 3, NULL, NULL);
             INSERT INTO entries (number, id, revision, feed, stored_at, published, link, content)
                 VALUES (1, 7, 0, 1, 0, 0, 5, 6), (2, 8, 0, 1, 0, 0, 5, 6);
             INSERT INTO entry_texts (entry, article, former, full) VALUES
                 (1, '{item}', NULL, NULL), (2, '{{}}', '{item}', '{item}');
             INSERT INTO articles (id, revision, starred_at, content, length, origin, place, ordinal, headline)
                 VALUES (7, 1, 1, 0, 0, 'feed', 'http://joe:s3cret@host/feed', 0, 'Fog');",
            0x6e64_736b
        ))
        .unwrap();
    drop(older);
    let mut library = Library::open(&path).unwrap();
    let feeds = library.feeds().unwrap();
    let told = |feed: &newsdesk::library::KnownFeed| {
        let login = feed.subscription.login.clone().map(|login| (login.credentials.user, login.credentials.password));
        (feed.subscription.url.clone(), feed.seed, login)
    };
    let login = |user: &str, password: &str| Some((user.to_owned(), password.to_owned()));
    assert_eq!(
        feeds.iter().map(told).collect::<Vec<_>>(),
        [
            ("http://host/feed#2".to_owned(), 11, login("joe", "s3cret")),
            ("http://host/feed".to_owned(), 22, None),
            ("http://host/feed#3".to_owned(), 33, login("ann", "pw")),
        ]
    );
    let id = newsdesk::article::ArticleId(7);
    assert!(library.marks().unwrap().get(id).is_starred());
    assert_eq!(library.entry_texts(id).unwrap().unwrap().article.url.as_deref(), Some("http://host/a"));
    let raw = rusqlite::Connection::open(&path).unwrap();
    let left =
        "SELECT count(*) FROM entry_texts WHERE article || coalesce(former, '') || coalesce(full, '') LIKE '%joe%'";
    assert_eq!(raw.query_row(left, [], |row| row.get::<_, u32>(0)).unwrap(), 0, "former and whole texts are cleaned");
    let mut out = Vec::new();
    library.export(&mut out, false).unwrap();
    let text = String::from_utf8(out).unwrap();
    assert!(!text.contains("joe") && !text.contains("s3cret"), "{text}");
    // An export with credentials is imported with them.
    let mut out = Vec::new();
    library.export(&mut out, true).unwrap();
    let mut other = Library::open(&folder.path().join("other.db")).unwrap();
    assert_eq!(other.import(&mut out.as_slice()).unwrap().problems, []);
    assert_eq!(other.login_count().unwrap(), 1, "one address is one feed");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let copy = std::fs::metadata(folder.path().join("library.version-2.db")).unwrap();
        assert_eq!(copy.permissions().mode() & 0o777, 0o600);
    }
}

#[test]
fn journal_rows_are_never_used_again() {
    let home = TestLibrary::new();
    drop(home.open());
    let sql = rusqlite::Connection::open(home.path()).unwrap();
    let step = || {
        sql.execute("INSERT INTO journal (reader, made_at, name, change) VALUES (1, 0, 'star', '{}')", []).unwrap();
        sql.last_insert_rowid()
    };
    let first = step();
    sql.execute("DELETE FROM journal", []).unwrap();
    // A reader asks for the rows after the last that it has seen.
    assert!(step() > first);
}
