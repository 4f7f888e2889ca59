//! Keys that wait for the next key: a count, the beginning of a sequence, or an action that takes a key.

use std::fmt;

use crate::keys::{Action, Key};

/// The largest count.
const MAX_COUNT: usize = 99_999_999;

/// The keys that were pressed before the next one.
#[derive(Clone, Debug, Default)]
pub struct PendingKeys {
    /// The number typed before a key, as in `5j`.
    pub(crate) count: Option<usize>,
    /// The beginning of a sequence.
    pub(crate) keys: Vec<Key>,
    /// The action that takes the next key as its argument.
    pub(crate) action: Option<Action>,
    /// Whether the popup is open.
    pub(crate) is_open: bool,
}

impl PendingKeys {
    /// Waits for the key that is the argument of `action`.
    pub(crate) fn for_action(action: Action) -> PendingKeys {
        PendingKeys { action: Some(action), ..PendingKeys::default() }
    }

    /// Adds a digit to the count. Returns `false` unless `key` is a digit; a count cannot start with 0.
    pub(crate) fn push_digit(&mut self, key: Key) -> bool {
        let Some(digit) = key.typed().and_then(|c| c.to_digit(10)).filter(|&digit| digit > 0 || self.count.is_some())
        else {
            return false;
        };
        let count = self.count.unwrap_or(0).saturating_mul(10).saturating_add(digit as usize);
        self.count = Some(count.min(MAX_COUNT));
        true
    }

    /// Returns whether the next key completes a sequence or an action.
    pub fn is_waiting(&self) -> bool {
        !self.keys.is_empty() || self.action.is_some()
    }
}

impl fmt::Display for PendingKeys {
    /// Writes the count and the keys, as in `12 g`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let keys = self.keys.iter().map(Key::to_string);
        let all: Vec<String> = self.count.iter().map(usize::to_string).chain(keys).collect();
        f.write_str(&all.join(" "))
    }
}

/// The popup with the keys that may follow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyPopup {
    /// The keys that were pressed.
    pub title: String,
    /// Each possible next key with its action.
    pub rows: Vec<(String, String)>,
}
