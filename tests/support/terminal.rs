//! The real program in a real pseudo-terminal, its screen read by a terminal emulator. Every wait is for something to
//! appear; nothing sleeps for the sake of time.

use std::io::{Read, Write};
use std::num::NonZero;
use std::path::Path;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};

/// Nothing here takes so long; a test that waits for it has failed.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) fn cells(count: u16) -> NonZero<u16> {
    NonZero::new(count).unwrap()
}

/// How the terminal takes what the program writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Link {
    /// As fast as it comes.
    Open,
    /// So many bytes in a second.
    Slow(usize),
    /// Not at all.
    Stuck,
    /// It is gone.
    Cut,
}

type Wire = Arc<(Mutex<Link>, Condvar)>;

/// Takes what comes until the link is cut or nothing more will come.
fn carry(mut reader: impl Read, wire: &Wire, mut to: impl FnMut(&[u8]) -> bool) {
    let mut buffer = [0; 1 << 16];
    loop {
        let (link, changed) = &**wire;
        let link = *changed.wait_while(link.lock().unwrap(), |link| *link == Link::Stuck).unwrap();
        let most = match link {
            Link::Cut => return,
            // Twenty times a second, which is how a slow link is made, and no way to wait for anything.
            Link::Slow(rate) => {
                std::thread::sleep(Duration::from_millis(50));
                rate / 20
            }
            Link::Open | Link::Stuck => buffer.len(),
        };
        match reader.read(&mut buffer[..most]) {
            Ok(count @ 1..) if to(&buffer[..count]) => {}
            _ => return,
        }
    }
}

/// The questions that the terminal answers: OSC 11 and DA1.
const QUESTIONS: [&[u8]; 2] = [b"\x1b]11;?\x1b\\", b"\x1b[c"];
pub(crate) const ATTRIBUTES: &str = "\x1b[?62;22c";
pub(crate) const DARK: &str = "\x1b]11;rgb:1c1c/1c1c/1c1c\x1b\\";

/// The program at work.
pub(crate) struct TestTerminal {
    /// The answers to [`QUESTIONS`], sent while the test waits for something.
    pub(crate) answers: [&'static str; 2],
    /// Whether the config is wrong on purpose. If it is not, a message about it fails the test.
    pub(crate) expects_config_problems: bool,
    /// The offset in the output from which to search for the next question.
    unanswered: usize,
    pub(crate) master: Option<Box<dyn MasterPty + Send>>,
    pub(crate) input: Option<Box<dyn Write + Send>>,
    pub(crate) child: Box<dyn Child + Send + Sync>,
    pub(crate) output: Receiver<Vec<u8>>,
    pub(crate) screen: vt100::Parser,
    pub(crate) written: Vec<u8>,
    wire: Wire,
    _home: Option<tempfile::TempDir>,
}

impl TestTerminal {
    pub(crate) fn open(columns: u16, rows: u16, arguments: &[&str]) -> TestTerminal {
        TestTerminal::open_with(columns, rows, arguments, &[])
    }

    pub(crate) fn open_with(columns: u16, rows: u16, arguments: &[&str], variables: &[(&str, &str)]) -> TestTerminal {
        TestTerminal::run(columns, rows, env!("CARGO_BIN_EXE_newsdesk"), arguments, variables)
    }

    pub(crate) fn run(
        columns: u16,
        rows: u16,
        program: &str,
        arguments: &[&str],
        variables: &[(&str, &str)],
    ) -> TestTerminal {
        let home = tempfile::tempdir().unwrap();
        let desk = TestTerminal::at_home(home.path(), columns, rows, program, arguments, variables);
        TestTerminal { _home: Some(home), ..desk }
    }

    /// Runs the program for somebody who lives in this folder.
    pub(crate) fn at_home(
        home: &Path,
        columns: u16,
        rows: u16,
        program: &str,
        arguments: &[&str],
        variables: &[(&str, &str)],
    ) -> TestTerminal {
        let mut command = CommandBuilder::new(program);
        command.args(arguments);
        command.env_clear();
        for (name, value) in
            [("TERM", "xterm-256color"), ("LANG", "C.UTF-8"), ("PATH", "/usr/bin:/bin")].iter().chain(variables)
        {
            command.env(name, value);
        }
        command.env("HOME", home);
        TestTerminal::spawn(columns, rows, command)
    }

    /// Runs a command, with no variables but its own.
    pub(crate) fn spawn(columns: u16, rows: u16, mut command: CommandBuilder) -> TestTerminal {
        let size = PtySize { rows, cols: columns, pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size).unwrap();
        command.cwd(env!("CARGO_MANIFEST_DIR"));
        let child = pair.slave.spawn_command(command).unwrap();
        drop(pair.slave);
        let reader = pair.master.try_clone_reader().unwrap();
        let (send, output) = channel();
        let wire: Wire = Arc::new((Mutex::new(Link::Open), Condvar::new()));
        let end = Arc::clone(&wire);
        std::thread::spawn(move || carry(reader, &end, |bytes| send.send(bytes.to_vec()).is_ok()));
        let input = pair.master.take_writer().unwrap();
        // The emulator has no screen without cells.
        let screen = vt100::Parser::new(cells(rows.max(1)), cells(columns.max(1)), 0);
        TestTerminal {
            answers: [DARK, ATTRIBUTES],
            expects_config_problems: false,
            unanswered: 0,
            master: Some(pair.master),
            input: Some(input),
            child,
            output,
            screen,
            written: Vec::new(),
            wire,
            _home: None,
        }
    }

    /// Makes the terminal take what is written in another way from now on.
    pub(crate) fn link(&self, link: Link) {
        *self.wire.0.lock().unwrap() = link;
        self.wire.1.notify_all();
    }

    /// Takes the terminal away while the program stands still or writes: this end of it is closed when this returns.
    pub(crate) fn cut(&mut self, key: &str) {
        self.link(Link::Cut);
        // The thread that takes the output waits for some; what the key makes the program write lets it see the cut.
        self.send(key);
        drop(self.input.take());
        drop(self.master.take());
        let begun = Instant::now();
        while !matches!(self.output.recv_timeout(PATIENCE), Err(RecvTimeoutError::Disconnected)) {
            assert!(begun.elapsed() < PATIENCE, "the terminal cannot be taken away");
        }
    }

    /// Gives the terminal another size, and the emulator too.
    pub(crate) fn resize(&mut self, columns: u16, rows: u16) {
        self.screen.screen_mut().set_size(cells(rows.max(1)), cells(columns.max(1)));
        let size = PtySize { rows, cols: columns, pixel_width: 0, pixel_height: 0 };
        self.master.as_ref().unwrap().resize(size).unwrap();
    }

    pub(crate) fn send(&mut self, keys: &str) {
        self.input.as_mut().unwrap().write_all(keys.as_bytes()).unwrap();
    }

    pub(crate) fn text(&self) -> String {
        self.screen.screen().contents()
    }

    /// Takes what the program writes until `seen` is on the screen.
    pub(crate) fn wait(&mut self, what: &str, seen: impl Fn(&TestTerminal) -> bool) {
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
        let has_problem = bytes.windows(12).any(|text| text == b"config.toml:");
        assert!(!has_problem || self.expects_config_problems, "the config is wrong:\n{}", self.text());
        self.answer();
    }

    /// Forgets what was written until now.
    pub(crate) fn forget_written(&mut self) {
        self.written.clear();
        self.unanswered = 0;
    }

    /// Answers the questions that were written.
    fn answer(&mut self) {
        while let Some(at) = self.written[self.unanswered..].iter().position(|byte| *byte == b'\x1b') {
            let rest = &self.written[self.unanswered + at..];
            let asked = QUESTIONS.iter().position(|question| rest.starts_with(question));
            if asked.is_none() && QUESTIONS.iter().any(|question| question.starts_with(rest)) {
                return;
            }
            self.unanswered += at + 1;
            if let (Some(which), Some(input)) = (asked, &mut self.input) {
                // Ignore errors: the program may have ended.
                let _ = input.write_all(self.answers[which].as_bytes());
            }
        }
        self.unanswered = self.written.len();
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
