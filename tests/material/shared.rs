//! What stands beside the project and is no part of it.

use std::path::{Path, PathBuf};

/// A folder beside the project, where it is there.
pub(crate) fn shared(folder: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).parent()?.join("shared").join(folder);
    if path.exists() {
        return Some(path);
    }
    #[expect(clippy::print_stderr, reason = "a test that skips says so")]
    {
        eprintln!("skipped: ../shared/{folder} is not there");
    }
    None
}
