//! Messages from the terminal, the clock and timers.

use chrono::NaiveDateTime;

use crate::app::state::dwell::DwellTarget;
use crate::app::{Focus, State};
use crate::article::ArticleId;
use crate::config::MarkRead;

impl State {
    /// Sets the time. On another day, the dates in the filter and the hidden future articles change.
    pub(super) fn on_clock(&mut self, now: NaiveDateTime) {
        let is_other_day = now.date() != self.now.date();
        self.now = now;
        if is_other_day {
            self.sources.recount();
        }
        if self.config.hide_future && is_other_day || self.filter.query().depends_on_today() {
            self.run_filter();
            if !self.filter.is_on() {
                self.list_all();
            }
        }
    }

    /// Clears the message that a second key stops loading.
    pub(super) fn on_stop_expired(&mut self) {
        if std::mem::take(&mut self.load.stop_requested) {
            self.notice = None;
        }
    }

    /// Saves the note that is being edited, because the program ends.
    pub(super) fn close_note(&mut self) {
        if let Some(note) = self.note.take() {
            self.set_note(note.article(), &note.text());
        }
    }

    /// Starts the timer after which the open article counts as read.
    pub(super) fn track_dwell(&mut self) {
        let open = self.reading.open().map(|open| open.article.id);
        self.dwell.on_open(open);
        let counts = match self.config.mark_read {
            MarkRead::Manual => false,
            MarkRead::Open => true,
            MarkRead::End => self.reading.percent(self.text_rows()) >= 100,
        };
        let is_focused = self.screen.focus == Focus::Reading;
        // The article that is open at the start was not opened by the reader.
        let is_opened = self.session.has_interacted() || is_focused;
        let is_visible = self.overlay.is_none() && self.layout().reading.is_some() && self.marks.is_ready();
        let target = open
            .filter(|_| counts && is_opened && is_visible)
            .filter(|&article| !self.marks.current().get(article).is_read() && !self.dwell.is_manual(article))
            .map(|article| DwellTarget { article, is_focused });
        self.outbox.extend(self.dwell.track(target));
    }

    /// Marks the article as read if it is still open.
    pub(super) fn on_dwell_elapsed(&mut self, article: ArticleId) {
        if self.dwell.is_target(article) {
            self.mark_read(article);
        }
    }
}
