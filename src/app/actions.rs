//! The implementations of the actions, one file a subject.

mod article;
mod export;
mod feeds;
mod filter;
mod marks;
mod movement;
mod searches;
mod session;
mod sources;
mod target;
mod theme;
mod undo;
mod view;

use crate::app::panes::sources::RowChoice;
use crate::app::{Effect, Focus, Overlay, Prompt, State, Target};
use crate::keys::{Action, FeedCommand};

impl State {
    /// Runs an action. `count` is the number typed before its key.
    pub(super) fn run_action(&mut self, action: Action, count: Option<usize>) {
        let times = count.unwrap_or(1).max(1);
        let step = isize::try_from(times).unwrap_or(isize::MAX);
        match action {
            Action::Down => self.move_by(step),
            Action::Up => self.move_by(-step),
            Action::Top => self.move_to(count.map_or(0, |count| count - 1)),
            Action::Bottom => self.move_to(count.map_or(usize::MAX, |count| count.saturating_sub(1))),
            Action::HalfPageDown => self.move_by(self.half_page().saturating_mul(step)),
            Action::HalfPageUp => self.move_by(-self.half_page().saturating_mul(step)),
            Action::PageDown => self.move_by(self.page().saturating_mul(step)),
            Action::PageUp => self.move_by(-self.page().saturating_mul(step)),
            Action::NextArticle => self.select_by(step),
            Action::PreviousArticle => self.select_by(-step),
            Action::ReadOn => self.page_or_next(),
            Action::ReadBack => self.page_back(),
            Action::FocusLeft => self.focus_left(),
            Action::FocusRight if self.screen.focus == Focus::Sources => self.screen.focus = Focus::List,
            Action::FocusRight | Action::Open => self.focus_reading(),
            Action::SwitchPane => self.focus_next(),
            Action::Back => self.back(false),
            Action::NextHit | Action::PreviousHit => self.step_hits(action == Action::NextHit, times),
            Action::NextUnread | Action::PreviousUnread => self.step_unread(action == Action::NextUnread),

            Action::StartFilter => {
                self.start_typing();
                self.make_room_to_type();
            }
            Action::Cancel => self.cancel_typing(),
            Action::KeepFilter => self.accept_filter(),
            Action::ClearFilter => {
                self.remember_filter();
                self.clear_filter();
                self.screen.focus = Focus::List;
            }
            Action::ToggleCase => self.toggle_case(),
            Action::HistoryOlder | Action::HistoryNewer => {
                if self.filter.walk_history(action == Action::HistoryOlder) {
                    self.run_filter();
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
                    self.run_filter();
                }
            }
            Action::Complete | Action::CompleteBack => self.complete(action == Action::Complete),
            Action::ShowLanguage => self.overlay = Some(Overlay::Language { row: 0 }),

            Action::ToggleStar => self.toggle_star(count),
            Action::ToggleRead => self.toggle_read(count),
            Action::EditTags => self.ask_for_tags(count),
            Action::EditNote | Action::EditNoteElsewhere if self.screen.focus == Focus::Sources => {
                self.notify("A note belongs to one article; select it in the list first");
            }
            Action::EditNote => self.edit_note(false),
            Action::EditNoteElsewhere => self.edit_note(true),
            Action::MarkRead | Action::MarkUnread | Action::Star | Action::Unstar => {
                self.mark_all(action, &self.command_target(count), "");
            }
            Action::Tag | Action::Untag => {
                let prompt = Prompt::for_target(action, self.command_target(count));
                self.overlay = Some(Overlay::Prompt(prompt));
            }
            Action::Undo | Action::Redo => {
                for _ in 0..times {
                    self.undo(action == Action::Undo);
                }
            }

            Action::ShowSources => self.toggle_sources(),
            Action::Narrow => self.choose_source(RowChoice::Only),
            Action::Add => self.choose_source(RowChoice::Also),
            Action::Exclude => self.choose_source(RowChoice::Not),
            Action::Remove => self.remove_source(),

            Action::RunSearch => self.await_search_key(),
            Action::WatchSearch | Action::ForgetSearch if self.screen.focus == Focus::Sources => {
                self.change_selected_search(action);
            }
            Action::SaveSearch | Action::WatchSearch | Action::ForgetSearch => self.ask_argument(action),
            Action::ToggleWatches => self.toggle_watches(),

            Action::AddFeed | Action::Feed => self.ask_argument(action),
            Action::RefreshFeeds => self.run_feed_command(FeedCommand::Refresh { names: Vec::new() }),
            Action::FullText | Action::ShowChanges => self.run_entry_action(action),

            Action::OpenLink => self.open_link(count),
            Action::Copy => self.copy_address(),
            Action::CopyText => self.copy_text(),
            Action::Edit => self.edit_file(),
            Action::Pipe => self.ask_pipe_command(),
            Action::Export => self.ask_export(),

            Action::ToggleZen => self.toggle_zen(),
            Action::CycleTheme => self.cycle_theme(),
            Action::WidenList => self.screen.widen_list(),
            Action::NarrowList => self.screen.narrow_list(),
            Action::ShowProblems => self.show_problems(),
            Action::ShowPalette => self.overlay = Some(Overlay::palette()),
            Action::ShowHelp => self.overlay = Some(Overlay::help()),
            Action::Reload => self.outbox.push(Effect::Reload),
            Action::StopLoading => self.outbox.push(Effect::StopLoading),
            Action::Redraw => self.outbox.push(Effect::Redraw),
            Action::Suspend => self.outbox.push(Effect::Suspend),
            Action::Quit => self.quit(),
        }
    }

    /// Runs an action with a typed argument. `target` is the target of the prompt; `None` for a command of the palette.
    pub(super) fn run_with_argument(&mut self, action: Action, argument: &str, target: Option<Target>) {
        match action {
            // An empty line removes all tags.
            Action::EditTags => {
                let target = target.unwrap_or_else(|| self.target(None));
                self.set_tags(&target, argument);
            }
            Action::Export => self.export_to(argument, false),
            _ if argument.is_empty() => {}
            Action::Tag | Action::Untag => {
                let target = target.unwrap_or_else(|| self.command_target(None));
                self.mark_all(action, &target, argument);
            }
            Action::SaveSearch => self.save_search(argument),
            Action::WatchSearch => self.watch_search(argument),
            Action::ForgetSearch => self.delete_search(argument),
            Action::AddFeed => self.run_typed_feed_command(&format!("add {argument}")),
            Action::RefreshFeeds => self.run_typed_feed_command(&format!("refresh {argument}")),
            Action::Feed => self.run_typed_feed_command(argument),
            Action::RunSearch => {
                if let Some(key) = argument.chars().next() {
                    self.run_search(key);
                }
            }
            _ => self.run_action(action, None),
        }
    }

    /// Asks for the argument of an action.
    fn ask_argument(&mut self, action: Action) {
        self.overlay = Some(Overlay::Prompt(Prompt::for_action(action)));
    }
}
