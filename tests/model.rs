//! What queries find, and how many hits, against a second implementation that shares nothing with the first but the
//! parser and the folding of single texts: it reads whole articles and looks at them paragraph by paragraph.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use chrono::NaiveDate;
use newsdesk::article::fold::{fold, fold_keeping_case};
use newsdesk::article::{Article, BlockKind, Draft, Part, Published, Role};
use newsdesk::corpus::{Corpus, Origin, ShardBuilder, Stamp};
use newsdesk::query::{Expr, Feature, Field, Mark, Query, Sort, Term, TermId, TermKind};
use newsdesk::runtime::{LoadOptions, Source, load_all};
use newsdesk::search::{Answer, Request, count_hits, scan};
use proptest::prelude::*;

fn parse(text: &str) -> Query {
    Query::parse(text, NaiveDate::from_ymd_opt(2024, 3, 1).unwrap())
}

/// An article and what is known of it beside its text.
struct Known {
    article: Article,
    path: String,
}

impl Known {
    fn matches(&self, query: &Query, expr: &Expr) -> bool {
        let article = &self.article;
        let day = article.published.map(|published| published.day());
        match expr {
            Expr::Everything => true,
            Expr::And(all) => all.iter().all(|expr| self.matches(query, expr)),
            Expr::Or(any) => any.iter().any(|expr| self.matches(query, expr)),
            Expr::Not(inner) => !self.matches(query, inner),
            Expr::Term(id) => self.holds(query.term(*id).unwrap()),
            Expr::Near { left, right, within } => article
                .parts
                .iter()
                .any(|part| near(part, query, left, right, *within).iter().any(|side| !side.is_empty())),
            Expr::Published(days) => {
                day.is_some_and(|day| days.from.is_none_or(|from| from <= day) && days.to.is_none_or(|to| day <= to))
            }
            Expr::Words(words) => words.contains(&article.words),
            Expr::Is(mark) => *mark == Mark::Unread,
            Expr::Has(Feature::Note) => false,
            Expr::Has(Feature::Link) => article.url.is_some() || !article.links.is_empty(),
            Expr::Has(Feature::Image) => {
                article.parts.iter().any(|part| [Role::Caption, Role::Credit].contains(&part.role))
            }
            Expr::Has(Feature::Date) => day.is_some(),
        }
    }

    fn holds(&self, term: &Term) -> bool {
        match term.field {
            Some(Field::Section) => !places(&self.article.section, term).is_empty(),
            Some(Field::Path) => !places(&self.path, term).is_empty(),
            Some(Field::Tag | Field::Note | Field::Feed) => false,
            _ => self.article.parts.iter().any(|part| is_there(part, term) && !places(&part.text, term).is_empty()),
        }
    }

    /// How many hits are highlighted: of those that overlap the first, and of those that begin together the longest.
    fn hits(&self, query: &Query) -> u64 {
        let mut nears = Vec::new();
        collect_near(query.root(), &mut nears);
        let is_near = |id: TermId| nears.iter().any(|(left, right, _)| left.contains(&id) || right.contains(&id));
        let mut count = 0;
        for part in &self.article.parts {
            let mut found: Vec<Range<usize>> = Vec::new();
            for (number, term) in query.terms().iter().enumerate() {
                if !term.negated && is_there(part, term) && !is_near(TermId(number as u16)) {
                    found.extend(places(&part.text, term));
                }
            }
            for (left, right, within) in &nears {
                found.extend(near(part, query, left, right, *within).concat());
            }
            found.sort_by_key(|range| (range.start, std::cmp::Reverse(range.end)));
            let mut end = 0;
            for range in found {
                if range.start >= end {
                    (count, end) = (count + 1, range.end);
                }
            }
        }
        count
    }
}

type Near = (Vec<TermId>, Vec<TermId>, u16);

/// Those that are not below a negation.
fn collect_near(expr: &Expr, out: &mut Vec<Near>) {
    match expr {
        Expr::Near { left, right, within } => out.push((left.clone(), right.clone(), *within)),
        Expr::And(all) | Expr::Or(all) => all.iter().for_each(|expr| collect_near(expr, out)),
        _ => {}
    }
}

fn is_there(part: &Part, term: &Term) -> bool {
    match term.field {
        None => true,
        Some(Field::Title) => part.role == Role::Headline,
        Some(Field::Lead) => part.role == Role::Standfirst,
        Some(Field::Body) => matches!(part.role, Role::Body(_)),
        Some(Field::Caption) => matches!(part.role, Role::Caption | Role::Credit),
        Some(Field::Source) => part.role == Role::Source,
        Some(Field::By) => part.role == Role::Byline,
        Some(_) => false,
    }
}

/// Where a term stands in a text, as ranges of the folded text, from front to back and without overlaps.
fn places(text: &str, term: &Term) -> Vec<Range<usize>> {
    let folded = fold(text);
    if term.kind == TermKind::Regex {
        // What ignores case ignores accents too.
        let fold_letter = |c: char| if c.is_ascii() { c.to_string() } else { fold(&c.to_string()) };
        let pattern = if term.exact_case { term.text.clone() } else { term.text.chars().map(fold_letter).collect() };
        let regex = regex::RegexBuilder::new(&pattern).case_insensitive(!term.exact_case).build().unwrap();
        let found =
            |text: &str| regex.find_iter(text).map(|hit| hit.range()).filter(|range| !range.is_empty()).collect();
        if !term.exact_case {
            return found(&folded);
        }
        // Folding what stands before and inside gives the place in folded text, where no character folds with its
        // neighbour across the edge; the texts below that are asked such queries hold none.
        let found: Vec<Range<usize>> = found(text);
        return found
            .into_iter()
            .map(|range| fold(&text[..range.start]).len()..fold(&text[..range.end]).len())
            .collect();
    }
    let needle = fold(&term.text);
    let mut out: Vec<Range<usize>> = Vec::new();
    if needle.is_empty() {
        return out;
    }
    for (at, _) in folded.char_indices() {
        let range = at..at + needle.len();
        if !folded[at..].starts_with(&needle) || out.last().is_some_and(|last| last.end > at) {
            continue;
        }
        let bounded = match term.kind {
            TermKind::Phrase { open } => is_edge(&folded, range.start) && (open || is_edge(&folded, range.end)),
            TermKind::Word | TermKind::Regex => true,
        };
        if bounded && (!term.exact_case || is_written(text, &range, &fold_keeping_case(&term.text))) {
            out.push(range);
        }
    }
    out
}

/// Whether the characters that fold to `range` are written so, but for what folding ignores beside case.
fn is_written(text: &str, range: &Range<usize>, exact: &str) -> bool {
    let edges: Vec<usize> = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
    let start = edges.iter().rev().find(|&&at| fold(&text[..at]).len() <= range.start).unwrap();
    edges
        .iter()
        .filter(|&&end| end > *start)
        .any(|&end| fold(&text[..end]).len() >= range.end && fold_keeping_case(&text[*start..end]) == exact)
}

/// Whether a word may begin or end there.
fn is_edge(text: &str, at: usize) -> bool {
    let unspaced = |c: char| newsdesk::article::is_unspaced(c);
    match (text[..at].chars().next_back(), text[at..].chars().next()) {
        (Some(before), Some(after)) if !unspaced(before) && !unspaced(after) => {
            !(before.is_alphanumeric() && after.is_alphanumeric())
        }
        _ => true,
    }
}

/// The places of either side that have one of the other near.
fn near(part: &Part, query: &Query, left: &[TermId], right: &[TermId], within: u16) -> [Vec<Range<usize>>; 2] {
    let folded = fold(&part.text);
    let side = |ids: &[TermId]| -> Vec<Range<usize>> {
        let terms = ids.iter().map(|id| query.term(*id).unwrap()).filter(|term| is_there(part, term));
        terms.flat_map(|term| places(&part.text, term)).collect()
    };
    let distance = |one: &Range<usize>, other: &Range<usize>| {
        let between = match (one.end <= other.start, other.end <= one.start) {
            (true, _) => &folded[one.end..other.start],
            (_, true) => &folded[other.end..one.start],
            _ => return usize::MAX,
        };
        between.chars().filter(|&c| c == ' ' || newsdesk::article::is_unspaced(c)).count()
    };
    let (left, right) = (side(left), side(right));
    let keep = |one: &[Range<usize>], other: &[Range<usize>]| {
        one.iter()
            .filter(|range| other.iter().any(|other| distance(range, other) <= usize::from(within)))
            .cloned()
            .collect()
    };
    [keep(&left, &right), keep(&right, &left)]
}

fn known(corpus: &Corpus) -> Vec<Known> {
    let entries = corpus.order().iter().map(|&slot| corpus.get(slot).unwrap());
    entries.map(|entry| Known { article: entry.article(), path: entry.path().to_string_lossy().into_owned() }).collect()
}

fn ask(corpus: &Arc<Corpus>, query: &Query, within: Option<Answer>) -> Answer {
    let request = Request {
        generation: 1,
        corpus: Arc::clone(corpus),
        marks: Default::default(),
        query: Arc::new(query.clone()),
        within,
        screenful: 80,
    };
    let mut last = None;
    scan(&request, &|| false, &mut |answer| last = Some(answer));
    last.filter(|answer| answer.complete).expect("a scan that is not cancelled answers")
}

/// Articles, in ascending order of their numbers, and hits.
fn both(corpus: &Arc<Corpus>, known: &[Known], text: &str) -> [(Vec<u32>, u64); 2] {
    let query = parse(text);
    let answer = ask(corpus, &query, None);
    let mut hits = 0;
    count_hits(&answer, &|| false, &mut |count, _| hits = count);
    let mut fast: Vec<u32> = answer.slots.iter().map(|slot| slot.0).collect();
    fast.sort_unstable();
    let found = corpus.order().iter().zip(known).filter(|(_, known)| known.matches(&query, query.root()));
    let (mut slow, mut slow_hits) = (Vec::new(), 0);
    for (slot, known) in found {
        slow.push(slot.0);
        slow_hits += known.hits(&query);
    }
    slow.sort_unstable();
    [(fast, hits), (slow, slow_hits)]
}

/// Queries of every kind, in several scripts; most find something in one of the corpora.
const QUERIES: &[&str] = &[
    "the",
    "e",
    "parliament",
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

#[test]
fn the_bundled_articles_are_found_as_the_model_finds_them() {
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
fn real_corpora_are_found_as_the_model_finds_them() {
    let shared = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpora");
    if !shared.is_dir() {
        eprintln!("skipped: ../shared/corpora is not there");
        return;
    }
    // Some of the large one and all of the many scripts.
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(shared.join("whitehouse")).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let some = files.into_iter().step_by(60).map(Source::Named);
    let sources: Vec<Source> = some.chain([Source::Named(shared.join("scripts"))]).collect();
    let corpus = Arc::new(load_all(&sources, LoadOptions::default()).corpus);
    assert!(corpus.len() > 20, "{}", corpus.len());
    let known = known(&corpus);
    // Finding every spelling of a capital is what the model is slow at.
    for query in QUERIES.iter().filter(|query| !["President", "/[A-Z]{3,}/"].contains(query)) {
        let [fast, slow] = both(&corpus, &known, query);
        assert_eq!(fast, slow, "{query}");
    }
}

fn corpus_of(texts: &[Vec<String>], per_shard: usize) -> Arc<Corpus> {
    let dir: Arc<Path> = Arc::from(Path::new("Desk/Élan"));
    let sections = ["WORLD", "Économie", "", "world news"];
    let shards = texts.chunks(per_shard).enumerate().map(|(number, texts)| {
        let mut builder = ShardBuilder::default();
        for (index, paragraphs) in texts.iter().enumerate() {
            let name = format!("{number:04}-{index:04}");
            let file = builder.file(&dir, name.as_ref(), Origin::File, Stamp::default());
            let place = number * 7 + index;
            let published = Published::from_seconds(19_000 * 86_400 + place as i64 * 40_000, Some(120));
            let published = published.filter(|_| place % 5 > 0);
            let section = sections[place % 4].into();
            let mut draft = Draft { published, section, ..Draft::default() };
            for (at, paragraph) in paragraphs.iter().enumerate() {
                let role =
                    [Role::Headline, Role::Standfirst, Role::Caption, Role::Body(BlockKind::Paragraph)][at.min(3)];
                draft.push(role, paragraph.as_str());
            }
            if place % 3 == 0 {
                draft.push(Role::Source, "Réuters");
                draft.url = Some("https://example.org".into());
            }
            builder.push(file, name.as_bytes(), 0, "wire", &draft);
        }
        Arc::new(builder.finish())
    });
    Arc::new(Corpus::default().with(shards))
}

fn texts() -> impl Strategy<Value = Vec<Vec<String>>> {
    let word = prop::sample::select(vec![
        "state",
        "State",
        "estate",
        "STATE",
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
        "Straße",
        "ﬁne",
        "Ελλάδα",
        "ΕΛΛΆΔΑ",
        "Москва",
        "ёлка",
        "การเมือง",
        "ｆｕｌｌ",
        "l’état",
        "x–y",
        "한국",
        "مُحَمَّد",
        "İstanbul",
        "don’t",
        "2023",
        "…",
    ]);
    let paragraph = prop::collection::vec(word, 1..9).prop_map(|words| words.join(" "));
    prop::collection::vec(prop::collection::vec(paragraph, 1..6), 1..30)
}

fn queries() -> impl Strategy<Value = String> {
    let term = prop::sample::select(vec![
        "state",
        "State",
        "STATE",
        "ete",
        "Été",
        "务",
        "国务院",
        "ss",
        "SS",
        "a",
        "co",
        "mail",
        "\"mail\"",
        "\"state mail\"",
        "\"务\"",
        "straße",
        "fine",
        "ελλαδα",
        "Ελλάδα",
        "москва",
        "елка",
        "การ",
        "full",
        "l'etat",
        "\"x-y\"",
        "한국",
        "محمد",
        "istanbul",
        "don't",
        "...",
        "/st.te/",
        "/^a|e$/",
        "/[A-Z]+/",
        "/\\d+/",
        "/st\\S*/",
    ]);
    let fields = vec!["", "", "", "", "title:", "lead:", "body:", "caption:", "source:", "section:", "path:"];
    let field = prop::sample::select(fields);
    let term = (field, term).prop_map(|(field, term)| format!("{field}{term}"));
    let leaf = prop_oneof![
        6 => term.clone(),
        2 => (term.clone(), 1u16..6, term).prop_filter("NEAR takes text", |(a, _, b)| {
            ![a, b].iter().any(|term| term.starts_with("section:") || term.starts_with("path:"))
        }).prop_map(|(a, within, b)| format!("{a} NEAR/{within} {b}")),
        1 => prop::sample::select(vec!["date:2022", "date:2022-01", "after:2022-01-20", "before:2022-01-15", "has:link", "has:image", "has:date",
            "words:>5", "words:2..4", "is:unread", "is:read", "section:world", "section:eco", "path:elan", "source:reuters"]).prop_map(str::to_owned),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            inner.clone().prop_map(|query| format!("-({query})")),
            prop::collection::vec(inner.clone(), 2..4).prop_map(|all| all.join(" ")),
            prop::collection::vec(inner, 2..4).prop_map(|any| format!("({})", any.join(" OR "))),
        ]
    })
}

/// More articles than are looked at one by one, so that shards are swept and answers leave traces.
#[test]
fn each_letter_that_is_typed_over_many_articles_finds_what_a_full_pass_finds() {
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
    for text in [
        "state department -microsoft date:2022",
        "\"state dep\" ete",
        "State the OR then",
        "-micro -mail the",
        "title:state body:other",
        "black NEAR/3 hole the",
        "strasse 国务院",
        "/dep.rt/ ma mb",
        "section:world t th the then",
        "a e i o s t th h d m",
        "words:>3 sort:title depart",
    ] {
        let mut former: Vec<Answer> = Vec::new();
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
    assert!(narrowed > 100, "{narrowed} answers of many articles were narrowed");
}

proptest! {
    #[test]
    fn whatever_is_asked_is_found_as_the_model_finds_it(texts in texts(), query in queries(), per_shard in 1usize..9) {
        prop_assert!(parse(&query).mistake().is_none(), "{}", query);
        let corpus = corpus_of(&texts, per_shard);
        let [fast, slow] = both(&corpus, &known(&corpus), &query);
        prop_assert_eq!(fast, slow, "{} is {}", &query, parse(&query));
    }

    #[test]
    fn narrowing_equals_a_full_pass_at_every_letter(texts in texts(), query in queries(), order in 0usize..5) {
        let corpus = corpus_of(&texts, 5);
        let sort = [Sort::New, Sort::Old, Sort::Title, Sort::Longest, Sort::Relevance][order];
        let mut former: Option<Answer> = None;
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
