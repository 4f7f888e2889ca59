//! The mouse: selects rows, scrolls, and drags the divider between list and text.

use crate::app::panes::pane::Press;
use crate::app::{Area, Focus, Mouse, MouseAction, PendingKeys, State};

impl State {
    pub(crate) fn on_mouse(&mut self, mouse: Mouse) {
        self.session.on_input();
        let Mouse { column, row, action } = mouse;
        if matches!(action, MouseAction::Press | MouseAction::Release) {
            self.screen.is_dragging = false;
            self.pending = PendingKeys::default();
            self.filter.stop_completing();
        }
        if self.overlay.is_some() || self.note.is_some() {
            return;
        }
        let layout = self.layout();
        let on = |area: Option<Area>| area.is_some_and(|area| area.contains(column, row));
        let pane = layout.pane_at(column, row);
        match (action, pane) {
            (MouseAction::Press, _) if on(layout.divider) => self.screen.is_dragging = true,
            (MouseAction::Press, _) if on(layout.bar) => self.start_typing(),
            (MouseAction::Drag, _) if self.screen.is_dragging => self.screen.drag_divider(column, row, &layout),
            (MouseAction::Press, Some(focus)) => {
                let (pane, view) = self.pane_mut(focus);
                let press = pane.press(column, row, &view);
                self.on_press(focus, press);
            }
            (MouseAction::Drag, Some(focus)) => {
                let (pane, view) = self.pane_mut(focus);
                let press = pane.drag(column, row, &view);
                self.on_press(focus, press);
            }
            (MouseAction::WheelDown | MouseAction::WheelUp, Some(focus)) => {
                let rows = isize::try_from(self.config.scroll).unwrap_or(3);
                let by = if action == MouseAction::WheelDown { rows } else { -rows };
                let (pane, view) = self.pane_mut(focus);
                pane.scroll(by, &view);
            }
            (MouseAction::Release, _) | (_, None) => {}
        }
    }

    fn on_press(&mut self, focus: Focus, press: Press) {
        match press {
            Press::Ignored => {}
            Press::Focus => self.screen.focus = focus,
            Press::Open => self.focus_reading(),
        }
    }
}
