//! The article list: which articles it lists, which one is selected, which one stands at the top.

use std::sync::Arc;

use crate::article::ArticleId;
use crate::corpus::{Corpus, Slot};

/// The slot of an article that is not there yet.
const NOWHERE: Slot = Slot(u32::MAX);

/// The state of the list.
#[derive(Clone, Debug, Default)]
pub struct ListPane {
    slots: Arc<Vec<Slot>>,
    selected: usize,
    top: usize,
    /// The article that the reader chose, by moving to it or reading in it. It is selected whenever it is listed;
    /// until there is one, the first article is, whatever comes in above.
    chosen: Option<Chosen>,
}

#[derive(Clone, Copy, Debug)]
struct Chosen {
    slot: Slot,
    id: ArticleId,
    /// Its place in the list and its row on the screen when it was chosen.
    place: usize,
    row: usize,
}

impl ListPane {
    /// The articles, in the order in which they are listed.
    pub fn slots(&self) -> &[Slot] {
        &self.slots
    }

    /// The place of the selected article in the list, 0 in an empty one.
    pub fn selected(&self) -> usize {
        self.selected
    }

    /// The selected article.
    pub fn selected_slot(&self) -> Option<Slot> {
        self.slots.get(self.selected).copied()
    }

    /// The place of the article at the top of the pane.
    pub fn top(&self) -> usize {
        self.top
    }

    /// Lists other articles. The one that the reader chose stays selected, on the same row, while it is listed, also
    /// where another version of it was read since; else the one that followed it is, until it is listed again.
    pub(crate) fn list(&mut self, slots: Arc<Vec<Slot>>, corpus: &Corpus) {
        let former = std::mem::replace(&mut self.slots, slots);
        let Some(chosen) = self.chosen else {
            (self.selected, self.top) = (0, 0);
            return;
        };
        let place = self.place_of(chosen, corpus).or_else(|| self.first_of(former.get(chosen.place..)?));
        self.selected = place.unwrap_or(0).min(self.slots.len().saturating_sub(1));
        self.top = self.selected.saturating_sub(chosen.row);
    }

    /// Where the chosen article stands now.
    fn place_of(&self, chosen: Chosen, corpus: &Corpus) -> Option<usize> {
        // Most often near where it stood.
        let from = chosen.place.saturating_sub(64).min(self.slots.len());
        let near = self.slots.get(from..self.slots.len().min(from + 128)).unwrap_or_default();
        let is_chosen = |&slot: &Slot| corpus.get(slot).is_some_and(|entry| entry.id() == chosen.id);
        near.iter()
            .position(|&slot| slot == chosen.slot)
            .map(|at| from + at)
            .or_else(|| self.slots.iter().position(|&slot| slot == chosen.slot))
            .or_else(|| self.slots.iter().position(is_chosen))
    }

    /// The place of the first of `wanted` that is listed.
    fn first_of(&self, wanted: &[Slot]) -> Option<usize> {
        // Not further than a reader could see; else the list starts from its top.
        wanted.iter().take(200).find_map(|slot| self.slots.iter().take(20_000).position(|listed| listed == slot))
    }

    /// The article that the reader chose.
    pub(crate) fn chosen(&self) -> Option<(Slot, ArticleId)> {
        self.chosen.map(|chosen| (chosen.slot, chosen.id))
    }

    /// Selects the article with this identity on this row as soon as it is listed.
    pub(crate) fn seek(&mut self, id: ArticleId, row: usize) {
        self.chosen = Some(Chosen { slot: NOWHERE, id, place: 0, row });
    }

    /// The list itself, to be listed again.
    pub(crate) fn slots_shared(&self) -> &Arc<Vec<Slot>> {
        &self.slots
    }

    /// The chosen article goes by another slot and identity from now on.
    pub(crate) fn rename(&mut self, slot: Slot, id: ArticleId) {
        if let Some(chosen) = &mut self.chosen {
            (chosen.slot, chosen.id) = (slot, id);
        }
    }

    /// Takes the selected article as the one that the reader chose.
    pub(crate) fn choose(&mut self, corpus: &Corpus) {
        let entry = self.selected_slot().and_then(|slot| Some((slot, corpus.get(slot)?.id())));
        if let Some((slot, id)) = entry {
            let (place, row) = (self.selected, self.selected.saturating_sub(self.top));
            self.chosen = Some(Chosen { slot, id, place, row });
        }
    }

    /// Selects the article at `place`, or the last one.
    pub(crate) fn select(&mut self, place: usize) {
        self.selected = place.min(self.slots.len().saturating_sub(1));
    }

    /// Selects the article `by` places further down, or up.
    pub(crate) fn move_by(&mut self, by: isize) {
        self.select(self.selected.saturating_add_signed(by));
    }

    /// Scrolls without moving the selection out of sight.
    pub(crate) fn scroll_by(&mut self, by: isize, visible: usize) {
        self.top = self.top.saturating_add_signed(by).min(self.slots.len().saturating_sub(visible));
        let last = (self.top + visible).saturating_sub(1).max(self.top);
        self.select(self.selected.clamp(self.top, last));
    }

    /// Scrolls as little as it takes to have the selected article among the `visible` ones, with one more beyond it
    /// where there is room.
    pub(crate) fn settle(&mut self, visible: usize) {
        let visible = visible.max(1);
        let margin = usize::from(visible > 4);
        self.top = self.top.min(self.selected.saturating_sub(margin));
        let lowest = (self.selected + margin + 1).min(self.slots.len()).saturating_sub(visible);
        self.top = self.top.max(lowest).min(self.slots.len().saturating_sub(visible));
    }
}
