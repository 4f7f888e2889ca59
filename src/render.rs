//! Renders articles as Markdown, JSON, CSV and text, for subcommands, exports, the clipboard and commands.
//!
//! This module knows no files and no threads. All output is safe to print.

mod csv;
pub mod dates;
mod fields;
mod json;
mod markdown;
mod text;
pub mod typeset;

use std::collections::HashMap;
use std::io::{self, Write};
use std::path::Path;

use serde::Serialize;

use self::typeset::TypesetOptions;
use crate::corpus::{ArticleRef, Corpus, Slot};
use crate::marks::{ArticleMarks, Marks};
use crate::text::fold::fold;
use crate::text::format::counted;
use crate::text::{to_json, write_json};

pub use self::csv::{columns, write_csv};
pub use fields::{enclosure_details, shown_address, shown_path, shown_place};
pub use json::{ArticleJson, JSON_VERSION};
pub use markdown::{escaped, write_markdown};
pub use text::{plain_text, write_text};

/// The options of plain text.
const SETTING: TypesetOptions = TypesetOptions { width: 72, justify: false, hyphenate: false };

/// The maximum number of bytes of a file name made from a title, without number and extension.
const STEM: usize = 90;

/// A file format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExportFormat {
    /// Markdown.
    Markdown,
    /// One JSON object.
    Json,
    /// One JSON object per line.
    JsonLines,
    /// CSV, one article per line.
    Csv,
    /// Plain text.
    Text,
}

impl ExportFormat {
    /// All formats.
    pub const ALL: [ExportFormat; 5] =
        [ExportFormat::Markdown, ExportFormat::Csv, ExportFormat::Json, ExportFormat::JsonLines, ExportFormat::Text];

    /// Returns the file extension of the format.
    pub fn extension(self) -> &'static str {
        match self {
            ExportFormat::Markdown => "md",
            ExportFormat::Json => "json",
            ExportFormat::JsonLines => "jsonl",
            ExportFormat::Csv => "csv",
            ExportFormat::Text => "txt",
        }
    }

    /// Returns the format for the extension of `path`.
    pub fn of_path(path: &Path) -> Option<ExportFormat> {
        let extension = path.extension()?.to_str()?.to_ascii_lowercase();
        let extension = if extension == "markdown" { "md" } else { extension.as_str() };
        ExportFormat::ALL.into_iter().find(|format| format.extension() == extension)
    }
}

/// Articles of a corpus with their marks.
#[derive(Clone, Copy, Debug)]
pub struct Articles<'a> {
    /// All articles.
    pub corpus: &'a Corpus,
    /// The articles to render, in order.
    pub slots: &'a [Slot],
    /// The marks of the articles.
    pub marks: &'a Marks,
}

impl<'a> Articles<'a> {
    /// Returns the articles in order, each with its marks.
    pub fn iter(self) -> impl Iterator<Item = (ArticleRef<'a>, &'a ArticleMarks)> {
        let entries = self.slots.iter().filter_map(move |&slot| self.corpus.get(slot));
        entries.map(move |entry| (entry, self.marks.get(entry.id())))
    }
}

/// The heading of an exported list.
#[derive(Clone, Debug, Serialize)]
pub struct Heading {
    /// Always [`JSON_VERSION`].
    pub version: u32,
    /// The query; empty for all articles.
    pub query: String,
    /// The day of the export.
    pub exported: String,
    /// The number of articles.
    pub articles: usize,
    /// The reason if articles may be missing; `None` if everything was loaded.
    #[serde(serialize_with = "is_some")]
    pub incomplete: Option<String>,
}

fn is_some<S: serde::Serializer>(value: &Option<String>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_bool(value.is_some())
}

impl Heading {
    /// Returns the title and a sentence about the export.
    fn sentences(&self) -> (&str, String) {
        let title = if self.query.is_empty() { "All articles" } else { &self.query };
        let count = counted(self.articles as u64, "article", "articles");
        let incomplete = self.incomplete.as_ref().map_or_else(String::new, |why| format!(" Incomplete: {why}."));
        (title, format!("Exported by newsdesk on {}: {count}.{incomplete}", self.exported))
    }
}

/// Writes several articles as one document. Calls `progress` with the number of the article before each one.
pub fn write_list(
    format: ExportFormat,
    heading: &Heading,
    articles: Articles<'_>,
    progress: &mut dyn FnMut(usize) -> io::Result<()>,
    out: &mut impl Write,
) -> io::Result<()> {
    let (title, about) = heading.sentences();
    let articles = articles.iter().enumerate().map(|(number, article)| progress(number).map(|()| (number, article)));
    match format {
        ExportFormat::Markdown => {
            let title =
                if heading.query.is_empty() { title.to_owned() } else { format!("`{}`", title.replace('`', "'")) };
            writeln!(out, "# {title}\n\n{about}\n")?;
            for article in articles {
                let (_, (entry, marked)) = article?;
                markdown::write_section(&entry.article(), marked, out)?;
            }
            Ok(())
        }
        ExportFormat::Json => {
            writeln!(out, "{},\"found\":[", to_json(heading)?.trim_end_matches('}'))?;
            for article in articles {
                let (number, (entry, marked)) = article?;
                if number > 0 {
                    out.write_all(b",\n")?;
                }
                write_json(out, &ArticleJson::new(entry, &entry.article(), marked, true))?;
            }
            out.write_all(b"\n]}\n")
        }
        ExportFormat::JsonLines => {
            for article in articles {
                let (_, (entry, marked)) = article?;
                json::write_line(entry, marked, out)?;
            }
            Ok(())
        }
        // CSV cannot contain a heading.
        ExportFormat::Csv => {
            let mut writer = self::csv::CsvWriter::new(out)?;
            for article in articles {
                let (_, (entry, marked)) = article?;
                writer.write(entry, marked)?;
            }
            writer.finish()
        }
        ExportFormat::Text => {
            writeln!(out, "{title}\n{about}")?;
            for article in articles {
                let (_, (entry, marked)) = article?;
                writeln!(out, "\n{}\n", "─".repeat(usize::from(SETTING.width)))?;
                write_text(&entry.article(), marked, SETTING, &|_, text| text, out)?;
            }
            Ok(())
        }
    }
}

/// Writes one article as a separate document.
pub fn write_article(
    format: ExportFormat,
    entry: ArticleRef<'_>,
    marked: &ArticleMarks,
    out: &mut impl Write,
) -> io::Result<()> {
    match format {
        ExportFormat::Markdown => write_markdown(&entry.article(), marked, out),
        ExportFormat::Json | ExportFormat::JsonLines => json::write_line(entry, marked, out),
        ExportFormat::Csv => write_csv(std::iter::once((entry, marked)), out),
        ExportFormat::Text => write_text(&entry.article(), marked, SETTING, &|_, text| text, out),
    }
}

/// Writes the list of files of an export to a folder; `names` have no extensions.
pub fn write_index(
    format: ExportFormat,
    heading: &Heading,
    articles: Articles<'_>,
    names: &[String],
    out: &mut impl Write,
) -> io::Result<()> {
    let extension = format.extension();
    if matches!(format, ExportFormat::Json | ExportFormat::JsonLines) {
        let files: Vec<String> = names.iter().map(|name| format!("{name}.{extension}")).collect();
        return writeln!(out, "{},\"files\":{}}}", to_json(heading)?.trim_end_matches('}'), to_json(&files)?);
    }
    let (title, about) = heading.sentences();
    writeln!(out, "{title}\n\n{about}\n")?;
    for ((entry, _), name) in articles.iter().zip(names) {
        let (day, headline) = (day(entry), entry.headline());
        match format {
            ExportFormat::Markdown => writeln!(out, "- {day} [{}]({name}.{extension})", escaped(&headline))?,
            _ => writeln!(out, "{day:10}  {headline}  {name}.{extension}")?,
        }
    }
    Ok(())
}

/// Returns the day of publication; empty if the article has no date.
fn day(entry: ArticleRef<'_>) -> String {
    let date = entry.published().map(|published| published.to_string()).unwrap_or_default();
    date.get(..10).unwrap_or("").to_owned()
}

/// Returns a safe file name for an article without extension: day and headline.
pub fn article_stem(entry: ArticleRef<'_>) -> String {
    file_stem(&format!("{} {}", day(entry), entry.headline()), "article")
}

/// Returns a safe file name for `title`: letters, digits and `-`. Returns `otherwise` if that is empty.
pub fn file_stem(title: &str, otherwise: &str) -> String {
    let folded = fold(title);
    let parts = folded.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    let mut stem = parts.collect::<Vec<_>>().join("-");
    stem.truncate(stem.floor_char_boundary(STEM));
    if stem.is_empty() { otherwise.to_owned() } else { stem.trim_end_matches('-').to_owned() }
}

/// Returns a unique file name without extension for each article; `index` is reserved.
pub fn unique_stems(articles: Articles<'_>) -> Vec<String> {
    let mut used = HashMap::from([("index".to_owned(), 1u32)]);
    let unique = |stem: String| {
        // Articles of the same day and headline are numbered.
        loop {
            let count = used.entry(stem.clone()).or_default();
            *count += 1;
            let name = if *count == 1 { stem.clone() } else { format!("{stem}-{count}") };
            if *count == 1 || used.insert(name.clone(), 1).is_none() {
                return name;
            }
        }
    };
    articles.iter().map(|(entry, _)| article_stem(entry)).map(unique).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_stem_is_safe_in_every_folder() {
        for (title, stem) in [
            ("2023-08-24 India lands “near” the pole!", "2023-08-24-india-lands-near-the-pole"),
            ("../../etc/passwd", "etc-passwd"),
            ("", "article"),
            ("\u{1b}[2J", "2j"),
            ("Köln", "koln"),
        ] {
            assert_eq!(file_stem(title, "article"), stem);
        }
        assert!(file_stem(&"long ".repeat(99), "article").len() <= STEM);
    }

    #[test]
    fn export_format_follows_the_ending() {
        let format = |path: &str| ExportFormat::of_path(Path::new(path));
        assert_eq!(format("a/b.MD"), Some(ExportFormat::Markdown));
        assert_eq!(format("b.jsonl"), Some(ExportFormat::JsonLines));
        assert_eq!((format("b"), format("b.pdf"), format(".md")), (None, None, None));
    }
}
