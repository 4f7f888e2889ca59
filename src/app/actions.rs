//! What each action does.

pub(crate) mod export;
pub(crate) mod feeds;
pub(crate) mod theme;
pub(crate) mod undo;

use std::sync::Arc;

use super::panes::sources::Choose;
use super::{Effect, FeedOrder, Focus, NoteEditor, OpenArticle, Overlay, OverlayKind, PendingKeys, State};
use crate::corpus::Origin;
use crate::keys::{Action, FeedCommand};
use crate::query::Case;
use crate::render::{plain_text, shown_address};
use crate::text::format::grouped;

/// A second Esc stops loading if it comes within this many milliseconds.
const STOP_TIMEOUT: u64 = 4_000;

/// How many articles are looked at for the next hit before a reader is told that there is none near.
const HIT_SEARCH: usize = 10_000;

impl State {
    /// Does what `action` says, `count` times where that means something.
    pub(crate) fn perform(&mut self, action: Action, count: Option<usize>) {
        let times = count.unwrap_or(1).max(1);
        let step = isize::try_from(times).unwrap_or(isize::MAX);
        let page = |rows: usize| isize::try_from(rows).unwrap_or(1);
        match action {
            Action::Down => self.move_by(step),
            Action::Up => self.move_by(-step),
            Action::Top => self.go_to(count.map_or(0, |count| count - 1)),
            Action::Bottom => self.go_to(count.map_or(usize::MAX, |count| count.saturating_sub(1))),
            Action::HalfPageDown => self.move_by(page(self.page_rows() / 2).max(1).saturating_mul(step)),
            Action::HalfPageUp => self.move_by(-page(self.page_rows() / 2).max(1).saturating_mul(step)),
            Action::PageDown => self.move_by(page(self.page_rows()).max(1).saturating_mul(step)),
            Action::PageUp => self.move_by(-page(self.page_rows()).max(1).saturating_mul(step)),
            Action::NextArticle => self.select_by(step),
            Action::PreviousArticle => self.select_by(-step),
            Action::ReadOn => self.read_on(),
            Action::ReadBack => {
                let rows = self.text_rows();
                self.reading.scroll_by(-page(rows.saturating_sub(2).max(1)), rows);
            }
            Action::FocusLeft => match self.focus {
                Focus::List if self.layout().sources.is_some() => self.focus = Focus::Sources,
                Focus::Sources => {}
                Focus::List | Focus::Reading | Focus::Filter => self.focus = Focus::List,
            },
            Action::FocusRight if self.focus == Focus::Sources => self.focus = Focus::List,
            Action::FocusRight | Action::Open => self.focus_reading(),
            Action::SwitchPane => match self.focus {
                Focus::List => self.focus_reading(),
                Focus::Reading if self.layout().sources.is_some() => self.focus = Focus::Sources,
                Focus::Reading | Focus::Filter | Focus::Sources => self.focus = Focus::List,
            },
            Action::Back => self.back(false),
            Action::StartFilter => {
                self.start_line();
                self.make_room_to_type();
            }
            Action::Cancel => self.cancel_line(),
            Action::NextHit | Action::PreviousHit => {
                for _ in 0..times {
                    if !self.step_hit(action == Action::NextHit) {
                        break;
                    }
                }
            }
            // What is wrong is told below the bar already.
            Action::KeepFilter if self.filter.typed().mistake().is_some() => {}
            Action::KeepFilter => {
                let text = self.filter.editor().text();
                let trimmed = text.trim_end().to_owned();
                if trimmed != text && self.read_query(&trimmed, false).asks_the_same(&self.read_query(text, false)) {
                    self.filter.editor_mut().set(&trimmed);
                }
                self.remember_filter();
                self.focus = Focus::List;
                self.ask_of_marks();
            }
            Action::ClearFilter => {
                self.remember_filter();
                self.clear_filter();
                self.focus = Focus::List;
            }
            Action::ToggleCase => self.toggle_case(),
            Action::HistoryOlder | Action::HistoryNewer => {
                if self.filter.walk(action == Action::HistoryOlder) {
                    self.retype();
                }
            }
            Action::CursorLeft
            | Action::CursorRight
            | Action::CursorWordLeft
            | Action::CursorWordRight
            | Action::CursorStart
            | Action::CursorEnd
            | Action::DeleteBack
            | Action::DeleteForward
            | Action::DeleteWord
            | Action::DeleteToStart
            | Action::DeleteToEnd => {
                if self.filter.editor_mut().apply(action) {
                    self.filter.stop_walking();
                    self.retype();
                }
            }
            Action::Complete | Action::CompleteBack if self.focus == Focus::Filter => {
                let (done, wanted) = self.filter.complete(action == Action::Complete);
                match wanted {
                    Some(wanted) => {
                        let (corpus, marks) = (Arc::clone(&self.corpus), self.keeping.marks().clone());
                        self.outbox.push(Effect::CountValues { corpus, marks, wanted });
                    }
                    None if done => self.retype(),
                    None => self.tell("Nothing to complete here"),
                }
            }
            Action::Complete | Action::CompleteBack => {}
            Action::ShowLanguage => self.overlay = Some(Overlay::new(OverlayKind::Language)),
            Action::ToggleStar => self.toggle_star(count),
            Action::ToggleRead => self.toggle_read(count),
            Action::EditTags => self.ask_for_tags(count),
            Action::EditNote | Action::EditNoteElsewhere if self.focus == Focus::Sources => {
                self.tell("A note belongs to one article: go to it in the list first");
            }
            Action::EditNote | Action::EditNoteElsewhere => {
                if let Some(article) = self.selected_article() {
                    self.list.choose(&self.corpus);
                    let text = self.keeping.marks().get(article).note();
                    if action == Action::EditNote {
                        self.note = Some(NoteEditor::new(article, text));
                    } else {
                        self.outbox.push(Effect::EditNote { article, text: text.to_owned() });
                    }
                }
            }
            Action::NextUnread | Action::PreviousUnread => self.step_unread(action == Action::NextUnread),
            Action::Undo | Action::Redo => {
                for _ in 0..times {
                    self.undo(action == Action::Undo);
                }
            }
            Action::MarkRead | Action::MarkUnread | Action::Star | Action::Unstar => {
                self.mark_all(action, &self.command_target(count), "");
            }
            Action::Tag | Action::Untag => {
                self.asked = Some(self.command_target(count));
                self.overlay = Some(Overlay::new(OverlayKind::Ask(action)));
            }
            Action::ShowSources => self.toggle_sources(),
            Action::Narrow => self.choose_source(Choose::Only),
            Action::Add => self.choose_source(Choose::Also),
            Action::Exclude => self.choose_source(Choose::Not),
            Action::RunSearch => {
                if self.search_keys().is_empty() {
                    self.tell("No saved search has a key");
                }
                self.wait_for_key(PendingKeys::for_action(action));
            }
            Action::SaveSearch => self.overlay = Some(Overlay::new(OverlayKind::Ask(action))),
            Action::WatchSearch | Action::ForgetSearch if self.focus == Focus::Sources => {
                self.change_search(action);
            }
            Action::WatchSearch | Action::ForgetSearch => {
                self.overlay = Some(Overlay::new(OverlayKind::Ask(action)));
            }
            Action::Remove => self.remove_source(),
            Action::ToggleWatches => self.toggle_watches(),
            Action::ToggleZen => {
                self.zen = !self.zen && self.reading.open().is_some();
                if self.zen {
                    self.focus = Focus::Reading;
                }
            }
            Action::CycleTheme => self.cycle_theme(),
            Action::WidenList => self.list_share = (self.list_share + 5).min(80),
            Action::NarrowList => self.list_share = self.list_share.saturating_sub(5).max(20),
            Action::OpenLink => self.open_link(count),
            Action::Copy => self.copy(false),
            Action::CopyText => self.copy(true),
            Action::Edit => match self.reading.open() {
                Some(open) if open.origin == Origin::File => self.outbox.push(Effect::Edit(open.path.clone())),
                Some(_) => self.tell("This article is in no file that could be edited"),
                None => {}
            },
            Action::Pipe => {
                if self.reading.open().is_some() {
                    self.overlay = Some(Overlay::new(OverlayKind::Pipe));
                }
            }
            Action::Export => self.ask_export(),
            Action::AddFeed | Action::Feed => self.overlay = Some(Overlay::new(OverlayKind::Ask(action))),
            Action::RefreshFeeds => self.run_feed_command(FeedCommand::Refresh { names: Vec::new() }),
            Action::FullText | Action::ShowChanges => self.order_of_entry(action),
            Action::Reload => self.outbox.push(Effect::Reload),
            Action::StopLoading => self.outbox.push(Effect::StopLoading),
            Action::ShowProblems => match self.problem_count() {
                0 if self.progress.stopped => {
                    let key = self.keymap.shown(Action::Reload);
                    self.tell(format!("No problems so far; {key} loads the rest"));
                }
                0 => self.tell("No problems: everything could be read"),
                _ => {
                    self.problems.sort_by(|a, b| (&a.path, a.line).cmp(&(&b.path, b.line)));
                    self.overlay = Some(Overlay::new(OverlayKind::Problems));
                }
            },
            Action::ShowPalette => self.overlay = Some(Overlay::new(OverlayKind::Palette)),
            Action::ShowHelp => self.overlay = Some(Overlay::new(OverlayKind::Help)),
            Action::Redraw => self.outbox.push(Effect::Redraw),
            Action::Suspend => self.outbox.push(Effect::Suspend),
            // What could not be kept is not given up without asking.
            Action::Quit if self.keeping.trouble().is_some() => {
                let mut overlay = Overlay::new(OverlayKind::Unkept);
                overlay.line.set(&format!("newsdesk-unsaved-{}.jsonl", self.now.format("%Y-%m-%d")));
                self.overlay = Some(overlay);
            }
            Action::Quit => self.outbox.push(Effect::Quit),
        }
    }

    /// Does what `action` says with what was typed for it.
    pub(crate) fn perform_with(&mut self, action: Action, argument: &str) {
        let asked = self.asked.take();
        match action {
            // An empty line is an answer here: no tags.
            Action::EditTags => {
                let target = asked.unwrap_or_else(|| self.target(None));
                self.set_tags(&target, argument);
            }
            Action::Export => self.export_to(argument, false),
            _ if argument.is_empty() => {}
            Action::Tag | Action::Untag => {
                let target = asked.unwrap_or_else(|| self.command_target(None));
                self.mark_all(action, &target, argument);
            }
            Action::SaveSearch => self.save_search(argument),
            Action::WatchSearch => self.watch_search(argument),
            Action::ForgetSearch => self.forget_search(argument),
            Action::AddFeed => self.command_feed(&format!("add {argument}")),
            Action::RefreshFeeds => self.command_feed(&format!("refresh {argument}")),
            Action::Feed => self.command_feed(argument),
            Action::RunSearch => argument.chars().next().into_iter().for_each(|key| self.run_search(key)),
            _ => self.perform(action, None),
        }
    }

    /// Asks for the tags of `count` rows from the cursor. The line starts with the tags that all of them have.
    fn ask_for_tags(&mut self, count: Option<usize>) {
        let target = self.target(count);
        let articles = self.articles_of(&target).unwrap_or_default();
        if articles.is_empty() {
            return;
        }
        let tags: Vec<String> = self.common_tags(&articles).iter().map(ToString::to_string).collect();
        let mut overlay = Overlay::new(OverlayKind::Ask(Action::EditTags));
        overlay.line.set(&tags.join(" "));
        self.overlay = Some(overlay);
        if articles.len() > 1 {
            self.tell(format!("Tags for {}", self.name_of(&target, &articles)));
        }
        self.asked = Some(target);
    }

    pub(crate) fn focus_reading(&mut self) {
        if self.reading.open().is_some() {
            self.focus = Focus::Reading;
            self.list.choose(&self.corpus);
        }
    }

    fn select_by(&mut self, by: isize) {
        self.list.move_by(by);
        self.list.choose(&self.corpus);
    }

    /// How many articles or lines a page of the pane with the focus has.
    fn page_rows(&self) -> usize {
        match self.focus {
            Focus::Reading => self.text_rows().saturating_sub(1),
            Focus::List | Focus::Filter => self.list_view().map_or(1, |view| view.visible().saturating_sub(1)),
            Focus::Sources => self.layout().sources.map_or(1, |area| usize::from(area.rows.saturating_sub(1))),
        }
    }

    fn move_by(&mut self, by: isize) {
        match self.focus {
            Focus::Reading => {
                let rows = self.text_rows();
                self.reading.scroll_by(by, rows);
            }
            Focus::List | Focus::Filter => self.select_by(by),
            Focus::Sources => self.sources.move_by(by),
        }
    }

    fn go_to(&mut self, place: usize) {
        match self.focus {
            Focus::Reading => {
                let rows = self.text_rows();
                self.reading.scroll_to(place, rows);
            }
            Focus::List | Focus::Filter => {
                self.list.select(place);
                self.list.choose(&self.corpus);
            }
            Focus::Sources => self.sources.select(place),
        }
    }

    fn read_on(&mut self) {
        // Where the text is not to be seen yet, reading on begins with showing it.
        if self.layout().reading.is_none() {
            return self.focus_reading();
        }
        self.list.choose(&self.corpus);
        let rows = self.text_rows();
        let page = isize::try_from(rows.saturating_sub(2).max(1)).unwrap_or(1);
        if !self.reading.scroll_by(page, rows) {
            self.read_to_the_end();
            if self.list.selected() + 1 < self.list.slots().len() {
                self.select_by(1);
            } else {
                self.tell("This is the end of the last article");
            }
        }
    }

    /// Goes one step back: leaves zen, the text or the filter, or stops loading. Stops loading only if `stop_asked`:
    /// the key was pressed twice.
    pub(crate) fn back(&mut self, stop_asked: bool) {
        if self.zen {
            self.zen = false;
        } else if matches!(self.focus, Focus::Reading | Focus::Sources) {
            self.focus = Focus::List;
        } else if !self.filter.editor().text().is_empty() {
            self.clear_filter();
        } else if self.feeds.is_waiting() {
            self.outbox.push(Effect::Feeds(FeedOrder::Stop));
        } else if self.is_loading() && stop_asked {
            self.outbox.push(Effect::StopLoading);
        } else if self.is_loading() {
            self.stop_asked = true;
            self.outbox.push(Effect::ExpireStop { milliseconds: STOP_TIMEOUT });
            let (read, found) = (grouped(self.progress.read as u64), grouped(self.progress.found as u64));
            let back = self.keymap.keys(Action::Back).first().map_or_else(|| "Esc".to_owned(), ToString::to_string);
            self.tell(format!("Loading {read} of {found} · {back} again stops"));
        } else {
            let quit = self.keymap.shown(Action::Quit);
            let first = quit.split(' ').next().unwrap_or("q").to_owned();
            self.tell(format!("{first} quits"));
        }
    }

    fn is_loading(&self) -> bool {
        !self.progress.done && self.progress.found > 0
    }

    /// Starts typing in the filter bar.
    pub(crate) fn start_line(&mut self) {
        if self.focus != Focus::Filter {
            self.line_before = (self.filter.editor().text().to_owned(), self.focus, self.zen);
        }
        self.zen = false;
        self.focus = Focus::Filter;
    }

    /// Leaves the filter bar and restores its former text.
    fn cancel_line(&mut self) {
        let (text, focus, zen) = std::mem::replace(&mut self.line_before, (String::new(), Focus::List, false));
        self.filter.stop_walking();
        (self.focus, self.zen) = (focus, zen);
        self.filter_by(&text);
    }

    pub(crate) fn clear_filter(&mut self) {
        self.filter_by("");
    }

    /// Puts the cursor after the filter and a space, so that the next word can be typed at once. Adds no space if it
    /// would change the query or separate a field from its value.
    fn make_room_to_type(&mut self) {
        let text = self.filter.editor().text().to_owned();
        self.filter.editor_mut().apply(Action::CursorEnd);
        if text.is_empty() || text.ends_with(|c: char| c.is_whitespace() || matches!(c, ':' | '-' | '(')) {
            return;
        }
        let spaced = self.read_query(&format!("{text} "), true);
        if spaced.asks_the_same(&self.read_query(&text, false)) {
            self.filter.insert(" ");
            self.retype();
        }
    }

    /// Switches the case toggle to its next choice.
    fn toggle_case(&mut self) {
        if self.filter.editor().text().trim().is_empty() && self.focus != Focus::Filter {
            return self.tell(format!("No filter. Press {} to type one", self.keymap.shown(Action::StartFilter)));
        }
        let case = self.filter.typed().next_case();
        self.filter.set_case(case);
        self.retype();
        self.tell(match case {
            Case::Auto => "Case: words in capitals are exact, others ignore case",
            Case::Exact => "Case: exact",
            Case::Ignore => "Case: ignored",
        });
    }

    /// Goes one hit on, or back; says no, and tells the reader why, where there is none.
    fn step_hit(&mut self, forward: bool) -> bool {
        let matcher = self.filter.matcher().filter(|_| self.filter.query().has_hits()).cloned();
        let Some(matcher) = matcher else {
            self.tell("No hits: the filter has no words to find in the text");
            return false;
        };
        if self.layout().reading.is_none() {
            self.focus_reading();
            self.settle_reading();
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
            self.tell(if forward { "No hit after this one" } else { "No hit before this one" });
            return false;
        };
        self.list.select(place);
        self.list.choose(&self.corpus);
        self.settle_reading();
        let last = self.reading.open().map_or(0, |open| open.hits.len().saturating_sub(1));
        self.reading.go_to_hit(if forward { 0 } else { last }, self.text_rows());
        true
    }

    fn open_link(&mut self, number: Option<usize>) {
        let Some(open) = self.reading.open() else { return };
        let link = match number {
            Some(number) => open.article.links.get(number - 1),
            None => open.article.url.as_ref().or(open.article.links.first()),
        };
        match (link, number) {
            (Some(link), _) => self.outbox.push(Effect::OpenLink(link.to_string())),
            (None, Some(number)) => self.tell(format!("This article has no link {number}")),
            (None, None) => self.tell("This article names no address"),
        }
    }

    /// All of the open article, also what is too much to be shown.
    pub(crate) fn whole_text(&self, open: &OpenArticle) -> String {
        let marked = self.keeping.marks().get(open.article.id);
        match self.corpus.get(open.slot).filter(|_| !open.more.is_empty()) {
            Some(entry) => plain_text(&entry.article(), marked),
            None => plain_text(&open.article, marked),
        }
    }

    fn copy(&mut self, whole: bool) {
        let Some(open) = self.reading.open() else { return };
        let (text, told) = if whole {
            (self.whole_text(open), "Copied the whole article")
        } else {
            let path = || open.path.to_string_lossy().into_owned();
            let address = open.article.url.as_ref().map_or_else(path, |url| shown_address(url).into_owned());
            (format!("{}\n{address}\n", open.article.headline()), "Copied headline and address")
        };
        self.outbox.push(Effect::Copy(crate::text::SafeText::new(&text)));
        self.tell(told);
    }
}
