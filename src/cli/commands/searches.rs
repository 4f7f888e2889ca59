//! `newsdesk searches` and `newsdesk watch`: saved searches from scripts.

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Subcommand;

use super::{library, list};
use crate::article::ArticleId;
use crate::cli::selection::{Selection, parse};
use crate::cli::{Common, NOTHING, as_configured, load, named_or_last};
use crate::library::{Library, PathResolver};
use crate::query::SavedSearch;
use crate::text::clean;

/// What is to be done with the saved searches.
#[derive(Debug, Default, Subcommand)]
pub(crate) enum SearchesCommand {
    /// List them: key, whether it is a watch, name, query
    #[default]
    List,
    /// Save a search
    Add {
        /// Its name
        name: String,
        /// What is looked for, written as in the filter bar
        #[arg(allow_hyphen_values = true)]
        query: String,
        /// The letter or digit that calls it after a `'`
        #[arg(long, value_parser = key)]
        key: Option<char>,
        /// The colour of its words, such as "#ff8800" or "light-blue"
        #[arg(long, value_parser = colour)]
        colour: Option<String>,
        /// Highlight its words in every article
        #[arg(long)]
        watch: bool,
        /// Replace an existing search of that name
        #[arg(long)]
        replace: bool,
    },
    /// Delete a saved search
    Remove {
        /// Its name
        name: String,
    },
    /// List what a saved search finds
    Run {
        /// Its name
        name: String,
        /// Files and folders of articles; without them the folder that was open last
        #[arg(value_name = "PATH")]
        paths: Vec<PathBuf>,
        /// How to print them
        #[arg(long, value_enum, value_name = "FORMAT", default_value = "text")]
        format: list::ListFormat,
    },
}

fn key(text: &str) -> Result<char, String> {
    let mut chars = text.chars();
    match (chars.next(), chars.next()) {
        (Some(key), None) if key.is_alphanumeric() => Ok(key),
        _ => Err("a key is one letter or digit".to_owned()),
    }
}

fn colour(text: &str) -> Result<String, String> {
    let wrong = "a colour is \"#rrggbb\", a name such as \"light-blue\", or a number from \"0\" to \"255\"";
    if crate::config::is_colour(text) { Ok(text.to_owned()) } else { Err(wrong.to_owned()) }
}

pub(crate) fn carry_out(order: SearchesCommand, common: &Common, out: &mut impl Write) -> io::Result<ExitCode> {
    let path = library::path()?;
    let mut library = library::open(&path)?;
    let searches = library.searches().map_err(|error| library::told(&path, error))?;
    match order {
        SearchesCommand::List => {
            for search in &searches {
                let key = search.key.map_or_else(|| "-".to_owned(), String::from);
                let watch = if search.watch { "watch" } else { "-" };
                let line = |text: &str| clean(&text.replace('\n', " ")).into_owned();
                writeln!(out, "{key}\t{watch}\t{}\t{}", line(&search.name), line(&search.query))?;
            }
            Ok(if searches.is_empty() { NOTHING.into() } else { ExitCode::SUCCESS })
        }
        SearchesCommand::Add { name, query, key, colour, watch, replace } => {
            parse(&query, None)?;
            let name = name.trim().to_owned();
            if name.is_empty() {
                return Err(io::Error::new(io::ErrorKind::InvalidInput, "a saved search needs a name"));
            }
            let saved = library.save_search_after(|searches| {
                let existing = searches.iter().find(|search| search.name == name);
                if existing.is_some() && !replace {
                    let message = format!("a search named \"{name}\" exists already; --replace replaces it");
                    return Err(io::Error::new(io::ErrorKind::InvalidInput, message));
                }
                let holder = searches.iter().find(|search| key.is_some() && search.key == key && search.name != name);
                if let Some(other) = holder.filter(|_| !replace) {
                    let message = format!("\"{}\" has this key already; --replace takes it away", other.name);
                    return Err(io::Error::new(io::ErrorKind::InvalidInput, message));
                }
                // What is not given stays as it was.
                let was = existing.cloned().unwrap_or_default();
                let (key, colour, watch) = (key.or(was.key), colour.or(was.colour), watch || was.watch);
                Ok(SavedSearch { name, query, key, colour, watch })
            });
            saved.map_err(|error| library::told(&path, error))??;
            Ok(ExitCode::SUCCESS)
        }
        SearchesCommand::Remove { name } => {
            find(&searches, &name)?;
            library.remove_search(&name).map_err(|error| library::told(&path, error))?;
            Ok(ExitCode::SUCCESS)
        }
        SearchesCommand::Run { name, paths, format } => {
            let query = as_configured(parse(&find(&searches, &name)?.query, None)?, common)?;
            let loaded = load(&named_or_last(&paths, &library)?, common, true)?;
            list::print(&Selection::new(loaded, query, format.has_marks())?, format, out)
        }
    }
}

fn find<'a>(searches: &'a [SavedSearch], name: &str) -> io::Result<&'a SavedSearch> {
    searches.iter().find(|search| search.name == name).ok_or_else(|| {
        let near = crate::query::closest(name, searches.iter().map(|search| search.name.as_str()));
        let near = near.map_or_else(String::new, |near| format!(", did you mean \"{near}\"?"));
        io::Error::new(io::ErrorKind::InvalidInput, format!("no saved search is called \"{name}\"{near}"))
    })
}

/// Prints what the saved searches find that they had not found before.
pub(crate) fn watch(
    names: &[String],
    paths: &[PathBuf],
    format: list::ListFormat,
    rehearsal: bool,
    common: &Common,
    out: &mut impl Write,
) -> io::Result<ExitCode> {
    let path = library::path()?;
    let mut library = library::open(&path)?;
    let searches = library.searches().map_err(|error| library::told(&path, error))?;
    let wanted: Vec<&SavedSearch> = names.iter().map(|name| find(&searches, name)).collect::<io::Result<_>>()?;
    let queries: Vec<_> =
        wanted.iter().map(|search| as_configured(parse(&search.query, None)?, common)).collect::<io::Result<_>>()?;
    let loaded = load(&named_or_last(paths, &library)?, common, true)?;
    let mut selection = Selection::nothing(loaded);
    // What was printed before and has moved since is not new.
    let marks = library::known(&mut library, selection.corpus())?;
    selection.set_marks(marks);
    let mut reports: Vec<(&str, Vec<ArticleId>)> = Vec::new();
    for (search, query) in wanted.into_iter().zip(queries) {
        let found = selection.find(query);
        let ids: Vec<ArticleId> =
            found.iter().filter_map(|&slot| selection.corpus().get(slot)).map(|entry| entry.id()).collect();
        let known = library.reported(&search.name).map_err(|error| library::told(&path, error))?;
        let new = |id: &ArticleId| !known.contains(id);
        selection.add(found.iter().copied().zip(&ids).filter(|(_, id)| new(id)).map(|(slot, _)| slot));
        reports.push((&search.name, ids));
    }
    // What was not printed is still new.
    let ended = list::print(&selection, format, out).and_then(|code| out.flush().map(|()| code))?;
    if !rehearsal {
        let mut origins = PathResolver::default();
        let known = selection.entries().map(|entry| origins.known(entry));
        library.meet(known).map_err(|error| library::told(&path, error))?;
        for (name, ids) in reports {
            report(&mut library, name, &ids)?;
        }
    }
    Ok(ended)
}

fn report(library: &mut Library, name: &str, ids: &[ArticleId]) -> io::Result<()> {
    library.report(name, ids).map(drop).map_err(|error| library::told(library.path(), error))
}
