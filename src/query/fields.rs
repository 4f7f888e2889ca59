//! The fields of the language: what may stand before a colon, and what may follow it.

use std::fmt;

/// A part of an article, or something known of it, that a term can be looked for in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Field {
    /// The headline.
    Title,
    /// The standfirst.
    Lead,
    /// The body.
    Body,
    /// Captions and their credits.
    Caption,
    /// Who the article came from.
    Source,
    /// The section.
    Section,
    /// Who wrote it.
    By,
    /// The reader's tags.
    Tag,
    /// The reader's note.
    Note,
    /// The feed that it came with.
    Feed,
    /// The path of its file.
    Path,
}

impl Field {
    /// Whether what it names is part of the text that a term without a field is looked for in.
    pub fn is_text(self) -> bool {
        matches!(self, Field::Title | Field::Lead | Field::Body | Field::Caption | Field::Source | Field::By)
    }

    /// Returns whether the field holds names rather than prose; names ignore case.
    pub(super) fn is_name(self) -> bool {
        match self {
            Field::Source | Field::Section | Field::By | Field::Tag | Field::Feed | Field::Path => true,
            Field::Title | Field::Lead | Field::Body | Field::Caption | Field::Note => false,
        }
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let spec = FIELDS.iter().find(|spec| spec.kind == FieldKind::Text(*self));
        f.write_str(spec.map_or("", |spec| spec.name))
    }
}

/// What the reader has done to an article.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Mark {
    Unread,
    Read,
    Starred,
    Noted,
}

/// What an article can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Feature {
    Note,
    Link,
    Image,
    Date,
}

/// In which order an answer is listed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sort {
    /// Newest first; what has no date comes last.
    #[default]
    New,
    /// Oldest first; what has no date comes last.
    Old,
    /// By headline.
    Title,
    /// By source, newest first within one.
    Source,
    /// By the length of the body, longest first.
    Longest,
    /// By how much of the article is about what is looked for.
    Relevance,
}

/// Which kind of value stands after a field's colon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldKind {
    /// A word, a phrase, a regular expression, or a group of them.
    Text(Field),
    /// A date or a range of dates.
    Date,
    /// A date after whose end it was published.
    After,
    /// A date before whose start it was published.
    Before,
    /// A number of days, weeks, months or years.
    Since,
    /// A mark.
    Is,
    /// Something that it has.
    Has,
    /// A number of words.
    Words,
    /// An order.
    Sort,
    /// A value of `case:`.
    Case,
}

/// One field.
#[derive(Debug)]
pub struct FieldSpec {
    /// What stands before the colon.
    pub name: &'static str,
    /// What may follow it.
    pub kind: FieldKind,
    /// What it means, in a few words.
    pub help: &'static str,
}

const fn row(name: &'static str, kind: FieldKind, help: &'static str) -> FieldSpec {
    FieldSpec { name, kind, help }
}

/// Every field.
pub static FIELDS: &[FieldSpec] = &[
    row("title", FieldKind::Text(Field::Title), "in the headline"),
    row("lead", FieldKind::Text(Field::Lead), "in the standfirst"),
    row("body", FieldKind::Text(Field::Body), "in the body"),
    row("caption", FieldKind::Text(Field::Caption), "in captions and credits"),
    row("source", FieldKind::Text(Field::Source), "in the source"),
    row("section", FieldKind::Text(Field::Section), "in the section's name"),
    row("by", FieldKind::Text(Field::By), "in the byline"),
    row("tag", FieldKind::Text(Field::Tag), "in one of your tags"),
    row("note", FieldKind::Text(Field::Note), "in your note"),
    row("feed", FieldKind::Text(Field::Feed), "in the feed's name or its #tags"),
    row("path", FieldKind::Text(Field::Path), "in the path of the file"),
    row("date", FieldKind::Date, "published then: a day, month, year, or a range"),
    row("after", FieldKind::After, "published later than that"),
    row("before", FieldKind::Before, "published earlier than that"),
    row("since", FieldKind::Since, "published in the last days, weeks, months, years"),
    row("is", FieldKind::Is, "what you have done to it"),
    row("has", FieldKind::Has, "what there is to it"),
    row("words", FieldKind::Words, "the length of its body"),
    row("sort", FieldKind::Sort, "the order of the answer"),
    row("case", FieldKind::Case, "how to match case: auto, exact, ignore"),
];

/// What is written for each mark.
pub static MARKS: &[(&str, Mark)] =
    &[("unread", Mark::Unread), ("read", Mark::Read), ("starred", Mark::Starred), ("noted", Mark::Noted)];

/// What is written for each feature.
pub static FEATURES: &[(&str, Feature)] =
    &[("note", Feature::Note), ("link", Feature::Link), ("image", Feature::Image), ("date", Feature::Date)];

/// What is written for each order.
pub static SORTS: &[(&str, Sort)] = &[
    ("new", Sort::New),
    ("old", Sort::Old),
    ("title", Sort::Title),
    ("source", Sort::Source),
    ("longest", Sort::Longest),
    ("relevance", Sort::Relevance),
];

/// Other words for fields, each with the name that the field has here.
static OTHER_NAMES: &[(&str, &str)] = &[
    ("headline", "title"),
    ("subject", "title"),
    ("standfirst", "lead"),
    ("summary", "lead"),
    ("text", "body"),
    ("content", "body"),
    ("photo", "caption"),
    ("author", "by"),
    ("byline", "by"),
    ("from", "by"),
    ("agency", "source"),
    ("site", "source"),
    ("category", "section"),
    ("topic", "section"),
    ("label", "tag"),
    ("file", "path"),
    ("folder", "path"),
    ("newer", "after"),
    ("older", "before"),
    ("until", "before"),
    ("length", "words"),
    ("order", "sort"),
];

/// The field with this name, whatever its case.
pub(super) fn named(name: &str) -> Option<&'static FieldSpec> {
    FIELDS.iter().find(|spec| spec.name.eq_ignore_ascii_case(name))
}

/// The field that somebody who wrote `name` may have meant.
pub(super) fn meant(name: &str) -> Option<&'static str> {
    let other = OTHER_NAMES.iter().find(|(other, _)| other.eq_ignore_ascii_case(name)).map(|(_, field)| *field);
    other.or_else(|| closest(name, FIELDS.iter().map(|spec| spec.name)))
}

/// The candidate that `word` is most likely a slip of the pen for: at most one change in three letters away.
pub fn closest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word = word.to_lowercase();
    let most = (word.chars().count() / 3).clamp(1, 3);
    candidates
        .into_iter()
        .map(|candidate| (strsim::osa_distance(&word, candidate), candidate))
        .filter(|&(distance, candidate)| distance <= most && distance < candidate.chars().count())
        .min_by_key(|&(distance, _)| distance)
        .map(|(_, candidate)| candidate)
}
