//! The order in which steps are undone and redone.

use std::collections::HashMap;
use std::sync::Arc;

use super::StepChange;
use crate::article::ArticleId;
use crate::marks::{MarkChange, Marks};

/// The maximum number of steps in the journal.
pub const STEPS: usize = 200;

/// One action of the reader, however many articles, searches or feeds it changed.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// The number that identifies the step in this reader's journal. Later steps have higher numbers.
    pub number: i64,
    /// The row in the library, if the step is already stored.
    pub row: Option<i64>,
    /// The name, as in `Undone: star "Headline"`.
    pub name: String,
    /// The changes.
    pub change: StepChange,
}

/// A change to the stored journal.
#[derive(Clone, Debug, PartialEq)]
pub enum JournalEntry {
    /// A step was made. The steps with the listed numbers leave the journal.
    Made(Arc<Step>, Vec<i64>),
    /// The step with this number was undone.
    Undone(i64),
    /// The step with this number was redone.
    Redone(i64),
    /// The step with this number leaves the journal.
    Dropped(i64),
}

/// The steps of a reader that can be undone or redone. The next one is the last of its list.
#[derive(Clone, Debug, Default)]
pub struct History {
    done: Vec<Arc<Step>>,
    undone: Vec<Arc<Step>>,
    number: i64,
}

impl History {
    /// Adds the steps from before the start, oldest first, each with whether it is undone. Drops undone steps if a step
    /// has been made since the start.
    pub fn adopt(&mut self, steps: Vec<(Step, bool)>) -> Vec<JournalEntry> {
        let (undone, done): (Vec<_>, Vec<_>) = steps.into_iter().partition(|(_, undone)| *undone);
        let shared = |(step, _)| Arc::new(step);
        self.done.splice(0..0, done.into_iter().map(shared));
        if self.number > 0 {
            return undone.into_iter().map(|(step, _)| JournalEntry::Dropped(step.number)).collect();
        }
        self.undone = undone.into_iter().rev().map(shared).collect();
        Vec::new()
    }

    /// Adds a new step; `row` is its row in the library, if it is stored.
    pub fn record(&mut self, name: String, change: StepChange, row: Option<i64>) -> JournalEntry {
        self.number += 1;
        let step = Arc::new(Step { number: self.number, row, name, change });
        let surplus = (self.done.len() + 1).saturating_sub(STEPS);
        let dropped = self.undone.drain(..).chain(self.done.drain(..surplus)).map(|step| step.number).collect();
        self.done.push(Arc::clone(&step));
        JournalEntry::Made(step, dropped)
    }

    /// Returns the step to undo next, or the one to redo.
    pub fn next(&self, undo: bool) -> Option<&Arc<Step>> {
        if undo { self.done.last() } else { self.undone.last() }
    }

    /// Records that the next step was undone or redone.
    pub fn advance(&mut self, undo: bool) -> Option<JournalEntry> {
        let (from, to) = if undo { (&mut self.done, &mut self.undone) } else { (&mut self.undone, &mut self.done) };
        let step = from.pop()?;
        let number = step.number;
        to.push(step);
        Some(if undo { JournalEntry::Undone(number) } else { JournalEntry::Redone(number) })
    }

    /// Reverts [`advance`](Self::advance) for the step stored in this row of the library, wherever it is by now.
    pub fn revert(&mut self, row: i64, undo: bool) {
        let from = if undo { &mut self.undone } else { &mut self.done };
        let Some(at) = from.iter().position(|step| step.row == Some(row)) else { return };
        let step = from.remove(at);
        if undo {
            self.done.insert(self.done.partition_point(|other| other.number < step.number), step);
        } else {
            self.undone.insert(self.undone.partition_point(|other| other.number > step.number), step);
        }
    }

    /// Removes the step with this number.
    pub fn remove(&mut self, number: i64) -> JournalEntry {
        self.done.retain(|step| step.number != number);
        self.undone.retain(|step| step.number != number);
        JournalEntry::Dropped(number)
    }

    /// Removes the step stored in this row of the library.
    pub fn remove_row(&mut self, row: i64) -> Option<JournalEntry> {
        let number = self.done.iter().chain(&self.undone).find(|step| step.row == Some(row))?.number;
        Some(self.remove(number))
    }

    /// Replaces identities of articles that moved.
    pub fn rename(&mut self, moved: &HashMap<ArticleId, ArticleId>) {
        for step in self.done.iter_mut().chain(&mut self.undone) {
            let mut change = step.change.clone();
            if change.rename(moved) {
                Arc::make_mut(step).change = change;
            }
        }
    }
}

/// Applies changes. Returns those that had an effect.
pub fn apply_marks(marks: &mut Marks, changes: Vec<MarkChange>) -> Vec<MarkChange> {
    changes.into_iter().filter(|marking| marks.apply(marking).is_some()).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::journal::{changed_articles, markings};
    use crate::marks::Change;

    fn star(article: u64, starred: bool) -> MarkChange {
        MarkChange { article: ArticleId(article), change: Change::Starred(starred) }
    }

    fn make(marks: &mut Marks, history: &mut History, changes: Vec<MarkChange>) -> bool {
        let made = apply_marks(marks, changes);
        if !made.is_empty() {
            history.record("star".to_owned(), StepChange::of_marks(&made), None);
        }
        !made.is_empty()
    }

    fn step(marks: &mut Marks, history: &mut History, undo: bool) -> bool {
        let Some(step) = history.next(undo).cloned() else { return false };
        let StepChange::Marks(groups) = &step.change else { return false };
        assert_eq!(changed_articles(marks, groups, undo).1, 0);
        apply_marks(marks, markings(groups, undo));
        history.advance(undo).is_some()
    }

    proptest! {
        #[test]
        fn undo_and_redo_restore_former_states(
            orders in proptest::collection::vec((0u8..4, proptest::collection::vec((0u64..4, any::<bool>()), 1..4)), 0..60)
        ) {
            let (mut marks, mut history) = (Marks::default(), History::default());
            // The model: every past state, and the index of the current one.
            let (mut states, mut at) = (vec![marks.clone()], 0usize);
            for (order, changes) in orders {
                match order {
                    0 => {
                        prop_assert_eq!(step(&mut marks, &mut history, true), at > 0);
                        at = at.saturating_sub(1);
                    }
                    1 => {
                        prop_assert_eq!(step(&mut marks, &mut history, false), at + 1 < states.len());
                        at = (at + 1).min(states.len() - 1);
                    }
                    _ => {
                        // Each article once: a step has one value for each.
                        let changes: std::collections::BTreeMap<u64, bool> = changes.into_iter().collect();
                        let changes = changes.into_iter().map(|(article, starred)| star(article, starred)).collect();
                        if make(&mut marks, &mut history, changes) {
                            at += 1;
                            states.truncate(at);
                            states.push(marks.clone());
                        }
                    }
                }
                prop_assert_eq!(&marks, &states[at]);
            }
        }
    }

    #[test]
    fn changes_of_others_are_counted() {
        let (mut marks, mut history) = (Marks::default(), History::default());
        make(&mut marks, &mut history, vec![star(1, true), star(2, true), star(3, true)]);
        marks.apply(&star(2, false));
        let StepChange::Marks(groups) = &history.next(true).unwrap().change else { panic!() };
        assert_eq!(changed_articles(&marks, groups, true), (3, 1));
    }

    #[test]
    fn renamed_article_can_still_be_unmarked() {
        let (mut marks, mut history) = (Marks::default(), History::default());
        make(&mut marks, &mut history, vec![star(1, true)]);
        let marked = marks.get(ArticleId(1)).clone();
        marks.set(ArticleId(1), Default::default());
        marks.set(ArticleId(9), marked);
        history.rename(&HashMap::from([(ArticleId(1), ArticleId(9))]));
        assert!(step(&mut marks, &mut history, true));
        assert!(marks.is_empty());
    }

    #[test]
    fn new_step_drops_undone_and_surplus_steps() {
        let mut history = History::default();
        let record = |history: &mut History| match history.record(String::new(), StepChange::Marks(Vec::new()), None) {
            JournalEntry::Made(_, dropped) => dropped,
            _ => panic!(),
        };
        for _ in 0..STEPS {
            assert_eq!(record(&mut history), [0i64; 0]);
        }
        assert_eq!(record(&mut history), [1]);
        history.advance(true);
        history.advance(true);
        assert_eq!(record(&mut history), [201, 200]);
    }

    #[test]
    fn adopted_steps_are_undone_after_new_ones() {
        let of = |number: i64| Step { number, row: None, name: String::new(), change: StepChange::Marks(Vec::new()) };
        let mut history = History::default();
        history.record(String::new(), StepChange::Marks(Vec::new()), None);
        let dropped = history.adopt(vec![(of(-3), false), (of(-2), false), (of(-1), true)]);
        assert_eq!(dropped, [JournalEntry::Dropped(-1)]);
        let mut numbers = Vec::new();
        while let Some(step) = history.next(true) {
            numbers.push(step.number);
            history.advance(true);
        }
        assert_eq!(numbers, [1, -2, -3]);
        let mut history = History::default();
        history.adopt(vec![(of(-3), false), (of(-2), true), (of(-1), true)]);
        assert_eq!(history.next(false).unwrap().number, -2);
    }

    #[test]
    fn reverted_step_returns_to_its_place() {
        let three_steps = || {
            let mut history = History::default();
            for row in 1..=3 {
                history.record(row.to_string(), StepChange::Feeds(Vec::new()), Some(row));
            }
            history
        };
        let next = |history: &History| [true, false].map(|undo| history.next(undo).map(|step| step.number));
        let mut history = three_steps();
        for undo in [true, true] {
            history.advance(undo);
        }
        history.revert(3, true);
        assert_eq!(next(&history), [Some(3), Some(2)]);
        let mut history = three_steps();
        for undo in [true, true, true, false, false] {
            history.advance(undo);
        }
        history.revert(1, false);
        assert_eq!(next(&history), [Some(2), Some(1)]);
        history.revert(9, true);
        assert_eq!(next(&history), [Some(2), Some(1)], "an unknown row changes nothing");
    }
}
