//! The state as its reader meets it: keys go in, and what is then selected, open and told is looked at. No terminal, no
//! threads; a filter is answered before the next key.

use crate::support::cases::cases;
use std::path::Path;

use crate::support::app::*;
use newsdesk::app::{
    Effect, Focus, LibraryContents, LoadProgress, Message, Mouse, MouseAction, Notice, Overlay, help_rows, palette_rows,
};
use newsdesk::article::{Problem, ReadError};
use newsdesk::config::{Config, Density, Split, ThemeChoice};
use newsdesk::corpus::{Corpus, Origin};
use newsdesk::keys::{ACTIONS, Key};
use newsdesk::search::EmptyReason;
use proptest::prelude::*;

#[test]
fn keys_move_the_selection_and_stop_at_both_ends() {
    let mut desk = TestApp::wide();
    assert_eq!(desk.selected(), "Ferry to the islands sails again");
    desk.press("j j");
    assert_eq!(desk.selected(), "Market moves to the old quay");
    desk.press("k up up up");
    assert_eq!(desk.state.list().selected(), 0);
    desk.press("G down");
    assert_eq!(desk.selected(), "Choir looks for low voices");
    desk.press("g");
    assert_eq!(desk.state.list().selected(), 0);
    desk.press("^F");
    assert_eq!(desk.state.list().selected(), 4);
}

#[test]
fn count_before_a_key_repeats_it_or_names_a_row() {
    let mut desk = TestApp::wide();
    desk.press("3 j");
    assert_eq!(desk.state.list().selected(), 3);
    desk.press("2 k");
    assert_eq!(desk.state.list().selected(), 1);
    desk.press("4 G");
    assert_eq!(desk.state.list().selected(), 3);
    desk.press("2 g");
    assert_eq!(desk.state.list().selected(), 1);
    desk.press("1 0 j");
    assert_eq!(desk.state.list().selected(), 4);
    desk.press("9 9 9 9 9 9 9 9 9 9 9 9 k");
    assert_eq!((desk.state.list().selected(), desk.state.pending_keys().to_string()), (0, String::new()));
}

#[test]
fn count_scrolls_lines_if_the_text_has_the_focus() {
    let mut desk = TestApp::with_long(60);
    desk.press("enter 5 j");
    assert_eq!((desk.state.reading().top(), desk.selected().as_str()), (5, "A long read"));
    desk.press("2 k 1 2 G");
    assert_eq!(desk.state.reading().top(), 11);
}

#[test]
fn escape_backs_out_one_level_at_a_time() {
    let mut desk = TestApp::wide();
    desk.filter("state").press("j enter z");
    assert!(desk.state.layout().list.is_none());
    desk.press("esc");
    assert!(desk.state.layout().list.is_some());
    assert_eq!((desk.state.focus(), desk.typed()), (Focus::Reading, "state"));
    desk.press("esc");
    assert_eq!((desk.state.focus(), desk.typed()), (Focus::List, "state"));
    desk.press("esc");
    assert_eq!((desk.typed(), desk.listed().len()), ("", 5));
    desk.press("esc");
    assert_eq!(desk.notice(), "q quits");
    assert!(desk.effects.is_empty());
}

#[test]
fn escape_stops_loading_only_if_pressed_twice() {
    let mut desk = TestApp::wide();
    desk.hear(Message::Loading(LoadProgress { found: 29_137, read: 17_698, ..Default::default() }));
    desk.filter("state").press("esc");
    assert!(desk.effects.is_empty());
    desk.press("esc");
    assert_eq!(desk.notice(), "Loading 17,698 of 29,137 · Esc again stops");
    assert!(matches!(desk.effects[..], [Effect::ExpireStop { .. }]));
    desk.press("esc");
    assert!(matches!(desk.effects.last(), Some(Effect::StopLoading)));
}

#[test]
fn escape_too_late_or_after_another_key_does_not_stop_loading() {
    let mut desk = TestApp::wide();
    desk.hear(Message::Loading(LoadProgress { found: 9, read: 2, ..Default::default() }));
    desk.press("esc j esc");
    desk.hear(Message::StopExpired);
    assert_eq!(desk.notice(), "");
    desk.press("esc");
    assert!(desk.effects.iter().all(|effect| matches!(effect, Effect::ExpireStop { .. })), "{:?}", desk.effects);
}

#[test]
fn stopped_loading_stays_in_view_and_marks_counts_and_exports() {
    let mut desk = TestApp::new(Config::default(), town(), 80, 24);
    let stopped =
        LoadProgress { found: 29_137, read: 17_698, walked: true, done: true, stopped: true, ..Default::default() };
    desk.hear(Message::Loading(stopped));
    desk.filter("state");
    let screen = format!("{}", desk.draw().backend());
    for shown in ["▲ 17,698 of 29,137 files · F5 loads the rest", "3+ of 5 articles+", "3 articles+"] {
        assert!(screen.contains(shown), "{shown}\n{screen}");
    }
    desk.press("w enter");
    let Some(Effect::Export(export)) = desk.effects.last() else { panic!("{:?}", desk.effects) };
    assert_eq!(
        export.success().text,
        "3 articles written to 2023-10-01-state.md, incomplete: 17,698 of 29,137 files were read"
    );
    desk.press("f5");
    assert!(matches!(desk.effects.last(), Some(Effect::Reload)));
}

#[test]
fn export_writes_the_list_or_the_open_article() {
    let mut desk = TestApp::wide();
    desk.filter("state").press("w");
    assert_eq!(desk.state.overlay().unwrap().text(), "2023-10-01-state.md");
    assert_eq!(desk.state.export_question(), "Export 3 articles to a file (.md .csv .json .jsonl .txt)");
    desk.press("^U").type_in("found.csv").press("enter");
    let [Effect::Export(export)] = &desk.effects[..] else { panic!("{:?}", desk.effects) };
    assert_eq!((export.path.as_path(), export.slots.len(), export.force), (Path::new("found.csv"), 3, false));
    assert_eq!(export.heading.as_ref().unwrap().query, "state");
    desk.press("enter w");
    assert_eq!(desk.state.overlay().unwrap().text(), "2023-09-30-ferry-to-the-islands-sails-again.md");
    desk.press("enter");
    let Some(Effect::Export(export)) = desk.effects.last() else { panic!("{:?}", desk.effects) };
    assert_eq!((export.slots.len(), export.heading.is_none()), (1, true));
    desk.press(":").type_in("export notes.json").press("enter");
    assert!(matches!(desk.effects.last(), Some(Effect::Export(export)) if export.path.ends_with("notes.json")));
}

#[test]
fn export_refuses_unknown_extensions_and_keeps_the_input() {
    let mut desk = TestApp::wide();
    desk.press("w ^U").type_in("found.pdf").press("enter");
    assert_eq!(desk.notice(), "End the file name in .md, .csv, .json, .jsonl or .txt");
    assert_eq!(desk.state.overlay().unwrap().text(), "found.pdf");
    assert!(desk.effects.is_empty());
}

#[test]
fn export_replaces_files_only_after_a_question_or_bang() {
    let mut desk = TestApp::wide();
    desk.press("w enter");
    let Some(Effect::Export(export)) = desk.effects.pop() else { panic!("{:?}", desk.effects) };
    desk.hear(Message::ExportExists(export.clone()));
    let Some(Overlay::Confirm(question)) = desk.state.overlay() else { panic!("expected a question") };
    let question = &question.text;
    assert_eq!(question, "2023-10-01-articles.md exists already. Overwrite it?");
    desk.press("enter n");
    assert!(desk.state.overlay().is_none() && desk.effects.is_empty());
    desk.hear(Message::ExportExists(export));
    desk.press("y");
    assert!(matches!(desk.effects.pop(), Some(Effect::Export(export)) if export.force));
    desk.press(":").type_in("export! a.md").press("enter");
    assert!(matches!(desk.effects.pop(), Some(Effect::Export(export)) if export.force));
}

#[test]
fn unknown_command_is_reported_with_a_suggestion() {
    let mut desk = TestApp::wide();
    desk.press(":").type_in("exprot notes.md").press("enter");
    assert_eq!(desk.notice(), "Unknown command \"exprot\"; did you mean \"export\"?");
    desk.press(":").type_in("quit now").press("enter");
    assert_eq!(desk.notice(), "\"quit\" takes no argument");
    assert!(desk.effects.is_empty());
}

#[test]
fn zen_is_not_restored_at_the_start() {
    let mut desk = TestApp::wide();
    desk.press("j enter z");
    let session = desk.kept.iter().rev().find_map(|effect| match effect {
        Effect::SaveSession { session, .. } => Some(session.as_ref().clone()),
        _ => None,
    });
    let session = session.unwrap();
    let mut desk = TestApp::wide();
    desk.hear(Message::Library(Box::new(LibraryContents { session: Some(session), ..LibraryContents::default() })));
    assert_eq!(
        (desk.selected().as_str(), desk.state.focus()),
        ("State archive opens its reading room", Focus::Reading)
    );
    assert!(desk.state.layout().list.is_some());
}

#[test]
fn cancel_leaves_a_line_as_it_was_before() {
    let mut desk = TestApp::wide();
    desk.filter("state").press("enter /").type_in(" quay").press("^C");
    assert_eq!((desk.typed(), desk.state.focus(), desk.listed().len()), ("state", Focus::Reading, 3));
    for line in [":", "|", "S", "w", "t"] {
        desk.press(line).type_in("x").press("^C");
        assert!(desk.state.overlay().is_none(), "{line}");
    }
    assert!(desk.effects.is_empty(), "{:?}", desk.effects);
    desk.press("^C");
    assert!(matches!(desk.effects[..], [Effect::Quit]));
}

#[test]
fn filter_narrows_with_every_letter() {
    let mut desk = TestApp::wide();
    desk.press("/").type_in("quay");
    assert_eq!(desk.listed(), ["Ferry to the islands sails again", "Market moves to the old quay"]);
    assert_eq!(desk.state.filter().hits(), Some((2, true)));
    desk.press("space").type_in("dawn");
    assert_eq!(desk.listed(), ["Ferry to the islands sails again"]);
    let narrowed = desk.requests.last().unwrap().within.as_ref().map(|answer| answer.slots.len());
    assert_eq!(narrowed, Some(1));
    desk.press("^W ^W");
    assert_eq!(desk.listed().len(), 5);
}

#[test]
fn selection_stays_while_it_matches_and_without_filter() {
    let mut desk = TestApp::wide();
    desk.press("j j j / ").type_in("stat");
    assert_eq!(desk.selected(), "Storm passes north of the lighthouse");
    desk.type_in("e");
    assert_eq!((desk.listed().len(), desk.state.list().selected()), (3, 2));
    desk.press("esc");
    assert_eq!((desk.typed(), desk.state.focus()), ("", Focus::List));
    assert_eq!((desk.listed().len(), desk.state.list().selected()), (5, 3));
    assert_eq!(desk.selected(), "Storm passes north of the lighthouse");
}

#[test]
fn selection_moves_to_the_next_match() {
    let mut desk = TestApp::wide();
    desk.press("j j").filter("state");
    assert_eq!(desk.selected(), "Storm passes north of the lighthouse");
}

#[test]
fn filter_without_matches_selects_nothing_until_cleared() {
    let mut desk = TestApp::wide();
    desk.press("j").filter("zeppelin");
    assert!(desk.listed().is_empty() && desk.state.reading().open().is_none());
    desk.press("j k G g ^F enter space b o y e n N z");
    assert!(desk.effects.is_empty());
    desk.press("esc esc");
    assert_eq!(desk.listed().len(), 5);
    desk.selected();
}

#[test]
fn next_hit_visits_all_hits_of_all_articles() {
    let mut desk = TestApp::wide();
    desk.filter("state");
    let walk: Vec<_> = (0..5)
        .map(|_| {
            desk.press("n");
            (desk.state.list().selected(), desk.state.reading().open().unwrap().current, desk.hit().unwrap())
        })
        .collect();
    let hit = |place, number, text: &str| (place, Some(number), text.to_owned());
    let expected = [hit(0, 0, "state"), hit(1, 0, "State"), hit(1, 1, "state"), hit(1, 2, "state"), hit(2, 0, "state")];
    assert_eq!(walk, expected);
    desk.press("n");
    assert_eq!((desk.notice(), desk.state.list().selected()), ("No hit after this one", 2));
}

#[test]
fn previous_hit_goes_to_the_last_hit_of_the_article_before() {
    let mut desk = TestApp::wide();
    desk.filter("state").press("5 n");
    assert_eq!(desk.state.list().selected(), 2);
    desk.press("N");
    assert_eq!((desk.state.list().selected(), desk.state.reading().open().unwrap().current), (1, Some(2)));
    desk.press("3 N");
    assert_eq!((desk.state.list().selected(), desk.state.reading().open().unwrap().current), (0, Some(0)));
    desk.press("N");
    assert_eq!((desk.notice(), desk.hit().as_deref()), ("No hit before this one", Some("state")));
}

#[test]
fn hits_are_scrolled_into_view() {
    let mut desk = TestApp::with_long(60);
    desk.filter("tenth");
    for number in 1..=6 {
        desk.press("n");
        let text = desk.text().join("\n");
        assert!(text.contains(&format!("tenth paragraph number {}", number * 10)), "{text}");
    }
    desk.press("N N");
    assert!(desk.text().join("\n").contains("tenth paragraph number 40,"));
}

#[test]
fn next_hit_shows_the_text_on_a_narrow_screen() {
    let mut desk = TestApp::narrow();
    desk.filter("state").press("n");
    assert_eq!((desk.state.focus(), desk.hit().as_deref()), (Focus::Reading, Some("state")));
}

#[test]
fn next_hit_without_words_to_find_explains_itself() {
    let mut desk = TestApp::wide();
    desk.press("n");
    assert_eq!(desk.notice(), "No hits: the filter has no words to find in the text");
    desk.filter("-state");
    assert_eq!(desk.listed(), ["Market moves to the old quay", "Choir looks for low voices"]);
    desk.press("n");
    assert_eq!((desk.notice(), desk.hit()), ("No hits: the filter has no words to find in the text", None));
}

#[test]
fn filter_without_words_shows_no_snippets_or_hits() {
    for (density, rows) in [(Density::Compact, 1), (Density::Comfortable, 2)] {
        let mut desk = TestApp::new(Config { density, ..Config::default() }, town(), 120, 40);
        for filter in ["section:town", "is:unread", "-sea", "date:2023 sort:old"] {
            desk.press("esc esc").filter(filter);
            assert_eq!(desk.state.list_view().unwrap().row_height, rows, "{filter}");
            let screen = desk.screen();
            assert!(screen.contains("articles") && !screen.contains(" hits"), "{filter}\n{screen}");
            assert!(!screen.contains("n N hit"), "{filter}\n{screen}");
        }
        desk.press("esc esc").filter("section:town state");
        assert_eq!(desk.state.list_view().unwrap().row_height, rows + 1);
        assert!(desk.screen().contains("n N hit"));
    }
}

#[test]
fn case_toggle_changes_the_filter_and_shows_its_count() {
    let corpus = with_file(&town(), "us.txt", "date 2023-09-29 WORLD\nUS sends help\n\nIt came.");
    let mut desk = TestApp::new(Config::default(), corpus, 80, 24);
    desk.press("Alt-c");
    assert_eq!(desk.notice(), "No filter; press / to type one");
    desk.press("/").type_in("US");
    assert_eq!(desk.listed(), ["US sends help"]);
    assert!(desk.screen().contains("Aa  1 article · 1 hit · 1 here · Alt-c ignores case (+1)"), "{}", desk.screen());
    desk.press("Alt-c");
    assert_eq!((desk.typed(), desk.listed().len()), ("case:ignore US", 2));
    assert!(desk.screen().contains("A=a  2 articles · 2 hits"), "{}", desk.screen());
    desk.press("enter Alt-c");
    assert_eq!((desk.typed(), desk.listed().len()), ("case:exact US", 1));
    assert!(desk.screen().contains("A≠a  1 article"), "{}", desk.screen());
    desk.press("Alt-c");
    assert_eq!((desk.typed(), desk.listed().len()), ("US", 1));
    desk.press("esc /").type_in("us").press("Alt-c").type_in("e");
    assert_eq!((desk.typed(), desk.listed().len()), ("case:exact use", 1), "the cursor stays where it was");
    desk.press("esc /").type_in("sECTION:town CASE:exact us").press("Alt-c");
    assert_eq!(desk.typed(), "sECTION:town case:ignore us", "one that is there is replaced");
}

#[test]
fn empty_answer_suggests_the_other_case() {
    let mut desk = TestApp::wide();
    desk.filter("STATE");
    assert!(desk.listed().is_empty());
    assert!(desk.screen().contains("No article matches. Alt-c ignores case: 3 articles."), "{}", desk.screen());
}

#[test]
fn slash_puts_the_cursor_after_a_space() {
    let mut desk = TestApp::wide();
    desk.filter("state");
    let (listed, asked) = (desk.listed(), desk.requests.len());
    desk.press("/");
    assert_eq!((desk.typed(), desk.state.filter().editor().cursor()), ("state ", 6));
    assert_eq!((desk.listed(), desk.requests.len()), (listed, asked), "a space changes nothing");
    desk.type_in("sea");
    assert_eq!(desk.listed(), ["Storm passes north of the lighthouse"]);
    desk.press("enter / enter");
    assert_eq!(desk.typed(), "state sea");
    // In an expression that is not closed a space would count, and a field waits for its value.
    for open in ["/st.te", "title:"] {
        desk.press("esc esc").filter(open).press("/");
        assert_eq!(desk.typed(), open);
        desk.press("enter");
    }
    // An empty filter stays empty.
    desk.press("esc esc /");
    assert_eq!(desk.typed(), "");
}

#[test]
fn articles_from_the_future_are_hidden_if_the_config_says_so() {
    let late = |date: &str| format!("date {date} WORLD\nSent from {date}\n\nThe state of things.");
    let mut corpus = town();
    for date in ["2023-10-02", "2023-10-03", "2199-01-01"] {
        corpus = with_file(&corpus, &format!("{date}.txt"), &late(date));
    }
    let config = Config { hide_future: true, ..Config::default() };
    let mut desk = TestApp::new(config, corpus.clone(), 120, 40);
    assert_eq!((desk.listed().len(), desk.selected().as_str()), (6, "Sent from 2023-10-02"));
    assert!(desk.screen().contains("6 articles · 2 in the future"), "{}", desk.screen());
    desk.filter("state");
    assert_eq!(desk.listed().len(), 4);
    desk.press("esc esc").filter("date:2199 OR date:2023-10-03");
    assert_eq!(desk.listed().len(), 2, "a date that names the future finds it");
    desk.press("esc esc");
    desk.hear(Message::Clock(now() + chrono::Days::new(1)));
    assert_eq!(desk.listed().len(), 7, "a day later one more is not so far ahead");
    let mut desk = TestApp::new(Config::default(), corpus, 120, 40);
    assert_eq!(desk.listed().len(), 8);
    desk.filter("state");
    assert_eq!(desk.listed().len(), 6);
}

#[test]
fn filter_history_ends_with_the_typed_text() {
    let mut desk = TestApp::wide();
    desk.filter("quay").press("/ ^U").type_in("state").press("enter / ^U").type_in("dr");
    desk.press("up");
    assert_eq!((desk.typed(), desk.listed().len()), ("state", 3));
    desk.press("up");
    assert_eq!((desk.typed(), desk.listed().len()), ("quay", 2));
    desk.press("up");
    assert_eq!(desk.typed(), "quay");
    desk.press("down down");
    assert_eq!(desk.typed(), "dr");
    desk.press("down");
    assert_eq!(desk.typed(), "dr");
}

#[test]
fn cleared_filter_can_be_recalled_from_the_history() {
    let mut desk = TestApp::wide();
    desk.press("/").type_in("state").press("esc / up enter");
    assert_eq!((desk.typed(), desk.listed().len()), ("state", 3));
}

#[test]
fn answers_to_older_filters_are_dropped() {
    let mut desk = TestApp::wide();
    desk.slow = true;
    desk.press("/").type_in("qs");
    desk.press("backspace").type_in("uay");
    let last = desk.requests.len() - 1;
    desk.answer(1);
    assert_eq!(desk.listed().len(), 5);
    assert!(!desk.state.filter().is_answered());
    desk.answer(last);
    assert_eq!((desk.listed().len(), desk.state.filter().hits()), (2, Some((2, true))));
    desk.answer(0);
    assert_eq!((desk.listed().len(), desk.state.filter().hits()), (2, Some((2, true))));
    desk.press("esc");
    desk.answer(last);
    assert_eq!((desk.listed().len(), desk.state.filter().hits()), (5, None));
}

#[test]
fn selection_follows_the_newest_article_until_moved() {
    let mut desk = TestApp::wide();
    let grown = with_file(desk.state.corpus(), "fire.txt", "date 2023-10-01 TOWN\nFire is out\n\nNobody was hurt.");
    desk.corpus(grown);
    assert_eq!((desk.selected().as_str(), desk.listed().len()), ("Fire is out", 6));
}

#[test]
fn selection_stays_once_moved_if_newer_articles_arrive() {
    let mut desk = TestApp::wide();
    desk.press("j");
    let grown = with_file(desk.state.corpus(), "fire.txt", "date 2023-10-01 TOWN\nFire is out\n\nNobody was hurt.");
    desk.corpus(grown);
    assert_eq!((desk.selected().as_str(), desk.state.list().selected()), ("State archive opens its reading room", 2));
}

#[test]
fn rewritten_article_stays_selected_at_its_place() {
    let mut desk = TestApp::with_long(60);
    desk.press("enter 3 0 j");
    let (place, text) = (desk.place(), desk.text()[0].clone());
    let changed = with_file(desk.state.corpus(), "long.txt", &long("A longer read", 70));
    let changed = with_file(&changed, "fire.txt", "date 2023-10-01 TOWN\nFire is out\n\nNobody was hurt.");
    desk.corpus(changed);
    assert_eq!(desk.selected(), "A longer read");
    assert_eq!((desk.place(), &desk.text()[0]), (place, &text));
    assert_eq!(desk.state.focus(), Focus::Reading);
}

#[test]
fn deleted_article_hands_the_selection_to_the_next() {
    let mut desk = TestApp::wide();
    desk.press("j j");
    let fewer = without_file(desk.state.corpus(), "market.txt");
    desk.corpus(fewer);
    assert_eq!(desk.selected(), "Storm passes north of the lighthouse");
    desk.corpus(Corpus::default());
    assert!(desk.listed().is_empty() && desk.state.reading().open().is_none());
}

#[test]
fn filter_applies_to_a_new_version() {
    let mut desk = TestApp::wide();
    desk.filter("state").press("j");
    let grown = with_file(desk.state.corpus(), "tax.txt", "date 2023-10-01 TOWN\nTax is due\n\nThe state wants it.");
    desk.corpus(grown);
    assert_eq!(desk.listed().len(), 4);
    assert_eq!((desk.selected().as_str(), desk.state.list().selected()), ("State archive opens its reading room", 2));
    assert_eq!(desk.state.filter().hits(), Some((6, true)));
}

#[test]
fn zen_shows_only_the_text_and_ends_with_a_filter() {
    let mut desk = TestApp::wide();
    desk.press("z");
    let layout = desk.state.layout();
    assert!(layout.list.is_none() && layout.bar.is_none() && layout.status.is_none());
    assert_eq!(layout.reading.map(|area| (area.columns, area.rows)), Some((120, 40)));
    desk.press("J");
    assert_eq!(desk.selected(), "State archive opens its reading room");
    desk.press("z");
    assert!(desk.state.layout().list.is_some());
    desk.press("z /");
    assert!(desk.state.layout().bar.is_some());
    desk.press("esc");
    assert!(desk.state.layout().list.is_some());
}

#[test]
fn space_pages_through_the_text_into_the_next_article() {
    let mut desk = TestApp::with_long(60);
    let mut pages = 0;
    while desk.selected() == "A long read" {
        let last = desk.text().last().cloned();
        desk.press("space");
        pages += 1;
        assert!(pages < 20);
        if desk.selected() == "A long read" {
            // The last line of a page is still there at the top of the next.
            assert!(desk.text().contains(&last.unwrap()));
        }
    }
    assert!(pages > 3);
    assert_eq!((desk.selected().as_str(), desk.state.reading().top()), ("State archive opens its reading room", 0));
    desk.press("space space space space");
    assert_eq!(desk.notice(), "End of the last article");
}

#[test]
fn palette_finds_an_action_by_name_and_runs_it() {
    let mut desk = TestApp::wide();
    desk.press(":").type_in("theme");
    assert_eq!(palette_rows("theme")[0].name, "theme");
    desk.press("enter");
    assert_eq!((desk.state.theme(), desk.notice()), (ThemeChoice::Dark, "Theme: dark"));
    assert!(desk.state.overlay().is_none());
    desk.press(":").type_in("stop load").press("enter");
    assert!(matches!(desk.effects[..], [Effect::StopLoading]));
    desk.press(":").type_in("qqqq").press("enter");
    assert!(desk.state.overlay().is_none() && desk.effects.len() == 1);
    desk.press(": down down up esc j");
    assert_eq!(desk.state.list().selected(), 1);
}

#[test]
fn help_is_searched_with_slash_and_closed_with_escape() {
    let mut desk = TestApp::wide();
    desk.press("? /").type_in("clipboard");
    let rows = |desk: &TestApp| {
        let line = desk.state.overlay().unwrap().text().to_owned();
        help_rows(&line, desk.state.keymap()).into_iter().map(|spec| spec.name).collect::<Vec<_>>()
    };
    assert!(rows(&desk).is_empty());
    desk.press("^U").type_in("next article");
    assert!(rows(&desk).contains(&"next-article") && !rows(&desk).contains(&"quit"));
    desk.press("enter j");
    assert_eq!(desk.state.overlay().unwrap().row(), 1);
    assert_eq!(desk.state.list().selected(), 0);
    desk.press("esc");
    assert!(desk.state.overlay().is_none());
}

#[test]
fn problems_are_listed_until_their_file_is_reread() {
    let mut desk = TestApp::wide();
    desk.press("!");
    assert_eq!(desk.notice(), "No problems: everything could be read");
    for name in ["a.bin", "b.bin", "sub/c.bin"] {
        let path = Path::new("desk").join(name);
        desk.hear(Message::Problem(Problem::refused(path, &ReadError::Empty)));
    }
    desk.press("! j j j");
    assert!(matches!(desk.state.overlay(), Some(Overlay::Problems { row: 2 })));
    desk.hear(Message::ProblemsCleared("desk/sub".into()));
    assert_eq!(desk.state.problem_count(), 2);
    desk.draw();
    desk.press("!");
    desk.hear(Message::ProblemsCleared("".into()));
    desk.press("!");
    assert!(desk.state.overlay().is_none());
}

#[test]
fn copy_takes_headline_and_address_or_the_article() {
    let mut desk = TestApp::wide();
    desk.press("j y");
    let [Effect::Copy(text)] = &desk.effects[..] else { panic!("{:?}", desk.effects) };
    assert_eq!(text, "State archive opens its reading room\ndesk/archive.txt\n");
    assert_eq!(desk.notice(), "Copied headline and address");
    desk.press("Y");
    let Some(Effect::Copy(text)) = desk.effects.last() else { panic!("{:?}", desk.effects) };
    assert!(text.contains("nine hundred boxes") && text.contains("Town Gazette"));
    desk.press("s t").type_in("wheat").press("enter m").type_in("Ask the printer").press("esc Y");
    let Some(Effect::Copy(text)) = desk.effects.last() else { panic!("{:?}", desk.effects) };
    assert!(text.ends_with("\nMarks: starred · #wheat\n\nNote: Ask the printer\n"), "{text}");
}

#[test]
fn links_are_opened_by_number_or_reported_missing() {
    let page = "# Two links\n\nSee [one](https://one.example/) and [two](https://two.example/).\n";
    let mut desk = TestApp::new(Config::default(), with_file(&town(), "links.md", page), 120, 40);
    desk.press("G");
    assert_eq!(desk.selected(), "Two links");
    desk.press("o 2 o");
    let links: Vec<_> = desk.effects.iter().map(|effect| format!("{effect:?}")).collect();
    assert_eq!(links, [r#"OpenLink("https://one.example/")"#, r#"OpenLink("https://two.example/")"#]);
    desk.press("3 o");
    assert_eq!(desk.notice(), "This article has no link 3");
    desk.press("g o");
    assert_eq!(desk.notice(), "This article has no address and no links");
    assert_eq!(desk.effects.len(), 2);
}

#[test]
fn edit_needs_an_article_in_a_file() {
    let mut desk = TestApp::wide();
    desk.press("e");
    assert!(matches!(&desk.effects[..], [Effect::Edit(path)] if path == Path::new("desk/ferry.txt")));
    let piped = Corpus::default().with([shard(&TOWN[..1], Origin::Input)]);
    let mut desk = TestApp::new(Config::default(), piped, 120, 40);
    desk.press("e");
    assert_eq!((desk.notice(), desk.effects.len()), ("This article has no file to edit", 0));
}

#[test]
fn pipe_sends_the_article_to_the_typed_command() {
    let mut desk = TestApp::wide();
    desk.press("| enter");
    assert!(desk.effects.is_empty());
    desk.press("|").type_in("wc -w").press("enter");
    let [Effect::Pipe { command, text }] = &desk.effects[..] else { panic!("{:?}", desk.effects) };
    assert!(command == "wc -w" && text.starts_with("Ferry to the islands"));
}

#[test]
fn keys_request_the_effects_they_name() {
    let mut desk = TestApp::wide();
    desk.press("f5 ^L ^Z ^C /");
    assert!(matches!(desk.effects[..], [Effect::Reload, Effect::Redraw, Effect::Suspend, Effect::Quit]));
    desk.press("q");
    assert_eq!((desk.typed(), desk.effects.len()), ("q", 4));
    desk.press("esc q");
    assert!(matches!(desk.effects.last(), Some(Effect::Quit)));
}

#[test]
fn query_mistakes_keep_the_last_answer_and_are_reported() {
    let mut desk = TestApp::wide();
    desk.press("/").type_in("state").press("space").type_in("is:star");
    let (found, asked) = (desk.listed(), desk.requests.len());
    assert_eq!(found.len(), 3);
    // What may become `starred` is no mistake yet, what cannot is one.
    assert_eq!(desk.state.filter().typed().mistake(), None);
    desk.type_in("ed").press("space");
    assert_eq!((desk.listed().len(), desk.requests.len()), (3, asked));
    let mistake = desk.state.filter().typed().mistake().unwrap().clone();
    assert_eq!((mistake.span, mistake.message.contains("is:starred")), (9..15, true));
    assert_eq!(desk.state.filter().query().terms()[0].text, "state");
    // Enter leaves the bar once it is mended.
    desk.press("enter");
    assert_eq!(desk.state.focus(), Focus::Filter);
    desk.press("^W enter");
    assert_eq!(desk.state.focus(), Focus::List);
}

#[test]
fn query_without_its_unknown_word_is_searched() {
    let mut desk = TestApp::wide();
    desk.press("/").type_in("state").press("space").type_in("secton");
    assert_eq!(desk.listed().len(), 0);
    desk.type_in(":");
    assert_eq!(desk.listed().len(), 3);
    let asked = desk.requests.len();
    desk.type_in("town");
    assert_eq!((desk.listed().len(), desk.requests.len()), (3, asked));
}

#[test]
fn excluded_words_count_once_they_are_long_enough() {
    let mut desk = TestApp::wide();
    desk.press("/").type_in("state").press("space").type_in("-");
    for (letter, found) in [("a", 3), ("r", 3), ("c", 2), ("h", 2)] {
        assert_eq!(desk.type_in(letter).listed().len(), found, "{letter}");
    }
    // What is kept is meant as it stands, however it is kept.
    desk.press("^W").type_in("a");
    assert_eq!(desk.listed().len(), 3);
    desk.press("enter");
    assert_eq!(desk.listed().len(), 0);
    desk.press("/ backspace backspace backspace").type_in("-a");
    assert_eq!(desk.listed().len(), 3);
    desk.mouse(5, 2, MouseAction::Press);
    assert_eq!((desk.state.focus(), desk.listed().len()), (Focus::List, 0));
}

#[test]
fn typing_without_effect_sends_no_query() {
    let mut desk = TestApp::wide();
    desk.press("/").type_in("state");
    let asked = desk.requests.len();
    desk.press("space").type_in("title:");
    desk.press("backspace").type_in(":");
    // `title` alone is a word, with its colon it is nothing yet.
    assert_eq!(desk.listed().len(), 3);
    desk.press("space space");
    assert!(desk.requests.len() > asked);
    let asked = desk.requests.len();
    desk.press("space -");
    assert_eq!(desk.requests.len(), asked);
}

#[test]
fn empty_answer_names_the_condition_that_costs_most() {
    let mut desk = TestApp::wide();
    desk.press("/").type_in("state quay section:weather");
    assert_eq!(desk.state.filter().empty_reason(), Some(&EmptyReason::Without("quay".to_owned(), 1)));
    desk.press("^U").type_in("state nowhere anywhere");
    assert_eq!(desk.state.filter().empty_reason(), Some(&EmptyReason::Alone("nowhere".to_owned())));
    desk.press("^U").type_in("nowhere");
    assert_eq!(desk.state.filter().empty_reason(), None);
}

#[test]
fn tab_completes_fields_then_values_with_counts() {
    let mut desk = TestApp::wide();
    desk.press("/").type_in("s").press("tab");
    assert_eq!(desk.typed(), "source:");
    let menu = desk.state.filter().completion().unwrap();
    assert_eq!(menu.candidates().len(), 4);
    desk.press("tab");
    assert_eq!(desk.typed(), "section:");
    desk.press("shift-tab shift-tab");
    assert_eq!(desk.typed(), "sort:");
    // Esc takes the candidate back and stays.
    desk.press("esc");
    assert_eq!((desk.typed(), desk.state.focus()), ("s", Focus::Filter));
    desk.press("tab tab").type_in("to").press("tab");
    assert_eq!(desk.typed(), "section:town");
    assert!(desk.state.filter().completion().is_none());
    assert_eq!(desk.listed().len(), 2);
    desk.press("^U").type_in("-source:").press("tab");
    let shown: Vec<_> =
        desk.state.filter().completion().unwrap().candidates().iter().map(|one| one.shown.clone()).collect();
    assert_eq!(shown, ["Harbour Notes", "Town Gazette"]);
    assert_eq!(desk.typed(), "-source:\"harbour notes\"");
    assert_eq!(desk.listed().len(), 4);
    desk.type_in("x");
    assert!(desk.state.filter().completion().is_none());
}

#[test]
fn question_mark_shows_syntax_help_only_at_a_word_start() {
    let mut desk = TestApp::narrow();
    desk.press("/ ?");
    assert!(matches!(desk.state.overlay(), Some(Overlay::Language { .. })));
    desk.press("esc").type_in("/ab?/").press("space ?");
    assert_eq!(desk.typed(), "/ab?/ ");
    assert!(matches!(desk.state.overlay(), Some(Overlay::Language { .. })));
    desk.press("? esc :").type_in("wh?");
    assert_eq!(desk.state.overlay().map(Overlay::text), Some("wh?"));
}

#[test]
fn since_counts_from_today() {
    let mut desk = TestApp::wide();
    desk.filter("since:3d");
    assert_eq!(desk.listed().len(), 2);
    desk.hear(Message::Clock(now() + chrono::Days::new(2)));
    assert_eq!(desk.listed().len(), 1);
}

#[test]
fn answers_are_listed_in_the_requested_order() {
    let mut desk = TestApp::wide();
    desk.filter("sort:title");
    assert_eq!(desk.listed()[0], "Choir looks for low voices");
    desk.press("/").type_in(" state").press("enter");
    assert_eq!(desk.listed()[2], "Storm passes north of the lighthouse");
    desk.press("/ ^U").type_in("state sort:old");
    assert_eq!(desk.listed()[0], "Storm passes north of the lighthouse");
    desk.press("^U").type_in("state sort:relevance");
    assert_eq!(desk.listed()[0], "State archive opens its reading room");
    desk.press("esc");
    assert_eq!(desk.listed()[0], "Ferry to the islands sails again");
}

#[test]
fn pasted_text_is_text_and_never_keys() {
    let mut desk = TestApp::wide();
    desk.hear(Message::Paste("quay\nq\u{1b}".to_owned()));
    assert_eq!((desk.typed(), desk.state.focus()), ("quay q␛", Focus::Filter));
    assert!(desk.effects.is_empty());
    desk.press("esc :");
    desk.hear(Message::Paste("theme".to_owned()));
    assert_eq!(desk.state.overlay().map(Overlay::text), Some("theme"));
    desk.press("esc ?");
    desk.hear(Message::Paste("q".to_owned()));
    assert!(desk.state.overlay().is_some() && desk.typed().is_empty());
}

#[test]
fn click_selects_an_article_and_a_second_opens_it() {
    let mut desk = TestApp::wide();
    let view = desk.state.list_view().unwrap();
    let row = view.rows.row + 2 * view.row_height;
    desk.mouse(5, row, MouseAction::Press);
    assert_eq!((desk.state.list().selected(), desk.state.focus()), (2, Focus::List));
    desk.mouse(5, row, MouseAction::Press);
    assert_eq!((desk.state.list().selected(), desk.state.focus()), (2, Focus::Reading));
    desk.mouse(5, view.rows.row + 20, MouseAction::Press);
    assert_eq!((desk.state.list().selected(), desk.state.focus()), (2, Focus::Reading));
    let bar = desk.state.layout().bar.unwrap();
    desk.mouse(9, bar.row, MouseAction::Press);
    assert_eq!(desk.state.focus(), Focus::Filter);
    desk.press("x ?").mouse(5, row, MouseAction::Press);
    assert_eq!(desk.typed(), "x?");
}

#[test]
fn wheel_scrolls_the_pane_under_the_mouse() {
    let mut desk = TestApp::with_long(60);
    let reading = desk.state.layout().reading.unwrap();
    desk.mouse(reading.column + 5, 5, MouseAction::WheelDown);
    assert_eq!((desk.state.reading().top(), desk.state.focus()), (3, Focus::List));
    desk.mouse(reading.column + 5, 5, MouseAction::WheelUp);
    assert_eq!(desk.state.reading().top(), 0);
    desk.mouse(2, 5, MouseAction::WheelDown);
    assert_eq!(desk.selected(), "A long read");
}

#[test]
fn divider_between_the_panes_is_dragged() {
    let mut desk = TestApp::wide();
    let rule = desk.state.layout().divider.unwrap();
    desk.mouse(rule.column, 10, MouseAction::Press);
    desk.mouse(72, 10, MouseAction::Drag);
    assert_eq!(desk.state.layout().divider.map(|rule| rule.column), Some(72));
    desk.mouse(1, 10, MouseAction::Drag);
    assert_eq!(desk.state.layout().divider.map(|rule| rule.column), Some(24));
    desk.mouse(60, 10, MouseAction::Release);
    desk.mouse(60, 10, MouseAction::Drag);
    assert_eq!(desk.state.layout().divider.map(|rule| rule.column), Some(24));
    desk.press("> >");
    assert_eq!(desk.state.layout().divider.map(|rule| rule.column), Some(36));
}

#[test]
fn resize_keeps_the_first_visible_text() {
    let mut desk = TestApp::with_long(60);
    desk.press("enter 4 0 j");
    let (part, range) = desk.place();
    for (columns, rows) in [(60, 20), (200, 50), (30, 10), (101, 40)] {
        let before = desk.place();
        desk.resize(columns, rows);
        let (now_part, now) = desk.place();
        assert_eq!(now_part, before.0, "{columns}x{rows}");
        assert!(now.contains(&before.1.start), "{columns}x{rows}: {before:?} {now:?}");
    }
    assert_eq!(desk.place().0, part, "{range:?}");
}

#[test]
fn selection_stays_visible_at_any_screen_height() {
    let files: Vec<_> = (0..300).map(|n| (format!("{n:03}.txt"), format!("Headline {n}\n\nBody {n}."))).collect();
    let files: Vec<_> = files.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    let mut desk = TestApp::new(Config::default(), Corpus::default().with([shard(&files, Origin::File)]), 80, 24);
    desk.press("1 5 0 G");
    for rows in (1..60).rev().chain(1..60) {
        desk.resize(80, rows);
        let visible = desk.state.list_view().unwrap().visible();
        let top = desk.state.list().top();
        assert!((top..top + visible).contains(&149), "{rows}: {top}+{visible}");
    }
    desk.press("/").type_in("headline");
    assert_eq!(desk.state.list().selected(), 149);
}

#[test]
fn notice_is_shown_until_the_next_key() {
    let mut desk = TestApp::wide();
    desk.hear(Message::Notice(Notice::error("The disk is full")));
    assert_eq!(desk.notice(), "The disk is full");
    desk.press("j");
    assert_eq!(desk.notice(), "");
}

fn events() -> impl Strategy<Value = Event> {
    let keys: Vec<Key> = ACTIONS.iter().flat_map(|spec| spec.keys).map(|key| key.parse().unwrap()).collect();
    let action = prop::sample::select(vec![
        MouseAction::Press,
        MouseAction::Drag,
        MouseAction::Release,
        MouseAction::WheelUp,
        MouseAction::WheelDown,
    ]);
    let mouse = (0u16..220, 0u16..60, action).prop_map(|(column, row, action)| Mouse { column, row, action });
    let words = vec!["state", "quay ", "-the", "\"", "e", "tenth", " ", "国务院", "-", "12"];
    prop_oneof![
        20 => prop::sample::select(keys).prop_map(Event::Key),
        4 => prop::sample::select(words).prop_map(Event::Type),
        1 => "\\PC{0,12}|[\\x00-\\x7f]{0,8}".prop_map(Event::Paste),
        4 => mouse.prop_map(Event::Mouse),
        3 => (0u16..200, 0u16..60).prop_map(|(columns, rows)| Event::Resize(columns, rows)),
        1 => (0u16..12, 0u16..200).prop_map(|(columns, rows)| Event::Resize(columns, rows)),
        2 => (0usize..8, "(state|quay|国务院|e\u{301}|\t| |-|\n){0,30}").prop_map(|(file, text)| Event::File(file, text)),
        1 => (0usize..8).prop_map(Event::FileGone),
        1 => Just(Event::AllGone),
        4 => any::<usize>().prop_map(Event::Answer),
        1 => (any::<usize>(), 0usize..4).prop_map(|(number, first)| Event::Begin(number, first)),
        1 => Just(Event::Problem),
        1 => Just(Event::ProblemsGone),
        1 => (0usize..9, 0usize..9).prop_map(|(found, read)| Event::Loading(found, read)),
    ]
}

proptest! {
    #![proptest_config(cases(64))]

    #[test]
    fn state_survives_random_events_and_stays_consistent(
        events in prop::collection::vec(events(), 1..60),
        split in prop::sample::select(vec![Split::Auto, Split::Columns, Split::Rows, Split::Single]),
        (justify, hyphenate, slow) in any::<(bool, bool, bool)>(),
        columns in 0u16..160,
        rows in 0u16..50,
    ) {
        let config = Config { split, justify, hyphenate, ..Config::default() };
        let corpus = town().with([shard(&[("long.txt", &long("A long read", 20))], Origin::File)]);
        let mut desk = TestApp::new(config, corpus, columns, rows);
        desk.slow = slow;
        desk.check();
        for event in events {
            desk.happen(event);
            desk.check();
        }
    }
}

#[test]
fn rewritten_file_stays_selected_among_others_if_filtered() {
    let mut desk = TestApp::wide();
    desk.filter("state").press("2 j");
    assert_eq!(desk.selected(), "Storm passes north of the lighthouse");
    let storm = "date 2023-09-25 WEATHER\nStorm passed\n\nThe state of the sea is calm.";
    let changed = with_file(desk.state.corpus(), "storm.txt", storm);
    let changed = with_file(&changed, "ferry.txt", "date 2023-09-10 HARBOUR\nFerry late\n\nThe state waits.");
    desk.corpus(changed);
    assert_eq!(desk.selected(), "Storm passed");
}

#[test]
fn rewritten_file_stays_selected_if_filtered() {
    let mut desk = TestApp::wide();
    let mut c = town();
    for n in 0..5 {
        c = with_file(&c, &format!("f{n}.txt"), &format!("date 2023-08-0{} X\nF{n}\n\nstate", n + 1));
    }
    desk.corpus(c);
    desk.filter("state").press("4 j");
    assert_eq!(desk.selected(), "F3");
    let changed = with_file(desk.state.corpus(), "f3.txt", "date 2023-08-04 X\nF3 new\n\nstate");
    desk.corpus(changed);
    assert_eq!(desk.selected(), "F3 new");
}

#[test]
fn selection_survives_the_first_screen_of_an_answer() {
    let files: Vec<_> = (0..9000).map(|n| (format!("{n:05}.txt"), format!("Headline {n}\n\nBody {n}."))).collect();
    let files: Vec<_> = files.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    let mut desk = TestApp::new(Config::default(), Corpus::default().with([shard(&files, Origin::File)]), 120, 40);
    desk.press("6 0 0 0 G");
    let before = desk.selected();
    desk.press("/").type_in("body");
    assert_eq!(desk.selected(), before);
}

#[test]
fn scrolling_an_article_selects_it() {
    let mut desk = TestApp::wide();
    desk.press("enter j j");
    let grown = with_file(desk.state.corpus(), "fire.txt", "date 2023-10-01 TOWN\nFire is out\n\nNobody was hurt.");
    desk.corpus(grown);
    assert_eq!(desk.selected(), "Ferry to the islands sails again");
}

#[test]
fn article_read_under_a_filter_stays_selected_without_it() {
    let mut desk = TestApp::wide();
    desk.filter("boxes").press("enter");
    assert_eq!(desk.selected(), "State archive opens its reading room");
    desk.press("esc esc");
    assert_eq!(desk.selected(), "State archive opens its reading room");
}

#[test]
fn typing_ends_browsing_the_filter_history() {
    let mut desk = TestApp::wide();
    desk.filter("quay").press("esc / up").type_in("s").press("down");
    assert_eq!(desk.typed(), "quays");
}

#[test]
fn reading_position_survives_any_number_of_resizes() {
    let mut desk = TestApp::with_long(60);
    desk.press("enter 4 1 j");
    let before = desk.place();
    for n in 0..20 {
        desk.resize(50 + n % 7, 30);
        desk.resize(120, 40);
    }
    assert_eq!(desk.place(), before);
}

#[test]
fn huge_count_of_hits_ends_at_the_last_hit() {
    let mut desk = TestApp::wide();
    desk.filter("state").press("9 9 9 9 9 9 n");
    assert_eq!(desk.state.notice().unwrap().text, "No hit after this one");
}

#[test]
fn narrow_screen_shows_the_list_if_nothing_matches() {
    let mut desk = TestApp::narrow();
    desk.filter("zeppelin").press("n");
    assert!(desk.state.layout().list.is_some());
}

#[test]
fn escape_clears_the_typed_filter_even_if_incomplete() {
    let mut desk = TestApp::wide();
    desk.filter("\"").press("esc");
    assert_eq!(desk.typed(), "");
}

#[test]
fn escape_clears_only_a_pending_count() {
    let mut desk = TestApp::wide();
    desk.filter("state").press("5 esc");
    assert_eq!(desk.typed(), "state");
}

#[test]
fn drag_ends_when_an_overlay_opens() {
    let mut desk = TestApp::wide();
    let rule = desk.state.layout().divider.unwrap();
    desk.mouse(rule.column, 10, MouseAction::Press);
    desk.press("?");
    desk.mouse(rule.column, 10, MouseAction::Release);
    desk.press("esc");
    desk.mouse(5, 2, MouseAction::Press);
    desk.mouse(30, 2, MouseAction::Drag);
    assert_eq!(desk.state.layout().divider, Some(rule));
}

#[test]
fn suspend_and_redraw_work_in_the_palette() {
    let mut desk = TestApp::wide();
    desk.press(": ^Z ^L");
    assert_eq!(desk.effects.len(), 2);
}

#[test]
fn problems_can_all_end_at_once() {
    let mut desk = TestApp::wide();
    for n in 0..10_005 {
        desk.hear(Message::Problem(Problem::refused(format!("{n}").into(), &ReadError::Empty)));
    }
    desk.hear(Message::ProblemsCleared("".into()));
    assert_eq!(desk.state.problem_count(), 0);
}

#[test]
fn text_end_and_top_are_one_key_away() {
    // Wheel down then up over the list leaves the selected article where a reader can see it.
    let mut desk = TestApp::with_long(60);
    desk.press("enter G");
    let end = desk.state.reading().top();
    desk.press("1 G");
    assert_eq!(desk.state.reading().top(), 0);
    assert!(end > 10);
}

#[test]
fn reading_pane_is_never_shown_alone_while_empty() {
    let mut desk = TestApp::narrow();
    desk.press("enter");
    let corpus = Corpus::default();
    desk.corpus(corpus);
    assert!(desk.state.layout().list.is_some(), "an empty reading pane is shown");
}

#[test]
fn current_hit_survives_a_new_file() {
    let mut desk = TestApp::wide();
    desk.filter("state").press("3 n");
    let before = desk.state.reading().open().unwrap().current;
    let grown = with_file(desk.state.corpus(), "fire.txt", "date 2023-10-01 TOWN\nFire is out\n\nNobody was hurt.");
    desk.corpus(grown);
    assert_eq!(desk.state.reading().open().unwrap().current, before);
}

#[test]
fn next_hit_selects_its_article() {
    let mut desk = TestApp::wide();
    desk.filter("state").press("n");
    let grown = with_file(desk.state.corpus(), "tax.txt", "date 2023-10-01 TOWN\nTax is due\n\nThe state wants it.");
    desk.corpus(grown);
    assert_eq!(desk.selected(), "Ferry to the islands sails again");
}

#[test]
fn renamed_file_stays_selected_and_open_at_its_place() {
    let mut desk = TestApp::with_long(60);
    desk.press("enter 2 0 j");
    let (headline, place) = (desk.selected(), desk.place());
    let path = desk.state.reading().open().unwrap().path.clone();
    let entry = desk.state.corpus().get(desk.state.reading().open().unwrap().slot).unwrap();
    let text = std::iter::once(format!("{}\n\n", entry.headline()))
        .chain(entry.article().body().map(|(_, part)| format!("{}\n\n", part.text)))
        .collect::<String>();
    let renamed = with_file(desk.state.corpus(), "renamed.txt", &text).without(|entry| entry.path() == path);
    desk.corpus(renamed);
    assert_eq!((desk.selected(), desk.place()), (headline, place));
    assert!(desk.state.reading().open().unwrap().path.ends_with("renamed.txt"));
}

#[test]
fn reading_position_survives_text_inserted_above() {
    let before = "date 2023-09-20 TOWN\nLong\n\n".to_owned();
    let body: String = (0..80).map(|number| format!("Paragraph number {number} of a long article.\n\n")).collect();
    let mut desk = TestApp::wide();
    let grown = with_file(desk.state.corpus(), "long.txt", &format!("{before}{body}"));
    desk.corpus(grown);
    let place = desk
        .state
        .list()
        .slots()
        .iter()
        .position(|&slot| desk.state.corpus().get(slot).is_some_and(|entry| entry.headline().as_str() == "Long"));
    desk.press(&format!("{} G enter", place.unwrap() + 1));
    desk.press("4 0 j");
    assert_eq!(desk.selected(), "Long");
    let (part, _) = desk.state.reading().page().start_of(desk.state.reading().top());
    let shown = |desk: &TestApp, part: usize| desk.state.reading().open().unwrap().article.parts[part].text.to_string();
    let at_top = shown(&desk, part);
    let changed = with_file(desk.state.corpus(), "long.txt", &format!("{before}Put in above.\n\n{body}"));
    desk.corpus(changed);
    let (part, _) = desk.state.reading().page().start_of(desk.state.reading().top());
    assert_eq!(shown(&desk, part), at_top);
}

#[test]
fn selection_is_visible_when_focus_returns_to_the_list() {
    let mut desk = TestApp::new(Config { split: Split::Rows, ..Config::default() }, town(), 36, 1);
    desk.slow = true;
    desk.press("G").filter("state").press("l");
    assert_eq!(desk.state.focus(), Focus::Reading);
    // The articles are gone, while the list still waits for the answer.
    desk.corpus(Corpus::default());
    desk.press("K");
    assert_eq!(desk.state.focus(), Focus::List);
    desk.check();
}

#[test]
fn hints_name_the_configured_keys() {
    let (config, _) = Config::parse("[keys]\nback = \"Q\"\nproblems = \"X\"\nsources = \"Z\"\n", Path::new("x"));
    let mut desk = TestApp::new(config.clone(), town(), 80, 24);
    desk.filter("zeppelin");
    assert!(desk.screen().contains("No article matches. Q clears the filter."), "{}", desk.screen());
    desk.press("Q :").type_in("remove").press("enter");
    assert_eq!(desk.notice(), "Press Z, then select a feed or a saved search");
    let mut empty = TestApp::new(config, Corpus::default(), 80, 24);
    let path = "a.txt".into();
    let problem =
        Problem { path, line: None, column: None, cause: String::new(), consequence: String::new(), is_failure: true };
    empty.hear(Message::Problem(problem));
    assert!(empty.screen().contains("No articles. X lists the problems."), "{}", empty.screen());
}

/// A desk with this config, which has no mistakes.
fn configured(config: &str) -> TestApp {
    let (config, problems) = Config::parse(config, Path::new("config.toml"));
    assert_eq!(problems, []);
    TestApp::new(config, town(), 120, 40)
}

#[test]
fn key_sequences_run_after_their_last_key() {
    let mut desk = configured("[keys]\ntop = \"g g\"\nbottom = [\"g e\", \"G\"]\n");
    desk.press("g");
    assert_eq!((desk.state.pending_keys().to_string(), desk.state.list().selected()), ("g".to_owned(), 0));
    desk.press("e");
    assert_eq!((desk.state.pending_keys().to_string(), desk.state.list().selected()), (String::new(), 4));
    // A count goes before the sequence.
    desk.press("3 g");
    assert_eq!(desk.state.pending_keys().to_string(), "3 g");
    desk.press("g");
    assert_eq!(desk.state.list().selected(), 2);
    // An unknown key cancels the sequence and does nothing else.
    desk.press("g j");
    assert_eq!((desk.state.list().selected(), desk.state.notice().unwrap().text.as_str()), (2, "g j is not bound"));
    desk.press("g esc");
    assert_eq!((desk.state.list().selected(), desk.state.notice()), (2, None));
    desk.press("g").mouse(1, 1, MouseAction::Press);
    assert!(!desk.state.pending_keys().is_waiting());
}

#[test]
fn key_popup_opens_only_while_keys_are_pending() {
    let mut desk = configured(
        "[keys.global]\n\"x a\" = \"toggle-star\"\n\"x b\" = [\"toggle-read\", \"down\"]\n\"x c d\" = \"quit\"\n",
    );
    let timers = |desk: &TestApp| {
        desk.effects.iter().filter(|effect| matches!(effect, Effect::ScheduleKeyPopup { milliseconds: 400 })).count()
    };
    desk.press("x");
    assert_eq!((timers(&desk), desk.state.key_popup()), (1, None));
    desk.hear(Message::KeyPopupDue);
    let rows = |desk: &TestApp| desk.state.key_popup().map(|popup| (popup.title, popup.rows));
    let row = |key: &str, text: &str| (key.to_owned(), text.to_owned());
    let all = vec![row("a", "Star or unstar the article or source"), row("b", "toggle-read, down"), row("c", "…")];
    assert_eq!(rows(&desk), Some(("x".to_owned(), all)));
    // The popup follows the sequence without another delay.
    desk.press("c");
    assert_eq!((timers(&desk), rows(&desk)), (1, Some(("x c".to_owned(), vec![row("d", "Quit")]))));
    desk.press("esc");
    assert_eq!(rows(&desk), None);
    // A timer of a finished sequence opens nothing.
    desk.press("x a");
    desk.hear(Message::KeyPopupDue);
    assert_eq!(rows(&desk), None);
    assert_eq!(timers(&desk), 2);
}

#[test]
fn keys_run_several_actions_in_order() {
    let mut desk = configured("[keys.list]\nx = [\"toggle-star\", \"down\"]\n");
    desk.press("x x");
    assert_eq!(desk.state.list().selected(), 2);
    desk.filter("is:starred");
    assert_eq!(desk.listed().len(), 2);
    // The reading pane does not have the key.
    desk.press("enter x");
    assert_eq!(desk.state.list().selected(), 0);
}

#[test]
fn run_search_takes_the_next_key() {
    let mut desk = TestApp::wide();
    desk.press("'");
    assert_eq!(desk.state.notice().unwrap().text, "No saved search has a key");
    desk.press("j");
    assert_eq!(desk.state.list().selected(), 0);
    desk.filter("storm").press("S").type_in("Storms 's").press("enter esc '");
    desk.hear(Message::KeyPopupDue);
    let rows = desk.state.key_popup().unwrap().rows;
    assert_eq!(rows, [("s".to_owned(), "Storms".to_owned())]);
    assert_eq!(desk.state.pending_keys().to_string(), "'");
    desk.press("s");
    assert_eq!((desk.state.filter().editor().text(), desk.state.key_popup()), ("storm", None));
    desk.press("' esc j");
    assert_eq!(desk.state.filter().editor().text(), "storm");
}

#[test]
fn notes_lines_and_dialogs_take_keys_of_their_contexts() {
    let mut desk = configured(
        "[keys.note]\n\"^S\" = \"back\"\n[keys.line]\n\"^X ^K\" = \"delete-to-start\"\n[keys.dialog]\nq = []\nx = \"quit\"\n",
    );
    desk.press("m").type_in("gjq 5").press("^S");
    assert!(desk.state.note().is_none());
    desk.filter("note:gjq");
    assert_eq!(desk.listed().len(), 1);
    desk.press("/").type_in("x").press("^X");
    assert_eq!(desk.state.pending_keys().to_string(), "^X");
    desk.press("^K").type_in("5g");
    assert_eq!(desk.state.filter().editor().text(), "5g");
    desk.press("esc ? q");
    assert!(desk.state.overlay().is_some());
    desk.press("x");
    assert!(desk.state.overlay().is_none());
}
