//! `newsdesk list`: an article a line.

use std::io::{self, Write};
use std::process::ExitCode;

use clap::ValueEnum;

use super::article_json::{ArticleJson, shown_path};
use super::selection::Selection;
use crate::article::{Role, write_json};
use crate::corpus::Entry;

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// Columns for people
    Text,
    /// A JSON object a line
    Json,
    /// CSV with a line of names
    Csv,
}

pub(super) fn print(selection: &Selection, format: Format, out: &mut impl Write) -> io::Result<ExitCode> {
    match format {
        Format::Text => {
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
        Format::Json => {
            for entry in selection.entries() {
                write_json(out, &ArticleJson::new(entry, &entry.article(), false))?;
                out.write_all(b"\n")?;
            }
        }
        Format::Csv => csv(selection.entries(), out)?,
    }
    Ok(selection.outcome())
}

/// Date, section, headline, source and path, safe to print on one line.
pub(super) fn columns(entry: Entry<'_>) -> [String; 5] {
    let date = entry.published().map(|published| published.to_string()).unwrap_or_default();
    let sources = entry.texts(Role::Source).map(|source| source.to_string()).collect::<Vec<_>>().join(", ");
    [date, entry.section().to_owned(), entry.headline().to_string(), sources, shown_path(entry)]
}

/// CSV with a line of names.
pub(super) fn csv<'a>(entries: impl Iterator<Item = Entry<'a>>, out: &mut impl Write) -> io::Result<()> {
    let mut csv = csv::Writer::from_writer(out);
    csv.write_record(["date", "section", "headline", "source", "path"])?;
    for entry in entries {
        csv.write_record(columns(entry))?;
    }
    csv.flush()
}
