//! Repair of a damaged library: the file is renamed, and every row that can still be read goes into a new one.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use rusqlite::types::Value;
use rusqlite::{Connection, params_from_iter};

use super::database::Library;
use super::error::Result;
use super::feeds::duplicates;
use super::sqlite;

/// The result of repairing a damaged library.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recovered {
    /// The new name of the damaged file, which is unchanged.
    pub path: PathBuf,
    /// Number of marked articles that were recovered.
    pub articles: u32,
    /// Number of subscriptions that were recovered.
    pub feeds: u32,
    /// Tables of which rows were or may have been lost.
    pub incomplete: Vec<&'static str>,
}

/// Every table with the column that orders its rows. A table comes after those that it refers to.
const TABLES: &[(&str, &str)] = &[
    ("articles", "id"),
    ("moves", "number"),
    ("tags", "article"),
    ("notes", "article"),
    ("searches", "name"),
    ("reported", "search"),
    ("sessions", "sources"),
    ("history", "position"),
    ("feeds", "id"),
    ("feed_tags", "feed"),
    ("logins", "feed"),
    ("entries", "number"),
    ("entry_texts", "entry"),
    ("entry_keys", "feed"),
    ("former_addresses", "address"),
    ("journal", "id"),
    ("preferences", "key"),
    ("journal_feeds", "step"),
];

/// Creates a row for an article of which only the id is known.
const UNKNOWN_ARTICLE: &str =
    "INSERT OR IGNORE INTO articles (id, revision, content, length, origin, place, ordinal, headline)
    VALUES (?1, 0, 0, 0, '', '', 0, '')";

/// The number of key ranges of a table, so that damage in one range does not hide rows of another.
const RANGES: i128 = 1024;

impl Library {
    /// Opens the library at `path`. Renames a damaged file and recovers its readable rows into a new library.
    pub fn open_or_recover(path: &Path) -> Result<(Library, Option<Recovered>)> {
        let opened = Library::open(path).and_then(|mut library| {
            library.marks()?;
            library.check_pages()?;
            Ok(library)
        });
        match opened {
            Ok(library) => Ok((library, None)),
            Err(error) if error.is_damage() => {
                let damaged = rename_damaged(path)?;
                let mut library = Library::open(path)?;
                let recovered = library.copy_readable_rows(damaged)?;
                Ok((library, Some(recovered)))
            }
            Err(error) => Err(error),
        }
    }

    /// Reads the pages of the tables that [`marks`](Self::marks) does not read, and returns an error if one is damaged.
    /// Skips the texts of entries, which would delay the start.
    fn check_pages(&self) -> Result<()> {
        let skipped = ["articles", "tags", "notes", "entry_texts"];
        for (table, _) in TABLES.iter().filter(|(table, _)| !skipped.contains(table)) {
            self.connection.query_row(&format!("SELECT count(*) FROM {table} NOT INDEXED"), [], |_| Ok(()))?;
        }
        Ok(())
    }

    /// Copies every row that can be read from a damaged library.
    fn copy_readable_rows(&mut self, damaged: PathBuf) -> Result<Recovered> {
        // Opened read-only, so that the file stays unchanged.
        let source = sqlite::open_to_read(&damaged);
        self.write(|transaction, revision| {
            let mut incomplete = Vec::new();
            for &(table, key) in TABLES {
                // A library of an older version has fewer columns, or not this table.
                let known = source.as_ref().ok().and_then(|source| Some((source, columns(source, table).ok()?)));
                let Some((source, theirs)) = known else {
                    incomplete.push(table);
                    continue;
                };
                let shared: Vec<String> =
                    columns(transaction, table)?.into_iter().filter(|column| theirs.contains(column)).collect();
                if shared.is_empty() {
                    continue;
                }
                let marks = vec!["?"; shared.len()].join(", ");
                let list = shared.iter().map(|column| format!("\"{column}\"")).collect::<Vec<_>>().join(", ");
                let mut insert =
                    transaction.prepare(&format!("INSERT OR IGNORE INTO {table} ({list}) VALUES ({marks})"))?;
                // Tags and notes stay with the identity of an article whose row is lost. Other rows that refer to a lost
                // one are refused, and are lost with it.
                let owner = match table {
                    "tags" | "notes" => shared.iter().position(|column| column == "article"),
                    _ => None,
                };
                let mut refused = false;
                let mut insert_row = |row: Vec<Value>| {
                    if let Some(article) = owner.and_then(|owner| row.get(owner)) {
                        refused |= transaction.execute(UNKNOWN_ARTICLE, [article]).is_err();
                    }
                    refused |= insert.execute(params_from_iter(row)).is_err();
                };
                if !read(source, table, key, &list, &mut insert_row) || refused {
                    incomplete.push(table);
                }
            }
            for table in ["articles", "feeds", "entries"] {
                transaction.execute(&format!("UPDATE {table} SET revision = ?1"), [revision])?;
            }
            transaction.execute("UPDATE feeds SET fetch_revision = ?1", [revision])?;
            duplicates::repair(transaction, revision)?;
            let count = |sql: &str| transaction.query_row(sql, [], |row| row.get(0));
            Ok(Recovered {
                path: damaged,
                articles: count("SELECT count(*) FROM articles")?,
                feeds: count("SELECT count(*) FROM feeds WHERE subscribed = 1")?,
                incomplete,
            })
        })
    }
}

fn columns(connection: &Connection, table: &str) -> rusqlite::Result<Vec<String>> {
    let mut statement = connection.prepare("SELECT name FROM pragma_table_info(?1)")?;
    let names = statement.query_map([table], |row| row.get(0))?;
    names.collect()
}

/// Reads the intact rows of a table: in each of many key ranges, from both ends up to the damage. Returns whether all
/// rows were read.
fn read(source: &Connection, table: &str, key: &str, columns: &str, insert_row: &mut dyn FnMut(Vec<Value>)) -> bool {
    let select = format!("SELECT {columns} FROM {table} NOT INDEXED");
    if rows(source, &format!("{select} ORDER BY {key}"), insert_row) {
        return true;
    }
    rows(source, &format!("{select} ORDER BY {key} DESC"), insert_row);
    let last = source.query_row(&format!("SELECT max({key}) FROM {table}"), [], |row| row.get(0));
    let highest: i64 = last.unwrap_or(0).clamp(0, i64::MAX >> 1);
    // Hashes are spread over all numbers; the keys of feeds and entries count up from 1.
    let spread = |range: i128| i128::from(i64::MIN) + (range << 64) / RANGES;
    let counted = |range: i128| range * (i128::from(highest) / RANGES + 1);
    let ranges = (0..RANGES).map(|range| (spread(range), spread(range + 1)));
    for (from, to) in ranges.chain((0..RANGES).map(|range| (counted(range), counted(range + 1)))) {
        let within = format!("WHERE {key} BETWEEN {from} AND {}", to - 1);
        if !rows(source, &format!("{select} {within} ORDER BY {key}"), insert_row) {
            rows(source, &format!("{select} {within} ORDER BY {key} DESC"), insert_row);
        }
    }
    false
}

/// Passes on the rows of a query up to the first damaged one. Returns whether there was none.
fn rows(source: &Connection, sql: &str, insert_row: &mut dyn FnMut(Vec<Value>)) -> bool {
    let Ok(mut statement) = source.prepare(sql) else { return false };
    let count = statement.column_count();
    let Ok(mut rows) = statement.query([]) else { return false };
    let mut are_all = true;
    loop {
        match rows.next() {
            // Text that is not UTF-8 damages only this row.
            Ok(Some(row)) => match (0..count).map(|column| row.get(column)).collect::<rusqlite::Result<_>>() {
                Ok(values) => insert_row(values),
                Err(_) => are_all = false,
            },
            Ok(None) => return are_all,
            Err(_) => return false,
        }
    }
}

/// Renames a library with its `-wal` and `-shm` files, so that nothing writes to it again. Returns the new name.
fn rename_damaged(path: &Path) -> Result<PathBuf> {
    let day = chrono::Local::now().format("%Y-%m-%d");
    let named = |number: u32| {
        let more = if number > 1 { format!("-{number}") } else { String::new() };
        path.with_extension(format!("damaged-{day}{more}.db"))
    };
    let damaged = (1..).map(named).find(|damaged| !damaged.exists()).unwrap_or_default();
    fs::rename(path, &damaged)?;
    for suffix in ["-wal", "-shm"] {
        let beside = |path: &Path| -> OsString {
            let mut name = path.as_os_str().to_owned();
            name.push(suffix);
            name
        };
        if let Err(error) = fs::rename(beside(path), beside(&damaged))
            && error.kind() != std::io::ErrorKind::NotFound
        {
            return Err(error.into());
        }
    }
    Ok(damaged)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repair_covers_every_table_of_the_schema() {
        let folder = tempfile::tempdir().unwrap();
        let library = Library::open(&folder.path().join("library.db")).unwrap();
        // `counter` has one row, which a new library already has.
        let sql =
            "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name <> 'counter'";
        let mut statement = library.connection.prepare(sql).unwrap();
        let mut tables: Vec<String> =
            statement.query_map([], |row| row.get(0)).unwrap().collect::<rusqlite::Result<_>>().unwrap();
        let mut covered: Vec<&str> = TABLES.iter().map(|(table, _)| *table).collect();
        tables.sort();
        covered.sort();
        assert_eq!(tables, covered);
        for (table, key) in TABLES {
            assert!(columns(&library.connection, table).unwrap().contains(&(*key).to_owned()), "{table}.{key}");
        }
    }
}
