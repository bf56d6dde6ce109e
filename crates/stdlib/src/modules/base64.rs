//! Module `base64` (spec/stdlib.md 5.2).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_PAD_INDIFFERENT;
use temblor_script::func::{Arity, CallCx, FnError, FunctionDef};
use temblor_value::{Blob, Value};

use crate::args::{self, failure};
use crate::growth::Text;
use crate::table::{doc, ex, pure};
use crate::text;

const MODULE: &str = "base64";

/// The functions of the module.
pub(crate) const FUNCTIONS: &[FunctionDef] = &[
    pure(
        MODULE,
        "encode",
        Arity::exactly(1),
        encode,
        doc(
            "encode(binary)",
            "The bytes of `binary` in the standard base64 alphabet with padding.",
            &[ex("core::base64::encode(<<1,2>>)", "\"AQI=\"")],
        ),
    ),
    pure(
        MODULE,
        "decode",
        Arity::exactly(1),
        decode,
        doc(
            "decode(text)",
            "The bytes that the base64 `text` stands for, standard alphabet; padding may be missing. Anything else is a runtime error.",
            &[ex("core::base64::decode(\"AQI\") == <<1,2>>", "true")],
        ),
    ),
];

fn encode(cx: &mut CallCx<'_>, args: &[Value]) -> Result<Value, FnError> {
    let mut out = Text::new(cx.limits);
    text::base64(args::binary(&args[0])?, &mut out)?;
    Ok(Value::from(out.finish()?))
}

fn decode(cx: &mut CallCx<'_>, args: &[Value]) -> Result<Value, FnError> {
    let text = args::string(&args[0])?;
    let unpadded = text.trim_end_matches('=').len();
    cx.check_bytes(unpadded / 4 * 3 + unpadded % 4 * 3 / 4)?;
    let bytes = STANDARD_PAD_INDIFFERENT
        .decode(text.as_bytes())
        .map_err(|error| failure(error.to_string()))?;
    Ok(Value::from(Blob::from(bytes)))
}
