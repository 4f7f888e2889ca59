//! The user's files: config, snapshot cache and library.

use std::io;
use std::path::{Path, PathBuf};

use super::args::CommonArgs;
use super::output::print_error;
use crate::article::Problem;
use crate::config::Config;
use crate::engine::Cache;

/// Adds the path to an I/O error.
pub(super) fn with_path(path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}

/// Returns the path of the default config file.
pub(super) fn config_path() -> Option<PathBuf> {
    directories::ProjectDirs::from("", "", "newsdesk").map(|folders| folders.config_dir().join("config.toml"))
}

/// Loads the config, and the problems in it. Returns an error if the file that `--config` names cannot be read.
pub(super) fn load_config(common: &CommonArgs) -> io::Result<(Config, Vec<Problem>)> {
    let Some(path) = &common.config else {
        return Ok(config_path().map_or_else(Default::default, |path| Config::load(&path)));
    };
    std::fs::metadata(path).map_err(|error| with_path(path, &error))?;
    Ok(Config::load(path))
}

/// Loads the config and prints the problems in it.
pub(super) fn load_config_and_report(common: &CommonArgs) -> io::Result<Config> {
    let (config, problems) = load_config(common)?;
    for problem in problems {
        print_error(&problem.to_string());
    }
    Ok(config)
}

/// Returns the snapshot cache in the user's cache folder.
pub(super) fn snapshot_cache() -> Option<Cache> {
    directories::ProjectDirs::from("", "", "newsdesk").map(|folders| Cache::new(folders.cache_dir()))
}

/// Returns the path of the library: `NEWSDESK_LIBRARY`, or a file in the user's data folder.
pub(super) fn library_path() -> Option<PathBuf> {
    let named = std::env::var_os("NEWSDESK_LIBRARY").filter(|path| !path.is_empty()).map(PathBuf::from);
    let default =
        || directories::ProjectDirs::from("", "", "newsdesk").map(|folders| folders.data_dir().join("library.db"));
    named.or_else(default)
}
