//! `newsdesk search`: articles that match a query, with their hits.

use std::io::{self, Write};
use std::ops::Range;
use std::process::ExitCode;

use clap::ValueEnum;
use serde::Serialize;
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

use crate::article::{Article, Part, Role};
use crate::cli::args::{CommonArgs, PathArgs, QueryArgs, cases, sorts};
use crate::cli::output::{Style, styled};
use crate::cli::selection::{Selection, select};
use crate::corpus::ArticleRef;
use crate::query::{Case, Sort};
use crate::render::{ArticleJson, columns, shown_path};
use crate::search::Hit;
use crate::text::write_json;

/// Find articles, and print where they match
///
/// Exit status as of grep: 0 if something was found, 1 if nothing was found, 2 if there was an error.
#[derive(Debug, clap::Args)]
pub(crate) struct SearchArgs {
    /// Query, as in the filter bar
    #[arg(value_name = "QUERY", allow_hyphen_values = true)]
    query: String,
    #[command(flatten)]
    paths: PathArgs,
    /// Output format
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: SearchFormat,
    /// Sort order; same as `sort:` in the query
    #[arg(long, value_name = "ORDER", value_parser = sorts())]
    sort: Option<Sort>,
    /// How to match case; same as `case:` in the query
    #[arg(long, value_name = "CASE", value_parser = cases())]
    case: Option<Case>,
    /// Print at most N articles, or N lines with kwic
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
    /// Columns of text on either side of a hit
    #[arg(long, value_name = "N", default_value = "40")]
    context: u16,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum SearchFormat {
    /// Each article with the text around its hits
    Text,
    /// One JSON object a line, with the position of every hit
    Json,
    /// CSV with a header: one article a line, with its hit count
    Csv,
    /// Number of articles and number of hits, with a tab between
    Count,
    /// Path of each file, one a line
    Paths,
    /// Keyword in context: one line for each hit, aligned
    Kwic,
}

impl SearchFormat {
    /// Returns whether the format includes marks.
    fn has_marks(self) -> bool {
        self == SearchFormat::Json
    }
}

pub(crate) fn run(args: SearchArgs, common: &CommonArgs, out: &mut impl Write) -> io::Result<ExitCode> {
    if args.query.starts_with("--") {
        let message = format!("unexpected argument \"{}\"; --help lists the options of search", args.query);
        return Err(io::Error::new(io::ErrorKind::InvalidInput, message));
    }
    let options = PrintOptions { limit: args.limit.unwrap_or(usize::MAX), context: usize::from(args.context) };
    let query = QueryArgs { query: args.query, sort: args.sort, case: args.case };
    let selection = select(&args.paths, &query, args.format.has_marks(), common)?;
    print(&selection, args.format, &options, out)
}

struct PrintOptions {
    /// The maximum number of articles or, for `kwic`, of lines.
    limit: usize,
    /// Columns of text on either side of a hit.
    context: usize,
}

fn print(
    selection: &Selection,
    format: SearchFormat,
    options: &PrintOptions,
    out: &mut impl Write,
) -> io::Result<ExitCode> {
    let entries = || selection.entries().take(options.limit);
    match format {
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
                // Several articles of one file are adjacent.
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

/// Styles text: a hit in the colour of its term, the rest of a headline bold.
fn highlighted(text: &str, hit: Option<&Hit>, is_headline: bool) -> String {
    match hit {
        Some(hit) => styled(text, Style::Hit(hit.term.0)),
        None if is_headline && !text.is_empty() => styled(text, Style::Bold),
        _ => text.to_owned(),
    }
}

/// Replaces line breaks with spaces. Byte positions stay the same.
fn one_line(part: &Part) -> String {
    part.text.replace('\n', " ")
}

fn text(selection: &Selection, entry: ArticleRef<'_>, options: &PrintOptions, out: &mut impl Write) -> io::Result<()> {
    let article = entry.article();
    let hits = selection.matcher.hits(entry);
    let mut shown = String::new();
    let in_headline: Vec<&Hit> = hits.iter().filter(|hit| is_headline(&article, hit)).collect();
    let headline = article.headline();
    push_highlighted(&mut shown, headline, 0..headline.len(), &in_headline, &|text, hit| highlighted(text, hit, true));
    let [date, section, _, source, path] = columns(entry);
    let details: Vec<&str> =
        [date.get(..10).unwrap_or(&date), &section, &source].into_iter().filter(|text| !text.is_empty()).collect();
    let details = details.join("  ");
    writeln!(out, "{shown}\n{}", styled(&format!("{details}  {path}"), Style::Dim))?;
    let mut rest = hits.iter().filter(|hit| !is_headline(&article, hit)).peekable();
    while let Some(hit) = rest.next() {
        let Some(part) = article.parts.get(hit.part) else { continue };
        let line = one_line(part);
        let mut window = window(&line, &hit.range, options.context);
        let mut inside = vec![hit];
        // Hits that are close share one line.
        while let Some(next) = rest.next_if(|next| next.part == hit.part && next.range.start < window.end) {
            window.end = self::window(&line, &next.range, options.context).end.max(window.end);
            inside.push(next);
        }
        let mut shown = String::from(if window.start > 0 { "… " } else { "" });
        push_highlighted(&mut shown, &line, window.clone(), &inside, &|text, hit| highlighted(text, hit, false));
        shown.push_str(if window.end < line.len() { " …" } else { "" });
        writeln!(out, "    {shown}")?;
    }
    Ok(())
}

fn is_headline(article: &Article, hit: &Hit) -> bool {
    article.parts.get(hit.part).is_some_and(|part| part.role == Role::Headline)
}

/// Appends the bytes `window` of a line. `print` converts each hit, and the text between hits.
fn push_highlighted(
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

/// Returns the range of whole words that fit into `columns` columns on either side of `range`.
fn window(line: &str, range: &Range<usize>, columns: usize) -> Range<usize> {
    let (before, after) = (line.get(..range.start).unwrap_or(""), line.get(range.end..).unwrap_or(""));
    let tail = last_columns(before, columns);
    let cut = before.get(..before.len() - tail.len()).unwrap_or("");
    let start = if cut.is_empty() || cut.ends_with(' ') || tail.starts_with(' ') {
        before.len() - tail.trim_start().len()
    } else {
        // Drops a word that is cut, unless it is joined to the hit.
        before.len() - tail.split_once(' ').map_or(tail, |(_, whole)| whole).len()
    };
    let head = first_columns(after, columns);
    let end = if head.len() == after.len() || after.get(head.len()..).is_some_and(|rest| rest.starts_with(' ')) {
        head.trim_end().len()
    } else {
        head.rsplit_once(' ').map_or(head, |(whole, _)| whole).len()
    };
    start..range.end + end
}

/// Returns the end of `text` that fits into `columns` columns.
fn last_columns(text: &str, columns: usize) -> &str {
    let mut width = 0;
    let fits = text.grapheme_indices(true).rev().take_while(|(_, grapheme)| {
        width += grapheme.width();
        width <= columns
    });
    fits.last().and_then(|(at, _)| text.get(at..)).unwrap_or("")
}

/// Returns the beginning of `text` that fits into `columns` columns.
fn first_columns(text: &str, columns: usize) -> &str {
    let mut width = 0;
    let fits = text.grapheme_indices(true).take_while(|(_, grapheme)| {
        width += grapheme.width();
        width <= columns
    });
    fits.last().and_then(|(at, grapheme)| text.get(..at + grapheme.len())).unwrap_or("")
}

/// The width of the source column in `kwic`.
const SOURCE_WIDTH: usize = 16;

/// Prints at most `max` lines. Returns the number of lines printed.
fn kwic(
    selection: &Selection,
    entry: ArticleRef<'_>,
    options: &PrintOptions,
    max: usize,
    out: &mut impl Write,
) -> io::Result<usize> {
    let hits = selection.matcher.hits(entry);
    if hits.is_empty() {
        return Ok(0);
    }
    let article = entry.article();
    let [date, _, _, source, _] = columns(entry);
    let source = padded(first_columns(&source, SOURCE_WIDTH), SOURCE_WIDTH);
    for hit in hits.iter().take(max) {
        let Some(part) = article.parts.get(hit.part) else { continue };
        let line = one_line(part);
        let before = last_columns(line.get(..hit.range.start).unwrap_or(""), options.context);
        let after = first_columns(line.get(hit.range.end..).unwrap_or(""), options.context);
        let found = highlighted(line.get(hit.range.clone()).unwrap_or(""), Some(hit), false);
        let indent = " ".repeat(options.context.saturating_sub(before.width()));
        writeln!(out, "{:10}  {source}  {indent}{before}{found}{after}", date.get(..10).unwrap_or(&date))?;
    }
    Ok(hits.len().min(max))
}

fn padded(text: &str, columns: usize) -> String {
    format!("{text}{}", " ".repeat(columns.saturating_sub(text.width())))
}

#[derive(Debug, Serialize)]
struct FoundJson<'a> {
    #[serde(flatten)]
    article: ArticleJson<'a>,
    /// Whether articles may be missing from the result.
    incomplete: bool,
    hits: Vec<HitJson<'a>>,
}

/// A hit: its field, the index of the part within the field, the bytes within the part, and the text around it.
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

/// Returns the name of a part in the JSON of an article.
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
