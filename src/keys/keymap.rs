//! The keymap: which keys run which actions in which context. It combines the defaults of the action table with the
//! keys of the config.
//!
//! The bindings of a pane come before the global ones. Three kinds of bindings are conflicts, which leave out the
//! binding of the config:
//!
//! - Two bindings of the config give a key to different actions in one context. The first one counts. A default key is
//!   no conflict: the config takes it over.
//! - A key has one meaning globally and another one in a pane, so that the pane would hide the global key.
//! - A key is both bound and the beginning of a longer sequence, in one context or globally and in a pane.

use std::collections::HashSet;
use std::fmt::Write as _;

use super::{ACTIONS, Action, ActionSpec, Context, Group, Key, KeySequence};

/// The keys of the config.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeySettings {
    /// Actions that have other keys than the default ones, or none.
    pub replaced: HashSet<Action>,
    /// All bindings, in the order of the file.
    pub bindings: Vec<KeyBinding>,
}

/// A binding of the config.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyBinding {
    /// The contexts in which the keys are bound.
    pub contexts: Vec<Context>,
    /// The keys.
    pub keys: KeySequence,
    /// The actions that the keys run, in this order. Without actions, the keys lose their default meaning.
    pub actions: Vec<Action>,
    /// The line in the config.
    pub line: u32,
    /// The column in the config.
    pub column: u32,
}

/// A binding of the config that is left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyConflict {
    /// The line of the binding.
    pub line: u32,
    /// The column of the binding.
    pub column: u32,
    /// The reason, which names the other binding.
    pub reason: String,
}

/// The meaning of the keys that were pressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lookup<'a> {
    /// The keys run these actions, in this order.
    Actions(&'a [Action]),
    /// The keys begin a longer sequence.
    Prefix,
    /// The keys are not bound.
    Unbound,
}

/// A key that may follow the pressed keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NextKey<'a> {
    /// The key.
    pub key: Key,
    /// The actions that it runs; empty if more keys must follow.
    pub actions: &'a [Action],
}

/// One sequence of keys in one context.
#[derive(Clone, Debug)]
struct Bound {
    context: Context,
    keys: KeySequence,
    actions: Vec<Action>,
    /// The line in the config; `None` for a default.
    line: Option<u32>,
}

/// All bindings.
#[derive(Clone, Debug)]
pub struct Keymap {
    bound: Vec<Bound>,
    /// The keys of each action, the one to show first at the front.
    shown: Vec<(Action, Vec<KeySequence>)>,
}

impl Default for Keymap {
    fn default() -> Keymap {
        Keymap::new(&KeySettings::default()).0
    }
}

impl Keymap {
    /// Combines the default keys with those of the config. Also returns the conflicts.
    pub fn new(settings: &KeySettings) -> (Keymap, Vec<KeyConflict>) {
        let mut map = Keymap { bound: Vec::new(), shown: Vec::new() };
        for spec in ACTIONS.iter().filter(|spec| !settings.replaced.contains(&spec.action)) {
            map.add_defaults(spec, |context, keys| settings.is_bound(context, keys));
        }
        let mut conflicts = Vec::new();
        for binding in settings.bindings.iter().filter(|binding| !binding.actions.is_empty()) {
            match binding.contexts.iter().find_map(|&context| map.conflict(context, binding)) {
                Some(reason) => conflicts.push(KeyConflict { line: binding.line, column: binding.column, reason }),
                None => map.add(binding),
            }
        }
        if !conflicts.is_empty() {
            map.restore_defaults(settings);
        }
        for spec in ACTIONS {
            let keys = map.keys_of(spec.action);
            map.add_beyond(spec, &keys, settings);
            map.shown.push((spec.action, keys));
        }
        (map, conflicts)
    }

    /// Adds the default keys of an action, except those that are `taken`.
    fn add_defaults(&mut self, spec: &ActionSpec, taken: impl Fn(Context, &KeySequence) -> bool) {
        for keys in spec.default_keys() {
            for &context in spec.scope.own.iter().filter(|&&context| !taken(context, &keys)) {
                self.bound.push(Bound { context, keys: keys.clone(), actions: vec![spec.action], line: None });
            }
        }
    }

    fn add(&mut self, binding: &KeyBinding) {
        for &context in &binding.contexts {
            if !self.bound.iter().any(|other| other.context == context && other.keys == binding.keys) {
                let (keys, actions) = (binding.keys.clone(), binding.actions.clone());
                self.bound.push(Bound { context, keys, actions, line: Some(binding.line) });
            }
        }
    }

    /// Gives default keys back that the config has taken over only for bindings with conflicts.
    fn restore_defaults(&mut self, settings: &KeySettings) {
        for spec in ACTIONS {
            let is_replaced = settings.replaced.contains(&spec.action);
            let was_bound = settings.bindings.iter().any(|binding| binding.actions == [spec.action]);
            if is_replaced && !(was_bound && self.keys_of(spec.action).is_empty()) {
                continue;
            }
            for keys in spec.default_keys() {
                for &context in spec.scope.own {
                    let is_free = self.bound.iter().all(|other| !other.clashes(context, &keys, &[spec.action]));
                    if is_free && !settings.is_unbound(context, &keys) {
                        let bound = Bound { context, keys: keys.clone(), actions: vec![spec.action], line: None };
                        self.bound.push(bound);
                    }
                }
            }
        }
    }

    /// Adds the keys of an action in the other contexts in which they work, unless they have another meaning there.
    fn add_beyond(&mut self, spec: &ActionSpec, keys: &[KeySequence], settings: &KeySettings) {
        for &context in spec.scope.also {
            for keys in keys.iter().filter(|keys| !(context.is_text() && keys.typed().is_some())) {
                let is_free = self.bound.iter().all(|other| !other.clashes(context, keys, &[]));
                if is_free && !settings.is_unbound(context, keys) {
                    self.bound.push(Bound { context, keys: keys.clone(), actions: vec![spec.action], line: None });
                }
            }
        }
    }

    /// Returns why `binding` cannot be added in `context`, or `None` if it can.
    fn conflict(&self, context: Context, binding: &KeyBinding) -> Option<String> {
        let keys = &binding.keys;
        if context.is_text() && keys.keys().len() > 1 && keys.typed().is_some() {
            return Some(format!("\"{keys}\" begins with a key that types text in {}", context.place()));
        }
        let counts = !matches!(context, Context::Line | Context::Note | Context::Dialog);
        if counts && keys.typed().is_some_and(|c| ('1'..='9').contains(&c)) {
            return Some(format!("\"{keys}\" begins with a digit, which is read as a count"));
        }
        let other = self.bound.iter().find(|other| other.clashes(context, keys, &binding.actions))?;
        let (theirs, names, place) = (&other.keys, names(&other.actions), other.origin());
        Some(if theirs == keys && context == other.context {
            format!("\"{keys}\" already runs {names} in {} ({place})", context.place())
        } else if theirs == keys && context == Context::Global {
            format!("\"{keys}\" already runs {names} in {} ({place}), which would hide it", other.context.place())
        } else if theirs == keys {
            format!("\"{keys}\" in {} would hide the global key of {names} ({place})", context.place())
        } else if theirs.is_prefix_of(keys) {
            format!("\"{keys}\" cannot be reached, because \"{theirs}\" runs {names} ({place})")
        } else {
            format!("\"{keys}\" is the beginning of \"{theirs}\", which runs {names} ({place})")
        })
    }

    /// Returns the meaning of the keys that were `pressed` in `context`.
    pub fn lookup(&self, context: Context, pressed: &[Key]) -> Lookup<'_> {
        let mut result = Lookup::Unbound;
        for bound in self.reachable(context) {
            if bound.keys.keys() == pressed {
                return Lookup::Actions(&bound.actions);
            } else if bound.keys.keys().starts_with(pressed) {
                result = Lookup::Prefix;
            }
        }
        result
    }

    /// Returns the keys that may follow those that were `pressed` in `context`.
    pub fn next_keys(&self, context: Context, pressed: &[Key]) -> Vec<NextKey<'_>> {
        let mut next: Vec<NextKey<'_>> = Vec::new();
        for bound in self.reachable(context) {
            let Some([key, rest @ ..]) = bound.keys.keys().strip_prefix(pressed) else { continue };
            if next.iter().all(|known| known.key != *key) {
                let actions: &[Action] = if rest.is_empty() { &bound.actions } else { &[] };
                next.push(NextKey { key: *key, actions });
            }
        }
        next
    }

    fn reachable(&self, context: Context) -> impl Iterator<Item = &Bound> {
        let is_reachable = move |other: Context| other == context || other == Context::Global && context.is_pane();
        self.bound.iter().filter(move |bound| is_reachable(bound.context))
    }

    fn keys_of(&self, action: Action) -> Vec<KeySequence> {
        let mut keys: Vec<KeySequence> = Vec::new();
        for bound in self.bound.iter().filter(|bound| bound.actions == [action]) {
            if !keys.contains(&bound.keys) {
                keys.push(bound.keys.clone());
            }
        }
        keys
    }

    /// Returns the keys of an action, the one to show first at the front.
    pub fn keys(&self, action: Action) -> &[KeySequence] {
        self.shown.iter().find(|(known, _)| *known == action).map_or(&[], |(_, keys)| keys)
    }

    /// Returns the keys of an action as text. Spaces separate single keys, commas separate sequences.
    pub fn shown(&self, action: Action) -> String {
        let keys = self.keys(action);
        let separator = if keys.iter().any(|keys| keys.keys().len() > 1) { ", " } else { " " };
        keys.iter().map(KeySequence::to_string).collect::<Vec<_>>().join(separator)
    }

    /// Returns the tables of keys in Markdown for the docs.
    pub fn markdown(&self) -> String {
        let mut out = String::new();
        for group in Group::ALL {
            let _ = writeln!(out, "| {} | |\n|---|---|", group.title());
            for spec in ACTIONS.iter().filter(|spec| spec.group == group) {
                let keys: Vec<String> = self
                    .keys(spec.action)
                    .iter()
                    .map(|keys| format!("`{}`", keys.to_string().replace('|', "\\|")))
                    .collect();
                let keys = if keys.is_empty() { format!("`:{}`", spec.name) } else { keys.join(" ") };
                let _ = writeln!(out, "| {keys} | {} |", spec.help);
            }
            out.push('\n');
        }
        out
    }
}

impl ActionSpec {
    fn default_keys(&self) -> impl Iterator<Item = KeySequence> {
        self.keys.iter().filter_map(|keys| keys.parse().ok())
    }
}

impl KeySettings {
    /// Returns whether the config binds or unbinds `keys` in `context`.
    fn is_bound(&self, context: Context, keys: &KeySequence) -> bool {
        self.bindings.iter().any(|binding| binding.contexts.contains(&context) && binding.keys == *keys)
    }

    /// Returns whether the config unbinds `keys` in `context`.
    fn is_unbound(&self, context: Context, keys: &KeySequence) -> bool {
        let unbinds = |binding: &&KeyBinding| binding.actions.is_empty() && binding.keys == *keys;
        self.bindings.iter().filter(unbinds).any(|binding| binding.contexts.contains(&context))
    }
}

impl Bound {
    /// Returns whether this binding and one of `keys` in `context` cannot both exist.
    fn clashes(&self, context: Context, keys: &KeySequence, actions: &[Action]) -> bool {
        let is_global = |context: Context| context == Context::Global;
        let meets = self.context == context
            || is_global(self.context) && context.is_pane()
            || is_global(context) && self.context.is_pane();
        let is_prefix = self.keys.is_prefix_of(keys) || keys.is_prefix_of(&self.keys);
        meets && (is_prefix || self.keys == *keys && self.actions != actions)
    }

    /// Returns where the binding was made.
    fn origin(&self) -> String {
        self.line.map_or_else(|| "default".to_owned(), |line| format!("line {line}"))
    }
}

/// Returns the names of actions in quotes.
fn names(actions: &[Action]) -> String {
    actions.iter().map(|action| format!("\"{}\"", action.spec().name)).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pressed(keys: &str) -> Vec<Key> {
        keys.split_whitespace().map(|key| key.parse().unwrap()).collect()
    }

    /// Returns the names of the actions of `keys`, `…` for a prefix, or nothing.
    fn meaning(map: &Keymap, context: Context, keys: &str) -> String {
        match map.lookup(context, &pressed(keys)) {
            Lookup::Actions(actions) => actions.iter().map(|action| action.spec().name).collect::<Vec<_>>().join(" "),
            Lookup::Prefix => "…".to_owned(),
            Lookup::Unbound => String::new(),
        }
    }

    /// Parses lines such as `quit = x`, which replace the keys of an action, and `list: x = open down`.
    fn settings(text: &str) -> KeySettings {
        let mut settings = KeySettings::default();
        for (line, written) in (1..).zip(text.lines()) {
            let (left, right) = written.split_once(" =").unwrap();
            match left.split_once(": ") {
                Some((context, keys)) => settings.bindings.push(KeyBinding {
                    contexts: vec![Context::named(context).unwrap()],
                    keys: keys.parse().unwrap(),
                    actions: right.split_whitespace().map(|name| Action::named(name).unwrap()).collect(),
                    line,
                    column: 1,
                }),
                None => {
                    let action = Action::named(left).unwrap();
                    settings.replaced.insert(action);
                    for keys in right.split(',').filter(|keys| !keys.trim().is_empty()) {
                        settings.bindings.push(KeyBinding {
                            contexts: action.spec().scope.own.to_vec(),
                            keys: keys.parse().unwrap(),
                            actions: vec![action],
                            line,
                            column: 1,
                        });
                    }
                }
            }
        }
        settings
    }

    fn keymap(text: &str) -> (Keymap, Vec<String>) {
        let (map, conflicts) = Keymap::new(&settings(text));
        (map, conflicts.into_iter().map(|conflict| format!("{}: {}", conflict.line, conflict.reason)).collect())
    }

    #[test]
    fn default_keys_are_valid_and_have_no_conflicts() {
        let map = Keymap::default();
        for spec in ACTIONS {
            assert_eq!(map.keys(spec.action).len(), spec.keys.len(), "{}", spec.name);
        }
        for (number, bound) in map.bound.iter().enumerate() {
            let clash = |other: &&Bound| other.clashes(bound.context, &bound.keys, &[]);
            let others = map.bound.iter().take(number).find(clash);
            assert!(others.is_none(), "{bound:?} {others:?}");
        }
    }

    #[test]
    fn panes_fall_back_to_global_keys_and_other_contexts_do_not() {
        use Context::{Dialog, Global, Line, List, Note, Reading, Sources};
        let map = Keymap::default();
        for (keys, meanings) in [
            ("j", ["down", "down", "down", "down", "", "", "down"]),
            ("Down", ["down", "down", "down", "down", "history-newer", "down", "down"]),
            ("Enter", ["", "open", "", "narrow", "keep-filter", "", "open"]),
            ("q", ["quit", "quit", "quit", "quit", "", "", "quit"]),
            ("^C", ["quit", "quit", "quit", "quit", "cancel", "", "quit"]),
            ("w", ["", "export", "export", "watch-search", "", "", ""]),
            (
                "^D",
                [
                    "half-page-down",
                    "half-page-down",
                    "half-page-down",
                    "half-page-down",
                    "delete-forward",
                    "delete-forward",
                    "half-page-down",
                ],
            ),
            ("^F", ["page-down"; 7]),
            ("^Z", ["suspend"; 7]),
            ("Esc", ["back", "back", "back", "back", "clear-filter", "back", "back"]),
            ("Alt-c", ["toggle-case", "toggle-case", "toggle-case", "toggle-case", "toggle-case", "", ""]),
            ("?", ["help", "help", "help", "help", "language", "", "help"]),
        ] {
            let found =
                [Global, List, Reading, Sources, Line, Note, Dialog].map(|context| meaning(&map, context, keys));
            assert_eq!(found, meanings, "{keys}");
        }
    }

    #[test]
    fn config_takes_over_default_keys() {
        let (map, conflicts) = keymap("quit = x\nzen = j\nsources: w = watch-search\nlist: w = open");
        assert_eq!(conflicts, [""; 0]);
        assert_eq!(meaning(&map, Context::List, "x"), "quit");
        assert_eq!(meaning(&map, Context::List, "j"), "zen");
        assert_eq!(meaning(&map, Context::List, "Down"), "down");
        assert_eq!(["q", "z"].map(|key| meaning(&map, Context::List, key)), [""; 2]);
        // The other context of the default key keeps it.
        assert_eq!([Context::List, Context::Reading].map(|context| meaning(&map, context, "w")), ["open", "export"]);
        assert_eq!(map.shown(Action::Open), "Enter w");
    }

    #[test]
    fn sequences_run_after_their_last_key() {
        let (map, conflicts) =
            keymap("top = g g, Home\nglobal: g s = toggle-star\nlist: g o x = open\nline: ^X s = cancel");
        assert_eq!(conflicts, [""; 0]);
        let list = |keys| meaning(&map, Context::List, keys);
        assert_eq!(["g", "g g", "g s", "g o", "g o x", "g x"].map(list), ["…", "top", "toggle-star", "…", "open", ""]);
        assert_eq!(meaning(&map, Context::Reading, "g o"), "");
        assert_eq!(["^X", "^X s", "g"].map(|keys| meaning(&map, Context::Line, keys)), ["…", "cancel", ""]);
        assert_eq!(meaning(&map, Context::Dialog, "g g"), "top");
        assert_eq!(map.shown(Action::Top), "g g, Home");
        let next = map.next_keys(Context::List, &pressed("g"));
        let next: Vec<_> = next.iter().map(|next| (next.key.to_string(), next.actions)).collect();
        let wanted: [(&str, &[Action]); 3] = [("g", &[Action::Top]), ("s", &[Action::ToggleStar]), ("o", &[])];
        assert_eq!(next, wanted.map(|(key, actions)| (key.to_owned(), actions)));
    }

    #[test]
    fn keys_run_several_actions_in_order() {
        let (map, conflicts) = keymap("global: x = toggle-star down");
        assert_eq!(conflicts, [""; 0]);
        assert_eq!(meaning(&map, Context::List, "x"), "toggle-star down");
        // Hints and help name the keys that do one thing.
        assert_eq!(map.shown(Action::ToggleStar), "s");
    }

    #[test]
    fn keys_without_actions_are_unbound() {
        let (map, conflicts) = keymap("dialog: q =\nglobal: g =\nglobal: g s = toggle-star\nback =");
        assert_eq!(conflicts, [""; 0]);
        assert_eq!(meaning(&map, Context::Dialog, "q"), "");
        assert_eq!(meaning(&map, Context::List, "q"), "quit");
        assert_eq!(meaning(&map, Context::List, "g"), "…");
        assert_eq!(meaning(&map, Context::List, "Esc"), "");
        assert_eq!(map.shown(Action::Top), "Home");
    }

    #[test]
    fn first_of_two_bindings_of_the_config_counts() {
        let (map, conflicts) = keymap("quit = j\nzen = j, x\nlist: x = open\nlist: x = zen");
        assert_eq!(
            conflicts,
            [
                "2: \"j\" already runs \"quit\" in all panes (line 1)",
                "3: \"x\" in the list would hide the global key of \"zen\" (line 2)",
            ]
        );
        assert_eq!(meaning(&map, Context::List, "j"), "quit");
        assert_eq!(meaning(&map, Context::List, "x"), "zen");
    }

    #[test]
    fn hidden_global_keys_are_conflicts() {
        let (map, conflicts) =
            keymap("list: s = open\nquit = w\nlist: j = down\nsources: g = narrow\nline: s = cancel");
        assert_eq!(
            conflicts,
            [
                "1: \"s\" in the list would hide the global key of \"toggle-star\" (default)",
                "2: \"w\" already runs \"export\" in the list (default), which would hide it",
                "4: \"g\" in the sources would hide the global key of \"top\" (default)",
            ]
        );
        assert_eq!(meaning(&map, Context::List, "s"), "toggle-star");
        // An action is never left without keys by a conflict.
        assert_eq!(meaning(&map, Context::List, "q"), "quit");
        let (map, conflicts) = keymap("toggle-star = S\nsave-search =\nlist: s = open");
        assert_eq!(conflicts, [""; 0]);
        assert_eq!(["s", "S"].map(|key| meaning(&map, Context::List, key)), ["open", "toggle-star"]);
    }

    #[test]
    fn keys_that_are_prefix_and_action_are_conflicts() {
        let (map, conflicts) =
            keymap("global: g s = toggle-star\nlist: x y = open\nglobal: x = quit\nline: a b = cancel");
        assert_eq!(
            conflicts,
            [
                "1: \"g s\" cannot be reached, because \"g\" runs \"top\" (default)",
                "3: \"x\" is the beginning of \"x y\", which runs \"open\" (line 2)",
                "4: \"a b\" begins with a key that types text in a line",
            ]
        );
        assert_eq!(["g", "x", "x y", "q"].map(|keys| meaning(&map, Context::List, keys)), ["top", "…", "open", "quit"]);
        assert_eq!(keymap("global: 5 = quit").1, ["1: \"5\" begins with a digit, which is read as a count"]);
    }

    #[test]
    fn conflicts_give_default_keys_back() {
        let (map, conflicts) = keymap("reading: Enter = copy\nexport = Enter");
        assert_eq!(conflicts, ["2: \"Enter\" already runs \"copy\" in the reading pane (line 1)"]);
        assert_eq!((map.shown(Action::Open), map.shown(Action::Export)), ("Enter".to_owned(), "w".to_owned()));
        let (map, conflicts) = keymap("global: q x = quit\nglobal: q = zen");
        assert_eq!(conflicts.len(), 1);
        assert_eq!(meaning(&map, Context::List, "q x"), "quit");
        assert_eq!(meaning(&map, Context::List, "z"), "zen");
    }
}
