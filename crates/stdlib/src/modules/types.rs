//! Module `type` (spec/stdlib.md 5.14).

use temblor_script::func::{Arity, CallCx, FnError, FunctionDef, NativeFn};
use temblor_value::Value;

use crate::table::{doc, ex, pure};

const MODULE: &str = "type";

/// The functions of the module.
pub(crate) const FUNCTIONS: &[FunctionDef] = &[
    pure(
        MODULE,
        "as_string",
        Arity::exactly(1),
        as_string,
        doc(
            "as_string(value)",
            "The name of the type: `null`, `bool`, `integer`, `float`, `string`, `array`, `record`, or `bytes` for a binary.",
            &[
                ex("core::type::as_string(<<>>)", "\"bytes\""),
                ex("core::type::as_string(true)", "\"bool\""),
            ],
        ),
    ),
    test(
        "is_null",
        "is_null(value)",
        |_, args| is(matches!(args[0], Value::Null)),
        "Whether `value` is null.",
        &[ex("core::type::is_null(null)", "true")],
    ),
    test(
        "is_bool",
        "is_bool(value)",
        |_, args| is(matches!(args[0], Value::Bool(_))),
        "Whether `value` is a boolean.",
        &[ex("core::type::is_bool(0)", "false")],
    ),
    test(
        "is_integer",
        "is_integer(value)",
        |_, args| is(matches!(args[0], Value::I64(_))),
        "Whether `value` is an integer in the signed 64 bit range; `false` for larger ones.",
        &[
            ex("core::type::is_integer(1)", "true"),
            ex("core::type::is_integer(1.0)", "false"),
        ],
    ),
    test(
        "is_float",
        "is_float(value)",
        |_, args| is(matches!(args[0], Value::F64(_))),
        "Whether `value` is a float.",
        &[ex("core::type::is_float(1)", "false")],
    ),
    test(
        "is_number",
        "is_number(value)",
        |_, args| is(matches!(args[0], Value::I64(_) | Value::U64(_) | Value::F64(_))),
        "Whether `value` is an integer of any size or a float.",
        &[ex("core::type::is_number(\"1\")", "false")],
    ),
    test(
        "is_string",
        "is_string(value)",
        |_, args| is(matches!(args[0], Value::Str(_))),
        "Whether `value` is a string.",
        &[ex("core::type::is_string(\"\")", "true")],
    ),
    test(
        "is_array",
        "is_array(value)",
        |_, args| is(matches!(args[0], Value::Array(_))),
        "Whether `value` is an array.",
        &[ex("core::type::is_array([])", "true")],
    ),
    test(
        "is_record",
        "is_record(value)",
        |_, args| is(matches!(args[0], Value::Object(_))),
        "Whether `value` is a record.",
        &[ex("core::type::is_record([])", "false")],
    ),
    test(
        "is_binary",
        "is_binary(value)",
        |_, args| is(matches!(args[0], Value::Bytes(_))),
        "Whether `value` is a binary.",
        &[ex("core::type::is_binary(\"\")", "false")],
    ),
];

const fn test(
    name: &'static str,
    signature: &'static str,
    call: NativeFn,
    text: &'static str,
    examples: &'static [temblor_script::func::Example],
) -> FunctionDef {
    pure(MODULE, name, Arity::exactly(1), call, doc(signature, text, examples))
}

#[allow(clippy::unnecessary_wraps)] // the form of a function
fn is(answer: bool) -> Result<Value, FnError> {
    Ok(Value::from(answer))
}

#[allow(clippy::unnecessary_wraps)] // the form of a function
fn as_string(_: &mut CallCx<'_>, args: &[Value]) -> Result<Value, FnError> {
    Ok(Value::from(match args[0] {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::I64(_) | Value::U64(_) => "integer",
        Value::F64(_) => "float",
        Value::Str(_) => "string",
        Value::Bytes(_) => "bytes",
        Value::Array(_) => "array",
        Value::Object(_) => "record",
    }))
}
