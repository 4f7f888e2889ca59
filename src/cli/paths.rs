//! Rejects paths that do not exist, with suggestions.

use std::io;
use std::path::{Path, PathBuf};

use crate::engine::loader::unreadable;
use crate::query::closest;

/// The maximum number of names in a folder that are compared with a missing one.
const MAX_NAMES: usize = 10_000;

/// Returns an error if none of `paths` can be read. The error suggests a similar path or, for the first one, the
/// subcommand that `closest_subcommand` returns.
pub(super) fn check(paths: &[PathBuf], closest_subcommand: &dyn Fn(&str) -> Option<String>) -> io::Result<()> {
    let Some(refused) = unreadable(paths) else { return Ok(()) };
    let mut lines = Vec::new();
    for (number, (path, reason)) in refused.iter().enumerate() {
        let word = path.to_str().filter(|word| number == 0 && !word.contains(['/', '.']));
        let suggestion = word
            .and_then(closest_subcommand)
            .map(|name| format!("the subcommand \"{name}\""))
            .or_else(|| closest_path(path).map(|path| format!("\"{}\"", path.display())));
        let suggestion = suggestion.map_or_else(String::new, |meant| format!("; did you mean {meant}?"));
        lines.push(format!("{}: {reason}{suggestion}", path.display()));
    }
    Err(io::Error::new(io::ErrorKind::InvalidInput, lines.join("\n")))
}

/// Returns the path in the same folder whose name is close to that of `path`.
fn closest_path(path: &Path) -> Option<PathBuf> {
    let name = path.file_name()?.to_str()?;
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    let entries = std::fs::read_dir(parent.unwrap_or(Path::new("."))).ok()?;
    let names: Vec<String> =
        entries.flatten().take(MAX_NAMES).filter_map(|entry| entry.file_name().into_string().ok()).collect();
    let near = closest(name, names.iter().map(String::as_str))?;
    Some(parent.map_or_else(|| PathBuf::from(near), |parent| parent.join(near)))
}
