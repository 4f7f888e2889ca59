//! What is typed, pasted and clicked, as messages. The thread waits on the terminal itself, so that it notices at once
//! when the terminal goes away, and steps back while a child has the terminal.

use crossterm::event::{
    Event as Typed, KeyCode as Code, KeyEvent, KeyEventKind, KeyModifiers, MouseButton, MouseEvent, MouseEventKind,
};

use crate::app::{Message, Mouse, MouseAction, Size};
use crate::command::{Key, KeyCode};

pub(super) use sys::Input;

/// What crossterm read, as the program means it; none where it means nothing.
fn message(typed: Typed) -> Option<Message> {
    match typed {
        Typed::Key(event) => key(event).map(Message::Key),
        Typed::Paste(text) => Some(Message::Paste(text)),
        Typed::Mouse(event) => mouse(event).map(Message::Mouse),
        Typed::Resize(columns, rows) => Some(Message::Resize(Size { columns, rows })),
        Typed::FocusGained | Typed::FocusLost => None,
    }
}

fn key(event: KeyEvent) -> Option<Key> {
    if event.kind == KeyEventKind::Release {
        return None;
    }
    let ctrl = event.modifiers.contains(KeyModifiers::CONTROL);
    let code = match event.code {
        Code::Char(c) if ctrl => KeyCode::Char(c.to_ascii_lowercase()),
        Code::Char(c) => KeyCode::Char(c),
        Code::Enter => KeyCode::Enter,
        Code::Esc => KeyCode::Esc,
        Code::Tab if event.modifiers.contains(KeyModifiers::SHIFT) => KeyCode::BackTab,
        Code::Tab => KeyCode::Tab,
        Code::BackTab => KeyCode::BackTab,
        Code::Backspace => KeyCode::Backspace,
        Code::Delete => KeyCode::Delete,
        Code::Insert => KeyCode::Insert,
        Code::Up => KeyCode::Up,
        Code::Down => KeyCode::Down,
        Code::Left => KeyCode::Left,
        Code::Right => KeyCode::Right,
        Code::Home => KeyCode::Home,
        Code::End => KeyCode::End,
        Code::PageUp => KeyCode::PageUp,
        Code::PageDown => KeyCode::PageDown,
        Code::F(number) => KeyCode::F(number),
        _ => return None,
    };
    Some(Key { code, ctrl, alt: event.modifiers.contains(KeyModifiers::ALT) })
}

fn mouse(event: MouseEvent) -> Option<Mouse> {
    let action = match event.kind {
        MouseEventKind::Down(MouseButton::Left) => MouseAction::Press,
        MouseEventKind::Drag(MouseButton::Left) => MouseAction::Drag,
        MouseEventKind::Up(MouseButton::Left) => MouseAction::Release,
        MouseEventKind::ScrollUp => MouseAction::WheelUp,
        MouseEventKind::ScrollDown => MouseAction::WheelDown,
        _ => return None,
    };
    Some(Mouse { column: event.column, row: event.row, action })
}

#[cfg(unix)]
mod sys {
    use std::fs::File;
    use std::io::{self, Read, Write};
    use std::os::fd::AsFd;
    use std::os::unix::net::UnixStream;
    use std::sync::mpsc::Sender;
    use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
    use std::thread;
    use std::time::Duration;

    use crossterm::event::{Event as Typed, poll, read};
    use rustix::event::{PollFd, PollFlags};

    use super::message;
    use crate::runtime::contained::contain;
    use crate::runtime::event_loop::Event;

    /// How long crossterm may take to make events of bytes that are there, and to say that there are no more. It spins for
    /// as long.
    const PARSE: Duration = Duration::from_millis(1);
    const MORE: Duration = Duration::from_micros(50);

    /// The terminal is gone if it says so often in a row that there is something to read, and nothing is read.
    const EMPTY: u32 = 50;

    /// How often a terminal that cannot be waited for is looked at.
    const LOOK: Duration = Duration::from_millis(250);

    /// How long a child waits for the input thread to step back.
    const STEP_BACK: Duration = Duration::from_millis(200);

    /// The input thread, as seen from the others.
    pub(in crate::runtime) struct Input {
        gate: Arc<Gate>,
        waker: UnixStream,
    }

    #[derive(Default)]
    struct Gate {
        at: Mutex<Position>,
        moved: Condvar,
    }

    #[derive(Clone, Copy, Default, PartialEq, Eq)]
    enum Position {
        #[default]
        Open,
        /// It is to be closed.
        Closing,
        /// The thread stands before it.
        Closed,
    }

    impl Input {
        /// Starts the thread.
        pub(in crate::runtime) fn start(events: Sender<Event>) -> io::Result<Input> {
            let tty = tty()?;
            let (waker, woken) = UnixStream::pair()?;
            woken.set_nonblocking(true)?;
            let gate = Arc::new(Gate::default());
            let listener = Listener { tty, woken, gate: Arc::clone(&gate), events };
            thread::Builder::new().name("input".to_owned()).spawn(move || listener.run())?;
            Ok(Input { gate, waker })
        }

        /// Runs `work` while nothing is read from the terminal.
        pub(in crate::runtime) fn while_closed<T>(&self, work: impl FnOnce() -> T) -> T {
            *self.gate.lock() = Position::Closing;
            let _ = (&self.waker).write(&[0]);
            let closing = |at: &mut Position| *at == Position::Closing;
            let waited = self.gate.moved.wait_timeout_while(self.gate.lock(), STEP_BACK, closing);
            drop(waited);
            let done = work();
            *self.gate.lock() = Position::Open;
            self.gate.moved.notify_all();
            done
        }
    }

    impl Gate {
        fn lock(&self) -> MutexGuard<'_, Position> {
            self.at.lock().unwrap_or_else(PoisonError::into_inner)
        }

        /// Waits before the gate while it is closed.
        fn pass(&self) {
            let mut at = self.lock();
            while *at != Position::Open {
                if *at == Position::Closing {
                    *at = Position::Closed;
                    self.moved.notify_all();
                }
                at = self.moved.wait(at).unwrap_or_else(PoisonError::into_inner);
            }
        }
    }

    /// The terminal that keys come from: standard input, or where that is something else, the terminal that controls
    /// the program. Crossterm reads from the same.
    pub(in crate::runtime) fn tty() -> io::Result<File> {
        let stdin = io::stdin();
        if rustix::termios::isatty(&stdin) {
            return Ok(stdin.as_fd().try_clone_to_owned()?.into());
        }
        File::options().read(true).write(true).open("/dev/tty")
    }

    struct Listener {
        tty: File,
        woken: UnixStream,
        gate: Arc<Gate>,
        events: Sender<Event>,
    }

    enum Heard {
        Something,
        Nothing,
        HungUp,
        /// This terminal cannot be waited for.
        CannotTell,
    }

    impl Listener {
        fn run(mut self) {
            let mut empty = 0;
            loop {
                self.gate.pass();
                match self.wait() {
                    Heard::Nothing => continue,
                    Heard::Something => {}
                    Heard::CannotTell => {
                        if !poll(LOOK).unwrap_or(false) {
                            continue;
                        }
                    }
                    Heard::HungUp => break,
                }
                match self.read() {
                    Ok(0) => empty += 1,
                    Ok(_) => empty = 0,
                    Err(_) => break,
                }
                if empty == EMPTY {
                    break;
                }
            }
            let _ = self.events.send(Event::Hangup);
        }

        fn wait(&mut self) -> Heard {
            let mut waiting = [PollFd::new(&self.tty, PollFlags::IN), PollFd::new(&self.woken, PollFlags::IN)];
            match rustix::event::poll(&mut waiting, None) {
                Ok(_) => {}
                Err(rustix::io::Errno::INTR) => return Heard::Nothing,
                Err(_) => return Heard::CannotTell,
            }
            let [tty, woken] = waiting.map(|waiting| waiting.revents());
            if !woken.is_empty() {
                let _ = self.woken.read(&mut [0; 16]);
                return Heard::Nothing;
            }
            if tty.contains(PollFlags::NVAL) {
                return Heard::CannotTell;
            }
            if tty.intersects(PollFlags::HUP | PollFlags::ERR) {
                return Heard::HungUp;
            }
            Heard::Something
        }

        /// Reads all that is there; tells how much that was.
        fn read(&self) -> io::Result<usize> {
            let mut count = 0;
            // Crossterm does not look where its time is over before it comes to that, and a key would stay with it until
            // the next comes; so it is asked twice.
            while poll(if count == 0 { PARSE } else { MORE })? || poll(MORE)? {
                // Crossterm's parser is fed with whatever a terminal sends.
                let Some(typed) = contain(read) else { continue };
                count += 1;
                let typed = typed?;
                // Sizes come with their signal.
                if matches!(typed, Typed::Resize(..)) {
                    continue;
                }
                if let Some(message) = message(typed) {
                    self.events.send(Event::Message(message)).map_err(|_| io::ErrorKind::BrokenPipe)?;
                }
            }
            Ok(count)
        }
    }
}

#[cfg(not(unix))]
mod sys {
    use std::io;
    use std::sync::mpsc::Sender;
    use std::thread;

    use super::message;
    use crate::runtime::event_loop::Event;

    /// The input thread, as seen from the others.
    pub(in crate::runtime) struct Input(());

    impl Input {
        /// Starts the thread.
        pub(in crate::runtime) fn start(events: Sender<Event>) -> io::Result<Input> {
            thread::Builder::new().name("input".to_owned()).spawn(move || {
                while let Ok(typed) = crossterm::event::read() {
                    if let Some(message) = message(typed)
                        && events.send(Event::Message(message)).is_err()
                    {
                        return;
                    }
                }
                let _ = events.send(Event::Hangup);
            })?;
            Ok(Input(()))
        }

        /// Runs `work`. The console gives what is typed to whoever reads first; a child that reads mostly is.
        pub(in crate::runtime) fn while_closed<T>(&self, work: impl FnOnce() -> T) -> T {
            work()
        }
    }
}

#[cfg(unix)]
pub(super) use sys::tty;

#[cfg(test)]
mod tests {
    use super::*;

    fn pressed(code: Code, modifiers: KeyModifiers) -> Option<String> {
        key(KeyEvent::new(code, modifiers)).map(|key| key.to_string())
    }

    #[test]
    fn keys_are_what_the_config_calls_them() {
        for (code, modifiers, name) in [
            (Code::Char('j'), KeyModifiers::NONE, "j"),
            (Code::Char('G'), KeyModifiers::SHIFT, "G"),
            (Code::Char('d'), KeyModifiers::CONTROL, "^D"),
            (Code::Char('x'), KeyModifiers::ALT, "Alt-x"),
            (Code::BackTab, KeyModifiers::SHIFT, "Shift-Tab"),
            (Code::Tab, KeyModifiers::SHIFT, "Shift-Tab"),
            (Code::PageDown, KeyModifiers::NONE, "PageDown"),
            (Code::F(5), KeyModifiers::NONE, "F5"),
        ] {
            assert_eq!(pressed(code, modifiers).as_deref(), Some(name));
        }
        assert_eq!(pressed(Code::CapsLock, KeyModifiers::NONE), None);
    }

    #[test]
    fn a_key_let_go_and_a_pointer_passing_by_are_nothing() {
        let released = KeyEvent::new_with_kind(Code::Char('q'), KeyModifiers::NONE, KeyEventKind::Release);
        assert!(message(Typed::Key(released)).is_none());
        let moved = MouseEvent { kind: MouseEventKind::Moved, column: 1, row: 1, modifiers: KeyModifiers::NONE };
        assert!(message(Typed::Mouse(moved)).is_none());
    }

    #[test]
    fn pasted_text_is_text() {
        assert!(matches!(message(Typed::Paste("q\x1b".to_owned())), Some(Message::Paste(text)) if text == "q\x1b"));
    }
}
