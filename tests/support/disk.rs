//! A disk that is slow, hangs or fails while a program reads or writes on it: `disk.c` stands between the program and
//! the kernel, and a test says what becomes of which calls.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::{fs, io};

use crate::support::terminal::TestTerminal;

const PROGRAM: &str = env!("CARGO_BIN_EXE_newsdesk");

/// Returns the program between newsdesk and the kernel, which is compiled once for all tests. Tests that use it are
/// marked `#[ignore = "needs seccomp"]`, as not every kernel lets a process answer the calls of another.
fn launcher() -> PathBuf {
    static MADE: OnceLock<PathBuf> = OnceLock::new();
    MADE.get_or_init(|| make().unwrap_or_else(|reason| panic!("{reason}"))).clone()
}

fn make() -> Result<PathBuf, String> {
    if !cfg!(target_os = "linux") {
        return Err("only Linux lets a test stand between a program and the disk".to_owned());
    }
    // Programs of other tests may make it at the same time.
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let (made, part) = (folder.join("disk"), folder.join(format!("disk-{}", std::process::id())));
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/disk.c");
    let output = Command::new("cc").args(["-O1", "-o"]).arg(&part).arg(source).output();
    let output = output.map_err(|error| format!("there is no C compiler `cc`: {error}"))?;
    if !output.status.success() {
        return Err(format!("cc: {}", String::from_utf8_lossy(&output.stderr)));
    }
    fs::rename(&part, &made).map_err(|error| error.to_string())?;
    match Command::new(&made).arg("--try").status() {
        Ok(status) if status.success() => Ok(made),
        other => Err(format!("the kernel does not let a process answer the calls of another: {other:?}")),
    }
}

/// A disk that does as it is told.
pub(crate) struct Disk {
    folder: tempfile::TempDir,
    launcher: PathBuf,
}

impl Disk {
    pub(crate) fn new() -> Disk {
        let disk = Disk { folder: tempfile::tempdir().unwrap(), launcher: launcher() };
        disk.heal();
        disk
    }

    fn rules(&self) -> PathBuf {
        self.folder.path().join("rules")
    }

    /// From now on these rules hold, and no others: operations, what becomes of them, and where. They are described in
    /// `disk.c`.
    pub(crate) fn rule(&self, rules: &[(&str, &str, &Path)]) {
        let lines: String = rules
            .iter()
            .map(|(operations, action, path)| format!("{operations} {action} {}\n", path.to_str().unwrap()))
            .collect();
        let part = self.folder.path().join("part");
        let put = fs::write(&part, lines).and_then(|()| fs::rename(&part, self.rules()));
        put.unwrap_or_else(|error: io::Error| panic!("{error}"));
    }

    /// From now on the disk is as any other.
    pub(crate) fn heal(&self) {
        self.rule(&[]);
    }

    /// The reader on this disk, for somebody who lives in `home`.
    pub(crate) fn open(&self, home: &Path, arguments: &[&str]) -> TestTerminal {
        let rules = self.rules();
        let all: Vec<&str> = [rules.to_str().unwrap(), PROGRAM].into_iter().chain(arguments.iter().copied()).collect();
        TestTerminal::at_home(home, 100, 40, self.launcher.to_str().unwrap(), &all, &[])
    }

    /// A command line of the program on this disk.
    pub(crate) fn command(&self, home: &Path, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.launcher);
        command.arg(self.rules()).arg(PROGRAM).args(arguments).env_clear().env("HOME", home);
        command
    }
}
