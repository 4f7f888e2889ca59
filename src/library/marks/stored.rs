//! Reads the marks of an article.

use std::sync::Arc;

use rusqlite::{Row, Transaction};

use crate::article::ArticleId;
use crate::library::error::Result;
use crate::library::sqlite::rows;
use crate::library::sqlite::values::{signed, unsigned};
use crate::marks::{ArticleMarks, Change, ReadPosition, Tag};

/// The columns that [`marked`] reads.
pub(crate) const COLUMNS: &str = "id, read_at IS NOT NULL, starred_at IS NOT NULL, part, byte";

/// Reads a row of [`COLUMNS`].
pub(crate) fn marked(row: &Row<'_>) -> rusqlite::Result<(ArticleId, ArticleMarks)> {
    let mut marked = ArticleMarks::default();
    marked.apply(&Change::Read(row.get(1)?));
    marked.apply(&Change::Starred(row.get(2)?));
    if let (Some(part), Some(byte)) = (row.get(3)?, row.get(4)?) {
        marked.apply(&Change::Place(Some(ReadPosition { part, byte })));
    }
    Ok((ArticleId(unsigned(row.get(0)?)), marked))
}

/// Adds tags and the note.
pub(crate) fn with_tags_and_note(
    transaction: &Transaction<'_>,
    article: ArticleId,
    mut marked: ArticleMarks,
) -> Result<ArticleMarks> {
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

/// Returns the marks of an article, if it has a row.
pub(crate) fn stored_marks(transaction: &Transaction<'_>, article: ArticleId) -> Result<Option<ArticleMarks>> {
    let sql = format!("SELECT {COLUMNS} FROM articles WHERE id = ?1");
    let mut statement = transaction.prepare_cached(&sql)?;
    let mut found = statement.query([signed(article.0)])?;
    let Some(row) = found.next()? else { return Ok(None) };
    // An unreadable row exists too.
    let marked = rows::readable(row, "articles", marked(row))?.map(|(_, marked)| marked).unwrap_or_default();
    with_tags_and_note(transaction, article, marked).map(Some)
}
