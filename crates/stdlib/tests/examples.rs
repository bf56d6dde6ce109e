//! Runs the examples of the documentation, and scripts over the library modules that are written in the language.

use std::sync::Arc;

use temblor_script::func::{EventInfo, Registry};
use temblor_script::host::NoHost;
use temblor_script::loader::NoModules;
use temblor_script::{Env, Limits, Scope, Scratch, Verdict, compile_script};
use temblor_syntax::ast::Dialect;
use temblor_syntax::{SourceMap, render};
use temblor_value::{Value, json};

fn registry() -> Registry {
    let mut registry = Registry::new();
    temblor_stdlib::install(&mut registry);
    registry
}

/// The result of a script as JSON, or the report of its error.
fn run(registry: Registry, script: &str) -> String {
    let env = Env {
        registry: Arc::new(registry),
        loader: Arc::new(NoModules),
        host: Arc::new(NoHost),
        limits: Limits::default(),
        dialect: Dialect::default(),
    };
    let mut sources = SourceMap::new();
    let id = sources.add("example", script);
    let program = match compile_script(&mut sources, id, &env) {
        Ok(compiled) => compiled.program,
        Err(errors) => {
            return errors
                .iter()
                .map(|error| render(&sources, error, false))
                .collect::<Vec<_>>()
                .concat();
        }
    };
    let (mut event, mut meta, mut state) = (Value::Null, Value::object(), Value::Null);
    let mut scope = Scope {
        event: &mut event,
        meta: &mut meta,
        state: &mut state,
        args: &Value::Null,
        group: &Value::Null,
        window: &Value::Null,
        info: EventInfo {
            ingest_ns: 1_000_000_000,
            origin: None,
        },
        event_replaced: false,
    };
    match program.run(&mut scope, &mut Scratch::default()) {
        Ok(Verdict::EmitValue(value, None)) => json::to_string(&value),
        Ok(other) => format!("{other:?}"),
        Err(trap) => render(&sources, &trap.diagnostic(), false),
    }
}

#[test]
fn examples_give_their_results() {
    let all = registry();
    for module in all.modules() {
        for function in all.functions_of(module) {
            for example in function.doc.examples {
                let imports = if module == "cncf::otel" { "use cncf::otel;\n" } else { "" };
                let expected = json::to_string(&json::from_str(example.result).expect("a result in JSON"));
                assert_eq!(
                    run(registry(), &format!("{imports}{}", example.source)),
                    expected,
                    "{}",
                    example.source
                );
            }
        }
    }
}

#[test]
fn every_library_module_loads() {
    let paths: Vec<_> = registry().libraries().map(|(path, _)| path.replace('/', "::")).collect();
    assert_eq!(paths.len(), 32);
    for path in paths {
        assert_eq!(run(registry(), &format!("use {path};\n42")), "42", "{path}");
    }
}

/// Checks expressions behind imports: pairs of expression and result as JSON.
fn table(imports: &str, rows: &[(&str, &str)]) {
    for (expression, expected) in rows {
        assert_eq!(
            &run(registry(), &format!("{imports}\n{expression}")),
            expected,
            "{expression}"
        );
    }
}

#[test]
fn modules_are_found_where_the_specification_says() {
    table(
        "use std;\nuse tremor;\nuse cncf;\nuse std::range;\nuse cncf::otel::span_id;",
        &[
            ("std::range::array::len([1])", "1"),
            ("std::integer::signed::max", "9223372036854775807"),
            ("std::integer::min", "-9223372036854775807"),
            ("range::array::len(range::range(0, 6))", "6"),
            ("span_id::string::bytes(\"é\")", "2"),
            ("tremor::chash::jump(\"anything\", 1)", "0"),
            ("cncf::otel::logs::severity::fatal4", "24"),
            ("cncf::otel::trace::status::deprecated::unvailable", "14"),
            ("cncf::otel::trace::status::deprecated::unavailable", "14"),
            ("cncf::otel::metrics::temporality::cumulative", "2"),
            ("cncf::otel::trace::spankind::make_default()", "1"),
        ],
    );
}

#[test]
fn range_contains_looks_at_both_ends() {
    table(
        "use std::range;",
        &[
            ("range::contains(range::range(0,4),4)", "false"),
            ("range::contains(range::range(0,4),3)", "true"),
            ("range::contains([1,2],1.5)", "true"),
            ("range::contains([],1)", "false"),
        ],
    );
}

#[test]
fn test_marks_have_no_effect() {
    table(
        "use std::test;",
        &[("test::suite({})", "null"), ("test::test({\"a\": 1}, 2)", "null")],
    );
}

#[test]
fn severities() {
    let levels = ["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"];
    for (place, level) in levels.iter().enumerate() {
        for grade in 1..=4 {
            let number = place * 4 + grade;
            let name = if grade == 1 {
                format!("\"{level}\"")
            } else {
                format!("\"{level}{grade}\"")
            };
            table(
                "use cncf::otel::logs::severity;",
                &[(&format!("severity::to_string({number})"), &name)],
            );
        }
    }
    table(
        "use cncf::otel::logs::severity;",
        &[
            ("severity::to_string(0)", "\"Unsupported severity code\""),
            ("severity::to_string(25)", "\"Unsupported severity code\""),
            ("severity::to_string(\"x\")", "\"Unsupported severity code\""),
            ("severity::make_default()", "9"),
            ("severity::indicates_error(16)", "false"),
            ("severity::indicates_error(17)", "true"),
        ],
    );
}

#[test]
fn trace_flags_and_status() {
    table(
        "use cncf::otel::logs::traceflags;\nuse cncf::otel::trace::status;",
        &[
            (
                "traceflags::from_int(129)",
                "{\"sampled\":\" true\",\"unused1\":\" false\",\"unused2\":\" false\",\"unused3\":\" false\",\"unused4\":\" false\",\
                 \"unused5\":\" false\",\"unused6\":\" false\",\"unused7\":\" true\"}",
            ),
            ("traceflags::is_valid(128)", "true"),
            ("traceflags::is_valid(129)", "false"),
            ("traceflags::make_default()", "0"),
            ("status::ok()", "{\"code\":1,\"deprecated_code\":0,\"message\":\"Ok\"}"),
            (
                "status::error(\"lost\")",
                "{\"code\":2,\"deprecated_code\":2,\"message\":\"lost\"}",
            ),
        ],
    );
}

#[test]
fn valid_identifiers() {
    table(
        "use cncf::otel::span_id;\nuse cncf::otel::trace_id;",
        &[
            (
                "span_id::is_valid(\"00f0a1b2c3d4e5f6\")",
                "{\"string\":true,\"value\":\"00f0a1b2c3d4e5f6\"}",
            ),
            (
                "span_id::is_valid(\"0000000000000000\")",
                "{\"string\":false,\"value\":\"0000000000000000\"}",
            ),
            ("span_id::is_valid(\"abc\")", "{\"string\":false,\"value\":\"abc\"}"),
            ("span_id::is_valid(<<7:64>>)", "{\"binary\":true,\"value\":\"AAAAAAAAAAc=\"}"),
            ("span_id::is_valid(<<0:64>>)", "{\"binary\":false,\"value\":\"AAAAAAAAAAA=\"}"),
            ("span_id::is_valid(<<7:32>>)", "{\"binary\":false,\"value\":\"AAAABw==\"}"),
            (
                "span_id::is_valid([0,0,0,0,0,0,0,1])",
                "{\"array\":true,\"value\":[0,0,0,0,0,0,0,1]}",
            ),
            (
                "span_id::is_valid([0,0,0,0,0,0,0,0])",
                "{\"array\":false,\"value\":[0,0,0,0,0,0,0,0]}",
            ),
            ("span_id::is_valid([1])", "{\"array\":false,\"value\":[1]}"),
            ("span_id::is_valid(7)", "{}"),
            (
                "trace_id::is_valid(\"00f0a1b2c3d4e5f600f0a1b2c3d4e5f6\")",
                "{\"kind\":\"string\",\"valid\":true,\"value\":\"00f0a1b2c3d4e5f600f0a1b2c3d4e5f6\"}",
            ),
            (
                "trace_id::is_valid(\"abc\")",
                "{\"kind\":\"string\",\"valid\":false,\"value\":\"abc\"}",
            ),
            (
                "trace_id::is_valid(<<0:64,1:64>>)",
                "{\"kind\":\"binary\",\"valid\":true,\"value\":\"AAAAAAAAAAAAAAAAAAAAAQ==\"}",
            ),
            (
                "trace_id::is_valid(<<0:64,0:64>>)",
                "{\"kind\":\"binary\",\"valid\":false,\"value\":\"AAAAAAAAAAAAAAAAAAAAAA==\"}",
            ),
            (
                "trace_id::is_valid([1])",
                "{\"kind\":\"array\",\"valid\":false,\"value\":[1]}",
            ),
            (
                "trace_id::is_valid([1,2,3,4,5,6,7,8,1,2,3,4,5,6,7,8])",
                "{\"kind\":\"array\",\"valid\":true,\"value\":[1,2,3,4,5,6,7,8,1,2,3,4,5,6,7,8]}",
            ),
            ("trace_id::is_valid(7)", "false"),
        ],
    );
}
