//! Steps in the stored journal, as other parts of the library add and change them.

use std::collections::HashMap;

use rusqlite::{Transaction, params};

use super::reader_lock::ReaderId;
use crate::article::ArticleId;
use crate::journal::StepChange;
use crate::library::error::Result;
use crate::library::sqlite::values::now;

/// The result of undoing or redoing a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UndoneStep {
    /// The name of the step.
    pub name: String,
    /// The reason, if it was refused.
    pub refused: Option<String>,
}

/// Stores a step without a number, which the reader assigns later. Returns the row.
pub(crate) fn insert_step(
    transaction: &Transaction<'_>,
    reader: ReaderId,
    name: &str,
    change: &StepChange,
    deleted: Option<&str>,
) -> Result<i64> {
    let change = serde_json::to_string(change).unwrap_or_default();
    let sql = "INSERT INTO journal (reader, made_at, name, change, deleted) VALUES (?1, ?2, ?3, ?4, ?5)";
    transaction.execute(sql, params![reader.0, now(), name, change, deleted])?;
    Ok(transaction.last_insert_rowid())
}

/// Replaces identities of articles in the steps of all readers.
pub(crate) fn rename_articles(transaction: &Transaction<'_>, moved: &HashMap<ArticleId, ArticleId>) -> Result<()> {
    let mut statement = transaction.prepare("SELECT id, change FROM journal")?;
    let mut rows = statement.query([])?;
    let mut renamed = Vec::new();
    while let Some(row) = rows.next()? {
        let Ok(mut change) = serde_json::from_str::<StepChange>(row.get_ref(1)?.as_str().unwrap_or("")) else {
            continue;
        };
        if change.rename(moved) {
            renamed.push((row.get::<_, i64>(0)?, serde_json::to_string(&change).unwrap_or_default()));
        }
    }
    for (id, change) in renamed {
        transaction.execute("UPDATE journal SET change = ?2 WHERE id = ?1", params![id, change])?;
    }
    Ok(())
}
