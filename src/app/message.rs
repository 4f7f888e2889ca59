//! What the program hears: every key, every answer of a background job, every change of the world outside.

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

/// One thing that happened.
#[derive(Clone, Debug)]
pub enum Message {
    /// A key was pressed.
    Key(Key),
    /// Text was pasted; it is text, whatever it holds, and never keys.
    Paste(String),
    /// The mouse was used.
    Mouse(Mouse),
    /// The terminal has this size now.
    Resize(Size),
    /// The terminal reported its background.
    Background(Background),
    /// The local time; sent at the start and when the day changes.
    Clock(NaiveDateTime),
    /// A newer version of the corpus.
    Corpus(Arc<Corpus>),
    /// How far loading is.
    Loading(LoadProgress),
    /// Something could not be read, or not in full.
    Problem(Problem),
    /// Problems with this file, or with those in this folder, are a thing of the past: they are read anew, or gone.
    /// The empty path stands for all files. FeedState are no files.
    ProblemsCleared(PathBuf),
    /// An answer to a filter, whole or as far as it goes.
    SearchResult(SearchResult),
    /// How many hits the complete answer of a generation has, so far.
    HitsCounted {
        /// The generation of the answer.
        generation: u64,
        /// Hits counted so far.
        hits: u64,
        /// Whether that is all.
        complete: bool,
    },
    /// Which condition of a query that finds nothing costs its answer.
    EmptyExplained {
        /// The generation of the answer.
        generation: u64,
        /// Which, and what it costs.
        costly: EmptyReason,
    },
    /// The number of articles that the next choice of the case toggle would find.
    OtherCase {
        /// The generation of the answer.
        generation: u64,
        /// The choice.
        case: Case,
        /// The number of articles.
        matched: usize,
    },
    /// The values that articles have in a field, and how many have each, as completion asked.
    FieldValues {
        /// The version of the corpus.
        corpus: Arc<Corpus>,
        /// The field.
        wanted: CompletionKind,
        /// The most frequent first.
        values: Arc<Vec<(String, usize)>>,
    },
    /// What an answer consists of.
    Facets {
        /// The generation of the effect that asked.
        generation: u64,
        /// The rows of the sources pane.
        rows: Vec<Facet>,
    },
    /// What is subscribed to.
    Feeds(Arc<Vec<FeedRow>>),
    /// What was wrong with feeds when they were fetched last, each by its address; in place of what was told before.
    FeedProblems(Vec<Problem>),
    /// How far a refresh of feeds is.
    Refreshing(RefreshProgress),
    /// A page names several feeds: address and title of each.
    FeedChoice(Vec<(String, String)>),
    /// A command needs a confirmation before it runs.
    Confirm(Question),
    /// [`FeedCommand::Add`] or [`FeedRequest::FullText`] has succeeded or failed.
    ///
    /// [`FeedCommand::Add`]: crate::keys::FeedCommand::Add
    /// [`FeedRequest::FullText`]: super::FeedRequest::FullText
    FeedTaskDone,
    /// How all feeds are.
    FeedStatus(Vec<FeedStatus>),
    /// What changed in an entry of a feed, by paragraphs.
    Changes(Vec<Vec<DiffSpan>>),
    /// What the library holds; sent once, when it was opened.
    Library(Box<LibraryContents>),
    /// Changes up to this number are on the disk.
    MarksSaved(u64),
    /// The feed thread stored a step that can be undone.
    FeedStep {
        /// The row of the step in the library.
        row: i64,
        /// The name of the step.
        name: String,
        /// What it changed.
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
        /// Why it was refused.
        refused: Option<String>,
    },
    /// The feed thread could not undo or redo a step, because the library could not be written. The step stays.
    FeedUndoFailed {
        /// The row of the step in the library.
        row: i64,
        /// Undo if true, redo if false.
        undo: bool,
        /// The reason.
        error: String,
    },
    /// Changes cannot be kept for now.
    SaveFailed(String),
    /// The library had to be made anew: what is known of marks is to be kept again.
    ResaveAll,
    /// Somebody else has done this to articles, or changed the saved searches.
    ExternalChanges {
        /// What is done to these articles now.
        marks: Vec<(ArticleId, ArticleMarks)>,
        /// The saved searches, where they may have changed.
        searches: Option<Vec<SavedSearch>>,
    },
    /// Articles were recognised in another place.
    ArticlesMoved {
        /// What each was known as, and what it is known as now.
        moved: Vec<(ArticleId, ArticleId)>,
        /// What is done to them.
        marks: Vec<(ArticleId, ArticleMarks)>,
        /// Where the reader was among them.
        session: Option<Session>,
    },
    /// An article was opened a moment ago.
    DwellElapsed(ArticleId),
    /// The reader has written a note in the editor.
    NoteWritten {
        /// The article.
        article: ArticleId,
        /// The note.
        text: String,
    },
    /// What could not be kept was written to a file: there is nothing left to stay for.
    RescueWritten,
    /// The file of an export already exists.
    ExportExists(Box<Export>),
    /// The time in which a second key stops loading is over.
    StopExpired,
    /// The popup with the keys that may follow is due.
    KeyPopupDue,
    /// A signal or a lost terminal ends the program: save the open note.
    Ending,
    /// Something to tell the reader in the status line.
    Notice(Notice),
}

/// What the library holds for the reader.
#[derive(Clone, Debug, Default)]
pub struct LibraryContents {
    /// What was done to articles.
    pub marks: Marks,
    /// The saved searches.
    pub searches: Vec<SavedSearch>,
    /// The steps of this reader, oldest first, each with whether it is undone.
    pub journal: Vec<(Step, bool)>,
    /// What was filtered for, the oldest first.
    pub filters: Vec<String>,
    /// Where the reader was.
    pub session: Option<Session>,
    /// The theme that the reader chose.
    pub theme: Option<ChosenTheme>,
}

/// A line for the reader.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// One plain sentence; it is made safe when it is shown.
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

/// What the mouse did, and where: column and row count from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mouse {
    /// The column.
    pub column: u16,
    /// The row.
    pub row: u16,
    /// What it did there.
    pub action: MouseAction,
}

/// What the mouse did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MouseAction {
    /// The main button went down.
    Press,
    /// The mouse moved with the main button down.
    Drag,
    /// The main button came up.
    Release,
    /// The wheel turned up.
    WheelUp,
    /// The wheel turned down.
    WheelDown,
}
