//! Text on its way to the screen: made safe, folded and unfolded, set in lines.

use newsdesk::article::{BlockKind, Draft, Role};
use newsdesk::query::Query;
use newsdesk::render::typeset::{Annotation, LineKind, TypesetOptions, typeset};
use newsdesk::search::Matcher;
use newsdesk::text::count_words;
use newsdesk::text::fold::{FoldWriter, Unfolder, fold as folded_text, fold_keeping_case};
use newsdesk::text::{SafeText, clean};
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

use super::bytes::Bytes;
use super::formats::corpus_of;
use super::safe::assert_safe;

pub(super) fn safe_text(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    let safe = SafeText::new(&text);
    assert_safe(&safe);
    assert_eq!(*clean(&safe), *safe, "cleaned once more");
    // Nothing that can be read goes.
    let letters = |text: &str| text.chars().filter(|c| c.is_alphanumeric() && c.is_ascii()).collect::<String>();
    assert_eq!(letters(&safe), letters(&text));
    count_words(&safe);
}

pub(super) fn fold(input: &[u8]) {
    let mut bytes = Bytes(input);
    let (from, length) = (usize::from(bytes.byte()), usize::from(bytes.byte()));
    let rest = bytes.rest();
    // Parts of one article share one stream.
    let parts: Vec<&str> = rest.split('\n').collect();
    let mut folder = FoldWriter::default();
    folder.begin_article();
    let mut ends = Vec::new();
    for part in &parts {
        folder.push(part);
        ends.push(folder.folded.len());
        folder.separate();
    }
    let mut unfolder = Unfolder::new(&folder.folded, &folder.edits);
    for (part, &end) in parts.iter().zip(&ends) {
        assert_eq!(unfolder.take(end), *part, "it does not come back");
        unfolder.skip_separator();
    }
    // Ranges are asked for in text that is safe, where stacks of marks are bounded.
    let safe = clean(parts[0]);
    let text = &*safe;
    let mut folder = FoldWriter::default();
    folder.push(text);
    let ends = [folder.folded.len()];
    let once = folded_text(text);
    // Letters of a Korean syllable that marks kept apart stand side by side when those are gone.
    if !once.contains(|c| matches!(c, '\u{1100}'..='\u{11FF}')) {
        assert_eq!(folded_text(&once), once, "folded once more");
    }
    assert_eq!(once.as_bytes(), &folder.folded[..ends[0]]);
    fold_keeping_case(text);
    // A range of folded text leads to text that folds to it.
    let floor =
        |text: &str, at: usize| (0..=at.min(text.len())).rev().find(|&at| text.is_char_boundary(at)).unwrap_or(0);
    let range = floor(&once, from)..floor(&once, from + length);
    let unfolder = Unfolder::new(&folder.folded, &folder.edits);
    let (original, back) = unfolder.clone().take_with(ends[0], std::slice::from_ref(&range));
    assert_eq!(original, text);
    if !range.is_empty() && folded_text(&once[range.clone()]) == once[range.clone()] {
        let found = text.get(back[0].clone()).expect("a range of the original");
        assert!(folded_text(found).contains(once[range.clone()].trim()), "{:?} led to {found:?}", &once[range]);
    }
    let range = floor(text, from)..floor(text, from + length);
    for folded in unfolder.clone().refold(ends[0], std::slice::from_ref(&range)) {
        assert!(folded.start <= folded.end && folded.end <= ends[0], "{folded:?}");
        assert!(once.get(folded.clone()).is_some(), "{folded:?} cuts a letter of {once:?}");
    }
}

/// A stream of edits that somebody made up.
pub(super) fn unfold(input: &[u8]) {
    let mut bytes = Bytes(input);
    let split = usize::from(bytes.byte()).min(bytes.0.len().saturating_sub(3));
    let ranges =
        [(bytes.byte(), bytes.byte()), (bytes.byte(), bytes.byte())].map(|(a, b)| usize::from(a)..usize::from(b));
    let (folded, edits) = bytes.0.split_at(split.min(bytes.0.len()));
    let unfolder = Unfolder::new(folded, edits);
    for end in [0, 1, folded.len() / 2, folded.len(), folded.len() + 9] {
        let text = unfolder.clone().take(end);
        assert!(text.len() <= 4 * (folded.len() + 16 * edits.len()) + 16, "{} bytes", text.len());
        unfolder.clone().take_with(end, &ranges);
        unfolder.clone().refold(end, &ranges);
        unfolder.has_capitals(end, "State");
        let mut walker = unfolder.clone();
        walker.skip_to(end);
        walker.take(folded.len());
    }
}

/// An article set at any width: nothing of it is lost, and no line is too wide.
pub(super) fn wrap(input: &[u8]) {
    let mut bytes = Bytes(input);
    let width = u16::from(bytes.byte());
    let (justify, hyphenate) = (bytes.coin(), bytes.coin());
    let query = bytes.text(usize::from(bytes.0.first().copied().unwrap_or(0) % 16));
    let list = |bytes: &mut Bytes<'_>| BlockKind::ListEntry { depth: bytes.byte(), number: Some(bytes.number()) };
    let mut draft = Draft::default();
    while !bytes.is_empty() {
        let role = match bytes.byte() % 12 {
            0 => Role::Headline,
            1 => Role::Standfirst,
            2 => Role::Byline,
            3 => Role::Caption,
            4 => Role::Credit,
            5 => Role::Source,
            6 => Role::Body(BlockKind::Crosshead),
            7 => Role::Body(BlockKind::Quote),
            8 => Role::Body(BlockKind::Code),
            9 => Role::Body(BlockKind::TableRow),
            10 => Role::Body(list(&mut bytes)),
            _ => Role::Body(BlockKind::Paragraph),
        };
        let length = usize::from(bytes.byte());
        draft.push(role, bytes.text(length));
    }
    let corpus = corpus_of(&[draft]);
    let entry = corpus.get(newsdesk::corpus::Slot(0)).expect("the article is there");
    let article = entry.article();
    let matcher = Matcher::new(&Query::parse(&query, chrono::NaiveDate::default()), &Default::default());
    let mut last = (0, 0..0);
    for hit in matcher.hits(entry) {
        assert!(article.parts[hit.part].text.get(hit.range.clone()).is_some(), "{hit:?}");
        let text = &article.parts[hit.part].text;
        // In a letter that folds to two, as ß does, one hit may end and another begin.
        let begins_in_one = text[hit.range.start..].chars().next().is_some_and(|c| {
            last.1.start <= hit.range.start && folded_text(c.encode_utf8(&mut [0; 4])).chars().count() > 1
        });
        let follows = (last.0, last.1.end) <= (hit.part, hit.range.start) || last.0 == hit.part && begins_in_one;
        assert!(follows, "{query:?}: {hit:?} is not after {last:?} in {text:?}");
        last = (hit.part, hit.range);
    }
    let page = typeset(
        &article,
        Annotation { tags: "tag", note: "a note\n\nof two", more: "" },
        TypesetOptions { width, justify, hyphenate },
    );
    let mut place = (0, 0);
    for (number, line) in page.lines().iter().enumerate() {
        let shown = line.text(&article);
        let single = shown.trim().graphemes(true).count() <= 1 || width < 2;
        assert!(shown.width() <= usize::from(width) || single, "{shown:?} is wider than {width}: {line:?}");
        let Some(part) = line.part else { continue };
        if line.kind == LineKind::Blank {
            continue;
        }
        let text = &article.parts[part].text;
        assert!(text.get(line.range.clone()).is_some(), "{line:?}");
        let begin = if place.0 == part { place.1 } else { 0 };
        for skipped in place.0..part {
            let from = if skipped == place.0 { place.1 } else { 0 };
            assert!(
                article.parts[skipped].text[from..].trim().is_empty(),
                "lost: {:?}",
                &article.parts[skipped].text[from..]
            );
        }
        assert!(line.range.start >= begin && text[begin..line.range.start].trim().is_empty(), "lost: {text:?}");
        place = (part, line.range.end);
        if !line.range.is_empty() {
            let found = page.line_of(part, line.range.start);
            assert!(found <= number, "line {number} is taken for {found}: {:?}", page.lines());
        }
        page.start_of(number);
    }
    if let Some(part) = article.parts.get(place.0) {
        assert!(part.text[place.1..].trim().is_empty(), "lost: {:?}", &part.text[place.1..]);
    }
}
