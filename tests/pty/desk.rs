//! The real program in a real pseudo-terminal, its screen read by a terminal emulator. Every wait is for something to
//! appear; nothing sleeps for the sake of time.
#![allow(dead_code, reason = "each test program uses what it needs")]

use std::io::{Read, Write};
use std::num::NonZero;
use std::path::Path;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};

/// Nothing here takes so long; a test that waits for it has failed.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) fn cells(count: u16) -> NonZero<u16> {
    NonZero::new(count).unwrap()
}

/// The program at work.
pub(crate) struct Desk {
    pub(crate) master: Option<Box<dyn MasterPty + Send>>,
    pub(crate) input: Option<Box<dyn Write + Send>>,
    pub(crate) child: Box<dyn Child + Send + Sync>,
    pub(crate) output: Receiver<Vec<u8>>,
    pub(crate) screen: vt100::Parser,
    pub(crate) written: Vec<u8>,
    _home: Option<tempfile::TempDir>,
}

impl Desk {
    pub(crate) fn open(columns: u16, rows: u16, arguments: &[&str]) -> Desk {
        Desk::open_with(columns, rows, arguments, &[])
    }

    pub(crate) fn open_with(columns: u16, rows: u16, arguments: &[&str], variables: &[(&str, &str)]) -> Desk {
        Desk::run(columns, rows, env!("CARGO_BIN_EXE_newsdesk"), arguments, variables)
    }

    pub(crate) fn run(columns: u16, rows: u16, program: &str, arguments: &[&str], variables: &[(&str, &str)]) -> Desk {
        let home = tempfile::tempdir().unwrap();
        let desk = Desk::at_home(home.path(), columns, rows, program, arguments, variables);
        Desk { _home: Some(home), ..desk }
    }

    /// Runs the program for somebody who lives in this folder.
    pub(crate) fn at_home(
        home: &Path,
        columns: u16,
        rows: u16,
        program: &str,
        arguments: &[&str],
        variables: &[(&str, &str)],
    ) -> Desk {
        let size = PtySize { rows, cols: columns, pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size).unwrap();
        let mut command = CommandBuilder::new(program);
        command.args(arguments);
        command.cwd(env!("CARGO_MANIFEST_DIR"));
        command.env_clear();
        for (name, value) in
            [("TERM", "xterm-256color"), ("LANG", "C.UTF-8"), ("PATH", "/usr/bin:/bin")].iter().chain(variables)
        {
            command.env(name, value);
        }
        command.env("HOME", home);
        let child = pair.slave.spawn_command(command).unwrap();
        drop(pair.slave);
        let mut reader = pair.master.try_clone_reader().unwrap();
        let (send, output) = channel();
        std::thread::spawn(move || {
            let mut buffer = [0; 1 << 16];
            while let Ok(count @ 1..) = reader.read(&mut buffer) {
                if send.send(buffer[..count].to_vec()).is_err() {
                    break;
                }
            }
        });
        let input = pair.master.take_writer().unwrap();
        let screen = vt100::Parser::new(cells(rows), cells(columns), 0);
        Desk { master: Some(pair.master), input: Some(input), child, output, screen, written: Vec::new(), _home: None }
    }

    pub(crate) fn send(&mut self, keys: &str) {
        self.input.as_mut().unwrap().write_all(keys.as_bytes()).unwrap();
    }

    pub(crate) fn text(&self) -> String {
        self.screen.screen().contents()
    }

    /// Takes what the program writes until `seen` is on the screen.
    pub(crate) fn wait(&mut self, what: &str, seen: impl Fn(&Desk) -> bool) {
        let begun = Instant::now();
        while !seen(self) {
            match self.output.recv_timeout(PATIENCE.saturating_sub(begun.elapsed())) {
                Ok(bytes) => self.take(&bytes),
                Err(error) => panic!("{what} did not come ({error}); the screen is:\n{}", self.text()),
            }
        }
    }

    pub(crate) fn wait_for(&mut self, text: &str) {
        self.wait(text, |desk| desk.text().contains(text));
    }

    pub(crate) fn take(&mut self, bytes: &[u8]) {
        self.written.extend_from_slice(bytes);
        self.screen.process(bytes);
    }

    /// Takes all that is written until the program has ended and its terminal is closed, and gives its exit code.
    pub(crate) fn wait_for_end(&mut self) -> u32 {
        let begun = Instant::now();
        loop {
            match self.output.recv_timeout(PATIENCE.saturating_sub(begun.elapsed())) {
                Ok(bytes) => self.take(&bytes),
                Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => panic!("the program did not end; the screen is:\n{}", self.text()),
            }
        }
        self.child.wait().unwrap().exit_code()
    }

    pub(crate) fn signal(&self, signal: rustix::process::Signal) {
        let id = rustix::process::Pid::from_raw(self.child.process_id().unwrap().cast_signed()).unwrap();
        rustix::process::kill_process(id, signal).unwrap();
    }

    pub(crate) fn is_restored(&self) -> bool {
        let screen = self.screen.screen();
        !screen.alternate_screen()
            && !screen.hide_cursor()
            && !screen.bracketed_paste()
            && screen.mouse_protocol_mode() == vt100::MouseProtocolMode::None
    }
}
