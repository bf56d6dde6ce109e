//! Native functions of `cncf::otel` (spec/stdlib.md 7.4): identifiers seeded by the ingest time.
//!
//! All forms of an identifier describe the same bytes, and the span is the first half of the trace.

use std::fmt::Write as _;

use rand::Rng as _;
use temblor_script::func::{Arity, CallCx, FunctionDef};
use temblor_value::{Blob, Value};

use crate::modules::random::generator;
use crate::table::{doc, ex, impure};

const MODULE: &str = "cncf::otel";
const SPAN: usize = 8;
const TRACE: usize = 16;

/// The functions of the module. They are reached through the library module `cncf::otel` only.
pub(crate) const FUNCTIONS: &[FunctionDef] = &[
    impure(
        MODULE,
        "gen_span_id_string",
        Arity::exactly(0),
        |cx, _| Ok(string(&id::<SPAN>(cx))),
        doc(
            "gen_span_id_string()",
            "A span identifier as 16 hexadecimal digits.",
            &[ex("core::string::len(otel::gen_span_id_string())", "16")],
        ),
    ),
    impure(
        MODULE,
        "gen_span_id_array",
        Arity::exactly(0),
        |cx, _| Ok(array(&id::<SPAN>(cx))),
        doc(
            "gen_span_id_array()",
            "A span identifier as an array of 8 byte values.",
            &[ex("core::array::len(otel::gen_span_id_array())", "8")],
        ),
    ),
    impure(
        MODULE,
        "gen_span_id_bytes",
        Arity::exactly(0),
        |cx, _| Ok(binary(&id::<SPAN>(cx))),
        doc(
            "gen_span_id_bytes()",
            "A span identifier as a binary of 8 bytes.",
            &[ex(
                "core::binary::into_bytes(otel::gen_span_id_bytes()) == otel::gen_span_id_array()",
                "true",
            )],
        ),
    ),
    impure(
        MODULE,
        "gen_trace_id_string",
        Arity::exactly(0),
        |cx, _| Ok(string(&id::<TRACE>(cx))),
        doc(
            "gen_trace_id_string()",
            "A trace identifier as 32 hexadecimal digits.",
            &[ex(
                "core::string::substr(otel::gen_trace_id_string(), 0, 16) == otel::gen_span_id_string()",
                "true",
            )],
        ),
    ),
    impure(
        MODULE,
        "gen_trace_id_array",
        Arity::exactly(0),
        |cx, _| Ok(array(&id::<TRACE>(cx))),
        doc(
            "gen_trace_id_array()",
            "A trace identifier as an array of 16 byte values.",
            &[ex("core::array::len(otel::gen_trace_id_array())", "16")],
        ),
    ),
    impure(
        MODULE,
        "gen_trace_id_bytes",
        Arity::exactly(0),
        |cx, _| Ok(binary(&id::<TRACE>(cx))),
        doc(
            "gen_trace_id_bytes()",
            "A trace identifier as a binary of 16 bytes.",
            &[ex(
                "core::binary::into_bytes(otel::gen_trace_id_bytes()) == otel::gen_trace_id_array()",
                "true",
            )],
        ),
    ),
];

fn id<const LENGTH: usize>(cx: &CallCx<'_>) -> [u8; LENGTH] {
    let mut trace = [0; TRACE];
    generator(cx).fill_bytes(&mut trace);
    std::array::from_fn(|place| trace[place % TRACE])
}

fn string(id: &[u8]) -> Value {
    let mut text = String::with_capacity(id.len() * 2);
    for byte in id {
        let _ = write!(text, "{byte:02x}"); // writing to a string cannot fail
    }
    Value::from(text)
}

fn array(id: &[u8]) -> Value {
    Value::from(id.iter().map(|byte| Value::from(i64::from(*byte))).collect::<Vec<_>>())
}

fn binary(id: &[u8]) -> Value {
    Value::from(Blob::from(id))
}
