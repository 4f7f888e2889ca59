//! Taking marks back, and making them again.

use std::collections::HashMap;

use super::{Marking, Marks};
use crate::article::ArticleId;

/// How many steps can be taken back.
const STEPS: usize = 1_000;

/// One thing that the reader did, however many articles it was done to.
#[derive(Clone, Debug)]
struct Step {
    /// What it is called.
    what: String,
    /// What takes it back, the last first.
    back: Vec<Marking>,
}

/// What was taken back or made again.
#[derive(Clone, Debug, PartialEq)]
pub struct Done {
    /// What it is called.
    pub what: String,
    /// What was changed by it.
    pub changes: Vec<Marking>,
}

/// What the reader did since the program began, and what of it was taken back.
#[derive(Clone, Debug, Default)]
pub struct History {
    done: Vec<Step>,
    undone: Vec<Step>,
}

impl History {
    /// Makes changes that can be taken back as one; gives those that changed anything.
    pub fn make(&mut self, marks: &mut Marks, what: String, changes: Vec<Marking>) -> Vec<Marking> {
        let (made, back) = apply(marks, changes);
        if !made.is_empty() {
            self.undone.clear();
            self.done.push(Step { what, back });
            let surplus = self.done.len().saturating_sub(STEPS);
            self.done.drain(..surplus);
        }
        made
    }

    /// Takes the last step back that still changes anything; none where there is no such.
    pub fn undo(&mut self, marks: &mut Marks) -> Option<Done> {
        step(&mut self.done, &mut self.undone, marks)
    }

    /// Makes again what was taken back last.
    pub fn redo(&mut self, marks: &mut Marks) -> Option<Done> {
        step(&mut self.undone, &mut self.done, marks)
    }

    /// Articles go by other identities from now on.
    pub fn rename(&mut self, moved: &HashMap<ArticleId, ArticleId>) {
        let all = self.done.iter_mut().chain(&mut self.undone).flat_map(|step| &mut step.back);
        for marking in all {
            if let Some(&to) = moved.get(&marking.article) {
                marking.article = to;
            }
        }
    }
}

/// Moves the last step of `from` over to `to`. What somebody else has undone meanwhile is passed over.
fn step(from: &mut Vec<Step>, to: &mut Vec<Step>, marks: &mut Marks) -> Option<Done> {
    while let Some(Step { what, back }) = from.pop() {
        let (changes, back) = apply(marks, back);
        if !changes.is_empty() {
            to.push(Step { what: what.clone(), back });
            return Some(Done { what, changes });
        }
    }
    None
}

/// Makes changes; gives those that changed anything, and what takes them back, the last first.
fn apply(marks: &mut Marks, changes: Vec<Marking>) -> (Vec<Marking>, Vec<Marking>) {
    let (mut made, mut back) = (Vec::new(), Vec::new());
    for marking in changes {
        if let Some(inverse) = marks.apply(&marking) {
            made.push(marking);
            back.push(inverse);
        }
    }
    back.reverse();
    (made, back)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::marks::Change;

    fn star(article: u64, starred: bool) -> Marking {
        Marking { article: ArticleId(article), change: Change::Starred(starred) }
    }

    proptest! {
        #[test]
        fn undo_and_redo_walk_through_the_states_that_were(
            orders in proptest::collection::vec((0u8..4, proptest::collection::vec((0u64..4, any::<bool>()), 1..4)), 0..60)
        ) {
            let (mut marks, mut history) = (Marks::default(), History::default());
            // The model: every state that was, and where in them we are.
            let (mut states, mut at) = (vec![marks.clone()], 0usize);
            for (order, changes) in orders {
                match order {
                    0 => {
                        let undone = history.undo(&mut marks);
                        prop_assert_eq!(undone.is_some(), at > 0);
                        at = at.saturating_sub(1);
                    }
                    1 => {
                        let redone = history.redo(&mut marks);
                        prop_assert_eq!(redone.is_some(), at + 1 < states.len());
                        at = (at + 1).min(states.len() - 1);
                    }
                    _ => {
                        let changes = changes.into_iter().map(|(article, starred)| star(article, starred)).collect();
                        if !history.make(&mut marks, "star".to_owned(), changes).is_empty() {
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
    fn what_another_has_undone_is_passed_over() {
        let (mut marks, mut history) = (Marks::default(), History::default());
        history.make(&mut marks, "first".to_owned(), vec![star(1, true)]);
        history.make(&mut marks, "second".to_owned(), vec![star(2, true)]);
        marks.apply(&star(2, false));
        assert_eq!(history.undo(&mut marks).map(|done| done.what).as_deref(), Some("first"));
        assert!(marks.is_empty());
    }

    #[test]
    fn a_renamed_article_can_still_be_unmarked() {
        let (mut marks, mut history) = (Marks::default(), History::default());
        history.make(&mut marks, "star".to_owned(), vec![star(1, true)]);
        let marked = marks.get(ArticleId(1)).clone();
        marks.set(ArticleId(1), Default::default());
        marks.set(ArticleId(9), marked);
        history.rename(&HashMap::from([(ArticleId(1), ArticleId(9))]));
        assert_eq!(history.undo(&mut marks).map(|done| done.changes), Some(vec![star(9, false)]));
    }
}
