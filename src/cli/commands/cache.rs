//! `newsdesk cache`: what is kept of large folders, so that they open faster.

use std::cell::RefCell;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::SystemTime;

use chrono::{DateTime, Local};
use clap::Subcommand;

use crate::cli::progress::Progress;
use crate::cli::{Common, NOTHING, WRONG, complain, config_or_complain, named};
use crate::engine::loader::LoadOptions;
use crate::engine::{Cache, Pruned, SnapshotInfo, WriteOutcome, make_snapshot};
use crate::text::clean;
use crate::text::format::counted;

/// What is to be done with the snapshots.
#[derive(Debug, Default, Subcommand)]
pub(crate) enum CacheCommand {
    /// List the snapshots: folder, articles, size, when written and used last
    #[default]
    Show,
    /// Delete snapshots of folders that are gone and those that were not used for 60 days, and what was left over
    Prune,
    /// Delete all snapshots
    Clear,
    /// Make snapshots of folders, or bring them up to date
    Make {
        /// The folders
        #[arg(value_name = "PATH", required = true)]
        paths: Vec<PathBuf>,
    },
}

pub(crate) fn carry_out(order: CacheCommand, common: &Common, out: &mut impl Write) -> io::Result<ExitCode> {
    let Some(cache) = super::super::cache() else {
        return Err(io::Error::other("this system names no folder for what is kept"));
    };
    match order {
        CacheCommand::Show => show(&cache, out),
        CacheCommand::Prune => deleted(cache.prune()?, out),
        CacheCommand::Clear => deleted(cache.clear()?, out),
        CacheCommand::Make { paths } => {
            let config = config_or_complain(common)?;
            let options = LoadOptions::of(&config);
            make(&cache, &paths, options, out)
        }
    }
}

fn show(cache: &Cache, out: &mut impl Write) -> io::Result<ExitCode> {
    let all = cache.list()?;
    for kept in &all {
        writeln!(out, "{}", line(kept))?;
    }
    if all.is_empty() {
        writeln!(out, "No snapshots are kept.")?;
        return Ok(NOTHING.into());
    }
    Ok(ExitCode::SUCCESS)
}

fn line(kept: &SnapshotInfo) -> String {
    let Some(root) = &kept.root else {
        return format!(
            "{}  {}  of no use: it has no manifest that can be read",
            shown(&kept.folder),
            size(kept.bytes)
        );
    };
    let articles = counted(kept.articles, "article", "articles");
    let mut line = format!(
        "{}  {articles}  {}  written {}  used {}",
        shown(root),
        size(kept.bytes),
        moment(kept.written),
        moment(kept.used)
    );
    if !kept.there {
        line.push_str("  the folder is gone");
    } else if !kept.current {
        line.push_str("  of another version of newsdesk; it is written anew when the folder is opened");
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
    let (mut made, mut left_out) = (0, 0);
    for path in paths {
        // Everything is looked at before it is written, or told why not.
        match std::fs::metadata(path) {
            Ok(metadata) if metadata.is_dir() => {}
            Ok(_) => {
                complain(&format!("{}: it is no folder; it is left out", path.display()));
                left_out += 1;
                continue;
            }
            Err(error) => {
                complain(&format!("newsdesk: {}", named(path, &error)));
                left_out += 1;
                continue;
            }
        }
        let progress = RefCell::new(Progress::new());
        let loading = &mut |how_far| progress.borrow_mut().load(how_far);
        let writing = &mut |done, all| progress.borrow_mut().tell(done, all, "shards written");
        let (loaded, written) = make_snapshot(path, options, cache, loading, writing)?;
        drop(progress);
        let articles = counted(loaded.corpus.len() as u64, "article", "articles");
        match written {
            WriteOutcome::NotWorthIt => {
                writeln!(
                    out,
                    "{}: {articles}; too few files for a snapshot, or all of them written only just now",
                    shown(path)
                )?;
                continue;
            }
            WriteOutcome::UpToDate => writeln!(out, "{}: {articles}; up to date", shown(path))?,
            WriteOutcome::New(bytes) => writeln!(out, "{}: {articles}; {} written", shown(path), size(bytes))?,
        }
        made += 1;
    }
    Ok(match (made, left_out) {
        (0, 1..) => WRONG.into(),
        (_, 1..) | (0, _) => NOTHING.into(),
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
