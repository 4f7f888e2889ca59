//! Marks on the screen: what the reader does to articles, taking it back, and how much of it is not on the disk yet.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use super::numbers::counted;
use super::{Effect, Focus, State};
use crate::article::ArticleId;
use crate::command::Action;
use crate::config::MarkRead;
use crate::marks::{Change, Done, History, Marked, Marking, Marks, Place, Tag};

/// How long an article has to be open to count as read, in milliseconds: in the reading pane, and beside the list.
const MOMENT: [u64; 2] = [1_000, 3_000];

/// How many articles further the next unread one is looked for.
const FAR: usize = 1_000_000;

/// Marks, what can be taken back of them, and what is on its way to the disk.
#[derive(Clone, Debug, Default)]
pub struct Keeping {
    marks: Marks,
    history: History,
    /// Whether it is known what was marked before.
    ready: bool,
    /// The same as it was when the filter was last asked by the reader: what they do to articles that are listed takes
    /// none of them away when others come in.
    asked: Marks,
    /// How many times changes were handed over.
    number: u64,
    /// What was handed over and is not on the disk yet, each with its number.
    unkept: VecDeque<(u64, Arc<Vec<Marking>>)>,
    /// The articles of that, each with the last number that it is in.
    pending: HashMap<ArticleId, u64>,
    /// Why it does not get there.
    trouble: Option<String>,
}

impl Keeping {
    /// What the reader has done to articles.
    pub fn marks(&self) -> &Marks {
        &self.marks
    }

    /// The marks by which articles are listed.
    pub(super) fn asked(&self) -> &Marks {
        &self.asked
    }

    /// The reader asks the filter: what was done until now counts.
    pub(super) fn ask(&mut self) {
        self.asked = self.marks.clone();
    }

    /// Whether it is known what was marked before.
    pub fn is_ready(&self) -> bool {
        self.ready
    }

    /// Whether what was done to the article last is not on the disk yet.
    pub fn is_pending(&self, article: ArticleId) -> bool {
        self.pending.contains_key(&article)
    }

    /// Why marks do not get to the disk, if so, and on how many articles.
    pub fn trouble(&self) -> Option<(&str, usize)> {
        let trouble = self.trouble.as_deref()?;
        (!self.unkept.is_empty()).then_some((trouble, self.pending.len()))
    }

    /// All changes that are not on the disk, in the order in which they were made.
    pub fn unkept(&self) -> Vec<Marking> {
        self.unkept.iter().flat_map(|(_, changes)| changes.iter().cloned()).collect()
    }

    /// Takes over what the library holds; what was done meanwhile is laid over it.
    pub(super) fn begin(&mut self, marks: Marks) {
        self.marks = marks;
        self.ready = true;
        self.lay_over();
        self.ask();
    }

    /// All that is known of all articles, as changes of unmarked ones.
    pub(super) fn everything(&self) -> Vec<Marking> {
        let of = |(article, marked): (ArticleId, &Marked)| {
            marked.changes().map(move |change| Marking { article, change }).collect::<Vec<_>>()
        };
        self.marks.iter().flat_map(of).collect()
    }

    /// Takes over what others have done; what is on its way is laid over it.
    pub(super) fn take(&mut self, news: Vec<(ArticleId, Marked)>) {
        for (article, marked) in news {
            self.asked.set(article, marked.clone());
            self.marks.set(article, marked);
        }
        self.lay_over();
    }

    /// Makes the changes again that are not on the disk yet.
    fn lay_over(&mut self) {
        for (_, changes) in &self.unkept {
            for change in changes.iter() {
                self.marks.apply(change);
            }
        }
    }

    /// Everything up to this number is on the disk.
    pub(super) fn kept(&mut self, number: u64) {
        while self.unkept.front().is_some_and(|(oldest, _)| *oldest <= number) {
            if let Some((_, changes)) = self.unkept.pop_front() {
                for change in changes.iter() {
                    if self.pending.get(&change.article).is_some_and(|last| *last <= number) {
                        self.pending.remove(&change.article);
                    }
                }
            }
        }
        self.trouble = None;
    }

    pub(super) fn not_kept(&mut self, reason: String) {
        self.trouble = Some(reason);
    }

    /// Articles go by other identities from now on.
    pub(super) fn rename(&mut self, moved: &HashMap<ArticleId, ArticleId>) {
        self.history.rename(moved);
        for &from in moved.keys() {
            self.marks.set(from, Marked::default());
            self.asked.set(from, Marked::default());
        }
    }

    /// The reader has come to a place in an article; says whether that is news.
    pub(super) fn put_place(&mut self, article: ArticleId, place: Option<Place>) -> Option<Marking> {
        let marking = Marking { article, change: Change::Place(place) };
        self.marks.apply(&marking).map(|_| marking)
    }

    /// The changes are on their way.
    fn hand_over(&mut self, changes: Vec<Marking>) -> (u64, Arc<Vec<Marking>>) {
        self.number += 1;
        for change in &changes {
            self.pending.insert(change.article, self.number);
        }
        let changes = Arc::new(changes);
        self.unkept.push_back((self.number, Arc::clone(&changes)));
        (self.number, changes)
    }
}

impl State {
    /// Makes changes that are taken back as one; gives how many articles they changed.
    fn mark(&mut self, what: &str, changes: Vec<Marking>, effects: &mut Vec<Effect>) -> usize {
        let made = self.keeping.history.make(&mut self.keeping.marks, what.to_owned(), changes);
        let articles = made.len();
        self.keep(made, effects);
        articles
    }

    /// Sends changes that were made on their way to the disk.
    pub(super) fn keep(&mut self, changes: Vec<Marking>, effects: &mut Vec<Effect>) {
        if changes.is_empty() {
            return;
        }
        self.filter.forget_marks();
        let (number, changes) = self.keeping.hand_over(changes);
        effects.push(Effect::Keep { number, changes, corpus: Arc::clone(&self.corpus) });
    }

    /// The selected article.
    pub(super) fn selected_article(&self) -> Option<ArticleId> {
        Some(self.corpus.get(self.list.selected_slot()?)?.id())
    }

    /// Changes the selected article.
    fn mark_selected(&mut self, what: &str, change: Change, effects: &mut Vec<Effect>) {
        if let Some(article) = self.selected_article() {
            self.list.choose(&self.corpus);
            self.mark(what, vec![Marking { article, change }], effects);
        }
    }

    pub(super) fn toggle_star(&mut self, effects: &mut Vec<Effect>) {
        let Some(article) = self.selected_article() else { return };
        let starred = self.keeping.marks.get(article).is_starred();
        self.mark_selected(if starred { "unstar" } else { "star" }, Change::Starred(!starred), effects);
    }

    pub(super) fn toggle_read(&mut self, effects: &mut Vec<Effect>) {
        let Some(article) = self.selected_article() else { return };
        let read = self.keeping.marks.get(article).is_read();
        // What was decided by hand is not decided again while the article is open.
        self.judged = Some(article);
        self.mark_selected(if read { "unread" } else { "read" }, Change::Read(!read), effects);
    }

    /// Gives the selected article these tags and no others.
    pub(super) fn set_tags(&mut self, typed: &str, effects: &mut Vec<Effect>) {
        let Some(article) = self.selected_article() else { return };
        let (wanted, there) = (Tag::all(typed), self.keeping.marks.get(article).tags().to_vec());
        let gone = there.iter().filter(|tag| !wanted.contains(tag)).map(|tag| Change::Tagged(tag.clone(), false));
        let new = wanted.iter().filter(|tag| !there.contains(tag)).map(|tag| Change::Tagged(tag.clone(), true));
        let changes = gone.chain(new).map(|change| Marking { article, change }).collect();
        self.list.choose(&self.corpus);
        self.mark("tags", changes, effects);
    }

    /// Writes the note of an article.
    pub(super) fn set_note(&mut self, article: ArticleId, text: &str, effects: &mut Vec<Effect>) {
        let was: Arc<str> = self.keeping.marks.get(article).note().into();
        let text = crate::article::clean(text.trim_end()).into_owned().into();
        self.mark("note", vec![Marking { article, change: Change::Note { text, was } }], effects);
    }

    /// Does to all articles of the answer what `action` says.
    pub(super) fn mark_all(&mut self, action: Action, argument: &str, effects: &mut Vec<Effect>) {
        let tags = Tag::all(argument);
        let (what, done, changes) = match action {
            Action::MarkRead => ("read", "marked as read", vec![Change::Read(true)]),
            Action::MarkUnread => ("unread", "marked as unread", vec![Change::Read(false)]),
            Action::Star => ("star", "starred", vec![Change::Starred(true)]),
            Action::Unstar => ("unstar", "without a star now", vec![Change::Starred(false)]),
            Action::Tag => ("tag", "tagged", tags.into_iter().map(|tag| Change::Tagged(tag, true)).collect()),
            Action::Untag => {
                ("untag", "without the tag now", tags.into_iter().map(|tag| Change::Tagged(tag, false)).collect())
            }
            _ => return,
        };
        // While an answer is growing nobody knows what all of it is.
        if self.filter.is_on() && !self.filter.is_answered() {
            return self.tell("The filter is still being answered; try again in a moment");
        }
        let articles = self.list.slots().iter().filter_map(|&slot| self.corpus.get(slot)).map(|entry| entry.id());
        let all = articles
            .flat_map(|article| changes.iter().map(move |change| Marking { article, change: change.clone() }))
            .collect();
        self.judged = self.selected_article();
        let changed = self.mark(what, all, effects) as u64;
        let count = counted(changed, "article", "articles");
        match changed {
            0 => self.tell("Nothing to change: it is so already"),
            _ => {
                let undo = self.keymap.shown(Action::Undo);
                self.tell(format!("{count} {done}; {undo} takes it back"));
                self.ask_of_marks(effects);
            }
        }
    }

    /// Takes the last change back, or makes it again.
    pub(super) fn undo(&mut self, back: bool, effects: &mut Vec<Effect>) {
        let Keeping { marks, history, .. } = &mut self.keeping;
        let done = if back { history.undo(marks) } else { history.redo(marks) };
        let Some(Done { what, changes }) = done else {
            return self.tell(if back { "Nothing to take back" } else { "Nothing to make again" });
        };
        let told = if back { "Taken back" } else { "Made again" };
        let first = changes.first().map(|marking| marking.article);
        let several = changes.len() > 1 && changes.iter().any(|marking| Some(marking.article) != first);
        let of = match first.and_then(|article| self.corpus.find(article)).and_then(|slot| self.corpus.get(slot)) {
            _ if several => format!(" on {}", counted(changes.len() as u64, "article", "articles")),
            Some(entry) => format!(": {}", entry.headline().as_str()),
            None => String::new(),
        };
        self.judged = first.filter(|_| !several).or(self.judged);
        self.keep(changes, effects);
        // What was taken back is to be seen.
        self.ask_of_marks(effects);
        self.tell(format!("{told}: {what}{of}"));
    }

    /// Asks the filter again where its answer depends on marks, which have changed.
    pub(super) fn ask_of_marks(&mut self, effects: &mut Vec<Effect>) {
        if self.filter.query().depends_on_marks() {
            self.keeping.ask();
            self.refilter(effects);
        }
    }

    /// Goes to the next article that is unread, or back to the one before.
    pub(super) fn step_unread(&mut self, forward: bool) {
        let (slots, here) = (self.list.slots(), self.list.selected());
        let unread = |place: &usize| {
            let entry = slots.get(*place).and_then(|&slot| self.corpus.get(slot));
            entry.is_some_and(|entry| !self.keeping.marks.get(entry.id()).is_read())
        };
        let place = match forward {
            true => (here + 1..slots.len()).take(FAR).find(unread),
            false => (0..here.min(slots.len())).rev().take(FAR).find(unread),
        };
        match place {
            Some(place) => {
                self.list.select(place);
                self.list.choose(&self.corpus);
            }
            None => self.tell(if forward {
                "No unread article after this one"
            } else {
                "No unread article before this one"
            }),
        }
    }

    /// Notices that an article is open, so that after a moment it counts as read.
    pub(super) fn notice_reading(&mut self, effects: &mut Vec<Effect>) {
        let open = self.reading.open().map(|open| open.article.id);
        if self.judged != open {
            self.judged = None;
        }
        let rows = self.text_rows();
        let counts = match self.config.mark_read {
            MarkRead::Manual => false,
            MarkRead::Open => true,
            MarkRead::End => self.reading.percent(rows) >= 100,
        };
        // What stands on the screen before the reader has done anything was opened by nobody.
        let is_opened = self.acted || self.focus == Focus::Reading;
        let is_seen = self.overlay.is_none() && self.layout().reading.is_some() && self.keeping.ready;
        let seen = counts && is_opened && is_seen;
        let wanted = |article: &ArticleId| !self.keeping.marks.get(*article).is_read() && self.judged != Some(*article);
        let lingering = open.filter(|_| seen).filter(wanted).map(|article| (article, self.focus == Focus::Reading));
        if self.lingering != lingering {
            self.lingering = lingering;
            if let Some((article, reading)) = lingering {
                effects.push(Effect::Linger { article, milliseconds: MOMENT[usize::from(!reading)] });
            }
        }
    }

    /// An article was open for a moment: if it still is, it is read.
    pub(super) fn lingered(&mut self, article: ArticleId, effects: &mut Vec<Effect>) {
        if self.lingering.is_some_and(|(open, _)| open == article) {
            self.mark("read", vec![Marking { article, change: Change::Read(true) }], effects);
        }
    }

    /// The reader went on from the end of the open article.
    pub(super) fn read_to_the_end(&mut self, effects: &mut Vec<Effect>) {
        let open = self.reading.open().map(|open| open.article.id);
        if let Some(article) = open.filter(|_| self.config.mark_read != MarkRead::Manual && self.judged != open) {
            self.mark("read", vec![Marking { article, change: Change::Read(true) }], effects);
        }
    }

    /// Keeps the place in the open article, where the reader has scrolled.
    pub(super) fn keep_place(&mut self, effects: &mut Vec<Effect>) {
        let Some(open) = self.reading.open() else { return };
        let article = open.article.id;
        if self.keeping.ready
            && self.reading.was_scrolled()
            && let Some(marking) = self.keeping.put_place(article, self.reading.place())
        {
            effects.push(Effect::KeepPlace { marking, corpus: Arc::clone(&self.corpus) });
        }
    }
}
