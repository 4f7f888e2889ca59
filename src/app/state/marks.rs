//! Marks: actions that change them, and changes that are not saved yet.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use crate::app::target::Target;
use crate::app::{Effect, Focus, State};
use crate::article::ArticleId;
use crate::config::MarkRead;
use crate::journal::{History, JournalEntry, StepChange};
use crate::keys::Action;
use crate::marks::{ArticleMarks, Change, MarkChange, Marks, ReadPosition, Tag};

/// How long an article has to be open to count as read, in milliseconds: in the reading pane, and beside the list.
const MOMENT: [u64; 2] = [1_000, 3_000];

/// How many articles further the next unread one is looked for.
const FAR: usize = 1_000_000;

/// Marks, the journal of steps that can be undone, and changes that are not saved yet.
#[derive(Clone, Debug, Default)]
pub struct Keeping {
    marks: Marks,
    pub(crate) history: History,
    /// Whether it is known what was marked before.
    ready: bool,
    /// The same as it was when the filter was last asked by the reader: what they do to articles that are listed takes
    /// none of them away when others come in.
    asked: Marks,
    /// How many times changes were handed over.
    number: u64,
    /// What was handed over and is not on the disk yet, each with its number.
    unkept: VecDeque<(u64, Arc<Vec<MarkChange>>)>,
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

    pub(crate) fn marks_mut(&mut self) -> &mut Marks {
        &mut self.marks
    }

    /// The marks by which articles are listed.
    pub(crate) fn asked(&self) -> &Marks {
        &self.asked
    }

    /// The reader asks the filter: what was done until now counts.
    pub(crate) fn ask(&mut self) {
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
    pub fn unkept(&self) -> Vec<MarkChange> {
        self.unkept.iter().flat_map(|(_, changes)| changes.iter().cloned()).collect()
    }

    /// Takes over what the library holds; what was done meanwhile is laid over it.
    pub(crate) fn begin(&mut self, marks: Marks) {
        self.marks = marks;
        self.ready = true;
        self.lay_over();
        self.ask();
    }

    /// All that is known of all articles, as changes of unmarked ones.
    pub(crate) fn everything(&self) -> Vec<MarkChange> {
        let of = |(article, marked): (ArticleId, &ArticleMarks)| {
            marked.changes().map(move |change| MarkChange { article, change }).collect::<Vec<_>>()
        };
        self.marks.iter().flat_map(of).collect()
    }

    /// Takes over what others have done; what is on its way is laid over it.
    pub(crate) fn take(&mut self, news: Vec<(ArticleId, ArticleMarks)>) {
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
    pub(crate) fn kept(&mut self, number: u64) {
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

    pub(crate) fn not_kept(&mut self, reason: String) {
        self.trouble = Some(reason);
    }

    /// Articles go by other identities from now on.
    pub(crate) fn rename(&mut self, moved: &HashMap<ArticleId, ArticleId>) {
        self.history.rename(moved);
        for &from in moved.keys() {
            self.marks.set(from, ArticleMarks::default());
            self.asked.set(from, ArticleMarks::default());
        }
    }

    /// The reader has come to a place in an article; says whether that is news.
    pub(crate) fn put_place(&mut self, article: ArticleId, place: Option<ReadPosition>) -> Option<MarkChange> {
        let marking = MarkChange { article, change: Change::Place(place) };
        self.marks.apply(&marking).map(|_| marking)
    }

    /// The changes are on their way.
    fn hand_over(&mut self, changes: Vec<MarkChange>) -> (u64, Arc<Vec<MarkChange>>) {
        self.number += 1;
        for change in &changes {
            self.pending.insert(change.article, self.number);
        }
        let changes = Arc::new(changes);
        self.unkept.push_back((self.number, Arc::clone(&changes)));
        (self.number, changes)
    }
}

/// The words for a marking action: for the name of its step, for the message when it is done, and the ending of both.
struct ActionWords {
    name: &'static str,
    done: &'static str,
    end: String,
}

impl ActionWords {
    fn of(action: Action, tags: &[Tag]) -> ActionWords {
        let listed = |tags: &[Tag]| tags.iter().map(|tag| format!("#{tag}")).collect::<Vec<_>>().join(" ");
        let (name, done, end) = match action {
            Action::MarkRead => ("mark", "ArticleMarks", " as read".to_owned()),
            Action::MarkUnread => ("mark", "ArticleMarks", " as unread".to_owned()),
            Action::Star => ("star", "Starred", String::new()),
            Action::Unstar => ("unstar", "Unstarred", String::new()),
            Action::Tag => ("tag", "Tagged", format!(" with {}", listed(tags))),
            Action::Untag => ("untag", "Untagged", format!(": {}", listed(tags))),
            _ => ("change the tags of", "Changed the tags of", String::new()),
        };
        ActionWords { name, done, end }
    }
}

impl State {
    /// Returns the articles of a target. Shows a message and returns `None` if the filter is still running.
    fn resolve(&mut self, target: &Target) -> Option<Vec<ArticleId>> {
        let articles = self.articles_of(target);
        if articles.is_none() {
            // A partial answer must not be marked as if it were all.
            self.tell("The filter is still being answered; try again in a moment");
        }
        articles
    }

    /// Changes the articles of a target as one step. Shows a message unless the target is a single article, whose row
    /// shows the change.
    fn mark(&mut self, words: &ActionWords, (target, articles): (&Target, &[ArticleId]), changes: &[Change]) {
        if matches!(target, Target::Articles(_)) {
            self.list.choose(&self.corpus);
        }
        let each = changes
            .iter()
            .flat_map(|change| articles.iter().map(|&article| MarkChange { article, change: change.clone() }));
        let made = self.make_marks(each.collect());
        let mut changed: Vec<ArticleId> = made.iter().map(|marking| marking.article).collect();
        changed.sort_unstable_by_key(|article| article.0);
        changed.dedup();
        let ActionWords { name, done, end } = words;
        let is_single = matches!(target, Target::Articles(articles) if articles.len() == 1);
        let what = self.name_of(target, &changed);
        if made.is_empty() {
            if !is_single {
                self.tell("Nothing to change");
            }
            return;
        }
        let entry = self.record(format!("{name} {what}{end}"), StepChange::of_marks(&made));
        self.keep(made, Some(entry));
        if !is_single {
            self.tell_done(&format!("{done} {what}{end}"));
        }
        // Articles that were marked one by one stay listed until the filter runs again.
        if !matches!(target, Target::Articles(_)) {
            self.ask_of_marks();
        }
    }

    /// Changes one article as a step of its own.
    fn mark_one(&mut self, name: &str, article: ArticleId, change: Change) {
        let made = self.make_marks(vec![MarkChange { article, change }]);
        if !made.is_empty() {
            let entry = self.record(name.to_owned(), StepChange::of_marks(&made));
            self.keep(made, Some(entry));
        }
    }

    /// Saves changes that were made, with the journal entry that records them.
    pub(crate) fn keep(&mut self, changes: Vec<MarkChange>, entry: Option<JournalEntry>) {
        if changes.is_empty() {
            self.outbox.extend(entry.map(Effect::Journal));
            return;
        }
        self.filter.forget_marks();
        let (number, changes) = self.keeping.hand_over(changes);
        self.outbox.push(Effect::Keep { number, changes, entry, corpus: Arc::clone(&self.corpus) });
    }

    /// The selected article.
    pub(crate) fn selected_article(&self) -> Option<ArticleId> {
        Some(self.corpus.get(self.list.selected_slot()?)?.id())
    }

    /// Stars `count` rows from the cursor, or removes their stars if the first has one.
    pub(crate) fn toggle_star(&mut self, count: Option<usize>) {
        self.toggle(count, Change::Starred, [Action::Star, Action::Unstar]);
    }

    /// Marks `count` rows from the cursor as read, or as unread if the first is read.
    pub(crate) fn toggle_read(&mut self, count: Option<usize>) {
        // What was decided by hand is not decided again while the article is open.
        self.judged = self.selected_article();
        self.toggle(count, Change::Read, [Action::MarkRead, Action::MarkUnread]);
    }

    fn toggle(&mut self, count: Option<usize>, change: fn(bool) -> Change, [on, off]: [Action; 2]) {
        let target = self.target(count);
        let Some(articles) = self.resolve(&target) else { return };
        let first = self.first_row_of(&target, &articles);
        let is_on = first.iter().all(|&article| self.keeping.marks.get(article).has(&change(true)));
        let words = ActionWords::of(if is_on { off } else { on }, &[]);
        self.mark(&words, (&target, &articles), &[change(!is_on)]);
    }

    /// Returns the tags that all of these articles have.
    pub(crate) fn common_tags(&self, articles: &[ArticleId]) -> Vec<Tag> {
        let Some((first, others)) = articles.split_first() else { return Vec::new() };
        let has = |tag: &Tag| others.iter().all(|&article| self.keeping.marks.get(article).tags().contains(tag));
        self.keeping.marks.get(*first).tags().iter().filter(|tag| has(tag)).cloned().collect()
    }

    /// Replaces the tags that all articles of a target have by the typed ones.
    pub(crate) fn set_tags(&mut self, target: &Target, typed: &str) {
        let Some(articles) = self.resolve(target) else { return };
        let (wanted, there) = (Tag::all(typed), self.common_tags(&articles));
        let gone = there.iter().filter(|tag| !wanted.contains(tag)).map(|tag| Change::Tagged(tag.clone(), false));
        let new = wanted.iter().filter(|tag| !there.contains(tag)).map(|tag| Change::Tagged(tag.clone(), true));
        let changes: Vec<Change> = gone.chain(new).collect();
        self.mark(&ActionWords::of(Action::EditTags, &[]), (target, &articles), &changes);
    }

    /// Writes the note of an article.
    pub(crate) fn set_note(&mut self, article: ArticleId, text: &str) {
        let was: Arc<str> = self.keeping.marks.get(article).note().into();
        let text = crate::text::clean(text.trim_end()).into_owned().into();
        let name = format!("change the note on {}", self.headline_of(article));
        self.mark_one(&name, article, Change::Note { text, was });
    }

    fn headline_of(&self, article: ArticleId) -> String {
        self.name_of(&Target::Listed, &[article])
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
        self.judged = self.selected_article();
        self.mark(&ActionWords::of(action, &tags), (target, &articles), &changes);
    }

    /// Asks the filter again where its answer depends on marks, which have changed.
    pub(crate) fn ask_of_marks(&mut self) {
        if self.filter.query().depends_on_marks() {
            self.keeping.ask();
            self.refilter();
        }
    }

    /// Goes to the next article that is unread, or back to the one before.
    pub(crate) fn step_unread(&mut self, forward: bool) {
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
    pub(crate) fn notice_reading(&mut self) {
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
                self.outbox.push(Effect::Linger { article, milliseconds: MOMENT[usize::from(!reading)] });
            }
        }
    }

    /// An article was open for a moment: if it still is, it is read.
    pub(crate) fn lingered(&mut self, article: ArticleId) {
        if self.lingering.is_some_and(|(open, _)| open == article) {
            self.mark_as_read(article);
        }
    }

    fn mark_as_read(&mut self, article: ArticleId) {
        let name = format!("mark {} as read", self.headline_of(article));
        self.mark_one(&name, article, Change::Read(true));
    }

    /// The reader went on from the end of the open article.
    pub(crate) fn read_to_the_end(&mut self) {
        let open = self.reading.open().map(|open| open.article.id);
        if let Some(article) = open.filter(|_| self.config.mark_read != MarkRead::Manual && self.judged != open) {
            self.mark_as_read(article);
        }
    }

    /// Keeps the place in the open article, where the reader has scrolled.
    pub(crate) fn keep_place(&mut self) {
        let Some(open) = self.reading.open() else { return };
        let article = open.article.id;
        if self.keeping.ready
            && self.reading.was_scrolled()
            && let Some(marking) = self.keeping.put_place(article, self.reading.place())
        {
            self.outbox.push(Effect::KeepPlace { marking, corpus: Arc::clone(&self.corpus) });
        }
    }
}
