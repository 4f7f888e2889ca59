//! `newsdesk search`: where articles answer a query.

use std::io::{self, Write};
use std::ops::Range;
use std::process::ExitCode;

use clap::ValueEnum;
use serde::Serialize;
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

use crate::article::{Article, Part, Role};
use crate::cli::output::{Style, painted};
use crate::cli::selection::Selection;
use crate::corpus::ArticleRef;
use crate::render::{ArticleJson, columns, shown_path};
use crate::search::Hit;
use crate::text::write_json;

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum SearchFormat {
    /// Each article with the text around its hits
    Text,
    /// A JSON object a line, with the place of every hit
    Json,
    /// CSV with a line of names: an article a line, with its count of hits
    Csv,
    /// The number of articles and the number of hits, parted by a tab
    Count,
    /// The path of each file, one a line
    Paths,
    /// Keyword in context: a hit a line, aligned on the hit, with date and source
    Kwic,
}

impl SearchFormat {
    /// Returns whether it shows what the reader added to articles.
    pub(crate) fn has_marks(self) -> bool {
        self == SearchFormat::Json
    }
}

/// What of it is printed, and how.
pub(crate) struct SearchArgs {
    pub(crate) format: SearchFormat,
    /// At most so many articles; of `kwic`, lines.
    pub(crate) limit: usize,
    /// Columns of text on either side of a hit.
    pub(crate) context: usize,
}

pub(crate) fn print(selection: &Selection, options: &SearchArgs, out: &mut impl Write) -> io::Result<ExitCode> {
    let entries = || selection.entries().take(options.limit);
    match options.format {
        SearchFormat::Text => {
            for (number, entry) in entries().enumerate() {
                if number > 0 {
                    writeln!(out)?;
                }
                text(selection, entry, options, out)?;
            }
        }
        SearchFormat::Json => {
            for entry in entries() {
                let article = entry.article();
                let hits = selection.matcher.hits(entry);
                let hits = hits.iter().filter_map(|hit| HitJson::new(&article, hit, options.context)).collect();
                let marked = selection.marks().get(entry.id());
                let article = ArticleJson::new(entry, &article, marked, false);
                let found = FoundJson { article, incomplete: selection.incomplete().is_some(), hits };
                write_json(out, &found)?;
                out.write_all(b"\n")?;
            }
        }
        SearchFormat::Csv => {
            let mut csv = csv::Writer::from_writer(&mut *out);
            csv.write_record(["date", "section", "headline", "source", "path", "hits"])?;
            for entry in entries() {
                let [date, section, headline, source, path] = columns(entry);
                let hits = selection.matcher.count(entry).to_string();
                csv.write_record([date, section, headline, source, path, hits])?;
            }
            csv.flush()?;
        }
        SearchFormat::Count => {
            let hits: u64 = selection.entries().map(|entry| selection.matcher.count(entry)).sum();
            writeln!(out, "{}\t{hits}", selection.len())?;
        }
        SearchFormat::Paths => {
            let mut last = String::new();
            for entry in entries() {
                let path = shown_path(entry);
                // Articles of one file are one path.
                if path != last {
                    writeln!(out, "{path}")?;
                    last = path;
                }
            }
        }
        SearchFormat::Kwic => {
            let mut left = options.limit;
            for entry in selection.entries() {
                if left == 0 {
                    break;
                }
                left -= kwic(selection, entry, options, left, out)?;
            }
        }
    }
    Ok(selection.outcome_as_grep())
}

/// Text as it is printed: a hit in the colour of its term, the rest plain or, in a headline, bold.
fn marked(text: &str, hit: Option<&Hit>, is_headline: bool) -> String {
    match hit {
        Some(hit) => painted(text, Style::Hit(hit.term.0)),
        None if is_headline && !text.is_empty() => painted(text, Style::Bold),
        _ => text.to_owned(),
    }
}

/// Text on one line, whatever it was; each byte stays where it is.
fn one_line(part: &Part) -> String {
    part.text.replace('\n', " ")
}

fn text(selection: &Selection, entry: ArticleRef<'_>, options: &SearchArgs, out: &mut impl Write) -> io::Result<()> {
    let article = entry.article();
    let hits = selection.matcher.hits(entry);
    let mut shown = String::new();
    let in_headline: Vec<&Hit> = hits.iter().filter(|hit| is_headline(&article, hit)).collect();
    let headline = article.headline();
    put_marked(&mut shown, headline, 0..headline.len(), &in_headline, &|text, hit| marked(text, hit, true));
    let [date, section, _, source, path] = columns(entry);
    let beside: Vec<&str> =
        [date.get(..10).unwrap_or(&date), &section, &source].into_iter().filter(|text| !text.is_empty()).collect();
    let beside = beside.join("  ");
    writeln!(out, "{shown}\n{}", painted(&format!("{beside}  {path}"), Style::Dim))?;
    let mut rest = hits.iter().filter(|hit| !is_headline(&article, hit)).peekable();
    while let Some(hit) = rest.next() {
        let Some(part) = article.parts.get(hit.part) else { continue };
        let line = one_line(part);
        let mut window = window(&line, &hit.range, options.context);
        let mut inside = vec![hit];
        // Hits that are close share a line.
        while let Some(next) = rest.next_if(|next| next.part == hit.part && next.range.start < window.end) {
            window.end = self::window(&line, &next.range, options.context).end.max(window.end);
            inside.push(next);
        }
        let mut shown = String::from(if window.start > 0 { "… " } else { "" });
        put_marked(&mut shown, &line, window.clone(), &inside, &|text, hit| marked(text, hit, false));
        shown.push_str(if window.end < line.len() { " …" } else { "" });
        writeln!(out, "    {shown}")?;
    }
    Ok(())
}

fn is_headline(article: &Article, hit: &Hit) -> bool {
    article.parts.get(hit.part).is_some_and(|part| part.role == Role::Headline)
}

/// The bytes `window` of a line, its hits and what is between them as `print` gives them.
fn put_marked(
    out: &mut String,
    line: &str,
    window: Range<usize>,
    hits: &[&Hit],
    print: &dyn Fn(&str, Option<&Hit>) -> String,
) {
    let mut at = window.start;
    for hit in hits {
        out.push_str(&print(line.get(at..hit.range.start).unwrap_or(""), None));
        out.push_str(&print(line.get(hit.range.clone()).unwrap_or(""), Some(hit)));
        at = hit.range.end;
    }
    out.push_str(&print(line.get(at..window.end).unwrap_or(""), None));
}

/// The words of a line that fit into so many columns on either side of a range.
fn window(line: &str, range: &Range<usize>, columns: usize) -> Range<usize> {
    let (before, after) = (line.get(..range.start).unwrap_or(""), line.get(range.end..).unwrap_or(""));
    let tail = last_columns(before, columns);
    let cut = before.get(..before.len() - tail.len()).unwrap_or("");
    let start = match cut.is_empty() || cut.ends_with(' ') || tail.starts_with(' ') {
        true => before.len() - tail.trim_start().len(),
        // A word that is cut is left out, unless it leads up to the hit.
        false => before.len() - tail.split_once(' ').map_or(tail, |(_, whole)| whole).len(),
    };
    let head = first_columns(after, columns);
    let end = match head.len() == after.len() || after.get(head.len()..).is_some_and(|rest| rest.starts_with(' ')) {
        true => head.trim_end().len(),
        false => head.rsplit_once(' ').map_or(head, |(whole, _)| whole).len(),
    };
    start..range.end + end
}

/// As much of the end of a text as fits into so many columns.
fn last_columns(text: &str, columns: usize) -> &str {
    let mut width = 0;
    let fits = text.grapheme_indices(true).rev().take_while(|(_, grapheme)| {
        width += grapheme.width();
        width <= columns
    });
    fits.last().and_then(|(at, _)| text.get(at..)).unwrap_or("")
}

/// As much of the beginning of a text as fits into so many columns.
fn first_columns(text: &str, columns: usize) -> &str {
    let mut width = 0;
    let fits = text.grapheme_indices(true).take_while(|(_, grapheme)| {
        width += grapheme.width();
        width <= columns
    });
    fits.last().and_then(|(at, grapheme)| text.get(..at + grapheme.len())).unwrap_or("")
}

/// Columns of the source in `kwic`.
const SOURCE: usize = 16;

/// Prints at most `most` lines; gives how many it printed.
fn kwic(
    selection: &Selection,
    entry: ArticleRef<'_>,
    options: &SearchArgs,
    most: usize,
    out: &mut impl Write,
) -> io::Result<usize> {
    let hits = selection.matcher.hits(entry);
    if hits.is_empty() {
        return Ok(0);
    }
    let article = entry.article();
    let [date, _, _, source, _] = columns(entry);
    let source = padded(first_columns(&source, SOURCE), SOURCE);
    for hit in hits.iter().take(most) {
        let Some(part) = article.parts.get(hit.part) else { continue };
        let line = one_line(part);
        let before = last_columns(line.get(..hit.range.start).unwrap_or(""), options.context);
        let after = first_columns(line.get(hit.range.end..).unwrap_or(""), options.context);
        let found = marked(line.get(hit.range.clone()).unwrap_or(""), Some(hit), false);
        let indent = " ".repeat(options.context.saturating_sub(before.width()));
        writeln!(out, "{:10}  {source}  {indent}{before}{found}{after}", date.get(..10).unwrap_or(&date))?;
    }
    Ok(hits.len().min(most))
}

fn padded(text: &str, columns: usize) -> String {
    format!("{text}{}", " ".repeat(columns.saturating_sub(text.width())))
}

#[derive(Debug, Serialize)]
struct FoundJson<'a> {
    #[serde(flatten)]
    article: ArticleJson<'a>,
    /// Whether articles may be missing from the answer.
    incomplete: bool,
    hits: Vec<HitJson<'a>>,
}

/// A hit: in which field, in which of its parts (from 0), at which bytes of that part's text, and with what around it.
#[derive(Debug, Serialize)]
struct HitJson<'a> {
    field: &'static str,
    part: usize,
    start: usize,
    end: usize,
    text: &'a str,
    snippet: String,
}

impl<'a> HitJson<'a> {
    fn new(article: &'a Article, hit: &Hit, context: usize) -> Option<HitJson<'a>> {
        let part = article.parts.get(hit.part)?;
        let field = field_name(part.role);
        let before = article.parts.get(..hit.part)?.iter().filter(|part| field_name(part.role) == field).count();
        let line = one_line(part);
        let snippet = line.get(window(&line, &hit.range, context))?.to_owned();
        let text = part.text.get(hit.range.clone())?;
        Some(HitJson { field, part: before, start: hit.range.start, end: hit.range.end, text, snippet })
    }
}

/// What a part is called in the JSON of an article.
fn field_name(role: Role) -> &'static str {
    match role {
        Role::Headline => "headline",
        Role::Standfirst => "standfirst",
        Role::Byline => "byline",
        Role::Caption => "caption",
        Role::Credit => "credit",
        Role::Source => "source",
        Role::Body(_) => "body",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn window_has_the_whole_words_that_fit() {
        let line = "one two three four five six";
        let around = |word: &str, columns| {
            let start = line.find(word).unwrap();
            line.get(window(line, &(start..start + word.len()), columns)).unwrap()
        };
        assert_eq!(around("three", 4), "two three");
        assert_eq!(around("three", 5), "two three four");
        assert_eq!(around("hre", 1), "three");
        assert_eq!(around("three", 0), "three");
        assert_eq!(around("three", 99), line);
        assert_eq!(around("one", 4), "one two");
    }

    #[test]
    fn columns_count_width_and_never_split_characters() {
        assert_eq!(last_columns("国务院", 4), "务院");
        assert_eq!(last_columns("国务院", 5), "务院");
        assert_eq!(first_columns("国务院", 3), "国");
        assert_eq!(first_columns("e\u{301}a", 1), "e\u{301}");
    }
}
