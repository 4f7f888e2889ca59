//! The table of actions and the contexts of keys.

/// A command of the reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the table below describes each action")]
pub enum Action {
    Down,
    Up,
    Top,
    Bottom,
    HalfPageDown,
    HalfPageUp,
    PageDown,
    PageUp,
    NextArticle,
    PreviousArticle,
    ReadOn,
    ReadBack,
    FocusLeft,
    FocusRight,
    SwitchPane,
    Open,
    Back,
    StartFilter,
    NextHit,
    PreviousHit,
    ClearFilter,
    KeepFilter,
    ToggleCase,
    HistoryOlder,
    HistoryNewer,
    Complete,
    CompleteBack,
    ShowLanguage,
    Cancel,
    CursorLeft,
    CursorRight,
    CursorWordLeft,
    CursorWordRight,
    CursorStart,
    CursorEnd,
    DeleteBack,
    DeleteForward,
    DeleteWord,
    DeleteToStart,
    DeleteToEnd,
    ToggleStar,
    ToggleRead,
    EditTags,
    EditNote,
    EditNoteElsewhere,
    NextUnread,
    PreviousUnread,
    Undo,
    Redo,
    MarkRead,
    MarkUnread,
    Star,
    Unstar,
    Tag,
    Untag,
    ShowSources,
    Narrow,
    Add,
    Exclude,
    RunSearch,
    SaveSearch,
    WatchSearch,
    ForgetSearch,
    Remove,
    ToggleWatches,
    ToggleZen,
    CycleTheme,
    WidenList,
    NarrowList,
    OpenLink,
    Copy,
    CopyText,
    Edit,
    Pipe,
    Export,
    AddFeed,
    RefreshFeeds,
    FullText,
    ShowChanges,
    Feed,
    Reload,
    StopLoading,
    ShowProblems,
    ShowPalette,
    ShowHelp,
    Redraw,
    Suspend,
    Quit,
}

/// A context of key bindings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Context {
    /// All panes.
    Global,
    /// The article list.
    List,
    /// The reading pane.
    Reading,
    /// The sources pane.
    Sources,
    /// A line of text: the filter bar, the palette and other prompts.
    Line,
    /// The note editor.
    Note,
    /// A list or a question over the panes.
    Dialog,
}

impl Context {
    /// All contexts, each with its name in the config.
    pub const NAMES: [(&str, Context); 7] = [
        ("global", Context::Global),
        ("list", Context::List),
        ("reading", Context::Reading),
        ("sources", Context::Sources),
        ("line", Context::Line),
        ("note", Context::Note),
        ("dialog", Context::Dialog),
    ];

    /// Returns the context with this name in the config.
    pub fn named(name: &str) -> Option<Context> {
        Self::NAMES.iter().find(|(known, _)| *known == name).map(|(_, context)| *context)
    }

    /// Returns the context as messages name it, such as `the list`.
    pub fn place(self) -> &'static str {
        match self {
            Context::Global => "all panes",
            Context::List => "the list",
            Context::Reading => "the reading pane",
            Context::Sources => "the sources",
            Context::Line => "a line",
            Context::Note => "a note",
            Context::Dialog => "a dialog",
        }
    }

    /// Returns whether global keys work in this context. Lines, notes and dialogs take all keys for themselves.
    pub fn is_pane(self) -> bool {
        matches!(self, Context::List | Context::Reading | Context::Sources)
    }

    /// Returns whether a key that types a character inserts it unless it is bound.
    pub fn is_text(self) -> bool {
        matches!(self, Context::Line | Context::Note)
    }
}

/// A section of the help.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "`title` describes each group")]
pub enum Group {
    Moving,
    Reading,
    Marking,
    Filtering,
    Searches,
    Feeds,
    Typing,
    View,
    Program,
}

impl Group {
    /// All groups, in the order of the help.
    pub const ALL: [Group; 9] = [
        Group::Moving,
        Group::Reading,
        Group::Marking,
        Group::Filtering,
        Group::Searches,
        Group::Feeds,
        Group::Typing,
        Group::View,
        Group::Program,
    ];

    /// Returns the title in the help.
    pub fn title(self) -> &'static str {
        match self {
            Group::Moving => "Moving",
            Group::Reading => "Reading",
            Group::Marking => "Marking",
            Group::Filtering => "Filtering",
            Group::Searches => "Sources and saved searches",
            Group::Feeds => "Feeds",
            Group::Typing => "While typing",
            Group::View => "View",
            Group::Program => "Program",
        }
    }
}

/// The argument that an action takes in the palette, as in `tag NAME`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Argument {
    /// No argument.
    None,
    /// A line of text.
    Text,
    /// One key. If the action is run by a key, the next key is the argument.
    Key,
}

/// The contexts in which the keys of an action work.
#[derive(Clone, Copy, Debug)]
pub struct Scope {
    /// The contexts that the action belongs to. No other action has its keys there.
    pub own: &'static [Context],
    /// Contexts in which its keys work too unless they have another meaning there. Keys that type text are left out in
    /// lines and notes.
    pub also: &'static [Context],
}

impl Scope {
    /// Returns whether the action can be bound in `context`. Actions of panes work in all panes.
    pub fn allows(self, context: Context) -> bool {
        let is_pane = |context: Context| context == Context::Global || context.is_pane();
        let mut all = self.own.iter().chain(self.also);
        all.any(|&own| own == context || is_pane(own) && is_pane(context))
    }
}

/// One row of the table.
#[derive(Clone, Copy, Debug)]
pub struct ActionSpec {
    /// The action.
    pub action: Action,
    /// The name in the config and in the command palette.
    pub name: &'static str,
    /// The help text: imperative, under 60 characters.
    pub help: &'static str,
    /// The section of the help.
    pub group: Group,
    /// The contexts in which the keys work.
    pub scope: Scope,
    /// The default keys.
    pub keys: &'static [&'static str],
    /// The argument.
    pub argument: Argument,
}

impl ActionSpec {
    /// Returns whether the palette offers the action; it leaves out those that edit a line.
    pub fn is_in_palette(&self) -> bool {
        !self.scope.own.contains(&Context::Line)
    }

    const fn takes(mut self, argument: Argument) -> ActionSpec {
        self.argument = argument;
        self
    }
}

const fn row(
    action: Action,
    name: &'static str,
    keys: &'static [&'static str],
    group: Group,
    scope: Scope,
    help: &'static str,
) -> ActionSpec {
    ActionSpec { action, name, help, group, scope, keys, argument: Argument::None }
}

const fn scope(own: &'static [Context], also: &'static [Context]) -> Scope {
    Scope { own, also }
}

const GLOBAL: Scope = scope(&[Context::Global], &[]);
const DIALOG: Scope = scope(&[Context::Global], &[Context::Dialog]);
const LINE_TOO: Scope = scope(&[Context::Global], &[Context::Line]);
const NOTE_TOO: Scope = scope(&[Context::Global], &[Context::Note, Context::Dialog]);
const CLOSING: Scope = scope(&[Context::Global], &[Context::Line, Context::Dialog]);
const EVERYWHERE: Scope = scope(&[Context::Global], &[Context::Line, Context::Note, Context::Dialog]);
const LIST: Scope = scope(&[Context::List], &[Context::Dialog]);
const ARTICLE: Scope = scope(&[Context::List, Context::Reading], &[]);
const SOURCES: Scope = scope(&[Context::Sources], &[]);
const LINE: Scope = scope(&[Context::Line], &[]);
const EDITING: Scope = scope(&[Context::Line], &[Context::Note]);

/// Every action, in the order of the help.
#[rustfmt::skip]
pub static ACTIONS: &[ActionSpec] = &[
    row(Action::Down, "down", &["j", "Down"], Group::Moving, NOTE_TOO, "Go to the next row, or scroll down one line"),
    row(Action::Up, "up", &["k", "Up"], Group::Moving, NOTE_TOO, "Go to the previous row, or scroll up one line"),
    row(Action::Top, "top", &["g", "Home"], Group::Moving, DIALOG, "Go to the first row, or the top of the text"),
    row(Action::Bottom, "bottom", &["G", "End"], Group::Moving, DIALOG, "Go to the last row, or the end of the text"),
    row(Action::HalfPageDown, "half-page-down", &["^D"], Group::Moving, DIALOG, "Go down half a page"),
    row(Action::HalfPageUp, "half-page-up", &["^U"], Group::Moving, DIALOG, "Go up half a page"),
    row(Action::PageDown, "page-down", &["^F", "PageDown"], Group::Moving, EVERYWHERE, "Go down a page"),
    row(Action::PageUp, "page-up", &["^B", "PageUp"], Group::Moving, EVERYWHERE, "Go up a page"),
    row(Action::FocusLeft, "focus-left", &["h", "Left"], Group::Moving, GLOBAL, "Go to the pane on the left"),
    row(Action::FocusRight, "focus-right", &["l", "Right"], Group::Moving, GLOBAL, "Go to the pane on the right"),
    row(Action::SwitchPane, "switch-pane", &["Tab", "Shift-Tab"], Group::Moving, GLOBAL, "Go to the next pane"),
    row(Action::Open, "open", &["Enter"], Group::Reading, LIST, "Read the selected article"),
    row(Action::ReadOn, "read-on", &["Space"], Group::Reading, DIALOG, "Scroll down a page, then open the next article"),
    row(Action::ReadBack, "read-back", &["b"], Group::Reading, DIALOG, "Scroll the text up a page"),
    row(Action::NextArticle, "next-article", &["J"], Group::Reading, GLOBAL, "Open the next article, from any pane"),
    row(Action::PreviousArticle, "previous-article", &["K"], Group::Reading, GLOBAL, "Open the previous article, from any pane"),
    row(Action::OpenLink, "open-link", &["o"], Group::Reading, GLOBAL, "Open the article's address in the browser"),
    row(Action::Copy, "copy", &["y"], Group::Reading, GLOBAL, "Copy headline and address"),
    row(Action::CopyText, "copy-text", &["Y"], Group::Reading, GLOBAL, "Copy the whole article"),
    row(Action::Edit, "edit", &["e"], Group::Reading, GLOBAL, "Open the article's file in the editor"),
    row(Action::Pipe, "pipe", &["|"], Group::Reading, GLOBAL, "Pipe the article to a command"),
    row(Action::Export, "export", &["w"], Group::Reading, ARTICLE, "Export the article, or all listed articles, to a file").takes(Argument::Text),
    row(Action::ToggleStar, "toggle-star", &["s"], Group::Marking, GLOBAL, "Star or unstar the article or source"),
    row(Action::ToggleRead, "toggle-read", &["r"], Group::Marking, GLOBAL, "Mark the article or source read or unread"),
    row(Action::EditTags, "tags", &["t"], Group::Marking, GLOBAL, "Edit tags of the article or source").takes(Argument::Text),
    row(Action::EditNote, "note", &["m"], Group::Marking, GLOBAL, "Write a note on the article"),
    row(Action::EditNoteElsewhere, "note-in-editor", &["M"], Group::Marking, GLOBAL, "Write the note in your editor"),
    row(Action::NextUnread, "next-unread", &["]"], Group::Marking, GLOBAL, "Go to the next unread article"),
    row(Action::PreviousUnread, "previous-unread", &["["], Group::Marking, GLOBAL, "Go to the previous unread article"),
    row(Action::Undo, "undo", &["u"], Group::Marking, GLOBAL, "Undo the last step, even of an earlier session"),
    row(Action::Redo, "redo", &["^R"], Group::Marking, GLOBAL, "Redo the last undone step"),
    row(Action::MarkRead, "read", &[], Group::Marking, GLOBAL, "Mark all listed articles, or a source, as read"),
    row(Action::MarkUnread, "unread", &[], Group::Marking, GLOBAL, "Mark all listed articles, or a source, as unread"),
    row(Action::Star, "star", &[], Group::Marking, GLOBAL, "Star all listed articles, or a source"),
    row(Action::Unstar, "unstar", &[], Group::Marking, GLOBAL, "Unstar all listed articles, or a source"),
    row(Action::Tag, "tag", &[], Group::Marking, GLOBAL, "Tag all listed articles, or a source: tag NAME").takes(Argument::Text),
    row(Action::Untag, "untag", &[], Group::Marking, GLOBAL, "Untag all listed articles, or a source: untag NAME").takes(Argument::Text),
    row(Action::StartFilter, "filter", &["/"], Group::Filtering, DIALOG, "Edit the filter"),
    row(Action::NextHit, "next-hit", &["n"], Group::Filtering, GLOBAL, "Go to the next hit, also in the next article"),
    row(Action::PreviousHit, "previous-hit", &["N"], Group::Filtering, GLOBAL, "Go to the previous hit, also in the article before"),
    row(Action::KeepFilter, "keep-filter", &["Enter"], Group::Filtering, LINE, "Apply the filter and go to the list"),
    row(Action::ClearFilter, "clear-filter", &["Esc"], Group::Filtering, LINE, "Clear the filter, or close the prompt"),
    row(Action::ToggleCase, "toggle-case", &["Alt-c"], Group::Filtering, LINE_TOO, "Match case of words in capitals, of all words, or never"),
    row(Action::HistoryOlder, "history-older", &["Up", "^P"], Group::Filtering, LINE, "Show an older filter"),
    row(Action::HistoryNewer, "history-newer", &["Down", "^N"], Group::Filtering, LINE, "Show a newer filter"),
    row(Action::Complete, "complete", &["Tab"], Group::Filtering, LINE, "Complete a field or value; press again for the next"),
    row(Action::CompleteBack, "complete-back", &["Shift-Tab"], Group::Filtering, LINE, "Go to the previous completion"),
    row(Action::ShowLanguage, "language", &["?", "F1"], Group::Filtering, LINE, "Show the filter syntax; ? only at the start of a word"),
    row(Action::Cancel, "cancel", &["^C"], Group::Filtering, LINE, "Cancel typing and restore the line"),
    row(Action::ShowSources, "sources", &["f"], Group::Searches, GLOBAL, "Open, focus or close the sources pane"),
    row(Action::Narrow, "narrow", &["Enter"], Group::Searches, SOURCES, "Filter by this row only; press again to remove it"),
    row(Action::Add, "add", &["+"], Group::Searches, SOURCES, "Filter by this row as well (OR)"),
    row(Action::Exclude, "exclude", &["-"], Group::Searches, SOURCES, "Exclude this row; press again to include it"),
    row(Action::SaveSearch, "save-search", &["S"], Group::Searches, GLOBAL, "Save the filter: NAME 'KEY COLOUR watch").takes(Argument::Text),
    row(Action::RunSearch, "run-search", &["'"], Group::Searches, GLOBAL, "Run the saved search with the key that follows").takes(Argument::Key),
    row(Action::WatchSearch, "watch-search", &["w"], Group::Searches, SOURCES, "Toggle highlighting of its words everywhere").takes(Argument::Text),
    row(Action::ForgetSearch, "forget-search", &[], Group::Searches, SOURCES, "Delete a saved search: forget-search NAME").takes(Argument::Text),
    row(Action::Remove, "remove", &["D", "Delete"], Group::Searches, SOURCES, "Unsubscribe, or delete the saved search"),
    row(Action::ToggleWatches, "toggle-watches", &["W"], Group::Searches, GLOBAL, "Show or hide watched words"),
    row(Action::CursorLeft, "cursor-left", &["Left"], Group::Typing, EDITING, "Move one character left"),
    row(Action::CursorRight, "cursor-right", &["Right"], Group::Typing, EDITING, "Move one character right"),
    row(Action::CursorWordLeft, "cursor-word-left", &["Alt-b", "^Left"], Group::Typing, EDITING, "Move one word left"),
    row(Action::CursorWordRight, "cursor-word-right", &["Alt-f", "^Right"], Group::Typing, EDITING, "Move one word right"),
    row(Action::CursorStart, "cursor-start", &["Home", "^A"], Group::Typing, EDITING, "Move to the start of the line"),
    row(Action::CursorEnd, "cursor-end", &["End", "^E"], Group::Typing, EDITING, "Move to the end of the line"),
    row(Action::DeleteBack, "delete-back", &["Backspace", "^H"], Group::Typing, EDITING, "Delete the character before the cursor"),
    row(Action::DeleteForward, "delete-forward", &["Delete", "^D"], Group::Typing, EDITING, "Delete the character under the cursor"),
    row(Action::DeleteWord, "delete-word", &["^W", "Alt-Backspace"], Group::Typing, EDITING, "Delete the word before the cursor"),
    row(Action::DeleteToStart, "delete-to-start", &["^U"], Group::Typing, EDITING, "Delete to the start of the line"),
    row(Action::DeleteToEnd, "delete-to-end", &["^K"], Group::Typing, EDITING, "Delete to the end of the line"),
    row(Action::AddFeed, "add-feed", &["a"], Group::Feeds, GLOBAL, "Subscribe to a feed, or to the feed of a page").takes(Argument::Text),
    row(Action::RefreshFeeds, "refresh-feeds", &["R"], Group::Feeds, GLOBAL, "Fetch all feeds; Esc stops").takes(Argument::Text),
    row(Action::FullText, "full-text", &["F"], Group::Feeds, GLOBAL, "Toggle between the feed text and the full article"),
    row(Action::ShowChanges, "changes", &["d"], Group::Feeds, GLOBAL, "Show what changed in an entry at its source"),
    row(Action::Feed, "feed", &[], Group::Feeds, GLOBAL, "Run a feed command: add, remove, list, import, export …").takes(Argument::Text),
    row(Action::ToggleZen, "zen", &["z"], Group::View, GLOBAL, "Toggle zen: only the text"),
    row(Action::WidenList, "widen-list", &[">"], Group::View, GLOBAL, "Widen the list"),
    row(Action::NarrowList, "narrow-list", &["<"], Group::View, GLOBAL, "Narrow the list"),
    row(Action::CycleTheme, "theme", &["T"], Group::View, GLOBAL, "Switch theme: automatic, dark, light, 16 colours"),
    row(Action::ShowProblems, "problems", &["!"], Group::View, DIALOG, "List files that could not be read, and why"),
    row(Action::ShowHelp, "help", &["?", "F1"], Group::View, DIALOG, "Show all keys"),
    row(Action::ShowPalette, "palette", &[":"], Group::View, GLOBAL, "Find an action by name"),
    row(Action::Back, "back", &["Esc"], Group::Program, NOTE_TOO, "Go back: pane, filter; press twice to stop loading"),
    row(Action::Reload, "reload", &["F5"], Group::Program, GLOBAL, "Read all files again, or load the rest"),
    row(Action::StopLoading, "stop-loading", &[], Group::Program, GLOBAL, "Stop loading and show the loaded articles"),
    row(Action::Redraw, "redraw", &["^L"], Group::Program, EVERYWHERE, "Redraw the screen"),
    row(Action::Suspend, "suspend", &["^Z"], Group::Program, EVERYWHERE, "Suspend (fg resumes)"),
    row(Action::Quit, "quit", &["q", "^C"], Group::Program, CLOSING, "Quit"),
];

impl Action {
    /// Returns the row of the action.
    pub fn spec(self) -> &'static ActionSpec {
        // A test checks that every action has a row, so the first row is never returned for another action.
        ACTIONS.iter().find(|spec| spec.action == self).unwrap_or(&ACTIONS[0])
    }

    /// Returns whether the action takes an argument, as in `tag NAME`.
    pub fn takes_argument(self) -> bool {
        self.spec().argument != Argument::None
    }

    /// Returns the action with this name.
    pub fn named(name: &str) -> Option<Action> {
        ACTIONS.iter().find(|spec| spec.name == name).map(|spec| spec.action)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn actions_have_one_row_and_a_unique_name() {
        // The discriminant of the last variant is the number of the others.
        assert_eq!(ACTIONS.len(), Action::Quit as usize + 1);
        assert_eq!(ACTIONS.iter().map(|spec| spec.action).collect::<HashSet<_>>().len(), ACTIONS.len());
        assert_eq!(ACTIONS.iter().map(|spec| spec.name).collect::<HashSet<_>>().len(), ACTIONS.len());
        for spec in ACTIONS {
            assert_eq!(spec.action.spec().name, spec.name);
            assert!(spec.name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-'), "{}", spec.name);
            assert!(spec.help.chars().count() < 60 && !spec.help.ends_with('.'), "{}", spec.help);
        }
    }
}
