//! Marks in the library: loads all marks, saves changes, and reads changes of other programs.

pub(crate) mod file_state;
pub(crate) mod moves;
pub(crate) mod rename_detection;

pub use file_state::FileState;
pub use rename_detection::Moved;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rusqlite::types::{ToSql, ToSqlOutput, Value, ValueRef};
use rusqlite::{CachedStatement, OptionalExtension, Row, Transaction, params};
use xxhash_rust::xxh3::xxh3_64;

use super::journal::ReaderId;

use super::{Library, Result, now, rows};
use crate::article::ArticleId;
use crate::corpus::{ArticleRef, Origin};
use crate::marks::{ArticleMarks, Change, MarkChange, Marks, ReadPosition, Tag};
use crate::query::SavedSearch;
use crate::text::fold::fold;

/// The stored data that identify an article.
#[derive(Clone, Debug)]
pub struct ArticleRecord {
    /// The id.
    pub id: ArticleId,
    /// The checksum of the text.
    pub content: u64,
    /// The length of the folded text in bytes.
    pub length: usize,
    /// `file`, `bundled`, `input` or `feed`.
    pub origin: &'static str,
    /// The real path of the file.
    pub place: PathBuf,
    /// The position in the file.
    pub ordinal: u32,
    /// The headline.
    pub headline: String,
    /// The publication date in ISO format.
    pub published: Option<String>,
}

/// Resolves the real paths of articles, folder by folder.
#[derive(Debug, Default)]
pub struct PathResolver(HashMap<PathBuf, PathBuf>);

impl PathResolver {
    /// Returns the record of an article.
    pub fn known(&mut self, entry: ArticleRef<'_>) -> ArticleRecord {
        let (origin, place) = match entry.origin() {
            Origin::File => ("file", self.place(entry)),
            Origin::Bundled => ("bundled", entry.path()),
            Origin::Input => ("input", entry.path()),
            Origin::Feed => ("feed", entry.path()),
        };
        ArticleRecord {
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

    /// Returns the real path of the article's file.
    pub(super) fn place(&mut self, entry: ArticleRef<'_>) -> PathBuf {
        entry.place().map_or_else(|| entry.path(), |(folder, name)| self.real(folder).join(name))
    }

    fn real(&mut self, folder: &Path) -> &Path {
        let named = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
        let real = || named.canonicalize().or_else(|_| std::path::absolute(named)).unwrap_or_else(|_| named.to_owned());
        self.0.entry(folder.to_owned()).or_insert_with(real)
    }
}

/// Returns the checksum of an article's text.
pub(super) fn content(entry: ArticleRef<'_>) -> u64 {
    xxh3_64(entry.folded())
}

/// Changes in the library that a program has not read yet.
#[derive(Clone, Debug, Default)]
pub struct ExternalChanges {
    /// Articles with another identity.
    pub moved: Vec<Moved>,
    /// The current marks of articles that changed.
    pub marks: Vec<(ArticleId, ArticleMarks)>,
    /// All saved searches, if another program has written to the library.
    pub searches: Option<Vec<SavedSearch>>,
}

impl ExternalChanges {
    /// Returns whether there are no changes.
    pub fn is_empty(&self) -> bool {
        self.moved.is_empty() && self.marks.is_empty() && self.searches.is_none()
    }
}

/// Returns the time in nanoseconds since 1970-01-01 00:00 UTC.
pub(super) fn now_nanoseconds() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::SystemTime::UNIX_EPOCH);
    since.map_or(0, |since| i64::try_from(since.as_nanos()).unwrap_or(i64::MAX))
}

/// Converts an id or checksum to SQLite's signed integer with the same bits.
pub(super) fn signed(number: u64) -> i64 {
    i64::from_ne_bytes(number.to_ne_bytes())
}

pub(super) fn unsigned(number: i64) -> u64 {
    u64::from_ne_bytes(number.to_ne_bytes())
}

/// A path as an SQL value: text if it is UTF-8, else bytes.
pub(super) struct PathValue<'a>(pub(super) &'a Path);

impl ToSql for PathValue<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(match self.0.to_str() {
            Some(text) => ToSqlOutput::Borrowed(ValueRef::Text(text.as_bytes())),
            None => ToSqlOutput::Owned(Value::Blob(self.0.as_os_str().as_encoded_bytes().to_vec())),
        })
    }
}

/// Reads a path that was written as [`PathValue`].
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
    /// Returns all marks.
    pub fn marks(&mut self) -> Result<Marks> {
        self.data_version = self.data_version_now()?;
        let transaction = self.connection.transaction()?;
        let mut marks = Marks::default();
        self.seen = transaction.query_row("SELECT revision FROM counter", [], |row| row.get(0))?;
        let mut statement = transaction.prepare(&format!("SELECT {COLUMNS} FROM articles"))?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            if let Some((article, marked)) = rows::readable(row, "articles", marked(row))? {
                marks.set(article, marked);
            }
        }
        let mut each = |table, sql: &str, change: &dyn Fn(&str) -> Option<Change>| -> Result<()> {
            let mut statement = transaction.prepare(sql)?;
            let mut rows = statement.query([])?;
            while let Some(row) = rows.next()? {
                let read = row.get(0).and_then(|article| Ok((article, row.get_ref(1)?.as_str()?)));
                let Some((article, text)) = rows::readable(row, table, read)? else { continue };
                if let Some(change) = change(text) {
                    marks.apply(&MarkChange { article: ArticleId(unsigned(article)), change });
                }
            }
            Ok(())
        };
        each("tags", "SELECT article, tag FROM tags", &|tag| Some(Change::Tagged(Tag::new(tag)?, true)))?;
        each("notes", "SELECT article, text FROM notes", &|text| {
            Some(Change::Note { text: text.into(), was: Arc::default() })
        })?;
        Ok(marks)
    }

    fn data_version_now(&self) -> Result<i64> {
        Ok(self.connection.pragma_query_value(None, "data_version", |row| row.get(0))?)
    }

    /// Returns what other programs have changed since the last call, or since [`marks`](Self::marks).
    pub fn news(&mut self) -> Result<ExternalChanges> {
        let now = self.data_version_now()?;
        if now == self.data_version {
            return Ok(ExternalChanges::default());
        }
        self.data_version = now;
        self.read_news(true)
    }

    /// Reads the changes since the last revision that was read.
    pub(super) fn read_news(&mut self, with_searches: bool) -> Result<ExternalChanges> {
        let searches = with_searches.then(|| self.searches()).transpose()?;
        let transaction = self.connection.transaction()?;
        let latest = moves::revision(&transaction)?;
        let (moved, touched) = moves::since(&transaction, self.seen)?;
        let mut statement =
            transaction.prepare_cached(&format!("SELECT {COLUMNS} FROM articles WHERE revision > ?1"))?;
        let mut marks = Vec::new();
        let mut rows = statement.query([self.seen])?;
        while let Some(row) = rows.next()? {
            let Some((article, marked)) = rows::readable(row, "articles", marked(row))? else { continue };
            if !touched.contains(&article) {
                marks.push((article, with_words(&transaction, article, marked)?));
            }
        }
        for article in touched {
            marks.push((article, stored_marks(&transaction, article)?.unwrap_or_default()));
        }
        drop(rows);
        drop(statement);
        drop(transaction);
        self.seen = latest;
        Ok(ExternalChanges { moved, marks, searches })
    }

    /// Saves changes of marks in one transaction. When it returns, they are on the disk. `known` describes an article as
    /// this program sees it; if its place has another text in the library now, the marks follow the text. Returns the
    /// marks of articles that differ from the changes: notes that another program changed meanwhile are joined, and
    /// articles may have moved.
    pub fn keep(
        &mut self,
        changes: &[MarkChange],
        known: &mut dyn FnMut(ArticleId) -> Option<ArticleRecord>,
    ) -> Result<ExternalChanges> {
        let since = self.recognised_at();
        self.keep_with_journal(ReaderId(0), since, changes, &[], known)
    }
}

impl Library {
    /// Adds articles without marks, so that they are recognised at other places.
    pub fn meet(&mut self, articles: impl IntoIterator<Item = ArticleRecord>) -> Result<()> {
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
            let mut keeper = MarkWriter::new(transaction, revision)?;
            // Another program may have added them since.
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
    /// Removes an article, unless it has marks or a saved search has reported it.
    pub fn forget(&mut self, article: ArticleId) -> Result<()> {
        let sql = "DELETE FROM articles WHERE id = ?1 AND read_at IS NULL AND starred_at IS NULL AND part IS NULL
                       AND NOT EXISTS (SELECT 1 FROM tags WHERE article = ?1)
                       AND NOT EXISTS (SELECT 1 FROM notes WHERE article = ?1)
                       AND NOT EXISTS (SELECT 1 FROM reported WHERE article = ?1)";
        self.write(|transaction, _| Ok(transaction.prepare_cached(sql)?.execute([signed(article.0)]).map(drop)?))
    }
}

/// Reads a row of [`COLUMNS`].
fn marked(row: &Row<'_>) -> rusqlite::Result<(ArticleId, ArticleMarks)> {
    let mut marked = ArticleMarks::default();
    marked.apply(&Change::Read(row.get(1)?));
    marked.apply(&Change::Starred(row.get(2)?));
    if let (Some(part), Some(byte)) = (row.get(3)?, row.get(4)?) {
        marked.apply(&Change::Place(Some(ReadPosition { part, byte })));
    }
    Ok((ArticleId(unsigned(row.get(0)?)), marked))
}

/// Adds tags and the note.
fn with_words(transaction: &Transaction<'_>, article: ArticleId, mut marked: ArticleMarks) -> Result<ArticleMarks> {
    let id = signed(article.0);
    let mut tags = transaction.prepare_cached("SELECT tag FROM tags WHERE article = ?1")?;
    for tag in rows::read(&mut tags, [id], "tags", |row| row.get::<_, String>(0))? {
        if let Some(tag) = Tag::new(&tag) {
            marked.apply(&Change::Tagged(tag, true));
        }
    }
    let mut note = transaction.prepare_cached("SELECT text FROM notes WHERE article = ?1")?;
    if let Some(text) = rows::first(&mut note, [id], "notes", |row| row.get::<_, String>(0))? {
        marked.apply(&Change::Note { text: text.into(), was: Arc::default() });
    }
    Ok(marked)
}

/// Writes changes within a transaction.
pub(super) struct MarkWriter<'a> {
    transaction: &'a Transaction<'a>,
    revision: i64,
    now: i64,
    /// Moves after this revision are unknown to the program that makes the changes.
    since: i64,
    /// Articles whose marks are not what the changes say.
    corrected: Vec<ArticleId>,
    /// Articles that had no row before.
    fresh: Vec<ArticleId>,
    read: CachedStatement<'a>,
    unread: CachedStatement<'a>,
    starred: CachedStatement<'a>,
    place: CachedStatement<'a>,
    touch: CachedStatement<'a>,
}

impl<'a> MarkWriter<'a> {
    pub(super) fn new(transaction: &'a Transaction<'a>, revision: i64) -> Result<MarkWriter<'a>> {
        let set = |what: &str| {
            // The text is checked only if it is known on both sides. Entries of feeds keep their identity when edited.
            let same_text = "(?3 IS NULL OR content IN (?3, 0) OR origin <> 'file')";
            transaction
                .prepare_cached(&format!("UPDATE articles SET {what}, revision = ?2 WHERE id = ?1 AND {same_text}"))
        };
        Ok(MarkWriter {
            revision,
            now: now(),
            since: 0,
            corrected: Vec::new(),
            fresh: Vec::new(),
            read: set("read_at = coalesce(read_at, ?4)")?,
            unread: set("read_at = NULL")?,
            starred: set("starred_at = ?4")?,
            place: set("part = ?4, byte = ?5")?,
            touch: set("ordinal = ordinal")?,
            transaction,
        })
    }

    /// Sets the revision up to which the program knows of moves.
    pub(super) fn since(self, since: i64) -> MarkWriter<'a> {
        MarkWriter { since, ..self }
    }

    /// Returns the marks of articles that are not what the changes say, and the articles that had no row before.
    pub(super) fn end(mut self) -> Result<(ExternalChanges, Vec<ArticleId>)> {
        let mut marks = Vec::new();
        self.corrected.sort_unstable_by_key(|article| article.0);
        self.corrected.dedup();
        for &article in &self.corrected {
            marks.push((article, self.marked(article)?.unwrap_or_default()));
        }
        Ok((ExternalChanges { marks, ..ExternalChanges::default() }, self.fresh))
    }

    /// Makes a change. Creates a row for an article that has none.
    pub(super) fn keep(
        &mut self,
        marking: &MarkChange,
        known: &mut dyn FnMut(ArticleId) -> Option<ArticleRecord>,
    ) -> Result<()> {
        let known = known(marking.article);
        let content = known.as_ref().map(|known| known.content);
        if self.update(marking, content)? > 0 {
            return Ok(());
        }
        let article = match &known {
            Some(known) => self.article_of(known)?,
            None => marking.article,
        };
        let change = marking.change.clone();
        if self.update(&MarkChange { article, change: change.clone() }, None)? == 0 {
            self.insert(article, known)?;
            self.update(&MarkChange { article, change }, None)?;
        }
        if article != marking.article {
            self.corrected.extend([marking.article, article]);
        }
        Ok(())
    }

    /// Returns the row for a text that is not the stored text of its place: the article that it became, the article at
    /// this place if it has the same headline, or else a row that waits until the text is recognised.
    fn article_of(&self, known: &ArticleRecord) -> Result<ArticleId> {
        // An earlier mark on this text may have waited as well.
        let waiting = rename_detection::aside(known.id, known.content);
        for former in [known.id, waiting] {
            if let Some(article) = moves::follow(self.transaction, (former, known.content), self.since)? {
                return Ok(article);
            }
        }
        let sql = "SELECT headline FROM articles WHERE id = ?1";
        let mut select = self.transaction.prepare_cached(sql)?;
        let there: Option<String> = rows::first(&mut select, [signed(known.id.0)], "articles", |row| row.get(0))?;
        Ok(match there {
            Some(headline) if headline.is_empty() || fold(&headline) != fold(&known.headline) => waiting,
            _ => known.id,
        })
    }

    /// Returns the row for an article as another program or a file describes it.
    pub(super) fn row_of(&self, known: &ArticleRecord) -> Result<ArticleId> {
        let sql = "SELECT 1 FROM articles WHERE id = ?1 AND (content IN (?2, 0) OR origin <> 'file')";
        let mut there = self.transaction.prepare_cached(sql)?;
        if there.exists(params![signed(known.id.0), signed(known.content)])? {
            return Ok(known.id);
        }
        self.article_of(known)
    }

    /// Makes a change to an article with this text. Returns the number of rows that changed.
    fn update(&mut self, MarkChange { article, change }: &MarkChange, content: Option<u64>) -> Result<usize> {
        let (id, revision, now, content) = (signed(article.0), self.revision, self.now, content.map(signed));
        Ok(match change {
            Change::Read(true) => self.read.execute(params![id, revision, content, now])?,
            Change::Read(false) => self.unread.execute(params![id, revision, content])?,
            Change::Starred(starred) => self.starred.execute(params![id, revision, content, starred.then_some(now)])?,
            Change::Place(place) => self.place.execute(params![
                id,
                revision,
                content,
                place.map(|place| place.part),
                place.map(|place| place.byte)
            ])?,
            Change::Tagged(tag, wanted) => {
                let there = self.touch.execute(params![id, revision, content])?;
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
                let there = self.touch.execute(params![id, revision, content])?;
                if there > 0 {
                    self.note(*article, text, was)?;
                }
                there
            }
        })
    }

    /// Writes a note. A concurrent note of another program is joined, not lost.
    fn note(&mut self, article: ArticleId, text: &str, was: &str) -> Result<()> {
        let id = signed(article.0);
        let mut select = self.transaction.prepare_cached("SELECT text FROM notes WHERE article = ?1")?;
        // A note of the wrong type is kept too, as far as it is text.
        let lossy = |row: &Row<'_>| match row.get_ref(0)? {
            ValueRef::Text(bytes) | ValueRef::Blob(bytes) => Ok(String::from_utf8_lossy(bytes).into_owned()),
            ValueRef::Integer(number) => Ok(number.to_string()),
            ValueRef::Real(number) => Ok(number.to_string()),
            ValueRef::Null => Ok(String::new()),
        };
        let there = select.query_row([id], lossy).optional()?.unwrap_or_default();
        let text = if there == was || there.is_empty() || there == text {
            text.to_owned()
        } else if there.contains(text) {
            self.corrected.push(article);
            there
        } else {
            self.corrected.push(article);
            // An addition to the known note is appended to the concurrent one.
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

    /// Creates the row of an article. If it has another identity than `known`, its place has another text, and its marks
    /// wait until the text is recognised.
    pub(super) fn insert(&mut self, article: ArticleId, known: Option<ArticleRecord>) -> Result<()> {
        let sql = "INSERT INTO articles
                       (id, revision, content, length, origin, place, ordinal, headline, published, known_at)
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";
        let mut insert = self.transaction.prepare_cached(sql)?;
        self.fresh.push(article);
        let (id, revision) = (signed(article.0), self.revision);
        match known {
            Some(known) => {
                let is_waiting = known.id != article;
                let ArticleRecord { content, length, origin, place, ordinal, headline, published, .. } = known;
                let (content, length) = (signed(content), i64::try_from(length).unwrap_or(i64::MAX));
                let place = PathValue(&place);
                let known_at = if is_waiting { 0 } else { now_nanoseconds() };
                insert.execute(params![
                    id, revision, content, length, origin, place, ordinal, headline, published, known_at
                ])?;
            }
            None => drop(insert.execute(params![id, revision, 0, 0, "", "", 0, "", None::<String>, None::<i64>])?),
        }
        Ok(())
    }

    /// Returns the marks of an article, if it has a row.
    pub(super) fn marked(&self, article: ArticleId) -> Result<Option<ArticleMarks>> {
        stored_marks(self.transaction, article)
    }
}

/// Returns the marks of an article, if it has a row.
fn stored_marks(transaction: &Transaction<'_>, article: ArticleId) -> Result<Option<ArticleMarks>> {
    let sql = format!("SELECT {COLUMNS} FROM articles WHERE id = ?1");
    let mut statement = transaction.prepare_cached(&sql)?;
    let mut found = statement.query([signed(article.0)])?;
    let Some(row) = found.next()? else { return Ok(None) };
    // An unreadable row exists too.
    let marked = rows::readable(row, "articles", marked(row))?.map(|(_, marked)| marked).unwrap_or_default();
    with_words(transaction, article, marked).map(Some)
}
