//! `newsdesk export`: what was found, written to a file, or to a folder with a file for each article.

use std::io;
use std::path::Path;
use std::process::ExitCode;

use clap::ValueEnum;

use crate::cli::complain;
use crate::cli::progress::Progress;
use crate::cli::selection::Selection;
use crate::render::{ExportFormat, Heading, JSON_VERSION};
use crate::text::format::counted;
use crate::tui::export::{export_folder, export_list, is_exists};

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum FormatArg {
    /// Markdown; in a folder, each article with YAML front matter
    Markdown,
    /// JSON
    Json,
    /// A JSON object a line
    Jsonl,
    /// CSV: an article a line
    Csv,
    /// Plain text
    Text,
}

impl FormatArg {
    fn export_format(self) -> ExportFormat {
        match self {
            FormatArg::Markdown => ExportFormat::Markdown,
            FormatArg::Json => ExportFormat::Json,
            FormatArg::Jsonl => ExportFormat::JsonLines,
            FormatArg::Csv => ExportFormat::Csv,
            FormatArg::Text => ExportFormat::Text,
        }
    }
}

/// Writes `selection` to `output`: to one file or, if that is a folder or ends in a slash, to a file for each article.
/// Without a `format`, the extension of the file decides. `force` replaces existing files.
pub(crate) fn write(
    selection: &Selection,
    format: Option<FormatArg>,
    output: &Path,
    force: bool,
) -> io::Result<ExitCode> {
    let format = format.map(FormatArg::export_format).or_else(|| ExportFormat::of_path(output));
    let format = format.unwrap_or(ExportFormat::Markdown);
    let is_folder = output.is_dir() || output.as_os_str().as_encoded_bytes().ends_with(b"/");
    let heading = Heading {
        version: JSON_VERSION,
        query: selection.query.text().to_owned(),
        exported: chrono::Local::now().format("%Y-%m-%d").to_string(),
        articles: selection.len(),
        incomplete: selection.incomplete().map(str::to_owned),
    };
    if selection.len() == 0 {
        complain(&format!("no article matches; {} was not written", output.display()));
    } else {
        let mut bar = Progress::new();
        let mut progress = |number: usize| {
            if is_folder || number.is_multiple_of(1_000) {
                bar.tell(number, heading.articles, "articles");
            }
            Ok(())
        };
        let target = (output, force);
        let written = match is_folder {
            true => export_folder(selection.articles(), &heading, format, target, &mut progress),
            false => export_list(selection.articles(), &heading, format, target, &mut progress),
        };
        written.map_err(|error| match is_exists(&error) {
            true => io::Error::new(error.kind(), format!("{error}; --force writes over it")),
            false => error,
        })?;
        let count = counted(selection.len() as u64, "article", "articles");
        complain(&format!("{count} written to {}", output.display()));
    }
    Ok(selection.outcome_of_export())
}
