//! `newsdesk list`: an article a line.

use std::io::{self, Write};
use std::process::ExitCode;

use clap::ValueEnum;

use crate::cli::selection::Selection;
use crate::render::{ArticleJson, columns, write_csv};
use crate::text::write_json;

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ListFormat {
    /// Columns for people
    Text,
    /// A JSON object a line
    Json,
    /// CSV with a line of names
    Csv,
}

impl ListFormat {
    /// Returns whether it shows what the reader added to articles.
    pub(crate) fn has_marks(self) -> bool {
        self != ListFormat::Text
    }
}

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
