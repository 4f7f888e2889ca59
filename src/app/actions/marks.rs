//! Actions that change marks: read, starred, tags, notes.

use std::sync::Arc;

use crate::app::{Effect, NoteEditor, Overlay, Prompt, State, Target};
use crate::article::ArticleId;
use crate::config::MarkRead;
use crate::journal::{JournalEntry, StepChange};
use crate::keys::Action;
use crate::marks::{Change, MarkChange, Tag};

/// The text of a marking action: the verb of the step's name, the verb of the message, and the end of both.
struct ActionText {
    name: &'static str,
    done: &'static str,
    end: String,
}

impl ActionText {
    fn of(action: Action, tags: &[Tag]) -> ActionText {
        let listed = |tags: &[Tag]| tags.iter().map(|tag| format!("#{tag}")).collect::<Vec<_>>().join(" ");
        let (name, done, end) = match action {
            Action::MarkRead => ("mark", "Marked", " as read".to_owned()),
            Action::MarkUnread => ("mark", "Marked", " as unread".to_owned()),
            Action::Star => ("star", "Starred", String::new()),
            Action::Unstar => ("unstar", "Unstarred", String::new()),
            Action::Tag => ("tag", "Tagged", format!(" with {}", listed(tags))),
            Action::Untag => ("untag", "Untagged", format!(": {}", listed(tags))),
            _ => ("change the tags of", "Changed the tags of", String::new()),
        };
        ActionText { name, done, end }
    }
}

impl State {
    /// Returns the articles of a target. Shows a message and returns `None` if the filter is still running.
    fn resolve(&mut self, target: &Target) -> Option<Vec<ArticleId>> {
        let articles = self.articles_of(target);
        if articles.is_none() {
            // A partial answer must not be marked as if it were all.
            self.notify("The filter is still running; try again in a moment");
        }
        articles
    }

    /// Changes the articles of a target as one step. Shows a message unless the target is a single article, whose row
    /// shows the change.
    fn mark(&mut self, text: &ActionText, target: &Target, articles: &[ArticleId], changes: &[Change]) {
        if matches!(target, Target::Articles(_)) {
            self.list.choose(&self.corpus);
        }
        let each = changes
            .iter()
            .flat_map(|change| articles.iter().map(|&article| MarkChange { article, change: change.clone() }));
        let made = self.apply_marks(each.collect());
        let mut changed: Vec<ArticleId> = made.iter().map(|marking| marking.article).collect();
        changed.sort_unstable_by_key(|article| article.0);
        changed.dedup();
        let ActionText { name, done, end } = text;
        let is_single = matches!(target, Target::Articles(articles) if articles.len() == 1);
        let what = self.name_of(target, &changed);
        if made.is_empty() {
            if !is_single {
                self.notify("No articles to change");
            }
            return;
        }
        let entry = self.record(format!("{name} {what}{end}"), StepChange::of_marks(&made));
        self.save_marks(made, Some(entry));
        if !is_single {
            self.notify_done(&format!("{done} {what}{end}"));
        }
        // Articles that were marked one by one stay listed until the filter runs again.
        if !matches!(target, Target::Articles(_)) {
            self.refresh_filter_on_marks();
        }
    }

    /// Changes one article as a step of its own.
    fn mark_one(&mut self, name: &str, article: ArticleId, change: Change) {
        let made = self.apply_marks(vec![MarkChange { article, change }]);
        if !made.is_empty() {
            let entry = self.record(name.to_owned(), StepChange::of_marks(&made));
            self.save_marks(made, Some(entry));
        }
    }

    /// Saves changes that were made, with the journal entry that records them.
    pub(crate) fn save_marks(&mut self, changes: Vec<MarkChange>, entry: Option<JournalEntry>) {
        if changes.is_empty() {
            self.outbox.extend(entry.map(Effect::Journal));
            return;
        }
        self.filter.on_marks_changed();
        let (number, changes) = self.marks.add_unsaved(changes);
        self.outbox.push(Effect::SaveMarks { number, changes, entry, corpus: Arc::clone(&self.corpus) });
    }

    /// Stars `count` rows from the cursor, or removes their stars if the first has one.
    pub(crate) fn toggle_star(&mut self, count: Option<usize>) {
        self.toggle(count, Change::Starred, Action::Star, Action::Unstar);
    }

    /// Marks `count` rows from the cursor as read, or as unread if the first is read.
    pub(crate) fn toggle_read(&mut self, count: Option<usize>) {
        // The reader decided; opening the article must not mark it again.
        self.dwell.set_manual(self.selected_article());
        self.toggle(count, Change::Read, Action::MarkRead, Action::MarkUnread);
    }

    fn toggle(&mut self, count: Option<usize>, change: fn(bool) -> Change, on: Action, off: Action) {
        let target = self.target(count);
        let Some(articles) = self.resolve(&target) else { return };
        let first = self.first_row_of(&target, &articles);
        let is_on = first.iter().all(|&article| self.marks.current().get(article).has(&change(true)));
        let text = ActionText::of(if is_on { off } else { on }, &[]);
        self.mark(&text, &target, &articles, &[change(!is_on)]);
    }

    /// Applies a marking action to the articles of a target.
    pub(crate) fn mark_all(&mut self, action: Action, target: &Target, argument: &str) {
        let tags = Tag::all(argument);
        let tagged = |tagged: bool| tags.iter().map(|tag| Change::Tagged(tag.clone(), tagged)).collect();
        let changes: Vec<Change> = match action {
            Action::MarkRead => vec![Change::Read(true)],
            Action::MarkUnread => vec![Change::Read(false)],
            Action::Star => vec![Change::Starred(true)],
            Action::Unstar => vec![Change::Starred(false)],
            Action::Tag => tagged(true),
            Action::Untag => tagged(false),
            _ => return,
        };
        let Some(articles) = self.resolve(target) else { return };
        self.dwell.set_manual(self.selected_article());
        self.mark(&ActionText::of(action, &tags), target, &articles, &changes);
    }

    /// Returns the tags that all of these articles have.
    fn common_tags(&self, articles: &[ArticleId]) -> Vec<Tag> {
        let Some((first, others)) = articles.split_first() else { return Vec::new() };
        let marks = self.marks.current();
        let has = |tag: &Tag| others.iter().all(|&article| marks.get(article).tags().contains(tag));
        marks.get(*first).tags().iter().filter(|tag| has(tag)).cloned().collect()
    }

    /// Asks for the tags of `count` rows from the cursor. The line starts with the tags that all of them have.
    pub(crate) fn ask_for_tags(&mut self, count: Option<usize>) {
        let target = self.target(count);
        let articles = self.articles_of(&target).unwrap_or_default();
        if articles.is_empty() {
            return;
        }
        let tags: Vec<String> = self.common_tags(&articles).iter().map(ToString::to_string).collect();
        if articles.len() > 1 {
            self.notify(format!("Tags for {}", self.name_of(&target, &articles)));
        }
        let prompt = Prompt::for_target(Action::EditTags, target).with_text(&tags.join(" "));
        self.overlay = Some(Overlay::Prompt(prompt));
    }

    /// Replaces the tags that all articles of a target have by the typed ones.
    pub(crate) fn set_tags(&mut self, target: &Target, typed: &str) {
        let Some(articles) = self.resolve(target) else { return };
        let (typed_tags, present) = (Tag::all(typed), self.common_tags(&articles));
        let removed =
            present.iter().filter(|tag| !typed_tags.contains(tag)).map(|tag| Change::Tagged(tag.clone(), false));
        let added = typed_tags.iter().filter(|tag| !present.contains(tag)).map(|tag| Change::Tagged(tag.clone(), true));
        let changes: Vec<Change> = removed.chain(added).collect();
        self.mark(&ActionText::of(Action::EditTags, &[]), target, &articles, &changes);
    }

    /// Opens the note of the selected article, here or in the reader's editor.
    pub(crate) fn edit_note(&mut self, in_editor: bool) {
        let Some(article) = self.selected_article() else { return };
        self.list.choose(&self.corpus);
        let text = self.marks.current().get(article).note();
        if in_editor {
            self.outbox.push(Effect::EditNote { article, text: text.to_owned() });
        } else {
            self.note = Some(NoteEditor::new(article, text));
        }
    }

    /// Sets the note of an article.
    pub(crate) fn set_note(&mut self, article: ArticleId, text: &str) {
        let was: Arc<str> = self.marks.current().get(article).note().into();
        let text = crate::text::clean(text.trim_end()).into_owned().into();
        let name = format!("change the note on {}", self.headline_of(article));
        self.mark_one(&name, article, Change::Note { text, was });
    }

    fn headline_of(&self, article: ArticleId) -> String {
        self.name_of(&Target::Listed, &[article])
    }

    /// Marks an article as read, as a step of its own.
    pub(crate) fn mark_read(&mut self, article: ArticleId) {
        let name = format!("mark {} as read", self.headline_of(article));
        self.mark_one(&name, article, Change::Read(true));
    }

    /// Marks the open article as read, because the reader moved on from its end.
    pub(crate) fn mark_finished(&mut self) {
        let Some(article) = self.reading.open().map(|open| open.article.id) else { return };
        if self.config.mark_read != MarkRead::Manual && !self.dwell.is_manual(article) {
            self.mark_read(article);
        }
    }
}
