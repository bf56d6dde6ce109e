//! Strings, regular expressions, JSON texts, URLs, origin and system (spec/stdlib.md 4.3, 5.6, 5.10, 5.12, 5.15, 7.1, 7.2).

use temblor_script::func::OriginRef;
use temblor_value::Str;

use super::*;

#[test]
fn simple_string_functions() {
    table(
        "string::is_empty",
        &[("[\"\"]", "true"), ("[\" \"]", "false"), ("[[]]", "bad type")],
    );
    table("string::len", &[("[\"añ€\"]", "3"), ("[5]", "bad type")]);
    table("string::bytes", &[("[\"añ€\"]", "6"), ("[5]", "bad type")]);
    table(
        "string::contains",
        &[
            ("[\"kiwi\",\"iw\"]", "true"),
            ("[\"\",\"\"]", "true"),
            ("[\"kiwi\",\"x\"]", "false"),
            ("[\"a\",1]", "bad type"),
        ],
    );
    table(
        "string::trim",
        &[
            ("[\" a b\\n\"]", "\"a b\""),
            ("[\"\\u00a0\\u3000x\\u2003\"]", "\"x\""),
            ("[\" \\t \"]", "\"\""),
            ("[1]", "bad type"),
        ],
    );
    table("string::trim_start", &[("[\" a \"]", "\"a \""), ("[\"  \"]", "\"\"")]);
    table("string::trim_end", &[("[\" a \"]", "\" a\""), ("[\"  \"]", "\"\"")]);
    table("string::lowercase", &[("[\"ΌΔΟΣ ÀÇ\"]", "\"όδος àç\""), ("[1]", "bad type")]);
    table(
        "string::uppercase",
        &[("[\"straße\"]", "\"STRASSE\""), ("[null]", "bad type")],
    );
    table(
        "string::capitalize",
        &[
            ("[\"éa B\"]", "\"Éa B\""),
            ("[\"\"]", "\"\""),
            ("[\" a\"]", "\" a\""),
            ("[\"ßx\"]", "\"SSx\""),
        ],
    );
    assert_eq!(call("string::len", &[binary(b"ab")]), Err(FnError::BadType));
    assert_eq!(call("string::into_binary", &[Value::from("hi")]), Ok(binary(b"hi")));
    assert_eq!(
        call("string::from_utf8_lossy", &[binary(b"h\xff\xe2\x82i")]),
        Ok(Value::from("h\u{fffd}\u{fffd}i"))
    );
    table("string::from_utf8_lossy", &[("[\"hi\"]", "bad type")]);
}

#[test]
fn replacing_and_splitting() {
    table(
        "string::replace",
        &[
            ("[\"aaa\",\"aa\",\"b\"]", "\"ba\""),
            ("[\"ab\",\"\",\"-\"]", "\"-a-b-\""),
            ("[\"é\",\"\",\"-\"]", "\"-é-\""),
            ("[\"abc\",\"x\",\"y\"]", "\"abc\""),
            ("[\"a\",\"b\",1]", "bad type"),
        ],
    );
    table(
        "string::split",
        &[
            ("[\",a,\",\",\"]", "[\"\",\"a\",\"\"]"),
            ("[\"\",\",\"]", "[\"\"]"),
            ("[\"aé\",\"\"]", "[\"\",\"a\",\"é\",\"\"]"),
            ("[\"\",\"\"]", "[\"\",\"\"]"),
            ("[\"a::b\",\"::\"]", "[\"a\",\"b\"]"),
            ("[\"a\",1]", "bad type"),
        ],
    );
}

#[test]
fn substr() {
    table(
        "string::substr",
        &[
            ("[\"crème\",1,4]", "\"rèm\""),
            ("[\"abc\",0,2]", "\"ab\""),
            ("[\"abc\",5,9]", "\"abc\""),
            ("[\"abc\",2,1]", "\"abc\""),
            ("[\"abc\",1,1]", "\"\""),
            ("[\"abc\",1,9]", "\"bc\""),
            ("[\"abc\",3,3]", "\"abc\""),
            ("[\"é\",1,0]", "\"\""),
            ("[\"\",0,0]", "\"\""),
            ("[\"äöü\",18446744073709551615,2]", "\"äö\""),
            ("[\"abc\",-1,2]", "bad type"),
            ("[\"abc\",0,2.0]", "bad type"),
            ("[1,0,2]", "bad type"),
        ],
    );
}

#[test]
fn format_language() {
    table(
        "string::format",
        &[
            ("[\"{}={}\",\"k\",2]", "\"k=2\""),
            ("[\"{}\",{\"a\":[1,2.0,null]}]", "\"{\\\"a\\\":[1,2.0,null]}\""),
            ("[\"{{}}\"]", "\"{}\""),
            ("[\"{{{}}}\",1]", "\"{1}\""),
            ("[\"\\\\{ \\\\}\"]", "\"{ }\""),
            ("[\"\\\\\\\\{}\",1]", "\"\\\\\\\\1\""),
            ("[\"\\\\n\"]", "\"\\\\n\""),
            ("[\"\\\\\"]", "runtime error"),
            ("[\"{\"]", "runtime error"),
            ("[\"{a}\",1]", "runtime error"),
            ("[\"}\"]", "runtime error"),
            ("[\"} }\"]", "runtime error"),
            ("[\"{}\"]", "runtime error"),
            ("[\"{}\",1,2]", "runtime error"),
            ("[\"{}\",\"{}\"]", "\"{}\""),
            ("[1]", "runtime error"),
            ("[]", "bad arity"),
        ],
    );
    assert_eq!(
        call("string::format", &[Value::from("{}"), binary(&[1, 2])]),
        Ok(Value::from("\"AQI=\""))
    );
    match call("string::format", &[Value::from("é{x")]) {
        Err(FnError::Runtime(reason)) => assert!(reason.contains("position 1"), "{reason}"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn regular_expressions() {
    table(
        "re::replace",
        &[
            ("[\"[0-9]+\",\"a12b3\",\"#\"]", "\"a#b3\""),
            ("[\"x\",\"abc\",\"#\"]", "\"abc\""),
            ("[\"[\",\"a\",\"\"]", "runtime error"),
            ("[\"(?=a)\",\"a\",\"\"]", "runtime error"),
            ("[\"a\",1,\"\"]", "bad type"),
        ],
    );
    table(
        "re::replace_all",
        &[
            ("[\"[0-9]+\",\"a12b3\",\"#\"]", "\"a#b#\""),
            ("[\"\",\"ab\",\"-\"]", "\"-a-b-\""),
            (
                "[\"(?P<y>\\\\d)(x)?\",\"1 2x\",\"[$0|$1|${2}|$y|$3|$none]\"]",
                "\"[1|1||1||] [2x|2|x|2||]\"",
            ),
            ("[\"(a)\",\"a\",\"$1x|${1}x|$$|$-|${1|$\"]", "\"|ax|$|$-|${1|$\""),
            ("[\"(?i)A\",\"aA\",\"b\"]", "\"bb\""),
        ],
    );
    table(
        "re::is_match",
        &[
            ("[\"^[a-c]+$\",\"abba\"]", "true"),
            ("[\"^b$\",\"abba\"]", "false"),
            ("[\"a\",null]", "bad type"),
        ],
    );
    table(
        "re::split",
        &[
            ("[\" *, *\",\"a ,b,,c\"]", "[\"a\",\"b\",\"\",\"c\"]"),
            ("[\"x\",\"abc\"]", "[\"abc\"]"),
            ("[\"[\",\"a\"]", "runtime error"),
            ("[\"a\",[]]", "bad type"),
        ],
    );
}

#[test]
fn compiled_patterns_are_told_apart() {
    for round in 0..2 {
        for number in 0..200 {
            assert_eq!(
                result("re::is_match", &format!("[\"^{number}$\",\"{number}\"]")),
                "true",
                "round {round}"
            );
        }
    }
}

#[test]
fn json_texts() {
    table(
        "json::decode",
        &[
            ("[\"{\\\"n\\\":[1,2.0]}\"]", "{\"n\":[1,2.0]}"),
            ("[\" 1e2 \"]", "100.0"),
            ("[\"-0\"]", "0"),
            ("[\"-0.0\"]", "0.0"),
            ("[\"0.3\"]", "0.3"),
            ("[\"18446744073709551615\"]", "18446744073709551615"),
            ("[\"18446744073709551616\"]", "runtime error"),
            ("[\"-9223372036854775809\"]", "runtime error"),
            ("[\"{\\\"a\\\":1,\\\"b\\\":2,\\\"a\\\":3}\"]", "{\"a\":3,\"b\":2}"),
            ("[\"\"]", "runtime error"),
            ("[\"[1] 2\"]", "runtime error"),
            ("[\"1e400\"]", "runtime error"),
            ("[\"\\\"\\\\q\\\"\"]", "runtime error"),
            ("[1]", "bad type"),
        ],
    );
    table(
        "json::encode",
        &[
            (
                "[[1,\"a\",null,true,[],{},{\"k\":{\"n\":-4}}]]",
                "\"[1,\\\"a\\\",null,true,[],{},{\\\"k\\\":{\\\"n\\\":-4}}]\"",
            ),
            ("[[3.0,1e16,0.000001]]", "\"[3.0,1e16,1e-6]\""),
        ],
    );
    assert_eq!(call("json::encode", &[Value::from(-0.0)]), Ok(Value::from("-0.0")));
    assert_eq!(call("json::encode", &[Value::from(f64::INFINITY)]), Ok(Value::from("null")));
    let nested = Value::from(vec![binary(&[1, 255]), binary(&[])]);
    assert_eq!(
        call("json::encode", std::slice::from_ref(&nested)),
        Ok(Value::from("[[1,255],[]]"))
    );
    assert_eq!(
        call("json::encode_pretty", &[nested]),
        Ok(Value::from("[\n  [\n    1,255\n  ],\n  []\n]"))
    );
    assert_eq!(
        call("json::encode_pretty", &args("[{\"a\":[1,{\"b\":[]}],\"c\":{}}]")),
        Ok(Value::from(
            "{\n  \"a\": [\n    1,\n    {\n      \"b\": []\n    }\n  ],\n  \"c\": {}\n}"
        ))
    );
}

#[test]
fn deep_values_are_written() {
    let mut deep = Value::from(1);
    for _ in 0..100_000 {
        deep = Value::from(vec![deep]);
    }
    let text = call("json::encode", std::slice::from_ref(&deep)).expect("a text");
    assert_eq!(text.as_str().map(str::len), Some(200_001));
    assert_eq!(
        call("array::flatten", std::slice::from_ref(&deep)),
        Ok(Value::from(vec![Value::from(1)]))
    );
    assert_eq!(
        call("array::contains", &[Value::from(vec![deep.clone()]), deep]),
        Ok(Value::from(true))
    );
}

#[test]
fn percent_encoding() {
    table(
        "url::encode",
        &[
            ("[\"a b/ü-._~\"]", "\"a%20b%2F%C3%BC%2D%2E%5F%7E\""),
            ("[\"\"]", "\"\""),
            ("[1]", "bad type"),
        ],
    );
    table(
        "url::decode",
        &[
            ("[\"a%2fb+%zz%\"]", "\"a/b+%zz%\""),
            ("[\"%C3%BC\"]", "\"ü\""),
            ("[\"%C3\"]", "runtime error"),
            ("[null]", "bad type"),
        ],
    );
}

#[test]
fn origins() {
    let path = [Str::from_static("a"), Str::from_static("b")];
    let full = OriginRef {
        scheme: "tcp",
        host: "h",
        port: Some(80),
        path: &path,
    };
    let bare = OriginRef {
        port: None,
        path: &[],
        ..full
    };
    let run = |origin, name: &str| {
        let info = EventInfo { ingest_ns: 7, origin };
        json::to_string(&call_with(&Limits::default(), info, name, &[]).expect("a value"))
    };
    let rows = [
        ("scheme", "\"tcp\"", "\"tcp\""),
        ("host", "\"h\"", "\"h\""),
        ("port", "80", "null"),
        ("path", "[\"a\",\"b\"]", "[]"),
        ("as_uri_string", "\"tcp://h:80/a/b\"", "\"tcp://h\""),
        (
            "as_uri_record",
            "{\"scheme\":\"tcp\",\"host\":\"h\",\"port\":80,\"path\":[\"a\",\"b\"]}",
            "{\"scheme\":\"tcp\",\"host\":\"h\",\"port\":null,\"path\":[]}",
        ),
    ];
    for (name, with_all, with_least) in rows {
        let name = format!("origin::{name}");
        assert_eq!(run(Some(full), &name), with_all, "{name}");
        assert_eq!(run(Some(bare), &name), with_least, "{name}");
        assert_eq!(run(None, &name), "null", "{name}");
    }
}

#[test]
fn system_functions() {
    let info = EventInfo {
        ingest_ns: u64::MAX,
        origin: None,
    };
    assert_eq!(
        call_with(&Limits::default(), info, "system::ingest_ns", &[]),
        Ok(Value::from(u64::MAX))
    );
    table("system::instance", &[("[]", "\"tremor\""), ("[1]", "bad arity")]);
    table("system::hostname", &[("[]", "\"tremor_host.local\"")]);
    table("system::nanotime", &[("[]", "0")]);
}

#[test]
fn identifiers_describe_the_same_bytes() {
    let run = |name: &str| {
        let info = EventInfo {
            ingest_ns: 99,
            origin: None,
        };
        call_with(&Limits::default(), info, &format!("cncf::otel::{name}"), &[]).expect("a value")
    };
    for (kind, length) in [("span", 8), ("trace", 16)] {
        let bytes = run(&format!("gen_{kind}_id_bytes"));
        let bytes = bytes.as_bytes().expect("a binary");
        assert_eq!(bytes.len(), length);
        let hex = bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat();
        assert_eq!(run(&format!("gen_{kind}_id_string")).as_str(), Some(hex.as_str()));
        let array: Value = bytes.iter().map(|byte| Value::from(*byte)).collect();
        assert_eq!(run(&format!("gen_{kind}_id_array")), array);
    }
    let (span, trace) = (run("gen_span_id_string"), run("gen_trace_id_string"));
    assert!(
        trace
            .as_str()
            .expect("a string")
            .starts_with(span.as_str().expect("a string"))
    );
}
