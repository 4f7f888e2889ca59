//! Feeds: RSS, Atom, CDF and JSON Feed. Broken feeds are read as far as possible.
//!
//! `tree` parses XML tolerantly, `reader` interprets it, and `articles` turns entries into drafts. No content is
//! fetched, expansion of nested entities is disabled, and all HTML is sanitized.

mod articles;
pub(super) mod date;
mod entities;
mod json;
mod json_feed;
mod model;
mod namespace;
mod persons;
mod reader;
mod text;
mod tree;
mod version;

pub use articles::{FeedArticle, FeedKey, feed_articles};
pub use model::{
    Feed, FeedCategory, FeedDate, FeedEntry, FeedGenerator, FeedImage, FeedLink, FeedMeta, FeedPerson, FeedText,
    FeedVersion,
};

pub use date::parse as parse_date;
pub use entities::resolve_entities;

use super::encoding::decode_as;
use super::format::{Confidence, FileHint, ParsedFile, SourceFormat};
use crate::article::{ReadError, Warning};

/// Maximum number of bytes in which the start of a feed is searched.
const START_LENGTH: usize = 8 * 1024;

/// Information about a feed besides its bytes.
#[derive(Clone, Copy, Debug, Default)]
pub struct FeedOptions<'a> {
    /// The address that the feed was fetched from; the base for relative addresses.
    pub base: Option<&'a str>,
    /// The `Content-Type` of the response.
    pub content_type: Option<&'a str>,
}

/// Reads a feed.
///
/// A feed that is not well-formed is read as far as possible and has [`warnings`](Feed::warnings).
///
/// # Errors
///
/// Returns an error if the bytes are not text or not a feed.
pub fn parse_feed(bytes: &[u8], options: &FeedOptions<'_>) -> Result<Feed, ReadError> {
    let decoded = decode_as(bytes, options.content_type)?;
    let mut feed = read(decoded.text(), options.base)?;
    feed.budget.check()?;
    feed.warnings.extend(feed.budget.warnings());
    decoded.encoding().clone_into(&mut feed.encoding);
    feed.warnings.splice(0..0, decoded.warning());
    Ok(feed)
}

/// Maximum number of entries, or of JSON objects. While they are read, short ones take a hundred times their size: 60
/// MB of them took 11 GB.
const MAX_OBJECTS: usize = 400_000;

/// Parses the feed in a text.
fn read(text: &str, base: Option<&str>) -> Result<Feed, ReadError> {
    let is_json = text.trim_start().starts_with('{');
    if let Some(what) = too_many(text, is_json) {
        return Err(ReadError::NoFeed(format!(" that can be read: it has more than {what}")));
    }
    if is_json {
        return json_feed::read(text, base);
    }
    let tree = tree::parse(text, base);
    tree.budget.check()?;
    let mut feed = reader::read(&tree).ok_or_else(|| ReadError::NoFeed(String::new()))?;
    feed.budget = tree.budget;
    if let Some((line, mistake)) = tree.mistake {
        feed.warnings.push(Warning {
            line: Some(line),
            cause: format!("the feed is not well-formed: {mistake}"),
            consequence: "it is read as far as possible".to_owned(),
        });
    }
    Ok(feed)
}

/// Returns which parts of a feed are too many, if any.
fn too_many(text: &str, is_json: bool) -> Option<String> {
    // A shorter text cannot have that many.
    if text.len() <= MAX_OBJECTS {
        return None;
    }
    let found = |sign: u8| memchr::memchr_iter(sign, text.as_bytes());
    if is_json {
        return (found(b'{').nth(MAX_OBJECTS).is_some()).then(|| format!("{MAX_OBJECTS} objects"));
    }
    if found(b'<').nth(tree::MAX_PIECES).is_some() {
        return Some(format!("{} tags", tree::MAX_PIECES));
    }
    let is_entry = |at: &usize| {
        let tag = text.as_bytes().get(at + 1..).unwrap_or_default();
        let tag = tag.get(..40).unwrap_or(tag);
        let name =
            tag.split(|byte| byte.is_ascii_whitespace() || matches!(byte, b'>' | b'/')).next().unwrap_or_default();
        let name = name.rsplit(|byte| *byte == b':').next().unwrap_or_default();
        name.eq_ignore_ascii_case(b"item") || name.eq_ignore_ascii_case(b"entry")
    };
    (found(b'<').filter(is_entry).nth(MAX_OBJECTS).is_some()).then(|| format!("{MAX_OBJECTS} entries"))
}

pub(super) struct FeedFile;

impl SourceFormat for FeedFile {
    fn name(&self) -> &'static str {
        "feed"
    }

    fn detect(&self, hint: &FileHint<'_>, text: &str) -> Confidence {
        let is_named = hint.has_extension(&["rss", "atom", "rdf", "xml", "cdf"]);
        if begins_as_feed(text, is_named) || json_feed::is_likely(text) {
            Confidence::Content
        } else {
            Confidence::None
        }
    }

    fn parse<'a>(&self, _hint: &FileHint<'_>, text: &'a str, found: &mut ParsedFile<'a>) {
        let mut feed = match read(text, None) {
            Ok(feed) => feed,
            Err(error) => return found.warnings.push(Warning::from(&error)),
        };
        found.warnings.append(&mut feed.warnings);
        if feed.entries.is_empty() {
            found.warnings.push(Warning {
                line: None,
                cause: "the feed has no entries".to_owned(),
                consequence: "no article is shown".to_owned(),
            });
        }
        articles::drafts(&feed, found);
        found.budget = feed.budget;
    }
}

/// Returns whether a text begins with a root element of feeds, after declarations and comments. In a file with the
/// extension of a feed, other content may come first, such as the error messages of a server.
fn begins_as_feed(text: &str, is_named: bool) -> bool {
    let mut front = text.len().min(START_LENGTH);
    while !text.is_char_boundary(front) {
        front -= 1;
    }
    let mut rest = text.get(..front).unwrap_or("").trim_start();
    if !is_named && !rest.starts_with('<') {
        return false;
    }
    while let Some(at) = rest.find('<') {
        if at > 0 && !is_named && !rest.get(..at).unwrap_or("").trim().is_empty() {
            return false;
        }
        let tag = rest.get(at + 1..).unwrap_or("");
        let end = if tag.starts_with("!--") {
            "-->"
        } else if tag.starts_with("!DOCTYPE") && tag.find('[').is_some_and(|at| Some(at) < tag.find('>')) {
            "]"
        } else {
            ">"
        };
        if !tag.starts_with(['!', '?']) {
            let name = tag.split(|c: char| c.is_whitespace() || matches!(c, '>' | '/')).next().unwrap_or("");
            let name = name.rsplit(':').next().unwrap_or("").to_ascii_lowercase();
            match name.as_str() {
                "rss" | "feed" => return true,
                "entry" => return text.contains("w3.org/2005/Atom") || text.contains("purl.org/atom/ns#"),
                // RDF is also used for other things, and `channel` for other things than CDF.
                "rdf" => return text.contains("purl.org/rss/") || text.contains("netscape.com/rdf"),
                "channel" => return is_named || text.contains("<ITEM") || text.contains("<item"),
                _ if !is_named => return false,
                _ => {}
            }
        }
        rest = tag.split_once(end).map_or("", |(_, rest)| rest);
    }
    false
}
