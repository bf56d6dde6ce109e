//! Module `math` (spec/stdlib.md 5.7).

use temblor_script::func::{Arity, CallCx, FnError, FunctionDef};
use temblor_value::Value;

use crate::args;
use crate::table::{doc, ex, pure};

const MODULE: &str = "math";

/// The functions of the module.
pub(crate) const FUNCTIONS: &[FunctionDef] = &[
    pure(
        MODULE,
        "floor",
        Arity::exactly(1),
        |_, args| rounded(&args[0], f64::floor),
        doc(
            "floor(number)",
            "The greatest integer that is not above `number`.",
            &[ex("core::math::floor(-1.2)", "-2"), ex("core::math::floor(4)", "4")],
        ),
    ),
    pure(
        MODULE,
        "ceil",
        Arity::exactly(1),
        |_, args| rounded(&args[0], f64::ceil),
        doc(
            "ceil(number)",
            "The smallest integer that is not below `number`.",
            &[ex("core::math::ceil(-1.8)", "-1"), ex("core::math::ceil(-0.5)", "0")],
        ),
    ),
    pure(
        MODULE,
        "round",
        Arity::exactly(1),
        |_, args| rounded(&args[0], f64::round),
        doc(
            "round(number)",
            "The integer next to `number`, halves away from zero.",
            &[ex("core::math::round(-2.5)", "-3"), ex("core::math::round(2.5)", "3")],
        ),
    ),
    pure(
        MODULE,
        "trunc",
        Arity::exactly(1),
        |_, args| rounded(&args[0], f64::trunc),
        doc(
            "trunc(number)",
            "`number` without its fraction.",
            &[ex("core::math::trunc(-1.9)", "-1")],
        ),
    ),
    pure(
        MODULE,
        "max",
        Arity::exactly(2),
        max,
        doc(
            "max(a, b)",
            "The larger of two numbers. If one of them is a float, the result is a float.",
            &[ex("core::math::max(3, 2.5)", "3.0"), ex("core::math::max(4, 9)", "9")],
        ),
    ),
    pure(
        MODULE,
        "min",
        Arity::exactly(2),
        min,
        doc(
            "min(a, b)",
            "The smaller of two numbers. If one of them is a float, the result is a float.",
            &[ex("core::math::min(3, 4.0)", "3.0"), ex("core::math::min(4, 9)", "4")],
        ),
    ),
];

/// An integer as it is, a float rounded and saturated to the range of integers; not-a-number gives 0.
fn rounded(value: &Value, round: fn(f64) -> f64) -> Result<Value, FnError> {
    match value {
        Value::I64(_) | Value::U64(_) => Ok(value.clone()),
        Value::F64(number) => {
            let number = round(*number);
            Ok(if number < 0.0 {
                Value::from(number as i64)
            } else {
                Value::from(number as u64)
            })
        }
        _ => Err(FnError::BadType),
    }
}

fn max(_: &mut CallCx<'_>, args: &[Value]) -> Result<Value, FnError> {
    select(&args[0], &args[1], |a, b| a >= b, |a, b| a >= b)
}

fn min(_: &mut CallCx<'_>, args: &[Value]) -> Result<Value, FnError> {
    select(&args[0], &args[1], |a, b| a <= b, |a, b| a <= b)
}

/// The first number if it is preferred to the second, else the second. Integers of which one is negative and the other above the
/// signed range are taken as floats.
fn select(a: &Value, b: &Value, integers: fn(&i128, &i128) -> bool, floats: fn(&f64, &f64) -> bool) -> Result<Value, FnError> {
    let ranged = |value: &Value| match value {
        Value::I64(number) => Some(i128::from(*number)),
        Value::U64(number) => Some(i128::from(*number)),
        _ => None,
    };
    if let (Some(x), Some(y)) = (ranged(a), ranged(b)) {
        let above_signed = |number: i128| number > i128::from(i64::MAX);
        if !(x < 0 && above_signed(y) || y < 0 && above_signed(x)) {
            return Ok(if integers(&x, &y) { a.clone() } else { b.clone() });
        }
    }
    let (x, y) = (args::float(a)?, args::float(b)?);
    Ok(Value::from(if floats(&x, &y) { x } else { y }))
}
