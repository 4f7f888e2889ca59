//! The terminal: taken with everything that the screen needs, and given back whole exactly once, whatever happens.

use std::io::{self, BufWriter, Write};
use std::mem::ManuallyDrop;
use std::panic;
use std::sync::atomic::{AtomicBool, Ordering};

use crossterm::clipboard::CopyToClipboard;
use crossterm::event::{DisableBracketedPaste, EnableBracketedPaste};
use crossterm::style::ResetColor;
use crossterm::terminal::{
    BeginSynchronizedUpdate, EndSynchronizedUpdate, EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode,
    enable_raw_mode,
};
use crossterm::{Command, cursor, execute, queue};
use ratatui::backend::CrosstermBackend;
use ratatui::layout::Rect;
use ratatui::{Frame, Terminal as Canvas};

use super::contained::is_contained;
use super::event_loop::Screen;
use super::log::note;
use crate::app::{Size, State};
use crate::article::SafeText;

/// Whether the terminal is ours. Whoever turns it off gives the terminal back.
static TAKEN: AtomicBool = AtomicBool::new(false);

/// What is written to: on Unix the terminal itself and not [`io::Stdout`], whose lock a thread that hangs in a write
/// would keep from the one that wants to give the terminal back.
#[cfg(unix)]
type Output = std::fs::File;
#[cfg(not(unix))]
type Output = io::Stdout;

#[cfg(unix)]
#[expect(clippy::disallowed_methods, reason = "the screen is drawn through it")]
fn output() -> io::Result<Output> {
    use std::os::fd::AsFd;
    Ok(io::stdout().as_fd().try_clone_to_owned()?.into())
}

#[cfg(not(unix))]
#[expect(clippy::disallowed_methods, reason = "the screen is drawn through it")]
fn output() -> io::Result<Output> {
    Ok(io::stdout())
}

/// The screen in a real terminal. Dropping it gives the terminal back.
pub(super) struct Terminal<P: FnMut(&State, &mut Frame<'_>)> {
    /// Never dropped: ratatui's own drop writes to standard error where the terminal is gone, and panics as it cannot.
    canvas: ManuallyDrop<Canvas<CrosstermBackend<BufWriter<Output>>>>,
    paint: P,
    mouse: bool,
}

impl<P: FnMut(&State, &mut Frame<'_>)> Terminal<P> {
    /// Takes the terminal; `paint` draws a frame. With the `mouse`, if it is wanted.
    pub(super) fn take(mouse: bool, paint: P) -> io::Result<Terminal<P>> {
        give_back_on_panic();
        let backend = CrosstermBackend::new(BufWriter::with_capacity(1 << 16, output()?));
        let mut terminal = Terminal { canvas: ManuallyDrop::new(Canvas::new(backend)?), paint, mouse };
        terminal.enter()?;
        Ok(terminal)
    }
}

impl<P: FnMut(&State, &mut Frame<'_>)> Drop for Terminal<P> {
    fn drop(&mut self) {
        give_back();
    }
}

impl<P: FnMut(&State, &mut Frame<'_>)> Screen for Terminal<P> {
    fn draw(&mut self, state: &State) -> io::Result<()> {
        if !TAKEN.load(Ordering::Relaxed) {
            return Ok(());
        }
        // The terminal shows the frame when it is whole.
        queue!(self.canvas.backend_mut(), BeginSynchronizedUpdate)?;
        self.canvas.draw(|frame| (self.paint)(state, frame))?;
        execute!(self.canvas.backend_mut(), EndSynchronizedUpdate)
    }

    fn leave(&mut self) -> io::Result<()> {
        give_back();
        Ok(())
    }

    fn enter(&mut self) -> io::Result<()> {
        if TAKEN.swap(true, Ordering::SeqCst) {
            // The program was stopped and continued, and the shell put its own modes in place of ours.
            disable_raw_mode()?;
        }
        enable_raw_mode()?;
        let backend = self.canvas.backend_mut();
        queue!(backend, EnterAlternateScreen, cursor::Hide, EnableBracketedPaste)?;
        if self.mouse {
            queue!(backend, MouseOn)?;
        }
        Write::flush(backend)?;
        // Ratatui's own `clear` asks the terminal where the cursor is, and waits for an answer that may never come.
        let Size { columns, rows } = size();
        self.canvas.resize(Rect::new(0, 0, columns, rows))
    }

    fn copy(&mut self, text: &SafeText) -> io::Result<()> {
        // Base64, so that nothing in it can end the sequence.
        execute!(self.canvas.backend_mut(), CopyToClipboard::to_clipboard_from(text.as_str()))
    }
}

/// The size of the terminal, as far as it tells.
pub(super) fn size() -> Size {
    let (columns, rows) = crossterm::terminal::size().unwrap_or((80, 24));
    Size { columns, rows }
}

/// Gives the terminal back as it was found, if it is ours. Any thread may do so.
pub(super) fn give_back() {
    if !TAKEN.swap(false, Ordering::SeqCst) {
        return;
    }
    // Where the terminal is gone there is nothing to give back.
    if let Ok(output) = output() {
        let mut output = BufWriter::new(output);
        let _ = execute!(
            output,
            EndSynchronizedUpdate,
            MouseOff,
            DisableBracketedPaste,
            ResetColor,
            LeaveAlternateScreen,
            cursor::Show
        );
    }
    let _ = disable_raw_mode();
}

/// Lets a panic be read where it is written. One that is caught and told as a problem leaves the screen alone.
fn give_back_on_panic() {
    static ONCE: std::sync::Once = std::sync::Once::new();
    ONCE.call_once(|| {
        let print = panic::take_hook();
        panic::set_hook(Box::new(move |panic| {
            note(|| panic.to_string());
            if !is_contained() {
                give_back();
                print(panic);
            }
        }));
    });
}

/// Turns on the mouse: clicks, the wheel, and motion while a button is down. Crossterm's own command asks for every
/// motion, which would wake the program whenever the pointer crosses its window.
struct MouseOn;

impl Command for MouseOn {
    fn write_ansi(&self, f: &mut impl std::fmt::Write) -> std::fmt::Result {
        f.write_str("\x1b[?1000h\x1b[?1002h\x1b[?1006h")
    }

    #[cfg(windows)]
    fn execute_winapi(&self) -> io::Result<()> {
        crossterm::event::EnableMouseCapture.execute_winapi()
    }

    #[cfg(windows)]
    fn is_ansi_code_supported(&self) -> bool {
        false
    }
}

/// Turns off what [`MouseOn`] turned on.
struct MouseOff;

impl Command for MouseOff {
    fn write_ansi(&self, f: &mut impl std::fmt::Write) -> std::fmt::Result {
        f.write_str("\x1b[?1006l\x1b[?1002l\x1b[?1000l")
    }

    #[cfg(windows)]
    fn execute_winapi(&self) -> io::Result<()> {
        crossterm::event::DisableMouseCapture.execute_winapi()
    }

    #[cfg(windows)]
    fn is_ansi_code_supported(&self) -> bool {
        false
    }
}
