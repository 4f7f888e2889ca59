//! `newsdesk list`: one article a line.

use std::io::{self, Write};
use std::process::ExitCode;

use clap::ValueEnum;

use crate::cli::args::{CommonArgs, PathArgs, QueryArgs};
use crate::cli::selection::{Selection, select};
use crate::render::{ArticleJson, columns, write_csv};
use crate::text::write_json;

/// List articles, newest first: date, section, headline, source, path
#[derive(Debug, clap::Args)]
pub(crate) struct ListArgs {
    #[command(flatten)]
    paths: PathArgs,
    #[command(flatten)]
    selection: QueryArgs,
    /// Output format
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: ListFormat,
}

impl ListArgs {
    /// Returns the arguments that list all articles of `paths` as text.
    pub(crate) fn of_paths(paths: PathArgs) -> ListArgs {
        ListArgs { paths, selection: QueryArgs::default(), format: ListFormat::Text }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ListFormat {
    /// Text in columns
    Text,
    /// One JSON object a line
    Json,
    /// CSV with a header
    Csv,
}

impl ListFormat {
    /// Returns whether the format includes marks.
    pub(crate) fn has_marks(self) -> bool {
        self != ListFormat::Text
    }
}

pub(crate) fn run(args: &ListArgs, common: &CommonArgs, out: &mut impl Write) -> io::Result<ExitCode> {
    print(&select(&args.paths, &args.selection, args.format.has_marks(), common)?, args.format, out)
}

/// Prints the selected articles.
pub(crate) fn print(selection: &Selection, format: ListFormat, out: &mut impl Write) -> io::Result<ExitCode> {
    match format {
        ListFormat::Text => {
            for entry in selection.entries() {
                let [date, section, headline, source, path] = columns(entry);
                let or_dash = |text: &str| if text.is_empty() { "-".to_owned() } else { text.to_owned() };
                let day = or_dash(date.get(..10).unwrap_or(&date));
                write!(out, "{day:10}  {:12}  {headline}", or_dash(&section))?;
                if !source.is_empty() {
                    write!(out, "  ({source})")?;
                }
                writeln!(out, "  {path}")?;
            }
        }
        ListFormat::Json => {
            for (entry, marked) in selection.articles().iter() {
                write_json(out, &ArticleJson::new(entry, &entry.article(), marked, false))?;
                out.write_all(b"\n")?;
            }
        }
        ListFormat::Csv => write_csv(selection.articles().iter(), out)?,
    }
    Ok(selection.outcome())
}
