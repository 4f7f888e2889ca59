//! `newsdesk feed`: subscriptions and feed files.

mod parse;

use std::collections::{HashMap, VecDeque};
use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::atomic::AtomicBool;

use clap::Subcommand;
use serde_json::json;

use crate::article::{Problem, Warning};
use crate::cli::args::{CommonArgs, EXIT_ERROR, EXIT_NO_MATCH};
use crate::cli::library_access::{library_error, open, path};
use crate::cli::output::print_error;
use crate::cli::user_files::load_config;
use crate::engine::feeds::backend::{DirectBackend, FeedBackend};
use crate::engine::feeds::commands::FeedCommandError;
use crate::engine::feeds::refresh::{FeedOutcome, RefreshSummary};
use crate::engine::feeds::subscribe::{self, SubscribeOutcome};
use crate::engine::feeds::{commands, import_export, status};
use crate::formats::PageFeed;
use crate::keys::FeedCommand;
use crate::library::{FeedCounts, FeedId, FetchPolicy, KnownFeed, Library};
use crate::render::shown_address;
use crate::subscriptions::Subscription;
use crate::text::format::{counted, grouped};
use crate::text::{clean, write_json};

/// Manage feed subscriptions
#[derive(Debug, clap::Args)]
pub(crate) struct FeedArgs {
    #[command(subcommand)]
    command: FeedSubcommand,
}

#[derive(Debug, Subcommand)]
enum FeedSubcommand {
    /// A command that the reader has too, as `:feed`.
    #[command(flatten)]
    Shared(FeedCommand),
    Parse(parse::ParseArgs),
}

pub(crate) fn run(args: FeedArgs, common: &CommonArgs, out: &mut impl Write) -> io::Result<ExitCode> {
    let command = match args.command {
        FeedSubcommand::Parse(args) => return parse::run(&args, out),
        FeedSubcommand::Shared(command) => command,
    };
    let path = path()?;
    let mut library = open(&path)?;
    let to_io = |error: crate::library::Error| library_error(&path, error);
    match command {
        FeedCommand::Add { places, tag, name } => {
            let wanted = subscribe::subscriptions(&places, &tag, name.as_ref());
            add(&mut library, wanted, common, out)
        }
        FeedCommand::List { json } => {
            let feeds = library.feeds().map_err(to_io)?;
            list(&feeds, &library.feed_counts().map_err(to_io)?, json, out)?;
            Ok(ExitCode::SUCCESS)
        }
        FeedCommand::Refresh { names } => {
            match commands::select_for_refresh(&library.feeds().map_err(to_io)?, &names) {
                Ok(feeds) => refresh(&mut library, feeds, common, out),
                Err(error @ FeedCommandError::NoFeeds) => {
                    writeln!(out, "{error}; run `newsdesk feed add URL`")?;
                    Ok(EXIT_NO_MATCH.into())
                }
                Err(error @ FeedCommandError::AllSkipped(_)) => {
                    writeln!(out, "{error}")?;
                    Ok(EXIT_NO_MATCH.into())
                }
                Err(error) => Err(command_error(error, to_io)),
            }
        }
        FeedCommand::Export { file: None, with_credentials } => {
            write!(out, "{}", import_export::to_opml(library.feeds().map_err(to_io)?, with_credentials))?;
            Ok(ExitCode::SUCCESS)
        }
        command => {
            let report = commands::run(&mut library, &command).map_err(|error| command_error(error, to_io))?;
            for problem in &report.problems {
                print_error(&problem.to_string());
            }
            for line in &report.lines {
                writeln!(out, "{line}")?;
            }
            Ok(if report.problems.is_empty() { ExitCode::SUCCESS } else { EXIT_NO_MATCH.into() })
        }
    }
}

fn command_error(error: FeedCommandError, to_io: impl Fn(crate::library::Error) -> io::Error) -> io::Error {
    match error {
        FeedCommandError::Library(error) => to_io(error),
        FeedCommandError::File(error) => error,
        error @ FeedCommandError::Unconfirmed(_) => io::Error::other(format!("{error}; add --yes to confirm")),
        error => io::Error::other(error),
    }
}

/// Subscribes to feeds. Asks which one to use if a page links to several.
fn add(
    library: &mut Library,
    wanted: Vec<Subscription>,
    common: &CommonArgs,
    out: &mut impl Write,
) -> io::Result<ExitCode> {
    if wanted.is_empty() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "expected an address, a page or a file"));
    }
    let (config, _) = load_config(common)?;
    let backend = DirectBackend::new(&config.feeds);
    let stop = AtomicBool::new(false);
    let mut failed = false;
    let mut wanted = VecDeque::from(wanted);
    while let Some(next) = wanted.pop_front() {
        match backend.subscribe(library, &next, &stop) {
            Ok(SubscribeOutcome::Several(feeds)) => match choose(&next.url, &feeds, out)? {
                Some(url) => wanted.push_front(Subscription { url, ..next }),
                None => failed = true,
            },
            Ok(added) => {
                writeln!(out, "{}", added.sentence())?;
                if let SubscribeOutcome::Feed { name, warnings, .. } = added {
                    print_warnings(&name, warnings);
                }
            }
            Err(error) => {
                print_error(&format!("{}: {}", clean(&next.url), clean(&error.to_string())));
                failed = true;
            }
        }
    }
    Ok(if failed { EXIT_NO_MATCH.into() } else { ExitCode::SUCCESS })
}

/// Asks which feed of a page to use. Returns `None` if standard input is not a terminal or the answer is not a number
/// of the list.
fn choose(page: &str, feeds: &[PageFeed], out: &mut impl Write) -> io::Result<Option<String>> {
    writeln!(out, "{} links to {}:", clean(page), counted(feeds.len() as u64, "feed", "feeds"))?;
    for (number, feed) in feeds.iter().enumerate() {
        writeln!(out, "{:>3}  {}  {}", number + 1, shown_address(&feed.url), clean(&feed.title))?;
    }
    if !io::stdin().is_terminal() {
        print_error("Not subscribed; run the command again with one of these addresses");
        return Ok(None);
    }
    write!(out, "Which? ")?;
    out.flush()?;
    let mut answer = String::new();
    io::stdin().read_line(&mut answer)?;
    let choice = answer.trim().parse::<usize>().ok().and_then(|number| feeds.get(number.checked_sub(1)?));
    if choice.is_none() {
        print_error("Not a number in the list; not subscribed");
    }
    Ok(choice.map(|feed| feed.url.clone()))
}

fn list(feeds: &[KnownFeed], counts: &HashMap<FeedId, FeedCounts>, json: bool, out: &mut impl Write) -> io::Result<()> {
    if feeds.is_empty() && !json {
        writeln!(out, "{}; run `newsdesk feed add URL`", FeedCommandError::NoFeeds)?;
    }
    for feed in feeds {
        let counts = counts.get(&feed.number).copied().unwrap_or_default();
        if json {
            let health = &feed.health;
            let mut object = serde_json::to_value(&feed.subscription).unwrap_or_default();
            if let Some(fields) = object.as_object_mut() {
                fields.insert("name".to_owned(), json!(feed.subscription.name()));
                if let Some(page) = &feed.subscription.page {
                    fields.insert("page".to_owned(), json!(shown_address(page)));
                }
                fields.insert("entries".to_owned(), json!(counts.entries));
                fields.insert("unread".to_owned(), json!(counts.unread));
                fields.insert("tried".to_owned(), json!(health.tried_at.and_then(iso)));
                fields.insert("succeeded".to_owned(), json!(health.succeeded_at.and_then(iso)));
                fields.insert("error".to_owned(), json!(health.error));
                fields.insert("warnings".to_owned(), json!(feed.warnings));
                fields.insert("gone".to_owned(), json!(health.policy == FetchPolicy::Gone));
            }
            write_json(out, &object)?;
            writeln!(out)?;
            continue;
        }
        let health = status::describe(feed, counts);
        writeln!(out, "{}{}", health.name, health.tags)?;
        let warnings: Vec<String> = status::warnings(feed).skip(1).collect();
        for line in health.lines().skip(1).chain(warnings.iter().map(String::as_str)) {
            writeln!(out, "  {line}")?;
        }
    }
    Ok(())
}

fn iso(at: i64) -> Option<String> {
    chrono::DateTime::from_timestamp(at, 0).map(|at| at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true))
}

fn refresh(
    library: &mut Library,
    feeds: Vec<KnownFeed>,
    common: &CommonArgs,
    out: &mut impl Write,
) -> io::Result<ExitCode> {
    let (config, _) = load_config(common)?;
    let backend = DirectBackend::new(&config.feeds);
    let stop = AtomicBool::new(false);
    let (mut failed, mut lines) = (Ok(()), Vec::new());
    let done = backend.refresh(library, feeds, &stop, &mut |batch| {
        for tried in batch {
            if let Some(sentence) = tried.merge_sentence() {
                lines.push(sentence);
            }
            let FeedOutcome { name, new, changed, error, warnings, .. } = tried;
            print_warnings(&name, warnings);
            let printed = match error {
                Some(error) => {
                    print_error(&format!("{}: {}", clean(&name), clean(&error)));
                    Ok(())
                }
                None if new + changed > 0 => writeln!(out, "{}: {}", clean(&name), entry_counts(new, changed)),
                None => Ok(()),
            };
            if failed.is_ok() {
                failed = printed;
            }
        }
    });
    failed?;
    for line in &lines {
        writeln!(out, "{line}")?;
    }
    let done = done.map_err(|error| library_error(library.path(), error))?;
    if done.offline {
        print_error("Offline: nothing was fetched");
        return Ok(EXIT_ERROR.into());
    }
    let RefreshSummary { tried, failed, new, changed, .. } = done;
    let failed_ones = if failed > 0 { format!(", {} failed", grouped(failed as u64)) } else { String::new() };
    writeln!(out, "{}{failed_ones}; {}", counted(tried as u64, "feed", "feeds"), entry_counts(new, changed))?;
    Ok(if failed == 0 { ExitCode::SUCCESS } else { EXIT_NO_MATCH.into() })
}

/// Prints the problems of a feed that could still be read.
fn print_warnings(name: &str, warnings: Vec<Warning>) {
    for warning in warnings {
        print_error(&format!("warning: {}", Problem::warning(PathBuf::from(name), warning)));
    }
}

/// Returns the numbers of new and changed entries as text.
fn entry_counts(new: usize, changed: usize) -> String {
    let new = format!("{} new", grouped(new as u64));
    if changed == 0 { new } else { format!("{new}, {} changed", grouped(changed as u64)) }
}
