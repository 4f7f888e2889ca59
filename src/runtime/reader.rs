//! Everything put together: the reader in a terminal, from the first frame to the last.

use std::io;
use std::sync::mpsc::{self, Sender};

use chrono::Local;
use ratatui::Frame;

use super::archive::Archive;
use super::event_loop::{Ending, Event, run};
use super::executor::Executor;
use super::filter::Filter;
use super::input::Input;
use super::log::{self, Level};
use super::source::{Rules, Source};
use super::terminal::{Terminal, size};
use crate::app::{Message, State};
use crate::config::Config;

/// Reads `sources` in the terminal until the reader leaves. `paint` draws a frame. When it returns, with whatever, the
/// terminal is as it was.
pub fn read_in_terminal(
    state: &mut State,
    config: &Config,
    sources: Vec<Source>,
    paint: impl FnMut(&State, &mut Frame<'_>),
) -> io::Result<Ending> {
    let (events, inbox) = mpsc::channel();
    #[cfg(unix)]
    super::signals::listen(events.clone())?;
    let mut screen = Terminal::take(config.mouse, paint)?;
    let rules = Rules { max_size: config.max_size, hidden: config.hidden };
    let mut executor = Executor {
        archive: Archive::open(sources, rules, config.watch, teller(&events))?,
        filter: Filter::start(teller(&events))?,
        input: Input::start(events.clone())?,
        events,
        browser: config.browser.clone(),
        editor: config.editor.clone(),
    };
    state.update(Message::Resize(size()));
    let ending = run(state, &mut screen, &mut executor, &inbox, &|| Local::now().naive_local());
    log::line(Level::Info, || format!("ended: {ending:?}"));
    Ok(ending)
}

fn teller(events: &Sender<Event>) -> impl FnMut(Message) + Send + 'static {
    let events = events.clone();
    move |message| {
        // After the loop has ended nobody needs to know.
        let _ = events.send(Event::Message(message));
    }
}
