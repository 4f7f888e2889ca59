//! Messages of the feed thread.

use std::sync::Arc;

use crate::app::{
    BUNDLED, DiffSpan, Effect, FeedRow, FeedStatus, Overlay, RefreshEnd, RefreshProgress, SelectList, State,
};
use crate::journal::StepChange;
use crate::keys::Action;
use crate::text::format::{counted, grouped};

impl State {
    pub(super) fn on_feeds(&mut self, rows: Arc<Vec<FeedRow>>) {
        if !rows.is_empty() && self.load.title == BUNDLED {
            self.load.title = "feeds".to_owned();
        }
        self.feeds.set_rows(rows);
        self.sources.recount();
    }

    /// Shows how far a refresh is, or how it ended.
    pub(super) fn on_refresh_progress(&mut self, progress: &RefreshProgress) {
        let RefreshProgress { tried, total, new, changed, failed, end } = progress;
        self.feeds.set_refreshing(end.is_none());
        let mut counts = format!("{} new", grouped(*new as u64));
        if *changed > 0 {
            counts = format!("{counts}, {} changed", grouped(*changed as u64));
        }
        if *failed > 0 {
            counts = format!("{counts}, {} failed", grouped(*failed as u64));
        }
        let feeds = counted(*total as u64, "feed", "feeds");
        let tried_of = format!("{} of {feeds}", grouped(*tried as u64));
        match end {
            None => self.notify(format!("Refreshing: {tried_of}, {counts}")),
            Some(RefreshEnd::Done) if *failed > 0 => {
                let keys = self.keymap.shown(Action::ShowProblems);
                self.notify(format!("{feeds}: {counts}; press {keys} to see why"));
            }
            Some(RefreshEnd::Done) => self.notify(format!("{feeds}: {counts}")),
            Some(RefreshEnd::Stopped) => self.notify(format!("Stopped: {tried_of}, {counts}")),
            Some(RefreshEnd::Offline) => self.notify("Offline: no network connection"),
            Some(RefreshEnd::Failed(error)) => self.notify_error(format!("Cannot save the fetched entries: {error}")),
        }
    }

    pub(super) fn on_feed_choice(&mut self, feeds: Vec<(String, String)>) {
        self.overlay = Some(Overlay::FeedChoice(SelectList::new(feeds)));
    }

    pub(super) fn on_feed_status(&mut self, feeds: Vec<FeedStatus>) {
        if feeds.is_empty() {
            let key = self.keymap.shown(Action::AddFeed);
            self.notify(format!("No subscriptions yet; press {key} to add a feed"));
        } else {
            self.overlay = Some(Overlay::FeedList(SelectList::new(feeds)));
        }
    }

    pub(super) fn on_entry_changes(&mut self, changes: Vec<Vec<DiffSpan>>) {
        if changes.is_empty() {
            self.notify("This article has not changed");
        } else {
            self.overlay = Some(Overlay::Changes(SelectList::new(changes)));
        }
    }

    /// Records a step that the feed thread made and stored.
    pub(super) fn on_feed_step(&mut self, row: i64, name: String, change: StepChange) {
        let entry = self.marks.history.record(name, change, Some(row));
        self.outbox.push(Effect::Journal(entry));
        // The feed thread sends the message and does not know the keys. An import makes two steps.
        let hint = self.undo_hint();
        if let Some(notice) = &mut self.notice
            && !notice.is_error
            && !notice.text.ends_with(&hint)
        {
            notice.text.push_str(&hint);
        }
    }

    /// Reports that the feed thread undid or redid a step, or why it refused.
    pub(super) fn on_feed_step_undone(&mut self, row: i64, undo: bool, name: &str, refused: Option<&str>) {
        match refused {
            None => self.notify_undone(name, undo),
            Some(reason) => {
                self.outbox.extend(self.marks.history.remove_row(row).map(Effect::Journal));
                self.notify_refused(name, undo, reason);
            }
        }
    }

    /// Keeps a step that the feed thread could not undo or redo, so that the reader can try again.
    pub(super) fn on_feed_undo_failed(&mut self, row: i64, undo: bool, error: &str) {
        self.marks.history.revert(row, undo);
        let not = if undo { "Not undone" } else { "Not redone" };
        self.notify_error(format!("{not}: {error}; try again"));
    }
}
