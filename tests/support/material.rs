//! Inputs outside the repository.

use std::path::{Path, PathBuf};

/// Returns a folder of `../shared`. Tests that call it are marked `#[ignore = "needs ../shared"]`.
pub(crate) fn shared(folder: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared").join(folder);
    assert!(path.exists(), "{} is not there", path.display());
    path
}
