//! `newsdesk export`: writes articles to a file, or to a folder with a file for each article.

use std::io;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::ValueEnum;

use crate::cli::args::{CommonArgs, PathArgs, QueryArgs};
use crate::cli::output::print_error;
use crate::cli::progress::Progress;
use crate::cli::selection::select;
use crate::render::{ExportFormat, Heading, JSON_VERSION};
use crate::text::format::counted;
use crate::tui::export::{export_folder, export_list, is_exists};

/// Export articles to a file, or to one file for each article
#[derive(Debug, clap::Args)]
pub(crate) struct ExportArgs {
    #[command(flatten)]
    paths: PathArgs,
    #[command(flatten)]
    selection: QueryArgs,
    /// Format; default: by the output's extension, else Markdown
    #[arg(long, value_name = "FORMAT")]
    format: Option<FormatArg>,
    /// File, or folder (existing, or a name that ends in a slash)
    #[arg(long, short, value_name = "PATH")]
    output: PathBuf,
    /// Overwrite existing files
    #[arg(long)]
    force: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum FormatArg {
    /// Markdown; in a folder, with YAML front matter
    Markdown,
    /// JSON
    Json,
    /// One JSON object a line
    Jsonl,
    /// CSV: one article a line
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

pub(crate) fn run(args: &ExportArgs, common: &CommonArgs) -> io::Result<ExitCode> {
    let selection = select(&args.paths, &args.selection, true, common)?;
    let output = args.output.as_path();
    let format = args.format.map(FormatArg::export_format).or_else(|| ExportFormat::of_path(output));
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
        print_error(&format!("no article matches; {} was not written", output.display()));
    } else {
        let mut bar = Progress::new();
        let mut progress = |number: usize| {
            if is_folder || number.is_multiple_of(1_000) {
                bar.update(number, heading.articles, "articles");
            }
            Ok(())
        };
        let target = (output, args.force);
        let written = if is_folder {
            export_folder(selection.articles(), &heading, format, target, &mut progress)
        } else {
            export_list(selection.articles(), &heading, format, target, &mut progress)
        };
        written.map_err(|error| {
            if is_exists(&error) {
                io::Error::new(error.kind(), format!("{error}; use --force to overwrite it"))
            } else {
                error
            }
        })?;
        let count = counted(selection.len() as u64, "article", "articles");
        print_error(&format!("{count} written to {}", output.display()));
    }
    Ok(selection.outcome_of_export())
}
