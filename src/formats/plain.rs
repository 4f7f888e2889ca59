//! Plain text: the first line is the headline. Header lines such as `Date: …` at the top are recognised.

use super::format::{Confidence, FileHint, ParsedFile, SourceFormat};
use super::{date, reflow, wire};
use crate::article::Warning;
use crate::article::problem::quoted;
use crate::article::{BlockKind, Draft, Role};

pub(super) struct PlainText;

impl SourceFormat for PlainText {
    fn name(&self) -> &'static str {
        "plain"
    }

    fn detect(&self, _hint: &FileHint<'_>, _text: &str) -> Confidence {
        // Accept any text that no other format recognises.
        Confidence::Extension
    }

    fn parse<'a>(&self, hint: &FileHint<'_>, text: &'a str, found: &mut ParsedFile<'a>) {
        let mut draft = Draft { published: date::of_file_name(hint.file_name), ..Draft::default() };
        let mut header = Header::default();
        let mut rest = text;
        let mut number = 0;
        // Read header lines up to the first other line.
        while let Some((line, after)) = next_line(rest) {
            number += 1;
            if line.trim().is_empty() {
                if header.any {
                    break;
                }
            } else if !header.read(line, number, &mut found.warnings) {
                break;
            }
            rest = after;
        }
        let mut rest = rest.trim_start_matches(['\n', ' ', '\t']);
        let mut sources = header.sources;
        if let Some((before, last)) = rest.trim_end().rsplit_once('\n')
            && let Some(list) = wire::source_line(last)
        {
            sources = sources.or(Some(list));
            rest = before;
        }
        let headline = header.title.unwrap_or_else(|| {
            let (line, after) = next_line(rest).unwrap_or(("", ""));
            rest = after;
            line
        });
        // A line of `=` or `-` under the headline underlines it.
        if let Some((line, after)) = next_line(rest)
            && line.trim().len() >= 3
            && line.trim().bytes().all(|byte| matches!(byte, b'=' | b'-'))
        {
            rest = after;
        }
        draft.published = header.published.or(draft.published);
        draft.section = header.section.unwrap_or("").into();
        draft.url = header.url.map(Into::into);
        draft.push(Role::Headline, headline.trim());
        draft.push(Role::Byline, header.author.unwrap_or(""));
        read_body(rest, &mut draft);
        sources.map(wire::read_sources).into_iter().flatten().for_each(|name| draft.push(Role::Source, name));
        found.drafts.push(draft);
    }
}

fn next_line(text: &str) -> Option<(&str, &str)> {
    (!text.is_empty()).then(|| text.split_once('\n').unwrap_or((text, "")))
}

/// The values of the header lines.
#[derive(Default)]
struct Header<'a> {
    any: bool,
    title: Option<&'a str>,
    author: Option<&'a str>,
    section: Option<&'a str>,
    sources: Option<&'a str>,
    url: Option<&'a str>,
    published: Option<crate::article::Published>,
}

impl<'a> Header<'a> {
    /// Reads a header line. Returns false if it is not one.
    fn read(&mut self, line: &'a str, number: u32, warnings: &mut Vec<Warning>) -> bool {
        let Some((name, value)) = line.split_once(':') else { return false };
        let value = value.trim();
        let value = (!value.is_empty()).then_some(value);
        match name.trim().to_ascii_lowercase().as_str() {
            "title" => self.title = value,
            "author" | "by" => self.author = value,
            "section" => self.section = value,
            "source" => self.sources = value,
            "url" => self.url = value,
            "date" => {
                self.published = value.and_then(date::parse);
                if let Some(value) = value.filter(|_| self.published.is_none()) {
                    warnings.push(Warning {
                        line: Some(number),
                        cause: format!("{} is not a date", quoted(value)),
                        consequence: "the article is shown undated".to_owned(),
                    });
                }
            }
            _ => return false,
        }
        self.any = true;
        true
    }
}

/// Splits text into paragraphs at blank lines, and also before indented lines.
pub(super) fn read_body<'a>(text: &'a str, draft: &mut Draft<'a>) {
    let mut rest = text.trim_start_matches('\n');
    while !rest.is_empty() {
        let (block, after) = wire::split_at_blank_line(rest);
        rest = after;
        let mut lines: Vec<&str> = Vec::new();
        for line in block.lines() {
            if line.starts_with([' ', '\t']) && !lines.is_empty() {
                reflow::paragraphs(&lines, |paragraph| draft.push_body(BlockKind::Paragraph, paragraph));
                lines.clear();
            }
            lines.push(line.trim());
        }
        if let [only] = lines[..]
            && !rest.is_empty()
            && wire::is_crosshead(only)
        {
            draft.push_body(BlockKind::Crosshead, only);
        } else {
            reflow::paragraphs(&lines, |paragraph| draft.push_body(BlockKind::Paragraph, paragraph));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse<'a>(file_name: &str, text: &'a str) -> ParsedFile<'a> {
        let mut reading = ParsedFile::default();
        PlainText.parse(&FileHint { file_name }, text, &mut reading);
        reading
    }

    #[test]
    fn plain_text_starts_with_headline_and_splits_at_blank_lines() {
        let reading =
            parse("2023-09-27-river.txt", "\n\nRiver rises\n===========\n\nWater came.\n\nA pause\n\nIt went.\n");
        let draft = &reading.drafts[0];
        assert_eq!(draft.text(Role::Headline), "River rises");
        assert_eq!(draft.published.unwrap().to_string(), "2023-09-27");
        let body: Vec<_> = draft.parts[1..].iter().map(|part| (part.role, part.text.as_ref())).collect();
        let expected = [
            (BlockKind::Paragraph, "Water came."),
            (BlockKind::Crosshead, "A pause"),
            (BlockKind::Paragraph, "It went."),
        ];
        assert_eq!(body, expected.map(|(kind, text)| (Role::Body(kind), text)));
    }

    #[test]
    fn header_lines_are_parsed() {
        let text = "Title: River rises\nDate: 27 September 2023\nAuthor: A. Writer\nsource: One and Two\nSection: Local\nURL: https://example.org/a\n\nWater came.\n";
        let reading = parse("a.txt", text);
        let draft = &reading.drafts[0];
        assert_eq!(draft.text(Role::Headline), "River rises");
        assert_eq!(draft.text(Role::Byline), "A. Writer");
        assert_eq!(draft.section, "Local");
        assert_eq!(draft.url.as_deref(), Some("https://example.org/a"));
        assert_eq!(draft.published.unwrap().to_string(), "2023-09-27");
        assert_eq!(draft.parts.iter().filter(|part| part.role == Role::Source).count(), 2);
        assert_eq!(draft.text(Role::Body(BlockKind::Paragraph)), "Water came.");
    }

    #[test]
    fn bad_dates_are_reported_with_their_line() {
        let reading = parse("a.txt", "Title: x\nDate: 2023-13-45\n\nBody.");
        assert_eq!((reading.warnings.len(), reading.warnings[0].line), (1, Some(2)));
    }

    #[test]
    fn headlines_with_a_colon_are_not_headers() {
        let reading = parse("a.txt", "Breaking: river rises\n\nBody.");
        assert_eq!(reading.drafts[0].text(Role::Headline), "Breaking: river rises");
    }

    #[test]
    fn indented_lines_start_paragraphs() {
        let reading = parse("a.txt", "Head\n    First of all.\n    Second of all.\n");
        assert_eq!(reading.drafts[0].parts.len(), 3);
    }
}
