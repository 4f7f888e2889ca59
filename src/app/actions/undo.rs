//! Undo and redo of journal steps. A step is refused if its values have changed since.

use crate::app::{Effect, FeedRequest, State};
use crate::journal::{self, JournalEntry, MarkGroup, SearchChange, Step, StepChange, changed_articles, markings};
use crate::keys::Action;
use crate::marks::MarkChange;
use crate::text::format::grouped;

impl State {
    /// Applies changes of marks. Returns those that had an effect.
    pub(crate) fn apply_marks(&mut self, changes: Vec<MarkChange>) -> Vec<MarkChange> {
        journal::apply_marks(self.marks.current_mut(), changes)
    }

    /// Adds a step to the journal.
    pub(crate) fn record(&mut self, name: String, change: StepChange) -> JournalEntry {
        self.marks.history.record(name, change, None)
    }

    /// Undoes the last step, or redoes the one that was undone last.
    pub(crate) fn undo(&mut self, undo: bool) {
        let Some(step) = self.marks.history.next(undo).cloned() else {
            return self.notify(if undo { "Nothing to undo" } else { "Nothing to redo" });
        };
        match &step.change {
            StepChange::Marks(groups) => self.undo_marks(&step, groups, undo),
            StepChange::Searches(changes) => self.undo_searches(&step, changes, undo),
            StepChange::Feeds(_) => {
                self.marks.history.advance(undo);
                if let Some(row) = step.row {
                    self.outbox.push(Effect::Feeds(FeedRequest::Undo { row, undo }));
                }
            }
        }
    }

    fn undo_marks(&mut self, step: &Step, groups: &[MarkGroup], undo: bool) {
        let (all, changed) = changed_articles(self.marks.current(), groups, undo);
        if changed > 0 {
            let reason = match (all, changed) {
                (1, _) => "another program changed it since".to_owned(),
                _ => format!("another program changed {} of them since", grouped(changed as u64)),
            };
            return self.refuse_step(step, undo, &reason);
        }
        let changes = self.apply_marks(markings(groups, undo));
        let Some(entry) = self.marks.history.advance(undo) else { return };
        let open = self.reading.open().map(|open| open.article.id);
        if changes.iter().any(|marking| Some(marking.article) == open) {
            // The reader decided; opening the article must not mark it again.
            self.dwell.set_manual(open);
        }
        self.save_marks(changes, Some(entry));
        self.refresh_filter_on_marks();
        self.notify_undone(&step.name, undo);
    }

    fn undo_searches(&mut self, step: &Step, changes: &[SearchChange], undo: bool) {
        let changes: Vec<SearchChange> =
            if undo { changes.iter().rev().map(SearchChange::inverse).collect() } else { changes.to_vec() };
        let mut all = self.searches.all().to_vec();
        for change in &changes {
            if !change.applies_to(&all) {
                return self.refuse_step(step, undo, "another program changed the search since");
            }
            change.apply(&mut all);
        }
        let Some(entry) = self.marks.history.advance(undo) else { return };
        self.set_searches(all);
        self.outbox.push(Effect::ChangeSearches { changes, entry });
        self.notify_undone(&step.name, undo);
    }

    /// Reports why a step cannot be undone or redone, and drops it to make the one before it reachable.
    fn refuse_step(&mut self, step: &Step, undo: bool, reason: &str) {
        self.outbox.push(Effect::Journal(self.marks.history.remove(step.number)));
        self.notify_refused(&step.name, undo, reason);
    }

    pub(crate) fn notify_refused(&mut self, name: &str, undo: bool, reason: &str) {
        let not = if undo { "Not undone" } else { "Not redone" };
        self.notify_error(format!("{not} because {reason}: {name}"));
    }

    pub(crate) fn notify_undone(&mut self, name: &str, undo: bool) {
        let (done, action, hint) =
            if undo { ("Undone", Action::Redo, "redoes") } else { ("Redone", Action::Undo, "undoes") };
        let keys = self.keymap.shown(action);
        self.notify(format!("{done}: {name} · {keys} {hint}"));
    }

    /// Shows `text` with the key that undoes the change.
    pub(crate) fn notify_done(&mut self, text: &str) {
        self.notify(format!("{text}{}", self.undo_hint()));
    }

    pub(crate) fn undo_hint(&self) -> String {
        format!(" · {} undo", self.keymap.shown(Action::Undo))
    }
}
