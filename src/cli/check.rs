//! `newsdesk check`: what is read, and what is wrong.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::process::ExitCode;

use super::{NOTHING, WRONG};
use crate::article::clean;
use crate::runtime::Loaded;

pub(super) fn print(loaded: &Loaded, out: &mut impl Write) -> io::Result<ExitCode> {
    let corpus = &loaded.corpus;
    let mut formats: BTreeMap<&str, usize> = BTreeMap::new();
    let mut files = 0;
    // Shard by shard, where the articles of a file stand together.
    for (_, shard) in corpus.shards() {
        let mut last = None;
        for entry in (0..shard.len()).filter_map(|index| shard.entry(index)) {
            *formats.entry(entry.format()).or_default() += 1;
            let place = entry.place().map(|(folder, name)| (name, folder.as_os_str()));
            files += usize::from(last != Some(place));
            last = Some(place);
        }
    }
    let counted = |count: usize, what: &str| format!("{count} {what}{}", if count == 1 { "" } else { "s" });
    writeln!(out, "{} in {}", counted(corpus.len(), "article"), counted(files, "file"))?;
    for (format, count) in &formats {
        writeln!(out, "  {count} {format}")?;
    }
    let passed_over: usize = loaded.passed_over.values().sum();
    if passed_over > 0 {
        let kinds: Vec<String> =
            loaded.passed_over.iter().map(|(ending, count)| format!("{count} .{}", clean(ending))).collect();
        writeln!(out, "{} of other kinds passed over: {}", counted(passed_over, "file"), kinds.join(", "))?;
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
