//! The fields of the language: the names before a colon, and the kinds of their values.

use std::fmt;

/// A searchable part of an article or of its metadata.
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
    /// The publisher.
    Source,
    /// The section.
    Section,
    /// The authors.
    By,
    /// The reader's tags.
    Tag,
    /// The reader's note.
    Note,
    /// The name of the feed, or one of its tags.
    Feed,
    /// The path of the file.
    Path,
}

impl Field {
    /// Returns whether terms without a field search this field too.
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

/// A mark that `is:` searches for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Mark {
    Unread,
    Read,
    Starred,
    Noted,
}

/// A property that `has:` searches for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Feature {
    Note,
    Link,
    Image,
    Date,
}

/// The order of the results.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sort {
    /// Newest first; undated articles last.
    #[default]
    New,
    /// Oldest first; undated articles last.
    Old,
    /// By headline.
    Title,
    /// By source, newest first within one.
    Source,
    /// By the length of the body, longest first.
    Longest,
    /// By the weight of the hits (BM25).
    Relevance,
}

/// The kind of value that a field takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldKind {
    /// A word, a phrase, a regular expression, or a group of them.
    Text(Field),
    /// A date or a range of dates.
    Date,
    /// A date; matches articles published after its end.
    After,
    /// A date; matches articles published before its start.
    Before,
    /// A number of days, weeks, months or years.
    Since,
    /// A mark.
    Is,
    /// A property of the article.
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
    /// The name before the colon.
    pub name: &'static str,
    /// The kind of its value.
    pub kind: FieldKind,
    /// The help text.
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
    row("date", FieldKind::Date, "published on a day, in a month or year, or in a range"),
    row("after", FieldKind::After, "published after that"),
    row("before", FieldKind::Before, "published before that"),
    row("since", FieldKind::Since, "published in the last days, weeks, months, years"),
    row("is", FieldKind::Is, "unread, read, starred or noted"),
    row("has", FieldKind::Has, "has a note, a link, an image or a date"),
    row("words", FieldKind::Words, "number of words in the body"),
    row("sort", FieldKind::Sort, "order of the results"),
    row("case", FieldKind::Case, "how to match case: auto, exact, ignore"),
];

/// The values of `is:`.
pub static MARKS: &[(&str, Mark)] =
    &[("unread", Mark::Unread), ("read", Mark::Read), ("starred", Mark::Starred), ("noted", Mark::Noted)];

/// The values of `has:`.
pub static FEATURES: &[(&str, Feature)] =
    &[("note", Feature::Note), ("link", Feature::Link), ("image", Feature::Image), ("date", Feature::Date)];

/// The values of `sort:`.
pub static SORTS: &[(&str, Sort)] = &[
    ("new", Sort::New),
    ("old", Sort::Old),
    ("title", Sort::Title),
    ("source", Sort::Source),
    ("longest", Sort::Longest),
    ("relevance", Sort::Relevance),
];

/// Synonyms of field names, each with the real name.
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

/// Returns the field with this name, ignoring case.
pub(super) fn named(name: &str) -> Option<&'static FieldSpec> {
    FIELDS.iter().find(|spec| spec.name.eq_ignore_ascii_case(name))
}

/// Returns the field name that an unknown `name` probably means.
pub(super) fn meant(name: &str) -> Option<&'static str> {
    let other = OTHER_NAMES.iter().find(|(other, _)| other.eq_ignore_ascii_case(name)).map(|(_, field)| *field);
    other.or_else(|| closest(name, FIELDS.iter().map(|spec| spec.name)))
}

/// Returns the candidate that `word` is probably a typing error of: at most one edit for each three letters away.
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

/// Returns `; did you mean "…"?` with the [`closest`] candidate, or an empty text if none is close.
pub fn suggestion<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> String {
    closest(word, candidates).map_or_else(String::new, |near| format!("; did you mean \"{near}\"?"))
}
