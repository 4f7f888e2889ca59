//! Marks that are imported from another program.

use std::path::PathBuf;

use super::duplicates::shown_id;
use crate::article::ArticleId;
use crate::library::database::Library;
use crate::library::error::Result;
use crate::library::marks::ArticleRecord;
use crate::library::marks::writer::MarkWriter;
use crate::library::sqlite::values::{signed, unsigned};
use crate::marks::{Change, MarkChange};

/// Marks of an entry imported from another program.
#[derive(Clone, Debug)]
pub struct ImportedMark {
    /// The id of the entry.
    pub id: ArticleId,
    /// The headline.
    pub headline: String,
    /// The changes.
    pub changes: Vec<Change>,
}

impl Library {
    /// Adds imported marks. Existing marks stay. Marks of a duplicate entry go to the entry that is shown.
    pub fn import_marks(&mut self, url: &str, marks: Vec<ImportedMark>) -> Result<()> {
        let fresh = self.write(|transaction, revision| {
            let mut writer = MarkWriter::new(transaction, revision)?;
            for ImportedMark { id, headline, changes } in marks {
                let id = ArticleId(unsigned(shown_id(transaction, signed(id.0))?));
                let find_article = &mut |id: ArticleId| {
                    let (origin, place, headline) = ("feed", PathBuf::from(url), headline.clone());
                    Some(ArticleRecord {
                        id,
                        content: 0,
                        length: 0,
                        origin,
                        place,
                        ordinal: 0,
                        headline,
                        published: None,
                    })
                };
                for change in changes {
                    writer.apply(&MarkChange { article: id, change }, find_article)?;
                }
            }
            Ok(writer.finish()?.1)
        })?;
        self.fresh.extend(fresh);
        Ok(())
    }
}
