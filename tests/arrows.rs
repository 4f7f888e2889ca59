//! The arrows between the rooms: each uses only rooms further down.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use std::fs;
use std::path::Path;

/// Every room, from the lowest to the highest; a room may use those that stand before it.
const ROOMS: &[&str] = &[
    "util",
    "text",
    "article",
    "formats",
    "corpus",
    "marks",
    "query",
    "subscriptions",
    "journal",
    "search",
    "keys",
    "config",
    "render",
    "http",
    "library",
    "engine",
    "app",
    "ui",
    "tui",
    "cli",
];

/// What only some rooms may know: a name, and the rooms.
const SECRETS: &[(&str, &[&str])] = &[
    ("ratatui", &["config", "ui", "tui"]),
    ("crossterm", &["tui", "cli"]),
    ("terminput", &["tui"]),
    ("std::fs", &["config", "library", "engine", "tui", "cli"]),
    ("std::thread", &["util", "search", "http", "engine", "tui"]),
    ("std::process", &["http", "engine", "tui", "cli"]),
    ("notify", &["engine"]),
    ("ureq", &["http"]),
    ("rusqlite", &["library"]),
    ("clap", &["keys", "cli"]),
];

/// The source files of a room, tests at their ends left out.
fn files(room: &str) -> Vec<(String, String)> {
    fn collect(folder: &Path, found: &mut Vec<(String, String)>) {
        let Ok(entries) = fs::read_dir(folder) else { return };
        for path in entries.map(|entry| entry.unwrap().path()) {
            if path.is_dir() {
                collect(&path, found);
            } else {
                found.push((path.display().to_string(), fs::read_to_string(&path).unwrap()));
            }
        }
    }
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    let own = src.join(format!("{room}.rs"));
    found.push((own.display().to_string(), fs::read_to_string(own).unwrap()));
    collect(&src.join(room), &mut found);
    for (_, text) in &mut found {
        let end = text.find("#[cfg(test)]\nmod tests").unwrap_or(text.len());
        text.truncate(end);
        // Documentation may name what code may not use.
        *text = text.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n");
    }
    found
}

#[test]
fn no_room_uses_a_room_above_it() {
    for (height, room) in ROOMS.iter().enumerate() {
        for (path, text) in files(room) {
            for above in &ROOMS[height + 1..] {
                for form in [format!("crate::{above}::"), format!("crate::{above};"), format!("crate::{{{above}")] {
                    assert!(!text.contains(&form), "{path} uses {above}, which stands above {room}");
                }
            }
        }
    }
}

#[test]
fn app_uses_no_services() {
    for room in ["app", "ui"] {
        for (path, text) in files(room) {
            for service in ["http", "library", "engine"] {
                assert!(!text.contains(&format!("crate::{service}::")), "{path} uses {service}");
            }
        }
    }
}

#[test]
fn every_room_is_known_here() {
    let lib = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/lib.rs")).unwrap();
    let mut declared: Vec<&str> =
        lib.lines().filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';')).collect();
    let mut known = ROOMS.to_vec();
    declared.sort_unstable();
    known.sort_unstable();
    assert_eq!(declared, known);
}

#[test]
fn rooms_know_nothing_of_what_is_not_theirs() {
    for room in ROOMS {
        for (path, text) in files(room) {
            for (secret, may) in SECRETS {
                let used = text.contains(&format!("use {secret}")) || text.contains(&format!("{secret}::"));
                assert!(may.contains(room) || !used, "{path} uses {secret}");
            }
        }
    }
}

#[test]
fn the_one_allowance_for_unsafe_code_stands_in_main() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let allowance = ["allow(", "unsafe_code"].concat();
    let mut found = Vec::new();
    let mut folders = vec![root.join("src"), root.join("tests"), root.join("benches")];
    while let Some(folder) = folders.pop() {
        for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&path).unwrap();
                found.extend(text.matches(&allowance).map(|_| path.strip_prefix(root).unwrap().display().to_string()));
            }
        }
    }
    assert_eq!(found, ["src/main.rs"]);
}
