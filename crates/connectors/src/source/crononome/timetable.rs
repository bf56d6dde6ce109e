//! When which entry fires. Takes time as an argument.

use std::str::FromStr;

use chrono::{DateTime, Utc};
use cron::Schedule;
use temblor_runtime::config::{ConfigError, ConfigReader};
use temblor_runtime::source::StartError;
use temblor_value::{Str, Value};

use crate::unknown_keys::warn;

/// A configured entry.
pub(super) struct Entry {
    /// Its name.
    pub(super) name: Str,
    /// Second, minute, hour, day of month, month, day of week, and perhaps a year; or a shorthand.
    pub(super) expr: Str,
    /// What its events carry.
    pub(super) payload: Option<Value>,
}

impl Entry {
    pub(super) fn read(mut reader: ConfigReader<'_>) -> Result<Self, ConfigError> {
        let entry = Self {
            name: reader.required("name")?,
            expr: reader.required("expr")?,
            payload: reader.optional::<&Value>("payload")?.cloned(),
        };
        warn(reader);
        Ok(entry)
    }
}

/// The next times of all entries.
pub(super) struct Timetable(Vec<Line>);

struct Line {
    schedule: Schedule,
    /// `None`: never again.
    next: Option<DateTime<Utc>>,
}

/// The expressions of all entries. A bad one is an error that names its entry.
pub(super) fn schedules(entries: &[Entry]) -> Result<Vec<Schedule>, StartError> {
    let read = |entry: &Entry| {
        Schedule::from_str(entry.expr.trim())
            .map_err(|error| StartError(format!("entry `{}`: bad expression `{}`: {error}", entry.name, entry.expr)))
    };
    entries.iter().map(read).collect()
}

impl Timetable {
    /// The times after `now_ns` (nanoseconds since the epoch).
    pub(super) fn new(schedules: Vec<Schedule>, now_ns: u64) -> Self {
        let lines = schedules.into_iter().map(|schedule| Line {
            next: next(&schedule, now_ns),
            schedule,
        });
        Self(lines.collect())
    }

    /// Entries that fire at `now_ns`, by position. However often one was missed, it fires once.
    pub(super) fn due(&mut self, now_ns: u64) -> Vec<usize> {
        let now = time(now_ns);
        let mut due = Vec::new();
        for (at, line) in self.0.iter_mut().enumerate() {
            if line.next.is_some_and(|next| next <= now) {
                due.push(at);
                line.next = next(&line.schedule, now_ns);
            }
        }
        due
    }
}

fn next(schedule: &Schedule, now_ns: u64) -> Option<DateTime<Utc>> {
    schedule.after(&time(now_ns)).next()
}

fn time(now_ns: u64) -> DateTime<Utc> {
    DateTime::from_timestamp_nanos(i64::try_from(now_ns).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    const S: u64 = 1_000_000_000;
    /// Sunday, 2023-01-01 00:00:00.
    const SUNDAY: u64 = 1_672_531_200;
    const DAY: u64 = 24 * 3600;

    fn timetable(exprs: &[&str], now_s: u64) -> Result<Timetable, StartError> {
        let entries: Vec<Entry> = exprs
            .iter()
            .map(|expr| Entry {
                name: "n".into(),
                expr: Str::new(expr),
                payload: None,
            })
            .collect();
        Ok(Timetable::new(schedules(&entries)?, now_s * S))
    }

    /// Seconds after `SUNDAY` at which the expression fires, up to `until`.
    fn times(expr: &str, until: u64, step: u64) -> Vec<u64> {
        let mut timetable = timetable(&[expr], SUNDAY).unwrap();
        (0..=until)
            .step_by(step as usize)
            .filter(|at| !timetable.due((SUNDAY + at) * S).is_empty())
            .collect()
    }

    #[test]
    fn entries_fire_at_their_seconds() {
        assert_eq!(times("*/5 * * * * *", 16, 1), [5, 10, 15]);
        assert_eq!(times("7/20 * * * * * *", 60, 1), [7, 27, 47]);
        assert_eq!(times("1-3,30 * * * * ?", 60, 1), [1, 2, 3, 30]);
    }

    #[test]
    fn weekdays_count_from_sunday_and_both_day_fields_must_match() {
        assert_eq!(times("0 0 12 * * 1", 8 * DAY, 3600), [DAY / 2, 7 * DAY + DAY / 2]);
        assert_eq!(times("0 0 0 ? * mon", 8 * DAY, 3600), [DAY, 8 * DAY]);
        assert_eq!(times("0 0 0 2 January Monday", 40 * DAY, 3600), [DAY]);
        assert!(times("0 0 0 3 1 Monday", 40 * DAY, 3600).is_empty());
    }

    #[test]
    fn shorthands() {
        assert_eq!(times("@hourly", 7300, 100), [3600, 7200]);
        assert_eq!(times("@daily", 2 * DAY, 3600), [DAY, 2 * DAY]);
    }

    #[test]
    fn missed_times_of_an_entry_collapse_into_one() {
        let mut timetable = timetable(&["* * * * * *", "0 * * * * *"], SUNDAY).unwrap();
        assert_eq!(timetable.due((SUNDAY + 30) * S + 1), [0]);
        assert!(timetable.due((SUNDAY + 30) * S + 2).is_empty());
        assert_eq!(timetable.due((SUNDAY + 300) * S), [0, 1]);
        assert_eq!(timetable.due((SUNDAY + 301) * S), [0]);
    }

    #[test]
    fn a_past_date_never_fires() {
        assert!(times("0 0 0 1 1 ? 1999", 3 * DAY, 3600).is_empty());
    }

    #[test]
    fn a_bad_expression_names_the_entry() {
        let error = timetable(&["* * * * * *", "61 * * * * *"], SUNDAY).err().unwrap().to_string();
        assert!(error.starts_with("entry `n`: bad expression `61 * * * * *`: "), "{error}");
    }
}
