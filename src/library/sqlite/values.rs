//! Values as SQLite stores them: times, identities and paths.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use rusqlite::types::{ToSql, ToSqlOutput, Value, ValueRef};

/// Returns the current time in seconds since 1970-01-01 00:00 UTC.
pub fn now() -> i64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    since.map_or(0, |since| i64::try_from(since.as_secs()).unwrap_or(0))
}

/// Returns the time in nanoseconds since 1970-01-01 00:00 UTC.
pub(crate) fn now_nanoseconds() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::SystemTime::UNIX_EPOCH);
    since.map_or(0, |since| i64::try_from(since.as_nanos()).unwrap_or(i64::MAX))
}

/// Converts an id or checksum to SQLite's signed integer with the same bits.
pub(crate) fn signed(number: u64) -> i64 {
    i64::from_ne_bytes(number.to_ne_bytes())
}

pub(crate) fn unsigned(number: i64) -> u64 {
    u64::from_ne_bytes(number.to_ne_bytes())
}

/// A path as an SQL value: text if it is UTF-8, else bytes.
pub(crate) struct PathValue<'a>(pub(crate) &'a Path);

impl ToSql for PathValue<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(match self.0.to_str() {
            Some(text) => ToSqlOutput::Borrowed(ValueRef::Text(text.as_bytes())),
            None => ToSqlOutput::Owned(Value::Blob(self.0.as_os_str().as_encoded_bytes().to_vec())),
        })
    }
}

/// Reads a path that was written as [`PathValue`].
pub(crate) fn path_of(value: ValueRef<'_>) -> PathBuf {
    match value {
        ValueRef::Text(text) => String::from_utf8_lossy(text).into_owned().into(),
        #[cfg(unix)]
        ValueRef::Blob(bytes) => {
            use std::os::unix::ffi::OsStrExt;
            std::ffi::OsStr::from_bytes(bytes).into()
        }
        _ => PathBuf::new(),
    }
}
