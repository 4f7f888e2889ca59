//! Works out a number for what this version of the program makes of a file: snapshots made by another are not used.

use std::collections::BTreeMap;
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};

/// The rooms that decide what a shard holds, and the versions of the crates that they use.
const DECIDE: &[&str] = &[
    "Cargo.lock",
    "src/text.rs",
    "src/text",
    "src/article.rs",
    "src/article",
    "src/formats.rs",
    "src/formats",
    "src/corpus.rs",
    "src/corpus",
];

fn main() {
    let mut files = BTreeMap::new();
    for path in DECIDE {
        println!("cargo::rerun-if-changed={path}");
        collect(Path::new(path), &mut files);
    }
    let mut hasher = DefaultHasher::new();
    files.hash(&mut hasher);
    println!("cargo::rustc-env=NEWSDESK_CONTENTS={}", hasher.finish());
}

/// What is not there, such as the lock file of a package, counts as empty.
fn collect(path: &Path, files: &mut BTreeMap<PathBuf, Vec<u8>>) {
    match fs::read_dir(path) {
        Ok(entries) => entries.flatten().for_each(|entry| collect(&entry.path(), files)),
        Err(_) => drop(files.insert(path.to_path_buf(), fs::read(path).unwrap_or_default())),
    }
}
