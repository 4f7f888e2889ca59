//! Feeds in the library: what is subscribed to, how each feed is, and what becomes of its entries when it goes.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};

use rusqlite::{OptionalExtension, Row, Transaction, params};
use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_64;

use super::entries::same;
use super::journal::{ReaderId, UndoneStep, insert_step};
use super::marks::signed;
use super::{Library, Result, logins};
use crate::feeds::{Subscription, one_line, redact, same_address, tag_name};
use crate::journal::{FeedChange, FeedState, StepChange, name_of_feeds};
use crate::loader::Flaw;

/// The number that a feed has in the library for as long as it is known there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FeedNumber(pub(super) i64);

/// A feed that is subscribed to.
#[derive(Clone, Debug, PartialEq)]
pub struct KnownFeed {
    /// Its number.
    pub number: FeedNumber,
    /// The seed of the identities of its entries. It is unique and stays when the feed moves.
    pub seed: u64,
    /// Its address, names and tags, and what is kept of it.
    pub subscription: Subscription,
    /// The `ETag` that the server gave at the last success.
    pub etag: Option<String>,
    /// The `Last-Modified` that it gave then.
    pub last_modified: Option<String>,
    /// How it is.
    pub health: Health,
    /// The problems of the feed at the last fetch.
    pub flaws: Vec<Flaw>,
}

/// How a feed is. Times are in seconds since 1970-01-01 00:00 UTC.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Health {
    /// When it was last tried.
    pub tried_at: Option<i64>,
    /// When it was last fetched, or was found unchanged.
    pub succeeded_at: Option<i64>,
    /// Before when it is not to be refreshed unasked.
    pub due_at: Option<i64>,
    /// Why it could not be fetched or read the last time.
    pub error: Option<String>,
    /// Whether its server wants it to be asked for.
    pub standing: Standing,
}

/// Whether a feed's server wants it to be asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Standing {
    /// It may be.
    #[default]
    Welcome,
    /// It is gone for good.
    Gone,
    /// It is not to be asked for before it is due, not even by its reader.
    Busy,
}

impl Health {
    /// Whether the feed may be fetched unasked at this moment, in seconds since 1970.
    pub fn is_due(&self, now: i64) -> bool {
        self.standing != Standing::Gone && self.due_at.is_none_or(|due| due <= now)
    }

    /// Whether the feed may be fetched at this moment where its reader asks for all feeds, and not for this one.
    pub fn may_be_asked(&self, now: i64) -> bool {
        self.standing == Standing::Welcome || self.is_due(now)
    }
}

/// How much there is of a feed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FeedCounts {
    /// Its entries.
    pub entries: u32,
    /// Those that were not read.
    pub unread: u32,
}

/// What subscribing did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Subscribed {
    /// So many feeds are new.
    pub new: usize,
    /// So many were there, and took names or tags.
    pub changed: usize,
    /// So many were there as they are.
    pub same: usize,
}

const FEEDS: &str = "SELECT id, seed, feeds.url, title, own_title, page, description, full_text, keep_count, keep_days,
    extra, etag, last_modified, tried_at, succeeded_at, due_at, error, dead, logins.url, user, password, flaws
    FROM feeds LEFT JOIN logins ON logins.feed = feeds.id";

/// Whether something was done to an entry that makes it worth keeping when its feed goes; reading it alone is not.
pub(super) const IS_KEPT: &str = "EXISTS (SELECT 1 FROM articles WHERE articles.id = entries.id AND
    (starred_at IS NOT NULL OR EXISTS (SELECT 1 FROM tags WHERE article = articles.id)
     OR EXISTS (SELECT 1 FROM notes WHERE article = articles.id)))";

impl Library {
    /// All that is subscribed to, in the reader's order.
    pub fn feeds(&self) -> Result<Vec<KnownFeed>> {
        self.feeds_where("subscribed = 1")
    }

    /// All whose entries may be there: those too that were subscribed to once, and left marked entries behind.
    pub fn feeds_with_entries(&self) -> Result<Vec<KnownFeed>> {
        self.feeds_where("TRUE")
    }

    fn feeds_where(&self, which: &str) -> Result<Vec<KnownFeed>> {
        let mut tags: HashMap<i64, Vec<String>> = HashMap::new();
        let mut statement =
            self.connection.prepare_cached("SELECT feed, tag FROM feed_tags ORDER BY feed, position")?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            tags.entry(row.get(0)?).or_default().push(row.get(1)?);
        }
        let mut statement = self.connection.prepare_cached(&format!("{FEEDS} WHERE {which} ORDER BY position, id"))?;
        let mut feeds: Vec<KnownFeed> = statement.query_map([], feed)?.collect::<rusqlite::Result<_>>()?;
        for feed in &mut feeds {
            feed.subscription.tags = tags.remove(&feed.number.0).unwrap_or_default();
        }
        Ok(feeds)
    }

    /// Returns whether there are subscriptions, or entries of former ones.
    pub fn has_feeds(&self) -> Result<bool> {
        let any = "SELECT EXISTS (SELECT 1 FROM feeds WHERE subscribed = 1 OR id IN (SELECT feed FROM entries
            WHERE dropped < 2))";
        Ok(self.connection.query_row(any, [], |row| row.get(0))?)
    }

    /// How many entries each feed has. One that is in two feeds counts in both.
    pub fn feed_counts(&self) -> Result<HashMap<FeedNumber, FeedCounts>> {
        let counts = "SELECT feed, count(*), count(*) - count(articles.read_at) FROM entries
            LEFT JOIN articles ON articles.id = coalesce(entries.same_as, entries.id)
            WHERE dropped = 0 GROUP BY feed";
        let mut statement = self.connection.prepare_cached(counts)?;
        let rows = statement.query_map([], |row| {
            Ok((FeedNumber(row.get(0)?), FeedCounts { entries: row.get(1)?, unread: row.get(2)? }))
        })?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// Subscribes to feeds, in this order after the existing ones. An existing subscription gets the additional tags
    /// and the given names and settings.
    pub fn subscribe(&mut self, wanted: &[Subscription]) -> Result<Subscribed> {
        let reader = self.reader;
        self.write(|transaction, revision| {
            let (mut done, mut changes) = (Subscribed::default(), Vec::new());
            let mut known = HashMap::new();
            let mut statement = transaction.prepare("SELECT url, id, subscribed FROM feeds")?;
            let mut rows = statement.query([])?;
            while let Some(row) = rows.next()? {
                let url: String = row.get(0)?;
                known.insert(same_address(&url), (row.get::<_, i64>(1)?, row.get::<_, bool>(2)?));
            }
            // A list from before a feed moved names it by its former address.
            let mut statement = transaction
                .prepare("SELECT address, feed, subscribed FROM former_addresses JOIN feeds ON feeds.id = feed")?;
            let mut rows = statement.query([])?;
            while let Some(row) = rows.next()? {
                known.entry(row.get(0)?).or_insert((row.get(1)?, row.get(2)?));
            }
            let mut ends = Ends::of(transaction)?;
            for subscription in wanted {
                let place = known.entry(same_address(&subscription.url));
                let (number, subscribed) = match place {
                    Entry::Occupied(known) => *known.get(),
                    Entry::Vacant(place) => {
                        let number = insert(transaction, subscription, &mut ends)?;
                        place.insert((number, true));
                        changes.push(FeedChange { feed: number, before: None, after: chosen(transaction, number)? });
                        done.new += 1;
                        continue;
                    }
                };
                let known = chosen(transaction, number)?;
                if !subscribed {
                    let again = "UPDATE feeds SET subscribed = 1, revision = ?2, error = NULL, dead = 0, etag = NULL,
                        last_modified = NULL, due_at = NULL, position = ?3 WHERE id = ?1";
                    transaction.execute(again, params![number, revision, ends.next_position()])?;
                    transaction.execute("DELETE FROM feed_tags WHERE feed = ?1", [number])?;
                    show(transaction, revision, number)?;
                }
                let before = state(transaction, number)?;
                let after = united(before.clone(), subscription);
                if after != before {
                    describe(transaction, revision, number, &after)?;
                }
                changes.push(FeedChange { feed: number, before: known, after: chosen(transaction, number)? });
                match (subscribed, after != before) {
                    (false, _) => done.new += 1,
                    (true, true) => done.changed += 1,
                    (true, false) => done.same += 1,
                }
            }
            record(transaction, reader, changes, &[])?;
            Ok(done)
        })
    }

    /// Returns the subscribed feed that moved away from an address.
    pub fn moved_from(&self, url: &str) -> Result<Option<KnownFeed>> {
        let sql = "SELECT feed FROM former_addresses WHERE address = ?1";
        let mut statement = self.connection.prepare_cached(sql)?;
        let number: Option<i64> = statement.query_row([same_address(url)], |row| row.get(0)).optional()?;
        let Some(number) = number.map(FeedNumber) else { return Ok(None) };
        Ok(self.feeds()?.into_iter().find(|feed| feed.number == number))
    }

    /// Stores a former address of a feed, unless another feed has it.
    pub fn add_former_address(&mut self, feed: FeedNumber, url: &str) -> Result<()> {
        let address = same_address(url);
        if self.feeds_with_entries()?.iter().any(|known| same_address(&known.subscription.url) == address) {
            return Ok(());
        }
        self.write(|transaction, _| {
            let sql = "INSERT OR REPLACE INTO former_addresses (address, feed) VALUES (?1, ?2)";
            transaction.execute(sql, params![address, feed.0])?;
            Ok(())
        })
    }

    /// Deletes a former address, so that another feed can use it.
    pub fn forget_former_address(&mut self, url: &str) -> Result<()> {
        self.write(|transaction, _| {
            transaction.execute("DELETE FROM former_addresses WHERE address = ?1", [same_address(url)])?;
            Ok(())
        })
    }

    /// Gives a feed another name, other tags, other settings, or another address.
    pub fn change_subscription(&mut self, feed: FeedNumber, to: &Subscription) -> Result<()> {
        self.change_subscriptions(&[(feed, to.clone())])
    }

    /// Changes several subscriptions, as one step of the journal.
    pub fn change_subscriptions(&mut self, wanted: &[(FeedNumber, Subscription)]) -> Result<()> {
        let reader = self.reader;
        self.write(|transaction, revision| {
            let mut changes = Vec::new();
            for (FeedNumber(feed), to) in wanted {
                let before = chosen(transaction, *feed)?;
                change(transaction, revision, *feed, to)?;
                let after = chosen(transaction, *feed)?;
                if before.is_some() {
                    changes.push(FeedChange { feed: *feed, before, after });
                }
            }
            record(transaction, reader, changes, &[])
        })
    }

    /// Ends subscriptions. Starred, tagged and noted entries stay listed. Entries that another feed has too now belong
    /// to that feed. The rest are hidden until the step leaves the journal, or deleted if there is no journal. Returns
    /// the number of entries that stay listed.
    pub fn unsubscribe(&mut self, feeds: &[KnownFeed]) -> Result<u32> {
        let reader = self.reader;
        self.write(|transaction, revision| {
            let (mut kept, mut changes, mut handed) = (0, Vec::new(), Vec::new());
            for FeedNumber(feed) in feeds.iter().map(|feed| feed.number) {
                let before = chosen(transaction, feed)?;
                kept += hide(transaction, revision, feed, &mut handed)?;
                if before.is_some() {
                    changes.push(FeedChange { feed, before, after: None });
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
            for change in &changes {
                let is_as_left = match (chosen(transaction, change.feed)?, &change.before) {
                    (Some(now), Some(before)) => now.is_chosen_like(before),
                    (now, before) => now.is_some() == before.is_some(),
                };
                if !is_as_left {
                    let feed = one_line(change.name());
                    return refused(name, format!("another program changed the subscription to \"{feed}\" since"));
                }
            }
            let handed_before = handed.and_then(|json| serde_json::from_str::<Vec<Handover>>(&json).ok());
            let mut handed = Vec::new();
            for FeedChange { feed, before, after } in &changes {
                match after {
                    None => drop(hide(transaction, revision, *feed, &mut handed)?),
                    Some(state) => {
                        if before.is_none() {
                            for handed in handed_before.iter().flatten().filter(|handed| handed.feed == *feed).rev() {
                                reverse_hand_on(transaction, revision, *handed)?;
                            }
                            let again = "UPDATE feeds SET subscribed = 1, position = ?2 WHERE id = ?1";
                            transaction.execute(again, params![feed, state.position])?;
                            show(transaction, revision, *feed)?;
                        }
                        restore(transaction, revision, *feed, &state.subscription)?;
                    }
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
        let last = "SELECT coalesce(max(revision), 0) FROM feeds";
        Ok(self.connection.prepare_cached(last)?.query_row([], |row| row.get(0))?)
    }
}

/// An entry of an unsubscribed feed, and the entry of another feed that now stands for it.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) struct Handover {
    feed: i64,
    from: i64,
    heir: i64,
}

/// Returns a subscription for the journal; `None` if the feed is not subscribed to.
fn chosen(transaction: &Transaction<'_>, feed: i64) -> Result<Option<FeedState>> {
    let position = "SELECT position FROM feeds WHERE id = ?1 AND subscribed = 1";
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

/// Deletes hidden entries that no step of the journal can bring back.
pub(super) fn purge(transaction: &Transaction<'_>) -> Result<()> {
    let gone = "DELETE FROM entries WHERE dropped >= 2 AND feed NOT IN (SELECT feed FROM journal_feeds)";
    transaction.prepare_cached(gone)?.execute([])?;
    Ok(())
}

/// Ends a subscription and hides its entries. Returns the number of entries that stay listed.
fn hide(transaction: &Transaction<'_>, revision: i64, feed: i64, handed: &mut Vec<Handover>) -> Result<u32> {
    transaction.execute("UPDATE feeds SET subscribed = 0, revision = ?2 WHERE id = ?1", params![feed, revision])?;
    let going = format!(
        "SELECT id FROM entries WHERE feed = ?1 AND dropped = 0 AND same_as IS NULL AND NOT {IS_KEPT}
         AND id IN (SELECT same_as FROM entries WHERE same_as IS NOT NULL AND dropped = 0)"
    );
    let mut statement = transaction.prepare_cached(&going)?;
    let shared: Vec<i64> = statement.query_map([feed], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
    for from in shared {
        let heir = hand_on(transaction, revision, feed, from)?;
        handed.extend(heir.map(|heir| Handover { feed, from, heir }));
    }
    let hidden = format!(
        "UPDATE entries SET dropped = dropped + 2
         WHERE feed = ?1 AND dropped < 2 AND (dropped = 1 OR same_as IS NOT NULL OR NOT {IS_KEPT})"
    );
    transaction.execute(&hidden, [feed])?;
    let left = "SELECT count(*) FROM entries WHERE feed = ?1 AND dropped = 0";
    Ok(transaction.query_row(left, [feed], |row| row.get(0))?)
}

/// Shows the hidden entries of a feed again. If another feed now has an entry too, the shown one becomes a repetition
/// of it.
fn show(transaction: &Transaction<'_>, revision: i64, feed: i64) -> Result<()> {
    transaction.execute("UPDATE feeds SET revision = ?2 WHERE id = ?1", params![feed, revision])?;
    let hidden = "UPDATE entries SET dropped = dropped - 2, revision = ?2 WHERE feed = ?1 AND dropped >= 2
        RETURNING number, link, guid";
    let mut statement = transaction.prepare_cached(hidden)?;
    let rows = statement.query_map(params![feed, revision], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    let shown: Vec<(i64, Option<i64>, Option<i64>)> = rows.collect::<rusqlite::Result<_>>()?;
    let alone = "UPDATE entries SET same_as = NULL WHERE feed = ?1 AND same_as IS NOT NULL
        AND same_as NOT IN (SELECT id FROM entries WHERE dropped = 0)";
    transaction.execute(alone, [feed])?;
    let repeats = "UPDATE entries SET same_as = ?2 WHERE number = ?1 AND same_as IS NULL AND dropped = 0
        AND NOT EXISTS (SELECT 1 FROM entries AS other WHERE other.same_as = entries.id)";
    let mut statement = transaction.prepare_cached(repeats)?;
    for (number, link, guid) in shown {
        let sums = |sum: Option<i64>| sum.map(super::marks::unsigned).into_iter().collect::<Vec<_>>();
        if let Some(first) = same(transaction, FeedNumber(feed), Some(number), &sums(link), &sums(guid))? {
            statement.execute([number, first])?;
        }
    }
    Ok(())
}

/// Changes a subscription.
fn change(transaction: &Transaction<'_>, revision: i64, feed: i64, to: &Subscription) -> Result<()> {
    let before = state(transaction, feed)?;
    if (before.keep_count, before.keep_days) != (to.keep_count, to.keep_days) {
        // Dropped entries may return, if the feed still has them and the new limits allow it.
        transaction.execute("DELETE FROM entries WHERE feed = ?1 AND dropped = 1", [feed])?;
        transaction.execute("UPDATE feeds SET etag = NULL, last_modified = NULL WHERE id = ?1", [feed])?;
    }
    describe(transaction, revision, feed, to)
}

/// Restores the name, tags and settings that the reader chose. The address and the feed's own title stay.
fn restore(transaction: &Transaction<'_>, revision: i64, feed: i64, was: &Subscription) -> Result<()> {
    let Subscription { own_title, tags, full_text, keep_count, keep_days, .. } = was.clone();
    let now = state(transaction, feed)?;
    let to = Subscription { own_title, tags, full_text, keep_count, keep_days, ..now };
    change(transaction, revision, feed, &to)
}

/// Replaces an entry by the first repetition of it in another feed, which gets its marks. Returns that entry.
fn hand_on(transaction: &Transaction<'_>, revision: i64, feed: i64, from: i64) -> Result<Option<i64>> {
    let heir = "SELECT id FROM entries WHERE same_as = ?1 AND dropped = 0 AND feed <> ?2 ORDER BY number LIMIT 1";
    let Some(heir) = transaction.query_row(heir, [from, feed], |row| row.get::<_, i64>(0)).optional()? else {
        return Ok(None);
    };
    move_marks(transaction, revision, from, heir)?;
    let others = "UPDATE entries SET same_as = nullif(?2, id), revision = ?3 WHERE same_as = ?1";
    transaction.execute(others, params![from, heir, revision])?;
    Ok(Some(heir))
}

/// Reverses [`hand_on`]: the entry gets its marks back, and its heir repeats it again.
fn reverse_hand_on(transaction: &Transaction<'_>, revision: i64, Handover { from, heir, .. }: Handover) -> Result<()> {
    move_marks(transaction, revision, heir, from)?;
    let others = "UPDATE entries SET same_as = nullif(?1, id), revision = ?3
        WHERE same_as = ?2 OR id = ?1 OR id = ?2";
    transaction.execute(others, params![from, heir, revision])?;
    Ok(())
}

fn move_marks(transaction: &Transaction<'_>, revision: i64, from: i64, to: i64) -> Result<()> {
    let cleared = "DELETE FROM articles WHERE id = ?2 AND EXISTS (SELECT 1 FROM articles WHERE id = ?1)";
    transaction.execute(cleared, params![from, to])?;
    transaction.execute("UPDATE articles SET id = ?2, revision = ?3 WHERE id = ?1", params![from, to, revision])?;
    Ok(())
}

fn feed(row: &Row<'_>) -> rusqlite::Result<KnownFeed> {
    let (extra, flaws): (Option<String>, Option<String>) = (row.get(10)?, row.get(21)?);
    Ok(KnownFeed {
        number: FeedNumber(row.get(0)?),
        seed: super::marks::unsigned(row.get(1)?),
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
        health: Health {
            tried_at: row.get(13)?,
            succeeded_at: row.get(14)?,
            due_at: row.get(15)?,
            error: row.get(16)?,
            standing: match row.get(17)? {
                0 => Standing::Welcome,
                2 => Standing::Busy,
                _ => Standing::Gone,
            },
        },
        flaws: flaws.and_then(|flaws| serde_json::from_str(&flaws).ok()).unwrap_or_default(),
    })
}

/// Changes the address of a feed that has moved, and stores the former one. If another feed already has the new
/// address, nothing changes.
pub(super) fn moved(transaction: &Transaction<'_>, revision: i64, feed: FeedNumber, to: &str) -> Result<()> {
    let sql = "SELECT url FROM feeds WHERE id = ?1";
    let from: String = transaction.prepare_cached(sql)?.query_row([feed.0], |row| row.get(0))?;
    let sql = "UPDATE OR IGNORE feeds SET url = ?2, revision = ?3 WHERE id = ?1 AND url <> ?2";
    if transaction.prepare_cached(sql)?.execute(params![feed.0, to, revision])? == 0 {
        return Ok(());
    }
    let (from, to) = (same_address(&from), same_address(to));
    transaction.execute("DELETE FROM former_addresses WHERE address = ?1", [&to])?;
    if from != to {
        let sql = "INSERT OR REPLACE INTO former_addresses (address, feed) VALUES (?1, ?2)";
        transaction.execute(sql, params![from, feed.0])?;
    }
    Ok(())
}

/// Returns the current subscription.
fn state(transaction: &Transaction<'_>, number: i64) -> Result<Subscription> {
    let mut known = transaction.prepare_cached(&format!("{FEEDS} WHERE feeds.id = ?1"))?.query_row([number], feed)?;
    let mut statement = transaction.prepare_cached("SELECT tag FROM feed_tags WHERE feed = ?1 ORDER BY position")?;
    known.subscription.tags = statement.query_map([number], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
    Ok(known.subscription)
}

/// Merges two subscriptions to the same feed. The second one wins.
fn united(mut known: Subscription, new: &Subscription) -> Subscription {
    for tag in new.tags.iter().map(|tag| tag_name(tag)) {
        if !known.tags.contains(&tag) {
            known.tags.push(tag);
        }
    }
    if known.title.is_empty() {
        known.title.clone_from(&new.title);
    }
    // A name that equals the feed's own title is not the reader's choice.
    let given = new.own_title.clone().filter(|own| *own != known.title);
    known.own_title = given.or(known.own_title);
    known.page = known.page.or_else(|| new.page.clone());
    known.description = known.description.or_else(|| new.description.clone());
    known.full_text |= new.full_text;
    known.keep_count = new.keep_count.or(known.keep_count);
    known.keep_days = new.keep_days.or(known.keep_days);
    known.login = new.login.clone().or(known.login);
    if !new.extra.is_empty() {
        known.extra.clone_from(&new.extra);
    }
    known
}

/// The last position and the seeds of all feeds. Read once, because neither column has an index.
struct Ends {
    position: i64,
    seeds: HashSet<i64>,
}

impl Ends {
    fn of(transaction: &Transaction<'_>) -> Result<Ends> {
        let last = "SELECT coalesce(max(position), 0) FROM feeds";
        let position = transaction.query_row(last, [], |row| row.get(0))?;
        let mut statement = transaction.prepare("SELECT seed FROM feeds")?;
        let seeds = statement.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
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
    let new = "INSERT INTO feeds (revision, seed, url, position) VALUES (?1, ?2, ?3, ?4)";
    // A feed that has moved away from this address keeps the seed of the address.
    let mut seed = signed(xxh3_64(subscription.url.as_bytes()));
    while !ends.seeds.insert(seed) {
        seed = signed(xxh3_64(&seed.to_le_bytes()));
    }
    transaction.prepare_cached(new)?.execute(params![revision, seed, subscription.url, ends.next_position()])?;
    let number = transaction.last_insert_rowid();
    describe(transaction, revision, number, subscription)?;
    Ok(number)
}

fn describe(transaction: &Transaction<'_>, revision: i64, number: i64, to: &Subscription) -> Result<()> {
    let extra = (!to.extra.is_empty()).then(|| serde_json::to_string(&to.extra).unwrap_or_default());
    let change = "UPDATE feeds SET revision = ?2, url = ?3, title = ?4, own_title = ?5, page = ?6, description = ?7,
        full_text = ?8, keep_count = ?9, keep_days = ?10, extra = ?11 WHERE id = ?1";
    transaction.prepare_cached(change)?.execute(params![
        number,
        revision,
        to.url,
        one_line(&redact(&to.title)),
        to.own_title.as_deref().map(|title| one_line(&redact(title))),
        to.page,
        to.description,
        to.full_text,
        to.keep_count,
        to.keep_days,
        extra
    ])?;
    if let Some(login) = &to.login {
        logins::save(transaction, number, login)?;
    }
    transaction.prepare_cached("DELETE FROM feed_tags WHERE feed = ?1")?.execute([number])?;
    let mut statement = transaction.prepare_cached("INSERT OR IGNORE INTO feed_tags VALUES (?1, ?2, ?3)")?;
    for (position, tag) in (0_i64..).zip(&to.tags) {
        let tag = tag_name(tag);
        if !tag.is_empty() {
            statement.execute(params![number, position, tag])?;
        }
    }
    Ok(())
}

/// Writes down how a feed was found to be when it was tried.
pub(super) fn tried(transaction: &Transaction<'_>, feed: FeedNumber, health: &Health) -> Result<()> {
    let change = "UPDATE feeds SET tried_at = coalesce(?2, tried_at), succeeded_at = coalesce(?3, succeeded_at),
        due_at = ?4, error = ?5, dead = ?6 WHERE id = ?1";
    let Health { tried_at, succeeded_at, due_at, error, standing } = health;
    let standing = match standing {
        Standing::Welcome => 0,
        Standing::Gone => 1,
        Standing::Busy => 2,
    };
    transaction.prepare_cached(change)?.execute(params![feed.0, tried_at, succeeded_at, due_at, error, standing])?;
    Ok(())
}
