//! The settings of feeds.

use std::time::Duration;

use toml::de::{DeTable, DeValue};

use super::settings::InvalidValue;
use super::{Config, settings_struct};

settings_struct! {
/// How feeds are fetched and shown.
#[derive(Clone, PartialEq, Eq)]
pub struct FeedSettings {
    /// Minutes between automatic refreshes; 0 for none.
    pub refresh: u16,
    /// The number of feeds that are fetched at once.
    pub parallel: usize,
    /// The order of feeds in the sources pane.
    pub sort: FeedSort,
    /// Whether an entry of several feeds is shown once.
    pub merge: bool,
    /// The proxy; `None` for the proxy of the environment, an empty text for no proxy.
    pub proxy: Option<String>,
    /// The logins for servers.
    pub logins: Vec<FeedLogin>,
}
}

/// The order of feeds in the sources pane.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FeedSort {
    /// By subscription, the oldest first.
    #[default]
    Own,
    /// By name.
    Name,
    /// By the number of unread entries, the largest first.
    Unread,
}

/// A login for a server.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct FeedLogin {
    /// The host, or the start of an address.
    pub url: String,
    /// The user name.
    pub user: String,
    /// The password, unless a command prints it.
    pub password: Option<String>,
    /// The command that prints the password.
    pub password_command: Vec<String>,
}

impl std::fmt::Debug for FeedLogin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FeedLogin").field("url", &self.url).finish_non_exhaustive()
    }
}

impl std::fmt::Debug for FeedSettings {
    // The address of the proxy can contain a password.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FeedSettings").field("refresh", &self.refresh).finish_non_exhaustive()
    }
}

impl Default for FeedSettings {
    fn default() -> FeedSettings {
        Config::default().feeds
    }
}

impl FeedSettings {
    /// Returns the minimum time between two fetches of a feed.
    pub fn pause(&self) -> Duration {
        Duration::from_secs(60 * u64::from(self.refresh.max(5)))
    }
}

/// Parses logins, written as a list of tables.
pub(super) fn logins(value: &DeValue<'_>) -> Result<Vec<FeedLogin>, InvalidValue> {
    const EXPECTED: &str = "a list of { url = \"host\", user = \"name\", password_command = [\"pass\", \"news\"] }";
    let DeValue::Array(all) = value else { return Err(InvalidValue::expected(EXPECTED)) };
    let logins = all.iter().map(|login| login_of(login.get_ref().as_table()?));
    logins.collect::<Option<_>>().ok_or_else(|| InvalidValue::expected(EXPECTED))
}

fn login_of(table: &DeTable<'_>) -> Option<FeedLogin> {
    let mut login = FeedLogin::default();
    for (name, value) in table {
        let text = || value.get_ref().as_str().map(str::to_owned);
        match name.get_ref().as_ref() {
            // `at` is the name in older configs.
            "url" | "at" => login.url = text()?,
            "user" => login.user = text()?,
            "password" => login.password = Some(text()?),
            "password_command" => login.password_command = super::settings::texts(value.get_ref()).ok()?,
            _ => return None,
        }
    }
    // Exactly one of the two must give the password.
    let has_one = login.password.is_some() == login.password_command.is_empty();
    (!login.url.is_empty() && has_one).then_some(login)
}
