//! Where the reader is, so that the next start is there again.

use std::collections::HashMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::app::{Effect, Focus, State};
use crate::article::ArticleId;

/// Where the reader is in what is open.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Session {
    /// What stands in the filter bar.
    pub filter: String,
    /// The queries of the chosen rows of the sources pane.
    pub chosen: Vec<String>,
    /// The selected article, as its identity is shown.
    pub selected: Option<String>,
    /// The row of the list on which it stands.
    pub row: usize,
    /// Whether the reader is in the text.
    pub reading: bool,
    /// How much of the screen the list takes, in percent.
    pub list_share: Option<u16>,
    /// Whether the sources pane is open, where the reader has said so.
    pub sources: Option<bool>,
}

impl Session {
    /// The selected article.
    pub fn article(&self) -> Option<ArticleId> {
        u64::from_str_radix(self.selected.as_deref()?, 16).ok().map(ArticleId)
    }
}

/// What is still to be found of a session: the article, and whether it is to be read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Resume {
    article: ArticleId,
    row: usize,
    reading: bool,
}

impl State {
    /// Where the reader is.
    fn session(&self) -> Session {
        Session {
            filter: self.filter.editor().text().trim_end().to_owned(),
            chosen: self.sources.chosen().to_owned(),
            selected: self.selected_article().map(|article| article.to_string()),
            row: self.list.selected().saturating_sub(self.list.top()),
            reading: self.focus == Focus::Reading,
            list_share: (self.list_share != self.config.list_share).then_some(self.list_share),
            sources: self.sources.wish(),
        }
    }

    /// Goes where the reader was, unless the reader has gone somewhere else already.
    pub(crate) fn resume(&mut self, session: &Session) {
        if self.acted {
            return;
        }
        self.list_share = session.list_share.map_or(self.list_share, |share| share.clamp(20, 80));
        self.sources.set_wish(session.sources);
        self.sources.set_chosen(session.chosen.clone());
        let resume = |article| Resume { article, row: session.row, reading: session.reading };
        self.resume = session.article().map(resume);
        self.filter.editor_mut().set(&session.filter);
        self.retype();
        self.seek();
    }

    /// The article that is looked for goes by another identity.
    pub(crate) fn resume_elsewhere(&mut self, moved: &HashMap<ArticleId, ArticleId>) {
        if let Some(resume) = &mut self.resume
            && let Some(&to) = moved.get(&resume.article)
        {
            resume.article = to;
            self.seek();
        }
    }

    /// Has the list select the article that is looked for as soon as it is there.
    fn seek(&mut self) {
        if let Some(Resume { article, row, .. }) = self.resume {
            self.list.seek(article, row);
            self.list.list(Arc::clone(self.list.slots_shared()), &self.corpus);
        }
    }

    /// Goes into the article that was looked for, once it is found.
    pub(crate) fn go_on_reading(&mut self) {
        let Some(Resume { article, reading, .. }) = self.resume else { return };
        if self.selected_article() == Some(article) {
            self.resume = None;
            self.list.choose(&self.corpus);
            if reading && self.focus == Focus::List {
                self.focus = Focus::Reading;
            }
        }
    }

    /// Keeps where the reader is, once the reader has done something.
    pub(crate) fn keep_session(&mut self) {
        if !self.acted || !self.keeping.is_ready() {
            return;
        }
        let session = self.session();
        if self.kept_session.as_ref() != Some(&session) {
            self.kept_session = Some(session.clone());
            self.outbox.push(Effect::KeepSession { session: Box::new(session), corpus: Arc::clone(&self.corpus) });
        }
    }
}
