//! The screen: its size, the focus, and how the panes share it.

use crate::app::layout::LayoutPrefs;
use crate::app::{Focus, Layout, Size, layout};
use crate::config::{Background, Split, ThemeChoice};

/// The smallest and largest share of the list, in percent.
const LIST_SHARES: std::ops::RangeInclusive<u16> = 20..=80;

/// The percentage by which a key widens or narrows the list.
const SHARE_STEP: u16 = 5;

/// The layout and colours of the screen.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ScreenState {
    pub(crate) focus: Focus,
    /// Whether only the text is shown.
    pub(crate) zen: bool,
    pub(crate) size: Size,
    /// The share of the list, in percent of the width or height.
    pub(crate) list_share: u16,
    /// Whether the mouse drags the divider between list and text.
    pub(crate) is_dragging: bool,
    pub(crate) theme: ThemeChoice,
    /// The background of the terminal, if it is known.
    pub(crate) background: Option<Background>,
}

impl ScreenState {
    pub(crate) fn new(list_share: u16, theme: ThemeChoice) -> ScreenState {
        ScreenState {
            focus: Focus::List,
            zen: false,
            size: Size::default(),
            list_share,
            is_dragging: false,
            theme,
            background: None,
        }
    }

    /// Lays out the panes. `sources` says whether the reader opened or closed the sources pane.
    pub(crate) fn layout(&self, sources: Option<bool>, split: Split) -> Layout {
        let (focus, zen, list_share) = (self.focus, self.zen, self.list_share);
        layout(self.size, LayoutPrefs { focus, zen, sources, split, list_share })
    }

    /// Sets the share of the list, within its limits.
    pub(crate) fn set_list_share(&mut self, share: u16) {
        self.list_share = share.clamp(*LIST_SHARES.start(), *LIST_SHARES.end());
    }

    pub(crate) fn widen_list(&mut self) {
        self.list_share = (self.list_share + SHARE_STEP).min(*LIST_SHARES.end());
    }

    pub(crate) fn narrow_list(&mut self) {
        self.list_share = self.list_share.saturating_sub(SHARE_STEP).max(*LIST_SHARES.start());
    }

    /// Moves the divider between list and text to the cell under the mouse.
    pub(crate) fn drag_divider(&mut self, column: u16, row: u16, layout: &Layout) {
        let share = |at: u16, of: u16| (u32::from(at) * 100 / u32::from(of.max(1))) as u16;
        let is_horizontal = layout.divider.is_some_and(|divider| divider.columns > 1);
        let left = layout.sources_divider.map_or(0, |divider| divider.column + 1);
        self.set_list_share(if is_horizontal {
            share(row, self.size.rows)
        } else {
            share(column.saturating_sub(left), self.size.columns.saturating_sub(left))
        });
    }

    /// Returns the number of rows that a page key moves in a dialog.
    pub(crate) fn dialog_page(&self) -> usize {
        usize::from(self.size.rows / 2).max(1)
    }
}
