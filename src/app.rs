//! The program without a terminal: [`State`] and `update(Message) -> Vec<Effect>`.
//!
//! It is total and pure: it has no clock, does no I/O and does not know how it is drawn.

mod accessors;
mod actions;
mod dialogs;
mod effect;
mod keys;
mod layout;
mod message;
mod mouse;
mod panes;
mod state;
mod update;

pub use accessors::ListView;
pub use dialogs::help::help_rows;
pub use dialogs::line_editor::LineEditor;
pub use dialogs::note_editor::NoteEditor;
pub use dialogs::overlay::{ConfirmedAction, HelpDialog, Overlay, PaletteDialog, Question, SelectList};
pub use dialogs::palette::palette_rows;
pub use dialogs::prompt::{Prompt, PromptPurpose};
pub use effect::Effect;
pub use layout::{Area, Focus, Layout, LayoutPrefs, Size, layout};
pub use message::{LibraryContents, Message, Mouse, MouseAction, Notice};
pub use panes::completion::{Candidate, CandidateNote, CompletionMenu};
pub use panes::filter_bar::FilterBar;
pub use panes::list::ListPane;
pub use panes::pane::Hint;
pub use panes::reading::{OpenArticle, ReadingPane};
pub use panes::sources::{RowState, SourceLine, SourcesPane};
pub use state::State;
pub use state::export::Export;
pub use state::feeds::{BUNDLED, FeedRequest, SubscriptionsState};
pub use state::marks::MarkState;
pub use state::pending_keys::{KeyPopup, PendingKeys};
pub use state::searches::{SavedSearches, WatchedHits};
pub use state::session::Session;
pub use state::target::Target;
pub use state::theme::ChosenTheme;

// Messages carry these.
pub use crate::corpus::{LoadProgress, incomplete_reason};
pub use crate::subscriptions::{DiffSpan, FeedRow, FeedStatus, RefreshEnd, RefreshProgress};
