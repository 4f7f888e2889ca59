//! What lies over the panes: the help, the problems, the command palette, a question. One at a time.

use crate::app::Export;
use crate::app::LineEditor;
use crate::keys::{ACTIONS, Action, ActionSpec, FeedCommand, Key, KeyCode, Keymap};
use crate::query::{SavedSearch, closest};

/// What lies over the panes: a list, a line that is typed into, or both.
#[derive(Clone, Debug)]
pub struct Overlay {
    /// Which.
    pub kind: OverlayKind,
    /// What is typed into it.
    pub line: LineEditor,
    /// Whether keys are typed.
    pub typing: bool,
    /// The selected row, or the row at the top.
    pub row: usize,
}

/// Which list or question lies over the panes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OverlayKind {
    /// All keys; what is typed after `/` searches them.
    Help,
    /// What may be written in the filter bar.
    Language,
    /// What could not be read.
    Problems,
    /// Actions by name.
    Palette,
    /// The command that is to get the article.
    Pipe,
    /// What this action is to be about.
    Ask(Action),
    /// Which of the feeds of a page is meant.
    ChooseFeed,
    /// How all feeds are.
    FeedList,
    /// What changed in an entry of a feed.
    Changes,
    /// Whether to run the command of the [`Question`].
    Confirm,
    /// The file that is to get what could not be kept.
    Unkept,
}

/// A yes-or-no question and the command that a yes runs.
#[derive(Clone, Debug)]
pub struct Question {
    /// One sentence that ends with a question mark; made safe when it is drawn.
    pub text: String,
    /// Runs on `y`.
    pub on_yes: Confirmed,
}

/// The action that a yes runs.
#[derive(Clone, Debug)]
pub enum Confirmed {
    /// A command about feeds.
    Feed(FeedCommand),
    /// An export that replaces an existing file.
    Overwrite(Box<Export>),
    /// A search that replaces the one of the same name.
    ReplaceSearch(SavedSearch),
}

impl From<FeedCommand> for Confirmed {
    fn from(command: FeedCommand) -> Confirmed {
        Confirmed::Feed(command)
    }
}

/// What a key in an overlay leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It stays.
    Stay,
    /// It goes away.
    Close,
    /// It goes away, and what is selected or typed is done.
    Accept,
}

impl Overlay {
    /// Opens one.
    pub(crate) fn new(kind: OverlayKind) -> Overlay {
        let typing =
            matches!(kind, OverlayKind::Palette | OverlayKind::Pipe | OverlayKind::Ask(_) | OverlayKind::Unkept);
        Overlay { kind, line: LineEditor::default(), typing, row: 0 }
    }

    /// Types or pastes text, where text is typed.
    pub(crate) fn insert(&mut self, text: &str) {
        if self.typing {
            self.line.insert(text);
            self.row = 0;
        }
    }

    /// Handles a key and its action in the keymap. `rows` is the number of rows, `page` the number of rows on a page.
    pub(crate) fn key(&mut self, key: Key, action: Option<Action>, rows: usize, page: usize) -> Outcome {
        let page = isize::try_from(page).unwrap_or(1);
        let move_by = |row: usize, by: isize| row.saturating_add_signed(by).min(rows.saturating_sub(1));
        match (action, key.typed()) {
            // Esc closes even if "back" has other keys.
            _ if key.code == KeyCode::Esc => return Outcome::Close,
            (Some(Action::Back | Action::ClearFilter), _) => return Outcome::Close,
            (_, typed) if self.kind == OverlayKind::Confirm => {
                return match typed {
                    Some('y' | 'Y') => Outcome::Accept,
                    Some('n' | 'N' | 'q') => Outcome::Close,
                    None if matches!(action, Some(Action::Quit | Action::Cancel)) => Outcome::Close,
                    _ if action == Some(Action::Open) => Outcome::Accept,
                    _ => Outcome::Stay,
                };
            }
            // Cancelling the search leaves the help open.
            (Some(Action::Cancel), _) if self.kind == OverlayKind::Help => {
                self.line.set("");
                (self.typing, self.row) = (false, 0);
            }
            (Some(Action::Cancel), _) => return Outcome::Close,
            (Some(Action::Open), _) if matches!(self.kind, OverlayKind::ChooseFeed | OverlayKind::FeedList) => {
                return Outcome::Accept;
            }
            (Some(Action::HistoryOlder | Action::Up), _) => self.row = move_by(self.row, -1),
            (Some(Action::HistoryNewer | Action::Down), _) => self.row = move_by(self.row, 1),
            (Some(Action::PageDown | Action::HalfPageDown | Action::ReadOn), _) => self.row = move_by(self.row, page),
            (Some(Action::PageUp | Action::HalfPageUp | Action::ReadBack), _) => self.row = move_by(self.row, -page),
            (Some(Action::Top), _) => self.row = 0,
            (Some(Action::Bottom), _) => self.row = rows.saturating_sub(1),
            (Some(Action::StartFilter), _) => self.typing = self.kind == OverlayKind::Help,
            (Some(Action::KeepFilter), _) if self.kind == OverlayKind::Help => self.typing = false,
            (Some(Action::KeepFilter), _) => return Outcome::Accept,
            (Some(Action::ShowLanguage), Some(c)) if self.typing => self.insert(c.encode_utf8(&mut [0; 4])),
            (Some(Action::Quit | Action::ShowHelp | Action::ShowLanguage | Action::ShowProblems), _) => {
                return Outcome::Close;
            }
            (Some(action), _) if self.typing => {
                if self.line.apply(action) {
                    self.row = 0;
                }
            }
            (None, Some(c)) => self.insert(c.encode_utf8(&mut [0; 4])),
            (Some(_) | None, _) => {}
        }
        Outcome::Stay
    }
}

/// The rows of the help that fit what is searched: every word of it stands in the name, the help or the keys.
pub fn help_rows(search: &str, keymap: &Keymap) -> Vec<&'static ActionSpec> {
    let words: Vec<String> = search.split_whitespace().map(str::to_lowercase).collect();
    let fits = |spec: &&ActionSpec| {
        let keys = keymap.keys(spec.action);
        let text = format!("{} {} {}", spec.name, spec.help, spec.group.title()).to_lowercase();
        words.iter().all(|word| text.contains(word) || keys.iter().any(|keys| keys.to_string().to_lowercase() == *word))
    };
    ACTIONS.iter().filter(fits).collect()
}

/// The palette command that replaces an existing file.
pub(crate) const EXPORT_OVER: &str = "export!";

/// Returns the message for a command that the palette does not know.
pub(crate) fn unknown_command(typed: &str) -> String {
    let name = typed.split_whitespace().next().unwrap_or("");
    if Action::named(name).is_some() {
        return format!("\"{name}\" takes nothing after its name");
    }
    let known = ACTIONS.iter().filter(|spec| spec.is_in_palette()).map(|spec| spec.name);
    let near = closest(name, known).map_or_else(String::new, |near| format!("; did you mean \"{near}\"?"));
    format!("Unknown command \"{name}\"{near}")
}

/// The action and its argument, where what is typed in the palette begins with the name of one that takes any.
pub(crate) fn with_argument(typed: &str) -> Option<(Action, &str)> {
    let (name, argument) = typed.trim_start().split_once(char::is_whitespace)?;
    let name = if name == EXPORT_OVER { Action::Export.spec().name } else { name };
    let action = Action::named(name).filter(|action| action.takes_argument())?;
    Some((action, argument.trim()))
}

/// The actions of the palette that fit what is typed, the best first: the letters of it stand in the name in order.
pub fn palette_rows(typed: &str) -> Vec<&'static ActionSpec> {
    // What follows the name of an action that takes an argument is that argument.
    if let Some((action, _)) = with_argument(typed) {
        return vec![action.spec()];
    }
    let typed: String = typed.to_lowercase().split_whitespace().collect::<Vec<_>>().join("-");
    let rank = |spec: &ActionSpec| {
        let mut letters = spec.name.chars();
        if spec.name == typed {
            Some(0)
        } else if spec.name.starts_with(&typed) {
            Some(1)
        } else if spec.name.contains(&typed) {
            Some(2)
        } else if spec.help.to_lowercase().contains(&typed.replace('-', " ")) {
            Some(3)
        } else {
            typed.chars().all(|wanted| letters.any(|letter| letter == wanted)).then_some(4)
        }
    };
    let mut rows: Vec<_> = ACTIONS
        .iter()
        .filter(|spec| spec.is_in_palette() && spec.action != Action::ShowPalette)
        .filter_map(|spec| rank(spec).map(|rank| (rank, spec)))
        .collect();
    rows.sort_by_key(|(rank, _)| *rank);
    rows.into_iter().map(|(_, spec)| spec).collect()
}
