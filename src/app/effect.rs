//! What the state asks of the world outside; the runtime carries it out.

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

/// One thing to be done outside the state.
#[derive(Clone, Debug)]
pub enum Effect {
    /// Answer a filter; the newest request wins.
    Filter(SearchRequest),
    /// Stop counting and filtering: there is no filter any more. Answers up to this generation are unwanted.
    CancelFilter(u64),
    /// Count the values that articles have in a field.
    CountValues {
        /// The articles.
        corpus: Arc<Corpus>,
        /// What the reader has done to them.
        marks: Marks,
        /// The field.
        wanted: CompletionKind,
    },
    /// Count what an answer consists of; the newest such wins.
    CountFacets {
        /// Counts up with every such effect.
        generation: u64,
        /// The articles.
        corpus: Arc<Corpus>,
        /// The articles to count.
        counted: FacetKey,
        /// What the reader has done to them.
        marks: Marks,
        /// The saved searches.
        searches: Vec<FacetSearch>,
    },
    /// Save changes, and report when they are saved.
    SaveMarks {
        /// Counts up with every such effect.
        number: u64,
        /// The changes.
        changes: Arc<Vec<MarkChange>>,
        /// The journal entry that records them.
        entry: Option<JournalEntry>,
        /// The articles that they are of.
        corpus: Arc<Corpus>,
    },
    /// Keep the place in an article, when there is time.
    SavePosition {
        /// The place.
        marking: MarkChange,
        /// The articles.
        corpus: Arc<Corpus>,
    },
    /// Keep where the reader is, when there is time.
    SaveSession {
        /// Where.
        session: Box<Session>,
        /// The articles.
        corpus: Arc<Corpus>,
    },
    /// Save the theme that the reader chose.
    SaveTheme(ChosenTheme),
    /// Keep what was filtered for.
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
    /// Do something with feeds.
    Feeds(FeedRequest),
    /// Find out which of the articles were known in other places.
    MatchMoved(Arc<Corpus>),
    /// Tell [`Message::DwellElapsed`](super::Message::DwellElapsed) after a while.
    StartDwell {
        /// The open article.
        article: ArticleId,
        /// The delay.
        milliseconds: u64,
    },
    /// Hand the terminal to the reader's editor, with the note of this article.
    EditNote {
        /// The article.
        article: ArticleId,
        /// What the note is.
        text: String,
    },
    /// Give up what could not be kept.
    DiscardUnsaved,
    /// Write changes that could not be kept to a file.
    ExportUnsaved {
        /// The file.
        path: PathBuf,
        /// The changes.
        changes: Vec<MarkChange>,
        /// The articles that they are of.
        corpus: Arc<Corpus>,
    },
    /// Put text on the clipboard.
    Copy(SafeText),
    /// Open an address in the browser, if it is one that may be opened.
    OpenLink(String),
    /// Hand the terminal to the reader's editor, with this file.
    Edit(PathBuf),
    /// Hand the terminal to a command that the reader typed, with this text on its standard input.
    Pipe {
        /// The command, for the reader's shell.
        command: String,
        /// What it reads.
        text: String,
    },
    /// Write articles to a file.
    Export(Box<Export>),
    /// Stop loading and keep what is there.
    StopLoading,
    /// Send [`Message::KeyPopupDue`](super::Message::KeyPopupDue) after a delay; replaces an earlier request.
    ScheduleKeyPopup {
        /// The delay.
        milliseconds: u64,
    },
    /// Send [`Message::StopExpired`](super::Message::StopExpired) after a delay.
    ExpireStop {
        /// How long.
        milliseconds: u64,
    },
    /// Read all sources again.
    Reload,
    /// Draw the whole screen anew.
    Redraw,
    /// Give the terminal back and stop, as ^Z does.
    Suspend,
    /// End the program.
    Quit,
}
