//! Changes of a subscription and of the state of a feed.

use rusqlite::{ToSql, Transaction, params};

use super::model::{FeedId, FetchPolicy, FetchStatus};
use crate::library::error::Result;
use crate::library::feeds::logins;
use crate::subscriptions::{Subscription, one_line, redact, tag_name};

/// Changes a subscription.
pub(crate) fn change(
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
pub(crate) fn forget_dropped(transaction: &Transaction<'_>, revision: i64, feed: i64) -> Result<()> {
    transaction.execute("DELETE FROM entries WHERE feed = ?1 AND dropped = 1", [feed])?;
    let refetch = "UPDATE feeds SET etag = NULL, last_modified = NULL, fetch_revision = ?2 WHERE id = ?1";
    transaction.execute(refetch, params![feed, revision])?;
    Ok(())
}

/// Writes those parts of a subscription that differ.
pub(crate) fn write_changes(
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
pub(crate) fn write_status(transaction: &Transaction<'_>, feed: FeedId, health: &FetchStatus) -> Result<()> {
    let change = "UPDATE feeds SET tried_at = coalesce(?2, tried_at), succeeded_at = coalesce(?3, succeeded_at),
        due_at = ?4, error = ?5, dead = ?6 WHERE id = ?1";
    let FetchStatus { tried_at, succeeded_at, due_at, error, policy } = health;
    let policy = match policy {
        FetchPolicy::Normal => 0,
        FetchPolicy::Gone => 1,
        FetchPolicy::RateLimited => 2,
    };
    transaction.prepare_cached(change)?.execute(params![feed.0, tried_at, succeeded_at, due_at, error, policy])?;
    Ok(())
}
