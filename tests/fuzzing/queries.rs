//! Queries: as they are typed, and what they find.

use chrono::NaiveDate;
use newsdesk::query::{Query, Sort, complete};
use newsdesk::search::Matcher;

use super::bytes::Bytes;
use super::formats::corpus_of;
use super::search_model::{self, CONDITIONS, FIELDS, TERMS, WORDS, ask, both, known};

/// Whatever is typed means something or says what is wrong with it.
pub(super) fn parse(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    let today = NaiveDate::from_ymd_opt(2024, 3, 1).unwrap();
    for query in [Query::parse(&text, today), Query::parse_typing(&text, today)] {
        assert_eq!(query.text(), text);
        let mut end = 0;
        for token in query.tokens() {
            assert!(text.get(token.span.clone()).is_some(), "{token:?}");
            assert!(token.span.start >= end, "tokens overlap: {:?}", query.tokens());
            end = token.span.end;
        }
        if let Some(mistake) = query.mistake() {
            assert!(!mistake.message.is_empty() && text.get(mistake.span.clone()).is_some(), "{mistake:?}");
            query.explain(mistake);
        }
        assert!(query.asks_the_same(&query), "{query}");
        query.refines(&query);
        query.conditions();
        query.depends_on_marks();
        let meaning = query.to_string();
        assert!(query.mistake().is_some() || !meaning.is_empty());
        let matcher = Matcher::new(&query, &Default::default());
        let corpus = corpus_of(&[draft()]);
        let entry = corpus.get(newsdesk::corpus::Slot(0)).unwrap();
        let hits = matcher.hits(entry);
        assert_eq!(hits.len() as u64, matcher.count(entry), "as many are counted as are shown");
        matcher.matches(newsdesk::corpus::Slot(0), entry);
    }
    for cursor in 0..=text.len() {
        if let Some(completion) = complete(&text, cursor) {
            assert!(text.get(completion.range.clone()).is_some() && completion.range.end == cursor, "{completion:?}");
        }
    }
}

fn draft() -> newsdesk::article::Draft<'static> {
    use newsdesk::article::{BlockKind, Draft, Role};
    let mut draft = Draft { section: "WORLD".into(), ..Draft::default() };
    draft.push(Role::Headline, "State mail “read” by Élan");
    draft.push(
        Role::Body(BlockKind::Paragraph),
        "Ten 国务院 accounts at the State Department, ﬁne Straße; 100 % of co-operation.",
    );
    draft.push(Role::Source, "Réuters");
    draft
}

/// A query over articles finds what the slow model finds, and narrows as a full pass does.
pub(super) fn find(input: &[u8]) {
    let mut bytes = Bytes(input);
    let per_shard = 1 + usize::from(bytes.byte() % 5);
    let sort = [Sort::New, Sort::Old, Sort::Title, Sort::Longest, Sort::Relevance][usize::from(bytes.byte() % 5)];
    let query = query(&mut bytes, 0);
    let mut texts = vec![Vec::new()];
    let mut words = Vec::new();
    while !bytes.is_empty() && texts.len() < 12 {
        match bytes.byte() {
            byte @ 0..=223 => words.push(WORDS[usize::from(byte) % WORDS.len()].to_owned()),
            224..=247 => texts.last_mut().unwrap().push(std::mem::take(&mut words).join(" ")),
            _ => texts.push(vec![std::mem::take(&mut words).join(" ")]),
        }
    }
    texts.last_mut().unwrap().push(words.join(" "));
    texts.iter_mut().for_each(|paragraphs| paragraphs.truncate(5));
    let corpus = search_model::corpus_of(&texts, per_shard);
    let [fast, model] = both(&corpus, &known(&corpus), &query);
    assert_eq!(fast, model, "{query} is {} over {texts:?}", search_model::parse(&query));
    let mut former = None;
    for end in (0..=query.len()).filter(|&end| query.is_char_boundary(end)) {
        let typed = search_model::parse(&query[..end]).sorted(sort);
        let full = ask(&corpus, &typed, None);
        if let Some(former) = former.filter(|former: &newsdesk::search::SearchResult| typed.refines(&former.query)) {
            let narrowed = ask(&corpus, &typed, Some(former));
            assert_eq!(narrowed.slots, full.slots, "{}", typed.text());
        }
        former = Some(full);
    }
}

fn query(bytes: &mut Bytes<'_>, depth: usize) -> String {
    let term = |bytes: &mut Bytes<'_>| format!("{}{}", bytes.pick(FIELDS), bytes.pick(TERMS));
    let text_term = |bytes: &mut Bytes<'_>| {
        let field = bytes.pick(FIELDS);
        let field = if matches!(*field, "section:" | "path:") { "" } else { field };
        format!("{field}{}", bytes.pick(TERMS))
    };
    match bytes.byte() % 10 {
        0 | 1 => format!("{} NEAR/{} {}", text_term(bytes), 1 + bytes.byte() % 6, text_term(bytes)),
        2 => (*bytes.pick(CONDITIONS)).to_owned(),
        3 if depth < 3 => format!("-({})", query(bytes, depth + 1)),
        4 | 5 if depth < 3 => format!("{} {}", query(bytes, depth + 1), query(bytes, depth + 1)),
        6 if depth < 3 => format!("({} OR {})", query(bytes, depth + 1), query(bytes, depth + 1)),
        _ => term(bytes),
    }
}
