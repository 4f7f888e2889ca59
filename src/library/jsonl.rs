//! Export and import of the library as JSON Lines. An import adds and removes nothing, so importing twice has the
//! effect of importing once. `docs/library.md` describes the lines.

use std::io::{self, BufRead, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use chrono::{DateTime, SecondsFormat};
use rusqlite::{Row, Transaction, params};
use serde::{Deserialize, Serialize};

use super::database::Library;
use super::error::Result;
use super::feeds::duplicates::shown_id;
use super::feeds::subscribe::subscribe;
use super::marks::ArticleRecord;
use super::marks::writer::MarkWriter;
use super::schema::migrations::VERSION;
use super::searches::{read_searches, report, upsert_search};
use super::sessions::{FILTERS, SESSIONS};
use super::sqlite::rows;
use super::sqlite::values::{now, path_of, signed, unsigned};
use crate::article::ArticleId;
use crate::marks::{Change, MarkChange, ReadPosition, Tag};
use crate::query::SavedSearch;
use crate::subscriptions::{Credentials, ServerLogin, Subscription, feed_address};
use crate::text::write_json;

/// The result of an import.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ImportCounts {
    /// The number of articles, saved searches, sessions, filters and changes.
    pub lines: usize,
    /// Unreadable lines: number, from 1, and reason.
    pub problems: Vec<(usize, String)>,
}

/// One line.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
enum JsonLine {
    /// The first line.
    NewsdeskLibrary { version: usize },
    /// An article with its marks.
    Article {
        #[serde(flatten)]
        article: ArticleLine,
        read: Option<String>,
        starred: Option<String>,
        #[serde(default)]
        tags: Vec<String>,
        note: Option<String>,
        place_in_text: Option<(u32, u32)>,
    },
    /// An unsaved change of an article.
    Change {
        #[serde(flatten)]
        article: ArticleLine,
        change: Change,
    },
    /// A saved search.
    Search {
        name: String,
        query: String,
        key: Option<char>,
        colour: Option<String>,
        #[serde(default)]
        watch: bool,
        #[serde(default)]
        reported: Vec<String>,
    },
    /// A subscription.
    Feed {
        #[serde(flatten)]
        feed: Box<Subscription>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        user: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        password: Option<String>,
    },
    /// A session.
    Session { sources: String, session: String },
    /// An older filter.
    Filter { filter: String },
    /// A choice made in the program.
    Preference { key: String, value: String },
}

#[derive(Debug, Serialize, Deserialize)]
struct ArticleLine {
    id: String,
    headline: String,
    published: Option<String>,
    origin: String,
    place: String,
    /// The bytes of the place in hexadecimal digits, if they are not UTF-8.
    #[serde(skip_serializing_if = "Option::is_none")]
    place_bytes: Option<String>,
    ordinal: u32,
    content: String,
    length: usize,
}

impl ArticleLine {
    fn of(record: &ArticleRecord) -> ArticleLine {
        let bytes = record.place.as_os_str().as_encoded_bytes();
        let hex = || bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        ArticleLine {
            id: record.id.to_string(),
            headline: record.headline.clone(),
            published: record.published.clone(),
            origin: record.origin.to_owned(),
            place: record.place.to_string_lossy().into_owned(),
            place_bytes: record.place.to_str().is_none().then(hex),
            ordinal: record.ordinal,
            content: format!("{:016x}", record.content),
            length: record.length,
        }
    }

    fn into_record(self) -> std::result::Result<ArticleRecord, LineError> {
        let number = |text: &str| u64::from_str_radix(text, 16).map_err(|_| LineError::Identity(text.to_owned()));
        let origin = match self.origin.as_str() {
            "file" => "file",
            "bundled" => "bundled",
            "input" => "input",
            "feed" => "feed",
            _ => "",
        };
        Ok(ArticleRecord {
            id: ArticleId(number(&self.id)?),
            content: number(&self.content)?,
            length: self.length,
            origin,
            place: self.place_bytes.as_deref().and_then(path_from_hex).unwrap_or_else(|| self.place.into()),
            ordinal: self.ordinal,
            headline: self.headline,
            published: self.published,
        })
    }
}

fn path_from_hex(text: &str) -> Option<PathBuf> {
    let byte = |at: usize| u8::from_str_radix(text.get(at..at + 2)?, 16).ok();
    let bytes: Vec<u8> = (0..text.len()).step_by(2).map(byte).collect::<Option<_>>()?;
    Some(path_of(rusqlite::types::ValueRef::Blob(&bytes)))
}

/// Writes unsaved changes and searches, so that they can be imported later.
pub fn write_changes(
    changes: &[MarkChange],
    searches: &[SavedSearch],
    find_article: &mut dyn FnMut(ArticleId) -> Option<ArticleRecord>,
    out: &mut dyn Write,
) -> io::Result<()> {
    write_line(out, &JsonLine::NewsdeskLibrary { version: VERSION })?;
    for MarkChange { article, change } in changes {
        let nothing = || ArticleRecord {
            id: *article,
            content: 0,
            length: 0,
            origin: "",
            place: PathBuf::new(),
            ordinal: 0,
            headline: String::new(),
            published: None,
        };
        let article = ArticleLine::of(&find_article(*article).unwrap_or_else(nothing));
        write_line(out, &JsonLine::Change { article, change: change.clone() })?;
    }
    for SavedSearch { name, query, key, colour, watch } in searches.iter().cloned() {
        write_line(out, &JsonLine::Search { name, query, key, colour, watch, reported: Vec::new() })?;
    }
    out.flush()
}

fn write_line(mut out: &mut dyn Write, line: &JsonLine) -> io::Result<()> {
    write_json(&mut out, line)?;
    out.write_all(b"\n")
}

fn moment(seconds: Option<i64>) -> Option<String> {
    DateTime::from_timestamp(seconds?, 0).map(|moment| moment.to_rfc3339_opts(SecondsFormat::Secs, true))
}

fn seconds(moment: Option<&str>) -> std::result::Result<Option<i64>, LineError> {
    let read = |text: &str| DateTime::parse_from_rfc3339(text).map_err(|_| LineError::Time(text.to_owned()));
    Ok(moment.map(read).transpose()?.map(|moment| moment.timestamp()))
}

impl Library {
    /// Writes marks, searches, subscriptions and sessions in a stable order. Omits user names and passwords of feeds
    /// unless `with_credentials` is set.
    pub fn export(&mut self, out: &mut dyn Write, with_credentials: bool) -> Result<()> {
        let feeds = self.feeds()?;
        let searches = self.searches()?;
        let mut sessions = self.sessions()?;
        sessions.sort();
        let filters = self.filters()?;
        let preferences = self.preferences()?;
        write_line(out, &JsonLine::NewsdeskLibrary { version: VERSION })?;
        let transaction = self.connection.transaction()?;
        let sql =
            "SELECT id, headline, published, origin, place, ordinal, content, length, read_at, starred_at, part, byte,
                   (SELECT text FROM notes WHERE article = id) FROM articles ORDER BY place, ordinal, id";
        let mut statement = transaction.prepare(sql)?;
        let mut tags = transaction.prepare("SELECT tag FROM tags WHERE article = ?1 ORDER BY tag")?;
        let mut articles = statement.query([])?;
        while let Some(row) = articles.next()? {
            let Some(id) = rows::readable(row, "articles", row.get::<_, i64>(0))? else { continue };
            let tags: Vec<String> = rows::read(&mut tags, [id], "tags", |row| row.get(0))?;
            let note = rows::readable(row, "notes", row.get(12))?.flatten();
            let line = || -> rusqlite::Result<JsonLine> {
                Ok(JsonLine::Article {
                    article: article_line(row)?,
                    read: moment(row.get(8)?),
                    starred: moment(row.get(9)?),
                    tags,
                    note,
                    place_in_text: row.get::<_, Option<u32>>(10)?.zip(row.get(11)?),
                })
            };
            if let Some(line) = rows::readable(row, "articles", line())? {
                write_line(out, &line)?;
            }
        }
        for SavedSearch { name, query, key, colour, watch } in searches {
            let mut reported =
                transaction.prepare_cached("SELECT article FROM reported WHERE search = ?1 ORDER BY article")?;
            let id = |row: &Row<'_>| Ok(ArticleId(unsigned(row.get(0)?)).to_string());
            let reported = rows::read(&mut reported, [&name], "reported", id)?;
            write_line(out, &JsonLine::Search { name, query, key, colour, watch, reported })?;
        }
        for feed in feeds {
            let feed = Box::new(feed.subscription);
            let login = feed.login.as_ref().filter(|_| with_credentials);
            let user = login.map(|login| login.credentials.user.clone());
            let password = login.map(|login| login.credentials.password.clone());
            write_line(out, &JsonLine::Feed { feed, user, password })?;
        }
        for (sources, session) in sessions {
            write_line(out, &JsonLine::Session { sources, session })?;
        }
        for filter in filters {
            write_line(out, &JsonLine::Filter { filter })?;
        }
        for (key, value) in preferences {
            write_line(out, &JsonLine::Preference { key, value })?;
        }
        out.flush()?;
        Ok(())
    }

    /// Adds what [`export`](Self::export) or [`write_changes`] wrote, in one transaction. Existing searches, names,
    /// settings, logins and sessions stay as they are, and nothing existing is removed to make room.
    pub fn import(&mut self, lines: &mut dyn BufRead) -> Result<ImportCounts> {
        let reader = self.reader;
        self.write(|transaction, revision| {
            let mut imported = ImportCounts::default();
            let (mut later, mut feeds, mut filters) = (Vec::new(), Vec::new(), Vec::new());
            let (mut line, mut number) = (Vec::new(), 0);
            let mut writer = MarkWriter::new(transaction, revision)?;
            loop {
                line.clear();
                if lines.read_until(b'\n', &mut line)? == 0 {
                    break;
                }
                number += 1;
                if line.trim_ascii().is_empty() {
                    continue;
                }
                let read = serde_json::from_slice::<JsonLine>(&line).map_err(LineError::from);
                match read.and_then(parse_line) {
                    Ok(ImportedLine::Nothing) => {}
                    Ok(ImportedLine::Later(line)) => later.push((number, line)),
                    Ok(ImportedLine::Article(record, times, changes)) => {
                        imported.lines += 1;
                        import_article(&mut writer, transaction, *record, times, changes)?;
                    }
                    Err(error) => imported.problems.push((number, error.to_string())),
                }
            }
            let mut searches = read_searches(transaction)?;
            for (number, line) in later {
                imported.lines += 1;
                match *line {
                    JsonLine::Search { name, query, key, colour, watch, reported } => {
                        let search = SavedSearch { name, query, key, colour, watch };
                        let problem = import_search(transaction, revision, &mut searches, search, &reported)?;
                        imported.problems.extend(problem.map(|problem| (number, problem)));
                    }
                    JsonLine::Feed { mut feed, user, password } => {
                        // A file of an older version or another program may have credentials in the address.
                        let (url, login) = ServerLogin::split(&feed.url);
                        let given = user.map(|user| Credentials { user, password: password.unwrap_or_default() });
                        feed.login = given.map(|credentials| ServerLogin { url: url.clone(), credentials }).or(login);
                        feed.url = url;
                        feeds.push(*feed);
                    }
                    JsonLine::Session { sources, session } => {
                        let new = "INSERT OR IGNORE INTO sessions (sources, session, saved_at)
                            SELECT ?1, ?2, ?3 WHERE (SELECT count(*) FROM sessions) < ?4";
                        transaction.execute(new, params![sources, session, now(), SESSIONS])?;
                    }
                    JsonLine::Filter { filter } => filters.push(filter),
                    JsonLine::Preference { key, value } => {
                        let new = "INSERT OR IGNORE INTO preferences (key, value) VALUES (?1, ?2)";
                        transaction.execute(new, params![key, value])?;
                    }
                    JsonLine::NewsdeskLibrary { .. } | JsonLine::Article { .. } | JsonLine::Change { .. } => {}
                }
            }
            subscribe(transaction, revision, reader, &feeds, false)?;
            // The imported filters are older than the existing ones.
            for filter in filters.iter().rev() {
                let new = "INSERT OR IGNORE INTO history (position, filter)
                    SELECT (SELECT coalesce(min(position), 1) - 1 FROM history), ?1
                    WHERE (SELECT count(*) FROM history) < ?2";
                transaction.execute(new, params![filter, FILTERS])?;
            }
            imported.problems.sort();
            Ok(imported)
        })
    }
}

/// The maximum number of saved searches after an import.
const MAX_SEARCHES: usize = 1_000;

/// The maximum length of an imported query, in bytes.
const MAX_QUERY_LENGTH: usize = 4 << 10;

/// Adds a search to `all` unless its name is taken, without its key if another search has it. Returns a problem if
/// something was omitted.
fn import_search(
    transaction: &Transaction<'_>,
    revision: i64,
    all: &mut Vec<SavedSearch>,
    mut search: SavedSearch,
    reported: &[String],
) -> Result<Option<String>> {
    let name = search.name.clone();
    let there = all.iter().find(|there| there.name == name);
    if there.is_some_and(|there| there.query != search.query) {
        return Ok(Some(format!("another saved search is named \"{name}\" already; this one was left out")));
    }
    if there.is_none() && (all.len() >= MAX_SEARCHES || search.query.len() > MAX_QUERY_LENGTH) {
        return Ok(Some(format!(
            "there are {MAX_SEARCHES} saved searches already, or the query of \"{name}\" has more than {MAX_QUERY_LENGTH} bytes; it was left out"
        )));
    }
    let mut problem = None;
    if there.is_none() {
        let holder = all.iter().find(|there| there.key.is_some() && there.key == search.key);
        if let Some((holder, key)) = holder.zip(search.key) {
            problem = Some(format!("'{key} runs \"{}\" already; \"{name}\" was added without a key", holder.name));
            search.key = None;
        }
        upsert_search(transaction, &search, revision)?;
        all.push(search);
    }
    let ids: Vec<ArticleId> =
        reported.iter().filter_map(|id| u64::from_str_radix(id, 16).ok().map(ArticleId)).collect();
    report(transaction, &name, &ids)?;
    Ok(problem)
}

/// The action for a line.
enum ImportedLine {
    Nothing,
    Later(Box<JsonLine>),
    /// An article, the times when it was read and starred, and its other changes.
    Article(Box<ArticleRecord>, [Option<i64>; 2], Vec<Change>),
}

/// Why a line cannot be imported.
#[derive(Debug, thiserror::Error)]
enum LineError {
    #[error("{0}")]
    Json(#[from] serde_json::Error),
    #[error("\"{0}\" is not an identity")]
    Identity(String),
    #[error("\"{0}\" is not a time")]
    Time(String),
    #[error("the file is of a newer newsdesk (version {0}); data that this version does not know is left out")]
    Newer(usize),
    #[error("not the address of a feed")]
    FeedAddress,
}

fn parse_line(line: JsonLine) -> std::result::Result<ImportedLine, LineError> {
    Ok(match line {
        JsonLine::NewsdeskLibrary { version } if version > VERSION => {
            return Err(LineError::Newer(version));
        }
        JsonLine::NewsdeskLibrary { .. } => ImportedLine::Nothing,
        JsonLine::Article { article, read, starred, tags, note, place_in_text } => {
            let times = [seconds(read.as_deref())?, seconds(starred.as_deref())?];
            let flags = [times[0].map(|_| Change::Read(true)), times[1].map(|_| Change::Starred(true))];
            let tags = tags.iter().filter_map(|tag| Some(Change::Tagged(Tag::new(tag)?, true)));
            let note = note
                .filter(|note| !note.is_empty())
                .map(|note| Change::Note { text: note.into(), was: Arc::default() });
            let place = place_in_text.map(|(part, byte)| Change::Place(Some(ReadPosition { part, byte })));
            let changes = flags.into_iter().flatten().chain(tags).chain(note).chain(place).collect();
            ImportedLine::Article(Box::new(article.into_record()?), times, changes)
        }
        JsonLine::Change { article, change } => {
            ImportedLine::Article(Box::new(article.into_record()?), [None; 2], vec![change])
        }
        JsonLine::Feed { ref feed, .. } if feed_address(&feed.url).is_none() => {
            return Err(LineError::FeedAddress);
        }
        JsonLine::Search { .. }
        | JsonLine::Feed { .. }
        | JsonLine::Session { .. }
        | JsonLine::Filter { .. }
        | JsonLine::Preference { .. } => ImportedLine::Later(Box::new(line)),
    })
}

/// Adds an article, or its marks if it exists. Marks of a duplicate entry go to the entry that is shown.
fn import_article(
    writer: &mut MarkWriter<'_>,
    transaction: &Transaction<'_>,
    record: ArticleRecord,
    times: [Option<i64>; 2],
    changes: Vec<Change>,
) -> Result<()> {
    let shown = ArticleId(unsigned(shown_id(transaction, signed(record.id.0))?));
    let article = writer.row_of(&ArticleRecord { id: shown, ..record.clone() })?;
    let id = signed(article.0);
    let mut statement = transaction.prepare_cached("SELECT part, read_at, starred_at FROM articles WHERE id = ?1")?;
    let mut found = statement.query([id])?;
    let there = match found.next()? {
        // An unreadable row exists too.
        Some(row) => Some(rows::readable(row, "articles", before(row))?.unwrap_or_default()),
        None => None,
    };
    if there.is_none() {
        writer.insert(article, Some(record))?;
    }
    let (place, read, starred) = there.unwrap_or_default();
    for change in changes {
        let is_so = matches!(&change, Change::Place(_) if place.is_some())
            || matches!(&change, Change::Starred(true) if starred.is_some());
        if !is_so {
            writer.apply(&MarkChange { article, change }, &mut |_| None)?;
        }
    }
    for (column, before, time) in [("read_at", read, times[0]), ("starred_at", starred, times[1])] {
        if before.is_none() && time.is_some() {
            transaction.execute(&format!("UPDATE articles SET {column} = ?2 WHERE id = ?1"), params![id, time])?;
        }
    }
    Ok(())
}

/// Returns the changes and times of an imported article.
type TimesBefore = (Option<u32>, Option<i64>, Option<i64>);

fn before(row: &Row<'_>) -> rusqlite::Result<TimesBefore> {
    Ok((row.get(0)?, row.get(1)?, row.get(2)?))
}

fn article_line(row: &Row<'_>) -> rusqlite::Result<ArticleLine> {
    let place = path_of(row.get_ref(4)?);
    let is_text = |path: &Path| path.to_str().is_some();
    let hex = || place.as_os_str().as_encoded_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(ArticleLine {
        id: ArticleId(unsigned(row.get(0)?)).to_string(),
        headline: row.get(1)?,
        published: row.get(2)?,
        origin: row.get(3)?,
        place_bytes: (!is_text(&place)).then(hex),
        place: place.to_string_lossy().into_owned(),
        ordinal: row.get(5)?,
        content: format!("{:016x}", unsigned(row.get(6)?)),
        length: usize::try_from(row.get::<_, i64>(7)?).unwrap_or(0),
    })
}
