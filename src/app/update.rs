//! The one entry point of the state: each message changes it, and effects are returned.

mod corpus;
mod feeds;
mod input;
mod library;
mod pending_keys;
mod search;

use crate::app::{Effect, Focus, Message, State};
use crate::marks::ArticleMarks;
use crate::render::typeset::TypesetOptions;

impl State {
    /// Handles a message. Returns the effects to run.
    pub fn update(&mut self, message: Message) -> Vec<Effect> {
        let was_typing = self.screen.focus == Focus::Filter;
        match message {
            // Input
            Message::Key(key) => self.on_key(key),
            Message::Paste(text) => self.on_paste(&text),
            Message::Mouse(mouse) => self.on_mouse(mouse),
            Message::Resize(size) => self.screen.size = size,
            Message::Background(background) => self.screen.background = Some(background),
            Message::Clock(now) => self.on_clock(now),
            Message::DwellElapsed(article) => self.on_dwell_elapsed(article),
            Message::StopExpired => self.on_stop_expired(),
            Message::KeyPopupDue => self.on_key_popup_due(),
            Message::NoteWritten { article, text } => self.set_note(article, &text),
            Message::Ending => self.close_note(),
            Message::ExportExists(export) => self.ask_overwrite(export),
            Message::Notice(notice) => self.notice = Some(notice),

            // Corpus
            Message::Corpus(corpus) => self.on_corpus(corpus),
            Message::Loading(progress) => self.on_progress(progress),
            Message::Problem(problem) => self.load.problems.push(problem),
            Message::ProblemsCleared(path) => self.load.problems.clear(&path),

            // Search
            Message::SearchResult(result) => self.on_search_result(result),
            Message::HitsCounted { generation, hits, complete } => self.filter.set_hits(generation, hits, complete),
            Message::EmptyExplained { generation, reason } => self.filter.set_empty_reason(generation, reason),
            Message::OtherCase { generation, case, matched } => self.filter.set_other_case(generation, case, matched),
            Message::FieldValues { corpus, kind, values } => self.on_field_values(&corpus, kind, values),
            Message::Facets { generation, rows } => self.on_facets(generation, rows),

            // Library
            Message::Library(contents) => self.on_library(*contents),
            Message::MarksSaved(number) => self.marks.on_saved(number),
            Message::SaveFailed(reason) => self.marks.on_save_failed(reason),
            Message::ResaveAll => self.save_marks(self.marks.all_changes(), None),
            Message::ExternalChanges { marks, searches } => self.on_external_changes(marks, searches),
            Message::ArticlesMoved { moved, marks, session } => self.on_articles_moved(&moved, marks, session),
            Message::RescueWritten => self.outbox.push(Effect::Quit),

            // Feeds
            Message::Feeds(rows) => self.on_feeds(rows),
            Message::FeedProblems(problems) => self.load.problems.set_feeds(problems),
            Message::Refreshing(progress) => self.on_refresh_progress(&progress),
            Message::FeedChoice(feeds) => self.on_feed_choice(feeds),
            Message::Confirm(question) => self.confirm(question.text, question.on_yes),
            Message::FeedTaskDone => self.feeds.on_task_done(),
            Message::FeedStatus(feeds) => self.on_feed_status(feeds),
            Message::Changes(changes) => self.on_entry_changes(changes),
            Message::FeedStep { row, name, change } => self.on_feed_step(row, name, change),
            Message::FeedStepUndone { row, undo, name, refused } => {
                self.on_feed_step_undone(row, undo, &name, refused.as_deref());
            }
            Message::FeedUndoFailed { row, undo, error } => self.on_feed_undo_failed(row, undo, &error),
        }
        if was_typing && self.screen.focus != Focus::Filter {
            // The last word counts as finished once the bar is left.
            self.run_filter();
        }
        self.reconcile();
        std::mem::take(&mut self.outbox)
    }

    /// Brings all parts of the state in line with the size, the selection and each other.
    fn reconcile(&mut self) {
        self.finish_resuming();
        self.reconcile_panes();
        self.track_dwell();
        self.save_position();
        self.save_session();
        self.count_facets();
    }

    /// Brings the panes in line with each other.
    pub(super) fn reconcile_panes(&mut self) {
        self.show_selected();
        // The focus decides which panes are visible, so it is settled before the list is scrolled.
        if self.screen.focus == Focus::Reading && self.reading.open().is_none() {
            self.screen.focus = Focus::List;
            self.screen.zen = false;
        }
        if let Some(view) = self.list_view() {
            self.list.reconcile(view.visible());
        }
        if let Some(area) = self.text_area() {
            let (width, justify, hyphenate) = (area.columns, self.config.justify, self.config.hyphenate);
            self.reading.set_options(TypesetOptions { width, justify, hyphenate });
            self.reading.clamp_scroll(usize::from(area.rows));
        }
        if let Some(area) = self.layout().sources {
            self.sources.reconcile(usize::from(area.rows));
        }
    }

    /// Opens the selected article in the reading pane.
    fn show_selected(&mut self) {
        let unmarked = ArticleMarks::default();
        let article = self.selected_article();
        let marked = article.map_or(&unmarked, |article| self.marks.current().get(article));
        if self.reading.show(self.list.selected_slot(), &self.corpus, self.filter.matcher(), marked) {
            if let Some(open) = self.reading.open() {
                let watched = self.searches.hits(&self.corpus, open.slot);
                self.reading.set_watched(watched);
            }
        } else {
            self.reading.annotate(marked);
        }
    }
}
