//! Carries out effects: everything that the state wants done outside.

use std::io::{self, BufRead, Write, stdout};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc::Sender;

use crossterm::clipboard::CopyToClipboard;
use crossterm::execute;

use super::event_loop::Event;
use super::filter::Filter;
use super::input::Gate;
use super::keeper::{Keeper, Order};
use super::{note, terminal};
use crate::app::{Effect, Message, Notice};
use crate::config::Config;

/// What terminals take at most on their clipboard, in bytes; several drop what is longer without a word.
const CLIPBOARD: usize = 74_000;

/// What effects act on.
#[derive(Debug)]
pub(super) struct Executor {
    pub(super) config: Config,
    pub(super) filter: Filter,
    pub(super) keeper: Keeper,
    pub(super) gate: Gate,
    pub(super) events: Sender<Event>,
}

impl Executor {
    /// Carries out one effect. Says whether the program goes on.
    pub(super) fn carry_out(&self, effect: Effect) -> bool {
        match effect {
            Effect::Filter(request) => self.filter.ask(request),
            Effect::CancelFilter(generation) => self.filter.cancel(generation),
            Effect::Copy(text) => self.copy(&text),
            Effect::OpenLink(address) => self.open_link(&address),
            Effect::Edit(path) => self.edit(&path),
            Effect::Pipe { command, text } => self.pipe(&command, &text),
            Effect::StopLoading => self.keeper.stop_loading(),
            Effect::Reload => {
                // The keeper lives as long as the program.
                let _ = self.keeper.orders.send(Order::Reload);
            }
            Effect::Redraw => self.send(Event::Redraw),
            Effect::Suspend => {
                #[cfg(unix)]
                super::signals::suspend(&self.events);
            }
            Effect::Quit => return false,
        }
        true
    }

    fn send(&self, event: Event) {
        // This runs on the thread that receives, so the channel is open.
        let _ = self.events.send(event);
    }

    fn tell(&self, notice: Notice) {
        self.send(Event::Message(Message::Notice(notice)));
    }

    fn copy(&self, text: &str) {
        if text.len() > CLIPBOARD {
            return self
                .tell(Notice::error("The article is too long for the terminal's clipboard; | pipes it to a command"));
        }
        if let Err(error) = execute!(stdout(), CopyToClipboard::to_clipboard_from(text)) {
            self.tell(Notice::error(format!("Copying failed: {error}")));
        }
    }

    /// Opens an address, if it is of a kind that may be opened. It is one argument of a command, never part of one.
    fn open_link(&self, address: &str) {
        let lower = address.to_ascii_lowercase();
        let may_open = ["http://", "https://", "mailto:"].iter().any(|scheme| lower.starts_with(scheme));
        if !may_open || address.chars().any(|c| c.is_control() || c.is_whitespace()) {
            return self.tell(Notice::error(format!("\"{address}\" is no web address, so it is not opened")));
        }
        let opened = match self.config.browser.split_first() {
            Some((program, arguments)) => {
                let mut filled: Vec<String> =
                    arguments.iter().map(|argument| argument.replace("{}", address)).collect();
                if !arguments.iter().any(|argument| argument.contains("{}")) {
                    filled.push(address.to_owned());
                }
                Command::new(program)
                    .args(filled)
                    .stdin(Stdio::null())
                    .stdout(Stdio::null())
                    .stderr(Stdio::null())
                    .spawn()
                    .map(drop)
            }
            None => open::that_detached(address),
        };
        self.tell(match opened {
            Ok(()) => Notice::info(format!("Opened {address}")),
            Err(error) => Notice::error(format!("No browser could be started: {error}")),
        });
    }

    fn edit(&self, path: &Path) {
        let named = ["VISUAL", "EDITOR"]
            .iter()
            .find_map(|name| std::env::var(name).ok().filter(|value| !value.trim().is_empty()));
        let words: Vec<String> = match named {
            Some(value) => value.split_whitespace().map(str::to_owned).collect(),
            None if !self.config.editor.is_empty() => self.config.editor.clone(),
            None => vec!["vi".to_owned()],
        };
        let Some((program, arguments)) = words.split_first() else { return };
        // A name that begins with a dash would be read as an option.
        let path = if path.is_relative() { Path::new(".").join(path) } else { path.into() };
        let ended = self.with_terminal_given_back(|| Command::new(program).args(arguments).arg(&path).status());
        match ended {
            Ok(status) if status.success() => {}
            Ok(status) => self.tell(Notice::error(format!("{program} ended with {status}"))),
            Err(error) => self.tell(Notice::error(format!("{program} could not be started: {error}"))),
        }
    }

    /// Runs what the reader typed, by the shell; the article comes on its standard input and nowhere else.
    fn pipe(&self, command: &str, text: &str) {
        let (shell, flag) = if cfg!(windows) { ("cmd", "/C") } else { ("sh", "-c") };
        let ended = self.with_terminal_given_back(|| {
            let mut child = Command::new(shell).arg(flag).arg(command).stdin(Stdio::piped()).spawn()?;
            if let Some(mut input) = child.stdin.take()
                && let Err(error) = input.write_all(text.as_bytes())
                && error.kind() != io::ErrorKind::BrokenPipe
            {
                return Err(error);
            }
            let status = child.wait()?;
            let mut out = stdout();
            writeln!(out, "\n[{status}; Enter goes back to newsdesk]")?;
            out.flush()?;
            read_line_from_terminal();
            Ok(status)
        });
        if let Err(error) = ended {
            self.tell(Notice::error(format!("The command could not be run: {error}")));
        }
    }

    fn with_terminal_given_back<T>(&self, run: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
        self.gate.close();
        terminal::give_back();
        let ended = run();
        let taken = terminal::take();
        self.gate.open();
        self.send(Event::Redraw);
        note(|| format!("the terminal is back: {taken:?}"));
        ended
    }
}

fn read_line_from_terminal() {
    let mut line = String::new();
    let _ = match std::fs::File::open("/dev/tty") {
        Ok(terminal) => io::BufReader::new(terminal).read_line(&mut line),
        Err(_) => io::stdin().read_line(&mut line),
    };
}
