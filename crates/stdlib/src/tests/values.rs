//! Arrays, records, binaries, types, tests (spec/stdlib.md 5.1 to 5.3, 5.11, 5.13, 5.14) and strict equality (4.2).

use super::*;

#[test]
fn array_functions() {
    table(
        "array::len",
        &[
            ("[[7,[8,9]]]", "2"),
            ("[\"ab\"]", "bad type"),
            ("[]", "bad arity"),
            ("[[],1]", "bad arity"),
        ],
    );
    table(
        "array::is_empty",
        &[("[[]]", "true"), ("[[null]]", "false"), ("[{}]", "bad type")],
    );
    table(
        "array::push",
        &[("[[1],[2]]", "[1,[2]]"), ("[[],null]", "[null]"), ("[1,2]", "bad type")],
    );
    table(
        "array::zip",
        &[
            ("[[\"k\"],[5]]", "[[\"k\",5]]"),
            ("[[],[]]", "[]"),
            ("[[1],[1,2]]", "runtime error"),
            ("[[1],null]", "bad type"),
        ],
    );
    table(
        "array::unzip",
        &[
            ("[[[1,\"x\"],[2,\"y\"]]]", "[[1,2],[\"x\",\"y\"]]"),
            ("[[]]", "[[],[]]"),
            ("[[[1,2,3]]]", "runtime error"),
            ("[[7]]", "runtime error"),
            ("[7]", "bad type"),
        ],
    );
    table(
        "array::flatten",
        &[
            ("[[1,[2,[3,[]]]]]", "[1,2,3]"),
            ("[\"q\"]", "[\"q\"]"),
            ("[[[{\"a\":[1]}],[[]]]]", "[{\"a\":[1]}]"),
            ("[[]]", "[]"),
        ],
    );
    table(
        "array::coalesce",
        &[("[[0,null,\"\",[null]]]", "[0,\"\",[null]]"), ("[null]", "bad type")],
    );
    table(
        "array::join",
        &[
            (
                "[[1,\"b\",2.0,2.50,1e21,true,null],\"/\"]",
                "\"1/b/2/2.5/1000000000000000000000/true/null\"",
            ),
            ("[[],\"/\"]", "\"\""),
            ("[[[1,\"a\"],{\"k\":2.0}],\" \"]", "\"[1,\\\"a\\\"] {\\\"k\\\":2.0}\""),
            ("[[1],2]", "bad type"),
            ("[\"ab\",\",\"]", "bad type"),
        ],
    );
    assert_eq!(
        call("array::join", &[Value::from(vec![binary(&[1, 2])]), Value::from("")]),
        Ok(Value::from("AQI="))
    );
}

#[test]
fn strict_equality() {
    let same = [
        ("1", "1", true),
        ("1", "1.0", false),
        ("18446744073709551615", "18446744073709551615", true),
        ("0.1", "0.10000000000000001", true),
        ("1e300", "1.0000000000000002e300", true),
        ("1e300", "1.00001e300", false),
        ("{\"a\":1,\"b\":[2]}", "{\"b\":[2],\"a\":1}", true),
        ("{\"a\":1}", "{\"a\":1,\"b\":2}", false),
        ("{\"a\":1,\"c\":2}", "{\"a\":1,\"b\":2}", false),
        ("[1,[2.0]]", "[1,[2]]", false),
        ("null", "false", false),
        ("null", "null", true),
    ];
    for (left, right, expected) in same {
        let text = expected.to_string();
        table(
            "test::assert",
            &[
                (&format!("[\"n\",{left},{right}]"), &text),
                (&format!("[\"n\",{right},{left}]"), &text),
            ],
        );
        table("array::contains", &[(&format!("[[\"x\",{left}],{right}]"), &text)]);
    }
    assert_eq!(
        call("array::contains", &[Value::from(vec![binary(b"a")]), Value::from("a")]),
        Ok(Value::from(false))
    );
    assert_eq!(
        call("array::contains", &[Value::from(vec![binary(b"a")]), binary(b"a")]),
        Ok(Value::from(true))
    );
    table("array::contains", &[("[{},1]", "bad type")]);
}

#[test]
fn equality_of_floats_that_are_no_numbers() {
    let equal =
        |a: f64, b: f64| call("test::assert", &[Value::from(""), Value::from(a), Value::from(b)]) == Ok(Value::from(true));
    assert!(!equal(f64::NAN, f64::NAN));
    assert!(equal(f64::INFINITY, f64::INFINITY));
    assert!(!equal(f64::INFINITY, f64::MAX));
    assert!(equal(0.0, -0.0));
    assert!(equal(1e-300, -1e-300));
}

#[test]
fn record_functions() {
    table("record::len", &[("[{\"a\":1}]", "1"), ("[[]]", "bad type")]);
    table(
        "record::is_empty",
        &[("[{}]", "true"), ("[{\"a\":1}]", "false"), ("[null]", "bad type")],
    );
    table(
        "record::contains",
        &[
            ("[{\"a\":null},\"a\"]", "true"),
            ("[{\"a\":null},\"b\"]", "false"),
            ("[{},1]", "bad type"),
            ("[[],\"a\"]", "bad type"),
        ],
    );
    table(
        "record::keys",
        &[("[{\"b\":1,\"a\":2}]", "[\"b\",\"a\"]"), ("[1]", "bad type")],
    );
    table("record::values", &[("[{\"b\":1,\"a\":2}]", "[1,2]"), ("[1]", "bad type")]);
    table(
        "record::to_array",
        &[("[{\"b\":1,\"a\":2}]", "[[\"b\",1],[\"a\",2]]"), ("[1]", "bad type")],
    );
    table(
        "record::from_array",
        &[
            ("[[[\"a\",1],[\"b\",2],[\"a\",3]]]", "{\"a\":3,\"b\":2}"),
            ("[[]]", "{}"),
            ("[[1]]", "runtime error"),
            ("[[[\"a\"]]]", "runtime error"),
            ("[[[\"a\",1,2]]]", "runtime error"),
            ("[[[1,1]]]", "runtime error"),
            ("[{}]", "bad type"),
        ],
    );
    table(
        "record::select",
        &[
            ("[{\"a\":1,\"b\":2,\"c\":3},[\"c\",\"z\",3,\"a\",\"a\"]]", "{\"a\":1,\"c\":3}"),
            ("[{\"a\":1},[]]", "{}"),
            ("[{\"a\":1},\"a\"]", "bad type"),
            ("[[],[]]", "bad type"),
        ],
    );
    table(
        "record::merge",
        &[
            (
                "[{\"a\":{\"x\":1},\"b\":1},{\"c\":null,\"a\":{\"y\":2}}]",
                "{\"a\":{\"y\":2},\"b\":1,\"c\":null}",
            ),
            ("[{\"a\":1},{\"a\":null}]", "{\"a\":null}"),
            ("[{},null]", "bad type"),
        ],
    );
    table(
        "record::rename",
        &[
            ("[{\"a\":1,\"b\":2},{\"a\":\"b\",\"b\":\"a\"}]", "{\"b\":1,\"a\":2}"),
            (
                "[{\"a\":1,\"b\":2,\"c\":3},{\"a\":\"c\",\"b\":7,\"z\":\"y\"}]",
                "{\"c\":3,\"b\":2}",
            ),
            ("[{},[]]", "bad type"),
        ],
    );
}

#[test]
fn records_keep_their_order_beyond_32_fields() {
    let mut names: Vec<String> = (0..40).map(|n| format!("k{n}")).collect();
    let fields: Vec<String> = names.iter().map(|name| format!("[\"{name}\",0]")).collect();
    let record = result("record::from_array", &format!("[[{}]]", fields.join(",")));
    for name in &mut names {
        *name = format!("\"{name}\"");
    }
    table("record::keys", &[(&format!("[{record}]"), &format!("[{}]", names.join(",")))]);
}

#[test]
fn binary_functions() {
    assert_eq!(call("binary::len", &[binary(&[0; 3])]), Ok(Value::from(3)));
    table("binary::len", &[("[\"abc\"]", "bad type")]);
    assert_eq!(call("binary::from_bytes", &args("[[104,105]]")), Ok(binary(b"hi")));
    assert_eq!(call("binary::from_bytes", &args("[[]]")), Ok(binary(b"")));
    table(
        "binary::from_bytes",
        &[
            ("[[256]]", "runtime error"),
            ("[[-1]]", "runtime error"),
            ("[[1.0]]", "runtime error"),
            ("[[18446744073709551615]]", "runtime error"),
            ("[\"hi\"]", "bad type"),
        ],
    );
    assert_eq!(
        call("binary::into_bytes", &[binary(b"hi\xff")]),
        Ok(Value::from(args("[104,105,255]")))
    );
    table(
        "binary::into_bytes",
        &[("[\"hi\"]", "runtime error"), ("[null]", "runtime error")],
    );
}

#[test]
fn base64_functions() {
    assert_eq!(call("base64::encode", &[binary(&[1, 2])]), Ok(Value::from("AQI=")));
    table("base64::encode", &[("[\"ab\"]", "bad type")]);
    for text in ["+/8=", "+/8"] {
        assert_eq!(
            call("base64::decode", &[Value::from(text)]),
            Ok(binary(&[0xfb, 0xff])),
            "{text}"
        );
    }
    for text in ["AQ==", "AQ=", "AQ"] {
        assert_eq!(call("base64::decode", &[Value::from(text)]), Ok(binary(&[1])), "{text}");
    }
    assert_eq!(call("base64::decode", &[Value::from("")]), Ok(binary(b"")));
    for text in [
        "A", "AQIDB", "-_8=", "AQ I=", " AQI=", "A=QI", "=", "A===", "AQI=AQI=", "AR==", "AQI==", "AQIC=",
    ] {
        assert_eq!(result("base64::decode", &format!("[\"{text}\"]")), "runtime error", "{text}");
    }
    assert_eq!(call("base64::decode", &[binary(b"AQI=")]), Err(FnError::BadType));
}

#[test]
fn type_functions() {
    let values = [
        ("null", "null"),
        ("true", "bool"),
        ("-3", "integer"),
        ("9223372036854775808", "integer"),
        ("1.5", "float"),
        ("\"a\"", "string"),
        ("[]", "array"),
        ("{}", "record"),
    ];
    for (value, name) in values {
        table("type::as_string", &[(&format!("[{value}]"), &format!("\"{name}\""))]);
        for kind in ["null", "bool", "integer", "float", "string", "array", "record", "binary"] {
            let expected = (kind == name && value != "9223372036854775808").to_string();
            table(&format!("type::is_{kind}"), &[(&format!("[{value}]"), &expected)]);
        }
        let number = matches!(name, "integer" | "float").to_string();
        table("type::is_number", &[(&format!("[{value}]"), &number)]);
    }
    assert_eq!(call("type::as_string", &[binary(b"")]), Ok(Value::from("bytes")));
    assert_eq!(call("type::is_binary", &[binary(b"")]), Ok(Value::from(true)));
    assert_eq!(call("type::is_string", &[binary(b"")]), Ok(Value::from(false)));
}
