//! What the README says, held against the program.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use std::fs;
use std::path::Path;

use newsdesk::command::Keymap;

fn readme() -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap()
}

#[test]
fn the_readme_lists_every_key_as_the_program_has_it() {
    let table = Keymap::default().markdown();
    assert!(readme().contains(table.trim_end()), "the table of keys should be:\n\n{table}");
}

#[test]
fn every_picture_and_file_that_the_readme_links_to_is_there() {
    let text = readme();
    for (at, _) in text.match_indices("](") {
        let target = text[at + 2..].split(')').next().unwrap();
        if !target.starts_with("http") && !target.starts_with('#') {
            assert!(Path::new(env!("CARGO_MANIFEST_DIR")).join(target).exists(), "{target}");
        }
    }
}

#[test]
fn every_module_is_named_in_the_architecture() {
    fn names(folder: &Path, found: &mut Vec<String>) {
        for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if path.is_dir() {
                names(&path, found);
            } else {
                found.push(path.file_stem().unwrap().to_str().unwrap().to_owned());
            }
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let text = fs::read_to_string(root.join("ARCHITECTURE.md")).unwrap();
    let mut found = Vec::new();
    names(&root.join("src"), &mut found);
    // A room's tests stand beside it where they are many.
    for name in found.into_iter().filter(|name| name != "tests") {
        assert!(text.contains(&format!("`{name}`")) || text.contains(&format!("`{name}.rs`")), "{name}");
    }
}
