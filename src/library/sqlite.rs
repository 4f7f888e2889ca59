//! SQLite files: opened by exactly their path, without running anything that they contain, and copied.

pub(super) mod rows;
pub(super) mod values;

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, OpenFlags};

use super::error::{Error, Result};
use super::owner_only;

/// The timeout for another program that writes.
const BUSY_TIMEOUT: Duration = Duration::from_secs(15);

/// Opens a file for reading and writing, or creates it.
pub(super) fn open(path: &Path) -> Result<Connection> {
    open_with(path, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE)
}

/// Opens a file for reading.
pub(super) fn open_to_read(path: &Path) -> Result<Connection> {
    open_with(path, OpenFlags::SQLITE_OPEN_READ_ONLY)
}

/// Opens a file that nothing writes to, without a lock or other files beside it.
pub(super) fn open_immutable(path: &Path) -> Result<Connection> {
    let path = std::path::absolute(path)?;
    let bytes = path.as_os_str().as_encoded_bytes();
    let encoded = percent_encoding::percent_encode(bytes, percent_encoding::NON_ALPHANUMERIC);
    let slash = if bytes.first() == Some(&b'/') { "" } else { "/" };
    let uri = format!("file:{slash}{}?immutable=1", encoded.to_string().replace("%2F", "/"));
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(uri, flags)?;
    restrict(&connection)?;
    Ok(connection)
}

fn open_with(path: &Path, flags: OpenFlags) -> Result<Connection> {
    let connection = Connection::open_with_flags(literal(path)?, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    restrict(&connection)?;
    Ok(connection)
}

/// Returns an absolute path, which SQLite never reads as a URI (`file:a.db`) or as `:memory:`.
fn literal(path: &Path) -> io::Result<PathBuf> {
    std::path::absolute(path)
}

/// Disables triggers, views and other active content. The file may come from any source.
fn restrict(connection: &Connection) -> Result<()> {
    for (switch, value) in [
        (DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false),
        (DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, false),
        (DbConfig::SQLITE_DBCONFIG_ENABLE_VIEW, false),
        (DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true),
    ] {
        connection.set_db_config(switch, value)?;
    }
    Ok(())
}

/// Writes a copy of a database to a new file, for its owner alone, and reads it back.
///
/// # Errors
///
/// Returns an error if the file exists already, or if the copy cannot be written or is damaged. An incomplete copy is
/// deleted.
pub(super) fn copy(connection: &Connection, to: &Path) -> Result<()> {
    // SQLite writes to an empty file as if it did not exist, and keeps its permissions.
    let file = owner_only::new_file(to).map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => io::Error::new(error.kind(), "a file of that name exists already"),
        _ => error,
    })?;
    let copied = write(connection, to).and_then(|()| verify(connection, &file, to));
    if copied.is_err() {
        let _ = fs::remove_file(to);
    }
    copied
}

fn write(connection: &Connection, to: &Path) -> Result<()> {
    let to = literal(to)?;
    // The bytes of the path: a name need not be UTF-8.
    let name = ToSqlOutput::Borrowed(ValueRef::Text(to.as_os_str().as_encoded_bytes()));
    connection.execute("VACUUM INTO ?1", [name])?;
    Ok(())
}

/// Checks that the copy is in `file`, on the disk, sound, and has all tables.
fn verify(connection: &Connection, file: &File, path: &Path) -> Result<()> {
    let wrong = |what: &str| Error::Io(io::Error::other(format!("the copy {what}; it was deleted")));
    file.sync_all()?;
    if file.metadata()?.len() == 0 {
        return Err(wrong("was not written"));
    }
    let copy = open_to_read(path)?;
    let tables = |connection: &Connection| -> rusqlite::Result<i64> {
        connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))
    };
    let check: String = copy.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))?;
    if check != "ok" {
        return Err(wrong(&format!("is damaged ({check})")));
    }
    if tables(&copy)? != tables(connection)? {
        return Err(wrong("is incomplete"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    fn odd_names() -> Vec<PathBuf> {
        use std::os::unix::ffi::OsStrExt;
        let odd = std::ffi::OsStr::from_bytes(b"b\xff.db");
        let names = ["file:z.db", "a?mode=memory.db", "100%25 #1.db", ":memory:", "file:///z.db"];
        names.iter().map(|name| name.replace('/', "_").into()).chain([PathBuf::from(odd)]).collect()
    }

    #[cfg(unix)]
    #[test]
    fn databases_are_in_the_file_that_was_named() {
        use std::os::unix::fs::PermissionsExt;
        for name in odd_names() {
            let folder = tempfile::tempdir().unwrap();
            let (path, to) = (folder.path().join(&name), folder.path().join("copies").join(&name));
            fs::create_dir(folder.path().join("copies")).unwrap();
            let connection = open(&path).unwrap();
            connection.execute_batch("CREATE TABLE a (x); INSERT INTO a VALUES (7)").unwrap();
            copy(&connection, &to).unwrap();
            for folder in [path.parent().unwrap(), to.parent().unwrap()] {
                let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
                let files: Vec<_> = files.filter(|entry| entry.file_type().unwrap().is_file()).collect();
                assert_eq!(files.iter().map(fs::DirEntry::file_name).collect::<Vec<_>>(), [name.as_os_str()]);
            }
            assert_eq!(fs::metadata(&to).unwrap().permissions().mode() & 0o777, 0o600);
            for copy in [open_to_read(&to).unwrap(), open_immutable(&to).unwrap()] {
                let x: i64 = copy.query_row("SELECT x FROM a", [], |row| row.get(0)).unwrap();
                assert_eq!(x, 7, "{}", name.display());
            }
        }
    }

    #[test]
    fn copies_that_cannot_be_made_leave_no_file() {
        let folder = tempfile::tempdir().unwrap();
        let connection = open(&folder.path().join("a.db")).unwrap();
        let to = folder.path().join("copy.db");
        // SQLite cannot copy within a transaction.
        connection.execute_batch("CREATE TABLE a (x); BEGIN").unwrap();
        assert!(copy(&connection, &to).is_err());
        assert!(!to.exists());
        connection.execute_batch("COMMIT").unwrap();
        copy(&connection, &to).unwrap();
        assert!(copy(&connection, &to).unwrap_err().to_string().contains("of that name exists already"));
        assert!(to.exists());
    }

    #[test]
    fn copies_are_read_back() {
        let folder = tempfile::tempdir().unwrap();
        let connection = open(&folder.path().join("a.db")).unwrap();
        connection.execute_batch("CREATE TABLE a (x); INSERT INTO a VALUES (zeroblob(100000))").unwrap();
        let to = folder.path().join("copy.db");
        copy(&connection, &to).unwrap();
        let whole = fs::read(&to).unwrap();
        let verified = |bytes: &[u8]| {
            fs::write(&to, bytes).unwrap();
            verify(&connection, &File::open(&to).unwrap(), &to).is_ok()
        };
        assert!(verified(&whole));
        assert!(!verified(&[]));
        assert!(!verified(&whole[..whole.len() / 2]));
        let mut damaged = whole.clone();
        damaged[4096..4200].fill(0xff);
        assert!(!verified(&damaged));
        connection.execute_batch("CREATE TABLE b (x)").unwrap();
        assert!(!verified(&whole), "a table is missing");
    }
}
