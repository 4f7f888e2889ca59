//! Dates for readers: short and relative in the list, long in the text.

use chrono::{Datelike, NaiveDateTime};

use crate::article::Published;

/// The maximum width of [`short`], in columns.
pub const SHORT: usize = 9;

/// Formats a date for the list: a time today, `yesterday`, a weekday within the week, a day within the year, else with
/// the year.
pub fn short(published: Published, now: NaiveDateTime) -> String {
    let day = published.day();
    match (now.date() - day).num_days() {
        0 => match published {
            Published::At(moment) => moment.format("%H:%M").to_string(),
            Published::Day(_) => "today".to_owned(),
        },
        1 => "yesterday".to_owned(),
        2..=6 => day.format("%A").to_string(),
        _ if day.year() == now.year() => day.format("%-d %b").to_string(),
        _ if (1000..=9999).contains(&day.year()) => format!("{} {:02}", day.format("%-d %b"), day.year() % 100),
        _ => day.year().to_string(),
    }
}

/// Formats a date for the text: `27 September 2023`, with the time and its offset if they are known.
pub fn long(published: Published) -> String {
    match published {
        Published::Day(day) => day.format("%-d %B %Y").to_string(),
        Published::At(moment) => {
            let offset = if moment.offset().local_minus_utc() == 0 {
                "UTC".to_owned()
            } else {
                moment.format("%:z").to_string()
            };
            format!("{}, {} {offset}", moment.format("%-d %B %Y"), moment.format("%H:%M"))
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, NaiveDate};

    use super::*;

    #[test]
    fn recent_dates_are_relative_and_older_ones_name_the_year() {
        let now = NaiveDate::from_ymd_opt(2023, 9, 27).unwrap().and_hms_opt(12, 0, 0).unwrap();
        for (date, shown) in [
            ("2023-09-27", "today"),
            ("2023-09-26", "yesterday"),
            ("2023-09-23", "Saturday"),
            ("2023-09-20", "20 Sep"),
            ("2023-10-05", "5 Oct"),
            ("2021-09-07", "7 Sep 21"),
        ] {
            let day = NaiveDate::parse_from_str(date, "%Y-%m-%d").unwrap();
            assert_eq!(short(Published::Day(day), now), shown);
            assert!(shown.len() <= SHORT);
        }
        let moment = Published::At(DateTime::parse_from_rfc3339("2023-09-27T08:05:00+03:00").unwrap());
        assert_eq!(short(moment, now), "08:05");
        assert_eq!(long(moment), "27 September 2023, 08:05 +03:00");
    }
}
