//! `newsdesk show`: whole articles.

use std::io::{self, Write};
use std::process::ExitCode;

use clap::ValueEnum;

use crate::article::{BlockKind, Role};
use crate::cli::output::{Style, painted};
use crate::cli::selection::Selection;
use crate::render::typeset::{LineKind, PageLine, TypesetOptions};
use crate::render::{ArticleJson, write_markdown, write_text};
use crate::text::write_json;

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ShowFormat {
    /// Set as the reading pane sets it
    Text,
    /// Markdown with YAML front matter
    Markdown,
    /// A JSON object a line
    Json,
}

pub(crate) fn print(
    selection: &Selection,
    format: ShowFormat,
    setting: TypesetOptions,
    colours: bool,
    out: &mut impl Write,
) -> io::Result<ExitCode> {
    let style = |line: &PageLine, text: String| if colours { styled(line, &text) } else { text };
    for (number, (entry, marked)) in selection.articles().iter().enumerate() {
        let article = entry.article();
        match format {
            ShowFormat::Text => {
                if number > 0 {
                    writeln!(out, "\n{}\n", "─".repeat(usize::from(setting.width)))?;
                }
                write_text(&article, marked, setting, &style, out)?;
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

/// Paints a line as the reading pane does.
fn styled(line: &PageLine, text: &str) -> String {
    match line.kind {
        LineKind::Part(Role::Headline | Role::Body(BlockKind::Crosshead)) => painted(text, Style::Bold),
        LineKind::Part(Role::Standfirst) => painted(text, Style::Italic),
        LineKind::Dateline | LineKind::Link | LineKind::Part(Role::Caption | Role::Credit | Role::Source) => {
            painted(text, Style::Dim)
        }
        LineKind::Blank
        | LineKind::Tags
        | LineKind::Note
        | LineKind::More
        | LineKind::Part(Role::Byline | Role::Body(_)) => text.to_owned(),
    }
}
