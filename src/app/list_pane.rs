//! The article list: which articles it lists, which one is selected, which one stands at the top.

use std::sync::Arc;

use crate::corpus::{Corpus, Slot};

/// The state of the list.
#[derive(Clone, Debug, Default)]
pub struct ListPane {
    slots: Arc<Vec<Slot>>,
    selected: usize,
    top: usize,
    /// Whether the reader has moved; until then the first article stays selected, whatever comes in above.
    moved: bool,
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

    /// Lists other articles. The selected article stays selected, on the same row, while it is listed; where a new
    /// version of the corpus replaced it, its successor does. Else the one that came after it is selected.
    pub(super) fn list(&mut self, slots: Arc<Vec<Slot>>, corpus: &Corpus, former: &Corpus) {
        if !self.moved {
            self.slots = slots;
            return;
        }
        let row = self.selected.saturating_sub(self.top);
        let slot = self.selected_slot();
        let id = slot.and_then(|slot| former.get(slot)).map(|entry| entry.id());
        // Most often it still stands near where it stood.
        let near = |slot: Slot| {
            let from = self.selected.saturating_sub(64);
            let window = slots.get(from..slots.len().min(self.selected + 65)).unwrap_or_default();
            window.iter().position(|&listed| listed == slot).map(|at| from + at)
        };
        let place = slot
            .and_then(|slot| near(slot).or_else(|| slots.iter().position(|&listed| listed == slot)))
            .or_else(|| {
                let id = id?;
                slots.iter().position(|&listed| corpus.get(listed).is_some_and(|entry| entry.id() == id))
            })
            .or_else(|| self.nearest_after(&slots));
        self.slots = slots;
        self.selected = place.unwrap_or(0).min(self.slots.len().saturating_sub(1));
        self.top = self.selected.saturating_sub(row);
    }

    /// The first article of `slots` that stood below the selected one.
    fn nearest_after(&self, slots: &[Slot]) -> Option<usize> {
        let below = self.slots.get(self.selected..)?;
        // Not further than a reader could see; else the list starts from its top.
        below.iter().take(200).find_map(|slot| slots.iter().take(20_000).position(|listed| listed == slot))
    }

    /// Selects the article at `place`, or the last one.
    pub(super) fn select(&mut self, place: usize) {
        self.moved = true;
        self.selected = place.min(self.slots.len().saturating_sub(1));
    }

    /// Selects the article `by` places further down, or up.
    pub(super) fn move_by(&mut self, by: isize) {
        self.select(self.selected.saturating_add_signed(by));
    }

    /// Scrolls without moving the selection out of sight.
    pub(super) fn scroll_by(&mut self, by: isize, visible: usize) {
        self.top = self.top.saturating_add_signed(by).min(self.slots.len().saturating_sub(visible));
        let last = (self.top + visible).saturating_sub(1).max(self.top);
        self.select(self.selected.clamp(self.top, last));
    }

    /// Scrolls as little as it takes to have the selected article among the `visible` ones, with one more beyond it
    /// where there is room.
    pub(super) fn settle(&mut self, visible: usize) {
        let visible = visible.max(1);
        let margin = usize::from(visible > 4);
        self.top = self.top.min(self.selected.saturating_sub(margin));
        let lowest = (self.selected + margin + 1).min(self.slots.len()).saturating_sub(visible);
        self.top = self.top.max(lowest).min(self.slots.len().saturating_sub(visible));
    }
}
