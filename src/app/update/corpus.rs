//! Messages about loading and new versions of the corpus.

use std::sync::Arc;

use crate::app::{Effect, LoadProgress, State};
use crate::corpus::{Corpus, Slot};

impl State {
    pub(super) fn on_progress(&mut self, progress: LoadProgress) {
        self.load.progress = progress;
        self.match_moved();
    }

    pub(super) fn on_corpus(&mut self, corpus: Arc<Corpus>) {
        let former = std::mem::replace(&mut self.corpus, corpus);
        self.follow_rename(&former);
        self.refresh_filter();
        self.match_moved();
    }

    /// Requests a search for articles that were moved, once everything is loaded.
    pub(super) fn match_moved(&mut self) {
        if self.marks.is_ready() && self.load.progress.done {
            self.outbox.push(Effect::MatchMoved(Arc::clone(&self.corpus)));
        }
    }

    /// Follows the chosen article if its file was renamed: if it is gone and a new article has the same text, the new
    /// one takes its place in the list and the reading pane.
    fn follow_rename(&mut self, former: &Corpus) {
        let Some((slot, id)) = self.list.chosen() else { return };
        let Some(old) = former.get(slot).filter(|_| self.corpus.find(id).is_none()) else { return };
        let added = (former.slots()..self.corpus.slots()).filter_map(|slot| u32::try_from(slot).ok()).map(Slot);
        let same = added.filter_map(|slot| self.corpus.get(slot).map(|entry| (slot, entry)));
        if let Some((slot, entry)) = same.into_iter().find(|(_, entry)| entry.folded() == old.folded()) {
            self.list.rename(slot, entry.id());
            self.reading.rename(id, slot, entry);
        }
    }
}
