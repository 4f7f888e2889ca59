//! `newsdesk show`: whole articles.

use std::io::{self, Write};
use std::process::ExitCode;

use clap::ValueEnum;

use crate::article::{BlockKind, Role};
use crate::cli::args::{CommonArgs, PathArgs, QueryArgs};
use crate::cli::output::{Style, stdout_is_terminal, styled};
use crate::cli::selection::select;
use crate::cli::user_files::load_config;
use crate::render::typeset::{LineKind, PageLine, TypesetOptions};
use crate::render::{ArticleJson, write_markdown, write_text};
use crate::text::write_json;

/// Print whole articles, newest first
#[derive(Debug, clap::Args)]
pub(crate) struct ShowArgs {
    #[command(flatten)]
    paths: PathArgs,
    #[command(flatten)]
    selection: QueryArgs,
    /// Output format
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: ShowFormat,
    /// Line width in columns
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(10..=1000))]
    width: Option<u16>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum ShowFormat {
    /// Typeset as in the reading pane
    Text,
    /// Markdown with YAML front matter
    Markdown,
    /// One JSON object a line
    Json,
}

pub(crate) fn run(args: &ShowArgs, common: &CommonArgs, out: &mut impl Write) -> io::Result<ExitCode> {
    let (config, _) = load_config(common)?;
    let columns = crossterm::terminal::size().map_or(u16::MAX, |(columns, _)| columns);
    let columns = if stdout_is_terminal() { columns } else { u16::MAX };
    let setting = TypesetOptions {
        width: args.width.unwrap_or(config.max_line_width.min(columns)),
        justify: config.justify,
        hyphenate: config.hyphenate,
    };
    let selection = select(&args.paths, &args.selection, true, common)?;
    for (number, (entry, marked)) in selection.articles().iter().enumerate() {
        let article = entry.article();
        match args.format {
            ShowFormat::Text => {
                if number > 0 {
                    writeln!(out, "\n{}\n", "─".repeat(usize::from(setting.width)))?;
                }
                write_text(&article, marked, setting, &style_line, out)?;
            }
            ShowFormat::Markdown => write_markdown(&article, marked, out)?,
            ShowFormat::Json => {
                write_json(out, &ArticleJson::new(entry, &article, marked, true))?;
                out.write_all(b"\n")?;
            }
        }
    }
    Ok(selection.outcome())
}

/// Styles a line as the reading pane does.
fn style_line(line: &PageLine, text: String) -> String {
    match line.kind {
        LineKind::Part(Role::Headline | Role::Body(BlockKind::Crosshead)) => styled(&text, Style::Bold),
        LineKind::Part(Role::Standfirst) => styled(&text, Style::Italic),
        LineKind::Dateline | LineKind::Link | LineKind::Part(Role::Caption | Role::Credit | Role::Source) => {
            styled(&text, Style::Dim)
        }
        LineKind::Blank
        | LineKind::Tags
        | LineKind::Note
        | LineKind::More
        | LineKind::Part(Role::Byline | Role::Body(_)) => text,
    }
}
