//! Times of syslog messages, in ns since the epoch.

use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime};

use super::cursor::Cursor;

const MONTHS: &[&str] = &[
    "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
];

/// RFC 3339 with offset, up to the next white space.
pub(super) fn rfc3339(cursor: &mut Cursor<'_>) -> Option<i64> {
    parse_rfc3339(cursor.word()?)
}

/// The forms of RFC 3164 messages: without year, with year, RFC 3339; a colon behind is swallowed. `now_ns` decides the year where there is none.
pub(super) fn rfc3164(cursor: &mut Cursor<'_>, now_ns: u64) -> Option<i64> {
    cursor
        .attempt(|cursor| bsd(cursor, |_, month| likely_year(month, now_ns)))
        .or_else(|| cursor.attempt(|cursor| bsd(cursor, |cursor, _| written_year(cursor))))
        .or_else(|| {
            let word = cursor.word()?;
            parse_rfc3339(word).or_else(|| parse_rfc3339(word.strip_suffix(':')?))
        })
}

fn parse_rfc3339(text: &str) -> Option<i64> {
    DateTime::parse_from_rfc3339(text).ok()?.timestamp_nanos_opt()
}

/// `Mon D [YYYY] HH:MM:SS`, in UTC.
fn bsd(cursor: &mut Cursor<'_>, year: impl FnOnce(&mut Cursor<'_>, u32) -> Option<i32>) -> Option<i64> {
    let name = cursor.take_while(|c| c.is_ascii_alphabetic())?;
    let month = 1 + MONTHS.iter().position(|month| month.eq_ignore_ascii_case(name))? as u32;
    cursor.spaces()?;
    let day = number(cursor)?;
    cursor.spaces()?;
    let year = year(cursor, month)?;
    let hour = number(cursor)?;
    cursor.literal(":")?;
    let minute = number(cursor)?;
    cursor.literal(":")?;
    let second = number(cursor)?;
    let _ = cursor.literal(":");
    let time: NaiveDateTime = NaiveDate::from_ymd_opt(year, month, day)?.and_hms_opt(hour, minute, second)?;
    time.and_utc().timestamp_nanos_opt()
}

fn number(cursor: &mut Cursor<'_>) -> Option<u32> {
    cursor.digits()?.parse().ok()
}

fn written_year(cursor: &mut Cursor<'_>) -> Option<i32> {
    let year = cursor.digits()?.parse().ok()?;
    cursor.spaces()?;
    Some(year)
}

/// The present year; the one before if it is January and the message is from December.
fn likely_year(month: u32, now_ns: u64) -> Option<i32> {
    let now = DateTime::from_timestamp((now_ns / 1_000_000_000) as i64, 0)?;
    let is_from_last_year = now.month() == 1 && month == 12;
    Some(if is_from_last_year { now.year() - 1 } else { now.year() })
}
