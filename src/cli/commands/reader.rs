//! `newsdesk` without a subcommand, on a terminal: opens the reader.

use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use crate::app::BUNDLED;
use crate::cli::args::{ColorWhen, CommonArgs};
use crate::cli::sources::{paths_or_last, sources};
use crate::cli::user_files::{library_path, load_config, snapshot_cache};
use crate::engine::loader::Source;
use crate::library::Library;
use crate::tui::{Options, ask_terminal};

/// Opens the reader on these paths; without paths, on the feeds, the last paths or the bundled articles.
pub(crate) fn run(paths: &[PathBuf], common: &CommonArgs) -> io::Result<ExitCode> {
    let (config, config_problems) = load_config(common)?;
    let colours = match common.color {
        ColorWhen::Auto => None,
        ColorWhen::Always => Some(true),
        ColorWhen::Never => Some(false),
    };
    // The terminal is queried first, so that it replies while the library is opened. If an article comes through a pipe,
    // the query waits: the program at the other end may be prompting for a password.
    let is_piped = paths.iter().any(|path| path == Path::new("-"));
    let early = if is_piped { None } else { Some(ask_terminal(colours)?) };
    let library = library_path();
    // The reader itself reports a library that cannot be read.
    let opened = || Library::open_to_read(library.as_deref()?).ok().flatten();
    let last = if paths.is_empty() { opened() } else { None };
    let last = last.and_then(|library| paths_or_last(paths, &library).ok());
    let paths = last.as_deref().unwrap_or(paths);
    let sources = sources(paths, library.as_deref(), &config)?;
    let asked = early.map_or_else(|| ask_terminal(colours), Ok)?;
    let has_feeds = paths.is_empty() && !sources.contains(&Source::Bundled);
    let title = match paths {
        [] if has_feeds => "feeds".to_owned(),
        [] => BUNDLED.to_owned(),
        [only] if only == Path::new("-") => "standard input".to_owned(),
        [only] => only.display().to_string(),
        several => format!("{} places", several.len()),
    };
    let greeting = (paths.is_empty() && !has_feeds)
        .then(|| "These articles come with newsdesk; `newsdesk FOLDER` opens your own. ? lists the keys.".to_owned());
    let cache = snapshot_cache().filter(|_| config.snapshots);
    let options = Options { sources, title, config, config_problems, greeting, cache, library, colours };
    crate::tui::run(asked, options)?.into_exit_code()
}
