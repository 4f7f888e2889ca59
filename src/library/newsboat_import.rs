//! Import of newsboat's `cache.db`, which is only read.

use std::cell::Cell;
use std::path::Path;
use std::{fs, io};

use rusqlite::Connection;
use rusqlite::limits::Limit;

use super::error::{Error, Result};
use super::sqlite;
use crate::article::Published;
use crate::formats::{
    Budget, Feed, FeedArticle, FeedDate, FeedEntry, FeedLink, FeedMeta, FeedPerson, FeedText, feed_articles,
    parse_feed_date,
};

/// The maximum length of a value, in bytes. newsboat stores a whole article in one value.
const MAX_VALUE_LENGTH: i32 = 16 << 20;

/// newsboat's cache, open for reading.
#[derive(Debug)]
pub struct Newsboat {
    connection: Connection,
    /// Number of bytes of text that may still be read.
    budget: Cell<u64>,
}

/// An entry of newsboat.
#[derive(Debug)]
pub struct NewsboatEntry {
    /// The entry.
    pub article: FeedArticle,
    /// Whether it was read, or deleted.
    pub is_read: bool,
    /// The letters of its flags.
    pub flags: String,
}

impl Newsboat {
    /// Opens the cache at `path`.
    ///
    /// # Errors
    ///
    /// Returns an error if the file is not newsboat's cache, or if newsboat is writing it.
    pub fn open(path: &Path) -> Result<Newsboat> {
        let connection = sqlite::open_to_read(path)?;
        connection.set_limit(Limit::SQLITE_LIMIT_LENGTH, MAX_VALUE_LENGTH)?;
        for table in ["rss_item", "rss_feed"] {
            if !is_plain(&connection, table)? {
                let cause = format!("its table {table} is computed, not stored; newsboat does not write such a file");
                return Err(Error::Io(io::Error::other(cause)));
            }
        }
        connection.prepare("SELECT guid, title, flags, deleted FROM rss_item LIMIT 1")?;
        // All text is in the file. Twice its size allows for another encoding; only a damaged file shares text.
        let mut wal = path.as_os_str().to_owned();
        wal.push("-wal");
        let size = fs::metadata(path)?.len() + fs::metadata(wal).map_or(0, |wal| wal.len());
        Ok(Newsboat { connection, budget: Cell::new(2 * size + (1 << 20)) })
    }

    /// Counts text that was read.
    fn spend(&self, bytes: usize) -> Result<()> {
        let left = self.budget.get().checked_sub(bytes as u64);
        let damaged = || Error::Io(io::Error::other("it contains more text than its size allows, so it is damaged"));
        self.budget.set(left.ok_or_else(damaged)?);
        Ok(())
    }

    /// Returns the addresses of all feeds, as newsboat knows them.
    pub fn addresses(&self) -> Result<Vec<String>> {
        let mut statement =
            self.connection.prepare("SELECT rssurl FROM rss_feed UNION SELECT feedurl FROM rss_item")?;
        let mut rows = statement.query([])?;
        let mut addresses = Vec::new();
        while let Some(row) = rows.next()? {
            let address: String = row.get(0)?;
            self.spend(address.len())?;
            addresses.push(address);
        }
        Ok(addresses)
    }

    /// Returns the title of the feed at `url`.
    pub fn title(&self, url: &str) -> Result<String> {
        let mut statement = self.connection.prepare_cached("SELECT title FROM rss_feed WHERE rssurl = ?1")?;
        let mut rows = statement.query([url])?;
        Ok(rows.next()?.map(|row| row.get(0)).transpose()?.unwrap_or_default())
    }

    /// Returns the entries of the feed at `url`, the latest first, as a feed lists them.
    pub fn entries(&self, url: &str) -> Result<Vec<NewsboatEntry>> {
        let entries = "SELECT guid, title, author, url, pubDate, content, unread, enclosure_url, enclosure_type,
            coalesce(flags, ''), deleted FROM rss_item WHERE feedurl = ?1 ORDER BY id DESC";
        let mut statement = self.connection.prepare_cached(entries)?;
        let mut rows = statement.query([url])?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            let text = |column: usize| -> Result<String> {
                let text: Option<String> = row.get(column)?;
                self.spend(text.as_ref().map_or(0, String::len))?;
                Ok(text.unwrap_or_default())
            };
            let (title, author, content, enclosure) = (text(1)?, text(2)?, text(5)?, text(7)?);
            let html = |value: String| FeedText { value, is_html: true, ..FeedText::default() };
            let person = FeedPerson { name: author.clone(), ..FeedPerson::default() };
            let enclosure = FeedLink { href: enclosure, media_type: text(8)?, ..FeedLink::default() };
            let moment = Published::from_seconds(row.get(4)?, Some(0));
            let (guid, link) = (text(0)?, text(3)?);
            // Such entries are identified by their link alone.
            let is_own = !is_made_up(&guid, &link, moment);
            let entry = FeedEntry {
                head: FeedMeta {
                    id: Some(guid).filter(|_| is_own),
                    title: Some(FeedText { value: title, ..FeedText::default() }),
                    link: Some(link),
                    authors: if author.is_empty() { Vec::new() } else { vec![person] },
                    published: Some(FeedDate { raw: String::new(), moment }),
                    ..FeedMeta::default()
                },
                content: vec![html(content)],
                enclosures: if enclosure.href.is_empty() { Vec::new() } else { vec![enclosure] },
                ..FeedEntry::default()
            };
            let budget = Budget::of(entry.content.iter().map(|content| content.value.len()).sum());
            let feed = Feed { entries: vec![entry], budget, ..Feed::default() };
            let (unread, deleted): (bool, bool) = (row.get(6)?, row.get(10)?);
            let flags = text(9)?;
            // An entry that takes too much memory is left out.
            let articles = feed_articles(&feed, &mut Vec::new()).unwrap_or_default().into_iter();
            found.extend(articles.map(|article| NewsboatEntry {
                article,
                is_read: !unread || deleted,
                flags: flags.clone(),
            }));
        }
        Ok(found)
    }
}

/// Returns whether a table holds its values itself, and none is computed while it is read.
fn is_plain(connection: &Connection, table: &str) -> Result<bool> {
    // A virtual table has no root page.
    let stored = "SELECT 1 FROM sqlite_schema WHERE name = ?1 AND type = 'table' AND rootpage > 0";
    let computed = "SELECT 1 FROM pragma_table_xinfo(?1) WHERE hidden <> 0";
    Ok(connection.prepare(stored)?.exists([table])? && !connection.prepare(computed)?.exists([table])?)
}

/// Returns whether newsboat (2.21) made up this `guid` for an entry without one: the link followed by the date, both as
/// in the feed. A date without a time could be the end of an address and is not accepted.
fn is_made_up(guid: &str, link: &str, published: Option<Published>) -> bool {
    const DAY: u64 = 24 * 60 * 60;
    // The stored link is absolute, but that of the feed may lack the host.
    let path = link.split_once("://").and_then(|(_, rest)| rest.find('/').and_then(|at| rest.get(at..)));
    let candidates = [Some(link), path, path.and_then(|path| path.get(1..))];
    candidates.into_iter().flatten().filter(|candidate| !candidate.is_empty()).any(|candidate| {
        let date = guid.strip_prefix(candidate).filter(|date| date.contains(':')).and_then(parse_feed_date);
        // Time zones may have been parsed differently.
        date.zip(published).is_some_and(|(date, published)| date.seconds().abs_diff(published.seconds()) <= DAY)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn guids_made_of_link_and_date_are_recognised() {
        // Values that newsboat 2.21 stored for entries without a guid.
        let noon = Published::from_seconds(1_790_848_800, Some(0));
        let link = "http://pod.example/e";
        for guid in [
            "http://pod.example/eThu, 1 Oct 2026 12:00:00 +0200",
            "http://pod.example/eThu, 01 Oct 2026 10:00:00 +0000",
            "http://pod.example/e 2026-10-01T12:00:00+02:00 ",
            "/eThu, 1 Oct 2026 12:00:00 +0200",
            "eThu, 1 Oct 2026 12:00:00 +0200",
        ] {
            assert!(is_made_up(guid, link, noon), "{guid}");
        }
        for guid in [
            "http://pod.example/e",
            "http://pod.example/e/",
            "http://pod.example/ep/12",
            "http://pod.example/e2026-10-01",
            "http://pod.example/eThu, 1 Jan 2015 12:00:00 +0200",
            "Thu, 1 Oct 2026 12:00:00 +0200",
            "12",
            "",
        ] {
            assert!(!is_made_up(guid, link, noon), "{guid}");
        }
        assert!(!is_made_up("Thu, 1 Oct 2026 12:00:00 +0200", "", noon));
    }

    /// Makes a cache whose table of entries has this column for the content.
    fn cache(folder: &Path, content: &str) -> (Connection, std::path::PathBuf) {
        let path = folder.join("cache.db");
        let made = Connection::open(&path).unwrap();
        made.execute_batch(&format!(
            "CREATE TABLE rss_feed (rssurl, url, title); CREATE TABLE rss_item (id INTEGER PRIMARY KEY, guid, title,
             author, url, feedurl, pubDate, {content}, unread, enclosure_url, enclosure_type, flags, deleted);"
        ))
        .unwrap();
        (made, path)
    }

    #[test]
    fn newsboat_columns_that_are_computed_are_refused() {
        for kind in ["VIRTUAL", "STORED"] {
            let folder = tempfile::tempdir().unwrap();
            let content = format!("content AS (printf('%.*c', 20000000, 'x')) {kind}");
            let (_made, path) = cache(folder.path(), &content);
            assert!(Newsboat::open(&path).unwrap_err().to_string().contains("computed"), "{kind}");
        }
        let folder = tempfile::tempdir().unwrap();
        let (made, path) = cache(folder.path(), "content");
        made.execute_batch("DROP TABLE rss_feed; CREATE VIRTUAL TABLE rss_feed USING fts5(rssurl, url, title)")
            .unwrap();
        assert!(Newsboat::open(&path).unwrap_err().to_string().contains("computed"));
    }

    #[test]
    fn newsboat_text_has_limits() {
        let folder = tempfile::tempdir().unwrap();
        let (made, path) = cache(folder.path(), "content");
        let new = "INSERT INTO rss_item VALUES (NULL, 'g', 't', '', 'u', 'f', 0, ?1, 0, '', '', '', 0)";
        let insert = |length: usize| made.execute(new, ["x".repeat(length)]).map(drop).unwrap();
        (0..3).for_each(|_| insert(1 << 20));
        let newsboat = Newsboat::open(&path).unwrap();
        assert_eq!(newsboat.entries("f").unwrap().len(), 3);
        // Rows that share their pages would repeat the text of the file.
        newsboat.budget.set(2 << 20);
        assert!(newsboat.entries("f").unwrap_err().to_string().contains("damaged"));
        insert(17 << 20);
        let error = Newsboat::open(&path).unwrap().entries("f").unwrap_err();
        assert!(error.to_string().contains("too big"), "{error}");
    }

    #[test]
    fn newsboat_views_in_place_of_tables_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("cache.db");
        let made = Connection::open(&path).unwrap();
        made.execute_batch(
            "CREATE TABLE rss_feed (rssurl, url, title); CREATE TABLE kept (guid, title, flags, deleted);
             CREATE VIEW rss_item AS SELECT * FROM kept",
        )
        .unwrap();
        assert!(Newsboat::open(&path).is_err());
        made.execute_batch("DROP VIEW rss_item; ALTER TABLE kept RENAME TO rss_item").unwrap();
        assert!(Newsboat::open(&path).is_ok());
    }
}
