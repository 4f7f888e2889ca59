//! The layout of the tests themselves.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Adds the files that `file` declares as modules, and theirs. `folder` has the modules without a path of their own.
fn collect(file: &Path, folder: &Path, found: &mut BTreeSet<PathBuf>) {
    if !found.insert(file.to_path_buf()) {
        return;
    }
    let text = fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let mut path = None;
    // The folder of an inline module that is open.
    let mut inline: Option<PathBuf> = None;
    for line in text.lines().map(str::trim) {
        if let Some(value) = line.strip_prefix("#[path = \"").and_then(|rest| rest.strip_suffix("\"]")) {
            path = Some(value.to_owned());
            continue;
        }
        let item = line.strip_prefix("pub(crate) ").or_else(|| line.strip_prefix("pub ")).unwrap_or(line);
        if let Some(name) = item.strip_prefix("mod ").and_then(|rest| rest.strip_suffix(';')) {
            let base = inline.as_deref().unwrap_or(folder);
            // A file with a path of its own is the root of its folder; others have a folder of their name.
            let (own, modules) = match path.take() {
                Some(value) => (base.join(&value), base.join(value).parent().unwrap().to_path_buf()),
                None => (base.join(format!("{name}.rs")), base.join(name)),
            };
            let own = own.canonicalize().unwrap_or_else(|error| panic!("{}: {error}", own.display()));
            collect(&own, &modules, found);
        } else if let Some(value) = path.take()
            && item.starts_with("mod ")
        {
            inline = Some(folder.join(value));
        } else if line == "}" {
            inline = None;
        }
    }
}

fn rust_files(folder: &Path, found: &mut BTreeSet<PathBuf>) {
    for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        if path.is_dir() {
            rust_files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.insert(path);
        }
    }
}

#[test]
fn test_files_are_all_declared_as_modules() {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").canonicalize().unwrap();
    let (mut all, mut declared) = (BTreeSet::new(), BTreeSet::new());
    rust_files(&tests, &mut all);
    for entry in fs::read_dir(&tests).unwrap().map(|entry| entry.unwrap().path()) {
        let program = if entry.is_dir() { entry.join("main.rs") } else { entry };
        if all.contains(&program) {
            collect(&program, program.parent().unwrap(), &mut declared);
        }
    }
    let forgotten: Vec<_> = all.difference(&declared).collect();
    assert!(forgotten.is_empty(), "Cargo does not compile these files; declare them as modules: {forgotten:?}");
}
