//! Effects: what the state asks the runtime to do.

use std::path::PathBuf;
use std::sync::Arc;

use crate::app::ChosenTheme;
use crate::app::Export;
use crate::app::FeedRequest;
use crate::app::Session;
use crate::article::ArticleId;
use crate::corpus::Corpus;
use crate::journal::{JournalEntry, SearchChange};
use crate::marks::{MarkChange, Marks};
use crate::query::CompletionKind;
use crate::search::{FacetKey, FacetSearch, SearchRequest};
use crate::text::SafeText;

/// A request of the state to the runtime.
#[derive(Clone, Debug)]
pub enum Effect {
    /// Run a filter. The newest request replaces earlier ones.
    Filter(SearchRequest),
    /// Stop filtering and counting because the filter was cleared. Results up to this generation are ignored.
    CancelFilter(u64),
    /// Count the values of a field.
    CountValues {
        /// The articles.
        corpus: Arc<Corpus>,
        /// The marks of the articles.
        marks: Marks,
        /// The field.
        kind: CompletionKind,
    },
    /// Count the rows of the sources pane. The newest request replaces earlier ones.
    CountFacets {
        /// Increases with every such effect.
        generation: u64,
        /// The articles.
        corpus: Arc<Corpus>,
        /// The articles to count.
        counted: FacetKey,
        /// The marks of the articles.
        marks: Marks,
        /// The saved searches.
        searches: Vec<FacetSearch>,
    },
    /// Save changes, and report when they are saved.
    SaveMarks {
        /// Increases with every such effect.
        number: u64,
        /// The changes.
        changes: Arc<Vec<MarkChange>>,
        /// The journal entry that records them.
        entry: Option<JournalEntry>,
        /// The corpus with the changed articles.
        corpus: Arc<Corpus>,
    },
    /// Save the reading position of an article when the writer is idle.
    SavePosition {
        /// The position.
        marking: MarkChange,
        /// The articles.
        corpus: Arc<Corpus>,
    },
    /// Save the session when the writer is idle.
    SaveSession {
        /// The session.
        session: Box<Session>,
        /// The articles.
        corpus: Arc<Corpus>,
    },
    /// Save the theme that the reader chose.
    SaveTheme(ChosenTheme),
    /// Add a filter to the history.
    SaveFilter(String),
    /// Change saved searches in the library.
    ChangeSearches {
        /// The changes, in order.
        changes: Vec<SearchChange>,
        /// The journal entry that records them.
        entry: JournalEntry,
    },
    /// Write to the journal in the library.
    Journal(JournalEntry),
    /// Send a request to the feed thread.
    Feeds(FeedRequest),
    /// Find articles that were moved or renamed.
    MatchMoved(Arc<Corpus>),
    /// Send [`Message::DwellElapsed`](super::Message::DwellElapsed) after a delay.
    StartDwell {
        /// The open article.
        article: ArticleId,
        /// The delay.
        milliseconds: u64,
    },
    /// Open the note of an article in the reader's editor, which takes over the terminal.
    EditNote {
        /// The article.
        article: ArticleId,
        /// The present note.
        text: String,
    },
    /// Discard changes that could not be saved.
    DiscardUnsaved,
    /// Write changes that could not be saved to a file.
    ExportUnsaved {
        /// The file.
        path: PathBuf,
        /// The changes.
        changes: Vec<MarkChange>,
        /// The corpus with the changed articles.
        corpus: Arc<Corpus>,
    },
    /// Copy text to the clipboard.
    Copy(SafeText),
    /// Open an address in the browser, if its scheme is allowed.
    OpenLink(String),
    /// Open this file in the reader's editor, which takes over the terminal.
    Edit(PathBuf),
    /// Run a command that the reader typed, with this text on its standard input. It takes over the terminal.
    Pipe {
        /// The command, for the reader's shell.
        command: String,
        /// The standard input of the command.
        text: String,
    },
    /// Write articles to a file.
    Export(Box<Export>),
    /// Stop loading and keep the loaded articles.
    StopLoading,
    /// Send [`Message::KeyPopupDue`](super::Message::KeyPopupDue) after a delay; replaces an earlier request.
    ScheduleKeyPopup {
        /// The delay.
        milliseconds: u64,
    },
    /// Send [`Message::StopExpired`](super::Message::StopExpired) after a delay.
    ExpireStop {
        /// The delay.
        milliseconds: u64,
    },
    /// Load all sources again.
    Reload,
    /// Redraw the whole screen.
    Redraw,
    /// Restore the terminal and suspend the program, as ^Z does.
    Suspend,
    /// End the program.
    Quit,
}
