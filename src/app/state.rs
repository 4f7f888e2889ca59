//! The state of the program: panes, dialogs and trackers, each with its own behaviour.

pub(crate) mod dwell;
pub(crate) mod export;
pub(crate) mod feeds;
pub(crate) mod load;
pub(crate) mod marks;
pub(crate) mod pending_keys;
pub(crate) mod screen;
pub(crate) mod searches;
pub(crate) mod session;
pub(crate) mod target;
pub(crate) mod theme;

use std::sync::Arc;

use chrono::NaiveDateTime;

use crate::app::{
    Effect, FilterBar, ListPane, MarkState, NoteEditor, Notice, Overlay, PendingKeys, ReadingPane, SavedSearches,
    SourcesPane, SubscriptionsState,
};
use crate::config::Config;
use crate::corpus::Corpus;
use crate::keys::Keymap;
use crate::query::Query;
use dwell::DwellTracker;
use load::LoadState;
use screen::ScreenState;
use session::SessionTracker;

/// Everything that the screen shows.
#[derive(Clone, Debug)]
pub struct State {
    pub(super) config: Config,
    pub(super) keymap: Keymap,
    pub(super) corpus: Arc<Corpus>,
    pub(super) load: LoadState,
    pub(super) screen: ScreenState,
    pub(super) pending: PendingKeys,
    pub(super) list: ListPane,
    pub(super) reading: ReadingPane,
    pub(super) filter: FilterBar,
    pub(super) sources: SourcesPane,
    pub(super) overlay: Option<Overlay>,
    /// The note that is being edited. It lies over the overlay, because a message may open one meanwhile.
    pub(super) note: Option<NoteEditor>,
    pub(super) marks: MarkState,
    pub(super) searches: SavedSearches,
    pub(super) feeds: SubscriptionsState,
    pub(super) session: SessionTracker,
    pub(super) dwell: DwellTracker,
    pub(super) notice: Option<Notice>,
    pub(super) now: NaiveDateTime,
    /// Effects requested by the current update.
    pub(super) outbox: Vec<Effect>,
}

impl State {
    /// Creates an empty state. `title` names the opened files.
    pub fn new(config: Config, title: String, now: NaiveDateTime) -> State {
        let (keymap, _) = Keymap::new(&config.keys);
        State {
            keymap,
            corpus: Arc::default(),
            load: LoadState::new(title),
            screen: ScreenState::new(config.list_share, config.theme),
            pending: PendingKeys::default(),
            list: ListPane::default(),
            reading: ReadingPane::default(),
            filter: FilterBar::default(),
            sources: SourcesPane::default(),
            overlay: None,
            note: None,
            marks: MarkState::default(),
            searches: SavedSearches::default(),
            feeds: SubscriptionsState::default(),
            session: SessionTracker::default(),
            dwell: DwellTracker::default(),
            notice: None,
            now,
            outbox: Vec::new(),
            config,
        }
    }

    /// Parses a query for today's date and the config. With `typing`, its last word may be unfinished.
    pub(super) fn parse_query(&self, text: &str, typing: bool) -> Query {
        let today = self.now.date();
        let query = if typing { Query::parse_typing(text, today) } else { Query::parse(text, today) };
        if self.config.hide_future { query.hiding_future(today) } else { query }
    }

    pub(super) fn notify(&mut self, text: impl Into<String>) {
        self.notice = Some(Notice::info(text));
    }

    pub(super) fn notify_error(&mut self, text: impl Into<String>) {
        self.notice = Some(Notice::error(text));
    }
}
