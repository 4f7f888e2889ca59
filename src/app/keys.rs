//! Sends keys and pasted text to the note, the overlay, the filter bar or the actions of the focused pane.

use std::sync::Arc;

use super::dialogs::overlay::{self, Outcome};
use super::{
    Confirmed, Effect, Export, Focus, Overlay, OverlayKind, PendingKeys, Question, State, help_rows, palette_rows,
};
use crate::keys::{Action, Context, Key, KeyCode, Lookup};
use crate::query::LANGUAGE;

impl State {
    pub(crate) fn key(&mut self, key: Key) {
        self.notice = None;
        let stop_asked = std::mem::take(&mut self.stop_asked);
        let mut pending = std::mem::take(&mut self.pending);
        let context = self.context();
        if let Some(action) = pending.action {
            if let Some(c) = key.typed() {
                self.perform_with(action, c.encode_utf8(&mut [0; 4]));
            }
            return;
        }
        if context.is_pane() && pending.keys.is_empty() && pending.push_digit(key) {
            self.pending = pending;
            return;
        }
        pending.keys.push(key);
        let actions = match self.keymap.lookup(context, &pending.keys) {
            Lookup::Prefix => return self.wait_for_key(pending),
            Lookup::Actions(actions) => actions.to_vec(),
            Lookup::Unbound if pending.keys.len() > 1 => {
                if key.code != KeyCode::Esc {
                    pending.count = None;
                    self.tell(format!("{pending} is not bound"));
                }
                return;
            }
            Lookup::Unbound => Vec::new(),
        };
        let pressed = pending.keys;
        match actions.as_slice() {
            &[action @ (Action::Suspend | Action::Redraw)] => self.perform(action, None),
            actions if context == Context::Note => self.note_key(key, actions),
            actions if self.overlay.is_some() => self.overlay_key(key, actions),
            actions => self.pane_key(key, actions, pending.count, stop_asked),
        }
        if self.pending.action.is_some() {
            self.pending.keys = pressed;
        }
    }

    /// Returns the context for the next key.
    pub(super) fn context(&self) -> Context {
        match (&self.note, &self.overlay, self.focus) {
            (Some(_), _, _) => Context::Note,
            (None, Some(overlay), _) if overlay.typing => Context::Line,
            (None, Some(_), _) => Context::Dialog,
            (None, None, Focus::List) => Context::List,
            (None, None, Focus::Reading) => Context::Reading,
            (None, None, Focus::Filter) => Context::Line,
            (None, None, Focus::Sources) => Context::Sources,
        }
    }

    /// Runs the actions of a key, or types it into the filter bar.
    fn pane_key(&mut self, key: Key, actions: &[Action], count: Option<usize>, stop_asked: bool) {
        match actions {
            [Action::Complete | Action::CompleteBack] => {}
            [Action::ClearFilter] if self.filter.take_back_completion() => return self.retype(),
            _ => self.filter.stop_completing(),
        }
        let typed = key.typed().filter(|_| self.focus == Focus::Filter);
        match (actions, typed) {
            ([], Some(c)) => self.type_into_filter(c),
            // Inside a word, `?` is text.
            ([Action::ShowLanguage], Some(c)) if !self.filter.is_before_word() => self.type_into_filter(c),
            // Esc after a count only removes the count.
            ([Action::Back], _) if count.is_some() => {}
            ([Action::Back], _) => self.back(stop_asked),
            _ => {
                for &action in actions {
                    self.perform(action, count);
                }
            }
        }
    }

    fn type_into_filter(&mut self, c: char) {
        self.filter.insert(c.encode_utf8(&mut [0; 4]));
        self.retype();
    }

    /// Sends a key and its actions to the note. Saves the note if it is closed.
    fn note_key(&mut self, key: Key, actions: &[Action]) {
        let page = usize::from(self.size.rows / 2).max(1);
        let Some(mut note) = self.note.take() else { return };
        let is_open = match actions {
            [] => note.key(key, None, page),
            actions => actions.iter().all(|&action| note.key(key, Some(action), page)),
        };
        if is_open {
            self.note = Some(note);
        } else {
            self.set_note(note.article(), &note.text());
        }
    }

    pub(crate) fn paste(&mut self, text: &str) {
        self.pending = PendingKeys::default();
        match (&mut self.note, &mut self.overlay) {
            (Some(note), _) => note.insert(text),
            (None, Some(overlay)) => overlay.insert(text),
            (None, None) => {
                // Pasted text is never read as keys. Outside the filter bar it starts a filter.
                self.start_line();
                self.filter.stop_completing();
                self.filter.insert(text);
                self.retype();
            }
        }
    }

    /// Sends a key and its actions to the overlay.
    fn overlay_key(&mut self, key: Key, actions: &[Action]) {
        let Some(mut overlay) = self.overlay.take() else { return };
        let rows = self.overlay_rows(&overlay);
        let page = usize::from(self.size.rows / 2).max(1);
        let outcome = match actions {
            [] => overlay.key(key, None, rows, page),
            actions => {
                let mut outcomes = actions.iter().map(|&action| overlay.key(key, Some(action), rows, page));
                outcomes.find(|outcome| *outcome != Outcome::Stay).unwrap_or(Outcome::Stay)
            }
        };
        match outcome {
            Outcome::Stay => self.overlay = Some(overlay),
            // A second Enter must not replace anything by accident; `y` does.
            Outcome::Accept if key.code == KeyCode::Enter && self.asks_to_replace(&overlay) => {
                self.overlay = Some(overlay);
            }
            Outcome::Close => self.asked = None,
            Outcome::Accept => self.accept(&overlay),
        }
    }

    /// Returns the number of rows in an overlay.
    fn overlay_rows(&self, overlay: &Overlay) -> usize {
        match overlay.kind {
            OverlayKind::Help => help_rows(overlay.line.text(), &self.keymap).len(),
            OverlayKind::Palette => palette_rows(overlay.line.text()).len(),
            OverlayKind::Problems => self.problems.len() + self.feeds.problems.len(),
            OverlayKind::Language => LANGUAGE.len(),
            OverlayKind::ChooseFeed => self.feeds.choice.len(),
            OverlayKind::FeedList => self.feeds.health.len(),
            OverlayKind::Changes => self.feeds.changes.len(),
            OverlayKind::Pipe | OverlayKind::Ask(_) | OverlayKind::Confirm | OverlayKind::Unkept => 0,
        }
    }

    /// Asks for confirmation. Runs the command after a yes.
    pub(crate) fn confirm(&mut self, text: String, on_yes: impl Into<Confirmed>) {
        self.question = Some(Question { text, on_yes: on_yes.into() });
        self.overlay = Some(Overlay::new(OverlayKind::Confirm));
    }

    /// Returns whether an overlay asks for the replacement of a file or a search.
    fn asks_to_replace(&self, overlay: &Overlay) -> bool {
        let on_yes = self.question.as_ref().map(|question| &question.on_yes);
        overlay.kind == OverlayKind::Confirm
            && matches!(on_yes, Some(Confirmed::Overwrite(_) | Confirmed::ReplaceSearch(_)))
    }

    /// Runs the command that was chosen or typed in an overlay.
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
