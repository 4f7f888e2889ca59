//! The command line: what may be written, and what each subcommand prints. Data goes to standard output, all else to
//! standard error; a closed pipe ends the program silently.

pub mod commands;
mod output;
mod paths;
mod progress;
mod selection;

use std::ffi::OsString;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::atomic::AtomicBool;

use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

use crate::app::BUNDLED;
use crate::article::Problem;
use crate::config::{Config, default_text};
use crate::engine::loader::{LoadOptions, Source};
use crate::engine::{Cache, Loaded, load_with};
use crate::query::{Case, Query, Sort};
use crate::tui::Options;
use output::{Out, complain, is_seen, tell_panics};
use progress::Progress;
use selection::{Selection, cases, parse, sorts};

/// Nothing matched, or problems were found.
const NOTHING: u8 = 1;
/// Wrong use, or nothing could be read.
const WRONG: u8 = 2;

/// A news reader for the terminal: opens files and folders of articles, finds any word in them while you type.
///
/// Without a PATH it opens your feeds. If there are none, it opens the last paths, or else the included articles. If
/// standard output is not a terminal, it prints what `list` prints.
#[derive(Debug, Parser)]
#[command(name = "newsdesk", bin_name = "newsdesk", version)]
#[command(
    after_help = "In the reader, ? lists all keys. Exit status: 0; 1 if nothing matched or problems were found; 2 for wrong use, or if a path could not be read."
)]
pub struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    paths: Paths,
    #[command(flatten)]
    common: Common,
}

#[derive(Debug, Args)]
struct Paths {
    /// Files and folders of articles; folders are read with all that is in them, `-` is one article on standard input
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Common {
    /// When to use colours
    #[arg(long, value_name = "WHEN", default_value = "auto", global = true)]
    color: ColorWhen,
    /// Read this config instead of the one in the config folder
    #[arg(long, value_name = "FILE", global = true)]
    config: Option<PathBuf>,
    /// Write a log to this file
    #[arg(long, value_name = "FILE", global = true)]
    log: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum ColorWhen {
    /// On a terminal, unless NO_COLOR is set
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

#[derive(Debug, Default, Args)]
struct QueryArgs {
    /// Only articles that match this query, written as in the filter bar
    #[arg(long, value_name = "QUERY", default_value = "", hide_default_value = true, allow_hyphen_values = true)]
    query: String,
    /// The order; a `sort:` in the query says the same
    #[arg(long, value_name = "ORDER", value_parser = sorts())]
    sort: Option<Sort>,
    /// How to match case; same as `case:` in the query
    #[arg(long, value_name = "CASE", value_parser = cases())]
    case: Option<Case>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List articles, newest first: date, section, headline, source, path
    List {
        #[command(flatten)]
        paths: Paths,
        #[command(flatten)]
        choice: QueryArgs,
        /// How to print them
        #[arg(long, value_name = "FORMAT", default_value = "text")]
        format: crate::cli::commands::list::ListFormat,
    },
    /// Print whole articles, newest first
    Show {
        #[command(flatten)]
        paths: Paths,
        #[command(flatten)]
        choice: QueryArgs,
        /// How to print them
        #[arg(long, value_name = "FORMAT", default_value = "text")]
        format: crate::cli::commands::show::ShowFormat,
        /// The width of a line of text, in columns
        #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(10..=1000))]
        width: Option<u16>,
    },
    /// Find articles, and print where they match
    ///
    /// Exit status as of grep: 0 where something was found, 1 where nothing was, 2 where something went wrong.
    Search {
        /// What to look for, written as in the filter bar
        #[arg(value_name = "QUERY", allow_hyphen_values = true)]
        query: String,
        #[command(flatten)]
        paths: Paths,
        /// How to print it
        #[arg(long, value_name = "FORMAT", default_value = "text")]
        format: crate::cli::commands::search::SearchFormat,
        /// The order; a `sort:` in the query says the same
        #[arg(long, value_name = "ORDER", value_parser = sorts())]
        sort: Option<Sort>,
        /// How to match case; same as `case:` in the query
        #[arg(long, value_name = "CASE", value_parser = cases())]
        case: Option<Case>,
        /// At most so many articles; of kwic, so many lines
        #[arg(long, value_name = "N")]
        limit: Option<usize>,
        /// Columns of text on either side of a hit
        #[arg(long, value_name = "N", default_value = "40")]
        context: u16,
    },
    /// Write what a query finds to a file, or to a folder with a file for each article
    Export {
        #[command(flatten)]
        paths: Paths,
        #[command(flatten)]
        choice: QueryArgs,
        /// The format; without it the ending of the file decides, else it is Markdown
        #[arg(long, value_name = "FORMAT")]
        format: Option<crate::cli::commands::export::FormatArg>,
        /// The file to write, or a folder: one that exists, or a name that ends in a slash
        #[arg(long, short, value_name = "PATH")]
        output: PathBuf,
        /// Write over what is there already
        #[arg(long)]
        force: bool,
    },
    /// Tell what is read, by format, and what cannot be: `path:line: cause; consequence`
    Check {
        #[command(flatten)]
        paths: Paths,
        /// Tell bytes, memory and time as well
        #[arg(long)]
        stats: bool,
        /// Look through the library for damage instead
        #[arg(long, conflicts_with_all = ["stats", "paths"])]
        library: bool,
    },
    /// Mark all articles that a query finds
    Mark {
        #[command(flatten)]
        paths: Paths,
        /// Which articles, written as in the filter bar; '' is all
        #[arg(long, value_name = "QUERY", required = true, allow_hyphen_values = true)]
        query: String,
        /// How to match case; same as `case:` in the query
        #[arg(long, value_name = "CASE", value_parser = cases())]
        case: Option<Case>,
        #[command(flatten)]
        wishes: crate::cli::commands::mark::MarkArgs,
        /// Tell what would change, and change nothing
        #[arg(long)]
        dry_run: bool,
    },
    /// List, add and remove saved searches, or run one
    Searches {
        #[command(subcommand)]
        order: Option<crate::cli::commands::searches::SearchesCommand>,
    },
    /// List what saved searches find that they had not found before, for cron
    ///
    /// Exit status: 0 where there is something new, 1 where there is not.
    Watch {
        /// The names of the saved searches
        #[arg(value_name = "NAME", required = true)]
        names: Vec<String>,
        /// A file or a folder of articles, more than once for several; without it the folder that was open last
        #[arg(long = "in", value_name = "PATH")]
        paths: Vec<PathBuf>,
        /// How to print them
        #[arg(long, value_name = "FORMAT", default_value = "text")]
        format: crate::cli::commands::list::ListFormat,
        /// Leave what is new to be new the next time
        #[arg(long)]
        dry_run: bool,
    },
    /// Copy, export and import what is kept: marks, notes, saved searches
    Library {
        #[command(subcommand)]
        order: crate::cli::commands::library::LibrarySubcommand,
    },
    /// Show what is kept of large folders, so that they open faster, and tidy it up
    Cache {
        #[command(subcommand)]
        order: Option<crate::cli::commands::cache::CacheCommand>,
    },
    /// Manage feed subscriptions
    Feed {
        #[command(subcommand)]
        order: crate::cli::commands::feed::FeedSubcommand,
    },
    /// Print every setting with its default, ready for config.toml
    Config,
    /// Print completions for a shell
    Completions {
        /// The shell
        shell: Shell,
    },
    /// Print the manual page
    Man,
}

/// Runs the program with these arguments.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    tell_panics();
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        // It quotes what was typed.
        Err(error) if error.use_stderr() => {
            error.render().to_string().lines().for_each(complain);
            return WRONG.into();
        }
        Err(help) => {
            // It quotes nothing. A closed pipe is no reason to fail.
            let _ = help.print();
            return ExitCode::SUCCESS;
        }
    };
    match carry_out(cli) {
        Ok(code) => code,
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) if error.kind() == io::ErrorKind::InvalidInput => {
            // What was typed wrongly is shown line by line, with a caret below it.
            format!("newsdesk: {error}").lines().for_each(complain);
            WRONG.into()
        }
        Err(error) => {
            complain(&format!("newsdesk: {error}"));
            WRONG.into()
        }
    }
}

fn carry_out(cli: Cli) -> io::Result<ExitCode> {
    if let Some(path) = &cli.common.log {
        crate::engine::log_to(path).map_err(|error| named(path, &error))?;
    }
    let colours = in_colour(cli.common.color);
    if cli.command.is_none() && is_seen() {
        paths::check(&cli.paths.paths, true)?;
        return read(&cli.paths.paths, &cli.common);
    }
    let done = carry_out_command(cli, colours);
    crate::cli::commands::library::report_unreadable_rows();
    done
}

fn carry_out_command(cli: Cli, colours: bool) -> io::Result<ExitCode> {
    let mut out = Out::stdout(colours);
    match cli.command {
        None => {
            paths::check(&cli.paths.paths, true)?;
            crate::cli::commands::list::print(
                &select(&cli.paths, &QueryArgs::default(), false, &cli.common)?,
                crate::cli::commands::list::ListFormat::Text,
                &mut out,
            )
        }
        Some(Command::List { paths, choice, format }) => crate::cli::commands::list::print(
            &select(&paths, &choice, format.has_marks(), &cli.common)?,
            format,
            &mut out,
        ),
        Some(Command::Search { query, .. }) if query.starts_with("--") => {
            let message = format!("unexpected argument \"{query}\"; --help lists the options of search");
            Err(io::Error::new(io::ErrorKind::InvalidInput, message))
        }
        Some(Command::Search { query, paths, format, sort, case, limit, context }) => {
            let options = crate::cli::commands::search::SearchArgs {
                format,
                limit: limit.unwrap_or(usize::MAX),
                context: usize::from(context),
            };
            let selection = select(&paths, &QueryArgs { query, sort, case }, format.has_marks(), &cli.common)?;
            crate::cli::commands::search::print(&selection, &options, &mut out)
        }
        Some(Command::Export { paths, choice, format, output, force }) => {
            crate::cli::commands::export::write(&select(&paths, &choice, true, &cli.common)?, format, &output, force)
        }
        Some(Command::Show { paths, choice, format, width }) => {
            let (config, _) = config(&cli.common)?;
            let columns = crossterm::terminal::size().map_or(u16::MAX, |(columns, _)| columns);
            let columns = if is_seen() { columns } else { u16::MAX };
            let setting = crate::render::typeset::TypesetOptions {
                width: width.unwrap_or(config.max_line_width.min(columns)),
                justify: config.justify,
                hyphenate: config.hyphenate,
            };
            crate::cli::commands::show::print(
                &select(&paths, &choice, true, &cli.common)?,
                format,
                setting,
                colours,
                &mut out,
            )
        }
        Some(Command::Check { library: true, .. }) => crate::cli::commands::library::check(&mut out),
        Some(Command::Mark { paths, query, case, wishes, dry_run }) => {
            let choice = QueryArgs { query, sort: None, case };
            crate::cli::commands::mark::carry_out(
                &select(&paths, &choice, false, &cli.common)?,
                &wishes,
                dry_run,
                &mut out,
            )
        }
        Some(Command::Searches { order }) => {
            crate::cli::commands::searches::carry_out(order.unwrap_or_default(), &cli.common, &mut out)
        }
        Some(Command::Watch { names, paths, format, dry_run }) => {
            crate::cli::commands::searches::watch(&names, &paths, format, dry_run, &cli.common, &mut out)
        }
        Some(Command::Library { order }) => crate::cli::commands::library::carry_out(order, &mut out),
        Some(Command::Check { paths, stats, .. }) => {
            crate::cli::commands::check::print(&load(&paths.paths, &cli.common, false)?, stats, &mut out)
        }
        Some(Command::Cache { order }) => {
            crate::cli::commands::cache::carry_out(order.unwrap_or_default(), &cli.common, &mut out)
        }
        Some(Command::Feed { order }) => crate::cli::commands::feed::carry_out(order, &cli.common, &mut out),
        Some(Command::Config) => {
            if let Some(path) = config_path() {
                complain(&format!("The config is {}", path.display()));
            }
            out.write_all(default_text().as_bytes())?;
            Ok(ExitCode::SUCCESS)
        }
        Some(Command::Completions { shell }) => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "newsdesk", &mut script);
            out.write_all(&script)?;
            Ok(ExitCode::SUCCESS)
        }
        Some(Command::Man) => {
            clap_mangen::Man::new(Cli::command()).render(&mut out)?;
            Ok(ExitCode::SUCCESS)
        }
    }
    .and_then(|code| out.flush().map(|()| code))
}

fn named(path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}

fn config_path() -> Option<PathBuf> {
    directories::ProjectDirs::from("", "", "newsdesk").map(|folders| folders.config_dir().join("config.toml"))
}

fn config(common: &Common) -> io::Result<(Config, Vec<Problem>)> {
    let Some(path) = &common.config else {
        return Ok(config_path().map_or_else(Default::default, |path| Config::load(&path)));
    };
    // A file that was named has to be there.
    std::fs::metadata(path).map_err(|error| named(path, &error))?;
    Ok(Config::load(path))
}

fn in_colour(when: ColorWhen) -> bool {
    let plain = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty())
        || std::env::var_os("TERM").is_some_and(|term| term == "dumb");
    match when {
        ColorWhen::Auto => is_seen() && !plain,
        ColorWhen::Always => true,
        ColorWhen::Never => false,
    }
}

/// What to read for these paths; without any, the feeds in `library` if there are such, else what comes with the
/// program.
fn sources(paths: &[PathBuf], library: Option<&Path>, config: &Config) -> io::Result<Vec<Source>> {
    if paths.is_empty() {
        // The first feed that is subscribed to takes the place of what comes with the program.
        let bundled = (!library.is_some_and(has_feeds)).then_some(Source::Bundled);
        let feeds = library.map(|library| Source::Feeds { library: library.to_owned(), merge: config.feeds.merge });
        return Ok(feeds.into_iter().chain(bundled).collect());
    }
    let mut sources = Vec::new();
    for path in paths {
        sources.push(if path == Path::new("-") {
            let (mut bytes, limit) = (Vec::new(), LoadOptions::of(config).limit());
            io::stdin().lock().take(limit.saturating_add(1)).read_to_end(&mut bytes)?;
            if bytes.len() as u64 > limit {
                let setting = if limit < config.max_size { "files.memory" } else { "files.max_size" };
                let message = format!("standard input has more than {limit} bytes ({setting}); it is not read");
                return Err(io::Error::other(message));
            }
            Source::Input(bytes)
        } else {
            Source::Named(path.clone())
        });
    }
    Ok(sources)
}

/// Loads what a subcommand prints, if it is to be `fast` with the help of snapshots.
fn load(paths: &[PathBuf], common: &Common, fast: bool) -> io::Result<Loaded> {
    paths::check(paths, false)?;
    let config = config_or_complain(common)?;
    let options = LoadOptions::of(&config);
    let cache = cache().filter(|_| fast && config.snapshots);
    let mut progress = Progress::new();
    let tell = &mut |how_far| progress.load(how_far);
    Ok(load_with(
        &sources(paths, library_path().as_deref(), &config)?,
        options,
        cache.as_ref(),
        &AtomicBool::new(false),
        tell,
    ))
}

fn config_or_complain(common: &Common) -> io::Result<Config> {
    let (config, problems) = config(common)?;
    for problem in problems {
        complain(&problem.to_string());
    }
    Ok(config)
}

/// Where snapshots are kept.
fn cache() -> Option<Cache> {
    directories::ProjectDirs::from("", "", "newsdesk").map(|folders| Cache::new(folders.cache_dir()))
}

/// Loads what a subcommand is about. A mistake in the query is told before anything is read.
fn select(paths: &Paths, choice: &QueryArgs, has_marks: bool, common: &Common) -> io::Result<Selection> {
    let mut query = as_configured(parse(&choice.query, choice.sort)?, common)?;
    if let Some(case) = choice.case {
        query = query.with_case(case);
    }
    Selection::new(load(&paths.paths, common, true)?, query, has_marks)
}

/// Applies the list settings of the config to a query.
fn as_configured(query: Query, common: &Common) -> io::Result<Query> {
    let hides_future = config(common)?.0.hide_future;
    Ok(if hides_future { query.hiding_future(chrono::Local::now().date_naive()) } else { query })
}

/// The paths that were named or, without any, those that were open last; none where those are gone.
fn named_or_last(paths: &[PathBuf], library: &crate::library::Library) -> io::Result<Vec<PathBuf>> {
    if !paths.is_empty() || library.has_feeds().unwrap_or(false) {
        return Ok(paths.to_owned());
    }
    let sessions = library.sessions().map_err(|error| crate::cli::commands::library::told(library.path(), error))?;
    let last = sessions.first().and_then(|(sources, _)| serde_json::from_str::<Vec<PathBuf>>(sources).ok());
    // The articles that come with the program have no path, nor have feeds.
    let there = |paths: &Vec<PathBuf>| paths.iter().all(|path| path.exists());
    Ok(last.filter(there).unwrap_or_default())
}

/// Whether the library at `path` holds feeds.
fn has_feeds(path: &Path) -> bool {
    // A library that cannot be read is told of where it is used.
    let library = crate::library::Library::open_to_read(path).ok().flatten();
    library.is_some_and(|library| library.has_feeds().unwrap_or(false))
}

/// Opens the reader.
fn read(paths: &[PathBuf], common: &Common) -> io::Result<ExitCode> {
    let (config, config_problems) = config(common)?;
    let colours = match common.color {
        ColorWhen::Auto => None,
        ColorWhen::Always => Some(true),
        ColorWhen::Never => Some(false),
    };
    // The terminal answers while the library is opened. If an article comes through a pipe, the program that writes it may
    // be asking for a password.
    let is_piped = paths.iter().any(|path| path == Path::new("-"));
    let early = if is_piped { None } else { Some(crate::tui::ask_terminal(colours)?) };
    let library = library_path();
    // A library that cannot be read is told of on the screen.
    let known = || crate::library::Library::open_to_read(library.as_deref()?).ok().flatten();
    let last = if paths.is_empty() { known() } else { None };
    let last = last.and_then(|library| named_or_last(paths, &library).ok());
    let paths = last.as_deref().unwrap_or(paths);
    let sources = sources(paths, library.as_deref(), &config)?;
    let asked = early.map_or_else(|| crate::tui::ask_terminal(colours), Ok)?;
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
    let cache = cache().filter(|_| config.snapshots);
    let options = Options { sources, title, config, config_problems, greeting, cache, library, colours };
    crate::tui::run(asked, options)?.into_exit_code()
}

/// Where the library is: in the data folder of the system, or in the file that `NEWSDESK_LIBRARY` names.
fn library_path() -> Option<PathBuf> {
    let named = std::env::var_os("NEWSDESK_LIBRARY").filter(|path| !path.is_empty()).map(PathBuf::from);
    let usual =
        || directories::ProjectDirs::from("", "", "newsdesk").map(|folders| folders.data_dir().join("library.db"));
    named.or_else(usual)
}
