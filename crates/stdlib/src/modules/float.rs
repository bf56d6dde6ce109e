//! Module `float` (spec/stdlib.md 5.4).

use temblor_script::func::{Arity, CallCx, FnError, FunctionDef};
use temblor_value::Value;

use crate::args::{self, failure};
use crate::table::{doc, ex, pure};

/// The functions of the module.
pub(crate) const FUNCTIONS: &[FunctionDef] = &[pure(
    "float",
    "parse",
    Arity::exactly(1),
    parse,
    doc(
        "parse(text)",
        "The float that `text` writes in decimals, with optional sign, fraction and exponent, or `inf` or `nan`. \
         Any other character, white space too, is a runtime error.",
        &[
            ex("core::float::parse(\"7\")", "7.0"),
            ex("core::float::parse(\"-1.5e3\")", "-1500.0"),
        ],
    ),
)];

fn parse(_: &mut CallCx<'_>, args: &[Value]) -> Result<Value, FnError> {
    let text = args::string(&args[0])?;
    let number: f64 = text
        .parse()
        .map_err(|_| failure(format!("`{}` is not a float", excerpt(text))))?;
    Ok(Value::from(number))
}

/// The beginning of a text, for messages.
pub(crate) fn excerpt(text: &str) -> &str {
    const LONGEST: usize = 60;
    text.char_indices().nth(LONGEST).map_or(text, |(end, _)| &text[..end])
}
