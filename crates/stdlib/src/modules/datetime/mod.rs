//! Module `datetime` (spec/stdlib.md 6), reached as `core::datetime` only.
//!
//! A point in time is a number of nanoseconds since 1970-01-01T00:00:00Z, a duration a number of nanoseconds; all calendar
//! computations are in UTC.

mod duration;
mod format;

use chrono::{DateTime, Datelike as _, SecondsFormat, Timelike as _, Utc};
use temblor_script::func::{Arity, CallCx, FnError, FunctionDef, NativeFn};
use temblor_value::Value;

use crate::args::{self, failure};
use crate::table::{doc, ex, impure, pure};

const MODULE: &str = "datetime";
const SECOND: u64 = 1_000_000_000;
const DAY: u64 = 86_400 * SECOND;

/// The functions of the module.
pub(crate) const FUNCTIONS: &[FunctionDef] = &[
    pure(
        MODULE,
        "parse",
        Arity::exactly(2),
        parse,
        doc(
            "parse(text, format)",
            "The point in time that `text` writes in `format`. Date, hour and minute must be given, or seconds since the epoch; \
             without a zone in the format the time is UTC. A text that does not match, is incomplete or contradicts itself is a runtime error.",
            &[ex(
                "core::datetime::parse(\"2021-03-04 00:00\",\"%Y-%m-%d %H:%M\")",
                "1614816000000000000",
            )],
        ),
    ),
    pure(
        MODULE,
        "format",
        Arity::exactly(2),
        format,
        doc(
            "format(time, format)",
            "`time` written in `format`, in UTC.",
            &[
                ex("core::datetime::format(0,\"%d.%m.%y\")", "\"01.01.70\""),
                ex(
                    "core::datetime::format(1500000000123000000,\"%FT%T%.f%:z\")",
                    "\"2017-07-14T02:40:00.123+00:00\"",
                ),
            ],
        ),
    ),
    pure(
        MODULE,
        "iso8601",
        Arity::exactly(1),
        iso8601,
        doc(
            "iso8601(time)",
            "`time` as date and time of ISO 8601 with nine fractional digits.",
            &[ex("core::datetime::iso8601(1500)", "\"1970-01-01T00:00:00.000001500+00:00\"")],
        ),
    ),
    field(
        "year",
        "year(time)",
        |_, args| Ok(Value::from(i64::from(calendar(&args[0])?.year()))),
        "Year of `time`.",
        &[ex("core::datetime::year(0)", "1970")],
    ),
    field(
        "month",
        "month(time)",
        |_, args| Ok(Value::from(i64::from(calendar(&args[0])?.month()))),
        "Month of `time`, from 1.",
        &[ex("core::datetime::month(0)", "1")],
    ),
    field(
        "day",
        "day(time)",
        |_, args| Ok(Value::from(i64::from(calendar(&args[0])?.day()))),
        "Day of the month of `time`, from 1.",
        &[ex("core::datetime::day(0)", "1")],
    ),
    field(
        "hour",
        "hour(time)",
        |_, args| Ok(Value::from(i64::from(calendar(&args[0])?.hour()))),
        "Hour of `time`, from 0.",
        &[ex("core::datetime::hour(3600000000000)", "1")],
    ),
    field(
        "minute",
        "minute(time)",
        |_, args| Ok(Value::from(i64::from(calendar(&args[0])?.minute()))),
        "Minute of `time`, from 0.",
        &[ex("core::datetime::minute(60000000000)", "1")],
    ),
    field(
        "second",
        "second(time)",
        |_, args| Ok(Value::from(i64::from(calendar(&args[0])?.second()))),
        "Second of `time`, from 0.",
        &[ex("core::datetime::second(1000000000)", "1")],
    ),
    field(
        "millisecond",
        "millisecond(time)",
        |_, args| Ok(Value::from(i64::from(calendar(&args[0])?.nanosecond() / 1_000_000))),
        "The first three digits of the fraction of the second.",
        &[ex("core::datetime::millisecond(123456789)", "123")],
    ),
    field(
        "microsecond",
        "microsecond(time)",
        |_, args| Ok(Value::from(i64::from(calendar(&args[0])?.nanosecond() / 1000 % 1000))),
        "The digits four to six of the fraction of the second.",
        &[ex("core::datetime::microsecond(123456789)", "456")],
    ),
    field(
        "nanosecond",
        "nanosecond(time)",
        |_, args| Ok(Value::from(i64::from(calendar(&args[0])?.nanosecond() % 1000))),
        "The last three digits of the fraction of the second.",
        &[ex("core::datetime::nanosecond(123456789)", "789")],
    ),
    field(
        "subsecond",
        "subsecond(time)",
        |_, args| Ok(Value::from(i64::from(calendar(&args[0])?.nanosecond()))),
        "The fraction of the second in nanoseconds.",
        &[ex("core::datetime::subsecond(1000000007)", "7")],
    ),
    pure(
        MODULE,
        "without_subseconds",
        Arity::exactly(1),
        without_subseconds,
        doc(
            "without_subseconds(time)",
            "Whole **seconds** since the epoch.",
            &[ex("core::datetime::without_subseconds(2999999999)", "2")],
        ),
    ),
    pure(
        MODULE,
        "to_nearest_second",
        Arity::exactly(1),
        |_, args| nearest(&args[0], SECOND),
        doc(
            "to_nearest_second(time)",
            "`time` rounded to whole seconds, half up.",
            &[ex("core::datetime::to_nearest_second(1500000000)", "2000000000")],
        ),
    ),
    pure(
        MODULE,
        "to_nearest_millisecond",
        Arity::exactly(1),
        |_, args| nearest(&args[0], 1_000_000),
        doc(
            "to_nearest_millisecond(time)",
            "`time` rounded to whole milliseconds, half up.",
            &[ex("core::datetime::to_nearest_millisecond(1999500000)", "2000000000")],
        ),
    ),
    pure(
        MODULE,
        "to_nearest_microsecond",
        Arity::exactly(1),
        |_, args| nearest(&args[0], 1000),
        doc(
            "to_nearest_microsecond(time)",
            "`time` rounded to whole microseconds, half up.",
            &[ex("core::datetime::to_nearest_microsecond(1500)", "2000")],
        ),
    ),
    impure(
        MODULE,
        "today",
        Arity::exactly(0),
        |cx, _| Ok(Value::from(cx.host.now_ns() / DAY * DAY)),
        doc(
            "today()",
            "00:00 UTC of the current day.",
            &[ex("core::datetime::hour(core::datetime::today())", "0")],
        ),
    ),
    pure(
        MODULE,
        "from_human_format",
        Arity::exactly(1),
        duration::from_human_format,
        doc(
            "from_human_format(text)",
            "The duration that `text` gives as pairs of count and unit, `nanoseconds` up to `years`, singular if the count is 1. Other \
             pairs, hours too, are ignored; if nothing is left, it is a runtime error.",
            &[ex(
                "core::datetime::from_human_format(\"2 minutes 1 second\")",
                "121000000000",
            )],
        ),
    ),
    duration_of(
        "with_nanoseconds",
        duration::with_nanoseconds,
        "with_nanoseconds(count)",
        "`count` nanoseconds.",
        &[ex("core::datetime::with_nanoseconds(9)", "9")],
    ),
    duration_of(
        "with_microseconds",
        duration::with_microseconds,
        "with_microseconds(count)",
        "`count` microseconds.",
        &[ex("core::datetime::with_microseconds(9)", "9000")],
    ),
    duration_of(
        "with_milliseconds",
        duration::with_milliseconds,
        "with_milliseconds(count)",
        "`count` milliseconds.",
        &[ex("core::datetime::with_milliseconds(9)", "9000000")],
    ),
    duration_of(
        "with_seconds",
        duration::with_seconds,
        "with_seconds(count)",
        "`count` seconds.",
        &[ex("core::datetime::with_seconds(40)", "40000000000")],
    ),
    duration_of(
        "with_minutes",
        duration::with_minutes,
        "with_minutes(count)",
        "`count` minutes.",
        &[ex("core::datetime::with_minutes(3)", "180000000000")],
    ),
    duration_of(
        "with_hours",
        duration::with_hours,
        "with_hours(count)",
        "`count` hours.",
        &[ex("core::datetime::with_hours(1)", "3600000000000")],
    ),
    duration_of(
        "with_days",
        duration::with_days,
        "with_days(count)",
        "`count` days.",
        &[ex("core::datetime::with_days(2)", "172800000000000")],
    ),
    duration_of(
        "with_weeks",
        duration::with_weeks,
        "with_weeks(count)",
        "`count` weeks.",
        &[ex("core::datetime::with_weeks(1)", "604800000000000")],
    ),
    duration_of(
        "with_years",
        duration::with_years,
        "with_years(count)",
        "`count` years of 365 days and one more day for every four years.",
        &[ex("core::datetime::with_years(4)", "126230400000000000")],
    ),
];

type Examples = &'static [temblor_script::func::Example];

/// A row for a calendar field.
const fn field(
    name: &'static str,
    signature: &'static str,
    view: NativeFn,
    text: &'static str,
    examples: Examples,
) -> FunctionDef {
    pure(MODULE, name, Arity::exactly(1), view, doc(signature, text, examples))
}

/// A row for a function that makes a duration of a count.
const fn duration_of(
    name: &'static str,
    call: NativeFn,
    signature: &'static str,
    text: &'static str,
    examples: Examples,
) -> FunctionDef {
    pure(MODULE, name, Arity::exactly(1), call, doc(signature, text, examples))
}

/// The calendar form of a point in time.
fn calendar(time: &Value) -> Result<DateTime<Utc>, FnError> {
    let time = args::uint(time)?;
    let (seconds, nanoseconds) = (time / SECOND, time % SECOND);
    DateTime::from_timestamp(seconds as i64, nanoseconds as u32).ok_or_else(|| failure("the time is out of range"))
}

fn parse(_: &mut CallCx<'_>, args: &[Value]) -> Result<Value, FnError> {
    let (text, format) = (args::string(&args[0])?, args::string(&args[1])?);
    let time = format::read(text, format).map_err(|error| failure(error.to_string()))?;
    match (i64::try_from(time), u64::try_from(time)) {
        (Ok(time), _) => Ok(Value::from(time)),
        (_, Ok(time)) => Ok(Value::from(time)),
        _ => Err(failure("the time is out of range")),
    }
}

fn format(cx: &mut CallCx<'_>, args: &[Value]) -> Result<Value, FnError> {
    let (time, format) = (calendar(&args[0])?, args::string(&args[1])?);
    Ok(Value::from(format::write(cx, &time, format)?))
}

fn iso8601(_: &mut CallCx<'_>, args: &[Value]) -> Result<Value, FnError> {
    Ok(Value::from(calendar(&args[0])?.to_rfc3339_opts(SecondsFormat::Nanos, false)))
}

fn without_subseconds(_: &mut CallCx<'_>, args: &[Value]) -> Result<Value, FnError> {
    Ok(Value::from(args::uint(&args[0])? / SECOND))
}

fn nearest(time: &Value, unit: u64) -> Result<Value, FnError> {
    let rounded = args::uint(time)?.checked_add(unit / 2).map(|time| time / unit * unit);
    rounded.map(Value::from).ok_or_else(|| failure("the time is out of range"))
}
