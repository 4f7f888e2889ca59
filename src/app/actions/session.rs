//! The session: resumed at the start, saved when it changes.

use std::collections::HashMap;
use std::sync::Arc;

use crate::app::state::session::ResumeTarget;
use crate::app::{Effect, Focus, Session, State};
use crate::article::ArticleId;

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
