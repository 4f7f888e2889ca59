//! Writes changes that could not be saved to a file that can be imported.

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};

use chrono::Local;

use crate::article::ArticleId;
use crate::corpus::{Corpus, Slot};
use crate::library::{ArticleRecord, PathResolver, owner_only, write_changes};
use crate::marks::MarkChange;
use crate::query::SavedSearch;

/// The maximum number of changes for which articles are searched one by one.
const FEW: usize = 64;

/// The result of writing unsaved changes to a rescue file at exit.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum RescueOutcome {
    /// The changes are in this file.
    Rescued(PathBuf),
    /// No file could be written either. This number of changes and searches is lost.
    Lost(usize),
}

/// Writes unsaved changes to a file in the home folder, or else in the temporary folder. Returns `None` if there are
/// none.
pub(crate) fn rescue(changes: &[MarkChange], searches: &[SavedSearch], corpus: &Corpus) -> Option<RescueOutcome> {
    if changes.is_empty() && searches.is_empty() {
        return None;
    }
    let home = directories::BaseDirs::new().map(|folders| folders.home_dir().to_owned());
    Some(rescue_to(home.into_iter().chain([std::env::temp_dir()]), changes, searches, corpus))
}

fn rescue_to(
    folders: impl Iterator<Item = PathBuf>,
    changes: &[MarkChange],
    searches: &[SavedSearch],
    corpus: &Corpus,
) -> RescueOutcome {
    let name = format!("newsdesk-unsaved-{}.jsonl", Local::now().format("%Y-%m-%d-%H%M%S"));
    let mut paths = folders.map(|folder| folder.join(&name));
    match paths.find(|path| write_rescue_file(path, changes, searches, corpus).is_ok()) {
        Some(path) => RescueOutcome::Rescued(path),
        None => RescueOutcome::Lost(changes.len() + searches.len()),
    }
}

/// Writes unsaved changes to a new file that can be imported.
pub(crate) fn write_rescue_file(
    path: &Path,
    changes: &[MarkChange],
    searches: &[SavedSearch],
    corpus: &Corpus,
) -> io::Result<()> {
    // The file may contain notes, and other users may have access to the folder.
    let mut out = io::BufWriter::new(owner_only::new_file(path)?);
    let mut finder = ArticleLookup::new(corpus, changes.len());
    write_changes(changes, searches, &mut |article| finder.find(article), &mut out)?;
    out.get_ref().sync_all()
}

/// Looks up articles by their identity.
pub(crate) struct ArticleLookup<'a> {
    corpus: &'a Corpus,
    origins: PathResolver,
    /// All articles, for many changes.
    slots: Option<HashMap<ArticleId, Slot>>,
}

impl<'a> ArticleLookup<'a> {
    pub(crate) fn new(corpus: &'a Corpus, wanted: usize) -> ArticleLookup<'a> {
        let id = |&slot: &Slot| corpus.get(slot).map(|entry| (entry.id(), slot));
        let slots = (wanted > FEW).then(|| corpus.order().iter().filter_map(id).collect());
        ArticleLookup { corpus, origins: PathResolver::default(), slots }
    }

    pub(crate) fn find(&mut self, article: ArticleId) -> Option<ArticleRecord> {
        let slot = match &self.slots {
            Some(slots) => slots.get(&article).copied(),
            None => self.corpus.find(article),
        };
        Some(self.origins.record(self.corpus.get(slot?)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::library::Library;

    #[test]
    fn unsaved_changes_are_rescued_or_reported_as_lost() {
        let folder = tempfile::tempdir().unwrap();
        let search = SavedSearch { name: "Ferries".to_owned(), query: "ferry".to_owned(), ..SavedSearch::default() };
        let none = folder.path().join("none");
        let searches = [search];
        assert_eq!(rescue_to([none.clone()].into_iter(), &[], &searches, &Corpus::default()), RescueOutcome::Lost(1));
        let folders = [none, folder.path().to_owned()].into_iter();
        let RescueOutcome::Rescued(path) = rescue_to(folders, &[], &searches, &Corpus::default()) else { panic!() };
        let mut library = Library::open(&folder.path().join("library.db")).unwrap();
        library.import(&mut io::BufReader::new(std::fs::File::open(path).unwrap())).unwrap();
        assert_eq!(library.searches().unwrap(), searches);
    }
}
