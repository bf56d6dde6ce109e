//! Module `system` (spec/stdlib.md 7.1): what the host knows.

use temblor_script::func::{Arity, FunctionDef};
use temblor_value::Value;

use crate::table::{doc, ex, impure};

const MODULE: &str = "system";

/// The functions of the module.
pub(crate) const FUNCTIONS: &[FunctionDef] = &[
    impure(
        MODULE,
        "hostname",
        Arity::exactly(0),
        |cx, _| Ok(Value::from(cx.host.hostname())),
        doc(
            "hostname()",
            "Host name of the machine.",
            &[ex("core::type::is_string(core::system::hostname())", "true")],
        ),
    ),
    impure(
        MODULE,
        "ingest_ns",
        Arity::exactly(0),
        |cx, _| Ok(Value::from(cx.info.ingest_ns)),
        doc(
            "ingest_ns()",
            "Ingest time of the event in nanoseconds since the epoch.",
            &[ex("core::type::is_integer(core::system::ingest_ns())", "true")],
        ),
    ),
    impure(
        MODULE,
        "instance",
        Arity::exactly(0),
        |cx, _| Ok(Value::from(cx.host.instance())),
        doc(
            "instance()",
            "Name of the running instance, `tremor` if none was set.",
            &[ex("core::type::is_string(core::system::instance())", "true")],
        ),
    ),
    impure(
        MODULE,
        "nanotime",
        Arity::exactly(0),
        |cx, _| Ok(Value::from(cx.host.now_ns())),
        doc(
            "nanotime()",
            "System time in nanoseconds since the epoch, read at each call.",
            &[ex("core::type::is_integer(core::system::nanotime())", "true")],
        ),
    ),
    impure(
        MODULE,
        "version",
        Arity::exactly(0),
        |cx, _| Ok(Value::from(cx.host.version())),
        doc(
            "version()",
            "Version of the engine in the form `major.minor.patch`.",
            &[ex(
                "core::re::is_match(\"^[0-9]+[.][0-9]+[.][0-9]+$\", core::system::version())",
                "true",
            )],
        ),
    ),
];
