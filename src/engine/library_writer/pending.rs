//! Changes that are not saved yet.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::command::WriterCommand;
use super::rescue::{RescueOutcome, rescue};
use crate::article::ArticleId;
use crate::corpus::Corpus;
use crate::journal::{JournalEntry, SearchChange};
use crate::marks::MarkChange;
use crate::query::SavedSearch;

/// The time for which positions and sessions are collected before they are written.
const FLUSH_DELAY: Duration = Duration::from_millis(250);

/// Changes of marks that were made with one version of the corpus.
pub(super) struct Batch {
    pub(super) changes: Vec<MarkChange>,
    pub(super) corpus: Arc<Corpus>,
    /// The revision of the library when that version was recognised. `None` while its recognition is pending.
    pub(super) since: Option<i64>,
}

/// A write that is neither a mark nor a journal entry.
pub(super) enum PendingWrite {
    Filter(String),
    Searches { changes: Vec<SearchChange>, entry: JournalEntry },
    Theme(String),
}

/// Changes that are not saved yet.
#[derive(Default)]
pub(super) struct PendingChanges {
    pub(super) batches: Vec<Batch>,
    /// The number of the last change of marks.
    pub(super) number: u64,
    pub(super) entries: Vec<JournalEntry>,
    pub(super) writes: Vec<PendingWrite>,
    /// The reading positions, each with the revision at which its article was recognised. Written later.
    pub(super) places: HashMap<ArticleId, (MarkChange, i64)>,
    /// The serialised session and its selected article. Written later.
    pub(super) session: Option<(String, Option<ArticleId>)>,
    /// The time of the first change that is written later.
    deferred_since: Option<Instant>,
    /// The corpus of the last change.
    pub(super) corpus: Arc<Corpus>,
}

impl PendingChanges {
    /// Adds the changes of a command. `recognised_at` is the revision of the library at the last recognition. Set
    /// `awaits_recognition` if the recognition of a version of the corpus is pending.
    pub(super) fn add(&mut self, command: WriterCommand, recognised_at: i64, awaits_recognition: bool) {
        match command {
            WriterCommand::SaveMarks { number, changes, entry, corpus } => {
                self.number = number;
                let since = (!awaits_recognition).then_some(recognised_at);
                self.corpus = Arc::clone(&corpus);
                match self.batches.last_mut() {
                    Some(last) if Arc::ptr_eq(&last.corpus, &corpus) && last.since == since => {
                        last.changes.extend(changes.iter().cloned());
                    }
                    _ => self.batches.push(Batch { changes: changes.to_vec(), corpus, since }),
                }
                self.entries.extend(entry);
            }
            WriterCommand::WriteJournal(entry) => self.entries.push(entry),
            WriterCommand::SavePlace { marking, corpus } => {
                self.places.insert(marking.article, (marking, recognised_at));
                self.defer(corpus);
            }
            WriterCommand::SaveSession { session, article, corpus } => {
                self.session = Some((session, article));
                self.defer(corpus);
            }
            WriterCommand::SaveFilter(filter) => self.writes.push(PendingWrite::Filter(filter)),
            WriterCommand::SaveTheme(theme) => self.writes.push(PendingWrite::Theme(theme)),
            WriterCommand::ChangeSearches { changes, entry } => {
                self.writes.push(PendingWrite::Searches { changes, entry });
            }
            // Commands without changes.
            WriterCommand::Recognise(_)
            | WriterCommand::LibraryChanged
            | WriterCommand::DiscardUnsaved
            | WriterCommand::Close
            | WriterCommand::CloseAndNotify(_) => {}
        }
    }

    fn defer(&mut self, corpus: Arc<Corpus>) {
        self.deferred_since.get_or_insert_with(Instant::now);
        self.corpus = corpus;
    }

    /// Discards changes of marks.
    pub(super) fn discard_marks(&mut self) {
        self.batches.clear();
        self.entries.clear();
    }

    /// Records that the pending version of the corpus was recognised at this revision.
    pub(super) fn mark_recognised(&mut self, revision: i64) {
        for batch in &mut self.batches {
            batch.since.get_or_insert(revision);
        }
    }

    /// Returns whether nothing has to be written at once.
    pub(super) fn is_idle(&self) -> bool {
        self.batches.is_empty() && self.entries.is_empty() && self.writes.is_empty()
    }

    /// Returns whether there are changes that are written later.
    pub(super) fn has_deferred(&self) -> bool {
        !self.places.is_empty() || self.session.is_some()
    }

    /// Returns the time until the deferred changes are due; `None` if there are none.
    pub(super) fn deferred_due_in(&self) -> Option<Duration> {
        self.deferred_since.map(|since| FLUSH_DELAY.saturating_sub(since.elapsed()))
    }

    /// Records that all deferred changes are written.
    pub(super) fn clear_deferred_timer(&mut self) {
        self.deferred_since = None;
    }

    /// Describes the unsaved changes of searches: the screen already shows them as done.
    pub(super) fn describe_searches(&self) -> Vec<String> {
        let describe = |change: &SearchChange| match change.after {
            Some(_) => format!("the search \"{}\"", change.name()),
            None => format!("the deletion of \"{}\"", change.name()),
        };
        let changes = self.writes.iter().filter_map(|write| match write {
            PendingWrite::Searches { changes, .. } => Some(changes),
            PendingWrite::Filter(_) | PendingWrite::Theme(_) => None,
        });
        changes.map(|changes| changes.iter().map(describe).collect::<Vec<_>>().join(", ")).collect()
    }

    /// Writes unsaved changes to a rescue file. Returns `None` if all changes are saved.
    pub(super) fn rescue(self) -> Option<RescueOutcome> {
        let changes: Vec<MarkChange> = self.batches.into_iter().flat_map(|batch| batch.changes).collect();
        let searches: Vec<SavedSearch> = self
            .writes
            .into_iter()
            .flat_map(|write| match write {
                PendingWrite::Searches { changes, .. } => changes,
                PendingWrite::Filter(_) | PendingWrite::Theme(_) => Vec::new(),
            })
            .filter_map(|change| change.after)
            .collect();
        rescue(&changes, &searches, &self.corpus)
    }
}
