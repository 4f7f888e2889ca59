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

#[test]
fn library_docs_name_all_tables_and_columns() {
    let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/library.md")).unwrap();
    let version = format!("the version of these tables, {} in this newsdesk", newsdesk::library::VERSION);
    assert!(text.contains(&version), "docs/library.md should say: {version}");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("library.db");
    drop(newsdesk::library::Library::open(&path).unwrap());
    let connection = rusqlite::Connection::open(&path).unwrap();
    let mut statement =
        connection.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%'").unwrap();
    let tables: Vec<String> = statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    assert!(tables.len() > 10);
    for table in tables {
        let row = text.lines().find(|line| line.starts_with(&format!("| `{table}` |")));
        let row = row.unwrap_or_else(|| panic!("docs/library.md has no row for the table {table}"));
        let mut columns = connection.prepare(&format!("SELECT name FROM pragma_table_info('{table}')")).unwrap();
        for column in columns.query_map([], |row| row.get::<_, String>(0)).unwrap().map(Result::unwrap) {
            assert!(row.contains(&format!("`{column}`")), "docs/library.md: {table} has a column {column}");
        }
    }
}

/// The figures of docs/performance.md that other pages repeat.
#[test]
fn figures_are_the_same_on_every_page() {
    let read = |name: &str| std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(name)).unwrap();
    let measured = read("docs/performance.md");
    let after = |row: &str, mark: &str| {
        let row = measured.lines().find(|line| line.starts_with(row)).unwrap_or_else(|| panic!("no row {row}"));
        let rest = row.split(mark).nth(1).unwrap_or_else(|| panic!("no {mark:?} in {row}"));
        rest.split([',', ' ']).next().unwrap().to_owned()
    };
    let first = after("| a keystroke to the first full screen, 300,000 articles |", ", p95 ");
    let all = after("| a keystroke to the complete count, 300,000 articles |", ", p95 ");
    let peak = after("| memory, 300,000 articles |", "held, ");
    for (page, sentence) in [
        ("README.md", format!("within {first} ms of a letter, all of it within {all} ms")),
        ("README.md", format!("{peak} bytes for each byte of text at the peak")),
        ("ARCHITECTURE.md", format!("peaks at {peak} bytes for each byte of text")),
    ] {
        let words: Vec<String> = read(page).split_whitespace().map(str::to_owned).collect();
        assert!(words.join(" ").contains(&sentence), "{page} should say: {sentence}");
    }
}
