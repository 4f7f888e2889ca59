//! The state as it is drawn: what there is to be seen, and where it stands.

use std::sync::Arc;

use chrono::NaiveDateTime;

use super::{
    Area, FilterBar, Focus, Keeping, Layout, LayoutPrefs, ListPane, LoadProgress, NoteEditor, Notice, Overlay,
    Question, ReadingPane, Searches, Size, SourcesPane, State, layout,
};
use crate::article::Problem;
use crate::config::{Background, Density, ThemeChoice};
use crate::corpus::Corpus;
use crate::keys::Keymap;

/// How the article list stands in its area.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ListView {
    /// The line above the articles, where there is room for it.
    pub head: Option<Area>,
    /// The cells in which articles stand.
    pub rows: Area,
    /// How many lines each takes.
    pub row_height: u16,
}

impl ListView {
    /// How many articles there is room for.
    pub fn visible(self) -> usize {
        usize::from(self.rows.rows / self.row_height)
    }
}

impl State {
    /// How many articles fill the list, with some to scroll to.
    pub(crate) fn screenful(&self) -> usize {
        self.list.top() + self.list_view().map_or(0, ListView::visible) + 8
    }

    /// How the list stands in its area.
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

    /// The cells of the reading pane in which text stands.
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

    /// Where everything stands.
    pub fn layout(&self) -> Layout {
        let (focus, zen, sources) = (self.focus, self.zen, self.sources.wish());
        layout(self.size, LayoutPrefs { focus, zen, sources, split: self.config.split, list_share: self.list_share })
    }

    /// How many lines of text the reading pane shows.
    pub(crate) fn text_rows(&self) -> usize {
        self.text_area().map_or(1, |area| usize::from(area.rows))
    }

    /// The articles.
    pub fn corpus(&self) -> &Arc<Corpus> {
        &self.corpus
    }

    /// What is open, for the head of the list.
    pub fn title(&self) -> &str {
        &self.title
    }

    /// The article list.
    pub fn list(&self) -> &ListPane {
        &self.list
    }

    /// The reading pane.
    pub fn reading(&self) -> &ReadingPane {
        &self.reading
    }

    /// The filter bar.
    pub fn filter(&self) -> &FilterBar {
        &self.filter
    }

    /// The question that [`OverlayKind::Confirm`](super::OverlayKind::Confirm) asks.
    pub fn question(&self) -> Option<&Question> {
        self.question.as_ref()
    }

    /// What lies over the panes.
    pub fn overlay(&self) -> Option<&Overlay> {
        self.overlay.as_ref()
    }

    /// The note that is being written.
    pub fn note(&self) -> Option<&NoteEditor> {
        self.note.as_ref()
    }

    /// What the reader has done to articles.
    pub fn keeping(&self) -> &Keeping {
        &self.keeping
    }

    /// The sources pane.
    pub fn sources(&self) -> &SourcesPane {
        &self.sources
    }

    /// The saved searches.
    pub fn searches(&self) -> &Searches {
        &self.searches
    }

    /// Returns whether another Esc stops loading.
    pub fn is_stop_asked(&self) -> bool {
        self.stop_asked
    }

    /// Where keys go.
    pub fn focus(&self) -> Focus {
        self.focus
    }

    /// The size of the screen.
    pub fn size(&self) -> Size {
        self.size
    }

    /// Which keys do what.
    pub fn keymap(&self) -> &Keymap {
        &self.keymap
    }

    /// Returns the background of the terminal, if it is known.
    pub fn background(&self) -> Option<Background> {
        self.background
    }

    /// The theme that is wanted.
    pub fn theme(&self) -> ThemeChoice {
        self.theme
    }

    /// What could not be read, files before feeds, as far as it is listed.
    pub fn problems(&self) -> Vec<&Problem> {
        self.problems.iter().chain(&self.feeds.problems).collect()
    }

    /// How many problems there are, with those that are not listed.
    pub fn problem_count(&self) -> usize {
        self.problem_count + self.feeds.problems.len()
    }

    /// How far loading is.
    pub fn progress(&self) -> LoadProgress {
        self.progress
    }

    /// What is to be told in the status line.
    pub fn notice(&self) -> Option<&Notice> {
        self.notice.as_ref()
    }

    /// The local time, as far as it matters.
    pub fn now(&self) -> NaiveDateTime {
        self.now
    }
}
