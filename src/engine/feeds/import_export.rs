//! Imports and exports subscriptions: OPML, and newsboat's files.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::{fmt, fs, io};

use crate::article::Problem;
use crate::article::Role;
use crate::formats::decode;
use crate::library::feeds::{FetchOutcome, FetchResult, ImportedMark, ParsedFeed, PreparedEntry};
use crate::library::{Error, FetchStatus, KnownFeed, Library, Newsboat, NewsboatEntry, SubscribeCounts, owner_only};
use crate::marks::{Change, Tag};
use crate::query::SavedSearch;
use crate::subscriptions::{Credentials, Subscription, newsboat, opml, redact, same_address};
use crate::text::format::counted;

/// The result of an import.
#[derive(Debug, Default)]
pub struct ImportReport {
    /// The number of new and changed subscriptions.
    pub subscribed: SubscribeCounts,
    /// The number of saved searches.
    pub searches: usize,
    /// The number of imported entries.
    pub entries: usize,
    /// The number of feeds whose user name and password were left out.
    pub logins: usize,
    /// The number of feeds for which the file asks to fetch whole articles. Only the reader turns that on.
    pub full_text: usize,
    /// The parts of the file that could not be imported.
    pub problems: Vec<Problem>,
}

impl ImportReport {
    /// Describes the result in one sentence.
    pub fn summary(&self) -> String {
        let SubscribeCounts { new, changed, same } = self.subscribed;
        let mut sentence = format!("{} new", counted(new as u64, "feed", "feeds"));
        for (count, what) in [(changed, "took names or tags"), (same, "were there")] {
            if count > 0 {
                sentence = format!("{sentence}, {count} {what}");
            }
        }
        for (count, one, several) in
            [(self.entries, "entry", "entries"), (self.searches, "saved search", "saved searches")]
        {
            if count > 0 {
                sentence = format!("{sentence}, {}", counted(count as u64, one, several));
            }
        }
        if self.logins > 0 {
            let logins = counted(self.logins as u64, "login", "logins");
            sentence = format!("{sentence}; {logins} left out, --with-credentials uses them");
        }
        if self.full_text > 0 {
            let feeds = counted(self.full_text as u64, "feed asks", "feeds ask");
            sentence = format!("{sentence}; {feeds} for whole articles, `feed set NAME --full-text true` fetches them");
        }
        if self.problems.is_empty() {
            sentence
        } else {
            format!("{sentence}; {}", counted(self.problems.len() as u64, "problem", "problems"))
        }
    }
}

/// The maximum number of newsboat queries that one import saves as searches.
const MOST_SEARCHES: usize = 200;

/// The maximum length of an imported query, in bytes.
const LONGEST_QUERY: usize = 4096;

/// Imports the subscriptions in the file at `path`. User names and passwords in its addresses are only used if
/// `with_credentials` is set: a file from a stranger must not make the reader log in anywhere.
///
/// # Errors
///
/// Returns an error if the file cannot be read or holds no subscriptions, or if the library cannot be written.
pub fn import(library: &mut Library, path: &Path, with_credentials: bool) -> io::Result<ImportReport> {
    let fail = |error: &dyn fmt::Display| io::Error::other(format!("{}: {error}", path.display()));
    let bytes = fs::read(path).map_err(|error| fail(&error))?;
    let decoded = decode(&bytes).map_err(|error| fail(&error))?;
    let problem = |cause: &str, consequence: &str| Problem::new(path, redact(cause), consequence);
    let problem_at = |(line, cause, consequence): (u32, String, String)| {
        let problem = problem(&cause, &consequence);
        if line > 0 { problem.at(line) } else { problem }
    };
    let library_error = |error: Error| fail(&error);
    if let Some(mut found) = opml::read(decoded.text()) {
        let mut imported = restrained(library, &mut found.subscriptions, with_credentials).map_err(library_error)?;
        imported.problems = found.problems.into_iter().map(problem_at).collect();
        imported.subscribed = library.subscribe(&found.subscriptions).map_err(library_error)?;
        return Ok(imported);
    }
    let mut found =
        newsboat::read(decoded.text()).ok_or_else(|| fail(&"this is neither OPML nor newsboat's list of feeds"))?;
    let mut imported = restrained(library, &mut found.subscriptions, with_credentials).map_err(library_error)?;
    imported.problems = found.problems.into_iter().map(problem_at).collect();
    imported.subscribed = library.subscribe(&found.subscriptions).map_err(library_error)?;
    let known: HashSet<String> =
        library.searches().map_err(library_error)?.into_iter().map(|search| search.name).collect();
    let (mut searches, mut new) = (Vec::new(), 0);
    for (name, query) in found.searches {
        if name.len().max(query.len()) > LONGEST_QUERY {
            let cause = format!("a query is longer than {LONGEST_QUERY} bytes");
            imported.problems.push(problem(&cause, "newsboat's query is left out"));
            continue;
        }
        new += usize::from(!known.contains(&name));
        if new > MOST_SEARCHES {
            let cause = format!("the file has more than {MOST_SEARCHES} new queries");
            imported.problems.push(problem(&cause, "the others are left out"));
            break;
        }
        searches.push(SavedSearch { name, query, ..SavedSearch::default() });
    }
    imported.searches = searches.len();
    for (search, there) in library.add_searches(searches).map_err(library_error)? {
        imported.searches -= 1;
        if search.query != there.query {
            let cause = format!("there is a saved search \"{}\" already", search.name);
            imported.problems.push(problem(&cause, "newsboat's query is left out"));
        }
    }
    if let Some(cache) = cache_of(path) {
        match copy_entries(library, &cache, &found.subscriptions) {
            Ok(entries) => imported.entries = entries,
            Err(error) => {
                let consequence = "the feeds are imported, but not their entries";
                imported.problems.push(Problem::new(cache, error.to_string(), consequence).failure());
            }
        }
    }
    Ok(imported)
}

/// Removes what only the reader decides: fetching whole articles and, unless `with_credentials` is set, logins. Counts
/// both, except for feeds that have them already.
fn restrained(
    library: &Library,
    subscriptions: &mut [Subscription],
    with_credentials: bool,
) -> Result<ImportReport, Error> {
    let feeds = library.feeds()?;
    let known: HashMap<String, &Subscription> =
        feeds.iter().map(|feed| (same_address(&feed.subscription.url), &feed.subscription)).collect();
    let mut imported = ImportReport::default();
    for subscription in subscriptions {
        let known = known.get(&same_address(&subscription.url));
        if std::mem::take(&mut subscription.full_text) && known.is_none_or(|known| !known.full_text) {
            imported.full_text += 1;
        }
        if !with_credentials && subscription.login.take().is_some() && known.is_none_or(|known| known.login.is_none()) {
            imported.logins += 1;
        }
    }
    Ok(imported)
}

/// Returns the path of newsboat's cache with the entries of the feeds in the file at `urls`.
fn cache_of(urls: &Path) -> Option<PathBuf> {
    let beside = urls.with_file_name("cache.db");
    let usual = || directories::BaseDirs::new().map(|folders| folders.data_local_dir().join("newsboat/cache.db"));
    let is_usual = urls.parent().is_some_and(|folder| folder.ends_with("newsboat") || folder.ends_with(".newsboat"));
    let elsewhere = if is_usual { usual() } else { None };
    std::iter::once(beside).chain(elsewhere).find(|path| path.is_file())
}

/// Imports the entries in newsboat's cache, feed by feed, with their read marks and flags.
fn copy_entries(library: &mut Library, cache: &Path, subscriptions: &[Subscription]) -> Result<usize, Error> {
    let newsboat = Newsboat::open(cache)?;
    // newsboat stores feeds by addresses with credentials.
    let written: HashMap<String, String> =
        newsboat.addresses()?.into_iter().map(|url| (Credentials::split(&url).0, url)).collect();
    let wanted: HashSet<&str> = subscriptions.iter().map(|subscription| subscription.url.as_str()).collect();
    let mut copied = 0;
    for feed in library.feeds()? {
        let url = feed.subscription.url.as_str();
        let Some(in_cache) = written.get(url).filter(|_| wanted.contains(url)) else { continue };
        let (mut articles, mut done) = (Vec::new(), Vec::new());
        for NewsboatEntry { article, is_read, flags } in newsboat.entries(in_cache)? {
            done.push((article.draft.text(Role::Headline).to_owned(), is_read, flags));
            articles.push(article);
        }
        let entries = PreparedEntry::of_document(&feed, feed.subscription.page.as_deref(), articles);
        let entries: Vec<PreparedEntry> = entries.into_iter().map(PreparedEntry::imported).collect();
        let document = ParsedFeed { title: newsboat.title(in_cache)?, entries, ..ParsedFeed::default() };
        let outcome = FetchOutcome::Import(Box::new(document));
        let (health, merge) = (FetchStatus::default(), true);
        let delivery = FetchResult { feed: feed.number, version: feed.version, health, moved_to: None, merge, outcome };
        let stored = library.store(&[delivery])?.pop().unwrap_or_default();
        copied += stored.new.len();
        let mut marks = Vec::new();
        for (id, (headline, is_read, flags)) in stored.ids.into_iter().zip(done) {
            let Some(id) = id else { continue };
            let tags = flags.chars().filter_map(|flag| Tag::new(flag.encode_utf8(&mut [0; 4])));
            let mut changes: Vec<Change> = tags.map(|tag| Change::Tagged(tag, true)).collect();
            if is_read {
                changes.push(Change::Read(true));
            }
            if !changes.is_empty() {
                marks.push(ImportedMark { id, headline, changes });
            }
        }
        library.import_marks(url, marks)?;
    }
    Ok(copied)
}

/// Returns the subscriptions as OPML, with user names and passwords in the addresses if `with_credentials` is set.
pub fn to_opml(feeds: Vec<KnownFeed>, with_credentials: bool) -> String {
    let subscriptions: Vec<Subscription> = feeds
        .into_iter()
        .map(|feed| match &feed.subscription.login {
            Some(login) if with_credentials => {
                Subscription { url: login.credentials.join(&feed.subscription.url), ..feed.subscription }
            }
            _ => feed.subscription,
        })
        .collect();
    opml::write(&subscriptions)
}

/// Writes the subscriptions as OPML to a new file. With credentials, only its owner can read it. Returns the number of
/// subscriptions.
///
/// # Errors
///
/// Returns an error with the file's name if the file exists or cannot be written, or the library cannot be read.
pub fn export(library: &Library, path: &Path, with_credentials: bool) -> io::Result<usize> {
    let fail = |error: &dyn fmt::Display| io::Error::other(format!("{}: {error}", path.display()));
    let feeds = library.feeds().map_err(|error| fail(&error))?;
    let count = feeds.len();
    let file = if with_credentials { owner_only::new_file(path) } else { fs::File::create_new(path) };
    let mut file = file.map_err(|error| fail(&error))?;
    io::Write::write_all(&mut file, to_opml(feeds, with_credentials).as_bytes())?;
    file.sync_all()?;
    Ok(count)
}
