//! Marks in the library: all of them at the start, each change as it is made, those of other programs as they come.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rusqlite::types::{ToSql, ToSqlOutput, Value, ValueRef};
use rusqlite::{CachedStatement, OptionalExtension, Row, Transaction, params};
use xxhash_rust::xxh3::xxh3_64;

use super::journal::ReaderId;
use super::{Library, Result, now};
use crate::article::ArticleId;
use crate::corpus::{Entry, Origin};
use crate::marks::{Change, Marked, Marking, Marks, Place, Tag};
use crate::query::SavedSearch;

/// What is kept of an article, so that it is recognised again.
#[derive(Clone, Debug)]
pub struct Known {
    /// Its identity.
    pub id: ArticleId,
    /// A checksum of its text.
    pub content: u64,
    /// The bytes of its text, folded.
    pub length: usize,
    /// `file`, `bundled`, `input` or `feed`.
    pub origin: &'static str,
    /// The real path of its file.
    pub place: PathBuf,
    /// Its position in the file.
    pub ordinal: u32,
    /// Its headline.
    pub headline: String,
    /// When it was published, as ISO has it.
    pub published: Option<String>,
}

/// Works out where articles really are, folder by folder.
#[derive(Debug, Default)]
pub struct Origins(HashMap<PathBuf, PathBuf>);

impl Origins {
    /// What there is to know of an article.
    pub fn known(&mut self, entry: Entry<'_>) -> Known {
        let (origin, place) = match entry.origin() {
            Origin::File => ("file", self.place(entry)),
            Origin::Bundled => ("bundled", entry.path()),
            Origin::Input => ("input", entry.path()),
            Origin::Feed => ("feed", entry.path()),
        };
        Known {
            id: entry.id(),
            content: content(entry),
            length: entry.folded().len(),
            origin,
            place,
            ordinal: entry.ordinal(),
            headline: entry.headline().to_string(),
            published: entry.published().map(|published| published.to_string()),
        }
    }

    /// The real path of the article's file.
    pub(super) fn place(&mut self, entry: Entry<'_>) -> PathBuf {
        entry.place().map_or_else(|| entry.path(), |(folder, name)| self.real(folder).join(name))
    }

    fn real(&mut self, folder: &Path) -> &Path {
        let named = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
        let real = || named.canonicalize().or_else(|_| std::path::absolute(named)).unwrap_or_else(|_| named.to_owned());
        self.0.entry(folder.to_owned()).or_insert_with(real)
    }
}

/// What tells whether two articles have the same text.
pub(super) fn content(entry: Entry<'_>) -> u64 {
    xxh3_64(entry.folded())
}

/// What others have changed.
#[derive(Clone, Debug, Default)]
pub struct News {
    /// What is done to these articles now.
    pub marks: Vec<(ArticleId, Marked)>,
    /// All saved searches, where any program has written since.
    pub searches: Option<Vec<SavedSearch>>,
}

impl News {
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.marks.is_empty() && self.searches.is_none()
    }
}

/// Identities and checksums as SQLite has them: the same bits with a sign.
pub(super) fn signed(number: u64) -> i64 {
    i64::from_ne_bytes(number.to_ne_bytes())
}

pub(super) fn unsigned(number: i64) -> u64 {
    u64::from_ne_bytes(number.to_ne_bytes())
}

/// A path: text where it is UTF-8, else its bytes.
pub(super) struct Place8<'a>(pub(super) &'a Path);

impl ToSql for Place8<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(match self.0.to_str() {
            Some(text) => ToSqlOutput::Borrowed(ValueRef::Text(text.as_bytes())),
            None => ToSqlOutput::Owned(Value::Blob(self.0.as_os_str().as_encoded_bytes().to_vec())),
        })
    }
}

/// A path that was written as [`Place8`].
pub(super) fn path_of(value: ValueRef<'_>) -> PathBuf {
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

const COLUMNS: &str = "id, read_at IS NOT NULL, starred_at IS NOT NULL, part, byte";

impl Library {
    /// All marks.
    pub fn marks(&mut self) -> Result<Marks> {
        self.data_version = self.data_version_now()?;
        let transaction = self.connection.transaction()?;
        let mut marks = Marks::default();
        self.seen = transaction.query_row("SELECT revision FROM counter", [], |row| row.get(0))?;
        let mut statement = transaction.prepare(&format!("SELECT {COLUMNS} FROM articles"))?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let (article, marked) = marked(row)?;
            marks.set(article, marked);
        }
        let mut each = |sql: &str, change: &dyn Fn(&str) -> Option<Change>| -> Result<()> {
            let mut statement = transaction.prepare(sql)?;
            let mut rows = statement.query([])?;
            while let Some(row) = rows.next()? {
                let article = ArticleId(unsigned(row.get(0)?));
                if let Some(change) = change(row.get_ref(1)?.as_str().unwrap_or("")) {
                    marks.apply(&Marking { article, change });
                }
            }
            Ok(())
        };
        each("SELECT article, tag FROM tags", &|tag| Some(Change::Tagged(Tag::new(tag)?, true)))?;
        each("SELECT article, text FROM notes", &|text| Some(Change::Note { text: text.into(), was: Arc::default() }))?;
        Ok(marks)
    }

    fn data_version_now(&self) -> Result<i64> {
        Ok(self.connection.pragma_query_value(None, "data_version", |row| row.get(0))?)
    }

    /// What other programs have changed since the last call, or since [`marks`](Self::marks).
    pub fn news(&mut self) -> Result<News> {
        let now = self.data_version_now()?;
        if now == self.data_version {
            return Ok(News::default());
        }
        self.data_version = now;
        let searches = Some(self.searches()?);
        let transaction = self.connection.transaction()?;
        let latest = transaction.query_row("SELECT revision FROM counter", [], |row| row.get(0))?;
        let mut statement =
            transaction.prepare_cached(&format!("SELECT {COLUMNS} FROM articles WHERE revision > ?1"))?;
        let mut marks = Vec::new();
        let mut rows = statement.query([self.seen])?;
        while let Some(row) = rows.next()? {
            let (article, marked) = marked(row)?;
            marks.push((article, with_words(&transaction, article, marked)?));
        }
        self.seen = latest;
        Ok(News { marks, searches })
    }

    /// Keeps changes, all of them or none; when it returns they are on the disk. `known` tells of articles that were
    /// never marked before. Where somebody else has changed a note meanwhile both texts are kept: those come back.
    pub fn keep(&mut self, changes: &[Marking], known: &mut dyn FnMut(ArticleId) -> Option<Known>) -> Result<News> {
        self.keep_with_journal(ReaderId(0), changes, &[], known)
    }
}

impl Library {
    /// Knows articles from now on, though nothing is done to them, so that they are recognised in other places.
    pub fn meet(&mut self, articles: impl IntoIterator<Item = Known>) -> Result<()> {
        let there = "SELECT 1 FROM articles WHERE id = ?1";
        let mut strangers = Vec::new();
        for known in articles {
            if !self.connection.prepare_cached(there)?.exists([signed(known.id.0)])? {
                strangers.push(known);
            }
        }
        if strangers.is_empty() {
            return Ok(());
        }
        self.write(|transaction, revision| {
            let mut keeper = Keeper::new(transaction, revision)?;
            // Another program may have met them since.
            for known in strangers {
                if keeper.marked(known.id)?.is_none() {
                    keeper.insert(known.id, Some(known))?;
                }
            }
            Ok(())
        })
    }
}

impl Library {
    /// Knows an article no more, unless something was done to it or a saved search has reported it.
    pub fn forget(&mut self, article: ArticleId) -> Result<()> {
        let sql = "DELETE FROM articles WHERE id = ?1 AND read_at IS NULL AND starred_at IS NULL AND part IS NULL
                       AND NOT EXISTS (SELECT 1 FROM tags WHERE article = ?1)
                       AND NOT EXISTS (SELECT 1 FROM notes WHERE article = ?1)
                       AND NOT EXISTS (SELECT 1 FROM reported WHERE article = ?1)";
        self.write(|transaction, _| Ok(transaction.prepare_cached(sql)?.execute([signed(article.0)]).map(drop)?))
    }
}

/// Reads a row of [`COLUMNS`].
fn marked(row: &Row<'_>) -> rusqlite::Result<(ArticleId, Marked)> {
    let mut marked = Marked::default();
    marked.apply(&Change::Read(row.get(1)?));
    marked.apply(&Change::Starred(row.get(2)?));
    if let (Some(part), Some(byte)) = (row.get(3)?, row.get(4)?) {
        marked.apply(&Change::Place(Some(Place { part, byte })));
    }
    Ok((ArticleId(unsigned(row.get(0)?)), marked))
}

/// Adds tags and the note.
fn with_words(transaction: &Transaction<'_>, article: ArticleId, mut marked: Marked) -> Result<Marked> {
    let id = signed(article.0);
    let mut tags = transaction.prepare_cached("SELECT tag FROM tags WHERE article = ?1")?;
    for tag in tags.query_map([id], |row| row.get::<_, String>(0))? {
        if let Some(tag) = Tag::new(&tag?) {
            marked.apply(&Change::Tagged(tag, true));
        }
    }
    let mut note = transaction.prepare_cached("SELECT text FROM notes WHERE article = ?1")?;
    if let Some(text) = note.query_row([id], |row| row.get::<_, String>(0)).optional()? {
        marked.apply(&Change::Note { text: text.into(), was: Arc::default() });
    }
    Ok(marked)
}

/// Writes changes within a transaction.
pub(super) struct Keeper<'a> {
    transaction: &'a Transaction<'a>,
    revision: i64,
    now: i64,
    /// Articles whose note was joined with somebody else's.
    joined: Vec<ArticleId>,
    /// Articles that were not there before.
    fresh: Vec<ArticleId>,
    read: CachedStatement<'a>,
    unread: CachedStatement<'a>,
    starred: CachedStatement<'a>,
    place: CachedStatement<'a>,
    touch: CachedStatement<'a>,
}

impl<'a> Keeper<'a> {
    pub(super) fn new(transaction: &'a Transaction<'a>, revision: i64) -> Result<Keeper<'a>> {
        let set = |what: &str| {
            transaction.prepare_cached(&format!("UPDATE articles SET {what}, revision = ?2 WHERE id = ?1"))
        };
        Ok(Keeper {
            revision,
            now: now(),
            joined: Vec::new(),
            fresh: Vec::new(),
            read: set("read_at = coalesce(read_at, ?3)")?,
            unread: set("read_at = NULL")?,
            starred: set("starred_at = ?3")?,
            place: set("part = ?3, byte = ?4")?,
            touch: set("id = id")?,
            transaction,
        })
    }

    /// Returns the articles whose notes were joined with somebody else's, and those that were not there before.
    pub(super) fn end(mut self) -> Result<(News, Vec<ArticleId>)> {
        let mut joined = Vec::new();
        for article in std::mem::take(&mut self.joined) {
            joined.extend(self.marked(article)?.map(|marked| (article, marked)));
        }
        Ok((News { marks: joined, searches: None }, self.fresh))
    }

    pub(super) fn keep(&mut self, marking: &Marking, known: &mut dyn FnMut(ArticleId) -> Option<Known>) -> Result<()> {
        if self.update(marking)? == 0 {
            self.insert(marking.article, known(marking.article))?;
            self.update(marking)?;
        }
        Ok(())
    }

    /// Makes a change to an article that is there; gives how many that are.
    fn update(&mut self, Marking { article, change }: &Marking) -> Result<usize> {
        let (id, revision, now) = (signed(article.0), self.revision, self.now);
        Ok(match change {
            Change::Read(true) => self.read.execute(params![id, revision, now])?,
            Change::Read(false) => self.unread.execute(params![id, revision])?,
            Change::Starred(starred) => self.starred.execute(params![id, revision, starred.then_some(now)])?,
            Change::Place(place) => self.place.execute(params![
                id,
                revision,
                place.map(|place| place.part),
                place.map(|place| place.byte)
            ])?,
            Change::Tagged(tag, wanted) => {
                let there = self.touch.execute(params![id, revision])?;
                if there > 0 {
                    let sql = if *wanted {
                        "INSERT OR IGNORE INTO tags (article, tag) VALUES (?1, ?2)"
                    } else {
                        "DELETE FROM tags WHERE article = ?1 AND tag = ?2"
                    };
                    self.transaction.prepare_cached(sql)?.execute(params![id, tag.as_str()])?;
                }
                there
            }
            Change::Note { text, was } => {
                let there = self.touch.execute(params![id, revision])?;
                if there > 0 {
                    self.note(*article, text, was)?;
                }
                there
            }
        })
    }

    /// Writes a note; what somebody else has written meanwhile is not lost.
    fn note(&mut self, article: ArticleId, text: &str, was: &str) -> Result<()> {
        let id = signed(article.0);
        let mut select = self.transaction.prepare_cached("SELECT text FROM notes WHERE article = ?1")?;
        let there: String = select.query_row([id], |row| row.get(0)).optional()?.unwrap_or_default();
        let text = if there == was || there.is_empty() || there == text {
            text.to_owned()
        } else if there.contains(text) {
            self.joined.push(article);
            there
        } else {
            self.joined.push(article);
            // One who adds to what they knew of loses nothing of what they did not know of.
            match text.strip_prefix(was) {
                Some(added) if there.starts_with(was) => format!("{there}\n{}", added.trim_start_matches('\n')),
                _ => format!("{there}\n\n{text}"),
            }
        };
        if text.is_empty() {
            self.transaction.prepare_cached("DELETE FROM notes WHERE article = ?1")?.execute([id])?;
        } else {
            let sql = "INSERT INTO notes (article, text, written_at) VALUES (?1, ?2, ?3)
                       ON CONFLICT (article) DO UPDATE SET text = excluded.text, written_at = excluded.written_at";
            self.transaction.prepare_cached(sql)?.execute(params![id, text, self.now])?;
        }
        Ok(())
    }

    /// Puts in an article that is not there.
    pub(super) fn insert(&mut self, article: ArticleId, known: Option<Known>) -> Result<()> {
        let sql = "INSERT INTO articles (id, revision, content, length, origin, place, ordinal, headline, published)
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
        let mut insert = self.transaction.prepare_cached(sql)?;
        self.fresh.push(article);
        let (id, revision) = (signed(article.0), self.revision);
        match known {
            Some(known) => {
                let Known { content, length, origin, place, ordinal, headline, published, .. } = known;
                let (content, length) = (signed(content), i64::try_from(length).unwrap_or(i64::MAX));
                let place = Place8(&place);
                insert.execute(params![id, revision, content, length, origin, place, ordinal, headline, published])?;
            }
            // Nothing is known of it but that it was marked, which is kept.
            None => drop(insert.execute(params![id, revision, 0, 0, "", "", 0, "", None::<String>])?),
        }
        Ok(())
    }

    /// What is done to an article now, if it is there.
    pub(super) fn marked(&mut self, article: ArticleId) -> Result<Option<Marked>> {
        let sql = format!("SELECT {COLUMNS} FROM articles WHERE id = ?1");
        let found = self.transaction.prepare_cached(&sql)?.query_row([signed(article.0)], marked).optional()?;
        found.map(|(_, marked)| with_words(self.transaction, article, marked)).transpose()
    }
}
