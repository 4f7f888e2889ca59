//! What the mouse does: select, scroll, drag the rule between the panes.

use super::{Area, Focus, Mouse, MouseAction, PendingKeys, State};

impl State {
    pub(crate) fn mouse(&mut self, mouse: Mouse) {
        let Mouse { column, row, action } = mouse;
        if matches!(action, MouseAction::Press | MouseAction::Release) {
            self.dragging = false;
            self.pending = PendingKeys::default();
            self.filter.stop_completing();
        }
        if self.overlay.is_some() || self.note.is_some() {
            return;
        }
        let layout = self.layout();
        let on = |area: Option<Area>| area.is_some_and(|area| area.contains(column, row));
        match action {
            MouseAction::Press if on(layout.rule) => self.dragging = true,
            MouseAction::Drag if self.dragging => self.drag(column, row),
            MouseAction::Press if on(layout.sources) => self.press_sources(row),
            MouseAction::Press if on(layout.list) => self.press_list(row),
            MouseAction::Press if on(layout.bar) => self.start_line(),
            MouseAction::Press | MouseAction::Drag if on(layout.reading) => {
                self.focus_reading();
                // The last column is the scrollbar.
                if let Some(area) = layout.reading.filter(|area| column + 1 == area.column + area.columns) {
                    let lines = self.reading.page().lines().len();
                    let line = lines * usize::from(row - area.row) / usize::from(area.rows.max(1));
                    let rows = self.text_rows();
                    self.reading.scroll_to(line, rows);
                }
            }
            MouseAction::WheelDown | MouseAction::WheelUp => {
                let lines = isize::try_from(self.config.scroll).unwrap_or(3);
                let by = if action == MouseAction::WheelDown { lines } else { -lines };
                if on(layout.sources) {
                    self.sources.move_by(by);
                } else if on(layout.list) {
                    let visible = self.list_view().map_or(1, super::ListView::visible);
                    self.list.scroll_by(by, visible);
                    self.list.choose(&self.corpus);
                } else if on(layout.reading) {
                    let rows = self.text_rows();
                    self.reading.scroll_by(by, rows);
                }
            }
            MouseAction::Press | MouseAction::Drag | MouseAction::Release => {}
        }
    }

    fn drag(&mut self, column: u16, row: u16) {
        let share = |at: u16, of: u16| (u32::from(at) * 100 / u32::from(of.max(1))) as u16;
        let rows = self.layout().rule.is_some_and(|rule| rule.columns > 1);
        let left = self.layout().sources_rule.map_or(0, |rule| rule.column + 1);
        let share = if rows {
            share(row, self.size.rows)
        } else {
            share(column.saturating_sub(left), self.size.columns.saturating_sub(left))
        };
        self.list_share = share.clamp(20, 80);
    }

    /// Selects the row of the sources pane under the mouse; pressing it once more narrows the filter.
    fn press_sources(&mut self, row: u16) {
        self.focus = Focus::Sources;
        let lines = self.sources.lines();
        if let Some(super::SourceLine::Row(number)) = lines.get(self.sources.top() + usize::from(row)) {
            self.sources.select(*number);
        }
    }

    /// Selects the article under the mouse; one that is selected already is opened.
    fn press_list(&mut self, row: u16) {
        let Some(view) = self.list_view().filter(|view| row >= view.rows.row) else { return };
        let place = self.list.top() + usize::from((row - view.rows.row) / view.row_height);
        if place >= self.list.slots().len() {
            return;
        }
        if place == self.list.selected() && self.focus == Focus::List {
            self.focus_reading();
        } else {
            self.focus = Focus::List;
            self.list.select(place);
            self.list.choose(&self.corpus);
        }
    }
}
