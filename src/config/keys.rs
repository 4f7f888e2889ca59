//! The section `[keys]`: actions with their keys, and a table for each context with keys and their actions.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::parse_value::texts;
use super::parser::ConfigParser;
use crate::keys::{ACTIONS, Action, Context, KeyBinding, KeySequence};
use crate::query::suggestion;

impl ConfigParser<'_> {
    pub(super) fn keys(&mut self, table: &DeTable<'_>) {
        for (name, value) in table {
            let key = name.get_ref().as_ref();
            match (Context::named(key), value.get_ref()) {
                (Some(context), DeValue::Table(table)) => self.context_keys(context, table),
                (None, DeValue::Table(_)) => {
                    let known = Context::NAMES.map(|(known, _)| known);
                    let cause = format!("unknown context \"{key}\"; the contexts are {}", known.join(", "));
                    self.report(name.span().start, &cause, "ignoring it");
                }
                _ => match Action::named(key) {
                    Some(action) => self.action_keys(action, value),
                    None => self.report_unknown_action(name.span().start, key),
                },
            }
        }
        let position = |binding: &KeyBinding| (binding.line, binding.column);
        self.config.keys.bindings.sort_by_key(position);
    }

    /// Parses the keys of an action, as in `down = ["j", "^N"]`.
    fn action_keys(&mut self, action: Action, value: &Spanned<DeValue<'_>>) {
        let spec = action.spec();
        let consequence = format!("using the default keys of \"{}\"", spec.name);
        let written: Vec<&Spanned<DeValue<'_>>> = match value.get_ref() {
            DeValue::Array(all) => all.iter().collect(),
            _ => vec![value],
        };
        let mut bindings = Vec::new();
        for one in written {
            let at = one.span().start;
            let Some(text) = one.get_ref().as_str() else {
                return self.report(at, "expected a key or a list of keys", &consequence);
            };
            match text.parse::<KeySequence>() {
                Ok(keys) => {
                    let (line, column) = self.position(at);
                    let contexts = spec.scope.own.to_vec();
                    bindings.push(KeyBinding { contexts, keys, actions: vec![action], line, column });
                }
                Err(wrong) => return self.report(at, &wrong.to_string(), &consequence),
            }
        }
        self.config.keys.replaced.insert(action);
        self.config.keys.bindings.extend(bindings);
    }

    /// Parses the keys of a context, as in `"x" = ["toggle-star", "down"]`.
    fn context_keys(&mut self, context: Context, table: &DeTable<'_>) {
        for (name, value) in table {
            let (at, ignoring) = (name.span().start, "ignoring it");
            let keys = match name.get_ref().parse::<KeySequence>() {
                Ok(keys) => keys,
                Err(wrong) => {
                    self.report(at, &wrong.to_string(), ignoring);
                    continue;
                }
            };
            let Ok(names) = texts(value.get_ref()) else {
                self.report(value.span().start, "expected an action or a list of actions", ignoring);
                continue;
            };
            let actions: Vec<Action> = names.iter().filter_map(|name| Action::named(name)).collect();
            if let Some(unknown) = names.iter().find(|name| Action::named(name).is_none()) {
                self.report_unknown_action(value.span().start, unknown);
            } else if let Some(action) = actions.iter().find(|action| !action.spec().scope.allows(context)) {
                let cause = format!("\"{}\" does not work in {}", action.spec().name, context.place());
                self.report(value.span().start, &cause, ignoring);
            } else {
                let (line, column) = self.position(at);
                self.config.keys.bindings.push(KeyBinding { contexts: vec![context], keys, actions, line, column });
            }
        }
    }

    fn report_unknown_action(&mut self, at: usize, name: &str) {
        let consequence = format!("ignoring it{}", suggestion(name, ACTIONS.iter().map(|spec| spec.name)));
        self.report(at, &format!("unknown action \"{name}\""), &consequence);
    }
}
