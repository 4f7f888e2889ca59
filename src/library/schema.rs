//! The tables of the library and their migrations. `docs/library.md` describes them.

use std::path::{Path, PathBuf};

use rusqlite::{Connection, TransactionBehavior};

use super::{Error, Result, database, logins};

/// The application id of a library: `ndsk`.
const APPLICATION: i64 = 0x6e64_736b;

/// The migrations from each version to the next; the first one creates the tables. Released migrations never change.
pub const MIGRATIONS: &[&str] = &[
    "
    CREATE TABLE articles (
        id         INTEGER PRIMARY KEY,
        revision   INTEGER NOT NULL,
        read_at    INTEGER,
        starred_at INTEGER,
        part       INTEGER,
        byte       INTEGER,
        content    INTEGER NOT NULL,
        length     INTEGER NOT NULL,
        origin     TEXT NOT NULL,
        place      TEXT NOT NULL,
        ordinal    INTEGER NOT NULL,
        headline   TEXT NOT NULL,
        published  TEXT
    );
    CREATE INDEX articles_by_revision ON articles (revision);
    CREATE TABLE tags (
        article INTEGER NOT NULL REFERENCES articles (id) ON DELETE CASCADE ON UPDATE CASCADE,
        tag     TEXT NOT NULL,
        PRIMARY KEY (article, tag)
    ) WITHOUT ROWID;
    CREATE TABLE notes (
        article    INTEGER PRIMARY KEY REFERENCES articles (id) ON DELETE CASCADE ON UPDATE CASCADE,
        text       TEXT NOT NULL,
        written_at INTEGER NOT NULL
    );
    CREATE TABLE searches (
        name     TEXT PRIMARY KEY,
        position INTEGER NOT NULL,
        query    TEXT NOT NULL,
        key      TEXT UNIQUE,
        colour   TEXT,
        watch    INTEGER NOT NULL DEFAULT 0
    ) WITHOUT ROWID;
    CREATE TABLE reported (
        search  TEXT NOT NULL REFERENCES searches (name) ON DELETE CASCADE ON UPDATE CASCADE,
        article INTEGER NOT NULL,
        PRIMARY KEY (search, article)
    ) WITHOUT ROWID;
    CREATE TABLE sessions (
        sources  TEXT PRIMARY KEY,
        session  TEXT NOT NULL,
        saved_at INTEGER NOT NULL
    ) WITHOUT ROWID;
    CREATE TABLE history (
        position INTEGER PRIMARY KEY AUTOINCREMENT,
        filter   TEXT NOT NULL UNIQUE
    );
    CREATE TABLE counter (revision INTEGER NOT NULL);
    INSERT INTO counter VALUES (0);
    CREATE VIEW marked AS
        SELECT printf('%016x', id) AS id, headline, published, place,
               datetime(read_at, 'unixepoch') AS read, datetime(starred_at, 'unixepoch') AS starred,
               (SELECT group_concat(tag, ' ') FROM tags WHERE article = id) AS tags,
               (SELECT text FROM notes WHERE article = id) AS note
        FROM articles;
",
    "
    CREATE TABLE feeds (
        id            INTEGER PRIMARY KEY,
        revision      INTEGER NOT NULL,
        seed          INTEGER NOT NULL,
        url           TEXT NOT NULL UNIQUE,
        position      INTEGER NOT NULL,
        title         TEXT NOT NULL DEFAULT '',
        own_title     TEXT,
        page          TEXT,
        description   TEXT,
        full_text     INTEGER NOT NULL DEFAULT 0,
        keep_count    INTEGER,
        keep_days     INTEGER,
        extra         TEXT,
        subscribed    INTEGER NOT NULL DEFAULT 1,
        etag          TEXT,
        last_modified TEXT,
        tried_at      INTEGER,
        succeeded_at  INTEGER,
        due_at        INTEGER,
        error         TEXT,
        dead          INTEGER NOT NULL DEFAULT 0
    );
    CREATE TABLE feed_tags (
        feed     INTEGER NOT NULL REFERENCES feeds (id) ON DELETE CASCADE,
        position INTEGER NOT NULL,
        tag      TEXT NOT NULL,
        PRIMARY KEY (feed, tag)
    ) WITHOUT ROWID;
    CREATE TABLE entries (
        number     INTEGER PRIMARY KEY,
        id         INTEGER NOT NULL UNIQUE,
        revision   INTEGER NOT NULL,
        feed       INTEGER NOT NULL REFERENCES feeds (id) ON DELETE CASCADE,
        stored_at  INTEGER NOT NULL,
        published  INTEGER NOT NULL,
        zone       INTEGER,
        link       INTEGER,
        guid       INTEGER,
        content    INTEGER NOT NULL,
        changed_at INTEGER,
        same_as    INTEGER,
        dropped    INTEGER NOT NULL DEFAULT 0
    );
    CREATE INDEX entries_by_revision ON entries (revision);
    CREATE INDEX entries_by_feed ON entries (feed, published);
    CREATE INDEX entries_by_date ON entries (published);
    CREATE INDEX entries_by_link ON entries (link) WHERE link IS NOT NULL;
    CREATE INDEX entries_by_guid ON entries (guid) WHERE guid IS NOT NULL;
    CREATE INDEX entries_same ON entries (same_as) WHERE same_as IS NOT NULL;
    CREATE TABLE entry_texts (
        entry      INTEGER PRIMARY KEY REFERENCES entries (number) ON DELETE CASCADE,
        article    TEXT NOT NULL,
        former     TEXT,
        full       TEXT,
        shows_full INTEGER NOT NULL DEFAULT 0
    );
",
    "
    CREATE TABLE logins (
        feed     INTEGER PRIMARY KEY REFERENCES feeds (id) ON DELETE CASCADE,
        url      TEXT NOT NULL,
        user     TEXT NOT NULL,
        password TEXT NOT NULL
    );
    CREATE TABLE journal (
        id      INTEGER PRIMARY KEY AUTOINCREMENT,
        reader  INTEGER NOT NULL,
        number  INTEGER,
        made_at INTEGER NOT NULL,
        undone  INTEGER NOT NULL DEFAULT 0,
        name    TEXT NOT NULL,
        change  TEXT NOT NULL,
        deleted TEXT,
        UNIQUE (reader, number)
    );
    CREATE TABLE journal_feeds (
        step INTEGER NOT NULL REFERENCES journal (id) ON DELETE CASCADE,
        feed INTEGER NOT NULL REFERENCES feeds (id) ON DELETE CASCADE,
        PRIMARY KEY (step, feed)
    ) WITHOUT ROWID;
    CREATE INDEX entries_hidden ON entries (feed) WHERE dropped >= 2;
    ALTER TABLE entries ADD COLUMN position INTEGER;
    CREATE TABLE batches (
        feed      INTEGER NOT NULL,
        stored_at INTEGER NOT NULL,
        ends      INTEGER NOT NULL,
        PRIMARY KEY (feed, stored_at)
    ) WITHOUT ROWID;
    INSERT INTO batches SELECT feed, stored_at, min(number) + max(number) FROM entries GROUP BY feed, stored_at;
    UPDATE entries SET position = (SELECT ends FROM batches WHERE batches.feed = entries.feed
                                   AND batches.stored_at = entries.stored_at) - number;
    DROP TABLE batches;
    CREATE TABLE entry_keys (
        feed  INTEGER NOT NULL REFERENCES feeds (id) ON DELETE CASCADE,
        key   INTEGER NOT NULL,
        entry INTEGER REFERENCES entries (number) ON DELETE CASCADE,
        PRIMARY KEY (feed, key)
    ) WITHOUT ROWID;
    CREATE INDEX entry_keys_by_entry ON entry_keys (entry) WHERE entry IS NOT NULL;
    CREATE TABLE former_addresses (
        address TEXT PRIMARY KEY,
        feed    INTEGER NOT NULL REFERENCES feeds (id) ON DELETE CASCADE
    ) WITHOUT ROWID;
    ALTER TABLE feeds ADD COLUMN flaws TEXT;
    CREATE TABLE preferences (
        key   TEXT PRIMARY KEY,
        value TEXT NOT NULL
    ) WITHOUT ROWID;
",
    "
    ALTER TABLE feeds ADD COLUMN fetch_revision INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE feeds ADD COLUMN merged_into INTEGER;
    ALTER TABLE entry_texts ADD COLUMN full_tries INTEGER;
    CREATE INDEX entry_texts_without_full ON entry_texts (entry) WHERE full_tries IS NOT NULL;
    CREATE TABLE heirs AS
        SELECT same_as AS lost, id AS heir, min(number) AS number FROM entries
        WHERE dropped = 0 AND same_as IS NOT NULL
            AND same_as NOT IN (SELECT id FROM entries WHERE dropped = 0) GROUP BY same_as;
    UPDATE entries SET same_as = (SELECT nullif(heir, entries.id) FROM heirs WHERE lost = entries.same_as)
        WHERE dropped = 0 AND same_as IN (SELECT lost FROM heirs);
    DROP TABLE heirs;
    ALTER TABLE articles ADD COLUMN known_at INTEGER;
    CREATE TABLE moves (
        number         INTEGER PRIMARY KEY AUTOINCREMENT,
        revision       INTEGER NOT NULL,
        former         INTEGER NOT NULL,
        former_content INTEGER NOT NULL,
        article        INTEGER,
        content        INTEGER,
        moved_at       INTEGER NOT NULL,
        away           INTEGER NOT NULL DEFAULT 0
    );
    CREATE INDEX moves_by_revision ON moves (revision);
    CREATE INDEX moves_by_former ON moves (former, former_content);
",
];

/// The version that this program writes.
pub const VERSION: usize = MIGRATIONS.len();

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
        database::copy(connection, &copy_of(path, before))?;
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
