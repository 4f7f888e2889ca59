//! `newsdesk check`: articles by format, and problems.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::process::ExitCode;

use crate::cli::args::{CommonArgs, EXIT_ERROR, EXIT_NO_MATCH, PathArgs};
use crate::cli::library_access::{self, library_error};
use crate::cli::sources::load;
use crate::engine::{Loaded, unreadable_rows};
use crate::library::{Library, take_unreadable_rows};
use crate::text::clean;
use crate::text::format::{counted, grouped};

/// Count articles by format; report problems with files
///
/// A problem is a line `path:line: cause; consequence`.
#[derive(Debug, clap::Args)]
pub(crate) struct CheckArgs {
    #[command(flatten)]
    paths: PathArgs,
    /// Print bytes, memory and time as well
    #[arg(long)]
    stats: bool,
    /// Check the library for damage instead
    #[arg(long, conflicts_with_all = ["stats", "paths"])]
    library: bool,
}

pub(crate) fn run(args: &CheckArgs, common: &CommonArgs, out: &mut impl Write) -> io::Result<ExitCode> {
    if args.library {
        check_library(out)
    } else {
        check_files(&load(&args.paths.paths, common, false)?, args.stats, out)
    }
}

fn check_files(loaded: &Loaded, stats: bool, out: &mut impl Write) -> io::Result<ExitCode> {
    let corpus = &loaded.corpus;
    let mut formats: BTreeMap<&str, u64> = BTreeMap::new();
    for entry in corpus.order().iter().filter_map(|&slot| corpus.get(slot)) {
        *formats.entry(entry.format()).or_default() += 1;
    }
    let files: usize = corpus.shards().map(|(_, shard)| shard.files().len()).sum();
    writeln!(
        out,
        "{} in {}",
        counted(corpus.len() as u64, "article", "articles"),
        counted(files as u64, "file", "files")
    )?;
    for (format, count) in &formats {
        writeln!(out, "  {} {format}", grouped(*count))?;
    }
    let skipped: usize = loaded.skipped.values().sum();
    if skipped > 0 {
        let kinds: Vec<String> =
            loaded.skipped.iter().map(|(extension, count)| format!("{count} .{}", clean(extension))).collect();
        let count = counted(skipped as u64, "file", "files");
        writeln!(out, "{count} of other kinds skipped: {}", kinds.join(", "))?;
    }
    if stats {
        print_stats(loaded, out)?;
    }
    for problem in &loaded.problems {
        writeln!(out, "{problem}")?;
    }
    Ok(if loaded.is_path_missing || corpus.is_empty() {
        EXIT_ERROR.into()
    } else if loaded.problems.is_empty() {
        ExitCode::SUCCESS
    } else {
        EXIT_NO_MATCH.into()
    })
}

fn check_library(out: &mut impl Write) -> io::Result<ExitCode> {
    let path = library_access::path()?;
    let shown = clean(&path.to_string_lossy()).into_owned();
    let Some(mut library) = Library::open_to_read(&path).map_err(|error| library_error(&path, error))? else {
        writeln!(out, "{shown}: no library yet")?;
        return Ok(ExitCode::SUCCESS);
    };
    let damage = library.check().map_err(|error| library_error(&path, error))?;
    for line in &damage {
        writeln!(out, "{shown}: {}; start newsdesk once to recover the readable parts", clean(line))?;
    }
    library.check_rows().map_err(|error| library_error(&path, error))?;
    let unreadable = take_unreadable_rows();
    for row in &unreadable {
        writeln!(out, "{}", clean(&unreadable_rows::problem(&path, row).to_string()))?;
    }
    if !damage.is_empty() || !unreadable.is_empty() {
        return Ok(EXIT_NO_MATCH.into());
    }
    writeln!(out, "{shown}: no damage; {}", library_access::summary(&library)?)?;
    Ok(ExitCode::SUCCESS)
}

fn print_stats(loaded: &Loaded, out: &mut impl Write) -> io::Result<()> {
    let (articles, bytes, memory) = (loaded.corpus.len(), loaded.progress.bytes, loaded.corpus.memory());
    let each = |sum: usize| grouped((sum / articles.max(1)) as u64);
    let ratio = memory as f64 / (bytes.max(1) as f64);
    writeln!(
        out,
        "bytes    {} in files, {} an article",
        grouped(bytes),
        each(usize::try_from(bytes).unwrap_or(usize::MAX))
    )?;
    writeln!(
        out,
        "memory   {} held, {} an article, {ratio:.2} for each byte of the files",
        grouped(memory as u64),
        each(memory)
    )?;
    if let Some(peak) = peak_memory() {
        writeln!(out, "         {} peak memory of the program", grouped(peak))?;
    }
    let all: f64 = loaded.phases.iter().map(|(_, time)| time.as_secs_f64()).sum();
    let phases: Vec<String> =
        loaded.phases.iter().map(|(name, time)| format!("{name} {:.3}", time.as_secs_f64())).collect();
    writeln!(out, "seconds  {all:.3}: {}", phases.join(", "))
}

/// Returns the peak memory of the program in bytes; `None` if the system does not report it.
fn peak_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok().map(|kilobytes| kilobytes * 1024)
}
