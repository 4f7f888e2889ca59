//! Accessors for drawing: the parts of the state and their positions on the screen.

use std::sync::Arc;

use chrono::NaiveDateTime;

use crate::app::{
    Area, FilterBar, Focus, Layout, ListPane, LoadProgress, MarkState, NoteEditor, Notice, Overlay, ReadingPane,
    SavedSearches, Size, SourcesPane, State, SubscriptionsState,
};
use crate::article::Problem;
use crate::config::{Background, Density, ThemeChoice};
use crate::corpus::Corpus;
use crate::keys::Keymap;

/// The screen areas of the article list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ListView {
    /// The line above the articles, if there is room for it.
    pub head: Option<Area>,
    /// The cells of the articles.
    pub rows: Area,
    /// The number of lines of each.
    pub row_height: u16,
}

impl ListView {
    /// Returns the number of visible articles.
    pub fn visible(self) -> usize {
        usize::from(self.rows.rows / self.row_height)
    }
}

impl State {
    /// Returns the number of articles that fill the list, with some to scroll to.
    pub(crate) fn page_size(&self) -> usize {
        self.list.top() + self.list_view().map_or(0, ListView::visible) + 8
    }

    /// Returns where the articles of the list are; `None` if the list is not visible.
    pub fn list_view(&self) -> Option<ListView> {
        let area = self.layout().list?;
        let head = u16::from(area.rows >= 4);
        let lines = match self.config.density {
            Density::Compact => 1,
            Density::Comfortable => 2,
            Density::Auto => 1 + u16::from(area.rows >= 28),
        };
        let row_height = (lines + u16::from(self.has_snippets())).min(area.rows - head).max(1);
        let rows = Area { row: area.row + head, rows: area.rows - head, ..area };
        Some(ListView { head: (head > 0).then_some(Area { rows: 1, ..area }), rows, row_height })
    }

    /// Returns whether articles dated more than a day ahead are left out.
    pub fn hides_future(&self) -> bool {
        self.config.hide_future
    }

    /// Returns whether rows of the list show the text around a hit.
    pub fn has_snippets(&self) -> bool {
        self.filter.is_on() && self.filter.query().has_hits()
    }

    /// Returns the cells of the text in the reading pane.
    pub fn text_area(&self) -> Option<Area> {
        let area = self.layout().reading?;
        let margin = match area.columns {
            0..=4 => 0,
            5..=40 => 1,
            _ => 3,
        };
        // The last column is the scrollbar's.
        let columns = area.columns.saturating_sub(margin * 2).clamp(1, self.config.max_line_width);
        let free = area.columns - columns;
        let top = u16::from(area.rows >= 10);
        Some(Area { column: area.column + free / 2, row: area.row + top, columns, rows: area.rows - top })
    }

    /// Returns the layout of the screen.
    pub fn layout(&self) -> Layout {
        self.screen.layout(self.sources.is_open(), self.config.split)
    }

    /// Returns the number of visible lines of text.
    pub(crate) fn text_rows(&self) -> usize {
        self.text_area().map_or(1, |area| usize::from(area.rows))
    }

    /// Returns all articles.
    pub fn corpus(&self) -> &Arc<Corpus> {
        &self.corpus
    }

    /// Returns the title above the list.
    pub fn title(&self) -> &str {
        &self.load.title
    }

    /// Returns the article list.
    pub fn list(&self) -> &ListPane {
        &self.list
    }

    /// Returns the reading pane.
    pub fn reading(&self) -> &ReadingPane {
        &self.reading
    }

    /// Returns the filter bar.
    pub fn filter(&self) -> &FilterBar {
        &self.filter
    }

    /// Returns the dialog over the panes.
    pub fn overlay(&self) -> Option<&Overlay> {
        self.overlay.as_ref()
    }

    /// Returns the note that is being edited.
    pub fn note(&self) -> Option<&NoteEditor> {
        self.note.as_ref()
    }

    /// Returns the marks.
    pub fn marks(&self) -> &MarkState {
        &self.marks
    }

    /// Returns the sources pane.
    pub fn sources(&self) -> &SourcesPane {
        &self.sources
    }

    /// Returns the saved searches.
    pub fn searches(&self) -> &SavedSearches {
        &self.searches
    }

    /// Returns the feeds.
    pub fn feeds(&self) -> &SubscriptionsState {
        &self.feeds
    }

    /// Returns whether another Esc stops loading.
    pub fn is_stop_requested(&self) -> bool {
        self.load.stop_requested
    }

    /// Returns the pane with the focus.
    pub fn focus(&self) -> Focus {
        self.screen.focus
    }

    /// Returns the size of the screen.
    pub fn size(&self) -> Size {
        self.screen.size
    }

    /// Returns the keymap.
    pub fn keymap(&self) -> &Keymap {
        &self.keymap
    }

    /// Returns the background of the terminal, if it is known.
    pub fn background(&self) -> Option<Background> {
        self.screen.background
    }

    /// Returns the chosen theme.
    pub fn theme(&self) -> ThemeChoice {
        self.screen.theme
    }

    /// Returns the listed problems, files before feeds.
    pub fn problems(&self) -> Vec<&Problem> {
        self.load.problems.listed()
    }

    /// Returns the number of problems, with those that are not listed.
    pub fn problem_count(&self) -> usize {
        self.load.problems.count()
    }

    /// Returns the progress of loading.
    pub fn progress(&self) -> LoadProgress {
        self.load.progress
    }

    /// Returns the message in the status line.
    pub fn notice(&self) -> Option<&Notice> {
        self.notice.as_ref()
    }

    /// Returns the local time, which is updated when the day changes.
    pub fn now(&self) -> NaiveDateTime {
        self.now
    }
}
