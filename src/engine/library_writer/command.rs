//! Commands to the library writer.

use std::sync::Arc;
use std::sync::mpsc::Sender;

use crate::article::ArticleId;
use crate::corpus::Corpus;
use crate::journal::{JournalEntry, SearchChange};
use crate::marks::MarkChange;

/// A command to the library writer.
#[derive(Debug)]
pub(crate) enum WriterCommand {
    /// Save changes of marks and report when they are saved.
    SaveMarks { number: u64, changes: Arc<Vec<MarkChange>>, entry: Option<JournalEntry>, corpus: Arc<Corpus> },
    /// Save a reading position, later.
    SavePlace { marking: MarkChange, corpus: Arc<Corpus> },
    /// Save the serialised session, later. Its selected article must be known, so that it is recognised if it moves.
    SaveSession { session: String, article: Option<ArticleId>, corpus: Arc<Corpus> },
    /// Save the serialised theme.
    SaveTheme(String),
    /// Save a filter in the history.
    SaveFilter(String),
    /// Change saved searches.
    ChangeSearches { changes: Vec<SearchChange>, entry: JournalEntry },
    /// Write to the journal.
    WriteJournal(JournalEntry),
    /// Recognise moved articles.
    Recognise(Arc<Corpus>),
    /// Another program has written to the library.
    LibraryChanged,
    /// Discard unsaved changes of marks: they are in a file, or not wanted.
    DiscardUnsaved,
    /// Save everything and end.
    Close,
    /// Save everything and end. The sender is dropped when that is done.
    CloseAndNotify(Sender<()>),
}
