//! The terminal: taken with everything that the screen needs, and given back whole exactly once, whatever happens.

pub(crate) mod input;
mod plotter;
pub(crate) mod probe;
#[cfg(unix)]
pub(crate) mod signals;
pub(crate) mod writer;

use std::io::{self, BufWriter, IsTerminal, Write};
use std::panic;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard};

use crossterm::clipboard::CopyToClipboard;
use crossterm::event::{DisableBracketedPaste, EnableBracketedPaste};
use crossterm::style::ResetColor;
use crossterm::terminal::{
    BeginSynchronizedUpdate, EndSynchronizedUpdate, EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode,
    enable_raw_mode,
};
use crossterm::{Command, cursor, execute, queue};
use ratatui::layout::Rect;
use ratatui::{Frame, Terminal as Canvas};

use super::event_loop::Screen;
use crate::app::{Size, State};
use crate::engine::log::note;
use crate::text::SafeText;
use crate::util::lock;
use crate::util::panic_guard::is_guarded;
use plotter::Plotter;
use writer::Writer;

/// Whether the terminal is ours. Whoever turns it off gives the terminal back.
static TAKEN: AtomicBool = AtomicBool::new(false);

/// Whoever writes holds it, so that nothing of a frame comes after the terminal was given back.
static PEN: Mutex<()> = Mutex::new(());

fn pen() -> MutexGuard<'static, ()> {
    lock(&PEN)
}

/// What is written to: on Unix the terminal itself and not [`io::Stdout`], which keeps back what ends in no line feed and
/// whose lock the end of the program would wait for.
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
pub(crate) struct Terminal<P: FnMut(&State, &mut Frame<'_>)> {
    /// A frame comes together here, and the writer takes it when it is whole.
    canvas: Canvas<Plotter>,
    writer: Writer,
    /// What goes to the clipboard with the next frame.
    clip: Option<String>,
    paint: P,
    mouse: bool,
}

impl<P: FnMut(&State, &mut Frame<'_>)> Terminal<P> {
    /// Takes the terminal; `paint` draws a frame. With the `mouse`, if it is wanted. `free` is called, from another
    /// thread, when a frame can be drawn after one could not, as the terminal had not taken the one before.
    pub(crate) fn take(mouse: bool, paint: P, free: impl Fn() + Send + 'static) -> io::Result<Terminal<P>> {
        let mut output = output()?;
        let put = move |piece: &[u8]| {
            let _pen = pen();
            if TAKEN.load(Ordering::SeqCst) {
                output.write_all(piece)?;
                output.flush()?;
            }
            Ok(TAKEN.load(Ordering::SeqCst))
        };
        let writer = Writer::start(put, free)?;
        let canvas = Canvas::new(Plotter::default())?;
        let mut terminal = Terminal { canvas, writer, clip: None, paint, mouse };
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
        if !TAKEN.load(Ordering::Relaxed) || !self.writer.has_room()? {
            return Ok(());
        }
        let (width, height) = crossterm::terminal::size().map_err(gone)?;
        self.canvas.backend_mut().set_size((width, height).into());
        // The terminal shows the frame when it is whole.
        queue!(self.canvas.backend_mut().sink(), BeginSynchronizedUpdate)?;
        self.canvas.draw(|frame| (self.paint)(state, frame)).map_err(gone)?;
        queue!(self.canvas.backend_mut().sink(), EndSynchronizedUpdate)?;
        if let Some(text) = self.clip.take() {
            queue!(self.canvas.backend_mut().sink(), CopyToClipboard::to_clipboard_from(text))?;
        }
        self.writer.write(self.canvas.backend_mut().take());
        Ok(())
    }

    fn leave(&mut self) -> io::Result<()> {
        give_back();
        self.writer.settle();
        Ok(())
    }

    /// What takes the terminal goes out with the next frame.
    fn enter(&mut self) -> io::Result<()> {
        if TAKEN.swap(true, Ordering::SeqCst) {
            // The program was stopped and continued, and the shell put its own modes in place of ours.
            disable_raw_mode()?;
        }
        enable_raw_mode()?;
        set_signal_keys(false)?;
        let sink = self.canvas.backend_mut().sink();
        queue!(sink, EnterAlternateScreen, cursor::Hide, EnableBracketedPaste)?;
        if self.mouse {
            queue!(sink, MouseOn)?;
        }
        // Ratatui's own `clear` asks the terminal where the cursor is, and waits for an answer that may never come.
        let Size { columns, rows } = size();
        self.canvas.backend_mut().set_size((columns, rows).into());
        self.canvas.resize(Rect::new(0, 0, columns, rows))
    }

    /// It goes out with the next frame, in base64, so that nothing in it can end the sequence; where another comes before
    /// that, it takes its place.
    fn copy(&mut self, text: &SafeText) -> io::Result<()> {
        self.clip = Some(text.as_str().to_owned());
        Ok(())
    }
}

/// What an error means while a frame is put together, which happens in memory: nothing can fail but asking the terminal
/// for its size.
#[cfg(unix)]
fn gone(_: io::Error) -> io::Error {
    rustix::io::Errno::IO.into()
}

#[cfg(not(unix))]
fn gone(error: io::Error) -> io::Error {
    error
}

/// The size of the terminal, as far as it tells.
pub(crate) fn size() -> Size {
    let (columns, rows) = crossterm::terminal::size().unwrap_or((80, 24));
    Size { columns, rows }
}

/// Whether there is a terminal. One that was closed is there no more.
pub(crate) fn is_there() -> bool {
    output().is_ok_and(|output| output.is_terminal())
}

/// Turns off echo and line editing before the screen is set up, so that answers of the terminal are not shown. `^C` and
/// `^Z` still send their signals: keys are not read yet, and a disk may be slow.
pub(crate) fn disable_echo() -> io::Result<()> {
    give_back_on_panic();
    enable_raw_mode()?;
    set_signal_keys(true)
}

/// Sets whether `^C`, `^Z` and `^\\` send signals instead of being keys.
#[cfg(unix)]
fn set_signal_keys(on: bool) -> io::Result<()> {
    use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};
    let tty = input::tty()?;
    let mut modes = tcgetattr(&tty)?;
    modes.local_modes.set(LocalModes::ISIG, on);
    Ok(tcsetattr(&tty, OptionalActions::Now, &modes)?)
}

#[cfg(not(unix))]
fn set_signal_keys(_: bool) -> io::Result<()> {
    Ok(())
}

/// Restores the terminal, if it is in use by the program. Any thread may call this.
pub(crate) fn give_back() {
    // First, because it does not block: another thread may hold the pen in a write that hangs.
    let _ = disable_raw_mode();
    if !TAKEN.swap(false, Ordering::SeqCst) {
        return;
    }
    let _pen = pen();
    // A terminal that is gone needs no restoring.
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
}

/// Lets a panic be read where it is written. One that is caught and told as a problem leaves the screen alone.
fn give_back_on_panic() {
    static ONCE: std::sync::Once = std::sync::Once::new();
    ONCE.call_once(|| {
        let print = panic::take_hook();
        panic::set_hook(Box::new(move |panic| {
            note(|| panic.to_string());
            if !is_guarded() {
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
