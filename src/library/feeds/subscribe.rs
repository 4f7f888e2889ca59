//! Subscribes to feeds, changes subscriptions and ends them.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};

use rusqlite::{Row, Transaction, params};
use xxhash_rust::xxh3::xxh3_64;

use super::change::{change, write_changes};
use super::duplicates::Handover;
use super::model::{FeedId, KnownFeed, SubscribeCounts};
use super::read::{feed_state, read_feeds, read_subscription};
use super::visibility::{hide, purge, show};
use crate::journal::{FeedChange, StepChange, name_of_feeds};
use crate::library::database::Library;
use crate::library::error::Result;
use crate::library::journal::reader_lock::ReaderId;
use crate::library::journal::steps::insert_step;
use crate::library::sqlite::rows;
use crate::library::sqlite::values::signed;
use crate::subscriptions::{Subscription, same_address, tag_name};

impl Library {
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
                // Another program may have changed the subscription or ended it in the meantime.
                let Some(before) = feed_state(transaction, *feed)? else { continue };
                change(transaction, revision, *feed, &before.subscription, &edit(before.subscription.clone()))?;
                let after = feed_state(transaction, *feed)?;
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
            let (mut listed, mut changes, mut handovers) = (0, Vec::new(), Vec::new());
            for FeedId(feed) in feeds.iter().map(|feed| feed.number) {
                if let Some(before) = feed_state(transaction, feed)? {
                    listed += hide(transaction, revision, feed, &mut handovers)?;
                    changes.push(FeedChange { feed, before: Some(before), after: None });
                }
            }
            record(transaction, reader, changes, &handovers)?;
            purge(transaction)?;
            Ok(listed)
        })
    }
}

/// Subscribes to feeds within a transaction. With `replaces`, given names and settings replace those of existing
/// subscriptions. Returns the number of each feed.
pub(crate) fn subscribe(
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
                changes.push(FeedChange { feed: number, before: None, after: feed_state(transaction, number)? });
                done.new += 1;
                continue;
            }
        };
        numbers.push(number);
        let mut again = || subscribe_again(transaction, revision, (number, subscription), replaces, &mut ends);
        // An unreadable feed must not prevent the import of the others.
        let again = match wanted.len() {
            1 => Some(again()?),
            _ => rows::in_savepoint(transaction, "feeds", &subscription.url, again)?,
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
    let known_before = feed_state(transaction, number)?;
    let is_subscribed = known_before.is_some();
    if !is_subscribed {
        let again = "UPDATE feeds SET subscribed = 1, revision = ?2, error = NULL, dead = 0, etag = NULL,
            last_modified = NULL, due_at = NULL, position = ?3 WHERE id = ?1";
        transaction.execute(again, params![number, revision, ends.next_position()])?;
        transaction.execute("DELETE FROM feed_tags WHERE feed = ?1", [number])?;
        show(transaction, revision, number)?;
    }
    let before = read_subscription(transaction, number)?;
    let after = with_additions(&before, subscription, replaces || !is_subscribed);
    write_changes(transaction, revision, number, &before, &after)?;
    let change = FeedChange { feed: number, before: known_before, after: feed_state(transaction, number)? };
    Ok((change, after != before))
}

/// Returns a subscription with what a new one to the same feed adds. With `replaces`, the name, login and settings of
/// the new one win.
fn with_additions(known: &Subscription, new: &Subscription, replaces: bool) -> Subscription {
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

/// Records a step in the journal. Hidden entries of its feeds stay in the library while it is there.
fn record(
    transaction: &Transaction<'_>,
    reader: Option<ReaderId>,
    mut changes: Vec<FeedChange>,
    handovers: &[Handover],
) -> Result<()> {
    let is_chosen = |change: &FeedChange| match (&change.before, &change.after) {
        (Some(before), Some(after)) => !before.is_chosen_like(after),
        (_, _) => true,
    };
    changes.retain(is_chosen);
    let Some(reader) = reader.filter(|_| !changes.is_empty()) else { return Ok(()) };
    let feeds: Vec<i64> = changes.iter().map(|change| change.feed).collect();
    let name = name_of_feeds(&changes);
    let handovers = (!handovers.is_empty()).then(|| serde_json::to_string(handovers).unwrap_or_default());
    let step = insert_step(transaction, reader, &name, &StepChange::Feeds(changes), handovers.as_deref())?;
    let mut hold = transaction.prepare_cached("INSERT OR IGNORE INTO journal_feeds (step, feed) VALUES (?1, ?2)")?;
    for feed in feeds {
        hold.execute([step, feed])?;
    }
    Ok(())
}
