//! `newsdesk check`: what is read, and what is wrong.

use std::collections::{BTreeMap, HashSet};
use std::io::{self, Write};
use std::process::ExitCode;

use super::{NOTHING, WRONG};
use crate::app::numbers::counted;
use crate::article::clean;
use crate::runtime::Loaded;

pub(super) fn print(loaded: &Loaded, out: &mut impl Write) -> io::Result<ExitCode> {
    let corpus = &loaded.corpus;
    let mut formats: BTreeMap<&str, usize> = BTreeMap::new();
    let mut files = HashSet::new();
    for entry in corpus.order().iter().filter_map(|&slot| corpus.get(slot)) {
        *formats.entry(entry.format()).or_default() += 1;
        files.insert(entry.place());
    }
    writeln!(
        out,
        "{} in {}",
        counted(corpus.len() as u64, "article", "articles"),
        counted(files.len() as u64, "file", "files")
    )?;
    for (format, count) in &formats {
        writeln!(out, "  {count} {format}")?;
    }
    let passed_over: usize = loaded.passed_over.values().sum();
    if passed_over > 0 {
        let kinds: Vec<String> =
            loaded.passed_over.iter().map(|(ending, count)| format!("{count} .{}", clean(ending))).collect();
        writeln!(
            out,
            "{} of other kinds passed over: {}",
            counted(passed_over as u64, "file", "files"),
            kinds.join(", ")
        )?;
    }
    for problem in &loaded.problems {
        writeln!(out, "{problem}")?;
    }
    Ok(match (loaded.problems.is_empty(), corpus.is_empty()) {
        (true, false) => ExitCode::SUCCESS,
        (false, false) => NOTHING.into(),
        (_, true) => WRONG.into(),
    })
}
