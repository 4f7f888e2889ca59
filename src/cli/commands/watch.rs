//! `newsdesk watch`: new matches of saved searches, for scripts.

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use super::list::{self, ListFormat};
use super::searches::find_search;
use crate::article::ArticleId;
use crate::cli::args::CommonArgs;
use crate::cli::library_access::{self, library_error};
use crate::cli::selection::{Selection, apply_config, parse_query};
use crate::cli::sources::{load, paths_or_last};
use crate::library::PathResolver;
use crate::query::SavedSearch;

/// List new matches of saved searches, for cron
///
/// Exit status: 0 if there are new matches, 1 if there are none.
#[derive(Debug, clap::Args)]
pub(crate) struct WatchArgs {
    /// Names of saved searches
    #[arg(value_name = "NAME", required = true)]
    names: Vec<String>,
    /// File or folder to search (repeatable; default: last opened)
    #[arg(long = "in", value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Output format
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: ListFormat,
    /// Print the matches without remembering them
    #[arg(long)]
    dry_run: bool,
}

pub(crate) fn run(args: &WatchArgs, common: &CommonArgs, out: &mut impl Write) -> io::Result<ExitCode> {
    let path = library_access::path()?;
    let mut library = library_access::open(&path)?;
    let searches = library.searches().map_err(|error| library_error(&path, error))?;
    let wanted: Vec<&SavedSearch> =
        args.names.iter().map(|name| find_search(&searches, name)).collect::<io::Result<_>>()?;
    let queries: Vec<_> = wanted
        .iter()
        .map(|search| apply_config(parse_query(&search.query, None)?, common))
        .collect::<io::Result<_>>()?;
    let loaded = load(&paths_or_last(&args.paths, &library)?, common, true)?;
    let mut selection = Selection::empty(loaded);
    // Recognises moved articles, so that an article that was printed at its old path is not new.
    let marks = library_access::current_marks(&mut library, selection.corpus())?;
    selection.set_marks(marks);
    let mut reports: Vec<(&str, Vec<ArticleId>)> = Vec::new();
    for (search, query) in wanted.into_iter().zip(queries) {
        let found = selection.find(query);
        let ids: Vec<ArticleId> =
            found.iter().filter_map(|&slot| selection.corpus().get(slot)).map(|entry| entry.id()).collect();
        let reported = library.reported(&search.name).map_err(|error| library_error(&path, error))?;
        let is_new = |id: &ArticleId| !reported.contains(id);
        selection.add(found.iter().copied().zip(&ids).filter(|(_, id)| is_new(id)).map(|(slot, _)| slot));
        reports.push((&search.name, ids));
    }
    // Articles are recorded after they are printed: if printing fails, they stay new.
    let code = list::print(&selection, args.format, out)?;
    out.flush()?;
    if !args.dry_run {
        let mut resolver = PathResolver::default();
        let records = selection.entries().map(|entry| resolver.record(entry));
        library.ensure_articles(records).map_err(|error| library_error(&path, error))?;
        for (name, ids) in reports {
            library.report(name, &ids).map_err(|error| library_error(&path, error))?;
        }
    }
    Ok(code)
}
