//! Migrates an older library to the current version.

pub(super) mod migrations;

use std::path::{Path, PathBuf};

use rusqlite::{Connection, TransactionBehavior};

use super::error::{Error, Result};
use super::feeds::logins;
use super::sqlite;

/// The application id of a library: `ndsk`.
const APPLICATION: i64 = 0x6e64_736b;

/// The version of an opened library.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum SchemaState {
    /// The current version.
    Ready,
    /// A later version.
    Newer(usize),
}

/// Migrates the library at `path` to the last version. Makes a copy first.
pub(super) fn migrate(connection: &mut Connection, path: &Path, migrations: &[&str]) -> Result<SchemaState> {
    let before = version(connection)?;
    if before > migrations.len() {
        return Ok(SchemaState::Newer(before));
    }
    if before == migrations.len() {
        return Ok(SchemaState::Ready);
    }
    if before > 0 {
        sqlite::copy(connection, &copy_of(path, before))?;
    }
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    // Another program may have migrated it since.
    let now = version(&transaction)?;
    for migration in migrations.iter().skip(now) {
        transaction.execute_batch(migration)?;
    }
    logins::move_out_of_addresses(&transaction)?;
    transaction.pragma_update(None, "application_id", APPLICATION)?;
    transaction.pragma_update(None, "user_version", migrations.len() as i64)?;
    transaction.commit()?;
    Ok(SchemaState::Ready)
}

/// Returns the version of a library, or 0 for an empty file.
fn version(connection: &Connection) -> Result<usize> {
    let number = |name: &str| connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
    let version = number("user_version")?;
    let tables: i64 = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    if (version, tables) != (0, 0) && number("application_id")? != APPLICATION {
        return Err(Error::Foreign);
    }
    Ok(usize::try_from(version).unwrap_or(0))
}

/// Returns an unused name beside the library, for a copy with this version.
fn copy_of(path: &Path, version: usize) -> PathBuf {
    let named = |more: String| path.with_extension(format!("version-{version}{more}.db"));
    let numbered = (2..).map(|number| named(format!("-{number}")));
    std::iter::once(named(String::new())).chain(numbered).find(|copy| !copy.exists()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use migrations::MIGRATIONS;

    fn open(path: &Path) -> Connection {
        Connection::open(path).unwrap()
    }

    #[test]
    fn older_libraries_are_backed_up_and_migrated() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("library.db");
        let steps = [
            "CREATE TABLE a (x); INSERT INTO a VALUES (1);",
            "ALTER TABLE a ADD COLUMN y DEFAULT 2;",
            "CREATE TABLE b (z);",
        ];
        assert_eq!(migrate(&mut open(&path), &path, &steps[..1]).unwrap(), SchemaState::Ready);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "nothing was there to be copied");
        assert_eq!(migrate(&mut open(&path), &path, &steps).unwrap(), SchemaState::Ready);
        let sum: i64 = open(&path).query_row("SELECT x + y FROM a", [], |row| row.get(0)).unwrap();
        assert_eq!(sum, 3);
        let copy = open(&folder.path().join("library.version-1.db"));
        assert_eq!(version(&copy).unwrap(), 1);
        assert!(copy.prepare("SELECT y FROM a").is_err(), "the copy is as it was");
        assert_eq!(migrate(&mut open(&path), &path, &steps[..2]).unwrap(), SchemaState::Newer(3));
    }

    #[test]
    fn failed_migrations_change_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("library.db");
        let steps = ["CREATE TABLE a (x);", "CREATE TABLE b (x); CREATE TABLE a (x);"];
        migrate(&mut open(&path), &path, &steps[..1]).unwrap();
        assert!(migrate(&mut open(&path), &path, &steps).is_err());
        assert_eq!(version(&open(&path)).unwrap(), 1);
        assert!(open(&path).prepare("SELECT x FROM b").is_err());
    }

    #[test]
    fn other_databases_are_not_touched() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("library.db");
        open(&path).execute_batch("CREATE TABLE recipes (x)").unwrap();
        let before = std::fs::read(&path).unwrap();
        assert!(matches!(migrate(&mut open(&path), &path, MIGRATIONS), Err(Error::Foreign)));
        assert_eq!(std::fs::read(&path).unwrap(), before);
    }
}
