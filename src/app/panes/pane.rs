//! The contract of all panes.

use crate::app::layout::Area;
use crate::corpus::Corpus;
use crate::keys::Action;

/// The part of the screen state that a pane needs.
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

/// The effect of a press of the mouse button in a pane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Press {
    /// The press hit nothing.
    Ignored,
    /// The pane gets the focus.
    Focus,
    /// The selected article opens.
    Open,
}

/// Useful keys and their actions, for the status line.
#[derive(Clone, Copy, Debug)]
pub struct Hint {
    /// The actions of the keys.
    pub actions: &'static [Action],
    /// The effect, in one or two words.
    pub label: &'static str,
}

/// Creates a hint.
pub(crate) const fn hint(actions: &'static [Action], label: &'static str) -> Hint {
    Hint { actions, label }
}

/// The conditions for hints.
#[derive(Clone, Copy, Debug)]
pub(crate) struct HintContext {
    pub(crate) is_filtering: bool,
    /// Whether the filter has words that are highlighted in the text.
    pub(crate) has_hits: bool,
}

/// The contract of all panes.
pub(crate) trait Pane {
    /// Moves the selection by rows, or scrolls the text of a pane without selection.
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
