//! The table of actions.

/// Something that a reader can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the table below says what each does")]
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

/// Where a key means something. A key that a context does not know may mean something in [`Context::Global`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Context {
    /// Everywhere but where text is typed.
    Global,
    /// In the article list.
    List,
    /// In the article list and the reading pane.
    Article,
    /// In the sources pane.
    Sources,
    /// Wherever a line of text is typed: the filter bar, the palette, a question.
    Line,
}

/// The part of the help in which an action stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the titles say it")]
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

    /// Its title.
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

/// One row of the table.
#[derive(Clone, Copy, Debug)]
pub struct ActionSpec {
    /// The action.
    pub action: Action,
    /// Its name in the config and in the command palette.
    pub name: &'static str,
    /// What it does, in a few words.
    pub help: &'static str,
    /// Where it stands in the help.
    pub group: Group,
    /// Where its keys work.
    pub context: Context,
    /// Its keys, unless the config gives it others.
    pub keys: &'static [&'static str],
}

const fn row(
    action: Action,
    name: &'static str,
    keys: &'static [&'static str],
    group: Group,
    context: Context,
    help: &'static str,
) -> ActionSpec {
    ActionSpec { action, name, help, group, context, keys }
}

use Context::{Article, Global, Line, List, Sources};

/// Every action, in the order of the help.
#[rustfmt::skip]
pub static ACTIONS: &[ActionSpec] = &[
    row(Action::Down, "down", &["j", "Down"], Group::Moving, Global, "Next article, or one line down"),
    row(Action::Up, "up", &["k", "Up"], Group::Moving, Global, "Previous article, or one line up"),
    row(Action::Top, "top", &["g", "Home"], Group::Moving, Global, "To the first article, or the top of the text"),
    row(Action::Bottom, "bottom", &["G", "End"], Group::Moving, Global, "To the last article, or the end of the text"),
    row(Action::HalfPageDown, "half-page-down", &["^D"], Group::Moving, Global, "Half a page down"),
    row(Action::HalfPageUp, "half-page-up", &["^U"], Group::Moving, Global, "Half a page up"),
    row(Action::PageDown, "page-down", &["^F", "PageDown"], Group::Moving, Global, "A page down"),
    row(Action::PageUp, "page-up", &["^B", "PageUp"], Group::Moving, Global, "A page up"),
    row(Action::FocusLeft, "focus-left", &["h", "Left"], Group::Moving, Global, "To the article list"),
    row(Action::FocusRight, "focus-right", &["l", "Right"], Group::Moving, Global, "To the reading pane"),
    row(Action::SwitchPane, "switch-pane", &["Tab", "Shift-Tab"], Group::Moving, Global, "To the other pane"),
    row(Action::Open, "open", &["Enter"], Group::Reading, List, "Read the selected article"),
    row(Action::ReadOn, "read-on", &["Space"], Group::Reading, Global, "A page of text down, then the next article"),
    row(Action::ReadBack, "read-back", &["b"], Group::Reading, Global, "A page of text up"),
    row(Action::NextArticle, "next-article", &["J"], Group::Reading, Global, "Next article, from either pane"),
    row(Action::PreviousArticle, "previous-article", &["K"], Group::Reading, Global, "Previous article, from either pane"),
    row(Action::OpenLink, "open-link", &["o"], Group::Reading, Global, "Open the article's address in the browser"),
    row(Action::Copy, "copy", &["y"], Group::Reading, Global, "Copy headline and address"),
    row(Action::CopyText, "copy-text", &["Y"], Group::Reading, Global, "Copy the whole article"),
    row(Action::Edit, "edit", &["e"], Group::Reading, Global, "Open the article's file in the editor"),
    row(Action::Pipe, "pipe", &["|"], Group::Reading, Global, "Give the article to a command"),
    row(Action::Export, "export", &["w"], Group::Reading, Article, "Export the article, or all listed articles, to a file"),
    row(Action::ToggleStar, "toggle-star", &["s"], Group::Marking, Global, "Star or unstar the article, or a source"),
    row(Action::ToggleRead, "toggle-read", &["r"], Group::Marking, Global, "Mark the article, or a source, as read or unread"),
    row(Action::EditTags, "tags", &["t"], Group::Marking, Global, "Edit the tags of the article, or of a source"),
    row(Action::EditNote, "note", &["m"], Group::Marking, Global, "Write a note on the article"),
    row(Action::EditNoteElsewhere, "note-in-editor", &["M"], Group::Marking, Global, "Write the note in the editor"),
    row(Action::NextUnread, "next-unread", &["]"], Group::Marking, Global, "Next unread article"),
    row(Action::PreviousUnread, "previous-unread", &["["], Group::Marking, Global, "Unread article before"),
    row(Action::Undo, "undo", &["u"], Group::Marking, Global, "Undo the last step, even from before the start"),
    row(Action::Redo, "redo", &["^R"], Group::Marking, Global, "Redo the last undone step"),
    row(Action::MarkRead, "read", &[], Group::Marking, Global, "Mark all listed articles, or a source, as read"),
    row(Action::MarkUnread, "unread", &[], Group::Marking, Global, "Mark all listed articles, or a source, as unread"),
    row(Action::Star, "star", &[], Group::Marking, Global, "Star all listed articles, or a source"),
    row(Action::Unstar, "unstar", &[], Group::Marking, Global, "Unstar all listed articles, or a source"),
    row(Action::Tag, "tag", &[], Group::Marking, Global, "Tag all listed articles, or a source: tag NAME"),
    row(Action::Untag, "untag", &[], Group::Marking, Global, "Untag all listed articles, or a source: untag NAME"),
    row(Action::StartFilter, "filter", &["/"], Group::Filtering, Global, "Type into the filter"),
    row(Action::NextHit, "next-hit", &["n"], Group::Filtering, Global, "Next hit, on into the next article"),
    row(Action::PreviousHit, "previous-hit", &["N"], Group::Filtering, Global, "Previous hit, back into the article before"),
    row(Action::KeepFilter, "keep-filter", &["Enter"], Group::Filtering, Line, "Keep the filter and go to the list"),
    row(Action::ClearFilter, "clear-filter", &["Esc"], Group::Filtering, Line, "Clear the filter, or leave what is typed"),
    row(Action::ToggleCase, "toggle-case", &["Alt-c"], Group::Filtering, Global, "Match case of words in capitals, of all words, or never"),
    row(Action::HistoryOlder, "history-older", &["Up", "^P"], Group::Filtering, Line, "An older filter"),
    row(Action::HistoryNewer, "history-newer", &["Down", "^N"], Group::Filtering, Line, "A newer filter"),
    row(Action::Complete, "complete", &["Tab"], Group::Filtering, Line, "Complete a field or a value; again for the next"),
    row(Action::CompleteBack, "complete-back", &["Shift-Tab"], Group::Filtering, Line, "The candidate before"),
    row(Action::ShowLanguage, "language", &["?", "F1"], Group::Filtering, Line, "How to write a filter; ? where a word begins"),
    row(Action::Cancel, "cancel", &["^C"], Group::Filtering, Line, "Cancel typing and restore the line"),
    row(Action::ShowSources, "sources", &["f"], Group::Searches, Global, "Sources, sections, tags, searches; again to close"),
    row(Action::Narrow, "narrow", &["Enter"], Group::Searches, Sources, "Filter by this row only; press again to remove it"),
    row(Action::Add, "add", &["+"], Group::Searches, Sources, "Filter by this row as well (OR)"),
    row(Action::Exclude, "exclude", &["-"], Group::Searches, Sources, "Exclude this row; press again to include it"),
    row(Action::SaveSearch, "save-search", &["S"], Group::Searches, Global, "Save the filter: NAME 'KEY COLOUR watch"),
    row(Action::RunSearch, "run-search", &["'"], Group::Searches, Global, "Filter by the saved search whose key follows"),
    row(Action::WatchSearch, "watch-search", &["w"], Group::Searches, Sources, "Highlight its words everywhere, or not"),
    row(Action::ForgetSearch, "forget-search", &[], Group::Searches, Sources, "Delete a saved search: forget-search NAME"),
    row(Action::Remove, "remove", &["D", "Delete"], Group::Searches, Sources, "Unsubscribe, or delete the saved search"),
    row(Action::ToggleWatches, "toggle-watches", &["W"], Group::Searches, Global, "Show or hide watched words"),
    row(Action::CursorLeft, "cursor-left", &["Left"], Group::Typing, Line, "One character left"),
    row(Action::CursorRight, "cursor-right", &["Right"], Group::Typing, Line, "One character right"),
    row(Action::CursorWordLeft, "cursor-word-left", &["Alt-b", "^Left"], Group::Typing, Line, "One word left"),
    row(Action::CursorWordRight, "cursor-word-right", &["Alt-f", "^Right"], Group::Typing, Line, "One word right"),
    row(Action::CursorStart, "cursor-start", &["Home", "^A"], Group::Typing, Line, "To the start of the line"),
    row(Action::CursorEnd, "cursor-end", &["End", "^E"], Group::Typing, Line, "To the end of the line"),
    row(Action::DeleteBack, "delete-back", &["Backspace", "^H"], Group::Typing, Line, "Delete the character before"),
    row(Action::DeleteForward, "delete-forward", &["Delete", "^D"], Group::Typing, Line, "Delete the character under the cursor"),
    row(Action::DeleteWord, "delete-word", &["^W", "Alt-Backspace"], Group::Typing, Line, "Delete the word before"),
    row(Action::DeleteToStart, "delete-to-start", &["^U"], Group::Typing, Line, "Delete to the start of the line"),
    row(Action::DeleteToEnd, "delete-to-end", &["^K"], Group::Typing, Line, "Delete to the end of the line"),
    row(Action::AddFeed, "add-feed", &["a"], Group::Feeds, Global, "Subscribe to a feed, or to that of a page"),
    row(Action::RefreshFeeds, "refresh-feeds", &["R"], Group::Feeds, Global, "Fetch all feeds; Esc stops"),
    row(Action::FullText, "full-text", &["F"], Group::Feeds, Global, "Fetch the whole article behind an entry, and back"),
    row(Action::ShowChanges, "changes", &["d"], Group::Feeds, Global, "What changed in an entry at its source"),
    row(Action::Feed, "feed", &[], Group::Feeds, Global, "add, remove, rename, tag, set, list, refresh, import, export"),
    row(Action::ToggleZen, "zen", &["z"], Group::View, Global, "The text alone, and back"),
    row(Action::WidenList, "widen-list", &[">"], Group::View, Global, "More room for the list"),
    row(Action::NarrowList, "narrow-list", &["<"], Group::View, Global, "Less room for the list"),
    row(Action::CycleTheme, "theme", &["T"], Group::View, Global, "Dark, light, 16 colours, or as the terminal"),
    row(Action::ShowProblems, "problems", &["!"], Group::View, Global, "What could not be read, and why"),
    row(Action::ShowHelp, "help", &["?", "F1"], Group::View, Global, "All keys"),
    row(Action::ShowPalette, "palette", &[":"], Group::View, Global, "Find an action by its name"),
    row(Action::Back, "back", &["Esc"], Group::Program, Global, "Go back: pane, filter; press twice to stop loading"),
    row(Action::Reload, "reload", &["F5"], Group::Program, Global, "Read all files again, or load the rest"),
    row(Action::StopLoading, "stop-loading", &[], Group::Program, Global, "Stop loading and keep what is there"),
    row(Action::Redraw, "redraw", &["^L"], Group::Program, Global, "Draw the screen anew"),
    row(Action::Suspend, "suspend", &["^Z"], Group::Program, Global, "Give the terminal back for a while"),
    row(Action::Quit, "quit", &["q", "^C"], Group::Program, Global, "Quit"),
];

impl Action {
    /// Its row of the table.
    pub fn spec(self) -> &'static ActionSpec {
        // A test proves that every action has its row, so the first row is never given for another action.
        ACTIONS.iter().find(|spec| spec.action == self).unwrap_or(&ACTIONS[0])
    }

    /// Whether it is told what it is about, as in `tag NAME`.
    pub fn takes_argument(self) -> bool {
        matches!(
            self,
            Action::AddFeed
                | Action::Feed
                | Action::RefreshFeeds
                | Action::Export
                | Action::EditTags
                | Action::Tag
                | Action::Untag
                | Action::SaveSearch
                | Action::RunSearch
                | Action::WatchSearch
                | Action::ForgetSearch
        )
    }

    /// The action with this name.
    pub fn named(name: &str) -> Option<Action> {
        ACTIONS.iter().find(|spec| spec.name == name).map(|spec| spec.action)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_action_has_one_row_and_a_name_of_its_own() {
        // The last variant counts them all, as no variant has a number given.
        assert_eq!(ACTIONS.len(), Action::Quit as usize + 1);
        assert_eq!(ACTIONS.iter().map(|spec| spec.action).collect::<HashSet<_>>().len(), ACTIONS.len());
        assert_eq!(ACTIONS.iter().map(|spec| spec.name).collect::<HashSet<_>>().len(), ACTIONS.len());
        for spec in ACTIONS {
            assert_eq!(spec.action.spec().name, spec.name);
            assert!(spec.name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-'), "{}", spec.name);
            assert!(spec.help.len() <= 60 && !spec.help.ends_with('.'), "{}", spec.help);
        }
    }
}
