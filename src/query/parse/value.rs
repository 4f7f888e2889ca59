//! Parsing of field values that are not text: dates, numbers, names.

use chrono::NaiveDate;

use super::Parser;
use crate::query::ast::CASES;
use crate::query::ast::{Expr, TokenKind};
use crate::query::dates::{DateParse, Days, ago, date};
use crate::query::fields::{FEATURES, FieldKind, FieldSpec, MARKS, SORTS, closest};

/// Why a value after a colon is wrong.
#[derive(Debug, thiserror::Error)]
enum ValueError {
    #[error("invalid date \"{0}\"; write 2023, 2023-09, 2023-09-27, today, or a range such as 2023-09..2023-10")]
    Date(String),
    #[error("\"{0}\" ends before it begins")]
    Reversed(String),
    #[error("invalid period \"{0}\"; write 7d, 2w, 3m or 1y for days, weeks, months or years")]
    Period(String),
    #[error("invalid number \"{0}\"; write >500, <500 or 300..500")]
    Number(String),
    #[error("\"{0}\" matches no article")]
    NoMatch(String),
    #[error("unknown value \"{value}\"; did you mean \"{near}\"?")]
    Similar { value: String, near: String },
    #[error("unknown value \"{value}\"; expected {known}")]
    Unknown { value: String, known: String },
}

impl Parser<'_> {
    pub(super) fn value(&mut self, spec: &'static FieldSpec) -> Expr {
        if let FieldKind::Text(field) = spec.kind {
            if self.rest().starts_with('(') {
                let outer = self.field.replace(field);
                let inner = self.group();
                self.field = outer;
                return inner;
            }
            return self.text(Some(field));
        }
        let length = Parser::word_length(self.rest());
        let value = self.rest().get(..length).unwrap_or("");
        let read = match spec.kind {
            FieldKind::Text(_) => Ok(None),
            FieldKind::Date => self.dates(value),
            FieldKind::After => self.one_date(value).map(|days| {
                let from = days.and_then(|(_, last)| last.succ_opt());
                from.map(|from| Expr::Published(Days { from: Some(from), to: None }))
            }),
            FieldKind::Before => self.one_date(value).map(|days| {
                let to = days.and_then(|(first, _)| first.pred_opt());
                to.map(|to| Expr::Published(Days { from: None, to: Some(to) }))
            }),
            FieldKind::Since => self.since(value),
            FieldKind::Words => word_range(value),
            FieldKind::Is => self.choice(spec, value, MARKS).map(|mark| mark.map(Expr::Is)),
            FieldKind::Has => self.choice(spec, value, FEATURES).map(|feature| feature.map(Expr::Has)),
            FieldKind::Sort => self.choice(spec, value, SORTS).map(|sort| {
                self.sort = sort.unwrap_or(self.sort);
                None
            }),
            FieldKind::Case => self.choice(spec, value, CASES).map(|case| {
                self.case = case.unwrap_or(self.case);
                None
            }),
        };
        match read {
            Ok(expr) => {
                self.token(length, TokenKind::Value);
                expr.unwrap_or(Expr::Everything)
            }
            Err(error) => self.wrong(length, error.to_string()),
        }
    }

    fn one_date(&mut self, text: &str) -> Result<Option<(NaiveDate, NaiveDate)>, ValueError> {
        match date(text, self.today) {
            DateParse::Days(first, last) => {
                self.depends_on_today |= !text.starts_with(|c: char| c.is_ascii_digit());
                Ok(Some((first, last)))
            }
            DateParse::Unfinished => Ok(None),
            DateParse::Wrong => Err(ValueError::Date(text.to_owned())),
        }
    }

    fn dates(&mut self, text: &str) -> Result<Option<Expr>, ValueError> {
        let Some((from, to)) = text.split_once("..") else {
            // A single dot is the start of `..`.
            let days = self.one_date(text.strip_suffix('.').unwrap_or(text))?;
            return Ok(days.map(|(first, last)| Expr::Published(Days { from: Some(first), to: Some(last) })));
        };
        let (from, to) = (self.one_date(from)?, self.one_date(to)?);
        let days = Days { from: from.map(|(first, _)| first), to: to.map(|(_, last)| last) };
        match (days.from, days.to) {
            (None, None) => Ok(None),
            (Some(from), Some(to)) if to < from => Err(ValueError::Reversed(text.to_owned())),
            _ => Ok(Some(Expr::Published(days))),
        }
    }

    fn since(&mut self, text: &str) -> Result<Option<Expr>, ValueError> {
        self.depends_on_today = true;
        match ago(text, self.today) {
            None => Ok(None),
            Some(Ok(from)) => Ok(Some(Expr::Published(Days { from: Some(from), to: None }))),
            Some(Err(())) => Err(ValueError::Period(text.to_owned())),
        }
    }

    /// Parses one of the known values of a field. Returns `Ok(None)` for a prefix of one at the end of the text.
    fn choice<T: Copy>(
        &self,
        spec: &FieldSpec,
        text: &str,
        known: &[(&'static str, T)],
    ) -> Result<Option<T>, ValueError> {
        let lower = text.to_lowercase();
        if let Some((_, found)) = known.iter().find(|(name, _)| *name == lower) {
            return Ok(Some(*found));
        }
        let at_end = self.at + text.len() == self.text.len();
        if lower.is_empty() || at_end && known.iter().any(|(name, _)| name.starts_with(&lower)) {
            return Ok(None);
        }
        let names: Vec<&str> = known.iter().map(|(name, _)| *name).collect();
        let value = format!("{}:{text}", spec.name);
        Err(match closest(&lower, names.iter().copied()) {
            Some(near) => ValueError::Similar { value, near: format!("{}:{near}", spec.name) },
            None => ValueError::Unknown { value, known: names.join(", ") },
        })
    }
}

fn word_range(text: &str) -> Result<Option<Expr>, ValueError> {
    let wrong = || ValueError::Number(text.to_owned());
    let number = |text: &str| match text {
        "" => Ok(None),
        _ => text.parse::<u32>().map(Some).map_err(|_| wrong()),
    };
    let (from, to) = if let Some(least) = text.strip_prefix(">=") {
        (number(least)?, None)
    } else if let Some(most) = text.strip_prefix("<=") {
        (None, number(most)?)
    } else if let Some(least) = text.strip_prefix('>') {
        (number(least)?.map(|least| least.saturating_add(1)), None)
    } else if let Some(most) = text.strip_prefix('<') {
        match number(most)? {
            Some(0) => return Err(ValueError::NoMatch(text.to_owned())),
            most => (None, most.map(|most| most - 1)),
        }
    } else if let Some((from, to)) = text.split_once("..") {
        (number(from)?, number(to)?)
    } else {
        let exact = number(text.strip_suffix('.').unwrap_or(text))?;
        (exact, exact)
    };
    match (from, to) {
        (None, None) => Ok(None),
        (Some(from), Some(to)) if to < from => Err(ValueError::Reversed(text.to_owned())),
        _ => Ok(Some(Expr::Words(from.unwrap_or(0)..=to.unwrap_or(u32::MAX)))),
    }
}
