//! Durations (spec/stdlib.md 6.1). Computed exactly; what is above 2^64-1 nanoseconds is a runtime error.

use temblor_script::func::{CallCx, FnError};
use temblor_value::Value;

use crate::args::{self, failure};

const MICROSECOND: u128 = 1000;
const MILLISECOND: u128 = 1000 * MICROSECOND;
const SECOND: u128 = 1000 * MILLISECOND;
const MINUTE: u128 = 60 * SECOND;
const HOUR: u128 = 60 * MINUTE;
const DAY: u128 = 24 * HOUR;
const WEEK: u128 = 7 * DAY;

fn result(nanoseconds: u128) -> Result<Value, FnError> {
    match u64::try_from(nanoseconds) {
        Ok(nanoseconds) => Ok(Value::from(nanoseconds)),
        Err(_) => Err(failure("the duration is longer than 2^64-1 nanoseconds")),
    }
}

fn counted(args: &[Value], unit: u128) -> Result<Value, FnError> {
    result(u128::from(args::u32(&args[0])?) * unit)
}

fn years(count: u32) -> u128 {
    (u128::from(count) * 365 + u128::from(count / 4)) * DAY
}

pub(super) fn with_nanoseconds(_: &mut CallCx<'_>, args: &[Value]) -> Result<Value, FnError> {
    counted(args, 1)
}

pub(super) fn with_microseconds(_: &mut CallCx<'_>, args: &[Value]) -> Result<Value, FnError> {
    counted(args, MICROSECOND)
}

pub(super) fn with_milliseconds(_: &mut CallCx<'_>, args: &[Value]) -> Result<Value, FnError> {
    counted(args, MILLISECOND)
}

pub(super) fn with_seconds(_: &mut CallCx<'_>, args: &[Value]) -> Result<Value, FnError> {
    counted(args, SECOND)
}

pub(super) fn with_minutes(_: &mut CallCx<'_>, args: &[Value]) -> Result<Value, FnError> {
    counted(args, MINUTE)
}

pub(super) fn with_hours(_: &mut CallCx<'_>, args: &[Value]) -> Result<Value, FnError> {
    counted(args, HOUR)
}

pub(super) fn with_days(_: &mut CallCx<'_>, args: &[Value]) -> Result<Value, FnError> {
    counted(args, DAY)
}

pub(super) fn with_weeks(_: &mut CallCx<'_>, args: &[Value]) -> Result<Value, FnError> {
    counted(args, WEEK)
}

pub(super) fn with_years(_: &mut CallCx<'_>, args: &[Value]) -> Result<Value, FnError> {
    result(years(args::u32(&args[0])?))
}

/// The text is cut at every single space and read in pairs; pairs that mean nothing are ignored.
pub(super) fn from_human_format(_: &mut CallCx<'_>, args: &[Value]) -> Result<Value, FnError> {
    let mut tokens = args::string(&args[0])?.split(' ');
    let mut sum = 0_u128;
    while let (Some(count), Some(unit)) = (tokens.next(), tokens.next()) {
        sum = sum.saturating_add(pair(count, unit).unwrap_or(0));
    }
    if sum == 0 {
        return Err(failure("the text names no duration"));
    }
    result(sum)
}

fn pair(count: &str, unit: &str) -> Option<u128> {
    let count: u32 = count.parse().ok()?;
    let times = |unit: u128| Some(u128::from(count) * unit);
    match (unit, count) {
        ("years", _) | ("year", 1) => Some(years(count)),
        ("weeks", _) | ("week", 1) => times(WEEK),
        ("days", _) | ("day", 1) => times(DAY),
        ("minutes", _) | ("minute", 1) => times(MINUTE),
        ("seconds", _) | ("second", 1) => times(SECOND),
        ("milliseconds", _) | ("millisecond", 1) => times(MILLISECOND),
        ("microseconds", _) | ("microsecond", 1) => times(MICROSECOND),
        ("nanoseconds", _) | ("nanosecond", 1) => times(1),
        _ => None,
    }
}
