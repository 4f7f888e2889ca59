//! Turns the bytes of a file into drafts of articles: decodes them, detects the format and parses it.
//!
//! This layer knows neither the terminal nor the corpus nor the file system. A new format is one file here and one row
//! of [`FORMATS`].

mod address;
mod budget;
mod date;
mod encoding;
mod feed;
mod format;
mod headline;
mod html;
mod markdown;
mod plain;
mod reflow;
mod wire;

use crate::article::Warning;

use headline::limit_headline;

pub use address::canonical as canonical_address;
pub use budget::Budget;
pub use encoding::{Decoded, decode};
pub use feed::{
    Feed, FeedArticle, FeedCategory, FeedDate, FeedEntry, FeedGenerator, FeedImage, FeedKey, FeedLink, FeedMeta,
    FeedOptions, FeedPerson, FeedText, FeedVersion, feed_articles, parse_date as parse_feed_date, parse_feed,
    resolve_entities,
};
pub use format::{Confidence, FileHint, ParsedFile, SourceFormat};
pub use html::{PageFeed, feeds_of_page, page_article};

/// The version of what parsing and folding make of a file. Snapshots of another version are not used.
///
/// Raise it whenever an article comes out different: `parser_version_matches_the_articles` fails until then. The
/// first version is the number that the snapshots of newsdesk 0.1 contain.
pub const PARSER_VERSION: u64 = 15_514_402_302_005_745_474;

/// All formats, in the order of detection. The last one accepts any text.
pub static FORMATS: &[&dyn SourceFormat] =
    &[&wire::Wire, &markdown::Markdown, &feed::FeedFile, &html::Html, &plain::PlainText];

/// Returns whether the content of a text shows its format. Other texts are parsed as plain text.
pub fn is_recognised(decoded: &Decoded<'_>, hint: &FileHint<'_>) -> bool {
    choose(decoded.text(), hint).is_some_and(|(_, confidence)| confidence == Confidence::Content)
}

/// Returns the format of a text and how certain it is.
fn choose(text: &str, hint: &FileHint<'_>) -> Option<(&'static dyn SourceFormat, Confidence)> {
    let mut best: Option<(&dyn SourceFormat, Confidence)> = None;
    for format in FORMATS {
        let confidence = format.detect(hint, text);
        if best.is_none_or(|(_, before)| confidence > before) {
            best = Some((*format, confidence));
        }
        if confidence == Confidence::Content {
            break;
        }
    }
    best
}

/// Detects the format of a decoded text and parses it.
pub fn read<'a>(decoded: &'a Decoded<'_>, hint: &FileHint<'_>) -> ParsedFile<'a> {
    let text = decoded.text();
    let budget = Budget::of(text.len());
    let mut reading = ParsedFile { warnings: decoded.warning().into_iter().collect(), budget, ..ParsedFile::default() };
    if let Some((format, _)) = choose(text, hint) {
        reading.format = format.name();
        format.parse(hint, text, &mut reading);
    }
    reading.warnings.extend(reading.budget.warnings());
    if let Err(error) = reading.budget.check() {
        reading.drafts.clear();
        reading.keys.clear();
        reading.warnings.push(Warning::from(&error));
    }
    reading.drafts.iter_mut().for_each(limit_headline);
    reading
}
