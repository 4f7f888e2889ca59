//! The terminal: acquired with all modes that the screen needs, and restored exactly once, even after a panic.

mod backend;
pub(crate) mod input;
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
use crossterm::style::{ResetColor, force_color_output};
use crossterm::terminal::{
    BeginSynchronizedUpdate, EndSynchronizedUpdate, EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode,
    enable_raw_mode,
};
use crossterm::{Command, cursor, execute};
use ratatui::Frame;
use ratatui::layout::Rect;

use super::event_loop::Screen;
use crate::app::{Size, State};
use crate::engine::log::note;
use crate::text::SafeText;
use crate::util::lock;
use crate::util::panic_guard::is_guarded;
use backend::ScreenBackend;
use writer::Writer;

/// Whether the program uses the terminal. The thread that clears it restores the terminal.
static ACQUIRED: AtomicBool = AtomicBool::new(false);

/// Held while writing to the terminal, so that no part of a frame follows the sequences that restore it.
static WRITE_LOCK: Mutex<()> = Mutex::new(());

fn lock_writes() -> MutexGuard<'static, ()> {
    lock(&WRITE_LOCK)
}

/// The output. On Unix it is the terminal itself: [`io::Stdout`] buffers text without a line feed, and its lock would
/// delay the exit.
#[cfg(unix)]
use std::fs::File as Output;
#[cfg(not(unix))]
use std::io::Stdout as Output;

#[cfg(unix)]
#[expect(clippy::disallowed_methods, reason = "frames are written to it")]
fn output() -> io::Result<Output> {
    use std::os::fd::AsFd;
    Ok(io::stdout().as_fd().try_clone_to_owned()?.into())
}

#[cfg(not(unix))]
#[expect(clippy::disallowed_methods, reason = "frames are written to it")]
fn output() -> io::Result<Output> {
    Ok(io::stdout())
}

/// The screen of a real terminal. Dropping it restores the terminal.
pub(crate) struct Terminal<R: FnMut(&State, &mut Frame<'_>)> {
    /// Draws into memory. The writer thread writes complete frames.
    terminal: ratatui::Terminal<ScreenBackend>,
    writer: Writer,
    /// Text to copy to the clipboard with the next frame.
    clipboard: Option<String>,
    render: R,
    mouse: bool,
}

impl<R: FnMut(&State, &mut Frame<'_>)> Terminal<R> {
    /// Acquires the terminal. `render` draws a frame, and `mouse` turns on the mouse. If a frame is skipped because the
    /// last one is still being written, `on_ready` is called on another thread when the next can be drawn.
    pub(crate) fn acquire(mouse: bool, render: R, on_ready: impl Fn() + Send + 'static) -> io::Result<Terminal<R>> {
        let mut output = output()?;
        let write_chunk = move |chunk: &[u8]| {
            let _lock = lock_writes();
            if ACQUIRED.load(Ordering::SeqCst) {
                output.write_all(chunk)?;
                output.flush()?;
            }
            Ok(ACQUIRED.load(Ordering::SeqCst))
        };
        let writer = Writer::start(write_chunk, on_ready)?;
        // The theme decides on colours: `--color always` takes precedence over NO_COLOR, which crossterm reads by itself.
        force_color_output(true);
        let terminal = ratatui::Terminal::new(ScreenBackend::default())?;
        let mut terminal = Terminal { terminal, writer, clipboard: None, render, mouse };
        terminal.enter()?;
        Ok(terminal)
    }
}

impl<R: FnMut(&State, &mut Frame<'_>)> Drop for Terminal<R> {
    fn drop(&mut self) {
        restore();
    }
}

impl<R: FnMut(&State, &mut Frame<'_>)> Screen for Terminal<R> {
    fn draw(&mut self, state: &State) -> io::Result<()> {
        if !ACQUIRED.load(Ordering::Relaxed) || !self.writer.is_ready()? {
            return Ok(());
        }
        let (width, height) = crossterm::terminal::size().map_err(as_hangup)?;
        self.terminal.backend_mut().set_size((width, height).into());
        // The terminal shows the frame when it is complete.
        self.terminal.backend_mut().queue(BeginSynchronizedUpdate)?;
        self.terminal.draw(|frame| (self.render)(state, frame)).map_err(as_hangup)?;
        let backend = self.terminal.backend_mut();
        backend.queue(EndSynchronizedUpdate)?;
        if let Some(text) = self.clipboard.take() {
            backend.queue(CopyToClipboard::to_clipboard_from(text))?;
        }
        self.writer.write(backend.take_bytes());
        Ok(())
    }

    fn leave(&mut self) -> io::Result<()> {
        restore();
        self.writer.drain();
        Ok(())
    }

    /// Acquires the terminal again. The sequences are written with the next frame.
    fn enter(&mut self) -> io::Result<()> {
        if ACQUIRED.swap(true, Ordering::SeqCst) {
            // The program was stopped and continued, and the shell replaced our modes.
            disable_raw_mode()?;
        }
        enable_raw_mode()?;
        set_signal_keys(false)?;
        let backend = self.terminal.backend_mut();
        backend.queue(EnterAlternateScreen)?;
        backend.queue(cursor::Hide)?;
        backend.queue(EnableBracketedPaste)?;
        if self.mouse {
            backend.queue(MouseOn)?;
        }
        self.on_resize()
    }

    fn on_resize(&mut self) -> io::Result<()> {
        let Size { columns, rows } = size();
        self.terminal.backend_mut().set_size((columns, rows).into());
        // Ratatui's `clear` asks the terminal for the cursor position, and the answer may never come.
        self.terminal.resize(Rect::new(0, 0, columns, rows))
    }

    /// Stores the text for the next frame, and replaces one that is not written yet. The sequence holds it as base64, so
    /// no text can end the sequence.
    fn copy(&mut self, text: &SafeText) -> io::Result<()> {
        self.clipboard = Some(text.as_str().to_owned());
        Ok(())
    }
}

/// Converts an error of drawing a frame. Frames are drawn in memory, so the only possible cause is that the terminal is
/// gone and has no size.
#[cfg(unix)]
fn as_hangup(_: io::Error) -> io::Error {
    rustix::io::Errno::IO.into()
}

#[cfg(not(unix))]
fn as_hangup(error: io::Error) -> io::Error {
    error
}

/// Returns the size of the terminal, or 80 by 24 if it is unknown.
pub(crate) fn size() -> Size {
    let (columns, rows) = crossterm::terminal::size().unwrap_or((80, 24));
    Size { columns, rows }
}

/// Returns whether standard output is a terminal that is still open.
pub(crate) fn is_there() -> bool {
    output().is_ok_and(|output| output.is_terminal())
}

/// Turns off echo and line editing before the screen is set up, so that answers of the terminal are not shown. `^C` and
/// `^Z` still send signals: nothing reads keys yet, and a disk may be slow.
pub(crate) fn disable_echo() -> io::Result<()> {
    restore_on_panic();
    enable_raw_mode()?;
    set_signal_keys(true)
}

/// Sets whether `^C`, `^Z` and `^\\` send signals or are read as keys.
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

/// Restores the terminal if the program uses it. Any thread may call this.
pub(crate) fn restore() {
    // First, because it does not block: another thread may hold the lock in a write that hangs.
    let _ = disable_raw_mode();
    if !ACQUIRED.swap(false, Ordering::SeqCst) {
        return;
    }
    let _lock = lock_writes();
    // Ignore errors: a terminal that is gone needs no restoring.
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

/// Restores the terminal before a panic is printed. A caught panic leaves the screen alone.
fn restore_on_panic() {
    static ONCE: std::sync::Once = std::sync::Once::new();
    ONCE.call_once(|| {
        let print = panic::take_hook();
        panic::set_hook(Box::new(move |panic| {
            note(|| panic.to_string());
            if !is_guarded() {
                restore();
                print(panic);
            }
        }));
    });
}

/// Turns on the mouse: clicks, the wheel, and motion while a button is pressed. Crossterm's own command reports every
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

/// Turns off the modes of [`MouseOn`].
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
