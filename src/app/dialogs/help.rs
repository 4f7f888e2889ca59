//! The searchable list of keys.

use crate::keys::{ACTIONS, ActionSpec, Keymap};

/// Returns the actions whose name, help or keys contain every word of `search`.
pub fn help_rows(search: &str, keymap: &Keymap) -> Vec<&'static ActionSpec> {
    let words: Vec<String> = search.split_whitespace().map(str::to_lowercase).collect();
    let fits = |spec: &&ActionSpec| {
        let keys = keymap.keys(spec.action);
        let text = format!("{} {} {}", spec.name, spec.help, spec.group.title()).to_lowercase();
        words.iter().all(|word| text.contains(word) || keys.iter().any(|keys| keys.to_string().to_lowercase() == *word))
    };
    ACTIONS.iter().filter(fits).collect()
}
