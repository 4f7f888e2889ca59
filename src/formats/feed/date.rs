//! Dates in feeds: RFC 822 with common mistakes, ISO 8601 complete and in part, the output of C's `asctime`, and dates
//! in several languages. Invalid days are rejected, not rolled over. If only the time or the zone is invalid, the day
//! is used.

use chrono::{DateTime, FixedOffset, NaiveDate, NaiveTime, Offset, TimeDelta, Utc};

use super::model::FeedDate;
use crate::article::Published;

/// Maximum length of a date in bytes.
const MAX_BYTES: usize = 256;

/// Parses the date that a feed writes as `raw`.
pub(super) fn read(raw: &str) -> FeedDate {
    FeedDate { raw: raw.trim().to_owned(), moment: parse(raw) }
}

/// Parses a date. Returns `None` if it is not valid.
pub fn parse(text: &str) -> Option<Published> {
    let text = text.trim();
    if text.len() > MAX_BYTES {
        return None;
    }
    numbers(text).or_else(|| east_asian(text)).or_else(|| with_month_names(text)).or_else(|| unix_time(text))
}

/// The parts of a date that were found.
#[derive(Default)]
struct Parts {
    year: Option<i32>,
    month: Option<u32>,
    day: Option<u32>,
    time: Option<(u32, u32, u32)>,
    /// The zone; `Some(None)` if the written zone is invalid.
    zone: Option<Option<FixedOffset>>,
    afternoon: Option<bool>,
}

impl Parts {
    fn finish(self) -> Option<Published> {
        let day = NaiveDate::from_ymd_opt(self.year?, self.month?, self.day?)?;
        let Some((mut hour, minute, second)) = self.time else { return Some(Published::Day(day)) };
        match self.afternoon {
            Some(true) if hour < 12 => hour += 12,
            Some(false) if hour == 12 => hour = 0,
            _ => {}
        }
        let zone = self.zone.unwrap_or_else(|| Some(Utc.fix()));
        // 24:00 is the start of the next day. A leap second counts as the second before.
        let (day, hour) = if (hour, minute, second) == (24, 0, 0) { (day.succ_opt()?, 0) } else { (day, hour) };
        let time = NaiveTime::from_hms_opt(hour, minute, if second == 60 { 59 } else { second });
        let moment = zone.zip(time).and_then(|(zone, time)| day.and_time(time).and_local_timezone(zone).single());
        Some(moment.map_or(Published::Day(day), Published::At))
    }
}

/// Parses ISO 8601: `2023`, `2023-09`, `2023-09-27`, `20230927`, `2023-270`, each with or without a time.
fn numbers(text: &str) -> Option<Published> {
    let (date, rest) = match text.find(['T', 't', ' ']) {
        Some(end) => (text.get(..end)?, text.get(end + 1..)?.trim_start()),
        None => (text, ""),
    };
    let date = date.strip_suffix(['Z', 'z']).unwrap_or(date);
    let mut parts = Parts { month: Some(1), day: Some(1), ..Parts::default() };
    let pieces: Vec<&str> = date.split('-').collect();
    let number = |text: &str, lengths: std::ops::RangeInclusive<usize>| -> Option<u32> {
        (lengths.contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())).then(|| text.parse().ok())?
    };
    if let Some((year, month, day)) = separated(date) {
        (parts.year, parts.month, parts.day) = (Some(year), Some(month), Some(day));
        return if rest.is_empty() || parse_time(rest, &mut parts) { parts.finish() } else { None };
    }
    match *pieces.as_slice() {
        [whole] if whole.len() == 8 => {
            parts.year = i32::try_from(number(whole.get(..4)?, 4..=4)?).ok();
            parts.month = Some(number(whole.get(4..6)?, 2..=2)?);
            parts.day = Some(number(whole.get(6..)?, 2..=2)?);
        }
        [year] => parts.year = i32::try_from(number(year, 4..=4)?).ok(),
        [year, day] if day.len() == 3 => {
            let day = NaiveDate::from_yo_opt(i32::try_from(number(year, 4..=4)?).ok()?, number(day, 3..=3)?)?;
            return Some(Published::Day(day));
        }
        [year, month] => {
            parts.year = i32::try_from(number(year, 4..=4)?).ok();
            parts.month = Some(number(month, 1..=2)?);
        }
        [year, month, day] => {
            parts.year = i32::try_from(number(year, 4..=4)?).ok();
            parts.month = Some(number(month, 1..=2).or_else(|| month_of(month))?);
            parts.day = Some(number(day, 1..=2)?);
        }
        _ => return None,
    }
    if rest.is_empty() {
        return parts.finish();
    }
    let half = [("오전", false), ("오후", true), ("上午", false), ("下午", true), ("午前", false), ("午後", true)];
    let half = half.iter().find_map(|(name, afternoon)| Some((rest.strip_prefix(name)?.trim_start(), *afternoon)));
    // This notation is used in Korea, so Korean time is the default zone.
    let zone = FixedOffset::east_opt(9 * 3600).filter(|_| rest.starts_with('오'));
    let (rest, afternoon) = half.map_or((rest, None), |(rest, afternoon)| (rest, Some(afternoon)));
    parts.afternoon = afternoon;
    parts.zone = zone.map(Some);
    parse_time(rest, &mut parts).then(|| parts.finish())?
}

/// Parses `2019/11/15`, `2019.11.15` and `15.11.2019` as year, month and day. With slashes the year must come first:
/// `03/04/2019` is in March or in April, depending on the country.
fn separated(date: &str) -> Option<(i32, u32, u32)> {
    let date = date.trim_end_matches('.');
    let separator = if date.contains('/') { '/' } else { '.' };
    let mut numbers = [0_u32; 3];
    let mut pieces = date.split(separator);
    for number in &mut numbers {
        let piece = pieces.next().filter(|piece| piece.bytes().all(|byte| byte.is_ascii_digit()))?;
        *number = piece.parse().ok().filter(|_| matches!(piece.len(), 1 | 2 | 4))?;
    }
    let [first, month, last] = numbers;
    let year = |year: u32| i32::try_from(year).ok().filter(|year| *year >= 1000);
    match (pieces.next(), year(first), year(last)) {
        (None, Some(year), None) if last <= 31 => Some((year, month, last)),
        (None, None, Some(year)) if first <= 31 && separator == '.' => Some((year, month, first)),
        _ => None,
    }
}

/// Parses a time, and a zone right after it or after a space. Returns false if the time is invalid.
fn parse_time(text: &str, parts: &mut Parts) -> bool {
    let end = text.find(|c: char| !c.is_ascii_digit() && !matches!(c, ':' | '.' | ',')).unwrap_or(text.len());
    let (time, rest) = text.split_at(end);
    let mut pieces = time.split(':');
    let mut next = || pieces.next().map(|piece| piece.split(['.', ',']).next().unwrap_or(""));
    let (hour, minute, second) = (next(), next(), next());
    let number = |piece: Option<&str>| piece.filter(|piece| piece.len() <= 2).and_then(|piece| piece.parse().ok());
    let compact = |range: std::ops::Range<usize>| time.get(range).and_then(|piece| piece.parse::<u32>().ok());
    parts.time = match (number(hour), minute) {
        (Some(hour), Some(_)) => match (number(minute), second) {
            (Some(minute), Some(_)) => number(second).map(|second| (hour, minute, second)),
            (Some(minute), None) => Some((hour, minute, 0)),
            (None, _) => None,
        },
        (Some(hour), None) => Some((hour, 0, 0)),
        (None, None) if time.len() == 6 => {
            compact(0..2).zip(compact(2..4)).zip(compact(4..6)).map(|((hour, minute), second)| (hour, minute, second))
        }
        (None, None) if time.len() == 4 => compact(0..2).zip(compact(2..4)).map(|(hour, minute)| (hour, minute, 0)),
        _ => None,
    };
    if parts.time.is_none() {
        return false;
    }
    let rest = rest.trim();
    if !rest.is_empty() {
        parts.zone = Some(zone_of(rest));
    }
    true
}

/// Parses `2023年9月27日` or `2004년 05월 28일 오후 01:31:15`.
fn east_asian(text: &str) -> Option<Published> {
    let is_korean = text.contains('년');
    let (year, rest) = text.split_once(['年', '년'])?;
    let (month, rest) = rest.split_once(['月', '월'])?;
    let (day, rest) = rest.split_once(['日', '일'])?;
    let rest = rest.trim();
    // Skip a weekday in brackets.
    let rest = rest.split_once([')', '）']).map_or(rest, |(_, rest)| rest.trim());
    let iso = format!("{}-{}-{} {rest}", year.trim(), month.trim(), day.trim());
    match numbers(iso.trim())? {
        Published::At(moment) if is_korean && moment.offset().local_minus_utc() == 0 => {
            let zone = FixedOffset::east_opt(9 * 3600)?;
            moment.naive_local().and_local_timezone(zone).single().map(Published::At)
        }
        published => Some(published),
    }
}

/// Parses dates with the names of months: `Wed, 27 Sep 2023 10:00:00 GMT` and variations in any order.
fn with_month_names(text: &str) -> Option<Published> {
    let mut parts = Parts::default();
    let mut unknown = 0;
    for word in text.split(|c: char| c.is_whitespace() || c == ',').filter(|word| !word.is_empty()).take(16) {
        if word.contains(':') && word.starts_with(|c: char| c.is_ascii_digit()) && parts.time.is_none() {
            if !parse_time(word, &mut parts) {
                parts.time = Some((u32::MAX, 0, 0));
            }
            continue;
        }
        if parts.day.is_none()
            && let Some((year, month, day)) = separated(word)
        {
            (parts.year, parts.month, parts.day) = (Some(year), Some(month), Some(day));
            continue;
        }
        // `27-Sep-2023`, and `2004-july-13T9:15` with a name instead of a number.
        if word.contains('-') && word.contains(char::is_alphabetic) && !word.starts_with(['-', '+']) {
            let pieces: Vec<&str> = word.split('-').collect();
            if pieces.len() == 3 && pieces.iter().any(|piece| month_of(piece).is_some()) {
                pieces.iter().for_each(|piece| number_or_month(piece, &mut parts));
                continue;
            }
        }
        match word.to_lowercase().as_str() {
            "am" | "a.m." => parts.afternoon = Some(false),
            "pm" | "p.m." => parts.afternoon = Some(true),
            word if parts.time.is_some() && zone_of(word).is_some() => parts.zone = Some(zone_of(word)),
            word if parts.time.is_some() && word.starts_with(['+', '-']) => parts.zone = Some(None),
            word if word.starts_with(|c: char| c.is_ascii_digit()) || month_of(word).is_some() => {
                number_or_month(word, &mut parts);
            }
            _ => unknown += 1,
        }
    }
    // Accept a weekday and an unknown zone, but not a sentence.
    if unknown > 3 { None } else { parts.finish() }
}

fn number_or_month(word: &str, parts: &mut Parts) {
    let digits = word.find(|c: char| !c.is_ascii_digit()).unwrap_or(word.len());
    let (digits, rest) = word.split_at(digits);
    if digits.is_empty() {
        // In some languages a weekday begins like a month and stands before it, so the last match counts.
        parts.month = month_of(word).or(parts.month);
        return;
    }
    if !matches!(rest, "" | "." | "st" | "nd" | "rd" | "th" | "º") {
        return;
    }
    let Ok(number) = digits.parse::<u32>() else { return };
    match digits.len() {
        1 | 2 if parts.day.is_none() => parts.day = Some(number),
        // Two-digit years are within 50 years of 2000, by RFC 5322.
        2 if parts.year.is_none() => parts.year = i32::try_from(number + if number < 50 { 2000 } else { 1900 }).ok(),
        3 if parts.year.is_none() => parts.year = i32::try_from(number + 1900).ok(),
        4 if parts.year.is_none() => parts.year = i32::try_from(number).ok(),
        _ => {}
    }
}

/// The beginnings of the names of months in feeds, in lower case, with their numbers.
#[rustfmt::skip]
const MONTHS: &[(&str, u32)] = &[
    ("jan", 1), ("feb", 2), ("mar", 3), ("apr", 4), ("may", 5), ("jun", 6), ("jul", 7), ("aug", 8), ("sep", 9),
    ("oct", 10), ("nov", 11), ("dec", 12),
    // German, Dutch, the Nordic languages.
    ("jän", 1), ("mär", 3), ("mrz", 3), ("maa", 3), ("mrt", 3), ("mai", 5), ("mei", 5), ("maj", 5), ("okt", 10),
    ("dez", 12), ("des", 12),
    // French, Spanish, Portuguese, Italian.
    ("fév", 2), ("fev", 2), ("avr", 4), ("juin", 6), ("juil", 7), ("aoû", 8), ("aou", 8), ("déc", 12), ("ene", 1),
    ("abr", 4), ("ago", 8), ("dic", 12), ("set", 9), ("out", 10), ("gen", 1), ("mag", 5), ("giu", 6), ("lug", 7),
    ("ott", 10),
    // Greek.
    ("ιαν", 1), ("φεβ", 2), ("μάρ", 3), ("μαρ", 3), ("μαώ", 3), ("μάώ", 3), ("απρ", 4), ("μάι", 5), ("μαϊ", 5),
    ("μαι", 5), ("ιούν", 6), ("ιον", 6), ("ιουν", 6), ("ιούλ", 7), ("ιολ", 7), ("ιουλ", 7), ("αύγ", 8), ("αυγ", 8),
    ("σεπ", 9), ("οκτ", 10), ("νοέ", 11), ("νοε", 11), ("δεκ", 12),
    // Hungarian.
    ("márc", 3), ("ápr", 4), ("máj", 5), ("jún", 6), ("júl", 7), ("szep", 9),
    // Russian.
    ("янв", 1), ("фев", 2), ("мар", 3), ("апр", 4), ("май", 5), ("мая", 5), ("июн", 6), ("июл", 7), ("авг", 8),
    ("сен", 9), ("окт", 10), ("ноя", 11), ("дек", 12),
];

fn month_of(name: &str) -> Option<u32> {
    let name = name.to_lowercase();
    let mut found = MONTHS.iter().filter(|(front, _)| name.starts_with(front));
    // `juin` and `juil` need four letters: the longest match counts.
    let found = found.next().map(|first| found.fold(first, |a, b| if b.0.len() > a.0.len() { b } else { a }))?;
    // A month is a single word.
    (name.chars().count() <= 12 && !name.contains(|c: char| c.is_ascii_digit())).then_some(found.1)
}

/// The names of zones with a single common meaning, and their hours from UTC.
#[rustfmt::skip]
const ZONES: &[(&str, i32)] = &[
    ("z", 0), ("ut", 0), ("utc", 0), ("gmt", 0), ("wet", 0), ("bst", 1), ("west", 1), ("cet", 1), ("met", 1),
    ("mez", 1), ("cest", 2), ("mest", 2), ("mesz", 2), ("eet", 2), ("sast", 2), ("eest", 3), ("msk", 3), ("hkt", 8),
    ("sgt", 8), ("awst", 8), ("jst", 9), ("kst", 9), ("aest", 10), ("aedt", 11), ("nzst", 12), ("nzdt", 13),
    ("adt", -3), ("ast", -4), ("at", -4), ("edt", -4), ("est", -5), ("et", -5), ("cdt", -5), ("cst", -6), ("ct", -6),
    ("mdt", -6), ("mst", -7), ("mt", -7), ("pdt", -7), ("pst", -8), ("pt", -8), ("akdt", -8), ("akst", -9),
    ("hst", -10), ("a", -1), ("m", -12), ("n", 1), ("y", 12),
];

fn zone_of(text: &str) -> Option<FixedOffset> {
    let lower = text.trim().trim_matches(['(', ')']).to_lowercase();
    if let Some((_, hours)) = ZONES.iter().find(|(name, _)| *name == lower) {
        return FixedOffset::east_opt(hours * 3600);
    }
    let signed = ["gmt", "utc", ""].iter().find_map(|name| lower.strip_prefix(name)?.strip_prefix(['+', '-']))?;
    let is_west = lower.ends_with(&format!("-{signed}"));
    let digits: String = signed.chars().filter(|&c| c != ':').collect();
    let (hours, minutes) = match digits.len() {
        1 | 2 => (digits.parse::<i32>().ok()?, 0),
        3 => (digits.get(..1)?.parse().ok()?, digits.get(1..)?.parse().ok()?),
        4 => (digits.get(..2)?.parse().ok()?, digits.get(2..)?.parse().ok()?),
        _ => return None,
    };
    let is_zone = hours <= 14 && minutes < 60;
    let seconds = TimeDelta::minutes(i64::from(hours * 60 + minutes)).num_seconds();
    let seconds = i32::try_from(seconds).ok().filter(|_| is_zone)?;
    FixedOffset::east_opt(if is_west { -seconds } else { seconds })
}

/// Parses seconds since 1970 with ten digits: 2001 to 2286.
fn unix_time(text: &str) -> Option<Published> {
    let is_time = text.len() == 10 && text.bytes().all(|byte| byte.is_ascii_digit()) && !text.starts_with('0');
    let seconds = text.parse().ok().filter(|_| is_time)?;
    DateTime::from_timestamp(seconds, 0).map(|moment| Published::At(moment.fixed_offset()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utc(text: &str) -> String {
        match parse(text) {
            Some(Published::At(moment)) => moment.naive_utc().format("%Y-%m-%d %H:%M:%S").to_string(),
            Some(Published::Day(day)) => day.to_string(),
            None => "none".to_owned(),
        }
    }

    #[test]
    fn rfc_822_dates_are_parsed_despite_common_mistakes() {
        for (text, moment) in [
            ("Thu, 01 Jan 2004 19:48:21 GMT", "2004-01-01 19:48:21"),
            ("Thu, 1 Jan 04 19:48 EST", "2004-01-02 00:48:00"),
            ("01 Jan 2004 19:48:21 +0200", "2004-01-01 17:48:21"),
            ("Thu Jan 01 19:48:21 2004", "2004-01-01 19:48:21"),
            ("Thu, Jan 01 2004 19:48:21 PDT", "2004-01-02 02:48:21"),
            ("Thu, 01-Jan-2004 19:48:21 UTC", "2004-01-01 19:48:21"),
            ("Thursday, 01 January 2004 19:48:21 GMT+2", "2004-01-01 17:48:21"),
            ("Mi, 27 Sep 2023 10:00:00 +0200", "2023-09-27 08:00:00"),
            ("Wed, 27 Sept 2023 10:00:00 PDT", "2023-09-27 17:00:00"),
            ("Sept 27th, 2023 1:05 PM", "2023-09-27 13:05:00"),
            ("27 Sep 2023", "2023-09-27"),
            ("Wed, 27 Sep 2023 25:61:61 GMT", "2023-09-27"),
            ("Wed, 27 Sep 2023 10:00:00 +9999", "2023-09-27"),
            ("Fri, 31 Dec 9999 23:59:60 GMT", "9999-12-31 23:59:59"),
            ("Wed, 31 Dec 2003 24:00:00 GMT", "2004-01-01 00:00:00"),
        ] {
            assert_eq!(utc(text), moment, "{text}");
        }
    }

    #[test]
    fn iso_8601_is_read_in_full_and_in_part() {
        for (text, moment) in [
            ("2003", "2003-01-01"),
            ("2003-12", "2003-12-01"),
            ("2003-12-31", "2003-12-31"),
            ("20031231", "2003-12-31"),
            ("2003-335", "2003-12-01"),
            ("2003-12-31T10:14:55Z", "2003-12-31 10:14:55"),
            ("2003-12-31T10:14:55.123-08:00", "2003-12-31 18:14:55"),
            ("2003-12-31T10:14+0130", "2003-12-31 08:44:00"),
            ("2003-12-31 10:14:55.0", "2003-12-31 10:14:55"),
            ("2003-12-31 10:14:55 UTC", "2003-12-31 10:14:55"),
            ("20031231T101455Z", "2003-12-31 10:14:55"),
            ("2004-july-13T9:15-05:00", "2004-07-13 14:15:00"),
        ] {
            assert_eq!(utc(text), moment, "{text}");
        }
    }

    #[test]
    fn dates_with_slashes_or_dots_need_a_certain_order() {
        for (text, moment) in [
            ("2019/11/15 10:00:00", "2019-11-15 10:00:00"),
            ("2019/11/15", "2019-11-15"),
            ("2019/1/5 9:05", "2019-01-05 09:05:00"),
            ("2019/11/15T10:00:00+02:00", "2019-11-15 08:00:00"),
            ("2019.11.15", "2019-11-15"),
            ("2019.11.15. 10:00", "2019-11-15 10:00:00"),
            ("02.03.2026 10:00", "2026-03-02 10:00:00"),
            ("15.11.2019", "2019-11-15"),
            ("Fr, 15.11.2019, 10:00 Uhr", "2019-11-15 10:00:00"),
            ("Fri, 2019/11/15 10:00:00 GMT", "2019-11-15 10:00:00"),
            ("15.11.2019 um 10:00 MEZ", "2019-11-15 09:00:00"),
            ("15.11.19", "none"),
            ("15.13.2019", "none"),
            ("31.02.2019", "none"),
            ("2019/11/45", "none"),
            ("03/04/2019", "none"),
            ("2019/11", "none"),
            ("192.168.2019.1", "none"),
        ] {
            assert_eq!(utc(text), moment, "{text}");
        }
    }

    #[test]
    fn dates_of_other_languages_are_read() {
        for (text, moment) in [
            ("Κυρ, 11 Ιούλ 2004 12:00:00 EST", "2004-07-11 17:00:00"),
            ("2004-július-13T9:15-05:00", "2004-07-13 14:15:00"),
            ("2004년 05월 28일  01:31:15", "2004-05-27 16:31:15"),
            ("2004-05-25 오후 11:23:17", "2004-05-25 14:23:17"),
            ("2023年9月27日", "2023-09-27"),
            ("27 août 2023 10:00:00 +0200", "2023-08-27 08:00:00"),
            ("27 июля 2023", "2023-07-27"),
        ] {
            assert_eq!(utc(text), moment, "{text}");
        }
    }

    #[test]
    fn invalid_dates_are_none() {
        for text in ["", "yesterday", "32 Jan 2023", "2023-13-45", "30 Feb 2023", "soon in May", "27/09/2023", "12"] {
            assert_eq!(utc(text), "none", "{text}");
        }
        assert_eq!(utc("1695808800"), "2023-09-27 10:00:00");
    }
}
