//! The library modules: texts in the scripting language that declare the native functions and define constants and functions of their own.
//!
//! They are part of the program, so that `use std::string;` works without any file (spec/script.md 7.1).

/// Pairs of module path, as the language's `use` names it with `/` for `::`, and text.
macro_rules! modules {
    ($($path:literal),* $(,)?) => {
        &[$(($path, include_str!(concat!("../lib/", $path, ".tremor")))),*]
    };
}

/// The library modules.
pub(crate) const MODULES: &[(&str, &str)] = modules![
    "std",
    "std/array",
    "std/base64",
    "std/binary",
    "std/float",
    "std/integer",
    "std/json",
    "std/math",
    "std/random",
    "std/range",
    "std/re",
    "std/record",
    "std/string",
    "std/test",
    "std/type",
    "std/url",
    "tremor",
    "tremor/chash",
    "tremor/origin",
    "tremor/system",
    "cncf",
    "cncf/otel",
    "cncf/otel/logs",
    "cncf/otel/logs/severity",
    "cncf/otel/logs/traceflags",
    "cncf/otel/metrics",
    "cncf/otel/metrics/temporality",
    "cncf/otel/span_id",
    "cncf/otel/trace",
    "cncf/otel/trace/spankind",
    "cncf/otel/trace/status",
    "cncf/otel/trace_id",
];
