//! Which key does what where, from the table of actions and from what the config gives other keys.

use std::collections::HashMap;
use std::fmt::Write as _;

use super::{ACTIONS, Action, ActionSpec, Context, Group, Key};

/// Keys and what they do.
#[derive(Clone, Debug)]
pub struct Keymap {
    keys: HashMap<(Context, Key), Action>,
    /// The keys of each action, in the order of the table.
    of_action: Vec<(Action, Vec<Key>)>,
}

impl Default for Keymap {
    fn default() -> Keymap {
        Keymap::new(&HashMap::new()).0
    }
}

impl Keymap {
    /// The keys of the table, but for actions in `rebound`, which get those keys instead. Also gives a sentence for
    /// each key that two actions want: the one that stands first in the table and was rebound has it.
    pub fn new(rebound: &HashMap<Action, Vec<Key>>) -> (Keymap, Vec<String>) {
        let mut map = Keymap { keys: HashMap::new(), of_action: Vec::new() };
        let mut conflicts = Vec::new();
        // What a reader chose goes before what the table says.
        let (chosen, rest): (Vec<&ActionSpec>, Vec<&ActionSpec>) =
            ACTIONS.iter().partition(|spec| rebound.contains_key(&spec.action));
        for spec in chosen.into_iter().chain(rest) {
            let own = rebound.get(&spec.action);
            let default = || spec.keys.iter().filter_map(|key| key.parse().ok()).collect();
            let mut keys: Vec<Key> = own.cloned().unwrap_or_else(default);
            keys.retain(|&key| match map.keys.get(&(spec.context, key)) {
                None => {
                    map.keys.insert((spec.context, key), spec.action);
                    true
                }
                Some(taken) => {
                    if own.is_some() {
                        let other = taken.spec().name;
                        conflicts.push(format!("{key} is given to \"{other}\" and to \"{}\"", spec.name));
                    }
                    false
                }
            });
            map.of_action.push((spec.action, keys));
        }
        (map, conflicts)
    }

    /// What `key` does in `context`. Where text is typed, a key that types a character is never looked up further.
    pub fn lookup(&self, context: Context, key: Key) -> Option<Action> {
        let own = self.keys.get(&(context, key)).copied();
        if context == Context::Line {
            // These work even there, by keys that type no text.
            let global = || self.keys.get(&(Context::Global, key)).copied().filter(|_| key.typed().is_none());
            let works = |action: &Action| {
                matches!(
                    action,
                    Action::Quit
                        | Action::Suspend
                        | Action::Redraw
                        | Action::PageDown
                        | Action::PageUp
                        | Action::ToggleCase
                )
            };
            return own.or_else(|| global().filter(works));
        }
        let in_article = matches!(context, Context::List | Context::Article);
        let of_article = self.keys.get(&(Context::Article, key)).filter(|_| in_article).copied();
        own.or(of_article).or_else(|| self.keys.get(&(Context::Global, key)).copied())
    }

    /// The keys of an action, the one to show first.
    pub fn keys(&self, action: Action) -> &[Key] {
        self.of_action.iter().find(|(known, _)| *known == action).map_or(&[], |(_, keys)| keys)
    }

    /// The keys of an action as they are shown, parted by spaces.
    pub fn shown(&self, action: Action) -> String {
        self.keys(action).iter().map(Key::to_string).collect::<Vec<_>>().join(" ")
    }

    /// The table of keys in Markdown, as the README has it.
    pub fn markdown(&self) -> String {
        let mut out = String::new();
        for group in Group::ALL {
            let _ = writeln!(out, "| {} | |\n|---|---|", group.title());
            for spec in ACTIONS.iter().filter(|spec| spec.group == group) {
                let keys: Vec<String> = self
                    .keys(spec.action)
                    .iter()
                    .map(|key| format!("`{}`", key.to_string().replace('|', "\\|")))
                    .collect();
                let keys = if keys.is_empty() { format!("`:{}`", spec.name) } else { keys.join(" ") };
                let _ = writeln!(out, "| {keys} | {} |", spec.help);
            }
            out.push('\n');
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(text: &str) -> Key {
        text.parse().unwrap()
    }

    #[test]
    fn every_default_key_is_read_and_no_two_actions_share_one() {
        let map = Keymap::default();
        for spec in ACTIONS {
            assert_eq!(map.keys(spec.action).len(), spec.keys.len(), "{}", spec.name);
        }
    }

    #[test]
    fn contexts_fall_back_to_global_keys() {
        let map = Keymap::default();
        assert_eq!(map.lookup(Context::List, key("j")), Some(Action::Down));
        assert_eq!(map.lookup(Context::List, key("Enter")), Some(Action::Open));
        assert_eq!(map.lookup(Context::Global, key("Enter")), None);
        assert_eq!(map.lookup(Context::Line, key("j")), None);
        assert_eq!(map.lookup(Context::Line, key("q")), None);
        assert_eq!(map.lookup(Context::Line, key("^C")), Some(Action::Cancel));
        assert_eq!(map.lookup(Context::List, key("^C")), Some(Action::Quit));
        let export = |context| map.lookup(context, key("w"));
        assert_eq!([Context::List, Context::Article].map(export), [Some(Action::Export); 2]);
        assert_eq!((export(Context::Sources), export(Context::Global)), (Some(Action::WatchSearch), None));
        assert_eq!(map.lookup(Context::Line, key("^D")), Some(Action::DeleteForward));
    }

    #[test]
    fn rebound_keys_take_effect_and_conflicts_are_reported() {
        let rebound = HashMap::from([(Action::Quit, vec![key("j")]), (Action::ToggleZen, vec![key("j"), key("x")])]);
        let (map, conflicts) = Keymap::new(&rebound);
        assert_eq!(map.lookup(Context::List, key("x")), Some(Action::ToggleZen));
        assert_eq!(map.lookup(Context::List, key("j")), Some(Action::ToggleZen));
        assert_eq!(map.lookup(Context::List, key("Down")), Some(Action::Down));
        assert_eq!(map.lookup(Context::List, key("z")), None);
        assert_eq!(conflicts, ["j is given to \"zen\" and to \"quit\""]);
    }
}
