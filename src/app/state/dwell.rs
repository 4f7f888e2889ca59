//! When an open article counts as read: after it was open for a while, unless the reader marked it by hand.

use crate::app::Effect;
use crate::article::ArticleId;

/// The time that an article must be open in the reading pane with the focus.
const FOCUSED_MS: u64 = 1_000;

/// The time that an article must be open beside the list.
const BESIDE_LIST_MS: u64 = 3_000;

/// An article that is about to count as read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct DwellTarget {
    pub(crate) article: ArticleId,
    /// Whether the reading pane has the focus.
    pub(crate) is_focused: bool,
}

/// Tracks how long an article is open.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct DwellTracker {
    target: Option<DwellTarget>,
    /// The open article, if the reader marked it as read or unread by hand.
    manual: Option<ArticleId>,
}

impl DwellTracker {
    /// Sets the article that the reader marked by hand, so that opening it does not mark it again.
    pub(crate) fn set_manual(&mut self, article: Option<ArticleId>) {
        self.manual = article;
    }

    /// Forgets the article that was marked by hand if another one is open now.
    pub(crate) fn on_open(&mut self, open: Option<ArticleId>) {
        if self.manual != open {
            self.manual = None;
        }
    }

    pub(crate) fn is_manual(&self, article: ArticleId) -> bool {
        self.manual == Some(article)
    }

    /// Returns whether the article is still open and was so since its timer started.
    pub(crate) fn is_target(&self, article: ArticleId) -> bool {
        self.target.is_some_and(|target| target.article == article)
    }

    /// Sets the article that is about to count as read. Returns the effect that starts its timer if it changed.
    pub(crate) fn track(&mut self, target: Option<DwellTarget>) -> Option<Effect> {
        if self.target == target {
            return None;
        }
        self.target = target;
        let DwellTarget { article, is_focused } = target?;
        Some(Effect::StartDwell { article, milliseconds: if is_focused { FOCUSED_MS } else { BESIDE_LIST_MS } })
    }
}
