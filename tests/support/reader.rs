//! Articles on a disk, and somebody who hears what the archive tells of them.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, Output};
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, Instant, UNIX_EPOCH};

use newsdesk::corpus::Corpus;
use newsdesk::engine::loader::{LoadOptions, Source};
use newsdesk::engine::{Cache, CorpusService, Event, Loaded, load_all};

/// Long enough for a machine that is busy.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) fn wire(day: u32, headline: &str, text: &str) -> String {
    format!("date 2023-{:02}-{:02} WORLD\n{headline}\n\n{text}\n", day / 28 + 1, day % 28 + 1)
}

pub(crate) fn load(path: &Path, memory: u64) -> Loaded {
    load_all(&[Source::Path(path.to_path_buf())], LoadOptions { memory, ..LoadOptions::default() })
}

pub(crate) fn headlines(corpus: &Corpus) -> Vec<String> {
    corpus.order().iter().map(|&slot| corpus.get(slot).unwrap().headline().to_string()).collect()
}

pub(crate) fn problems(loaded: &Loaded) -> Vec<String> {
    loaded.problems.iter().map(ToString::to_string).collect()
}

/// Lets a file look as if it had been written then.
pub(crate) fn set_time(path: &Path, seconds: u64) {
    let time = UNIX_EPOCH + Duration::from_secs(seconds);
    File::options().append(true).open(path).unwrap().set_modified(time).unwrap();
}

/// Runs the program for somebody with a home of their own.
pub(crate) fn run(home: &Path, arguments: &[&OsStr]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_newsdesk")).args(arguments).env_clear().env("HOME", home).output().unwrap()
}

pub(crate) fn many_entries(folder: &Path, count: usize) {
    for number in 0..count {
        fs::write(folder.join(format!("{number}.txt")), wire(number as u32 % 300, &format!("Story {number}"), "Text."))
            .unwrap();
    }
}

/// A reader who hears what the archive tells.
pub(crate) struct Reader {
    pub(crate) archive: CorpusService,
    inbox: Receiver<Event>,
    pub(crate) corpus: Arc<Corpus>,
    pub(crate) problems: Vec<String>,
    pub(crate) left_out: usize,
    /// How many notices of something wrong came.
    pub(crate) complaints: usize,
}

impl Reader {
    pub(crate) fn open(sources: Vec<Source>, memory: u64, cache: Option<Cache>, watch: bool) -> Reader {
        let (sender, inbox) = mpsc::channel();
        let options = LoadOptions { memory, ..LoadOptions::default() };
        let archive = CorpusService::start(sources, options, cache, watch, move |message| {
            let _ = sender.send(message);
        });
        let archive = archive.unwrap();
        let mut reader =
            Reader { archive, inbox, corpus: Arc::default(), problems: Vec::new(), left_out: 0, complaints: 0 };
        reader.wait("the end of loading", |_, message| matches!(message, Event::Loading(progress) if progress.done));
        reader
    }

    /// Hears messages until one, or what is known after it, is what was waited for.
    pub(crate) fn wait(&mut self, what: &str, is_awaited: impl Fn(&Reader, &Event) -> bool) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let Ok(message) = self.inbox.recv_timeout(left) else {
                panic!("{what} did not come; there are {:?}, {:?}", headlines(&self.corpus), self.problems)
            };
            match &message {
                Event::Corpus(corpus) => self.corpus = Arc::clone(corpus),
                Event::Problem(problem) => self.problems.push(problem.to_string()),
                Event::ProblemsCleared(path) if path.as_os_str().is_empty() => self.problems.clear(),
                Event::ProblemsCleared(path) => {
                    let begin = format!("{}:", path.display());
                    self.problems.retain(|problem| !problem.starts_with(&begin));
                }
                Event::Error(_) => self.complaints += 1,
                Event::Loading(progress) => self.left_out = progress.left_out_articles,
                _ => {}
            }
            if is_awaited(self, &message) {
                return;
            }
        }
    }
}
