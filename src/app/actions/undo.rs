//! Undo and redo of journal steps. A step is refused if its values have changed since.

use crate::app::{Effect, FeedOrder, State};
use crate::journal::{
    JournalEntry, MarkGroup, SearchChange, Step, StepChange, apply_marks, changed_articles, markings,
};
use crate::keys::Action;
use crate::marks::MarkChange;
use crate::text::format::grouped;

impl State {
    /// Applies changes of marks. Returns those that had an effect.
    pub(crate) fn make_marks(&mut self, changes: Vec<MarkChange>) -> Vec<MarkChange> {
        apply_marks(self.keeping.marks_mut(), changes)
    }

    /// Adds a step to the journal.
    pub(crate) fn record(&mut self, name: String, change: StepChange) -> JournalEntry {
        self.keeping.history.record(name, change, None)
    }

    /// Undoes the last step, or redoes the one that was undone last.
    pub(crate) fn undo(&mut self, undo: bool) {
        let Some(step) = self.keeping.history.next(undo).cloned() else {
            return self.tell(if undo { "Nothing to undo" } else { "Nothing to redo" });
        };
        match &step.change {
            StepChange::Marks(groups) => self.undo_marks(&step, groups, undo),
            StepChange::Searches(changes) => self.undo_searches(&step, changes, undo),
            StepChange::Feeds(_) => {
                self.keeping.history.advance(undo);
                if let Some(row) = step.row {
                    self.outbox.push(Effect::Feeds(FeedOrder::Undo { row, undo }));
                }
            }
        }
    }

    fn undo_marks(&mut self, step: &Step, groups: &[MarkGroup], undo: bool) {
        let (all, changed) = changed_articles(self.keeping.marks(), groups, undo);
        if changed > 0 {
            let reason = match (all, changed) {
                (1, _) => "another program changed it since".to_owned(),
                _ => format!("another program changed {} of them since", grouped(changed as u64)),
            };
            return self.refuse_step(step, undo, &reason);
        }
        let changes = self.make_marks(markings(groups, undo));
        let Some(entry) = self.keeping.history.advance(undo) else { return };
        let open = self.reading.open().map(|open| open.article.id);
        if changes.iter().any(|marking| Some(marking.article) == open) {
            // The reader decided; opening the article must not mark it again.
            self.judged = open;
        }
        self.keep(changes, Some(entry));
        self.ask_of_marks();
        self.tell_undone(&step.name, undo);
    }

    fn undo_searches(&mut self, step: &Step, changes: &[SearchChange], undo: bool) {
        let changes: Vec<SearchChange> = match undo {
            true => changes.iter().rev().map(SearchChange::inverse).collect(),
            false => changes.to_vec(),
        };
        let mut all = self.searches.all().to_vec();
        for change in &changes {
            if !change.applies_to(&all) {
                return self.refuse_step(step, undo, "another program changed the search since");
            }
            change.apply(&mut all);
        }
        let Some(entry) = self.keeping.history.advance(undo) else { return };
        self.take_searches(all);
        self.outbox.push(Effect::ChangeSearches { changes, entry });
        self.tell_undone(&step.name, undo);
    }

    /// Reports why a step cannot be undone or redone, and drops it to make the one before it reachable.
    fn refuse_step(&mut self, step: &Step, undo: bool, reason: &str) {
        self.outbox.push(Effect::Journal(self.keeping.history.remove(step.number)));
        self.tell_refused(&step.name, undo, reason);
    }

    fn tell_refused(&mut self, name: &str, undo: bool, reason: &str) {
        let not = if undo { "Not undone" } else { "Not redone" };
        self.fail(format!("{not} because {reason}: {name}"));
    }

    fn tell_undone(&mut self, name: &str, undo: bool) {
        let (done, action, hint) =
            if undo { ("Undone", Action::Redo, "redoes") } else { ("Redone", Action::Undo, "undoes") };
        let keys = self.keymap.shown(action);
        self.tell(format!("{done}: {name} · {keys} {hint}"));
    }

    /// Shows what was done and the key that undoes it.
    pub(crate) fn tell_done(&mut self, text: &str) {
        self.tell(format!("{text}{}", self.undo_hint()));
    }

    fn undo_hint(&self) -> String {
        format!(" · {} undo", self.keymap.shown(Action::Undo))
    }

    /// Records a step that the feed thread made and stored.
    pub(crate) fn take_feed_step(&mut self, row: i64, name: String, change: StepChange) {
        let entry = self.keeping.history.record(name, change, Some(row));
        self.outbox.push(Effect::Journal(entry));
        // The feed thread sends the message and does not know the keys. An import makes two steps.
        let hint = self.undo_hint();
        if let Some(notice) = &mut self.notice
            && !notice.is_error
            && !notice.text.ends_with(&hint)
        {
            notice.text.push_str(&hint);
        }
    }

    /// Reports that the feed thread undid or redid a step, or why it refused.
    pub(crate) fn take_feed_undo(&mut self, (row, undo): (i64, bool), name: &str, refused: Option<&str>) {
        match refused {
            None => self.tell_undone(name, undo),
            Some(reason) => {
                self.outbox.extend(self.keeping.history.remove_row(row).map(Effect::Journal));
                self.tell_refused(name, undo, reason);
            }
        }
    }

    /// Keeps a step that the feed thread could not undo or redo, so that the reader can try again.
    pub(crate) fn take_failed_undo(&mut self, row: i64, undo: bool, error: &str) {
        self.keeping.history.revert(row, undo);
        let not = if undo { "Not undone" } else { "Not redone" };
        self.fail(format!("{not}: {error}; try again"));
    }
}
