//! What newsboat keeps in its `cache.db`, which is only ever read.

use std::path::Path;

use rusqlite::Connection;

use super::{Result, database};
use crate::article::Published;
use crate::loader::{
    Feed, FeedArticle, FeedDate, FeedEntry, FeedHead, FeedLink, FeedPerson, FeedText, feed_articles, parse_feed_date,
};

/// newsboat's cache, open to be read.
#[derive(Debug)]
pub struct Newsboat(Connection);

/// An entry of newsboat's.
#[derive(Debug)]
pub struct NewsboatEntry {
    /// The entry.
    pub article: FeedArticle,
    /// Whether it was read, or deleted.
    pub is_read: bool,
    /// The letters that it is flagged with.
    pub flags: String,
}

impl Newsboat {
    /// Opens the cache at `path`.
    ///
    /// # Errors
    ///
    /// It is no such cache, or newsboat is writing it.
    pub fn open(path: &Path) -> Result<Newsboat> {
        let connection = database::open_to_read(path)?;
        connection.prepare("SELECT guid, title, flags, deleted FROM rss_item LIMIT 1")?;
        Ok(Newsboat(connection))
    }

    /// Returns the addresses of all feeds, as newsboat knows them.
    pub fn addresses(&self) -> Result<Vec<String>> {
        let mut statement = self.0.prepare("SELECT rssurl FROM rss_feed UNION SELECT feedurl FROM rss_item")?;
        Ok(statement.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?)
    }

    /// What the feed at `url` calls itself.
    pub fn title(&self, url: &str) -> Result<String> {
        let mut statement = self.0.prepare_cached("SELECT title FROM rss_feed WHERE rssurl = ?1")?;
        let mut rows = statement.query([url])?;
        Ok(rows.next()?.map(|row| row.get(0)).transpose()?.unwrap_or_default())
    }

    /// Returns the entries of the feed at `url`, the latest first, as a feed lists them.
    pub fn entries(&self, url: &str) -> Result<Vec<NewsboatEntry>> {
        let entries = "SELECT guid, title, author, url, pubDate, content, unread, enclosure_url, enclosure_type,
            coalesce(flags, ''), deleted FROM rss_item WHERE feedurl = ?1 ORDER BY id DESC";
        let mut statement = self.0.prepare_cached(entries)?;
        let mut rows = statement.query([url])?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            let text = |column: usize| row.get::<_, Option<String>>(column).map(Option::unwrap_or_default);
            let (title, author, content, enclosure) = (text(1)?, text(2)?, text(5)?, text(7)?);
            let html = |value: String| FeedText { value, is_html: true, ..FeedText::default() };
            let person = FeedPerson { name: author.clone(), ..FeedPerson::default() };
            let enclosure = FeedLink { href: enclosure, media_type: text(8)?, ..FeedLink::default() };
            let moment = Published::from_seconds(row.get(4)?, Some(0));
            let (guid, link) = (text(0)?, text(3)?);
            // Here the link alone tells which it is.
            let is_own = !is_made_up(&guid, &link, moment);
            let entry = FeedEntry {
                head: FeedHead {
                    id: Some(guid).filter(|_| is_own),
                    title: Some(FeedText { value: title, ..FeedText::default() }),
                    link: Some(link),
                    authors: if author.is_empty() { Vec::new() } else { vec![person] },
                    published: Some(FeedDate { raw: String::new(), moment }),
                    ..FeedHead::default()
                },
                content: vec![html(content)],
                enclosures: if enclosure.href.is_empty() { Vec::new() } else { vec![enclosure] },
                ..FeedEntry::default()
            };
            let feed = Feed { entries: vec![entry], ..Feed::default() };
            let (unread, deleted): (bool, bool) = (row.get(6)?, row.get(10)?);
            let flags = text(9)?;
            let articles = feed_articles(&feed, &mut Vec::new()).into_iter();
            found.extend(articles.map(|article| NewsboatEntry {
                article,
                is_read: !unread || deleted,
                flags: flags.clone(),
            }));
        }
        Ok(found)
    }
}

/// Whether a `guid` is what newsboat (2.21) makes up for an entry without one: its link and its date, both as the
/// feed writes them, one after the other. A date without a time could as well be the end of an address, and is none here.
fn is_made_up(guid: &str, link: &str, published: Option<Published>) -> bool {
    const DAY: u64 = 24 * 60 * 60;
    // The link is kept in full, and may be written without its host.
    let path = link.split_once("://").and_then(|(_, rest)| rest.find('/').and_then(|at| rest.get(at..)));
    let ways = [Some(link), path, path.and_then(|path| path.get(1..))];
    ways.into_iter().flatten().filter(|way| !way.is_empty()).any(|way| {
        let date = guid.strip_prefix(way).filter(|date| date.contains(':')).and_then(parse_feed_date);
        // Zones are read in more than one way.
        date.zip(published).is_some_and(|(date, kept)| date.seconds().abs_diff(kept.seconds()) <= DAY)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_guid_is_made_up_where_it_is_the_link_and_the_date_and_nowhere_else() {
        // What newsboat 2.21 made of entries without a guid.
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

    #[test]
    fn a_view_in_place_of_the_entries_is_not_looked_through() {
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
