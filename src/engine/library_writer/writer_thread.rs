//! The thread itself: it writes what it is asked to keep, hears of what others write, and knows articles again.

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender};
use std::time::{Duration, Instant};

use super::change_listener::{AFTER, watch};

use super::WriterCommand;
use crate::article::ArticleId;
use crate::corpus::Corpus;
use crate::engine::event::{Event, SavedState};
use crate::engine::library_writer::rescue::{ArticleLookup, RescueOutcome, rescue};
use crate::engine::log::note;
use crate::engine::unreadable_rows;
use crate::journal::{JournalEntry, Step};
use crate::library::marks::FileState;
use crate::library::{Error, ExternalChanges, Library, ReaderId, ReaderLock};
use crate::marks::{MarkChange, Marks};
use crate::query::SavedSearch;
use crate::text::format::counted;
use crate::util::DeadlineWorker;
use crate::util::panic_guard::catch_panic;

/// How long places and sessions are gathered before they are written.
const LEISURE: Duration = Duration::from_millis(250);

/// How long is waited before what could not be written is tried again.
const AGAIN: Duration = Duration::from_secs(2);

/// How often another program's writing is looked for where the system does not tell of it.
const LOOK: Duration = Duration::from_millis(800);

/// How long it may take to find out whether a file is still there; where it takes longer, it is taken to be.
const THERE: Duration = Duration::from_secs(1);

/// Changes of marks that were made with one version of the corpus.
struct Batch {
    changes: Vec<MarkChange>,
    corpus: Arc<Corpus>,
    /// The revision of the library when that version was recognised. `None` while its recognition is pending.
    since: Option<i64>,
}

/// The key of the preference that holds the chosen theme.
const THEME: &str = "theme";

pub(super) struct WriterThread {
    path: Option<PathBuf>,
    reader: ReaderId,
    /// Shows other readers that this one is running.
    lock: Option<ReaderLock>,
    sources: Option<String>,
    tell: Box<dyn FnMut(Event) + Send>,
    library: Option<Library>,
    corpus: Arc<Corpus>,
    /// Changes that are not saved, and the number of the last.
    batches: Vec<Batch>,
    number: u64,
    /// Marks that are not what the saved changes say. They are sent once all changes are saved.
    corrections: Vec<ExternalChanges>,
    /// Unsaved changes of the journal.
    entries: Vec<JournalEntry>,
    /// What is written when there is time.
    places: HashMap<ArticleId, (MarkChange, i64)>,
    /// The serialised session, and its selected article.
    session: Option<(String, Option<ArticleId>)>,
    /// What is written at once, and is no mark.
    words: Vec<WriterCommand>,
    /// Of so many of those it was told that they are not written yet.
    told: usize,
    /// When something of that came.
    since: Option<Instant>,
    /// When writing failed.
    failed: Option<Instant>,
    /// Why, the last time.
    reason: Option<String>,
    /// Slots below are of articles that were recognised.
    recognised: usize,
    /// Whether the reader's place among these sources is known.
    has_session: bool,
    /// The article in which that place was last.
    met: Option<ArticleId>,
}

impl WriterThread {
    /// Creates a worker for the library at `path`, which sends its content to `tell`. `reader` is the owner of new
    /// steps, `sources` names the open sources.
    pub(super) fn new(
        path: Option<PathBuf>,
        reader: ReaderId,
        sources: Option<String>,
        tell: impl FnMut(Event) + Send + 'static,
    ) -> WriterThread {
        WriterThread {
            path,
            reader,
            lock: None,
            sources,
            tell: Box::new(tell),
            library: None,
            corpus: Arc::default(),
            batches: Vec::new(),
            number: 0,
            corrections: Vec::new(),
            entries: Vec::new(),
            places: HashMap::new(),
            session: None,
            words: Vec::new(),
            told: 0,
            since: None,
            failed: None,
            reason: None,
            recognised: 0,
            has_session: false,
            met: None,
        }
    }

    pub(super) fn run(mut self, inbox: &Receiver<WriterCommand>, own: Sender<WriterCommand>) -> Option<RescueOutcome> {
        self.begin();
        let watcher = self.path.as_deref().and_then(|path| watch(path, own));
        let (mut open, mut stirred, mut waiting) = (true, None::<Instant>, None);
        while open {
            let wait = [self.patience(), watcher.is_none().then_some(LOOK), stirred.map(|_| AFTER.1)];
            let first = match wait.into_iter().flatten().min() {
                Some(wait) => match inbox.recv_timeout(wait) {
                    Ok(order) => Some(order),
                    Err(RecvTimeoutError::Timeout) => None,
                    Err(RecvTimeoutError::Disconnected) => Some(WriterCommand::Close),
                },
                None => Some(inbox.recv().unwrap_or(WriterCommand::Close)),
            };
            let (mut heard, mut corpus) = (watcher.is_none() || stirred.is_some(), None::<Arc<Corpus>>);
            for order in first.into_iter().chain(inbox.try_iter()) {
                match order {
                    WriterCommand::Close => open = false,
                    WriterCommand::CloseFor(done) => {
                        open = false;
                        waiting = Some(done);
                    }
                    WriterCommand::Disk => {
                        heard = true;
                        stirred = Some(Instant::now());
                    }
                    WriterCommand::GiveUp => {
                        self.batches.clear();
                        self.entries.clear();
                    }
                    WriterCommand::Recognise(version) => corpus = Some(version),
                    order => self.take(order, corpus.is_some()),
                }
            }
            let due = self.failed.is_none_or(|failed| failed.elapsed() >= AGAIN);
            let done = catch_panic(|| {
                // Changes that were made with this version need to know which articles moved.
                if let Some(corpus) = corpus {
                    self.recognise(&corpus);
                }
                if !open || due {
                    self.write(!open);
                }
                if heard {
                    self.hear();
                }
            });
            if done.is_none() {
                self.library = None;
                self.fail(&Error::Io(io::Error::other("internal error while saving")));
            }
            if heard {
                stirred = stirred.filter(|stirred| stirred.elapsed() < AFTER.0);
            }
        }
        let searches: Vec<SavedSearch> = self.words.into_iter().flat_map(WriterCommand::into_searches).collect();
        let changes: Vec<MarkChange> = self.batches.into_iter().flat_map(|batch| batch.changes).collect();
        let unkept = rescue(&changes, &searches, &self.corpus);
        drop(self.lock);
        drop(waiting);
        unkept
    }

    /// How long nothing has to be done: until what is written later is due or, where writing failed, until it is tried
    /// again. None where there is nothing to do at all.
    fn patience(&self) -> Option<Duration> {
        match self.failed {
            Some(failed) => Some(AGAIN.saturating_sub(failed.elapsed())),
            None => self.since.map(|since| LEISURE.saturating_sub(since.elapsed())),
        }
    }

    /// Opens the library and tells what it holds.
    fn begin(&mut self) {
        let began = Instant::now();
        let mut kept = SavedState::default();
        match self.open() {
            Ok(marks) => kept.marks = marks,
            Err(error) => self.fail(&error),
        }
        if let (Some(_), Some(error)) = (self.failed, &self.reason) {
            (self.tell)(Event::Error(format!("Marks cannot be saved: {error}")));
        }
        let read = |library: &Library, sources: Option<&str>| -> Result<_, Error> {
            let session = sources.map(|sources| library.session(sources)).transpose()?.flatten();
            Ok((library.searches()?, library.filters()?, session, library.preference(THEME)?))
        };
        if let Some(library) = &self.library {
            match read(library, self.sources.as_deref()) {
                Ok((searches, filters, session, theme)) => {
                    (kept.searches, kept.filters, kept.session, kept.theme) = (searches, filters, session, theme);
                }
                Err(error) => self.fail(&error),
            }
        }
        match self.adopt_steps() {
            Ok(steps) => kept.journal = steps,
            Err(error) => self.fail(&error),
        }
        self.has_session = kept.session.is_some();
        note(|| format!("library with marks on {} articles open in {:?}", kept.marks.len(), began.elapsed()));
        (self.tell)(Event::Library(Box::new(kept)));
    }

    /// Locks the file of this reader, and adopts the steps of readers that no longer run.
    fn adopt_steps(&mut self) -> Result<Vec<(Step, bool)>, Error> {
        let Some(library) = self.library.as_mut() else { return Ok(Vec::new()) };
        let path = library.path().to_owned();
        // Without the lock other readers may adopt its steps; nothing else depends on it.
        match ReaderLock::take(&path, self.reader) {
            Ok(lock) => self.lock = Some(lock),
            Err(error) => note(|| format!("no lock beside the library: {error}")),
        }
        library.adopt_steps(self.reader, &|other| ReaderLock::is_held(&path, other))
    }

    /// Opens the library, and reads the marks; where it may not be written, at least those.
    fn open(&mut self) -> Result<Marks, Error> {
        self.library = None;
        let path = self
            .path
            .clone()
            .ok_or_else(|| Error::Io(io::Error::other("this system names no folder for it, or it is switched off")))?;
        let opened = Library::open_or_mend(&path);
        let (mut library, aside) = match opened {
            Ok(opened) => opened,
            Err(error) => {
                // What was kept before is worth seeing even where nothing more can be kept.
                self.fail(&error);
                return match Library::open_to_read(&path) {
                    Ok(Some(mut library)) => library.marks(),
                    _ => Err(error),
                };
            }
        };
        if let Some(aside) = aside {
            let lost = match aside.incomplete.as_slice() {
                [] => String::new(),
                tables => format!("; rows of {} are lost", tables.join(", ")),
            };
            let text = format!(
                "The library was damaged. Saved marks on {} and {}{lost}. The damaged file is {}",
                counted(aside.articles.into(), "article", "articles"),
                counted(aside.feeds.into(), "feed", "feeds"),
                aside.path.display()
            );
            (self.tell)(Event::Error(text));
            // What is in memory by then is more than what could be saved.
            (self.tell)(Event::ResaveAll);
        }
        if let Some(newer) = library.is_newer() {
            self.fail(&newer);
        }
        let marks = library.marks()?;
        if let Some(notice) = unreadable_rows::notice() {
            (self.tell)(Event::Error(notice));
        }
        self.library = Some(library);
        Ok(marks)
    }

    fn fail(&mut self, error: &Error) {
        let reason = self.path.as_deref().map_or_else(|| error.to_string(), |path| error.in_words(path));
        note(|| format!("library: {reason}"));
        self.failed = Some(Instant::now());
        self.reason = Some(reason.clone());
        (self.tell)(Event::SaveFailed(reason.clone()));
        // Nothing on the screen shows these as unsaved, so it is said; once, or it would be said every two seconds.
        let words: Vec<String> = self.words.iter().filter_map(WriterCommand::acknowledged).collect();
        if words.len() > self.told {
            let words = words.join(", ");
            (self.tell)(Event::Error(format!("Not saved yet: {words}: {reason}")));
        }
        self.told = words.len();
    }

    /// Takes an order. `is_pending` is set if a version of the corpus before it waits to be recognised.
    fn take(&mut self, order: WriterCommand, is_pending: bool) {
        let recognised_at = self.library.as_ref().map_or(0, Library::recognised_at);
        match order {
            WriterCommand::Keep { number, changes, entry, corpus } => {
                self.number = number;
                let since = (!is_pending).then_some(recognised_at);
                self.corpus = Arc::clone(&corpus);
                match self.batches.last_mut() {
                    Some(last) if Arc::ptr_eq(&last.corpus, &corpus) && last.since == since => {
                        last.changes.extend(changes.iter().cloned());
                    }
                    _ => self.batches.push(Batch { changes: changes.to_vec(), corpus, since }),
                }
                self.entries.extend(entry);
            }
            WriterCommand::Journal(entry) => self.entries.push(entry),
            WriterCommand::Place { marking, corpus } => {
                self.places.insert(marking.article, (marking, recognised_at));
                self.since.get_or_insert_with(Instant::now);
                self.corpus = corpus;
            }
            WriterCommand::Session { session, article, corpus } => {
                self.session = Some((session, article));
                self.since.get_or_insert_with(Instant::now);
                self.corpus = corpus;
            }
            word => self.words.push(word),
        }
    }

    /// Writes what is to be written now, or everything.
    fn write(&mut self, everything: bool) {
        let leisure = everything || self.since.is_some_and(|since| since.elapsed() >= LEISURE);
        let idle = self.batches.is_empty() && self.entries.is_empty() && self.words.is_empty();
        let nothing_later = self.places.is_empty() && self.session.is_none();
        if idle && (!leisure || nothing_later) {
            self.since = self.since.filter(|_| !nothing_later);
            // Where there is nothing to write, there is nothing to try again.
            self.failed = None;
            return;
        }
        if self.failed.is_some() || self.library.is_none() {
            // Perhaps the file may be written by now, or is another one.
            match self.open() {
                // What others have done meanwhile is told by nobody else.
                Ok(marks) => {
                    let marks = marks.iter().map(|(article, marked)| (article, marked.clone())).collect();
                    send_news(&mut self.tell, ExternalChanges { marks, ..ExternalChanges::default() }, Vec::new);
                }
                Err(error) => return self.fail(&error),
            }
        }
        match self.write_out(leisure) {
            Ok(()) => {
                self.failed = None;
                self.told = 0;
            }
            Err(error) if error.is_damage() => {
                self.fail(&error);
                if self.open().is_ok() {
                    self.failed = None;
                }
            }
            Err(error) => self.fail(&error),
        }
    }

    fn write_out(&mut self, leisure: bool) -> Result<(), Error> {
        // Marks can be read where nothing can be written.
        let Some(library) = &mut self.library else {
            return Err(Error::Io(io::Error::other(self.reason.clone().unwrap_or_default())));
        };
        // The steps are saved with the last changes, so that no step is saved without its changes.
        while let Some(batch) = self.batches.first() {
            let entries = if self.batches.len() == 1 { self.entries.as_slice() } else { &[] };
            let mut finder = ArticleLookup::new(&batch.corpus, batch.changes.len());
            let known = &mut |article| finder.known(article);
            let since = batch.since.unwrap_or_else(|| library.recognised_at());
            let news = library.keep_with_journal(self.reader, since, &batch.changes, entries, known)?;
            self.corrections.push(news);
            if self.batches.len() == 1 {
                self.entries.clear();
            }
            self.batches.remove(0);
        }
        if !self.entries.is_empty() {
            library.keep_with_journal(self.reader, 0, &[], &self.entries, &mut |_| None)?;
            self.entries.clear();
        }
        // The marks are on the disk, whether or not the rest can be saved.
        if self.number > 0 {
            (self.tell)(Event::MarksSaved(self.number));
        }
        std::mem::take(&mut self.corrections).into_iter().for_each(|news| send_news(&mut self.tell, news, Vec::new));
        let mut finder = ArticleLookup::new(&self.corpus, self.places.len());
        if leisure {
            let places: Vec<MarkChange> = self.places.values().map(|(marking, _)| marking.clone()).collect();
            let since = self.places.values().map(|(_, since)| *since).min().unwrap_or(0);
            let known = &mut |article| finder.known(article);
            let news = library.keep_with_journal(self.reader, since, &places, &[], known)?;
            self.places.clear();
            send_news(&mut self.tell, news, Vec::new);
        }
        while let Some(word) = self.words.first() {
            match word {
                WriterCommand::Filter(filter) => library.keep_filter(filter)?,
                WriterCommand::Searches { changes, entry } => library.change_searches(self.reader, changes, entry)?,
                WriterCommand::Theme(theme) => {
                    library.set_preference(THEME, theme)?;
                }
                _ => {}
            }
            self.words.remove(0);
        }
        if leisure {
            if let (Some((session, article)), Some(sources)) = (&self.session, &self.sources) {
                // The article must be known to the library, so that it is recognised if it moves.
                let article = *article;
                library.meet(article.and_then(|article| finder.known(article)))?;
                // The one that it was in before is of interest only if something was done to it.
                if let Some(before) = self.met.filter(|_| self.met != article) {
                    library.forget(before)?;
                }
                self.met = article;
                library.keep_session(sources, session)?;
                self.has_session = true;
            }
            self.session = None;
            self.since = None;
        }
        Ok(())
    }

    /// Hears of what others have written.
    fn hear(&mut self) {
        let Some(library) = &mut self.library else { return };
        match library.news() {
            Ok(news) => send_news(&mut self.tell, news, Vec::new),
            Err(error) => note(|| format!("library: {error}")),
        }
    }

    /// Finds articles that were known in other places.
    fn recognise(&mut self, corpus: &Corpus) {
        let Some(library) = self.library.as_mut().filter(|library| library.is_newer().is_none()) else { return };
        let began = Instant::now();
        let asker = DeadlineWorker::new(THERE, |path: PathBuf| FileState::of(&path));
        let look = |path: &Path| asker.call(path.to_owned()).unwrap_or(FileState::Unknown);
        let news = match library.recognise(corpus, self.recognised, &look) {
            Ok(news) => news,
            // The next version of the corpus is recognised from the same slot on.
            Err(error) => return note(|| format!("library: {error}")),
        };
        self.recognised = corpus.slots();
        for batch in &mut self.batches {
            batch.since.get_or_insert(library.recognised_at());
        }
        note(|| format!("{} articles recognised elsewhere in {:?}", news.moved.len(), began.elapsed()));
        let has_session = self.has_session;
        send_news(&mut self.tell, news, || if has_session { Vec::new() } else { stored_sessions(library) });
    }
}

/// Reports what changed in the library. Calls `sessions` for the stored sessions if articles moved.
fn send_news(tell: &mut dyn FnMut(Event), news: ExternalChanges, sessions: impl FnOnce() -> Vec<String>) {
    let ExternalChanges { moved, mut marks, searches } = news;
    if !moved.is_empty() {
        let moved = moved.iter().map(|moved| (moved.from, moved.to)).collect();
        tell(Event::ArticlesMoved { moved, marks: std::mem::take(&mut marks), sessions: sessions() });
    }
    if !marks.is_empty() || searches.is_some() {
        tell(Event::ExternalChanges { marks, searches });
    }
}

/// Returns the stored sessions, the newest first. Returns none if they cannot be read.
fn stored_sessions(library: &Library) -> Vec<String> {
    library.sessions().unwrap_or_default().into_iter().map(|(_, session)| session).collect()
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use std::path::Path;

    use super::*;
    use crate::journal::{SearchChange, StepChange};
    use crate::marks::Change;

    fn star(number: u64) -> WriterCommand {
        let changes = Arc::new(vec![MarkChange { article: ArticleId(number), change: Change::Starred(true) }]);
        WriterCommand::Keep { number, changes, entry: None, corpus: Arc::default() }
    }

    /// A worker with the library at `path`, and what it tells.
    fn worker(path: &Path) -> (WriterThread, Receiver<Event>) {
        let (tell, told) = mpsc::channel();
        let tell = move |message| drop(tell.send(message));
        (WriterThread::new(Some(path.to_owned()), ReaderId(1), Some("[]".to_owned()), tell), told)
    }

    fn is_kept(told: &Receiver<Event>) -> bool {
        told.try_iter().any(|message| matches!(message, Event::MarksSaved(_)))
    }

    #[test]
    fn failed_writes_are_never_confirmed_and_are_retried_slowly() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("library.db");
        // The marks of before can be read, but a folder stands where the log would have to be written.
        drop(Library::open(&path).unwrap());
        std::fs::create_dir(folder.path().join("library.db-wal")).unwrap();
        let (mut worker, told) = worker(&path);
        worker.begin();
        worker.take(WriterCommand::Session { session: "{}".to_owned(), article: None, corpus: Arc::default() }, false);
        worker.take(star(1), false);
        for _ in 0..3 {
            worker.failed = None;
            worker.write(false);
            assert!(!is_kept(&told));
            assert_eq!(worker.batches.len(), 1);
            assert!(worker.patience().is_some_and(|wait| wait > AGAIN / 2), "{:?}", worker.patience());
        }
        std::fs::remove_dir(folder.path().join("library.db-wal")).unwrap();
        worker.write(true);
        assert!(is_kept(&told) && worker.batches.is_empty());
        assert_eq!(worker.patience(), None, "there is nothing left to do");
        assert!(Library::open(&path).unwrap().marks().unwrap().get(ArticleId(1)).is_starred());
    }

    #[test]
    fn saved_marks_are_confirmed_even_if_a_search_fails_to_save() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("library.db");
        let (mut worker, told) = worker(&path);
        worker.begin();
        // No room for a name of this length, though there is for a mark.
        worker.library.as_ref().unwrap().limit(1 << 17).unwrap();
        worker.take(star(1), false);
        let search = |name: &str| SavedSearch { name: name.repeat(1 << 20), ..SavedSearch::default() };
        let change = SearchChange { before: None, after: Some(search("n")), at: 0 };
        let step = Step { number: 1, row: None, name: String::new(), change: StepChange::Searches(Vec::new()) };
        let entry = JournalEntry::Made(Arc::new(step), Vec::new());
        worker.take(WriterCommand::Searches { changes: vec![change], entry }, false);
        worker.write(false);
        let messages: Vec<Event> = told.try_iter().collect();
        assert!(messages.iter().any(|message| matches!(message, Event::MarksSaved(1))), "{}", messages.len());
        let is_notice = |message: &Event| matches!(message, Event::Error(text) if text.contains("the disk is full"));
        assert_eq!(messages.iter().filter(|message| is_notice(message)).count(), 1);
        assert_eq!((worker.batches.len(), worker.words.len()), (0, 1));
        // It is tried again, and kept once there is room.
        worker.write(false);
        assert!(worker.words.is_empty() && !told.try_iter().any(|message| is_notice(&message)));
        assert_eq!(Library::open(&path).unwrap().searches().unwrap(), [search("n")]);
    }

    #[test]
    fn library_that_fails_to_open_is_not_retried_constantly() {
        let folder = tempfile::tempdir().unwrap();
        let (mut worker, told) = worker(folder.path());
        worker.begin();
        worker.write(false);
        assert_eq!(worker.patience(), None);
        worker.take(star(1), false);
        worker.write(false);
        assert!(!is_kept(&told) && worker.patience().is_some());
    }

    #[test]
    fn unrecognised_articles_are_tried_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("library.db");
        let (mut worker, _told) = worker(&path);
        worker.begin();
        let mut builder = crate::corpus::ShardBuilder::default();
        let file = builder.feed(&Arc::default());
        builder.push(file, b"", 0, "feed", &crate::article::Draft::default());
        let corpus = Corpus::default().with([Arc::new(builder.finish())]);
        // Quicker than a lock, for which it would wait.
        let alter = |sql| rusqlite::Connection::open(&path).unwrap().execute(sql, []).unwrap();
        alter("ALTER TABLE articles RENAME TO away");
        worker.recognise(&corpus);
        assert_eq!(worker.recognised, 0);
        alter("ALTER TABLE away RENAME TO articles");
        worker.recognise(&corpus);
        assert_eq!((worker.recognised, corpus.slots()), (1, 1));
    }

    #[test]
    fn library_damaged_while_open_is_repaired_and_saving_resumes() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("library.db");
        let (mut worker, told) = worker(&path);
        worker.begin();
        worker.take(star(1), false);
        worker.write(false);
        assert!(is_kept(&told));
        worker.library = None;
        std::fs::write(&path, "rubbish".repeat(2_000)).unwrap();
        worker.take(star(2), false);
        worker.write(false);
        assert!(told.try_iter().any(|message| matches!(message, Event::ResaveAll)));
        let aside = |path: &std::path::PathBuf| path.to_string_lossy().contains("damaged");
        assert!(std::fs::read_dir(folder.path()).unwrap().any(|entry| aside(&entry.unwrap().path())));
        assert!(Library::open(&path).unwrap().marks().unwrap().get(ArticleId(2)).is_starred());
    }
}
