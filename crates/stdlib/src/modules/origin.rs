//! Module `origin` (spec/stdlib.md 7.2): where the event came from. Without an origin every function gives null.

use std::fmt::Write as _;

use temblor_script::func::{Arity, CallCx, FnError, FunctionDef, OriginRef};
use temblor_value::{ObjectMap, Str, Value};

use crate::table::{doc, ex, impure};

const MODULE: &str = "origin";

/// The functions of the module. Examples are run without an origin.
pub(crate) const FUNCTIONS: &[FunctionDef] = &[
    impure(
        MODULE,
        "scheme",
        Arity::exactly(0),
        |cx, _| of(cx, |origin| Value::from(origin.scheme)),
        doc("scheme()", "Scheme of the origin.", &[ex("core::origin::scheme()", "null")]),
    ),
    impure(
        MODULE,
        "host",
        Arity::exactly(0),
        |cx, _| of(cx, |origin| Value::from(origin.host)),
        doc("host()", "Host of the origin.", &[ex("core::origin::host()", "null")]),
    ),
    impure(
        MODULE,
        "port",
        Arity::exactly(0),
        |cx, _| of(cx, port),
        doc(
            "port()",
            "Port of the origin, null if it has none.",
            &[ex("core::origin::port()", "null")],
        ),
    ),
    impure(
        MODULE,
        "path",
        Arity::exactly(0),
        |cx, _| of(cx, path),
        doc(
            "path()",
            "Array of the path segments of the origin.",
            &[ex("core::origin::path()", "null")],
        ),
    ),
    impure(
        MODULE,
        "as_uri_string",
        Arity::exactly(0),
        |cx, _| of(cx, uri),
        doc(
            "as_uri_string()",
            "The origin as `scheme://host:port/path`, without the parts that are missing.",
            &[ex("core::origin::as_uri_string()", "null")],
        ),
    ),
    impure(
        MODULE,
        "as_uri_record",
        Arity::exactly(0),
        |cx, _| of(cx, record),
        doc(
            "as_uri_record()",
            "The origin as a record of `scheme`, `host`, `port` and `path`.",
            &[ex("core::origin::as_uri_record()", "null")],
        ),
    ),
];

#[allow(clippy::unnecessary_wraps)] // the form of a function
fn of(cx: &CallCx<'_>, view: fn(OriginRef<'_>) -> Value) -> Result<Value, FnError> {
    Ok(cx.info.origin.map_or(Value::Null, view))
}

fn port(origin: OriginRef<'_>) -> Value {
    origin.port.map_or(Value::Null, |port| Value::from(i64::from(port)))
}

fn path(origin: OriginRef<'_>) -> Value {
    Value::from(origin.path.iter().cloned().map(Value::from).collect::<Vec<_>>())
}

fn uri(origin: OriginRef<'_>) -> Value {
    let mut uri = format!("{}://{}", origin.scheme, origin.host);
    if let Some(port) = origin.port {
        let _ = write!(uri, ":{port}"); // writing to a string cannot fail
    }
    for segment in origin.path {
        uri.push('/');
        uri.push_str(segment);
    }
    Value::from(uri)
}

fn record(origin: OriginRef<'_>) -> Value {
    let mut record = ObjectMap::with_capacity(4);
    record.insert(Str::from_static("scheme"), Value::from(origin.scheme));
    record.insert(Str::from_static("host"), Value::from(origin.host));
    record.insert(Str::from_static("port"), port(origin));
    record.insert(Str::from_static("path"), path(origin));
    Value::from(record)
}
