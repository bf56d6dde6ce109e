//! Module `test` (spec/stdlib.md 5.13). `suite` and `test` are part of the library module.

use temblor_script::func::{Arity, CallCx, FnError, FunctionDef};
use temblor_value::Value;

use crate::strict;
use crate::table::{doc, ex, impure};

/// The functions of the module.
pub(crate) const FUNCTIONS: &[FunctionDef] = &[impure(
    "test",
    "assert",
    Arity::exactly(3),
    assert,
    doc(
        "assert(name, expected, got)",
        "Whether `expected` and `got` are strictly equal, as in `array::contains`. Never an error.",
        &[
            ex("core::test::assert(\"n\", 1, 1.0)", "false"),
            ex("core::test::assert(\"n\", [1], [1])", "true"),
        ],
    ),
)];

fn assert(cx: &mut CallCx<'_>, args: &[Value]) -> Result<Value, FnError> {
    Ok(Value::from(strict::equal(cx, &args[1], &args[2])?))
}
