//! Dates in news files. Invalid dates are rejected; nothing is guessed or rolled over.

use chrono::{DateTime, FixedOffset, NaiveDate, NaiveTime, Offset, Utc};

use crate::article::Published;

const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];

/// Parses a text that is a date: ISO 8601 with or without a time, RFC 2822, `27 September 2023` or `September 27,
/// 2023`. A time without a zone is UTC.
pub(super) fn parse(text: &str) -> Option<Published> {
    let text = text.trim();
    let (published, rest) = parse_front(text)?;
    rest.trim().is_empty().then_some(published)
}

/// Parses a date at the start of `text`. Also returns the rest of the text.
pub(super) fn parse_front(text: &str) -> Option<(Published, &str)> {
    let text = text.trim_start();
    iso(text).or_else(|| written(text)).or_else(|| {
        let moment = DateTime::parse_from_rfc2822(text.trim()).ok()?;
        Some((Published::At(moment), ""))
    })
}

/// Parses the date at the start of a file name: `2023-09-27-…` or `20230927…`.
pub(super) fn of_file_name(name: &str) -> Option<Published> {
    if let Some((Published::Day(day), rest)) = name.get(..10).and_then(iso) {
        let next = name.get(10..).and_then(|rest| rest.chars().next());
        return (rest.is_empty() && !next.is_some_and(|c| c.is_ascii_digit())).then_some(Published::Day(day));
    }
    let digits = name.get(..8).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))?;
    if name.get(8..)?.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    NaiveDate::parse_from_str(digits, "%Y%m%d").ok().map(Published::Day)
}

fn iso(text: &str) -> Option<(Published, &str)> {
    let (year, rest) = digits(text, 4, 4)?;
    let (month, rest) = digits(rest.strip_prefix('-')?, 1, 2)?;
    let (day, rest) = digits(rest.strip_prefix('-')?, 1, 2)?;
    let day = NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, month, day)?;
    if let Some((time, after)) = rest.strip_prefix(['T', 't', ' ']).and_then(time) {
        let (offset, after) = zone(after);
        let moment = day.and_time(time).and_local_timezone(offset).single()?;
        return Some((Published::At(moment), after));
    }
    // A letter or digit right after the date means that it is part of something else.
    (!rest.starts_with(|c: char| c.is_alphanumeric())).then_some((Published::Day(day), rest))
}

fn time(text: &str) -> Option<(NaiveTime, &str)> {
    let (hour, rest) = digits(text, 1, 2)?;
    let (minute, rest) = digits(rest.strip_prefix(':')?, 2, 2)?;
    let (second, rest) = match rest.strip_prefix(':').and_then(|rest| digits(rest, 2, 2)) {
        Some((second, rest)) => {
            let fraction =
                rest.strip_prefix(['.', ',']).map(|rest| rest.trim_start_matches(|c: char| c.is_ascii_digit()));
            (second, fraction.unwrap_or(rest))
        }
        None => (0, rest),
    };
    Some((NaiveTime::from_hms_opt(hour, minute, second)?, rest))
}

fn zone(text: &str) -> (FixedOffset, &str) {
    let utc = Utc.fix();
    let trimmed = text.strip_prefix(' ').unwrap_or(text);
    for name in ["Z", "z", "UTC", "GMT"] {
        if let Some(rest) = trimmed.strip_prefix(name)
            && !rest.starts_with(|c: char| c.is_alphanumeric())
        {
            return (utc, rest);
        }
    }
    let Some(sign) = trimmed.chars().next().filter(|c| matches!(c, '+' | '-')) else { return (utc, text) };
    let parsed = || {
        let (hours, rest) = digits(trimmed.get(1..)?, 2, 2)?;
        let (minutes, rest) = digits(rest.strip_prefix(':').unwrap_or(rest), 2, 2)?;
        let seconds = i32::try_from(hours * 3600 + minutes * 60).ok()?;
        Some((FixedOffset::east_opt(if sign == '-' { -seconds } else { seconds })?, rest))
    };
    parsed().unwrap_or((utc, text))
}

/// Parses `27 September 2023`, `27 Sep. 2023` or `September 27, 2023`.
fn written(text: &str) -> Option<(Published, &str)> {
    let first = digits(text, 1, 2).and_then(|(day, rest)| {
        let (month, rest) = month(rest.strip_prefix(' ')?)?;
        Some((day, month, rest))
    });
    let (day, month, rest) = first.or_else(|| {
        let (month, rest) = month(text)?;
        let (day, rest) = digits(rest.strip_prefix(' ')?, 1, 2)?;
        Some((day, month, rest.strip_prefix(',').unwrap_or(rest)))
    })?;
    let (year, rest) = digits(rest.trim_start_matches([' ', ',']), 4, 4)?;
    let day = NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, month, day)?;
    Some((Published::Day(day), rest))
}

fn month(text: &str) -> Option<(u32, &str)> {
    let end = text.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(text.len());
    let (name, rest) = text.split_at(end);
    let lower = name.to_ascii_lowercase();
    let number = MONTHS.iter().position(|month| {
        lower.len() >= 3 && month.starts_with(&lower) || lower == "sept" && month.starts_with("sept")
    })?;
    Some((number as u32 + 1, rest.strip_prefix('.').unwrap_or(rest)))
}

/// Parses a number of `least` to `most` digits at the start of `text`.
fn digits(text: &str, least: usize, most: usize) -> Option<(u32, &str)> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, rest) = text.split_at(end);
    if !(least..=most).contains(&end) { None } else { Some((number.parse().ok()?, rest)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_of_news_files_are_parsed() {
        for (text, date) in [
            ("2023-09-27", "2023-09-27"),
            ("2023-9-7", "2023-09-07"),
            ("2023-09-27T22:10:00+03:00", "2023-09-27T22:10:00+03:00"),
            ("2023-09-27 22:10", "2023-09-27T22:10:00Z"),
            ("2023-09-27T22:10:05.123Z", "2023-09-27T22:10:05Z"),
            ("27 September 2023", "2023-09-27"),
            ("7 Sep. 2023", "2023-09-07"),
            ("September 27, 2023", "2023-09-27"),
            ("Wed, 27 Sep 2023 22:10:00 -0400", "2023-09-27T22:10:00-04:00"),
        ] {
            assert_eq!(parse(text).map(|date| date.to_string()).as_deref(), Some(date), "{text}");
        }
    }

    #[test]
    fn dates_outside_the_calendar_are_refused() {
        for text in [
            "2023-13-45",
            "2023-02-30",
            "23-09-27",
            "27/09/2023",
            "",
            "soon",
            "2023-09-271",
            "31 June 2023",
            "20230-1-1",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn dates_return_the_text_after_them() {
        assert_eq!(parse_front("2023-09-27 WORLD NEWS").unwrap().1, " WORLD NEWS");
        assert_eq!(parse_front("27 September 2023 WORLD").unwrap().1, " WORLD");
        assert_eq!(parse_front("2023-09-27T22:10:00+03:00 WORLD").unwrap().1, " WORLD");
    }

    #[test]
    fn dates_may_start_a_file_name() {
        assert_eq!(of_file_name("2023-09-27-mars.txt").unwrap().to_string(), "2023-09-27");
        assert_eq!(of_file_name("20230927_mars.txt").unwrap().to_string(), "2023-09-27");
        assert_eq!(of_file_name("2023-13-27-mars.txt"), None);
        assert_eq!(of_file_name("202309271234.txt"), None);
        assert_eq!(of_file_name("a.txt"), None);
    }
}
