//! Where keys and pasted text go: to the note or the overlay that lies over the panes, to a number, to an action, to the
//! line that is typed.

use std::sync::Arc;

use super::dialogs::overlay::{self, Outcome};
use super::{Confirmed, Effect, Export, Focus, Overlay, OverlayKind, Question, State, help_rows, palette_rows};
use crate::keys::{Action, Context, Key, KeyCode};
use crate::query::LANGUAGE;

impl State {
    pub(crate) fn key(&mut self, key: Key) {
        self.notice = None;
        let stop_asked = std::mem::take(&mut self.stop_asked);
        if let Some(note) = &mut self.note {
            if !note.key(key, &self.keymap, usize::from(self.size.rows / 2).max(1)) {
                let (article, text) = (note.article(), note.text());
                self.note = None;
                self.set_note(article, &text);
            }
            return;
        }
        if std::mem::take(&mut self.calling) {
            return key.typed().into_iter().for_each(|key| self.run_search(key));
        }
        if self.overlay.is_some() {
            return self.overlay_key(key);
        }
        if self.focus != Focus::Filter && self.count_digit(key) {
            return;
        }
        let count = self.count.take();
        let action = self.keymap.lookup(self.context(), key);
        match action {
            Some(Action::Complete | Action::CompleteBack) => {}
            Some(Action::ClearFilter) if self.filter.take_back_completion() => return self.retype(),
            _ => self.filter.stop_completing(),
        }
        match (action, key.typed()) {
            // Inside a word it is a letter like another.
            (Some(Action::ShowLanguage), Some(c)) if !self.filter.is_before_word() => {
                self.filter.insert(c.encode_utf8(&mut [0; 4]));
                self.retype();
            }
            // A number that was typed by mistake is all that is taken back.
            (Some(Action::Back), _) if count.is_some() => {}
            (Some(Action::Back), _) => self.back(stop_asked),
            (Some(action), _) => self.perform(action, count),
            (None, Some(c)) if self.focus == Focus::Filter => {
                self.filter.insert(c.encode_utf8(&mut [0; 4]));
                self.retype();
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
            Focus::Reading => Context::Article,
            Focus::Filter => Context::Line,
            Focus::Sources => Context::Sources,
        }
    }

    pub(crate) fn paste(&mut self, text: &str) {
        match (&mut self.note, &mut self.overlay) {
            (Some(note), _) => note.insert(text),
            (None, Some(overlay)) => overlay.insert(text),
            (None, None) => {
                // Pasted text is never keys; outside the bar it starts a filter.
                self.start_line();
                self.filter.stop_completing();
                self.filter.insert(text);
                self.retype();
            }
        }
    }

    fn overlay_key(&mut self, key: Key) {
        let Some(mut overlay) = self.overlay.take() else { return };
        let rows = match overlay.kind {
            OverlayKind::Help => help_rows(overlay.line.text(), &self.keymap).len(),
            OverlayKind::Palette => palette_rows(overlay.line.text()).len(),
            OverlayKind::Problems => self.problems.len() + self.feeds.problems.len(),
            OverlayKind::Language => LANGUAGE.len(),
            OverlayKind::ChooseFeed => self.feeds.choice.len(),
            OverlayKind::FeedList => self.feeds.health.len(),
            OverlayKind::Changes => self.feeds.changes.len(),
            OverlayKind::Pipe | OverlayKind::Ask(_) | OverlayKind::Confirm | OverlayKind::Unkept => 0,
        };
        if let Some(action @ (Action::Suspend | Action::Redraw)) = self.keymap.lookup(Context::Line, key) {
            self.overlay = Some(overlay);
            return self.perform(action, None);
        }
        match overlay.key(key, &self.keymap, rows, usize::from(self.size.rows / 2).max(1)) {
            Outcome::Stay => self.overlay = Some(overlay),
            // Enter typed twice must not replace anything.
            Outcome::Accept if key.code == KeyCode::Enter && self.asks_to_replace(&overlay) => {
                self.overlay = Some(overlay);
            }
            Outcome::Close => self.asked = None,
            Outcome::Accept => self.accept(&overlay),
        }
    }

    /// Asks for confirmation; a yes runs the command.
    pub(crate) fn confirm(&mut self, text: String, on_yes: impl Into<Confirmed>) {
        self.question = Some(Question { text, on_yes: on_yes.into() });
        self.overlay = Some(Overlay::new(OverlayKind::Confirm));
    }

    fn asks_to_replace(&self, overlay: &Overlay) -> bool {
        let on_yes = self.question.as_ref().map(|question| &question.on_yes);
        overlay.kind == OverlayKind::Confirm
            && matches!(on_yes, Some(Confirmed::Overwrite(_) | Confirmed::ReplaceSearch(_)))
    }

    /// Does what was chosen or typed in an overlay.
    fn accept(&mut self, overlay: &Overlay) {
        let typed = overlay.line.text().trim();
        match overlay.kind {
            OverlayKind::Palette => {
                if let Some(file) = typed.strip_prefix(overlay::EXPORT_OVER) {
                    self.export_to(file.trim(), true);
                } else if let Some((action, argument)) =
                    overlay::with_argument(typed).filter(|(_, argument)| !argument.is_empty())
                {
                    self.perform_with(action, argument);
                } else if let Some(spec) = palette_rows(typed).get(overlay.row) {
                    self.perform(spec.action, None);
                } else {
                    self.fail(overlay::unknown_command(typed));
                }
            }
            OverlayKind::Pipe => {
                if let Some(open) = self.reading.open().filter(|_| !typed.is_empty()) {
                    self.outbox.push(Effect::Pipe { command: typed.to_owned(), text: self.whole_text(open) });
                }
            }
            OverlayKind::Ask(action) => self.perform_with(action, typed),
            OverlayKind::Confirm => match self.question.take().map(|question| question.on_yes) {
                Some(Confirmed::Feed(command)) => self.run_feed_command(command),
                Some(Confirmed::Overwrite(export)) => {
                    self.outbox.push(Effect::Export(Box::new(Export { force: true, ..*export })));
                }
                Some(Confirmed::ReplaceSearch(search)) => self.put_search(search),
                None => {}
            },
            OverlayKind::ChooseFeed => self.choose_feed(overlay.row),
            OverlayKind::FeedList => self.filter_by_feed(overlay.row),
            OverlayKind::Unkept if typed.is_empty() => self.outbox.extend([Effect::GiveUpUnkept, Effect::Quit]),
            OverlayKind::Unkept => self.outbox.push(Effect::WriteUnkept {
                path: typed.into(),
                changes: self.keeping.unkept(),
                corpus: Arc::clone(&self.corpus),
            }),
            OverlayKind::Help | OverlayKind::Language | OverlayKind::Problems | OverlayKind::Changes => {}
        }
    }
}
