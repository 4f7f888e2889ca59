//! The program without a terminal: [`State`] and `update(Message) -> Vec<Effect>`, total and pure. It has no clock,
//! does no I/O and does not know how it is drawn. One file a pane.

mod completion;
pub mod dates;
mod effect;
mod filter_bar;
mod geometry;
mod keeping;
mod line_editor;
mod list_pane;
mod message;
mod mouse;
mod note_editor;
pub mod numbers;
mod overlay;
mod perform;
mod reading_pane;
mod searches;
mod session;
mod sources_pane;
pub mod wrap;

use std::sync::Arc;

use chrono::NaiveDateTime;

use crate::article::ArticleId;
use crate::command::{Action, Context, Key, Keymap};
use crate::config::{Config, Density, ThemeChoice};
use crate::corpus::{Corpus, Slot};
use crate::loader::Problem;
use crate::marks::Marked;
use crate::query::{LANGUAGE, Query};

pub use completion::{Candidate, CompletionMenu, Note};
pub use effect::Effect;
use filter_bar::Asked;
pub use filter_bar::FilterBar;
pub use geometry::{Area, Layout, Size, Wishes, layout};
pub use keeping::Keeping;
pub use line_editor::LineEditor;
pub use list_pane::ListPane;
pub use message::{Kept, LoadProgress, Message, Mouse, MouseAction, Notice};
pub use note_editor::NoteEditor;
use overlay::Outcome;
pub use overlay::{Overlay, OverlayKind, help_rows, palette_rows};
pub use reading_pane::{OpenArticle, ReadingPane};
pub use searches::{Searches, Watched};
pub use session::Session;
pub use sources_pane::{SourceLine, SourcesPane};

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
    /// What is open, for the head of the list.
    title: String,
    corpus: Arc<Corpus>,
    list: ListPane,
    reading: ReadingPane,
    filter: FilterBar,
    overlay: Option<Overlay>,
    note: Option<NoteEditor>,
    keeping: Keeping,
    sources: SourcesPane,
    searches: Searches,
    /// The article that is open, and whether in the reading pane, which counts as read when it is for a moment longer.
    lingering: Option<(ArticleId, bool)>,
    /// The open article, where the reader has said whether it is read.
    judged: Option<ArticleId>,
    resume: Option<session::Resume>,
    kept_session: Option<Session>,
    /// Whether the reader has done anything yet.
    acted: bool,
    /// Whether the next key is that of a saved search.
    calling: bool,
    focus: Focus,
    zen: bool,
    size: Size,
    /// How much of the screen the list takes, in percent.
    list_share: u16,
    dragging: bool,
    theme: ThemeChoice,
    /// The number typed before a key, as in `5j`.
    count: Option<usize>,
    problems: Vec<Problem>,
    /// How many problems there are, with those that are not kept.
    problem_count: usize,
    progress: LoadProgress,
    notice: Option<Notice>,
    now: NaiveDateTime,
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
            note: None,
            keeping: Keeping::default(),
            sources: SourcesPane::default(),
            searches: Searches::default(),
            lingering: None,
            judged: None,
            resume: None,
            kept_session: None,
            acted: false,
            calling: false,
            focus: Focus::List,
            zen: false,
            size: Size::default(),
            list_share: config.list_share,
            dragging: false,
            theme: config.theme,
            count: None,
            problems: Vec::new(),
            problem_count: 0,
            progress: LoadProgress::default(),
            notice: None,
            now,
            config,
        }
    }

    /// Takes in what happened, and says what is to be done about it outside.
    pub fn update(&mut self, message: Message) -> Vec<Effect> {
        let mut effects = Vec::new();
        let was_typing = self.focus == Focus::Filter;
        if matches!(message, Message::Key(_) | Message::Paste(_) | Message::Mouse(_)) {
            self.acted = true;
            self.resume = None;
        }
        match message {
            Message::Key(key) => self.key(key, &mut effects),
            Message::Paste(text) => self.paste(&text, &mut effects),
            Message::Mouse(mouse) => self.mouse(mouse),
            Message::Resize(size) => self.size = size,
            Message::Clock(now) => {
                self.now = now;
                if self.filter.query().depends_on_today() {
                    self.retype(&mut effects);
                }
            }
            Message::Corpus(corpus) => self.take_corpus(corpus, &mut effects),
            Message::Loading(progress) => {
                self.progress = progress;
                self.recognise(&mut effects);
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
            Message::Values { corpus, wanted, values } => {
                if self.filter.take_values(wanted, values, Arc::ptr_eq(&corpus, &self.corpus)) {
                    self.retype(&mut effects);
                }
            }
            Message::Facets { generation, rows } => self.sources.take(generation, rows),
            Message::Library(kept) => self.take_library(*kept, &mut effects),
            Message::Kept(number) => self.keeping.kept(number),
            Message::NotKept(reason) => self.keeping.not_kept(reason),
            Message::KeepAgain => {
                let all = self.keeping.everything();
                self.keep(all, &mut effects);
            }
            Message::News { marks, searches } => {
                self.keeping.take(marks);
                self.filter.forget_marks();
                searches.into_iter().for_each(|searches| self.take_searches(searches));
            }
            Message::Moved { moved, marks, session } => self.take_moved(&moved, marks, session, &mut effects),
            Message::Lingered(article) => self.lingered(article, &mut effects),
            Message::NoteWritten { article, text } => self.set_note(article, &text, &mut effects),
            Message::UnkeptWritten => effects.push(Effect::Quit),
            Message::Notice(notice) => self.notice = Some(notice),
        }
        if was_typing && self.focus != Focus::Filter {
            // What was barely begun is meant as it stands now.
            self.retype(&mut effects);
        }
        self.settle(&mut effects);
        effects
    }

    /// Brings everything in line with the size, the selection and each other.
    fn settle(&mut self, effects: &mut Vec<Effect>) {
        self.go_on_reading();
        self.settle_reading();
        self.notice_reading(effects);
        self.keep_place(effects);
        self.keep_session(effects);
        self.count_facets(effects);
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
            self.reading.set_to(wrap::Setting { width, justify, hyphenate });
            self.reading.stay_within(usize::from(area.rows));
        }
        if let Some(area) = self.layout().sources {
            self.sources.settle(usize::from(area.rows));
        }
    }

    /// Opens the selected article in the reading pane.
    fn show_selected(&mut self) {
        let unmarked = Marked::default();
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
    fn take_library(&mut self, kept: Kept, effects: &mut Vec<Effect>) {
        self.keeping.begin(kept.marks);
        self.take_searches(kept.searches);
        self.filter.remember_former(kept.filters);
        self.filter.forget_marks();
        match kept.session {
            Some(session) => self.resume(&session, effects),
            None => self.ask_of_marks(effects),
        }
        self.recognise(effects);
    }

    /// Has moved articles recognised, once everything is loaded.
    fn recognise(&mut self, effects: &mut Vec<Effect>) {
        if self.keeping.is_ready() && self.progress.done {
            effects.push(Effect::Recognise(Arc::clone(&self.corpus)));
        }
    }

    /// Takes over that articles go by other identities.
    fn take_moved(
        &mut self,
        moved: &[(ArticleId, ArticleId)],
        marks: Vec<(ArticleId, Marked)>,
        session: Option<Session>,
        effects: &mut Vec<Effect>,
    ) {
        for &(from, to) in moved {
            self.keeping.rename(from, to);
            self.resume_elsewhere(from, to);
        }
        self.keeping.take(marks);
        self.filter.forget_marks();
        if let Some(session) = session {
            self.resume(&session, effects);
        }
        self.ask_of_marks(effects);
    }

    fn take_corpus(&mut self, corpus: Arc<Corpus>, effects: &mut Vec<Effect>) {
        let former = std::mem::replace(&mut self.corpus, corpus);
        self.follow_rename(&former);
        self.refilter(effects);
        if self.progress.done {
            self.recognise(effects);
        }
    }

    /// Asks the filter again, of other articles or other marks.
    fn refilter(&mut self, effects: &mut Vec<Effect>) {
        let screenful = self.screenful();
        match self.filter.ask_anew(&self.corpus, self.keeping.marks(), screenful) {
            Some(Asked::Request(request)) => effects.push(Effect::Filter(request)),
            Some(Asked::Nothing) => {}
            Some(Asked::Everything) | None => self.list.list(Arc::clone(self.corpus.order()), &self.corpus),
        }
    }

    /// Keeps what is typed in the filter bar as an older filter.
    fn remember_filter(&mut self, effects: &mut Vec<Effect>) {
        effects.extend(self.filter.remember().map(Effect::KeepFilter));
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

    fn key(&mut self, key: Key, effects: &mut Vec<Effect>) {
        self.notice = None;
        if let Some(note) = &mut self.note {
            if !note.key(key, &self.keymap, usize::from(self.size.rows / 2).max(1)) {
                let (article, text) = (note.article(), note.text());
                self.note = None;
                self.set_note(article, &text, effects);
            }
            return;
        }
        if std::mem::take(&mut self.calling) {
            return key.typed().into_iter().for_each(|key| self.run_search(key, effects));
        }
        if self.overlay.is_some() {
            return self.overlay_key(key, effects);
        }
        if self.focus != Focus::Filter && self.count_digit(key) {
            return;
        }
        let count = self.count.take();
        let action = self.keymap.lookup(self.context(), key);
        match action {
            Some(Action::Complete | Action::CompleteBack) => {}
            Some(Action::ClearFilter) if self.filter.take_back_completion() => return self.retype(effects),
            _ => self.filter.stop_completing(),
        }
        match (action, key.typed()) {
            // Inside a word it is a letter like another.
            (Some(Action::ShowLanguage), Some(c)) if !self.filter.is_before_word() => {
                self.filter.insert(c.encode_utf8(&mut [0; 4]));
                self.retype(effects);
            }
            // A number that was typed by mistake is all that is taken back.
            (Some(Action::Back), _) if count.is_some() => {}
            (Some(action), _) => self.perform(action, count, effects),
            (None, Some(c)) if self.focus == Focus::Filter => {
                self.filter.insert(c.encode_utf8(&mut [0; 4]));
                self.retype(effects);
            }
            (None, _) => {}
        }
    }

    /// Takes a digit of a count, as in `12G`.
    fn count_digit(&mut self, key: Key) -> bool {
        let digit = key.typed().and_then(|c| c.to_digit(10)).filter(|&digit| digit > 0 || self.count.is_some());
        let Some(digit) = digit else { return false };
        let count = self.count.unwrap_or(0).saturating_mul(10).saturating_add(digit as usize);
        self.count = Some(count.min(99_999_999));
        true
    }

    fn context(&self) -> Context {
        match self.focus {
            Focus::List => Context::List,
            Focus::Reading => Context::Global,
            Focus::Filter => Context::Line,
            Focus::Sources => Context::Sources,
        }
    }

    fn paste(&mut self, text: &str, effects: &mut Vec<Effect>) {
        match (&mut self.note, &mut self.overlay) {
            (Some(note), _) => note.insert(text),
            (None, Some(overlay)) => overlay.insert(text),
            (None, None) => {
                // Pasted text is never keys; outside the bar it starts a filter.
                self.focus = Focus::Filter;
                self.zen = false;
                self.filter.stop_completing();
                self.filter.insert(text);
                self.retype(effects);
            }
        }
    }

    /// Takes over what is typed in the filter bar.
    fn retype(&mut self, effects: &mut Vec<Effect>) {
        let (today, typing) = (self.now.date(), self.focus == Focus::Filter);
        let parse = |text: &str| match typing {
            true => Query::parse_typing(text, today),
            false => Query::parse(text, today),
        };
        match self.filter.retype(&self.corpus, self.keeping.marks(), parse, self.screenful()) {
            Asked::Nothing => return,
            Asked::Request(request) => effects.push(Effect::Filter(request)),
            Asked::Everything => {
                effects.push(Effect::CancelFilter(self.filter.generation()));
                self.list.list(Arc::clone(self.corpus.order()), &self.corpus);
            }
        }
        self.reading.mark(&self.corpus, self.filter.matcher());
    }

    /// How many articles fill the list, with some to scroll to.
    fn screenful(&self) -> usize {
        self.list.top() + self.list_view().map_or(0, ListView::visible) + 8
    }

    /// How the list stands in its area.
    pub fn list_view(&self) -> Option<ListView> {
        let area = self.layout().list?;
        let head = u16::from(area.rows >= 4);
        let lines = match self.config.density {
            Density::Compact => 1,
            Density::Comfortable => 2,
            Density::Auto => 1 + u16::from(area.rows >= 28),
        };
        let row_height = (lines + u16::from(self.filter.is_on())).min(area.rows - head).max(1);
        let rows = Area { row: area.row + head, rows: area.rows - head, ..area };
        Some(ListView { head: (head > 0).then_some(Area { rows: 1, ..area }), rows, row_height })
    }

    /// The cells of the reading pane in which text stands.
    pub fn text_area(&self) -> Option<Area> {
        let area = self.layout().reading?;
        let margin = match area.columns {
            0..=4 => 0,
            5..=40 => 1,
            _ => 3,
        };
        // The last column is the scrollbar's.
        let columns = area.columns.saturating_sub(margin * 2).clamp(1, self.config.measure);
        let free = area.columns - columns;
        let top = u16::from(area.rows >= 10);
        Some(Area { column: area.column + free / 2, row: area.row + top, columns, rows: area.rows - top })
    }

    /// Where everything stands.
    pub fn layout(&self) -> Layout {
        let (focus, zen, sources) = (self.focus, self.zen, self.sources.wish());
        layout(self.size, Wishes { focus, zen, sources, split: self.config.split, list_share: self.list_share })
    }

    /// How many lines of text the reading pane shows.
    fn text_rows(&self) -> usize {
        self.text_area().map_or(1, |area| usize::from(area.rows))
    }

    /// The articles.
    pub fn corpus(&self) -> &Arc<Corpus> {
        &self.corpus
    }

    /// What is open, for the head of the list.
    pub fn title(&self) -> &str {
        &self.title
    }

    /// The article list.
    pub fn list(&self) -> &ListPane {
        &self.list
    }

    /// The reading pane.
    pub fn reading(&self) -> &ReadingPane {
        &self.reading
    }

    /// The filter bar.
    pub fn filter(&self) -> &FilterBar {
        &self.filter
    }

    /// What lies over the panes.
    pub fn overlay(&self) -> Option<&Overlay> {
        self.overlay.as_ref()
    }

    /// The note that is being written.
    pub fn note(&self) -> Option<&NoteEditor> {
        self.note.as_ref()
    }

    /// What the reader has done to articles.
    pub fn keeping(&self) -> &Keeping {
        &self.keeping
    }

    /// The sources pane.
    pub fn sources(&self) -> &SourcesPane {
        &self.sources
    }

    /// The saved searches.
    pub fn searches(&self) -> &Searches {
        &self.searches
    }

    /// Whether the next key is that of a saved search.
    pub fn is_calling(&self) -> bool {
        self.calling
    }

    /// Where keys go.
    pub fn focus(&self) -> Focus {
        self.focus
    }

    /// The size of the screen.
    pub fn size(&self) -> Size {
        self.size
    }

    /// Which keys do what.
    pub fn keymap(&self) -> &Keymap {
        &self.keymap
    }

    /// The theme that is wanted.
    pub fn theme(&self) -> ThemeChoice {
        self.theme
    }

    /// The number typed before a key.
    pub fn count(&self) -> Option<usize> {
        self.count
    }

    /// What could not be read, and how many such problems there are in all.
    pub fn problems(&self) -> (&[Problem], usize) {
        (&self.problems, self.problem_count)
    }

    /// How far loading is.
    pub fn progress(&self) -> LoadProgress {
        self.progress
    }

    /// What is to be told in the status line.
    pub fn notice(&self) -> Option<&Notice> {
        self.notice.as_ref()
    }

    /// The local time, as far as it matters.
    pub fn now(&self) -> NaiveDateTime {
        self.now
    }

    fn tell(&mut self, text: impl Into<String>) {
        self.notice = Some(Notice::info(text));
    }

    fn overlay_key(&mut self, key: Key, effects: &mut Vec<Effect>) {
        let Some(mut overlay) = self.overlay.take() else { return };
        let rows = match overlay.kind {
            OverlayKind::Help => help_rows(overlay.line.text(), &self.keymap).len(),
            OverlayKind::Palette => palette_rows(overlay.line.text()).len(),
            OverlayKind::Problems => self.problems.len(),
            OverlayKind::Language => LANGUAGE.len(),
            OverlayKind::Pipe | OverlayKind::Ask(_) | OverlayKind::Unkept => 0,
        };
        if let Some(action @ (Action::Suspend | Action::Redraw)) = self.keymap.lookup(Context::Line, key) {
            self.overlay = Some(overlay);
            return self.perform(action, None, effects);
        }
        match overlay.key(key, &self.keymap, rows, usize::from(self.size.rows / 2).max(1)) {
            Outcome::Stay => self.overlay = Some(overlay),
            Outcome::Close => {}
            Outcome::Accept => self.accept(&overlay, effects),
        }
    }

    /// Does what was chosen or typed in an overlay.
    fn accept(&mut self, overlay: &Overlay, effects: &mut Vec<Effect>) {
        let typed = overlay.line.text().trim();
        match overlay.kind {
            OverlayKind::Palette => {
                if let Some((action, argument)) =
                    overlay::with_argument(typed).filter(|(_, argument)| !argument.is_empty())
                {
                    self.perform_with(action, argument, effects);
                } else if let Some(spec) = palette_rows(typed).get(overlay.row) {
                    self.perform(spec.action, None, effects);
                }
            }
            OverlayKind::Pipe => {
                if let Some(open) = self.reading.open().filter(|_| !typed.is_empty()) {
                    effects.push(Effect::Pipe { command: typed.to_owned(), text: open.article.to_text() });
                }
            }
            OverlayKind::Ask(action) => self.perform_with(action, typed, effects),
            OverlayKind::Unkept if typed.is_empty() => effects.extend([Effect::GiveUpUnkept, Effect::Quit]),
            OverlayKind::Unkept => effects.push(Effect::WriteUnkept {
                path: typed.into(),
                changes: self.keeping.unkept(),
                corpus: Arc::clone(&self.corpus),
            }),
            OverlayKind::Help | OverlayKind::Language | OverlayKind::Problems => {}
        }
    }
}

/// How the article list stands in its area.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ListView {
    /// The line above the articles, where there is room for it.
    pub head: Option<Area>,
    /// The cells in which articles stand.
    pub rows: Area,
    /// How many lines each takes.
    pub row_height: u16,
}

impl ListView {
    /// How many articles there is room for.
    pub fn visible(self) -> usize {
        usize::from(self.rows.rows / self.row_height)
    }
}
