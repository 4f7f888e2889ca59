//! The actions: ONE table with their names, help, groups, contexts and default keys. The keymap, the help, the hints,
//! the command palette, the README's table and the names in the config come from it. Feed commands have arguments and
//! are defined in `feed`, for the reader and for the shell.

mod action;
mod feed_command;
mod key;
mod keymap;

pub use action::{ACTIONS, Action, ActionSpec, Context, Group};
pub use feed_command::{FeedCommand, TypedFeedCommand};
pub use key::{Key, KeyCode};
pub use keymap::Keymap;
