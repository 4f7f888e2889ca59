//! Actions and keys. One table, [`ACTIONS`], has the name, help, group, contexts and default keys of each action. The
//! keymap, the help, the hints, the palette, the table in the docs and the names in the config are derived from it. Feed
//! commands have arguments and are defined in `feed`, for the reader and the shell.

mod action;
mod feed_command;
mod key;
mod keymap;

pub use action::{ACTIONS, Action, ActionSpec, Argument, Context, Group, Scope};
pub use feed_command::{FeedCommand, FeedSyntaxError, TypedFeedCommand};
pub use key::{Key, KeyCode, KeySequence, UnknownKey};
pub use keymap::{KeyBinding, KeyConflict, KeySettings, Keymap, Lookup, NextKey};
