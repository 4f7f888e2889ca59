//! From the bytes of a file to drafts of articles: decoding, choosing a format, parsing.
//!
//! Bytes come in, drafts and flaws go out. This room knows neither the terminal nor the store nor the file system.
//! A new format is one file here and one row of [`FORMATS`].

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

/// Every format, in the order in which they are asked; the last takes whatever no other recognises.
pub static FORMATS: &[&dyn SourceFormat] =
    &[&wire::Wire, &markdown::Markdown, &feed::FeedFile, &html::Html, &plain::PlainText];

/// A way in which articles are written in files.
pub trait SourceFormat: Sync {
    /// Its short name, as `newsdesk check` and JSON give it.
    fn name(&self) -> &'static str;

    /// How sure the format is that `text` is written in it.
    fn recognise(&self, hint: &FileHint<'_>, text: &str) -> Confidence;

    /// Reads the articles of `text` into `found`. It never fails: what fits no rule is body, and what is wrong is a
    /// flaw.
    fn parse<'a>(&self, hint: &FileHint<'_>, text: &'a str, found: &mut ParsedFile<'a>);
}

/// How sure a format is; content decides before the ending of the file's name does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Confidence {
    /// It is not this format.
    None,
    /// The file's name ends as this format's files do.
    Ending,
    /// The text says so itself.
    Content,
}

/// What is known of a file besides its text.
#[derive(Clone, Copy, Debug, Default)]
pub struct FileHint<'a> {
    /// The file's name without its folder; empty for standard input.
    pub file_name: &'a str,
}

impl FileHint<'_> {
    /// Whether the file's name has one of these endings, in any case.
    fn ends_in(&self, endings: &[&str]) -> bool {
        let ending = self.file_name.rsplit_once('.').map_or("", |(_, ending)| ending);
        endings.iter().any(|known| ending.eq_ignore_ascii_case(known))
    }
}

/// What was read from one file.
#[derive(Debug, Default)]
pub struct ParsedFile<'a> {
    /// The name of the format that read it.
    pub format: &'static str,
    /// The articles that were found.
    pub drafts: Vec<Draft<'a>>,
    /// A key for each of them that does not depend on its position in the file; empty for formats without such keys.
    pub keys: Vec<u64>,
    /// What was wrong with the text.
    pub flaws: Vec<Warning>,
    /// The memory that the text may still take.
    pub budget: Budget,
}

/// Whether a decoded text says itself which format it is in; what does not is read as plain text.
pub fn is_recognised(decoded: &Decoded<'_>, hint: &FileHint<'_>) -> bool {
    choose(decoded.text(), hint).is_some_and(|(_, confidence)| confidence == Confidence::Content)
}

/// The format of a text, and how sure that is.
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

/// Chooses the format of a decoded text and reads it.
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

/// What an article without a headline is called: its file, in words.
fn headline_from_name(hint: &FileHint<'_>) -> String {
    let stem = hint.file_name.rsplit_once('.').map_or(hint.file_name, |(stem, _)| stem);
    if stem.is_empty() { "Untitled".to_owned() } else { stem.replace(['-', '_'], " ") }
}
