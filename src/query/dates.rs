//! Dates in a query: `2023`, `2023-09`, `2023-09-27`, `today`, and any prefix of one.

use std::fmt;

use chrono::{Datelike, Days as DayCount, Months, NaiveDate};

/// A range of days, both ends included; `None` is an open end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Days {
    /// The first day.
    pub from: Option<NaiveDate>,
    /// The last day.
    pub to: Option<NaiveDate>,
}

impl Days {
    /// Returns whether the range contains every day of `other`.
    pub fn covers(&self, other: &Days) -> bool {
        let from = self.from.is_none_or(|from| other.from.is_some_and(|other| other >= from));
        let to = self.to.is_none_or(|to| other.to.is_some_and(|other| other <= to));
        from && to
    }
}

impl fmt::Display for Days {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let day = |day: Option<NaiveDate>| day.map_or_else(String::new, |day| day.format("%Y-%m-%d").to_string());
        match (self.from, self.to) {
            (Some(from), Some(to)) if from == to => f.write_str(&day(self.from)),
            _ => write!(f, "{}..{}", day(self.from), day(self.to)),
        }
    }
}

/// The meaning of a typed date.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum DateParse {
    /// From the first to the last of these days.
    Days(NaiveDate, NaiveDate),
    /// A prefix of a date that has no meaning yet.
    Unfinished,
    /// Neither a date nor a prefix of one.
    Wrong,
}

/// Parses a date or a prefix of one: `202` is the 2020s, `2023-1` is October to December of 2023. `2023-9` and
/// `2023-09-7` have only one meaning: September, and its seventh day.
pub(super) fn date(text: &str, today: NaiveDate) -> DateParse {
    let lower = text.to_lowercase();
    for (word, days_ago) in [("today", 0), ("yesterday", 1)] {
        if lower == word {
            let day = today.checked_sub_days(DayCount::new(days_ago)).unwrap_or(today);
            return DateParse::Days(day, day);
        }
        if word.starts_with(&lower) {
            return DateParse::Unfinished;
        }
    }
    if lower.is_empty() {
        return DateParse::Unfinished;
    }
    days(&lower).map_or(DateParse::Wrong, |(from, to)| DateParse::Days(from, to))
}

fn days(text: &str) -> Option<(NaiveDate, NaiveDate)> {
    let mut fields = text.split('-');
    let (year, month, day) = (fields.next()?, fields.next().unwrap_or(""), fields.next().unwrap_or(""));
    if fields.next().is_some() || !text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-') {
        return None;
    }
    let (first_year, last_year) = match year.len() {
        4 => (year.parse().ok()?, year.parse().ok()?),
        // An incomplete year.
        1..=3 if text.len() == year.len() => {
            let unit = 10_i32.pow(4 - u32::try_from(year.len()).ok()?);
            let first = year.parse::<i32>().ok()? * unit;
            (first, first + unit - 1)
        }
        _ => return None,
    };
    let (first_month, last_month) = span(month, 12)?;
    let first = NaiveDate::from_ymd_opt(first_year, first_month, 1)?;
    let last = month_end(NaiveDate::from_ymd_opt(last_year, last_month, 1)?)?;
    if day.is_empty() {
        return Some((first, last));
    }
    if first_month != last_month {
        return None;
    }
    let (first_day, last_day) = span(day, last.day())?;
    Some((first.with_day(first_day)?, first.with_day(last_day)?))
}

/// Returns the range of numbers from 1 to `most` that `digits` equals or is the first digit of.
fn span(digits: &str, most: u32) -> Option<(u32, u32)> {
    let number = || digits.parse::<u32>().ok();
    match digits.len() {
        0 => Some((1, most)),
        1 => {
            let tens = number()? * 10;
            if tens <= most { Some((tens.max(1), (tens + 9).min(most))) } else { Some((number()?, number()?)) }
        }
        2 => number().filter(|number| (1..=most).contains(number)).map(|number| (number, number)),
        _ => None,
    }
}

fn month_end(first: NaiveDate) -> Option<NaiveDate> {
    first.checked_add_months(Months::new(1))?.pred_opt()
}

/// Returns the day that is `text` before today: `7d`, `2w`, `3m`, `1y`. Returns `None` for a number without a unit.
pub(super) fn ago(text: &str, today: NaiveDate) -> Option<Result<NaiveDate, ()>> {
    let digits = text.trim_end_matches(|c: char| !c.is_ascii_digit());
    let unit = text.get(digits.len()..).unwrap_or("");
    if digits.is_empty() && !unit.is_empty() || digits.len() > 6 {
        return Some(Err(()));
    }
    if unit.is_empty() {
        return match digits.bytes().all(|byte| byte.is_ascii_digit()) {
            true => None,
            false => Some(Err(())),
        };
    }
    let Ok(count) = digits.parse::<u32>() else { return Some(Err(())) };
    let day = match unit.to_ascii_lowercase().as_str() {
        "d" => today.checked_sub_days(DayCount::new(u64::from(count))),
        "w" => today.checked_sub_days(DayCount::new(u64::from(count) * 7)),
        "m" => today.checked_sub_months(Months::new(count)),
        "y" => today.checked_sub_months(Months::new(count.saturating_mul(12))),
        _ => return Some(Err(())),
    };
    Some(Ok(day.unwrap_or(NaiveDate::MIN)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn today() -> NaiveDate {
        NaiveDate::from_ymd_opt(2024, 3, 1).unwrap()
    }

    #[test]
    fn dates_may_be_partial() {
        for (text, from, to) in [
            ("2", "2000-01-01", "2999-12-31"),
            ("202", "2020-01-01", "2029-12-31"),
            ("2023", "2023-01-01", "2023-12-31"),
            ("2023-", "2023-01-01", "2023-12-31"),
            ("2023-0", "2023-01-01", "2023-09-30"),
            ("2023-1", "2023-10-01", "2023-12-31"),
            ("2023-9", "2023-09-01", "2023-09-30"),
            ("2024-02", "2024-02-01", "2024-02-29"),
            ("2023-09-2", "2023-09-20", "2023-09-29"),
            ("2023-09-3", "2023-09-30", "2023-09-30"),
            ("2023-09-27", "2023-09-27", "2023-09-27"),
            ("Today", "2024-03-01", "2024-03-01"),
            ("yesterday", "2024-02-29", "2024-02-29"),
        ] {
            match date(text, today()) {
                DateParse::Days(first, last) => {
                    assert_eq!((first.to_string(), last.to_string()), (from.into(), to.into()));
                }
                other => panic!("{text}: {other:?}"),
            }
        }
        for text in ["", "to", "y"] {
            assert_eq!(date(text, today()), DateParse::Unfinished, "{text}");
        }
        for text in ["2023-13", "2023-02-30", "2023-1-7", "20230", "x", "2023-09-27-1", "-", "2023--1", "23-09"] {
            assert_eq!(date(text, today()), DateParse::Wrong, "{text}");
        }
    }

    #[test]
    fn days_weeks_months_and_years_ago() {
        for (text, day) in [
            ("0d", "2024-03-01"),
            ("7d", "2024-02-23"),
            ("2W", "2024-02-16"),
            ("1m", "2024-02-01"),
            ("4y", "2020-03-01"),
        ] {
            assert_eq!(ago(text, today()).unwrap().unwrap().to_string(), day, "{text}");
        }
        assert_eq!(ago("", today()), None);
        assert_eq!(ago("12", today()), None);
        for text in ["d", "7h", "7days", "x7", "9999999d"] {
            assert_eq!(ago(text, today()), Some(Err(())), "{text}");
        }
    }
}
