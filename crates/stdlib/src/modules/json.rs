//! Module `json` (spec/stdlib.md 5.6).

use temblor_script::func::{Arity, CallCx, FnError, FunctionDef};
use temblor_value::{Value, json};

use crate::args::{self, failure};
use crate::growth::Text;
use crate::table::{doc, ex, pure};
use crate::text::{self, Binaries, Fields, Form, Layout};

const MODULE: &str = "json";

/// The functions of the module.
pub(crate) const FUNCTIONS: &[FunctionDef] = &[
    pure(
        MODULE,
        "decode",
        Arity::exactly(1),
        decode,
        doc(
            "decode(text)",
            "The value of the JSON document `text`. Of equal keys the last value wins. A text that is not exactly one document is a \
             runtime error.",
            &[ex("core::json::decode(\"{\\\"n\\\":[1,2.0]}\")", "{\"n\":[1,2.0]}")],
        ),
    ),
    pure(
        MODULE,
        "encode",
        Arity::exactly(1),
        encode,
        doc(
            "encode(value)",
            "JSON text of any value without white space. A binary becomes an array of byte values.",
            &[ex("core::json::encode({\"k\":<<1,2>>})", "\"{\\\"k\\\":[1,2]}\"")],
        ),
    ),
    pure(
        MODULE,
        "encode_pretty",
        Arity::exactly(1),
        encode_pretty,
        doc(
            "encode_pretty(value)",
            "JSON text of any value, one element or field per line, two spaces per level.",
            &[ex("core::json::encode_pretty({\"a\":[]})", "\"{\\n  \\\"a\\\": []\\n}\"")],
        ),
    ),
];

fn decode(cx: &mut CallCx<'_>, args: &[Value]) -> Result<Value, FnError> {
    let text = args::string(&args[0])?;
    // An element takes two bytes of text at least.
    cx.charge(text.len() / 2)?;
    json::from_str(text).map_err(|error| failure(error.to_string()))
}

fn encode(cx: &mut CallCx<'_>, args: &[Value]) -> Result<Value, FnError> {
    write(cx, &args[0], Layout::Compact)
}

fn encode_pretty(cx: &mut CallCx<'_>, args: &[Value]) -> Result<Value, FnError> {
    write(cx, &args[0], Layout::Pretty)
}

fn write(cx: &mut CallCx<'_>, value: &Value, layout: Layout) -> Result<Value, FnError> {
    let mut out = Text::new(cx.limits);
    text::write(
        cx,
        value,
        Form {
            binaries: Binaries::Numbers,
            fields: Fields::InOrder,
            layout,
        },
        &mut out,
    )?;
    Ok(Value::from(out.finish()?))
}
