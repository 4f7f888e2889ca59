//! Waiting for the next key, and the popup with the keys that may follow.

use crate::app::{Effect, KeyPopup, PendingKeys, State};
use crate::keys::{Action, NextKey};

/// The popup with the keys that may follow opens after this many milliseconds.
const POPUP_DELAY: u64 = 400;

impl State {
    /// Waits for the next key. Opens the popup after a delay, or at once if it was open before.
    pub(crate) fn wait_for_key(&mut self, pending: PendingKeys) {
        if !pending.is_open {
            self.outbox.push(Effect::ScheduleKeyPopup { milliseconds: POPUP_DELAY });
        }
        self.pending = pending;
    }

    /// Waits for the key of a saved search.
    pub(crate) fn await_search_key(&mut self) {
        if self.search_keys().is_empty() {
            self.notify("No saved search has a key");
        }
        self.wait_for_key(PendingKeys::for_action(Action::RunSearch));
    }

    /// Opens the popup if keys are still pending.
    pub(crate) fn on_key_popup_due(&mut self) {
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
    pub(crate) fn search_keys(&self) -> Vec<(String, String)> {
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
