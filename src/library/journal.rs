//! The stored journal: the steps of each reader, and the data that they deleted, until they leave the journal.

pub(super) mod reader_lock;
pub(super) mod steps;

use rusqlite::{OptionalExtension, Transaction, params};
use serde::{Deserialize, Serialize};

use super::database::Library;
use super::error::Result;
use super::feeds::visibility::purge;
use super::marks::writer::MarkWriter;
use super::marks::{ArticleRecord, ExternalChanges};
use super::searches::{change_search, delete_search, read_searches, upsert_search};
use super::sqlite::rows;
use super::sqlite::values::{signed, unsigned};
use crate::article::ArticleId;
use crate::journal::{ArticleIds, JournalEntry, STEPS, SearchChange, Step, StepChange};
use crate::marks::MarkChange;
use crate::query::SavedSearch;
use reader_lock::ReaderId;
use steps::insert_step;

/// A search that a step deleted.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct DeletedSearch {
    name: String,
    position: i64,
    reported: ArticleIds,
}

impl Library {
    /// Transfers the steps of readers that no longer run to `reader`. Returns all steps of `reader`: first those that
    /// can be undone, oldest first, then the undone ones.
    pub fn adopt_steps(
        &mut self,
        reader: ReaderId,
        is_running: &dyn Fn(ReaderId) -> bool,
    ) -> Result<Vec<(Step, bool)>> {
        let others: Vec<i64> = {
            let mut statement = self.connection.prepare("SELECT DISTINCT reader FROM journal WHERE reader <> ?1")?;
            rows::read(&mut statement, [reader.0], "journal", |row| row.get(0))?
        };
        let ended: Vec<i64> = others.into_iter().filter(|&other| !is_running(ReaderId(other))).collect();
        if !ended.is_empty() && self.newer.is_none() {
            self.write(|transaction, _| adopt(transaction, reader, &ended))?;
        }
        let sql = "SELECT id, number, undone, name, change FROM journal WHERE reader = ?1 AND number IS NOT NULL
                   ORDER BY undone, number";
        let mut statement = self.connection.prepare(sql)?;
        let steps = rows::read(&mut statement, [reader.0], "journal", |row| {
            let Ok(change) = serde_json::from_str(row.get_ref(4)?.as_str().unwrap_or("")) else { return Ok(None) };
            let step = Step { row: Some(row.get(0)?), number: row.get(1)?, name: row.get(3)?, change };
            Ok(Some((step, row.get(2)?)))
        })?;
        Ok(steps.into_iter().flatten().collect())
    }

    /// Reads the steps of all readers.
    pub(super) fn check_journal(&self) -> Result<()> {
        let sql = "SELECT id, reader, number, undone, name, change FROM journal";
        let mut statement = self.connection.prepare(sql)?;
        let step = |row: &rusqlite::Row<'_>| -> rusqlite::Result<(i64, i64, Option<i64>, bool, String, String)> {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?, row.get(5)?))
        };
        rows::read(&mut statement, [], "journal", step).map(drop)
    }

    /// Returns the steps of a reader that were stored after this row and have no number yet: row, name and change.
    pub fn new_steps(&self, reader: ReaderId, after: i64) -> Result<Vec<(i64, String, StepChange)>> {
        let sql = "SELECT id, name, change FROM journal WHERE reader = ?1 AND number IS NULL AND id > ?2 ORDER BY id";
        let mut statement = self.connection.prepare(sql)?;
        let steps = rows::read(&mut statement, params![reader.0, after], "journal", |row| {
            let Ok(change) = serde_json::from_str(row.get_ref(2)?.as_str().unwrap_or("")) else { return Ok(None) };
            Ok(Some((row.get(0)?, row.get(1)?, change)))
        })?;
        Ok(steps.into_iter().flatten().collect())
    }

    /// Saves new searches, as one step if there is a journal. Existing searches stay as they are. Returns the given
    /// searches whose names are taken, each with the existing one.
    pub fn add_searches(&mut self, searches: Vec<SavedSearch>) -> Result<Vec<(SavedSearch, SavedSearch)>> {
        if searches.is_empty() {
            return Ok(Vec::new());
        }
        let reader = self.reader;
        self.write(|transaction, revision| {
            let (mut existing, mut changes, mut taken) = (read_searches(transaction)?, Vec::new(), Vec::new());
            for search in searches {
                if let Some(there) = existing.iter().find(|there| there.name == search.name) {
                    taken.push((search, there.clone()));
                    continue;
                }
                upsert_search(transaction, &search, revision)?;
                changes.push(SearchChange { before: None, after: Some(search.clone()), at: existing.len() });
                existing.push(search);
            }
            let name = match changes.as_slice() {
                [] => return Ok(taken),
                [only] => format!("save search \"{}\"", only.name()),
                several => format!("save {} searches", several.len()),
            };
            if let Some(reader) = reader {
                insert_step(transaction, reader, &name, &StepChange::Searches(changes), None)?;
            }
            Ok(taken)
        })
    }

    /// Saves changes of marks as [`save_marks`](Self::save_marks) does, and writes the journal in the same transaction.
    /// `since` is the value of [`recognised_at`](Self::recognised_at) when the changes were made.
    pub fn save_marks_with_journal(
        &mut self,
        reader: ReaderId,
        since: i64,
        changes: &[MarkChange],
        entries: &[JournalEntry],
        find_article: &mut dyn FnMut(ArticleId) -> Option<ArticleRecord>,
    ) -> Result<ExternalChanges> {
        if changes.is_empty() && entries.is_empty() {
            return Ok(ExternalChanges::default());
        }
        // In the order of the rows on the disk. The sort is stable, so changes of one article keep their order.
        let mut changes: Vec<&MarkChange> = changes.iter().collect();
        changes.sort_by_key(|marking| signed(marking.article.0));
        let (revision, news, fresh) = self.write(|transaction, revision| {
            for entry in entries {
                write_entry(transaction, reader, entry, None)?;
            }
            let mut writer = MarkWriter::new(transaction, revision)?.since(since);
            for marking in changes {
                writer.apply(marking, find_article)?;
            }
            let (news, fresh) = writer.finish()?;
            Ok((revision, news, fresh))
        })?;
        self.fresh.extend(fresh);
        if revision == self.seen + 1 {
            self.seen = revision;
        }
        Ok(news)
    }

    /// Changes saved searches and writes the journal in one transaction.
    pub fn change_searches(&mut self, reader: ReaderId, changes: &[SearchChange], entry: &JournalEntry) -> Result<()> {
        self.write(|transaction, revision| {
            let stored = "SELECT deleted FROM journal WHERE reader = ?1 AND number = ?2";
            let number = match entry {
                JournalEntry::Made(step, _) => step.number,
                JournalEntry::Undone(number) | JournalEntry::Redone(number) | JournalEntry::Dropped(number) => *number,
            };
            let mut statement = transaction.prepare_cached(stored)?;
            let stored: Option<Option<String>> =
                rows::first(&mut statement, params![reader.0, number], "journal", |row| row.get(0))?;
            let stored = stored.flatten().and_then(|json| serde_json::from_str::<Vec<DeletedSearch>>(&json).ok());
            let mut stored = stored.unwrap_or_default();
            let mut deleted = Vec::new();
            for change in changes {
                match (&change.before, &change.after) {
                    (_, None) => deleted.extend(remove_search_data(transaction, change.name())?),
                    (Some(before), Some(after)) => change_search(transaction, before, after)?,
                    (None, Some(search)) => {
                        let again = stored.iter().position(|deleted| deleted.name == search.name);
                        let again = again.map(|at| stored.swap_remove(at));
                        upsert_search(transaction, search, again.as_ref().map_or(revision, |again| again.position))?;
                        if let Some(again) = again {
                            let sql = "INSERT OR IGNORE INTO reported (search, article) VALUES (?1, ?2)";
                            let mut insert = transaction.prepare_cached(sql)?;
                            for article in &again.reported.0 {
                                insert.execute(params![again.name, signed(article.0)])?;
                            }
                        }
                    }
                }
            }
            let deleted = (!deleted.is_empty()).then(|| serde_json::to_string(&deleted).unwrap_or_default());
            write_entry(transaction, reader, entry, deleted.as_deref())
        })
    }
}

/// Deletes a search. Returns the data to restore it.
fn remove_search_data(transaction: &Transaction<'_>, name: &str) -> Result<Option<DeletedSearch>> {
    let position = "SELECT position FROM searches WHERE name = ?1";
    let Some(position) = transaction.query_row(position, [name], |row| row.get(0)).optional()? else {
        return Ok(None);
    };
    let mut statement = transaction.prepare("SELECT article FROM reported WHERE search = ?1")?;
    let reported = rows::read(&mut statement, [name], "reported", |row| Ok(ArticleId(unsigned(row.get(0)?))))?;
    let reported = ArticleIds(reported);
    delete_search(transaction, name)?;
    Ok(Some(DeletedSearch { name: name.to_owned(), position, reported }))
}

/// Writes an entry. `deleted` is the data that a new or redone step deleted.
fn write_entry(
    transaction: &Transaction<'_>,
    reader: ReaderId,
    entry: &JournalEntry,
    deleted: Option<&str>,
) -> Result<()> {
    match entry {
        JournalEntry::Made(step, dropped) => {
            let row = match step.row {
                Some(row) => row,
                None => insert_step(transaction, reader, &step.name, &step.change, deleted)?,
            };
            transaction
                .execute("UPDATE OR REPLACE journal SET number = ?2 WHERE id = ?1", params![row, step.number])?;
            drop_steps(transaction, reader, dropped)?;
        }
        JournalEntry::Undone(number) | JournalEntry::Redone(number) => {
            let undone = matches!(entry, JournalEntry::Undone(_));
            let sql = "UPDATE journal SET undone = ?3, deleted = ?4 WHERE reader = ?1 AND number = ?2";
            transaction.prepare_cached(sql)?.execute(params![reader.0, number, undone, deleted])?;
        }
        JournalEntry::Dropped(number) => drop_steps(transaction, reader, &[*number])?,
    }
    Ok(())
}

/// Removes steps from the journal, and hidden entries that only they could bring back.
fn drop_steps(transaction: &Transaction<'_>, reader: ReaderId, numbers: &[i64]) -> Result<()> {
    if numbers.is_empty() {
        return Ok(());
    }
    let sql = "DELETE FROM journal WHERE reader = ?1 AND number = ?2";
    let mut statement = transaction.prepare_cached(sql)?;
    for number in numbers {
        statement.execute(params![reader.0, number])?;
    }
    purge(transaction)
}

fn adopt(transaction: &Transaction<'_>, reader: ReaderId, ended: &[i64]) -> Result<()> {
    // Rows are in the order in which they were written.
    let mut steps: Vec<(bool, i64)> = Vec::new();
    let mut statement = transaction.prepare("SELECT undone, id FROM journal WHERE reader = ?1")?;
    for other in ended {
        steps.extend(rows::read(&mut statement, [other], "journal", |row| Ok((row.get(0)?, row.get(1)?)))?);
    }
    steps.sort_unstable();
    let surplus = steps.len().saturating_sub(STEPS);
    for (_, id) in steps.drain(..surplus) {
        transaction.execute("DELETE FROM journal WHERE id = ?1", [id])?;
    }
    // Use numbers below those of the reader's own steps.
    let first = -i64::try_from(steps.len()).unwrap_or(0);
    let mut statement = transaction.prepare("UPDATE journal SET reader = ?1, number = ?2 WHERE id = ?3")?;
    for (number, (_, id)) in (first..).zip(steps) {
        statement.execute(params![reader.0, number, id])?;
    }
    purge(transaction)
}
