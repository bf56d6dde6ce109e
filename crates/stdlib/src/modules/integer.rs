//! Module `integer` (spec/stdlib.md 5.5). Its constants are in the library module.

use temblor_script::func::{Arity, CallCx, FnError, FunctionDef};
use temblor_value::Value;

use crate::args::{self, failure};
use crate::modules::float::excerpt;
use crate::table::{doc, ex, pure};

/// The functions of the module.
pub(crate) const FUNCTIONS: &[FunctionDef] = &[pure(
    "integer",
    "parse",
    Arity::exactly(1),
    parse,
    doc(
        "parse(text)",
        "The integer that `text` writes in decimal digits, with optional sign. Any other character, or a value outside the signed \
         64 bit range, is a runtime error.",
        &[ex("core::integer::parse(\"-007\")", "-7")],
    ),
)];

fn parse(_: &mut CallCx<'_>, args: &[Value]) -> Result<Value, FnError> {
    let text = args::string(&args[0])?;
    let number: i64 = text
        .parse()
        .map_err(|_| failure(format!("`{}` is not an integer of 64 bits", excerpt(text))))?;
    Ok(Value::from(number))
}
