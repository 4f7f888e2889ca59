//! What files hold: decoding, choosing a format, and each format by itself.

use std::path::Path;
use std::sync::Arc;

use newsdesk::article::{Article, BlockKind, Draft, DraftPart, Role, Span};
use newsdesk::corpus::{Corpus, FileStamp, Origin, ShardBuilder, Slot};
use newsdesk::formats::{FORMATS, FileHint, ParsedFile, decode, is_recognised, read};
use newsdesk::text::clean;

use super::safe::{assert_safe, assert_safe_line};

const HINT: FileHint<'_> = FileHint { file_name: "2023-09-27-x.txt" };

pub(super) fn wire(input: &[u8]) {
    let text = lines(input);
    let reading = parse("wire", &text);
    assert_nothing_is_lost(&text, &reading);
}

pub(super) fn plain(input: &[u8]) {
    let text = lines(input);
    let reading = parse("plain", &text);
    assert_nothing_is_lost(&text, &reading);
}

pub(super) fn markdown(input: &[u8]) {
    parse("markdown", &String::from_utf8_lossy(input));
}

pub(super) fn html(input: &[u8]) {
    parse("html", &String::from_utf8_lossy(input));
}

/// The text of a file with line ends as decoding leaves them.
fn lines(input: &[u8]) -> String {
    String::from_utf8_lossy(input).replace('\r', "\n")
}

/// Whole files: bytes of any encoding, and a format that is chosen by what they say.
pub(super) fn file(input: &[u8]) {
    let (&ending, bytes) = input.split_first().unwrap_or((&0, &[]));
    let endings = ["txt", "md", "html", "xml", "json", "rss", ""];
    let file_name = format!("2023-09-27-x.{}", endings[usize::from(ending) % endings.len()]);
    let hint = FileHint { file_name: &file_name };
    let Ok(decoded) = decode(bytes) else { return };
    assert!(!decoded.text().trim().is_empty(), "what has no text is refused");
    is_recognised(&decoded, &hint);
    let reading = read(&decoded, &hint);
    let again = read(&decoded, &hint);
    assert_eq!((&reading.drafts, &reading.warnings), (&again.drafts, &again.warnings));
    assert_kept(&reading);
}

fn parse<'a>(name: &str, text: &'a str) -> ParsedFile<'a> {
    let format = FORMATS.iter().find(|format| format.name() == name).expect("the format is there");
    let mut reading = ParsedFile { format: format.name(), ..ParsedFile::default() };
    format.detect(&HINT, text);
    format.parse(&HINT, text, &mut reading);
    assert_kept(&reading);
    reading
}

/// What every format promises, and what becomes of it.
pub(super) fn assert_kept(reading: &ParsedFile<'_>) {
    assert!(reading.drafts.len() == 1 || reading.format == "feed", "{} articles", reading.drafts.len());
    for warning in &reading.warnings {
        assert!(!warning.cause.is_empty() && !warning.consequence.is_empty(), "{warning:?}");
    }
    for draft in &reading.drafts {
        for part in &draft.parts {
            for span in &part.spans {
                assert!(part.text.get(span.start as usize..span.end as usize).is_some(), "{span:?} of {part:?}");
                assert_eq!(*clean(&part.text), *part.text, "spans count in text that is safe");
            }
        }
        let article = article_of(draft);
        assert_shown(&article);
        let kept: Vec<_> = article.parts.iter().map(|part| (part.role, part.spans.clone())).collect();
        let read: Vec<_> = draft.parts.iter().flat_map(parts_kept).collect();
        assert_eq!(kept, read);
        assert_eq!(
            article.published,
            draft
                .published
                .and_then(|date| { newsdesk::article::Published::from_seconds(date.seconds(), date.offset_minutes()) })
        );
        assert_eq!(article.links.len(), draft.links.len());
    }
}

/// What the store keeps of a part: a heading that is none is a paragraph, too.
fn parts_kept(part: &DraftPart<'_>) -> Vec<(Role, Vec<Span>)> {
    let is_heading = matches!(part.role, Role::Headline | Role::Byline | Role::Credit | Role::Source);
    if is_heading && part.text.len() > 2_000 {
        return vec![(part.role, Vec::new()), (Role::Body(BlockKind::Paragraph), part.spans.clone())];
    }
    vec![(part.role, part.spans.clone())]
}

/// The article that the store makes of a draft.
pub(super) fn article_of(draft: &Draft<'_>) -> Article {
    let corpus = corpus_of(std::slice::from_ref(draft));
    corpus.get(Slot(0)).expect("the article is there").article()
}

/// The store that holds these, and no more.
pub(super) fn corpus_of(drafts: &[Draft<'_>]) -> Corpus {
    let mut builder = ShardBuilder::default();
    let file = builder.file(&Arc::from(Path::new("desk")), "x.txt".as_ref(), Origin::File, FileStamp::default());
    for (ordinal, draft) in (0..).zip(drafts) {
        builder.push(file, b"x.txt", ordinal, "wire", draft);
    }
    Corpus::default().with([Arc::new(builder.finish())])
}

/// That an article may be shown.
pub(super) fn assert_shown(article: &Article) {
    assert_safe_line(&article.section);
    for part in &article.parts {
        match part.role {
            Role::Body(BlockKind::Code) => assert_safe(&part.text),
            _ => assert_safe_line(&part.text),
        }
        for span in &part.spans {
            assert!(part.text.get(span.start as usize..span.end as usize).is_some(), "{span:?} of {part:?}");
        }
    }
    article.links.iter().chain(&article.url).for_each(|address| assert_safe(address));
}

/// Every word of a text stands in some part, in the dateline or in the section; lines that may be more than text are
/// not looked at.
fn assert_nothing_is_lost(text: &str, reading: &ParsedFile<'_>) {
    let draft = &reading.drafts[0];
    let mut kept: String = draft.parts.iter().map(|part| format!("{} ", part.text)).collect();
    kept.push_str(&draft.section);
    let letters = |text: &str| text.chars().filter(|c| c.is_alphanumeric()).collect::<String>();
    let kept = letters(&kept);
    for line in text.split(['\n', '\r']) {
        if line.contains([':', '/', '：'])
            || line.trim_start().get(..4).is_some_and(|word| word.eq_ignore_ascii_case("date"))
        {
            continue;
        }
        assert!(
            line.split_whitespace().all(|word| kept.contains(&letters(word))),
            "{line:?} is lost of {text:?}: {draft:?}"
        );
    }
}
