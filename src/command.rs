//! What a reader can do: ONE table of actions with their names, help, groups, contexts and default keys. The keymap,
//! the help, the hints, the command palette, the README's table and the names in the config all come from it.

mod action;
mod key;
mod keymap;

pub use action::{ACTIONS, Action, ActionSpec, Context, Group};
pub use key::{Key, KeyCode};
pub use keymap::Keymap;
