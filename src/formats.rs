//! Source formats: decodes the bytes of a file, detects the format, and parses it to drafts and warnings.
//!
//! This module knows neither the terminal nor the corpus nor the file system. A new format is one file here and one row of
//! [`FORMATS`].

mod address;
mod budget;
mod date;
mod encoding;
mod feed;
mod html;
mod markdown;
mod plain;
mod reflow;
mod wire;

use crate::article::Warning;

use crate::article::{BlockKind, Draft, DraftPart, Role};

pub use address::canonical as canonical_address;
pub use budget::Budget;
pub use encoding::{Decoded, decode};
pub use feed::{
    Feed, FeedArticle, FeedCategory, FeedDate, FeedEntry, FeedGenerator, FeedImage, FeedKey, FeedLink, FeedMeta,
    FeedOptions, FeedPerson, FeedText, FeedVersion, feed_articles, parse_date as parse_feed_date, parse_feed,
    resolve_entities,
};
pub use html::{PageFeed, feeds_of_page, page_article};

/// All formats, in the order of detection. The last one accepts any text.
pub static FORMATS: &[&dyn SourceFormat] =
    &[&wire::Wire, &markdown::Markdown, &feed::FeedFile, &html::Html, &plain::PlainText];

/// A source format of articles.
pub trait SourceFormat: Sync {
    /// Returns the short name, as `newsdesk check` and JSON show it.
    fn name(&self) -> &'static str;

    /// Returns the confidence that `text` has this format.
    fn recognise(&self, hint: &FileHint<'_>, text: &str) -> Confidence;

    /// Parses the articles of `text` into `found`. Parsing never fails: unrecognised text becomes body, and errors become
    /// warnings.
    fn parse<'a>(&self, hint: &FileHint<'_>, text: &'a str, found: &mut ParsedFile<'a>);
}

/// The confidence of a format. Content counts more than the file extension.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Confidence {
    /// It is not this format.
    None,
    /// The file has an extension of this format.
    Ending,
    /// The content shows it.
    Content,
}

/// Information about a file besides its text.
#[derive(Clone, Copy, Debug, Default)]
pub struct FileHint<'a> {
    /// The file's name without its folder; empty for standard input.
    pub file_name: &'a str,
}

impl FileHint<'_> {
    /// Returns whether the file has one of these extensions, in any case.
    fn ends_in(&self, endings: &[&str]) -> bool {
        let ending = self.file_name.rsplit_once('.').map_or("", |(_, ending)| ending);
        endings.iter().any(|known| ending.eq_ignore_ascii_case(known))
    }
}

/// The parsed content of one file.
#[derive(Debug, Default)]
pub struct ParsedFile<'a> {
    /// The name of the format.
    pub format: &'static str,
    /// The articles.
    pub drafts: Vec<Draft<'a>>,
    /// A key for each article that does not depend on its position in the file; empty for formats without keys.
    pub keys: Vec<u64>,
    /// Warnings about the text.
    pub flaws: Vec<Warning>,
    /// The memory that the text may still take.
    pub budget: Budget,
}

/// Returns whether a decoded text is recognised as a format other than plain text.
pub fn is_recognised(decoded: &Decoded<'_>, hint: &FileHint<'_>) -> bool {
    choose(decoded.text(), hint).is_some_and(|(_, confidence)| confidence == Confidence::Content)
}

/// Returns the format of a text, with its confidence.
fn choose(text: &str, hint: &FileHint<'_>) -> Option<(&'static dyn SourceFormat, Confidence)> {
    let mut best: Option<(&dyn SourceFormat, Confidence)> = None;
    for format in FORMATS {
        let confidence = format.recognise(hint, text);
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
    let mut reading = ParsedFile { flaws: decoded.flaw().into_iter().collect(), budget, ..ParsedFile::default() };
    if let Some((format, _)) = choose(text, hint) {
        reading.format = format.name();
        format.parse(hint, text, &mut reading);
    }
    reading.flaws.extend(reading.budget.flaws());
    if let Err(refusal) = reading.budget.check() {
        reading.drafts.clear();
        reading.keys.clear();
        reading.flaws.push(Warning::from(&refusal));
    }
    reading.drafts.iter_mut().for_each(limit_headline);
    reading
}

/// Cuts a headline of more than 1 KiB. The body then begins with all of it, so that no text is lost.
fn limit_headline(draft: &mut Draft<'_>) {
    let Some(at) = draft.parts.iter().position(|part| part.role == Role::Headline) else { return };
    let Some(short) = draft.parts.get(at).and_then(|part| budget::cut(&part.text, budget::LONGEST_TITLE)) else {
        return;
    };
    let body = draft.parts.iter().skip(at).position(|part| matches!(part.role, Role::Body(_)));
    let body = body.map_or(draft.parts.len(), |after| at + after);
    let Some(headline) = draft.parts.get_mut(at) else { return };
    let whole = std::mem::replace(&mut headline.text, short.into());
    if !draft.parts.get(body).is_some_and(|part| part.text.starts_with(&*whole)) {
        let paragraph = DraftPart { role: Role::Body(BlockKind::Paragraph), text: whole, spans: Vec::new() };
        draft.parts.insert(body, paragraph);
    }
}

/// Makes a headline from the file name, for articles without one.
fn headline_from_name(hint: &FileHint<'_>) -> String {
    let stem = hint.file_name.rsplit_once('.').map_or(hint.file_name, |(stem, _)| stem);
    if stem.is_empty() { "Untitled".to_owned() } else { stem.replace(['-', '_'], " ") }
}
