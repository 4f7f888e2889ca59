//! `newsdesk show`: whole articles.

use std::io::{self, Write};
use std::process::ExitCode;

use clap::ValueEnum;

use super::article_json::ArticleJson;
use super::out::{Paint, painted};
use super::selection::Selection;
use crate::app::wrap::{Annotation, Line, LineKind, Setting, typeset};
use crate::article::{Article, BlockKind, Role, to_json, write_json};

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// Set as the reading pane sets it
    Text,
    /// Markdown with YAML front matter
    Markdown,
    /// A JSON object a line
    Json,
}

pub(super) fn print(
    selection: &Selection,
    format: Format,
    setting: Setting,
    colours: bool,
    out: &mut impl Write,
) -> io::Result<ExitCode> {
    for (number, entry) in selection.entries().enumerate() {
        let article = entry.article();
        match format {
            Format::Text => {
                if number > 0 {
                    writeln!(out, "\n{}\n", "─".repeat(usize::from(setting.width)))?;
                }
                text(&article, setting, colours, out)?;
            }
            Format::Markdown => markdown(&article, out)?,
            Format::Json => {
                write_json(out, &ArticleJson::new(entry, &article, true))?;
                out.write_all(b"\n")?;
            }
        }
    }
    Ok(selection.outcome())
}

/// The article set as the reading pane sets it.
pub(super) fn text(article: &Article, setting: Setting, colours: bool, out: &mut impl Write) -> io::Result<()> {
    for line in typeset(article, Annotation::default(), setting).lines() {
        writeln!(out, "{}", styled(line, article, colours).trim_end())?;
    }
    Ok(())
}

fn styled(line: &Line, article: &Article, colours: bool) -> String {
    let text = line.text(article);
    match line.kind {
        _ if !colours => text,
        LineKind::Part(Role::Headline | Role::Body(BlockKind::Crosshead)) => painted(&text, Paint::Bold),
        LineKind::Part(Role::Standfirst) => painted(&text, Paint::Italic),
        LineKind::Dateline | LineKind::Link | LineKind::Part(Role::Caption | Role::Credit | Role::Source) => {
            painted(&text, Paint::Dim)
        }
        LineKind::Blank
        | LineKind::Tags
        | LineKind::Note
        | LineKind::More
        | LineKind::Part(Role::Byline | Role::Body(_)) => text,
    }
}

/// Markdown that newsdesk itself reads back to the same parts.
pub(super) fn markdown(article: &Article, out: &mut impl Write) -> io::Result<()> {
    // A JSON text is a YAML text too.
    let text = |text: &str| to_json(text);
    writeln!(out, "---\ntitle: {}", text(article.headline())?)?;
    if let Some(published) = article.published {
        writeln!(out, "date: {published}")?;
    }
    for (name, value) in [
        ("section", article.section.as_str()),
        ("description", article.standfirst()),
        ("author", article.byline()),
        ("url", article.url.as_deref().unwrap_or("")),
    ] {
        if !value.is_empty() {
            writeln!(out, "{name}: {}", text(value)?)?;
        }
    }
    let sources: Vec<&str> = article.sources().collect();
    if !sources.is_empty() {
        writeln!(out, "sources: {}", to_json(&sources)?)?;
    }
    writeln!(out, "---\n")?;
    markdown_body(article, out)
}

/// One article of several in Markdown, under a heading of its own.
pub(super) fn markdown_section(article: &Article, out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "## {}\n", escaped(article.headline()))?;
    let date = article.published.map(|published| published.day().to_string()).unwrap_or_default();
    let sources = article.sources().collect::<Vec<_>>().join(", ");
    let url = article.url.as_deref().unwrap_or("");
    let beside: Vec<String> = [&date, article.section.as_str(), article.byline(), &sources]
        .map(escaped)
        .into_iter()
        .filter(|text| !text.is_empty())
        .collect();
    if !beside.is_empty() {
        writeln!(out, "{}\n", beside.join(" · "))?;
    }
    if !url.is_empty() {
        writeln!(out, "<{url}>\n")?;
    }
    if !article.standfirst().is_empty() {
        writeln!(out, "**{}**\n", escaped(article.standfirst()))?;
    }
    markdown_body(article, out)
}

fn markdown_body(article: &Article, out: &mut impl Write) -> io::Result<()> {
    for (caption, credit) in article.captions() {
        let credit = credit.map_or_else(String::new, |credit| format!(" ({})", escaped(credit)));
        writeln!(out, "*{}*{credit}\n", escaped(caption))?;
    }
    for (kind, part) in article.body() {
        match kind {
            BlockKind::Paragraph => writeln!(out, "{}\n", escaped(&part.text))?,
            BlockKind::Crosshead => writeln!(out, "## {}\n", escaped(&part.text))?,
            BlockKind::Quote => writeln!(out, "> {}\n", escaped(&part.text))?,
            BlockKind::ListEntry { depth, number } => {
                let marker = number.map_or_else(|| "-".to_owned(), |number| format!("{number}."));
                writeln!(out, "{}{marker} {}\n", "    ".repeat(usize::from(depth)), escaped(&part.text))?;
            }
            BlockKind::Code => {
                // A fence that is longer than any run of backticks inside.
                let longest = part.text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
                let fence = "`".repeat(longest.max(2) + 1);
                writeln!(out, "{fence}\n{}\n{fence}\n", part.text)?;
            }
            BlockKind::TableRow => writeln!(out, "| {} |\n", escaped(&part.text).replace('│', "|"))?,
            BlockKind::Rule => writeln!(out, "---\n")?,
        }
    }
    Ok(())
}

/// Text in which nothing is Markdown.
pub(super) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for (at, c) in text.char_indices() {
        let begins_block = at == 0 && matches!(c, '+' | '-' | '=' | '~' | '0'..='9');
        if matches!(c, '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '#' | '|' | '&')
            || (begins_block && !c.is_ascii_digit())
        {
            out.push('\\');
        }
        // `1.` at the front would begin a list.
        if c == '.'
            && text
                .get(..at)
                .is_some_and(|before| !before.is_empty() && before.bytes().all(|byte| byte.is_ascii_digit()))
        {
            out.push('\\');
        }
        out.push(c);
    }
    out
}
