//! `newsdesk searches`: saved searches.

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Subcommand;

use super::list::{self, ListFormat};
use crate::cli::args::{CommonArgs, EXIT_NO_MATCH};
use crate::cli::library_access::{self, library_error};
use crate::cli::selection::{Selection, apply_config, parse_query};
use crate::cli::sources::{load, paths_or_last};
use crate::query::{SavedSearch, suggestion};
use crate::text::clean;

/// List, add, remove or run saved searches
#[derive(Debug, clap::Args)]
pub(crate) struct SearchesArgs {
    #[command(subcommand)]
    command: Option<SearchesCommand>,
}

#[derive(Debug, Default, Subcommand)]
enum SearchesCommand {
    /// List saved searches: key, watch, name, query
    #[default]
    List,
    /// Save a search
    Add {
        /// Name of the search
        name: String,
        /// Query, as in the filter bar
        #[arg(allow_hyphen_values = true)]
        query: String,
        /// Letter or digit that runs the search after a `'`
        #[arg(long, value_parser = key)]
        key: Option<char>,
        /// Colour of its words, such as "#ff8800" or "light-blue"
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
        /// Name of the search
        name: String,
    },
    /// List the matches of a saved search
    Run {
        /// Name of the search
        name: String,
        /// Files and folders to search (default: last opened)
        #[arg(value_name = "PATH")]
        paths: Vec<PathBuf>,
        /// Output format
        #[arg(long, value_enum, value_name = "FORMAT", default_value = "text")]
        format: ListFormat,
    },
}

fn key(text: &str) -> Result<char, &'static str> {
    let mut chars = text.chars();
    match (chars.next(), chars.next()) {
        (Some(key), None) if key.is_alphanumeric() => Ok(key),
        _ => Err("expected one letter or digit"),
    }
}

fn colour(text: &str) -> Result<String, &'static str> {
    if crate::config::is_colour(text) {
        return Ok(text.to_owned());
    }
    Err("expected \"#rrggbb\", a name such as \"light-blue\", or a number from \"0\" to \"255\"")
}

pub(crate) fn run(args: SearchesArgs, common: &CommonArgs, out: &mut impl Write) -> io::Result<ExitCode> {
    let path = library_access::path()?;
    let mut library = library_access::open(&path)?;
    let searches = library.searches().map_err(|error| library_error(&path, error))?;
    match args.command.unwrap_or_default() {
        SearchesCommand::List => {
            for search in &searches {
                let key = search.key.map_or_else(|| "-".to_owned(), String::from);
                let watch = if search.watch { "watch" } else { "-" };
                let line = |text: &str| clean(&text.replace('\n', " ")).into_owned();
                writeln!(out, "{key}\t{watch}\t{}\t{}", line(&search.name), line(&search.query))?;
            }
            Ok(if searches.is_empty() { EXIT_NO_MATCH.into() } else { ExitCode::SUCCESS })
        }
        SearchesCommand::Add { name, query, key, colour, watch, replace } => {
            parse_query(&query, None)?;
            let name = name.trim().to_owned();
            if name.is_empty() {
                return Err(io::Error::new(io::ErrorKind::InvalidInput, "a saved search needs a name"));
            }
            let saved = library.save_search_after(|searches| {
                let existing = searches.iter().find(|search| search.name == name);
                if existing.is_some() && !replace {
                    let message = format!("a search named \"{name}\" exists already; use --replace to replace it");
                    return Err(io::Error::new(io::ErrorKind::InvalidInput, message));
                }
                let holder = searches.iter().find(|search| key.is_some() && search.key == key && search.name != name);
                if let Some(other) = holder.filter(|_| !replace) {
                    let message = format!("\"{}\" has this key already; use --replace to reassign it", other.name);
                    return Err(io::Error::new(io::ErrorKind::InvalidInput, message));
                }
                // Options that are not given keep their values.
                let old = existing.cloned().unwrap_or_default();
                let (key, colour, watch) = (key.or(old.key), colour.or(old.colour), watch || old.watch);
                Ok(SavedSearch { name, query, key, colour, watch })
            });
            saved.map_err(|error| library_error(&path, error))??;
            Ok(ExitCode::SUCCESS)
        }
        SearchesCommand::Remove { name } => {
            find_search(&searches, &name)?;
            library.remove_search(&name).map_err(|error| library_error(&path, error))?;
            Ok(ExitCode::SUCCESS)
        }
        SearchesCommand::Run { name, paths, format } => {
            let query = apply_config(parse_query(&find_search(&searches, &name)?.query, None)?, common)?;
            let loaded = load(&paths_or_last(&paths, &library)?, common, true)?;
            list::print(&Selection::new(loaded, query, format.has_marks())?, format, out)
        }
    }
}

/// Returns the saved search named `name`, or an error that suggests a similar name.
pub(crate) fn find_search<'a>(searches: &'a [SavedSearch], name: &str) -> io::Result<&'a SavedSearch> {
    searches.iter().find(|search| search.name == name).ok_or_else(|| {
        let near = suggestion(name, searches.iter().map(|search| search.name.as_str()));
        io::Error::new(io::ErrorKind::InvalidInput, format!("no saved search is named \"{name}\"{near}"))
    })
}
