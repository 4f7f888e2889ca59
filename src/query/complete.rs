//! Completion: the kind of input at the cursor, and the candidates for it.

use std::ops::Range;

use super::ast::CASES;
use super::fields::{FEATURES, FIELDS, Field, FieldKind, MARKS, SORTS, named};

/// A possible completion at the cursor.
#[derive(Clone, Debug, PartialEq)]
pub struct Completion {
    /// The bytes that a candidate replaces.
    pub range: Range<usize>,
    /// The text that a candidate replaces, in lower case and without quotes.
    pub typed: String,
    /// The candidates.
    pub kind: CompletionKind,
}

/// The kind of input at the cursor.
#[derive(Clone, Debug, PartialEq)]
pub enum CompletionKind {
    /// The name of a field.
    Field(Vec<&'static str>),
    /// One of these words.
    Word(Vec<&'static str>),
    /// A value of this field in the articles.
    Value(Field),
    /// A year or month with articles.
    Date,
}

/// Returns the completion at the cursor, byte `cursor` of `text`, or `None` if nothing can be completed there.
pub fn complete(text: &str, cursor: usize) -> Option<Completion> {
    let before = text.get(..cursor)?;
    // A quoted value can contain spaces.
    let quoted = before.rfind(":\"").filter(|at| !before.get(at + 2..).unwrap_or("").contains('"'));
    let parts = |c: char| c.is_whitespace() || c == '(';
    let last = before.get(..quoted.unwrap_or(cursor))?.char_indices().rfind(|&(_, c)| parts(c));
    let start = last.map_or(0, |(at, c)| at + c.len_utf8());
    let word = before.get(start..)?;
    let minus = word.len() - word.trim_start_matches('-').len();
    let (start, word) = (start + minus, word.get(minus..)?);
    let Some((name, value)) = word.split_once(':') else {
        let typed = word.to_lowercase();
        let names = FIELDS.iter().map(|spec| spec.name).filter(|name| name.starts_with(&typed)).collect();
        return Some(Completion { range: start..cursor, typed, kind: CompletionKind::Field(names) });
    };
    let start = start + name.len() + 1;
    let typed = value.trim_start_matches('"').to_lowercase();
    let one_of = |names: Vec<&'static str>| {
        CompletionKind::Word(names.into_iter().filter(|name| name.starts_with(&typed)).collect())
    };
    let kind = match named(name)?.kind {
        FieldKind::Text(Field::Title | Field::Lead | Field::Body | Field::Caption | Field::Note) => return None,
        FieldKind::Text(field) => CompletionKind::Value(field),
        FieldKind::Date | FieldKind::After | FieldKind::Before => CompletionKind::Date,
        FieldKind::Since => one_of(vec!["1d", "7d", "2w", "1m", "3m", "1y"]),
        FieldKind::Is => one_of(MARKS.iter().map(|(name, _)| *name).collect()),
        FieldKind::Has => one_of(FEATURES.iter().map(|(name, _)| *name).collect()),
        FieldKind::Words => one_of(vec![">500", ">1000", "<300"]),
        FieldKind::Sort => one_of(SORTS.iter().map(|(name, _)| *name).collect()),
        FieldKind::Case => one_of(CASES.iter().map(|(name, _)| *name).collect()),
    };
    // In a range, complete the second date.
    let range_start = if kind == CompletionKind::Date { value.rfind("..").map_or(0, |at| at + 2) } else { 0 };
    let typed = if range_start > 0 { value.get(range_start..).unwrap_or("").to_owned() } else { typed };
    Some(Completion { range: start + range_start..cursor, typed, kind })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn completion_context_depends_on_the_cursor() {
        let at_end = |text: &str| complete(text, text.len());
        let completion = at_end("budget s").unwrap();
        assert_eq!(completion.range, 7..8);
        assert_eq!(completion.kind, CompletionKind::Field(vec!["source", "section", "since", "sort"]));
        let completion = at_end("-(source:Re").unwrap();
        assert_eq!((completion.range, completion.typed.as_str()), (9..11, "re"));
        assert_eq!(completion.kind, CompletionKind::Value(Field::Source));
        let completion = at_end("x section:\"middle e").unwrap();
        assert_eq!((completion.range, completion.typed.as_str()), (10..19, "middle e"));
        let completion = at_end("date:2023-09..20").unwrap();
        assert_eq!(
            (completion.range, completion.typed.as_str(), completion.kind),
            (14..16, "20", CompletionKind::Date)
        );
        assert_eq!(at_end("-is:s").unwrap().kind, CompletionKind::Word(vec!["starred"]));
        assert_eq!(at_end("title:x"), None);
        assert_eq!(at_end("nothing:x"), None);
        assert_eq!(complete("é\u{a0}s", 4).unwrap().range, 4..4);
    }
}
