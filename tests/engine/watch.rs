//! Changes on disk show, whatever they are, and articles keep their identity through them.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, Instant};

use newsdesk::corpus::Corpus;
use newsdesk::engine::loader::{LoadOptions, Source};
use newsdesk::engine::{CorpusService, Event};

/// Long enough for a machine that is busy; what is waited for mostly comes within a fifth of a second.
const PATIENCE: Duration = Duration::from_secs(20);

fn wire(headline: &str) -> String {
    format!("date 2023-09-27 WORLD\n{headline}\n\nThe desk opened at nine.\n")
}

struct WatchedFolder {
    archive: CorpusService,
    inbox: Receiver<Event>,
    corpus: Arc<Corpus>,
    problems: Vec<PathBuf>,
}

impl WatchedFolder {
    fn open(paths: &[&Path]) -> WatchedFolder {
        let (sender, inbox) = mpsc::channel();
        let sources = paths.iter().map(|path| Source::Path(path.to_path_buf())).collect();
        let archive = CorpusService::start(sources, LoadOptions::default(), None, true, move |message| {
            let _ = sender.send(message);
        });
        let mut desk = WatchedFolder { archive: archive.unwrap(), inbox, corpus: Arc::default(), problems: Vec::new() };
        desk.hear(|message| matches!(message, Event::Loading(progress) if progress.done));
        desk
    }

    fn hear(&mut self, is_awaited: impl Fn(&Event) -> bool) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let message = self.inbox.recv_timeout(deadline.saturating_duration_since(Instant::now())).unwrap();
            let found = is_awaited(&message);
            self.take(message);
            if found {
                return;
            }
        }
    }

    fn take(&mut self, message: Event) {
        match message {
            Event::Corpus(corpus) => self.corpus = corpus,
            Event::Problem(problem) => self.problems.push(problem.path),
            Event::ProblemsCleared(path) => self.problems.retain(|known| !known.starts_with(&path)),
            _ => {}
        }
    }

    /// Headlines by path below `root`.
    fn listing(&self, root: &Path) -> BTreeMap<String, String> {
        let entries = self.corpus.order().iter().filter_map(|&slot| self.corpus.get(slot));
        let name = |path: PathBuf| path.strip_prefix(root).unwrap().to_string_lossy().into_owned();
        entries.map(|entry| (name(entry.path()), entry.headline().to_string())).collect()
    }

    fn wait_for(&mut self, root: &Path, wanted: &[(&str, &str)]) {
        let wanted: BTreeMap<String, String> =
            wanted.iter().map(|(path, headline)| ((*path).to_owned(), (*headline).to_owned())).collect();
        let deadline = Instant::now() + PATIENCE;
        while self.listing(root) != wanted {
            let left = deadline.saturating_duration_since(Instant::now());
            match self.inbox.recv_timeout(left) {
                Ok(message) => self.take(message),
                Err(_) => assert_eq!(self.listing(root), wanted),
            }
        }
    }
}

#[cfg(unix)]
#[test]
fn folder_with_two_links_shows_while_one_is_left() {
    let (folder, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (root, real) = (folder.path(), elsewhere.path().join("real"));
    fs::create_dir_all(real.join("below")).unwrap();
    fs::write(real.join("a.txt"), wire("Alpha")).unwrap();
    fs::write(real.join("below/b.txt"), wire("Beta")).unwrap();
    for link in ["one", "two"] {
        std::os::unix::fs::symlink(&real, root.join(link)).unwrap();
    }
    let mut desk = WatchedFolder::open(&[root]);
    desk.wait_for(root, &[("one/a.txt", "Alpha"), ("one/below/b.txt", "Beta")]);
    fs::remove_file(root.join("one")).unwrap();
    desk.wait_for(root, &[("two/a.txt", "Alpha"), ("two/below/b.txt", "Beta")]);
    std::os::unix::fs::symlink(&real, root.join("three")).unwrap();
    fs::remove_file(root.join("two")).unwrap();
    desk.wait_for(root, &[("three/a.txt", "Alpha"), ("three/below/b.txt", "Beta")]);
    fs::remove_file(root.join("three")).unwrap();
    desk.wait_for(root, &[]);
}

#[test]
fn new_changed_renamed_and_deleted_files_show() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    fs::write(root.join("a.txt"), wire("First")).unwrap();
    let mut desk = WatchedFolder::open(&[root]);
    desk.wait_for(root, &[("a.txt", "First")]);
    let id = desk.corpus.get(desk.corpus.order()[0]).unwrap().id();

    fs::write(root.join("a.txt"), wire("First, corrected")).unwrap();
    desk.wait_for(root, &[("a.txt", "First, corrected")]);
    assert_eq!(desk.corpus.get(desk.corpus.order()[0]).unwrap().id(), id);

    fs::write(root.join("b.txt"), wire("Second")).unwrap();
    desk.wait_for(root, &[("a.txt", "First, corrected"), ("b.txt", "Second")]);

    fs::rename(root.join("b.txt"), root.join("c.txt")).unwrap();
    desk.wait_for(root, &[("a.txt", "First, corrected"), ("c.txt", "Second")]);

    fs::remove_file(root.join("a.txt")).unwrap();
    desk.wait_for(root, &[("c.txt", "Second")]);
}

#[test]
fn folders_may_come_and_go_and_change_their_names() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    let elsewhere = tempfile::tempdir_in(root.parent().unwrap()).unwrap();
    fs::write(root.join("a.txt"), wire("First")).unwrap();
    let mut desk = WatchedFolder::open(&[root]);

    fs::create_dir_all(root.join("new/deep")).unwrap();
    fs::write(root.join("new/deep/b.txt"), wire("Second")).unwrap();
    desk.wait_for(root, &[("a.txt", "First"), ("new/deep/b.txt", "Second")]);

    fs::rename(root.join("new"), root.join("old")).unwrap();
    desk.wait_for(root, &[("a.txt", "First"), ("old/deep/b.txt", "Second")]);
    fs::write(root.join("old/deep/b.txt"), wire("Second, corrected")).unwrap();
    desk.wait_for(root, &[("a.txt", "First"), ("old/deep/b.txt", "Second, corrected")]);

    fs::rename(root.join("old"), elsewhere.path().join("out")).unwrap();
    desk.wait_for(root, &[("a.txt", "First")]);
    fs::rename(elsewhere.path().join("out"), root.join("in")).unwrap();
    desk.wait_for(root, &[("a.txt", "First"), ("in/deep/b.txt", "Second, corrected")]);

    fs::remove_dir_all(root.join("in")).unwrap();
    desk.wait_for(root, &[("a.txt", "First")]);
}

#[test]
fn named_file_is_watched_without_its_neighbours() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    let named = root.join("a.txt");
    fs::write(&named, wire("First")).unwrap();
    let mut desk = WatchedFolder::open(&[&named]);
    fs::write(root.join("b.txt"), wire("Neighbour")).unwrap();
    // Written beside it and moved into its place, as editors do.
    fs::write(root.join("a.new"), wire("First, corrected")).unwrap();
    fs::rename(root.join("a.new"), &named).unwrap();
    desk.wait_for(root, &[("a.txt", "First, corrected")]);
}

#[test]
fn problems_end_when_their_file_is_fixed() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    let bad = root.join("bad.txt");
    fs::write(&bad, "").unwrap();
    let mut desk = WatchedFolder::open(&[root]);
    assert_eq!(desk.problems, std::slice::from_ref(&bad));
    fs::write(&bad, wire("Mended")).unwrap();
    desk.wait_for(root, &[("bad.txt", "Mended")]);
    if !desk.problems.is_empty() {
        desk.hear(|message| matches!(message, Event::ProblemsCleared(_)));
    }
    assert_eq!(desk.problems, [""; 0].map(PathBuf::from));
}

#[test]
fn reload_without_changes_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    fs::write(root.join("a.txt"), wire("First")).unwrap();
    let mut desk = WatchedFolder::open(&[root]);
    let before = Arc::clone(&desk.corpus);
    desk.archive.reload();
    desk.hear(|message| matches!(message, Event::Loading(progress) if progress.done));
    assert!(Arc::ptr_eq(&before, &desk.corpus));
}

#[test]
fn reload_reports_remaining_problems() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    let odd = root.join("odd.txt");
    fs::write(&odd, " date 2023-13-45 WORLD\nOdd date\n\nBody.\n").unwrap();
    let mut desk = WatchedFolder::open(&[root]);
    desk.archive.reload();
    desk.hear(|message| matches!(message, Event::ProblemsCleared(_)));
    desk.hear(|message| matches!(message, Event::Loading(progress) if progress.done));
    assert_eq!(desk.problems, [odd]);
    assert_eq!(desk.listing(root).len(), 1);
}
