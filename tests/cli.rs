//! The subcommands, run as a script runs them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

fn newsdesk(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_newsdesk"))
        .args(arguments)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .env("HOME", std::env::temp_dir().join("newsdesk-no-home"))
        .env_remove("XDG_CONFIG_HOME")
        .env_remove("XDG_CACHE_HOME")
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn err(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[test]
fn without_a_terminal_and_a_subcommand_it_lists() {
    let plain = newsdesk(&["seeds"]);
    assert_eq!(plain.status.code(), Some(0));
    assert_eq!(out(&plain), out(&newsdesk(&["list", "seeds"])));
    assert_eq!(out(&plain).lines().count(), 30);
    assert!(out(&plain).starts_with("2024-12-08  ARTS AND CULTURE  Notre-Dame opens again"));
    assert_eq!(out(&newsdesk(&[])).lines().count(), 30, "the bundled articles");
}

#[test]
fn json_is_one_object_a_line_with_the_documented_fields() {
    let listed = out(&newsdesk(&["list", "seeds", "--format", "json"]));
    let shown = out(&newsdesk(&["show", "seeds/2012-07-05-higgs-boson.txt", "--format", "json"]));
    let fields = [
        "id",
        "path",
        "format",
        "date",
        "section",
        "headline",
        "standfirst",
        "captions",
        "byline",
        "sources",
        "url",
        "words",
    ];
    for line in listed.lines() {
        let object: serde_json::Value = serde_json::from_str(line).unwrap();
        for field in fields {
            assert!(object.get(field).is_some(), "{field} in {line}");
        }
        assert!(object.get("body").is_none());
    }
    let higgs: serde_json::Value = serde_json::from_str(shown.trim_end()).unwrap();
    assert_eq!(higgs["date"], "2012-07-05");
    assert_eq!(higgs["section"], "SCIENCE");
    assert_eq!(higgs["captions"][0]["credit"], "CERN");
    assert_eq!(higgs["sources"][0], "CERN");
    assert_eq!(higgs["byline"], serde_json::Value::Null);
    let kinds: Vec<&str> =
        higgs["body"].as_array().unwrap().iter().map(|block| block["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds.iter().filter(|kind| **kind == "crosshead").count(), 2);
    assert!(listed.contains(&format!("\"id\":{}", higgs["id"])), "list and show agree on the identity");
}

#[test]
fn csv_has_names_and_quotes() {
    let csv = out(&newsdesk(&["list", "seeds", "--format", "csv"]));
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    assert_eq!(reader.headers().unwrap(), vec!["date", "section", "headline", "source", "path"]);
    assert_eq!(reader.records().map(Result::unwrap).count(), 30);
}

#[test]
fn show_sets_text_to_the_width_that_is_asked_for() {
    let shown = out(&newsdesk(&["show", "seeds", "--width", "40"]));
    use unicode_width::UnicodeWidthStr;
    assert!(shown.lines().all(|line| line.width() <= 40));
    assert!(shown.contains("Forty-eight years of waiting\n"));
}

#[test]
fn markdown_is_read_back_to_the_same_article() {
    let folder = tempfile::tempdir().unwrap();
    for seed in ["2012-07-05-higgs-boson.txt", "2020-12-18-change-5.txt", "2019-05-21-new-kilogram.txt"] {
        let path = Path::new("seeds").join(seed);
        let markdown = out(&newsdesk(&["show", path.to_str().unwrap(), "--format", "markdown"]));
        let copy = folder.path().join("copy.md");
        std::fs::write(&copy, markdown).unwrap();
        let read = |path: &str| -> serde_json::Value {
            serde_json::from_str(&out(&newsdesk(&["show", path, "--format", "json"]))).unwrap()
        };
        let (seed, copy) = (read(path.to_str().unwrap()), read(copy.to_str().unwrap()));
        for field in ["headline", "date", "section", "standfirst", "sources"] {
            assert_eq!(seed[field], copy[field]);
        }
        let text = |value: &serde_json::Value| -> Vec<String> {
            value["body"]
                .as_array()
                .unwrap()
                .iter()
                .map(|block| format!("{}{}", block["kind"], block["text"]))
                .collect()
        };
        let (seed, copy) = (text(&seed), text(&copy));
        assert!(copy.ends_with(&seed), "{copy:?}");
    }
}

#[test]
fn check_names_path_line_cause_and_consequence() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("bad.txt"), " date 2023-13-45 WORLD\nHead\n\nBody.\n").unwrap();
    std::fs::write(folder.path().join("picture.png"), "x").unwrap();
    let checked = newsdesk(&["check", folder.path().to_str().unwrap()]);
    assert_eq!(checked.status.code(), Some(1));
    let text = out(&checked);
    assert!(text.starts_with("1 article in 1 file\n  1 wire\n1 file of other kinds passed over: 1 .png\n"), "{text}");
    assert!(text.ends_with("bad.txt:1: \"2023-13-45\" is not a date; the article is shown undated\n"), "{text}");
    assert_eq!(newsdesk(&["check", "seeds"]).status.code(), Some(0));
}

#[test]
fn exit_codes_are_as_documented() {
    assert_eq!(newsdesk(&["list", "no-such-folder"]).status.code(), Some(2));
    assert!(err(&newsdesk(&["list", "no-such-folder"])).contains("no-such-folder: there is no such file or folder"));
    assert_eq!(newsdesk(&["list", "--no-such-option"]).status.code(), Some(2));
    assert_eq!(newsdesk(&["list", "--config", "no-such-file"]).status.code(), Some(2));
    let empty = tempfile::tempdir().unwrap();
    assert_eq!(newsdesk(&["list", empty.path().to_str().unwrap()]).status.code(), Some(1));
    assert_eq!(newsdesk(&["list", "no-such-folder", "seeds"]).status.code(), Some(0));
    for asked in [&["--help"][..], &["--version"], &["man"], &["completions", "bash"], &["config"]] {
        let output = newsdesk(asked);
        assert_eq!(output.status.code(), Some(0));
        assert!(!output.stdout.is_empty());
    }
}

#[test]
fn an_article_comes_on_standard_input() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_newsdesk"))
        .args(["list", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(b" date 2023-09-27 WORLD\nFrom a pipe\n\nBody.\n").unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(out(&output), "2023-09-27  WORLD         From a pipe  standard input\n");
}

#[test]
fn a_closed_pipe_ends_it_silently() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_newsdesk"))
        .args(["show", "seeds", "seeds", "seeds", "--format", "json"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), err(&output).as_str()), (Some(0), ""));
}

#[test]
fn nothing_that_is_printed_holds_a_control() {
    let folder = tempfile::tempdir().unwrap();
    let evil = " date 2023-09-01 WO\u{1b}[2JRLD\nHead \u{1b}]0;owned\u{7} \u{9b}31m\n\nBody \u{202e} end\u{85}.\n\nSOURCE:A\u{1b}cB\n";
    std::fs::write(folder.path().join("evil.txt"), evil).unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::ffi::OsStrExt;
        let name = std::ffi::OsStr::from_bytes(b"bad\x1b[2J\xff\n.txt");
        std::fs::write(folder.path().join(name), "").unwrap();
    }
    let path = folder.path().to_str().unwrap();
    for arguments in [
        &["list", path][..],
        &["list", path, "--format", "json"],
        &["list", path, "--format", "csv"],
        &["show", path],
        &["show", path, "--format", "markdown"],
        &["show", path, "--format", "json"],
        &["check", path],
    ] {
        let output = newsdesk(arguments);
        for text in [out(&output), err(&output)] {
            assert!(
                text.chars().all(|c| c == '\n' || !c.is_control()) && !text.contains('\u{202e}'),
                "{arguments:?}: {text:?}"
            );
        }
    }
}

#[test]
fn options_may_stand_before_a_subcommand_and_what_follows_a_path_is_a_path() {
    assert_eq!(out(&newsdesk(&["--color", "never", "list", "seeds"])), out(&newsdesk(&["list", "seeds"])));
    assert!(err(&newsdesk(&["seeds", "list"])).starts_with("list: there is no such file or folder"));
}

#[test]
fn the_cache_is_made_shown_used_and_cleared() {
    let temp = tempfile::tempdir().unwrap();
    let desk = temp.path().join("desk");
    std::fs::create_dir(&desk).unwrap();
    for number in 0..1_000 {
        let path = desk.join(format!("{number}.txt"));
        std::fs::write(&path, format!("date 2023-09-27 WORLD\nStory {number}\n\nText.\n\nSOURCE:Test\n")).unwrap();
        let long_ago = std::time::UNIX_EPOCH + std::time::Duration::from_secs(1_600_000_000);
        std::fs::File::options().append(true).open(&path).unwrap().set_modified(long_ago).unwrap();
    }
    let run = |arguments: &[&str]| {
        Command::new(env!("CARGO_BIN_EXE_newsdesk"))
            .args(arguments)
            .env("HOME", temp.path())
            .env("XDG_CACHE_HOME", temp.path().join("cache"))
            .env_remove("XDG_CONFIG_HOME")
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .stdin(Stdio::null())
            .output()
            .unwrap()
    };
    let desk = desk.to_str().unwrap();
    let none = run(&["cache"]);
    assert_eq!((none.status.code(), out(&none).as_str()), (Some(1), "No snapshots are kept.\n"));
    let listed = out(&run(&["list", desk]));
    assert_eq!(run(&["cache"]).status.code(), Some(1), "listing writes nothing");
    let made = run(&["cache", "make", desk]);
    assert_eq!(made.status.code(), Some(0), "{}", err(&made));
    assert!(out(&made).contains("1000 articles") && out(&made).contains("written"), "{}", out(&made));
    assert!(out(&run(&["cache", "make", desk])).contains("up to date"));
    let shown = run(&["cache", "show"]);
    assert_eq!(shown.status.code(), Some(0));
    assert!(out(&shown).contains(desk) && out(&shown).contains("1000 articles"), "{}", out(&shown));
    let log = temp.path().join("log");
    assert_eq!(out(&run(&["list", desk, "--log", log.to_str().unwrap()])), listed);
    assert!(std::fs::read_to_string(&log).unwrap().contains("1000 files looked at, 0 bytes read"));
    assert!(out(&run(&["check", desk])).starts_with("1000 articles in 1000 files"));
    assert!(out(&run(&["cache", "prune"])).starts_with("Deleted 0 snapshots, 0 files"));
    assert!(out(&run(&["cache", "clear"])).starts_with("Deleted 1 snapshot,"));
    assert_eq!(run(&["cache"]).status.code(), Some(1));
    let few = run(&["cache", "make", "seeds"]);
    assert_eq!(few.status.code(), Some(1), "thirty files are not worth it");
    let wrong = run(&["cache", "make", "no-such-folder"]);
    assert_eq!((wrong.status.code(), out(&wrong).as_str()), (Some(2), ""));
    assert!(err(&wrong).contains("no-such-folder"));
}
