//! Signals: those that end the program give the terminal back first; stopping and going on again keep it whole.

use std::io;
use std::process;
use std::sync::mpsc::Sender;

use signal_hook::consts::{SIGCONT, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP, SIGWINCH};
use signal_hook::iterator::Signals;
use signal_hook::low_level::emulate_default_handler;

use super::event_loop::Event;
use super::{note, terminal};
use crate::app::{Message, Size};

/// Handles signals on a thread of their own from now on.
pub(super) fn handle(events: Sender<Event>) -> io::Result<()> {
    let mut signals = Signals::new([SIGTERM, SIGHUP, SIGINT, SIGQUIT, SIGTSTP, SIGCONT, SIGWINCH])?;
    std::thread::spawn(move || {
        for signal in signals.forever() {
            match signal {
                SIGWINCH => {
                    if let Ok((columns, rows)) = crossterm::terminal::size() {
                        let _ = events.send(Event::Message(Message::Resize(Size { columns, rows })));
                    }
                }
                SIGTSTP => suspend(&events),
                // After a stop that could not be caught, the screen has to be made anew.
                SIGCONT => resume(&events),
                deadly => {
                    note(|| format!("signal {deadly}"));
                    terminal::give_back();
                    process::exit(128 + deadly);
                }
            }
        }
    });
    Ok(())
}

/// Gives the terminal back, stops until SIGCONT comes, and takes the terminal again.
pub(super) fn suspend(events: &Sender<Event>) {
    terminal::give_back();
    if let Err(error) = emulate_default_handler(SIGTSTP) {
        note(|| format!("cannot stop: {error}"));
    }
    resume(events);
}

fn resume(events: &Sender<Event>) {
    if let Err(error) = terminal::take() {
        note(|| format!("cannot take the terminal again: {error}"));
    }
    // The loop outlives this thread, or the program ends anyway.
    let _ = events.send(Event::Redraw);
}
