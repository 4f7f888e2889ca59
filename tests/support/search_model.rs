//! Finding articles a second time, sharing nothing with the program but the parser and the folding of single texts: whole
//! articles are read and looked at paragraph by paragraph. Beside it what articles and queries are made of to be held
//! against each other.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use chrono::NaiveDate;
use newsdesk::article::{Article, BlockKind, Draft, Part, Published, Role};
use newsdesk::corpus::{Corpus, FileStamp, Origin, ShardBuilder};
use newsdesk::query::{ExactWords, Expr, Feature, Field, Mark, Query, Term, TermId, TermKind};
use newsdesk::search::{SearchRequest, SearchResult, count_hits, scan};
use newsdesk::text::fold::{fold, fold_keeping_case};

/// Words that articles are made of, in several scripts, with what folding does to them in mind.
pub(crate) const WORDS: &[&str] = &[
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
];

/// Terms that queries are made of.
pub(crate) const TERMS: &[&str] = &[
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
    "\"STATE mail\"",
    "\"mail SS\"",
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
    "/Z|1?/",
    "/\\d+/",
    "/st\\S*/",
];

/// The fields that a term may be looked for in; most have none.
pub(crate) const FIELDS: &[&str] =
    &["", "", "", "", "title:", "lead:", "body:", "caption:", "source:", "section:", "path:"];

/// Conditions other than terms.
pub(crate) const CONDITIONS: &[&str] = &[
    "date:2022",
    "date:2022-01",
    "after:2022-01-20",
    "before:2022-01-15",
    "has:link",
    "has:image",
    "has:date",
    "words:>5",
    "words:2..4",
    "is:unread",
    "is:read",
    "section:world",
    "section:eco",
    "path:elan",
    "source:reuters",
    "case:exact",
    "case:ignore",
];

pub(crate) fn parse(text: &str) -> Query {
    Query::parse(text, NaiveDate::from_ymd_opt(2024, 3, 1).unwrap())
}

/// An article and what is known of it beside its text.
pub(crate) struct Known {
    pub(crate) article: Article,
    pub(crate) path: String,
}

impl Known {
    pub(crate) fn matches(&self, query: &Query, expr: &Expr) -> bool {
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

    pub(crate) fn holds(&self, term: &Term) -> bool {
        match term.field {
            Some(Field::Section) => !places(&self.article.section, term).is_empty(),
            Some(Field::Path) => !places(&self.path, term).is_empty(),
            Some(Field::Tag | Field::Note | Field::Feed) => false,
            _ => self.article.parts.iter().any(|part| is_there(part, term) && !places(&part.text, term).is_empty()),
        }
    }

    /// How many hits are highlighted: of those that overlap the first, and of those that begin together the longest.
    pub(crate) fn hits(&self, query: &Query) -> u64 {
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

pub(crate) type Near = (Vec<TermId>, Vec<TermId>, u16);

/// Those that are not below a negation.
pub(crate) fn collect_near(expr: &Expr, out: &mut Vec<Near>) {
    match expr {
        Expr::Near { left, right, within } => out.push((left.clone(), right.clone(), *within)),
        Expr::And(all) | Expr::Or(all) => all.iter().for_each(|expr| collect_near(expr, out)),
        _ => {}
    }
}

pub(crate) fn is_there(part: &Part, term: &Term) -> bool {
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
pub(crate) fn places(text: &str, term: &Term) -> Vec<Range<usize>> {
    let folded = fold(text);
    if term.kind == TermKind::Regex {
        // What ignores case ignores accents too.
        let fold_letter = |c: char| if c.is_ascii() { c.to_string() } else { fold(&c.to_string()) };
        let is_exact = term.exact == ExactWords::All;
        let pattern = if is_exact { term.text.clone() } else { term.text.chars().map(fold_letter).collect() };
        let regex = regex::RegexBuilder::new(&pattern).case_insensitive(!is_exact).build().unwrap();
        let found =
            |text: &str| regex.find_iter(text).map(|hit| hit.range()).filter(|range| !range.is_empty()).collect();
        if !is_exact {
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
        if bounded && (term.exact == ExactWords::None || is_written(text, &range, term)) {
            out.push(range);
        }
    }
    out
}

/// Whether the characters that fold to `range` are written as the term has to be, but for what folding ignores beside
/// case: in a phrase only words of two or more letters, all capitals, have to be.
pub(crate) fn is_written(text: &str, range: &Range<usize>, term: &Term) -> bool {
    let exact = fold_keeping_case(&term.text);
    let in_capitals = |word: &str| {
        let letters: Vec<char> = word.chars().filter(|c| c.is_alphabetic()).collect();
        letters.len() > 1 && letters.iter().all(|c| c.is_uppercase())
    };
    let is_same = |found: &str| match term.exact {
        ExactWords::Capitals => {
            let (found, exact): (Vec<&str>, Vec<&str>) = (found.split(' ').collect(), exact.split(' ').collect());
            found.len() == exact.len()
                && exact.iter().zip(found).all(|(exact, found)| !in_capitals(exact) || *exact == found)
        }
        _ => found == exact,
    };
    let edges: Vec<usize> = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
    let start = edges.iter().rev().find(|&&at| fold(&text[..at]).len() <= range.start).unwrap();
    // A term may start and end inside a character that folds to several.
    let skipped = range.start - fold(&text[..*start]).len();
    let as_found = |kept: &str| kept.get(skipped..skipped + exact.len()).is_some_and(is_same);
    edges
        .iter()
        .filter(|&&end| end > *start)
        .any(|&end| fold(&text[..end]).len() >= range.end && as_found(&fold_keeping_case(&text[*start..end])))
}

/// Whether a word may begin or end there.
pub(crate) fn is_edge(text: &str, at: usize) -> bool {
    let unspaced = |c: char| newsdesk::text::is_unspaced(c);
    match (text[..at].chars().next_back(), text[at..].chars().next()) {
        (Some(before), Some(after)) if !unspaced(before) && !unspaced(after) => {
            !(before.is_alphanumeric() && after.is_alphanumeric())
        }
        _ => true,
    }
}

/// The places of either side that have one of the other near.
pub(crate) fn near(
    part: &Part,
    query: &Query,
    left: &[TermId],
    right: &[TermId],
    within: u16,
) -> [Vec<Range<usize>>; 2] {
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
        between.chars().filter(|&c| c == ' ' || newsdesk::text::is_unspaced(c)).count()
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

pub(crate) fn known(corpus: &Corpus) -> Vec<Known> {
    let entries = corpus.order().iter().map(|&slot| corpus.get(slot).unwrap());
    entries.map(|entry| Known { article: entry.article(), path: entry.path().to_string_lossy().into_owned() }).collect()
}

pub(crate) fn ask(corpus: &Arc<Corpus>, query: &Query, within: Option<SearchResult>) -> SearchResult {
    let request = SearchRequest {
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
pub(crate) fn both(corpus: &Arc<Corpus>, known: &[Known], text: &str) -> [(Vec<u32>, u64); 2] {
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

pub(crate) fn corpus_of(texts: &[Vec<String>], per_shard: usize) -> Arc<Corpus> {
    let dir: Arc<Path> = Arc::from(Path::new("Desk/Élan"));
    let sections = ["WORLD", "Économie", "", "world news"];
    let shards = texts.chunks(per_shard).enumerate().map(|(number, texts)| {
        let mut builder = ShardBuilder::default();
        for (index, paragraphs) in texts.iter().enumerate() {
            let name = format!("{number:04}-{index:04}");
            let file = builder.file(&dir, name.as_ref(), Origin::File, FileStamp::default());
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
