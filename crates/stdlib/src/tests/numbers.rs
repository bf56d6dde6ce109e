//! Numbers, ranges, random values and hashes (spec/stdlib.md 5.4, 5.5, 5.7 to 5.9, 7.3).

use super::*;

#[test]
fn parsing_numbers() {
    for (text, expected) in [
        ("7", "7.0"),
        (".5", "0.5"),
        ("5.", "5.0"),
        ("-1.5e3", "-1500.0"),
        ("+2E-1", "0.2"),
        ("1e400", "null"),
        ("1e-400", "0.0"),
    ] {
        table("float::parse", &[(&format!("[\"{text}\"]"), expected)]);
    }
    for text in ["", " 1", "1 ", "1_0", "0x1", ".", "+", "-", "e5", "1e", "infinite"] {
        table("float::parse", &[(&format!("[\"{text}\"]"), "runtime error")]);
    }
    for text in ["inf", "Infinity", "+INF"] {
        assert!(
            matches!(call("float::parse", &[Value::from(text)]), Ok(Value::F64(f64::INFINITY))),
            "{text}"
        );
    }
    assert!(matches!(call("float::parse", &[Value::from("NaN")]), Ok(Value::F64(number)) if number.is_nan()));
    table("float::parse", &[("[1]", "bad type")]);
    table(
        "integer::parse",
        &[
            ("[\"-007\"]", "-7"),
            ("[\"+5\"]", "5"),
            ("[\"9223372036854775807\"]", "9223372036854775807"),
            ("[\"-9223372036854775808\"]", "-9223372036854775808"),
            ("[\"9223372036854775808\"]", "runtime error"),
            ("[\"\"]", "runtime error"),
            ("[\"-\"]", "runtime error"),
            ("[\"1.0\"]", "runtime error"),
            ("[\" 1\"]", "runtime error"),
            ("[\"٣\"]", "runtime error"),
            ("[1]", "bad type"),
        ],
    );
}

#[test]
fn rounding() {
    table(
        "math::floor",
        &[
            ("[-1.2]", "-2"),
            ("[1.8]", "1"),
            ("[18446744073709551615]", "18446744073709551615"),
            ("[-7]", "-7"),
        ],
    );
    table("math::ceil", &[("[-1.8]", "-1"), ("[-0.5]", "0"), ("[1.2]", "2")]);
    table(
        "math::round",
        &[("[-2.5]", "-3"), ("[2.5]", "3"), ("[2.4]", "2"), ("[null]", "bad type")],
    );
    table("math::trunc", &[("[-1.9]", "-1"), ("[1.9]", "1"), ("[\"1\"]", "bad type")]);
    table(
        "math::floor",
        &[
            ("[1e300]", "18446744073709551615"),
            ("[-1e300]", "-9223372036854775808"),
            ("[1e19]", "10000000000000000000"),
        ],
    );
    assert_eq!(call("math::round", &[Value::from(f64::NAN)]), Ok(Value::from(0)));
}

#[test]
fn larger_and_smaller() {
    table(
        "math::max",
        &[
            ("[3,2.5]", "3.0"),
            ("[4,9]", "9"),
            ("[-4,-9]", "-4"),
            ("[1,18446744073709551615]", "18446744073709551615"),
            ("[-1,18446744073709551615]", "1.8446744073709552e19"),
            ("[18446744073709551615,-1]", "1.8446744073709552e19"),
            ("[1,null]", "bad type"),
            ("[true,1]", "bad type"),
        ],
    );
    table(
        "math::min",
        &[
            ("[3,4.0]", "3.0"),
            ("[4,9]", "4"),
            ("[-1,18446744073709551615]", "-1.0"),
            ("[-1,9223372036854775807]", "-1"),
            ("[\"a\",1]", "bad type"),
        ],
    );
    let bits = |path: &str, a: f64, b: f64| match call(path, &[Value::from(a), Value::from(b)]) {
        Ok(Value::F64(number)) => number.to_bits(),
        other => panic!("{other:?}"),
    };
    for path in ["math::max", "math::min"] {
        assert_eq!(bits(path, 0.0, -0.0), 0.0_f64.to_bits(), "the first of equal ones");
        assert_eq!(bits(path, -0.0, 0.0), (-0.0_f64).to_bits(), "the first of equal ones");
        assert_eq!(bits(path, f64::NAN, 1.0), 1.0_f64.to_bits(), "the second if one is no number");
        assert!(
            f64::from_bits(bits(path, 1.0, f64::NAN)).is_nan(),
            "the second if one is no number"
        );
    }
}

#[test]
fn ranges() {
    table(
        "range::range",
        &[
            ("[-2,1]", "[-2,-1,0]"),
            ("[3,3]", "[]"),
            ("[3,1]", "[]"),
            (
                "[18446744073709551613,18446744073709551615]",
                "[18446744073709551613,18446744073709551614]",
            ),
            (
                "[9223372036854775806,9223372036854775809]",
                "[9223372036854775806,9223372036854775807,9223372036854775808]",
            ),
            ("[-1,18446744073709551615]", "bad type"),
            ("[1.0,2]", "bad type"),
            ("[-9223372036854775808,9223372036854775807]", "Elements"),
            ("[0,18446744073709551615]", "Elements"),
        ],
    );
}

#[test]
fn random_values_stay_in_range() {
    for ingest_ns in 0..200 {
        let info = EventInfo { ingest_ns, origin: None };
        let run = |path: &str, arguments: &str| call_with(&Limits::default(), info, path, &args(arguments)).expect("a value");
        assert!((10..20).contains(&run("random::integer", "[10,20]").as_i64().expect("an integer")));
        assert!((0..7).contains(&run("random::integer", "[7]").as_i64().expect("an integer")));
        assert!(run("random::integer", "[18446744073709551615]").as_u64().is_some());
        assert!((2.0..3.0).contains(&run("random::float", "[2.0,3]").as_f64().expect("a float")));
        assert!((0.0..0.5).contains(&run("random::float", "[0.5]").as_f64().expect("a float")));
        assert!((0.0..1.0).contains(&run("random::float", "[]").as_f64().expect("a float")));
        let bounds = -1.7e308..1.7e308;
        assert!(bounds.contains(&run("random::float", "[-1.7e308,1.7e308]").as_f64().expect("a float")));
        let text = run("random::string", "[40]");
        assert_eq!(text.as_str().expect("a string").len(), 40);
        assert!(
            text.as_str()
                .expect("a string")
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric())
        );
        assert_eq!(text, run("random::string", "[40]"), "equal calls within one event agree");
    }
}

#[test]
fn random_values_differ_between_events() {
    let at = |ingest_ns| {
        call_with(
            &Limits::default(),
            EventInfo { ingest_ns, origin: None },
            "random::integer",
            &[],
        )
        .expect("a value")
    };
    let values: std::collections::BTreeSet<_> = (0..50).map(|time| at(time).as_i64()).collect();
    assert_eq!(values.len(), 50);
    let bools: std::collections::BTreeSet<_> = (0..50)
        .map(|ingest_ns| {
            call_with(&Limits::default(), EventInfo { ingest_ns, origin: None }, "random::bool", &[])
                .expect("a value")
                .as_bool()
        })
        .collect();
    assert_eq!(bools.len(), 2);
}

#[test]
fn random_arguments() {
    table(
        "random::integer",
        &[
            ("[1]", "0"),
            ("[41,42]", "41"),
            ("[-3,-2]", "-3"),
            ("[0]", "runtime error"),
            ("[-5]", "bad type"),
            ("[1.0]", "bad type"),
            ("[4,4]", "runtime error"),
            ("[5,4]", "runtime error"),
            ("[1,2,3]", "bad arity"),
        ],
    );
    table(
        "random::float",
        &[
            ("[0.0]", "runtime error"),
            ("[-1]", "runtime error"),
            ("[2.0,1.0]", "runtime error"),
            ("[\"1\"]", "bad type"),
            ("[1,2,3]", "bad arity"),
        ],
    );
    table(
        "random::string",
        &[
            ("[0]", "\"\""),
            ("[-1]", "bad type"),
            ("[1.0]", "bad type"),
            ("[18446744073709551615]", "Bytes"),
        ],
    );
    for high in [f64::NAN, f64::INFINITY] {
        assert!(matches!(
            call("random::float", &[Value::from(high)]),
            Err(FnError::Runtime(_))
        ));
    }
}

#[test]
fn consistent_hashing() {
    table(
        "chash::jump",
        &[
            ("[\"cart-17\",12]", "10"),
            ("[\"anything\",1]", "0"),
            ("[\"a\",0]", "runtime error"),
            ("[\"a\",-1]", "bad type"),
            ("[\"a\",4294967296]", "bad type"),
            ("[1,4]", "bad type"),
        ],
    );
    table(
        "chash::jump_with_keys",
        &[
            ("[11,97,\"cart-17\",12]", "4"),
            ("[-1,97,\"cart-17\",12]", "bad type"),
            ("[11,97,\"cart-17\",0]", "runtime error"),
        ],
    );
    table(
        "chash::sorted_serialize",
        &[
            ("[{\"b\":[2,1],\"a\":null}]", "\"{\\\"a\\\":null,\\\"b\\\":[2,1]}\""),
            (
                "[[{\"z\":1,\"A\":{\"y\":0,\"x\":0}}]]",
                "\"[{\\\"A\\\":{\\\"x\\\":0,\\\"y\\\":0},\\\"z\\\":1}]\"",
            ),
        ],
    );
}

#[test]
fn growing_slots_move_keys_to_new_slots_only() {
    for key in 0..200 {
        let slot = |slots: i64| {
            call("chash::jump", &[Value::from(format!("key{key}")), Value::from(slots)])
                .expect("a slot")
                .as_i64()
        };
        for slots in 1..20 {
            let (before, after) = (slot(slots), slot(slots + 1));
            assert!(before == after || after == Some(slots), "{before:?} {after:?}");
        }
    }
}
