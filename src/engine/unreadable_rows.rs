//! Reports of rows of the library that cannot be read and were skipped.

use std::path::Path;

use crate::article::Problem;
use crate::library::{UnreadableRow, take_unreadable_rows, unreadable_rows};
use crate::text::format::counted;

/// Returns a sentence about the rows that were skipped since the last call; `None` if there are none.
pub(crate) fn notice() -> Option<String> {
    let count = take_unreadable_rows().len() as u64;
    let rows = counted(count, "unreadable library row", "unreadable library rows");
    (count > 0).then(|| format!("{rows}; see ! or `newsdesk check --library`"))
}

/// Returns a problem for each row of the library at `path` that was skipped since the program started.
pub(crate) fn problems(path: &Path) -> impl Iterator<Item = Problem> {
    unreadable_rows().into_iter().map(|row| problem(path, &row))
}

/// Returns a skipped row as a problem of the library at `path`.
pub fn problem(path: &Path, row: &UnreadableRow) -> Problem {
    Problem::new(path, row.to_string(), format!("{}; nothing was deleted", row.consequence()))
}
