//! Loads the articles that a subcommand works on.

use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use super::args::CommonArgs;
use super::library_access::{has_feeds, library_error};
use super::paths;
use super::progress::Progress;
use super::user_files::{library_path, load_config_and_report, snapshot_cache};
use crate::config::Config;
use crate::engine::loader::{LoadOptions, Source};
use crate::engine::{Loaded, load_with};
use crate::library::Library;

/// Returns the sources for these paths; without paths, the feeds in `library` or, if there are none, the bundled
/// articles.
pub(super) fn sources(paths: &[PathBuf], library: Option<&Path>, config: &Config) -> io::Result<Vec<Source>> {
    if paths.is_empty() {
        // The feeds are a source even if there are none yet, so the first subscription replaces the bundled articles.
        let bundled = (!library.is_some_and(has_feeds)).then_some(Source::Bundled);
        let feeds = library.map(|library| Source::Feeds { library: library.to_owned(), merge: config.feeds.merge });
        return Ok(feeds.into_iter().chain(bundled).collect());
    }
    let mut sources = Vec::new();
    for path in paths {
        sources.push(if path == Path::new("-") {
            let (mut bytes, limit) = (Vec::new(), LoadOptions::of(config).limit());
            io::stdin().lock().take(limit.saturating_add(1)).read_to_end(&mut bytes)?;
            if bytes.len() as u64 > limit {
                let setting = if limit < config.max_size { "files.memory" } else { "files.max_size" };
                let message = format!("standard input has more than {limit} bytes; raise {setting} to read it");
                return Err(io::Error::other(message));
            }
            Source::Input(bytes)
        } else {
            Source::Path(path.clone())
        });
    }
    Ok(sources)
}

/// Loads the articles of `paths`, from snapshots if `use_snapshots` is set and the config allows it.
pub(super) fn load(paths: &[PathBuf], common: &CommonArgs, use_snapshots: bool) -> io::Result<Loaded> {
    paths::check(paths, &|_| None)?;
    let config = load_config_and_report(common)?;
    let options = LoadOptions::of(&config);
    let cache = snapshot_cache().filter(|_| use_snapshots && config.snapshots);
    let mut progress = Progress::new();
    let report = &mut |state| progress.update_loading(state);
    let sources = sources(paths, library_path().as_deref(), &config)?;
    Ok(load_with(&sources, options, cache.as_ref(), &AtomicBool::new(false), report))
}

/// Returns `paths` or, if there are none and no feeds, the paths that were open last if they still exist.
pub(super) fn paths_or_last(paths: &[PathBuf], library: &Library) -> io::Result<Vec<PathBuf>> {
    if !paths.is_empty() || library.has_feeds().unwrap_or(false) {
        return Ok(paths.to_owned());
    }
    let sessions = library.sessions().map_err(|error| library_error(library.path(), error))?;
    // Sessions of feeds and of the bundled articles have no paths.
    let last = sessions.first().and_then(|(sources, _)| serde_json::from_str::<Vec<PathBuf>>(sources).ok());
    let exist = |paths: &Vec<PathBuf>| paths.iter().all(|path| path.exists());
    Ok(last.filter(exist).unwrap_or_default())
}
