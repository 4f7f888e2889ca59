//! Keys that wait for the next key: a count, the beginning of a sequence, or an action that takes a key.

use std::fmt;

use super::{Effect, State};
use crate::keys::{Action, Key, NextKey};

/// The popup with the keys that may follow opens after this many milliseconds.
const POPUP_DELAY: u64 = 400;

/// The largest count.
const MAX_COUNT: usize = 99_999_999;

/// The keys that were pressed before the next one.
#[derive(Clone, Debug, Default)]
pub struct PendingKeys {
    /// The number typed before a key, as in `5j`.
    pub(super) count: Option<usize>,
    /// The beginning of a sequence.
    pub(super) keys: Vec<Key>,
    /// The action that takes the next key as its argument.
    pub(super) action: Option<Action>,
    /// Whether the popup is open.
    is_open: bool,
}

impl PendingKeys {
    /// Waits for the key that is the argument of `action`.
    pub(super) fn for_action(action: Action) -> PendingKeys {
        PendingKeys { action: Some(action), ..PendingKeys::default() }
    }

    /// Adds a digit to the count. Returns `false` unless `key` is a digit; a count cannot start with 0.
    pub(super) fn push_digit(&mut self, key: Key) -> bool {
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
    /// Each key that may follow, and what it does.
    pub rows: Vec<(String, String)>,
}

impl State {
    /// Waits for the next key. Opens the popup after a delay, or at once if it was open before.
    pub(super) fn wait_for_key(&mut self, pending: PendingKeys) {
        if !pending.is_open {
            self.outbox.push(Effect::ScheduleKeyPopup { milliseconds: POPUP_DELAY });
        }
        self.pending = pending;
    }

    /// Waits for the key of a saved search.
    pub(super) fn await_search_key(&mut self) {
        if self.search_keys().is_empty() {
            self.notify("No saved search has a key");
        }
        self.wait_for_key(PendingKeys::for_action(Action::RunSearch));
    }

    /// Opens the popup if keys are still pending.
    pub(super) fn on_key_popup_due(&mut self) {
        self.pending.is_open = self.pending.is_waiting();
    }

    /// Returns the keys that wait for the next one.
    pub fn pending_keys(&self) -> &PendingKeys {
        &self.pending
    }

    /// Returns the popup, if it is open.
    pub fn key_popup(&self) -> Option<KeyPopup> {
        if !self.pending.is_open {
            return None;
        }
        let rows: Vec<(String, String)> = match self.pending.action {
            Some(_) => self.search_keys(),
            None => {
                let next = self.keymap.next_keys(self.context(), &self.pending.keys);
                next.iter().map(|next| (next.key.to_string(), description(next))).collect()
            }
        };
        let title = match self.pending.action {
            Some(action) => action.spec().help.to_owned(),
            None => self.pending.to_string(),
        };
        (!rows.is_empty()).then_some(KeyPopup { title, rows })
    }

    /// Returns the keys and names of the saved searches that have a key.
    pub(super) fn search_keys(&self) -> Vec<(String, String)> {
        let searches = self.searches.all().iter();
        searches.filter_map(|search| Some((search.key?.to_string(), search.name.clone()))).collect()
    }
}

/// Returns the help of one action, the names of several, or `…` if more keys follow.
fn description(next: &NextKey<'_>) -> String {
    match next.actions {
        [] => "…".to_owned(),
        [action] => action.spec().help.to_owned(),
        actions => actions.iter().map(|action| action.spec().name).collect::<Vec<_>>().join(", "),
    }
}
