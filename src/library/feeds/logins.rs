//! User names and passwords of feeds. They have a table of their own, so that no address contains them.

use rusqlite::{Row, Transaction, params};
use url::Url;
use xxhash_rust::xxh3::xxh3_64;

use crate::article::Draft;
use crate::library::error::Result;
use crate::library::sqlite::rows;
use crate::library::sqlite::values::signed;
use crate::subscriptions::{Credentials, ServerLogin, redact};

/// Reads a login from three columns; `first` is its address.
pub(crate) fn login(row: &Row<'_>, first: usize) -> rusqlite::Result<ServerLogin> {
    let credentials = Credentials { user: row.get(first + 1)?, password: row.get(first + 2)? };
    Ok(ServerLogin { url: row.get(first)?, credentials })
}

/// Saves the login of a feed. Replaces a former one.
pub(crate) fn save(transaction: &Transaction<'_>, feed: i64, login: &ServerLogin) -> Result<()> {
    let sql = "INSERT INTO logins (feed, url, user, password) VALUES (?1, ?2, ?3, ?4)
        ON CONFLICT (feed) DO UPDATE SET url = excluded.url, user = excluded.user, password = excluded.password";
    let Credentials { user, password } = &login.credentials;
    transaction.prepare_cached(sql)?.execute(params![feed, login.url, user, password])?;
    Ok(())
}

/// Moves credentials from the addresses of feeds, where versions before 3 stored them, to their table. Removes them
/// from all data derived from those addresses. Seeds and identities stay. A second run has no effect.
pub(crate) fn move_out_of_addresses(transaction: &Transaction<'_>) -> Result<()> {
    let is_there = "SELECT count(*) FROM sqlite_schema WHERE name IN ('feeds', 'logins')";
    if transaction.query_row(is_there, [], |row| row.get::<_, i64>(0))? < 2 {
        return Ok(());
    }
    let mut statement = transaction.prepare("SELECT id, url FROM feeds WHERE url LIKE '%://%@%' ORDER BY id")?;
    let feeds: Vec<(i64, String)> = rows::read(&mut statement, [], "feeds", |row| Ok((row.get(0)?, row.get(1)?)))?;
    for (feed, url) in feeds {
        let (bare, Some(login)) = ServerLogin::split(&url) else { continue };
        // Two feeds may differ only in their login. A fragment distinguishes them and is never sent to a server.
        let is_used = |url: &str| -> Result<bool> {
            Ok(transaction.prepare_cached("SELECT 1 FROM feeds WHERE url = ?1")?.exists([url])?)
        };
        let mut free = bare.clone();
        let mut number = 2;
        while is_used(&free)? {
            free = format!("{bare}#{number}");
            number += 1;
        }
        transaction.execute("UPDATE feeds SET url = ?2 WHERE id = ?1", params![feed, free])?;
        save(transaction, feed, &login)?;
        clean_derived(transaction, feed, &url, &free)?;
    }
    let mut statement =
        transaction.prepare("SELECT id, page, error FROM feeds WHERE page LIKE '%@%' OR error LIKE '%@%'")?;
    let feeds: Vec<(i64, Option<String>, Option<String>)> =
        rows::read(&mut statement, [], "feeds", |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    for (feed, page, error) in feeds {
        let page = page.map(|page| Credentials::split(&page).0);
        let error = error.map(|error| redact(&error));
        transaction.execute("UPDATE feeds SET page = ?2, error = ?3 WHERE id = ?1", params![feed, page, error])?;
    }
    Ok(())
}

/// Removes the credentials of `url` from the entries of its feed and from the places of marked articles.
fn clean_derived(transaction: &Transaction<'_>, feed: i64, url: &str, bare: &str) -> Result<()> {
    transaction.execute("UPDATE articles SET place = ?2 WHERE origin = 'feed' AND place = ?1", [url, bare])?;
    // Relative links were resolved against the address, some of them against its normalised form.
    let normal = Url::parse(url).map(String::from).unwrap_or_default();
    let mut needles: Vec<String> = [url, normal.as_str()].into_iter().filter_map(authority).collect();
    needles.dedup();
    for needle in needles {
        let Some((_, server)) = needle.rsplit_once('@') else { continue };
        let replacement = format!("//{server}");
        let sql = "UPDATE entry_texts SET former = replace(former, ?2, ?3), \"full\" = replace(\"full\", ?2, ?3)
            WHERE entry IN (SELECT number FROM entries WHERE feed = ?1)
                AND (instr(former, ?2) > 0 OR instr(\"full\", ?2) > 0)";
        transaction.prepare_cached(sql)?.execute(params![feed, needle, replacement])?;
        let sql = "UPDATE entry_texts SET article = replace(article, ?2, ?3)
            WHERE entry IN (SELECT number FROM entries WHERE feed = ?1) AND instr(article, ?2) > 0
            RETURNING entry, article";
        let mut statement = transaction.prepare_cached(sql)?;
        let both = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?));
        let changed: Vec<(i64, String)> =
            rows::read(&mut statement, params![feed, needle, replacement], "entry_texts", both)?;
        for (entry, article) in changed {
            let draft: Option<Draft<'_>> = serde_json::from_str(&article).ok();
            let link = draft.as_ref().and_then(|draft| draft.url.as_deref()).map(|url| signed(xxh3_64(url.as_bytes())));
            let content = signed(xxh3_64(article.as_bytes()));
            // 0 marks a text that newsboat stored; the feed's own text replaces it silently.
            let sql = "UPDATE entries SET content = CASE WHEN content = 0 THEN 0 ELSE ?2 END,
                link = CASE WHEN link IS NULL THEN NULL ELSE ?3 END WHERE number = ?1";
            transaction.prepare_cached(sql)?.execute(params![entry, content, link])?;
        }
    }
    Ok(())
}

/// Returns `//user:password@host:port` of an address.
fn authority(url: &str) -> Option<String> {
    let start = url.find("//")?;
    let rest = url.get(start + 2..)?;
    let end = rest.find(['/', '?', '#', '\\']).unwrap_or(rest.len());
    let authority = url.get(start..start + 2 + end)?;
    authority.contains('@').then(|| authority.to_owned())
}
