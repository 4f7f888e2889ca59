//! The loop: wait, take in all that has come, carry out what is to be done, draw once.

use std::io::{self, BufWriter, Stdout, stdout};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

use chrono::{Local, NaiveDateTime, NaiveTime};
use crossterm::execute;
use crossterm::terminal::{BeginSynchronizedUpdate, EndSynchronizedUpdate};
use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;
use ratatui::layout::Rect;

use super::executor::Executor;
use super::filter::Filter;
use super::input::{self, Gate};
use super::keeper::Keeper;
use super::load::{LoadOptions, Source};
use super::{note, terminal};
use crate::app::{Effect, Message, Notice, Size, State};
use crate::config::{Config, ConfigProblem, ThemeChoice};
use crate::ui::{Theme, detect, draw};

/// How many events are taken in before a frame is drawn all the same.
const BURST: usize = 1_000;

/// What reaches the loop.
#[derive(Debug)]
pub(super) enum Event {
    /// Something for the state.
    Message(Message),
    /// The screen has to be drawn anew from nothing.
    Redraw,
    /// The terminal is gone.
    Gone,
}

/// What the reader is started with.
#[derive(Debug)]
pub struct Options {
    /// Where articles come from.
    pub sources: Vec<Source>,
    /// What that is called at the head of the list.
    pub title: String,
    /// The settings.
    pub config: Config,
    /// What was wrong with them.
    pub config_problems: Vec<ConfigProblem>,
    /// A line to begin with.
    pub greeting: Option<String>,
    /// Whether colours are wanted, whatever the environment says.
    pub colours: Option<bool>,
}

/// Runs the reader until it is left. An error is one of the terminal.
pub fn run(options: Options) -> io::Result<()> {
    let (events, receive) = channel();
    let Options { sources, title, config, config_problems, greeting, colours } = options;
    #[cfg(unix)]
    super::signals::handle(events.clone())?;
    let _guard = terminal::Guard::enter(config.mouse)?;
    let mut screen = Screen::new(config.clone(), colours)?;
    let mut state = State::new(config.clone(), title, now());
    let (columns, rows) = crossterm::terminal::size()?;
    state.update(Message::Resize(Size { columns, rows }));
    if let Some(text) = greeting {
        state.update(Message::Notice(Notice::info(text)));
    }
    for problem in &config_problems {
        state.update(Message::Notice(Notice::error(problem.to_string())));
    }
    // The screen stands before anything else begins.
    screen.draw(&state)?;

    let gate = Gate::default();
    input::start(events.clone(), gate.clone());
    let load = LoadOptions { max_size: config.max_size, hidden: config.hidden };
    let keeper = Keeper::start(sources, load, config.watch, events.clone());
    let filter = Filter::start(events.clone());
    let executor = Executor { config, filter, keeper, gate, events };
    let ended = turn(&mut state, &mut screen, &receive, |effect| executor.carry_out(effect));
    if !matches!(ended, Ok(Ended::Left)) {
        // ratatui's terminal would complain on standard error when it is dropped, which panics where that is the
        // terminal that is gone.
        std::mem::forget(screen);
    }
    ended.map(drop)
}

/// How the loop ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ended {
    /// The reader quit.
    Left,
    /// The terminal is gone.
    Gone,
}

/// Turns until the reader quits or the terminal is gone.
fn turn(
    state: &mut State,
    screen: &mut Screen,
    events: &Receiver<Event>,
    carry_out: impl Fn(Effect) -> bool,
) -> io::Result<Ended> {
    loop {
        let mut next = match events.recv_timeout(until_midnight(now())) {
            Ok(event) => Some(event),
            Err(RecvTimeoutError::Timeout) => Some(Event::Message(Message::Clock(now()))),
            Err(RecvTimeoutError::Disconnected) => return Ok(Ended::Left),
        };
        let mut taken = 0;
        while let Some(event) = next {
            match event {
                Event::Message(message) => {
                    for effect in state.update(message) {
                        if !carry_out(effect) {
                            return Ok(Ended::Left);
                        }
                    }
                }
                Event::Redraw => screen.clear(state)?,
                Event::Gone => return Ok(Ended::Gone),
            }
            taken += 1;
            next = if taken < BURST { events.try_recv().ok() } else { None };
        }
        screen.draw(state)?;
    }
}

fn now() -> NaiveDateTime {
    Local::now().naive_local()
}

/// How long until dates in the list change their names.
fn until_midnight(now: NaiveDateTime) -> Duration {
    let tomorrow = now.date().succ_opt().unwrap_or(now.date()).and_time(NaiveTime::MIN);
    (tomorrow - now).to_std().unwrap_or(Duration::from_secs(3600)) + Duration::from_secs(1)
}

/// The screen and what it is drawn with.
struct Screen {
    terminal: Terminal<CrosstermBackend<BufWriter<Stdout>>>,
    config: Config,
    colours: Option<bool>,
    theme: (ThemeChoice, Theme),
}

impl Screen {
    fn new(config: Config, colours: Option<bool>) -> io::Result<Screen> {
        // A frame is written in one go.
        let out = BufWriter::with_capacity(1 << 16, stdout());
        let theme = (config.theme, theme(&config, config.theme, colours));
        Ok(Screen { terminal: Terminal::new(CrosstermBackend::new(out))?, config, colours, theme })
    }

    fn draw(&mut self, state: &State) -> io::Result<()> {
        if self.theme.0 != state.theme() {
            self.theme = (state.theme(), theme(&self.config, state.theme(), self.colours));
        }
        let (terminal, theme) = (&mut self.terminal, &self.theme.1);
        terminal::while_taken(|| {
            execute!(terminal.backend_mut(), BeginSynchronizedUpdate)?;
            terminal.draw(|frame| draw(state, theme, frame))?;
            execute!(terminal.backend_mut(), EndSynchronizedUpdate)
        })
    }

    fn clear(&mut self, state: &mut State) -> io::Result<()> {
        let (columns, rows) = crossterm::terminal::size()?;
        // The size may have changed while another program had the terminal; nothing is to be done about that.
        let effects = state.update(Message::Resize(Size { columns, rows }));
        note(|| format!("redrawn at {columns}x{rows}, {} effects", effects.len()));
        let terminal = &mut self.terminal;
        // Not `Terminal::clear`, which asks the terminal where its cursor is and takes the answer from the input.
        terminal::while_taken(|| terminal.resize(Rect::new(0, 0, columns, rows)))
    }
}

fn theme(config: &Config, choice: ThemeChoice, colours: Option<bool>) -> Theme {
    let variable = |name: &str| match (name, colours) {
        ("NO_COLOR", Some(true)) => None,
        ("NO_COLOR", Some(false)) => Some("1".to_owned()),
        _ => std::env::var(name).ok(),
    };
    let (kind, depth) = detect(variable, choice);
    Theme::new(kind, depth, &config.colours)
}
