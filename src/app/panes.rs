//! The panes of the screen: their contents, selection and scroll position.

pub(crate) mod completion;
pub(crate) mod filter_bar;
pub(crate) mod list;
pub(crate) mod reading;
pub(crate) mod sources;

use crate::app::{Area, Focus, State};
use crate::corpus::Corpus;
use crate::keys::Action;

/// What a pane needs to know about the screen.
pub(crate) struct PaneView<'a> {
    pub(crate) corpus: &'a Corpus,
    /// The cells of the rows.
    pub(crate) area: Area,
    /// The number of rows that are visible: articles, lines of text or sources.
    pub(crate) visible: usize,
    /// The height of a row in cells.
    pub(crate) row_height: u16,
    pub(crate) has_focus: bool,
}

/// What a press of the mouse button in a pane leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Press {
    /// Nothing was hit.
    Ignored,
    /// The pane gets the focus.
    Focus,
    /// The selected article opens.
    Open,
}

/// Keys that are useful now, and what they do, for the status line.
#[derive(Clone, Copy, Debug)]
pub struct Hint {
    /// The actions of the keys.
    pub actions: &'static [Action],
    /// What they do, in a word or two.
    pub label: &'static str,
}

/// Creates a hint.
const fn hint(actions: &'static [Action], label: &'static str) -> Hint {
    Hint { actions, label }
}

/// What hints depend on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct HintContext {
    pub(crate) is_filtering: bool,
    /// Whether the filter has words that are highlighted in the text.
    pub(crate) has_hits: bool,
}

/// What all panes do.
pub(crate) trait Pane {
    /// Moves the selection by rows, or the text if there is no selection.
    fn move_by(&mut self, by: isize, view: &PaneView<'_>);
    /// Moves to a row, or to the last one.
    fn move_to(&mut self, row: usize, view: &PaneView<'_>);
    /// Scrolls by rows, as the mouse wheel does.
    fn scroll(&mut self, by: isize, view: &PaneView<'_>);
    /// Handles a press of the mouse button on a cell of the pane.
    fn press(&mut self, column: u16, row: u16, view: &PaneView<'_>) -> Press;
    /// Handles a move of the mouse while the button is down.
    fn drag(&mut self, _column: u16, _row: u16, _view: &PaneView<'_>) -> Press {
        Press::Ignored
    }
    /// Returns the keys that are useful in the pane, the most useful first.
    fn hints(&self, context: HintContext) -> Vec<Hint>;
}

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
