//! The events of the background services: plain data that knows no user interface.

use std::path::PathBuf;
use std::sync::Arc;

use crate::article::ArticleId;
use crate::article::Problem;
use crate::corpus::{Corpus, LoadProgress};
use crate::journal::{Step, StepChange};
use crate::marks::{ArticleMarks, Marks};
use crate::query::{Case, CompletionKind, SavedSearch};
use crate::search::{EmptyReason, Facet, SearchResult};
use crate::subscriptions::{DiffSpan, FeedRow, FeedStatus, RefreshProgress};

/// An event of a background service.
#[derive(Clone, Debug)]
pub enum Event {
    // --- The corpus service ---
    /// A new version of the corpus.
    Corpus(Arc<Corpus>),
    /// The progress of loading.
    Loading(LoadProgress),
    /// A file could not be read, or not completely.
    Problem(Problem),
    /// The earlier problems of this file, or of all files in this folder, no longer hold. The empty path stands for all
    /// files. Problems of feeds are not included.
    ProblemsCleared(PathBuf),

    // --- The search workers ---
    /// A result of a search, complete or partial.
    SearchResult(SearchResult),
    /// The number of hits in a complete result.
    HitsCounted {
        /// The generation of the request.
        generation: u64,
        /// The number of hits that have been counted.
        hits: u64,
        /// Whether all hits are counted.
        complete: bool,
    },
    /// The condition that makes a result empty.
    EmptyExplained {
        /// The generation of the request.
        generation: u64,
        /// The condition and its cost.
        reason: EmptyReason,
    },
    /// The number of articles that the next choice of the case toggle would match.
    OtherCase {
        /// The generation of the request.
        generation: u64,
        /// The next choice.
        case: Case,
        /// The number of articles.
        matched: usize,
    },
    /// The values of a field, for completion.
    FieldValues {
        /// The version of the corpus that was counted.
        corpus: Arc<Corpus>,
        /// The field.
        kind: CompletionKind,
        /// Each value with its number of articles, the most frequent first.
        values: Arc<Vec<(String, usize)>>,
    },
    /// The rows of the sources pane.
    Facets {
        /// The generation of the request.
        generation: u64,
        /// The rows.
        rows: Vec<Facet>,
    },

    // --- The feed service ---
    /// The subscriptions.
    Feeds(Arc<Vec<FeedRow>>),
    /// The problems of the last fetch of each feed, with the address as path. Replaces all earlier ones.
    FeedProblems(Vec<Problem>),
    /// The progress of a refresh.
    Refreshing(RefreshProgress),
    /// A page links to several feeds: the address and title of each.
    FeedChoice(Vec<(String, String)>),
    /// Unsubscribing from these feeds needs confirmation.
    ConfirmUnsubscribe {
        /// The question for the reader.
        question: String,
        /// The names to repeat the command with.
        names: Vec<String>,
    },
    /// A task that waited for a server has ended, successfully or not.
    FeedTaskDone,
    /// The status of all feeds.
    FeedStatus(Vec<FeedStatus>),
    /// The differences between two versions of an entry, by paragraphs.
    EntryDiff(Vec<Vec<DiffSpan>>),
    /// A step that can be undone was stored.
    FeedStep {
        /// The row of the step in the library.
        row: i64,
        /// The name of the step.
        name: String,
        /// The change.
        change: StepChange,
    },
    /// A step was undone or redone, or refused.
    FeedStepUndone {
        /// The row of the step in the library.
        row: i64,
        /// Undo if true, redo if false.
        undo: bool,
        /// The name of the step.
        name: String,
        /// The reason if it was refused.
        refused: Option<String>,
    },
    /// A step could not be undone or redone because the library could not be written. The step stays.
    FeedUndoFailed {
        /// The row of the step in the library.
        row: i64,
        /// Undo if true, redo if false.
        undo: bool,
        /// The reason.
        error: String,
    },

    // --- The library writer ---
    /// The content of the library; sent once, after it was opened.
    Library(Box<SavedState>),
    /// All changes up to this number are on the disk.
    MarksSaved(u64),
    /// Changes cannot be saved at present, for this reason.
    SaveFailed(String),
    /// The library was replaced: all known marks must be saved again.
    ResaveAll,
    /// Another program changed marks or saved searches.
    ExternalChanges {
        /// The new marks of the changed articles.
        marks: Vec<(ArticleId, ArticleMarks)>,
        /// All saved searches, if they may have changed.
        searches: Option<Vec<SavedSearch>>,
    },
    /// Articles were recognised at another place.
    ArticlesMoved {
        /// The former and the new identity of each.
        moved: Vec<(ArticleId, ArticleId)>,
        /// Their marks.
        marks: Vec<(ArticleId, ArticleMarks)>,
        /// All stored sessions, if none was restored yet: one of them may belong to a moved article.
        sessions: Vec<String>,
    },

    // --- All services ---
    /// A sentence for the reader.
    Info(String),
    /// An error, as a sentence for the reader.
    Error(String),
}

/// The content of the library that a new reader starts with.
#[derive(Clone, Debug, Default)]
pub struct SavedState {
    /// The marks of all articles.
    pub marks: Marks,
    /// The saved searches.
    pub searches: Vec<SavedSearch>,
    /// The steps of this reader, oldest first, each with whether it is undone.
    pub journal: Vec<(Step, bool)>,
    /// The filter history, oldest first.
    pub filters: Vec<String>,
    /// The stored session of the open sources, as the user interface serialised it.
    pub session: Option<String>,
    /// The stored theme, as the user interface serialised it.
    pub theme: Option<String>,
}
