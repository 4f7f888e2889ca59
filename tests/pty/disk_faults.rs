//! What disks do at their worst: files that change under the reader's hand, folders that vanish, disks that are full.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs::{self, File, Permissions};
use std::io::Write;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use newsdesk::engine::loader::{LoadOptions, Source};
use newsdesk::engine::{Cache, load_with, make_snapshot};

use crate::support::reader::*;
use crate::support::terminal::TestTerminal;

const PROGRAM: &str = env!("CARGO_BIN_EXE_newsdesk");

/// Somebody who may read less than the one who runs the tests, if that is root.
const NOBODY: u32 = 65_534;

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

#[test]
fn files_that_change_while_read_affect_no_others() {
    let folder = tempfile::tempdir().unwrap();
    for number in 0..300 {
        let text = wire(number % 300, &format!("Calm {number}"), &"The desk opened at nine. ".repeat(40));
        fs::write(folder.path().join(format!("calm-{number}.txt")), text).unwrap();
    }
    let stop = AtomicBool::new(false);
    let restless = |number: usize| {
        let path = folder.path().join(format!("restless-{number}"));
        let long = wire(1, "Restless", &"It would not keep still. ".repeat(4_000));
        let mut round = number;
        while !stop.load(Ordering::Relaxed) {
            round += 1;
            let file = path.join("a.txt");
            let _ = match round % 6 {
                0 => fs::create_dir_all(&path).and_then(|()| fs::write(&file, &long)),
                1 => File::options().write(true).open(&file).and_then(|file| file.set_len(70_000)),
                2 => File::options().append(true).open(&file).and_then(|mut file| file.write_all(long.as_bytes())),
                3 => fs::rename(&path, folder.path().join(format!("moved-{number}"))),
                4 => fs::rename(folder.path().join(format!("moved-{number}")), &path),
                _ => fs::remove_dir_all(&path),
            };
        }
    };
    thread::scope(|scope| {
        for number in 0..2 {
            scope.spawn(move || restless(number));
        }
        let mut seen = 0;
        for _ in 0..60 {
            let loaded = load(folder.path(), u64::MAX);
            let found = headlines(&loaded.corpus);
            assert_eq!(found.iter().filter(|headline| headline.starts_with("Calm")).count(), 300);
            let others: BTreeSet<&String> = found.iter().filter(|headline| !headline.starts_with("Calm")).collect();
            assert!(others.iter().all(|headline| *headline == "Restless"), "{others:?}");
            seen += usize::from(!others.is_empty());
            for problem in problems(&loaded) {
                let known = ["no such file or folder", "the file is empty", "not text", "binary data"];
                assert!(known.iter().any(|cause| problem.contains(cause)), "{problem}");
            }
        }
        stop.store(true, Ordering::Relaxed);
        assert!(seen > 0, "what does not keep still was never caught");
    });
}

#[test]
fn unreadable_file_is_reported_and_others_are_read() {
    let folder = tempfile::tempdir().unwrap();
    let home = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    fs::create_dir(path("closed")).unwrap();
    for name in ["good.txt", "secret.txt", "closed/inside.txt"] {
        fs::write(path(name), wire(1, name, "Text.")).unwrap();
    }
    let mut check = Command::new(PROGRAM);
    if is_root() {
        // Root may read everything, so another user runs a copy of the program in a world-readable folder.
        fs::set_permissions(folder.path(), Permissions::from_mode(0o755)).unwrap();
        fs::set_permissions(home.path(), Permissions::from_mode(0o755)).unwrap();
        let copy = home.path().join("newsdesk");
        fs::copy(PROGRAM, &copy).unwrap();
        check = Command::new(copy);
        check.uid(NOBODY).gid(NOBODY);
    }
    check.arg("check").arg(folder.path()).env_clear().env("HOME", home.path());
    let told = |check: &mut Command| String::from_utf8(check.output().unwrap().stdout).unwrap();
    assert!(told(&mut check).starts_with("3 articles in 3 files\n"), "{}", told(&mut check));
    fs::set_permissions(path("secret.txt"), Permissions::from_mode(0o000)).unwrap();
    fs::set_permissions(path("closed"), Permissions::from_mode(0o000)).unwrap();
    let output = told(&mut check);
    fs::set_permissions(path("closed"), Permissions::from_mode(0o755)).unwrap();
    assert!(output.starts_with("1 article in 1 file\n"), "{output}");
    for name in ["secret.txt", "closed"] {
        let sentence = format!("{}: you may not read it; it is left out", path(name).display());
        assert!(output.contains(&sentence), "{output}");
    }
    // Permissions that come and go while files are read: each is read or told of.
    let stop = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            let mut mode = 0o000;
            while !stop.load(Ordering::Relaxed) {
                mode = if mode == 0 { 0o644 } else { 0 };
                fs::set_permissions(path("secret.txt"), Permissions::from_mode(mode)).unwrap();
            }
        });
        for _ in 0..20 {
            let output = told(&mut check);
            let read = output.starts_with("3 articles in 3 files\n");
            let refused = output.starts_with("2 articles") && output.contains("secret.txt: you may not read it");
            assert!(read || refused, "{output}");
        }
        stop.store(true, Ordering::Relaxed);
    });
}

#[test]
fn deleted_file_takes_its_problem_and_article_away() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().canonicalize().unwrap();
    fs::write(root.join("good.txt"), wire(1, "Good", "The desk opened at nine.")).unwrap();
    fs::write(root.join("odd.md"), "---\ntitle: Odd\ndate: the day before\n---\n\nThe desk opened at ten.\n").unwrap();
    let mut reader = Reader::open(vec![Source::Path(root.clone())], u64::MAX, None, false);
    assert_eq!((reader.corpus.len(), reader.problems.len()), (2, 1));
    fs::remove_file(root.join("odd.md")).unwrap();
    reader.archive.reload();
    reader.wait("that it is gone", |reader, _| headlines(&reader.corpus) == ["Good"] && reader.problems.is_empty());
}

#[test]
fn moved_folder_is_reported_and_read_again_when_back() {
    let home = tempfile::tempdir().unwrap();
    let home = home.path().canonicalize().unwrap();
    let (folder, elsewhere) = (home.join("news"), home.join("elsewhere"));
    fs::create_dir(&folder).unwrap();
    for number in 0..20 {
        fs::write(folder.join(format!("{number}.txt")), wire(number, &format!("Story {number}"), "Text.")).unwrap();
    }
    let mut reader = Reader::open(vec![Source::Path(folder.clone())], u64::MAX, None, false);
    assert_eq!(reader.corpus.len(), 20);
    fs::rename(&folder, &elsewhere).unwrap();
    reader.archive.reload();
    reader.wait("the folder to be gone", |reader, _| {
        reader.corpus.is_empty() && reader.problems.iter().any(|problem| problem.contains("no such file or folder"))
    });
    fs::rename(&elsewhere, &folder).unwrap();
    reader.archive.reload();
    reader.wait("the folder to be back", |reader, _| reader.corpus.len() == 20 && reader.problems.is_empty());
}

/// A file system of so many kilobytes of memory, gone when this is.
struct Mount(tempfile::TempDir);

impl Mount {
    /// Tests that mount are marked `#[ignore = "needs root"]`.
    fn new(kilobytes: u32) -> Mount {
        let folder = tempfile::tempdir().unwrap();
        let size = format!("size={kilobytes}k");
        let mounted =
            Command::new("mount").args(["-t", "tmpfs", "-o", &size, "none"]).arg(folder.path()).output().unwrap();
        assert!(mounted.status.success(), "{mounted:?}");
        Mount(folder)
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn remount(&self, options: &str) {
        let options = format!("remount,{options}");
        assert!(Command::new("mount").args(["-o", &options]).arg(self.path()).status().unwrap().success());
    }

    /// Takes all the room that there is.
    fn fill(&self) {
        let mut file = File::create(self.path().join("filler")).unwrap();
        while file.write_all(&[b'x'; 4096]).is_ok() {}
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.path()).status();
    }
}

#[test]
#[ignore = "needs root"]
fn full_disk_writes_no_broken_snapshot() {
    let disk = Mount::new(400);
    let folder = tempfile::tempdir().unwrap();
    for number in 0..400u32 {
        // What does not repeat itself, so that the snapshot is larger than the disk.
        let text: String =
            (0..300).map(|word| format!("w{} ", number.wrapping_mul(7_919) ^ (word * 104_729))).collect();
        let path = folder.path().join(format!("{number}.txt"));
        fs::write(&path, wire(number % 300, &format!("Story {number}"), &text)).unwrap();
        set_time(&path, 1_600_000_000);
    }
    let cache = Cache::new(disk.path()).with_least(1);
    let failed = make_snapshot(folder.path(), LoadOptions::default(), &cache, &mut |_| {}, &mut |_, _| {});
    assert!(failed.unwrap_err().to_string().contains("No space left"));
    let source = [Source::Path(folder.path().to_path_buf())];
    let stop = AtomicBool::new(false);
    let loaded = load_with(&source, LoadOptions::default(), Some(&cache), &stop, &mut |_| {});
    assert_eq!((loaded.corpus.len(), problems(&loaded)), (400, Vec::new()));
    let left = |path: PathBuf| {
        fs::read_dir(path).map_or(0, |all| all.filter(|entry| entry.as_ref().unwrap().path().is_file()).count())
    };
    for kept in cache.list().unwrap() {
        assert!(!kept.current && left(kept.folder) == 0, "half a snapshot is left");
    }
    // Once there is room, it is written and read.
    disk.remount("size=8m");
    make_snapshot(folder.path(), LoadOptions::default(), &cache, &mut |_| {}, &mut |_, _| {}).unwrap();
    let loaded = load_with(&source, LoadOptions::default(), Some(&cache), &stop, &mut |_| {});
    assert_eq!((loaded.corpus.len(), loaded.progress.bytes), (400, 0));
}

/// A home on a disk of its own, and a folder of articles beside it.
fn reporter(disk: &Mount, folder: &Path) -> TestTerminal {
    for number in 0..20 {
        let text = wire(number, &format!("Article {number:03} of the day"), "The ferry sailed.");
        fs::write(folder.join(format!("{number:03}.txt")), text).unwrap();
    }
    let mut desk = TestTerminal::at_home(disk.path(), 90, 38, PROGRAM, &[folder.to_str().unwrap()], &[]);
    desk.wait("the articles and their marks", |desk| desk.text().contains("Article 0") && desk.text().contains('●'));
    desk
}

#[test]
#[ignore = "needs root"]
fn full_disk_leaves_marks_unsaved_until_there_is_space() {
    let disk = Mount::new(600);
    let folder = tempfile::tempdir().unwrap();
    let mut desk = reporter(&disk, folder.path());
    disk.fill();
    // Every mark takes room in the log of the library, which is there for some; the disk has none for all.
    for key in ["s", "j", "s", "j", "s", "j", "s", "j", "s", "j"] {
        desk.send(key);
    }
    desk.wait("that it is unsaved", |desk| desk.text().contains("unsaved"));
    fs::remove_file(disk.path().join("filler")).unwrap();
    desk.wait("that it is saved", |desk| !desk.text().contains("unsaved") && desk.text().contains('★'));
    desk.send("q");
    assert_eq!(desk.wait_for_end(), 0);
    let exported = String::from_utf8(run(disk.path(), &["library".as_ref(), "export".as_ref()]).stdout).unwrap();
    assert!(exported.matches("\"starred").count() >= 4, "{exported}");
}

#[test]
#[ignore = "needs root"]
fn read_only_disk_is_reported_and_reading_goes_on() {
    let disk = Mount::new(4_000);
    let folder = tempfile::tempdir().unwrap();
    let mut desk = reporter(&disk, folder.path());
    // What is open for writing keeps a disk writable; a second start finds it so.
    desk.send("q");
    assert_eq!(desk.wait_for_end(), 0);
    disk.remount("ro");
    let mut desk = reporter(&disk, folder.path());
    desk.send("s");
    desk.wait("that it is unsaved", |desk| desk.text().contains("unsaved") || desk.text().contains("read"));
    desk.send("jj\r");
    desk.wait_for("The ferry sailed.");
    disk.remount("rw");
    desk.send("\u{1b}");
    desk.wait("that it is saved", |desk| desk.text().contains('★') && !desk.text().contains("unsaved"));
    desk.send("q");
    assert_eq!(desk.wait_for_end(), 0);
}

#[test]
fn names_with_newlines_and_invalid_bytes_print_as_one_line() {
    let folder = tempfile::tempdir().unwrap();
    let names: [&[u8]; 4] = [b"new\nline.txt", b"bytes-\xff\xfe.txt", b"\x1b]0;title\x07.txt", b"return\r.txt"];
    for name in names {
        fs::write(folder.path().join(OsStr::from_bytes(name)), wire(1, "Named oddly", "Text.")).unwrap();
        let mut empty = OsStr::from_bytes(name).to_owned();
        empty.push(".txt");
        fs::write(folder.path().join(empty), "").unwrap();
    }
    let home = tempfile::tempdir().unwrap();
    for order in ["check", "list"] {
        let output = run(home.path(), &[order.as_ref(), folder.path().as_os_str()]);
        let told = [output.stdout, output.stderr].concat();
        assert!(told.iter().all(|byte| *byte == b'\n' || *byte >= b' ' && *byte != 0x7f), "{told:?}");
        let told = String::from_utf8(told).unwrap();
        assert_eq!(told.matches("the file is empty").count(), 4, "{told}");
        assert_eq!(told.lines().count(), if order == "check" { 6 } else { 8 }, "{told}");
    }
}

#[test]
fn quit_is_immediate_while_20000_files_are_read() {
    let folder = tempfile::tempdir().unwrap();
    many_entries(folder.path(), 20_000);
    for _ in 0..5 {
        let mut desk = TestTerminal::open(100, 30, &[folder.path().to_str().unwrap()]);
        desk.wait_for("newsdesk");
        desk.send("q");
        let begun = Instant::now();
        assert_eq!(desk.wait_for_end(), 0);
        assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
        assert!(desk.is_restored());
    }
    assert_eq!(load(folder.path(), u64::MAX).corpus.len(), 20_000);
}
