//! Saves marks.

use super::changes::ExternalChanges;
use super::record::ArticleRecord;
use super::writer::MarkWriter;
use crate::article::ArticleId;
use crate::library::database::Library;
use crate::library::error::Result;
use crate::library::journal::reader_lock::ReaderId;
use crate::library::sqlite::values::signed;
use crate::marks::MarkChange;

impl Library {
    /// Saves changes of marks in one transaction. When it returns, they are on the disk. `find_article` describes an
    /// article as this program sees it; if its place has another text in the library now, the marks follow the text.
    /// Returns the marks of articles that differ from the changes: notes that another program changed meanwhile are
    /// joined, and articles may have moved.
    pub fn save_marks(
        &mut self,
        changes: &[MarkChange],
        find_article: &mut dyn FnMut(ArticleId) -> Option<ArticleRecord>,
    ) -> Result<ExternalChanges> {
        let since = self.recognised_at();
        self.save_marks_with_journal(ReaderId(0), since, changes, &[], find_article)
    }

    /// Adds articles without marks, so that they are recognised at other places.
    pub fn ensure_articles(&mut self, articles: impl IntoIterator<Item = ArticleRecord>) -> Result<()> {
        let there = "SELECT 1 FROM articles WHERE id = ?1";
        let mut missing = Vec::new();
        for record in articles {
            if !self.connection.prepare_cached(there)?.exists([signed(record.id.0)])? {
                missing.push(record);
            }
        }
        if missing.is_empty() {
            return Ok(());
        }
        self.write(|transaction, revision| {
            let mut writer = MarkWriter::new(transaction, revision)?;
            // Another program may have added them since.
            for record in missing {
                if writer.marked(record.id)?.is_none() {
                    writer.insert(record.id, Some(record))?;
                }
            }
            Ok(())
        })
    }

    /// Removes an article, unless it has marks or a saved search has reported it.
    pub fn forget_unmarked(&mut self, article: ArticleId) -> Result<()> {
        let sql = "DELETE FROM articles WHERE id = ?1 AND read_at IS NULL AND starred_at IS NULL AND part IS NULL
                       AND NOT EXISTS (SELECT 1 FROM tags WHERE article = ?1)
                       AND NOT EXISTS (SELECT 1 FROM notes WHERE article = ?1)
                       AND NOT EXISTS (SELECT 1 FROM reported WHERE article = ?1)";
        self.write(|transaction, _| Ok(transaction.prepare_cached(sql)?.execute([signed(article.0)]).map(drop)?))
    }
}
