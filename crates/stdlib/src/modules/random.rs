//! Module `random` (spec/stdlib.md 5.8).
//!
//! Each call makes its generator anew from the ingest time of the event, so that equal calls within one event agree and a replayed
//! event replays its numbers. Nothing here may be used for secrets.

use rand::rngs::SmallRng;
use rand::{RngExt as _, SeedableRng as _};
use temblor_script::func::{Arity, CallCx, FnError, FunctionDef};
use temblor_value::Value;

use crate::args::{self, failure};
use crate::growth::Text;
use crate::table::{doc, ex, impure};

const MODULE: &str = "random";
const ALPHANUMERIC: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/// The functions of the module.
pub(crate) const FUNCTIONS: &[FunctionDef] = &[
    impure(
        MODULE,
        "bool",
        Arity::exactly(0),
        |cx, _| Ok(Value::from(generator(cx).random::<bool>())),
        doc(
            "bool()",
            "`true` or `false`.",
            &[ex("core::type::is_bool(core::random::bool())", "true")],
        ),
    ),
    impure(
        MODULE,
        "string",
        Arity::exactly(1),
        string,
        doc(
            "string(length)",
            "A string of `length` characters out of `A-Z a-z 0-9`.",
            &[
                ex("core::random::string(0)", "\"\""),
                ex("core::string::len(core::random::string(9))", "9"),
            ],
        ),
    ),
    impure(
        MODULE,
        "integer",
        Arity::between(0, 2),
        integer,
        doc(
            "integer(low, high)",
            "An integer from `low` up to but not including `high`. With one argument that is `high`, and `low` is 0; without any, \
             every signed integer of 64 bits is possible. An empty range is a runtime error.",
            &[ex("core::random::integer(1)", "0"), ex("core::random::integer(-3,-2)", "-3")],
        ),
    ),
    impure(
        MODULE,
        "float",
        Arity::between(0, 2),
        float,
        doc(
            "float(low, high)",
            "A float from `low` up to but not including `high`. With one argument that is `high`, and `low` is 0; without any, the \
             range is 0 to 1. An empty range is a runtime error.",
            &[ex("core::type::is_float(core::random::float(1, 2.5))", "true")],
        ),
    ),
];

/// The generator of a call.
pub(crate) fn generator(cx: &CallCx<'_>) -> SmallRng {
    SmallRng::seed_from_u64(cx.info.ingest_ns)
}

fn string(cx: &mut CallCx<'_>, args: &[Value]) -> Result<Value, FnError> {
    let length = usize::try_from(args::uint(&args[0])?).unwrap_or(usize::MAX);
    cx.check_bytes(length)?;
    cx.charge(length)?;
    let mut random = generator(cx);
    let mut out = Text::new(cx.limits);
    for _ in 0..length {
        out.push(char::from(ALPHANUMERIC[random.random_range(0..ALPHANUMERIC.len())]))?;
    }
    Ok(Value::from(out.finish()?))
}

fn integer(cx: &mut CallCx<'_>, args: &[Value]) -> Result<Value, FnError> {
    let mut random = generator(cx);
    match args {
        [] => Ok(Value::from(random.random::<i64>())),
        [high] => match args::uint(high)? {
            0 => Err(failure("there is no integer below 0 and not below 0")),
            high => Ok(Value::from(random.random_range(0..high))),
        },
        [low, high, ..] => {
            let (low, high) = (args::int(low)?, args::int(high)?);
            if low >= high {
                return Err(failure(format!("the range from {low} to {high} is empty")));
            }
            Ok(Value::from(random.random_range(low..high)))
        }
    }
}

fn float(cx: &mut CallCx<'_>, args: &[Value]) -> Result<Value, FnError> {
    let (low, high) = match args {
        [] => (0.0, 1.0),
        [high] => (0.0, args::float(high)?),
        [low, high, ..] => (args::float(low)?, args::float(high)?),
    };
    if !(low < high && low.is_finite() && high.is_finite()) {
        return Err(failure(format!("the range from {low} to {high} is empty or infinite")));
    }
    let share: f64 = generator(cx).random();
    // The weighted form cannot overflow; rounding may still reach the bound that is excluded.
    let number = low.mul_add(1.0 - share, high * share);
    Ok(Value::from(number.clamp(low, high.next_down())))
}
