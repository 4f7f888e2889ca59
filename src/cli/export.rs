//! `newsdesk export`: what was found, written to a file, or to a folder with a file for each article.

use std::collections::HashMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::ValueEnum;
use serde::Serialize;

use super::article_json::ArticleJson;
use super::progress::Progress;
use super::selection::Selection;
use super::{complain, list, named, show};
use crate::app::numbers::counted;
use crate::app::wrap::Setting;
use crate::article::fold::fold;
use crate::article::{to_json, write_json};
use crate::corpus::Entry;

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// Markdown; in a folder, each article with YAML front matter
    Markdown,
    /// JSON
    Json,
    /// CSV: an article a line
    Csv,
    /// Plain text
    Text,
}

impl Format {
    fn ending(self) -> &'static str {
        match self {
            Format::Markdown => "md",
            Format::Json => "json",
            Format::Csv => "csv",
            Format::Text => "txt",
        }
    }
}

/// How wide plain text is set.
const SETTING: Setting = Setting { width: 72, justify: false, hyphenate: false };

/// What stands on top of what is written.
#[derive(Debug, Serialize)]
struct Heading {
    query: String,
    exported: String,
    articles: usize,
}

/// Writes `selection` to `output`: to one file, or, where that is a folder or ends in a slash, to a file for each
/// article. What is there already is only written over by `force`.
pub(super) fn write(selection: &Selection, format: Format, output: &Path, force: bool) -> io::Result<ExitCode> {
    let is_folder = output.is_dir() || output.as_os_str().as_encoded_bytes().ends_with(b"/");
    let heading = Heading {
        query: selection.query.text().to_owned(),
        exported: chrono::Local::now().format("%Y-%m-%d").to_string(),
        articles: selection.len(),
    };
    if selection.len() > 0 {
        if is_folder {
            folder(selection, &heading, format, output, force)?;
        } else {
            let mut target = Target::create(output, force)?;
            whole(selection, &heading, format, &mut target.file).map_err(|error| named(output, &error))?;
            target.finish()?;
        }
        complain(&format!("{} written to {}", articles(selection), output.display()));
    }
    Ok(selection.outcome())
}

fn articles(selection: &Selection) -> String {
    counted(selection.len() as u64, "article", "articles")
}

/// A file that is being written beside its place, and put there when it is whole.
struct Target<'a> {
    path: &'a Path,
    part: PathBuf,
    file: BufWriter<File>,
    force: bool,
    done: bool,
}

impl<'a> Target<'a> {
    fn create(path: &'a Path, force: bool) -> io::Result<Target<'a>> {
        if !force && path.symlink_metadata().is_ok() {
            let message = format!("{} is there already; --force writes over it", path.display());
            return Err(io::Error::new(io::ErrorKind::AlreadyExists, message));
        }
        let mut part = path.as_os_str().to_owned();
        part.push(format!(".{}.part", std::process::id()));
        let part = PathBuf::from(part);
        let file = OpenOptions::new().write(true).create_new(true).open(&part).map_err(|error| named(&part, &error))?;
        Ok(Target { path, part, file: BufWriter::new(file), force, done: false })
    }

    fn finish(mut self) -> io::Result<()> {
        self.file.flush().map_err(|error| named(self.path, &error))?;
        // A link is made only where nothing is, so that nobody's file is lost between looking and writing.
        let placed = match self.force {
            true => fs::rename(&self.part, self.path),
            false => fs::hard_link(&self.part, self.path).or_else(|error| match error.kind() {
                io::ErrorKind::AlreadyExists => Err(error),
                // Not every file system has links.
                _ if self.path.symlink_metadata().is_err() => fs::rename(&self.part, self.path),
                _ => Err(error),
            }),
        };
        self.done = self.force && placed.is_ok();
        placed.map_err(|error| named(self.path, &error))
    }
}

impl Drop for Target<'_> {
    fn drop(&mut self) {
        if !self.done {
            let _ = fs::remove_file(&self.part);
        }
    }
}

fn whole(selection: &Selection, heading: &Heading, format: Format, out: &mut impl Write) -> io::Result<()> {
    let Heading { query, exported, articles: all } = heading;
    let count = articles(selection);
    let mut progress = Progress::new();
    let mut entries = selection.entries().enumerate().inspect(|(number, _)| {
        if number % 1_000 == 0 {
            progress.tell(*number, *all, "articles");
        }
    });
    match format {
        Format::Markdown => {
            let query =
                if query.is_empty() { "All articles".to_owned() } else { format!("`{}`", query.replace('`', "'")) };
            writeln!(out, "# {query}\n\nExported by newsdesk on {exported}: {count}.\n")?;
            entries.try_for_each(|(_, entry)| show::markdown_section(&entry.article(), out))
        }
        Format::Json => {
            let top = to_json(heading)?;
            writeln!(out, "{},\"found\":[", top.trim_end_matches('}'))?;
            for (number, entry) in entries {
                if number > 0 {
                    out.write_all(b",\n")?;
                }
                write_json(out, &ArticleJson::new(entry, &entry.article(), true))?;
            }
            out.write_all(b"\n]}\n")
        }
        // CSV has no room for a heading.
        Format::Csv => list::csv(entries.map(|(_, entry)| entry), out),
        Format::Text => {
            let query = if query.is_empty() { "All articles" } else { query };
            writeln!(out, "{query}\nExported by newsdesk on {exported}: {count}.")?;
            for (_, entry) in entries {
                writeln!(out, "\n{}\n", "─".repeat(usize::from(SETTING.width)))?;
                show::text(&entry.article(), SETTING, false, out)?;
            }
            Ok(())
        }
    }
}

fn folder(selection: &Selection, heading: &Heading, format: Format, folder: &Path, force: bool) -> io::Result<()> {
    if format == Format::Csv {
        let message = "CSV is one file with a line for each article; name a file to write it to";
        return Err(io::Error::new(io::ErrorKind::InvalidInput, message));
    }
    fs::create_dir_all(folder).map_err(|error| named(folder, &error))?;
    let mut taken = HashMap::from([("index".to_owned(), 1)]);
    let names: Vec<String> = selection.entries().map(|entry| name(entry, &mut taken)).collect();
    let path = |name: &str| folder.join(format!("{name}.{}", format.ending()));
    // Nothing is written where something would be lost.
    if !force && let Some(there) = names.iter().map(|name| path(name)).chain([path("index")]).find(|path| path.exists())
    {
        let message = format!("{} is there already; --force writes over it", there.display());
        return Err(io::Error::new(io::ErrorKind::AlreadyExists, message));
    }
    let mut progress = Progress::new();
    for (number, (entry, name)) in selection.entries().zip(&names).enumerate() {
        progress.tell(number, names.len(), "articles");
        let (path, article) = (path(name), entry.article());
        let mut target = Target::create(&path, force)?;
        let out = &mut target.file;
        match format {
            Format::Markdown => show::markdown(&article, out)?,
            Format::Json => {
                write_json(out, &ArticleJson::new(entry, &article, true))?;
                out.write_all(b"\n")?;
            }
            Format::Text | Format::Csv => show::text(&article, SETTING, false, out)?,
        }
        target.finish()?;
    }
    let path = path("index");
    let mut target = Target::create(&path, force)?;
    index(selection, heading, format, &names, &mut target.file)?;
    target.finish()
}

/// The list of what a folder holds.
fn index(
    selection: &Selection,
    heading: &Heading,
    format: Format,
    names: &[String],
    out: &mut impl Write,
) -> io::Result<()> {
    if format == Format::Json {
        let top = to_json(heading)?;
        let files: Vec<String> = names.iter().map(|name| format!("{name}.json")).collect();
        return writeln!(out, "{},\"files\":{}}}", top.trim_end_matches('}'), to_json(&files)?);
    }
    let Heading { query, exported, .. } = heading;
    let count = articles(selection);
    let query = if query.is_empty() { "All articles" } else { query };
    writeln!(out, "{query}\n\nExported by newsdesk on {exported}: {count}.\n")?;
    for (entry, name) in selection.entries().zip(names) {
        let [date, _, headline, _, _] = list::columns(entry);
        let day = date.get(..10).unwrap_or("");
        match format {
            Format::Markdown => writeln!(out, "- {day} [{}]({name}.md)", show::escaped(&headline))?,
            _ => writeln!(out, "{day:10}  {headline}  {name}.txt")?,
        }
    }
    Ok(())
}

/// A file name made of day and headline that no other article of the export has.
fn name(entry: Entry<'_>, taken: &mut HashMap<String, u32>) -> String {
    let [date, _, headline, _, _] = list::columns(entry);
    let day = date.get(..10).unwrap_or("");
    let folded = fold(&headline);
    let words: Vec<&str> = folded.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
    let mut stem = [day].into_iter().chain(words).filter(|word| !word.is_empty()).collect::<Vec<_>>().join("-");
    // Names of up to 255 bytes are good everywhere; there is room for a number and an ending.
    stem.truncate(stem.floor_char_boundary(100));
    let stem = if stem.is_empty() { "article".to_owned() } else { stem };
    // Articles of the same day and headline are numbered.
    loop {
        let count = taken.entry(stem.clone()).or_default();
        *count += 1;
        let name = if *count == 1 { stem.clone() } else { format!("{stem}-{count}") };
        if *count == 1 || taken.insert(name.clone(), 1).is_none() {
            return name;
        }
    }
}
