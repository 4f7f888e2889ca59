//! Snapshots: whatever is kept, and whatever became of it, the same articles come out as without.

use crate::support::cases::cases;
use std::collections::BTreeSet;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use newsdesk::corpus::Corpus;
use newsdesk::engine::loader::{LoadOptions, Source};
use newsdesk::engine::{Cache, CorpusService, Event, Loaded, WriteOutcome, load_all, load_with, make_snapshot};
use proptest::prelude::*;
use tempfile::TempDir;

fn make(path: &Path, options: LoadOptions, cache: &Cache) -> std::io::Result<(Loaded, WriteOutcome)> {
    make_snapshot(path, options, cache, &mut |_| {}, &mut |_, _| {})
}

/// A folder of articles and a folder for snapshots.
struct SnapshotFolder {
    temp: TempDir,
}

impl SnapshotFolder {
    fn new(files: usize) -> SnapshotFolder {
        let desk = SnapshotFolder { temp: tempfile::tempdir().unwrap() };
        fs::create_dir(desk.root()).unwrap();
        for number in 0..files {
            desk.write(&format!("{}/{number}.txt", number % 3), &wire(number));
        }
        desk
    }

    fn root(&self) -> PathBuf {
        self.temp.path().join("desk")
    }

    fn cache(&self) -> Cache {
        Cache::new(&self.temp.path().join("cache")).with_least(1)
    }

    /// Writes a file that looks as if it had been written long ago.
    fn write(&self, name: &str, text: &str) {
        let path = self.root().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        File::options().append(true).open(&path).unwrap().set_modified(long_ago()).unwrap();
    }

    fn make(&self) -> WriteOutcome {
        make(&self.root(), LoadOptions::default(), &self.cache()).unwrap().1
    }

    /// Loads with the snapshot.
    fn load(&self) -> Loaded {
        load(&[&self.root()], &self.cache())
    }

    /// Loads with the snapshot and without, sees to it that the same comes out, and tells how many bytes were read.
    fn compare(&self) -> u64 {
        let (with, without) = (self.load(), load_all(&[Source::Path(self.root())], LoadOptions::default()));
        assert_eq!(everything(&with.corpus), everything(&without.corpus));
        assert_eq!(problems(&with), problems(&without));
        assert_eq!(with.skipped, without.skipped);
        assert_eq!((with.progress.found, with.progress.read), (without.progress.found, without.progress.read));
        with.progress.bytes
    }

    /// The files of the only snapshot.
    fn kept(&self) -> Vec<PathBuf> {
        let snapshots: Vec<_> = fs::read_dir(self.temp.path().join("cache/snapshots")).unwrap().collect();
        assert_eq!(snapshots.len(), 1);
        let place = snapshots[0].as_ref().unwrap().path();
        let mut files: Vec<_> = fs::read_dir(place).unwrap().map(|entry| entry.unwrap().path()).collect();
        files.sort();
        files
    }

    fn manifest(&self) -> PathBuf {
        self.kept().into_iter().find(|path| path.ends_with("manifest")).unwrap()
    }

    fn shards(&self) -> BTreeSet<PathBuf> {
        self.kept().into_iter().filter(|path| path.extension().is_some_and(|ending| ending == "shard")).collect()
    }
}

fn long_ago() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_600_000_000)
}

fn wire(number: usize) -> String {
    let day = 1 + number % 28;
    format!(
        "date 2023-09-{day:02} WORLD\nStory “{number}”\n\nThe SnapshotFolder opened at nine, naïvely.\n\nSOURCE:Test\n"
    )
}

fn load(paths: &[&Path], cache: &Cache) -> Loaded {
    let sources: Vec<Source> = paths.iter().map(|path| Source::Path(path.to_path_buf())).collect();
    load_with(&sources, LoadOptions::default(), Some(cache), &AtomicBool::new(false), &mut |_| {})
}

/// All that there is to know of all articles, in their order.
fn everything(corpus: &Corpus) -> Vec<String> {
    let entries = corpus.order().iter().map(|&slot| corpus.get(slot).unwrap());
    entries.map(|entry| format!("{:?} {:?} {:?}", entry.path(), entry.stamp(), entry.article())).collect()
}

fn problems(loaded: &Loaded) -> Vec<String> {
    loaded.problems.iter().map(ToString::to_string).collect()
}

#[test]
fn second_start_reads_no_files_and_shows_the_same() {
    let desk = SnapshotFolder::new(300);
    assert!(matches!(desk.make(), WriteOutcome::New(bytes) if bytes > 10_000));
    assert_eq!(desk.compare(), 0);
    assert_eq!(desk.make(), WriteOutcome::UpToDate);
    assert_eq!(desk.compare(), 0);
}

#[test]
fn start_reads_only_changed_files() {
    let desk = SnapshotFolder::new(60);
    desk.make();
    let changed = wire(3).replace("nine", "ten");
    desk.write("0/3.txt", &changed);
    File::options().append(true).open(desk.root().join("0/3.txt")).unwrap().set_modified(SystemTime::now()).unwrap();
    assert_eq!(desk.compare(), changed.len() as u64, "changed");
    desk.write("new/100.txt", &wire(100));
    desk.write("1/101.txt", &wire(101));
    let new = (changed.len() + wire(100).len() + wire(101).len()) as u64;
    assert_eq!(desk.compare(), new, "two new ones");
    fs::remove_file(desk.root().join("2/5.txt")).unwrap();
    fs::remove_dir_all(desk.root().join("1")).unwrap();
    assert_eq!(desk.compare(), new - wire(101).len() as u64, "a folder and a file less");
    fs::rename(desk.root().join("0/6.txt"), desk.root().join("0/renamed.txt")).unwrap();
    let bytes = changed.len() + wire(100).len() + wire(6).len();
    assert_eq!(desk.compare(), bytes as u64, "renamed");
    desk.write("0/9.txt", "");
    assert_eq!(desk.compare(), bytes as u64, "emptied, and refused");
    desk.make();
    // What was just written might be written again without its time showing it.
    assert_eq!(desk.compare(), changed.len() as u64);
    desk.write("0/3.txt", &changed);
    desk.make();
    assert_eq!(desk.compare(), 0);
}

#[test]
fn problems_are_reported_at_every_start() {
    let desk = SnapshotFolder::new(20);
    desk.write("binary.txt", "\0\0\0\0\0\0\0\0\0\0");
    desk.write("empty.txt", "");
    desk.write("picture.png", "x");
    desk.write("flawed.md", "---\ntitle: [\n---\nThe text stands.\n");
    let first = load_all(&[Source::Path(desk.root())], LoadOptions::default());
    assert!(first.problems.len() >= 3, "{:?}", problems(&first));
    desk.make();
    desk.compare();
    desk.make();
    desk.compare();
}

#[test]
fn changes_write_only_new_shards_and_small_ones_are_merged() {
    let desk = SnapshotFolder::new(0);
    let long = "The desk opened at nine, and closed at ten, and then went home. ".repeat(1_500);
    for number in 0..60 {
        desk.write(&format!("{number}.txt"), &format!("{}{long}\n", wire(number)));
    }
    desk.make();
    let before = desk.shards();
    for number in 100..140 {
        desk.write(&format!("{number}.txt"), &wire(number));
        assert!(matches!(desk.make(), WriteOutcome::New(bytes) if bytes < 4_000_000));
    }
    assert_eq!(desk.compare(), 0);
    let named = desk.load().corpus.shards().len();
    assert!(named <= before.len() + 1, "{named} after {}", before.len());
    // What no manifest names any more is young and stays for a while.
    let orphans: Vec<_> = desk.shards().difference(&before).cloned().collect();
    assert!(orphans.len() > 30);
    for orphan in desk.shards() {
        File::options().append(true).open(orphan).unwrap().set_modified(long_ago()).unwrap();
    }
    assert_eq!(desk.make(), WriteOutcome::UpToDate);
    assert_eq!(desk.shards().len(), named);
    assert_eq!(desk.compare(), 0);
    desk.write("200.txt", &wire(200));
    desk.make();
    assert!(desk.shards().len() <= named + 2);
    assert_eq!(desk.compare(), 0);
}

#[test]
fn shards_with_few_live_articles_are_rewritten() {
    let desk = SnapshotFolder::new(100);
    desk.make();
    for number in 0..80 {
        desk.write(&format!("{}/{number}.txt", number % 3), &format!("{}More.\n", wire(number)));
    }
    desk.make();
    assert_eq!(desk.compare(), 0);
    assert_eq!(desk.load().corpus.slots(), 100, "nothing dead is carried along");
}

#[test]
fn roots_are_shown_as_typed() {
    let desk = SnapshotFolder::new(10);
    desk.make();
    let link = desk.temp.path().join("link");
    #[cfg(unix)]
    std::os::unix::fs::symlink(desk.root(), &link).unwrap();
    for typed in [link, desk.root().join("..").join("desk"), desk.root().join("")] {
        let with = load(&[&typed], &desk.cache());
        let without = load_all(&[Source::Path(typed.clone())], LoadOptions::default());
        assert_eq!(with.progress.bytes, 0, "{typed:?}");
        assert_eq!(everything(&with.corpus), everything(&without.corpus));
    }
}

#[test]
fn several_roots_have_a_snapshot_each_and_nested_ones_none() {
    let (one, two) = (SnapshotFolder::new(10), SnapshotFolder::new(10));
    let cache = one.cache();
    one.make();
    make(&two.root(), LoadOptions::default(), &cache).unwrap();
    assert_eq!(cache.list().unwrap().len(), 2);
    let both = [one.root(), two.root()];
    let with = load(&[&both[0], &both[1]], &cache);
    let sources = both.map(Source::Path);
    assert_eq!(with.progress.bytes, 0);
    assert_eq!(everything(&with.corpus), everything(&load_all(&sources, LoadOptions::default()).corpus));
    let inner = one.root().join("1");
    for paths in [[&one.root(), &inner], [&inner, &one.root()]] {
        let with = load(&[paths[0], paths[1]], &cache);
        let sources = paths.map(|path| Source::Path(path.clone()));
        assert_eq!(everything(&with.corpus), everything(&load_all(&sources, LoadOptions::default()).corpus));
    }
}

#[test]
fn named_files_and_links_stand_as_without_a_snapshot() {
    let (one, two) = (SnapshotFolder::new(10), SnapshotFolder::new(10));
    #[cfg(unix)]
    std::os::unix::fs::symlink(two.root(), one.root().join("linked")).unwrap();
    one.make();
    assert_eq!(one.compare(), 0);
    let cache = one.cache();
    let file = one.root().join("0/3.txt");
    for paths in [[one.root(), file.clone()], [file, one.root()], [two.root(), one.root()], [one.root(), two.root()]] {
        let with = load(&[&paths[0], &paths[1]], &cache);
        let without = load_all(&paths.clone().map(Source::Path), LoadOptions::default());
        assert_eq!(everything(&with.corpus), everything(&without.corpus), "{paths:?}");
    }
}

#[test]
fn other_options_have_another_snapshot() {
    let desk = SnapshotFolder::new(10);
    desk.write(".hidden.txt", &wire(50));
    desk.make();
    for options in
        [LoadOptions { hidden: true, ..LoadOptions::default() }, LoadOptions { max_size: 90, ..LoadOptions::default() }]
    {
        let sources = [Source::Path(desk.root())];
        let with = load_with(&sources, options, Some(&desk.cache()), &AtomicBool::new(false), &mut |_| {});
        assert_eq!(everything(&with.corpus), everything(&load_all(&sources, options).corpus));
    }
}

#[test]
fn small_folders_and_folders_around_the_snapshots_have_none() {
    let desk = SnapshotFolder::new(10);
    let options = LoadOptions::default();
    let many = desk.cache().with_least(11);
    assert_eq!(make(&desk.root(), options, &many).unwrap().1, WriteOutcome::NotWorthIt);
    assert_eq!(make(desk.temp.path(), options, &desk.cache()).unwrap().1, WriteOutcome::NotWorthIt);
    assert!(!desk.temp.path().join("cache").exists());
}

#[test]
fn damaged_files_are_noticed_and_read_afresh() {
    type Damage = fn(&Path);
    let damages: &[(&str, Damage)] = &[
        ("missing", |path| fs::remove_file(path).unwrap()),
        ("empty", |path| fs::write(path, "").unwrap()),
        ("half", |path| {
            let bytes = fs::read(path).unwrap();
            fs::write(path, &bytes[..bytes.len() / 2]).unwrap();
        }),
        ("longer", |path| {
            let mut bytes = fs::read(path).unwrap();
            bytes.push(0);
            fs::write(path, bytes).unwrap();
        }),
        ("garbage", |path| fs::write(path, [0x5a; 5_000]).unwrap()),
        ("zeros", |path| {
            let length = fs::metadata(path).unwrap().len();
            fs::write(path, vec![0; length as usize]).unwrap();
        }),
        ("another version", |path| {
            let mut bytes = fs::read(path).unwrap();
            bytes[8] += 1;
            fs::write(path, bytes).unwrap();
        }),
        ("a folder", |path| {
            fs::remove_file(path).unwrap();
            fs::create_dir(path).unwrap();
        }),
    ];
    for (what, damage) in damages {
        for of_manifest in [true, false] {
            let desk = SnapshotFolder::new(40);
            desk.make();
            let path = if of_manifest { desk.manifest() } else { desk.shards().into_iter().next().unwrap() };
            damage(&path);
            assert!(desk.compare() > 0, "{what}");
            let _ = fs::remove_dir(&path);
            assert!(matches!(desk.make(), WriteOutcome::New(_)), "{what}");
            assert_eq!(desk.compare(), 0, "{what}: it is whole again");
        }
    }
}

#[test]
fn interrupted_write_before_the_manifest_is_harmless() {
    let desk = SnapshotFolder::new(40);
    desk.make();
    let old = fs::read(desk.manifest()).unwrap();
    desk.write("0/100.txt", &wire(100));
    desk.make();
    // The new shards stand, and the old manifest.
    fs::write(desk.manifest(), old).unwrap();
    assert_eq!(desk.compare(), wire(100).len() as u64);
    // The first write was broken off: shards, one of them half, and no manifest.
    let shard = desk.shards().into_iter().next().unwrap();
    fs::remove_file(desk.manifest()).unwrap();
    let bytes = fs::read(&shard).unwrap();
    fs::write(shard.with_file_name("passing-1-2"), &bytes[..100]).unwrap();
    assert!(desk.compare() > 1_000);
    desk.make();
    assert_eq!(desk.compare(), 0);
}

#[test]
fn two_programs_at_once_leave_a_whole_snapshot() {
    let desk = SnapshotFolder::new(120);
    thread::scope(|scope| {
        for writer in 0..3 {
            let desk = &desk;
            scope.spawn(move || {
                for number in 0..6 {
                    desk.write(&format!("{writer}/new-{number}.txt"), &wire(number));
                    desk.make();
                    let loaded = desk.load();
                    assert_eq!(loaded.progress.found, loaded.progress.read);
                }
            });
        }
    });
    desk.compare();
    desk.make();
    assert_eq!(desk.compare(), 0);
}

#[test]
fn unwritable_cache_is_not_an_error() {
    let desk = SnapshotFolder::new(20);
    fs::write(desk.temp.path().join("cache"), "this is a file").unwrap();
    assert!(desk.compare() > 0);
    assert!(make(&desk.root(), LoadOptions::default(), &desk.cache()).is_err());
    let (archive, inbox) = open(&desk);
    let versions = until_loaded(&inbox);
    assert_eq!(versions.last().unwrap().len(), 20);
    archive.shutdown_and_wait();
    assert!(inbox.iter().all(|message| !matches!(message, Event::Info(_) | Event::Error(_) | Event::Problem(_))));
}

#[cfg(unix)]
#[test]
fn snapshots_are_private() {
    use std::os::unix::fs::PermissionsExt;
    let desk = SnapshotFolder::new(20);
    desk.make();
    for path in desk.kept() {
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::metadata(path.parent().unwrap()).unwrap().permissions().mode() & 0o777, 0o700);
    }
}

fn open(desk: &SnapshotFolder) -> (CorpusService, mpsc::Receiver<Event>) {
    let (sender, inbox) = mpsc::channel();
    let tell = move |message| drop(sender.send(message));
    let sources = vec![Source::Path(desk.root())];
    let archive = CorpusService::start(sources, LoadOptions::default(), Some(desk.cache()), false, tell).unwrap();
    (archive, inbox)
}

/// The versions that come until loading is done.
fn until_loaded(inbox: &mpsc::Receiver<Event>) -> Vec<Arc<Corpus>> {
    let mut versions = Vec::new();
    loop {
        match inbox.recv_timeout(Duration::from_secs(60)).unwrap() {
            Event::Corpus(corpus) => versions.push(corpus),
            Event::Loading(progress) if progress.done => return versions,
            _ => {}
        }
    }
}

#[test]
fn reader_writes_a_snapshot_and_starts_from_it() {
    let desk = SnapshotFolder::new(100);
    let (archive, inbox) = open(&desk);
    until_loaded(&inbox);
    archive.shutdown_and_wait();
    assert_eq!(desk.compare(), 0);
    desk.write("0/3.txt", &wire(3).replace("nine", "eleven"));
    desk.write("0/new.txt", &wire(200));
    fs::remove_file(desk.root().join("0/6.txt")).unwrap();
    let (archive, inbox) = open(&desk);
    let versions = until_loaded(&inbox);
    // The first version with everything stands before anything is looked at.
    assert!(versions.iter().any(|corpus| corpus.len() == 100 && corpus.find(id(&versions, "6.txt")).is_some()));
    let without = load_all(&[Source::Path(desk.root())], LoadOptions::default());
    assert_eq!(everything(versions.last().unwrap()), everything(&without.corpus));
    for version in &versions {
        let ids: BTreeSet<_> = version.order().iter().map(|&slot| version.get(slot).unwrap().id().0).collect();
        assert_eq!(ids.len(), version.len(), "no version holds an article twice");
    }
    archive.shutdown_and_wait();
    assert_eq!(desk.compare(), 0);
}

/// The identity of the article of a file, in the first version that has it.
fn id(versions: &[Arc<Corpus>], name: &str) -> newsdesk::article::ArticleId {
    let mut entries = versions.iter().flat_map(|corpus| corpus.order().iter().map(|&slot| corpus.get(slot).unwrap()));
    entries.find(|entry| entry.path().ends_with(name)).unwrap().id()
}

#[test]
fn changes_while_open_are_in_the_last_snapshot() {
    let desk = SnapshotFolder::new(50);
    let (archive, inbox) = open(&desk);
    until_loaded(&inbox);
    desk.write("0/new.txt", &wire(200));
    fs::remove_file(desk.root().join("0/6.txt")).unwrap();
    archive.reload();
    assert_eq!(until_loaded(&inbox).last().unwrap().len(), 50);
    archive.shutdown_and_wait();
    assert_eq!(desk.compare(), 0);
}

#[test]
fn pruning_and_clearing_delete_only_snapshots_of_ours() {
    let (desk, gone) = (SnapshotFolder::new(20), SnapshotFolder::new(20));
    let cache = desk.cache();
    desk.make();
    let (place, shard) = (desk.manifest().parent().unwrap().to_path_buf(), desk.shards().into_iter().next().unwrap());
    make(&gone.root(), LoadOptions::default(), &cache).unwrap();
    fs::remove_dir_all(gone.root()).unwrap();
    let foreign = [
        place.join("notes.txt"),
        place.join("0123456789abcdef0123456789abcdef.shard"),
        place.join("passing-1-9"),
        place.parent().unwrap().join("photos"),
    ];
    for path in &foreign {
        fs::write(path, "mine").unwrap();
    }
    let orphan = place.join("00000000000000000000000000000001.shard");
    fs::copy(shard, &orphan).unwrap();
    let half = place.join("passing-12-34");
    fs::write(&half, b"newsd").unwrap();
    assert_eq!(cache.prune().unwrap().snapshots, 1, "the folder that is gone");
    assert!(orphan.exists() && half.exists(), "another program may be about to name them");
    for path in [&orphan, &half] {
        File::options().append(true).open(path).unwrap().set_modified(long_ago()).unwrap();
    }
    let pruned = cache.prune().unwrap();
    assert_eq!((pruned.snapshots, pruned.files), (0, 2));
    assert_eq!(desk.compare(), 0);
    let manifest = place.join("manifest");
    File::options().append(true).open(&manifest).unwrap().set_modified(long_ago()).unwrap();
    assert!(cache.prune().unwrap().files >= 2, "not used for years");
    assert!(!manifest.exists());
    desk.make();
    assert!(cache.clear().unwrap().files >= 2);
    assert!(!manifest.exists());
    for path in foreign {
        assert_eq!(fs::read(path).unwrap(), b"mine");
    }
}

proptest! {
    #![proptest_config(cases(64))]

    #[test]
    fn changed_bits_in_a_snapshot_change_nothing_shown(file: usize, at: usize, bit in 0u8..8) {
        let desk = SnapshotFolder::new(12);
        desk.make();
        let kept = desk.kept();
        let path = &kept[file % kept.len()];
        let mut bytes = fs::read(path).unwrap();
        let at = at % bytes.len();
        bytes[at] ^= 1 << bit;
        fs::write(path, bytes).unwrap();
        prop_assert!(desk.compare() > 0);
    }
}
