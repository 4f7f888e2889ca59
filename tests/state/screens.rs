//! Whole screens, text and styles: each snapshot is what a reader sees, and below it a map of the styles, one letter
//! for each, with a dot for cells in the terminal's own.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;

use crate::support::app::TestApp;
use newsdesk::app::{DiffSpan, FeedRow, FeedStatus, LoadProgress, Message, Notice, Size};
use newsdesk::article::{Problem, ReadError, Warning};
use newsdesk::config::{Background, Config};
use newsdesk::corpus::{Corpus, FileStamp, Origin, ShardBuilder};
use newsdesk::formats::{FileHint, decode, read};
use newsdesk::ui::{Depth, Theme, draw};
use ratatui::Terminal;
use ratatui::backend::{Backend, TestBackend};
use ratatui::buffer::Buffer;
use ratatui::style::{Color, Style};
use unicode_width::UnicodeWidthStr;

/// A harbour town's news, of today, yesterday, this week, this year, the year before, and of no date.
const TOWN: [(&str, &str); 7] = [
    (
        "bridge.txt",
        "date 2023-10-01T08:15:00Z TRANSPORT\n\
         Swing bridge opens to carts and bicycles after a winter of repairs that nobody in the harbour wants to see again\n\
         The state pays for the bearings, the town for the paint.\n\
         The bridge at low water, with its new railings. / Photo: Harbour Office\n\
         The swing bridge carries carts and bicycles again. Eleven months of work have replaced its bearings, its \
         deck and every one of its two hundred lamps.\n\n\
         The harbour department closed it last autumn, when a diver found cracks in the pivot. Ferries took over, \
         and lost money on every crossing.\n\n\
         What it cost\n\n\
         The state department of transport paid for the bearings: “the one part that nobody sees”, as its engineers \
         say. The town paid for the rest.\n\n\
         Lorries have to wait. A weighing station is to open on the north bank in spring; until then anything \
         above three tonnes goes round by the locks.\n\n\
         SOURCE:Harbour Notes and Town Gazette",
    ),
    (
        "archive.txt",
        "date 2023-09-30 TOWN\nState archive opens its reading room\n\n\
         The department moved nine hundred boxes. Every state paper before 1900 may be read.\n\n\
         SOURCE:Town Gazette",
    ),
    (
        "telescope.txt",
        "date 2023-09-27 SCIENCE\n天文台 school telescope finds its first variable star\n\n\
         Pupils of the harbour school watched the star for forty nights.\n\nSOURCE:School Paper",
    ),
    (
        "storm.txt",
        "date 2023-09-12 WEATHER\nStorm passes north of the lighthouse\n\nThe state of the sea kept boats in.",
    ),
    ("choir.txt", "date 2022-05-03 CULTURE\nChoir looks for low voices\n\nPractice is on Mondays."),
    (
        "stalls.md",
        "# How to hire a stall\n\nBring *two* lamps and **one** table:\n\n- ask the [market office](https://market.example/stalls)\n\
         - pay at the quay\n\n> No stall without a lamp.\n\n```\nstalls: 40\nfree:    3\n```\n",
    ),
    ("notice.txt", "Lost: one blue oar"),
];

struct Screen {
    app: TestApp,
    theme: Theme,
}

impl Screen {
    fn new(columns: u16, rows: u16) -> Screen {
        Screen::configured("", columns, rows)
    }

    /// A screen with this config, which has no mistakes.
    fn configured(config: &str, columns: u16, rows: u16) -> Screen {
        let (config, problems) = Config::parse(config, Path::new("config.toml"));
        assert_eq!(problems, []);
        let mut builder = ShardBuilder::default();
        let dir: Arc<Path> = Arc::from(Path::new("town"));
        for (name, text) in TOWN {
            let decoded = decode(text.as_bytes()).unwrap();
            let reading = read(&decoded, &FileHint { file_name: name });
            let file = builder.file(&dir, name.as_ref(), Origin::File, FileStamp::default());
            for (ordinal, draft) in (0..).zip(&reading.drafts) {
                builder.push(file, name.as_bytes(), ordinal, reading.format, draft);
            }
        }
        let theme = Theme::new(Some(Background::Dark), Depth::TrueColour, &HashMap::new());
        let mut screen = Screen { app: TestApp::empty(config), theme };
        screen.app.hear(Message::Resize(Size { columns, rows }));
        screen.app.hear(Message::Library(Box::default()));
        screen.app.hear(Message::Corpus(Arc::new(Corpus::default().with([Arc::new(builder.finish())]))));
        let progress = LoadProgress {
            found: 7,
            read: 7,
            bytes: 4_000,
            walked: true,
            seconds_left: None,
            done: true,
            stopped: false,
            ..LoadProgress::default()
        };
        screen.app.hear(Message::Loading(progress));
        screen
    }

    fn in_theme(mut self, background: Background, depth: Depth) -> Screen {
        self.theme = Theme::new(Some(background), depth, &HashMap::new());
        self
    }

    fn heard(mut self, message: Message) -> Screen {
        self.app.hear(message);
        self
    }

    /// Presses keys, written as in the config and separated by spaces.
    fn press(mut self, keys: &str) -> Screen {
        self.app.press(keys);
        self
    }

    fn type_in(mut self, text: &str) -> Screen {
        self.app.type_in(text);
        self
    }

    fn draw(&self) -> Terminal<TestBackend> {
        let Size { columns, rows } = self.app.state.size();
        let mut terminal = Terminal::new(TestBackend::new(columns, rows)).unwrap();
        terminal.draw(|frame| draw(&self.app.state, &self.theme, frame)).unwrap();
        terminal
    }

    /// Text, cursor and styles.
    fn show(&self) -> String {
        let mut terminal = self.draw();
        let mut out = shown_text(terminal.backend().buffer());
        if terminal.backend().cursor_visible() {
            let cursor = terminal.backend_mut().get_cursor_position().unwrap();
            let _ = writeln!(out, "cursor: column {}, row {}", cursor.x, cursor.y);
        }
        out.push_str(&shown_styles(terminal.backend().buffer()));
        out
    }
}

fn rows(buffer: &Buffer) -> impl Iterator<Item = &[ratatui::buffer::Cell]> {
    buffer.content.chunks(usize::from(buffer.area.width).max(1))
}

fn shown_text(buffer: &Buffer) -> String {
    let mut out = String::new();
    for row in rows(buffer) {
        let mut line = String::new();
        let mut covered = 0;
        for cell in row {
            // The cell behind a wide character holds nothing of its own.
            if covered == 0 {
                line.push_str(cell.symbol());
                covered = cell.symbol().width();
            }
            covered = covered.saturating_sub(1);
        }
        let _ = writeln!(out, "|{line}|");
    }
    out
}

fn shown_styles(buffer: &Buffer) -> String {
    let plain = Style::new().fg(Color::Reset).bg(Color::Reset);
    let mut styles: Vec<Style> = Vec::new();
    let mut out = String::new();
    for row in rows(buffer) {
        let mut line = String::new();
        for cell in row {
            let style = Style::new().fg(cell.fg).bg(cell.bg).add_modifier(cell.modifier);
            if style == plain {
                line.push('.');
                continue;
            }
            let number = styles.iter().position(|known| *known == style).unwrap_or_else(|| {
                styles.push(style);
                styles.len() - 1
            });
            line.push(char::from(b'a' + u8::try_from(number).unwrap()));
        }
        let _ = writeln!(out, "{}", line.trim_end_matches('.'));
    }
    for (letter, style) in ('a'..).zip(&styles) {
        let _ = write!(out, "{letter}: {} on {}", colour(style.fg), colour(style.bg));
        let _ = if style.add_modifier.is_empty() { writeln!(out) } else { writeln!(out, ", {:?}", style.add_modifier) };
    }
    out
}

fn colour(colour: Option<Color>) -> String {
    match colour {
        None | Some(Color::Reset) => "own".to_owned(),
        Some(colour) => colour.to_string(),
    }
}

/// One snapshot a size: of two panes, of one, and of a small terminal window.
macro_rules! at_each_size {
    ($name:literal, $screen:expr) => {
        for (columns, rows) in [(120, 40), (80, 24), (40, 12)] {
            let screen: Screen = $screen(Screen::new(columns, rows));
            insta::assert_snapshot!(format!("{}_{columns}x{rows}", $name), screen.show());
        }
    };
}

#[test]
fn list_pane() {
    at_each_size!("list", |screen: Screen| screen.press("j"));
}

#[test]
fn reading_pane() {
    at_each_size!("reading", |screen: Screen| screen.press("enter j j"));
}

#[test]
fn markdown_keeps_its_marks() {
    let screen = Screen::new(80, 24).press("G");
    let at = screen.app.state.list().slots().iter().position(|&slot| {
        screen.app.state.corpus().get(slot).is_some_and(|entry| entry.headline().starts_with("How to hire"))
    });
    let mut screen = screen.press("g");
    for _ in 0..at.unwrap() {
        screen = screen.press("j");
    }
    insta::assert_snapshot!("markdown_80x24", screen.press("enter").show());
}

#[test]
fn filter_bar_with_two_words() {
    at_each_size!("filtering", |screen: Screen| screen.press("/").type_in("state department"));
}

#[test]
fn status_line_counts_articles_beyond_the_memory() {
    let progress =
        LoadProgress { done: true, left_out_files: 1_200, left_out_articles: 1_234, ..LoadProgress::default() };
    let screen = Screen::new(100, 24).heard(Message::Loading(progress));
    assert!(screen.show().contains("1,234 articles left out"), "{}", screen.show());
}

#[test]
fn hits_in_the_text_have_the_colours_of_their_words() {
    at_each_size!("hits", |screen: Screen| screen.press("/").type_in("state department").press("enter n n"));
}

#[test]
fn list_without_matches() {
    at_each_size!("no_match", |screen: Screen| screen.press("/").type_in("zeppelin").press("enter"));
}

#[test]
fn help_overlay() {
    at_each_size!("help", |screen: Screen| screen.press("?"));
}

#[test]
fn help_search() {
    insta::assert_snapshot!("help_search_80x24", Screen::new(80, 24).press("? /").type_in("hit").show());
}

#[test]
fn problems_name_file_line_cause_and_consequence() {
    at_each_size!("problems", |screen: Screen| {
        let warning = Warning {
            line: Some(1),
            cause: "\"2023-13-45\" is not a date".to_owned(),
            consequence: "the article is shown undated".to_owned(),
        };
        screen
            .heard(Message::Problem(Problem::warning("town/tide tables/october.txt".into(), warning)))
            .heard(Message::Problem(Problem::refused("town/map.png".into(), &ReadError::Binary("a PNG image"))))
            .press("!")
    });
}

#[test]
fn problems_fixed_while_listed_leave_a_message() {
    let screen = Screen::new(80, 24)
        .heard(Message::Problem(Problem::refused("town/map.png".into(), &ReadError::Empty)))
        .press("!")
        .heard(Message::ProblemsCleared("".into()));
    let shown = screen.show();
    assert!(shown.contains("0 problems") && shown.contains("No problems left"), "{shown}");
}

#[test]
fn palette() {
    at_each_size!("palette", |screen: Screen| screen.press(":").type_in("co").press("down"));
}

#[test]
fn loading_has_a_gauge() {
    at_each_size!("loading", |screen: Screen| {
        let progress = LoadProgress {
            found: 12_400,
            read: 5_000,
            bytes: 31_000_000,
            seconds_left: Some(12),
            ..LoadProgress::default()
        };
        screen
            .heard(Message::Loading(progress))
            .heard(Message::Problem(Problem::refused("town/map.png".into(), &ReadError::Empty)))
    });
}

#[test]
fn errors_are_shown_in_the_status_line() {
    let told = Message::Notice(Notice::error("town/choir.txt: the file is gone"));
    insta::assert_snapshot!("notice_80x24", Screen::new(80, 24).heard(told).show());
}

#[test]
fn zen_mode() {
    insta::assert_snapshot!("zen_80x24", Screen::new(80, 24).press("z").show());
}

#[test]
fn tall_narrow_screen_has_the_list_above_the_text() {
    insta::assert_snapshot!("tall_60x44", Screen::new(60, 44).press("/").type_in("state").press("enter").show());
}

#[test]
fn light_theme() {
    let screen = Screen::new(120, 40).in_theme(Background::Light, Depth::TrueColour);
    insta::assert_snapshot!("light_120x40", screen.press("/").type_in("state department").press("enter n").show());
}

#[test]
fn screen_without_colours_still_distinguishes_everything() {
    let screen = Screen::new(120, 40).in_theme(Background::Dark, Depth::None);
    insta::assert_snapshot!("no_color_120x40", screen.press("/").type_in("state department").press("enter n").show());
}

#[test]
fn sixteen_colours_are_those_of_the_terminal() {
    let screen = Screen::new(80, 24).in_theme(Background::Dark, Depth::Ansi16);
    insta::assert_snapshot!("ansi_80x24", screen.press("/").type_in("state department").press("enter").show());
}

#[test]
fn tiny_screens_are_drawn() {
    for columns in 0..=3 {
        for rows in 0..=3 {
            let screen = || {
                Screen::new(columns, rows)
                    .heard(Message::Problem(Problem::refused("town/map.png".into(), &ReadError::Empty)))
                    .heard(Message::Loading(LoadProgress { found: 9, read: 4, ..LoadProgress::default() }))
            };
            for keys in ["", "enter", "z", "/ s t", "/ s t enter n", "?", "? / q", ":", "|", "!", "1 2"] {
                screen().press(keys).draw();
            }
        }
    }
}

/// A desk on which an article is read, one is starred and tagged, one is noted, and one mark is on its way.
fn marked(screen: Screen) -> Screen {
    let screen = screen.press("r j s t").type_in("quay budget").press("enter j m").type_in("Call back").press("esc");
    screen.heard(Message::MarksSaved(4)).press("j s")
}

#[test]
fn marks_are_beside_headlines_and_unsaved_ones_differ() {
    at_each_size!("marks", marked);
}

#[test]
fn sources_pane_is_beside_the_others_or_alone() {
    at_each_size!("sources", |screen: Screen| marked(screen).press("f j"));
}

#[test]
fn note_editor_covers_the_panes_and_notes_follow_the_text() {
    at_each_size!("note", |screen: Screen| screen.press("m").type_in("Call the quay").press("enter").type_in("twice"));
    let screen = Screen::new(120, 40).press("m").type_in("Call the quay").press("esc t").type_in("quay").press("enter");
    insta::assert_snapshot!("noted_120x40", screen.press("enter").show());
}

#[test]
fn watched_words_have_their_colour_and_a_legend() {
    let screen = Screen::new(120, 40).press("/").type_in("state").press("enter S").type_in("States 's watch");
    insta::assert_snapshot!("watch_120x40", screen.press("enter esc enter").show());
    let screen =
        Screen::new(120, 40).in_theme(Background::Dark, Depth::None).press("/").type_in("state").press("enter S");
    insta::assert_snapshot!("watch_no_color_120x40", screen.type_in("States watch").press("enter esc enter").show());
}

#[test]
fn unsaved_changes_are_reported_and_confirmed() {
    let screen = Screen::new(80, 24).press("s").heard(Message::SaveFailed("the disk is full".to_owned()));
    insta::assert_snapshot!("unkept_80x24", screen.press("q").show());
}

/// A desk with three feeds, one of which fails.
fn with_feeds(screen: Screen) -> Screen {
    let row = |name: &str, error: Option<&str>| FeedRow {
        url: format!("https://{}.example/feed", name.to_lowercase().replace(' ', "-")),
        name: name.to_owned(),
        tags: Vec::new(),
        error: error.map(str::to_owned),
    };
    let feeds = vec![row("Harbour Radio", None), row("Canal Post", Some("the server says 503")), row("运河报", None)];
    screen.heard(Message::Feeds(Arc::new(feeds)))
}

#[test]
fn feeds_are_listed_in_sources_and_in_the_feed_list() {
    at_each_size!("feeds", |screen: Screen| with_feeds(screen).press("f"));
    let health = |name: &str, tags: &str, settings: Option<&str>, error: Option<&str>| FeedStatus {
        name: name.to_owned(),
        tags: tags.to_owned(),
        url: format!("https://{}.example/feed", name.to_lowercase().replace(' ', "-")),
        state: "1,204 entries, 17 unread; fetched 2023-10-01 11:00".to_owned(),
        settings: settings.map(str::to_owned),
        error: error.map(str::to_owned),
        warning: None,
    };
    let mut list = vec![
        health("Harbour Radio", " #coast #radio", Some("the newest 500 are kept; as the feed gives them"), None),
        health("Canal Post", "", None, Some("2023-10-01 11:00: the server says 503")),
        health("运河报", " #press", None, None),
    ];
    list[2].warning = Some("warning: line 3: the feed is not well-formed: a tag is not closed".to_owned());
    at_each_size!("feed_list", |screen: Screen| screen.heard(Message::FeedStatus(list.clone())).press("j j"));
}

#[test]
fn feeds_of_a_page_are_a_choice() {
    let feeds = [("https://canal.example/all", "All of it"), ("https://canal.example/news", "")];
    let feeds = feeds.map(|(url, title)| (url.to_owned(), title.to_owned())).to_vec();
    insta::assert_snapshot!("choice_80x24", Screen::new(80, 24).heard(Message::FeedChoice(feeds)).press("j").show());
}

#[test]
fn entry_changes_are_struck_out_or_highlighted() {
    let piece = |added, text: &str| DiffSpan { added, text: text.to_owned() };
    let changes = vec![
        vec![
            piece(None, "The bridge opens on "),
            piece(Some(false), "Monday"),
            piece(Some(true), "Tuesday"),
            piece(None, "."),
        ],
        vec![piece(Some(true), "Carts wait until spring.")],
    ];
    insta::assert_snapshot!("changes_80x24", Screen::new(80, 24).heard(Message::Changes(changes)).show());
}

/// The places to go to in the keymap that is planned, by actions of today.
const GO: &str = "[keys]\ntop = \"g g\"\n[keys.global]\n\"g l\" = \"open-link\"\n\"g f\" = \"sources\"\n\"g n\" = \"next-unread\"\n\"g p\" = \"problems\"\n\"g u\" = [\"toggle-read\", \"down\"]\n\"g v z\" = \"zen\"\n\"g s\" = \"toggle-star\"\n\"g r\" = \"refresh-feeds\"\n\"g t\" = \"tags\"\n\"g h\" = \"help\"\n\"g c\" = \"changes\"\n";

#[test]
fn key_popup_lists_the_keys_that_may_follow() {
    let screen = |columns, rows| Screen::configured(GO, columns, rows).press("3 g").heard(Message::KeyPopupDue);
    for (columns, rows) in [(160, 50), (80, 24), (40, 12)] {
        insta::assert_snapshot!(format!("key_popup_{columns}x{rows}"), screen(columns, rows).show());
    }
    let light = screen(80, 24).in_theme(Background::Light, Depth::TrueColour);
    insta::assert_snapshot!("key_popup_light_80x24", light.show());
}
