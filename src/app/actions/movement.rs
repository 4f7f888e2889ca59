//! Movement in and between panes, and from article to article.

use crate::app::{Effect, FeedRequest, Focus, State};
use crate::keys::Action;
use crate::text::format::grouped;

/// A second Esc stops loading if it comes within this time.
const STOP_TIMEOUT_MS: u64 = 4_000;

/// The number of articles that are searched for the next hit.
const HIT_SEARCH: usize = 10_000;

/// The number of articles that are searched for the next unread one.
const UNREAD_SEARCH: usize = 1_000_000;

impl State {
    /// Returns the number of rows that a page key moves in the pane with the focus.
    pub(super) fn page(&self) -> isize {
        let (_, visible, _) = self.pane_rows(self.screen.focus);
        isize::try_from(visible.saturating_sub(1)).unwrap_or(1).max(1)
    }

    /// Returns the number of rows that a half-page key moves in the pane with the focus.
    pub(super) fn half_page(&self) -> isize {
        (self.page() / 2).max(1)
    }

    pub(super) fn move_by(&mut self, by: isize) {
        let (pane, view) = self.pane_mut(self.screen.focus);
        pane.move_by(by, &view);
    }

    pub(super) fn move_to(&mut self, row: usize) {
        let (pane, view) = self.pane_mut(self.screen.focus);
        pane.move_to(row, &view);
    }

    /// Selects another article, also while the reading pane has the focus.
    pub(super) fn select_by(&mut self, by: isize) {
        self.list.select_by(by);
        self.list.choose(&self.corpus);
    }

    fn select(&mut self, place: usize) {
        self.list.select(place);
        self.list.choose(&self.corpus);
    }

    pub(crate) fn focus_reading(&mut self) {
        if self.reading.open().is_some() {
            self.screen.focus = Focus::Reading;
            self.list.choose(&self.corpus);
        }
    }

    pub(super) fn focus_left(&mut self) {
        self.screen.focus = match self.screen.focus {
            Focus::List if self.layout().sources.is_some() => Focus::Sources,
            Focus::Sources => Focus::Sources,
            Focus::List | Focus::Reading | Focus::Filter => Focus::List,
        };
    }

    pub(super) fn focus_next(&mut self) {
        match self.screen.focus {
            Focus::List => self.focus_reading(),
            Focus::Reading if self.layout().sources.is_some() => self.screen.focus = Focus::Sources,
            Focus::Reading | Focus::Filter | Focus::Sources => self.screen.focus = Focus::List,
        }
    }

    /// Scrolls the text by a page or, at its end, selects the next article.
    pub(super) fn page_or_next(&mut self) {
        // If the text is not visible, the first press shows it.
        if self.layout().reading.is_none() {
            return self.focus_reading();
        }
        self.list.choose(&self.corpus);
        let rows = self.text_rows();
        let page = isize::try_from(rows.saturating_sub(2).max(1)).unwrap_or(1);
        if self.reading.scroll_by(page, rows) {
            return;
        }
        self.mark_finished();
        if self.list.selected() + 1 < self.list.slots().len() {
            self.select_by(1);
        } else {
            self.notify("End of the last article");
        }
    }

    /// Scrolls the text back by a page.
    pub(super) fn page_back(&mut self) {
        let rows = self.text_rows();
        let page = isize::try_from(rows.saturating_sub(2).max(1)).unwrap_or(1);
        self.reading.scroll_by(-page, rows);
    }

    /// Goes one step back: leaves zen, the text or the filter, or stops loading. Stops loading only if `stop_requested`,
    /// that is, if the key was pressed twice.
    pub(crate) fn back(&mut self, stop_requested: bool) {
        if self.screen.zen {
            self.screen.zen = false;
        } else if matches!(self.screen.focus, Focus::Reading | Focus::Sources) {
            self.screen.focus = Focus::List;
        } else if !self.filter.editor().text().is_empty() {
            self.clear_filter();
        } else if self.feeds.is_waiting() {
            self.outbox.push(Effect::Feeds(FeedRequest::Stop));
        } else if self.load.is_loading() && stop_requested {
            self.outbox.push(Effect::StopLoading);
        } else if self.load.is_loading() {
            self.load.stop_requested = true;
            self.outbox.push(Effect::ExpireStop { milliseconds: STOP_TIMEOUT_MS });
            let (read, found) = (grouped(self.load.progress.read as u64), grouped(self.load.progress.found as u64));
            let key = self.keymap.keys(Action::Back).first().map_or_else(|| "Esc".to_owned(), ToString::to_string);
            self.notify(format!("Loading {read} of {found} · {key} again stops"));
        } else {
            let quit = self.keymap.shown(Action::Quit);
            let first = quit.split(' ').next().unwrap_or("q").to_owned();
            self.notify(format!("{first} quits"));
        }
    }

    /// Goes to the next or previous hit, `times` times or to the last one.
    pub(super) fn step_hits(&mut self, forward: bool, times: usize) {
        for _ in 0..times {
            if !self.step_hit(forward) {
                break;
            }
        }
    }

    /// Goes to the next or previous hit. Shows a message and returns false if there is none.
    fn step_hit(&mut self, forward: bool) -> bool {
        let matcher = self.filter.matcher().filter(|_| self.filter.query().has_hits()).cloned();
        let Some(matcher) = matcher else {
            self.notify("No hits: the filter has no words to find in the text");
            return false;
        };
        if self.layout().reading.is_none() {
            self.focus_reading();
            self.reconcile_panes();
        }
        if self.reading.step_hit(forward, self.text_rows()) {
            self.list.choose(&self.corpus);
            return true;
        }
        let slots = self.list.slots();
        let here = self.list.selected();
        let has_hits = |place: &usize| {
            let entry = slots.get(*place).and_then(|&slot| self.corpus.get(slot));
            entry.is_some_and(|entry| matcher.count(entry) > 0)
        };
        let place = if forward {
            (here + 1..slots.len()).take(HIT_SEARCH).find(has_hits)
        } else {
            (0..here.min(slots.len())).rev().take(HIT_SEARCH).find(has_hits)
        };
        let Some(place) = place else {
            self.notify(if forward { "No hit after this one" } else { "No hit before this one" });
            return false;
        };
        self.select(place);
        self.reconcile_panes();
        let last = self.reading.open().map_or(0, |open| open.hits.len().saturating_sub(1));
        self.reading.go_to_hit(if forward { 0 } else { last }, self.text_rows());
        true
    }

    /// Selects the next or previous unread article.
    pub(super) fn step_unread(&mut self, forward: bool) {
        let (slots, here) = (self.list.slots(), self.list.selected());
        let unread = |place: &usize| {
            let entry = slots.get(*place).and_then(|&slot| self.corpus.get(slot));
            entry.is_some_and(|entry| !self.marks.current().get(entry.id()).is_read())
        };
        let place = if forward {
            (here + 1..slots.len()).take(UNREAD_SEARCH).find(unread)
        } else {
            (0..here.min(slots.len())).rev().take(UNREAD_SEARCH).find(unread)
        };
        match place {
            Some(place) => self.select(place),
            None if forward => self.notify("No unread article after this one"),
            None => self.notify("No unread article before this one"),
        }
    }
}
