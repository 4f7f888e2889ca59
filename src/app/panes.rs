//! The panes of the screen: their contents, selection and scroll position.

pub(crate) mod completion;
pub(crate) mod filter_bar;
pub(crate) mod list;
pub(crate) mod pane;
pub(crate) mod reading;
pub(crate) mod sources;

use crate::app::{Area, Focus, State};
use pane::{Hint, HintContext, Pane, PaneView};

impl State {
    /// Returns the area of a pane's rows, the number of visible rows, and their height.
    pub(crate) fn pane_rows(&self, focus: Focus) -> (Area, usize, u16) {
        let layout = self.layout();
        let (area, visible, row_height) = match focus {
            Focus::Reading => (layout.reading, self.text_rows(), 1),
            Focus::Sources => (layout.sources, layout.sources.map_or(1, |area| usize::from(area.rows)), 1),
            Focus::List | Focus::Filter => match self.list_view() {
                Some(view) => (Some(view.rows), view.visible(), view.row_height),
                None => (None, 1, 1),
            },
        };
        (area.unwrap_or_default(), visible, row_height)
    }

    /// Returns a pane and its view. Keys in the filter bar move in the list.
    pub(crate) fn pane_mut(&mut self, focus: Focus) -> (&mut dyn Pane, PaneView<'_>) {
        let (area, visible, row_height) = self.pane_rows(focus);
        let pane: &mut dyn Pane = match focus {
            Focus::Reading => &mut self.reading,
            Focus::Sources => &mut self.sources,
            Focus::List | Focus::Filter => &mut self.list,
        };
        let has_focus = self.screen.focus == focus;
        (pane, PaneView { corpus: &self.corpus, area, visible, row_height, has_focus })
    }

    /// Returns the keys that are useful now, the most useful first.
    pub fn hints(&self) -> Vec<Hint> {
        let context = HintContext { is_filtering: self.filter.is_on(), has_hits: self.has_snippets() };
        let pane: &dyn Pane = match self.screen.focus {
            Focus::Filter => return self.filter.hints(),
            Focus::List => &self.list,
            Focus::Reading => &self.reading,
            Focus::Sources => &self.sources,
        };
        pane.hints(context)
    }
}
