//! Wire text, the format of the seed articles: dateline, headline, standfirst, captions, body and sources.
//!
//! | lines | content |
//! |---|---|
//! | 1 | `date`, an ISO date, the section |
//! | 2 | headline |
//! | 3 | standfirst, if more lines follow it before the first blank line |
//! | 4… | captions: `TEXT / Photo: CREDIT` (also Image, Video, Graphic) |
//! | up to the first blank line | first paragraphs of the body, one per line |
//! | after it | blocks separated by blank lines; a short block that does not end a sentence is a cross-head |
//! | last | `SOURCE:NAME`; several names are joined by `and`, `,` or `/` |
//!
//! Every part except the headline may be missing. Text that matches no rule is body.

use super::format::{Confidence, FileHint, ParsedFile, SourceFormat};
use super::{date, reflow};
use crate::article::Warning;
use crate::article::problem::quoted;
use crate::article::{BlockKind, Draft, Role};

/// Maximum length of a cross-head in characters and in words.
const CROSSHEAD: (usize, usize) = (60, 9);

pub(super) struct Wire;

impl SourceFormat for Wire {
    fn name(&self) -> &'static str {
        "wire"
    }

    fn detect(&self, _hint: &FileHint<'_>, text: &str) -> Confidence {
        let first = text.trim_start().lines().next().unwrap_or("");
        let (_, last) = cut_last_line(text.trim_end());
        if dateline(first).is_some() || (source_line(last).is_some() && first != last) {
            Confidence::Content
        } else {
            Confidence::None
        }
    }

    fn parse<'a>(&self, _hint: &FileHint<'_>, text: &'a str, found: &mut ParsedFile<'a>) {
        // Most articles have at most 16 parts, so this is a single allocation.
        let mut draft = Draft { parts: Vec::with_capacity(16), ..Draft::default() };
        let blank = text.get(..text.len() - text.trim_start().len()).unwrap_or("");
        let mut text = text.trim();
        if let Some(dateline) = text.lines().next().and_then(dateline) {
            draft.published = dateline.published;
            draft.section = dateline.section.into();
            if let Some(wrong) = dateline.wrong {
                found.warnings.push(Warning {
                    line: u32::try_from(blank.matches('\n').count() + 1).ok(),
                    cause: format!("{} is not a date", quoted(wrong)),
                    consequence: "the article is shown undated".to_owned(),
                });
            }
            text = text.split_once('\n').map_or("", |(_, rest)| rest).trim_start();
        }
        let (text, sources) = match cut_last_line(text) {
            (Some(rest), last) if source_line(last).is_some() => (rest.trim_end(), source_line(last)),
            _ => (text, None),
        };
        let (headline, rest) = text.split_once('\n').unwrap_or((text, ""));
        draft.push(Role::Headline, headline.trim());
        let (head, body) = split_at_blank_line(rest);
        read_head(head, &mut draft);
        read_blocks(body, &mut draft);
        sources.map(read_sources).into_iter().flatten().for_each(|name| draft.push(Role::Source, name));
        found.drafts.push(draft);
    }
}

struct Dateline<'a> {
    published: Option<crate::article::Published>,
    section: &'a str,
    /// The invalid text in place of the date.
    wrong: Option<&'a str>,
}

/// Parses a dateline. Returns `None` unless the line begins with `date` and a text that looks like a date.
fn dateline(line: &str) -> Option<Dateline<'_>> {
    let line = line.trim();
    let word = line.get(..4).filter(|word| word.eq_ignore_ascii_case("date"))?;
    let rest = line.get(word.len()..)?;
    let rest = rest.strip_prefix(':').or_else(|| rest.starts_with([' ', '\t']).then_some(rest))?.trim();
    if let Some((published, section)) = date::parse_front(rest) {
        return Some(Dateline { published: Some(published), section: section.trim(), wrong: None });
    }
    let (wrong, section) = rest.split_once([' ', '\t']).unwrap_or((rest, ""));
    let is_like_a_date = wrong.starts_with(|c: char| c.is_ascii_digit());
    is_like_a_date.then_some(Dateline { published: None, section: section.trim(), wrong: Some(wrong) })
}

/// Returns the text before the last line, if any, and the last line.
fn cut_last_line(text: &str) -> (Option<&str>, &str) {
    match memchr::memrchr(b'\n', text.as_bytes()) {
        Some(end) => (text.get(..end), text.get(end + 1..).unwrap_or("")),
        None => (None, text),
    }
}

/// Returns the text after `SOURCE:` at the start of a line.
pub(super) fn source_line(line: &str) -> Option<&str> {
    let line = line.trim();
    let word = line.get(..6).filter(|word| word.eq_ignore_ascii_case("source"))?;
    line.get(word.len()..)?.trim_start().strip_prefix(':')
}

/// Splits a list of sources into names.
pub(super) fn read_sources(list: &str) -> impl Iterator<Item = &str> {
    list.split([',', '/']).flat_map(|part| part.split(" and ")).map(str::trim).filter(|name| !name.is_empty())
}

/// Returns the caption and its credit. Checks only the word after each slash, as a line may consist of slashes.
fn caption(line: &str) -> Option<(&str, &str)> {
    line.rmatch_indices('/').find_map(|(slash, _)| {
        let after = line.get(slash + 1..)?.trim_start();
        let credit = ["photo", "image", "video", "graphic"].iter().find_map(|known| {
            let kind = after.get(..known.len()).filter(|kind| kind.eq_ignore_ascii_case(known))?;
            after.get(kind.len()..)?.trim_start().strip_prefix(':')
        })?;
        Some((line.get(..slash).unwrap_or("").trim(), credit.trim()))
    })
}

/// Reads the lines between the headline and the first blank line.
fn read_head<'a>(head: &'a str, draft: &mut Draft<'a>) {
    let lines: Vec<&str> = head.lines().map(str::trim).collect();
    let mut rest = lines.as_slice();
    if let [first, _, ..] = rest
        && caption(first).is_none()
    {
        draft.push(Role::Standfirst, *first);
        rest = rest.get(1..).unwrap_or_default();
    }
    while let Some((text, credit)) = rest.first().and_then(|line| caption(line)) {
        // A credit belongs to a caption, even to one without text.
        draft.push(Role::Caption, if text.is_empty() { credit } else { text });
        if !text.is_empty() {
            draft.push(Role::Credit, credit);
        }
        rest = rest.get(1..).unwrap_or_default();
    }
    reflow::paragraphs(rest, |paragraph| draft.push_body(BlockKind::Paragraph, paragraph));
}

/// Reads the blocks after the first blank line.
fn read_blocks<'a>(body: &'a str, draft: &mut Draft<'a>) {
    let mut rest = body;
    let mut lines = Vec::new();
    while !rest.is_empty() {
        let (block, after) = split_at_blank_line(rest);
        rest = after;
        // Most blocks are one line and need no list of lines.
        if !block.contains('\n') {
            let kind =
                if !rest.is_empty() && is_crosshead(block) { BlockKind::Crosshead } else { BlockKind::Paragraph };
            draft.push_body(kind, block.trim());
            continue;
        }
        lines.clear();
        lines.extend(block.lines());
        reflow::paragraphs(&lines, |paragraph| draft.push_body(BlockKind::Paragraph, paragraph));
    }
}

/// Returns the text up to the first blank line, and the text from the first non-blank line after it.
pub(super) fn split_at_blank_line(text: &str) -> (&str, &str) {
    for end in memchr::memchr_iter(b'\n', text.as_bytes()) {
        let rest = text.get(end + 1..).unwrap_or("");
        let line_end = memchr::memchr(b'\n', rest.as_bytes()).unwrap_or(rest.len());
        if rest.get(..line_end).is_some_and(|line| line.trim().is_empty()) {
            return (text.get(..end).unwrap_or(""), trim_blank_lines(rest));
        }
    }
    (text, "")
}

/// Removes leading blank lines, but not the indentation of the first other line.
fn trim_blank_lines(text: &str) -> &str {
    let begin = text.len() - text.trim_start().len();
    let line = text.get(..begin).and_then(|blank| blank.rfind('\n')).map_or(0, |at| at + 1);
    text.get(line..).unwrap_or("")
}

/// Returns whether a single line is a heading: short, and not the end of a sentence.
pub(super) fn is_crosshead(line: &str) -> bool {
    let line = line.trim();
    let (characters, words) = CROSSHEAD;
    let ends_sentence = line.ends_with([
        '.', '!', '?', '…', ':', ';', ',', '"', '”', '’', '»', ')', '。', '！', '？', '；', '：', '」', '』', '؟', '۔',
        '।', '॥', '።', '။', '།', '។',
    ]);
    !line.is_empty()
        && !ends_sentence
        && line.len() <= characters * 4
        && line.chars().count() <= characters
        && line.split_whitespace().count() <= words
        && line.chars().any(char::is_alphabetic)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> ParsedFile<'_> {
        let mut reading = ParsedFile::default();
        Wire.parse(&FileHint::default(), text, &mut reading);
        reading
    }

    /// Each part as `role: text`.
    fn parts(text: &str) -> Vec<String> {
        let name = |role: Role| match role {
            Role::Body(kind) => kind.name().to_owned(),
            other => format!("{other:?}").to_lowercase(),
        };
        let parts = &parse(text).drafts[0].parts;
        parts.iter().map(|part| format!("{}: {}", name(part.role), part.text)).collect()
    }

    const WHOLE: &str = " date 2023-09-27 WORLD NEWS\nRiver rises again\nTwo towns were told to leave.\n\
        The river at noon. / Photo: Agency Archive\nWater came at night.\n\nNobody was hurt.\n\nA long summer\n\n\
        Rain had been rare until June.\n\nSOURCE:Agency One and Agency Two, Third / Fourth\n";

    #[test]
    fn wire_articles_are_split_into_all_their_parts() {
        let reading = parse(WHOLE);
        assert_eq!(reading.drafts[0].section, "WORLD NEWS");
        assert_eq!(reading.drafts[0].published.unwrap().to_string(), "2023-09-27");
        assert_eq!(
            parts(WHOLE),
            [
                "headline: River rises again",
                "standfirst: Two towns were told to leave.",
                "caption: The river at noon.",
                "credit: Agency Archive",
                "paragraph: Water came at night.",
                "paragraph: Nobody was hurt.",
                "crosshead: A long summer",
                "paragraph: Rain had been rare until June.",
                "source: Agency One",
                "source: Agency Two",
                "source: Third",
                "source: Fourth",
            ]
        );
    }

    #[test]
    fn parts_may_be_missing() {
        assert_eq!(parts("date 2023-09-27\nOnly a headline"), ["headline: Only a headline"]);
        assert_eq!(
            parts("date 2023-09-27 X\nHead\nBody.\n\nMore."),
            ["headline: Head", "paragraph: Body.", "paragraph: More."]
        );
        assert_eq!(
            parts("Head\nAt sea. / Video: Navy\nBody."),
            ["headline: Head", "caption: At sea.", "credit: Navy", "paragraph: Body."]
        );
        assert_eq!(
            parts("\n\n date 2023-09-27 X\n\nHead\n\nBody.\n\nSOURCE:\n"),
            ["headline: Head", "paragraph: Body."]
        );
    }

    #[test]
    fn credit_starts_at_the_last_credit_mark() {
        assert_eq!(caption("A and/or B / 24-hour / Photo: AP / Ahmad"), Some(("A and/or B / 24-hour", "AP / Ahmad")));
        assert_eq!(caption("A sentence with a slash / and: more"), None);
    }

    #[test]
    fn invalid_dates_are_reported_and_the_section_stays() {
        let reading = parse("\n\ndate 2023-13-45 WORLD\nHead\n\nBody.");
        assert_eq!(reading.drafts[0].published, None);
        assert_eq!(reading.drafts[0].section, "WORLD");
        assert_eq!(reading.warnings[0].line, Some(3));
        assert_eq!(reading.warnings[0].cause, "\"2023-13-45\" is not a date");
    }

    #[test]
    fn source_inside_a_sentence_is_body() {
        assert!(
            parts("date 2023-09-27\nHead\n\nThe SOURCE:Reuters tag is quoted here.\n\nSOURCE:AFP")
                .contains(&"source: AFP".into())
        );
        assert_eq!(source_line("The SOURCE:Reuters tag"), None);
    }

    #[test]
    fn crosshead_is_short_without_full_stop_and_before_body() {
        assert!(is_crosshead("US-China tensions") && is_crosshead("新たな課題"));
        for line in ["He said so.", "He asked: \"Why?\"", "終わりました。", "-----", &"long ".repeat(20)] {
            assert!(!is_crosshead(line), "{line}");
        }
        assert_eq!(parts("date 2023-09-27\nH\n\nBody.\n\nLast words")[2], "paragraph: Last words");
    }

    #[test]
    fn wire_is_detected_by_dateline_or_source() {
        let detect = |text| Wire.detect(&FileHint::default(), text);
        for text in [WHOLE, "\nDate: 2023-09-27 WORLD\nx", "Head\n\nBody.\n\nSOURCE:AFP", "date 1695841800 WORLD\nx"] {
            assert_eq!(detect(text), Confidence::Content, "{text}");
        }
        for text in ["Date night\n\nA review.", "Head\n\nBody.", "SOURCE:AFP"] {
            assert_eq!(detect(text), Confidence::None, "{text}");
        }
    }
}
