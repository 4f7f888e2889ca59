//! Errors of the library.

use std::io;

use rusqlite::{Error as SqlError, ErrorCode, Row};

use super::schema::migrations::VERSION;

/// An error of the library.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// An error of SQLite.
    #[error("{}", message(.0))]
    Sqlite(#[from] rusqlite::Error),
    /// An error of the system.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// The file is not a library.
    #[error("the file is not a newsdesk library")]
    Foreign,
    /// The file was written by a later version of this program.
    #[error(
        "the library was written by a newer newsdesk (version {0}, this one supports {VERSION}), so it is read-only"
    )]
    NewerSchema(usize),
}

/// The result of an operation on the library.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// Returns whether the file is damaged.
    pub fn is_damage(&self) -> bool {
        let Error::Sqlite(error) = self else { return false };
        matches!(error.sqlite_error_code(), Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase))
    }
}

/// Describes an error of SQLite.
fn message(error: &rusqlite::Error) -> String {
    match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => "the disk is full".to_owned(),
        Some(ErrorCode::ReadOnly) => "the library is read-only".to_owned(),
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            "another program has locked the library".to_owned()
        }
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => "the library is damaged".to_owned(),
        Some(ErrorCode::CannotOpen) => "the library cannot be opened".to_owned(),
        Some(ErrorCode::SystemIoFailure) => "the system could not read or write the library".to_owned(),
        _ => cause_in(error, None).map_or_else(|| error.to_string(), |cause| format!("a row cannot be read: {cause}")),
    }
}

pub(super) fn cause_in(error: &SqlError, row: Option<&Row<'_>>) -> Option<String> {
    let column = |index: usize| {
        let name = row.and_then(|row| row.as_ref().column_name(index).ok());
        name.map_or_else(|| format!("column {}", index + 1), str::to_owned)
    };
    Some(match error {
        SqlError::InvalidColumnType(index, _, kind) => {
            format!("{} holds {}", column(*index), kind.to_string().to_lowercase())
        }
        SqlError::IntegralValueOutOfRange(index, value) => format!("{} holds {value}", column(*index)),
        // The error of rusqlite for a borrowed value, without its column.
        SqlError::FromSqlConversionFailure(usize::MAX, ..) => "a value is not text".to_owned(),
        SqlError::FromSqlConversionFailure(index, ..) => format!("{} holds text that is not UTF-8", column(*index)),
        SqlError::Utf8Error(index, _) => format!("{} holds text that is not UTF-8", column(*index)),
        _ => return None,
    })
}
