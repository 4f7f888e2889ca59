//! The reader's position, so that the next start resumes there.

use serde::{Deserialize, Serialize};

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
pub(crate) struct ResumeTarget {
    pub(crate) article: ArticleId,
    pub(crate) row: usize,
    pub(crate) reading: bool,
}

/// Resumes a former session, and saves the current one once the reader has done something.
#[derive(Clone, Debug, Default)]
pub(crate) struct SessionTracker {
    pub(crate) target: Option<ResumeTarget>,
    saved: Option<Session>,
    pub(crate) has_interacted: bool,
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
    pub(crate) fn replace(&mut self, session: &Session) -> bool {
        let is_new = self.saved.as_ref() != Some(session);
        if is_new {
            self.saved = Some(session.clone());
        }
        is_new
    }
}
