//! The searchable list of keys.

use crate::keys::{ACTIONS, ActionSpec, Keymap};

/// Returns the actions whose name, help or keys contain every term of `search`.
pub fn help_rows(search: &str, keymap: &Keymap) -> Vec<&'static ActionSpec> {
    let terms: Vec<String> = search.split_whitespace().map(str::to_lowercase).collect();
    let fits = |spec: &&ActionSpec| {
        let keys = keymap.keys(spec.action);
        let text = format!("{} {} {}", spec.name, spec.help, spec.group.title()).to_lowercase();
        terms.iter().all(|term| text.contains(term) || keys.iter().any(|keys| keys.to_string().to_lowercase() == *term))
    };
    ACTIONS.iter().filter(fits).collect()
}
