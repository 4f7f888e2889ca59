//! Writes marks within a transaction.

use rusqlite::types::ValueRef;
use rusqlite::{CachedStatement, OptionalExtension, Row, Transaction, params};

use super::changes::ExternalChanges;
use super::moves;
use super::record::{ArticleRecord, parked_id};
use super::stored::stored_marks;
use crate::article::ArticleId;
use crate::library::error::Result;
use crate::library::sqlite::rows;
use crate::library::sqlite::values::{PathValue, now, now_nanoseconds, signed};
use crate::marks::{ArticleMarks, Change, MarkChange};
use crate::text::fold::fold;

/// Writes changes within a transaction.
pub(crate) struct MarkWriter<'a> {
    transaction: &'a Transaction<'a>,
    revision: i64,
    now: i64,
    /// Moves after this revision are unknown to the program that makes the changes.
    since: i64,
    /// Articles whose marks differ from the changes.
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
    pub(crate) fn new(transaction: &'a Transaction<'a>, revision: i64) -> Result<MarkWriter<'a>> {
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
    pub(crate) fn since(self, since: i64) -> MarkWriter<'a> {
        MarkWriter { since, ..self }
    }

    /// Returns the marks of articles that differ from the changes, and the articles that had no row before.
    pub(crate) fn finish(mut self) -> Result<(ExternalChanges, Vec<ArticleId>)> {
        let mut marks = Vec::new();
        self.corrected.sort_unstable_by_key(|article| article.0);
        self.corrected.dedup();
        for &article in &self.corrected {
            marks.push((article, self.marked(article)?.unwrap_or_default()));
        }
        Ok((ExternalChanges { marks, ..ExternalChanges::default() }, self.fresh))
    }

    /// Makes a change. Creates a row for an article that has none.
    pub(crate) fn apply(
        &mut self,
        marking: &MarkChange,
        find_article: &mut dyn FnMut(ArticleId) -> Option<ArticleRecord>,
    ) -> Result<()> {
        let record = find_article(marking.article);
        let content = record.as_ref().map(|record| record.content);
        if self.update(marking, content)? > 0 {
            return Ok(());
        }
        let article = match &record {
            Some(record) => self.article_of(record)?,
            None => marking.article,
        };
        let change = marking.change.clone();
        if self.update(&MarkChange { article, change: change.clone() }, None)? == 0 {
            self.insert(article, record)?;
            self.update(&MarkChange { article, change }, None)?;
        }
        if article != marking.article {
            self.corrected.extend([marking.article, article]);
        }
        Ok(())
    }

    /// Returns the row for a text that is not the stored text of its place: the article that it became, the article at
    /// this place if it has the same headline, or else a parked row until the text is recognised.
    fn article_of(&self, record: &ArticleRecord) -> Result<ArticleId> {
        // An earlier mark on this text may be parked as well.
        let parked = parked_id(record.id, record.content);
        for former in [record.id, parked] {
            if let Some(article) = moves::follow(self.transaction, (former, record.content), self.since)? {
                return Ok(article);
            }
        }
        let sql = "SELECT headline FROM articles WHERE id = ?1";
        let mut select = self.transaction.prepare_cached(sql)?;
        let there: Option<String> = rows::first(&mut select, [signed(record.id.0)], "articles", |row| row.get(0))?;
        Ok(match there {
            Some(headline) if headline.is_empty() || fold(&headline) != fold(&record.headline) => parked,
            _ => record.id,
        })
    }

    /// Returns the row for an article as another program or a file describes it.
    pub(crate) fn row_of(&self, record: &ArticleRecord) -> Result<ArticleId> {
        let sql = "SELECT 1 FROM articles WHERE id = ?1 AND (content IN (?2, 0) OR origin <> 'file')";
        let mut there = self.transaction.prepare_cached(sql)?;
        if there.exists(params![signed(record.id.0), signed(record.content)])? {
            return Ok(record.id);
        }
        self.article_of(record)
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

    /// Creates the row of an article. If it has another identity than `record`, its place has another text, and its
    /// marks are parked until the text is recognised.
    pub(crate) fn insert(&mut self, article: ArticleId, record: Option<ArticleRecord>) -> Result<()> {
        let sql = "INSERT INTO articles
                       (id, revision, content, length, origin, place, ordinal, headline, published, known_at)
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";
        let mut insert = self.transaction.prepare_cached(sql)?;
        self.fresh.push(article);
        let (id, revision) = (signed(article.0), self.revision);
        match record {
            Some(record) => {
                let is_parked = record.id != article;
                let ArticleRecord { content, length, origin, place, ordinal, headline, published, .. } = record;
                let (content, length) = (signed(content), i64::try_from(length).unwrap_or(i64::MAX));
                let place = PathValue(&place);
                let known_at = if is_parked { 0 } else { now_nanoseconds() };
                insert.execute(params![
                    id, revision, content, length, origin, place, ordinal, headline, published, known_at
                ])?;
            }
            None => {
                insert.execute(params![id, revision, 0, 0, "", "", 0, "", None::<String>, None::<i64>])?;
            }
        }
        Ok(())
    }

    /// Returns the marks of an article, if it has a row.
    pub(crate) fn marked(&self, article: ArticleId) -> Result<Option<ArticleMarks>> {
        stored_marks(self.transaction, article)
    }
}
