//! The tables of the library, as the steps from each version to the next. `docs/library.md` describes them.

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
