//! The contract that every format keeps, over files of every kind.

use std::fs;
use std::path::{Path, PathBuf};

use newsdesk::article::{BlockKind, Role};
use newsdesk::formats::{FORMATS, FileHint, ParsedFile, decode, read};
use newsdesk::text::clean;
use proptest::prelude::*;

use crate::support::material::shared;

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found.sort();
    found
}

/// What a file's only article consists of: date, section, and its parts as `(role, text)`.
type Parsed = (Option<String>, String, Vec<(Role, String)>);

fn parsed(reading: &ParsedFile<'_>) -> Parsed {
    let draft = &reading.drafts[0];
    let parts = draft.parts.iter().map(|part| (part.role, clean(part.text.trim()).into_owned())).collect();
    (draft.published.map(|date| date.to_string()), draft.section.trim().to_owned(), parts)
}

fn parse_file(path: &Path) -> Parsed {
    let bytes = fs::read(path).unwrap();
    let decoded = decode(&bytes).unwrap();
    let name = path.file_name().unwrap().to_string_lossy();
    parsed(&read(&decoded, &FileHint { file_name: &name }))
}

/// Every word of the text stands in some part, in the dateline or in the section.
fn assert_nothing_lost(text: &str, reading: &ParsedFile<'_>) {
    let draft = &reading.drafts[0];
    let mut kept: String = draft.parts.iter().map(|part| format!("{} ", part.text)).collect();
    kept.push_str(&draft.section);
    let kept: String = kept.chars().filter(|c| c.is_alphanumeric()).collect();
    for line in text.lines().skip(1) {
        let line = line.trim();
        let marked = ["SOURCE", "source", "Source", "Title", "Date", "Author", "Section", "URL"]
            .iter()
            .any(|mark| line.starts_with(mark));
        if marked || line.contains('/') || line.to_lowercase().starts_with("date") {
            continue;
        }
        for word in line.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()) {
            assert!(kept.contains(word), "{word:?} of {line:?}");
        }
    }
}

#[test]
#[ignore = "needs ../shared"]
fn sample_article_is_split_into_its_exact_parts() {
    let folder = shared("seeds");
    let path = files(&folder).remove(0);
    let text = fs::read_to_string(&path).unwrap();
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let (date, section, parts) = parse_file(&path);
    assert_eq!((date.as_deref(), section.as_str()), (Some("2023-09-27"), "WORLD"));
    let (caption, _) = lines[3].split_once(" / Photo:").unwrap();
    let mut expected = vec![
        (Role::Headline, lines[1]),
        (Role::Standfirst, lines[2]),
        (Role::Caption, caption.trim()),
        (Role::Credit, "Reuters Archive"),
    ];
    for line in &lines[4..lines.len() - 1] {
        let kind = if *line == "US-China tensions" { BlockKind::Crosshead } else { BlockKind::Paragraph };
        expected.push((Role::Body(kind), line));
    }
    expected.push((Role::Source, "Reuters"));
    let parts: Vec<(Role, &str)> = parts.iter().map(|(role, text)| (*role, text.as_str())).collect();
    assert_eq!(parts, expected);
    let paragraphs = parts.iter().filter(|(role, _)| *role == Role::Body(BlockKind::Paragraph)).count();
    assert_eq!(paragraphs, 10);
    let crosshead = parts.iter().position(|(_, text)| *text == "US-China tensions").unwrap();
    assert_eq!(crosshead - 4, 5, "five paragraphs stand before the cross-head");
}

#[test]
fn every_seed_has_a_date_a_section_a_source_and_body() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("seeds");
    let mut sections = std::collections::HashSet::new();
    for path in files(&folder) {
        let (date, section, parts) = parse_file(&path);
        assert!(path.file_name().unwrap().to_str().unwrap().starts_with(&date.unwrap()), "{path:?}");
        for role in [Role::Headline, Role::Source, Role::Body(BlockKind::Paragraph)] {
            assert!(parts.iter().any(|(found, _)| *found == role), "{path:?} has no {role:?}");
        }
        sections.insert(section);
    }
    assert!(sections.len() >= 8);
}

#[test]
#[ignore = "needs ../shared"]
fn variants_of_the_users_article_are_read_like_it() {
    let (seeds, hostile) = (shared("seeds"), shared("hostile"));
    let seed = parse_file(&files(&seeds).remove(0));
    for name in [
        "nl/cr_only.txt",
        "nl/leading_blank_lines.txt",
        "nl/blank_after_date.txt",
        "nl/many_blank_lines.txt",
        "enc/utf16be_bom.txt",
    ] {
        let path = hostile.join(name);
        if path.exists() {
            assert_eq!(parse_file(&path), seed, "{name}");
        }
    }
}

#[test]
#[ignore = "needs ../shared"]
fn dates_of_every_kind_are_read_or_left_out_but_never_changed() {
    let hostile = shared("hostile");
    for (name, date, section) in [
        ("month13_day45", None, "WORLD"),
        ("feb30", None, "WORLD"),
        ("short", Some("2023-09-07"), "WORLD"),
        ("dmy_text", Some("2023-09-27"), "WORLD"),
        ("iso_time", Some("2023-09-27T22:10:00+03:00"), "WORLD"),
        ("no_section", Some("2023-09-27"), ""),
        ("unicode_section", Some("2024-01-05"), "新闻联播"),
        ("trailing_ws", Some("2023-09-27"), "WORLD"),
        ("missing", None, ""),
    ] {
        let parsed = parse_file(&hostile.join("date").join(format!("{name}.txt")));
        assert_eq!((parsed.0.as_deref(), parsed.1.as_str()), (date, section), "{name}");
    }
}

#[test]
#[ignore = "needs ../shared"]
fn every_hostile_file_is_read_or_refused_and_loses_nothing() {
    let hostile = shared("hostile");
    let mut read_files = 0;
    for path in files(&hostile) {
        let bytes = fs::read(&path).unwrap();
        let Ok(decoded) = decode(&bytes) else { continue };
        let name = path.file_name().unwrap().to_string_lossy();
        let reading = read(&decoded, &FileHint { file_name: &name });
        // A feed has as many articles as entries; every other file is one.
        assert!(reading.drafts.len() == 1 || reading.format == "feed", "{path:?}");
        if reading.format != "markdown"
            && path.extension().is_some_and(|ending| ending == "txt")
            && !name.contains("hard_wrapped")
        {
            assert_nothing_lost(decoded.text(), &reading);
        }
        read_files += 1;
    }
    assert!(read_files > 80);
}

#[test]
#[ignore = "needs ../shared"]
fn every_release_of_the_corpus_has_a_date_and_a_section() {
    let corpora = shared("corpora/whitehouse");
    for path in files(&corpora).into_iter().filter(|path| path.extension().is_some_and(|ending| ending == "txt")) {
        let (date, section, parts) = parse_file(&path);
        assert!(date.is_some() && !section.is_empty() && parts.len() >= 3, "{path:?}");
    }
}

fn texts() -> impl Strategy<Value = Vec<u8>> {
    let line = prop_oneof![
        Just(" date 2023-09-27 WORLD".to_owned()),
        Just("---".to_owned()),
        Just("title: [x".to_owned()),
        Just("SOURCE:A and B".to_owned()),
        Just("A caption / Photo: B".to_owned()),
        Just(String::new()),
        "[a-z #*>|`-]{0,80}",
        Just("<?xml version='1.0'?><rss version='2.0' xmlns:c='http://purl.org/rss/1.0/modules/content/'>".to_owned()),
        Just("<channel><title>A</title><item><description>&lt;p&gt;b &amp;nbsp;".to_owned()),
        Just("{\"version\": \"https://jsonfeed.org/version/1\", \"items\": [{\"id\": 1}]}".to_owned()),
        "(</?(p|b|li|ul|table|tr|td|a href='x'|pre|title|item|entry|script|figure|img alt='y'|br)>|<|&|;|x| ){0,12}",
        "\\PC{0,30}",
    ];
    let text = prop::collection::vec(line, 0..12).prop_map(|lines| lines.join("\n").into_bytes());
    prop_oneof![text, prop::collection::vec(any::<u8>(), 0..200)]
}

proptest! {
    #[test]
    fn formats_never_panic_and_are_deterministic(bytes in texts(), ending in "(txt|md|html|xml|rss|)") {
        let Ok(decoded) = decode(&bytes) else { return Ok(()) };
        let file_name = format!("2023-09-27-x.{ending}");
        let hint = FileHint { file_name: &file_name };
        for format in FORMATS {
            let (mut once, mut twice) = (ParsedFile::default(), ParsedFile::default());
            format.parse(&hint, decoded.text(), &mut once);
            format.parse(&hint, decoded.text(), &mut twice);
            prop_assert_eq!(&once.drafts, &twice.drafts);
            prop_assert!(once.drafts.len() == 1 || format.name() == "feed");
            // Spans must count in the text as the corpus keeps it.
            for part in once.drafts.iter().flat_map(|draft| &draft.parts) {
                for span in &part.spans {
                    prop_assert!(part.text.is_char_boundary(span.start as usize) && part.text.is_char_boundary(span.end as usize));
                    prop_assert_eq!(&*clean(&part.text), &*part.text);
                }
            }
        }
    }
}
