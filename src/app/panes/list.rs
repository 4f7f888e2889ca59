//! The article list: the listed articles, the selected one and the scroll position.

use std::sync::Arc;

use super::pane::{Hint, HintContext, Pane, PaneView, Press, hint};
use crate::article::ArticleId;
use crate::corpus::{Corpus, Slot};
use crate::keys::Action;

/// The slot of an article that is not loaded yet.
const NOT_LOADED: Slot = Slot(u32::MAX);

/// The state of the list.
#[derive(Clone, Debug, Default)]
pub struct ListPane {
    slots: Arc<Vec<Slot>>,
    selected: usize,
    top: usize,
    /// The article that the reader chose by moving to it or reading it. It is selected whenever it is listed. Until
    /// the reader chooses one, the first article is selected.
    chosen: Option<PinnedSelection>,
}

#[derive(Clone, Copy, Debug)]
struct PinnedSelection {
    slot: Slot,
    id: ArticleId,
    /// The position in the list when it was chosen.
    place: usize,
    /// The row on the screen when it was chosen, counted from the top of the list.
    row: usize,
}

impl ListPane {
    /// Returns the listed articles, in order.
    pub fn slots(&self) -> &[Slot] {
        &self.slots
    }

    /// Returns the position of the selected article; 0 if the list is empty.
    pub fn selected(&self) -> usize {
        self.selected
    }

    /// Returns the selected article.
    pub fn selected_slot(&self) -> Option<Slot> {
        self.slots.get(self.selected).copied()
    }

    /// Returns the position of the first visible article.
    pub fn top(&self) -> usize {
        self.top
    }

    /// Replaces the listed articles. The chosen article stays selected on the same row, also if a newer version of it
    /// was read. If it is not listed, the article that followed it is selected until it is listed again.
    pub(crate) fn set_slots(&mut self, slots: Arc<Vec<Slot>>, corpus: &Corpus) {
        let former = std::mem::replace(&mut self.slots, slots);
        let Some(chosen) = self.chosen else {
            (self.selected, self.top) = (0, 0);
            return;
        };
        let place = self.place_of(chosen, corpus).or_else(|| self.first_of(former.get(chosen.place..)?));
        self.selected = place.unwrap_or(0).min(self.slots.len().saturating_sub(1));
        self.top = self.selected.saturating_sub(chosen.row);
    }

    /// Returns the position of the chosen article.
    fn place_of(&self, chosen: PinnedSelection, corpus: &Corpus) -> Option<usize> {
        // It is usually near its former position.
        let from = chosen.place.saturating_sub(64).min(self.slots.len());
        let near = self.slots.get(from..self.slots.len().min(from + 128)).unwrap_or_default();
        let is_chosen = |&slot: &Slot| corpus.get(slot).is_some_and(|entry| entry.id() == chosen.id);
        near.iter()
            .position(|&slot| slot == chosen.slot)
            .map(|at| from + at)
            .or_else(|| self.slots.iter().position(|&slot| slot == chosen.slot))
            .or_else(|| self.slots.iter().position(is_chosen))
    }

    /// Returns the position of the first of `wanted` that is listed.
    fn first_of(&self, wanted: &[Slot]) -> Option<usize> {
        // Only articles near the selection matter. If none is found, the list starts at its top.
        wanted.iter().take(200).find_map(|slot| self.slots.iter().take(20_000).position(|listed| listed == slot))
    }

    /// Returns the article that the reader chose.
    pub(crate) fn chosen(&self) -> Option<(Slot, ArticleId)> {
        self.chosen.map(|chosen| (chosen.slot, chosen.id))
    }

    /// Selects the article with this identity on this row once it is listed.
    pub(crate) fn seek(&mut self, id: ArticleId, row: usize) {
        self.chosen = Some(PinnedSelection { slot: NOT_LOADED, id, place: 0, row });
    }

    /// Returns the listed articles as a shared list.
    pub(crate) fn slots_shared(&self) -> &Arc<Vec<Slot>> {
        &self.slots
    }

    /// Gives the chosen article another slot and identity.
    pub(crate) fn rename(&mut self, slot: Slot, id: ArticleId) {
        if let Some(chosen) = &mut self.chosen {
            (chosen.slot, chosen.id) = (slot, id);
        }
    }

    /// Makes the selected article the chosen one.
    pub(crate) fn choose(&mut self, corpus: &Corpus) {
        let entry = self.selected_slot().and_then(|slot| Some((slot, corpus.get(slot)?.id())));
        if let Some((slot, id)) = entry {
            let (place, row) = (self.selected, self.selected.saturating_sub(self.top));
            self.chosen = Some(PinnedSelection { slot, id, place, row });
        }
    }

    /// Selects the article at a position, or the last one.
    pub(crate) fn select(&mut self, place: usize) {
        self.selected = place.min(self.slots.len().saturating_sub(1));
    }

    /// Selects the article `by` positions further down, or up.
    pub(crate) fn select_by(&mut self, by: isize) {
        self.select(self.selected.saturating_add_signed(by));
    }

    /// Scrolls. The selection stays visible.
    pub(crate) fn scroll_by(&mut self, by: isize, visible: usize) {
        self.top = self.top.saturating_add_signed(by).min(self.slots.len().saturating_sub(visible));
        let last = (self.top + visible).saturating_sub(1).max(self.top);
        self.select(self.selected.clamp(self.top, last));
    }

    /// Scrolls as little as possible to make the selected article visible, and one more beyond it if there is room.
    pub(crate) fn reconcile(&mut self, visible: usize) {
        let visible = visible.max(1);
        let margin = usize::from(visible > 4);
        self.top = self.top.min(self.selected.saturating_sub(margin));
        let lowest = (self.selected + margin + 1).min(self.slots.len()).saturating_sub(visible);
        self.top = self.top.max(lowest).min(self.slots.len().saturating_sub(visible));
    }
}

impl Pane for ListPane {
    fn move_by(&mut self, by: isize, view: &PaneView<'_>) {
        self.select_by(by);
        self.choose(view.corpus);
    }

    fn move_to(&mut self, row: usize, view: &PaneView<'_>) {
        self.select(row);
        self.choose(view.corpus);
    }

    fn scroll(&mut self, by: isize, view: &PaneView<'_>) {
        self.scroll_by(by, view.visible);
        self.choose(view.corpus);
    }

    /// Selects the article under the mouse. Opens it if it is selected already.
    fn press(&mut self, _column: u16, row: u16, view: &PaneView<'_>) -> Press {
        let Some(row) = row.checked_sub(view.area.row) else { return Press::Ignored };
        let place = self.top + usize::from(row / view.row_height);
        if place >= self.slots.len() {
            return Press::Ignored;
        }
        if place == self.selected && view.has_focus {
            return Press::Open;
        }
        self.select(place);
        self.choose(view.corpus);
        Press::Focus
    }

    fn hints(&self, context: HintContext) -> Vec<Hint> {
        let mut hints = vec![
            hint(&[Action::Down, Action::Up], "move"),
            hint(&[Action::Open], "read"),
            hint(&[Action::StartFilter], "filter"),
        ];
        if context.has_hits {
            hints.push(hint(&[Action::NextHit, Action::PreviousHit], "hit"));
        }
        if context.is_filtering {
            hints.push(hint(&[Action::Back], "clear"));
        }
        hints.extend([
            hint(&[Action::ToggleStar], "star"),
            hint(&[Action::ShowHelp], "help"),
            hint(&[Action::Quit], "quit"),
            hint(&[Action::ToggleZen], "zen"),
        ]);
        hints
    }
}
