//! The problems that were reported, so that they can be cleared when a file is read again.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use super::publisher::Publisher;
use crate::article::Problem;
use crate::engine::event::Event;
use crate::engine::loader::memory_budget::{LeftOut, MEMORY, MemoryBudget};

/// The reported problems.
#[derive(Default)]
pub(super) struct ProblemLog {
    /// The paths of the reported problems.
    paths: HashSet<PathBuf>,
    /// The last reported number of files and articles that exceed the memory budget.
    left_out: LeftOut,
}

impl ProblemLog {
    /// Returns the paths with problems.
    pub(super) fn paths(&self) -> &HashSet<PathBuf> {
        &self.paths
    }

    /// Reports a problem.
    pub(super) fn report(&mut self, problem: Problem, publisher: &mut Publisher) {
        self.paths.insert(problem.path.clone());
        publisher.send(Event::Problem(problem));
    }

    /// Clears the problems of the paths for which `is_past` returns true.
    pub(super) fn clear(&mut self, is_past: impl Fn(&Path) -> bool, publisher: &mut Publisher) {
        for path in self.paths.extract_if(|path| is_past(path)) {
            publisher.send(Event::ProblemsCleared(path));
        }
    }

    /// Clears all problems of files.
    pub(super) fn clear_all(&mut self, publisher: &mut Publisher) {
        self.paths.clear();
        // All paths start with the empty one.
        publisher.send(Event::ProblemsCleared(PathBuf::new()));
    }

    /// Reports the articles that were left out because of the memory budget. Shows a notice if their number has
    /// changed.
    pub(super) fn report_left_out(&mut self, budget: &MemoryBudget, publisher: &mut Publisher) {
        publisher.send(Event::ProblemsCleared(PathBuf::from(MEMORY)));
        let left_out = budget.left_out();
        let has_changed = std::mem::replace(&mut self.left_out, left_out) != left_out;
        if let Some(problem) = budget.problem() {
            if has_changed {
                publisher.send(Event::Error(problem.to_string()));
            }
            publisher.send(Event::Problem(problem));
        }
    }
}
