//! The reader's position, so that the next start resumes there.

use std::collections::HashMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::app::{Effect, Focus, State};
use crate::article::ArticleId;

/// The reader's position in the opened files, as the library stores it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Session {
    /// The text of the filter bar.
    pub filter: String,
    /// The queries of the chosen rows of the sources pane.
    pub chosen: Vec<String>,
    /// The selected article's identity in hexadecimal.
    pub selected: Option<String>,
    /// The screen row of the selected article, counted from the top of the list.
    pub row: usize,
    /// Whether the reading pane has the focus.
    pub reading: bool,
    /// The share of the list in percent, if it differs from the config.
    pub list_share: Option<u16>,
    /// Whether the sources pane is open; `None` if the width decides.
    pub sources: Option<bool>,
}

impl Session {
    /// Returns the selected article.
    pub fn article(&self) -> Option<ArticleId> {
        u64::from_str_radix(self.selected.as_deref()?, 16).ok().map(ArticleId)
    }
}

/// The article of a former session that is still to be found.
#[derive(Clone, Copy, Debug)]
struct ResumeTarget {
    article: ArticleId,
    row: usize,
    reading: bool,
}

/// Resumes a former session, and saves the current one once the reader has done something.
#[derive(Clone, Debug, Default)]
pub(crate) struct SessionTracker {
    target: Option<ResumeTarget>,
    saved: Option<Session>,
    has_interacted: bool,
}

impl SessionTracker {
    /// Records that the reader used a key or the mouse. A session is not resumed from then on.
    pub(crate) fn on_input(&mut self) {
        self.has_interacted = true;
        self.target = None;
    }

    /// Returns whether the reader has used a key or the mouse.
    pub(crate) fn has_interacted(&self) -> bool {
        self.has_interacted
    }

    /// Stores the session. Returns false if it is stored already.
    fn replace(&mut self, session: &Session) -> bool {
        let is_new = self.saved.as_ref() != Some(session);
        if is_new {
            self.saved = Some(session.clone());
        }
        is_new
    }
}

impl State {
    fn current_session(&self) -> Session {
        Session {
            filter: self.filter.editor().text().trim_end().to_owned(),
            chosen: self.sources.chosen().to_owned(),
            selected: self.selected_article().map(|article| article.to_string()),
            row: self.list.selected().saturating_sub(self.list.top()),
            reading: self.screen.focus == Focus::Reading,
            list_share: (self.screen.list_share != self.config.list_share).then_some(self.screen.list_share),
            sources: self.sources.is_open(),
        }
    }

    /// Resumes a session, unless the reader has done something already.
    pub(crate) fn resume(&mut self, session: &Session) {
        if self.session.has_interacted {
            return;
        }
        if let Some(share) = session.list_share {
            self.screen.set_list_share(share);
        }
        self.sources.set_open(session.sources);
        self.sources.set_chosen(session.chosen.clone());
        let target = |article| ResumeTarget { article, row: session.row, reading: session.reading };
        self.session.target = session.article().map(target);
        self.filter_by(&session.filter);
        self.seek_resumed();
    }

    /// Follows the article to resume if it has another identity now.
    pub(crate) fn rename_resumed(&mut self, moved: &HashMap<ArticleId, ArticleId>) {
        if let Some(target) = &mut self.session.target
            && let Some(&to) = moved.get(&target.article)
        {
            target.article = to;
            self.seek_resumed();
        }
    }

    /// Selects the article to resume as soon as it is listed.
    fn seek_resumed(&mut self) {
        if let Some(ResumeTarget { article, row, .. }) = self.session.target {
            self.list.seek(article, row);
            self.list.set_slots(Arc::clone(self.list.slots_shared()), &self.corpus);
        }
    }

    /// Opens the article to resume once it is selected.
    pub(crate) fn finish_resuming(&mut self) {
        let Some(ResumeTarget { article, reading, .. }) = self.session.target else { return };
        if self.selected_article() == Some(article) {
            self.session.target = None;
            self.list.choose(&self.corpus);
            if reading && self.screen.focus == Focus::List {
                self.screen.focus = Focus::Reading;
            }
        }
    }

    /// Saves the session if it changed, once the reader has done something.
    pub(crate) fn save_session(&mut self) {
        if !self.session.has_interacted || !self.marks.is_ready() {
            return;
        }
        let session = self.current_session();
        if self.session.replace(&session) {
            let (session, corpus) = (Box::new(session), Arc::clone(&self.corpus));
            self.outbox.push(Effect::SaveSession { session, corpus });
        }
    }
}
