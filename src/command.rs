//! What a reader can do: ONE table of actions with their names, help, groups, contexts and default keys, from which the
//! keymap, the help, the hints, the command palette, the README's table and the names in the config come. Commands about
//! feeds have arguments and are defined in `feed`, for the reader and for the shell.

mod action;
mod feed;
mod key;
mod keymap;

pub use action::{ACTIONS, Action, ActionSpec, Context, Group};
pub use feed::{FeedCommand, TypedFeedCommand};
pub use key::{Key, KeyCode};
pub use keymap::Keymap;
