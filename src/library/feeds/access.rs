//! The address and login of the feed that an entry belongs to.

use rusqlite::Row;

use super::logins;
use crate::article::ArticleId;
use crate::library::database::Library;
use crate::library::error::Result;
use crate::library::sqlite::rows;
use crate::library::sqlite::values::signed;
use crate::subscriptions::ServerLogin;

/// The server of a feed, whose logins may be used for the pages behind its entries.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FeedAccess {
    /// The address of the feed; empty if the entry is in no feed.
    pub url: String,
    /// The login of the feed.
    pub login: Option<ServerLogin>,
}

impl Library {
    /// Returns the number of feeds with a login.
    pub fn login_count(&self) -> Result<u32> {
        Ok(self.connection.query_row("SELECT count(*) FROM logins", [], |row| row.get(0))?)
    }

    /// Returns the address and the login of the feed that an entry belongs to.
    pub fn access_of_entry(&self, id: ArticleId) -> Result<FeedAccess> {
        let sql = "SELECT feeds.url, logins.url, user, password FROM entries JOIN feeds ON feeds.id = entries.feed
            LEFT JOIN logins ON logins.feed = feeds.id WHERE entries.id = ?1";
        let access = |row: &Row<'_>| {
            let login = row.get::<_, Option<String>>(1)?.map(|_| logins::login(row, 1)).transpose()?;
            Ok(FeedAccess { url: row.get(0)?, login })
        };
        let mut statement = self.connection.prepare_cached(sql)?;
        Ok(rows::first(&mut statement, [signed(id.0)], "feeds", access)?.unwrap_or_default())
    }
}
