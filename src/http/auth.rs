//! Logins: their addresses and passwords.

use std::fmt;
use std::io::Read;
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::time::Instant;

use data_encoding::BASE64;
use url::{Host, Url};

use super::FetchError;
use super::cancel::CancelHandle;
use crate::util::{WaitError, lock, poll_until, with_deadline};

/// The maximum length of a password, in bytes.
const MAX_OUTPUT_BYTES: u64 = 64 << 10;

/// A user and a password for an address, sent as Basic authentication.
#[derive(Clone, PartialEq, Eq)]
pub struct Login {
    /// The address: a host (`example.org`, with the default ports), a host with a port (`example.org:8080`), or the
    /// start of an address (`https://example.org/private`), which includes everything below that path.
    pub at: String,
    /// The user name.
    pub user: String,
    /// The password.
    pub password: Password,
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Login").field("at", &self.at).finish_non_exhaustive()
    }
}

/// A password, or a command that prints it.
#[derive(Clone, PartialEq, Eq)]
pub enum Password {
    /// The password itself.
    Plain(String),
    /// A program and its arguments. It is started without a shell when the password is first needed, and the first line
    /// of its output is the password. It stays in memory.
    Command(Vec<String>),
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Plain(_) => f.write_str("Plain(…)"),
            Self::Command(command) => f.debug_tuple("Command").field(command).finish(),
        }
    }
}

/// All logins of a client, with the passwords printed by commands.
pub(super) struct Logins(Vec<(Login, Mutex<Option<String>>)>);

impl Logins {
    pub(super) fn new(logins: &[Login]) -> Self {
        Self(logins.iter().map(|login| (login.clone(), Mutex::default())).collect())
    }

    /// Returns the `Authorization` header for `url` if a login matches. May run a password command until `deadline`.
    ///
    /// # Errors
    ///
    /// Returns [`FetchError::Login`] if the command fails, and [`FetchError::Stopped`] if the fetch is cancelled.
    pub(super) fn authorisation(
        &self,
        url: &Url,
        cancel: &CancelHandle,
        deadline: Instant,
    ) -> Result<Option<String>, FetchError> {
        let Some((login, known)) = self.0.iter().find(|(login, _)| login.matches(url)) else { return Ok(None) };
        let command = match &login.password {
            Password::Plain(password) => return Ok(Some(basic(&login.user, password))),
            Password::Command(command) => command,
        };
        // The lock is held while the command runs, so that parallel fetches run it once.
        let mut known = lock(known);
        let password = match known.take() {
            Some(password) => password,
            None => run_command(command, cancel, deadline)?,
        };
        let header = basic(&login.user, &password);
        *known = Some(password);
        Ok(Some(header))
    }
}

impl Login {
    fn matches(&self, url: &Url) -> bool {
        if self.at.contains("://") {
            return Url::parse(&self.at).is_ok_and(|start| is_below(&start, url));
        }
        let (host, port) = match self.at.rsplit_once(':') {
            Some((host, port)) if port.parse::<u16>().is_ok() => (host, port.parse().ok()),
            _ => (self.at.as_str(), None),
        };
        let same_port = match port {
            Some(port) => url.port_or_known_default() == Some(port),
            None => url.port().is_none(),
        };
        same_port && Host::parse(host).is_ok_and(|host| url.host() == Some(borrowed(&host)))
    }
}

fn borrowed(host: &Host) -> Host<&str> {
    match host {
        Host::Domain(name) => Host::Domain(name),
        Host::Ipv4(address) => Host::Ipv4(*address),
        Host::Ipv6(address) => Host::Ipv6(*address),
    }
}

/// Returns whether `url` is at or below `start`.
fn is_below(start: &Url, url: &Url) -> bool {
    let folder = start.path().strip_suffix('/').unwrap_or(start.path());
    start.origin() == url.origin()
        && url.path().strip_prefix(folder).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Returns the value of a Basic `Authorization` header in UTF-8 (<https://www.rfc-editor.org/rfc/rfc7617>).
pub(super) fn basic(user: &str, password: &str) -> String {
    format!("Basic {}", BASE64.encode(format!("{user}:{password}").as_bytes()))
}

/// Runs a password command and returns the password.
fn run_command(command: &[String], cancel: &CancelHandle, deadline: Instant) -> Result<String, FetchError> {
    let [program, arguments @ ..] = command else {
        return Err(FetchError::Login("the command is empty".to_owned()));
    };
    let failed = |cause: &dyn fmt::Display| FetchError::Login(format!("{program}: {cause}"));
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|error| failed(&error))?;
    let output = read_output(&mut child, cancel, deadline);
    if output.is_err() {
        // Ignore errors: the command may have exited by itself.
        let _ = child.kill();
        let _ = child.wait();
    }
    let text = output.map_err(|error| match error {
        FetchError::Login(cause) => failed(&cause),
        other => other,
    })?;
    let text = String::from_utf8(text).map_err(|_| failed(&"its output is not UTF-8"))?;
    match text.lines().next() {
        Some(password) if !password.is_empty() => Ok(password.to_owned()),
        _ => Err(failed(&"it printed no password")),
    }
}

/// Returns the output of `child` after it has exited successfully.
fn read_output(child: &mut Child, cancel: &CancelHandle, deadline: Instant) -> Result<Vec<u8>, FetchError> {
    let is_cancelled = || cancel.is_cancelled();
    let output = child.stdout.take();
    let text = with_deadline("password", deadline, is_cancelled, move || {
        let mut text = Vec::new();
        let read = output.map_or(Ok(0), |output| output.take(MAX_OUTPUT_BYTES).read_to_end(&mut text));
        read.map(|_| text)
    });
    let text = text.map_err(wait_error)?.map_err(|error| FetchError::Login(error.to_string()))?;
    let status = poll_until(deadline, is_cancelled, || child.try_wait().transpose());
    let status = status.map_err(wait_error)?.map_err(|error| FetchError::Login(error.to_string()))?;
    if status.success() { Ok(text) } else { Err(FetchError::Login(status.to_string())) }
}

fn wait_error(error: WaitError) -> FetchError {
    match error {
        WaitError::Cancelled => FetchError::Stopped,
        WaitError::NoThread(error) => FetchError::System(error.to_string()),
        error => FetchError::Login(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fits(at: &str, url: &str) -> bool {
        let login = Login { at: at.to_owned(), user: "me".to_owned(), password: Password::Plain("secret".to_owned()) };
        login.matches(&Url::parse(url).unwrap())
    }

    #[test]
    fn login_for_a_host_covers_only_its_default_ports() {
        assert!(fits("example.org", "https://example.org/feed"));
        assert!(fits("Example.ORG", "http://example.org/feed"));
        assert!(fits("münchen.example", "http://xn--mnchen-3ya.example/feed"));
        assert!(fits("[::1]", "http://[::1]/feed"));
        assert!(!fits("example.org", "http://example.org:8080/feed"));
        assert!(!fits("example.org", "http://www.example.org/feed"));
        assert!(!fits("example.org", "http://example.org.evil.example/feed"));
    }

    #[test]
    fn login_for_a_port_covers_only_that_port() {
        assert!(fits("example.org:8080", "http://example.org:8080/feed"));
        assert!(fits("example.org:443", "https://example.org/feed"));
        assert!(!fits("example.org:443", "http://example.org/feed"));
    }

    #[test]
    fn login_prefixes_end_at_path_segments() {
        assert!(fits("https://example.org/private", "https://example.org/private"));
        assert!(fits("https://example.org/private/", "https://example.org/private/feed"));
        assert!(!fits("https://example.org/private", "https://example.org/privately"));
        assert!(!fits("https://example.org/private", "http://example.org/private"));
    }

    #[test]
    fn passwords_are_not_shown() {
        assert!(!format!("{:?}", Password::Plain("secret".to_owned())).contains("secret"));
    }
}
