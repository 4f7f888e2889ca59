//! Logins in the config.

use toml::de::{DeTable, DeValue};

use super::parse_value::{InvalidValue, texts};
use super::values::FeedLogin;

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
            "password_command" => login.password_command = texts(value.get_ref()).ok()?,
            _ => return None,
        }
    }
    // Exactly one of the two must give the password.
    let has_one = login.password.is_some() == login.password_command.is_empty();
    (!login.url.is_empty() && has_one).then_some(login)
}
