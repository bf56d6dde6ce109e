//! Module `range` (spec/stdlib.md 5.9). `contains` is part of the library module.

use temblor_script::func::{Arity, CallCx, FnError, FunctionDef};
use temblor_value::Value;

use crate::args;
use crate::growth;
use crate::table::{doc, ex, pure};

/// The functions of the module.
pub(crate) const FUNCTIONS: &[FunctionDef] = &[pure(
    "range",
    "range",
    Arity::exactly(2),
    range,
    doc(
        "range(first, end)",
        "The integers from `first` up to but not including `end`; none if `first` is not below `end`.",
        &[
            ex("core::range::range(-2,1)", "[-2,-1,0]"),
            ex("core::range::range(3,3)", "[]"),
        ],
    ),
)];

fn range(cx: &mut CallCx<'_>, args: &[Value]) -> Result<Value, FnError> {
    let [first, end] = [&args[0], &args[1]];
    if let (Ok(first), Ok(end)) = (args::int(first), args::int(end)) {
        let count = if first < end { end.abs_diff(first) } else { 0 };
        return collect(cx, count, first..end);
    }
    let (first, end) = (args::uint(first)?, args::uint(end)?);
    collect(cx, end.saturating_sub(first), first..end)
}

fn collect<T: Into<Value>>(cx: &mut CallCx<'_>, count: u64, numbers: impl Iterator<Item = T>) -> Result<Value, FnError> {
    let mut array = growth::array(cx, usize::try_from(count).unwrap_or(usize::MAX))?;
    array.extend(numbers.map(Into::into));
    Ok(Value::from(array))
}
