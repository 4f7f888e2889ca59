//! Loading real folders with everything in them that a disk can hold.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::time::Duration;

use newsdesk::app::incomplete_reason;
use newsdesk::corpus::Corpus;
use newsdesk::engine::loader::{LoadOptions, Source};
use newsdesk::engine::{CorpusService, Event, Loaded, load_all, load_with};

use crate::support::material::shared;

fn wire(headline: &str) -> String {
    format!("date 2023-09-27 WORLD\n{headline}\n\nThe desk opened at nine.\n\nSOURCE:Test\n")
}

fn load(paths: &[&Path]) -> Loaded {
    let sources: Vec<Source> = paths.iter().map(|path| Source::Path(path.to_path_buf())).collect();
    load_all(&sources, LoadOptions::default())
}

fn headlines(corpus: &Corpus) -> Vec<String> {
    corpus.order().iter().map(|&slot| corpus.get(slot).unwrap().headline().to_string()).collect()
}

fn listing(corpus: &Corpus) -> Vec<(String, PathBuf)> {
    corpus.order().iter().map(|&slot| corpus.get(slot).unwrap()).map(|e| (e.id().to_string(), e.path())).collect()
}

fn problems(loaded: &Loaded) -> Vec<String> {
    loaded.problems.iter().map(ToString::to_string).collect()
}

#[test]
fn ten_thousand_files_load_completely_and_twice_alike() {
    let folder = tempfile::tempdir().unwrap();
    for number in 0..10_000 {
        let sub = folder.path().join(format!("{:02}", number % 40));
        fs::create_dir_all(&sub).unwrap();
        fs::write(sub.join(format!("{number}.txt")), wire(&format!("Story {number}"))).unwrap();
    }
    let (first, second) = (load(&[folder.path()]), load(&[folder.path()]));
    assert_eq!(first.corpus.len(), 10_000);
    assert_eq!(first.formats.get("wire"), Some(&10_000));
    assert_eq!((first.progress.found, first.progress.read), (10_000, 10_000));
    assert!(first.progress.done && first.progress.walked);
    assert_eq!(problems(&first), [""; 0]);
    assert_eq!(listing(&first.corpus), listing(&second.corpus));
}

#[test]
fn bad_files_are_listed_and_stand_in_nobodys_way() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    fs::write(path("good.txt"), wire("A good one")).unwrap();
    fs::write(path("empty.txt"), "").unwrap();
    fs::write(path("binary.txt"), [0u8; 300]).unwrap();
    fs::write(path("picture.png"), b"\x89PNG\r\n\x1a\n").unwrap();
    fs::write(path(".hidden.txt"), wire("Hidden")).unwrap();
    fs::File::create(path("huge.txt")).unwrap().set_len(10_000_000_000).unwrap();
    let gone = path("gone.txt");
    let loaded = load(&[folder.path(), &gone]);
    assert_eq!(headlines(&loaded.corpus), ["A good one"]);
    let problems = problems(&loaded);
    assert_eq!(problems.len(), 4, "{problems:#?}");
    for (name, cause) in [
        ("binary.txt", "binary data"),
        ("empty.txt", "empty"),
        ("gone.txt", "no such file or folder"),
        ("huge.txt", "more than the limit"),
    ] {
        assert!(problems.iter().any(|problem| problem.contains(name) && problem.contains(cause)), "{problems:#?}");
    }
    assert_eq!(loaded.skipped.get("png"), Some(&1));
}

#[test]
fn skipped_files_are_read_once_if_named() {
    let folder = tempfile::tempdir().unwrap();
    let odd = folder.path().join("notes.log");
    let plain = folder.path().join("plain.txt");
    fs::write(&odd, wire("From a log")).unwrap();
    fs::write(&plain, wire("Plain")).unwrap();
    assert_eq!(headlines(&load(&[folder.path()]).corpus), ["Plain"]);
    let loaded = load(&[folder.path(), &odd, &plain, &plain, folder.path()]);
    let mut found = headlines(&loaded.corpus);
    found.sort();
    assert_eq!(found, ["From a log", "Plain"]);
    // Its identity is that of its place, however it was named.
    let ids = |loaded: &Loaded| listing(&loaded.corpus).into_iter().map(|(id, _)| id).collect::<Vec<_>>();
    assert_eq!(ids(&load(&[&plain])), ids(&load(&[folder.path()])));
}

#[test]
fn folders_load_feeds_and_pages_but_not_other_xml_and_json() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let rss = "<rss version='2.0'><channel><title>F</title><item><title>One</title></item><item><title>Two</title>\
        </item></channel></rss>";
    fs::write(path("feed.xml"), rss).unwrap();
    fs::write(path("page.html"), "<title>Three</title><p>Text.</p>").unwrap();
    fs::write(path("items.json"), "{\"version\":\"https://jsonfeed.org/version/1\",\"items\":[{\"title\":\"Four\"}]}")
        .unwrap();
    fs::write(path("other.xml"), "<?xml version='1.0'?><catalog><book>Title</book></catalog>").unwrap();
    fs::write(path("package.json"), "{\"name\": \"x\"}").unwrap();
    fs::write(path("binary.json"), [0u8; 300]).unwrap();
    let loaded = load(&[folder.path()]);
    let mut found = headlines(&loaded.corpus);
    found.sort();
    assert_eq!(found, ["Four", "One", "Three", "Two"]);
    assert_eq!(problems(&loaded), [""; 0]);
    assert_eq!((loaded.skipped.get("xml"), loaded.skipped.get("json")), (Some(&1), Some(&2)));
    // Each entry keeps its identity, and what is named is read whatever it is.
    assert_eq!(listing(&loaded.corpus), listing(&load(&[folder.path()]).corpus));
    assert_eq!(load(&[&path("package.json")]).corpus.len(), 1);
}

#[test]
fn bytes_from_standard_input_are_an_article() {
    let sources = [Source::Input(wire("Piped in").into_bytes()), Source::Bundled];
    let loaded = load_all(&sources, LoadOptions::default());
    assert!(headlines(&loaded.corpus).contains(&"Piped in".to_owned()));
}

#[test]
fn stopped_load_keeps_loaded_articles() {
    let folder = tempfile::tempdir().unwrap();
    for number in 0..3_000 {
        fs::write(folder.path().join(format!("{number}.txt")), wire("A story")).unwrap();
    }
    let (sender, inbox) = mpsc::channel();
    let stop = AtomicBool::new(false);
    let sources = [Source::Path(folder.path().to_path_buf())];
    let loaded = load_with(&sources, LoadOptions::default(), None, &stop, &mut |progress| {
        if progress.read > 0 {
            stop.store(true, Ordering::Relaxed);
        }
    });
    assert_eq!(loaded.progress.read, loaded.corpus.len());
    // However far it came: the reader is told, and may go on.
    let archive = CorpusService::start(sources.to_vec(), LoadOptions::default(), None, false, move |message| {
        let _ = sender.send(message);
    });
    let archive = archive.unwrap();
    archive.stop_loading();
    archive.reload();
    let mut latest = 0;
    while latest < 3_000 {
        if let Event::Corpus(corpus) = inbox.recv_timeout(Duration::from_secs(30)).unwrap() {
            latest = corpus.len();
        }
    }
}

#[test]
fn loading_that_was_stopped_says_so_until_the_rest_is_loaded() {
    let folder = tempfile::tempdir().unwrap();
    for number in 0..3_000 {
        fs::write(folder.path().join(format!("{number}.txt")), wire("A story")).unwrap();
    }
    let (sender, inbox) = mpsc::channel();
    let (stopped, stop) = mpsc::channel();
    let mut waits = true;
    let sources = vec![Source::Path(folder.path().to_path_buf())];
    let archive = CorpusService::start(sources, LoadOptions::default(), None, false, move |message| {
        // Once the first articles are there, loading waits until the test has stopped it.
        let is_first = matches!(message, Event::Corpus(_)) && std::mem::take(&mut waits);
        let _ = sender.send(message);
        if is_first {
            let _ = stop.recv();
        }
    });
    let archive = archive.unwrap();
    let next = || inbox.recv_timeout(Duration::from_secs(30)).unwrap();
    let ended = || loop {
        if let Event::Loading(progress) = next()
            && progress.done
        {
            return progress;
        }
    };
    while !matches!(next(), Event::Corpus(_)) {}
    archive.stop_loading();
    stopped.send(()).unwrap();
    let partly = ended();
    assert!(partly.stopped && incomplete_reason(&partly, 0).is_some(), "{partly:?}");
    archive.reload();
    let whole = ended();
    assert_eq!((whole.stopped, incomplete_reason(&whole, 0), whole.read), (false, None, 3_000));
}

#[cfg(unix)]
mod unix {
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::fs::{PermissionsExt, symlink};
    use std::os::unix::net::UnixListener;
    use std::process::Command;

    use super::*;

    #[test]
    fn pipes_sockets_and_devices_never_make_it_wait() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe.txt");
        assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        let _socket = UnixListener::bind(folder.path().join("socket.txt")).unwrap();
        symlink("/dev/zero", folder.path().join("zero.txt")).unwrap();
        symlink(&pipe, folder.path().join("to-pipe.txt")).unwrap();
        fs::write(folder.path().join("good.txt"), wire("A good one")).unwrap();
        let loaded = load(&[folder.path(), &pipe]);
        assert_eq!(headlines(&loaded.corpus), ["A good one"]);
        let problems = problems(&loaded);
        assert_eq!(problems.iter().filter(|problem| problem.contains("a pipe")).count(), 3, "{problems:#?}");
        assert_eq!(problems.iter().filter(|problem| problem.contains("a socket")).count(), 1, "{problems:#?}");
        assert_eq!(problems.iter().filter(|problem| problem.contains("a device")).count(), 1, "{problems:#?}");
    }

    #[test]
    fn links_are_followed_without_cycles_or_duplicates() {
        let folder = tempfile::tempdir().unwrap();
        let elsewhere = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("a")).unwrap();
        fs::write(folder.path().join("a/one.txt"), wire("One")).unwrap();
        fs::write(elsewhere.path().join("two.txt"), wire("Two")).unwrap();
        symlink(folder.path(), folder.path().join("a/up")).unwrap();
        symlink("itself", folder.path().join("itself")).unwrap();
        symlink("nowhere", folder.path().join("nothing.txt")).unwrap();
        symlink(folder.path().join("a"), folder.path().join("0-again")).unwrap();
        symlink(elsewhere.path(), folder.path().join("b-away")).unwrap();
        symlink(elsewhere.path(), folder.path().join("c-away")).unwrap();
        symlink(folder.path(), elsewhere.path().join("back")).unwrap();
        let loaded = load(&[folder.path()]);
        let places: Vec<PathBuf> = listing(&loaded.corpus).into_iter().map(|(_, path)| path).collect();
        assert_eq!(places, [folder.path().join("a/one.txt"), folder.path().join("b-away/two.txt")]);
        let problems = problems(&loaded);
        assert_eq!(problems.len(), 4, "{problems:#?}");
        assert_eq!(problems.iter().filter(|problem| problem.contains("leads back")).count(), 3, "{problems:#?}");
        assert!(problems.iter().any(|problem| problem.contains("leads to nothing")), "{problems:#?}");
    }

    #[test]
    fn folders_may_be_a_thousand_deep() {
        let folder = tempfile::tempdir().unwrap();
        let mut deep = folder.path().to_path_buf();
        for _ in 0..1_000 {
            deep.push("d");
        }
        fs::create_dir_all(&deep).unwrap();
        fs::write(deep.join("deep.txt"), wire("Deep down")).unwrap();
        assert_eq!(headlines(&load(&[folder.path()]).corpus), ["Deep down"]);
    }

    #[test]
    fn names_may_hold_any_bytes() {
        let folder = tempfile::tempdir().unwrap();
        for name in [&b"new\nline.txt"[..], b"not-utf8-\xff\xfe.txt", b"esc\x1b[2J.txt", b" "] {
            fs::write(folder.path().join(OsStr::from_bytes(name)), wire("Named oddly")).unwrap();
        }
        let loaded = load(&[folder.path()]);
        assert_eq!(loaded.corpus.len(), 4);
        let odd = folder.path().join(OsStr::from_bytes(b"not-utf8-\xff\xfe.txt"));
        assert_eq!(load(&[&odd]).corpus.len(), 1);
    }

    #[test]
    #[ignore = "needs a user other than root"]
    fn unreadable_file_is_a_problem() {
        let folder = tempfile::tempdir().unwrap();
        let secret = folder.path().join("secret.txt");
        fs::write(&secret, wire("Secret")).unwrap();
        fs::set_permissions(&secret, fs::Permissions::from_mode(0o000)).unwrap();
        fs::write(folder.path().join("good.txt"), wire("A good one")).unwrap();
        let loaded = load(&[folder.path()]);
        assert_eq!(headlines(&loaded.corpus), ["A good one"]);
        assert!(problems(&loaded).iter().any(|problem| problem.contains("you may not read it")));
    }

    #[test]
    #[ignore = "needs ../shared"]
    fn hostile_files_leave_the_good_ones_readable() {
        let hostile = shared("hostile");
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("good.txt"), wire("A good one")).unwrap();
        let loaded = load(&[&hostile, folder.path()]);
        assert!(headlines(&loaded.corpus).contains(&"A good one".to_owned()));
        assert!(loaded.corpus.len() > 50, "{}", loaded.corpus.len());
        for &slot in loaded.corpus.order().iter() {
            let _ = loaded.corpus.get(slot).unwrap().article();
        }
    }
}
