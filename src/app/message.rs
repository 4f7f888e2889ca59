//! The messages that the state is updated with: input, results of background work, and changes outside the program.

use std::path::PathBuf;
use std::sync::Arc;

use chrono::NaiveDateTime;

use super::layout::Size;
use crate::app::ChosenTheme;
use crate::app::Export;
use crate::app::Question;
use crate::app::Session;
use crate::article::ArticleId;
use crate::article::Problem;
use crate::config::Background;
use crate::corpus::{Corpus, LoadProgress};
use crate::journal::{Step, StepChange};
use crate::keys::Key;
use crate::marks::{ArticleMarks, Marks};
use crate::query::{Case, CompletionKind, SavedSearch};
use crate::search::{EmptyReason, Facet, SearchResult};
use crate::subscriptions::{DiffSpan, FeedRow, FeedStatus, RefreshProgress, redact};

/// An input for the state.
#[derive(Clone, Debug)]
pub enum Message {
    /// A key was pressed.
    Key(Key),
    /// Text was pasted. It is inserted as text and never read as keys.
    Paste(String),
    /// The mouse was used.
    Mouse(Mouse),
    /// The terminal was resized.
    Resize(Size),
    /// The terminal reported its background.
    Background(Background),
    /// The local time; sent at the start and when the day changes.
    Clock(NaiveDateTime),
    /// A new version of the corpus.
    Corpus(Arc<Corpus>),
    /// The progress of loading.
    Loading(LoadProgress),
    /// A file could not be read, or not completely.
    Problem(Problem),
    /// The earlier problems of this file, or of all files in this folder, no longer hold. The empty path stands for all
    /// files. Problems of feeds are not included.
    ProblemsCleared(PathBuf),
    /// A result of the filter, complete or partial.
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
    /// The subscriptions.
    Feeds(Arc<Vec<FeedRow>>),
    /// The problems of the last fetch of each feed, with the address as path. Replaces all earlier ones.
    FeedProblems(Vec<Problem>),
    /// The progress of a refresh.
    Refreshing(RefreshProgress),
    /// A page links to several feeds: the address and title of each.
    FeedChoice(Vec<(String, String)>),
    /// A command needs a confirmation before it runs.
    Confirm(Question),
    /// [`FeedCommand::Add`] or [`FeedRequest::FullText`] has succeeded or failed.
    ///
    /// [`FeedCommand::Add`]: crate::keys::FeedCommand::Add
    /// [`FeedRequest::FullText`]: super::FeedRequest::FullText
    FeedTaskDone,
    /// The status of all feeds.
    FeedStatus(Vec<FeedStatus>),
    /// The differences between two versions of an entry, by paragraphs.
    Changes(Vec<Vec<DiffSpan>>),
    /// The content of the library; sent once, after it was opened.
    Library(Box<LibraryContents>),
    /// All changes up to this number are on the disk.
    MarksSaved(u64),
    /// The feed thread stored a step that can be undone.
    FeedStep {
        /// The row of the step in the library.
        row: i64,
        /// The name of the step.
        name: String,
        /// The change.
        change: StepChange,
    },
    /// The feed thread undid or redid a step, or refused to.
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
    /// The feed thread could not undo or redo a step because the library could not be written. The step stays.
    FeedUndoFailed {
        /// The row of the step in the library.
        row: i64,
        /// Undo if true, redo if false.
        undo: bool,
        /// The reason.
        error: String,
    },
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
        /// The stored session, if it belongs to one of these articles.
        session: Option<Session>,
    },
    /// An article has been open for the dwell time.
    DwellElapsed(ArticleId),
    /// The reader wrote a note in the editor.
    NoteWritten {
        /// The article.
        article: ArticleId,
        /// The note.
        text: String,
    },
    /// Unsaved changes were written to the rescue file, so the program can exit.
    RescueWritten,
    /// The file of an export already exists.
    ExportExists(Box<Export>),
    /// The time in which a second key stops loading has passed.
    StopExpired,
    /// Time to show the popup with the possible next keys.
    KeyPopupDue,
    /// A signal or a lost terminal ends the program: save the open note.
    Ending,
    /// A message for the status line.
    Notice(Notice),
}

/// The content of the library that the state starts with.
#[derive(Clone, Debug, Default)]
pub struct LibraryContents {
    /// The marks of all articles.
    pub marks: Marks,
    /// The saved searches.
    pub searches: Vec<SavedSearch>,
    /// The steps of this reader, oldest first, each with whether it is undone.
    pub journal: Vec<(Step, bool)>,
    /// The filter history, oldest first.
    pub filters: Vec<String>,
    /// The stored session of the open sources.
    pub session: Option<Session>,
    /// The theme that the reader chose.
    pub theme: Option<ChosenTheme>,
}

/// A message for the reader.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// One plain sentence. It is cleaned when it is drawn.
    pub text: String,
    /// Whether it reports an error.
    pub is_error: bool,
}

impl Notice {
    /// Creates an information message. Hides credentials in addresses.
    pub fn info(text: impl Into<String>) -> Notice {
        Notice { text: redact(&text.into()), is_error: false }
    }

    /// Creates an error message. Hides credentials in addresses.
    pub fn error(text: impl Into<String>) -> Notice {
        Notice { text: redact(&text.into()), is_error: true }
    }
}

/// A mouse event at a cell; column and row count from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mouse {
    /// The column.
    pub column: u16,
    /// The row.
    pub row: u16,
    /// The kind of event.
    pub action: MouseAction,
}

/// A kind of mouse event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MouseAction {
    /// The main button was pressed.
    Press,
    /// The mouse moved with the main button down.
    Drag,
    /// The main button was released.
    Release,
    /// The wheel was turned up.
    WheelUp,
    /// The wheel was turned down.
    WheelDown,
}
