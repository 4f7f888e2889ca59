//! Rejects paths that do not exist, with suggestions.

use std::io;
use std::path::{Path, PathBuf};

use clap::CommandFactory;

use super::Cli;
use crate::engine::loader::unreadable;
use crate::query::closest;

/// The maximum number of names in a folder that are compared with a missing one.
const MOST_NAMES: usize = 10_000;

/// Returns an error if none of `paths` can be read. The error suggests a path or, for the first argument (`is_first`),
/// a subcommand.
pub(super) fn check(paths: &[PathBuf], is_first: bool) -> io::Result<()> {
    let Some(refused) = unreadable(paths) else { return Ok(()) };
    let mut lines = Vec::new();
    for (number, (path, reason)) in refused.iter().enumerate() {
        let may_be_command = number == 0 && is_first;
        let suggestion = closest_subcommand(path)
            .filter(|_| may_be_command)
            .map(|name| format!("the subcommand \"{name}\""))
            .or_else(|| closest_path(path).map(|path| format!("\"{}\"", path.display())));
        let suggestion = suggestion.map_or_else(String::new, |meant| format!("; did you mean {meant}?"));
        lines.push(format!("{}: {reason}{suggestion}", path.display()));
    }
    Err(io::Error::new(io::ErrorKind::InvalidInput, lines.join("\n")))
}

/// Returns the subcommand whose name is close to `path`.
fn closest_subcommand(path: &Path) -> Option<String> {
    let word = path.to_str().filter(|word| !word.contains(['/', '.']))?;
    let command = Cli::command();
    closest(word, command.get_subcommands().map(clap::Command::get_name)).map(str::to_owned)
}

/// Returns the path in the same folder whose name is close to that of `path`.
fn closest_path(path: &Path) -> Option<PathBuf> {
    let name = path.file_name()?.to_str()?;
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    let entries = std::fs::read_dir(parent.unwrap_or(Path::new("."))).ok()?;
    let names: Vec<String> =
        entries.flatten().take(MOST_NAMES).filter_map(|entry| entry.file_name().into_string().ok()).collect();
    let near = closest(name, names.iter().map(String::as_str))?;
    Some(parent.map_or_else(|| PathBuf::from(near), |parent| parent.join(near)))
}
