//! The program without a terminal: [`State`] and `update(Message) -> Vec<Effect>`, total and pure. It has no clock,
//! does no I/O and does not know how it is drawn. One file a pane.

mod accessors;
mod actions;
mod dialogs;
mod effect;
mod keys;
mod layout;
mod message;
mod mouse;
mod panes;
mod pending_keys;
mod state;
mod target;

use std::sync::Arc;

use chrono::NaiveDateTime;

use crate::article::ArticleId;
use crate::article::Problem;
use crate::config::{Background, Config, ThemeChoice};
use crate::corpus::{Corpus, Slot};
use crate::keys::Keymap;
use crate::marks::ArticleMarks;
use crate::query::Query;
use crate::render::typeset::TypesetOptions;
use crate::search::listed;

pub use accessors::ListView;
pub use actions::export::{Export, incomplete_reason};
pub use actions::theme::ChosenTheme;
pub use dialogs::line_editor::LineEditor;
pub use dialogs::note_editor::NoteEditor;
pub use dialogs::overlay::{Confirmed, Overlay, OverlayKind, Question, help_rows, palette_rows};
pub use effect::Effect;
pub use layout::{Area, Layout, LayoutPrefs, Size, layout};
pub use message::{Kept, Message, Mouse, MouseAction, Notice};
pub use panes::completion::{Candidate, CompletionMenu, Note};
use panes::filter_bar::Asked;
pub use panes::filter_bar::FilterBar;
pub use panes::list::ListPane;
pub use panes::reading::{OpenArticle, ReadingPane};
pub use panes::sources::{RowState, SourceLine, SourcesPane};
pub use pending_keys::{KeyPopup, PendingKeys};
pub use state::feeds::{BUNDLED, FeedOrder, Feeds};
pub use state::marks::Keeping;
pub use state::searches::{Searches, Watched};
pub use state::session::Session;
pub use target::Target;

// Messages carry these.
pub use crate::corpus::LoadProgress;
pub use crate::subscriptions::{ChangedPiece, FeedHealth, FeedRow, RefreshEnd, RefreshProgress};

/// How many problems are kept to be listed; more are only counted.
const PROBLEMS: usize = 10_000;

/// Where keys go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Focus {
    /// To the article list.
    List,
    /// To the reading pane.
    Reading,
    /// To the line of the filter bar.
    Filter,
    /// To the sources pane.
    Sources,
}

/// Everything that the screen shows.
#[derive(Clone, Debug)]
pub struct State {
    config: Config,
    keymap: Keymap,
    /// The title above the list.
    title: String,
    corpus: Arc<Corpus>,
    list: ListPane,
    reading: ReadingPane,
    filter: FilterBar,
    overlay: Option<Overlay>,
    /// What [`OverlayKind::Confirm`] asks.
    question: Option<Question>,
    feeds: Feeds,
    note: Option<NoteEditor>,
    /// What the action typed in the overlay acts on; `None` for all listed articles.
    asked: Option<Target>,
    keeping: Keeping,
    sources: SourcesPane,
    searches: Searches,
    /// The article that is open, and whether in the reading pane, which counts as read when it is for a moment longer.
    lingering: Option<(ArticleId, bool)>,
    /// The open article, if the reader marked it as read or unread by hand.
    judged: Option<ArticleId>,
    resume: Option<state::session::Resume>,
    kept_session: Option<Session>,
    /// Whether the reader has done anything yet.
    acted: bool,
    /// The keys that wait for the next one.
    pending: PendingKeys,
    focus: Focus,
    zen: bool,
    /// The text of the filter bar, the focus and zen from before the bar was entered.
    line_before: (String, Focus, bool),
    /// Whether the last key asked to stop loading.
    stop_asked: bool,
    size: Size,
    /// How much of the screen the list takes, in percent.
    list_share: u16,
    dragging: bool,
    theme: ThemeChoice,
    /// The terminal's background, if it is known.
    background: Option<Background>,
    problems: Vec<Problem>,
    /// How many problems there are, with those that are not kept.
    problem_count: usize,
    progress: LoadProgress,
    notice: Option<Notice>,
    now: NaiveDateTime,
    /// Effects requested by the current update.
    outbox: Vec<Effect>,
}

impl State {
    /// An empty screen; `title` names what is being opened.
    pub fn new(config: Config, title: String, now: NaiveDateTime) -> State {
        let (keymap, _) = Keymap::new(&config.keys);
        State {
            keymap,
            title,
            corpus: Arc::default(),
            list: ListPane::default(),
            reading: ReadingPane::default(),
            filter: FilterBar::default(),
            overlay: None,
            question: None,
            feeds: Feeds::default(),
            note: None,
            asked: None,
            keeping: Keeping::default(),
            sources: SourcesPane::default(),
            searches: Searches::default(),
            lingering: None,
            judged: None,
            resume: None,
            kept_session: None,
            acted: false,
            pending: PendingKeys::default(),
            focus: Focus::List,
            zen: false,
            line_before: (String::new(), Focus::List, false),
            stop_asked: false,
            size: Size::default(),
            list_share: config.list_share,
            dragging: false,
            theme: config.theme,
            background: None,
            problems: Vec::new(),
            problem_count: 0,
            progress: LoadProgress::default(),
            notice: None,
            now,
            outbox: Vec::new(),
            config,
        }
    }

    /// Takes in what happened, and says what is to be done about it outside.
    pub fn update(&mut self, message: Message) -> Vec<Effect> {
        let was_typing = self.focus == Focus::Filter;
        if matches!(message, Message::Key(_) | Message::Paste(_) | Message::Mouse(_)) {
            self.acted = true;
            self.resume = None;
        }
        match message {
            Message::Key(key) => self.key(key),
            Message::Paste(text) => self.paste(&text),
            Message::Mouse(mouse) => self.mouse(mouse),
            Message::Resize(size) => self.size = size,
            Message::Background(background) => self.background = Some(background),
            Message::Clock(now) => self.take_clock(now),
            Message::Corpus(corpus) => self.take_corpus(corpus),
            Message::Loading(progress) => {
                self.progress = progress;
                self.recognise();
            }
            Message::Problem(problem) => {
                self.problem_count += 1;
                if self.problems.len() < PROBLEMS {
                    self.problems.push(problem);
                }
            }
            Message::ProblemsGone(path) => {
                let before = self.problems.len();
                // Those of the config, which alone name columns, stay for as long as the program runs.
                self.problems.retain(|problem| problem.column.is_some() || !problem.path.starts_with(&path));
                self.problem_count = match path.as_os_str().is_empty() {
                    true => self.problems.len(),
                    false => self.problem_count - (before - self.problems.len()),
                };
            }
            Message::Filtered(answer) => {
                if self.filter.take(answer.clone(), self.keeping.marks()) {
                    self.list.list(answer.slots, &self.corpus);
                }
            }
            Message::HitsCounted { generation, hits, complete } => self.filter.take_hits(generation, hits, complete),
            Message::Costly { generation, costly } => self.filter.take_costly(generation, costly),
            Message::OtherCase { generation, case, matched } => {
                self.filter.take_other_case(generation, case, matched);
            }
            Message::Values { corpus, wanted, values } => {
                let values = self.with_subscribed(&wanted, values);
                if self.filter.take_values(wanted, values, Arc::ptr_eq(&corpus, &self.corpus)) {
                    self.retype();
                }
            }
            Message::Feeds(rows) => self.take_feeds(rows),
            Message::FeedProblems(problems) => self.feeds.problems = problems,
            Message::Refreshing(progress) => self.take_refresh(&progress),
            Message::FeedChoice(feeds) => self.take_choice(feeds),
            Message::Confirm(question) => self.confirm(question.text, question.on_yes),
            Message::ErrandDone => self.feeds.errands = self.feeds.errands.saturating_sub(1),
            Message::FeedHealth(health) => self.take_health(health),
            Message::Changes(changes) => self.take_changes(changes),
            Message::Facets { generation, rows } => {
                let rows = self.with_feeds(rows);
                self.sources.take(generation, rows, self.focus == Focus::Sources);
            }
            Message::Library(kept) => self.take_library(*kept),
            Message::Kept(number) => self.keeping.kept(number),
            Message::FeedStep { row, name, change } => self.take_feed_step(row, name, change),
            Message::FeedStepUndone { row, undo, name, refused } => {
                self.take_feed_undo((row, undo), &name, refused.as_deref());
            }
            Message::FeedUndoFailed { row, undo, error } => self.take_failed_undo(row, undo, &error),
            Message::NotKept(reason) => self.keeping.not_kept(reason),
            Message::KeepAgain => {
                let all = self.keeping.everything();
                self.keep(all, None);
            }
            Message::News { marks, searches } => {
                self.keeping.take(marks);
                self.filter.forget_marks();
                searches.into_iter().for_each(|searches| self.take_searches(searches));
            }
            Message::Moved { moved, marks, session } => self.take_moved(&moved, marks, session),
            Message::Lingered(article) => self.lingered(article),
            Message::NoteWritten { article, text } => self.set_note(article, &text),
            Message::UnkeptWritten => self.outbox.push(Effect::Quit),
            Message::ExportExists(export) => self.ask_overwrite(export),
            Message::KeyPopupDue => self.on_key_popup_due(),
            Message::StopExpired => {
                // Clear the message that a second key stops loading: the time for that is over.
                if std::mem::take(&mut self.stop_asked) {
                    self.notice = None;
                }
            }
            Message::Ending => {
                if let Some(note) = self.note.take() {
                    self.set_note(note.article(), &note.text());
                }
            }
            Message::Notice(notice) => self.notice = Some(notice),
        }
        if was_typing && self.focus != Focus::Filter {
            // What was barely begun is meant as it stands now.
            self.retype();
        }
        self.settle();
        std::mem::take(&mut self.outbox)
    }

    /// Brings everything in line with the size, the selection and each other.
    fn settle(&mut self) {
        self.go_on_reading();
        self.settle_reading();
        self.notice_reading();
        self.keep_place();
        self.keep_session();
        self.count_facets();
    }

    /// Brings the panes in line with each other.
    fn settle_reading(&mut self) {
        self.show_selected();
        // Where the focus is decides what is to be seen, so that comes before the list is scrolled.
        if self.focus == Focus::Reading && self.reading.open().is_none() {
            self.focus = Focus::List;
            self.zen = false;
        }
        if let Some(view) = self.list_view() {
            self.list.settle(view.visible());
        }
        if let Some(area) = self.text_area() {
            let (width, justify, hyphenate) = (area.columns, self.config.justify, self.config.hyphenate);
            self.reading.set_to(TypesetOptions { width, justify, hyphenate });
            self.reading.stay_within(usize::from(area.rows));
        }
        if let Some(area) = self.layout().sources {
            self.sources.settle(usize::from(area.rows));
        }
    }

    /// Opens the selected article in the reading pane.
    fn show_selected(&mut self) {
        let unmarked = ArticleMarks::default();
        let article = self.selected_article();
        let marked = article.map_or(&unmarked, |article| self.keeping.marks().get(article));
        if self.reading.show(self.list.selected_slot(), &self.corpus, self.filter.matcher(), marked) {
            if let Some(open) = self.reading.open() {
                let watched = self.searches.watched(&self.corpus, open.slot);
                self.reading.watch(watched);
            }
        } else {
            self.reading.annotate(marked);
        }
    }

    /// Takes over what the library holds.
    fn take_library(&mut self, kept: Kept) {
        self.keeping.begin(kept.marks);
        self.outbox.extend(self.keeping.history.adopt(kept.journal).into_iter().map(Effect::Journal));
        self.take_searches(kept.searches);
        self.take_theme(kept.theme.as_ref());
        self.filter.remember_former(kept.filters);
        self.filter.forget_marks();
        match kept.session {
            Some(session) => self.resume(&session),
            None => self.ask_of_marks(),
        }
        self.recognise();
    }

    /// Has moved articles recognised, once everything is loaded.
    fn recognise(&mut self) {
        if self.keeping.is_ready() && self.progress.done {
            self.outbox.push(Effect::Recognise(Arc::clone(&self.corpus)));
        }
    }

    /// Takes over that articles go by other identities.
    fn take_moved(
        &mut self,
        moved: &[(ArticleId, ArticleId)],
        marks: Vec<(ArticleId, ArticleMarks)>,
        session: Option<Session>,
    ) {
        let moved = moved.iter().copied().collect();
        self.keeping.rename(&moved);
        self.resume_elsewhere(&moved);
        self.keeping.take(marks);
        self.filter.forget_marks();
        if let Some(session) = session {
            self.resume(&session);
        }
        self.ask_of_marks();
    }

    fn take_corpus(&mut self, corpus: Arc<Corpus>) {
        let former = std::mem::replace(&mut self.corpus, corpus);
        self.follow_rename(&former);
        self.refilter();
        if self.progress.done {
            self.recognise();
        }
    }

    /// Asks the filter again, of other articles; what the reader has done to those that are listed meanwhile takes none
    /// of them away.
    fn refilter(&mut self) {
        let screenful = self.screenful();
        match self.filter.ask_anew(&self.corpus, self.keeping.asked(), screenful) {
            Some(Asked::Request(request)) => self.outbox.push(Effect::Filter(request)),
            Some(Asked::Nothing) => {}
            Some(Asked::Everything) | None => self.list_all(),
        }
    }

    /// Lists all articles: no filter is on.
    fn list_all(&mut self) {
        let hidden_after = self.read_query("", false).hidden_after();
        self.list.list(listed(&self.corpus, hidden_after), &self.corpus);
    }

    fn take_clock(&mut self, now: NaiveDateTime) {
        let is_other_day = now.date() != self.now.date();
        self.now = now;
        if is_other_day {
            self.sources.recount();
        }
        if self.config.hide_future && is_other_day || self.filter.query().depends_on_today() {
            self.retype();
            if !self.filter.is_on() {
                self.list_all();
            }
        }
    }

    /// Keeps what is typed in the filter bar as an older filter.
    fn remember_filter(&mut self) {
        self.outbox.extend(self.filter.remember().map(Effect::KeepFilter));
    }

    /// Where the chosen article is gone and a new one has the same text, its file was renamed or moved: the new one
    /// takes its place, in the list and in the reading pane.
    fn follow_rename(&mut self, former: &Corpus) {
        let Some((slot, id)) = self.list.chosen() else { return };
        let Some(old) = former.get(slot).filter(|_| self.corpus.find(id).is_none()) else { return };
        let added = (former.slots()..self.corpus.slots()).filter_map(|slot| u32::try_from(slot).ok()).map(Slot);
        let same = added.filter_map(|slot| self.corpus.get(slot).map(|entry| (slot, entry)));
        if let Some((slot, entry)) = same.into_iter().find(|(_, entry)| entry.folded() == old.folded()) {
            self.list.rename(slot, entry.id());
            self.reading.rename(id, slot, entry);
        }
    }

    /// Parses a query for today's date and the config. With `typing`, its last word may be unfinished.
    fn read_query(&self, text: &str, typing: bool) -> Query {
        let today = self.now.date();
        let query = if typing { Query::parse_typing(text, today) } else { Query::parse(text, today) };
        if self.config.hide_future { query.hiding_future(today) } else { query }
    }

    /// Takes over what is typed in the filter bar.
    fn retype(&mut self) {
        let query = self.read_query(self.filter.editor().text(), self.focus == Focus::Filter);
        match self.filter.retype(&self.corpus, self.keeping.marks(), query, self.screenful()) {
            Asked::Nothing => return,
            Asked::Request(request) => self.outbox.push(Effect::Filter(request)),
            Asked::Everything => {
                self.outbox.push(Effect::CancelFilter(self.filter.generation()));
                self.list_all();
            }
        }
        self.keeping.ask();
        self.reading.mark(&self.corpus, self.filter.matcher());
    }

    fn fail(&mut self, text: impl Into<String>) {
        self.notice = Some(Notice::error(text));
    }

    fn tell(&mut self, text: impl Into<String>) {
        self.notice = Some(Notice::info(text));
    }
}
