//! A library that is damaged: it is set aside as it is, and what can still be read of it goes into a new one.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use rusqlite::config::DbConfig;
use rusqlite::types::Value;
use rusqlite::{Connection, OpenFlags, params_from_iter};

use super::{Library, Result};

/// What became of a damaged library.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetAside {
    /// Where it is now, as it was.
    pub path: PathBuf,
    /// How many articles with marks could be saved.
    pub articles: u32,
}

/// The tables that are saved, those first that others point to, each with what its rows are in order of.
const TABLES: &[(&str, &str)] = &[
    ("articles", "id"),
    ("tags", "article"),
    ("notes", "article"),
    ("searches", "name"),
    ("reported", "search"),
    ("sessions", "sources"),
    ("history", "position"),
    ("journal", "id"),
    ("preferences", "key"),
];

/// Into how many ranges a table is cut, so that what is damaged in one does not hide what is in another.
const RANGES: i128 = 1024;

impl Library {
    /// Opens the library at `path`. A damaged one is set aside, and what can be saved from it is.
    pub fn open_or_mend(path: &Path) -> Result<(Library, Option<SetAside>)> {
        match Library::open(path).and_then(|mut library| library.marks().map(|_| library)) {
            Ok(library) => Ok((library, None)),
            Err(error) if error.is_damage() => {
                let aside = set_aside(path)?;
                let mut library = Library::open(path)?;
                let articles = library.save_from(&aside)?;
                Ok((library, Some(SetAside { path: aside, articles })))
            }
            Err(error) => Err(error),
        }
    }

    /// Takes over all that can be read of another library; gives how many articles that were.
    fn save_from(&mut self, damaged: &Path) -> Result<u32> {
        // Even what is not read to the end of leaves the file as it is.
        let Ok(source) = Connection::open_with_flags(damaged, OpenFlags::SQLITE_OPEN_READ_ONLY) else { return Ok(0) };
        source.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
        self.write(|transaction, revision| {
            // What belongs to an article that is lost is lost with it; all else is looked at as it is put in.
            for (table, key) in TABLES {
                let Ok(columns) = columns(transaction, table) else { continue };
                let marks = vec!["?"; columns.len()].join(", ");
                let list = columns.join(", ");
                let mut insert =
                    transaction.prepare(&format!("INSERT OR IGNORE INTO {table} ({list}) VALUES ({marks})"))?;
                let mut put = |row: Vec<Value>| drop(insert.execute(params_from_iter(row)));
                read(&source, table, key, &list, &mut put);
            }
            transaction.execute("UPDATE articles SET revision = ?1", [revision])?;
            Ok(transaction.query_row("SELECT count(*) FROM articles", [], |row| row.get(0))?)
        })
    }
}

fn columns(connection: &Connection, table: &str) -> rusqlite::Result<Vec<String>> {
    let mut statement = connection.prepare("SELECT name FROM pragma_table_info(?1)")?;
    let names = statement.query_map([table], |row| row.get(0))?;
    names.collect()
}

/// Reads what can be read of a table: up to what is damaged from the front and from the back, and, where its key is a
/// number, so in each of many ranges.
fn read(source: &Connection, table: &str, key: &str, columns: &str, put: &mut dyn FnMut(Vec<Value>)) {
    let select = format!("SELECT {columns} FROM {table} NOT INDEXED");
    if rows(source, &format!("{select} ORDER BY {key}"), put) {
        return;
    }
    rows(source, &format!("{select} ORDER BY {key} DESC"), put);
    let bound = |range: i128| i128::from(i64::MIN) + (range << 64) / RANGES;
    for range in 0..RANGES {
        let within = format!("WHERE {key} BETWEEN {} AND {}", bound(range), bound(range + 1) - 1);
        if !rows(source, &format!("{select} {within} ORDER BY {key}"), put) {
            rows(source, &format!("{select} {within} ORDER BY {key} DESC"), put);
        }
    }
}

/// Gives the rows of a query, as far as they can be read; says whether those are all.
fn rows(source: &Connection, sql: &str, put: &mut dyn FnMut(Vec<Value>)) -> bool {
    let Ok(mut statement) = source.prepare(sql) else { return false };
    let count = statement.column_count();
    let Ok(mut rows) = statement.query([]) else { return false };
    loop {
        match rows.next() {
            Ok(Some(row)) => {
                if let Ok(values) = (0..count).map(|column| row.get(column)).collect::<rusqlite::Result<_>>() {
                    put(values);
                }
            }
            Ok(None) => return true,
            Err(_) => return false,
        }
    }
}

/// Renames a library and what stands beside it, so that it is never written again; gives its new name.
fn set_aside(path: &Path) -> Result<PathBuf> {
    let day = chrono::Local::now().format("%Y-%m-%d");
    let named = |number: u32| {
        let more = if number > 1 { format!("-{number}") } else { String::new() };
        path.with_extension(format!("damaged-{day}{more}.db"))
    };
    let aside = (1..).map(named).find(|aside| !aside.exists()).unwrap_or_default();
    fs::rename(path, &aside)?;
    for ending in ["-wal", "-shm"] {
        let beside = |path: &Path| -> OsString {
            let mut name = path.as_os_str().to_owned();
            name.push(ending);
            name
        };
        if let Err(error) = fs::rename(beside(path), beside(&aside))
            && error.kind() != std::io::ErrorKind::NotFound
        {
            return Err(error.into());
        }
    }
    Ok(aside)
}
