//! Feeds in the library: subscriptions, fetch status, and the entries of unsubscribed feeds.

pub(crate) mod duplicates;
pub(crate) mod entries;
pub(crate) mod entry_keys;
pub(crate) mod merge;

pub use entries::{
    EntryQuery, EntryTexts, FetchOutcome, FetchResult, FullText, ImportedMark, ParsedFeed, PreparedEntry, StoreCounts,
    StoredEntry,
};
pub use merge::MergedFeeds;

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};

use rusqlite::{Connection, OptionalExtension, Row, ToSql, Transaction, params};
use xxhash_rust::xxh3::xxh3_64;

use super::journal::{ReaderId, UndoneStep, insert_step};
use super::marks::moves;
use super::marks::{signed, unsigned};
use super::{Library, Result, logins, rows};
use crate::article::Warning;
use crate::journal::{FeedChange, FeedState, StepChange, name_of_feeds};
use crate::subscriptions::{Subscription, one_line, redact, same_address, tag_name};
use duplicates::{Handover, hand_on, repeat, reverse_hand_on, same};
use merge::merge;

/// The number of a feed in the library.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FeedId(pub(super) i64);

/// A subscribed feed.
#[derive(Clone, Debug, PartialEq)]
pub struct KnownFeed {
    /// The number.
    pub number: FeedId,
    /// The seed of the ids of its entries. It is unique and does not change when the feed moves.
    pub seed: u64,
    /// The seeds of feeds that were merged into this one.
    pub former_seeds: Vec<u64>,
    /// The version for requests.
    pub version: FetchRevision,
    /// The address, names, tags and settings.
    pub subscription: Subscription,
    /// The `ETag` of the last successful fetch.
    pub etag: Option<String>,
    /// The `Last-Modified` of the last successful fetch.
    pub last_modified: Option<String>,
    /// The fetch status.
    pub health: FetchStatus,
    /// The problems of the feed at the last fetch.
    pub flaws: Vec<Warning>,
}

/// The state of a feed that a request is based on. A response is stale if the state has changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FetchRevision {
    /// The revision of the last stored document, change of address or end of a subscription.
    pub(super) revision: i64,
    /// The time of the last fetch attempt.
    pub(super) tried_at: Option<i64>,
}

/// The fetch status of a feed. Times are in seconds since 1970-01-01 00:00 UTC.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FetchStatus {
    /// The time of the last attempt.
    pub tried_at: Option<i64>,
    /// The time of the last success, including unchanged feeds.
    pub succeeded_at: Option<i64>,
    /// The time before which it is not refreshed automatically.
    pub due_at: Option<i64>,
    /// The error of the last attempt.
    pub error: Option<String>,
    /// The policy of its server.
    pub standing: FetchPolicy,
}

/// Whether the server of a feed allows requests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FetchPolicy {
    /// Requests are allowed.
    #[default]
    Welcome,
    /// The feed is gone for good.
    Gone,
    /// Requests are not allowed before the feed is due, unless it is named.
    Busy,
}

impl FetchStatus {
    /// Returns whether the feed may be fetched automatically at this time, in seconds since 1970.
    pub fn is_due(&self, now: i64) -> bool {
        self.standing != FetchPolicy::Gone && self.due_at.is_none_or(|due| due <= now)
    }

    /// Returns whether a refresh of all feeds includes this one at this time.
    pub fn may_be_asked(&self, now: i64) -> bool {
        self.standing == FetchPolicy::Welcome || self.is_due(now)
    }
}

/// The number of entries of a feed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FeedCounts {
    /// All entries.
    pub entries: u32,
    /// Unread entries.
    pub unread: u32,
}

/// The result of subscribing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SubscribeCounts {
    /// The number of new feeds.
    pub new: usize,
    /// The number of existing feeds that got names or tags.
    pub changed: usize,
    /// The number of existing feeds that did not change.
    pub same: usize,
}

const FEEDS: &str = "SELECT id, seed, feeds.url, title, own_title, page, description, full_text, keep_count, keep_days,
    extra, etag, last_modified, tried_at, succeeded_at, due_at, error, dead, logins.url, user, password, flaws,
    fetch_revision FROM feeds LEFT JOIN logins ON logins.feed = feeds.id";

/// An SQL condition: the entry is starred, tagged or noted, so it stays when its feed is unsubscribed.
pub(super) const IS_KEPT: &str = "EXISTS (SELECT 1 FROM articles WHERE articles.id = entries.id AND
    (starred_at IS NOT NULL OR EXISTS (SELECT 1 FROM tags WHERE article = articles.id)
     OR EXISTS (SELECT 1 FROM notes WHERE article = articles.id)))";

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

    /// Subscribes to feeds, in this order after the existing ones. An existing subscription gets the additional tags,
    /// and a name, a description and a login if it has none; nothing of it is replaced.
    pub fn subscribe(&mut self, wanted: &[Subscription]) -> Result<SubscribeCounts> {
        let reader = self.reader;
        self.write(|transaction, revision| Ok(subscribe(transaction, revision, reader, wanted, false)?.0))
    }

    /// Subscribes to a feed that was found at its address, to which `former` redirects. A given name replaces the name
    /// of an existing subscription. Returns the feed, and whether the subscription is new.
    pub fn add_feed(&mut self, found: &Subscription, former: Option<&str>) -> Result<(KnownFeed, bool)> {
        let reader = self.reader;
        self.write(|transaction, revision| {
            // A feed that moved away no longer owns this address.
            transaction.execute("DELETE FROM former_addresses WHERE address = ?1", [same_address(&found.url)])?;
            let (done, feeds) = subscribe(transaction, revision, reader, std::slice::from_ref(found), true)?;
            let number = feeds.first().copied().unwrap_or_default();
            if let Some(former) = former {
                let address = same_address(former);
                let mut statement = transaction.prepare("SELECT url FROM feeds WHERE merged_into IS NULL")?;
                let urls: Vec<String> = rows::read(&mut statement, [], "feeds", |row| row.get(0))?;
                if urls.iter().all(|url| same_address(url) != address) {
                    let sql = "INSERT OR REPLACE INTO former_addresses (address, feed) VALUES (?1, ?2)";
                    transaction.execute(sql, params![address, number])?;
                }
            }
            let feed = read_feeds(transaction, &format!("feeds.id = {number}"))?.pop();
            Ok((feed.ok_or(rusqlite::Error::QueryReturnedNoRows)?, done.new > 0))
        })
    }

    /// Returns the subscribed feed that moved away from an address.
    pub fn moved_from(&self, url: &str) -> Result<Option<KnownFeed>> {
        let sql = "SELECT feed FROM former_addresses WHERE address = ?1";
        let mut statement = self.connection.prepare_cached(sql)?;
        let number = rows::first(&mut statement, [same_address(url)], "former_addresses", |row| row.get(0))?;
        let Some(number) = number.map(FeedId) else { return Ok(None) };
        Ok(self.feeds()?.into_iter().find(|feed| feed.number == number))
    }

    /// Gives a feed another name, other tags, other settings, or another address: `edit` gets the current subscription
    /// and returns the changed one. Returns that one, or `None` if the feed is not subscribed to any more.
    pub fn change_subscription(
        &mut self,
        feed: FeedId,
        edit: impl Fn(Subscription) -> Subscription,
    ) -> Result<Option<Subscription>> {
        Ok(self.change_subscriptions(&[feed], edit)?.pop())
    }

    /// Changes several subscriptions, as one step of the journal. Returns those that are still subscribed to.
    pub fn change_subscriptions(
        &mut self,
        feeds: &[FeedId],
        edit: impl Fn(Subscription) -> Subscription,
    ) -> Result<Vec<Subscription>> {
        let reader = self.reader;
        self.write(|transaction, revision| {
            let (mut changes, mut changed) = (Vec::new(), Vec::new());
            for FeedId(feed) in feeds {
                // Another program may have changed it or unsubscribed since it was looked up.
                let Some(before) = chosen(transaction, *feed)? else { continue };
                change(transaction, revision, *feed, &before.subscription, &edit(before.subscription.clone()))?;
                let after = chosen(transaction, *feed)?;
                changed.extend(after.iter().map(|after| after.subscription.clone()));
                changes.push(FeedChange { feed: *feed, before: Some(before), after });
            }
            record(transaction, reader, changes, &[])?;
            Ok(changed)
        })
    }

    /// Ends subscriptions. Starred, tagged and noted entries stay listed. Entries that another feed has too now belong
    /// to that feed. The rest are hidden until the step leaves the journal, or deleted if there is no journal. Returns
    /// the number of entries that stay listed.
    pub fn unsubscribe(&mut self, feeds: &[KnownFeed]) -> Result<u32> {
        let reader = self.reader;
        self.write(|transaction, revision| {
            let (mut kept, mut changes, mut handed) = (0, Vec::new(), Vec::new());
            for FeedId(feed) in feeds.iter().map(|feed| feed.number) {
                if let Some(before) = chosen(transaction, feed)? {
                    kept += hide(transaction, revision, feed, &mut handed)?;
                    changes.push(FeedChange { feed, before: Some(before), after: None });
                }
            }
            record(transaction, reader, changes, &handed)?;
            purge(transaction)?;
            Ok(kept)
        })
    }

    /// Undoes or redoes a step that changed subscriptions. Refuses if they have changed since.
    pub fn undo_feeds(&mut self, row: i64, undo: bool) -> Result<UndoneStep> {
        self.write(|transaction, revision| {
            let sql = "SELECT name, change, deleted FROM journal WHERE id = ?1";
            let read = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?));
            let found: Option<(String, String, Option<String>)> = transaction.query_row(sql, [row], read).optional()?;
            let refused = |name: String, reason: String| Ok(UndoneStep { name, refused: Some(reason) });
            let Some((name, change, handed)) = found else {
                return refused("this step".to_owned(), "it is no longer in the journal".to_owned());
            };
            let Ok(StepChange::Feeds(mut changes)) = serde_json::from_str::<StepChange>(&change) else {
                return refused(name, "it cannot be read".to_owned());
            };
            if undo {
                changes = changes.iter().rev().map(FeedChange::inverse).collect();
            }
            let mut restored = Vec::new();
            for change in &changes {
                let now = chosen(transaction, change.feed)?;
                let is_merged = "SELECT 1 FROM feeds WHERE id = ?1 AND merged_into IS NOT NULL";
                let is_merged = transaction.prepare_cached(is_merged)?.exists([change.feed])?;
                let restorable = match (&now, &change.before, &change.after) {
                    _ if is_merged => None,
                    (Some(now), Some(before), Some(after)) => {
                        applied(&now.subscription, &before.subscription, &after.subscription).map(Some)
                    }
                    (Some(now), Some(before), None) => now.is_chosen_like(before).then_some(None),
                    (None, None, Some(after)) => Some(Some(after.subscription.clone())),
                    (None, None, None) => Some(None),
                    (_, _, _) => None,
                };
                let Some(restorable) = restorable else {
                    let feed = one_line(change.name());
                    return refused(
                        name,
                        match is_merged {
                            true => format!("\"{feed}\" was merged with another subscription since"),
                            false => format!("another program changed the subscription to \"{feed}\" since"),
                        },
                    );
                };
                restored.push(restorable);
            }
            let handed_before = handed.and_then(|json| serde_json::from_str::<Vec<Handover>>(&json).ok());
            let mut handed = Vec::new();
            for (FeedChange { feed, before, after }, restored) in changes.iter().zip(restored) {
                if after.is_none() {
                    hide(transaction, revision, *feed, &mut handed)?;
                }
                if let (None, Some(state)) = (before, after) {
                    for handed in handed_before.iter().flatten().filter(|handed| handed.feed == *feed).rev() {
                        reverse_hand_on(transaction, revision, handed)?;
                    }
                    let again = "UPDATE feeds SET subscribed = 1, position = ?2 WHERE id = ?1";
                    transaction.execute(again, params![feed, state.position])?;
                    show(transaction, revision, *feed)?;
                }
                if let Some(to) = restored {
                    restore(transaction, revision, *feed, to)?;
                }
            }
            let handed = (!handed.is_empty()).then(|| serde_json::to_string(&handed).unwrap_or_default());
            let sql = "UPDATE journal SET undone = ?2, deleted = ?3 WHERE id = ?1";
            transaction.execute(sql, params![row, undo, handed])?;
            Ok(UndoneStep { name, refused: None })
        })
    }

    /// Returns the revision of the last change to a feed that affects how its entries are shown: its name, its tags,
    /// whether it is subscribed to.
    pub fn feeds_changed(&self) -> Result<i64> {
        let last = "SELECT coalesce(max(revision), 0) FROM feeds WHERE typeof(revision) = 'integer'";
        Ok(self.connection.prepare_cached(last)?.query_row([], |row| row.get(0))?)
    }
}

/// Reads feeds with their tags, in the reader's order.
fn read_feeds(connection: &Connection, which: &str) -> Result<Vec<KnownFeed>> {
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

/// Subscribes to feeds within a transaction. With `replaces`, given names and settings replace those of existing
/// subscriptions. Returns the number of each feed.
pub(super) fn subscribe(
    transaction: &Transaction<'_>,
    revision: i64,
    reader: Option<ReaderId>,
    wanted: &[Subscription],
    replaces: bool,
) -> Result<(SubscribeCounts, Vec<i64>)> {
    let (mut done, mut changes, mut numbers) =
        (SubscribeCounts::default(), Vec::new(), Vec::with_capacity(wanted.len()));
    let mut known = HashMap::new();
    let mut statement = transaction.prepare("SELECT url, id FROM feeds WHERE merged_into IS NULL")?;
    for (url, number) in rows::read(&mut statement, [], "feeds", |row| Ok((row.get::<_, String>(0)?, row.get(1)?)))? {
        known.insert(same_address(&url), number);
    }
    // A list from before a feed moved names it by its former address.
    let mut statement = transaction.prepare("SELECT address, feed FROM former_addresses")?;
    let both = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?));
    for (address, number) in rows::read(&mut statement, [], "former_addresses", both)? {
        known.entry(address).or_insert(number);
    }
    let mut ends = Ends::of(transaction)?;
    for subscription in wanted {
        let number = match known.entry(same_address(&subscription.url)) {
            Entry::Occupied(known) => *known.get(),
            Entry::Vacant(place) => {
                let number = insert(transaction, subscription, &mut ends)?;
                place.insert(number);
                numbers.push(number);
                changes.push(FeedChange { feed: number, before: None, after: chosen(transaction, number)? });
                done.new += 1;
                continue;
            }
        };
        numbers.push(number);
        let mut again = || subscribe_again(transaction, revision, (number, subscription), replaces, &mut ends);
        // An unreadable feed must not prevent the import of the others.
        let again = match wanted.len() {
            1 => Some(again()?),
            _ => rows::isolated(transaction, "feeds", &subscription.url, again)?,
        };
        let Some((change, differs)) = again else { continue };
        match (change.before.is_some(), differs) {
            (false, _) => done.new += 1,
            (true, true) => done.changed += 1,
            (true, false) => done.same += 1,
        }
        changes.push(change);
    }
    record(transaction, reader, changes, &[])?;
    Ok((done, numbers))
}

/// Subscribes to a feed that is in the library. Returns the change, and whether the subscription differs from before.
fn subscribe_again(
    transaction: &Transaction<'_>,
    revision: i64,
    (number, subscription): (i64, &Subscription),
    replaces: bool,
    ends: &mut Ends,
) -> Result<(FeedChange, bool)> {
    let known_before = chosen(transaction, number)?;
    let is_subscribed = known_before.is_some();
    if !is_subscribed {
        let again = "UPDATE feeds SET subscribed = 1, revision = ?2, error = NULL, dead = 0, etag = NULL,
            last_modified = NULL, due_at = NULL, position = ?3 WHERE id = ?1";
        transaction.execute(again, params![number, revision, ends.next_position()])?;
        transaction.execute("DELETE FROM feed_tags WHERE feed = ?1", [number])?;
        show(transaction, revision, number)?;
    }
    let before = state(transaction, number)?;
    let after = united(&before, subscription, replaces || !is_subscribed);
    write_changes(transaction, revision, number, &before, &after)?;
    let change = FeedChange { feed: number, before: known_before, after: chosen(transaction, number)? };
    Ok((change, after != before))
}

/// Returns a subscription with the part of a change that concerns what the reader chose; `None` if that part was
/// changed otherwise since.
fn applied(now: &Subscription, before: &Subscription, after: &Subscription) -> Option<Subscription> {
    fn pick<T: PartialEq + Clone>(now: &T, before: &T, after: &T) -> Option<T> {
        match before == after {
            true => Some(now.clone()),
            false => (now == before).then(|| after.clone()),
        }
    }
    Some(Subscription {
        own_title: pick(&now.own_title, &before.own_title, &after.own_title)?,
        tags: pick(&now.tags, &before.tags, &after.tags)?,
        full_text: pick(&now.full_text, &before.full_text, &after.full_text)?,
        keep_count: pick(&now.keep_count, &before.keep_count, &after.keep_count)?,
        keep_days: pick(&now.keep_days, &before.keep_days, &after.keep_days)?,
        ..now.clone()
    })
}

/// Returns a subscription for the journal; `None` if the feed is not subscribed to.
fn chosen(transaction: &Transaction<'_>, feed: i64) -> Result<Option<FeedState>> {
    let position = "SELECT CASE WHEN typeof(position) = 'integer' THEN position ELSE id END FROM feeds
        WHERE id = ?1 AND subscribed = 1";
    let position = transaction.prepare_cached(position)?.query_row([feed], |row| row.get(0)).optional()?;
    let Some(position) = position else { return Ok(None) };
    Ok(Some(FeedState { position, subscription: state(transaction, feed)? }))
}

/// Records a step in the journal. Hidden entries of its feeds stay in the library while it is there.
fn record(
    transaction: &Transaction<'_>,
    reader: Option<ReaderId>,
    mut changes: Vec<FeedChange>,
    handed: &[Handover],
) -> Result<()> {
    let is_chosen = |change: &FeedChange| match (&change.before, &change.after) {
        (Some(before), Some(after)) => !before.is_chosen_like(after),
        (_, _) => true,
    };
    changes.retain(is_chosen);
    let Some(reader) = reader.filter(|_| !changes.is_empty()) else { return Ok(()) };
    let feeds: Vec<i64> = changes.iter().map(|change| change.feed).collect();
    let name = name_of_feeds(&changes);
    let handed = (!handed.is_empty()).then(|| serde_json::to_string(handed).unwrap_or_default());
    let step = insert_step(transaction, reader, &name, &StepChange::Feeds(changes), handed.as_deref())?;
    let mut hold = transaction.prepare_cached("INSERT OR IGNORE INTO journal_feeds (step, feed) VALUES (?1, ?2)")?;
    for feed in feeds {
        hold.execute([step, feed])?;
    }
    Ok(())
}

/// Deletes hidden entries that no step of the journal can bring back. Those that were starred, tagged or noted while
/// they were hidden are listed again.
pub(super) fn purge(transaction: &Transaction<'_>) -> Result<()> {
    let revision = "SELECT revision FROM counter";
    let revision: i64 = transaction.prepare_cached(revision)?.query_row([], |row| row.get(0))?;
    // The partial index entries_hidden needs "dropped >= 2".
    let marked = format!(
        "UPDATE entries SET dropped = 0, revision = ?1 WHERE dropped >= 2 AND dropped < 3
         AND feed NOT IN (SELECT feed FROM journal_feeds) AND {IS_KEPT} RETURNING feed"
    );
    let mut statement = transaction.prepare_cached(&marked)?;
    let feeds: Vec<i64> = rows::read(&mut statement, [revision], "entries", |row| row.get(0))?;
    for feed in feeds {
        stand_alone(transaction, feed)?;
    }
    let gone = "DELETE FROM entries WHERE dropped >= 2 AND feed NOT IN (SELECT feed FROM journal_feeds)";
    transaction.prepare_cached(gone)?.execute([])?;
    moves::prune(transaction)
}

/// Ends a subscription and hides its entries, except those that are starred, tagged or noted. Returns the number of
/// entries that stay listed.
fn hide(transaction: &Transaction<'_>, revision: i64, feed: i64, handed: &mut Vec<Handover>) -> Result<u32> {
    // Responses to running requests are stale, even if the feed is subscribed again before they arrive.
    let end = "UPDATE feeds SET subscribed = 0, revision = ?2, fetch_revision = ?2 WHERE id = ?1";
    transaction.execute(end, params![feed, revision])?;
    let going = format!(
        "SELECT id FROM entries WHERE feed = ?1 AND dropped = 0 AND same_as IS NULL AND NOT {IS_KEPT}
         AND id IN (SELECT same_as FROM entries WHERE same_as IS NOT NULL AND dropped = 0)"
    );
    let mut statement = transaction.prepare_cached(&going)?;
    let shared: Vec<i64> = rows::read(&mut statement, [feed], "entries", |row| row.get(0))?;
    for from in shared {
        handed.extend(hand_on(transaction, revision, feed, from)?);
    }
    // If entries are shown in each of their feeds, a repetition has marks of its own.
    let hidden = format!(
        "UPDATE entries SET dropped = dropped + 2 WHERE feed = ?1 AND dropped < 2 AND (dropped = 1 OR NOT {IS_KEPT})"
    );
    transaction.execute(&hidden, [feed])?;
    let left = "SELECT count(*) FROM entries WHERE feed = ?1 AND dropped = 0";
    Ok(transaction.query_row(left, [feed], |row| row.get(0))?)
}

/// Shows the hidden entries of a feed again. If another feed now has an entry too, the shown one becomes a repetition
/// of it.
pub(super) fn show(transaction: &Transaction<'_>, revision: i64, feed: i64) -> Result<()> {
    transaction.execute("UPDATE feeds SET revision = ?2 WHERE id = ?1", params![feed, revision])?;
    let hidden = "UPDATE entries SET dropped = dropped - 2, revision = ?2 WHERE feed = ?1 AND dropped >= 2
        RETURNING number, id, link, guid";
    let mut statement = transaction.prepare_cached(hidden)?;
    let all = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?));
    let shown: Vec<(i64, i64, Option<i64>, Option<i64>)> =
        rows::read(&mut statement, params![feed, revision], "entries", all)?;
    stand_alone(transaction, feed)?;
    let is_single = "SELECT 1 FROM entries WHERE number = ?1 AND same_as IS NULL AND dropped = 0
        AND NOT EXISTS (SELECT 1 FROM entries AS other WHERE other.same_as = entries.id)";
    for (number, id, link, guid) in shown {
        let sums = |sum: Option<i64>| sum.map(unsigned).into_iter().collect::<Vec<_>>();
        if transaction.prepare_cached(is_single)?.exists([number])?
            && let Some(first) = same(transaction, FeedId(feed), Some(number), &sums(link), &sums(guid))?
        {
            repeat(transaction, revision, id, first)?;
        }
    }
    Ok(())
}

/// Shows the entries of a feed by themselves that repeat entries that are not listed any more.
fn stand_alone(transaction: &Transaction<'_>, feed: i64) -> Result<()> {
    let alone = "UPDATE entries SET same_as = NULL WHERE feed = ?1 AND same_as IS NOT NULL
        AND same_as NOT IN (SELECT id FROM entries WHERE dropped = 0)";
    transaction.prepare_cached(alone)?.execute([feed])?;
    Ok(())
}

/// Changes a subscription.
pub(super) fn change(
    transaction: &Transaction<'_>,
    revision: i64,
    feed: i64,
    before: &Subscription,
    after: &Subscription,
) -> Result<()> {
    if (before.keep_count, before.keep_days) != (after.keep_count, after.keep_days) {
        forget_dropped(transaction, revision, feed)?;
    }
    write_changes(transaction, revision, feed, before, after)
}

/// Lets dropped entries return, if the feed still has them and its limits allow it.
pub(super) fn forget_dropped(transaction: &Transaction<'_>, revision: i64, feed: i64) -> Result<()> {
    transaction.execute("DELETE FROM entries WHERE feed = ?1 AND dropped = 1", [feed])?;
    let refetch = "UPDATE feeds SET etag = NULL, last_modified = NULL, fetch_revision = ?2 WHERE id = ?1";
    transaction.execute(refetch, params![feed, revision])?;
    Ok(())
}

/// Restores the name, tags and settings that the reader chose. The address and the feed's own title stay.
fn restore(transaction: &Transaction<'_>, revision: i64, feed: i64, was: Subscription) -> Result<()> {
    let Subscription { own_title, tags, full_text, keep_count, keep_days, .. } = was;
    let now = state(transaction, feed)?;
    let to = Subscription { own_title, tags, full_text, keep_count, keep_days, ..now.clone() };
    change(transaction, revision, feed, &now, &to)
}

fn feed(row: &Row<'_>) -> rusqlite::Result<KnownFeed> {
    let (extra, flaws): (Option<String>, Option<String>) = (row.get(10)?, row.get(21)?);
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
            standing: match row.get(17)? {
                0 => FetchPolicy::Welcome,
                2 => FetchPolicy::Busy,
                _ => FetchPolicy::Gone,
            },
        },
        flaws: flaws.and_then(|flaws| serde_json::from_str(&flaws).ok()).unwrap_or_default(),
    })
}

/// Changes the address of a feed that has moved, and stores the former one. If another feed already has the new
/// address, the two are one feed and are merged.
pub(super) fn moved(
    transaction: &Transaction<'_>,
    revision: i64,
    feed: FeedId,
    to: &str,
) -> Result<Option<MergedFeeds>> {
    let (mut from, mut other, address) = (String::new(), None, same_address(to));
    let mut statement = transaction.prepare_cached("SELECT id, url FROM feeds WHERE merged_into IS NULL")?;
    let both = |row: &Row<'_>| Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?));
    for (id, url) in rows::read(&mut statement, [], "feeds", both)? {
        if id == feed.0 {
            from = url;
        } else if same_address(&url) == address {
            other = Some(id);
        }
    }
    if let Some(other) = other {
        return merge(transaction, revision, feed.0, other).map(Some);
    }
    let sql = "UPDATE feeds SET url = ?2, revision = ?3, fetch_revision = ?3 WHERE id = ?1 AND url <> ?2";
    if transaction.prepare_cached(sql)?.execute(params![feed.0, to, revision])? == 0 {
        return Ok(None);
    }
    let from = same_address(&from);
    transaction.execute("DELETE FROM former_addresses WHERE address = ?1", [&address])?;
    if from != address {
        let sql = "INSERT OR REPLACE INTO former_addresses (address, feed) VALUES (?1, ?2)";
        transaction.execute(sql, params![from, feed.0])?;
    }
    Ok(None)
}

/// Returns the current subscription.
pub(super) fn state(transaction: &Transaction<'_>, number: i64) -> Result<Subscription> {
    let mut known = transaction.prepare_cached(&format!("{FEEDS} WHERE feeds.id = ?1"))?.query_row([number], feed)?;
    let mut statement = transaction.prepare_cached("SELECT tag FROM feed_tags WHERE feed = ?1 ORDER BY position")?;
    known.subscription.tags = rows::read(&mut statement, [number], "feed_tags", |row| row.get(0))?;
    Ok(known.subscription)
}

/// Returns a subscription with what a new one to the same feed adds. With `replaces`, the name, login and settings of
/// the new one win.
fn united(known: &Subscription, new: &Subscription, replaces: bool) -> Subscription {
    fn pick<T: Clone>(replaces: bool, known: &Option<T>, new: Option<&T>) -> Option<T> {
        let (known, new) = (known.clone(), new.cloned());
        if replaces { new.or(known) } else { known.or(new) }
    }
    let mut united = known.clone();
    let mut tags: HashSet<String> = known.tags.iter().cloned().collect();
    for tag in new.tags.iter().map(|tag| tag_name(tag)) {
        if tags.insert(tag.clone()) {
            united.tags.push(tag);
        }
    }
    if united.title.is_empty() {
        united.title.clone_from(&new.title);
    }
    // A name that equals the feed's own title is not the reader's choice.
    let given = new.own_title.as_ref().filter(|own| **own != united.title);
    united.own_title = pick(replaces, &known.own_title, given);
    united.page = known.page.clone().or_else(|| new.page.clone());
    united.description = known.description.clone().or_else(|| new.description.clone());
    united.login = pick(replaces, &known.login, new.login.as_ref());
    if replaces {
        // Otherwise entries that are kept now would go, and pages be fetched.
        united.full_text |= new.full_text;
        united.keep_count = new.keep_count.or(known.keep_count);
        united.keep_days = new.keep_days.or(known.keep_days);
    }
    if united.extra.is_empty() || (replaces && !new.extra.is_empty()) {
        united.extra.clone_from(&new.extra);
    }
    united
}

/// The last position and the seeds of all feeds. Read once, because neither column has an index.
struct Ends {
    position: i64,
    seeds: HashSet<i64>,
}

impl Ends {
    fn of(transaction: &Transaction<'_>) -> Result<Ends> {
        let last = "SELECT coalesce(max(position), 0) FROM feeds WHERE typeof(position) = 'integer'";
        let position = transaction.query_row(last, [], |row| row.get(0))?;
        let mut statement = transaction.prepare("SELECT seed FROM feeds")?;
        let seeds = rows::read(&mut statement, [], "feeds", |row| row.get(0))?.into_iter().collect();
        Ok(Ends { position, seeds })
    }

    fn next_position(&mut self) -> i64 {
        self.position = self.position.saturating_add(1);
        self.position
    }
}

fn insert(transaction: &Transaction<'_>, subscription: &Subscription, ends: &mut Ends) -> Result<i64> {
    // A new subscription changes nothing that is shown.
    let revision = 0;
    // A feed that has moved away from this address keeps the seed of the address.
    let mut seed = signed(xxh3_64(subscription.url.as_bytes()));
    while !ends.seeds.insert(seed) {
        seed = signed(xxh3_64(&seed.to_le_bytes()));
    }
    let new = "INSERT INTO feeds (revision, seed, url, position) VALUES (?1, ?2, ?3, ?4)";
    transaction.prepare_cached(new)?.execute(params![revision, seed, subscription.url, ends.next_position()])?;
    let number = transaction.last_insert_rowid();
    let empty = Subscription { url: subscription.url.clone(), ..Subscription::default() };
    write_changes(transaction, revision, number, &empty, subscription)?;
    Ok(number)
}

/// Writes those parts of a subscription that differ.
pub(super) fn write_changes(
    transaction: &Transaction<'_>,
    revision: i64,
    number: i64,
    before: &Subscription,
    after: &Subscription,
) -> Result<()> {
    let set = |column: &str, value: &dyn ToSql| -> Result<()> {
        let change = format!("UPDATE feeds SET {column} = ?2, revision = ?3 WHERE id = ?1");
        transaction.prepare_cached(&change)?.execute(params![number, value, revision])?;
        Ok(())
    };
    if before.url != after.url {
        set("url", &after.url)?;
        set("fetch_revision", &revision)?;
    }
    if before.title != after.title {
        set("title", &one_line(&redact(&after.title)))?;
    }
    if before.own_title != after.own_title {
        set("own_title", &after.own_title.as_deref().map(|title| one_line(&redact(title))))?;
    }
    if before.page != after.page {
        set("page", &after.page)?;
    }
    if before.description != after.description {
        set("description", &after.description)?;
    }
    if before.full_text != after.full_text {
        set("full_text", &after.full_text)?;
    }
    if before.keep_count != after.keep_count {
        set("keep_count", &after.keep_count)?;
    }
    if before.keep_days != after.keep_days {
        set("keep_days", &after.keep_days)?;
    }
    if before.extra != after.extra {
        let extra = (!after.extra.is_empty()).then(|| serde_json::to_string(&after.extra).unwrap_or_default());
        set("extra", &extra)?;
    }
    if let Some(login) = after.login.as_ref().filter(|login| before.login.as_ref() != Some(*login)) {
        logins::save(transaction, number, login)?;
    }
    if before.tags != after.tags {
        set("revision", &revision)?;
        transaction.prepare_cached("DELETE FROM feed_tags WHERE feed = ?1")?.execute([number])?;
        let mut statement = transaction.prepare_cached("INSERT OR IGNORE INTO feed_tags VALUES (?1, ?2, ?3)")?;
        for (position, tag) in (0_i64..).zip(&after.tags) {
            let tag = tag_name(tag);
            if !tag.is_empty() {
                statement.execute(params![number, position, tag])?;
            }
        }
    }
    Ok(())
}

/// Stores the fetch status of a feed after an attempt.
pub(super) fn tried(transaction: &Transaction<'_>, feed: FeedId, health: &FetchStatus) -> Result<()> {
    let change = "UPDATE feeds SET tried_at = coalesce(?2, tried_at), succeeded_at = coalesce(?3, succeeded_at),
        due_at = ?4, error = ?5, dead = ?6 WHERE id = ?1";
    let FetchStatus { tried_at, succeeded_at, due_at, error, standing } = health;
    let standing = match standing {
        FetchPolicy::Welcome => 0,
        FetchPolicy::Gone => 1,
        FetchPolicy::Busy => 2,
    };
    transaction.prepare_cached(change)?.execute(params![feed.0, tried_at, succeeded_at, due_at, error, standing])?;
    Ok(())
}
