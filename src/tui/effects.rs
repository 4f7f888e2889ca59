//! Runs the effects that the state requests.
//!
//! No shell ever sees a byte of an article: addresses are arguments, and text goes to a command's standard input.

use std::ffi::OsString;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::mpsc::Sender;
use std::thread;
use std::time::Duration;

use super::event_loop::{EffectRunner, LoopEvent, Screen};
use super::terminal::input::Input;
use crate::app::{Effect, Export, FeedRequest, Message, Notice};
use crate::article::ArticleId;
use crate::engine::corpus_service::CorpusService;
use crate::engine::feeds::service::FeedService;
use crate::engine::library_writer::rescue::write_rescue_file;
use crate::engine::library_writer::{LibraryWriter, WriterCommand};
use crate::engine::log::note;
use crate::engine::search::facets::{FacetRequest, ValuesRequest};
use crate::library::owner_only;
use crate::search::SearchRequest;
use crate::subscriptions::Link;
use crate::text::clean;
use crate::tui::export::Exporter;
use crate::tui::home_folder::{expand_home, expand_home_in};
use crate::util::LatestWorker;

/// The maximum bytes to copy. Several terminals ignore longer text without an error.
const MAX_CLIPBOARD: usize = 74_000;

/// Runs effects with the background services.
pub(crate) struct Effects {
    /// The articles.
    pub(crate) archive: CorpusService,
    /// The search worker.
    pub(crate) search: LatestWorker<SearchRequest>,
    /// The worker for the sources pane.
    pub(crate) facets: LatestWorker<FacetRequest>,
    /// The worker for completion.
    pub(crate) values: LatestWorker<ValuesRequest>,
    /// The timer that ends the dwell time of the open article.
    pub(crate) dwell_timer: LatestWorker<ArticleId>,
    /// The timer for the second Esc that stops loading.
    pub(crate) stop_timer: LatestWorker<()>,
    /// The timer that opens the popup with the keys that may follow.
    pub(crate) key_popup_timer: LatestWorker<()>,
    /// The writer of exports.
    pub(crate) exporter: Exporter,
    /// Saves to the library.
    pub(crate) library_writer: LibraryWriter,
    /// The feeds.
    pub(crate) feeds: FeedService,
    /// The input thread.
    pub(crate) input: Input,
    /// Sends to the event loop.
    pub(crate) events: Sender<LoopEvent>,
    /// The command that opens an address, which replaces `{}`; empty for the system's default.
    pub(crate) browser: Vec<String>,
    /// The editor if the environment sets none; may be empty.
    pub(crate) editor: Vec<String>,
}

impl EffectRunner for Effects {
    fn run_effect(&mut self, effect: Effect, screen: &mut dyn Screen) -> io::Result<()> {
        match effect {
            Effect::Filter(request) => self.search.request(request),
            Effect::CancelFilter(_) => self.search.cancel(),
            Effect::CountValues { corpus, marks, kind } => {
                self.values.request(ValuesRequest { corpus, marks, kind });
            }
            Effect::CountFacets { generation, corpus, counted, marks, searches } => {
                self.facets.request(FacetRequest { generation, corpus, counted, marks, searches });
            }
            Effect::SaveMarks { number, changes, entry, corpus } => {
                self.library_writer.send(WriterCommand::SaveMarks { number, changes, entry, corpus });
            }
            Effect::SavePosition { marking, corpus } => {
                self.library_writer.send(WriterCommand::SavePlace { marking, corpus });
            }
            Effect::SaveSession { session, corpus } => {
                let article = session.article();
                let session = serde_json::to_string(&session).unwrap_or_default();
                self.library_writer.send(WriterCommand::SaveSession { session, article, corpus });
            }
            Effect::SaveTheme(theme) => {
                self.library_writer.send(WriterCommand::SaveTheme(serde_json::to_string(&theme).unwrap_or_default()));
            }
            Effect::SaveFilter(filter) => self.library_writer.send(WriterCommand::SaveFilter(filter)),
            Effect::ChangeSearches { changes, entry } => {
                self.library_writer.send(WriterCommand::ChangeSearches { changes, entry });
            }
            Effect::Journal(entry) => self.library_writer.send(WriterCommand::WriteJournal(entry)),
            Effect::Feeds(FeedRequest::Command(command)) => self.feeds.run(expand_home_in(command)),
            Effect::Feeds(FeedRequest::Stop) => self.feeds.stop(),
            Effect::Feeds(FeedRequest::FullText(article, url)) => self.feeds.full_text(article, url),
            Effect::Feeds(FeedRequest::Changes(article)) => self.feeds.diff(article),
            Effect::Feeds(FeedRequest::Undo { row, undo }) => self.feeds.undo(row, undo),
            Effect::MatchMoved(corpus) => self.library_writer.send(WriterCommand::Recognise(corpus)),
            Effect::StartDwell { article, milliseconds } => {
                self.dwell_timer.request_after(Duration::from_millis(milliseconds), article);
            }
            Effect::EditNote { article, text } => self.edit_note(article, &text, screen)?,
            Effect::DiscardUnsaved => self.library_writer.send(WriterCommand::DiscardUnsaved),
            Effect::ExportUnsaved { path, changes, corpus } => match write_rescue_file(&path, &changes, &[], &corpus) {
                Ok(()) => {
                    self.library_writer.send(WriterCommand::DiscardUnsaved);
                    let _ = self.events.send(LoopEvent::Message(Message::RescueWritten));
                }
                Err(error) => self.notify(Notice::error(format!("{}: {error}", path.display()))),
            },
            Effect::Copy(text) if text.len() > MAX_CLIPBOARD => {
                self.notify(Notice::error("This is too long for the terminal's clipboard; | pipes it to a command"));
            }
            Effect::Copy(text) => screen.copy(&text)?,
            Effect::OpenLink(address) => self.open(&address),
            Effect::Edit(path) => self.edit(&path, screen)?,
            Effect::Pipe { command, text } => self.pipe(&command, text, screen)?,
            Effect::Export(mut export) => {
                export.path = expand_home(&export.path);
                self.export(export);
            }
            Effect::StopLoading => self.archive.stop_loading(),
            Effect::ExpireStop { milliseconds } => {
                self.stop_timer.request_after(Duration::from_millis(milliseconds), ());
            }
            Effect::ScheduleKeyPopup { milliseconds } => {
                self.key_popup_timer.request_after(Duration::from_millis(milliseconds), ());
            }
            Effect::Reload => self.archive.reload(),
            Effect::Redraw => screen.enter()?,
            Effect::Suspend if !has_job_control() => self.notify(Notice::info("No shell to return to")),
            Effect::Suspend => self.suspend(screen, stop_all)?,
            // The loop handles it.
            Effect::Quit => {}
        }
        Ok(())
    }

    fn stop(&mut self, screen: &mut dyn Screen) -> io::Result<()> {
        self.suspend(screen, stop_alone)
    }
}

impl Effects {
    fn notify(&self, notice: Notice) {
        let _ = self.events.send(LoopEvent::Message(Message::Notice(notice)));
    }

    fn export(&mut self, export: Box<Export>) {
        let events = self.events.clone();
        let send = move |message| drop(events.send(LoopEvent::Message(message)));
        if let Err(error) = self.exporter.start(export, send) {
            self.notify(Notice::error(format!("Export failed: {error}")));
        }
    }

    fn open(&self, address: &str) {
        let link = match Link::parse(address) {
            Ok(link) => link,
            Err(error) => return self.notify(Notice::error(error.to_string())),
        };
        let commands = if self.browser.is_empty() {
            open::commands(link.address())
        } else {
            with_argument(&self.browser, link.address()).map(command).into_iter().collect()
        };
        let events = self.events.clone();
        let opened = thread::Builder::new().name("browser".to_owned()).spawn(move || {
            if let Err(reason) = run_first(commands) {
                let notice = Notice::error(format!("The address could not be opened: {reason}"));
                let _ = events.send(LoopEvent::Message(Message::Notice(notice)));
            }
        });
        self.notify(match opened {
            Ok(_) => Notice::info(format!("Opening {}: {}", link.target(), link.address())),
            Err(error) => Notice::error(format!("The address could not be opened: {error}")),
        });
    }

    /// Edits a note in the editor, in a file in a new folder that only this user can read.
    fn edit_note(&self, article: ArticleId, text: &str, screen: &mut dyn Screen) -> io::Result<()> {
        let (folder, file) = match private_file(text) {
            Ok(written) => written,
            Err(error) => {
                self.notify(Notice::error(format!("The note could not be handed to the editor: {error}")));
                return Ok(());
            }
        };
        self.edit(&file, screen)?;
        // Editors may replace the file, so read it by name.
        let read = std::fs::read(&file);
        // Removes the editor's other files too.
        if let Err(error) = folder.close() {
            self.notify(Notice::error(format!("{} could not be removed: {error}", file.display())));
        }
        match read {
            Ok(bytes) => {
                let text = String::from_utf8_lossy(&bytes).into_owned();
                let _ = self.events.send(LoopEvent::Message(Message::NoteWritten { article, text }));
            }
            Err(error) => self.notify(Notice::error(format!("The note could not be read back: {error}"))),
        }
        Ok(())
    }

    fn edit(&self, path: &Path, screen: &mut dyn Screen) -> io::Result<()> {
        let mut arguments = editor(&self.editor, |name| std::env::var_os(name));
        arguments.push(file_argument(path));
        let name = arguments.first().map(|word| word.to_string_lossy().into_owned()).unwrap_or_default();
        let ended = self.with_terminal_released(screen, || command(arguments).status())?;
        match ended {
            Ok(status) if status.success() => {}
            Ok(status) => self.notify(Notice::error(format!("{name} ended with {}", describe(status)))),
            Err(error) => self.notify(Notice::error(format!("{name} could not be started: {error}"))),
        }
        Ok(())
    }

    fn pipe(&self, typed: &str, text: String, screen: &mut dyn Screen) -> io::Result<()> {
        let ended = self.with_terminal_released(screen, || {
            let ended = pipe_into(typed, text);
            match &ended {
                Ok(status) if status.success() => say("\n[Enter goes back to newsdesk]"),
                Ok(status) => {
                    say(&format!("\n[{}; Enter goes back to newsdesk]", describe(*status)));
                }
                Err(_) => return ended,
            }
            wait_for_enter();
            ended
        })?;
        if let Err(error) = ended {
            self.notify(Notice::error(format!("The command could not be started: {error}")));
        }
        Ok(())
    }

    /// Runs `work` while a child process has the terminal.
    fn with_terminal_released<T>(&self, screen: &mut dyn Screen, work: impl FnOnce() -> T) -> io::Result<T> {
        let done = self.input.while_paused(|| {
            screen.leave()?;
            Ok::<T, io::Error>(run_as_child(work))
        })?;
        screen.enter()?;
        let _ = self.events.send(LoopEvent::Message(Message::Resize(super::terminal::size())));
        Ok(done)
    }

    /// Restores the terminal, stops, and acquires it again.
    fn suspend(&self, screen: &mut dyn Screen, stop: fn()) -> io::Result<()> {
        self.input.while_paused(|| {
            screen.leave()?;
            stop();
            screen.enter()
        })?;
        let _ = self.events.send(LoopEvent::Message(Message::Resize(super::terminal::size())));
        Ok(())
    }
}

#[cfg(unix)]
use super::terminal::signals::{has_job_control, stop_all, stop_alone};

// These systems have no job control.
#[cfg(not(unix))]
fn has_job_control() -> bool {
    false
}
#[cfg(not(unix))]
fn stop_all() {}
#[cfg(not(unix))]
fn stop_alone() {}

#[cfg(unix)]
fn run_as_child<T>(work: impl FnOnce() -> T) -> T {
    super::terminal::signals::while_child_owns_terminal(work)
}

#[cfg(not(unix))]
fn run_as_child<T>(work: impl FnOnce() -> T) -> T {
    work()
}

/// Writes `text` to a file in a new folder that only this user can read. Dropping the folder removes it.
fn private_file(text: &str) -> io::Result<(tempfile::TempDir, PathBuf)> {
    let mut builder = tempfile::Builder::new();
    builder.prefix("newsdesk-");
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o700));
    let folder = builder.tempdir()?;
    let path = folder.path().join("note.txt");
    owner_only::new_file(&path)?.write_all(text.as_bytes())?;
    Ok((folder, path))
}

/// Replaces `{}` in the command by the argument, or appends the argument. Returns `None` if the command is empty.
fn with_argument(configured: &[String], argument: &str) -> Option<Vec<OsString>> {
    let (program, rest) = configured.split_first()?;
    let mut command = vec![OsString::from(program)];
    command.extend(rest.iter().map(|word| OsString::from(word.replace("{}", argument))));
    if !rest.iter().any(|word| word.contains("{}")) {
        command.push(argument.into());
    }
    Some(command)
}

/// Returns the editor's command with its arguments: `$VISUAL`, `$EDITOR`, the config's editor, or `vi`.
fn editor(configured: &[String], variable: impl Fn(&str) -> Option<OsString>) -> Vec<OsString> {
    let from_environment = ["VISUAL", "EDITOR"].iter().filter_map(|name| variable(name)).find_map(|value| {
        // Splits quoted words as a shell would, without running one.
        let command: Vec<OsString> = match value.to_str().and_then(|text| shell_words::split(text).ok()) {
            Some(parts) => parts.into_iter().map(OsString::from).collect(),
            None => vec![value],
        };
        (!command.is_empty()).then_some(command)
    });
    let configured = || configured.iter().map(OsString::from).collect::<Vec<_>>();
    let command = from_environment.unwrap_or_else(configured);
    if command.is_empty() { vec![if cfg!(windows) { "notepad".into() } else { "vi".into() }] } else { command }
}

/// Returns the path as an argument that can only name a file: a leading dash means an option to most programs, and a
/// leading plus sign a command to many editors.
fn file_argument(path: &Path) -> OsString {
    match path.as_os_str().as_encoded_bytes().first() {
        Some(b'-' | b'+') => Path::new(".").join(path).into(),
        _ => path.into(),
    }
}

fn command(arguments: Vec<OsString>) -> Command {
    let mut arguments = arguments.into_iter();
    let mut command = Command::new(arguments.next().unwrap_or_default());
    command.args(arguments);
    command
}

/// Runs the commands without a terminal until one succeeds. Returns why the last one failed.
fn run_first(commands: Vec<Command>) -> io::Result<()> {
    let mut reason = "no program for it was found".to_owned();
    for mut command in commands {
        let name = PathBuf::from(command.get_program()).display().to_string();
        match command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status() {
            Ok(status) if status.success() => return Ok(()),
            Ok(status) => reason = format!("{name} ended with {}", describe(status)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => reason = format!("{name}: {error}"),
        }
        note(|| reason.clone());
    }
    Err(io::Error::other(reason))
}

/// Runs a typed command with `text` on its standard input.
fn pipe_into(typed: &str, text: String) -> io::Result<ExitStatus> {
    let mut shell = if cfg!(windows) { Command::new("cmd") } else { Command::new("sh") };
    shell.arg(if cfg!(windows) { "/C" } else { "-c" }).arg(typed).stdin(Stdio::piped());
    let mut child = shell.spawn()?;
    let input = child.stdin.take();
    // On a thread, because a command that does not read would block the write.
    let writer = thread::Builder::new().name("pipe".to_owned()).spawn(move || {
        if let Some(mut input) = input {
            // Ignore errors: a command may stop reading.
            let _ = input.write_all(text.as_bytes());
        }
    });
    let status = child.wait();
    drop(writer);
    status
}

fn describe(status: ExitStatus) -> String {
    match status.code() {
        Some(code) => format!("exit code {code}"),
        None => status.to_string(),
    }
}

/// Prints to the terminal while a child has it.
#[expect(clippy::disallowed_methods, reason = "the text is cleaned")]
fn say(text: &str) {
    let _ = writeln!(io::stdout(), "{}", clean(text));
}

#[cfg(unix)]
fn wait_for_enter() {
    use std::io::BufRead;
    if let Ok(tty) = super::terminal::input::tty() {
        let _ = io::BufReader::new(tty).read_line(&mut String::new());
    }
}

#[cfg(not(unix))]
fn wait_for_enter() {
    let _ = io::stdin().read_line(&mut String::new());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn editor_files_are_private_and_deleted_afterwards() {
        use std::os::unix::fs::PermissionsExt;
        let (folder, file) = private_file("seen").unwrap();
        let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(folder.path()), mode(&file)), (0o700, 0o600));
        std::fs::write(folder.path().join("note.txt~"), "what it was").unwrap();
        folder.close().unwrap();
        assert!(!file.parent().unwrap().exists());
    }

    #[test]
    fn opener_gets_the_address_as_one_argument() {
        let owned = |parts: &[&str]| parts.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
        let address = "https://example.org/$(reboot)";
        let tab = format!("--tab={address}");
        assert_eq!(with_argument(&owned(&["firefox", "--tab={}"]), address).unwrap(), ["firefox", tab.as_str()]);
        assert_eq!(with_argument(&owned(&["firefox"]), address).unwrap(), ["firefox", address]);
        assert_eq!(with_argument(&[], address), None);
    }

    #[test]
    fn editor_takes_no_file_name_as_option_or_command() {
        for (path, argument) in [("a.txt", "a.txt"), ("-c", "./-c"), ("+!reboot", "./+!reboot"), ("desk/+1", "desk/+1")]
        {
            assert_eq!(file_argument(Path::new(path)), argument);
        }
    }

    #[test]
    fn editor_is_visual_then_config_then_vi() {
        let none = |_: &str| None;
        assert_eq!(editor(&[], none), ["vi"]);
        assert_eq!(editor(&["vim".to_owned(), "-R".to_owned()], none), ["vim", "-R"]);
        let visual = |name: &str| (name == "VISUAL").then(|| OsString::from("\"my editor\" --wait"));
        assert_eq!(editor(&["vim".to_owned()], visual), ["my editor", "--wait"]);
        let blank = |name: &str| (name == "VISUAL").then(|| OsString::from(" "));
        assert_eq!(editor(&["vim".to_owned()], blank), ["vim"]);
    }

    #[cfg(unix)]
    #[test]
    fn pipe_to_a_command_that_reads_nothing_succeeds() {
        let status = pipe_into("exit 3", "x".repeat(1 << 20)).unwrap();
        assert_eq!(describe(status), "exit code 3");
        assert!(pipe_into("cat > /dev/null", "x".repeat(1 << 20)).unwrap().success());
    }
}
