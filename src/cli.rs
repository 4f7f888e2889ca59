//! The command line. Each subcommand is a file in `commands`, with its arguments and its code.
//!
//! Data goes to standard output and messages to standard error. A closed pipe ends the program silently.

mod args;
mod commands;
mod library_access;
mod output;
mod paths;
mod progress;
mod selection;
mod sources;
mod user_files;

use std::ffi::OsString;
use std::io::{self, Write};
use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};

use crate::query::closest;
use args::{CommonArgs, EXIT_ERROR, PathArgs};
use commands::{
    cache, check, completions, config, export, feed, library, list, man, mark, reader, search, searches, show, watch,
};
use output::{Out, print_error, print_panics, stdout_is_terminal};
use user_files::with_path;

/// A news reader for the terminal: opens files and folders of articles, finds any word in them while you type.
///
/// Without a PATH it opens your feeds. If there are none, it opens the last paths, or else the included articles. If
/// standard output is not a terminal, it prints what `list` prints.
#[derive(Debug, Parser)]
#[command(name = "newsdesk", bin_name = "newsdesk", version)]
#[command(
    after_help = "In the reader, ? lists all keys. Exit status: 0 on success; 1 if nothing matched or problems were found; 2 for wrong usage, or if a path could not be read."
)]
pub struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    paths: PathArgs,
    #[command(flatten)]
    common: CommonArgs,
}

/// The subcommands, in the order of the help.
#[derive(Debug, Subcommand)]
enum Command {
    List(list::ListArgs),
    Show(show::ShowArgs),
    Search(search::SearchArgs),
    Export(export::ExportArgs),
    Check(check::CheckArgs),
    Mark(mark::MarkArgs),
    Searches(searches::SearchesArgs),
    Watch(watch::WatchArgs),
    Library(library::LibraryArgs),
    Cache(cache::CacheArgs),
    Feed(feed::FeedArgs),
    Config(config::ConfigArgs),
    Completions(completions::CompletionsArgs),
    Man(man::ManArgs),
}

/// Runs the program with these arguments.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    print_panics();
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        // The message quotes the arguments, which may contain control characters.
        Err(error) if error.use_stderr() => {
            error.render().to_string().lines().for_each(print_error);
            return EXIT_ERROR.into();
        }
        Err(help) => {
            // The text is the program's own. A closed pipe is not an error.
            let _ = help.print();
            return ExitCode::SUCCESS;
        }
    };
    match run_cli(cli) {
        Ok(code) => code,
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) if error.kind() == io::ErrorKind::InvalidInput => {
            // An error in a query has several lines, with a caret below the query.
            format!("newsdesk: {error}").lines().for_each(print_error);
            EXIT_ERROR.into()
        }
        Err(error) => {
            print_error(&format!("newsdesk: {error}"));
            EXIT_ERROR.into()
        }
    }
}

fn run_cli(cli: Cli) -> io::Result<ExitCode> {
    let Cli { command, paths, common } = cli;
    if let Some(path) = &common.log {
        crate::engine::log_to(path).map_err(|error| with_path(path, &error))?;
    }
    let command = match command {
        Some(command) => command,
        None => {
            paths::check(&paths.paths, &closest_subcommand)?;
            if stdout_is_terminal() {
                return reader::run(&paths.paths, &common);
            }
            Command::List(list::ListArgs::of_paths(paths))
        }
    };
    let result = run_command(command, &common);
    library_access::report_unreadable_rows();
    result
}

fn run_command(command: Command, common: &CommonArgs) -> io::Result<ExitCode> {
    let out = &mut Out::stdout(common.use_colours());
    let code = match command {
        Command::List(args) => list::run(&args, common, out),
        Command::Show(args) => show::run(&args, common, out),
        Command::Search(args) => search::run(args, common, out),
        Command::Export(args) => export::run(&args, common),
        Command::Check(args) => check::run(&args, common, out),
        Command::Mark(args) => mark::run(args, common, out),
        Command::Searches(args) => searches::run(args, common, out),
        Command::Watch(args) => watch::run(&args, common, out),
        Command::Library(args) => library::run(args, out),
        Command::Cache(args) => cache::run(args, common, out),
        Command::Feed(args) => feed::run(args, common, out),
        Command::Config(args) => config::run(&args, out),
        Command::Completions(args) => completions::run(&args, &mut Cli::command(), out),
        Command::Man(args) => man::run(&args, Cli::command(), out),
    }?;
    out.flush()?;
    Ok(code)
}

/// Returns the subcommand whose name is close to `word`.
fn closest_subcommand(word: &str) -> Option<String> {
    let command = Cli::command();
    closest(word, command.get_subcommands().map(clap::Command::get_name)).map(str::to_owned)
}
