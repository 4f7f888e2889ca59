//! The state and its screen: any messages at any sizes, and what is drawn.

use newsdesk::app::{Message, Mouse, MouseAction, Notice};
use newsdesk::config::{Config, Density, Split};
use newsdesk::corpus::{Corpus, Origin};
use newsdesk::keys::{ACTIONS, Key};

use super::app::{Event, TestApp, long, shard, town};
use super::bytes::Bytes;
use super::safe::assert_safe;

/// What somebody types at once.
const TYPED: &[&str] = &["state", "quay ", "-the", "\"", "e", "tenth", " ", "国务院", "-", "12", "/"];

pub(super) fn check(input: &[u8]) {
    let mut bytes = Bytes(input);
    let config = Config {
        split: *bytes.pick(&[Split::Auto, Split::Columns, Split::Rows, Split::Single]),
        density: if bytes.coin() { Density::Compact } else { Config::default().density },
        justify: bytes.coin(),
        hyphenate: bytes.coin(),
        ..Config::default()
    };
    let slow = bytes.coin();
    let (columns, rows) = (u16::from(bytes.byte()), u16::from(bytes.byte() % 64));
    let corpus = match bytes.byte() % 4 {
        0 => Corpus::default(),
        _ => town().with([shard(&[("long.txt", &long("A long read", 12))], Origin::File)]),
    };
    let mut desk = TestApp::new(config, corpus, columns, rows);
    desk.slow = slow;
    look_at(&desk);
    let keys: Vec<Key> = ACTIONS.iter().flat_map(|spec| spec.keys).map(|key| key.parse().unwrap()).collect();
    for _ in 0..48 {
        if bytes.is_empty() {
            break;
        }
        let event = event(&mut bytes, &keys);
        match event {
            Some(event) => desk.happen(event),
            None => desk.hear(other(&mut bytes)),
        }
        look_at(&desk);
    }
}

fn look_at(desk: &TestApp) {
    desk.check();
    let terminal = desk.draw();
    for cell in terminal.backend().buffer().content() {
        assert_safe(cell.symbol());
        assert!(!cell.symbol().contains('\n'), "a line feed in a cell");
    }
}

fn event(bytes: &mut Bytes<'_>, keys: &[Key]) -> Option<Event> {
    Some(match bytes.byte() {
        0..=119 => Event::Key(*bytes.pick(keys)),
        120..=149 => Event::Type(bytes.pick::<&str>(TYPED)),
        150..=159 => {
            let length = usize::from(bytes.byte() % 24);
            Event::Paste(bytes.text(length))
        }
        160..=184 => {
            let action = *bytes.pick(&[
                MouseAction::Press,
                MouseAction::Drag,
                MouseAction::Release,
                MouseAction::WheelUp,
                MouseAction::WheelDown,
            ]);
            Event::Mouse(Mouse { column: u16::from(bytes.byte()), row: u16::from(bytes.byte() % 70), action })
        }
        185..=204 => Event::Resize(u16::from(bytes.byte()), u16::from(bytes.byte() % 70)),
        205..=219 => {
            let (file, length) = (usize::from(bytes.byte() % 8), usize::from(bytes.byte() % 48));
            // What is no text is refused before it gets here.
            let text = bytes.text(length).replace(char::is_control, " ");
            Event::File(file, text)
        }
        220..=223 => Event::FileGone(usize::from(bytes.byte() % 8)),
        224..=226 => Event::AllGone,
        227..=238 => Event::Answer(usize::from(bytes.byte())),
        239..=241 => Event::Begin(usize::from(bytes.byte()), usize::from(bytes.byte() % 4)),
        242 => Event::Problem,
        243 => Event::ProblemsGone,
        244..=246 => Event::Loading(usize::from(bytes.byte() % 9), usize::from(bytes.byte() % 9)),
        _ => return None,
    })
}

/// What the world outside may say besides.
fn other(bytes: &mut Bytes<'_>) -> Message {
    match bytes.byte() % 8 {
        0 => {
            let length = usize::from(bytes.byte() % 40);
            Message::Notice(Notice::error(bytes.text(length)))
        }
        1 => Message::HitsCounted { generation: u64::from(bytes.byte()), hits: u64::MAX, complete: bytes.coin() },
        2 => Message::MarksSaved(u64::from(bytes.byte())),
        3 => Message::SaveFailed("the disk is full\u{1b}[2J".to_owned()),
        4 => Message::ResaveAll,
        5 => {
            let length = usize::from(bytes.byte() % 24);
            Message::FeedChoice(vec![
                ("https://example.org/feed".to_owned(), bytes.text(length));
                usize::from(bytes.byte() % 5)
            ])
        }
        6 => {
            let day =
                chrono::NaiveDate::from_ymd_opt(2023, 1, 1).unwrap() + chrono::Days::new(u64::from(bytes.byte()) * 9);
            Message::Clock(day.and_hms_opt(0, 0, 0).unwrap())
        }
        _ => Message::Library(Box::default()),
    }
}
