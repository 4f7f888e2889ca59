//! The dialog over the panes. Each kind carries its data. There is at most one.

use crate::app::{DiffSpan, Export, FeedStatus, LineEditor, Prompt, help_rows, palette_rows};
use crate::keys::{Action, FeedCommand, Key, KeyCode, Keymap};
use crate::query::{LANGUAGE, SavedSearch};

/// A dialog over the panes.
#[derive(Clone, Debug)]
pub enum Overlay {
    /// All keys, with a search.
    Help(HelpDialog),
    /// The query language.
    Language {
        /// The first visible row.
        row: usize,
    },
    /// Problems with files and feeds.
    Problems {
        /// The first visible row.
        row: usize,
    },
    /// Actions by name.
    Palette(PaletteDialog),
    /// A line of text for an action, a command or a file.
    Prompt(Prompt),
    /// A choice of the feeds of a page, each with address and title.
    FeedChoice(SelectList<(String, String)>),
    /// All feeds with their state.
    FeedList(SelectList<FeedStatus>),
    /// The changes of an entry, by paragraphs.
    Changes(SelectList<Vec<DiffSpan>>),
    /// A yes-or-no question.
    Confirm(Question),
}

/// The help.
#[derive(Clone, Debug, Default)]
pub struct HelpDialog {
    /// The search text.
    pub search: LineEditor,
    /// Whether keys go to the search text.
    pub is_typing: bool,
    /// The first visible row.
    pub row: usize,
}

/// The command palette.
#[derive(Clone, Debug, Default)]
pub struct PaletteDialog {
    /// The typed command.
    pub line: LineEditor,
    /// The selected row.
    pub row: usize,
}

/// A list with a selected or first visible row.
#[derive(Clone, Debug)]
pub struct SelectList<T> {
    /// The items.
    pub items: Vec<T>,
    /// The selected or first visible item.
    pub row: usize,
}

impl<T> SelectList<T> {
    pub(crate) fn new(items: Vec<T>) -> SelectList<T> {
        SelectList { items, row: 0 }
    }
}

/// A yes-or-no question and the action that a yes runs.
#[derive(Clone, Debug)]
pub struct Question {
    /// One sentence that ends with a question mark. It is sanitized when it is drawn.
    pub text: String,
    /// The action that `y` runs.
    pub on_yes: ConfirmedAction,
}

impl Question {
    /// Returns whether a yes replaces something. Enter does not answer the question then, so that a double Enter
    /// replaces nothing.
    pub(crate) fn replaces(&self) -> bool {
        matches!(self.on_yes, ConfirmedAction::Overwrite(_) | ConfirmedAction::ReplaceSearch(_))
    }

    fn on_key(&self, key: Key, action: Option<Action>) -> KeyOutcome {
        match key.typed() {
            Some('y' | 'Y') => KeyOutcome::Accept,
            Some('n' | 'N' | 'q') => KeyOutcome::Close,
            None if matches!(action, Some(Action::Quit | Action::Cancel)) => KeyOutcome::Close,
            _ if action == Some(Action::Open) && !(key.code == KeyCode::Enter && self.replaces()) => KeyOutcome::Accept,
            _ => KeyOutcome::Stay,
        }
    }
}

/// The action that a yes runs.
#[derive(Clone, Debug)]
pub enum ConfirmedAction {
    /// A command about feeds.
    Feed(FeedCommand),
    /// An export that replaces an existing file.
    Overwrite(Box<Export>),
    /// A search that replaces the one of the same name.
    ReplaceSearch(SavedSearch),
}

impl From<FeedCommand> for ConfirmedAction {
    fn from(command: FeedCommand) -> ConfirmedAction {
        ConfirmedAction::Feed(command)
    }
}

/// The effect of a key in a dialog.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum KeyOutcome {
    /// The dialog stays.
    Stay,
    /// The dialog closes.
    Close,
    /// The dialog closes, and the selected or typed item is used.
    Accept,
}

/// The context for the keys of a dialog.
pub(crate) struct DialogContext<'a> {
    pub(crate) keymap: &'a Keymap,
    /// The number of rows that a page key moves.
    pub(crate) page: usize,
    /// The number of listed problems.
    pub(crate) problems: usize,
}

impl Overlay {
    pub(crate) fn help() -> Overlay {
        Overlay::Help(HelpDialog::default())
    }

    pub(crate) fn palette() -> Overlay {
        Overlay::Palette(PaletteDialog::default())
    }

    /// Returns the typed text; empty if the dialog has no line.
    pub fn text(&self) -> &str {
        match self {
            Overlay::Help(help) => help.search.text(),
            Overlay::Palette(palette) => palette.line.text(),
            Overlay::Prompt(prompt) => prompt.line.text(),
            Overlay::Language { .. }
            | Overlay::Problems { .. }
            | Overlay::FeedChoice(_)
            | Overlay::FeedList(_)
            | Overlay::Changes(_)
            | Overlay::Confirm(_) => "",
        }
    }

    /// Returns the selected or first visible row.
    pub fn row(&self) -> usize {
        match self {
            Overlay::Help(HelpDialog { row, .. })
            | Overlay::Palette(PaletteDialog { row, .. })
            | Overlay::Language { row }
            | Overlay::Problems { row } => *row,
            Overlay::FeedChoice(list) => list.row,
            Overlay::FeedList(list) => list.row,
            Overlay::Changes(list) => list.row,
            Overlay::Prompt(_) | Overlay::Confirm(_) => 0,
        }
    }

    fn set_row(&mut self, to: usize) {
        match self {
            Overlay::Help(HelpDialog { row, .. })
            | Overlay::Palette(PaletteDialog { row, .. })
            | Overlay::Language { row }
            | Overlay::Problems { row } => *row = to,
            Overlay::FeedChoice(list) => list.row = to,
            Overlay::FeedList(list) => list.row = to,
            Overlay::Changes(list) => list.row = to,
            Overlay::Prompt(_) | Overlay::Confirm(_) => {}
        }
    }

    fn row_count(&self, context: &DialogContext<'_>) -> usize {
        match self {
            Overlay::Help(help) => help_rows(help.search.text(), context.keymap).len(),
            Overlay::Palette(palette) => palette_rows(palette.line.text()).len(),
            Overlay::Problems { .. } => context.problems,
            Overlay::Language { .. } => LANGUAGE.len(),
            Overlay::FeedChoice(list) => list.items.len(),
            Overlay::FeedList(list) => list.items.len(),
            Overlay::Changes(list) => list.items.len(),
            Overlay::Prompt(_) | Overlay::Confirm(_) => 0,
        }
    }

    /// Returns the line that keys are typed into.
    fn typed_line(&mut self) -> Option<&mut LineEditor> {
        match self {
            Overlay::Help(help) => help.is_typing.then_some(&mut help.search),
            Overlay::Palette(palette) => Some(&mut palette.line),
            Overlay::Prompt(prompt) => Some(&mut prompt.line),
            _ => None,
        }
    }

    /// Types or pastes text into the line, if there is one.
    pub(crate) fn insert(&mut self, text: &str) {
        if let Some(line) = self.typed_line() {
            line.insert(text);
            self.set_row(0);
        }
    }

    /// Returns whether keys are typed into a line.
    pub(crate) fn is_typing(&self) -> bool {
        match self {
            Overlay::Help(help) => help.is_typing,
            Overlay::Palette(_) | Overlay::Prompt(_) => true,
            Overlay::Language { .. }
            | Overlay::Problems { .. }
            | Overlay::FeedChoice(_)
            | Overlay::FeedList(_)
            | Overlay::Changes(_)
            | Overlay::Confirm(_) => false,
        }
    }

    /// Handles a key and its action in the keymap.
    pub(crate) fn on_key(&mut self, key: Key, action: Option<Action>, context: &DialogContext<'_>) -> KeyOutcome {
        // Esc closes even if "back" has other keys.
        if key.code == KeyCode::Esc || matches!(action, Some(Action::Back | Action::ClearFilter)) {
            return KeyOutcome::Close;
        }
        if let Overlay::Confirm(question) = self {
            return question.on_key(key, action);
        }
        let is_typing = self.is_typing();
        let page = isize::try_from(context.page).unwrap_or(1);
        match (action, key.typed()) {
            // Cancelling the search leaves the help open.
            (Some(Action::Cancel), _) => match self {
                Overlay::Help(help) => *help = HelpDialog::default(),
                _ => return KeyOutcome::Close,
            },
            (Some(Action::Open), _) if matches!(self, Overlay::FeedChoice(_) | Overlay::FeedList(_)) => {
                return KeyOutcome::Accept;
            }
            (Some(Action::HistoryOlder | Action::Up), _) => self.move_by(-1, context),
            (Some(Action::HistoryNewer | Action::Down), _) => self.move_by(1, context),
            (Some(Action::PageDown | Action::HalfPageDown | Action::ReadOn), _) => self.move_by(page, context),
            (Some(Action::PageUp | Action::HalfPageUp | Action::ReadBack), _) => self.move_by(-page, context),
            (Some(Action::Top), _) => self.set_row(0),
            (Some(Action::Bottom), _) => self.set_row(self.row_count(context).saturating_sub(1)),
            (Some(Action::StartFilter), _) => {
                if let Overlay::Help(help) = self {
                    help.is_typing = true;
                }
            }
            (Some(Action::KeepFilter), _) => match self {
                Overlay::Help(help) => help.is_typing = false,
                _ => return KeyOutcome::Accept,
            },
            (Some(Action::ShowLanguage), Some(c)) if is_typing => self.insert(c.encode_utf8(&mut [0; 4])),
            (Some(Action::Quit | Action::ShowHelp | Action::ShowLanguage | Action::ShowProblems), _) => {
                return KeyOutcome::Close;
            }
            (Some(action), _) => {
                if self.typed_line().is_some_and(|line| line.apply(action)) {
                    self.set_row(0);
                }
            }
            (None, Some(c)) => self.insert(c.encode_utf8(&mut [0; 4])),
            (None, None) => {}
        }
        KeyOutcome::Stay
    }

    fn move_by(&mut self, by: isize, context: &DialogContext<'_>) {
        let last = self.row_count(context).saturating_sub(1);
        self.set_row(self.row().saturating_add_signed(by).min(last));
    }
}
