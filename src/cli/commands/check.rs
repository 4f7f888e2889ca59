//! `newsdesk check`: what is read, and what is wrong.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::process::ExitCode;

use crate::cli::{NOTHING, WRONG};
use crate::engine::Loaded;
use crate::text::clean;
use crate::text::format::{counted, grouped};

pub(crate) fn print(loaded: &Loaded, stats: bool, out: &mut impl Write) -> io::Result<ExitCode> {
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
    let passed_over: usize = loaded.passed_over.values().sum();
    if passed_over > 0 {
        let kinds: Vec<String> =
            loaded.passed_over.iter().map(|(ending, count)| format!("{count} .{}", clean(ending))).collect();
        let count = counted(passed_over as u64, "file", "files");
        writeln!(out, "{count} of other kinds passed over: {}", kinds.join(", "))?;
    }
    if stats {
        print_stats(loaded, out)?;
    }
    for problem in &loaded.problems {
        writeln!(out, "{problem}")?;
    }
    Ok(match (loaded.problems.is_empty(), corpus.is_empty()) {
        _ if loaded.is_path_missing => WRONG.into(),
        (true, false) => ExitCode::SUCCESS,
        (false, false) => NOTHING.into(),
        (_, true) => WRONG.into(),
    })
}

/// Bytes, memory and time.
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
        writeln!(out, "         {} at most by the whole program", grouped(peak))?;
    }
    let all: f64 = loaded.phases.iter().map(|(_, time)| time.as_secs_f64()).sum();
    let phases: Vec<String> =
        loaded.phases.iter().map(|(name, time)| format!("{name} {:.3}", time.as_secs_f64())).collect();
    writeln!(out, "seconds  {all:.3}: {}", phases.join(", "))
}

/// The most memory that the program ever held, in bytes, where the system tells.
fn peak_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok().map(|kilobytes| kilobytes * 1024)
}
