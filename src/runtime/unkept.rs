//! What could not be kept: written to a file, with what is known of the articles that it is of.

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};

use chrono::Local;

use crate::article::ArticleId;
use crate::corpus::{Corpus, Slot};
use crate::library::{Known, Origins, write_changes};
use crate::marks::Marking;

/// Up to so many changes their articles are looked for one by one.
const FEW: usize = 64;

/// Writes changes to a file in the home, or in the temporary folder, and gives its name.
pub(super) fn rescue(changes: &[Marking], corpus: &Corpus) -> Option<PathBuf> {
    if changes.is_empty() {
        return None;
    }
    let name = format!("newsdesk-unsaved-{}.jsonl", Local::now().format("%Y-%m-%d-%H%M%S"));
    let home = directories::BaseDirs::new().map(|folders| folders.home_dir().to_owned());
    let mut paths = home.into_iter().chain([std::env::temp_dir()]).map(|folder| folder.join(&name));
    paths.find(|path| write_unkept(path, changes, corpus).is_ok())
}

/// Writes changes to a file that was not there, so that they can be imported.
pub(super) fn write_unkept(path: &Path, changes: &[Marking], corpus: &Corpus) -> io::Result<()> {
    // Notes are among it, and it may stand where everybody looks.
    let mut options = std::fs::File::options();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut out = io::BufWriter::new(options.open(path)?);
    let mut finder = Finder::new(corpus, changes.len());
    write_changes(changes, &mut |article| finder.known(article), &mut out)?;
    out.get_ref().sync_all()
}

/// Finds articles by their identity.
pub(super) struct Finder<'a> {
    corpus: &'a Corpus,
    origins: Origins,
    /// All articles, where many are looked for.
    slots: Option<HashMap<ArticleId, Slot>>,
}

impl<'a> Finder<'a> {
    pub(super) fn new(corpus: &'a Corpus, wanted: usize) -> Finder<'a> {
        let id = |&slot: &Slot| corpus.get(slot).map(|entry| (entry.id(), slot));
        let slots = (wanted > FEW).then(|| corpus.order().iter().filter_map(id).collect());
        Finder { corpus, origins: Origins::default(), slots }
    }

    pub(super) fn known(&mut self, article: ArticleId) -> Option<Known> {
        let slot = match &self.slots {
            Some(slots) => slots.get(&article).copied(),
            None => self.corpus.find(article),
        };
        Some(self.origins.known(self.corpus.get(slot?)?))
    }
}
