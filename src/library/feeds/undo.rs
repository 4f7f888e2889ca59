//! Undoes and redoes steps that changed subscriptions.

use rusqlite::{OptionalExtension, Row, Transaction, params};

use super::change::change;
use super::duplicates::{Handover, reverse_transfer};
use super::read::{feed_state, read_subscription};
use super::visibility::{hide, show};
use crate::journal::{FeedChange, StepChange};
use crate::library::database::Library;
use crate::library::error::Result;
use crate::library::journal::steps::UndoneStep;
use crate::subscriptions::{Subscription, one_line};

impl Library {
    /// Undoes or redoes a step that changed subscriptions. Refuses if they have changed since.
    pub fn undo_feeds(&mut self, row: i64, undo: bool) -> Result<UndoneStep> {
        self.write(|transaction, revision| {
            let sql = "SELECT name, change, deleted FROM journal WHERE id = ?1";
            let read = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?));
            let found: Option<(String, String, Option<String>)> = transaction.query_row(sql, [row], read).optional()?;
            let refused = |name: String, reason: String| Ok(UndoneStep { name, refused: Some(reason) });
            let Some((name, change, handovers)) = found else {
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
                let now = feed_state(transaction, change.feed)?;
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
                    let reason = if is_merged {
                        format!("\"{feed}\" was merged with another subscription since")
                    } else {
                        format!("another program changed the subscription to \"{feed}\" since")
                    };
                    return refused(name, reason);
                };
                restored.push(restorable);
            }
            let earlier_handovers = handovers.and_then(|json| serde_json::from_str::<Vec<Handover>>(&json).ok());
            let mut handovers = Vec::new();
            for (FeedChange { feed, before, after }, restored) in changes.iter().zip(restored) {
                if after.is_none() {
                    hide(transaction, revision, *feed, &mut handovers)?;
                }
                if let (None, Some(state)) = (before, after) {
                    for handover in earlier_handovers.iter().flatten().filter(|handover| handover.feed == *feed).rev() {
                        reverse_transfer(transaction, revision, handover)?;
                    }
                    let again = "UPDATE feeds SET subscribed = 1, position = ?2 WHERE id = ?1";
                    transaction.execute(again, params![feed, state.position])?;
                    show(transaction, revision, *feed)?;
                }
                if let Some(to) = restored {
                    restore(transaction, revision, *feed, to)?;
                }
            }
            let handovers = (!handovers.is_empty()).then(|| serde_json::to_string(&handovers).unwrap_or_default());
            let sql = "UPDATE journal SET undone = ?2, deleted = ?3 WHERE id = ?1";
            transaction.execute(sql, params![row, undo, handovers])?;
            Ok(UndoneStep { name, refused: None })
        })
    }
}

/// Returns a subscription with the part of a change that concerns what the reader chose; `None` if that part was
/// changed otherwise since.
fn applied(now: &Subscription, before: &Subscription, after: &Subscription) -> Option<Subscription> {
    fn pick<T: PartialEq + Clone>(now: &T, before: &T, after: &T) -> Option<T> {
        if before == after { Some(now.clone()) } else { (now == before).then(|| after.clone()) }
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

/// Restores the name, tags and settings that the reader chose. The address and the feed's own title stay.
fn restore(transaction: &Transaction<'_>, revision: i64, feed: i64, was: Subscription) -> Result<()> {
    let Subscription { own_title, tags, full_text, keep_count, keep_days, .. } = was;
    let now = read_subscription(transaction, feed)?;
    let to = Subscription { own_title, tags, full_text, keep_count, keep_days, ..now.clone() };
    change(transaction, revision, feed, &now, &to)
}
