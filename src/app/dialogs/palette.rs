//! The command palette: actions by name, with an argument for some.

use crate::keys::{ACTIONS, Action, ActionSpec};
use crate::query::suggestion;

/// The palette command that replaces an existing file.
pub(crate) const EXPORT_OVER: &str = "export!";

/// Returns the message for a command that the palette does not know.
pub(crate) fn unknown_command(typed: &str) -> String {
    let name = typed.split_whitespace().next().unwrap_or("");
    if Action::named(name).is_some() {
        return format!("\"{name}\" takes no argument");
    }
    let known = ACTIONS.iter().filter(|spec| spec.is_in_palette()).map(|spec| spec.name);
    format!("Unknown command \"{name}\"{}", suggestion(name, known))
}

/// Splits a typed command into its action and argument. Returns `None` unless it starts with the name of an action that
/// takes an argument, and a space.
pub(crate) fn with_argument(typed: &str) -> Option<(Action, &str)> {
    let (name, argument) = typed.trim_start().split_once(char::is_whitespace)?;
    let name = if name == EXPORT_OVER { Action::Export.spec().name } else { name };
    let action = Action::named(name).filter(|action| action.takes_argument())?;
    Some((action, argument.trim()))
}

/// Returns the actions that match the typed text, best first. The weakest match has the letters of the text in order.
pub fn palette_rows(typed: &str) -> Vec<&'static ActionSpec> {
    // The rest of the line is the argument.
    if let Some((action, _)) = with_argument(typed) {
        return vec![action.spec()];
    }
    let typed: String = typed.to_lowercase().split_whitespace().collect::<Vec<_>>().join("-");
    let rank = |spec: &ActionSpec| {
        let mut letters = spec.name.chars();
        if spec.name == typed {
            Some(0)
        } else if spec.name.starts_with(&typed) {
            Some(1)
        } else if spec.name.contains(&typed) {
            Some(2)
        } else if spec.help.to_lowercase().contains(&typed.replace('-', " ")) {
            Some(3)
        } else {
            typed.chars().all(|wanted| letters.any(|letter| letter == wanted)).then_some(4)
        }
    };
    let mut rows: Vec<_> = ACTIONS
        .iter()
        .filter(|spec| spec.is_in_palette() && spec.action != Action::ShowPalette)
        .filter_map(|spec| rank(spec).map(|rank| (rank, spec)))
        .collect();
    rows.sort_by_key(|(rank, _)| *rank);
    rows.into_iter().map(|(_, spec)| spec).collect()
}
