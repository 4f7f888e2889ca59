//! What readers bring with them: the config, subscriptions, lists of newsboat.

use std::collections::BTreeSet;
use std::path::Path;

use newsdesk::config::Config;
use newsdesk::keys::{Key, Keymap};
use newsdesk::subscriptions::{Subscription, feed_address, newsboat as boat, opml as outlines};

pub(super) fn config(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    let (config, problems) = Config::parse(&text, Path::new("config.toml"));
    let lines = text.matches('\n').count() + 1;
    for problem in &problems {
        assert!(!problem.to_string().contains(|c: char| c.is_control()), "{problem}");
        assert!(problem.line.is_none_or(|line| line as usize <= lines), "{problem:?}");
        assert!(!problem.is_failure && problem.column.is_some_and(|column| column > 0), "{problem:?}");
    }
    let (again, same) = Config::parse(&text, Path::new("config.toml"));
    assert_eq!((again, same.len()), (config.clone(), problems.len()));
    Keymap::new(&config.keys);
    config.feeds.pause();
    assert!(config.list_share <= 100 && config.max_line_width > 0);
    if let Ok(key) = text.parse::<Key>() {
        assert_eq!(key.to_string().parse(), Ok(key), "{key:?} is written as it is read");
    }
}

pub(super) fn opml(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    let Some(read) = outlines::read(&text) else { return };
    assert_written_as_read(&read.subscriptions);
}

/// What is written is read to the same feeds. XML cannot hold controls and the like, which are left out as it is written;
/// what it can hold stays as it is from the second time on.
fn assert_written_as_read(subscriptions: &[Subscription]) {
    let written = outlines::write(subscriptions);
    let again = outlines::read(&written).expect("what is written is OPML");
    assert_eq!(again.problems, [], "{written}");
    let urls = |all: &[Subscription]| all.iter().map(|one| one.url.clone()).collect::<BTreeSet<_>>();
    assert_eq!(urls(&again.subscriptions), urls(subscriptions), "{written}");
    // What Rust writes with a backslash, but for quotation marks.
    if format!("{subscriptions:?}").replace("\\\"", "").contains('\\') {
        return;
    }
    let written = outlines::write(&again.subscriptions);
    let third = outlines::read(&written).expect("what is written is OPML");
    assert_eq!((&third.subscriptions, &third.problems), (&again.subscriptions, &again.problems), "{written}");
    assert_eq!(outlines::write(&third.subscriptions), written);
}

pub(super) fn newsboat(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    let today = chrono::NaiveDate::default();
    if let Some(read) = boat::read(&text) {
        for (name, query) in &read.searches {
            let parsed = newsdesk::query::Query::parse(query, today);
            assert!(parsed.mistake().is_none(), "{name} became {query}: {:?}", parsed.mistake());
        }
        let lines = text.lines().count();
        assert!(read.problems.iter().all(|(line, ..)| *line as usize <= lines.max(1)));
        assert_written_as_read(&read.subscriptions);
    }
    if let Some(address) = feed_address(&text) {
        assert_eq!(feed_address(&address).as_deref(), Some(address.as_str()));
    }
}
