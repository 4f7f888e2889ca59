//! Sends keys and pasted text to the note, the dialog, the filter bar or the actions of the focused pane.

use std::sync::Arc;

use super::dialogs::overlay::{DialogContext, KeyOutcome};
use super::dialogs::palette;
use super::{
    ConfirmedAction, Effect, Export, Focus, Overlay, PaletteDialog, PendingKeys, Prompt, PromptPurpose, Question, State,
};
use crate::keys::{Action, Context, Key, KeyCode, Lookup};

impl State {
    pub(crate) fn on_key(&mut self, key: Key) {
        self.session.on_input();
        self.notice = None;
        let stop_requested = std::mem::take(&mut self.load.stop_requested);
        let mut pending = std::mem::take(&mut self.pending);
        let context = self.context();
        if let Some(action) = pending.action {
            if let Some(c) = key.typed() {
                self.run_with_argument(action, c.encode_utf8(&mut [0; 4]), None);
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
                    self.notify(format!("{pending} is not bound"));
                }
                return;
            }
            Lookup::Unbound => Vec::new(),
        };
        let pressed = pending.keys;
        match actions.as_slice() {
            &[action @ (Action::Suspend | Action::Redraw)] => self.run_action(action, None),
            actions if context == Context::Note => self.on_note_key(key, actions),
            actions if self.overlay.is_some() => self.on_dialog_key(key, actions),
            actions => self.on_pane_key(key, actions, pending.count, stop_requested),
        }
        if self.pending.action.is_some() {
            self.pending.keys = pressed;
        }
    }

    /// Returns the context for the next key.
    pub(super) fn context(&self) -> Context {
        match (&self.note, &self.overlay, self.screen.focus) {
            (Some(_), _, _) => Context::Note,
            (None, Some(overlay), _) if overlay.is_typing() => Context::Line,
            (None, Some(_), _) => Context::Dialog,
            (None, None, Focus::List) => Context::List,
            (None, None, Focus::Reading) => Context::Reading,
            (None, None, Focus::Filter) => Context::Line,
            (None, None, Focus::Sources) => Context::Sources,
        }
    }

    /// Runs the actions of a key, or types it into the filter bar.
    fn on_pane_key(&mut self, key: Key, actions: &[Action], count: Option<usize>, stop_requested: bool) {
        match actions {
            [Action::Complete | Action::CompleteBack] => {}
            [Action::ClearFilter] if self.filter.cancel_completion() => return self.run_filter(),
            _ => self.filter.stop_completing(),
        }
        let typed = key.typed().filter(|_| self.screen.focus == Focus::Filter);
        match (actions, typed) {
            ([], Some(c)) => self.type_letter(c),
            // Inside a word, `?` is text.
            ([Action::ShowLanguage], Some(c)) if !self.filter.is_before_word() => self.type_letter(c),
            // Esc after a count only removes the count.
            ([Action::Back], _) if count.is_some() => {}
            ([Action::Back], _) => self.back(stop_requested),
            _ => {
                for &action in actions {
                    self.run_action(action, count);
                }
            }
        }
    }

    /// Types a letter into the filter bar.
    fn type_letter(&mut self, letter: char) {
        self.filter.insert(letter.encode_utf8(&mut [0; 4]));
        self.run_filter();
    }

    /// Sends a key and its actions to the note. Saves the note if it is closed.
    fn on_note_key(&mut self, key: Key, actions: &[Action]) {
        let page = self.screen.dialog_page();
        let Some(mut note) = self.note.take() else { return };
        let is_open = match actions {
            [] => note.on_key(key, None, page),
            actions => actions.iter().all(|&action| note.on_key(key, Some(action), page)),
        };
        if is_open {
            self.note = Some(note);
        } else {
            self.set_note(note.article(), &note.text());
        }
    }

    /// Inserts pasted text, which is never read as keys. Outside of dialogs it goes to the filter bar.
    pub(crate) fn on_paste(&mut self, text: &str) {
        self.session.on_input();
        self.pending = PendingKeys::default();
        match (&mut self.note, &mut self.overlay) {
            (Some(note), _) => note.insert(text),
            (None, Some(overlay)) => overlay.insert(text),
            (None, None) => {
                self.start_typing();
                self.filter.stop_completing();
                self.filter.insert(text);
                self.run_filter();
            }
        }
    }

    /// Sends a key and its actions to the dialog.
    fn on_dialog_key(&mut self, key: Key, actions: &[Action]) {
        let Some(mut overlay) = self.overlay.take() else { return };
        let context = DialogContext {
            keymap: &self.keymap,
            page: self.screen.dialog_page(),
            problems: self.load.problems.listed_count(),
        };
        let outcome = match actions {
            [] => overlay.on_key(key, None, &context),
            actions => {
                let mut outcomes = actions.iter().map(|&action| overlay.on_key(key, Some(action), &context));
                outcomes.find(|outcome| *outcome != KeyOutcome::Stay).unwrap_or(KeyOutcome::Stay)
            }
        };
        match outcome {
            KeyOutcome::Stay => self.overlay = Some(overlay),
            KeyOutcome::Close => {}
            KeyOutcome::Accept => self.accept(overlay),
        }
    }

    /// Asks for confirmation; a yes runs the action.
    pub(crate) fn confirm(&mut self, text: String, on_yes: ConfirmedAction) {
        self.overlay = Some(Overlay::Confirm(Question { text, on_yes }));
    }

    /// Uses the selected or typed item of a dialog.
    fn accept(&mut self, overlay: Overlay) {
        match overlay {
            Overlay::Palette(palette) => self.accept_command(&palette),
            Overlay::Prompt(prompt) => self.accept_prompt(prompt),
            Overlay::Confirm(question) => match question.on_yes {
                ConfirmedAction::Feed(command) => self.run_feed_command(command),
                ConfirmedAction::Overwrite(export) => {
                    self.outbox.push(Effect::Export(Box::new(Export { force: true, ..*export })));
                }
                ConfirmedAction::ReplaceSearch(search) => self.put_search(search),
            },
            Overlay::FeedChoice(list) => {
                if let Some((url, _)) = list.items.get(list.row) {
                    self.subscribe_to_choice(url);
                }
            }
            Overlay::FeedList(list) => {
                if let Some(feed) = list.items.get(list.row) {
                    self.filter_by(&self.feeds.query(&feed.name));
                }
            }
            Overlay::Help(_) | Overlay::Language { .. } | Overlay::Problems { .. } | Overlay::Changes(_) => {}
        }
    }

    /// Runs the typed or selected command of the palette.
    fn accept_command(&mut self, palette: &PaletteDialog) {
        let typed = palette.line.text().trim();
        if let Some(file) = typed.strip_prefix(palette::EXPORT_OVER) {
            self.export_to(file.trim(), true);
        } else if let Some((action, argument)) =
            palette::with_argument(typed).filter(|(_, argument)| !argument.is_empty())
        {
            self.run_with_argument(action, argument, None);
        } else if let Some(spec) = palette::palette_rows(typed).get(palette.row) {
            self.run_action(spec.action, None);
        } else {
            self.notify_error(palette::unknown_command(typed));
        }
    }

    fn accept_prompt(&mut self, prompt: Prompt) {
        let typed = prompt.line.text().trim();
        match prompt.purpose {
            PromptPurpose::Pipe => {
                if let Some(open) = self.reading.open().filter(|_| !typed.is_empty()) {
                    let (command, text) = (typed.to_owned(), self.full_text(open));
                    self.outbox.push(Effect::Pipe { command, text });
                }
            }
            PromptPurpose::Argument { action, target } => self.run_with_argument(action, typed, target),
            PromptPurpose::ExportUnsaved if typed.is_empty() => {
                self.outbox.extend([Effect::DiscardUnsaved, Effect::Quit]);
            }
            PromptPurpose::ExportUnsaved => {
                let (changes, corpus) = (self.marks.unsaved(), Arc::clone(&self.corpus));
                self.outbox.push(Effect::ExportUnsaved { path: typed.into(), changes, corpus });
            }
        }
    }
}
