//! Describes the status of a feed in words, for the reader and for scripts.

use chrono::{Local, TimeZone};

use crate::library::{FeedCounts, KnownFeed};
use crate::subscriptions::{FeedStatus, Subscription};
use crate::text::clean;
use crate::text::format::{counted, grouped};

/// Describes the status of a feed.
pub fn describe(feed: &KnownFeed, FeedCounts { entries, unread }: FeedCounts) -> FeedStatus {
    let last = match feed.health.succeeded_at {
        Some(at) => format!("fetched {}", local(at)),
        None => "not fetched yet".to_owned(),
    };
    let subscription = &feed.subscription;
    let defaults = Subscription { keep_count: None, keep_days: None, full_text: false, ..subscription.clone() };
    let failed = |error: &String| format!("{}: {}", feed.health.tried_at.map(local).unwrap_or_default(), clean(error));
    FeedStatus {
        name: clean(subscription.name()).into_owned(),
        tags: subscription.tags.iter().map(|tag| format!(" #{}", clean(tag))).collect(),
        url: clean(&subscription.url).into_owned(),
        state: format!("{}, {} unread; {last}", counted(entries.into(), "entry", "entries"), grouped(unread.into())),
        settings: (defaults != *subscription).then(|| settings(subscription)),
        error: feed.health.error.as_ref().map(failed),
        warning: warnings(feed).next(),
    }
}

/// Returns a line for each problem of a feed that could still be read.
pub fn warnings(feed: &KnownFeed) -> impl Iterator<Item = String> {
    let count = feed.warnings.len();
    feed.warnings.iter().enumerate().map(move |(number, warning)| {
        let which = if count > 1 { format!(" ({} of {count})", number + 1) } else { String::new() };
        let line = warning.line.map_or_else(String::new, |line| format!("line {line}: "));
        clean(&format!("warning{which}: {line}{}; {}", warning.cause, warning.consequence).replace('\n', " "))
            .into_owned()
    })
}

/// Returns how much of a feed is stored and the source of its text.
pub fn settings(subscription: &Subscription) -> String {
    let count = subscription.keep_count.map(|count| format!("the newest {}", grouped(count.into())));
    let days = subscription.keep_days.map(|days| counted(days.into(), "day", "days"));
    let retention = match (count, days) {
        (None, None) => "keeps all entries".to_owned(),
        (Some(count), None) => format!("keeps {count} entries"),
        (None, Some(days)) => format!("keeps entries for {days}"),
        (Some(count), Some(days)) => format!("keeps {count} entries for {days}"),
    };
    format!(
        "{retention}, {}",
        if subscription.full_text { "fetches whole articles" } else { "shows the feed's own text" }
    )
}

fn local(at: i64) -> String {
    Local.timestamp_opt(at, 0).single().map(|at| at.format("%Y-%m-%d %H:%M").to_string()).unwrap_or_default()
}
