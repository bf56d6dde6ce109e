//! Section 3: evaluation of operators; section 9.1: folding.

use super::*;

#[test]
fn operations_of_one_level_go_from_the_left() {
    gives_for("event.a - 1 - 2 + event.a * 2", r#"{"a": 10}"#, "27");
    gives_for("1 + 2 << event.a", r#"{"a": 3}"#, "24");
    gives_for("not event.a == event.b", r#"{"a": true, "b": false}"#, "true");
    let sum = vec!["event.a"; 900].join(" + ");
    gives_for(&sum, r#"{"a": 2}"#, "1800");
}

#[test]
fn logic_stops_where_it_is_decided() {
    gives("present event.a and event.a > 1", "false");
    gives("absent event.a or event.a > 1", "true");
    gives("false and 5", "false");
    gives_for("event.a and 5", r#"{"a": false}"#, "false");
    fails_for("event.a and 5", r#"{"a": true}"#, "type `boolean` and `integer`");
    fails_for("event.a or event.b", r#"{"a": 1, "b": true}"#, "type `integer` and `boolean`");
    gives_for(
        "event.a == 1 and event.b == 2 and event.c == 3",
        r#"{"a": 1, "b": 3}"#,
        "false",
    );
    gives_for("event.a == 1 or event.b == 2 or event.c == 3", r#"{"a": 0, "b": 2}"#, "true");
    fails_for("true xor event.a", r#"{"a": null}"#, "type `boolean` and `null`");
}

#[test]
fn wrong_operands_name_their_types() {
    fails_for("event.a + 1", r#"{"a": "x"}"#, "type `string` and `integer`");
    fails_for("event.a < true", r#"{"a": true}"#, "binary operation `<`");
    fails_for(
        "-event.a",
        r#"{"a": "x"}"#,
        "unary operation `-` is not defined for the type `string`",
    );
    fails_for("1 << event.a", r#"{"a": 64}"#, "number of bits");
}

#[test]
fn constant_operations_fail_at_load() {
    refused(r#"match event of case 1 => "a" + 1 default => 2 end"#, "binary operation `+`");
    refused("not 3", "unary operation `not`");
    refused("1 << 64", "number of bits");
    refused("<<-1>>", "Not an unsigned integer");
    refused(r#"false and ("a" + 1)"#, "binary operation `+`");
    refused("core::test::twice(\"x\")", "Bad type");
    refused("core::test::twice(1, 2)", "Bad arity");
    refused("core::test::twice(2000)", "Runtime error in function test::twice/1: too many");
}

#[test]
fn calls_that_are_not_constant_fail_for_the_event() {
    fails("core::test::count(1, 2)", "Bad arity for function test::count/1");
    fails_for("core::test::twice(event)", "\"x\"", "Bad type");
    gives_for("core::test::twice(event)", "4", "8");
    gives_for("core::test::count(event)", "[1, 2]", "2");
}

#[test]
fn texts_insert_values() {
    gives_for(
        r#""a #{event.s} b #{event.n}""#,
        r#"{"s": "x\"y", "n": [1, "z"]}"#,
        r#""a x\"y b [1,\"z\"]""#,
    );
    gives(r##""#{1 + 1}#{"x"}""##, r#""2x""#);
    gives("\"\"\"\n  one\n  \"\"\"", r#""  one\n  ""#);
}

#[test]
fn binaries_are_written_bit_by_bit() {
    gives_for("<<event.a:4, 5:4, event.s/binary>>", r#"{"a": 1, "s": "ab"}"#, r#""FWFi""#);
    refused("<<1:65>>", "bits > 64");
    refused("<<1/float>>", "Not a valid data type: 'float'");
    fails_for("<<event/binary>>", "7", "Not a long enough binary");
    fails_for("<<event/signed-integer>>", "\"x\"", "Not an signed integer");
}

#[test]
fn tests_of_presence_raise_no_errors() {
    let event = r#"{"a": {"b": null}, "xs": [1, 2]}"#;
    gives_for(
        "[present event.a.b, present event.a.c, present event.a.b.c, present event]",
        event,
        "[true,false,false,true]",
    );
    gives_for(
        "[present x, absent x, present event.xs[1], present event.xs[2]]",
        event,
        "[false,true,true,false]",
    );
    gives_for(
        "[present event.xs[0:3], present event.a[0], present event.xs.a]",
        event,
        "[false,false,false]",
    );
    fails_for("present event.xs[2:1]", event, "2:1 is invalid");
    fails_for("present event.xs[event.a]", event, "got record but expected integer");
    gives_for("present event.a[event.xs]", event, "false");
}
