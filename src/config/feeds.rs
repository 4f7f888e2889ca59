//! The settings of feeds.

use std::time::Duration;

use toml::de::{DeTable, DeValue};

/// How feeds are fetched and shown.
#[derive(Clone, PartialEq, Eq)]
pub struct FeedSettings {
    /// After how many minutes feeds are refreshed unasked; 0 for never.
    pub refresh: u16,
    /// How many feeds are fetched at once.
    pub parallel: usize,
    /// How feeds stand in the sources pane.
    pub sort: FeedSort,
    /// Whether an entry that is in two feeds is shown once.
    pub merge: bool,
    /// The proxy: the environment's where there is none, none where it is empty.
    pub proxy: Option<String>,
    /// Names and passwords for servers that want them.
    pub logins: Vec<FeedLogin>,
}

/// How feeds stand in the sources pane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FeedSort {
    /// In the order in which they were subscribed to.
    Own,
    /// By their names.
    Name,
    /// Those with the most unread entries first.
    Unread,
}

/// A name and a password for a server.
#[derive(Clone, PartialEq, Eq)]
pub struct FeedLogin {
    /// The host, or the beginning of an address.
    pub at: String,
    /// The user's name.
    pub user: String,
    /// The password, where it stands in the config.
    pub password: Option<String>,
    /// The command that prints it, where it does not.
    pub password_command: Vec<String>,
}

impl std::fmt::Debug for FeedLogin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FeedLogin").field("at", &self.at).finish_non_exhaustive()
    }
}

impl std::fmt::Debug for FeedSettings {
    // The proxy's address may hold a password.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FeedSettings").field("refresh", &self.refresh).finish_non_exhaustive()
    }
}

impl Default for FeedSettings {
    fn default() -> FeedSettings {
        FeedSettings { refresh: 0, parallel: 16, sort: FeedSort::Own, merge: true, proxy: None, logins: Vec::new() }
    }
}

impl FeedSettings {
    /// How long a feed is left alone at least, once it was fetched.
    pub fn pause(&self) -> Duration {
        Duration::from_secs(60 * u64::from(self.refresh.max(5)))
    }
}

/// Logins, written as a list of tables.
pub(super) fn logins(value: &DeValue<'_>) -> Result<Vec<FeedLogin>, String> {
    const WANTED: &str =
        "a list of { at = \"host\", user = \"name\", password_command = [\"pass\", \"news\"] } is wanted";
    let DeValue::Array(all) = value else { return Err(WANTED.to_owned()) };
    all.iter()
        .map(|login| login_of(login.get_ref().as_table()?))
        .collect::<Option<_>>()
        .ok_or_else(|| WANTED.to_owned())
}

fn login_of(table: &DeTable<'_>) -> Option<FeedLogin> {
    let mut login = FeedLogin { at: String::new(), user: String::new(), password: None, password_command: Vec::new() };
    for (name, value) in table {
        let text = || value.get_ref().as_str().map(str::to_owned);
        match name.get_ref().as_ref() {
            "at" => login.at = text()?,
            "user" => login.user = text()?,
            "password" => login.password = Some(text()?),
            "password_command" => login.password_command = super::settings::texts(value.get_ref()).ok()?,
            _ => return None,
        }
    }
    // One way to the password, not two and not none.
    let has_one = login.password.is_some() == login.password_command.is_empty();
    (!login.at.is_empty() && has_one).then_some(login)
}
