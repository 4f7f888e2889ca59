//! `newsdesk feed`: subscriptions and feed files.

mod parse;

use std::collections::{HashMap, VecDeque};
use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::atomic::AtomicBool;

use clap::Subcommand;
use serde_json::json;

use super::library::{open, path, told};
use crate::article::{Problem, Warning};
use crate::cli::{Common, NOTHING, WRONG, complain};
use crate::engine::feeds::commands::FeedCommandError;
use crate::engine::feeds::refresh::{self, FeedOutcome, RefreshSummary};
use crate::engine::feeds::subscribe::{self, SubscribeOutcome};
use crate::engine::feeds::{commands, import_export, status};
use crate::formats::PageFeed;
use crate::keys::FeedCommand;
use crate::library::{FeedCounts, FeedId, FetchPolicy, KnownFeed, Library};
use crate::render::shown_address;
use crate::subscriptions::Subscription;
use crate::text::format::{counted, grouped};
use crate::text::{clean, write_json};

/// The subcommands of `newsdesk feed`.
#[derive(Debug, Subcommand)]
pub(crate) enum FeedSubcommand {
    /// A command that the reader shares.
    #[command(flatten)]
    Shared(FeedCommand),
    /// Print the contents of feed files: title, links, people, dates, entries
    Parse(parse::Parse),
}

pub(crate) fn carry_out(order: FeedSubcommand, common: &Common, out: &mut impl Write) -> io::Result<ExitCode> {
    let command = match order {
        FeedSubcommand::Parse(parse) => return parse::carry_out(&parse, out),
        FeedSubcommand::Shared(command) => command,
    };
    let path = path()?;
    let mut library = open(&path)?;
    let told = |error: crate::library::Error| told(&path, error);
    match command {
        FeedCommand::Add { places, tag, name } => {
            let wanted = subscribe::subscriptions(&places, &tag, name.as_ref());
            add(&mut library, wanted, common, out)
        }
        FeedCommand::List { json } => {
            let feeds = library.feeds().map_err(told)?;
            list(&feeds, &library.feed_counts().map_err(told)?, json, out)?;
            Ok(ExitCode::SUCCESS)
        }
        FeedCommand::Refresh { names } => match commands::to_refresh(&library, &names) {
            Ok(feeds) => refresh(&mut library, feeds, common, out),
            Err(error @ FeedCommandError::NoFeeds) => {
                writeln!(out, "{error}; run `newsdesk feed add URL`")?;
                Ok(NOTHING.into())
            }
            Err(error @ FeedCommandError::PassedOver(_)) => {
                writeln!(out, "{error}")?;
                Ok(NOTHING.into())
            }
            Err(error) => Err(refused(error, told)),
        },
        FeedCommand::Export { file: None, with_credentials } => {
            write!(out, "{}", import_export::to_opml(library.feeds().map_err(told)?, with_credentials))?;
            Ok(ExitCode::SUCCESS)
        }
        command => {
            let report = commands::run(&mut library, &command).map_err(|error| refused(error, told))?;
            report.problems.iter().for_each(|problem| complain(&problem.to_string()));
            report.lines.iter().try_for_each(|line| writeln!(out, "{line}"))?;
            Ok(if report.problems.is_empty() { ExitCode::SUCCESS } else { NOTHING.into() })
        }
    }
}

fn refused(error: FeedCommandError, told: impl Fn(crate::library::Error) -> io::Error) -> io::Error {
    match error {
        FeedCommandError::Library(error) => told(error),
        FeedCommandError::File(error) => error,
        error @ FeedCommandError::Unconfirmed(_) => io::Error::other(format!("{error}; add --yes to do it")),
        error => io::Error::other(error),
    }
}

/// Subscribes to feeds. Asks which one to use if a page links to several.
fn add(
    library: &mut Library,
    wanted: Vec<Subscription>,
    common: &Common,
    out: &mut impl Write,
) -> io::Result<ExitCode> {
    if wanted.is_empty() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "expected an address, a page or a file"));
    }
    let (config, _) = crate::cli::config(common)?;
    let client = refresh::client(&config.feeds);
    let stop = AtomicBool::new(false);
    let mut failed = false;
    let mut wanted = VecDeque::from(wanted);
    while let Some(next) = wanted.pop_front() {
        match subscribe::add(library, &client, &config.feeds, &next, &stop) {
            Ok(SubscribeOutcome::Several(feeds)) => match choose(&next.url, &feeds, out)? {
                Some(url) => wanted.push_front(Subscription { url, ..next }),
                None => failed = true,
            },
            Ok(added) => {
                writeln!(out, "{}", added.sentence())?;
                if let SubscribeOutcome::Feed { name, flaws, .. } = added {
                    warn(&name, flaws);
                }
            }
            Err(error) => {
                complain(&format!("{}: {}", clean(&next.url), clean(&error.to_string())));
                failed = true;
            }
        }
    }
    Ok(if failed { NOTHING.into() } else { ExitCode::SUCCESS })
}

/// Asks which feed of a page to use. Returns `None` if standard input is not a terminal or the answer is not a number
/// of the list.
fn choose(page: &str, feeds: &[PageFeed], out: &mut impl Write) -> io::Result<Option<String>> {
    writeln!(out, "{} links to {}:", clean(page), counted(feeds.len() as u64, "feed", "feeds"))?;
    for (number, feed) in feeds.iter().enumerate() {
        writeln!(out, "{:>3}  {}  {}", number + 1, shown_address(&feed.url), clean(&feed.title))?;
    }
    if !io::stdin().is_terminal() {
        complain("Not subscribed; run it again with one of these addresses");
        return Ok(None);
    }
    write!(out, "Which? ")?;
    out.flush()?;
    let mut answer = String::new();
    io::stdin().read_line(&mut answer)?;
    let chosen = answer.trim().parse::<usize>().ok().and_then(|number| feeds.get(number.checked_sub(1)?));
    if chosen.is_none() {
        complain("Not a number in the list; not subscribed");
    }
    Ok(chosen.map(|feed| feed.url.clone()))
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
                fields.insert("warnings".to_owned(), json!(feed.flaws));
                fields.insert("gone".to_owned(), json!(health.standing == FetchPolicy::Gone));
            }
            write_json(out, &object)?;
            writeln!(out)?;
            continue;
        }
        let health = status::health(feed, counts);
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
    common: &Common,
    out: &mut impl Write,
) -> io::Result<ExitCode> {
    let (config, _) = crate::cli::config(common)?;
    let client = refresh::client(&config.feeds);
    let stop = AtomicBool::new(false);
    let (mut failed, mut lines) = (Ok(()), Vec::new());
    let done = refresh::refresh(library, feeds, &client, &config.feeds, &stop, |batch| {
        for tried in batch {
            if let Some(sentence) = tried.merge_sentence() {
                lines.push(sentence);
            }
            let FeedOutcome { name, new, changed, error, flaws, .. } = tried;
            warn(&name, flaws);
            let told = match error {
                Some(error) => {
                    complain(&format!("{}: {}", clean(&name), clean(&error)));
                    Ok(())
                }
                None if new + changed > 0 => writeln!(out, "{}: {}", clean(&name), came(new, changed)),
                None => Ok(()),
            };
            if failed.is_ok() {
                failed = told;
            }
        }
    });
    failed?;
    lines.iter().try_for_each(|line| writeln!(out, "{line}"))?;
    let done = done.map_err(|error| told(library.path(), error))?;
    if done.offline {
        complain("Offline: nothing was fetched");
        return Ok(WRONG.into());
    }
    let RefreshSummary { tried, failed, new, changed, .. } = done;
    let failed_ones = if failed > 0 { format!(", {} failed", grouped(failed as u64)) } else { String::new() };
    writeln!(out, "{}{failed_ones}; {}", counted(tried as u64, "feed", "feeds"), came(new, changed))?;
    Ok(if failed == 0 { ExitCode::SUCCESS } else { NOTHING.into() })
}

/// Reports the problems of a feed that could still be read.
fn warn(name: &str, flaws: Vec<Warning>) {
    for flaw in flaws {
        complain(&format!("warning: {}", Problem::flaw(PathBuf::from(name), flaw)));
    }
}

/// What came, in words.
fn came(new: usize, changed: usize) -> String {
    let new = format!("{} new", grouped(new as u64));
    if changed == 0 { new } else { format!("{new}, {} changed", grouped(changed as u64)) }
}
