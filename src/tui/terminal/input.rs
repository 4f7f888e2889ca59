//! Input of the terminal (keys, pastes, mouse) as messages, and its answers to questions ([`probe`](super::probe)).
//!
//! One thread reads the terminal from the first question to the end. It polls the terminal itself, so it notices at
//! once when the terminal goes away. It pauses while a child process uses the terminal.

use terminput::{
    Event as Typed, KeyCode as Code, KeyEvent, KeyEventKind, KeyModifiers, MouseButton, MouseEvent, MouseEventKind,
    ScrollDirection,
};

use crate::app::{Message, Mouse, MouseAction, Size};
use crate::keys::{Key, KeyCode};

#[cfg(unix)]
mod decoder;

pub(crate) use sys::Input;

/// Converts an event to a message, if the program handles it.
fn message(typed: Typed) -> Option<Message> {
    match typed {
        Typed::Key(event) => key(event).map(Message::Key),
        Typed::Paste(text) => Some(Message::Paste(text)),
        Typed::Mouse(event) => mouse(event).map(Message::Mouse),
        Typed::Resize { cols, rows } => {
            let cells = |count| u16::try_from(count).unwrap_or(u16::MAX);
            Some(Message::Resize(Size { columns: cells(cols), rows: cells(rows) }))
        }
        Typed::FocusGained | Typed::FocusLost => None,
    }
}

fn key(event: KeyEvent) -> Option<Key> {
    if event.kind == KeyEventKind::Release {
        return None;
    }
    let ctrl = event.modifiers.contains(KeyModifiers::CTRL);
    let code = match event.code {
        Code::Char(c) if ctrl => KeyCode::Char(c.to_ascii_lowercase()),
        Code::Char(c) => KeyCode::Char(c),
        Code::Enter => KeyCode::Enter,
        Code::Esc => KeyCode::Esc,
        Code::Tab if event.modifiers.contains(KeyModifiers::SHIFT) => KeyCode::BackTab,
        Code::Tab => KeyCode::Tab,
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
        MouseEventKind::Scroll(ScrollDirection::Up) => MouseAction::WheelUp,
        MouseEventKind::Scroll(ScrollDirection::Down) => MouseAction::WheelDown,
        _ => return None,
    };
    Some(Mouse { column: event.column, row: event.row, action })
}

#[cfg(unix)]
mod sys {
    use std::fs::File;
    use std::io::{self, Read, Write};
    use std::os::fd::{AsFd, AsRawFd};
    use std::os::unix::net::UnixStream;
    use std::sync::mpsc::Sender;
    use std::sync::{Arc, Condvar, Mutex, MutexGuard};
    use std::thread;
    use std::time::Duration;

    use filedescriptor::{POLLERR, POLLHUP, POLLIN, POLLOUT, poll, pollfd};

    use super::decoder::{Decoder, InputItem};
    use super::message;
    use crate::app::Message;
    use crate::tui::event_loop::LoopEvent;
    use crate::tui::terminal::probe::{Answers, TerminalQuestion, batch};
    use crate::util::{lock, wait, wait_timeout_while};

    /// The terminal is gone after this many empty reads in a row although it reports input.
    const MAX_EMPTY_READS: u32 = 50;

    /// The time to wait for the input thread to pause.
    const PAUSE_TIMEOUT: Duration = Duration::from_millis(200);

    /// The handle of the input thread.
    pub(crate) struct Input {
        gate: Arc<PauseGate>,
        waker: UnixStream,
        answers: Arc<Answers>,
    }

    /// Pauses the input thread.
    #[derive(Default)]
    struct PauseGate {
        state: Mutex<PauseState>,
        changed: Condvar,
    }

    #[derive(Clone, Copy, Default, PartialEq, Eq)]
    enum PauseState {
        #[default]
        Running,
        /// A pause is requested.
        Pausing,
        /// The thread waits.
        Paused,
    }

    impl Input {
        /// Sends the questions and starts the thread, which receives the answers. Echo must be off.
        pub(crate) fn start(
            events: Sender<LoopEvent>,
            questions: &[TerminalQuestion],
            answers: Arc<Answers>,
        ) -> io::Result<Input> {
            let mut tty = tty()?;
            let batch = batch(questions);
            // Do not ask a stopped terminal (^S): the write would block until it continues.
            if !batch.is_empty() && takes_output(&tty) && tty.write_all(batch.as_bytes()).is_ok() {
                answers.ask();
            }
            let (waker, woken) = UnixStream::pair()?;
            woken.set_nonblocking(true)?;
            let gate = Arc::new(PauseGate::default());
            let listener = Listener {
                tty,
                woken,
                gate: Arc::clone(&gate),
                events,
                decoder: Decoder::default(),
                answers: Arc::clone(&answers),
            };
            thread::Builder::new().name("input".to_owned()).spawn(move || listener.run())?;
            Ok(Input { gate, waker, answers })
        }

        /// Runs `work` while nothing is read from the terminal.
        pub(crate) fn while_paused<T>(&self, work: impl FnOnce() -> T) -> T {
            self.answers.wait_until_complete();
            *self.gate.lock() = PauseState::Pausing;
            let _ = (&self.waker).write(&[0]);
            let is_pausing = |state: &mut PauseState| *state == PauseState::Pausing;
            drop(wait_timeout_while(&self.gate.changed, self.gate.lock(), PAUSE_TIMEOUT, is_pausing));
            let result = work();
            *self.gate.lock() = PauseState::Running;
            self.gate.changed.notify_all();
            result
        }
    }

    impl PauseGate {
        fn lock(&self) -> MutexGuard<'_, PauseState> {
            lock(&self.state)
        }

        /// Waits until no pause is requested.
        fn wait_while_paused(&self) {
            let mut state = self.lock();
            while *state != PauseState::Running {
                if *state == PauseState::Pausing {
                    *state = PauseState::Paused;
                    self.changed.notify_all();
                }
                state = wait(&self.changed, state);
            }
        }
    }

    /// Returns the terminal for input: standard input if it is a terminal, else the controlling terminal.
    pub(crate) fn tty() -> io::Result<File> {
        let stdin = io::stdin();
        if rustix::termios::isatty(&stdin) {
            return Ok(stdin.as_fd().try_clone_to_owned()?.into());
        }
        File::options().read(true).write(true).open("/dev/tty")
    }

    /// Returns whether a write to the terminal would not block.
    fn takes_output(tty: &File) -> bool {
        let mut waiting = [pollfd { fd: tty.as_raw_fd(), events: POLLOUT, revents: 0 }];
        poll(&mut waiting, Some(Duration::ZERO)).is_ok() && waiting.iter().any(|it| it.revents & POLLOUT != 0)
    }

    struct Listener {
        tty: File,
        woken: UnixStream,
        gate: Arc<PauseGate>,
        events: Sender<LoopEvent>,
        decoder: Decoder,
        answers: Arc<Answers>,
    }

    enum PollResult {
        /// Input is ready.
        Ready,
        /// The rest of a pending sequence did not arrive in time.
        TimedOut,
        /// Poll again.
        Retry,
        HungUp,
    }

    impl Listener {
        fn run(mut self) {
            let mut buffer = [0; 4096];
            let mut empty = 0;
            while empty < MAX_EMPTY_READS {
                self.gate.wait_while_paused();
                let decoded = match self.wait() {
                    PollResult::TimedOut => self.decoder.flush(self.answers.are_expected()).into_iter().collect(),
                    PollResult::Retry => continue,
                    PollResult::HungUp => break,
                    PollResult::Ready => match self.tty.read(&mut buffer) {
                        Ok(0) => {
                            empty += 1;
                            continue;
                        }
                        Ok(count) => self.decoder.feed(buffer.get(..count).unwrap_or_default()),
                        Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                        Err(_) => break,
                    },
                };
                empty = 0;
                if !self.send(decoded) {
                    break;
                }
            }
            let _ = self.events.send(LoopEvent::Hangup);
        }

        fn wait(&mut self) -> PollResult {
            let fds = [self.tty.as_raw_fd(), self.woken.as_raw_fd()];
            let mut waiting = fds.map(|fd| pollfd { fd, events: POLLIN, revents: 0 });
            let wait_time = self.decoder.wait_time(self.answers.are_expected());
            match poll(&mut waiting, wait_time) {
                Ok(0) => return PollResult::TimedOut,
                Ok(_) => {}
                Err(filedescriptor::Error::Poll(error)) if error.kind() == io::ErrorKind::Interrupted => {
                    return PollResult::Retry;
                }
                Err(_) => return PollResult::HungUp,
            }
            let [tty, woken] = waiting.map(|waiting| waiting.revents);
            if woken != 0 {
                let _ = self.woken.read(&mut [0; 16]);
                return PollResult::Retry;
            }
            if tty & (POLLHUP | POLLERR) != 0 { PollResult::HungUp } else { PollResult::Ready }
        }

        /// Sends decoded input to the event loop. Returns whether the loop still runs.
        fn send(&self, decoded: Vec<InputItem>) -> bool {
            let mut messages = decoded.into_iter().filter_map(|decoded| match decoded {
                InputItem::Typed(typed) => message(typed),
                InputItem::Answer(answer) => self.answers.take(&answer).map(Message::Background),
            });
            messages.all(|message| self.events.send(LoopEvent::Message(message)).is_ok())
        }
    }
}

#[cfg(not(unix))]
mod sys {
    use std::io;
    use std::sync::Arc;
    use std::sync::mpsc::Sender;
    use std::thread;

    use super::message;
    use crate::tui::event_loop::LoopEvent;
    use crate::tui::terminal::probe::{Answers, TerminalQuestion};

    /// The handle of the input thread.
    pub(crate) struct Input(());

    impl Input {
        /// Starts the thread. Sends no questions: console events contain no answers.
        pub(crate) fn start(events: Sender<LoopEvent>, _: &[TerminalQuestion], _: Arc<Answers>) -> io::Result<Input> {
            thread::Builder::new().name("input".to_owned()).spawn(move || {
                while let Ok(typed) = crossterm::event::read() {
                    if let Ok(typed) = terminput_crossterm::to_terminput(typed)
                        && let Some(message) = message(typed)
                        && events.send(LoopEvent::Message(message)).is_err()
                    {
                        return;
                    }
                }
                let _ = events.send(LoopEvent::Hangup);
            })?;
            Ok(Input(()))
        }

        /// Runs `work`. On Windows, input goes to the process that reads first, usually the child.
        pub(crate) fn while_paused<T>(&self, work: impl FnOnce() -> T) -> T {
            work()
        }
    }
}

#[cfg(unix)]
pub(crate) use sys::tty;

#[cfg(test)]
mod tests {
    use super::*;

    fn pressed(code: Code, modifiers: KeyModifiers) -> Option<String> {
        key(KeyEvent::new(code).modifiers(modifiers)).map(|key| key.to_string())
    }

    #[test]
    fn keys_have_the_names_of_the_config() {
        for (code, modifiers, name) in [
            (Code::Char('j'), KeyModifiers::NONE, "j"),
            (Code::Char('G'), KeyModifiers::SHIFT, "G"),
            (Code::Char('d'), KeyModifiers::CTRL, "^D"),
            (Code::Char('x'), KeyModifiers::ALT, "Alt-x"),
            (Code::Tab, KeyModifiers::SHIFT, "Shift-Tab"),
            (Code::PageDown, KeyModifiers::NONE, "PageDown"),
            (Code::F(5), KeyModifiers::NONE, "F5"),
        ] {
            assert_eq!(pressed(code, modifiers).as_deref(), Some(name));
        }
        assert_eq!(pressed(Code::CapsLock, KeyModifiers::NONE), None);
    }

    #[test]
    fn key_releases_and_pointer_moves_are_ignored() {
        let released = KeyEvent::new(Code::Char('q')).kind(KeyEventKind::Release);
        assert!(message(Typed::Key(released)).is_none());
        let moved = MouseEvent { kind: MouseEventKind::Moved, column: 1, row: 1, modifiers: KeyModifiers::NONE };
        assert!(message(Typed::Mouse(moved)).is_none());
    }

    #[test]
    fn pasted_text_is_text() {
        assert!(matches!(message(Typed::Paste("q\x1b".to_owned())), Some(Message::Paste(text)) if text == "q\x1b"));
    }
}
