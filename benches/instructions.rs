//! The work whose instructions `benches/instructions.sh` counts. Without an argument, prints the names of the cases; with
//! a name, prepares that case and runs its work twice, the second time in [`measured`], where callgrind counts.
//!
//! All cases run on one thread and without a network. The corpus is one shard, so scans start no threads.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a bench fails by panicking"
)]

#[path = "material/texts.rs"]
mod texts;

use std::hint::black_box;
use std::path::Path;
use std::sync::Arc;

use chrono::{NaiveDate, NaiveDateTime};
use newsdesk::app::{Effect, FeedRow, LoadProgress, Message, Size, State};
use newsdesk::config::{Background, Config};
use newsdesk::corpus::{Corpus, FileStamp, Origin, ShardBuilder};
use newsdesk::formats::{FeedOptions, FileHint, decode, feed_articles, page_article, parse_feed, read};
use newsdesk::library::feeds::{FetchOutcome, FetchResult, ParsedFeed, PreparedEntry};
use newsdesk::library::{FetchStatus, Library};
use newsdesk::query::Query;
use newsdesk::render::typeset::{Annotation, TypesetOptions, typeset};
use newsdesk::search::{SearchRequest, SearchResult, count_values, facets, scan};
use newsdesk::subscriptions::Subscription;
use newsdesk::text::fold::FoldWriter;
use newsdesk::ui::{Depth, Theme, draw};
use ratatui::Terminal;
use ratatui::backend::TestBackend;

/// Work that can be repeated. The number that it returns depends on its result.
type Work = Box<dyn FnMut() -> usize>;

/// The number of articles to scan. More than 4,000, so that a scan goes through the shard after the newest articles.
const ARTICLES: usize = 6_000;

/// The height of the screen.
const ROWS: u16 = 45;

/// The number of times that a feed is parsed. Hash seeds change the order of frees and thus the heap: a single run
/// varies by 0.8 %.
const FEED_RUNS: usize = 5;

/// The size of the texts to fold, in bytes.
const FOLDED: usize = 200_000;

fn main() {
    let cases = cases();
    // `cargo bench` adds options.
    let Some(wanted) = std::env::args().skip(1).find(|argument| !argument.starts_with('-')) else {
        cases.iter().for_each(|(name, _)| println!("{name}"));
        return;
    };
    let (_, prepare) = cases.into_iter().find(|(name, _)| *name == wanted).expect("an unknown case");
    let mut work = prepare();
    // The first run fills caches, such as the hyphenation patterns.
    assert!(work() > 0, "{wanted} does nothing");
    measured(&mut work);
}

/// Callgrind counts while this function runs. Its name is in `benches/instructions.sh`.
#[inline(never)]
fn measured(work: &mut Work) -> usize {
    black_box(work())
}

/// Every case: its name and the function that prepares it.
fn cases() -> Vec<(String, Box<dyn Fn() -> Work>)> {
    let mut cases: Vec<(String, Box<dyn Fn() -> Work>)> = Vec::new();
    let mut add = |name: &str, prepare: Box<dyn Fn() -> Work>| cases.push((name.to_owned(), prepare));
    for (script, paragraph) in texts::SCRIPTS {
        add(&format!("fold_{script}"), Box::new(move || fold(paragraph)));
    }
    for (name, query) in [
        ("scan_word", "telescope"),
        ("scan_common_word", "the"),
        ("scan_words", "harbour storm -school"),
        ("scan_field", "section:science river"),
        ("scan_pattern", "/tele[a-z]+e/"),
    ] {
        add(name, Box::new(move || search(query, None)));
    }
    add("narrow_letter", Box::new(|| search("telesc", Some("teles"))));
    add("narrow_word", Box::new(|| search("harbour sto", Some("harbour st"))));
    add("typeset", Box::new(typeset_article));
    // 80 columns show one pane, 140 columns all.
    for (pane, columns, keys, shown) in [
        ("list", 80, "j", "300 articles"),
        ("reading", 80, "j enter", " min · "),
        ("sources", 140, "f j j", "Sections"),
        ("filter_completion", 140, "/ h a r b o u r space s e c t i o n : tab", "harbour section:"),
        ("help", 140, "?", "Go to the next row"),
    ] {
        add(&format!("frame_{pane}"), Box::new(move || frame(columns, keys, shown)));
    }
    add("key_and_frame", Box::new(key_and_frame));
    add("parse_wire", Box::new(|| parse("a.txt", texts::wire(1, 200))));
    add("parse_markdown", Box::new(|| parse("a.md", texts::markdown(60))));
    add("parse_plain", Box::new(|| parse("a.txt", texts::plain(200))));
    add("parse_html", Box::new(|| parse("a.html", texts::page(60))));
    add("parse_page", Box::new(parse_page));
    add("parse_rss", Box::new(|| feed(texts::rss(0..60))));
    add("parse_atom", Box::new(|| feed(texts::atom(60))));
    add("parse_json_feed", Box::new(|| feed(texts::json_feed(60))));
    add("refresh", Box::new(refresh));
    cases
}

fn fold(paragraph: &str) -> Work {
    let text = paragraph.repeat(FOLDED / paragraph.len());
    Box::new(move || {
        let mut folder = FoldWriter::default();
        folder.push(black_box(&text));
        folder.folded.len()
    })
}

/// Returns a corpus of one shard.
fn corpus(articles: usize, paragraphs: usize) -> Arc<Corpus> {
    let dir: Arc<Path> = Arc::from(Path::new("desk"));
    let mut builder = ShardBuilder::default();
    for number in 0..articles {
        let (name, text) = (format!("{number:06}.txt"), texts::wire(number, paragraphs));
        let decoded = decode(text.as_bytes()).unwrap();
        let parsed = read(&decoded, &FileHint { file_name: &name });
        let file = builder.file(&dir, name.as_ref(), Origin::File, FileStamp::default());
        builder.push(file, name.as_bytes(), 0, parsed.format, &parsed.drafts[0]);
    }
    Arc::new(Corpus::default().with([Arc::new(builder.finish())]))
}

fn request(corpus: &Arc<Corpus>, query: &str, within: Option<SearchResult>) -> SearchRequest {
    SearchRequest {
        generation: 1,
        corpus: Arc::clone(corpus),
        marks: Default::default(),
        query: Arc::new(Query::parse(query, NaiveDate::MIN)),
        within,
        screenful: 40,
    }
}

fn result(request: &SearchRequest) -> SearchResult {
    let mut last = None;
    scan(request, &|| false, &mut |result| last = Some(result));
    last.unwrap()
}

/// Runs a query over all articles, or over the result of `former`.
fn search(query: &'static str, former: Option<&str>) -> Work {
    let corpus = corpus(ARTICLES, 1);
    let within = former.map(|former| result(&request(&corpus, former, None)));
    let request = request(&corpus, query, within);
    Box::new(move || result(&request).matched)
}

fn typeset_article() -> Work {
    let corpus = corpus(1, 60);
    let article = corpus.get(corpus.order()[0]).unwrap().article();
    let options = TypesetOptions { width: 68, justify: true, hyphenate: true };
    Box::new(move || typeset(black_box(&article), Annotation::default(), options).lines().len())
}

fn now() -> NaiveDateTime {
    NaiveDate::from_ymd_opt(2024, 3, 1).unwrap().and_hms_opt(12, 0, 0).unwrap()
}

/// Handles a message, and answers the resulting requests at once.
fn update(state: &mut State, message: Message) {
    for effect in state.update(message) {
        match effect {
            Effect::Filter(request) => {
                let result = result(&request);
                update(state, Message::SearchResult(result));
            }
            Effect::CountFacets { generation, corpus, counted, marks, searches } => {
                let rows = facets(&corpus, &counted, &marks, &searches, &|| false).unwrap();
                update(state, Message::Facets { generation, rows });
            }
            Effect::CountValues { corpus, marks, kind } => {
                let values = Arc::new(count_values(&corpus, &marks, &kind));
                update(state, Message::FieldValues { corpus, kind, values });
            }
            _ => {}
        }
    }
}

/// A state with 300 articles and 20 feeds, after some keys.
fn state(columns: u16, keys: &str) -> State {
    let mut state = State::new(Config::default(), "desk".to_owned(), now());
    let feed = |number: usize| FeedRow {
        url: format!("https://gazette.example/{number}"),
        name: format!("Gazette {number}"),
        tags: vec![format!("#tag{}", number % 4)],
        error: number.is_multiple_of(5).then(|| "the server says 503".to_owned()),
    };
    let done = LoadProgress { found: 300, read: 300, walked: true, done: true, ..Default::default() };
    let messages = [
        Message::Resize(Size { columns, rows: ROWS }),
        Message::Library(Box::default()),
        Message::Corpus(corpus(300, 12)),
        Message::Loading(done),
        Message::Feeds(Arc::new((0..20).map(feed).collect())),
    ];
    let keys = keys.split_whitespace().map(|key| Message::Key(key.parse().unwrap()));
    messages.into_iter().chain(keys).for_each(|message| update(&mut state, message));
    state
}

fn screen(columns: u16) -> (Theme, Terminal<TestBackend>) {
    let theme = Theme::new(Some(Background::Dark), Depth::TrueColour, &Default::default());
    (theme, Terminal::new(TestBackend::new(columns, ROWS)).unwrap())
}

/// The screen after some keys. It contains `shown`.
fn frame(columns: u16, keys: &str, shown: &str) -> Work {
    let (state, (theme, mut terminal)) = (state(columns, keys), screen(columns));
    terminal.draw(|frame| draw(&state, &theme, frame)).unwrap();
    assert!(terminal.backend().to_string().contains(shown), "no {shown:?} in:\n{}", terminal.backend());
    Box::new(move || terminal.draw(|frame| draw(&state, &theme, frame)).unwrap().area.width.into())
}

/// A step down the list, with the article that it opens.
fn key_and_frame() -> Work {
    let (mut state, (theme, mut terminal)) = (state(140, ""), screen(140));
    Box::new(move || {
        update(&mut state, Message::Key("j".parse().unwrap()));
        terminal.draw(|frame| draw(&state, &theme, frame)).unwrap().area.width.into()
    })
}

fn parse(file_name: &'static str, text: String) -> Work {
    Box::new(move || {
        let decoded = decode(black_box(text.as_bytes())).unwrap();
        let parsed = read(&decoded, &FileHint { file_name });
        parsed.drafts.iter().map(|draft| draft.parts.len()).sum()
    })
}

fn parse_page() -> Work {
    let text = texts::page(60);
    Box::new(move || {
        page_article(black_box(text.as_bytes()), None, "https://gazette.example/bridge").unwrap().parts.len()
    })
}

fn feed(text: String) -> Work {
    let run = move |_| {
        let feed = parse_feed(black_box(text.as_bytes()), &FeedOptions::default()).unwrap();
        feed_articles(&feed, &mut Vec::new()).unwrap().len()
    };
    Box::new(move || (0..FEED_RUNS).map(&run).sum())
}

/// Parses and stores a feed whose entries are all new.
fn refresh() -> Work {
    let folder = tempfile::tempdir().unwrap();
    let mut library = Library::open(&folder.path().join("library.db")).unwrap();
    library.for_bulk().unwrap();
    library.subscribe(&[Subscription::new("https://gazette.example/feed")]).unwrap();
    let mut documents = vec![texts::rss(100..200), texts::rss(0..100)];
    Box::new(move || {
        // The folder lives as long as the library.
        let _ = &folder;
        let document = documents.pop().unwrap();
        let subscribed = library.feeds().unwrap().pop().unwrap();
        let feed = parse_feed(document.as_bytes(), &FeedOptions::default()).unwrap();
        let articles = feed_articles(&feed, &mut Vec::new()).unwrap();
        let entries = PreparedEntry::of_document(&subscribed, None, articles);
        let parsed = ParsedFeed { title: "Gazette".to_owned(), entries, ..ParsedFeed::default() };
        let result = FetchResult {
            feed: subscribed.number,
            version: subscribed.version,
            health: FetchStatus { tried_at: Some(1), succeeded_at: Some(1), ..FetchStatus::default() },
            moved_to: None,
            merge: true,
            outcome: FetchOutcome::Feed(Box::new(parsed)),
        };
        library.store(&[result]).unwrap()[0].new.len()
    })
}
