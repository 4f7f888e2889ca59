//! Publication dates: a day, or a moment with its offset.

use std::fmt;

use chrono::{DateTime, FixedOffset, NaiveDate, SecondsFormat};
use serde::{Deserialize, Serialize};

/// A day, or a moment with the offset from UTC of its source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(into = "(i64, Option<i16>)", try_from = "(i64, Option<i16>)")]
pub enum Published {
    /// A day without a time.
    Day(NaiveDate),
    /// A moment. A time without a zone is read as UTC.
    At(DateTime<FixedOffset>),
}

impl Published {
    /// Returns the local day of the publisher.
    pub fn day(self) -> NaiveDate {
        match self {
            Published::Day(day) => day,
            Published::At(moment) => moment.date_naive(),
        }
    }

    /// Returns seconds since 1970-01-01 00:00 UTC, for sorting; a day counts from its midnight in UTC.
    pub fn seconds(self) -> i64 {
        match self {
            Published::Day(day) => day.and_time(chrono::NaiveTime::MIN).and_utc().timestamp(),
            Published::At(moment) => moment.timestamp(),
        }
    }

    /// Returns the offset from UTC in minutes, or `None` for a day without a time.
    pub fn offset_minutes(self) -> Option<i16> {
        match self {
            Published::Day(_) => None,
            Published::At(moment) => i16::try_from(moment.offset().local_minus_utc() / 60).ok(),
        }
    }

    /// Returns the value with these [`seconds`](Self::seconds) and [`offset_minutes`](Self::offset_minutes), or `None` if
    /// they are out of range.
    pub fn from_seconds(seconds: i64, offset_minutes: Option<i16>) -> Option<Published> {
        let utc = DateTime::from_timestamp(seconds, 0)?;
        match offset_minutes {
            None => Some(Published::Day(utc.date_naive())),
            Some(minutes) => {
                let offset = FixedOffset::east_opt(i32::from(minutes) * 60)?;
                Some(Published::At(utc.with_timezone(&offset)))
            }
        }
    }
}

impl From<Published> for (i64, Option<i16>) {
    fn from(published: Published) -> Self {
        (published.seconds(), published.offset_minutes())
    }
}

impl TryFrom<(i64, Option<i16>)> for Published {
    type Error = &'static str;

    fn try_from((seconds, offset): (i64, Option<i16>)) -> Result<Self, Self::Error> {
        Published::from_seconds(seconds, offset).ok_or("the date is out of range")
    }
}

impl fmt::Display for Published {
    /// ISO 8601: `2023-09-27`, or `2023-09-27T22:10:00+03:00`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Published::Day(day) => write!(f, "{}", day.format("%Y-%m-%d")),
            Published::At(moment) => f.write_str(&moment.to_rfc3339_opts(SecondsFormat::Secs, true)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_and_moments_round_trip_through_seconds() {
        let day = Published::Day(NaiveDate::from_ymd_opt(2023, 9, 27).unwrap());
        let moment = Published::At(DateTime::parse_from_rfc3339("2023-09-27T22:10:00+03:00").unwrap());
        for published in [day, moment] {
            assert_eq!(Published::from_seconds(published.seconds(), published.offset_minutes()), Some(published));
        }
        assert_eq!(day.to_string(), "2023-09-27");
        assert_eq!(moment.to_string(), "2023-09-27T22:10:00+03:00");
        assert_eq!(moment.day(), day.day());
    }
}
