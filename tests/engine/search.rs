//! The search over a corpus by example; `search_model.rs` holds all of it against a second implementation.

use std::path::Path;
use std::sync::Arc;

use newsdesk::article::{BlockKind, Draft, Published, Role};
use newsdesk::corpus::{Corpus, FileStamp, Origin, ShardBuilder, Slot};
use newsdesk::query::Query;
use newsdesk::search::{Matcher, SearchRequest, SearchResult, count_hits, scan};
use newsdesk::text::fold::fold;
use proptest::prelude::*;

/// What queries of these tests do not depend on.
const TODAY: chrono::NaiveDate = chrono::NaiveDate::MIN;

fn corpus_of(texts: &[Vec<String>], per_shard: usize) -> Arc<Corpus> {
    let dir: Arc<Path> = Arc::from(Path::new("desk"));
    let shards = texts.chunks(per_shard).enumerate().map(|(number, texts)| {
        let mut builder = ShardBuilder::default();
        for (index, paragraphs) in texts.iter().enumerate() {
            let name = format!("{number:04}-{index:04}");
            let file = builder.file(&dir, name.as_ref(), Origin::File, FileStamp::default());
            let day = (number * 7 + index) as i64;
            let mut draft = Draft { published: Published::from_seconds(day * 86_400, None), ..Draft::default() };
            for (at, paragraph) in paragraphs.iter().enumerate() {
                let role = if at == 0 { Role::Headline } else { Role::Body(BlockKind::Paragraph) };
                draft.push(role, paragraph.as_str());
            }
            builder.push(file, name.as_bytes(), 0, "wire", &draft);
        }
        Arc::new(builder.finish())
    });
    Arc::new(Corpus::default().with(shards))
}

fn ask(corpus: &Arc<Corpus>, text: &str, within: Option<SearchResult>) -> SearchResult {
    let request = SearchRequest {
        marks: Default::default(),
        generation: 1,
        corpus: Arc::clone(corpus),
        query: Arc::new(Query::parse(text, TODAY)),
        within,
        screenful: 80,
    };
    let mut last = None;
    scan(&request, &|| false, &mut |answer| last = Some(answer));
    let answer = last.expect("a scan that is not cancelled answers");
    assert!(answer.complete);
    answer
}

#[test]
fn both_words_of_a_query_are_found_wherever_they_stand() {
    let texts = [
        vec!["State visit".to_owned(), "The department was told.".to_owned()],
        vec!["Budget".to_owned(), "The State Department spends.".to_owned()],
        vec!["Weather".to_owned(), "Rain in every state.".to_owned()],
    ];
    let corpus = corpus_of(&texts, 2);
    assert_eq!(ask(&corpus, "state department", None).slots.len(), 2);
    assert_eq!(ask(&corpus, "\"state department\"", None).slots.len(), 1);
    assert_eq!(ask(&corpus, "state -department", None).slots.len(), 1);
    assert_eq!(ask(&corpus, "State", None).slots.len(), 3);
    assert_eq!(ask(&corpus, "case:exact State", None).slots.len(), 2);
    assert_eq!(ask(&corpus, "STATE", None).slots.len(), 0);
    assert_eq!(ask(&corpus, "case:ignore STATE", None).slots.len(), 3);
    assert_eq!(ask(&corpus, "\"state depart\"", None).slots.len(), 0);
}

#[test]
fn words_in_capitals_are_exact_and_others_ignore_case() {
    let texts = ["Opec meets", "OPEC and the US", "It told us", "The us army", "The US Army", "THE US ARMY"];
    let corpus = corpus_of(&texts.map(|text| vec![text.to_owned()]), 2);
    for (query, found) in [
        ("Opec", 2),
        ("opec", 2),
        ("OPEC", 1),
        ("US", 3),
        ("us", 5),
        ("Us", 5),
        ("\"us army\"", 3),
        ("\"US Army\"", 2),
        ("\"the US\"", 3),
        ("\"the US\" NEAR/1 army", 2),
        ("case:exact \"The US\"", 1),
        ("case:exact us", 2),
        ("case:ignore US", 5),
        ("/US/", 3),
        ("/us/", 5),
        ("/Us/", 0),
        ("case:ignore /US/", 5),
        ("case:exact /us/", 2),
    ] {
        assert_eq!(ask(&corpus, query, None).slots.len(), found, "{query}");
    }
}

#[test]
fn late_articles_are_hidden_unless_the_query_names_such_days() {
    // Each article is a day later than the one before, from 1970-01-01 on.
    let texts: Vec<_> = (0..9_000).map(|number| vec![format!("one {number}")]).collect();
    let corpus = corpus_of(&texts, 7);
    let day = |days: u64| chrono::NaiveDate::default() + chrono::Days::new(days);
    let found = |text: &str| {
        let query = Arc::new(Query::parse(text, TODAY).hiding_future(day(8)));
        let request = SearchRequest {
            marks: Default::default(),
            generation: 1,
            corpus: Arc::clone(&corpus),
            query,
            within: None,
            screenful: 80,
        };
        let mut last = None;
        scan(&request, &|| false, &mut |answer| last = Some(answer));
        last.unwrap().slots.len()
    };
    assert_eq!(found(""), 10);
    assert_eq!(found("sort:old"), 10);
    assert_eq!(found("one"), 10);
    assert_eq!(found("-two sort:title"), 10);
    assert_eq!(found("date:1970.."), 10);
    assert_eq!(found("date:1980-01-01"), 1);
    assert_eq!(found("one after:1970-01-12"), 9_000 - 12);
}

#[test]
fn hits_name_the_part_the_bytes_and_the_term() {
    let corpus = corpus_of(&[vec!["L’État, c’est moi".to_owned(), "état d’urgence; ÉTAT".to_owned()]], 1);
    let entry = corpus.get(Slot(0)).unwrap();
    let matcher = Matcher::new(&Query::parse("etat moi", TODAY), &Default::default());
    let article = entry.article();
    let hits: Vec<_> = matcher
        .hits(entry)
        .into_iter()
        .map(|hit| (hit.term.0, hit.part, article.parts[hit.part].text[hit.range].to_owned()))
        .collect();
    let expected = [(0, 0, "État"), (1, 0, "moi"), (0, 1, "état"), (0, 1, "ÉTAT")];
    assert_eq!(hits, expected.map(|(term, part, text)| (term, part, text.to_owned())));
    assert_eq!(matcher.count(entry), 4);
}

#[test]
fn phrases_end_at_word_boundaries_and_anywhere_in_chinese() {
    let corpus = corpus_of(&[vec!["Statement of states".to_owned(), "中国国务院新闻办公室".to_owned()]], 1);
    assert!(ask(&corpus, "\"state\"", None).slots.is_empty());
    assert_eq!(ask(&corpus, "\"states\"", None).slots.len(), 1);
    assert_eq!(ask(&corpus, "\"国务院\"", None).slots.len(), 1);
    assert_eq!(ask(&corpus, "新闻办", None).slots.len(), 1);
}

#[test]
fn cancelled_scan_publishes_no_complete_result() {
    let corpus = corpus_of(&vec![vec!["one".to_owned()]; 9_000], 100);
    let request = SearchRequest {
        generation: 1,
        corpus,
        marks: Default::default(),
        query: Arc::new(Query::parse("one", TODAY)),
        within: None,
        screenful: 80,
    };
    scan(&request, &|| true, &mut |answer| assert!(!answer.complete));
}

#[test]
fn first_screen_of_results_comes_before_the_rest() {
    let corpus = corpus_of(&vec![vec!["one".to_owned()]; 9_000], 100);
    let request = SearchRequest {
        generation: 3,
        corpus,
        marks: Default::default(),
        query: Arc::new(Query::parse("one", TODAY)),
        within: None,
        screenful: 80,
    };
    let mut answers = Vec::new();
    scan(&request, &|| false, &mut |answer| answers.push(answer));
    assert!(!answers[0].complete && answers[0].slots.len() >= 80);
    let whole = answers.last().unwrap();
    assert!(whole.complete && whole.slots.len() == 9_000);
    assert_eq!(whole.slots[..80], answers[0].slots[..80]);
    let mut counted = None;
    count_hits(whole, &|| false, &mut |hits, complete| counted = Some((hits, complete)));
    assert_eq!(counted, Some((9_000, true)));
}

fn texts() -> impl Strategy<Value = Vec<Vec<String>>> {
    let word = prop::sample::select(vec![
        "state",
        "State",
        "estate",
        "mail",
        "é",
        "été",
        "ETE",
        "“mail”",
        "国务院",
        "务",
        "-",
        "a",
        "ß",
        "SS",
        "co\u{301}",
    ]);
    let paragraph = prop::collection::vec(word, 1..6).prop_map(|words| words.join(" "));
    prop::collection::vec(prop::collection::vec(paragraph, 1..4), 1..40)
}

proptest! {
    #[test]
    fn narrowing_equals_a_full_pass_and_matches_have_hits(
        texts in texts(), query in "[stae]{1,2}", more in "( -?[mile]{1,2}|t|a| \"mail)",
    ) {
        let corpus = corpus_of(&texts, 3);
        let former = ask(&corpus, &query, None);
        let longer = format!("{query}{more}");
        prop_assume!(Query::parse(&longer, TODAY).refines(&former.query));
        let full = ask(&corpus, &longer, None);
        prop_assert_eq!(&*ask(&corpus, &longer, Some(former)).slots, &*full.slots);
        let matcher = Matcher::new(&full.query, &full.marks);
        for &slot in full.slots.iter() {
            let entry = corpus.get(slot).unwrap();
            let hits = matcher.hits(entry);
            prop_assert!(!hits.is_empty());
            prop_assert_eq!(hits.len() as u64, matcher.count(entry));
            let article = entry.article();
            for hit in hits {
                let term = full.query.term(hit.term).unwrap();
                prop_assert!(fold(&article.parts[hit.part].text[hit.range]).contains(fold(&term.text).trim()));
            }
        }
    }
}
