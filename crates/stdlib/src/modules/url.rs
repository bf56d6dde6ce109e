//! Module `url` (spec/stdlib.md 5.15). Not folded, for compatibility.

use percent_encoding::{NON_ALPHANUMERIC, percent_decode, utf8_percent_encode};
use temblor_script::func::{Arity, CallCx, FnError, FunctionDef};
use temblor_value::Value;

use crate::args::{self, failure};
use crate::growth::Text;
use crate::table::{doc, ex, impure};

const MODULE: &str = "url";

/// The functions of the module.
pub(crate) const FUNCTIONS: &[FunctionDef] = &[
    impure(
        MODULE,
        "encode",
        Arity::exactly(1),
        encode,
        doc(
            "encode(text)",
            "`text` with every UTF-8 byte that is no ASCII letter or digit written as `%XX`.",
            &[ex("core::url::encode(\"a b/ü\")", "\"a%20b%2F%C3%BC\"")],
        ),
    ),
    impure(
        MODULE,
        "decode",
        Arity::exactly(1),
        decode,
        doc(
            "decode(text)",
            "`text` with every `%XX` replaced by the byte it stands for; anything else stays. A result that is not valid UTF-8 is a \
             runtime error.",
            &[ex("core::url::decode(\"a%2fb+%zz\")", "\"a/b+%zz\"")],
        ),
    ),
];

fn encode(cx: &mut CallCx<'_>, args: &[Value]) -> Result<Value, FnError> {
    let mut out = Text::new(cx.limits);
    for piece in utf8_percent_encode(args::string(&args[0])?, NON_ALPHANUMERIC) {
        out.push_str(piece)?;
    }
    Ok(Value::from(out.finish()?))
}

fn decode(_: &mut CallCx<'_>, args: &[Value]) -> Result<Value, FnError> {
    let text = args::string(&args[0])?;
    match percent_decode(text.as_bytes()).decode_utf8() {
        Ok(decoded) => Ok(Value::from(decoded.into_owned())),
        Err(_) => Err(failure("the decoded bytes are not valid UTF-8")),
    }
}
