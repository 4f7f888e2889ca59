//! A state with somebody at its keys, without a terminal and without threads: what the world outside would answer is
//! answered at once. The tests of the state drive it, and so does the search for what nobody thought of.
#![allow(clippy::unwrap_used, reason = "what helpers of tests unwrap is part of the test")]

use std::path::Path;
use std::sync::Arc;

use chrono::{NaiveDate, NaiveDateTime};
use newsdesk::app::{Effect, LibraryContents, LoadProgress, Message, Mouse, MouseAction, Size, State};
use newsdesk::article::{Problem, ReadError};
use newsdesk::config::{Background, Config};
use newsdesk::corpus::{Corpus, FileStamp, Origin, Shard, ShardBuilder};
use newsdesk::formats::{FileHint, decode, read};
use newsdesk::keys::Key;
use newsdesk::search::{SearchRequest, count_hits, count_values, explain_empty, facets, other_case, scan};
use newsdesk::ui::{Depth, Theme, draw};
use ratatui::Terminal;
use ratatui::backend::{Backend, TestBackend};

pub(crate) fn now() -> NaiveDateTime {
    NaiveDate::from_ymd_opt(2023, 10, 1).unwrap().and_hms_opt(12, 0, 0).unwrap()
}

/// Files that were loaded together.
pub(crate) fn shard(files: &[(&str, &str)], origin: Origin) -> Arc<Shard> {
    let mut builder = ShardBuilder::default();
    let dir: Arc<Path> = Arc::from(Path::new("desk"));
    for (name, text) in files {
        let decoded = decode(text.as_bytes()).unwrap();
        let reading = read(&decoded, &FileHint { file_name: name });
        let file = builder.file(&dir, name.as_ref(), origin, FileStamp::default());
        for (ordinal, draft) in (0..).zip(&reading.drafts) {
            builder.push(file, name.as_bytes(), ordinal, reading.format, draft);
        }
    }
    Arc::new(builder.finish())
}

pub(crate) fn with_file(corpus: &Corpus, name: &str, text: &str) -> Corpus {
    without_file(corpus, name).with([shard(&[(name, text)], Origin::File)])
}

pub(crate) fn without_file(corpus: &Corpus, name: &str) -> Corpus {
    corpus.without(|entry| entry.path().ends_with(name))
}

/// A harbour town's news of five days, the newest first; one file each, two of them loaded together.
pub(crate) const TOWN: [(&str, &str); 5] = [
    (
        "ferry.txt",
        "date 2023-09-30 HARBOUR\nFerry to the islands sails again\nThe state pays for a third of the new engine.\n\n\
         The ferry left the quay at dawn with forty people on board.\n\nSOURCE:Harbour Notes",
    ),
    (
        "archive.txt",
        "date 2023-09-28 TOWN\nState archive opens its reading room\n\n\
         The department moved nine hundred boxes. Every state paper before 1900 may be read.\n\n\
         The estate of a printer came with them.\n\nSOURCE:Town Gazette",
    ),
    ("market.txt", "date 2023-09-27 TOWN\nMarket moves to the old quay\n\nStalls stand under the lamps until nine."),
    (
        "storm.txt",
        "date 2023-09-25 WEATHER\nStorm passes north of the lighthouse\n\nThe state of the sea kept boats in port.",
    ),
    ("choir.txt", "date 2023-09-20 CULTURE\nChoir looks for low voices\n\nPractice is on Mondays."),
];

pub(crate) fn town() -> Corpus {
    let [ferry, archive, rest @ ..] = TOWN;
    let each = rest.map(|file| shard(&[file], Origin::File));
    Corpus::default().with([shard(&[ferry, archive], Origin::File)]).with(each)
}

/// An article with so many paragraphs, each of which names its number; every tenth holds the word `tenth`.
pub(crate) fn long(headline: &str, paragraphs: usize) -> String {
    let mut text = format!("date 2023-09-29 LONG\n{headline}\n");
    for number in 1..=paragraphs {
        let word = if number % 10 == 0 { "tenth" } else { "plain" };
        text.push_str(&format!(
            "\nThis is {word} paragraph number {number}, and it is long enough to need more than one line on a \
             screen of eighty columns, however it is set.\n"
        ));
    }
    text
}

/// The state of the program, driven by keys and messages. Searches and counts are answered at once.
pub(crate) struct TestApp {
    pub(crate) state: State,
    /// The effects that the state returned, except searches, counts, and those in `kept`.
    pub(crate) effects: Vec<Effect>,
    /// Effects for the library and the clock, unless `has_library` is set.
    pub(crate) kept: Vec<Effect>,
    /// Every search request.
    pub(crate) requests: Vec<SearchRequest>,
    /// Whether searches wait for [`TestApp::answer`].
    pub(crate) slow: bool,
    /// Whether `effects` has the effects for the library too.
    pub(crate) has_library: bool,
    /// Whether a library confirms changes at once.
    pub(crate) saves: bool,
}

impl TestApp {
    pub(crate) fn new(config: Config, corpus: Corpus, columns: u16, rows: u16) -> TestApp {
        TestApp::empty(config).start(LibraryContents::default(), corpus, columns, rows)
    }

    /// Returns a program that has received no messages.
    pub(crate) fn empty(config: Config) -> TestApp {
        TestApp {
            state: State::new(config, "town".to_owned(), now()),
            effects: Vec::new(),
            kept: Vec::new(),
            requests: Vec::new(),
            slow: false,
            has_library: false,
            saves: false,
        }
    }

    /// Sends the messages of a start with these articles.
    pub(crate) fn start(mut self, kept: LibraryContents, corpus: Corpus, columns: u16, rows: u16) -> TestApp {
        self.hear(Message::Resize(Size { columns, rows }));
        self.hear(Message::Library(Box::new(kept)));
        self.hear(Message::Corpus(Arc::new(corpus)));
        self.hear(Message::Loading(LoadProgress { found: 5, read: 5, walked: true, done: true, ..Default::default() }));
        self
    }

    /// Two panes.
    pub(crate) fn wide() -> TestApp {
        TestApp::new(Config::default(), town(), 120, 40)
    }

    /// One pane at a time.
    pub(crate) fn narrow() -> TestApp {
        TestApp::new(Config::default(), town(), 80, 24)
    }

    /// Two panes, and one long article.
    pub(crate) fn with_long(paragraphs: usize) -> TestApp {
        let corpus = town().with([shard(&[("long.txt", &long("A long read", paragraphs))], Origin::File)]);
        let mut desk = TestApp::new(Config::default(), corpus, 120, 40);
        desk.press("j");
        assert_eq!(desk.selected(), "A long read");
        desk
    }

    pub(crate) fn hear(&mut self, message: Message) {
        for effect in self.state.update(message) {
            match effect {
                Effect::Filter(request) => {
                    self.requests.push(request);
                    if !self.slow {
                        self.answer(self.requests.len() - 1);
                    }
                }
                Effect::CancelFilter(_) => {}
                Effect::CountValues { corpus, marks, kind } => {
                    let values = Arc::new(count_values(&corpus, &marks, &kind));
                    self.hear(Message::FieldValues { corpus, kind, values });
                }
                Effect::CountFacets { generation, corpus, counted, marks, searches } => {
                    let rows = facets(&corpus, &counted, &marks, &searches, &|| false).unwrap();
                    self.hear(Message::Facets { generation, rows });
                }
                Effect::SaveMarks { number, .. } if self.saves => {
                    self.effects.push(effect);
                    self.hear(Message::MarksSaved(number));
                }
                effect if self.has_library => self.effects.push(effect),
                Effect::MatchMoved(_)
                | Effect::StartDwell { .. }
                | Effect::SaveSession { .. }
                | Effect::SaveFilter(_)
                | Effect::SaveTheme(_) => {
                    self.kept.push(effect);
                }
                Effect::SaveMarks { .. } | Effect::SavePosition { .. } => self.kept.push(effect),
                other => self.effects.push(other),
            }
        }
    }

    /// Answers filter number `number` in full, as the filter thread does.
    pub(crate) fn answer(&mut self, number: usize) {
        let Some(request) = self.requests.get(number).cloned() else { return };
        let mut answers = Vec::new();
        scan(&request, &|| false, &mut |answer| answers.push(answer));
        let reason =
            answers.last().filter(|answer| answer.slots.is_empty()).and_then(|last| explain_empty(last, &|| false));
        let other = answers.last().and_then(|last| other_case(last, &|| false));
        let mut counts = Vec::new();
        count_hits(answers.last().unwrap(), &|| false, &mut |hits, complete| counts.push((hits, complete)));
        answers.into_iter().for_each(|answer| self.hear(Message::SearchResult(answer)));
        if let Some(reason) = reason {
            self.hear(Message::EmptyExplained { generation: request.generation, reason });
        }
        for (hits, complete) in counts {
            self.hear(Message::HitsCounted { generation: request.generation, hits, complete });
        }
        if let Some((case, matched)) = other {
            self.hear(Message::OtherCase { generation: request.generation, case, matched });
        }
    }

    /// Presses keys, written as in the config and parted by spaces.
    pub(crate) fn press(&mut self, keys: &str) -> &mut TestApp {
        for key in keys.split_whitespace() {
            self.hear(Message::Key(key.parse().unwrap()));
        }
        self
    }

    /// Types each character of `text`.
    pub(crate) fn type_in(&mut self, text: &str) -> &mut TestApp {
        for c in text.chars() {
            self.hear(Message::Key(c.to_string().parse().unwrap()));
        }
        self
    }

    /// Types a filter and keeps it.
    pub(crate) fn filter(&mut self, text: &str) -> &mut TestApp {
        self.press("/").type_in(text).press("enter")
    }

    pub(crate) fn corpus(&mut self, corpus: Corpus) {
        self.hear(Message::Corpus(Arc::new(corpus)));
    }

    pub(crate) fn mouse(&mut self, column: u16, row: u16, action: MouseAction) {
        self.hear(Message::Mouse(Mouse { column, row, action }));
    }

    pub(crate) fn resize(&mut self, columns: u16, rows: u16) {
        self.hear(Message::Resize(Size { columns, rows }));
    }

    /// The headlines of the list.
    pub(crate) fn listed(&self) -> Vec<String> {
        let headline = |&slot| self.state.corpus().get(slot).unwrap().headline().to_string();
        self.state.list().slots().iter().map(headline).collect()
    }

    /// The headline of the selected article, which is the open one.
    pub(crate) fn selected(&self) -> String {
        let slot = self.state.list().selected_slot().unwrap();
        let headline = self.state.corpus().get(slot).unwrap().headline().to_string();
        assert_eq!(headline, self.state.reading().open().unwrap().article.headline());
        headline
    }

    pub(crate) fn notice(&self) -> &str {
        self.state.notice().map_or("", |notice| notice.text.as_str())
    }

    pub(crate) fn typed(&self) -> &str {
        self.state.filter().editor().text()
    }

    /// The lines of text in sight.
    pub(crate) fn text(&self) -> Vec<String> {
        let reading = self.state.reading();
        let article = &reading.open().unwrap().article;
        let rows = usize::from(self.state.text_area().unwrap().rows);
        reading.page().lines().iter().skip(reading.top()).take(rows).map(|line| line.text(article)).collect()
    }

    /// The bytes of the article that the first line in sight shows, and their part.
    pub(crate) fn place(&self) -> (Option<usize>, std::ops::Range<usize>) {
        let line = &self.state.reading().page().lines()[self.state.reading().top()];
        (line.part, line.range.clone())
    }

    /// The text of the hit that the reader stands on.
    pub(crate) fn hit(&self) -> Option<String> {
        let open = self.state.reading().open()?;
        let hit = &open.hits[open.current?];
        Some(open.article.parts[hit.part].text[hit.range.clone()].to_owned())
    }

    /// The text of the screen.
    pub(crate) fn screen(&self) -> String {
        self.draw().backend().to_string()
    }

    pub(crate) fn draw(&self) -> Terminal<TestBackend> {
        let Size { columns, rows } = self.state.size();
        let mut terminal = Terminal::new(TestBackend::new(columns, rows)).unwrap();
        let theme = Theme::new(Some(Background::Dark), Depth::TrueColour, &Default::default());
        terminal.draw(|frame| draw(&self.state, &theme, frame)).unwrap();
        terminal
    }
}

/// Anything that may happen.
#[derive(Clone, Debug)]
pub(crate) enum Event {
    Key(Key),
    Type(&'static str),
    Paste(String),
    Mouse(Mouse),
    Resize(u16, u16),
    /// A file comes in, or comes anew.
    File(usize, String),
    FileGone(usize),
    AllGone,
    /// The filter thread answers one of the filters so far, most of them long out of date.
    Answer(usize),
    /// It answers with no more than the first articles.
    Begin(usize, usize),
    Problem,
    ProblemsGone,
    Loading(usize, usize),
}

impl TestApp {
    pub(crate) fn happen(&mut self, event: Event) {
        match event {
            Event::Key(key) => self.hear(Message::Key(key)),
            Event::Type(text) => {
                self.type_in(text);
            }
            Event::Paste(text) => self.hear(Message::Paste(text)),
            Event::Mouse(mouse) => self.hear(Message::Mouse(mouse)),
            Event::Resize(columns, rows) => self.resize(columns, rows),
            Event::File(number, text) => {
                let name = TOWN.get(number).map_or_else(|| format!("{number}.txt"), |(name, _)| (*name).to_owned());
                let text = format!("date 2023-09-{:02} TOWN\nFile {number}\n\n{text}", 20 + number);
                let corpus = with_file(self.state.corpus(), &name, &text);
                self.corpus(corpus);
            }
            Event::FileGone(number) => {
                let name = TOWN.get(number).map_or_else(|| format!("{number}.txt"), |(name, _)| (*name).to_owned());
                let corpus = without_file(self.state.corpus(), &name);
                self.corpus(corpus);
            }
            Event::AllGone => {
                let corpus = self.state.corpus().without(|_| true);
                self.corpus(corpus);
            }
            Event::Answer(number) => {
                if let Some(number) = number.checked_rem(self.requests.len()) {
                    self.answer(number);
                }
            }
            Event::Begin(number, first) => {
                let Some(number) = number.checked_rem(self.requests.len()) else { return };
                let request = self.requests[number].clone();
                let mut whole = None;
                scan(&request, &|| false, &mut |answer| whole = Some(answer));
                let mut answer = whole.unwrap();
                let slots: Vec<_> = answer.slots.iter().copied().take(first).collect();
                answer.matched = slots.len();
                answer.complete = false;
                answer.slots = Arc::new(slots);
                self.hear(Message::SearchResult(answer));
            }
            Event::Problem => self.hear(Message::Problem(Problem::refused("desk/a.bin".into(), &ReadError::Empty))),
            Event::ProblemsGone => self.hear(Message::ProblemsCleared("desk".into())),
            Event::Loading(found, read) => {
                self.hear(Message::Loading(LoadProgress { found, read, done: found == read, ..Default::default() }));
            }
        }
    }

    /// What holds whatever happened.
    pub(crate) fn check(&self) {
        let (list, reading) = (self.state.list(), self.state.reading());
        assert!(list.selected() < list.slots().len().max(1));
        if let Some(view) = self.state.list_view() {
            let last = list.top() + view.visible().max(1);
            assert!((list.top()..last).contains(&list.selected()), "{} of {}..{last}", list.selected(), list.top());
        }
        assert!(reading.top() <= reading.page().lines().len());
        if let (Some(open), Some(slot)) = (reading.open(), list.selected_slot()) {
            assert_eq!(open.slot, slot);
        }
        if let Some(open) = reading.open() {
            assert!(open.current.is_none_or(|current| current < open.hits.len()));
            for hit in &open.hits {
                assert!(open.article.parts[hit.part].text.get(hit.range.clone()).is_some());
            }
        }
        if !self.state.filter().is_on() {
            assert_eq!(list.slots(), &self.state.corpus().order()[..]);
        }
        let editor = self.state.filter().editor();
        assert!(editor.text().is_char_boundary(editor.cursor()));
        let Size { columns, rows } = self.state.size();
        let layout = self.state.layout();
        let areas = [layout.list, layout.divider, layout.reading, layout.bar, layout.status];
        let inner = [self.state.text_area(), self.state.list_view().map(|view| view.rows)];
        for area in areas.into_iter().chain(inner).flatten() {
            assert!(area.column + area.columns <= columns && area.row + area.rows <= rows, "{area:?}");
        }
        let mut terminal = self.draw();
        let cursor = terminal.backend_mut().get_cursor_position().unwrap();
        // On a screen of a few columns there is no cell for it.
        assert!(cursor.x < columns.max(1) && cursor.y < rows.max(1), "{cursor}");
    }
}
