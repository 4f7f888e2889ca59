//! The examples of `docs/query-language.md`, held against the program.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use chrono::NaiveDate;
use newsdesk::engine::load_all;
use newsdesk::engine::loader::{LoadOptions, Source};
use newsdesk::query::{FEATURES, FIELDS, LANGUAGE, MARKS, Query, SORTS};
use newsdesk::search::{SearchRequest, scan};

fn page() -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/query-language.md")).unwrap()
}

fn parse(text: &str) -> Query {
    Query::parse(text, NaiveDate::from_ymd_opt(2024, 3, 1).unwrap())
}

/// What stands before and after the arrow in every block of this kind.
fn examples(kind: &str) -> Vec<(String, String)> {
    let page = page();
    let blocks = page.split("```").skip(1).step_by(2);
    let lines = blocks.filter_map(|block| block.strip_prefix(&format!("{kind}\n"))).flat_map(str::lines);
    let examples: Vec<_> = lines
        .map(|line| line.split_once(" → ").unwrap_or_else(|| panic!("no arrow: {line}")))
        .map(|(query, meaning)| (query.trim_end().to_owned(), meaning.to_owned()))
        .collect();
    assert!(!examples.is_empty(), "{kind}");
    examples
}

#[test]
fn query_examples_parse_as_documented() {
    for (query, tree) in examples("query") {
        let parsed = parse(&query);
        assert_eq!((parsed.to_string(), parsed.mistake()), (tree, None), "{query}");
    }
}

#[test]
fn query_mistakes_are_reported_as_documented() {
    for (query, message) in examples("mistake") {
        assert_eq!(parse(&query).mistake().map(|mistake| mistake.message.as_str()), Some(&*message), "{query}");
    }
}

#[test]
fn query_examples_find_as_many_articles_as_documented() {
    let corpus = Arc::new(load_all(&[Source::Bundled], LoadOptions::default()).corpus);
    let mut wrong = Vec::new();
    for (query, count) in examples("found") {
        let request = SearchRequest {
            marks: Default::default(),
            generation: 1,
            corpus: Arc::clone(&corpus),
            query: Arc::new(parse(&query)),
            within: None,
            screenful: 80,
        };
        let mut matched = 0;
        scan(&request, &|| false, &mut |answer| matched = answer.matched);
        if matched.to_string() != count {
            wrong.push(format!("{query} → {matched}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn query_docs_and_help_list_the_whole_syntax() {
    let screen: String = LANGUAGE.iter().flat_map(|(write, means)| [*write, " ", *means, " "]).collect();
    for text in [page(), screen] {
        for spec in FIELDS {
            assert!(text.contains(&format!("{}:", spec.name)), "{}", spec.name);
        }
        let values = MARKS.iter().map(|(name, _)| name).chain(FEATURES.iter().map(|(name, _)| name));
        for value in values.chain(SORTS.iter().map(|(name, _)| name)) {
            assert!(text.contains(value), "{value}");
        }
    }
    for (write, means) in LANGUAGE {
        assert_eq!(parse(write).mistake(), None, "{write}");
        assert!(means.chars().count() <= 46, "{means} is cut at 80 columns");
    }
}
