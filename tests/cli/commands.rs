//! The subcommands, run as a script runs them.

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
fn program_without_terminal_and_subcommand_lists() {
    let plain = newsdesk(&["seeds"]);
    assert_eq!(plain.status.code(), Some(0));
    assert_eq!(out(&plain), out(&newsdesk(&["list", "seeds"])));
    assert_eq!(out(&plain).lines().count(), 30);
    assert!(out(&plain).starts_with("2024-12-08  ARTS AND CULTURE  Notre-Dame opens again"));
    assert_eq!(out(&newsdesk(&[])).lines().count(), 30, "the bundled articles");
}

#[test]
fn feed_parse_prints_the_parsed_feed() {
    let feed = "tests/fixtures/feeds/atom_10.atom";
    let text = newsdesk(&["feed", "parse", feed]);
    assert_eq!(text.status.code(), Some(0), "{}", err(&text));
    for line in
        ["Feed        Lab notes: 2 < 3", "Version     atom10", "Entries     2", "  Title     Water boils at 71 °C"]
    {
        assert!(out(&text).lines().any(|found| found == line), "{line}\n{}", out(&text));
    }
    let json = newsdesk(&["feed", "parse", feed, "tests/fixtures/feeds/broken.rss", "--format", "json"]);
    assert_eq!(json.status.code(), Some(1), "one of them is broken");
    assert!(err(&json).contains("broken.rss:9: the feed is not well-formed"), "{}", err(&json));
    let feeds: Vec<serde_json::Value> = out(&json).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(feeds[0]["entries"][0]["published"], "2023-09-26T08:15:30Z");
    assert_eq!(feeds[0]["entries"][0]["link"], "https://lab.example/notes/2023/boil.html");
    assert_eq!((&feeds[0]["bozo"], &feeds[1]["bozo"]), (&false.into(), &true.into()));
    let none = newsdesk(&["feed", "parse", "README.md", "--format", "json"]);
    assert_eq!(none.status.code(), Some(2));
    assert!(out(&none).contains("\"ok\":false") && err(&none).contains("holds no feed"));
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
        "version",
        "links",
        "enclosures",
        "read",
        "starred",
        "tags",
        "note",
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
    let names = ["date", "section", "headline", "source", "path", "url", "starred", "read", "tags", "note", "links"];
    assert_eq!(reader.headers().unwrap(), names.to_vec());
    assert_eq!(reader.records().map(Result::unwrap).count(), 30);
}

#[test]
fn show_wraps_text_at_the_given_width() {
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
    assert!(text.starts_with("1 article in 1 file\n  1 wire\n1 file of other kinds skipped: 1 .png\n"), "{text}");
    assert!(text.ends_with("bad.txt:1: \"2023-13-45\" is not a date; the article is shown undated\n"), "{text}");
    assert_eq!(newsdesk(&["check", "seeds"]).status.code(), Some(0));
}

#[test]
fn exit_codes_are_as_documented() {
    assert_eq!(newsdesk(&["list", "no-such-folder"]).status.code(), Some(2));
    assert!(err(&newsdesk(&["list", "no-such-folder"])).contains("no-such-folder: no such file or folder"));
    assert_eq!(newsdesk(&["list", "--no-such-option"]).status.code(), Some(2));
    assert_eq!(newsdesk(&["list", "--config", "no-such-file"]).status.code(), Some(2));
    let empty = tempfile::tempdir().unwrap();
    assert_eq!(newsdesk(&["list", empty.path().to_str().unwrap()]).status.code(), Some(1));
    // Existing paths are printed, and the missing one is an error nevertheless.
    for command in ["list", "show", "check"] {
        let partly = newsdesk(&[command, "no-such-folder", "seeds"]);
        assert_eq!((partly.status.code(), partly.stdout.is_empty()), (Some(2), false), "{command}");
    }
    for asked in [&["--help"][..], &["--version"], &["man"], &["completions", "bash"], &["config"]] {
        let output = newsdesk(asked);
        assert_eq!(output.status.code(), Some(0));
        assert!(!output.stdout.is_empty());
    }
}

#[test]
fn standard_input_is_read_as_an_article() {
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
fn closed_pipe_ends_output_silently() {
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
fn output_has_no_controls() {
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
fn options_may_precede_a_subcommand_and_paths_end_it() {
    assert_eq!(out(&newsdesk(&["--color", "never", "list", "seeds"])), out(&newsdesk(&["list", "seeds"])));
    assert!(err(&newsdesk(&["seeds", "list"])).starts_with("list: no such file or folder"));
}

#[test]
fn search_prints_matches_with_their_position() {
    let text = out(&newsdesk(&["search", "moon", "seeds", "--context", "12"]));
    assert!(
        text.starts_with("First samples from the far side of the Moon reach Earth\n2024-06-26  SPACE  China"),
        "{text}"
    );
    assert!(text.contains("    … of the Moon. A relay …"), "{text}");
    assert!(!text.contains('\u{1b}'));
    let coloured = out(&newsdesk(&["search", "moon", "seeds", "--color", "always"]));
    assert!(coloured.contains("\u{1b}[1mMoon\u{1b}[0m"), "{coloured:?}");
    let paths = out(&newsdesk(&["search", "moon", "seeds", "--format", "paths", "--sort", "old"]));
    assert_eq!(paths.lines().next(), Some("seeds/2017-08-22-eclipse-coast-to-coast.txt"));
    assert_eq!(paths.lines().count(), 3);
    assert_eq!(out(&newsdesk(&["search", "moon", "seeds", "--format", "paths", "--limit", "2"])).lines().count(), 2);
    let csv = out(&newsdesk(&["search", "moon", "seeds", "--format", "csv"]));
    assert!(csv.starts_with("date,section,headline,source,path,hits\n") && csv.lines().nth(1).unwrap().ends_with(",3"));
}

#[test]
fn search_finds_words_with_hidden_marks_in_them() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.txt");
    std::fs::write(&path, "Mail\n\nA pass\u{1107f}wo\u{2d7f}rd\u{2800}reset\u{16fe4} and a kh\u{17d2}mer sign.\n")
        .unwrap();
    let path = path.to_str().unwrap();
    for query in ["password", "\"password reset and\"", "khmer"] {
        assert_eq!(newsdesk(&["search", query, path]).status.code(), Some(0), "{query}");
    }
    let shown = out(&newsdesk(&["show", path]));
    assert!(shown.contains("A password reset and a khmer sign."), "{shown}");
}

#[test]
fn count_prints_articles_and_hits() {
    let count = out(&newsdesk(&["search", "moon", "--format", "count"]));
    let json = out(&newsdesk(&["search", "moon", "--format", "json"]));
    let hits: usize = json.lines().map(|line| found(line)["hits"].as_array().unwrap().len()).sum();
    assert_eq!(count, format!("{}\t{hits}\n", json.lines().count()));
    // A query may begin with a dash.
    assert_eq!(out(&newsdesk(&["search", "-moon", "--format", "count"])), "27\t0\n");
    assert_eq!(out(&newsdesk(&["search", "--format", "count", "moon -china"])), "1\t2\n");
}

fn found(line: &str) -> serde_json::Value {
    serde_json::from_str(line).unwrap()
}

#[test]
fn json_hit_positions_match_the_article_text() {
    let shown = out(&newsdesk(&["show", "seeds", "--query", "\"black hole\" OR telescope", "--format", "json"]));
    let hits = out(&newsdesk(&["search", "\"black hole\" OR telescope", "seeds", "--format", "json"]));
    assert_eq!(shown.lines().count(), hits.lines().count());
    let mut looked_at = 0;
    for (article, found_in) in shown.lines().map(found).zip(hits.lines().map(found)) {
        assert_eq!(article["id"], found_in["id"]);
        for hit in found_in["hits"].as_array().unwrap() {
            let part = hit["part"].as_u64().unwrap() as usize;
            let text = match hit["field"].as_str().unwrap() {
                "headline" | "standfirst" => &article[hit["field"].as_str().unwrap()],
                "caption" => &article["captions"][part]["text"],
                "source" => &article["sources"][part],
                "body" => &article["body"][part]["text"],
                other => panic!("{other}"),
            };
            let range = hit["start"].as_u64().unwrap() as usize..hit["end"].as_u64().unwrap() as usize;
            assert_eq!(&text.as_str().unwrap()[range], hit["text"].as_str().unwrap());
            assert!(hit["snippet"].as_str().unwrap().contains(hit["text"].as_str().unwrap()));
            looked_at += 1;
        }
    }
    assert!(looked_at > 5);
}

#[test]
fn keywords_in_context_stand_below_each_other() {
    let lines = out(&newsdesk(&["search", "moon OR 月", "seeds", "--format", "kwic", "--context", "20"]));
    let columns: Vec<usize> = lines
        .lines()
        .map(|line| {
            let at = line
                .match_indices(['M', 'm', '月'])
                .map(|(at, _)| at)
                .find(|&at| unicode_width::UnicodeWidthStr::width(&line[..at]) == 10 + 2 + 16 + 2 + 20);
            at.unwrap_or_else(|| panic!("no hit in the column of hits: {line}"))
        })
        .collect();
    assert!(columns.len() > 10);
    assert!(lines.lines().all(|line| line.starts_with("20") && &line[10..12] == "  "));
    assert_eq!(out(&newsdesk(&["search", "moon", "--format", "kwic", "--limit", "4"])).lines().count(), 4);
}

#[test]
fn case_is_an_option_of_every_subcommand_with_a_query() {
    let folder = tempfile::tempdir().unwrap();
    for (name, headline) in [("a.txt", "The US votes"), ("b.txt", "It told us"), ("c.txt", "Opec and OPEC")] {
        std::fs::write(folder.path().join(name), format!("date 2023-09-27 WORLD\n{headline}\n\nText.\n")).unwrap();
    }
    let path = folder.path().to_str().unwrap();
    let count = |arguments: &[&str]| {
        out(&newsdesk(&[&["search", arguments[0], path, "--format", "count"], &arguments[1..]].concat()))
    };
    assert_eq!(count(&["US"]), "1\t1\n");
    assert_eq!(count(&["us"]), "2\t2\n");
    assert_eq!(count(&["us", "--case", "exact"]), "1\t1\n");
    assert_eq!(count(&["US", "--case", "ignore"]), "2\t2\n");
    assert_eq!(count(&["case:ignore US", "--case", "auto"]), "1\t1\n");
    assert_eq!(count(&["Opec"]), "1\t2\n");
    for command in ["list", "show"] {
        let listed = out(&newsdesk(&[command, path, "--query", "us", "--case", "exact"]));
        assert!(listed.contains("It told us") && !listed.contains("The US votes"), "{listed}");
    }
}

#[test]
fn articles_from_the_future_are_hidden_if_the_config_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let articles = folder.path().join("articles");
    std::fs::create_dir(&articles).unwrap();
    for date in ["2023-09-27", "2399-01-01"] {
        std::fs::write(articles.join(format!("{date}.txt")), format!("date {date} WORLD\nSent {date}\n\nText.\n"))
            .unwrap();
    }
    let config = folder.path().join("config.toml");
    std::fs::write(&config, "[list]\nfuture = \"hide\"\n").unwrap();
    let (path, config) = (articles.to_str().unwrap(), config.to_str().unwrap());
    let lines = |arguments: &[&str]| out(&newsdesk(arguments)).lines().count();
    assert_eq!(lines(&["list", path]), 2);
    assert_eq!(lines(&["list", path, "--config", config]), 1);
    assert_eq!(lines(&["search", "sent", path, "--format", "paths", "--config", config]), 1);
    assert_eq!(lines(&["list", path, "--query", "date:2399", "--config", config]), 1);
}

#[test]
fn search_ends_as_grep_does() {
    assert_eq!(newsdesk(&["search", "moon", "seeds"]).status.code(), Some(0));
    assert_eq!(newsdesk(&["search", "nowhere-at-all", "seeds"]).status.code(), Some(1));
    let missing = newsdesk(&["search", "moon", "seeds", "no-such-folder"]);
    assert_eq!((missing.status.code(), out(&missing).is_empty()), (Some(2), false));
    let mistake = newsdesk(&["search", "moon secton:space", "seeds"]);
    assert_eq!(mistake.status.code(), Some(2));
    let lines: Vec<String> = err(&mistake).lines().map(str::to_owned).collect();
    assert_eq!(
        lines[1..],
        ["moon secton:space", "     ^^^^^^^", "unknown field \"secton:\"; did you mean \"section:\"?"]
    );
    assert_eq!(newsdesk(&["search", "--fromat", "json"]).status.code(), Some(2));
    assert_eq!(newsdesk(&["list", "--query", "(moon OR", "seeds"]).status.code(), Some(0));
    assert_eq!(newsdesk(&["list", "--query", "nowhere-at-all", "seeds"]).status.code(), Some(1));
}

#[test]
fn list_and_show_take_a_query_and_an_order() {
    let listed = out(&newsdesk(&["list", "seeds", "--query", "-date:2012..2022 section:space", "--sort", "old"]));
    let dates: Vec<&str> = listed.lines().map(|line| &line[..10]).collect();
    assert!(dates.is_sorted() && dates.len() > 1 && dates[0] >= "2023", "{dates:?}");
    let shown = out(&newsdesk(&["show", "seeds", "--query", "title:\"black hole\""]));
    assert!(shown.contains("A ring of light"));
}

#[test]
fn export_writes_matches_and_never_overwrites() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let export = |arguments: &[&str]| newsdesk(&[&["export", "seeds"], arguments].concat());
    let file = at("moon.md");
    assert_eq!(export(&["--query", "moon", "--output", &file]).status.code(), Some(0));
    let markdown = std::fs::read_to_string(&file).unwrap();
    assert!(markdown.starts_with("# `moon`\n\nExported by newsdesk on 2"), "{markdown}");
    assert!(markdown.contains(": 3 articles.") && markdown.matches("\n## ").count() >= 3);
    // What is there stays as it is.
    let again = export(&["--query", "telescope", "--output", &file]);
    assert_eq!(again.status.code(), Some(2));
    assert!(err(&again).contains("exists already; use --force to overwrite it"));
    assert_eq!(std::fs::read_to_string(&file).unwrap(), markdown);
    assert_eq!(export(&["--query", "telescope", "--output", &file, "--force"]).status.code(), Some(0));
    assert!(std::fs::read_to_string(&file).unwrap().starts_with("# `telescope`"));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left beside it");

    let json = at("all.json");
    assert_eq!(export(&["--format", "json", "--output", &json]).status.code(), Some(0));
    let all = found(&std::fs::read_to_string(&json).unwrap());
    assert_eq!((all["articles"].as_u64(), all["found"].as_array().unwrap().len()), (Some(30), 30));
    let csv = at("all.csv");
    assert_eq!(export(&["--format", "csv", "--output", &csv]).status.code(), Some(0));
    assert_eq!(std::fs::read_to_string(&csv).unwrap().lines().count(), 31);
    let text = at("moon.txt");
    assert_eq!(export(&["--format", "text", "--query", "moon", "--output", &text]).status.code(), Some(0));
    assert!(std::fs::read_to_string(&text).unwrap().starts_with("moon\nExported by newsdesk on "));
    let nothing = at("nothing.md");
    assert_eq!(export(&["--query", "nowhere-at-all", "--output", &nothing]).status.code(), Some(1));
    assert!(!Path::new(&nothing).exists());
}

#[test]
fn export_to_a_folder_writes_a_file_for_each_article() {
    let folder = tempfile::tempdir().unwrap();
    let into = format!("{}/moon/", folder.path().to_str().unwrap());
    let export =
        |format: &str| newsdesk(&["export", "seeds", "--query", "moon", "--format", format, "--output", &into]);
    assert_eq!(export("markdown").status.code(), Some(0));
    let names = |ending: &str| {
        let names = std::fs::read_dir(&into).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
        names.filter(|name| name.ends_with(ending)).count()
    };
    assert_eq!(names(".md"), 4);
    let index = std::fs::read_to_string(format!("{into}index.md")).unwrap();
    assert!(index.contains("- 2023-08-24 [India lands"), "{index}");
    // What was written is read back as the same articles.
    let listed = out(&newsdesk(&["list", &into, "--query", "title:india", "--format", "json"]));
    assert_eq!(found(&listed)["sources"][0], "ISRO");
    assert_eq!(export("markdown").status.code(), Some(2));
    assert_eq!(export("json").status.code(), Some(0));
    assert_eq!(export("csv").status.code(), Some(2));
    assert_eq!((names(".json"), names(".part")), (4, 0));
}

#[test]
fn check_tells_bytes_memory_and_time() {
    let stats = out(&newsdesk(&["check", "seeds", "--stats"]));
    let bytes: u64 = std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("seeds"))
        .unwrap()
        .map(|entry| entry.unwrap().metadata().unwrap().len())
        .sum();
    let bytes = newsdesk::text::format::grouped(bytes);
    assert!(stats.contains(&format!("bytes    {bytes} in files, ")), "{stats}");
    for word in ["memory   ", " for each byte of the files", "seconds  ", "reading ", "ordering "] {
        assert!(stats.contains(word), "{word} in {stats}");
    }
}

#[test]
fn cache_is_created_shown_used_and_cleared() {
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
    assert_eq!((none.status.code(), out(&none).as_str()), (Some(1), "No snapshots.\n"));
    let listed = out(&run(&["list", desk]));
    assert_eq!(run(&["cache"]).status.code(), Some(1), "listing writes nothing");
    let made = run(&["cache", "make", desk]);
    assert_eq!(made.status.code(), Some(0), "{}", err(&made));
    assert!(out(&made).contains("1,000 articles") && out(&made).contains("written"), "{}", out(&made));
    assert!(out(&run(&["cache", "make", desk])).contains("up to date"));
    let shown = run(&["cache", "show"]);
    assert_eq!(shown.status.code(), Some(0));
    assert!(out(&shown).contains(desk) && out(&shown).contains("1,000 articles"), "{}", out(&shown));
    let log = temp.path().join("log");
    assert_eq!(out(&run(&["list", desk, "--log", log.to_str().unwrap()])), listed);
    assert!(std::fs::read_to_string(&log).unwrap().contains("1000 files looked at, 0 bytes read"));
    assert!(out(&run(&["check", desk])).starts_with("1,000 articles in 1,000 files"));
    assert!(out(&run(&["cache", "prune"])).starts_with("Deleted 0 snapshots, 0 files"));
    assert!(out(&run(&["cache", "clear"])).starts_with("Deleted 1 snapshot,"));
    assert_eq!(run(&["cache"]).status.code(), Some(1));
    let few = run(&["cache", "make", "seeds"]);
    assert_eq!(few.status.code(), Some(1), "thirty files are not worth it");
    let wrong = run(&["cache", "make", "no-such-folder"]);
    assert_eq!((wrong.status.code(), out(&wrong).as_str()), (Some(2), ""));
    assert!(err(&wrong).contains("no-such-folder"));
}

/// Runs with a library of its own.
fn with_library(library: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_newsdesk"))
        .args(arguments)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .env("HOME", std::env::temp_dir().join("newsdesk-no-home"))
        .env("NEWSDESK_LIBRARY", library)
        .env_remove("XDG_CONFIG_HOME")
        .env_remove("XDG_CACHE_HOME")
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

#[test]
fn mark_changes_matches_and_queries_see_the_marks() {
    let folder = tempfile::tempdir().unwrap();
    let library = folder.path().join("library.db");
    let run = |arguments: &[&str]| with_library(&library, arguments);
    let count = |query: &str| out(&run(&["list", "seeds", "--query", query])).lines().count();
    assert_eq!((count("is:unread"), count("is:starred"), count("has:note")), (30, 0, 0));
    assert!(!library.exists(), "asking makes no library");

    let mark = ["mark", "seeds", "--query", "section:space", "--star", "--tag", "Far side", "--read"];
    let rehearsed = run(&[&mark[..], &["--dry-run"]].concat());
    assert_eq!(out(&rehearsed), "8 articles found, 8 articles would change\n");
    assert_eq!(count("is:starred"), 0);
    assert_eq!(out(&run(&mark)), "8 articles found, 8 articles changed\n");
    assert_eq!(out(&run(&mark)), "8 articles found, 0 articles changed\n");
    assert_eq!((count("is:starred"), count("tag:far-side"), count("-tag:far"), count("is:unread")), (8, 8, 22, 22));
    assert_eq!(out(&run(&["search", "tag:far-side moon", "seeds", "--format", "count"])).split('\t').next(), Some("2"));
    run(&["mark", "seeds", "--query", "moon", "--unstar", "--untag", "far-side", "--unread"]);
    assert_eq!((count("is:starred"), count("tag:far-side"), count("is:read")), (6, 6, 6));

    let none = run(&["mark", "seeds", "--query", "nowhere-at-all", "--star"]);
    assert_eq!((none.status.code(), out(&none).as_str()), (Some(1), "0 articles found, 0 articles changed\n"));
    for wrong in [
        &["mark", "seeds", "--query", "moon"][..],
        &["mark", "seeds", "--star"],
        &["mark", "seeds", "--query", "moon", "--star", "--unstar"],
        &["mark", "seeds", "--query", "moon", "--tag", " # "],
    ] {
        assert_eq!(run(wrong).status.code(), Some(2), "{wrong:?}");
    }
}

#[test]
fn saved_searches_are_stored_run_and_watched() {
    let folder = tempfile::tempdir().unwrap();
    let library = folder.path().join("library.db");
    let run = |arguments: &[&str]| with_library(&library, arguments);
    assert_eq!(run(&["searches"]).status.code(), Some(1));
    assert!(run(&["searches", "add", "Far side", "moon -mars", "--key", "f", "--watch"]).status.success());
    assert!(run(&["searches", "add", "Late", "-date:2012..2020"]).status.success());
    assert_eq!(out(&run(&["searches"])), "f\twatch\tFar side\tmoon -mars\n-\t-\tLate\t-date:2012..2020\n");
    assert_eq!(out(&run(&["searches", "run", "Far side", "seeds"])).lines().count(), 3);
    assert_eq!(run(&["searches", "add", "Bad", "sectoin:x"]).status.code(), Some(2));
    assert_eq!(run(&["searches", "add", "Bad", "x", "--colour", "blurple"]).status.code(), Some(2));
    assert!(err(&run(&["searches", "run", "Lake", "seeds"])).contains("no saved search is named \"Lake\""));

    let news = tempfile::tempdir().unwrap();
    let place = news.path().to_str().unwrap();
    let write = |name: &str, text: &str| std::fs::write(news.path().join(name), text).unwrap();
    write("a.txt", "date 2023-01-01 SPACE\nTo the Moon\n\nA probe goes up.\n");
    let watch = |more: &[&str]| run(&[&["watch", "Far side", "--in", place][..], more].concat());
    let rehearsed = watch(&["--dry-run"]);
    assert!(rehearsed.status.success() && out(&rehearsed).contains("To the Moon"));
    assert!(out(&watch(&[])).contains("To the Moon"));
    let again = watch(&[]);
    assert_eq!((again.status.code(), out(&again).as_str()), (Some(1), ""));
    write("b.txt", "date 2022-01-01 SPACE\nRound the Moon\n\nIt came first, and was filed late.\n");
    std::fs::rename(news.path().join("a.txt"), news.path().join("c.txt")).unwrap();
    let third = watch(&[]);
    assert!(third.status.success() && out(&third).contains("Round the Moon") && out(&third).lines().count() == 1);
    assert!(run(&["searches", "remove", "Far side"]).status.success());
    assert_eq!(run(&["watch", "Far side", "--in", place]).status.code(), Some(2));
}

#[test]
fn library_is_backed_up_exported_imported_and_checked() {
    let folder = tempfile::tempdir().unwrap();
    let library = folder.path().join("library.db");
    let run = |arguments: &[&str]| with_library(&library, arguments);
    assert_eq!(out(&run(&["library", "path"])).trim_end(), library.to_str().unwrap());
    assert!(out(&run(&["check", "--library"])).contains("no library yet"));
    run(&["mark", "seeds", "--query", "moon", "--star"]);
    run(&["searches", "add", "Moon", "moon"]);
    let copy = folder.path().join("copy.db");
    assert!(run(&["library", "backup", copy.to_str().unwrap()]).status.success());
    assert_eq!(run(&["library", "backup", copy.to_str().unwrap()]).status.code(), Some(2));
    // A name that SQLite would take for a URI.
    let odd = Command::new(env!("CARGO_BIN_EXE_newsdesk"))
        .args(["library", "backup", "file:z.db"])
        .env("NEWSDESK_LIBRARY", &library)
        .current_dir(folder.path())
        .output()
        .unwrap();
    assert!(odd.status.success(), "{odd:?}");
    assert!(std::fs::metadata(folder.path().join("file:z.db")).unwrap().len() > 0);
    assert!(!folder.path().join("z.db").exists());
    let text = folder.path().join("all.jsonl");
    assert!(run(&["library", "export", text.to_str().unwrap()]).status.success());
    assert_eq!(out(&run(&["library", "export"])), std::fs::read_to_string(&text).unwrap());

    let other = folder.path().join("other.db");
    let imported = with_library(&other, &["library", "import", text.to_str().unwrap()]);
    assert!(imported.status.success(), "{imported:?}");
    assert_eq!(out(&with_library(&other, &["library", "export"])), out(&with_library(&copy, &["library", "export"])));
    std::fs::write(&text, "no json at all\n").unwrap();
    let wrong = with_library(&other, &["library", "import", text.to_str().unwrap()]);
    assert_eq!(wrong.status.code(), Some(1));
    assert!(err(&wrong).contains("all.jsonl:1: "), "{}", err(&wrong));

    assert!(out(&run(&["check", "--library"])).contains(": no damage; "));
    let mut bytes = std::fs::read(&copy).unwrap();
    bytes[8192..12288].fill(0xa5);
    std::fs::write(&copy, bytes).unwrap();
    let damaged = with_library(&copy, &["check", "--library"]);
    assert!(!damaged.status.success(), "{damaged:?}");
    std::fs::write(&copy, "something else").unwrap();
    assert_eq!(with_library(&copy, &["list", "seeds", "--query", "is:starred"]).status.code(), Some(2));
}

#[test]
fn missing_paths_are_refused_with_a_suggestion() {
    let told = |arguments: &[&str]| {
        let output = newsdesk(arguments);
        assert_eq!((output.status.code(), output.stdout.is_empty()), (Some(2), true), "{arguments:?}");
        err(&output).trim_end().to_owned()
    };
    let reason = "no such file or folder";
    assert_eq!(told(&["serach"]), format!("newsdesk: serach: {reason}; did you mean the subcommand \"search\"?"));
    assert_eq!(told(&["list", "seesd"]), format!("newsdesk: seesd: {reason}; did you mean \"seeds\"?"));
    assert_eq!(told(&["list", "nothing-like-it"]), format!("newsdesk: nothing-like-it: {reason}"));
}

#[test]
fn answers_that_may_lack_articles_say_so() {
    let folder = tempfile::tempdir().unwrap();
    let out_file = folder.path().join("out.json");
    let out_file = out_file.to_str().unwrap();
    let searched = newsdesk(&["search", "moon", "seeds", "no-such-folder", "--format", "json"]);
    assert_eq!(found(out(&searched).lines().next().unwrap())["incomplete"], true);
    let told = "newsdesk: the result is incomplete: 1 file or folder could not be read";
    assert!(err(&searched).lines().any(|line| line == told), "{}", err(&searched));
    let exported = newsdesk(&["export", "seeds", "no-such-folder", "--output", out_file]);
    assert_eq!(exported.status.code(), Some(2));
    assert!(err(&exported).contains("newsdesk: the export is incomplete: 1 file or folder could not be read"));
    assert_eq!(found(&std::fs::read_to_string(out_file).unwrap())["incomplete"], true);
}

#[test]
fn searches_add_replaces_only_with_the_flag() {
    let folder = tempfile::tempdir().unwrap();
    let run = |arguments: &[&str]| with_library(&folder.path().join("library.db"), arguments);
    assert!(run(&["searches", "add", "Moon", "moon"]).status.success());
    let again = run(&["searches", "add", "Moon", "mars"]);
    assert_eq!(again.status.code(), Some(2));
    assert!(
        err(&again).contains("a search named \"Moon\" exists already; use --replace to replace it"),
        "{}",
        err(&again)
    );
    assert_eq!(out(&run(&["searches"])), "-\t-\tMoon\tmoon\n");
    assert!(run(&["searches", "add", "Moon", "mars", "--replace"]).status.success());
    assert_eq!(out(&run(&["searches"])), "-\t-\tMoon\tmars\n");
    // Key and watch stay if they are not given, and another search's key is taken only on request.
    assert!(run(&["searches", "add", "Moon", "mars", "--replace", "--key", "m", "--watch"]).status.success());
    assert!(run(&["searches", "add", "Moon", "sun", "--replace"]).status.success());
    assert_eq!(out(&run(&["searches"])), "m\twatch\tMoon\tsun\n");
    let other = run(&["searches", "add", "Other", "sea", "--key", "m"]);
    assert!(err(&other).contains("\"Moon\" has this key already"), "{}", err(&other));
    assert_eq!(out(&run(&["searches"])), "m\twatch\tMoon\tsun\n");
}
