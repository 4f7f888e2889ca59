//! The terminal as the reader has it, and as it was before: entered once, and restored however the program ends.

use std::io::{self, Write, stdout};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crossterm::cursor::{Hide, Show};
use crossterm::event::{DisableBracketedPaste, DisableMouseCapture, EnableBracketedPaste, EnableMouseCapture};
use crossterm::execute;
use crossterm::terminal::{EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode};

/// Whether the terminal is taken, and with the mouse.
static TAKEN: Mutex<Taken> = Mutex::new(Taken { taken: false, mouse: false });

/// How long a signal waits for a frame that is being written before it restores the terminal all the same.
const PATIENCE: Duration = Duration::from_millis(300);

#[derive(Debug)]
struct Taken {
    taken: bool,
    mouse: bool,
}

/// Holds the terminal; gives it back when dropped.
#[derive(Debug)]
pub(super) struct Guard;

impl Guard {
    /// Takes the terminal, and sees to it that a panic gives it back before it says anything.
    pub(super) fn enter(mouse: bool) -> io::Result<Guard> {
        lock().mouse = mouse;
        let guard = Guard;
        take()?;
        let hook = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            // A worker's panic costs one file and is caught; only the main thread's ends the program.
            if std::thread::current().name() == Some("main") {
                give_back();
                hook(panic);
            } else {
                super::note(|| format!("a thread panicked: {panic}"));
            }
        }));
        Ok(guard)
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        give_back();
    }
}

fn lock() -> MutexGuard<'static, Taken> {
    TAKEN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Takes the terminal, where it is not taken.
pub(super) fn take() -> io::Result<()> {
    let mut state = lock();
    if state.taken {
        return Ok(());
    }
    enable_raw_mode()?;
    state.taken = true;
    execute!(stdout(), EnterAlternateScreen, EnableBracketedPaste, Hide)?;
    if state.mouse {
        execute!(stdout(), EnableMouseCapture)?;
    }
    Ok(())
}

/// Gives the terminal back as it was, where it is taken. What cannot be done to a terminal that is gone is left undone.
pub(super) fn give_back() {
    let begun = Instant::now();
    let mut state = loop {
        match TAKEN.try_lock() {
            Ok(state) => break Some(state),
            Err(std::sync::TryLockError::Poisoned(poisoned)) => break Some(poisoned.into_inner()),
            Err(std::sync::TryLockError::WouldBlock) if begun.elapsed() > PATIENCE => break None,
            Err(std::sync::TryLockError::WouldBlock) => std::thread::yield_now(),
        }
    };
    if let Some(state) = &mut state {
        if !state.taken {
            return;
        }
        state.taken = false;
    }
    let mut out = stdout();
    let _ = execute!(out, DisableMouseCapture, DisableBracketedPaste, LeaveAlternateScreen, Show);
    let _ = out.flush();
    let _ = disable_raw_mode();
}

/// Runs `draw` while the terminal is taken and stays so; does nothing where it is not.
pub(super) fn while_taken(draw: impl FnOnce() -> io::Result<()>) -> io::Result<()> {
    let state = lock();
    if state.taken { draw() } else { Ok(()) }
}
