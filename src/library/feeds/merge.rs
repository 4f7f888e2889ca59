//! Merging two subscriptions that turn out to be one feed: one of them moved to the address of the other.

use std::collections::{HashMap, HashSet};

use rusqlite::{Row, Transaction, params};

use super::change::{change, forget_dropped};
use super::duplicates::merge_marks;
use super::entries::prepared::IMPORTED;
use super::model::FeedId;
use super::read::read_subscription;
use super::visibility::show;
use crate::article::ArticleId;
use crate::library::error::Result;
use crate::library::journal::steps::rename_articles;
use crate::library::sqlite::rows;
use crate::library::sqlite::values::{signed, unsigned};
use crate::subscriptions::{Subscription, same_address};

/// Two feeds that were merged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MergedFeeds {
    /// The feed that has the entries of both.
    pub number: FeedId,
    /// The name of the subscription that ended.
    pub ended: String,
    /// The name of the feed that has the entries of both.
    pub name: String,
}

/// Changes the address of a feed that has moved, and stores the former one. If another feed already has the new
/// address, the two are one feed and are merged.
pub(crate) fn change_address(
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

/// Merges the subscription `gone` into `stays`, which gets its entries, marks, tags and former addresses, and its name and
/// login if it has none.
pub(crate) fn merge(transaction: &Transaction<'_>, revision: i64, gone: i64, stays: i64) -> Result<MergedFeeds> {
    let (ended, mut before) = (read_subscription(transaction, gone)?, read_subscription(transaction, stays)?);
    let is_subscribed = "SELECT 1 FROM feeds WHERE id = ?1 AND subscribed = 1";
    let is_subscribed = transaction.prepare_cached(is_subscribed)?.exists([stays])?;
    if !is_subscribed {
        // The settings of an earlier, ended subscription no longer apply.
        transaction.execute("DELETE FROM feed_tags WHERE feed = ?1", [stays])?;
        before.tags.clear();
        let again = "UPDATE feeds SET subscribed = 1, position = (SELECT position FROM feeds WHERE id = ?2),
            error = NULL, dead = 0, etag = NULL, last_modified = NULL WHERE id = ?1";
        transaction.execute(again, [stays, gone])?;
        show(transaction, revision, stays)?;
    }
    let after = union_of(&before, &ended, is_subscribed);
    change(transaction, revision, stays, &before, &after)?;
    if (ended.keep_count, ended.keep_days) != (after.keep_count, after.keep_days) {
        forget_dropped(transaction, revision, gone)?;
        forget_dropped(transaction, revision, stays)?;
    }
    merge_entries(transaction, revision, gone, stays)?;
    let former = "UPDATE former_addresses SET feed = ?2 WHERE feed = ?1";
    transaction.execute(former, [gone, stays])?;
    transaction.execute("DELETE FROM former_addresses WHERE address = ?1", [same_address(&before.url)])?;
    let former = "INSERT OR REPLACE INTO former_addresses (address, feed) VALUES (?1, ?2)";
    transaction.execute(former, params![same_address(&ended.url), stays])?;
    // The row stays for its seed, by which entries are found. Its address may be used again.
    let end = "UPDATE feeds SET subscribed = 0, merged_into = ?2, url = 'merged:' || id, etag = NULL,
        last_modified = NULL, error = NULL, revision = ?3, fetch_revision = ?3 WHERE id = ?1";
    transaction.execute(end, params![gone, stays, revision])?;
    transaction.execute("UPDATE feeds SET merged_into = ?2 WHERE merged_into = ?1", [gone, stays])?;
    transaction.execute("DELETE FROM feed_tags WHERE feed = ?1", [gone])?;
    transaction.execute("DELETE FROM logins WHERE feed = ?1", [gone])?;
    let refetch = "UPDATE feeds SET revision = ?2, fetch_revision = ?2, due_at = NULL WHERE id = ?1";
    transaction.execute(refetch, params![stays, revision])?;
    let name = read_subscription(transaction, stays)?.name().to_owned();
    Ok(MergedFeeds { number: FeedId(stays), ended: ended.name().to_owned(), name })
}

/// Returns the subscription with what the other adds to it. Uses the larger of the two limits.
fn union_of(stays: &Subscription, ended: &Subscription, is_subscribed: bool) -> Subscription {
    let Subscription { own_title, full_text, keep_count, keep_days, .. } = ended.clone();
    let mut union = Subscription { own_title, full_text, keep_count, keep_days, ..stays.clone() };
    if is_subscribed {
        union.own_title = stays.own_title.clone().or(union.own_title);
        union.full_text |= stays.full_text;
        union.keep_count = stays.keep_count.zip(union.keep_count).map(|(one, other)| one.max(other));
        union.keep_days = stays.keep_days.zip(union.keep_days).map(|(one, other)| one.max(other));
    }
    if union.title.is_empty() {
        union.title.clone_from(&ended.title);
    }
    union.login = stays.login.clone().or_else(|| ended.login.clone());
    for tag in &ended.tags {
        if !union.tags.contains(tag) {
            union.tags.push(tag.clone());
        }
    }
    for attribute in &ended.extra {
        if union.extra.iter().all(|(name, _)| *name != attribute.0) {
            union.extra.push(attribute.clone());
        }
    }
    union
}

/// A stored entry of one of the feeds.
#[derive(Clone, Copy, Debug)]
struct MergedEntry {
    number: i64,
    id: i64,
    same_as: Option<i64>,
    link: Option<i64>,
    guid: Option<i64>,
    content: i64,
    is_listed: bool,
}

fn merge_entries(transaction: &Transaction<'_>, revision: i64, gone: i64, stays: i64) -> Result<()> {
    let pairs = pairs(&entries(transaction, gone)?, &entries(transaction, stays)?);
    transaction
        .execute("UPDATE entries SET feed = ?2, revision = ?3 WHERE feed = ?1", params![gone, stays, revision])?;
    transaction.execute("UPDATE OR IGNORE entry_keys SET feed = ?2 WHERE feed = ?1", [gone, stays])?;
    transaction.execute("DELETE FROM entry_keys WHERE feed = ?1", [gone])?;
    let mut renamed = HashMap::new();
    for (of_gone, of_stays) in pairs {
        let stays_first = of_stays.same_as != Some(of_gone.id) || !of_gone.is_listed;
        if stays_first && (of_stays.is_listed || !of_gone.is_listed) {
            let shown = merge_entry(transaction, revision, stays, &of_stays, &of_gone)?;
            renamed.insert(ArticleId(unsigned(of_gone.id)), ArticleId(unsigned(shown)));
        } else {
            // The text is that of the address that both have now.
            copy_text(transaction, &of_gone, &of_stays)?;
            let shown = merge_entry(transaction, revision, stays, &of_gone, &of_stays)?;
            renamed.insert(ArticleId(unsigned(of_stays.id)), ArticleId(unsigned(shown)));
        }
    }
    rename_articles(transaction, &renamed)?;
    // No entry of a feed repeats another one of it.
    let alone = "UPDATE entries SET same_as = NULL
        WHERE feed = ?1 AND same_as IN (SELECT id FROM entries WHERE feed = ?1)";
    transaction.execute(alone, [stays])?;
    Ok(())
}

fn entries(transaction: &Transaction<'_>, feed: i64) -> Result<Vec<MergedEntry>> {
    let sql = "SELECT number, id, same_as, link, guid, content, dropped FROM entries WHERE feed = ?1 ORDER BY number";
    let mut statement = transaction.prepare(sql)?;
    let read = |row: &Row<'_>| {
        Ok(MergedEntry {
            number: row.get(0)?,
            id: row.get(1)?,
            same_as: row.get(2)?,
            link: row.get(3)?,
            guid: row.get(4)?,
            content: row.get(5)?,
            is_listed: row.get::<_, i64>(6)? == 0,
        })
    };
    rows::read(&mut statement, [feed], "entries", read)
}

/// Returns what two entries have in common if they are the same.
type EntryKeyOf<'k> = &'k dyn Fn(&MergedEntry) -> Option<i64>;

/// Returns the entries that both feeds have: those known to be the same, then those with the same link, id or text,
/// if only one entry of each feed has it.
fn pairs(gone: &[MergedEntry], stays: &[MergedEntry]) -> Vec<(MergedEntry, MergedEntry)> {
    let shown = |entry: &MergedEntry| Some(entry.same_as.unwrap_or(entry.id));
    let keys: [EntryKeyOf<'_>; 4] = [&shown, &|entry| entry.link, &|entry| entry.guid, &|entry| {
        Some(entry.content).filter(|content| *content != signed(IMPORTED))
    }];
    let (mut pairs, mut taken) = (Vec::new(), HashSet::new());
    for key in keys {
        let by_key = |entries: &[MergedEntry]| {
            let mut found: HashMap<i64, Option<MergedEntry>> = HashMap::new();
            for entry in entries {
                if let Some(key) = key(entry) {
                    found.entry(key).and_modify(|found| *found = None).or_insert(Some(*entry));
                }
            }
            found
        };
        let (gone, stays) = (by_key(gone), by_key(stays));
        for (key, of_gone) in gone {
            if let (Some(of_gone), Some(Some(of_stays))) = (of_gone, stays.get(&key))
                && !taken.contains(&of_gone.number)
                && !taken.contains(&of_stays.number)
            {
                taken.extend([of_gone.number, of_stays.number]);
                pairs.push((of_gone, *of_stays));
            }
        }
    }
    pairs
}

/// Replaces an entry by another one of the feed, which gets its keys and the texts that it lacks. The entry that is
/// shown for that one gets the marks; returns its identity.
fn merge_entry(
    transaction: &Transaction<'_>,
    revision: i64,
    feed: i64,
    stays: &MergedEntry,
    gone: &MergedEntry,
) -> Result<i64> {
    // A repetition has no marks of its own, unless entries are shown in each of their feeds.
    let shown = stays.same_as.filter(|first| gone.same_as.is_none() && *first != gone.id).unwrap_or(stays.id);
    let texts = "UPDATE entry_texts SET former = coalesce(entry_texts.former, other.former),
            shows_full = CASE WHEN entry_texts.full IS NULL THEN other.shows_full ELSE entry_texts.shows_full END,
            full = coalesce(entry_texts.full, other.full)
        FROM entry_texts AS other WHERE entry_texts.entry = ?1 AND other.entry = ?2";
    transaction.prepare_cached(texts)?.execute([stays.number, gone.number])?;
    merge_marks(transaction, revision, gone.id, shown)?;
    let others = "UPDATE entries SET same_as = nullif(?2, id), revision = ?3 WHERE same_as = ?1";
    transaction.prepare_cached(others)?.execute(params![gone.id, shown, revision])?;
    let keys = "UPDATE entry_keys SET entry = ?2 WHERE entry = ?1";
    transaction.prepare_cached(keys)?.execute([gone.number, stays.number])?;
    // It was found under its identity.
    let keys = "INSERT OR IGNORE INTO entry_keys (feed, key, entry) VALUES (?1, ?2, ?3)";
    transaction.prepare_cached(keys)?.execute([feed, gone.id, stays.number])?;
    transaction.prepare_cached("DELETE FROM entries WHERE number = ?1")?.execute([gone.number])?;
    Ok(shown)
}

/// Gives an entry the text of another.
fn copy_text(transaction: &Transaction<'_>, to: &MergedEntry, from: &MergedEntry) -> Result<()> {
    if from.content == signed(IMPORTED) {
        return Ok(());
    }
    let text = "UPDATE entry_texts SET article = other.article
        FROM entry_texts AS other WHERE entry_texts.entry = ?1 AND other.entry = ?2";
    if transaction.prepare_cached(text)?.execute([to.number, from.number])? > 0 {
        let change = "UPDATE entries SET content = other.content, link = other.link, guid = other.guid,
                published = other.published, zone = other.zone
            FROM entries AS other WHERE entries.number = ?1 AND other.number = ?2";
        transaction.prepare_cached(change)?.execute([to.number, from.number])?;
    }
    Ok(())
}
