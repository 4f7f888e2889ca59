//! Reads feeds.

use std::collections::HashMap;

use rusqlite::{Connection, OptionalExtension, Row, Transaction};

use super::model::{FeedCounts, FeedId, FetchPolicy, FetchRevision, FetchStatus, KnownFeed};
use crate::journal::SubscriptionState;
use crate::library::database::Library;
use crate::library::error::Result;
use crate::library::feeds::logins;
use crate::library::sqlite::rows;
use crate::library::sqlite::values::unsigned;
use crate::subscriptions::{Subscription, same_address};

const FEEDS: &str = "SELECT id, seed, feeds.url, title, own_title, page, description, full_text, keep_count, keep_days,
    extra, etag, last_modified, tried_at, succeeded_at, due_at, error, dead, logins.url, user, password, flaws,
    fetch_revision FROM feeds LEFT JOIN logins ON logins.feed = feeds.id";

impl Library {
    /// Returns all subscribed feeds, in the order of the user.
    pub fn feeds(&self) -> Result<Vec<KnownFeed>> {
        read_feeds(&self.connection, "subscribed = 1")
    }

    /// Returns all feeds that may have entries, including unsubscribed ones with marked entries.
    pub fn feeds_with_entries(&self) -> Result<Vec<KnownFeed>> {
        read_feeds(&self.connection, "merged_into IS NULL")
    }

    /// Returns whether there are subscriptions, or entries of former ones.
    pub fn has_feeds(&self) -> Result<bool> {
        let any = "SELECT EXISTS (SELECT 1 FROM feeds WHERE subscribed = 1 OR id IN (SELECT feed FROM entries
            WHERE dropped < 2))";
        Ok(self.connection.query_row(any, [], |row| row.get(0))?)
    }

    /// Returns the number of entries of each feed. A shared entry counts in each of its feeds.
    pub fn feed_counts(&self) -> Result<HashMap<FeedId, FeedCounts>> {
        let counts = "SELECT feed, count(*), count(*) - count(articles.read_at) FROM entries
            LEFT JOIN articles ON articles.id = coalesce(entries.same_as, entries.id)
            WHERE dropped = 0 GROUP BY feed";
        let mut statement = self.connection.prepare_cached(counts)?;
        let counts = rows::read(&mut statement, [], "entries", |row| {
            Ok((FeedId(row.get(0)?), FeedCounts { entries: row.get(1)?, unread: row.get(2)? }))
        })?;
        Ok(counts.into_iter().collect())
    }

    /// Returns the subscribed feed that moved away from an address.
    pub fn moved_from(&self, url: &str) -> Result<Option<KnownFeed>> {
        let sql = "SELECT feed FROM former_addresses WHERE address = ?1";
        let mut statement = self.connection.prepare_cached(sql)?;
        let number = rows::first(&mut statement, [same_address(url)], "former_addresses", |row| row.get(0))?;
        let Some(number) = number.map(FeedId) else { return Ok(None) };
        Ok(self.feeds()?.into_iter().find(|feed| feed.number == number))
    }

    /// Returns the revision of the last change to a feed that affects how its entries are shown: its name, its tags,
    /// whether it is subscribed to.
    pub fn feeds_changed(&self) -> Result<i64> {
        let last = "SELECT coalesce(max(revision), 0) FROM feeds WHERE typeof(revision) = 'integer'";
        Ok(self.connection.prepare_cached(last)?.query_row([], |row| row.get(0))?)
    }
}

/// Reads feeds with their tags, in the reader's order.
pub(crate) fn read_feeds(connection: &Connection, which: &str) -> Result<Vec<KnownFeed>> {
    let mut tags: HashMap<i64, Vec<String>> = HashMap::new();
    let mut statement = connection.prepare_cached("SELECT feed, tag FROM feed_tags ORDER BY feed, position")?;
    for (feed, tag) in rows::read(&mut statement, [], "feed_tags", |row| Ok((row.get(0)?, row.get(1)?)))? {
        tags.entry(feed).or_default().push(tag);
    }
    let mut seeds: HashMap<i64, Vec<u64>> = HashMap::new();
    let merged = "SELECT merged_into, seed FROM feeds WHERE merged_into IS NOT NULL";
    let mut statement = connection.prepare_cached(merged)?;
    for (feed, seed) in rows::read(&mut statement, [], "feeds", |row| Ok((row.get(0)?, unsigned(row.get(1)?))))? {
        seeds.entry(feed).or_default().push(seed);
    }
    let mut statement = connection.prepare_cached(&format!("{FEEDS} WHERE {which} ORDER BY position, id"))?;
    let mut feeds: Vec<KnownFeed> = rows::read(&mut statement, [], "feeds", feed)?;
    for feed in &mut feeds {
        feed.subscription.tags = tags.remove(&feed.number.0).unwrap_or_default();
        feed.former_seeds = seeds.remove(&feed.number.0).unwrap_or_default();
    }
    Ok(feeds)
}

fn feed(row: &Row<'_>) -> rusqlite::Result<KnownFeed> {
    let (extra, warnings): (Option<String>, Option<String>) = (row.get(10)?, row.get(21)?);
    let version = FetchRevision { revision: row.get(22)?, tried_at: row.get(13)? };
    Ok(KnownFeed {
        number: FeedId(row.get(0)?),
        seed: unsigned(row.get(1)?),
        former_seeds: Vec::new(),
        version,
        subscription: Subscription {
            url: row.get(2)?,
            title: row.get(3)?,
            own_title: row.get(4)?,
            page: row.get(5)?,
            description: row.get(6)?,
            tags: Vec::new(),
            full_text: row.get(7)?,
            keep_count: row.get(8)?,
            keep_days: row.get(9)?,
            extra: extra.and_then(|extra| serde_json::from_str(&extra).ok()).unwrap_or_default(),
            login: row.get::<_, Option<String>>(18)?.map(|_| logins::login(row, 18)).transpose()?,
        },
        etag: row.get(11)?,
        last_modified: row.get(12)?,
        health: FetchStatus {
            tried_at: row.get(13)?,
            succeeded_at: row.get(14)?,
            due_at: row.get(15)?,
            error: row.get(16)?,
            policy: match row.get(17)? {
                0 => FetchPolicy::Normal,
                2 => FetchPolicy::RateLimited,
                _ => FetchPolicy::Gone,
            },
        },
        warnings: warnings.and_then(|warnings| serde_json::from_str(&warnings).ok()).unwrap_or_default(),
    })
}

/// Returns the current subscription.
pub(crate) fn read_subscription(transaction: &Transaction<'_>, number: i64) -> Result<Subscription> {
    let mut known = transaction.prepare_cached(&format!("{FEEDS} WHERE feeds.id = ?1"))?.query_row([number], feed)?;
    let mut statement = transaction.prepare_cached("SELECT tag FROM feed_tags WHERE feed = ?1 ORDER BY position")?;
    known.subscription.tags = rows::read(&mut statement, [number], "feed_tags", |row| row.get(0))?;
    Ok(known.subscription)
}

/// Returns a subscription for the journal; `None` if the feed is not subscribed to.
pub(crate) fn feed_state(transaction: &Transaction<'_>, feed: i64) -> Result<Option<SubscriptionState>> {
    let position = "SELECT CASE WHEN typeof(position) = 'integer' THEN position ELSE id END FROM feeds
        WHERE id = ?1 AND subscribed = 1";
    let position = transaction.prepare_cached(position)?.query_row([feed], |row| row.get(0)).optional()?;
    let Some(position) = position else { return Ok(None) };
    Ok(Some(SubscriptionState { position, subscription: read_subscription(transaction, feed)? }))
}
