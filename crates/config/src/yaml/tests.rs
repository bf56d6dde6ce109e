use std::sync::Arc;

use proptest::prelude::*;
use temblor_value::{Value, json};

use crate::error::{ConfigError, Position};
use crate::path::KeyPath;
use crate::yaml::{MAX_DEPTH, Node, NodeKind, parse};

fn node(text: &str) -> Result<Node, ConfigError> {
    parse(&Arc::from("f.yaml"), text.as_bytes())
}

fn value(text: &str) -> Value {
    node(text).expect("the text is a document").to_value()
}

fn message(text: &str) -> String {
    node(text).expect_err("the text is refused").to_string()
}

#[test]
fn untyped_scalars_follow_the_rules_in_their_order() {
    let cases = [
        ("~", "null"),
        ("null", "null"),
        ("", "null"),
        ("true", "true"),
        ("false", "false"),
        ("yes", "\"yes\""),
        ("True", "\"True\""),
        ("NULL", "\"NULL\""),
        ("0x10", "16"),
        ("-0x10", "-16"),
        ("+0x10", "16"),
        ("0o17", "15"),
        ("0b101", "5"),
        ("0x-5", "\"0x-5\""),
        ("0xg", "\"0xg\""),
        ("0x", "\"0x\""),
        ("007", "\"007\""),
        ("-007", "\"-007\""),
        ("00", "\"00\""),
        ("0", "0"),
        ("12", "12"),
        ("-12", "-12"),
        ("+12", "12"),
        ("18446744073709551615", "18446744073709551615"),
        ("-9223372036854775808", "-9223372036854775808"),
        ("1.5", "1.5"),
        ("1e3", "1000.0"),
        ("00.5", "0.5"),
        ("inf", "\"inf\""),
        ("nan", "\"nan\""),
        ("1e999", "\"1e999\""),
        ("10s", "\"10s\""),
        ("\"12\"", "\"12\""),
        ("'true'", "\"true\""),
        ("\"\"", "\"\""),
        ("!!str 12", "\"12\""),
        ("!!int \"12\"", "12"),
        ("!own 12", "\"12\""),
    ];
    for (text, expected) in cases {
        let read = value(&format!("key: {text}\n"));
        assert_eq!(json::to_string(&read), format!("{{\"key\":{expected}}}"), "for {text:?}");
    }
}

#[test]
fn infinities_and_not_a_number_are_floats() {
    let float = |text: &str| value(&format!("k: {text}")).get("k").and_then(Value::as_f64);
    assert_eq!(float(".inf"), Some(f64::INFINITY));
    assert_eq!(float("-.inf"), Some(f64::NEG_INFINITY));
    assert!(float(".nan").is_some_and(f64::is_nan));
    assert_eq!(float("18446744073709551616"), Some(18_446_744_073_709_551_616.0));
}

#[test]
fn anchors_work_and_merge_keys_are_ordinary_keys() {
    let read = value("base: &b {x: 1}\ncopy: *b\nmerged:\n  <<: *b\n");
    assert_eq!(
        json::to_string(&read),
        r#"{"base":{"x":1},"copy":{"x":1},"merged":{"<<":{"x":1}}}"#
    );
}

#[test]
fn of_repeated_keys_the_last_value_stands_at_the_first_place() {
    assert_eq!(json::to_string(&value("a: 1\nb: 2\na: 3\n")), r#"{"a":3,"b":2}"#);
}

#[test]
fn every_refusal_names_file_line_and_column() {
    assert_eq!(message(""), "f.yaml:1:1: the file holds no YAML document");
    assert_eq!(message("# only a comment\n"), "f.yaml:1:1: the file holds no YAML document");
    assert!(message("a: 1\n---\nb: 2\n").starts_with("f.yaml:2:1: more than one document"));
    assert!(message("a: 1\n  b: [\n").starts_with("f.yaml:2:"));
    assert!(message("a: *nowhere\n").starts_with("f.yaml:1:4: "));
    assert!(message("a: &x [*x]\n").contains("f.yaml:1:8: the alias lies inside"));
    assert!(message("? [a]\n: 1\n").contains("a key must be a scalar"));
    let error = parse(&Arc::from("f.yaml"), b"a: 1\nb\xc3\xa9: \xff").expect_err("not UTF-8");
    assert!(error.to_string().starts_with("f.yaml:2:5: the text is not UTF-8"), "{error}");
}

#[test]
fn depth_is_limited_with_and_without_aliases() {
    let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    assert!(node(&nested(MAX_DEPTH)).is_ok());
    assert!(message(&nested(MAX_DEPTH + 1)).contains("nested deeper than 128"));
    let through_alias = |depth: usize| format!("- &a {}\n- {}*a{}\n", nested(100), "[".repeat(depth), "]".repeat(depth));
    assert!(node(&through_alias(27)).is_ok());
    assert!(message(&through_alias(28)).contains("nested deeper than 128"));
}

#[test]
fn aliases_cannot_blow_a_document_up() {
    let mut text = "- &a0 [x]\n".to_owned();
    for level in 1..30 {
        let before = format!("*a{}, ", level - 1).repeat(9);
        text = format!("{text}- &a{level} [{before}]\n");
    }
    assert!(message(&text).contains("more than 1000000 nodes"));
}

#[test]
fn many_comments_are_no_obstacle() {
    let text = format!("a:\n{}  - 1\n", "  # note\n".repeat(500));
    assert_eq!(json::to_string(&value(&text)), r#"{"a":[1]}"#);
}

#[test]
fn a_byte_order_mark_is_skipped() {
    assert_eq!(json::to_string(&value("\u{feff}a: 1\n")), r#"{"a":1}"#);
}

#[test]
fn places_are_found_by_path() {
    let node = node("a:\n  b:\n    - x: 1\n    - y: 2\n").expect("the text is a document");
    let at = |path: &KeyPath| node.locate(path.steps());
    let list = KeyPath::root().key("a").key("b");
    assert_eq!(at(&list), Position { line: 2, column: 3 });
    assert_eq!(at(&list.index(1).key("y")), Position { line: 4, column: 7 });
    assert_eq!(at(&list.index(0).key("nothing")), Position { line: 3, column: 7 });
}

proptest! {
    #[test]
    fn no_bytes_make_the_reader_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        if let Ok(node) = parse(&Arc::from("f"), &bytes) {
            let _ = node.to_value();
        }
    }

    #[test]
    fn no_yaml_like_text_makes_the_reader_panic(text in r#"([-:?&*!|>{}\[\],"'#%@~ \n\t0-9a-c.]|\n  |- |: |&a |\*a|---\n){0,60}"#) {
        if let Ok(node) = node(&text) {
            let _ = (node.to_value(), node.describe());
        }
    }

    #[test]
    fn quoted_text_stays_as_it_is(text in "[ -~]{0,20}") {
        let quoted = text.replace('\'', "''");
        let read = node(&format!("'{quoted}'")).expect("a quoted scalar");
        prop_assert!(matches!(read.kind, NodeKind::Scalar(_)));
        prop_assert_eq!(read.to_value(), Value::from(text));
    }
}
