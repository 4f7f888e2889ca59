//! Messages of the library: its contents at the start, and changes by other programs.

use std::sync::Arc;

use crate::app::{Effect, LibraryContents, Session, State};
use crate::article::ArticleId;
use crate::marks::ArticleMarks;
use crate::query::SavedSearch;

impl State {
    /// Takes over the contents of the library.
    pub(super) fn on_library(&mut self, contents: LibraryContents) {
        self.marks.load(contents.marks);
        self.outbox.extend(self.marks.history.adopt(contents.journal).into_iter().map(Effect::Journal));
        self.set_searches(contents.searches);
        self.restore_theme(contents.theme.as_ref());
        self.filter.add_former_filters(contents.filters);
        self.filter.on_marks_changed();
        match contents.session {
            Some(session) => self.resume(&session),
            None => self.refresh_filter_on_marks(),
        }
        self.match_moved();
    }

    pub(super) fn on_external_changes(
        &mut self,
        marks: Vec<(ArticleId, ArticleMarks)>,
        searches: Option<Vec<SavedSearch>>,
    ) {
        self.marks.set_external(marks);
        self.filter.on_marks_changed();
        if let Some(searches) = searches {
            self.set_searches(searches);
        }
    }

    /// Takes over new identities of articles, each as (old, new), with their marks.
    pub(super) fn on_articles_moved(
        &mut self,
        moved: &[(ArticleId, ArticleId)],
        marks: Vec<(ArticleId, ArticleMarks)>,
        session: Option<Session>,
    ) {
        let moved = moved.iter().copied().collect();
        self.marks.rename(&moved);
        self.rename_resumed(&moved);
        self.marks.set_external(marks);
        self.filter.on_marks_changed();
        if let Some(session) = session {
            self.resume(&session);
        }
        self.refresh_filter_on_marks();
    }

    /// Saves the position in the open article if the reader has scrolled.
    pub(super) fn save_position(&mut self) {
        let Some(open) = self.reading.open() else { return };
        let article = open.article.id;
        if self.marks.is_ready()
            && self.reading.is_scrolled()
            && let Some(marking) = self.marks.set_position(article, self.reading.place())
        {
            self.outbox.push(Effect::SavePosition { marking, corpus: Arc::clone(&self.corpus) });
        }
    }
}
