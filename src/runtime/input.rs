//! Keys, paste and mouse, from crossterm's events to messages, on a thread of their own.
//!
//! Before crossterm reads, the thread waits for the terminal itself: crossterm keeps reading a terminal that has hung
//! up without end, and here a hang-up is noticed and ends the program.

use std::io;
use std::sync::mpsc::Sender;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use crossterm::event::{self, KeyEventKind, KeyModifiers, MouseButton, MouseEventKind};

use super::event_loop::Event;
use crate::app::{Message, Mouse, MouseAction, Size};
use crate::command::{Key, KeyCode};

/// What is there to be read is read within this; crossterm looks at nothing when it may take no time at all.
const MOMENT: Duration = Duration::from_millis(1);

/// Holds the thread while another program has the terminal.
#[derive(Clone, Debug, Default)]
pub(super) struct Gate(Arc<(Mutex<bool>, Condvar)>);

impl Gate {
    /// Lets nothing be read from now on.
    pub(super) fn close(&self) {
        *self.0.0.lock().unwrap_or_else(PoisonError::into_inner) = true;
    }

    /// Lets reading go on.
    pub(super) fn open(&self) {
        *self.0.0.lock().unwrap_or_else(PoisonError::into_inner) = false;
        self.0.1.notify_all();
    }

    /// Waits while the gate is closed.
    fn pass(&self) {
        let mut closed = self.0.0.lock().unwrap_or_else(PoisonError::into_inner);
        while *closed {
            closed = self.0.1.wait(closed).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

/// Reads from the terminal until it is gone.
pub(super) fn start(events: Sender<Event>, gate: Gate) {
    std::thread::spawn(move || {
        let gone = read_all(&events, &gate);
        super::note(|| format!("the terminal is gone: {gone:?}"));
        let _ = events.send(Event::Gone);
    });
}

fn read_all(events: &Sender<Event>, gate: &Gate) -> io::Result<()> {
    let terminal = Terminal::open()?;
    loop {
        terminal.wait()?;
        gate.pass();
        while event::poll(MOMENT)? {
            if let Some(message) = message(event::read()?)
                && events.send(Event::Message(message)).is_err()
            {
                return Ok(());
            }
        }
    }
}

#[cfg(unix)]
struct Terminal(std::os::fd::OwnedFd);

#[cfg(unix)]
impl Terminal {
    /// The terminal that keys come from: standard input, or the controlling one where input is something else.
    fn open() -> io::Result<Terminal> {
        let input = rustix::stdio::stdin();
        if rustix::termios::isatty(input) {
            return Ok(Terminal(input.try_clone_to_owned()?));
        }
        Ok(Terminal(std::fs::File::open("/dev/tty")?.into()))
    }

    /// Waits until something can be read; an error means that the terminal is gone.
    fn wait(&self) -> io::Result<()> {
        use rustix::event::{PollFd, PollFlags, poll};
        let mut fds = [PollFd::new(&self.0, PollFlags::IN)];
        loop {
            match poll(&mut fds, None) {
                Ok(_) => break,
                Err(rustix::io::Errno::INTR) => continue,
                Err(error) => return Err(error.into()),
            }
        }
        let [fd] = &fds;
        if fd.revents().intersects(PollFlags::HUP | PollFlags::ERR) {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        if fd.revents().contains(PollFlags::NVAL) {
            // Some systems cannot wait for a terminal this way; crossterm then waits by itself.
            event::poll(Duration::from_secs(3600))?;
        }
        Ok(())
    }
}

#[cfg(not(unix))]
struct Terminal;

#[cfg(not(unix))]
impl Terminal {
    fn open() -> io::Result<Terminal> {
        Ok(Terminal)
    }

    fn wait(&self) -> io::Result<()> {
        event::poll(Duration::from_secs(3600)).map(drop)
    }
}

fn message(event: event::Event) -> Option<Message> {
    match event {
        event::Event::Key(key) if key.kind != KeyEventKind::Release => self::key(key).map(Message::Key),
        event::Event::Paste(text) => Some(Message::Paste(text)),
        event::Event::Mouse(mouse) => {
            let action = match mouse.kind {
                MouseEventKind::Down(MouseButton::Left) => MouseAction::Press,
                MouseEventKind::Drag(MouseButton::Left) => MouseAction::Drag,
                MouseEventKind::Up(MouseButton::Left) => MouseAction::Release,
                MouseEventKind::ScrollUp => MouseAction::WheelUp,
                MouseEventKind::ScrollDown => MouseAction::WheelDown,
                _ => return None,
            };
            Some(Message::Mouse(Mouse { column: mouse.column, row: mouse.row, action }))
        }
        event::Event::Resize(columns, rows) => Some(Message::Resize(Size { columns, rows })),
        event::Event::Key(_) | event::Event::FocusGained | event::Event::FocusLost => None,
    }
}

fn key(key: event::KeyEvent) -> Option<Key> {
    let shift = key.modifiers.contains(KeyModifiers::SHIFT);
    let ctrl = key.modifiers.contains(KeyModifiers::CONTROL);
    let code = match key.code {
        event::KeyCode::Char(c) if ctrl => KeyCode::Char(c.to_ascii_lowercase()),
        event::KeyCode::Char(c) if shift && c.is_ascii_lowercase() => KeyCode::Char(c.to_ascii_uppercase()),
        event::KeyCode::Char(c) => KeyCode::Char(c),
        event::KeyCode::Enter => KeyCode::Enter,
        event::KeyCode::Esc => KeyCode::Esc,
        event::KeyCode::Tab if shift => KeyCode::BackTab,
        event::KeyCode::Tab => KeyCode::Tab,
        event::KeyCode::BackTab => KeyCode::BackTab,
        event::KeyCode::Backspace => KeyCode::Backspace,
        event::KeyCode::Delete => KeyCode::Delete,
        event::KeyCode::Insert => KeyCode::Insert,
        event::KeyCode::Up => KeyCode::Up,
        event::KeyCode::Down => KeyCode::Down,
        event::KeyCode::Left => KeyCode::Left,
        event::KeyCode::Right => KeyCode::Right,
        event::KeyCode::Home => KeyCode::Home,
        event::KeyCode::End => KeyCode::End,
        event::KeyCode::PageUp => KeyCode::PageUp,
        event::KeyCode::PageDown => KeyCode::PageDown,
        event::KeyCode::F(number) => KeyCode::F(number),
        _ => return None,
    };
    Some(Key { code, ctrl, alt: key.modifiers.contains(KeyModifiers::ALT) })
}
