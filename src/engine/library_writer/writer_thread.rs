//! The library thread: opens the library, saves changes, retries failed writes, reads what other programs write, and
//! recognises moved articles.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender};
use std::time::{Duration, Instant};

use super::change_listener::{RECHECK_INTERVAL, RECHECK_WINDOW, watch};
use super::command::WriterCommand;
use super::pending::{PendingChanges, PendingWrite};
use super::rescue::{ArticleLookup, RescueOutcome};
use crate::article::ArticleId;
use crate::corpus::Corpus;
use crate::engine::event::{Event, SavedState};
use crate::engine::log::note;
use crate::engine::unreadable_rows;
use crate::journal::Step;
use crate::library::marks::FileState;
use crate::library::{Error, ExternalChanges, Library, ReaderId, ReaderLock};
use crate::marks::{MarkChange, Marks};
use crate::text::format::counted;
use crate::util::DeadlineWorker;
use crate::util::panic_guard::catch_panic;

/// The delay before a failed write is retried.
const RETRY_DELAY: Duration = Duration::from_secs(2);

/// The interval at which the library is checked for changes by other programs if it cannot be watched.
const POLL_INTERVAL: Duration = Duration::from_millis(800);

/// The time limit for checking whether a file exists. If the check takes longer, the file is assumed to exist.
const EXISTS_TIMEOUT: Duration = Duration::from_secs(1);

/// The key of the preference that holds the chosen theme.
const THEME: &str = "theme";

pub(super) struct WriterThread {
    path: Option<PathBuf>,
    reader: ReaderId,
    /// Shows other readers that this one is running.
    lock: Option<ReaderLock>,
    /// The key of the session of the open sources.
    session_key: Option<String>,
    on_event: Box<dyn FnMut(Event) + Send>,
    library: Option<Library>,
    pending: PendingChanges,
    /// Marks that differ from the saved changes. They are sent once all changes are saved.
    corrections: Vec<ExternalChanges>,
    /// The number of unsaved changes of searches that were reported.
    reported_searches: usize,
    failure: Option<Failure>,
    /// The reason of the last failure.
    reason: Option<String>,
    /// Articles in slots below this one were recognised.
    recognised: usize,
    /// Whether the library has a session of these sources.
    has_session: bool,
    /// The selected article of the last saved session.
    last_session_article: Option<ArticleId>,
}

/// A failed write that is retried.
struct Failure {
    at: Instant,
}

impl Failure {
    /// Returns the time until the next try.
    fn retry_in(&self) -> Duration {
        RETRY_DELAY.saturating_sub(self.at.elapsed())
    }
}

/// The commands that are handled together.
#[derive(Default)]
struct Round {
    is_closing: bool,
    /// Dropped at the end of the thread.
    waiting: Option<Sender<()>>,
    library_changed: bool,
    /// The newest version of the corpus to recognise.
    corpus: Option<Arc<Corpus>>,
}

impl WriterThread {
    /// Creates the state of the thread for the library at `path`. `reader` is the owner of new steps.
    pub(super) fn new(
        path: Option<PathBuf>,
        reader: ReaderId,
        session_key: Option<String>,
        on_event: impl FnMut(Event) + Send + 'static,
    ) -> WriterThread {
        WriterThread {
            path,
            reader,
            lock: None,
            session_key,
            on_event: Box::new(on_event),
            library: None,
            pending: PendingChanges::default(),
            corrections: Vec::new(),
            reported_searches: 0,
            failure: None,
            reason: None,
            recognised: 0,
            has_session: false,
            last_session_article: None,
        }
    }

    pub(super) fn run(mut self, inbox: &Receiver<WriterCommand>, own: Sender<WriterCommand>) -> Option<RescueOutcome> {
        self.begin();
        let watcher = self.path.as_deref().and_then(|path| watch(path, own));
        // The time of the last change by another program.
        let mut last_change = None::<Instant>;
        let waiting = loop {
            let timeouts =
                [self.due_in(), watcher.is_none().then_some(POLL_INTERVAL), last_change.map(|_| RECHECK_INTERVAL)];
            let first = receive(inbox, timeouts.into_iter().flatten().min());
            let round = self.take_commands(first.into_iter().chain(inbox.try_iter()));
            if round.library_changed {
                last_change = Some(Instant::now());
            }
            let checks_for_changes = watcher.is_none() || last_change.is_some();
            let is_due = self.failure.as_ref().is_none_or(|failure| failure.retry_in().is_zero());
            let done = catch_panic(|| {
                // Changes that were made with this version need to know which articles moved.
                if let Some(corpus) = &round.corpus {
                    self.recognise(corpus);
                }
                if round.is_closing || is_due {
                    self.write(round.is_closing);
                }
                if checks_for_changes {
                    self.poll_changes();
                }
            });
            if done.is_none() {
                self.library = None;
                self.fail(&Error::Io(io::Error::other("internal error while saving")));
            }
            if checks_for_changes {
                last_change = last_change.filter(|last_change| last_change.elapsed() < RECHECK_WINDOW);
            }
            if round.is_closing {
                break round.waiting;
            }
        };
        let rescued = self.pending.rescue();
        drop(self.lock);
        drop(waiting);
        rescued
    }

    /// Adds the changes of commands, and returns what else they ask for.
    fn take_commands(&mut self, commands: impl Iterator<Item = WriterCommand>) -> Round {
        let mut round = Round::default();
        for command in commands {
            match command {
                WriterCommand::Close => round.is_closing = true,
                WriterCommand::CloseAndNotify(done) => {
                    round.is_closing = true;
                    round.waiting = Some(done);
                }
                WriterCommand::LibraryChanged => round.library_changed = true,
                WriterCommand::DiscardUnsaved => self.pending.discard_marks(),
                WriterCommand::Recognise(version) => round.corpus = Some(version),
                command => self.add(command, round.corpus.is_some()),
            }
        }
        round
    }

    /// Adds the changes of a command. Set `awaits_recognition` if an earlier version of the corpus is not recognised
    /// yet.
    fn add(&mut self, command: WriterCommand, awaits_recognition: bool) {
        let recognised_at = self.library.as_ref().map_or(0, Library::recognised_at);
        self.pending.add(command, recognised_at, awaits_recognition);
    }

    /// Returns the time until a retry or the deferred changes are due; `None` if nothing is.
    fn due_in(&self) -> Option<Duration> {
        match &self.failure {
            Some(failure) => Some(failure.retry_in()),
            None => self.pending.deferred_due_in(),
        }
    }

    /// Opens the library and reports its content.
    fn begin(&mut self) {
        let began = Instant::now();
        let mut saved = SavedState::default();
        match self.open() {
            Ok(marks) => saved.marks = marks,
            Err(error) => self.fail(&error),
        }
        if let (Some(_), Some(error)) = (&self.failure, &self.reason) {
            (self.on_event)(Event::Error(format!("Marks cannot be saved: {error}")));
        }
        if let Err(error) = self.read_state(&mut saved) {
            self.fail(&error);
        }
        match self.adopt_steps() {
            Ok(steps) => saved.journal = steps,
            Err(error) => self.fail(&error),
        }
        self.has_session = saved.session.is_some();
        note(|| format!("library with marks on {} articles open in {:?}", saved.marks.len(), began.elapsed()));
        (self.on_event)(Event::Library(Box::new(saved)));
    }

    /// Reads everything but the marks.
    fn read_state(&self, saved: &mut SavedState) -> Result<(), Error> {
        let Some(library) = &self.library else { return Ok(()) };
        let session = self.session_key.as_ref().map(|key| library.session(key)).transpose()?.flatten();
        let (searches, filters, theme) = (library.searches()?, library.filters()?, library.preference(THEME)?);
        (saved.searches, saved.filters, saved.session, saved.theme) = (searches, filters, session, theme);
        Ok(())
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

    /// Opens the library and reads the marks. If it cannot be opened for writing, reads at least the marks.
    fn open(&mut self) -> Result<Marks, Error> {
        self.library = None;
        let no_path = "this system names no folder for the library, or it is switched off";
        let path = self.path.clone().ok_or_else(|| Error::Io(io::Error::other(no_path)))?;
        let (mut library, recovered) = match Library::open_or_recover(&path) {
            Ok(opened) => opened,
            Err(error) => {
                // The saved marks are shown even if no changes can be saved.
                self.fail(&error);
                return match Library::open_to_read(&path) {
                    Ok(Some(mut library)) => library.marks(),
                    _ => Err(error),
                };
            }
        };
        if let Some(recovered) = recovered {
            let lost = match recovered.incomplete.as_slice() {
                [] => String::new(),
                tables => format!("; rows of {} are lost", tables.join(", ")),
            };
            let text = format!(
                "The library was damaged. Saved marks on {} and {}{lost}. The damaged file is {}",
                counted(recovered.articles.into(), "article", "articles"),
                counted(recovered.feeds.into(), "feed", "feeds"),
                recovered.path.display()
            );
            (self.on_event)(Event::Error(text));
            // The marks in memory may be more than those that were recovered.
            (self.on_event)(Event::ResaveAll);
        }
        if let Some(newer) = library.is_newer() {
            self.fail(&newer);
        }
        let marks = library.marks()?;
        if let Some(notice) = unreadable_rows::notice() {
            (self.on_event)(Event::Error(notice));
        }
        self.library = Some(library);
        Ok(marks)
    }

    fn fail(&mut self, error: &Error) {
        let reason = self.path.as_deref().map_or_else(|| error.to_string(), |path| error.in_words(path));
        note(|| format!("library: {reason}"));
        self.failure = Some(Failure { at: Instant::now() });
        self.reason = Some(reason.clone());
        (self.on_event)(Event::SaveFailed(reason.clone()));
        // The screen does not show these as unsaved, so report them, but not again with every retry.
        let searches = self.pending.describe_searches();
        if searches.len() > self.reported_searches {
            (self.on_event)(Event::Error(format!("Not saved yet: {}: {reason}", searches.join(", "))));
        }
        self.reported_searches = searches.len();
    }

    /// Writes the changes that are due, or all changes.
    fn write(&mut self, everything: bool) {
        let flush_deferred = everything || self.pending.deferred_due_in().is_some_and(|wait| wait.is_zero());
        let has_deferred = self.pending.has_deferred();
        if self.pending.is_idle() && (!flush_deferred || !has_deferred) {
            if !has_deferred {
                self.pending.clear_deferred_timer();
            }
            // There is nothing to retry.
            self.failure = None;
            return;
        }
        if self.failure.is_some() || self.library.is_none() {
            // The file may be writable by now, or be another one.
            match self.open() {
                // Changes by other programs are reported nowhere else.
                Ok(marks) => {
                    let marks = marks.iter().map(|(article, marked)| (article, marked.clone())).collect();
                    let changes = ExternalChanges { marks, ..ExternalChanges::default() };
                    send_changes(&mut self.on_event, changes, Vec::new);
                }
                Err(error) => {
                    self.fail(&error);
                    return;
                }
            }
        }
        match self.write_pending(flush_deferred) {
            Ok(()) => {
                self.failure = None;
                self.reported_searches = 0;
            }
            Err(error) => {
                self.fail(&error);
                if error.is_damage() && self.open().is_ok() {
                    self.failure = None;
                }
            }
        }
    }

    fn write_pending(&mut self, flush_deferred: bool) -> Result<(), Error> {
        // Marks can be read from a library that cannot be written.
        let Some(library) = &mut self.library else {
            return Err(Error::Io(io::Error::other(self.reason.clone().unwrap_or_default())));
        };
        let pending = &mut self.pending;
        // The steps are saved with the last changes, so that no step is saved without its changes.
        while let Some(batch) = pending.batches.first() {
            let entries = if pending.batches.len() == 1 { pending.entries.as_slice() } else { &[] };
            let mut lookup = ArticleLookup::new(&batch.corpus, batch.changes.len());
            let find_article = &mut |article| lookup.find(article);
            let since = batch.since.unwrap_or_else(|| library.recognised_at());
            let changes = library.save_marks_with_journal(self.reader, since, &batch.changes, entries, find_article)?;
            self.corrections.push(changes);
            if pending.batches.len() == 1 {
                pending.entries.clear();
            }
            pending.batches.remove(0);
        }
        if !pending.entries.is_empty() {
            library.save_marks_with_journal(self.reader, 0, &[], &pending.entries, &mut |_| None)?;
            pending.entries.clear();
        }
        // The marks are on the disk, even if the rest fails.
        if pending.number > 0 {
            (self.on_event)(Event::MarksSaved(pending.number));
        }
        for changes in std::mem::take(&mut self.corrections) {
            send_changes(&mut self.on_event, changes, Vec::new);
        }
        let mut lookup = ArticleLookup::new(&pending.corpus, pending.places.len());
        if flush_deferred {
            let places: Vec<MarkChange> = pending.places.values().map(|(marking, _)| marking.clone()).collect();
            let since = pending.places.values().map(|(_, since)| *since).min().unwrap_or(0);
            let find_article = &mut |article| lookup.find(article);
            let changes = library.save_marks_with_journal(self.reader, since, &places, &[], find_article)?;
            pending.places.clear();
            send_changes(&mut self.on_event, changes, Vec::new);
        }
        while let Some(write) = pending.writes.first() {
            match write {
                PendingWrite::Filter(filter) => library.save_filter(filter)?,
                PendingWrite::Searches { changes, entry } => library.change_searches(self.reader, changes, entry)?,
                PendingWrite::Theme(theme) => library.set_preference(THEME, theme)?,
            }
            pending.writes.remove(0);
        }
        if flush_deferred {
            if let (Some((session, article)), Some(key)) = (&pending.session, &self.session_key) {
                // The article must be known to the library, so that it is recognised if it moves.
                library.ensure_articles(article.and_then(|article| lookup.find(article)))?;
                // The article of the session before stays known only if it has marks.
                if let Some(before) = self.last_session_article.filter(|before| Some(*before) != *article) {
                    library.forget_unmarked(before)?;
                }
                self.last_session_article = *article;
                library.save_session(key, session)?;
                self.has_session = true;
            }
            pending.session = None;
            pending.clear_deferred_timer();
        }
        Ok(())
    }

    /// Reports what other programs have written.
    fn poll_changes(&mut self) {
        let Some(library) = &mut self.library else { return };
        match library.external_changes() {
            Ok(changes) => send_changes(&mut self.on_event, changes, Vec::new),
            Err(error) => note(|| format!("library: {error}")),
        }
    }

    /// Finds articles that moved.
    fn recognise(&mut self, corpus: &Corpus) {
        let Some(library) = self.library.as_mut().filter(|library| library.is_newer().is_none()) else { return };
        let began = Instant::now();
        let disk = DeadlineWorker::new(EXISTS_TIMEOUT, |path: PathBuf| FileState::of(&path));
        let state = |path: &Path| disk.call(path.to_owned()).unwrap_or(FileState::Unknown);
        let changes = match library.recognise(corpus, self.recognised, &state) {
            Ok(changes) => changes,
            Err(error) => {
                // The next version of the corpus is recognised from the same slot on.
                note(|| format!("library: {error}"));
                return;
            }
        };
        self.recognised = corpus.slots();
        self.pending.mark_recognised(library.recognised_at());
        note(|| format!("{} moved articles recognised in {:?}", changes.moved.len(), began.elapsed()));
        let has_session = self.has_session;
        let sessions = || if has_session { Vec::new() } else { stored_sessions(library) };
        send_changes(&mut self.on_event, changes, sessions);
    }
}

/// Waits for a command, up to `timeout`. Returns `None` after the timeout.
fn receive(inbox: &Receiver<WriterCommand>, timeout: Option<Duration>) -> Option<WriterCommand> {
    let received = match timeout {
        Some(timeout) => inbox.recv_timeout(timeout),
        None => inbox.recv().map_err(RecvTimeoutError::from),
    };
    match received {
        Ok(command) => Some(command),
        Err(RecvTimeoutError::Timeout) => None,
        Err(RecvTimeoutError::Disconnected) => Some(WriterCommand::Close),
    }
}

/// Reports changes in the library. Calls `sessions` for the stored sessions if articles moved.
fn send_changes(on_event: &mut dyn FnMut(Event), changes: ExternalChanges, sessions: impl FnOnce() -> Vec<String>) {
    let ExternalChanges { moved, mut marks, searches } = changes;
    if !moved.is_empty() {
        let moved = moved.iter().map(|moved| (moved.from, moved.to)).collect();
        on_event(Event::ArticlesMoved { moved, marks: std::mem::take(&mut marks), sessions: sessions() });
    }
    if !marks.is_empty() || searches.is_some() {
        on_event(Event::ExternalChanges { marks, searches });
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
    use crate::journal::{JournalEntry, SearchChange, StepChange};
    use crate::marks::Change;
    use crate::query::SavedSearch;

    fn star(number: u64) -> WriterCommand {
        let changes = Arc::new(vec![MarkChange { article: ArticleId(number), change: Change::Starred(true) }]);
        WriterCommand::SaveMarks { number, changes, entry: None, corpus: Arc::default() }
    }

    /// Returns the thread's state for the library at `path`, and its reports.
    fn worker(path: &Path) -> (WriterThread, Receiver<Event>) {
        let (sender, events) = mpsc::channel();
        let on_event = move |event| sender.send(event).unwrap();
        (WriterThread::new(Some(path.to_owned()), ReaderId(1), Some("[]".to_owned()), on_event), events)
    }

    fn is_kept(events: &Receiver<Event>) -> bool {
        events.try_iter().any(|message| matches!(message, Event::MarksSaved(_)))
    }

    #[test]
    fn failed_writes_are_never_confirmed_and_are_retried_slowly() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("library.db");
        // The marks of before can be read, but a folder stands where the log would have to be written.
        drop(Library::open(&path).unwrap());
        std::fs::create_dir(folder.path().join("library.db-wal")).unwrap();
        let (mut worker, events) = worker(&path);
        worker.begin();
        worker
            .add(WriterCommand::SaveSession { session: "{}".to_owned(), article: None, corpus: Arc::default() }, false);
        worker.add(star(1), false);
        for _ in 0..3 {
            worker.failure = None;
            worker.write(false);
            assert!(!is_kept(&events));
            assert_eq!(worker.pending.batches.len(), 1);
            assert!(worker.due_in().is_some_and(|wait| wait > RETRY_DELAY / 2), "{:?}", worker.due_in());
        }
        std::fs::remove_dir(folder.path().join("library.db-wal")).unwrap();
        worker.write(true);
        assert!(is_kept(&events) && worker.pending.batches.is_empty());
        assert_eq!(worker.due_in(), None, "there is nothing left to do");
        assert!(Library::open(&path).unwrap().marks().unwrap().get(ArticleId(1)).is_starred());
    }

    #[test]
    fn saved_marks_are_confirmed_even_if_a_search_fails_to_save() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("library.db");
        let (mut worker, events) = worker(&path);
        worker.begin();
        // No room for a name of this length, though there is for a mark.
        worker.library.as_ref().unwrap().limit(1 << 17).unwrap();
        worker.add(star(1), false);
        let search = |name: &str| SavedSearch { name: name.repeat(1 << 20), ..SavedSearch::default() };
        let change = SearchChange { before: None, after: Some(search("n")), at: 0 };
        let step = Step { number: 1, row: None, name: String::new(), change: StepChange::Searches(Vec::new()) };
        let entry = JournalEntry::Made(Arc::new(step), Vec::new());
        worker.add(WriterCommand::ChangeSearches { changes: vec![change], entry }, false);
        worker.write(false);
        let messages: Vec<Event> = events.try_iter().collect();
        assert!(messages.iter().any(|message| matches!(message, Event::MarksSaved(1))), "{}", messages.len());
        let is_notice = |message: &Event| matches!(message, Event::Error(text) if text.contains("the disk is full"));
        assert_eq!(messages.iter().filter(|message| is_notice(message)).count(), 1);
        assert_eq!((worker.pending.batches.len(), worker.pending.writes.len()), (0, 1));
        // It is tried again, and kept once there is room.
        worker.write(false);
        assert!(worker.pending.writes.is_empty() && !events.try_iter().any(|message| is_notice(&message)));
        assert_eq!(Library::open(&path).unwrap().searches().unwrap(), [search("n")]);
    }

    #[test]
    fn library_that_fails_to_open_is_not_retried_constantly() {
        let folder = tempfile::tempdir().unwrap();
        let (mut worker, events) = worker(folder.path());
        worker.begin();
        worker.write(false);
        assert_eq!(worker.due_in(), None);
        worker.add(star(1), false);
        worker.write(false);
        assert!(!is_kept(&events) && worker.due_in().is_some());
    }

    #[test]
    fn unrecognised_articles_are_tried_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("library.db");
        let (mut worker, _events) = worker(&path);
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
        let (mut worker, events) = worker(&path);
        worker.begin();
        worker.add(star(1), false);
        worker.write(false);
        assert!(is_kept(&events));
        worker.library = None;
        std::fs::write(&path, "rubbish".repeat(2_000)).unwrap();
        worker.add(star(2), false);
        worker.write(false);
        assert!(events.try_iter().any(|message| matches!(message, Event::ResaveAll)));
        let aside = |path: &std::path::PathBuf| path.to_string_lossy().contains("damaged");
        assert!(std::fs::read_dir(folder.path()).unwrap().any(|entry| aside(&entry.unwrap().path())));
        assert!(Library::open(&path).unwrap().marks().unwrap().get(ArticleId(2)).is_starred());
    }
}
