//! `newsdesk cache`: snapshots of large folders, which open faster with them.

use std::cell::RefCell;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::SystemTime;

use chrono::{DateTime, Local};
use clap::Subcommand;

use crate::cli::args::{CommonArgs, EXIT_ERROR, EXIT_NO_MATCH};
use crate::cli::output::print_error;
use crate::cli::progress::Progress;
use crate::cli::user_files::{load_config_and_report, snapshot_cache, with_path};
use crate::engine::loader::LoadOptions;
use crate::engine::{Cache, Pruned, SnapshotInfo, WriteOutcome, make_snapshot};
use crate::text::clean;
use crate::text::format::counted;

/// Show, make or delete snapshots of large folders
#[derive(Debug, clap::Args)]
pub(crate) struct CacheArgs {
    #[command(subcommand)]
    command: Option<CacheCommand>,
}

#[derive(Debug, Default, Subcommand)]
enum CacheCommand {
    /// List snapshots: folder, articles, size, last write and use
    #[default]
    Show,
    /// Delete snapshots of deleted folders or unused for 60 days
    Prune,
    /// Delete all snapshots
    Clear,
    /// Make or update snapshots of folders
    Make {
        /// Folders
        #[arg(value_name = "PATH", required = true)]
        paths: Vec<PathBuf>,
    },
}

pub(crate) fn run(args: CacheArgs, common: &CommonArgs, out: &mut impl Write) -> io::Result<ExitCode> {
    let cache = snapshot_cache().ok_or_else(|| io::Error::other("cannot find your cache folder"))?;
    match args.command.unwrap_or_default() {
        CacheCommand::Show => show(&cache, out),
        CacheCommand::Prune => deleted(cache.prune()?, out),
        CacheCommand::Clear => deleted(cache.clear()?, out),
        CacheCommand::Make { paths } => {
            let config = load_config_and_report(common)?;
            let options = LoadOptions::of(&config);
            make(&cache, &paths, options, out)
        }
    }
}

fn show(cache: &Cache, out: &mut impl Write) -> io::Result<ExitCode> {
    let all = cache.list()?;
    for snapshot in &all {
        writeln!(out, "{}", line(snapshot))?;
    }
    if all.is_empty() {
        writeln!(out, "No snapshots.")?;
        return Ok(EXIT_NO_MATCH.into());
    }
    Ok(ExitCode::SUCCESS)
}

fn line(snapshot: &SnapshotInfo) -> String {
    let Some(root) = &snapshot.root else {
        return format!("{}  {}  unusable: its manifest cannot be read", shown(&snapshot.folder), size(snapshot.bytes));
    };
    let articles = counted(snapshot.articles, "article", "articles");
    let mut line = format!(
        "{}  {articles}  {}  written {}  used {}",
        shown(root),
        size(snapshot.bytes),
        moment(snapshot.written),
        moment(snapshot.used)
    );
    if !snapshot.there {
        line.push_str("  the folder is gone");
    } else if !snapshot.current {
        line.push_str("  from another version of newsdesk; rewritten when the folder is opened");
    }
    line
}

fn deleted(pruned: Pruned, out: &mut impl Write) -> io::Result<ExitCode> {
    let snapshots = counted(pruned.snapshots as u64, "snapshot", "snapshots");
    let files = counted(pruned.files as u64, "file", "files");
    writeln!(out, "Deleted {snapshots}, {files} in all, {}.", size(pruned.bytes))?;
    Ok(ExitCode::SUCCESS)
}

fn make(cache: &Cache, paths: &[PathBuf], options: LoadOptions, out: &mut impl Write) -> io::Result<ExitCode> {
    let (mut made, mut skipped) = (0, 0);
    for path in paths {
        match std::fs::metadata(path) {
            Ok(metadata) if metadata.is_dir() => {}
            Ok(_) => {
                print_error(&format!("{}: not a folder; skipped", path.display()));
                skipped += 1;
                continue;
            }
            Err(error) => {
                print_error(&format!("newsdesk: {}", with_path(path, &error)));
                skipped += 1;
                continue;
            }
        }
        let progress = RefCell::new(Progress::new());
        let loading = &mut |state| progress.borrow_mut().update_loading(state);
        let writing = &mut |done, all| progress.borrow_mut().update(done, all, "shards written");
        let (loaded, written) = make_snapshot(path, options, cache, loading, writing)?;
        drop(progress);
        let articles = counted(loaded.corpus.len() as u64, "article", "articles");
        match written {
            WriteOutcome::NotWorthIt => {
                writeln!(
                    out,
                    "{}: {articles}; no snapshot: too few files, or all of them changed just now",
                    shown(path)
                )?;
                continue;
            }
            WriteOutcome::UpToDate => writeln!(out, "{}: {articles}; up to date", shown(path))?,
            WriteOutcome::New(bytes) => writeln!(out, "{}: {articles}; {} written", shown(path), size(bytes))?,
        }
        made += 1;
    }
    Ok(match (made, skipped) {
        (0, 1..) => EXIT_ERROR.into(),
        (_, 1..) | (0, _) => EXIT_NO_MATCH.into(),
        (_, _) => ExitCode::SUCCESS,
    })
}

fn shown(path: &Path) -> String {
    clean(&path.to_string_lossy().replace('\n', " ")).into_owned()
}

fn size(bytes: u64) -> String {
    match bytes {
        0..1_000 => format!("{bytes} B"),
        1_000..1_000_000 => format!("{} kB", bytes / 1_000),
        1_000_000..1_000_000_000 => format!("{} MB", bytes / 1_000_000),
        _ => format!("{:.1} GB", bytes as f64 / 1e9),
    }
}

fn moment(time: Option<SystemTime>) -> String {
    time.map_or_else(|| "-".to_owned(), |time| DateTime::<Local>::from(time).format("%Y-%m-%d %H:%M").to_string())
}
