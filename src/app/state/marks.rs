//! Marks: their current values, the journal of steps that can be undone, and changes that are not saved yet.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use crate::article::ArticleId;
use crate::journal::History;
use crate::marks::{ArticleMarks, Change, MarkChange, Marks, ReadPosition};

/// Marks, the journal of steps that can be undone, and changes that are not saved yet.
#[derive(Clone, Debug, Default)]
pub struct MarkState {
    current: Marks,
    pub(crate) history: History,
    /// Whether the marks of the library are loaded.
    ready: bool,
    /// The marks at the time of the last query that the reader made. The list is filtered by these, so that articles
    /// marked since then stay listed when new articles arrive.
    query_marks: Marks,
    /// The number of the last batch that was sent to the library.
    last_batch: u64,
    /// Batches that are not saved yet, each with its number.
    unsaved: VecDeque<(u64, Arc<Vec<MarkChange>>)>,
    /// Articles with unsaved changes, each with the number of its last batch.
    pending: HashMap<ArticleId, u64>,
    /// Why changes could not be saved.
    save_error: Option<String>,
}

impl MarkState {
    /// Returns the marks of all articles.
    pub fn current(&self) -> &Marks {
        &self.current
    }

    pub(crate) fn current_mut(&mut self) -> &mut Marks {
        &mut self.current
    }

    /// Returns the marks by which the list is filtered.
    pub(crate) fn query_marks(&self) -> &Marks {
        &self.query_marks
    }

    /// Filters the list by the current marks from now on.
    pub(crate) fn update_query_marks(&mut self) {
        self.query_marks = self.current.clone();
    }

    /// Returns whether the marks of the library are loaded.
    pub fn is_ready(&self) -> bool {
        self.ready
    }

    /// Returns whether the article has unsaved changes.
    pub fn is_pending(&self, article: ArticleId) -> bool {
        self.pending.contains_key(&article)
    }

    /// Returns why changes could not be saved and the number of articles that have unsaved changes; `None` if saving
    /// works.
    pub fn save_error(&self) -> Option<(&str, usize)> {
        let error = self.save_error.as_deref()?;
        (!self.unsaved.is_empty()).then_some((error, self.pending.len()))
    }

    /// Returns all unsaved changes, oldest first.
    pub fn unsaved(&self) -> Vec<MarkChange> {
        self.unsaved.iter().flat_map(|(_, changes)| changes.iter().cloned()).collect()
    }

    /// Sets the marks of the library, and applies the changes made before it was open.
    pub(crate) fn load(&mut self, marks: Marks) {
        self.current = marks;
        self.ready = true;
        self.reapply_unsaved();
        self.update_query_marks();
    }

    /// Returns all marks as changes of unmarked articles.
    pub(crate) fn all_changes(&self) -> Vec<MarkChange> {
        let of = |(article, marked): (ArticleId, &ArticleMarks)| {
            marked.changes().map(move |change| MarkChange { article, change }).collect::<Vec<_>>()
        };
        self.current.iter().flat_map(of).collect()
    }

    /// Sets marks that another program changed. Unsaved changes stay.
    pub(crate) fn set_external(&mut self, marks: Vec<(ArticleId, ArticleMarks)>) {
        for (article, marked) in marks {
            self.query_marks.set(article, marked.clone());
            self.current.set(article, marked);
        }
        self.reapply_unsaved();
    }

    fn reapply_unsaved(&mut self) {
        for (_, changes) in &self.unsaved {
            for change in changes.iter() {
                self.current.apply(change);
            }
        }
    }

    /// Removes all batches up to this number, which are saved.
    pub(crate) fn on_saved(&mut self, number: u64) {
        while self.unsaved.front().is_some_and(|(oldest, _)| *oldest <= number) {
            if let Some((_, changes)) = self.unsaved.pop_front() {
                for change in changes.iter() {
                    if self.pending.get(&change.article).is_some_and(|last| *last <= number) {
                        self.pending.remove(&change.article);
                    }
                }
            }
        }
        self.save_error = None;
    }

    pub(crate) fn on_save_failed(&mut self, reason: String) {
        self.save_error = Some(reason);
    }

    /// Gives articles new identities.
    pub(crate) fn rename(&mut self, moved: &HashMap<ArticleId, ArticleId>) {
        self.history.rename(moved);
        for &from in moved.keys() {
            self.current.set(from, ArticleMarks::default());
            self.query_marks.set(from, ArticleMarks::default());
        }
    }

    /// Sets the position in an article. Returns the change, or `None` if the position is the same.
    pub(crate) fn set_position(&mut self, article: ArticleId, place: Option<ReadPosition>) -> Option<MarkChange> {
        let marking = MarkChange { article, change: Change::Place(place) };
        self.current.apply(&marking).map(|_| marking)
    }

    /// Adds a batch of unsaved changes. Returns its number and the changes.
    pub(crate) fn add_unsaved(&mut self, changes: Vec<MarkChange>) -> (u64, Arc<Vec<MarkChange>>) {
        self.last_batch += 1;
        for change in &changes {
            self.pending.insert(change.article, self.last_batch);
        }
        let changes = Arc::new(changes);
        self.unsaved.push_back((self.last_batch, Arc::clone(&changes)));
        (self.last_batch, changes)
    }
}
