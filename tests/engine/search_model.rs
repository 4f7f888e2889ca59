//! What queries find, and how many hits, against a second implementation that shares nothing with the first but the
//! parser and the folding of single texts: it reads whole articles and looks at them paragraph by paragraph.

use crate::support::cases::cases;
use std::path::PathBuf;
use std::sync::Arc;

use crate::fuzz_targets::search_model::*;
use crate::support::material::shared;
use newsdesk::engine::load_all;
use newsdesk::engine::loader::{LoadOptions, Source};
use newsdesk::query::Sort;
use newsdesk::search::SearchResult;
use proptest::prelude::*;

/// Queries of every kind, in several scripts; most find something in one of the corpora.
const QUERIES: &[&str] = &[
    "the",
    "e",
    "parliament",
    "US",
    "\"the US\"",
    "case:exact President",
    "case:ignore US",
    "government",
    "President",
    "\"the president\"",
    "\"white house\" -biden",
    "state department",
    "state department -microsoft date:2023-09",
    "economy OR climate",
    "(economy OR climate) water -energy",
    "-the",
    "title:the",
    "title:(remarks OR statement) body:ukraine",
    "-title:the lead:of",
    "source:nasa OR source:house",
    "section:science -section:space",
    "section:SCIENCE",
    "section:\"arts and culture\"",
    "path:2019",
    "path:/seeds -path:moon",
    "caption:the",
    "date:2019..2021",
    "after:2020 before:2023-06",
    "-has:date OR date:2016",
    "has:image has:link",
    "has:image words:>150",
    "words:<120 OR words:100..200",
    "is:unread moon",
    "is:read OR is:starred",
    "black NEAR/3 hole",
    "water NEAR/5 (energy OR climate)",
    "\"united states\" NEAR/8 president",
    "the NEAR/2 of NEAR/2 the",
    "moon -(space NEAR/5 earth)",
    "/\\b(19|20)\\d\\d\\b/",
    "/[A-Z]{3,}/",
    "/colou?rs?|neighbou?rs?/ the",
    "title:/^the/",
    "/état|über|[а-я]{9}/",
    "月",
    "小惑星 OR 地球",
    "\"月球\"",
    "การ",
    "élysée OR elysee",
    "straße",
    "ΕΛΛΑΔΑ OR ελλάδα",
    "москва",
    "القاهرة",
    "한국",
    "“the”",
    "don't OR “don’t”",
    "co-operation OR co–operation",
];

/// Case-sensitive queries, which the model answers slowly in large corpora because it tries every spelling.
const EXACT: &[&str] = &["US", "\"the US\"", "case:exact President", "/[A-Z]{3,}/"];

#[test]
fn bundled_articles_are_found_as_in_the_model() {
    let corpus = Arc::new(load_all(&[Source::Bundled], LoadOptions::default()).corpus);
    let known = known(&corpus);
    let mut found = 0;
    for query in QUERIES {
        let [fast, slow] = both(&corpus, &known, query);
        found += usize::from(!fast.0.is_empty());
        assert_eq!(fast, slow, "{query}");
    }
    assert!(found > QUERIES.len() / 2, "{found} queries found anything");
}

#[test]
#[ignore = "needs ../shared"]
fn real_corpora_are_found_as_the_model_finds_them() {
    let shared = shared("corpora");
    // Some of the large one and all of the many scripts.
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(shared.join("whitehouse")).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let some = files.into_iter().step_by(60).map(Source::Path);
    let sources: Vec<Source> = some.chain([Source::Path(shared.join("scripts"))]).collect();
    let corpus = Arc::new(load_all(&sources, LoadOptions::default()).corpus);
    assert!(corpus.len() > 20, "{}", corpus.len());
    let known = known(&corpus);
    for query in QUERIES.iter().filter(|query| !EXACT.contains(query)) {
        let [fast, slow] = both(&corpus, &known, query);
        assert_eq!(fast, slow, "{query}");
    }
}

fn texts() -> impl Strategy<Value = Vec<Vec<String>>> {
    let word = prop::sample::select(WORDS);
    let paragraph = prop::collection::vec(word, 1..9).prop_map(|words| words.join(" "));
    prop::collection::vec(prop::collection::vec(paragraph, 1..6), 1..30)
}

fn queries() -> impl Strategy<Value = String> {
    let term = prop::sample::select(TERMS);
    let field = prop::sample::select(FIELDS);
    let term = (field, term).prop_map(|(field, term)| format!("{field}{term}"));
    let leaf = prop_oneof![
        6 => term.clone(),
        2 => (term.clone(), 1u16..6, term).prop_filter("NEAR takes text", |(a, _, b)| {
            ![a, b].iter().any(|term| term.starts_with("section:") || term.starts_with("path:"))
        }).prop_map(|(a, within, b)| format!("{a} NEAR/{within} {b}")),
        1 => prop::sample::select(CONDITIONS).prop_map(str::to_owned),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            inner.clone().prop_map(|query| format!("-({query})")),
            prop::collection::vec(inner.clone(), 2..4).prop_map(|all| all.join(" ")),
            prop::collection::vec(inner, 2..4).prop_map(|any| format!("({})", any.join(" OR "))),
        ]
    })
}

#[test]
fn narrowing_over_many_articles_equals_a_full_pass() {
    narrow_over_many_articles(&["state department -microsoft date:2022", "\"state dep\" ete"]);
}

#[test]
#[ignore = "long: many queries over 9,000 articles"]
fn narrowing_of_many_queries_equals_a_full_pass() {
    narrow_over_many_articles(&[
        "State the OR then",
        "-micro -mail the",
        "title:state body:other",
        "black NEAR/3 hole the",
        "strasse 国务院",
        "/dep.rt/ ma mb",
        "section:world t th the then",
        "a e i o s t th h d m",
        "words:>3 sort:title depart",
    ]);
}

/// Types each query over more articles than are scanned one by one, so that whole shards are scanned and narrowed.
fn narrow_over_many_articles(queries: &[&str]) {
    let words = [
        "state",
        "State",
        "department",
        "depart",
        "microsoft",
        "micro",
        "mail",
        "mailbox",
        "été",
        "Straße",
        "国务院",
        "black",
        "hole",
        "the",
        "then",
        "other",
        "of",
        "on",
    ];
    let mut seed = 1_u32;
    let mut pick = |from: usize| {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (seed >> 16) as usize % from
    };
    let texts: Vec<Vec<String>> = (0..9_000)
        .map(|_| {
            let paragraphs = 1 + pick(5);
            let mut paragraph = || (0..1 + pick(6)).map(|_| words[pick(words.len())]).collect::<Vec<_>>().join(" ");
            (0..paragraphs).map(|_| paragraph()).collect()
        })
        .collect();
    let corpus = corpus_of(&texts, 300);
    let known = known(&corpus);
    let mut narrowed = 0;
    for &text in queries {
        let mut former: Vec<SearchResult> = Vec::new();
        for end in (1..=text.len()).filter(|&end| text.is_char_boundary(end)) {
            let typed = parse(&text[..end]);
            if typed.mistake().is_some() {
                continue;
            }
            let full = ask(&corpus, &typed, None);
            for former in former.iter().filter(|former| typed.refines(&former.query)) {
                narrowed += usize::from(former.slots.len() > 4_000);
                let within = ask(&corpus, &typed, Some(former.clone()));
                assert_eq!(within.slots, full.slots, "{:?} within {:?}", typed.text(), former.query.text());
                // What was found within an answer leaves traces as well.
                let again = ask(&corpus, &typed, Some(within));
                assert_eq!(again.slots, full.slots, "{:?} within itself", typed.text());
            }
            former.push(full);
        }
        let [fast, slow] = both(&corpus, &known, text);
        assert_eq!(fast, slow, "{text}");
    }
    assert!(narrowed > 10 * queries.len(), "{narrowed} answers of many articles were narrowed");
}

#[test]
fn empty_matches_of_an_expression_are_not_hits() {
    let corpus = corpus_of(&[vec!["“Élan” – No. 1".to_owned(), "Ten … 100 %, ﬁne".to_owned()]], 1);
    let known = known(&corpus);
    for (query, hits) in [("/Z|1?/", 2), ("/É?/", 1), ("/z|1?/", 2), ("/T*/", 1)] {
        let [fast, slow] = both(&corpus, &known, query);
        assert_eq!((&fast, fast.1), (&slow, hits), "{query}");
    }
    for query in ["section:/Z|1?/", "-path:/q*/"] {
        let [fast, slow] = both(&corpus, &known, query);
        assert_eq!(fast, slow, "{query}");
    }
}

proptest! {
    #![proptest_config(cases(64))]

    #[test]
    fn random_queries_find_what_the_model_finds(texts in texts(), query in queries(), per_shard in 1usize..9) {
        prop_assert!(parse(&query).mistake().is_none(), "{}", query);
        let corpus = corpus_of(&texts, per_shard);
        let [fast, slow] = both(&corpus, &known(&corpus), &query);
        prop_assert_eq!(fast, slow, "{} is {}", &query, parse(&query));
    }

    #[test]
    fn narrowing_equals_a_full_pass_at_every_letter(texts in texts(), query in queries(), order in 0usize..5) {
        let corpus = corpus_of(&texts, 5);
        let sort = [Sort::New, Sort::Old, Sort::Title, Sort::Longest, Sort::Relevance][order];
        let mut former: Option<SearchResult> = None;
        for end in (0..=query.len()).filter(|&end| query.is_char_boundary(end)) {
            let typed = parse(&query[..end]).sorted(sort);
            let full = ask(&corpus, &typed, None);
            if let Some(former) = former.filter(|former| typed.refines(&former.query)) {
                let narrowed = ask(&corpus, &typed, Some(former));
                prop_assert_eq!(&narrowed.slots, &full.slots, "{}", typed.text());
            }
            former = Some(full);
        }
    }
}
