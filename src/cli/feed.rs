//! `newsdesk feed`: subscriptions, and what they deliver.

mod parse;

use std::collections::{HashMap, VecDeque};
use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::atomic::AtomicBool;

use clap::Subcommand;
use serde_json::json;

use super::library::{open, path, told};
use super::{Common, NOTHING, WRONG, complain};
use crate::app::numbers::{counted, grouped};
use crate::article::{clean, write_json};
use crate::feeds::{FeedSetting, Subscription};
use crate::library::{FeedCounts, FeedNumber, KnownFeed, Library, Standing};
use crate::loader::PageFeed;
use crate::runtime::feed_orders::{Changed, OrderError, Removed};
use crate::runtime::fetching::{self, Refreshed, Tried};
use crate::runtime::subscribing::{self, Added};
use crate::runtime::{exchange, feed_health, feed_orders};

/// What may be done with feeds.
#[derive(Debug, Subcommand)]
pub(super) enum Order {
    /// Subscribe to a feed: its address, a page that names it, or a file of either
    Add {
        /// Addresses or files
        #[arg(value_name = "URL|FILE|PAGE", required = true)]
        places: Vec<String>,
        /// A tag for it; may be given several times
        #[arg(long, value_name = "TAG")]
        tag: Vec<String>,
        /// What to call it
        #[arg(long, value_name = "NAME")]
        name: Option<String>,
    },
    /// End a subscription; starred, tagged and noted entries stay
    Remove {
        /// Whole names, addresses or tags of feeds
        #[arg(value_name = "NAME", required = true)]
        names: Vec<String>,
    },
    /// Call a feed something else; without a new name, what it calls itself
    Rename {
        /// The name or address of a feed
        #[arg(value_name = "NAME")]
        name: String,
        /// The new name
        #[arg(value_name = "NEW")]
        to: Option<String>,
    },
    /// Give a feed tags, or take away those that begin with `-`
    Tag {
        /// The name or address of a feed
        #[arg(value_name = "NAME")]
        name: String,
        /// Tags; `-TAG` takes one away
        #[arg(value_name = "TAG", required = true, allow_hyphen_values = true)]
        tags: Vec<String>,
    },
    /// Say how much of a feed is kept, and whether whole articles are fetched
    Set {
        /// Names, addresses or tags of feeds
        #[arg(value_name = "NAME", required = true)]
        names: Vec<String>,
        /// How many entries are kept; 0 for all
        #[arg(long, value_name = "COUNT")]
        keep_count: Option<u32>,
        /// For how many days an entry is kept; 0 for ever
        #[arg(long, value_name = "DAYS")]
        keep_days: Option<u32>,
        /// Whether the whole article behind each new entry is fetched
        #[arg(long, value_name = "true|false")]
        full_text: Option<bool>,
    },
    /// Print all feeds: how they are, how many entries, how many unread
    List {
        /// One JSON object a feed, each on a line
        #[arg(long)]
        json: bool,
    },
    /// Fetch feeds; all of them, or those that are named
    Refresh {
        /// Names, addresses or tags of feeds
        #[arg(value_name = "NAME")]
        names: Vec<String>,
    },
    /// Take over the subscriptions of an OPML file, or those of newsboat: its `urls`, with the `cache.db` beside it
    Import {
        /// The file
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
    /// Write all subscriptions as OPML
    Export {
        /// The file to write, which is not there yet; standard output without it
        #[arg(value_name = "FILE")]
        file: Option<PathBuf>,
    },
    /// Print what feed files say: title, links, people, dates, entries
    Parse(parse::Parse),
}

pub(super) fn carry_out(order: Order, common: &Common, out: &mut impl Write) -> io::Result<ExitCode> {
    let order = match order {
        Order::Parse(parse) => return parse::carry_out(&parse, out),
        order => order,
    };
    let path = path()?;
    let mut library = open(&path)?;
    let told = |error: crate::library::Error| told(&path, error);
    let refused = |error: OrderError| match error {
        OrderError::Library(error) => told(error),
        error => io::Error::other(error),
    };
    match order {
        Order::Add { places, tag, name } => {
            let wanted = places
                .into_iter()
                .map(|url| Subscription { own_title: name.clone(), ..Subscription::new(url).retagged(&tag) });
            return add(&mut library, wanted, common, out);
        }
        Order::Remove { names } => {
            let Removed { feeds, kept } = feed_orders::remove(&mut library, &names).map_err(refused)?;
            for feed in &feeds {
                writeln!(out, "{} is not subscribed to any more", shown(feed))?;
            }
            if kept > 0 {
                writeln!(out, "{} that you marked stay", counted(kept.into(), "entry", "entries"))?;
            }
        }
        Order::Rename { name, to } => {
            let Changed { feed, now } = feed_orders::rename(&mut library, &name, to).map_err(refused)?;
            writeln!(out, "{} is called {} now", shown(&feed), clean(now.name()))?;
        }
        Order::Tag { name, tags } => {
            let Changed { feed, now } = feed_orders::tag(&mut library, &name, &tags).map_err(refused)?;
            let tags = if now.tags.is_empty() { "no tags".to_owned() } else { now.tags.join(", ") };
            writeln!(out, "{}: {}", shown(&feed), clean(&tags))?;
        }
        Order::Set { names, keep_count, keep_days, full_text } => {
            let setting = FeedSetting { keep_count, keep_days, full_text };
            for Changed { feed, now } in feed_orders::set(&mut library, &names, setting).map_err(refused)? {
                writeln!(out, "{}: {}", shown(&feed), feed_health::settings(&now))?;
            }
        }
        Order::List { json } => {
            let feeds = library.feeds().map_err(told)?;
            list(&feeds, &library.feed_counts().map_err(told)?, json, out)?;
        }
        Order::Refresh { names } => {
            let feeds = match feed_orders::to_refresh(&library, &names) {
                Ok(feeds) => feeds,
                Err(error @ OrderError::NoFeeds) => {
                    writeln!(out, "{error}; `newsdesk feed add URL` does")?;
                    return Ok(NOTHING.into());
                }
                Err(error @ OrderError::PassedOver(_)) => {
                    writeln!(out, "{error}")?;
                    return Ok(NOTHING.into());
                }
                Err(error) => return Err(refused(error)),
            };
            return refresh(&mut library, feeds, common, out);
        }
        Order::Import { file } => {
            let imported = exchange::import(&mut library, &file)?;
            imported.problems.iter().for_each(|problem| complain(&problem.to_string()));
            writeln!(out, "{}", imported.sentence())?;
            return Ok(if imported.problems.is_empty() { ExitCode::SUCCESS } else { NOTHING.into() });
        }
        Order::Export { file: Some(file) } => {
            let count = exchange::export(&library, &file)?;
            let feeds = counted(count as u64, "feed", "feeds");
            writeln!(out, "{feeds} are in {}", clean(&file.to_string_lossy()))?;
        }
        Order::Export { file: None } => write!(out, "{}", exchange::to_opml(library.feeds().map_err(told)?))?,
        Order::Parse(_) => {}
    }
    Ok(ExitCode::SUCCESS)
}

/// Subscribes to feeds, and asks where a page names several.
fn add(
    library: &mut Library,
    wanted: impl Iterator<Item = Subscription>,
    common: &Common,
    out: &mut impl Write,
) -> io::Result<ExitCode> {
    let (config, _) = super::config(common)?;
    let client = fetching::client(&config.feeds);
    let stop = AtomicBool::new(false);
    let mut failed = false;
    let mut wanted: VecDeque<Subscription> = wanted.collect();
    while let Some(next) = wanted.pop_front() {
        match subscribing::add(library, &client, &config.feeds, &next, &stop) {
            Ok(Added::Feed { name, new }) => {
                writeln!(out, "{}: {}", clean(&name), counted(new as u64, "entry", "entries"))?;
            }
            Ok(Added::Known { name }) => writeln!(out, "{} was subscribed to already", clean(&name))?,
            Ok(Added::Unseen { name }) => {
                writeln!(out, "{} is subscribed to; it is fetched when there is a network", clean(&name))?;
            }
            Ok(Added::Several(feeds)) => match choose(&next.url, &feeds, out)? {
                Some(url) => wanted.push_front(Subscription { url, ..next }),
                None => failed = true,
            },
            Err(error) => {
                complain(&format!("{}: {}", clean(&next.url), clean(&error)));
                failed = true;
            }
        }
    }
    Ok(if failed { NOTHING.into() } else { ExitCode::SUCCESS })
}

/// Which of the feeds of a page is meant; nobody answers where nobody sits at the terminal.
fn choose(page: &str, feeds: &[PageFeed], out: &mut impl Write) -> io::Result<Option<String>> {
    writeln!(out, "{} names {}:", clean(page), counted(feeds.len() as u64, "feed", "feeds"))?;
    for (number, feed) in feeds.iter().enumerate() {
        writeln!(out, "{:>3}  {}  {}", number + 1, clean(&feed.url), clean(&feed.title))?;
    }
    if !io::stdin().is_terminal() {
        complain("Nothing is subscribed to; give the address of one of them");
        return Ok(None);
    }
    write!(out, "Which? ")?;
    out.flush()?;
    let mut answer = String::new();
    io::stdin().read_line(&mut answer)?;
    let chosen = answer.trim().parse::<usize>().ok().and_then(|number| feeds.get(number.checked_sub(1)?));
    if chosen.is_none() {
        complain("That is none of them; nothing is subscribed to");
    }
    Ok(chosen.map(|feed| feed.url.clone()))
}

fn shown(feed: &KnownFeed) -> String {
    clean(feed.subscription.name()).into_owned()
}

fn list(
    feeds: &[KnownFeed],
    counts: &HashMap<FeedNumber, FeedCounts>,
    json: bool,
    out: &mut impl Write,
) -> io::Result<()> {
    if feeds.is_empty() && !json {
        writeln!(out, "Nothing is subscribed to yet; `newsdesk feed add URL` does")?;
    }
    for feed in feeds {
        let counts = counts.get(&feed.number).copied().unwrap_or_default();
        if json {
            let health = &feed.health;
            let mut object = serde_json::to_value(&feed.subscription).unwrap_or_default();
            if let Some(fields) = object.as_object_mut() {
                fields.insert("name".to_owned(), json!(feed.subscription.name()));
                fields.insert("entries".to_owned(), json!(counts.entries));
                fields.insert("unread".to_owned(), json!(counts.unread));
                fields.insert("tried".to_owned(), json!(health.tried_at.and_then(iso)));
                fields.insert("succeeded".to_owned(), json!(health.succeeded_at.and_then(iso)));
                fields.insert("error".to_owned(), json!(health.error));
                fields.insert("gone".to_owned(), json!(health.standing == Standing::Gone));
            }
            write_json(out, &object)?;
            writeln!(out)?;
            continue;
        }
        let health = feed_health::health(feed, counts);
        writeln!(out, "{}{}", health.name, health.tags)?;
        for line in health.lines().skip(1) {
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
    let (config, _) = super::config(common)?;
    let client = fetching::client(&config.feeds);
    let stop = AtomicBool::new(false);
    let mut failed = Ok(());
    let done = fetching::refresh(library, feeds, &client, &config.feeds, &stop, |batch| {
        for Tried { name, new, changed, error, .. } in batch {
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
    let done = done.map_err(|error| told(library.path(), error))?;
    if done.offline {
        complain("There is no connection to the network; nothing was fetched");
        return Ok(WRONG.into());
    }
    let Refreshed { tried, failed, new, changed, .. } = done;
    let failed_ones = if failed > 0 { format!(", {} failed", grouped(failed as u64)) } else { String::new() };
    writeln!(out, "{}{failed_ones}; {}", counted(tried as u64, "feed", "feeds"), came(new, changed))?;
    Ok(if failed == 0 { ExitCode::SUCCESS } else { NOTHING.into() })
}

/// What came, in words.
fn came(new: usize, changed: usize) -> String {
    let new = format!("{} new", grouped(new as u64));
    if changed == 0 { new } else { format!("{new}, {} changed", grouped(changed as u64)) }
}
