//! The reader in a terminal: creates the services, runs the event loop, and restores the terminal.

pub(crate) mod effects;
pub(crate) mod event_loop;
pub mod export;
mod home_folder;
pub(crate) mod messages;
pub(crate) mod terminal;

pub use event_loop::ExitReason;

use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;

use chrono::Local;
use ratatui::Frame;

use crate::app::{Message, Notice, State};
use crate::article::Problem;
use crate::config::{Background, Config, ThemeChoice};
use crate::engine::corpus_service::CorpusService;
use crate::engine::event::Event;
use crate::engine::feeds::service::{FeedService, FeedServiceOptions};
use crate::engine::library_writer::LibraryWriter;
use crate::engine::library_writer::rescue::RescueOutcome;
use crate::engine::loader::source::{LoadOptions, Source};
use crate::engine::log::note;
use crate::engine::search::facets::{start_facet_worker, start_values_worker};
use crate::engine::search::filter::start_search_worker;
use crate::engine::snapshot::Cache;
use crate::library::ReaderId;
use crate::text::clean;
use crate::text::format::counted;
use crate::tui::export::Exporter;
use crate::ui::{Theme, draw};
use crate::util::LatestWorker;
use effects::Effects;
use event_loop::{LoopEvent, Screen};
use messages::to_message;
use terminal::input::Input;
use terminal::probe::{Answers, questions};
use terminal::{Terminal, disable_echo, is_there, restore, size};

/// Options of the reader.
#[derive(Debug)]
pub struct Options {
    /// The sources of articles.
    pub sources: Vec<Source>,
    /// The title of the list.
    pub title: String,
    /// The settings.
    pub config: Config,
    /// Problems of the config file.
    pub config_problems: Vec<Problem>,
    /// The first notice.
    pub greeting: Option<String>,
    /// The cache for snapshots; `None` stores none.
    pub cache: Option<Cache>,
    /// The path of the library; `None` stores nothing.
    pub library: Option<PathBuf>,
    /// Overrides `NO_COLOR` of the environment.
    pub colours: Option<bool>,
}

/// A terminal whose questions are sent and whose keys are queued for the reader. Dropping it restores the terminal.
pub struct PreparedTerminal {
    events: Sender<LoopEvent>,
    inbox: Receiver<LoopEvent>,
    input: Input,
    terminal: RestoreOnDrop,
}

/// Restores the terminal when dropped. Waits for answers first, so that they do not appear at the shell's prompt.
struct RestoreOnDrop(Arc<Answers>);

impl Drop for RestoreOnDrop {
    fn drop(&mut self) {
        self.0.wait_until_complete();
        restore();
    }
}

/// Sends the questions to the terminal, without waiting: it answers while the caller opens the library.
pub fn ask_terminal(colours: Option<bool>) -> io::Result<PreparedTerminal> {
    let (events, inbox) = mpsc::channel();
    #[cfg(unix)]
    terminal::signals::listen(events.clone())?;
    let terminal = RestoreOnDrop(Arc::default());
    disable_echo()?;
    let questions = questions(|name| variable(name, colours));
    let input = Input::start(events.clone(), &questions, Arc::clone(&terminal.0))?;
    Ok(PreparedTerminal { events, inbox, input, terminal })
}

/// Runs the reader until it ends. The terminal is restored when this returns, even with an error.
pub fn run(prepared: PreparedTerminal, options: Options) -> io::Result<ExitReason> {
    let Options { sources, title, config, config_problems, greeting, cache, library, colours } = options;
    let PreparedTerminal { events, inbox, input, terminal } = prepared;
    let ready = events.clone();
    let mut screen = Terminal::acquire(config.mouse, make_renderer(&config, colours), move || {
        let _ = ready.send(LoopEvent::WriterReady);
    })?;
    let now = || Local::now().naive_local();
    let mut state = State::new(config.clone(), title, now());
    state.update(Message::Resize(size()));
    if let Some(text) = greeting {
        state.update(Message::Notice(Notice::info(text)));
    }
    // Show the first one. All are in the list of problems.
    if let Some(first) = config_problems.first() {
        state.update(Message::Notice(Notice::error(first.to_string())));
    }
    for problem in config_problems {
        state.update(Message::Problem(problem));
    }
    if let Some(background) = terminal.0.background() {
        state.update(Message::Background(background));
    }
    // Draw the first frame before anything else starts.
    match screen.draw(&state) {
        Ok(()) => {}
        // The terminal was closed since the start.
        Err(_) if !is_there() => return Ok(ExitReason::Hangup),
        Err(error) => return Err(error),
    }
    let named = sources.clone();
    let load = LoadOptions::of(&config);
    let shown = sources.iter().any(|source| matches!(source, Source::Feeds { .. }));
    let archive = CorpusService::start(sources, load, cache, config.watch, message_sender(&events))?;
    let reader = ReaderId::new();
    let options =
        FeedServiceOptions { library: library.clone(), reader, feeds_visible: shown, settings: config.feeds.clone() };
    let feeds = FeedService::start(options, archive.feeds_changed_notifier(), message_sender(&events))?;
    // Changes by other programs may concern feeds.
    let (look, look_again, mut on_event) =
        (archive.feeds_changed_notifier(), feeds.library_changed_notifier(), message_sender(&events));
    let on_event = move |event| {
        if matches!(event, Event::ExternalChanges { .. }) {
            look();
            look_again();
        }
        on_event(event);
    };
    let mut effects = Effects {
        library_writer: LibraryWriter::start(library, reader, named, on_event)?,
        archive,
        feeds,
        search: start_search_worker(message_sender(&events))?,
        facets: start_facet_worker(message_sender(&events))?,
        values: start_values_worker(message_sender(&events))?,
        dwell_timer: start_timer("dwell", &events, Message::DwellElapsed)?,
        stop_timer: start_timer("stop", &events, |()| Message::StopExpired)?,
        key_popup_timer: start_timer("key popup", &events, |()| Message::KeyPopupDue)?,
        exporter: Exporter::default(),
        input,
        events,
        browser: config.browser,
        editor: config.editor,
    };
    #[cfg(unix)]
    terminal::signals::set_flush_hook(effects.library_writer.flush_handle());
    let reason = event_loop::run(&mut state, &mut screen, &mut effects, &inbox, &now);
    note(|| format!("ended: {reason:?}"));
    // Restore the terminal and save at the same time: a hanging terminal must not delay saving, and a slow disk must not
    // delay the terminal.
    let quits = matches!(reason, ExitReason::Quit);
    let restoring = thread::Builder::new().name("restore".to_owned()).spawn(move || {
        if !quits {
            terminal.0.stop_waiting();
        }
        drop(terminal);
    });
    let unsaved = effects.library_writer.close(|| {
        eprint_clean("newsdesk: the disk of the library is slow; waiting to save the last marks (^C discards them)");
    });
    drop(screen);
    if let Ok(restoring) = restoring {
        let _ = restoring.join();
    }
    if let Some(unsaved) = unsaved {
        let text = match unsaved {
            RescueOutcome::Rescued(path) => {
                format!("newsdesk: unsaved changes are in {}; `newsdesk library import` loads them", path.display())
            }
            RescueOutcome::Lost(count) => format!(
                "newsdesk: {} could not be saved, nor written to a rescue file",
                counted(count as u64, "change", "changes")
            ),
        };
        eprint_clean(&text);
    }
    Ok(reason)
}

/// Prints text to standard error after the screen was left.
fn eprint_clean(text: &str) {
    #[expect(clippy::disallowed_methods, reason = "the text is cleaned")]
    let _ = writeln!(io::stderr(), "{}", clean(text));
}

/// Returns a function that draws frames with the theme of the state.
fn make_renderer(config: &Config, colours: Option<bool>) -> impl FnMut(&State, &mut Frame<'_>) + use<> {
    let own = config.colours.clone();
    let make = move |(choice, answered): (ThemeChoice, Option<Background>)| {
        Theme::for_terminal(|name| variable(name, colours), choice, answered, &own)
    };
    let first = (config.theme, None);
    let mut current = (first, make(first));
    move |state, frame| {
        let wanted = (state.theme(), state.background());
        if current.0 != wanted {
            current = (wanted, make(wanted));
        }
        draw(state, &current.1, frame);
    }
}

/// Returns a variable of the environment, unless the command line overrides it.
fn variable(name: &str, colours: Option<bool>) -> Option<String> {
    match (name, colours) {
        ("NO_COLOR", Some(true)) => None,
        ("NO_COLOR", Some(false)) => Some("1".to_owned()),
        _ => std::env::var(name).ok(),
    }
}

/// Starts a timer that sends `message` of the newest value to the event loop when it is due.
fn start_timer<T: Send + 'static>(
    name: &str,
    events: &Sender<LoopEvent>,
    message: fn(T) -> Message,
) -> io::Result<LatestWorker<T>> {
    let events = events.clone();
    LatestWorker::start(name, move |value, _| {
        // Sending fails once the loop has ended.
        let _ = events.send(LoopEvent::Message(message(value)));
    })
}

/// Returns a function that sends reports of a background service to the event loop.
fn message_sender(events: &Sender<LoopEvent>) -> impl FnMut(Event) + Send + 'static {
    let events = events.clone();
    move |event| {
        // Sending fails once the loop has ended.
        let _ = events.send(LoopEvent::Message(to_message(event)));
    }
}
