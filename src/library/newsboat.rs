//! What newsboat keeps in its `cache.db`, which is only ever read.

use std::path::Path;

use rusqlite::{Connection, OpenFlags};

use super::Result;
use crate::article::Published;
use crate::loader::{Feed, FeedArticle, FeedDate, FeedEntry, FeedHead, FeedLink, FeedPerson, FeedText, feed_articles};

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
        let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        connection.busy_timeout(super::PATIENCE)?;
        connection.prepare("SELECT guid, title, flags, deleted FROM rss_item LIMIT 1")?;
        Ok(Newsboat(connection))
    }

    /// What the feed at `url` calls itself.
    pub fn title(&self, url: &str) -> Result<String> {
        let mut statement = self.0.prepare_cached("SELECT title FROM rss_feed WHERE rssurl = ?1")?;
        let mut rows = statement.query([url])?;
        Ok(rows.next()?.map(|row| row.get(0)).transpose()?.unwrap_or_default())
    }

    /// The entries of the feed at `url`.
    pub fn entries(&self, url: &str) -> Result<Vec<NewsboatEntry>> {
        let entries = "SELECT guid, title, author, url, pubDate, content, unread, enclosure_url, enclosure_type,
            coalesce(flags, ''), deleted FROM rss_item WHERE feedurl = ?1 ORDER BY id";
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
            // An entry that names none has one of its link and its date there; here its link alone tells which it is.
            let is_own = link.is_empty() || guid == link || !guid.starts_with(&link);
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
