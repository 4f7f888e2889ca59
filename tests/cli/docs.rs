//! Checks README.md and docs/ against the program.

use std::fs;
use std::path::Path;
use std::process::Command;

use newsdesk::keys::Keymap;

/// Returns the text of a page, by its path in the repository.
fn page(name: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(name)).unwrap_or_else(|_| panic!("no page {name}"))
}

/// Returns the paths of all pages in the repository's root, in docs/ and in fuzz/.
fn pages() -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut pages = Vec::new();
    for folder in ["", "docs/", "fuzz/"] {
        for entry in fs::read_dir(root.join(folder)).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            if name.ends_with(".md") {
                pages.push(format!("{folder}{name}"));
            }
        }
    }
    pages
}

/// Returns the anchors of a page's headings, as GitHub writes them.
fn anchors(text: &str) -> Vec<String> {
    let headings = text.lines().filter(|line| line.starts_with('#'));
    headings
        .map(|line| {
            let title = line.trim_start_matches('#').trim().to_lowercase();
            let kept = title.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
            kept.map(|c| if c == ' ' { '-' } else { c }).collect()
        })
        .collect()
}

#[test]
fn keys_page_lists_every_key() {
    let table = Keymap::default().markdown();
    assert!(page("docs/keys.md").contains(table.trim_end()), "docs/keys.md should contain:\n\n{table}");
}

#[test]
fn configuration_page_lists_every_setting_and_default() {
    let text = page("docs/configuration.md");
    let mut section = String::new();
    let mut expected = Vec::new();
    for line in newsdesk::config::default_text().lines() {
        if let Some(name) = line.strip_prefix('[') {
            section = name.trim_end_matches(']').to_owned();
        } else if let Some((name, default)) = line.strip_prefix("# ").and_then(|line| line.split_once(" = "))
            && !name.contains(' ')
        {
            expected.push(format!("| `{section}.{name}` | `{default}` |"));
        }
    }
    assert!(expected.len() > 20);
    for row in &expected {
        assert!(text.lines().any(|line| line.starts_with(row)), "docs/configuration.md should have a row: {row}");
    }
    let rows =
        text.lines().filter(|line| line.starts_with("| `") && line.contains('.') && line.matches(" | ").count() == 2);
    let unknown: Vec<&str> = rows.filter(|line| !expected.iter().any(|row| line.starts_with(row))).collect();
    assert!(unknown.is_empty(), "docs/configuration.md has settings that do not exist: {unknown:#?}");
    for name in newsdesk::config::COLOURS.iter().filter(|name| !name.starts_with("hit")) {
        assert!(text.contains(&format!("`{name}`")), "docs/configuration.md does not name the colour {name}");
    }
}

#[test]
fn configuration_page_has_valid_examples() {
    let text = page("docs/configuration.md");
    let examples: Vec<&str> =
        text.split("```toml\n").skip(1).filter_map(|rest| rest.split_once("```")).map(|(example, _)| example).collect();
    assert_eq!(examples.len(), 2);
    for example in examples {
        let (_, problems) = newsdesk::config::Config::parse(example, Path::new("docs/configuration.md"));
        assert_eq!(problems, [], "{example}");
    }
}

#[test]
fn scripting_page_names_every_subcommand() {
    let help = Command::new(env!("CARGO_BIN_EXE_newsdesk")).arg("--help").output().unwrap();
    let help = String::from_utf8(help.stdout).unwrap();
    let commands = help.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    let names: Vec<&str> =
        commands.filter_map(|line| line.split_whitespace().next()).filter(|name| *name != "help").collect();
    assert!(names.len() > 10, "{help}");
    let text = page("docs/scripting.md");
    for name in names {
        assert!(text.contains(&format!("newsdesk {name}")), "docs/scripting.md does not name the subcommand {name}");
    }
}

#[test]
fn links_of_all_pages_lead_to_files_and_headings() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for name in pages() {
        let text = page(&name);
        for (at, _) in text.match_indices("](") {
            let target = text[at + 2..].split(')').next().unwrap();
            if target.starts_with("http") {
                continue;
            }
            let (file, anchor) = target.split_once('#').unwrap_or((target, ""));
            let path = match file {
                "" => root.join(&name),
                file => root.join(&name).with_file_name("").join(file),
            };
            assert!(path.exists(), "{name}: {target}");
            if !anchor.is_empty() {
                let known = anchors(&fs::read_to_string(&path).unwrap());
                assert!(known.iter().any(|known| known == anchor), "{name}: {target}; headings: {known:?}");
            }
        }
    }
}

#[test]
fn paths_and_test_modules_on_all_pages_exist() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for name in pages() {
        let text = page(&name);
        for quoted in text.split('`').skip(1).step_by(2) {
            let is_path = |folder: &&str| quoted.strip_prefix(*folder).is_some_and(|rest| rest.starts_with('/'));
            let is_plain = !quoted.contains(|c: char| c.is_whitespace() || matches!(c, '{' | '*' | '…' | '$'));
            if ["src", "tests", "docs", "fuzz", "benches"].iter().any(is_path) && is_plain {
                assert!(root.join(quoted).exists(), "{name}: `{quoted}`");
            }
        }
    }
    // Guarantees name the modules of their tests; commands name modules after a program.
    for name in ["docs/security.md", "docs/reliability.md"] {
        let text = page(name);
        let mut modules = Vec::new();
        for row in text.lines().filter(|line| line.starts_with("| ")) {
            let tests = row.trim_end_matches(" |").rsplit(" | ").next().unwrap_or("");
            for quoted in tests.split('`').skip(1).step_by(2) {
                let words: Vec<&str> = quoted.split_whitespace().collect();
                let module = match words.as_slice() {
                    [module] if module.contains("::") && !module.ends_with("::") => (*module).to_owned(),
                    [.., "--test", program, module] => format!("{program}::{module}"),
                    [.., "--lib", module] => (*module).to_owned(),
                    _ => continue,
                };
                modules.push(module.trim_end_matches(':').replace("::", "/"));
            }
        }
        assert!(modules.len() > 20, "{name}: {modules:?}");
        for module in modules {
            let exists = |folder: &str| root.join(folder).join(format!("{module}.rs")).exists();
            assert!(exists("tests") || exists("src"), "{name} names a module of tests that does not exist: {module}");
        }
    }
}

#[test]
fn architecture_names_every_folder_of_src() {
    fn folders(folder: &Path, found: &mut Vec<String>) {
        for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_dir()) {
            found.push(path.file_name().unwrap().to_str().unwrap().to_owned());
            folders(&path, found);
        }
    }
    let text = page("ARCHITECTURE.md");
    let words: Vec<&str> = text.split(|c: char| !c.is_alphanumeric() && c != '_').collect();
    let mut found = Vec::new();
    folders(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut found);
    assert!(found.len() > 10);
    for name in found {
        assert!(words.contains(&&*name), "ARCHITECTURE.md does not name the folder {name}");
    }
}

#[test]
fn library_docs_name_all_tables_and_columns() {
    let text = page("docs/library.md");
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

#[test]
fn figures_are_the_same_on_every_page() {
    let measured = page("docs/performance.md");
    let after = |row: &str, mark: &str| {
        let row = measured.lines().find(|line| line.starts_with(row)).unwrap_or_else(|| panic!("no row {row}"));
        let rest = row.split(mark).nth(1).unwrap_or_else(|| panic!("no {mark:?} in {row}"));
        rest.split([',', ' ']).next().unwrap().to_owned()
    };
    let first = after("| a keystroke to the first full screen, 300,000 articles |", ", p95 ");
    let all = after("| a keystroke to the complete count, 300,000 articles |", ", p95 ");
    let peak = after("| memory, 300,000 articles |", "held, ");
    for (name, sentence) in [
        ("README.md", format!("within {first} ms of a letter, all of it within {all} ms")),
        ("ARCHITECTURE.md", format!("peaks at {peak} bytes for each byte of text")),
    ] {
        let words: Vec<String> = page(name).split_whitespace().map(str::to_owned).collect();
        assert!(words.join(" ").contains(&sentence), "{name} should say: {sentence}");
    }
}
