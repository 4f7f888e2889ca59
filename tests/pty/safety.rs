//! Nothing that comes from outside reaches the terminal but as text: every byte that the program writes while it shows
//! material that means harm is held against a list of what it may write.

use crate::support::grammar;
use crate::support::hostile;
use crate::support::server;
use crate::support::terminal;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use crate::support::hostile::{evil, shared};
use crate::support::terminal::TestTerminal;
use clap::CommandFactory;

const PROGRAM: &str = env!("CARGO_BIN_EXE_newsdesk");
const SIZES: [(u16, u16); 2] = [(80, 24), (160, 50)];

/// Pastes, as a terminal does. What would end the paste is left out, as terminals do.
fn pasted(text: &str) -> String {
    format!("\x1b[200~{}\x1b[201~", text.replace("\x1b[201~", ""))
}

/// Presses keys and waits until they have led to `seen`; then goes back, and waits until it is gone.
fn there_and_back(desk: &mut TestTerminal, keys: &str, seen: &str) {
    desk.send(keys);
    desk.wait_for(seen);
    desk.send("\x1b");
    desk.wait(&format!("the end of {seen}"), |desk| !desk.text().contains(seen));
}

/// Goes to everything that can be seen, in an order in which each key leads to something that shows.
fn tour(desk: &mut TestTerminal) {
    let evil = pasted(&evil());
    // Some of the keys need an article.
    desk.wait_for("●");
    there_and_back(desk, "?", " Keys ");
    there_and_back(desk, "?/", " Keys ");
    there_and_back(desk, ":", " Command ");
    there_and_back(desk, &format!(":{evil}"), " Command ");
    there_and_back(desk, &format!("|{evil}"), " Pipe the article to ");
    there_and_back(desk, &format!("a{evil}"), " Subscribe to a feed");
    there_and_back(desk, &format!("S{evil}"), " Save the filter");
    // What is typed is tagged and noted, and shown in list and text from then on.
    desk.send(&format!("t{evil}"));
    desk.wait_for(" Edit tags of the article");
    desk.send("\r");
    desk.wait("the end of the question", |desk| !desk.text().contains(" Edit tags of the article"));
    there_and_back(desk, &format!("m{evil}\r{evil}"), " Esc saves ");
    let typed = |desk: &TestTerminal| {
        desk.text().lines().any(|line| line.trim_start().starts_with('/') && line.contains("ware"))
    };
    desk.send(&format!("/{evil}"));
    desk.wait("what is typed", typed);
    desk.send("\x1b");
    desk.wait("an empty filter", |desk| !typed(desk));
    desk.send("/be tag:");
    desk.wait_for("/ be tag:");
    let before = desk.written.len();
    desk.send("\t");
    desk.wait("a frame", |desk| desk.written.len() > before);
    desk.send("\x15\x1b");
    desk.wait("the end of the filter", |desk| !desk.text().contains("Enter keep"));
}

/// Quits and gives all that was written.
fn quit(mut desk: TestTerminal) -> grammar::Written {
    desk.send("\x03");
    assert_eq!(desk.wait_for_end(), 0, "{}", desk.text());
    assert!(desk.is_restored());
    match grammar::written(&desk.written) {
        Ok(written) => written,
        Err(what) => panic!("{what}"),
    }
}

/// Shows every article of the open folder, list and text.
fn read_all(desk: &mut TestTerminal) {
    desk.send("g\r");
    let views = ["z", "\x0c", "z", "T", "T", "T", "W", "<", ">", "n", "N", "s", "r", "d"];
    for key in views.into_iter().chain(std::iter::repeat_n("J", 80)) {
        // One frame for each, as the program would leave out those that nobody waits for.
        let before = desk.written.len();
        desk.send(key);
        desk.wait("a frame", |desk| desk.written.len() > before);
    }
    desk.send("G");
}

#[test]
fn screen_bytes_are_listed_for_hostile_folders() {
    for (columns, rows) in SIZES {
        let folder = tempfile::tempdir().unwrap();
        let named = folder.path().join(format!("root {}", "\u{1b}[2J\u{9b}31m\u{202e}"));
        fs::create_dir(&named).unwrap();
        hostile::folder(&named);
        let config = folder.path().join("config.toml");
        fs::write(&config, hostile::config()).unwrap();
        let mut desk =
            TestTerminal::open(columns, rows, &[named.to_str().unwrap(), "--config", config.to_str().unwrap()]);
        desk.expects_config_problems = true;
        desk.wait_for("problems");
        there_and_back(&mut desk, "!", "problems ─");
        tour(&mut desk);
        desk.send("f");
        desk.wait_for("Starred");
        desk.send("jjjjjjjjGf");
        desk.wait("the pane is gone", |desk| !desk.text().contains("Starred"));
        read_all(&mut desk);
        let seen = quit(desk);
        assert!(seen.characters > 5_000 && seen.sequences > 500, "{seen:?}");
        assert_eq!(seen.copied, Vec::<Vec<u8>>::new(), "nobody pressed y");
    }
}

#[test]
#[ignore = "needs ../shared"]
fn screen_bytes_are_listed_for_shared_hostile_files() {
    let hostile = shared("hostile");
    for (columns, rows) in SIZES {
        let mut desk = TestTerminal::open(columns, rows, &[hostile.to_str().unwrap()]);
        desk.wait_for("articles");
        desk.wait_for("problems");
        there_and_back(&mut desk, "!", "problems ─");
        tour(&mut desk);
        read_all(&mut desk);
        assert_eq!(quit(desk).copied, Vec::<Vec<u8>>::new(), "nobody pressed y");
    }
}

#[test]
fn clipboard_gets_only_safe_text_and_only_after_a_key() {
    let folder = tempfile::tempdir().unwrap();
    hostile::folder(folder.path());
    let mut desk = TestTerminal::open(100, 30, &[folder.path().to_str().unwrap()]);
    // With no article there is nothing to copy, and no word of it.
    desk.wait_for("17 articles");
    desk.send("G");
    for key in ["y", "Y"] {
        desk.send(key);
        desk.wait_for(if key == "y" { "Copied headline and address" } else { "Copied the article" });
    }
    let seen = quit(desk);
    assert_eq!(seen.copied.len(), 2);
    for text in &seen.copied {
        assert_eq!(grammar::printed(text), Ok(()));
    }
}

#[test]
fn feeds_and_library_are_shown_as_text_only() {
    let server = server::TestServer::start(|request| match request.path.as_str() {
        "/feed" => server::Answer::ok(hostile::feed()).with("Content-Type", "application/rss+xml"),
        _ => server::Answer::Raw(format!("HTTP/1.1 500 {}\r\nX: {}\r\n\r\n", evil(), evil()).into_bytes()),
    });
    let home = tempfile::tempdir().unwrap();
    subscribe(home.path(), &server);
    for (columns, rows) in SIZES {
        let mut desk = TestTerminal::at_home(home.path(), columns, rows, PROGRAM, &[], &[]);
        desk.wait_for("Plain");
        desk.send(":feed list\r");
        desk.wait_for("Enter filters by one");
        desk.send("\x1b");
        desk.wait("the end of the list of feeds", |desk| !desk.text().contains("Enter filters by one"));
        tour(&mut desk);
        desk.send("f");
        desk.wait_for("Starred");
        desk.send("jjjjjjjjjGf'");
        desk.wait("the keys of searches", |desk| !desk.text().contains("Starred"));
        desk.send("x");
        read_all(&mut desk);
        quit(desk);
    }
}

/// Runs a subcommand as a script does.
fn newsdesk(home: &Path, arguments: &[&str]) -> Output {
    Command::new(PROGRAM)
        .args(arguments)
        .current_dir(home)
        .env_clear()
        .env("HOME", home)
        .env("LANG", "C.UTF-8")
        .env("PATH", "/usr/bin:/bin")
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

fn subscribe(home: &Path, server: &server::TestServer) {
    let opml = home.join("feeds.opml");
    fs::write(&opml, hostile::opml(&server.url("/feed"))).unwrap();
    fs::write(home.join("library.jsonl"), hostile::library()).unwrap();
    let evil = evil();
    for arguments in [
        &["feed", "import", "feeds.opml"][..],
        &["feed", "add", &server.url("/gone"), "--name", &evil, "--tag", &evil],
        &["feed", "refresh"],
        &["library", "import", "library.jsonl"],
        &["searches", "add", &evil, "be", "--key", "q", "--watch", "--replace"],
    ] {
        assert_printed(arguments, &newsdesk(home, arguments));
    }
}

fn assert_printed(arguments: &[&str], output: &Output) {
    for (name, bytes) in [("standard output", &output.stdout), ("standard error", &output.stderr)] {
        if let Err(what) = grammar::printed(bytes) {
            panic!("{arguments:?}, {name}: {what}");
        }
    }
}

/// The subcommands that the command line has, each with those above it.
fn subcommands() -> BTreeSet<String> {
    fn leaves(command: &clap::Command, above: &str, found: &mut BTreeSet<String>) {
        for inner in command.get_subcommands().filter(|inner| inner.get_name() != "help") {
            let name = format!("{above} {}", inner.get_name()).trim().to_owned();
            match inner.get_subcommands().next() {
                None => drop(found.insert(name)),
                Some(_) => leaves(inner, &name, found),
            }
        }
    }
    let mut found = BTreeSet::new();
    leaves(&newsdesk::cli::Cli::command(), "", &mut found);
    found
}

#[test]
fn subcommands_print_only_text() {
    let server = server::TestServer::start(|request| match request.path.as_str() {
        "/feed" => server::Answer::ok(hostile::feed()),
        "/page" => server::Answer::ok(format!(
            "<link rel=alternate type=application/rss+xml title=\"{0}\" href=/feed?{0}>\
             <link rel=alternate type=application/rss+xml title=\"{0}\" href=/feed>",
            hostile::referenced(&evil())
        )),
        _ => server::Answer::Raw(format!("HTTP/1.1 500 {}\r\n\r\n", evil()).into_bytes()),
    });
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("folder");
    fs::create_dir(&folder).unwrap();
    hostile::folder(&folder);
    fs::write(home.path().join("config.toml"), hostile::config()).unwrap();
    subscribe(home.path(), &server);
    let (evil, url, page) = (evil(), server.url("/feed"), server.url("/page"));
    let evil = evil.as_str();
    let runs: &[(&str, &[&[&str]])] = &[
        (
            "list",
            &[
                &["folder"],
                &["folder", "--format", "json"],
                &["folder", "--format", "csv"],
                &[evil],
                &["--query", evil],
            ],
        ),
        (
            "show",
            &[&["folder"], &["folder", "--format", "json"], &["folder", "--format", "markdown"], &["--width", evil]],
        ),
        (
            "search",
            &[
                &["be", "folder"],
                &["be", "folder", "--format", "json"],
                &["be", "folder", "--format", "csv"],
                &["be", "folder", "--format", "kwic"],
                &["be", "folder", "--format", "paths"],
                &["be", "folder", "--format", "count"],
                &[&format!("({evil}"), "folder"],
                &[&format!("/{evil}[/"), "folder"],
                &[&format!("--{evil}")],
                &["be", "--format", evil],
            ],
        ),
        (
            "export",
            &[
                &["folder", "-o", "out.md"],
                &["folder", "-o", "out/", "--format", "json"],
                &["folder", "-o", "out.md"],
                &["folder", "-o", &format!("no/{}", evil.replace('/', ""))],
            ],
        ),
        (
            "check",
            &[
                &["folder"],
                &["folder", "--stats"],
                &["--library"],
                &[evil],
                &["folder", "--config", "config.toml"],
                &["folder", "--config", evil],
            ],
        ),
        (
            "mark",
            &[
                &["folder", "--query", "be", "--tag", evil, "--star"],
                &["folder", "--query", evil, "--read"],
                &["--query", "be", "--tag", ","],
            ],
        ),
        ("searches list", &[&[]]),
        (
            "searches add",
            &[
                &[&format!("2{evil}"), "be"],
                &["x", &format!("(be {evil}")],
                &["x", "be", "--key", evil],
                &["x", "be", "--colour", evil],
            ],
        ),
        ("searches run", &[&[evil, "folder"], &["nothing", "folder"], &[&format!("n{evil}")]]),
        ("searches remove", &[&[&format!("2{evil}")], &[&format!("n{evil}")]]),
        ("watch", &[&[evil, "--in", "folder"], &[&format!("n{evil}")]]),
        ("library path", &[&[]]),
        ("library backup", &[&[&format!("copy{}", evil.replace('/', ""))], &["no/such/folder"]]),
        ("library export", &[&[], &["kept.jsonl"]]),
        ("library import", &[&["library.jsonl"], &[evil]]),
        ("cache make", &[&["folder"], &[evil]]),
        ("cache show", &[&[]]),
        ("cache prune", &[&[]]),
        ("cache clear", &[&[]]),
        ("feed add", &[&[&url], &[&page], &[evil], &["folder/feed.json"], &["folder/page.html"]]),
        ("feed list", &[&[], &["--json"]]),
        ("feed refresh", &[&[], &[evil]]),
        ("feed rename", &[&[evil, &format!("3{evil}")], &[&format!("n{evil}"), "x"]]),
        ("feed tag", &[&[&format!("3{evil}"), evil], &[evil, "x"]]),
        ("feed set", &[&[&format!("3{evil}"), "--keep-count", "3"], &[evil, "--keep-days", evil]]),
        ("feed export", &[&[], &["feeds-again.opml"], &[evil]]),
        ("feed import", &[&["feeds.opml"], &["folder/binary.txt"], &[evil]]),
        ("feed remove", &[&[&format!("3{evil}")], &[&format!("n{evil}")]]),
        (
            "feed parse",
            &[
                &["folder/feed.rss", "folder/feed.json", "folder/cut.rss"],
                &["folder/feed.rss", "folder/feed.json", "folder/binary.txt", "--format", "json"],
                &[evil],
                &["folder/wire.txt"],
            ],
        ),
        ("config", &[&[], &["--config", evil]]),
        ("completions", &[&["bash"], &["zsh"], &["fish"], &["powershell"], &["elvish"], &[evil]]),
        ("man", &[&[]]),
    ];
    let known: BTreeSet<String> = runs.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(known, subcommands(), "every subcommand has a row here");
    for (name, all) in runs {
        for given in all.iter().chain(&[&["--help"][..], &["--wrong", evil]]) {
            let arguments: Vec<&str> = name.split(' ').chain(given.iter().copied()).collect();
            let output = newsdesk(home.path(), &arguments);
            assert_printed(&arguments, &output);
            assert!(output.status.code().is_some_and(|code| code <= 2), "{arguments:?}: {output:?}");
        }
    }
    for arguments in [&["folder"][..], &[evil], &["--log", "log.txt", "list", "folder"], &["--color", evil]] {
        assert_printed(arguments, &newsdesk(home.path(), arguments));
    }
    assert_eq!(grammar::printed(&fs::read(home.path().join("log.txt")).unwrap()), Ok(()));
    for file in ["out.md", "kept.jsonl", "out/index.json", "feeds-again.opml"] {
        assert_eq!(grammar::printed(&fs::read(home.path().join(file)).unwrap()), Ok(()), "{file}");
    }
}

#[test]
fn feed_file_names_may_be_invalid_utf8() {
    use std::os::unix::ffi::OsStrExt;
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join(std::ffi::OsStr::from_bytes(b"no \xff text\x1b[2J.rss"));
    fs::write(&path, hostile::feed()).unwrap();
    let output = Command::new(PROGRAM).args(["feed", "parse", "--format", "json"]).arg(&path).output().unwrap();
    assert_printed(&["feed parse"], &output);
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(json["file"].as_str().unwrap().ends_with("no \u{fffd} text\u{1b}[2J.rss"), "the value is the same");
}

#[test]
#[ignore = "needs ../shared"]
fn subcommands_print_only_text_for_shared_hostile_files() {
    let hostile = shared("hostile");
    let home = tempfile::tempdir().unwrap();
    let path = hostile.to_str().unwrap();
    for arguments in [
        &["list", path][..],
        &["list", path, "--format", "json"],
        &["list", path, "--format", "csv"],
        &["show", path],
        &["show", path, "--format", "json"],
        &["show", path, "--format", "markdown"],
        &["search", "a", path],
        &["search", "a", path, "--format", "json"],
        &["search", "a", path, "--format", "kwic"],
        &["check", path, "--stats"],
        &["export", path, "-o", "all.txt", "--format", "text"],
    ] {
        assert_printed(arguments, &newsdesk(home.path(), arguments));
    }
    let feeds: Vec<String> = fs::read_dir(hostile.join("feeds"))
        .unwrap()
        .map(|entry| entry.unwrap().path().to_string_lossy().into_owned())
        .collect();
    for format in ["text", "json"] {
        let arguments: Vec<&str> =
            ["feed", "parse", "--format", format].into_iter().chain(feeds.iter().map(String::as_str)).collect();
        assert_printed(&arguments, &newsdesk(home.path(), &arguments));
    }
}

#[test]
fn subcommands_print_no_sequences_except_colours() {
    let home = tempfile::tempdir().unwrap();
    hostile::folder(home.path());
    for arguments in [&["show", ".", "--color", "always"][..], &["search", "be", ".", "--color", "always"]] {
        let output = newsdesk(home.path(), arguments);
        let seen = grammar::coloured(&output.stdout).unwrap_or_else(|what| panic!("{arguments:?}: {what}"));
        assert!(seen.sequences > 4 && seen.copied.is_empty(), "{arguments:?}: {seen:?}");
        assert!(!output.stdout.windows(3).any(|bytes| bytes == b"\x1b[?"), "{arguments:?}");
    }
}

#[test]
fn opener_gets_the_address_as_one_argument_without_shell() {
    use std::os::unix::fs::PermissionsExt;
    let home = tempfile::tempdir().unwrap();
    let (opener, told) = (home.path().join("opener"), home.path().join("told"));
    fs::write(
        &opener,
        format!(
            "#!/bin/sh\nfor word; do printf '%s\\n' \"$word\"; done > '{0}.part'\nmv '{0}.part' '{0}'\n",
            told.display()
        ),
    )
    .unwrap();
    fs::set_permissions(&opener, fs::Permissions::from_mode(0o755)).unwrap();
    let config = home.path().join("config.toml");
    fs::write(&config, format!("[open]\nbrowser = [\"{}\", \"--new\", \"at={{}}\"]\n", opener.display())).unwrap();
    let address = "https://a.example/$(touch${IFS}owned);'&&touch+owned;#?a=*&b=~!(c)";
    let page = home.path().join("pages");
    fs::create_dir(&page).unwrap();
    let refused = "file:///etc/passwd";
    fs::write(
        page.join("a.md"),
        format!(
            "---\ntitle: Open\ndate: 2024-02-02\nurl: \"{}\"\n---\n\nText.\n",
            address.replace('{', "%7B").replace('}', "%7D")
        ),
    )
    .unwrap();
    fs::write(page.join("b.md"), format!("---\ntitle: Refused\ndate: 2024-01-01\nurl: \"{refused}\"\n---\n\nText.\n"))
        .unwrap();
    let disguised = format!("https://www.mybank.example:{}@evil.example/login", "0".repeat(100));
    fs::write(page.join("c.md"), format!("---\ntitle: Bank\ndate: 2023-01-01\nurl: \"{disguised}\"\n---\n\nText.\n"))
        .unwrap();
    let page = page.to_str().unwrap().to_owned();
    let mut desk =
        TestTerminal::at_home(home.path(), 100, 30, PROGRAM, &[&page, "--config", config.to_str().unwrap()], &[]);
    desk.wait_for("3 articles");
    desk.send("g\ro");
    desk.wait_for("Opening a.example: https://a.example/");
    desk.send("Jo");
    desk.wait_for("Only http, https and mailto addresses are opened");
    desk.send("Jo");
    desk.wait_for("Not opened: a user name disguises the host evil.example");
    desk.wait_for("https://•••@evil.example/login");
    // The opener tells when it is done; the reader goes on meanwhile.
    let begun = std::time::Instant::now();
    while !told.exists() {
        assert!(begun.elapsed() < terminal::PATIENCE, "nothing was opened");
        std::thread::yield_now();
    }
    let expected = format!("--new\nat={}\n", address.replace('{', "%7B").replace('}', "%7D"));
    assert_eq!(fs::read_to_string(&told).unwrap(), expected);
    quit(desk);
    for place in [home.path(), Path::new(env!("CARGO_MANIFEST_DIR"))] {
        assert!(!place.join("owned").exists());
    }
}

#[test]
fn commands_get_standard_input_and_editors_a_private_file() {
    use std::os::unix::fs::PermissionsExt;
    let home = tempfile::tempdir().unwrap();
    let (editor, told, piped) = (home.path().join("editor"), home.path().join("told"), home.path().join("piped"));
    let script = format!(
        "#!/bin/sh\nstat -c %a \"$1\" \"$(dirname \"$1\")\" > '{0}'\nprintf %s \"$1\" >> '{0}'\n\
         printf 'before' > \"$1~\"\nprintf 'Remember \\033[2J this' > \"$1\"\n",
        told.display()
    );
    fs::write(&editor, script).unwrap();
    fs::set_permissions(&editor, fs::Permissions::from_mode(0o755)).unwrap();
    let folder = home.path().join("folder");
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join("a.txt"), format!(" date 2023-09-27 X\nHead {}\n\nText {}.\n", evil(), evil())).unwrap();
    let variables = [("EDITOR", editor.to_str().unwrap())];
    let folder = folder.to_str().unwrap().to_owned();
    let mut desk = TestTerminal::at_home(home.path(), 160, 50, PROGRAM, &[&folder], &variables);
    desk.wait_for("1 article");
    desk.send("\rM");
    desk.wait_for("Remember ␛[2J this");
    let told = fs::read_to_string(told).unwrap();
    let told: Vec<&str> = told.lines().collect();
    assert_eq!(&told[..2], ["600", "700"]);
    let note = Path::new(told[2]);
    assert!(!note.parent().unwrap().exists(), "{note:?}");
    desk.send(&format!("|cat > '{}'\r", piped.display()));
    desk.wait_for("[Enter goes back to newsdesk]");
    let text = fs::read(&piped).unwrap();
    assert!(String::from_utf8_lossy(&text).contains("Head Be"));
    assert_eq!(grammar::printed(&text), Ok(()));
    desk.send("\r");
    desk.wait_for("Remember ␛[2J this");
    desk.send("\x03");
    assert_eq!(desk.wait_for_end(), 0);
    // What is said while the terminal is lent stands on lines of its own.
    let lines = String::from_utf8(desk.written).unwrap().replace("\r\n", "\n");
    assert!(grammar::coloured(lines.as_bytes()).is_ok(), "{:?}", grammar::coloured(lines.as_bytes()));
}
