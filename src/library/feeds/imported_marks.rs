//! Marks that are imported from another program.

use std::path::PathBuf;

use super::duplicates::shown;
use crate::article::ArticleId;
use crate::library::database::Library;
use crate::library::error::Result;
use crate::library::marks::ArticleRecord;
use crate::library::marks::writer::MarkWriter;
use crate::library::values::{signed, unsigned};
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
    pub fn copy_marks(&mut self, url: &str, marks: Vec<ImportedMark>) -> Result<()> {
        let fresh = self.write(|transaction, revision| {
            let mut keeper = MarkWriter::new(transaction, revision)?;
            for ImportedMark { id, headline, changes } in marks {
                let id = ArticleId(unsigned(shown(transaction, signed(id.0))?));
                let known = &mut |id: ArticleId| {
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
                    keeper.keep(&MarkChange { article: id, change }, known)?;
                }
            }
            Ok(keeper.end()?.1)
        })?;
        self.fresh.extend(fresh);
        Ok(())
    }
}
