//! Unreadable rows. SQLite stores values of any type in any column, so a row that another program wrote, or that is damaged,
//! may have a value of a wrong type. Such a row is skipped and reported, and never deleted.

use std::collections::HashSet;
use std::fmt;
use std::sync::Mutex;

use rusqlite::types::ValueRef;
use rusqlite::{Params, Row, Statement, Transaction};

use crate::library::error::{Error, Result, cause_in};
use crate::util::lock;

/// The maximum number of unreadable rows that are reported.
const MAX_REPORTED: usize = 1000;

/// The columns that name a row for people, the best first.
const NAMES: &[&str] = &["url", "name", "headline", "address", "sources", "key", "filter", "tag"];

/// The longest part of a name that a report shows, in characters.
const SHOWN_NAME: usize = 80;

/// Returns the consequence of an unreadable row of a table.
fn consequence(table: &str) -> &'static str {
    match table {
        "articles" => "its marks are left out",
        "entries" => "the entry is left out",
        "entry_texts" => "the text of the entry is left out",
        "feeds" => "the feed is left out",
        "history" => "the filter is left out of the history",
        "journal" => "the step cannot be undone",
        "notes" => "the note is left out",
        "preferences" => "the default is used",
        "searches" => "the saved search is left out",
        "sessions" => "the reader starts at the top",
        "tags" | "feed_tags" => "the tag is left out",
        _ => "it is left out",
    }
}

/// A row that was skipped because it cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct UnreadableRow {
    /// The table.
    pub table: &'static str,
    /// The name or number of the row.
    pub row: String,
    /// The cause.
    pub cause: String,
}

impl UnreadableRow {
    /// Returns the consequence.
    pub fn consequence(&self) -> &'static str {
        consequence(self.table)
    }
}

impl fmt::Display for UnreadableRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let UnreadableRow { table, row, cause } = self;
        write!(f, "a row of {table} cannot be read ({row}: {cause})")
    }
}

/// The rows that were skipped since the program started, and those not reported yet.
#[derive(Default)]
struct SkippedRow {
    known: HashSet<UnreadableRow>,
    unreported: Vec<UnreadableRow>,
}

static SKIPPED: Mutex<Option<SkippedRow>> = Mutex::new(None);

fn record(row: UnreadableRow) {
    let mut skipped = lock(&SKIPPED);
    let skipped = skipped.get_or_insert_default();
    if skipped.known.len() < MAX_REPORTED && skipped.known.insert(row.clone()) {
        skipped.unreported.push(row);
    }
}

/// Returns the rows that were skipped since the last call, each once.
pub fn take_unreadable_rows() -> Vec<UnreadableRow> {
    let mut skipped = lock(&SKIPPED);
    skipped.as_mut().map(|skipped| std::mem::take(&mut skipped.unreported)).unwrap_or_default()
}

/// Returns all rows that were skipped since the program started.
pub fn unreadable_rows() -> Vec<UnreadableRow> {
    let skipped = lock(&SKIPPED);
    skipped.as_ref().map(|skipped| skipped.known.iter().cloned().collect()).unwrap_or_default()
}

/// Returns a name for a row: a column that people recognise, else the first.
fn name(row: &Row<'_>) -> String {
    let text = |value: ValueRef<'_>| match value {
        ValueRef::Text(text) => Some(format!("\"{}\"", crate::subscriptions::redact(&String::from_utf8_lossy(text)))),
        ValueRef::Integer(number) => Some(number.to_string()),
        _ => None,
    };
    let named = NAMES.iter().filter_map(|name| row.as_ref().column_index(name).ok());
    let values = named.chain([0]).filter_map(|index| row.get_ref(index).ok()).filter_map(text);
    let name = values.into_iter().next().unwrap_or_else(|| "without a name".to_owned());
    match name.char_indices().nth(SHOWN_NAME) {
        Some((end, _)) => format!("{}…\"", name.get(..end).unwrap_or("")),
        None => name,
    }
}

/// Returns the value of a row. Records an unreadable row and returns `None`.
pub(crate) fn readable<T>(row: &Row<'_>, table: &'static str, read: rusqlite::Result<T>) -> Result<Option<T>> {
    let error = match read {
        Ok(value) => return Ok(Some(value)),
        Err(error) => error,
    };
    let Some(cause) = cause_in(&error, Some(row)) else { return Err(error.into()) };
    record(UnreadableRow { table, row: name(row), cause });
    Ok(None)
}

/// Runs a query and reads its rows, except those that cannot be read.
pub(crate) fn read<T>(
    statement: &mut Statement<'_>,
    params: impl Params,
    table: &'static str,
    mut read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
) -> Result<Vec<T>> {
    let mut rows = statement.query(params)?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.extend(readable(row, table, read(row))?);
    }
    Ok(found)
}

/// Runs a query and reads its first row. Returns `None` if there is none or it cannot be read.
pub(crate) fn first<T>(
    statement: &mut Statement<'_>,
    params: impl Params,
    table: &'static str,
    mut read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
) -> Result<Option<T>> {
    let mut rows = statement.query(params)?;
    match rows.next()? {
        Some(row) => readable(row, table, read(row)),
        None => Ok(None),
    }
}

/// Runs a part of a transaction. If a row that it needs cannot be read, rolls the part back, records the row as `name` and
/// returns `None`.
pub(crate) fn in_savepoint<T>(
    transaction: &Transaction<'_>,
    table: &'static str,
    name: &str,
    work: impl FnOnce() -> Result<T>,
) -> Result<Option<T>> {
    transaction.execute_batch("SAVEPOINT part")?;
    let done = work();
    let cause = match &done {
        Err(Error::Sqlite(error)) => cause_in(error, None),
        _ => None,
    };
    let Some(cause) = cause else {
        // A full disk rolls back the whole transaction, and the savepoint with it.
        let value = done?;
        transaction.execute_batch("RELEASE part")?;
        return Ok(Some(value));
    };
    transaction.execute_batch("ROLLBACK TO part; RELEASE part")?;
    record(UnreadableRow { table, row: format!("\"{name}\""), cause });
    Ok(None)
}
