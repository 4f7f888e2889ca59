//! `newsdesk list`: an article a line.

use std::io::{self, Write};
use std::process::ExitCode;

use clap::ValueEnum;

use super::article_json::{ArticleJson, shown_path};
use super::outcome;
use crate::article::Role;
use crate::runtime::Loaded;

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// Columns for people
    Text,
    /// A JSON object a line
    Json,
    /// CSV with a line of names
    Csv,
}

pub(super) fn print(loaded: &Loaded, format: Format, out: &mut impl Write) -> io::Result<ExitCode> {
    let entries = loaded.corpus.order().iter().filter_map(|&slot| loaded.corpus.get(slot));
    match format {
        Format::Text => {
            for entry in entries {
                let date = entry.published().map_or_else(|| "-".to_owned(), |published| published.day().to_string());
                let section = if entry.section().is_empty() { "-" } else { entry.section() };
                let sources = entry.texts(Role::Source).map(|source| source.to_string()).collect::<Vec<_>>().join(", ");
                write!(out, "{date:10}  {section:12}  {}", entry.headline())?;
                if !sources.is_empty() {
                    write!(out, "  ({sources})")?;
                }
                writeln!(out, "  {}", shown_path(entry))?;
            }
        }
        Format::Json => {
            for entry in entries {
                serde_json::to_writer(&mut *out, &ArticleJson::new(entry, &entry.article(), false))?;
                out.write_all(b"\n")?;
            }
        }
        Format::Csv => {
            let mut csv = csv::Writer::from_writer(&mut *out);
            csv.write_record(["date", "section", "headline", "source", "path"])?;
            for entry in entries {
                let date = entry.published().map(|published| published.to_string()).unwrap_or_default();
                let sources = entry.texts(Role::Source).map(|source| source.to_string()).collect::<Vec<_>>().join(", ");
                csv.write_record([&date, entry.section(), &entry.headline(), &sources, &shown_path(entry)])?;
            }
            csv.flush()?;
        }
    }
    Ok(outcome(loaded))
}
