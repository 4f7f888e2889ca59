//! Actions on the view: zen, problems, quitting.

use crate::app::{Effect, Focus, Overlay, Prompt, State};
use crate::keys::Action;

impl State {
    pub(super) fn toggle_zen(&mut self) {
        self.screen.zen = !self.screen.zen && self.reading.open().is_some();
        if self.screen.zen {
            self.screen.focus = Focus::Reading;
        }
    }

    /// Lists the problems, or says that there are none.
    pub(super) fn show_problems(&mut self) {
        if self.load.problems.count() > 0 {
            self.load.problems.sort();
            self.overlay = Some(Overlay::Problems { row: 0 });
        } else if self.load.progress.stopped {
            let key = self.keymap.shown(Action::Reload);
            self.notify(format!("No problems in the loaded files; {key} loads the rest"));
        } else {
            self.notify("No problems: everything could be read");
        }
    }

    /// Quits. If marks could not be saved, first asks where to write them.
    pub(super) fn quit(&mut self) {
        if self.marks.save_error().is_some() {
            let file = format!("newsdesk-unsaved-{}.jsonl", self.now.format("%Y-%m-%d"));
            self.overlay = Some(Overlay::Prompt(Prompt::export_unsaved(&file)));
        } else {
            self.outbox.push(Effect::Quit);
        }
    }
}
